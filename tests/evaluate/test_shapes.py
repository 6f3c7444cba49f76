"""What a goal promises to commands: what each sees, where and how often it runs, what its words become."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import BaselineError, Interrupted
from kapso.evaluate import base
from kapso.git.trees import EXECUTABLE, LINK
from kapso.loop.setting import settle

MakeArena = Any
BOTH = ("overlay", "copy")
ALL = (*BOTH, pytest.param("landlock", marks=pytest.mark.slow), "limits")

APART = """\
edit: [run.sh, "src/**"]
run: sh run.sh
evaluate: sh score.sh $KAPSO_OUT
timeout: 30s
"""
COUNT = "printf '{\"score\": %s}\\n' $(cat $1/score)\n"
PROGRAM = {"run.sh": "echo 1 > $KAPSO_OUT/score\n", "score.sh": COUNT, "src/part": "base\n"}


def score_of(measured: Any) -> float:
    assert measured.outcome == "scored", measured.reason
    return float(measured.metrics["score"])


# Judged together

TOGETHER = "edit: [prog.sh]\nevaluate: s=prog; . ./$s.sh\ntimeout: 30s\n"
SOURCES = {
    "last line": ("", "echo '{\"score\": 1}'; echo noise; echo '{\"score\": 2}'; echo [3]", 2.0),
    "result": ("", "echo '{\"score\": 1}'; echo '{\"score\": 3}' > $KAPSO_RESULT", 3.0),
    "pattern": ("metrics: {score: {goal: maximize, regex: 's=(.*)'}}\n", "echo s=4; echo s=5", 5.0),
    "result before pattern": (
        "metrics: {score: {goal: maximize, regex: 's=(.*)'}}\n",
        "echo s=4; echo '{\"score\": 6}' > $KAPSO_RESULT",
        6.0,
    ),
    "odd line breaks in a string": ("", 'printf \'{"feedback": "a\\342\\200\\250b", "score": 7}\'', 7.0),
}


@pytest.mark.parametrize("name", SOURCES)
def test_judged_together_one_source_counts(arena: MakeArena, name: str) -> None:
    extra, program, score = SOURCES[name]
    place = arena(TOGETHER + extra, {"prog.sh": "echo '{\"score\": 0}'\n"})
    assert score_of(place.evaluate({"prog.sh": program + "\n"})) == score


BOMBS = {
    "nested": '/usr/bin/python3 -c \'print("{\\"score\\":" * 200000)\'',
    "a huge number": '/usr/bin/python3 -c \'print("{\\"score\\": " + "9" * 500000 + "}")\'',
    "infinity": "echo '{\"score\": 1e999}'",
    "not a number": "echo '{\"score\": NaN}'",
    "true": "echo '{\"score\": true}'",
    "text": 'echo \'{"score": "9"}\'',
    "many names": "/usr/bin/python3 -c 'import json; print(json.dumps({f\"m{i}\": i for i in range(9999)}))'",
    "a long line": "head -c 3000000 /dev/zero | tr '\\0' '{'",
    "a list": "echo '[{\"score\": 1}]'",
    "a giant result": "truncate -s 1G $KAPSO_RESULT",
    "a link as result": "ln -s /etc/hostname $KAPSO_RESULT",
}


@pytest.mark.parametrize("name", BOMBS)
def test_scorers_that_give_no_number_make_the_attempt_invalid(arena: MakeArena, name: str) -> None:
    place = arena(TOGETHER, {"prog.sh": "echo '{\"score\": 0}'\n"})
    measured = place.evaluate({"prog.sh": BOMBS[name] + "\n"})
    assert measured.outcome == "invalid" and "score" not in measured.metrics
    assert "`score`" in measured.reason


def test_what_a_candidate_says_is_safe_to_store_and_to_print(arena: MakeArena) -> None:
    place = arena(TOGETHER, {"prog.sh": "echo '{\"score\": 0}'\n"})
    text = r"{\"score\": 1, \"feedback\": \"a\\ud800\\u0000\\u001b[31mb\", \"x\\ud800\": 2}"
    measured = place.evaluate(
        {"prog.sh": f"cat <<'E'\n{text}\nE\n".replace("\\\\", "\\").replace('\\"', '"')}
    )
    assert measured.feedback == "ab" and measured.metrics["x"] == 2
    failed = place.evaluate({"prog.sh": "printf '\\033]0;title\\007\\033[31mred\\033[0m' >&2; exit 3\n"})
    assert failed.outcome == "crashed"
    assert failed.reason.isprintable() and "red" in failed.reason


# Judged apart


@pytest.mark.parametrize("mode", ALL)
def test_the_scorer_sees_the_base_and_the_output_and_may_change_neither(arena: MakeArena, mode: str) -> None:
    score = """\
