"""A compiled model as a module of PyTorch.

Letters: b inputs, n positions, the sink's among them, d dimensions of the residual stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from tprog.errors import BadFile, BadUsage
from trainer.compile.folder import VOCABULARY, Config, Vocabulary, read_config, read_vocabulary, read_weights
from trainer.compile.tensors import HEAD, POSITIONS, TOKENS, UNEMBEDDING, head_name, mlp_name


class CompiledTransformer(nn.Module):
    """A compiled model: tokens [b, n] -> logits [b, n, output].

    Its first token is the sink, and padding may stand behind the end of an input: the weights mask it. It computes
    exactly what its program does, in the type that it was compiled for, as long as products are not computed in a
    shorter one. It was tried on CPUs alone; nothing in it is about them.

    Attributes:
        words: the tokens, in the order of their numbers; behind them stand the sink and the padding.
        outputs: what comes out, in the order of the logits; `hole` is the last one, where an input may reach a hole.
        names: of the outputs of the program; of several, the logits stand side by side.
        pooled: whether the output of the last position is that of the input.
    """

    def __init__(self, config: Config, weights: dict[str, Tensor], vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config = config
        self.words, self.outputs = vocabulary.tokens, vocabulary.outputs
        self.names, self.hole = vocabulary.names, vocabulary.hole
        self.pooled = config.pooled
        self.sink, self.padding = len(self.words), len(self.words) + 1
        for name, tensor in weights.items():
            self.register_parameter(_flat(name), nn.Parameter(tensor, requires_grad=False))

    def weight(self, name: str) -> Tensor:
        """A tensor by its name in the file."""
        return self.get_parameter(_flat(name))

    def forward(self, tokens: Tensor) -> Tensor:
        """The logits [b, n, output] of tokens [b, n].

        Raises:
            BadUsage: there are more positions than the model has, or products would not be exact.
        """
        return self._run(tokens, None)

    def attention(self, tokens: Tensor) -> dict[str, Tensor]:
        """What each head attends to: component -> [b, query, key]; position 0 is the sink's."""
        found: dict[str, Tensor] = {}
        self._run(tokens, found)
        return found

    def tokens(self, inputs: Sequence[Sequence[str]]) -> Tensor:
        """Whole inputs, ``<s>`` and ``</s>`` included where the program has them, as tokens [b, n].

        Raises:
            BadUsage: a word that is none of the model's.
        """
        codes = {word: at for at, word in enumerate(self.words)}
        longest = max(map(len, inputs), default=0)
        rows = []
        for given in inputs:
            if (unknown := next((word for word in given if word not in codes), None)) is not None:
                raise BadUsage(f"{unknown!r} is no token of the model; expected those of {VOCABULARY}")
            padding = [self.padding] * (longest - len(given))
            rows.append([self.sink, *(codes[word] for word in given), *padding])
        return torch.tensor(rows, dtype=torch.long, device=self.weight(TOKENS).device).reshape(len(rows), longest + 1)

    def answers(self, inputs: Sequence[Sequence[str]]) -> list[list[str] | str | dict[str, list[str]]]:
        """What comes out of whole inputs: a word a position; of several outputs, name -> such a list; of a pooled
        program, one word."""
        logits = self(self.tokens(inputs))
        best = logits.reshape(*logits.shape[:2], len(self.names), len(self.outputs)).argmax(dim=-1).tolist()
        found: list[list[str] | str | dict[str, list[str]]] = []
        for row, given in zip(best, inputs, strict=True):
            columns = zip(*row[1 : len(given) + 1], strict=True)
            words = [[self.outputs[at] for at in column] for column in columns]
            if self.pooled:
                found.append(words[0][-1])
            else:
                found.append(words[0] if len(words) == 1 else dict(zip(self.names, words, strict=True)))
        return found

    def _run(self, tokens: Tensor, patterns: dict[str, Tensor] | None) -> Tensor:
        self._check(tokens)
        n = tokens.shape[1]
        stream = self.weight(TOKENS)[tokens] + self.weight(POSITIONS)[:n]
        later = torch.ones(n, n, dtype=torch.bool, device=tokens.device).triu(1)
        for at, (heads, units) in enumerate(self.config.layers):
            added = torch.zeros_like(stream)
            for which in range(len(heads)):
                query, key, value, out = (self.weight(head_name(at, which, name)) for name in HEAD)
                scores = (stream @ query) @ (stream @ key).transpose(1, 2)
                if self.config.causal:
                    scores = scores.masked_fill(later, float("-inf"))
                pattern = scores.softmax(dim=-1)
                if patterns is not None and (name := self.config.names[at][which]) is not None:
                    patterns[name] = pattern
                added = added + pattern @ (stream @ value) @ out
            stream = stream + added
            if units:
                hidden = torch.relu(stream @ self.weight(mlp_name(at, "in")))
                stream = stream + hidden @ self.weight(mlp_name(at, "out"))
        return stream @ self.weight(UNEMBEDDING)

    def _check(self, tokens: Tensor) -> None:
        if tokens.dim() != 2 or tokens.shape[1] > self.config.positions:
            raise BadUsage(
                f"the tokens have the shape {list(tokens.shape)}; expected [inputs, positions], of at most "
                f"{self.config.positions} positions with the sink's"
            )
        if torch.get_float32_matmul_precision() != "highest" and self.config.dtype == "float32":
            raise BadUsage(
                "products of float32 are computed in a shorter type here, which is not exact; set "
                "torch.set_float32_matmul_precision('highest')"
            )
        if self.weight(TOKENS).dtype != getattr(torch, self.config.dtype):
            raise BadUsage(
                f"the model was compiled for {self.config.dtype}, and its weights are {self.weight(TOKENS).dtype}; "
                "compile it again with --dtype"
            )


def load_model(folder: Path) -> CompiledTransformer:
    """A compiled model, from its folder.

    Raises:
        BadFile: it is none, or one of its files was changed or cut short; the message names it.
    """
    config = read_config(folder)
    if config.form != "tpdebug":
        raise BadFile(f"{folder} is written for TransformerLens; its model.py reads it, or compile without --format")
    vocabulary = read_vocabulary(folder, config)
    weights = {name: torch.from_numpy(array) for name, array in read_weights(folder, config).items()}
    return CompiledTransformer(config, weights, vocabulary)


def _flat(name: str) -> str:
    """A name that a parameter may have: PyTorch takes dots for modules."""
    return name.replace(".", "_")
