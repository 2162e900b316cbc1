"""Blame: why one prediction is what it is, and which single edits of the program would mend it.

Every small edit of an entry that the input reaches is tried on it: one key, cell, word, read, mask or weight. Where
none of them makes the prediction right, every row of each predicate is tried. Those that do are ranked by what they do
to all predictions with known answers: net mended (mended less broken), then predicate, lookup, embedding and wiring
before the readout, then smaller edits, then the order of the entries. Beside them stands the exact account of the logit
gap, and the dynamic slice: the entries that the prediction depends on. Where no single edit mends all that is wrong,
redefinitions of whole nodes are compared with it as well (`analyze.blame.suspects`), and come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analyze.blame.account import account
from analyze.blame.candidates import candidate, suspect
from analyze.blame.dependences import dependences, mending_edits
from analyze.blame.effects import KnownAnswers, Ranking, best_edits, order_key
from analyze.blame.prediction import ask, with_prediction
from analyze.blame.responsibility import annotate_prediction
from analyze.blame.single_edits import stays_exact, trials
from analyze.blame.suspects import find_redefinitions
from analyze.blame.weights import best_bends
from analyze.blame.working_set import Held, effects_over_all, hold
from analyze.outcome import label
from analyze.results.blame import BlameResult, Suspect
from analyze.results.checked import Checked
from tprog.edits.edit import Edit, WeightEdit
from tprog.edits.entry import Entry
from tprog.ir.program import Program
from tprog.tasks.builtin import Inputs
from tprog.text.tokens import spacing

LIMIT = 10
"""Candidates reported unless told otherwise."""

SMALL = 12
"""Nodes of a program whose redefinitions are looked for unless told otherwise."""


def blame(
    program: Program,
    inputs: Inputs,
    tokens: Sequence[str],
    *,
    position: int | None = None,
    expected: Sequence[str | None] | None = None,
    limit: int = LIMIT,
    diffs: int | None = None,
    thorough: bool | None = None,
    show: Callable[[Program], str] | None = None,
    lines: Mapping[Entry, int] | None = None,
    text: str | None = None,
    name: str | None = None,
) -> BlameResult:
    """Why the prediction at one position is what it is.

    Args:
        inputs: the predictions that an edit may mend or break; where no answers are known, only those of `tokens`.
        tokens: a whole sequence.
        position: 0-based; left out: the first wrong one, or the first graded one if none is wrong.
        expected: the right answer at each position (pooled: one), None where it is not known; left out: what the
            program's task says.
        limit: the most candidates reported.
        diffs: of how many candidates, the best first, to make the diff; left out: of all.
        thorough: whether to look for redefinitions of whole nodes where no single edit mends all failures; left out:
            in programs of up to `SMALL` nodes, where that is quick.
        show: makes the diff of a candidate from the program after its edit.
        lines: entry -> its line in the program's file.
        text: the file, to be shown with what was found in its margin.
        name: what the result calls the program.

    Raises:
        BadInput: the program cannot take the tokens.
        BadUsage: no right answer is known, or the position is not graded.
    """
    asked = ask(program, tokens, position, expected)
    with_it, row = with_prediction(inputs, asked)
    held = hold(program, with_it, always=[row])
    right = asked.predicted == asked.wanted
    tried = list(trials(asked.run))
    mending, complete = ([], True) if right else mending_edits(asked, tried)
    reached, all_tried = dependences(asked, tried, mending, lines)
    weighed = {edit: effect for edit, effect in best_bends(held.on, mending).items() if _is_exact(program, edit)}
    mending = list(dict.fromkeys([*mending, *weighed]))
    ranking = best_edits(KnownAnswers(held.on), mending, limit, weighed)
    if not held.whole:
        ranking = _counted_on_all(held, ranking)
    candidates = tuple(
        candidate(program, effect, held.wrong, show if diffs is None or place < diffs else None, lines)
        for place, effect in enumerate(ranking.effects)
    )
    suspects: tuple[Suspect, ...] = ()
    looked_at = 0
    if thorough is None:
        thorough = len(program.nodes) <= SMALL
    if thorough and not right and with_it.expected is not None and not any(c.restores for c in candidates):
        found, looked_at = find_redefinitions(held.on, int(np.searchsorted(held.rows, row)), asked.place)
        suspects = tuple(
            suspect(program, one, show if diffs is None or place < diffs else None, lines)
            for place, one in enumerate(found[:limit])
        )
    hole = asked.run.hole(0)
    told = hole is None and len(program.classes) > 1
    return BlameResult(
        program=label(program, name),
        tokens=tuple(asked.run.batch.words(program, 0)),
        position=None if program.readout.pooled else asked.place,
        expected=program.classes[asked.wanted],
        predicted=None if asked.predicted < 0 else program.classes[asked.predicted],
        right=right,
        hole=None if hole is None else str(hole),
        wrong=asked.wrong(),
        account=account(asked.run, asked.place, asked.wanted, asked.predicted, lines) if told else None,
        mending=len(mending),
        candidates=candidates,
        proven=ranking.proven and (all_tried if right else complete),
        dependences=reached,
        checked=Checked(len(with_it.batch), with_it.exhaustive, with_it.description),
        wrong_before=held.wrong,
        suspects=suspects,
        looked_at=looked_at,
        source=None if text is None else annotate_prediction(label(program, name), text, candidates, reached, right),
        spaced=spacing(program),
    )


def _counted_on_all(held: Held, ranking: Ranking) -> Ranking:
    """Edits that did best on the inputs that are held, counted and ordered over all inputs."""
    effects = effects_over_all(held, [effect.edit for effect in ranking.effects])
    program = held.on.program
    return Ranking(tuple(sorted(effects, key=lambda effect: order_key(program, effect))), False)


def _is_exact(program: Program, edit: Edit) -> bool:
    return isinstance(edit, WeightEdit) and stays_exact(program, edit)
