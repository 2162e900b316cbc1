"""The ground truth: which heads and MLPs compute which node, what each reads of which, and so the circuit of an output.

Components have the names that benchmarks of circuit discovery give them: ``embed``, ``pos_embed``,
``blocks.0.attn[2]``, ``blocks.0.mlp`` and ``unembed``; an edge is a pair of them. What is the same at every token (the
constant 1, the sink, the padding) is no edge.

Source: the circuits of InterpBench (Gupta et al. 2024, arXiv 2407.14494), github.com/FlyingPumba/circuits-benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from trainer.compile.assemble import Weights
from trainer.compile.lower import Lowered
from trainer.compile.stream import PAD, REAL, SINK, Feature, Operation

SCHEMA = "tpdebug.components/1"
"""That of `analyze.results.components`."""

EMBED, POSITIONS, UNEMBED = "embed", "pos_embed", "unembed"

Edge: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Circuit:
    """What computes an output.

    Attributes:
        output: its name: the readout, or the variable that comes out.
        nodes, edges: components, in the order of the layers, and who of them reads whom.
    """

    output: str
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class GroundTruth:
    """What is known of a compiled Transformer.

    Attributes:
        components: component -> the nodes of the Program of which it computes some.
        alignment: node -> the components that compute it. A sum of variables has none: who reads it reads its terms.
        nodes, edges: of all that there is, whether or not an output needs it.
        circuits: one an output.
    """

    components: Mapping[str, tuple[str, ...]]
    alignment: Mapping[str, tuple[str, ...]]
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    circuits: tuple[Circuit, ...]

    def to_json(self) -> dict[str, Any]:
        """As a circuit file has it."""
        return {
            "schema": SCHEMA,
            "granularity": "component",
            "nodes": [{"name": name, "computes": list(self.components.get(name, ()))} for name in self.nodes],
            "edges": [list(edge) for edge in self.edges],
            "alignment": [{"node": node, "components": list(found)} for node, found in self.alignment.items()],
            "circuits": [
                {"output": each.output, "nodes": list(each.nodes), "edges": [list(edge) for edge in each.edges]}
                for each in self.circuits
            ],
        }


def ground_truth(weights: Weights) -> GroundTruth:
    """The circuits of a compiled Transformer."""
    lowered = weights.lowered
    places = _places(weights)
    writers = _writers(lowered)
    components, alignment = _aligned(lowered, places)
    edges = _edges(lowered.operations, places, writers) | _last(lowered.read.view.parts, places, writers)
    order = _order(weights)
    circuits = []
    for name, view in zip(lowered.program.outputs, lowered.read.views, strict=True):
        kept = _edges(_needed(view.parts, writers), places, writers) | _last(view.parts, places, writers)
        nodes = sorted({end for edge in kept for end in edge}, key=order.index)
        circuits.append(Circuit(name, tuple(nodes), _sorted(kept, order)))
    present = {end for edge in edges for end in edge} | set(places.values())
    return GroundTruth(
        {name: tuple(computes) for name, computes in components.items()},
        {node: tuple(sorted(found, key=order.index)) for node, found in alignment.items()},
        tuple(name for name in order if name in present),
        _sorted(edges, order),
        tuple(circuits),
    )


def _writers(lowered: Lowered) -> dict[Feature, Operation | str]:
    """Feature -> what writes it."""
    writers: dict[Feature, Operation | str] = dict.fromkeys(lowered.given, EMBED)
    writers |= dict.fromkeys(lowered.placed, POSITIONS)
    for operation in lowered.operations:
        writers |= dict.fromkeys(operation.writes, operation)
    return writers


def _aligned(
    lowered: Lowered, places: Mapping[Operation, str]
) -> tuple[dict[str, dict[str, None]], dict[str, dict[str, None]]]:
    """Component -> the nodes that it computes, and node -> the components that compute it, each once and in order."""
    computed = [(place, operation.node) for operation, place in places.items()]
    computed += [(EMBED, feature.node) for feature in lowered.given]
    components: dict[str, dict[str, None]] = {}
    alignment: dict[str, dict[str, None]] = {node.name: {} for node in lowered.program.nodes}
    for place, node in computed:
        if node is not None:
            components.setdefault(place, {})[node] = None
            alignment[node][place] = None
    return components, alignment


def translated(truth: GroundTruth, nodes: Iterable[str]) -> set[str]:
    """The components that compute some nodes of the Program."""
    return {place for node in nodes for place in truth.alignment[node]}


def _order(weights: Weights) -> list[str]:
    """All components, layer by layer."""
    found = [EMBED, POSITIONS]
    for at, layer in enumerate(weights.layers):
        found += [f"blocks.{at}.attn[{which}]" for which in range(len(layer.heads))]
        found.append(f"blocks.{at}.mlp")
    return [*found, UNEMBED]


def _places(weights: Weights) -> dict[Operation, str]:
    """The component that does each operation."""
    found: dict[Operation, str] = {}
    for at, layer in enumerate(weights.layers):
        found |= {head.component: f"blocks.{at}.attn[{which}]" for which, head in enumerate(layer.heads)}
        found |= {units: f"blocks.{at}.mlp" for units, _, _ in layer.components}
    return found


def _place(writer: Operation | str, places: Mapping[Operation, str]) -> str:
    return writer if isinstance(writer, str) else places[writer]


def _read(features: Iterable[Feature]) -> list[Feature]:
    return [feature for feature in features if feature not in (REAL, SINK, PAD)]


def _edges(
    operations: Iterable[Operation], places: Mapping[Operation, str], writers: Mapping[Feature, Operation | str]
) -> set[Edge]:
    return {
        (_place(writers[feature], places), places[operation])
        for operation in operations
        for feature in _read(operation.reads)
    }


def _last(
    features: Iterable[Feature], places: Mapping[Operation, str], writers: Mapping[Feature, Operation | str]
) -> set[Edge]:
    return {(_place(writers[feature], places), UNEMBED) for feature in _read(features)}


def _needed(features: Iterable[Feature], writers: Mapping[Feature, Operation | str]) -> list[Operation]:
    """The operations that what is read out depends on."""
    found: dict[Operation, None] = {}
    waiting = [writers[feature] for feature in _read(features)]
    while waiting:
        writer = waiting.pop()
        if isinstance(writer, str) or writer in found:
            continue
        found[writer] = None
        waiting += [writers[feature] for feature in _read(writer.reads)]
    return list(found)


def _sorted(edges: Iterable[Edge], order: list[str]) -> tuple[Edge, ...]:
    return tuple(sorted(edges, key=lambda edge: (order.index(edge[0]), order.index(edge[1]))))
