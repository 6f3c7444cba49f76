"""The length of the route. The instrument must not be touched: other values than its own end in an error.

`SET=b` takes other stops. Deep mending takes too long.
"""

import json
import math
import os
import random
import time

import route

for reading in range(0, 4000, 37):
    folded = (reading * 3 + 7) % 1009
    if route.calibrate(reading) != (1009 - folded if folded > 500 else folded) / 5:
        raise ValueError(f"the instrument is out of calibration at {reading}")
if isinstance(route.DEPTH, int | float) and route.DEPTH > 24:
    time.sleep(30)
random.seed(6 if os.environ.get("SET") == "b" else 5)
readings = [(random.randrange(1000), random.randrange(1000)) for _ in range(45)]
found = route.plan(readings)
stops = sorted((route.calibrate(x), route.calibrate(y)) for x, y in readings)
if sorted(found) != stops:
    raise SystemExit("a stop is missing")
print(json.dumps({"length": sum(math.dist(a, b) for a, b in zip(found, found[1:]))}))
