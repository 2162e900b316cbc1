"""The readout of variables that are known: a convex problem, solved on all training inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from tprog.ir.program import NumericHead, Program
from tprog.run.batch import Array, Batch
from tprog.run.execute import execute, predict
from tprog.tasks.builtin import UNGRADED
from trainer.search.program_class import bare
from trainer.search.regression import Graded, Readings, columns, fit_readout, round_weights
from trainer.search.solution import Solution

RIDGES = (1e-5, 1e-7, 1e-9)
"""Less and less: separable data are separated at last, and with the widest margin that was seen."""

ITERATIONS = 200
"""Of L-BFGS, for each ridge: a readout that alone must tell all answers is fitted to the end."""


def wrong_answers(program: Program, batch: Batch, answers: Array) -> int:
    """How many graded predictions are wrong."""
    predictions, _ = predict(program, batch)
    return int(((predictions != answers) & (answers != UNGRADED)).sum())


def fitted(program: Program, reads: tuple[str, ...], batch: Batch, answers: Array) -> Program:
    """The Program with the best readout of some of its variables, in whole numbers."""
    graded = Graded.of(program, batch, answers)
    found = columns(program, execute(program, batch).values, graded)
    read = {name: codes for name, codes in found.items() if name in reads}
    return separated(program, read, graded, answers)[0]


def separated(
    program: Program,
    read: Mapping[str, Array],
    graded: Graded,
    answers: Array,
    weights: Readings | None = None,
    iterations: int = ITERATIONS,
    hopeless: float = 1.0,
) -> tuple[Program, Readings]:
    """The Program with the best readout of given variables in whole numbers, and that readout in floating point.

    Args:
        read: variable -> [P] codes or numerators, as `trainer.search.regression.columns` gives them.
        answers: [B, n] class codes, `UNGRADED` where nothing is asked.
        weights: to begin from.
        iterations: of L-BFGS, for each ridge.
        hopeless: the share of wrong predictions above which no effort is made to separate the last of them.
    """
    found: list[tuple[int, Program, Readings]] = []
    for ridge in RIDGES:
        weights = fit_readout(program, read, graded.labels, weights, iterations, ridge).weights
        rounded = round_weights(program, weights)
        found.append((wrong_answers(rounded, graded.batch, answers), rounded, weights))
        if not 0 < found[-1][0] <= hopeless * len(graded.labels):
            break
    return min(found, key=lambda each: each[0])[1:]


def shared(solution: Solution, program: Program, batch: Batch, answers: Array) -> Solution:
    """A solution whose variables copy what stands at each place, with the same weights at every place.

    A sum over the places of a weight of the symbol there is a sum over the symbols of a weight times how often each
    stands there. So those numbers are fitted, of which there are fewer, in a program outside of the class.

    Args:
        solution: its last variables are the places, its first one is what else is read.
    """
    (own, _), *places = solution.weights
    codes = [code for code, word in enumerate(program.vocabulary) if word not in program.readout.forced]
    totals = {f"total_{code}": code for code in codes}
    nodes = tuple(
        NumericHead(name, "tokens", "tokens", "ones", ((program.vocabulary[code],),) * len(program.vocabulary))
        for name, code in totals.items()
    )
    counting = dataclasses.replace(bare(program), nodes=nodes)
    readout = fitted(counting, ("positions", *totals), batch, answers).readout
    rows = {term.variable: np.array(term.rows, dtype=np.int64) for term in readout.terms}
    weights = np.zeros((len(program.vocabulary), len(program.classes)), dtype=np.int64)
    for name, code in totals.items():
        weights[code] = rows[name][0]
    return dataclasses.replace(
        solution, weights=((own, rows["positions"]), *((place, weights) for place, _ in places)), scale=readout.scale
    )
