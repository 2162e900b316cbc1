"""What became of one trial of a sweep, as it is sent and stored: plain JSON, of which every field is checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tprog.errors import BadFile, TpdebugError
from tprog.files.names import LONGEST_NAME, folded, is_plain
from tprog.text.read import read_source
from trainer.config import shown
from trainer.fields import Fields

LONGEST_TEXT = 10_000
"""Letters of a setting or a message."""

TOLD = "trial.json"
"""The file beside a stored program that says what is known about it; no file of a program has this name."""

_MOST = 2**62  # of anything that is counted
_LONGEST_SETTING = 100  # letters of its name
_MOST_FIELDS = 200  # settings, and files of a program


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

    @classmethod
    def of(cls, told: Fields) -> Counts:
        """The counts that JSON tells."""
        tokens, sequences = told.whole("tokens", 0, _MOST), told.whole("sequences", 0, _MOST)
        found = cls(
            told.whole("tokens_right", 0, tokens),
            tokens,
            told.whole("sequences_right", 0, sequences),
            sequences,
            told.flag("exhaustive"),
        )
        told.end()
        return found


SPLITS = ("train", "validation", "test", "domain")
SIZES = ("heads", "entries", "lines")

SEARCHED, GROWN, TRAINED = HOW = ("searched", "grown", "trained")
"""How a program came about: found by deduction before any training; grown from nothing by the discrete search, after
training; or trained."""


@dataclass(frozen=True)
class Record:
    """What became of one trial.

    Attributes:
        key: of the trial: see `trainer.grid.Trial`.
        tool: the version of tpdebug that ran it.
        kind: what was trained: see `trainer.grid.KINDS`.
        settings: all of them.
        message: why it failed.
        how: how the program came about, one of `HOW`; None where none was made, or by an older tpdebug.
        counts: by split (``train``, ``validation``, ``test``), and over the ``domain``: all inputs, or a sample.
        size: ``heads``, ``entries`` and ``lines`` as emitted, where a program was made.
        cpu_seconds: of the process that trained; of a run that was resumed, since then.
        evaluation_cpu_seconds: the same of the evaluation over the domain.
        seconds: wall-clock time of both.
        machine: what it ran on.
        files: the emitted module and its side files, file name -> text; read only by `trainer.store.Store.files`.
    """

    key: str
    tool: str
    kind: str
    settings: Mapping[str, Any]
    status: Literal["done", "failed"]
    message: str | None = None
    how: str | None = None
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
    def from_mapping(cls, mapping: object, where: str = "the record of a trial") -> Record:
        """The record that `to_mapping` made, out of JSON that anybody may have written.

        Args:
            where: where it comes from, for messages.

        Raises:
            BadFile: a field that is missing, unknown, or not of its type and range.
        """
        told = Fields(mapping, where)
        status = told.text("status", 10)
        if status not in ("done", "failed"):
            told.refuse("status", status, "'done' or 'failed'")
        found = cls(
            key=told.text("key", 200),
            tool=told.text("tool", 100),
            kind=told.text("kind", 100),
            settings=_settings(Fields(told.take("settings"), f"{where}: settings")),
            status="done" if status == "done" else "failed",
            message=told.maybe("message", lambda name: told.text(name, LONGEST_TEXT)),
            how=told.optional("how", lambda name: _how(told, name)),
            counts=_counts(Fields(told.take("counts"), f"{where}: counts")),
            size=_sizes(Fields(told.take("size"), f"{where}: size")),
            epochs=told.maybe("epochs", lambda name: told.whole(name, 0, _MOST)),
            resumed=told.flag("resumed"),
            cpu_seconds=told.maybe("cpu_seconds", told.number),
            evaluation_cpu_seconds=told.maybe("evaluation_cpu_seconds", told.number),
            seconds=told.maybe("seconds", told.number),
            machine=told.text("machine", LONGEST_TEXT),
            files=files_of(told.take("files"), where),
        )
        told.end()
        return found


def files_of(value: object, where: str) -> dict[str, str]:
    """The files of a program, name -> text: plain names that no file system takes for others.

    Raises:
        BadFile: a name that leads elsewhere, is the same as another one, or is `TOLD`; a text that is none.
    """
    told = Fields(value, f"{where}: files")
    names = list(told.rest())
    if len(names) > _MOST_FIELDS:
        told.refuse("the number of files", len(names), f"at most {_MOST_FIELDS}")
    for name in names:
        if not is_plain(name) or folded(name) == TOLD:
            told.refuse("a name", name, f"a plain file name of at most {LONGEST_NAME} bytes")
    if len({folded(name) for name in names}) < len(names):
        told.refuse("the names", names, "names that differ by more than case")
    return {name: told.text(name, 2**26) for name in names}


def expect_program(files: Mapping[str, str], where: str) -> None:
    """Refuse files that are no program: one module that the reader accepts, and what it names beside it.

    Nothing of them is executed, now; but whoever asked for them may run them.

    Raises:
        BadFile: the message says why.
    """
    modules = [name for name in files if name.endswith(".py")]
    if len(modules) != 1:
        raise BadFile(f"{where} holds {len(modules)} modules; expected one")
    try:
        found = read_source(files[modules[0]], modules[0], lambda name: _side(files, name))
    except TpdebugError as error:
        raise BadFile(f"{where} holds no program: {error}") from None
    if more := [name for name in files if name not in (*modules, *found.sides)]:
        raise BadFile(f"{where} holds {shown(more[0])}, which its program does not name; expected nothing more")


def _side(files: Mapping[str, str], name: str) -> str:
    if name not in files:
        raise BadFile(f"its side file {name!r} is not there")
    return files[name]


def _how(told: Fields, name: str) -> str:
    if (value := told.text(name, 10)) not in HOW:
        told.refuse(name, value, f"one of {', '.join(HOW)}")
    return value


def _setting(told: Fields, name: str, value: object) -> object:
    """One setting of a trial, whose name and text are of a length that can be shown, and whose number is one."""
    if len(name) > _LONGEST_SETTING:
        told.refuse("a name", name, f"one of at most {_LONGEST_SETTING} letters")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        told.refuse(name, value, f"a text of at most {LONGEST_TEXT:,} letters")
    if value is None or isinstance(value, bool | str) or (isinstance(value, int) and abs(value) < 2**64):
        return value
    return told.as_number(name, value, -1e308, 1e308)


def _settings(told: Fields) -> dict[str, Any]:
    found = dict(told.rest())
    if len(found) > _MOST_FIELDS:
        told.refuse("the number of settings", len(found), f"at most {_MOST_FIELDS}")
    found = {name: _setting(told, name, value) for name, value in found.items()}
    for name, most in (("seed", 2**64), ("members", _MOST)):
        if name in found:
            told.as_whole(name, found[name], 0, most)
    return found


def _counts(told: Fields) -> dict[str, Counts]:
    found = {name: Counts.of(Fields(value, f"{told.where}: {shown(name)}")) for name, value in told.rest().items()}
    if unknown := [name for name in found if name not in SPLITS]:
        told.refuse("a name", unknown[0], f"one of {', '.join(SPLITS)}")
    return found


def _sizes(told: Fields) -> dict[str, int]:
    if unknown := [name for name in told.rest() if name not in SIZES]:
        told.refuse("a name", unknown[0], f"one of {', '.join(SIZES)}")
    return {name: told.whole(name, 0, _MOST) for name in list(told.rest())}
