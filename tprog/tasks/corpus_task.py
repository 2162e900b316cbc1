"""A corpus as a task: the sentences of a split, and what is right about each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from tprog.errors import BadFile, BadProgram, BadUsage
from tprog.ir.domains import BEGIN, END, UNKNOWN
from tprog.ir.marks import Marks
from tprog.listing import counted
from tprog.tasks.listed import Sentences, looked_up, rectangle
from tprog.tasks.rules import UNGRADED
from tprog.tasks.task import Task
from tprog.words.corpus import ALL, Corpus, Sentence
from tprog.words.shapes import SHAPES, stand_in
from tprog.words.word_form import WordForm

LONGEST_TAGGED = 30
"""Words of the longest sentence with a tag a word, as published; longer ones are left out (see `Longer`)."""

LONGEST_LABELLED = 62
"""Words that are read of a text with one label: as published 64, with the marks."""

LARGEST = 1000
"""Words of a sentence that can be asked for: attention takes memory as the square of them."""

Longer: TypeAlias = Literal["leave out", "cut"]
"""What becomes of sentences that are too long: as published they are left out; cut, what stands behind is not asked."""

BOTH_MARKS = Marks(begins=True, ends=True)


def corpus_task(
    corpus: Corpus,
    split: str | None = None,
    *,
    vocabulary: Sequence[str] | None = None,
    form: WordForm | None = None,
    longest: int | None = None,
    longer: Longer | None = None,
    marks: Marks = BOTH_MARKS,
) -> Task:
    """The sentences of a split of a corpus as a task, with their answers: `Task.answered` gives them.

    Args:
        split: its name, several with commas between, or ``all``; left out, ``valid``, or all where there are no splits.
        vocabulary: the words that a program knows; others are read as ``<unk>``, which must be among them where some
            are unknown. Marks in it do not count. Left out: `Corpus.vocabulary`, of training alone.
        form: how words are read before they are looked up; left out, that of the vocabulary if it is given.
        longest: words of the longest sentence that is asked about; left out, as published.
        longer: what becomes of longer ones; left out, they are left out where words have tags, else cut.
        marks: what stands around a sentence.

    Raises:
        BadUsage: no such split, or no sentence that is short enough.
        BadProgram: words are unknown, and the vocabulary has no ``<unk>``.
        BadFile: all answers are the same.
    """
    part = corpus.judging if split is None else split
    symbols, known = _known_words(corpus, vocabulary, form)
    most = _expect_length((LONGEST_TAGGED if corpus.tagged else LONGEST_LABELLED) if longest is None else longest)
    how: Longer = longer or ("leave out" if corpus.tagged else "cut")
    sentences = corpus.split(part)
    kept = _short_enough(corpus, part, most, how)
    classes = _expect_classes(corpus)
    coded, unknown = _coded(kept, known, most)
    if unknown and UNKNOWN not in symbols:
        raise BadProgram(
            f"the program knows no {UNKNOWN}, and {counted(unknown, 'word')} of {corpus.name} "
            f"{'is' if unknown == 1 else 'are'} not in its vocabulary"
        )
    answers = _answers(corpus.tagged, kept, coded, {word: code for code, word in enumerate(classes)})
    longest_row = max(map(len, coded))
    domain = Sentences(
        len(symbols), 1, longest_row, rectangle(coded, longest_row), rectangle(answers, longest_row, UNGRADED)
    )
    told = _Told(corpus, part, most, how, len(sentences), len(kept), sum(map(len, coded)), unknown, _read_as(symbols))
    return Task(
        name=corpus.name,
        vocabulary=marks.around(symbols),
        classes=classes,
        max_length=most + marks.count,
        causal=False,
        symbols=symbols,
        domain=domain,
        _answers=classes,
        _rule=partial(looked_up, _most_frequent(coded, answers)),
        examples=True,
        notes=(*corpus.notes, *told.notes),
        pooled=not corpus.tagged,
        inputs_are=told.what,
        noun=corpus.noun,
    )


def _expect_length(most: int) -> int:
    """The longest sentence that is asked about, if there can be such a one."""
    if not 1 <= most <= LARGEST:
        raise BadUsage(f"the longest sentence has {counted(most, 'word')}; expected 1 to {LARGEST:,}")
    return most


def _short_enough(corpus: Corpus, part: str, most: int, how: Longer) -> list[Sentence]:
    """The sentences of a split that are asked about."""
    kept = [row for row in corpus.split(part) if how == "cut" or len(row.words) <= most]
    if not kept:
        raise BadUsage(f"{corpus.name} has no {corpus.noun} of up to {counted(most, 'word')} in the split {part}")
    return kept


def _expect_classes(corpus: Corpus) -> tuple[str, ...]:
    """The answers of a corpus, of which there are several."""
    if len(corpus.classes) < 2:
        raise BadFile(
            f"{corpus.source} gives only the answer {corpus.classes[0]!r}; expected two different ones or more"
        )
    return corpus.classes


def _known_words(
    corpus: Corpus, vocabulary: Sequence[str] | None, form: WordForm | None
) -> tuple[tuple[str, ...], _Lookup]:
    """The words of a vocabulary without its marks, and the code of any word among them."""
    if vocabulary is None:
        form = form or WordForm()
        vocabulary = corpus.vocabulary(form)
    symbols = tuple(word for word in vocabulary if word not in (BEGIN, END))
    plain = (word for word in symbols if word not in (UNKNOWN, *SHAPES))
    return symbols, _Lookup(symbols, form or WordForm.known_by(plain))


class _Lookup(dict[str, int]):
    """Word as it stands in a corpus -> its code, or that of what stands in for it; -1 where nothing does.

    Attributes:
        unknown: the words that the vocabulary does not hold.
    """

    def __init__(self, symbols: Sequence[str], form: WordForm) -> None:
        self._codes, self._form = {word: code for code, word in enumerate(symbols)}, form
        self.unknown: set[str] = set()

    def __missing__(self, word: str) -> int:
        read = self._form.of(word)
        if read not in self._codes:
            self.unknown.add(word)
            read = stand_in(read, self._codes)
        self[word] = found = self._codes.get(read, -1)
        return found


def _coded(rows: Sequence[Sentence], known: _Lookup, most: int) -> tuple[list[list[int]], int]:
    """The codes of the first `most` words of each sentence, and how many words are unknown."""
    coded = [[known[word] for word in row.words[:most]] for row in rows]
    return coded, sum(word in known.unknown for row in rows for word in row.words[:most])


def _answers(
    tagged: bool, rows: Sequence[Sentence], coded: Sequence[Sequence[int]], codes: Mapping[str, int]
) -> list[list[int]]:
    """The codes of the answers to each sentence, a label at its last word."""
    if tagged:
        return [[codes[tag] for tag in row.answers[: len(words)]] for row, words in zip(rows, coded, strict=True)]
    return [[*[UNGRADED] * (len(words) - 1), codes[row.answers[0]]] for row, words in zip(rows, coded, strict=True)]


def _most_frequent(
    coded: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]
) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Sentence -> its answers; where sentences read alike and are answered otherwise, the most frequent ones."""
    seen: defaultdict[tuple[int, ...], Counter[tuple[int, ...]]] = defaultdict(Counter)
    for words, right in zip(coded, answers, strict=True):
        seen[tuple(words)][tuple(right)] += 1
    return {words: counted.most_common(1)[0][0] for words, counted in seen.items()}


