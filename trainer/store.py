"""The results of a sweep in one SQLite file: one row a trial, appended as they come, never counted twice.

The journal is SQLite's default one: unlike a write-ahead log it works on network file systems, and with a single
writer, the process that runs the sweep, it is no slower here.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from tprog.errors import BadFile
from tprog.escape import markdown_text

APPLICATION_ID = 0x74706462
"""What SQLite keeps in the file's header to say whose file it is: ``tpdb``."""

SCHEMA_VERSION = 1
"""The version of the tables, in the file's ``user_version``."""

_TABLES = f"""
BEGIN IMMEDIATE;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE IF NOT EXISTS trials (
    key TEXT PRIMARY KEY, -- sha256 of the settings and the tool's version
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    record TEXT NOT NULL, -- JSON
    files TEXT NOT NULL, -- JSON: file name -> text of the emitted module
    stored TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS members ( -- the rows that a trial belongs to, in the order of the grid
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    class TEXT NOT NULL,
    key TEXT NOT NULL,
    UNIQUE (name, class, key)
);
COMMIT;
"""

_WAIT = 30.0  # seconds for which another process may hold the file, to read or to write it


@dataclass(frozen=True)
class Counts:
    """How many predictions, and how many whole sequences, are right.

    Attributes:
        exhaustive: whether these are all inputs that there are.
    """

    tokens_right: int
    tokens: int
    sequences_right: int
    sequences: int
    exhaustive: bool = False

    @property
    def wrong(self) -> int:
        """Inputs with a wrong prediction."""
        return self.sequences - self.sequences_right

    @property
    def score(self) -> tuple[float, float]:
        """Per token and whole sequence, in [0, 1]."""
        return self.tokens_right / max(self.tokens, 1), self.sequences_right / max(self.sequences, 1)


