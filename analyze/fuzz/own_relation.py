"""A metamorphic relation of a user's own: a Python file, executed because its user named it. It defines

- ``transform(tokens)``: another input made from an input, or None where the relation does not apply;
- ``expected(tokens, output)``: what a right program answers to that other input, given what it answers to the first:
  one answer a token of the other input, None where nothing is said; the answers unchanged where it is left out;
- if it likes ``STATEMENT``: the relation in words.

Tokens and answers are lists of strings, without the marks ``<s>`` and ``</s>``; a pooled program has one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from analyze.fuzz.relation import UNSAID, FollowUp, Relation
from analyze.input_space import InputSpace
from tprog.errors import BadFile
from tprog.ir.places import Places
from tprog.listing import listing, shortened
from tprog.run.batch import Array
from tprog.tasks.cells import word_of
from tprog.tasks.input_domain import NOTHING
from tprog.tasks.own_code import executed, their_turn, told

_MARKED = "without <s> and </s>"


def read_relation(path: Path | str) -> Relation:
    """The relation in a file, which is executed.

    Raises:
        BadFile: it cannot be read, fails, or defines no ``transform``; the message names its line where it is known.
    """
    path = Path(path)
    module = executed(path, "relation", "a metamorphic relation")
    for name in ("transform", "expected"):
        if not callable(getattr(module, name, _left_out if name == "expected" else None)):
            raise BadFile(
                f"{path} defines no function {name}; a relation needs transform(tokens), and expected(tokens, output) "
                "unless the answers stay as they are"
            )
    statement = getattr(module, "STATEMENT", "")
    if not isinstance(statement, str):
        raise BadFile(f"{path}: STATEMENT is {shortened(statement)}; expected a string")
    return Relation(str(path), statement or f"what {path.name} says", _Own(path, module).steps, of_all=True)


def _left_out(tokens: list[str], output: list[str]) -> list[str]:
    return output


@dataclass(frozen=True, eq=False)
class _Own:
    """The functions of a user's file, each result checked."""

    path: Path
    module: ModuleType

    def steps(self, space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
        """Every input in turn; those that become inputs of the same length go together."""
        by_length: dict[int, list[tuple[int, list[int], list[int]]]] = {}
        with their_turn(self.path):
            for row, (codes, output) in enumerate(zip(x.tolist(), answers.tolist(), strict=True)):
                tokens = [space.symbols[code] for code in codes]
                made = self._transformed(space, tokens)
                if made is not None:
                    said = self._expected(space, tokens, output, len(made))
                    by_length.setdefault(len(made), []).append((row, made, said))
        for found in by_length.values():
            rows, sequences, expected = (np.array(column, dtype=np.int64) for column in zip(*found, strict=True))
            yield FollowUp(rows, sequences, expected)

    def _transformed(self, space: InputSpace, tokens: list[str]) -> list[int] | None:
        what = f"transform({shortened(tokens)})"
        result = self._asked("transform", what, list(tokens))
        if result is None:
            return None
        made = self._several(result, what)
        codes = [space.symbols.index(word) if word in space.symbols else NOTHING for word in map(word_of, made)]
        if NOTHING in codes:
            wrong = shortened(made[codes.index(NOTHING)])
            raise BadFile(
                f"{self.path}: {what} gives {wrong}, which is no token; expected {listing(space.symbols)}, {_MARKED}"
            )
        if not codes or len(codes) > space.domain.most:
            raise BadFile(
                f"{self.path}: {what} gives {len(codes)} tokens; expected 1 to {space.domain.most}, {_MARKED}"
            )
        return codes

    def _expected(self, space: InputSpace, tokens: list[str], output: list[int], length: int) -> list[int]:
        classes, pooled, places = space.program.classes, space.program.readout.pooled, space.program.places
        told = places.apart([classes[code] for code in output])
        given: Any = {name: list(row) for name, row in told.items()} if isinstance(told, dict) else list(told)
        given = given[0] if pooled else given
        what = f"expected({shortened(tokens)}, {shortened(given)})"
        result = self._asked("expected", what, list(tokens), given) if hasattr(self.module, "expected") else given
        said = [result] if pooled else self._beside(places, result, what)
        if len(said) != places.count(length):
            count = len(said) // places.each
            raise BadFile(f"{self.path}: {what} gives {count} answers; expected {length}, one a token")
        codes = [UNSAID if word is None else _code(classes, word_of(word)) for word in said]
        if None in codes:
            wrong = shortened(said[codes.index(None)])
            raise BadFile(f"{self.path}: {what} gives {wrong}; expected one of {listing(classes)}, or None")
        return [code for code in codes if code is not None]

    def _beside(self, places: Places, result: object, what: str) -> Sequence[Any]:
        """The answers that are asked for; of several outputs, name -> list, side by side."""
        if not places.several:
            return self._several(result, what)
        if not isinstance(result, dict) or set(result) != set(places.outputs):
            raise BadFile(
                f"{self.path}: {what} gives {shortened(result)}; expected {{name: list}} of {listing(places.outputs)}"
            )
        rows = {name: self._several(row, what) for name, row in result.items()}
        if len({len(row) for row in rows.values()}) > 1:
            raise BadFile(f"{self.path}: {what} gives lists of several lengths; expected one answer a token in each")
        return places.beside(rows)

    def _asked(self, name: str, what: str, *arguments: object) -> Any:
        try:
            return getattr(self.module, name)(*arguments)
        except (Exception, SystemExit) as error:
            raise told(self.path, what, error) from None

    def _several(self, result: object, what: str) -> list[Any]:
        if not isinstance(result, Iterable) or isinstance(result, (set, frozenset, dict, bytes)):
            raise BadFile(f"{self.path}: {what} gives {shortened(result)}; expected a list")
        try:
            return list(result)
        except (Exception, SystemExit) as error:  # a generator runs only now
            raise told(self.path, what, error) from None


def _code(classes: Sequence[str], word: str) -> int | None:
    return classes.index(word) if word in classes else None