[ "$(cat src/part)" = base ] && [ ! -e src/new ] && [ ! -e built ] && grep -q 'echo 1' run.sh || exit 8
[ "$(cat $1/part)" = changed ] && [ "$(cat $1/built)" = changed ] || exit 9
if [ "$1" != "$KAPSO_OUT" ] || { echo x > src/part; } 2>/dev/null; then echo '{"score": 1}'; else
{ echo x > $KAPSO_OUT/x; } 2>/dev/null && echo '{"score": 2}' || echo '{"score": 0}'; fi
"""
    place = arena(APART + "build: cp src/part built\n", {**PROGRAM, "score.sh": score}, mode=mode)
    run = "cp src/part built $KAPSO_OUT; test -e src/new || exit 3; echo changed > src/part\n"
    measured = place.evaluate({"run.sh": run, "src/part": "changed\n", "src/new": "new\n"})
    walled = mode != "limits"
    assert score_of(measured) == (0.0 if walled else 1.0)
    again = place.evaluate({"run.sh": run, "src/part": "changed\n", "src/new": "new\n"})
    assert again.outcome == "scored", again.reason


def test_the_scorer_has_no_network_although_the_candidate_has(arena: MakeArena) -> None:
    links = "grep -c : /proc/net/dev"
    goal = APART + "sandbox: {network: true}\n"
    place = arena(
        goal, {**PROGRAM, "score.sh": f"[ $({links}) = 1 ] && [ $(cat $1/score) -gt 1 ] && {COUNT}"}
    )
    measured = place.evaluate({"run.sh": f"{links} > $KAPSO_OUT/score\n"})
    here = len(Path("/proc/net/dev").read_text().splitlines()) - 2
    if here < 2:
        pytest.skip("this machine has no network itself")
    assert score_of(measured) == here


@pytest.mark.parametrize("mode", ALL)
def test_each_check_and_repeat_starts_from_the_build(arena: MakeArena, mode: str) -> None:
    fresh = "[ -e built ] && [ ! -e mark ] && [ ! -e src/gone ] && [ -e src/part ]"
    goal = (
        APART
        + f"""\
