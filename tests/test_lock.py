"""A lock: one holder at a time, and none that outlives its process."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cli.main import main
from tests.test_fit import TINY, bytes_of
from tprog.errors import BadFile
from tprog.files.lock import locked
from trainer.checkpoint import CHECKPOINT, LOCK, State
from trainer.fit import train

HOLD = """
import sys, time
from pathlib import Path
from tprog.files.lock import locked
with locked(Path(sys.argv[1]), "it", "wait"):
    print("held", flush=True)
    time.sleep(600)
"""

COUNT = """
import sys
from pathlib import Path
from tprog.errors import BadFile
from tprog.files.lock import locked
lock, count, left = Path(sys.argv[1]), Path(sys.argv[2]), 60
while left:
    try:
        with locked(lock, "it", "wait"):
            before = int(count.read_text())
            count.write_text("")
            count.write_text(str(before + 1))
            left -= 1
    except BadFile:
        pass
"""


def test_a_second_holder_is_told_who_has_it_and_gets_it_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, "the store", "wait"):
        with (
            pytest.raises(BadFile, match=rf"^the store is in use by another tpdebug \(process {os.getpid()}\); wait$"),
            locked(path, "the store", "wait"),
        ):
            raise AssertionError("two have it")
        assert path.exists()
    assert not path.exists()
    with pytest.raises(ZeroDivisionError), locked(path, "the store", "wait"):
        raise ZeroDivisionError
    with locked(path, "the store", "wait"):
        pass


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BadFile, match=rf"process {holder.pid}\)"), locked(path, "it", "wait"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert path.exists(), "what a killed process leaves"
    with locked(path, "it", "wait"):
        pass
    assert not path.exists()


def test_of_many_processes_one_has_the_lock_at_a_time(tmp_path: Path) -> None:
    lock, count = tmp_path / "lock", tmp_path / "count"
    count.write_text("0")
    command = [sys.executable, "-c", COUNT, str(lock), str(count)]
    for process in [subprocess.Popen(command) for _ in range(3)]:
        assert process.wait() == 0
    assert count.read_text() == "180"


def test_a_lock_that_is_a_link_or_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "other")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "link", tmp_path / "folder", tmp_path / "pipe", tmp_path / "no" / "lock"):
        with pytest.raises(BadFile, match=r"cannot write .*; nothing was changed"), locked(path, "it", "wait"):
            pass
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("told", [b"\x1b[31mred", b"12 34", b"", b"9" * 4000])
def test_what_a_stranger_wrote_into_the_lock_is_not_shown(told: bytes, tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, "it", "wait"):
        path.write_bytes(told)
        with pytest.raises(BadFile) as refused, locked(path, "it", "wait"):
            pass
        assert len(str(refused.value)) < 90
        assert str(refused.value).isprintable()


def test_a_second_training_in_a_run_folder_is_refused_and_the_first_is_as_if_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    alone = train(TINY, tmp_path / "alone", progress=False)
    reached, go_on = threading.Event(), threading.Event()

    def wait(state: State) -> None:
        if len(state.metrics) == 3:
            reached.set()
            assert go_on.wait(120)

    run = Path("run")
    first = threading.Thread(target=train, args=(TINY, run, False, False, False, wait))
    first.start()
    assert reached.wait(120)
    assert (run / CHECKPOINT).exists()
    before = bytes_of(run)
    told = f"the run folder run is in use by another tpdebug (process {os.getpid()}); wait until it is done, or"
    for config, resume, overwrite in (
        (TINY, True, False),
        (TINY, False, True),
        (dataclasses.replace(TINY, seed=7), False, True),
    ):
        with pytest.raises(BadFile, match=r"is in use") as refused:
            train(config, run, resume=resume, progress=False, overwrite=overwrite)
        assert str(refused.value).startswith(told)
    assert main(["train", "--resume", "--run-folder", "run", "-o", "m.py"]) == 2
    line = capsys.readouterr().err
    assert (line.count("\n"), told in line) == (1, True)
    assert main(["emit", "run", "-o", "m.py"]) == 0  # reading it goes on meanwhile
    assert bytes_of(run) == before
    go_on.set()
    first.join()
    assert bytes_of(run) == bytes_of(tmp_path / "alone")
    assert train(TINY, run, progress=False, resume=True).program == alone.program
    assert not (run / LOCK).exists()
