"""Real and hostile inputs through the whole of learning: what is read, what is named, and what it costs.

    python experiments/bench/gauntlet.py --out experiments/bench/results
    python experiments/bench/gauntlet.py --only hostile faults private

Each part runs in a process of its own with a library of its own, so that its memory is its own and nothing
that hangs stops the rest. Packages come from the index at pinned versions. README.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from gauntlets import hostile, packages, sites  # noqa: E402  (the path comes first)

from kapso_knowledge.errors import KnowledgeError  # noqa: E402
from kapso_knowledge.learning import learn  # noqa: E402
from kapso_knowledge.library.library import Library  # noqa: E402
from kapso_knowledge.net.client import Client  # noqa: E402
from kapso_knowledge.sources.crawl import Crawl, Limits  # noqa: E402
from kapso_knowledge.sources.folder import Folder  # noqa: E402
from kapso_knowledge.sources.protocol import Source  # noqa: E402
from kapso_knowledge.sources.repository import Repository  # noqa: E402
from kapso_knowledge.sources.web import Page  # noqa: E402

LONGEST_S = 1500


@dataclass
class Result:
    """Of one part. `wrong` is what became otherwise than it should: the column that must be empty."""

    part: str
    documents: int = 0
    read: int = 0
    nodes: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    again_s: float = 0.0
    own_mb: float = 0.0
    unread: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    given = arguments()
    if given.part:
        print(json.dumps(asdict(measured(given.part, given.work))))
        return
    results = before(given.out) if given.out else {}
    for part in given.only or PARTS:
        results[part] = result = apart(part)
        print(f"{part}: {result.read} of {result.documents} read, {len(result.wrong)} wrong", file=sys.stderr)
    ordered = [results[part] for part in PARTS if part in results]
    text = table(ordered)
    print(text)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "gauntlet.md").write_text(text)
        lines = (json.dumps(asdict(result), ensure_ascii=True) + "\n" for result in ordered)
        (given.out / "gauntlet.jsonl").write_text("".join(lines))
    sys.exit(1 if any(result.wrong for result in ordered) else 0)


def before(out: Path) -> dict[str, Result]:
    """What stands there of earlier parts, which `--only` leaves as it is."""
    path = out / "gauntlet.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return {result.part: result for result in (Result(**json.loads(line)) for line in lines)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), help="these parts alone")
    parser.add_argument("--out", type=Path, help="the folder that gauntlet.md is written to")
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def apart(part: str) -> Result:
    """The part in a process of its own; what ends it, or takes too long, is what is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="kapso-gauntlet-", ignore_cleanup_errors=True) as work:
        command = [sys.executable, __file__, "--part", part, "--work", work]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
        except subprocess.TimeoutExpired:
            return Result(part, wrong=[f"not done in {LONGEST_S} s"])
    if done.returncode:
        return Result(part, wrong=[f"ended with {done.returncode}: {done.stderr[-2000:]}"])
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def measured(part: str, work: Path) -> Result:
    start, spent = time.perf_counter(), cpu()
    result = PARTS[part](work)
    result.seconds = result.seconds or time.perf_counter() - start
    result.cpu_s = cpu() - spent
    result.own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return result


def cpu() -> float:
    """Seconds of this process and of the readers that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


# Learning


def learnt(part: str, sources: list[Source], library: Library, is_stable: bool = True) -> Result:
    """All sources, and all of them once more, which must change nothing."""
    result, start = Result(part), time.perf_counter()
    for source in sources:
        walked = learn(source, library)
        result.documents += walked.read + walked.same + len(walked.unread)
        result.read += walked.read
        result.nodes += walked.change.added
        result.unread |= {each.path: each.reason for each in walked.unread}
    result.seconds = time.perf_counter() - start
    start = time.perf_counter()
    for source in sources if is_stable else ():
        change = learn(source, library).change
        if change.added or change.changed or change.removed:
            result.wrong.append(f"learning `{source.name}` again changed the library: {change}")
    result.again_s = time.perf_counter() - start
    return result


def library_in(work: Path) -> Library:
    return Library.open(work / "library")


def judge(result: Result, expected: Mapping[str, str], documents: Mapping[str, str]) -> None:
    """Compares what became of each document with what should."""
    for path, expectation in expected.items():
        became = "read" if path in documents else result.unread.get(path, "absent")
        if expectation in ("any", became) or (
            expectation not in ("read", "absent") and re.search(expectation, became)
        ):
            continue
        result.wrong.append(f"`{path!r}` should be `{expectation}`, is `{became}`")


# Parts


def documentation(work: Path) -> Result:
    folders = [("django", "docs"), ("numpy", "doc"), ("scikit-learn", "doc"), ("sqlalchemy", "doc/build")]
    sources: list[Source] = [
        Folder(packages.unpacked(name) / docs, f"{name}/{docs}") for name, docs in folders
    ]
    result = learnt("docs", sources, library_in(work))
    if result.read < 1000:
        result.wrong.append(f"only {result.read} documents are read")
    return result


def repository(work: Path) -> Result:
    """django as a repository: 6,900 files, of which those that nobody reads are left out by their names."""
    folder = work / "django"
    shutil.copytree(packages.unpacked("django"), folder)
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["init", "-q"], ["add", "-A", "-f"], [*identity, "commit", "-qm", "as released"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return learnt("repository", [Repository(folder, "django")], library_in(work))


def pdfs(work: Path) -> Result:
    folder = work / "pdfs"
    folder.mkdir()
    for name in ("pikepdf", "pypdf"):
        for path in sorted(packages.unpacked(name).rglob("*.pdf")):
            shutil.copy(path, folder / f"{name}-{path.parent.name}-{path.name}")
    return learnt("pdfs", [Folder(folder, "pdfs")], library_in(work))


def pages(work: Path) -> Result:
    """SQLAlchemy's documentation as built, over HTTP: a crawl of what a browser would see."""
    with sites.served(sites.folder(packages.unpacked("sqlalchemy") / "doc")) as url:
        limits = Limits(depth=6, pages=200, seconds=900, pause_s=0)
        with Client(work / "cache", allow_private=True) as client:
            result = learnt("pages", [Crawl(f"{url}/index.html", client, limits)], library_in(work))
    if result.read < 100:
        result.wrong.append(f"only {result.read} pages are read")
    return result


