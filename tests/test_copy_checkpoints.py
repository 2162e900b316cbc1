"""The picture of models that learn to copy: it is that of its table, and a row says what a model does."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench.copy_checkpoints import KINDS, drawn, measured, read, steps_of, write
from tprog.tasks.next_token import get_next_token_task
from trainer.decompile.network import network_of
from trainer.decompile.samples import TaskSource
from trainer.gpt import Gpt, GptConfig

ROOT = Path(__file__).parents[1]
TABLE, PICTURE = ROOT / "tests" / "bench" / "data" / "copy_checkpoints.csv", ROOT / "docs" / "copy_checkpoints.svg"


def test_the_picture_is_that_of_the_table(tmp_path: Path) -> None:
    rows = read(TABLE)
    picture = drawn(rows)
    assert PICTURE.read_text(encoding="utf-8") == picture
    bars = [each.text for each in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}title")][1:]
    assert len(bars) == sum(getattr(row, kind) > 0 for row in rows for kind in KINDS)
    assert bars[0] == "71 of 300: right"
    write(tmp_path / "again.csv", rows)
    assert read(tmp_path / "again.csv") == rows


def test_a_row_counts_every_input_once() -> None:
    task = get_next_token_task("unique_copy")
    network = network_of(Gpt(GptConfig(2, 1, 8, task.positions, len(task.vocabulary))))
    row = measured(network, TaskSource(task, network.longest), (3, 8), 25)
    assert row.lengths == "3 to 8"
    assert sum(getattr(row, kind) for kind in KINDS) == 25
    assert 0 < row.before < 1


@pytest.mark.parametrize(("name", "steps"), [("unique_copy-^2l1h64d-1100", "1100"), ("unique_copy-@2l1h64d", "end")])
def test_a_folder_tells_the_steps(name: str, steps: str) -> None:
    assert steps_of(Path(name)) == steps
