"""Slow and plain ways to take nodes out of a program and to compare what is left, to check the analyses against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tprog.ir.program import Embedding, Lookup, Node, Program, Symbols, Value
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.tasks.builtin import Inputs


def listed(
    program: Program, inputs: Sequence[Sequence[str]], expected: Sequence[Sequence[int]] | None = None
) -> Inputs:
    """Inputs for an analysis; `expected` holds class codes, -1 where nothing is graded."""
    batch = encode(program, inputs)
    known = None if expected is None else np.array(expected, dtype=np.int64)
    return Inputs(batch, known, True, f"all {len(inputs)} inputs listed")


def frozen(program: Program, constants: Mapping[str, Value]) -> Program:
    """The program with nodes replaced by tables that say the same of every word."""

    def table(node: Node) -> Node:
        if node.name not in constants:
            return node
        domain, value = program.variables[node.name].domain, constants[node.name]
        if isinstance(domain, Symbols):
            return Embedding(node.name, domain.values, (value,) * len(program.vocabulary))
        return Lookup(node.name, ("tokens",), (None,), None, (value,) * len(program.vocabulary))

    return replace(program, nodes=tuple(map(table, program.nodes)))


def answers(program: Program, inputs: Inputs) -> list[dict[int, object]]:
    """For each input, what it answers at each graded place: a class, or the first hole it runs into."""
    run = execute(program, inputs.batch)
    every = []
    for row in range(len(inputs.batch)):
        hole = run.hole(row)
        got: Sequence[object]
        if hole is not None:
            got = [hole] * inputs.batch.tokens.shape[1]
        elif program.readout.pooled:
            got = [run.outputs(row)]
        else:
            forced = program.readout.forced
            words = run.batch.words(program, row)
            got = [None if word in forced else out for word, out in zip(words, run.outputs(row), strict=True)]
        places = range(1 if program.readout.pooled else int(inputs.batch.lengths[row]))
        words = run.batch.words(program, row)
        graded = [
            place
            for place in places
            if (program.readout.pooled or words[place] not in program.readout.forced)
            and (inputs.expected is None or inputs.expected[row, place] >= 0)
        ]
        every.append({place: got[place] for place in graded})
    return every
