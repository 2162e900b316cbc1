"""Learning curves, accuracy by length and wrong inputs by seed, of run folders and of sweeps."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

import tpdebug
from analyze.plot import plot
from analyze.render.chart import ticks
from analyze.render.curves import curves_svg
from analyze.results.plot import PlotPoint
from cli.main import main
from tests.layout import faults
from tests.programs import PROGRAMS
from tprog.errors import BadFile
from tprog.files.run_folder import read_run
from tprog.ir.program import Program
from tprog.text.emit import emit
from trainer.record import Counts, Record
from trainer.store import Store

RIGHT, FAULTY = PROGRAMS["sort"].program, PROGRAMS["sort_with_a_fault"].program


def run(
    folder: Path, settings: Mapping[str, object], rows: list[Mapping[str, object]], program: Program | None = None
) -> Path:
    """A run folder."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"task": "sort", **settings}), encoding="utf-8")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if program is not None:
        (folder / "program.py").write_text(emit(program).text, encoding="utf-8")
    return folder


def row(epoch: int, loss: float, whole: float | None = None) -> dict[str, object]:
    return {"epoch": epoch, "loss": loss, "temperature": 1.0, "validation_whole_sequence": whole}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs: two seeds with one layer, and one with two."""
    made = tmp_path / "runs"
    run(made / "a", {"seed": 0, "layers": 1}, [row(1, 3.0), row(2, 2.0, 0.5)], RIGHT)
    run(made / "b", {"seed": 1, "layers": 1}, [row(1, 1.0), row(2, 1.0, 0.7)], FAULTY)
    run(made / "c", {"seed": 0, "layers": 2}, [row(1, 0.5, 0.9)])
    return made


def test_runs_that_differ_in_the_seed_alone_are_one_curve_with_its_spread(runs: Path) -> None:
    result = plot([runs])
    curves = {(curve.series, curve.figure): curve.points for curve in result.curves}
    assert curves["layers = 1", "loss"] == (PlotPoint(1, 2.0, 1.0, 3.0, 2), PlotPoint(2, 1.5, 1.0, 2.0, 2))
    assert curves["layers = 1", "whole sequence"] == (PlotPoint(2, 0.6, 0.5, 0.7, 2),)
    assert curves["layers = 2", "loss"] == (PlotPoint(1, 0.5, 0.5, 0.5, 1),)
    assert (result.runs, result.axis) == (3, "epoch")


def test_programs_are_judged_by_length_and_by_seed_on_all_inputs_or_a_sample(runs: Path) -> None:
    result = tpdebug.plot([runs / "a", runs / "b"], sample=30_000)
    verified = tpdebug.verify(FAULTY, tpdebug.inputs_for(FAULTY))
    wrong = {seed.seed: (seed.wrong, seed.inputs, seed.exhaustive) for seed in result.seeds}
    assert wrong == {0: (0, 19_530, True), 1: (verified.wrong_inputs, 19_530, True)}
    (by_length,) = result.lengths
    last = verified.lengths[-1]
    share = 1 - last.wrong_inputs / last.inputs
    assert by_length.points[-1] == PlotPoint(last.symbols, (1 + share) / 2, share, 1.0, 2)
    assert not plot([runs / "a"], sample=50).seeds[0].exhaustive


def test_the_picture_has_a_panel_a_figure_and_no_text_over_another(runs: Path) -> None:
    svg = curves_svg(plot([runs], sample=100))
    ElementTree.fromstring(svg)
    for told in (
        "loss in training",
        "whole sequences right, validation",
        "by length",
        "wrong inputs by seed",
        "layers = 2",
    ):
        assert told in svg
    assert "tokens right" not in svg  # no run has noted it
    assert faults(svg) == []


def test_evaluations_of_a_gpt_are_told_range_by_range(tmp_path: Path) -> None:
    folder = run(tmp_path / "gpt", {}, [{"step": 10, "loss": 2.0, "right": [0.5, 0.25]}])
    (folder / "training.json").write_text('{"task": "bin_majority", "seed": 3}', encoding="utf-8")
    result = plot([folder])
    assert result.axis == "step"
    assert [(curve.figure, curve.points[0].median) for curve in result.curves] == [
        ("loss", 2.0),
        ("whole sequence, range 1", 0.5),
        ("whole sequence, range 2", 0.25),
    ]
    assert "whole sequence, range 2" in curves_svg(result)


def test_a_sweep_has_its_seeds_in_its_store_and_its_curves_in_its_run_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Store("s.sqlite") as store:
        for seed, program in enumerate((RIGHT, FAULTY)):
            counts = {"domain": Counts(9, 10, 4 - seed, 4, True)}
            files = {"program.py": emit(program).text}
            settings = {"task": "sort", "seed": seed}
            made = Record(str(seed) * 64, "0", "program", settings, "done", None, "trained", counts)
            store.add(dataclasses.replace(made, cpu_seconds=2.5, files=files))
            store.enlist([("row", "sets", str(seed) * 64)])
    run(tmp_path / "kept" / ("0" * 16), {"seed": 0}, [row(1, 2.0)])
    assert main(["plot", "s.sqlite", "--runs", "kept", "--sample", "40", "-o", "c.json"]) == 0
    result = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert [seed["wrong"] for seed in result["seeds"]] == [0, 1]
    assert result["seeds"][1] == {
        "series": "row sets",
        "seed": 1,
        "wrong": 1,
        "inputs": 4,
        "exhaustive": True,
        "seconds": 2.5,
        "how": "trained",
    }
    assert [curve["figure"] for curve in result["curves"]] == ["loss"]
    assert result["lengths"][0]["points"][0]["runs"] == 2
    for ending in ("svg", "pdf", "png", "html", "csv"):
        assert main(["plot", "s.sqlite", "--sample", "40", "-o", f"c.{ending}"]) == 0
    assert main(["plot", "s.sqlite", "kept"]) == 2
    assert main(["plot", "kept", "--runs", "kept"]) == 2
    err = capsys.readouterr().err
    assert "s.sqlite is the store of a sweep; plot it by itself" in err
    assert "--runs is where a sweep has kept its run folders; name the store of the sweep too" in err


@pytest.mark.parametrize(
    ("config", "metrics", "told"),
    [
        ("{}", "no JSON\n", "metrics.jsonl:1:1:1: not JSON"),
        ("{}", '{"loss": 1}\n', "metrics.jsonl:1: no figures; expected a JSON object with an epoch or a step"),
        ("[]", "", "config.json: no settings; expected a JSON object"),
    ],
)
def test_a_damaged_run_is_refused_in_a_line(tmp_path: Path, config: str, metrics: str, told: str) -> None:
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    (tmp_path / "metrics.jsonl").write_text(metrics, encoding="utf-8")
    with pytest.raises(BadFile, match=re.escape(told)):
        read_run(tmp_path)


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no run; expected the folder of a run"):
        plot([tmp_path])


def test_ticks_are_round_and_hold_all_values() -> None:
    assert list(ticks(0, 10)) == [0, 2, 4, 6, 8, 10]
    assert list(ticks(0.26, 1.0)) == [0.2, 0.4, 0.6, 0.8, 1.0]
    alone = list(ticks(3, 3))
    assert alone[0] <= 3 < alone[-1]
