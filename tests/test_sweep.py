"""Sweeps: with real workers, some of which are killed, every trial ends up in the store exactly once."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import dask
import psutil
import pytest
from distributed import LocalCluster

from analyze.verify import verify
from cli.main import main
from tests.ctrl_c import HANG, press, wait_for
from tprog.errors import BadUsage
from tprog.tasks.builtin import TASKS, inputs_for
from tprog.text.read import read_source
from trainer import sweep as sweeping
from trainer.checkpoint import CONFIG
from trainer.config import TrainConfig
from trainer.grid import Trial, chosen, configured, read_grid, seeded
from trainer.record import Record
from trainer.store import Store
from trainer.suites import suite
from trainer.sweep import sweep
from trainer.trial import run_trial

TINY = TrainConfig(
    "sort",
    vocabulary_size=5,  # two letters
    length=6,
    layers=1,
    cat_heads=1,
    num_heads=1,
    predicates="set",
    batch=8,
    epochs=3,
    dataset_size=30,
)
"""24 training inputs, 3 steps an epoch, 9 steps: a fraction of a second."""

ENDLESS = dataclasses.replace(TINY, epochs=100_000)
"""It is still running when it is killed, however fast the machine."""

HELD = """
import time
from pathlib import Path

from trainer.sweep import SweepBar

show = SweepBar.show


def show_and_wait(bar, trial, record):
    show(bar, trial, record)
    while Path("hold").exists():
        time.sleep(0.005)


SweepBar.show = show_and_wait

from cli.main import main

raise SystemExit(main())
"""
"""The command line, of which a sweep stands still after a result as long as there is a file ``hold``."""


def grid_text(config: TrainConfig, **changes: Any) -> str:
    settings = {**dataclasses.asdict(config), **changes}
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items() if value is not None)


def stored(path: Path) -> dict[str, str]:
    """Key -> record, as JSON text."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return dict(database.execute("SELECT key, record FROM trials").fetchall())
    except sqlite3.OperationalError:  # it is not there yet
        return {}


def workers_of(client: int) -> list[psutil.Process]:
    """The worker processes of a sweep: the children that listen."""
    return [child for child in psutil.Process(client).children() if child.net_connections("tcp")]


# Real workers #########################################################################################################


