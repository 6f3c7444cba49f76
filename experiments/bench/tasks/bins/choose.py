"""How much an item wants to go into a bin; it goes where this is highest, a new bin included."""

SMALL = 0.2
LOATHE = 0.5
BONUS = 0.3


def priority(item, free, capacity):
    """`free` is what is free in the bin before the item goes in."""
    left = (free - item) / capacity
    share = item / capacity
    value = left
    if free == capacity:
        value -= LOATHE
    if left == 0:
        value += BONUS
    if share < SMALL and left < SMALL:
        value -= share
    return value
