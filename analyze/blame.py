"""Blame: why one prediction is what it is, and which single edits of the program would mend it.

Every small edit of an entry that the input reaches is tried on it: one key, cell, word, read, mask or weight. Where
none of them makes the prediction right, every row of each predicate is tried. Those that do are ranked by what they do
to all predictions with known answers: net mended (mended less broken), then predicate, lookup, embedding and wiring
before the readout, then smaller edits, then the order of the entries. Beside them stands the exact account of the logit
gap. For a right prediction: the entries that it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import numpy as np

from analyze.effects import Domain, Effect, best_edits
from analyze.outcome import Ground, ground, label, outcomes
from analyze.record import Plain, plain
from analyze.results import Account, BlameResult, Candidate, Dependence, Share
from analyze.single_edits import (
    Trial,
    consults,
    entry_at,
    kind_of_edit,
    reached_entries,
    row_trials,
    seen,
    size_of,
    trials,
    weight_edits,
)
from tprog.batch import Batch, encode
from tprog.edit import Edit, apply, describe, entry
from tprog.entry import Entry
from tprog.errors import BadUsage, NotExact
from tprog.execute import FORCED, Execution, execute, read_out_at
from tprog.program import Embedding, Head, Lookup, Node, NumericHead, Program, Symbols, Weights
from tprog.tasks import UNGRADED, Inputs, task_of

LIMIT = 10
"""Candidates reported unless told otherwise."""


@dataclass(frozen=True, eq=False)
class _Case:
    """The prediction in question.

    Attributes:
        run: the intact program on the one input.
        expected: [place] codes of the right classes, `UNGRADED` where unknown.
        place: where the prediction is; 0 for a pooled program.
    """

    run: Execution
    expected: tuple[int, ...]
    place: int

    @property
    def wanted(self) -> int:
        return self.expected[self.place]

    @property
    def predicted(self) -> int:
        return int(outcomes(self.run)[0, self.place])


def blame(
    program: Program,
    inputs: Inputs,
    tokens: Sequence[str],
    *,
    position: int | None = None,
    expected: Sequence[str | None] | None = None,
    limit: int = LIMIT,
    show: Callable[[Program], str] | None = None,
    lines: Mapping[Entry, int] | None = None,
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
        show: makes the diff of a candidate from the program after its edit.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.

    Raises:
        BadInput: the program cannot take the tokens.
        BadUsage: no right answer is known, or the position is not graded.
    """
    case = _case(program, tokens, position, expected)
    on = _with_case(program, inputs, case)
    domain = Domain(on)
    right = case.predicted == case.wanted
    wrong_before = int(domain.wrong.sum())
    tried = list(trials(case.run))
    mending: list[Edit] = []
    dependences: tuple[Dependence, ...] = ()
    if right:
        dependences, complete = _dependences(case, tried, lines)
    else:
        mending, complete = _mending(case, tried)
    ranking = best_edits(domain, mending, limit)
    hole = case.run.hole(0)
    return BlameResult(
        program=label(program, name),
        tokens=tuple(case.run.batch.words(program, 0)),
        position=None if program.readout.pooled else case.place,
        expected=program.classes[case.wanted],
        predicted=None if case.predicted < 0 else program.classes[case.predicted],
        right=right,
        hole=None if hole is None else str(hole),
        wrong=_wrong(case),
        account=_account(case, lines) if hole is None and len(program.classes) > 1 else None,
        mending=len(mending),
        candidates=tuple(_candidate(program, effect, wrong_before, show, lines) for effect in ranking.effects),
        proven=ranking.proven and complete,
        dependences=dependences,
        checked=on.checked,
        wrong_before=wrong_before,
    )


