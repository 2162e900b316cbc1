"""A node replaced by the best that is found for its place, alone or with the nodes that it reads.

Many wirings are tried on a few inputs (the scout), the tables of the best of them are learned on more (the sample), and
the readout is refitted. What comes out is proposed; whether it is kept is for `trainer.search.stagewise` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from tprog.minimise import Floats
from tprog.run.batch import Array
from trainer.search.compounds import Compounds
from trainer.search.coordinate_descent import Learned
from trainer.search.fitted import Fitted, Proposal
from trainer.search.program_class import ProgramClass
from trainer.search.regression import Readings, logits
from trainer.search.wirings import Candidate, broadcast, each_row, learn

REFINED = 2
"""Wirings of each family that are learned on the whole sample after scouting."""

Families = Callable[[Mapping[str, Array]], Iterator[list[Candidate]]]
"""From the variables' values on the scout's inputs to the candidates, those of a family together."""

T = TypeVar("T")


class Proposer:
    """The moves from one program, on one sample of the training inputs."""

    def __init__(self, state: Fitted, places: ProgramClass, scout: int, wirings: int, rng: np.random.Generator) -> None:
        """`scout`: how many of the sample's inputs, from the first, scouting looks at. `wirings`: how many to try."""
        self.state, self.places, self.wirings, self.rng = state, places, wirings, rng
        self.program = state.program
        self.few = state.graded.take(np.arange(min(scout, len(state.graded.batch))))

    def replace(self, place: str) -> Proposal | None:
        """The best node found for a place, given all others; None if nothing can stand there yet.

        Heads whose rows are equal are a family of their own: they are few and simple, and found reliably where those
        with a row for each query value drown them.
        """
        fit = self.state.without(place)
        base = logits(self.program, {n: c for n, c in self.state.read.items() if n != place}, fit.weights)
        return self._best(base, fit.weights, lambda values: self._single(place, values))

    def _single(self, place: str, values: Mapping[str, Array]) -> Iterator[list[Candidate]]:
        program, sets = self.program, self.places.sets
        yield [each_row(program, node, values, sets) for node in self._some(self.places.wirings(program, place))]
        yield [broadcast(program, node, values, sets) for node in self._some(self.places.broadcasts(program, place))]

    def _some(self, wired: Sequence[T]) -> list[T]:
        return [wired[index] for index in self.rng.permutation(len(wired))[: self.wirings]]

    def compound(self, place: str) -> Proposal | None:
        """The best head found for a free place together with a new lookup that it reads; None if there is no room."""

        def families(values: Mapping[str, Array]) -> Iterator[list[Candidate]]:
            yield list(Compounds(self.program, self.places, self.few.batch, values).candidates(place))

        return self._best(self.state.scores, self.state.weights, families)

    def _best(self, base: Floats, weights: Readings, families: Families) -> Proposal | None:
        """Scout all candidates, refine the best of each family, and refit; the proposal of least loss.

        Args:
            base: [P, class] the logits to which the new node is added, `weights` their readout.
        """
        few = len(self.few.batch)
        values = {name: found[:few] for name, found in self.state.run.values.items()}
        ahead = base[self.state.graded.inputs < few]
        found = []
        for family in families(values):
            scouted = [(learn(each, self.program, ahead, values, self.few, self.rng), each) for each in family]
            scouted.sort(key=lambda pair: pair[0].loss)
            found += [self._refined(each, learned, base, weights) for learned, each in scouted[:REFINED]]
        return min(found, key=lambda proposal: proposal.state.loss, default=None)

    def _refined(self, candidate: Candidate, learned: Learned, base: Floats, weights: Readings) -> Proposal:
        nodes, graded, values = candidate.finish(learned), self.state.graded, self.state.run.values
        if len(nodes) == 1:  # what a compound's new nodes yield on the sample is not known yet
            head = candidate.node.selection if candidate.count == 1 else None
            if head is not None:
                again = broadcast(self.program, head, values, self.places.sets)
            else:
                again = each_row(self.program, candidate.node, values, self.places.sets)
            learned = learn(again, self.program, base, values, graded, self.rng, learned)
            nodes = again.finish(learned)
        program = self.places.put(self.program, *nodes)
        start = {**weights, nodes[-1].name: learned.weights}
        return Proposal(Fitted(program, graded, start, near=self.state), nodes)
