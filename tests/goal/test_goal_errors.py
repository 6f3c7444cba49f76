"""A table of mistakes in goal.yaml: what the message says, where it points, and what it advises."""
# ruff: noqa: E501 (one mistake a line)

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.errors import GoalError, KapsoError, UsageError
from kapso.goal import load_goal, parse_goal

REQUIRED = "objective: Faster.\nedit: pack.py\nevaluate: python evaluate.py\n"
"""Lines 1 to 3; what a case adds starts at line 4."""


def mistake(text: str, folder: Path = Path("/srv/demo")) -> GoalError:
    with pytest.raises(GoalError) as caught:
        parse_goal(text, folder / "goal.yaml", shown_as="goal.yaml")
    assert caught.value.exit_code == 2
    assert not caught.value.message.endswith(".")
    return caught.value


ADDED = [
    # unknown keys, at every level
    ("evalute: x", 4, "unknown key `evalute`", "did you mean `evaluate`? Allowed are `name`"),
    ("Metrics: x", 4, "unknown key `Metrics`", "did you mean `metrics`?"),
    ("zzz: x", 4, "unknown key `zzz`", "the nearest is"),
    ("parallel: 2", 4, "unknown key `parallel`", "did you mean `search.parallel`? It is written as `search: {parallel: …}`"),
    ("sandbox:\n  network: true\n  levle: auto", 6, "unknown key `levle` in `sandbox`", "did you mean `level`? `sandbox` takes"),
    ("sandbox: {timeout: 5s}", 4, "unknown key `timeout` in `sandbox`", "did you mean `timeout`?"),
    ("search: {polcy: tree}", 4, "unknown key `polcy` in `search`", "did you mean `policy`?"),
    ("budget: {attempt: 3}", 4, "unknown key `attempt` in `budget`", "did you mean `attempts`?"),
    ("stop: {pateince: 3}", 4, "unknown key `pateince` in `stop`", "did you mean `patience`?"),
    ("memory: {recal: true}", 4, "unknown key `recal` in `memory`", "did you mean `recall`?"),
    ("run: {comand: x}", 4, "unknown key `comand` in `run`", "did you mean `command`?"),
    ("metrics: {size: {gaol: minimize}}", 4, "unknown key `gaol` in `metrics.size`", "did you mean `goal`?"),
    ("check:\n  - make\n  - {command: x, tmeout: 3s}", 6, "unknown key `tmeout` in `check[2]`", "did you mean `timeout`?"),
    ("propose: [{tune: {marked: true}}]", 4, "unknown key `marked` in `tune`", "takes no options"),
    # duplicates
    ("edit: other.py", 4, "the key `edit` is given twice", "it stands in line 2 already"),
    ("stop:\n  target: 1\n  target: 2", 6, "the key `target` is given twice", "line 5"),
    # YAML
    ("run: ./pack: x", 4, "this is no YAML: mapping values are not allowed here", "in single quotes"),
    ("run: 'x", 4, "this is no YAML: while scanning a quoted scalar", "single quotes"),
    ("check:\n\t- x", 5, "this is no YAML", "spaces, not with tabs"),
    ("hide: [*.py]", 4, "found undefined alias '.py'", "put a pattern that starts with `*` in quotes"),
    ("hide: [!x/**]", 4, "this is no YAML: while parsing a flow sequence", "Put a pattern that starts with `!` in quotes"),
    ("hide: [a, !x/** ]", 4, "the YAML tag `!x/**` means nothing here", "put a value that starts with `!` in quotes"),
    ("hide: [a,\n  b\nbuild: x", 4, "this is no YAML", ""),
    ("metrics: {a: {goal: minimize, regex: \"(\\d+)\"}}", 4, "unknown escape character", "in single quotes"),
    ("---\nname: x", 4, "but found another document", "one goal in a file"),
    ("run: a\x01b", 4, "`U+0001` may not stand in YAML", "remove it"),
    ("<<: {run: x}", 4, "merge keys (`<<`) are not read", "write the keys out"),
    ("share: &a [*a]", 4, "an anchor refers to itself", "write the values out"),
    ("? [a]\n: b", 4, "a key must be a word", ""),
    ("name: !!python/object:os.system x", 4, "the YAML tag", ""),
    # wrong types
    ("run: true", 4, "`run` must be a command, found the boolean `true`", "put it in quotes: `'true'`"),
    ("run: [a, b]", 4, "`run` must be a command, found a list", "{command: make test, timeout: 10m}"),
    ("run:", 4, "`run` must be a command, found nothing", ""),
    ("run: {timeout: 5s}", 4, "`run` has no `command`", ""),
    ("check: [make, 5]", 4, "`check[2]` must be a command, found the number `5`", "in quotes: `'5'`"),
    ("build: '  '", 4, "`build` is empty", "remove the key"),
    ("search: tree", 4, "`search` must be a mapping, found the text `tree`", "search: {policy: tree"),
    ("sandbox:", 4, "`sandbox` must be a mapping, found nothing", "write a value, or remove the key"),
    ("sandbox: {network: yes}", 4, "`sandbox.network` must be `true` or `false`, found the text `yes`", "write `true`"),
    ("sandbox: {network: off}", 4, "`sandbox.network` must be `true` or `false`", "write `false`, without quotes"),
    ("sandbox: {network: 'false'}", 4, "found the text `false`", "write `false`, without quotes"),
    ("approve: 1", 4, "`approve` must be `true` or `false`, found the number `1`", ""),
    ("sandbox: {gpu: yes}", 4, "`sandbox.gpu` must be `auto`, `true` or `false`", ""),
    ("sandbox: {env: {A: 1}}", 4, "`sandbox.env` must be a list of names, found a mapping", "name the variables only"),
    ("sandbox: {env: [A=1]}", 4, "`A=1` is no name of a variable", "its value comes from your environment"),
    ("sandbox: {env: [KAPSO_SEED]}", 4, "`KAPSO_SEED` is set by Kapso itself", ""),
    ("sandbox: {env: [HOME]}", 4, "`HOME` is set by Kapso itself", ""),
    ("stop: {target: high}", 4, "`stop.target` must be a number, found the text `high`", ""),
    ("stop: {target: '2.5'}", 4, "`stop.target` must be a number", "without quotes"),
    ("hide: {a: b}", 4, "`hide` must be a pattern, found a mapping", ""),
    ("knowledge: {a: b}", 4, "`knowledge` must be a source, found a mapping", ""),
    # numbers
    ("repeats: 0", 4, "`repeats` must be at least 1, found `0`", ""),
    ("repeats: 1.5", 4, "`repeats` must be a whole number, found the number `1.5`", ""),
    ("repeats: true", 4, "`repeats` must be a whole number, found the boolean `true`", ""),
    ("repeats: often", 4, "`repeats` must be a whole number or `auto`, found the text `often`", ""),
    ("budget: {attempts: 0}", 4, "`budget.attempts` must be at least 1", ""),
    ("budget: {attempts: many}", 4, "`budget.attempts` must be a whole number, found the text `many`", ""),
    ("budget: {cost: 0}", 4, "`budget.cost` must be more than 0", ""),
    ("budget: {cost: .nan}", 4, "`budget.cost` must be a finite number, found `.nan`", ""),
    ("budget: {cost: 1e999}", 4, "`budget.cost` must be a finite number", ""),
    ("stop: {target: .inf}", 4, "`stop.target` must be a finite number", ""),
    ("stop: {patience: -1}", 4, "`stop.patience` must be at least 1", ""),
    ("search: {seed: -1}", 4, "`search.seed` must be at least 0", ""),
    ("search: {seed: 4294967296}", 4, "`search.seed` must be at most 4294967295", ""),
    ("search: {parallel: 0}", 4, "`search.parallel` must be at least 1", ""),
    ("search: {parallel: all}", 4, "`search.parallel` must be `auto` or a whole number, found the text `all`", ""),
    ("sandbox: {processes: 0}", 4, "`sandbox.processes` must be at least 1", ""),
    # durations and sizes
    ("timeout: 60", 4, "`timeout`: `60` is not a duration", "did you mean `60s`?"),
    ("timeout: 1:30", 4, "`timeout`: `1:30` is not a duration", "`90s`, `10m`, `2h`"),
    ("timeout: 0s", 4, "`timeout`: the duration `0s` must be longer than 0", ""),
    ("timeout: [5s]", 4, "`timeout` must be a duration, found a list", "`90s`, `10m`, `2h`"),
    ("budget: {time: 10 minutes}", 4, "`budget.time`: `10 minutes` is not a duration", ""),
    ("run: {command: x, timeout: 5}", 4, "`run.timeout`: `5` is not a duration", "did you mean `5s`?"),
    ("sandbox: {memory: 2}", 4, "`sandbox.memory`: `2` is not a size", "did you mean `2MB`?"),
    ("sandbox: {memory: 2G}", 4, "`sandbox.memory`: `2G` is not a size", "`512MB`, `4GB`"),
    # names
    ("name: Circle Packing", 4, "`Circle Packing` is no name for a goal", "did you mean `circle-packing`?"),
    ("name: 2024", 4, "`2024` is no name for a goal", "it has a letter"),
    ("name: a/b", 4, "`a/b` is no name for a goal", ""),
    ("name: " + "x" * 101, 4, "is no name for a goal", "at most 100"),
    ("base: --all", 4, "`--all` is no revision", ""),
    ("search: {policy: tre}", 4, "`tre` is not known for `search.policy`", "did you mean `tree`? Allowed are `greedy`"),
    ("search: {executor: remote}", 4, "`remote` is not known for `search.executor`", "`local` and `ray`"),
    ("sandbox: {level: bwrap}", 4, "`bwrap` is not known for `sandbox.level`", "`bubblewrap`"),
    ("propose:\n  - tune\n  - tunr", 6, "`tunr` is not known for `propose`", "did you mean `tune`?"),
    ("propose: [human]", 4, "`human` is no proposer that a run can ask", "`kapso try`"),
    ("propose: []", 4, "`propose` names no proposer", ""),
    ("propose: [tune, tune]", 4, "`propose` names a proposer twice", ""),
    ("propose: [{tune: {}, llm: {}}]", 4, "`propose[1]` must be one proposer", "- tune"),
    # models and coding agents
    ("propose: [tune, llm]", 4, "`llm` names no model", 'llm: {model: "openai:gpt-5-mini"}'),
    ("propose: [{llm: []}]", 4, "`llm` names no model", ""),
    ("propose: [{llm: {modle: 'openai:x'}}]", 4, "unknown key `modle` in `propose[1].llm`", "did you mean `model`?"),
    ("propose: [{llm: {api_key: sk-123}}]", 4, "`api_key` has no place in a goal", "name the variable: `api_key_env: MY_KEY`"),
    ("propose: [{agent: {cli: claude, api-key: sk-123}}]", 4, "`api-key` has no place in a goal", "`env: [MY_KEY]`"),
    ("propose:\n  - llm:\n      - {model: 'openai:a'}\n      - {weight: 2}", 7, "`propose[1].llm[2]` has no `model`", "add `model:"),
    ("propose: [{llm: {model: gpt-5-mini}}]", 4, "the model `gpt-5-mini` has no provider", "such as `openai:gpt-5-mini`"),
    ("propose: [{llm: 'openai:'}]", 4, "the model `openai:` has no name", "`openai:gpt-5-mini`"),
    ("propose: [{llm: 'gemini:gemini-3-pro'}]", 4, "`gemini` is no provider of models", "did you mean `google:gemini-3-pro`?"),
    ("propose: [{llm: 'anthropc:x'}]", 4, "`anthropc` is no provider", "did you mean `anthropic:x`?"),
    ("propose: [{llm: 'vllm-host:qwen'}]", 4, "`vllm-host` is no provider", "write `openai:qwen` with its `base_url`"),
    ("propose: [{llm: {model: 'openai:x', base_url: localhost:8000}}]", 4, "`localhost:8000` is no URL", "http://127.0.0.1:8000/v1"),
    ("propose: [{llm: {model: 'openai:x', base_url: 'http://a:b@c/v1'}}]", 4, "holds a name or a password", "`api_key_env: MY_KEY`"),
    ("propose: [{llm: {model: 'openai:x', api_key_env: sk-123}}]", 4, "`propose[1].llm.api_key_env` is no name of a variable", "never stands in a goal"),
    ("propose: [{llm: {model: 'openai:x', max_tokens: 0}}]", 4, "`propose[1].llm.max_tokens` must be at least 1", ""),
    ("propose: [{llm: {model: 'openai:x', price: 3}}]", 4, "`propose[1].llm.price` must be a mapping", "price: {input: 1.0, output: 4.0}"),
    ("propose: [{llm: {model: 'openai:x', price: {input: 3}}}]", 4, "`propose[1].llm.price` has no `output`", "dollars per million tokens"),
    ("propose: [{llm: {model: 'openai:x', price: {input: -1, output: 1}}}]", 4, "`propose[1].llm.price.input` must be at least 0", ""),
    ("propose: [{llm: {model: 'openai:x', weight: 0}}]", 4, "`propose[1].llm.weight` must be more than 0", ""),
    ("propose: [{llm: {model: 'openai:x', timeout: 5}}]", 4, "`propose[1].llm.timeout`: `5` is not a duration", "did you mean `5s`?"),
    ("propose: [{llm: {ideate: {model: 'openai:x'}}}]", 4, "`llm` has no model for `edit`", "edit: {model:"),
    ("propose: [{llm: {model: 'openai:x', ideate: {model: 'openai:y'}}}]", 4, "`llm` has `model` beside `ideate` or `edit`", "ideate: {model:"),
    ("propose: [{llm: 'openai:x'}, {llm: 'openai:y'}]", 4, "`propose` names a proposer twice", "as a list"),
    ("propose: [agent]", 4, "`agent` names no coding agent", "write `agent: claude`"),
    ("propose: [{agent: cluade}]", 4, "`cluade` is no coding agent that is known", "did you mean `claude`?"),
    ("propose: [{agent: {timeout: 5m}}]", 4, "`propose[1].agent` has no `cli` and no `command`", "cli: claude"),
    ("propose: [{agent: {cli: claude, command: x}}]", 4, "`cli` and `command` exclude each other", "keep one"),
    ("propose: [{agent: {command: x, model: y}}]", 4, "`model` is for a known `cli`", "in the `command`"),
    ("propose: [{agent: {command: x, max_cost: 0}}]", 4, "`propose[1].agent.max_cost` must be more than 0", ""),
    ("propose: [{agent: {command: x, env: [A=1]}}]", 4, "`A=1` is no name of a variable", "its value comes from your environment"),
    ("prompts: [a]", 4, "`prompts` must be the path of a folder, found a list", ""),
    # files
    ("hide: ../answers", 4, "`hide`: `../answers` leaves the folder of goal.yaml", "stay below it"),
    ("share: [a/../../b]", 4, "leaves the folder of goal.yaml", ""),
    ("share: /data", 4, "`share`: `/data` is an absolute path", "relative to the folder"),
    ("keep: ~/cache", 4, "`keep`: `~/cache` is an absolute path", ""),
    ("hide: /srv/demo/answers", 4, "is an absolute path", "did you mean `answers`?"),
    ("share: .", 4, "`share`: `.` cannot be used as a whole", ""),
    ("share: .git/x", 4, "cannot be used as a whole", ""),
    ("hide: '!x'", 4, "`hide` only takes files away", "put a pattern that adds files before them"),
    ("hide: '#x'", 4, "`#x` is a comment in gitignore syntax", r"write `\#x`"),
    ("hide: ./", 4, "`./` matches no file", "write `**`"),
    ("hide: ['a', '!']", 4, "`!` is no pattern in gitignore syntax", "`src/**`"),
    # metrics and constraints
    ("metrics: {}", 4, "`metrics` names no metric", "metrics: {score: maximize}"),
    ("metrics: score", 4, "`metrics` must be a mapping, found the text `score`", "metrics: {score: maximize}"),
    ("metrics: {score: maximise}", 4, "`maximise` is not known for `metrics.score`", "did you mean `maximize`?"),
    ("metrics: {score: }", 4, "`metrics.score` must be one of `maximize` and `minimize`, found nothing", ""),
    ("metrics: {a: {regex: x}}", 4, "`metrics.a` has no `goal`", "`goal: minimize`"),
    ("metrics: {run.secnds: minimize}", 4, "`run.secnds` is no metric that Kapso measures", "did you mean `run.seconds`?"),
    ("metrics: {diff.line: minimize}", 4, "`diff.line` is no metric", "did you mean `diff.lines`?"),
    ("metrics: {run.seconds: {goal: minimize, regex: x}}", 4, "`run.seconds` is measured by Kapso", "remove the `regex`"),
    ("metrics: {a: {goal: minimize, regex: '(x'}}", 4, "`(x` is no regular expression", "Python's `re`"),
    ("metrics: {a b: minimize}", 4, "`a b` is no name for a metric", "no space"),
    ("metrics: {a: {goal: minimize, take: best}}", 4, "`best` is not known for `metrics.a.take`", "`median` and `minimum`"),
    ("metrics: {a: {goal: minimize, bounds: [1]}}", 4, "`metrics.a.bounds` must be a list of two numbers", "`[0, .inf]`"),
    ("metrics: {a: {goal: minimize, bounds: [2, 1]}}", 4, "the lowest `2` is over the highest `1`", "did you mean `[1, 2]`?"),
    ("metrics: {a: {goal: minimize, bounds: [0, .nan]}}", 4, "`metrics.a.bounds[2]` must be a finite number", ""),
    ("constraints: [score == 1]", 4, "`score == 1` is no constraint", "the comparisons are `<=`, `>=`, `<` and `>`"),
    ("constraints: [score >= baseline]", 4, "`score >= baseline` is no constraint", "write `1 * baseline`"),
    ("constraints: [score >= inf]", 4, "`score >= inf` is no constraint", "METRIC <=|>=|<|> NUMBER [* baseline]"),
    ("constraints: [score > 1e999]", 4, "the number is not finite", ""),
    ("constraints: ['run.secs < 3']", 4, "`run.secs` is no metric that Kapso measures", "did you mean `run.seconds`?"),
    ("constraints: [3]", 4, "`constraints[1]` must be a constraint", ""),
]  # fmt: skip


