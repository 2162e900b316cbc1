"""Small odd settings: every class that can be described is trained and searched, or refused in one line."""

from __future__ import annotations

import dataclasses
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from tprog.errors import BadUsage
from tprog.tasks.builtin import get_task
from tprog.text.emit import emit
from trainer.baseline import BaselineConfig, train_baseline
from trainer.checkpoint import CONFIG, load_config
from trainer.config import TrainConfig
from trainer.data import frame_of, prepare
from trainer.fit import train
from trainer.memory import LARGEST, population_bytes
from trainer.presets import default_config

ODD = TrainConfig("sort", vocabulary_size=5, length=5, layers=2, cat_heads=1, num_heads=1, batch=8, epochs=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "induction", "vocabulary_size": 6, "num_heads": 0, "cat_mlps": 0, "num_mlps": 0, "polish": 3},
        {"cat_mlps": 0, "num_mlps": 0, "polish": 3},
        {"cat_heads": 0, "cat_mlps": 0, "num_mlps": 1, "predicates": "set", "polish": 2},
        {"num_heads": 0, "num_mlps": 0, "masks": "learned", "polish": 2},
        {"numeric_cap": 1, "masks": "assigned", "predicates": "set", "set_start": 20.0, "readout_scale": 1},
        {"embedding": "learned", "embedding_variables": 2, "cardinality": 6, "polish": 2, "members": 2, "halvings": 2},
        {"task": "dyck2", "vocabulary_size": None, "length": 3, "masks": "learned", "hard": 1.0, "quiet": 1.0},
        {"task": "hist", "vocabulary_size": 4, "length": 4, "whole_domain": True, "polish": 1},
    ],
    ids=json.dumps,
)
def test_a_small_odd_class_is_trained_and_searched(changes: dict[str, Any], tmp_path: Path) -> None:
    config = dataclasses.replace(ODD, dataset_size=30, **changes)
    found = train(config, tmp_path / "run", progress=False)
    again = train(config, tmp_path / "run", progress=False, resume=True)
    assert emit(again.program, "m") == emit(found.program, "m")


# Bounds ###############################################################################################################


@pytest.mark.parametrize("value", [10**9, 10**30, 10**400])
@pytest.mark.parametrize(
    "key",
    [f.name for f in dataclasses.fields(TrainConfig) if "int" in str(f.type) and f.name not in ("seed", "data_seed")],
)
def test_a_setting_beyond_reason_is_refused_by_name(key: str, value: int) -> None:
    with pytest.raises(BadUsage, match=rf"^{key} is .{{1,60}}; expected at most [\d,]+$"):
        TrainConfig.from_mapping({"task": "sort", key: value})
    if key in {f.name for f in dataclasses.fields(BaselineConfig)}:
        with pytest.raises(BadUsage, match=rf"^{key} is .{{1,60}}; expected at most [\d,]+$"):
            BaselineConfig.from_mapping({"task": "sort", key: value})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lr": 10**400}, r"lr is 2 to the power of 1328 or more; expected a finite number above 0, at most 1e\+30"),
        ({"tau_init": 1e300}, r"tau_init is 1e\+300; expected a finite number above 0, at most 1e\+30"),
        ({"set_start": -1e31}, r"set_start is -1e\+31; expected a finite number, at most 1e\+30 from 0"),
        ({"hard": 10**400}, "hard is 2 to the power of 1328 or more; expected a share"),
        ({"seed": -(10**400)}, "seed is -2 to the power of 1328 or more; expected at least 0"),
        ({"seed": 2**63}, "seed is 9223372036854775808; expected at most 9,223,372,036,854,775,807"),
        ({"layers": [list(range(10**6))] * 10**4}, r"layers is .{1,120}, a list; expected int"),
        ({"masks": "x" * 10**7}, r"masks is .{1,80}; expected one of"),
        ({"x" * 10**7: 1}, r"unknown setting .{1,80}; known are"),
        ({"nested": [[[[[[[[[[]]]]]]]]]]}, "unknown setting 'nested'"),
    ],
)
def test_a_value_beyond_reason_is_told_in_a_short_line(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BadUsage, match=told) as refused:
        TrainConfig.from_mapping({"task": "sort", **changes})
    assert len(str(refused.value)) < 600


def test_the_bounds_hold_for_options_files_and_run_folders_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text("layers = 1000000000\n")
    Path("run").mkdir()
    Path("run", CONFIG).write_text(json.dumps({"task": "sort", "layers": 10**9}))
    for arguments in (
        ["train", "sort", "--layers", "1000000000"],
        ["train", "sort", "--config", "own.toml"],
        ["train", "--resume", "--run-folder", "run"],
        ["emit", "run"],
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "layers is 1000000000; expected at most 100" in error


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"layers": 100, "cat_heads": 64, "num_heads": 64}, "training 4 members of 100 layers would need about"),
        ({"members": 1024, "batch": 8192}, "training 1024 members of 2 layers would need about"),
        ({"cardinality": 4096}, "GiB of memory; expected at most 16: lower members, batch"),
        ({"numeric_cap": 1000}, "GiB of memory; expected at most 16: lower members, batch"),
        ({"length": 1000, "dataset_size": 1_000_000}, "1,000,000 inputs of 1000 tokens would need about 37 GiB"),
        ({"length": 900}, "GiB of memory"),
    ],
)
def test_a_population_that_fits_no_machine_is_refused_before_it_is_made(changes: dict[str, Any], told: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadUsage, match=told):
            prepare(dataclasses.replace(default_config("sort"), **changes))
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()


def test_a_standard_transformer_that_fits_no_machine_is_refused_before_it_is_made() -> None:
    with pytest.raises(BadUsage, match=r"a standard Transformer of 100 layers would need about .* GiB of memory"):
        train_baseline(BaselineConfig("sort", layers=100, d_model=4096))


def test_what_people_train_is_far_below_the_bound_on_memory() -> None:
    for task in ("sort", "dyck2"):
        config = dataclasses.replace(default_config(task), members=8)
        assert population_bytes(config, frame_of(get_task(task))) < LARGEST / 16
    wide = dataclasses.replace(default_config("sort"), vocabulary_size=16, length=16)
    assert population_bytes(wide, frame_of(get_task("sort", 16, 16))) < LARGEST / 16


def test_settings_nested_without_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('{"task": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(Exception, match="nested too deep") as refused:
        load_config(tmp_path)
    assert "\n" not in str(refused.value)
