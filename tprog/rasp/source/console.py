"""What a person types into: statements line by line, each answered with what it defines.

A statement that is wrong is told and forgotten, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tprog.errors import BadSource, TpdebugError
from tprog.rasp.drawing import Drawing, drawing
from tprog.rasp.expressions import SOp
from tprog.rasp.source import display, syntax
from tprog.rasp.source.bounds import LONGEST_STATEMENT, MOST_LOADS, MOST_STEPS
from tprog.rasp.source.files import Loading
from tprog.rasp.source.interpreter import Interpreter
from tprog.rasp.source.reading import Unfinished, read_source
from tprog.rasp.source.session import Problem, Session, Told
from tprog.rasp.source.syntax import Command, Statement
from tprog.rasp.source.things import Scope, SourceFile
from tprog.rasp.values import Value

NAME = "console"


class Console:
    """A session that somebody types into.

    Args:
        root: the folder at or below which files are loaded.

    Attributes:
        done: whether it was left.
        said: what its statements had to say, and the errors of those that have no meaning.
    """

    def __init__(self, root: Path | None) -> None:
        self._session = Session()
        self._loading = Loading(self._session, root, goes_on=True, on_command=self._on_command)
        self._interpreter = Interpreter(self._session, self._loading.scope(), SourceFile(NAME), self._loading)
        self._shows = display.Shows()
        self._pending, self._line = "", 1
        self._lines: list[str] = []
        self.done = False
        self.said: list[Told] = []

    @property
    def scope(self) -> Scope:
        """Its variables."""
        return self._interpreter.scope

    def drawings(self) -> Iterator[Drawing]:
        """The pictures of what ``draw`` was asked for.

        Raises:
            BadUsage: one is too large.
        """
        for sop, given in self._session.drawn:
            yield drawing(sop, given)

    @property
    def errors(self) -> int:
        """How many statements had no meaning."""
        return sum(isinstance(each, Problem) for each in self.said)

    @property
    def waiting(self) -> bool:
        """Whether the next line goes on with a statement that has begun."""
        return bool(self._pending.strip())

    def example_values(self, sop: SOp) -> list[Value]:
        """[position] the values of an s-op on the example."""
        return list(self._session.evaluated(sop, self._session.sop_example))

    def feed(self, line: str) -> list[str]:
        """Take a line; the lines of the answer, none while a statement has not ended."""
        self._lines = []
        text = self._pending + line.rstrip("\r\n") + "\n"
        try:
            statements = list(read_source(text, NAME, self._line))
        except Unfinished:
            self._pending = text
            if len(text) <= LONGEST_STATEMENT:
                return []
            self._on_error(BadSource(NAME, self._line, 1, f"a statement of {len(text):,} characters", "its end"))
            statements = []
        except TpdebugError as error:
            self._on_error(error)
            statements = []
        self._line += text.count("\n")
        self._pending = ""
        for statement in statements:
            self._step(statement)
        return self._lines

    def close(self) -> list[str]:
        """The lines that answer the end of what is typed: a statement may have been left open."""
        if not self.waiting:
            return []
        self._lines = []
        self._on_error(BadSource(NAME, self._line, 1, "the end within a statement", "';' or '}'"))
        return self._lines

    def _step(self, statement: Statement | Command) -> None:
        if self.done:
            return
        self._session.budget.left, self._session.loads_left = MOST_STEPS, MOST_LOADS
        try:
            told = self._loading.step(statement, self._interpreter)
        except TpdebugError as error:
            self._on_error(error)
            return
        for each in told:
            if isinstance(each, Problem):
                self._on_error(each.error)
            else:
                self.said.append(each)
                self._lines += self._told(each, quiet=isinstance(statement, syntax.Load))

    def _told(self, told: Told, quiet: bool) -> list[str]:
        shows = display.Shows(sops=False, selectors=False) if quiet else self._shows
        try:
            return display.told_lines(told, self._session, shows)
        except TpdebugError as error:  # on another example than that on which it was defined
            self._on_error(error)
            return []

    def _on_error(self, error: TpdebugError) -> None:
        self.said.append(Problem(error))
        self._lines.append(f"error: {error}")

    def _on_command(self, command: Command) -> None:
        match command:
            case syntax.ShowExample():
                self._lines += display.example_lines(self._session, command.subset)
            case syntax.Examples():
                self._shows = self._shows.switched(command.subset, command.on)
            case syntax.FullDisplay():
                self._shows = self._shows.full_display(command.on)
            case syntax.Leave():
                self.done = True
