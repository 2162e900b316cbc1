"""How well what is left of a network predicts with a hard head in place of a soft one.

A run costs what its edges and inputs cost. So a head has a bound of edges run over: while it lasts, candidates are
judged by all inputs, the plainest first; those behind them by few inputs, and the best of these by all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from trainer.decompile.apart import divergence, positions_alike
from trainer.decompile.attend import Hard, pattern
from trainer.decompile.edges import Edges
from trainer.decompile.network import Floats
from trainer.decompile.paths import PathRun, Paths
from trainer.decompile.symbols import Facts

MOST_RUN = 4_000
"""Edges that are run over for a head at most, each as often as a candidate is judged by all inputs."""

FEW = 10
"""Inputs that candidates are judged by where not all can be judged by all."""


@dataclass(frozen=True)
class Judged:
    """A candidate for a head.

    Attributes:
        alike: the graded positions that are predicted like the network's own.
        apart: in nats.
    """

    alike: float
    apart: float
    hard: Hard


class _Rest:
    """A pruned network on some inputs, some of whose heads are hard."""

    def __init__(self, paths: Paths, edges: Edges, facts: Facts, sets: bool) -> None:
        self._paths, self._edges, self._facts, self._sets = paths, edges, facts, sets
        self._patterns: dict[tuple[int, int], Floats] = {}
        self.made: PathRun = paths.run(edges)

    def judge(self, head: tuple[int, int], hard: Hard) -> Judged:
        own, graded = self._paths.own.logits, self._paths.inputs.graded
        tried = self._paths.run(self._edges, self.made, {**self._patterns, head: pattern(self._facts, hard)})
        alike = float(positions_alike(own, tried.logits, self._sets)[graded].mean())
        return Judged(alike, divergence(own, tried.logits, self._sets, graded), hard)

    def take(self, head: tuple[int, int], hard: Hard) -> None:
        self._patterns[head] = pattern(self._facts, hard)
        self.made = self._paths.run(self._edges, self.made, self._patterns)


class Judge:
    """Tries candidates for heads, at a bounded cost.

    Attributes:
        made: the run on all inputs, with the heads that were taken.
    """

    def __init__(self, paths: Paths, edges: Edges, facts: Facts, sets: bool) -> None:
        inputs = paths.inputs.rows(slice(FEW))
        few = Paths(paths.network, inputs)
        few.freeze_means(edges, paths)
        self._whole = _Rest(paths, edges, facts, sets)
        self._few = _Rest(few, edges, Facts(inputs, facts.vocabulary, facts.symbols, facts.places), sets)
        share = len(inputs) / len(paths.inputs)
        # A third of the bound goes to the plainest, one to those behind them, and one to the best of these.
        self._at_once = max(MOST_RUN // 3 // max(len(edges), 1), 1)
        self._sieved = int(self._at_once / share)

    @property
    def made(self) -> PathRun:
        return self._whole.made

    def judged(self, head: tuple[int, int], known: Iterable[Hard], tell: Callable[[Hard], object]) -> list[Judged]:
        """Candidates and how they do, in their order; the first that changes nothing is the last.

        Of more candidates than the bound allows those are left out that do worse on few inputs.
        """
        found: list[Judged] = []
        rest = iter(known)

        def perfect(some: Iterable[Hard]) -> bool:
            for hard in some:
                tell(hard)
                found.append(self._whole.judge(head, hard))
                if found[-1].alike == 1.0:
                    return True
            return False

        if perfect(islice(rest, self._at_once)):
            return found
        tried = []
        for hard in islice(rest, self._sieved):
            tell(hard)
            tried.append(self._few.judge(head, hard))
        best = sorted(range(len(tried)), key=lambda at: -tried[at].alike)[: self._at_once]
        perfect(tried[at].hard for at in sorted(best))
        return found

    def take(self, head: tuple[int, int], hard: Hard) -> None:
        """Let a head be hard from now on."""
        self._whole.take(head, hard)
        self._few.take(head, hard)
