"""One cell of examples as tokens: text with blanks, or a list as JSON, Python, NumPy or pandas writes it.

Nothing is evaluated: a list is read item by item, and an item is a string in quotes, a whole number, or nothing.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from tprog.errors import BadFile
from tprog.ir.program import BEGIN, END
from tprog.ir.values import FALSE, TRUE, Boolean, Label, Nothing, spelling
from tprog.listing import shortened

Answers: TypeAlias = tuple[str | None, ...]
"""One a token, None where none is graded."""

CellForm: TypeAlias = Literal["text", "list", "Python list", "NumPy array"]

_ITEM = re.compile(
    r"""\s*(?P<open>np\.\w{1,9}\(\s*)?"""  # NumPy 2 writes np.str_('a')
    r"""(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<bare>[^\s,\[\]()'"]+))(?:\s*(?P<close>\)))?\s*(?P<comma>,)?\s*"""
)
_NOTHING = ("None", "null", "nan", "NaN", "<NA>")
_MARK = re.compile(f"({re.escape(BEGIN)}|{re.escape(END)})")


@dataclass(frozen=True)
class Cell:
    """What stands in a cell.

    Attributes:
        items: its tokens, None where there is none; text is cut at its blanks.
        form: how they were written.
    """

    items: Answers
    form: CellForm

    @property
    def is_word(self) -> bool:
        """Whether it is text without a blank, which may be meant letter by letter."""
        return self.form == "text" and len(self.items) == 1

    @property
    def letters(self) -> Answers:
        """Its one word letter by letter; marks stay whole."""
        (word,) = self.items
        pieces = _MARK.split(word or "")
        return tuple(item for piece in pieces for item in ([piece] if _MARK.fullmatch(piece) else piece))


def read_cell(where: str, what: str, value: object) -> Cell:
    """The tokens of a cell.

    Args:
        where, what: which cell, for the message.

    Raises:
        BadFile: it is no text and no list of strings.
    """
    if isinstance(value, int) and what == "output":
        value = word_of(value)
    if isinstance(value, list):
        return Cell(_words(where, what, value), "list")
    if not isinstance(value, str):
        raise BadFile(f"{where}: the {what} is {shortened(value)}; expected text, or a list of strings")
    text = value.strip()
    if text.startswith("[") and text.endswith("]"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return _python_list(where, what, text)
        if not isinstance(found, list):
            raise BadFile(f"{where}: the {what} is {shortened(found)}; expected text, or a list of strings")
        return Cell(_words(where, what, found), "list")
    if re.match(r"\(\s*['\"]", text) and text.endswith(")"):
        return _python_list(where, what, text)
    return Cell(tuple(text.split()), "text")


def _python_list(where: str, what: str, text: str) -> Cell:
    """A list as Python, NumPy or pandas writes it: ``['a', 'b']``, ``('a', 'b')``, ``['a' 'b']``."""
    items: list[object] = []
    place, end, commas = 1, len(text) - 1, 0
    while place < end and (items or text[place:end].strip()):
        found = _ITEM.match(text, place, end)
        if found is None or (found["open"] is None) != (found["close"] is None):
            raise BadFile(
                f"{where}: the {what} {shortened(text)} begins like a list, but is none; expected "
                "[\"a\", \"b\"] or ['a', 'b'], or tokens with blanks between them"
            )
        place = found.end()
        commas += found["comma"] is not None
        items.append(_item(found))
    if "..." in items:
        raise BadFile(f"{where}: the {what} {shortened(text)} is a NumPy array with items left out; write it as a list")
    if commas not in (0, len(items) - 1, len(items)):
        raise BadFile(f"{where}: the {what} {shortened(text)} lacks a comma between two items")
    form: CellForm = "NumPy array" if len(items) > 1 and not commas else "Python list"
    return Cell(_words(where, what, items), form)


def _item(found: re.Match[str]) -> object:
    """A string, a whole number, None, or whatever else stands there as text in a list of its own, which is refused."""
    if found["text"] is not None:
        if "\\" not in found["text"]:
            return found["text"][1:-1]
        try:
            return ast.literal_eval(found["text"])  # one string in quotes, and nothing else
        except (ValueError, SyntaxError):
            return [found["text"]]
    bare = found["bare"]
    if bare in _NOTHING:
        return None
    if re.fullmatch(r"-?[0-9]{1,18}", bare):
        return int(bare)
    return bare if bare == "..." else [bare]


def _words(where: str, what: str, items: list[object]) -> Answers:
    words = tuple(None if item is None else word_of(item) for item in items)
    if "" in words:
        raise BadFile(f"{where}: the {what} holds {shortened(items[words.index('')])}; expected strings")
    return words


def word_of(item: object) -> str:
    """A token or class as text, a value in its one spelling; what is no value is the empty word."""
    match item:
        case bool():
            return spelling(TRUE if item else FALSE)
        case str() | int() | Fraction() | Boolean() | Label() | Nothing():
            return spelling(item)
    return ""
