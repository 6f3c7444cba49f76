"""Does `ablate` keep exactly the hunks that earn? On bests whose useful hunks are known by construction.

    python experiments/bench/ablation.py [--only WORD] [--jobs N] [--write]

Each case is a repository with a program of many small parts, and a best that changed a number of them: some
changes earn, some do nothing, some harm, some earn only together, of some one is enough. A run that has
`ablate` alone is started, given the best (`kapso try`) and resumed; what `kapso best --json` then calls the
smallest (else the best) must hold exactly the changes that earn. `--write` renews results/ablation.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.warm import Starter  # noqa: E402  (the path comes first)

RESULTS = Path(__file__).with_name("results") / "ablation.md"
JUDGE = """\
import json, random, sys
spec = json.load(open("spec.json"))
values = dict(line.split() for line in open(sys.argv[1]))
changed = {name for name, value in spec["best"].items() if values.get(name) == value}
score = 10.0
for weight, names, how in spec["terms"]:
    score += weight * {"all": all, "any": any}[how](name in changed for name in names)
if spec["sigma"]:
    score += random.SystemRandom().gauss(0, spec["sigma"])
print(json.dumps({"score": score}))
"""
GOAL = """\
name: parts
objective: Bring the parts to where they earn.
edit: [{edit}]
{build}run: |
  {run} > $KAPSO_OUT/values
