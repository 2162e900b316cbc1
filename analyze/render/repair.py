"""`repair` as a document."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.render.document import (
    BAD,
    GOOD,
    Change,
    Document,
    Heading,
    Part,
    Table,
    again,
    document,
    number,
    table,
)
from analyze.render.phrases import as_called, counted, every_one, typed
from analyze.results.repair import Compared, RepairResult, RepairStep
from tprog.text.tokens import Spacing

DIFF_LINES = 60
"""Lines of the change of the source that a terminal shows; a file of its own has all."""

SUITS_ALONE = (
    "it suits what it was chosen on alone: what played no part in the choice is worse for it; "
    "with --accept-on a step must gain elsewhere too"
)
"""What repair says of itself where its edits do not carry over."""

_ENDS = {
    "nothing is wrong": "it stopped because no prediction is wrong any more on the inputs that edits are chosen on",
    "no edit gains": "it stopped because no edit that was tried gains anything",
    "the limit is reached": "it stopped at the limit of steps",
    "interrupted": "it was interrupted; what was found until then stands",
}


def repair_document(result: RepairResult, diff_lines: int | None = DIFF_LINES) -> Document:
    """What is still wrong, on which inputs it was chosen, evaluated and guarded, every step, and the change.

    Args:
        diff_lines: how many lines of the change to show; None shows all.
    """
    left, before, total = _counts(result)
    noun = result.chosen.checked.noun
    sampled = result.whole is None and not all(part.checked.exhaustive for part in result.parts)
    of, every = (f"{how(total, noun)}{' of a sample' * sampled}" for how in (counted, every_one))
    if before == 0:
        answer, style = f"{result.program}: nothing to repair, right on {every}", GOOD
    elif left == 0:
        answer, style = f"{result.program}: repaired, right on {every}; before, {before:,} were wrong", GOOD
    else:
        answer, style = f"{result.program}: still wrong on {left:,} of {of}; before, on {before:,}", BAD
    parts: list[Part | str | None] = [None if result.carries_over else SUITS_ALONE, *_figures(result)]
    columns = ("", "entry", "line", "becomes", "why", "wrong then", "mends")
    parts.append(table(columns, _steps(result), ("", "line", "wrong then"), ("line", "mends"), name="steps", main=True))
    if before:
        parts.append(Heading(as_called(_ENDS[result.stopped], noun)))
    if result.refused:
        more = "step was" if result.refused == 1 else "steps were"
        parts.append(f"{result.refused:,} {more} refused because more of the whole domain would have been wrong")
    if result.unaccepted:
        more = "step was" if result.unaccepted == 1 else "steps were"
        parts.append(f"{result.unaccepted:,} {more} refused because {_lacking(result, noun)}")
    return document(answer, style, *parts, *_diff(result.diff, diff_lines), noun=noun)


def _lacking(result: RepairResult, noun: str) -> str:
    """What a step has to do to be accepted, and did not."""
    if result.accepted is not None:
        return f"the {noun}s that accept them gained nothing"
    return f"they gained nothing on one half of the {noun}s"


def _counts(result: RepairResult) -> tuple[int, int, int]:
    """Wrong inputs after and before, and of how many."""
    if result.whole is not None:
        on = result.whole
        return on.after.wrong_inputs, on.before.wrong_inputs, on.after.inputs
    parts = result.parts
    before = sum(part.before.wrong_inputs for part in parts)
    return result.wrong_inputs, before, sum(part.after.inputs for part in parts)


def _figures(result: RepairResult) -> list[Table]:
    """Wrong inputs and predictions before and after, by the part that the inputs played; and the same as data."""
    guard = result.whole if result.rest is not None else None
    played = (
        ("edits chosen on", result.chosen),
        ("steps accepted on", result.accepted),
        ("evaluated on", result.rest),
        ("never more wrong on", guard),
    )
    parts = [(role, on) for role, on in played if on is not None]
    columns = ("", "inputs", "wrong inputs", "wrong predictions", "F1 of entities")
    shown = table(columns, [_row(role, on) for role, on in parts], columns[2:], columns[4:])
    return [
        shown,
        table(
            _COMPARED,
            [_compared(role, on) for role, on in parts],
            name="compared",
            optional=("F1 before", "F1 after"),
            seen=False,
        ),
    ]


_COMPARED = (
    "part",
    "inputs",
    "wrong inputs before",
    "wrong inputs after",
    "wrong predictions before",
    "wrong predictions after",
    "F1 before",
    "F1 after",
)


def _compared(role: str, on: Compared) -> Sequence[object]:
    before, after = on.before, on.after
    wrong = (before.wrong_inputs, after.wrong_inputs, before.wrong_predictions, after.wrong_predictions)
    return (role, after.inputs, *wrong, *(on.f1 or (None, None)))


def _row(role: str, on: Compared) -> Sequence[str]:
    before, after = on.before, on.after
    return (
        role,
        on.checked.description,
        f"{before.wrong_inputs:,} -> {after.wrong_inputs:,}",
        f"{before.wrong_predictions:,} -> {after.wrong_predictions:,}",
        "" if on.f1 is None else f"{on.f1[0]:.2%} -> {on.f1[1]:.2%}",
    )


def _steps(result: RepairResult) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for at, step in enumerate(result.steps, 1):
        then = step.whole if step.whole is not None else step.chosen
        first, *others = _changes(step)
        why, such_as = step.reason, _such_as(step, result.spaced)
        rows.append((at, *first, why, number(then.wrong_inputs), such_as))
        rows += [(again(at), *change, again(why), again(then.wrong_inputs), again(such_as)) for change in others]
    return rows


def _changes(step: RepairStep) -> list[tuple[str, int | None, str]]:
    """Entry, line and change of each edit; the rows of a refit as one."""
    single = step.edits[: len(step.edits) - _refitted(step)]
    found = [(edit.entry, edit.line, edit.becomes) for edit in single]
    if step.weights:
        rows = counted(_refitted(step), "row")
        found.append(("readout", None, f"refit: {counted(step.weights, 'weight')} in {rows} change"))
    return found


def _refitted(step: RepairStep) -> int:
    """How many of a step's edits belong to a refit."""
    return {"refit": len(step.edits), "edit and refit": len(step.edits) - 1}.get(step.kind, 0)


def _such_as(step: RepairStep, spaced: Spacing) -> str:
    """The first input that the step mends, or else breaks."""
    if step.mended_inputs:
        return typed(step.mended_inputs[0], spaced.inputs)
    return f"breaks {typed(step.broken_inputs[0], spaced.inputs)}" if step.broken_inputs else ""


def _diff(diff: str, most: int | None) -> list[Part]:
    """The change of the source."""
    return [Heading("the change of the source:"), Change(diff, most, "-o FILE.diff writes all")] if diff else []


def repair_claim(result: RepairResult) -> str:
    """What the module says of itself."""
    steps = f"{counted(len(result.steps), 'step')} chosen on {result.chosen.checked.description}"
    judged = result.whole or result.rest
    if judged is None:
        return steps
    wrong = f"wrong on {judged.after.wrong_inputs:,} of {judged.after.inputs:,} {judged.checked.noun}s"
    return f"{steps}; {wrong}, before on {judged.before.wrong_inputs:,}"
