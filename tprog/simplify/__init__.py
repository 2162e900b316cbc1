"""Program -> a smaller Program that predicts the same on stated inputs.

Each module is one pass, and each pass proposes candidates; `tprog.simplify.search` runs every candidate on all inputs
before it is believed. So the order of the passes decides how small a program becomes, never whether it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import Array, Bools
from tprog.run.execute import predict
from tprog.run.outcome import by_place, wrong_at
from tprog.simplify.lookups import shorter_lookups
from tprog.simplify.names import natural_names
from tprog.simplify.parts import pruned
from tprog.simplify.predicates import shorter_predicates
from tprog.simplify.readout import smaller_readout
from tprog.simplify.record import Keep, Simplification, Size, Step, size, told
from tprog.simplify.search import Search
from tprog.simplify.stand_ins import fewer_nodes, smaller_domains
from tprog.simplify.sums import shorter_sums
from tprog.tasks.builtin import Inputs

__all__ = ["Keep", "Simplification", "Size", "Step", "simplify", "size", "told"]

_PASSES: tuple[tuple[str, Callable[[Search], None]], ...] = (
    ("readout", smaller_readout),
    ("nodes", fewer_nodes),
    ("lookups", shorter_lookups),
    ("sums", shorter_sums),
    ("domains", smaller_domains),
    ("predicates", shorter_predicates),
    ("names", natural_names),
)

_NOT_READ = "left out what nothing reads"


def simplify(
    program: Program, inputs: Inputs, *, keep: Keep = "all", progress: Callable[[str, Size], object] | None = None
) -> Simplification:
    """A program that is nowhere larger and predicts the same.

    Only graded predictions count: those with a known right answer, or, where no task says which, all that are read
    out. An input that reaches a hole goes on reaching the same first hole.

    Args:
        inputs: on which predictions must stay; what the result does on any other input is unknown.
        keep: ``right`` lets predictions change that are wrong.
        progress: called after each pass with its name and the size that it has left.

    Raises:
        BadUsage: `keep` is ``right``, but nothing says what is right.
    """
    if keep == "right" and inputs.expected is None:
        raise BadUsage("to keep what is right, the program must name its task; name one with --task")
    search = Search(program, inputs, keep)
    before = search.size
    if (read := pruned(program)) != program and not search.attempt(read, "readout", _NOT_READ):
        _leave_out_one_by_one(search)
    done: dict[str, Program] = {}  # pass -> the program in which it found nothing more to do
    while any(done.get(name) is not search.program for name, _ in _PASSES):
        for name, shorten in _PASSES:
            found = search.program
            if done.get(name) is found:
                continue
            shorten(search)
            if search.program is found:
                done[name] = found
            if progress:
                progress(name, search.size)
    return _told(program, search, inputs, keep, before)


def _leave_out_one_by_one(search: Search) -> None:
    """What nothing reads, where it cannot all go: some of it ends inputs, because it lacks what they ask for."""
    if (readout := pruned(search.program).readout) != search.program.readout:
        search.attempt(replace(search.program, readout=readout), "readout", _NOT_READ)
    for node in reversed(search.program.nodes):
        program = search.program
        read = {*(term.variable for term in program.weights), *program.variables_out}
        if node.name not in read.union(*(other.reads for other in program.nodes)):
            kept = [other for other in program.nodes if other is not node]
            search.attempt(replace(program, nodes=tuple(kept), sources=program.sources_of(kept)), node.name, _NOT_READ)


def _told(program: Program, search: Search, inputs: Inputs, keep: Keep, before: Size) -> Simplification:
    expected = inputs.expected
    (old, lost), (new, now_lost) = predict(program, inputs.batch), predict(search.program, inputs.batch)
    compared = inputs.graded(program) & ~lost[:, None]

    def wrong(predictions: Array, in_hole: Bools) -> int | None:
        return None if expected is None else int(wrong_at(predictions, in_hole, expected).any(axis=1).sum())

    return Simplification(
        program=search.program,
        before=before,
        after=search.size,
        steps=tuple(search.steps),
        inputs=len(inputs.batch),
        exhaustive=inputs.exhaustive,
        description=inputs.description,
        predictions=search.predictions,
        keep=keep,
        changed=int((by_place(old != new) & compared).sum()),
        wrong_before=wrong(old, lost),
        wrong_after=wrong(new, now_lost),
        noun=inputs.noun,
    )
