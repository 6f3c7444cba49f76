"""Weight (lb), sinking (in) and stress (ksi) of the ten-bar truss with 100 kip on both lower joints.

The structure, its loads and its limits are those of Venkayya (1971), case 1, that the literature compares by.
"""

import json
import math

import sections

NAMES = (
    "TOP_INNER",
    "TOP_OUTER",
    "BOTTOM_INNER",
    "BOTTOM_OUTER",
    "POST_MIDDLE",
    "POST_END",
    "BRACE_INNER_FALLING",
    "BRACE_INNER_RISING",
    "BRACE_OUTER_FALLING",
    "BRACE_OUTER_RISING",
)
JOINTS = ((720, 360), (720, 0), (360, 360), (360, 0), (0, 360), (0, 0))
BARS = ((4, 2), (2, 0), (5, 3), (3, 1), (2, 3), (0, 1), (4, 3), (5, 2), (2, 1), (3, 0))
LOADS = {3: -1e5, 7: -1e5}  # by degree of freedom: two for each joint
FREE = 8
MODULUS, DENSITY = 1e7, 0.1


def solve(matrix, right):
    """Gauss, with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(FREE):
        pivot = max(range(at, FREE), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for row in range(at + 1, FREE):
            share = rows[row][at] / rows[at][at]
            for column in range(at, FREE + 1):
                rows[row][column] -= share * rows[at][column]
    found = [0.0] * FREE
    for at in reversed(range(FREE)):
        rest = sum(rows[at][column] * found[column] for column in range(at + 1, FREE))
        found[at] = (rows[at][FREE] - rest) / rows[at][at]
    return found


areas = [float(getattr(sections, name)) for name in NAMES]
if not all(0.1 <= area <= 1000 for area in areas):
    raise SystemExit("a section cannot be made")
stiffness = [[0.0] * 12 for _ in range(12)]
weight, bars = 0.0, []
for area, (a, b) in zip(areas, BARS, strict=True):
    dx, dy = JOINTS[b][0] - JOINTS[a][0], JOINTS[b][1] - JOINTS[a][1]
    length = math.hypot(dx, dy)
    weight += DENSITY * area * length
    ways = {2 * a: -dx / length, 2 * a + 1: -dy / length, 2 * b: dx / length, 2 * b + 1: dy / length}
    bars.append((length, ways))
    for row, one in ways.items():
        for column, other in ways.items():
            stiffness[row][column] += MODULUS * area / length * one * other
moved = solve([row[:FREE] for row in stiffness[:FREE]], [LOADS.get(at, 0.0) for at in range(FREE)])
moved += [0.0] * 4
stress = max(
    abs(MODULUS / length * sum(way * moved[at] for at, way in ways.items())) for length, ways in bars
)
sinking = max(map(abs, moved))
if not math.isfinite(weight + stress + sinking):
    raise SystemExit("not finite")
print(
    json.dumps({"weight": round(weight, 6), "sinking": round(sinking, 9), "stress": round(stress / 1e3, 9)})
)
