"""The Transformer Program network: every module reads whole variables, chosen by gates, and writes new ones.

The residual stream is disentangled: one slot a variable, concatenated and never added. The forward pass is written
once; a `Chooser` makes every discrete choice in it, softly while training, by argmax in the hardened network. Of the
hardened network each step is exact, so that its predictions are those of its extracted Program, ties included:

- one-hot vectors times one-hot vectors, and sums of whole numbers, are exact in float64 (below 2**53);
- the MLPs' weights are multiples of 2**-16, so that every sum in them is exact in any order (`Network.hardened`).

Letters in shapes: B inputs, n positions, d slots of a categorical variable, V categorical variables, W numeric ones,
H heads (Hc categorical, Hn numeric, in this order), M MLPs, C classes.

Source: Friedman, Wettig, Chen (arXiv 2306.01128), section 3. Set predicates and masks are extensions.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from tprog.errors import BadUsage, NotExact
from tprog.program import BEGIN, END, Mask
from trainer.choices import ARGMAX, Chooser
from trainer.config import TrainConfig

FIXED_POINT = 2**16
"""The weights of a hardened MLP are whole multiples of 1 / this."""

FLOAT64_LIMIT = 2**53
"""Whole numbers below this are exact in float64, whatever the order of a sum."""

SPARSE_START = -2.0
"""Initial logit of each key of a set predicate. From 0, half of all keys match, every head attends its neighbour and
nothing is learned; from -2, one key in eight."""

NEAREST_SLACK = 1e-6
"""Keeps log(1 - match) finite in the soft attention."""

UNREAD = -1
"""The prediction at positions whose output is forced, and behind the end of an input."""


@dataclass(frozen=True)
class Frame:
    """What a network reads and predicts, given by its task.

    Attributes: as of `tprog.program.Program`; `pooled` and `forced` as of its readout.
    """

    vocabulary: tuple[str, ...]
    classes: tuple[str, ...]
    max_length: int
    causal: bool = False
    pooled: bool = False
    task: str | None = None

    @property
    def forced(self) -> tuple[str, ...]:
        """The marks that predict themselves."""
        return () if self.pooled else tuple(mark for mark in (BEGIN, END) if mark in self.vocabulary)


def cardinality(config: TrainConfig, frame: Frame) -> int:
    """d, checked against what the variables must hold.

    Raises:
        BadUsage: the input is longer, or the vocabulary larger, than a variable has slots.
    """
    words = len(frame.vocabulary) if config.embedding == "one-hot" else 2
    d = config.cardinality or max(words, frame.max_length)
    if frame.max_length > d:
        raise BadUsage(f"N is {frame.max_length}, but cardinality {d} holds no more positions; raise it or shorten N")
    if words > d:
        raise BadUsage(
            f"the vocabulary has {words} words, but cardinality {d} holds no more in a one-hot embedding; "
            "raise it or set embedding to 'learned'"
        )
    return d


def mask_names(config: TrainConfig, frame: Frame) -> tuple[Mask, ...]:
    """The masks that a head can have, in the order of its mask logits. A causal network has no ``after``."""
    if config.masks == "all":
        return ("all",)
    return ("all", "before") if frame.causal else ("all", "before", "after")


@dataclass
class Stream:
    """The residual stream.

    Attributes:
        symbols: [V, B, n, d] one-hot, or a relaxation of it.
        numbers: [W, B, n].
        reach: [V, d] whether a slot stands for a value of the variable's domain, or a relaxation of it.
    """

    symbols: Tensor
    numbers: Tensor
    reach: Tensor

    def read_symbols(self, gates: Tensor) -> Tensor:
        """Mixtures of categorical variables by gates [R, V]: [R, B * n, d]."""
        count, batch, n, d = self.symbols.shape
        return (gates @ self.symbols.view(count, -1)).view(len(gates), batch * n, d)

    def read_numbers(self, gates: Tensor) -> Tensor:
        """Mixtures of numeric variables by gates [R, W]: [R, B * n, 1]."""
        return (gates @ self.numbers.view(len(self.numbers), -1)).unsqueeze(-1)


class Windows(nn.Module):
    """Constant tables over positions: who may see whom, and who is preferred."""

    options: Tensor  # [mask, query, key]: 1 where the query may see the key
    rank: Tensor  # [query, key]: the preferred key is higher, no key is 0
    preferred: Tensor  # [query, other, key]: 1 where `other` is preferred to `key`

    def __init__(self, masks: tuple[Mask, ...], n: int, causal: bool) -> None:
        super().__init__()
        query, key = torch.arange(n)[:, None], torch.arange(n)[None, :]
        windows: dict[Mask, Tensor] = {
            "all": (key <= query) if causal else torch.ones(n, n, dtype=torch.bool),
            "before": key < query,
            "after": key > query,
        }
        distance = (query - key).abs()
        # Nearest first, left before right, oneself last: an order of 2 * distance, with 1 more to the right.
        cost = torch.where(query == key, 2 * n, 2 * distance + (key > query))
        place = cost.argsort(dim=1).argsort(dim=1)
        constants = {
            "options": torch.stack([windows[mask] for mask in masks]).float(),
            "rank": (n - place).float(),
            "preferred": (place[:, :, None] < place[:, None, :]).float(),
        }
        for name, table in constants.items():
            self.register_buffer(name, table, persistent=False)


class Heads(nn.Module):
    """All attention heads of one layer."""

    mask_choice: Tensor  # [H, mask]: the assigned masks, or unused

    def __init__(self, config: TrainConfig, d: int, variables: int, numbers: int, masks: int) -> None:
        super().__init__()
        self.cat, self.num = config.cat_heads, config.num_heads
        self.sets, self.learned = config.predicates == "set", config.masks == "learned" and masks > 1
        heads = self.cat + self.num
        self.query = _gates(heads, variables)  # [H, V]
        self.key = _gates(heads, variables)  # [H, V]
        self.value = _gates(self.cat, variables)  # [Hc, V]
        self.number = _gates(self.num, numbers)  # [Hn, W]
        start = torch.randn(heads, d, d) / d**0.5
        self.predicate = nn.Parameter(start + SPARSE_START if self.sets else start)  # [H, query slot, key slot]
        self.mask = nn.Parameter(torch.zeros(heads, masks), requires_grad=self.learned)
        turns = [head % masks for head in [*range(self.cat), *range(self.num)]]
        self.register_buffer("mask_choice", torch.eye(masks)[turns], persistent=False)

    def masks(self, choose: Chooser) -> Tensor:
        """[H, mask] the choice of a mask a head."""
        return choose.pick(self.mask) if self.learned else self.mask_choice

    def matches(self, gates: Tensor, reach: Tensor, choose: Chooser) -> Tensor:
        """[H, query slot, key slot] the predicates, given the key gates [H, V]."""
        allowed = (gates @ reach).unsqueeze(1)
        return choose.each(self.predicate) * allowed if self.sets else choose.pick(self.predicate, allowed)

    def forward(self, stream: Stream, windows: Windows, present: Tensor, choose: Chooser) -> Stream:
        """The stream with the heads' variables added.

        Args:
            present: [B, n] 1 within the input, 0 behind its end.
        """
        _, batch, n, d = stream.symbols.shape
        keys = choose.pick(self.key)
        predicate = self.matches(keys, stream.reach, choose)
        query = torch.bmm(stream.read_symbols(choose.pick(self.query)), predicate)
        key = stream.read_symbols(keys)
        score = torch.bmm(query.view(-1, n, d), key.view(-1, n, d).transpose(1, 2))
        window = torch.einsum("hm,mqk->hqk", self.masks(choose), windows.options[:, :n, :n])
        score = score.view(-1, batch, n, n) * window.unsqueeze(1) * present[:, None, :]
        cat, num = torch.split(score, [self.cat, self.num])
        symbols, numbers, reach = stream.symbols, stream.numbers, stream.reach
        if self.cat:
            gates = choose.pick(self.value)
            values = stream.read_symbols(gates).view(-1, n, d)
            copied = nearest(cat.reshape(-1, n, n), values, windows, choose.exact).view(-1, batch, n, d)
            symbols, reach = torch.cat([symbols, copied]), torch.cat([reach, gates @ reach])
        if self.num:
            summed = num @ stream.read_numbers(choose.pick(self.number)).view(-1, batch, n, 1)
            numbers = torch.cat([numbers, summed.squeeze(-1)])
        return Stream(symbols, numbers, reach)


def nearest(score: Tensor, values: Tensor, windows: Windows, exact: bool) -> Tensor:
    """The value at the nearest match, or at position 0 if nothing matches.

    Softly, a score is the probability that a key matches; the output is then the exact expectation of the rule: a key
    is attended if it matches and no preferred one does. No noise is drawn for attention, because nothing is chosen.

    Args:
        score: [X, query, key] in [0, 1], masked.
        values: [X, position, d].
    """
    n = score.shape[1]
    if exact:
        best = (score * windows.rank[:n, :n]).argmax(dim=2)  # all zero: position 0
        return values.gather(1, best.unsqueeze(2).expand(-1, -1, values.shape[2]))
    misses = torch.log1p(-score.clamp(0, 1 - NEAREST_SLACK))
    unmatched = torch.bmm(misses.transpose(0, 1), windows.preferred[:n, :n, :n]).transpose(0, 1).exp()
    nothing = misses.sum(dim=2, keepdim=True).exp()
    return torch.bmm(score * unmatched, values) + nothing * values[:, :1]


class Mlps(nn.Module):
    """All MLPs of one kind in one layer: each reads two variables and yields a symbol.

    The long dimension, X tokens, stands last: a softmax over 8 neighbours in memory takes twenty times as long.
    """

    def __init__(self, count: int, variables: int, width: int, d: int, hidden: int) -> None:
        super().__init__()
        self.width = width  # of one input: d slots of a symbol, or 1 number
        self.reads = _gates(2 * count, variables)  # [2 M, V or W]; the first and second read of MLP m are 2m, 2m + 1
        self.first = nn.Parameter(torch.randn(count, hidden, 2 * width) / hidden**0.5)
        self.bias = nn.Parameter(torch.zeros(count, hidden, 1))
        self.out = nn.Parameter(torch.randn(count, d, hidden) / d**0.5)
        self.out_bias = nn.Parameter(torch.zeros(count, d, 1))

    def logits(self, inputs: Tensor) -> Tensor:
        """[M, d, X] from the two inputs of each MLP, one below the other: [M, 2 * width, X]."""
        hidden = torch.baddbmm(self.bias, self.first, inputs).relu_()
        return torch.baddbmm(self.out_bias, self.out, hidden)

    def forward(self, read: Tensor, choose: Chooser) -> Tensor:
        """[M, X, d] the answers.

        Args:
            read: [2 M, X, width] what the gates read.
        """
        inputs = read.view(-1, 2, *read.shape[1:]).transpose(2, 3).flatten(1, 2)
        return choose.pick(self.logits(inputs), dim=1).transpose(1, 2)

    def harden(self, largest: int) -> None:
        """Round the weights to fixed point, and prove that sums of products stay exact.

        Args:
            largest: the largest sum of the entries of one input: 1 for one-hot vectors, the cap for numbers.

        Raises:
            NotExact: weights so large that a sum could leave float64's range of whole numbers.
        """
        with torch.no_grad():
            for weights in (self.first, self.bias, self.out, self.out_bias):
                weights.copy_(torch.round(weights * FIXED_POINT) / FIXED_POINT)
            both = self.first.abs().view(*self.first.shape[:2], 2, self.width).amax(3).sum(2, keepdim=True)
            bound = torch.bmm(self.out.abs(), self.bias.abs() + largest * both) + self.out_bias.abs()
        if bound.numel() and float(bound.max()) * FIXED_POINT**2 >= FLOAT64_LIMIT:
            raise NotExact(
                f"an MLP's output can reach {float(bound.max()):.3g}; the hardened network is exact below "
                f"{FLOAT64_LIMIT // FIXED_POINT**2}: train with a lower lr"
            )


class Layer(nn.Module):
    """Heads, then categorical MLPs, then numeric ones."""

    def __init__(self, config: TrainConfig, d: int, cap: int, variables: int, numbers: int, masks: int) -> None:
        super().__init__()
        self.cap = cap
        self.heads = Heads(config, d, variables, numbers, masks)
        self.cat_mlps = Mlps(config.cat_mlps, variables + config.cat_heads, d, d, config.hidden)
        self.num_mlps = Mlps(config.num_mlps, numbers + config.num_heads, 1, d, config.hidden)

    def forward(self, stream: Stream, windows: Windows, present: Tensor, choose: Chooser) -> Stream:
        stream = self.heads(stream, windows, present, choose)
        answers = []
        if len(self.cat_mlps.out):
            answers.append(self.cat_mlps(stream.read_symbols(choose.pick(self.cat_mlps.reads)), choose))
        if len(self.num_mlps.out):
            read = stream.read_numbers(choose.pick(self.num_mlps.reads)).clamp(max=self.cap)
            answers.append(self.num_mlps(read, choose))
        if not answers:
            return stream
        shape = stream.symbols.shape[1:]
        symbols = torch.cat([stream.symbols, *(answer.reshape(-1, *shape) for answer in answers)])
        every = stream.reach.new_ones(len(symbols) - len(stream.reach), shape[-1])
        return Stream(symbols, stream.numbers, torch.cat([stream.reach, every]))


class Network(nn.Module):
    """A Transformer Program network. Its parameters are drawn from torch's global generator."""

    identity: Tensor  # [d, d]
    domain: Tensor  # [variables at the start, d]: `Stream.reach` of the inputs

    def __init__(self, config: TrainConfig, frame: Frame) -> None:
        super().__init__()
        self.config, self.frame = config, frame
        self.d = d = cardinality(config, frame)
        self.cap = config.numeric_cap or frame.max_length
        self.mask_names = mask_names(config, frame)
        learned = config.embedding == "learned"
        words = config.embedding_variables if learned else 1
        self.embedding = nn.Parameter(
            torch.randn(words, len(frame.vocabulary), d) / d**0.5 if learned else torch.empty(0), requires_grad=learned
        )
        variables, numbers = words + 1, 1
        layers = []
        for _ in range(config.layers):
            layers.append(Layer(config, d, self.cap, variables, numbers, len(self.mask_names)))
            variables += config.cat_heads + config.cat_mlps + config.num_mlps
            numbers += config.num_heads
        self.layers = nn.ModuleList(layers)
        # From 0, so that the row of a value that never occurs stays 0.
        self.readout = nn.Parameter(torch.zeros(variables, d, len(frame.classes)))
        self.number_readout = nn.Parameter(torch.zeros(numbers, len(frame.classes)))
        self.windows = Windows(self.mask_names, frame.max_length, frame.causal)
        self.register_buffer("identity", torch.eye(d), persistent=False)
        first = torch.ones(words, d) if learned else (torch.arange(d) < len(frame.vocabulary)).float()[None]
        domain = torch.cat([first, (torch.arange(d) < frame.max_length).float()[None]])
        self.register_buffer("domain", domain, persistent=False)

    @property
    def each_layer(self) -> list[Layer]:
        """The layers, first one first."""
        return [cast(Layer, layer) for layer in self.layers]

    def embed(self, tokens: Tensor, choose: Chooser) -> Stream:
        """The stream before the first layer, from token codes [B, n], negative behind the end."""
        batch, n = tokens.shape
        codes = tokens.clamp_min(0)
        if self.config.embedding == "learned":
            words = choose.pick(self.embedding)[:, codes]
        else:
            words = self.identity[codes].unsqueeze(0)
        positions = self.identity[:n].expand(1, batch, n, self.d)
        return Stream(torch.cat([words, positions]), self.readout.new_ones(1, batch, n), self.domain)

    def forward(self, tokens: Tensor, choose: Chooser) -> Tensor:
        """The logits [B, n, C]; pooled, [B, C]: their mean over positions, or, from hard choices, their sum.

        Args:
            tokens: [B, n] codes in the vocabulary, negative behind the end of an input.
        """
        present = (tokens >= 0).to(self.readout.dtype)
        stream = self.embed(tokens, choose)
        for layer in self.layers:
            stream = layer(stream, self.windows, present, choose)
        features = stream.symbols.permute(1, 2, 0, 3).flatten(2)
        logits = features @ self.readout.flatten(0, 1) + stream.numbers.permute(1, 2, 0) @ self.number_readout
        if not self.frame.pooled:
            return logits
        total = (logits * present.unsqueeze(2)).sum(dim=1)
        # A quotient could round two different sums to a tie, so hard choices are compared by their sums.
        return total if choose.exact else total / present.sum(dim=1, keepdim=True)

    def hardened(self) -> Network:
        """A copy in float64 for hard choices, its MLPs in fixed point.

        Raises:
            NotExact: weights too large to be exact.
        """
        hard = copy.deepcopy(self).double().requires_grad_(False)
        for layer in hard.each_layer:
            layer.cat_mlps.harden(1)
            layer.num_mlps.harden(self.cap)
        return hard

    @torch.no_grad()
    def predict(self, tokens: Tensor, chunk: int = 1024) -> Tensor:
        """Predictions of a hardened network: class codes [B, n], `UNREAD` where the output is forced; pooled, [B]."""
        assert self.readout.dtype == torch.float64, "harden the network first"
        best = torch.cat([self(piece, ARGMAX).argmax(dim=-1) for piece in torch.split(tokens, chunk)])
        if self.frame.pooled:
            return best
        forced = torch.tensor([self.frame.vocabulary.index(mark) for mark in self.frame.forced])
        return best.masked_fill((tokens < 0) | torch.isin(tokens, forced), UNREAD)


def _gates(rows: int, variables: int) -> nn.Parameter:
    """Logits of choosing one variable a row, as the published initialisation draws them."""
    return nn.Parameter(torch.randn(rows, variables) / variables**0.5)
