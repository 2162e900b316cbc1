"""Two programs compared: which of their nodes belong together, and on which inputs they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from analyze.comparison import NO_ANSWER, Pair, common_space, first_hole
from analyze.diff.matching import Match, match_nodes
from analyze.diff.node_text import Names, readout_differences, side, text_differences
from analyze.input_space import InputSpace, in_order
from analyze.results.checked import Checked
from analyze.results.diff import DiffResult, InputDifference, NodeMatch, ReadoutDifference, Tally
from tprog.ir.entry import Entry
from tprog.ir.program import Program, Symbols
from tprog.run.batch import Array, Batch
from tprog.run.execute import FORCED
from tprog.run.pieces import CHUNK
from tprog.tasks.builtin import UNGRADED, Task
from tprog.text.tokens import spacing

LISTED = 5
"""Differences of the text of two nodes that are listed."""

Lines = Mapping[Entry, int] | None


def diff(
    a: Program,
    b: Program,
    *,
    task: Task | None = None,
    length: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    limit: int | None = None,
    lines: tuple[Lines, Lines] = (None, None),
    names: tuple[str, str] = ("first", "second"),
) -> DiffResult:
    """Compare two programs with the same tokens and classes, on the inputs that both can take.

    Args:
        task: what both should compute; left out: what they name.
        length: the most tokens of an input, marks included; left out: of those that both can take.
        sample: how many inputs to draw; left out: all, or a sample of a large domain.
        seed: of the sample.
        limit: the most inputs listed; None lists all on which they differ.
        lines: for each program entry -> its line in its file.
        names: what the result calls the programs.

    Raises:
        BadUsage: they cannot be compared; the message says why.
        BadProgram: one of them does not fit the task.
    """
    pair = Pair(a, b)
    space, notes = common_space(pair, task, length)
    sequences, whole, words = space.chosen(sample, seed, "sampled")
    sequences = in_order(sequences)
    batch_a, batch_b = pair.encoded(a, space.batch(sequences))
    behaviour = _behaviour(pair, space, batch_a, batch_b)
    shown = sequences[np.array(behaviour.rows[:limit], dtype=np.intp)]
    nodes, readout, left_out = _structure(pair, batch_a, batch_b, lines)
    return DiffResult(
        a=names[0],
        b=names[1],
        task=None if space.task is None else space.task.name,
        checked=Checked(len(sequences), whole, words.format(len(sequences)), space.noun),
        differing=len(behaviour.rows),
        tally=None if space.task is None else behaviour.tally,
        inputs=tuple(_differences(pair, space, shown)),
        nodes=nodes,
        readout=readout,
        left_out=left_out,
        notes=notes,
        spaced=spacing(a),
    )


# Behaviour ############################################################################################################


@dataclass(eq=False)
class _Behaviour:
    """The inputs on which two programs differ, and how often each is right."""

    rows: list[int] = field(default_factory=list)
    right: dict[tuple[bool, bool], int] = field(default_factory=dict)

    @property
    def tally(self) -> Tally:
        both, only_a, only_b, neither = (
            self.right.get(key, 0) for key in ((True, True), (True, False), (False, True), (False, False))
        )
        return Tally(both, only_a, only_b, neither)


def _behaviour(pair: Pair, space: InputSpace, batch_a: Batch, batch_b: Batch) -> _Behaviour:
    found = _Behaviour()
    for rows, run_a, run_b in pair.runs(batch_a, batch_b, CHUNK):
        expected = _expected(space, run_a.batch)
        mine, theirs = pair.answers(run_a, run_b, expected)
        found.rows += (np.flatnonzero((mine != theirs).any(axis=1)) + rows.start).tolist()
        if expected is not None:
            right = [_right(answers, expected) for answers in (mine, theirs)]
            for key in ((True, True), (True, False), (False, True), (False, False)):
                count = int(((right[0] == key[0]) & (right[1] == key[1])).sum())
                found.right[key] = found.right.get(key, 0) + count
    return found


def _expected(space: InputSpace, batch: Batch) -> Array | None:
    return None if space.task is None else space.task.expected(batch)


def _right(answers: Array, expected: Array) -> Array:
    """[input]: whether all graded answers are right."""
    return np.asarray(((answers == expected) | (expected == UNGRADED)).all(axis=1) & (answers != NO_ANSWER).all(axis=1))


def _differences(pair: Pair, space: InputSpace, sequences: Array) -> Iterator[InputDifference]:
    """The inputs on which they differ, in the order given."""
    batch_a, batch_b = pair.encoded(pair.a, space.batch(sequences))
    for _, run_a, run_b in pair.runs(batch_a, batch_b, CHUNK):
        expected = _expected(space, run_a.batch)
        mine, theirs = pair.answers(run_a, run_b, expected)
        right_a, right_b = (None if expected is None else _right(answers, expected) for answers in (mine, theirs))
        for row in range(len(run_a.batch)):
            places = pair.a.places
            count = places.count(int(run_a.batch.lengths[row]))
            classes = pair.classes if space.task is None else space.task.classes
            yield InputDifference(
                tokens=tuple(run_a.batch.words(pair.a, row)),
                a=places.apart(_words(classes, mine[row, :count])),
                b=places.apart(_words(classes, theirs[row, :count])),
                expected=None if expected is None else places.apart(_words(classes, expected[row, :count])),
                positions=places.positions(np.flatnonzero(mine[row] != theirs[row]).tolist()),
                right=None if right_a is None or right_b is None else _verdict(right_a[row], right_b[row]),
                hole_a=first_hole(run_a, row),
                hole_b=first_hole(run_b, row),
            )


def _verdict(right_a: bool, right_b: bool) -> Literal["a", "b", "neither"]:
    """Which of the two is right where they differ."""
    return "a" if right_a else "b" if right_b else "neither"


def _words(classes: Sequence[str], codes: Array) -> list[str | None]:
    return [None if code in (FORCED, NO_ANSWER) else classes[code] for code in codes.tolist()]


# Structure ############################################################################################################


def _structure(
    pair: Pair, batch_a: Batch, batch_b: Batch, lines: tuple[Lines, Lines]
) -> tuple[tuple[NodeMatch, ...], tuple[ReadoutDifference, ...], int]:
    matching = match_nodes(pair, batch_a, batch_b)
    names = Names(pair.a, pair.b, {m.b: m.a for m in matching.matches})
    by_a = {match.a: match for match in matching.matches}
    found = []
    for node in pair.a.nodes:
        if node.name in by_a:
            found.append(_matched(pair, names, by_a[node.name], lines))
        else:
            note = _twin(matching.twins.get(("a", node.name)), "second")
            found.append(NodeMatch("only a", side(pair.a, node, lines[0]), None, 0, 0, (), (), 0, note, texts=()))
    done = {match.b for match in matching.matches}
    for node in pair.b.nodes:
        if node.name not in done:
            note = _twin(matching.twins.get(("b", node.name)), "first")
            found.append(NodeMatch("only b", None, side(pair.b, node, lines[1]), 0, 0, (), (), 0, note, texts=()))
    if matching.left_out == len(batch_a):
        return tuple(found), (), matching.left_out  # no value was compared: which weights belong together is not known
    return tuple(found), readout_differences(names, LISTED), matching.left_out


def _twin(name: str | None, which: str) -> str:
    return f"computes the same as {name} of the {which}, which is matched already" if name else ""


def _matched(pair: Pair, names: Names, match: Match, lines: tuple[Lines, Lines]) -> NodeMatch:
    one, other = pair.a.by_name[match.a], pair.b.by_name[match.b]
    differences = text_differences(names, one, other)
    categorical = isinstance(pair.a.variables[match.a].domain, Symbols)
    renaming = tuple(
        (pair.values.value(x, categorical), pair.values.value(y, categorical))
        for x, y in sorted(match.renaming.items())
    )
    same = match.kind == "equal" and not differences
    return NodeMatch(
        kind="same" if same else match.kind,
        a=side(pair.a, one, lines[0]),
        b=side(pair.b, other, lines[1]),
        agreeing=match.agreeing,
        places=match.places,
        renaming=renaming,
        differences=tuple(map(str, differences[:LISTED])),
        differing=len(differences),
        note="",
        texts=tuple(differences[:LISTED]),
    )
