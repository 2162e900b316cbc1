"""What a command is about: a program's module, its task and the inputs over which a question is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.discovery import module_of, remember, told_program
from cli.output import note
from tprog.errors import BadUsage
from tprog.rasp.names import is_source

if TYPE_CHECKING:
    from analyze.known import Met
    from tprog.ir.places import ByOutput
    from tprog.ir.program import Program
    from tprog.tasks.builtin import Inputs, Task
    from tprog.tasks.lengths import Length
    from tprog.text.read import Module


@dataclass(frozen=True)
class Subject:
    """A program and where it stands.

    Attributes:
        module: as it was read.
        program: the same; it names the task that it is judged by.
        task: that task, if one is known.
        length: the longest input that is looked at, marks included, and why.
    """

    module: Module
    program: Program
    task: Task | None
    length: Length

    @property
    def name(self) -> str:
        """What results call the program: its path as the user gave it."""
        return self.module.path

    def met(self, inputs: Inputs) -> Met:
        """What comes up on these inputs of what matters for the notes, for who executes all of them anyway."""
        from analyze.known import Met

        return Met(self.program, self.module.defects, inputs)

    def notes(self, inputs: Inputs, met: Met | None = None) -> tuple[str, ...]:
        """How the program is judged, and what a module of the original research code does otherwise than its network
        did, on these inputs; one line each. How sentences were read stands apart: `read`.

        Args:
            met: what came up, if they were executed; left out: they are executed here.
        """
        from analyze.known import known_defects

        missing = [name for name in self.program.classes if name not in self.module.program.classes]
        lacks = [f"it has no class {', '.join(map(repr, missing))}, which the task asks for"] if missing else []
        seen = self.met(inputs).run() if met is None else met
        return (*self._judged, *lacks, *known_defects(self.module.defects, inputs, seen, self.length.trained))

    @property
    def read(self) -> tuple[str, ...]:
        """How the sentences of a corpus were read, one line each."""
        return self.task.notes if self.task is not None and self.task.inputs_are else ()

    @property
    def _judged(self) -> tuple[str, ...]:
        """What is to be said of the length and the order of symbols by which the program is judged."""
        from tprog.tasks.own_symbols import told_order

        order = told_order(self.task.symbols) if self.task is not None and self.task.name == "sort" else None
        return tuple(text for text in (self.length.note, order) if text is not None)

    @property
    def unknown_task(self) -> str | None:
        """How to say what is right, if the program is for a task that is not one of tpdebug's own."""
        if self.task is not None or self.program.task is None:
            return None
        from tprog.words.names import is_corpus

        name = self.program.task
        how = f"ask about that corpus with --corpus {name}" if is_corpus(name) else "give its file with --task FILE"
        return f"{self.name} is for the task {name!r}, which is not one of tpdebug's own; {how}"

    def tell(self) -> None:
        """Say beside an answer how the program is judged, where that is not plain."""
        for text in (*self._judged, *self.read):
            note(text)

    def inputs(
        self, sample: int | None, seed: int, *, noted: bool = False, loop: bool = False, stop: str | None = None
    ) -> Inputs:
        """The inputs over which a question is asked: the whole domain, or a sample of it.

        Args:
            noted: whether `notes` will stand in the answer, and `read`.
            loop: whether they are prompts, and what is asked about are the prefixes that loops from them visit.
            stop: the class that ends a loop.
        """
        from tprog.tasks.builtin import inputs_for

        if stop is not None and not loop:
            raise BadUsage("--stop is about --loop; give that too, or leave it out")

        if self.unknown_task is not None:
            note(f"{self.unknown_task}; until then no right answer is known, and every sequence counts as an input")
        if not noted:
            self.tell()
        found = inputs_for(self.program, sample=sample, seed=seed, task=self.task, length=self.length.tokens)
        if not loop:
            return found
        from analyze.loop import visited

        return visited(self.program, found, self.task, stop=stop)

    def answers(
        self, tokens: Sequence[str], expect: str | None, position: int | None = None, output: str | None = None
    ) -> ByOutput[str | None] | None:
        """The right answers to an input: those given, else those of the task, else None.

        A task that consists of examples knows the answers to these alone.
        """
        from tprog.ir.places import by_output
        from tprog.tasks.answers import parse_answer

        if expect is not None:
            return parse_answer(expect, self.program, tokens, position, output)
        if self.task is None or len(tokens) > self.task.max_length:
            return None
        answers: ByOutput[str | None] = self.program.places.apart(self.program.places.beside(self.task.oracle(tokens)))
        known = any(answer is not None for _, row in by_output(answers) for answer in row)
        return None if self.task.examples and not known else answers


