"""Members of an archive that anybody may have made: a wheel, a source distribution, or a folder of the same files.

Nothing is unpacked and nothing of it runs. A member is asked for by its exact name, must be a plain file that is there
once, and is read up to a stated size, whatever the archive says of it.
"""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path

from tprog.errors import BadFile
from tprog.files import read_bytes

LARGEST_ARCHIVE = 128 * 2**20
"""Bytes of an archive, and of what a source distribution holds when it is decompressed."""

MOST_MEMBERS = 50_000

_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, NotImplementedError)


class Archive(ABC):
    """Files by their names, in the order of their names."""

    def __init__(self, where: str) -> None:
        self.where = where

    @abstractmethod
    def under(self, folder: str) -> list[str]:
        """The names of all members below a folder, in order."""

    @abstractmethod
    def member(self, name: str, largest: int, what: str) -> bytes:
        """The bytes of a member.

        Args:
            largest: bytes beyond which it is refused.
            what: what was expected, for the message.

        Raises:
            BadFile: it is not there, there twice, no plain file, damaged or too large.
        """


class _Packed(Archive):
    """An archive in one file, whose members have been counted."""

    def __init__(self, where: str, names: list[str]) -> None:
        super().__init__(where)
        if len(names) > MOST_MEMBERS:
            raise BadFile(f"{where} holds {len(names):,} files; expected at most {MOST_MEMBERS:,}")
        self._counted = Counter(names)

    def under(self, folder: str) -> list[str]:
        return sorted(name for name in self._counted if name.startswith(f"{folder}/"))

    def member(self, name: str, largest: int, what: str) -> bytes:
        if not self._counted[name]:
            raise BadFile(f"{self.where} has no file {name}; expected {what}")
        if self._counted[name] > 1:
            raise BadFile(f"{self.where} has {self._counted[name]} files {name}; expected one")
        try:
            data = self._read(name, largest + 1)
        except _DAMAGE as error:
            raise BadFile(f"{self.where}: {name} cannot be read ({_first(error)}); expected {what}") from None
        if data is None:
            raise BadFile(f"{self.where}: {name} is no plain file; expected {what}")
        if len(data) > largest:
            raise BadFile(f"{self.where}: {name} is larger than {largest:,} bytes; expected {what}")
        return data

    @abstractmethod
    def _read(self, name: str, most: int) -> bytes | None:
        """At most so many bytes of a member that is there; None if it is no plain file."""


class _Zip(_Packed):
    def __init__(self, where: str, data: bytes) -> None:
        self._file = zipfile.ZipFile(io.BytesIO(data))
        super().__init__(where, [info.filename for info in self._file.infolist() if not info.is_dir()])

    def _read(self, name: str, most: int) -> bytes | None:
        info = self._file.getinfo(name)
        kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was made on a system without kinds
        plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not info.flag_bits & 1
        if kind not in (0, stat.S_IFREG) or not plain:
            return None
        with self._file.open(info) as file:
            return file.read(most)


class _Tar(_Packed):
    def __init__(self, where: str, data: bytes) -> None:
        self._file = tarfile.TarFile(fileobj=io.BytesIO(data))
        members = []
        while (member := self._file.next()) is not None:
            members.append(member)
            if len(members) > MOST_MEMBERS:
                break
        self._members = {member.name: member for member in members}
        super().__init__(where, [member.name for member in members if not member.isdir()])

    def _read(self, name: str, most: int) -> bytes | None:
        member = self._members[name]
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            return None
        file = self._file.extractfile(member)
        return None if file is None else file.read(most)


class _Folder(Archive):
    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(str(path))

    def member(self, name: str, largest: int, what: str) -> bytes:
        return read_bytes(self._path / name, what, largest=largest)

    def under(self, folder: str) -> list[str]:
        found = []
        for file in (self._path / folder).rglob("*"):
            if file.is_file():
                found.append(file.relative_to(self._path).as_posix())
                if len(found) > MOST_MEMBERS:
                    raise BadFile(f"{self._path / folder} holds more than {MOST_MEMBERS:,} files")
        return sorted(found)


def open_archive(path: Path, what: str) -> Archive:
    """A folder, a wheel (or ``.zip``), or a source distribution (``.tar.gz``) as an archive.

    Args:
        what: what was expected, for messages.

    Raises:
        BadFile: it cannot be read, or is no archive.
    """
    if path.is_dir():
        return _Folder(path)
    return archive_of(str(path), read_bytes(path, what, largest=LARGEST_ARCHIVE), what)


def archive_of(where: str, data: bytes, what: str) -> Archive:
    """An archive from its bytes; as `open_archive`."""
    try:
        if data.startswith(b"\x1f\x8b"):
            return _Tar(where, _decompressed(data, where, what))
        return _Zip(where, data)
    except _DAMAGE as error:
        raise BadFile(f"{where} is no archive that can be read ({_first(error)}); expected {what}") from None


def _decompressed(data: bytes, where: str, what: str) -> bytes:
    """What gzip holds, up to `LARGEST_ARCHIVE`: a few bytes can stand for very many."""
    worker = zlib.decompressobj(wbits=31)  # with the header of gzip
    found = worker.decompress(data, LARGEST_ARCHIVE + 1)
    if len(found) > LARGEST_ARCHIVE:
        raise BadFile(f"{where} decompresses to more than {LARGEST_ARCHIVE // 2**20} MiB; expected {what}")
    if not worker.eof:
        raise EOFError("it ends too early")
    return found


def _first(error: BaseException) -> str:
    """What an error says, in one short line."""
    return " ".join((str(error) or type(error).__name__).split())[:80]