def _case(
    program: Program, tokens: Sequence[str], position: int | None, expected: Sequence[str | None] | None
) -> _Case:
    run = execute(program, encode(program, [tokens]))
    places = 1 if program.readout.pooled else int(run.batch.lengths[0])
    if expected is None:
        task = task_of(program)
        if task is None:
            raise BadUsage("nothing says what is right: the program names no task; give the answer with --expect")
        expected = task.oracle(run.batch.words(program, 0))
    if len(expected) != places:
        raise BadUsage(f"the expected output has {len(expected)} entries; expected {places}, one a position")
    for answer in expected:
        if answer is not None and answer not in program.classes:
            raise BadUsage(f"the expected {answer!r} is not a class; expected one of {', '.join(program.classes)}")
    found = outcomes(run)[0]
    forced = found == FORCED
    codes = tuple(
        UNGRADED if answer is None or forced[place] else program.classes.index(answer)
        for place, answer in enumerate(expected)
    )
    graded = [place for place, code in enumerate(codes) if code != UNGRADED]
    if not graded:
        raise BadUsage("no position of this input is graded, so none can be right or wrong")
    if position is None:
        position = next((place for place in graded if found[place] != codes[place]), graded[0])
    elif position not in graded:
        raise BadUsage(f"position {position} is not graded; the graded ones are {', '.join(map(str, graded))}")
    return _Case(run, codes, position)


def _with_case(program: Program, inputs: Inputs, case: _Case) -> Ground:
    """The inputs with known answers, the one in question among them."""
    one, places = case.run.batch, len(case.expected)
    if inputs.expected is None:
        return ground(program, Inputs(one, np.array([case.expected]), False, "this input alone"))
    width = one.tokens.shape[1]
    same = np.flatnonzero(inputs.batch.lengths == one.lengths[0])
    found = same[(inputs.batch.tokens[same, :width] == one.tokens[0]).all(axis=1)] if len(same) else same
    if len(found):
        if np.array_equal(inputs.expected[found[0], :places], case.expected):
            return ground(program, inputs)
        answers = inputs.expected.copy()
        answers[found, :places] = case.expected
        description = f"{inputs.description}, this one with the answer as given"
        return ground(program, Inputs(inputs.batch, answers, inputs.exhaustive, description))
    widest = max(width, inputs.batch.tokens.shape[1])
    rectangle = np.full((len(inputs.batch) + 1, widest), -1, dtype=inputs.batch.tokens.dtype)
    rectangle[:-1, : inputs.batch.tokens.shape[1]] = inputs.batch.tokens
    rectangle[-1, :width] = one.tokens[0]
    expected = np.full((len(rectangle), max(places, inputs.expected.shape[-1])), UNGRADED, dtype=np.int64)
    expected[:-1, : inputs.expected.shape[-1]] = inputs.expected
    expected[-1, :places] = case.expected
    batch = Batch(rectangle, np.append(inputs.batch.lengths, one.lengths[0]))
    return ground(program, Inputs(batch, expected, inputs.exhaustive, f"{inputs.description} and this input"))


def _wrong(case: _Case) -> tuple[tuple[int | None, str, str | None], ...]:
    classes, found = case.run.program.classes, outcomes(case.run)[0].tolist()
    return tuple(
        (
            None if case.run.program.readout.pooled else place,
            classes[code],
            classes[found[place]] if found[place] >= 0 else None,
        )
        for place, code in enumerate(case.expected)
        if code not in (UNGRADED, found[place])
    )


def _mending(case: _Case, tried: Sequence[Trial]) -> tuple[list[Edit], bool]:
    """The edits that make the prediction right; and, if there are none, whether that holds of all single edits."""
    found: list[Edit] = [trial.edit for trial in tried if trial.outcomes[case.place] == case.wanted]
    found += [edit for edit in weight_edits(case.run, case.place, case.wanted) if _outcome(case, edit) == case.wanted]
    if found:
        return found, True
    complete, reached = True, reached_entries(case.run)
    for node in case.run.program.nodes:
        for where in dict.fromkeys(entry_at(case.run, node, i) for i in range(int(case.run.batch.lengths[0]))):
            others, whole = _other_rows(case, where) if where in reached else ([], True)
            complete &= whole
            found += [trial.edit for trial in others if trial.outcomes[case.place] == case.wanted][:1]
    return found, bool(found) or complete


