"""What tells that an input fails: right answers, another program, or metamorphic relations.

Each oracle judges many sequences at once (see `analyze.input_space` for what a sequence is), says to which bucket a
failure belongs as far as it can without blame, and shows a single failure.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from analyze.comparison import NO_ANSWER, Pair, common_space, first_hole
from analyze.fuzz.relation import UNSAID, FollowUp, Relation
from analyze.input_space import InputSpace, lengths_of
from analyze.outcome import Rows, ground
from analyze.results.fuzz import BucketKind, Failure, OracleKind
from analyze.verify import counterexample
from tprog.ir.program import Program
from tprog.run.batch import Array
from tprog.run.execute import FORCED, Execution, execute, predict
from tprog.run.outcome import NOT_GRADED, wrong_at
from tprog.tasks.builtin import Inputs


@dataclass(frozen=True)
class Reason:
    """To which bucket a failure belongs; see `analyze.results.fuzz.Bucket`."""

    kind: BucketKind
    what: str


TO_BLAME = Reason("not blamed", "")
"""The reason of a failure until it is blamed."""


@dataclass(frozen=True)
class Judged:
    """The failing ones of some inputs, ascending, and the reason of each.

    Attributes:
        broken: of each relation the inputs that break it, whatever else they break.
    """

    rows: Rows
    reasons: tuple[Reason, ...]
    broken: tuple[frozenset[int], ...] = ()


class Oracle(ABC):
    """What tells that an input fails.

    Attributes:
        against: what is compared with, in words.
        others: programs that run beside the one in question.
    """

    kind: OracleKind
    space: InputSpace
    against: str
    relations: tuple[Relation, ...] = ()

    @abstractmethod
    def judge(self, sequences: Array) -> Judged:
        """Which of the sequences [input, place] fail."""

    @abstractmethod
    def failure(self, sequence: Array) -> Failure:
        """One failing sequence [place], in words."""


@dataclass(frozen=True, eq=False)
class Answers(Oracle):
    """The right answers of the task. A wrong answer is to be blamed; an input in a hole has it as its reason."""

    space: InputSpace
    kind = "answers"

    @property
    def against(self) -> str:  # type: ignore[override]  # not settable: the space decides
        assert self.space.task is not None
        return f"the right answers of the task {self.space.task.name}"

    def inputs(self, sequences: Array, exhaustive: bool, description: str) -> Inputs:
        """The sequences with their right answers."""
        assert self.space.task is not None
        batch = self.space.batch(sequences)
        return Inputs(batch, self.space.task.expected(batch), exhaustive, description, self.space.noun)

    def judge(self, sequences: Array) -> Judged:
        inputs = self.inputs(sequences, False, "")
        assert inputs.expected is not None
        predictions, in_hole = predict(self.space.program, inputs.batch)
        wrong = wrong_at(predictions, in_hole, inputs.expected)
        rows = np.flatnonzero(wrong.any(axis=1) | in_hole)
        reasons = [TO_BLAME] * len(rows)
        holed = np.flatnonzero(in_hole[rows])
        if len(holed):
            run = execute(self.space.program, inputs.batch.take(rows[holed]))
            for at, place in enumerate(holed.tolist()):
                reasons[place] = Reason("hole", str(run.hole(at)))
        return Judged(rows, tuple(reasons))

    def failure(self, sequence: Array) -> Failure:
        found = counterexample(ground(self.space.program, self.inputs(sequence[None, :], False, "")), 0)
        return Failure(found.tokens, None, None, found.expected, found.got, found.wrong, found.hole)


@dataclass(frozen=True, eq=False)
class Against(Oracle):
    """Another program: an input fails where their answers differ, or only one of them has an answer."""

    space: InputSpace
    pair: Pair
    against: str
    kind = "program"

    def _runs(self, sequences: Array) -> tuple[Execution, Execution, Array, Array]:
        """Both programs, and their answers in common codes; of a known task only the graded ones."""
        one, two = self.pair.encoded(self.space.program, self.space.batch(sequences))
        run, other = execute(self.pair.a, one), execute(self.pair.b, two)
        graded = None if self.space.task is None else self.space.task.expected(one)
        return run, other, *self.pair.answers(run, other, graded)

    def judge(self, sequences: Array) -> Judged:
        run, other, mine, theirs = self._runs(sequences)
        rows = np.flatnonzero((mine != theirs).any(axis=1))
        reasons = []
        if self.pair.shared:
            every = self.pair.parts_at(run, other)
            parts = [every[row] for row in rows.tolist()]
        else:
            places = (mine[rows] != theirs[rows]).argmax(axis=1).tolist()
            parts = [self.pair.a.places.said(place) for place in places]
        for row, variable in zip(rows.tolist(), parts, strict=True):
            hole, its_hole = first_hole(run, row), first_hole(other, row)
            if hole is not None:
                reasons.append(Reason("hole", hole))
            elif its_hole is not None:
                reasons.append(Reason("hole", f"{its_hole} of the other program"))
            else:
                reasons.append(Reason("variable", variable))
        return Judged(rows, tuple(reasons))

    def failure(self, sequence: Array) -> Failure:
        run, other, mine, theirs = self._runs(sequence[None, :])
        tokens = self.space.tokens(sequence)
        hole, its_hole = first_hole(run, 0), first_hole(other, 0)
        places, classes = self.pair.a.places, self.pair.classes
        expected = () if its_hole is not None else places.apart(_words(classes, theirs[0]))
        wrong = places.positions(np.flatnonzero(mine[0] != theirs[0]).tolist())
        return Failure(tokens, None, None, expected, places.apart(_words(classes, mine[0])), wrong, hole)


def against_program(space: InputSpace, other: Program, name: str) -> tuple[Against, tuple[str, ...]]:
    """Another program as the oracle, on the inputs that both can take; and what is to be said about these.

    Args:
        name: what the result calls it.

    Raises:
        BadUsage: its tokens or classes are others.
    """
    pair = Pair(space.program, other)
    common, notes = common_space(pair, space.task, space.longest)
    return Against(common, pair, f"the program {name}"), notes


@dataclass(frozen=True)
class _Break:
    """A broken step of relation number `relation`.

    Attributes:
        row: the input.
        sequence, expected: [place] the follow-up and what is asked for.
        reason: where it is broken.
    """

    relation: int
    row: int
    sequence: Array
    expected: Array
    reason: Reason


@dataclass(frozen=True, eq=False)
class Relations(Oracle):
    """Metamorphic relations: an input fails if one of its follow-ups is answered otherwise than they ask for.

    A follow-up outside the domain is left out. An input in a hole fails, whatever the relations say.
    """

    space: InputSpace
    relations: tuple[Relation, ...]
    against: str = field(default="metamorphic relations", init=False)
    kind = "relations"

    def judge(self, sequences: Array) -> Judged:
        reasons: dict[int, Reason] = {}
        for lost, hole in self._lost(sequences):
            reasons[lost] = Reason("hole", hole)
        broken: list[set[int]] = [set() for _ in self.relations]
        for found in self._breaks(sequences):
            reasons.setdefault(found.row, found.reason)
            broken[found.relation].add(found.row)
        rows = sorted(reasons)
        found_in = tuple(map(frozenset, broken))
        return Judged(np.array(rows, dtype=np.intp), tuple(reasons[row] for row in rows), found_in)

    def _lost(self, sequences: Array) -> Iterator[tuple[int, str]]:
        """The inputs that reach a hole themselves."""
        batch = self.space.batch(sequences)
        lost = np.flatnonzero(predict(self.space.program, batch)[1])
        if len(lost):
            run = execute(self.space.program, batch.take(lost))
            for at, row in enumerate(lost.tolist()):
                yield row, str(run.hole(at))

    def _breaks(self, sequences: Array) -> Iterator[_Break]:
        """The first broken step of each relation and input, by relation and step."""
        lengths = lengths_of(sequences)
        for length in np.unique(lengths).tolist():
            of_length = np.flatnonzero(lengths == length)
            x = sequences[of_length, :length]
            answers, lost = self._answers(x)
            of_length, x, answers = of_length[~lost], x[~lost], answers[~lost]
            for number, relation in enumerate(self.relations):
                broken = np.zeros(len(sequences), dtype=np.bool_)
                for step in self._steps(relation, x, answers):
                    for at, reason in self._wrong_rows(relation, step):
                        row = int(of_length[step.rows[at]])
                        if not broken[row]:
                            broken[row] = True
                            yield _Break(number, row, step.sequences[at], step.expected[at], reason)

    def _steps(self, relation: Relation, x: Array, answers: Array) -> Iterator[FollowUp]:
        """The steps of a relation; one that is about the answers to a sequence is about each output by itself."""
        each = self.space.program.places.each
        if relation.of_all or each == 1:
            yield from relation.steps(self.space, x, answers)
            return
        for output in range(each):
            for step in relation.steps(self.space, x, answers[:, output::each]):
                expected = np.full((len(step.rows), step.expected.shape[1] * each), UNSAID, dtype=np.int64)
                expected[:, output::each] = step.expected
                yield FollowUp(step.rows, step.sequences, expected)

    def _wrong_rows(self, relation: Relation, step: FollowUp) -> list[tuple[int, Reason]]:
        """Which rows of a step are answered otherwise than it asks for, and where."""
        inside = np.arange(len(step.rows))
        if len(inside) and not relation.beyond:
            inside = np.flatnonzero(self.space.contains(step.sequences))
        if not len(inside):
            return []
        answers, lost = self._answers(step.sequences[inside])
        expected = step.expected[inside]
        wrong = (expected != UNSAID) & (answers != expected) & ~lost[:, None]
        places, pooled = self.space.program.places, self.space.program.readout.pooled
        first = (places.place(self.space.program.marks.first) + wrong.argmax(axis=1)).tolist()
        found = [
            (int(inside[at]), Reason("relation", relation.name + ("" if pooled else f", {places.said(first[at])}")))
            for at in np.flatnonzero(wrong.any(axis=1)).tolist()
        ]
        holes = self._lost(step.sequences[inside]) if lost.any() else ()
        return sorted(
            [*found, *((int(inside[at]), Reason("hole", hole)) for at, hole in holes)], key=lambda one: one[0]
        )

    def _answers(self, sequences: Array) -> tuple[Array, Array]:
        """[input, place] class codes at the places of sequences of one length (pooled: [input, 1]); [input] holes."""
        program = self.space.program
        predictions, lost = predict(program, self.space.batch(sequences))
        if program.readout.pooled:
            return predictions[:, None], lost
        first = program.marks.first
        inside = slice(program.places.count(first), program.places.count(first + sequences.shape[1]))
        return predictions[:, inside], lost

    def failure(self, sequence: Array) -> Failure:
        tokens = self.space.tokens(sequence)
        lost = [hole for _, hole in self._lost(sequence[None, :])]
        if lost:
            places = self.space.program.places
            nothing = places.apart(_words((), [NO_ANSWER] * places.count(len(tokens))))
            return Failure(tokens, None, None, nothing, nothing, places.positions(()), lost[0])
        return self._told(next(self._breaks(sequence[None, :])), tokens)

    def _told(self, found: _Break, tokens: tuple[str, ...]) -> Failure:
        program = self.space.program
        run = execute(program, self.space.batch(found.sequence[None, :]))
        follow_up = tuple(run.batch.words(program, 0))
        classes, places = program.classes, program.places
        asked = _words(classes, np.where(found.expected == UNSAID, FORCED, found.expected))
        hole = first_hole(run, 0)
        if program.readout.pooled:
            expected, got = asked, _words(classes, run.predictions[:1])
        else:
            before, behind = ((None,) * places.count(len(m)) for m in (program.marks.before, program.marks.behind))
            expected, got = (*before, *asked, *behind), _words(classes, run.predictions[0])
        got = got if hole is None else (None,) * len(got)
        pairs = zip(expected, got, strict=True)
        wrong = places.positions(place for place, (right, mine) in enumerate(pairs) if right not in (NOT_GRADED, mine))
        name = self.relations[found.relation].name
        return Failure(tokens, name, follow_up, places.apart(expected), places.apart(got), wrong, hole)


def _words(classes: Sequence[str], codes: Sequence[int] | Array) -> tuple[str | None, ...]:
    """Class codes as classes; None where nothing is predicted."""
    return tuple(None if code in (FORCED, NO_ANSWER) else classes[code] for code in np.asarray(codes).tolist())
