"""Aggregates and selector widths as heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from tprog.ir.domains import Attend
from tprog.ir.nodes import Head, Lookup, NumericHead
from tprog.ir.values import Number, Symbol
from tprog.rasp.expressions import Aggregate, Elementwise, SelectorWidth, SOp
from tprog.rasp.functions import Dialect
from tprog.rasp.lower.alike import key_of
from tprog.rasp.lower.building import Building
from tprog.rasp.lower.held import Held, NotLowered, in_size_order, is_exact, plain
from tprog.rasp.lower.selecting import Selection, beside, joined, selection
from tprog.rasp.values import Value, is_number

MOST_MEANS = 20_000
"""Different means that an aggregate may have."""


def gathered(building: Building, node: SOp) -> Held:
    """The variable of an aggregate or of a width."""
    match node:
        case SelectorWidth():
            return _width(building, node)
        case Aggregate():
            return _aggregate(building, node)
        case Elementwise() if (mean := building.mean_of(node)) is not None:
            asked = selection(building, mean.selector)
            return _numeric(building, mean, asked, lambda number, _: (Fraction(number), number))
    raise NotLowered(node, f"it is a {type(node).__name__}; expected an s-op of this package")


def _counting(name: str, asked: Selection) -> NumericHead:
    """How many positions are selected."""
    return NumericHead(
        name, asked.query, asked.key, "ones", asked.rows, asked.mask, also=asked.also, instead=asked.instead
    )


def _width(building: Building, node: SelectorWidth) -> Held:
    asked = selection(building, node.selector)
    name = building.add(_counting(building.name(node), asked))
    least, most = int(asked.filled), building.frame.length - (asked.mask != "all")
    counts = range(least, min(most, 1) + 1) if asked.single else range(least, most + (not asked.rank))
    if (runs := building.fixed.of(node)) is not None:
        counts = sorted({count for run in runs for count in run.values(node)})  # type: ignore[assignment,type-var]
    return Held(name, True, {count: (count,) for count in counts}, asked.rank, asked.rank, asked.uniform)


def _aggregate(building: Building, node: Aggregate) -> Held:
    if building.gathers_own(node):
        return building.as_symbols(node.sop)
    asked = selection(building, node.selector)
    if asked.own and node.dialect is not Dialect.RASP_L:
        return building.as_symbols(node.sop)
    match node.how:
        case "mean":
            return _mean(building, node, asked)
        case "single":
            return _single(building, node, asked)
        case "first" | "last" | "nearest":
            return _copied(building, node, asked, node.how)
        case "max" | "min":
            return _extreme(building, node, asked)
        case "largest" | "smallest":
            return _best(building, node, asked)


# One position #########################################################################################################


def _copied(
    building: Building,
    node: Aggregate,
    asked: Selection,
    attend: Attend = "nearest",
    by: Held | None = None,
    value: Held | None = None,
) -> Held:
    """The value at one position."""
    if by is not None and by.variable == "positions":
        attend, by = "last" if attend == "largest" else "first", None
    asked = beside(building, asked) if attend == "nearest" else asked
    held, default = _with_default(building, node, asked, value)
    rows, query, key = asked.rows, asked.query, asked.key
    name = building.add(
        Head(
            building.name(node),
            query,
            key,
            held.variable,
            rows,
            asked.mask,
            False,
            default,
            attend,
            None if by is None else by.variable,
            asked.also,
            asked.instead,
        )
    )
    values = dict(held.values)
    if not asked.filled:
        values[default] = _each_once((*values[default], node.default))
    # The nearest is another for each position; so it is where several are largest, unless what is compared comes out.
    own = attend in ("first", "last") or asked.single or (by is not None and by is value)
    return Held(name, False, values, uniform=asked.uniform and own)


def _with_default(building: Building, node: Aggregate, asked: Selection, value: Held | None) -> tuple[Held, Symbol]:
    """The variable to copy, and the symbol of its domain that comes where nothing is selected.

    Args:
        value: the variable, if it is known.
    """
    if asked.filled:
        held = value or building.as_symbols(node.sop)
        return held, next(iter(held.values))
    held = value or building.as_symbols(node.sop, default=node.default)
    if not held.admits(node.default):
        held = building.widened(held, node.default, node.sop)
    default = held.symbol(node.default)
    assert default is not None
    return held, default


def _whole(values: Mapping[Symbol, tuple[Value, ...]], default: Value) -> dict[Symbol, tuple[Value, ...]]:
    """The values cut to whole numbers, booleans to 1 and 0; but the default as it is."""
    cut: dict[Symbol, tuple[Value, ...]] = {}
    for symbol, meant in values.items():
        kept = [value for value in meant if key_of(value) == key_of(default)]
        cut[symbol] = _each_once((*(int(value) if is_number(value) else value for value in meant), *kept))  # type: ignore[arg-type]
    return cut


def _single(building: Building, node: Aggregate, asked: Selection) -> Held:
    """The value at the one position that is selected; a hole where there are several."""
    held = _copied(building, node, asked)
    if asked.single:
        return held
    count = building.add(_counting(building.name(node, suffix="_count"), asked))
    building.guard(
        Lookup(building.name(node, suffix="_alone"), (count,), ((0, 2),), ("alone",), ("alone", None)),
        f"{node} is of several positions, which has no value",
    )
    return held


def _extreme(building: Building, node: Aggregate, asked: Selection) -> Held:
    held = _ranked(building, node, node.sop, None if asked.filled else node.default)
    attend: Attend = "largest" if node.how == "max" else "smallest"
    found = _copied(building, node, asked, attend, held, held)
    if node.dialect is Dialect.RASP_L:
        return replace(found, values=_whole(found.values, node.default))
    return found


def _best(building: Building, node: Aggregate, asked: Selection) -> Held:
    """The value where another is largest: of several, RASP takes the own position last, where a head takes it first.

    So a first head finds the largest, and a second the nearest position that has it.
    """
    assert node.by is not None
    attend: Attend = "largest" if node.how == "largest" else "smallest"
    by = _ranked(building, node, node.by, None)
    if by.distinct:
        return _copied(building, node, asked, attend, by)
    if node.by is node.sop:
        return _copied(building, node, asked, attend, by, by)
    best = building.add(
        Head(
            building.name(node, suffix="_best"),
            asked.query,
            asked.key,
            by.variable,
            asked.rows,
            asked.mask,
            False,
            next(iter(by.values)),
            attend,
            by.variable,
            asked.also,
            asked.instead,
        )
    )
    return _copied(building, node, joined(asked, best, by))


def _ranked(building: Building, node: Aggregate, sop: SOp, default: Value | None) -> Held:
    """A variable whose domain is in the order of its values."""
    held = building.as_symbols(sop, default=default)
    if len(held.values) > 1 and not _can_be_compared(held, default):
        raise NotLowered(node, "it compares values that are not all numbers or all words")
    order = [meant[0] for meant in held.values.values() if meant]
    if order == in_size_order(order):
        return held
    return building.widened(held, held_first(held), sop)


def _can_be_compared(held: Held, default: Value | None) -> bool:
    """Whether all that a variable may hold but a default are numbers, or all words."""
    values = [value for value in held.every() if default is None or key_of(value) != key_of(default)]
    return all(map(is_number, values)) or all(isinstance(value, str) for value in values)


def held_first(held: Held) -> Value:
    """A value that a variable may have."""
    return next(held.every())


# Means ################################################################################################################


def _mean(building: Building, node: Aggregate, asked: Selection) -> Held:
    if node.dialect is Dialect.RASP_L:
        return _cut_mean(building, node, asked)
    values = _values(building, node.sop)
    if asked.single or not any(map(is_number, values)):
        return _single(building, node, asked)
    if node.dialect is Dialect.RASP and _are_booleans(node, values):
        return _single(building, node, asked)
    if others := [value for value in values if not is_exact(value)]:
        raise NotLowered(node, f"it is the mean of values of which some are numbers and one is {others[0]!r}")
    return _numeric(building, node, asked, lambda mean, meant: (Fraction(mean), *meant))


def _are_booleans(node: Aggregate, values: Sequence[Value]) -> bool:
    """Whether all are booleans, whose mean is none in the language of 2021.

    Raises:
        NotLowered: some are, and others are not.
    """
    booleans = {isinstance(value, bool) for value in values}
    if len(booleans) > 1:
        raise NotLowered(node, "it is the mean of values of which some are booleans, others numbers")
    return True in booleans


def _cut_mean(building: Building, node: Aggregate, asked: Selection) -> Held:
    if asked.single:
        found = _copied(building, node, asked)
        return replace(found, values=_whole(found.values, node.default))
    return _numeric(building, node, asked, lambda mean, meant: (int(mean),))


def _values(building: Building, sop: SOp) -> list[Value]:
    """What an s-op may hold."""
    if building.is_root(sop):
        return list(building.held(sop).every())
    table = building.cells([sop])
    return [value for _, value in table.pairs()]


def _numeric(
    building: Building,
    node: Aggregate,
    asked: Selection,
    meaning: Callable[[Number, tuple[Value, ...]], tuple[Value, ...]],
) -> Held:
    """The mean of numbers; a default that is none is stood for by a number that no mean is."""
    held = building.as_numbers(node.sop)
    most = building.frame.length - (asked.mask != "all")
    means = _means(building, node, [plain(number) for number in held.values], most)  # type: ignore[arg-type]
    values: dict[Symbol, tuple[Value, ...]] = {mean: meaning(mean, held.values.get(mean, ())) for mean in means}
    default: Number = 0
    if not asked.filled:
        default = plain(node.default) if is_exact(node.default) else plain(min(means) - 1)
        values[default] = (*values.get(default, ()), node.default)
    name = building.add(
        NumericHead(
            building.name(node),
            asked.query,
            asked.key,
            held.variable,
            asked.rows,
            asked.mask,
            False,
            "mean",
            default,
            asked.also,
            asked.instead,
        )
    )
    ordered = {number: _each_once(values[number]) for number in sorted(values)}  # type: ignore[type-var]
    return Held(name, True, ordered, uniform=asked.uniform)


def _each_once(values: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple({key_of(value): value for value in values}.values())


def _means(building: Building, node: Aggregate, values: list[Number], most: int) -> list[Number]:
    """All means of up to so many of the values, ascending."""
    found: set[Number] = set()
    sums: set[Number] = {0}
    for count in range(1, most + 1):
        sums = {total + value for total in sums for value in values}
        found |= {plain(Fraction(total, count)) for total in sums}
        if len(found) > MOST_MEANS:
            raise NotLowered(node, f"it may have more than {MOST_MEANS:,} values")
    return sorted(found)
