"""The store of a sweep: nothing lost, nothing counted twice, nothing of somebody else's overwritten."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.programs import PROGRAMS
from tprog.errors import BadFile
from tprog.text.emit import emit
from trainer.lines import COLUMNS, Line, best, cells, markdown
from trainer.record import Counts, Record
from trainer.store import Store

MODULE = emit(PROGRAMS["sort_with_a_fault"].program).text


def record(key: str = "k", **changes: Any) -> Record:
    done = Record(
        key,
        "0.1.0",
        "program",
        {"task": "sort", "seed": 0, "lr": 0.1},
        "done",
        counts={"validation": Counts(9, 10, 4, 5), "test": Counts(9_999, 10_000, 4, 5)},
        size={"heads": 2, "entries": 30, "lines": 100},
        files={"sort_program.py": MODULE},
    )
    return dataclasses.replace(done, **changes)


FAILED = {"status": "failed", "message": "the loss became nan", "counts": {}, "size": {}, "files": {}}


def test_what_is_stored_is_read_back_in_the_order_of_the_grid(tmp_path: Path) -> None:
    path = tmp_path / "new" / "s.sqlite"
    with Store(path) as store:
        store.enlist([("b", "x", "2"), ("a", "", "1"), ("a again", "", "1")])
        store.add(record("1"))
        store.add(record("2", **FAILED))
    with Store(path, read_only=True) as store:
        lines = store.lines()
        assert [(line.name, line.record.key) for line in lines] == [("b", "2"), ("a", "1"), ("a again", "1")]
        assert lines[1].record == dataclasses.replace(record("1"), files={})
        assert store.files("1") == {"sort_program.py": MODULE}
        assert store.files("2") == {}
        assert store.rows() == [("b", "x"), ("a", ""), ("a again", "")]
        assert [line.name for line in store.lines({("a", "", "1")})] == ["a"]
        with pytest.raises(BadFile, match="readonly"):
            store.add(record("3"))


@settings(max_examples=20, deadline=None)  # each result is waited for until it is on the disk
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9)), max_size=8))
def test_a_trial_is_counted_once_and_what_is_done_stays(events: list[tuple[str, bool, int]]) -> None:
    with TemporaryDirectory() as folder, Store(Path(folder) / "s.sqlite") as store:
        done: dict[str, int] = {}
        last: dict[str, int] = {}
        for key, succeeds, epochs in events:
            fresh = store.add(record(key, epochs=epochs, **({} if succeeds else FAILED)))
            assert fresh == (key not in done)
            if succeeds:
                done.setdefault(key, epochs)
            last[key] = done.get(key, epochs)
        store.enlist([("row", "", key) for key in last] * 2)
        assert {line.record.key: line.record.epochs for line in store.lines()} == last
        assert store.statuses() == {key: "done" if key in done else "failed" for key in last}


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path, read_only: bool) -> None:
    text, foreign, newer = tmp_path / "t.sqlite", tmp_path / "f.sqlite", tmp_path / "n.sqlite"
    text.write_text("these are my notes, " * 100)
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE birds (name TEXT)")
    with Store(newer):
        pass
    with closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version = 99")
    for path, told in (
        (text, "no store of sweep results"),
        (foreign, "something else"),
        (newer, "version 99; this tpdebug reads version 2"),
        (tmp_path, "is a folder"),
    ):
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(BadFile, match=told):
            Store(path, read_only=read_only)
        assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_store_that_is_not_there_is_made_only_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no file"):
        Store(tmp_path / "s.sqlite", read_only=True)
    (tmp_path / "s.sqlite").touch()  # as a sweep leaves it that is killed in its first moment
    with pytest.raises(BadFile, match="is empty"):
        Store(tmp_path / "s.sqlite", read_only=True)
    with Store(tmp_path / "s.sqlite") as store:
        assert store.statuses() == {}
    with pytest.raises(BadFile, match="cannot make the folder"):
        Store(tmp_path / "s.sqlite" / "t.sqlite")


def test_the_best_is_chosen_by_validation_and_never_by_test() -> None:
    def line(key: str, name: str = "row", **changes: Any) -> Line:
        return Line(name, "", record(key, **changes))

    good, better = Counts(9, 10, 4, 5), Counts(10, 10, 5, 5)
    lines = [
        line("1", counts={"validation": good, "test": better, "domain": better}),
        line("2", counts={"validation": better, "test": good, "domain": good}),
        line("3", counts={"validation": better, "test": good, "domain": good}, size={"lines": 50}),
        line("4", name="lost", **FAILED),
    ]
    assert {row: found.record.key for row, found in best(lines).items()} == {("row", ""): "3"}
    assert [row[COLUMNS.index("best")] for row in cells(lines)] == ["", "", "*", ""]


def test_the_table_says_100_only_if_nothing_is_missing_and_names_what_differs() -> None:
    other = record("2", settings={"task": "sort", "seed": 1, "lr": 0.2})
    sampled = record("3", settings={"task": "sort", "seed": 1, "lr": 0.2}, counts={"domain": Counts(1, 2, 1, 2)})
    lines = [Line("row", "", record("1")), Line("row", "", other), Line("a|b", "", sampled)]
    shown = [dict(zip(COLUMNS, row, strict=True)) for row in cells(lines)]
    assert shown[0]["per token %"] == "99.99"
    assert [row["settings"] for row in shown] == ["lr = 0.1", "lr = 0.2", ""]
    assert (shown[2]["wrong"], shown[2]["inputs"]) == ("1", "~2")
    whole = record("4", settings={"seed": 3, "members": 4, "whole_domain": True}, counts={})
    (marked,) = cells([Line("row", "", whole)])
    assert marked[COLUMNS.index("seed")] == "3 to 6"
    assert marked[COLUMNS.index("per token %")] == "-"
    assert marked[-1] == "done, trained on the whole domain"
    table = markdown(lines).splitlines()
    assert len(table) == 2 + 3
    assert table[-1].startswith("| a\\|b | ")
