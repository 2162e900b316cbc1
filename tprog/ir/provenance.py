"""What a Program says of where it comes from, as far as more than one module must know it.

A provenance is pairs of a key and a text. Some say how good the program was when it was made. A change of it takes such
a figure from the program as it is to the program that it was.
"""

from __future__ import annotations

from collections.abc import Iterable

ROUNDING = "rounding"
"""The key of what rounding the weights of the readout has changed."""

_ACCURACY = " accuracy"


def accuracy_key(split: str) -> str:
    """The key of the accuracy on a split of the inputs."""
    return split + _ACCURACY


def is_measured(key: str) -> bool:
    """Whether a key is that of a figure which was measured on the program's predictions."""
    return key == ROUNDING or key.endswith(_ACCURACY)


def measured_before(provenance: Iterable[tuple[str, str]], what: str) -> tuple[tuple[str, str], ...]:
    """The provenance of a program after a change, which names its measured figures as those before it.

    Args:
        what: the change, in a word or two that a key may hold.
    """
    return tuple((f"{key} before {what}" if is_measured(key) else key, text) for key, text in provenance)
