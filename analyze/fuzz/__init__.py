"""Fuzz: look for inputs that fail, shrink them, and put those together that have one cause.

A small domain is tried whole, so that every failing input is known. Of a larger one inputs are drawn, many at once,
because the vectorised executor judges thousands in the time that one takes by itself; Hypothesis then shrinks what
fails (MacIver, Donaldson, "Test-Case Reduction via Test-Case Generation", ECOOP 2020). Failures that were found before
are tried first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from analyze.fuzz.buckets import Blamer, Found, buckets_of
from analyze.fuzz.kept_failures import KnownFailures
from analyze.fuzz.oracles import Against, Answers, Oracle, Reason, Relations
from analyze.fuzz.own_relation import read_relation
from analyze.fuzz.relations import find_relation
from analyze.fuzz.shrinking import own_folder
from analyze.input_space import in_order, space_of
from analyze.outcome import label
from analyze.results.checked import Checked
from analyze.results.fuzz import Bucket, FuzzResult, RelationCount
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.run.batch import Array, encode
from tprog.run.pieces import CHUNK, inputs_at_once, slices
from tprog.tasks.own import judging
from tprog.text.tokens import spacing

__all__ = ["BLAMED", "Against", "Answers", "Relations", "fuzz", "still_broken"]

BLAMED = 40
"""Failures blamed unless told otherwise: some seconds for a program of usual size."""


def fuzz(
    oracle: Oracle,
    *,
    examples: int | None = None,
    seed: int = 0,
    blamed: int = BLAMED,
    database: Path | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
    notes: tuple[str, ...] = (),
    progress: Callable[[int, int], object] | None = None,
) -> FuzzResult:
    """Try inputs against an oracle. Ctrl-C ends the search; what was found until then is returned.

    Args:
        oracle: `Answers`, `Against` or `Relations`, which names the program and its inputs.
        examples: how many different inputs to draw; left out: all that there are, or a sample of a large domain.
        seed: of what is drawn.
        blamed: the most failures that are blamed.
        database: a folder in which failing inputs are kept, to be tried first the next time.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.
        notes: what else the result is to say.
        progress: called with how many inputs are tried, and how many are to be.

    Raises:
        BadUsage: `examples` is not positive.
    """
    if examples is not None and examples < 1:
        raise BadUsage(f"{examples} examples say nothing; ask for at least 1")
    search = _Search(oracle, progress)
    with own_folder(database):
        known = KnownFailures(database, oracle, label(oracle.space.program, name))
        search.run_known(known.sequences())
        search.run(*oracle.space.chosen(examples, seed, "drawn"))
        failing = search.failing
        blamer = Blamer(oracle, search.tried, blamed, lines)
        try:
            buckets = buckets_of(oracle, failing, search.complete, blamer, shrink=not search.stopped)
        except KeyboardInterrupt:
            search.stopped, blamer.limit = True, 0
            buckets = buckets_of(oracle, failing, search.complete, blamer, shrink=False)
        known.replace(failing.sequences, [bucket.sequence for bucket in buckets])
    return FuzzResult(
        program=label(oracle.space.program, name),
        oracle=oracle.kind,
        against=oracle.against,
        relations=tuple(
            RelationCount(one.name, one.statement, len(breaking))
            for one, breaking in zip(oracle.relations, search.breaking, strict=True)
        ),
        checked=search.checked,
        failing=len(failing.sequences),
        known=search.known,
        known_failing=search.known_failing,
        first_at=search.first_at,
        not_blamed=sum(_not_blamed(bucket.record) for bucket in buckets),
        buckets=tuple(bucket.record for bucket in buckets),
        stopped=search.stopped,
        notes=notes,
        spaced=spacing(oracle.space.program),
    )


@dataclass(eq=False)
class _Search:
    """Inputs tried, and those that failed.

    Attributes:
        breaking: relation number -> the sequences that break it.
    """

    oracle: Oracle
    progress: Callable[[int, int], object] | None
    known: int = 0
    known_failing: int = 0
    first_at: int | None = None
    stopped: bool = False
    breaking: tuple[set[tuple[int, ...]], ...] = field(init=False)
    _found: list[Found] = field(default_factory=list)
    _tried: list[Array] = field(default_factory=list)
    _whole: bool = False
    _words: str = ""
    _planned: int = 0
    _drawn: int = 0

    def __post_init__(self) -> None:
        self.breaking = tuple(set() for _ in self.oracle.relations)

    def run_known(self, sequences: Array) -> None:
        """Try the failures of earlier runs."""
        if len(sequences):
            self._try(sequences)
            self.known, self.known_failing = len(sequences), sum(len(part.sequences) for part in self._found)

    def run(self, sequences: Array, whole: bool, words: str) -> None:
        """Try the others, part by part, until Ctrl-C."""
        self._whole, self._words, self._planned = whole, words, len(sequences)
        try:
            program = self.oracle.space.program
            for part in slices(len(sequences), inputs_at_once(program, program.max_length, CHUNK)):
                self._try(sequences[part])
                if self.progress:
                    self.progress(self._drawn, len(sequences))
        except KeyboardInterrupt:
            self.stopped = True

    def _try(self, sequences: Array) -> None:
        judged = self.oracle.judge(sequences)
        if len(judged.rows):
            if self.first_at is None and self._words:
                self.first_at = self._drawn + int(judged.rows[0]) + 1
            self._found.append(Found(sequences[judged.rows], judged.reasons))
        for rows, breaking in zip(judged.broken, self.breaking, strict=True):
            breaking.update(map(tuple, sequences[sorted(rows)].tolist()))
        self._tried.append(sequences)
        self._drawn += len(sequences) if self._words else 0

    @property
    def tried(self) -> Array:
        """Each sequence tried, once, the smallest first."""
        if not self._tried:
            return np.zeros((0, self.oracle.space.domain.most), dtype=np.int64)
        return in_order(np.unique(np.concatenate([part.astype(np.int64) for part in self._tried]), axis=0))

    @property
    def complete(self) -> bool:
        """Whether every input there is was tried."""
        return self._whole and not self.stopped

    @property
    def checked(self) -> Checked:
        count, noun = len(self.tried), self.oracle.space.noun
        if self._whole and self.stopped:
            return Checked(count, False, f"{count:,} of the {self._planned:,} {noun}s", noun)
        words = self._words.format(count)
        if self.known and not self.complete:
            words += f", those known to fail before them ({self.known:,})"
        return Checked(count, self.complete, words, noun)

    @cached_property
    def failing(self) -> Found:
        """All failing sequences, each once, the smallest first."""
        width = self.oracle.space.domain.most
        if not self._found:
            return Found(np.zeros((0, width), dtype=np.int64), ())
        every = np.concatenate([part.sequences.astype(np.int64) for part in self._found])
        reasons: dict[tuple[int, ...], Reason] = {}
        flat = [reason for part in self._found for reason in part.reasons]
        for row, reason in zip(every.tolist(), flat, strict=True):
            reasons.setdefault(tuple(row), reason)
        ordered = in_order(np.array([*reasons], dtype=np.int64))
        return Found(ordered, tuple(reasons[tuple(row)] for row in ordered.tolist()))


def _not_blamed(bucket: Bucket) -> int:
    return bucket.alike + (bucket.failures if bucket.kind == "not blamed" else 0)


def still_broken(program: Program, tokens: Sequence[str], relation: str | Path, task: str | None = None) -> bool:
    """Whether a program breaks a metamorphic relation at one input: what the tests that `fuzz` writes ask.

    Args:
        tokens: the whole input.
        relation: the name of a built-in one, or the path of a user's own, which is executed.
        task: instead of the one that the program names: a name, or the path of a user's own.

    Raises:
        BadUsage, BadFile: no such relation or task.
        BadInput: the program cannot take the tokens.
    """
    own = None if task is None else judging(task, program)
    space = space_of(program if own is None else replace(program, task=own.name), own)
    one = read_relation(relation) if Path(relation).suffix.lower() == ".py" else find_relation(space, str(relation))
    encode(program, [tokens])  # refuses what is no input
    inner = [space.symbols.index(token) for token in tokens if token in space.symbols]
    return len(Relations(space, (one,)).judge(space.sequence(inner)[None, :]).rows) > 0
