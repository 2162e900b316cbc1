"""Reads the modules that `tprog.text.emit` writes, also after a person has edited them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from tprog.edits.entry import Entry
from tprog.ir.program import BEGIN, Node, Program, Variable, domain_of
from tprog.text.dialects.parts import Parts, built
from tprog.text.dialects.readout import read_weights
from tprog.text.dialects.run_lines import read_node
from tprog.text.dialects.subset import Source, dict_items, plain_parameters, without_docstring
from tprog.text.dialects.top_level import TopLevel, read_frame, read_tables, read_top_level
from tprog.text.emit import Block, checker, classifier, entrance, needs_fraction, primitives_used


def preamble(frame: Program) -> tuple[str, ...]:
    """The lines that `run` begins with."""
    return (
        f"tokens = {checker(frame)}(tokens, VOCABULARY, MAX_LENGTH)",
        "positions = list(range(len(tokens)))",
        "ones = [1] * len(tokens)",
    )


def read_tpdebug(
    source: Source, tree: ast.Module, side: Callable[[str], str]
) -> tuple[Program, Mapping[Entry, int], Mapping[Block, tuple[int, int]]]:
    """The Program that a module means, the line of each entry and the lines of each block (1-based).

    Raises:
        BadSource: anything outside the dialect, at its line and column.
        BadFile: a side file that is not what the module needs.
    """
    top = read_top_level(source, tree)
    source = top.source
    tables = read_tables(top, side)
    frame = read_frame(top, tables)
    parts = Parts(source, top.constants, top.functions, tables, frame, dict(frame.variables))
    nodes = _run(parts)
    variables = _variables(parts)
    terms = read_weights(parts)
    for term in terms:
        if term.variable not in variables:
            found = f"`variables` without {term.variable!r}"
            source.refuse(_body(parts)[-2], found, "every variable that READOUT names")
    program = built(
        source,
        top.constants["READOUT"],
        lambda: replace(frame, nodes=tuple(nodes), readout=replace(frame.readout, terms=terms)),
    )
    _check_runs(top, parts, program)
    return program, parts.lines, parts.blocks


def _ending(program: Program) -> str:
    if program.readout.pooled:
        return "return classify_pooled(READOUT, variables, CLASSES)"
    return f"return {classifier(program)}(READOUT, variables, CLASSES, FORCED)"


def _body(parts: Parts) -> list[ast.stmt]:
    return list(without_docstring(parts.functions["run"].body))


def _run(parts: Parts) -> list[Node]:
    """The nodes, one a line between the preamble and the readout."""
    function, body, ending = parts.functions["run"], _body(parts), _ending(parts.frame)
    begin = preamble(parts.frame)
    plain_parameters(parts.source, function, 1)
    if len(body) < len(begin) + 2 or function.args.args[0].arg != "tokens":
        wanted = f"run(tokens) from `{begin[0]}` to `{ending}`"
        parts.source.refuse(function, "a `run` that is not whole", wanted)
    for statement, text in [*zip(body, begin, strict=False), (body[-1], ending)]:
        if ast.unparse(statement) != text:
            parts.source.unexpected(statement, f"`{text}`")
    if not isinstance(body[-2], ast.Assign) or ast.unparse(body[-2].targets[0]) != "variables":
        parts.source.unexpected(body[-2], "`variables = {...}`, and then the return")
    nodes: list[Node] = []
    for statement in body[len(begin) : -2]:
        node = read_node(parts, statement)
        domain = built(parts.source, statement, partial(domain_of, node, parts.known, parts.frame))
        parts.known[node.name] = Variable(node.name, domain)
        parts.lines[Entry(node.name, "wiring")] = statement.lineno
        parts.blocks["assignment", node.name] = (statement.lineno, statement.end_lineno or statement.lineno)
        nodes.append(node)
    return nodes


def _variables(parts: Parts) -> set[str]:
    """The names that the last but one statement of `run` hands to the readout."""
    statement = _body(parts)[-2]
    match statement:
        case ast.Assign(targets=[ast.Name(id="variables")], value=ast.Dict() as value):
            items = dict_items(parts.source, value)
        case _:
            parts.source.unexpected(statement, "`variables = {...}`")
    for name, (_, at) in items.items():
        if not isinstance(at, ast.Name) or at.id != name or at.id not in parts.known:
            parts.source.unexpected(at, f"`{name}`: each variable stands for itself")
    if "tokens" not in items:
        parts.source.refuse(statement, "`variables` without 'tokens'", "'tokens', which the readout needs")
    return {str(name) for name in items}


def _check_runs(top: TopLevel, parts: Parts, program: Program) -> None:
    """What Python would only find out when it runs the module: missing imports and primitives."""
    run, wanted = top.functions["run"], entrance(program)
    if top.entrance is not None and top.entrance[0] != wanted:
        begins = "begin" if program.marks.begins else "do not begin"
        top.source.refuse(
            top.entrance[1], f"a call of `{top.entrance[0]}`", f"`{wanted}`, as the inputs {begins} with {BEGIN}"
        )
    selector = "select_closest" if program.self_rule == "last" else "select_closest_by_count"
    for name in ("select_closest", "select_closest_by_count"):
        if name in parts.called and name != selector:
            top.source.refuse(run, f"calls of `{name}`", f"`{selector}`, as SELF_RULE is {program.self_rule!r}")
    for name in primitives_used(program):
        if name not in top.functions:
            top.source.refuse(run, f"a module without the primitive `{name}`", "every primitive that it uses")
    needed = ["import sys"] + ["from fractions import Fraction"] * needs_fraction(program)
    needed += ["import json", "from pathlib import Path"] * ("TABLES" in top.constants)
    for line in needed:
        if line not in top.imports:
            top.source.refuse(None, f"a module without `{line}`", "every import that it uses")
