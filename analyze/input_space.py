"""The inputs of a program to draw from: as arrays, many at once, and as a Hypothesis strategy, to be shrunk.

Both draw from the same domain: that of the program's task, else every sequence over its vocabulary. A *sequence* is a
row of symbol codes (0-based) without ``<s>`` and ``</s>``, and `NOTHING` behind its end; see
`tprog.tasks.input_domain`. Hypothesis is imported only where a strategy is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from tprog.ir.program import Program
from tprog.listing import every_one
from tprog.run.batch import Array, Batch, Bools
from tprog.tasks.builtin import ENUMERATED, SAMPLE, Task, fitted, task_of
from tprog.tasks.input_domain import NOTHING, Brackets, InputDomain, Pairs, draw_distinct, framed, symbols_of

if TYPE_CHECKING:
    from hypothesis import strategies as st

    Strategy = st.SearchStrategy[tuple[int, ...]]

_SEEDS = 2**32  # of a sampler that can only be asked for one more input


@dataclass(frozen=True, eq=False)
class InputSpace:
    """All inputs that a program can be asked about.

    Attributes:
        task: what it should compute, in the program's order of vocabulary and classes; None if that is not known.
        symbols: the tokens between the marks; a sequence holds indices in it.
        domain: which sequences of symbols there are.
    """

    program: Program
    task: Task | None
    symbols: tuple[str, ...]
    domain: InputDomain

    @property
    def kind(self) -> Literal["sequences", "pairs", "listed", "drawn"]:
        """All sequences of some lengths; letter/digit pairs; those that somebody listed; whatever a sampler draws."""
        if isinstance(self.domain, Pairs):
            return "pairs"
        if type(self.domain) in (InputDomain, Brackets):
            return "sequences"
        return "listed" if self.task is None or self.task.listable else "drawn"

    @property
    def longest(self) -> int:
        """The most tokens of an input, marks included."""
        return self.domain.most + len(self.program.vocabulary) - len(symbols_of(self.program.vocabulary))

    @property
    def size(self) -> int | None:
        """The number of inputs; None if that is not known."""
        return None if self.kind == "drawn" else self.domain.size

    @property
    def inputs_are(self) -> str:
        """What its inputs are, in words."""
        return (self.task.inputs_are if self.task is not None else "") or "inputs"

    @property
    def noun(self) -> str:
        """What one of them is, in a word."""
        return "input" if self.task is None else self.task.noun

    @property
    def enumerable(self) -> bool:
        return self.size is not None and self.size <= ENUMERATED

    @cached_property
    def every(self) -> Array:
        """[input, place]: all sequences, shortest first, then in the order of the symbols; of a small domain only."""
        return in_order(self.domain.enumerate())

    def batch(self, sequences: Array) -> Batch:
        """The sequences as whole inputs of the program."""
        return framed(sequences, self.symbols, self.program.vocabulary)

    def tokens(self, sequence: Array) -> tuple[str, ...]:
        """One sequence as whole tokens."""
        batch = self.batch(sequence[None, :])
        return tuple(batch.words(self.program, 0))

    def sequence(self, codes: Sequence[int]) -> Array:
        """[place] symbol codes as a row of the width that all sequences have."""
        return np.array([*codes, *[NOTHING] * (self.domain.most - len(codes))], dtype=np.int64)

    def contains(self, sequences: Array) -> Bools:
        """[input]: whether these are inputs. Of a sampler's domain only the lengths are known."""
        lengths = lengths_of(sequences)
        inside: Bools = (lengths >= self.domain.fewest) & (lengths <= self.domain.most)
        if isinstance(self.domain, Pairs):
            inside &= sequences.shape[1] == self.domain.most and _paired(sequences, self.domain)
        if self.kind == "listed":
            inside &= np.array([_key(row) in self._listed for row in sequences], dtype=np.bool_)
        return inside

    @cached_property
    def _listed(self) -> dict[tuple[int, ...], int]:
        """Sequence -> its index in `every`."""
        return {_key(row): index for index, row in enumerate(self.every)}

    def draw(self, count: int, seed: int) -> Array:
        """At most `count` different sequences at random.

        Of a domain that can be enumerated each is as likely as any other, and a count of its size draws all of them.
        Of a larger one with several lengths, the shortest are taken first, all of them, up to a quarter of the count,
        because most faults show on a short input; the others are drawn as the task draws them.
        """
        if self.enumerable:
            order = np.random.default_rng(seed).permutation(len(self.every))
            return np.asarray(self.every[order[:count]])
        drawn = draw_distinct(self.domain, count, seed)
        if self.kind != "sequences":
            return drawn
        short = self.shorter(self._longest_below(count // 4) + 1)
        beyond = drawn[lengths_of(drawn) > int(lengths_of(short).max(initial=0))]
        return np.concatenate([short, beyond])[:count]

    def chosen(self, count: int | None, seed: int, done: str) -> tuple[Array, bool, str]:
        """The sequences that an analysis looks at.

        Args:
            count: how many to draw; left out: all of a domain that can be enumerated, else `SAMPLE`.
            done: what is done to get them, in words: drawn or sampled.

        Returns:
            the sequences, whether they are all, and a text about them in which ``{:,}`` stands for their number.
        """
        if self.enumerable and (count is None or count >= len(self.every)):
            one = self.inputs_are.replace(f"{self.noun}s", self.noun, 1)
            return self.every, True, every_one(len(self.every), one, self.inputs_are)
        whole = "different inputs of the task's sampler" if self.size is None else f"of {self.size:,} {self.inputs_are}"
        return self.draw(count or SAMPLE, seed), False, f"{{:,}} {whole}, {done} with seed {seed}"

    def below(self, length: int) -> int:
        """How many inputs are shorter than `length`; of a domain of `sequences`."""
        return sum(self.domain.symbols**n for n in range(self.domain.fewest, min(length, self.domain.most + 1)))

    def shorter(self, length: int) -> Array:
        """All inputs that are shorter than `length`, shortest first; of a domain of `sequences`."""
        most = min(length - 1, self.domain.most)
        if most < self.domain.fewest:
            return np.zeros((0, self.domain.most), dtype=self.domain.dtype)
        rows = replace(self.domain, most=most).enumerate()
        return np.pad(rows, ((0, 0), (0, self.domain.most - most)), constant_values=NOTHING)

    def _longest_below(self, count: int) -> int:
        """The greatest length up to which there are at most `count` inputs."""
        length = self.domain.fewest - 1
        while length < self.domain.most and self.below(length + 2) <= count:
            length += 1
        return length

    # For Hypothesis ###################################################################################################

    def strategy(self) -> Strategy:
        """Sequences as tuples of symbol codes. They shrink to shorter ones, then to earlier symbols."""
        from hypothesis import strategies as st

        if self.kind == "listed":
            return st.integers(0, len(self.every) - 1).map(lambda index: _key(self.every[index]))
        if self.kind == "drawn":
            domain = self.domain
            return st.integers(0, _SEEDS - 1).map(lambda seed: _key(domain.draw(1, np.random.default_rng(seed))[0]))
        return st.composite(self._drawn_pairs if self.kind == "pairs" else self._drawn_sequence)()

    def _drawn_sequence(self, draw: st.DrawFn) -> tuple[int, ...]:
        choose = _Chooser(draw)
        length = self.domain.fewest + choose.below(self.domain.most - self.domain.fewest + 1)
        return tuple(choose.below(self.domain.symbols) for _ in range(length))

    def _drawn_pairs(self, draw: st.DrawFn) -> tuple[int, ...]:
        assert isinstance(self.domain, Pairs)
        choose, letters = _Chooser(draw), self.domain.letters
        in_front = choose.below(2)
        digit_of: dict[int, int] = {}
        made: list[int] = []
        for _ in range(self.domain.pairs):
            letter = choose.below(letters)
            if letter not in digit_of:
                digit_of[letter] = choose.below(letters)
            made += [letter, digit_of[letter] + letters]
        extra = choose.below(letters)
        return (extra + letters, *made) if in_front else (*made, extra)

    def choices(self, sequence: Sequence[int]) -> tuple[int, ...] | None:
        """The choices with which `strategy` makes a sequence; None for a domain that can only be drawn from."""
        row = [code for code in sequence if code != NOTHING]
        if self.kind == "drawn":
            return None
        if self.kind == "listed":
            return (self._listed[tuple(row)],)
        if isinstance(self.domain, Pairs):
            return self._choices_of_pairs(row)
        fixed = self.domain.most == self.domain.fewest
        codes = row if self.domain.symbols > 1 else []
        return (*([] if fixed else [len(row) - self.domain.fewest]), *codes)

    def _choices_of_pairs(self, row: list[int]) -> tuple[int, ...]:
        assert isinstance(self.domain, Pairs)
        letters = self.domain.letters
        in_front = int(row[0] >= letters)
        pairs, extra = (row[1:], row[0] - letters) if in_front else (row[:-1], row[-1])
        made, seen = [in_front], set()
        for letter, digit in zip(pairs[::2], pairs[1::2], strict=True):
            chosen = [letter] if letter in seen else [letter, digit - letters]
            made += chosen if letters > 1 else []
            seen.add(letter)
        return (*made, *([extra] if letters > 1 else []))


@dataclass(frozen=True)
class _Chooser:
    """Draws whole numbers; where there is one only, nothing is drawn, so that choices and draws stay in step."""

    draw: st.DrawFn

    def below(self, count: int) -> int:
        from hypothesis import strategies as st

        return self.draw(st.integers(0, count - 1)) if count > 1 else 0


def space_of(program: Program, task: Task | None = None, length: int | None = None) -> InputSpace:
    """The inputs of a program.

    Args:
        task: instead of the one that the program names.
        length: the most tokens of an input, marks included, where there is no task; left out, the program's own.

    Raises:
        BadProgram: the program does not fit the task.
    """
    task = task_of(program) if task is None else fitted(task, program)
    if task is not None:
        return InputSpace(program, task, task.symbols, task.domain)
    symbols = symbols_of(program.vocabulary)
    most = (program.max_length if length is None else length) - (len(program.vocabulary) - len(symbols))
    return InputSpace(program, None, symbols, InputDomain(len(symbols), 1, most))


def inputs(program: Program, task: Task | None = None) -> st.SearchStrategy[tuple[str, ...]]:
    """A Hypothesis strategy for a program's inputs: whole token sequences, for property tests of one's own."""
    space = space_of(program, task)
    return space.strategy().map(lambda codes: space.tokens(np.array(codes, dtype=np.int64)))


def lengths_of(sequences: Array) -> Array:
    """[input] symbols in each sequence."""
    return np.asarray((sequences != NOTHING).sum(axis=1, dtype=np.int64))


def in_order(sequences: Array) -> Array:
    """The sequences, shortest first, then in the order of the symbols."""
    keys = [sequences[:, place] for place in reversed(range(sequences.shape[1]))]
    return np.asarray(sequences[np.lexsort((*keys, lengths_of(sequences)))])


def _key(row: Array) -> tuple[int, ...]:
    return tuple(code for code in row.tolist() if code != NOTHING)


def _paired(sequences: Array, domain: Pairs) -> Bools:
    """[input]: whether these are pairs with one digit a letter and one symbol more, in front or behind."""
    letters, every = domain.letters, np.arange(len(sequences))
    in_front = sequences[:, 0] >= letters
    pairs = np.where(in_front[:, None], sequences[:, 1:], sequences[:, :-1])
    extra = np.where(in_front, sequences[:, 0] - letters, sequences[:, -1])
    good: Bools = (extra >= 0) & (extra < letters)
    digit_of = np.full((len(sequences), letters), NOTHING, dtype=np.int64)
    for place in range(0, pairs.shape[1], 2):
        letter, digit = pairs[:, place].astype(np.int64), pairs[:, place + 1].astype(np.int64) - letters
        good &= (letter >= 0) & (letter < letters) & (digit >= 0)
        known = digit_of[every, np.clip(letter, 0, letters - 1)]
        good &= (known == NOTHING) | (known == digit)
        digit_of[every, np.clip(letter, 0, letters - 1)] = digit
    return good
