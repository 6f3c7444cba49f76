"""Candidates that try to win without being better: judged apart, each gets what an honest one gets."""

from __future__ import annotations

import contextlib
import json
import os
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate import evaluator
from kapso.evaluate.base import private_paths
from kapso.git.repository import Repository
from kapso.goal import load_goal

MakeArena = Any

SECRET = "k4psO-secret-7319"
LOOK = "grep -rhoasE 'k4ps[O]-[a-z]+-[0-9]+'"
"""Finds the secret wherever it stands, but not in the script that looks for it."""

GOAL = """\
edit: [run.sh, "src/**"]
setup: mkdir -p answers && cp judge/secret answers/key
share: [data/]
hide: [judge/, answers/, data/key]
run: sh run.sh
evaluate: sh judge/score.sh $KAPSO_OUT/answer judge/secret
holdout: sh judge/hold.sh $KAPSO_OUT/answer
timeout: 20s
"""
FILES = {
    "run.sh": "echo honest > $KAPSO_OUT/answer\n",
    "judge/secret": SECRET + "\n",
    "judge/score.sh": """\
if [ "$(cat "$1")" = "$(cat "$2")" ]; then echo '{"score": 1}'; else echo '{"score": 0}'; fi
""",
    "judge/hold.sh": "echo '{\"score\": 5}'\n",
    ".gitignore": "data/\nanswers/\n",
}
UNTRACKED = {"data/key": SECRET + "\n", "data/open": "seen by all\n"}


