"""A program with all classes of a task: those of a module of the original research code are what its sample held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from tprog.ir.program import Program, Weights
from tprog.tasks.builtin import TASKS, named_task

if TYPE_CHECKING:
    from tprog.text.read import Module


def for_task(program: Program, name: str, length: int | None = None) -> Program:
    """A program that names the task `name`, in its own symbols and with every class of that task.

    The classes of a module of the original research code are those that its training sample held. One that is missing
    is added last and never predicted: its logits lie below all that the program can reach. So an input that asks for it
    is wrong, as it is in the module.

    Args:
        length: the longest input in tokens, marks included; left out, that of the program.
    """
    named = replace(program, task=name)
    if name not in TASKS or program.readout.pooled:
        return named
    if named.variables_out:
        return with_answers(named, named_task(named, length).classes)
    missing = tuple(c for c in named_task(named, length).classes if c not in program.classes)
    return _widened(named, missing) if missing else named


def with_answers(program: Program, answers: tuple[str, ...]) -> Program:
    """A program with a variable that comes out, with all right answers among its classes, though it may never give
    some."""
    missing = tuple(answer for answer in answers if answer not in program.classes)
    return replace(program, classes=program.classes + missing) if program.variables_out and missing else program


def _widened(program: Program, missing: tuple[str, ...]) -> Program:
    readout, count = program.readout, len(program.classes)
    unit = program.logit_scale // readout.scale
    lowest = -(2 * (program.logit_bound // unit) + 1)
    terms = _terms(program)
    bias = terms.get("ones", Weights("ones", ((0,) * count,)))
    rows = {
        name: Weights(name, tuple(None if row is None else row + (0,) * len(missing) for row in term.rows))
        for name, term in terms.items()
    }
    assert bias.rows[0] is not None
    rows["ones"] = Weights("ones", (bias.rows[0] + (lowest,) * len(missing),))
    ordered = tuple(rows[name] for name in program.variables if name in rows)
    return replace(program, classes=program.classes + missing, readout=replace(readout, terms=ordered))


def narrowed(program: Program, classes: tuple[str, ...]) -> Program:
    """A program without the classes that `for_task` added to `classes`, if they are still never predicted."""
    count = len(classes)
    if program.readout.pooled or not _has_more(program, classes):
        return program
    added = {name: [row[count:] for row in term.rows if row] for name, term in _terms(program).items()}
    bias = added.pop("ones", [])
    if not bias or any(map(any, chain(*added.values()))):
        return program
    own = _cut(program, count)
    unit = own.logit_scale // own.readout.scale
    return own if all(weight * unit <= -2 * own.logit_bound for weight in bias[0]) else program


def as_read(edited: Program, own: Program) -> Program:
    """An edited program with the classes and the task of the one that its module holds, `own`, whatever task it was
    judged by."""
    return replace(narrowed(edited, own.classes), task=own.task)


def change(module: Module, edited: Program) -> str:
    """The change from a module to an edited program, whatever task that was judged by."""
    from tprog.text.patch import diff

    return diff(module, as_read(edited, module.program))


def _has_more(program: Program, classes: tuple[str, ...]) -> bool:
    """Whether a program has these classes, and others behind them."""
    return program.classes != classes == program.classes[: len(classes)]


def _cut(program: Program, count: int) -> Program:
    """A program without the classes behind the first `count`, nor a bias that the others do not have."""
    terms = [
        Weights(term.variable, tuple(None if row is None else row[:count] for row in term.rows))
        for term in program.readout.terms
    ]
    kept = tuple(term for term in terms if term.variable != "ones" or any(any(row or ()) for row in term.rows))
    return replace(program, classes=program.classes[:count], readout=replace(program.readout, terms=kept))


def _terms(program: Program) -> Mapping[str, Weights]:
    return {term.variable: term for term in program.readout.terms}
