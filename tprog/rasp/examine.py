"""Trying a program on all inputs over a vocabulary, shortest first: where it fails, and what the causal mask changes.

Both are told with the expression that is the reason, where it was written, and a smallest input. A vocabulary is finite
and inputs have a longest, so every expression has finitely many values; whether all inputs were tried is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, product

from tprog.listing import shortened
from tprog.rasp.calls import Calls
from tprog.rasp.evaluate import Run, checked_input, checked_vocabulary
from tprog.rasp.expressions import Aggregate, Expression, SelectorWidth, SOp
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Dialect, at
from tprog.rasp.program import RaspProgram
from tprog.rasp.values import Value, spelled_values

TRIED = 2_000
"""Inputs that are tried."""


@dataclass(frozen=True)
class Failure:
    """An expression that has no value on some input.

    Attributes:
        node: the expression.
        tokens: a smallest input on which it has none.
        causal: whether that is so in the causal evaluation alone.
        reason: why.
    """

    node: Expression
    tokens: tuple[Value, ...]
    causal: bool
    reason: str

    def __str__(self) -> str:
        return f"{self.reason}; this is so on the input {_told(self.tokens)}{' with the causal mask' * self.causal}"


@dataclass(frozen=True)
class Masked:
    """An expression that the causal mask changes, though all that it reads stays as it is.

    Attributes:
        node: the expression.
        tokens: a smallest input on which it does.
        standard, causal: the values there.
    """

    node: SOp
    tokens: tuple[Value, ...]
    standard: tuple[Value, ...]
    causal: tuple[Value, ...]

    def __str__(self) -> str:
        return (
            f"{at(self.node.where)}the causal mask changes {self.node}: on the input {_told(self.tokens)} it is "
            f"{_told(self.causal)}, not {_told(self.standard)}"
        )


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        inputs: how many were tried.
        exhaustive: whether these are all inputs that there are.
        failures: by expression.
        masked: by expression; none of a program of `rasp-l`, which is always causal.
    """

    inputs: int
    exhaustive: bool
    failures: tuple[Failure, ...]
    masked: tuple[Masked, ...]


def examine(program: RaspProgram, vocabulary: Sequence[object], longest: int, limit: int = TRIED) -> Examination:
    """Try a program on inputs, shortest first.

    Args:
        vocabulary: the tokens; two or more, each once.
        longest: how many tokens the longest input has.
        limit: how many inputs are tried at most.

    Raises:
        BadUsage: there are no such inputs, or too few to tell anything.
    """
    symbols = checked_vocabulary(vocabulary, longest)
    inputs = sum(len(symbols) ** length for length in range(1, min(longest, 64) + 1))
    tried = list(islice(_inputs(symbols, longest), limit))
    failures: dict[int, Failure] = {}
    masked: dict[int, Masked] = {}
    calls = Calls()
    for tokens in tried:
        for failure in _failures(program, tokens, calls):
            failures.setdefault(id(failure.node), failure)
        if program.dialect is not Dialect.RASP_L:
            for change in changes(program, tokens, calls):
                masked.setdefault(id(change.node), change)
    return Examination(len(tried), len(tried) == inputs, tuple(failures.values()), tuple(masked.values()))


def changed(program: RaspProgram, tokens: Sequence[object], limit: int = 200) -> list[Masked]:
    """What the causal mask changes on an input, each shown on a smallest input that is found soon."""
    if program.dialect is Dialect.RASP_L:
        return []
    own, calls = list(changes(program, tokens)), Calls()
    symbols = list(dict.fromkeys(checked_input(tokens)))
    smaller: dict[int, Masked] = {}
    for given in islice(_inputs(symbols, len(tokens)), limit):
        for change in changes(program, given, calls):
            smaller.setdefault(id(change.node), change)
        if all(id(change.node) in smaller for change in own):
            break
    return [smaller.get(id(change.node), change) for change in own]


def changes(program: RaspProgram, tokens: Sequence[object], calls: Calls | None = None) -> Iterator[Masked]:
    """What the causal mask changes on one input: the expressions that it changes first.

    What cannot be evaluated both ways is left out.
    """
    known = Calls() if calls is None else calls
    given = tuple(checked_input(tokens))
    standard, causal = Run(given, False, calls=known), Run(given, True, calls=known)
    for node in program.nodes():
        if not isinstance(node, (Aggregate, SelectorWidth)):
            continue
        try:
            before, after = standard.values(node), causal.values(node)
            if before != after and all(standard.values(read) == causal.values(read) for read in _read(node)):
                yield Masked(node, given, tuple(before), tuple(after))
        except Failed:
            continue


def _read(node: Expression) -> Iterator[SOp]:
    """The s-ops that an aggregate or a width reads, those of its selectors among them."""
    for read in node.sources():
        if isinstance(read, SOp):
            yield read
        else:
            yield from _read(read)


def _failures(program: RaspProgram, tokens: tuple[Value, ...], calls: Calls) -> Iterator[Failure]:
    found: list[Expression] = []
    for causal in (False, True):
        if program.dialect is Dialect.RASP_L and not causal:
            continue
        try:
            program.run(tokens, causal, calls=calls)
        except Failed as error:
            if not any(error.node is known for known in found):
                found.append(error.node)
                yield Failure(error.node, tokens, causal, str(error))


def _inputs(symbols: list[Value], longest: int) -> Iterator[tuple[Value, ...]]:
    return chain.from_iterable(product(symbols, repeat=length) for length in range(1, longest + 1))


def _told(values: Sequence[Value]) -> str:
    return shortened(" ".join(spelled_values(values)))
