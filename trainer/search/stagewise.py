"""Discrete improvement of a Program: the readout refitted, and programs of its class grown from nothing.

A program that gradient training has converged to is close to a local optimum: few single entries changed lower the
loss. So the search is wider. Programs are *grown*: nodes are added one by one, each time the one that lowers the loss
most (forward stagewise selection: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd edition,
section 3.3), and then each is learned anew, now that the later ones are there (backfitting: Breiman and Friedman, JASA
80, 1985).

What comes out is judged on the training inputs; it is kept only if the validation inputs do not contradict. It stays in
the class of the program that is given: no more nodes, and set predicates or masks only if it has some
(`trainer.search.program_class`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

import numpy as np

from tprog.errors import BadUsage
from tprog.ir.program import Embedding, Head, Linear, Lookup, NumericHead, Program
from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import execute, predict
from tprog.tasks.builtin import UNGRADED
from trainer.search.chains import best_chain
from trainer.search.fitted import Fitted, Proposal
from trainer.search.fitting import separated, wrong_answers
from trainer.search.program_class import ProgramClass, bare, layer
from trainer.search.proposals import Proposer
from trainer.search.regression import Graded, Readings, columns, round_weights
from trainer.search.unreached import filled

STAGES: Mapping[str, str] = {
    "readout": "refit the readout",
    "chains": "grow chains of relations",
    "nodes": "grow all kinds",
    "drop": "drop what does nothing",
    "fill": "fill cells that no training input reaches",
}
"""The stages in order, and what the provenance of a program calls them."""

SETTLING = 60
"""Steps of L-BFGS for the readout of a whole program; the next refit goes on from there."""

HOPELESS = 0.01
"""The share of wrong predictions above which no effort is made to separate the last of them."""

GROWING = ("chains", "nodes")
"""Stages that have nothing to do once all training inputs are right."""

CHAIN_GROWTH = 0.2
"""The share of the loss that a chain must take away: where relations do not matter, they would take all places."""

NODE_GROWTH = 0.02
"""The share that one more node must take away for growing to go on: less is what tables gain by fitting noise."""

GAIN = 1e-3
"""The share that a node learned anew must take away to be kept: less is what another refit would gain."""

BACKFITS = 4
"""Rounds of learning each grown node anew."""

SETTLED = 0.95
"""A round that leaves more of the loss than this is the last: another would change as little."""

DISPENSABLE = (2.0, 1e-3)
"""A variable may be left out only if a quick refit without it has at most so many times the loss, and so much more."""


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
    """

    sample: int = 16_000
    scout: int = 4_800
    wirings: int = 60

    def __post_init__(self) -> None:
        for name in ("sample", "scout", "wirings"):
            if getattr(self, name) < 1:
                raise BadUsage(f"{name} is {getattr(self, name)}; expected at least 1")


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
    moves: int

    @property
    def provenance(self) -> tuple[tuple[str, str], ...]:
        """The stages that the Program comes from."""
        return tuple(("polished", str(step)) for step in self.steps if step.kept)


def improve(
    program: Program,
    train: Judged,
    validation: Judged,
    *,
    moves: int,
    seed: int = 0,
    settings: Breadth | None = None,
    stages: Collection[str] = tuple(STAGES),
) -> Improved:
    """Improve a Program on some inputs.

    Args:
        train: what moves are judged by.
        validation: what decides, stage by stage, whether the outcome is kept.
        moves: how many to try at most.
        seed: of the samples and of the wirings tried.
        stages: those of `STAGES` that are done, in its order.

    Raises:
        BadUsage: fewer moves than none; an unknown stage; nothing is graded; a program that is pooled, partial, or has
            another rule for self-matches than what is learned.
    """
    if moves < 0:
        raise BadUsage(f"the budget is {moves} moves; expected nothing negative")
    if unknown := sorted({*stages} - STAGES.keys()):
        raise BadUsage(f"there is no stage {unknown[0]!r}; known are {', '.join(STAGES)}")
    _check_program(program)
    return _Stagewise(program, train, validation, moves, seed, settings or Breadth()).result(stages)


