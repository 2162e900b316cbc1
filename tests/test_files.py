"""Files: whole or untouched, and never somebody else's."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tprog import files
from tprog.errors import BadFile
from tprog.files import check_target, read_text, write_atomic
from tprog.files.half_written import half_written

OURS = '"""A module, written by tpdebug."""\n'


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Writing ##############################################################################################################


def test_text_and_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.py", "é\r\n\n")
    write_atomic(str(tmp_path / "b.bin"), b"\0\xff")
    assert (tmp_path / "a.py").read_bytes() == b"\xc3\xa9\r\n\n"
    assert (tmp_path / "b.bin").read_bytes() == b"\0\xff"
    assert _names(tmp_path) == ["a.py", "b.bin"]


@pytest.mark.parametrize(
    "begin",
    [
        OURS,
        "<svg><!-- written by tpdebug 0.1.0 --></svg>",
        '{"tool": "tpdebug 0.1.0"}',
        '{"schema":"tpdebug/verify/1"}',
        "",
    ],
)
def test_a_file_of_ours_is_overwritten(tmp_path: Path, begin: str) -> None:
    path = tmp_path / "out"
    path.write_text(begin)
    write_atomic(path, "new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("begin", ["my notes about tpdebug", "x" * 5000 + OURS])
def test_a_file_of_somebody_else_is_overwritten_only_by_force(tmp_path: Path, begin: str) -> None:
    path = tmp_path / "notes.md"
    path.write_text(begin)
    with pytest.raises(BadFile, match=r"notes.md exists and was not written by tpdebug; use --force"):
        write_atomic(path, OURS)
    assert path.read_text() == begin
    write_atomic(path, OURS, force=True)
    assert path.read_text() == OURS


def test_a_link_stays_a_link_and_its_target_keeps_its_permissions(tmp_path: Path) -> None:
    target, link = tmp_path / "real.py", tmp_path / "link.py"
    target.write_text(OURS)
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomic(link, OURS + "x = 1\n")
    assert link.is_symlink()
    assert target.read_text().endswith("x = 1\n")
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_atomic(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("missing/out.py", r"cannot write .*out.py: there is no folder .*missing; make it first"),
        ("file.txt/out.py", r"cannot write .*out.py: not a directory"),
        (".", "cannot write .*: it is a folder; name a file in it"),
        ("n" * 300, "cannot write n*.*: the name is too long"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "file.txt").write_text(OURS)
    with pytest.raises(BadFile, match=message):
        write_atomic(tmp_path / place, "text")
    assert _names(tmp_path) == ["file.txt"]


def test_a_path_can_be_checked_before_a_long_piece_of_work(tmp_path: Path) -> None:
    path = tmp_path / "out.py"
    check_target(path)
    path.write_text("somebody else's")
    check_target(path, force=True)
    with pytest.raises(BadFile, match="was not written by tpdebug"):
        check_target(path)
    assert _names(tmp_path) == ["out.py"]


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(BadFile, match="it is a device or a pipe"):
        write_atomic(os.devnull, "text", force=True)


def _fails(code: int) -> Callable[..., None]:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("call", "code", "reason"),
    [
        ("fsync", errno.ENOSPC, "no space is left on the device"),
        ("fsync", errno.EDQUOT, "the disk quota is used up"),
        ("fsync", errno.EIO, "input/output error"),
        ("replace", errno.EACCES, "permission denied"),
        ("chmod", errno.EPERM, "permission denied"),
    ],
)
def test_when_writing_fails_the_old_file_is_whole_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, reason: str
) -> None:
    path = tmp_path / "program.py"
    path.write_text(OURS)
    monkeypatch.setattr(os, call, _fails(code))
    with pytest.raises(BadFile, match=f"cannot write .*program.py: {reason}; nothing was changed"):
        write_atomic(path, "new")
    assert path.read_text() == OURS
    assert _names(tmp_path) == ["program.py"]


def test_a_folder_or_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "program.py"
    monkeypatch.setattr(tempfile, "mkstemp", _fails(errno.EROFS))
    with pytest.raises(BadFile, match=r"program.py: the file system is read-only"):
        write_atomic(path, "new")
    path.write_text(OURS)
    # Root, as which tests may run, is stopped by no permission.
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    with pytest.raises(BadFile, match=r"program.py: permission denied"):
        write_atomic(path, "new", force=True)
    assert path.read_text() == OURS


def test_a_file_that_cannot_be_looked_at_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "program.py"
    path.write_text(OURS)
    monkeypatch.setattr(os, "open", _fails(errno.EACCES))
    with pytest.raises(BadFile, match=r"cannot see whether tpdebug wrote .*program.py: permission denied; use --force"):
        write_atomic(path, "new")


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """A real limit of the operating system, in a process of its own."""
    path = tmp_path / "program.py"
    path.write_text(OURS)
    script = (
        "import resource, signal, sys\n"
        "from tprog.errors import BadFile\n"
        "from tprog.files import write_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    write_atomic(sys.argv[1], 'x' * 5000)\n"
        "except BadFile as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot write {path}: it is larger than a file may be here; nothing was changed\n"
    assert path.read_text() == OURS
    assert _names(tmp_path) == ["program.py"]


def test_ctrl_c_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "program.py", "new")
    assert _names(tmp_path) == []


def _killed_while_writing(path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from tprog.files import write_atomic\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomic(sys.argv[1], 'half')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_writer_left_goes_at_the_next_write_beside_it(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(OURS)
    _killed_while_writing(tmp_path / "program.py")
    assert (tmp_path / "program.py").read_text() == OURS
    assert [name.endswith(".part") for name in _names(tmp_path)] == [True, False]
    write_atomic(tmp_path / "third.py", "new")
    assert _names(tmp_path) == ["program.py", "third.py"]


def test_what_another_writer_is_writing_stays(tmp_path: Path) -> None:
    with half_written(tmp_path) as (handle, path):
        os.write(handle, b"begun")
        write_atomic(tmp_path / "program.py", OURS)
        assert path.read_bytes() == b"begun"
        os.replace(path, tmp_path / "other.py")
    assert _names(tmp_path) == ["other.py", "program.py"]


def test_what_is_not_exactly_ours_stays(tmp_path: Path) -> None:
    for name in ("program.py.part", ".program.py.part", ".tpdebug-.part", ".tpdebug-abcdefgh.part.txt"):
        (tmp_path / name).write_text("somebody's")
    (tmp_path / ".tpdebug-folder00.part").mkdir()
    (tmp_path / ".tpdebug-link0000.part").symlink_to("program.py.part")
    os.link(tmp_path / "program.py.part", tmp_path / ".tpdebug-hardlink.part")
    os.mkfifo(tmp_path / ".tpdebug-pipe0000.part")
    before = _names(tmp_path)
    write_atomic(tmp_path / "a.py", OURS)
    assert _names(tmp_path) == sorted([*before, "a.py"])


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_files_are_written_and_nothing_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    (tmp_path / ".tpdebug-abcdefgh.part").write_text("perhaps being written")
    monkeypatch.setattr(fcntl, "flock", _fails(code))
    write_atomic(tmp_path / "a.py", OURS)
    assert _names(tmp_path) == [".tpdebug-abcdefgh.part", "a.py"]


def test_a_file_that_is_swept_before_its_writer_has_locked_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = tempfile.mkstemp, []

    def swept(prefix: str, suffix: str, dir: Path) -> tuple[int, str]:
        handle, name = make(suffix, prefix, dir)
        made.append(name)
        if len(made) == 1:
            os.unlink(name)
        return handle, name

    monkeypatch.setattr(tempfile, "mkstemp", swept)
    write_atomic(tmp_path / "a.py", OURS)
    assert len(made) == 2
    assert _names(tmp_path) == ["a.py"]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    name = "\N{GRINNING FACE}" * 63  # 252 bytes
    write_atomic(tmp_path / name, OURS)
    assert _names(tmp_path) == [name]
    with pytest.raises(BadFile, match="the name is too long"):
        write_atomic(tmp_path / ("a" * 256), OURS)


def test_a_text_with_a_file_name_that_is_no_utf_8_can_be_written(tmp_path: Path) -> None:
    write_atomic(tmp_path / os.fsdecode(b"caf\xe9.json"), '{"tool": "tpdebug", "program": "caf\udce9.py"}')
    written = os.fsencode(tmp_path) + b"/caf\xe9.json"
    with open(written, encoding="utf-8") as file:
        assert json.load(file)["program"] == "caf\udce9.py"


# Reading ##############################################################################################################


def test_text_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes("x = 'é'\r\n".encode())
    assert read_text(path) == read_text(str(path)) == "x = 'é'\r\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"a.py is empty; expected a module"),
        (b" \n\t\n", r"a.py is empty; expected a module"),
        (b"ab\0cd", r"a.py is a binary file \(it has a zero at byte 2\); expected a module"),
        (b"caf\xe9", r"a.py is not UTF-8 text \(byte 3 is 0xe9\); expected a module"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=message):
        read_text(path, "a module")


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadFile, match=r"there is no file .*a.py; expected a text file"):
        read_text(tmp_path / "a.py")
    with pytest.raises(BadFile, match="is a folder; expected a text file"):
        read_text(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(BadFile, match=r"cannot read .*b.py: not a directory"):
        read_text(tmp_path / "a.py" / "b.py")
    with pytest.raises(BadFile, match=r"a.py is larger than 5 bytes"):
        read_text(tmp_path / "a.py", largest=5)
    with open(tmp_path / "sparse.py", "wb") as file:
        file.truncate(2**40)
    with pytest.raises(BadFile, match=r"sparse.py is larger than 64 MiB"):
        read_text(tmp_path / "sparse.py")
    with pytest.raises(BadFile, match="no name holds a zero"):
        read_text("a\0b.py")
    monkeypatch.setattr(os, "open", _fails(errno.EACCES))
    with pytest.raises(BadFile, match=r"cannot read .*a.py: permission denied"):
        read_text(tmp_path / "a.py")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(BadFile, match="is a pipe, which may never end"):
        read_text(tmp_path / "pipe.py")


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/tty", "/dev/null", "/proc/kmsg", "/proc/self/mem"])
def test_what_a_link_leads_to_is_no_file_only_because_the_link_is_called_so(tmp_path: Path, target: str) -> None:
    if not os.path.exists(target):
        pytest.skip(f"no {target} here")
    (tmp_path / "program.py").symlink_to(target)
    with pytest.raises(BadFile, match=r"program.py is (a device or a socket|empty); expected"):
        read_text(tmp_path / "program.py")


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the whole path of a socket must be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("program.py")
        with pytest.raises(BadFile, match="a device or a socket"):
            read_text("program.py")


def test_a_pipe_of_the_shell_is_read_to_its_end_and_not_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LONGEST_WAIT", 0)
    out, into = os.pipe()
    try:
        with pytest.raises(BadFile, match="nothing came for 0 s"):
            read_text(f"/dev/fd/{out}")
        os.write(into, b"x = 1\n")
    finally:
        os.close(into)
    assert read_text(f"/dev/fd/{out}") == "x = 1\n"
    os.close(out)


def test_a_file_that_grows_while_it_is_read_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("x")
    monkeypatch.setattr(os, "read", lambda descriptor, count: b"x" * count)
    with pytest.raises(BadFile, match="larger than 2 MiB"):
        read_text(tmp_path / "a.py", largest=2**21)


def test_a_byte_order_mark_is_no_part_of_the_text_and_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.py"
    path.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert read_text(path) == "x = 1\n"
    path.write_text("x = 1\n", encoding="utf-16")
    with pytest.raises(BadFile, match="is UTF-16 text"):
        read_text(path)
