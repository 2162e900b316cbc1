"""The Program that grows: its nodes, and the variables that hold the s-ops of a RASP program."""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, product

from tprog import primitives
from tprog.ir.nodes import Embedding, Lookup, Node, NumericHead
from tprog.ir.values import Symbol
from tprog.rasp.calls import Calls, Refused
from tprog.rasp.evaluate import Run
from tprog.rasp.expressions import (
    Aggregate,
    Constant,
    Elementwise,
    Expression,
    Indices,
    Selector,
    SOp,
    Tokens,
    in_order,
)
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Dialect, Function
from tprog.rasp.lower.alike import key_of
from tprog.rasp.lower.cells import Axis, Cells
from tprog.rasp.lower.held import Held, NotLowered, in_size_order, meanings, plain, spelled
from tprog.rasp.lower.linear import mean_of_sum
from tprog.rasp.lower.naming import identifier
from tprog.rasp.lower.occurring import Occurring
from tprog.rasp.lower.tables import UNREACHED, Chain, Outcome, Table, TooMany
from tprog.rasp.values import Value, is_number

_OWN = frozenset(
    {*dir(primitives), "run", "readout", "variables", "list", "range", "len", "min", "tokens", "positions"}
)

FEW_CELLS = 400
"""Cells up to which functions of functions make one table; with more, each has its own."""

MOST_LENGTHS = 512
"""The longest input up to which what depends on the length alone is evaluated at each length."""

_KIND = Function("kind", lambda value: "word" if isinstance(value, str) else "number", sees_nothing=True, wanted=1)
"""What the language of 2021 tells apart."""


@dataclass(frozen=True)
class Frame:
    """What is said of the inputs.

    Attributes:
        tokens: the values of the vocabulary.
        words: their spelling.
        length: of the longest input.
    """

    tokens: tuple[Value, ...]
    words: tuple[str, ...]
    length: int
    causal: bool
    dialect: Dialect


