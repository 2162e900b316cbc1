"""The spread of the seeds of a sweep, as a table and as a strip chart, of records made by hand."""

from __future__ import annotations

import dataclasses
import json
import math
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyze.render.strip_chart import LOOKS, Dot, Strip, strip_chart
from cli.main import main
from tests.layout import faults
from tests.programs import PROGRAMS
from tprog.errors import BadFile
from tprog.tasks.builtin import TASKS
from trainer.config import TrainConfig
from trainer.grid import chosen, configured
from trainer.lines import Line
from trainer.presets import default_config
from trainer.record import Counts, Record
from trainer.spread import COLUMNS, cells, markdown, spreads
from trainer.store import Store
from trainer.suites import SEEDS, class_config, suite
from trainer.sweep import check
from trainer.trial import how

SVG = "{http://www.w3.org/2000/svg}"


def record(seed: int, wrong: int, seconds: float = 1.0, *, exhaustive: bool = True, **changes: Any) -> Record:
    """A trial that is done, with so many wrong inputs of 100."""
    settings = {"task": "sort", "seed": seed, "data_seed": seed, "lr": changes.pop("lr", 0.1)}
    counts = {"domain": Counts(500 - wrong, 500, 100 - wrong, 100, exhaustive)}
    told: dict[str, Any] = {"how": "searched", "counts": counts, "cpu_seconds": seconds, **changes}
    return Record(f"{settings}{changes}", "0.1.0", "program", settings, "done", **told)


def failed(seed: int) -> Record:
    settings = {"task": "sort", "seed": seed, "data_seed": seed, "lr": 0.1}
    return Record(f"failed {seed}", "0.1.0", "program", settings, "failed", "the loss became nan")


def table(lines: list[Line]) -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells(spreads(lines))]


# The table ############################################################################################################


def test_a_row_tells_the_best_the_median_and_the_worst_of_its_seeds() -> None:
    found = [record(2, 7, 30.0, how="trained"), record(0, 0, 2.0), record(1, 0, 4.0), record(3, 2, 3.0)]
    (row,) = table([Line("sort", "published", one) for one in found])
    assert row == {
        "name": "sort",
        "class": "published",
        "settings": "",
        "seeds": "4",
        "best": "0",
        "median": "1",
        "worst": "7",
        "inputs": "100",
        "exact": "2 of 4",
        "CPU s": "3.5",
        "worst CPU s": "30.0",
        "how": "3 searched, 1 trained",
        "failed": "",
    }
    (spread,) = spreads([Line("sort", "published", one) for one in found])
    assert spread.wrong == (0, 0, 7, 2), "by seed"


def test_a_sample_and_a_resumed_run_are_marked() -> None:
    (row,) = table([Line("sort", "", record(0, 0, exhaustive=False, resumed=True)), Line("sort", "", record(1, 3))])
    assert (row["inputs"], row["exact"], row["CPU s"]) == ("~100", "~1 of 2", "1.0+")


def test_trials_that_differ_in_more_than_their_seeds_have_rows_of_their_own() -> None:
    lines = [Line("sort", "", record(seed, 10 * seed, lr=lr)) for lr in (0.1, 0.2) for seed in (0, 1)]
    assert [(row["settings"], row["seeds"], row["median"]) for row in table(lines)] == [
        ("lr = 0.1", "2", "5"),
        ("lr = 0.2", "2", "5"),
    ]


def test_failed_trials_are_counted_and_are_no_seed_that_is_right() -> None:
    (row,) = table([Line("sort", "", record(0, 0)), Line("sort", "", failed(1))])
    assert (row["seeds"], row["exact"], row["failed"]) == ("1", "1 of 1", "1")
    (nothing,) = table([Line("sort", "", failed(0))])
    assert (nothing["seeds"], nothing["exact"], nothing["failed"]) == ("0", "-", "1")


def test_markdown_has_a_line_for_each_row() -> None:
    assert markdown(spreads([Line("a|b", "", record(0, 0))])).splitlines()[2].startswith("| a\\|b |")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "s.sqlite"
    found = [record(0, 0, 2.0), record(1, 40, 9.0, how="trained"), failed(2)]
    with Store(path) as opened:
        opened.enlist(("sort", "published", one.key) for one in found)
        for one in found:
            opened.add(one)
    return path


