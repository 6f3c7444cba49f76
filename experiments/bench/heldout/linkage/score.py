"""How well the tool's path fits the wanted one at 40 positions of the crank, in powers of ten.

Within 3 % of the ground bar it is close enough. A linkage can be put together in two ways, open or
crossed; where the crank cannot pass, the tool stays away.
"""

import json
import math

import linkage

COUNT = 40
AWAY = 2.0
WANTED = (0.34, 1.1, 0.86, 0.62, 0.71, -0.9, False)


def path(crank, coupler, rocker, along, across, turned, crossed):
    """The places of the tool, None where the linkage does not close."""
    places = []
    for number in range(COUNT):
        angle = 2 * math.pi * number / COUNT
        x, y = crank * math.cos(angle), crank * math.sin(angle)
        dx, dy = 1 - x, -y
        gap = math.hypot(dx, dy)
        share = (coupler**2 - rocker**2 + gap**2) / (2 * gap)
        height = coupler**2 - share**2
        if height < 0:
            places.append(None)
            continue
        side = -math.sqrt(height) if crossed else math.sqrt(height)
        cos, sin = (share * dx - side * dy) / gap / coupler, (share * dy + side * dx) / gap / coupler
        tool = complex(x + along * cos - across * sin, y + along * sin + across * cos)
        places.append(tool * complex(math.cos(turned), math.sin(turned)))
    return places


names = ("CRANK", "COUPLER", "ROCKER", "ALONG", "ACROSS", "TURNED")
given = [float(getattr(linkage, name)) for name in names]
if not all(map(math.isfinite, given)) or min(given[:3]) < 0.01 or max(map(abs, given)) > 10:
    raise SystemExit("such bars cannot be made")
square = 0.0
for right, made in zip(path(*WANTED), path(*given, bool(linkage.CROSSED)), strict=True):
    square += min(AWAY, abs(right - made)) ** 2 if made is not None else AWAY**2
print(json.dumps({"fit": round(-math.log10(math.sqrt(square / COUNT) + 0.03), 9)}))
