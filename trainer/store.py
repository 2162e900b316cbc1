"""The results of a sweep in one SQLite file: one row a trial, appended as they come, never counted twice.

The journal is SQLite's default one: unlike a write-ahead log it works on network file systems, and with a single
writer, the process that runs the sweep, it is no slower here. That process holds a lock (`tprog.files.lock`); to read
needs none.

Anybody may have written a store. So its tables must be those that are made here, with no view or trigger beside them;
every row carries a digest, and every field is checked (`trainer.record`). A file in it has a plain name, and nothing of
it is executed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from tprog.errors import BadFile
from tprog.files import LARGEST_TEXT, read_bytes
from tprog.files.formats import parse_json
from tprog.files.lock import locked
from trainer.config import shown
from trainer.fields import Fields
from trainer.grid import LONGEST_NAME
from trainer.lines import Line
from trainer.record import Record, expect_program, files_of

APPLICATION_ID = 0x74706462
"""What SQLite keeps in the file's header to say whose file it is: ``tpdb``."""

SCHEMA_VERSION = 2
"""The version of the tables, in the file's ``user_version``. Those of version 1 have no digests, and are refused."""

LARGEST_RECORD = 2**22
"""Bytes of a record; those of its files may be `LARGEST_TEXT`."""

_TABLES = f"""
BEGIN IMMEDIATE;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE trials (
    key TEXT PRIMARY KEY, -- sha256 of the settings and the tool's version
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    record TEXT NOT NULL, -- JSON
    files TEXT NOT NULL, -- JSON: file name -> text of the emitted module
    files_digest TEXT NOT NULL, -- sha256 of files
    digest TEXT NOT NULL, -- sha256 of the JSON list of key, status, record and files_digest
    stored TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE members ( -- the rows that a trial belongs to, in the order of the grid
    place INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    class TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL, -- sha256 of the JSON list of the others
    UNIQUE (name, class, key)
);
COMMIT;
"""

_WAIT = 30.0  # seconds for which another process may hold the file, to read or to write it

