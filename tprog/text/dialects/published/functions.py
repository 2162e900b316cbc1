"""Predicates and lookups nested in `run`: chains of tests on their arguments. Nothing is executed.

Unlike in our own dialect, a literal that an argument never takes is no mistake: predicates name ``<pad>``, and lookups
list counts that no input reaches.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from tprog.ir.program import Keys, Symbol, Symbols, Value
from tprog.text.dialects.subset import Source, plain_parameters, without_docstring

Arguments: TypeAlias = tuple[Value, ...]
Literal: TypeAlias = Value | tuple[Value, ...]
Operand: TypeAlias = Callable[[Arguments], Literal]

MOST_CELLS = 200_000
"""A lookup with more cells is refused."""

MOST_PAIRS = 1_000_000
"""A predicate that must be asked for each pair of query and key is refused beyond so many pairs."""


@dataclass(frozen=True)
class Test:
    """A compiled test.

    Attributes:
        holds: when it does.
        looks_at: the places of the arguments that it looks at.
        members: where it holds for these values of the arguments at `places`, and for no others; else None.
    """

    holds: Callable[[Arguments], bool]
    looks_at: frozenset[int]
    places: tuple[int, ...] = ()
    members: frozenset[Literal] | None = None


@dataclass(frozen=True)
class Branch:
    """An ``if`` of a chain."""

    test: Test
    then: Steps
    otherwise: Steps


@dataclass(frozen=True)
class Switch:
    """An ``if`` with its ``elif``s, each of which asks whether the same arguments are among some values.

    Attributes:
        get: picks those arguments, which stand at the places `looks_at`.
        then: a value of them -> where it leads. All values of a branch lead to the same steps.
    """

    get: Operand
    looks_at: frozenset[int]
    places: tuple[int, ...]
    then: Mapping[Literal, Steps]
    branches: tuple[Steps, ...]
    otherwise: Steps


Steps: TypeAlias = tuple["Branch | Switch | ast.Return", ...]


@dataclass(frozen=True, eq=False)
class Members:
    """The members of the enums that the module imports: class -> member -> its canonical name (see `embeddings`)."""

    enums: Mapping[str, Mapping[str, str]]

    def symbol(self, source: Source, node: ast.Attribute) -> str:
        """What ``str`` makes of a member."""
        if not isinstance(node.value, ast.Name) or node.value.id not in self.enums:
            source.unexpected(node, "a literal, or a member of an enum of words that the module imports")
        members = self.enums[node.value.id]
        if node.attr not in members:
            source.refuse(node, f"`{node.value.id}.{node.attr}`, which does not exist", "a member of that enum")
        return f"{node.value.id}.{members[node.attr]}"


class Chain:
    """The body of a predicate or lookup, compiled."""

    def __init__(self, source: Source, function: ast.FunctionDef, count: int, members: Members):
        self.source = source
        self.function = function
        self.names = plain_parameters(source, function, count)
        self.key: tuple[int, ...] | None = None
        self.key_name = ""
        self.numbers: dict[int, set[int]] = {place: set() for place in range(count)}
        self.ordered: dict[int, ast.expr] = {}
        self.returns: list[ast.Return] = []
        self._members = members
        body = list(without_docstring(function.body))
        match body:
            case [ast.Assign() as first, *rest]:
                self._bind_key(first)
                body = rest
        self.steps = self._block(body)

    def answer(self, arguments: Arguments) -> ast.Return | None:
        """The return that answers, or None where the function falls off its end."""
        return _walk(self.steps, arguments)

    def _bind_key(self, statement: ast.Assign) -> None:
        """``key = (a, b)`` before the chain."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in self.names:
                items = value.elts if isinstance(value, ast.Tuple) else [value]
                self.key, self.key_name = tuple(self._argument(item) for item in items), name
            case _:
                self.source.unexpected(statement, "`key = (...)` of the arguments, or `if`")

    def _block(self, body: Sequence[ast.stmt]) -> Steps:
        steps: list[Branch | Switch | ast.Return] = []
        for statement in body:
            match statement:
                case ast.Return():
                    self.returns.append(statement)
                    steps.append(statement)
                case ast.If(test=test, body=then, orelse=orelse):
                    steps.append(_branched(self.test(test), self._block(then), self._block(orelse)))
                case ast.Pass():
                    pass
                case _:
                    self.source.unexpected(statement, "`if` with a test of the arguments, or `return`")
        return tuple(steps)

    # Tests ------------------------------------------------------------------------------------------------------------

    def test(self, node: ast.expr) -> Test:
        match node:
            case ast.Constant(value=bool() as value):
                return Test(lambda arguments: value, frozenset())
            case ast.BoolOp(op=op, values=values):
                parts = [self.test(value) for value in values]
                every = all if isinstance(op, ast.And) else any
                looks_at = frozenset().union(*(part.looks_at for part in parts))
                return Test(lambda arguments: every(part.holds(arguments) for part in parts), looks_at)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                negated = self.test(operand)
                return Test(lambda arguments: not negated.holds(arguments), negated.looks_at)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._comparison(node, left, op, right)
        self.source.unexpected(node, "a comparison of an argument with literals")

    def _comparison(self, whole: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        places = self._places(left)
        if places is None:
            self.source.unexpected(left, "an argument of the function on the left")
        get, looks_at = _getter(places), frozenset(places)
        match op:
            case ast.In() | ast.NotIn():
                if not isinstance(right, ast.Set | ast.Tuple | ast.List):
                    self.source.unexpected(right, "a set of literals")
                members = frozenset(self._literal(item, places) for item in right.elts)
                if isinstance(op, ast.In):
                    return Test(lambda arguments: get(arguments) in members, looks_at, places, members)
                return Test(lambda arguments: get(arguments) not in members, looks_at)
            case ast.Eq() | ast.NotEq():
                if (others := self._places(right)) is not None:
                    other, looks_at = _getter(others), looks_at | set(others)
                else:
                    value = self._literal(right, places)
                    if isinstance(op, ast.Eq):
                        return Test(lambda arguments: get(arguments) == value, looks_at, places, frozenset({value}))
                    other = lambda arguments: value  # noqa: E731
                if isinstance(op, ast.Eq):
                    return Test(lambda arguments: get(arguments) == other(arguments), looks_at)
                return Test(lambda arguments: get(arguments) != other(arguments), looks_at)
            case ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE():
                return self._order(op, places, right)
        self.source.unexpected(whole, "one of ==, !=, in, not in, <, <=, >, >=")

    def _order(self, op: ast.cmpop, places: tuple[int, ...], right: ast.expr) -> Test:
        bound = self._literal(right, places, strict=isinstance(op, ast.Lt | ast.GtE))
        if not isinstance(bound, int):
            self.source.unexpected(right, "a whole number to compare with")
        (place,) = places
        above, equal = isinstance(op, ast.Gt | ast.GtE), isinstance(op, ast.LtE | ast.GtE)

        def holds(arguments: Arguments) -> bool:
            value = arguments[place]
            assert isinstance(value, int), "the reader refuses an order on words before any is asked"
            return (value > bound if above else value < bound) or (equal and value == bound)

        self.ordered[place] = right
        return Test(holds, frozenset(places))

    def _places(self, node: ast.expr) -> tuple[int, ...] | None:
        """The places of the arguments that an operand names, or None if it is no argument."""
        if not isinstance(node, ast.Name):
            return None
        if node.id == self.key_name and self.key is not None:
            return self.key
        if node.id not in self.names:
            return None
        return (self.names.index(node.id),)

    def _argument(self, node: ast.expr) -> int:
        if isinstance(node, ast.Name) and node.id in self.names:
            return self.names.index(node.id)
        names = " or ".join(f"`{name}`" for name in self.names)
        self.source.unexpected(node, f"the argument {names}")

    # Literals ---------------------------------------------------------------------------------------------------------

    def _literal(self, node: ast.expr, places: tuple[int, ...], strict: bool = False) -> Literal:
        """A literal that the arguments at `places` are compared with; `numbers` notes where a count begins to differ.

        Args:
            strict: the comparison tells apart what lies below the number from it, but not it from what lies above.
        """
        if len(places) == 1:
            value = self.scalar(node)
            if isinstance(value, int):
                self.numbers[places[0]].add(value - int(strict))
            return value
        if not isinstance(node, ast.Tuple) or len(node.elts) != len(places):
            self.source.unexpected(node, f"a tuple of {len(places)} literals")
        values = tuple(self.scalar(item) for item in node.elts)
        for place, value in zip(places, values, strict=True):
            if isinstance(value, int):
                self.numbers[place].add(value)
        return values

    def scalar(self, node: ast.expr) -> Symbol:
        """A string, a whole number or the member of an enum."""
        match node:
            case ast.Constant(value=str() | int() as value) if type(value) is not bool:
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if type(value) is not bool:
                return -value
            case ast.Attribute():
                return self._members.symbol(self.source, node)
        self.source.unexpected(node, "a string, a whole number or the member of an enum")


def _getter(places: tuple[int, ...]) -> Operand:
    """What picks the arguments at some places: the one, or a tuple of several."""
    return itemgetter(*places)


def _branched(test: Test, then: Steps, otherwise: Steps) -> Branch | Switch:
    """An ``if``, joined with the one that its ``elif`` is where both ask for values of the same arguments."""
    if test.members is None:
        return Branch(test, then, otherwise)
    leads = dict.fromkeys(test.members, then)
    branches: tuple[Steps, ...] = (then,)
    match otherwise:
        case (Switch() as below,) if below.places == test.places:
            leads, branches, otherwise = {**below.then, **leads}, (then, *below.branches), below.otherwise
    return Switch(_getter(test.places), test.looks_at, test.places, leads, branches, otherwise)


def _walk(steps: Steps, arguments: Arguments) -> ast.Return | None:
    for step in steps:
        if isinstance(step, ast.Return):
            return step
        if isinstance(step, Switch):
            below = step.then.get(step.get(arguments), step.otherwise)
        else:
            below = step.then if step.test.holds(arguments) else step.otherwise
        if (answer := _walk(below, arguments)) is not None:
            return answer
    return None


def looks_at(steps: Steps) -> frozenset[int]:
    """The places of the arguments that the tests of a chain look at, its returns aside."""
    found: frozenset[int] = frozenset()
    for step in steps:
        match step:
            case Branch():
                found |= step.test.looks_at | looks_at(step.then) | looks_at(step.otherwise)
            case Switch():
                found |= step.looks_at.union(looks_at(step.otherwise), *map(looks_at, step.branches))
    return found


class Predicate:
    """A predicate: the keys that each query accepts.

    Attributes:
        quick: a row costs one walk along the branches, however many keys there are.
    """

    def __init__(self, source: Source, function: ast.FunctionDef, members: Members):
        self.chain = Chain(source, function, 2, members)
        self._tests = {id(node): self._test(node) for node in self.chain.returns}
        self._by_query = 1 not in looks_at(self.chain.steps)
        self.quick = self._by_query and all(
            self._tests[id(answer)] is None or self._constant(answer) is not None for answer in self.chain.returns
        )

    def _test(self, node: ast.Return) -> Test | None:
        if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None):
            return None
        return self.chain.test(node.value)

    def row(self, query: Symbol, keys: Symbols) -> tuple[Keys, int | None]:
        """The keys that a query accepts, and the line that says so; no line where no branch answers for it."""
        if self._by_query:
            answer = self.chain.answer((query, keys.values[0]))
            if answer is None:
                return (), None
            return self._accepted(answer, query, keys), answer.lineno
        accepted: list[Symbol] = []
        line: int | None = None
        for key in keys:
            answer = self.chain.answer((query, key))
            if answer is None:
                continue
            holds = bool(self._accepted(answer, query, Symbols((key,))))
            if holds:
                accepted.append(key)
            if line is None or (holds and len(accepted) == 1):
                line = answer.lineno
        return tuple(accepted), line

    def _accepted(self, answer: ast.Return, query: Symbol, keys: Symbols) -> Keys:
        test = self._tests[id(answer)]
        if test is None:
            return ()
        if (only := self._constant(answer)) is not None:
            return (only,) if only in keys.codes else ()
        return tuple(key for key in keys if test.holds((query, key)))

    def _constant(self, answer: ast.Return) -> Symbol | None:
        """The one key that ``return key == literal`` accepts."""
        match answer.value:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[right]) if name == self.chain.names[
                1
            ] and not isinstance(right, ast.Name):
                return self.chain.scalar(right)
        return None
