"""A changed Program shown in the tpdebug module that it was read from, and in its side file.

Statement by statement, only what differs is rewritten. A function that a person has built otherwise than
`tprog.text.emit` would is not rebuilt: where a `return` answers nothing but what changes, its answer is rewritten; else
the function gets branches before its own, since the first that fits answers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tprog.ir.entries import Answer, Entries, TableKey
from tprog.ir.entry import Entry, entry_of
from tprog.ir.program import Node, Program
from tprog.text.branches import amendments, answer, comments, function_lines, level_lines
from tprog.text.builder import literal
from tprog.text.dialects.subset import without_docstring
from tprog.text.emit import assignment
from tprog.text.merge import behind, in_front, merged, parsed, respelled, with_comments
from tprog.text.needs import needs_fraction, primitive_texts, primitives_used
from tprog.text.splice import Change, Places, spliced
from tprog.text.syntax import parse_python
from tprog.text.table_changes import cluster_changes, domain_changes, table_changes

Lines: TypeAlias = Mapping[Entry, int]

_IMPORT = "from fractions import Fraction"


def patched_module(text: str, path: str, lines: Lines, before: Program, after: Program) -> str:
    """The text of a module that means `before`, with what differs in `after`, as far as a module can say it so.

    Args:
        lines: the line (1-based) that answers for each entry.
    """
    tree, places = parse_python(text, path), Places(text)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    changes = [
        *_top_level(places, tree, functions, before, after),
        *_run(places, functions["run"], before, after),
        *_functions(places, functions, lines, before, after),
        *with_comments(places, table_changes(places, _constants(tree), path, before, after)),
        *with_comments(places, domain_changes(places, _constants(tree), path, before, after)),
        *cluster_changes(places, _constants(tree), before, after),
    ]
    return spliced(text, changes)


def _constants(tree: ast.Module) -> dict[str, ast.Assign]:
    return {
        node.targets[0].id: node
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


# The top level ########################################################################################################


def _top_level(
    places: Places, tree: ast.Module, functions: Mapping[str, ast.FunctionDef], before: Program, after: Program
) -> Iterator[Change]:
    """The import and the primitives that the module lacks, and the rule for a match at a head's own position."""
    imports = {ast.unparse(node): node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)}
    if needs_fraction(after) and _IMPORT not in imports:
        yield _behind(places, imports["import sys"], f"\n{_IMPORT}")
    if before.self_rule != after.self_rule:
        yield _self_rule(places, _constants(tree), after)
    order, needed = list(primitive_texts()), set(primitives_used(after))
    for index, name in enumerate(order):
        if name in needed and name not in functions:
            earlier = [other for other in order[:index] if other in functions]
            if earlier:
                yield _behind(places, functions[earlier[-1]], f"\n\n\n{primitive_texts()[name]}")
            else:
                following = functions[next(other for other in order[index:] if other in functions)]
                start = places.begin(following)
                yield start, start, f"{primitive_texts()[name]}\n\n\n"


def _self_rule(places: Places, constants: Mapping[str, ast.Assign], after: Program) -> Change:
    """Another rule, where the module says one, or on a line of its own."""
    said = literal(after.self_rule)
    if "SELF_RULE" in constants:
        rule = constants["SELF_RULE"].value
        return places.begin(rule), places.end(rule), said
    return _behind(places, constants.get("SCALE", constants["CAUSAL"]), f"\nSELF_RULE = {said}")


def _behind(places: Places, statement: ast.stmt, text: str) -> Change:
    at = places.line(places.end(statement))[1]
    return at, at, text


# Nodes ################################################################################################################


def _run(places: Places, run: ast.FunctionDef, before: Program, after: Program) -> Iterator[Change]:
    """The assignments of `run`."""
    for statement in run.body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        name = statement.targets[0].id
        if name in before.by_name and name in after.by_name:
            old, new = assignment(before, before.by_name[name]), assignment(after, after.by_name[name])
            yield from with_comments(places, _rewritten(places, statement, old, new))


def _rewritten(places: Places, statement: ast.stmt, old: str, new: str) -> Iterator[Change]:
    if old == new:
        return
    if places.of(statement) == old:
        yield places.begin(statement), places.end(statement), new
    else:
        yield from respelled(places, statement, *parsed(new))


@dataclass(frozen=True)
class _Sides:
    """A node before and after, each with its program, and that of its tables whose function it is about."""

    before: Program
    old: Node
    after: Program
    new: Node
    table: TableKey


def _functions(
    places: Places, functions: Mapping[str, ast.FunctionDef], lines: Lines, before: Program, after: Program
) -> Iterator[Change]:
    """Predicates and lookups, and what the comment above each says."""
    for node in after.nodes:
        old = before.by_name.get(node.name)
        if old is None or old.kind != node.kind or old.functions != node.functions:
            continue
        for table, name in node.functions.items():
            yield from _function(places, functions[name], lines, _Sides(before, old, after, node, table))


