"""What a Program says of where it comes from, as far as more than one module must know it.

A provenance is pairs of a key and a text. Some say how good the program was when it was made. A change of it takes such
a figure from the program as it is to the program that it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

ROUNDING = "rounding"
"""The key of what rounding the weights of the readout has changed."""

_ACCURACY = " accuracy"


def is_plain(text: str) -> bool:
    """Whether a text is one line that shows all of itself, so that it can stand among words as it is."""
    return text.isprintable() and text == text.strip() != ""


PAIR = re.compile(r"([A-Za-z][\w -]*): (\S.*)")
"""A line of a module's docstring that says something of where the program comes from."""


def fits_lines(provenance: Iterable[tuple[str, str]]) -> bool:
    """Whether each pair can stand on a line of its own, as a word, a colon and a plain text."""
    return all(
        is_plain(text) and (found := PAIR.fullmatch(f"{key}: {text}")) is not None and found.groups() == (key, text)
        for key, text in provenance
    )


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
