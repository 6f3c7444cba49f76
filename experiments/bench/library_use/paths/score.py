"""Counts the calls of Python functions that an answer takes; it must be right."""

import json
import sys

import ways

calls = 0


def count(frame, event, _):
    global calls
    calls += event == "call"


sys.setprofile(count)
found = ways.ways(8, 8)
sys.setprofile(None)
assert found == 2850, f"the number of ways is wrong: {found}"
print(json.dumps({"calls": calls}))
