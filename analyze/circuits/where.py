"""The language of ``--where``: a condition on an input, or on one prediction of it, that is read and never run as code.

It is the part of Python's expressions that can be evaluated in bounded time on one input:

- names: ``x``, the symbols of the input without ``<s>`` and ``</s>`` (a string where every symbol is one character,
  else a tuple of strings); ``i``, the position of the prediction (``<s>`` stands at 0, so that ``x[i - 1]`` is the
  symbol there); ``token``, what stands at it, marks included; ``predicted`` and ``right``, the class that the program
  predicts there and the right one. A pooled program has no ``i`` and no ``token``.
- literals: text, whole numbers, True, False, None, and tuples, lists and sets in brackets;
- ``and or not``, ``== != < <= > >= in not in``, chains of them, ``a if c else b``;
- ``+ - * // %`` of whole numbers; ``- & |`` of sets;
- ``s[k]`` and ``s[a:b:c]``, where an index outside is None;
- ``len min max sum sorted set any all abs range``, and the methods ``count index startswith endswith`` of a sequence.
  The least of nothing, and the index of what is not there, are None;
- ``... for v in s if c``, one or two within each other, in brackets or as the argument of a function.

None equals None alone, and no order holds with it, so that ``x[5] < 'c'`` is false for a short input.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from analyze.circuits.where_values import (
    FUNCTIONS,
    LARGEST,
    METHODS,
    OPERATORS,
    Compiled,
    Refused,
    Scope,
    arithmetic,
    chain,
    comparison,
    item,
    items_of,
    joined,
    sequence_of,
    set_of,
    sliced,
    whole,
)
from tprog.errors import BadUsage

LONGEST = 1000
"""Characters of a condition."""

DEEPEST = 40
"""Operations within each other."""

MOST_STEPS = 50_000_000
"""Elements that all ``for`` of a condition go through, over all inputs: about ten seconds."""

ALLOWED = (
    "x, i, token, predicted, right; and, or, not, comparisons, in; + - * // %; x[k], x[a:b]; "
    "len, min, max, sum, sorted, set, any, all, abs, range; .count, .index, .startswith, .endswith; v for v in s"
)

ABOUT_A_PREDICTION = frozenset({"i", "token", "predicted", "right"})
"""The names that differ from one prediction of an input to another."""

_NAMES = {"x": 0, "i": 1, "token": 2, "predicted": 3, "right": 4}
_FIRST_FREE = len(_NAMES)

_MOST_LOOPS = 2
_SHOWN = 80  # characters of the condition that a message repeats


class Where:
    """A condition.

    Attributes:
        text: as it was given.
        names: those of `ALLOWED`'s first line that it uses.
    """

    def __init__(self, text: str) -> None:
        """Read a condition.

        Raises:
            BadUsage: it is not in the language; the message has the column (1-based) and what is allowed.
        """
        self.text = text
        reader = _Reader(" ".join(text.split("\n")).strip())
        self._shown = reader.shown
        tree = reader.parsed()
        self.names = _names(tree) & _NAMES.keys()  # no loop's variable has one of these names
        parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
        compiled = [(reader.compiled(part), _names(part)) for part in parts]
        self._slots = reader.slots
        self._of_input = [part for part, names in compiled if not names & ABOUT_A_PREDICTION]
        self._of_prediction = [part for part, names in compiled if names & ABOUT_A_PREDICTION]

    def __str__(self) -> str:
        return self.text

    @property
    def about_a_prediction(self) -> bool:
        """Whether the answer can differ from one prediction of an input to another."""
        return bool(self._of_prediction)

    def of_input(self, x: str | Sequence[str]) -> bool:
        """Whether what it says of an input alone is true: of the parts joined by ``and``, those without ``i`` ...

        Raises:
            BadUsage: the input has values that an operation does not take; the message names both.
        """
        return self._all(self._of_input, [x, *[None] * (self._slots - 1)])

    def of_prediction(
        self, x: str | Sequence[str], i: int | None, token: str | None, predicted: str | None, right: str | None
    ) -> bool:
        """Whether the other parts are true of one prediction of the input.

        Raises:
            BadUsage: as `of_input`.
        """
        scope = [x, i, token, predicted, right, *[None] * (self._slots - _FIRST_FREE)]
        return self._all(self._of_prediction, scope)

    def _all(self, parts: Sequence[Compiled], scope: Scope) -> bool:
        try:
            return all(part(scope) for part in parts)
        except Refused as error:
            shown = scope[0] if isinstance(scope[0], str) else " ".join(scope[0])
            at = "" if scope[1] is None else f" at position {scope[1]}"
            raise BadUsage(f"--where {self._shown}: {error}, on the input {shown!r}{at}") from None


class _Reader:
    """Turns a condition's syntax tree into nested functions of a scope."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown = repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
        self.slots = _FIRST_FREE
        self.steps = [0]
        self._loops: list[dict[str, int]] = []

    def parsed(self) -> ast.expr:
        if len(self.text) > LONGEST:
            raise BadUsage(f"--where: the condition has {len(self.text):,} characters; expected at most {LONGEST:,}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's advice on style, such as on an escape
                tree = ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            column = f", column {error.offset}" if error.offset else ""
            raise BadUsage(f"--where {self.shown}{column}: {error.msg}; expected a condition on {ALLOWED}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            said = str(error) or type(error).__name__
            raise BadUsage(f"--where {self.shown}: it cannot be read: {said}; expected one on {ALLOWED}") from None
        deepest: list[tuple[ast.AST, int]] = [(tree, 1)]
        while deepest:
            node, depth = deepest.pop()
            if depth > DEEPEST:
                raise self.refused(node, f"more than {DEEPEST} operations within each other")
            deepest += [(below, depth + 1) for below in ast.iter_child_nodes(node)]
        return tree

    def refused(self, node: ast.AST, what: str) -> BadUsage:
        before = self.text.encode()[: getattr(node, "col_offset", 0)]  # a syntax tree counts bytes
        column = len(before.decode(errors="replace")) + 1
        return BadUsage(f"--where {self.shown}, column {column}: {what}; allowed are {ALLOWED}")

    # Expressions ######################################################################################################

    def compiled(self, node: ast.expr) -> Compiled:
        match node:
            case ast.Constant(value=value):
                return self._constant(node, value)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.BoolOp(op=op, values=values):
                return joined([self.compiled(value) for value in values], isinstance(op, ast.And))
            case ast.UnaryOp() | ast.BinOp():
                return self._operation(node)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return chain(
                    self.compiled(left),
                    [(comparison(o), self.compiled(c)) for o, c in zip(ops, comparators, strict=True)],
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                asked, yes, no = self.compiled(test), self.compiled(body), self.compiled(orelse)
                return lambda scope: yes(scope) if asked(scope) else no(scope)
            case ast.Subscript(value=value, slice=ast.Slice() as at):
                bounds = [None if part is None else self.compiled(part) for part in (at.lower, at.upper, at.step)]
                return sliced(self.compiled(value), bounds)
            case ast.Subscript(value=value, slice=index):
                return item(self.compiled(value), self.compiled(index))
            case ast.Tuple() | ast.List() | ast.Set() | ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return self._collection(node)
            case ast.Call(func=function, args=arguments, keywords=keywords):
                if keywords:
                    raise self.refused(keywords[0].value, "an argument with a name")
                return self._call(node, function, arguments)
        raise self.refused(node, f"{_described(node)} is not allowed")

    def _constant(self, node: ast.expr, value: object) -> Compiled:
        if isinstance(value, int) and abs(value) > LARGEST:
            raise self.refused(node, f"a number beyond {LARGEST:,}")
        if value is None or isinstance(value, str | int):
            return lambda scope: value
        raise self.refused(node, f"the literal {value!r} is not allowed")

    def _name(self, node: ast.expr, name: str) -> Compiled:
        for loop in reversed(self._loops):
            if name in loop:
                slot = loop[name]
                return lambda scope: scope[slot]
        if name in _NAMES:
            given = _NAMES[name]
            return lambda scope: scope[given]
        raise self.refused(node, f"there is no {name!r}")

    def _operation(self, node: ast.UnaryOp | ast.BinOp) -> Compiled:
        if isinstance(node, ast.BinOp):
            if type(node.op) not in OPERATORS:
                raise self.refused(node, f"the operator {_described(node.op)} is not allowed")
            return arithmetic(self.compiled(node.left), node.op, self.compiled(node.right))
        inner = self.compiled(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda scope: not inner(scope)
        if isinstance(node.op, ast.USub):
            return lambda scope: -whole(inner(scope), "-")
        raise self.refused(node, "this sign is not allowed")

    def _collection(
        self, node: ast.Tuple | ast.List | ast.Set | ast.GeneratorExp | ast.ListComp | ast.SetComp
    ) -> Compiled:
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
            loop = self._loop(node)
            return (lambda scope: set_of(loop(scope))) if isinstance(node, ast.SetComp) else lambda s: tuple(loop(s))
        parts = [self.compiled(element) for element in node.elts]
        if isinstance(node, ast.Set):
            return lambda scope: set_of([part(scope) for part in parts])
        return lambda scope: tuple([part(scope) for part in parts])

    # Loops and calls ##################################################################################################

    def _loop(self, node: ast.GeneratorExp | ast.ListComp | ast.SetComp) -> Callable[[Scope], Iterator[Any]]:
        if len(self._loops) + len(node.generators) > _MOST_LOOPS:
            raise self.refused(node, f"more than {_MOST_LOOPS} loops within each other")
        bound: list[tuple[Compiled, int, list[Compiled]]] = []
        for generator in node.generators:
            target = generator.target
            if generator.is_async or not isinstance(target, ast.Name):
                raise self.refused(target, "a loop needs one variable")
            if target.id in _NAMES:
                raise self.refused(target, f"{target.id!r} has a meaning already")
            over = self.compiled(generator.iter)
            slot, self.slots = self.slots, self.slots + 1
            self._loops.append({target.id: slot})
            bound.append((over, slot, [self.compiled(test) for test in generator.ifs]))
        element = self.compiled(node.elt)
        del self._loops[-len(bound) :]
        steps = self.steps

        def run(scope: Scope, depth: int = 0) -> Iterator[Any]:
            if depth == len(bound):
                yield element(scope)
                return
            over, slot, tests = bound[depth]
            values = items_of(over(scope), "for")
            steps[0] += len(values)
            if steps[0] > MOST_STEPS:
                raise Refused(f"it takes too long: its loops went through {MOST_STEPS:,} values")
            for value in values:
                scope[slot] = value
                if all(test(scope) for test in tests):
                    yield from run(scope, depth + 1)

        return run

    def _call(self, node: ast.Call, function: ast.expr, arguments: Sequence[ast.expr]) -> Compiled:
        if isinstance(function, ast.Attribute):
            method = METHODS.get(function.attr)
            if method is None:
                raise self.refused(function, f"there is no method {function.attr!r}")
            if len(arguments) != 1:
                raise self.refused(node, f".{function.attr} takes one argument")
            holder, only = self.compiled(function.value), self.compiled(arguments[0])
            name = f".{function.attr}"
            return lambda scope: method(sequence_of(holder(scope), name), only(scope))
        name = function.id if isinstance(function, ast.Name) else ""
        if name not in FUNCTIONS:
            raise self.refused(function, f"there is no function {name!r}" if name else "this call is not allowed")
        most, called = FUNCTIONS[name]
        if not 1 <= len(arguments) <= most:
            raise self.refused(node, f"{name} takes {'one argument' if most == 1 else f'1 to {most} arguments'}")
        if len(arguments) == 1 and isinstance(arguments[0], ast.GeneratorExp):
            loop = self._loop(arguments[0])
            return lambda scope: called(loop(scope))
        parts = [self.compiled(argument) for argument in arguments]
        if len(parts) == 1:
            (part,) = parts
            return lambda scope: called(part(scope))
        return lambda scope: called(*[part(scope) for part in parts])


def _names(tree: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _described(node: ast.AST) -> str:
    named = {
        ast.Attribute: "an attribute that is not called", ast.Lambda: "a lambda", ast.NamedExpr: "an assignment",
        ast.Starred: "a star", ast.JoinedStr: "an f-string", ast.Await: "await", ast.Yield: "yield",
        ast.Dict: "a dictionary", ast.DictComp: "a dictionary", ast.Pow: "**", ast.Div: "/", ast.MatMult: "@",
        ast.LShift: "<<", ast.RShift: ">>", ast.BitXor: "^",
    }  # fmt: skip
    return named.get(type(node), type(node).__name__)
