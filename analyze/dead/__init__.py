"""Dead nodes, entries and lines: what a program has without need, by exact verdicts, and what can go together.

A node is *unread* if every path from it ends in weights that do not tell classes apart, *constant* if it has one value
over the inputs, *inert* if fixing it at some constant changes no prediction over them, *mergeable* if it equals an
earlier variable over them. An entry is dead if no input reaches it. What can be proven from the program alone, for
every input that it accepts, is (`analyze.dead.proofs`, `analyze.abstract.ranges`); the rest is checked on every input
given: a sample of inputs only refutes. An input that reaches a hole must go on reaching the same first hole
(`analyze.outcome`), and so a node that stands between an input and its hole is not unread.

Inputs are looked at in pieces, each once in most cases, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analyze.dataflow import reached_from
from analyze.dead.proofs import Proofs, unread
from analyze.dead.removal import Fix, differ, jointly
from analyze.dead.unreached import unreached
from analyze.outcome import Ground, Rows, label, node_line, spread
from analyze.piecewise import Pieces, around
from analyze.reached_entries import Counts
from analyze.record import plain
from analyze.results.checked import Checked
from analyze.results.dead import DeadNode, DeadResult, Proof, Removal, Verdict
from tprog.edits.entry import Entry
from tprog.ir.program import Node, Program, Symbols
from tprog.run.execute import Execution, decode, execute
from tprog.run.pieces import slices
from tprog.tasks.builtin import Inputs
from tprog.text.describe import reading

__all__ = ["dead_nodes", "find_dead", "unread"]

MOST_VALUES = 1024
"""A numeric node with more possible values than this is tried only at those that it takes."""

_FEWEST, _FIRST_SAMPLE, _SECOND_SAMPLE = 4, 48, 1024
"""Inputs on which a constant is tried before all of them: most constants fall on a few."""

_REFUTED_AT_ONCE = 2**14
"""A node with no more possible values than this is tried at all of them on a few inputs, before anybody asks which of
them it takes on all inputs: most often none stands, and nobody has to."""


def find_dead(
    program: Program,
    inputs: Inputs,
    *,
    lines: Mapping[Entry, int] | None = None,
    name: str | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> DeadResult:
    """All dead nodes with their verdicts, a set of nodes that can be removed together, and the dead entries and lines.

    Args:
        inputs: the inputs over which verdicts hold that are not proven for every input.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.
        progress: called with how many nodes and pieces of the inputs are looked at, and how many there are.
    """
    pieces, proofs = Pieces(program, inputs), Proofs(program)
    suspects: list[_Suspect] = []
    total = len(program.nodes) + len(pieces)
    for suspect in _suspects(pieces, proofs):
        suspects.append(suspect)
        if progress:
            progress(len(suspects), total)
    counts = Counts(program)
    in_hole = 0
    for done, on in enumerate(pieces, len(suspects)):
        if progress:
            progress(done, total)
        counts.add(on.intact)
        in_hole += int(on.intact.in_hole.sum())
        for suspect in suspects:
            suspect.look(on)
            suspect.try_on(on)
    _finish(pieces, suspects)
    checked = Checked(len(inputs.batch), inputs.exhaustive, inputs.description)
    tried: Proof = "enumerated" if inputs.exhaustive else "sampled"
    verdicts: dict[str, tuple[Verdict, ...]] = {}
    fixes: dict[str, Fix] = {}
    for suspect in suspects:
        found, fix = _judge(program, suspect, checked, tried)
        if fix is not None:
            verdicts[suspect.name], fixes[suspect.name] = found, fix
    safe = {n for n, found in verdicts.items() if found[0].kind in ("unread", "constant")}
    safe |= {n for n, fix in fixes.items() if fix.mate is not None}
    together = jointly(pieces, fixes, safe, {suspect.name: suspect.mode for suspect in suspects})
    entries = unreached(proofs.ranges, counts, tried, lines)
    return DeadResult(
        program=label(program, name),
        checked=checked,
        nodes=len(program.nodes),
        dead=tuple(
            DeadNode(n, program.by_name[n].kind, reading(program, program.by_name[n]), node_line(lines, n), found)
            for n, found in verdicts.items()
        ),
        removable=tuple(
            Removal(fix.node, None if fix.mate else plain(decode(program, fix.node, fix.code)), fix.mate)
            for fix in together
        ),
        untried=tuple(suspect.name for suspect in suspects if not suspect.complete and suspect.witness is None),
        tables=entries.tables,
        dead_entries=entries.dead_entries,
        lines_with_entries=entries.lines_with_entries,
        dead_lines=entries.dead_lines,
        notes=_in_holes(in_hole, len(inputs.batch)),
    )


def dead_nodes(program: Program, inputs: Inputs) -> list[str]:
    """The nodes that are unread, constant or inert over the inputs, in execution order: what `find_dead` says of them.

    It executes all inputs only where a few have refuted neither a proof nor every constant.
    """
    pieces = Pieces(program, inputs)
    suspects = list(_suspects(pieces, Proofs(program)))
    _finish(pieces, suspects)
    return [suspect.name for suspect in suspects if suspect.witness is not None]


def _in_holes(ending: int, inputs: int) -> tuple[str, ...]:
    """What is to be said where inputs have no prediction that could change."""
    if not ending:
        return ()
    if ending == inputs:
        return ("every input ends in a hole, so there is no prediction that anything could change; see verify",)
    return (f"{ending:,} of {inputs:,} inputs end in a hole; their outcome is that hole, and behind it nothing counts",)


# Single verdicts ######################################################################################################


@dataclass(eq=False)
class _Suspect:
    """What is known of one node, and what is not refuted so far.

    Attributes:
        mode: its most frequent code (or numerator) on a few inputs.
        is_unread, constant, inert, mate: what is proven for every input; `inert` is the code at which it is.
        codes: constants at which it may be inert over the inputs, the one in question first.
        complete: whether `codes` began with all that there are.
        stood: pieces in a row on which the first of `codes` changed nothing.
        mates: earlier variables that may equal it over the inputs.
        low, high: the least and the largest code seen; `high` < `low`: none was.
        holed: whether an input reached a hole at it.
    """

    node: Node
    mode: int
    is_unread: bool
    constant: int | None
    inert: int | None
    mate: str | None
    codes: list[int]
    complete: bool
    mates: list[str]
    stood: int = 0
    low: int = field(default=2**63)
    high: int = field(default=-(2**63))
    holed: bool = False

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def only(self) -> int | None:
        """The one code that it ever yields over the inputs, or None if there are several, none, or a hole."""
        return self.low if self.low == self.high and not self.holed else None

    @property
    def witness(self) -> int | None:
        """A code at which it is inert, or None."""
        proven = self.mode if self.is_unread else self.constant if self.constant is not None else self.inert
        if proven is not None:
            return proven
        return self.only if self.only is not None else self.codes[0] if self.codes else None

    def look(self, on: Ground) -> None:
        """Note the node's values on more inputs."""
        computed = on.computed(self.name)
        self.holed |= self.name in on.intact.holed
        if self.holed:
            self.mates = []
        self.mates = [mate for mate in self.mates if not differ(on, self.name, mate)]
        if computed.any():
            values = on.intact.values[self.name]
            values = values if computed.all() else values[computed]
            self.low, self.high = min(self.low, int(values.min())), max(self.high, int(values.max()))

    def try_on(self, on: Ground) -> None:
        """Fix the node on one more piece of the inputs; a constant that fails makes room for the next."""
        while self.codes:
            failing = _failing(on, self.name, self.codes[0])
            if not len(failing):
                self.stood += 1
                return
            self.codes = _surviving(on, self.name, self.codes[1:], failing[:_FIRST_SAMPLE])
            self.stood = 0