def test_a_killed_sweep_goes_on_and_a_killed_workers_trial_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(grid_text(TINY, seed=list(range(6))))
    (tmp_path / "hold").touch()
    store = tmp_path / "s.sqlite"
    command = [sys.executable, "-c", HELD]
    command += ["sweep", "grid.toml", "--store", str(store), "--json"]

    first = subprocess.Popen(
        [*command, "--workers", "1"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    wait_for(lambda: len(stored(store)) >= 1)
    processes = [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]
    listening = {c.laddr.ip for p in processes for c in p.net_connections() if c.status == psutil.CONN_LISTEN}
    first.kill()
    first.communicate()
    _, alive = psutil.wait_procs(processes[1:], timeout=HANG)
    assert not alive, "the workers outlive the sweep"
    assert listening == {"127.0.0.1"}
    before = stored(store)

    command += ["--workers", "1"]
    second = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(stored(store)) > len(before))
    (worker,) = workers_of(second.pid)  # it has a trial whose result nobody has fetched
    worker.kill()
    (tmp_path / "hold").unlink()
    answer, errors = second.communicate(timeout=HANG)
    assert second.returncode == 0, errors
    assert "Traceback" not in errors
    trials = json.loads(answer)["trials"]
    assert [trial["settings"]["seed"] for trial in trials] == list(range(6))
    assert {trial["status"] for trial in trials} == {"done"}
    after = stored(store)
    assert len(after) == 6
    assert {key: after[key] for key in before} == before  # with their times: they were not run again


def test_a_trial_that_keeps_killing_its_worker_has_failed_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = seeded("row", "", TINY, 2)
    (endless,) = seeded("endless", "", ENDLESS, 1)
    runs = tmp_path / "runs"

    def kill() -> None:
        wait_for((runs / endless.key[:16] / CONFIG).exists)  # it has begun
        workers_of(os.getpid())[0].kill()

    with (
        ThreadPoolExecutor(1) as pool,
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        Store(tmp_path / "s.sqlite") as store,
    ):
        killed = pool.submit(kill)
        result = sweep((first, endless, last), store, workers=1, runs=runs, progress=False)
        killed.result()
        lines = store.lines()
    assert (result.done, result.failed, result.missing) == (2, 1, 0)
    assert [line.record.status for line in lines] == ["done", "failed", "done"]
    assert "its worker died 1 time" in (lines[1].record.message or "")


# A cluster that is there already ######################################################################################


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a cluster, whose one worker is a thread."""
    monkeypatch.setattr(sweeping, "_ANSWER", HANG)
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster.scheduler_address


def test_a_sweep_on_an_existing_cluster_fills_the_table_and_writes_the_best_programs(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = '[[rows]]\nname = "good"\nseed = [0, 1, 0]\n[[rows]]\nname = "bad"\nclass = "wild"\nlr = 1e30\n'
    Path("grid.toml").write_text(grid_text(TINY) + rows)
    assert main(["sweep", "grid.toml", "--scheduler", cluster, "--runs", "kept"]) == 1  # one has failed
    capsys.readouterr()
    assert len(list(Path("kept").iterdir())) == 3

    assert main(["sweep", "--table", "--json", "--best", "best"]) == 0
    trials = json.loads(capsys.readouterr().out)["trials"]
    assert [(t["name"], t["settings"]["seed"], t["status"]) for t in trials] == [
        ("good", 0, "done"),
        ("good", 1, "done"),
        ("bad", 0, "failed"),
    ]
    assert "lower lr" in trials[2]["message"]
    (best,) = (trial for trial in trials if trial["best"])
    validation = [trial["counts"]["validation"]["tokens_right"] for trial in trials[:2]]
    assert best["counts"]["validation"]["tokens_right"] == max(validation)
    assert [path.name for path in Path("best").iterdir()] == ["good"]  # a failed row has no program
    assert main(["verify", "best/good/sort_program.py", "--json"]) in (0, 1)
    verified = json.loads(capsys.readouterr().out)
    assert (
        verified["wrong_inputs"] == best["counts"]["domain"]["sequences"] - best["counts"]["domain"]["sequences_right"]
    )

    # Nothing is left to do but the failure, and that only if asked to.
    assert main(["sweep", "grid.toml", "--scheduler", "127.0.0.1:1", "--only", "good", "-o", "table.md"]) == 0
    assert Path("table.md").read_text().count("| good |") == 2
    assert main(["sweep", "grid.toml", "--scheduler", cluster, "--retry-failed"]) == 1
    assert "0 trials done, 1 failed, 2 stored before" in capsys.readouterr().err


def test_ctrl_c_keeps_what_is_stored_and_the_same_sweep_does_the_rest(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = tuple(seeded("row", "", TINY, 3))
    with Store(tmp_path / "s.sqlite") as store:
        add = store.add

        def add_and_stop(record: Record) -> None:
            add(record)
            press()

        with monkeypatch.context() as patch:
            patch.setattr(store, "add", add_and_stop)
            stopped = sweep(trials, store, scheduler=cluster, progress=False)
        assert stopped.missing == 2
        rest = sweep(trials, store, scheduler=cluster, progress=False)
        assert (rest.known, rest.done, rest.missing) == (1, 2, 0)
        assert len(store.lines()) == 3


def test_a_cluster_of_another_version_without_workers_or_not_there_is_refused(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = tuple(seeded("row", "", TINY, 1))
    with Store(tmp_path / "s.sqlite") as store:
        with monkeypatch.context() as patch:
            patch.setattr(sweeping, "_version", lambda: "0.0.9")
            with pytest.raises(BadUsage, match=r"runs tpdebug 0\.0\.9, not"):
                sweep(trials, store, scheduler=cluster, progress=False)
        monkeypatch.setattr(sweeping, "_ANSWER", 0.3)
        with pytest.raises(BadUsage, match=r"no Dask scheduler answers at 127\.0\.0\.1:1 "):
            sweep(trials, store, scheduler="127.0.0.1:1", progress=False)
        assert store.statuses() == {}


# Before and after #####################################################################################################


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (grid_text(TINY) + "lair = 3\n", "grid.toml: unknown setting 'lair'"),
        (grid_text(TINY) + "[[rows]]\nname = 'x'\nlr = [1, -1]\n", "grid.toml: row 1 (x): lr is -1"),
        (grid_text(TINY, seed=[]), "grid.toml: seed is an empty list"),
        (grid_text(TINY, task="sport"), "sport"),
        (grid_text(TINY) + "[[rows]]\nname = 'x'\ncardinality = 3\n", "x: N is 6, but cardinality 3"),
        (grid_text(TINY) + "[[rows]]\nname = 'x'\nbatch = 500\n", "x: batch is 500"),
        (grid_text(TINY) + "[rows]\nname = 'x'\n", "each under a line [[rows]]"),
        (grid_text(TINY) + "kind = 'perceptron'\n", "kind is 'perceptron'; expected one of program, baseline"),
        ("task = ", "grid.toml: not TOML"),
        ("# nothing", "nothing to train"),
    ],
)
def test_a_mistake_in_a_grid_is_told_before_the_first_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweeping, "_client", lambda *_: pytest.fail("workers were started"))
    Path("grid.toml").write_text(text)
    assert main(["sweep", "grid.toml"]) == 2
    assert told in capsys.readouterr().err


def test_lists_of_a_grid_are_alternatives_and_rows_replace_settings(tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    rows = '[[rows]]\n[[rows]]\nname = "two"\nclass = "deep"\nlayers = 2\nseed = 7\n'
    path.write_text(grid_text(TINY, seed=[0, 1], lr=[0.1, 0.2]) + rows)
    trials = read_grid(path)
    configs = [trial.settings for trial in trials]
    assert [(t.name, c["layers"], c["seed"], c["lr"]) for t, c in zip(trials, configs, strict=True)] == [
        ("sort", 1, 0, 0.1),
        ("sort", 1, 1, 0.1),
        ("sort", 1, 0, 0.2),
        ("sort", 1, 1, 0.2),
        ("two", 2, 7, 0.1),
        ("two", 2, 7, 0.2),
    ]
    assert len({trial.key for trial in trials}) == 6
    assert {trial.program_class for trial in chosen(trials, "two")} == {"deep"}
    with pytest.raises(BadUsage, match="the names are sort, two"):
        chosen(trials, "three")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--suite", "newspaper"],
        ["grid.toml", "--suite", "paper"],
        [],
        ["--table", "--workers", "2"],
        ["grid.toml", "--workers", "2", "--scheduler", "127.0.0.1:8786"],
        ["grid.toml", "-o", "table.pdf"],
        ["grid.toml", "-o", "a.sqlite", "--store", "b.sqlite"],
        ["--table"],  # nothing is stored yet
    ],
)
def test_options_that_have_no_meaning_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("grid.toml").write_text(grid_text(TINY))
    assert main(["sweep", *arguments]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["grid.toml"]


def request(trial: Trial, runs: Path | None) -> dict[str, Any]:
    return sweeping._request(trial, None if runs is None else str(runs))


def test_a_record_counts_what_verify_and_the_reader_count(tmp_path: Path) -> None:
    (trial,) = seeded("row", "", TINY, 1)
    record = Record.from_mapping(json.loads(json.dumps(run_trial(request(trial, None)))))
    module = read_source(record.files["sort_program.py"], "sort_program.py")
    found = verify(module.program, inputs_for(module.program))
    domain = record.counts["domain"]
    assert (domain.tokens, domain.tokens_right, domain.wrong) == (found.tokens, found.tokens_right, found.wrong_inputs)
    assert domain.exhaustive
    entries = [entry for entry in module.lines if entry.part != "wiring"]
    assert record.size == {"heads": 2, "entries": len(entries), "lines": len(module.text.splitlines())}


def test_a_kept_run_goes_on_where_it_was(tmp_path: Path) -> None:
    (trial,) = seeded("row", "", TINY, 1)
    first = run_trial(request(trial, tmp_path))
    again = run_trial(request(trial, tmp_path))
    assert (first["resumed"], again["resumed"]) == (False, True)
    assert first["files"] == again["files"]


def test_a_standard_transformer_is_a_kind_of_trial() -> None:
    settings = {"task": "sort", "vocabulary_size": 5, "length": 6, "layers": 1, "d_model": 4, "d_mlp": 4}
    settings |= {"batch": 8, "epochs": 1, "dataset_size": 30}
    trial = Trial("sort", "baseline", configured("baseline", settings), "baseline")
    record = Record.from_mapping(run_trial(request(trial, None)))
    assert record.status == "done", record.message
    assert record.counts["domain"].sequences == 30
    assert record.files == {}


def test_the_suite_of_the_paper_has_every_task_in_both_classes_and_no_trial_twice() -> None:
    trials = suite("paper")
    assert len({trial.member for trial in trials}) == len(trials)
    for program_class in ("published", "extended", "baseline"):
        found = {trial.config.task for trial in trials if trial.program_class == program_class}
        # The published size of induction is exact: there is nothing to extend.
        assert found == {*TASKS} - ({"induction"} if program_class == "extended" else set()), program_class
    large = {trial.config.task for trial in trials if (trial.config.vocabulary_size, trial.config.length) == (16, 16)}
    assert large == {"sort", "reverse", "hist", "double_hist", "most_freq"}
    for trial in trials:
        if isinstance(trial.config, TrainConfig):
            searched = trial.program_class.endswith(", searched")
            assert (trial.config.search > 0) == (trial.config.polish > 0) == searched, trial.name
        if trial.program_class == "categorical":
            assert isinstance(trial.config, TrainConfig)
            assert trial.config.num_heads == trial.config.num_mlps == 0


def test_of_the_suite_only_programs_that_are_called_searched_are_searched_for() -> None:
    trials = [(trial, trial.config) for trial in suite("paper") if isinstance(trial.config, TrainConfig)]
    assert {trial.program_class.endswith(", searched") for trial, _ in trials} == {False, True}
    for trial, config in trials:
        searched = trial.program_class.endswith(", searched")
        assert (config.search > 0, config.polish > 0) == (searched, searched), trial.name


def test_the_path_of_an_own_task_is_taken_from_the_grids_folder_and_its_text_is_part_of_the_key(tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text('task = "pairs.csv"\n')
    (tmp_path / "pairs.csv").write_text("input,output\nab,ba\n")
    (before,) = read_grid(tmp_path / "grid.toml")
    (tmp_path / "pairs.csv").write_text("input,output\nab,bb\n")
    (after,) = read_grid(tmp_path / "grid.toml")
    assert (before.name, before.config.task) == ("pairs", str(tmp_path / "pairs.csv"))
    assert before.settings == after.settings
    assert before.key != after.key
