"""The child process: each limit, tried with a module that would break it. None of these passes the reader."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tprog
from analyze.coverage.sandbox import Limits, run_confined
from tests.ctrl_c import HANG, press, wait_for
from tests.programs import PROGRAMS
from tprog.errors import BadFile

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits and process groups are those of POSIX")

QUICK = Limits(cpu_seconds=60, memory=2**29)
BARE = replace(QUICK, guard=False)
"""The limits alone, without the audit hook."""

JOB = {"job": "answers", "module": "m.py", "vocabulary": ["<s>", "a"], "inputs": [[0, 1]]}
ECHO = "def run(tokens):\n    return tokens\n"


def confined(code: str, limits: Limits = QUICK) -> object:
    """What `run` of a module answers to its one input."""
    answer = run_confined("m.py", {"m.py": textwrap.dedent(code)}, JOB, limits)
    assert answer.lacking == ()
    return answer.values["answers"][0]


def refused(code: str, limits: Limits = QUICK) -> str:
    with pytest.raises(BadFile) as caught:
        confined(code + "\n" + ECHO, limits)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders for children are made here, so that a test can see that none stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_module_that_behaves_answers(tmp_path: Path) -> None:
    assert confined(ECHO) == ["<s>", "a"]
    assert [*tmp_path.iterdir()] == []


def test_a_module_gets_the_answers_of_its_program() -> None:
    program = PROGRAMS["sort"].program
    job = {"job": "answers", "module": "m.py", "vocabulary": program.vocabulary, "inputs": [[0, 3, 1, 6]]}
    answer = run_confined("m.py", {"m.py": tprog.emit(program).text}, job)
    assert answer.values["answers"] == [["<s>", "a", "c", "</s>"]]


# Limits, without the audit hook #######################################################################################


def test_processor_time_is_limited() -> None:
    assert "1 s of processor time" in refused("while True: pass", replace(BARE, cpu_seconds=1))


def test_time_is_limited(tmp_path: Path) -> None:
    assert "more than 0.5 s" in refused("import time; time.sleep(1000)", replace(BARE, seconds=0.5))
    assert [*tmp_path.iterdir()] == []


def test_memory_is_limited() -> None:
    assert "MemoryError" in refused("x = bytearray(2**30)", BARE)


def test_what_is_written_is_limited(tmp_path: Path) -> None:
    said = refused("file = open('big', 'wb', buffering=0); file.write(b'x' * 4096)", BARE)
    assert "wrote a file" in said or "File too large" in said
    outside = tmp_path / "outside"
    refused(f"file = open({str(outside)!r}, 'wb', buffering=0); file.write(b'x')", BARE)
    assert outside.stat().st_size == 0


def test_open_files_are_limited() -> None:
    assert "Too many open files" in refused("files = [open('m.py') for _ in range(1000)]", BARE)


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="the system does not enforce it for root")
def test_starting_processes_is_limited() -> None:
    assert "BlockingIOError" in refused("import os; os.fork()", BARE)


def test_what_is_answered_is_limited() -> None:
    code = "def run(tokens):\n    return 'x' * 10**6\n"
    with pytest.raises(BadFile, match="printed more than 1,000 bytes"):
        confined(code, replace(BARE, answer=1000))


def test_endless_recursion_ends() -> None:
    assert "RecursionError" in refused("def f(): return f()\nf()", BARE)
    said = refused("import sys; sys.setrecursionlimit(10**9)\ndef f(x): return [x].sort(key=f) or f(x)\nf(1)", BARE)
    assert "failed" in said


# What the child can see ###############################################################################################


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    seen = confined("import os\ndef run(tokens):\n    return sorted(os.environ)\n", BARE)
    assert set(map(str, seen if isinstance(seen, list) else [])) <= {"LC_CTYPE"}


def test_input_is_closed_and_no_file_is_inherited(tmp_path: Path) -> None:
    with open(tmp_path / "inherited", "w") as file:
        os.set_inheritable(file.fileno(), True)
        code = """
        import os
        def run(tokens):
            found = []
            for fd in range(64):
                try:
                    found.append(os.readlink(f"/proc/self/fd/{fd}") if os.fstat(fd) else "")
                except OSError:
                    pass
            return [found, os.read(0, 10).decode()]
        """
        answered = confined(code, BARE)
    assert isinstance(answered, list)
    seen, read = answered
    assert read == ""
    assert not any("inherited" in str(name) for name in seen)
    assert all(str(name).startswith(("pipe:", "/dev/null")) for name in seen)


def test_nothing_of_tpdebug_or_of_the_user_can_be_imported() -> None:
    for name in ("numpy", "tprog", "coverage"):
        assert "ModuleNotFoundError" in refused(f"import {name}", BARE)


def test_it_stands_in_an_empty_folder_of_its_own() -> None:
    assert confined("import os\ndef run(tokens):\n    return sorted(os.listdir())\n", BARE) == ["job.json", "m.py"]


def test_what_it_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    code = "import os, sys\nprint('seen')\nprint('seen', file=sys.stderr)\nos.write(1, b'seen')\n"
    assert confined(code + ECHO, BARE) == ["<s>", "a"]
    assert capfd.readouterr() == ("", "")


# The audit hook #######################################################################################################

TRIES = {
    "write": "open('x', 'w')",
    "append": "open('x', 'a')",
    "low": "import os; os.open('x', os.O_CREAT | os.O_WRONLY)",
    "remove": "import os; os.remove('m.py')",
    "rename": "import os; os.rename('m.py', 'n.py')",
    "chmod": "import os; os.chmod('m.py', 0)",
    "mkdir": "import os; os.mkdir('d')",
    "read": "open('/etc/passwd')",
    "up": "open('../outside')",
    "fork": "import os; os.fork()",
    "system": "import os; os.system('true')",
    "exec": "import os; os.execv('/bin/true', ['true'])",
    "kill": "import os; os.kill(os.getppid(), 0)",
    "socket": "import _socket; _socket.socket()",
    "subprocess": "import subprocess; subprocess.run(['true'])",
    "ctypes": "import ctypes",
    "database": "import sqlite3; sqlite3.connect('x.db')",
    "import": "import http.client",
}


@pytest.mark.parametrize("code", TRIES.values(), ids=TRIES)
def test_whatever_reaches_outside_is_refused(code: str, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret", encoding="utf-8")
    assert "it tried" in refused(code)


# Ends #################################################################################################################


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(0)",
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "class E(BaseException):\n    def __str__(self): raise self\nraise E",
        "def run(tokens): return {1, 2}",
        "raise ValueError('two\\nlines')",
    ],
    ids=["exit", "hard exit", "kill", "error in an error", "no answer", "lines"],
)
def test_a_module_that_ends_otherwise_is_told_in_one_line(code: str) -> None:
    with pytest.raises(BadFile, match=r"^m.py: running it in a child process failed: [^\n]+$"):
        confined(code if "def run" in code else f"{code}\n{ECHO}", BARE)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_the_child_started_ends_with_it() -> None:
    code = """
    import os, sys, time
    pid = os.fork()
    if pid == 0:
        time.sleep(10000)
    def run(tokens):
        return pid
    """
    if os.geteuid() != 0:
        pytest.skip("starting a process is refused in the first place")
    pid = confined(code, BARE)
    assert isinstance(pid, int)
    wait_for(lambda: not _alive(pid))


def test_ctrl_c_kills_the_child_and_leaves_nothing(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import sys, tempfile
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        tempfile.tempdir = {str(tmp_path)!r}
        from analyze.coverage import sandbox
        job = {JOB!r}
        print("ready", flush=True)
        sandbox.run_confined("m.py", {{"m.py": "while True: pass"}}, job)
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    wait_for(lambda: _processes(str(tmp_path)))
    children = _processes(str(tmp_path))
    parent.send_signal(signal.SIGINT)
    parent.communicate(timeout=HANG)
    assert not [pid for pid in children if _alive(pid)]
    assert [*tmp_path.iterdir()] == []


def test_ctrl_c_while_the_child_starts_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pressed(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            press()

    monkeypatch.setattr(subprocess, "Popen", Pressed)
    with pytest.raises(KeyboardInterrupt):
        run_confined("m.py", {"m.py": "while True: pass"}, JOB)
    assert _processes(str(tmp_path)) == []
    assert [*tmp_path.iterdir()] == []


def _processes(folder: str) -> list[int]:
    """The children that were given a folder there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = os.fsdecode((process / "cmdline").read_bytes())  # of any process here: it may be no UTF-8
        except OSError:
            continue
        if "confined.py" in line and folder in line:
            found.append(int(process.name))
    return found
