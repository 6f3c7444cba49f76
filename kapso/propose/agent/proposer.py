"""The Author `agent`: asks for an edit, takes what the agent left, and asks again where that is no use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kapso.attempt import Attempt
from kapso.errors import UsageError
from kapso.goal.authors import AgentOptions
from kapso.propose.agent.changes import Changes
from kapso.propose.agent.check import check_agent
from kapso.propose.agent.clis import takes_tools
from kapso.propose.agent.output import OWN_LIMIT
from kapso.propose.agent.session import Session
from kapso.propose.agent.site import Site
from kapso.propose.author import Author, Desk, Failure, NoUsableEdit, Reply, Unavailable
from kapso.propose.prompts import Templates, mend_prompt
from kapso.propose.protocol import Context, Files, Idea, Workspace
from kapso.wording import duration

_TITLE_LENGTH = 72
_LINE = re.compile(
    r"^[ \t>*_#-]{0,12}(title|what|why|expect)[*_]{0,3}[ \t]{0,3}:(.*)$", re.IGNORECASE | re.MULTILINE
)


class Agent(Author):
    """One coding agent. It keeps this machine busy while it works: it builds and tries things."""

    name = "agent"
    works_here = True
    is_paid = True

    def __init__(self, options: AgentOptions, site: Site, templates: Templates) -> None:
        self.most_cost = options.max_cost
        self._options, self._site, self._templates = options, site, templates

    @property
    def _called(self) -> str:
        return self._options.cli or "the agent"

    def check(self) -> float:
        try:
            check_agent(self._options, self._site)
        except UsageError as error:
            error.where = error.where or self._site.where
            raise
        return 0.0

    def why_nothing(self, files: Files) -> str | None:
        return None

    def ideate(self, context: Context) -> Idea | None:
        has_tools = self._site.has_tools and takes_tools(self._options)
        prompt = self._site.prompt(context, self._options.timeout_s, has_tools)
        return Idea(f"an edit by {self._called}", details={"prompt": prompt.text}, rests_on=prompt.rests_on)

    def observe(self, attempt: Attempt) -> None:
        """What the agent has to know of other attempts stands in its next prompt."""

    def write(self, idea: Idea, desk: Desk, workspace: Workspace) -> Idea:
        failures = list(desk.failures)
        while True:
            reply = self._ask(idea, desk, workspace, failures)
            changes = Changes.from_json(reply.data)
            changes.apply(workspace)
            failure = self._why_unusable(reply, changes, desk, workspace)
            if failure is None:
                return _told(idea, reply, changes)
            if desk.repairs <= 0:
                raise NoUsableEdit(failure.reason)
            failures.append(failure)

    def _ask(self, idea: Idea, desk: Desk, workspace: Workspace, failures: Sequence[Failure]) -> Reply:
        site = self._site
        prompt = str(idea.details["prompt"])
        if failures:
            prompt = mend_prompt(prompt, failures, self._templates)
        session = Session(self._options, site, tuple(workspace), prompt)

        def make() -> Reply:
            tree = site.tree_of(workspace)
            visible = site.repository.write_tree(tree, dict.fromkeys(_there(site, tree)))
            return session.run(visible, desk)

        purpose = "repair" if failures else "edit"
        return desk.call(purpose, session.request(), self.most_cost, make)

    def _why_unusable(
        self, reply: Reply, changes: Changes, desk: Desk, workspace: Workspace
    ) -> Failure | None:
        data = reply.data
        if changes.files:
            known = desk.known(workspace)
            return None if known is None else Failure(known, known)
        how, is_fault = _how_it_ended(data, self._options.timeout_s)
        if is_fault:
            raise Unavailable(f"{self._called} {how}")
        reason = f"{self._called} {how} and " if how else f"{self._called} "
        reason += "changed nothing that it may change"
        return Failure(reason, changes.told() or "\n".join(data["last"]) or None)


def _there(site: Site, tree: str) -> list[str]:
    """What of `tree` is hidden."""
    return [path for path in site.files.hidden if site.repository.entry(tree, path) is not None]


def _how_it_ended(data: Mapping[str, Any], timeout_s: float) -> tuple[str | None, bool]:
    """What was wrong with the session itself, in a phrase after the agent's name; whether that is a fault of
    its provider or of how it is set up, so that asking again for another edit would be of no use."""
    error = " ".join(str(data["error"] or "").split())[:300]
    if data["stopped_by"] == "timeout":
        how = f"was ended after {duration(timeout_s)}"
        return (f"{how}, as its calls failed: {error}", True) if error else (how, False)
    if data["stopped_by"] is not None:
        return f"was ended: too much {data['stopped_by']}", False
    if error.startswith(OWN_LIMIT):
        return f"came to a limit of its own ({error})", False
    if data["exit_code"] == 0 and not error:
        return None, False
    said = error or next(iter(data["last"][-1:]), "it said nothing")
    return f"failed (exit code {data['exit_code']}): {said}", True


def _told(idea: Idea, reply: Reply, changes: Changes) -> Idea:
    """The idea in the agent's own words, as far as it found any."""
    told = ((name.lower(), text.strip("*_ \t\r")) for name, text in _LINE.findall(reply.text))
    found = {name: text for name, text in told if text}
    names = ", ".join(list(changes.files)[:3]) + (", …" if len(changes.files) > 3 else "")
    title = " ".join((found.pop("title", "") or f"change {names}").split())
    lines = [f"{name.capitalize()}: {found[name]}" for name in ("what", "why", "expect") if name in found]
    undone = {"undone": dict(changes.undone)} if changes.undone else {}
    return replace(
        idea,
        title=title if len(title) <= _TITLE_LENGTH else f"{title[: _TITLE_LENGTH - 1]}…",
        hypothesis="\n".join(lines) or reply.text.strip()[:2000],
        details={**idea.details, **undone},
    )
