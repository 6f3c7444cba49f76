"""The speed of a reaction, given how much there is of substrate `s` and inhibitor `i`."""

TOP = 1.0
HALF = 1.0


def speed(s, i):
    """Grows with the substrate, so far in proportion."""
    v = TOP * s
    return v