def test_the_command_shows_the_spread_as_text_json_and_markdown(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sweep", "--table", "--spread", "--store", str(store)]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "1 row, 1 trial failed" in shown
    assert "1 searched" in shown
    assert main([*command, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["spread"]
    assert (row["wrong"], row["best"], row["median"], row["worst"]) == ([0, 40], 0, 20, 40)
    assert main([*command, "-o", str(tmp_path / "t.md")]) == 0
    assert "| 1 of 2 |" in (tmp_path / "t.md").read_text()


def test_a_record_of_before_does_not_tell_how_its_program_came_about() -> None:
    told = record(0, 0).to_mapping()
    assert Record.from_mapping(told).how == "searched"
    with pytest.raises(BadFile, match="expected one of searched, grown, trained"):
        Record.from_mapping({**told, "how": "magic"})
    del told["how"]
    assert Record.from_mapping(told).how is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (("searched", "by deduction"), "searched"),
        (("polished", "grow all kinds: 40 -> 0"), "grown"),
        (("polished", "refit the readout: 40 -> 3"), "trained"),
        (("seed", "0"), "trained"),
    ],
)
def test_the_provenance_tells_how_a_program_came_about(line: tuple[str, str], expected: str) -> None:
    program = PROGRAMS["sort"].program
    assert how(dataclasses.replace(program, provenance=(line,))) == expected


# The chart ############################################################################################################


def circles(picture: str) -> list[tuple[float, float, str]]:
    """Place and line colour of each dot below the legend."""
    found = ElementTree.fromstring(picture.encode()).iter(f"{SVG}circle")
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"]), dot.attrib["stroke"]) for dot in found]
    return [dot for dot in dots if dot[1] > 40]


def test_the_chart_has_a_dot_a_seed_further_right_the_more_is_wrong() -> None:
    dots = (Dot(500, 9.0, "trained"), Dot(0, 1.0, "searched"), Dot(3, 2.0, ""))
    placed = circles(strip_chart([Strip("sort", dots, 1000, True)]))
    assert [colour for *_, colour in sorted(placed)] == [LOOKS[how][0] for how in ("searched", "", "trained")]


def test_the_chart_names_the_seeds_that_get_an_input_wrong() -> None:
    dots = [Dot(wrong, 1.0, "trained", str(seed)) for seed, wrong in enumerate((0, 700, 20, 700, 21, 0, 10**5))]
    picture = ElementTree.fromstring(strip_chart([Strip("sort", tuple(dots), 10**6, True)]).encode())
    texts = [text.text for text in picture.iter(f"{SVG}text") if text.attrib["font-size"] == "9"]
    assert texts == ["2, 4", "1, 3", "6"]
    pointed = [title.text for title in picture.iter(f"{SVG}title")]
    assert {"seed 0: 0 wrong inputs", "seed 2: 20 wrong inputs"} <= set(pointed)


def test_no_dot_covers_another_one() -> None:
    dots = tuple(Dot(wrong, 1.0, "searched") for wrong in [0] * 16 + [1000] * 16 + [1001, 1002])
    placed = circles(strip_chart([Strip(name, dots, 10**6, False) for name in ("a", "b")]))
    assert len(placed) == 2 * len(dots)
    for i, (x, y, _) in enumerate(placed):
        assert all(math.dist((x, y), other[:2]) > 5.9 for other in placed[:i])


_SEEDS = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 10**6), st.integers(170_000, 190_000)), max_size=16)


@given(st.lists(_SEEDS.filter(bool), min_size=1, max_size=3))
def test_names_and_dots_cover_nothing_and_a_dot_stands_where_its_wrong_inputs_are(rows: list[list[int]]) -> None:
    strips = [
        Strip("a", tuple(Dot(n, 1.0, "trained", str(seed)) for seed, n in enumerate(row)), 10**6, True) for row in rows
    ]
    picture = strip_chart(strips)
    assert faults(picture) == []
    placed = circles(picture)
    assert all(math.dist(a[:2], b[:2]) > 5.9 for i, a in enumerate(placed) for b in placed[:i])
    wrong = [(n, x) for n, (x, *_) in zip([n for row in rows for n in sorted(row)], placed, strict=True) if n]
    ordered = sorted(wrong)
    assert all(one[1] <= other[1] for one, other in pairwise(ordered)), "further right the more is wrong"
    assert all(one[1] == other[1] for one, other in pairwise(ordered) if one[0] == other[0])


