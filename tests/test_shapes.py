"""Unknown words told apart by their shape, where the vocabulary says so."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tprog.ir.domains import UNKNOWN
from tprog.tasks.corpus_task import corpus_task
from tprog.words.shapes import SHAPES, shape_of, stand_in
from tprog.words.synthetic import made


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("house", "<unk>"),
        ("Zeller", "<Unk>"),
        ("OSCE", "<UNK>"),
        ("B.", "<U.>"),
        ("U.N.", "<U.>"),
        ("McKay", "<UnK>"),
        ("Saint-Denis", "<Unk-unk>"),
        ("well-known", "<unk-unk>"),
        ("@", "<@>"),
        ("@-@", "<@>"),
        ("@th", "<unk@>"),
        ("F@", "<unk@>"),
        ("--", "<.>"),
        ("élan", "<unk>"),
    ],
)
def test_a_word_has_the_first_shape_that_fits(word: str, shape: str) -> None:
    assert shape_of(word) == shape


def test_an_unknown_word_is_looked_up_in_another_case_before_it_is_a_shape() -> None:
    known = {"Berlin", "although", "NATO", "turkey", UNKNOWN, *SHAPES}
    found = {word: stand_in(word, known) for word in ("BERLIN", "Although", "Nato", "Zeller", "berlin", "ALTHOUGH")}
    assert found == {
        "BERLIN": "Berlin",
        "Although": "although",
        "Nato": "NATO",
        "Zeller": "<Unk>",
        "berlin": "<unk>",  # small letters say that it is no name
        "ALTHOUGH": "although",
    }


@given(st.text(min_size=1, max_size=8))
def test_without_shapes_in_the_vocabulary_every_unknown_word_is_the_same(word: str) -> None:
    assert stand_in(word, {"Berlin", "although", UNKNOWN}) == UNKNOWN
    assert stand_in(word, {UNKNOWN, *SHAPES}) in (UNKNOWN, *SHAPES)


def test_a_corpus_is_read_with_the_shapes_that_its_vocabulary_holds() -> None:
    corpus = made("synthetic")
    words = corpus.vocabulary(most=60, shapes=True)
    assert words[: 1 + len(SHAPES)] == (UNKNOWN, *SHAPES)
    assert [word for word in words if word not in SHAPES] == list(corpus.vocabulary(most=60))
    told, plain = (corpus_task(corpus, "train", vocabulary=known) for known in (words, corpus.vocabulary(most=60)))
    used = {told.vocabulary[code] for code in told.answered()[0].tokens.flatten() if code >= 0}
    assert {"<Unk>", UNKNOWN} <= used & {UNKNOWN, *SHAPES} < {UNKNOWN, *SHAPES}
    assert any("are read as unknown, by their shape" in note for note in told.notes)
    assert any("are read as <unk>" in note for note in plain.notes)
    assert dataclasses.astuple(told.domain)[1:3] == (1, told.domain.most)
