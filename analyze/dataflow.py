"""The data-flow graph of a program: variables, who reads them and as what, and how much the readout makes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Final, assert_never

from analyze.outcome import label, node_line
from analyze.results.checked import Checked
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from tprog.errors import BadUsage
from tprog.ir.entries import Read
from tprog.ir.entry import Entry
from tprog.ir.program import Embedding, Head, Linear, Lookup, Node, NumericHead, Program, Symbols, Weights
from tprog.ir.provenance import SourceLine
from tprog.listing import listing
from tprog.text.describe import reading

READOUT: Final = "readout"


def data_flow(
    program: Program,
    *,
    dead: Collection[str] = (),
    highlighted: Collection[str] = (),
    circuits: Mapping[str, Sequence[str]] | None = None,
    toward: str | None = None,
    title: str = "",
    circuit: bool = False,
    checked: Checked | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
) -> GraphResult:
    """The data-flow graph.

    Args:
        dead, highlighted: names of nodes, as `analyze.dead` and `analyze.circuits` or `reaching` and `reached_from`
            find them.
        circuits: node -> the sub-problems whose circuits have it, where there are several.
        toward: a class; swings are then those of its logit against that of another.
        title: what is highlighted, in words.
        circuit: whether that is a circuit, or several.
        checked: the inputs on which dead nodes and a circuit were found.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.

    Raises:
        BadUsage: a name that is no variable, or no class, of the program.
    """
    for asked in (*dead, *highlighted):
        _known(program, asked)
    stage_of, sources = stages(program), {source.node: source for source in program.sources}
    terms = program.weights if program.places.several else program.readout.terms
    found = {term.variable: swing(program, term, toward) for term in terms}
    nodes = [
        replace(
            _plain_node(program, variable, stage_of[variable]),
            line=node_line(lines, variable),
            swing=float(found.get(variable, 0)),
            dead=variable in dead,
            highlighted=variable in highlighted,
            circuits=tuple((circuits or {}).get(variable, ())),
            source=sources.get(variable),
        )
        for variable in program.variables
    ]
    nodes += _ends(program, max(stage_of.values()) + 1, highlighted, sources)
    return GraphResult(
        program=label(program, name),
        title=title,
        nodes=tuple(nodes),
        edges=tuple(_edges(program, toward)),
        dead=_in_order(program, dead),
        highlighted=_in_order(program, highlighted),
        checked=checked,
        toward=toward,
        output=None if program.places.several or not program.variables_out else program.variables_out[0],
        outputs=program.outputs if program.places.several else (),
        circuit=circuit,
    )


def _ends(
    program: Program, stage: int, highlighted: Collection[str], sources: Mapping[str, SourceLine]
) -> Iterator[GraphNode]:
    """What comes out, in the last column: the readout, or that of one variable; of several outputs each variable."""
    if not program.places.several or not program.readout.implied:
        says = "" if program.readout.implied else _decision(program)
        readout = GraphNode(READOUT, READOUT, stage, None, says, None, 0.0, False, READOUT in highlighted)
        yield replace(readout, source=sources.get(READOUT))
    for output in program.variables_out if program.places.several else ():
        says = f"{output} comes out"
        yield GraphNode(_end_of(output), "output", stage, None, says, None, 0.0, False, output in highlighted)


def toward_output(flow: GraphResult, program: Program, output: str) -> GraphResult:
    """The data flow that leads to one of several outputs; the inputs stay."""
    returned = output in program.variables_out
    end, read = (_end_of(output), [output]) if returned else (READOUT, [term.variable for term in program.weights])
    inputs = {node.name for node in flow.nodes if node.kind == "input"}
    kept = inputs | {end} | reaching(program, read)
    return replace(
        flow,
        nodes=tuple(node for node in flow.nodes if node.name in kept),
        edges=tuple(edge for edge in flow.edges if {edge.source, edge.target} <= kept),
        dead=tuple(name for name in flow.dead if name in kept),
        highlighted=tuple(name for name in flow.highlighted if name in kept),
        outputs=(output,),
    )


def _decision(program: Program) -> str:
    """What the readout does, in words."""
    pooled = "mean over positions, then " if program.readout.pooled else ""
    return f"{pooled}best of {len(program.written_classes)} classes"


def _plain_node(program: Program, variable: str, stage: int) -> GraphNode:
    """A variable in its column, of which nothing else is known."""
    node = program.by_name.get(variable)
    if node is None:
        return GraphNode(variable, "input", stage, None, "", None, 0.0, False, False)
    layer = None if node.kind == "embedding" else stage // 2 - 1
    return GraphNode(variable, node.kind, stage, layer, reading(program, node), None, 0.0, False, False)


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
                stage[node.name] = max(2 * (node.layer or 0) + 2, after + 2 - after % 2)
            case Lookup() | Linear():
                stage[node.name] = max(2 * (node.layer or 0) + 3, after + 1 + after % 2)
            case _:
                assert_never(node)
    return stage


def swing(program: Program, term: Weights, toward: str | None = None) -> Fraction:
    """The most, in logits, by which the variable's value can change the difference between two classes.

    That is the maximum over classes c, d of the range, over the values of the variable, of w[value, c] - w[value, d];
    for a number, over its proven domain. It is 0 exactly if the weights do not tell classes apart. Missing rows are
    left out.

    A variable that comes out itself is read so: 1 if it has several values, else 0.

    Args:
        toward: the class c; left out: any.

    Raises:
        BadUsage: `toward` is no class.
    """
    domain = program.variables[term.variable].domain
    if program.readout.implied:
        return _own_swing(program, term.variable)
    pairs = _compared(program, toward)
    rows = {row for row in term.rows if row is not None}
    differences = [[row[one] - row[other] for row in rows] for one, other in pairs if rows]
    if isinstance(domain, Symbols):
        largest = max((max(found) - min(found) for found in differences), default=0)
        return Fraction(largest, program.readout.scale)
    steepest = max((abs(slope) for found in differences for slope in found), default=0)
    return Fraction(steepest, program.readout.scale) * (domain.high - domain.low)


def _own_swing(program: Program, output: str) -> Fraction:
    return Fraction(len(program.outcome_codes[output]) > 1)


def swings(program: Program, toward: str | None = None) -> dict[str, Fraction]:
    """Each variable on which an output depends directly -> its swing, the largest where several do."""
    found = {term.variable: swing(program, term, toward) for term in program.readout.terms}
    for output in program.variables_out:
        found[output] = max(found.get(output, Fraction(0)), _own_swing(program, output))
    return found


def _end_of(output: str) -> str:
    """The name of the place where one of several outputs comes out: no variable's."""
    return f"output {output}"