@pytest.mark.parametrize(("added", "line", "message", "help"), ADDED, ids=[case[0][:40] for case in ADDED])
def test_a_mistake_is_named_with_its_line_and_a_remedy(
    added: str, line: int, message: str, help: str
) -> None:
    error = mistake(REQUIRED + added + "\n")
    assert message in error.message
    assert error.where == f"goal.yaml:{line}"
    assert help in (error.help or "")


def test_the_rendered_message() -> None:
    assert mistake(REQUIRED + "\n\nsandbox: {levle: auto}").render() == (
        "error[unknown-key]: unknown key `levle` in `sandbox`\n"
        "  --> goal.yaml:6\n"
        "help: did you mean `level`? `sandbox` takes `level`, `network`, `memory`, `processes`, `read`, `gpu` and `env`"
    )


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            "name: x",
            "lacks the required keys `objective`, `edit` and `evaluate`",
            "add `objective: TEXT`, `edit: FILES`",
        ),
        ("objective: x\nedit: y", "lacks the required key `evaluate`", "add `evaluate: COMMAND`"),
        ("", "the goal is empty", "at least `objective: TEXT`"),
        ("# nothing\n", "the goal is empty", "at least `objective: TEXT`"),
        ("- a\n- b", "must be a mapping of keys to values, found a list", "at least"),
        ("just text", "must be a mapping of keys to values, found the text `just text`", "at least"),
    ],
)
def test_what_is_missing_is_named_at_once(text: str, message: str, help: str) -> None:
    error = mistake(text)
    assert message in error.message
    assert help in (error.help or "")


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ("objective: 5", "`objective` must be text, found the number `5`"),
        ("objective: ''", "`objective` is empty"),
        ("edit: []", "`edit` names no file"),
        ("edit: ['!a']", "`edit` only takes files away"),
        ("edit: ../x", "`edit`: `../x` leaves the folder of goal.yaml"),
        ("edit: /srv/demo/x", "`edit`: `/srv/demo/x` is an absolute path"),
        ("edit: 5", "`edit` must be a pattern, found the number `5`"),
        ("evaluate: []", "`evaluate` must be a command, found a list"),
        ("evaluate: {}", "`evaluate` has no `command`"),
        ("evaluate: {python: x}", "`evaluate.python` needs `evaluate.program`"),
        ("evaluate: {program: x}", "`evaluate.program` needs `evaluate.python` or `evaluate.command`"),
        ("evaluate: {python: 5, program: y}", "`evaluate.python` must be a function"),
        ("evaluate: {python: 'x.py:a b', program: y}", "`x.py:a b` names no function"),
        ("evaluate: {python: '$X.py:a', program: y}", "`$X.py:a` names no function"),
        ("evaluate: {python: 'x:evaluate', program: y}", "`x:evaluate` names no function"),
        ("evaluate: {python: '../x.py:a', program: y}", "`../x.py` leaves the folder"),
        ("evaluate: {python: 'x.py:a', program: ../y}", "`../y` leaves the folder"),
        ("evaluate: {python: x.py, program: ./x.py}", "`x.py` cannot be both judge and program"),
        ("evaluate: {python: x.py, program: y, result: $KAPSO_OUT/z}", "exclude each other"),
        ("run: x\nevaluate: {python: x.py, program: y}", "`evaluate.python` cannot be used with `run`"),
        ("run: x\nevaluate: {command: x, program: y}", "`evaluate.program` cannot be used with `run`"),
        ("evaluate: {command: x, result: metrics.json}", "must be a file below `$KAPSO_OUT`"),
        ("evaluate: {command: x, result: $KAPSO_OUT/../x}", "must be a file below `$KAPSO_OUT`"),
        ("evaluate: {command: x, result: $KAPSO_OUT/}", "must be a file below `$KAPSO_OUT`"),
        ("evaluate: {command: x, result: $KAPSO_OUT/$X}", "must be a file below `$KAPSO_OUT`"),
        (
            "evaluate: {python: x, program: y, command: z}",
            "`evaluate.python` and `evaluate.command` exclude each other",
        ),
        ("evaluate: {command: x, reslt: y}", "unknown key `reslt` in `evaluate`"),
        ("run: x\nevaluate: {command: x, result: y}", "`evaluate.result` cannot be used with `run`"),
    ],
)
def test_mistakes_in_required_keys(replaced: str, message: str) -> None:
    keys = [line.split(":")[0] for line in replaced.splitlines()]
    kept = [line for line in REQUIRED.splitlines() if line.split(":")[0] not in keys]
    assert message in mistake("\n".join([*kept, replaced])).message


