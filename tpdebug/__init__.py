"""Transformer Programs in Python: the documented API, the one name to import.

Every name here is one of tpdebug's own, from the package that it lives in; ``docs/api.md`` says what each is for.
Importing this costs nothing: a name brings its package when it is first used, and only those of training bring torch.
"""

from __future__ import annotations

from importlib import import_module

from tpdebug.hidden import hidden

TYPE_CHECKING = False  # type checkers take it for True; importing `typing` would take longer than all else here

if TYPE_CHECKING:  # the same once more for type checkers; a test says so
    from analyze.blame import blame as blame
    from analyze.blame.all_failures import blame_all as blame_all
    from analyze.blame.presentation import Presentation as Presentation
    from analyze.callgraph import call_graph as call_graph
    from analyze.circuits import Exactly as Exactly
    from analyze.circuits import find_circuits as find_circuits
    from analyze.circuits.subproblem import SubProblem as SubProblem
    from analyze.coverage import find_coverage as find_coverage
    from analyze.dataflow import data_flow as data_flow
    from analyze.dead import find_dead as find_dead
    from analyze.diff import diff as diff
    from analyze.fuzz import fuzz as fuzz
    from analyze.fuzz import still_broken as still_broken
    from analyze.fuzz.oracles import Answers as Answers
    from analyze.fuzz.oracles import Relations as Relations
    from analyze.fuzz.oracles import against_program as against_program
    from analyze.fuzz.relations import relations_of as relations_of
    from analyze.input_space import inputs as inputs
    from analyze.input_space import space_of as space_of
    from analyze.loop import trace_loop as trace_loop
    from analyze.loop import verify_loop as verify_loop
    from analyze.plot import plot as plot
    from analyze.record import Result as Result
    from analyze.repair import divide as divide
    from analyze.repair import repair as repair
    from analyze.report import report as report
    from analyze.trace import trace as trace
    from analyze.verify import verify as verify
    from analyze.words import find_words as find_words
    from analyze.words import rename_values as rename_values
    from tprog import emit as emit
    from tprog import execute as execute
    from tprog import load as load
    from tprog.edits.edit import AttendEdit as AttendEdit
    from tprog.edits.edit import CellEdit as CellEdit
    from tprog.edits.edit import CoefficientEdit as CoefficientEdit
    from tprog.edits.edit import MaskEdit as MaskEdit
    from tprog.edits.edit import ReadEdit as ReadEdit
    from tprog.edits.edit import RenameEdit as RenameEdit
    from tprog.edits.edit import RowEdit as RowEdit
    from tprog.edits.edit import SelfRuleEdit as SelfRuleEdit
    from tprog.edits.edit import WeightEdit as WeightEdit
    from tprog.edits.edit import WeightRowEdit as WeightRowEdit
    from tprog.edits.edit import WordEdit as WordEdit
    from tprog.edits.edit import apply as apply
    from tprog.errors import TpdebugError as TpdebugError
    from tprog.ir.entry import Entry as Entry
    from tprog.ir.program import Program as Program
    from tprog.ir.values import FALSE as FALSE
    from tprog.ir.values import NOTHING as NOTHING
    from tprog.ir.values import TRUE as TRUE
    from tprog.ir.values import Label as Label
    from tprog.ir.values import spelling as spelling
    from tprog.run.batch import Batch as Batch
    from tprog.run.batch import encode as encode
    from tprog.run.execute import Execution as Execution
    from tprog.run.execute import Hole as Hole
    from tprog.run.generate import Generated as Generated
    from tprog.run.generate import generate as generate
    from tprog.simplify import simplify as simplify
    from tprog.tasks.builtin import Inputs as Inputs
    from tprog.tasks.builtin import Task as Task
    from tprog.tasks.builtin import inputs_for as inputs_for
    from tprog.tasks.own import find_task as find_task
    from tprog.text.patch import patched as patched
    from tprog.text.read import Module as Module
    from tprog.text.read import read_module as read_module
    from tprog.text.tokens import parse_input as parse_input
    from trainer.compile.compiling import compile_program as compile_program
    from trainer.compile.folder import write_model as write_model
    from trainer.compile.module import load_model as load_model
    from trainer.config import TrainConfig as TrainConfig
    from trainer.fit import TrainResult as TrainResult
    from trainer.fit import load_program as load_program
    from trainer.fit import train as train
    from trainer.presets import default_config as default_config

    __version__: str

_NAMES = {
    "analyze.blame": "blame",
    "analyze.blame.all_failures": "blame_all",
    "analyze.blame.presentation": "Presentation",
    "analyze.callgraph": "call_graph",
    "analyze.circuits": "Exactly find_circuits",
    "analyze.circuits.subproblem": "SubProblem",
    "analyze.coverage": "find_coverage",
    "analyze.dataflow": "data_flow",
    "analyze.dead": "find_dead",
    "analyze.diff": "diff",
    "analyze.fuzz": "fuzz still_broken",
    "analyze.fuzz.oracles": "Answers Relations against_program",
    "analyze.fuzz.relations": "relations_of",
    "analyze.input_space": "inputs space_of",
    "analyze.plot": "plot",
    "analyze.record": "Result",
    "analyze.repair": "divide repair",
    "analyze.report": "report",
    "analyze.trace": "trace",
    "analyze.loop": "trace_loop verify_loop",
    "analyze.verify": "verify",
    "analyze.words": "find_words rename_values",
    "tprog": "emit execute load",
    "tprog.edits.edit": (
        "AttendEdit CellEdit CoefficientEdit MaskEdit ReadEdit RenameEdit RowEdit SelfRuleEdit WeightEdit "
        "WeightRowEdit WordEdit apply"
    ),
    "tprog.ir.entry": "Entry",
    "tprog.errors": "TpdebugError",
    "tprog.ir.program": "Program",
    "tprog.ir.values": "FALSE Label NOTHING TRUE spelling",
    "tprog.run.batch": "Batch encode",
    "tprog.run.execute": "Execution Hole",
    "tprog.run.generate": "Generated generate",
    "tprog.simplify": "simplify",
    "tprog.tasks.builtin": "Inputs Task inputs_for",
    "tprog.tasks.own": "find_task",
    "tprog.text.patch": "patched",
    "tprog.text.read": "Module read_module",
    "tprog.text.tokens": "parse_input",
    "trainer.compile.compiling": "compile_program",
    "trainer.compile.folder": "write_model",
    "trainer.compile.module": "load_model",
    "trainer.config": "TrainConfig",
    "trainer.fit": "TrainResult load_program train",
    "trainer.presets": "default_config",
}
"""Module -> the names that it lends."""

_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOMES)


if not TYPE_CHECKING:  # so that a type checker refuses a name that there is not

    def __getattr__(name: str) -> object:
        """A name of the API, from its home. Python asks once: then it stands here."""
        if name != "__version__" and name not in _HOMES:
            raise AttributeError(f"module 'tpdebug' has no attribute {name!r}; it has {', '.join(__all__)}")
        if (told := hidden()) is not None:
            raise ImportError(told)
        if name == "__version__":
            found = import_module("tprog.version").VERSION
        else:
            found = getattr(import_module(_HOMES[name]), name)
            import_module("analyze")  # what shows Programs and results is registered there
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
