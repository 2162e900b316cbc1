"""A store of sweep results that means harm, or was damaged: refused in one line, nothing run, nothing astray."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import sqlite3
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.main import main
from tests.hostile import CANARY, ESCAPE
from tests.test_store import FAILED, MODULE, record
from tprog.errors import BadFile
from tprog.files.names import folded, folder_names, is_plain
from trainer.record import TOLD, Record
from trainer.store import Store

KEY = "0123456789abcdef" * 4


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in a folder, as the current one: what leaves it is seen."""
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def forged(
    files: str | None = None,
    mapping: Mapping[str, Any] | None = None,
    text: str | None = None,
    rows: tuple[tuple[str, str], ...] = (("row", ""),),
) -> Path:
    """A store of one trial, every digest of which is right.

    Args:
        files: the JSON of the files.
        mapping: fields of the record that are others.
        text: the JSON of the record.
    """
    path = Path("evil.sqlite")
    with Store(path) as store:
        store.add(record(KEY))
        store.enlist([(*row, KEY) for row in rows])
    told = {**record(KEY).to_mapping(), **(mapping or {})}
    del told["files"]
    files = json.dumps({"sort_program.py": MODULE}) if files is None else files
    row = (KEY, "done", json.dumps(told) if text is None else text, _sha256(files))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE trials SET record = ?, files = ?, files_digest = ?, digest = ?",
            (row[2], files, row[3], _sha256(json.dumps(list(row)))),
        )
    return path


def refused(capsys: pytest.CaptureFixture[str], folder: Path, path: Path = Path("evil.sqlite")) -> str:
    """The one line with which writing the best programs is refused; nothing is written, there or elsewhere."""
    before = everything(folder)
    capsys.readouterr()
    assert main(["sweep", "--store", str(path), "--best", "best"]) == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert len(error) < 900
    assert everything(folder) == before
    assert not (folder / CANARY).exists()
    return error


# Names ################################################################################################################

ASTRAY = (
    "/tmp/astray.py",
    "..",
    ".",
    "../astray.py",
    "a/b.py",
    "a\\b.py",
    "C:astray.py",
    "\\\\host\\astray.py",
    "CON.py",
    "nul",
    "com¹.py",
    "aux .py",
    ".hidden.py",
    " .py",
    "a.py ",
    "a.py.",
    "a\0.py",
    "a\n.py",
    "a\x1b[31m.py",
    "a\u202eyp.",
    "a?.py",
    "",
    "x" * 201,
    "é" * 101,
    TOLD,
    TOLD.upper(),
    "tr\uff49al.json",  # a wide letter i
)
"""What is no name of a program's file."""


