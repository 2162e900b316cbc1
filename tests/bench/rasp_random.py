"""Random RASP statements in our console and in the original: ``python -m tests.bench.rasp_random DIR``.

DIR is a clone of tech-srl/RASP, whose console is run as a process of its own; it needs antlr4-python3-runtime 4.9,
graphviz and termcolor, which may stand in another folder (``--packages``). A statement without meaning there may have
one here: the original refuses an index behind brackets, and counting in a word. All else must be the same, but for the
sign of 0.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
from pathlib import Path

from tests.bench.rasp_originals import TypedInto, expected_events

COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")


class Statements:
    """Draws statements whose kinds nearly always fit."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._names = {"num": ["indices", "length"], "str": ["tokens"], "bool": ["(indices > 1)"], "sel": ["full_s"]}
        self._leaves = {"num": ["0", "2", "3", "1.5"], "str": ['"a"', '"l"'], "bool": ["True"], "sel": []}
        self._count = 0

    def draw(self) -> str:
        """An example, or the definition of a variable."""
        self._count += 1
        if self._count % 40 == 1:
            return f'set example "{"".join(self._random.choices("helo", k=self._random.randint(1, 7)))}"'
        kind = self._random.choice(["num", "num", "str", "bool", "sel"])
        name = f"v{self._count}"
        statement = f"{name} = {self._expression(kind, self._random.randint(1, 4))};"
        if self._random.random() < 0.05:
            self._names[kind].append(name)  # even if it has no meaning: both must say so again
        return statement

    def _expression(self, kind: str, depth: int) -> str:
        if depth <= 0 or self._random.random() < 0.15:
            return self._random.choice(self._names[kind] + self._leaves[kind])
        wanted = kind if self._random.random() > 0.02 else self._random.choice(list(self._names))
        return self._random.choice(FORMS[wanted]).format_map(_Parts(self, depth - 1))

    def part(self, name: str, depth: int) -> str:
        """What stands in a form in the place of a name."""
        match name.rstrip("0123456789"):
            case "cmp":
                return self._random.choice(COMPARISONS)
            case "order":
                return self._random.choice([each for each in COMPARISONS if each != "!="])
            case "both":
                return self._random.choice(["and", "or"])
            case "sign":
                return self._random.choice("+-*")
            case "place":
                return self._random.choice(["0", "1", "-1", "9", "-9"])
            case kind:
                return self._expression(kind, depth)


class _Parts(dict[str, str]):
    def __init__(self, statements: Statements, depth: int) -> None:
        super().__init__()
        self._statements, self._depth = statements, depth

    def __missing__(self, name: str) -> str:
        return self._statements.part(name, self._depth)


FORMS: dict[str, list[str]] = {
    "num": [
        "{num} {sign} {num}", "({num} / {num})", "{num} % {num}", "-{num}", "round({num})", "indicator({bool})",
        "selector_width({sel})", "aggregate({sel}, {num})", "aggregate({sel}, {num}, 1)", "{num} ^ 2",
        "({num} if {bool} else {num})", "indices[{place}]", "count({str}, {str})", "max({num}, {num})",
        "min({num}, {num})", "[3, 1, 2, 5, 4, 7, 9][{num}]", "load_from_location({num}, {num})",
    ],
    "str": [
        "({str} if {bool} else {str})", 'aggregate({sel}, {str}, "-")', "{str} + {str}", "sort({str}, {num})",
        'shift({str}, 1, "-")', '"abcdefg"[{num}]', "tokens[{place}]",
    ],
    "bool": [
        "{num} {order} {num}", "{str} {order} {str}", "{bool} {both} {bool}", "not {bool}", "({num} in [1, 2, 3])",
        "contains({str}, {str})", "has_focus({sel})", "mark_last_instance({str}, {str})",
    ],
    "sel": [
        "select({num}, {num}, {cmp})", "select({str}, {str}, {cmp})", "({sel} {both} {sel})", "not {sel}",
        "select_next_identical({str})",
    ],
}  # fmt: skip
"""Kind -> the forms of an expression of that kind."""


def original_events(folder: Path, statements: list[str], packages: Path | None) -> list[list[tuple[str, ...]]]:
    """What the original shows of each statement."""
    typed = "".join(f'{statement}\n"@@{place}";\n' for place, statement in enumerate(statements))
    path = str(packages) if packages is not None else os.environ.get("PYTHONPATH", "")
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "RASP_support"]
    found = subprocess.run(
        command, input=typed, capture_output=True, text=True, cwd=folder, env=environment, check=True
    )
    parts = re.split(r'value: out =\s+"@@\d+"', re.sub("\x1b\\[[0-9;]*m", "", found.stdout))
    return [expected_events(part) for part in parts[: len(statements)]]


def main() -> int:
    """Compare, and print what differs; 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--statements", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--packages", type=Path, metavar="DIR")
    options = parser.parse_args()
    drawn = Statements(options.seed)
    statements = [drawn.draw() for _ in range(options.statements)]
    console, wrong, refused, more = TypedInto(options.folder), 0, 0, 0
    for statement, theirs in zip(
        statements, original_events(options.folder, statements, options.packages), strict=True
    ):
        before = len(console.events)
        console.feed(statement)
        ours = console.events[before:]
        refused += theirs == [("error",)]
        if theirs == [("error",)] != ours:
            more += 1
            console.scope.variables.pop(statement.split()[0], None)  # it is not known there
        elif [_plain(event) for event in ours] != [_plain(event) for event in theirs]:
            wrong += 1
            print(f"{statement}\n    ours   {ours}\n    theirs {theirs}")
    print(
        f"{len(statements)} statements, {refused} without meaning there, {more} of these with one here; {wrong} differ"
    )
    return int(wrong > 0)


def _plain(event: tuple[str, ...]) -> tuple[str, ...]:
    """Without the rows of selectors, the sign of 0, and how a single number is written."""
    kind, *rest = event
    if kind == "value":
        return (kind, rest[0])
    return (kind, *(part.replace("-0.0", "0.0") for part in rest))


if __name__ == "__main__":
    sys.exit(main())
