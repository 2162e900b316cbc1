"""Gold files: what a text looked like when somebody last read it and was content.

After a change that is meant, run ``TPDEBUG_GOLD=1 pytest`` on the test, then read the difference that git shows.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "gold"


def check(name: str, text: str) -> None:
    """The text is that of the gold file."""
    path = FOLDER / name
    if os.environ.get("TPDEBUG_GOLD"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")
