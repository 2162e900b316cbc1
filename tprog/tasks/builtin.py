"""The tasks: vocabulary, sampler, oracle and the whole input domain of each.

Source: Friedman, Wettig, Chen (arXiv 2306.01128), section 4, and the data of their code. Sizes are named as there: k
counts the vocabulary with its marks, ``<pad>`` included; N is the longest input with its marks (induction: without).
Our vocabularies leave ``<pad>`` out, and the classes are those of the task, not those that a sample happens to hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from string import ascii_lowercase, digits

import numpy as np

from tprog.errors import BadInput, BadProgram, BadUsage
from tprog.ir.marks import Marks
from tprog.ir.program import BEGIN, END, UNKNOWN, Program
from tprog.listing import difference, listing
from tprog.run.batch import Batch
from tprog.tasks import rules as task_rules
from tprog.tasks.input_domain import Brackets, InputDomain, Pairs, UpTo, draw_distinct, framed, symbols_of
from tprog.tasks.own_symbols import brackets_of, in_order, letters_and_digits
from tprog.tasks.rules import UNGRADED as UNGRADED
from tprog.tasks.rules import Array, Rule

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
            read = self.marks.read(tokens, self.vocabulary, self.max_length)
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
        first, marks = self.marks.first, self.marks.count
        for length in np.unique(batch.lengths).tolist():
            rows = np.flatnonzero(batch.lengths == length)
            inside = slice(first, first + length - marks)
            for some in np.array_split(rows, len(rows) * length**2 // _CHUNK + 1):
                answers = self._rule(symbol[batch.tokens[some, inside]], len(self.symbols))
                expected[some, inside] = answer[answers]  # UNGRADED picks the last
        return self._of_whole(expected) if self.pooled else expected

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

    def marked(self, marks: Marks) -> Task:
        """The same task on inputs with other marks around them: it is the symbols between them that it asks about."""
        longest = self.max_length - self.marks.count + marks.count
        return replace(self, vocabulary=marks.around(self.symbols), max_length=longest)

    @cached_property
    def _symbol_codes(self) -> Mapping[str, int]:
        return {word: code for code, word in enumerate(self.symbols)}

    def _batch(self, sequences: Array) -> Batch:
        return framed(sequences, self.symbols, self.vocabulary)


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
            symbols: tuple[str, ...] = _letters(name, vocabulary_size, marks=3)
        case "hist" | "double_hist" | "most_freq":
            symbols = _letters(name, vocabulary_size, marks=2)
        case "dyck1" | "dyck2":
            symbols = ("(", ")", "{", "}")[: 2 * int(name[-1])]
            if vocabulary_size not in (None, len(symbols)):
                raise BadUsage(f"{name} has the {len(symbols)} symbols {' '.join(symbols)}; leave the size out")
        case "induction":
            k = 10 if vocabulary_size is None else vocabulary_size
            if k % 2 or not 4 <= k <= 22:
                raise BadUsage(
                    f"{name}: the vocabulary size is {k}; expected an even number from 4 to 22 (letters, digits)"
                )
            symbols = (*ascii_lowercase[: (k - 2) // 2], *digits[: (k - 2) // 2])
        case _:
            raise BadUsage(f"there is no task {name!r}; the tasks are {', '.join(TASKS)}")
    return _over(name, symbols, length)


LENGTHS: Mapping[str, int] = {"dyck1": 16, "dyck2": 16, "induction": 9}
"""N as published, where it is not 8."""


def published_length(name: str) -> int:
    """N as published: the longest input of a task, marks included (induction: without)."""
    return LENGTHS.get(name, 8)


def _over(name: str, symbols: tuple[str, ...], length: int | None) -> Task:
    """A task over any symbols, in an order that `sort` sorts by; induction: letters first, then as many digits.

    Raises:
        BadUsage: a length that it does not come in.
    """
    count = len(symbols)
    match name:
        case "reverse" | "sort":
            most = _length(name, length, least=3) - 2
            rule = task_rules.reverse if name == "reverse" else task_rules.sort
            return _task(name, symbols, (BEGIN, *symbols, END), symbols, most, InputDomain(count, 1, most), rule)
        case "hist" | "double_hist" | "most_freq":
            most = _length(name, length, least=2) - 1
            counts = tuple(str(number) for number in range(1, most + 1))
            classes, rule = {
                "hist": (counts, task_rules.hist),
                "double_hist": (counts, task_rules.double_hist),
                "most_freq": ((*symbols, BEGIN), task_rules.most_freq),
            }[name]
            return _task(name, symbols, (BEGIN, *symbols), classes, most, InputDomain(count, 1, most), rule)
        case "dyck1" | "dyck2":
            most = _length(name, length, least=2) - 1
            domain = Brackets(count, most, most)
            return _task(name, symbols, (BEGIN, *symbols), ("P", "T", "F"), most, domain, task_rules.dyck, causal=True)
    most = _length(name, length, least=3)
    if most % 2 == 0:
        raise BadUsage(f"induction: the length is {most}; expected an odd number from 3 on (pairs and one more symbol)")
    answers, pairs = (*symbols[count // 2 :], UNKNOWN), Pairs(count, most, most)
    return _task(name, symbols, (BEGIN, *symbols), answers, most, pairs, task_rules.induction, causal=True)


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


def _length(name: str, length: int | None, least: int) -> int:
    if length is not None and length < least:
        counted = "without <s>" if name == "induction" else "marks included"
        raise BadUsage(f"{name}: the length is {length}; expected at least {least}, {counted}")
    return published_length(name) if length is None else length


# A program's inputs ###################################################################################################


def task_of(program: Program, length: int | None = None) -> Task | None:
    """The task that a program names, at its size and in its order of vocabulary and classes.

    Args:
        length: the longest input in tokens, the program's marks included; left out, that of the program.

    Returns:
        None if it names none, or one that is not ours.

    Raises:
        BadProgram: vocabulary, classes or pooling do not fit the task.
    """
    return fitted(named_task(program, length), program) if program.task in TASKS else None


def named_task(program: Program, length: int | None = None) -> Task:
    """The task that a program names, one of `TASKS`, at its size and in its symbols; its classes may be others.

    Args:
        length: the longest input in tokens, the program's marks included; left out, that of the program.

    Raises:
        BadProgram: it does not come in that size.
    """
    name = str(program.task)
    most = (program.max_length if length is None else length) - program.marks.count
    try:
        symbols = _own_symbols(name, symbols_of(program.vocabulary))
        return _marked_for(program, _over(name, symbols, most + _counted_marks(name)))
    except BadUsage as error:
        raise BadProgram(f"the program names the task {name!r}, which it does not fit: {error}") from None


def _counted_marks(name: str) -> int:
    """How many marks the published N of a task counts."""
    return {"reverse": 2, "sort": 2, "induction": 0}.get(name, 1)


def _marked_for(program: Program, task: Task) -> Task:
    """A task with a program's own marks, where its inputs have no begin: they are asked about as they are."""
    return task if program.marks.begins else task.marked(program.marks)


