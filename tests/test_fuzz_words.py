"""Metamorphic relations of sentences, and edits counted on a split that they were not chosen on."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyze.fuzz import Relations, still_broken
from analyze.fuzz.of_words import CLUSTER, NAMES, of_words, spans
from analyze.fuzz.relations import relations_of
from analyze.input_space import InputSpace, lengths_of, space_of
from tests.said import Said
from tprog.ir.program import Program
from tprog.run.execute import predict
from tprog.run.outcome import wrong_at
from tprog.tasks.builtin import fitted, inputs_for
from tprog.tasks.classes import with_answers
from tprog.tasks.own import judging
from tprog.text.read import read_module

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "ner_program.py"


def program() -> Program:
    return read_module(EXAMPLE).program


def space(split: str = "valid") -> InputSpace:
    own = judging(f"synthetic@{split}", program())
    taken = with_answers(replace(program(), task=own.name), own.classes)
    return space_of(taken, fitted(own, taken))


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> Said:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shutil.copy(EXAMPLE, tmp_path / "ner.py")

    return said


def test_names_are_told_by_their_tags() -> None:
    assert spans(["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-LOC"]) == [(0, 2, "PER"), (3, 4, "LOC"), (4, 6, "LOC")]
    assert spans(["O", "O"]) == spans([]) == []


def test_a_corpus_of_names_has_relations_and_letters_have_none_of_them() -> None:
    assert of_words(space()) == (NAMES, CLUSTER)
    assert relations_of(space()) == (NAMES, CLUSTER)


@pytest.mark.parametrize("relation", [NAMES, CLUSTER], ids=lambda relation: relation.name)
def test_a_follow_up_has_the_right_tags_of_the_sentence_it_comes_of_and_differs_in_what_is_exchanged(
    relation: object,
) -> None:
    on = space("train")
    lengths = lengths_of(on.every)
    length = int(np.bincount(lengths).argmax())
    x = on.every[lengths == length][:, :length]
    answers = np.arange(x.size).reshape(x.shape)
    steps = list((NAMES if relation is NAMES else CLUSTER).steps(on, x, answers))
    assert steps
    assert on.task is not None
    right = on.task.expected(on.batch(x))[:, 1:-1]
    outside = on.program.classes.index("O")
    for step in steps:
        assert (step.expected == answers[step.rows]).all()
        changed = step.sequences != x[step.rows]
        assert changed.any(axis=1).all()
        plain = right[step.rows] == outside
        assert not (changed & (plain if relation is NAMES else ~plain)).any()
        if relation is CLUSTER:
            assert (changed.sum(axis=1) == 1).all()


def test_words_that_are_exchanged_are_of_one_cluster() -> None:
    on = space("train")
    length = int(lengths_of(on.every).max())
    x = on.every[lengths_of(on.every) == length][:, :length]
    tables = [node.words for node in on.program.nodes if node.words is not None]
    codes = {word: code for code, word in enumerate(on.program.vocabulary)}
    steps = [*CLUSTER.steps(on, x, x)]
    assert sum(len(step.sequences) for step in steps)
    for step in steps:
        for before, after in zip(x[step.rows], step.sequences, strict=True):
            (place,) = np.flatnonzero(before != after)
            one, other = (codes[on.symbols[row[place]]] for row in (before, after))
            assert any(table[one] == table[other] for table in tables)


def test_a_broken_relation_is_the_same_whatever_else_is_tried(said: Said) -> None:
    oracle = Relations(space(), (NAMES, CLUSTER))
    failing = oracle.judge(oracle.space.every).rows
    assert 0 < len(failing) < len(oracle.space.every)
    row = oracle.space.every[failing[0]]
    failure = oracle.failure(row)
    assert failure.follow_up is not None
    assert len(failure.follow_up) == len(failure.tokens)
    assert still_broken(program(), failure.tokens, failure.relation or "", task="synthetic@valid")


def test_sentences_that_fail_are_written_as_tests_which_name_the_corpus_from_where_they_are(said: Said) -> None:
    Path("reports.conll").write_text("Anna B-PER\nsaid O\n\nCarl B-PER\nrose O\n\nCarl B-PER\n", encoding="utf-8")
    code, out, _ = said("fuzz", "ner.py", "--relation", "names", "--corpus", "reports.conll", "--no-database")
    assert "all 3 sentences of reports" in out
    code, _, _ = said(
        "fuzz", "ner.py", "--relation", "names", "--corpus", "synthetic", "--no-database", "-o", "test_names.py"
    )
    assert code == 1
    assert 'task="corpus:synthetic")' in Path("test_names.py").read_text(encoding="utf-8")


def test_edits_of_all_failures_are_counted_on_another_split(said: Said) -> None:
    asked = ("blame", "ner.py", "--all", "--corpus", "synthetic", "--split", "valid", "--limit", "3")
    code, out, _ = said(*asked, "--verify-on", "test", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["verified_on"]["checked"]["description"] == "all 80 sentences of synthetic, split test"
    on = space("test")
    inputs = inputs_for(on.program, task=on.task)
    assert inputs.expected is not None
    predictions, lost = predict(on.program, inputs.batch)
    assert found["verified_on"]["wrong"] == wrong_at(predictions, lost, inputs.expected).sum()
    assert all(len(entry["verified"]) == 2 for entry in found["entries"])
    best = found["entries"][0]
    assert said(*asked, "--apply", "1", "-o", "edited.py")[0] == 0
    edited = with_answers(read_module("edited.py").program, on.program.classes)
    after, lost = predict(edited, inputs.batch)
    mended, broken = best["verified"]
    now = int(wrong_at(after, lost, inputs.expected).sum())
    assert now == found["verified_on"]["wrong"] - mended + broken
    assert "verified_on" not in json.loads(said(*asked, "--json")[1])


def test_a_repair_is_chosen_on_some_splits_and_judged_on_another(said: Said) -> None:
    asked = ("repair", "ner.py", "--corpus", "synthetic", "--split", "valid", "--verify-on", "test", "--limit", "1")
    code, out, err = said(*asked, "-o", "mended.py")
    assert code == 1
    assert "edits chosen on   all 80 sentences of" in out
    assert "evaluated on      all 80 sentences of" in out
    assert re.search(r"evaluated on .* \d\d\.\d\d% -> \d\d\.\d\d%", out)
    assert err.count("are read as <unk>") == 1
    assert Path("mended.py").exists()
    code, out, _ = said(*asked, "--accept-on", "train", "--json")
    found = json.loads(out)
    assert found["accepted"]["checked"]["description"] == "all 400 sentences of synthetic, split train"
    assert found["accepted"]["after"]["wrong_predictions"] < found["accepted"]["before"]["wrong_predictions"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("blame", "--all", "--corpus", "synthetic", "--verify-on", "dev"), "expected train, valid, test or all"),
        (("blame", "--input", "Anna said", "--corpus", "synthetic", "--verify-on", "test"), "about the edits of --all"),
        (("repair", "--task", "sort", "--verify-on", "test"), "program does not fit the task 'sort'"),
        (("repair", "--corpus", "synthetic", "--accept-on", "dev"), "--accept-on dev: expected train, valid, test or"),
    ],
)
def test_a_split_that_is_not_there_is_refused(arguments: tuple[str, ...], message: str, said: Said) -> None:
    code, out, err = said(arguments[0], "ner.py", *arguments[1:])
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
