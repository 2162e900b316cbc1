"""Sub-problems: sets of (input, position) pairs about which a question is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from analyze.circuits.where import Where, names_of
from analyze.outcome import Survey, survey
from tprog.errors import BadUsage
from tprog.listing import listing
from tprog.run.batch import Bools, encode
from tprog.tasks.builtin import UNGRADED, Task, task_of

ConditionKind: TypeAlias = Literal["class", "output", "position", "token", "input", "where", "all"]


@dataclass(frozen=True)
class SubProblem:
    """A set of predictions, as (input, position) pairs; ungraded ones and inputs that reach a hole are left out.

    Attributes:
        kind: ``class``: where the intact program predicts it; ``output``: of one of several; ``position``: at it
            (0-based); ``token``: where it stands (pooled: on inputs that hold it); ``input``: on one input; ``where``:
            where a condition holds, see `analyze.circuits.where`; ``all``.
        value: the class, output, position, token, whole token sequence or condition.
        also: further ones; the pairs are those that lie in all of them.
    """

    kind: ConditionKind
    value: str | int | tuple[str, ...] = ()
    also: tuple[SubProblem, ...] = ()

    def __str__(self) -> str:
        return "all predictions" if not (said := self._said()) else f"predictions {said}"

    def _said(self) -> str:
        return " ".join(said for part in self.parts if (said := part._alone()))

    def _alone(self) -> str:
        match self.kind:
            case "class":
                return f"of {self.value!r}"
            case "output":
                return f"of output {self.value}"
            case "position":
                return f"at position {self.value}"
            case "token":
                return f"at token {self.value!r}"
            case "input":
                assert isinstance(self.value, tuple)
                return f"on {' '.join(self.value)}"
            case "where":
                return f"where {self.value}"
            case "all":
                return ""

    @property
    def parts(self) -> tuple[SubProblem, ...]:
        """The conditions, each alone."""
        return (replace(self, also=()), *(part for other in self.also for part in other.parts))

    @property
    def named(self) -> str:
        """What it is about, without the word for its kind: ``b``, or ``b, 3`` if several conditions must hold."""
        shown = (" ".join(p.value) if isinstance(p.value, tuple) else str(p.value) for p in self.parts)
        return ", ".join(text for text in shown if text)


def both(problems: Sequence[SubProblem]) -> SubProblem | None:
    """The pairs that lie in all of several sub-problems; None of none."""
    if not problems:
        return None
    first, *others = problems
    return replace(first, also=(*first.also, *others))


def surveyed(on: Survey, problem: SubProblem, task: Task | None) -> Survey:
    """The inputs that a sub-problem is about: those given, or the one that it names, which need not be among them.

    Args:
        task: what grades that input; left out, the task that the program names.

    Raises:
        BadInput: the program cannot take it.
        BadUsage: it names two inputs.
    """
    named = {part.value for part in problem.parts if part.kind == "input"}
    if not named:
        return on
    if len(named) > 1:
        raise BadUsage(f"{problem}: no prediction is made on two inputs")
    (tokens,) = named
    assert isinstance(tokens, tuple)
    batch = encode(on.program, [tokens])
    task = task or task_of(on.program)
    expected = None if task is None else task.expected(batch)
    if expected is not None and not (expected != UNGRADED).any():
        expected = None
    one = replace(on.inputs, batch=batch, expected=expected, exhaustive=False, description=" ".join(tokens))
    return survey(on.program, one)


def select(on: Survey, problem: SubProblem) -> Bools:
    """[input, place]: the pairs of a sub-problem.

    Raises:
        BadUsage: it names what is not there, or has no pair.
    """
    pairs = on.graded & (on.outcomes >= 0)
    # Conditions in words last: only what is left is put to them.
    for part in sorted(problem.parts, key=lambda part: part.kind == "where"):
        if part.kind == "where":
            pairs = _where(on, str(part.value), pairs)
        else:
            pairs &= _where_simply(on, part)
    if not pairs.any():
        raise BadUsage(f"{problem}: there is none among {on.inputs.description}")
    return pairs


def _where_simply(on: Survey, problem: SubProblem) -> Bools:
    """[input, place], or what broadcasts to it."""
    kind, value, program = problem.kind, problem.value, on.program
    pooled = program.readout.pooled
    if kind == "class":
        if value not in program.classes:
            raise BadUsage(f"{value!r} is not a class; expected one of {listing(program.classes)}")
        return np.asarray(on.outcomes == program.classes.index(str(value)))
    if kind == "token":
        if value not in program.vocabulary:
            raise BadUsage(f"{value!r} is not in the vocabulary; expected one of {listing(program.vocabulary)}")
        stands: Bools = on.batch.tokens == program.vocabulary.index(str(value))
        if pooled:
            return np.asarray(np.logical_or.reduce(stands, axis=1, keepdims=True))
        return np.asarray(np.repeat(stands, program.places.each, axis=1))
    if kind == "output":
        if value not in program.outputs:
            raise BadUsage(f"{value!r} is no output; expected one of {listing(program.outputs)}")
        return np.asarray(np.arange(on.outcomes.shape[1]) % program.places.each == program.outputs.index(str(value)))[
            None
        ]
    if kind == "position":
        if pooled:
            raise BadUsage("a pooled program makes one prediction an input, at no position")
        return np.asarray(np.arange(on.outcomes.shape[1]) // program.places.each == value)[None, :]
    return np.ones((1, 1), dtype=np.bool_)


def _where(on: Survey, condition: str, pairs: Bools) -> Bools:
    """Those of the pairs for which a condition holds."""
    program, batch = on.program, on.batch
    names = names_of(program, judged=on.expected is not None)
    where = Where(condition, names)
    kept = np.zeros_like(pairs)
    for row in np.flatnonzero(pairs.any(axis=1)).tolist():
        tokens = batch.words(program, row)
        x = names.x(tokens)
        if not where.of_input(x):
            continue
        if not where.about_a_prediction:
            kept[row] = pairs[row]
            continue
        for place in np.flatnonzero(pairs[row]).tolist():
            at = None if program.readout.pooled else program.places.position(place)
            token = None if at is None else tokens[at]
            output = program.places.output(place)
            right = None if on.expected is None else program.classes[int(on.expected[row, place])]
            predicted = program.classes[int(on.outcomes[row, place])]
            kept[row, place] = where.of_prediction(x, at, token, predicted, right, output)
    return kept
