"""The text of `decompile`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from analyze.render.tables import BAD, GOOD, counted, page, table
from analyze.results.decompile import AgreementLine, DecompileResult

SHOWN_EDGES = 12
"""Edges that a terminal lists."""


def decompile_text(result: DecompileResult) -> RenderableType:
    """Whether there is a program, what each stage left, and where network and program agree."""
    stages = table(
        ("stage", "edges", "positions alike", "divergence"),
        [(s.stage, f"{s.edges:,}", _share(s.match), f"{s.divergence:.2g}") for s in result.stages],
        ("edges", "positions alike", "divergence"),
    )
    edges = table(("edges left",), [(edge,) for edge in result.edges])
    steps = table(
        ("part", "becomes", "positions alike"),
        [(s.part, s.stands, _share(s.match)) for s in result.steps],
        ("positions alike",),
    )
    agreement = table(
        ("network and program on", "inputs", "alike", "positions alike"),
        [
            (a.on, f"{a.inputs:,}", _share(a.same_inputs / max(a.inputs, 1)), _share(_positions(a)))
            for a in result.agreement
        ],
        ("inputs", "alike", "positions alike"),
    )
    parting = table(
        ("they part on", "at", "network", "program"),
        [(" ".join(p.tokens), p.position, p.network, p.program) for p in result.parting],
        ("at",),
    )
    errors = table(
        ("where the network errs, on", "network wrong", "program wrong", "both", "alike"),
        [
            (a.on, f"{a.network_wrong:,}", f"{a.program_wrong:,}", f"{a.both_wrong:,}", f"{a.wrong_alike:,}")
            for a in result.agreement
            if a.network_wrong or a.program_wrong
        ],
        ("network wrong", "program wrong", "both", "alike"),
    )
    spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in result.seconds)
    blocks = (
        (stages, result.stages),
        (edges, len(result.edges) <= SHOWN_EDGES),
        (steps, result.steps),
        (agreement, result.agreement),
        (errors, any(a.network_wrong or a.program_wrong for a in result.agreement)),
        (parting, result.parting),
    )
    style = "" if result.found is None else GOOD if result.found else BAD
    shown = [made for made, wanted in blocks if wanted]
    return page(_answer(result), style, *_right(result), *shown, *_foretold(result), f"processor time: {spent}")


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


def _share(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"
