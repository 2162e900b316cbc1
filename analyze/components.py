"""The heads and MLPs of a compiled model, from the ground truth that stands beside its weights."""

from __future__ import annotations

from pathlib import Path

from analyze.results.components import ComponentsResult
from tprog.errors import BadFile
from tprog.files import read_text
from tprog.files.formats import parse_json

CIRCUIT = "circuit.json"


def read_components(folder: Path) -> ComponentsResult:
    """The components of a compiled model.

    Raises:
        BadFile: the folder has no circuit of a compiled model; the message names the file.
    """
    path = folder / CIRCUIT
    what = "the circuit of a compiled model"
    found = parse_json(read_text(path, what), str(path), what)
    if not isinstance(found, dict):
        raise BadFile(f"{path} holds a {type(found).__name__}; expected {what}")
    try:
        return ComponentsResult.from_json(found)
    except BadFile as error:
        raise BadFile(f"{path}: {error}") from None
