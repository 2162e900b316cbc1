"""The module of an edited program, or the change alone: what blame and repair write."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from cli.discovery import remember
from cli.modules import module_path, write_module
from cli.output import note
from cli.subject import Subject
from tprog.escape import visible
from tprog.files import check_target, write_atomic
from tprog.files.beside import write_together
from tprog.version import VERSION

if TYPE_CHECKING:
    from tprog.ir.program import Program


CHANGES = (".diff", ".patch")
"""Endings of files that hold a change, not a module."""


def edited_path(file: Path, force: bool) -> None:
    """Refuse a file to which no edited module, nor its change, can be written: told before the work begins."""
    if file.suffix in CHANGES:
        check_target(file, force=force)
    else:
        module_path(file, force)


def write_edited(
    subject: Subject,
    edited: Program,
    diff: str,
    claim: tuple[str, str],
    file: Path,
    force: bool,
    *,
    measured: bool = True,
) -> None:
    """Write the module of an edited program, or the change alone if the file's ending asks for it.

    Args:
        edited: the program after the edits.
        diff: the change.
        claim: what the module says of itself, as a key and a text.
        measured: whether its figures may have changed, and are told as those before.
    """
    if file.suffix in CHANGES:
        # patch and git skip what stands before the first file.
        head = f"# {visible(f'{claim[0]} {subject.name}')}; written by tpdebug {VERSION}\n"
        write_atomic(file, head + diff, force=force)
        note(f"wrote {file}")
        return
    from tprog.ir.provenance import measured_before
    from tprog.tasks.classes import as_read
    from tprog.text.own_form import in_own_form

    own = subject.module.program
    told = measured_before(own.provenance, "repair") if measured else own.provenance
    after = as_read(edited, own)
    told_after = dataclasses.replace(after, provenance=(*told, claim))
    found = in_own_form(subject.module, after, told_after, file)
    if found is None:
        written = write_module(told_after, file, force)
    else:
        written = write_together(file, *found, force=force)
        remember(file, Path.cwd())
    note(str(written))
