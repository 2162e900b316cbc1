"""The text of `repair`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from analyze.render.annotated import diff_lines
from analyze.render.tables import BAD, GOOD, at_line, counted, page, table, typed
from analyze.results.repair import Compared, RepairResult, RepairStep
from tprog.text.tokens import Spacing

DIFF_LINES = 60
"""Lines of the change of the source that a terminal shows; a file of its own has all."""

_ENDS = {
    "nothing is wrong": "it stopped because nothing is wrong any more on the inputs that edits are chosen on",
    "no edit gains": "it stopped because no edit that was tried gains anything",
    "the limit is reached": "it stopped at the limit of steps",
    "interrupted": "it was interrupted; what was found until then stands",
}


def repair_text(result: RepairResult, diff_lines: int | None = DIFF_LINES) -> RenderableType:
    """What is still wrong, on which inputs it was chosen, evaluated and guarded, every step, and the change.

    Args:
        diff_lines: how many lines of the change to show; None shows all.
    """
    left, before, of = _counts(result)
    if before == 0:
        answer, style = f"{result.program}: nothing to repair, right on all {of}", GOOD
    elif left == 0:
        answer, style = f"{result.program}: repaired, right on all {of}; before, {before:,} were wrong", GOOD
    else:
        answer, style = f"{result.program}: still wrong on {left:,} of {of}; before, on {before:,}", BAD
    parts: list[RenderableType | str | None] = [_figures(result)]
    if result.steps:
        columns = ("", "entry", "line", "becomes", "why", "wrong then", "mends")
        parts.append(table(columns, _steps(result), ("", "line", "wrong then"), ("line", "mends")))
    if before:
        parts.append(f"\n{_ENDS[result.stopped]}")
    if result.refused:
        more = "step was" if result.refused == 1 else "steps were"
        parts.append(f"{result.refused:,} {more} refused because more of the whole domain would have been wrong")
    return page(answer, style, *parts, *_diff(result.diff, diff_lines))


def _counts(result: RepairResult) -> tuple[int, int, str]:
    """Wrong inputs after and before, and of how many."""
    if result.whole is not None:
        on = result.whole
        return on.after.wrong_inputs, on.before.wrong_inputs, counted(on.after.inputs, "input")
    parts = [part for part in (result.chosen, result.rest) if part is not None]
    before = sum(part.before.wrong_inputs for part in parts)
    return result.wrong_inputs, before, f"{sum(part.after.inputs for part in parts):,} inputs of a sample"


def _figures(result: RepairResult) -> RenderableType:
    """Wrong inputs and predictions before and after, by the part that the inputs played."""
    guard = result.whole if result.rest is not None else None
    rows = [
        _row(role, on)
        for role, on in (
            ("edits chosen on", result.chosen),
            ("evaluated on", result.rest),
            ("never more wrong on", guard),
        )
        if on is not None
    ]
    return table(("", "inputs", "wrong inputs", "wrong predictions"), rows, ("wrong inputs", "wrong predictions"))


def _row(role: str, on: Compared) -> Sequence[str]:
    before, after = on.before, on.after
    return (
        role,
        on.checked.description,
        f"{before.wrong_inputs:,} -> {after.wrong_inputs:,}",
        f"{before.wrong_predictions:,} -> {after.wrong_predictions:,}",
    )


def _steps(result: RepairResult) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for number, step in enumerate(result.steps, 1):
        then = step.whole if step.whole is not None else step.chosen
        first, *others = _changes(step)
        rows.append((number, *first, step.reason, f"{then.wrong_inputs:,}", _such_as(step, result.spaced)))
        rows += [("", *change, "", "", "") for change in others]
    return rows


def _changes(step: RepairStep) -> list[tuple[str, str, str]]:
    """Entry, line and change of each edit; the rows of a refit as one."""
    single = step.edits[: len(step.edits) - _refitted(step)]
    found = [(edit.entry, at_line(edit.line), edit.becomes) for edit in single]
    if step.weights:
        rows = counted(_refitted(step), "row")
        found.append(("readout", "", f"refit: {counted(step.weights, 'weight')} in {rows} change"))
    return found


def _refitted(step: RepairStep) -> int:
    """How many of a step's edits belong to a refit."""
    return {"refit": len(step.edits), "edit and refit": len(step.edits) - 1}.get(step.kind, 0)


def _such_as(step: RepairStep, spaced: Spacing) -> str:
    """The first input that the step mends, or else breaks."""
    if step.mended_inputs:
        return typed(step.mended_inputs[0], spaced.inputs)
    return f"breaks {typed(step.broken_inputs[0], spaced.inputs)}" if step.broken_inputs else ""


def _diff(diff: str, most: int | None) -> list[RenderableType]:
    """The change of the source."""
    if not diff:
        return []
    every = diff_lines(diff)
    lines = [Text("\nthe change of the source:"), *every[:most]]
    if most is not None and len(every) > most:
        lines.append(Text(f"... and {counted(len(every) - most, 'more line')}; -o FILE.diff writes all"))
    return list(lines)


def repair_claim(result: RepairResult) -> str:
    """What the module says of itself."""
    steps = f"{len(result.steps)} step{'s' * (len(result.steps) != 1)} chosen on {result.chosen.checked.description}"
    judged = result.whole or result.rest
    if judged is None:
        return steps
    wrong = f"wrong on {judged.after.wrong_inputs:,} of {judged.after.inputs:,} inputs"
    return f"{steps}; {wrong}, before on {judged.before.wrong_inputs:,}"
