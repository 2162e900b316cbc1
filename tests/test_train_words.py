"""A corpus is trained on in its own splits, judged by entities, and its program answers as the network."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cli.main import main
from tests.bench import words
from tprog.errors import BadFile, BadUsage
from tprog.run.batch import Batch
from tprog.tasks.corpus_task import corpus_task
from tprog.words.corpus import Corpus, Sentence
from tprog.words.shapes import SHAPES
from tprog.words.synthetic import made
from trainer.baseline import train_baseline, trained
from trainer.clusters import word_vectors
from trainer.data import prepare
from trainer.fit import train
from trainer.presets import default_config, published_config
from trainer.run import Run
from trainer.word_baselines import bag_of_words, standard, unigram

QUICK = dataclasses.replace(default_config("synthetic"), epochs=3)


def test_a_corpus_is_trained_on_in_its_own_splits() -> None:
    corpus, data = made("synthetic"), prepare(QUICK)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 400, "validation": 80, "test": 80}
    task = corpus_task(corpus, "test", vocabulary=data.frame.vocabulary)
    batch, answers = task.answered()
    assert data.test is not None
    assert np.array_equal(data.test.batch.tokens[:, : batch.tokens.shape[1]], batch.tokens)
    assert np.array_equal(data.test.expected.numpy()[:, : answers.shape[1]], answers)
    assert data.stands_in is not None
    stand_ins = {data.frame.vocabulary[code] for code in data.stands_in.tolist()}
    assert stand_ins <= {"<s>", "</s>", "<unk>", *SHAPES}


def test_a_run_on_words_ends_with_a_program_that_finds_entities(tmp_path: Path) -> None:
    result = train(QUICK, tmp_path / "run", progress=False)
    spans = result.accuracies["validation"].spans
    assert spans is not None
    assert spans.f1 > 0.8
    assert result.agreement is not None
    assert result.agreement.equal == result.agreement.total > 5000
    assert sum("entities F1" in line for _, line in result.program.provenance) == 2  # of validation and test


def test_the_presets_for_corpora_have_the_published_sizes_and_one_label_is_pooled() -> None:
    tags, labels = published_config("synthetic"), published_config("topics")
    assert (tags.layers, tags.cat_heads, tags.cat_mlps, tags.embedding_variables, tags.cardinality) == (2, 8, 1, 4, 32)
    assert (tags.batch, tags.epochs, tags.lr, tags.dropout, tags.pooled) == (32, 50, 1e-2, 0.5, False)
    assert (labels.cat_heads, labels.cardinality, labels.epochs, labels.pooled) == (4, 64, 10, True)
    assert default_config("topics").pooled
    assert not default_config("synthetic").pooled


@pytest.mark.parametrize(
    ("task", "pooled", "message"),
    [
        ("synthetic", True, "the corpus synthetic has a tag a word; leave pooled out"),
        ("topics", False, "the corpus topics has one label a sentence; set pooled"),
    ],
)
def test_a_corpus_that_is_of_the_other_kind_is_refused(task: str, pooled: bool, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        prepare(dataclasses.replace(QUICK, task=task, pooled=pooled))


def test_a_corpus_without_a_split_for_the_test_is_refused(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        (tmp_path / f"{split}.conll").write_text("Anna B-PER\nslept O\n\n")
    with pytest.raises(BadUsage, match="has no split test; training needs train, valid, test, or a single file"):
        prepare(dataclasses.replace(QUICK, task=f"corpus:{tmp_path}"))


def test_embeddings_begin_with_the_vectors_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "vectors.txt"
    file.write_text("anna 1 2\nslept 3 5\n")
    found = word_vectors(str(file), ["<unk>", "Anna", "slept"])
    assert found[0].tolist() == [0, 0]
    assert found[1:] == pytest.approx(np.array([[-(0.5**0.5)] * 2, [0.5**0.5] * 2]))
    with pytest.raises(BadFile, match="has a vector for none of the 1 words"):
        word_vectors(str(file), ["Zeller"])


def test_the_command_line_trains_a_corpus_and_says_how_good_its_entities_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(("train", "synthetic", "--epochs", "1", "-o", "tagger.py")) == 0
    told = capsys.readouterr().out
    assert "validation: entities F1 " in told
    assert "predictions of the network and of the program are equal" in told
    assert (tmp_path / "tagger.py").exists()


def test_the_unigram_answers_the_most_frequent_tag_of_a_word() -> None:
    data = prepare(QUICK)
    assert data.test is not None
    found = data.test.accuracy(unigram(data)(data.test.tokens))
    assert found.spans is not None
    assert 0.5 < found.spans.f1 < 0.95  # names that are of two kinds, and unknown ones
    labels = prepare(dataclasses.replace(default_config("topics"), epochs=1))
    assert labels.test is not None
    overall = labels.train.expected.flatten().bincount().argmax()
    told = labels.test.accuracy(unigram(labels)(labels.test.tokens))
    assert told.sequences_right == (labels.test.expected == overall).sum()


def test_a_standard_transformer_learns_the_same_sentences() -> None:
    config = dataclasses.replace(QUICK, cat_heads=2, cardinality=32, embedding_variables=1)
    settings = dataclasses.replace(standard(config, prepare(config)), epochs=6, lr=1e-2, dropout=0.1)
    result = train_baseline(settings)
    spans = result.accuracies["test"].spans
    assert spans is not None
    assert spans.f1 > 0.6
    assert (result.tried, result.domain_size) == (80, None)


def test_a_standard_transformer_learns_one_label_a_text() -> None:
    config = dataclasses.replace(default_config("topics"), cat_heads=2, cardinality=64, embedding_variables=1, batch=16)
    settings = dataclasses.replace(standard(config, prepare(config)), epochs=2, lr=1e-2, dropout=0.2)
    result = train_baseline(settings)
    assert result.accuracies["test"].per_token > 0.9


def test_a_standard_transformer_begins_with_the_same_vectors_and_ends_early(tmp_path: Path) -> None:
    file = tmp_path / "vectors.txt"
    file.write_text("Anna 1 2\nmayor 3 5\nCarl -1 2\n")
    config = dataclasses.replace(QUICK, vectors=str(file), cat_heads=2, cardinality=32, embedding_variables=1)
    data = prepare(config)
    settings = dataclasses.replace(standard(config, data), epochs=20, lr=1e-12, patience=2)
    assert settings.vectors == str(file)
    network, epoch, _ = trained(settings, data)
    plain, _, _ = trained(dataclasses.replace(settings, vectors=None), data)
    moved = (network.tokens.weight - plain.tokens.weight).abs().amax(dim=1) > 1e-3
    words = {data.frame.vocabulary[row] for row in moved.nonzero().flatten().tolist()}
    assert words == {"Anna", "mayor", "Carl"} & set(data.frame.vocabulary)
    assert epoch == 3  # the first was the best, and two came that were no better


def test_a_bag_of_words_needs_scikit_learn_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(BadUsage, match=r"the bag of words needs scikit-learn .*; pip install scikit-learn"):
        bag_of_words(prepare(default_config("topics")))


def test_the_table_of_the_benchmark_reads_what_is_done(tmp_path: Path) -> None:
    for seed, score in ((0, 70.0), (1, 80.0)):
        (tmp_path / f"ner-{seed}.json").write_text(json.dumps({"per word": 90.0, "F1": score, "strict F1": score + 1}))
    (tmp_path / "ner-baselines-0.json").write_text(json.dumps({"unigram": {"F1": 60.0, "strict F1": 50.0}}))
    assert list(words.rows(tmp_path, ["ner"], [0, 1], None)) == [
        ("ner", "F1", "Transformer Program", "**75.00** (2 seeds, 70.00 to 80.00)", ""),
        ("ner", "strict F1", "Transformer Program", "**76.00** (2 seeds, 71.00 to 81.00)", "76.1"),
        ("ner", "F1", "unigram", "60.00", ""),
        ("ner", "strict F1", "unigram", "50.00", ""),
    ]


def test_a_run_on_words_that_goes_on_ends_as_one_that_was_not_stopped(tmp_path: Path) -> None:
    config = dataclasses.replace(QUICK, epochs=1, dropout=0.2, balance=0.3, batch=64)
    data = prepare(config)
    whole, part = Run(config, data), Run(config, data)
    for _ in range(3):
        part.step()
    part.save(tmp_path)
    resumed = Run(config, data)
    resumed.load(tmp_path)
    for run in (whole, resumed):
        while run.state.step < run.steps:
            run.step()
        run.end_epoch()
    theirs = whole.population.tensors()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in resumed.population.tensors().items())
    assert resumed.state.metrics == whole.state.metrics
    assert 0 < (resumed.state.metrics[0]["validation_f1"] or 0) < 1


def test_strictly_a_span_without_its_beginning_is_none() -> None:
    tags = ("O", "B-PER", "I-PER")
    right, told = (np.array([row]) for row in ([1, 2, 0, 0], [1, 2, 0, 2]))
    found = words.entities(tags, right, told)
    assert [found["strict F1"], found["F1"]] == pytest.approx([100, 200 / 3])


@pytest.mark.parametrize("count", [1, 29, 30, 31, 59, 60, 61, 124])
def test_the_windows_of_a_sentence_answer_each_word_once(count: int) -> None:
    found = words.windows(count, 30)
    assert [at for _, first, end in found for at in range(first, end)] == list(range(count))
    assert all(start <= first < end <= start + 30 for start, first, end in found)
    assert len(found) == -(-count // 30)
    assert found[0][0] == 0
    assert max(start for start, _, _ in found) == max(count - 30, 0)


def test_the_whole_split_is_judged_with_its_long_sentences() -> None:
    long = Sentence(("Anna",) * 40, ("B-PER",) * 39 + ("O",))
    short = Sentence(("Bern", "slept"), ("B-LOC", "O"))
    corpus = Corpus("c", True, {"train": (short,), "test": (short, long)}, "c", "")
    asked = []

    def answer(batch: Batch) -> np.ndarray[Any, Any]:
        asked.extend(batch.lengths.tolist())
        of_word = {vocabulary.index("Anna"): corpus.classes.index("B-PER"), vocabulary.index("Bern"): 1}
        return np.array([[of_word.get(code, 0) for code in row] for row in batch.tokens.tolist()])

    vocabulary = ("<s>", "<unk>", "Anna", "Bern", "slept", "</s>")
    found = words.whole(corpus, "test", vocabulary, answer)
    assert asked == [4, 32, 32]
    assert found["whole recall"] == 100
    assert found["whole precision"] == pytest.approx(100 * 40 / 41)
