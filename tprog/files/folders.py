"""A folder of files that is written whole or not at all: filled beside its place, and put there by one rename."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tprog.errors import BadFile
from tprog.files import reason, write_atomic
from tprog.files.half_written import PREFIX, SUFFIX
from tprog.files.lock import take

_NAME = re.compile(r"\.tpdebug-[a-z0-9_]{8}\.part")


def check_folder(path: Path, ours: Callable[[Path], bool], what: str, *, force: bool = False) -> None:
    """Refuse, before a long piece of work, a folder that `write_folder` would refuse after it.

    Args:
        ours: whether a folder that is there is one of those that this writes, which `force` may replace.
        what: such a folder, for the message.

    Raises:
        BadFile: something is there that is not to be replaced, or nothing can be written there.
    """
    target = _target(path)
    if not target.parent.is_dir():
        raise BadFile(f"cannot write {path}: there is no folder {target.parent}; make it first")
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise BadFile(f"{path} is no folder; {what} is written as a new folder: give another name")
    if any(target.iterdir()) and not (force and ours(target)):
        advice = "use --force to replace it, or another name" if ours(target) else "give another name"
        raise BadFile(f"the folder {path} exists; {what} is written as a new folder: {advice}")


def write_folder(
    path: Path, files: Mapping[str, str | bytes], ours: Callable[[Path], bool], what: str, *, force: bool = False
) -> None:
    """Write a folder of files, or leave everything as it was.

    Args:
        files: name -> what is in it.
        ours, what, force: as of `check_folder`.

    Raises:
        BadFile: as `check_folder`; or it cannot be written, and then nothing of it is left.
    """
    check_folder(path, ours, what, force=force)
    target = _target(path)
    remove_half_written_folders(target.parent)
    try:
        with _half_written(target.parent) as made:
            for name, content in files.items():
                write_atomic(made / name, content, force=True)
            _put(made, target)
    except OSError as error:
        raise BadFile(f"cannot write {path}: {reason(error)}; nothing was changed") from None
    except BadFile as error:
        raise BadFile(f"cannot write {path}: {_only_reason(str(error))}; nothing was changed") from None


def _target(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _put(made: Path, target: Path) -> None:
    """One rename; where a folder is replaced, that is moved aside first, and comes back should the second fail."""
    os.chmod(made, 0o777 & ~_mask())
    if not os.path.lexists(target):
        os.replace(made, target)
        return
    with _half_written(target.parent) as aside:
        os.replace(target, aside / "old")
        try:
            os.replace(made, target)
        except OSError:
            os.replace(aside / "old", target)
            raise


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _only_reason(message: str) -> str:
    """Why a file of the folder could not be written, without the name that it had for a moment."""
    return message.partition(": ")[2].removesuffix("; nothing was changed") or message


@contextmanager
def _half_written(folder: Path) -> Iterator[Path]:
    """A new folder, removed at the end if it is still there; locked while its writer lives."""
    name = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=folder))
    handle = os.open(name, os.O_RDONLY)
    try:
        take(handle)
        yield name
    finally:
        os.close(handle)
        shutil.rmtree(name, ignore_errors=True)


def remove_half_written_folders(folder: Path) -> None:
    """Remove what processes of this user that were killed while they wrote a folder have left beside it."""
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if _NAME.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove(folder / name)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir() or (hasattr(os, "geteuid") and path.stat().st_uid != os.geteuid()):
        return
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        if take(handle):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(handle)
