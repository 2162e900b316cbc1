"""The weights of one column of a readout, as a descent finds them: free, or tied where there are too many to learn.

A weight a value and class is free where both are few. In a large vocabulary what a token says of classes is one weight
for "the class is this token", one for the one after, one for the one before; the marks, and the symbols at both ends,
which may have none after or before, have rows of their own. What else there is says one thing of each mark and one of
all symbols, as classes.

Letters in shapes: R rows, C classes, G groups of classes, V tokens.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.decompile.attend import LARGE
from trainer.decompile.network import Ints
from trainer.decompile.symbols import Copied, Counts, Facts, Symbolic, Tokens

STEPS_OF_TIES = (0, 1, -1)

Floats64: TypeAlias = NDArray[np.float64]

Column: TypeAlias = Symbolic | Counts


@dataclass(frozen=True)
class Classes:
    """What can be predicted.

    Attributes:
        labels: for each class the labels that are predicted: one, or a set.
        sets: whether they are sets.
        tokens: whether labels are the tokens that are read.
    """

    labels: tuple[tuple[int, ...], ...]
    sets: bool
    tokens: bool = True

    @property
    def many(self) -> bool:
        """Whether they are too many to learn one by one what speaks for each."""
        return self.tokens and not self.sets and len(self.labels) > LARGE

    def of_label(self, count: int) -> Ints:
        """[labels] the class that is this label alone, -1 without one."""
        made = np.full(count, -1, dtype=np.int64)
        for at, label in enumerate(self.labels):
            if not self.sets and len(label) == 1:
                made[label[0]] = at
        return made

    def of_token(self, vocabulary: int) -> Ints:
        """[V] the class that is this token alone, -1 without one."""
        return self.of_label(vocabulary) if self.tokens else np.full(vocabulary, -1, dtype=np.int64)

    def groups(self, symbols: int) -> Ints:
        """[C] classes that weights do not tell apart: of many all symbols; else each is its own."""
        if not self.many:
            return np.arange(len(self.labels))
        first = np.array([label[0] for label in self.labels], dtype=np.int64)
        return np.where(first < symbols, 0, first - symbols + 1)


def holds_tokens(column: Column) -> bool:
    """Whether the values of a column are tokens."""
    while isinstance(column, Copied):
        column = column.what
    return isinstance(column, Tokens)


def relations(size: int, facts: Facts) -> list[Ints]:
    """For each step of ties [values]: the token that lies so far from a token, -1 without one."""
    at = np.arange(size)
    found = []
    for step in STEPS_OF_TIES:
        shifted = at + step
        found.append(np.where((at < facts.symbols) & (shifted >= 0) & (shifted < facts.symbols), shifted, -1))
    return found


def _parameter(*shape: int) -> torch.Tensor:
    return torch.zeros(shape, dtype=torch.float64, requires_grad=True)


class Terms(ABC):
    """The weights of one column, and what they add to the logits of rows."""

    parameters: list[torch.Tensor]
    tied: bool = False

    @abstractmethod
    def added(self) -> torch.Tensor:
        """[R, C]."""

    @abstractmethod
    def weights(self) -> Floats64:
        """[values, C]."""


class _Rows(Terms):
    """A row a value."""

    def __init__(self, codes: Ints, size: int, groups: Ints) -> None:
        self._codes, self._groups = torch.tensor(codes), torch.tensor(groups)
        self.parameters = [_parameter(size, int(groups.max(initial=0)) + 1)]

    def added(self) -> torch.Tensor:
        return self.parameters[0][self._codes][:, self._groups]

    def weights(self) -> Floats64:
        return np.asarray(self.parameters[0].detach()[:, self._groups].numpy())


class _Numbers(Terms):
    """A row a number; numbers that rise and fall together are whitened, else a descent does not see how they differ."""

    def __init__(self, numbers: Ints, groups: Ints) -> None:
        whole = numbers.astype(np.float64)
        _, spread, axes = np.linalg.svd(whole / np.sqrt(len(whole)), full_matrices=False)
        kept = spread > 1e-9 * max(spread.max(initial=0), 1e-9)
        self._white = axes[kept].T / spread[kept]
        self._values, self._groups = torch.tensor(whole @ self._white), torch.tensor(groups)
        self.parameters = [_parameter(self._white.shape[1], int(groups.max(initial=0)) + 1)]

    def added(self) -> torch.Tensor:
        return (self._values @ self.parameters[0])[:, self._groups]

    def weights(self) -> Floats64:
        return np.asarray((self._white @ self.parameters[0].detach().numpy())[:, self._groups.numpy()])


class _Own(Terms):
    """Many numbers, each of which speaks for the class that is its token, all with one weight."""

    def __init__(self, numbers: Ints, column: Counts, of_token: Ints, classes: int) -> None:
        self._size, self._classes = len(column.codes), classes
        self._scale = max(1.0, float(numbers.max(initial=1)))
        self._values = torch.tensor(numbers / self._scale)
        self._home = torch.tensor(of_token[np.array(column.codes)])
        self.parameters = [_parameter(1)]

    def added(self) -> torch.Tensor:
        has = self._home >= 0
        made = torch.zeros((len(self._values), self._classes), dtype=torch.float64)
        return made.index_add(1, self._home[has], self._values[:, has] * self.parameters[0])

    def weights(self) -> Floats64:
        told = np.zeros((self._size, self._classes))
        for at, home in enumerate(self._home.tolist()):
            if home >= 0:
                told[at, home] = float(self.parameters[0].detach()) / self._scale
        return told


class _Tied(Terms):
    """Tokens of a large vocabulary: one weight a relation, and rows of their own for some."""

    tied = True

    def __init__(self, codes: Ints, size: int, classes: Classes, facts: Facts) -> None:
        of_token, groups = classes.of_token(facts.vocabulary), classes.groups(facts.symbols)
        self._codes, self._groups = torch.tensor(codes), torch.tensor(groups)
        self._homes = [np.where(to >= 0, of_token[np.maximum(to, 0)], -1) for to in relations(size, facts)]
        self._hits = []
        for homes in self._homes:
            hit = torch.tensor(homes)[self._codes]
            rows = torch.nonzero(hit >= 0)[:, 0]
            self._hits.append((rows, hit[rows]))
        self._row = torch.tensor(np.maximum(np.arange(size) - facts.symbols + 1, 0))  # that of all symbols first
        self._end = torch.tensor(np.array([{0: 1, facts.symbols - 1: 2}.get(code, 0) for code in range(size)]))
        marks = int(self._row.max()) + 1
        self.parameters = [
            _parameter(len(STEPS_OF_TIES)),
            _parameter(marks, int(groups.max(initial=0)) + 1),
            _parameter(2, len(groups)),
        ]

    def _plain(self, codes: torch.Tensor) -> torch.Tensor:
        none = torch.zeros((1, len(self._groups)), dtype=torch.float64)
        ends = torch.cat([none, self.parameters[2]])
        return self.parameters[1][self._row[codes]][:, self._groups] + ends[self._end[codes]]

    def added(self) -> torch.Tensor:
        made = self._plain(self._codes)
        for (rows, at), weight in zip(self._hits, self.parameters[0], strict=True):
            made = made.index_put((rows, at), weight.expand(len(rows)), accumulate=True)
        return made

    def weights(self) -> Floats64:
        made: Floats64 = self._plain(torch.arange(len(self._row))).detach().numpy().copy()
        for homes, weight in zip(self._homes, self.parameters[0].detach().tolist(), strict=True):
            held = homes >= 0
            made[np.flatnonzero(held), homes[held]] += weight
        return made


def terms_of(column: Column, codes: Ints, classes: Classes, facts: Facts) -> Terms:
    """The weights of a column whose values on rows are these: [R], or of counts [R, counts]."""
    groups = classes.groups(facts.symbols)
    if isinstance(column, Counts):
        tokens = column.what is not None and holds_tokens(column.what)
        if tokens and len(column.codes) > 8 and not classes.sets:
            return _Own(codes, column, classes.of_token(facts.vocabulary), len(classes.labels))
        return _Numbers(codes, groups)
    size = facts.size(column)
    if size > LARGE and holds_tokens(column):
        return _Tied(codes, size, classes, facts)
    return _Rows(codes, size, groups)
