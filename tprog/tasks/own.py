"""Tasks of a user's own: a Python file with an oracle, RASP source, or examples in a CSV, TSV, JSON or JSONL file.

A Python file, executed because its user named it, defines

- ``VOCABULARY``: the tokens, in order; with ``</s>`` among them every input ends in it;
- ``CLASSES``: all answers there are, in the order that breaks ties;
- ``LONGEST``: how many tokens the longest input has, marks not counted;
- ``oracle(tokens)``: one answer a token, None where none is graded;
- if several outputs are asked for, ``OUTPUTS``, their names: then ``oracle`` gives a dictionary, name -> answers, and
  ``CLASSES`` holds the answers of all;
- if it likes ``CAUSAL = True`` (an answer depends on what stands up to it alone), ``sample(rng)`` (one random input,
  drawn with `rng`, a `random.Random`) and ``inputs()`` (all inputs there are). With neither of the two functions every
  sequence of 1 to ``LONGEST`` tokens is an input.

RASP source (`tprog.tasks.rasp_task`) says in variables which inputs there are. Of examples (`tprog.tasks.examples`) the
tokens, the classes and the longest input are those that occur.

The marks ``<s>`` and ``</s>`` are put around an input and never graded; no function of a task sees them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.errors import BadFile, BadUsage
from tprog.ir.program import BEGIN, END
from tprog.listing import listing, shortened
from tprog.rasp.names import ENDING as SOURCE
from tprog.rasp.names import is_source, split_outputs
from tprog.run.batch import Batch
from tprog.tasks.builtin import ENUMERATED, TASKS, UNGRADED, Task, get_task
from tprog.tasks.example_files import ENDINGS as EXAMPLE_FILES
from tprog.tasks.example_files import Columns, split_columns
from tprog.tasks.examples import MOST_TOKENS, check_words, in_order, read_examples, word_of
from tprog.tasks.input_domain import NOTHING, InputDomain
from tprog.tasks.own_code import executed, their_turn, told
from tprog.tasks.rules import Rule

Array: TypeAlias = NDArray[Any]

ENDINGS = (".py", SOURCE, *EXAMPLE_FILES)
"""What tells the file of a task from the name of one."""

ONE_LABEL = "for one label an input, return [None] * (len(tokens) - 1) + [label]"
"""What an oracle returns where an input has one answer."""

_PROBED = 20  # inputs that a task is asked twice about, to see whether it answers alike


def is_own(name: str) -> bool:
    """Whether this is the path of a user's own task, not a name."""
    return own_path(name).suffix.lower() in ENDINGS


def own_path(name: str) -> Path:
    """The file of a user's own task, without the names of columns or outputs behind it."""
    return Path(split_outputs(split_columns(name)[0])[0])


def task_name(name: str) -> str:
    """What a task is called: the stem of a user's own, else its name.

    Source whose name is that of one of tpdebug's own tasks has another name, so that it may say what that task is.
    """
    if not is_own(name):
        return name
    path = own_path(name)
    return f"{path.stem}_rasp" if path.stem in TASKS and is_source(path) else path.stem


def find_task(name: str, vocabulary_size: int | None = None, length: int | None = None) -> Task:
    """A task by its name, as `tprog.tasks.builtin.get_task`, or by the path of a user's own. A Python file is executed.

    Raises:
        BadUsage: no such task, a size that it does not come in, or a file whose name cannot be that of a task.
        BadFile: a file that cannot be read or is no task: the message names the line or the value that is wrong.
    """
    if not is_own(name):
        if name not in TASKS:
            _refuse_unknown(name)
        return get_task(name, vocabulary_size, length)
    path, (_, columns) = own_path(name), split_columns(name)
    for key, value in (("vocabulary_size", vocabulary_size), ("length", length)):
        if value is not None:
            raise BadUsage(f"{key} is {value}, but {path} itself says what its inputs are; leave it out")
    if is_source(path):
        return rasp_task(name)
    _check_name(name, path)
    return _python_task(path) if path.suffix.lower() == ".py" else _example_task(path, columns)


def rasp_task(name: str, vocabulary: str | None = None, longest: int | None = None) -> Task:
    """A task that is RASP source.

    Args:
        vocabulary: its tokens, written like an input; they go before those that the source names.
        longest: the longest input where the source does not say it.

    Raises:
        BadUsage, BadFile, BadSource: as `find_task`.
    """
    path, outputs = split_outputs(name)
    _check_name(name, Path(path))
    return _rasp_task(Path(path), outputs, vocabulary, longest)


