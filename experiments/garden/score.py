"""Judges the plans and trusts nothing about them: the value of each garden, by the rules in README.md.

score.py [holdout]     prints {"total": ..., "feedback": ...}, or only the reason why a plan does not count
"""

import json
import os
import sys
from pathlib import Path

MAX_BYTES = 20_000


def read_case(path):
    rows = [list(map(int, line.split())) for line in path.read_text().splitlines()]
    size, plants = rows[0]
    return size, plants, rows[1 : 1 + plants], rows[1 + plants : 1 + 2 * plants], rows[1 + 2 * plants :]


def read_plan(path, size, plants):
    with open(path, "rb") as file:
        words = file.read(MAX_BYTES).split()
    if len(words) != size * size:
        raise ValueError(f"{len(words)} beds instead of {size * size}")
    plan = [int(word) for word in words]
    if not all(0 <= plant < plants for plant in plan):
        raise ValueError("a bed holds a plant that there is not")
    return plan


def value(path):
    size, plants, bounds, likes, worth = read_case(path)
    plan = read_plan(Path(os.environ["KAPSO_OUT"], path.name), size, plants)
    for plant, (least, most) in enumerate(bounds):
        if not least <= plan.count(plant) <= most:
            raise ValueError(f"plant {plant} has {plan.count(plant)} beds, not {least} to {most}")
    total = sum(worth[plant][bed] for bed, plant in enumerate(plan))
    for bed, plant in enumerate(plan):
        if bed % size < size - 1:
            total += likes[plant][plan[bed + 1]]
        if bed + size < size * size:
            total += likes[plant][plan[bed + size]]
    return total


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else "open"
    values = {}
    for path in sorted(Path("cases").glob(f"{wanted}-*.txt")):
        try:
            values[path.stem] = value(path)
        except (OSError, ValueError) as error:
            print(json.dumps({"feedback": f"{path.name}: {error}"}))
            return
    feedback = ", ".join(f"{name} {each}" for name, each in values.items())
    print(json.dumps({"total": sum(values.values()), "feedback": feedback}))


if __name__ == "__main__":
    main()
