"""Which single edits mend a wrong prediction, and which entries any prediction depends on."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.blame.prediction import Prediction
from analyze.blame.presentation import Presentation
from analyze.blame.single_edits import TriedEdit, row_trials, stays_exact, weight_edits
from analyze.blame.slice import dynamic_slice, entries_at, reached_entries
from analyze.results.blame import Dependence
from tprog.edits.edit import Edit, ReadoutEdit
from tprog.ir.entry import Entry


def mending_edits(asked: Prediction, tried: Sequence[TriedEdit]) -> tuple[list[Edit], bool]:
    """The edits that make the prediction right; and, if there are none, whether that holds of all single edits.

    Args:
        tried: `trials` of the one input.
    """
    run = asked.run
    found: list[Edit] = [trial.edit for trial in tried if trial.outcomes[asked.place] == asked.wanted]
    found += [edit for edit in weight_edits(run, asked.place, asked.wanted) if stays_exact(run.program, edit)]
    return (found, True) if found else _farther_edits(asked)


def _farther_edits(asked: Prediction) -> tuple[list[Edit], bool]:
    """As `mending_edits`, of the edits beyond `trials`: one an entry."""
    run, found, complete = asked.run, list[Edit](), True
    near = reached_entries(run)
    for node in run.program.nodes:
        consulted = dict.fromkeys(e for i in range(int(run.batch.lengths[0])) for e in entries_at(run, node, i))
        for where in filter(near.__contains__, consulted):
            others, whole = _other_rows(asked, where)
            complete &= whole
            found += [trial.edit for trial in others if trial.outcomes[asked.place] == asked.wanted][:1]
    return found, bool(found) or complete


def _other_rows(asked: Prediction, where: Entry) -> tuple[list[TriedEdit], bool]:
    """What the other contents of an entry, beyond those in `trials`, make of the input; and whether all were tried."""
    node = asked.run.program.by_name.get(where.node)
    if where.part == "row":
        return row_trials(asked.run, where)
    # A cell that holds a number was given the other numbers of its table, and there are more; so of coefficients.
    numeric = where.part == "coefficient" or (node is not None and node.answers_numbers and where.part == "cell")
    return [], not numeric


def dependences(
    asked: Prediction, tried: Sequence[TriedEdit], mending: Sequence[Edit], shown: Presentation
) -> tuple[tuple[Dependence, ...], bool]:
    """The dynamic slice of a prediction, in execution order, and which of its entries matter.

    An entry of a right prediction matters if some single edit of it changes the prediction; one of a wrong prediction
    if one of the edits `mending` is of it.

    Returns:
        also whether everything was tried with those that are said not to matter.
    """
    reached = dynamic_slice(asked.run, asked.place)
    if asked.right:
        first, complete = _changing(asked, tried, reached)
    else:
        first, complete = {}, True
        for edit in mending:
            first.setdefault(edit.entry, edit)
    found = tuple(
        Dependence(
            entry=str(where),
            node=where.node,
            part=where.part,
            clause=where.clause,
            at=where.at,
            line=shown.line(where),
            matters=where in first,
            change=first[where].describe() if where in first else "",
            becomes=first[where].beside_entry() if where in first else "",
        )
        for where in reached
    )
    return found, complete


def _changing(
    asked: Prediction, tried: Sequence[TriedEdit], reached: Sequence[Entry]
) -> tuple[dict[Entry, Edit], bool]:
    """entry -> the first edit of it that changes a right prediction; and whether everything was tried with the rest."""
    first, complete = _first_changing(asked, tried), True
    for where in reached:
        if where not in first:
            rows, whole = _other_rows(asked, where)
            changing = [trial.edit for trial in rows if trial.outcomes[asked.place] != asked.predicted]
            if changing:
                first[where] = changing[0]
            complete &= whole or bool(changing)
    return first, complete


def _first_changing(asked: Prediction, tried: Sequence[TriedEdit]) -> dict[Entry, Edit]:
    """entry -> the first edit of it among those tried and the bends that changes the prediction."""
    first: dict[Entry, Edit] = {}
    for trial in tried:
        if trial.outcomes[asked.place] != asked.predicted:
            first.setdefault(trial.edit.entry, trial.edit)
    for edit in _bends(asked):
        if edit.entry not in first and stays_exact(asked.run.program, edit):
            first[edit.entry] = edit
    return first


def _bends(asked: Prediction) -> list[ReadoutEdit]:
    """The least changes of single weights that make the prediction another, the smallest first."""
    program = asked.run.program
    others = (code for code in range(len(program.classes)) if code != asked.predicted)
    bends = [edit for code in others for edit in weight_edits(asked.run, asked.place, code)]
    return sorted(bends, key=lambda bend: bend.size(program))
