"""Failures put together that have one cause, each bucket with its smallest.

The bucket of a wrong answer is the top blamed line (`analyze.blame`): the line of the best of all single edits that
mend the first wrong prediction of the input. Blame takes a while, so not every failure is blamed: always the smallest
that no edit known so far mends, until there is none or the limit is reached. The failures that such an edit mends as
well are counted beside its bucket; they need not belong there, as another edit could rank higher for them. But an edit
after which no prediction is wrong any more is the best edit of each failure: what could rank above it would restore
everything too, and so would have mended, and been the best of, the failure that was blamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from analyze.blame import search
from analyze.blame.prediction import ask
from analyze.fuzz.oracles import TO_BLAME, Answers, Judged, Oracle, Reason
from analyze.fuzz.shrinking import shrunk
from analyze.input_space import lengths_of
from analyze.outcome import entry_line, spread
from analyze.results.fuzz import Bucket
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.listing import every_one
from tprog.run.batch import Array, Bools
from tprog.run.execute import predict
from tprog.run.outcome import wrong_at
from tprog.tasks.builtin import Inputs
from tprog.tasks.input_domain import NOTHING

ENUMERATED_SHORTER = 200_000
"""Inputs shorter than a failing one that are all tried, to prove that it is a shortest."""

BLAMED_WHILE_SHRINKING = 10
"""Failures blamed to shrink one."""

BLAMED_OVER = 50_000
"""Inputs over which the effect of an edit is counted; of more, so many evenly spread."""

UNKNOWN = Reason("not blamed", "not blamed")

_BY_BLAME = ("line", "no edit")


@dataclass(frozen=True, eq=False)
class Found:
    """Failing sequences [input, place] and the reason of each."""

    sequences: Array
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class _Blamed:
    """What is said of a blamed entry.

    Attributes:
        entry, line, edit: where it is, and the best edit for the first failure blamed there, in words.
        becomes: what the edit says beside the entry.
        edited: the program after that edit; None if no single edit mends.
        net: how many predictions the edit mends, less those that it breaks.
        restores: whether none is wrong any more.
    """

    reason: Reason
    entry: str = ""
    line: int | None = None
    edit: str = ""
    becomes: str = ""
    edited: Program | None = None
    net: int = 0
    restores: bool = False


@dataclass(eq=False)
class Blamer:
    """Blames failures, at most `limit` of them, each once.

    Attributes:
        tried: [input, place] the sequences over which an edit's effect is counted.
        done: how many were blamed.
        all_mended: what was said of an edit that mends every failure among those tried, once there is one.
    """

    oracle: Oracle
    tried: Array
    limit: int
    lines: Mapping[Entry, int] | None
    done: int = 0
    all_mended: _Blamed | None = None
    said: dict[Reason, _Blamed] = field(default_factory=dict)
    _edited: dict[Reason, list[Program]] = field(default_factory=dict)
    _known: dict[tuple[int, ...], Reason] = field(default_factory=dict)

    def reason(self, sequence: Array, *, was_tried: bool = True) -> Reason:
        """Why a wrong answer is in its bucket; `UNKNOWN` beyond the limit.

        Args:
            was_tried: whether the sequence is one of `tried`; of another, an edit that mends those says nothing.
        """
        key = tuple(code for code in sequence.tolist() if code != NOTHING)
        if key in self._known:
            return self._known[key]
        if was_tried and self.all_mended is not None:
            return self.all_mended.reason
        if self.done >= self.limit:
            return UNKNOWN
        found = self._blame(sequence)
        self.done += 1
        self._known[key] = found.reason
        self._note(found)
        return found.reason

    def _note(self, found: _Blamed) -> None:
        """Remember what blame says, for the failures that it says the same of."""
        self.said.setdefault(found.reason, found)
        if found.edited is not None:
            self._edited.setdefault(found.reason, []).append(found.edited)
        if found.restores and len(self.tried) <= BLAMED_OVER:
            self.all_mended = self.all_mended or found

    def known_reason(self, sequence: Array) -> Reason:
        """As `reason`, of a sequence that was tried; but nothing more is blamed."""
        limit, self.limit = self.limit, self.done
        try:
            return self.reason(sequence)
        finally:
            self.limit = limit

    @cached_property
    def _inputs(self) -> Inputs:
        assert isinstance(self.oracle, Answers)
        return self.oracle.inputs(
            self.tried[spread(len(self.tried), BLAMED_OVER)], False, f"the {self.oracle.space.noun}s tried"
        )

    def _blame(self, sequence: Array) -> _Blamed:
        space = self.oracle.space
        assert space.task is not None
        tokens = space.tokens(sequence)
        asked = ask(space.program, tokens, None, space.task.oracle(tokens))
        found = search(asked, self._inputs, 1, thorough=False)
        if not found.ranking.effects:
            return _Blamed(Reason("no edit", "no single edit mends them"))
        best = found.ranking.effects[0]
        edit, restores = best.edit, best.restores(found.held.wrong)
        where, line = str(edit.entry), entry_line(self.lines, edit.entry)
        reason = Reason("line", where if line is None else f"line {line}")
        edited, net = edit.apply(space.program), best.net
        return _Blamed(reason, where, line, edit.describe(), edit.beside_entry(), edited, net, restores)

    def mends(self, reason: Reason, sequences: Array) -> Bools:
        """[input]: whether an edit of a bucket mends the first wrong prediction of each failing sequence.

        Of the bucket without an edit: whether none of the known edits does.
        """
        if reason.kind == "no edit":
            by_any = [self.mends(one, sequences) for one in self._edited]
            return ~np.any(by_any, axis=0) if by_any else np.ones(len(sequences), dtype=np.bool_)
        assert isinstance(self.oracle, Answers)
        inputs = self.oracle.inputs(sequences, False, "")
        assert inputs.expected is not None
        first = wrong_at(*predict(self.oracle.space.program, inputs.batch), inputs.expected).argmax(axis=1)
        every = np.arange(len(sequences))
        mended = np.zeros(len(sequences), dtype=np.bool_)
        for edited in self._edited[reason]:
            mended |= ~wrong_at(*predict(edited, inputs.batch), inputs.expected)[every, first]
        return mended

    def alike(self, sequences: Array) -> list[Reason]:
        """For failures that are not blamed: the bucket whose edit mends them too, the best first, or `UNKNOWN`."""
        reasons = [UNKNOWN] * len(sequences)
        edits = sorted((one for one in self.said.values() if one.edited is not None), key=lambda one: -one.net)
        for one in edits if len(sequences) else ():
            for row in np.flatnonzero(self.mends(one.reason, sequences)).tolist():
                reasons[row] = one.reason if reasons[row] == UNKNOWN else reasons[row]
        return reasons


@dataclass(frozen=True, eq=False)
class Sized:
    """A bucket, and the sequence of its smallest failure."""

    record: Bucket
    sequence: Array


def buckets_of(oracle: Oracle, failing: Found, complete: bool, blamer: Blamer, shrink: bool) -> list[Sized]:
    """The buckets, the largest first.

    Args:
        failing: the smallest first.
        complete: whether these are all failing inputs that there are.
        shrink: whether to look for smaller ones where they are not.
    """
    by_reason = _by_reason(_blamed(failing, blamer))
    beyond = by_reason.pop(UNKNOWN, [])
    unknown = beyond[0] if beyond else len(failing.sequences)
    reasons = blamer.alike(failing.sequences[beyond])
    alike = Counter(reasons)
    if UNKNOWN in alike:
        by_reason[UNKNOWN] = [index for index, reason in zip(beyond, reasons, strict=True) if reason == UNKNOWN]
    made = []
    for reason, members in by_reason.items():
        smallest = _Smallest(failing.sequences[members[0]], False, "the smallest of those tried")
        if reason == UNKNOWN:
            smallest = replace(smallest, how="the smallest that was not blamed")
        elif complete:
            # Only what was not blamed could belong here as well.
            settled = members[0] < unknown or reason.kind not in _BY_BLAME
            how = f"all {oracle.space.noun}s were tried" if settled else "the smallest of those blamed"
            smallest = replace(smallest, proven=settled, how=how)
        elif shrink:
            smallest = _smaller(oracle, blamer, reason, smallest)
        said = blamer.said.get(reason, _Blamed(reason))
        failure = oracle.failure(smallest.sequence)
        what = said.entry or reason.what
        more = alike[reason] if reason != UNKNOWN else 0
        told = (reason.kind, what, said.line, said.edit)
        known = smallest.proven, smallest.how
        record = Bucket(*told, len(members), more, failure, *known, becomes=said.becomes)
        made.append(Sized(record, smallest.sequence))
    return sorted(made, key=lambda one: (one.record.kind == "not blamed", -one.record.failures - one.record.alike))


def _by_reason(reasons: Sequence[Reason]) -> dict[Reason, list[int]]:
    found: dict[Reason, list[int]] = {}
    for index, reason in enumerate(reasons):
        found.setdefault(reason, []).append(index)
    return found


def _blamed(failing: Found, blamer: Blamer) -> list[Reason]:
    """The reasons, with what blame says of as many failures as it takes until an edit is known for each."""
    reasons = list(failing.reasons)
    waiting = np.array([index for index, reason in enumerate(reasons) if reason == TO_BLAME], dtype=np.intp)
    if not len(waiting):
        return reasons
    sequences, open_ones = failing.sequences[waiting], np.ones(len(waiting), dtype=np.bool_)
    while open_ones.any() and blamer.done < blamer.limit:
        at = int(open_ones.argmax())
        reason = blamer.reason(sequences[at])
        open_ones[at] = False
        if reason.kind == "line":
            open_ones &= ~blamer.mends(reason, sequences)
    for at, index in enumerate(waiting.tolist()):
        reasons[index] = blamer.known_reason(sequences[at])
    return reasons


@dataclass(frozen=True, eq=False)
class _Smallest:
    """The smallest failure of a bucket that is known; see `Bucket`."""

    sequence: Array
    proven: bool
    how: str


def _smaller(oracle: Oracle, blamer: Blamer, reason: Reason, first: _Smallest) -> _Smallest:
    """What Hypothesis makes of a failure; then, where they are few, all inputs that are not longer."""
    if oracle.space.kind == "drawn":
        return replace(first, how="the smallest drawn; what a task's own sampler gives cannot be shrunk")
    found = _shrunk(oracle, blamer, reason, first.sequence)
    return _smallest_of_all(oracle, blamer, reason, found) or _Smallest(found, False, "shrunk by Hypothesis")


def _shrunk(oracle: Oracle, blamer: Blamer, reason: Reason, first: Array) -> Array:
    """What Hypothesis makes of a failure: one of the same bucket."""
    space, by_blame = oracle.space, reason.kind in _BY_BLAME

    def fails_alike(codes: tuple[int, ...]) -> bool:
        judged = oracle.judge(space.sequence(codes)[None, :])
        if not len(judged.rows) or judged.reasons[0] != (TO_BLAME if by_blame else reason):
            return False
        return not by_blame or bool(blamer.mends(reason, space.sequence(codes)[None, :])[0])

    choices = space.choices(first.tolist())
    assert choices is not None
    blamer.limit = blamer.done + BLAMED_WHILE_SHRINKING
    made = shrunk(space.strategy(), choices, fails_alike)
    found = first if made is None else space.sequence(made)
    return first if by_blame and blamer.reason(found, was_tried=False) != reason else found


def _smallest_of_all(oracle: Oracle, blamer: Blamer, reason: Reason, found: Array) -> _Smallest | None:
    """The smallest failure of a bucket among all inputs that are not longer than one; None if they are many."""
    space = oracle.space
    if space.kind != "sequences":
        return None
    length = int(lengths_of(found[None, :])[0])
    count = space.below(length + 1)
    if count > ENUMERATED_SHORTER:
        return None
    every = space.shorter(length + 1)
    judged = oracle.judge(every)
    how = f"{every_one(count, 'input')} not longer {'was' if count == 1 else 'were'} tried"
    if reason.kind not in _BY_BLAME:
        return _Smallest(every[_rows_of(judged, reason)[0]], True, how)
    rows = _rows_of(judged, TO_BLAME)
    sure = True
    for row, mended in zip(rows, blamer.mends(reason, every[rows]), strict=True):
        why = blamer.reason(every[row], was_tried=False) if mended else UNKNOWN
        if why == reason:
            return _Smallest(every[row], sure, how)
        sure = sure and why != UNKNOWN
    return None


def _rows_of(judged: Judged, reason: Reason) -> list[int]:
    """The inputs that fail for a reason, in order."""
    return [row for row, why in zip(judged.rows.tolist(), judged.reasons, strict=True) if why == reason]