def test_many_anchors_do_not_grow_without_end() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for name, before in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{name}: &{name} [" + ", ".join([f"*{before}"] * 10) + "]\n"
    assert "the goal is too large" in mistake(bomb).message


def test_deep_nesting_is_a_message() -> None:
    assert mistake(REQUIRED + "hide: " + "[" * 1000).where


def test_a_long_value_is_shortened() -> None:
    assert len(mistake(REQUIRED + "stop: " + "x" * 5000).message) < 200


def test_no_such_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GoalError, match="there is no goal file `goal.yaml`") as caught:
        load_goal(Path("goal.yaml"))
    assert "kapso run --edit FILES --evaluate COMMAND" in (caught.value.help or "")
    Path("goal.yml").write_text(REQUIRED)
    with pytest.raises(GoalError) as caught:
        load_goal(Path("goal.yaml"))
    assert caught.value.help == "did you mean `goal.yml`?"
    with pytest.raises(GoalError) as caught:
        load_goal(Path("nowhere/goal.yaml"))
    assert caught.value.help == "there is no folder `nowhere`"


def test_files_that_hold_no_text(tmp_path: Path) -> None:
    file = tmp_path / "goal.yaml"
    file.write_bytes(b"objective: x\nedit: caf\xe9\n")
    with pytest.raises(GoalError, match="no UTF-8 text") as caught:
        load_goal(file)
    assert (caught.value.where or "").endswith("goal.yaml:2")
    file.write_bytes(b"#" * 2_000_000)
    with pytest.raises(GoalError, match="too large"):
        load_goal(file)
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(GoalError, match="no regular file"):
        load_goal(tmp_path / "pipe.yaml")


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{}'\"&*!#|>%@ \n\t,?0.~<"), max_size=60))
def test_any_text_after_the_required_keys_is_a_goal_or_a_goal_error(text: str) -> None:
    try:
        parse_goal(REQUIRED + text, Path("/srv/demo/goal.yaml"))
    except UsageError as error:
        assert error.where


@settings(deadline=None)
@given(st.sampled_from([case[0].split(":")[0] for case in ADDED]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
))  # fmt: skip
def test_any_value_of_any_key_is_read_or_refused(key: str, value: object) -> None:
    from io import StringIO

    from ruamel.yaml import YAML

    stream = StringIO()
    YAML(typ="safe", pure=True).dump({"objective": "x", "edit": "y", "evaluate": "z", key: value}, stream)
    try:
        parse_goal(stream.getvalue(), Path("/srv/demo/goal.yaml"))
    except KapsoError as error:
        assert error.exit_code == 2