build: echo x >> built; rm -f src/gone; wc -l < built | grep -qx 1
check: ["{fresh} && echo x > mark && rm -r src", "{fresh} && touch mark && rm built"]
repeats: 3
"""
    )
    place = arena(goal, {**PROGRAM, "src/gone": "x\n"}, mode=mode)
    run = f"{fresh} || exit 9; echo x > mark; rm -r src; echo 4 > $KAPSO_OUT/score\n"
    for _ in range(2):
        measured = place.evaluate({"run.sh": run})
        assert score_of(measured) == 4.0
    assert [stage.name for stage in measured.stages] == [
        "build",
        *["check"] * 2,
        *["run"] * 3,
        *["evaluate"] * 3,
    ]


@pytest.mark.parametrize("mode", ALL)
def test_what_is_kept_is_for_builds_alone(arena: MakeArena, mode: str) -> None:
    goal = APART + "build: mkdir -p target; echo x >> target/log; cp target/log seen\nkeep: [target/]\n"
    goal += "check: test ! -e target/by-run\n"
    score = "[ ! -e target/log ] || exit 9\n" + COUNT
    place = arena(goal, {**PROGRAM, "score.sh": score}, mode=mode)
    run = "echo x | tee target/log > target/by-run; wc -l < seen > $KAPSO_OUT/score\n"
    first, second = (score_of(place.evaluate({"run.sh": run, "src/n": f"{n}\n"}, n)) for n in (1, 2))
    assert second == first + 1
    assert score_of(place.evaluate({"run.sh": run}, 3, slot=1)) == 1.0


def test_two_runs_at_once_do_not_share_what_they_keep(arena: MakeArena) -> None:
    goal = APART + "build: echo x >> target/log; cp target/log seen\nkeep: [target/]\n"
    place = arena(goal, {**PROGRAM, "run.sh": "wc -l < seen > $KAPSO_OUT/score\n"})
    other = base.BaseFiles(
        place.setting.goal, place.repository, place.setting.base, place.sandbox, place.cache
    )
    other.prepare(None, threading.Event())
    assert score_of(place.evaluate({}, slot=5)) == 1.0
    with other.candidate(place.commit({"src/n": "other\n"}), 5):
        assert score_of(place.evaluate({}, slot=5)) == 1.0
        assert [path.read_text() for path in place.leftovers()] == ["other\n"]
    assert score_of(place.evaluate({}, slot=5)) == 2.0


# What is hidden and shared


HIDDEN = {
    "default": ("", ["score.sh", "hold.sh", "answers/key"]),
    "explicit": ("hide: [answers/, '*.secret']\n", ["answers/key", "a.secret", "deep/b.secret"]),
    "nothing": ("hide: []\n", []),
}


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_is_not_there_for_the_candidate(arena: MakeArena, mode: str, name: str) -> None:
    hide, hidden = HIDDEN[name]
    files = ["score.sh", "hold.sh", "answers/key", "a.secret", "deep/b.secret", "src/part"]
    goal = APART.replace("score.sh $KAPSO_OUT", "score.sh $KAPSO_OUT answers")
    goal += "holdout: sh hold.sh --data answers $KAPSO_OUT\n" + hide
    look = f"for f in {' '.join(files)}; do [ -e $f ] || echo $f; done"
    score = f'[ -z "$({look})" ] || exit 9\n{COUNT}'
    place = arena(goal, {**dict.fromkeys(files, "x\n"), **PROGRAM, "score.sh": score}, mode=mode)
    measured = place.evaluate({"run.sh": f"{look} | tee $KAPSO_OUT/list | wc -l > $KAPSO_OUT/score\n"})
    assert score_of(measured) == len(hidden)
    assert set(place.files.hidden) == set(hidden)


@pytest.mark.parametrize("mode", BOTH)
def test_a_hidden_link_hides_what_it_leads_to(arena: MakeArena, mode: str) -> None:
    def with_links(root: Path) -> None:
        (root / "lib").mkdir()
        (root / "lib/judge.sh").write_text(COUNT)
        (root / "lib/key").write_text("42\n")
        (root / "score.sh").unlink()
        (root / "score.sh").symlink_to("lib/judge.sh")
        (root / "answers").symlink_to("lib")
        subprocess.run(
            "git add -A; git -c user.name=A -c user.email=a@b commit -qm l", shell=True, cwd=root, check=True
        )

    place = arena(APART + "hide: [score.sh, answers]\n", PROGRAM, mode=mode, prepare=with_links)
    run = "cat lib/judge.sh lib/key score.sh answers/key 2>/dev/null | wc -c > $KAPSO_OUT/score; true\n"
    assert score_of(place.evaluate({"run.sh": run})) == 0.0


def test_the_baseline_says_which_hidden_file_it_misses(run_kapso: Any) -> None:
    goal = APART.replace("score.sh $KAPSO_OUT", "score.sh $KAPSO_OUT data.txt") + "propose: [tune]\n"
    done = run_kapso(goal, {**PROGRAM, "run.sh": "n=1\ncat data.txt > $KAPSO_OUT/score\n", "data.txt": "5\n"})
    assert done.returncode == 4
    assert "`data.txt` is hidden from the candidate" in done.stderr and "`hide:`" in done.stderr


@pytest.mark.parametrize("mode", BOTH)
def test_shared_files_are_read_only_and_may_hold_hidden_ones(arena: MakeArena, mode: str) -> None:
    place = arena(
        APART + "share: [data/, one.txt]\nhide: [data/answers/, score.sh, data/k]\n",
        {
            **PROGRAM,
            ".gitignore": "data/\none.txt\n",
            "score.sh": f"cat data/answers/a data/k >/dev/null && {COUNT}",
        },
        untracked={"data/open": "7\n", "data/answers/a": "8\n", "data/k": "9\n", "one.txt": "1\n"},
        mode=mode,
    )
    run = """\
