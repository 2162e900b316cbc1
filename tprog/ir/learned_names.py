"""The names of learned nodes: ``num_attn_1_0`` is the first numeric head of the second layer.

A Program holds no layers, because they mean nothing to what it computes; a learned one names its nodes after their
place in the network, and so the name is where a layer can be told. This is the one module that writes and reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, get_args

Module: TypeAlias = Literal["attn", "num_attn", "mlp", "num_mlp"]
"""A head or a lookup of the network, categorical or numeric."""

_NAME = re.compile(rf"({'|'.join(get_args(Module))})_([0-9]{{1,2}})_([0-9]+)")


@dataclass(frozen=True)
class LearnedName:
    """The place of a learned node in its network.

    Attributes:
        layer, index: 0-based; `index` counts the modules of the same sort in the layer.
    """

    module: Module
    layer: int
    index: int

    def __str__(self) -> str:
        return f"{self.module}_{self.layer}_{self.index}"

    @property
    def behind_heads(self) -> bool:
        """Whether it stands behind its layer's heads, and reads what they have written."""
        return self.module in ("mlp", "num_mlp")


@cache
def learned_name(name: str) -> LearnedName | None:
    """The place that a node's name tells; None of any other name."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    module: Module = next(module for module in get_args(Module) if module == found[1])
    return LearnedName(module, int(found[2]), int(found[3]))


def learned_layer(name: str, *, behind_heads: bool) -> int | None:
    """The 0-based layer that the name of a head, or of a lookup (`behind_heads`), tells; None if it tells none."""
    found = learned_name(name)
    return found.layer if found is not None and found.behind_heads == behind_heads else None
