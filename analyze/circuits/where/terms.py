"""Parts of a condition of ``--where`` with their kinds, and why a comparison of two of them has no meaning."""

from __future__ import annotations

import ast
from typing import NamedTuple

from analyze.circuits.where.kinds import (
    Bag,
    Kind,
    Nothing,
    Number,
    Row,
    Stream,
    Text,
    Truth,
    alike,
    can_be,
    can_equal,
    can_hold,
    described,
    has_order,
    hashable,
    items_in,
    joined,
    letters_of,
    longest_of,
)
from analyze.circuits.where.values import Compiled
from tprog.listing import listing

_ORDER_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}

_LISTED = 8


class Term(NamedTuple):
    """A part of a condition.

    Attributes:
        node: its syntax tree.
        said: as it was written, shortened.
        kind: what it yields.
        of: its value in a scope.
        fixed: it names nothing that an input or prediction decides, so that it has one value.
        parts: the items of a tuple, list or set that is written out.
    """

    node: ast.expr
    said: str
    kind: Kind
    of: Compiled
    fixed: bool = False
    parts: tuple[Term, ...] = ()

    @property
    def compared(self) -> str:
        """As it is written on one side of a comparison."""
        loose = isinstance(self.node, ast.IfExp | ast.BoolOp | ast.Compare) or _denied(self.node)
        return f"({self.said})" if loose else self.said


