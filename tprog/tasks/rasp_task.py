"""A task written in RASP: what its output is on an input, is right.

The source says in variables which inputs there are::

    vocabulary = "abcde";
    longest = 6;
    sorted = sort(tokens, tokens);

- ``vocabulary``: the tokens, as a word of letters or a list of words and numbers; with ``"</s>"`` among them every
  input ends in it;
- ``longest``: how many tokens the longest input has;
- if it likes ``classes``, all answers there are, in the order that breaks ties (left out: those that occur, where the
  inputs are few enough to try them all), and ``causal = True``: an answer depends on what stands up to it alone.

Every sequence of 1 to ``longest`` tokens is an input. The marks are no tokens of the source. With several outputs, as
``order.rasp:first,second``, each is asked for by its name, and the answers are those of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.errors import BadFile
from tprog.ir.program import BEGIN, END
from tprog.listing import listing, shortened
from tprog.rasp.calls import Calls
from tprog.rasp.evaluate import Run
from tprog.rasp.failures import Failed
from tprog.rasp.values import Value, spelled_value, spelled_values
from tprog.tasks.examples import MOST_TOKENS, check_words, in_order
from tprog.tasks.input_domain import InputDomain

if TYPE_CHECKING:
    from tprog.rasp.expressions import SOp
    from tprog.rasp.source.files import Source

Array: TypeAlias = NDArray[Any]
Asked: TypeAlias = "tuple[tuple[str, SOp], ...]"
"""The outputs, each with its name."""

TRIED = 20_000
"""Inputs that are tried for the answers that there are."""


@dataclass(frozen=True, eq=False)
class Specification:
    """What a source says of a task.

    Attributes:
        symbols: the spelling of its tokens.
        ends: whether every input ends in ``</s>``.
        classes: all answers.
        longest: the tokens of the longest input, marks not counted.
    """

    path: Path
    symbols: tuple[str, ...]
    ends: bool
    classes: tuple[str, ...]
    longest: int
    causal: bool
    _tokens: tuple[Value, ...] = field(repr=False)
    _outputs: tuple[tuple[str, SOp], ...] = field(repr=False)
    _known: dict[tuple[int, ...], list[str]] = field(repr=False)
    _calls: Calls = field(default_factory=Calls, repr=False)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of several outputs."""
        return tuple(name for name, _ in self._outputs) if len(self._outputs) > 1 else ()

    def rule(self, x: Array, symbols: int) -> Array:
        """[input, place] symbol codes -> [input, place] answer codes, of several outputs side by side: what a task's
        `_rule` is."""
        codes = {word: code for code, word in enumerate(self.classes)}
        answers = [[self._code(codes, word, row) for word in self._answers(row)] for row in x.tolist()]
        return np.array(answers, dtype=np.int64).reshape(len(x), -1)

    def _answers(self, row: Sequence[int]) -> list[str]:
        if (known := self._known.get(tuple(row))) is not None:
            return known
        return _answers(self.path, self._outputs, [self._tokens[code] for code in row], self.causal, self._calls)

    def _code(self, codes: dict[str, int], word: str, row: Sequence[int]) -> int:
        if word not in codes:
            given = shortened([self.symbols[code] for code in row])
            raise BadFile(f"{self.path}: the answer to {given} is {word!r}; expected one of {listing(self.classes)}")
        return codes[word]


