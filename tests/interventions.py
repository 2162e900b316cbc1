"""Slow and plain ways to take nodes out of a program and to compare what is left, to check the analyses against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tprog.ir.program import Embedding, Lookup, Node, Program, Symbols, Value
from tprog.run.batch import encode
from tprog.run.execute import Execution, execute
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
    return [_of_input(program, inputs, run, row) for row in range(len(inputs.batch))]


def _of_input(program: Program, inputs: Inputs, run: Execution, row: int) -> dict[int, object]:
    words, hole, pooled = run.batch.words(program, row), run.hole(row), program.readout.pooled
    found: dict[int, object] = {}
    for position in range(1 if pooled else len(words)):
        for which, output in enumerate(program.outputs):
            place = position * len(program.outputs) + which
            if output == program.readout.name and not pooled and words[position] in program.readout.forced:
                continue  # a forced output is never graded
            if inputs.expected is not None and inputs.expected[row, place] < 0:
                continue
            if hole is not None:
                found[place] = hole
                continue
            told = run.spelled(row)
            of_it = told[output] if isinstance(told, dict) else told
            found[place] = of_it if pooled else of_it[position]
    return found