def _suspects(pieces: Pieces, proofs: Proofs) -> Iterator[_Suspect]:
    """All nodes with what is proven of them, and with what a few inputs do not refute."""
    program = pieces.program
    pilot = pieces.some(spread(len(pieces.inputs.batch), min(_SECOND_SAMPLE, pieces.most)))
    in_question = [node.name for node in program.nodes if not _is_proven(proofs, pilot, node.name)]
    codes = _constants(pieces, pilot, in_question)
    order = list(program.variables)
    for node in program.nodes:
        name, mode = node.name, pilot.mode(node.name)
        is_unread, constant = name in proofs.unread, proofs.constant(name)
        inert = mode if name not in codes and not is_unread and constant is None else None
        mate = proofs.mates.get(name)
        earlier = order[: order.index(name)] if mate is None else []
        mates = [other for other in earlier if not differ(pilot, name, other)]
        complete = name not in codes or not _is_wide(program, name)
        yield _Suspect(node, mode, is_unread, constant, inert, mate, codes.get(name, []), complete, mates)


def _is_proven(proofs: Proofs, pilot: Ground, name: str) -> bool:
    """Whether a node is unread, constant, or inert at its most frequent value, for every input."""
    return name in proofs.unread or proofs.constant(name) is not None or proofs.inert_at(name, pilot.mode(name))


