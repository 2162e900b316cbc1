"""The chain of rows that fired, from the value that came out back to the tokens: without a readout its account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

import numpy as np

from analyze.blame.presentation import Presentation
from analyze.blame.slice import consults, entries_at
from analyze.results.blame import Fired
from tprog.ir.program import AttentionHead, Embedding, Head, Linear, Lookup, Node, NumericHead
from tprog.run.batch import Bools
from tprog.run.evaluate import attended
from tprog.run.execute import Execution


def chain(run: Execution, output: str, position: int, shown: Presentation) -> tuple[Fired, ...]:
    """Each row that fired on the way to the value that came out at one position, in execution order, then by position.

    A head was told by its query here, and by the key and the value where it looked; a lookup or a sum by all that it
    reads. Where a head looked nowhere, its value is a default, or is copied from position 0.

    Args:
        run: of one input, which reaches no hole.
        output: the variable that came out.
    """
    program = run.program
    wanted: dict[str, set[int]] = {name: set() for name in program.variables}
    wanted[output].add(position)
    found: list[list[Fired]] = []
    for node in reversed(program.nodes):
        here = []
        for at in sorted(wanted[node.name]):
            fired = entries_at(run, node, at) if consults(run, node, at) else []
            value = run.value(node.name, 0, at)
            here += [Fired(str(entry), node.name, at, value, shown.line(entry)) for entry in fired]
            for read, where in _reads(run, node, at):
                wanted[read].add(where)
        found.append(here)
    return tuple(fired for here in reversed(found) for fired in here)


def _reads(run: Execution, node: Node, position: int) -> Iterator[tuple[str, int]]:
    """What a node read to yield its value at one position, and where."""
    match node:
        case Embedding() | Lookup() | Linear():
            yield from ((read, position) for read in node.reads)
        case Head():
            looked = attended(node, run.program, run.batch, run.values)[0, position]
            yield from _looking(node, position, looked)
            if node.default is None and not looked.any():
                yield node.value, 0
        case NumericHead():
            yield from _looking(node, position, attended(node, run.program, run.batch, run.values)[0, position])
        case _:
            assert_never(node)


def _looking(node: AttentionHead, position: int, looked: Bools) -> Iterator[tuple[str, int]]:
    """What a head that looks at some positions read here and there."""
    yield from ((read.variable, position) for read in node.roles if read.role == "query")
    for at in np.flatnonzero(looked).tolist():
        yield from ((read.variable, at) for read in node.roles if read.role != "query")
