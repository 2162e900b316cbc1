"""The reader of a condition of ``--where``: its syntax tree becomes nested functions of a scope, each with its kind.

It makes none of these functions itself: what a part means stands in `analyze.circuits.where.values`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analyze.circuits.where import numbers
from analyze.circuits.where.calls import METHOD_KINDS, kind_of_call, kind_of_sets
from analyze.circuits.where.kinds import (
    Bag,
    Kind,
    Nothing,
    Number,
    Row,
    Stream,
    Text,
    Truth,
    described,
    hashable,
    joined,
    letters_of,
    longest_of,
)
from analyze.circuits.where.syntax import DEEPEST, described_node, parsed, too_deep
from analyze.circuits.where.terms import Term, items_of, why_no_condition, why_not
from analyze.circuits.where.values import (
    FUNCTIONS,
    LARGEST,
    METHODS,
    NUMBERS,
    SETS,
    Compiled,
    all_of,
    chain,
    choice,
    collected,
    comparison,
    constant,
    function,
    item,
    looped,
    method,
    negation,
    negative,
    of_numbers,
    of_sets,
    sliced,
    standing,
)
from analyze.circuits.where.values import joined as both
from tprog.errors import BadUsage

ALLOWED = (
    "x, i, token, predicted, right; and, or, not, comparisons, in; + - * // %; x[k], x[a:b]; "
    "len, min, max, sum, sorted, set, list, tuple, any, all, abs, range; .count, .index, .startswith, .endswith; "
    "v for v in s"
)

_MOST_LOOPS = 2
_SHOWN = 80  # characters of the condition that a message repeats
_SHOWN_PART = 40  # and of a part of it


class Reader:
    """Reads one condition.

    Args:
        text: the condition.
        names: the kind of each name; its index in a scope is its place here.
        unknown: why a name is not there.
        most_steps: what all loops may go through, over all inputs.

    Attributes:
        slots: how many values a scope has.
    """

    def __init__(self, text: str, names: Mapping[str, Kind], unknown: Mapping[str, str], most_steps: int) -> None:
        self.text = text
        self.shown = repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
        self._names, self._unknown = names, unknown
        self._places = {name: place for place, name in enumerate((*names, *unknown))}
        self.slots = len(self._places)
        self._steps, self._most_steps = [0], most_steps
        self._loops: list[dict[str, tuple[int, Kind]]] = []

    def place(self, name: str) -> int:
        """Where the value of a name stands in a scope."""
        return self._places[name]

    def parsed(self) -> ast.expr:
        """The syntax tree.

        Raises:
            BadUsage: it is no expression, or too long or deep.
        """
        tree = parsed(self.text, self.shown, ALLOWED)
        if (deep := too_deep(tree)) is not None:
            raise self.refused(deep, f"more than {DEEPEST} operations within each other")
        return tree

    def refused(self, node: ast.AST, what: str) -> BadUsage:
        """The message for a part outside the language."""
        return self.meaningless(node, f"{what}; allowed are {ALLOWED}")

    def meaningless(self, node: ast.AST, what: str) -> BadUsage:
        """The message for a part that nobody can mean."""
        before = self.text.encode()[: getattr(node, "col_offset", 0)]  # a syntax tree counts bytes
        column = len(before.decode(errors="replace")) + 1
        return BadUsage(f"--where {self.shown}, column {column}: {what}")

    # Expressions ######################################################################################################

    def condition(self, node: ast.expr, before: Term | None = None) -> Term:
        """A part that must be true or false.

        Raises:
            BadUsage: it is not, or is not in the language; the message has the column (1-based) and what to write.
        """
        found = self.term(node)
        if (reason := why_no_condition(found, before)) is not None:
            raise self.meaningless(node, reason)
        return found

    def term(self, node: ast.expr) -> Term:
        """Any part.

        Raises:
            BadUsage: as `condition`.
        """
        match node:
            case ast.Constant(value=value):
                return self._constant(node, value)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.BoolOp():
                return self._bool_op(node)
            case ast.UnaryOp():
                return self._signed(node)
            case ast.BinOp():
                return self._operation(node)
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Tuple() | ast.List() | ast.Set():
                return self._display(node)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return self._comprehension(node)
            case ast.Call():
                return self._call(node)
        raise self.refused(node, f"{described_node(node)} is not allowed")

    def _made(self, node: ast.expr, kind: Kind, of: Compiled, used: Sequence[Term] = (), **more: Any) -> Term:
        """A term made of others: fixed if all these are."""
        said = ast.unparse(node)
        said = said if len(said) <= _SHOWN_PART else f"{said[:_SHOWN_PART]}..."
        fixed = more.pop("fixed", all(term.fixed for term in used))
        return Term(node, said, kind, of, fixed, **more)

    def _constant(self, node: ast.Constant, value: object) -> Term:
        kind: Kind
        match value:
            case bool():
                kind = Truth()
            case int():
                if abs(value) > LARGEST:
                    raise self.refused(node, f"a number beyond {LARGEST:,}")
                kind = Number(least=value, most=value)
            case str():
                kind = Text(among=frozenset({value}))
            case None:
                kind = Nothing()
            case _:
                raise self.refused(node, f"the literal {value!r} is not allowed")
        return self._made(node, kind, constant(value))

    def _name(self, node: ast.Name, name: str) -> Term:
        for loop in reversed(self._loops):
            if name in loop:
                slot, kind = loop[name]
                return self._made(node, kind, standing(slot), fixed=False)
        if name in self._unknown:
            raise self.meaningless(node, self._unknown[name])
        if name not in self._names:
            raise self.refused(node, f"there is no {name!r}")
        return self._made(node, self._names[name], standing(self._places[name]), fixed=False)

    def _bool_op(self, node: ast.BoolOp) -> Term:
        parts: list[Term] = []
        for value in node.values:
            parts.append(self.condition(value, parts[-1] if parts else None))
        return self._made(node, Truth(), both([p.of for p in parts], isinstance(node.op, ast.And)), parts)

    def _signed(self, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.Not):
            asked = self.condition(node.operand)
            return self._made(node, Truth(), negation(asked.of), [asked])
        if isinstance(node.op, ast.USub):
            number = self.term(node.operand)
            kind = numbers.negative(self._number(number, "-"))
            return self._made(node, kind, negative(number.of), [number])
        raise self.refused(node, "this sign is not allowed")

    def _operation(self, node: ast.BinOp) -> Term:
        if type(node.op) not in NUMBERS.keys() | SETS.keys():
            raise self.refused(node, f"the operator {described_node(node.op)} is not allowed")
        one, other = self.term(node.left), self.term(node.right)
        if type(node.op) in SETS and (type(node.op) not in NUMBERS or isinstance(one.kind, Bag)):
            return self._of_sets(node, one, other)
        sign, _ = NUMBERS[type(node.op)]
        kind = numbers.arithmetic(self._number(one, sign), sign, self._number(other, sign))
        return self._made(node, kind, of_numbers(one.of, node.op, other.of), [one, other])

    def _of_sets(self, node: ast.BinOp, one: Term, other: Term) -> Term:
        kind = kind_of_sets(one, SETS[type(node.op)][0], other)
        if isinstance(kind, str):
            raise self.meaningless(node, kind)
        return self._made(node, kind, of_sets(one.of, node.op, other.of), [one, other])

    def _number(self, term: Term, where: str) -> Number:
        """The kind of a part that must be a number; a condition counts as 0 or 1."""
        match term.kind:
            case Number() as number:
                return number
            case Truth():
                return Number(least=0, most=1)
        raise self.meaningless(term.node, f"{where} takes whole numbers, and {term.said} is {described(term.kind)}")

    # Comparisons ######################################################################################################

    def _compared(self, node: ast.Compare) -> Term:
        left, *others = (self.term(part) for part in (node.left, *node.comparators))
        first, rest, used = left, [], [left]
        for op, right in zip(node.ops, others, strict=True):
            if (reason := why_not(left, op, right)) is not None:
                raise self.meaningless(right.node if left.fixed else left.node, reason)
            rest.append((comparison(op), right.of))
            used.append(right)
            left = right
        return self._made(node, Truth(), chain(first.of, rest), used)

    def _choice(self, node: ast.IfExp) -> Term:
        asked, yes, no = self.condition(node.test), self.term(node.body), self.term(node.orelse)
        kind = joined([yes.kind, no.kind])
        if kind is None:
            raise self.meaningless(
                node.orelse,
                f"{yes.said} is {described(yes.kind)} and {no.said} is {described(no.kind)}; expected one kind",
            )
        return self._made(node, kind, choice(asked.of, yes.of, no.of), [asked, yes, no])

    # Sequences ########################################################################################################

    def _subscript(self, node: ast.Subscript) -> Term:
        holder = self.term(node.value)
        if not isinstance(holder.kind, Text | Row):
            raise self.meaningless(
                node.value, f"[...] takes a text, tuple or list, and {holder.said} is {described(holder.kind)}"
            )
        if isinstance(node.slice, ast.Slice):
            return self._slice(node, holder, node.slice)
        index = self.term(node.slice)
        at = self._number(index, "an index")
        most = longest_of(holder.kind)
        if most is not None and not numbers.within(at, most):
            raise self.meaningless(node, f"there is no {self._part(node)}: {holder.said} has at most {most} items")
        kind = self._item(holder, at)
        return self._made(node, replace(kind, maybe=True), item(holder.of, index.of), [holder, index])

    def _item(self, holder: Term, at: Number) -> Kind:
        if isinstance(holder.kind, Row) and holder.kind.parts is not None and at.least == at.most is not None:
            return holder.kind.parts[at.least or 0]
        kind = items_of(holder.kind)
        if kind is None:
            raise self.meaningless(holder.node, f"the items of {holder.said} are of different kinds; expected one kind")
        return kind

    def _slice(self, node: ast.Subscript, holder: Term, at: ast.Slice) -> Term:
        bounds = [None if part is None else self._bound(part) for part in (at.lower, at.upper, at.step)]
        kind: Kind
        if isinstance(holder.kind, Text):
            kind = Text(letters=letters_of(holder.kind), longest=longest_of(holder.kind))
        else:
            assert isinstance(holder.kind, Row)
            kind = Row(form=holder.kind.form, of=items_of(holder.kind), longest=longest_of(holder.kind))
        used = [holder, *(bound for bound in bounds if bound is not None)]
        return self._made(node, kind, sliced(holder.of, [None if b is None else b.of for b in bounds]), used)

    def _bound(self, node: ast.expr) -> Term | None:
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        bound = self.term(node)
        self._number(bound, "a slice")
        return bound

    def _display(self, node: ast.Tuple | ast.List | ast.Set) -> Term:
        parts = [self.term(element) for element in node.elts]
        values = all_of([part.of for part in parts])
        stream = next((part for part in parts if isinstance(part.kind, Stream)), None)
        if stream is not None:
            raise self.meaningless(stream.node, f"{stream.said} is a generator; write it in [...]")
        kinds = tuple(part.kind for part in parts)
        if isinstance(node, ast.Tuple):
            row = Row(form="tuple", of=None, parts=kinds)
            return self._made(node, row, collected(tuple, values), parts, parts=tuple(parts))
        of = self._joined(node, kinds)
        if isinstance(node, ast.List):
            return self._made(node, Row(form="list", of=of, longest=len(parts)), values, parts, parts=tuple(parts))
        self._hashable(node, of)
        return self._made(node, Bag(of=of), collected(frozenset, values), parts, parts=tuple(parts))

    def _joined(self, node: ast.expr, kinds: Sequence[Kind]) -> Kind | None:
        """The one kind of all items; None if there are none."""
        of = joined(kinds) if kinds else None
        if kinds and of is None:
            raise self.meaningless(node, f"{self._part(node)} has items of different kinds; expected one kind")
        return of

    def _hashable(self, node: ast.expr, kind: Kind | None) -> None:
        if kind is not None and not hashable(kind):
            raise self.meaningless(node, f"{described(kind)} cannot be in a set; expected texts, numbers or tuples")

    def _part(self, node: ast.expr) -> str:
        return self._made(node, Nothing(), constant(None)).said

    # Loops and calls ##################################################################################################

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp | ast.SetComp) -> Term:
        if len(self._loops) + len(node.generators) > _MOST_LOOPS:
            raise self.refused(node, f"more than {_MOST_LOOPS} loops within each other")
        loops, used, ordered = [], [], True
        for generator in node.generators:
            over = self._over(generator)
            ordered = ordered and not _unordered(over.kind)
            assert isinstance(generator.target, ast.Name)
            slot, self.slots = self.slots, self.slots + 1
            self._loops.append({generator.target.id: (slot, items_of(over.kind) or Nothing())})
            tests = [self.condition(test) for test in generator.ifs]
            loops.append((over.of, slot, [test.of for test in tests]))
            used += [over, *tests]
        element = self.term(node.elt)
        del self._loops[-len(loops) :]
        run = looped(element.of, loops, self._steps, self._most_steps)
        used.append(element)
        if isinstance(node, ast.GeneratorExp):
            return self._made(node, Stream(of=element.kind, ordered=ordered), run, used)
        if isinstance(node, ast.SetComp):
            self._hashable(node.elt, element.kind)
            return self._made(node, Bag(of=element.kind), collected(frozenset, run), used)
        if not ordered:
            raise self.meaningless(node, "a set has no order, so no list follows from it; write sorted(...) around it")
        return self._made(node, Row(form="list", of=element.kind), collected(list, run), used)

    def _over(self, generator: ast.comprehension) -> Term:
        """What a loop goes through."""
        target = generator.target
        if generator.is_async or not isinstance(target, ast.Name):
            raise self.refused(target, "a loop needs one variable")
        if target.id in self._places or target.id in FUNCTIONS:
            raise self.refused(target, f"{target.id!r} has a meaning already")
        over = self.term(generator.iter)
        if not isinstance(over.kind, Text | Row | Bag | Stream):
            raise self.meaningless(
                over.node, f"for takes a text, tuple, list or set, and {over.said} is {described(over.kind)}"
            )
        if isinstance(over.kind, Row) and over.kind.parts and items_of(over.kind) is None:
            raise self.meaningless(over.node, f"the items of {over.said} are of different kinds; expected one kind")
        return over

    def _call(self, node: ast.Call) -> Term:
        if node.keywords:
            raise self.refused(node.keywords[0].value, "an argument with a name")
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            raise self.refused(node.func, f"there is no function {name!r}" if name else "this call is not allowed")
        least, most, _ = FUNCTIONS[name]
        if not least <= len(node.args) <= most:
            count = "one argument" if least == most == 1 else f"{least} to {most} arguments"
            raise self.refused(node, f"{name} takes {count}")
        arguments = [self.term(argument) for argument in node.args]
        kind = kind_of_call(name, arguments)
        if isinstance(kind, str):
            raise self.meaningless(arguments[0].node if arguments else node, kind)
        return self._made(node, kind, function(name, [argument.of for argument in arguments]), arguments)

    def _method(self, node: ast.Call, called: ast.Attribute) -> Term:
        if called.attr not in METHODS:
            raise self.refused(called, f"there is no method {called.attr!r}")
        if len(node.args) != 1:
            raise self.refused(node, f".{called.attr} takes one argument")
        holder, only = self.term(called.value), self.term(node.args[0])
        kind = METHOD_KINDS[called.attr](holder, only)
        if isinstance(kind, str):
            raise self.meaningless(node, kind)
        return self._made(node, kind, method(called.attr, holder.of, only.of), [holder, only])


def _unordered(kind: Kind) -> bool:
    """Whether its items come in no order: a set, or what goes through one."""
    return isinstance(kind, Bag) or (isinstance(kind, Stream) and not kind.ordered)
