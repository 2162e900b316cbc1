"""Verbs that look at sentences: `--corpus` and `--split`, and what their answers say of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import tprog
from tests.said import Said
from tprog.ir.domains import BEGIN, END
from tprog.ir.program import Classify, Program, Weights
from tprog.words.corpus import Corpus
from tprog.words.synthetic import made
from tprog.words.word_form import WordForm
from tprog.words.written import write_splits


def unigram(corpus: Corpus, longest: int = 14) -> Program:
    """The program that gives each word its most frequent tag, or each text the label that most of its words have."""
    vocabulary = (BEGIN, *corpus.vocabulary(minimum=2), END)
    counts: Counter[tuple[str, str]] = Counter()
    for row in corpus.split("train"):
        answers = row.answers if corpus.tagged else row.answers * len(row.words)
        counts.update(zip(map(WordForm().of, row.words), answers, strict=True))
    rows = tuple(tuple(counts[word, answer] for answer in corpus.classes) for word in vocabulary)
    forced = (BEGIN, END) if corpus.tagged else ()
    readout = Classify((Weights("tokens", rows),), pooled=not corpus.tagged, forced=forced)
    return Program(vocabulary, corpus.classes, longest + 2, (), readout)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> Said:
    """Runs a command line where the two programs `tagger.py` and `sorter.py` lie."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    for name, corpus in (("tagger", "synthetic"), ("sorter", "topics")):
        (tmp_path / f"{name}.py").write_text(tprog.emit(unigram(made(corpus))).text, encoding="utf-8")

    return said


def test_verify_says_on_which_sentences_and_scores_entities(said: Said) -> None:
    code, out, err = said("verify", "tagger.py", "--corpus", "synthetic", "--split", "test", "--json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    assert found["checked"]["description"] == "all 80 sentences of synthetic, split test"
    whole, *kinds = found["entities"]
    assert [kind["kind"] for kind in kinds] == ["LOC", "ORG", "PER"]
    assert whole["expected"] == sum(kind["expected"] for kind in kinds)
    assert 0 < whole["f1"] < 1
    assert any("are read as <unk>" in note for note in found["read"])
    assert found["notes"] == []
    table = said("verify", "tagger.py", "--corpus", "synthetic@test")[1]
    assert f"{whole['right']:,}" in next(line for line in table.splitlines() if line.startswith("all "))
    assert "how the sentences were read:" in table
    assert "known of this module" not in table


def test_validation_is_what_a_program_is_judged_by_if_nobody_says(said: Said) -> None:
    assert "all 80 sentences of synthetic, split valid" in said("verify", "tagger.py", "--task", "synthetic")[1]
    assert (
        "all 480 sentences of synthetic, split train,valid"
        in said("verify", "tagger.py", "--corpus", "synthetic", "--split", "train,valid")[1]
    )
    assert (
        "60 of 560 sentences of synthetic, split all"
        in said("verify", "tagger.py", "--corpus", "synthetic", "--split", "all", "--sample", "60")[1]
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "tagger.py", "--limit", "2"],
        ["dead", "tagger.py"],
        ["circuits", "tagger.py", "--class", "B-PER"],
        ["coverage", "tagger.py"],
        ["blame", "tagger.py", "--all", "--limit", "2"],
        ["repair", "tagger.py"],
        ["simplify", "tagger.py", "-o", "small.py"],
        ["fuzz", "tagger.py", "--no-database", "--buckets-limit", "2"],
        ["diff", "tagger.py", "tagger.py"],
        ["verify", "sorter.py", "--limit", "2"],
        ["dead", "sorter.py"],
        ["blame", "sorter.py", "--all", "--limit", "2"],
        ["fuzz", "sorter.py", "--no-database", "--buckets-limit", "2"],
        ["coverage", "sorter.py"],
    ],
    ids=" ".join,
)
def test_every_verb_takes_sentences_and_texts_and_calls_them_so(arguments: list[str], said: Said) -> None:
    name, noun = ("synthetic", "sentences") if arguments[1] == "tagger.py" else ("topics", "texts")
    code, out, err = said(*arguments, "--corpus", name)
    assert code in (0, 1), err
    assert "Traceback" not in out + err
    if arguments[0] == "diff":
        assert "they answer alike on all 80 sentences" in out
        assert f"sentences of {name} " in out
    else:
        assert f"80 {noun} of {name}, split valid" in out + err
    assert not re.findall(r"(?i)(?<!for every )\binputs?\b", out + err)  # a proof is about what is no sentence too


