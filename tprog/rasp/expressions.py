"""The records of a RASP program: s-ops, a value at each position, and selectors, a set of positions at each position.

An expression never changes. It knows what it reads, its dialect, the name that its author gave it, and where it was
written. The operators of Python build expressions of s-ops (``tokens == "a"``), and of selectors (``&``, ``|``, ``~``).
It reads only those of its own dialect, because dialects differ in what they compute (`tprog.rasp.functions`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

from tprog.errors import BadUsage
from tprog.listing import shortened
from tprog.rasp.functions import OPERATORS, Dialect, Function, Where, at, caller, values_told
from tprog.rasp.sugar import Operators
from tprog.rasp.values import Unfit, Value, settled, spelled_value

Any_ = TypeVar("Any_", bound="Expression")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Expression:
    """An s-op or a selector.

    Attributes:
        dialect: the language in which it means what it means.
        name: as its author calls it, or None.
        where: where it was written; left out, the user's Python code that builds it.
        annotations: what its author noted, by key. Tracr's compiler asks for ``encoding``; the meaning needs none.
    """

    dialect: Dialect
    name: str | None = None
    where: Where | None = field(default=None, repr=False)
    annotations: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    word: ClassVar[str] = "expression"

    def __post_init__(self) -> None:
        if self.where is None:
            object.__setattr__(self, "where", caller())
        for read in self.sources():
            if read.dialect is not self.dialect:
                raise BadUsage(
                    f"{at(self.where)}an expression of {self.dialect} reads {read}, which is of {read.dialect}; "
                    "expected one dialect, because they differ in what nothing selected yields and in how means are cut"
                )

    def __bool__(self) -> bool:
        raise BadUsage(
            f"{at(caller())}{self} has no truth value before there is an input; expected where(...), or & | ~ in place "
            "of and, or, not"
        )

    def __str__(self) -> str:
        if self.name is None and "_described" not in vars(self):
            for each in in_order([self]):  # none asks what it reads to ask further: that may be deep, and much
                _ = each._described
        return self.name or self._described

    def __repr__(self) -> str:
        return f"<{self.word} {self}>"  # all that it reads might be read twice at each of many steps

    @cached_property
    def _described(self) -> str:
        """The description, made once: an expression may be read by many."""
        return self.described

    @property
    def described(self) -> str:
        """The expression in a few words, for one without a name."""
        return self.word

    def sources(self) -> tuple[Expression, ...]:
        """The expressions that it reads, in order."""
        return ()

    def named(self: Any_, name: str) -> Any_:
        """The same, called so."""
        return replace(self, name=_checked_name(name))

    def annotated(self: Any_, **annotations: Any) -> Any_:
        """The same with further notes; one of the same key replaces the old."""
        return replace(self, annotations=tuple((dict(self.annotations) | annotations).items()))


def _checked_name(name: str) -> str:
    if not name or not name.isprintable() or len(name) > 200:
        raise BadUsage(
            f"the name {shortened(name)} of an expression; expected up to 200 characters that can be printed"
        )
    return name


# S-ops ################################################################################################################


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SOp(Operators["SOp"], Expression):
    """A value at each position."""

    word: ClassVar[str] = "s-op"

    def _map(self, symbol: str, *others: object, swapped: bool = False) -> SOp:
        inputs = (self, *(lifted(other, self.dialect) for other in others))
        return elementwise(symbol, *(inputs[::-1] if swapped else inputs))


Reading: TypeAlias = Literal["asis", "str", "int", "float", "bool"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Tokens(SOp):
    """The input.

    Attributes:
        reading: as it is, or each token as a word, a whole number, a number or a boolean (`rasp` alone knows these).
    """

    reading: Reading = "asis"

    @property
    def described(self) -> str:
        return "tokens" if self.reading == "asis" else f"tokens_{self.reading}"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Indices(SOp):
    """0, 1, 2, ...: each position's own number."""

    @property
    def described(self) -> str:
        return "indices"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Constant(SOp):
    """The same value everywhere."""

    value: Value

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "value", checked_value(self.value, self.where))

    @property
    def described(self) -> str:
        return repr(self.value) if isinstance(self.value, str) else spelled_value(self.value)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Elementwise(SOp):
    """A function of the values that stand at a position.

    Attributes:
        function: of as many values as there are inputs.
        inputs: one or more s-ops.
    """

    function: Function
    inputs: tuple[SOp, ...]

    def __post_init__(self) -> None:
        check_kinds(self.where, "a map", SOp, *self.inputs)
        super().__post_init__()
        if self.function.wanted not in (None, len(self.inputs)) or not self.inputs:
            raise BadUsage(
                f"{at(self.where)}{self.function} takes {values_told(self.function.wanted or 1)}; "
                f"found {len(self.inputs)} s-ops"
            )

    def sources(self) -> tuple[SOp, ...]:
        """The s-ops that it reads."""
        return self.inputs

    @property
    def described(self) -> str:
        symbol = self.function.symbol
        if self.is_infix:
            first, second = self.inputs
            return f"{_operand(first, symbol)} {symbol} {_operand(second, symbol, is_second=True)}"
        return f"{symbol}({', '.join(map(_inner, self.inputs))})"

    @property
    def is_infix(self) -> bool:
        """Whether its operator stands between what it reads."""
        symbol = self.function.symbol
        return len(self.inputs) == 2 and not symbol.isidentifier() and not symbol.startswith("<")