def _check_program(program: Program) -> None:
    if program.readout.pooled:
        raise BadUsage("the program is pooled, one label an input; polishing works on one prediction a position")
    if program.self_rule != "last":
        raise BadUsage(f"the program's self_rule is {program.self_rule!r}; polishing knows 'last' only")
    missing = any(term.partial for term in program.readout.terms)
    if missing or any(node.partial for node in program.nodes):
        raise BadUsage("the program is partial: it has tables with holes; fill them before polishing")
    for node in program.nodes:
        match node:
            case NumericHead(reduce="mean"):
                raise BadUsage(f"{node.name} is a mean; polishing works on sums, as they are learned")
            case Embedding() | Head() | NumericHead() | Lookup() | Linear():
                pass  # what else there is that is never learned, its class refuses
            case _:
                assert_never(node)


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
        self, program: Program, train: Judged, validation: Judged, moves: int, seed: int, settings: Breadth
    ) -> None:
        self.moves, self.budget, self.settings, self.rng = 0, moves, settings, np.random.default_rng(seed)
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

    def result(self, stages: Collection[str]) -> Improved:
        """The best version that validation agrees with, after all stages in order."""
        ways: Mapping[str, Callable[[_Version], _Version | None]] = {
            "readout": lambda best: self._settled(bare(best.program), best.weights),
            "chains": self._grown_of_chains,
            "nodes": self._grown_of_nodes,
            "drop": self._pruned,
            "fill": self._filled,
        }
        best, steps = self.start, []
        for stage, description in STAGES.items():
            if stage not in stages or (stage in GROWING and not best.train):
                continue
            after = ways[stage](best)
            if after is not None:
                # Better on the training inputs, and no worse on the validation inputs.
                kept = after.train <= best.train and after.validation <= best.validation
                counts = (best.train, after.train), (best.validation, after.validation)
                steps.append(StageResult(description, *counts, kept))
                best = after if kept else best
        return Improved(best.program, tuple(steps), self.moves)

    # Versions

    def _version(self, program: Program, weights: Readings) -> _Version:
        wrong = [
            wrong_answers(program, each.batch, np.asarray(each.expected)) for each in (self.train, self.validation)
        ]
        return _Version(program, weights, *wrong)

    def _settled(self, program: Program, weights: Readings) -> _Version:
        """The Program with its best readout, in whole numbers."""
        answers = np.asarray(self.train.expected)
        read = columns(program, execute(program, self.graded.batch).values, self.graded)
        return self._version(*separated(program, read, self.graded, answers, weights, SETTLING, HOPELESS))

    def _sampled(self, program: Program, weights: Readings) -> Fitted:
        """The Program on a new sample, to which inputs belong that are wrong now."""
        rounded = round_weights(program, weights) if weights else program
        wrong = np.flatnonzero(_missed(rounded, self.train))
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

    # Growing

    def _spend(self) -> bool:
        """Whether there is a move left; it is spent."""
        left = self.moves < self.budget
        self.moves += left
        return left

    def _nothing(self) -> Fitted:
        """The program of the class that has its embeddings alone."""
        embeddings = tuple(node for node in self.start.program.nodes if node.words is not None)
        return self._sampled(dataclasses.replace(bare(self.start.program), nodes=embeddings), {})

    def _proposer(self, state: Fitted) -> Proposer:
        return Proposer(state, self.places, self.scout, self.settings.wirings, self.rng)

    def _grown_of_chains(self, best: _Version) -> _Version | None:
        """A program of chains of relations; None if the budget is spent before it begins."""
        return self._grown(self._chain, CHAIN_GROWTH)[1]

    def _grown_of_nodes(self, best: _Version) -> _Version | None:
        """A program of single nodes, and of heads with the lookups that they read, each learned anew in the end."""
        state, grown = self._grown(self._addition, NODE_GROWTH)
        if grown is None or not grown.train:
            return grown
        state = self._backfitted(state)
        again = self._settled(state.program, state.weights)
        return again if again.train < grown.train else grown

    def _grown(self, add: Callable[[Fitted], Proposal | None], growth: float) -> tuple[Fitted, _Version | None]:
        """Forward selection, as long as an addition takes its share of the loss away."""
        before, state = self.moves, self._nothing()
        while state.wrong and (proposal := add(state)) is not None:
            if proposal.state.loss > state.loss * (1 - growth):
                break
            state = proposal.state
        return state, None if self.moves == before else self._settled(state.program, state.weights)

    def _chain(self, state: Fitted) -> Proposal | None:
        return best_chain(state, self.places, self._proposer(state).few, self.rng) if self._spend() else None

    def _addition(self, state: Fitted) -> Proposal | None:
        """The node, or head with its lookup, that lowers the loss most."""
        found, proposer = list[Proposal](), self._proposer(state)
        for place, single in self._openings(state.program):
            if not self._spend():
                break
            proposal = proposer.replace(place) if single else proposer.compound(place)
            found += [] if proposal is None else [proposal]
        return min(found, key=lambda proposal: proposal.state.loss, default=None)

    def _openings(self, program: Program) -> Iterator[tuple[str, bool]]:
        """Places to fill, and whether with a single node or a head with its lookup.

        That is one free place of each kind in the first layer that has one; heads with lookups in every layer.
        """
        kinds, layers = set[str](), set[tuple[str, tuple[int, int] | None]]()
        for place in self.places.free(program):
            node = self.places.nodes[place]
            kind = place.rsplit("_", 2)[0] if layer(place) else node.kind
            if kind not in kinds:
                kinds.add(kind)
                yield place, True
            if node.selection is not None and (kind, layer(place)) not in layers:
                layers.add((kind, layer(place)))
                yield place, False

    def _backfitted(self, state: Fitted) -> Fitted:
        """Each node learned anew, now that the later ones are there; the first were chosen without knowing them."""
        for _ in range(BACKFITS):
            before = state.loss
            for place in [node.name for node in state.program.nodes if node.name in self.places.learnable]:
                if not state.wrong or not self._spend():
                    return state
                proposal = self._proposer(state).replace(place)
                if proposal is not None and proposal.state.loss < state.loss * (1 - GAIN):
                    state = proposal.state
            if state.loss > SETTLED * before:
                break
        return state

    # What is left over

    def _pruned(self, version: _Version) -> _Version | None:
        """Nodes that no one needs left out, last first, and the readout refitted each time."""
        best, state = version, Fitted(bare(version.program), self.graded, version.weights, iterations=5)
        for name in [node.name for node in reversed(version.program.nodes)]:
            unread = not any(name in node.reads for node in best.program.nodes)
            # A quick look before a whole refit.
            if unread and state.without(name).loss < DISPENSABLE[0] * state.loss + DISPENSABLE[1]:
                tried = self._left_out(best, name)
                if tried.train <= best.train and tried.validation <= best.validation:
                    best = tried
        return best if best is not version else None

    def _left_out(self, version: _Version, name: str) -> _Version:
        nodes = tuple(node for node in version.program.nodes if node.name != name)
        program = dataclasses.replace(bare(version.program), nodes=nodes)
        return self._settled(program, {other: w for other, w in version.weights.items() if other != name})

    def _filled(self, version: _Version) -> _Version | None:
        """Unreached cells filled; None if all are reached, or answer so already."""
        batch = self.graded.batch
        values = execute(bare(version.program), batch).values
        program = filled(version.program, {name: found[batch.present] for name, found in values.items()})
        return None if program == version.program else self._version(program, version.weights)


def _missed(program: Program, judged: Judged) -> Bools:
    """[B] where a graded prediction is wrong; a forced output is right or wrong as it is."""
    predictions, _ = predict(program, judged.batch)
    expected = np.asarray(judged.expected)
    missed: Bools = ((predictions != expected) & (expected != UNGRADED)).any(axis=1)
    return missed
