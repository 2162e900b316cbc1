"""TOML and JSON that anybody may have written -> plain values, or one line that says why not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tprog.errors import BadFile
from tprog.files import read_text

LARGEST_TOML = 2**20
"""Bytes. Settings are a few lines; the standard library's parser takes seconds a megabyte."""

MOST_PARTS = 100
"""Dots between two signs that end a key: the parser's time grows with the square of them."""

_KEYS = re.compile(r"[^=,\[\]{}\n]+")


def read_toml(path: Path | str, what: str = "settings in TOML") -> dict[str, Any]:
    """The tables of a TOML file.

    Args:
        what: what the file was expected to be, for the message.

    Raises:
        BadFile: it cannot be read as text, or is no TOML.
    """
    import tomllib

    text = read_text(path, what, largest=LARGEST_TOML)
    for key in _KEYS.finditer(text):
        if key[0].replace("..", "").count(".") > MOST_PARTS:
            line = text.count("\n", 0, key.start()) + 1
            raise BadFile(f"{path}:{line}: a key of more than {MOST_PARTS} parts; expected {what}")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadFile(f"{path}: not TOML that can be read (nested too deep); expected {what}") from None
    except ValueError as error:  # its own error, and that of a number with too many digits
        raise BadFile(f"{path}: not TOML ({_first(error)}); expected {what}") from None


def parse_json(text: str, where: str, what: str) -> Any:
    """The value of a JSON text.

    Args:
        where: the file, or whatever it came from, for the message.
        what: what was expected, for the message.

    Raises:
        BadFile: it is no JSON, or nested deeper than Python can follow.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = f"{where}:{error.lineno}:{error.colno}"
        raise BadFile(f"{at}: not JSON ({error.msg}); expected {what}") from None
    except RecursionError:
        raise BadFile(f"{where}: not JSON that can be read (nested too deep); expected {what}") from None
    except ValueError as error:  # a number with too many digits
        raise BadFile(f"{where}: not JSON that can be read ({_first(error)}); expected {what}") from None


def _first(error: ValueError) -> str:
    """What an error says, without the advice for programmers behind it."""
    return str(error).split(";")[0].strip()
