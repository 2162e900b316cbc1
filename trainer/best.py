"""The best program of each row of a sweep, written out of the store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tprog.escape import json_text
from tprog.files import check_target, write_atomic
from tprog.files.names import folder_names
from trainer.lines import Line, best
from trainer.record import TOLD
from trainer.store import Store

SCHEMA = "tpdebug.trial/1"


def write_best(store: Store, lines: Iterable[Line], folder: Path, force: bool) -> tuple[Path, ...]:
    """Write the best program of each row, its files in a folder of their own with what is known about it.

    Args:
        force: write over files that tpdebug did not write.

    Returns:
        the folders.

    Raises:
        BadFile: a file of somebody else stands there; nothing is written then.
    """
    texts: dict[Path, str] = {}
    places = folder_names(store.rows())  # of all rows, so that no choice of some changes a name
    for row, line in best(lines).items():
        files = store.files(line.record.key)
        if not files:
            continue  # a kind of trial that makes no program
        place = folder / places[row]
        told = json_text({"schema": SCHEMA, **line.to_mapping()}, indent=2)
        texts |= {place / file: text for file, text in {**files, TOLD: f"{told}\n"}.items()}
    for path in texts:  # all, before any is written
        if path.parent.exists():
            check_target(path, force=force)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text, force=force)
    return tuple(dict.fromkeys(path.parent for path in texts))
