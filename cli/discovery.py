"""Which program a command is about, when the command line may leave it out; and the state file that remembers it."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from cli.output import note
from tprog.errors import BadFile, BadUsage, TpdebugError
from tprog.files import read_bytes, read_text, write_atomic
from tprog.files.formats import parse_json, read_toml
from tprog.files.run_folder import CONFIG, PROGRAM

VARIABLE = "TPDEBUG_PROGRAM"
STATE = Path(".tpdebug") / "state.json"
LARGEST_STATE = 2**16
"""Bytes: it holds one path."""

COMPILED_VOCABULARY = "vocabulary.json"
"""A file that stands beside the configuration of a compiled model."""

_RUN = re.compile(r"^def run\(tokens\b", re.MULTILINE)


@dataclass(frozen=True)
class Chosen:
    """A program's module and, if the command line did not name it, why it is this one."""

    path: Path
    reason: str | None

    @property
    def note(self) -> str | None:
        """What to tell a user who did not name the program."""
        return None if self.reason is None else f"{self.path} ({self.reason})"


def find_program(argument: str | None, option: str | None, folder: Path) -> Chosen:
    """The program that a command is about: the first of those that are there. Each may be the folder of a run.

    1. the argument, or ``--program``; 2. ``$TPDEBUG_PROGRAM``; 3. ``[tool.tpdebug] program`` in the nearest
    pyproject.toml; 4. the program last written or used in this folder; 5. the only program in this folder.

    Raises:
        BadUsage: there is none, or there are two; the message names both.
    """
    if argument is not None and option is not None and argument != option:
        raise BadUsage(f"two programs are given, {argument} and --program {option}; give one")
    if (named := option if argument is None else argument) is not None:
        return Chosen(module_of(named), None)
    if named := os.environ.get(VARIABLE):
        return Chosen(module_of(named), f"from ${VARIABLE}")
    return _configured(folder) or _remembered(folder) or _only_one(folder)


def told_program(argument: str | None, option: str | None) -> Path:
    """The program that a command in this folder is about. If nobody named it, it is told before anything can fail."""
    chosen = find_program(argument, option, Path.cwd())
    if chosen.note is not None:
        note(chosen.note)
    return chosen.path


def module_of(named: Path | str) -> Path:
    """The module that somebody means: a file, or the folder of a run that is done.

    Raises:
        BadUsage: a folder without a program, or nothing at all: an answer about another program would be believed.
    """
    if named == "":
        raise BadUsage("the program's name is empty, as of a variable that is not set; expected a module")
    path = Path(named)
    if not path.is_dir():
        return path
    if (path / PROGRAM).is_file() and (path / CONFIG).is_file():
        return path / PROGRAM
    if (path / CONFIG).is_file():
        shown = shlex.quote(str(path))
        if (path / COMPILED_VOCABULARY).is_file():
            raise BadUsage(
                f"{path} is a compiled model; write the program that it is of with tpdebug emit {shown} -o FILE, and "
                "ask about that"
            )
        raise BadUsage(
            f"the run in {path} is not done, so it has no {PROGRAM} yet; go on with it "
            f"(tpdebug train --resume --run-folder {shown}), or write the program as it is now "
            f"(tpdebug emit {shown} -o FILE)"
        )
    raise BadUsage(f"{path} is a folder, and not that of a run; expected a program's module, or a run's folder")


def remember(program: Path, folder: Path) -> None:
    """Make this the program last written or used in the folder; where the folder is read-only, nothing happens."""
    full = program.absolute()
    shown = full.relative_to(folder.absolute()) if full.is_relative_to(folder.absolute()) else full
    text = json.dumps({"version": 1, "program": shown.as_posix()}) + "\n"
    state = folder / STATE
    try:
        if state.is_file() and read_bytes(state, largest=LARGEST_STATE) == text.encode():
            return
    except (OSError, BadFile):
        pass  # whatever it is, it is replaced if it can be
    try:
        state.parent.mkdir(exist_ok=True)
        write_atomic(state, text, force=True)
    except (OSError, TpdebugError):
        return  # only a convenience: the command itself must not fail for it


def _configured(folder: Path) -> Chosen | None:
    for above in (folder.absolute(), *folder.absolute().parents):
        settings = above / "pyproject.toml"
        if not settings.is_file():
            continue
        project = read_toml(settings, "the settings of a project; name the program on the command line")
        tools = project.get("tool", {})
        tool = tools.get("tpdebug", {}) if isinstance(tools, dict) else {}
        if not isinstance(tool, dict):
            raise BadFile(f"{settings}: tpdebug under [tool] is {_cut(tool)}; expected a table, [tool.tpdebug]")
        if "program" not in tool:
            return None
        if not isinstance(tool["program"], str):
            raise BadFile(f"{settings}: [tool.tpdebug] program is {_cut(tool['program'])}; expected a path in quotes")
        return Chosen(module_of(os.path.relpath(above / tool["program"], folder)), f"from {settings.name}")
    return None


def _remembered(folder: Path) -> Chosen | None:
    if not os.path.lexists(folder / STATE):
        return None
    what = "what tpdebug noted there"
    try:
        state = parse_json(read_text(folder / STATE, what, largest=LARGEST_STATE), str(STATE), what)
        named = state["program"]
        found = (folder / named).is_file()
    except (OSError, BadFile, LookupError, TypeError) as error:
        reason = str(error) if isinstance(error, BadFile) else f"{STATE} names no program; expected {what}"
        note(f"the program last used is not known: {reason}")
        return None
    return Chosen(Path(named), "last written or used in this folder") if found else None


def _only_one(folder: Path) -> Chosen:
    found = [path for path in sorted(folder.glob("*.py")) if path.is_file() and _looks_like_a_program(path)]
    match found:
        case [path]:
            return Chosen(path.relative_to(folder), "the only program in this folder")
        case []:
            raise BadUsage("no program is named, and this folder holds none; give the path of a module")
        case _:
            names = ", ".join(path.name for path in found[:-1]) + f" and {found[-1].name}"
            raise BadUsage(f"this folder holds {len(found)} programs, {names}; give the path of one")


def _looks_like_a_program(path: Path) -> bool:
    try:
        return bool(_RUN.search(read_text(path)))
    except BadFile:
        return False


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