def _check_name(name: str, path: Path) -> None:
    if path.stem in TASKS and not is_source(path):
        raise BadUsage(f"{path} has the name of tpdebug's own task {path.stem!r}; rename the file")
    if not re.fullmatch(r"\w[\w .-]*", path.stem) or not name.isprintable():
        raise BadUsage(f"the file {name!r} names a task; expected a name of letters, digits, '_', '-', '.' and blanks")


def _refuse_unknown(name: str) -> None:
    """Refuses a name that is meant for a file; what else there is to say of it says `get_task`."""
    if files := [name + end for end in ENDINGS if Path(name + end).is_file()]:
        raise BadUsage(f"there is no task {name!r}; for the file of your own, give {files[0]}")
    if Path(name).suffix:
        raise BadUsage(f"{name} is neither a task's name nor the file of one, which ends in {', '.join(ENDINGS)}")


# A Python file ########################################################################################################


def _python_task(path: Path) -> Task:
    module = executed(path)
    vocabulary = _words(path, "VOCABULARY", _given(path, module, "VOCABULARY"))
    classes = _words(path, "CLASSES", _given(path, module, "CLASSES"))
    symbols = tuple(word for word in vocabulary if word not in (BEGIN, END))
    longest = _given(path, module, "LONGEST")
    if type(longest) is not int or not 1 <= longest <= MOST_TOKENS:
        raise BadFile(f"{path}: LONGEST is {shortened(longest)}; expected a whole number from 1 to {MOST_TOKENS}")
    causal = getattr(module, "CAUSAL", False)
    if type(causal) is not bool:
        raise BadFile(f"{path}: CAUSAL is {shortened(causal)}; expected True or False")
    if not symbols:
        raise BadFile(f"{path}: VOCABULARY holds no token; expected at least one besides the marks")
    if len(classes) < 2:
        raise BadFile(f"{path}: CLASSES holds only {classes[0]!r}, so there is nothing to learn; expected two or more")
    outputs = _outputs(path, module)
    functions = _Functions(path, module, symbols, classes, longest, outputs)
    domain: InputDomain = InputDomain(len(symbols), 1, longest)
    if functions.has("inputs"):
        domain = _Listed(len(symbols), 1, longest, functions.inputs)
    listable = functions.has("inputs") or not functions.has("sample")
    if functions.has("sample"):
        domain = _Sampled(len(symbols), 1, longest, functions.sample, domain)
    task = _task(path, symbols, classes, longest, END in vocabulary, domain, functions.rule, causal, listable)
    task = replace(task, outputs=outputs)
    _probe(path, task)
    return task


def _outputs(path: Path, module: ModuleType) -> tuple[str, ...]:
    """The names of several outputs, if the module asks for them."""
    found = getattr(module, "OUTPUTS", None)
    if found is None:
        return ()
    if not isinstance(found, list | tuple) or not all(isinstance(name, str) and name.isidentifier() for name in found):
        raise BadFile(f"{path}: OUTPUTS is {shortened(found)}; expected the names of two outputs or more")
    if len(found) < 2 or len(set(found)) < len(found):
        raise BadFile(f"{path}: OUTPUTS is {shortened(found)}; expected two names or more, each once, or no OUTPUTS")
    return tuple(found)


def _task(
    path: Path,
    symbols: tuple[str, ...],
    classes: tuple[str, ...],
    longest: int,
    ends: bool,
    domain: InputDomain,
    rule: Rule,
    causal: bool = False,
    listable: bool = True,
    examples: bool = False,
    notes: tuple[str, ...] = (),
) -> Task:
    vocabulary = (BEGIN, *symbols, *([END] if ends else []))
    length = longest + 1 + int(ends)
    return Task(
        task_name(str(path)),
        vocabulary,
        classes,
        length,
        causal,
        symbols,
        domain,
        classes,
        rule,
        listable,
        examples,
        notes,
    )


