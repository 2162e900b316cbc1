"""How much memory training will take, from the settings alone: what fits no machine is refused before it is made."""

from __future__ import annotations

from tprog.errors import BadUsage
from trainer.config import TrainConfig
from trainer.model import Frame, Network
from trainer.tensor_files import LARGEST as LARGEST

A_TOKEN = 40
"""Bytes of a token of the data: its code and its answer as tensors, as arrays, and while they are drawn."""

EVALUATED = 512
"""Inputs that the argmax models see at once (`trainer.model.Network.predict`)."""

_COPIES = 14
"""Numbers held for each parameter in a step: the parameters now and at their best, Adam's two moments, the gradient,
the noise and what it is drawn from, noisy logits, choices, and what these need for their own gradient."""


def expect_room(what: str, needed: int, advice: str) -> None:
    """Refuse what needs more than `LARGEST`.

    Raises:
        BadUsage: it does; the message says how much, and the advice.
    """
    if needed > LARGEST:
        raise BadUsage(
            f"{what} would need about {needed / 2**30:,.0f} GiB of memory; expected at most {LARGEST // 2**30}: "
            f"{advice}"
        )


def check_population(config: TrainConfig, frame: Frame) -> None:
    """Refuse a population, or data, that fit no machine.

    Raises:
        BadUsage: the message says how much memory they would need.
    """
    expect_room(
        f"{config.dataset_size:,} inputs of {frame.max_length} tokens",
        config.dataset_size * frame.max_length * A_TOKEN,
        "lower dataset_size or length",
    )
    expect_room(
        f"training {config.members} members of {config.layers} layers",
        population_bytes(config, frame),
        "lower members, batch, layers, heads, cardinality, numeric_cap or length",
    )


def population_bytes(config: TrainConfig, frame: Frame) -> int:
    """What training will take at once, in bytes: between two thirds and one and a half times what was measured."""
    network, n = Network.of(config, frame), frame.max_length
    written, within = _layer(config, network, n)
    # A step keeps all that each layer made until its gradient is known; an evaluation, what the layers have written.
    step = config.batch * (config.layers * (written + within) + within)
    evaluation = max(config.batch, EVALUATED) * (config.layers * written + within)
    return 4 * config.members * (_COPIES * network.layout.size + n * max(step, evaluation))


def _layer(config: TrainConfig, network: Network, n: int) -> tuple[int, int]:
    """Numbers that a layer makes for one token of one member: those that it writes, and those on the way to them."""
    d, levels = network.d, network.cap + 1
    heads = config.cat_heads + config.num_heads
    written = (config.cat_heads + config.cat_mlps + config.num_mlps) * d + config.num_heads * (1 + levels)
    attention = heads * (3 * d + 6 * n)  # query, key and value; scores, masked, ranked, unmatched, weights
    lookups = config.cat_mlps * (d * d + 2 * d) + config.num_mlps * (levels * levels + 2 * levels)
    return written, attention + lookups
