"""A changed Program shown as a change of the module it was read from: comments and hand formatting stay."""

from __future__ import annotations

import difflib
from pathlib import Path

from tprog.errors import BadFile, BadSource
from tprog.escape import diff_name
from tprog.ir.program import Program
from tprog.text.changes import patched_module
from tprog.text.emit import emit
from tprog.text.read import Module
from tprog.text.table_changes import patched_sides


def patched(module: Module, after: Program) -> str:
    """The module's text with only that rewritten which differs in `after`; see `patched_files`."""
    return patched_files(module, after)[module.path]


def patched_files(module: Module, after: Program) -> dict[str, str]:
    """Each file that changes, by its path, with only those parts rewritten that differ in `after`.

    Where that cannot say it (another set of nodes, or in a published module a mask or a hole), the module is emitted
    anew, in our own dialect, and with its side file if it needs one. The module itself is always there, changed or not.
    """
    if after == module.program:
        return {module.path: module.text}
    if module.published is None:
        text = patched_module(module.text, module.path, module.lines, module.program, after)
        sides = patched_sides(module.sides, module.program, after)
    else:
        from tprog.text.dialects.published import published_changes as patch

        text = patch.patched_module(module.published, module.text, after)
        sides = patch.patched_sides(module.published, module.sides, after)
    try:
        if (text != module.text or sides) and module.reread(text, sides).program == after:
            return {module.path: text, **{_beside(module, name): side for name, side in sides.items()}}
    except (BadSource, BadFile):
        pass  # what changed does not suffice
    emitted = emit(after, Path(module.path).stem)
    return {module.path: emitted.text, **{_beside(module, name): side for name, side in emitted.side.items()}}


def _beside(module: Module, name: str) -> str:
    return str(module.side_path(name))


def diff(module: Module, after: Program) -> str:
    """The change from a module to `after`, as a unified diff, of several files if need be, that `patch -p0` applies."""
    before = {module.path: module.text, **{_beside(module, name): text for name, text in module.sides.items()}}
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for path, text in patched_files(module, after).items()
        for line in difflib.unified_diff(_lines(before.get(path, "")), _lines(text), *2 * (diff_name(path),))
    )


def _lines(text: str) -> list[str]:
    """The lines that `patch` counts: one ends where a line feed stands, and nowhere else."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]
