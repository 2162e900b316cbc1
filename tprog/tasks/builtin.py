"""The tasks that are built in: vocabulary, sampler, oracle and the whole input domain of each; and a program's inputs.

Source: Friedman, Wettig, Chen (arXiv 2306.01128), section 4, and the data of their code. Sizes are named as there: k
counts the vocabulary with its marks, ``<pad>`` included; N is the longest input with its marks (induction: without).
Our vocabularies leave ``<pad>`` out, and the classes are those of the task, not those that a sample happens to hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase, digits

import numpy as np

from tprog.errors import BadProgram, BadUsage
from tprog.ir.program import BEGIN, END, UNKNOWN, Program
from tprog.listing import difference, listing
from tprog.run.batch import Batch, Bools
from tprog.run.outcome import graded_at
from tprog.tasks import rules as task_rules
from tprog.tasks.input_domain import Brackets, InputDomain, Pairs, draw_distinct, framed, symbols_of
from tprog.tasks.own_symbols import brackets_of, in_order, letters_and_digits
from tprog.tasks.rules import UNGRADED as UNGRADED
from tprog.tasks.rules import Array, Rule
from tprog.tasks.task import ENUMERATED as ENUMERATED
from tprog.tasks.task import SAMPLE as SAMPLE
from tprog.tasks.task import Task as Task
from tprog.tasks.told_inputs import described, shorter

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


BRACKETS: Mapping[str, int] = {"dyck1": 1, "dyck2": 2}
"""The tasks about brackets -> how many kinds of them they have."""

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
    if name in BRACKETS:
        return brackets_of(name, words, pairs=BRACKETS[name])
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
    # A program of longer inputs may have classes that those need, and a variable values for the marks.
    more = bool(program.variables_out) or (program.max_length > task.max_length and is_built_in(task))
    _check_words(task, "vocabulary is", program.vocabulary, task.vocabulary)
    _check_words(task, "classes are", program.classes, task.classes, or_more=more)
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
    _check_outputs(task, program)
    judged = program.outputs if program.places.several or task.outputs else ()
    return replace(task, pooled=pooled, vocabulary=program.vocabulary, classes=program.classes, judged=judged)


def _check_outputs(task: Task, program: Program) -> None:
    """Refuses a program of which it is not clear which output answers what the task asks for."""
    has = listing(program.outputs)
    if not task.outputs:
        if program.places.several:
            raise BadProgram(
                f"the program has the outputs {has}, and the task {task.name!r} asks for one alone; give a task of "
                "your own that answers each by its name"
            )
        return
    unknown = [name for name in task.outputs if name not in program.outputs]
    if unknown and (program.places.several or len(unknown) == len(task.outputs)):
        asked = listing(task.outputs)
        raise BadProgram(f"the task {task.name!r} asks for {asked}; the program has no {unknown[0]!r}, but {has}")


def _check_words(task: Task, what: str, found: tuple[str, ...], wanted: tuple[str, ...], or_more: bool = False) -> None:
    """Refuses a program whose words are not those of the task: more are right for examples, or with `or_more`."""
    known = set(found)
    lacking = [word for word in wanted if word not in known]
    if task.examples:
        if lacking:
            raise BadProgram(f"the program does not fit the task {task.name!r}: its {what} without {listing(lacking)}")
    elif lacking or not (or_more or set(found) == set(wanted)):
        raise BadProgram(f"the program does not fit the task {task.name!r}, whose {what} {difference(wanted, found)}")


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
    return replace(task, domain=task.domain.shortened(most), max_length=length)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What an analysis looks at.

    Attributes:
        batch: the inputs, in the codes of the program's vocabulary.
        expected: [input, place] codes of the right classes, `UNGRADED` elsewhere; None if no task says.
        exhaustive: whether these are all inputs that there are.
        description: which inputs these are, in words.
        noun: what one of them is, in a word: see `Task.noun`.
        last_alone: whether of each the last position alone counts, as in a loop.
    """

    batch: Batch
    expected: Array | None
    exhaustive: bool
    description: str
    noun: str = "input"
    last_alone: bool = False

    def graded(self, program: Program) -> Bools:
        """[input, place]: whether an outcome counts there."""
        at = graded_at(program, self.batch, self.expected)
        if self.last_alone and not program.readout.pooled:
            at = at & (np.arange(at.shape[1]) == self.batch.lengths[:, None] - 1)
        return at

    def take(self, rows: Array | slice, description: str = "") -> Inputs:
        """The chosen inputs, in the chosen order, at the width of these; a part, so never exhaustive."""
        expected = None if self.expected is None else self.expected[rows]
        described = description or f"some of {self.description}"
        return replace(self, batch=self.batch.take(rows), expected=expected, exhaustive=False, description=described)

    def cut(self) -> Inputs:
        """The same inputs, only as wide as the longest of them."""
        batch, expected, width = self.batch.cut(), self.expected, self.batch.tokens.shape[1]
        if expected is not None and width and expected.shape[1:] != (1,) and expected.shape[1] % width == 0:
            expected = expected[:, : batch.tokens.shape[1] * (expected.shape[1] // width)]
        return replace(self, batch=batch, expected=expected)


def _domain_of(program: Program, length: int | None) -> tuple[Sequence[str], InputDomain, int | None]:
    """The symbols, domain and its size where no task says: every sequence over the program's vocabulary."""
    symbols = symbols_of(program.vocabulary)
    longest = program.max_length if length is None else length
    domain = InputDomain(len(symbols), 1, longest - program.marks.count)
    return symbols, domain, domain.size


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
    if sample is not None and sample < 1:
        raise BadUsage(f"a sample of {sample} inputs says nothing; ask for at least 1")
    if task is not None:
        count = _drawn_of(task.size, sample, limit)
        batch, expected = task.answered(count, seed)
        of = "" if task.examples else shorter(task.domain, program)
        told = described(len(batch), task.size, count is None, of, seed, task.inputs_are or "inputs", task.noun)
        return Inputs(batch, expected, count is None, told, task.noun)
    symbols, domain, size = _domain_of(program, length)
    count = _drawn_of(size, sample, limit)
    drawn = domain.enumerate() if count is None else draw_distinct(domain, count, seed)
    batch = framed(drawn, symbols, program.vocabulary)
    told = described(len(batch), size, count is None, shorter(domain, program), seed)
    return Inputs(batch, None, count is None, told, "input")


def _drawn_of(size: int | None, sample: int | None, limit: int) -> int | None:
    """How many inputs to draw of so many; None: all are taken."""
    whole = size is not None and size <= (limit if sample is None else sample)
    return None if whole else sample or SAMPLE
