"""Polishing makes programs better on what it is judged by, stays in their class, and tells what it cannot take."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, END, Head, Lookup, Mask, Node, NumericHead, Program, Readout, Weights
from tprog.run.attention import preference, window
from tprog.run.batch import Batch
from tprog.run.execute import execute, predict
from tprog.tasks.builtin import UNGRADED, Task, get_task
from trainer.search.attention_values import Copies, key_ranks, key_sums
from trainer.search.chains import chain_nodes, relations_of
from trainer.search.coordinate_descent import Learned, fit_number, fit_values, learn_categorical, learn_numeric
from trainer.search.fitted import Fitted, Proposal
from trainer.search.program_class import ProgramClass, layer
from trainer.search.regression import Graded, columns, fit_readout, losses, probabilities, round_weights
from trainer.search.stagewise import Breadth, improve
from trainer.search.unreached import filled

QUICK = Breadth(sample=1800, scout=600, wirings=20)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Inputs with their right answers."""

    batch: Batch
    expected: Any


def some(task: Task, count: int, seed: int) -> Inputs:
    batch = task.draw(count, seed)
    return Inputs(batch, task.expected(batch))


def blank(task: Task, nodes: tuple[Node, ...]) -> Program:
    """A program of the task whose readout says nothing."""
    forced = tuple(word for word in (BEGIN, END) if word in task.vocabulary)
    return Program(
        task.vocabulary, task.classes, task.max_length, nodes, Readout((), 1, False, forced), task.name, task.causal
    )


def counting(task: Task, name: str = "num_attn_0_0") -> NumericHead:
    """A numeric head that learned nothing: every query counts the first symbol."""
    return NumericHead(name, "tokens", "tokens", "ones", ((task.vocabulary[0],),) * len(task.vocabulary))


def copying(task: Task, name: str = "attn_0_0", mask: Mask = "all") -> Head:
    rows = ((task.vocabulary[0],),) * len(task.vocabulary)
    return Head(name, "tokens", "tokens", "tokens", rows, mask)


def wrong(program: Program, inputs: Inputs) -> int:
    predictions, _ = predict(program, inputs.batch)
    return int(((predictions != inputs.expected) & (inputs.expected != UNGRADED)).sum())


def sorter(task: Task) -> Program:
    return blank(task, tuple(counting(task, f"num_attn_0_{h}") for h in range(3)))


SORT = get_task("sort", 6, 6)  # three letters, up to four of them


def test_a_sort_program_of_the_published_class_becomes_exact_on_the_whole_domain() -> None:
    every = Inputs(SORT.inputs(), SORT.expected(SORT.inputs()))
    improved = improve(sorter(SORT), every, every, moves=40, settings=QUICK)
    assert wrong(improved.program, every) == 0
    heads = [node for node in improved.program.nodes if isinstance(node, NumericHead)]
    assert len(heads) <= 3
    assert all(head.mask == "all" and all(len(row or ()) == 1 for row in head.predicate) for head in heads)


def test_a_reverse_program_is_found_together_with_the_lookup_and_the_length_that_it_reads() -> None:
    task = get_task("reverse", 6, 6)
    every = Inputs(task.inputs(), task.expected(task.inputs()))
    lookup = Lookup("mlp_0_0", ("tokens",), (None,), tuple(range(6)), (0,) * len(task.vocabulary))
    start = blank(task, (copying(task), lookup, copying(task, "attn_1_0")))
    improved = improve(start, every, every, moves=40, settings=QUICK)
    assert wrong(improved.program, every) == 0
    assert [node.name for node in improved.program.nodes] == ["attn_0_0", "mlp_0_0", "attn_1_0"]


def test_a_chain_of_relations_is_found_whole() -> None:
    task = get_task("double_hist", 6, 6)
    every = Inputs(task.inputs(), task.expected(task.inputs()))
    lookups = tuple(
        Lookup(f"num_mlp_{layer}_0", ("num_attn_0_0",), (tuple(range(7)),), tuple(range(6)), (0,) * 7)
        for layer in range(2)
    )
    own = dataclasses.replace(counting(task), predicate=tuple((word,) for word in task.vocabulary))
    start = blank(task, (own, lookups[0], counting(task, "num_attn_1_0"), lookups[1]))
    improved = improve(start, every, every, moves=20, settings=QUICK)
    assert wrong(improved.program, every) == 0
    assert max(layer(node.name) or (0, 0) for node in improved.program.nodes) >= (1, 0)


