"""The data-flow graph of a program: variables, who reads them and as what, and how much the readout makes of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import Final, Literal, TypeAlias, assert_never

from analyze.outcome import kind_of, label, node_line
from analyze.results import Checked, GraphEdge, GraphNode, GraphResult
from tprog.entry import Entry
from tprog.errors import BadUsage
from tprog.program import Embedding, Head, Lookup, Node, NumericHead, Program, Symbols, Weights
from tprog.reading import reading

READOUT: Final = "readout"

_ReadRole: TypeAlias = Literal["query", "key", "value", "input"]


def data_flow(
    program: Program,
    *,
    dead: Collection[str] = (),
    highlighted: Collection[str] = (),
    title: str = "",
    checked: Checked | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
) -> GraphResult:
    """The data-flow graph.

    Args:
        dead, highlighted: names of nodes, as `analyze.dead` and `analyze.circuits` or `reaching` and `reached_from`
            find them.
        title: what is highlighted, in words.
        checked: the inputs on which dead nodes and a circuit were found.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.

    Raises:
        BadUsage: a name that is no variable of the program.
    """
    for asked in (*dead, *highlighted):
        _known(program, asked)
    stage_of = stages(program)
    swings = {term.variable: swing(program, term) for term in program.readout.terms}
    nodes = []
    for variable in program.variables:
        node = program.by_name.get(variable)
        kind = "input" if node is None else kind_of(node)
        stage = stage_of[variable]
        nodes.append(
            GraphNode(
                name=variable,
                kind=kind,
                stage=stage,
                layer=None if kind in ("input", "embedding") else stage // 2 - 1,
                reading="" if node is None else reading(program, node),
                line=node_line(lines, variable),
                swing=float(swings.get(variable, 0)),
                dead=variable in dead,
                highlighted=variable in highlighted,
            )
        )
    says = f"{'mean over positions, then ' if program.readout.pooled else ''}best of {len(program.classes)} classes"
    last = max(stage_of.values()) + 1
    nodes.append(GraphNode(READOUT, READOUT, last, None, says, None, 0.0, False, READOUT in highlighted))
    edges = [GraphEdge(source, node.name, role, None) for node in program.nodes for role, source in _reads(node)]
    edges += [GraphEdge(variable, READOUT, READOUT, float(of)) for variable, of in swings.items()]
    order = [*program.variables, READOUT]
    return GraphResult(
        program=label(program, name),
        title=title,
        nodes=tuple(nodes),
        edges=tuple(edges),
        dead=tuple(variable for variable in order if variable in dead),
        highlighted=tuple(variable for variable in order if variable in highlighted),
        checked=checked,
    )


def stages(program: Program) -> dict[str, int]:
    """variable -> its column; see `GraphNode.stage`. Heads of layer l stand at 2 l + 2, its lookups at 2 l + 3.

    A node whose name tells the layer that it was learned in (``attn_1_3``) stands there, even if what it reads would
    allow an earlier column; any other stands as early as it can.
    """
    stage = {"tokens": 0, "positions": 0, "ones": 0}
    for node in program.nodes:
        after = max(stage[read] for read in node.reads)
        match node:
            case Embedding():
                stage[node.name] = 1
            case Head() | NumericHead():
                stage[node.name] = max(2 * _learned_in("attn", node.name) + 2, after + 2 - after % 2)
            case Lookup():
                stage[node.name] = max(2 * _learned_in("mlp", node.name) + 3, after + 1 + after % 2)
            case _:
                assert_never(node)
    return stage


def _learned_in(module: str, name: str) -> int:
    """The 0-based layer that a learned node's name tells, else 0."""
    found = re.fullmatch(rf"(?:num_)?{module}_([0-9]{{1,2}})_[0-9]+", name)
    return int(found[1]) if found else 0


def swing(program: Program, term: Weights) -> Fraction:
    """The most, in logits, by which the variable's value can change the difference between two classes.

    That is the maximum over classes c, d of the range, over the values of the variable, of w[value, c] - w[value, d];
    for a number, over its proven domain. It is 0 exactly if the weights do not tell classes apart. Missing rows are
    left out.
    """
    domain = program.variables[term.variable].domain
    if isinstance(domain, Symbols):
        rows = {row for row in term.rows if row is not None}
        largest = 0
        for one, other in combinations(range(len(program.classes)), 2):
            differences = [row[one] - row[other] for row in rows]
            largest = max(largest, max(differences, default=0) - min(differences, default=0))
        return Fraction(largest, program.readout.scale)
    (row,) = term.rows
    assert row is not None
    return Fraction(max(row) - min(row), program.readout.scale) * (domain.high - domain.low)


def _reads(node: Node) -> Iterator[tuple[_ReadRole, str]]:
    """(role, variable) of each read."""
    match node:
        case Embedding():
            yield "input", "tokens"
        case Head() | NumericHead():
            yield "query", node.query
            yield "key", node.key
            yield "value", node.value
        case Lookup():
            yield from (("input", read) for read in node.inputs)
        case _:
            assert_never(node)


# Slices ###############################################################################################################


def reaching(program: Program, targets: Iterable[str]) -> set[str]:
    """Everything from which a path of reads leads to one of the targets, which are included (backward slice).

    Args:
        targets: variables, or ``readout``.

    Raises:
        BadUsage: a name that is no variable of the program.
    """
    found = _asked(program, targets)
    if READOUT in found:
        found |= {term.variable for term in program.readout.terms}
    for node in reversed(program.nodes):
        if node.name in found:
            found |= set(node.reads)
    return found


def reached_from(program: Program, sources: Iterable[str]) -> set[str]:
    """Everything to which a path of reads leads from one of the sources, which are included (forward slice).

    Raises:
        BadUsage: a name that is no variable of the program.
    """
    found = _asked(program, sources)
    for node in program.nodes:
        if not found.isdisjoint(node.reads):
            found.add(node.name)
    if any(term.variable in found for term in program.readout.terms):
        found.add(READOUT)
    return found


def _asked(program: Program, names: Iterable[str]) -> set[str]:
    found = set(names)
    for name in sorted(found):
        _known(program, name)
    return found


def _known(program: Program, name: str) -> None:
    if name != READOUT and name not in program.variables:
        raise BadUsage(
            f"the program has no variable {name!r}; expected one of {', '.join([*program.variables, READOUT])}"
        )
