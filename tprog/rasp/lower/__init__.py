"""A RASP program as a Program, which every verb takes: exact on all inputs over a vocabulary, up to a length.

Each s-op becomes a variable or, where it is a function of others at the same position, a part of the table that reads
it. What an s-op may hold is found from what it reads: some of it may never occur. What depends on the length alone is
evaluated at each length, so that no table answers what cannot be asked.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, END, PAD, UNKNOWN, Program
from tprog.ir.provenance import SourceLine
from tprog.ir.values import spelling
from tprog.listing import bounded, every_one, listing, shortened
from tprog.rasp.evaluate import Run, checked_vocabulary, is_causal
from tprog.rasp.expressions import Expression, SelectorWidth, SOp, Tokens
from tprog.rasp.failures import Failed
from tprog.rasp.lower.alike import key_of, unified
from tprog.rasp.lower.building import Building
from tprog.rasp.lower.gathering import gathered
from tprog.rasp.lower.growing import Frame
from tprog.rasp.lower.held import Held, NotLowered, spelled
from tprog.rasp.lower.occurring import Occurring, answer_alike, every_input
from tprog.rasp.values import Value, spelled_value
from tprog.run.batch import Batch
from tprog.run.execute import execute

if TYPE_CHECKING:
    from tprog.rasp.program import RaspProgram

__all__ = ["NotLowered", "lowered"]


def lowered(
    program: RaspProgram,
    vocabulary: Sequence[object],
    length: int,
    causal: bool | None = None,
    output: str | Sequence[str] | None = None,
) -> Program:
    """The Program that answers as a RASP program does, with a hole where that, or one of its outputs, has no value.

    Args:
        vocabulary: the tokens, two or more.
        length: how many the longest input has.
        causal: as of `tprog.rasp.evaluate.evaluate`.
        output: which of several, or some of them in order; left out, all.

    Raises:
        NotLowered: an expression that no Program is made of; the message names it, and where it was written.
        BadUsage: the vocabulary, the length or the output is none.
        BadProgram, NotExact: what comes out is too large to be a Program.
    """
    tokens = checked_vocabulary(vocabulary, length)
    words = tuple(map(_spelled_token, tokens))
    if len(set(words)) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise BadUsage(f"two tokens of the vocabulary are both spelled {twice!r}; expected one of them")
    if mark := next((word for word in words if word in (BEGIN, END, UNKNOWN, PAD)), None):
        raise BadUsage(f"{mark!r} in the vocabulary is a mark of tpdebug's own, which RASP does not know; leave it out")
    frame = Frame(tuple(tokens), words, length, is_causal(program.dialect, causal), program.dialect)
    sops = unified(_outputs(program, output), lambda node: _reading(node, frame))
    try:
        building = Building(frame, gathered)
        made = _finished(building, program, sops, "all that may occur, and perhaps some that do not")
        every = every_input(len(words), length)
        return made if every is None else _again(building, made, program, sops, every)
    except RecursionError:
        raise NotLowered(sops[0], "aggregates are nested too deeply") from None


def _again(building: Building, made: Program, program: RaspProgram, sops: Sequence[SOp], every: Batch) -> Program:
    """The Program made again from what occurs, if it answers alike on all inputs."""
    occurring = Occurring(made, every, building.known)
    on = f"those that occur, on {every_one(len(every), 'input')}"
    found = _finished(Building(building.frame, gathered, occurring), program, sops, on)
    return found if answer_alike(occurring.run, execute(found, every)) else made


def _outputs(program: RaspProgram, wanted: str | Sequence[str] | None) -> list[SOp]:
    names = [name for name, _ in program.outputs]
    asked = names if wanted is None else [wanted] if isinstance(wanted, str) else list(wanted)
    if unknown := [name for name in asked if name not in names]:
        raise BadUsage(f"there is no output {shortened(unknown[0])}; expected one of {listing(names)}")
    if not asked or len(set(asked)) < len(asked):
        raise BadUsage(f"the outputs {listing(asked)}; expected one or more of {listing(names)}, each once")
    return [dict(program.outputs)[name] for name in asked]


def _spelled_token(token: Value) -> str:
    if isinstance(token, tuple):
        raise BadUsage(f"the token {shortened(token)} of the vocabulary is a tuple; expected a word or a number")
    return spelled_value(token)


def _reading(node: Expression, frame: Frame) -> object:
    """What the tokens of a vocabulary are read as: two readings that agree there are one."""
    if not isinstance(node, Tokens):
        return None
    try:
        return tuple(key_of(value) for token in frame.tokens for value in Run([token]).values(node))
    except Failed:
        return node.reading


def _finished(building: Building, program: RaspProgram, sops: Sequence[SOp], values: str) -> Program:
    outputs: list[str] = []
    for sop in sops:
        held = _variable(building, sop)
        # Several outputs go by their names: an input that comes out has its own, and no variable comes out twice.
        taken = held.variable in outputs or (len(sops) > 1 and held.variable in ("tokens", "positions"))
        outputs.append(building.copied(held, sop) if taken else held.variable)
    building.guard_kinds()
    nodes = tuple(building.needed(outputs))
    return Program(
        building.frame.words,
        (),
        building.frame.length,
        nodes,
        causal=building.frame.causal,
        provenance=_told(program, values),
        outputs=tuple(outputs),
        sources=tuple(source for node in nodes for source in _written(node.name, building.made_for.get(node.name))),
    )


def _written(name: str, expr: Expression | None) -> Iterator[SourceLine]:
    """Where the expression that a node was made for was written, if that is known and its line can be read."""
    if expr is None or expr.where is None:
        return
    linecache.checkcache(expr.where.file)  # another file may have had this name, in another folder or before
    line = linecache.getline(expr.where.file, expr.where.line).strip()
    if line:
        yield SourceLine(name, Path(expr.where.file).name, expr.where.line, bounded(line))


def _variable(building: Building, sop: SOp) -> Held:
    """The variable that comes out: a count as it is, all else as symbols that are spelled as the values."""
    if isinstance(sop, SelectorWidth) and not building.is_constant(sop):
        return building.held(sop)
    held = building.as_symbols(sop)
    spell = spelled(held.every())
    if any(spelling(symbol) != spelling(spell(value)) for symbol, meant in held.values.items() for value in meant):
        held = building.respelled(held, sop)
    return held


def _told(program: RaspProgram, values: str) -> tuple[tuple[str, str], ...]:
    told = f"{program.dialect}" + (f", {program.title}" if program.title else "")
    return (("written in", told), ("values", values))