def test_a_row_of_many_seeds_that_are_wrong_alike_grows_and_tells_their_names_beside_them() -> None:
    """Seeds within three per cent of each other, as those of hist in the categorical class were."""
    dots = tuple(Dot(170_000 + 300 * seed, 1.0, "trained", str(seed)) for seed in range(16))
    picture = strip_chart([Strip("hist", dots, 335_922, True)])
    assert faults(picture) == []
    assert "0, 1, 2, 3, 4, 5, ..." in picture
    assert float(ElementTree.fromstring(picture.encode()).attrib["height"]) > 16 * 6


def test_the_chart_is_well_formed_whatever_a_row_is_called() -> None:
    strip = Strip("<&> \u202e", (Dot(0, 1.0, "searched"),), 10, True)
    picture = ElementTree.fromstring(strip_chart([strip]).encode())
    assert any("<&>" in (text.text or "") for text in picture.iter(f"{SVG}text"))
    assert "1 of 1 on 10" in "".join(picture.itertext())
    assert ElementTree.fromstring(strip_chart([]).encode()).tag == f"{SVG}svg"


def test_the_command_draws_the_chart_with_and_without_the_table(store: Path, tmp_path: Path) -> None:
    pictures = [tmp_path / "a.svg", tmp_path / "b.svg"]
    for picture, more in zip(pictures, ([], ["--spread"]), strict=True):
        assert main(["sweep", "--table", *more, "--store", str(store), "-o", str(picture)]) == 0
    assert pictures[0].read_text() == pictures[1].read_text()
    assert len(circles(pictures[0].read_text())) == 2


# The suite ############################################################################################################


def test_the_suite_of_seeds_has_sixteen_samples_of_every_task_in_every_class() -> None:
    trials = suite("seeds")
    assert len({trial.key for trial in trials}) == len(trials)
    rows: dict[tuple[str, str], list[TrainConfig]] = {}
    for trial in trials:
        assert isinstance(trial.config, TrainConfig)
        rows.setdefault((trial.name, trial.program_class), []).append(trial.config)
    for configs in rows.values():
        assert [(config.seed, config.data_seed) for config in configs] == [(i, i) for i in range(SEEDS)]
    names = {f"{task}{size}" for task in TASKS for size in ("", " 16")} - {"dyck1 16", "dyck2 16", "induction 16"}
    classes = {"extended, by default", "categorical, by default", "published, by default"}
    once = {("induction", program_class) for program_class in classes - {"published, by default"}}
    assert set(rows) == {(name, program_class) for name in names for program_class in classes} - once


def test_the_suite_of_seeds_trains_what_a_user_gets() -> None:
    trials = suite("seeds")
    assert trials
    for trial in trials:
        config = trial.config
        assert isinstance(config, TrainConfig)
        assert config.search > 0, trial.name
        if trial.program_class.startswith("extended") and config.length is None:
            seeded = {**vars(default_config(config.task)), "seed": config.seed, "data_seed": config.data_seed}
            assert vars(config) == seeded
        size = ("layers", "cat_heads", "num_heads", "cat_mlps", "num_mlps", "predicates", "masks")
        of_class = class_config(trial.program_class.removesuffix(", by default"), config.task)
        assert [getattr(config, key) for key in size] == [getattr(of_class, key) for key in size]


def test_a_row_is_chosen_by_its_name_and_class_together() -> None:
    kept = chosen(suite("seeds"), "sort categorical")
    assert {(trial.name, trial.program_class) for trial in kept} == {("sort", "categorical, by default")}


def test_samples_of_one_task_are_prepared_once_before_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[TrainConfig] = []
    monkeypatch.setattr("trainer.sweep.prepare", prepared.append)
    check(chosen(suite("seeds"), "sort categorical"))
    assert len(prepared) == 1
    assert configured("program", prepared[0].__dict__) == prepared[0]
