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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from analyze.dead.proofs import Proofs, unread
from analyze.dead.removal import Fix, jointly
from analyze.dead.suspects import Suspect, all_suspects, finish
from analyze.dead.unreached import unreached
from analyze.dead.verdicts import verdicts_on
from analyze.outcome import checked_on, label, node_line
from analyze.piecewise import Pieces
from analyze.reached_entries import Counts
from analyze.results.dead import DeadNode, DeadResult, Proof, Removal, Verdict
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.run.execute import decode
from tprog.tasks.builtin import Inputs
from tprog.text.describe import reading

__all__ = ["dead_nodes", "find_dead", "unread"]


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
    seen = _look_at_all(pieces, proofs, progress)
    checked = checked_on(inputs)
    tried: Proof = "enumerated" if inputs.exhaustive else "sampled"
    judged = {suspect.name: verdicts_on(program, suspect, checked, tried) for suspect in seen.suspects}
    dead = {name: found for name, found in judged.items() if found}
    entries = unreached(proofs.ranges, seen.counts, tried, lines)
    return DeadResult(
        program=label(program, name),
        checked=checked,
        nodes=len(program.nodes),
        dead=tuple(
            _dead_node(program, n, tuple(verdict for verdict, _ in found), node_line(lines, n))
            for n, found in dead.items()
        ),
        removable=_removable(pieces, dead, {suspect.name: suspect.mode for suspect in seen.suspects}),
        untried=tuple(suspect.name for suspect in seen.suspects if suspect.is_open),
        tables=entries.tables,
        dead_entries=entries.dead_entries,
        lines_with_entries=entries.lines_with_entries,
        dead_lines=entries.dead_lines,
        notes=_in_holes(seen.in_hole, len(inputs.batch)),
    )


@dataclass(frozen=True)
class _Seen:
    """What all inputs show.

    Attributes:
        suspects: all nodes, with what the inputs have not refuted.
        counts: how often the inputs consult each entry.
        in_hole: how many of them end in a hole.
    """

    suspects: list[Suspect]
    counts: Counts
    in_hole: int


def _look_at_all(pieces: Pieces, proofs: Proofs, progress: Callable[[int, int], object] | None) -> _Seen:
    """Each piece of the inputs once, and again only where a constant came late."""
    total = len(pieces.program.nodes) + len(pieces)
    found: list[Suspect] = []
    for suspect in all_suspects(pieces, proofs):
        found.append(suspect)
        if progress:
            progress(len(found), total)
    counts = Counts(pieces.program)
    in_hole = 0
    for done, on in enumerate(pieces, len(found)):
        if progress:
            progress(done, total)
        counts.add(on.intact)
        in_hole += int(on.intact.in_hole.sum())
        for suspect in found:
            suspect.look(on)
            suspect.try_on(on)
    finish(pieces, found)
    return _Seen(found, counts, in_hole)


def _dead_node(program: Program, name: str, verdicts: tuple[Verdict, ...], line: int | None) -> DeadNode:
    node = program.by_name[name]
    return DeadNode(name, node.kind, reading(program, node), line, verdicts)


def _removable(
    pieces: Pieces, dead: Mapping[str, Sequence[tuple[Verdict, Fix]]], modes: Mapping[str, int]
) -> tuple[Removal, ...]:
    """What can go together, each node as its first verdict says."""
    fixes = {name: found[0][1] for name, found in dead.items()}
    safe = {name for name, found in dead.items() if found[0][0].kind != "inert"}  # it changes no value that matters
    program = pieces.program
    return tuple(
        Removal(fix.node, None if fix.mate else decode(program, fix.node, fix.code), fix.mate)
        for fix in jointly(pieces, fixes, safe, modes)
    )


def dead_nodes(program: Program, inputs: Inputs) -> list[str]:
    """The nodes that are unread, constant or inert over the inputs, in execution order: what `find_dead` says of them.

    It executes all inputs only where a few have refuted neither a proof nor every constant.
    """
    pieces = Pieces(program, inputs)
    found = list(all_suspects(pieces, Proofs(program)))
    finish(pieces, found)
    return [suspect.name for suspect in found if suspect.witness is not None]


def _in_holes(ending: int, inputs: int) -> tuple[str, ...]:
    """What is to be said where inputs have no prediction that could change."""
    if not ending:
        return ()
    if ending == inputs:
        return ("every input ends in a hole, so there is no prediction that anything could change; see verify",)
    return (f"{ending:,} of {inputs:,} inputs end in a hole; their outcome is that hole, and behind it nothing counts",)
