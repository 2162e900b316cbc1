"""What a command is about: a program's module, its task and the inputs over which a question is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.discovery import find_program, remember

if TYPE_CHECKING:
    from tprog.program import Program
    from tprog.read import Module
    from tprog.tasks import Inputs, Task


@dataclass(frozen=True)
class Subject:
    """A program and where it stands.

    Attributes:
        module: as it was read.
        program: the same; it names the task that it is judged by.
        task: that task, if one is known.
        choice: why it is this program, if the command line did not name it.
    """

    module: Module
    program: Program
    task: Task | None
    choice: str | None

    @property
    def name(self) -> str:
        """What results call the program: its path as the user gave it."""
        return self.module.path

    def inputs(self, sample: int | None, seed: int) -> Inputs:
        """The inputs over which a question is asked: the whole domain, or a sample of it."""
        from tprog.tasks import inputs_for

        return inputs_for(self.program, sample=sample, seed=seed, task=self.task)

    def diff(self, after: Program) -> str:
        """The change from the module to an edited program."""
        from tprog.patch import diff

        return diff(self.module, dataclasses.replace(after, task=self.module.program.task))

    def answers(
        self, tokens: Sequence[str], expect: str | None, position: int | None = None
    ) -> tuple[str | None, ...] | None:
        """The right answers to an input: those given, else those of the task, else None."""
        from tprog.answer import parse_answer

        if expect is not None:
            return parse_answer(expect, self.program, tokens, position)
        return None if self.task is None else tuple(self.task.oracle(tokens))


def read_subject(argument: str | None, option: str | None, task: str | None = None) -> Subject:
    """Find and read the program of a command line.

    Args:
        task: the name of the task to judge it by; left out, the one that the module names.

    Raises:
        BadUsage: no such task, or no program.
        BadFile, BadSource: the program cannot be read.
        BadProgram: it does not fit the task.
    """
    from tprog.read import read_module
    from tprog.tasks import get_task, task_of

    if task is not None:
        get_task(task)  # refuses an unknown name
    chosen = find_program(argument, option, Path.cwd())
    module = read_module(chosen.path)
    program = module.program if task is None else dataclasses.replace(module.program, task=task)
    subject = Subject(module, program, task_of(program), chosen.note)
    remember(chosen.path, Path.cwd())
    return subject