def test_unreached_cells_answer_as_the_nearest_that_is_reached() -> None:
    node = Lookup("num_mlp_0_0", ("num_attn_0_0",), (tuple(range(7)),), tuple(range(6)), (5, 1, 5, 2, 5, 5, 5))
    program = blank(SORT, (counting(SORT), node))
    full = filled(program, {"num_attn_0_0": np.array([1, 3])})
    assert full.nodes[1] == dataclasses.replace(node, cells=(1, 1, 1, 2, 2, 2, 2))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_derived_is_what_its_nodes_yield(seed: int) -> None:
    rng = np.random.default_rng(seed)
    heads = (copying(SORT), counting(SORT), counting(SORT, "num_attn_0_1"))
    lookup = Lookup("num_mlp_0_0", ("num_attn_0_0",), (tuple(range(7)),), tuple(range(6)), (0,) * 7)
    later = (copying(SORT, "attn_1_0", "before"), counting(SORT, "num_attn_1_0"))
    sets = dataclasses.replace(heads[1], predicate=(("a", "b"),) * len(SORT.vocabulary))
    places, program = ProgramClass.of(blank(SORT, (heads[0], sets, heads[2], lookup, *later))), blank(SORT, ())
    inputs = some(SORT, 10, seed)
    graded = Graded.of(program, inputs.batch, inputs.expected)
    relations = relations_of(Fitted(program, graded, {}), places, graded)
    assert relations is not None
    relations.derive(2, rng)
    placed = 0
    for feature in (relations.features[i] for i in rng.permutation(len(relations.features))[:30]):
        nodes = chain_nodes(places, program, feature)
        if feature.kind and nodes is not None:
            found = execute(places.put(program, *nodes), inputs.batch).values[nodes[-1].name]
            here = inputs.batch.present
            assert np.array_equal(found[here], feature.codes[here])
            placed += 1
    assert placed


def test_of_proposals_that_are_right_the_shortest_is_taken_and_else_the_one_of_least_loss() -> None:
    def proposal(wrong: int, nodes: int, loss: float) -> Proposal:
        state: Any = SimpleNamespace(wrong=wrong, loss=loss)
        return Proposal(state, (counting(SORT),) * nodes)

    best_first = [(0, 1, 0.4), (0, 2, 0.1), (0, 2, 0.3), (3, 4, 0.2), (9, 3, 0.25), (1, 1, 0.5)]
    ranks = [proposal(*each).rank for each in best_first]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def test_the_same_arguments_give_the_same_program_and_steps() -> None:
    train, validation = some(SORT, 60, 0), some(SORT, 30, 1)
    first, second = (improve(sorter(SORT), train, validation, moves=4, seed=3, settings=QUICK) for _ in range(2))
    assert first.program == second.program
    assert first.steps == second.steps


def test_no_move_is_made_beyond_the_budget() -> None:
    train = some(SORT, 60, 0)
    assert improve(sorter(SORT), train, train, moves=3, settings=QUICK).moves <= 3
    assert improve(sorter(SORT), train, train, moves=0, settings=QUICK).moves == 0


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 1000))
def test_the_result_is_never_worse_than_the_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = tuple((SORT.vocabulary[code],) for code in rng.integers(len(SORT.vocabulary), size=len(SORT.vocabulary)))
    start = blank(SORT, (dataclasses.replace(copying(SORT), predicate=rows, mask="before"),))
    weights = tuple(tuple(row) for row in rng.integers(-9, 10, size=(5, 3)).tolist())
    start = dataclasses.replace(start, readout=Readout((Weights("tokens", weights),), 10, False, (BEGIN, END)))
    train, validation = some(SORT, 50, seed), some(SORT, 40, seed + 1)
    improved = improve(start, train, validation, moves=1, seed=seed, settings=QUICK)
    assert wrong(improved.program, train) <= wrong(start, train)
    assert wrong(improved.program, validation) <= wrong(start, validation)
    assert improved.steps[0].train[0] == wrong(start, train)
    kept = [step for step in improved.steps if step.kept]
    assert not kept or kept[-1].train[1] == wrong(improved.program, train)


def test_what_validation_contradicts_is_not_kept() -> None:
    train, validation = some(SORT, 60, 0), some(SORT, 40, 1)
    right = improve(sorter(SORT), train, train, moves=20, settings=QUICK).program
    assert wrong(right, validation) < 10
    # Answers that are right for no rule: whatever helps on them must hurt elsewhere.
    noise = np.where(
        train.expected == UNGRADED, UNGRADED, np.random.default_rng(0).integers(3, size=train.expected.shape)
    )
    improved = improve(right, Inputs(train.batch, noise), validation, moves=4, settings=QUICK)
    assert wrong(improved.program, validation) <= wrong(right, validation)
    assert not all(step.kept for step in improved.steps)


