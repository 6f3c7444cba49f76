"""What six shelves cost a day, as a mean of twelve days of random sales.

With TRUTH set, what they cost on the mean of all days, which no search is shown.
"""

import json
import math
import os
import random
import re

GOODS = {  # shape and scale of the sales (a gamma distribution), what a piece costs left over, and missed
    "bread": (9.0, 10.0, 0.3, 1.2),
    "milk": (16.0, 5.0, 0.1, 1.0),
    "salad": (3.0, 11.0, 0.9, 1.4),
    "fish": (2.0, 12.0, 2.2, 2.6),
    "flowers": (1.5, 16.0, 1.5, 3.0),
    "papers": (12.0, 6.0, 0.6, 0.4),
}
ROOM, CROWDED = 380.0, 0.004
DAYS = 12
LINE = re.compile(r"  (\w+):\s+(\S+)\s*(?:#.*)?")


def read():
    with open("levels.yaml") as file:
        lines = [line.rstrip() for line in file if line.strip() and not line.startswith("#")]
    if lines[:1] != ["levels:"]:
        raise SystemExit("no levels")
    found = [LINE.fullmatch(line) for line in lines[1:]]
    levels = {match[1]: float(match[2]) for match in found if match}
    if set(levels) != set(GOODS) or len(found) != len(GOODS):
        raise SystemExit("not a level for each shelf")
    if not all(0 <= level <= 1000 for level in levels.values()):
        raise SystemExit("a level is out of range")
    return levels


def crowding(levels):
    return CROWDED * max(0.0, sum(levels.values()) - ROOM) ** 2


def day(levels, sales):
    total = crowding(levels)
    for name, (_, _, left, missed) in GOODS.items():
        total += left * max(0.0, levels[name] - sales[name]) + missed * max(0.0, sales[name] - levels[name])
    return total


def drawn():
    return {name: random.gammavariate(shape, scale) for name, (shape, scale, _, _) in GOODS.items()}


def mean(levels):
    """By sums over the density, in steps of 0.25."""
    total = crowding(levels)
    for name, (shape, scale, left, missed) in GOODS.items():
        level, whole, cost = levels[name], 0.0, 0.0
        for number in range(1200):
            sold = 0.25 * number + 0.125
            weight = sold ** (shape - 1) * math.exp(-sold / scale)
            whole += weight
            cost += weight * (left * max(0.0, level - sold) + missed * max(0.0, sold - level))
        total += cost / whole
    return total


if __name__ == "__main__":
    given = read()
    if os.environ.get("TRUTH"):
        print(json.dumps({"cost": mean(given)}))
    else:
        print(json.dumps({"cost": sum(day(given, drawn()) for _ in range(DAYS)) / DAYS}))
