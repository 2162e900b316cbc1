"""The weights as TransformerLens has them: a state dict and a configuration.

One state dict serves `HookedTransformer` up to 3.9 and `TransformerBridge.boot_native` from 4 on: scores are divided by
the root of a head's width in both, so the width is a power of 4 and its root is folded into the queries. All layers
have one size, and all biases are 0.

Source: https://github.com/TransformerLensOrg/TransformerLens, `HookedTransformerConfig`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tprog.run.batch import Array
from trainer.compile.assemble import Weights
from trainer.compile.sizes import uniform_size
from trainer.compile.tensors import POSITIONS, TOKENS, UNEMBEDDING, head_name, mlp_name, tensors


def head_width(weights: Weights) -> int:
    """The width of all heads: a power of 4 of at least 4."""
    width = 4
    while width < uniform_size(weights).columns:
        width *= 4
    return width


def lens_tensors(weights: Weights) -> dict[str, Array]:
    """Name -> weights, as a state dict of `HookedTransformer`."""
    made, wide = tensors(weights, uniform=True), head_width(weights)
    heads = max(uniform_size(weights).heads, 1)
    width, units = weights.tokens.shape[1], max(uniform_size(weights).units, 1)
    kind = weights.lowered.precision.numpy
    found = {"embed.W_E": made[TOKENS], "pos_embed.W_pos": made[POSITIONS]}
    for at in range(max(len(weights.layers), 1)):
        block = f"blocks.{at}"
        for name, own in zip(("query", "key", "value", "out"), ("W_Q", "W_K", "W_V", "W_O"), strict=True):
            shape = (wide, width) if name == "out" else (width, wide)
            all_heads = np.zeros((heads, *shape), dtype=kind)
            for which in range(heads):
                matrix = made.get(head_name(at, which, name))
                if matrix is not None:
                    all_heads[which, : matrix.shape[0], : matrix.shape[1]] = matrix
            found[f"{block}.attn.{own}"] = all_heads * kind(wide**0.5) if own == "W_Q" else all_heads
        for bias in ("b_Q", "b_K", "b_V"):
            found[f"{block}.attn.{bias}"] = np.zeros((heads, wide), dtype=kind)
        found[f"{block}.attn.b_O"] = np.zeros(width, dtype=kind)
        into, out = np.zeros((width, units), dtype=kind), np.zeros((units, width), dtype=kind)
        if (read := made.get(mlp_name(at, "in"))) is not None:
            into[:, : read.shape[1]], out[: read.shape[1]] = read, made[mlp_name(at, "out")]
        found |= {f"{block}.mlp.W_in": into, f"{block}.mlp.W_out": out}
        found |= {f"{block}.mlp.b_in": np.zeros(units, dtype=kind), f"{block}.mlp.b_out": np.zeros(width, dtype=kind)}
    found["unembed.W_U"] = made[UNEMBEDDING]
    found["unembed.b_U"] = np.zeros(weights.unembedding.shape[1], dtype=kind)
    return {name: np.ascontiguousarray(matrix) for name, matrix in found.items()}


def lens_config(weights: Weights) -> dict[str, Any]:
    """The fields of `HookedTransformerConfig`."""
    one = uniform_size(weights)
    return {
        "n_layers": max(len(weights.layers), 1),
        "d_model": weights.tokens.shape[1],
        "n_ctx": weights.positions.shape[0],
        "d_head": head_width(weights),
        "n_heads": max(one.heads, 1),
        "d_mlp": max(one.units, 1),
        "d_vocab": weights.tokens.shape[0],
        "d_vocab_out": weights.unembedding.shape[1],
        "act_fn": "relu",
        "normalization_type": None,
        "attention_dir": "causal" if weights.lowered.program.causal else "bidirectional",
    }
