"""Edits that gain nothing by themselves, but let a refit of the readout gain.

Where predictions with the same pattern must give different answers, every readout is wrong on one of them; only an edit
before the readout can tell them apart. Such edits are counted on the predictions that conflict, the most promising of
them on all, and the best few are followed by a refit: a search two steps deep, as wide as `BEST` and `REFITTED` say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np

from analyze.blame.edited_node import EditedNode
from analyze.blame.effects import Effect
from analyze.blame.single_edits import changed_by
from analyze.blame.slice import reached_entries
from analyze.outcome import Ground, Rows, spread
from analyze.repair.proposals import Proposal, refitted
from analyze.repair.refit import patterns_of, refit
from tprog.edits.edit import Edit, NodeEdit, candidates
from tprog.ir.entry import Entry
from tprog.ir.program import Node
from tprog.run.batch import Array
from tprog.run.execute import Execution, execute, some_of
from tprog.run.groups import groups

CONFLICTS, FEWEST = 192, 12
"""Inputs with predictions that conflict on which all edits are tried; and how many at least, where inputs are longer
than 16 tokens: what an input takes is as the square of its length."""

TRIED = 4096
"""Edits of a node that are tried at most: all but those of an embedding of thousands of words, the most frequent of
which stand first."""

BEST = 20
"""Edits that are then counted on all inputs."""

REFITTED = 5
"""Edits that are then followed by a refit, and as many of those that mend something by themselves; if none of them
gains, so are all others that were counted."""


def pairs(on: Ground, effects: Sequence[Effect]) -> Iterator[list[Proposal]]:
    """Steps of an edit and a refit that gain together: the most promising ones, then, if none was taken, the others.

    Args:
        effects: edits that mend something by themselves, the best first.
    """
    if on.program.readout.pooled or on.program.readout.implied:
        return
    separating = _separating(on)
    tried: set[Edit] = set()
    for part in (slice(0, REFITTED), slice(REFITTED, None)):
        edits = dict.fromkeys([*separating[part], *(effect.edit for effect in effects[part])])
        found = [_with_refit(on, edit) for edit in edits if edit not in tried]
        tried.update(edits)
        yield [step for step in found if step is not None and step.net > 0]


def _with_refit(on: Ground, edit: Edit) -> Proposal | None:
    after = changed_by(on.program, [edit])
    fitted = None if after is None else refit(on.after(after), quick=True)
    return None if after is None or fitted is None else refitted(on, (edit,), after, fitted)


def _separating(on: Ground) -> list[NodeEdit]:
    """The edits after which a readout could be right on the most predictions, the best first."""
    conflict = _conflict(on)
    if conflict is None:
        return []
    counted = [found for node in on.program.nodes for found in _counted(on, node, conflict)]
    counted.sort(key=lambda found: (found[0], found[1].size(on.program)))
    least = patterns_of(on).unavoidable
    ranked: list[tuple[int, int, Fraction, int, NodeEdit]] = []
    for at, (_, edit) in enumerate(_varied(counted)):
        after = changed_by(on.program, [edit])
        if after is None:
            continue
        changed = on.after(after)
        unavoidable = patterns_of(changed).unavoidable
        if unavoidable < least:
            wrong = int(((changed.outcomes != on.expected) & on.graded).sum())
            ranked.append((unavoidable, wrong, edit.size(on.program), at, edit))
    return [edit for *_, edit in sorted(ranked, key=lambda found: found[:-1])]


def _varied(counted: Sequence[tuple[int, NodeEdit]]) -> list[tuple[int, NodeEdit]]:
    """The first `BEST` edits, of one entry at most two."""
    taken: dict[Entry, int] = {}
    found = []
    for count, edit in counted:
        where = edit.entry
        if taken.get(where, 0) < 2:
            taken[where] = taken.get(where, 0) + 1
            found.append((count, edit))
    return found[:BEST]


@dataclass(frozen=True, eq=False)
class _Conflict:
    """Predictions of which some are wrong under every readout.

    Attributes:
        inputs: the inputs that they stand in.
        at: [prediction] the index of its input in `inputs`, and its place.
        wanted: [prediction] class codes.
    """

    inputs: Rows
    at: tuple[Array, Array]
    wanted: Array

    def unavoidable(self, columns: Sequence[Array], copies: int, classes: int) -> Array:
        """[copy]: errors that no readout avoids, from columns [copy * prediction]."""
        count = len(self.wanted)
        which = np.repeat(np.arange(copies), count)
        group = groups([which, *columns], copies * count)
        table = np.bincount(group * classes + np.tile(self.wanted, copies), minlength=(group.max() + 1) * classes)
        table = table.reshape(-1, classes)
        errors = table.sum(axis=1) - table.max(axis=1)
        copy_of = np.zeros(len(table), dtype=np.int64)
        copy_of[group] = which
        return np.bincount(copy_of, weights=errors, minlength=copies).astype(np.int64)


def _conflict(on: Ground) -> _Conflict | None:
    assert on.expected is not None
    expected, classes = on.expected[:, on.program.of_readout], len(on.program.written_classes)
    at = on.graded[:, on.program.of_readout] & ~on.intact.in_hole[:, None] & (expected < classes)
    columns = [on.intact.values[term.variable][at] for term in on.program.weights]
    wanted = expected[at].astype(np.intp)
    group = groups(columns, len(wanted))
    table = np.bincount(group * classes + wanted, minlength=(int(group.max(initial=0)) + 1) * classes)
    mixed = (table.reshape(-1, classes) > 0).sum(axis=1) > 1
    if not mixed.any():
        return None
    at_mixed = mixed[group]
    rows, places = (index[at_mixed] for index in np.nonzero(at))
    inputs, index = np.unique(rows, return_inverse=True)
    kept = spread(len(inputs), max(FEWEST, min(CONFLICTS, CONFLICTS * 256 // max(on.batch.tokens.shape[1], 1) ** 2)))
    # Whole groups would be best, but one of each pair tells already how an edit moves it.
    inside = np.isin(index, kept)
    index = np.searchsorted(kept, index[inside])
    return _Conflict(inputs[kept], (index, places[inside]), wanted[at_mixed][inside])


def _counted(on: Ground, node: Node, conflict: _Conflict) -> Iterator[tuple[int, NodeEdit]]:
    """The edits of a node that resolve some of the conflict, each with the errors that are left of it."""
    program, count = on.program, len(conflict.inputs)
    base = some_of(on.intact, conflict.inputs)
    names = list(program.readout.reads)
    index, place = conflict.at
    classes = len(program.written_classes)
    now = conflict.unavoidable([base.values[name][index, place] for name in names], 1, classes)[0]
    made, most = _outputs(base, node), max(1, 20_000 // max(count, 1))
    for start in range(0, len(made), most):
        some = made[start : start + most]
        many = some_of(base, np.tile(np.arange(count), len(some)))
        values = np.concatenate([output for _, output in some])
        run = execute(program, many.batch, overrides={node.name: values}, base=many)
        rows = (np.arange(len(some))[:, None] * count + index).reshape(-1)
        places = np.tile(place, len(some))
        left = conflict.unavoidable([run.values[name][rows, places] for name in names], len(some), classes)
        yield from ((errors, edit) for (edit, _), errors in zip(some, left.tolist(), strict=True) if errors < now)


def _outputs(base: Execution, node: Node) -> list[tuple[NodeEdit, Array]]:
    """The edits of a node that change what it yields on the inputs of a run, and [input, position] what they make it.

    Of edits that make the same, the first; those that recode the node, or run into a hole, are left out.
    """
    program, old = base.program, base.values[node.name]
    reached: set[Entry] = set()
    for row in range(len(base.batch)):
        reached |= {where for where in reached_entries(some_of(base, np.array([row]))) if where.node == node.name}
    edited, found = EditedNode(base, node.name, np.arange(len(base.batch))), {old.tobytes(): None}
    made = []
    for edit in islice(candidates(program, node, reached.__contains__), TRIED):
        if edit.recodes(program):
            continue
        output = edited.output(edit)
        if output.lost.any():
            continue
        values = old.copy()
        values[output.rows] = np.where(base.batch.present[output.rows], output.values, old[output.rows])
        if values.tobytes() not in found:
            found[values.tobytes()] = None
            made.append((edit, values))
    return made
