"""Makes the cases, the same on every machine: open-* for the search, holdout-* for the hold-out."""

import math
import random
from pathlib import Path

SIZES = (16, 20, 24, 28, 32, 36)
HOLDOUT_SIZES = (18, 26, 34)


def field(draw, size):
    """What one plant yields bed by bed: a few broad hills, and some luck."""
    hills = [(draw.uniform(0, size), draw.uniform(0, size), draw.uniform(3, size / 2)) for _ in range(4)]
    return [
        round(
            30 * max(math.exp(-((x - a) ** 2 + (y - b) ** 2) / c**2) for a, b, c in hills)
            + draw.uniform(0, 6)
        )
        for y in range(size)
        for x in range(size)
    ]


def case(draw, size):
    plants = draw.randint(5, 9)
    share = size * size // plants
    bounds = [
        (draw.randint(share // 3, share * 3 // 4), draw.randint(share, share * 2)) for _ in range(plants)
    ]
    likes = [[0] * plants for _ in range(plants)]
    for p in range(plants):
        for q in range(p + 1):
            likes[p][q] = likes[q][p] = draw.choice((-9, -6, -3, 0, 2, 4, 8))
    rows = [[size, plants], *bounds, *likes, *(field(draw, size) for _ in range(plants))]
    return "\n".join(" ".join(map(str, row)) for row in rows) + "\n"


def main():
    folder = Path("cases")
    folder.mkdir(exist_ok=True)
    for kind, sizes, seed in (("open", SIZES, 1), ("holdout", HOLDOUT_SIZES, 2)):
        draw = random.Random(seed)
        for number, size in enumerate(sizes):
            (folder / f"{kind}-{number}.txt").write_text(case(draw, size))


if __name__ == "__main__":
    main()
