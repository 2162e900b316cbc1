"""The tasks: vocabulary, sampler, oracle and the whole input domain of each.

Source: Friedman, Wettig, Chen (arXiv 2306.01128), section 4, and the data of their code. Sizes are named as there: k
counts the vocabulary with its marks, ``<pad>`` included; N is the longest input with its marks (induction: without).
Our vocabularies leave ``<pad>`` out, and the classes are those of the task, not those that a sample happens to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from string import ascii_lowercase, digits
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog import primitives
from tprog.batch import Batch
from tprog.errors import BadInput, BadProgram, BadUsage
from tprog.input_domain import Brackets, InputDomain, Pairs, draw_distinct, framed, symbols_of
from tprog.program import BEGIN, END, UNKNOWN, Program

Array: TypeAlias = NDArray[Any]

Rule: TypeAlias = Callable[[Array, int], Array]
"""[input, place] symbol codes of inputs of one length, and the number of symbols -> [input, place] answer codes."""

UNGRADED = -1
"""The expected code at positions that a task does not grade, and behind the end of an input."""

ENUMERATED = 1_000_000
"""A domain of at most this many inputs is enumerated; a larger one is sampled."""

READABLE = 10**15
"""A number of inputs from here on is told by its power of ten."""

SAMPLE = 20_000
"""Inputs in a sample: as many as the published data sets hold."""

_CHUNK = 2**21  # entries of the [input, place, place] arrays of a rule, for the inputs that are graded at once


@dataclass(frozen=True)
class Task:
    """What is asked of a program.

    Attributes:
        vocabulary: the tokens, ``<s>`` and perhaps ``</s>`` among them.
        classes: all answers there are.
        max_length: the longest input, ``<s>`` and ``</s>`` included.
        causal: the answer at a position depends on what stands up to it alone.
        symbols: the tokens between the marks, in the task's order (the order that `sort` sorts by).
        domain: the inputs that the task draws from, as codes of `symbols`.
        listable: whether all inputs of the domain can be told; else it is only drawn from.
        examples: the inputs are examples, as many as somebody wrote down. So a program may know further tokens and
            classes and longer inputs, and an input that is not among them has no answers.
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

    def oracle(self, tokens: Sequence[str]) -> list[str | None]:
        """The right output at each position, None where the task does not grade it.

        Args:
            tokens: a whole sequence; it may be shorter than those of the domain.

        Raises:
            BadInput: the message names the token and its index.
        """
        try:
            read = primitives.check(tokens, self.vocabulary, self.max_length)
        except ValueError as error:
            raise BadInput(str(error)) from None
        codes = np.array([[self.vocabulary.index(token) for token in read]])
        expected = self.expected(Batch(codes, np.array([len(read)])))[0]
        return [None if code == UNGRADED else self.classes[code] for code in expected]

    def expected(self, batch: Batch) -> Array:
        """[input, position] codes of the right classes, `UNGRADED` elsewhere.

        Args:
            batch: inputs in the codes of this task's vocabulary.
        """
        symbol = np.array([*(self._symbol_codes.get(word, -1) for word in self.vocabulary)])
        answer = np.array([*(self.classes.index(word) for word in self._answers), UNGRADED], dtype=np.int16)
        expected = np.full(batch.tokens.shape, UNGRADED, dtype=np.int16)
        marks = 1 + int(END in self.vocabulary)
        for length in np.unique(batch.lengths).tolist():
            rows = np.flatnonzero(batch.lengths == length)
            inside = slice(1, length - marks + 1)
            for some in np.array_split(rows, len(rows) * length**2 // _CHUNK + 1):
                answers = self._rule(symbol[batch.tokens[some, inside]], len(self.symbols))
                expected[some, inside] = answer[answers]  # UNGRADED picks the last
        return expected

    @cached_property
    def _symbol_codes(self) -> Mapping[str, int]:
        return {word: code for code, word in enumerate(self.symbols)}

    def _batch(self, sequences: Array) -> Batch:
        return framed(sequences, self.symbols, self.vocabulary)


# Rules ################################################################################################################


def _reverse(x: Array, symbols: int) -> Array:
    return x[:, ::-1]


def _sort(x: Array, symbols: int) -> Array:
    return np.sort(x, axis=1)


def _counts(x: Array) -> Array:
    """How often each place's symbol occurs in its input."""
    counts: Array = (x[:, :, None] == x[:, None, :]).sum(axis=2)
    return counts


def _is_first(x: Array) -> Array:
    """Whether a place's symbol occurs there for the first time."""
    earliest = (x[:, :, None] == x[:, None, :]).argmax(axis=2)
    first: Array = earliest == np.arange(x.shape[1])
    return first


def _hist(x: Array, symbols: int) -> Array:
    return _counts(x) - 1  # the first class is "1"


def _double_hist(x: Array, symbols: int) -> Array:
    """How many different symbols occur as often as this one."""
    counts = _counts(x)
    once = np.where(_is_first(x), counts, 0)
    alike: Array = (counts[:, :, None] == once[:, None, :]).sum(axis=2)
    return alike - 1


def _most_freq(x: Array, symbols: int) -> Array:
    """The different symbols by falling count, ties by first place; the rest is the class behind the symbols."""
    first = _is_first(x)
    order = np.argsort(np.where(first, -_counts(x), 0), axis=1, kind="stable")
    ranked = np.take_along_axis(x, order, axis=1)
    return np.where(np.arange(x.shape[1]) < first.sum(axis=1, keepdims=True), ranked, symbols)


_P, _T, _F = range(3)


def _dyck(x: Array, symbols: int) -> Array:
    """P: the prefix can still become balanced; T: it is balanced; F: it can become so no more."""
    answers, every = np.empty_like(x), np.arange(len(x))
    stack, depth = np.zeros((len(x), x.shape[1] + 1), dtype=x.dtype), np.zeros(len(x), dtype=np.int64)
    broken = np.zeros(len(x), dtype=np.bool_)
    for place in range(x.shape[1]):
        opens, kind = x[:, place] % 2 == 0, x[:, place] // 2
        # stack[:, d] is the bracket type that is open at depth d; nothing is open at depth 0
        broken |= ~opens & ((depth == 0) | (stack[every, depth] != kind))
        depth = np.maximum(depth + np.where(opens, 1, -1), 0)
        stack[every[opens], depth[opens]] = kind[opens]
        answers[:, place] = np.where(broken, _F, np.where(depth == 0, _T, _P))
    return answers


def _induction(x: Array, symbols: int) -> Array:
    """At a letter: the digit that stood behind its last occurrence before which had one; the class behind the digits
    if there is none. Digits are not graded."""
    letters, every = symbols // 2, np.arange(len(x))
    answers, last = np.full_like(x, UNGRADED), np.full((len(x), letters), letters)
    for place in range(x.shape[1]):
        at_letter = x[:, place] < letters
        rows = every[at_letter]
        answers[rows, place] = last[rows, x[rows, place]]
        if place:
            rows = every[~at_letter & (x[:, place - 1] < letters)]
            last[rows, x[rows, place - 1]] = x[rows, place] - letters
    return answers


# The tasks ############################################################################################################


def get_task(name: str, vocabulary_size: int | None = None, length: int | None = None) -> Task:
    """A task by name.

    Args:
        vocabulary_size: k as published; left out: 8, induction 10. The brackets of dyck1 and dyck2 are fixed.
        length: N as published; left out: 8, dyck 16, induction 9.

    Raises:
        BadUsage: no such task, or a size that it does not come in.
    """
    match name:
        case "reverse" | "sort":
            letters = _letters(name, vocabulary_size, marks=3)
            most = _length(name, length, 8, least=3) - 2
            rule = _reverse if name == "reverse" else _sort
            return _task(name, letters, (BEGIN, *letters, END), letters, most, InputDomain(len(letters), 1, most), rule)
        case "hist" | "double_hist" | "most_freq":
            letters = _letters(name, vocabulary_size, marks=2)
            most = _length(name, length, 8, least=2) - 1
            counts = tuple(str(count) for count in range(1, most + 1))
            classes, rule = {
                "hist": (counts, _hist),
                "double_hist": (counts, _double_hist),
                "most_freq": ((*letters, BEGIN), _most_freq),
            }[name]
            return _task(name, letters, (BEGIN, *letters), classes, most, InputDomain(len(letters), 1, most), rule)
        case "dyck1" | "dyck2":
            brackets = ("(", ")", "{", "}")[: 2 * int(name[-1])]
            if vocabulary_size not in (None, len(brackets)):
                raise BadUsage(f"{name} has the {len(brackets)} symbols {' '.join(brackets)}; leave the size out")
            most = _length(name, length, 16, least=2) - 1
            domain = Brackets(len(brackets), most, most)
            return _task(name, brackets, (BEGIN, *brackets), ("P", "T", "F"), most, domain, _dyck, causal=True)
        case "induction":
            return _induction_task(vocabulary_size, length)
    raise BadUsage(f"there is no task {name!r}; the tasks are {', '.join(TASKS)}")


TASKS = ("reverse", "hist", "double_hist", "sort", "most_freq", "dyck1", "dyck2", "induction")
"""The names of the tasks, in the order of the paper."""


def _task(
    name: str,
    symbols: tuple[str, ...],
    vocabulary: tuple[str, ...],
    classes: tuple[str, ...],
    most: int,
    domain: InputDomain,
    rule: Rule,
    causal: bool = False,
) -> Task:
    """`most`: the symbols in the longest input."""
    longest = most + len(vocabulary) - len(symbols)
    return Task(name, vocabulary, classes, longest, causal, symbols, domain, classes, rule)


def _letters(name: str, k: int | None, marks: int) -> tuple[str, ...]:
    k = 8 if k is None else k
    if not marks < k <= marks + len(ascii_lowercase):
        raise BadUsage(
            f"{name}: the vocabulary size is {k}; expected {marks + 1} to {marks + len(ascii_lowercase)} "
            f"(1 to 26 letters and {marks} marks)"
        )
    return tuple(ascii_lowercase[: k - marks])


def _length(name: str, length: int | None, default: int, least: int) -> int:
    if length is not None and length < least:
        raise BadUsage(f"{name}: the length is {length}; expected at least {least}, marks included")
    return default if length is None else length


def _induction_task(k: int | None, length: int | None) -> Task:
    k, most = 10 if k is None else k, 9 if length is None else length
    if k % 2 or not 4 <= k <= 22:
        raise BadUsage(f"induction: the vocabulary size is {k}; expected an even number from 4 to 22 (letters, digits)")
    if most % 2 == 0 or most < 3:
        raise BadUsage(f"induction: the length is {most}; expected an odd number from 3 on (pairs and one more symbol)")
    count = (k - 2) // 2
    symbols = (*ascii_lowercase[:count], *digits[:count])
    domain = Pairs(len(symbols), most, most)
    classes = (*digits[:count], UNKNOWN)
    return _task("induction", symbols, (BEGIN, *symbols), classes, most, domain, _induction, causal=True)


# A program's inputs ###################################################################################################


def task_of(program: Program) -> Task | None:
    """The task that a program names, at its size and in its order of vocabulary and classes.

    Returns:
        None if it names none, or one that is not ours.

    Raises:
        BadProgram: vocabulary, classes or pooling do not fit the task.
    """
    return fitted(named_task(program), program) if program.task in TASKS else None


def named_task(program: Program) -> Task:
    """The task that a program names, one of `TASKS`, at its size and in its symbols; its classes may be others.

    Raises:
        BadProgram: it does not come in that size.
    """
    name = str(program.task)
    symbols = symbols_of(program.vocabulary)
    marks = 1 + len(program.vocabulary) - len(symbols)  # <pad>, which k counts, is in no program
    k = None if name.startswith("dyck") else len(symbols) + (2 if name == "induction" else marks)
    try:
        task = get_task(name, k, program.max_length - int(name == "induction"))
    except BadUsage as error:
        raise BadProgram(f"the program names the task {name!r}, which it does not fit: {error}") from None
    return _in_symbols_of(program, task)


def fitted(task: Task, program: Program) -> Task:
    """The task in a program's order of vocabulary and classes, and in its symbols: a program of the original research
    code sorts digits, not letters.

    Raises:
        BadProgram: vocabulary, classes, length or pooling do not fit the task.
    """
    task = _in_symbols_of(program, task)
    for what, found, wanted in (
        ("vocabulary is", program.vocabulary, task.vocabulary),
        ("classes are", program.classes, task.classes),
    ):
        if task.examples and (unknown := [word for word in wanted if word not in found]):
            shown = ", ".join(map(repr, unknown[:5])) + ", ..." * (len(unknown) > 5)
            raise BadProgram(f"the program does not fit the task {task.name!r}: its {what} without {shown}")
        if not task.examples and set(found) != set(wanted):
            raise BadProgram(f"the program does not fit the task {task.name!r}, whose {what} {wanted}; found {found}")
    longest, wanted_length = program.max_length, task.max_length
    if longest != wanted_length and not (task.examples and longest > wanted_length):
        raise BadProgram(
            f"the program does not fit the task {task.name!r}, whose length is {wanted_length}; found {longest}"
        )
    if (END in program.vocabulary) != (END in task.vocabulary):
        raise BadProgram(f"the inputs of the program end in {END!r}, and those of the task {task.name!r} do not")
    if program.readout.pooled:
        raise BadProgram(f"the program is pooled; the task {task.name!r} grades every position")
    return replace(task, vocabulary=program.vocabulary, classes=program.classes, max_length=program.max_length)


def _in_symbols_of(program: Program, task: Task) -> Task:
    """The task with its letters replaced, in their order, by as many other symbols of a program in theirs.

    The order of the program's is that of Python's strings, which is how the original research code sorts. A program
    that shares a letter with the task means that letter.
    """
    own = sorted(symbols_of(program.vocabulary))
    letters = [symbol for symbol in task.symbols if symbol in ascii_lowercase]
    letters_only = task.name in TASKS and not task.examples and len(letters) == len(task.symbols)
    if not letters_only or len(own) != len(letters) or not set(own).isdisjoint(letters):
        return task
    names = dict(zip(letters, own, strict=True))

    def renamed(words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(word, word) for word in words)

    return replace(
        task,
        vocabulary=renamed(task.vocabulary),
        classes=renamed(task.classes),
        symbols=renamed(task.symbols),
        _answers=renamed(task._answers),
    )


@dataclass(frozen=True, eq=False)
class Inputs:
    """What an analysis looks at.

    Attributes:
        batch: the inputs, in the codes of the program's vocabulary.
        expected: [input, position] codes of the right classes, `UNGRADED` elsewhere; None if no task says.
        exhaustive: whether these are all inputs that there are.
        description: which inputs these are, in words.
    """

    batch: Batch
    expected: Array | None
    exhaustive: bool
    description: str


def inputs_for(
    program: Program,
    sample: int | None = None,
    seed: int = 0,
    task: Task | None = None,
    limit: int = ENUMERATED,
) -> Inputs:
    """The whole input domain of a program if it is small enough, else a sample.

    Args:
        sample: how many inputs to draw, whatever the domain's size; one that is not larger is taken whole.
        seed: of the sample.
        task: instead of the one that the program names. Without either, every sequence over the program's vocabulary
            up to its length is an input.
        limit: the most inputs that are enumerated.

    Raises:
        BadProgram: the program does not fit the task.
        BadUsage: `sample` is not positive.
    """
    task = task_of(program) if task is None else fitted(task, program)
    symbols = symbols_of(program.vocabulary) if task is None else task.symbols
    most = program.max_length - (len(program.vocabulary) - len(symbols))
    domain = InputDomain(len(symbols), 1, most) if task is None else task.domain
    size = domain.size if task is None else task.size
    if sample is not None and sample < 1:
        raise BadUsage(f"a sample of {sample} inputs says nothing; ask for at least 1")
    whole = size is not None and size <= (limit if sample is None else sample)
    sequences = domain.enumerate() if whole else draw_distinct(domain, sample or SAMPLE, seed)
    batch = framed(sequences, symbols, program.vocabulary)
    if whole:
        description = f"all {size:,} inputs"
    elif size is None:
        description = f"{len(batch):,} different inputs of the task's sampler, drawn with seed {seed}"
    else:
        total = f"{size:,}" if size < READABLE else f"over 10^{len(str(size)) - 1}"
        description = f"{len(batch):,} of {total} inputs, sampled with seed {seed}"
    return Inputs(batch, None if task is None else task.expected(batch), whole, description)