def _probe(path: Path, task: Task) -> None:
    """Refuse a task that is not the same when asked again: no training run could be repeated, nor any verdict."""
    first, again = task.draw(_PROBED, seed=0), task.draw(_PROBED, seed=0)
    if not np.array_equal(first.tokens, again.tokens):
        raise BadFile(
            f"{path}: sample(rng) gives other inputs for the same rng; draw with rng only, as rng.choice(...)"
        )
    expect_same_answers(path, task, first, task.expected(first))


def expect_same_answers(path: Path, task: Task, batch: Batch, answers: Array) -> None:
    """Refuse a task that answers otherwise when it is asked about inputs again.

    Args:
        answers: what it answered, as `Task.expected` gives it.

    Raises:
        BadFile: the message names the first of them.
    """
    same = task.expected(batch)
    if not np.array_equal(answers, same):
        row = int(np.flatnonzero((answers != same).any(axis=1))[0])
        inside = slice(task.marks.first, task.marks.first + int(batch.lengths[row]) - task.marks.count)
        tokens = [task.vocabulary[code] for code in batch.tokens[row, inside]]
        raise BadFile(f"{path}: oracle({shortened(tokens)}) answers otherwise when asked again; expected one answer")


@dataclass(frozen=True, eq=False)
class _Listed(InputDomain):
    """The inputs that somebody wrote down, or that a function gives."""

    every: Callable[[], Array]

    @cached_property
    def _rows(self) -> Array:
        return self.every()

    @property
    def size(self) -> int:
        return len(self._rows)

    def enumerate(self) -> Array:
        return self._rows

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Different inputs; all, if `count` are not there."""
        return self._rows[rng.permutation(len(self._rows))[:count]]


@dataclass(frozen=True, eq=False)
class _Sampled(InputDomain):
    """Inputs that a function draws; `whole` lists them, or is an upper bound on what there may be."""

    sampler: Callable[[random.Random, int], Array]
    whole: InputDomain

    @property
    def size(self) -> int:
        return self.whole.size

    def enumerate(self) -> Array:
        return self.whole.enumerate()

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        return self.sampler(random.Random(int(rng.integers(2**63))), count)


class _Functions:
    """The functions of a user's module, each result checked.

    Raises:
        BadFile: one of them fails, or returns what it should not; the message names the file, the line where it is
            known, and the input.
    """

    def __init__(
        self,
        path: Path,
        module: ModuleType,
        symbols: tuple[str, ...],
        classes: tuple[str, ...],
        longest: int,
        outputs: tuple[str, ...] = (),
    ) -> None:
        self.path, self.module, self.symbols, self.classes, self.longest = path, module, symbols, classes, longest
        self.outputs = outputs
        self._codes = {word: code for code, word in enumerate(symbols)}
        self._answers = {word: code for code, word in enumerate(classes)}
        _given(path, module, "oracle")
        for name in ("oracle", "sample", "inputs"):
            if self.has(name) and not callable(getattr(module, name)):
                raise BadFile(f"{path}: {name} is {shortened(getattr(module, name))}; expected a function")

    def has(self, name: str) -> bool:
        """Whether the module defines this."""
        return getattr(self.module, name, None) is not None

    def rule(self, x: Array, symbols: int) -> Array:
        """[input, place] symbol codes -> [input, place] answer codes: what a task's `_rule` is."""
        with their_turn(self.path):
            answers = [self._answer(row) for row in x.tolist()]
        return np.array(answers, dtype=np.int64).reshape(len(x), -1)

    def sample(self, rng: random.Random, count: int) -> Array:
        """[count, place] symbol codes of random inputs."""
        with their_turn(self.path):
            drawn = [
                self._coded(self._asked("sample(rng)", "sample", self.longest + 2, rng), "sample(rng)")
                for _ in range(count)
            ]
        return _rectangle(drawn, self.longest)

    def inputs(self) -> Array:
        """[input, place] symbol codes of all inputs, each once."""
        with their_turn(self.path):
            found = self._asked("inputs()", "inputs", ENUMERATED)
            if len(found) > ENUMERATED:
                raise BadFile(f"{self.path}: inputs() gives more than {ENUMERATED:,} inputs; give sample(rng) instead")
            rows = dict.fromkeys(
                tuple(self._coded(self._several(one, self.longest + 2, "inputs()"), "inputs()")) for one in found
            )
        if not rows:
            raise BadFile(f"{self.path}: inputs() gives no input")
        return _rectangle(rows, self.longest)

    def _answer(self, row: Sequence[int]) -> list[int]:
        tokens = [self.symbols[code] for code in row]
        what = f"oracle({shortened(tokens)})"
        result = self._called(what, "oracle", tokens)
        if not self.outputs:
            return self._codes_of(result, what, tokens)
        if not isinstance(result, dict) or set(result) != set(self.outputs):
            raise BadFile(
                f"{self.path}: {what} gives {shortened(result)}; expected a dictionary with the keys "
                f"{listing(self.outputs)}, which OUTPUTS names"
            )
        rows = [self._codes_of(result[name], f"{what}[{name!r}]", tokens) for name in self.outputs]
        return [code for beside in zip(*rows, strict=True) for code in beside]

    def _codes_of(self, result: object, what: str, tokens: Sequence[str]) -> list[int]:
        """The answers to one output as codes."""
        if isinstance(result, dict):
            names = listing(tuple(map(str, result)))
            raise BadFile(
                f"{self.path}: {what} gives answers for {names}; for several outputs, name them in OUTPUTS = (...)"
            )
        if self._is_label(result, len(tokens)):
            raise BadFile(f"{self.path}: {what} gives {shortened(result)}, one label for the whole input; {ONE_LABEL}")
        found = self._several(result, len(tokens), what)
        if len(found) != len(tokens):
            count = (
                f"{len(found)} answer{'s' * (len(found) != 1)}"
                if len(found) <= len(tokens)
                else f"more than {len(tokens)} answers"
            )
            hint = f" ({ONE_LABEL})" if len(found) == 1 else ""
            raise BadFile(f"{self.path}: {what} gives {count}; expected {len(tokens)}, one a token{hint}")
        codes = [UNGRADED if answer is None else self._answers.get(word_of(answer)) for answer in found]
        if None in codes:
            wrong, known = codes.index(None), listing(self.classes)
            raise BadFile(
                f"{self.path}: {what}: answer {wrong} is {shortened(found[wrong])}; expected one of {known}, or None"
            )
        return [code for code in codes if code is not None]

    def _is_label(self, result: object, tokens: int) -> bool:
        """Whether an oracle's result is a class for the input as a whole, and no text of one answer a token."""
        if word_of(result) not in self._answers:
            return False
        return not isinstance(result, str) or len(result) != tokens or not set(result) <= self._answers.keys()

    def _coded(self, tokens: Sequence[object], what: str) -> list[int]:
        """An input of theirs as symbol codes, without the marks that may stand around it."""
        inner = list(tokens)
        inner = inner[1:] if inner[:1] == [BEGIN] else inner
        inner = inner[:-1] if inner[-1:] == [END] else inner
        shown = shortened(list(tokens))
        if not 1 <= len(inner) <= self.longest:
            count = "no token" if not inner else f"more than {self.longest} tokens"
            raise BadFile(
                f"{self.path}: {what} gives {shown}, which has {count}; expected 1 to LONGEST = {self.longest}"
            )
        coded = [self._codes.get(word_of(token), NOTHING) for token in inner]
        if NOTHING in coded:
            wrong = shortened(inner[coded.index(NOTHING)])
            known = listing(self.symbols)
            raise BadFile(f"{self.path}: {what} gives {shown}, in which {wrong} is no token; expected {known}")
        return coded

    def _asked(self, what: str, name: str, most: int, *arguments: object) -> list[Any]:
        """What one of their functions gives for the arguments, as a list of at most `most` + 1 items."""
        return self._several(self._called(what, name, *arguments), most, what)

    def _called(self, what: str, name: str, *arguments: object) -> object:
        try:
            return getattr(self.module, name)(*arguments)
        except (Exception, SystemExit) as error:
            raise told(self.path, what, error) from None

    def _several(self, result: object, most: int, what: str) -> list[Any]:
        if not isinstance(result, Iterable) or isinstance(result, (set, frozenset, dict, bytes)):
            raise BadFile(f"{self.path}: {what} gives {shortened(result)}; expected a list")
        try:
            return list(islice(result, most + 1))
        except (Exception, SystemExit) as error:  # a generator runs only now
            raise told(self.path, what, error) from None


