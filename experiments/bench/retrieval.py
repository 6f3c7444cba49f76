"""How well the library finds: questions about real documentation, each with the places that answer it.

The questions stand in `retrieval/questions.txt` (by which the weights were chosen) and `heldout.txt` (other
projects, by which nothing was chosen); all were labelled by hand before anything was searched. The
documentation comes from the projects' source distributions at pinned versions and hashes.

    python experiments/bench/retrieval.py [--cache DIR] [--report FILE.md]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from kapso_knowledge import Node
from kapso_knowledge.learning import learn
from kapso_knowledge.library import Embedder, Filter, Hit
from kapso_knowledge.library.embed import embedder
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.passages import Passages
from kapso_knowledge.library.reread import READ, read_all, reread
from kapso_knowledge.library.search import Weights
from kapso_knowledge.sources.folder import Folder

HERE = Path(__file__).parent / "retrieval"
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")


@dataclass(frozen=True)
class Project:
    """A source distribution, and the folder in it that holds the documentation."""

    file: str
    sha256: str
    folder: str


PROJECTS = {
    "numba": Project(
        "numba-0.68.1.tar.gz", "9de461812470173a14eeb7e0bbd27c897dffe835402a33861166842fc5f6ea57", "docs"
    ),
    "scikit-learn": Project(
        "scikit_learn-1.9.1.tar.gz", "629cada3e33e2b9bf376cdc7614a47a4140b8aedc1d836579e359736fbd82977", "doc"
    ),
    "numpy": Project(
        "numpy-2.5.5.tar.gz", "5cddc243c75114ba845f01b1f87aca1572dbf7b6c2d88636ed3e1d2bccd7f1bf", "doc"
    ),
    "click": Project(
        "click-8.5.1.tar.gz", "9bbfada76703fd1d784b83eea012e3e8c6a001a876543ef104fa56aaaeb072b4", "docs"
    ),
    "pytest": Project(
        "pytest-9.2.0.tar.gz", "97c4f3b1f3c7414aa36465e09b8220f1d03627993bd51b1282e193753c80557b", "doc"
    ),
    "cython": Project(
        "cython-3.3.1.tar.gz", "e0e45989e821bef6aa9ae15c7d583ab5e055f7406c4b3624e49e06d24e90375a", "docs"
    ),
    "sqlalchemy": Project(
        "sqlalchemy-2.1.9.tar.gz", "d700a8b2edfb26282a470333d6bc4a454c4acda4d201a3bea7b72fa76c217d28", "doc"
    ),
    "flask": Project(
        "flask-3.1.3.tar.gz", "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb", "docs"
    ),
}

METHODS = {
    "BM25 alone": Weights(words=1, meaning=0, step=0, aside=1, again=1),
    "vectors alone": Weights(words=0, meaning=1, step=0, aside=1, again=1),
    "fused": Weights(step=0),
    "fused, a step along the edges": Weights(),
}

READ_AGAIN = "fused, a step, the best read again by `minilm`"
"""Needs the extra `minilm`, and reads what it has not read: minutes, so only in the question's project."""

SHARES = (0.5, 0.6, 0.65, 0.7, 0.8)
"""Of the reader, to choose from."""


@dataclass(frozen=True)
class Question:
    """`places` are the documents, from the root of the distribution, and the headings that answer it."""

    project: str
    text: str
    places: tuple[tuple[str, str], ...]


def questions(name: str) -> Iterator[Question]:
    """`# project`, `## document`, then lines of `question | heading; document > heading`."""
    project = document = ""
    for line in (HERE / f"{name}.txt").read_text().splitlines():
        if line.startswith("## "):
            document = line[3:]
        elif line.startswith("# "):
            project = line[2:]
        elif line:
            text, _, answers = line.rpartition(" | ")
            yield Question(project, text, tuple(_place(answer, document) for answer in answers.split("; ")))


def _place(answer: str, document: str) -> tuple[str, str]:
    elsewhere = re.match(r"(\S+\.(?:rst|md)) > (.*)", answer)
    return (elsewhere[1], plain(elsewhere[2])) if elsewhere else (document, plain(answer))


def plain(heading: str) -> str:
    """A heading without markup, so that readers may differ in how they write it."""
    heading = re.sub(r":[\w:+-]+:`~?([^`<]*?)(?:\s*<[^>]*>)?`", r"\1", heading)
    return re.sub(r"[^a-z0-9]+", "", heading.lower())


def documentation(project: str, cache: Path) -> Path:
    """The project's documentation on the disk, fetched from the package index if it is not there."""
    wanted = PROJECTS[project]
    root = cache / wanted.file.removesuffix(".tar.gz")
    if not root.exists():
        archive = cache / wanted.file
        if not archive.exists():
            archive.write_bytes(_fetched(project, wanted.file))
        if hashlib.sha256(archive.read_bytes()).hexdigest() != wanted.sha256:
            raise SystemExit(f"{archive} is not the file that was labelled; delete it and try again")
        with tarfile.open(archive) as tar:
            inside = f"{root.name}/{wanted.folder}/"
            tar.extractall(cache, [m for m in tar if m.name.startswith(inside)], filter="data")
    return root / wanted.folder


def _fetched(project: str, file: str) -> bytes:
    page = f"{INDEX}/{project}/"
    headers = {"Accept": "application/vnd.pypi.simple.v1+json"}
    listing = httpx.get(page, headers=headers, follow_redirects=True).raise_for_status().json()
    url = next(entry["url"] for entry in listing["files"] if entry["filename"] == file)
    return httpx.get(str(httpx.URL(page).join(url)), timeout=300, follow_redirects=True).content


