"""Judges a count and trusts nothing about it: `correct` is 1 where every line is right, else 0.

Reads $KAPSO_OUT/NAME.txt, lines of `COUNT WORD`; how long it took is measured by Kapso.
"""

import json
import os
import sys
from pathlib import Path

MAX_BYTES = 100_000


def main():
    name = sys.argv[1]
    right = [f"{count} {word}" for word, count in json.loads(Path("answers", f"{name}.json").read_text())]
    try:
        with open(Path(os.environ["KAPSO_OUT"], f"{name}.txt"), "rb") as file:
            found = file.read(MAX_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        print(json.dumps({"correct": 0, "feedback": f"{name}.txt cannot be read: {error.strerror}"}))
        return
    wrong = [line for line, (a, b) in enumerate(zip(found, right, strict=False), start=1) if a != b]
    feedback = ""
    if len(found) != len(right):
        feedback = f"{len(found)} lines instead of {len(right)}"
    elif wrong:
        feedback = f"line {wrong[0]} is `{found[wrong[0] - 1][:80]}`"
    print(json.dumps({"correct": int(found == right), "feedback": feedback}))


if __name__ == "__main__":
    main()
