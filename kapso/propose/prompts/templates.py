"""The Jinja2 templates that prompts are made of: ours, or in their place those of the goal's `prompts:`.

All are read and tried out once, when the run starts: a mistake in one ends the run before anything is paid.
The user's are rendered in Jinja's sandbox, since a goal that was cloned may bring its own; it takes a third
of a prompt's time, and ours do without.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from kapso.errors import GoalError
from kapso.goal import Goal
from kapso.goal.authors import LlmOptions
from kapso.goal.names import nearest
from kapso.propose.prompts.text import clip, fence, indent, masked
from kapso.wording import number, printable, signed

OURS = Path(__file__).with_name("templates")
SUFFIX = ".md.j2"
_FENCE = re.compile(r" *`{3,}")


class Templates:
    """Templates by name (`edit`), each from the user's folder if it is there, else ours.

    A template of the user's reaches ours of the same name as `kapso/edit.md.j2`, to include or extend it.
    """

    def __init__(
        self,
        own: Mapping[str, str] | None = None,
        shown_as: str = "prompts",
        secrets: Collection[str] = (),
    ) -> None:
        from jinja2 import Environment, FunctionLoader, StrictUndefined  # 60 ms
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        self._ours = {path.name: path.read_text("utf-8") for path in OURS.glob(f"*{SUFFIX}")}
        self._own = dict(own or {})
        self._folder = shown_as
        self._secrets = secrets
        kind = ImmutableSandboxedEnvironment if own else Environment
        self._environment = kind(
            loader=FunctionLoader(self._source),
            auto_reload=False,  # all are read once
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=StrictUndefined,
        )
        self._environment.filters |= {
            "clip": clip,
            "fence": fence,
            "indent_all": indent,
            "line": printable,
            "number": number,
            "signed": signed,
        }

    @classmethod
    def of(cls, goal: Goal) -> Templates:
        """The templates for a goal. GoalError, with file and line, for one of the user's that cannot work."""
        if goal.prompts is None:
            return cls(secrets=_secrets(goal))
        from kapso.propose.prompts.sample import try_out

        written = goal.prompts
        folder = Path(goal.folder, os.path.expanduser(written))
        templates = cls(_read(folder, written, goal), written.rstrip("/"), _secrets(goal))
        try_out(templates)
        return templates

    @property
    def is_ours(self) -> bool:
        """Whether the user overrides nothing."""
        return not self._own

    def render(self, name: str, **values: Any) -> str:
        """The text of a template, without spare blank lines; secrets of the environment are masked in it."""
        template = f"{name}{SUFFIX}"
        text = self._guarded(lambda: self._environment.get_template(template).render(**values))
        return self.masked(_tidy(text))

    def masked(self, text: str) -> str:
        """`text` without the secrets of the environment."""
        return masked(text, self._secrets)

    def check_syntax(self) -> None:
        """GoalError where one of the user's templates is no Jinja."""
        for name in sorted(self._own):
            self._guarded(lambda name=name: self._environment.get_template(name))  # type: ignore[misc]

    def _source(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        """Text, shown path and freshness of a template, as Jinja asks for it."""
        if name in self._own:
            return self._own[name], f"{self._folder}/{name}", lambda: True
        plain = name.removeprefix("kapso/")
        return (self._ours[plain], str(OURS / plain), lambda: True) if plain in self._ours else None

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """What `work` gives; a mistake in a template of the user's becomes a GoalError with its line."""
        from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

        try:
            return work()
        except TemplateSyntaxError as error:
            raise _mistake(error.message or "no Jinja", f"{error.filename}:{error.lineno}") from error
        except Exception as error:
            where = self._where(error)
            if where is None:
                raise
            said = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
            if isinstance(error, TemplateNotFound):
                said = f"there is no template `{error.name}`"
            raise _mistake(said, where) from error

    def _where(self, error: BaseException) -> str | None:
        """`prompts/edit.md.j2:3`: the innermost line of a template of the user's that led to the error."""
        frames = traceback.extract_tb(error.__traceback__)
        own = [each for each in frames if each.filename.startswith(f"{self._folder}/")]
        return f"{own[-1].filename}:{own[-1].lineno}" if own else None


def _secrets(goal: Goal) -> set[str]:
    """The variables that the goal names as holding a key."""
    found: set[str | None] = set()
    for spec in goal.propose:
        if isinstance(spec.options, LlmOptions):
            models = [*spec.options.edit, *([spec.options.ideate] if spec.options.ideate else [])]
            found |= {model.api_key_env for model in models}
    return {name for name in found if name}


def _mistake(said: str, where: str) -> GoalError:
    said = said.replace("kapso.propose.prompts.", "").replace("material.", "").replace("goal_view.", "")
    return GoalError(
        f"the template cannot be used: {said.rstrip('.')}",
        where=where,
        help=f"what templates can use is shown by Kapso's own: `{OURS}`",
        slug="bad-template",
    )


def _read(folder: Path, written: str, goal: Goal) -> dict[str, str]:
    """The templates in the user's folder. One whose name starts with `_` is for the others to include."""
    where = goal.where("prompts")
    if not folder.is_dir():
        help = f"make the folder `{folder}`, or remove `prompts`; Kapso's own templates are in `{OURS}`"
        raise GoalError(f"`prompts: {written}` is no folder", where=where, help=help, slug="no-such-folder")
    known = sorted(path.name for path in OURS.glob(f"*{SUFFIX}"))
    found = {}
    for path in sorted(folder.iterdir()):
        name = path.name
        if name.startswith(".") or name.lower().startswith("readme") or path.is_dir():
            continue
        if name not in known and not name.startswith("_"):
            near = nearest(name, known)
            raise GoalError(
                f"`{written.rstrip('/')}/{name}` overrides no template of Kapso",
                where=where,
                help=f"did you mean `{near}`? there are: {', '.join(known)}; "
                "a name that starts with `_` is for others to include",
                slug="unknown-template",
            )
        found[name] = _text(path, folder, f"{written.rstrip('/')}/{name}")
    return found


def _text(path: Path, folder: Path, shown: str) -> str:
    if not path.resolve().is_relative_to(folder.resolve()):  # what it holds would be sent to a provider
        raise GoalError(
            f"`{shown}` is a link that leaves its folder", help="copy the file", slug="bad-template"
        )
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GoalError(f"`{shown}` cannot be read: {error}", slug="bad-template") from error


def _tidy(text: str) -> str:
    """No more than one blank line between paragraphs that conditions left empty; code is not touched."""
    kept: list[str] = []
    closing: str | None = None
    for line in text.strip("\n").split("\n"):
        mark = _FENCE.match(line)
        if closing is None and mark is not None:
            closing = mark[0]
        elif closing is not None and line == closing:
            closing = None
        if closing is None and not line.strip() and kept and not kept[-1].strip():
            continue
        kept.append(line)
    return "\n".join(kept) + "\n"
