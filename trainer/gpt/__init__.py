"""An ordinary decoder-only Transformer in the manner of GPT-2: the network, its folder of files, its training.

`load` reads a folder of `config.json` and `model.safetensors` as HuggingFace's GPT2LMHeadModel writes it, whoever has
trained the model; `save` writes one. `Gpt` computes the same logits as that class. `accuracy` judges a model on a task
of `tprog.tasks.next_token`.
"""

from trainer.gpt.folder import CONFIG, WEIGHTS, load, save
from trainer.gpt.judge import accuracy, expect_fits
from trainer.gpt.model import Gpt, GptConfig

__all__ = ["CONFIG", "WEIGHTS", "Gpt", "GptConfig", "accuracy", "expect_fits", "load", "save"]
