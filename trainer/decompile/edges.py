"""The variables that a residual stream is a sum of, and the edges by which they are read.

A *variable* is what stands at the end of a path: the tokens, the places, the constants, the answer of an MLP, and what
heads move of them. An *edge* is one reading of it: a product of a query and a key in a head's scores, an input of an
MLP, an input of the readout.

Their number grows with the product of heads over layers. So in a deep network whole *links* between modules are taken
out first (`trainer.decompile.components`), and only the paths over the links that are left become edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from trainer.decompile.network import Network


@dataclass(frozen=True)
class Given:
    """What the network starts from: ``tokens``, ``places``, or the ``constants`` that its biases add up to."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Answered:
    """The answer of a layer's MLP."""

    layer: int

    def __str__(self) -> str:
        return f"mlp_{self.layer}"


@dataclass(frozen=True)
class Moved:
    """What a head brings of a variable."""

    layer: int
    head: int
    what: Variable

    def __str__(self) -> str:
        return f"attn_{self.layer}_{self.head}({self.what})"


Variable: TypeAlias = Given | Answered | Moved

TOKENS, PLACES, CONSTANTS = Given("tokens"), Given("places"), Given("constants")


@dataclass(frozen=True)
class Score:
    """A product of a query and a key in the scores of a head; without a query, what every query has of the key."""

    layer: int
    head: int
    query: Variable | None
    key: Variable

    def __str__(self) -> str:
        return f"attn_{self.layer}_{self.head}: {'every query' if self.query is None else self.query} x {self.key}"

    @property
    def reads(self) -> tuple[Variable, ...]:
        return (self.key,) if self.query is None else (self.query, self.key)


@dataclass(frozen=True)
class Feed:
    """A variable that an MLP reads."""

    layer: int
    what: Variable

    def __str__(self) -> str:
        return f"mlp_{self.layer}: {self.what}"

    @property
    def reads(self) -> tuple[Variable, ...]:
        return (self.what,)


@dataclass(frozen=True)
class Read:
    """A variable that the readout reads."""

    what: Variable

    def __str__(self) -> str:
        return f"readout: {self.what}"

    @property
    def reads(self) -> tuple[Variable, ...]:
        return (self.what,)


Edge: TypeAlias = Score | Feed | Read
Edges: TypeAlias = frozenset[Edge]


Module: TypeAlias = tuple[str, int, int]
"""A head or an MLP: ``attn`` or ``mlp``, its layer, and its place there."""


def bearer(variable: Variable) -> Module | None:
    """The module that makes a variable: its kind, layer and number; None of what is given."""
    match variable:
        case Moved(layer, head, _):
            return "attn", layer, head
        case Answered(layer):
            return "mlp", layer, 0
        case _:
            return None


def modules_of(variable: Variable) -> Iterator[Module]:
    """All modules on the way of a variable."""
    found = bearer(variable)
    if found is not None:
        yield found
    if isinstance(variable, Moved):
        yield from modules_of(variable.what)


@dataclass(frozen=True)
class Brought:
    """All that a head adds to the stream."""

    layer: int
    head: int

    def __str__(self) -> str:
        return f"attn_{self.layer}_{self.head}"


Component: TypeAlias = Given | Answered | Brought


@dataclass(frozen=True)
class Reader:
    """Where a module reads the stream.

    Attributes:
        part: ``query``, ``key`` or ``value`` of a head, ``mlp``, or ``readout``.
        layer, head: of the module, 0 without one.
    """

    part: str
    layer: int = 0
    head: int = 0

    def __str__(self) -> str:
        if self.part == "readout":
            return self.part
        return f"mlp_{self.layer}" if self.part == "mlp" else f"attn_{self.layer}_{self.head} {self.part}"


@dataclass(frozen=True)
class Link:
    """A component that a module reads."""

    source: Component
    reader: Reader

    def __str__(self) -> str:
        return f"{self.reader}: {self.source}"


Links: TypeAlias = frozenset[Link]


