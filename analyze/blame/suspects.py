"""Which part of a program is at fault where no single edit mends everything: redefinitions of one node.

A *redefinition* is a set of edits of one node, each of another entry. It is looked for greedily on a sample of failing
and other inputs: the best edit of each entry, all that gain at once if that is better than the best alone, then again
from there. Redefinitions, and single edits as the smallest of them, are compared by what they mend less what they break
less how many entries they change: each exception costs what it saves at most, so that a table which learns the failures
by heart is worth nothing (the principle of minimum description length; Rissanen, Automatica 14, 1978, in its simplest
form, with a wrong prediction and an edited entry at the same price).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analyze.blame.effects import KnownAnswers
from analyze.blame.named_heads import named_heads
from analyze.blame.single_edits import node_edits, stays_exact
from analyze.blame.slice import dynamic_slice
from analyze.blame.weights import Bends, weight_rows
from analyze.outcome import Ground
from analyze.reached_entries import entries_of, reached
from tprog.edits.edit import Edit, apply
from tprog.errors import BadProgram, NotExact
from tprog.ir.entry import Entry, entry_of
from tprog.ir.program import AttentionHead, Domain, Node, Numbers, Program, Quotients
from tprog.run.batch import Array
from tprog.run.evaluate import evaluate
from tprog.run.execute import execute, some_of
from tprog.run.outcome import outcomes

ROUNDS = 6
"""How often a redefinition is improved at most."""

NODES = 4
"""Nodes whose redefinition is looked for: those whose single edits gain most together."""

NAMED = 3
"""What a head that a person would write in a node's place is charged: what it reads, its predicate, its mask."""

MOST = 256
"""Inputs on which redefinitions are looked for at most; of more, `SAMPLED` failing ones and as many others."""

SAMPLED = 64

_TOGETHER = 64
"""Heads that are tried at once."""


@dataclass(frozen=True, eq=False)
class Redefinition:
    """One edit, several of one node, or another head in a node's place; and what that does on the sample.

    Attributes:
        node: its name, or ``readout``.
        edits: by falling gain of each alone; none where a head replaces the node.
        head: the node in its place.
        price: what it is charged, in predictions.
        mends_asked: whether the prediction in question becomes right.
    """

    node: str
    edits: tuple[Edit, ...]
    head: Node | None
    price: int
    mended: int
    broken: int
    mends_asked: bool

    @property
    def net(self) -> int:
        return self.mended - self.broken

    @property
    def score(self) -> int:
        return self.net - self.price

    def entries(self, program: Program) -> list[Entry]:
        """The entries that it changes; where a head replaces what is none, the wiring first."""
        if self.head is None:
            return [edit.entry for edit in self.edits]
        old, new = program.by_name[self.node].selection, self.head.selection
        wiring = Entry(self.node, "wiring")
        if old is None or new is None or old.kind != new.kind or old.by_alternative != new.by_alternative:
            tables = program.by_name[self.node].tables
            return [wiring, *(where for table in tables for where in entries_of(program)[table])]
        rows = _rows_anew(program, old, new)
        return [*rows, wiring] if old.mask != new.mask else rows

    def apply(self, program: Program) -> Program:
        """The program after it."""
        if self.head is not None:
            return _replaced(program, self.head)
        return apply(program, *self.edits)


def _replaced(program: Program, node: Node) -> Program:
    return replace(program, nodes=tuple(node if old.name == node.name else old for old in program.nodes))


