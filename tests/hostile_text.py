"""Text that means harm wherever it is taken for more than text, and programs that carry it in every place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from tprog.ir.domains import BEGIN, END, PAD, UNKNOWN, Keys, Symbol, Value
from tprog.ir.nodes import Embedding, Head, Linear, Lookup, Node, NumericHead
from tprog.ir.program import Program
from tprog.ir.selections import Clause

CONTROLS = (
    *map(chr, range(0x20)),
    "\x7f",
    *map(chr, range(0x80, 0xA0)),
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    *"\xad\u200b\u200c\u200d\u2060\u2063\ufeff\u2028\u2029\U000e0041\ufff9\u034f\u3164\u2800\ufe0f\xa0\u3000\ue000",
)
"""Characters that are not seen as themselves."""

CODE = (
    '"""\nimport pathlib; pathlib.Path("CANARY").touch()\n"""',
    "'''\nimport pathlib\n'''",
    '"""); exit(); ("""',
    '" + __import__("os").getcwd() + "',
    "' + __import__('os').getcwd() + '",
    "{__import__('os')}",
    '""',
    '"',
    "'",
    "\\",
    '\\"',
    "\\\\'\"",
    "x\\",
    "\\N{BELL}",
    "\\x1b",
    "\\n",
    "# coding: rot13",
    "\n# a comment\nraise SystemExit",
    "*/ //",
    "%s%n{0}",
)
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "</td></tr></table><h1>",
    "<!-- --> ]]>",
    "&lt;b&gt;&amp;",
    "<b>",
    "<<IMG SRC='x'/>>",
    '"]; evil [URL="http://evil.example"]; "',
    'x" URL="javascript:alert(1)',
    "\\N \\G \\l",
    "[bold red]x[/bold red]",
    "[link=http://evil.example]here[/link]",
    "[/]",
    ":smile:",
    "a|b",
    "`` ` ``",
    "[here](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "**x** _y_ ~~z~~",
    "http://evil.example www.evil.example",
    "# title",
    "=cmd|' /C calc'!A0",
)
TERMINAL = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "a\rb",
    "a\nb",
    "a\tb",
    "a\x08b",
    "\u202eabc\u202c",
    "a\u2066b",
    "\x00",
)
PLAIN = ("\xe9", "e\u0301", "\u4e2d\u6587", "\U0001f600", "\u2764\ufe0f", "\U0001f469\u200d\U0001f4bb", "\u05d0\u05d1")

TEXTS = (*CODE, *MARKUP, *TERMINAL, *PLAIN, *CONTROLS)

texts = st.one_of(
    st.sampled_from(TEXTS),
    st.text(min_size=1, max_size=12),
    st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4).map("".join),
).filter(lambda text: text not in (BEGIN, END, UNKNOWN, PAD))
"""Any text, most of it hostile; no halves of surrogate pairs, which no program may hold."""

lines = texts.filter(lambda text: text.isprintable() and text == text.strip() != "")
"""Hostile text in one line, as a program's task and what it says of itself are."""

keys = st.from_regex(re.compile(r"[A-Za-z][\w -]{0,8}"), fullmatch=True)


def raw(text: str) -> list[str]:
    """The characters of an output that a terminal or reader would not show as themselves; line ends and tabs may be."""
    unseen = {*CONTROLS} - {"\n", "\t", "\u200d", "\ufe0f"}  # the last two are seen in an emoji
    return [
        c
        for c in text
        if c in unseen or (unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t\u200d")
    ]


def respelled(program: Program, spelling: Mapping[str, str]) -> Program:
    """A program with other words: tokens, classes, and the symbols of its nodes. Marks stay."""

    def word(text: str) -> str:
        return text if text in (BEGIN, END, UNKNOWN, PAD) else spelling.get(text, text)

    def value(found: Value | None) -> Value | None:
        return word(found) if isinstance(found, str) else found

    def symbol(found: Symbol | None) -> Symbol | None:
        return word(found) if isinstance(found, str) else found

    def symbols(found: Keys) -> Keys:
        return tuple(word(one) if isinstance(one, str) else one for one in found)

    def rows(found: tuple[Keys | None, ...]) -> tuple[Keys | None, ...]:
        return tuple(None if row is None else symbols(row) for row in found)

    def clause(found: Clause) -> Clause:
        return replace(found, predicate=rows(found.predicate))

    def node(found: Node) -> Node:
        match found:
            case Embedding():
                return replace(found, symbols=symbols(found.symbols), table=tuple(map(symbol, found.table)))
            case Lookup():
                domain = None if found.symbols is None else symbols(found.symbols)
                return replace(found, symbols=domain, cells=tuple(map(value, found.cells)))
            case Head() | NumericHead():
                also, instead = tuple(map(clause, found.also)), tuple(tuple(map(clause, one)) for one in found.instead)
                changed = replace(found, predicate=rows(found.predicate), also=also, instead=instead)
                return replace(changed, default=symbol(changed.default)) if isinstance(changed, Head) else changed
            case Linear():
                return found

    return replace(
        program,
        vocabulary=tuple(map(word, program.vocabulary)),
        classes=tuple(map(word, program.classes)),
        nodes=tuple(map(node, program.nodes)),
    )


def words_of(program: Program) -> list[str]:
    """All the words that `respelled` may change."""
    found: list[object] = [*program.vocabulary, *program.classes]
    for node in program.nodes:
        match node:
            case Embedding(symbols=symbols):
                found += symbols
            case Lookup(symbols=symbols):
                found += symbols or ()
            case _:
                pass
    words = dict.fromkeys(word for word in found if isinstance(word, str))
    return [word for word in words if word not in (BEGIN, END, UNKNOWN, PAD)]
