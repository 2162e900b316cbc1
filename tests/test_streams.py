"""The process of the command line: streams that are closed, full or not read, and Ctrl-C before anything has begun."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from cli.main import main
from tests.programs import PROGRAMS
from tprog.text.emit import emit

ROOT = Path(__file__).parents[1]

COMMAND = f"'{sys.executable}' -m tpdebug"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells and signals are those of POSIX")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    for name, program in (("right", "sort"), ("wrong", "sort_with_a_fault")):
        (folder / f"{name}.py").write_text(emit(PROGRAMS[program].program).text, encoding="utf-8")
    return folder


@pytest.fixture
def shell(folder: Path) -> Callable[[str], tuple[int, str, str]]:
    """Runs a command line in bash: the exit code of what fails in it, stdout, stderr."""

    def run(command: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command.replace("tpdebug", COMMAND, 1)],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        return done.returncode, done.stdout, done.stderr

    return run


CLOSED = "tpdebug: cannot write the answer to standard output: it is closed\n"

FULL = "tpdebug: cannot write the answer to standard output: no space left on device\n"


@pytest.mark.parametrize(("program", "answer"), [("right", 0), ("wrong", 1)])
@pytest.mark.parametrize(
    ("streams", "told"),
    [
        ("<&-", None),
        (">/dev/null 2>&-", ""),
        (">/dev/null 2>/dev/full", ""),
        ("| head -c 0", ""),
        ("2>&1 >/dev/null | head -c 0", ""),
        (">&-", CLOSED),
        (">/dev/full", FULL),
        (">&- 2>&-", ""),
        (">/dev/full 2>/dev/full", ""),
    ],
)
def test_the_exit_code_is_that_of_the_answer_or_says_that_it_could_not_be_written(
    shell: Callable[[str], tuple[int, str, str]], program: str, answer: int, streams: str, told: str | None
) -> None:
    unwritten = ">&-" in streams.split() or streams.startswith(">/dev/full")
    code, out, err = shell(f"tpdebug verify {program}.py {streams}")
    assert code == (2 if unwritten else answer)
    assert bool(out) == (told is None)
    assert err == (told or "")


def test_a_mistake_is_one_even_if_nobody_can_be_told(shell: Callable[[str], tuple[int, str, str]]) -> None:
    assert shell("tpdebug verify missing.py 2>&-") == (2, "", "")
    assert shell("tpdebug verify missing.py 2>/dev/full") == (2, "", "")
    assert shell("tpdebug --help >/dev/full") == (2, "", FULL)


def test_an_answer_in_a_file_needs_no_stream(shell: Callable[[str], tuple[int, str, str]], folder: Path) -> None:
    assert shell("tpdebug verify wrong.py -o answer.json >&-")[0] == 1
    assert (folder / "answer.json").stat().st_size > 0


VERBS = {
    "tasks": ["tasks"],
    "run": ["run", "wrong.py", "--input", "ab"],
    "verify": ["verify", "wrong.py", "--json"],
    "trace": ["trace", "wrong.py", "--input", "ab"],
    "graph": ["graph", "wrong.py"],
    "circuits": ["circuits", "wrong.py", "--class", "a"],
    "dead": ["dead", "wrong.py"],
    "coverage": ["coverage", "wrong.py", "--sample", "20"],
    "fuzz": ["fuzz", "wrong.py", "--sample", "50"],
    "blame": ["blame", "wrong.py", "--input", "bcc"],
    "repair": ["repair", "wrong.py", "--limit", "1"],
    "simplify": ["simplify", "right.py", "--sample", "20"],
    "diff": ["diff", "right.py", "wrong.py"],
}
"""Each verb with an answer on stdout."""


@pytest.mark.parametrize("arguments", VERBS.values(), ids=VERBS)
def test_no_verb_says_yes_or_no_with_an_answer_that_it_could_not_write(arguments: list[str], folder: Path) -> None:
    code, told = _forked(arguments, folder)
    assert code == 2, told
    assert told.splitlines()[-1] + "\n" == FULL
    assert "Traceback" not in told


def _forked(arguments: list[str], folder: Path) -> tuple[int, str]:
    """A command line with a full device as stdout, in a fork, where imports cost nothing: exit code, stderr."""
    told = folder / "told.txt"
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.chdir(folder)
            os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
            os.dup2(os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
            sys.argv = ["tpdebug", *arguments]
            code = import_module("tpdebug.__main__").run()
            sys.stderr.flush()
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status), told.read_text(encoding="utf-8")


# Ctrl-C ###############################################################################################################

PRESSED = """
import signal, sys

class Presser:
    def find_spec(self, name, path=None, target=None):
        if name == {chosen!r}:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Presser())
if {ignored}:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
from tpdebug.__main__ import run
sys.exit(run())
"""


def _pressed(folder: Path, chosen: str, ignored: bool = False) -> tuple[int, str, str]:
    """`verify` with a Ctrl-C when it comes to import a module: exit code, stdout, stderr."""
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(chosen=chosen, ignored=ignored), "verify", "right.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("size", ["0", "00", "-5", "", "²", "9" * 5000])
@pytest.mark.parametrize("name", ["COLUMNS", "LINES"])
def test_a_size_of_the_terminal_that_is_none_hides_no_answer(
    name: str, size: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ("COLUMNS", "LINES"):
        monkeypatch.delenv(other, raising=False)
    assert main(["tasks"]) == 0
    told = capsys.readouterr()
    monkeypatch.setenv(name, size)
    assert main(["tasks"]) == 0
    assert capsys.readouterr() == told
    assert told.out


@pytest.mark.parametrize("chosen", ["cli", "cli.streams", "cli.main", "typer", "cli.verbs.verify"])
def test_ctrl_c_while_python_imports_ends_without_a_word(folder: Path, chosen: str) -> None:
    assert _pressed(folder, chosen) == (130, "", "")


@pytest.mark.parametrize("chosen", ["numpy", "tprog.run.execute", "rich.table"])
def test_ctrl_c_while_a_verb_imports_is_one_line(folder: Path, chosen: str) -> None:
    assert _pressed(folder, chosen) == (130, "", "tpdebug: stopped; files written so far are whole and stay\n")


def test_a_background_job_that_ignores_ctrl_c_goes_on_ignoring_it(folder: Path) -> None:
    code, out, err = _pressed(folder, "typer", ignored=True)
    assert (code, err) == (0, "")
    assert "right on all 19,530 inputs" in out
