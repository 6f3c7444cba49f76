"""Trees rewritten by changes, against a dictionary that does the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapso.attempt import now
from kapso.git.repository import Repository
from kapso.git.trees import EXECUTABLE, FILE, FOLDER, LINK, Entry, format_tree, parse_tree, why_not_path

NAMES = st.sampled_from(["a", "b", "a.b", "a-b", "a0", "ß x", "é\udce9", "z"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
MODES = st.sampled_from([FILE, EXECUTABLE, LINK])


def _without(files: dict[str, Entry], path: str) -> dict[str, Entry]:
    """`files` after `path` was removed, file or folder."""
    return {name: entry for name, entry in files.items() if name != path and not name.startswith(f"{path}/")}


def _apply(files: dict[str, Entry], changes: dict[str, Entry | None]) -> dict[str, Entry]:
    for path, entry in sorted(changes.items(), key=lambda change: change[1] is not None):
        files = _without(files, path)
        if entry is not None:
            above = [path.rsplit("/", n)[0] for n in range(1, path.count("/") + 1)]
            files = {name: other for name, other in files.items() if name not in above}
            files[path] = entry
    return files


def _is_consistent(changes: dict[str, Entry | None]) -> bool:
    """No path is to be file and folder at once."""
    added = [path for path, entry in changes.items() if entry]
    return not any(b.startswith(f"{a}/") for a in added for b in added)


@given(
    st.lists(
        st.dictionaries(PATHS, st.one_of(st.none(), MODES), max_size=6).map(dict), min_size=1, max_size=5
    )
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_do_to_a_tree_what_they_do_to_a_dictionary(
    repository: Repository, rounds: list[dict[str, int | None]]
) -> None:
    blob = repository.write_blob(b"x")
    files: dict[str, Entry] = {}
    tree: str | None = None
    for modes in rounds:
        changes = {path: Entry(mode, blob) if mode else None for path, mode in modes.items()}
        if not _is_consistent(changes):
            with pytest.raises(ValueError, match="file and a folder"):
                repository.write_tree(tree, changes)
            continue
        files = _apply(files, changes)
        before, tree = tree, repository.write_tree(tree, changes)
        assert repository.entries(tree) == files
        if before:
            old = repository.entries(before)
            differing = {
                p: (old.get(p), files.get(p)) for p in old.keys() | files.keys() if old.get(p) != files.get(p)
            }
            assert repository.changed_paths(before, tree) == differing


def test_git_writes_the_same_trees(project: Any, repository: Repository) -> None:
    names = ["a", "a.b/x", "a-b", "a0/x", "ab", "Z/y", "ß x/é", "z/a/b/c"]
    for number, name in enumerate(names):
        project.write({name: str(number)})
    project.git("add", "--all")
    expected = project.git("write-tree")
    changes = {name: Entry(FILE, repository.write_blob(str(n).encode())) for n, name in enumerate(names)}
    assert repository.write_tree(repository.resolve("HEAD"), changes) == expected


def test_trees_pass_fsck_with_names_that_are_not_unicode(project: Any, repository: Repository) -> None:
    blob = repository.write_blob(b"x")
    changes = {path: Entry(FILE, blob) for path in ("caf\udce9/\udcff", "a b/c", "tab\tname", "line\nbreak")}
    tree = repository.write_tree(None, changes)
    project.git("tag", "odd", repository.commit(tree, [], "x", ("A", "a@b"), now(), now()))
    project.fsck()
    assert repository.read(tree, "caf\udce9/\udcff") == b"x"
    assert b"caf\\351/\\377" in repository.patch(repository.resolve("HEAD"), tree)


def test_untouched_folders_are_not_read(repository: Repository) -> None:
    blob = repository.write_blob(b"x")
    missing = Entry(FOLDER, "1" * 40)
    tree = repository.pygit.write(2, format_tree({"gone": missing, "here": Entry(FILE, blob)}))
    changed = repository.write_tree(str(tree), {"new/file": Entry(FILE, blob)})
    assert set(parse_tree(repository.objects.read(changed))) == {"gone", "here", "new"}


def test_a_removed_folder_takes_all_it_holds(repository: Repository) -> None:
    head = repository.resolve("HEAD")
    assert set(repository.entries(repository.write_tree(head, {"src": None}))) == {"README"}
    everything = repository.write_tree(head, {"src": None, "README": None})
    assert repository.entries(everything) == {}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/./b",
        ".git/config",
        "sub/.GIT/hooks/x",
        "git~1/x",
        ".git /x",
        ".g\u200cit/x",
    ]
    + [".git::$INDEX_ALLOCATION/x", "a\0b"],
)
def test_a_path_that_git_refuses_is_refused(repository: Repository, path: str) -> None:
    assert why_not_path(path)
    with pytest.raises(ValueError):
        repository.write_tree(None, {path: Entry(FILE, repository.write_blob(b""))})


@pytest.mark.parametrize("path", [".gitignore", ".github/x", "a.git/x", "git/x", "...", " ", "-x", "a\nb"])
def test_a_path_that_git_keeps_is_kept(path: str) -> None:
    assert why_not_path(path) is None
