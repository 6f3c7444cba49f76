"""Repositories and their history, with real git: read at a commit, from objects, again without change."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from kapso_knowledge import SourceError
from kapso_knowledge.learning import learn
from kapso_knowledge.sources import Raw, Same, Source, Surroundings, Unread, parse
from tests.knowledge.conftest import Shelf

SLOW = """\
def total(values):
    result = 0
    for value in values:
        result += value
    return result
"""
FILES = {
    "README.md": "# Demo\n\nA demo of sums. See [the code](src/sums.py).\n",
    "src/sums.py": "def total(values):\n    return sum(values)\n",
    "vendor/other.py": "x = 1\n",
    "data.bin": "\0\1",
}


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(root: Path, message: str, **files: str) -> str:
    for name, text in files.items():
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", message)
    return git(root, "rev-parse", "HEAD").strip()


def paths(source: Source, known: dict[str, str] | None = None) -> dict[str, type]:
    return {item.path: type(item) for item in source.documents(known or {})}


@pytest.fixture
def demo(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES, name="demo")


def test_a_repository_is_read_as_committed(demo: Path, around: Surroundings, shelf: Shelf) -> None:
    (demo / "README.md").write_text("not committed")
    (demo / "link.md").symlink_to("/etc/passwd")
    commit(demo, "A link")
    git(demo, "checkout", "-q", "HEAD~1")
    source = parse("../demo", around)
    walked = learn(source, shelf)
    assert walked.revision == git(demo, "rev-parse", "HEAD").strip()
    assert {node.place.path for node in shelf.nodes.values()} == {"README.md", "src/sums.py"}
    assert not source.trusted
    assert learn(parse("../demo", around), shelf).same == 2


def test_an_address_is_fetched_once_and_then_brought_up_to_date(
    demo: Path, around: Surroundings, shelf: Shelf
) -> None:
    spec = f"file://{demo}/.git"
    first = learn(parse(spec, around), shelf)
    assert (first.read, first.source) == (2, f"file://{demo}/.git")
    revision = commit(demo, "More", **{"more.md": "# More\n\nMore of it."})
    second = learn(parse(spec, around), shelf)
    assert (second.read, second.same, second.revision) == (1, 2, revision)
    old = learn(parse(f"git+{spec}@{first.revision}", around), shelf)
    assert (old.revision, old.read) == (first.revision, 2)


def test_what_a_repository_says_of_git_is_not_done(demo: Path, around: Surroundings, tmp_path: Path) -> None:
    marker = tmp_path / "pwned"
    for name in ("post-checkout", "reference-transaction", "post-update"):
        hook = demo / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
        hook.chmod(0o755)
    git(demo, "config", "core.fsmonitor", f"touch {marker}")
    assert paths(parse(f"file://{demo}/.git", around))
    assert paths(parse("../demo", around))
    with pytest.raises(SourceError):
        paths(parse(f"ext::touch% {marker}", around))
    with pytest.raises(SourceError, match="cannot be fetched"):
        paths(parse(f"ssh://-oProxyCommand=touch%20{marker}/x.git", around))
    assert not marker.exists()


def test_a_private_address_is_refused_unless_allowed(demo: Path, around: Surroundings) -> None:
    git(demo, "update-server-info")
    serve = partial(SimpleHTTPRequestHandler, directory=str(demo))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://user:hunter2@127.0.0.1:{server.server_port}/.git"
        with pytest.raises(SourceError, match="private") as caught:
            paths(parse(url, around))
        assert "hunter2" not in caught.value.message
        allowed = Surroundings(around.base, around.cache, allow_private=True)
        source = parse(url, allowed)
        assert source.name == f"http://127.0.0.1:{server.server_port}/.git"
        with pytest.raises(SourceError, match="dumb http transport does not support shallow"):
            paths(source)
        server.shutdown()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("file:///nowhere/x.git", "cannot be fetched"),
        ("../demo@nothing", "has no commit `nothing`"),
        ("https://user:hunter2@no.such.host.invalid/x.git", "no.such.host.invalid"),
    ],
)
def test_what_cannot_be_had_is_told(demo: Path, around: Surroundings, spec: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        paths(parse(spec, around))
    assert "hunter2" not in caught.value.message
    assert "allow-private" not in str(caught.value.help)  # none of these is private


def test_what_is_large_or_elsewhere_is_named(demo: Path, around: Surroundings) -> None:
    commit(
        demo,
        "Large",
        **{
            "large.md": "x" * 9_000_000,
            "far.md": "version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
        },
    )
    unread = {
        item.path: item.reason for item in parse("../demo", around).documents({}) if isinstance(item, Unread)
    }
    assert unread == {
        "large.md": "9 MB are more than the 8 MB that are read",
        "far.md": "kept in Git LFS",
    }


def test_history_is_what_was_changed_for_speed_or_correctness(
    demo: Path, around: Surroundings, shelf: Shelf
) -> None:
    commit(demo, "Sums by hand", **{"src/sums.py": SLOW})
    told = "Sums are three times faster in C\n\n# why\nThe loop runs in C.\n\nSigned-off-by: Ada <a@b>"
    commit(demo, told, **{"src/sums.py": FILES["src/sums.py"]})
    commit(demo, "Fix typo", **{"README.md": "# Demo\n"})
    last = commit(demo, "Fix the sum of nothing", **{"src/sums.py": SLOW, "note.md": "A note."})
    walked = learn(parse("history:../demo", around), shelf)
    assert (walked.read, walked.revision) == (2, last)
    by_title = {node.title: node for node in shelf.nodes.values()}
    faster = by_title["Sums are three times faster in C"]
    assert (faster.kind, faster.language) == ("heuristic", "python")
    assert "Changed for speed" in faster.text
    assert "The loop runs in C." in faster.text
    assert "-        result += value" in faster.text
    assert "Ada" not in faster.text
    assert "A note" not in by_title["Fix the sum of nothing"].text
    again = learn(parse("history:../demo", around), shelf)
    assert (again.read, again.same) == (0, 2)


def test_a_history_that_tells_nothing_is_a_mistake(demo: Path, around: Surroundings) -> None:
    with pytest.raises(SourceError, match="no commit tells of speed or correctness"):
        paths(parse("history:../demo", around))


def test_the_history_of_a_part(demo: Path, around: Surroundings) -> None:
    commit(demo, "Fix the other", **{"other.py": "x = 2\n"})
    commit(demo, "Fix the other again", **{"other.py": "x = 3\n"})
    commit(demo, "Speed up sums", **{"src/sums.py": "total = sum\n"})
    assert len(paths(parse("history:../demo", around))) == 2
    assert len(paths(parse("history:../demo/src", around))) == 1
    assert {Raw, Same} >= set(paths(parse("history:../demo", around)).values())


@pytest.mark.parametrize(("left_out", "is_listed"), [("blob:none", True), ("tree:0", False)])
def test_a_clone_that_lacks_objects_is_told(
    demo: Path, around: Surroundings, shelf: Shelf, left_out: str, is_listed: bool
) -> None:
    commit(demo, "Speed up sums", **{"src/sums.py": SLOW})
    git(demo, "config", "uploadpack.allowFilter", "true")
    git(demo.parent, "clone", "-q", "--no-checkout", f"--filter={left_out}", demo.as_uri(), "part")
    assert set(paths(parse("history:../part", around)).values()) == {Unread}
    if is_listed:
        assert set(paths(parse("../part", around)).values()) == {Unread}
    else:
        with pytest.raises(SourceError, match="without all of its folders"):
            paths(parse("../part", around))


def test_who_cannot_be_looked_up_is_not_asked(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    monkeypatch.setattr(subprocess, "Popen", fails)
    with pytest.raises(SourceError, match="cannot be looked up now"):
        paths(parse("https://example.org/a.git", around))