_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""How a journal ends that names another one, with files that SQLite then looks at and removes ("Database File Format",
section 3, of SQLite's documentation)."""


class Store:
    """An open store.

    Args:
        path: the file; it is made, with the folders above it, unless `read_only`.

    Raises:
        BadFile: no such file to read, one that is not a store, is damaged, or was made by another version; or somebody
            else writes to it.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.path = Path(path)
        if self.path.is_dir():
            raise BadFile(f"{path} is a folder; expected a file of sweep results")
        if read_only and not self.path.exists():
            raise BadFile(f"there is no file {path}; expected the results of a sweep")
        if not read_only:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BadFile(f"cannot make the folder {self.path.parent}: {error.strerror}") from None
        self._open = ExitStack()
        try:
            if not read_only:
                lock = self.path.with_name(f".{self.path.name}.lock")
                advice = "wait until it is done, or name another file with --store"
                self._open.enter_context(locked(lock, f"the store {self.path}", advice))
            self._check_files()
            with self._telling():
                uri = f"{self.path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
                self._database = sqlite3.connect(uri, uri=True, timeout=_WAIT, isolation_level=None)
                self._open.enter_context(closing(self._database))
                self._check(read_only)
        except BaseException:
            self._open.close()
            raise

    def _check_files(self) -> None:
        """Refuses what SQLite must not even open: a device, a pipe, and a journal that could reach other files."""
        try:
            plain = stat.S_ISREG(os.stat(self.path).st_mode)
        except FileNotFoundError:
            plain = True
        if not plain:
            raise BadFile(f"{self.path} is a device or a pipe; expected a file of sweep results")
        journal = self.path.with_name(f"{self.path.name}-journal")
        if journal.exists() and read_bytes(journal, "the journal of a store").endswith(_SUPER_JOURNAL):
            raise BadFile(f"{journal} names a journal of several files, which no sweep writes; remove it")

    def _check(self, read_only: bool) -> None:
        run = self._database.execute
        self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_TEXT + LARGEST_RECORD)
        run("PRAGMA trusted_schema = OFF")
        (owner,), (version,), (tables,) = (
            run(query).fetchone()
            for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema")
        )
        if tables == 0 and not owner and not read_only:
            self._database.executescript(_TABLES)
            return
        if owner != APPLICATION_ID:
            what = "an SQLite database of something else" if tables else "empty"
            raise BadFile(f"{self.path} is {what}; expected the results of a sweep: name another file with --store")
        if version != SCHEMA_VERSION:
            raise BadFile(
                f"{self.path} holds sweep results of version {version}; this tpdebug reads version {SCHEMA_VERSION}: "
                "use the tpdebug that wrote it, or name another file with --store"
            )
        if _schema(self._database) != _expected_schema() or run("PRAGMA journal_mode").fetchone() != ("delete",):
            raise BadFile(
                f"{self.path} has other tables, views or triggers than a sweep makes; name another file with --store"
            )
        if run("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise self._damaged("SQLite finds its pages out of order")

    def _damaged(self, why: str) -> BadFile:
        return BadFile(f"{self.path} is damaged or was changed ({why}); name another file with --store")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tells what SQLite raises."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise BadFile(f"cannot use {self.path}: {_short(error)}") from None
        except UnicodeError:  # it could not even tell
            raise self._damaged("a text in it is no UTF-8") from None
        except sqlite3.DatabaseError as error:
            raise BadFile(
                f"{self.path} is no store of sweep results, or a damaged one ({_short(error)}); "
                "name another file with --store"
            ) from None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()

    def add(self, record: Record) -> bool:
        """Store what became of a trial, at once and whole. What is done stays; a failure is replaced.

        Returns:
            Whether it was stored.
        """
        mapping = record.to_mapping()
        files = json.dumps(mapping.pop("files"), ensure_ascii=False)
        text = json.dumps(mapping, ensure_ascii=False)
        row = (record.key, record.status, text, _sha256(files))
        with self._telling():
            found = self._database.execute(
                "INSERT INTO trials (key, status, record, files_digest, files, digest) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET status = excluded.status, record = excluded.record, "
                "files = excluded.files, files_digest = excluded.files_digest, digest = excluded.digest, "
                "stored = excluded.stored WHERE trials.status = 'failed'",
                (*row, files, _digest(row)),
            )
        return found.rowcount == 1

    def enlist(self, members: Iterable[tuple[str, str, str]]) -> None:
        """Note the rows that trials belong to: name, class and the trial's key, of each."""
        known = self._members()
        places = {member: place for place, member in enumerate(dict.fromkeys((*known, *members)), start=1)}
        new = [(place, *member) for member, place in places.items() if place > len(known)]
        with self._telling():
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT INTO members (place, name, class, key, digest) VALUES (?, ?, ?, ?, ?)",
                [(*row, _digest(row)) for row in new],
            )
            self._database.execute("COMMIT")

    def statuses(self) -> dict[str, str]:
        """The status of each trial that is stored, by key."""
        return {key: status for key, (status, _) in self._trials().items()}

    def lines(self, keep: Collection[tuple[str, str, str]] | None = None) -> list[Line]:
        """What is stored, in the order of the grids, without the modules.

        Args:
            keep: only these members (name, class, key).
        """
        trials, records = self._trials(), dict[str, Record]()
        found = []
        for name, program_class, key in self._members():
            if key in trials and (keep is None or (name, program_class, key) in keep):
                if key not in records:
                    records[key] = self._record(key, *trials[key])
                found.append(Line(name, program_class, records[key]))
        return found

    def rows(self) -> list[tuple[str, str]]:
        """Name and class of every row, in the order of the grids."""
        return list(dict.fromkeys((name, program_class) for name, program_class, _ in self._members()))

    def files(self, key: str) -> dict[str, str]:
        """The emitted module of a trial and its side files: plain file name -> text; none if it makes no program.

        Raises:
            BadFile: they are no program, or not what was stored.
        """
        found = self._read("SELECT files, files_digest FROM trials WHERE key = ?", (key,))
        ((text, digest),) = found
        if _sha256(text) != digest:
            raise self._damaged("the files of a trial are not those of their digest")
        where = f"{self.path}: trial {shown(key[:16])}"
        files = files_of(parse_json(text, where, "the files of a program"), where)
        if files:
            expect_program(files, where)
        return files

    def _record(self, key: str, status: str, text: str) -> Record:
        where = f"{self.path}: trial {shown(key[:16])}"
        if len(text) > LARGEST_RECORD:
            raise self._damaged("a record is too large")
        told = Fields(parse_json(text, where, "the record of a trial"), where).rest()
        record = Record.from_mapping({**told, "files": {}}, where)
        if (record.key, record.status) != (key, status):
            raise self._damaged("a record is of another trial")
        return record

    def _trials(self) -> dict[str, tuple[str, str]]:
        """Key -> status and record, as JSON."""
        found = self._read("SELECT key, status, record, files_digest, digest FROM trials ORDER BY rowid")
        for *row, digest in found:
            if _digest(row) != digest:
                raise self._damaged("a trial is not that of its digest")
        return {key: (status, record) for key, status, record, *_ in found}

    def _members(self) -> list[tuple[str, str, str]]:
        """Name, class and key, in the order of the grids."""
        found = self._read("SELECT place, name, class, key, digest FROM members ORDER BY place")
        for place, (*row, digest) in enumerate(found, start=1):
            if row[0] != place or _digest(row) != digest:
                raise self._damaged("a row is not that of its digest")
            if not row[1] or max(len(row[1]), len(row[2])) > LONGEST_NAME:
                raise self._damaged("a row has no name, or one that is too long")
        return [(name, program_class, key) for _, name, program_class, key, _ in found]

    def _read(self, query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        """What a query finds; besides whole numbers, texts alone."""
        with self._telling():
            found = self._database.execute(query, values).fetchall()
        if any(not isinstance(cell, (str, int)) for row in found for cell in row):
            raise self._damaged("a cell holds no text")
        return found


def _short(error: sqlite3.Error) -> str:
    """What SQLite says, without the half of a file that it may quote."""
    return " ".join(str(error).split())[:150]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(row: Iterable[str | int]) -> str:
    """Of a row: its cells can be told apart in it."""
    return _sha256(json.dumps(list(row)))


def _schema(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """All tables, indices, views and triggers of a database, as they were written."""
    return database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


@cache
def _expected_schema() -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        fresh.executescript(_TABLES)
        return _schema(fresh)