def _inner(read: Expression) -> str:
    """A source in a few words: by its name, or cut where it would grow."""
    told = str(read)
    return told if len(told) <= 24 else f"({read.word})"


_TIGHTNESS = {"|": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "//": 4, "%": 4, "^": 5}
"""How tightly operators bind; all others compare, and bind least."""


def _operand(read: SOp, symbol: str, is_second: bool = False) -> str:
    """What an operator stands beside, in brackets where it would be read as something else."""
    told = _inner(read)
    if not isinstance(read, Elementwise) or not read.is_infix or read.name is not None or told != str(read):
        return told
    inner, outer = _TIGHTNESS.get(read.function.symbol, 0), _TIGHTNESS.get(symbol, 0)
    from_the_left = inner == outer and 1 <= outer <= 4 and not is_second
    return told if inner > outer or from_the_left else f"({told})"


def _joined(read: Selector, apart: tuple[type[Selector], ...]) -> str:
    """A selector that others are made of, in brackets if it is of these kinds and has no name."""
    told = _inner(read)
    return f"({told})" if isinstance(read, apart) and read.name is None and told == str(read) else told


How: TypeAlias = Literal["mean", "single", "first", "last", "nearest", "largest", "smallest", "max", "min"]

HOW: tuple[How, ...] = ("mean", "single", "first", "last", "nearest", "largest", "smallest", "max", "min")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Aggregate(SOp):
    """What the selected positions hold, as one value.

    Attributes:
        selector: which positions.
        sop: what they hold.
        default: the value where none is selected.
        how: ``mean``: the one value if one position is selected, else the mean of numbers. ``single``: the one value;
            several positions are an error. ``first``, ``last``, ``nearest``: the value at that position (nearest by
            distance, the left one of two, the own one only if it is alone). ``largest``, ``smallest``: the value where
            `by` is so, of several as ``nearest`` has it. ``max``, ``min``: of the values.
        by: the s-op that the best position is chosen by.
    """

    selector: Selector
    sop: SOp
    default: Value
    how: How = "mean"
    by: SOp | None = None

    def __post_init__(self) -> None:
        check_kinds(self.where, "an aggregate", Selector, self.selector)
        check_kinds(self.where, "an aggregate", SOp, self.sop, *([] if self.by is None else [self.by]))
        super().__post_init__()
        object.__setattr__(self, "default", checked_value(self.default, self.where))
        if self.how not in HOW:
            raise BadUsage(f"{at(self.where)}an aggregate of kind {self.how!r}; expected one of {', '.join(HOW)}")
        if (self.by is not None) != (self.how in ("largest", "smallest")):
            raise BadUsage(
                f"{at(self.where)}`by` says what the best position is chosen by, with largest or smallest; "
                f"found {self.how} {'with' if self.by is not None else 'without'} it"
            )

    def sources(self) -> tuple[Expression, ...]:
        """The selector, the s-op and, if there is one, what the best is chosen by."""
        return (self.selector, self.sop, *([] if self.by is None else [self.by]))

    @property
    def described(self) -> str:
        return f"{'aggregate' if self.how == 'mean' else self.how}({_inner(self.selector)}, {_inner(self.sop)})"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SelectorWidth(SOp):
    """How many positions are selected."""

    selector: Selector

    def __post_init__(self) -> None:
        check_kinds(self.where, "a selector width", Selector, self.selector)
        super().__post_init__()

    def sources(self) -> tuple[Selector]:
        """The selector."""
        return (self.selector,)

    @property
    def described(self) -> str:
        return f"selector_width({_inner(self.selector)})"


# Selectors ############################################################################################################


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Selector(Expression):
    """A set of positions at each position."""

    word: ClassVar[str] = "selector"

    def __and__(self, other: object) -> Selector:
        return SelectorAnd(dialect=self.dialect, first=self, second=_selector(other, "&"))

    def __rand__(self, other: object) -> Selector:
        return SelectorAnd(dialect=self.dialect, first=_selector(other, "&"), second=self)

    def __or__(self, other: object) -> Selector:
        return SelectorOr(dialect=self.dialect, first=self, second=_selector(other, "|"))

    def __ror__(self, other: object) -> Selector:
        return SelectorOr(dialect=self.dialect, first=_selector(other, "|"), second=self)

    def __invert__(self) -> Selector:
        return SelectorNot(dialect=self.dialect, inner=self)