for f in data/open one.txt data/new; do { echo x > $f; } 2>/dev/null && exit 7; done
rm -rf data one.txt 2>/dev/null && exit 8
cat data/open data/answers/a data/k > $KAPSO_OUT/score 2>/dev/null; cat one.txt >/dev/null
"""
    assert score_of(place.evaluate({"run.sh": run})) == 7.0
    assert (place.root / "data/open").read_text() == "7\n"


def test_share_is_relative_to_the_repository_when_the_goal_lies_outside(arena: MakeArena) -> None:
    files = {**PROGRAM, "run.sh": "cat data/open > $KAPSO_OUT/score\n", ".gitignore": "data/\n"}
    goal = APART + "repo: ../demo\nshare: [data/]\n"
    place = arena(goal, files, untracked={"data/open": "7\n"}, folder="../goal")
    assert score_of(place.baseline()) == 7.0
    before = place.setting.identity
    (place.root / "data/open").write_text("changed\n")
    assert settle(place.setting.goal, say=print).identity != before


# setup


def test_setup_runs_once_per_base(arena: MakeArena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_FOR_SETUP", "t0k")
    goal = (
        APART + "setup: date +1%N > made; echo $TOKEN_FOR_SETUP > token\nsandbox: {env: [TOKEN_FOR_SETUP]}\n"
    )
    score = "[ -s made ] && [ $(cat token) = t0k ] || exit 9\n" + COUNT
    place = arena(goal, {**PROGRAM, ".gitignore": "made\ntoken\n", "score.sh": score})
    run = "cat made > $KAPSO_OUT/score; echo x > made\n"
    first = score_of(place.evaluate({"run.sh": run}))
    again = base.BaseFiles(
        place.setting.goal, place.repository, place.setting.base, place.sandbox, place.cache
    )
    again.prepare(None, threading.Event())
    place.evaluator.files = again
    assert score_of(place.evaluate({"run.sh": run})) == first


def test_a_setup_that_fails_says_so_and_is_tried_again(arena: MakeArena) -> None:
    goal = APART + "setup: echo no wheels here >&2; exit 3\n"
    for _ in range(2):
        with pytest.raises(BaselineError, match="no wheels here"):
            arena(goal, PROGRAM)


# Numbers


def test_the_median_of_repeats_counts_and_seeds_are_the_same_for_all(arena: MakeArena) -> None:
    goal = APART + "repeats: 3\n"
    place = arena(goal, PROGRAM)
    run = "echo $KAPSO_SEED > $KAPSO_OUT/score\n"
    place.evaluate({"run.sh": run}, 1)
    seeds = [place.evaluator._repeat_seed(n) for n in range(3)]  # noqa: SLF001
    assert len(set(seeds)) == 3
    assert score_of(place.evaluate({"run.sh": run}, 1)) == sorted(seeds)[1]
    assert score_of(place.evaluate({"run.sh": run, "src/n": "x\n"}, 2)) == sorted(seeds)[1]
    assert score_of(
        place.fresh_evaluator().evaluate(place.commit({"run.sh": run}), place.place(9), place.cancel)
    )


def test_constraints_bounds_and_metrics_of_kapso(arena: MakeArena) -> None:
    goal = (
        APART
        + """\
