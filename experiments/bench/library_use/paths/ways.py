"""Ways through a grid from the upper left to the lower right corner, rightwards and downwards."""

BLOCKED = {(3, 1), (2, 5), (6, 6), (4, 3)}


def ways(row, column):
    """How many ways lead from the corner to a cell."""
    if row < 0 or column < 0:
        return 0
    if (row, column) in BLOCKED:
        return 0
    if row == 0 and column == 0:
        return 1
    return ways(row - 1, column) + ways(row, column - 1)