evaluate: python3 -S judge.py $KAPSO_OUT/values
propose: [ablate]
repeats: {repeats}
search: {{parallel: {parallel}}}
budget: {{attempts: 150}}
"""
Edit = tuple[str, str, str, str]
"""A part in the base's words and in the best's, and what each prints."""


@dataclass(frozen=True)
class Language:
    """How programs of parts are written: `forms` are the ways in which a part changes."""

    file: str
    run: str
    forms: Sequence[Callable[[str, int], Edit]]
    head: str = ""
    tail: Callable[[Sequence[str]], str] = lambda names: ""
    build: str = ""


def _python(body_before: str, body_after: str, before: int, after: int) -> Callable[[str, int], Edit]:
    def form(name: str, n: int) -> Edit:
        head = f"\n\ndef {name}(x):\n"
        return (
            head + body_before.replace("N", str(n)),
            head + body_after.replace("N", str(n)),
            str(before + n),
            str(after + n),
        )

    return form


def _c(body_before: str, body_after: str, before: int, after: int) -> Callable[[str, int], Edit]:
    def form(name: str, n: int) -> Edit:
        head = f"\nstatic int {name}(int x) {{\n"
        return (
            head + body_before.replace("N", str(n)) + "}\n",
            head + body_after.replace("N", str(n)) + "}\n",
            str(before + n),
            str(after + n),
        )

    return form


PYTHON = Language(
    "parts.py",
    "python3 -S parts.py",
    [
        _python("    return x + N\n", "    return x + N + 5\n", 10, 15),
        _python("    y = x\n    return y + N\n", "    y = x\n    y += 7\n    return y + N\n", 10, 17),
        _python("    y = x\n    y -= 3\n    return y + N\n", "    y = x\n    return y + N\n", 7, 10),
        _python(
            "    total = 0\n    for i in range(3):\n        total += i\n    return total + N\n",
            "    total = 0\n    for i in range(4):\n        if i != 1:\n            total += i\n"
            "    return total + N\n",
            *(3, 5),
        ),
        _python("    return min(x, 4) + N\n", "    return max(x, 40) + N\n", 4, 40),
    ],
    head='"""Parts that print what they make of 10."""\n',
    tail=lambda names: f"\n\nfor part in ({', '.join(names)},):\n    print(part.__name__, part(10))\n",
)
C = Language(
    "parts.c",
    "./parts",
    [
        _c("    return x + N;\n", "    return x + N + 5;\n", 10, 15),
        _c("    int y = x;\n    return y + N;\n", "    int y = x;\n    y += 7;\n    return y + N;\n", 10, 17),
        _c(
            "    int y = x;\n    y -= 3;\n    return y + N;\n",
            "    int y = x;\n    return y + N;\n",
            *(7, 10),
        ),
        _c(
            "    int t = 0;\n    for (int i = 0; i < 3; i++)\n        t += i;\n    return t + N;\n",
            "    int t = 0;\n    for (int i = 0; i < 4; i++)\n        t += i - (i == 1);\n"
            "    return t + N;\n",
            *(3, 5),
        ),
    ],
    head="#include <stdio.h>\n",
    tail=lambda names: "\n".join(
        ["", "int main(void) {", *(f'    printf("{name} %d\\n", {name}(10));' for name in names), "}", ""]
    ),
    build="build: cc -O0 -o parts parts.c\n",
)
INI = Language(
    "parts.ini",
    r"sed -n 's/^\(part[0-9]*\) = \([^ ]*\)$/\1 \2/p' parts.ini",
    [
        lambda name, n: (f"{name} = {n}\n", f"{name} = {n + 5}\n", str(n), str(n + 5)),
        lambda name, n: (f"{name} = slow{n}\n", f"{name} = fast{n}\n", f"slow{n}", f"fast{n}"),
    ],
    head="[parts]\n",
)
YAML = Language(
    "parts.yaml",
    r"sed -n 's/^  \(part[0-9]*\): \([^ ]*\)$/\1 \2/p' parts.yaml",
    [
        lambda name, n: (f"  {name}: {n}.5\n", f"  {name}: {n}.75\n", f"{n}.5", f"{n}.75"),
        lambda name, n: (f"  {name}: true\n", f"  {name}: false\n", "true", "false"),
    ],
    head="parts:\n",
)
ROW = Language(
    "parts.json",
    r"""sed 's/[][,]/ /g' parts.json | awk '{for (i = 1; i <= NF; i++) printf "part%d %s\n", i - 1, $i}'""",
    [lambda name, n: (f" {n + 1},", f" {n + 101},", str(n + 1), str(n + 101))],
    head="[",
    tail=lambda names: " 0]\n",
)
"""All parts on one line: what earns must be found edit by edit."""
LONG_ROW = replace(
    ROW, forms=[lambda name, n: (f" {n + 1001},", f" {n + 5001},", str(n + 1001), str(n + 5001))]
)
"""The same with numbers that no two parts share."""


@dataclass(frozen=True)
class Case:
    """`terms` say what earns: a weight, parts, and whether all of them or any one of them must be changed.

    `kept` are the sets of changed parts that are right. Parts that no term names do nothing.
    """

    name: str
    language: Language
    changed: int
    terms: list[tuple[float, list[int], str]]
    kept: list[set[int]]
    sigma: float = 0.0
    repeats: int = 1
    parallel: int = 1
    apart: int = field(default=0)
    """Unchanged parts between two changed ones."""


def _plain(name: str, language: Language, changed: int, earning: set[int], **more: object) -> Case:
    terms = [(1.0 + 0.25 * at, [at], "all") for at in sorted(earning)]
    return Case(name, language, changed, terms, [earning], **more)  # type: ignore[arg-type]


def _large(name: str, language: Language, changed: int, earning: int, near: int = 1, **more: object) -> Case:
    """Of hundreds of changes those that earn stand wherever a draw puts them, `near` by near."""
    draw = random.Random(name)
    starts = draw.sample(range(0, changed - near, 2 * near), earning // near)
    found = {start + at for start in starts for at in range(near)}
    terms = [(draw.uniform(0.5, 3.0), [at], "all") for at in sorted(found)]
    return Case(name, language, changed, terms, [found], **more)  # type: ignore[arg-type]


CASES = [
    _plain("one of six", PYTHON, 6, {3}, apart=1),
    _plain("three of eight", PYTHON, 8, {0, 4, 7}, apart=1),
    _plain("all of five", PYTHON, 5, {0, 1, 2, 3, 4}, apart=1),
    _plain("two of thirty", PYTHON, 30, {11, 23}, apart=1),
    _plain("four of seven, without gaps", PYTHON, 7, {1, 2, 5, 6}),
    _plain("one of six", C, 6, {2}, apart=1),
    _plain("three of nine", C, 9, {1, 3, 8}, apart=1),
    _plain("five of twelve, without gaps", C, 12, {0, 1, 6, 7, 11}),
    _plain("two of twenty", C, 20, {6, 13}, apart=1),
    _plain("three of ten lines that adjoin", INI, 10, {2, 3, 9}),
    _plain("two of twelve lines", INI, 12, {5, 6}, apart=1),
    _plain("four of nine lines that adjoin", YAML, 9, {0, 2, 4, 6}),
    _plain("one of fifteen lines", YAML, 15, {14}, apart=2),
    _plain("three of nine edits on one line", ROW, 9, {1, 2, 7}),
    _plain("one of twelve edits on one line", ROW, 12, {10}),
    Case("a pair that earns only together", PYTHON, 6, [(2.0, [1, 4], "all")], [{1, 4}], apart=1),
    Case(
        "two pairs and a single one", C, 9,
        [(2.0, [0, 5], "all"), (1.0, [2, 3], "all"), (3.0, [7], "all")], [{0, 2, 3, 5, 7}], apart=1,
    ),
    Case("a pair, each harmful alone", INI, 7,
         [(-1.0, [2], "all"), (-1.0, [5], "all"), (4.0, [2, 5], "all")], [{2, 5}]),
    Case("either of two is enough", PYTHON, 7,
         [(2.0, [1, 5], "any"), (1.0, [3], "all")], [{1, 3}, {3, 5}], apart=1),
    Case("any of three is enough", YAML, 8, [(2.0, [0, 4, 7], "any")], [{0}, {4}, {7}]),
    Case("one harms, hidden by what earns", PYTHON, 6,
         [(3.0, [0], "all"), (2.0, [4], "all"), (-0.5, [2], "all")], [{0, 4}], apart=1),
    Case("two harm", C, 8,
         [(3.0, [1], "all"), (-0.5, [3], "all"), (-0.25, [6], "all"), (1.0, [7], "all")], [{1, 7}], apart=1),
    Case("small gains beside a large one", INI, 9,
         [(100.0, [0], "all"), (0.001, [4], "all"), (0.0001, [8], "all")], [{0, 4, 8}]),
    _plain("four at a time: three of eleven", PYTHON, 11, {2, 6, 9}, apart=1, parallel=4),
    _plain("four at a time: two of eight edits on one line", ROW, 8, {3, 4}, parallel=4),
    _plain("noise of a tenth: three of eight", PYTHON, 8, {0, 4, 7}, apart=1, sigma=0.1),
    _plain("noise of a tenth: two of twelve", INI, 12, {3, 8}, sigma=0.1),
    _plain("noise of a tenth: four of nine", YAML, 9, {0, 2, 4, 6}, sigma=0.1),
    _plain("noise of a fifth, three repeats: two of six", C, 6, {1, 4}, apart=1, sigma=0.2, repeats=3),
    _plain("noise of a fifth, three repeats: three of ten", INI, 10, {1, 5, 9}, sigma=0.2, repeats=3),
    _large("large: three of 300", PYTHON, 300, 3, apart=1),
    _large("large: eight of 240, four by four", PYTHON, 240, 8, near=4),
    _large("large: twelve of 400 lines", INI, 400, 12, near=3, apart=1),
    _large("large: five of 200", C, 200, 5, apart=1),
    _large("large: ten of 300 lines, all apart", YAML, 300, 10, apart=2),
    _large("large: four of 250 edits on one line", LONG_ROW, 250, 4),
    Case("large: the loss has a floor, three of 200", INI, 200,
         [(4.0, [40, 90, 160], "any"), (1.0, [40], "all"), (0.5, [90], "all")],
         [{40, 90}], apart=1),
    Case("large: two harm, three of 300 earn", YAML, 300,
         [(3.0, [20], "all"), (-0.5, [120], "all"), (2.0, [121], "all"), (-0.25, [200], "all"),
          (1.0, [299], "all")], [{20, 121, 299}], apart=1),
    Case("large: a product of pairs, six of 240", INI, 240,
         [(1.0, [10, 200], "all"), (2.0, [60, 61], "all"), (1.5, [130, 180], "all")],
         [{10, 60, 61, 130, 180, 200}], apart=1),
    _large("large: four at a time, six of 300", YAML, 300, 6, near=2, apart=1, parallel=4),
    _large("large: noise of a tenth, three of 200", INI, 200, 3, apart=1, sigma=0.1),
    _large("large: noise of a tenth, six of 300 lines", YAML, 300, 6, near=2, sigma=0.1),
]  # fmt: skip


@dataclass(frozen=True)
class Result:
    case: Case
    kept: set[int]
    attempts: int
    lines: tuple[int, int]
    seconds: float

    @property
    def is_exact(self) -> bool:
        return self.kept in self.case.kept


def build(case: Case, root: Path) -> tuple[str, dict[int, tuple[str, str]]]:
    """Write the base's files; the best's program, and how changed parts read in the base and in the best."""
    draw = random.Random(case.name)
    base, best, names = [], [], []
    values: dict[str, str] = {}
    words: dict[int, tuple[str, str]] = {}
    for at in range(case.changed * (1 + case.apart)):
        name = f"part{at}"
        names.append(name)
        form = case.language.forms[draw.randrange(len(case.language.forms))]
        before, after, _, value = form(name, at)
        base.append(before)
        if at % (1 + case.apart):
            best.append(before)
        else:
            best.append(after)
            values[name], words[at // (1 + case.apart)] = value, (before, after)
    terms = [(w, [f"part{at * (1 + case.apart)}" for at in parts], how) for w, parts, how in case.terms]
    spec = {"best": values, "terms": terms, "sigma": case.sigma}
    language = case.language
    tail = language.tail(names)
    goal = GOAL.format(
        edit=language.file,
        build=language.build,
        run=language.run,
        repeats=case.repeats,
        parallel=case.parallel,
    )
    files = {
        "goal.yaml": goal,
        "judge.py": JUDGE,
        "spec.json": json.dumps(spec),
        language.file: language.head + "".join(base) + tail,
    }
    for path, text in files.items():
        (root / path).write_text(text)
    return language.head + "".join(best) + tail, words


def measure(case: Case) -> Result:
    """One case from the first commit to what is kept in the end."""
    since = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kapso-ablation-") as folder:
        root = Path(folder)
        best, words = build(case, root)
        git(root, "init", "-q", "-b", "main")
        git(root, "add", "-A")
        git(root, "commit", "-qm", "start")
        kapso(root, "run", "goal.yaml")
        program = root / case.language.file
        program.write_text(best)
        git(root, "commit", "-qam", "what was found")
        kapso(root, "try", "parts", "HEAD")
        git(root, "reset", "-q", "--hard", "HEAD~1")
        kapso(root, "resume", "parts")
        attempts = [json.loads(line) for line in kapso(root, "ls", "parts", "--json").splitlines()]
        [told] = [json.loads(line) for line in kapso(root, "best", "parts", "--json").splitlines()]
        less = told["smallest"]
        number = less["attempt"] if less else told["attempt"]
        branch = next(each["branch"] for each in attempts if each["attempt"] == number)
        kept = kept_parts(words, git(root, "show", f"{branch}:{case.language.file}"))
        lines = (less["lines"], less["of_lines"]) if less else (0, 0)
    made = sum(each["proposer"] == "ablate" for each in attempts)
    return Result(case, kept, made, lines, time.monotonic() - since)


def kept_parts(words: dict[int, tuple[str, str]], text: str) -> set[int]:
    """The changed parts that a program has as the best had them; what it has in neither way is negative."""
    gone = {at for at, (before, _) in words.items() if before in text}
    kept = {at for at, (_, after) in words.items() if after in text}
    return kept | {-1 - at for at in words.keys() - kept - gone}


def git(root: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout


def kapso(root: Path, *arguments: str) -> str:
    done = started().run(arguments, root, os.environ, timeout=3600)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


@cache
def started() -> Starter:
    """Forks processes that have imported Kapso: else imports would be most of what the bench takes."""
    return Starter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name or file has this word")
    parser.add_argument("--write", action="store_true", help=f"renew {RESULTS.name}")
    parser.add_argument("--jobs", type=int, default=1, help="how many cases are measured at once (default 1)")
    given = parser.parse_args()
    cases = [case for case in CASES if given.only in f"{case.name} {case.language.file}"]
    results = []
    started()
    with ThreadPoolExecutor(given.jobs) as pool:  # each waits for processes of its own
        for result in pool.map(measure, cases):
            results.append(result)
            print(row(result), f"{result.seconds:.0f} s", flush=True)
    exact = sum(each.is_exact for each in results)
    print(f"{exact} of {len(results)} kept exactly what earns")
    if given.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(report(results))


def row(result: Result) -> str:
    case = result.case
    kind = Path(case.language.file).suffix[1:]
    earning = " or ".join(str(len(each)) for each in case.kept[:1])
    verdict = "exactly" if result.is_exact else f"**no**: {sorted(result.kept)}, not {sorted(case.kept[0])}"
    return f"| {case.name} | {kind} | {case.changed} | {earning} | {verdict} | {result.attempts} |"


def report(results: Sequence[Result]) -> str:
    exact = sum(each.is_exact for each in results)
    lines = [
        "# Does `ablate` keep exactly what earns?",
        "",
        "Made by `python experiments/bench/ablation.py --write`. A best with a number of changes, of which",
        "it is known by construction which earn, is taken apart by a real run; what is kept in the end must",
        f"be exactly those. **{exact} of {len(results)}** are; the goal is 9 of 10.",
        "",
        "| case | program | changes | that earn | kept | attempts used |",
        "| --- | --- | ---: | ---: | --- | ---: |",
        *map(row, results),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
