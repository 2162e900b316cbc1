"""A run searches before it trains, trains only what was not found, and keeps the better of the two."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from shutil import copytree

import pytest

from tprog.errors import BadFile
from tprog.ir.program import Program, Readout
from tprog.tasks.builtin import get_task
from trainer import searched
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.fit import load_program, train
from trainer.run import MODULE
from trainer.search.synthesis import Found, Progress
from trainer.searched import NEAREST, SEARCH, SEARCHED, SearchState, fresh

SORT = TrainConfig(
    "sort",
    vocabulary_size=6,
    length=6,
    predicates="set",
    masks="assigned",
    batch=32,
    epochs=2,
    evaluate_every=1,
    whole_domain=True,
    search=60,
)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of which the search has found all; not to be written to."""
    folder = tmp_path_factory.mktemp("exact") / "run"
    train(SORT, folder, progress=False)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_nothing_is_trained_where_the_search_finds_a_program_that_is_right(tmp_path: Path) -> None:
    result = train(SORT, tmp_path / "a", progress=False)
    assert (result.epochs, result.interrupted, result.rounding) == (0, False, None)
    assert result.accuracies["train"].per_token == 1
    assert dict(result.program.provenance)["searched"].endswith("train 0, validation 0 wrong")
    assert dict(result.program.provenance)["epochs"] == "0 of 2, found before the first"
    assert load_program(tmp_path / "a") == result.program
    before = files(tmp_path / "a")
    again = train(SORT, tmp_path / "a", resume=True, progress=False)
    assert (again.program, again.epochs) == (result.program, 0)
    assert files(tmp_path / "a") == before
    train(SORT, tmp_path / "b", progress=False)
    assert files(tmp_path / "b") == before


def test_a_search_that_is_stopped_goes_on_and_ends_with_the_same_program(
    tmp_path: Path, exact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = SearchState.save

    def reached(self: SearchState, progress: Progress) -> None:
        save(self, progress)
        if progress.number == at:
            raise KeyboardInterrupt

    for at in (0, 2, 4):  # ways of reasoning
        with monkeypatch.context() as patch:
            patch.setattr(SearchState, "save", reached)
            with pytest.raises(KeyboardInterrupt):
                train(SORT, tmp_path, resume=at > 0, progress=False)
        assert (tmp_path / SEARCH).exists()
        assert not (tmp_path / MODULE).exists()
    result = train(SORT, tmp_path, resume=True, progress=False)
    assert result.program == load_program(exact)
    assert not (tmp_path / SEARCH).exists()
    assert not (tmp_path / NEAREST).exists()


def test_the_best_so_far_is_kept_where_a_search_is_stopped(tmp_path: Path, exact: Path) -> None:
    best = Found(load_program(exact), "by hand", (0, 0), 1.5)
    data = prepare(SORT)
    kept = Progress(2, 3, (5, 7), (1,), (9,), 4.0, best)
    SearchState(tmp_path, data).save(kept)
    found = SearchState(tmp_path, data).load()
    assert found is not None
    assert (found.layer, found.number, found.rows, found.revised) == (2, 3, (5, 7), (1,))
    assert (found.doubted, found.seconds) == ((9,), 4.0)
    assert found.best is not None
    assert (found.best.wrong, found.best.how) == ((0, 0), "by hand")


@pytest.mark.parametrize("text", ["", "{}", '{"layer": "x"}', "[1]", '{"inputs": 1}'])
def test_a_damaged_state_of_a_search_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / SEARCH).write_text(text)
    with pytest.raises(BadFile, match=r"search\.json does not say where this run's search stands; delete it"):
        SearchState(tmp_path, prepare(SORT)).load()


def test_a_search_that_is_stopped_at_once_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(searched, "synthesize", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(SORT, tmp_path, progress=False)
    assert not (tmp_path / MODULE).exists()
    assert train(SORT, tmp_path, resume=True, progress=False).accuracies["train"].per_token == 1


@pytest.mark.parametrize("searched_is_better", [True, False])
def test_validation_decides_between_what_was_searched_and_what_was_trained(
    tmp_path: Path, exact: Path, monkeypatch: pytest.MonkeyPatch, searched_is_better: bool
) -> None:
    whole = load_program(exact)
    spoilt = tuple(
        dataclasses.replace(term, rows=(*term.rows[:2], (-1,) * len(whole.classes), *term.rows[3:]))
        for term in whole.readout.terms
    )
    nearly = dataclasses.replace(whole, readout=dataclasses.replace(whole.readout, terms=spoilt), provenance=())
    silent = dataclasses.replace(whole, readout=Readout((), 1, False, whole.readout.forced), provenance=())

    def found(blank: Program, *arguments: object, **options: object) -> Found:
        return Found(nearly if searched_is_better else silent, "by hand", (1, 1), 0.0)

    monkeypatch.setattr(searched, "synthesize", found)
    result = train(SORT, tmp_path / "run", progress=False)
    assert result.epochs == SORT.epochs
    assert ("searched" in dict(result.program.provenance)) == searched_is_better
    assert (tmp_path / "run" / SEARCHED).exists()
    again = train(SORT, tmp_path / "run", resume=True, progress=False)
    assert again.program == result.program


def test_fresh_inputs_are_answered_by_the_task_and_none_is_held_out() -> None:
    config = dataclasses.replace(SORT, whole_domain=False, dataset_size=300)
    data = prepare(config)
    assert data.test is not None
    task = get_task("sort", 6, 6)
    batch, answers = fresh(task, 1, data)
    assert (answers == task.expected(batch)).all()
    held = {tuple(row[row >= 0].tolist()) for split in (data.validation, data.test) for row in split.batch.tokens}
    assert len(held) == len(data.validation) + len(data.test)
    assert not held & {tuple(row[row >= 0].tolist()) for row in batch.tokens}
    assert task.size is not None
    assert len(batch) == task.size - len(held)  # the domain is small, so they are all others


def test_with_learned_embeddings_it_is_said_that_there_is_no_search(tmp_path: Path) -> None:
    notes = list[str]()
    embedded = dataclasses.replace(SORT, embedding="learned", epochs=1)
    train(embedded, tmp_path / "run", progress=False, on_note=notes.append)
    assert "the search knows nothing of learned embeddings, so there is none; training begins" in notes


def test_what_was_found_and_then_changed_is_not_believed(tmp_path: Path, exact: Path) -> None:
    whole, run = load_program(exact), copytree(exact, tmp_path / "run")
    text = (run / SEARCHED).read_text()
    (run / SEARCHED).write_text(text + "\n# mine\n")
    for go_on in (lambda: train(SORT, run, resume=True, progress=False), lambda: load_program(run)):
        with pytest.raises(BadFile, match=r"searched\.py is not what the run has written, it was changed since"):
            go_on()
    (run / SEARCHED).write_text(text)
    assert load_program(run) == whole


def test_what_was_searched_for_an_earlier_run_does_not_live_on(tmp_path: Path, exact: Path) -> None:
    run = copytree(exact, tmp_path / "run")
    train(dataclasses.replace(SORT, search=0), run, overwrite=True, progress=False)
    assert not (run / SEARCHED).exists()
