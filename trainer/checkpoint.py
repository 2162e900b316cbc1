"""The run folder: config.json, metrics.jsonl, checkpoint.safetensors, and beside them what the command line emits.

A checkpoint is one file, so that no crash can leave half of it new: a safetensors file whose header carries the
state of the run as JSON, under a digest of state and tensors. No pickle. It holds no clock times, so that equal runs
have equal bytes.

The digest finds what was damaged or changed by accident or by hand. It is no signature: who computes it anew is
believed as far as every field is of its type and range, and fits the run (`trainer.schedule`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from tprog.errors import BadFile, BadUsage
from tprog.files import read_text, run_folder, write_atomic
from tprog.files.formats import parse_json
from trainer.config import TrainConfig
from trainer.fields import Fields
from trainer.settings import shown
from trainer.tensor_files import read_stamped, write_stamped

CONFIG, METRICS, CHECKPOINT = run_folder.CONFIG, run_folder.METRICS, "checkpoint.safetensors"

FORMAT = 3
"""The version of the checkpoint's layout. Up to 2 it had no digest; these are refused."""

LOCK = ".lock"
"""Who trains in a folder holds the lock of this file in it (`tprog.files.lock`)."""

_LARGEST_NUMBER = 2**62  # of steps, members and epochs, before the run says what they can be


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
        refitted: of a corpus, what came of fitting the readout anew (`trainer.refit_words`), the best argmax model
            having that readout; empty before it.
        module: sha256 of each file of the module that was searched, and of the one that was emitted, by name.
    """

    step: int = 0
    alive: tuple[int, ...] = ()
    loss_sums: tuple[float, ...] = ()
    best_scores: tuple[tuple[float, float], ...] = ()
    best_epochs: tuple[int, ...] = ()
    digest: str = ""
    metrics: tuple[Mapping[str, float | None], ...] = ()
    refitted: str = ""
    module: Mapping[str, str] = field(default_factory=dict)


Fits = Callable[[State], Mapping[str, tuple[int, ...]]]
"""Told a state, refuses one that its run cannot have, and gives the shape of each tensor."""


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
    what = "the settings of a run"
    settings = parse_json(read_text(path, what), str(path), what)
    if not isinstance(settings, dict):
        raise BadFile(f"{path} holds a {type(settings).__name__}; expected a table of settings")
    try:
        return TrainConfig.from_mapping(settings)
    except BadUsage as error:
        raise BadUsage(f"{path}: {error}") from None


def save_checkpoint(folder: Path, state: State, tensors: Mapping[str, Tensor]) -> None:
    """Write metrics.jsonl and checkpoint.safetensors, each whole or not at all.

    Raises:
        BadFile: they cannot be written; the old files are whole.
    """
    header = json.dumps({"tool": "tpdebug", "format": FORMAT, **asdict(state)}, allow_nan=False)
    write_stamped(folder / CHECKPOINT, header, tensors)
    lines = "".join(json.dumps(row) + "\n" for row in state.metrics)
    write_atomic(folder / METRICS, lines, force=True)


def load_checkpoint(folder: Path, fits: Fits | None = None) -> tuple[State, dict[str, Tensor]]:
    """The state and the tensors of the run in a folder.

    Args:
        fits: of the run, asked before the tensors are read.

    Raises:
        BadFile: no checkpoint, one cut short, damaged or changed, of another version or of another run; the message
            names the file.
    """
    path = folder / CHECKPOINT
    where = f"the state in {path}"

    def state_in(header: str) -> State:
        return _state(Fields(parse_json(header, where, "the state of a run"), where))

    state, tensors = read_stamped(path, state_in, fits, folder / CONFIG)
    _check_numbers(path, tensors)
    return state, tensors


def _check_numbers(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Refuse numbers that are none, or a mean square below 0."""
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()) or (name == "square" and bool((tensor < 0).any())):
            raise BadFile(f"the checkpoint {path} has numbers in {name} that no run can have; train again")


def _state(told: Fields) -> State:
    """The state that a header tells, each field of its type."""
    if told.take("tool") != "tpdebug" or told.take("format") != FORMAT:
        raise BadFile(f"{told.where} is of another version of tpdebug; train again")
    state = State(
        step=told.whole("step", 0, _LARGEST_NUMBER),
        alive=tuple(told.as_whole("alive", each, 0, _LARGEST_NUMBER) for each in told.listed("alive")),
        loss_sums=tuple(told.as_number("loss_sums", each) for each in told.listed("loss_sums")),
        best_scores=tuple(_pair(told, each) for each in told.listed("best_scores")),
        best_epochs=tuple(
            told.as_whole("best_epochs", each, 0, _LARGEST_NUMBER) for each in told.listed("best_epochs")
        ),
        digest=told.text("digest", 64),
        metrics=tuple(Fields(each, f"{told.where}: metrics").rest() for each in told.listed("metrics")),
        refitted=told.optional("refitted", lambda name: told.text(name, 400)) or "",
        module=_files(Fields(told.mapping("module"), f"{told.where}: module")),
    )
    told.end()
    return state


def _files(told: Fields) -> dict[str, str]:
    """The digests of a module's files, by name."""
    found = {}
    for name in list(told.rest()):
        if not re.fullmatch(r"(program|searched)[\w.-]{0,60}", name):
            raise BadFile(f"{told.where} names {shown(name)}; expected a file of the module in the run's folder")
        found[name] = told.text(name, 64)
        if len(found[name]) != 64:
            told.refuse(name, found[name], "a sha256 in hexadecimal")
    return found


def _pair(told: Fields, value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        told.refuse("best_scores", value, "pairs of two shares")
    return told.as_number("best_scores", value[0]), told.as_number("best_scores", value[1])
