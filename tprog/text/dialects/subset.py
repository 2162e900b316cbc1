"""The subset of Python that predicates, lookups and tables are written in, and its meaning. Nothing is executed.

A function is a chain of tests on its arguments, each answer a literal or, in a predicate, a test. It is compiled to
closures over the tuple of its arguments, so that a reader can ask it for every row and learn the line that answered.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NoReturn, TypeAlias, cast

from tprog.errors import BadSource
from tprog.ir.program import Number, Value
from tprog.ir.values import FALSE, NOTHING, TRUE, as_number, label_named
from tprog.text.syntax import children

Arguments: TypeAlias = tuple[Value, ...]
Test: TypeAlias = Callable[[Arguments], bool]
Answer: TypeAlias = tuple[Value | None, int]
"""What a function returns, and the line of the return that said so; None where it falls off its end."""

MAX_SHOWN = 60


@dataclass(frozen=True)
class Source:
    """The file being read: where refusals point to.

    Attributes:
        symbols: whether it defines NOTHING, F, T and labels.
    """

    path: Path | str
    advice: str = ""
    symbols: bool = False

    def refuse(self, node: ast.AST | None, found: str, expected: str, advice: str | None = None) -> NoReturn:
        """Raise BadSource at a syntax node (or, for None, at the start of the file)."""
        line, column = (getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1) if node else (1, 1)
        raise BadSource(self.path, line, column, found, expected, self.advice if advice is None else advice)

    def unexpected(self, node: ast.AST, expected: str, advice: str | None = None) -> NoReturn:
        """Raise BadSource that quotes the syntax node itself."""
        self.refuse(node, self.shown(node), expected, advice)

    def shown(self, node: ast.AST) -> str:
        """A short quotation of a syntax node."""
        text = " ".join(ast.unparse(node).split())
        return f"`{text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + '...'}`"


_NAMED: Mapping[str, Value] = {"NOTHING": NOTHING, "F": FALSE, "T": TRUE}


_WITHOUT = {
    ast.Set, ast.Tuple, ast.List, ast.Name, ast.Constant,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
}  # fmt: skip
"""Syntax in which no comparison stands that a module of this dialect may have: most of a module is in its items."""


def comparisons(node: ast.AST) -> Iterator[ast.Compare]:
    """The comparisons in a function, a statement or an expression, those nearest to the top first."""
    waiting = [node]
    for reached in waiting:
        if type(reached) not in _WITHOUT:
            if type(reached) is ast.Compare:
                yield reached
            waiting += children(reached)


def literal_value(source: Source, node: ast.expr) -> Value:
    """A string, a whole number, a Fraction of two or, where the file defines them, another symbol."""
    match node:
        case ast.Constant(value=str() | int() as value) if type(value) is not bool:
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if type(value) is not bool:
            return -value
        case ast.Call(func=ast.Name(id="Fraction"), args=[above, ast.Constant(value=int() as below)], keywords=[]):
            top = literal_value(source, above)
            if isinstance(top, int) and type(below) is int and below > 0:
                made = Fraction(top, below)
                return made.numerator if made.denominator == 1 else made
    if source.symbols and (symbol := _symbol(node)) is not None:
        return symbol
    others = ", NOTHING, F, T or a label such as `_Symbol('label 0.5')`" if source.symbols else ""
    return source.unexpected(node, f"a string, a whole number{',' if others else ' or'} a Fraction{others}")


def _symbol(node: ast.expr) -> Value | None:
    """A symbol that is neither text nor a number, as a file that defines them writes it; None if it is none."""
    match node:
        case ast.Name(id=name):
            return _NAMED.get(name)
        case ast.Call(func=ast.Name(id="_Symbol"), args=[ast.Constant(value=str() as name)], keywords=[]):
            return label_named(name.removeprefix("label ")) if name.startswith("label ") else None
    return None


def literal_items(source: Source, node: ast.expr) -> list[tuple[Value, ast.expr]]:
    """The literals of a tuple or set, each with its place."""
    if not isinstance(node, ast.Tuple | ast.Set):
        source.unexpected(node, "a set or tuple of literals")
    return [(literal_value(source, item), item) for item in node.elts]


@dataclass(frozen=True)
class Parameter:
    """An argument of a function.

    Attributes:
        values: all it can be, a variable's symbols or a lookup's levels.
        ordered: whether it is numeric, so that it can be compared by size.
    """

    name: str
    values: Collection[Value]
    ordered: bool

    def refuse(self, source: Source, at: ast.AST, found: Value) -> NoReturn:
        """Raise BadSource at a literal that it is compared with and cannot be."""
        shown = sorted(map(repr, self.values)) if not self.ordered else [str(value) for value in self.values]
        listed = ", ".join(shown[:12]) + (", ..." if len(shown) > 12 else "")
        source.refuse(at, f"{found!r}", f"a value of `{self.name}`: {listed}")


class Function:
    """A function of the subset, compiled.

    Args:
        vocabulary: the words of VOCABULARY, whose places may be compared.
    """

    def __init__(
        self,
        source: Source,
        body: Sequence[ast.stmt],
        parameters: Sequence[Parameter],
        *,
        tests: bool,
        vocabulary: Sequence[str] = (),
    ):
        self._source = source
        self._vocabulary = {word: place for place, word in enumerate(vocabulary)}
        self._places = {parameter.name: place for place, parameter in enumerate(parameters)}
        self._parameters = parameters
        self._returns_tests = tests
        self._run = self._block(body)

    def __call__(self, *arguments: Value) -> Answer | None:
        """The answer and its line, or None where no branch answers."""
        return self._run(arguments)

    def _block(self, body: Sequence[ast.stmt]) -> Callable[[Arguments], Answer | None]:
        steps = [self._statement(statement) for statement in body]
        if len(steps) == 1:  # as nearly always: called for each row, it is not to cost a call of its own
            return steps[0]

        def run(arguments: Arguments) -> Answer | None:
            for step in steps:
                if (answer := step(arguments)) is not None:
                    return answer
            return None

        return run

    def _statement(self, statement: ast.stmt) -> Callable[[Arguments], Answer | None]:
        match statement:
            case ast.Return(value=None) | ast.Return(value=ast.Constant(value=None)):
                return lambda arguments: (None, statement.lineno)
            case ast.Return(value=ast.expr() as value) if self._returns_tests:
                holds = self._test(value)
                return lambda arguments: (int(holds(arguments)), statement.lineno)
            case ast.Return(value=ast.expr() as value):
                found = literal_value(self._source, value)
                return lambda arguments: (found, statement.lineno)
            case ast.If(test=test, body=body, orelse=orelse):
                holds, then, otherwise = self._test(test), self._block(body), self._block(orelse)
                return lambda arguments: then(arguments) if holds(arguments) else otherwise(arguments)
            case ast.Pass():
                return lambda arguments: None
        self._source.unexpected(statement, "`if` with a test of the arguments, or `return`")

    def _test(self, node: ast.expr) -> Test:
        match node:
            case ast.Constant(value=bool() as value):
                return lambda arguments: value
            case ast.BoolOp(op=op, values=values):
                return _joined([self._test(value) for value in values], every=isinstance(op, ast.And))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                negated = self._test(operand)
                return lambda arguments: not negated(arguments)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                operands = [left, *comparators]
                links = [
                    self._comparison(node, operands[index], op, operands[index + 1]) for index, op in enumerate(ops)
                ]
                return links[0] if len(links) == 1 else _joined(links, every=True)
        self._source.unexpected(node, "a comparison of an argument with literals")

    def _comparison(self, whole: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        match op:
            case ast.In() | ast.NotIn():
                place = self._argument(left)
                members = frozenset(self._member(place, value, at) for value, at in literal_items(self._source, right))
                if isinstance(op, ast.In):
                    return lambda arguments: arguments[place] in members
                return lambda arguments: arguments[place] not in members
            case ast.Eq() | ast.NotEq():
                first, second = self._operand(left), self._operand(right)
                for one, other, at in ((left, right, right), (right, left, left)):
                    if self._is_argument(one) and not (self._is_argument(other) or isinstance(other, ast.BinOp)):
                        self._member(self._argument(one), literal_value(self._source, other), at)
                if isinstance(op, ast.Eq) and self._is_argument(left) and isinstance(right, ast.Constant):
                    place, value = self._argument(left), literal_value(self._source, right)
                    return lambda arguments: arguments[place] == value
                if isinstance(op, ast.Eq):
                    return lambda arguments: first(arguments) == second(arguments)
                return lambda arguments: first(arguments) != second(arguments)
            case ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE():
                return self._order(left, op, right)
        self._source.unexpected(whole, "one of ==, !=, in, not in, <, <=, >, >=")

    def _order(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        """A comparison of numbers, or of words by their letters."""
        read = self._operand if self._is_word(left) and self._is_word(right) else self._number
        first, second = cast("Callable[[Arguments], int]", read(left)), cast("Callable[[Arguments], int]", read(right))
        match op:
            case ast.Lt():
                return lambda arguments: first(arguments) < second(arguments)
            case ast.LtE():
                return lambda arguments: first(arguments) <= second(arguments)
            case ast.Gt():
                return lambda arguments: first(arguments) > second(arguments)
            case _:
                return lambda arguments: first(arguments) >= second(arguments)

    def _is_argument(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in self._places

    def _is_word(self, node: ast.expr) -> bool:
        """Whether it is a string, or an argument that is always one."""
        if self._is_argument(node):
            return all(isinstance(value, str) for value in self._parameters[self._argument(node)].values)
        return isinstance(node, ast.Constant) and isinstance(node.value, str)

    def _argument(self, node: ast.expr) -> int:
        if isinstance(node, ast.Name) and node.id in self._places:
            return self._places[node.id]
        names = " or ".join(f"`{name}`" for name in self._places)
        self._source.unexpected(node, f"the argument {names}")

    def _operand(self, node: ast.expr) -> Callable[[Arguments], Value]:
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node)
        if self._is_argument(node):
            place = self._argument(node)
            return lambda arguments: arguments[place]
        if isinstance(node, ast.Name) and not (self._source.symbols and node.id in _NAMED):
            self._argument(node)
        value = literal_value(self._source, node)
        return lambda arguments: value

    def _arithmetic(self, node: ast.BinOp) -> Callable[[Arguments], Number]:
        """Sums and differences of whole numbers, and remainders: what relations between numbers are said with."""
        first, second = self._whole(node.left), self._whole(node.right)
        match node.op:
            case ast.Add():
                return lambda arguments: first(arguments) + second(arguments)
            case ast.Sub():
                return lambda arguments: first(arguments) - second(arguments)
            case ast.Mod() if isinstance(node.right, ast.Constant) and node.right.value != 0:
                return lambda arguments: first(arguments) % second(arguments)
        self._source.unexpected(node, "+ or -, or % and a whole number")

    def _whole(self, node: ast.expr) -> Callable[[Arguments], int]:
        if isinstance(node, ast.BinOp):
            return cast("Callable[[Arguments], int]", self._arithmetic(node))
        if self._is_argument(node):
            parameter = self._parameters[self._argument(node)]
            if not all(type(value) is int for value in parameter.values):
                found = f"arithmetic with `{parameter.name}`"
                self._source.refuse(node, found, "== or in: its values are not all whole numbers")
        elif type(literal_value(self._source, node)) is not int:
            self._source.unexpected(node, "a whole number")
        return cast("Callable[[Arguments], int]", self._operand(node))

    def _number(self, node: ast.expr) -> Callable[[Arguments], Number]:
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return self._place(node)
        if self._is_argument(node):
            place = self._argument(node)
            parameter = self._parameters[place]
            if not all(isinstance(value, int | Fraction) for value in parameter.values):
                self._source.refuse(node, f"an order on `{parameter.name}`", "== or in: its values are not all numbers")
        elif not isinstance(literal_value(self._source, node), int | Fraction):
            self._source.unexpected(node, "a number to compare with")
        operand = self._operand(node)

        def number(arguments: Arguments) -> Number:
            return as_number(operand(arguments))

        return number

    def _place(self, node: ast.Call) -> Callable[[Arguments], int]:
        """The place of an argument's word in the vocabulary."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="VOCABULARY"), attr="index"), args=[argument], keywords=[]
            ) if self._vocabulary and "VOCABULARY" not in self._places:
                at, places = self._argument(argument), self._vocabulary
                if not all(value in places for value in self._parameters[at].values):
                    found = f"the place of `{self._parameters[at].name}` in VOCABULARY"
                    self._source.refuse(node, found, "== or in: its values are not all in VOCABULARY")
                return lambda arguments: places[cast("str", arguments[at])]
        self._source.unexpected(node, "a number, or `VOCABULARY.index(...)` of an argument")

    def _member(self, place: int, value: Value, at: ast.expr) -> Value:
        """A literal that an argument is compared with: it must be one of the argument's values."""
        parameter = self._parameters[place]
        if value in parameter.values:
            return value
        parameter.refuse(self._source, at, value)