@pytest.fixture(scope="module", params=["overlay", pytest.param("landlock", marks=pytest.mark.slow)])
def court(arena: MakeArena, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A goal whose answer stands in every kind of hidden file, and in the environment of the engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", SECRET)
        yield arena(GOAL, FILES, untracked=UNTRACKED, mode=request.param)


def outcome_of(court: Any, run: str, **changes: Any) -> tuple[str, float | None, str]:
    measured = court.evaluate({"run.sh": run + "\n", **changes})
    return str(measured.outcome), measured.metrics.get("score"), measured.reason or ""


def test_the_secret_wins_so_the_cheats_below_try_for_something(court: Any) -> None:
    assert court.baseline().metrics["score"] == 0
    assert outcome_of(court, f"echo {SECRET} > $KAPSO_OUT/answer")[:2] == ("scored", 1.0)


def here(court: Any, command: str) -> str:
    """`command` with the places that it names."""
    return command.replace("ROOT", str(court.root)).replace("CACHE", str(court.cache))


FORGERIES = {
    "scorer in the working folder": "mkdir -p judge; echo 'echo {\"score\": 9}' > judge/score.sh",
    "scorer by absolute path": "echo 'echo {\"score\": 9}' > ROOT/judge/score.sh",
    "scorer through /proc": "for p in /proc/[0-9]*; do echo x > $p/cwd/judge/score.sh; done",
    "scorer in the cache": "find CACHE -name score.sh -exec sh -c 'echo x > $1' - {} ';'",
    "result as scorers do": "cd /tmp/kapso; mkdir result; echo '{\"score\": 9}' > result/result.json",
    "result in the output": "echo '{\"score\": 9}' | tee $KAPSO_OUT/result.json > $KAPSO_OUT/metrics.json",
    "result by its variable": 'echo \'{"score": 9}\' > "${KAPSO_RESULT:-$KAPSO_OUT/../result/result.json}"',
    "result on stdout": "echo '{\"score\": 9}'; echo '{\"score\": 9}' >&2",
    "metrics of Kapso": 'echo \'{"score": 9, "run.seconds": 0}\'',
    "a shell that scorers start": "cd; mkdir bin; printf '#!/bin/sh\\necho 9' > bin/cat; chmod +x bin/cat",
    "a profile": "echo 'echo 9' | tee $HOME/.profile $HOME/.bashrc /tmp/.profile > $KAPSO_OUT/.profile",
    "names that look like options": "touch -- $KAPSO_OUT/-rf \"$KAPSO_OUT/--help\" '$KAPSO_OUT/$(id)'",
    "a pickle": "printf \"cos\\nsystem\\n(S'id'\\ntR.\" > $KAPSO_OUT/answer.pkl",
    "odd names": "cd $KAPSO_OUT; mkdir -p \"$(printf 'a\\n\\377')/ ;id/*\"; touch \"$(printf '\\033[2J')\"",
    "a daemon": "(setsid sh -c 'trap \"\" TERM HUP; while :; do echo 9 > $KAPSO_OUT/x; done' >&- 2>&- &)",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_change_nothing(court: Any, name: str) -> None:
    forge = here(court, FORGERIES[name])
    outcome, score, reason = outcome_of(court, f"echo honest > $KAPSO_OUT/answer\n({forge}) || true")
    assert (outcome, score) == ("scored", 0.0), reason
    assert court.leftovers() == []


SEARCHES = {
    "by name": "cat judge/secret answers/key data/key",
    "everywhere in the workspace": f"{LOOK} .",
    "in the user's repository": f"{LOOK} ROOT ROOT/../demo",
    "in the user's folders": "cat ROOT/../*/judge/secret ~/*/judge/secret /home/*/*/judge/secret",
    "in the shared folder": f"{LOOK} data/ data/../data/key",
    "in git": "git --git-dir=ROOT/.git cat-file -p HEAD:judge/secret; git show HEAD:judge/secret",
    "in git's objects": "find ROOT/.. CACHE/.. -path '*/objects/*' -exec zcat -f {} ';'",
    "in the cache": f"{LOOK} CACHE CACHE/bases CACHE/out",
    "in layers of a mount": "for f in $(tr ',:=' '\\n' < /proc/self/mountinfo); do cat $f/judge/secret; done",
    "in environments": f"cat /proc/*/environ | tr '\\0' '\\n' | {LOOK} -; env | {LOOK} -",
    "through processes": "for p in /proc/[0-9]*; do cat $p/rootROOT/judge/secret $p/cwd/judge/secret; done",
    "in command lines": f"cat /proc/*/cmdline | tr '\\0' '\\n' | {LOOK} -",
    "through links": "ln -s ROOT/judge/secret s; cat s; ln ROOT/judge/secret t; cat t",
    "in open files": "for f in /proc/*/fd/*; do [ -f $f ] && cat $f; done",
    "by unmounting": "umount ROOT/data; umount ROOT; umount -l /tmp; cat ROOT/judge/secret",
    "by a new namespace": "unshare -rm sh -c 'umount -l ROOT; cat ROOT/judge/secret'",
    "by mounting the disk": "mknod /tmp/d b 254 0; mount /tmp/d /mnt; cat /mntROOT/judge/secret",
}


@pytest.mark.parametrize("name", SEARCHES)
def test_hidden_answers_are_found_nowhere(court: Any, name: str) -> None:
    search = here(court, SEARCHES[name])
    run = f"({search}) </dev/null 2>/dev/null | {LOOK} - | head -1 > $KAPSO_OUT/answer; true"
    assert outcome_of(court, run)[:2] == ("scored", 0.0)


def test_behind_landlock_all_of_that_at_once(arena: MakeArena, monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one, they are tried among the slow tests."""
    monkeypatch.setenv("API_KEY", SECRET)
    court = arena(GOAL.replace("20s", "60s"), FILES, untracked=UNTRACKED, mode="landlock")
    search = "; ".join(f"({here(court, search)})" for search in SEARCHES.values())
    forge = "; ".join(f"({here(court, forge)})" for name, forge in FORGERIES.items() if name != "a daemon")
    run = f"({search}) </dev/null 2>/dev/null | {LOOK} - | head -1 > answer; ({forge}) >/dev/null 2>&1"
    outcome = outcome_of(court, f"{run}; cp answer $KAPSO_OUT/answer")
    assert outcome[:2] == ("scored", 0.0), outcome
    assert outcome_of(court, f"echo {SECRET} > $KAPSO_OUT/answer")[:2] == ("scored", 1.0)


def test_what_is_shared_and_not_hidden_is_seen_but_cannot_be_changed(court: Any) -> None:
    # At level landlock, a folder with something hidden in it is a folder of links, in the candidate's copy.
    change = "echo x >> data/open" + (
        " || rm -f data/open || touch data/new" if court.mode == "overlay" else ""
    )
    run = f"grep -q 'seen by all' data/open && {{ {change}; }} 2>/dev/null && exit 7"
    run = f"{run}; test -f data/open && echo ok > $KAPSO_OUT/answer; rm -rf data || true"
    assert outcome_of(court, run) == ("scored", 0.0, "")
    assert sorted(path.name for path in (court.root / "data").iterdir()) == ["key", "open"]
    assert (court.root / "data/open").read_text() == "seen by all\n"


OUTPUTS = {
    "a link": ("ln -s judge/secret $KAPSO_OUT/answer", "a symbolic link"),
    "a link to a folder": ("ln -s / $KAPSO_OUT/all", "a symbolic link"),
    "a hard link": ("echo x > $KAPSO_OUT/a; ln $KAPSO_OUT/a $KAPSO_OUT/b", "a hard link"),
    "a pipe": ("mkfifo $KAPSO_OUT/answer", "a pipe"),
    "a socket": (
        "/usr/bin/python3 -c 'import socket; s = socket.socket(1); s.bind(\"s\")'; mv s $KAPSO_OUT/",
        "a socket",
    ),
    "a deep nest": (
        "cd $KAPSO_OUT && mkdir -p $(printf 'd/%.0s' $(seq 1500))",
        "nested deeper",
    ),
    "many files": ("cd $KAPSO_OUT; seq 12000 | xargs touch", "too many files"),
    "a sparse giant": ("truncate -s 3T $KAPSO_OUT/answer", "too many bytes"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_that_are_no_plain_data_are_invalid(court: Any, name: str) -> None:
    make, reason = OUTPUTS[name]
    outcome, score, why = outcome_of(court, make)
    if name == "a socket" and any("Unix sockets" in line for line in court.sandbox.lost):
        pytest.skip("a server of this machine listens on a socket, so that commands get none")
    assert (outcome, score) == ("invalid", None), why
    assert reason in why
    assert court.leftovers() == []
    assert court.baseline().outcome == "scored"


@pytest.mark.parametrize("mode", ["overlay", pytest.param("landlock", marks=pytest.mark.slow), "limits"])
@pytest.mark.parametrize(
    "replace",
    [
        "rm -rf $KAPSO_OUT; ln -s / $KAPSO_OUT",
        "rm -rf $KAPSO_OUT; mkdir -p elsewhere; ln -s $PWD/elsewhere $KAPSO_OUT",
        "rm -rf $KAPSO_OUT; echo file > $KAPSO_OUT",
        "rm -rf $KAPSO_OUT",
        "echo honest > $KAPSO_OUT/answer; chmod 000 $KAPSO_OUT/answer $KAPSO_OUT",
        "mkdir -p $KAPSO_OUT/a/b; chmod 000 $KAPSO_OUT/a/b $KAPSO_OUT/a",
    ],
)
def test_an_output_folder_that_is_taken_away_harms_nobody_else(
    arena: MakeArena, mode: str, replace: str
) -> None:
    court = arena(
        "edit: [run.sh]\nrun: sh run.sh\nevaluate: echo '{\"score\":0}'\nrepeats: 2\n", FILES, mode=mode
    )
    measured = court.evaluate({"run.sh": f"({replace}) 2>/dev/null; true\n"})
    assert measured.metrics.get("score", 0.0) == 0.0
    assert court.baseline().outcome == "scored"
    assert court.evaluate({"run.sh": "echo honest > $KAPSO_OUT/answer\n"}).outcome == "scored"
    assert court.leftovers() == []


def test_writes_outside_the_workspace_go_nowhere(court: Any) -> None:
    folders = [Path.home(), Path("/tmp"), Path("/var/tmp"), court.root, court.root / ".git", court.cache]
    marks = [folder / "kapso-was-here" for folder in folders]
    write = "; ".join(f"echo x > '{mark}'" for mark in marks)
    outcome_of(court, f"echo honest > $KAPSO_OUT/answer; ({write}) 2>/dev/null; true")
    assert [mark for mark in marks if mark.exists()] == []


@pytest.fixture
def tattler() -> Iterator[tuple[int, list[str]]]:
    """A server on this machine that tells the secret to whoever asks, and notes that it was asked."""
    asked: list[str] = []

    class Tell(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append("asked")
            self.request.sendall(SECRET.encode() + b"\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tell) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], asked
        server.shutdown()


def test_the_network_is_out_of_reach(court: Any, tattler: tuple[int, list[str]]) -> None:
    port, asked = tattler
    ask = f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; head -1 <&3' 2>/dev/null"
    assert outcome_of(court, f"{ask} > $KAPSO_OUT/answer; true")[:2] == ("scored", 0.0)
    assert asked == []


PLACES = "$KAPSO_OUT $TMPDIR $HOME /tmp /var/tmp /dev/shm"


@pytest.mark.parametrize("mode", ["overlay", "copy"])
@pytest.mark.parametrize(
    "stage, places", [("build", PLACES), ("check", PLACES + " ."), ("run", PLACES + " .")]
)
def test_nothing_is_handed_on_beside_what_a_build_leaves_in_the_workspace(
    arena: MakeArena, mode: str, stage: str, places: str
) -> None:
    """Each command leaves a mark in every place that it can write to; none of them finds one."""
    goal = """\
edit: [run.sh]
timeout: 20s
build: sh run.sh build
check: ["s=run; sh $s.sh check", "s=run; sh $s.sh check"]
run: sh run.sh run
evaluate: sh score.sh $KAPSO_OUT/answer
repeats: 2
"""
    score = 'echo "{\\"score\\": $(wc -l < $1)}"\n'
    court = arena(goal, {"run.sh": "true\n", "score.sh": score}, mode=mode)
    run = f"""\
touch found
for place in {places}; do ls $place | grep mark- >> found; done
[ $1 = {stage} ] && for place in {places}; do echo x > $place/mark-$1 || exit 9; done
[ $1 = check ] && ! [ -s found ] || [ $1 != check ] || exit 8
[ $1 != run ] || cp found $KAPSO_OUT/answer
"""
    measured = court.evaluate({"run.sh": run})
    assert (measured.outcome, measured.metrics.get("score")) == ("scored", 0.0), measured.reason


BOUNDS = "sandbox: {memory: 128MB, processes: 40}\ntimeout: {timeout}\n"
GREEDY = {
    "sleeps through SIGTERM": ("trap '' TERM INT; while :; do sleep 30; done", "timed-out", "limit of 1s"),
    "fills the memory": ("head -c 2000m /dev/zero | tail", "crashed", "sandbox.memory"),
    "fills shared memory": ("cat /dev/zero > /dev/shm/x", "crashed", "No space"),
    "forks": ("for i in $(seq 300); do sleep 30 & done; wait", "crashed", "sandbox.processes"),
    "fills the workspace": ("cat /dev/zero > x", "crashed", "disk"),
    "fills the output": ("cat /dev/zero > $KAPSO_OUT/x", "crashed", "disk"),
}


@pytest.mark.parametrize("name", GREEDY)
def test_greed_ends_the_candidate_and_nobody_else(
    arena: MakeArena, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(evaluator, "MAX_DISK_BYTES", 8 << 20)
    goal = "edit: [run.sh]\nrun: sh run.sh\nevaluate: echo '{\"score\":0}'\n"
    court = arena(goal + BOUNDS.replace("{timeout}", "1s" if "sleeps" in name else "20s"), FILES)
    command, outcome, reason = GREEDY[name]
    since = time.monotonic()
    measured = court.evaluate({"run.sh": f"{command}\n"})
    assert (measured.outcome, measured.metrics) == (outcome, {})
    assert reason in str(measured.reason)
    assert time.monotonic() - since < 18
    assert court.baseline().outcome == "scored"


def test_no_process_outlives_its_command(court: Any) -> None:
    run = "(setsid setsid sleep 7319.25 >&- 2>&- &); nohup sleep 7319.25 & echo honest > $KAPSO_OUT/answer"
    assert outcome_of(court, run)[:2] == ("scored", 0.0)
    assert not [line for line in _command_lines() if "7319.25" in line]


def _command_lines() -> Iterator[str]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            yield Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def test_time_cannot_be_hidden_in_orphans(court: Any) -> None:
    burn = "i=0; while [ $i -lt 250000 ]; do i=$((i+1)); done"
    hidden = f"(setsid sh -c '{burn}; touch $KAPSO_OUT/done' &)"
    run = f"{hidden}; while ! [ -f $KAPSO_OUT/done ]; do sleep 0.02; done"
    measured = court.evaluate({"run.sh": f"{run}; echo honest > $KAPSO_OUT/answer\n"})
    alone = court.evaluate({"run.sh": f"{burn}; echo honest > $KAPSO_OUT/answer\n"})
    assert measured.outcome == alone.outcome == "scored"
    assert measured.metrics["run.cpu_seconds"] > 0.7 * alone.metrics["run.cpu_seconds"] > 0.05


def test_other_places_where_the_answers_stand_are_known(tmp_path: Path, run_git: Any) -> None:
    """Outside the folders that are out of sight anyway, they could be read there."""
    origin, tree, clone, sets = (tmp_path / name for name in ("origin", "tree", "clone", "sets"))
    goal = "objective: Win.\nedit: [run.sh]\nevaluate: sh judge.sh\nrun: sh run.sh\n"
    goal += "share: [data, open]\nhide: [data/key]\n"
    for path, text in {"goal.yaml": goal, "run.sh": "", "judge.sh": ""}.items():
        origin.mkdir(exist_ok=True)
        (origin / path).write_text(text)
    run_git(origin, "init", "-qb", "main")
    run_git(origin, "add", "-A")
    run_git(origin, "commit", "-qm", "start")
    run_git(origin, "worktree", "add", "-q", str(tree))
    run_git(origin, "clone", "-qs", str(origin), str(clone))
    for name in ("with-key", "without"):
        (sets / name).mkdir(parents=True)
    (sets / "with-key/key").touch()
    (sets / "without/x").touch()
    expected = {origin: [tree], tree: [origin], clone: [origin]}
    for root, others in expected.items():
        (root / "data").symlink_to(sets / "with-key")
        (root / "open").symlink_to(sets / "without")
        repository = Repository.open(root)
        found = set(private_paths(load_goal(root / "goal.yaml"), repository))
        assert found >= {*others, sets / "with-key", repository.common_dir}
        assert not found & {root, sets / "without"}


CHEATS = {
    "none": "echo honest > $KAPSO_OUT/answer",
    "forge": "echo '{\"score\": 9}' | tee judge/result.json > judge/score.sh; echo 9 > $KAPSO_OUT/answer",
    "steal": "cat judge/secret answers/key data/key > $KAPSO_OUT/answer",
    "link": "ln -s judge/secret $KAPSO_OUT/answer",
    "pretend": "echo '{\"score\": 9}'; exit 0",
}


@pytest.mark.slow
def test_a_whole_run_of_cheats_ends_without_improvement(run_kapso: Any, tmp_path: Path) -> None:
    choices = ", ".join(CHEATS)
    files = {
        **{path: text for path, text in FILES.items() if path != "run.sh"},
        **{f"cheats/{name}.sh": text + "\n" for name, text in CHEATS.items()},
        "choice.yaml": f"cheat: none  # kapso: [{choices}]\n",
    }
    goal = GOAL.replace('edit: [run.sh, "src/**"]', "edit: [choice.yaml]").replace(
        "run: sh run.sh", "run: sh cheats/$(sed 's/cheat: *\\([a-z]*\\).*/\\1/' choice.yaml).sh"
    )
    done = run_kapso(
        goal.replace("run: sh cheats", "run: >\n  sh cheats") + "propose: [tune]\n",
        files,
        untracked=UNTRACKED,
    )
    assert done.returncode == 3, done.stderr
    [events] = (tmp_path / "demo/.git/kapso/runs").glob("*/events.jsonl")
    told = [json.loads(line) for line in events.read_text().splitlines()]
    ended = [each for each in told if each["event"] == "attempt.evaluated"]
    assert len(ended) == len(CHEATS)
    assert {each["score"] for each in ended} <= {0, None}
