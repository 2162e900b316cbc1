"""The run folder: what is written comes back, and what is damaged is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tprog.errors import BadFile, BadUsage
from trainer.checkpoint import (
    CHECKPOINT,
    METRICS,
    State,
    load_checkpoint,
    load_config,
    save_checkpoint,
    save_config,
)
from trainer.config import TrainConfig

STATE = State(
    step=7,
    loss_sums=(0.1 + 0.2, 1 / 3),
    best_scores=((0.5, 0.25), (1.0, 0.0)),
    best_epochs=(2, 1),
    metrics=({"epoch": 1.0, "loss": None},),
    module={"program.py": "0" * 64, "program_tables-3f2a9c1b.json": "1" * 64},
)


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(2, 3), "b": torch.zeros(0), "c": torch.arange(6.0).view(2, 3).T}
    save_checkpoint(tmp_path, STATE, tensors)
    state, found = load_checkpoint(tmp_path)
    assert state == STATE
    assert set(found) == set(tensors)
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    assert [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()] == [
        {"epoch": 1.0, "loss": None}
    ]


def test_equal_runs_have_equal_bytes(tmp_path: Path) -> None:
    tensors = {name: torch.full((3,), 1.5) for name in "abcdefgh"}
    written = []
    for order in (list(tensors), list(reversed(tensors))):
        save_checkpoint(tmp_path, STATE, {name: tensors[name] for name in order})
        written.append((tmp_path / CHECKPOINT).read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("kept", [0, 5, 60, -1])
def test_a_checkpoint_cut_short_is_refused_by_name(tmp_path: Path, kept: int) -> None:
    save_checkpoint(tmp_path, STATE, {"a": torch.randn(20)})
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BadFile, match=rf"{CHECKPOINT} is damaged or cut short"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    "header", [{}, {"state": "no JSON"}, {"state": "{}"}, {"state": '{"tool": "tpdebug", "format": 99}'}]
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, header: dict[str, str]) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / CHECKPOINT, header)
    with pytest.raises(BadFile, match="is no checkpoint of this version"):
        load_checkpoint(tmp_path)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no checkpoint"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({"a": torch.zeros(3)}, r"'a' is of the shape \[3\] and type F32, expected of the shape \[2, 3\] and type F32"),
        ({"a": torch.zeros(2, 3, dtype=torch.float64)}, r"'a' is of the shape \[2, 3\] and type F64, expected of"),
        ({"a": torch.zeros(2, 3), "b": torch.zeros(1)}, r"'b' is of the shape \[1\] and type F32, expected not there"),
        ({}, r"'a' is not there, expected of the shape \[2, 3\]"),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(
    tmp_path: Path, tensors: dict[str, torch.Tensor], told: str
) -> None:
    save_checkpoint(tmp_path, STATE, {"a": torch.zeros(2, 3)})
    load_checkpoint(tmp_path, lambda state: {"a": (2, 3)})
    save_checkpoint(tmp_path, STATE, tensors)
    with pytest.raises(BadFile, match=told):
        load_checkpoint(tmp_path, lambda state: {"a": (2, 3)})


def test_a_checkpoint_without_a_digest_is_refused_as_an_older_one(tmp_path: Path) -> None:
    state = '{"tool": "tpdebug", "format": 2, "step": 7}'
    save_file({"a": torch.zeros(1)}, tmp_path / CHECKPOINT, {"state": state})
    with pytest.raises(BadFile, match="is of an older tpdebug, which kept no digest to check it by; train again"):
        load_checkpoint(tmp_path)


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    config = TrainConfig("hist", vocabulary_size=7, lr=0.125, masks="learned")
    save_config(tmp_path, config)
    assert load_config(tmp_path) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("{", "not JSON"),
        ("[]", "holds a list; expected a table of settings"),
    ],
)
def test_damaged_settings_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(BadFile, match=message):
        load_config(tmp_path)


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"task": "sort", "laers": 3}')
    with pytest.raises(BadUsage, match="unknown setting 'laers'; the nearest known one is layers"):
        load_config(tmp_path)
