"""`verify` as a document."""

from __future__ import annotations

from analyze.render.document import BAD, GOOD, Cell, Document, document, noted, number, table
from analyze.render.phrases import answered, counted, every_one, evidence, positions_said, typed
from analyze.results.verify import Counterexample, EntityLine, LengthCount, VerifyResult
from tprog.ir.places import ByOutput


def verify_document(result: VerifyResult) -> Document:
    """Whether the program is right, both accuracies, and the counterexamples."""
    wrong, spaced = result.wrong_inputs, result.spaced
    total, noun = result.inputs_right + wrong, result.checked.noun
    what = f"{result.program}: wrong on {wrong:,} of {counted(total, noun)} of the task {result.task}"
    if not wrong:
        what = f"{result.program}: right on {every_one(total, noun)} of the task {result.task}"
    accuracy = (
        f"per token {_percent(result.tokens_right, result.tokens)}, "
        f"whole sequence {_percent(result.inputs_right, total)}; {evidence(result.checked)}"
    )
    holes = table(
        ("hole", "inputs", "smallest"),
        [(h.hole, number(h.inputs), typed(h.example, spaced.inputs)) for h in result.holes],
        ("inputs",),
        name="holes",
    )
    listed = table(
        ("input", "expected", "got", "wrong at position"),
        [
            (
                typed(c.tokens, spaced.inputs),
                _graded(c, c.expected, spaced.outputs),
                _graded(c, c.got, spaced.outputs),
                positions_said(c.wrong),
            )
            for c in result.counterexamples
        ],
        name="wrong",
        main=True,
    )
    entities = table(
        ("entities", "there", "predicted", "right", "precision", "recall", "F1"),
        list(map(_of_kind, result.entities)),
        ("there", "predicted", "right", "precision", "recall", "F1"),
        name="entities",
    )
    lengths = table(
        ("symbols", "inputs", "wrong", "per token", "whole sequence"),
        list(map(_of_length, result.lengths)),
        ("symbols", "inputs", "wrong", "per token", "whole sequence"),
        name="lengths",
        seen=bool(wrong) and len(result.lengths) > 1,
    )
    unlisted = wrong - len(result.counterexamples)
    return document(
        what,
        BAD if wrong else GOOD,
        accuracy,
        holes,
        listed,
        f"... and {counted(unlisted, f'more wrong {noun}')}" if unlisted else None,
        entities,
        lengths,
        *noted(result.notes, result.read, noun),
        noun=noun,
    )


def _of_length(found: LengthCount) -> tuple[Cell, ...]:
    return (
        number(found.symbols),
        number(found.inputs),
        number(found.wrong_inputs),
        _share_cell(found.tokens_right, found.tokens),
        _share_cell(found.inputs - found.wrong_inputs, found.inputs),
    )


def _of_kind(found: EntityLine) -> tuple[Cell | str, ...]:
    counts = (found.expected, found.predicted, found.right)
    return (
        found.kind or "all",
        *map(number, counts),
        _share_cell(found.right, found.predicted),
        _share_cell(found.right, found.expected),
        _share_cell(2 * found.right, found.predicted + found.expected),
    )


def _percent(part: int, whole: int) -> str:
    """A percentage, and of what."""
    return _share(part, whole) if whole == 0 else f"{_share(part, whole)} ({part:,} of {whole:,})"


def _share_cell(part: int, whole: int) -> Cell:
    """A share, of nothing none."""
    return Cell(part / whole if whole else None, _share(part, whole))


def _share(part: int, whole: int) -> str:
    """A percentage that is 100 only if nothing is missing."""
    if whole == 0:
        return "none to grade"
    shown = f"{100 * part / whole:.3f}".rstrip("0").rstrip(".")
    return f"{'more than 99.999' if shown == '100' and part < whole else shown} %"


def _graded(found: Counterexample, answers: ByOutput[str | None], spaced: bool) -> str:
    """The answers at the graded positions, together as an output is read."""
    if found.hole is not None and answers is found.got:
        return found.hole
    return answered(answers, found.expected, spaced, found.wrong)
