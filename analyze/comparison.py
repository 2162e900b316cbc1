"""Two programs side by side: the same inputs, the same answers, the same values in one code.

Programs can be compared if they have the same tokens, the same outputs and the same classes, in whatever order, and
both or neither pool. Where variables come out of one, the classes may be other ones in part; marks may differ. Values
are equal if they are the same symbol, or the same number; a symbol is never a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Literal

import numpy as np

from analyze.input_space import InputSpace, space_of
from tprog.errors import BadUsage
from tprog.ir.domains import INT64_LIMIT, Number
from tprog.ir.outcomes import joined
from tprog.ir.program import Domain, Numbers, Numeric, Program, Quotients, Symbol, Symbols, Value
from tprog.listing import listing
from tprog.run.batch import BEHIND_END, Array, Batch, Bools
from tprog.run.execute import FORCED, Execution, execute
from tprog.run.outcome import by_place
from tprog.run.pieces import chunks, inputs_at_once
from tprog.tasks.builtin import UNGRADED, Task, fitted, is_built_in, task_of
from tprog.tasks.classes import for_task, with_answers
from tprog.tasks.input_domain import NOTHING, framed, symbols_of

NO_ANSWER = -2
"""The answer code of an input that runs into a hole; `FORCED` stands where nothing is predicted."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two programs on the inputs that both can take.

    What is compared is laid out as that of `a`: places and positions, and the marks around an input. Where the second
    has other marks, what both say of the symbols between them is compared.

    Raises:
        BadUsage: their tokens, classes, outputs or kinds of output differ.
    """

    a: Program
    b: Program

    def __post_init__(self) -> None:
        _check_words("tokens", *(symbols_of(program.vocabulary) for program in (self.a, self.b)))
        variables = self.a.variables_out or self.b.variables_out
        # Of what comes out of variables, each may have values that the other never has.
        if not variables or set(self.a.classes).isdisjoint(self.b.classes):
            _check_words("classes", self.a.classes, self.b.classes)
        if self.a.readout.pooled != self.b.readout.pooled:
            pooled, other = ("first", "second") if self.a.readout.pooled else ("second", "first")
            raise BadUsage(
                f"the {pooled} program has one answer an input, the {other} one a position; they cannot be compared"
            )
        mine, theirs = self.a.outputs, self.b.outputs
        if len(mine) != len(theirs) or (len(mine) > 1 and set(mine) != set(theirs)):
            raise BadUsage(
                f"the first program has the outputs {listing(mine)}, the second {listing(theirs)}; they cannot be "
                "compared"
            )

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes of both: those of the first, and behind them what the second has beside them."""
        return joined(self.a.classes, self.b.classes)

    @property
    def most(self) -> int:
        """The most symbols, marks not counted, of an input that both can take."""
        return min(map(_most, (self.a, self.b)))

    @property
    def shorter(self) -> Program:
        """The program with fewer inputs: the first, where they are alike."""
        return self.b if _most(self.b) < _most(self.a) else self.a

    def encoded(self, program: Program, batch: Batch) -> tuple[Batch, Batch]:
        """A batch in the codes of `program`, one of the two, in the codes of each."""
        return _recoded(batch, program, self.a), _recoded(batch, program, self.b)

    @cached_property
    def _class_codes(self) -> Array:
        """Class code of `b` -> that of both; the negative codes stay."""
        return np.array([*(self.classes.index(word) for word in self.b.classes), NO_ANSWER, FORCED])

    def beside(self, theirs: Array, shape: tuple[int, ...], filler: int) -> Array:
        """[input, position, ...] of the second program, where the first has it; `filler` at marks that differ.

        Args:
            shape: how many inputs and positions the first has.
        """
        mine, other = self.a.marks.first, self.b.marks.first
        if mine == other and theirs.shape[:2] == shape:
            return theirs
        found = np.full((*shape, *theirs.shape[2:]), filler, dtype=theirs.dtype)
        inner = theirs[:, other : other + shape[1] - mine]
        found[:, mine : mine + inner.shape[1]] = inner
        return found

    def answers(self, run_a: Execution, run_b: Execution, expected: Array | None = None) -> tuple[Array, Array]:
        """[input, place] the answers of both in the codes of `classes`: `NO_ANSWER` at a hole.

        What is not compared is `FORCED` in both: where one forces its output, and where `expected` grades nothing.
        """
        mine, theirs = (_answers(run) for run in (run_a, run_b))
        theirs = self._class_codes[theirs]
        if not self.a.readout.pooled:
            theirs = self._of_second(theirs, run_a.batch.tokens.shape)
            silent = (mine == FORCED) | (theirs == FORCED)
            if expected is not None:
                silent = silent | (expected == UNGRADED)
            mine, theirs = (np.where(silent, FORCED, answers) for answers in (mine, theirs))
        return mine, theirs

    def _of_second(self, theirs: Array, shape: tuple[int, ...]) -> Array:
        """[input, place] answers of the second, laid out as those of the first."""
        each = self.a.places.each
        order = [self.b.outputs.index(name) for name in self.a.outputs] if each > 1 else [0]
        by_position = theirs.reshape(len(theirs), -1, each)[..., order]
        return self.beside(by_position, shape, FORCED).reshape(len(theirs), -1)

    def computed(self, run_a: Execution, run_b: Execution) -> Bools:
        """[input, position]: the positions that both have, of the inputs that reach no hole in either."""
        return np.asarray(computed(run_a) & self.beside(computed(run_b), run_a.batch.present.shape, False))

    def values_of(self, run_a: Execution, run_b: Execution, side: Literal["a", "b"], name: str) -> Array:
        """[input, position] values of a variable of one of them, in the codes of `values`."""
        if side == "a":
            return self.values.of(run_a, "a", name)
        return self.beside(self.values.of(run_b, "b", name), run_a.batch.present.shape, -1)

    def runs(self, batch_a: Batch, batch_b: Batch, size: int) -> Iterator[tuple[slice, Execution, Execution]]:
        """Both programs on at most `size` inputs at a time."""
        for program, batch in ((self.a, batch_a), (self.b, batch_b)):
            size = inputs_at_once(program, batch.tokens.shape[1], size)
        for (rows, one), (_, two) in zip(chunks(batch_a, size), chunks(batch_b, size), strict=True):
            yield rows, execute(self.a, one), execute(self.b, two)

    @cached_property
    def values(self) -> ValueCodes:
        return ValueCodes(self.a, self.b)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """The nodes of `a`, in execution order, of which `b` has one of the same name that holds values alike."""
        kinds = [
            {name: isinstance(variable.domain, Symbols) for name, variable in program.variables.items()}
            for program in (self.a, self.b)
        ]
        return tuple(node.name for node in self.a.nodes if kinds[1].get(node.name) is kinds[0][node.name])

    def parts_at(self, run_a: Execution, run_b: Execution) -> list[str]:
        """For each input the first of the shared nodes that differs; ``readout`` if none does."""
        found = ["readout"] * len(run_a.batch)
        both = run_a.batch.present & self.beside(run_b.batch.present, run_a.batch.present.shape, False)
        for name in reversed(self.shared):
            mine, theirs = (self.values_of(run_a, run_b, side, name) for side in _BOTH)
            for row in np.flatnonzero(((mine != theirs) & both).any(axis=1)).tolist():
                found[row] = name
        return found


