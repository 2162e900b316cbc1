"""Source files: reading one as a program, and what it may load.

``load "name"`` reads ``name.rasp`` at or below the folder of the source, first from that folder, then from that of the
file which loads it, then from what tpdebug brings. No path leads out of the folder, no link is followed, no file loads
itself, and no message quotes a file that was loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from tprog.errors import BadFile, BadSource, BadUsage, TpdebugError
from tprog.files import read_text
from tprog.rasp.evaluate import checked_input
from tprog.rasp.expressions import SOp
from tprog.rasp.failures import Spent
from tprog.rasp.names import ENDING
from tprog.rasp.program import RaspProgram
from tprog.rasp.source import operations, syntax
from tprog.rasp.source.bounds import LARGEST_SOURCE, MOST_LOADS, MOST_STEPS, STATEMENT_STEPS
from tprog.rasp.source.interpreter import Interpreter
from tprog.rasp.source.reading import Unfinished, read_source
from tprog.rasp.source.session import Defined, Example, Problem, Session, Told, example_of
from tprog.rasp.source.syntax import Command, Place, Statement
from tprog.rasp.source.things import READINGS, Scope, SourceFile, Thing, a_kind, is_atom

BUNDLED = Path(__file__).parents[1] / "library"
"""What every source may load."""

VOCABULARY = "vocabulary"
"""The variable in which the source of a task names its tokens."""

_WHAT = "a RASP source"

MARKS = ("<s>", "</s>")
"""What stands in a vocabulary and is no token of a source."""

LIBRARY = "rasplib"
"""What every source knows without loading it."""


class Loading:
    """Runs files in a session.

    Args:
        root: the folder at or below which files are loaded; None for what tpdebug brings alone.
        goes_on: whether a statement of a loaded file that has no meaning is told, and the rest goes on; else it is
            raised.
        on_command: what to do about a command, besides setting the example.

    Attributes:
        open: the paths of the files that are running, so that none is loaded within itself.
    """

    def __init__(
        self,
        session: Session,
        root: Path | None,
        goes_on: bool = False,
        on_command: Callable[[Command], None] | None = None,
    ) -> None:
        self._session, self._root = session, root
        self._goes_on, self._on_command = goes_on, on_command
        self.open: list[str] = []
        self._base = Scope()
        bundled = Interpreter(session, self._base, SourceFile(LIBRARY, bundled=True), self)
        for statement in _library():
            self.step(statement, bundled)
        self._base.variables.pop("out", None)
        self._names = frozenset(self._base.variables)
        self._base.variables["tokens"] = READINGS["str"]

    def scope(self) -> Scope:
        """The variables of a console or of the first file: those of the library may be read and not set."""
        return Scope(self._base, locked=self._names)

    # Loading

    def load(self, name: str, by: Interpreter, at: Place) -> list[Told]:
        """Run a file of that name; what its statements have to say of variables that are no private ones."""
        self._session.loads_left -= 1
        if self._session.loads_left < 0:
            raise by.bad(at, f"more than {MOST_LOADS} loads", "fewer")
        path, shown, bundled = self._find(name, by, at)
        if str(path) in self.open:
            raise by.bad(at, f"the file {shown}, which loads itself", "files that do not load each other in a circle")
        try:
            text = read_text(path, _WHAT, largest=LARGEST_SOURCE)
        except BadFile as error:
            found = str(error).removesuffix(f"; expected {_WHAT}")
            raise by.bad(at, f"a file that cannot be loaded: {found}", _WHAT) from None
        file = SourceFile(shown, quoted=bundled, bundled=bundled, folder=str(PurePosixPath(shown).parent))
        where = by.where(at)
        inner = Interpreter(
            self._session, Scope(self._base, shared=by.scope), file, self, where if bundled else None, by.depth
        )
        self.open.append(str(path))
        try:
            return _last_of_each(self.run(text, inner))
        finally:
            self.open.pop()

    def run(self, text: str, interpreter: Interpreter) -> list[Told]:
        """Run the statements of a text; what they have to say."""
        told: list[Told] = []
        source = read_source(text, interpreter.file.name, quoted=interpreter.file.quoted)
        while True:
            try:
                statement = next(source, None)
                if statement is None or isinstance(statement, syntax.Leave):
                    return told
                told += self.step(statement, interpreter)
            except (TpdebugError, Unfinished) as error:
                known = error if isinstance(error, TpdebugError) else _unfinished(text, interpreter.file)
                if not self._goes_on:
                    raise known from None
                told.append(Problem(known))
                if isinstance(error, Unfinished):
                    return told

    def step(self, statement: Statement | Command, interpreter: Interpreter) -> list[Told]:
        """Run a statement or a command; what it has to say."""
        try:
            self._session.budget.spend(STATEMENT_STEPS)
            return self._step(statement, interpreter)
        except Spent as error:
            raise interpreter.bad(
                statement.at, f"a program that never ends, or nearly: {error}", "a shorter one"
            ) from None

    def _step(self, statement: Statement | Command, interpreter: Interpreter) -> list[Told]:
        match statement:
            case syntax.SetExample():
                value = interpreter.value(statement.value)
                try:
                    self._session.set_example(example_of(value), statement.subset)
                except operations.Wrong as error:
                    raise interpreter.bad(statement.value.at, error.found, error.expected) from None
                return []
            case syntax.ShowExample() | syntax.Examples() | syntax.FullDisplay() | syntax.Leave():
                if self._on_command is not None:
                    self._on_command(statement)
                return []
        return interpreter.run(statement)

    def _find(self, name: str, by: Interpreter, at: Place) -> tuple[Path, str, bool]:
        """A file's path, its name for messages, and whether tpdebug brings it."""
        parts = PurePosixPath(name).parts
        if not parts or not name.isprintable() or "\\" in name or ":" in name or name.startswith("/") or ".." in parts:
            raise by.bad(
                at,
                f"the file {name!r}",
                "a path below the folder of the source, without '..'",
                "a path that leads away",
            )
        below = PurePosixPath(*parts[:-1], f"{parts[-1]}{ENDING}")
        if self._root is not None and (relative := _first_there(self._root, below, by.file.folder)) is not None:
            path = self._root / relative
            if os.path.realpath(path) != str(Path(os.path.realpath(self._root)) / relative):
                raise by.bad(at, f"the file {name!r}, to which a link leads", "a plain file", "a link")
            return path, str(relative), False
        if len(parts) == 1 and name != LIBRARY and (BUNDLED / f"{name}{ENDING}").is_file():
            return BUNDLED / f"{name}{ENDING}", f"{name}{ENDING}", True
        where = "a file of that name" if self._root is None else f"{name}{ENDING} at or below the folder of the source"
        raise by.bad(at, f"no file {name}{ENDING}", where, "a file that is not there")


