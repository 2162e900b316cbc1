"""Modules with odd line ends, marks, declarations and control characters: is the text that is read the one that runs?

``python -m tests.bench.odd_layout --count 5000`` changes the layout of good modules at random, and hides in them what
would end them at once if Python read another text than tpdebug does. Each is read. An accepted one is compared with
what Python makes of the bytes of the file: the syntax trees must agree to the column, and ``python FILE``, which
decodes the file by other code than an import does, must print what the Program that was read predicts.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import random
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tprog
from tests.programs import PROGRAMS
from tprog.errors import TpdebugError
from tprog.ir.program import BEGIN, END, UNKNOWN, Program
from tprog.text.read import Module, read_module

ENDS = ("\n", "\r\n", "\r", "\n\r", "\r\r\n")

CODINGS = (
    *("utf-8", "utf8", "UTF-8", "utf_8", "Utf_8", "utf-8-sig", "utf-8-unix", "utf8-unix", "u8", "U8", "utf", "cp65001"),
    *("ascii", "us-ascii", "ASCII", "latin-1", "iso-8859-15", "cp1252", "koi8-r", "gbk", "shift_jis", "big5", "utf-7"),
    *("raw_unicode_escape", "unicode_escape", "unicode-escape", "utf7", "utf-16", "utf-32", "rot13", "punycode", ""),
    *("nonsense", "utf-8\N{KELVIN SIGN}", "utf-8\N{LATIN SMALL LETTER E WITH ACUTE}"),
)

TELLING = ("utf8", "utf_8", "raw_unicode_escape", "unicode_escape", "utf-7")
"""Those that hide a statement, or that Python takes or leaves according to what stands before."""

STOP = "raise SystemExit('the hidden statement ran')"

HIDERS = (
    *("\\u000a", "\\n", "\\x0a", "\\N{LINE FEED}", "+AAo-", "+AA0-", "\r", "\r\n", "\v", "\f", "\0", "\x1a", "\x1a\n"),
    *("\x1c", "\x1d", "\x1e", "\x85", "\xa0", "\u2028", "\u2029", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
)
"""What somebody might take for a line end, and somebody else not."""

ODD = ("\f", "\v", "\x1a", "\0", "\ufeff", "\x85", "\u2028", "\u200b", "\x1c", "\t", " ", "\\\n", "\\\r", "\\\r\n")


# Mutations ############################################################################################################


def _cookie(rng: random.Random) -> str:
    coding = rng.choice(rng.choice((CODINGS, TELLING)))
    if rng.random() < 0.6:
        return f"# coding: {coding}"
    before = rng.choice(("", "", " ", "\t", "\f", "\f ", "\v", "x = 1 ", "\N{NO-BREAK SPACE}"))
    words = rng.choice(("# ", "#", "# -*- ", "# vim: set file", "# the ", "#\f", "# coding: "))
    sign = rng.choice((":", "=", ": ", ":\t", "= \t ", " :", "::", ":\N{NO-BREAK SPACE}"))
    return f"{before}{words}coding{sign}{coding}{rng.choice(('', ' -*-', ' ' + STOP))}"


def _hidden(rng: random.Random) -> str:
    end = rng.choice(("", " #", "\r", " # +AAo-"))
    return f"# {rng.choice(('', 'a word', 'é'))}{rng.choice(HIDERS)}{STOP}{end}"


def _heading(rng: random.Random, lines: list[str]) -> None:
    """Something in the first three lines, and perhaps what only another coding would show."""
    kinds = rng.choices(("blank", "cookie", "hidden"), (0.4, 0.45, 0.15), k=rng.choice((1, 2, 2, 3)))
    for at, kind in enumerate(kinds):
        if kind == "blank":
            new = rng.choice(("", "", " ", "#", "\f", "# a"))
        else:
            new = _cookie(rng) if kind == "cookie" else _hidden(rng)
        lines.insert(min(at + rng.choice((0, 0, 0, 1)), len(lines)), new)
    if rng.random() < 0.6:
        lines.insert(rng.randrange(3, len(lines)), f"# {rng.choice(HIDERS[:6])}{STOP}")


def _anywhere(rng: random.Random, lines: list[str]) -> None:
    """Something behind, before or between lines."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                lines.insert(at, " " * rng.choice((0, 0, 4, 8)) + _hidden(rng))
            case 1:
                lines[at] += "  " + _hidden(rng)
            case 2:
                lines[at] = rng.choice(("\f", "\f", "\v", "\t", " ")) + lines[at]
            case 3:
                lines[at] += rng.choice(ODD)
            case _:
                place = rng.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + rng.choice((*ODD, *HIDERS)) + lines[at][place:]