def learnt(projects: Sequence[str], folder: Path, cache: Path) -> Library:
    """A library of these projects' documentation, each one source; kept for the next time."""
    library = Library.open(folder)
    have = {known.source for known in library.known()}
    for project in projects:
        if project not in have:
            walked = learn(Folder(documentation(project, cache), project, trusted=True), library)
            print(f"{project}: {walked.read} documents, {walked.change.added} nodes", flush=True)
    return library


def answers(node: Node, question: Question) -> bool:
    """Whether a node stands at a place that answers the question: in its document, below its heading."""
    folder = PROJECTS[question.project].folder
    headings = {plain(heading) for heading in (*node.place.section, node.title)}
    return node.source == question.project and any(
        f"{folder}/{node.place.path}" == document and heading in headings
        for document, heading in question.places
    )


def rank(library: Library, question: Question, weights: Weights, *, within: bool) -> int:
    """At which of ten places the first right node stands; 0 for none. `within` searches its project alone."""
    filter = Filter(sources=(question.project,)) if within else Filter()
    hits = library.search(question.text, filter=filter, weights=weights)
    return next((at for at, hit in enumerate(hits, 1) if answers(hit.node, question)), 0)


def row(ranks: Sequence[int]) -> str:
    """Recall at 5 and the mean reciprocal rank (of the first ten), with intervals of 95 % by bootstrap."""
    recalled = np.array([0 < at <= 5 for at in ranks], dtype=float)
    reciprocal = np.array([1 / at if at else 0 for at in ranks])
    draws = np.random.default_rng(0).integers(0, len(ranks), (4000, len(ranks)))
    cells = []
    for values in (recalled, reciprocal):
        low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
        cells.append(f"{values.mean():.3f} ({low:.3f}–{high:.3f})")
    return " | ".join(cells)


def table(name: str, title: str, cache: Path, *, reader_only: bool = False) -> str:
    asked = list(questions(name))
    projects = list(dict.fromkeys(question.project for question in asked))
    library = learnt(projects, cache / f"library-{name}", cache)
    nodes = sum(known.nodes for known in library.known())
    lines = [f"## {title}: {len(asked)} questions, {', '.join(projects)} ({nodes} nodes)", ""]
    for within, where in ((True, "searched in the question's project"), (False, "searched in all at once")):
        lines += [f"{where} | recall@5 | MRR@10 | CPU ms a query", "--- | --- | --- | ---"]
        for method, weights in {} if reader_only else METHODS.items():
            lines.append(f"{method} | {measured(library, asked, weights, within=within)}")
            print(lines[-1], flush=True)
        if within:
            lines += read_again(library, asked, is_chosen_by=name == "questions")
        lines.append("")
    return "\n".join(lines)


def measured(library: Library, asked: Sequence[Question], weights: Weights, *, within: bool) -> str:
    """The cells of a row."""
    begun = time.process_time()
    ranks = [rank(library, question, weights, within=within) for question in asked]
    return f"{row(ranks)} | {1000 * (time.process_time() - begun) / len(asked):.0f}"


def read_again(library: Library, asked: Sequence[Question], *, is_chosen_by: bool) -> list[str]:
    """The rows of the reader, whose passages are read before they are timed."""
    reader = embedder("minilm")
    found = [candidates(library, question) for question in asked]
    read = read_all([hit.node for hits in found for hit in hits], reader, Passages(library.folder))
    print(f"read: {max((total for _, total in read), default=0)} nodes", flush=True)
    reading = Library.open(library.folder, reader=reader)
    lines = [f"{READ_AGAIN} | {measured(reading, asked, Weights(), within=True)}"]
    if is_chosen_by:
        ranks = honest(asked, found, reader, Passages(library.folder))
        lines.append(f"likewise, in each project with the share that is best in the others | {row(ranks)} |")
    print("\n".join(lines), flush=True)
    return lines


def candidates(library: Library, question: Question) -> list[Hit]:
    return library.search(question.text, limit=READ, filter=Filter(sources=(question.project,)))


def honest(
    asked: Sequence[Question], found: Sequence[list[Hit]], reader: Embedder, passages: Passages
) -> list[int]:
    """The ranks in each project with the reader's share that is best in the others."""
    tried: list[list[int]] = []
    for share in SHARES:
        weights, ranks = Weights(reader=share), []
        for question, hits in zip(asked, found, strict=True):
            best = reread(question.text, hits, reader, passages, weights)[:10]
            ranks.append(next((at for at, hit in enumerate(best, 1) if answers(hit.node, question)), 0))
        tried.append(ranks)
    chosen: list[int] = []
    for project in dict.fromkeys(question.project for question in asked):
        others = [at for at, question in enumerate(asked) if question.project != project]
        best_ranks = max(tried, key=lambda ranks: _value([ranks[at] for at in others]))
        chosen += [best_ranks[at] for at, question in enumerate(asked) if question.project == project]
    return chosen


def _value(ranks: Sequence[int]) -> tuple[float, float]:
    return sum(0 < at <= 5 for at in ranks), sum(1 / at for at in ranks if at)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kapso-bench" / "retrieval"
    parser.add_argument("--cache", type=Path, default=cache)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--only", choices=["questions", "heldout"])
    parser.add_argument("--reader-only", action="store_true", help="only the rows of the reader")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    sets = {"questions": "Chosen by", "heldout": "Held out"}
    parts = [
        table(name, title, arguments.cache, reader_only=arguments.reader_only)
        for name, title in sets.items()
        if arguments.only in (None, name)
    ]
    report = "\n".join(parts)
    print(report)
    if arguments.report:
        arguments.report.write_text(report)


if __name__ == "__main__":
    main()
