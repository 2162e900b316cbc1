"""The heads and MLPs of a compiled model: which node each computes, and who reads whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from analyze.record import Result
from tprog.errors import BadFile


@dataclass(frozen=True)
class Component:
    """A head, an MLP, an embedding or the unembedding, and the nodes of the program of which it computes some."""

    name: str
    computes: tuple[str, ...]


@dataclass(frozen=True)
class Aligned:
    """A node of the program, and the components that compute it."""

    node: str
    components: tuple[str, ...]


@dataclass(frozen=True)
class OutputCircuit:
    """The components that an output needs, and who of them reads whom."""

    output: str
    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ComponentsResult(Result):
    """The ground truth of a compiled model, as its ``circuit.json`` holds it.

    Attributes:
        granularity: as benchmarks of circuit discovery call it: heads and MLPs are ``component``.
        nodes, edges: all that there are, in the order of the layers.
        alignment: one a node of the program.
        circuits: one an output.
    """

    verb: ClassVar[str] = "components"

    granularity: str
    nodes: tuple[Component, ...]
    edges: tuple[tuple[str, str], ...]
    alignment: tuple[Aligned, ...]
    circuits: tuple[OutputCircuit, ...]

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes]
        told = [*names, *(word for node in self.nodes for word in node.computes)]
        ends = [
            end for edges in (self.edges, *(each.edges for each in self.circuits)) for edge in edges for end in edge
        ]
        if not all(type(word) is str for word in told) or len(set(names)) != len(names) or not set(ends) <= set(names):
            raise BadFile("the circuit of a compiled model has an edge of no component, or a name that is none")