def _first_there(root: Path, below: PurePosixPath, folder: str) -> PurePosixPath | None:
    """A path that is there, below the root or below a folder of it."""
    ways = (PurePosixPath(each, below) for each in ("", folder))
    return next((way for way in ways if os.path.lexists(root / way)), None)


@cache
def _library() -> tuple[Statement | Command, ...]:
    text = read_text(BUNDLED / f"{LIBRARY}{ENDING}", "the library")
    return tuple(read_source(text, LIBRARY))


def _unfinished(text: str, file: SourceFile) -> BadSource:
    line = text.count("\n") + 1
    return BadSource(file.name, line, 1, "the end of the file within a statement", "';' or '}'")


def _last_of_each(told: list[Told]) -> list[Told]:
    """What a file has to say at its end: of each variable that is no private one, what it stands for then.

    Where a statement has no meaning, everything is told, in order.
    """
    public = [each for each in told if not (isinstance(each, Defined) and _is_private(each.name))]
    if any(isinstance(each, Problem) for each in told):
        return public
    last = {each.name: place for place, each in enumerate(public) if isinstance(each, Defined)}
    return [public[place] for place in sorted(last.values())]


def _is_private(name: str) -> bool:
    return name.startswith("_") or name == "out"


# Programs #############################################################################################################