def test_a_causal_program_stays_causal() -> None:
    task = get_task("dyck1", None, 7)
    every = Inputs(task.inputs(), task.expected(task.inputs()))
    start = blank(task, (dataclasses.replace(counting(task), mask="before"), counting(task, "num_attn_0_1")))
    improved = improve(start, every, every, moves=6, settings=QUICK)
    assert improved.program.causal
    assert wrong(improved.program, every) < wrong(start, every)


# Refitting ############################################################################################################


def test_the_refitted_readout_has_no_slope_left() -> None:
    inputs = some(SORT, 80, 0)
    program = sorter(SORT)
    graded = Graded.of(program, inputs.batch, inputs.expected)
    read = columns(program, execute(program, inputs.batch).values, graded)
    fit = fit_readout(program, read, graded.labels, iterations=200, ridge=1e-3)
    rng = np.random.default_rng(0)

    def objective(weights: Any) -> float:
        scores = sum(
            weights[name][codes] if len(weights[name]) > 1 else codes[:, None] * weights[name]
            for name, codes in read.items()
        )
        return float(losses(np.asarray(scores), graded.labels).mean())

    for _ in range(10):
        moved = {name: table + rng.normal(0, 0.05, table.shape) for name, table in fit.weights.items()}
        assert objective(moved) > objective(fit.weights) - 5e-3  # the ridge, which is not in the objective
    assert fit.loss == pytest.approx(objective(fit.weights), rel=1e-3)


@pytest.mark.parametrize("rows", [0, 2, 30])
def test_a_refit_may_begin_from_weights_for_a_smaller_or_larger_domain(rows: int) -> None:
    inputs, program = some(SORT, 40, 0), sorter(SORT)
    graded = Graded.of(program, inputs.batch, inputs.expected)
    read = columns(program, execute(program, inputs.batch).values, graded)
    start = {"tokens": np.ones((rows, len(SORT.classes)))}
    fit = fit_readout(program, read, graded.labels, start, iterations=100)
    assert fit.loss == pytest.approx(fit_readout(program, read, graded.labels, iterations=100).loss, rel=0.02)


def test_rounded_weights_stay_below_the_limit_of_float32() -> None:
    big = {"tokens": np.array([[1e4, 0, -1e4]] * len(SORT.vocabulary))}
    rounded = round_weights(sorter(SORT), big)
    assert rounded.logit_bound < 2**24
    assert rounded.readout.scale < 10_000


# Relearning ###########################################################################################################


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["all", "before", "after"]), st.booleans())
def test_what_a_head_would_copy_or_add_is_what_execution_says(seed: int, mask: Mask, skip_first: bool) -> None:
    rng = np.random.default_rng(seed)
    inputs, words = some(SORT, 20, seed), SORT.vocabulary
    table = rng.random((len(words), len(words))) < 0.4
    rows = tuple(tuple(word for word, taken in zip(words, row, strict=True) if taken) for row in table)
    head = Head("attn_0_0", "tokens", "tokens", "positions", rows, mask, skip_first)
    number = NumericHead("num_attn_0_0", "tokens", "tokens", "ones", rows, mask, skip_first)
    program = blank(SORT, (head, number))
    run = execute(program, inputs.batch)
    graded = Graded.of(program, inputs.batch, inputs.expected)
    tokens, n = run.values["tokens"], inputs.batch.tokens.shape[1]
    asked, shown = tokens.ravel()[graded.at], window(head, program, n)
    ranks = key_ranks(tokens, len(words), shown, preference(n), graded)
    copies = Copies(ranks, run.values["positions"], program.max_length, preference(n), None, graded)
    assert np.array_equal(copies.table(table, asked), run.values["attn_0_0"].ravel()[graded.at])
    sums = key_sums(tokens, len(words), None, shown, graded)
    assert np.array_equal((sums * table[asked]).sum(axis=1), run.values["num_attn_0_0"].ravel()[graded.at])