class Building:
    """The nodes made so far, and which variable holds which s-op.

    Args:
        root: makes the variable of an aggregate or of a selector's width.
        occurring: what s-ops hold on the inputs that there are, if that is known.
    """

    def __init__(self, frame: Frame, root: Callable[[Building, SOp], Held], occurring: Occurring | None = None) -> None:
        self.frame, self.calls, self.nodes = frame, Calls(), list[Node]()
        self._root, self._occurring = root, occurring
        self._constants: dict[int, Value] = {}
        self._holed: set[str] = set()
        self.made_for: dict[str, Expression] = {}
        self._held: dict[int, Held] = {}
        self._symbols: dict[tuple[int, ...], list[Held]] = {}
        self._numbers: dict[int, Held] = {}
        self._cut: set[int] = set()
        self._means: dict[int, Aggregate | None] = {}
        self._kinds: dict[int, tuple[SOp, set[str]]] = {}
        self._without: dict[int, bool] = {}
        self._runs: list[Run] | None = None
        self.selections: dict[int, object] = {}
        self.guards: dict[str, str] = {}
        self.alive: list[Expression] = []

    # Nodes

    def add(self, node: Node) -> str:
        """Add a node; its name."""
        self.nodes.append(node)
        return node.name

    def name(self, *exprs: Expression, suffix: str = "") -> str:
        """A free name of a node, after the expressions that it is made for."""
        told = "_".join(identifier(expr) for expr in exprs)[:40] + suffix
        if told in _OWN or keyword.iskeyword(told) or told.isupper():
            told += "_"
        name = next(each for each in chain([told], (f"{told}_{at}" for at in count(2))) if each not in self.made_for)
        self.made_for[name] = exprs[-1]
        return name

    def note(self, node: SOp, value: Value) -> None:
        """Remember of which kinds the values of an s-op are, which the language of 2021 asks."""
        if self.frame.dialect is Dialect.RASP:
            self._kinds.setdefault(id(node), (node, set()))[1].add("number" if is_number(value) else "word")

    def guard_kinds(self) -> None:
        """Make a hole where an s-op of the language of 2021 holds words and numbers on one input."""
        mixed = [node for node, kinds in self._kinds.values() if len(kinds) > 1]
        for node in mixed:
            kind = self.as_symbols(Elementwise(dialect=node.dialect, function=_KIND, inputs=(node,), where=node.where))
            others = tuple(tuple(other for other in kind.values if other != own) for own in kind.values)
            count = self.add(
                NumericHead(self.name(node, suffix="_mixed"), kind.variable, kind.variable, "ones", others)
            )
            self.guard(
                Lookup(self.name(node, suffix="_fits"), (count,), ((0, 1),), ("fits",), ("fits", None)),
                f"{node} holds words and numbers",
            )

    # Facts

    def fixed_runs(self, expr: Expression) -> list[Run] | None:
        """An evaluation for each length, if an expression depends on no token and fails nowhere; else None."""
        if self.frame.length > MOST_LENGTHS or not self._depends_on_length_alone(expr):
            return None
        if self._runs is None:
            token = self.frame.tokens[0]
            self._runs = [
                Run([token] * length, self.frame.causal, calls=self.calls) for length in range(1, self.frame.length + 1)
            ]
        try:
            for run in self._runs:
                run.rows(expr) if isinstance(expr, Selector) else run.values(expr)  # type: ignore[arg-type]
        except Failed:
            return None
        return self._runs

    def _depends_on_length_alone(self, expr: Expression) -> bool:
        if id(expr) not in self._without:
            for node in in_order([expr], self._without):
                self._without[id(node)] = not isinstance(node, Tokens) and all(
                    self._without[id(read)] for read in node.sources()
                )
                self.alive.append(node)  # ids stay theirs
        return self._without[id(expr)]

    # Variables

    def is_root(self, node: SOp) -> bool:
        """Whether a chain of functions ends at an s-op."""
        if self.is_constant(node):
            return False
        if not isinstance(node, (Elementwise, Constant)) or id(node) in self._cut:
            return True
        return isinstance(node, Elementwise) and self.mean_of(node) is not None

    def is_constant(self, node: SOp) -> bool:
        """Whether it is known to have the same value everywhere."""
        if isinstance(node, Constant):
            return True
        if id(node) not in self._constants and self._occurring is not None:
            value = self._occurring.constant(node)
            if value is None:
                return False
            self._constants[id(node)] = value
        return id(node) in self._constants

    def gathers_own(self, node: Aggregate) -> bool:
        """Whether an aggregate is known to be what it gathers, at each position what that holds there itself."""
        return self._occurring is not None and self._occurring.alike(node, node.sop)

    def mean_of(self, node: Elementwise) -> Aggregate | None:
        """The one mean that a sum of means of exact numbers is."""
        if id(node) not in self._means:
            self._means[id(node)] = None  # asked again while its values are looked at
            found = mean_of_sum(node)
            self.alive.append(node)
            if found is not None and self._adds_up(found):
                self._means[id(node)] = found
        return self._means[id(node)]

    def _adds_up(self, mean: Aggregate) -> bool:
        """Whether what a mean is of are numbers, none of them a boolean in the language of 2021."""
        try:
            values = [value for _, value in self.cells([mean.sop]).pairs()]
        except NotLowered:
            return False
        booleans = any(isinstance(value, bool) for value in values) and self.frame.dialect is Dialect.RASP
        return not booleans and all(is_number(value) and not isinstance(value, float) for value in values)

    def held(self, sop: SOp) -> Held:
        """The variable of a root, in the form that is natural to it."""
        if id(sop) not in self._held:
            match sop:
                case Tokens():
                    found = self._tokens(sop)
                case Indices():
                    found = Held("positions", False, {i: (i,) for i in range(self.frame.length)}, True, True)
                case Elementwise() if self.mean_of(sop) is None:
                    found = self.as_symbols(sop)
                case _:
                    found = self._root(self, sop)
            if self._occurring is not None:
                found = self._occurring.narrowed(sop, found)
            for value in found.every():
                self.note(sop, value)
            self._held[id(sop)] = found
            self.alive.append(sop)
        return self._held[id(sop)]

    def known(self, sop: SOp) -> Held | None:
        """The variable that an s-op has by now, if it has one."""
        return self._held.get(id(sop)) or next(iter(self._symbols.get((id(sop),), ())), None)

    def _tokens(self, sop: Tokens) -> Held:
        read: dict[Symbol, tuple[Value, ...]] = {}
        for word, token in zip(self.frame.words, self.frame.tokens, strict=True):
            try:
                read[word] = tuple(Run([token], calls=self.calls).values(sop))
            except Failed:
                read[word] = ()
        if all(read.values()):
            return Held("tokens", False, read)
        spell = spelled(value for meant in read.values() for value in meant)
        table = [spell(meant[0]) if meant else None for meant in read.values()]
        symbols = tuple(dict.fromkeys(symbol for symbol in table if symbol is not None))
        if not symbols:
            raise NotLowered(sop, "no token of the vocabulary can be read so")
        name = self.add(Embedding(self.name(sop, suffix="_read"), symbols, tuple(table)))
        pairs = [(spell(meant[0]), meant[0]) for meant in read.values() if meant]
        return Held(name, False, meanings(pairs, symbols))

    def chain(self, exprs: Sequence[SOp]) -> Chain:
        """The functions between some s-ops and the roots that they end in."""
        inner: dict[int, SOp] = {}
        roots: dict[int, SOp] = {}
        for expr in exprs:
            stack: list[tuple[SOp, bool]] = [(expr, False)]
            while stack:
                node, seen = stack.pop()
                if id(node) in inner or id(node) in roots:
                    continue
                if self.is_root(node):
                    roots[id(node)] = node
                elif seen:
                    inner[id(node)] = node
                else:
                    stack.append((node, True))
                    if id(node) not in self._constants:
                        stack += [(read, False) for read in reversed(node.sources())]  # type: ignore[misc]  # all are s-ops
        return Chain(exprs, list(inner.values()), list(roots.values()), self.calls, self.note, self._constants)

    def table(self, exprs: Sequence[SOp]) -> Table:
        """What some s-ops make of their roots; chains that have too many combinations are cut.

        Raises:
            NotLowered: there are too many even so.
        """
        while True:
            links = self.chain(exprs)
            classes = links.classes([self.held(root).values for root in links.roots])
            # Each cell takes a run of the chain or more: so many are not asked before it is known that they are wanted.
            sizes = [len(self._axis(root, each).classes) for root, each in zip(links.roots, classes.named, strict=True)]
            if math.prod(sizes) > FEW_CELLS and self._cut_below(exprs):
                continue
            try:
                return links.table(classes)
            except TooMany:
                if not self._cut_below(exprs):
                    raise NotLowered(exprs[0], "there are too many combinations of the values that it reads") from None

    def _cut_below(self, exprs: Sequence[SOp]) -> bool:
        """Make variables of what is read, where it is a function of several roots itself; whether there was any."""
        tops = [expr for expr in exprs if len(exprs) > 1 and not self.is_root(expr) and expr.sources()]
        reads = tops or [read for expr in exprs for read in expr.sources() if isinstance(read, SOp)]
        found = False
        # The smallest first: once it is a variable, the others may be functions of it alone.
        for read in sorted(reads, key=lambda read: self.chain([read]).size):
            if not self.is_root(read) and len(self.chain([read]).roots) > 1:
                self.held_symbols_of_cut(read)
                found = True
        return found

    def _axis(self, root: SOp, classes: Mapping[Symbol, int]) -> Axis:
        held = self.held(root)
        return Axis.of(held.variable, classes, held.numeric)

    def held_symbols_of_cut(self, read: SOp) -> None:
        """Make an s-op a variable of its own, in which chains end."""
        self._held[id(read)] = self.as_symbols(read)
        self.alive.append(read)
        self._cut.add(id(read))

    def as_symbols(self, *exprs: SOp, default: Value | None = None) -> Held:
        """A categorical variable that holds an s-op, or several together as a tuple.

        Args:
            default: a value that its domain holds too.
        """
        own = self.held(exprs[0]) if len(exprs) == 1 and self.is_root(exprs[0]) else None
        if own is not None and not own.numeric and (default is None or own.symbol(default) is not None):
            return own
        known = self._symbols.setdefault(tuple(map(id, exprs)), [])
        fit = next((each for each in known if default is None or each.symbol(default) is not None), None)
        if fit is None:
            fit = self._new_symbols(exprs, default)
            known.append(fit)
            self.alive += exprs
        return fit

    def _new_symbols(self, exprs: Sequence[SOp], default: Value | None) -> Held:
        cells = self.cells(exprs)
        values = {key_of(value): value for _, value in cells.pairs()}
        extra = [] if default is None else [default]
        spell = spelled([*values.values(), *extra])
        cells = cells.answered(exprs[0], spell)
        order = tuple(dict.fromkeys(spell(value) for value in in_size_order([*values.values(), *extra])))
        if not order:
            raise NotLowered(exprs[0], "it has no value on any input")
        pairs = [(spell(value), value) for value in values.values()]
        roots = cells.roots
        suffix = "_symbol" if len(exprs) == 1 and self.is_root(exprs[0]) and self.held(exprs[0]).numeric else ""
        small = cells.merged()
        if (same := self._same(small, order, pairs)) is not None:
            return same
        name = self.name(*exprs, suffix=suffix)
        if small.axes == () or (len(small.roots) == 1 and self.held(small.roots[0]).variable == "tokens"):
            one = small.answer(()) if small.axes == () else None
            table = tuple(one if small.axes == () else small.answer((place,)) for place in range(len(self.frame.words)))
            self.add(Embedding(name, order, table))
        else:
            self.add(self._lookup(name, small, order))
        whole = len(exprs) == 1 and len(roots) == 1 and exprs[0] is roots[0]
        rank = whole and self.held(roots[0]).rank
        uniform = all(self.held(root).uniform for root in roots)
        return Held(name, False, meanings(pairs, order), self._is_distinct(cells), rank, uniform)

    def _same(self, cells: Cells, order: Sequence[Symbol], pairs: Sequence[tuple[Symbol, Value]]) -> Held | None:
        """The variable that a lookup would copy, if it answers each symbol that may come by itself."""
        if len(cells.axes) != 1 or cells.axes[0].levels is not None or cells.holed:
            return None
        root = self.held(cells.roots[0])
        symbols = tuple(root.values)
        copied = all(cells.answer((at,)) in (None, symbol) for at, symbol in enumerate(symbols))
        if (
            not copied
            or len(cells.answers) != len(symbols)
            or tuple(at for at in symbols if at in order) != tuple(order)
        ):
            return None
        meant = meanings(pairs, order)
        return root.holding({symbol: meant.get(symbol, ()) for symbol in symbols})

    def _symbols_node(self, name: str, cells: Cells, order: tuple[Symbol, ...]) -> Embedding | Lookup:
        """The node that answers with symbols: a table of words, where they follow from the word or from nothing."""
        places = range(len(self.frame.words))
        if cells.axes == ():
            return Embedding(name, order, (cells.answer(()),) * len(places))
        if len(cells.roots) == 1 and self.held(cells.roots[0]).variable == "tokens":
            return Embedding(name, order, tuple(cells.answer((place,)) for place in places))
        return self._lookup(name, cells, order)

    def _is_distinct(self, cells: Cells) -> bool:
        """Whether equal answers come from equal values of a root that is distinct; or, where the other roots are the
        same at all positions, do so for each of their values."""
        for place, root in enumerate(cells.roots):
            if not self.held(root).distinct or cells.axes[place].merged:
                continue
            others = [each for each in cells.roots if each is not root]
            uniform = all(self.held(each).uniform for each in others)
            of: dict[object, set[int]] = {}
            for key, answer in cells.answers.items():
                if answer is not None:
                    rest = (*key[:place], *key[place + 1 :]) if uniform else ()
                    of.setdefault((rest, answer), set()).add(key[place])
            if all(len(keys) == 1 for keys in of.values()):
                return True
        return False

    def widened(self, held: Held, default: Value, sop: SOp) -> Held:
        """The same s-op in a variable whose domain holds a default too, and is in the order of its values."""
        known = self._symbols.setdefault((id(sop), -1), [])
        for each in known:
            if each.symbol(default) is not None and set(map(key_of, each.every())) == set(map(key_of, held.every())):
                return each
        values = {key_of(value): value for value in (*held.every(), default)}
        spell = spelled(values.values())
        order = tuple(dict.fromkeys(map(spell, in_size_order(values.values()))))
        cells: list[Symbol | None] = []
        for symbol, meant in held.values.items():
            told = {spell(value) for value in meant}
            if len(told) > 1:
                raise NotLowered(sop, f"{symbol!r} stands for several values there")
            cells.append(next(iter(told), None))
        pairs = [(spell(value), value) for value in held.every()]
        if held.variable == "tokens":
            name = self.add(Embedding(self.name(sop, suffix="_or"), order, tuple(cells)))
        else:
            name = self.add(Lookup(self.name(sop, suffix="_or"), (held.variable,), (None,), order, tuple(cells)))
        known.append(Held(name, False, meanings(pairs, order), held.distinct, held.rank, held.uniform))
        self.alive.append(sop)
        return known[-1]

    def respelled(self, held: Held, sop: SOp) -> Held:
        """The same s-op with its values as their own symbols."""
        return self.widened(held, next(held.every()), sop)

    def copied(self, held: Held, sop: SOp) -> str:
        """A variable of its own that holds the same: two outputs may not be one variable."""
        symbols = tuple(held.values)
        levels = tuple(symbols) if held.numeric else None
        answers = None if held.numeric else symbols
        return self.add(Lookup(self.name(sop), (held.variable,), (levels,), answers, symbols))  # type: ignore[arg-type]  # numbers

    def needed(self, outputs: Sequence[str]) -> list[Node]:
        """The nodes that the outputs are made of, and those that guard against inputs without a value."""
        wanted = {*outputs, *self.guards}
        found: list[Node] = []
        for node in reversed(self.nodes):
            if node.name in wanted or (node.partial and (node.selection is not None or node.name in self._holed)):
                wanted |= {node.name, *node.reads}
                found.append(node)
        return found[::-1]

    def guard(self, node: Lookup, reason: str) -> None:
        """Add a lookup that nothing reads: it has a hole where the input has no value."""
        if self._occurring is not None and self._occurring.complete:
            return
        self.add(node)
        self.guards[node.name] = reason

    def as_numbers(self, sop: SOp) -> Held:
        """A numeric variable that holds an s-op of numbers, each as it is.

        Raises:
            NotLowered: it may hold others.
        """
        if id(sop) not in self._numbers:
            self._numbers[id(sop)] = self._new_numbers(sop)
            self.alive.append(sop)
        return self._numbers[id(sop)]

    def _new_numbers(self, sop: SOp) -> Held:
        if self.is_root(sop) and (own := self.held(sop)).numeric and _as_they_are(own):
            return own
        cells = self.cells([sop])
        values = [value for _, value in cells.pairs()]
        for value in values:
            if not is_number(value) or isinstance(value, float):
                raise NotLowered(
                    sop, f"it may hold {value!r}, where numbers are added up; expected exact numbers alone"
                )
        cells = cells.answered(sop, plain)
        name = self.name(sop, suffix="_number")
        order = sorted({plain(value) for value in values})
        if cells.axes == ():
            cells = cells.over("tokens", self.frame.words)
        self.add(self._lookup(name, cells.merged(), None))
        return Held(name, True, meanings([(plain(value), value) for value in values], order))

    def cells(self, exprs: Sequence[SOp]) -> Cells:
        """The cells of a lookup that holds s-ops: one value, or a tuple of several, for what their roots may hold."""
        table = self.table(exprs)
        axes = [self._axis(root, each) for root, each in zip(table.roots, table.classes, strict=True)]
        answers: dict[tuple[int, ...], tuple[Value, ...] | None] = {}
        unreached: set[tuple[int, ...]] = set()
        reach = self._reached(table.roots, axes)
        for key in product(*(range(len(axis.classes)) for axis in axes)):
            named = tuple(axis.classes[place] for axis, place in zip(axes, key, strict=True))
            if UNREACHED in named or (reach is not None and key not in reach):
                answers[key] = None
                unreached.add(key)
            else:
                answers[key] = _values(exprs, table.outcomes[named])
        return Cells(table.roots, tuple(axes), answers, frozenset(unreached))

    def _reached(self, roots: Sequence[SOp], axes: Sequence[Axis]) -> set[tuple[int, ...]] | None:
        """Which combinations occur, where that is known: inputs are few, or the roots depend on the length alone."""
        rows = None if self._occurring is None or not roots else self._occurring.rows(roots)
        if rows is None:
            if not roots or any(self.fixed_runs(root) is None for root in roots):
                return None
            runs = self._runs or ()
            rows = [row for run in runs for row in zip(*(run.values(root) for root in roots), strict=True)]
        places = [axis.places(self.held(root)) for axis, root in zip(axes, roots, strict=True)]
        return {tuple(at[value] for at, value in zip(places, row, strict=True)) for row in dict.fromkeys(rows)}

    def _lookup(self, name: str, cells: Cells, symbols: tuple[Symbol, ...] | None) -> Lookup:
        if cells.holed:
            self._holed.add(name)
        keys = list(product(*(range(len(axis.classes)) for axis in cells.axes)))
        inputs, levels = tuple(axis.variable for axis in cells.axes), tuple(axis.levels for axis in cells.axes)
        otherwise = cells.otherwise if len(inputs) > 1 else None
        listed = [key for key in keys if key not in cells.unreached and cells.answers[key] != otherwise]
        if listed and len(listed) + 1 < len(keys) and len(inputs) > 1:
            answers = (*(cells.answer(key) for key in listed), otherwise)
            return Lookup(name, inputs, levels, symbols, answers, tuple(listed))
        return Lookup(name, inputs, levels, symbols, tuple(cells.answer(key) for key in keys))


def _values(exprs: Sequence[SOp], outcomes: Sequence[Outcome]) -> tuple[Value, ...] | None:
    """The values that one cell may have to stand for; None if there is none."""
    given = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
    found: list[Value] = [outcome[0] if len(exprs) == 1 else outcome for outcome in given]
    if found and len(found) < len(outcomes):
        refused = next(outcome for outcome in outcomes if isinstance(outcome, Refused))
        raise NotLowered(exprs[0], f"of values that are equal, it takes some alone: {refused}")
    return tuple(found) or None


def _as_they_are(held: Held) -> bool:
    return all(meant == number for number, values in held.values.items() for meant in values) and all(
        is_number(value) for value in held.every()
    )
