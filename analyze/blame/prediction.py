"""The one prediction that is asked about, and the inputs with known answers beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.listing import listing
from tprog.run.batch import Array, Batch, encode
from tprog.run.execute import FORCED, Execution, execute
from tprog.run.outcome import outcomes
from tprog.tasks.builtin import UNGRADED, Inputs, task_of

Expected: TypeAlias = Sequence[str | None] | Mapping[str, Sequence[str | None]]
"""The right answer at each position, None where it is not known; of several outputs, name -> these."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction in question.

    Attributes:
        run: the intact program on the one input.
        expected: [place] codes of the right classes, `UNGRADED` where unknown.
        place: where the prediction is, as `tprog.ir.places` lays them out.
    """

    run: Execution
    expected: tuple[int, ...]
    place: int

    @property
    def wanted(self) -> int:
        return self.expected[self.place]

    @property
    def output(self) -> str:
        """The output that it is of."""
        program = self.run.program
        return program.places.output(self.place) or program.outputs[0]

    @property
    def position(self) -> int | None:
        """Where it is; None for the one prediction of a pooled program."""
        return None if self.run.program.readout.pooled else self.run.program.places.position(self.place)

    @property
    def predicted(self) -> int:
        return int(outcomes(self.run)[0, self.place])

    @property
    def right(self) -> bool:
        return self.predicted == self.wanted

    def wrong(self) -> tuple[tuple[int | None, str, str | None], ...]:
        """All wrong predictions of the input: position, right class, class predicted (None at a hole)."""
        program, found = self.run.program, outcomes(self.run)[0].tolist()
        classes, places = program.classes, program.places
        return tuple(
            (
                None if program.readout.pooled else places.position(place),
                classes[self.expected[place]],
                classes[found[place]] if found[place] >= 0 else None,
            )
            for place in self.wrong_places
        )

    @property
    def wrong_places(self) -> list[int]:
        """The places of all wrong predictions of the input."""
        found = outcomes(self.run)[0].tolist()
        return [place for place, code in enumerate(self.expected) if code not in (UNGRADED, found[place])]

    @property
    def wrong_outputs(self) -> tuple[str, ...]:
        """Of several outputs, that of each wrong prediction."""
        return tuple(name for place in self.wrong_places if (name := self.run.program.places.output(place)))


def ask(
    program: Program,
    tokens: Sequence[str],
    position: int | None,
    expected: Expected | None,
    output: str | None = None,
) -> Prediction:
    """The prediction at a position, or the first wrong one; see `analyze.blame.blame`.

    Raises:
        BadInput: the program cannot take the tokens.
        BadUsage: no right answer is known, there is no such output, or what is asked about is not graded.
    """
    if output is not None and output not in program.outputs:
        raise BadUsage(f"{output!r} is no output; expected one of {listing(program.outputs)}")
    run = execute(program, encode(program, [tokens]))
    found = outcomes(run)[0]
    codes = _right_codes(run, found, expected)
    graded = [place for place, code in enumerate(codes) if code != UNGRADED]
    if not graded:
        raise BadUsage("no position of this input is graded, so none can be right or wrong")
    asked = [place for place in graded if _is_about(program, place, position, output)]
    if not asked:
        listed = ", ".join(program.places.said(place).removeprefix("position ") for place in graded)
        raise BadUsage(f"{_said(position, output)} is not graded; the graded ones are {listed}")
    wrong = (place for place in asked if found[place] != codes[place])
    return Prediction(run, codes, next(wrong, asked[0]))


def _said(position: int | None, output: str | None) -> str:
    """What is asked about, in words."""
    if position is None:
        return f"output {output!r}"
    return f"position {position}" if output is None else f"position {position} of {output!r}"


def _is_about(program: Program, place: int, position: int | None, output: str | None) -> bool:
    """Whether a place is at the position, and of the output, that are asked about."""
    places = program.places
    here = position is None or places.position(place) == position
    return here and output in (None, places.output(place) or program.outputs[0])


def _right_codes(run: Execution, found: Array, expected: Expected | None) -> tuple[int, ...]:
    """[place] codes of the right classes: those given, or what the task says."""
    given, places = _right_answer(run) if expected is None else expected, run.program.places
    try:
        laid = places.beside(given)
    except ValueError as error:
        raise BadUsage(f"the expected output has {error}") from None
    if len(laid) != places.count(int(run.batch.lengths[0])):
        wanted = places.count(int(run.batch.lengths[0])) // places.each
        raise BadUsage(f"the expected output has {len(laid) // places.each} entries; expected {wanted}, one a position")
    return tuple(_code(run.program, answer, found[place] == FORCED) for place, answer in enumerate(laid))


def _right_answer(run: Execution) -> Expected:
    """What the task of the program says of its one input."""
    task = task_of(run.program)
    if task is None:
        raise BadUsage("nothing says what is right: the program names no task; give the answer with --expect")
    expected: Expected = task.oracle(run.batch.words(run.program, 0))
    return expected


def _code(program: Program, answer: str | None, forced: bool) -> int:
    """The class code of an expected answer, `UNGRADED` where it is not known or forced."""
    if answer is not None and answer not in program.classes:
        raise BadUsage(f"the expected {answer!r} is not a class; expected one of {listing(program.classes)}")
    return UNGRADED if answer is None or forced else program.classes.index(answer)


def with_prediction(inputs: Inputs, asked: Prediction) -> tuple[Inputs, int]:
    """The inputs with known answers, the one in question among them with the answer that was given; and its row."""
    one, places = asked.run.batch, len(asked.expected)
    if inputs.expected is None:
        return Inputs(one, np.array([asked.expected]), False, f"this {inputs.noun} alone", inputs.noun), 0
    width = one.tokens.shape[1]
    same = np.flatnonzero(inputs.batch.lengths == one.lengths[0])
    found = same[(inputs.batch.tokens[same, :width] == one.tokens[0]).all(axis=1)] if len(same) else same
    if len(found):
        if np.array_equal(inputs.expected[found[0], :places], asked.expected):
            return inputs, int(found[0])
        answers = inputs.expected.copy()
        answers[found, :places] = asked.expected
        description = f"{inputs.description}, this one with the answer as given"
        return replace(inputs, expected=answers, description=description), int(found[0])
    widest = max(width, inputs.batch.tokens.shape[1])
    rectangle = np.full((len(inputs.batch) + 1, widest), -1, dtype=inputs.batch.tokens.dtype)
    rectangle[:-1, : inputs.batch.tokens.shape[1]] = inputs.batch.tokens
    rectangle[-1, :width] = one.tokens[0]
    expected = np.full((len(rectangle), max(places, inputs.expected.shape[-1])), UNGRADED, dtype=np.int64)
    expected[:-1, : inputs.expected.shape[-1]] = inputs.expected
    expected[-1, :places] = asked.expected
    batch = Batch(rectangle, np.append(inputs.batch.lengths, one.lengths[0]))
    description = f"{inputs.description} and this {inputs.noun}"
    return Inputs(batch, expected, inputs.exhaustive, description, inputs.noun), len(batch) - 1