_BOTH: tuple[Literal["a", "b"], ...] = ("a", "b")


def _most(program: Program) -> int:
    return program.max_length - program.marks.count


def _check_words(what: str, mine: Sequence[str], theirs: Sequence[str]) -> None:
    """Refuse programs of which one has words that the other has not."""
    only_a, only_b = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
    if only_a or only_b:
        told = [f"only the {which} has {_some(words)}" for which, words in _sides(only_a, only_b) if words]
        raise BadUsage(f"the two programs have different {what}, so they cannot be compared: {'; '.join(told)}")


class ValueCodes:
    """One code for the values of both programs: a symbol's place among all symbols, or a number's numerator.

    Where the numbers have no common denominator below 2**63, they are coded in the order in which they are met.
    """

    def __init__(self, a: Program, b: Program) -> None:
        domains = [v.domain for program in (a, b) for v in program.variables.values()]
        self._met: dict[Number, int] = {}
        self.symbols = _symbols_in(domains)
        numbers = [domain for domain in domains if isinstance(domain, Numbers)]
        self.denominator = lcm(*(domain.denominator for domain in numbers))
        largest = max(domain.bound * (self.denominator // domain.denominator) for domain in numbers)
        self._listed = largest >= INT64_LIMIT or any(isinstance(domain, Quotients) for domain in domains)
        self._tables = {**self._codes("a", a), **self._codes("b", b)}

    def _codes(self, side: str, program: Program) -> dict[tuple[str, str], Array]:
        """The code of each value of the categorical variables of one program."""
        places = {value: place for place, value in enumerate(self.symbols)}
        return {
            (side, name): np.array([places[value] for value in variable.domain], dtype=np.int32)
            for name, variable in program.variables.items()
            if isinstance(variable.domain, Symbols)
        }

    def of(self, run: Execution, side: str, name: str) -> Array:
        """[input, position] codes of one variable."""
        values, domain = run.values[name], run.program.variables[name].domain
        if isinstance(domain, Symbols):
            return np.asarray(self._tables[side, name][values])
        if isinstance(domain, Quotients) or self._listed:
            return self._as_met(values, domain)
        return values.astype(np.int64) * (self.denominator // domain.denominator)

    def _as_met(self, values: Array, domain: Numeric) -> Array:
        known, inverse = np.unique(values, return_inverse=True)
        codes = np.full(len(known), -1, dtype=np.int64)
        for place, code in enumerate(known.tolist()):
            with suppress(ValueError):  # behind the end of an input, a code may be that of no number
                codes[place] = self._met.setdefault(domain.number(code), len(self._met))
        return np.asarray(codes[inverse].reshape(values.shape))

    def value(self, code: int, categorical: bool) -> Value:
        """What a code stands for."""
        if categorical:
            return self.symbols[code]
        if self._listed:
            return list(self._met)[code]
        number = Fraction(int(code), self.denominator)
        return int(number) if number.denominator == 1 else number


def _answers(run: Execution) -> Array:
    """[input, place] predictions, a hole as `NO_ANSWER` at each."""
    found = by_place(run.predictions)
    return np.where(run.in_hole[:, None] & (found != FORCED), NO_ANSWER, found)


def _recoded(batch: Batch, source: Program, target: Program) -> Batch:
    """Inputs of one program as those of the other: the same symbols, between its own marks."""
    if source.vocabulary == target.vocabulary:
        return batch
    if source.marks == target.marks:
        codes = np.array([*(target.vocabulary.index(word) for word in source.vocabulary), BEHIND_END])
        return replace(batch, tokens=codes[batch.tokens])
    symbols = symbols_of(source.vocabulary)
    of_symbols = np.array([*(symbols.index(w) if w in symbols else NOTHING for w in source.vocabulary), NOTHING])
    return framed(of_symbols[batch.tokens[:, source.marks.first :]], symbols, target.vocabulary)


def _sides(only_a: list[str], only_b: list[str]) -> tuple[tuple[str, list[str]], tuple[str, list[str]]]:
    return ("first", only_a), ("second", only_b)


def _some(words: list[str]) -> str:
    return ", ".join(map(repr, words[:5])) + (", ..." if len(words) > 5 else "")


def first_hole(run: Execution, row: int) -> str | None:
    """The hole that an input runs into, in words."""
    hole = run.hole(row)
    return None if hole is None else str(hole)


def _symbols_in(domains: Iterable[Domain]) -> tuple[Symbol, ...]:
    """All symbols of some domains, each once."""
    return tuple(dict.fromkeys(value for domain in domains if isinstance(domain, Symbols) for value in domain))


def computed(run: Execution) -> Bools:
    """[input, position]: the positions of the inputs that reach no hole."""
    return run.batch.present & ~run.in_hole[:, None]


def common_space(pair: Pair, task: Task | None = None, length: int | None = None) -> tuple[InputSpace, tuple[str, ...]]:
    """The inputs that both programs can be asked about, as inputs of `pair.a`; and what is to be said about them.

    Args:
        task: what both should compute; left out: what they name, unless they name different tasks.
        length: the most tokens of an input, marks included; left out: of those that both can take.

    Raises:
        BadProgram: a program does not fit the task.
    """
    names = list(dict.fromkeys(program.task for program in (pair.a, pair.b) if program.task is not None))
    a = pair.a
    most = pair.most if length is None else min(pair.most, length - a.marks.count)
    notes = list(_differences(pair, [] if task is not None else names, most == pair.most))
    asked = task if task is not None else names[0] if len(names) == 1 else None
    longest = most + pair.shorter.marks.count
    space = space_of(replace(pair.shorter, task=None), _judging(pair, asked, longest), longest)
    if space.task is None:
        return InputSpace(a, None, symbols_of(a.vocabulary), space.domain), tuple(notes)
    found = space.task
    judged = a.outputs if found.judged else ()
    renamed = replace(
        found,
        vocabulary=a.vocabulary,
        classes=joined(pair.classes, found.classes),
        max_length=found.max_length - pair.shorter.marks.count + a.marks.count,
        judged=judged,
    )
    return InputSpace(a, renamed, space.symbols, space.domain), tuple(notes)


def _differences(pair: Pair, names: Sequence[str], longest: bool) -> Iterator[str]:
    """What is to be said about inputs that two programs do not take alike.

    Args:
        names: the tasks that they name, where nobody says which is meant.
        longest: whether the longest inputs that both take are looked at.
    """
    if len(names) > 1:
        yield f"they name different tasks, {names[0]} and {names[1]}, so every sequence counts as an input"
    marked = pair.a.marks.count != pair.b.marks.count
    if longest and _most(pair.a) != _most(pair.b):
        ends = (_most(pair.a), _most(pair.b)) if marked else (pair.a.max_length, pair.b.max_length)
        unit = " symbols" if marked else ""
        yield f"the longest inputs differ, {ends[0]} and {ends[1]}{unit}: compared up to the shorter"
    if marked:
        yield "their inputs have other marks around them: compared at the symbols between"


def _judging(pair: Pair, asked: Task | str | None, longest: int) -> Task | None:
    """The task, or the one of that name, for the inputs that both programs can take."""
    if asked is None or isinstance(asked, str) or is_built_in(asked):
        name = asked.name if isinstance(asked, Task) else asked
        plain = replace(pair.shorter, task=name)
        return task_of(for_task(plain, name, longest) if plain.variables_out and name is not None else plain, longest)
    return fitted(asked, with_answers(pair.shorter, asked.classes), longest)
