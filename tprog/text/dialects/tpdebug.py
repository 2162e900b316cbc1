"""Reads the modules that `tprog.text.emit` writes, also after a person has edited them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import NoReturn

from tprog.ir.entry import Entry
from tprog.ir.program import BEGIN, Node, Program, Variable, domain_of
from tprog.ir.readout import READOUT
from tprog.text.dialects.parts import Parts, built
from tprog.text.dialects.readout import read_weights
from tprog.text.dialects.run_lines import read_node
from tprog.text.dialects.subset import Source, dict_items, plain_parameters, without_docstring
from tprog.text.dialects.told import read_sources
from tprog.text.dialects.top_level import TopLevel, read_frame, read_tables, read_top_level
from tprog.text.emit import Block, classifying, preamble
from tprog.text.needs import WORDS, entrance, needs_fraction, primitives_used


def read_tpdebug(
    source: Source, tree: ast.Module, text: str, side: Callable[[str], str]
) -> tuple[Program, Mapping[Entry, int], Mapping[Block, tuple[int, int]]]:
    """The Program that a module means, the line of each entry and the lines of each block (1-based).

    Args:
        tree: the syntax of its text.
        side: gives the text of a file beside it, by its plain name.

    Raises:
        BadSource: anything outside the dialect, at its line and column.
        BadFile: a side file that is not what the module needs.
    """
    top = read_top_level(source, tree, text)
    source = top.source
    tables = read_tables(top, side)
    frame = read_frame(top, tables)
    parts = Parts(source, top.constants, top.functions, tables, frame, dict(frame.variables))
    program = _returning(parts) if frame.readout.implied else _classifying(parts)
    _check_runs(top, parts, program)
    return program, parts.lines, parts.blocks


def _classifying(parts: Parts) -> Program:
    """A program with a readout."""
    frame, source, answer = parts.frame, parts.source, classifying(parts.frame)
    body = _body(parts, 2, f"return {answer}")
    if not isinstance(body[-1], ast.Return):
        _no_answer(parts, body[-1], answer)
    if not isinstance(body[-2], ast.Assign) or ast.unparse(body[-2].targets[0]) != "variables":
        source.unexpected(body[-2], "`variables = {...}`, and then the return")
    nodes = _nodes(parts, body[:-2])
    outputs = _outputs(parts, body[-1], answer)
    variables = _variables(parts, body[-2])
    terms = read_weights(parts)
    for term in terms:
        if term.variable not in variables:
            source.refuse(body[-2], f"`variables` without {term.variable!r}", "every variable that READOUT names")
    (name,) = [name for name, is_readout in outputs.items() if is_readout]
    readout = replace(frame.readout, terms=terms, name=name)
    written = read_sources(source, parts.constants, [*(node.name for node in nodes), readout.name])
    return built(
        source,
        parts.constants["READOUT"] if len(outputs) == 1 else body[-1],
        lambda: replace(frame, nodes=nodes, readout=readout, outputs=tuple(outputs), sources=written),
    )


def _returning(parts: Parts) -> Program:
    """A program whose outputs are variables."""
    body = _body(parts, 1, "return ...")
    nodes = _nodes(parts, body[:-1])
    outputs = tuple(_outputs(parts, body[-1], None))
    written = read_sources(parts.source, parts.constants, [node.name for node in nodes])
    return built(
        parts.source,
        body[-1],
        lambda: replace(parts.frame, classes=(), nodes=nodes, outputs=outputs, sources=written),
    )


def _outputs(parts: Parts, statement: ast.stmt, answer: str | None) -> dict[str, bool]:
    """The outputs that the last statement of `run` returns: name -> whether it is the readout.

    Args:
        answer: the call that a readout answers by; None in a module without one.
    """
    match statement:
        case ast.Return(value=ast.Name(id=name)) if answer is None and name in parts.known:
            return {name: False}
        case ast.Return(value=ast.Call() as call) if ast.unparse(call) == answer:
            return {READOUT: True}
        case ast.Return(value=ast.Dict(keys=[_, _, *_]) as several):
            return _several(parts, several, answer)
    _no_answer(parts, statement, answer)


def _no_answer(parts: Parts, statement: ast.stmt, answer: str | None) -> NoReturn:
    """Refuse a last statement that returns none of what a module may."""
    if answer is not None:
        parts.source.unexpected(statement, f"`return {answer}`, or several outputs: `return {{'name': ..., ...}}`")
    advice = "a module without READOUT returns one of its variables, or several: {'name': name, ...}"
    parts.source.refuse(statement, f"`{ast.unparse(statement)}`", "`return` and the name of a variable", advice)


def _several(parts: Parts, several: ast.Dict, answer: str | None) -> dict[str, bool]:
    """The outputs that a dictionary names."""
    found: dict[str, bool] = {}
    for name, (name_at, at) in dict_items(parts.source, several).items():
        if isinstance(at, ast.Name) and at.id == name and at.id in parts.known:
            found[at.id] = False
        elif isinstance(name, str) and ast.unparse(at) == answer and True not in found.values():
            if name in parts.known:
                parts.source.refuse(name_at, f"the readout as {name!r}", "a name that is no variable's")
            found[name] = True
        else:
            readout = "" if answer is None else f", or once `{answer}`"
            parts.source.refuse(at, f"{name!r}: `{ast.unparse(at)}`", f"a variable under its own name{readout}")
    if answer is not None and True not in found.values():
        parts.source.refuse(several, "outputs without the readout", f"`{answer}` among them, as there is READOUT")
    return found


def _body(parts: Parts, behind: int, last: str) -> list[ast.stmt]:
    """What stands in `run` behind its preamble: nodes, one a line, and as many statements as `behind`."""
    function = parts.functions["run"]
    begin = preamble(parts.frame, WORDS if WORDS in parts.constants else "VOCABULARY")
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
    _check_entrance(top, program)
    run = top.functions["run"]
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


def _check_entrance(top: TopLevel, program: Program) -> None:
    """Refuse a module that a command line would run otherwise than its inputs begin, or its values are written."""
    wanted = entrance(program)
    if top.entrance is None or top.entrance[0] == wanted:
        return
    begins = "begin" if program.marks.begins else "do not begin"
    returns = " and run returns values" if program.readout.implied else ""
    returns = " and run returns several outputs" if program.places.several else returns
    found, expected = (
        call.removesuffix("(run") if call.endswith("(run") else f"{call})" for call in (top.entrance[0], wanted)
    )
    told = f"`{expected}`, as the inputs {begins} with {BEGIN}{returns}"
    top.source.refuse(top.entrance[1], f"a call of `{found}`", told)
