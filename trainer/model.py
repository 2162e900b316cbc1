"""The Transformer Program network of many members at once: every module reads whole variables and writes new ones.

The residual stream is disentangled: one slot a variable, side by side and never added. The forward pass is written
once, for S members whose parameters are the rows of one matrix [S, P]; `Choices` makes every discrete choice in it.
With hard choices each step is exact, so that a member's predictions are those of its extracted Program, ties included:
one-hot vectors times one-hot vectors, and sums of whole numbers, are exact in float64 (below 2**53).

An MLP is the table that it would be extracted as: its cells are the parameters. So nothing is lost by extracting it,
and a step chooses a table's cells once instead of an answer for every token.

Letters in shapes: S members, B inputs, n positions, d slots of a categorical variable, V categorical variables, W
numeric ones, H heads (Hc categorical, Hn numeric, in this order), M lookups of a kind, L levels of a number, C classes,
X = n * B. The batch is innermost in memory (see `trainer.kernels`).

Source: Friedman, Wettig, Chen (arXiv 2306.01128), section 3. Set predicates and masks are extensions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from tprog.errors import BadUsage
from tprog.ir.domains import masks
from tprog.ir.program import BEGIN, END, Mask
from tprog.run import attention
from trainer.choices import Choices, Layout, Slot
from trainer.config import TrainConfig
from trainer.kernels import levels, look_up, mix, nearest, read, scores

TABLE_SPREAD = 0.35
"""Standard deviation of the initial logits of a lookup's cells: 1 / sqrt(d) at d = 8, as for the gates."""

UNREAD = -1
"""The prediction at positions whose output is forced, and behind the end of an input."""


