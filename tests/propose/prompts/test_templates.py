"""A goal's own templates: they take the place of ours, and a mistake in one names file and line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import GoalError
from kapso.goal import Goal, parse_goal
from kapso.goal.authors import LlmOptions, ModelOptions
from kapso.goal.model import ProposerSpec
from kapso.propose.prompts import Templates
from kapso.propose.prompts.templates import OURS

Own = Callable[..., Goal]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """`own(hints="…")` → a goal whose `prompts: mine` holds that template."""

    def make(**texts: str) -> Goal:
        folder = tmp_path / "mine"
        folder.mkdir()
        for name, text in texts.items():
            (folder / f"{name.replace('__', '-')}.md.j2").write_text(text)
        goal = parse_goal("objective: x\nedit: ['**']\nevaluate: 'true'\n", tmp_path / "goal.yaml")
        return replace(goal, prompts="mine", lines={"prompts": 7})

    return make


def test_a_template_of_the_users_takes_the_place_of_ours(own: Own, make_run: Any) -> None:
    run = make_run()
    before = run.prompt()
    run.templates = Templates.of(own(angle="Beat {{ start.score }} in attempt {{ number }}.\n"))
    assert "# Now\n\nBeat 2.0 in attempt 1.\n" in run.prompt()
    assert run.prompt().partition("# Now")[0] == before.partition("# Now")[0]


def test_ours_can_be_included_and_parts_be_shared(own: Own) -> None:
    templates = Templates.of(
        own(hints="{% include 'kapso/hints.md.j2' %}\n{% include '_more.md.j2' %}", _more="Be brief.")
    )
    said = templates.render("hints", hints=["Use hexagons."])
    assert "# Hints from the user" in said and said.endswith("Be brief.\n")


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("{{ nope }}", "'nope' is undefined", 1),
        ("a\n{% if %}", "Expected an expression", 2),
        ("a\n\n{{ seed.foo() }}", "no attribute 'foo'", 3),
        (
            "a\n{% for told in failed %}\n{{ told.titel }}{% endfor %}",
            "'Told object' has no attribute 'titel'",
            3,
        ),
        ("{% include 'lost.md.j2' %}", "there is no template `lost.md.j2`", 1),
        ("\n{{ ''.__class__.__mro__ }}", "`__class__`|'__class__'", 2),
        ("{{ 1 / 0 }}", "ZeroDivisionError", 1),
    ],
)
def test_a_mistake_in_a_template_names_file_and_line(own: Own, text: str, said: str, line: int) -> None:
    with pytest.raises(GoalError, match=said) as refused:
        Templates.of(own(record=text))
    assert refused.value.where == f"mine/record.md.j2:{line}"


def test_a_template_that_overrides_nothing_is_refused(own: Own) -> None:
    with pytest.raises(GoalError, match="`mine/agnet.md.j2` overrides no template") as refused:
        Templates.of(own(agnet="x"))
    assert str(refused.value.where).endswith("goal.yaml:7")
    assert "did you mean `agent.md.j2`?" in str(refused.value.help)


def test_a_folder_that_is_not_there_is_refused(own: Own) -> None:
    with pytest.raises(GoalError, match="`prompts: none` is no folder"):
        Templates.of(replace(own(), prompts="none"))


def test_a_link_out_of_the_folder_is_refused(own: Own, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    goal = own()
    (tmp_path / "mine" / "goal.md.j2").symlink_to(tmp_path / "secret")
    with pytest.raises(GoalError, match="leaves its folder"):
        Templates.of(goal)


def test_notes_beside_the_templates_do_not_matter(own: Own, tmp_path: Path) -> None:
    goal = own(angle="Go.")
    (tmp_path / "mine" / "README.md").write_text("{{ no template")
    (tmp_path / "mine" / ".angle.md.j2.swp").write_bytes(b"\xff")
    assert Templates.of(goal).render("angle") == "Go.\n"


def test_all_of_ours_can_be_overridden_by_themselves(own: Own, make_run: Any) -> None:
    """A copy of our folder, to start from, gives the same prompts."""
    texts = {path.name.removesuffix(".md.j2"): path.read_text() for path in OURS.iterdir()}
    run = make_run()
    before = run.prompt(), run.agent()
    run.templates = Templates.of(own(**texts))
    assert (run.prompt(), run.agent()) == before


def test_a_key_that_the_goal_names_is_masked(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PROVIDER", "abcdefgh-123")
    model = ModelOptions("openai:x", api_key_env="MY_PROVIDER")
    goal = replace(own(), prompts=None, propose=(ProposerSpec("llm", LlmOptions((model,))),))
    assert "abcdefgh" not in Templates.of(goal).render("idea", idea="use abcdefgh-123")
