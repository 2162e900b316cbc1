"""The settings of training a decoder: apart from `trainer.gpt`, since the command line's help needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainer.settings import SEEDS, BadSetting, Settings, expect_shared, setting

Positions = Literal["offset", "absolute", "none"]
Activation = Literal["gelu_new", "relu"]
Device = Literal["cpu", "cuda"]


@dataclass(frozen=True)
class GptTraining(Settings):
    """The settings of one training; each field says what it is (`about`).

    Raises:
        BadSetting: a value that has no meaning; the message names the key.
    """

    task: str
    length: int | None = setting(
        None, "of a task that programs learn: the longest input, marks included; left out: the task's own.", 2, 1000
    )
    layers: int = setting(2, "how many.", 1, 12)
    heads: int = setting(1, "how many in each layer.", 1, 16)
    width: int = setting(
        64, "of the residual stream; a multiple of heads. An MLP has four times as many neurons.", 1, 1024
    )
    positions: Positions = setting(
        "offset",
        "what tells places apart: learned positions, each input at a random offset (as published) or at 0 (absolute), "
        "or none.",
    )
    activation: Activation = setting("gelu_new", "of the neurons of an MLP.")
    tied: bool = setting(True, "predict with the embeddings of the tokens, not with a table of their own.")
    dropout: float = setting(0.0, "share of the embeddings, the attention and what layers add that a step drops.")
    lr: float = setting(1e-3, "AdamW's step size at first; it falls in a line to 0.")
    weight_decay: float = setting(0.01, "AdamW's, of matrices and tables.")
    batch: int = setting(64, "inputs a step, drawn afresh.", 1, 100_000)
    steps: int = setting(10_000, "at most; the published models have up to 30,000.", 1, 10_000_000)
    evaluate_every: int = setting(500, "steps between two evaluations, each with a checkpoint.", 1, 10_000_000)
    calm: int = setting(
        4,
        "stop after so many evaluations one after the other with nothing wrong, neither at the lengths trained on nor "
        "at the next longer ones; 0: go on to the last step.",
        0,
        1_000_000,
    )
    seed: int = setting(0, "of the parameters, the inputs and the dropout.", 0, SEEDS - 1)
    device: Device = setting("cpu", "cpu, or cuda where there is one: the same results in law, not the same bytes.")

    def __post_init__(self) -> None:
        super().__post_init__()
        expect_shared("width", self.width, self.heads)
        if not 0 < self.lr < 1e6:
            raise BadSetting("lr", f"is {self.lr!r}; expected a number above 0, below a million")
        if not 0 <= self.weight_decay < 1 / self.lr:
            raise BadSetting("weight_decay", f"is {self.weight_decay!r}; expected a number from 0, below 1 / lr")
        if not 0 <= self.dropout < 1:
            raise BadSetting("dropout", f"is {self.dropout!r}; expected a share from 0, below 1")
