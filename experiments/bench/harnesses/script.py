"""The task and the stream of edits, the same for every harness: reply n is edit n, whoever asks for it.

Each edit sets one of eight constants, before a line that no edit touches: so it applies to whatever parent
the harness has chosen, and what it is worth hangs on that parent. Its comment names the reply.
"""

from __future__ import annotations

import random
import re

SIZE = 8
ANCHOR = "    return [" + ", ".join(f"x{index}" for index in range(SIZE)) + "]"
PROGRAM = f'''\
"""Eight constants; evaluator.py tells how good they are."""


# EVOLVE-BLOCK-START
def constants():
    {" = ".join(f"x{index}" for index in range(SIZE))} = 0.0
{ANCHOR}


# EVOLVE-BLOCK-END
'''
EVALUATOR = '''\
"""How near the constants are to the right ones: 1 is the best. Called by a harness, or with two paths."""

import os
import sys
import time

RIGHT = [0.83, 0.11, 0.57, 0.29, 0.97, 0.42, 0.68, 0.05]


def evaluate(program_path):
    names = {}
    with open(program_path) as file:
        exec(compile(file.read(), program_path, "exec"), names)
    found = names["constants"]()
    score = 1 - sum(abs(a - b) for a, b in zip(found, RIGHT)) / len(RIGHT)
    if "BENCH_SCORES" in os.environ:  # where the harness lets it see its environment
        with open(os.environ["BENCH_SCORES"], "a") as file:
            file.write(f"[{time.time()}, {score}]\\n")
    return {"combined_score": score}


def write_down(program_path, folder):
    import json  # a harness that wants no files does not pay for it

    os.makedirs(folder, exist_ok=True)
    metrics = evaluate(program_path)
    for name, value in (("metrics.json", metrics), ("correct.json", {"correct": True, "error": None})):
        with open(os.path.join(folder, name), "w") as file:
            json.dump(value, file)


if __name__ == "__main__":
    given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    write_down(given["--program_path"], given["--results_dir"])
'''
REPLY = """\
<NAME>
set_x{index}
</NAME>

<DESCRIPTION>
x{index} = {value} should raise combined_score.
</DESCRIPTION>

<DIFF>
<<<<<<< SEARCH
{anchor}
=======
    x{index} = {value}  # reply {number}
{anchor}
>>>>>>> REPLACE
</DIFF>
"""
_FROM = re.compile(r"# reply (\d+)")


def reply(number: int, seed: int = 0) -> str:
    """The reply with this number, in the form that all three harnesses read."""
    draw = random.Random(f"{seed} {number}")
    return REPLY.format(
        index=draw.randrange(SIZE), value=round(draw.random(), 6), number=number, anchor=ANCHOR
    )


def reply_of(program: str) -> int | None:
    """The reply that made this program of its parent; None for the program at the start."""
    return max((int(number) for number in _FROM.findall(program)), default=None)