@dataclass(frozen=True)
class Record:
    """What became of one trial.

    Attributes:
        key: of the trial: see `trainer.grid.Trial`.
        tool: the version of tpdebug that ran it.
        kind: what was trained: see `trainer.grid.KINDS`.
        settings: all of them.
        message: why it failed.
        counts: by split (``train``, ``validation``, ``test``), and over the ``domain``: all inputs, or a sample.
        size: ``heads``, ``entries`` and ``lines`` as emitted, where a program was made.
        cpu_seconds: of the process that trained; of a run that was resumed, since then.
        evaluation_cpu_seconds: the same of the evaluation over the domain.
        seconds: wall-clock time of both.
        machine: what it ran on.
        files: the emitted module and its side files, file name -> text; read only by `Store.files`.
    """

    key: str
    tool: str
    kind: str
    settings: Mapping[str, Any]
    status: Literal["done", "failed"]
    message: str | None = None
    counts: Mapping[str, Counts] = field(default_factory=dict)
    size: Mapping[str, int] = field(default_factory=dict)
    epochs: int | None = None
    resumed: bool = False
    cpu_seconds: float | None = None
    evaluation_cpu_seconds: float | None = None
    seconds: float | None = None
    machine: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def judged(self) -> Counts | None:
        """What trials are chosen by: validation; the training inputs, where they are the whole domain."""
        return self.counts.get("validation", self.counts.get("train"))

    def to_mapping(self) -> dict[str, Any]:
        """The record as JSON types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Record:
        """The record that `to_mapping` made."""
        counts = {name: Counts(**found) for name, found in mapping["counts"].items()}
        return cls(**{**mapping, "counts": counts})


@dataclass(frozen=True)
class Line:
    """A trial as a member of a row of the grid. A trial may be a member of several."""

    name: str
    program_class: str
    record: Record


class Store:
    """An open store.

    Args:
        path: the file; it is made, with the folders above it, unless `read_only`.

    Raises:
        BadFile: no such file to read, one that is not a store, is damaged, or was made by a newer version.
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
        mode = "ro" if read_only else "rwc"
        with self._telling():
            uri = f"{self.path.resolve().as_uri()}?mode={mode}"
            self._database = sqlite3.connect(uri, uri=True, timeout=_WAIT, isolation_level=None)
        try:
            with self._telling():
                self._check(read_only)
        except BaseException:
            self._database.close()
            raise

    def _check(self, read_only: bool) -> None:
        (owner,), (version,), (tables,) = (
            self._database.execute(query).fetchone()
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

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tells what SQLite raises."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise BadFile(f"cannot use {self.path}: {error}") from None
        except sqlite3.DatabaseError as error:
            raise BadFile(
                f"{self.path} is no store of sweep results, or a damaged one ({error}); name another file with --store"
            ) from None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def add(self, record: Record) -> bool:
        """Store what became of a trial, at once and whole. What is done stays; a failure is replaced.

        Returns:
            Whether it was stored.
        """
        mapping = record.to_mapping()
        files = json.dumps(mapping.pop("files"), ensure_ascii=False)
        row = (record.key, record.status, json.dumps(mapping, ensure_ascii=False), files)
        with self._telling():
            found = self._database.execute(
                "INSERT INTO trials (key, status, record, files) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
                "status = excluded.status, record = excluded.record, files = excluded.files, stored = excluded.stored "
                "WHERE trials.status = 'failed'",
                row,
            )
        return found.rowcount == 1

    def enlist(self, members: Iterable[tuple[str, str, str]]) -> None:
        """Note the rows that trials belong to: name, class and the trial's key, of each."""
        with self._telling():
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR IGNORE INTO members (name, class, key) VALUES (?, ?, ?)", members)
            self._database.execute("COMMIT")

    def statuses(self) -> dict[str, str]:
        """The status of each trial that is stored, by key."""
        with self._telling():
            return dict(self._database.execute("SELECT key, status FROM trials"))

    def lines(self, keep: Collection[tuple[str, str, str]] | None = None) -> list[Line]:
        """What is stored, in the order of the grids, without the modules.

        Args:
            keep: only these members (name, class, key).
        """
        with self._telling():
            found = self._database.execute(
                "SELECT name, class, key, record FROM members JOIN trials USING (key) ORDER BY place"
            ).fetchall()
        return [
            Line(name, program_class, Record.from_mapping(json.loads(record)))
            for name, program_class, key, record in found
            if keep is None or (name, program_class, key) in keep
        ]

    def files(self, key: str) -> dict[str, str]:
        """The emitted module of a trial and its side files: file name -> text."""
        with self._telling():
            (text,) = self._database.execute("SELECT files FROM trials WHERE key = ?", (key,)).fetchone()
        files: dict[str, str] = json.loads(text)
        return files


def best(lines: Iterable[Line]) -> dict[tuple[str, str], Line]:
    """The best trial of each row, (name, class) -> line.

    Chosen by what `Record.judged` says: per token, then whole sequence, then fewer lines, then the lower key.
    """
    rank: dict[tuple[str, str], tuple[tuple[float, float, int, str], Line]] = {}
    for line in lines:
        counts = line.record.judged
        if line.record.status != "done" or counts is None:
            continue
        per_token, whole = counts.score
        order = (-per_token, -whole, line.record.size.get("lines", 0), line.record.key)
        row = (line.name, line.program_class)
        if row not in rank or order < rank[row][0]:
            rank[row] = (order, line)
    return {row: line for row, (_, line) in rank.items()}


# Tables ###############################################################################################################

COLUMNS = (
    "name",
    "class",
    "settings",
    "seed",
    "best",
    "per token %",
    "whole %",
    "wrong",
    "inputs",
    "heads",
    "entries",
    "lines",
    "CPU s",
    "status",
)
"""Both percentages are of the test split; wrong inputs are of all that there are, or of a sample (``~``)."""

NUMBERS = ("seed", "per token %", "whole %", "wrong", "inputs", "heads", "entries", "lines", "CPU s")
"""The columns that are aligned right."""


def cells(lines: list[Line]) -> list[tuple[str, ...]]:
    """The cells of a table with one line a trial, by `COLUMNS`; ``best`` marks the row's choice with a star."""
    chosen = {(line.name, line.program_class, line.record.key) for line in best(lines).values()}
    varied = _varied(lines)
    return [_cells(line, varied[line.name, line.program_class], chosen) for line in lines]


def _cells(line: Line, varied: list[str], chosen: Collection[tuple[str, str, str]]) -> tuple[str, ...]:
    record = line.record
    settings = ", ".join(f"{key} = {record.settings.get(key)}" for key in varied)
    mark = "*" if (line.name, line.program_class, record.key) in chosen else ""
    status = record.status if record.message is None else f"{record.status}: {record.message}"
    if record.settings.get("whole_domain"):
        status += ", trained on the whole domain"
    seed, members = record.settings.get("seed", "-"), record.settings.get("members", 1)
    test, domain = record.counts.get("test"), record.counts.get("domain")
    return (
        line.name,
        line.program_class,
        settings,
        str(seed) if members == 1 else f"{seed} to {seed + members - 1}",
        mark,
        _percent(test.tokens_right, test.tokens) if test else "-",
        _percent(test.sequences_right, test.sequences) if test else "-",
        f"{domain.wrong:,}" if domain else "-",
        f"{'' if domain.exhaustive else '~'}{domain.sequences:,}" if domain else "-",
        *(f"{record.size[what]:,}" if what in record.size else "-" for what in ("heads", "entries", "lines")),
        "-" if record.cpu_seconds is None else f"{record.cpu_seconds:.1f}{'+' if record.resumed else ''}",
        status,
    )


def markdown(lines: list[Line]) -> str:
    """The same table in Markdown."""
    rows = [[markdown_text(cell) for cell in row] for row in cells(lines)]
    rule = ["---:" if column in NUMBERS else "---" for column in COLUMNS]
    return "".join(f"| {' | '.join(row)} |\n" for row in ([*COLUMNS], rule, *rows))


def _percent(part: int, whole: int) -> str:
    """In hundredths, rounded down, so that 100.00 says that nothing is missing."""
    return f"{10_000 * part // whole / 100:.2f}" if whole else "-"


def _varied(lines: list[Line]) -> dict[tuple[str, str], list[str]]:
    """The settings besides the seed in which the trials of a row differ, by (name, class)."""
    rows: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in lines:
        rows.setdefault((line.name, line.program_class), []).append(line.record.settings)
    return {
        row: [
            key
            for key in dict.fromkeys(key for settings in found for key in settings)
            if key != "seed" and any(settings.get(key) != found[0].get(key) for settings in found)
        ]
        for row, found in rows.items()
    }
