"""Planting: the small faults that `tests.mutants` tries, found in the syntax and written as changes of the text."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_WORDS = {"any": "all", "all": "any", "min": "max", "max": "min", "argmin": "argmax", "argmax": "argmin"}


@dataclass(frozen=True)
class Fault:
    """A change of a file.

    Attributes:
        file: its path in the checkout.
        function: in which function or method.
        line: where it is, from 1.
        first, last: the lines that must run for it to matter.
        start, end: the bytes that change.
        before, after: those bytes, then and now.
    """

    file: str
    function: str
    line: int
    first: int
    last: int
    start: int
    end: int
    before: str
    after: str

    def planted(self, whole: bytes) -> bytes:
        """The file with the fault in it."""
        return whole[: self.start] + self.after.encode() + whole[self.end :]


def faults(root: Path, files: list[Path], chance: random.Random, count: int) -> list[Fault]:
    """Faults drawn evenly over the functions: the first of each in turn, then the second."""
    drawn: list[list[Fault]] = []
    for file in files:
        source = file.read_bytes()
        for name, function in functions(ast.parse(source)):
            found = [*_Places(file.relative_to(root).as_posix(), name, source).within(function)]
            drawn.append(chance.sample(found, len(found)))
    chance.shuffle(drawn)
    deepest = max(map(len, drawn), default=0)
    return [own[turn] for turn in range(deepest) for own in drawn if turn < len(own)][:count]


def functions(tree: ast.AST, above: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The functions and methods of a module; what is defined within one belongs to it."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield above + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from functions(child, f"{above}{child.name}.")


class _Places:
    """Where a function can be wrong. It answers what its annotation allows: mypy would notice anything else."""

    def __init__(self, file: str, function: str, source: bytes) -> None:
        self.file, self.function, self.source, self.returns = file, function, source, ""
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def within(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Fault]:
        outer, self.returns = self.returns, ast.unparse(function.returns) if function.returns else ""
        for statement in function.body:
            yield from self._statement(statement)
        self.returns = outer

    def _statement(self, node: ast.stmt) -> Iterator[Fault]:
        """A statement left out or answering nothing, and what is wrong in its expressions and the statements in it."""
        match node:
            case ast.Assert() | ast.Import() | ast.ImportFrom():
                return
            case ast.Raise():
                yield self._fault(node, node, "pass")
                return  # what it says is a message
            case ast.Expr(value=ast.Constant()) | ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
                return  # a docstring, an assertion
            case ast.Expr() | ast.AugAssign() | ast.Continue():
                yield self._fault(node, node, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield self._fault(node, node, "pass")
            case ast.Return(value=ast.expr() as value) if self.returns == "bool":
                yield self._fault(node, value, f"(not ({ast.unparse(value)}))")
            case ast.Return(value=ast.expr() as value) if "None" in self.returns and ast.unparse(value) != "None":
                yield self._fault(node, node, "return None")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self.within(node)
                return
        if isinstance(node, ast.If):
            yield self._fault(node, node.test, f"not ({ast.unparse(node.test)})")
        yield from self._parts(node, node)

    def _parts(self, statement: ast.stmt, node: ast.AST) -> Iterator[Fault]:
        if isinstance(node, ast.comprehension):
            for test in node.ifs:
                yield self._fault(statement, test, f"(not ({ast.unparse(test)}))")
        for name, field in ast.iter_fields(node):
            if name in ("annotation", "returns", "args", "decorator_list") and not isinstance(node, ast.Call):
                continue
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, ast.keyword) and child.arg in ("strict", "copy"):
                    continue  # of zip: an assertion; of an array: whether it may be the same one
                if isinstance(child, ast.stmt):
                    yield from self._statement(child)
                elif isinstance(child, ast.expr):
                    yield from self._expression(statement, child)
                elif isinstance(child, ast.AST):
                    yield from self._parts(statement, child)

    def _expression(self, statement: ast.stmt, node: ast.expr) -> Iterator[Fault]:
        if isinstance(node, ast.JoinedStr):
            return
        for wrong in _wrong(node):
            yield self._fault(statement, node, f"({ast.unparse(wrong)})")  # as tight as what stood there
        yield from self._parts(statement, node)

    def _fault(self, statement: ast.stmt, node: ast.expr | ast.stmt, after: str) -> Fault:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        before = self.source[start:end].decode()
        lines = node.lineno, statement.lineno, node.end_lineno
        return Fault(self.file, self.function, *lines, start, end, before, after)


def _wrong(node: ast.expr) -> Iterator[ast.expr]:
    """An expression with one mistake at its top."""
    match node:
        case ast.Constant(value=bool() as truth):
            yield ast.Constant(not truth)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.Compare():
            for place, one in enumerate(node.ops):
                other = copy.copy(node)
                other.ops = [*node.ops[:place], _COMPARISONS[type(one)](), *node.ops[place + 1 :]]
                yield other
        case ast.BinOp() if type(node.op) in _OPERATORS:
            yield ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node.operand
        case ast.IfExp():
            yield ast.IfExp(node.test, node.orelse, node.body)
        case ast.Name() if node.id in _WORDS:
            yield ast.Name(_WORDS[node.id])
        case ast.Attribute() if node.attr in _WORDS:
            yield ast.Attribute(node.value, _WORDS[node.attr])