def _constants(pieces: Pieces, pilot: Ground, names: Sequence[str]) -> dict[str, list[int]]:
    """node -> the constants at which a few inputs do not refute that it is inert, the most frequent one first.

    A node with very many possible values is tried at those that it takes over all inputs.
    """
    program = pieces.program
    found, uncounted = {}, []
    for name in names:
        if _values_possible(program, name) > _REFUTED_AT_ONCE:
            uncounted.append(name)
        else:
            mode = pilot.mode(name)
            every = [mode, *(code for code in _all_codes(program, name) if code != mode)]
            found[name] = _inert_on(pilot, name, pieces.most, every)
    standing = [name for name, codes in found.items() if _is_wide(program, name) and {*codes} - {pilot.mode(name)}]
    for name, taken in _values_taken(pieces, [*uncounted, *standing]).items():
        mode = pilot.mode(name)
        if name in found:
            found[name] = [code for code in found[name] if code == mode or code in taken]
        else:
            every = [mode, *sorted(taken - {mode})]
            found[name] = _inert_on(pilot, name, pieces.most, every)
    return found


def _is_wide(program: Program, name: str) -> bool:
    """Whether a node is tried only at the values that it takes."""
    return not isinstance(program.variables[name].domain, Symbols) and _values_possible(program, name) > MOST_VALUES


def _values_possible(program: Program, name: str) -> int:
    """How many values the domain of a variable has."""
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return len(domain)
    return int((domain.high - domain.low) * domain.denominator) + 1


def _all_codes(program: Program, name: str) -> Iterable[int]:
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return range(len(domain))
    return range(int(domain.low * domain.denominator), int(domain.high * domain.denominator) + 1)


def _values_taken(pieces: Pieces, names: Sequence[str]) -> dict[str, set[int]]:
    """The codes (or numerators) that variables take over the inputs."""
    taken: dict[str, set[int]] = {name: set() for name in names}
    for on in pieces if names else ():
        for name in names:
            taken[name].update(np.unique(on.intact.values[name][on.computed(name)]).tolist())
    return taken


