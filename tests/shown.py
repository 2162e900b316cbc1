"""What the documents show of the command line, and whether the tool prints it.

A document shows the beginning of an output; tables are cut there. With ``TPDEBUG_GOLD=1 pytest`` the shown lines are
written anew from what is printed, as many as there were: read the difference that git shows.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import main

CHOICE = re.compile(r"tpdebug: .* \(last written or used in this folder\)")
"""The line on stderr that says which program a verb took; documents show it above the output."""


@dataclass(frozen=True)
class Shown:
    """A command of a document and the lines that stand under it."""

    document: Path
    command: str
    lines: tuple[str, ...]

    def check(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Run the command here; what is shown must be how its output begins."""
        capsys.readouterr()
        main(shlex.split(self.command))
        printed = capsys.readouterr()
        choice = [line for line in printed.err.splitlines() if CHOICE.fullmatch(line)]
        found = [line.rstrip() for line in [*choice, *printed.out.splitlines()]]
        if os.environ.get("TPDEBUG_GOLD"):
            self._write(found[: len(self.lines)])
        else:
            assert found[: len(self.lines)] == list(self.lines), self.command

    def _write(self, lines: list[str]) -> None:
        def block(these: list[str]) -> str:
            return "\n".join([f"$ tpdebug {self.command}", *these]).rstrip("\n") + "\n"

        text = self.document.read_text(encoding="utf-8")
        assert block(list(self.lines)) in text
        self.document.write_text(text.replace(block(list(self.lines)), block(lines), 1), encoding="utf-8", newline="\n")


def shown(document: Path) -> list[Shown]:
    """The commands of a document under which output stands, in order. A pipe is a shell's, and is not looked at."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ tpdebug ([^|\n]*)\n((?:[^$`\n].*\n|\n)*)```", text)
    return [Shown(document, command, tuple(lines.rstrip("\n").split("\n"))) for command, lines in blocks if lines]


def write_sources(text: str) -> None:
    """Write the RASP sources that a document shows and names to the current folder."""
    for name, source in re.findall(r"`(\w+\.rasp)`[^`]*:\n\n```rasp\n(.*?)```", text, re.DOTALL):
        Path(name).write_text(source, encoding="utf-8")
