"""Tasks of a user's own: a Python file with an oracle, RASP source, examples in a CSV, TSV, JSON or JSONL file, or a
corpus (`tprog.words`): one that was prepared, by its name, or a file of sentences.

A Python file, executed because its user named it, defines

- ``VOCABULARY``: the tokens, in order; with ``</s>`` among them every input ends in it;
- ``CLASSES``: all answers there are, in the order that breaks ties;
- ``LONGEST``: how many tokens the longest input has, marks not counted;
- ``oracle(tokens)``: one answer a token, None where none is graded;
- if several outputs are asked for, ``OUTPUTS``, their names: then ``oracle`` gives a dictionary, name -> answers, and
  ``CLASSES`` holds the answers of all;
- if an input has one answer as a whole, ``POOLED = True``: then ``oracle`` gives that one answer, or None;
- if it likes ``CAUSAL = True`` (an answer depends on what stands up to it alone), ``sample(rng)`` (one random input,
  drawn with `rng`, a `random.Random`) and ``inputs()`` (all inputs there are). With neither of the two functions every
  sequence of 1 to ``LONGEST`` tokens is an input.

RASP source (`tprog.tasks.rasp_task`) says in variables which inputs there are. Of examples (`tprog.tasks.examples`) the
tokens, the classes and the longest input are those that occur.

The marks ``<s>`` and ``</s>`` are put around an input and never graded; no function of a task sees them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.rasp.names import ENDING as SOURCE
from tprog.rasp.names import is_source, split_outputs
from tprog.tasks.builtin import TASKS, Task, get_task
from tprog.tasks.input_domain import InputDomain
from tprog.tasks.written import made_task
from tprog.words.columns import ENDINGS as OF_COLUMNS
from tprog.words.names import CorpusName, is_corpus
from tprog.words.rows import ENDINGS as EXAMPLE_FILES
from tprog.words.rows import Columns, split_columns

ENDINGS = (".py", SOURCE, *EXAMPLE_FILES, *OF_COLUMNS)
"""What tells the file of a task from the name of one."""


def is_own(name: str) -> bool:
    """Whether this is the path of a user's own task, or the name of a corpus; not that of a task of tpdebug's."""
    return own_path(name).suffix.lower() in ENDINGS or is_corpus(name)


def own_path(name: str) -> Path:
    """The file of a user's own task, without the names of columns, outputs or splits behind it; of a prepared corpus,
    its name."""
    if is_corpus(name):
        return CorpusName.of(name).path
    return Path(split_outputs(split_columns(name)[0])[0])


def task_name(name: str) -> str:
    """What a task is called: the stem of a user's own, else its name.

    Source whose name is that of one of tpdebug's own tasks has another name, so that it may say what that task is.
    """
    if not is_own(name):
        return name
    path = own_path(name)
    if is_corpus(name):
        from tprog.words.read import ENDINGS as OF_FILES

        return path.stem if path.suffix.lower() in OF_FILES else path.name
    return f"{path.stem}_rasp" if path.stem in TASKS and is_source(path) else path.stem


def find_task(name: str, vocabulary_size: int | None = None, length: int | None = None) -> Task:
    """A task by its name, as `tprog.tasks.builtin.get_task`, or by the path of a user's own. A Python file is executed.

    Raises:
        BadUsage: no such task, a size that it does not come in, or a file whose name cannot be that of a task.
        BadFile: a file that cannot be read or is no task: the message names the line or the value that is wrong.
    """
    if not is_own(name):
        if name not in TASKS:
            _refuse_unknown(name)
        return get_task(name, vocabulary_size, length)
    path, (_, columns) = own_path(name), split_columns(name)
    if is_corpus(name):
        _check_name(name, path)
        return _corpus_task(name, vocabulary_size, length)
    for key, value in (("vocabulary_size", vocabulary_size), ("length", length)):
        if value is not None:
            raise BadUsage(f"{key} is {value}, but {path} itself says what its inputs are; leave it out")
    if is_source(path):
        return rasp_task(name)
    _check_name(name, path)
    return _read_task(task_name(name), path, columns)


def judging(name: str, program: Program, length: int | None = None) -> Task:
    """The task by which a program is judged: as `find_task`, and of a corpus the sentences that the program can take,
    in the words that it knows; those of validation, if the name does not say which.

    Args:
        length: the longest input in tokens that is looked at, marks included; left out, that of the program.

    Raises:
        BadUsage, BadFile: as `find_task`, of whose arguments a corpus has none.
        BadProgram: the program knows no ``<unk>``, and not all words.
    """
    if not is_corpus(name):
        return find_task(name)
    from tprog.tasks.corpus_task import LARGEST, corpus_task
    from tprog.words.read import read_corpus

    _check_name(name, own_path(name))
    most = program.max_length if length is None else min(length, program.max_length)
    longest = min(most - program.marks.count, LARGEST)
    named, corpus = CorpusName.of(name), read_corpus(name)
    return corpus_task(corpus, named.split, vocabulary=program.vocabulary, longest=longest, marks=program.marks)


def rasp_task(name: str, vocabulary: str | None = None, longest: int | None = None) -> Task:
    """A task that is RASP source.

    Args:
        vocabulary: its tokens, written like an input; they go before those that the source names.
        longest: the longest input where the source does not say it.

    Raises:
        BadUsage, BadFile, BadSource: as `find_task`.
    """
    path, outputs = split_outputs(name)
    _check_name(name, Path(path))
    return _rasp_task(Path(path), outputs, vocabulary, longest)


def _check_name(name: str, path: Path) -> None:
    if path.stem in TASKS and not is_source(path):
        raise BadUsage(f"{path} has the name of tpdebug's own task {path.stem!r}; rename the file")
    if not re.fullmatch(r"\w[\w .-]*", path.stem) or not name.isprintable():
        raise BadUsage(f"the file {name!r} names a task; expected a name of letters, digits, '_', '-', '.' and blanks")


def _refuse_unknown(name: str) -> None:
    """Refuses a name that is meant for a file; what else there is to say of it says `get_task`."""
    if files := [name + end for end in ENDINGS if Path(name + end).is_file()]:
        raise BadUsage(f"there is no task {name!r}; for the file of your own, give {files[0]}")
    if Path(name).suffix:
        raise BadUsage(f"{name} is neither a task's name nor the file of one, which ends in {', '.join(ENDINGS)}")


# What each kind of task takes is imported where one is read: most programs have a task of tpdebug's own, and all kinds
# together take as long to import as a small program takes to read.


def _read_task(called: str, path: Path, columns: Columns | None) -> Task:
    """The task of a Python file, which is executed, or of a file of examples."""
    if path.suffix.lower() == ".py":
        from tprog.tasks.python_task import python_task

        return python_task(called, path)
    from tprog.tasks.example_task import example_task

    return example_task(called, path, columns)


def _corpus_task(name: str, vocabulary_size: int | None, length: int | None) -> Task:
    """A corpus as what somebody trains on: all of its sentences, or those of the split that is named.

    Args:
        vocabulary_size: words of its vocabulary at most, marks left out.
        length: the longest sentence in tokens, marks included.
    """
    from tprog.tasks.corpus_task import BOTH_MARKS, corpus_task
    from tprog.words.corpus import ALL, MOST_WORDS
    from tprog.words.read import read_corpus

    corpus = read_corpus(name).divided()
    words = corpus.vocabulary(most=MOST_WORDS if vocabulary_size is None else vocabulary_size)
    longest = None if length is None else length - BOTH_MARKS.count
    return corpus_task(corpus, CorpusName.of(name).split or ALL, vocabulary=words, longest=longest)


def _rasp_task(path: Path, outputs: Sequence[str], vocabulary: str | None, longest: int | None) -> Task:
    from tprog.tasks.rasp_task import specification

    told = specification(path, outputs, vocabulary, longest)
    domain = InputDomain(len(told.symbols), 1, told.longest)
    made = made_task(
        task_name(str(path)), told.symbols, told.classes, told.longest, told.ends, domain, told.rule, told.causal
    )
    return replace(made, outputs=told.outputs)