def specification(
    path: Path, outputs: Sequence[str] = (), vocabulary: str | None = None, longest: int | None = None
) -> Specification:
    """Run a source as a task.

    Args:
        vocabulary: its tokens, written like an input; they go before those that the source names.
        longest: the longest input where the source does not say it.

    Raises:
        BadFile: a variable is missing or wrong, or an input has no answer.
        BadSource, BadUsage: as `tprog.rasp.source.files.read_file`.
    """
    from tprog.rasp.source.files import read_file  # imports the parser, which few commands need
    from tprog.rasp.source.inputs import vocabulary_of

    source = read_file(path, outputs, None if vocabulary is None else vocabulary_of(vocabulary))
    source = _with_inputs(source, vocabulary, longest)
    asked = source.program.outputs
    words, ends = _vocabulary(path, source)
    longest, causal = _longest(path, source), source.variables.get("causal", False)
    if not isinstance(causal, bool):
        raise BadFile(f"{path}: causal is {shortened(causal)}; expected True or False")
    symbols = tuple(map(spelled_value, words))
    check_words(str(path), "vocabulary", symbols)
    if len(symbols) < 2:
        raise BadFile(
            f"{path}: vocabulary holds only {listing(symbols)}; expected two tokens or more, besides the marks"
        )
    classes, known = _classes(path, source), dict[tuple[int, ...], list[str]]()
    if classes is None:
        known = _all_answers(path, asked, words, longest, causal)
        classes = _ordered({word for answers in known.values() for word in answers}, symbols)
    if len(classes) < 2:
        raise BadFile(f"{path} gives only the answer {listing(classes)}, so there is nothing to learn")
    return Specification(path, symbols, ends, classes, longest, causal, words, asked, known)


def _with_inputs(source: Source, vocabulary: str | None, longest: int | None) -> Source:
    """The source as if its variables said what the caller says."""
    from tprog.rasp.source.inputs import vocabulary_of

    said: dict[str, Any] = {} if longest is None else {"longest": longest}
    said |= source.variables
    if vocabulary is not None:
        said["vocabulary"] = vocabulary_of(vocabulary)
    return replace(source, variables=said)


def _vocabulary(path: Path, source: Source) -> tuple[tuple[Value, ...], bool]:
    found = source.variables.get("vocabulary")
    if found is None:
        raise BadFile(
            f'{path} says nothing of its inputs; a task needs the variables vocabulary (as "abc") and longest (as 6)'
        )
    if not isinstance(found, (str, list)) or not all(isinstance(item, (str, int, float)) for item in found):
        raise BadFile(f"{path}: vocabulary is {shortened(found)}; expected a word, or a list of words and numbers")
    return tuple(item for item in found if item not in (BEGIN, END)), END in found


def _longest(path: Path, source: Source) -> int:
    longest = source.variables.get("longest")
    if type(longest) is not int or not 1 <= longest <= MOST_TOKENS:
        raise BadFile(f"{path}: longest is {shortened(longest)}; expected a whole number from 1 to {MOST_TOKENS}")
    return longest


def _classes(path: Path, source: Source) -> tuple[str, ...] | None:
    found = source.variables.get("classes")
    if found is None:
        return None
    if not isinstance(found, (str, list)) or not found:
        raise BadFile(f"{path}: classes is {shortened(found)}; expected a word, or a list of words and numbers")
    words = tuple(map(spelled_value, found))
    check_words(str(path), "classes", words)
    return words


def _all_answers(
    path: Path, asked: Asked, words: tuple[Value, ...], longest: int, causal: bool
) -> dict[tuple[int, ...], list[str]]:
    """Each input, as codes of the vocabulary, and its answers."""
    domain = InputDomain(len(words), 1, longest)
    if domain.size > TRIED:
        raise BadFile(
            f"{path}: there are {domain.size:,} inputs, more than the {TRIED:,} that are tried for all answers; name "
            'these, as classes = ["F", "T", "P"], or make longest smaller'
        )
    calls, rows = Calls(), (tuple(code for code in row if code >= 0) for row in domain.enumerate().tolist())
    return {row: _answers(path, asked, [words[code] for code in row], causal, calls) for row in rows}


def _ordered(found: set[str], symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Answers in the order of the vocabulary if all are tokens; else numbers by size, then words."""
    return tuple(word for word in symbols if word in found) if found <= set(symbols) else in_order(found)


def _answers(path: Path, asked: Asked, tokens: list[Value], causal: bool, calls: Calls) -> list[str]:
    """What is answered to an input, of several outputs side by side."""
    try:
        run = Run(tokens, causal, calls=calls)
        rows = [spelled_values(run.values(output)) for _, output in asked]
        return [word for beside in zip(*rows, strict=True) for word in beside]
    except Failed as error:
        given = shortened([spelled_value(token) for token in tokens])
        raise BadFile(f"{path}: there is no answer to {given}: {error}") from None