def _selector(found: object, symbol: str) -> Selector:
    if not isinstance(found, Selector):
        raise BadUsage(f"{at(caller())}{symbol} joins two selectors; found {_told(found)}")
    return found


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Select(Selector):
    """The positions whose key, with the query of the own position, meets a predicate.

    Attributes:
        keys, queries: a value at each position.
        predicate: of a key and a query, true or false (1 or 0).
    """

    keys: SOp
    queries: SOp
    predicate: Function

    def __post_init__(self) -> None:
        check_kinds(self.where, "a select", SOp, self.keys, self.queries)
        super().__post_init__()
        if self.predicate.wanted not in (None, 2):
            wanted = values_told(self.predicate.wanted)
            raise BadUsage(f"{at(self.where)}{self.predicate} takes {wanted}; expected a key and a query")

    def sources(self) -> tuple[SOp, SOp]:
        """The keys, then the queries."""
        return (self.keys, self.queries)

    @property
    def described(self) -> str:
        return f"select({_inner(self.keys)}, {_inner(self.queries)}, {self.predicate})"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SelectorAnd(Selector):
    """The positions that both selectors select."""

    first: Selector
    second: Selector

    def __post_init__(self) -> None:
        check_kinds(self.where, "and", Selector, self.first, self.second)
        super().__post_init__()

    def sources(self) -> tuple[Selector, Selector]:
        """Both."""
        return (self.first, self.second)

    @property
    def described(self) -> str:
        return f"{_joined(self.first, (SelectorOr,))} and {_joined(self.second, (SelectorOr,))}"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SelectorOr(Selector):
    """The positions that one of the selectors selects, or both."""

    first: Selector
    second: Selector

    def __post_init__(self) -> None:
        check_kinds(self.where, "or", Selector, self.first, self.second)
        super().__post_init__()

    def sources(self) -> tuple[Selector, Selector]:
        """Both."""
        return (self.first, self.second)

    @property
    def described(self) -> str:
        return f"{_inner(self.first)} or {_inner(self.second)}"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SelectorNot(Selector):
    """The positions that a selector does not select."""

    inner: Selector

    def __post_init__(self) -> None:
        check_kinds(self.where, "not", Selector, self.inner)
        super().__post_init__()

    def sources(self) -> tuple[Selector]:
        """The selector."""
        return (self.inner,)

    @property
    def described(self) -> str:
        return f"not {_joined(self.inner, (SelectorAnd, SelectorOr))}"


# Building #############################################################################################################


def check_kinds(where: Where | None, what: str, kind: type[Expression], *found: object) -> None:
    """Refuse what is no s-op, or no selector, where one belongs.

    Args:
        where: left out, the user's Python code that asks.

    Raises:
        BadUsage: the message says what was found.
    """
    for each in found:
        if not isinstance(each, kind):
            raise BadUsage(f"{at(where or caller())}{what} takes a {kind.word} here; found {_told(each)}")


def _told(found: object) -> str:
    return f"the {found.word} {found}" if isinstance(found, Expression) else shortened(found)


def checked_value(found: object, where: Where | None) -> Value:
    """A constant of a program.

    Raises:
        BadUsage: it is no value of RASP.
    """
    try:
        return settled(found)
    except Unfit as error:
        raise BadUsage(f"{at(where)}found {error}") from None


def lifted(found: object, dialect: Dialect, where: Where | None = None) -> SOp:
    """An s-op as it is, a value as the s-op that holds it everywhere.

    Raises:
        BadUsage: it is neither.
    """
    if isinstance(found, SOp):
        return found
    if isinstance(found, Expression):
        raise BadUsage(f"{at(where or caller())}an operator takes s-ops and values; found the {found.word} {found}")
    return Constant(dialect=dialect, value=found, where=where)  # type: ignore[arg-type]  # checked there


def elementwise(symbol: str, *inputs: SOp, where: Where | None = None) -> Elementwise:
    """An operator of the language over s-ops.

    Args:
        symbol: one of `operator_names`.

    Raises:
        BadUsage: the dialect has no such operator.
    """
    dialect = inputs[0].dialect
    if dialect is Dialect.RASP_L and symbol in ("/", "^", "round"):
        raise BadUsage(
            f"{at(where or caller())}rasp-l has whole numbers alone, and {symbol} would make others; "
            "expected one of + - * // %"
        )
    return Elementwise(dialect=dialect, function=OPERATORS[dialect][symbol], inputs=inputs, where=where)


def in_order(outputs: Iterable[Expression], known: Container[int] = ()) -> list[Expression]:
    """The expressions and all that they read, each once, what is read before what reads it.

    Args:
        known: the ids of expressions that are left out, with what only they read.
    """
    done: dict[int, Expression] = {}
    for output in outputs:
        stack = [(output, iter(output.sources()))]
        while stack:
            here, left = stack[-1]
            read = next((each for each in left if id(each) not in done and id(each) not in known), None)
            if read is not None:
                stack.append((read, iter(read.sources())))
            else:
                stack.pop()
                if id(here) not in known:
                    done.setdefault(id(here), here)
    return list(done.values())
