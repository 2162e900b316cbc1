"""How wide a text is: what a picture needs to know before anybody has drawn it.

A picture is drawn where it is looked at, in whichever font is there, so it is laid out for the widest of the common
ones: DejaVu Sans, all that many Linux systems have, and beside it Verdana, whose letters are about as wide.
"""

from __future__ import annotations

import unicodedata

EM = 2048
"""Units of the tables in one font size."""

FAMILY = "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', Geneva, sans-serif"
"""The fonts of a picture, those first for which it is laid out."""

# The advance widths of the characters 32 to 126 in DejaVu Sans and DejaVu Sans Bold 2.37 (their table `hmtx`). The
# fonts may be copied and studied freely: https://dejavu-fonts.github.io/License.html
# fmt: off
_REGULAR = (
    651, 821, 942, 1716, 1303, 1946, 1597, 563, 799, 799, 1024, 1716, 651, 739, 651, 690, 1303, 1303, 1303,
    1303, 1303, 1303, 1303, 1303, 1303, 1303, 690, 690, 1716, 1716, 1716, 1087, 2048, 1401, 1405, 1430, 1577, 1294,
    1178, 1587, 1540, 604, 604, 1343, 1141, 1767, 1532, 1612, 1235, 1612, 1423, 1300, 1251, 1499, 1401, 2025, 1403,
    1251, 1403, 799, 690, 799, 1716, 1024, 1024, 1255, 1300, 1126, 1300, 1260, 721, 1300, 1298, 569, 569, 1186,
    569, 1995, 1298, 1253, 1300, 1300, 842, 1067, 803, 1298, 1212, 1675, 1212, 1212, 1075, 1303, 690, 1303, 1716,
)
_BOLD = (
    713, 934, 1067, 1716, 1425, 2052, 1786, 627, 936, 936, 1071, 1716, 778, 850, 778, 748, 1425, 1425, 1425,
    1425, 1425, 1425, 1425, 1425, 1425, 1425, 819, 819, 1716, 1716, 1716, 1188, 2048, 1585, 1561, 1503, 1700, 1399,
    1399, 1681, 1714, 762, 762, 1587, 1305, 2038, 1714, 1741, 1501, 1741, 1577, 1475, 1397, 1663, 1585, 2259, 1579,
    1483, 1485, 936, 748, 936, 1716, 1024, 1024, 1382, 1466, 1214, 1466, 1389, 891, 1466, 1458, 702, 702, 1362,
    702, 2134, 1458, 1407, 1466, 1466, 1010, 1219, 979, 1458, 1335, 1892, 1321, 1335, 1192, 1458, 748, 1458, 1716,
)
# fmt: on

_WIDE = EM
"""An ideograph."""

_OTHER = 2867
"""Any other letter or sign: 1.4 font sizes, more than the widest of the alphabets that DejaVu Sans has."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text on one line, in the unit of the font size `size`; an upper bound beyond `is_measured`."""
    return sum(_units(character, bold) for character in text) * size / EM


def is_measured(text: str) -> bool:
    """Whether the width of a text is known, and not only bounded."""
    return all(_base(character) is not None for character in text)


def _units(character: str, bold: bool) -> int:
    base = _base(character)
    if base is not None:
        return (_BOLD if bold else _REGULAR)[ord(base) - 32]
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER


def _base(character: str) -> str | None:
    """The character of the tables that is as wide: a letter without its accent."""
    if " " <= character <= "~":
        return character
    plain = unicodedata.normalize("NFD", character)
    return plain[0] if len(plain) > 1 and " " <= plain[0] <= "~" else None
