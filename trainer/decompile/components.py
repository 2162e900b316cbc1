"""Which components a deep network needs of one another, before any path is made.

The number of paths is the product of heads over layers; that of *links*, by which a module reads the tokens, the
places, or what another module adds to the stream, is their square. The norms are frozen as those of paths are, and a
mean stands in for a link that is taken out. Links go as edges do (`trainer.decompile.prune`).

Letters in shapes: see `trainer.decompile.network`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trainer.decompile.edges import (
    CONSTANTS,
    PLACES,
    TOKENS,
    Answered,
    Brought,
    Component,
    Link,
    Links,
    Reader,
    all_links,
    readers,
)
from trainer.decompile.network import Floats, Inputs, Network, Use, activated, attended, embedded, run, shift_of
from trainer.decompile.paths import READOUT, constants, share_of


@dataclass(eq=False)
class ComponentRun:
    """What a network computes over some links.

    Attributes:
        values: component -> [B, n, D] what it adds to the stream.
        logits: [B, n, V].
    """

    links: Links
    values: dict[Component, Floats]
    logits: Floats


def use_of(reader: Reader) -> Use:
    """Where the stream is read."""
    if reader.part == "readout":
        return READOUT
    return ("mlp" if reader.part == "mlp" else "heads"), reader.layer


def module_of(reader: Reader) -> Component | None:
    """What a module that reads the stream adds to it; None of the readout."""
    if reader.part == "readout":
        return None
    return Answered(reader.layer) if reader.part == "mlp" else Brought(reader.layer, reader.head)


def parts_of(component: Component) -> tuple[Reader, ...]:
    """Where a module reads the stream; nowhere, if it is given."""
    match component:
        case Brought(layer, head):
            return tuple(Reader(part, layer, head) for part in ("query", "key", "value"))
        case Answered(layer):
            return (Reader("mlp", layer),)
        case _:
            return ()


def live_links(links: Iterable[Link]) -> Links:
    """The links over which something comes to the readout."""
    links = tuple(links)
    wanted: set[Component | None] = {None}
    while True:
        kept = [link for link in links if module_of(link.reader) in wanted]
        found = {link.source for link in kept} - wanted
        if not found:
            return frozenset(kept)
        wanted |= found


class Components:
    """A network on some inputs, to be run with fewer links.

    Attributes:
        own: the network's own run.
        whole: the run over all links.
    """

    def __init__(self, network: Network, inputs: Inputs) -> None:
        self.network, self.inputs = network, inputs
        self.own = run(network, inputs)
        self._constants = constants(network)
        self._means: dict[tuple[Use, Component], Floats] = {}
        self._sources = dict(readers(network))
        self.whole = self.run(all_links(network), measuring=True)

    def run(self, links: Links, base: ComponentRun | None = None, measuring: bool = False) -> ComponentRun:
        """The logits with some links only.

        Args:
            base: a run whose values are taken where they are the same.
            measuring: whether to take the means that stand in for links that are taken out.
        """
        tokens, places = embedded(self.network, self.inputs)
        made = ComponentRun(links, {TOKENS: tokens, PLACES: places}, self.own.logits)
        sources = _by_reader(links)
        needed = {link.source for link in links}
        differs = set() if base is None else {link.reader for link in links ^ base.links}
        changed: set[Component] = set()
        for component in self._modules:
            if component not in needed and not measuring:
                continue
            parts = parts_of(component)
            stale = any(part in differs or sources.get(part, set()) & changed for part in parts)
            if base is not None and not stale and component in base.values:
                made.values[component] = base.values[component]
                continue
            changed.add(component)
            made.values[component] = self._answer(component, sources, made, measuring)
        read = self._read(Reader("readout"), sources, made, measuring)
        made.logits = (read + shift_of(self.network.last)) @ self.network.unembedding.T
        return made

    @property
    def _modules(self) -> Iterator[Component]:
        for layer, block in enumerate(self.network.blocks):
            yield from (Brought(layer, head) for head in range(block.heads))
            yield Answered(layer)

    def _answer(
        self, component: Component, sources: Mapping[Reader, set[Component]], made: ComponentRun, measuring: bool
    ) -> Floats:
        """[B, n, D] what a module adds to the stream, without what its biases alone do."""
        parts = [self._read(part, sources, made, measuring) for part in parts_of(component)]
        block = self.network.blocks[parts_of(component)[0].layer]
        if isinstance(component, Brought):
            head, shift = component.head, shift_of(block.before_heads)
            queries = (parts[0] + shift) @ block.query[head] + block.query_bias[head]
            keys = (parts[1] + shift) @ block.key[head] + block.key_bias[head]
            pattern = attended(queries @ keys.transpose(0, 2, 1), block.scale[head])
            made_by_head: Floats = (pattern @ (parts[2] @ block.value[head])) @ block.out[head]
            return made_by_head
        inward = (parts[0] + shift_of(block.before_mlp)) @ block.inward + block.inward_bias
        answer: Floats = activated(inward, self.network.activation) @ block.outward
        return answer

    def _read(
        self, reader: Reader, sources: Mapping[Reader, set[Component]], made: ComponentRun, measuring: bool
    ) -> Floats:
        """[B, n, D] what is read, before the shift of the norm: shares of sources, means of those taken out."""
        use, chosen = use_of(reader), sources.get(reader, set())
        total = np.zeros((*self.inputs.tokens.shape, self.network.tokens.shape[1]), dtype=self.network.dtype)
        mean = np.zeros(total.shape[-1], dtype=total.dtype)
        for source in self._sources[reader]:
            if source in chosen:
                value = self._constants[use] if source == CONSTANTS else made.values[source]
                if measuring:
                    whole = np.broadcast_to(share_of(self.network, self.own, use, value), total.shape)
                    self._means[use, source] = whole[self.inputs.present].mean(axis=0)
                total += value
            else:
                mean += self._means[use, source]
        made_of: Floats = share_of(self.network, self.own, use, total) + mean  # the share of a sum is the sum of shares
        return made_of


def _by_reader(links: Links) -> Mapping[Reader, set[Component]]:
    found: dict[Reader, set[Component]] = {}
    for link in links:
        found.setdefault(link.reader, set()).add(link.source)
    return found
