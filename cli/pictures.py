"""Graphs as files: the ending of each form -> the rendering."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cli.output import Pictures

if TYPE_CHECKING:
    from analyze.results.calls import CallGraphResult
    from analyze.results.components import ComponentsResult
    from analyze.results.graph import GraphResult


PICTURES = ("svg", "dot", "graphml")


def flow_pictures(flow: GraphResult) -> Pictures:
    """The renderings of a data flow."""
    from analyze.render import dot, graphml, svg

    draw = partial(dot.data_flow, flow)
    what = f"The variables of {flow.program}, and who reads whom. {flow.title}".rstrip()
    return {
        "dot": draw,
        "svg": lambda: svg.svg(draw(), f"Data flow of {flow.program}", what),
        "graphml": partial(graphml.data_flow, flow),
    }


def calls_pictures(called: CallGraphResult) -> Pictures:
    """The renderings of a call graph."""
    from analyze.render import calls_dot, graphml, svg

    draw = partial(calls_dot.call_graph, called)
    what = f"The functions of {called.program}, and who calls or passes whom."
    return {
        "dot": draw,
        "svg": lambda: svg.svg(draw(), f"Call graph of {called.program}", what),
        "graphml": partial(graphml.call_graph, called),
    }


def components_pictures(name: str, found: ComponentsResult) -> Pictures:
    """The renderings of the components of a compiled model."""
    from analyze.render import components, graphml, svg

    draw = partial(components.components_dot, name, found)
    what = f"The heads and MLPs of {name}, and who reads whom."
    return {
        "dot": draw,
        "svg": lambda: svg.svg(draw(), f"Components of {name}", what),
        "graphml": partial(graphml.components, name, found),
    }