@dataclass(frozen=True)
class Source:
    """A source that was run.

    Attributes:
        outputs: name -> s-op: those that were asked for, else what the last statement that has an s-op assigns, or is.
        variables: the lists, dicts and values that its variables stand for at the end.
    """

    name: str
    outputs: tuple[tuple[str, SOp], ...]
    variables: Mapping[str, Thing]

    @property
    def program(self) -> RaspProgram:
        """The program of the outputs.

        Raises:
            BadUsage: there is none.
        """
        if not self.outputs:
            raise BadUsage(
                f"{self.name} defines no s-op, so it has no output; expected a statement such as 'reversed = ...;'"
            )
        return RaspProgram(self.outputs, Path(self.name).stem)


def read_file(path: Path | str, outputs: Sequence[str] = (), given: Sequence[object] | None = None) -> Source:
    """Run a source file.

    Args:
        outputs: the names of its outputs.
        given: an input, on which definitions are tried besides the example of the source; left out, its vocabulary,
            if it names one.

    Raises:
        BadFile: the file cannot be read.
        BadSource: a statement has no meaning; the message says where, what was found and what was expected.
        BadUsage: it has no such output.
    """
    text = read_text(path, _WHAT, largest=LARGEST_SOURCE)
    return run_text(text, str(path), outputs, given, Path(path).absolute().parent)


def load_program(path: Path | str, outputs: Sequence[str] = (), given: Sequence[object] | None = None) -> RaspProgram:
    """The program of a source file; as `read_file`."""
    return read_file(path, outputs, given).program


def program_of_text(
    text: str,
    name: str = "source",
    outputs: Sequence[str] = (),
    given: Sequence[object] | None = None,
    root: Path | None = None,
    steps: int = MOST_STEPS,
) -> RaspProgram:
    """The program of a text; as `run_text`."""
    return run_text(text, name, outputs, given, root, steps).program


def run_text(
    text: str,
    name: str = "source",
    outputs: Sequence[str] = (),
    given: Sequence[object] | None = None,
    root: Path | None = None,
    steps: int = MOST_STEPS,
) -> Source:
    """Run a text; as `read_file`.

    Args:
        name: of the source, for messages.
        root: the folder at or below which files are loaded; None for what tpdebug brings alone.
        steps: what running it may take.
    """
    session = Session(steps=steps)
    loading = Loading(session, root)
    interpreter = Interpreter(session, loading.scope(), SourceFile(name), loading)
    interpreter.backup = None if given is None else tuple(checked_input(given))
    loading.open.append(str(Path(name).absolute()))
    found: list[tuple[str, SOp]] = []
    for told in _by_statement(loading, text, interpreter):
        sops = [(each.name, each.thing) for each in told if isinstance(each, Defined) and isinstance(each.thing, SOp)]
        found = sops or found
    if outputs:
        found = [(each, _output(interpreter.scope, each, name)) for each in outputs]
    variables = {
        each: thing
        for each, thing in interpreter.scope.variables.items()
        if is_atom(thing) or isinstance(thing, (list, dict))
    }
    return Source(name, tuple(dict(found).items()), variables)


def _by_statement(loading: Loading, text: str, interpreter: Interpreter) -> Sequence[list[Told]]:
    told: list[list[Told]] = []
    try:
        for statement in read_source(text, interpreter.file.name):
            if isinstance(statement, syntax.Leave):
                break
            said = loading.step(statement, interpreter)
            if isinstance(statement, (syntax.Assign, syntax.Show)):
                told.append(said)
            if isinstance(statement, syntax.Assign) and VOCABULARY in statement.names and interpreter.backup is None:
                interpreter.backup = _symbols(interpreter.scope.variables[VOCABULARY])
    except Unfinished:
        raise _unfinished(text, interpreter.file) from None
    return told


def _symbols(thing: Thing) -> Example | None:
    """The vocabulary that a source names as an input on which its definitions are tried; None if it is none."""
    try:
        given = example_of(thing)
    except operations.Wrong:
        return None
    return tuple(token for token in given if token not in MARKS) or None


def _output(scope: Scope, name: str, file: str) -> SOp:
    try:
        thing = scope.find(name)
    except KeyError:
        known = sorted(each for each, thing in scope.variables.items() if isinstance(thing, SOp) and each != "out")
        raise BadUsage(f"{file} defines no {name!r}; its s-ops are {', '.join(known) or 'none'}") from None
    if not isinstance(thing, SOp):
        raise BadUsage(f"{name!r} of {file} is {a_kind(thing)}; expected an s-op")
    return thing
