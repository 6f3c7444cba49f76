"""How many digits of the measured concentrations the reaction reproduces with the rates of `rates.py`."""

import json
import math

import rates

MEASURED = (1.7, 0.35, 0.9, 0.12, 0.25, 2.6, 0.08, 0.45)
STEP, EVERY, SAMPLES = 0.12, 4, 14


def slope(state, k):
    a, b, c, d, e = state
    ab, bc = k[0] * a - k[1] * b, k[2] * b - k[3] * c
    bd, cde, ea = k[4] * b, k[5] * c * d - k[6] * e, k[7] * e
    return (ea - ab, ab - bc - bd, bc - cde, bd - cde, cde - ea)


def shifted(state, by, slopes):
    return [x + by * s for x, s in zip(state, slopes)]


def course(k):
    """What can be seen (A, C and E) at every fourth step, by the rule of Runge and Kutta."""
    state, seen = [1.0, 0.0, 0.2, 0.0, 0.0], []
    for number in range(1, EVERY * SAMPLES + 1):
        one = slope(state, k)
        two = slope(shifted(state, STEP / 2, one), k)
        three = slope(shifted(state, STEP / 2, two), k)
        four = slope(shifted(state, STEP, three), k)
        state = [
            x + STEP / 6 * (p + 2 * q + 2 * r + s) for x, p, q, r, s in zip(state, one, two, three, four)
        ]
        if number % EVERY == 0:
            seen += [state[0], state[2], state[4]]
    return seen


found = [float(getattr(rates, name)) for name in ("AB", "BA", "BC", "CB", "BD", "CDE", "ECD", "EA")]
if not all(0 < value <= 20 for value in found):
    raise SystemExit("a rate is out of range")
error = math.sqrt(sum((p - q) ** 2 for p, q in zip(course(found), course(MEASURED))) / (3 * SAMPLES))
print(json.dumps({"digits": round(-math.log10(error + 1e-6), 9)}))
