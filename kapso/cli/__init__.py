"""The command line `kapso`: finds the command and turns every failure into a message and an exit code.

Nothing heavy is imported before the command that needs it runs.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from gc import set_threshold

import click
from click.shell_completion import CompletionItem

from kapso.cli.catalogue import COMMANDS
from kapso.errors import KapsoError, RepositoryError, UsageError

__all__ = ["kapso", "main"]

GARBAGE = (50_000, 20, 100)
"""When Python looks for garbage. As often as by default, it takes a sixth of the time that imports take."""
INTERRUPTED = 130
PIPE_CLOSED = 141
"""What a shell reports for a program whose reader went away."""


class LazyGroup(click.Group):
    """Knows every command's name and summary, and imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        if ctx.resilient_parsing:  # a shell completes
            from kapso.cli.complete import with_completion

            return with_completion(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Options, and commands by the catalogue alone: importing them all would take too long."""
        options = click.Command.shell_complete(self, ctx, incomplete)
        fitting = [CompletionItem(n, help=e.summary) for n, e in COMMANDS.items() if n.startswith(incomplete)]
        return [*fitting, *options]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            remedy = f"did you mean `kapso {near[0]}`?" if near else "`kapso --help` lists the commands"
            raise UsageError(f"`{name}` is no command of kapso", help=remedy, slug="no-such-command")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # 30 ms

        click.echo(f"kapso {version('kapso-workbench')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Start with `kapso init` in the folder of a program, then `kapso run`.
\b
Completion, in the file that the shell reads when it starts:
  bash  eval "$(_KAPSO_COMPLETE=bash_source kapso)"
  zsh   eval "$(_KAPSO_COMPLETE=zsh_source kapso)"
  fish  _KAPSO_COMPLETE=fish_source kapso | source""",
)
@click.option("-C", "folders", metavar="DIR", multiple=True, help="Work as if started in DIR.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version)
@click.pass_context
def kapso(ctx: click.Context, folders: tuple[str, ...]) -> None:
    """Improve a program attempt by attempt, every attempt a git branch."""
    for folder in folders:
        try:
            os.chdir(folder)
        except OSError as error:
            raise UsageError(f"`-C {folder}`: {error.strerror}", slug="no-such-folder") from error
    if ctx.invoked_subcommand is None:
        _open_dashboard(ctx) if _is_terminal() else click.echo(ctx.get_help())


def _is_terminal() -> bool:
    """Whether somebody sits at a terminal that can show the dashboard."""
    if os.environ.get("CI") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    return sys.stdin.isatty() and sys.stdout.isatty()


def _open_dashboard(ctx: click.Context) -> None:
    """What plain `kapso` does on a terminal; outside a repository, the help and the remedy."""
    command = kapso.get_command(ctx, "tui")
    assert command is not None
    try:
        ctx.invoke(command)
    except RepositoryError:
        click.echo(ctx.get_help())
        raise


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of the `kapso` script; ends the process with the exit code of the contract."""
    set_threshold(*GARBAGE)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what the terminal cannot show is escaped, never fatal
            stream.reconfigure(errors="backslashreplace")
    if arguments is None and (instruction := os.environ.get("_KAPSO_COMPLETE")):
        from kapso.cli.complete import complete

        sys.exit(complete(kapso, instruction))
    sys.exit(_exit_code(sys.argv[1:] if arguments is None else list(arguments)))


def _exit_code(arguments: list[str]) -> int:
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
        return code
    except KapsoError as error:
        _complain(error)
        return error.exit_code
    except click.ClickException as error:
        _complain(_as_usage_error(error))
        return UsageError.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python's own flush at exit
        return PIPE_CLOSED
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("KAPSO_DEBUG") == "1":
            raise
        _complain(_unexpected(error))
        return 1


def _invoke(arguments: list[str]) -> int:
    try:
        with kapso.make_context("kapso", arguments) as ctx:
            code = kapso.invoke(ctx)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return code if isinstance(code, int) else 0


def _complain(error: KapsoError) -> None:
    from kapso.cli.output import styled

    head, *rest = error.render().splitlines()
    slug, _, message = head.partition(":")
    is_terminal = sys.stderr.isatty()
    print("\n".join([f"{styled(slug + ':', 'red', is_terminal)}{message}", *rest]), file=sys.stderr)


def _as_usage_error(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "kapso"
    message = error.format_message().rstrip(".")
    return UsageError(message, help=f"`{path} --help` shows how it is used", slug="usage")


def _unexpected(error: Exception) -> KapsoError:
    """One line for the user, the traceback for whoever mends it."""
    import traceback

    from kapso.cli.output import crash_log

    summary = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    where = crash_log("".join(traceback.format_exception(error)))
    return KapsoError(
        f"Kapso failed unexpectedly: {summary}",
        where=where,
        help="this is a defect of Kapso; `KAPSO_DEBUG=1` shows the traceback here",
        slug="unexpected",
    )
