"""DOT -> SVG, with no system package: a `dot` on the PATH if there is one, else the one that a dependency brings.

graphviz-pure is a wheel with a single program in it, which takes the options of `dot`. It is under the Eclipse Public
Licence and runs as a separate program.
"""

from __future__ import annotations

import html
import importlib.metadata
import re
import shutil
import subprocess
from pathlib import Path

from analyze.render.metrics import FAMILY, is_measured, width
from tprog.errors import TpdebugError
from tprog.escape import html_text
from tprog.version import VERSION

TIMEOUT = 120.0
"""Seconds after which a layout is given up; a program of 36 nodes takes about a tenth of a second."""

FALLBACK = "graphviz-pure"
"""The distribution, and the program in it, that lays out graphs where there is no `dot`."""

_HEAD = re.compile(r"\A.*?(?=<svg\b)", re.DOTALL)
_COMMENTS = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_SVG = re.compile(r'<svg width="(?P<width>\d+)pt" height="(?P<height>\d+)pt"')
_TITLE = re.compile(r"(<g id=\"graph0\"[^>]*>\n)<title>[^<]*</title>\n")


_TEXT = re.compile(r"<text (?P<look>[^>]*)>(?P<text>[^<]*)</text>")
_SIZE = re.compile(r'font-size="([0-9.]+)"')
_FONT = re.compile(r'font-family="[^"]*"')


class NoRenderer(TpdebugError):
    """No program that lays out graphs was found, or it failed."""


def svg(dot: str, title: str, description: str) -> str:
    """A graph as SVG text.

    The text depends on the arguments and on the renderer alone; it names no file and no machine.

    Args:
        dot: the graph in DOT.
        title: the picture's name, for screen readers and as the page's title.
        description: what it shows, in a sentence or two.

    Raises:
        NoRenderer: there is no renderer, or it refuses the graph or takes too long.
    """
    command = _renderer()
    try:
        done = subprocess.run(
            [command, "-Tsvg"],
            input=dot,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # a file name that is no UTF-8
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoRenderer(
            f"{Path(command).name} took more than {TIMEOUT:g} s; write the graph as .dot instead"
        ) from None
    except OSError as error:
        raise NoRenderer(
            f"{Path(command).name} cannot run: {error.strerror}; write the graph as .dot instead"
        ) from None
    if done.returncode != 0 or "<svg" not in done.stdout:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoRenderer(f"{Path(command).name} failed with exit code {done.returncode}: {last}")
    return _finished(done.stdout, title, description)


def _finished(drawn: str, title: str, description: str) -> str:
    """The renderer's SVG with our mark and a title, without its own version."""
    body = _COMMENTS.sub("", _HEAD.sub("", drawn))
    body = _SVG.sub(
        r'<svg width="\g<width>pt" height="\g<height>pt" role="img" aria-labelledby="tp-title tp-desc"', body, count=1
    )
    names = f'<title id="tp-title">{html_text(title)}</title>\n<desc id="tp-desc">{html_text(description)}</desc>\n'
    body = _TITLE.sub(lambda found: names + found[1], body, count=1)
    body = _TEXT.sub(_fitted, body)
    return f'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- written by tpdebug {VERSION} -->\n{body}'


def _fitted(found: re.Match[str]) -> str:
    """A text as wide as its box was made for, whatever font there is; where that was a guess, as wide as it gets."""
    look, text = found["look"], html.unescape(found["text"])
    look = _FONT.sub(f'font-family="{FAMILY}"', look)
    size = _SIZE.search(look)
    if size and is_measured(text) and text.strip():
        wide = width(text, float(size[1]), bold='font-weight="bold"' in look)
        look += f' textLength="{wide:.2f}" lengthAdjust="spacingAndGlyphs"'
    return f"<text {look}>{found['text']}</text>"


def _renderer() -> str:
    """The path of a program that reads DOT."""
    found = shutil.which("dot") or shutil.which(FALLBACK) or _installed()
    if found is None:
        raise NoRenderer(
            f"no program that lays out graphs was found; expected `dot` or `{FALLBACK}`: pip install {FALLBACK}, "
            "or write the graph as .dot"
        )
    return found


def _installed() -> str | None:
    """The fallback's program as pip recorded it: an environment that is used but not activated is not on the PATH."""
    try:
        files = importlib.metadata.files(FALLBACK) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    programs = (Path(str(file.locate())) for file in files if Path(file.name).stem == FALLBACK)
    return next((str(program.resolve()) for program in programs if program.is_file()), None)
