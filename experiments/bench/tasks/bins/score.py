"""How full the bins are (the mean square of their fill, after Falkenauer 1996) over five streams of items."""

import json
import math
import random

from choose import priority

CAPACITY = 100


def stream(seed, count=90):
    random.seed(seed)
    if seed % 2:
        return [min(CAPACITY, max(1, round(random.weibullvariate(45, 3)))) for _ in range(count)]
    return [random.randrange(15, 66) for _ in range(count)]


def fullness(items):
    free = []
    for item in items:
        options = [room for room in set(free) if room >= item]
        options.append(CAPACITY)
        chosen = max(sorted(options), key=lambda room: float(priority(item, room, CAPACITY)))
        if chosen in free:
            free[free.index(chosen)] -= item
        else:
            free.append(CAPACITY - item)
    filled = [(CAPACITY - room) / CAPACITY for room in free]
    return sum(fill * fill for fill in filled) / len(filled)


score = sum(fullness(stream(seed)) for seed in range(5)) / 5
if not math.isfinite(score):
    raise SystemExit("not finite")
print(json.dumps({"fullness": round(score, 9)}))
