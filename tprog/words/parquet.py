"""One column of text from a Parquet file, as pandas and pyarrow write it: a word list needs no package of 50 MB.

What is read: flat columns of text, plain or with a dictionary, in data pages of version 1, uncompressed or by Snappy.
Anything else is refused by name. Sources: the specification of Apache Parquet (parquet-format: ``parquet.thrift``,
``Encodings.md``), that of Thrift's compact protocol, and Snappy's ``format_description.txt``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from tprog.errors import BadFile

_MAGIC = b"PAR1"

LARGEST_PAGE = 64 * 2**20
"""Bytes of a page when it is decompressed."""

MOST_ROWS = 10_000_000

_TEXT = 6  # the physical type BYTE_ARRAY
_CODECS = {0: "none", 1: "Snappy"}
_PLAIN, _DICTIONARIES = 0, (2, 8)


def read_text_column(where: str, data: bytes, name: str) -> list[str]:
    """The texts of a column, in the order of the rows.

    Args:
        where: the file, for messages.
        name: of the column.

    Raises:
        BadFile: it is no such file, or has no such column.
    """
    try:
        return _column(where, data, name)
    except (IndexError, KeyError, struct.error, UnicodeDecodeError, OverflowError, TypeError, StopIteration):
        raise BadFile(f"{where} is damaged; expected a Parquet file with a column of text {name!r}") from None


def _column(where: str, data: bytes, name: str) -> list[str]:
    if data[:4] != _MAGIC or data[-4:] != _MAGIC or len(data) < 12:
        raise BadFile(f"{where} is no Parquet file; expected one with a column of text {name!r}")
    (length,) = struct.unpack("<I", data[-8:-4])
    footer = _Thrift(data[-8 - length : -8]).record()
    optional = {element[4]: element.get(3, 0) for element in footer[2][1:]}
    if name.encode() not in optional:
        raise BadFile(f"{where} has no column {name!r}")
    found: list[str] = []
    for group in footer[4]:
        chunk = next(column[3] for column in group[1] if column[3][3] == [name.encode()])
        if chunk[1] != _TEXT or chunk[4] not in _CODECS:
            raise BadFile(
                f"{where}: the column {name!r} is no text, or not compressed by {' or '.join(_CODECS.values())}"
            )
        found += _chunk(where, data, chunk, nullable=optional[name.encode()] == 1)
    return found


def _chunk(where: str, data: bytes, chunk: Mapping[int, Any], nullable: bool) -> list[str]:
    at = min(chunk[9], chunk.get(11) or chunk[9])
    end, wanted = at + chunk[7], chunk[5]
    if wanted > MOST_ROWS:
        raise BadFile(f"{where} has {wanted:,} rows; expected at most {MOST_ROWS:,}")
    dictionary: list[str] = []
    found: list[str] = []
    while len(found) < wanted and 0 <= at < end:
        reader = _Thrift(data, at)
        header = reader.record()
        at = reader.at + header[3]
        page = data[reader.at : at]
        if header[2] > LARGEST_PAGE:
            raise BadFile(f"{where}: a page has {header[2]:,} bytes; expected at most {LARGEST_PAGE:,}")
        body = unsnapped(page, header[2]) if chunk[4] == 1 else page
        match header[1]:
            case 2:
                dictionary = _plain(body, 0, header[7][1])
            case 0:
                if not 0 <= header[5][1] <= wanted - len(found):
                    raise IndexError
                found += _page(where, body, header[5], dictionary, nullable)
            case _:
                raise BadFile(f"{where}: its pages are of another kind; expected data pages of version 1")
    if len(found) != wanted:
        raise IndexError
    return found


def _page(where: str, body: bytes, header: Mapping[int, Any], dictionary: list[str], nullable: bool) -> list[str]:
    count, at = header[1], 0
    if nullable:
        (size,) = struct.unpack_from("<I", body)
        at = 4 + size
        if _hybrid(body[4:at], 1, count) != [1] * count:
            raise BadFile(f"{where}: a row is empty; expected text in each")
    if header[2] in _DICTIONARIES:
        return [dictionary[code] for code in _hybrid(body[at + 1 :], body[at], count)]
    if header[2] != _PLAIN:
        raise BadFile(f"{where}: text in the encoding {header[2]}; expected plain, or with a dictionary")
    return _plain(body, at, count)


def _plain(body: bytes, at: int, count: int) -> list[str]:
    """Texts, each behind its length."""
    found = []
    for _ in range(count):
        (size,) = struct.unpack_from("<I", body, at)
        if at + 4 + size > len(body):
            raise IndexError
        found.append(body[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return found


def _hybrid(body: bytes, width: int, count: int) -> list[int]:
    """Whole numbers of `width` bits, as runs of one and as packed groups of eight."""
    reader, found = _Thrift(body), list[int]()
    size = (width + 7) // 8
    while len(found) < count:
        head = reader.varint()
        if head & 1:
            packed = int.from_bytes(reader.take((head >> 1) * width), "little")
            mask = (1 << width) - 1
            for _ in range(min((head >> 1) * 8, count - len(found))):
                found.append(packed & mask)
                packed >>= width
        else:
            value = int.from_bytes(reader.take(size), "little")
            found += [value] * min(head >> 1, count - len(found))
    return found


def unsnapped(page: bytes, most: int) -> bytes:
    """What Snappy has compressed, of at most `most` bytes.

    Raises:
        IndexError: it is damaged, or larger.
    """
    reader = _Thrift(page)
    size = reader.varint()
    if size > most:
        raise IndexError
    found = bytearray()
    while reader.at < len(page):
        tag = reader.byte()
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                length = int.from_bytes(reader.take(length - 59), "little")
            found += reader.take(length + 1)
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | reader.byte()
        else:
            length, offset = (tag >> 2) + 1, int.from_bytes(reader.take(2 if tag & 3 == 2 else 4), "little")
        if not 0 < offset <= len(found) or len(found) + length > size:
            raise IndexError
        start = len(found) - offset
        piece = bytes(found[start : start + length])
        found += (piece * (length // len(piece) + 1))[:length]  # what is copied may overlap what it makes
    if len(found) != size:
        raise IndexError
    return bytes(found)


class _Thrift:
    """Records of Thrift's compact protocol, as field number -> value; names are left out of it."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) != count:
            raise IndexError
        self.at += count
        return piece

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise IndexError

    def signed(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def record(self, depth: int = 0) -> dict[int, Any]:
        """A record, from its first field to the stop behind its last."""
        if depth > 20:
            raise IndexError
        fields: dict[int, Any] = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.signed()
            fields[number] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self.byte()
            case 4 | 5 | 6:
                return self.signed()
            case 7:
                return struct.unpack("<d", self.take(8))[0]
            case 8:
                return self.take(self.varint())
            case 9 | 10:
                head = self.byte()
                count = head >> 4 if head >> 4 < 15 else self.varint()
                return [self._element(head & 15, depth) for _ in range(min(count, len(self.data)))]
            case 12:
                return self.record(depth + 1)
        raise IndexError

    def _element(self, kind: int, depth: int) -> Any:
        return self.byte() == 1 if kind in (1, 2) else self._value(kind, depth)
