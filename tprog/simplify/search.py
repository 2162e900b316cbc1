"""The check behind every step: a candidate is believed only after it ran on all inputs.

Shapes: [input, position]; [input, place], see `tprog.run.outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar
from weakref import ref

import numpy as np

from tprog.ir.places import Places
from tprog.ir.program import Node, Program
from tprog.run.batch import Array, Batch, Bools
from tprog.run.evaluate import evaluate
from tprog.run.execute import Execution, execute, some_of
from tprog.run.outcome import by_place, is_hole, outcomes
from tprog.run.pieces import HELD, LARGE_CHUNK, held_bytes, pieces_of
from tprog.simplify.record import Keep, Size, Step, entries, size
from tprog.tasks.builtin import Inputs

T = TypeVar("T")

ANY = -1
"""The wanted class where every prediction will do."""

_FIRST, _MORE, _MOST = 192, 48, 1536
"""Inputs that a candidate must pass before all of them are run; how many each failed check adds; and the most."""

_VANGUARD, _HARD = 96, 16
"""Inputs of the sample that are run before its others: those that refuted a candidate last; how many each adds."""


_KNOWN = 4096
"""Answers that are kept."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some inputs.

    Attributes:
        wanted: [input, place] outcomes (`tprog.run.outcome`) that must stay, `ANY` elsewhere. An input that reaches a
            hole must go on to reach it, and no other may come to reach one.
    """

    batch: Batch
    wanted: Array

    @cached_property
    def in_hole(self) -> Bools:
        """[input]: whether the input reaches a hole."""
        return np.asarray(is_hole(self.wanted).any(axis=1))

    @cached_property
    def _counts(self) -> Bools:
        """[input, place]: whether an outcome must stay."""
        return np.asarray(self.wanted != ANY)

    def failing(self, run: Execution, base: Execution | None) -> Array:
        """The inputs, as rows, on which a run has another outcome than wanted.

        Args:
            base: a run that has the wanted outcomes, on top of which this one was made.
        """
        none = np.zeros(0, dtype=np.intp)
        if base is not None and run.totals is base.totals and not (run.holed or base.holed or run.program.returned):
            return none
        unlike = outcomes(run) != self.wanted
        unlike &= self._counts
        if not run.holed and not unlike.any():  # as most are that get so far; to look input by input takes long
            return none
        rows: Bools = unlike.any(axis=1)
        if run.holed:
            rows |= run.in_hole & ~self.in_hole
        return np.flatnonzero(rows)

    def take(self, rows: Array) -> Part:
        return Part(self.batch.take(rows), self.wanted[rows])


class Known:
    """What follows from arrays that never change, for as long as these exist."""

    def __init__(self) -> None:
        self._found: dict[tuple[Hashable, ...], tuple[list[ref[Array]], Any]] = {}

    def what(self, question: Hashable, arrays: Sequence[Array], answer: Callable[[], T]) -> T:
        """The answer to a question about these very arrays, found once."""
        key = (question, *map(id, arrays))
        found = self._found.get(key)
        if found is None or any(known() is not array for known, array in zip(found[0], arrays, strict=True)):
            if len(self._found) >= _KNOWN:
                self._found.clear()
            found = self._found[key] = [*map(ref, arrays)], answer()
        result: T = found[1]
        return result


class Search:
    """The program as simplified so far, its runs on all inputs, and the steps that led to it.

    Args:
        keep: ``right`` frees the predictions that are wrong.
    """

    def __init__(self, program: Program, inputs: Inputs, keep: Keep = "all") -> None:
        self.program = program
        self.steps: list[Step] = []
        self.parts: list[Part] = []
        self.runs: list[Execution | None] = []  # those that are kept: beyond `HELD`, a part is run when it is needed
        room = HELD // held_bytes(program, inputs.batch.tokens.shape[1])
        for rows, batch in pieces_of(program, inputs.batch, LARGE_CHUNK):
            run, piece = execute(program, batch), inputs.take(rows).cut()
            found: Array = outcomes(run).astype(np.int32 if run.holed else np.int16)
            graded = piece.graded(program)
            if keep == "right" and piece.expected is not None:
                graded = graded & (found == by_place(piece.expected))
            self.parts.append(Part(batch, np.where(graded | is_hole(found), found, ANY)))
            self.runs.append(run if rows.stop <= room else None)
        self._sample: Part | None = None
        self._sample_run: Execution | None = None
        self._sampled: set[tuple[int, int]] = set()
        self._sized: tuple[Program, Size] | None = None
        self._entries = entries(program)
        self._hard: list[int] = []  # rows of the sample, those that refuted a candidate last first
        self._vanguard: tuple[Part, Execution] | None = None
        self.known = Known()
        self._draw()

    @property
    def size(self) -> Size:
        """How large the program is by now."""
        if self._sized is None or self._sized[0] is not self.program:
            self._sized = self.program, size(self.program)
        return self._sized[1]

    @property
    def predictions(self) -> int:
        """How many predictions are compared."""
        return sum(int((part.wanted >= 0).sum()) for part in self.parts)

    def attempt(
        self,
        candidate: Program | None,
        node: str,
        reason: str,
    ) -> bool:
        """Go on with a candidate if it keeps all outcomes and is not larger.

        It may have more entries, with which nodes or lines are bought, but no more than there were at the start.
        """
        if candidate is None:
            return False
        run = self._survives(lambda base: execute(candidate, base.batch, base=base))
        # Counting lines is dearer than some inputs, and cheaper than all.
        if run is None or not size(candidate).within(replace(self.size, entries=self._entries)):
            return False
        runs = self._passes(candidate)
        if runs is None:
            return False
        self.program, self.runs = candidate, runs
        self._sample_run, self._vanguard = run, None
        self.steps.append(Step(node, reason))
        return True

    def state(self) -> tuple[Program, list[Execution | None], list[Step]]:
        """What `restore` goes back to."""
        return self.program, self.runs, [*self.steps]

    def restore(self, state: tuple[Program, list[Execution | None], list[Step]]) -> None:
        """Forget what was accepted since `state`."""
        self.program, self.runs, self.steps = state[0], state[1], [*state[2]]
        self._sample_run = self._vanguard = None

    def values(self, *names: str) -> Iterable[tuple[Part, Execution, list[Array]]]:
        """The parts with the current values of variables."""
        for part, kept in zip(self.parts, self.runs, strict=True):
            run = execute(self.program, part.batch) if kept is None else kept
            yield part, run, [run.values[name] for name in names]

    def may_be(self, name: str, codes: Callable[[Mapping[str, Array]], Array | int]) -> bool:
        """Whether a node could yield other codes, as far as the sample shows.

        Args:
            codes: the values of all variables -> those of this one, [input, position] or one for all.
        """

        def changed(base: Execution) -> Execution:
            return execute(self.program, base.batch, overrides={name: codes(base.values)}, base=base)

        return self._survives(changed) is not None

    def may_become(self, node: Node) -> bool:
        """Whether a node could become one of the same name and domain, as far as the sample shows."""

        def changed(base: Execution) -> Execution:
            values, _ = evaluate(node, self.program, base.batch, base.values)
            return execute(self.program, base.batch, overrides={node.name: values}, base=base)

        return self._survives(changed) is not None

    def _survives(self, changed: Callable[[Execution], Execution]) -> Execution | None:
        """The run on the sample of a change that keeps all outcomes there, or None.

        A change is tried on a few inputs first, those on which others failed before: most fail there.

        Args:
            changed: a run of the program as it is -> that of the program as it would be.
        """
        part, base = self._in_front()
        if len(part.failing(changed(base), base)):
            return None
        sample, base = self._sampled_run()
        run = changed(base)
        failing = sample.failing(run, base)
        if not len(failing):
            return run
        worst = failing[:: max(1, len(failing) // _HARD)][:_HARD].tolist()
        self._hard = list(dict.fromkeys((*worst, *self._hard)))[:_VANGUARD]
        self._vanguard = None
        return None

    def _in_front(self) -> tuple[Part, Execution]:
        """The vanguard of the sample, and its run by the program as it is."""
        if self._vanguard is None:
            sample, run = self._sampled_run()
            rows = np.array(list(dict.fromkeys((*self._hard, *range(len(sample.batch)))))[:_VANGUARD], dtype=np.intp)
            self._vanguard = sample.take(rows), some_of(run, rows)
        return self._vanguard

    def _sampled_run(self) -> tuple[Part, Execution]:
        assert self._sample is not None
        if self._sample_run is None:
            self._sample_run = execute(self.program, self._sample.batch)
        return self._sample, self._sample_run

    def _passes(self, candidate: Program) -> list[Execution | None] | None:
        """The runs of a candidate that keeps all outcomes, or None; what refutes it joins the sample."""
        runs: list[Execution | None] = []
        for index, (part, base) in enumerate(zip(self.parts, self.runs, strict=True)):
            run = execute(candidate, part.batch, base=base)
            failing = part.failing(run, base)
            if len(failing):
                self._remember((index, int(row)) for row in failing[:: max(1, len(failing) // _MORE)][:_MORE])
                return None
            runs.append(None if base is None else run)
        return runs

    def _draw(self) -> None:
        """Start the sample: evenly spaced, so that it holds short and long inputs."""
        total = sum(len(part.batch) for part in self.parts)
        picked: Array = np.unique(np.linspace(0, max(total - 1, 0), min(total, _FIRST)).astype(np.intp))
        starts = np.cumsum([0, *(len(part.batch) for part in self.parts)])
        which = np.searchsorted(starts, picked, side="right") - 1
        self._remember((int(i), int(p - starts[i])) for i, p in zip(which, picked, strict=True))

    def _remember(self, rows: Iterable[tuple[int, int]]) -> None:
        """Add inputs to the sample."""
        new = [row for row in rows if row not in self._sampled]
        if self._sample is not None and len(self._sampled) + len(new) > _MOST:
            return
        self._sampled.update(new)
        width = max((part.batch.tokens.shape[1] for part in self.parts), default=0)
        pieces = [] if self._sample is None else [self._sample]
        for index in sorted({index for index, _ in new}):
            chosen = self.parts[index].take(np.array([row for i, row in new if i == index]))
            pieces.append(_widened(chosen, width, self.program.places))
        if not pieces:
            pieces = [Part(Batch(np.zeros((0, width), np.int8), np.zeros(0, np.int64)), np.zeros((0, 1)))]
        self._sample = _joined(pieces)
        self._sample_run = self._vanguard = None


def _joined(parts: Sequence[Part]) -> Part:
    """Parts of one width, one below the other."""
    tokens = np.concatenate([part.batch.tokens for part in parts])
    lengths = np.concatenate([part.batch.lengths for part in parts])
    return Part(Batch(tokens, lengths), np.concatenate([part.wanted for part in parts]))


def _widened(part: Part, width: int, places: Places) -> Part:
    """The inputs in arrays of `width` positions."""

    def wider(found: Array, count: int, filler: int) -> Array:
        return np.pad(found, ((0, 0), (0, count - found.shape[1])), constant_values=filler)

    batch = Batch(wider(part.batch.tokens, width, -1), part.batch.lengths)
    return Part(batch, wider(part.wanted, places.count(width), ANY))
