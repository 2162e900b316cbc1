"""A task: what is asked of a program, on which inputs, and what is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from tprog.errors import BadInput, BadProgram, BadUsage
from tprog.ir.marks import Marks
from tprog.ir.places import Places
from tprog.listing import listing
from tprog.run.batch import Batch
from tprog.run.outcome import NOT_GRADED
from tprog.tasks.input_domain import InputDomain, draw_distinct, framed
from tprog.tasks.listed import Sentences
from tprog.tasks.rules import UNGRADED, Array, Rule

ENUMERATED = 1_000_000
"""A domain of at most this many inputs is enumerated; a larger one is sampled."""

SAMPLE = 20_000
"""Inputs in a sample: as many as the published data sets hold."""

_CHUNK = 2**21  # entries of the [input, place, place] arrays of a rule, for the inputs that are graded at once


@dataclass(frozen=True)
class Task:
    """What is asked of a program.

    Attributes:
        vocabulary: the tokens, and the marks ``<s>`` and ``</s>`` that stand around an input.
        classes: all answers there are.
        max_length: the longest input, marks included.
        causal: the answer at a position depends on what stands up to it alone.
        symbols: the tokens between the marks, in the task's order (the order that `sort` sorts by).
        domain: the inputs that the task draws from, as codes of `symbols`.
        listable: whether all inputs of the domain can be told; else it is only drawn from.
        examples: the inputs are examples, as many as somebody wrote down. So a program may know further tokens and
            classes and longer inputs, and an input that is not among them has no answers.
        notes: how a file of somebody's own was read, where there was a choice.
        pooled: it judges a program that makes one prediction an input, by the one place of each that it grades.
        outputs: the names of what is asked for, where that is several outputs: then the rule gives each place its
            answers side by side (`tprog.ir.places`), and `classes` are those of all outputs.
        inputs_are: which inputs these are, in words ("sentences of ner, split valid"), where that is not plain.
        noun: what one of them is, in a word: an input, a sentence, a text. All that is said of them says so.
        judged: the outputs of the program that it judges, in its order; those that it does not ask for are not graded.
            None where the program has one.
    """

    name: str
    vocabulary: tuple[str, ...]
    classes: tuple[str, ...]
    max_length: int
    causal: bool
    symbols: tuple[str, ...]
    domain: InputDomain
    _answers: tuple[str, ...] = field(repr=False)
    _rule: Rule = field(repr=False)
    listable: bool = True
    examples: bool = False
    notes: tuple[str, ...] = ()
    pooled: bool = False
    outputs: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    inputs_are: str = ""
    noun: str = "input"

    @property
    def is_corpus(self) -> bool:
        """Whether its inputs are sentences or texts that stand for others like them, and not all that there is."""
        return bool(self.inputs_are)

    @property
    def size(self) -> int | None:
        """The number of inputs in the domain; None if that is not known."""
        return self.domain.size if self.listable else None

    def inputs(self, limit: int = ENUMERATED) -> Batch:
        """The whole domain: shortest first, then in the order of the symbols.

        Raises:
            BadUsage: the domain has more than `limit` inputs, or how many is not known.
        """
        if self.size is None:
            raise BadUsage(f"{self.name} has inputs that can only be drawn at random; take a sample")
        if self.size > limit:
            raise BadUsage(
                f"{self.name} has {self.size:,} inputs, more than the {limit:,} that are enumerated; take a sample"
            )
        return self._batch(self.domain.enumerate())

    def draw(self, count: int = SAMPLE, seed: int = 0) -> Batch:
        """Different random inputs in the order drawn; as `sample`."""
        return self._batch(draw_distinct(self.domain, count, seed))

    def sample(self, count: int = SAMPLE, seed: int = 0) -> list[tuple[str, ...]]:
        """Different random inputs as whole token sequences.

        Lengths are uniform, so short ones soon run out: after 5 * `count` draws, as many as were found are returned.
        """
        batch = self.draw(count, seed)
        return [
            tuple(self.vocabulary[code] for code in row[:length])
            for row, length in zip(batch.tokens.tolist(), batch.lengths.tolist(), strict=True)
        ]

    def answered(self, count: int | None = None, seed: int = 0) -> tuple[Batch, Array]:
        """Inputs and the right answers to each, as `expected` gives them.

        Sentences of a corpus have answers of their own: two of them that read alike may have others, and both count.

        Args:
            count: how many are drawn at random, with `seed`; left out, all there are, however many.
        """
        if not isinstance(self.domain, Sentences):
            batch = self._batch(self.domain.enumerate()) if count is None else self.draw(count, seed)
            return batch, self.expected(batch)
        rows = self.domain.drawn(count, np.random.default_rng(seed)) if count is not None else slice(None)
        batch = self._batch(self.domain.rows[rows])
        expected = np.full((len(batch), batch.tokens.shape[1]), UNGRADED, dtype=np.int16)
        told = self._answer_codes[self.domain.answers[rows]][:, : expected.shape[1] - self.marks.count]
        expected[:, self.marks.first : self.marks.first + told.shape[1]] = told
        return batch, self._of_whole(expected) if self.pooled else expected

    def oracle(self, tokens: Sequence[str]) -> Any:
        """The right output at each position, as a list, None where the task does not grade it; of several outputs,
        name -> list.

        Args:
            tokens: a whole sequence; it may be shorter than those of the domain.

        Raises:
            BadInput: the message names the token and its index.
        """
        try:
            read = self.marks.read(tokens, self._word_codes, self.max_length)
        except ValueError as error:
            raise BadInput(str(error)) from None
        codes = np.array([[self._word_codes[token] for token in read]])
        expected = self.expected(Batch(codes, np.array([len(read)])))[0]
        found = [NOT_GRADED if code == UNGRADED else self.classes[code] for code in expected]
        apart = self.places.apart(found)
        return {name: list(row) for name, row in apart.items()} if isinstance(apart, dict) else list(apart)

    @property
    def places(self) -> Places:
        """Where the answers to an input lie."""
        return Places(self.judged or self.outputs or ("",), self.pooled)

    def expected(self, batch: Batch) -> Array:
        """[input, place] codes of the right classes, `UNGRADED` elsewhere.

        Args:
            batch: inputs in the codes of this task's vocabulary.
        """
        symbol, answer = self._symbol_codes, self._answer_codes
        outputs, asked = self.judged or self.outputs, self.outputs or self.judged
        each, one = max(len(outputs), 1), len(outputs) < 2 and len(asked) < 2
        at = [outputs.index(name) for name in asked if name in outputs]
        told = [place for place, name in enumerate(asked) if name in outputs]
        expected = np.full((*batch.tokens.shape, each), UNGRADED, dtype=np.int16)
        first, marks = self.marks.first, self.marks.count
        for length in np.flatnonzero(np.bincount(batch.lengths)).tolist():  # np.unique would import numpy.ma
            rows = np.flatnonzero(batch.lengths == length)
            inside = slice(first, first + length - marks)
            for some in np.array_split(rows, len(rows) * length**2 // _CHUNK + 1):
                answers = answer[self._rule(symbol[batch.tokens[some, inside]], len(self.symbols))]
                if one:
                    expected[some, inside, 0] = answers
                else:
                    beside = answers.reshape(len(some), -1, len(asked))
                    expected[some[:, None, None], np.arange(len(beside[0]))[:, None] + first, at] = beside[..., told]
        laid = expected.reshape(len(batch), -1)
        return self._of_whole(laid) if self.pooled else laid

    def _of_whole(self, expected: Array) -> Array:
        """[input, 1]: the answer to each input as a whole, from [input, position].

        Raises:
            BadProgram: an input has several.
        """
        if (several := (expected != UNGRADED).sum(axis=1)).max(initial=0) > 1:
            raise BadProgram(
                f"the program is pooled, one label an input; the task {self.name!r} has {several.max()} answers to one"
            )
        whole: Array = expected.max(axis=1, keepdims=True, initial=UNGRADED)
        return whole

    @cached_property
    def marks(self) -> Marks:
        """Which marks stand around an input."""
        return Marks.of(self.vocabulary)

    def of_one_output(self, learner: str) -> Task:
        """The task, if one output is asked for.

        Args:
            learner: what has one output, for the message.

        Raises:
            BadUsage: several are asked for.
        """
        if self.outputs:
            raise BadUsage(
                f"the task {self.name!r} asks for the outputs {listing(self.outputs)}, and {learner} has one; "
                "give a task that asks for one of them"
            )
        return self

    def marked(self, marks: Marks) -> Task:
        """The same task on inputs with other marks around them: it is the symbols between them that it asks about."""
        longest = self.max_length - self.marks.count + marks.count
        return replace(self, vocabulary=marks.around(self.symbols), max_length=longest)

    @cached_property
    def _word_codes(self) -> Mapping[str, int]:
        return {word: code for code, word in enumerate(self.vocabulary)}

    @cached_property
    def _answer_codes(self) -> Array:
        """The class of each answer of the rule; `UNGRADED` picks the last."""
        return np.array([*(self.classes.index(word) for word in self._answers), UNGRADED], dtype=np.int16)

    @cached_property
    def _symbol_codes(self) -> Array:
        """The symbol that each word of the vocabulary is; -1 for a mark."""
        codes = {word: code for code, word in enumerate(self.symbols)}
        return np.array([codes.get(word, -1) for word in self.vocabulary])

    def _batch(self, sequences: Array) -> Batch:
        return framed(sequences, self.symbols, self.vocabulary)