def _joined(tests: Sequence[Test], *, every: bool) -> Test:
    """Whether every test holds, or any; those behind the one that decides are not asked."""

    def joined(arguments: Arguments) -> bool:
        for test in tests:
            if test(arguments) != every:
                return not every
        return every

    return joined


def plain_parameters(source: Source, function: ast.FunctionDef, count: int) -> list[str]:
    """The names of a function's arguments, if it has exactly `count` plain ones and nothing that Python would run."""
    without_extras(source, function)
    names = [argument.arg for argument in function.args.args]
    for name in {"min", "round_down", "Fraction", *(("_Symbol", *_NAMED) if source.symbols else ())} & set(names):
        source.refuse(
            function, f"the argument `{name}` of `{function.name}`", "another name: the function needs this one"
        )
    if len(names) != count or len(set(names)) != count:
        source.refuse(function, f"`{function.name}` with {len(names)} arguments", f"{count} different arguments")
    return names


def without_extras(source: Source, function: ast.FunctionDef) -> None:
    """Refuse a function with a decorator, a default, an annotation or any but plain arguments."""
    arguments = function.args
    fancy = [arguments.vararg, arguments.kwarg, *arguments.kwonlyargs, *arguments.posonlyargs, *function.decorator_list]
    fancy += [*arguments.defaults, function.returns, *(a.annotation for a in arguments.args)]
    fancy += getattr(function, "type_params", [])  # Python 3.12
    if extra := [part for part in fancy if part is not None]:
        source.unexpected(extra[0], f"`{function.name}` with plain arguments only")


def without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """A body without the string that explains it."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


def dict_items(source: Source, node: ast.expr) -> Mapping[Value, tuple[ast.expr, ast.expr]]:
    """A dict display: key -> (its place, its value). A key that stands twice is refused."""
    if not isinstance(node, ast.Dict):
        source.unexpected(node, "a dict written out as {key: value, ...}")
    items: dict[Value, tuple[ast.expr, ast.expr]] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            source.refuse(value, f"`**{ast.unparse(value)}`", "keys and values written out")
        name = literal_value(source, key)
        if name in items:
            source.refuse(key, f"the key {name!r} a second time", "each key once")
        items[name] = (key, value)
    return items
