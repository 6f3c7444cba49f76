"""The share of examples that come out right, found by another way than the program's."""

import json
import random

import fill

TEXT = (
    "it was the best of times it was the worst of times it was the age of wisdom it was the age of "
    "foolishness it was the epoch of belief it was the epoch of incredulity incomprehensibilities apart"
).split()


def wanted(words, width):
    lines, rest = [], list(words)
    while rest:
        count = 1
        while count < len(rest) and len(" ".join(rest[: count + 1])) <= width:
            count += 1
        lines.append(rest[:count])
        del rest[:count]
    return lines


def straight(line, width):
    text = list(line)
    at = 0
    while len(line) > 1 and sum(map(len, text)) < width:
        text[at] += " "
        at = (at + 1) % (len(line) - 1)
    return "".join(text)


random.seed(3)
passed = total = 0
for number in range(60):
    start = random.randrange(len(TEXT))
    words = TEXT[start : start + random.randrange(0, 14)]
    width = random.choice((9, 12, 16, 21, 28, 40))
    lines = wanted(words, width)
    checks = (
        (lambda: fill.lines_of(list(words), width), lines),
        (
            lambda: [fill.justify(list(line), width) for line in lines],
            [straight(line, width) for line in lines],
        ),
        (
            lambda: fill.fill(" ".join(words), width),
            [straight(line, width) for line in lines[:-1]] + [" ".join(line) for line in lines[-1:]],
        ),
    )
    for call, right in checks:
        total += 1
        try:
            passed += call() == right
        except Exception:
            pass
print(json.dumps({"passed": passed / total}))
