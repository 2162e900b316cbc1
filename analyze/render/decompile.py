"""`decompile` as a document."""

from __future__ import annotations

from collections.abc import Iterator

from analyze.render.document import BAD, GOOD, Cell, Document, document, number, table
from analyze.render.phrases import counted
from analyze.results.decompile import AgreementLine, DecompileResult

SHOWN_EDGES = 12
"""Edges that a terminal lists."""


def decompile_document(result: DecompileResult) -> Document:
    """Whether there is a program, what each stage left, and where network and program agree."""
    stages = table(
        ("stage", "edges", "positions alike", "divergence"),
        [(s.stage, number(s.edges), _part(s.match), Cell(s.divergence, f"{s.divergence:.2g}")) for s in result.stages],
        ("edges", "positions alike", "divergence"),
        name="stages",
    )
    edges = table(("edges left",), [(e,) for e in result.edges], name="edges", seen=len(result.edges) <= SHOWN_EDGES)
    steps = table(
        ("part", "becomes", "positions alike"),
        [(s.part, s.stands, _part(s.match)) for s in result.steps],
        ("positions alike",),
        name="steps",
    )
    agreement = table(
        ("network and program on", "inputs", "alike", "positions alike"),
        [
            (a.on, number(a.inputs), _part(a.same_inputs / max(a.inputs, 1)), _part(_positions(a)))
            for a in result.agreement
        ],
        ("inputs", "alike", "positions alike"),
        name="agreement",
    )
    parting = table(
        ("they part on", "at", "network", "program"),
        [(" ".join(p.tokens), p.position, p.network, p.program) for p in result.parting],
        ("at",),
        name="parting",
    )
    columns = ("where the network errs, on", "network wrong", "program wrong", "both", "alike")
    errors = table(
        columns,
        [
            (a.on, *map(_count, (a.network_wrong, a.program_wrong, a.both_wrong, a.wrong_alike)))
            for a in result.agreement
            if a.network_wrong or a.program_wrong
        ],
        columns[1:],
        name="errors",
    )
    spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in result.seconds)
    style = "" if result.found is None else GOOD if result.found else BAD
    tables = (stages, edges, steps, agreement, errors, parting)
    return document(_answer(result), style, *_right(result), *tables, *_foretold(result), f"processor time: {spent}")


def _right(result: DecompileResult) -> Iterator[str]:
    if result.accuracy:
        yield f"the network is right on {', '.join(map(_share, result.accuracy))} of inputs, by length"


def _foretold(result: DecompileResult) -> Iterator[str]:
    """How well the program tells on which inputs the network is wrong."""
    if result.recall is not None:
        told = f"where the network is wrong, so is the program on {_share(result.recall)} of inputs"
        precise = "" if result.precision is None else f"; of where the program is wrong, on {_share(result.precision)}"
        yield told + precise


def _answer(result: DecompileResult) -> str:
    if result.paths is not None:
        return (
            f"{result.model}: no program within {counted(result.most_nodes, 'node')}: {result.paths:,} paths are "
            f"needed between its modules, and at most {result.most_paths:,} are looked at"
        )
    if result.found is None:
        return f"{result.model}: {len(result.edges):,} edges are needed on the task {result.task}"
    assert result.nodes is not None
    assert result.match is not None
    if result.found:
        return (
            f"{result.model}: a program of {counted(result.nodes, 'node')} and {result.lines} lines of its own "
            f"predicts like it on {_share(result.match)} of fresh inputs at least, on the task {result.task}"
        )
    return (
        f"{result.model}: no program within {counted(result.most_nodes, 'node')} at match >= {result.wanted_match:g}; "
        f"the best found has {counted(result.nodes, 'node')} and matches {_share(result.match)}"
    )


def _positions(line: AgreementLine) -> float:
    return line.same_positions / max(line.positions, 1)


def _count(count: int | None) -> Cell:
    return Cell(None, "") if count is None else number(count)


def _part(share: float) -> Cell:
    return Cell(share, _share(share))


def _share(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"
