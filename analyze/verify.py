"""A program against its task: both accuracies, every wrong input, every hole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from analyze.outcome import Ground, Rows, checked_on, ground, label
from analyze.results.verify import Counterexample, EntityLine, HoleCount, LengthCount, VerifyResult
from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import Array, Bools
from tprog.run.execute import Execution, predict
from tprog.run.outcome import NOT_GRADED, by_place, graded_at, wrong_at
from tprog.run.pieces import CHUNK, inputs_at_once, slices
from tprog.tasks.builtin import UNGRADED, Inputs
from tprog.tasks.input_domain import symbols_of
from tprog.text.tokens import spacing
from tprog.words.scores import are_span_tags, entity_scores


def verify(
    program: Program,
    inputs: Inputs,
    *,
    limit: int | None = None,
    name: str | None = None,
    notes: tuple[str, ...] = (),
    progress: Callable[[int, int], object] | None = None,
    seen: Callable[[Execution], object] | None = None,
) -> VerifyResult:
    """Compare a program with the right answers.

    An input that reaches a hole is wrong, and so are all its graded predictions.

    Args:
        limit: the most counterexamples listed; None lists all. They are counted in any case.
        name: what the result calls the program.
        notes: what is known of the module and belongs beside the answer (see `tprog.text.read.Module.defects`).
        progress: called with how many inputs are done, and how many there are.
        seen: called with each execution, of some of the inputs.

    Raises:
        BadUsage: the right answers are not known.
    """
    if inputs.expected is None:
        named = f"its task {program.task!r} is not one of tpdebug's" if program.task else "it names none"
        raise BadUsage(f"there is no task to verify the program against: {named}; give one with --task")
    count = len(inputs.batch)
    step = None if progress is None else lambda done: progress(done, count)
    predictions, in_hole = predict(program, inputs.batch, step, seen)
    graded = graded_at(program, inputs.batch, inputs.expected)
    unlike = wrong_at(predictions, in_hole, inputs.expected)
    tokens, tokens_right = int(graded.sum()), int(graded.sum() - unlike.sum())
    wrong = np.flatnonzero(unlike.any(axis=1) | in_hole)
    wrong = wrong[np.argsort(inputs.batch.lengths[wrong], kind="stable")]
    listed = wrong[:limit]
    return VerifyResult(
        program=label(program, name),
        task=program.task or "",
        checked=checked_on(inputs),
        tokens_right=tokens_right,
        tokens=tokens,
        token_accuracy=tokens_right / tokens if tokens else 1.0,
        inputs_right=len(in_hole) - len(wrong),
        wrong_inputs=len(wrong),
        sequence_accuracy=1 - len(wrong) / len(in_hole) if len(in_hole) else 1.0,
        counterexamples=tuple(
            counterexample(on, row) for on in _pieces(program, inputs, listed) for row in range(len(on.batch))
        ),
        holes=_holes(program, inputs, wrong[in_hole[wrong]]),
        notes=notes,
        lengths=_by_length(program, inputs, graded, unlike, wrong),
        spaced=spacing(program),
        entities=_entities(program, inputs.expected, np.where(in_hole[:, None], UNGRADED, by_place(predictions))),
    )


def _entities(program: Program, expected: Array, predicted: Array) -> tuple[EntityLine, ...]:
    """The scores of entities, where a program predicts their tags; `expected`, `predicted`: [input, position] codes."""
    if program.places.pooled or program.places.several or not are_span_tags(program.classes):
        return ()
    scores = entity_scores(program.classes, expected, predicted)
    return tuple(
        EntityLine(one.kind, one.right, one.predicted, one.expected, one.precision, one.recall, one.f1)
        for one in (scores.all, *scores.by_kind)
    )


def _by_length(program: Program, inputs: Inputs, graded: Bools, unlike: Bools, wrong: Rows) -> tuple[LengthCount, ...]:
    """What is right for the inputs of each length; `graded`, `unlike`: [input, place], `wrong`: wrong inputs."""
    marks = len(program.vocabulary) - len(symbols_of(program.vocabulary))
    lengths = inputs.batch.lengths
    tokens, lost = graded.sum(axis=1), unlike.sum(axis=1)
    is_wrong = np.zeros(len(graded), dtype=np.bool_)
    is_wrong[wrong] = True
    found = []
    for length in np.unique(lengths).tolist():
        of_it = lengths == length
        asked = int(tokens[of_it].sum())
        found.append(
            LengthCount(
                symbols=length - marks,
                inputs=int(of_it.sum()),
                wrong_inputs=int(is_wrong[of_it].sum()),
                tokens=asked,
                tokens_right=asked - int(lost[of_it].sum()),
            )
        )
    return tuple(found)


def counterexample(on: Ground, row: int) -> Counterexample:
    """One input with the right and the given answers."""
    assert on.expected is not None
    classes, places = on.program.classes, on.program.places
    count = places.count(int(on.batch.lengths[row]))
    hole = on.intact.hole(row)
    expected, got = on.expected[row, :count].tolist(), on.outcomes[row, :count].tolist()
    return Counterexample(
        tokens=tuple(on.batch.words(on.program, row)),
        expected=places.apart([NOT_GRADED if code == UNGRADED else classes[code] for code in expected]),
        got=places.apart([None if code < 0 else classes[code] for code in got]),
        wrong=places.positions(i for i, code in enumerate(expected) if code not in (UNGRADED, got[i])),
        hole=None if hole is None else str(hole),
    )


def _pieces(program: Program, inputs: Inputs, rows: Rows) -> Iterator[Ground]:
    """The chosen inputs, executed in pieces, so that memory does not grow with their number."""
    for part in slices(len(rows), inputs_at_once(program, inputs.batch.tokens.shape[1], CHUNK)):
        yield ground(program, inputs.take(rows[part]))


def _holes(program: Program, inputs: Inputs, rows: Rows) -> tuple[HoleCount, ...]:
    """The holes that the inputs `rows` reach first, by falling number of inputs."""
    first: dict[str, tuple[str, ...]] = {}
    counts: Counter[str] = Counter()
    for on in _pieces(program, inputs, rows):
        for row in range(len(on.batch)):
            hole = str(on.intact.hole(row))
            counts[hole] += 1
            if hole not in first:
                first[hole] = tuple(on.batch.words(program, row))
    return tuple(HoleCount(hole, count, first[hole]) for hole, count in counts.most_common())
