"""What a candidate's commands find in the workspace, in every mode alike."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import UsageError

LIST = "find . -mindepth 1 | LC_ALL=C sort"
NEVER = threading.Event()


def lines(result: Any) -> list[str]:
    assert result.exit_code == 0, result
    return list(result.stdout.decode().splitlines())


def test_changes_lie_over_the_base(world: Any) -> None:
    world.write("kept.txt", "kept\n")
    world.write("src/changed.txt")
    world.write("src/beside.txt", "beside\n")
    world.change("src/changed.txt", "changed\n")
    world.change("src/new/deep.txt", "deep\n")
    found = world.run("cat kept.txt src/changed.txt src/beside.txt src/new/deep.txt")
    assert lines(found) == ["kept", "changed", "beside", "deep"]


def test_what_is_hidden_or_removed_is_not_there(world: Any) -> None:
    for path in (
        "evaluate.py",
        "answers/a.txt",
        "answers/b.txt",
        "src/one.py",
        "src/two.py",
        "mixed/x",
        "mixed/y",
    ):
        world.write(path)
    world.hidden = ["evaluate.py", "answers/", "mixed/x"]
    world.removed = ["src/one.py", "src/two.py"]
    assert lines(world.run(LIST)) == ["./mixed", "./mixed/y"]


def test_the_scorer_sees_the_base_alone(world: Any) -> None:
    world.write("evaluate.py")
    world.write("program.py", "base\n")
    world.change("program.py", "candidate\n")
    world.hidden = ["evaluate.py"]
    with world.candidate() as files:
        assert files.build(world.job("echo built > made.txt; echo built > program.py"), NEVER).succeeded
        assert lines(world.score(f"cat program.py; {LIST}")) == ["base", "./evaluate.py", "./program.py"]


def test_every_command_starts_from_the_same_state(world: Any) -> None:
    world.write("a.txt")
    world.write("b.txt")
    with world.candidate() as files:
        for _ in range(2):
            done = files.run(
                world.job("cat a.txt; echo x >> a.txt; echo x > new.txt; rm b.txt; ls; chmod 700 ."), NEVER
            )
            assert lines(done) == ["base", "a.txt", "new.txt"]
        mode = files.run(world.job("stat -c %a ."), NEVER)
    assert lines(mode) == ["755"]
    assert (world.folder / "a.txt").read_text() == "base\n"


def test_later_commands_find_what_the_build_made(world: Any) -> None:
    world.write("source.txt", "1\n")
    world.write("old.txt")
    world.change("source.txt", "2\n")
    with world.candidate() as files:
        assert files.build(
            world.job("cp source.txt made.txt; rm old.txt; echo 3 >> source.txt"), NEVER
        ).succeeded
        for _ in range(2):
            assert lines(files.run(world.job("cat made.txt source.txt; ls; echo 4 > made.txt"), NEVER)) == [
                *("2", "2", "3"),
                *("made.txt", "source.txt"),
            ]
    assert lines(world.run("ls")) == ["old.txt", "source.txt"]


def test_a_file_becomes_a_folder_and_a_folder_a_file(world: Any) -> None:
    world.write("was_file")
    world.write("was_folder/inner.txt")
    world.change("was_file/inner.txt", "inside\n")
    world.change("was_folder", "file now\n")
    world.removed = ["was_file", "was_folder/inner.txt"]
    assert lines(world.run("cat was_file/inner.txt was_folder")) == ["inside", "file now"]


def test_kinds_and_modes_of_files_survive(world: Any) -> None:
    world.write("tool.sh", "#!/bin/sh\necho ran\n").chmod(0o755)
    world.change("new.sh", "#!/bin/sh\necho new\n").chmod(0o755)
    (world.folder / "link").symlink_to("tool.sh")
    (world.changes / "to").symlink_to("new.sh")
    world.write("closed/inside").parent.chmod(0o500)
    assert lines(world.run("./link; ./to; readlink to; stat -c %a closed tool.sh")) == [
        *("ran", "new", "new.sh", "500", "755"),
    ]


def test_names_that_are_no_text(world: Any) -> None:
    odd = os.fsdecode(b"new\nline \xff*")
    world.write(f"{odd}/gone")
    world.write(f"{odd}/kept")
    world.change(f"{odd}/added")
    world.hidden = [f"{odd}/gone"]
    assert world.run("cat new*/* | wc -l; ls new*").stdout.split() == [b"2", b"added", b"kept"]


def test_shared_files_are_seen_and_cannot_be_changed(make_world: Any, tmp_path: Path) -> None:
    data = tmp_path / "elsewhere"
    (data / "set").mkdir(parents=True)
    (data / "set/a.csv").write_text("1\n")
    (data / "one.txt").write_text("one\n")
    for mode in ("overlay", "copy"):
        world = make_world(mode, shared={"data/": data / "set", "deep/one.txt": data / "one.txt"})
        world.write("program.py")
        assert lines(world.run("cat data/a.csv deep/one.txt")) == ["1", "one"]
        assert lines(world.score("cat data/a.csv deep/one.txt")) == ["1", "one"]
        assert world.run("echo 2 > data/a.csv || echo 2 > data/b.csv || rm -rf data/*").exit_code != 0
    assert sorted(os.listdir(data / "set")) == ["a.csv"] and (data / "set/a.csv").read_text() == "1\n"


@pytest.mark.parametrize("mode", ["overlay", "copy", "landlock", "limits"])
def test_a_hidden_part_of_what_is_shared(make_world: Any, tmp_path: Path, mode: str) -> None:
    for name in ("train.csv", "answers.csv", "secret/more.csv"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
    world = make_world(mode, shared={"data": tmp_path / "data"}, hidden=["data/answers.csv", "data/secret"])
    world.write("program.py")
    assert lines(world.run("cat data/train.csv")) == ["train.csv"]
    assert world.run("cat data/answers.csv").exit_code != 0
    assert world.run("cat data/secret/*").exit_code != 0
    assert lines(world.score("cat data/answers.csv data/secret/more.csv")) == [
        "answers.csv",
        "secret/more.csv",
    ]


def test_what_is_shared_must_exist(world: Any) -> None:
    world.shared = {"data": world.root / "missing"}
    with pytest.raises(UsageError, match="`data` is shared but"):
        world.base  # noqa: B018


def test_setup_changes_the_base_for_good(world: Any) -> None:
    world.write("requirements.txt", "none\n")
    made = world.base.set_up(world.job("mkdir env; cp requirements.txt env/; pwd", out=None), NEVER)
    assert made.succeeded
    world.change("env/added.txt", "added\n")
    assert lines(world.run("cat env/requirements.txt env/added.txt")) == ["none", "added"]
    assert lines(world.score("ls env")) == ["requirements.txt"]


def test_setup_reaches_indexes_as_the_user_does(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("PIP_CACHE_DIR", "/nowhere")
    monkeypatch.setenv("MY_SECRET", "secret")
    show = 'echo "$PIP_INDEX_URL|$HTTPS_PROXY|$PIP_CACHE_DIR|$MY_SECRET"'
    assert lines(world.base.set_up(world.job(show, out=None), NEVER)) == [
        "http://127.0.0.1:9/simple|http://proxy:3128||"
    ]
    assert lines(world.run(show)) == ["|||"]
    assert lines(world.score(show)) == ["|||"]


def test_the_working_folder_and_the_environment(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "secret")
    world.write("experiments/x/goal.yaml")
    done = world.run(
        'pwd; echo "$KAPSO_SEED|$API_KEY"; touch "$HOME/a" "$TMPDIR/b" "$KAPSO_OUT/c"; ls goal.yaml',
        folder="experiments/x",
        env={"KAPSO_SEED": "7"},
    )
    pwd, env, name = lines(done)
    assert pwd.endswith("/experiments/x") and env == "7|" and name == "goal.yaml"
    assert os.listdir(world.out) == ["c"]
    if world.mode in ("overlay", "copy"):
        assert pwd == f"{world.workspace}/experiments/x"


def test_the_result_folder(world: Any, tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    done = world.score('echo {} > "$KAPSO_RESULT"', result=tmp_path / "result")
    assert done.succeeded and (tmp_path / "result/result.json").read_text() == "{}\n"
    assert world.run('test -z "$KAPSO_RESULT"').succeeded


def test_folders_that_a_command_has_closed(world: Any) -> None:
    with world.candidate() as files:
        build = (
            "mkdir -p made/inner; echo x > made/inner/f; chmod 000 made/inner/f made/inner; chmod 500 made"
        )
        assert files.build(world.job(build), NEVER).succeeded
        assert lines(files.run(world.job("stat -c %a made made/inner"), NEVER)) == ["500", "0"]
        assert files.run(world.job("mkdir -p x/y; chmod 000 x/y x"), NEVER).succeeded
    session = next(world.cache.glob("session-*"))
    assert not list(session.glob("slot-*"))


def test_the_goals_folder_stays_when_all_of_it_is_hidden(world: Any) -> None:
    world.write("program.py")
    world.write("goal/evaluate.py")
    world.hidden = ["goal/evaluate.py"]
    assert lines(world.run("ls; ls ..", folder="goal")) == ["goal", "program.py"]


@pytest.mark.parametrize("content", [False, True])
def test_caches_serve_builds_alone(world: Any, tmp_path: Path, content: bool) -> None:
    cache = world.cache / "keep" / "target"
    world.caches = {"target": cache}
    if content:
        world.write("target/from_setup", "setup\n")
    build = "mkdir -p target; cat target/count; echo x >> target/count; cat target/count | wc -l > made"

    def attempt(command: str) -> list[str]:
        with world.candidate() as files:
            files.build(world.job(command), NEVER)
            return lines(files.run(world.job("cat made; ls target; echo spoilt > target/count"), NEVER))

    extra = ["from_setup"] if content else []
    assert attempt(build) == ["1", "count", *extra]
    assert attempt(build) == ["2", "count", *extra]
    with world.candidate() as files:
        assert not files.build(world.job(f"{build}; echo y >> target/count; exit 1"), NEVER).succeeded
    assert attempt(f"{build}; rm -f target/from_setup") == ["3", "count"]
    assert attempt(build) == ["4", "count"]
    assert "count" not in world.score("ls target 2>/dev/null; true").stdout.decode()


def test_a_cache_keeps_nothing_of_a_candidates_own_files(world: Any) -> None:
    world.caches = {"target": world.cache / "keep"}
    world.write("target/own.txt", "base\n")
    world.change("target/own.txt", "first\n")
    with world.candidate() as files:
        assert files.build(world.job("echo built >> target/own.txt; echo x > target/made"), NEVER).succeeded
        assert lines(files.run(world.job("cat target/own.txt target/made"), NEVER))[0] == "first"
    (world.changes / "target/own.txt").write_text("second\n")
    with world.candidate() as files:
        assert lines(files.build(world.job("cat target/own.txt target/made"), NEVER)) == ["second", "x"]
    (world.changes / "target/own.txt").unlink()
    with world.candidate() as files:
        assert lines(files.build(world.job("cat target/own.txt"), NEVER)) == ["base"]


def test_a_cache_that_was_being_changed_is_not_trusted(world: Any) -> None:
    cache = world.cache / "keep"
    world.caches = {"target": cache}
    cache.mkdir()
    (cache / "half").write_text("half")
    cache.with_name("keep.incomplete").touch()
    with world.candidate() as files:
        assert lines(files.build(world.job("ls target"), NEVER)) == []
