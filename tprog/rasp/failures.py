"""Why an evaluation has no outcome: an expression that fails on an input, or too many steps."""

from __future__ import annotations

from tprog.errors import BadInput
from tprog.rasp.expressions import Expression
from tprog.rasp.functions import at


class Failed(BadInput):
    """An expression has no value on an input.

    Attributes:
        node: the expression.
        position: where, from 0 on.
        reason: why, in words.
    """

    def __init__(self, node: Expression, position: int, reason: str) -> None:
        self.node, self.position, self.reason = node, position, reason
        super().__init__(f"{at(node.where)}{node} has no value at position {position}: {reason}")


class Spent(BadInput):
    """An evaluation would take more steps than it may."""


class Budget:
    """How many steps somebody else's program may still take."""

    def __init__(self, steps: int) -> None:
        self.steps = self.left = steps

    def spend(self, steps: int) -> None:
        """Take so many.

        Raises:
            Spent: there are not so many left.
        """
        self.left -= steps
        if self.left < 0:
            raise Spent(f"the program takes more than {self.steps:,} steps; expected fewer")