def test_weights_of_a_row_are_held_back_as_if_one_position_more_were_undecided() -> None:
    """At the optimum the slope of the loss is that of half the square of the weights, whatever a row was seen."""
    rng = np.random.default_rng(0)
    codes, labels = np.array([0, 1, 1, 2, 2, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0, 2, 2])
    base = rng.normal(size=(8, 3)).astype(np.float32)
    weights = fit_values(base, codes, 3, labels, np.zeros((3, 3)), steps=20)
    slope = probabilities(base + weights[codes].astype(np.float32)) - np.eye(3)[labels]
    per_row = np.stack([slope[codes == code].sum(axis=0) for code in range(3)])
    np.testing.assert_allclose(-per_row, weights, atol=1e-4)
    number = fit_number(base, codes.astype(np.float32), labels, np.zeros((1, 3)), steps=20)
    slope = probabilities(base + codes[:, None] * number.astype(np.float32)) - np.eye(3)[labels]
    np.testing.assert_allclose(-(codes @ slope), number[0], atol=1e-4)


@pytest.mark.parametrize("sets", [False, True])
def test_a_relearned_head_is_no_worse_than_the_one_that_it_began_with(sets: bool) -> None:
    inputs = some(SORT, 80, 0)
    program = sorter(SORT)
    run, n = execute(program, inputs.batch), inputs.batch.tokens.shape[1]
    graded = Graded.of(program, inputs.batch, inputs.expected)
    tokens, count = run.values["tokens"], len(SORT.vocabulary)
    rows = run.values["positions"].ravel()[graded.at].astype(np.int64)
    base = np.zeros((len(rows), len(SORT.classes)), dtype=np.float32)
    nothing = float(losses(base, graded.labels).sum())
    shown = window(counting(SORT), program, n)
    sums = key_sums(tokens, count, None, shown, graded)
    copies = Copies(key_ranks(tokens, count, shown, preference(n), graded), tokens, count, preference(n), None, graded)
    for learned in (
        learn_numeric(base, rows, program.max_length, sums, graded.labels, sets),
        learn_categorical(base, rows, program.max_length, copies, graded.labels, sets),
    ):
        assert learned.loss < nothing
        assert sets or (learned.table.sum(axis=1) == 1).all()
    counts_a = np.tile(np.arange(count) == SORT.vocabulary.index("a"), (SORT.max_length, 1))
    start = Learned(counts_a, np.zeros((1, len(SORT.classes))), np.inf)
    assert learn_numeric(base, rows, program.max_length, sums, graded.labels, sets, start).loss < nothing


# Refusals #############################################################################################################


def test_a_stage_that_is_not_asked_for_is_not_done() -> None:
    train = some(SORT, 40, 0)
    improved = improve(sorter(SORT), train, train, moves=5, settings=QUICK, stages=("drop", "readout"))
    assert [step.description for step in improved.steps][:1] == ["refit the readout"]
    assert improved.moves == 0
    with pytest.raises(BadUsage, match="no stage 'polish'; known are readout, chains, "):
        improve(sorter(SORT), train, train, moves=5, stages=("polish",))


def test_a_budget_below_nothing_is_refused() -> None:
    train = some(SORT, 20, 0)
    with pytest.raises(BadUsage, match="nothing negative"):
        improve(sorter(SORT), train, train, moves=-1)


def test_what_cannot_be_polished_is_refused_by_name() -> None:
    train, start = some(SORT, 20, 0), sorter(SORT)
    pooled = dataclasses.replace(start, readout=Readout((), 1, True, ()))
    with pytest.raises(BadUsage, match="pooled"):
        improve(pooled, train, train, moves=1)
    with pytest.raises(BadUsage, match="match-count"):
        improve(dataclasses.replace(start, self_rule="match-count"), train, train, moves=1)
    holed = dataclasses.replace(counting(SORT), predicate=(None,) * len(SORT.vocabulary))
    with pytest.raises(BadUsage, match="holes"):
        improve(blank(SORT, (holed,)), train, train, moves=1)
    mean = dataclasses.replace(counting(SORT), reduce="mean", default=0)
    with pytest.raises(BadUsage, match="num_attn_0_0 is a mean"):
        improve(blank(SORT, (mean,)), train, train, moves=1)
    with pytest.raises(BadUsage, match="graded"):
        improve(start, Inputs(train.batch, np.full_like(train.expected, UNGRADED)), train, moves=1)


@pytest.mark.parametrize(("name", "value"), [("sample", 0), ("scout", 0), ("wirings", 0)])
def test_impossible_settings_are_refused(name: str, value: float) -> None:
    changes: dict[str, Any] = {name: value}
    with pytest.raises(BadUsage, match=name):
        dataclasses.replace(Breadth(), **changes)
