"""The variables of the Program that grows, which hold the s-ops of a RASP program."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, product

from tprog.ir.nodes import Embedding, Lookup, NumericHead
from tprog.ir.values import Symbol
from tprog.rasp.calls import Calls
from tprog.rasp.evaluate import Run
from tprog.rasp.expressions import Aggregate, Constant, Elementwise, Expression, Indices, SOp, Tokens
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Dialect, Function
from tprog.rasp.lower.alike import key_of
from tprog.rasp.lower.cells import Axis, Cells
from tprog.rasp.lower.growing import Frame, Growing
from tprog.rasp.lower.held import Held, NotLowered, distinct, domain_of, is_exact, meanings, plain, spelled
from tprog.rasp.lower.lengths import FixedRuns
from tprog.rasp.lower.linear import mean_of_sum
from tprog.rasp.lower.occurring import Occurring
from tprog.rasp.lower.tables import UNREACHED, Chain, Table, TooMany, values_of
from tprog.rasp.values import Value, is_number

FEW_CELLS = 400
"""Cells up to which functions of functions make one table; with more, each has its own."""

_KIND = Function("kind", lambda value: "word" if isinstance(value, str) else "number", sees_nothing=True, wanted=1)
"""What the language of 2021 tells apart."""


class Building(Growing):
    """Which variable holds which s-op, beside the nodes made so far.

    Args:
        root: makes the variable of an aggregate or of a selector's width.
        occurring: what s-ops hold on the inputs that there are, if that is known.
    """

    def __init__(self, frame: Frame, root: Callable[[Building, SOp], Held], occurring: Occurring | None = None) -> None:
        super().__init__(frame)
        self.calls = Calls()
        self.fixed = FixedRuns(frame, self.calls)
        self._root, self._occurring = root, occurring
        self._constants: dict[int, Value] = {}
        self._held: dict[int, Held] = {}
        self._symbols: dict[tuple[int, ...], list[Held]] = {}
        self._numbers: dict[int, Held] = {}
        self._cut: set[int] = set()
        self._means: dict[int, Aggregate | None] = {}
        self._kinds: dict[int, tuple[SOp, set[str]]] = {}
        self.selections: dict[int, object] = {}
        self.alive: list[Expression] = []

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

    # Variables

    def is_root(self, node: SOp) -> bool:
        """Whether a chain of functions ends at an s-op."""
        if self.is_constant(node):
            return False
        if not isinstance(node, (Elementwise, Constant)) or id(node) in self._cut:
            return True
        return isinstance(node, Elementwise) and self.mean_of(node) is not None

    def is_constant(self, node: SOp) -> bool:
        """Whether it is known to have the same value everywhere, though it is computed."""
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
        return not booleans and all(map(is_exact, values))

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
        read = self._read_as(sop)
        if all(read.values()):
            return Held("tokens", False, read)
        spell = spelled(chain.from_iterable(read.values()))
        table = [spell(meant[0]) if meant else None for meant in read.values()]
        symbols = tuple(dict.fromkeys(symbol for symbol in table if symbol is not None))
        if not symbols:
            raise NotLowered(sop, "no token of the vocabulary can be read so")
        name = self.add(Embedding(self.name(sop, suffix="_read"), symbols, tuple(table)))
        pairs = [(spell(meant[0]), meant[0]) for meant in read.values() if meant]
        return Held(name, False, meanings(pairs, symbols))

    def _read_as(self, sop: Tokens) -> dict[Symbol, tuple[Value, ...]]:
        """Word -> the value that it is read as; none where it cannot be read so."""
        read: dict[Symbol, tuple[Value, ...]] = {}
        for word, token in zip(self.frame.words, self.frame.tokens, strict=True):
            try:
                read[word] = tuple(Run([token], calls=self.calls).values(sop))
            except Failed:
                read[word] = ()
        return read

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
        found = False
        # The smallest first: once it is a variable, the others may be functions of it alone.
        for read in sorted(self._read_by(exprs), key=lambda read: self.chain([read]).size):
            if not self.is_root(read) and len(self.chain([read]).roots) > 1:
                self.held_symbols_of_cut(read)
                found = True
        return found

    def _read_by(self, exprs: Sequence[SOp]) -> list[SOp]:
        """Several s-ops themselves, those that are functions; of one, or where none is, what is read."""
        tops = [expr for expr in exprs if len(exprs) > 1 and not self.is_root(expr) and expr.sources()]
        return tops or [read for expr in exprs for read in expr.sources() if isinstance(read, SOp)]

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
        if own is not None and not own.numeric and own.admits(default):
            return own
        known = self._symbols.setdefault(tuple(map(id, exprs)), [])
        fit = next((each for each in known if each.admits(default)), None)
        if fit is None:
            fit = self._new_symbols(exprs, default)
            known.append(fit)
            self.alive += exprs
        return fit

    def _new_symbols(self, exprs: Sequence[SOp], default: Value | None) -> Held:
        cells = self.cells(exprs)
        values = distinct(value for _, value in cells.pairs())
        spell, order = domain_of(values if default is None else [*values, default])
        cells = cells.answered(exprs[0], spell)
        if not order:
            raise NotLowered(exprs[0], "it has no value on any input")
        pairs = [(spell(value), value) for value in values]
        small = cells.merged()
        if (same := self._same(small, order, pairs)) is not None:
            return same
        name = self.name(*exprs, suffix="_symbol" if self._is_numeric(exprs) else "")
        self.add(self.embedding(name, order, small) if self._is_of_words(small) else self.lookup(name, small, order))
        uniform = all(self.held(root).uniform for root in cells.roots)
        rank = self._is_rank(exprs, cells.roots)
        return Held(name, False, meanings(pairs, order), self._is_distinct(cells), rank, uniform)

    def _is_rank(self, exprs: Sequence[SOp], roots: Sequence[SOp]) -> bool:
        """Whether this is one s-op, a root that is a rank."""
        return len(exprs) == len(roots) == 1 and exprs[0] is roots[0] and self.held(roots[0]).rank

    def _is_numeric(self, exprs: Sequence[SOp]) -> bool:
        """Whether this is one s-op that has a variable already, a number."""
        return len(exprs) == 1 and self.is_root(exprs[0]) and self.held(exprs[0]).numeric

    def _is_of_words(self, cells: Cells) -> bool:
        """Whether the answers follow from the word alone, or from nothing."""
        return cells.axes == () or (len(cells.roots) == 1 and self.held(cells.roots[0]).variable == "tokens")

    def _same(self, cells: Cells, order: Sequence[Symbol], pairs: Sequence[tuple[Symbol, Value]]) -> Held | None:
        """The variable that a lookup would copy, if it answers each symbol that may come by itself."""
        if len(cells.axes) != 1 or cells.axes[0].levels is not None or cells.holed:
            return None
        root = self.held(cells.roots[0])
        symbols = tuple(root.values)
        if not cells.copies(symbols) or tuple(at for at in symbols if at in order) != tuple(order):
            return None
        meant = meanings(pairs, order)
        return root.holding({symbol: meant.get(symbol, ()) for symbol in symbols})

    def _is_distinct(self, cells: Cells) -> bool:
        """Whether equal answers come from equal values of a root that is distinct; or, where the other roots are the
        same at all positions, do so for each of their values."""
        for place, root in enumerate(cells.roots):
            if not self.held(root).distinct or cells.axes[place].merged:
                continue
            uniform = all(self.held(each).uniform for each in cells.roots if each is not root)
            if cells.tells_apart(place, uniform):
                return True
        return False

    def widened(self, held: Held, default: Value, sop: SOp) -> Held:
        """The same s-op in a variable whose domain holds a default too, and is in the order of its values."""
        known = self._symbols.setdefault((id(sop), -1), [])
        for each in known:
            if each.symbol(default) is not None and set(map(key_of, each.every())) == set(map(key_of, held.every())):
                return each
        spell, order = domain_of(distinct((*held.every(), default)))
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
        if self._is_numeric([sop]) and (own := self.held(sop)).as_they_are:
            return own
        cells = self.cells([sop])
        values = [value for _, value in cells.pairs()]
        if others := [value for value in values if not is_exact(value)]:
            raise NotLowered(
                sop, f"it may hold {others[0]!r}, where numbers are added up; expected exact numbers alone"
            )
        cells = cells.answered(sop, plain)
        name = self.name(sop, suffix="_number")
        order = sorted({plain(value) for value in values})
        if cells.axes == ():
            cells = cells.over("tokens", self.frame.words)
        self.add(self.lookup(name, cells.merged(), None))
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
                answers[key] = values_of(exprs, table.outcomes[named])
        return Cells(table.roots, tuple(axes), answers, frozenset(unreached))

    def _reached(self, roots: Sequence[SOp], axes: Sequence[Axis]) -> set[tuple[int, ...]] | None:
        """Which combinations occur, where that is known: inputs are few, or the roots depend on the length alone."""
        if not roots or (rows := self._rows(roots)) is None:
            return None
        places = [axis.places(self.held(root)) for axis, root in zip(axes, roots, strict=True)]
        return {tuple(at[value] for at, value in zip(places, row, strict=True)) for row in dict.fromkeys(rows)}

    def _rows(self, roots: Sequence[SOp]) -> list[tuple[Value, ...]] | None:
        """What roots hold together somewhere, if it is known."""
        if self._occurring is not None and (rows := self._occurring.rows(roots)) is not None:
            return rows
        runs: list[Run] | None = None
        for root in roots:
            if (runs := self.fixed.of(root)) is None:
                return None
        return [row for run in runs or () for row in zip(*(run.values(root) for root in roots), strict=True)]
