"""A relaxation engine for overlapping discs. Its options are told in docs/."""

import math
import random


def discs(count):
    rng = random.Random(7)
    return [(rng.uniform(0, 40), rng.uniform(0, 40), rng.uniform(0.5, 1.0)) for _ in range(count)]


def relax(
    discs,
    sweeps=6,
    step=0.5,
    neighbours="pairs",
    order="given",
    damping=0.0,
    warm_start=False,
    tolerance=0.0,
    seed=0,
    units="float",
    walls=False,
    trace=False,
    rest_after=0,
    symmetric=True,
    merge_radius=0.0,
    jitter=0.0,
):
    """The discs after `sweeps` sweeps, and how many pairs were looked at."""
    placed = [list(each) for each in discs]
    rng = random.Random(seed)
    if order == "sorted":
        placed.sort()
    checks, resting = 0, {}
    for _ in range(sweeps):
        largest = 0.0
        for i, j in _near(placed) if neighbours == "cells" else _all(len(placed), symmetric):
            if rest_after and resting.get(i, 0) > rest_after * 1000:
                continue
            checks += 1
            a, b = placed[i], placed[j]
            dx, dy = b[0] - a[0], b[1] - a[1]
            gap = math.hypot(dx, dy) or 1e-9
            depth = a[2] + b[2] - gap
            if depth <= 0:
                resting[i] = resting.get(i, 0) + 1
                continue
            largest = max(largest, depth)
            move = (1 - damping) * step * depth / gap
            push = (dx * move, dy * move) if symmetric else (dx * move / 2, dy * move / 2)
            a[0], a[1], b[0], b[1] = a[0] - push[0] / 1, a[1] - push[1], b[0] + push[0], b[1] + push[1]
        if jitter:
            placed = [[x + rng.gauss(0, jitter), y + rng.gauss(0, jitter), r] for x, y, r in placed]
        if largest < tolerance:
            break
    return placed, checks


def overlap(placed):
    total = 0.0
    for i, a in enumerate(placed):
        for b in placed[:i]:
            total += max(0.0, a[2] + b[2] - math.hypot(a[0] - b[0], a[1] - b[1]))
    return total


def _all(count, symmetric):
    for i in range(count):
        for j in range(i + 1, count) if symmetric else range(count):
            if i != j:
                yield i, j


def _near(placed):
    """Pairs in the same or in neighbouring cells of a grid of the largest diameter."""
    size = 2 * max(each[2] for each in placed)
    cells = {}
    for i, (x, y, _) in enumerate(placed):
        cells.setdefault((int(x // size), int(y // size)), []).append(i)
    for (column, row), members in sorted(cells.items()):
        for i in members:
            for dc in (-1, 0, 1):
                for dr in (-1, 0, 1):
                    yield from ((i, j) for j in cells.get((column + dc, row + dr), ()) if j > i)
