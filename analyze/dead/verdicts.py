"""The verdicts on one node, with their evidence, and how each takes the node out."""

from __future__ import annotations

from analyze.dead.removal import Fix
from analyze.dead.suspects import Suspect
from analyze.results.checked import Checked
from analyze.results.dead import Proof, Verdict
from tprog.ir.program import Program
from tprog.ir.values import shown
from tprog.run.execute import decode


def verdicts_on(program: Program, suspect: Suspect, checked: Checked, tried: Proof) -> list[tuple[Verdict, Fix]]:
    """What is known of a node, the strongest first; empty if it is not dead.

    Args:
        checked: the inputs that have not refuted it.
        tried: what that proves.
    """
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
    return found


def _as_constant(program: Program, suspect: Suspect, only: int, checked: Checked, tried: Proof) -> Verdict:
    value = decode(program, suspect.name, only)
    if suspect.constant is not None:
        return Verdict("constant", f"{shown(value)} is all that it can be", "static", constant=value)
    return Verdict("constant", f"{shown(value)} at every position of {checked.description}", tried, constant=value)


def _as_inert(program: Program, suspect: Suspect, witness: int, checked: Checked, tried: Proof) -> Verdict:
    value = decode(program, suspect.name, witness)
    proven = suspect.is_unread or suspect.constant is not None or suspect.inert is not None
    where = "no reader can come out different" if suspect.inert is not None else "no prediction changes"
    evidence = f"fixed at {shown(value)}, {where}" + ("" if proven else f" on {checked.description}")
    return Verdict("inert", evidence, "static" if proven else tried, constant=value)
