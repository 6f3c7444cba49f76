"""What the recipes of the playbooks bring: each example timed before and after.

    python experiments/bench/recipes.py
    python experiments/bench/recipes.py --only list-as-queue,matrix --rounds 9 --write
    python experiments/bench/recipes.py --python ~/pandas/bin/python --write

The gain is the ratio of the fastest rounds of both, its range that of the rounds. Without `--python`,
examples that need a package which is not here are left out. `--write` puts the figures into the playbooks and
the table into results/recipes.md.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "knowledge"), str(ROOT / "tui")]

from recipe_runs import both  # noqa: E402  (the path comes first)

from kapso import shipped  # noqa: E402
from kapso.propose.recipe.reading import read_folder  # noqa: E402
from kapso.propose.recipe.recipe import Recipe  # noqa: E402

RESULTS = HERE / "results/recipes.json"
TABLE = HERE / "results/recipes.md"
TOOLS = {"c": "gcc", "cpp": "g++", "javascript": "node"}


@dataclass(frozen=True)
class Gain:
    """The seconds of an example's fastest rounds, and the least and largest ratio of a pair of rounds."""

    recipe: str
    playbook: str
    title: str
    before_s: float
    after_s: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        return self.before_s / self.after_s


def main() -> None:
    given = arguments()
    wanted = [name for name in given.only.split(",") if name]
    known = (
        {each["recipe"]: Gain(**each) for each in json.loads(RESULTS.read_text())} if RESULTS.exists() else {}
    )
    recipes = read_folder(given.playbooks, "playbooks")
    for recipe in recipes:
        if wanted and not any(name in recipe.id for name in wanted):
            continue
        if reason := why_not(recipe, given.python):
            print(f"{recipe.id} is left out: {reason}", file=sys.stderr)
            continue
        found = measured(recipe, given.rounds, given.python)
        known[recipe.id] = found
        if given.write:
            RESULTS.write_text(json.dumps([asdict(each) for each in known.values()], indent=1) + "\n")
        print(
            f"{recipe.id:32} {found.before_s:9.4f} s {found.after_s:9.4f} s  {shown(found.gain)}", flush=True
        )
    if given.write and given.playbooks == shipped.playbooks():
        kept = [known[recipe.id] for recipe in recipes if recipe.id in known]
        RESULTS.write_text(json.dumps([asdict(each) for each in kept], indent=1) + "\n")
        TABLE.write_text(table(kept, given.python))
        for path in sorted(shipped.playbooks().glob("[a-z]*.md")):
            path.write_text(with_gains(path.read_text(), known))


def measured(recipe: Recipe, rounds: int, python: str) -> Gain:
    """The rounds of both sides, which must answer the same."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = both(recipe, Path(folder), big=True, rounds=rounds, python=python)
        first, second = before.answer(), after.answer()
    if (first.printed, first.value) != (second.printed, second.value):
        print(f"{recipe.id}: {first.value[:60]} before, {second.value[:60]} after", file=sys.stderr)
    ratios = [one / max(other, 1e-6) for one, other in zip(first.seconds, second.seconds, strict=True)]
    return Gain(
        recipe.id,
        recipe.where.rpartition(":")[0].removeprefix("playbooks/"),
        recipe.title,
        min(first.seconds),
        max(min(second.seconds), 1e-6),
        min(ratios),
        max(ratios),
    )


def why_not(recipe: Recipe, python: str) -> str | None:
    """Why an example cannot be run here."""
    tool = TOOLS.get(recipe.language)
    if tool is not None and shutil.which(tool) is None:
        return f"there is no {tool}"
    if python == sys.executable:
        missing = [each for each in recipe.example.needs if importlib.util.find_spec(each) is None]
        return f"{', '.join(missing)} is not installed" if missing else None
    return None


def with_gains(text: str, known: dict[str, Gain]) -> str:
    """The playbook with the gains as they were measured."""

    def block(found: re.Match[str]) -> str:
        name = re.search(r"^id: *(\S+)", found[0], re.MULTILINE)
        if name is None or name[1] not in known:
            return found[0]
        return re.sub(
            r"^gain: .*$", f"gain: {shown(known[name[1]].gain)}", found[0], count=1, flags=re.MULTILINE
        )

    return re.sub(r"^```yaml recipe\n.*?^```$", block, text, flags=re.DOTALL | re.MULTILINE)


def shown(gain: float) -> str:
    """Two figures that count."""
    return f"{float(f'{gain:.2g}'):g}"


def table(gains: list[Gain], python: str) -> str:
    compiler = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    code = "import numpy, pandas, sklearn; print(numpy.__version__, pandas.__version__, sklearn.__version__)"
    science = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.split()
    versions = ", ".join(
        f"{a} {b}" for a, b in zip(("numpy", "pandas", "scikit-learn"), science, strict=False)
    )
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    tools = f"gcc {compiler} -O2, node {node}" + (f", {versions}" if versions else "")
    lines = [
        "# Recipes: what each brings",
        "",
        "The example of each recipe at the size of its `measure`, before and after: the processor time of",
        "the fastest round of each, their ratio, and its range over the rounds. Gains hang on sizes: these",
        "are examples. `python experiments/bench/recipes.py --write` makes the table.",
        "",
        f"{datetime.date.today()}, {machine}, {tools}.",
        "",
        "| playbook | recipe | before | after | times faster |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in gains:
        took = f"{seconds(each.before_s)} | {seconds(each.after_s)}"
        span = f"{shown(each.gain)} [{shown(each.low)}, {shown(each.high)}]"
        lines.append(f"| {each.playbook} | **{each.recipe}**: {each.title} | {took} | {span} |")
    return "\n".join([*lines, ""])


def seconds(value: float) -> str:
    return f"{value * 1000:.3g} ms"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="A,B", help="recipes whose id has one of these in it")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of each example (default 5)")
    parser.add_argument(
        "--python", default=sys.executable, help="an interpreter with pandas and scikit-learn"
    )
    parser.add_argument(
        "--playbooks", type=Path, default=shipped.playbooks(), metavar="DIR", help="others' own"
    )
    parser.add_argument("--write", action="store_true", help="into the playbooks and results/recipes.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
