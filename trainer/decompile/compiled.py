"""A compiled model as what is decompiled: its weights alone, and its own inputs.

A compiled model (`trainer.compile`) has no norms, its heads are of any width, and its scores are so far apart that
attention is hard. In front of each input stands the sink, which becomes the ``<s>`` of a program. What its
configuration says of the program that it is of is not looked at.

Letters in shapes: see `trainer.decompile.network`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice, product
from pathlib import Path

import numpy as np

from tprog.errors import BadUsage
from tprog.ir.domains import BEGIN
from tprog.run.batch import Array
from trainer.compile.folder import Config, read_config, read_vocabulary, read_weights
from trainer.compile.tensors import POSITIONS, TOKENS, UNEMBEDDING, head_name, mlp_name
from trainer.decompile.network import Block, Floats, Inputs, Network
from trainer.decompile.samples import SHORT, Source

MOST_INPUTS = 50_000
"""Inputs of a domain that are all compared."""


def network_of_compiled(folder: Path) -> tuple[Network, CompiledSource]:
    """The numbers of a compiled model, and what draws its inputs.

    Raises:
        BadFile: it is none, or damaged.
        BadUsage: it is one that no decoder is: it looks ahead, pools, or has several outputs.
    """
    config = read_config(folder)
    _expect_decoder(folder, config)
    weights = read_weights(folder, config)
    vocabulary = read_vocabulary(folder, config)
    if vocabulary.begin:
        raise BadUsage(f"{folder} has a {BEGIN} of its own beside the sink; expected a program without, such as RASP's")
    if len(vocabulary.names) > 1:
        raise BadUsage(f"{folder} has {len(vocabulary.names)} outputs; expected one")
    if vocabulary.hole is not None:
        raise BadUsage(
            f"{folder} has an output for holes: its program lacks rows, whether or not an input reaches them; expected "
            "one that has them all"
        )
    blocks = tuple(_block(weights, at, config) for at in range(len(config.layers)))
    network = Network(
        tokens=weights[TOKENS],
        places=weights[POSITIONS],
        blocks=blocks,
        last=None,
        unembedding=np.ascontiguousarray(weights[UNEMBEDDING].T),
        epsilon=0.0,
        activation="relu",
    )
    return network, CompiledSource(vocabulary.tokens, vocabulary.outputs, config.positions)


def _expect_decoder(folder: Path, config: Config) -> None:
    if not config.causal:
        raise BadUsage(f"{folder} looks ahead; expected a model that looks back only: compile it with --causal")
    if config.pooled:
        raise BadUsage(f"{folder} has one answer for a whole input; expected one at each position")
    if config.form != "tpdebug":
        raise BadUsage(f"{folder} has the tensors of {config.form}; expected a model compiled with --format tpdebug")


def _block(weights: Mapping[str, Array], at: int, config: Config) -> Block:
    heads = range(len(config.layers[at][0]))

    def matrices(name: str) -> tuple[Floats, ...]:
        return tuple(weights[head_name(at, head, name)] for head in heads)

    def nothing(made: tuple[Floats, ...]) -> tuple[Floats, ...]:
        return tuple(np.zeros_like(each[0]) for each in made)

    query, key, value = (matrices(name) for name in ("query", "key", "value"))
    inward, outward = weights[mlp_name(at, "in")], weights[mlp_name(at, "out")]
    return Block(
        before_heads=None,
        query=query,
        key=key,
        value=value,
        query_bias=nothing(query),
        key_bias=nothing(key),
        value_bias=nothing(value),
        out=matrices("out"),
        out_bias=np.zeros(config.width, dtype=inward.dtype),
        scale=(1.0,) * len(heads),
        before_mlp=None,
        inward=inward,
        inward_bias=np.zeros(inward.shape[1], dtype=inward.dtype),
        outward=outward,
        outward_bias=np.zeros(config.width, dtype=inward.dtype),
    )


class CompiledSource(Source):
    """All inputs of a compiled model, any of its words in any order.

    Args:
        tokens, outputs: its words, and what comes out.
        positions: of the longest input, the sink's among them.
    """

    sets = False
    exact = True
    forced = (BEGIN,)

    def __init__(self, tokens: tuple[str, ...], outputs: tuple[str, ...], positions: int) -> None:
        self.words, self.labels = (*tokens, "sink", "padding"), outputs
        self.symbols = len(tokens)
        self.vocabulary, self.codes = (BEGIN, *tokens), (len(tokens), *range(len(tokens)))
        self.longest = positions
        self.bins = ((1, positions - 1),)

    def draw(self, count: int, lengths: tuple[int, int], seed: int, shifted: bool = False) -> Inputs:
        random = np.random.default_rng(seed)
        sizes = random.integers(lengths[0], lengths[1] + 1, size=count)
        return self._inputs([random.integers(self.symbols, size=size) for size in sizes])

    def random_strings(self, count: int, lengths: tuple[int, int], seed: int) -> Inputs:
        return self.draw(count, lengths, seed)

    def domain(self) -> Inputs | None:
        """All inputs: since a decoder's predictions depend on what stands before alone, the longest ones will do."""
        length = self.longest - 1
        if self.symbols**length > MOST_INPUTS:
            return None
        return self._inputs([np.array(row, dtype=np.int64) for row in product(range(self.symbols), repeat=length)])

    def smallest(self) -> Inputs:
        """All inputs up to some length, the shortest first: of `domain` only the longest are compared."""
        every = (row for length in range(1, self.longest) for row in product(range(self.symbols), repeat=length))
        return self._inputs([np.array(row, dtype=np.int64) for row in islice(every, SHORT)])

    def _inputs(self, rows: list[Array]) -> Inputs:
        sink = self.codes[0]
        tokens, graded = self._padded([(np.array([sink, *row], dtype=np.int64), 1) for row in rows])
        lengths = np.array([1 + len(row) for row in rows], dtype=np.int64)
        return Inputs(tokens, lengths, np.zeros(len(rows), dtype=np.int64), graded)
