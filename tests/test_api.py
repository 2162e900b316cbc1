"""The documented Python API: the package `tpdebug`, and its page."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import tpdebug
import tprog
from analyze.render.columns import MEANINGS
from tests import api_page, user_file
from tests.api_page import page
from tests.programs import PROGRAMS
from tpdebug.hidden import PACKAGES
from tprog.text.emit import emit as emit_in_submodule
from tprog.version import VERSION

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def python(*arguments: str, folder: Path, path: str = str(ROOT), **more: str) -> tuple[int, str, str]:
    """Runs Python in a folder: exit code, stdout, stderr."""
    environment = {**os.environ, "PYTHONPATH": path, **more}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    return done.returncode, done.stdout, done.stderr


def test_a_program_is_loaded_emitted_and_executed(tmp_path: Path) -> None:
    program = PROGRAMS["sort"].program
    path = tmp_path / "sort_program.py"
    path.write_text(tpdebug.emit(program).text, encoding="utf-8")
    loaded = tpdebug.load(path)
    assert loaded == program
    assert tpdebug.execute(loaded, [["<s>", "c", "a", "b", "</s>"]]).outputs(0) == ["<s>", "a", "b", "c", "</s>"]
    assert tpdebug.emit(program) == emit_in_submodule(program)


def test_the_example_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example, *_ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "sort_program.py").write_text(tpdebug.emit(PROGRAMS["sort"].program).text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/api.md", "exec"), {})
    assert capsys.readouterr().out == "0\n"


def test_the_page_is_what_the_docstrings_say() -> None:
    assert page() == PAGE, "write it anew: python -m tests.api_page"


def test_the_page_names_what_there_is_and_nothing_else() -> None:
    named = re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE)
    assert sorted([*named, "TpdebugError"]) == sorted(tpdebug.__all__)
    assert "`TpdebugError`" in PAGE


def test_every_column_of_a_table_is_explained_and_nothing_else_is() -> None:
    used = {column for tables in api_page.tables().values() for table in tables for column in table.fields}
    assert used == MEANINGS.keys()


def test_types_of_the_api_are_told_to_who_uses_it() -> None:
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)
    folded = dict(
        user_file.inspected(ROOT / "docs" / "examples" / "sort_program.py", "abbc")
    )  # mypy checks that file as strictly as all others
    assert folded == {"abbc": "abbc", "wrong": "1"}
    tree = ast.parse(Path(user_file.__file__).read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    ours = {ast.unparse(node) for node in imported} - {"from __future__ import annotations"}
    assert ours == {"import tpdebug", "from collections.abc import Iterator", "from pathlib import Path"}


def test_type_checkers_and_python_find_the_same_names_in_the_same_places() -> None:
    tree = ast.parse((ROOT / "tpdebug" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {alias.asname: n.module for n in block.body if isinstance(n, ast.ImportFrom) for alias in n.names}
    assert typed == tpdebug._HOMES
    for name, module in tpdebug._HOMES.items():
        assert getattr(tpdebug, name) is getattr(import_module(module), name)
    assert set(dir(tpdebug)) >= {*tpdebug.__all__, "__version__"}
    assert tpdebug.__version__ == VERSION


def test_an_unknown_name_is_told_with_the_names_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'verfy'; it has .*, verify"):
        _ = tpdebug.verfy  # type: ignore[attr-defined]  # misspelt on purpose


def test_importing_it_brings_nothing_and_a_name_brings_its_own(tmp_path: Path) -> None:
    script = (
        "import sys, tpdebug\n"
        "ours = lambda: {m.split('.')[0] for m in sys.modules} & {'tprog', 'analyze', 'trainer', 'cli', 'numpy'}\n"
        "assert not ours(), ours()\n"
        "tpdebug.load\n"
        "assert ours() == {'tprog', 'analyze'}, ours()\n"
        "assert not [name for name in sys.modules if name.startswith('analyze.')]\n"
        "tpdebug.verify, tpdebug.TrainConfig\n"
        "assert 'torch' not in sys.modules\n"
    )
    assert python("-c", script, folder=tmp_path) == (0, "", "")


def test_a_module_of_tprog_is_never_taken_for_the_function_of_its_name(tmp_path: Path) -> None:
    script = (
        "import types, tprog, tprog.text.emit as emit, tprog.run.execute as execute\n"
        "assert isinstance(emit, types.ModuleType) and isinstance(execute, types.ModuleType)\n"
        "assert type(tprog) is types.ModuleType\n"
        "assert tprog.emit.__doc__.startswith('A Program') and tprog.execute.__name__ == 'execute'\n"
    )
    assert python("-c", script, folder=tmp_path) == (0, "", "")
    assert {tprog.load, tprog.emit, tprog.execute} == {tpdebug.load, tpdebug.emit, tpdebug.execute}


# Hidden packages ######################################################################################################

SCRIPT = "import sys; from tpdebug.__main__ import run; sys.argv = ['tpdebug', '--version']; sys.exit(run())"
"""What the console script does."""


@pytest.mark.parametrize("name", PACKAGES)
@pytest.mark.parametrize("form", ["{}.py", "{}/__init__.py"])
def test_a_file_that_hides_a_package_is_named_in_one_line(tmp_path: Path, name: str, form: str) -> None:
    file = tmp_path / form.format(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text("raise SystemExit('executed')\n", encoding="utf-8")
    shown = os.path.relpath(file, tmp_path)
    told = f"{shown} hides the package {name} that tpdebug is made of; rename it, or start Python in another folder\n"
    assert python("-c", SCRIPT, folder=tmp_path) == (2, "", f"tpdebug: {told}")
    code, _, err = python("-c", "import tpdebug; tpdebug.verify", folder=tmp_path)
    assert code == 1
    assert err.endswith(f"ImportError: {told}")


def test_one_that_stands_on_python_s_path_is_told_to_leave_it(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    file = tmp_path / "own" / "analyze.py"
    file.write_text("", encoding="utf-8")
    path = os.pathsep.join([str(file.parent), str(ROOT)])
    code, out, err = python("-P", "-m", "tpdebug", "--version", folder=ROOT, path=path)
    assert (code, out) == (2, "")
    assert err == (
        f"tpdebug: {file} hides the package analyze that tpdebug is made of; rename it, or take its folder out of "
        "PYTHONPATH\n"
    )


@pytest.mark.parametrize("name", ["random", "json", "typing", "analyze"])
def test_with_m_a_file_in_the_current_folder_is_the_users_own(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('executed')\n", encoding="utf-8")
    assert python("-m", "tpdebug", "--version", folder=tmp_path) == (0, f"tpdebug {VERSION}\n", "")


def test_what_hides_nothing_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()  # without __init__.py it is no package where another one is
    (tmp_path / "analyze.txt").write_text("", encoding="utf-8")
    (tmp_path / "sort.py").write_text(tpdebug.emit(PROGRAMS["sort"].program).text, encoding="utf-8")
    code, out, err = python("-m", "tpdebug", "verify", "sort.py", folder=tmp_path)
    assert (code, err) == (0, "")
    assert "right on all 19,530 inputs" in out


def test_the_script_of_the_distribution_starts_there() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'tpdebug = "tpdebug.__main__:run"' in text
