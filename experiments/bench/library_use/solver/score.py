"""Runs the engine with the settings: how many pairs it checked, and how much the discs still overlap."""

import json

from engine import discs, overlap, relax
from settings import OPTIONS

placed, checks = relax(discs(220), **OPTIONS)
print(json.dumps({"checks": checks, "overlap": round(overlap(placed), 6)}))