def _denied(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def why_no_condition(term: Term, before: Term | None = None) -> str | None:
    """Why a term cannot be a condition; None where it is one.

    Args:
        before: the operand of ``and`` or ``or`` in front of it, which it may have been meant to go on.
    """
    kind, said = term.kind, term.said
    if isinstance(kind, Truth):
        return f"{said} can be None, which is no condition; compare it with True" if kind.maybe else None
    return f"{said} is {described(kind)}, not a condition; {_instead(term, before)}"


def _instead(term: Term, before: Term | None) -> str:
    kind, said = term.kind, term.said
    if before is not None and isinstance(before.node, ast.Compare) and isinstance(term.node, ast.Constant):
        (*_, compared) = before.node.comparators
        if isinstance(before.node.ops[-1], ast.Eq) and isinstance(compared, ast.Constant):
            return f"write {ast.unparse(before.node.left)} in ({compared.value!r}, {term.node.value!r})"
    match kind:
        case Text(among=among) if said in ("right", "predicted"):
            example = min(among) if among else "a"
            return f"write predicted == right where the program is right, or {said} == {example!r}"
        case Text(among=among) if among is not None and not term.fixed:
            return f"compare it, as in {term.compared} == {min(among, default='a')!r}"
        case Number() if not term.fixed:
            return f"compare it, as in {term.compared} > 0"
        case Text() | Row() | Bag() if not term.fixed:
            return f"compare it, as in len({said}) > 0"
    return "compare it with something, or leave it out"


def why_not(one: Term, op: ast.cmpop, other: Term) -> str | None:
    """Why nobody can mean to compare two terms so; None where it can be meant."""
    match op:
        case ast.Is() | ast.IsNot() if not isinstance(one.kind, Nothing) and not isinstance(other.kind, Nothing):
            return f"'is' asks about None alone; write {'==' if isinstance(op, ast.Is) else '!='}"
        case ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot():
            return why_not_equal(one, other)
        case ast.In() | ast.NotIn():
            return why_not_in(one, other)
    return why_no_order(one, _ORDER_SIGNS[type(op)], other)


def why_not_equal(one: Term, other: Term) -> str | None:
    """Why nobody can mean to ask whether two terms are equal; None where it can be meant."""
    if one.fixed and other.fixed:
        return f"{one.said} and {other.said} are the same for every input; leave the comparison out"
    for nothing, it in ((one, other), (other, one)):
        if isinstance(nothing.kind, Nothing) and not (it.kind.maybe or isinstance(it.kind, Nothing)):
            return f"{it.said} is never None"
    if not alike(one.kind, other.kind):
        return _of_two_kinds(one, other)
    if isinstance(one.kind, Stream):
        return f"{one.said} is a generator, which equals nothing else; write it in [...]"
    if not can_equal(one.kind, other.kind):
        return f"{one.said} is never {other.said}{_because(one, other)}"
    return None


def _of_two_kinds(one: Term, other: Term) -> str:
    shown = (_kind(one), _kind(other))
    apart = "only values of one kind are compared"  # Python finds True and 1 equal, so "never equal" would not be so
    return f"{one.said} is {shown[0]} and {other.said} is {shown[1]}; {apart}{_advice(one, other)}"


def _advice(one: Term, other: Term) -> str:
    """What to write instead of one of two terms of different kinds, if that can be told."""
    forms = {kind.form for kind in (one.kind, other.kind) if isinstance(kind, Row)}
    if len(forms) == 2:
        row = one if isinstance(one.kind, Row) and one.kind.form != "list" else other
        return f"; write list({row.said})" if "list" in forms else f"; write tuple({row.said})"
    advice = ""
    for number, text in ((one, other), (other, one)):
        if _is_number_written(number) and _has(text, number.said):
            advice = f"; write '{number.said}' if that is the symbol"
        elif forms == {"list"} and isinstance(text.kind, Text):
            advice = f"; write list({text.said})"
    return advice


def _is_number_written(term: Term) -> bool:
    return isinstance(term.node, ast.Constant) and isinstance(term.kind, Number)


def _kind(term: Term) -> str:
    """The word for a term's kind; that of its items too, where another row might be meant."""
    (item, *more) = items_in(term.kind) or (None,)
    return described(term.kind) if item is None or more else f"{described(term.kind)} of {_several(item)}"


def _several(kind: Kind) -> str:
    match kind:
        case Number():
            return "whole numbers"
        case Truth():
            return "conditions"
        case Text():
            return "texts"
    return f"{described(kind).split(maxsplit=1)[-1]}s"


def _has(text: Term, word: str) -> bool:
    return isinstance(text.kind, Text) and (text.kind.among is None or word in text.kind.among)


def _because(one: Term, other: Term) -> str:
    """What one of two terms can be, where the other is written out."""
    known = other if one.fixed else one
    match known.kind:
        case Text(among=among) if among is not None:
            return f"; it is one of {listing(sorted(among))}"
        case Text() as text:
            letters, longest = letters_of(text), longest_of(text)
            if letters is not None:
                listed = "".join(sorted(letters))
                shown = f"{listed[: 4 * _LISTED]}..." if len(listed) > 4 * _LISTED else listed
                at_most = f", at most {longest}" if longest is not None else ""
                return f"; it has the letters {shown}{at_most}"
        case Number() as number:
            return f"; {_between(known.said, number)}"
    return ""


def _between(said: str, number: Number) -> str:
    least, most = number.least, number.most
    if least is not None and most is not None:
        return f"{said} is from {least} to {most}" if least != most else f"{said} is {least}"
    return f"{said} is at most {most}" if most is not None else f"{said} is at least {least}"


def why_no_order(one: Term, sign: str, other: Term) -> str | None:
    """Why nobody can mean to ask which of two terms is less; None where it can be meant."""
    if one.fixed and other.fixed:
        return f"{one.said} and {other.said} are the same for every input; leave the comparison out"
    nothing = isinstance(one.kind, Nothing) or isinstance(other.kind, Nothing)
    if nothing or not alike(one.kind, other.kind) or not has_order(one.kind, other.kind):
        return f"{one.said}, {_kind(one)}, and {other.said}, {_kind(other)}, have no order"
    if isinstance(one.kind, Number) and isinstance(other.kind, Number) and not can_be(one.kind, sign, other.kind):
        said, known = (other.said, other.kind) if one.fixed else (one.said, one.kind)
        return f"{one.compared} {sign} {other.compared} is never true: {_between(said, known)}"
    return None


def why_not_in(one: Term, other: Term) -> str | None:
    """Why nobody can mean to ask whether a term is in another; None where it can be meant."""
    holder, kind = other.kind, one.kind
    if isinstance(holder, Text):
        return _why_not_in_text(one, other, holder)
    if not isinstance(holder, Row | Bag | Stream):
        return f"{other.said} is {described(holder)}, in which nothing can be; expected a text, tuple, list or set"
    if isinstance(holder, Bag) and not hashable(kind):
        return f"{one.said} is {described(kind)}, which cannot be in a set; write tuple({one.said})"
    if other.parts:
        return next((reason for part in other.parts if (reason := why_not_equal(one, part)) is not None), None)
    item = items_of(holder)
    if item is None:
        return f"{other.said} is empty, so nothing is in it"
    return why_not_equal(one, Term(other.node, f"an item of {other.said}", item, other.of))


def _why_not_in_text(one: Term, other: Term, holder: Text) -> str | None:
    """As `why_not_in`, for a text that is looked through."""
    if not isinstance(one.kind, Text):
        return f"{one.said} is {described(one.kind)}, and text holds text alone; write a text in quotes"
    if one.fixed and other.fixed:
        return f"{one.said} and {other.said} are the same for every input; leave the comparison out"
    return None if can_hold(holder, one.kind) else f"{one.said} is never in {other.said}{_because(one, other)}"


def items_of(kind: Kind) -> Kind | None:
    """The kind of what a loop over something yields; None if it is nothing, or of kinds that are not alike."""
    match kind:
        case Text():
            letters = letters_of(kind)
            return Text(among=letters) if letters is not None else Text(longest=1)
        case Row(parts=parts) if parts:
            return joined(parts)
        case Row(of=of) | Bag(of=of) | Stream(of=of):
            return of
    return None
