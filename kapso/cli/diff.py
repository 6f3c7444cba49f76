"""`kapso diff`: what differs between two attempts of a run."""

from __future__ import annotations

import sys

import click

from kapso.cli.output import coloured_diff, json_option, print_json, write_bytes


@click.command()
@click.argument("arguments", nargs=-1, metavar="[RUN] [A] [B]")
@json_option
def diff(arguments: tuple[str, ...], as_json: bool) -> None:
    """What changed from attempt A (default: the base) to attempt B (default: the best).

    An attempt is a number, `baseline` or `best`, also one that waits for approval. Into a file or a pipe
    goes a patch that `git apply` takes.

    \b
    kapso diff                          base against best of the latest run
    kapso diff circle-packing 3 7
    kapso diff 3                        attempt 3 against the best
    """
    from kapso.cli.pick import open_log, split

    run, names = split(arguments, 2)
    first, second = [*names, *("baseline", "best")[len(names) :]]
    log = open_log()
    picked = log.run(run)
    a, b = log.version(picked, first), log.version(picked, second)
    if as_json:
        stat = log.repository.diff_stat(a.commit, b.commit)
        print_json(
            {
                "run": picked.run,
                "a": a.number,
                "b": b.number,
                "files": stat.files,
                "added": stat.added,
                "removed": stat.removed,
                "paths": list(log.repository.changed_paths(a.commit, b.commit)),
                "diff": log.repository.diff(a.commit, b.commit),
            }
        )
    elif a.tree == b.tree:
        click.echo(f"attempts {a.number} and {b.number} of {picked.run} have the same files", err=True)
    elif sys.stdout.isatty():
        print("\n".join(coloured_diff(log.repository.diff(a.commit, b.commit))))
    else:
        write_bytes(log.repository.patch(a.commit, b.commit))
