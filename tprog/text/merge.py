"""New code in the place of code that a person has formatted: what is equal stays as it stands, comments always.

The new code is as `tprog.text.emit` writes it. Syntax is compared, not text, so hand formatting is no difference. Where
code goes whose line has a comment, the comment stays there, on a line of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import repeat
from typing import TypeAlias

from tprog.text.builder import INDENT
from tprog.text.dialects.subset import without_docstring
from tprog.text.splice import GONE, Change, Piece, Places, with_ends

Item: TypeAlias = ast.expr | ast.keyword


def parsed(text: str) -> tuple[Places, ast.stmt]:
    """One statement and where its parts stand."""
    return Places(text), ast.parse(text).body[0]


def with_comments(places: Places, changes: Iterator[Change]) -> Iterator[Change]:
    """The changes, and the comments that stand within what they replace, each on a line of its own above."""
    for begin, end, new in changes:
        yield begin, end, new
        if "#" in places.text[begin:end] and (lost := places.comments_in(begin, end)):
            start = places.line(begin)[0]
            while start and places.text[:start].rstrip("\r\n").endswith("\\"):
                start = places.line(start - 1)[0]
            line = places.text[start:]
            indent = line[: len(line) - len(line.lstrip(" \t\f"))]
            yield start, start, "".join(f"{indent}{comment}\n" for comment in lost)


def in_front(places: Places, at: int, lines: Sequence[str]) -> Change:
    """New lines before the statement that begins at `at`, at its depth."""
    if not places.begins_line(at):  # it stands behind the colon of its function
        return at, at, GONE + "".join(f"\n{INDENT}{line}" for line in lines) + f"\n{INDENT}"
    start = places.line(at)[0]
    return start, start, "".join(f"{places.text[start:at]}{line}\n" for line in lines)


def behind(places: Places, statement: ast.stmt, line: str) -> Change:
    """A new line behind a statement, at its depth."""
    at = places.line(places.end(statement))[1]
    return at, at, f"\n{_indent(places, places.begin(statement))}{line}"


# Expressions ##########################################################################################################


def respelled(places: Places, old: Piece, written: Places, new: Piece) -> Iterator[Change]:
    """The changes by which the syntax `old` in the text `places` becomes `new` in the text `written`."""
    if _key(old) == _key(new):
        return
    (shape, parts), (other_shape, other_parts) = _parts(old), _parts(new)
    are_alike = shape == other_shape and len(parts) == len(other_parts) > 0
    if isinstance(old, ast.Set) and isinstance(new, ast.Set):
        wanted = [(_key(item), written.of(item)) for item in new.elts]
        yield from items(places, (places.begin(old), places.end(old) - 1), old.elts, list(map(_key, old.elts)), wanted)
    elif are_alike:
        for one, other in zip(parts, other_parts, strict=True):
            yield from respelled(places, one, written, other)
        if isinstance(old, ast.Call) and isinstance(new, ast.Call):
            yield from _keywords(places, old, written, new)
    else:
        yield places.begin(old), places.end(old), _on_one_line(written.of(new))


def _parts(node: Piece) -> tuple[str, Sequence[Piece]]:
    """A shape, and the parts of it that can be rewritten one by one; nothing if the whole must be."""
    kind = type(node).__name__
    match node:
        case ast.Return(value=ast.expr() as value) | ast.keyword(value=value):
            return kind, [value]
        case ast.Assign(targets=targets, value=value):
            return kind, [*targets, value]
        case ast.If(test=test):
            return kind, [test]
        case ast.FunctionDef(args=arguments):
            return kind, arguments.args
        case ast.Compare(left=left, comparators=others):
            return f"{kind} {_operators(node)}", [left, *others]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return kind, elements
        case ast.Call(func=function, args=given):
            return kind, [function, *given]
    return kind, []


def _key(node: ast.AST | None) -> str:
    """What a piece of syntax says: the order of a set says nothing."""
    if node is None:
        return ""
    if isinstance(node, ast.Set):
        return f"Set({', '.join(sorted(map(_key, node.elts)))})"
    if isinstance(node, ast.Compare):
        return f"Compare({', '.join(map(_key, [node.left, *node.comparators]))}, {_operators(node)})"
    return ast.dump(node)


def _operators(node: ast.AST) -> list[str]:
    assert isinstance(node, ast.Compare)
    return [type(operator).__name__ for operator in node.ops]


def _on_one_line(text: str) -> str:
    """What `Builder.wrapped` put on several lines."""
    first, *rest = (line.strip() for line in text.split("\n"))
    if not rest:
        return first
    joined = " ".join(rest[:-1])
    single = len(rest) == 2 and rest[-1].startswith(")")  # a tuple of one needs its comma
    return first + (joined if single else joined.removesuffix(",")) + rest[-1]


def _keywords(places: Places, old: ast.Call, written: Places, new: ast.Call) -> Iterator[Change]:
    wanted = {keyword.arg: keyword for keyword in new.keywords}
    for keyword in old.keywords:
        if keyword.arg in wanted:
            yield from respelled(places, keyword, written, wanted[keyword.arg])
    has: list[Item] = [*old.args, *old.keywords]
    texts = [(_key(arg), "") for arg in old.args]
    texts += [(str(keyword.arg), written.of(keyword)) for keyword in new.keywords]
    keys = [*map(_key, old.args), *(str(keyword.arg) for keyword in old.keywords)]
    brackets = places.code_from(places.end(old.func)), places.end(old) - 1
    yield from items(places, brackets, has, keys, texts)


# Collections ##########################################################################################################


@dataclass(frozen=True)
class _Slot:
    """An item of a collection: where it begins and ends, and where the comma behind it stands, if there is one."""

    begin: int
    end: int
    comma: int | None


def items(
    places: Places,
    brackets: tuple[int, int],
    has: Sequence[Item] | Sequence[tuple[ast.expr, ast.expr]],
    keys: Sequence[str],
    wanted: Sequence[tuple[str, str]],
) -> Iterator[Change]:
    """The changes by which a collection loses and gains items.

    Args:
        brackets: where they stand, the opening and the closing one.
        has: its items as they stand, a dictionary's as key and value.
        keys: by what they are known.
        wanted: key and text of each item that shall be there, in order; those that are there stay as they are.
    """
    slots = [_slot(places, item, brackets[1]) for item in has]
    shall = {key for key, _ in wanted}
    kept = [place for place, key in enumerate(keys) if key in shall]
    added = _new_items({keys[place]: place for place in kept}, wanted)
    if not kept and slots and added and places.on_one_line(slots[0].begin, brackets[1]):
        yield slots[0].begin, slots[-1].end, ", ".join(added[None])
        return
    ends = kept[-1] if kept else len(slots)
    yield from _gone(slot for place, slot in enumerate(slots) if place not in kept and place < ends)
    yield from _gone_last(places, slots[ends + 1 :], brackets[1])
    # Without a comma behind the last item it stays so: JSON allows none.
    bare = bool(slots) and slots[-1].comma is None
    last = kept[-1] if kept else None
    if bare and kept and last not in added:
        yield from _without_comma(slots[kept[-1]])
    for before, texts in added.items():
        yield from _added(places, brackets, slots, before, texts, bare and before == last)


def _gone(slots: Iterable[_Slot]) -> Iterator[Change]:
    """Items taken out, each with the comma behind it."""
    for slot in slots:
        yield slot.begin, slot.end, GONE
        yield from _without_comma(slot)


def _gone_last(places: Places, slots: Sequence[_Slot], closer: int) -> Iterator[Change]:
    """Items taken out behind which none stays, with the space before each where all stand on one line."""
    if not slots or not places.on_one_line(slots[0].begin, closer) or places.begins_line(slots[0].begin):
        yield from _gone(slots)
        return
    for slot in slots:
        before = places.text[: slot.begin].rstrip(" \t")
        yield len(before), slot.end if slot.comma is None else slot.comma + 1, ""


def _without_comma(slot: _Slot) -> Iterator[Change]:
    if slot.comma is not None:
        yield slot.comma, slot.comma + 1, GONE


def _new_items(kept: Mapping[str, int], wanted: Sequence[tuple[str, str]]) -> dict[int | None, list[str]]:
    """The texts of the items to be added, by the place of the item that stands before them (None: in front)."""
    added: dict[int | None, list[str]] = {}
    previous: int | None = None
    for key, text in wanted:
        if key in kept:
            previous = kept[key]
        else:
            added.setdefault(previous, []).append(_on_one_line(text))
    return added


def _slot(places: Places, item: Item | tuple[ast.expr, ast.expr], closer: int) -> _Slot:
    first, last = item if isinstance(item, tuple) else (item, item)
    begin, end = places.begin(first), places.end(last)
    while (behind := places.code_from(end)) < closer and places.text[behind] == ")":  # brackets of its own
        begin, end = places.text.rindex("(", 0, begin), behind + 1
    return _Slot(begin, end, behind if places.text[behind] == "," else None)


def _added(
    places: Places,
    brackets: tuple[int, int],
    slots: Sequence[_Slot],
    before: int | None,
    texts: Sequence[str],
    bare: bool,
) -> Iterator[Change]:
    """New items behind the item `before` (None: in front), each on a line of its own where the others are.

    Args:
        bare: whether no comma is to stand behind the last of them.
    """
    if before is None:
        behind = brackets[0] + 1
    elif (comma := slots[before].comma) is None:
        behind = slots[before].end
        yield behind, behind, ","
    else:
        behind = comma + 1
    if places.number(places.code_from(behind)) > places.number(behind):
        indent = _indent(places, slots[before or 0].begin) if slots else _indent(places, brackets[1]) + INDENT
        lines = "".join(f"\n{indent}{text}," for text in texts)
        at = places.line(behind)[1]
        yield at, at, lines.removesuffix(",") if bare else lines
    elif not slots:
        yield behind, behind, ", ".join(texts)
    else:
        joined = ", ".join(texts) + ("" if bare else ",")
        at = slots[0].begin if before is None else behind
        yield at, at, f"{joined} " if before is None else f" {joined}"


def _indent(places: Places, at: int) -> str:
    start, end = places.line(at)
    line = places.text[start:end]
    return line[: len(line) - len(line.lstrip())]


# Functions ############################################################################################################


@dataclass(frozen=True)
class _Unit:
    """A statement on lines of its own; of a function or branch, its head.

    Attributes:
        begin, end: where its code begins and ends, the colon included; comments stand behind.
        last: where the last line ends that is its own, a docstring's included.
    """

    depth: int
    node: ast.stmt
    key: tuple[int, str]
    begin: int
    end: int
    last: int

    @property
    def kind(self) -> tuple[int, str]:
        return self.depth, type(self.node).__name__


def merged(places: Places, function: ast.FunctionDef, old: str, new: str) -> Iterator[Change] | None:
    """The changes by which a function that says what the text `old` says comes to say what `new` does.

    Returns:
        None if a person has built the function otherwise than `old`, branch by branch.
    """
    old_places, old_function = parsed(old)
    new_places, new_function = parsed(new)
    has = _units(places, function)
    was, shall = _units(old_places, old_function), _units(new_places, new_function)
    if has is None or was is None or shall is None or [unit.key for unit in has] != [unit.key for unit in was]:
        return None
    indents: dict[int, str] = {}
    for unit in has:
        if indents.setdefault(unit.depth, _indent(places, unit.begin)) != _indent(places, unit.begin):
            return None
    return with_comments(places, _merged(places, has, old_places, was, new_places, shall, indents))


def _merged(
    places: Places,
    has: Sequence[_Unit],
    old: Places,
    was: Sequence[_Unit],
    new: Places,
    shall: Sequence[_Unit],
    indents: dict[int, str],
) -> Iterator[Change]:
    for one, other, before in _paired(was, shall):
        if one is not None and other is not None:
            unit, wanted = has[one], shall[other]
            if _stripped(places, unit) == _stripped(old, was[one]):
                yield unit.begin, unit.end, _text(new, wanted, indents).lstrip()
            else:
                yield from respelled(places, unit.node, new, wanted.node)
        elif one is not None:
            yield places.line(has[one].begin)[0], has[one].last, GONE
        elif other is not None:
            at = has[before].last
            yield at, at, "\n" + _text(new, shall[other], indents)


def _paired(was: Sequence[_Unit], shall: Sequence[_Unit]) -> Iterator[tuple[int | None, int | None, int]]:
    """What becomes of the old units and where the new ones come from: both, or one; and the last old one before."""
    script = SequenceMatcher(None, [unit.key for unit in was], [unit.key for unit in shall], autojunk=False)
    for tag, i1, i2, j1, j2 in script.get_opcodes():
        if tag == "equal":
            continue
        kinds = SequenceMatcher(
            None, [unit.kind for unit in was[i1:i2]], [unit.kind for unit in shall[j1:j2]], autojunk=False
        )
        for how, k1, k2, l1, l2 in kinds.get_opcodes():
            olds, news = range(i1 + k1, i1 + k2), range(j1 + l1, j1 + l2)
            if how == "equal":
                yield from zip(olds, news, olds, strict=True)
            else:
                yield from zip(olds, repeat(None), olds, strict=False)
                yield from zip(repeat(None), news, repeat(i1 + k2 - 1), strict=False)


def _units(places: Places, function: ast.stmt) -> list[_Unit] | None:
    """The statements of a function in order; None if two of them share a line, or a branch has an `else`."""
    assert isinstance(function, ast.FunctionDef)
    made: list[_Unit] = []
    body = without_docstring(function.body)
    docstring = function.body[0] if len(body) < len(function.body) else None
    last_arg = function.args.args[-1]
    _add_unit(
        places, made, 0, function, last_arg, f"def({', '.join(arg.arg for arg in function.args.args)})", docstring
    )
    if not _add_body(places, made, 1, body):
        return None
    alone = all(places.begins_line(unit.begin) for unit in made)
    ends = all(places.text[unit.end : unit.last].strip()[:1] in ("", "#") for unit in made if unit.node is not function)
    return made if alone and ends else None


def _add_body(places: Places, made: list[_Unit], depth: int, body: Sequence[ast.stmt]) -> bool:
    for statement in body:
        match statement:
            case ast.If(test=test, body=inner, orelse=[]):
                _add_unit(places, made, depth, statement, test, f"if {_key(test)}")
                if not _add_body(places, made, depth + 1, inner):
                    return False
            case ast.Return(value=value):
                _add_unit(places, made, depth, statement, None, f"return {_key(value)}")
            case ast.Assign():
                _add_unit(places, made, depth, statement, None, _key(statement))
            case _:
                return False
    return True


def _add_unit(
    places: Places,
    made: list[_Unit],
    depth: int,
    node: ast.stmt,
    head: ast.expr | ast.arg | None,
    key: str,
    docstring: ast.stmt | None = None,
) -> None:
    end = places.end(node)
    if head is not None:
        end = places.code_from(places.end(head))
        while places.text[end] in "),":
            end = places.code_from(end + 1)
        end += 1  # the colon
    last = places.line(end if docstring is None else places.end(docstring))[1]
    made.append(_Unit(depth, node, (depth, key), places.begin(node), end, last))


def _stripped(places: Places, unit: _Unit) -> list[str]:
    return [line.strip() for line in with_ends(places.text[unit.begin : unit.end])]


def _text(written: Places, unit: _Unit, indents: dict[int, str]) -> str:
    """A unit as it is written, indented as its new neighbours are."""
    deepest = max(indents)
    step = indents.get(1, INDENT)
    indent = indents[unit.depth] if unit.depth in indents else indents[deepest] + step * (unit.depth - deepest)
    lines = written.text[written.line(unit.begin)[0] : unit.end].split("\n")
    return "\n".join(indent + line.removeprefix(INDENT * unit.depth) for line in lines)
