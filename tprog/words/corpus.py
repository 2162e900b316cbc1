"""Sentences by split, and the words of the split that is trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from tprog.errors import BadUsage
from tprog.ir.domains import UNKNOWN
from tprog.listing import listing
from tprog.words.shapes import SHAPES
from tprog.words.word_form import WordForm

TRAIN, VALID, TEST, ALL = "train", "valid", "test", "all"

SPLITS = (TRAIN, VALID, TEST)
"""The splits of a corpus that has some; one that has none holds `ALL`."""

MOST_WORDS = 10_000
"""Words of a vocabulary, as published: the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and what is right about them.

    Attributes:
        words: as they stand in the source.
        answers: a tag a word, or the one label of the sentence.
        line: where it stands in its file, from 1.
    """

    words: tuple[str, ...]
    answers: tuple[str, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, eq=False)
class Corpus:
    """Sentences of words, each with a tag a word or with one label.

    Attributes:
        name: what tasks and programs for it are called.
        tagged: whether there is a tag a word; else one label a sentence.
        splits: by name: `SPLITS`, or some of them; or `ALL` alone.
        source: where it was read from.
        sha256: of the bytes that were read, in hexadecimal.
        scheme: in which its tags were written, if they tell spans: IOB, IOB2 or BIOES; they are IOB2 here.
        notes: how it was read, where there was a choice, one line each.
        seed: with which it was divided into splits here; None where it was not.
    """

    name: str
    tagged: bool
    splits: Mapping[str, tuple[Sentence, ...]]
    source: str
    sha256: str
    scheme: str | None = None
    notes: tuple[str, ...] = field(default=())
    seed: int | None = None

    @property
    def noun(self) -> str:
        """What one of them is, in a word."""
        return "sentence" if self.tagged else "text"

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """All answers of all splits, ordered by name, ``O`` first: the set of answers is known before training."""
        found = {answer for rows in self.splits.values() for row in rows for answer in row.answers}
        return tuple(sorted(found, key=lambda answer: (answer != "O", answer)))

    def split(self, name: str) -> tuple[Sentence, ...]:
        """The sentences of a split, of several with commas between them, or of `ALL`.

        Raises:
            BadUsage: there is no such split.
        """
        names = tuple(self.splits) if name == ALL else tuple(part.strip() for part in name.split(","))
        for part in names:
            if part not in self.splits:
                has = f"it has {listing(tuple(self.splits))}" if ALL not in self.splits else "it is not split"
                raise BadUsage(f"the corpus {self.name} has no split {part!r}; {has} (all: every {self.noun})")
        return tuple(sentence for part in dict.fromkeys(names) for sentence in self.splits[part])

    @property
    def judging(self) -> str:
        """The split by which a program is judged where nobody says which."""
        return VALID if VALID in self.splits else ALL

    def divided(self, seed: int = 0) -> Corpus:
        """The corpus in splits: its own, or 80/10/10 of its sentences, drawn with `seed`."""
        if ALL not in self.splits:
            return self
        rows = self.splits[ALL]
        order = np.random.default_rng(seed).permutation(len(rows)).tolist()
        first, second = len(rows) * 8 // 10, len(rows) * 9 // 10
        parts = (order[:first], order[first:second], order[second:])
        told = f"{self.name} has no splits: 80/10/10 of its {len(rows):,} {self.noun}s, drawn with seed {seed}"
        splits = {name: tuple(rows[row] for row in sorted(part)) for name, part in zip(SPLITS, parts, strict=True)}
        return replace(self, splits=splits, notes=(*self.notes, told), seed=seed)

    def vocabulary(
        self,
        form: WordForm = WordForm(),  # noqa: B008  # a frozen record
        most: int = MOST_WORDS,
        minimum: int = 1,
        shapes: bool = False,
    ) -> tuple[str, ...]:
        """``<unk>``, then the words of the training split, most frequent first, of equal ones by name.

        Args:
            form: in which words are counted.
            most: how many words at most, those for unknown words left out.
            minimum: how often a word must stand there.
            shapes: whether unknown words are told apart by their shape (`tprog.words.shapes`).
        """
        rows = self.splits.get(TRAIN, self.splits.get(ALL, ()))
        unknown = (UNKNOWN, *(SHAPES if shapes else ()))
        counted = Counter(form.of(word) for row in rows for word in row.words)
        for word in unknown:
            counted.pop(word, None)
        often = [(-count, word) for word, count in counted.items() if count >= minimum]
        return (*unknown, *(word for _, word in sorted(often)[:most]))
