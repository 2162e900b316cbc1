"""SVG -> PNG and PDF, without any system package.

PNG is drawn by resvg, a library in Rust whose wheel needs nothing else; PDF by svglib and ReportLab, which are Python.
Neither asks the system for a font: ReportLab brings Bitstream Vera, whose letters are those of DejaVu Sans, for which
pictures are laid out. What Vera has no letter for is drawn by a font of the system in PNG, and spelled out in PDF.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tprog.errors import TpdebugError
from tprog.version import VERSION

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont

INCH = 72
"""Points, the unit of our pictures."""

DPI = 300
"""Pixels an inch of a picture that is printed as large as it is."""

LARGEST = 8000
"""Pixels of the longer side of a PNG; a larger picture has fewer an inch."""

_MARK = f"written by tpdebug {VERSION}"
_SIZE = re.compile(r'<svg[^>]*? width="([0-9.]+)(?:pt)?"[^>]*? height="([0-9.]+)(?:pt)?"')
_UNIT = re.compile(r'(<svg[^>]*? width="[0-9.]+)(?:pt)?("[^>]*? height="[0-9.]+)(?:pt)?"')
_FITTED = re.compile(r' textLength="[^"]*"| lengthAdjust="[^"]*"')
_TEXT = re.compile(r"(<text\b[^>]*>)([^<]*)")


class NoDrawing(TpdebugError):
    """A library that draws is not installed."""


def png(svg: str) -> bytes:
    """A picture in PNG, 300 pixels an inch.

    Raises:
        NoDrawing: the libraries are not installed.
    """
    folder = check_installed(".png")
    import resvg_py

    wide, high = size(svg)
    zoom = min(DPI / INCH, LARGEST / max(wide, high))
    drawn = resvg_py.svg_to_bytes(
        svg_string=_UNIT.sub(r'\1px\2px"', svg),
        zoom=zoom,
        dpi=float(INCH),
        font_files=[str(folder / name) for name in ("Vera.ttf", "VeraBd.ttf")],
        sans_serif_family="Bitstream Vera Sans",
    )
    return _marked_png(bytes(drawn))


def pdf(svg: str) -> bytes:
    """A picture in PDF, one page of its size; its text is text, in fonts that the file holds.

    Raises:
        NoDrawing: the libraries are not installed.
    """
    folder = check_installed(".pdf")
    from reportlab import rl_config
    from reportlab.graphics import renderPDF
    from svglib.svglib import svg2rlg

    rl_config.invariant = 1  # no time of day in the file
    _register(folder)
    drawing = svg2rlg(io.BytesIO(_TEXT.sub(_drawable, _FITTED.sub("", _UNIT.sub(r'\1pt\2pt"', svg))).encode()))
    return _marked_pdf(renderPDF.drawToString(drawing))


def size(svg: str) -> tuple[float, float]:
    """The width and height of a picture in points."""
    found = _SIZE.search(svg)
    assert found is not None, "our pictures say how large they are"
    return float(found[1]), float(found[2])


# Fonts ################################################################################################################


def check_installed(ending: str) -> Path:
    """The folder of the fonts that ReportLab brings, where all that draws is there.

    Raises:
        NoDrawing: something is not.
    """
    try:
        import reportlab

        for needed in ("resvg_py", "svglib"):
            import_module(needed)
    except ImportError as error:
        raise NoDrawing(
            f"a {ending} needs {error.name}; expected it installed: pip install 'tpdebug[figures]', or write .svg"
        ) from None
    return Path(reportlab.__file__).parent / "fonts"


@cache
def _register(folder: Path) -> TTFont:
    """Make svglib take Vera for the first font of our pictures."""
    from reportlab.pdfbase import pdfmetrics
    from svglib.svglib import register_font

    for weight, name in (("normal", "Vera.ttf"), ("bold", "VeraBd.ttf")):
        register_font("DejaVu Sans", str(folder / name), weight=weight)
    return pdfmetrics.getFont("DejaVu Sans")


def _drawable(found: re.Match[str]) -> str:
    """A text of letters that the font has; others as Python spells them."""
    font: Any = _register(check_installed(".pdf"))
    known = font.face.charToGlyph
    return found[1] + "".join(
        letter if ord(letter) in known else letter.encode("ascii", "backslashreplace").decode() for letter in found[2]
    )


# Marks ################################################################################################################


def _marked_png(data: bytes) -> bytes:
    """The same with a comment behind its header (PNG specification, 11.3.4.3), by which tpdebug knows its own files."""
    head = 8 + 25  # the signature and the chunk IHDR
    text = b"tEXtSoftware\0" + _MARK.encode("latin-1")
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    return data[:head] + chunk + data[head:]


def _marked_pdf(data: bytes) -> bytes:
    """The same with our mark in the comment of its second line, which stays as long, so that all offsets hold."""
    first, second, rest = data.split(b"\n", 2)
    mark = b"%\x93\x8c\x8b\x9e " + _MARK.encode("latin-1")
    assert len(mark) <= len(second), "ReportLab writes a comment of 57 bytes"
    return b"\n".join((first, mark.ljust(len(second)), rest))