def harm(work: Path) -> Result:
    folder, outside = work / "folder", work / "outside.md"
    folder.mkdir()
    expected = hostile.harmful(folder, outside)
    library = library_in(work)
    result = learnt("hostile", [Folder(folder, "hostile")], library)
    judge(result, expected, library.documents("hostile"))
    for path, text in hostile.GOOD.items():
        found = library.search(text.splitlines()[2], limit=3)
        if path not in {hit.node.place.path for hit in found}:
            result.wrong.append(f"`{path}` is not found by its own sentence")
    for hit in library.search(hostile.OUTSIDE, limit=50):
        if hostile.OUTSIDE in hit.node.text:
            result.wrong.append(f"`{hit.node.place.path}` brought what lies outside the folder")
    if any(hit.node.trust for hit in library.search("ignore all previous instructions", limit=10)):
        result.wrong.append("orders from outside are trusted")
    return result


def faults(work: Path) -> Result:
    serve, expected = sites.faulty()
    with sites.served(serve) as url, Client(work / "cache", allow_private=True, backoff_s=0.1) as client:
        limits = Limits(depth=9, pages=200, seconds=400, pause_s=0)
        library = library_in(work)
        crawl = Crawl(url, client, limits)
        result = learnt("faults", [crawl], library, is_stable=False)
        judge(result, expected, library.documents(crawl.name))
    return result


def private(work: Path) -> Result:
    """Nothing on this machine is asked, however it is called; no request arrives."""
    asked: list[str] = []

    def serve(request: object) -> None:
        asked.append(str(getattr(request, "path", "")))

    result = Result("private")
    with sites.served(serve) as url, Client(work / "cache") as client:
        port = url.rpartition(":")[2]
        hosts = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::]"]
        hosts += [
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "127.0.0.1.nip.io",
        ]
        addresses = [f"http://{host}:{port}/" for host in hosts]
        addresses += [
            "http://169.254.169.254/",
            "http://10.0.0.1/",
            "http://192.168.0.1/",
            "http://[fe80::1]/",
        ]
        for address in addresses:
            result.documents += 1
            try:
                list(Page(address, client).documents({}))
                result.wrong.append(f"{address} was asked")
            except KnowledgeError as error:
                result.unread[address] = error.message
    result.wrong += [f"a request for {path} came in" for path in asked]
    return result


PARTS: dict[str, Callable[[Path], Result]] = {
    "docs": documentation,
    "repository": repository,
    "pdfs": pdfs,
    "pages": pages,
    "hostile": harm,
    "faults": faults,
    "private": private,
}


# The table


def table(results: list[Result]) -> str:
    rows = ["| part | documents | read | named | nodes | s | CPU s | again s | MB | wrong |"]
    rows.append("| --- |" + " ---: |" * 9)
    for each in results:
        counts = f"{each.documents} | {each.read} | {len(each.unread)} | {each.nodes}"
        times = f"{each.seconds:.0f} | {each.cpu_s:.0f} | {each.again_s:.1f}"
        rows.append(f"| {each.part} | {counts} | {times} | {each.own_mb:.0f} | {len(each.wrong)} |")
    lines = ["# The gauntlet", "", *rows]
    for each in results:
        lines += list(_named(each))
    return "\n".join(lines) + "\n"


def _named(result: Result) -> Iterator[str]:
    """What was said of the documents that were not read; what is made to harm one by one."""
    if result.wrong:
        yield from ("", f"## {result.part}: wrong", "", *(f"- {each}" for each in result.wrong))
    if not result.unread:
        return
    yield from ("", f"## {result.part}: named", "")
    if len(result.unread) <= 120:
        for path, reason in sorted(result.unread.items()):
            yield f"- `{path.encode('unicode_escape').decode()}`: {re.sub(r':[0-9]{4,5}', ':PORT', reason)}"
        return
    for reason, count in Counter(result.unread.values()).most_common():
        yield f"- {count} times: {reason}"


if __name__ == "__main__":
    main()
