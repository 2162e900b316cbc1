"""The marks around an input: ``<s>`` before its symbols and ``</s>`` behind them, each where the vocabulary has it.

A learned or published program has ``<s>``. A program without it has *no begin*: position 0 holds the first symbol. The
two marks do not depend on each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from tprog import primitives
from tprog.ir.domains import BEGIN, END, UnknownRule


@dataclass(frozen=True)
class Marks:
    """Which marks the inputs of a program or a task have."""

    begins: bool = True
    ends: bool = False

    @classmethod
    def of(cls, vocabulary: Sequence[str]) -> Self:
        """Those of a vocabulary."""
        return cls(BEGIN in vocabulary, END in vocabulary)

    @property
    def first(self) -> int:
        """The position of the first symbol."""
        return int(self.begins)

    @property
    def count(self) -> int:
        """How many tokens of an input are marks."""
        return int(self.begins) + int(self.ends)

    @property
    def before(self) -> tuple[str, ...]:
        return (BEGIN,) * self.begins

    @property
    def behind(self) -> tuple[str, ...]:
        return (END,) * self.ends

    def around(self, symbols: Iterable[str]) -> tuple[str, ...]:
        """The symbols as a whole input, or as a vocabulary."""
        return (*self.before, *symbols, *self.behind)

    def read(
        self, tokens: Sequence[str], vocabulary: Collection[str], max_length: int, unknown_rule: UnknownRule = "unk"
    ) -> list[str]:
        """A whole input as it is read.

        Args:
            vocabulary: in its order; of many words better as the keys of a dictionary, in which each is found at once.

        Raises:
            ValueError: it cannot be; the message names the token and its index.
        """
        return list(getattr(primitives, self.checker(unknown_rule))(tokens, vocabulary, max_length))

    def checker(self, unknown_rule: UnknownRule) -> str:
        """The primitive that `run` hands its input to."""
        if self.begins:
            return "check" if unknown_rule == "unk" else "check_known"
        return "_check_without_begin" if unknown_rule == "unk" else "_check_known_without_begin"
