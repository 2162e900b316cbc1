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
from tprog.text.dialects.told import read_sources
from tprog.text.dialects.top_level import TopLevel, read_frame, read_tables, read_top_level
from tprog.text.emit import Block, ending
from tprog.text.needs import checker, entrance, needs_fraction, primitives_used


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
    program = _returning(parts) if frame.output is not None else _classifying(parts)
    _check_runs(top, parts, program)
    return program, parts.lines, parts.blocks


def _classifying(parts: Parts) -> Program:
    """A program with a readout."""
    frame, source = parts.frame, parts.source
    body = _body(parts, 2, ending(frame))
    if ast.unparse(body[-1]) != ending(frame):
        source.unexpected(body[-1], f"`{ending(frame)}`")
    if not isinstance(body[-2], ast.Assign) or ast.unparse(body[-2].targets[0]) != "variables":
        source.unexpected(body[-2], "`variables = {...}`, and then the return")
    nodes = _nodes(parts, body[:-2])
    variables = _variables(parts, body[-2])
    terms = read_weights(parts)
    for term in terms:
        if term.variable not in variables:
            source.refuse(body[-2], f"`variables` without {term.variable!r}", "every variable that READOUT names")
    readout = replace(frame.readout, terms=terms)
    written = read_sources(source, parts.constants, [*(node.name for node in nodes), readout.name])
    return built(
        source,
        parts.constants["READOUT"],
        lambda: replace(frame, nodes=nodes, readout=readout, sources=written),
    )


def _returning(parts: Parts) -> Program:
    """A program whose output is a variable."""
    body = _body(parts, 1, "return ...")
    nodes = _nodes(parts, body[:-1])
    match statement := body[-1]:
        case ast.Return(value=ast.Name(id=name)) if name in parts.known:
            pass
        case _:
            advice = "a module without READOUT returns one of its variables"
            parts.source.refuse(statement, f"`{ast.unparse(statement)}`", "`return` and the name of a variable", advice)
    written = read_sources(parts.source, parts.constants, [node.name for node in nodes])
    return built(
        parts.source,
        statement,
        lambda: replace(parts.frame, classes=(), nodes=nodes, outputs=(name,), sources=written),
    )


def _body(parts: Parts, behind: int, last: str) -> list[ast.stmt]:
    """What stands in `run` behind its preamble: nodes, one a line, and as many statements as `behind`."""
    function, begin = parts.functions["run"], preamble(parts.frame)
    body = list(without_docstring(function.body))
    plain_parameters(parts.source, function, 1)
    if len(body) < len(begin) + behind or function.args.args[0].arg != "tokens":
        parts.source.refuse(function, "a `run` that is not whole", f"run(tokens) from `{begin[0]}` to `{last}`")
    for statement, text in zip(body, begin, strict=False):
        if ast.unparse(statement) != text:
            parts.source.unexpected(statement, f"`{text}`")
    return body[len(begin) :]


def _nodes(parts: Parts, statements: list[ast.stmt]) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for statement in statements:
        node = read_node(parts, statement)
        domain = built(parts.source, statement, partial(domain_of, node, parts.known, parts.frame))
        parts.known[node.name] = Variable(node.name, domain)
        parts.lines[Entry(node.name, "wiring")] = statement.lineno
        parts.blocks["assignment", node.name] = (statement.lineno, statement.end_lineno or statement.lineno)
        nodes.append(node)
    return tuple(nodes)


def _variables(parts: Parts, statement: ast.stmt) -> set[str]:
    """The names that the last but one statement of `run` hands to the readout."""
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
        returns = "" if program.output is None else " and run returns values"
        found, expected = (
            call.removesuffix("(run") if call.endswith("(run") else f"{call})" for call in (top.entrance[0], wanted)
        )
        told = f"`{expected}`, as the inputs {begins} with {BEGIN}{returns}"
        top.source.refuse(top.entrance[1], f"a call of `{found}`", told)
    selector = "select_closest" if program.self_rule == "last" else "select_closest_by_count"
    for name in ("select_closest", "select_closest_by_count"):
        if name in parts.called and name != selector:
            top.source.refuse(run, f"calls of `{name}`", f"`{selector}`, as SELF_RULE is {program.self_rule!r}")
    for name in dict.fromkeys([*primitives_used(program), *sorted(parts.called & {"_identity"})]):
        if name not in top.functions:
            top.source.refuse(run, f"a module without the primitive `{name}`", "every primitive that it uses")
    needed = ["import sys"] + ["from fractions import Fraction"] * needs_fraction(program)
    needed += ["import json", "from pathlib import Path"] * ("TABLES" in top.constants)
    for line in needed:
        if line not in top.imports:
            top.source.refuse(None, f"a module without `{line}`", "every import that it uses")
