"""The folder of a compiled model: what it holds, how it is written, and the Program read back from it.

`config.json` says all that the tensors alone do not: their sizes, which dimension, head and hidden unit belongs to
which node, the margins, and the Program itself, as its module. So a model is read back into its Program, which is
compiled again, and every weight must be the one that comes of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from tprog.errors import BadFile, TpdebugError
from tprog.escape import json_text
from tprog.files import read_text
from tprog.files.folders import check_folder, write_folder
from tprog.files.formats import parse_json
from tprog.ir.program import Program
from tprog.run.batch import Array
from tprog.text.emit import emit
from tprog.text.read import read_source
from tprog.version import VERSION
from trainer.compile.assemble import Weights
from trainer.compile.circuit import ground_truth
from trainer.compile.compiling import compile_program
from trainer.compile.precision import PRECISIONS, DtypeName, tightest
from trainer.compile.sizes import sizes
from trainer.compile.tensors import file_of, read_file, tensors
from trainer.fields import Fields

CONFIG, VOCABULARY, WEIGHTS, CIRCUIT, README, LOADER = (
    "config.json", "vocabulary.json", "model.safetensors", "circuit.json", "README.md", "model.py",
)  # fmt: skip

SCHEMA = "tpdebug/compiled/1"

WHAT = "a compiled model"

Form: TypeAlias = Literal["tpdebug", "transformer-lens"]
"""What the tensors are called, and of which shapes they are."""

MOST = 2**31
"""Dimensions, columns, units, tokens or bytes that a configuration may tell of."""


def is_compiled(folder: Path) -> bool:
    """Whether a folder is one of a compiled model: its configuration says so."""
    try:
        return SCHEMA in read_text(folder / CONFIG, WHAT)[:200]
    except BadFile:
        return False


def check_target_folder(folder: Path, *, force: bool = False) -> None:
    """Refuse a folder that a model cannot be written to, before the work begins."""
    check_folder(folder, is_compiled, WHAT, force=force)


def write_model(
    weights: Weights, folder: Path, *, uniform: bool = False, form: Form = "tpdebug", force: bool = False
) -> None:
    """Write a compiled model, whole or not at all.

    Raises:
        BadFile: the folder exists, and is none of a compiled model that `force` replaces; or it cannot be written.
    """
    from trainer.compile.transformer_lens import lens_config, lens_tensors
    from trainer.compile.words import loader, readme

    made = lens_tensors(weights) if form == "transformer-lens" else tensors(weights, uniform=uniform)
    data = file_of(made)
    config = config_of(weights, data, uniform, form)
    if form == "transformer-lens":
        config["transformer_lens"] = lens_config(weights)
    files: dict[str, str | bytes] = {
        CONFIG: json_text(config, indent=1) + "\n",
        VOCABULARY: json_text(vocabulary_of(weights), indent=1) + "\n",
        WEIGHTS: data,
        CIRCUIT: json_text({**ground_truth(weights).to_json(), "tool": f"tpdebug {VERSION}"}, indent=1) + "\n",
        LOADER: loader(form),
        README: readme(weights, form),
    }
    write_folder(folder, files, is_compiled, WHAT, force=force)


def config_of(weights: Weights, data: bytes, uniform: bool, form: Form) -> dict[str, Any]:
    """What `config.json` holds."""
    lowered = weights.lowered
    emitted = emit(lowered.program)
    return {
        "schema": SCHEMA,
        "tool": f"tpdebug {VERSION}",
        "form": form,
        "dtype": lowered.precision.name,
        "uniform": uniform,
        "causal": lowered.program.causal,
        "pooled": lowered.program.readout.pooled,
        "width": weights.tokens.shape[1],
        "vocabulary": weights.tokens.shape[0],
        "positions": weights.positions.shape[0],
        "outputs": weights.unembedding.shape[1],
        "layers": _layers(weights, tensors(weights, uniform=uniform)),
        "features": [
            {"name": feature.name, "node": feature.node, "first": place.start, "last": place.stop}
            for feature, place in weights.places.items()
        ],
        "dimensions": list(weights.dimensions),
        "margins": [asdict(margin) for margin in tightest(lowered.margins)],
        "sizes": asdict(sizes(weights)),
        "weights": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        "program": {"text": emitted.text, "sides": dict(emitted.side)},
    }


def _layers(weights: Weights, made: Mapping[str, Array]) -> list[dict[str, Any]]:
    """The components of each layer, and the columns that each head takes."""
    found = []
    for at, layer in enumerate(weights.layers):
        names = [name for name in made if name.startswith(f"layers.{at}.heads.") and name.endswith(".query")]
        heads = []
        for which, name in enumerate(names):
            one = layer.heads[which].component if which < len(layer.heads) else None
            columns, values = made[name].shape[1], made[name.removesuffix("query") + "value"].shape[1]
            told = {"name": one.name if one else None, "node": one.node if one else None}
            heads.append({**told, "columns": columns, "values": values})
        units = [
            {"name": one.name, "node": one.node, "first": first, "last": last} for one, first, last in layer.components
        ]
        found.append({"heads": heads, "units": made[f"layers.{at}.mlp.in"].shape[1], "mlp": units})
    return found


def vocabulary_of(weights: Weights) -> dict[str, Any]:
    """What `vocabulary.json` holds: what tokens and outputs are."""
    program, read = weights.lowered.program, weights.lowered.read
    return {
        "tool": f"tpdebug {VERSION}",
        "tokens": list(program.vocabulary),
        "sink": len(program.vocabulary),
        "padding": len(program.vocabulary) + 1,
        "names": list(program.outputs),
        "begin": program.marks.begins,
        "end": program.marks.ends,
        "outputs": list(read.words),
        "hole": len(read.words) - 1 if read.hole else None,
    }


# Reading ##############################################################################################################


@dataclass(frozen=True)
class Config:
    """The configuration of a compiled model, as far as the model needs it.

    Attributes:
        layers: the columns and values of each head, and how many hidden units there are.
        names: the components of each layer's heads.
    """

    form: Form
    dtype: DtypeName
    uniform: bool
    causal: bool
    pooled: bool
    width: int
    vocabulary: int
    positions: int
    outputs: int
    layers: tuple[tuple[tuple[tuple[int, int], ...], int], ...]
    names: tuple[tuple[str | None, ...], ...]
    size: int
    digest: str
    program: Mapping[str, Any]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of all tensors."""
        from trainer.compile.tensors import POSITIONS, TOKENS, UNEMBEDDING, head_name, mlp_name

        d = self.width
        found: dict[str, tuple[int, ...]] = {TOKENS: (self.vocabulary, d), POSITIONS: (self.positions, d)}
        for at, (heads, units) in enumerate(self.layers):
            for which, (columns, values) in enumerate(heads):
                shapes = ((d, columns), (d, columns), (d, values), (values, d))
                names = (head_name(at, which, name) for name in ("query", "key", "value", "out"))
                found |= dict(zip(names, shapes, strict=True))
            found |= {mlp_name(at, "in"): (d, units), mlp_name(at, "out"): (units, d)}
        return found | {UNEMBEDDING: (d, self.outputs)}


