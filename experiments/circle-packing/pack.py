"""Packs 26 circles into the unit square so that the sum of their radii is large: the program to improve.

Every circle starts small on a jittered grid. Then all grow while overlaps and walls push them apart, with
steps that get smaller. At the end the radii are made exactly feasible. Writes circles.json to $KAPSO_OUT:
[[x, y, radius], ...].
"""

import json
import math
import os
import random

CIRCLES = 26
SEED = 0

COLUMNS = 6
JITTER = 0.02
START_RADIUS = 0.05

STEPS = 1000
STEP_SIZE = 0.02
DECAY = 0.996
GROWTH = 0.1
PUSH = 1.0
WALL_PUSH = 1.0

POLISH_ROUNDS = 3


def place():
    """The first positions: the cells of a grid, row by row, each a little off its middle."""
    rng = random.Random(SEED)
    rows = math.ceil(CIRCLES / COLUMNS)
    circles = []
    for number in range(CIRCLES):
        row, column = divmod(number, COLUMNS)
        x = (column + 0.5) / COLUMNS + rng.uniform(-JITTER, JITTER)
        y = (row + 0.5) / rows + rng.uniform(-JITTER, JITTER)
        circles.append([x, y, START_RADIUS])
    return circles


def forces(circles):
    """For each circle, where overlaps and walls push its middle and its radius, and that it wants to grow."""
    moves = [[0.0, 0.0, GROWTH] for _ in circles]
    for i, (xi, yi, ri) in enumerate(circles):
        move = moves[i]
        for j in range(i):
            xj, yj, rj = circles[j]
            dx, dy, reach = xi - xj, yi - yj, ri + rj
            square = dx * dx + dy * dy
            if square >= reach * reach:
                continue
            distance = math.sqrt(square) or 1e-9
            push = PUSH * (reach - distance)
            other = moves[j]
            move[0] += push * dx / distance
            move[1] += push * dy / distance
            move[2] -= push
            other[0] -= push * dx / distance
            other[1] -= push * dy / distance
            other[2] -= push
        for axis, position in enumerate((xi, yi)):
            outside = max(0.0, ri - position) - max(0.0, position + ri - 1.0)
            move[axis] += WALL_PUSH * outside
            move[2] -= WALL_PUSH * abs(outside)
    return moves


def relax(circles):
    """Follows the forces, a little less far each time."""
    step = STEP_SIZE
    for _ in range(STEPS):
        for number, (right, up, growth) in enumerate(forces(circles)):
            x, y, radius = circles[number]
            circles[number] = [
                min(1.0, max(0.0, x + step * right)),
                min(1.0, max(0.0, y + step * up)),
                max(0.0, radius + step * growth),
            ]
        step *= DECAY


def room(circles, number):
    """The largest radius that circle `number` could have beside the others as they are."""
    x, y, _ = circles[number]
    free = min(x, y, 1.0 - x, 1.0 - y)
    for other, (ox, oy, radius) in enumerate(circles):
        if other != number:
            free = min(free, math.hypot(x - ox, y - oy) - radius)
    return max(0.0, free)


def make_feasible(circles):
    """Shrinks all circles together until nothing overlaps, then lets each in turn fill its room."""
    shrink = 1.0
    for i, (xi, yi, ri) in enumerate(circles):
        if ri > 0.0:
            shrink = min(shrink, min(xi, yi, 1.0 - xi, 1.0 - yi) / ri)
        for xj, yj, rj in circles[:i]:
            if ri + rj > 0.0:
                shrink = min(shrink, math.hypot(xi - xj, yi - yj) / (ri + rj))
    for circle in circles:
        circle[2] *= shrink
    for _ in range(POLISH_ROUNDS):
        for number in range(len(circles)):
            circles[number][2] = room(circles, number)


def main():
    circles = place()
    relax(circles)
    make_feasible(circles)
    with open(os.path.join(os.environ["KAPSO_OUT"], "circles.json"), "w") as file:
        json.dump(circles, file)


if __name__ == "__main__":
    main()
