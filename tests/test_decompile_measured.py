"""What is said of how a program and its network agree, counted again input by input in plain Python."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.small_networks import LEARNED, drawn, random_network
from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.tasks.next_token import get_next_token_task
from trainer.decompile.apart import divergence, positions_alike
from trainer.decompile.assemble import NO_TOKEN, assembled
from trainer.decompile.edges import Score, all_edges
from trainer.decompile.harden import HardNetwork
from trainer.decompile.heat import heat_maps
from trainer.decompile.keeping import Kept
from trainer.decompile.measure import (
    SHOWN,
    Errors,
    answered,
    classes_of,
    expect_learned,
    measured,
    model_accuracy,
    with_frequent,
)
from trainer.decompile.network import Bools, Floats, Inputs, Network, in_pieces, network_of
from trainer.decompile.paths import Paths
from trainer.decompile.readout import Linear
from trainer.decompile.samples import TaskSource
from trainer.decompile.symbols import Tokens
from trainer.decompile.terms import Classes
from trainer.gpt import load

COUNT = 25


def _network(task: str) -> tuple[Network, TaskSource]:
    network = network_of(load(LEARNED)) if task == LEARNED.name else random_network(1, 1, 160)
    return network, TaskSource(get_next_token_task(task), network.longest)


def _program(network: Network, source: TaskSource) -> tuple[Program, Classes]:
    """One that answers by the token alone, mostly as a network does, of whose classes it has not all."""
    inputs = source.draw(COUNT, source.bins[0], 5)
    logits = in_pieces(network, inputs)
    classes = classes_of([logits], [inputs.graded], source)
    codes = answered(logits, classes)
    weights = np.zeros((len(source.words), len(classes.labels)), dtype=np.int64)
    for code, at in zip(inputs.tokens[inputs.graded], codes[inputs.graded], strict=True):
        weights[code, at] += 1
    return assembled(HardNetwork(Linear((Tokens(),), (weights,), 0.0), classes, 1.0, ()), source), classes


def _said(network: Network, source: TaskSource, inputs: Inputs) -> list[list[frozenset[str]]]:
    """What a network predicts at each position, as a set of words."""
    logits = in_pieces(network, inputs)
    return [
        [
            frozenset(word for word, logit in zip(source.labels, at, strict=True) if logit > 0)
            if source.sets
            else frozenset([source.labels[int(at.argmax())]])
            for at in row[:length]
        ]
        for row, length in zip(logits, inputs.lengths, strict=True)
    ]


def _program_says(program: Program, source: TaskSource, inputs: Inputs) -> list[list[frozenset[str]]]:
    made = []
    for row, length in zip(inputs.tokens, inputs.lengths, strict=True):
        words = [program.vocabulary[source.codes.index(int(code))] for code in row[:length]]
        run = execute(program, encode(program, [words]))
        names = [program.classes[code] for code in run.predictions[0]]
        made.append([frozenset() if name == NO_TOKEN else frozenset(name.split("|")) for name in names])
    return made


@pytest.mark.parametrize("task", ["ab_d_bc", "tomita2", "binary_majority"])
def test_agreement_errors_and_partings_are_those_that_a_count_finds(task: str) -> None:
    network, source = _network(task)
    program, classes = _program(network, source)
    found = measured(program, network, classes, source, 3, COUNT)
    shortest = min(found.parting, key=lambda one: (len(one.tokens), one.tokens), default=None)
    assert (shortest is None) == (not found.parting)
    assert found.parting[:1] == ((shortest,) if shortest else ())
    assert len(found.parting) <= SHOWN
    rows = [(source.draw(COUNT, each, 3 + at), f"length {each[0]} to {each[1]}") for at, each in enumerate(source.bins)]
    for row, (inputs, called) in zip(found.fresh, rows, strict=False):
        own, other = _said(network, source, inputs), _program_says(program, source, inputs)
        assert inputs.expected is not None
        same = positions = inputs_alike = wrong = program_wrong = both = alike_and_wrong = 0
        for at in range(COUNT):
            graded = np.flatnonzero(inputs.graded[at]).tolist()
            right = {place: frozenset(source.task.classes[inputs.expected[at, place]]) for place in graded}
            alike = [own[at][place] == other[at][place] for place in graded]
            errs, its = (any(said[at][place] != right[place] for place in graded) for said in (own, other))
            same, positions, inputs_alike = same + sum(alike), positions + len(graded), inputs_alike + all(alike)
            wrong, program_wrong, both = wrong + errs, program_wrong + its, both + (errs and its)
            alike_and_wrong += errs and its and all(alike)
        assert (row.on, row.inputs, row.positions) == (called, COUNT, positions)
        assert (row.same_positions, row.same_inputs) == (same, inputs_alike)
        assert row.errors == Errors(wrong, program_wrong, both, alike_and_wrong)
    accuracy = model_accuracy(network, source, 3, COUNT)
    assert [round(COUNT * share) for share in accuracy] == [
        COUNT - row.errors.network for row in found.fresh[: len(source.bins)] if row.errors is not None
    ]
    assert found.match == min(row.same_inputs / row.inputs for row in found.fresh)


def test_of_several_rows_errors_are_added_up_and_shares_are_of_those_that_there_are() -> None:
    total = Errors(4, 5, 3, 1) + Errors(1, 0, 0, 0)
    assert total == Errors(5, 5, 3, 1)
    assert (total.precision, total.recall) == (3 / 5, 3 / 5)
    assert (Errors(0, 2, 0, 0).precision, Errors(0, 2, 0, 0).recall) == (0.0, None)
    assert Errors(2, 0, 0, 0).precision is None


def test_a_parting_is_told_by_its_first_position_and_what_both_say_there() -> None:
    network, source = _network("tomita2")
    program, classes = _program(network, source)
    partings = measured(program, network, classes, source, 3, COUNT).parting
    assert partings
    for one in partings:
        codes = np.array([[source.words.index(word) for word in one.tokens]])
        inputs = Inputs(codes, np.array([codes.shape[1]]), np.zeros(1, dtype=np.int64), np.ones(codes.shape, bool))
        own, other = _said(network, source, inputs)[0], _program_says(program, source, inputs)[0]
        first = next(at for at in range(len(own)) if own[at] != other[at])
        assert one.position == first
        assert frozenset(one.network.split("|")) - {NO_TOKEN} == own[first]
        assert frozenset(one.program.split("|")) - {NO_TOKEN} == other[first]


@pytest.mark.parametrize(("wrong", "refused"), [(0, False), (0.1, False), (0.9, True), (1, True)])
def test_a_network_must_be_right_more_often_than_one_answer_everywhere(
    wrong: float, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, source = _network("tomita2")

    def right(logits: Floats, inputs: Inputs) -> Bools:
        return np.random.default_rng(0).random(inputs.tokens.shape) >= wrong

    monkeypatch.setattr(source, "right", right)
    with pytest.raises(BadUsage, match="one answer everywhere") if refused else nullcontext():
        expect_learned(network, source, 0, "tomita2", COUNT)


def test_a_set_becomes_a_class_if_a_network_predicts_it_often_elsewhere() -> None:
    classes = Classes(((0,), (0, 1)), sets=True)
    logits = np.full((1, 200, 2), -1.0)
    logits[0, :2, 1] = 1.0  # 1 % of positions: {1}; all others: nothing
    graded = np.ones((1, 200), dtype=np.bool_)
    assert with_frequent(classes, [logits], [graded]).labels == ((0,), (0, 1), (), (1,))
    logits[0, 1, 1] = -1.0
    assert with_frequent(classes, [logits], [graded]).labels == ((0,), (0, 1), ())
    assert answered(logits, classes)[0, 0] == -1


@pytest.mark.parametrize("sets", [False, True])
def test_divergence_is_that_of_the_distributions_that_logits_stand_for(sets: bool) -> None:
    own, other = np.random.default_rng(0).normal(size=(2, 2, 3, 4)) * 2
    graded = np.array([[True, False, True], [True, True, False]])

    def apart(p: list[float], q: list[float]) -> float:
        return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))

    def softmax(logits: list[float]) -> list[float]:
        total = sum(map(math.exp, logits))
        return [math.exp(one) / total for one in logits]

    def sigmoid(one: float) -> list[float]:
        return [1 / (1 + math.exp(-one)), 1 / (1 + math.exp(one))]

    found, alike = [], []
    for at in np.argwhere(graded).tolist():
        p, q = own[*at].tolist(), other[*at].tolist()
        if sets:
            found.append(sum(apart(sigmoid(a), sigmoid(b)) for a, b in zip(p, q, strict=True)))
            alike.append([a > 0 for a in p] == [b > 0 for b in q])
        else:
            found.append(apart(softmax(p), softmax(q)))
            alike.append(p.index(max(p)) == q.index(max(q)))
    assert divergence(own, other, sets, graded) == pytest.approx(sum(found) / len(found))
    assert positions_alike(own, other, sets)[graded].tolist() == alike


def test_random_strings_are_graded_as_the_task_grades_and_shifted_inputs_stay_within_the_places() -> None:
    answer, language = _network("binary_majority")[1], _network("tomita2")[1]
    strings = answer.random_strings(60, (1, 9), 0)
    for row, length, graded in zip(strings.tokens, strings.lengths, strings.graded, strict=True):
        words = [answer.words[code] for code in row[:length]]
        at = words.index(answer.words[answer.task.sep])
        assert graded.nonzero()[0].tolist() == list(range(at, length))
        assert 1 <= at - 1 <= 9
        assert length - 1 - at <= at - 1
    shifted = language.draw(200, language.bins[0], 0, shifted=True)
    assert 0 == shifted.offsets.min() < shifted.offsets.max()
    assert (shifted.offsets + shifted.lengths <= 160).all()
    assert (shifted.offsets + shifted.lengths > 150).any()
    assert not language.draw(9, language.bins[0], 0).offsets.any()


def test_walks_take_only_what_the_network_calls_legal_and_the_smallest_strings_come_in_their_order() -> None:
    network, source = _network(LEARNED.name)
    walks = source.legal_walks(network, 30, 12, 0)
    said = _said(network, source, walks)
    assert walks.tokens.shape == (30, 13)
    for row, own in zip(walks.tokens, said, strict=True):
        assert all(not legal or source.words[code] in legal for code, legal in zip(row[1:], own, strict=False))
    assert len({tuple(row) for row in walks.tokens.tolist()}) > 20
    smallest = source.smallest()
    assert smallest is not None
    strings = [tuple(row[1:length]) for row, length in zip(smallest.tokens.tolist(), smallest.lengths, strict=True)]
    expected = [each for length in range(7) for each in product(range(source.symbols), repeat=length)]
    assert strings[: len(expected)] == expected[: len(strings)]


def test_a_picture_of_a_head_shows_what_its_attention_is_in_the_mean() -> None:
    network = random_network(1, 2, 160)
    source = TaskSource(get_next_token_task("tomita2"), network.longest)
    paths = Paths(network, drawn(network))
    edges = all_edges(network)
    made = paths.freeze_means(edges)
    one, found = heat_maps(paths, made, edges, source)
    assert (one.head, found.head) == ("attn_0_0", "attn_0_1")
    for at, picture in enumerate((one, found)):
        assert picture.edges == tuple(sorted(str(e) for e in edges if isinstance(e, Score) and e.head == at))
    pattern, inputs = made.patterns[0, 1], paths.inputs
    pairs: dict[tuple[str, str], list[float]] = {}
    distances: dict[int, list[float]] = {}
    for at, length in enumerate(inputs.lengths.tolist()):
        words = [source.words[code] for code in inputs.tokens[at, :length]]
        for query in range(length):
            logs = [math.log(pattern[at, query, key]) for key in range(query + 1)]
            for key, log in enumerate(logs):
                pairs.setdefault((words[query], words[key]), []).append(log - sum(logs) / len(logs))
                distances.setdefault(query - key, []).append(pattern[at, query, key])
    assert found.distances.tolist() == pytest.approx([sum(each) / len(each) for _, each in sorted(distances.items())])
    for row, asked in enumerate(found.queries):
        for column, word in enumerate(found.keys):
            known = pairs.get((asked, word))
            assert found.scores[row, column] == pytest.approx(
                sum(known) / len(known) if known else math.nan, nan_ok=True, abs=1e-5
            )


def test_a_picture_has_a_row_for_each_token_that_inputs_have_and_none_for_others() -> None:
    network = random_network(1, 1, 160)
    source = TaskSource(get_next_token_task("tomita2"), network.longest)
    inputs = drawn(network)
    paths = Paths(network, replace(inputs, tokens=np.where(inputs.tokens > 3, 1, inputs.tokens)))
    edges = all_edges(network)
    (found,) = heat_maps(paths, paths.freeze_means(edges), edges, source)
    assert found.queries == found.keys == source.words[:4]


def test_a_stage_is_taken_up_again_only_under_the_settings_that_it_was_done_with(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    record = Linear((Tokens(),), (np.arange(6).reshape(3, 2),), 0.5)
    Kept(folder, {"task": "one"}).put("readout", record)
    again = Kept(folder, {"task": "one"}).get("readout", Linear)
    assert again is not None
    assert (again.columns, again.wrong) == (record.columns, record.wrong)
    assert np.array_equal(again.weights[0], record.weights[0])
    assert Kept(folder, {"task": "other"}).get("readout", Linear) is None
    assert Kept(folder, {"task": "one"}).get("prune", Linear) is None
    Kept(None, {}).put("readout", record)
    assert Kept(None, {}).get("readout", Linear) is None
