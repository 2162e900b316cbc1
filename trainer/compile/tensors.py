"""The weights as named tensors, and a safetensors file of them, whose header is believed in nothing.

Letters: d dimensions of the residual stream, q columns of queries and keys, v of values, h hidden units.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tprog.errors import BadFile
from tprog.files import check_plain, read_bytes
from tprog.files.formats import parse_json
from tprog.run.batch import Array
from trainer.compile.assemble import HeadWeights, Weights
from trainer.compile.precision import DtypeName
from trainer.compile.sizes import Uniform, uniform_size

TYPES: Mapping[DtypeName, tuple[str, int]] = {"float32": ("F32", 4), "float64": ("F64", 8)}
"""What safetensors calls a type, and its bytes."""

LARGEST = 16 * 2**30
"""Bytes of a file that is read or written."""

TOKENS, POSITIONS, UNEMBEDDING = "token_embedding", "position_embedding", "unembedding"

HEAD = ("query", "key", "value", "out")


def head_name(layer: int, head: int, matrix: str) -> str:
    return f"layers.{layer}.heads.{head}.{matrix}"


def mlp_name(layer: int, matrix: str) -> str:
    return f"layers.{layer}.mlp.{matrix}"


def tensors(weights: Weights, *, uniform: bool = False) -> dict[str, Array]:
    """Name -> weights, in the type that they are computed in.

    Args:
        uniform: pad all layers to one size with zeros: heads that read nothing, and columns and units of none.
    """
    kind = weights.lowered.precision.numpy
    one = uniform_size(weights) if uniform else None
    made = {TOKENS: weights.tokens, POSITIONS: weights.positions}
    for at, layer in enumerate(weights.layers):
        heads: list[tuple[Array, ...]] = [_matrices(head) for head in layer.heads]
        into, out = layer.into, layer.out
        if one is not None:
            heads = _padded(heads, one, weights.tokens.shape[1])
            more = one.units - into.shape[1]
            into, out = np.pad(into, ((0, 0), (0, more))), np.pad(out, ((0, more), (0, 0)))
        for which, matrices in enumerate(heads):
            made |= {head_name(at, which, name): matrix for name, matrix in zip(HEAD, matrices, strict=True)}
        made |= {mlp_name(at, "in"): into, mlp_name(at, "out"): out}
    made[UNEMBEDDING] = weights.unembedding
    # -0.0 is no other weight than 0.0, and would be another byte
    return {name: np.ascontiguousarray((matrix + 0.0).astype(kind)) for name, matrix in made.items()}


def _matrices(head: HeadWeights) -> tuple[Array, ...]:
    return head.query, head.key, head.value, head.out


def _padded(heads: list[tuple[Array, ...]], one: Uniform, width: int) -> list[tuple[Array, ...]]:
    columns = one.columns
    made: list[tuple[Array, ...]] = []
    for query, key, value, out in heads:
        wide = [np.pad(matrix, ((0, 0), (0, columns - matrix.shape[1]))) for matrix in (query, key, value)]
        made.append((*wide, np.pad(out, ((0, columns - out.shape[0]), (0, 0)))))
    nothing = np.zeros((width, columns))
    return made + [(nothing, nothing, nothing, nothing.T)] * (one.heads - len(made))


# Files ################################################################################################################


def file_of(made: Mapping[str, Array]) -> bytes:
    """The bytes of a safetensors file."""
    from safetensors.numpy import save

    data: bytes = save(dict(made), {"tool": "tpdebug"})
    return data


def read_file(path: Path, size: int, expected: Mapping[str, tuple[int, ...]], dtype: DtypeName) -> dict[str, Array]:
    """The tensors of a safetensors file.

    Args:
        size: its bytes, as somebody else says.
        expected: name -> shape.

    Raises:
        BadFile: it is of another size; its header is not that of just these tensors, one behind the other.
    """
    what = "the weights of a compiled model"
    _check_size(path, size, expected, TYPES[dtype][1])
    data = read_bytes(path, what, largest=size)
    header, at = _header(path, data)
    _check_header(path, header, len(data) - at, expected, TYPES[dtype])
    kind = np.dtype(dtype).newbyteorder("<")
    found = {}
    for name, shape in expected.items():
        first = at + header[name]["data_offsets"][0]
        flat = np.frombuffer(data, kind, math.prod(shape), first)
        found[name] = flat.reshape(shape).astype(dtype)
    return found


def _check_size(path: Path, size: int, expected: Mapping[str, tuple[int, ...]], each: int) -> None:
    """Refuse a size that is not that of the tensors, before anything is read."""
    needed = sum(math.prod(shape) for shape in expected.values()) * each
    if needed > LARGEST:
        raise BadFile(f"{path} would hold {needed:,} bytes of weights; expected at most {LARGEST:,}")
    check_plain(path, "the weights of a compiled model")
    found = path.stat().st_size
    if found != size or found < needed:
        raise BadFile(
            f"{path} has {found:,} bytes, expected {max(size, needed):,}: it was cut short, or is of another model; "
            "compile the program again"
        )


def _header(path: Path, data: bytes) -> tuple[dict[str, dict[str, list[int]]], int]:
    """The header, and where the tensors begin."""
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= len(data) - 8:
        raise BadFile(f"{path} is no safetensors file: its header would have {length:,} bytes of {len(data):,}")
    where, what = f"the header of {path}", "one of a safetensors file"
    try:
        text = data[8 : 8 + length].decode()
    except UnicodeDecodeError:
        raise BadFile(f"{where} is no text; expected {what}") from None
    found = parse_json(text, where, what)
    if not isinstance(found, dict):
        raise BadFile(f"{where} is no table of tensors; expected {what}")
    return found, 8 + length


def _check_header(
    path: Path,
    header: Mapping[str, object],
    size: int,
    expected: Mapping[str, tuple[int, ...]],
    kind: tuple[str, int],
) -> None:
    """Refuse tensors that are missing, unknown, of another shape or type, that overlap or leave gaps."""
    spans = []
    named = [name for name in header if name != "__metadata__"]
    for name in sorted({*named, *expected}, key=lambda name: (name not in expected, name)):
        told, shape = header.get(name), expected.get(name)
        if shape is None or not isinstance(told, dict):
            state = "is not there" if shape is not None else "belongs to no such model"
            raise BadFile(f"{path}: the tensor {json.dumps(name)} {state}; compile the program again")
        if told.get("dtype") != kind[0] or told.get("shape") != list(shape):
            raise BadFile(
                f"{path}: the tensor {name} is of the shape {_short(told.get('shape'))} and type "
                f"{_short(told.get('dtype'))}, expected {list(shape)} and {kind[0]}"
            )
        spans.append((_span(path, name, told.get("data_offsets")), name, math.prod(shape) * kind[1]))
    _check_spans(path, spans, size)


def _check_spans(path: Path, spans: Iterable[tuple[tuple[int, int], str, int]], size: int) -> None:
    """Refuse tensors that overlap or leave gaps: where each stands, its name, and the bytes that it needs."""
    end = 0
    for (first, last), name, needed in sorted(spans):
        if first != end or last - first != needed:
            raise BadFile(
                f"{path}: the tensor {name} stands at bytes {first} to {last}, expected {end} to {end + needed}; "
                "tensors stand one behind the other, and none over another"
            )
        end = last
    if end != size:
        raise BadFile(f"{path} has {size:,} bytes of weights, expected {end:,}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _span(path: Path, name: str, told: object) -> tuple[int, int]:
    match told:
        case [int(first), int(last)] if not isinstance(first, bool) and 0 <= first <= last:
            return first, last
    raise BadFile(f"{path}: the tensor {name} has no place in the file, but {_short(told)}")
