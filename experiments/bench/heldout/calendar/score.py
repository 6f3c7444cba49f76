"""The share of what the calendar says that is right, by Python's own calendar."""

import json
import random
import subprocess
from datetime import date

EPOCH = date(1970, 1, 1).toordinal()
random.seed(11)
DATES = [
    date.fromordinal(random.randrange(date(1890, 1, 1).toordinal(), date(2110, 1, 1).toordinal()))
    for _ in range(60)
]
DATES += [date(year, 12, day) for year in range(1996, 2028, 2) for day in (29, 31)]
DATES += [date(year, 1, day) for year in range(1897, 2029, 6) for day in (1, 2, 3)]
DATES += [date(year, 2, 28) for year in (1896, 1900, 1972, 1999, 2000, 2024, 2100)]


def wanted(day):
    year, week, _ = day.isocalendar()
    end = 3 * ((day.month + 2) // 3)
    after = date(day.year + end // 12, end % 12 + 1, 1)
    return [str(day.toordinal() - EPOCH), f"{year}-{week}", str((after - day).days - 1)]


asked = "".join(f"{day.year}-{day.month}-{day.day}\n" for day in DATES)
said = subprocess.run(["./calendar"], input=asked, capture_output=True, text=True, timeout=1).stdout
lines = [line.split() for line in said.splitlines()]
if len(lines) != len(DATES):
    raise SystemExit(f"{len(lines)} answers for {len(DATES)} dates")
right = sum(one == other for line, day in zip(lines, DATES) for one, other in zip(line, wanted(day)))
print(json.dumps({"right": round(right / 3 / len(DATES), 9)}))
