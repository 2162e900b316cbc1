"""What depends on the length of the input alone: it is evaluated once for each length."""

from __future__ import annotations

from tprog.rasp.calls import Calls
from tprog.rasp.evaluate import Run
from tprog.rasp.expressions import Expression, Selector, Tokens, in_order
from tprog.rasp.failures import Failed
from tprog.rasp.lower.growing import Frame

MOST_LENGTHS = 512
"""The longest input up to which what depends on the length alone is evaluated at each length."""


class FixedRuns:
    """An evaluation for each length, made when it is first asked for."""

    def __init__(self, frame: Frame, calls: Calls) -> None:
        self.frame, self.calls = frame, calls
        self._without: dict[int, bool] = {}
        self._runs: list[Run] | None = None
        self._alive: list[Expression] = []

    def of(self, expr: Expression) -> list[Run] | None:
        """An evaluation for each length, if an expression depends on no token and fails nowhere; else None."""
        if self.frame.length > MOST_LENGTHS or not self._has_no_token(expr):
            return None
        if self._runs is None:
            token = self.frame.tokens[0]
            self._runs = [
                Run([token] * length, self.frame.causal, calls=self.calls) for length in range(1, self.frame.length + 1)
            ]
        try:
            for run in self._runs:
                run.rows(expr) if isinstance(expr, Selector) else run.values(expr)  # type: ignore[arg-type]
        except Failed:
            return None
        return self._runs

    def _has_no_token(self, expr: Expression) -> bool:
        if id(expr) not in self._without:
            for node in in_order([expr], self._without):
                self._without[id(node)] = not isinstance(node, Tokens) and all(
                    self._without[id(read)] for read in node.sources()
                )
                self._alive.append(node)  # ids stay theirs
        return self._without[id(expr)]