def read_subject(
    argument: str | None,
    option: str | None,
    task: str | None = None,
    weights: Path | None = None,
    length: int | None = None,
    vocabulary: str | None = None,
    beside: str | None = None,
) -> Subject:
    """Find and read the program of a command line.

    Args:
        task: the task to judge it by: a name, or the path of a user's own; left out, the one that the module names.
        weights: the file with the weights of a module of the original research code.
        length: N, the longest input to look at; left out, see `tprog.tasks.lengths`.
        vocabulary: the tokens of RASP source that does not say them, or that is to be looked at with others.
        beside: another program of the command line, to which the vocabulary may belong.

    Raises:
        BadUsage: no such task, or no program.
        BadFile, BadSource: the program, or the file of the task, cannot be read.
        BadProgram: it does not fit the task.
    """
    given = None if task is None else _given(task, vocabulary, length)
    path = told_program(argument, option)
    if vocabulary is not None and not any(is_source(each) for each in (path, task or "", beside or "")):
        raise BadUsage(f"--vocabulary is about RASP source, and {path} is none; leave it out")
    module = read_named(path, length, vocabulary, weights)
    subject = _by_named_task(module, None, length) if task is None else _by_given_task(module, task, given, length)
    if not is_source(path):
        remember(path, Path.cwd())
    return subject


def _given(name: str, vocabulary: str | None, length: int | None) -> Task | None:
    """The task that a command line names; None if it is a corpus, which is read in the words that a program knows."""
    from tprog.words.names import is_corpus

    if is_corpus(name):
        return None
    given = _task(name, vocabulary, length)
    for line in given.notes:
        note(line)
    return given


def _by_given_task(module: Module, name: str, given: Task | None, length: int | None) -> Subject:
    """A program judged by the task that a command line names, None if it is a corpus."""
    from tprog.tasks.own import is_own, judging

    given = judging(name, module.program, length) if given is None else given
    return _by_own_task(module, given, length) if is_own(name) else _by_named_task(module, given.name, length)


def inputs_of_other(
    subject: Subject, name: str, task: str | None, length: int | None = None, option: str = "--verify-on"
) -> Inputs:
    """Inputs beside those that a question is about, on which its answer is to be verified.

    Args:
        name: a split of the corpus that `task` names; or a task of somebody's own, another corpus among them.
        length: the longest input to look at.
        option: the one that names them.

    Raises:
        BadUsage, BadFile: it is neither, or cannot be read.
        BadProgram: the program does not fit it.
    """
    from tprog.tasks.builtin import fitted, inputs_for
    from tprog.tasks.own import is_own, judging
    from tprog.words.names import PREFIX, CorpusName, is_corpus

    if not is_own(name):
        split = None
        if task is not None and is_corpus(task):
            split = CorpusName.of(f"{PREFIX}{CorpusName.of(task).source}@{name}")
        if split is None or split.split is None:
            raise BadUsage(
                f"{option} {name}: expected train, valid, test or all of the corpus that --corpus names, or a corpus"
            )
        name = str(split)
    found = fitted(judging(name, subject.module.program, length), subject.program, subject.length.tokens)
    return inputs_for(subject.program, task=found, length=subject.length.tokens)


def _by_own_task(module: Module, own: Task, length: int | None) -> Subject:
    """A program judged by a task of the user's own."""
    from tprog.tasks.builtin import fitted
    from tprog.tasks.classes import with_answers
    from tprog.tasks.lengths import chosen_length

    told = chosen_length(module, None, length)
    program = with_answers(dataclasses.replace(module.program, task=own.name), own.classes)
    return Subject(module, program, fitted(own, program, told.tokens), told)


def _by_named_task(module: Module, given: str | None, length: int | None) -> Subject:
    """A program judged by one of tpdebug's own tasks: the given one, or else the one that the module names."""
    from tprog.tasks.builtin import TASKS, task_of
    from tprog.tasks.classes import for_task
    from tprog.tasks.lengths import chosen_length

    name = module.program.task if given is None else given
    told = chosen_length(module, name if name in TASKS else None, length)
    program = dataclasses.replace(module.program, task=name)
    if name is not None and (given is not None or (name in TASKS and module.program.variables_out)):
        program = for_task(module.program, name, told.tokens)
    return Subject(module, program, task_of(program, told.tokens), told)


def _task(name: str, vocabulary: str | None, length: int | None) -> Task:
    """The task of a command line, which says what RASP source does not say."""
    from tprog.tasks.own import find_task, rasp_task

    return find_task(name) if not is_source(name) else rasp_task(name, vocabulary, length)


def read_named(
    path: Path | str, length: int | None = None, vocabulary: str | None = None, weights: Path | None = None
) -> Module:
    """The module that somebody names: its file, the folder of its run, or RASP source, of which one is made.

    Raises:
        BadUsage: a folder without a program, or source that does not say what its inputs are.
        BadFile, BadSource, NotLowered: it cannot be read, or no Program is made of it.
    """
    if not is_source(path):
        from tprog.text.read import read_module

        return read_module(module_of(path), weights)
    if weights is not None:
        raise BadUsage(f"--weights is about a module, and {path} is RASP source; leave it out")
    from cli.sources import module_of_source

    return module_of_source(str(path), vocabulary, length)


def read_program(argument: str) -> Program:
    """The program of a module, a run folder or RASP source, whatever its task; errors as those of `read_named`."""
    return read_named(argument).program
