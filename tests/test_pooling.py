"""Programs that predict one class an input: searched for, trained, and refused where a task has several answers."""

from __future__ import annotations

import dataclasses
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given

from tests.strategies import programs, some_inputs
from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.execute import execute, predict
from tprog.tasks.own import find_task
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.fit import load_program, train
from trainer.pooling import pooled, unpooled
from trainer.presets import default_config
from trainer.search import stagewise

ORACLE = """
VOCABULARY = ["<s>", "a", "b", "c"]
CLASSES = ["no", "yes"]
LONGEST = 5

def oracle(tokens):
    return [None] * (len(tokens) - 1) + ["yes" if tokens.count("a") > tokens.count("b") else "no"]
"""


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """Whether an input has more `a` than `b`."""
    path = tmp_path / "more.py"
    path.write_text(ORACLE)
    return path


@given(programs(several=False))
def test_the_class_of_each_position_is_that_of_the_whole(program: Program) -> None:
    assume(not program.readout.implied)  # where a variable comes out, there are no logits
    each, whole = unpooled(program), pooled(program)
    batch = encode(program, some_inputs(program, 30))
    found, one = predict(each, batch)[0], execute(whole, batch).predictions
    alike = np.where(batch.present, found == found[:, :1], True).all(axis=1)
    assume(alike.any())
    assert (one[alike] == found[alike, 0]).all()


def test_a_label_is_searched_for_at_every_position(more: Path, tmp_path: Path) -> None:
    config = dataclasses.replace(default_config(str(more)), pooled=True)
    result = train(config, tmp_path / "run", progress=False)
    assert result.program.readout is not None
    assert result.program.readout.pooled
    assert "searched" in dict(result.program.provenance)
    task = dataclasses.replace(find_task(str(more)), pooled=True)
    batch = task.inputs()
    assert len(batch) == 3 + 3**2 + 3**3 + 3**4 + 3**5
    assert (predict(result.program, batch)[0] == task.expected(batch)[:, 0]).all()
    assert load_program(tmp_path / "run") == result.program


def test_without_a_search_the_network_is_trained_on_its_labels_and_is_its_program(
    more: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stagewise, "improve", pytest.fail)
    config = TrainConfig(str(more), layers=1, pooled=True, epochs=4, batch=32, polish=5, refit=True, whole_domain=True)
    result = train(config, tmp_path / "run", progress=False)
    labels = prepare(config).train.expected[:, 0].numpy()
    right = predict(result.program, prepare(config).train.batch)[0] == labels
    assert result.accuracies["train"].tokens_right == right.sum()
    assert right.mean() > max(labels.mean(), 1 - labels.mean())  # better than always the same label


def test_a_file_with_a_label_a_row_has_one_answer_an_input(tmp_path: Path) -> None:
    path = tmp_path / "last.csv"
    inputs = [" ".join(letters) for n in range(1, 5) for letters in product("abc", repeat=n)]
    path.write_text("input,output\n" + "".join(f"{line},ends-{line[-1]}\n" for line in inputs))
    data = prepare(TrainConfig(str(path), pooled=True, batch=16))
    assert data.frame.pooled
    assert data.frame.forced == ()
    ends = data.train.batch.tokens[np.arange(len(data.train)), data.train.batch.lengths - 1]
    labels = [data.frame.classes[code] for code in data.train.expected[:, 0].tolist()]
    assert labels == [f"ends-{data.frame.vocabulary[code]}" for code in ends.tolist()]


def test_a_task_with_an_answer_at_each_position_has_no_pooled_program() -> None:
    with pytest.raises(BadUsage, match="the task 'sort' has up to 6 answers to one; leave pooled out"):
        prepare(TrainConfig("sort", pooled=True))
