"""What a module says of its program: its docstring, and the constants TASK, PROVENANCE and SOURCES."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tprog.escape import docstring_text
from tprog.ir.program import Program
from tprog.text.builder import INDENT, Builder, literal


def is_plain(text: str) -> bool:
    """Whether a text is one line that shows all of itself, so that it can stand among words as it is."""
    return text.isprintable() and text == text.strip() != ""


PAIR = re.compile(r"([A-Za-z][\w -]*): (\S.*)")
"""A line of a module's docstring that says something of where the program comes from."""


def fits_lines(provenance: Iterable[tuple[str, str]]) -> bool:
    """Whether each pair can stand on a line of its own, as a word, a colon and a plain text."""
    return all(
        is_plain(text) and (found := PAIR.fullmatch(f"{key}: {text}")) is not None and found.groups() == (key, text)
        for key, text in provenance
    )


def docstring(out: Builder, program: Program) -> None:
    """The module's docstring: what the program is for, and where it comes from, if lines can say that."""
    what = "for no named task"
    if program.task is not None:
        what = f"for the task {docstring_text(program.task if is_plain(program.task) else literal(program.task))}"
    out.line(f'"""A Transformer Program {what}, in the form that tpdebug writes and reads.')
    if program.provenance and fits_lines(program.provenance):
        out.line()
        for line in provenance_lines(program):
            out.line(line)
    out.line('"""')
    out.line()


def provenance_lines(program: Program) -> list[str]:
    """What a module says of where the program comes from, one line a key.

    They stand in its docstring, or, where a line cannot say one of them, as strings in the constant PROVENANCE.
    """
    if fits_lines(program.provenance):
        return [docstring_text(f"{key}: {text}") for key, text in program.provenance]
    return [f"{INDENT}({literal(key)}, {literal(text)})," for key, text in program.provenance]


def told_constants(out: Builder, program: Program) -> None:
    """The constants that hold text about the program."""
    out.line(f"TASK = {literal(program.task)}")
    if not fits_lines(program.provenance):
        out.line("PROVENANCE = (")
        for line in provenance_lines(program):
            out.line(line)
        out.line(")")


def source_lines(out: Builder, program: Program) -> None:
    """The constant that says where nodes were written, if one was."""
    if not program.sources:
        return
    out.line()
    out.line("# Where each was written.")
    with out.block("SOURCES = {"):
        for source in program.sources:
            out.line(f"{literal(source.node)}: ({literal(source.file)}, {source.line}, {literal(source.text)}),")
    out.line("}")