def read_config(folder: Path) -> Config:
    """The configuration of a compiled model.

    Raises:
        BadFile: there is none, or it is none that tpdebug writes.
    """
    path = folder / CONFIG
    told = Fields(parse_json(read_text(path, f"the configuration of {WHAT}"), str(path), WHAT), str(path))
    if told.take("schema") != SCHEMA:
        raise BadFile(f"{path} is not of {WHAT} of this version; expected the schema {SCHEMA}")
    form, dtype = told.take("form"), told.take("dtype")
    if form not in ("tpdebug", "transformer-lens"):
        told.refuse("form", form, "'tpdebug' or 'transformer-lens'")
    if dtype not in PRECISIONS:
        told.refuse("dtype", dtype, "'float32' or 'float64'")
    layers = [_layer(told, each) for each in told.listed("layers")]
    stored = Fields(told.take("weights"), f"{path}: weights")
    digest = stored.take("sha256")
    if not (isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)):
        stored.refuse("sha256", digest, "a sha256 in hexadecimal")
    size = stored.whole("bytes", 0, 16 * 2**30)
    return Config(
        form,
        dtype,
        _flag(told, "uniform"),
        _flag(told, "causal"),
        _flag(told, "pooled"),
        told.whole("width", 0, MOST),
        told.whole("vocabulary", 0, MOST),
        told.whole("positions", 0, MOST),
        told.whole("outputs", 0, MOST),
        layers=tuple((heads, units) for heads, units, _ in layers),
        names=tuple(names for _, _, names in layers),
        size=size,
        digest=digest,
        program=told.mapping("program"),
    )


def _flag(told: Fields, name: str) -> bool:
    value = told.take(name)
    if not isinstance(value, bool):
        told.refuse(name, value, "true or false")
    return value