metrics: {score: {goal: maximize, bounds: [0, 10]}, run.seconds: minimize, diff.lines: minimize}
constraints: ["score >= 0.5 * baseline", "run.max_rss_bytes <= 1e12", "lines <= 3"]
"""
    )
    score = 'printf \'{"score": %s, "lines": %s, "run.seconds": 0}\\n\' $(cat $1/score) $(wc -l < $1/score)\n'
    place = arena(goal, {**PROGRAM, "run.sh": "echo 4 > $KAPSO_OUT/score\n", "score.sh": score})
    assert score_of(place.baseline()) == 4
    measured = place.evaluate({"run.sh": "sleep 0.2\necho 2 > $KAPSO_OUT/score\n"})
    assert score_of(measured) == 2
    assert measured.metrics["diff.lines"] == 3 and measured.metrics["run.seconds"] > 0.2
    assert {"run.cpu_seconds", "run.max_rss_bytes", "lines"} < set(measured.metrics)
    low = place.evaluate({"run.sh": "echo 1 > $KAPSO_OUT/score\n"})
    assert (low.outcome, "score >= 0.5 * baseline" in low.reason) == ("invalid", True)
    high = place.evaluate({"run.sh": "echo 11 > $KAPSO_OUT/score\n"})
    assert (high.outcome, "bounds" in high.reason) == ("invalid", True)


def test_the_baseline_is_its_own_measure_when_it_is_evaluated_again(arena: MakeArena) -> None:
    place = arena(
        APART + 'constraints: ["score >= 1 * baseline"]\n',
        {**PROGRAM, "run.sh": "echo 4 > $KAPSO_OUT/score\n"},
    )
    place.baseline()
    place.evaluator.baseline_metrics = {"score": 4.001}  # what noise may have made of it
    again = place.evaluator.evaluate(place.setting.base, place.place(0), place.cancel)
    assert again.outcome == "scored"
    assert place.evaluate({"src/n": "x\n"}).outcome == "invalid"
    place.evaluator.baseline_metrics = {}


@pytest.mark.parametrize("stage", ["build", "check", "run", "evaluate"])
def test_each_command_has_its_own_time_limit_and_its_own_fault(arena: MakeArena, stage: str) -> None:
    step = {"command": "n={}; [ ! -e src/$n-sleeps ] || sleep 60; [ ! -e src/$n-fails ]", "timeout": "1s"}
    own = {name: {**step, "command": step["command"].replace("{}", name)} for name in ("build", "check")}
    goal = APART + f"build: {json.dumps(own['build'])}\ncheck: [{json.dumps(own['check'])}]\n"
    goal = goal.replace("run: sh run.sh", "run: {command: sh run.sh, timeout: 1s}")
    goal = goal.replace(
        "evaluate: sh score.sh $KAPSO_OUT", "evaluate: {command: sh score.sh $KAPSO_OUT, timeout: 1s}"
    )
    score = f"case $(cat $1/score) in sleep) sleep 60;; fail) exit 5;; esac\n{COUNT}"
    place = arena(goal, {**PROGRAM, "score.sh": score})
    sleeps, fails = {
        "run": ({"run.sh": "sleep 60\n"}, {"run.sh": "exit 3\n"}),
        "evaluate": (
            {"run.sh": "echo sleep > $KAPSO_OUT/score\n"},
            {"run.sh": "echo fail > $KAPSO_OUT/score\n"},
        ),
    }.get(stage, ({f"src/{stage}-sleeps": ""}, {f"src/{stage}-fails": ""}))
    slow, bad = place.evaluate(sleeps), place.evaluate(fails)
    assert (slow.outcome, slow.metrics) == ("timed-out", {}) and f"`{stage}`" in slow.reason
    assert bad.outcome == ("invalid" if stage == "check" else "crashed")
    assert f"`{stage}` ended with exit code" in bad.reason


def test_what_a_judge_apart_says_of_a_crash_stays_with_it_but_for_the_baseline(arena: MakeArena) -> None:
    score = f"case $(cat $1/score) in fail) echo 'wrong: row 7 of answers.csv' >&2; exit 5;; esac\n{COUNT}"
    place = arena(APART, {**PROGRAM, "score.sh": score})
    bad = place.evaluate({"run.sh": "echo fail > $KAPSO_OUT/score\n"})
    assert (bad.outcome, bad.reason) == ("crashed", "`evaluate` ended with exit code 5")
    broken = arena(APART, {**PROGRAM, "score.sh": "echo 'no row 7' >&2; exit 5\n"}).baseline()
    assert broken.reason == "`evaluate` ended with exit code 5: no row 7"


@pytest.mark.parametrize("shape", ["apart", "together"])
def test_the_hold_out_is_scored_in_either_shape(arena: MakeArena, shape: str) -> None:
    hold = "holdout: sh hold.sh $KAPSO_OUT\n"
    files = {**PROGRAM, "hold.sh": 'printf \'{"score": 5, "feedback": "h"}\' > $KAPSO_RESULT\n'}
    goal = APART if shape == "apart" else "edit: [run.sh]\nevaluate: echo '{\"score\":1}'\ntimeout: 30s\n"
    place = arena(goal + hold, files)
    assert place.hold_out({"src/n": "x\n"} if shape == "apart" else {"run.sh": "true\n"}) == {
        "metrics": {"score": 5.0},
        "reason": None,
        "feedback": "h",
    }


def test_a_hold_out_that_is_cancelled_is_no_result(arena: MakeArena) -> None:
    place = arena(APART + "holdout: echo held; sleep 60\n", PROGRAM)
    place_ = place.place(1)
    produced = place.evaluator.produce(place.setting.base, place_, place.cancel)
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(Interrupted):
        place.evaluator.hold_out(place.setting.base, produced, place_, cancel)
    place.evaluator.discard(place_)


# Environment, folders, files


@pytest.mark.parametrize("mode", ALL)
def test_the_environment_is_what_the_contract_lists(
    arena: MakeArena, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s")
    monkeypatch.setenv("WANTED", "yes")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    goal = APART.replace("timeout: 30s\n", "")
    show = "cd $KAPSO_OUT; env | sort > env; ls -A $HOME $TMPDIR | grep -v : > home; echo 1 > score"
    dump = "env | sort; echo ---; cat $1/env; echo ---; cat $1/home; echo ---; "
    level = f", level: {mode}" if mode in ("landlock", "limits") else ""
    goal += f"sandbox: {{env: [WANTED, NOT_SET]{level}}}\n"
    place = arena(goal, {**PROGRAM, "run.sh": show + "\n", "score.sh": dump + COUNT})
    place.log.unlink(missing_ok=True)
    score_of(place.evaluate({}, 7))
    scorer, candidate, home, _ = place.log.read_text().rpartition("$ sh score.sh")[2].split("---\n")
    seen = [
        dict(line.split("=", 1) for line in text.splitlines() if "=" in line) for text in (scorer, candidate)
    ]
    expected = {"KAPSO_RUN": "demo-0000", "KAPSO_ATTEMPT": "7", "WANTED": "yes", "PATH": seen[0]["PATH"]}
    for each in seen:
        assert expected.items() <= each.items()
        shell = {"PWD", "OLDPWD", "SHLVL", "_"}
        own = {"KAPSO_RUN", "KAPSO_ATTEMPT", "KAPSO_SEED", "KAPSO_OUT", "PATH", "HOME", "TMPDIR", "WANTED"}
        tools = {name for name in each if name.startswith(("LC_", "LANG", "TZ"))} | set(
            place.sandbox._level.env
        )
        assert set(each) - shell - tools - {"KAPSO_RESULT"} == own - tools
        assert each["HOME"] != os.environ["HOME"] and "s" not in (
            each.get("SECRET_KEY"),
            each.get("PYTHONPATH"),
        )
    assert "KAPSO_RESULT" in seen[0] and "KAPSO_RESULT" not in seen[1]
    assert home.strip() == ""


@pytest.mark.parametrize("mode", ALL)
def test_commands_run_in_the_folder_of_the_goal(arena: MakeArena, mode: str) -> None:
    files = {f"deep/er/{path}": text for path, text in PROGRAM.items()} | {"top.txt": "6\n"}
    files["deep/er/run.sh"] = "cat ../../top.txt > $KAPSO_OUT/score; test -f src/part\n"
    goal = APART + "share: [data/]\nbuild: pwd > where; test -f src/part\nkeep: [cache/]\n"
    files[".gitignore"] = "data/\n"
    place = arena(goal, files, folder="deep/er", mode=mode, untracked={"deep/er/data/d": "d\n"})
    assert score_of(place.baseline()) == 6.0
    run = "test -f data/d && test ! -e score.sh && cat where | wc -l > $KAPSO_OUT/score\n"
    if mode == "limits":
        run = run.replace("test ! -e score.sh &&", "")
    assert score_of(place.evaluate({"deep/er/run.sh": run})) == 1.0


@pytest.mark.parametrize("mode", ALL)
def test_candidate_files_arrive_as_git_would_check_them_out(arena: MakeArena, mode: str) -> None:
    files = {**PROGRAM, ".gitattributes": "src/dos* text eol=crlf\n", "src/old": "x\n", "src/dir/a": "a\n"}
    place = arena(APART, files, mode=mode)
    run = """\
