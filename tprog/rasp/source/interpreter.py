"""Running the statements of a source: what an expression is, and what a name stands for.

Expressions that are s-ops or selectors are tried at once on the example of the session, so that one that never has a
value is told where it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from tprog.errors import BadSource
from tprog.rasp.expressions import Expression, Indices, Tokens
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Where
from tprog.rasp.source import operations, syntax
from tprog.rasp.source.bounds import CALL_STEPS, DEEPEST_CALL, EXPRESSION_STEPS, TRIAL_STEPS
from tprog.rasp.source.operations import Wrong
from tprog.rasp.source.session import Answered, Defined, Example, Session, Told, example_of
from tprog.rasp.source.syntax import Expr, Place, Statement
from tprog.rasp.source.things import (
    Evaluated,
    EvaluatedRows,
    RaspFunction,
    Reserved,
    Scope,
    SourceFile,
    Thing,
    a_kind,
    is_atom,
)

WIDTH = "selector_width"
"""The one function of the library that is not written in RASP."""


class Loader(Protocol):
    """What a ``load`` statement asks."""

    def load(self, name: str, by: Interpreter, at: Place) -> list[Told]:
        """Run the file of that name, whose variables become those of the interpreter's scope."""


class Interpreter:
    """Runs statements in one scope.

    Args:
        session: what all files of a run share.
        scope: the variables.
        file: the text that the statements stand in.
        loader: what loads further files.
        site: of what is bundled, the place from which it is called.
        depth: how many functions are being called.
    """

    def __init__(
        self,
        session: Session,
        scope: Scope,
        file: SourceFile,
        loader: Loader,
        site: Where | None = None,
        depth: int = 0,
    ) -> None:
        self.session, self.scope, self.file, self._loader = session, scope, file, loader
        self._site, self.depth = site, depth
        self.backup: Example | None = None

    def run(self, statement: Statement) -> list[Told]:
        """Run a statement; what it has to say.

        Raises:
            BadSource: it has no meaning; the message says where, what was found and what was expected.
        """
        try:
            return self._statement(statement)
        except RecursionError:
            raise self.bad(statement.at, "expressions and calls that nest too deeply", "flatter ones") from None

    def _statement(self, statement: Statement) -> list[Told]:
        match statement:
            case syntax.Show():
                return self._show(statement)
            case syntax.Assign():
                return self._assign(statement)
            case syntax.Draw():
                return self._draw(statement)
            case syntax.Load():
                return self._loader.load(statement.name, self, statement.at)
            case syntax.Define():
                function = RaspFunction(statement, self.file, self.scope)
                self._set(statement.name, function, statement.at)
                return [Defined(statement.name, function)]
            case syntax.ForEach():
                for item in self._items(statement.iterable):
                    self._unpack(statement.names, item, statement.at)
                    for inner in statement.body:
                        self._statement(inner)
                return []

    def bad(self, at: Place, found: str, expected: str, plain: str | None = None) -> BadSource:
        """An error at a place; in a file that another one loads, what was found is told without quoting it."""
        if self.file.bundled and self._site is not None:
            return BadSource(self._site.file, self._site.line, self._site.column, found, expected)
        return BadSource(self.file.name, at.line, at.column, found if self.file.quoted else plain or found, expected)

    @contextmanager
    def _at(self, at: Place) -> Iterator[None]:
        """Where an operation stands, should it have no meaning."""
        try:
            yield
        except Wrong as error:
            raise self.bad(at, error.found, error.expected, error.plain) from None

    def where(self, at: Place) -> Where:
        """Where an expression was written; of what is bundled, where it is called."""
        if self.file.bundled and self._site is not None:
            return self._site
        return Where(self.file.name, at.line, at.column)

    # Statements

    def _show(self, statement: syntax.Show) -> list[Told]:
        thing = self.value(statement.value)
        if isinstance(thing, (Evaluated, EvaluatedRows)):
            return [Answered(thing)]
        name = statement.value.name if isinstance(statement.value, syntax.Name) else "out"
        return [Defined(name, thing)]

    def _assign(self, statement: syntax.Assign) -> list[Told]:
        values = [self.value(value) for value in statement.values]
        thing: Thing = values[0] if len(values) == 1 else values
        if len(statement.names) == 1:
            return [self._named(statement.names[0], thing, statement.at)]
        things = self._several(thing, len(statement.names), statement.at)
        return [self._named(name, each, statement.at) for name, each in zip(statement.names, things, strict=True)]

    def _named(self, name: str, thing: Thing, at: Place) -> Defined:
        """An s-op is called as the first variable that it stands in."""
        if _is_computed(thing) and (thing.name is None or "(" in thing.name):
            thing = replace(thing, name=name)
            self._tried(thing, at)
        self._set(name, thing, at)
        return Defined(name, thing)

    def _set(self, name: str, thing: Thing, at: Place) -> None:
        try:
            self.scope.set(name, thing)
        except Reserved:
            raise self.bad(at, f"the name {name!r}, which is reserved", "another one", "a reserved name") from None

    def _several(self, thing: Thing, count: int, at: Place) -> Sequence[Thing]:
        if not isinstance(thing, (list, str, dict)):
            raise self.bad(at, f"{a_kind(thing)}", f"{count} values")
        if len(thing) != count:
            raise self.bad(at, f"{len(thing)} values", f"{count}, one for each name")
        return thing if isinstance(thing, (list, str)) else list(thing)

    def _unpack(self, names: tuple[str, ...], thing: Thing, at: Place) -> None:
        things = [thing] if len(names) == 1 else self._several(thing, len(names), at)
        for name, each in zip(names, things, strict=True):
            self._set(name, each, at)

    def _items(self, iterable: Expr) -> list[Thing]:
        thing = self.value(iterable)
        if not isinstance(thing, (list, dict)):
            raise self.bad(iterable.at, f"{a_kind(thing)}", "a list or a dict to go through")
        self.session.budget.spend(len(thing))
        return list(thing)

    def _draw(self, statement: syntax.Draw) -> list[Told]:
        given = self.session.sop_example
        if statement.given is not None:
            with self._at(statement.given.at):
                given = example_of(self.value(statement.given))
        sop = self._with_backup(given, statement.sop)
        with self._at(statement.sop.at):
            drawn = operations.sop_of(sop, None)
        values = self._applied(drawn, given, statement.sop.at)
        self.session.drawn.append((drawn, given))
        return [Answered(values)]

    # Expressions

    def value(self, node: Expr) -> Thing:
        """What an expression is.

        Raises:
            BadSource: it has no meaning, or no value on any example.
        """
        self.session.budget.spend(EXPRESSION_STEPS)
        thing = _EVALUATE[type(node)](self, node)
        if isinstance(thing, Expression):
            self._tried(thing, node.at)
        self.scope.variables["out"] = thing
        return thing

    def _tried(self, thing: Expression, at: Place) -> None:
        self.session.budget.spend(TRIAL_STEPS)
        failed = self.session.failure(thing, self.backup)
        if failed is not None:
            given = failed_example(self.session, self.backup)
            raise self.bad(
                at,
                f"{failed.node}, which has no value on {given} at position {failed.position}: {failed.reason}",
                "an expression that has one (`set example` names another input)",
                "an expression that has no value on the example",
            )

    def _with_backup(self, given: Example, node: Expr) -> Thing:
        """What an expression is that is asked about an input, which it is tried on too."""
        before, self.backup = self.backup, given
        try:
            return self.value(node)
        finally:
            self.backup = before

    def _atom(self, node: syntax.Atom) -> Thing:
        return node.value

    def _name(self, node: syntax.Name) -> Thing:
        try:
            return self.scope.find(node.name)
        except KeyError:
            raise self.bad(
                node.at,
                f"the name {node.name!r}, which stands for nothing here",
                "a name that is defined before",
                "a name that stands for nothing here",
            ) from None

    def _list(self, node: syntax.ListOf) -> Thing:
        return [self.value(item) for item in node.items]

    def _dict(self, node: syntax.DictOf) -> Thing:
        return {self._key(key): self.value(value) for key, value in node.items}

    def _key(self, node: Expr) -> Thing:
        key = self.value(node)
        if not is_atom(key):
            raise self.bad(node.at, f"{a_kind(key)}", "a value as the key of a dict")
        return key

    def _list_for(self, node: syntax.ListFor) -> Thing:
        return [inner.value(node.value) for inner in self._turns(node)]

    def _dict_for(self, node: syntax.DictFor) -> Thing:
        return {inner._key(node.key): inner.value(node.value) for inner in self._turns(node)}

    def _turns(self, node: syntax.ListFor | syntax.DictFor) -> Iterator[Interpreter]:
        """An interpreter for each turn of a comprehension, whose names live in it alone."""
        for item in self._items(node.iterable):
            inner = Interpreter(self.session, Scope(self.scope), self.file, self._loader, self._site, self.depth)
            inner.backup = self.backup
            inner._unpack(node.names, item, node.at)
            yield inner

    def _chain(self, node: syntax.Chain) -> Thing:
        left = self.value(node.first)
        for symbol, right in node.rest:
            with self._at(node.at):
                left = operations.binary(symbol, left, self.value(right), self.where(node.at))
            if isinstance(left, Expression):
                self._tried(left, node.at)
        return left

    def _signs(self, node: syntax.Signs) -> Thing:
        thing = self.value(node.operand)
        for sign in reversed(node.signs):
            with self._at(node.at):
                thing = operations.signed(sign, thing, self.where(node.at))
        return thing

    def _choice(self, node: syntax.Choice) -> Thing:
        condition = self.value(node.condition)
        if isinstance(condition, Expression):
            with self._at(node.at):
                sop = operations.sop_of(condition, None)
                one, other = self.value(node.chosen), self.value(node.other)
                return operations.chosen(sop, one, other, self.where(node.at))
        return self.value(node.chosen if condition else node.other)  # only one: so recursion may end

    def _select(self, node: syntax.SelectOf) -> Thing:
        key, query = self.value(node.key), self.value(node.query)
        with self._at(node.at):
            return operations.selected(key, query, node.comparison, self.where(node.at))

    def _aggregate(self, node: syntax.AggregateOf) -> Thing:
        selector, sop = self.value(node.selector), self.value(node.sop)
        default = 0 if node.default is None else self.value(node.default)
        with self._at(node.at):
            return operations.aggregated(selector, sop, default, self.where(node.at))

    def _built_in(self, node: syntax.BuiltIn) -> Thing:
        given = [self.value(argument) for argument in node.arguments]
        with self._at(node.at):
            match node.name:
                case "range":
                    found: Thing = operations.span(given)
                case "zip":
                    found = operations.zipped(given)
                case "len":
                    return operations.length(given[0])
                case "round":
                    return operations.rounded(given[0], self.where(node.at))
                case _:
                    return operations.indicator(given[0], self.where(node.at))
        self.session.budget.spend(len(found))
        return found

    # Calls and indices

    def _postfix(self, node: syntax.Postfix) -> Thing:
        *before, last = node.rest
        base = node.base if not before else syntax.Postfix(node.at, node.base, tuple(before))
        if isinstance(last, syntax.Index):
            thing, index = self.value(base), self.value(last.index)
            with self._at(last.at):
                return operations.indexed(thing, index, self.where(node.at))
        given = [self.value(argument) for argument in last.arguments]
        asked = self._asked_about(given)
        thing = self.value(base) if asked is None else self._with_backup(asked, base)
        if isinstance(thing, RaspFunction):
            return self._called(thing, given, node.at)
        if not isinstance(thing, Expression):
            raise self.bad(node.at, f"{a_kind(thing)} that is called", "a function, an s-op or a selector")
        if len(given) != 1:
            raise self.bad(last.at, f"{len(given)} inputs", "one, for an s-op or a selector")
        with self._at(last.at):
            return self._applied(thing, example_of(given[0]), node.at)

    def _asked_about(self, given: list[Thing]) -> Example | None:
        if len(given) != 1 or not isinstance(given[0], (str, list)):
            return None
        try:
            return example_of(given[0])
        except Wrong:
            return None

    def _applied(self, thing: Expression, given: Example, at: Place) -> Evaluated | EvaluatedRows:
        try:
            return self.session.evaluated(thing, given)
        except Failed as error:
            raise self.bad(
                at,
                f"{error.node}, which has no value on this input at position {error.position}: {error.reason}",
                "an input on which it has one",
                "an expression that has no value on this input",
            ) from None

    def _called(self, function: RaspFunction, given: list[Thing], at: Place) -> Thing:
        definition = function.definition
        if len(given) != len(definition.parameters):
            wanted = f"{len(definition.parameters)}, as {function.name}({', '.join(definition.parameters)}) takes"
            raise self.bad(at, f"{len(given)} values", wanted if self.file.quoted else str(len(definition.parameters)))
        if self.depth >= DEEPEST_CALL:
            raise self.bad(at, f"more than {DEEPEST_CALL} calls within each other", "fewer: is there an end to them?")
        if function.file.bundled and function.name == WIDTH:
            with self._at(at):
                return operations.width(given[0], self.where(at))
        self.session.budget.spend(CALL_STEPS)
        inner = Interpreter(
            self.session, Scope(function.scope), function.file, self._loader, self.where(at), self.depth + 1
        )
        inner.backup = self.backup
        for name, thing in zip(definition.parameters, given, strict=True):
            inner._set(name, thing, definition.at)
        for statement in definition.body:
            inner._statement(statement)
        values = [inner.value(value) for value in definition.values]
        return (
            [self._called_so(thing, function, given) for thing in values]
            if len(values) > 1
            else self._called_so(values[0], function, given)
        )

    def _called_so(self, thing: Thing, function: RaspFunction, given: list[Thing]) -> Thing:
        """An s-op that a function made, called as what made it, until a variable gives it a name."""
        if not _is_computed(thing) or thing.name is not None:
            return thing
        told = ", ".join(str(each) if isinstance(each, Expression) or is_atom(each) else "..." for each in given)
        name = f"{function.name}({told})"
        return replace(thing, name=name if len(name) <= 40 else f"{function.name}(...)")


def _is_computed(thing: Thing) -> bool:
    return isinstance(thing, Expression) and not isinstance(thing, (Tokens, Indices))


def failed_example(session: Session, backup: Example | None) -> str:
    """The example on which something was tried last, in words."""
    given = session.sop_example if backup is None else backup
    text = (
        "".join(map(str, given))
        if all(isinstance(token, str) and len(token) == 1 for token in given)
        else str(list(given))
    )
    return f"the example {text if len(text) <= 30 else text[:27] + '...'!r}"


_EVALUATE: dict[type, Callable[..., Thing]] = {
    syntax.Atom: Interpreter._atom,
    syntax.Name: Interpreter._name,
    syntax.ListOf: Interpreter._list,
    syntax.DictOf: Interpreter._dict,
    syntax.ListFor: Interpreter._list_for,
    syntax.DictFor: Interpreter._dict_for,
    syntax.Chain: Interpreter._chain,
    syntax.Signs: Interpreter._signs,
    syntax.Choice: Interpreter._choice,
    syntax.Postfix: Interpreter._postfix,
    syntax.SelectOf: Interpreter._select,
    syntax.AggregateOf: Interpreter._aggregate,
    syntax.BuiltIn: Interpreter._built_in,
}
