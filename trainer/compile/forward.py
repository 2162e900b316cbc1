"""The compiled Transformer in NumPy: what the tests hold the construction against, and what runs without torch.

Letters: b inputs, n positions, the sink's among them, d dimensions.
"""

from __future__ import annotations

import numpy as np

from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import FORCED
from tprog.run.logits import read_out_at
from trainer.compile.assemble import Weights


def model_tokens(weights: Weights, batch: Batch) -> Array:
    """[b, n] the tokens of a batch as the Transformer reads them: the sink, the tokens, and padding."""
    words = len(weights.lowered.program.vocabulary)
    sink = np.full((len(batch), 1), words, dtype=np.int64)
    return np.hstack([sink, np.where(batch.present, batch.tokens, words + 1).astype(np.int64)])


def forward(weights: Weights, tokens: Array) -> Array:
    """[b, n, output] the logits of tokens [b, n]."""
    kind = weights.lowered.precision.numpy

    def cast(matrix: Array) -> Array:
        return matrix.astype(kind)

    stream = cast(weights.tokens)[tokens] + cast(weights.positions)[: tokens.shape[1]]
    hidden = ~np.tril(np.ones((tokens.shape[1], tokens.shape[1]), dtype=np.bool_))
    for layer in weights.layers:
        added = np.zeros_like(stream)
        for head in layer.heads:
            scores = (stream @ cast(head.query)) @ (stream @ cast(head.key)).transpose(0, 2, 1)
            if weights.lowered.program.causal:
                scores[:, hidden] = -np.inf
            added += _softmax(scores) @ (stream @ cast(head.value)) @ cast(head.out)
        stream = stream + added
        stream = stream + np.maximum(stream @ cast(layer.into), 0) @ cast(layer.out)
    logits: Array = stream @ cast(weights.unembedding)
    return logits


def answers(weights: Weights, batch: Batch) -> tuple[Array, Bools]:
    """What the Transformer answers on a batch, in the form in which `tprog.run.execute` has it.

    Returns:
        predictions as `Execution.predictions`, and [input] whether an input reaches a hole.
    """
    return decided(weights, forward(weights, model_tokens(weights, batch)), batch)


def decided(weights: Weights, logits: Array, batch: Batch) -> tuple[Array, Bools]:
    """The answers [b, n, output] logits come to: of each output the word with the largest, at each position or for all.

    Returns:
        as `answers`.
    """
    program, read = weights.lowered.program, weights.lowered.read
    best = logits.reshape(*logits.shape[:2], len(program.outputs), -1).argmax(axis=-1)[:, 1:]
    hole = len(read.words) - 1 if read.hole else FORCED
    in_hole: Bools = ((best[:, :, 0] == hole) & batch.present).any(axis=1)
    if program.readout.pooled:
        return best[np.arange(len(batch)), batch.lengths - 1, 0], in_hole
    for at, name in enumerate(program.outputs):
        best[:, :, at] = np.where(batch.present, best[:, :, at], FORCED)
        if name not in program.returned:
            words = np.array([*program.vocabulary, ""])[batch.tokens]
            echoed = np.array(read.words)[best[:, :, at]] == words
            best[:, :, at] = np.where(echoed & ~read_out_at(program, batch), FORCED, best[:, :, at])
    return best.reshape(len(batch), -1), in_hole


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found: Array = raised / raised.sum(axis=-1, keepdims=True)
    return found
