"""Tasks in Python: a file that defines its tokens, its classes and the function `oracle` (see `tprog.tasks.own`)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tprog.errors import BadFile
from tprog.ir.program import BEGIN, END
from tprog.listing import counted, listing, shortened
from tprog.run.batch import Batch
from tprog.tasks.builtin import ENUMERATED, UNGRADED, Task
from tprog.tasks.examples import MOST_TOKENS, check_words, word_of
from tprog.tasks.input_domain import NOTHING, InputDomain
from tprog.tasks.listed import Listed, rectangle
from tprog.tasks.own_code import executed, their_turn, told
from tprog.tasks.rules import Array
from tprog.tasks.written import made_task

ONE_LABEL = "for one label an input, define POOLED = True"
"""How a task says that an input has one answer."""

_PROBED = 20  # inputs that a task is asked twice about, to see whether it answers alike


def python_task(name: str, path: Path) -> Task:
    """The task of a Python file, which is executed.

    Raises:
        BadFile: it is no task; the message names the line or the value that is wrong.
    """
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
    pooled = _pooled(path, module, outputs)
    functions = _Functions(path, module, symbols, classes, longest, outputs, pooled)
    domain: InputDomain = InputDomain(len(symbols), 1, longest)
    if functions.has("inputs"):
        domain = Listed(len(symbols), 1, longest, functions.inputs)
    listable = functions.has("inputs") or not functions.has("sample")
    if functions.has("sample"):
        domain = _Sampled(len(symbols), 1, longest, functions.sample, domain)
    task = made_task(name, symbols, classes, longest, END in vocabulary, domain, functions.rule, causal, listable)
    task = replace(task, outputs=outputs, pooled=pooled)
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


def _pooled(path: Path, module: ModuleType, outputs: tuple[str, ...]) -> bool:
    """Whether an input has one answer, as a whole."""
    found = getattr(module, "POOLED", False)
    if type(found) is not bool:
        raise BadFile(f"{path}: POOLED is {shortened(found)}; expected True or False")
    if found and outputs:
        raise BadFile(f"{path} defines POOLED and OUTPUTS; a pooled task has one answer an input, so leave one out")
    return found


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
        pooled: bool = False,
    ) -> None:
        self.path, self.module, self.symbols, self.classes, self.longest = path, module, symbols, classes, longest
        self.outputs, self.pooled = outputs, pooled
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
        return np.array(answers, dtype=np.int64).reshape(len(x), x.shape[1] * max(len(self.outputs), 1))

    def sample(self, rng: random.Random, count: int) -> Array:
        """[count, place] symbol codes of random inputs."""
        with their_turn(self.path):
            drawn = [
                self._coded(self._asked("sample(rng)", "sample", self.longest + 2, rng), "sample(rng)")
                for _ in range(count)
            ]
        return rectangle(drawn, self.longest)

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
        return rectangle(rows, self.longest)

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
        if self.pooled:
            return [*[UNGRADED] * (len(tokens) - 1), self._label(result, what)]
        if self._is_label(result, len(tokens)):
            raise BadFile(f"{self.path}: {what} gives {shortened(result)}, one label for the whole input; {ONE_LABEL}")
        found = self._several(result, len(tokens), what)
        if len(found) != len(tokens):
            count = (
                f"{counted(len(found), 'answer')}" if len(found) <= len(tokens) else f"more than {len(tokens)} answers"
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

    def _label(self, result: object, what: str) -> int:
        """The code of the one answer to an input of a pooled task."""
        if result is None:
            return UNGRADED
        found = self._answers.get(word_of(result))
        if found is None:
            raise BadFile(
                f"{self.path}: {what} gives {shortened(result)}; expected one of {listing(self.classes)} for the whole "
                "input, or None, since POOLED is True"
            )
        return found

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
