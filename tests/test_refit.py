"""The readout of a trained program is solved to its optimum, and never for the worse."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from tprog.ir.program import Program, Readout, Weights
from tprog.run.execute import predict
from tprog.tasks.builtin import UNGRADED
from trainer.config import TrainConfig
from trainer.data import Data, Split, prepare
from trainer.fit import load_program, train
from trainer.refit import refitted

SORT = TrainConfig(
    "sort",
    vocabulary_size=6,
    length=6,
    predicates="set",
    masks="assigned",
    hard=1.0,
    batch=32,
    epochs=30,
    whole_domain=True,
)


@pytest.fixture(scope="module")
def data() -> Data:
    return prepare(SORT)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A program whose readout was not trained to its end."""
    return train(SORT, tmp_path_factory.mktemp("sort") / "run", progress=False).program


def wrong(program: Program, split: Split) -> int:
    predictions, _ = predict(program, split.batch)
    expected = split.expected.numpy()
    return int(((predictions != expected) & (expected != UNGRADED)).sum())


def test_a_trained_program_whose_readout_is_refitted_has_fewer_wrong_predictions(program: Program, data: Data) -> None:
    better = refitted(program, data.train, data.validation)
    assert wrong(better, data.train) < wrong(program, data.train)
    assert better.nodes == program.nodes
    told = dict(better.provenance)["refitted"]
    assert told.startswith(f"refit the readout: train {wrong(program, data.train)} -> {wrong(better, data.train)}, ")


def test_a_bias_that_was_trained_as_the_weight_of_ones_is_not_forgotten(program: Program, data: Data) -> None:
    # With no step to go, the fit ends where it starts.
    classes = len(program.classes)
    bias = tuple(range(0, 500 * classes, 500))
    terms = tuple(Weights("ones", (bias,)) if term.variable == "ones" else term for term in program.weights)
    biased = dataclasses.replace(program, readout=dataclasses.replace(program.readout, terms=terms))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.refit.ITERATIONS", 0)
        found = refitted(biased, data.train, data.validation)
    assert "ones" not in [term.variable for term in found.readout.terms]
    before, after = (predict(each, data.train.batch)[0] for each in (biased, found))
    assert float((before != after).mean()) < 0.01  # what rounding leaves


def test_a_readout_that_validation_contradicts_is_not_kept(program: Program, data: Data) -> None:
    right, _ = predict(program, data.train.batch)
    told: Tensor = data.train.expected.new_tensor(np.where(data.train.expected == UNGRADED, UNGRADED, right))
    validation = dataclasses.replace(data.train, expected=told)  # of which the trained program has all right
    found = refitted(program, data.train, validation)
    assert found.readout == program.readout
    assert dict(found.provenance)["refitted"].endswith("wrong (not kept)")


def test_a_pooled_program_stays_as_it_is(program: Program, data: Data) -> None:
    pooled = dataclasses.replace(
        program, readout=Readout(program.readout.terms, program.readout.scale, pooled=True, forced=())
    )
    assert refitted(pooled, data.train, data.validation) is pooled


def test_a_run_does_not_end_in_vain_if_the_best_weights_are_too_large(
    program: Program, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.search.regression.FLOAT32_LIMIT", 0)
    assert refitted(program, data.train, data.validation) is program


def test_a_run_that_asks_for_it_ends_with_the_refitted_readout(program: Program, data: Data, tmp_path: Path) -> None:
    config = dataclasses.replace(SORT, refit=True, epochs=2)
    result = train(config, tmp_path / "run", progress=False)
    plain = train(dataclasses.replace(SORT, epochs=2), tmp_path / "plain", progress=False)
    assert result.program.nodes == plain.program.nodes
    assert result.accuracies["train"].tokens_right > plain.accuracies["train"].tokens_right
    assert "refitted" in dict(result.program.provenance)
    assert "refitted" not in dict(plain.program.provenance)
    assert load_program(tmp_path / "run") == result.program
