"""The data flow of a program with something highlighted: a slice, a circuit, or the members of several circuits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyze.dataflow import class_of, data_flow, reached_from, reaching, toward_output
from analyze.dead import dead_nodes
from analyze.outcome import checked_on
from analyze.results.circuits import CircuitResult
from analyze.results.graph import GraphResult
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.tasks.builtin import Inputs


def slice_flow(
    program: Program,
    inputs: Inputs,
    source: str | None = None,
    target: str | None = None,
    *,
    lines: Mapping[Entry, int] | None = None,
    name: str = "program",
) -> GraphResult:
    """The data flow with what lies between two variables highlighted, or all that follows one or leads to it.

    Args:
        inputs: those on which dead nodes are looked for.
        source: what the highlighted flows from.
        target: what it flows into: a variable, or a class as ``class:NAME``.
        lines, name: see `data_flow`.
    """
    answer = None if target is None else class_of(target)
    into = f"decides about {answer!r}" if answer is not None else f"flows into {target}"
    if source is not None and target is not None:
        highlighted = reached_from(program, [source]) & reaching(program, [target])
        title = (
            f"what flows from {source} and {into}" if answer is not None else f"what flows from {source} into {target}"
        )
    elif source is not None:
        highlighted, title = reached_from(program, [source]), f"what {source} flows into"
    elif target is not None:
        highlighted, title = reaching(program, [target]), f"what {into}"
    else:
        highlighted, title = set(), ""
    return _flow(program, inputs, highlighted, title, toward=answer, lines=lines, name=name)


def circuit_flow(
    program: Program,
    inputs: Inputs,
    found: CircuitResult,
    *,
    of: str | None = None,
    lines: Mapping[Entry, int] | None = None,
    name: str = "program",
) -> GraphResult:
    """The data flow with one circuit highlighted, or with the members of several, each with those that have it.

    Args:
        of: one of several outputs, to which the circuit belongs; what it is not computed from is left out.
        lines, name: see `data_flow`.
    """
    if len(found.circuits) == 1:
        (circuit,) = found.circuits
        title = f"circuit: {circuit.problem}"
        flow = _flow(program, inputs, set(circuit.members), title, {}, lines=lines, name=name)
        return flow if of is None or not program.places.several else toward_output(flow, program, of)
    having = {n.name: [c.value or c.problem for c in found.circuits if n.name in c.members] for n in found.nodes}
    members = {name for name, circuits in having.items() if circuits}
    kinds = {circuit.kind for circuit in found.circuits}
    title = f"circuits of {len(found.circuits)} " + ("classes" if kinds == {"class"} else "sub-problems")
    return _flow(program, inputs, members, title, having, lines=lines, name=name)


def _flow(
    program: Program,
    inputs: Inputs,
    highlighted: set[str],
    title: str,
    circuits: Mapping[str, Sequence[str]] | None = None,
    *,
    toward: str | None = None,
    lines: Mapping[Entry, int] | None,
    name: str,
) -> GraphResult:
    return data_flow(
        program,
        dead=dead_nodes(program, inputs),
        checked=checked_on(inputs),
        highlighted=highlighted,
        circuit=circuits is not None,
        circuits=circuits,
        toward=toward,
        title=title,
        lines=lines,
        name=name,
    )