def _read_as(symbols: Sequence[str]) -> str:
    return "unknown, by their shape" if not set(SHAPES).isdisjoint(symbols) else UNKNOWN


@dataclass(frozen=True)
class _Told:
    """What somebody should know of the sentences that are asked about.

    Attributes:
        most, how: the longest sentence, and what becomes of longer ones.
        there, kept: sentences of the split, and of those asked about.
        words, unknown: of the latter.
        read_as: what unknown words are read as, in words.
    """

    corpus: Corpus
    part: str
    most: int
    how: Longer
    there: int
    kept: int
    words: int
    unknown: int
    read_as: str

    @property
    def what(self) -> str:
        """Which inputs these are, in words."""
        split = "" if ALL in self.corpus.splits else f", split {self.part}"
        return f"{self.corpus.noun}s of {self.corpus.name}{split}" + (
            f" of up to {counted(self.most, 'word')}" if self.kept < self.there else ""
        )

    @property
    def notes(self) -> tuple[str, ...]:
        found = []
        if self.kept < self.there:
            found.append(
                f"{self.there - self.kept:,} of {self.there:,} {self.corpus.noun}s of {self.corpus.name} have more "
                f"than {counted(self.most, 'word')}, and are left out"
            )
        if self.how == "cut":
            first = "the first word is" if self.most == 1 else f"the first {self.most} words are"
            found.append(f"of each text of {self.corpus.name} {first} read")
        if self.unknown:
            share = self.unknown / self.words
            of = f"{self.unknown:,} of {counted(self.words, 'word')} ({share:.1%})"
            found.append(f"{of} {'is' if self.unknown == 1 else 'are'} read as {self.read_as}")
        return tuple(found)