def test_a_wrong_tag_of_a_sentence_is_blamed(said: Said) -> None:
    sentence = next(row for row in made("synthetic").split("valid") if "Quentin" in row.words)
    code, out, err = said("blame", "tagger.py", "--input", json.dumps(sentence.words), "--corpus", "synthetic")
    assert code == 0, err
    assert "'B-PER'" in out


def test_a_program_for_a_corpus_is_told_how_to_be_asked(said: Said, tmp_path: Path) -> None:
    program = tmp_path / "tagger.py"
    program.write_text(tprog.emit(replace(unigram(made("synthetic")), task="synthetic")).text, encoding="utf-8")
    code, _, err = said("verify", "tagger.py")
    assert code == 2
    assert "for the task 'synthetic', which is not one of tpdebug's own; ask about that corpus with --corpus" in err


def test_a_file_of_columns_is_judged_as_it_stands(said: Said, tmp_path: Path) -> None:
    (tmp_path / "own.iob").write_text("1 Anna I-PER\n2 moved O\n\n1 In O\n2 Paris I-LOC\n", encoding="utf-8")
    code, out, _ = said("verify", "tagger.py", "--corpus", "own.iob", "--columns", "2,3", "--json")
    found = json.loads(out)
    assert code in (0, 1)
    assert found["checked"]["description"] == "all 2 sentences of own"
    assert any("the tags are IOB, read as IOB2" in note for note in found["read"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "test"], "--split is about a corpus; name it with --corpus"),
        (["--task", "sort", "--corpus", "synthetic"], "both say what is right; give one"),
        (["--corpus", "synthetic@test", "--split", "valid"], "name two splits; give one"),
        (["--corpus", "synthetic", "--split", "dev"], "--split dev: expected train, valid, test"),
        (["--corpus", "nothing.conll"], "there is no file nothing.conll"),
        (["--corpus", "topics"], "does not fit the task 'topics': its classes are without 'markets'"),
    ],
)
def test_what_is_no_corpus_of_the_program_is_one_line(arguments: list[str], message: str, said: Said) -> None:
    code, out, err = said("verify", "tagger.py", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_label_that_the_program_does_not_know_is_told(said: Said, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("text,label\nit rained,weather\nit snowed,politics\n", encoding="utf-8")
    code, _, err = said("verify", "sorter.py", "--corpus", "more.csv")
    assert code == 2
    assert "its classes are without 'politics'" in err


def test_an_answer_about_one_text_names_the_only_one(said: Said, tmp_path: Path) -> None:
    corpus = made("topics")
    one = replace(corpus, splits={**corpus.splits, "valid": corpus.split("valid")[:1]})
    write_splits(one, tmp_path / "few")
    _, out, _ = said("verify", "sorter.py", "--corpus", "few", "--split", "valid")
    assert "the only text of few, split valid" in " ".join(out.split())
    assert "all 1" not in out


def test_a_corpus_of_texts_is_named_without_calling_them_sentences(said: Said, tmp_path: Path) -> None:
    program = replace(tprog.load(tmp_path / "sorter.py"), task="topics")
    (tmp_path / "topics.py").write_text(tprog.emit(program).text, encoding="utf-8")
    code, _, err = said("verify", "topics.py")
    assert code == 2
    assert "ask about that corpus with --corpus topics" in err
    assert "sentences" not in err


def test_a_seed_is_refused_where_nothing_is_divided(said: Said, tmp_path: Path) -> None:
    Path("own.csv").write_text("text,label\n" + "fine day,good\nbad day,bad\n" * 10)
    write_splits(made("topics"), tmp_path / "split")
    for arguments, why in (
        (("data", "--seed", "1"), "--seed wants a name; leave it out"),
        (("data", "synthetic", "--seed", "1"), "--seed wants --from; leave it out"),
        (("data", "own", "--from", "split", "--seed", "0"), "split is split already, so there is nothing to divide"),
    ):
        code, out, err = said(*arguments)
        assert (code, out) == (2, "")
        assert why in err
    assert not (tmp_path / "cache").exists()
    assert said("data", "own", "--from", "own.csv", "--seed", "1")[0] == 0
