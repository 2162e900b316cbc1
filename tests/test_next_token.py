"""The next-token tasks: what may come next, by definitions that share nothing with ours, and samples that obey them."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from cli.main import main
from tprog.errors import BadInput, BadUsage
from tprog.tasks.builtin import get_task
from tprog.tasks.next_token import (
    EOS,
    FURTHER,
    LATER,
    NEXT_TOKEN_TASKS,
    Answer,
    Language,
    NextTokenTask,
    get_next_token_task,
)
from tprog.tasks.next_token.answers import _pairs_differ, until
from tprog.tasks.next_token.find import find_next_token_task
from tprog.tasks.next_token.from_task import answer_task
from tprog.tasks.next_token.languages import shuffled
from tprog.tasks.rules import UNGRADED

ANSWERS = [task for task in NEXT_TOKEN_TASKS.values() if isinstance(task, Answer)]
FEW_SYMBOLS = [task for task in ANSWERS if len(task.symbols) <= 8]
LANGUAGES = [task for task in NEXT_TOKEN_TASKS.values() if isinstance(task, Language)]


def of(tasks: Sequence[NextTokenTask]) -> list[str]:
    return [task.name for task in tasks]


# Languages ############################################################################################################


def nested(word: str, pairs: dict[str, str], deepest: int) -> bool:
    """Whether taking out pairs of neighbours, again and again, leaves nothing, and no beginning is open too deep."""
    open_ = [
        sum(letter in pairs for letter in word[:n]) - sum(letter not in pairs for letter in word[:n])
        for n in range(len(word) + 1)
    ]
    left, shorter = word, None
    while shorter != left:
        shorter = left
        for one, other in pairs.items():
            left = left.replace(one + other, "")
    return not left and max(open_) <= deepest


WORDS: dict[str, Callable[[str], bool]] = {
    "tomita1": lambda w: re.fullmatch("1*", w) is not None,
    "tomita2": lambda w: re.fullmatch("(10)*", w) is not None,
    "tomita3": lambda w: not re.search("(^|0)1(11)*0(00)*(1|$)", w),
    "tomita4": lambda w: "000" not in w,
    "tomita5": lambda w: w.count("0") % 2 == w.count("1") % 2 == 0,
    "tomita6": lambda w: (w.count("0") - w.count("1")) % 3 == 0,
    "tomita7": lambda w: re.fullmatch("0*1*0*1*", w) is not None,
    **{f"dyck1_depth{d}": lambda w, d=d: nested(w, {"a": "b"}, d) for d in (2, 3, 4, 12)},  # type: ignore[misc]
    "aa_star": lambda w: re.fullmatch("(aa)*", w) is not None,
    "aaaa_star": lambda w: re.fullmatch("(aaaa)*", w) is not None,
    "abab_star": lambda w: re.fullmatch("(abab)*", w) is not None,
    "abcde": lambda w: re.fullmatch("a+b+c+d+e+", w) is not None,
    "ab_d_bc": lambda w: re.fullmatch("[ab]*d[bc]*", w) is not None,
    "012_0_2": lambda w: re.fullmatch("[012]*02*", w) is not None,
    "two_brackets": lambda w: nested(w, {"(": ")", "[": "]"}, 2),
    "a_before_b": lambda w: "b" not in w or "a" in w[: w.index("b")],
    "same_ends": lambda w: w != "" and w[0] == w[-1],
    "no_aba": lambda w: "aba" not in w,
    "never_more_b": lambda w: all(w[:n].count("b") <= w[:n].count("a") for n in range(len(w) + 1)),
}


@pytest.mark.parametrize("task", LANGUAGES, ids=of(LANGUAGES))
def test_what_may_come_next_is_what_some_word_goes_on_with(task: Language) -> None:
    longest = {1: 9, 2: 8, 3: 6, 4: 5, 5: 5}[len(task.symbols)]
    every = ["".join(w) for n in range(longest + 1) for w in itertools.product(task.symbols, repeat=n)]
    words = {word for word in every if WORDS[task.name](word)}
    goes_on = {word[:n] for word in words for n in range(len(word) + 1)}
    if task.name == "abcde":
        goes_on |= {word for word in every if re.fullmatch("a+(b+(c+(d+(e+)?)?)?)?", word)}
        goes_on.add("")
    for beginning in [word for word in every if len(word) < longest // 2]:
        if beginning in goes_on:
            legal = {letter for letter in task.symbols if beginning + letter in goes_on}
            told = task.oracle(tuple(beginning))
            assert told[-1] is None
            assert set(told[-2] or ()) == legal | ({EOS} if beginning in words else set())
        else:
            with pytest.raises(BadInput, match=f"no word of {task.name} begins with"):
                task.oracle(tuple(beginning))
    assert all(task.accepts(task.encode(tuple(word))) == (word in words) for word in every)


@pytest.mark.parametrize("task", LANGUAGES, ids=of(LANGUAGES))
def test_words_that_are_drawn_are_words_of_every_third_of_the_lengths(task: Language) -> None:
    random = np.random.default_rng(0)
    for least, most in task.bins:
        drawn = [task.draw(length, random) for length in task.lengths(least, most)]
        assert [len(word) for word in drawn] == task.lengths(least, most)
        assert all(WORDS[task.name]("".join(task.symbols[code] for code in word)) for word in drawn)
    walk = task.walk(20, random)
    assert len(walk) == 20
    task.whole(walk)  # a beginning of a word, so not refused


@pytest.mark.parametrize("task", LANGUAGES, ids=of(LANGUAGES))
def test_every_short_word_of_a_language_is_drawn(task: Language) -> None:
    random = np.random.default_rng(0)
    for length in filter(task.fits, range(1, 4)):
        every = map("".join, itertools.product(task.symbols, repeat=length))
        words = {word for word in every if WORDS[task.name](word)}
        drawn = {"".join(task.symbols[code] for code in task.draw(length, random)) for _ in range(40 * len(words))}
        assert drawn == words


def test_a_sampler_that_finds_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tprog.tasks.next_token.answers.DRAWS", 10)
    with pytest.raises(AssertionError, match="found nothing"):
        until(lambda x: 3 in x, 3)(2, np.random.default_rng(0))


def test_letters_of_which_there_are_so_many_come_in_any_order() -> None:
    drawn = {tuple(shuffled((2, 1), np.random.default_rng(seed))) for seed in range(30)}
    assert drawn == {(0, 0, 1), (0, 1, 0), (1, 0, 0)}


@pytest.mark.parametrize("task", LANGUAGES, ids=of(LANGUAGES))
def test_a_language_needs_as_many_positions_as_its_longest_word_with_both_marks(task: Language) -> None:
    length = max(length for length in range(task.longest + 1) if task.fits(length))
    (word,) = task.batch([task.draw(length, np.random.default_rng(0))]).tokens
    assert task.positions - len(word) == task.longest - length


def test_a_walk_takes_every_legal_way() -> None:
    task = LANGUAGES[of(LANGUAGES).index("ab_d_bc")]
    walks = {"".join(task.symbols[c] for c in task.walk(2, np.random.default_rng(seed))) for seed in range(200)}
    assert walks == {"aa", "ab", "ad", "ba", "bb", "bd", "db", "dc"}


def test_a_language_is_predicted_by_the_logits_above_zero() -> None:
    task = get_next_token_task("dyck1_depth2")  # a, b, <bos>, <sep>, <eos>, <pad>
    logits = np.array([[3.0, -1, -1, -1, 0.1, -1], [1, 1, -1, -1, -1, -1], [1, 1, -1, -1, 1, -1], [-1, 9, -9, 0, 0, 0]])
    found = [task.classes[each] if each >= 0 else None for each in task.predicted(logits)]
    assert found == [("a", EOS), ("a", "b"), None, ("b",)]


# Answers ##############################################################################################################


def most_common(x: list[str], place: int) -> list[str]:
    return [Counter(x).most_common()[place][0]]


ANSWER: dict[str, Callable[[list[str]], list[str]]] = {
    "binary_majority": lambda x: most_common(x, 0),
    "most_frequent_letter": lambda x: most_common(x, 0),
    "interleaved_majority": lambda x: [most_common(x[k::3], 0)[0] for k in range(3)],
    "unique_copy": list,
    "unique_reverse": lambda x: x[::-1],
    "unique_sort": lambda x: sorted(x, key=int),
    "unique_bigram_copy": list,
    "repeat_copy": list,
    "count": lambda x: [str(n) for n in range(int(x[0]), int(x[1]) + 1)],
    "parity": lambda x: ["1" if x.count("1") % 2 else "0"],
    "addition": lambda x: list(f"{sum(int(part, 2) for part in ''.join(x).split('+')):b}"),
    "modulo_count": lambda x: [str(n % 60) for n in range(int(x[0]), int(x[1]) + 1 + 60 * (int(x[1]) < int(x[0])))],
    "third_token": lambda x: [x[2]],
    "shifted_copy": lambda x: x[1:],
    "second_most_frequent": lambda x: most_common(x, 1),
    "small_sort": lambda x: sorted(x, key=int),
    "last_repeated": lambda x: [next(x[k] for k in reversed(range(len(x))) if x[k] in x[:k])],
    "behind_last_c": lambda x: [x[max(k for k in range(1, len(x)) if x[k - 1] == "c")]],
}


@pytest.mark.parametrize("task", ANSWERS, ids=of(ANSWERS))
def test_samples_hold_the_right_answers_behind_the_separator_and_nothing_else_is_judged(task: Answer) -> None:
    random = np.random.default_rng(1)
    for bounds in task.bins:
        sample = task.sample(30, bounds, random)
        assert len(sample.tokens) == 30
        for row, length, expected in zip(sample.tokens, sample.lengths, sample.expected, strict=True):
            words = [task.vocabulary[code] for code in row[:length]]
            at = words.index("<sep>")
            x, y = words[1:at], words[at + 1 :]
            assert words[0] == "<bos>"
            assert set(row[length:]) <= {task.pad}
            wanted = ANSWER[task.name](x)
            counted = len(wanted) if "count" in task.name else len(x)
            assert max(bounds[0], task.least) <= counted <= bounds[1]
            assert y == [*wanted, *(["<eos>"] if task.ended else [])]
            judged = [task.classes[each] for each in expected if each != UNGRADED]
            assert judged == [(word,) for word in y]
            assert (np.flatnonzero(expected != UNGRADED) == np.arange(at, length - 1)).all()


@pytest.mark.parametrize("task", FEW_SYMBOLS, ids=of(FEW_SYMBOLS))
def test_every_short_input_that_has_an_answer_is_drawn(task: Answer) -> None:
    random = np.random.default_rng(0)
    length = 6 if task.name == "interleaved_majority" else 4 if len(task.symbols) < 4 else 2
    every = {x for x in itertools.product(range(len(task.symbols)), repeat=length) if task.rule([*x]) is not None}
    if task.name == "addition":  # no number begins with 0, but 0 itself
        every = {x for x in every if not re.search("(^|2)0[01]", "".join(map(str, x)))}
    assert {tuple(task.draw(length, random).tolist()) for _ in range(40 * len(every))} == every


@pytest.mark.parametrize(("name", "possible"), [("parity", [0, 1, 2, 3, 4]), ("binary_majority", [0, 1, 3, 4])])
def test_each_number_of_zeros_is_as_likely_as_the_others(name: str, possible: list[int]) -> None:
    task, random = get_next_token_task(name), np.random.default_rng(0)
    zeros = Counter(int((task.draw(4, random) == 0).sum()) for _ in range(400 * len(possible)))
    assert sorted(zeros) == possible
    assert max(abs(count - 400) for count in zeros.values()) < 90


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("addition", "1 1 + 1", "1 0 0 <eos>"),
        ("addition", "1 + 0", "1 <eos>"),
        ("count", "8 11", "8 9 10 11 <eos>"),
        ("interleaved_majority", "1 0 0", "1 0 0 <eos>"),
        ("parity", "", "0"),
        ("modulo_count", "58 1", "58 59 0 1 <eos>"),
        ("shifted_copy", "7", "<eos>"),
        ("second_most_frequent", "a b b", "a"),
        ("behind_last_c", "c a b c d c", "d"),
        ("last_repeated", "5 9 5 9 3", "9"),
    ],
)
def test_the_oracle_tells_what_comes_next(name: str, x: str, y: str) -> None:
    told = get_next_token_task(name).oracle(x.split())
    behind = [None] * (len(x.split()) + 1) + [(word,) for word in y.split()] + [None]
    assert told == behind


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("binary_majority", "0 1"),
        ("binary_majority", ""),
        ("most_frequent_letter", "a b"),
        ("interleaved_majority", "0 1 0 1"),
        ("interleaved_majority", ""),
        ("unique_copy", "1 1"),
        ("unique_bigram_copy", "1 2 1 2"),
        ("count", "5 5"),
        ("count", "5 6 7"),
        ("addition", "1 0"),
        ("addition", "+ 1 1"),
        ("third_token", "a b"),
        ("second_most_frequent", "a a"),
        ("behind_last_c", "a b c"),
        ("second_most_frequent", "a a b c"),
        ("last_repeated", "1 2 3"),
        ("shifted_copy", ""),
    ],
)
def test_an_input_without_an_answer_is_refused(name: str, x: str) -> None:
    with pytest.raises(BadInput, match=f"{name} has no answer to"):
        get_next_token_task(name).oracle(x.split())


def test_pairs_of_neighbours_differ_where_none_comes_twice() -> None:
    for length in range(5):
        for x in itertools.product(range(2), repeat=length):
            pairs = [x[at : at + 2] for at in range(length - 1)]
            assert _pairs_differ(list(x)) == all(pairs.count(pair) == 1 for pair in pairs)


def test_an_answer_is_predicted_by_the_largest_logit_and_every_place_of_it_has_to_be_right() -> None:
    task = get_next_token_task("unique_copy")
    batch = task.batch([np.array([3, 5]), np.array([4])])
    logits = np.zeros((*batch.tokens.shape, 154))
    for index, row in enumerate(batch.tokens):
        logits[index, np.arange(len(row) - 1), row[1:]] = 1
    assert task.right(logits, batch).all()
    logits[1, 3, 7] = 2  # where the end of the second should come
    assert task.right(logits, batch).all(axis=1).tolist() == [True, False]
    logits[0, 0, 7] = 2  # nobody asks what follows <bos>
    assert task.right(logits, batch)[0].all()


# Of tasks that programs learn #########################################################################################


def test_a_task_that_programs_learn_is_one_of_giving_its_answers() -> None:
    task = answer_task(get_task("most_freq"), "most_freq")
    assert task.oracle(["a", "b", "b"])[4:] == [("b",), ("a",), ("<s>",), ("<eos>",), None]
    assert task.bins == ((1, 7),)
    hist = answer_task(get_task("hist"), "hist")
    assert hist.oracle(["a", "b", "b"])[4:] == [("1",), ("2",), ("2",), ("<eos>",), None]
    with pytest.raises(BadInput, match="hist has no answer to '1'"):
        hist.oracle(["1"])


def test_no_input_that_is_judged_was_trained_on() -> None:
    task = find_next_token_task("sort", length=6)
    assert task.trained_on is not None
    random = np.random.default_rng(0)
    judged, learned = (
        {tuple(row) for row in each.sample(3000, (0, 4), random).tokens.tolist()} for each in (task, task.trained_on)
    )
    assert judged
    assert len(learned) > 5 * len(judged)
    assert not judged & learned


def test_tasks_of_ones_own_can_be_learned(tmp_path: Path) -> None:
    rows = [f"{a} {b},{b} {a}" for a in "abcdef" for b in "abcdef"]
    (tmp_path / "swap.csv").write_text("input,output\n" + "\n".join(rows) + "\n", encoding="utf-8")
    task = find_next_token_task(str(tmp_path / "swap.csv"))
    assert task.oracle(["a", "f"])[3:] == [("f",), ("a",), ("<eos>",), None]
    with pytest.raises(BadInput, match="has no answer to 'a'"):
        task.oracle(["a"])
    turned = (
        "vocabulary = 'abc';\nlongest = 4;\nturned = aggregate(select(indices, length - indices - 1, ==), tokens);\n"
    )
    (tmp_path / "turned.rasp").write_text(turned.replace("'", '"'), encoding="utf-8")
    assert find_next_token_task(str(tmp_path / "turned.rasp")).oracle(["a", "b"])[3:5] == [("b",), ("a",)]
    source = "VOCABULARY, CLASSES, LONGEST = ('x', 'y'), ('<eos>', 'y'), 6\ndef oracle(tokens):\n    return tokens\n"
    (tmp_path / "marked.py").write_text(source.replace("'<eos>', ", "'x', "), encoding="utf-8")
    assert find_next_token_task(str(tmp_path / "marked.py")).oracle(["x"])[2:] == [("x",), ("<eos>",), None]
    (tmp_path / "taken.py").write_text(source.replace("return tokens", "return ['y'] * len(tokens)"), encoding="utf-8")
    with pytest.raises(BadUsage, match="has '<eos>' among its tokens, which is a mark here"):
        find_next_token_task(str(tmp_path / "taken.py"))


def test_of_a_task_that_cannot_be_listed_inputs_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "drawn.py"
    path.write_text(
        "VOCABULARY, CLASSES, LONGEST = 'ab', 'ab', 12\ndef oracle(tokens):\n    return tokens[::-1]\n"
        "def sample(rng):\n    return rng.choices('ab', k=12)\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("tprog.tasks.next_token.from_task.SAMPLE", 300)
    task = find_next_token_task(str(path))
    assert task.oracle([*"abbbbbbbbbbb"])[-3] == ("a",)
    assert task.bins[-1][1] == 12
    drawn = {tuple(row) for row in task.sample(400, (12, 12), np.random.default_rng(0)).tokens.tolist()}
    assert 1 < len(drawn) <= 300


def test_what_is_no_task_is_refused() -> None:
    with pytest.raises(BadUsage, match="there is no task 'tomita77'; the nearest is tomita7; the tasks are binary_maj"):
        find_next_token_task("tomita77")
    with pytest.raises(BadUsage, match="there is no task '!'; the tasks are binary_majority"):
        find_next_token_task("!")
    with pytest.raises(BadUsage, match="length is 9, but the lengths of parity are fixed; leave it out"):
        find_next_token_task("parity", 9)


# All ##################################################################################################################


@pytest.mark.parametrize("task", NEXT_TOKEN_TASKS.values(), ids=NEXT_TOKEN_TASKS)
def test_sequences_are_no_longer_than_is_told_and_the_same_from_the_same_seed(task: NextTokenTask) -> None:
    one, other = (task.sample(20, task.bins[2], np.random.default_rng(7)) for _ in range(2))
    assert (one.tokens == other.tokens).all()
    assert (one.expected == other.expected).all()
    longest = task.sample(50, (task.lengths(*task.bins[2])[-1],) * 2, np.random.default_rng(0))
    assert longest.tokens.shape[1] <= task.positions
    if task.name != "addition":  # the sum is seldom as long as it can be
        assert longest.tokens.shape[1] >= task.positions - 3
    assert task.vocabulary[task.bos :] == ("<bos>", "<sep>", "<eos>", "<pad>")


def test_there_are_the_tasks_of_the_paper_and_twelve_of_ours() -> None:
    assert len(NEXT_TOKEN_TASKS) == 28 + 12
    assert [task.name for task in (*FURTHER, *LATER)] == list(NEXT_TOKEN_TASKS)[28:]
    assert WORDS.keys() | ANSWER.keys() == NEXT_TOKEN_TASKS.keys()


def test_all_lengths_are_equally_likely() -> None:
    task = get_next_token_task("aaaa_star")
    lengths = Counter((task.sample(12_000, (0, 50), np.random.default_rng(0)).lengths - 2).tolist())
    assert sorted(lengths) == list(range(4, 51, 4))
    assert max(abs(count - 1000) for count in lengths.values()) < 150


def test_what_is_no_task_no_length_and_no_symbol_is_refused() -> None:
    with pytest.raises(BadUsage, match="no next-token task 'tomita8'; all of them are binary_majority"):
        get_next_token_task("tomita8")
    with pytest.raises(BadUsage, match=r"tomita2 has no input of length 3 to 3; its lengths are 1 to 150"):
        get_next_token_task("tomita2").sample(1, (3, 3), np.random.default_rng(0))
    with pytest.raises(BadInput, match=r"token 1 is 'z', which tomita2 does not have; its symbols are 0, 1"):
        get_next_token_task("tomita2").oracle(["1", "z"])


def test_the_list_shows_every_task_with_a_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--next-token"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n{name} " in shown for name in NEXT_TOKEN_TASKS)
    assert main(["tasks", "--next-token", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "tpdebug.next-token-tasks/1"
    assert [line["task"] for line in told["tasks"]] == list(NEXT_TOKEN_TASKS)
    assert all(line["example"][0] == "<bos>" for line in told["tasks"])
