"""What stands beside the weights for people: how to run them in plain PyTorch, and what the folder holds."""

from __future__ import annotations

from textwrap import fill

from tprog.escape import markdown_text, shell_command
from trainer.compile.assemble import Weights
from trainer.compile.sizes import sizes

PLAIN = '''\
"""The Transformer in this folder, in plain PyTorch: python model.py WORD ... (written by tpdebug)."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

FOLDER = Path(__file__).parent
CONFIG = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
WORDS = json.loads((FOLDER / "vocabulary.json").read_text(encoding="utf-8"))
WEIGHTS = load_file(FOLDER / "model.safetensors")


def forward(tokens):  # [batch, position], the sink first -> logits [batch, position, output]
    stream = WEIGHTS["token_embedding"][tokens] + WEIGHTS["position_embedding"][: tokens.shape[1]]
    later = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).triu(1)
    for at, layer in enumerate(CONFIG["layers"]):
        added = torch.zeros_like(stream)
        for head in range(len(layer["heads"])):
            names = (f"layers.{at}.heads.{head}.{name}" for name in ("query", "key", "value", "out"))
            query, key, value, out = (WEIGHTS[name] for name in names)
            scores = (stream @ query) @ (stream @ key).transpose(1, 2)
            if CONFIG["causal"]:
                scores = scores.masked_fill(later, float("-inf"))
            added = added + scores.softmax(-1) @ (stream @ value) @ out
        stream = stream + added
        stream = stream + torch.relu(stream @ WEIGHTS[f"layers.{at}.mlp.in"]) @ WEIGHTS[f"layers.{at}.mlp.out"]
    return stream @ WEIGHTS["unembedding"]


if __name__ == "__main__":
    given = [WORDS["sink"], *(WORDS["tokens"].index(word) for word in sys.argv[1:])]
    best = forward(torch.tensor([given]))[0].reshape(len(given), len(WORDS["names"]), -1).argmax(-1)
    for column in best[-1:].T if CONFIG["pooled"] else best[1:].T:
        print([WORDS["outputs"][at] for at in column])
'''

LENS = '''\
"""The Transformer in this folder, in TransformerLens up to 3.9: python model.py WORD ... (written by tpdebug)."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

FOLDER = Path(__file__).parent
CONFIG = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
WORDS = json.loads((FOLDER / "vocabulary.json").read_text(encoding="utf-8"))


def load():
    config = HookedTransformerConfig(**CONFIG["transformer_lens"], dtype=getattr(torch, CONFIG["dtype"]))
    model = HookedTransformer(config)
    model.load_state_dict(load_file(FOLDER / "model.safetensors"), strict=False)  # its masks are no weights
    return model


if __name__ == "__main__":
    given = [WORDS["sink"], *(WORDS["tokens"].index(word) for word in sys.argv[1:])]
    best = load()(torch.tensor([given]))[0].reshape(len(given), len(WORDS["names"]), -1).argmax(-1)
    for column in best[-1:].T if CONFIG["pooled"] else best[1:].T:
        print([WORDS["outputs"][at] for at in column])
'''


def loader(form: str) -> str:
    """The text of `model.py`."""
    return LENS if form == "transformer-lens" else PLAIN


def readme(weights: Weights, form: str) -> str:
    """The text of `README.md`."""
    program, found = weights.lowered.program, sizes(weights)
    task = f" for the task {markdown_text(program.task)}" if program.task is not None else ""
    sees = "A position sees none behind it." if program.causal else "Every position sees all others."
    comes = (
        "The output of the last position is that of the input."
        if program.readout.pooled
        else "Each position has its output; that of the sink means nothing."
    )
    words = len(program.vocabulary)
    example = shell_command([*program.marks.before, "WORD", "...", *program.marks.behind])
    paragraphs = (
        f"Written by tpdebug. It computes what a program{task} does, on every input of up to {program.max_length} "
        f"tokens, exactly: {found.layers} layers, {found.width} dimensions, {found.parameters:,} weights in "
        f"{weights.lowered.precision.name}, of which {found.not_zero:,} are not 0. Attention has a softmax and no "
        f"bias, MLPs have ReLU and no bias; there is no layer norm. {sees}",
        f"An input begins with the sink, the token {words}, and may be filled up behind its end with padding, the "
        f"token {words + 1}. {comes}",
        "The second command reads the program back, and refuses weights that are not its own.",
    )
    about, inputs, last = (fill(text, 120) for text in paragraphs)
    loads = "a loader for TransformerLens" if form == "transformer-lens" else "the whole model in plain PyTorch"
    table = "\n".join(f"| {name} | {what} |" for name, what in (*HOLDS, ("`model.py`", loads)))
    return (
        f"# A compiled Transformer\n\n{about}\n\n| file | what it holds |\n|---|---|\n{table}\n\n{inputs}\n\n"
        f"```console\n$ python model.py {example}\n$ tpdebug emit . -o program.py\n```\n\n{last}\n"
    )


HOLDS = (
    ("`model.safetensors`", "the weights"),
    (
        "`config.json`",
        "sizes; the name of each dimension; which head, hidden unit and dimension belongs to which node of the "
        "program; the margins; the program itself",
    ),
    ("`circuit.json`", "the ground truth: which heads and MLPs compute which node, and what reads what"),
    ("`vocabulary.json`", "the tokens and the outputs, in the order of their numbers"),
)
"""File -> what it holds, but for the loader."""
