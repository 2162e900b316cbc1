"""Prove what a dyck program says of every input, without running every input.

Run: ``python -m tests.bench.dyck MODULE [--length N]``. Dyck2 has 4 to the power of 15 inputs, which differ in little
that matters. The program is causal, so what it says at a position depends on the symbols up to there. Of those, there
are only so many that can still become balanced, and as many that are so but for their last symbol, which breaks them:
these are run. What comes after the symbol that breaks an input must be answered by F whatever it is, and that is shown
on the program, not by running it: its answer is F as soon as a certain count is 1, and no symbol lowers that count.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tprog.ir.domains import Number, Numbers
from tprog.ir.nodes import Embedding, Head, Lookup, NumericHead
from tprog.ir.program import Program
from tprog.ir.readout import Weights
from tprog.run.batch import Array
from tprog.run.execute import execute
from tprog.tasks.builtin import Inputs, Task, task_of
from tprog.tasks.input_domain import framed
from tprog.text.read import read_module

TOGETHER = 100_000
"""Inputs that are grown together; more of them are grown one part after the other, so that they fit into memory."""


@dataclass(frozen=True)
class Open:
    """Symbols that can still become balanced.

    Attributes:
        symbols: [input, place] codes: an even one opens, the odd one behind it closes.
        closer: [input, depth] the code that closes what is open at that depth; nothing is at depth 0.
        depth: [input] how much is open.
    """

    symbols: Array
    closer: Array
    depth: Array

    @classmethod
    def empty(cls, length: int) -> Open:
        """No symbols yet, and room for `length` of them."""
        closer = np.full((1, length + 1), -1, dtype=np.int8)
        return cls(np.zeros((1, 0), dtype=np.int8), closer, np.zeros(1, dtype=np.int64))

    def of(self, rows: Array | slice) -> Open:
        """Some of them."""
        return Open(self.symbols[rows], self.closer[rows], self.depth[rows])

    def grown(self, pairs: int) -> tuple[Open, Array]:
        """One symbol more: all that can still become balanced, and the symbols of all that are broken by it."""
        made: list[Open] = []
        broken: list[Array] = []
        rows = np.arange(len(self.depth))
        top = self.closer[rows, self.depth]
        for code in range(2 * pairs):
            longer = np.column_stack([self.symbols, np.full(len(rows), code, dtype=np.int8)])
            if code % 2 == 0:
                depth, closer = self.depth + 1, self.closer.copy()
                closer[rows, depth] = code + 1
                made.append(Open(longer, closer, depth))
            else:
                fits = top == code
                made.append(Open(longer[fits], self.closer[fits], self.depth[fits] - 1))
                broken.append(longer[~fits])
        joined = (np.concatenate([getattr(one, name) for one in made]) for name in ("symbols", "closer", "depth"))
        return Open(*joined), np.concatenate(broken)


def decisive(opened: Open, pairs: int, more: int) -> Iterator[tuple[Array, bool]]:
    """All continuations of symbols by `more` others that can still become balanced, and all of up to so many that are
    broken by their last: [input, place] codes, and whether these are broken."""
    if len(opened.depth) > TOGETHER:
        middle = len(opened.depth) // 2
        for half in (slice(middle), slice(middle, None)):
            yield from decisive(opened.of(half), pairs, more)
    elif more == 0:
        yield opened.symbols, False
    else:
        longer, broken = opened.grown(pairs)
        yield broken, True
        yield from decisive(longer, pairs, more - 1)


def varied(task: Task, each: int = 3, seed: int = 0) -> Inputs:
    """A few inputs of each kind: `each` of each order of opening and closing that can still become balanced, and of
    each that is so but for a symbol that breaks it; what follows on that symbol is random.

    Most inputs that are drawn at random are broken early. Of these, some are nested as deep as can be.
    """
    random = np.random.default_rng(seed)
    most = task.domain.most
    opened, drawn = Open.empty(most), []

    def some(symbols: Array) -> Array:
        """The rows of `each` inputs, or as many as there are, of each order of opening and closing."""
        order = random.permutation(len(symbols))
        _, kinds = np.unique(symbols[order] % 2, axis=0, return_inverse=True)
        by_kind = np.argsort(kinds.ravel(), kind="stable")
        starts = np.searchsorted(kinds.ravel()[by_kind], np.arange(len(symbols)))
        place = np.arange(len(symbols)) - starts[kinds.ravel()[by_kind]]
        rows: Array = order[by_kind[place < each]]
        return rows

    for place in range(most):
        opened, broken = opened.grown(len(task.symbols) // 2)
        opened = opened.of(some(opened.symbols))
        whole = random.integers(0, len(task.symbols), (len(rows := some(broken)), most), dtype=np.int8)
        whole[:, : place + 1] = broken[rows]
        drawn.append(whole)
    batch = framed(np.unique(np.concatenate([*drawn, opened.symbols]), axis=0), task.symbols, task.vocabulary)
    text = f"{len(batch):,} inputs, up to {each} of each order of opening and closing, whole and broken at each symbol"
    return Inputs(batch, task.expected(batch), False, text)


def latch(program: Program) -> str:
    """The numeric head that, once it is at least 1, is so at all later positions, and makes every answer F.

    Raises:
        SystemExit: there is none, or the program has holes.
    """
    if not program.causal or program.readout.pooled or _holes(program):
        raise SystemExit("the program is not causal, or pooled, or has holes: expected a program that this can prove")
    for term in program.readout.terms:
        node = program.by_name.get(term.variable)
        if (
            isinstance(node, NumericHead)
            and (node.mask, node.reduce, node.value) == ("all", "sum", "ones")  # causal: all positions so far
            and len(set(node.predicate)) == 1  # the same keys are counted everywhere
            and _least_lead(program, term) > 0
        ):
            return node.name
    raise SystemExit("no count of the program makes all later answers F: expected one that this can prove")


def _holes(program: Program) -> bool:
    """Whether some value is not said, so that an input may have no answer."""
    tables: list[object] = [row for term in program.readout.terms for row in term.rows]
    for node in program.nodes:
        match node:
            case Embedding(table=table):
                tables += table
            case Head(predicate=rows) | NumericHead(predicate=rows):
                tables += rows
            case Lookup(cells=cells):
                tables += cells
    return None in tables


def _least_lead(program: Program, latched: Weights) -> Number:
    """By how much F leads each other class at least, wherever the number of `latched` is 1 or more."""
    last = program.classes.index("F")
    leads: list[Number] = []
    for other in range(len(program.classes)):
        if other == last:
            continue
        lead: Number = 0
        for term in program.readout.terms:
            gains: list[Number] = [row[last] - row[other] for row in term.rows if row is not None]
            domain = program.variables[term.variable].domain
            if isinstance(domain, Numbers):
                low = 1 if term is latched else domain.low
                gains = [gain * number for gain in gains for number in (low, domain.high)]
            lead += min(gains)
        leads.append(lead)
    return min(leads)


@dataclass(frozen=True)
class Proof:
    """What was run, and what of it is wrong.

    Attributes:
        balanced, broken: how many inputs were run that can still become balanced, and whose last symbol breaks them.
        wrong: how many of both have a wrong answer, or are broken and not remembered as such.
    """

    balanced: int
    broken: int
    wrong: int


def prove(program: Program, task: Task, length: int | None = None) -> Proof:
    """Run what decides whether a program is right on all inputs of a task of `length` symbols; left out, its own."""
    counter, pairs = latch(program), len(task.symbols) // 2
    length = task.domain.most if length is None else length
    run = {False: 0, True: 0}
    wrong = 0
    for symbols, broken in decisive(Open.empty(length), pairs, length):
        batch = framed(symbols, task.symbols, task.vocabulary)
        execution, expected = execute(program, batch), task.expected(batch)
        bad = (execution.predictions != expected)[:, 1:].any(axis=1)
        if broken:
            bad |= execution.values[counter][:, -1] < 1
        run[broken] += len(batch)
        wrong += int(bad.sum())
    return Proof(run[False], run[True], wrong)


def main(arguments: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", type=Path)
    parser.add_argument("--length", type=int, help="symbols of the longest inputs; left out, as many as the task has")
    chosen = parser.parse_args(arguments)
    program = read_module(chosen.module).program
    task = task_of(program)
    if task is None or not task.name.startswith("dyck"):
        raise SystemExit(f"{chosen.module} is for the task {program.task}; expected dyck1 or dyck2")
    length = chosen.length or task.domain.most
    found = prove(program, task, length)
    print(f"{found.balanced:,} inputs that can still become balanced, {found.broken:,} whose last symbol breaks them")
    if found.wrong:
        print(f"wrong on {found.wrong:,} of them")
        raise SystemExit(1)
    print(f"so it is right on all {len(task.symbols) ** length:,} inputs of {length} symbols")


if __name__ == "__main__":
    main(sys.argv[1:])
