"""Reading a statement: lark finds its structure, `Builder` makes records of it, and errors say what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any

from lark import Lark, Token, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from tprog.errors import BadSource
from tprog.rasp.source import syntax
from tprog.rasp.source.bounds import DEEPEST_NESTING, LONGEST_STATEMENT
from tprog.rasp.source.grammar import GRAMMAR
from tprog.rasp.source.statements import Piece, pieces
from tprog.rasp.source.syntax import Command, Place, Statement, Subset
from tprog.rasp.values import Unfit, bounded, settled

_LONGEST_NUMBER = 1200  # digits

_WORDS = {
    "_SELECT": "'select('",
    "_AGGREGATE": "'aggregate('",
    "RANGE": "'range('",
    "ZIP": "'zip('",
    "LEN": "'len('",
    "NAME": "a name",
    "INT": "a number",
    "FLOAT": "a number",
    "STRING": 'a word in "quotes"',
    "$END": "the end",
    "SEMICOLON": "';'",
    "COMMA": "','",
    "COLON": "':'",
    "EQUAL": "'='",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
}
_SIGNS = {
    "EQ": "==", "NE": "!=", "LE": "<=", "GE": ">=", "GT": ">", "LT": "<", "PLUS": "+", "MINUS": "-", "TIMES": "*",
    "OVER": "/", "MOD": "%", "POWER": "^",
}  # fmt: skip
_BEGINS = {"NAME", "INT", "FLOAT", "STRING", "LPAR", "LSQB", "LBRACE", "_SELECT", "NOT"}
_GOES_ON = {"PLUS", "TIMES", "EQ", "AND"}

_COMMAND = re.compile(
    r"""(?P<set>set\s+(?:(?P<set_of>s-op|selector)\s+)?example\b)
    | (?P<show>show\s+(?:(?P<show_of>s-op|selector)\s+)?example\s*$)
    | (?P<examples>(?:(?P<examples_of>s-op|selector)\s+)?examples\s+(?P<on>on|off)\s*$)
    | (?P<full>full\ seq\ display\s+(?P<full_on>on|off)\s*$)
    | (?P<leave>(?:exit|quit)(?:\(\))?\s*$)""",
    re.VERBOSE,
)


class Unfinished(Exception):
    """A text ends within a statement: a console asks for the next line."""


def read_source(text: str, name: str, line: int = 1, quoted: bool = True) -> Iterator[Statement | Command]:
    """The statements of a source, each as soon as it is read.

    Args:
        name: of the file, for messages.
        line: the number of the first line.
        quoted: whether messages may quote the text: not that of a file that another one loads.

    Raises:
        BadSource: what stands there is no statement; the message says where, what was found and what was expected.
        Unfinished: the text ends within a statement.
    """
    for piece in pieces(text, line):
        yield read_piece(piece, name, quoted)


def read_piece(piece: Piece, name: str, quoted: bool = True) -> Statement | Command:
    """One statement; as `read_source`."""
    if piece.deep is not None:
        raise BadSource(
            name, piece.deep.line, piece.deep.column, f"more than {DEEPEST_NESTING} brackets within each other", "fewer"
        )
    if piece.too_long:
        raise BadSource(
            name, piece.at.line, piece.at.column, f"a statement of {len(piece.text):,} characters",
            f"at most {LONGEST_STATEMENT:,}",
        )  # fmt: skip
    reader = _Reader(name, piece.at, quoted)
    if piece.command:
        return reader.command(piece.text)
    found: Statement = reader.read(piece.text, "statement", whole=piece.whole)
    return found


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", start=["statement", "expr"], propagate_positions=True, maybe_placeholders=True)


class _Reader:
    """Reads a text that begins at a place of a source."""

    def __init__(self, name: str, at: Place, quoted: bool) -> None:
        self._name, self._at, self._quoted = name, at, quoted

    def read(self, text: str, start: str, whole: bool = True) -> Any:
        try:
            tree = _parser().parse(text, start=start)
        except UnexpectedInput as error:
            raise self._told(error, text, whole) from None
        try:
            return Builder(self._at).transform(tree)
        except VisitError as error:
            if isinstance(error.orig_exc, _Bad):
                raise self._bad(error.orig_exc.at, error.orig_exc.found, error.orig_exc.expected) from None
            raise

    def command(self, text: str) -> Command:
        """A command of the console."""
        found = _COMMAND.match(text.partition("#")[0].rstrip() if '"' not in text else text)
        match found and found.lastgroup:
            case "set" | "set_of":
                assert found is not None
                behind = text[found.end() :]
                place = _moved(self._at, Place(1, found.end() + 1))
                value = _Reader(self._name, place, self._quoted).read(behind, "expr")
                return syntax.SetExample(self._at, _subset(found["set_of"]), value)
            case "show" | "show_of":
                assert found is not None
                return syntax.ShowExample(self._at, _subset(found["show_of"]))
            case "examples" | "examples_of" | "on":
                assert found is not None
                return syntax.Examples(self._at, _subset(found["examples_of"]), found["on"] == "on")
            case "full" | "full_on":
                assert found is not None
                return syntax.FullDisplay(self._at, found["full_on"] == "on")
            case "leave":
                return syntax.Leave(self._at)
        raise self._bad(
            self._at,
            self._quote(text.split("\n")[0], "something else"),
            "'set example VALUE', 'show example', 'examples on', 'examples off', 'full seq display on' or 'exit'",
        )

    def _told(self, error: UnexpectedInput, text: str, whole: bool) -> Exception:
        place = Place(error.line, error.column) if error.line > 0 else _end_of(text)
        if isinstance(error, UnexpectedToken) and error.token.type == "$END":
            if not whole:
                return Unfinished()
            place, found = _end_of(text), "the end of the statement"
            wanted: Iterable[str] = error.accepts or error.expected
        elif isinstance(error, UnexpectedToken):
            found, wanted = self._quote(str(error.token), "something else"), error.accepts or error.expected
        else:
            assert isinstance(error, UnexpectedCharacters)
            found, wanted = self._quote(error.char, "a character"), error.allowed
        return self._bad(_moved(self._at, place), found, _wanted(wanted))

    def _bad(self, place: Place, found: str, expected: str) -> BadSource:
        return BadSource(self._name, place.line, place.column, found, expected)

    def _quote(self, text: str, plain: str) -> str:
        shown = text if len(text) <= 40 else text[:37] + "..."
        return repr(shown) if self._quoted else plain


def _subset(word: str | None) -> Subset:
    if word == "s-op":
        return "s-op"
    return "selector" if word == "selector" else "both"


def _wanted(names: Iterable[str]) -> str:
    """What may stand there, in words: not each sign, where any expression may begin or go on."""
    left = set(names)
    told = []
    if left >= _BEGINS - {"LBRACE"}:
        told.append("an expression")
        left -= _BEGINS | {"FLOAT", "_AGGREGATE", "RANGE", "ZIP", "LEN", "ROUND", "INDICATOR", "MINUS", "PLUS"}
    if left >= _GOES_ON:
        told.append("an operator")
        left -= {*_SIGNS, "AND", "OR", "IN", "_IF", "LSQB", "LPAR"} - {"NE"}
    told += sorted({_word(name) for name in left})
    return " or ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _word(name: str) -> str:
    return _WORDS.get(name) or f"'{_SIGNS.get(name) or name.strip('_').lower()}'"


def _moved(start: Place, place: Place) -> Place:
    """A place within a text, in the source in which that begins at `start`."""
    if place.line == 1:
        return Place(start.line, start.column + place.column - 1)
    return Place(start.line + place.line - 1, place.column)


def _end_of(text: str) -> Place:
    lines = re.split(r"\r\n|\n|\r", text.rstrip())
    return Place(len(lines), len(lines[-1]) + 1)


class _Bad(Exception):
    """What was read has no meaning."""

    def __init__(self, at: Place, found: str, expected: str) -> None:
        self.at, self.found, self.expected = at, found, expected


@v_args(meta=True)
class Builder(Transformer_NonRecursive[Token, Any]):
    """Makes the records of a statement from lark's tree, bottom up.

    Args:
        start: where the statement's text begins.
    """

    def __init__(self, start: Place) -> None:
        super().__init__()
        self._start = start

    def _at(self, meta: Meta) -> Place:
        return self._start if meta.empty else _moved(self._start, Place(meta.line, meta.column))

    def _place(self, token: Token) -> Place:
        return _moved(self._start, Place(token.line or 1, token.column or 1))

    # Expressions

    def name(self, meta: Meta, parts: list[Any]) -> syntax.Name:
        return syntax.Name(self._at(meta), str(parts[0]))

    def whole(self, meta: Meta, parts: list[Any]) -> syntax.Atom:
        return syntax.Atom(self._at(meta), bounded(int(self._short(parts[0]))))

    def decimal(self, meta: Meta, parts: list[Any]) -> syntax.Atom:
        return syntax.Atom(self._at(meta), Fraction(self._short(parts[0])))

    def _short(self, token: Token) -> str:
        if len(token) > _LONGEST_NUMBER:
            raise _Bad(self._place(token), f"a number of {len(token):,} digits", f"at most {_LONGEST_NUMBER:,}")
        return str(token)

    def word(self, meta: Meta, parts: list[Any]) -> syntax.Atom:
        try:
            return syntax.Atom(self._at(meta), settled(str(parts[0][1:-1])))
        except Unfit as error:
            raise _Bad(self._at(meta), str(error), "a shorter word") from None

    def list_of(self, meta: Meta, parts: list[Any]) -> syntax.ListOf:
        return syntax.ListOf(self._at(meta), parts[0] or ())

    def dict_of(self, meta: Meta, parts: list[Any]) -> syntax.DictOf:
        return syntax.DictOf(self._at(meta), parts[0] or ())

    def list_for(self, meta: Meta, parts: list[Any]) -> syntax.ListFor:
        return syntax.ListFor(self._at(meta), *parts)

    def dict_for(self, meta: Meta, parts: list[Any]) -> syntax.DictFor:
        return syntax.DictFor(self._at(meta), *parts)

    def chain(self, meta: Meta, parts: list[Any]) -> syntax.Chain:
        first, *rest = parts
        return syntax.Chain(self._at(meta), first, tuple(zip(map(str, rest[::2]), rest[1::2], strict=True)))

    def signs(self, meta: Meta, parts: list[Any]) -> syntax.Signs:
        *signs, operand = parts
        return syntax.Signs(self._at(meta), tuple(map(str, signs)), operand)

    def choice(self, meta: Meta, parts: list[Any]) -> syntax.Choice:
        at, chosen, *rest = self._at(meta), *parts
        if len(rest) > 2 * DEEPEST_NESTING:
            raise _Bad(at, f"a chain of {len(rest) // 2:,} conditions", f"at most {DEEPEST_NESTING}")
        for condition, other in zip(rest[::2], rest[1::2], strict=True):
            chosen = syntax.Choice(at, chosen, condition, other)
        found: syntax.Choice = chosen
        return found

    def index(self, meta: Meta, parts: list[Any]) -> syntax.Index:
        return syntax.Index(self._at(meta), parts[0])

    def call(self, meta: Meta, parts: list[Any]) -> syntax.Call:
        return syntax.Call(self._at(meta), parts[0] or ())

    def postfix(self, meta: Meta, parts: list[Any]) -> syntax.Postfix:
        base, *rest = parts
        if len(rest) > DEEPEST_NESTING:
            raise _Bad(self._at(meta), f"a chain of {len(rest):,} calls and indices", f"at most {DEEPEST_NESTING}")
        return syntax.Postfix(self._at(meta), base, tuple(rest))

    def select_of(self, meta: Meta, parts: list[Any]) -> syntax.SelectOf:
        key, query, comparison = parts
        return syntax.SelectOf(self._at(meta), key, query, str(comparison))

    def aggregate_of(self, meta: Meta, parts: list[Any]) -> syntax.AggregateOf:
        return syntax.AggregateOf(self._at(meta), *parts)

    def built_in(self, meta: Meta, parts: list[Any]) -> syntax.BuiltIn:
        name, given = parts
        return syntax.BuiltIn(self._at(meta), name.rstrip("("), given if isinstance(given, tuple) else (given,))

    # Parts of several

    def names(self, meta: Meta, parts: list[Any]) -> tuple[str, ...]:
        return tuple(map(str, parts))

    def exprs(self, meta: Meta, parts: list[Any]) -> tuple[Any, ...]:
        return tuple(parts)

    pairs = pair = body = exprs

    # Statements

    def show(self, meta: Meta, parts: list[Any]) -> syntax.Show:
        return syntax.Show(self._at(meta), parts[0])

    def assign(self, meta: Meta, parts: list[Any]) -> syntax.Assign:
        return syntax.Assign(self._at(meta), *parts)

    def draw(self, meta: Meta, parts: list[Any]) -> syntax.Draw:
        return syntax.Draw(self._at(meta), *parts)

    def load(self, meta: Meta, parts: list[Any]) -> syntax.Load:
        return syntax.Load(self._at(meta), str(parts[0][1:-1]))

    def define(self, meta: Meta, parts: list[Any]) -> syntax.Define:
        name, parameters, body, values = parts
        return syntax.Define(self._at(meta), str(name), parameters or (), body, values)

    def for_each(self, meta: Meta, parts: list[Any]) -> syntax.ForEach:
        return syntax.ForEach(self._at(meta), *parts)
