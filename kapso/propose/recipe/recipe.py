"""What a playbook says that can be carried out: a rule of ast-grep, its fix, and what makes the fix safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Where = Literal["function", "file", "match", "previous", "next"]
"""Where a further change is looked for: around the match, in it, or in the statement beside it."""

USES = ("truth", "loop")
"""Uses of a name that no pattern says: asked whether there is anything in it, and walked through."""

Config = Mapping[str, Any]
"""A rule with its constraints and transformations, as ast-grep takes it."""


@dataclass(frozen=True)
class Change:
    """A further edit that goes with the match: made at every place that has the same metavariables.

    Unless it `is_optional`, the recipe does not apply without one.
    """

    config: Config
    fix: str
    where: Where = "function"
    is_optional: bool = False


@dataclass(frozen=True)
class Example:
    """A program before and after the recipe, each complete but for `run`.

    `run` is an expression in Python and JavaScript, in C and C++ the statements of a `main` that print: it
    answers the same for both. `measure` is the same at a size at which the gain shows. `input` is an
    expression of Python for what stands on stdin, `needs` are packages beside the language's own.
    """

    before: str
    after: str
    run: str
    measure: str = ""
    input: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """One recipe. `fix` None leaves the match in place, for what is changed around and inside it.

    `uses` says of a metavariable how its name may be used all through the function: one use that is not
    listed, and the recipe does not apply. `without` names metavariables whose text may not name those of
    others, `unless` what may not stand in the file, `names` prefixes of new names. `before` and `after` are
    statements around that of the match, `top` one after the imports. `gain` is how many times faster the
    example became where it was measured.
    """

    id: str
    title: str
    language: str
    config: Config
    example: Example
    fix: str | None = None
    also: tuple[Change, ...] = ()
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unless: tuple[Config, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    top: str = ""
    imports: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    assumes: str = ""
    gain: float = 1.0
    where: str = ""