def _other_rows(case: _Case, where: Entry) -> tuple[list[Trial], bool]:
    """What the other contents of an entry, beyond those in `trials`, make of the input; and whether all were tried."""
    node = case.run.program.by_name.get(where.node)
    if isinstance(node, Head | NumericHead) and where.part == "row":
        (query,) = where.at
        assert not isinstance(query, Fraction)
        return row_trials(case.run, node, query)
    # A cell that holds a number was given the other numbers of its table, and there are more.
    return [], not (isinstance(node, Lookup) and node.symbols is None and where.part == "cell")


def _outcome(case: _Case, edit: Edit) -> int | None:
    """What the edited program predicts there; None if its weights would leave exact arithmetic."""
    try:
        edited = apply(case.run.program, edit)
    except NotExact:
        return None
    return int(outcomes(execute(edited, case.run.batch, base=case.run))[0, case.place])


def _candidate(
    program: Program,
    effect: Effect,
    wrong_before: int,
    show: Callable[[Program], str] | None,
    lines: Mapping[Entry, int] | None,
) -> Candidate:
    where = entry(effect.edit)
    return Candidate(
        entry=str(where),
        node=where.node,
        part=where.part,
        at=tuple(plain(value) for value in where.at),
        line=None if lines is None else lines.get(where),
        edit=describe(effect.edit),
        kind=kind_of_edit(effect.edit),
        mended=effect.mended,
        broken=effect.broken,
        net=effect.net,
        restores=effect.mended == wrong_before and not effect.broken,
        size=float(size_of(program, effect.edit)),
        diff="" if show is None else show(apply(program, effect.edit)),
    )


# The account of the gap ###############################################################################################


def _account(case: _Case, lines: Mapping[Entry, int] | None) -> Account:
    """The logit gap of the right class to the predicted one (if right: of the predicted class to the runner-up)."""
    run, program = case.run, case.run.program
    one, other = case.wanted, case.predicted
    if one == other:
        totals = (run.totals[0] if program.readout.pooled else run.totals[0, case.place]).copy()
        totals[one] = np.iinfo(np.int64).min
        other = int(totals.argmax())
    found = []
    for term in program.readout.terms:
        mine, theirs = _share(case, term.variable, one), _share(case, term.variable, other)
        value: Plain | None = None
        line = None
        if not program.readout.pooled:
            exact = run.value(term.variable, 0, case.place)
            value = plain(exact)
            categorical = isinstance(program.variables[term.variable].domain, Symbols)
            at = (term.variable, exact) if categorical else (term.variable,)
            line = None if lines is None else lines.get(Entry("readout", "weights", at))
        gap = mine - theirs
        found.append((gap, Share(term.variable, value, line, str(mine), str(theirs), str(gap), float(gap))))
    total = sum((gap for gap, _ in found), Fraction(0))
    found.sort(key=lambda pair: pair[0])
    return Account(
        program.classes[one], program.classes[other], str(total), float(total), tuple(share for _, share in found)
    )


def _share(case: _Case, variable: str, output: int) -> Fraction:
    """What a variable adds to a class's logit (pooled: to its mean over positions)."""
    run, program = case.run, case.run.program
    domain = program.variables[variable].domain
    (term,) = (term for term in program.readout.terms if term.variable == variable)
    n = int(run.batch.lengths[0])
    positions = range(n) if program.readout.pooled else [case.place]
    total = Fraction(0)
    for position in positions:
        code = int(run.values[variable][0, position])
        row = term.rows[code if isinstance(domain, Symbols) else 0]
        number = Fraction(1) if isinstance(domain, Symbols) else Fraction(code, domain.denominator)
        total += (row[output] if row is not None else 0) * number
    return total / program.readout.scale / len(positions)


# A right prediction ###################################################################################################