def components(network: Network, layer: int, after_heads: bool) -> list[Component]:
    """What the residual stream before a layer's heads is a sum of, or behind them; constants where there are any."""
    found: list[Component] = [TOKENS] if network.places is None else [TOKENS, PLACES]
    for below in range(layer + after_heads):
        found += [Brought(below, head) for head in range(network.blocks[below].heads)]
        if below < layer:
            found.append(Answered(below))
    return [*found, CONSTANTS] if layer or after_heads else found


def readers(network: Network) -> Iterator[tuple[Reader, list[Component]]]:
    """Where the stream is read, and what it is a sum of there."""
    for layer, block in enumerate(network.blocks):
        before = components(network, layer, False)
        for head in range(block.heads):
            for part in ("query", "key", "value"):
                yield Reader(part, layer, head), before
        yield Reader("mlp", layer), components(network, layer, True)
    yield Reader("readout"), components(network, len(network.blocks), False)


def all_links(network: Network) -> Links:
    """All that there are."""
    return frozenset(Link(source, reader) for reader, sources in readers(network) for source in sources)


class Stream:
    """The variables that each module reads, over some links.

    Args:
        links: None: all of them.
    """

    def __init__(self, network: Network, links: Links | None = None) -> None:
        self._network, self._links = network, links
        self._counts: dict[Component, int] = {}

    def _sources(self, reader: Reader) -> list[Component]:
        layer = len(self._network.blocks) if reader.part == "readout" else reader.layer
        whole = components(self._network, layer, reader.part == "mlp")
        return [source for source in whole if self._links is None or Link(source, reader) in self._links]

    def read(self, reader: Reader) -> list[Variable]:
        """The variables at the end of the paths that come to a place where the stream is read."""
        return [variable for source in self._sources(reader) for variable in self._expanded(source)]

    def _expanded(self, source: Component) -> Iterator[Variable]:
        if not isinstance(source, Brought):
            yield source
            return
        for what in self.read(Reader("value", source.layer, source.head)):
            yield Moved(source.layer, source.head, what)

    def count(self, reader: Reader) -> int:
        """How many they are, without making them."""
        return sum(map(self._count, self._sources(reader)))

    def _count(self, source: Component) -> int:
        if source not in self._counts:
            moved = isinstance(source, Brought)
            self._counts[source] = self.count(Reader("value", source.layer, source.head)) if moved else 1  # type: ignore[union-attr]
        return self._counts[source]


def all_edges(network: Network, links: Links | None = None) -> Edges:
    """The edges of the path expansion, over some links or all."""
    stream = Stream(network, links)
    found: set[Edge] = set()
    for layer, block in enumerate(network.blocks):
        for head in range(block.heads):
            queries, keys = (stream.read(Reader(part, layer, head)) for part in ("query", "key"))
            found |= {Score(layer, head, query, key) for query in (*queries, None) for key in keys}
        found |= {Feed(layer, what) for what in stream.read(Reader("mlp", layer))}
    found |= {Read(what) for what in stream.read(Reader("readout"))}
    return frozenset(found)


def edge_count(network: Network, links: Links | None = None) -> int:
    """How many edges the path expansion has, without making them."""
    stream, total = Stream(network, links), 0
    for layer, block in enumerate(network.blocks):
        for head in range(block.heads):
            total += (stream.count(Reader("query", layer, head)) + 1) * stream.count(Reader("key", layer, head))
        total += stream.count(Reader("mlp", layer))
    return total + stream.count(Reader("readout"))


def live(edges: Iterable[Edge]) -> Edges:
    """The edges whose answers reach the readout."""
    of_module: dict[Module | None, list[Edge]] = {}
    for edge in edges:
        of_module.setdefault(module_of(edge), []).append(edge)
    kept: set[Edge] = set()
    reached = of_module.pop(None, [])
    while reached:
        kept.update(reached)
        wanted = {module for edge in reached for what in edge.reads for module in modules_of(what)}
        reached = [edge for module in wanted for edge in of_module.pop(module, ())]
    return frozenset(kept)


def module_of(edge: Edge) -> Module | None:
    """The module that reads over an edge; None of the readout."""
    match edge:
        case Score(layer, head):
            return "attn", layer, head
        case Feed(layer):
            return "mlp", layer, 0
    return None
