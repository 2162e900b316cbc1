"""The kinds that functions and methods of a condition yield, or why what they are given has no meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from analyze.circuits.where import numbers
from analyze.circuits.where.kinds import (
    Bag,
    Kind,
    Number,
    Row,
    Stream,
    Text,
    Truth,
    can_be_empty,
    described,
    hashable,
    items_in,
    joined,
    longest_of,
    sortable,
)
from analyze.circuits.where.terms import Term, items_of, why_no_condition, why_not_in

Found: TypeAlias = Kind | str
"""A kind, or the reason why there is none."""


def kind_of_call(name: str, arguments: Sequence[Term]) -> Found:
    """What a function yields.

    Args:
        name: one of `analyze.circuits.where.values.FUNCTIONS`.
        arguments: as many as it takes.
    """
    match name:
        case "range":
            return _range(arguments)
        case "abs":
            return _absolute(arguments[0])
        case "set" | "list" | "tuple" if not arguments:
            return (
                Bag(of=None) if name == "set" else Row(form="list" if name == "list" else "tuple", of=None, longest=0)
            )
        case "min" | "max" if len(arguments) > 1:
            kind = joined([term.kind for term in arguments])
            if kind is None:
                return f"{name} takes values of one kind, and has {', '.join(map(_told, arguments))}"
            return kind if sortable(kind) else f"{name} takes values that have an order, not {_told(arguments[0])}"
    return _OF_MANY[name](arguments[0])


def kind_of_sets(one: Term, sign: str, other: Term) -> Found:
    """What ``-``, ``&`` and ``|`` of two sets yield."""
    wrong = next((term for term in (one, other) if not isinstance(term.kind, Bag)), None)
    if wrong is not None:
        neither = not any(isinstance(term.kind, Bag) for term in (one, other))
        word = {"&": "and", "|": "or"}.get(sign) if neither else None
        return f"{sign} takes two sets here, not {_told(wrong)}{f'; between conditions write {word}' if word else ''}"
    return _of_both(one, other)


def _of_both(one: Term, other: Term) -> Found:
    """The kind of a set of what is in one of two sets or in both."""
    kinds = [term.kind.of for term in (one, other) if isinstance(term.kind, Bag) and term.kind.of is not None]
    of = joined(kinds) if kinds else None
    if kinds and of is None:
        return f"{one.said} and {other.said} hold things of different kinds, so that nothing is in both"
    return Bag(of=of)


def _told(term: Term) -> str:
    return f"{term.said}, which is {described(term.kind)}"


def _each(name: str, term: Term) -> tuple[Kind | None, str | None]:
    """The kind of the items that a function goes through, or why it cannot."""
    if not isinstance(term.kind, Text | Row | Bag | Stream):
        return None, f"{name} takes a text, tuple, list or set, not {_told(term)}"
    found = items_of(term.kind)
    if found is None and items_in(term.kind):
        return None, f"the items of {term.said} are of different kinds; expected one kind"
    return found, None


def _range(bounds: Sequence[Term]) -> Found:
    kinds = [term.kind if isinstance(term.kind, Number) else None for term in bounds]
    wrong = next((term for term, kind in zip(bounds, kinds, strict=True) if kind is None), None)
    if wrong is not None:
        return f"range takes whole numbers, not {_told(wrong)}"
    return Row(form="range", of=numbers.stepped([kind for kind in kinds if kind is not None]))


def _absolute(term: Term) -> Found:
    match term.kind:
        case Number(least=least, most=most):
            return Number(least=0, most=None if least is None or most is None else max(abs(least), abs(most)))
        case Truth():
            return Number(least=0, most=1)
    return f"abs takes a whole number, not {_told(term)}"


def _length(term: Term) -> Found:
    if isinstance(term.kind, Stream):
        return f"{term.said} is a generator, which has no length; write it in [...]"
    if not isinstance(term.kind, Text | Row | Bag):
        return f"len takes a text, tuple, list or set, not {_told(term)}"
    return Number(least=0, most=longest_of(term.kind))


def _least(name: str) -> Callable[[Term], Found]:
    def kind(term: Term) -> Found:
        of, wrong = _each(name, term)
        if wrong is not None:
            return wrong
        if of is None:
            return f"{term.said} is empty, so {name} finds nothing in it"
        if not sortable(of):
            return f"{name} takes values that have an order, not those of {term.said}"
        return replace(of, maybe=True)

    return kind


def _sum(term: Term) -> Found:
    of, wrong = _each("sum", term)
    if wrong is not None or of is None or isinstance(of, Number | Truth):
        return wrong or Number()
    return f"sum takes whole numbers, and those of {term.said} are of another kind: {described(of)}"


def _sorted(term: Term) -> Found:
    of, wrong = _each("sorted", term)
    if wrong is not None or of is None or sortable(of):
        return wrong or Row(form="list", of=of, longest=longest_of(term.kind))
    return f"sorted takes values that have an order, not those of {term.said}"


def _set(term: Term) -> Found:
    of, wrong = _each("set", term)
    if wrong is not None or of is None or hashable(of):
        return wrong or Bag(of=of)
    return f"the items of {term.said} cannot be in a set; expected texts, numbers or tuples"


def _row(term: Term, form: str) -> Found:
    of, wrong = _each(form, term)
    if wrong is not None:
        return wrong
    if isinstance(term.kind, Bag) or (isinstance(term.kind, Stream) and not term.kind.ordered):
        return f"a set has no order, so no {form} follows from it; write sorted({term.said})"
    return Row(form="list" if form == "list" else "tuple", of=of, longest=longest_of(term.kind))


def _conditions(name: str) -> Callable[[Term], Found]:
    def kind(term: Term) -> Found:
        of, wrong = _each(name, term)
        if wrong is not None:
            return wrong
        if of is None or why_no_condition(term._replace(kind=of)) is None:
            return Truth()
        return (
            f"{name} takes conditions, and an item of {term.said} is {described(of)}; "
            f"compare it, as in {name}(s == 'a' for s in x)"
        )

    return kind


_OF_MANY: Mapping[str, Callable[[Term], Found]] = {
    "len": _length,
    "min": _least("min"),
    "max": _least("max"),
    "sum": _sum,
    "sorted": _sorted,
    "set": _set,
    "list": lambda term: _row(term, "list"),
    "tuple": lambda term: _row(term, "tuple"),
    "any": _conditions("any"),
    "all": _conditions("all"),
}


# Methods ##############################################################################################################


def _search(name: str) -> Callable[[Term, Term], Found]:
    def kind(holder: Term, only: Term) -> Found:
        if not isinstance(holder.kind, Text | Row):
            return f".{name} takes a text, tuple or list before it, not {_told(holder)}"
        if (reason := why_not_in(only, holder)) is not None:
            return f".{name} finds nothing: {reason}"
        most = longest_of(holder.kind)
        if (
            most is not None
            and isinstance(only.kind, Text)
            and isinstance(holder.kind, Text)
            and can_be_empty(only.kind)
        ):
            most += 1  # nothing stands before each letter, and behind the last
        return Number(least=0, most=most, maybe=name == "index")

    return kind


def _end(name: str) -> Callable[[Term, Term], Found]:
    def kind(holder: Term, only: Term) -> Found:
        if isinstance(holder.kind, Row):
            return _end_of_row(name, holder, only)
        if not isinstance(holder.kind, Text):
            return f".{name} takes a text before it, not {_told(holder)}"
        for part in _alternatives(only):
            if not isinstance(part.kind, Text):
                return f".{name} takes a text, or a tuple of texts, not {_told(part)}"
            if (reason := why_not_in(part, holder)) is not None:
                return f".{name} is never true: {reason}"
        return Truth()

    return kind


def _alternatives(only: Term) -> tuple[Term, ...]:
    """The texts of which a text may begin or end with any."""
    if not isinstance(only.kind, Row) or only.kind.form != "tuple":
        return (only,)
    items = (Term(only.node, f"an item of {only.said}", item, only.of) for item in items_in(only.kind))
    return only.parts or tuple(items)


def _end_of_row(name: str, row: Term, only: Term) -> str:
    """What to write instead: the end of a row is compared."""
    first = name == "startswith"
    what = only.said if isinstance(only.kind, Row) else f"({only.said},)"
    ends = f"[:{len(only.parts) or 1}]" if first else f"[-{len(only.parts) or 1}:]"
    return (
        f".{name} is of texts, and {row.said} is {described(row.kind)}; "
        f"write {row.said}{ends} == {what}, or {row.said}[{0 if first else -1}] in {what}"
    )


METHOD_KINDS: Mapping[str, Callable[[Term, Term], Found]] = {
    "count": _search("count"),
    "index": _search("index"),
    "startswith": _end("startswith"),
    "endswith": _end("endswith"),
}
"""What a method yields, by what stands before it and its argument."""
