"""Cross-sections of the ten bars of a cantilever, in square inches; from 0.1 on they can be made."""

TOP_INNER = 32.0  # kapso: 0.1..40
TOP_OUTER = 15.0  # kapso: 0.1..40
BOTTOM_INNER = 32.0  # kapso: 0.1..40
BOTTOM_OUTER = 20.0  # kapso: 0.1..40
POST_MIDDLE = 15.0  # kapso: 0.1..40
POST_END = 15.0  # kapso: 0.1..40
BRACE_INNER_FALLING = 20.0  # kapso: 0.1..40
BRACE_INNER_RISING = 25.0  # kapso: 0.1..40
BRACE_OUTER_FALLING = 25.0  # kapso: 0.1..40
BRACE_OUTER_RISING = 15.0  # kapso: 0.1..40