def _given(path: Path, module: ModuleType, name: str) -> Any:
    if not hasattr(module, name):
        raise BadFile(f"{path} defines no {name}; a task needs VOCABULARY, CLASSES, LONGEST and oracle(tokens)")
    return getattr(module, name)


def _words(path: Path, name: str, value: object) -> tuple[str, ...]:
    """Tokens or classes, each once."""
    if not isinstance(value, (list, tuple, str)) or not value:
        raise BadFile(f"{path}: {name} is {shortened(value)}; expected a list or tuple of strings")
    words: list[str] = []
    for index, item in enumerate(value):
        word = word_of(item)
        if not word:
            raise BadFile(f"{path}: item {index} of {name} is {shortened(item)}; expected a string")
        words.append(word)
    check_words(str(path), name, words)
    return tuple(words)


# RASP source ##########################################################################################################


def _rasp_task(path: Path, outputs: Sequence[str], vocabulary: str | None, longest: int | None) -> Task:
    from tprog.tasks.rasp_task import specification  # where it is needed: it takes as long as reading a program

    told = specification(path, outputs, vocabulary, longest)
    domain = InputDomain(len(told.symbols), 1, told.longest)
    return _task(path, told.symbols, told.classes, told.longest, told.ends, domain, told.rule, told.causal)


