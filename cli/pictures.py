"""Graphs as files: the ending of each form -> the rendering."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import Pictures
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from analyze.render.drawn import Wanted
    from analyze.results.calls import CallGraphResult
    from analyze.results.components import ComponentsResult
    from analyze.results.graph import GraphResult


DRAWN = ("svg", "pdf", "png")
"""The endings of a picture."""

PICTURES = (*DRAWN, "dot", "graphml")
"""Those of a graph."""


def drawn(svg: Callable[[], str]) -> Pictures:
    """A picture in each of its forms."""
    from analyze.render import raster

    return {"svg": svg, "pdf": lambda: raster.pdf(svg()), "png": lambda: raster.png(svg())}


def flow_pictures(flow: GraphResult, wanted: Wanted | None = None, bare: bool = False) -> Pictures:
    """The renderings of a data flow.

    Args:
        wanted: what of it; None: all.
        bare: whether it is for print.
    """
    from analyze.render import dot, figure, graphml
    from analyze.render.drawn import ALL
    from analyze.render.graph import flow_svg

    draw = figure.figure if bare else dot.data_flow
    made = partial(draw, flow, wanted or ALL)
    return {"dot": made, **drawn(lambda: flow_svg(flow, made())), "graphml": partial(graphml.data_flow, flow)}


def calls_pictures(called: CallGraphResult) -> Pictures:
    """The renderings of a call graph."""
    from analyze.render import calls_dot, graphml, svg

    draw = partial(calls_dot.call_graph, called)
    what = f"The functions of {called.program}, and who calls or passes whom."
    return {
        "dot": draw,
        **drawn(lambda: svg.svg(draw(), f"Call graph of {called.program}", what)),
        "graphml": partial(graphml.call_graph, called),
    }


def components_pictures(name: str, found: ComponentsResult) -> Pictures:
    """The renderings of the components of a compiled model."""
    from analyze.render import components, graphml, svg

    draw = partial(components.components_dot, name, found)
    what = f"The heads and MLPs of {name}, and who reads whom."
    return {
        "dot": draw,
        **drawn(lambda: svg.svg(draw(), f"Components of {name}", what)),
        "graphml": partial(graphml.components, name, found),
    }


def refuse_for_tables(options: dict[str, object], file: Path | None) -> None:
    """Refuse what says how a picture looks where none is written; None or False: not given."""
    ending = None if file is None else file.suffix.lower().removeprefix(".")
    if ending not in (*DRAWN, "dot") and (given := [option for option, value in options.items() if value]):
        raise BadUsage(f"{given[0]} is about a picture; write one with -o FILE.svg, .pdf, .png or .dot")
