"""A mass on a spring, a second one on top of it, and what takes the power off."""

FIRST_MASS = 1.0
FIRST_SPRING = 900.0
SECOND_MASS = 0.3
SECOND_SPRING = 260.0
FIRST_DAMPING = 4.0
SECOND_DAMPING = 2.0