class Redefinitions:
    """Redefinitions of the nodes of a program on some inputs.

    Args:
        on: the intact program on inputs with right answers, the one in question among them.
        asked: (row, place) of the prediction in question.
        inside: the entries that it depends on, and the wirings of their nodes: only these are suspected.
    """

    def __init__(self, on: Ground, asked: tuple[int, int], inside: set[Entry]) -> None:
        self.on, self.asked = on, asked
        self.before = KnownAnswers(on)
        failing = np.flatnonzero(np.logical_or.reduce(self.before.wrong, axis=1))
        consulted = {where for where, count in reached(some_of(on.intact, failing)).items() if count}
        self.near = {where for where in inside if where in consulted or where.part == "wiring"}

    def best(self) -> list[Redefinition]:
        """The best edit of each entry, and the best redefinition of the nodes that gain most; best first."""
        program = self.on.program
        found: list[Redefinition] = []
        promise: dict[str, int] = {}
        for name in [*program.by_name, "readout"]:
            singles = self._singles(self.before, name)
            found += singles
            promise[name] = sum(max(one.score, 0) for one in singles)
        for node in program.nodes:
            if Entry(node.name, "wiring") in self.near and (named := self._named(node)) is not None:
                found.append(named)
        found += self._of_several_edits(promise)
        found = [one for one in found if one.score > 0]
        found.sort(key=lambda one: (-one.score, not one.mends_asked, one.node == "readout", one.price))
        return found

    def _of_several_edits(self, promise: Mapping[str, int]) -> Iterator[Redefinition]:
        """The best redefinition of each of the nodes that gain most, where it takes more than one edit."""
        for name in sorted(promise, key=lambda name: -promise[name])[:NODES]:
            if promise[name] > 0 and (whole := self._redefined(name)) is not None and len(whole.edits) > 1:
                yield whole

    def _singles(self, domain: KnownAnswers, name: str) -> list[Redefinition]:
        """The best edit of each entry of a node, or of the readout, of those that gain anything; best first."""
        best: dict[Entry, Redefinition] = {}
        for edit, mended, broken, asked in self._effects(domain, name):
            one = Redefinition(name, (edit,), None, edit.counts_as, mended, broken, asked)
            where = edit.entry
            if one.net > 0 and (where not in best or one.score > best[where].score):
                best[where] = one
        return sorted(best.values(), key=lambda one: -one.score)

    def _effects(self, domain: KnownAnswers, name: str) -> Iterator[tuple[Edit, int, int, bool]]:
        """Edits with what they mend and break, and whether they leave the prediction in question right."""
        program = domain.on.program
        row, place = self.asked
        was_right = bool(domain.right[self.asked])
        if name in program.by_name:
            node = program.by_name[name]
            here = some_of(domain.on.intact, np.array([row]))
            edits = list(node_edits(here, node, self.near.__contains__))
            for at, rows, outcomes in domain.after(edits, np.arange(len(domain.on.batch))):
                now = outcomes == domain.expected[rows]
                mended, broken = int((now & domain.wrong[rows]).sum()), int((~now & domain.right[rows]).sum())
                mine = np.flatnonzero(rows == row)
                yield edits[at], mended, broken, bool(now[mine[0], place]) if len(mine) else was_right
            return
        bends = Bends(domain.on)
        flat = row * domain.wrong.shape[1] + place
        for variable, value in weight_rows(program):
            if Entry("readout", "weights", (variable,) if value is None else (variable, value)) not in self.near:
                continue
            for bend in bends.of(variable, value):
                amounts, _ = bend.best_from()
                edit = bend.edit(int(amounts[0]))
                if stays_exact(program, edit):
                    mended, broken = bend.effect(int(amounts[0]))
                    yield edit, mended, broken, was_right or flat in bend.places[:mended]

    def _redefined(self, name: str) -> Redefinition | None:
        """Improve the node until nothing gains more than it costs."""
        on, best, edits = self.on, None, dict[Entry, Edit]()
        for _ in range(ROUNDS):
            gains = [one.edits[0] for one in self._singles(KnownAnswers(on), name) if one.score > 0]
            if not gains:
                break
            tried = list(self._with(name, edits, gains))
            if not tried:
                break
            made_best, after, together = max(tried, key=lambda one: one[0].score)
            if best is not None and made_best.score <= best.score:
                break
            best, edits, on = made_best, together, after
        return best

    def _with(
        self, name: str, edits: Mapping[Entry, Edit], gains: Sequence[Edit]
    ) -> Iterator[tuple[Redefinition, Ground, dict[Entry, Edit]]]:
        """A redefinition with all that gains, and one with the first of it alone, where these are programs."""
        for some in (gains, gains[:1]) if len(gains) > 1 else (gains,):
            together = {**edits, **{edit.entry: edit for edit in some}}
            if (made := self._together(name, tuple(together.values()))) is not None:
                yield *made, together

    def _together(self, name: str, edits: tuple[Edit, ...]) -> tuple[Redefinition, Ground] | None:
        one = Redefinition(name, edits, None, sum(edit.counts_as for edit in edits), 0, 0, False)
        try:
            program = one.apply(self.on.program)
        except (BadProgram, NotExact):
            return None
        after = Ground(program, self.on.inputs, execute(program, self.on.batch, base=self.on.intact))
        now = (after.outcomes == self.before.expected) & self.on.graded
        mended, broken = int((now & self.before.wrong).sum()), int((~now & self.before.right).sum())
        return replace(one, mended=mended, broken=broken, mends_asked=bool(now[self.asked])), after

    def _named(self, node: Node) -> Redefinition | None:
        """The best of the heads that a person would write in the place of a node."""
        on, program = self.on, self.on.program
        if not _is_named(program.variables[node.name].domain):
            return None
        outputs: dict[bytes, tuple[Node, Array]] = {}
        for head in named_heads(program, node):
            values, _ = evaluate(head, program, on.batch, on.intact.values)
            outputs.setdefault(np.where(on.batch.present, values, 0).tobytes(), (head, values))
        made = list(outputs.values())
        count, best = len(on.batch), None
        for start in range(0, len(made), _TOGETHER):
            some = made[start : start + _TOGETHER]
            base = some_of(on.intact, np.tile(np.arange(count), len(some)))
            stacked = np.concatenate([values for _, values in some])
            found = outcomes(execute(program, base.batch, overrides={node.name: stacked}, base=base))
            for at, (head, _) in enumerate(some):
                now = found[at * count : (at + 1) * count] == self.before.expected
                mended, broken = int((now & self.before.wrong).sum()), int((~now & self.before.right).sum())
                one = Redefinition(node.name, (), head, NAMED, mended, broken, bool(now[self.asked]))
                if (best is None or one.score > best.score) and _fits(program, head):
                    best = one
        return best


