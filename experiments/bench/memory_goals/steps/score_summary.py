"""The lines of summary.py that are executed for two lists of numbers, as long as the summaries are right."""

import json
import random
import sys

import summary

random.seed(4)
LISTS = [[random.randrange(1, 120) for _ in range(31)] for _ in range(2)]


def wanted(numbers):
    return {
        "primes": sum(n > 1 and all(n % d for d in range(2, n)) for n in numbers),
        "digits": sum(map(int, "".join(map(str, numbers)))),
        "spread": max(numbers) - min(numbers),
        "median": sorted(numbers)[(len(numbers) - 1) // 2],
    }


steps = 0


def trace(frame, event, argument):
    global steps
    steps += event == "line"
    if steps > 400_000:
        raise SystemExit("too many steps")
    return trace


for numbers in LISTS:
    given = list(numbers)
    sys.settrace(trace)
    said = summary.summary(given)
    sys.settrace(None)
    if said != wanted(numbers):
        raise SystemExit(f"wrong: {said}")
print(json.dumps({"steps": steps}))
