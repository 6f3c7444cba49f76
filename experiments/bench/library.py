"""What 10,000 nodes cost: to put with their vectors, to search warm and cold, in memory.

The nodes are pieces of 150 words of the standard library's source, so that they are real and always at hand.
Each measurement has a process of its own; CPU time is told beside wall time, as it means more on a machine
that is busy.

    python experiments/bench/library.py [--nodes 10000] [--report FILE.md]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from kapso_knowledge import Node, Place
from kapso_knowledge.library import Learnt
from kapso_knowledge.library.embed import embedder
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.passages import Passages
from kapso_knowledge.nodes import node_id, text_hash

READ = 300
"""Nodes whose reading is timed."""
QUERIES = [
    "how are temporary files removed when the process ends",
    "parse a date with a time zone",
    "thread pool executor shutdown waits",
    "functools.lru_cache maxsize",
    "compress a stream in chunks",
    "connection refused retry socket timeout",
    "sort stable key function",
    "unicode decode error replace surrogate",
]


def pieces() -> Iterator[tuple[str, int, str]]:
    """Path, number and text of what the standard library holds, 150 words each."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        if "site-packages" in path.parts:
            continue
        words = path.read_text(errors="replace").split(" ")
        for number, at in enumerate(range(0, len(words), 150)):
            yield str(path.relative_to(root)), number, " ".join(words[at : at + 150])


def learnt(count: int) -> Learnt:
    now = datetime.now(UTC)
    nodes = [
        Node(
            node_id("stdlib", path, [path], number),
            "implementation",
            f"{path} {number}",
            text,
            "stdlib",
            Place(path, (number + 1, number + 1), None, (path,)),
            "",
            now,
            text_hash(text),
            "python",
        )
        for path, number, text in islice(pieces(), count)
    ]
    return Learnt("stdlib", "", True, {node.place.path: "1" for node in nodes}, nodes, [])


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def put(folder: Path, count: int) -> dict[str, float]:
    source = learnt(count)
    library = Library.open(folder)
    before = _peak_mb()
    wall, cpu = timed(lambda: library.put(source))
    again, again_cpu = timed(lambda: library.put(source))
    return {
        "nodes": len(source.nodes),
        "put_s": wall,
        "put_cpu_s": cpu,
        "again_s": again,
        "again_cpu_s": again_cpu,
        "peak_mb": _peak_mb(),
        "peak_before_mb": before,
    }


def one_more(folder: Path, count: int) -> dict[str, float]:
    node = learnt(1).nodes[0]
    text = "One page more, learnt beside ten thousand."
    new = Node(
        node_id("more", "a", [], 0),
        node.kind,
        "More",
        text,
        "more",
        Place("a"),
        "",
        node.learnt,
        text_hash(text),
    )
    library = Library.open(folder)
    library.search("warm")
    wall, cpu = timed(lambda: library.put(Learnt("more", "", True, {"a": "1"}, [new], [])))
    library.forget("more")
    return {"one_s": wall, "one_cpu_s": cpu}


def warm(folder: Path, count: int) -> dict[str, float]:
    library = Library.open(folder)
    library.search("warm up")
    times = [timed(lambda query=query: library.search(query)) for _ in range(5) for query in QUERIES]
    return {
        "warm_s": statistics.median(wall for wall, _ in times),
        "warm_cpu_s": statistics.median(cpu for _, cpu in times),
        "warm_cpu_worst_s": max(cpu for _, cpu in times),
        "warm_peak_mb": _peak_mb(),
    }


def read(folder: Path, count: int) -> dict[str, float]:
    """With the extra `minilm`: what reading takes, by a sample, and a search whose hits were read before."""
    reader = embedder("minilm")
    sample = learnt(count).nodes[:: max(count // READ, 1)]
    with tempfile.TemporaryDirectory() as elsewhere:
        wall, cpu = timed(lambda: Passages(Path(elsewhere)).read(sample, reader))
    library = Library.open(folder, reader=reader)
    for query in QUERIES:
        library.search(query)
    times = [timed(lambda query=query: library.search(query)) for _ in range(5) for query in QUERIES]
    return {
        "sample": len(sample),
        "read_s": wall,
        "read_cpu_s": cpu,
        "reader_warm_s": statistics.median(wall for wall, _ in times),
        "reader_warm_cpu_s": statistics.median(cpu for _, cpu in times),
        "reader_peak_mb": _peak_mb(),
        **{f"reader_{name}": value for name, value in cold(folder, count, reader="minilm").items()},
    }


def cold(folder: Path, count: int, *, reader: str = "") -> dict[str, float]:
    """A fresh interpreter that opens the library and searches, as a command line does."""
    script = (
        "import sys; from pathlib import Path; from kapso_knowledge.library.library import Library;"
        "assert Library.open(Path(sys.argv[1])).search(sys.argv[2])"
    )
    walls, cpus = [], []
    for query in QUERIES[:5]:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        environment = {**os.environ, "KAPSO_READER": reader}
        subprocess.run([sys.executable, "-c", script, str(folder), query], check=True, env=environment)
        walls.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"cold_s": statistics.median(walls), "cold_cpu_s": statistics.median(cpus)}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


STEPS = {"put": put, "one_more": one_more, "warm": warm, "cold": cold, "read": read}


def report(found: dict[str, float], folder: Path) -> str:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    rows = [
        ("nodes", f"{found['nodes']:.0f}", ""),
        ("put with vectors, nodes a second", *_rates(found, "put")),
        ("put again, nothing changed, seconds", *_pair(found, "again", 1)),
        ("one page more, ms", *_pair(found, "one", 1000)),
        ("search warm, median ms", *_pair(found, "warm", 1000)),
        ("search cold, with the interpreter's start, median ms", *_pair(found, "cold", 1000)),
        (
            f"read by `minilm`, nodes a second ({found['sample']:.0f} of them)",
            f"{found['sample'] / found['read_s']:.0f}",
            f"{found['sample'] / found['read_cpu_s']:.0f}",
        ),
        ("search warm, the best read again by `minilm`, median ms", *_pair(found, "reader_warm", 1000)),
        ("search cold, likewise, median ms", *_pair(found, "reader_cold", 1000)),
        (
            "peak memory of the put, MB (before it)",
            f"{found['peak_mb']:.0f} ({found['peak_before_mb']:.0f})",
            "",
        ),
        ("peak memory of searching, MB", f"{found['warm_peak_mb']:.0f}", ""),
        ("peak memory of searching with `minilm`, MB", f"{found['reader_peak_mb']:.0f}", ""),
        ("on the disk, MB", f"{size:.0f}", ""),
    ]
    return "\n".join(["what | wall | CPU", "--- | --- | ---", *(" | ".join(row) for row in rows), ""])


def _rates(found: dict[str, float], name: str) -> tuple[str, str]:
    return f"{found['nodes'] / found[f'{name}_s']:.0f}", f"{found['nodes'] / found[f'{name}_cpu_s']:.0f}"


def _pair(found: dict[str, float], name: str, factor: float) -> tuple[str, str]:
    return f"{found[f'{name}_s'] * factor:.4g}", f"{found[f'{name}_cpu_s'] * factor:.4g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        step, folder = arguments.step
        print(json.dumps(STEPS[step](Path(folder), arguments.nodes)))
        return
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, float] = {}
        for step in STEPS:
            command = [sys.executable, __file__, "--nodes", str(arguments.nodes), "--step", step, folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found |= json.loads(done.stdout.splitlines()[-1])
        text = report(found, Path(folder))
    print(text)
    if arguments.report:
        arguments.report.write_text(text)


if __name__ == "__main__":
    main()