def _is_named(domain: Domain) -> bool:
    """Whether a head that a person writes yields such values: symbols, or counts."""
    if isinstance(domain, Numbers):
        return domain.denominator == 1 and domain.low >= 0
    return not isinstance(domain, Quotients)


def _rows_anew(program: Program, old: AttentionHead, new: AttentionHead) -> list[Entry]:
    """The rows in which two heads of the same clauses differ."""
    return [
        entry_of(table, "row", (query,))
        for table, clause in old.clauses.items()
        for query, was, becomes in zip(
            program.symbols(clause.query), clause.predicate, new.clauses[table].predicate, strict=True
        )
        if was != becomes
    ]


def _fits(program: Program, node: Node) -> bool:
    try:
        _replaced(program, node)
    except (BadProgram, NotExact):
        return False
    return True


def find_redefinitions(on: Ground, row: int, place: int) -> tuple[list[Redefinition], int]:
    """The redefinitions that explain most of the failures, best first; and on how many inputs they were looked for.

    Args:
        on: the intact program on inputs with right answers.
        row, place: the wrong prediction in question.
    """
    assert on.expected is not None
    first = KnownAnswers(on).order[: 2 * SAMPLED] if len(on.batch) > MOST else np.arange(len(on.batch))
    rows = np.unique(np.append(first, row))
    inputs = on.inputs.take(rows, f"{len(rows)} of {on.inputs.description}")
    some = Ground(on.program, inputs, some_of(on.intact, rows))
    run = some_of(on.intact, np.array([row]))
    wirings = {Entry(node.name, "wiring") for node in on.program.nodes}
    refit = Redefinitions(some, (int(np.searchsorted(rows, row)), place), wirings | set(dynamic_slice(run, place)))
    return refit.best(), len(rows)
