"""Weighted lateness over ten days of work, relative to working by the earliest due date."""

import json
import math
import random

from rank import rank


def day(seed, count=24):
    random.seed(seed)
    jobs = [(random.randrange(1, 40), random.choice((1, 1, 2, 3, 8))) for _ in range(count)]
    total = sum(size for size, _ in jobs)
    tight, width = random.choice(((0.3, 0.5), (0.6, 0.4), (0.8, 0.6)))
    return [(p, max(p, round(total * (1 - tight + width * (random.random() - 0.5)))), w) for p, w in jobs]


def lateness(jobs, rule):
    waiting, now, total = list(jobs), 0, 0.0
    while waiting:
        mean = sum(size for size, _, _ in waiting) / len(waiting)
        chosen = max(waiting, key=lambda job: float(rule(*job, now, mean)))
        waiting.remove(chosen)
        now += chosen[0]
        total += chosen[2] * max(0, now - chosen[1])
    return total


def by_due_date(size, due, weight, now, mean):
    return -due


days = [day(seed) for seed in range(10)]
shares = [(lateness(jobs, rank) + 10) / (lateness(jobs, by_due_date) + 10) for jobs in days]
late = sum(map(math.log, shares)) / len(shares)
if not math.isfinite(late):
    raise SystemExit("not finite")
print(json.dumps({"late": round(math.exp(late), 9)}))
