"""How many digits of 48 measured speeds the law gives, the error taken as a share of their spread."""

import json
import math

import law

POINTS = [(s, i) for s in (0.2, 0.5, 1.0, 1.7, 2.5, 4.0, 6.0, 9.0) for i in (0.0, 0.4, 0.9, 1.5, 2.4, 4.0)]


def truth(s, i):
    return 3.4 * s / (1.3 * (1 + i / 0.8) + s)


right = [truth(s, i) for s, i in POINTS]
mean = sum(right) / len(right)
spread = sum((value - mean) ** 2 for value in right)
error = sum((float(law.speed(s, i)) - value) ** 2 for (s, i), value in zip(POINTS, right))
if not math.isfinite(error):
    raise SystemExit("not finite")
print(json.dumps({"digits": round(-0.5 * math.log10(error / spread + 1e-12), 9)}))