def _layer(told: Fields, value: object) -> tuple[tuple[tuple[int, int], ...], int, tuple[str | None, ...]]:
    layer = Fields(value, f"{told.where}: layers")
    heads = [Fields(each, f"{told.where}: heads") for each in layer.listed("heads")]
    columns = tuple((head.whole("columns", 0, MOST), head.whole("values", 0, MOST)) for head in heads)
    names = tuple(head.take("name") for head in heads)
    for name in names:
        if name is not None and not isinstance(name, str):
            layer.refuse("name", name, "the name of a component")
    return columns, layer.whole("units", 0, MOST), names


@dataclass(frozen=True)
class Vocabulary:
    """What the tokens and outputs of a compiled model are.

    Attributes:
        tokens, outputs: their words, in the order of their numbers.
        names: of the outputs of the program; of several, the logits stand side by side.
        hole: which of the outputs stands for a hole; None: the program reaches none.
        begin: whether inputs begin with ``<s>``, behind the sink.
    """

    tokens: tuple[str, ...]
    outputs: tuple[str, ...]
    names: tuple[str, ...]
    hole: int | None
    begin: bool


def read_vocabulary(folder: Path, config: Config) -> Vocabulary:
    """What the tokens and outputs of a compiled model are.

    Raises:
        BadFile: nothing says so, or it is of another model.
    """
    path = folder / VOCABULARY
    told = Fields(parse_json(read_text(path, f"the tokens of {WHAT}"), str(path), WHAT), str(path))
    words, outputs, names = (_words(told, name) for name in ("tokens", "outputs", "names"))
    if len(words) + 2 != config.vocabulary or len(outputs) * len(names) != config.outputs:
        raise BadFile(
            f"{path} has {len(words):,} tokens and {len(outputs):,} outputs, expected {config.vocabulary - 2:,} and "
            f"{config.outputs:,}; it is of another model"
        )
    hole = told.take("hole")
    if hole is not None and hole != len(outputs) - 1:
        told.refuse("hole", hole, f"nothing, or {len(outputs) - 1}, the last output")
    return Vocabulary(words, outputs, names, hole, _flag(told, "begin"))


def _words(told: Fields, name: str) -> tuple[str, ...]:
    found = told.listed(name)
    for word in found:
        if not isinstance(word, str):
            told.refuse(name, word, "words")
    return tuple(found)


def read_weights(folder: Path, config: Config) -> dict[str, Array]:
    """The tensors of a compiled model, under their digest.

    Raises:
        BadFile: they are not those that the configuration tells of.
    """
    path = folder / WEIGHTS
    found = read_file(path, config.size, config.shapes, config.dtype)
    _check_digest(path, config)
    return found


def _check_digest(path: Path, config: Config) -> None:
    from tprog.files import read_bytes

    if hashlib.sha256(read_bytes(path, largest=config.size)).hexdigest() != config.digest:
        raise BadFile(
            f"{path} was changed or damaged: its digest is not the one in {CONFIG}; `tpdebug emit` names the tensor"
        )


def read_program(folder: Path) -> Program:
    """The Program that a compiled model is of: what its configuration says, if it comes to just these weights.

    Raises:
        BadFile: a weight is another, or there is no such Program; the message names the tensor.
    """
    from trainer.compile.transformer_lens import lens_tensors

    config = read_config(folder)
    path = folder / WEIGHTS
    program = _told_program(folder, config)
    weights = compile_program(program, config.dtype)
    wanted = lens_tensors(weights) if config.form == "transformer-lens" else tensors(weights, uniform=config.uniform)
    shapes = {name: matrix.shape for name, matrix in wanted.items()}
    found = read_file(path, config.size, shapes, config.dtype)
    for name, matrix in wanted.items():
        if not np.array_equal(found[name], matrix):
            raise BadFile(f"{path}: the tensor {name} is not that of its program: {_difference(found[name], matrix)}")
    _check_digest(path, config)
    return program


def _told_program(folder: Path, config: Config) -> Program:
    where = f"{folder / CONFIG}: program"
    told = Fields(config.program, where)
    text, sides = told.take("text"), told.mapping("sides")

    def side(name: str) -> str:
        found = sides.get(name)
        if not isinstance(found, str):
            raise BadFile(f"{where} names the side file {json.dumps(name)}, which it does not hold")
        return found

    if not isinstance(text, str):
        told.refuse("text", text, "a module's text")
    try:
        return read_source(text, where, side).program
    except TpdebugError as error:
        raise BadFile(f"{where} cannot be read: {error}") from None


def _difference(found: Array, wanted: Array) -> str:
    at = tuple(int(index) for index in np.argwhere(found != wanted)[0])
    return f"at {list(at)} it is {found[at]:.9g}, expected {wanted[at]:.9g}"
