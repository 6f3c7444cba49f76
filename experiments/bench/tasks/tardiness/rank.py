"""Which of the waiting jobs is next: the one that ranks highest."""

import math

HASTE = 1.0
LENGTH = 0.5
WEIGHT = 2.0
CALM = 10.0


def rank(size, due, weight, now, mean):
    """`size` and `due` of a job, the time `now`, and the `mean` size of those that wait."""
    slack = due - now - size
    value = WEIGHT * weight - LENGTH * size
    if slack < 0:
        value += HASTE
    if slack > CALM:
        value -= HASTE * math.log(slack / CALM)
    return value
