"""The last stages of polishing: single entries of a nearly right program, and what no training input shows.

Letters: B inputs of width n.
"""

from __future__ import annotations

import numpy as np

from tprog.ir.program import Numbers, Program
from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import Execution, execute, predict
from tprog.tasks.builtin import UNGRADED
from trainer.search.program_class import ProgramClass, bare
from trainer.search.regression import Graded, Readings

CHANGES = 4000
"""Changes of an entry that are tried a round, drawn at random."""

TURN = 2.0
"""How much steeper the logit of a class that no training input has is made than that of its neighbour."""


def wrong_at(program: Program, batch: Batch, expected: Array) -> Bools:
    """[B, n] where a graded prediction is wrong; a forced output is right or wrong as it is."""
    predictions, _ = predict(program, batch)
    missed: Bools = (predictions != expected) & (expected != UNGRADED)
    return missed


def changed(
    program: Program, program_class: ProgramClass, inputs: Batch, answers: Array, scout: int, rng: np.random.Generator
) -> Program | None:
    """The Program with entries changed where fewer predictions are wrong then; None if no change helps.

    Changes are judged on wrong inputs and on some that are right, at most `scout` of each, and then confirmed on all.
    """
    missed = wrong_at(program, inputs, answers)
    train, failing = int(missed.sum()), missed.any(axis=1)
    wrong, right = (rng.permutation(np.flatnonzero(rows)) for rows in (failing, ~failing))
    rows = np.concatenate([wrong[:scout], right[:scout]])
    batch, expected = inputs.take(rows), answers[rows]
    # An input that is right stands for many.
    few = min(len(wrong), scout)
    each = np.full(len(rows), len(wrong) / few)
    each[few:] = len(right) / max(1, min(len(right), scout))
    run = execute(program, batch)

    def cost(found: Execution) -> float:
        missed = (found.predictions != expected) & (expected != UNGRADED)
        return float(missed.sum(axis=1) @ each)

    here = {name: value[:few] for name, value in run.values.items()}
    tried = list(program_class.changes(program, here))
    start, total = program, cost(run)
    for change in [tried[index] for index in rng.permutation(len(tried))[:CHANGES]]:
        candidate = program_class.changed(program, change)
        if candidate is None:
            continue
        found = execute(candidate, batch, base=run)
        if cost(found) < total and (now := int(wrong_at(candidate, inputs, answers).sum())) < train:
            program, run, total, train = candidate, found, cost(found), now
    return None if program is start else program


def filled(program: Program, program_class: ProgramClass, batch: Batch) -> Program | None:
    """The Program whose cells that no input reaches answer as the nearest that is reached; None if all are so."""
    values = {name: found[batch.present] for name, found in execute(bare(program), batch).values.items()}
    found = program_class.filled(program, values)
    return None if found == program else found


def extrapolated(program: Program, weights: Readings, graded: Graded) -> Readings | None:
    """Classes behind the last one seen are predicted beyond the largest number seen, if answers count that number.

    Answers count a number if every training answer is one class further for a number one larger. Of a class never
    seen nothing says what its weights are. Given those of the last one seen, turned a little further, it wins from
    the next number on, and changes no prediction below.

    Returns:
        The weights; None if answers count no number.
    """
    values = execute(bare(program), graded.batch).values
    constant = next((name for name, table in weights.items() if len(table) > 1), None)
    for name in weights:
        domain = program.variables[name].domain
        if constant is None or not isinstance(domain, Numbers) or domain.denominator > 1:
            continue
        known = np.unique(np.stack([values[name].ravel()[graded.at], graded.labels]), axis=1)
        if known.shape[1] < 3 or not np.array_equal(np.diff(known[0]), np.diff(known[1])):
            continue
        turned = {other: table.copy() for other, table in weights.items()}
        largest, last = (int(side[-1]) for side in known)
        for unseen in range(last + 1, min(len(program.classes), last + 1 + int(domain.high) - largest)):
            for table in turned.values():
                table[:, unseen] = table[:, unseen - 1]
            turned[name][0, unseen] += TURN
            turned[constant][:, unseen] -= TURN * (largest + unseen - last - 0.5)
        return turned
    return None
