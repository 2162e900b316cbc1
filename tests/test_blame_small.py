"""Blame of many small programs, against executing each edited program anew: nothing is wrong, nothing is missing."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain, combinations, islice, product

import numpy as np
import pytest

import analyze.blame.effects
import analyze.blame.race
import analyze.blame.suspects
from analyze.blame import blame, explained
from analyze.blame.all_failures import all_explained
from analyze.blame.candidates import Blamed
from analyze.blame.chain import chain as fired_chain
from analyze.blame.edited_node import EditedNode, Output
from analyze.blame.effects import Effect, KnownAnswers, order_key
from analyze.blame.prediction import Prediction, ask
from analyze.blame.presentation import PLAIN, Presentation
from analyze.blame.race import best_edits
from analyze.blame.responsibility import annotate_prediction
from analyze.blame.single_edits import changed_by, node_edits, row_trials
from analyze.blame.slice import dynamic_slice, reached_entries
from analyze.blame.suspects import Redefinition
from analyze.outcome import Ground, ground
from analyze.reached_entries import entries_of
from analyze.results.blame import Account, BlameResult
from tests.bench.brute_force import lacking
from tests.interventions import listed
from tests.programs import PROGRAMS
from tests.small_programs import small
from tprog.edits.edit import CellEdit, Edit, NodeEdit, RowEdit, WeightEdit, candidates, weight_row
from tprog.ir.entry import Entry
from tprog.ir.program import BEGIN, IMPLIED, Embedding, Head, Lookup, Program, Readout, RowsNeeded, Symbols, Weights
from tprog.ir.values import as_number
from tprog.run.batch import Array, encode
from tprog.run.execute import execute, some_of
from tprog.run.outcome import outcomes
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source

MOST = 16
"""Inputs of each program."""


@dataclass(frozen=True)
class Case:
    """A small program with answers, some of them wrong."""

    on: Ground

    @property
    def program(self) -> Program:
        return self.on.program

    @cached_property
    def expected(self) -> Array:
        assert self.on.expected is not None
        return self.on.expected

    @cached_property
    def small_edits(self) -> dict[Edit, Array]:
        """Each small edit of a node -> the outcomes after it."""
        return self._after_each(chain(*(candidates(self.program, node) for node in self.program.nodes)))

    @cached_property
    def node_edits(self) -> dict[Edit, Array]:
        """The same, and any other row."""
        return {**self.small_edits, **self._after_each(self._rows())}

    def _after_each(self, edits: Iterable[NodeEdit]) -> dict[Edit, Array]:
        made = {edit: changed_by(self.program, [edit]) for edit in edits}
        return {edit: self.after(program) for edit, program in made.items() if program is not None}

    def _rows(self) -> Iterator[NodeEdit]:
        """All rows of all predicates."""
        for node in self.program.nodes:
            for table, clause in () if node.selection is None else node.selection.clauses.items():
                keys = self.program.symbols(clause.key).values
                at = next(entry.clause for entry in entries_of(self.program)[table])
                for query in self.program.symbols(clause.query):
                    for count in range(len(keys) + 1):
                        for row in combinations(keys, count):
                            yield RowEdit(node.name, query, row, at)

    @cached_property
    def weight_edits(self) -> dict[Edit, Array]:
        """Each weight bent by up to 60 -> the outcomes after it."""
        program, intact, found = self.program, self.on.intact, dict[Edit, Array]()
        if program.readout.implied:
            return found
        for term in program.readout.terms:
            values, domain = intact.values[term.variable].astype(np.int64), program.variables[term.variable].domain
            for at, row in enumerate(term.rows):
                share = (values == at) if isinstance(domain, Symbols) else values
                share = np.where(self.on.batch.present, share, 0).astype(np.int64)
                share = share.sum(axis=1) if program.readout.pooled else share
                for output, weight in enumerate(row or ()):
                    for by in (by for by in range(-60, 61) if by):
                        totals = intact.totals.astype(np.int64)
                        totals[..., output] += by * share
                        value = domain.values[at] if isinstance(domain, Symbols) else None
                        edit = WeightEdit(term.variable, value, program.written_classes[output], weight + by)
                        found[edit] = self._read_out(totals.argmax(axis=-1))
        return found

    def _read_out(self, classes: Array) -> Array:
        made = self.on.outcomes.copy()
        mine = made[:, self.program.of_readout]
        mine[...] = np.where(mine >= 0, classes.reshape(mine.shape), mine)
        return made

    def after(self, program: Program) -> Array:
        return outcomes(execute(program, self.on.batch))

    def effect(self, found: Array) -> tuple[int, int]:
        """(mended, broken) predictions."""
        was, now = (((one == self.expected) & self.on.graded) for one in (self.on.outcomes, found))
        return int((now & ~was).sum()), int((was & ~now).sum())

    @cached_property
    def wrong(self) -> Array:
        return np.asarray((self.on.outcomes != self.expected) & self.on.graded)


def _varied(seed: int) -> Program:
    """A small program: one in eight is pooled, one forces an output, two have two, and four have no readout."""
    program = small(seed)
    last = program.nodes[-1]
    if seed % 8 == 0:
        return replace(program, readout=replace(program.readout, pooled=True))
    if seed % 8 == 4:
        needed: RowsNeeded = "everywhere" if seed % 16 == 4 else "free"
        forced = tuple(word for word in program.vocabulary if word == BEGIN)
        return replace(program, readout=replace(program.readout, forced=forced, rows_needed=needed))
    if seed % 4 == 2:
        return replace(program, outputs=("readout", last.name) if isinstance(last, Head) else ("tokens", "readout"))
    return program


def _case(seed: int) -> Case:
    """A small program with two faults, or with one and an entry that it lacks; some answers are wrong beside."""
    draw = random.Random(seed)
    right = _varied(seed)
    program = _faulty(right, draw)
    if seed % 5 == 4 or seed % 8 == 4:
        gone = [
            (table, index)
            for table, entries in entries_of(program).items()
            for index, entry in enumerate(entries)
            if (
                entry.part in ("row", "cell", "word")
                if seed % 8 != 4
                else entry.part == "weights" and len(entry.at) > 1
            )
        ]
        program = lacking(program, draw.sample(gone, min(1, len(gone))))
    else:
        program = _faulty(program, draw)
    every = inputs_for(program).batch
    rows = sorted(draw.sample(range(len(every)), min(MOST, len(every))))
    words = [every.words(program, row) for row in rows]
    names = dict(enumerate(right.classes))
    expected = [
        [_answer(draw, names.get(code), program.classes) for code in found]
        for found in outcomes(execute(right, encode(right, words))).tolist()
    ]
    return Case(ground(program, listed(program, words, expected)))


def _faulty(program: Program, draw: random.Random) -> Program:
    """A program after a small edit that changes what comes out of some input, or the program where none does."""
    edits = [edit for node in program.nodes for edit in candidates(program, node)]
    batch = inputs_for(program).batch
    before = outcomes(execute(program, batch))
    for edit in draw.sample(edits, min(20, len(edits))):
        made = changed_by(program, [edit])
        if made is not None and (outcomes(execute(made, batch)) != before).any():
            return made
    return program


def _answer(draw: random.Random, name: str | None, classes: Sequence[str]) -> int:
    """What is said to be right: mostly what it is."""
    if name not in classes or draw.random() < 0.05:
        return -1
    return classes.index(name) if draw.random() < 0.95 else draw.randrange(len(classes))


SEEDS, PARTS = 48, 6


def _cases(part: int) -> Iterator[Case]:
    for seed in range(part, SEEDS, PARTS):
        case = _case(seed)
        if case.wrong.any():
            yield case


def _first_wrong(case: Case) -> dict[int, int]:
    """row -> the place of its first wrong prediction."""
    return {int(row): int(case.wrong[row].argmax()) for row in np.flatnonzero(case.wrong.any(axis=1))}


@pytest.mark.parametrize("part", range(PARTS))
def test_of_all_failures_every_entry_whose_edit_gains_is_listed_with_its_best(part: int) -> None:
    for case in _cases(part):
        program, inputs = case.program, case.on.inputs
        blamed = all_explained(program, inputs, 1000, PLAIN, None)
        listed_edits = [edit for edit in blamed.changes.values() if not isinstance(edit, Redefinition)]
        best: dict[Entry, int] = {}
        for edit, found in zip(listed_edits, blamed.result.entries, strict=True):
            effect = case.effect(case.after(edit.apply(program)))
            assert (found.mended, found.broken, found.net) == (*effect, effect[0] - effect[1])
            assert found.restores == (effect == (case.wrong.sum(), 0))
            best[edit.entry] = found.net
        assert len(best) == len(listed_edits)
        keys = [
            (-found.net, found.kind == "readout", edit.size(program))
            for edit, found in zip(listed_edits, blamed.result.entries, strict=True)
        ]
        assert keys == sorted(keys)
        mendable = set[int]()
        for edit, after in {**case.small_edits, **case.weight_edits}.items():
            mended, broken = case.effect(after)
            assert mended - broken <= best.get(edit.entry, 0)
            mendable |= {
                row for row, place in _first_wrong(case).items() if after[row, place] == case.expected[row, place]
            }
        result = blamed.result
        assert (result.wrong, result.wrong_inputs) == (case.wrong.sum(), len(_first_wrong(case)))
        assert result.unmended <= result.wrong_inputs - len(mendable)
        assert result.unmended == sum(bucket.inputs for bucket in result.buckets if bucket.entry is None)
        assert result.proven


@pytest.mark.parametrize("part", range(PARTS))
def test_of_a_failure_each_small_edit_that_mends_it_is_listed_and_all_that_is_said_of_it_is_true(part: int) -> None:
    for case in _cases(part):
        program = case.program
        (row, place), *_ = _first_wrong(case).items()
        blamed = explained(_asked(case, row), case.on.inputs, 1000, None, PLAIN)
        result, wanted = blamed.result, case.expected[row, place]
        _check_facts(case, row, place, result)
        edits = [edit for edit in blamed.changes.values() if not isinstance(edit, Redefinition)]
        mending = {edit for edit, after in case.small_edits.items() if after[row, place] == wanted}
        assert mending <= {*edits}
        for edit, found in zip(edits, result.candidates, strict=True):
            after = case.after(edit.apply(program))
            assert after[row, place] == wanted
            assert (found.mended, found.broken) == case.effect(after)
        if result.proven and not edits:
            assert all(after[row, place] != wanted for after in {**case.node_edits, **case.weight_edits}.values())
        weights = _weights(edit for edit, after in case.weight_edits.items() if after[row, place] == wanted)
        assert weights == _weights(edits) or case.on.intact.in_hole[row]
        nets: dict[tuple[Entry, str, bool], int] = {}
        for edit, found in zip(edits, result.candidates, strict=True):
            if isinstance(edit, WeightEdit):
                way = _way(program, edit)
                nets[way] = max(found.net, nets.get(way, found.net))
        for edit, after in case.weight_edits.items():  # of each weight, the best amount is among them
            if isinstance(edit, WeightEdit) and after[row, place] == wanted and not case.on.intact.in_hole[row]:
                mended, broken = case.effect(after)
                assert mended - broken <= nets[_way(program, edit)]
        _check_redefinitions(case, row, place, blamed)


def _check_redefinitions(case: Case, row: int, place: int, blamed: Blamed[BlameResult]) -> tuple[int, int]:
    """Each redefinition does what it says, the best comes first.

    Returns:
        what the best one mends less what it breaks and changes; how many are of several edits.
    """
    program, found = case.program, blamed.result.suspects
    several, scores = 0, [told.net - told.price for told in found]
    assert scores == sorted(scores, reverse=True)
    for one, told in zip((o for o in blamed.changes.values() if isinstance(o, Redefinition)), found, strict=True):
        after = case.after(one.apply(program))
        assert (told.mended, told.broken) == case.effect(after)
        assert told.mends == (after[row, place] == case.expected[row, place])
        if one.head is not None:
            continue
        assert told.edits == tuple(edit.describe() for edit in one.edits)
        assert told.price == sum(edit.counts_as for edit in one.edits)
        assert all(map(str.startswith, told.becomes, (edit.entry.within for edit in one.edits)))
        # That which gains most alone comes first.
        effects = [case.effect(case.after(edit.apply(program))) for edit in one.edits]
        alone = [mended - broken - edit.counts_as for (mended, broken), edit in zip(effects, one.edits, strict=True)]
        assert alone[0] == max(alone)
        several += len(one.edits) > 1
    return max(scores, default=0), several


@pytest.mark.parametrize(("nodes", "least"), [(1, 1), (4, 2)])
def test_of_a_node_with_several_faults_as_much_is_mended_by_redefinitions_as_has_been(
    nodes: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyze.blame.suspects, "NODES", nodes)
    score, several = 0, 0
    for seed in range(1, 120, 2):
        draw = random.Random(seed)
        right = _varied(seed)
        node = max(right.nodes, key=lambda node: max(len(entries.answers) for entries in node.tables.values()))
        table, entries = max(node.tables.items(), key=lambda item: len(item[1].answers))
        answers = [*entries.answers]
        draw.shuffle(answers)
        wrong = node.with_answers(tuple(answers), table)
        program = replace(right, nodes=tuple(wrong if old is node else old for old in right.nodes))
        every = inputs_for(program).batch
        words = [every.words(program, at) for at in range(0, len(every), 2)]
        expected = outcomes(execute(right, encode(right, words))).tolist()
        if right.classes != program.classes:
            continue
        case = Case(ground(program, listed(program, words, expected)))
        if not case.wrong.any():
            continue
        (row, place), *_ = _first_wrong(case).items()
        found = _check_redefinitions(case, row, place, explained(_asked(case, row), case.on.inputs, 100, True, PLAIN))
        score, several = score + found[0], several + found[1]
    assert score >= 120, "what the best ones mend less what they break and change"
    assert several >= least


def _check_facts(case: Case, row: int, place: int, result: BlameResult) -> None:
    """What is said of the prediction itself."""
    program, on, places = case.program, case.on, case.program.places
    position, output = (None if program.readout.pooled else places.position(place)), places.output(place)
    names = [None if code < 0 else program.classes[code] for code in on.outcomes[row].tolist()]
    assert (result.position, result.output) == (position, output)
    assert (result.expected, result.predicted) == (program.classes[case.expected[row, place]], names[place])
    assert result.right == (not case.wrong[row, place])
    wrong = np.flatnonzero(case.wrong[row]).tolist()
    assert result.wrong == tuple(
        (
            None if program.readout.pooled else places.position(at),
            program.classes[case.expected[row, at]],
            names[at],
        )
        for at in wrong
    )
    assert result.wrong_outputs == (tuple(map(places.output, wrong)) if places.several else ())
    assert result.wrong_before == case.wrong.sum()
    hole = on.intact.hole(row)
    assert result.hole == (None if hole is None else str(hole))
    of_readout = (output or program.outputs[0]) not in program.returned
    weighed = hole is None and of_readout and case.expected[row, place] < len(program.written_classes)
    assert (result.account is not None) == weighed
    assert bool(result.chain) <= (hole is None and not of_readout)
    if result.account is not None:
        _check_account(case, row, place, result.account)


def _check_account(case: Case, row: int, place: int, account: Account) -> None:
    """The gap is that of two classes, the right one and the best other one, and each variable has its share."""
    program, run = case.program, case.on.intact
    length = int(case.on.batch.lengths[row])
    at = list(range(length)) if program.readout.pooled else [program.places.position(place)]
    totals = run.totals[row] if program.readout.pooled else run.totals[row, at[0]]
    wanted = case.expected[row, place]
    others = [code for code in range(len(totals)) if code != wanted]
    other = max(others, key=lambda code: (totals[code], -code))
    assert (account.expected, account.predicted) == (program.classes[wanted], program.classes[other])
    assert Fraction(account.gap) == Fraction(int(totals[wanted] - totals[other]), len(at))
    gaps = {}
    for term in program.readout.terms:
        mine, theirs = Fraction(0), Fraction(0)
        for position in at:
            value = run.value(term.variable, row, position)
            symbols = isinstance(program.variables[term.variable].domain, Symbols)
            weights = term.rows[program.symbols(term.variable).codes[value] if symbols else 0]
            assert weights is not None
            number = 1 if symbols else as_number(value)
            mine, theirs = mine + weights[wanted] * number, theirs + weights[other] * number
        gaps[term.variable] = mine / len(at), theirs / len(at)
    assert {
        share.variable: (Fraction(share.expected_logit), Fraction(share.predicted_logit)) for share in account.shares
    } == gaps
    told = [Fraction(share.gap) for share in account.shares]
    assert told == sorted(told)
    if not program.readout.pooled:
        assert all(share.value == run.value(share.variable, row, at[0]) for share in account.shares)


def _way(program: Program, edit: WeightEdit) -> tuple[Entry, str, bool]:
    """A weight, and whether it rises."""
    row = weight_row(program, edit.variable, edit.value)
    assert row is not None
    return edit.entry, edit.output, edit.weight > row[program.written_classes.index(edit.output)]


def _weights(edits: Iterable[Edit]) -> set[tuple[Entry, str]]:
    """The weights that are bent."""
    return {(edit.entry, edit.output) for edit in edits if isinstance(edit, WeightEdit)}


@pytest.mark.parametrize("part", range(PARTS))
def test_an_entry_of_a_right_prediction_matters_if_an_edit_of_it_changes_the_prediction(part: int) -> None:
    for case in _cases(part):
        right = np.argwhere(case.on.graded & ~case.wrong & (case.on.outcomes >= 0))
        if not len(right):
            continue
        row, place = right[len(right) // 2].tolist()
        blamed = explained(_asked(case, row, place), case.on.inputs, 10, None, PLAIN)
        _check_facts(case, row, place, blamed.result)
        was = case.on.outcomes[row, place]
        every = {**case.node_edits, **case.weight_edits}
        matters = {str(edit.entry) for edit, after in every.items() if after[row, place] != was}
        said = {found.entry: found.matters for found in blamed.result.dependences}
        for entry, does in said.items():
            assert does == (entry in matters)
        assert {entry for entry in matters if not entry.startswith("wiring")} <= said.keys()


def _asked(case: Case, row: int, place: int | None = None) -> Prediction:
    """The prediction at a place of an input, or the first wrong one."""
    program, batch = case.program, case.on.batch
    width = program.places.count(int(batch.lengths[row]))
    names: list[str | None] = [
        None if code < 0 else program.classes[code] for code in case.expected[row, :width].tolist()
    ]
    position, output = None, None
    if place is not None:
        position = None if program.readout.pooled else program.places.position(place)
        output = program.places.output(place)
    return ask(program, batch.words(program, row), position, program.places.apart(names), output)


def test_what_an_edited_node_yields_is_what_it_yields_in_the_edited_program() -> None:
    for seed in range(12):
        case = _case(seed)
        program, intact = case.program, case.on.intact
        rows = np.arange(len(case.on.batch))
        for node in program.nodes:
            made = EditedNode(intact, node.name, rows)
            for edit in candidates(program, node):
                edited = changed_by(program, [edit])
                if edited is None or edit.recodes(program):
                    continue
                run, found = execute(edited, case.on.batch), made.output(edit)
                unlike = ((run.values[node.name] != intact.values[node.name]) & case.on.batch.present).any(axis=1)
                unlike |= run.lost_at(node.name).any(axis=1) != intact.lost_at(node.name).any(axis=1)
                assert found.rows.tolist() == np.flatnonzero(unlike).tolist()
                there = case.on.batch.present[found.rows]
                lost = run.lost_at(node.name)[found.rows].any(axis=1)
                assert found.lost.tolist() == lost.tolist()
                same = (found.values == run.values[node.name][found.rows]) | ~there
                assert same[~lost].all()


def test_of_the_rows_that_make_one_output_the_nearest_is_tried_and_all_outputs_are() -> None:
    for case in _cases(1):
        run = some_of(case.on.intact, np.array([len(case.on.batch) - 1]))
        for where in sorted(reached_entries(run), key=str):
            if where.part != "row":
                continue
            found, complete = row_trials(run, where)
            assert complete
            edits = [edit for edit in case.node_edits if edit.entry == where and isinstance(edit, RowEdit)]
            sizes: dict[tuple[int, ...], list[Fraction]] = {}
            for edit in edits:
                if edit.keys is not None:
                    sizes.setdefault(tuple(case.node_edits[edit][-1].tolist()), []).append(edit.size(case.program))
            for trial in found:
                assert trial.edit.size(case.program) >= min(sizes[tuple(trial.outcomes.tolist())])
            tried = {tuple(trial.outcomes.tolist()) for trial in found}
            assert {*sizes} - {tuple(case.on.outcomes[-1].tolist())} <= tried
            of_rows = [trial.edit.size(case.program) for trial in found]
            assert of_rows == sorted(of_rows)


# One by one ###########################################################################################################

WORDS = ("<s>", "a", "b")


def test_a_table_that_should_be_a_head_that_a_person_would_write_is_suspected_to_be_one() -> None:
    table = Lookup("said", ("tokens",), (None,), WORDS, WORDS)
    before = Head("said", "positions", "positions", "tokens", ((), (0,), (1,), (2,)))
    program = Program(WORDS, (), 4, (table,), IMPLIED, outputs=("said",))
    words = [["<s>", *letters] for letters in ("a", "b", "ab", "ba", "aab", "bba", "aba")]
    right = replace(program, nodes=(before,))
    found = outcomes(execute(right, encode(right, words)))
    inputs = listed(program, words, found.tolist())
    result = blame(program, inputs, words[2], expected=["<s>", "<s>", "a"])
    first = result.suspects[0]
    assert (first.node, first.mended, first.broken, first.mends) == ("said", result.wrong_before, 0, True)
    assert first.becomes == ("becomes nearest earlier position, copies token",)


def test_no_head_is_suspected_with_which_the_numbers_would_not_be_exact() -> None:
    """The count of a at all four positions would mend all, but times 2**61 it is no longer exact; that of three is."""
    number = Lookup("number", ("tokens",), (None,), None, (0, 1, 0))
    program = Program(WORDS, ("x", "y"), 4, (number,), Readout((Weights("number", ((0, 2**61),)),), forced=()))
    words = [["<s>", *letters] for letters in ("a", "b", "ab", "ba", "bb", "bba", "aba")]
    expected = [[int("a" in letters)] * len(letters) + [-1] * (4 - len(letters)) for letters in words]
    result = blame(program, listed(program, words, expected), words[3], expected=["y"] * 3)
    assert [found.becomes for found in result.suspects][1:] == [("becomes counts later tokens = 'a'",)]
    assert all(found.broken for found in result.suspects)


def test_the_chain_names_what_a_head_was_asked_here_and_what_it_found_where_it_looked() -> None:
    asked, key, value = (Embedding(name, ("p", "q"), ("p", "p", "q")) for name in ("asked", "key", "value"))
    head = Head("head", "asked", "key", "value", (("q",), ()))
    program = Program(WORDS, (), 4, (asked, key, value, head), IMPLIED, outputs=("head",))
    run = execute(program, encode(program, [["<s>", "a", "b"]]))
    told = [(fired.node, fired.position) for fired in fired_chain(run, "head", 1, PLAIN)]
    assert told == [("asked", 1), ("key", 2), ("value", 2), ("head", 1)]
    nowhere = [(fired.node, fired.position) for fired in fired_chain(run, "head", 2, PLAIN)]
    assert nowhere == [("asked", 2), ("value", 0), ("head", 2)]


def test_the_work_of_an_edit_is_that_of_the_nodes_behind_it() -> None:
    nodes = [Lookup(f"node{at}", (f"node{at - 1}" if at else "tokens",), (None,), WORDS, WORDS) for at in range(5)]
    program = Program(WORDS, (), 4, tuple(nodes), IMPLIED, outputs=("node4",))
    on = ground(
        program, listed(program, [["<s>", "a"], ["<s>", "b"], ["<s>", "b", "b"]], [[0, 1, -1], [0, 2, -1], [0, 2, 2]])
    )
    for node, inputs, work in (("node0", "a", 5), ("node0", "b", 10), ("node4", "b", 2)):
        answers = KnownAnswers(on)
        effect = answers.effect(CellEdit(node, (inputs,), "<s>"))
        assert (answers.work, effect.broken) == (work, 1 if inputs == "a" else 3)
    # An edit that changes what numbers a node can yield has all inputs executed anew.
    number = Lookup("number", ("tokens",), (None,), None, (0, 1, 2))
    told = Lookup("told", ("number",), ((0, 1, 2),), WORDS, WORDS)
    counted = ground(replace(program, nodes=(number, told), outputs=("told",)), on.inputs)
    answers = KnownAnswers(counted)
    edit = CellEdit("number", ("b",), 7)
    assert edit.recodes(counted.program)
    answers.effect(edit)
    assert answers.work == 2 * len(counted.batch)


def test_a_race_counts_only_its_own_work() -> None:
    case = next(_cases(1))
    edits = list(case.small_edits)
    answers = KnownAnswers(case.on)
    answers.work = 10**9
    assert best_edits(answers, edits, 3).proven


def test_only_the_best_edits_are_shown_as_changes() -> None:
    case = next(
        case
        for case in _cases(1)
        if len(all_explained(case.program, case.on.inputs, 9, PLAIN, None).result.entries) > 2
    )
    for diffs, shown in ((0, 0), (2, 2), (None, 9)):
        how = Presentation(show=lambda after: "diff", diffs=diffs)
        entries = all_explained(case.program, case.on.inputs, 9, how, None).result.entries
        assert [found.diff for found in entries] == ["diff"] * min(shown, len(entries)) + [""] * (len(entries) - shown)


@pytest.mark.parametrize("part", range(1, PARTS, 2))
def test_what_is_said_to_be_proven_of_a_ranking_that_is_cut_off_is_so(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyze.blame.effects, "FIRST_PART", 2)
    monkeypatch.setattr(analyze.blame.race, "_SMALL_PARTS", (2, 4, 8))
    proven = 0
    for case in islice(_cases(part), 4):
        edits = list(case.small_edits)[:40]
        key = {edit: order_key(case.program, Effect(edit, *case.effect(case.small_edits[edit]))) for edit in edits}
        for work, limit in product((0, 100, 10**9), (1, 3)):
            monkeypatch.setattr(analyze.blame.race, "_WORK", work)
            ranking = best_edits(KnownAnswers(case.on), edits, limit)
            assert all((one.mended, one.broken) == case.effect(case.small_edits[one.edit]) for one in ranking.effects)
            found = [one.edit for one in ranking.effects]
            assert [key[edit] for edit in found] == sorted(key[edit] for edit in found)
            if ranking.proven:
                assert found == sorted(edits, key=lambda edit: key[edit])[:limit]
            proven += ranking.proven
    assert proven


def test_of_few_inputs_the_effect_on_the_first_part_is_the_effect() -> None:
    for case in islice(_cases(1), 4):
        for fails in (1, len(case.on.batch) - 1):
            expected = np.where(case.on.graded, case.on.outcomes, -1)
            rows = np.flatnonzero(case.on.graded.any(axis=1))[:fails]
            expected[rows, case.on.graded[rows].argmax(axis=1)] += 1
            words = [case.on.batch.words(case.program, row) for row in range(len(case.on.batch))]
            answers = KnownAnswers(ground(case.program, listed(case.program, words, expected.tolist())))
            assert answers.scale_up(3, 0) == 3
            assert answers.scale_up(0, 2) == -2


def test_of_many_inputs_a_sample_is_looked_at_for_redefinitions(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in _cases(1) if len(case.on.batch) > 12)
    for most, sampled, looked_at in ((99, 4, {len(case.on.batch)}), (10, 4, {8, 9}), (10, 2, {4, 5})):
        monkeypatch.setattr(analyze.blame.suspects, "MOST", most)
        monkeypatch.setattr(analyze.blame.suspects, "SAMPLED", sampled)
        row, _ = max(_first_wrong(case).items())
        result = explained(_asked(case, row), case.on.inputs, 1, True, PLAIN).result
        assert result.looked_at in looked_at | {0}
        assert result.looked_at or result.candidates[0].restores


def test_what_no_combination_of_a_lookup_lists_is_tried_with_a_cell_of_its_own() -> None:
    both = "tokens", "positions"
    pair = Lookup("pair", both, (None, None), ("p", "q"), ("p", "q"), listed=((1, 1),))
    program = Program(WORDS, (), 4, (pair,), IMPLIED, outputs=("pair",))
    run = execute(program, encode(program, [["<s>", "a", "b"]]))
    edits = {edit.entry.at for edit in node_edits(run, pair, lambda where: True) if isinstance(edit, CellEdit)}
    assert edits == {("a", 1), (), ("<s>", 0), ("b", 2)}


def test_what_heads_compare_their_matches_by_is_in_the_slice() -> None:
    ranked = Lookup("ranked", ("tokens",), (None,), (0, 1), (0, 1, 0))
    head = Head("head", "tokens", "tokens", "tokens", (WORDS,) * 3, "all", False, "a", "largest", "ranked")
    program = Program(WORDS, (), 4, (ranked, head), IMPLIED, outputs=("head",))
    run = execute(program, encode(program, [["<s>", "a", "b"]]))
    entries = {str(entry) for entry in dynamic_slice(run, 2)}
    assert entries == {"head, query 'b'", *(f"ranked, input {word!r}" for word in WORDS)}


def test_beside_the_source_of_a_right_prediction_stand_no_figures() -> None:
    sort = PROGRAMS["sort"].program
    text = emit(sort).text
    shown = Presentation("sort.py", text, dict(read_source(text).lines))
    for expected, heading, marks in (("a", "", ["lit", "part"]), ("b", "net", ["bad", "lit"])):
        inputs = replace(inputs_for(sort, sample=5), expected=None)
        source = blame(sort, inputs, ["<s>", "a", "</s>"], expected=[None, expected, None], shown=shown).source
        assert source is not None
        assert source.heading == heading
        assert [mark for mark, _ in source.legend] == marks
        assert bool([line for line in source.lines if line.margin]) == (expected == "b")


def test_the_least_change_of_a_weight_that_changes_a_right_prediction_is_told() -> None:
    """At `a`, z needs 3 more and y 4."""
    rows = ((9, 0, 0), (3, 0, 1), (0, 0, 0))
    program = Program(WORDS, ("x", "y", "z"), 4, (), Readout((Weights("tokens", rows),), forced=("<s>",)))
    inputs = replace(inputs_for(program), expected=None)
    (found,) = blame(program, inputs, ["<s>", "a"], expected=[None, "x"], position=1).dependences
    assert (found.matters, found.change) == (True, "readout of tokens = 'a': weight of 'z' becomes 4")


@pytest.mark.parametrize(("right", "marks"), [(True, ["lit", "part", "lit", ""]), (False, ["lit", "lit", "lit", ""])])
def test_lines_that_alone_can_change_a_right_prediction_are_told_apart(right: bool, marks: list[str]) -> None:
    program = PROGRAMS["sort"].program
    made = blame(program, replace(inputs_for(program, sample=5), expected=None), ["<s>", "a", "</s>"], position=1)
    on_lines = ((1, True), (2, False), (3, True), (3, False), (None, True))
    found = [replace(made.dependences[0], line=line, matters=matters) for line, matters in on_lines]
    source = annotate_prediction("a.py", "a = 1\nb = 2\nc = 3\nd = 4\n", [], found, right)
    assert [line.mark for line in source.lines] == marks


@pytest.mark.parametrize(("together", "most"), [(16_384, 1), (1, 99)])
def test_edits_of_a_node_are_executed_together_as_far_as_they_are_few(
    together: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(_cases(1))
    node = case.program.nodes[0]
    edits = [edit for edit in candidates(case.program, node) if not edit.recodes(case.program)]
    monkeypatch.setattr(analyze.blame.effects, "_TOGETHER", together)
    calls: list[int] = []
    finished = KnownAnswers._finished

    def counted(self: KnownAnswers, node: str, waiting: Sequence[tuple[int, Output]]) -> Iterator[object]:
        calls.append(len(waiting))
        return finished(self, node, waiting)

    monkeypatch.setattr(KnownAnswers, "_finished", counted)
    found = KnownAnswers(case.on).tally(edits, np.arange(len(case.on.batch)))
    assert found == [case.effect(case.after(edit.apply(case.program))) for edit in edits]
    assert len(calls) <= most
    assert together > 1 or max(calls) == 1
