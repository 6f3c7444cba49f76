"""Judges a packing and trusts nothing about it: prints the sum of the radii, or why there is none.

Reads $KAPSO_OUT/circles.json, [[x, y, radius], ...]; never runs or imports what is judged.
"""

import json
import math
import os

CIRCLES = 26
TOLERANCE = 1e-9
MAX_BYTES = 100_000


class Unacceptable(Exception):
    """The file is not a packing; the message says why, for whoever improves the program."""


def read(path):
    """The circles as lists of three finite floats."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unacceptable(f"circles.json cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise Unacceptable(f"circles.json is larger than {MAX_BYTES} bytes")
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unacceptable(f"circles.json is not JSON: {error}") from error
    if not isinstance(rows, list) or len(rows) != CIRCLES:
        raise Unacceptable(f"circles.json must hold a list of {CIRCLES} circles")
    return [numbers(index, row) for index, row in enumerate(rows)]


def numbers(index, row):
    """One circle; booleans, strings, infinities and NaN are no numbers."""
    if not isinstance(row, list) or len(row) != 3 or not all(type(value) in (int, float) for value in row):
        raise Unacceptable(f"circle {index} must be three numbers: [x, y, radius]")
    try:
        x, y, radius = map(float, row)
    except OverflowError as error:
        raise Unacceptable(f"circle {index} holds a number that is too large") from error
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(radius)):
        raise Unacceptable(f"circle {index} holds a number that is not finite")
    return x, y, radius


def check(circles):
    """Raises when a circle has no size, leaves the square or overlaps another."""
    for i, (x, y, radius) in enumerate(circles):
        if radius < 0:
            raise Unacceptable(f"circle {i} has the negative radius {radius:g}")
        outside = radius - min(x, y, 1 - x, 1 - y)
        if outside > TOLERANCE:
            raise Unacceptable(f"circle {i} leaves the square by {outside:.3g}")
        for j, (other_x, other_y, other_radius) in enumerate(circles[:i]):
            overlap = radius + other_radius - math.hypot(x - other_x, y - other_y)
            if overlap > TOLERANCE:
                raise Unacceptable(f"circles {j} and {i} overlap by {overlap:.3g}")


def main():
    try:
        circles = read(os.path.join(os.environ["KAPSO_OUT"], "circles.json"))
        check(circles)
    except Unacceptable as reason:
        print(json.dumps({"feedback": str(reason)}))
        return
    radii = sorted(radius for _, _, radius in circles)
    feedback = f"smallest radius {radii[0]:.4f}, median {radii[len(radii) // 2]:.4f}, largest {radii[-1]:.4f}"
    print(json.dumps({"score": math.fsum(radii), "feedback": feedback}))


if __name__ == "__main__":
    main()
