"""Files of tensors, in the form of safetensors: what their header says, checked before any tensor is read.

A *stamped* file carries beside its tensors a text, its state, under a digest of both. The digest finds what was damaged
or changed by accident or by hand; it is no signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tprog.errors import BadFile
from tprog.files import write_atomic
from trainer.settings import shown

LARGEST = 16 * 2**30
"""Bytes. What needs more, in a file or in memory, is refused: it is more than most machines have."""

State = TypeVar("State")

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


def write_stamped(path: Path, state: str, tensors: Mapping[str, Tensor]) -> None:
    """Write a stamped file, whole or not at all.

    Raises:
        BadFile: it cannot be written; an old file is whole.
    """
    plain = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    write_atomic(path, save(plain, {_STATE: f"{_digest(state, plain)}\n{state}"}), force=True)


def read_stamped(
    path: Path,
    parsed: Callable[[str], State],
    shapes: Callable[[State], Mapping[str, tuple[int, ...]]] | None,
    settings: Path,
) -> tuple[State, dict[str, Tensor]]:
    """The state and the tensors of a stamped file.

    Args:
        parsed: makes the state of its text, or refuses it.
        shapes: of the tensors that go with a state, asked before they are read.
        settings: the file that says what they should be, for messages.

    Raises:
        BadFile: no such file, one cut short, damaged or changed, or of other tensors; the message names the file.
    """
    if not path.is_file():
        raise BadFile(f"there is no checkpoint {path}; expected the folder of a run that has made a step")
    if path.stat().st_size > LARGEST:
        raise BadFile(f"the checkpoint {path} is larger than any that a run writes; train again")
    try:
        with safe_open(path, framework="pt") as file:
            digest, text = _parts(path, (file.metadata() or {}).get(_STATE, ""))
            state = parsed(text)
            names = list(file.keys())
            slices = {name: file.get_slice(name) for name in names}
            found = {name: (each.get_shape(), each.get_dtype()) for name, each in slices.items()}
            if shapes is not None:
                expect_tensors(f"the checkpoint {path} does not fit {settings}", found, shapes(state))
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, UnicodeError) as error:
        raise BadFile(f"the checkpoint {path} is damaged or cut short ({error}); train again") from None
    if _digest(text, tensors) != digest:
        raise BadFile(f"the checkpoint {path} is damaged or was changed: its digest is of other content; train again")
    return state, tensors


_STATE = "state"  # one key, because safetensors does not keep the order of several: the digest, a line end, the text


def _digest(state: str, tensors: Mapping[str, Tensor]) -> str:
    """sha256, in hexadecimal, of the state and of all tensors with their names, types and shapes."""
    found = hashlib.sha256(state.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        found.update(tensor.contiguous().numpy().data)
    return found.hexdigest()


def _parts(path: Path, told: str) -> tuple[str, str]:
    """The digest in a file's header, and the text that it is of."""
    digest, line_end, text = told.partition("\n")
    if line_end and len(digest) == 64:
        return digest, text
    if told.startswith("{") and '"format": 2' in told:
        raise BadFile(f"{path} is of an older tpdebug, which kept no digest to check it by; train again")
    raise BadFile(f"{path} is no checkpoint of this version of tpdebug; train again")
