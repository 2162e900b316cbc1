"""The documented Python API."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import tprog
from tests.programs import PROGRAMS
from tprog.text.emit import emit as emit_in_submodule


def test_a_program_is_loaded_emitted_and_executed(tmp_path: Path) -> None:
    program = PROGRAMS["sort"].program
    path = tmp_path / "sort_program.py"
    path.write_text(tprog.emit(program).text, encoding="utf-8")
    loaded = tprog.load(path)
    assert loaded == program
    assert tprog.execute(loaded, [["<s>", "c", "a", "b", "</s>"]]).outputs(0) == ["<s>", "a", "b", "c", "</s>"]
    assert tprog.emit(program) == emit_in_submodule(program)


def test_importing_the_package_is_light_and_a_module_is_never_taken_for_a_function() -> None:
    script = (
        "import sys, tprog\n"
        "assert 'numpy' not in sys.modules and 'torch' not in sys.modules\n"
        "import types, tprog.text.emit as emit, tprog.run.execute as execute\n"
        "assert isinstance(emit, types.ModuleType) and isinstance(execute, types.ModuleType)\n"
        "assert type(tprog) is types.ModuleType\n"
        "assert tprog.emit.__doc__.startswith('A Program') and tprog.execute.__name__ == 'execute'\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