# Examples #############################################################################################################


def _example_task(path: Path, columns: Columns | None) -> Task:
    read = read_examples(path, columns)
    ended = _all_end(read.known)
    cut = -1 if ended else None
    known = {tokens[:cut]: (where, answers[:cut]) for tokens, (where, answers) in read.known.items()}
    symbols = in_order({token for tokens in known for token in tokens})
    classes = in_order({answer for _, answers in known.values() for answer in answers if answer is not None})
    _check_learnable(path, symbols, classes, known)
    code, answer_code = _codes(symbols), {None: UNGRADED, **_codes(classes)}
    table = {
        tuple(code[token] for token in tokens): [answer_code[answer] for answer in answers]
        for tokens, (_, answers) in known.items()
    }
    rows, most = list(table), max(map(len, table))
    domain = _Listed(len(symbols), 1, most, lambda: _rectangle(rows, most))
    rule = partial(_looked_up, table)
    return _task(path, symbols, classes, most, ended, domain, rule, examples=True, notes=read.notes)


def _all_end(examples: Mapping[tuple[str, ...], tuple[str, object]]) -> bool:
    """Whether the inputs end in ``</s>``: all of them, or none."""
    ended = [where for tokens, (where, _) in examples.items() if tokens[-1:] == (END,)]
    if 0 < len(ended) < len(examples):
        raise BadFile(f"{ended[0]}: the input ends in {END}, but not every input does; expected all or none")
    return bool(ended)


def _codes(words: Sequence[str]) -> dict[str | None, int]:
    return {word: index for index, word in enumerate(words)}


def _looked_up(table: Mapping[tuple[int, ...], list[int]], x: Array, count: int) -> Array:
    """The answers of the inputs that are known, `UNGRADED` everywhere for the others."""
    unknown = [UNGRADED] * x.shape[1]
    return np.array([table.get(tuple(row), unknown) for row in x.tolist()], dtype=np.int64).reshape(x.shape)


def _check_learnable(
    path: Path, symbols: Sequence[str], classes: Sequence[str], inputs: Collection[tuple[str, ...]]
) -> None:
    """Refuse examples that hold nothing to learn, words that are no tokens, and inputs that nobody divided into tokens.

    Raises:
        BadFile: which of these it is.
    """
    if not symbols:
        raise BadFile(f"{path}: the inputs hold no token")
    if len(classes) < 2:
        only = f"only the answer {classes[0]!r}" if classes else "no answer"
        raise BadFile(f"{path} gives {only}, so there is nothing to learn; expected two different ones or more")
    check_words(str(path), "the input", symbols)
    check_words(str(path), "the output", classes)
    if all(len(tokens) == 1 for tokens in inputs) and max(map(len, symbols)) > 1:
        longest = max(symbols, key=len)
        raise BadFile(
            f"{path}: each input is a single token, such as {shortened(longest)}; "
            "put spaces between the tokens, or write a JSON list"
        )


def _rectangle(rows: Iterable[Sequence[int]], most: int) -> Array:
    """Symbol codes as [input, place], `NOTHING` behind the end."""
    filled = [[*row, *[NOTHING] * (most - len(row))] for row in rows]
    return np.array(filled, dtype=np.int32).reshape(len(filled), most)
