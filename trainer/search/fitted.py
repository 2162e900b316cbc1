"""A program with the readout that fits it, and what a move makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from tprog.ir.program import Node, Program
from tprog.run.execute import Execution, execute
from trainer.search.regression import Fit, Graded, Readings, columns, fit_readout, logits

SEARCH_RIDGE = 1e-6
"""Of the readout while searching: strong enough that a refit settles in few steps."""

WITHOUT = 10
"""Steps of L-BFGS for a readout that lacks one variable: it begins from the weights of the others."""


class Fitted:
    """A Program without weights, its variables on some inputs, and the float readout that goes with it.

    Attributes:
        scores: [P, class] logits at the graded positions.
        loss: the mean logistic loss there.
        wrong: how many of the predictions there are wrong.
    """

    def __init__(
        self, program: Program, graded: Graded, weights: Readings, near: Fitted | None = None, iterations: int = 25
    ) -> None:
        """
        Args:
            weights: to begin from.
            near: the same of a program on the same inputs, whose variables are taken over where they cannot differ.
            iterations: of L-BFGS.
        """
        self.program, self.graded = program, graded
        self.run: Execution = execute(program, graded.batch, base=near.run if near is not None else None)
        self.read = columns(program, self.run.values, graded)
        fit = fit_readout(program, self.read, graded.labels, weights, iterations, SEARCH_RIDGE)
        self.weights, self.loss = fit.weights, fit.loss
        self.scores = logits(program, self.read, self.weights)
        self.wrong = int((self.scores.argmax(axis=1) != graded.labels).sum())

    def without(self, name: str) -> Fit:
        """The readout when it may not read a variable."""
        read = {other: codes for other, codes in self.read.items() if other != name}
        start = {other: table for other, table in self.weights.items() if other != name}
        return fit_readout(self.program, read, self.graded.labels, start, WITHOUT, SEARCH_RIDGE)


@dataclass(frozen=True, eq=False)
class Proposal:
    """The outcome of a move: the program with its readout, and the nodes that are new in it."""

    state: Fitted
    nodes: tuple[Node, ...]

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Which of several to take, the least: of those that are right on the inputs, the one of fewest nodes.

        The losses of programs that are right differ only by how far a refit got.
        """
        wrong = self.state.wrong > 0
        return wrong, 0 if wrong else len(self.nodes), self.state.loss
