r"""Text as data in every kind of output: what a program carries as text never becomes code, markup or a terminal code.

Tokens, names of files and tasks, what a module says of itself and messages may hold any character. Each writer calls
one function of this module where text leaves it, so that a reader sees every character, and the output means nothing
else than its author wrote.

Two things are done. What would not be seen as itself is written as Python would escape it, ``\x1b`` or ``\u202e``:
control characters (they move a terminal's cursor, set its title, fill the clipboard), line and paragraph separators,
marks that turn the direction of text round, what has no width, blanks other than the space, halves of surrogate pairs
and what is not assigned. And what the form itself gives a meaning, such as ``<`` in HTML, is written as that form
quotes it. Letters of all scripts and emoji stay.

Each of the functions may be applied to its own output of plain text; none needs to know who wrote the text.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Sequence

_NOT_ASCII = re.compile(r"[^ -~]")
_ESCAPE = re.compile(r"\\[\\nrtxuU]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[^\n\t -~]")

# Python counts these as printable, but they show nothing or a blank.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_PICTURES = "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_EMOJI = re.compile(f"[{_PICTURES}]\ufe0f|[0-9#*]\ufe0f\u20e3|[{_PICTURES}\ufe0f]\u200d[{_PICTURES}]")
"""Where an invisible character is seen: it makes an emoji of what stands before it, or joins two to one."""


def visible(text: str) -> str:
    r"""The text on one line, with Python's escape for each character that would not be seen as itself.

    A backslash stays, so that the output may be made visible again, and text that Python has quoted stays as it is.
    """
    return text if text.isascii() and text.isprintable() else _NOT_ASCII.sub(_shown, text)


def visible_lines(text: str) -> str:
    """The same for text of several lines: line ends and tabs stay."""
    return _CONTROL.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    if character in "\u200d\ufe0f":
        unseen = found.start() == 0 or not _EMOJI.match(found.string, found.start() - 1)
    else:
        unseen = not character.isprintable() or _BLANK.match(character) is not None
    return ascii(character)[1:-1] if unseen else character


def half_a_pair(text: str) -> bool:
    """Whether a text has a surrogate without its other half: no character, and nothing that UTF-8 can hold."""
    return _SURROGATE.search(text) is not None


def spelled(text: str) -> str:
    r"""As `visible`, and no two texts alike: where one has an escape, or seems to, its backslashes are doubled.

    For tokens that stand in a table as they are: the four characters ``\x1b`` become ``\\x1b``.
    """
    shown = visible(text)
    return visible(text.replace("\\", "\\\\")) if shown != text or _ESCAPE.search(text) else text


def string_literal(text: str) -> str:
    """A string of Python, in double quotes unless it holds one."""
    written = repr(text)
    if written.startswith("'") and '"' not in written:
        # repr chose single quotes, so the text has no apostrophe and nothing to unescape
        written = f'"{written[1:-1]}"'
    return visible(written)


def docstring_text(text: str) -> str:
    """One line within a docstring of triple double quotes, which Python reads as the text."""
    return visible(text.replace("\\", "\\\\").replace('"', '\\"'))


def html_text(text: str) -> str:
    """Text within an element or a quoted attribute of HTML or XML."""
    from html import escape  # late: it brings a table of all names of characters, and most verbs write no page

    return escape(visible(text))


def json_text(value: object, indent: int | None = None) -> str:
    """A value as JSON in which letters can be read and nothing else is raw."""
    written = json.dumps(value, indent=indent, ensure_ascii=False)
    return _CONTROL.sub(lambda found: found[0] if _shown(found) == found[0] else json.dumps(found[0])[1:-1], written)


_MARKDOWN = re.compile(r"[\\`*\[\]|]|(?<![^\W_])_|_(?![^\W_])|~(?=[^~]*~)")
_LINKS = re.compile(r"[<>&$@]|:(?=/)|(?<=www)\.", re.IGNORECASE)


def markdown_text(text: str) -> str:
    """Text within a cell of a Markdown table: no emphasis, code, HTML or link, and no end of the cell."""
    quoted = _LINKS.sub(lambda found: f"&#{ord(found[0])};", visible(text))
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", quoted)


def diff_name(path: str) -> str:
    """A file's name in a diff: one that could be taken for more than a name is quoted, as git and `patch` do."""
    if path == visible(path) and not set(' "\\').intersection(path):
        return path
    plain = {"\\": "\\\\", '"': '\\"'}
    return '"' + "".join(plain.get(c, c) if visible(c) == c else _octal(c) for c in path) + '"'


def shell_command(words: Sequence[str]) -> str:
    """A command line that a person may paste into a shell: POSIX, but for words that only ``$'...'`` can say."""
    return " ".join(shlex.quote(word) if visible(word) == word else _ansi_c(word) for word in words)


def _ansi_c(word: str) -> str:
    plain = {"\\": "\\\\", "'": "\\'"}
    return "$'" + "".join(plain.get(c, c) if visible(c) == c else _octal(c) for c in word) + "'"


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))
