"""Discrete improvement of an extracted Program: nodes learned anew, one place after another, and the readout refitted.

A program that gradient training has converged to is close to a local optimum: few single entries changed lower the
loss. So the search is wider:

- *refit*: the readout alone, to its optimum (`trainer.search.regression`);
- *grow*: a program of the same class from nothing, the best node for every place in turn, simple ones first, and heads
  together with the lookups that they read, over one layer or several (`trainer.search.proposals`);
- *change*: in the better of the two, if it is nearly right, single entries;
- *fill*: what no training input reaches goes on as what lies next to it.

What it gives is judged on the training inputs; it is kept only if the validation inputs do not contradict. It stays in
the class of the program it is given: no more nodes, and set predicates or masks only if it has some
(`trainer.search.program_class`).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tprog.errors import BadUsage
from tprog.ir.program import Embedding, Head, NumericHead, Program
from tprog.run.batch import Array, Batch, Bools
from trainer.search import entries
from trainer.search.program_class import ProgramClass, bare, layer
from trainer.search.proposals import Fitted, Proposal, Proposer
from trainer.search.regression import Graded, Readings, fit_readout, round_weights

HOPELESS = 0.01
"""Share of wrong predictions above which no effort is made to separate the last of them."""


NEARLY = 0.02
"""Share of wrong predictions up to which single entries are changed."""

DERIVED = {"derived": "chains of relations", "wide": "chains of relations and differences"}
"""Families of `trainer.search.proposals.Proposer.derive`, the narrow one first, and what they are called."""

DERIVED_GROWTH = 0.2
"""The share of the loss that a derived chain must take away: where relations do not matter, they take all places."""

BACKFITS = 4
"""Rounds of learning each grown node anew."""

STARTS = 3
"""Times that growing begins, on different samples, before it gives up; a start is cheap, and luck plays a part."""


class Judged(Protocol):
    """Inputs with their right answers, such as `trainer.data.Split`."""

    @property
    def batch(self) -> Batch:
        """B inputs in the codes of the Program's vocabulary."""

    @property
    def expected(self) -> Any:
        """[B, n] class codes, `UNGRADED` where nothing is asked; an array or a tensor on the CPU."""


@dataclass(frozen=True)
class Breadth:
    """How wide the search is.

    Attributes:
        sample: positions of the inputs on which tables are learned; drawn anew every round, a third of the inputs such
            as are wrong.
        scout: positions of the inputs among them on which wirings are compared first.
        wirings: at most so many are compared a move, drawn at random.
        gain: the share of the loss that a replaced node must take away to be kept.
        growth: the share that one more node must take away for growing to go on.
    """

    sample: int = 16_000
    scout: int = 4_800
    wirings: int = 60
    gain: float = 1e-3
    growth: float = 0.02

    def __post_init__(self) -> None:
        for name in ("sample", "scout", "wirings"):
            if getattr(self, name) < 1:
                raise BadUsage(f"{name} is {getattr(self, name)}; expected at least 1")
        for name in ("gain", "growth"):
            if not 0 <= getattr(self, name) < 1:
                raise BadUsage(f"{name} is {getattr(self, name)}; expected a share from 0 to below 1")


@dataclass(frozen=True)
class StageResult:
    """One stage, and the wrong predictions before and after it.

    Attributes:
        kept: whether the result builds on it.
    """

    description: str
    train: tuple[int, int]
    validation: tuple[int, int]
    kept: bool

    def __str__(self) -> str:
        counts = f"train {self.train[0]} -> {self.train[1]}, validation {self.validation[0]} -> {self.validation[1]}"
        return f"{self.description}: {counts} wrong{'' if self.kept else ' (not kept)'}"


@dataclass(frozen=True)
class Improved:
    """The result: a Program that is no worse than the one given, on training and validation inputs."""

    program: Program
    steps: tuple[StageResult, ...]
    seconds: float
    moves: int


def provenance_of(result: Improved) -> tuple[tuple[str, str], ...]:
    """The stages that a polished Program comes from, for its provenance."""
    return tuple(("polished", str(step)) for step in result.steps if step.kept)


