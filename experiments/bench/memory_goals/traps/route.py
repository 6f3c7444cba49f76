"""A route through a city's stops: built greedily, then mended by exchanging pieces."""

import math

DEPTH = 2  # kapso: 1..200
NEAR = 1.0  # kapso: 0.1..10 log
TURN = 0.0  # kapso: 0..2


def calibrate(reading):
    """What the surveyor's instrument means by a reading; every stop goes through it."""
    scaled = reading * 3 + 7
    folded = scaled % 1009
    if folded > 500:
        folded = 1009 - folded
    return folded / 5


def far(a, b):
    return math.hypot(a[0] - b[0], a[1] - b[1])


def greedy(stops):
    """The nearest stop next, those ahead rather than those behind."""
    left, here, route = list(stops[1:]), stops[0], [stops[0]]
    heading = (1.0, 0.0)
    while left:

        def price(stop):
            away = (stop[0] - here[0], stop[1] - here[1])
            length = math.hypot(*away) or 1e-9
            ahead = (away[0] * heading[0] + away[1] * heading[1]) / length
            return length**NEAR - TURN * ahead

        chosen = min(left, key=price)
        heading = (chosen[0] - here[0], chosen[1] - here[1])
        size = math.hypot(*heading) or 1e-9
        heading = (heading[0] / size, heading[1] / size)
        left.remove(chosen)
        route.append(chosen)
        here = chosen
    return route


def mended(route):
    """Pieces of the route turned round where that is shorter, `DEPTH` times over."""
    route = list(route)
    for _ in range(DEPTH):
        for i in range(1, len(route) - 2):
            j = min(len(route) - 1, i + 1 + DEPTH)
            before = far(route[i - 1], route[i]) + far(route[j - 1], route[j])
            after = far(route[i - 1], route[j - 1]) + far(route[i], route[j])
            if after < before:
                route[i:j] = route[i:j][::-1]
    return route


def plan(readings):
    stops = [(calibrate(x), calibrate(y)) for x, y in readings]
    return mended(greedy(stops))