@pytest.mark.parametrize("name", ASTRAY)
def test_a_file_in_a_store_that_would_be_written_elsewhere_is_refused(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged(json.dumps({name: MODULE}))
    assert "expected a plain file name of at most 200 bytes" in refused(capsys, folder)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.py": MODULE, "A.PY": MODULE}, "expected names that differ by more than case"),
        ({"\xe9.py": MODULE, "e\u0301.py": MODULE}, "expected names that differ by more than case"),
        ({"a.py": f"{ESCAPE}\n"}, "holds no program: a.py:1:1"),
        ({"a.py": MODULE + f"\n{ESCAPE}\n"}, "holds no program: a.py:"),
        ({"a.py": MODULE, "b.py": MODULE}, "holds 2 modules; expected one"),
        ({"a.txt": MODULE}, "holds 0 modules; expected one"),
        ({"a.py": MODULE, "site.pth": "import os"}, "which its program does not name; expected nothing more"),
        ({f"{i}.py": MODULE for i in range(201)}, "the number of files is 201; expected at most 200"),
        ({"a.py": 1}, "a.py is 1; expected a text"),
        ({"a.py": None}, "a.py is None; expected a text"),
        ([], "files is []; expected an object of named fields"),
        (None, "expected an object of named fields"),
    ],
)
def test_files_in_a_store_that_are_no_program_are_refused(
    files: object, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged(json.dumps(files))
    assert told in refused(capsys, folder)


ROWS = (
    ("..", ""),
    (".", "."),
    ("/etc", ""),
    ("../../astray", ""),
    ("a b", ""),
    ("a-b", ""),
    ("a", "b"),
    ("A", "B"),
    ("a/b", ""),
    ("a\\b", ""),
    ("CON", ""),
    ("con_", ""),
    ("nul.txt", ""),
    ("C:", ""),
    ("\xe9", ""),
    ("e\u0301", ""),
    ("\u202eevil", "\x1b[31m"),
    ("x" * 90, ""),
    ("x" * 91, ""),
    ("  ", ""),
    ("-rf", ""),
    ("~", ""),
    ("日本", "語"),
)


def test_every_row_gets_a_folder_of_its_own_inside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forged(rows=ROWS)
    before = everything(folder)
    assert main(["sweep", "--store", "evil.sqlite", "--best", "best"]) == 0
    written = everything(folder).keys() - before.keys()
    places = sorted(Path("best").iterdir())
    assert len(places) == len(ROWS)
    assert all(is_plain(place.name) for place in places)
    assert written == {f"inner/{place / name}" for place in places for name in ("sort_program.py", TOLD)}
    told = {(one["name"], one["class"]) for one in (json.loads((place / TOLD).read_text()) for place in places)}
    assert told == set(ROWS)
    capsys.readouterr()
    # A part of the rows goes where it went before.
    shutil.rmtree("best")
    assert main(["sweep", "--store", "evil.sqlite", "--best", "best", "--only", "a-b"]) == 0
    assert [path.name for path in Path("best").iterdir()] == [
        name for row, name in zip(ROWS, folder_names(ROWS).values(), strict=True) if row == ("a-b", "")
    ]


@given(st.lists(st.tuples(st.text(max_size=70), st.text(max_size=5)), unique=True, max_size=12))
def test_names_of_folders_are_plain_and_differ_on_every_system(labels: list[tuple[str, ...]]) -> None:
    names = folder_names(labels)
    assert list(names) == labels
    assert all(is_plain(name) for name in names.values())
    for form in ("NFC", "NFD", "NFKC"):
        seen = {unicodedata.normalize(form, name).casefold() for name in names.values()}
        assert len(seen) == len(labels)
    assert len({folded(name) for name in names.values()}) == len(labels)


def test_a_plain_label_keeps_its_name() -> None:
    assert folder_names([("sort", "published"), ("hist 16", ""), ("größe", "")]) == {
        ("sort", "published"): "sort-published",
        ("hist 16", ""): "hist-16",
        ("größe", ""): "größe",
    }


# Records ##############################################################################################################

WRONG: tuple[Any, ...] = (None, "a", -1, 10**30, 1.5, True, [], [[]], {"a": 1}, {"tokens": -1}, float("nan"))

FIELDS = [field.name for field in dataclasses.fields(Record) if field.name != "files"]

MAY_BE = {
    ("message", None),
    ("message", "a"),
    ("epochs", None),
    ("how", None),
    ("machine", "a"),
    ("tool", "a"),
    ("kind", "a"),
    ("resumed", True),
    *((name, value) for name in ("cpu_seconds", "evaluation_cpu_seconds", "seconds") for value in (None, 1.5, 10**30)),
    ("settings", "{'a': 1}"),
    ("settings", "{'tokens': -1}"),
}
"""What a field may well be."""


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_a_record_that_is_not_of_its_type_is_refused(
    field: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in WRONG:
        if (field, value if value.__hash__ else repr(value)) in MAY_BE:
            continue
        forged(mapping={field: value})
        line = refused(capsys, folder)
        assert "trial '0123456789abcdef'" in line or "NaN" in line or "damaged" in line


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({"key": "f" * 64}, "a record is of another trial"),
        ({"status": "failed"}, "a record is of another trial"),
        ({"more": 1}, "has an unknown field 'more'"),
        ({"settings": {"seed": "0"}}, "seed is '0'; expected a whole number"),
        ({"settings": {"members": 1.5}}, "members is 1.5; expected a whole number"),
        ({"settings": {"lr": [1]}}, "lr is [1]; expected a number"),
        ({"settings": {"x" * 101: 1}}, "expected one of at most 100 letters"),
        ({"settings": {f"s{i}": 1 for i in range(201)}}, "the number of settings is 201; expected at most 200"),
        ({"counts": {"exam": {}}}, "lacks tokens"),
        ({"counts": {"test": {"tokens": 1, "sequences": 1, "tokens_right": 2}}}, "tokens_right is 2; expected a whole"),
        ({"size": {"heads": -1}}, "heads is -1; expected a whole number from 0"),
        ({"size": {"hats": 1}}, "a name is 'hats'; expected one of heads"),
        ({"machine": "x" * 10_001}, "expected a text of at most 10,000 letters"),
    ],
)
def test_a_record_that_cannot_be_is_refused(
    mapping: dict[str, Any], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged(mapping=mapping)
    assert told in refused(capsys, folder)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", "[" * 99_999 + "]" * 99_999, '{"a": ' + "9" * 9_999 + "}", "{}"]
)
def test_a_record_that_is_no_object_is_refused(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forged(text=text)
    refused(capsys, folder)
    if text != "{}":  # a kind of trial that makes no program
        forged(files=text)
        refused(capsys, folder)


# Databases ############################################################################################################

Change = Callable[[sqlite3.Connection], object]

SCHEMAS: Mapping[str, str] = {
    "a view beside": "CREATE VIEW more AS SELECT 1",
    "a view in place of a table": "ALTER TABLE trials RENAME TO t; CREATE VIEW trials AS SELECT * FROM t",
    "an endless view": "DROP TABLE members; CREATE VIEW members AS WITH RECURSIVE n(place) AS "
    "(SELECT 1 UNION ALL SELECT place + 1 FROM n) SELECT place, 'a' AS name, '' AS class, "
    "'k' AS key, '' AS digest FROM n",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON members BEGIN DELETE FROM trials; END",
    "a table more": "CREATE TABLE more (a)",
    "an index": "CREATE INDEX i ON trials (status)",
    "a column more": "ALTER TABLE trials ADD COLUMN more TEXT",
    "a table less": "DROP TABLE members",
    "a virtual table": "CREATE VIRTUAL TABLE more USING fts5(a)",
}


@pytest.mark.parametrize("script", SCHEMAS.values(), ids=SCHEMAS)
def test_other_tables_than_a_sweep_makes_are_refused(
    script: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = forged()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    assert "has other tables, views or triggers than a sweep makes" in refused(capsys, folder)
    before = path.read_bytes()
    with pytest.raises(BadFile, match="has other tables"):
        Store(path)
    assert path.read_bytes() == before


CELLS = {
    "a binary key": "UPDATE trials SET key = x'00'",
    "a binary record": "UPDATE trials SET record = CAST(record AS BLOB)",
    "no UTF-8": "UPDATE trials SET record = CAST(x'ff' AS TEXT)",
    "binary files": "UPDATE trials SET files = x'00'",
    "other files": "UPDATE trials SET files = '{}'",
    "another status": "UPDATE trials SET status = 'failed'",
    "another name": "UPDATE members SET name = 'other' WHERE place = 2",
    "another place": "UPDATE members SET place = 7 WHERE place = 2",
    "another key": "UPDATE members SET key = 'k' WHERE place = 2",
    "a row less": "DELETE FROM members WHERE place = 1",
    "a binary name": "UPDATE members SET name = x'00' WHERE place = 2",
    "no digest": "UPDATE trials SET digest = ''",
}


@pytest.mark.parametrize("statement", CELLS.values(), ids=CELLS)
def test_a_changed_cell_is_noticed(statement: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = forged(rows=(("row", ""), ("other row", "")))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)
    assert "evil.sqlite" in refused(capsys, folder)


def test_what_is_no_file_or_was_opened_by_something_else_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe.sqlite")
    assert "is a device or a pipe" in refused(capsys, folder, Path("pipe.sqlite"))
    Path("zero.sqlite").symlink_to("/dev/zero")
    assert "is a device or a pipe" in refused(capsys, folder, Path("zero.sqlite"))
    path = forged()
    shutil.copy(path, "wal.sqlite")
    with closing(sqlite3.connect("wal.sqlite")) as database:
        database.execute("PRAGMA journal_mode = WAL")
    before = Path("wal.sqlite").read_bytes()
    with pytest.raises(BadFile, match="than a sweep makes"):
        Store("wal.sqlite", read_only=True)
    assert Path("wal.sqlite").read_bytes() == before
    Path("victim").write_text("mine")
    magic = bytes.fromhex("d9d505f920a163d7")
    Path("evil.sqlite-journal").write_bytes(magic + b"\0" * 504 + b"victim" + magic)
    for read_only in (True, False):
        with pytest.raises(BadFile, match="names a journal of several files, which no sweep writes"):
            Store(path, read_only=read_only)
    assert Path("victim").read_text() == "mine"


def test_a_store_of_the_first_version_is_refused_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = forged()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
    assert "holds sweep results of version 1; this tpdebug reads version 2" in refused(capsys, folder)


def test_one_flipped_bit_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path, copy = tmp_path / "s.sqlite", tmp_path / "copy.sqlite"
    with Store(path) as store:
        store.add(record("1"))
        store.add(record("2", **FAILED))
        store.enlist([("a", "", "1"), ("b", "x", "2")])

    def read(path: Path) -> object:
        with Store(path, read_only=True) as store:
            return store.lines(), store.statuses(), store.rows(), [store.files(key) for key in store.statuses()]

    true, data = read(path), path.read_bytes()
    told: list[str] = []
    places = [*range(200), *range(200, len(data), 97)]
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        copy.write_bytes(changed)
        try:
            assert read(copy) == true, f"bit {place % 8} of byte {place}"
        except BadFile as error:
            told.append(str(error))
    assert all(str(copy) in line and "\n" not in line and len(line) < 500 for line in told)
    assert len(told) > len(places) / 10  # much of the file is the room that SQLite keeps free


# Two at once ##########################################################################################################


def test_a_second_sweep_into_a_store_is_refused_and_reading_it_goes_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("grid.toml").write_text('task = "sort"\nepochs = 1\n')
    with Store("runs.sqlite") as store:
        store.add(record("1"))
        store.enlist([("a", "", "1")])
        assert main(["sweep", "grid.toml", "--store", "runs.sqlite"]) == 2
        line = capsys.readouterr().err
        assert line.count("\n") == 1
        assert f"the store runs.sqlite is in use by another tpdebug (process {os.getpid()}); wait until it" in line
        assert main(["sweep", "--table", "--store", "runs.sqlite", "--json", "--best", "best"]) == 0
        assert json.loads(capsys.readouterr().out)["trials"][0]["name"] == "a"
        assert os.listdir("best") == ["a"]
        store.add(record("2"))
    assert sorted(os.listdir()) == ["best", "grid.toml", "runs.sqlite"]
    with Store("runs.sqlite") as store:
        assert store.statuses() == {"1": "done", "2": "done"}
