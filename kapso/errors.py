"""Every error that a user can meet, each with what failed, why, and what to do.

KapsoError                 exit code 1: Kapso or the machine is broken
├── UsageError             exit code 2: a mistake in the command
│   ├── GoalError          ... in goal.yaml; knows file, line and key
│   ├── RepositoryError    ... the repository cannot be used as it is
│   └── NotAvailableYet    ... part of the contract that is not built yet
├── BaselineError          exit code 4: the baseline cannot be evaluated
├── MachineError           exit code 1: no space, no permission, a lost node; never a candidate's fault
└── Interrupted            exit code 130 or 143: a signal ended the work

A failed candidate is data (an outcome), never one of these.
"""

from __future__ import annotations


class KapsoError(Exception):
    """What failed (`message`, values in backticks, no full stop), where, and the remedy (`help`)."""

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        help: str | None = None,
        where: str | None = None,
        slug: str = "error",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.where = where
        self.slug = slug

    def render(self) -> str:
        """The lines that the command line prints to stderr."""
        lines = [f"error[{self.slug}]: {self.message}"]
        if self.where:
            lines.append(f"  --> {self.where}")
        if self.help:
            lines.append(f"help: {self.help}")
        return "\n".join(lines)


class UsageError(KapsoError):
    """The command cannot be carried out as it was given."""

    exit_code = 2


class GoalError(UsageError):
    """goal.yaml says something that cannot be used; `where` is `file:line`."""


class RepositoryError(UsageError):
    """The git repository cannot be used as it is; `help` names the remedy."""


class NotAvailableYet(UsageError):
    """A key or command of the contract that a later version brings."""

    def __init__(self, what: str, *, where: str | None = None, help: str | None = None) -> None:
        super().__init__(f"{what} is not available yet", where=where, help=help, slug="not-available-yet")


class BaselineError(KapsoError):
    """The unchanged program could not be scored, so nothing can be compared with it."""

    exit_code = 4


class MachineError(KapsoError):
    """The machine failed (space, memory, permissions): nobody's candidate is to blame."""


class Interrupted(KapsoError):
    """A signal ended the work; what is pending is resumed later."""

    def __init__(self, message: str, *, exit_code: int = 130, help: str | None = None) -> None:
        super().__init__(message, help=help, slug="interrupted")
        self.exit_code = exit_code
