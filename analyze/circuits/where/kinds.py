"""The kinds of value in a condition of ``--where``, and which of them can be equal or have an order.

A kind is what is known of an expression before any input is seen: that ``x[0]`` is one of the symbols, or None; that
``len(x)`` is a whole number from 0 to 6. From kinds alone `analyze.circuits.where` refuses what cannot be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What an expression yields.

    Attributes:
        maybe: it can be None too.
    """

    maybe: bool = False


@dataclass(frozen=True, kw_only=True)
class Truth(Kind):
    """True or False."""


@dataclass(frozen=True, kw_only=True)
class Nothing(Kind):
    """None."""


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    """A whole number, from `least` to `most` where these are known."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, kw_only=True)
class Text(Kind):
    """A text.

    Attributes:
        among: all that it can be, if these are few.
        letters: those that it can have, if they are known.
        longest: how many it has at most, if that is known.
        called: the word for it in a message.
    """

    among: frozenset[str] | None = None
    letters: frozenset[str] | None = None
    longest: int | None = None
    called: str = field(default="text", compare=False)


@dataclass(frozen=True, kw_only=True)
class Row(Kind):
    """A tuple, list or range.

    Attributes:
        of: the kind of its items; None if it has none.
        parts: the kind of each item, of a tuple that is written out; they may differ, and then `of` is None.
        longest: how many it has at most, if that is known.
    """

    form: Literal["tuple", "list", "range"]
    of: Kind | None
    parts: tuple[Kind, ...] | None = None
    longest: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bag(Kind):
    """A set."""

    of: Kind | None


@dataclass(frozen=True, kw_only=True)
class Stream(Kind):
    """A generator, which can be gone through once."""

    of: Kind | None
    ordered: bool


def symbol(words: Sequence[str], called: str) -> Text:
    """One of some words."""
    return Text(among=frozenset(words), called=called)


def letters_of(text: Text) -> frozenset[str] | None:
    """The letters that a text can have, if they are known."""
    return text.letters if text.among is None else frozenset().union(*map(frozenset, text.among))


def longest_of(kind: Kind) -> int | None:
    """How many items or letters there are at most, if that is known."""
    if isinstance(kind, Text) and kind.among is not None:
        return max(map(len, kind.among), default=0)
    if isinstance(kind, Row) and kind.parts is not None:
        return len(kind.parts)
    return kind.longest if isinstance(kind, Text | Row) else None


def can_be_empty(text: Text) -> bool:
    """Whether a text can have no letter; True where that is not known."""
    return text.among is None or "" in text.among


def described(kind: Kind) -> str:
    """The word for a kind, with its article."""
    match kind:
        case Text(among=among, called=called):
            example = f", such as {min(among)!r}" if among and called != "text" else ""
            return f"{called}{example}"
        case Row(form=form):
            return f"a {form}"
        case Truth():
            return "a condition"
        case Number():
            return "a whole number"
        case Bag():
            return "a set"
        case Stream():
            return "a generator"
    return "None"


def alike(one: Kind, other: Kind) -> bool:
    """Whether values of two kinds are of one type, so that it makes sense to ask whether they are equal."""
    match one, other:
        case Row(), Row():
            return _alike_rows(one, other)
        case (Bag(of=a), Bag(of=b)) | (Stream(of=a), Stream(of=b)):
            return a is None or b is None or alike(a, b)
        case (Nothing(), _):
            return other.maybe or isinstance(other, Nothing)
        case (_, Nothing()):
            return one.maybe
    return type(one) is type(other)


def _alike_rows(one: Row, other: Row) -> bool:
    if one.form != other.form:
        return False
    if one.parts is not None and other.parts is not None:
        pairs = zip(one.parts, other.parts, strict=False)
        return len(one.parts) == len(other.parts) and all(alike(a, b) for a, b in pairs)
    return all(alike(a, b) for a in items_in(one) for b in items_in(other))


def items_in(kind: Kind) -> tuple[Kind, ...]:
    """The kinds of the items of a row: one for each that differs."""
    if not isinstance(kind, Row):
        return ()
    return kind.parts if kind.parts is not None else () if kind.of is None else (kind.of,)


def can_equal(one: Kind, other: Kind) -> bool:
    """Whether two values of kinds that are `alike` can ever be equal; True where that is not known."""
    match one, other:
        case Text(), Text():
            return _same_text(one, other)
        case Number(), Number():
            return not (_below(one.most, other.least) or _below(other.most, one.least))
        case Row(parts=parts), Row(parts=others) if parts is not None and others is not None:
            return all(can_equal(a, b) for a, b in zip(parts, others, strict=True))
    return True


def _same_text(one: Text, other: Text) -> bool:
    if one.among is None and other.among is None:
        return True
    if one.among is not None and other.among is not None:
        return not one.among.isdisjoint(other.among)
    words, built = (one.among, other) if one.among is not None else (other.among, one)
    assert words is not None
    return any(
        (built.letters is None or built.letters.issuperset(word)) and not _below(built.longest, len(word))
        for word in words
    )


def can_hold(whole: Text, part: Text) -> bool:
    """Whether a text can ever hold another; True where that is not known."""
    if part.among is None:
        return True
    if whole.among is not None:
        return any(word in text for word in part.among for text in whole.among)
    return any(
        (whole.letters is None or whole.letters.issuperset(word)) and not _below(whole.longest, len(word))
        for word in part.among
    )


def can_be(one: Number, sign: str, other: Number) -> bool:
    """Whether ``one < other`` can ever hold, and so on; True where that is not known."""
    match sign:
        case "<":
            return not _below(other.most, one.least, equal=True)
        case "<=":
            return not _below(other.most, one.least)
        case ">":
            return not _below(one.most, other.least, equal=True)
    return not _below(one.most, other.least)


def _below(one: int | None, other: int | None, equal: bool = False) -> bool:
    return one is not None and other is not None and (one < other or (equal and one == other))


def has_order(one: Kind, other: Kind) -> bool:
    """Whether ``<`` is defined between values of two kinds that are `alike`: of sets it means a part of the other."""
    match one:
        case Truth() | Number() | Text() | Bag():
            return True
        case Row(form=form):
            return form != "range" and all(
                has_order(a, b) for a, b in zip(items_in(one), items_in(other), strict=False)
            )
    return False


def sortable(kind: Kind) -> bool:
    """Whether values of a kind have one order, so that a least is defined: sets have none."""
    return has_order(kind, kind) and not isinstance(kind, Bag) and all(map(sortable, items_in(kind)))


def hashable(kind: Kind) -> bool:
    """Whether values of a kind can stand in a set."""
    if isinstance(kind, Row) and kind.form == "tuple":
        return all(map(hashable, items_in(kind)))
    return isinstance(kind, Truth | Number | Text | Nothing) or (isinstance(kind, Row) and kind.form == "range")


def joined(kinds: Sequence[Kind]) -> Kind | None:
    """A kind that takes in all of one or more; None where they are not alike."""
    nothing = any(kind.maybe or isinstance(kind, Nothing) for kind in kinds)
    real = [kind for kind in kinds if not isinstance(kind, Nothing)]
    if not real:
        return Nothing()
    merged: Kind | None = real[0]
    for kind in real[1:]:
        merged = _joined(merged, kind)
    return None if merged is None else replace(merged, maybe=nothing)


def _joined(one: Kind | None, other: Kind) -> Kind | None:
    if one is None or not alike(one, other):
        return None
    match one, other:
        case Text(), Text():
            return _joined_text(one, other)
        case Number(), Number():
            return _joined_number(one, other)
        case Row(), Row():
            return _joined_row(one, other)
        case Bag(of=of), Bag(of=others_of):
            items = tuple(kind for kind in (of, others_of) if kind is not None)
            return Bag(of=joined(items) if items else None)
    return one


def _joined_text(one: Text, other: Text) -> Text:
    if one.among is not None and other.among is not None:
        called = one.called if one.called == other.called else "text"
        return Text(among=one.among | other.among, called=called)
    return Text(letters=_both(letters_of(one), letters_of(other)))


def _joined_number(one: Number, other: Number) -> Number:
    least = None if one.least is None or other.least is None else min(one.least, other.least)
    most = None if one.most is None or other.most is None else max(one.most, other.most)
    return Number(least=least, most=most)


def _joined_row(one: Row, other: Row) -> Row:
    """A row that takes in two of one form: place by place where both know their parts."""
    if one.parts is not None and other.parts is not None:
        merged = tuple(joined(pair) for pair in zip(one.parts, other.parts, strict=True))
        assert all(part is not None for part in merged)
        return Row(form="tuple", of=None, parts=tuple(part for part in merged if part is not None))
    items = (*items_in(one), *items_in(other))
    return Row(form=one.form, of=joined(items) if items else None)


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