fail() { echo "$1" >&2; exit 9; }
[ "$(od -An -c src/dos | tr -d ' ')" = 'a\\r\\n' ] || fail crlf
[ -x src/tool ] && [ "$(src/tool)" = ran ] || fail executable
[ ! -x src/plain ] || fail plain
[ "$(readlink src/link)" = plain ] && [ "$(cat src/link)" = text ] || fail link
[ -f "src/mit Leerzeichen/ü ✓.txt" ] || fail name
[ -f "src/$(printf 'raw\\377')" ] || fail bytes
[ ! -e src/old ] && [ -f src/dir ] || fail removed
[ -d src/part ] && [ -f src/part/inner ] || fail folder
echo 5 > $KAPSO_OUT/score
"""
    changes = {
        "run.sh": run,
        "src/dos": "a\n",
        "src/tool": (EXECUTABLE, "#!/bin/sh\necho ran\n"),
        "src/plain": "text",
        "src/link": (LINK, "plain"),
        "src/mit Leerzeichen/ü ✓.txt": "x",
        os.fsdecode(b"src/raw\xff"): "x",
        "src/old": None,
        "src/dir/a": None,
        "src/dir": "now a file\n",
        "src/part": None,
        "src/part/inner": "x\n",
    }
    assert score_of(place.evaluate(changes)) == 5.0
    assert score_of(place.baseline()) == 1.0


@pytest.mark.parametrize("apart", [True, False])
def test_a_key_that_commands_may_see_stands_in_no_log_and_no_reason(
    arena: MakeArena, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "sk-verysecret-00112233")
    fails = 'echo "bad key $MY_API_KEY" >&2; exit 1\n'
    goal = (APART if apart else TOGETHER) + "sandbox: {env: [MY_API_KEY]}\n"
    place = arena(goal, {**PROGRAM, "run.sh": fails, "score.sh": fails, "prog.sh": fails})
    place.log.unlink(missing_ok=True)
    measured = place.evaluate({}, 7)
    assert measured.reason is not None and measured.reason.endswith("bad key [MY_API_KEY]")
    assert "verysecret" not in place.log.read_text() + str(measured)
