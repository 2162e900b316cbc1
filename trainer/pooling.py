"""A search for one class an input, as a search for that class at each of the input's positions.

A program that predicts the same class at every position predicts it too if its logits are averaged over them: at each
position no class before the right one has as large a logit, and none behind it a larger one, so neither has a sum of
them. The converse is false, so a pooled program that no such program gives is not found.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from tprog.ir.program import Program
from tprog.run.batch import Array, Batch
from tprog.tasks.builtin import UNGRADED
from trainer.data import Data, Split


def unpooled(program: Program) -> Program:
    """The Program with the same nodes and weights that predicts a class at each position, none of them forced."""
    return dataclasses.replace(program, readout=dataclasses.replace(program.readout, pooled=False, forced=()))


def pooled(program: Program) -> Program:
    """The Program with the same nodes and weights that predicts one class for the whole input."""
    return dataclasses.replace(program, readout=dataclasses.replace(program.readout, pooled=True, forced=()))


def everywhere(batch: Batch, labels: Array) -> Array:
    """[B, n]: the one answer to each input [B, 1] at each of its positions, `UNGRADED` behind its end."""
    answers: Array = np.where(batch.present, labels, UNGRADED)
    return answers


def labelled_everywhere(data: Data) -> Data:
    """The data of a pooled program as those of one that predicts a class at each position."""
    test = None if data.test is None else _split(data.test)
    return dataclasses.replace(
        data,
        frame=dataclasses.replace(data.frame, pooled=False),
        train=_split(data.train),
        validation=_split(data.validation),
        test=test,
    )


def _split(split: Split) -> Split:
    return dataclasses.replace(split, expected=torch.as_tensor(everywhere(split.batch, split.expected.numpy())))
