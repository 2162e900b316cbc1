"""The layout and the direction of imports, read from the syntax trees of all files."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tprog.version import VERSION

ROOT = Path(__file__).parents[1]
PACKAGES = ("tpdebug", "tprog", "trainer", "analyze", "cli")
MAY_IMPORT = {
    "tpdebug": set(PACKAGES),
    "tprog": {"tprog"},
    "trainer": {"trainer", "tprog"},
    "analyze": {"analyze", "tprog"},
    "cli": set(PACKAGES),
}
USES_TORCH = ("trainer.", "tprog.compile", "tprog.decompile")


class Import(NamedTuple):
    """One import statement: the module imported, whether it runs when the file is imported, and its line."""

    module: str
    at_top: bool
    line: int


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _modules() -> dict[str, Path]:
    """Dotted name -> file, for all packages."""
    return {_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def _only_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _statements(body: list[ast.stmt], at_top: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield statement, at_top
        elif not _only_for_types(statement):
            functions = [n for n in ast.walk(statement) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
            inside = {id(node) for function in functions for node in ast.walk(function)}
            for node in ast.walk(statement):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    yield node, at_top and id(node) not in inside


@cache
def _imports(name: str) -> tuple[Import, ...]:
    """All imports of a module of ours, those for the type checker alone left out."""
    found = []
    tree = ast.parse(_modules()[name].read_text(encoding="utf-8"))
    for statement, at_top in _statements(tree.body, at_top=True):
        if isinstance(statement, ast.Import):
            targets = [alias.name for alias in statement.names]
        else:
            assert statement.level == 0, f"{name}:{statement.lineno}: write the full name, not a relative import"
            source = statement.module or ""
            submodules = [f"{source}.{alias.name}" for alias in statement.names]
            targets = [module if module in _modules() else source for module in submodules]
        found += [Import(target, at_top, statement.lineno) for target in dict.fromkeys(targets)]
    return tuple(found)


ROOMS = {
    "ir": set[str](),
    "run": {"ir"},
    "edits": {"ir"},
    "text": {"ir", "run"},
    "rasp": {"ir", "run", "text"},
    "words": {"ir"},
    "tasks": {"ir", "run", "text", "rasp", "words"},
    "simplify": {"ir", "run", "text", "rasp", "words", "tasks"},
}
"""Rooms of tprog -> those that they may import, beside themselves and what stands at the root."""


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_downward_only(package: str) -> None:
    upward = [
        f"{name}:{found.line} imports {found.module}"
        for name in _modules()
        if name.split(".")[0] == package
        for found in _imports(name)
        if (top := found.module.split(".")[0]) in (*PACKAGES, "tests") and top not in MAY_IMPORT[package]
    ]
    assert not upward


def _room(name: str) -> str | None:
    """The room of tprog that a module stands in; None for one at the root."""
    top, _, rest = name.partition(".")
    room = rest.split(".")[0]
    return room if top == "tprog" and room in ROOMS else None


def test_the_rooms_of_tprog_import_only_what_is_below_them() -> None:
    assert {room for name in _modules() if (room := _room(name))} == ROOMS.keys()
    climbing = [
        f"{name}:{found.line} imports {found.module}"
        for name in _modules()
        if name.startswith("tprog.")
        for found in _imports(name)
        if _room(found.module) not in {None, _room(name), *ROOMS.get(_room(name) or "", ())}
    ]
    assert not climbing


HOUSE = (
    *("tprog", *(f"tprog/{room}" for room in ROOMS)),
    *(
        "analyze/record",
        "analyze/results",
        "analyze/abstract",
        "analyze",
        "analyze/render",
        "trainer",
        "cli",
        "tpdebug",
    ),
)
"""Rooms of the house from the ground up; `analyze/record.py` is a module, on which the results stand."""

LENDING = ("tprog", "analyze", "trainer")
"""Packages whose own module lends names from above, when they are asked for."""


def room_of(name: str) -> str:
    """The room of a module of ours."""
    top, _, rest = name.partition(".")
    room = f"{top}/{rest.split('.')[0]}"
    return room if room in HOUSE else top


def house() -> str:
    """Each room, and those whose modules it imports, as `docs/how-it-works.md` draws it."""
    found: dict[str, set[str]] = {room: set() for room in HOUSE}
    for name in _modules().keys() - LENDING:
        found[room_of(name)] |= {room_of(each.module) for each in _imports(name) if each.module in _modules()}
    return "\n".join(f"{room:16} {' '.join(r for r in HOUSE if r in found[room] - {room})}".rstrip() for room in HOUSE)


def test_the_house_is_drawn_as_its_imports_are_and_none_climbs() -> None:
    assert house() in (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8"), (
        "docs/how-it-works.md draws the imports otherwise; put there what `python -m tests.test_architecture` prints"
    )
    rooms = [line.split() for line in house().splitlines()]
    climbing = [(room, other) for room, *others in rooms for other in others if HOUSE.index(other) > HOUSE.index(room)]
    assert climbing == []


def test_there_is_no_import_cycle() -> None:
    edges = {name: {found.module for found in _imports(name)} & _modules().keys() for name in _modules()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name not in done:
            for target in sorted(edges[name] - {name}):
                visit(target, (*above, name))
            done.add(name)

    for name in edges:
        visit(name, ())


def test_torch_is_imported_by_the_trainer_only() -> None:
    outside = [
        f"{name}:{found.line} imports {found.module}"
        for name in _modules()
        if not f"{name}.".startswith(USES_TORCH)
        for found in _imports(name)
        if found.module.split(".")[0] in ("torch", "safetensors")
    ]
    assert not outside


def test_the_command_line_imports_the_packages_only_when_a_verb_runs() -> None:
    eager = [
        f"{name}:{found.line} imports {found.module}"
        for name in _modules()
        if name.startswith("cli")
        for found in _imports(name)
        if found.at_top and found.module.split(".")[0] in ("trainer", "analyze", "numpy", "libcst", "rich")
    ]
    assert not eager


def test_the_api_imports_nothing_of_ours_until_it_is_used() -> None:
    eager = [
        f"{name}:{found.line} imports {found.module}"
        for name in _modules()
        if name.split(".")[0] == "tpdebug"
        for found in _imports(name)
        if found.at_top and found.module.split(".")[0] not in {"tpdebug", *sys.stdlib_module_names}
    ]
    assert not eager


def test_pyan_is_never_imported() -> None:
    files = [path for folder in (*PACKAGES, "tests") for path in (ROOT / folder).rglob("*.py")]
    importing = re.compile(r"^\s*(import|from)\s+pyan", re.MULTILINE)
    assert not [path for path in files if importing.search(path.read_text(encoding="utf-8"))]


def test_every_package_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["train"] + extras["frames"] + extras["figures"]
    declared = {re.split(r"[<>=~!\[; ]", wish, maxsplit=1)[0].replace("-", "_") for wish in wanted}
    known = declared | set(PACKAGES) | set(sys.stdlib_module_names)
    undeclared = {
        found.module for name in _modules() for found in _imports(name) if found.module.split(".")[0] not in known
    }
    assert not undeclared


def test_the_top_level_holds_the_folders_of_the_design_and_no_others() -> None:
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and not any(path.match(name) for name in ignored)
    }
    assert folders == {*PACKAGES, "tests", "docs"}


OPENS = re.compile(
    r"open|fdopen|\S+\.(open|fdopen|read_text|read_bytes|write_text|write_bytes|safe_open|load_file|fromfile|loadtxt)"
    r"|(json|tomllib|np|numpy|torch|pickle)\.load|sqlite3\.connect|safe_open|tempfile\.(?!TemporaryDirectory)\w+|mkstemp"
)
"""Calls that open a file. `read_text` and `read_bytes` as plain names are those of `tprog.files`."""

OPENS_ITSELF = {
    "tprog.files": "it is where files are opened: with their kind and size checked, and whole or not at all",
    "tprog.files.folders": "it makes the temporary folders of tprog.files, and opens what is left of them, to lock",
    "tprog.files.half_written": "it makes the temporary files of tprog.files, and opens what is left of them, to lock",
    "analyze.coverage.sandbox": "it fills a temporary folder of its own",
    "analyze.coverage.confined": "it runs alone, in that folder, without tpdebug",
    "analyze.pyan": "it fills a temporary folder of its own",
    "cli.streams": "it opens the standard streams, and the null device in place of one that has failed",
    "tprog.files.lock": "it makes the file of a lock, plain and no link, and reads a number of a few digits from it",
    "trainer.tensor_files": "safetensors reads a checkpoint itself",
    "trainer.gpt.folder": "safetensors reads weights itself, once they are known to be a plain file of some size",
    "tprog.words.archives": "it opens a member of an archive, whose bytes tprog.files has read",
    "trainer.store": "SQLite opens its database itself",
}


def test_every_file_is_opened_by_the_one_module_that_checks_what_it_is() -> None:
    bare = [
        f"{name}:{node.lineno}: {ast.unparse(node)[:60]}"
        for name, path in _modules().items()
        if name not in OPENS_ITSELF
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and OPENS.fullmatch(ast.unparse(node.func))
    ]
    assert not bare
    assert OPENS_ITSELF.keys() <= _modules().keys()


def test_lines_are_split_as_python_or_a_diff_counts_them() -> None:
    """`str.splitlines` ends a line at a form feed too, and at seven other characters that a comment may hold."""
    no_source = {"analyze.pyan", "analyze.render.svg", "trainer.log"}
    splitting = {name for name, path in _modules().items() if ".splitlines(" in path.read_text(encoding="utf-8")}
    assert splitting <= no_source


def test_the_version_of_the_distribution_is_that_of_the_tool() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_the_map_names_every_package() -> None:
    told = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    packages = [path.parent.name for name, path in _modules().items() if path.name == "__init__.py" and "." in name]
    assert [name for name in packages if not re.search(rf"[`/]{name}/", told)] == []


def test_the_map_names_every_analysis() -> None:
    told = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    modules = [path.name for path in (ROOT / "analyze").glob("[a-z]*.py")]
    assert [name for name in modules if f"`{name}`" not in told] == []


if __name__ == "__main__":
    print(house())
