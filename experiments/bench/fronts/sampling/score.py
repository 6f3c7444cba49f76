"""The root mean square error of what is said between the samples, and how many samples were taken."""

import json
import math

import sampling


def signal(t):
    if t < 1:
        return 0.1 * t
    if t < 2:
        return 0.1 + 0.4 * math.sin(6 * math.pi * (t - 1))
    return 0.1 + math.expm1(5 * (t - 2)) / math.expm1(5)


places = [float(t) for t in sampling.places()]
if len(places) < 4 or sorted(set(places)) != places or not (0 <= places[0] and places[-1] <= 3):
    raise SystemExit("the places do not rise from 0 to 3")
samples = [(t, signal(t)) for t in places]
errors = [(sampling.between(samples, n / 200) - signal(n / 200)) ** 2 for n in range(601)]
error = math.sqrt(sum(errors) / len(errors))
if not math.isfinite(error):
    raise SystemExit("not finite")
print(json.dumps({"error": round(error, 9), "samples": len(samples)}))
