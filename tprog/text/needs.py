"""What a module needs beside its tables and assignments: primitives, the class of symbols, imports; and what it calls.

`emit` writes these, and the reader asks for them: a module that lacks one could not run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import assert_never

from tprog import primitives
from tprog.ir.domains import Attend
from tprog.ir.program import AttentionHead, Embedding, Head, Linear, Lookup, Node, NumericHead, Program
from tprog.ir.values import Boolean, Label, Nothing
from tprog.text.branches import levels_call
from tprog.text.syntax import python_lines, read_python

SIDE_ROWS = 2000
"""A vocabulary, and the tables with one row a word, go to a side file beyond this many rows."""

WORDS, KEYED = "WORDS", "dict.fromkeys(VOCABULARY)"
"""The constant that `run` looks words up in where the vocabulary is that long, and what it is: a tuple would be gone
through for each token."""


def needs_fraction(program: Program) -> bool:
    """Whether the module names Fraction: a mean, or a number in a table, or a symbol, that is not whole."""
    return side_values(program) or any(map(_names_fraction, program.nodes))


def _names_fraction(node: Node) -> bool:
    if node.kind == "numeric head" and node.reduce == "mean":
        return True
    told: list[Sequence[object]] = [node.declares or ()]
    for entries in node.tables.values():
        # What a node declares is all that its entries answer, and of thousands of words they are many.
        told += [*([] if node.declares else [entries.answers]), *(levels or () for levels in entries.levels)]
    return any(map(_is_broken, chain.from_iterable(told)))


def _is_broken(value: object) -> bool:
    return isinstance(value, Fraction) and value.denominator != 1


def needs_symbols(program: Program) -> bool:
    """Whether the module names symbols that are neither text nor numbers; all that it has, some node declares."""
    return side_values(program) or any(
        isinstance(s, Boolean | Nothing | Label) for node in program.nodes for s in node.declares or ()
    )


def side_values(program: Program) -> bool:
    """Whether words have values, in the side file, that JSON has no plain form for."""
    return len(program.vocabulary) > SIDE_ROWS and any(
        not isinstance(symbol, str | int)
        for node in program.nodes
        if node.words is not None
        for symbol in node.declares or ()
    )


@cache
def primitive_texts() -> Mapping[str, str]:
    """Name -> source of each function of `tprog.primitives`, in the order of that module.

    They are cut at lines that are not indented: parsing all of them takes a third of the time to write a module.
    """
    functions: dict[str, list[str]] = {}
    own: list[str] = []
    for line in python_lines(read_python(primitives.__file__)):
        if found := re.match(r"def (\w+)\(", line):
            own = functions[found[1]] = [line]
        elif line[:1] in ("", " ", ")"):
            own.append(line)
        else:
            own = []
    return {name: "\n".join(lines).rstrip() for name, lines in functions.items()}


@cache
def symbols_text() -> str:
    """The source of the class of symbols that are neither text nor numbers, and of the three that have names."""
    source = read_python(primitives.__file__)
    lines, tree = python_lines(source), ast.parse(source)
    first = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    last = next(node for node in tree.body if isinstance(node, ast.Assign))
    return "\n".join(lines[first.lineno - 1 : last.end_lineno])


def primitives_used(program: Program) -> list[str]:
    """The primitives that the module of a Program carries, in the order of `tprog.primitives`."""
    used = {program.marks.checker("unk"), checker(program)} | set(re.findall(r"(\w+)\(", entrance(program)))
    if not program.readout.implied:
        used |= {"read_out", classifier(program)}
        used |= set() if program.readout.pooled else {"classify"}
    used.update(*(_used_by(program, node) for node in program.nodes))
    return [name for name in primitive_texts() if name in used]


def _used_by(program: Program, node: Node) -> set[str]:
    """The primitives that a node's assignment calls, and those that they call."""
    match node:
        case Embedding():
            return {"embed"}
        case Lookup():
            calls = {levels_call(program, node.entries, which) for which in range(len(node.inputs))}
            return {"elementwise"} | ({"round_down"} & calls)
        case Linear():
            return {"_linear"}
        case Head() | NumericHead():
            together = set() if node.alone else {"_any"}
            return {"visible", "select", selector(program, node), aggregator(node)} | together
        case _:
            assert_never(node)


def checker(program: Program) -> str:
    """The primitive that `run` hands its input to."""
    return program.marks.checker(program.unknown_rule)


def entrance(program: Program) -> str:
    """How the call of the primitive begins that answers the command line."""
    if program.places.several:
        return "_main_of_several(run"
    name = "main" if program.marks.begins else "_main_without_begin"
    return f"{name}({'_spelled(run)' if program.readout.implied else 'run'}"


def classifier(program: Program) -> str:
    """The primitive that a readout answers by."""
    if program.readout.pooled:
        return "classify_pooled"
    return "classify" if program.readout.rows_needed == "free" else "classify_everywhere"


SELECTORS: Mapping[Attend, str] = {
    "first": "_select_first",
    "last": "_select_last",
    "largest": "_select_largest",
    "smallest": "_select_smallest",
}
"""The primitive that says which position a head attends to, where that is another than the nearest."""


def selector(program: Program, node: AttentionHead) -> str:
    match node:
        case Head(attend="nearest"):
            return "select_closest" if program.self_rule == "last" else "select_closest_by_count"
        case Head():
            return SELECTORS[node.attend]
        case NumericHead():
            return "select"
        case _:
            assert_never(node)


def aggregator(node: AttentionHead) -> str:
    match node:
        case Head():
            return "aggregate"
        case NumericHead(reduce="mean"):
            return "aggregate_mean"
        case NumericHead():
            return "selector_width" if node.value == "ones" else "aggregate_sum"
        case _:
            assert_never(node)