def _dependences(
    case: _Case, tried: Sequence[Trial], lines: Mapping[Entry, int] | None
) -> tuple[tuple[Dependence, ...], bool]:
    """The entries that a prediction reaches, in execution order, and which of them alone can change it.

    Returns:
        also whether everything was tried with those that are said not to matter.
    """
    first: dict[Entry, Edit] = {}
    for trial in tried:
        if trial.outcomes[case.place] != case.predicted:
            first.setdefault(entry(trial.edit), trial.edit)
    others = [code for code in range(len(case.run.program.classes)) if code != case.predicted]
    bends = [edit for code in others for edit in weight_edits(case.run, case.place, code)]
    for edit in sorted(bends, key=lambda e: size_of(case.run.program, e)):
        if entry(edit) not in first and _outcome(case, edit) not in (None, case.predicted):
            first[entry(edit)] = edit
    reached, complete = dynamic_slice(case.run, case.place), True
    for where in reached:
        if where not in first:
            rows, whole = _other_rows(case, where)
            changing = [trial.edit for trial in rows if trial.outcomes[case.place] != case.predicted]
            if changing:
                first[where] = changing[0]
            complete &= whole or bool(changing)
    found = tuple(
        Dependence(
            entry=str(where),
            node=where.node,
            part=where.part,
            at=tuple(plain(value) for value in where.at),
            line=None if lines is None else lines.get(where),
            matters=where in first,
            change=describe(first[where]) if where in first else "",
        )
        for where in reached
    )
    return found, complete


def dynamic_slice(run: Execution, place: int) -> list[Entry]:
    """The rows, cells, words and weight rows that a prediction for the one input of `run` consults.

    A head consults its query there, the keys at all positions that it may see, and its value at those that it
    attends to or could; where it may see nothing, it consults neither. What can run into a hole decides about the
    whole output, so a table with a missing entry counts at every position.

    Returns:
        entries in execution order, within a node by position.
    """
    program, n = run.program, int(run.batch.lengths[0])
    places = range(n) if program.readout.pooled else (place,)
    wanted: dict[str, set[int]] = {variable: set() for variable in program.variables}
    for term in program.readout.terms:
        wanted[term.variable] |= set(_places(run, term, places))
    consulted: list[list[Entry]] = []
    for node in reversed(program.nodes):
        positions = sorted(range(n) if None in _table(node) else wanted[node.name])
        consulted.append([entry_at(run, node, position) for position in positions if consults(run, node, position)])
        for position in positions:
            _demand(run, node, position, wanted)
    found = [where for entries in reversed(consulted) for where in entries]
    for term in program.readout.terms:
        for position in _places(run, term, places):
            value = run.value(term.variable, 0, position)
            categorical = isinstance(program.variables[term.variable].domain, Symbols)
            found.append(Entry("readout", "weights", (term.variable, value) if categorical else (term.variable,)))
    return list(dict.fromkeys(found))


def _places(run: Execution, term: Weights, places: Sequence[int]) -> Sequence[int]:
    """The positions at which a readout term decides about a prediction at `places`."""
    if None not in term.rows:
        return places
    return [int(position) for position in np.flatnonzero(read_out_at(run.program, run.batch)[0])]


def _table(node: Node) -> Sequence[object]:
    match node:
        case Embedding():
            return node.table
        case Head() | NumericHead():
            return node.predicate
        case Lookup():
            return node.cells
        case _:
            assert_never(node)


def _demand(run: Execution, node: Node, position: int, wanted: dict[str, set[int]]) -> None:
    """Note what a node reads to yield its value at one position."""
    match node:
        case Embedding() | Lookup():
            for read in node.reads:
                wanted[read].add(position)
        case Head() | NumericHead():
            window = seen(run, node, position)
            if window:
                wanted[node.query].add(position)
            wanted[node.key] |= set(window)
            wanted[node.value] |= set(window)
            if isinstance(node, Head) and node.default is None:
                wanted[node.value].add(0)  # what a head copies where nothing matches