def _inert_on(on: Ground, name: str, at_once: int, codes: list[int]) -> list[int]:
    """The constants at which fixing the node changes no prediction on these inputs; `at_once` can be held."""
    for most in (_FEWEST, _FIRST_SAMPLE, _SECOND_SAMPLE):
        rows = spread(len(on.batch), most)
        size = max(1, min(8 * _SECOND_SAMPLE, at_once) // max(len(rows), 1))
        codes = [code for part in slices(len(codes), size) for code in _surviving(on, name, codes[part], rows)]
    return codes


def _surviving(on: Ground, name: str, codes: Sequence[int], rows: Rows) -> list[int]:
    """The constants at which fixing the node changes no prediction on the inputs `rows`: all tried in one execution."""
    if not len(rows) or not codes:
        return list(codes)
    tiled = np.tile(rows, len(codes))
    fixed = np.broadcast_to(np.repeat(codes, len(rows))[:, None], (len(tiled), on.batch.tokens.shape[1]))
    base = _base(on, name, tiled)
    run = execute(on.program, base.batch, overrides={name: fixed}, base=base)
    stays = on.same(run, tiled).reshape(len(codes), len(rows))
    return [code for code, kept in zip(codes, stays, strict=True) if kept.all()]


def _base(on: Ground, name: str, rows: Rows) -> Execution:
    """The intact execution of the chosen inputs, as far as anything downstream of the node reads it."""
    intact, downstream = on.intact, reached_from(on.program, [name])
    read = downstream.union(*(node.reads for node in on.program.nodes if node.name in downstream))
    read |= {term.variable for term in on.program.readout.terms if None in term.rows}
    read = read.union(*(intact.asked(name) for name in intact.holed))
    nothing = np.broadcast_to(np.int8(0), (len(rows), on.batch.tokens.shape[1]))
    values = {
        n: codes[rows] if n in read or n not in on.program.by_name else nothing for n, codes in intact.values.items()
    }
    holed = {n: at[rows] for n, at in intact.holed.items()}
    return Execution(on.program, on.batch.take(rows), values, holed, intact.totals[rows])


def _failing(on: Ground, name: str, code: int) -> Rows:
    """The inputs on which fixing the node at the code changes an outcome."""
    touched = ((on.intact.values[name] != code) & on.batch.present).any(axis=1)
    if name in on.intact.holed:
        touched |= on.intact.holed[name].any(axis=1)
    rows = np.flatnonzero(touched)
    if not len(rows):
        return rows
    base = _base(on, name, rows) if len(rows) < len(touched) else on.intact
    run = execute(on.program, base.batch, overrides={name: code}, base=base)
    return rows[~on.same(run, rows)]


def _finish(pieces: Pieces, suspects: Sequence[_Suspect]) -> None:
    """Go on until each constant in question has stood on every piece: those that came late have earlier ones left."""
    for index in around(len(pieces)):
        open_ones = [s for s in suspects if s.codes and s.witness == s.codes[0] and s.stood < len(pieces)]
        if not open_ones:
            return
        on = pieces[index]
        for suspect in open_ones:
            suspect.try_on(on)


def _judge(
    program: Program, suspect: _Suspect, checked: Checked, tried: Proof
) -> tuple[tuple[Verdict, ...], Fix | None]:
    """The verdicts on one node, and how to take it out."""
    name = suspect.name
    found: list[tuple[Verdict, Fix]] = []
    if suspect.is_unread:
        said = "no path from it leads to weights that tell classes apart"
        found.append((Verdict("unread", said, "static"), Fix(name, suspect.mode)))
    only = suspect.constant if suspect.constant is not None else suspect.only
    if only is not None:
        found.append((_as_constant(program, suspect, only, checked, tried), Fix(name, only)))
    if (witness := suspect.witness) is not None:
        found.append((_as_inert(program, suspect, witness, checked, tried), Fix(name, witness)))
    if suspect.mate is not None:
        said = f"always equal to {suspect.mate}: no input can tell them apart"
        found.append((Verdict("mergeable", said, "static", mate=suspect.mate), Fix(name, mate=suspect.mate)))
    elif suspect.mates and suspect.low <= suspect.high:
        mate = suspect.mates[0]
        said = f"equal to {mate} at every position of {checked.description}"
        found.append((Verdict("mergeable", said, tried, mate=mate), Fix(name, mate=mate)))
    return tuple(verdict for verdict, _ in found), found[0][1] if found else None


def _as_constant(program: Program, suspect: _Suspect, only: int, checked: Checked, tried: Proof) -> Verdict:
    shown = plain(decode(program, suspect.name, only))
    if suspect.constant is not None:
        return Verdict("constant", f"{shown!r} is all that it can be", "static", constant=shown)
    return Verdict("constant", f"{shown!r} at every position of {checked.description}", tried, constant=shown)


def _as_inert(program: Program, suspect: _Suspect, witness: int, checked: Checked, tried: Proof) -> Verdict:
    shown = plain(decode(program, suspect.name, witness))
    proven = suspect.is_unread or suspect.constant is not None or suspect.inert is not None
    where = "no reader can come out different" if suspect.inert is not None else "no prediction changes"
    evidence = f"fixed at {shown!r}, {where}" + ("" if proven else f" on {checked.description}")
    return Verdict("inert", evidence, "static" if proven else tried, constant=shown)