def _compared(program: Program, toward: str | None) -> list[tuple[int, int]]:
    """The pairs of classes that are compared: all, or those with the class in question."""
    if toward is None:
        return list(combinations(range(len(program.written_classes)), 2))
    if toward not in program.classes:
        raise BadUsage(f"{toward!r} is not a class; expected one of {listing(program.classes)}")
    if toward not in program.written_classes:  # another output says it
        return []
    asked = program.written_classes.index(toward)
    return [(asked, other) for other in range(len(program.written_classes)) if other != asked]


def _in_order(program: Program, names: Collection[str]) -> tuple[str, ...]:
    return tuple(variable for variable in (*program.variables, READOUT) if variable in names)


def _edges(program: Program, toward: str | None) -> Iterator[GraphEdge]:
    """One a read, but for the same query, or key, of several clauses, which is drawn once."""
    for node in program.nodes:
        made = [_edge(node, read) for read in node.roles]
        yield from made if node.selection is None else dict.fromkeys(made)
    several = program.places.several
    for term in () if several and program.readout.implied else program.readout.terms:
        yield GraphEdge(term.variable, READOUT, READOUT, float(swing(program, term, toward)))
    for output in program.variables_out if several else ():
        yield GraphEdge(output, _end_of(output), "output", None)


def _edge(node: Node, read: Read) -> GraphEdge:
    return GraphEdge(read.variable, node.name, "input" if read.role == "word" else read.role, None)


# Slices ###############################################################################################################

_CLASS = "class:"
"""What a target that is a class begins with: no variable's name has a colon."""


def class_of(target: str) -> str | None:
    """``b`` of the target ``class:b``; None of any other."""
    return target.removeprefix(_CLASS) if target.startswith(_CLASS) else None


def deciding(program: Program, answer: str | None = None) -> list[str]:
    """The variables that decide by their own weights, or missing rows of these: they can move logits against others.

    Args:
        answer: a class, whose logit they can move; left out: any.

    Raises:
        BadUsage: it is no class.
    """
    found = {term.variable for term in program.weights if swing(program, term, answer) > 0 or term.partial}
    for output in program.variables_out:
        if _own_swing(program, output) > 0 and (answer is None or answer in program.returned[output].spellings):
            found.add(output)
    return [name for name in program.variables if name in found]


def reaching(program: Program, targets: Iterable[str]) -> set[str]:
    """Everything from which a path of reads leads to one of the targets, which are included (backward slice).

    Args:
        targets: variables, ``readout``, or a class as ``class:b``: all that the readout reads, or what decides about
            the class.

    Raises:
        BadUsage: a name that is no variable, or no class, of the program.
    """
    targets = list(targets)
    answers = [answer for target in targets if (answer := class_of(target)) is not None]
    found = _asked(program, [target for target in targets if class_of(target) is None])
    if READOUT in found:
        found |= set(program.read_out)
    for answer in answers:
        found |= {READOUT, *deciding(program, answer)}
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
    if not found.isdisjoint(program.read_out):
        found.add(READOUT)
    return found


def mattering(program: Program) -> set[str]:
    """The nodes that can make a difference to a prediction: those with a path to weights that tell classes apart.

    Where a row is missing somewhere, all do: any of them may lead into the hole, or around it.
    """
    if _has_holes(program):
        return set(program.by_name)
    return reaching(program, deciding(program)) & program.by_name.keys()


def _has_holes(program: Program) -> bool:
    return any(term.partial for term in program.readout.terms) or any(node.partial for node in program.nodes)


def _asked(program: Program, names: Iterable[str]) -> set[str]:
    found = set(names)
    for name in sorted(found):
        _known(program, name)
    return found


def _known(program: Program, name: str) -> None:
    if name != READOUT and name not in program.variables:
        known = ", ".join([*program.variables, READOUT])
        raise BadUsage(f"the program has no variable {name!r}; expected one of {known}")
