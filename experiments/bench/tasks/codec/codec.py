"""Codes a signal: wavelets of Haar, each level rounded to steps of its own, then deflated."""

import zlib

STEPS = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
DEAD = 0.5
REBUILD = 0.0
LEVELS = 5


def quantise(value, step):
    """The number of the step; what is smaller than the dead zone is 0."""
    size = abs(value) / step
    if size < DEAD:
        return 0
    number = int(size + 0.5)
    if number > 120:
        number = 120
    return number if value > 0 else -number


def restore(number, step):
    """The middle of the step, or a little nearer to 0."""
    if number > 0:
        return (number - REBUILD) * step
    if number < 0:
        return (number + REBUILD) * step
    return 0.0


def encode(signal):
    """Bytes that stand for the signal; its length is a multiple of 32."""
    low = list(signal)
    data = []
    for level in range(LEVELS):
        even = low[0::2]
        odd = low[1::2]
        detail = [(a - b) / 2 for a, b in zip(even, odd)]
        low = [(a + b) / 2 for a, b in zip(even, odd)]
        data += [quantise(value, STEPS[level]) for value in detail]
    data += [quantise(value, STEPS[LEVELS]) for value in low]
    return zlib.compress(bytes(number % 256 for number in data), 9)


def decode(code, length):
    """The signal, more or less."""
    data = [byte - 256 if byte > 127 else byte for byte in zlib.decompress(code)]
    sizes = [length >> level for level in range(1, LEVELS + 1)]
    low = [restore(number, STEPS[LEVELS]) for number in data[sum(sizes) :]]
    for level in range(LEVELS - 1, -1, -1):
        start = sum(sizes[:level])
        detail = [restore(number, STEPS[level]) for number in data[start : start + sizes[level]]]
        low = [value for a, d in zip(low, detail) for value in (a + d, a - d)]
    return low