@dataclass(frozen=True)
class Frame:
    """What a network reads and predicts, given by its task.

    Attributes: as of `tprog.ir.program.Program`; `pooled` and `forced` as of its readout.
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
    return tuple(mask for mask in masks(frame.causal) if mask != "all" or config.masks != "beside")


@lru_cache
def preference(n: int) -> Tensor:
    """[query, rank] the positions in the order in which a query prefers them: nearest first, left before right,
    oneself last."""
    return torch.from_numpy(attention.by_preference(n).copy())


@lru_cache
def windows(masks: tuple[Mask, ...], n: int, causal: bool) -> Tensor:
    """[mask, query, key] 1 where the query may see the key."""
    words = ["causal" if causal and mask == "all" else mask for mask in masks]
    return torch.from_numpy(np.stack([attention.windows(n, word) for word in words])).float()


@dataclass(frozen=True)
class Stream:
    """The residual stream of all members.

    Attributes:
        symbols: blocks [S, V_b, d * X], one-hot along d.
        numbers: blocks [S, W_b, X].
        levels: the same numbers as mixtures of levels, blocks [S, W_b, L * X], for lookups: so a gate, which chooses
            among variables, learns what the table makes of each, not only what one more or one less would give.
        reach: [S, V, d] 1 where a slot stands for a value of the variable's domain.
    """

    symbols: tuple[Tensor, ...]
    numbers: tuple[Tensor, ...]
    levels: tuple[Tensor, ...]
    reach: Tensor


@dataclass(frozen=True)
class Network:
    """The shape of a Transformer Program network; its parameters are rows [S, P] of `layout`.

    Attributes:
        d: slots of a categorical variable.
        cap: larger numbers read as this one in a numeric lookup.
        mask_names: the masks that a head can have.
    """

    config: TrainConfig
    frame: Frame
    d: int
    cap: int
    mask_names: tuple[Mask, ...]
    layout: Layout

    @classmethod
    def of(cls, config: TrainConfig, frame: Frame) -> Network:
        """The network that the settings describe.

        Raises:
            BadUsage: a variable too small for the task.
        """
        d = cardinality(config, frame)
        cap = config.numeric_cap or frame.max_length
        masks = mask_names(config, frame)
        return cls(config, frame, d, cap, masks, Layout(_slots(config, frame, d, cap, len(masks))))

    def reading(self, rows: int) -> Network:
        """The same network with a learned embedding of so many rows: what a batch of so many different words reads."""
        slots = [
            replace(slot, shape=(slot.shape[0], rows, slot.shape[2])) if slot.name == "embedding" else slot
            for slot in self.layout.slots
        ]
        return replace(self, layout=Layout(slots))

    @property
    def words(self) -> int:
        """How many variables stand for the words."""
        return self.config.embedding_variables if self.config.embedding == "learned" else 1

    @property
    def assigned(self) -> tuple[int, ...]:
        """[H] the heads' masks, as indices in `mask_names`, where they are not learned: heads of a kind take turns."""
        return tuple(h % len(self.mask_names) for h in [*range(self.config.cat_heads), *range(self.config.num_heads)])

    def logits(self, choices: Choices, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        """[S, C, n, B]; pooled, [S, C, B]: their mean over positions or, from hard choices, their sum.

        Args:
            tokens: [n, B] codes in the vocabulary, negative behind the end of an input.
            kept: [V, n * B] what each variable that stands for the words is multiplied by, to drop it here and there;
                None: nothing is dropped.
        """
        readout = choices.value("readout")
        members, (n, batch) = len(readout), tokens.shape
        inside = tokens >= 0
        present = None if bool(inside.all()) else inside.to(readout.dtype)
        stream = self._embed(choices, tokens, members, kept)
        for layer in range(self.config.layers):
            stream = self._heads(layer, stream, choices, present, n)
            stream = self._lookups(layer, stream, choices)
        blocks = [block.view(members, -1, n * batch) for block in stream.symbols]
        logits = read(readout.flatten(2), blocks) + read(choices.value("number_readout"), stream.numbers)
        logits = logits.view(members, -1, n, batch)
        if not self.frame.pooled:
            return logits
        total = logits.sum(dim=2) if present is None else (logits * present).sum(dim=2)
        # A quotient could round two different sums to a tie, so the argmax choices are compared by their sums.
        return total / inside.sum(dim=0) if choices.soft else total

    @torch.no_grad()
    def predict(self, theta: Tensor, tokens: Tensor, chunk: int = 512) -> Tensor:
        """Predictions of the argmax networks: class codes [S, n, B], `UNREAD` where the output is forced; pooled,
        [S, B].

        Args:
            theta: [S, P]; as float64 the predictions are exactly those of the extracted Programs.
            tokens: [n, B] codes, negative behind the end of an input.
        """
        choices = self.layout.hard(theta)
        best = torch.cat(
            [self.logits(choices, piece).argmax(dim=1) for piece in torch.split(tokens, chunk, dim=1)], dim=-1
        )
        if self.frame.pooled:
            return best
        forced = torch.tensor([self.frame.vocabulary.index(mark) for mark in self.frame.forced], device=tokens.device)
        return best.masked_fill((tokens < 0) | torch.isin(tokens, forced), UNREAD)

    def _embed(self, choices: Choices, tokens: Tensor, members: int, kept: Tensor | None) -> Stream:
        """The stream before the first layer."""
        n, batch = tokens.shape
        like = choices.value("readout")
        codes = tokens.clamp_min(0)
        identity = torch.eye(self.d, dtype=like.dtype, device=like.device)
        if self.config.embedding == "learned":
            words = choices.pick("embedding").index_select(2, codes.flatten()).transpose(2, 3)
            words = words if kept is None else words * kept[:, None]
            first = like.new_ones(self.words, self.d)
        else:
            words = identity[:, codes].expand(members, 1, -1, -1, -1)
            first = (torch.arange(self.d, device=like.device) < len(self.frame.vocabulary)).to(like.dtype)[None]
        positions = identity[:, :n, None].expand(members, 1, -1, -1, batch)
        last = (torch.arange(self.d, device=like.device) < self.frame.max_length).to(like.dtype)[None]
        ones = like.new_ones(members, 1, n * batch)
        return Stream(
            symbols=(words.reshape(members, self.words, -1), positions.reshape(members, 1, -1)),
            numbers=(ones,),
            levels=self._as_levels(ones),
            reach=torch.cat([first, last]).expand(members, -1, -1),
        )

    def _heads(self, layer: int, stream: Stream, choices: Choices, present: Tensor | None, n: int) -> Stream:
        """The stream with one layer's heads added."""
        config, d = self.config, self.d
        members = len(stream.reach)
        heads, cat, num = config.cat_heads + config.num_heads, config.cat_heads, config.num_heads
        key_gates = choices.pick(f"{layer}.key")
        query = read(choices.pick(f"{layer}.query"), stream.symbols).view(members * heads, d, -1)
        key = read(key_gates, stream.symbols).view(members * heads, d, n, -1)
        allowed = (key_gates.detach() @ stream.reach)[:, :, None]
        name = f"{layer}.predicate"
        predicate = choices.each(name) * allowed if config.predicates == "set" else choices.pick(name, allowed)
        wanted = torch.bmm(predicate.flatten(0, 1).transpose(1, 2), query).view(key.shape)
        masks = [] if present is None else [present]
        seen = windows(self.mask_names, n, self.frame.causal).to(key)
        learned = f"{layer}.mask" in choices
        if not learned and not (self.mask_names == ("all",) and not self.frame.causal):
            masks.append(seen[list(self.assigned)].repeat(members, 1, 1)[..., None])
        score = scores(wanted, key, *masks)
        if learned:
            score = score * torch.einsum("shm,mij->shij", choices.pick(f"{layer}.mask"), seen).flatten(0, 1)[..., None]
        matched, counted = torch.split(score.view(members, heads, *score.shape[1:]), [cat, num], dim=1)
        symbols, numbers, in_levels, reach = stream.symbols, stream.numbers, stream.levels, stream.reach
        if cat:
            gates = choices.pick(f"{layer}.value")
            values = read(gates, stream.symbols).view(members * cat, d, n, -1)
            weights = nearest(matched.flatten(0, 1), preference(n).to(key.device))
            symbols += (mix(weights, values).view(members, cat, -1),)
            reach = torch.cat([reach, gates.detach() @ stream.reach], dim=1)
        if num:
            values = read(choices.pick(f"{layer}.number"), stream.numbers).view(members * num, 1, n, -1)
            sums = mix(counted.flatten(0, 1), values).view(members, num, -1)
            numbers, in_levels = (*numbers, sums), (*in_levels, *self._as_levels(sums))
        return Stream(symbols, numbers, in_levels, reach)

    def _lookups(self, layer: int, stream: Stream, choices: Choices) -> Stream:
        """The stream with one layer's lookups added, categorical ones first."""
        members, d = len(stream.reach), self.d
        symbols = stream.symbols
        for kind, count in (("cat", self.config.cat_mlps), ("num", self.config.num_mlps)):
            if not count:
                continue
            blocks, size = (stream.symbols, d) if kind == "cat" else (stream.levels, self.cap + 1)
            reads = torch.split(choices.pick(f"{layer}.{kind}_reads"), count, dim=1)
            sides = [read(gates, blocks).view(members * count, size, -1) for gates in reads]
            table = choices.pick(f"{layer}.{kind}_table").flatten(0, 1).flatten(1, 2)
            symbols += (look_up(sides[0], sides[1], table).view(members, count, -1),)
        added = self.config.cat_mlps + self.config.num_mlps
        every = stream.reach.new_ones(members, added, d)
        return Stream(symbols, stream.numbers, stream.levels, torch.cat([stream.reach, every], dim=1))

    def _as_levels(self, numbers: Tensor) -> tuple[Tensor, ...]:
        """A block of numbers as the block of its levels; none if nothing reads levels."""
        if not self.config.num_mlps:
            return ()
        return (levels(numbers.flatten(0, 1), self.cap + 1).view(*numbers.shape[:2], -1),)


def _slots(config: TrainConfig, frame: Frame, d: int, cap: int, masks: int) -> list[Slot]:
    """The parameters of one member. The first and second read of lookup m are rows m and M + m of its gates."""
    slots = []
    words = config.embedding_variables if config.embedding == "learned" else 1
    if config.embedding == "learned":
        slots.append(Slot("embedding", (words, len(frame.vocabulary), d), "pick", d**-0.5))
    variables, numbers = words + 1, 1
    heads = config.cat_heads + config.num_heads
    for layer in range(config.layers):
        slots += [_gates(f"{layer}.{role}", heads, variables) for role in ("query", "key")]
        slots.append(_gates(f"{layer}.value", config.cat_heads, variables))
        slots.append(_gates(f"{layer}.number", config.num_heads, numbers))
        sets = config.predicates == "set"
        start = config.set_start if sets else 0.0
        slots.append(Slot(f"{layer}.predicate", (heads, d, d), "set" if sets else "pick", d**-0.5, start))
        if config.masks == "learned" and masks > 1:
            slots.append(Slot(f"{layer}.mask", (heads, masks), "pick"))
        # Lookups read what this layer's heads have written.
        after_heads, numbers = variables + config.cat_heads, numbers + config.num_heads
        for kind, count, read_from, size in (
            ("cat", config.cat_mlps, after_heads, d),
            ("num", config.num_mlps, numbers, cap + 1),
        ):
            slots.append(_gates(f"{layer}.{kind}_reads", 2 * count, read_from))
            slots.append(Slot(f"{layer}.{kind}_table", (count, size, size, d), "pick", TABLE_SPREAD))
        variables = after_heads + config.cat_mlps + config.num_mlps
    # From 0, so that the row of a value that never occurs stays 0.
    slots.append(Slot("readout", (len(frame.classes), variables, d), "value"))
    slots.append(Slot("number_readout", (len(frame.classes), numbers), "value"))
    return [slot for slot in slots if slot.size]


def _gates(name: str, rows: int, variables: int) -> Slot:
    """Logits of choosing one variable a row, as the published initialisation draws them."""
    return Slot(name, (rows, variables), "pick", variables**-0.5)
