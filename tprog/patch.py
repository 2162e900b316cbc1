"""A changed Program shown as a change of the module it was read from: comments and hand formatting stay."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from tprog.branches import comment, function_lines
from tprog.builder import INDENT, literal
from tprog.emit import Block, assignment, emit, weights_literal
from tprog.errors import BadFile, BadSource
from tprog.program import Embedding, Node, Numbers, Program
from tprog.read import Module


def patched(module: Module, after: Program) -> str:
    """The module's text with only the blocks rewritten that differ in `after`; see `patched_files`."""
    return patched_files(module, after)[module.path]


def patched_files(module: Module, after: Program) -> dict[str, str]:
    """Each file that changes, by its path, with only those parts rewritten that differ in `after`.

    Where that cannot say it (another set of nodes, a row that becomes a hole, a primitive that the module lacks), the
    module is emitted anew, in our own dialect, and with its side file if it needs one. The module itself is always
    there, changed or not.
    """
    sides: dict[str, str] = {}
    if module.published is None:
        text = _patched_text(module, after)
    else:
        from tprog.dialects.published.patch import patched_module, patched_sides

        text = patched_module(module.published, module.text, after)
        sides = patched_sides(module.published, module.sides, after)
    try:
        if (text != module.text or sides) and module.reread(text, sides).program == after:
            return {module.path: text, **{_beside(module, name): side for name, side in sides.items()}}
    except (BadSource, BadFile):
        pass  # what changed does not suffice
    emitted = emit(after, Path(module.path).stem)
    return {module.path: emitted.text, **{_beside(module, name): side for name, side in emitted.side.items()}}


def _beside(module: Module, name: str) -> str:
    return str(module.side_path(name))


def _patched_text(module: Module, after: Program) -> str:
    lines = module.text.split("\n")
    for (first, last), new in sorted(_changed_blocks(module, after), reverse=True):
        lines[first - 1 : last] = new
    return "\n".join(lines)


def diff(module: Module, after: Program) -> str:
    """The change from a module to `after`, as a unified diff, of several files if need be, that `patch -p0` applies."""
    before = {module.path: module.text, **{_beside(module, name): text for name, text in module.sides.items()}}
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for path, text in patched_files(module, after).items()
        for line in difflib.unified_diff(
            before.get(path, "").splitlines(keepends=True), text.splitlines(keepends=True), path, path
        )
    )


def _changed_blocks(module: Module, after: Program) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """The lines (1-based, both included) of each block that differs, and the lines that replace them."""
    before = module.program
    old_lines = module.text.split("\n")
    for node in after.nodes:
        old = before.by_name.get(node.name)
        if old is None:
            continue
        line = assignment(after, node)
        if (found := module.blocks.get(("assignment", node.name))) and line != assignment(before, old):
            yield found, [INDENT + line]
        if isinstance(node, Embedding) or isinstance(old, Embedding):
            yield from _words(module, old, node)
        elif found := module.blocks.get(("function", node.name)):
            above = found[0] - 1
            if above >= 1 and old_lines[above - 1] == comment(before, old):
                yield (above, above), [comment(after, node)]
            if (new := function_lines(after, node)) != function_lines(before, old):
                yield found, new
    yield from _rows(module, after)


def _words(module: Module, old: Node, new: Node) -> Iterator[tuple[tuple[int, int], list[str]]]:
    if not isinstance(old, Embedding) or not isinstance(new, Embedding):
        return
    for word, before, after in zip(module.program.vocabulary, old.table, new.table, strict=False):
        block = module.blocks.get(("word", new.name, word))
        if block and before != after and after is not None:
            yield block, [f"{INDENT * 2}{literal(word)}: {literal(after)},"]


def _rows(module: Module, after: Program) -> Iterator[tuple[tuple[int, int], list[str]]]:
    before = {term.variable: term for term in module.program.readout.terms}
    for term in after.readout.terms:
        old = before.get(term.variable)
        domain = module.program.variables[term.variable].domain if old else None
        if old is None or domain is None or len(old.rows) != len(term.rows):
            continue
        keys: list[Block] = [()] if isinstance(domain, Numbers) else [(value,) for value in domain]
        for key, old_row, row in zip(keys, old.rows, term.rows, strict=True):
            block = module.blocks.get(("weights", term.variable, *key))
            if block and old_row != row and row is not None:
                name = literal(key[0] if key else term.variable)
                yield block, [f"{INDENT * (2 if key else 1)}{name}: {weights_literal(row)},"]