def _own_symbols(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """A program's symbols in the order of a task."""
    if name.startswith("dyck"):
        return brackets_of(name, words, pairs=int(name[-1]))
    return letters_and_digits(name, words) if name == "induction" else in_order(words)


def fitted(task: Task, program: Program, length: int | None = None) -> Task:
    """The task in a program's order of vocabulary and classes, and in its symbols: a program of the original research
    code sorts digits, not letters. The program may take longer inputs than the task has; and if they do not begin with
    ``<s>``, those of the task have the program's marks.

    Args:
        length: the longest input in tokens that is looked at, the program's marks included; left out, all of them.

    Raises:
        BadProgram: vocabulary, classes, length or pooling do not fit the task.
    """
    task = _in_symbols_of(program, _marked_for(program, task))
    task = task if length is None else up_to(task, length)
    longer = program.max_length > task.max_length and is_built_in(task)  # and may have classes that those inputs need
    for what, found, wanted in (
        ("vocabulary is", program.vocabulary, task.vocabulary),
        ("classes are", program.classes, task.classes),
    ):
        if task.examples and (unknown := [word for word in wanted if word not in found]):
            raise BadProgram(f"the program does not fit the task {task.name!r}: its {what} without {listing(unknown)}")
        fits = set(found) >= set(wanted) if longer and what.startswith("classes") else set(found) == set(wanted)
        if not task.examples and not fits:
            raise BadProgram(
                f"the program does not fit the task {task.name!r}, whose {what} {difference(wanted, found)}"
            )
    longest, wanted_length = program.max_length, task.max_length
    if longest < wanted_length:
        raise BadProgram(
            f"the program does not fit the task {task.name!r}, whose length is {wanted_length}; found {longest}; "
            f"--length {longest} looks at the inputs that it can take"
        )
    if (END in program.vocabulary) != (END in task.vocabulary):
        raise BadProgram(f"the inputs of the program end in {END!r}, and those of the task {task.name!r} do not")
    pooled = program.readout.pooled
    if pooled and task.name in TASKS:
        raise BadProgram(f"the program is pooled; the task {task.name!r} grades every position")
    return replace(task, pooled=pooled, vocabulary=program.vocabulary, classes=program.classes)


def _in_symbols_of(program: Program, task: Task) -> Task:
    """A task that is built in over as many symbols of a program's own, at the same length."""
    own = symbols_of(program.vocabulary)
    if not is_built_in(task) or len(own) != len(task.symbols) or set(own) == set(task.symbols):
        return task
    try:
        most = task.max_length - task.marks.count
        found = _over(task.name, _own_symbols(task.name, own), most + _counted_marks(task.name))
        return _marked_for(program, found)
    except BadUsage:
        return task  # its vocabulary differs, as will be said


def is_built_in(task: Task) -> bool:
    """Whether a task is one of `TASKS`, and not a user's own of the same name."""
    return task._rule in task_rules.RULES


def up_to(task: Task, length: int) -> Task:
    """A task with those of its inputs alone that have at most `length` tokens, marks included."""
    if length >= task.max_length:
        return task
    most = length - (task.max_length - task.domain.most)
    if most < task.domain.fewest:
        least = task.domain.fewest + task.max_length - task.domain.most
        raise BadUsage(f"--length {length}: the task {task.name!r} has no input so short; expected at least {least}")
    plain = InputDomain(task.domain.symbols, task.domain.fewest, most)
    domain = (
        plain if type(task.domain) is InputDomain else UpTo(task.domain.symbols, task.domain.fewest, most, task.domain)
    )
    return replace(task, domain=domain, max_length=length)


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

    def take(self, rows: Array | slice, description: str = "") -> Inputs:
        """The chosen inputs, in the chosen order, at the width of these; a part, so never exhaustive."""
        expected = None if self.expected is None else self.expected[rows]
        return Inputs(self.batch.take(rows), expected, False, description or f"some of {self.description}")

    def cut(self) -> Inputs:
        """The same inputs, only as wide as the longest of them."""
        batch, expected = self.batch.cut(), self.expected
        if expected is not None and expected.shape == self.batch.tokens.shape:
            expected = expected[:, : batch.tokens.shape[1]]
        return Inputs(batch, expected, self.exhaustive, self.description)


def inputs_for(
    program: Program,
    sample: int | None = None,
    seed: int = 0,
    task: Task | None = None,
    limit: int = ENUMERATED,
    length: int | None = None,
) -> Inputs:
    """The whole input domain of a program if it is small enough, else a sample.

    Args:
        sample: how many inputs to draw, whatever the domain's size; one that is not larger is taken whole.
        seed: of the sample.
        task: instead of the one that the program names. Without either, every sequence over the program's vocabulary
            up to its length is an input.
        limit: the most inputs that are enumerated.
        length: the most tokens of an input, marks included, where there is no task; left out, the program's own.

    Raises:
        BadProgram: the program does not fit the task.
        BadUsage: `sample` is not positive.
    """
    task = task_of(program) if task is None else fitted(task, program)
    symbols = symbols_of(program.vocabulary) if task is None else task.symbols
    marks = program.marks.count
    most = (program.max_length if length is None else length) - marks
    domain = InputDomain(len(symbols), 1, most) if task is None else task.domain
    size = domain.size if task is None else task.size
    if sample is not None and sample < 1:
        raise BadUsage(f"a sample of {sample} inputs says nothing; ask for at least 1")
    whole = size is not None and size <= (limit if sample is None else sample)
    sequences = domain.enumerate() if whole else draw_distinct(domain, sample or SAMPLE, seed)
    batch = framed(sequences, symbols, program.vocabulary)
    of = ""
    if domain.most < program.max_length - marks and not (task is not None and task.examples):
        of = f" of up to {domain.most} symbol{'s' * (domain.most != 1)}"
    if whole:
        description = f"all {size:,} inputs{of}"
    elif size is None:
        description = f"{len(batch):,} different inputs of the task's sampler{of}, drawn with seed {seed}"
    else:
        total = f"{size:,}" if size < READABLE else f"over 10^{len(str(size)) - 1}"
        description = f"{len(batch):,} of {total} inputs{of}, sampled with seed {seed}"
    return Inputs(batch, None if task is None else task.expected(batch), whole, description)
