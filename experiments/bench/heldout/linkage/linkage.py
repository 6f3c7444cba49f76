"""A four-bar linkage that guides a tool: lengths in units of its ground bar, angles in radians."""

CRANK = 0.2  # kapso: 0.05..0.95
COUPLER = 1.6  # kapso: 0.2..3
ROCKER = 2.4  # kapso: 0.2..3
ALONG = 0.6  # kapso: -2..2
ACROSS = -0.6  # kapso: -2..2
TURNED = -2.3  # kapso: -3.2..3.2
CROSSED = True  # kapso: True|False