def _joined(rng: random.Random, lines: Sequence[str]) -> str:
    """Lines with one kind of end, or several; the first three may have their own."""
    usual = rng.choice(("\n", "\n", "\r\n", *ENDS))
    share, first = rng.choice((0, 0, 0.01, 0.1, 0.5)), rng.choice((0, 0.9))
    ends = (rng.choice(ENDS) if rng.random() < (first if at < 3 else share) else usual for at in range(len(lines) - 1))
    last = rng.choice((usual, usual, "", "\r", "\x1a"))
    return "".join(f"{line}{end}" for line, end in zip(lines, [*ends, last], strict=True))


def _encoded(rng: random.Random, text: str) -> bytes:
    data = text.encode("utf-8")
    match rng.randrange(12):
        case 0 | 1 | 2:
            return b"\xef\xbb\xbf" + data
        case 3:
            return b"\xef\xbb\xbf" * 2 + data
        case 4:
            return text.encode(rng.choice(("utf-16", "utf-16-le", "utf-32", "utf-7", "utf-8-sig")))
        case 5:
            return rng.choice((b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\xef\xbb", b"\n\xef\xbb\xbf")) + data
    return data


def odd(seed: int, sources: Sequence[str]) -> bytes:
    """The module of a seed: one of the sources with its layout changed."""
    rng = random.Random(seed)
    lines = rng.choice(sources).split("\n")
    if rng.random() < 0.7:
        _heading(rng, lines)
    if rng.random() < 0.4:
        _anywhere(rng, lines)
    return _encoded(rng, _joined(rng, lines))


def own_sources() -> list[str]:
    """The test programs as modules."""
    return [tprog.emit(known.program).text.rstrip("\n") for known in PROGRAMS.values()]


# Comparison ###########################################################################################################


def _tree(source: str | bytes) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.dump(ast.parse(source), include_attributes=True)


def _argument(program: Program) -> str:
    letters = [word for word in program.vocabulary if word not in (BEGIN, END, UNKNOWN)]
    return " ".join(letters[:2])


def _expected(program: Program) -> str:
    """What a module of this Program prints, by the module that is emitted for it."""
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(tprog.emit(program).text, "<emitted>", "exec", dont_inherit=True), names)
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = names["main"](names["run"], names["VOCABULARY"], [_argument(program)])
    return f"{code}: {out.getvalue()}{err.getvalue()}"


def difference(module: Module, data: bytes, path: Path, *, run: bool) -> str | None:
    """Where Python reads another program than tpdebug did, or None.

    Args:
        run: run the file too, which takes a process.
    """
    try:
        by_python = _tree(data)
    except (SyntaxError, ValueError) as error:
        return f"Python refuses it: {error}"
    if by_python != _tree(module.text):
        return "Python reads another syntax tree from the bytes of the file"
    if run:
        command = [sys.executable, "-I", "-B", str(path), _argument(module.program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        printed = f"{done.returncode}: {done.stdout}{done.stderr}"
        if printed != _expected(module.program):
            return f"running the file prints {printed!r}, the program that was read predicts otherwise"
    return None


@dataclass
class Tally:
    """What came of modules: accepted, refused -> how many; and (seed, what is wrong) of each fault."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)


def check(seeds: Sequence[int], sources: Sequence[str], runs: Callable[[int], bool]) -> Tally:
    """Read the modules of seeds, and compare the accepted ones with what Python makes of them.

    Args:
        runs: whether the accepted module of a seed is run as well.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.py"
        for seed in seeds:
            data = odd(seed, sources)
            path.write_bytes(data)
            try:
                module = read_module(path)
            except TpdebugError as error:
                tally.counts["refused"] += 1
                if "\n" in str(error):
                    tally.faults.append((seed, f"a message that is not one line: {error!r}"))
                continue
            except Exception as error:  # a crash of the reader is what is looked for
                tally.faults.append((seed, repr(error)[:200]))
                continue
            tally.counts["accepted"] += 1
            if found := difference(module, data, path, run=runs(seed)):
                tally.faults.append((seed, found))
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="modules to read")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args(arguments)
    tally = check(range(options.first, options.first + options.count), own_sources(), lambda seed: True)
    print(f"{tally.counts['accepted']:,} accepted, {tally.counts['refused']:,} refused; {len(tally.faults)} faults")
    for seed, fault in tally.faults:
        print(f"seed {seed}: {fault}")
    return int(bool(tally.faults))


if __name__ == "__main__":
    sys.exit(main())
