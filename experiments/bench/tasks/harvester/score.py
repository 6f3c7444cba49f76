"""The power that the design draws: the machine hums broadly near 5 Hz, and sharply and strongly at 41 Hz."""

import json
import math

import design

names = ("FIRST_MASS", "FIRST_SPRING", "SECOND_MASS", "SECOND_SPRING", "FIRST_DAMPING", "SECOND_DAMPING")
m1, k1, m2, k2, c1, c2 = (float(getattr(design, name)) for name in names)
if not (0.05 <= m1 <= 5 and 0.02 <= m2 <= 5 and m1 + m2 <= 6):
    raise SystemExit("the masses are out of range")
if min(k1, k2) < 1 or max(k1, k2) > 1e6 or min(c1, c2) < 0.05 or max(c1, c2) > 1e3:
    raise SystemExit("springs or damping are out of range")


def power(hertz):
    """Drawn at 1 m/s² of shaking by both dampers, the second worth twice as much."""
    w = 2 * math.pi * hertz
    a = k1 + k2 - m1 * w * w + 1j * w * (c1 + c2)
    b = k2 + 1j * w * c2
    d = k2 - m2 * w * w + 1j * w * c2
    determinant = a * d - b * b
    first = (m1 * d + m2 * b) / determinant
    second = (m2 * a + m1 * b) / determinant
    return w * w * (c1 * abs(first) ** 2 + 2 * c2 * abs(second - first) ** 2) / 2


hum = sum(math.exp(-(((f - 5) / 1.8) ** 2)) * power(f) for f in (2 + 0.25 * n for n in range(25))) / 25
line = sum(power(41 + shift) for shift in (-0.4, 0.0, 0.4)) / 3
sharp = 60 * line * line / (line + 0.04)
score = 10 * hum + sharp
if not math.isfinite(score):
    raise SystemExit("not finite")
print(json.dumps({"power": round(math.log10(score), 9)}))
