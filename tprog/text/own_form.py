"""An edited program in the form of the module that it was read from: its dialect, comments and formatting."""

from __future__ import annotations

from pathlib import Path

from tprog.files import BYTE_ORDER_MARK, is_ours, read_text
from tprog.ir.program import Program
from tprog.text.emit import emit
from tprog.text.patch import patched_files
from tprog.text.read import Module
from tprog.text.side_names import with_free_names
from tprog.text.splice import line_end
from tprog.text.told import fits_lines, provenance_lines
from tprog.version import VERSION


def in_own_form(module: Module, after: Program, told_after: Program, file: Path) -> tuple[str, dict[str, str]] | None:
    """The repaired module with nothing else of it changed, dialect, comments and formatting: and its side files.

    Args:
        after: the Program after the edits; the module stands for the one before.
        told_after: the same, with the provenance that the module is to have.
        file: where it is to be written.

    Returns:
        None if the module is as tpdebug writes it, or if the change cannot be said in its form.
    """

    here = Path(module.path)
    if module.dialect == "tpdebug" and emit(module.program, here.stem).text == module.text:
        return None
    if fits_lines(after.provenance) != fits_lines(told_after.provenance):
        return None  # what it says of itself needs another place
    texts = patched_files(module, after)
    text = texts[module.path]
    sides = {name: texts.get(str(module.side_path(name)), old) for name, old in module.sides.items()}
    end = line_end(text)
    said = end.join(provenance_lines(after))
    if said and said in text:
        text = text.replace(said, end.join(provenance_lines(told_after)), 1)
    if (found := with_free_names(module, text, sides, after, file)) is None:
        return None
    text, sides = found
    first = BYTE_ORDER_MARK if read_text(here, keep_mark=True).startswith(BYTE_ORDER_MARK) else ""
    return first + (text if is_ours(text.encode()) else _marked(text)), sides


def _marked(text: str) -> str:
    """A module with a first line that says who wrote it, behind the one that a shell reads."""

    end = line_end(text)
    for_shell, rest = text.split(end, 1) if text.startswith("#!") else ("", text)
    return f"{for_shell}{end * bool(for_shell)}# Repaired; written by tpdebug {VERSION}{end}{rest}"
