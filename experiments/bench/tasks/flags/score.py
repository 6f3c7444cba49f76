"""The bytes of code and data in `vm`, as long as it prints what it should."""

import json
import subprocess

WANTED = "sum 500500\nprimes 303\nfib 6765\ncollatz 178\nhash 4016652272\n"
said = subprocess.run(["./vm"], capture_output=True, text=True, timeout=10).stdout
if said != WANTED:
    raise SystemExit(f"it printed {said!r}")
sizes = (
    subprocess.run(["size", "vm"], capture_output=True, text=True, check=True).stdout.split("\n")[1].split()
)
print(json.dumps({"bytes": int(sizes[0]) + int(sizes[1]) + int(sizes[2])}))