def improve(
    program: Program,
    train: Judged,
    validation: Judged,
    *,
    seconds: float | None = None,
    moves: int | None = None,
    seed: int = 0,
    settings: Breadth | None = None,
) -> Improved:
    """Improve a Program on some inputs.

    Args:
        train: what moves are judged by.
        validation: what decides, stage by stage, whether the outcome is kept.
        seconds: CPU time after which no new move is begun; the last move and refit still end, some seconds later.
        moves: how many moves to try at most. Without `seconds`, the result depends on the arguments alone.
        seed: of the samples and of the wirings tried.

    Raises:
        BadUsage: neither or an impossible budget; nothing is graded; a program that is pooled, partial, or has another
            rule for self-matches than what is learned.
    """
    _check(program, seconds, moves)
    return _Stagewise(program, train, validation, _Budget(seconds, moves), seed, settings or Breadth()).result()


def _check(program: Program, seconds: float | None, moves: int | None) -> None:
    if seconds is None and moves is None:
        raise BadUsage("polishing needs a budget: give seconds, moves or both")
    if (seconds is not None and not seconds >= 0) or (moves is not None and moves < 0):
        raise BadUsage(f"the budget is {seconds} seconds and {moves} moves; expected nothing negative")
    if program.readout.pooled:
        raise BadUsage("the program is pooled, one label an input; polishing works on one prediction a position")
    if program.self_rule != "last":
        raise BadUsage(f"the program's self_rule is {program.self_rule!r}; polishing knows 'last' only")
    tables = [
        node.predicate
        if isinstance(node, Head | NumericHead)
        else node.table
        if isinstance(node, Embedding)
        else node.cells
        for node in program.nodes
    ]
    if any(None in table for table in tables) or any(None in term.rows for term in program.readout.terms):
        raise BadUsage("the program is partial: it has tables with holes; fill them before polishing")
    for node in program.nodes:
        if isinstance(node, NumericHead) and node.reduce != "sum":
            raise BadUsage(f"{node.name} is a mean; polishing works on sums, as they are learned")


class _Budget:
    """Proposer and CPU time that are left."""

    def __init__(self, seconds: float | None, moves: int | None) -> None:
        self._seconds, self._proposer, self._began, self.made = seconds, moves, time.process_time(), 0

    @property
    def used(self) -> float:
        return time.process_time() - self._began

    def spend(self) -> bool:
        """Whether there is a move left; it is spent."""
        late = self._seconds is not None and self.used >= self._seconds
        if late or (self._proposer is not None and self.made >= self._proposer):
            return False
        self.made += 1
        return True


@dataclass(frozen=True, eq=False)
class _Version:
    """A Program with its float readout, and how many predictions it gets wrong."""

    program: Program
    weights: Readings
    train: int
    validation: int


