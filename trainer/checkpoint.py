"""The run folder: config.json, metrics.jsonl, checkpoint.safetensors, and beside them what the command line emits.

A checkpoint is one file, so that no crash can leave half of it new: a safetensors file whose header carries the
state of the run as JSON. No pickle. It holds no clock times, so that equal runs have equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tprog.errors import BadFile
from tprog.files import read_text, write_atomic
from trainer.config import TrainConfig

CONFIG, METRICS, CHECKPOINT = "config.json", "metrics.jsonl", "checkpoint.safetensors"

FORMAT = 2
"""The version of the checkpoint's layout."""

_STATE = "state"  # one key, because safetensors does not keep the order of several


@dataclass(frozen=True)
class State:
    """Where a run stands, besides its tensors.

    The noise of a step and the order of an epoch are functions of the seed and their number (see `trainer.fit`), so
    the step is also the state of the random numbers.

    Attributes:
        step: steps done, over all epochs.
        alive: the members that are trained still, counted from 0; left out before the first checkpoint: all.
        loss_sums: for each member, the sum of the losses of the steps done in the current epoch.
        best_scores: for each member, (per token, whole sequence) of its best argmax model on the validation inputs;
            empty before the first evaluation.
        best_epochs: for each member, epochs done when it was found.
        digest: of the settings and the training inputs (`trainer.data.Data`); empty before the first checkpoint.
        metrics: one row an epoch done, of the member that was best then (the loss: the mean over members).
    """

    step: int = 0
    alive: tuple[int, ...] = ()
    loss_sums: tuple[float, ...] = ()
    best_scores: tuple[tuple[float, float], ...] = ()
    best_epochs: tuple[int, ...] = ()
    digest: str = ""
    metrics: tuple[Mapping[str, float | None], ...] = ()


def save_config(folder: Path, config: TrainConfig) -> None:
    """Write config.json.

    Raises:
        BadFile: it cannot be written.
    """
    write_atomic(folder / CONFIG, config.to_json(), force=True)


def load_config(folder: Path) -> TrainConfig:
    """The settings of the run in a folder.

    Raises:
        BadFile: no such file, or not JSON.
        BadUsage: settings that have no meaning.
    """
    path = folder / CONFIG
    text = read_text(path, "the settings of a run")
    try:
        settings = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadFile(f"{path}:{error.lineno}:{error.colno}: not JSON ({error.msg}); the run cannot be read") from None
    if not isinstance(settings, dict):
        raise BadFile(f"{path} holds a {type(settings).__name__}; expected a table of settings")
    return TrainConfig.from_mapping(settings)


def save_checkpoint(folder: Path, state: State, tensors: Mapping[str, Tensor]) -> None:
    """Write metrics.jsonl and checkpoint.safetensors, each whole or not at all.

    Raises:
        BadFile: they cannot be written; the old files are whole.
    """
    header = json.dumps({"tool": "tpdebug", "format": FORMAT, **asdict(state)}, allow_nan=False)
    data = save({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, {_STATE: header})
    write_atomic(folder / CHECKPOINT, data, force=True)
    lines = "".join(json.dumps(row) + "\n" for row in state.metrics)
    write_atomic(folder / METRICS, lines, force=True)


def load_checkpoint(folder: Path) -> tuple[State, dict[str, Tensor]]:
    """The state and the tensors of the run in a folder.

    Raises:
        BadFile: no checkpoint, one cut short or damaged, or one of another version; the message names the file.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        raise BadFile(f"there is no checkpoint {path}; expected the folder of a run that has made a step")
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(_STATE, "")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise BadFile(f"the checkpoint {path} is damaged or cut short ({error}); train again") from None
    try:
        return _state(json.loads(header)), tensors
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(f"{path} is no checkpoint of this version of tpdebug ({error}); train again") from None


def expect_tensors(folder: Path, found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Refuses a checkpoint of another network.

    Raises:
        BadFile: a tensor that is missing, unknown or of another shape.
    """
    for name in sorted({*found, *expected}):
        shapes: Sequence[object] = [list(side[name].shape) if name in side else None for side in (found, expected)]
        if shapes[0] != shapes[1]:
            raise BadFile(
                f"the checkpoint {folder / CHECKPOINT} does not fit {folder / CONFIG}: "
                f"the shape of {name} is {shapes[0]}, expected {shapes[1]}"
            )


def _state(header: dict[str, Any]) -> State:
    if header.pop("tool") != "tpdebug" or header.pop("format") != FORMAT:
        raise ValueError(f"expected format {FORMAT}")
    return State(
        step=header.pop("step"),
        alive=tuple(header.pop("alive")),
        loss_sums=tuple(header.pop("loss_sums")),
        best_scores=tuple((per_token, whole) for per_token, whole in header.pop("best_scores")),
        best_epochs=tuple(header.pop("best_epochs")),
        digest=header.pop("digest"),
        metrics=tuple(header.pop("metrics")),
    )
