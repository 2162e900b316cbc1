"""Dead nodes planted in programs, and what `find_dead` makes of them: ``python -m tests.bench.planted_dead``.

Heads of all four kinds are planted in the programs of the gallery, in those of `tests.programs` and in random ones.
Truth comes from removal by brute force, which shares no code with `find_dead`: every node is replaced by a table that
says one value, for every value that there is, and the whole program is executed anew on every input. The same for what
arises beside, for the set that is to be removed together, and for entries: taken away, a dead one is missed by no
input, a live one by some.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import tprog
from analyze.dead import find_dead
from analyze.reached_entries import entries_of
from analyze.results.dead import DeadResult
from tests.bench.brute_force import answers, domain_of, lacking, truths, values_of, without
from tests.bench.planting import KINDS, Planter
from tests.bench.random_program import random_program
from tests.interventions import frozen
from tests.programs import PROGRAMS
from tprog.ir.entries import TableKey, WeightsOf
from tprog.ir.program import Program, Symbols
from tprog.run.batch import Array
from tprog.tasks.builtin import Inputs

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"


@dataclass
class Score:
    """Counts over all programs, by kind of deadness."""

    programs: int = 0
    nodes: int = 0
    inputs: int = 0
    untried: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    alive: Counter[str] = field(default_factory=Counter)
    true: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    static: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    refuted: list[str] = field(default_factory=list)
    removed: int = 0
    sets: int = 0
    broken_sets: list[str] = field(default_factory=list)
    entries: Counter[str] = field(default_factory=Counter)
    wrong_entries: list[str] = field(default_factory=list)


def judge(score: Score, label: str, planter: Planter, with_entries: bool) -> None:
    """Compare what `find_dead` says of one program with what brute force finds."""
    program = planter.program
    inputs = domain_of(program)
    result = find_dead(program, inputs)
    truth, before = truths(program, inputs), answers(program, inputs.batch)
    score.programs, score.nodes = score.programs + 1, score.nodes + len(program.nodes)
    score.inputs += len(inputs.batch)
    score.untried += sum(true.inert_at is None for true in truth.values())
    for name, kind in planter.planted:
        (score.planted if kind in truth[name].kinds else score.alive)[kind] += 1
    said = {node.name: {verdict.kind: verdict for verdict in node.verdicts} for node in result.dead}
    for name, true in truth.items():
        mine = said.get(name, {})
        score.true.update(true.kinds)
        score.found.update(mine.keys())
        score.static.update(kind for kind, verdict in mine.items() if verdict.proof == "static")
        known = true.kinds | ({"inert"} if true.inert_at is None else set())
        score.refuted += [f"{label}: {name} {kind}" for kind in mine if kind not in known]
        score.missed += [f"{label}: {name} {kind}" for kind in sorted(true.kinds) if kind not in mine]
        if "inert" in mine:
            constant = mine["inert"].constant
            assert constant is not None
            changed = frozen(program, {name: constant})
            if not (answers(changed, inputs.batch) == before).all():
                score.refuted.append(f"{label}: {name} inert at {constant!r}")
        if "unread" in mine and true.inert_at is not None and len(true.inert_at) != len(values_of(program, name) or ()):
            score.refuted.append(f"{label}: {name} unread, but not every constant keeps the answers")
    score.sets, score.removed = score.sets + bool(result.removable), score.removed + len(result.removable)
    if not (answers(without(program, result.removable), inputs.batch) == before).all():
        score.broken_sets.append(label)
    if with_entries:
        _judge_entries(score, label, program, inputs, result, before)


def _judge_entries(
    score: Score, label: str, program: Program, inputs: Inputs, result: DeadResult, before: Array
) -> None:
    dead = {found.entry for found in result.dead_entries}
    score.entries["dead"] += len(dead)
    score.entries["static"] += sum(found.proof == "static" for found in result.dead_entries)
    gone: list[tuple[TableKey, int]] = []
    live: list[tuple[TableKey, int]] = []
    for table, entries in entries_of(program).items():
        whole = isinstance(table, WeightsOf) and not isinstance(program.variables[table.variable].domain, Symbols)
        for index, entry in enumerate(entries):
            if not whole:  # a number's weights cannot be left out
                (gone if str(entry) in dead else live).append((table, index))
    if not (answers(lacking(program, gone), inputs.batch) == before).all():
        score.wrong_entries.append(f"{label}: a dead entry is missed")
    for one in live:
        score.entries["live"] += 1
        lesser = lacking(program, [one])
        if lesser != program and (answers(lesser, inputs.batch) == before).all():
            score.wrong_entries.append(f"{label}: {one} is live, but no input misses it")


# Which programs #######################################################################################################


def bases(rounds: int) -> Iterator[tuple[str, Program, int, bool]]:
    """(label, program, seed, whether to check entries) of the programs to plant in."""
    written = {name: case.program for name, case in sorted(PROGRAMS.items())}
    written |= {path.stem: tprog.load(path) for path in sorted(GALLERY.glob("*/*.py"))}
    for turn in range(rounds):
        for name, program in written.items():
            yield f"{name} #{turn}", replace(program, task=None), turn, turn == 0
        for seed in range(15):
            at = 100 * turn + seed
            made = random_program(seed=at, letters="abc", length=6, layers=1 + at % 2, heads=4, mlps=2)
            yield f"random {at}", replace(made, task=None), at, True


def run(rounds: int) -> Score:
    score = Score()
    for label, program, seed, with_entries in bases(rounds):
        planter = Planter(program, seed)
        for kind in KINDS:
            planter.plant(kind)
        judge(score, label, planter, with_entries)
    return score


def table(score: Score) -> str:
    """The figures as a table in Markdown."""
    rows: list[tuple[str, ...]] = [("kind", "planted", "all true", "found", "of these static", "missed", "refuted")]
    for kind in KINDS:
        missed, refuted = (sum(f" {kind}" in one for one in found) for found in (score.missed, score.refuted))
        counts = (score.planted[kind], score.true[kind], score.found[kind], score.static[kind], missed, refuted)
        rows.append((kind, *(f"{count:,}" for count in counts)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    dead, live = score.entries["dead"], score.entries["live"]
    return "\n".join(
        [
            *lines,
            "",
            f"{sum(score.planted.values()):,} planted dead heads ({sum(score.alive.values()):,} more came out alive) "
            f"in {score.programs:,} programs of {score.nodes:,} nodes.",
            f"{score.inputs:,} inputs; {score.untried:,} nodes have too many values for each to be tried.",
            f"{score.removed:,} nodes removed together in {score.sets:,} sets, "
            f"of which {len(score.broken_sets)} change an answer.",
            f"{dead:,} dead entries ({score.entries['static']:,} static), {live:,} live ones; "
            f"{len(score.wrong_entries)} are not what they are said to be.",
            *score.missed[:20],
            *score.refuted[:20],
            *score.broken_sets[:20],
            *score.wrong_entries[:20],
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.planted_dead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="times each program is planted in")
    options = parser.parse_args()
    start = time.perf_counter()
    score = run(options.rounds)
    print(table(score))
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
