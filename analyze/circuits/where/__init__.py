"""The language of ``--where``: a condition on an input, or on one prediction of it, that is read and never run as code.

It is the part of Python's expressions that can be evaluated in bounded time on one input, and means the same:

- names: ``x``, the symbols of the input without ``<s>`` and ``</s>`` (a string where every symbol is one character,
  else a tuple of strings); ``i``, the position of the prediction (where ``<s>`` stands at 0, ``x[i - 1]`` is the
  symbol there); ``token``, what stands at it, marks included; ``predicted`` and ``right``, the class that the program
  predicts there and the right one; ``output``, of several outputs the one that it is. A pooled program has no ``i``
  and no ``token``.
- literals: text, whole numbers, True, False, None, and tuples, lists and sets in brackets;
- ``and or not``, ``== != < <= > >= in not in``, chains of them, ``a if c else b``;
- ``+ - * // %`` of whole numbers, among which a condition counts as 0 or 1; ``- & |`` of sets;
- ``s[k]`` and ``s[a:b:c]``;
- ``len min max sum sorted set list tuple any all abs range``, and the methods ``count index startswith endswith``;
- ``... for v in s if c``, one or two within each other, in brackets or as the argument of a function.

Where Python answers, the answer is Python's. Where it raises an error because something is not there (an index outside,
the least of nothing, the index of what does not occur), there is None, which equals None alone and has no order, so
that ``x[5] < 'c'`` is false for a short input.

What nobody can mean is refused before any input is seen: what is true or false must be a condition (``right`` is a
class), and a comparison must be able to hold (``x[0] == 3``, ``token == 'z'`` without such a symbol).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyze.circuits.where.kinds import Kind, Number, Row, Text, symbol
from analyze.circuits.where.reader import Reader
from analyze.circuits.where.values import Compiled, Refused, Scope
from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, END, Program

MOST_STEPS = 50_000_000
"""Elements that all ``for`` of a condition go through, over all inputs: about ten seconds."""

ABOUT_A_PREDICTION = frozenset({"i", "token", "predicted", "right", "output"})
"""The names that differ from one prediction of an input to another."""

_NAMES = ("x", "i", "token", "predicted", "right", "output")


@dataclass(frozen=True)
class Names:
    """What is known of the names of a condition before any input is seen.

    Attributes:
        kinds: the kind of each name that there is.
        unknown: why one is not there.
        marks: the tokens that ``x`` leaves out.
        joined: ``x`` is text.
    """

    kinds: Mapping[str, Kind]
    unknown: Mapping[str, str]
    marks: frozenset[str]
    joined: bool

    def x(self, tokens: Sequence[str]) -> str | tuple[str, ...]:
        """The symbols of an input."""
        symbols = tuple(token for token in tokens if token not in self.marks)
        return "".join(symbols) if self.joined else symbols


def names_of(program: Program, judged: bool) -> Names:
    """What the names of a condition mean for a program.

    Args:
        judged: a task says what is right.
    """
    symbols = [word for word in program.vocabulary if word not in (BEGIN, END)]
    joined = all(len(word) == 1 for word in symbols)
    longest = program.max_length - program.marks.count
    x: Kind = Row(form="tuple", of=symbol(symbols, "a symbol"), longest=longest)
    if joined:
        x = Text(letters=frozenset(symbols), longest=longest)
    kinds: dict[str, Kind] = {"x": x, "predicted": symbol(program.classes, "a class")}
    unknown: dict[str, str] = {}
    if program.readout.pooled:
        pooled = "it makes one prediction an input"
        unknown = {name: f"a pooled program has no {name}: {pooled}" for name in ("i", "token")}
    else:
        kinds["i"] = Number(least=0, most=program.max_length - 1)
        kinds["token"] = symbol(program.vocabulary, "a symbol")
    if judged:
        kinds["right"] = symbol(program.classes, "a class")
    else:
        unknown["right"] = "no task says what is right; name one with --task"
    if program.places.several:
        kinds["output"] = symbol(program.outputs, "an output")
    else:
        unknown["output"] = "the program has one output"
    return Names(kinds, unknown, frozenset({BEGIN, END}), joined)


class Where:
    """A condition.

    Attributes:
        text: as it was given.
        names: those of `Names` that it uses.
    """

    def __init__(self, text: str, names: Names) -> None:
        """Read a condition.

        Raises:
            BadUsage: it is not in the language, or nobody can mean it; the message has the column (1-based), and what
                is allowed or what to write.
        """
        self.text = text
        reader = Reader(" ".join(text.split("\n")).strip(), names.kinds, names.unknown, MOST_STEPS)
        self._shown, self._order = reader.shown, [reader.place(name) for name in _NAMES]
        tree = reader.parsed()
        whole = reader.condition(tree)
        if whole.fixed:
            raise reader.meaningless(tree, f"it names none of {', '.join(names.kinds)}, so it says nothing of an input")
        self.names = _names(tree) & names.kinds.keys()  # no loop's variable has one of these names
        parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
        # Only what stands in front: Python does not ask what stands behind a condition that does not hold.
        first = next((at for at, part in enumerate(parts) if _names(part) & ABOUT_A_PREDICTION), len(parts))
        compiled = [reader.condition(part).of for part in parts]
        self._of_input, self._of_prediction = compiled[:first], compiled[first:]
        self._slots = reader.slots

    def __str__(self) -> str:
        return self.text

    @property
    def about_a_prediction(self) -> bool:
        """Whether the answer can differ from one prediction of an input to another."""
        return bool(self._of_prediction)

    def of_input(self, x: str | Sequence[str]) -> bool:
        """Whether what it says of an input alone is true: the first parts joined by ``and``, up to one with ``i`` ...

        Raises:
            BadUsage: the input has values that an operation does not take; the message names both.
        """
        return self._all(self._of_input, (x, None, None, None, None, None))

    def of_prediction(
        self,
        x: str | Sequence[str],
        i: int | None,
        token: str | None,
        predicted: str | None,
        right: str | None,
        output: str | None = None,
    ) -> bool:
        """Whether the other parts are true of one prediction of the input.

        Raises:
            BadUsage: as `of_input`.
        """
        return self._all(self._of_prediction, (x, i, token, predicted, right, output))

    def _all(
        self, parts: Sequence[Compiled], values: tuple[str | Sequence[str], int | None, *tuple[str | None, ...]]
    ) -> bool:
        scope: Scope = [None] * self._slots
        for place, value in zip(self._order, values, strict=True):
            scope[place] = value
        try:
            return all(part(scope) for part in parts)
        except Refused as error:
            x, i = values[:2]
            shown = x if isinstance(x, str) else " ".join(x)
            at = "" if i is None else f" at position {i}"
            raise BadUsage(f"--where {self._shown}: {error}, on the input {shown!r}{at}") from None


def _names(tree: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
