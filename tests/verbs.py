"""Every verb, on a written program and on the same with a fault."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import main
from tprog.ir.program import Program
from tprog.text.emit import emit
from tprog.text.read import read_module

TASK = """
VOCABULARY, CLASSES, LONGEST, CAUSAL = {vocabulary!r}, {classes!r}, {longest}, {causal}
def oracle(tokens):
    return {name}(list(tokens))
{source}
"""


@dataclass(frozen=True)
class Asked:
    """What the verbs are asked about.

    Attributes:
        oracle: the answers to an input, as a function that needs nothing beside it.
        failing: an input that `wrong` gets wrong.
    """

    right: Program
    wrong: Program
    oracle: Callable[[Sequence[str]], list[str]]
    vocabulary: str
    classes: str
    failing: str
    longest: int = 4


def every_verb(asked: Asked, capsys: pytest.CaptureFixture[str]) -> Program:
    """Run each verb in the current folder, and assert that it answers; the program as `repair` mends it."""
    source = inspect.getsource(asked.oracle).replace("Sequence[str]", "list")
    told = TASK.format(
        vocabulary=asked.vocabulary,
        classes=asked.classes,
        longest=asked.longest,
        causal=asked.right.causal,
        name=asked.oracle.__name__,
        source=source,
    )
    Path("task.py").write_text(told, encoding="utf-8")
    for file, program in (("right.py", asked.right), ("wrong.py", asked.wrong)):
        Path(file).write_text(emit(program).text, encoding="utf-8")
    task = ("--task", "task.py", "--length", str(asked.longest + 1))

    def said(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code, (arguments, capsys.readouterr())
        return capsys.readouterr().out

    said("verify", "right.py", *task)
    said("verify", "wrong.py", *task, code=1)
    for picture in ("graph.svg", "graph.dot", "graph.graphml"):
        said("graph", "right.py", "-o", picture, *task)
    said("graph", "right.py", "--calls")
    said("run", "right.py", "--input", asked.failing)
    for file in ("right.py", "wrong.py"):
        assert all(node.name in said("trace", file, "--input", asked.failing, *task) for node in asked.right.nodes)
    said("trace", "wrong.py", "--input", asked.failing, "--contrast", *task)
    said("blame", "wrong.py", "--input", asked.failing, *task)
    said("blame", "wrong.py", "--all", *task)
    said("circuits", "right.py", "--exact", *task)
    said("dead", "right.py", "--lines", *task)
    said("coverage", "right.py", "--annotate", *task)
    said("fuzz", "wrong.py", "--no-database", *task, code=1)
    said("diff", "right.py", "wrong.py", *task, code=1)
    said("simplify", "right.py", "-o", "small.py", *task)
    said("verify", "small.py", *task)
    said("repair", "wrong.py", "-o", "repaired.py", *task)
    said("verify", "repaired.py", *task)
    return read_module("repaired.py").program
