"""What the files of one run share: the examples on which definitions are tried, and what may still be spent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from tprog.errors import TpdebugError
from tprog.rasp.evaluate import Run
from tprog.rasp.expressions import Expression, Selector, SOp
from tprog.rasp.failures import Budget, Failed
from tprog.rasp.source.bounds import MOST_DRAWN, MOST_ITEMS, MOST_LOADS, MOST_STEPS
from tprog.rasp.source.operations import Wrong
from tprog.rasp.source.syntax import Subset
from tprog.rasp.source.things import Evaluated, EvaluatedRows, Thing, a_kind, is_atom
from tprog.rasp.values import Value

Example: TypeAlias = tuple[Value, ...]

FIRST_EXAMPLE: Example = tuple("hello")


@dataclass(frozen=True)
class Defined:
    """A name stands for something now; ``out`` is that of an expression."""

    name: str
    thing: Thing


@dataclass(frozen=True)
class Answered:
    """What an s-op or a selector gave for an input."""

    thing: Evaluated | EvaluatedRows


@dataclass(frozen=True)
class Problem:
    """A statement has no meaning, and the rest went on."""

    error: TpdebugError


Told: TypeAlias = Defined | Answered | Problem
"""What a statement has to say."""


class Session:
    """A run of a source, or a console.

    Attributes:
        sop_example, selector_example: inputs; definitions are tried on the first, and shown on both.
        budget: what may still be spent.
        loads_left: how many files may still be loaded.
        drawn: what ``draw`` was asked for: an s-op, and an input; the last `MOST_DRAWN`.
    """

    def __init__(self, example: Example = FIRST_EXAMPLE, steps: int = MOST_STEPS) -> None:
        self.sop_example = self.selector_example = example
        self.budget = Budget(steps)
        self.loads_left = MOST_LOADS
        self.drawn: deque[tuple[SOp, Example]] = deque(maxlen=MOST_DRAWN)
        self._runs: dict[Example, Run] = {}

    def set_example(self, example: Example, subset: Subset) -> None:
        """Try and show definitions on this input from now on."""
        if subset in ("both", "s-op"):
            self.sop_example = example
        if subset in ("both", "selector"):
            self.selector_example = example
        kept = (self.sop_example, self.selector_example)
        self._runs = {given: run for given, run in self._runs.items() if given in kept}

    def evaluated(self, thing: Expression, given: Example) -> Evaluated | EvaluatedRows:
        """What an s-op or a selector gives for an input.

        Raises:
            Failed: it has no value there.
        """
        run = self._run(given)
        if isinstance(thing, SOp):
            return Evaluated(run.values(thing), given)
        assert isinstance(thing, Selector)
        return EvaluatedRows(run.rows(thing), given)

    def failure(self, thing: Expression, backup: Example | None) -> Failed | None:
        """Why an s-op or a selector has no value on an example; None if it has on one of them.

        Args:
            backup: an input that it is being asked about, if there is one.
        """
        failed: Failed | None = None
        for given in (self.sop_example, *(() if backup is None else (backup,))):
            try:
                self.evaluated(thing, given)
            except Failed as error:
                failed = error
            else:
                return None
        return failed

    def _run(self, given: Example) -> Run:
        kinds = (given, tuple(map(type, given)))
        known = self._runs.get(given)
        if known is None or (tuple(known.tokens), tuple(map(type, known.tokens))) != kinds:
            if len(self._runs) > 3:
                self._runs.clear()
            known = self._runs[given] = Run(given, budget=self.budget)
        return known


def example_of(thing: Thing) -> Example:
    """A word or a list of values as an input.

    Raises:
        Wrong: it is none.
    """
    if isinstance(thing, dict):
        thing = list(thing)
    if not isinstance(thing, (str, list)):
        raise Wrong(f"{a_kind(thing)}", "a word or a list of values as an input")
    if not 1 <= len(thing) <= MOST_ITEMS:
        raise Wrong(f"an input of {len(thing):,} tokens", f"1 to {MOST_ITEMS:,}")
    if not all(map(is_atom, thing)):
        raise Wrong("an input with other things than values in it", "values alone")
    kinds = {str if isinstance(item, str) else bool if isinstance(item, bool) else int for item in thing}
    if len(kinds) > 1 and str in kinds:
        raise Wrong("an input of words and numbers", "tokens of one kind")
    return tuple(thing)
