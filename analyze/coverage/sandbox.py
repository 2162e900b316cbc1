"""A child process for what must run a module itself: bounded in time, memory, files and what it can see.

The reader has accepted the module before, so that nothing here is the only thing between a hostile file and the user.
The child (`analyze.coverage.confined`) gets a folder of its own, no environment, no input, no inherited files, the
interpreter's isolated mode, hard limits (`setrlimit`) and an audit hook that refuses to write, to import, to start
processes and to read elsewhere. Its whole process group is killed when it is done, late, or no longer wanted.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyze.coverage import confined
from tprog.errors import BadFile, BadUsage
from tprog.escape import visible

READ = 2**16

Progress = Callable[[int], object]
"""Called with the number of inputs run so far."""


@dataclass(frozen=True)
class Limits:
    """What a child may use.

    Attributes:
        seconds: of wall time; it is killed at the end of them.
        cpu_seconds: of processor time.
        memory: bytes of address space.
        written: bytes in any file that it writes.
        open_files: at once.
        processes: that it may start (not enforced by the system for root).
        answer: bytes that it may answer.
        guard: whether the audit hook stands. Off only to test that the limits hold by themselves.
    """

    seconds: float = 600.0
    cpu_seconds: int = 600
    memory: int = 2**30
    written: int = 0
    open_files: int = 32
    processes: int = 0
    answer: int = 2**28
    guard: bool = True

    def named(self) -> dict[str, int]:
        """Name in `resource` -> value."""
        return {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_AS": self.memory,
            "RLIMIT_FSIZE": self.written,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CORE": 0,
        }


@dataclass(frozen=True)
class Answer:
    """What the child answered.

    Attributes:
        values: the job's own.
        lacking: limits that this platform does not set, by their names in `resource`.
    """

    values: Mapping[str, Any]
    lacking: tuple[str, ...]


def run_confined(
    path: str,
    files: Mapping[str, str],
    job: Mapping[str, Any],
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Do a job (see `analyze.coverage.confined.JOBS`) in a child process.

    Args:
        path: the module, for messages.
        files: name -> text, put into the child's folder.
        job: what to do: ``job`` names it; the rest is its own.

    Raises:
        BadUsage: this platform has no such child processes.
        BadFile: the module failed, answered nonsense or exceeded a limit; the message says which.
    """
    if os.name != "posix":
        raise BadUsage("running a module in a child process with limits needs a POSIX system, such as Linux or macOS")
    limits = limits or Limits()
    folder = Path(tempfile.mkdtemp(prefix="tpdebug-"))
    try:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        whole = {**job, "limits": limits.named(), "guard": limits.guard}
        (folder / "job.json").write_text(json.dumps(whole), encoding="utf-8")
        with _child(folder) as child:
            line = _listen(path, child, limits, progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _answer(path, line, child.returncode, limits)


@contextlib.contextmanager
def _child(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The child, and the certainty that nothing of its group outlives the block, Ctrl-C included."""
    child = None
    try:
        with _ctrl_c_later():  # a child that is started but not known yet could not be killed
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", "-X", "utf8", confined.__file__, str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={},
                close_fds=True,
                start_new_session=True,
            )
        yield child
    finally:
        if child is not None:
            _kill(child)
            if child.stdout is not None:
                child.stdout.close()


@contextlib.contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """A Ctrl-C that comes within the block takes effect at its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed.is_set():
            signal.raise_signal(signal.SIGINT)


def _kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()


def _listen(path: str, child: subprocess.Popen[bytes], limits: Limits, progress: Progress | None) -> bytes:
    """The line that is the child's answer, or nothing if it ended without one."""
    assert child.stdout is not None
    end = time.monotonic() + limits.seconds
    line, total = bytearray(), 0
    late = BadFile(f"{path}: running it took more than {limits.seconds:g} s, and was stopped")
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not ready.select(max(0.0, end - time.monotonic())):
                raise late
            if not (data := os.read(child.stdout.fileno(), READ)):
                break
            total += len(data)
            if total > limits.answer:
                raise BadFile(f"{path}: running it printed more than {limits.answer:,} bytes, and was stopped")
            *whole, rest = data.split(b"\n")
            for piece in whole:
                line += piece
                if not line.isdigit():
                    return bytes(line)  # not the end of the stream: what the child started may hold it open
                if progress and len(line) < 20:
                    progress(int(line))
                line.clear()
            line += rest
    try:
        child.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise late from None
    return b""


def _answer(path: str, line: bytes, code: int, limits: Limits) -> Answer:
    try:
        values = json.loads(line)
        lacking = tuple(str(name) for name in values.pop("lacking"))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise BadFile(f"{path}: running it in a child process failed: {_reason(code, limits)}") from None
    if "error" in values:
        raise BadFile(f"{path}: running it in a child process failed: {visible(str(values['error']))}")
    return Answer(values, lacking)


def _reason(code: int, limits: Limits) -> str:
    if code >= 0:
        return f"it stopped with exit code {code} and no answer"
    known = {
        "SIGXCPU": f"it took more than {limits.cpu_seconds} s of processor time",
        "SIGXFSZ": f"it wrote a file of more than {limits.written:,} bytes",
        "SIGSEGV": "it crashed the interpreter (out of stack or memory)",
    }
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return known.get(name, f"it was ended by {name}")
