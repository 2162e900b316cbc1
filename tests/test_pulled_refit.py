"""Refits of the readout on sentences that stand for others, pulled to the weights as they are."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

import tprog
from analyze.blame.single_edits import changed_by
from analyze.outcome import ground
from analyze.repair import Division, repair
from analyze.repair.division import judge
from analyze.repair.pulled import pulled_refit, readings_of
from tests.test_corpus_cli import unigram
from tprog.ir.program import Program
from tprog.minimise import lbfgs
from tprog.run.readings import stacked_weights
from tprog.tasks.builtin import Inputs, inputs_for
from tprog.tasks.corpus_task import corpus_task
from tprog.words.synthetic import made

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "ner_program.py"


def on_split(program: Program, corpus: str, split: str) -> Inputs:
    longest = program.max_length - 2
    return inputs_for(program, task=corpus_task(made(corpus), split, vocabulary=program.vocabulary, longest=longest))


def scrambled(program: Program) -> Program:
    """With weights of chance, so that most predictions are wrong."""
    random = np.random.default_rng(0)
    terms = tuple(
        dataclasses.replace(
            term, rows=tuple(tuple(random.integers(-10, 10, len(program.classes)).tolist()) for row in term.rows)
        )
        for term in program.readout.terms
    )
    return dataclasses.replace(program, readout=dataclasses.replace(program.readout, terms=terms, scale=10))


@pytest.mark.parametrize(("program", "corpus"), [(EXAMPLE, "synthetic"), ("topics", "topics")])
def test_what_is_fitted_is_the_readout_of_the_program(program: Path | str, corpus: str) -> None:
    read = tprog.load(program) if isinstance(program, Path) else unigram(made(program))
    on = ground(read, on_split(read, corpus, "valid"))
    readings = readings_of(on)
    predicted = readings.logits(stacked_weights(read)).argmax(axis=1)
    assert predicted.tolist() == on.outcomes[on.graded].tolist()
    assert readings.wanted.tolist() == on.inputs.expected[on.graded].tolist()  # type: ignore[index]  # there are answers


@pytest.mark.parametrize("corpus", ["synthetic", "topics"])
def test_a_refit_chosen_on_some_sentences_mends_others(corpus: str) -> None:
    program = scrambled(unigram(made(corpus)))
    found = pulled_refit(ground(program, on_split(program, corpus, "train")))
    assert found is not None
    after = changed_by(program, found.edits)
    assert after is not None
    test = on_split(program, corpus, "test")
    wrong, left = (judge(each, test).figures.wrong_predictions for each in (program, after))
    assert left < wrong / 2
    assert found.held_out[1] < found.held_out[0] / 2


def test_where_answers_are_chance_there_is_no_refit() -> None:
    program = unigram(made("synthetic"))
    inputs = on_split(program, "synthetic", "valid")
    assert inputs.expected is not None
    answers = np.random.default_rng(1).permutation(inputs.expected[inputs.expected >= 0])
    expected = inputs.expected.copy()
    expected[expected >= 0] = answers
    flat = tuple(dataclasses.replace(term, rows=((5, *[0] * 6),) * len(term.rows)) for term in program.readout.terms)
    program = dataclasses.replace(program, readout=dataclasses.replace(program.readout, terms=flat))
    assert pulled_refit(ground(program, dataclasses.replace(inputs, expected=expected))) is None


def test_a_repair_of_sentences_carries_over_to_others() -> None:
    program = tprog.load(EXAMPLE)
    chosen, rest = (on_split(program, "synthetic", split) for split in ("valid", "test"))
    result = repair(program, Division(chosen, rest, None, for_others=True), limit=2).result
    assert result.steps[0].kind == "refit"
    assert "held-out ones would go from 29 wrong to" in result.steps[0].reason
    assert [step.kind for step in result.steps].count("refit") == 1
    assert result.rest is not None
    assert result.rest.f1 is not None
    assert result.rest.f1[1] > result.rest.f1[0] + 0.05


def test_the_least_point_of_a_bowl_is_found() -> None:
    random = np.random.default_rng(0)
    half = random.normal(size=(6, 6))
    bowl, least = half @ half.T + np.eye(6), random.normal(size=6)
    found = lbfgs(lambda x: (float((x - least) @ bowl @ (x - least)) / 2, bowl @ (x - least)), np.zeros(6), 200)
    assert np.abs(found - least).max() < 1e-2


def test_held_out_sentences_that_ask_for_no_refit_are_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Program] = []
    monkeypatch.setattr(sys.modules["analyze.repair.proposals"], "pulled_refit", lambda on: asked.append(on.program))
    program = tprog.load(EXAMPLE)
    chosen = on_split(program, "synthetic", "valid")
    result = repair(program, Division(chosen, None, None, for_others=True)).result
    assert result.stopped == "no edit gains"
    assert result.steps
    assert len(asked) == 1
