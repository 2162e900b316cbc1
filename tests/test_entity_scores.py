"""Entity scores: precision, recall and F1 of exact spans, as the scorer of CoNLL counts them."""

from __future__ import annotations

import warnings

import pytest
import seqeval.metrics
import seqeval.scheme
from hypothesis import assume, given
from hypothesis import strategies as st

from tprog.words.scores import are_span_tags, scores_of_tags

TAGS = st.sampled_from(["O", "B-P", "I-P", "B-Q", "I-Q"])
BIOES = st.sampled_from(["O", "B-P", "I-P", "E-P", "S-P", "B-Q", "I-Q", "E-Q", "S-Q"])


def _pairs(tags: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[tuple[str, str]]]]:
    """Sentences of a right and a predicted tag each, often the same."""
    pair = st.one_of(tags.map(lambda tag: (tag, tag)), st.tuples(tags, tags))
    return st.lists(st.lists(pair, min_size=1, max_size=9), min_size=1, max_size=6)


@given(st.one_of(_pairs(TAGS), _pairs(BIOES)))
def test_scores_are_those_of_seqeval(pairs: list[list[tuple[str, str]]]) -> None:
    right, predicted = ([[pair[at] for pair in row] for row in pairs] for at in (0, 1))
    found = scores_of_tags(right, predicted)
    whole = found.all
    assume(whole.predicted + whole.expected)  # seqeval has nothing to report else
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where nothing is predicted or expected
        by_kind = seqeval.metrics.classification_report(right, predicted, output_dict=True)
    micro = by_kind["micro avg"]
    assert (whole.precision, whole.recall, whole.f1) == pytest.approx(
        (micro["precision"], micro["recall"], micro["f1-score"])
    )
    assert whole.expected == micro["support"]
    for kind in found.by_kind:
        if kind.kind in by_kind:
            told = by_kind[kind.kind]
            assert (kind.precision, kind.recall, kind.f1) == pytest.approx(
                (told["precision"], told["recall"], told["f1-score"])
            )
            assert kind.expected == told["support"]


@given(_pairs(TAGS))
def test_strict_scores_are_those_of_seqeval_in_its_strict_mode(pairs: list[list[tuple[str, str]]]) -> None:
    right, predicted = ([[pair[at] for pair in row] for row in pairs] for at in (0, 1))
    found = scores_of_tags(right, predicted, strict=True).all
    assume(found.predicted + found.expected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = (seqeval.metrics.precision_score, seqeval.metrics.recall_score, seqeval.metrics.f1_score)
        theirs = [score(right, predicted, mode="strict", scheme=seqeval.scheme.IOB2) for score in scores]
    assert (found.precision, found.recall, found.f1) == pytest.approx(theirs)


def test_a_span_counts_only_as_a_whole_and_with_its_type() -> None:
    right = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG"]]
    told = [["B-PER", "O", "O", "B-LOC"], ["B-LOC"]]
    found = scores_of_tags(right, told)
    assert (found.all.right, found.all.predicted, found.all.expected) == (1, 3, 3)
    assert [(kind.kind, kind.right, kind.predicted, kind.expected) for kind in found.by_kind] == [
        ("LOC", 1, 2, 1),
        ("ORG", 0, 0, 1),
        ("PER", 0, 1, 1),
    ]
    assert found.all.f1 == pytest.approx(1 / 3)


def test_a_span_begins_where_its_type_does_whatever_the_letter() -> None:
    found = scores_of_tags([["B-PER", "B-LOC"]], [["I-PER", "I-LOC"]])
    assert (found.all.right, found.all.f1) == (2, 1.0)


def test_classes_that_are_no_tags_of_spans_are_told_apart() -> None:
    assert are_span_tags(["O", "B-PER"])
    assert not are_span_tags(["O"])
    assert not are_span_tags(["O", "B-PER", "NN"])


@pytest.mark.parametrize("rows", [[], [[]], [[], ["O"]]])
def test_where_there_is_no_span_nothing_is_right_or_wrong(rows: list[list[str]]) -> None:
    whole = scores_of_tags(rows, rows).all
    assert (whole.right, whole.predicted, whole.expected) == (0, 0, 0)
    assert (whole.precision, whole.recall, whole.f1) == (0, 0, 0)


def test_sentences_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="as many predicted tags"):
        scores_of_tags([["O"]], [["O", "O"]])