def _function(places: Places, function: ast.FunctionDef, lines: Lines, sides: _Sides) -> Iterator[Change]:
    table = sides.table
    comments_were, become = comments(sides.before, sides.old, table), comments(sides.after, sides.new, table)
    for one, other in zip(comments_were, become, strict=True):
        yield from _comment(places, function, one, other)
    was = function_lines(sides.before, sides.old, table)
    becomes = function_lines(sides.after, sides.new, table)
    if was == becomes:
        return
    changes = merged(places, function, "\n".join(was), "\n".join(becomes))
    if changes is None:
        changes = with_comments(places, _by_hand(places, function, lines, sides))
    yield from changes


def _comment(places: Places, function: ast.FunctionDef, old: str, new: str) -> Iterator[Change]:
    """What a person has written there instead stays."""
    start = places.line(places.begin(function))[0]
    while start and old != new:
        start, end = places.line(start - 1)
        line = places.text[start:end].strip()
        if line == old:
            begin = places.text.index(old, start)
            yield begin, begin + len(old), new
        if line == old or (line and not line.startswith("#")):
            return


def _by_hand(places: Places, function: ast.FunctionDef, lines: Lines, sides: _Sides) -> Iterator[Change]:
    """The changes of a function that a person has built."""
    answers = _answers(function, lines, sides)
    if answers is None:
        yield from _amended(places, function, sides)
        return
    for statement, text in answers:
        yield from respelled(places, statement, *parsed(text))


def _answers(function: ast.FunctionDef, lines: Lines, sides: _Sides) -> list[tuple[ast.Return, str]] | None:
    """The returns that change, and what they become; None where one answers for something that stays as well."""
    if not _alike(sides):
        return None
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    found = []
    for line, texts in _by_line(function, lines, sides).items():
        here = [node for node in returns if node.lineno == line]
        if len(here) != 1 or len(texts) != 1 or (text := texts.pop()) is None:
            return None
        found.append((here[0], text))
    return found


def _by_line(function: ast.FunctionDef, lines: Lines, sides: _Sides) -> dict[int | None, set[str | None]]:
    """Each line that answers otherwise for a row at least, and what it shall answer for all of its rows."""
    names = [argument.arg for argument in function.args.args]
    wanted: dict[int | None, set[str | None]] = {}
    changed: set[int | None] = set()
    table, old = sides.table, sides.old.tables[sides.table]
    answers = old.answers, sides.new.tables[table].answers
    for at, (key, was, becomes) in enumerate(zip(old.keys(sides.before.variables), *answers, strict=True)):
        line = lines.get(entry_of(table, old.part, key))
        text = None if becomes is None else answer(sides.after, sides.new, table, at, names)
        wanted.setdefault(line, set()).add(text)
        if repr(was) != repr(becomes):
            changed.add(line)
    return {line: texts for line, texts in wanted.items() if line in changed}


def _alike(sides: _Sides) -> bool:
    """Whether a table is asked and says the like, by their domains: only where these stay can one row be compared."""

    def compared(program: Program, node: Node) -> object:
        entries, head = node.tables[sides.table], node.selection
        names = (*entries.asked, *(() if head is None else (head.clauses[sides.table].key,)))
        return entries.levels, entries.listed, [program.variables[name].domain for name in names]

    return compared(sides.before, sides.old) == compared(sides.after, sides.new)


def _amended(places: Places, function: ast.FunctionDef, sides: _Sides) -> Iterator[Change]:
    """Branches in front of those of a function that a person has built; nothing where they cannot say it."""
    old, new = sides.old.tables[sides.table], sides.new.tables[sides.table]
    names = [argument.arg for argument in function.args.args]
    body = without_docstring(function.body)
    if sides.old.selection is not None:
        if not _alike(sides):
            return
    elif not _answer_alike(old, new):
        return
    levels = [
        (level_lines(sides.before, old, which, name), level_lines(sides.after, new, which, name))
        for which, name in enumerate(names[: len(old.asked)])
    ]
    levels = [pair for pair in levels if pair[0]]
    for statement, (was, becomes) in zip(body, levels, strict=False):
        yield from _rewritten(places, statement, "\n".join(was), "\n".join(becomes))
    body = body[len(levels) :]
    if lines := amendments(sides.after, sides.old, sides.new, sides.table, names):
        yield in_front(places, places.begin(body[0]), lines)
    if old.listed is not None and repr(old.answers[-1]) != repr(new.answers[-1]):
        yield from _otherwise(places, body[-1], new.answers[-1])


def _otherwise(places: Places, last: ast.stmt, answered: Answer | None) -> Iterator[Change]:
    """Another answer to what a lookup does not list, by the last statement of its function or behind it."""
    assert not isinstance(answered, tuple)
    said = f"return {literal(answered)}"
    if isinstance(last, ast.Return):
        yield from respelled(places, last, *parsed(said))
    else:
        yield behind(places, last, said)


def _answer_alike(was: Entries, becomes: Entries) -> bool:
    """Whether the entries of two lookups are picked alike, by the same levels."""
    if was.levels != becomes.levels or (was.listed is None) != (becomes.listed is None):
        return False
    return was.listed is not None or len(was) == len(becomes)
