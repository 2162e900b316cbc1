"""Blame: why one prediction is what it is, and which single edits of the program would mend it.

Every small edit of an entry that the input reaches is tried on it: one key, cell, word, read, mask or weight. Where
none of them makes the prediction right, every row of each predicate is tried. Those that do are ranked by what they do
to all predictions with known answers: net mended (mended less broken), then predicate, lookup, embedding and wiring
before the readout, then smaller edits, then the order of the entries. Beside them stands the exact account of the logit
gap (without a readout, the chain of rows that fired), and the dynamic slice: the entries that the prediction depends
on. Where no single edit mends all that is wrong,
redefinitions of whole nodes are compared with it as well (`analyze.blame.suspects`), and come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyze.blame.account import account
from analyze.blame.candidates import Blamed, candidate, suspect
from analyze.blame.chain import chain
from analyze.blame.dependences import dependences, mending_edits
from analyze.blame.effects import KnownAnswers, order_key
from analyze.blame.prediction import Expected, Prediction, ask, with_prediction
from analyze.blame.presentation import PLAIN, Presentation
from analyze.blame.race import Ranking, best_edits
from analyze.blame.responsibility import annotate_prediction
from analyze.blame.single_edits import TriedEdit, stays_exact, trials
from analyze.blame.suspects import Redefinition, find_redefinitions
from analyze.blame.weights import best_bends
from analyze.blame.working_set import Held, effects_over_all, hold
from analyze.outcome import checked_on, label
from analyze.results.blame import Account, BlameResult, Fired
from tprog.edits.edit import Edit, WeightEdit
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
    output: str | None = None,
    expected: Expected | None = None,
    limit: int = LIMIT,
    thorough: bool | None = None,
    shown: Presentation = PLAIN,
) -> BlameResult:
    """Why the prediction at one position is what it is.

    Args:
        inputs: the predictions that an edit may mend or break; where no answers are known, only those of `tokens`.
        tokens: a whole sequence.
        position: 0-based; left out: the first wrong one, or the first graded one if none is wrong.
        output: of several outputs, the one that is asked about; left out: the first that is wrong there.
        expected: the right answer at each position (pooled: one), None where it is not known; of several outputs, name
            -> these; left out: what the program's task says.
        limit: the most candidates reported.
        thorough: whether to look for redefinitions of whole nodes where no single edit mends all failures; left out:
            in programs of up to `SMALL` nodes, where that is quick.
        shown: how the program is shown.

    Raises:
        BadInput: the program cannot take the tokens.
        BadUsage: no right answer is known, or the position is not graded.
    """
    return explained(ask(program, tokens, position, expected, output), inputs, limit, thorough, shown).result


def explained(
    asked: Prediction, inputs: Inputs, limit: int, thorough: bool | None, shown: Presentation
) -> Blamed[BlameResult]:
    """As `blame`, with the edits themselves."""
    if thorough is None:
        thorough = len(asked.run.program.nodes) <= SMALL
    return _recorded(asked, search(asked, inputs, limit, thorough), shown)


@dataclass(frozen=True, eq=False)
class Found:
    """What was found about a prediction.

    Attributes:
        inputs: those with known answers, the one in question among them; `held`, the program on them.
        tried: what every small edit makes of the input.
        mending: the edits that make the prediction right; `complete`, whether there are no others.
        ranking: the best of them.
        suspects: redefinitions of nodes, best first; `looked_at`, on how many inputs they were looked for.
    """

    inputs: Inputs
    held: Held
    tried: list[TriedEdit]
    mending: list[Edit]
    complete: bool
    ranking: Ranking
    suspects: list[Redefinition]
    looked_at: int


def search(asked: Prediction, inputs: Inputs, limit: int, thorough: bool) -> Found:
    """The edits that mend a prediction, with what they do elsewhere; and where none mends all, redefinitions.

    Args:
        inputs, limit, thorough: see `blame`.
    """
    program = asked.run.program
    with_it, row = with_prediction(inputs, asked)
    held = hold(program, with_it, always=[row])
    tried = list(trials(asked.run))
    mending, complete = ([], True) if asked.right else mending_edits(asked, tried)
    weighed = {edit: effect for edit, effect in best_bends(held.on, mending).items() if _is_exact(program, edit)}
    mending = list(dict.fromkeys([*mending, *weighed]))
    ranking = best_edits(KnownAnswers(held.on), mending, limit, weighed)
    if not held.whole:
        ranking = _counted_on_all(held, ranking)
    suspects, looked_at = list[Redefinition](), 0
    mended = any(effect.restores(held.wrong) for effect in ranking.effects)
    if thorough and not asked.right and with_it.expected is not None and not mended:
        suspects, looked_at = find_redefinitions(held.on, int(np.searchsorted(held.rows, row)), asked.place)
    return Found(with_it, held, tried, mending, complete, ranking, suspects[:limit], looked_at)


def _recorded(asked: Prediction, found: Found, shown: Presentation) -> Blamed[BlameResult]:
    """What was found as a result."""
    run, program, held = asked.run, asked.run.program, found.held
    reached, all_tried = dependences(asked, found.tried, found.mending, shown)
    effects = found.ranking.effects
    candidates = shown.with_diffs(program, [(candidate(program, e, held.wrong, shown), e.edit) for e in effects])
    suspects = shown.with_diffs(program, [(suspect(program, one, shown), one) for one in found.suspects])
    hole = run.hole(0)
    named = label(program, shown.name)
    result = BlameResult(
        program=named,
        tokens=tuple(run.batch.words(program, 0)),
        position=asked.position,
        output=asked.output if program.places.several else None,
        expected=program.classes[asked.wanted],
        predicted=_class(program, asked.predicted),
        right=asked.right,
        hole=None if hole is None else str(hole),
        wrong=asked.wrong(),
        wrong_outputs=asked.wrong_outputs,
        account=_account(asked, shown) if hole is None else None,
        mending=len(found.mending),
        candidates=candidates,
        proven=found.ranking.proven and (all_tried if asked.right else found.complete),
        dependences=reached,
        checked=checked_on(found.inputs),
        wrong_before=held.wrong,
        suspects=suspects,
        looked_at=found.looked_at,
        source=None if shown.text is None else annotate_prediction(named, shown.text, candidates, reached, asked.right),
        spaced=spacing(program),
        chain=_chain(asked, shown) if hole is None else (),
        sources=program.sources,
    )
    edits: list[Edit | Redefinition] = [*(effect.edit for effect in effects), *found.suspects]
    return Blamed(program, result, dict(zip((*candidates, *suspects), edits, strict=True)))


def _account(asked: Prediction, shown: Presentation) -> Account | None:
    """The account of the logit gap; none of a variable that comes out, or of a class that the readout cannot say."""
    program = asked.run.program
    if asked.output in program.returned or not asked.wanted < len(program.written_classes) > 1:
        return None
    return account(asked.run, asked.position or 0, asked.wanted, asked.predicted, shown)


def _chain(asked: Prediction, shown: Presentation) -> tuple[Fired, ...]:
    """The rows that fired, of a variable that comes out; none of a readout."""
    if asked.output not in asked.run.program.returned:
        return ()
    return chain(asked.run, asked.output, asked.position or 0, shown)


def _class(program: Program, code: int) -> str | None:
    """The class of an outcome; None where it is none."""
    return None if code < 0 else program.classes[code]


def _counted_on_all(held: Held, ranking: Ranking) -> Ranking:
    """Edits that did best on the inputs that are held, counted and ordered over all inputs."""
    effects = effects_over_all(held, [effect.edit for effect in ranking.effects])
    program = held.on.program
    return Ranking(tuple(sorted(effects, key=lambda effect: order_key(program, effect))), False)


def _is_exact(program: Program, edit: Edit) -> bool:
    return isinstance(edit, WeightEdit) and stays_exact(program, edit)
