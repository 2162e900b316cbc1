"""Which program a command is about when the command line leaves it out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.discovery import STATE, VARIABLE, find_program, remember
from tprog.errors import BadFile, BadUsage

ROOT = Path(__file__).parents[1]

PROGRAM = "def run(tokens):\n    return tokens\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder without a pyproject.toml of its own, as the current one."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_argument_comes_first_and_needs_no_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "other.py")
    chosen = find_program("named.py", None, folder)
    assert (chosen.path, chosen.reason) == (Path("named.py"), None)
    assert find_program(None, "named.py", folder) == chosen
    assert find_program("named.py", "named.py", folder) == chosen


def test_an_empty_name_is_not_taken_for_one_that_was_left_out(folder: Path) -> None:
    (folder / "only.py").write_text(PROGRAM)
    for argument, option in (("", None), (None, "")):
        with pytest.raises(BadUsage, match="name is empty"):
            find_program(argument, option, folder)
    assert find_program(None, None, folder).path == Path("only.py")


def test_an_argument_and_an_option_that_differ_are_both_named(folder: Path) -> None:
    with pytest.raises(BadUsage, match=r"one\.py and --program two\.py"):
        find_program("one.py", "two.py", folder)


def test_the_order_is_variable_then_settings_then_memory_then_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "only.py").write_text(PROGRAM)
    assert find_program(None, None, folder).path == Path("only.py")
    (folder / "last.py").write_text(PROGRAM)
    remember(Path("last.py"), folder)
    assert find_program(None, None, folder).path == Path("last.py")
    (folder / "pyproject.toml").write_text('[tool.tpdebug]\nprogram = "set.py"\n')
    assert find_program(None, None, folder).path == Path("set.py")
    monkeypatch.setenv(VARIABLE, "variable.py")
    chosen = find_program(None, None, folder)
    assert chosen.path == Path("variable.py")
    assert chosen.reason is not None
    assert VARIABLE in chosen.reason


def test_settings_of_a_folder_above_are_read_relative_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pyproject.toml").write_text('[tool.tpdebug]\nprogram = "set.py"\n')
    below = folder / "notes"
    below.mkdir()
    monkeypatch.chdir(below)
    assert find_program(None, None, below).path == Path("..", "set.py")


def test_settings_that_say_nothing_of_a_program_are_passed_over(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (folder / "only.py").write_text(PROGRAM)
    assert find_program(None, None, folder).path == Path("only.py")


@pytest.mark.parametrize("text", ["[tool.tpdebug\n", "[tool.tpdebug]\nprogram = 3\n"])
def test_settings_that_cannot_be_read_are_named(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(BadFile, match=r"pyproject\.toml"):
        find_program(None, None, folder)


def test_two_programs_in_the_folder_are_both_named(folder: Path) -> None:
    for name in ("one.py", "two.py"):
        (folder / name).write_text(PROGRAM)
    with pytest.raises(BadUsage, match=r"one\.py and two\.py"):
        find_program(None, None, folder)


def test_other_python_files_are_no_programs(folder: Path) -> None:
    (folder / "setup.py").write_text("print('hello')\n")
    (folder / "latin.py").write_bytes(b"# \xe9\n")
    with pytest.raises(BadUsage, match="give the path"):
        find_program(None, None, folder)


def test_what_is_remembered_survives_as_a_path_relative_to_the_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "a.py").write_text(PROGRAM)
    remember(folder / "a.py", folder)
    remember(Path("a.py"), folder)
    assert json.loads((folder / STATE).read_text())["program"] == "a.py"


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"[]",
        b"{",
        b'{"program": 3}',
        b'{"program": "%s"}' % (b"a" * 5000),
        b'{"version": %s}' % (b"9" * 5000),
        b'{"program": "only.py"}\xff',
        b"[" * 50_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"program": "only.py"}' + b" " * 2**17,
        b'{"program": "\\u0000"}',
        b'{"program": "\\ud800"}',
        b'{"program": "gone.py"}',
    ],
    ids=lambda state: repr(state[:24]),
)
def test_a_state_file_of_no_use_is_passed_over_and_told(
    folder: Path, state: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "only.py").write_text(PROGRAM)
    (folder / STATE).parent.mkdir()
    (folder / STATE).write_bytes(state)
    assert find_program(None, None, folder).path == Path("only.py")
    told = capsys.readouterr().err.splitlines()
    forgotten = b"gone" in state or b"\\u" in state  # a program that is no longer there is no news
    assert len(told) == (0 if forgotten else 1)
    assert all(line.startswith("tpdebug: the program last used is not known: ") for line in told)
    remember(Path("only.py"), folder)
    assert json.loads((folder / STATE).read_text())["program"] == "only.py"


@pytest.mark.parametrize("target", ["pipe", "/dev/zero", "/proc/kmsg", "gone", "."])
def test_a_state_file_that_is_no_file_neither_hangs_nor_fails(
    folder: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "only.py").write_text(PROGRAM)
    (folder / STATE).parent.mkdir()
    os.mkfifo(folder / STATE.parent / "pipe")
    (folder / STATE).symlink_to(target)
    assert find_program(None, None, folder).path == Path("only.py")
    assert len(capsys.readouterr().err.splitlines()) == 1
    remember(Path("only.py"), folder)


@pytest.mark.parametrize(
    "text",
    [
        b"[tool.tpdebug]\nprogram = 'a\0b'\n",
        b"version = " + b"9" * 100_000,
        b"x = " + b"[" * 100_000,
        b".".join([b"a"] * 100_000) + b" = 1\n",
        b"[" + b".".join([b"'a'"] * 100_000) + b"]\n",
        b"\xff",
        b"x = 1\n" * 2**18,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_settings_that_cost_too_much_or_are_none_are_refused_in_one_short_line(folder: Path, text: bytes) -> None:
    (folder / "pyproject.toml").write_bytes(text)
    with pytest.raises(BadFile, match=r"pyproject\.toml") as caught:
        find_program(None, None, folder)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(folder))


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(folder: Path) -> None:
    (folder / STATE.parent).write_text("a file where the state's folder would be")
    remember(Path("a.py"), folder)
    assert (folder / STATE.parent).is_file()
    assert os.listdir(folder) == [STATE.parent.name]


@pytest.mark.parametrize("settings", ["[tool]\ntpdebug = 4\n", "[tool.tpdebug]\nprogram = 4\n", "tool = [1]\n"])
def test_settings_of_another_shape_are_no_traceback(folder: Path, settings: str) -> None:
    (folder / "pyproject.toml").write_text(settings)
    (folder / "only.py").write_text(PROGRAM)
    if "tool = [1]" in settings:
        assert find_program(None, None, folder).path == Path("only.py")
    else:
        with pytest.raises(BadFile, match="expected"):
            find_program(None, None, folder)


def test_a_pipe_in_the_folder_is_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    (folder / "only.py").write_text(PROGRAM)
    assert find_program(None, None, folder).path == Path("only.py")


NOTING = """
import sys
from pathlib import Path
from cli.discovery import remember
for turn in range(150):
    remember(Path(sys.argv[1] + "_" * (turn % 2) + ".py"), Path())
"""


def test_commands_that_run_at_once_leave_one_of_their_programs_noted_and_nothing_else(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {f"{name}{end}.py" for name in "ac" for end in ("", "_")}
    for name in (*names, "other.py"):
        (folder / name).write_text(PROGRAM)
    remember(folder / "a.py", folder)
    writers = [
        subprocess.Popen([sys.executable, "-c", NOTING, name], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for name in ("a", "c")
    ]
    seen = {find_program(None, None, folder).path.name}
    while any(writer.poll() is None for writer in writers):
        seen.add(find_program(None, None, folder).path.name)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= names
    assert capsys.readouterr().err == ""
    assert os.listdir(folder / STATE.parent) == [STATE.name]
