"""Code of others beside ours: run from a clone of theirs, with names that do nothing for what it needs besides."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

from tests.test_emit import compiled
from tests.test_rasp_lower import alike, answered
from tprog.errors import TpdebugError
from tprog.ir.values import NOTHING
from tprog.rasp.evaluate import checked_input
from tprog.rasp.expressions import Expression
from tprog.rasp.program import RaspProgram
from tprog.rasp.tracr import language
from tprog.rasp.values import Value, is_number, spelled_value
from tprog.run.batch import encode
from tprog.run.execute import execute

TRACR = {**vars(language), "Value": object, "RASPExpr": Expression}
"""Our language with the names that Tracr's has besides: those of types, which stand in annotations."""

# Modules ##############################################################################################################


@contextmanager
def modules(**named: Any) -> Iterator[None]:
    """Modules that an import finds while it lasts, by their dotted names with ``__`` for the dots."""
    before = dict(sys.modules)
    for name, content in named.items():
        module = ModuleType(name.replace("__", "."))
        module.__path__ = []
        vars(module).update({each: thing for each, thing in content.items() if not each.startswith("__")})
        sys.modules[module.__name__] = module
        parent, _, child = module.__name__.rpartition(".")
        if parent in sys.modules:
            setattr(sys.modules[parent], child, module)
    try:
        yield
    finally:
        for name in set(sys.modules) - set(before):
            del sys.modules[name]


def executed(path: Path) -> dict[str, Any]:
    """The names that a file defines: code of theirs, run because it was named."""
    names: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module that does nothing for each name that is not needed.

    Args:
        absent: says of a dotted name whether it is not needed.
    """

    def __init__(self, absent: Callable[[str], bool]) -> None:
        self._absent = absent

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The module that stands for another, or None."""
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if self._absent(name) else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """A module each of whose names is something that does nothing."""
        return _Nothing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


class _Nothing(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__class_getitem__": lambda *_: object}) if name[:1].isupper() else MagicMock(name=name)
        setattr(self, name, made)
        return made


@contextmanager
def imports(*folders: Path, absent: Callable[[str], bool]) -> Iterator[None]:
    """Import from these folders, and stand for what is not needed, while it lasts."""
    finder, before = Absent(absent), list(sys.path)
    sys.meta_path.insert(0, finder)
    sys.path[:0] = map(str, folders)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.path[:] = before


# Comparing ############################################################################################################


def unlike(
    rasp: RaspProgram,
    vocabulary: Sequence[Any],
    longest: int,
    words: Sequence[Sequence[Any]],
    right: Sequence[Sequence[Value] | None],
    causal: bool = False,
) -> str:
    """Why there is no Program of it, or on how many inputs that or its module differs; an empty word where on none."""
    try:
        program = rasp.to_program(vocabulary, longest, causal)
        module = compiled(program)
    except TpdebugError as error:
        return f"refused: {str(error).partition(': ')[2] or error}"
    spelled = [list(map(spelled_value, checked_input(word))) for word in words]
    run = execute(program, encode(program, spelled))
    wrong = [answered(run.outputs, row) != alike(values) for row, values in enumerate(right)]
    apart = [answered(module, word) != alike(values) for word, values in zip(spelled, right, strict=True)]
    if any(wrong) or any(apart):
        return f"different on {sum(wrong)}, its module on {sum(apart)} of {len(words)}"
    return ""


def same(found: Sequence[Value], wanted: Sequence[Any]) -> bool:
    """Whether our values are theirs, which are floats: numbers may differ by 1e-9 of their size."""
    return len(found) == len(wanted) and all(map(_alike, found, wanted))


def _alike(found: Value, wanted: Any) -> bool:
    if found is NOTHING or wanted is None:
        return found is NOTHING and wanted is None
    if is_number(found) and not isinstance(wanted, str):
        return math.isclose(float(found), float(wanted), rel_tol=1e-9, abs_tol=1e-12)  # type: ignore[arg-type]  # a number: asked above
    return bool(found == wanted)
