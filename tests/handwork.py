"""What people do to a module and that changes nothing of what it means: comments, blank lines, line ends, spacing."""

from __future__ import annotations

import io
import random
import tokenize
from collections import Counter
from collections.abc import Iterator
from typing import Literal

LineEnds = Literal["\n", "\r\n", "mixed"]

_Edit = tuple[int, int, str]
_LINE_STARTS = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL)


def by_hand(text: str, draw: random.Random, ends: LineEnds = "\n", often: float = 0.1) -> str:
    """The module `text` (with line feeds) as a person has left it. Each comment is another."""
    edits = list(_Hand(text, draw, often).edits())
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new + text[end:]
    if draw.random() < often:
        text = text.rstrip("\n")
    if ends == "mixed":
        return "".join(draw.choice(["\n", "\r\n"]) if letter == "\n" else letter for letter in text)
    return text.replace("\n", ends)


def comments(text: str) -> Counter[str]:
    """The comments of a module."""
    tokens = tokenize.generate_tokens(io.StringIO(text.replace("\r\n", "\n")).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


class _Hand:
    def __init__(self, text: str, draw: random.Random, often: float) -> None:
        self.tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.draw, self.often = draw, often
        self.joined: set[int] = set()
        self.names: dict[str, str] = {}

    def at(self, place: tuple[int, int]) -> int:
        return self.starts[place[0] - 1] + place[1]

    def edits(self) -> Iterator[_Edit]:
        depth, fresh = 0, True
        for index, token in enumerate(self.tokens[:-1]):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == "def":
                self.rename(index)
            wanted = self.draw.random() < self.often and index not in self.joined
            if fresh and token.type == tokenize.NAME and wanted:
                start = self.starts[token.start[0] - 1]
                blank = self.draw.choice(["", "\n", "   \n", "\n\n"])
                yield start, start, f"{blank}{' ' * self.draw.randrange(9)}# above {index}\n"
            begins = token.type in _LINE_STARTS or (fresh and token.type == tokenize.COMMENT)
            fresh = begins and index not in self.joined
            if token.type == tokenize.NAME and token.string in self.names:
                yield self.at(token.start), self.at(token.end), self.names[token.string]
            elif wanted:
                yield from self.bracketed(index) if depth else self.plain(index)
                fresh = fresh and index + 1 not in self.joined

    def rename(self, index: int) -> None:
        """Other names for the arguments of a predicate or lookup."""
        self.names = {}
        if self.draw.random() < self.often and self.tokens[index + 1].string.startswith(("predicate_", "lookup_")):
            for token in self.tokens[index + 3 :]:
                if token.string == ")":
                    return
                if token.type == tokenize.NAME:
                    self.names[token.string] = f"{token.string}_"

    def plain(self, index: int) -> Iterator[_Edit]:
        """Outside brackets: a comment behind a line, a branch on one line, more space, other quotes."""
        token, after = self.tokens[index : index + 2]
        begin, end = self.at(token.start), self.at(token.end)
        if token.type == tokenize.NEWLINE:
            branch = after.type == tokenize.INDENT and self.tokens[index - 1].string == ":"
            if branch and self.tokens[index + 2].string == "return":
                self.joined.add(index + 1)
                yield begin, self.at(after.end), self.draw.choice([" ", "  "])
            else:
                yield begin, begin, f"  # behind {index}"
        elif token.string in ("==", "in", "<=", ">="):
            yield end, end, "  "
        elif _simple(token):
            yield begin, end, f"'{token.string[1:-1]}'"

    def bracketed(self, index: int) -> Iterator[_Edit]:
        """Within brackets: line breaks and comments wherever one may stand, and none where one stood."""
        token, after = self.tokens[index : index + 2]
        begin, end = self.at(token.start), self.at(token.end)
        breaks = after.type == tokenize.NL
        if token.string == "," and not breaks:
            yield end, end, self.draw.choice(["\n", "  ", f"  # item {index}\n", f"\n   # own {index}\n"])
        elif token.string in ("{", "[") and breaks:
            yield end, end, f"  # first {index}"
        elif token.string in ("{", "[") and after.string != "}":
            yield end, end, self.draw.choice(["\n            ", f"  # open {index}\n", "  "])
        elif token.type == tokenize.NL and self.tokens[index - 1].string == ",":
            yield begin, self.at(after.start), self.draw.choice([" ", "\n\n  "])
        elif _simple(token):
            yield begin, end, f"'{token.string[1:-1]}'"


def _simple(token: tokenize.TokenInfo) -> bool:
    return token.type == tokenize.STRING and token.string[0] == '"' and token.string[1:-1].isalnum()
