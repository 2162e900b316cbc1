"""What the header of a safetensors file says of its tensors, compared with what should be there: before any is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from tprog.errors import BadFile
from trainer.config import shown

Found: TypeAlias = Mapping[str, tuple[list[int], str]]
"""Name -> shape, and type as safetensors names it."""


def expect_tensors(
    where: str, found: Found, expected: Mapping[str, tuple[int, ...]], types: Sequence[str] = ("F32",)
) -> None:
    """Refuse a file whose tensors are not those expected.

    Args:
        where: the file and what it does not fit, for the message.
        types: those that are taken.

    Raises:
        BadFile: a tensor that is missing, unknown or of another shape or type.
    """
    for name in sorted({*found, *expected}):
        have = found.get(name)
        kind = types[0] if have is None or have[1] not in types else have[1]
        want = (list(expected[name]), kind) if name in expected else None
        if have != want:
            raise BadFile(f"{where}: {shown(name)} is {_told(have)}, expected {_told(want)}")


def _told(tensor: tuple[list[int], str] | None) -> str:
    return "not there" if tensor is None else f"of the shape {tensor[0]} and type {tensor[1]}"
