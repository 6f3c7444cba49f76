"""The lines of report.py that are executed for three lists of numbers, as long as the reports are right."""

import json
import random
import sys

import report

random.seed(9)
LISTS = [[random.randrange(1, 90) for _ in range(24)] for _ in range(2)]
LISTS.append([random.choice((9, 19, 29, 90, 91, 97, 99, 90)) for _ in range(24)])  # 9 is the commonest digit


def wanted(numbers):
    digits = "".join(map(str, numbers))
    return {
        "primes": [n for n in numbers if n > 1 and all(n % d for d in range(2, n))],
        "digit": max(range(10), key=lambda digit: (digits.count(str(digit)), -digit)),
        "spread": max(numbers) - min(numbers),
        "duplicates": sorted({n for n in numbers if numbers.count(n) > 1}),
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
    said = report.report(given)
    sys.settrace(None)
    if said != wanted(numbers):
        raise SystemExit(f"wrong: {said}")
print(json.dumps({"steps": steps}))
