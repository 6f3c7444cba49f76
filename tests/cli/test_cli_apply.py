"""`kapso apply` and `kapso diff`: results leave a run exactly as they were, and nothing else changes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Kapso = Callable[..., Any]
BRANCH = "kapso-apply/packing-3f9a-0002"


def git(*arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *arguments], input=stdin, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode(errors="surrogateescape")


def fingerprint(folder: Path) -> list[object]:
    """Everything of the user's that must not change."""
    files = {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    private = [
        folder / ".git" / name for name in ("HEAD", "index", "config", "logs/HEAD", "logs/refs/heads/main")
    ]
    refs = [line for line in git("for-each-ref").splitlines() if "kapso" not in line]
    logs = sorted(path for path in (folder / ".git" / "logs").rglob("*"))
    return [files, [path.read_bytes() for path in private], refs, logs]


def test_a_branch_with_one_clean_commit_on_the_base(kapso: Kapso, packing: Any) -> None:
    before = fingerprint(packing.repository.root)
    done = kapso("apply")
    assert (done.code, done.out, done.err) == (0, f"{BRANCH}\n", "")
    assert git("rev-parse", f"{BRANCH}^").strip() == packing.base
    assert git("rev-parse", f"{BRANCH}^{{tree}}").strip() == packing.attempts[2].tree
    said = git("log", "-1", "--format=%an <%ae>, %cn%n%B", BRANCH)
    assert said.startswith("Ada <ada@example.org>, Ada\nImprove packing: score 2 → 2.5\n\n")
    assert "\n- RADIUS: 1 → 2 (2.5)\n" in said
    assert said.endswith("Attempt 2 of packing-3f9a, proposed by tune.\n\n")
    assert fingerprint(packing.repository.root) == before
    assert git("fsck", "--no-dangling") == ""


def test_twice_is_once(kapso: Kapso, packing: Any) -> None:
    kapso("apply")
    commit = git("rev-parse", BRANCH)
    done = kapso("apply", "packing", "2", "--json")
    assert (done.code, json.loads(done.out)["branch"]) == (0, BRANCH)
    assert "already" in done.err
    assert git("rev-parse", BRANCH) == commit


def test_a_branch_with_other_content_is_left_alone(kapso: Kapso, packing: Any) -> None:
    git("branch", BRANCH, "main")
    done = kapso("apply")
    assert done.code == 2 and f"git branch -m {BRANCH}" in done.err
    assert git("rev-parse", BRANCH) == git("rev-parse", "main")


def test_a_branch_in_the_way_of_the_folder(kapso: Kapso, packing: Any) -> None:
    git("branch", "kapso-apply", "main")
    done = kapso("apply")
    assert done.code == 2 and "git branch -m kapso-apply" in done.err


def test_an_attempt_that_is_not_the_best(kapso: Kapso, packing: Any) -> None:
    done = kapso("apply", "5")
    assert (done.code, done.out) == (0, "kapso-apply/packing-3f9a-0005\n")
    assert "was not scored: cut" in done.err


def test_the_patch_is_exact(kapso: Kapso, packing: Any) -> None:
    patch = kapso("apply", "--patch").out.encode(errors="surrogateescape")
    assert git("branch", "--list", "kapso-apply/*") == ""
    git("apply", "--cached", "-", stdin=patch)
    assert git("write-tree").strip() == packing.attempts[2].tree
    as_json = json.loads(kapso("apply", "--patch", "--json").out)
    assert as_json["patch"].encode(errors="surrogateescape") == patch


def test_into_a_clean_working_tree(kapso: Kapso, packing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("src")
    head = git("rev-parse", "HEAD")
    done = kapso("apply", "--worktree", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["paths"] == ["neu é.txt", "pack.py", "src/data.bin"]
    assert git("write-tree").strip() == packing.attempts[2].tree
    assert git("diff") == ""
    assert git("rev-parse", "HEAD") == head
    assert Path("data.bin").read_bytes() == bytes(range(255, -1, -1))


@pytest.mark.parametrize("name", ["pack.py", "mine.txt"])
def test_a_dirty_working_tree_is_refused(kapso: Kapso, packing: Any, name: str) -> None:
    Path(name).write_text("my work\n")
    before = fingerprint(packing.repository.root)
    done = kapso("apply", "--worktree")
    assert done.code == 2 and "git stash" in done.err
    assert fingerprint(packing.repository.root) == before


def test_what_does_not_fit_head_is_refused_whole(kapso: Kapso, packing: Any) -> None:
    Path("pack.py").write_text("SOMETHING = 'else'\n")
    git("commit", "-q", "-a", "-m", "my work")
    before = fingerprint(packing.repository.root)
    done = kapso("apply", "--worktree")
    assert done.code == 2 and "kapso apply packing-3f9a 2" in done.err
    assert fingerprint(packing.repository.root) == before


def test_the_users_ways_with_whitespace_do_not_matter(kapso: Kapso, start: Callable[..., Any]) -> None:
    git("config", "apply.whitespace", "fix")
    git("config", "diff.noprefix", "true")
    git("config", "diff.external", "false")
    run = start("packing-3f9a")
    run.land({}, 1.0)
    run.land({"pack.py": b"RADIUS = 2   \n\n\n"}, 2.0)
    assert kapso("apply", "--worktree").code == 0
    assert git("write-tree").strip() == run.attempts[1].tree


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["baseline"], "has the same files as the base"),
        (["6"], "has no attempt `6`"),
        (["99999999999"], "names no attempt"),
        (["packing", "seven"], "`seven` names no attempt"),
        (["packing", "2", "3"], "`3` is one argument too many"),
        (["--patch", "--worktree"], "exclude each other"),
        (["nope"], "no run is called `nope`"),
    ],
)
def test_mistakes(kapso: Kapso, packing: Any, arguments: list[str], said: str) -> None:
    done = kapso("apply", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "a", "b"),
    [
        ([], 0, 2),
        (["packing"], 0, 2),
        (["3"], 3, 2),
        (["packing", "3"], 3, 2),
        (["2", "baseline"], 2, 0),
        (["packing-3f", "best", "004"], 2, 4),
    ],
)
def test_diff_goes_from_a_to_b(kapso: Kapso, packing: Any, arguments: list[str], a: int, b: int) -> None:
    git("read-tree", packing.attempts[a].tree)
    git("apply", "--cached", "-", stdin=kapso("diff", *arguments).out.encode(errors="surrogateescape"))
    assert git("write-tree").strip() == packing.attempts[b].tree
    told = json.loads(kapso("diff", *arguments, "--json").out)
    assert (told["run"], told["a"], told["b"]) == ("packing-3f9a", a, b)
    assert (told["files"], told["paths"]) == (len(told["paths"]), sorted(told["paths"]))


def test_no_difference_is_said(kapso: Kapso, packing: Any) -> None:
    done = kapso("diff", "best")
    assert (done.code, done.out) == (0, "") and "have the same files" in done.err