class _Stagewise:
    """One call of `improve`."""

    def __init__(
        self, program: Program, train: Judged, validation: Judged, budget: _Budget, seed: int, settings: Breadth
    ) -> None:
        self.budget, self.settings, self.rng = budget, settings, np.random.default_rng(seed)
        self.train, self.validation = train, validation
        self.graded = Graded.of(program, train.batch, np.asarray(train.expected))
        if not len(self.graded.at):
            raise BadUsage("no prediction of the training inputs is graded; expected at least one")
        self.places = ProgramClass.of(program)
        width = train.batch.tokens.shape[1]
        self.sample, self.scout = (max(1, count // width) for count in (self.settings.sample, self.settings.scout))
        weights = {
            term.variable: np.array(term.rows, dtype=float) / program.readout.scale
            for term in program.readout.terms
            if term.variable != "ones"
        }
        self.start = self._version(program, weights)
        self.steps: list[StageResult] = []

    def result(self) -> Improved:
        """All stages, in order; the best version that validation agrees with."""
        best = self._stage("refit the readout", self.start, self._settled(bare(self.start.program), self.start.weights))
        for _ in range(STARTS):
            before = best
            if best.train:
                best = self._stage("grow counts of the whole input", best, self._grown(("broadcast",), self._counts()))
            if best is before:
                break
        for family, what in DERIVED.items():
            if best.train:
                best = self._stage(f"grow {what}", best, self._grown((family,), self.places))
        if best.train:
            best = self._stage("grow all kinds", best, self._grown(("broadcast", "full"), self.places))
        while 0 < best.train <= NEARLY * len(self.graded.at):
            before = best
            best = self._stage("change single entries", best, self._toggled(best))
            if best is before:
                break
        best = self._stage("drop what does nothing", best, self._pruned(best))
        best = self._stage("fill cells that no training input reaches", best, self._filled(best))
        best = self._stage("count on beyond the numbers seen", best, self._extrapolated(best))
        return Improved(best.program, tuple(self.steps), self.budget.used, self.budget.made)

    def _stage(self, description: str, before: _Version, after: _Version | None) -> _Version:
        """Keeps what is better on the training inputs and no worse on the validation inputs than the start."""
        if after is None:
            return before
        kept = after.train <= before.train and after.validation <= before.validation
        counts = (before.train, after.train), (before.validation, after.validation)
        self.steps.append(StageResult(description, *counts, kept))
        return after if kept else before

    # Versions

    def _version(self, program: Program, weights: Readings) -> _Version:
        return _Version(program, weights, _wrong(program, self.train), _wrong(program, self.validation))

    def _settled(self, program: Program, weights: Readings) -> _Version:
        """The Program with its best readout, in whole numbers."""
        state = Fitted(program, self.graded, weights, iterations=60)
        weights, best = state.weights, self._version(round_weights(program, state.weights), state.weights)
        # Less and less ridge: separable data are separated at last, and with the widest margin that was seen.
        for ridge in (1e-7, 1e-8, 1e-9):
            if not best.train or best.train > HOPELESS * len(self.graded.at):
                break
            weights = fit_readout(program, state.read, self.graded.labels, weights, 60, ridge).weights
            version = self._version(round_weights(program, weights), weights)
            if version.train < best.train:
                best = version
        return best

    def _sampled(self, program: Program, weights: Readings) -> Fitted:
        """A state on a new sample, to which inputs belong that are wrong now."""
        rounded = round_weights(program, weights) if weights else program
        wrong = np.unique(np.nonzero(_wrong_at(rounded, self.train))[0])
        wrong = self.rng.permutation(wrong)[: self.sample // 3]
        others = self._by_length(np.setdiff1d(np.arange(len(self.graded.batch)), wrong))
        others = others[: self.sample - len(wrong)]
        # Evenly mixed, so that the first of them, which the scout sees, are like all of them.
        place = [(np.arange(len(rows)) + 0.5) / len(rows) for rows in (wrong, others) if len(rows)]
        rows = np.concatenate([wrong, others])[np.argsort(np.concatenate(place), kind="stable")].astype(np.int64)
        return Fitted(program, self.graded.take(rows), weights)

    def _by_length(self, rows: Array) -> Array:
        """In random order, but one of each length in turn: short inputs are few, and use rows of their own."""
        rows = self.rng.permutation(rows)
        lengths, turn = self.graded.batch.lengths[rows], np.zeros(len(rows))
        for length in np.unique(lengths):
            turn[lengths == length] = np.arange((lengths == length).sum())
        ordered: Array = rows[np.argsort(turn, kind="stable")]
        return ordered

    def _proposer(self, state: Fitted, program_class: ProgramClass) -> Proposer:
        return Proposer(state, program_class, self.scout, self.settings.wirings, self.rng)

    # Growing

    def _counts(self) -> ProgramClass:
        """The places of embeddings and numeric heads alone, and these over ``ones``."""
        kept = {name: node for name, node in self.places.nodes.items() if isinstance(node, Embedding | NumericHead)}
        return dataclasses.replace(self.places, nodes=kept, counts=True)

    def _grown(self, families: tuple[str, ...], program_class: ProgramClass) -> _Version | None:
        """A program of the class from nothing; None if the budget is spent before it begins."""
        embeddings = tuple(node for node in self.start.program.nodes if isinstance(node, Embedding))
        state = self._sampled(dataclasses.replace(bare(self.start.program), nodes=embeddings), {})
        before = self.budget.made
        growth = DERIVED_GROWTH if families[0] in DERIVED else self.settings.growth
        while state.wrong and (proposal := self._addition(state, families, program_class)) is not None:
            if proposal.state.loss > state.loss * (1 - growth):
                break
            state = proposal.state
        if self.budget.made == before:
            return None
        grown = self._settled(state.program, state.weights)
        if not grown.train:
            return grown
        if families[0] in DERIVED:
            return grown
        state = self._again(state, families, program_class)
        again = self._settled(state.program, state.weights)
        return again if again.train < grown.train else grown

    def _again(self, state: Fitted, families: tuple[str, ...], program_class: ProgramClass) -> Fitted:
        """Each node learned anew, now that the later ones are there; the first were chosen without knowing them."""
        for _ in range(BACKFITS):
            before = state.loss
            for place in [node.name for node in state.program.nodes if node.name in program_class.learnable]:
                if not state.wrong or not self.budget.spend():
                    return state
                proposal = self._proposer(state, program_class).replace(place, families)
                if proposal is not None and proposal.state.loss < state.loss * (1 - self.settings.gain):
                    state = proposal.state
            if state.loss > 0.95 * before:
                break
        return state

    def _addition(self, state: Fitted, families: tuple[str, ...], program_class: ProgramClass) -> Proposal | None:
        """The node, or head with its lookup, that lowers the loss most."""
        best: Proposal | None = None
        moves = self._proposer(state, program_class)
        if families[0] in DERIVED:
            return moves.derive(families[0] == "wide") if self.budget.spend() else None
        for kind, place in self._openings(state.program, program_class, "full" in families):
            if not self.budget.spend():
                return best
            found = moves.compound(place) if kind == "compound" else moves.replace(place, families)
            if found is not None and (best is None or found.state.loss < best.state.loss):
                best = found
        return best

    def _openings(self, program: Program, program_class: ProgramClass, compounds: bool) -> Iterator[tuple[str, str]]:
        """What to try: one free place of each kind in the first layer that has one, and heads with their lookups."""
        free = program_class.free(program)
        seen: set[tuple[str, Any]] = set()
        for place in free:
            node = program_class.nodes[place]
            kind = place.rsplit("_", 2)[0] if layer(place) else type(node).__name__
            if (kind, None) not in seen:
                seen.add((kind, None))
                yield "single", place
            if compounds and isinstance(node, Head | NumericHead) and (kind, layer(place)) not in seen:
                seen.add((kind, layer(place)))
                yield "compound", place

    # Single entries

    def _toggled(self, version: _Version) -> _Version | None:
        """Entries changed one by one where that makes fewer training predictions wrong, and the readout refitted."""
        if not self.budget.spend():
            return None
        expected = np.asarray(self.train.expected)
        program = entries.changed(version.program, self.places, self.graded.batch, expected, self.scout, self.rng)
        if program is None:
            return None
        plain = self._version(program, version.weights)
        refitted = self._settled(bare(program), version.weights)
        return refitted if refitted.train < plain.train else plain

    # What no training input shows

    def _filled(self, version: _Version) -> _Version | None:
        program = entries.filled(version.program, self.places, self.graded.batch)
        return None if program is None else self._version(program, version.weights)

    def _extrapolated(self, version: _Version) -> _Version | None:
        weights = entries.extrapolated(version.program, version.weights, self.graded)
        return None if weights is None else self._version(round_weights(version.program, weights), weights)

    # Dropping

    def _pruned(self, version: _Version) -> _Version | None:
        """Nodes that no one needs left out, last first, and the readout refitted each time."""
        best, state = version, Fitted(bare(version.program), self.graded, version.weights, iterations=5)
        for name in [node.name for node in reversed(version.program.nodes)]:
            if any(name in node.reads for node in best.program.nodes):
                continue
            program = bare(best.program)
            program = dataclasses.replace(program, nodes=tuple(node for node in program.nodes if node.name != name))
            if not _dispensable(state, name):
                continue
            tried = self._settled(program, {n: w for n, w in best.weights.items() if n != name})
            if tried.train <= best.train and tried.validation <= best.validation:
                best = tried
        return best if best is not version else None


def _dispensable(state: Fitted, name: str) -> bool:
    """A cheap test before a whole refit: whether a few steps without the variable come near the loss with it."""
    return state.without(name).loss < 2 * state.loss + 1e-3


def _wrong_at(program: Program, judged: Judged) -> Bools:
    """[B, n] where a graded prediction is wrong; a forced output is right or wrong as it is."""
    return entries.wrong_at(program, judged.batch, np.asarray(judged.expected))


def _wrong(program: Program, judged: Judged) -> int:
    return int(_wrong_at(program, judged).sum())
