"""Tasks against oracles written anew, sequence by sequence, from their definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tests.programs import PROGRAMS
from tprog.errors import BadInput, BadProgram, BadUsage
from tprog.ir.marks import Marks
from tprog.ir.program import BEGIN, END, UNKNOWN, Program, Readout
from tprog.tasks.builtin import TASKS, UNGRADED, Task, fitted, get_task, inputs_for, task_of
from tprog.tasks.input_domain import framed
from tprog.tasks.listing import listing
from tprog.text.tokens import is_spaced, parse_input, show_tokens


def _whole(task: Task, symbols: Sequence[str]) -> list[str]:
    return [BEGIN, *symbols, *([END] if END in task.vocabulary else [])]


def _graded(task: Task, text: str) -> list[str]:
    """The answers at the symbols of a text, `.` where none is graded."""
    outputs = task.oracle(_whole(task, text))
    assert outputs[0] is None
    return [output or "." for output in outputs[1 : len(text) + 1]]


# Oracles ##############################################################################################################


@pytest.mark.parametrize(
    ("name", "text", "answers"),
    [
        ("reverse", "abbc", "cbba"),
        ("hist", "abbc", "1221"),
        ("double_hist", "abbc", "2112"),
        ("sort", "cbab", "abbc"),
        ("most_freq", "abbc", ["b", "a", "c", BEGIN]),
        ("dyck1", "()())", "PTPTF"),
        ("dyck1", "())()", "PTFFF"),
        ("dyck2", "({})(}", "PPPTPF"),
        ("dyck2", "({)}()", "PPFFFF"),
        ("induction", "a1b2a", [UNKNOWN, ".", UNKNOWN, ".", "1"]),
        ("induction", "3a1b2a1b2", [".", UNKNOWN, ".", UNKNOWN, ".", "1", ".", "2", "."]),
        ("induction", "a1a2ab", [UNKNOWN, ".", "1", ".", "2", UNKNOWN]),
    ],
)
def test_the_oracle_gives_the_published_answers(name: str, text: str, answers: Sequence[str]) -> None:
    assert _graded(get_task(name), text) == list(answers)


def test_the_marks_are_not_graded() -> None:
    assert get_task("sort").oracle([BEGIN, "b", "a", END]) == [None, "a", "b", None]


def _double_hist(text: Sequence[str]) -> list[str]:
    counts = Counter(text)
    return [str(sum(count == counts[symbol] for count in counts.values())) for symbol in text]


def _most_freq(text: Sequence[str]) -> list[str]:
    counts = Counter(text)
    ranked = sorted(counts, key=lambda symbol: (-counts[symbol], text.index(symbol)))
    return ranked + [BEGIN] * (len(text) - len(ranked))


def _dyck(text: Sequence[str]) -> list[str]:
    answers, open_brackets = [], ""
    for symbol in text:
        if open_brackets == "broken" or (symbol in ")}" and open_brackets[-1:] != {")": "(", "}": "{"}[symbol]):
            open_brackets = "broken"
        else:
            open_brackets = open_brackets + symbol if symbol in "({" else open_brackets[:-1]
        answers.append({"broken": "F", "": "T"}.get(open_brackets, "P"))
    return answers


def _induction(text: Sequence[str]) -> list[str]:
    pairs = [(text[at], text[at + 1]) for at in range(len(text) - 1)]
    answers = []
    for place, symbol in enumerate(text):
        before = [digit for letter, digit in pairs[: max(place - 1, 0)] if letter == symbol and digit.isdigit()]
        answers.append("." if symbol.isdigit() else (before or [UNKNOWN])[-1])
    return answers


ORACLES: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "reverse": lambda text: list(text)[::-1],
    "sort": sorted,
    "hist": lambda text: [str(list(text).count(symbol)) for symbol in text],
    "double_hist": _double_hist,
    "most_freq": _most_freq,
    "dyck1": _dyck,
    "dyck2": _dyck,
    "induction": _induction,
}


@pytest.mark.parametrize("name", TASKS)
def test_the_oracle_agrees_with_one_written_from_the_definition(name: str) -> None:
    task = get_task(name)
    shorter = product(task.symbols, repeat=3)  # also below the lengths of the domain
    for symbols in [*shorter, *(tokens[1:-1] if END in tokens else tokens[1:] for tokens in task.sample(300, seed=7))]:
        assert _graded(task, "".join(symbols)) == ORACLES[name](symbols), symbols


def test_the_oracle_refuses_an_input_that_is_none() -> None:
    with pytest.raises(BadInput, match=r"token 2 is 'z'; expected one of 'a', 'b', 'c', 'd', 'e'"):
        get_task("sort").oracle([BEGIN, "a", "z", END])


# Domains ##############################################################################################################


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("reverse", 19_530),
        ("sort", 19_530),
        ("hist", 335_922),
        ("double_hist", 335_922),
        ("most_freq", 335_922),
        ("dyck1", 32_768),
        ("dyck2", 4**15),
        ("induction", 133_760),
    ],
)
def test_the_size_of_each_domain_is_known(name: str, size: int) -> None:
    assert get_task(name).size == size


@pytest.mark.parametrize("name", [name for name in TASKS if name != "dyck2"])
def test_the_enumeration_holds_each_input_once(name: str) -> None:
    task = get_task(name)
    batch = task.inputs()
    assert len(batch) == task.size == len(np.unique(batch.tokens, axis=0))
    assert batch.tokens.shape[1] == task.max_length


def test_the_enumeration_goes_from_short_to_long_and_then_by_the_vocabulary() -> None:
    task = get_task("sort", vocabulary_size=5, length=4)
    program = _program(task)
    batch = task.inputs()
    shown = ["".join(batch.words(program, row)[1:-1]) for row in range(len(batch))]
    assert shown == ["a", "b", "aa", "ab", "ba", "bb"]


@pytest.mark.parametrize(("k", "length"), [(4, 3), (6, 5), (6, 7), (8, 5), (10, 3)])
def test_the_domain_of_induction_is_all_pairs_with_one_digit_a_letter(k: int, length: int) -> None:
    task = get_task("induction", k, length)
    letters, digits = task.symbols[: len(task.symbols) // 2], task.symbols[len(task.symbols) // 2 :]

    def is_input(symbols: tuple[str, ...]) -> bool:
        pairs = symbols[1:] if symbols[0] in digits else symbols[:-1]
        extra = symbols[0] if symbols[0] in digits else symbols[-1]
        return (
            all(letter in letters and digit in digits for letter, digit in zip(pairs[::2], pairs[1::2], strict=True))
            and (extra in digits) == (symbols[0] in digits)
            and len(set(zip(pairs[::2], pairs[1::2], strict=True))) == len(set(pairs[::2]))
        )

    wanted = [(BEGIN, *symbols) for symbols in product(task.symbols, repeat=length) if is_input(symbols)]
    batch = task.inputs()
    assert [tuple(task.vocabulary[code] for code in row) for row in batch.tokens] == wanted
    assert task.size == len(wanted)


@pytest.mark.parametrize("name", TASKS)
def test_a_domain_cut_to_a_length_holds_its_sequences_of_that_length_or_less(name: str) -> None:
    domain = get_task(name, vocabulary_size=None if name.startswith("dyck") else 6, length=5).domain
    whole = [tuple(code for code in row if code >= 0) for row in domain.enumerate().tolist()]
    for most in range(1, domain.most + 1):
        cut = domain.shortened(most)
        found = [tuple(code for code in row if code >= 0) for row in cut.enumerate().tolist()]
        assert found == [sequence for sequence in whole if len(sequence) <= most]
        assert (cut.most, cut.size) == (most, len(found))
        drawn = cut.draw(20, np.random.default_rng(0)).tolist()
        assert {tuple(code for code in row if code >= 0) for row in drawn} <= set(found)


@pytest.mark.parametrize("marks", [(), (BEGIN,), (BEGIN, END)])
def test_a_task_with_other_marks_asks_about_as_many_symbols(marks: tuple[str, ...]) -> None:
    task = get_task("sort")
    other = task.marked(Marks.of(marks))
    assert (other.symbols, other.max_length - len(marks)) == (task.symbols, task.max_length - 2)
    assert set(other.vocabulary) == {*task.symbols, *marks}


def test_the_list_of_tasks_shows_each_with_an_input_and_its_answer() -> None:
    lines = [*listing()]
    assert [line.task for line in lines] == list(TASKS)
    for line in lines:
        task = get_task(line.task)
        assert (line.symbols, line.classes, line.inputs) == (task.symbols, task.classes, task.size)
        tokens = parse_input(line.example, _program(task))
        answers = [answer for answer in task.oracle(tokens) if answer is not None]
        assert line.answer == show_tokens(answers, is_spaced(task.classes))


def test_a_domain_that_is_too_large_is_not_enumerated() -> None:
    with pytest.raises(BadUsage, match=r"dyck2 has 1,073,741,824 inputs, more than the 1,000,000 that are enumerated"):
        get_task("dyck2").inputs()


# Samples ##############################################################################################################


@pytest.mark.parametrize("name", TASKS)
def test_a_sample_is_distinct_inputs_of_the_domain_and_the_same_for_the_same_seed(name: str) -> None:
    task = get_task(name)
    sample = task.sample(500, seed=3)
    assert sample == task.sample(500, seed=3) != task.sample(500, seed=4)
    assert len(set(sample)) == len(sample) == 500
    if task.size is not None and task.size < 1_000_000:
        domain = {row.tobytes() for row in task.inputs().tokens}
        batch = task.draw(500, seed=3)
        assert batch.tokens.shape[1] == task.max_length
        assert {row.tobytes() for row in batch.tokens} <= domain
    assert {len(tokens) for tokens in sample} <= set(range(1, task.max_length + 1))


def test_a_sample_of_a_small_domain_holds_what_was_found() -> None:
    task = get_task("sort", vocabulary_size=5, length=4)
    assert sorted(task.sample(6, seed=0)) == sorted({*task.sample(6, seed=0)})
    assert len(task.sample(1000, seed=0)) == task.size == 6


def test_lengths_are_uniform() -> None:
    lengths = Counter(len(tokens) - 1 for tokens in get_task("most_freq").sample(3_000))
    assert lengths[6] > 350
    assert lengths[7] > 350
    assert lengths[1] == 6


def test_half_of_the_brackets_are_cut_from_a_balanced_string() -> None:
    task = get_task("dyck2")
    # Cut before its last bracket, a balanced string still lacks one; strings of random brackets are nearly all broken.
    can_be_completed = [task.oracle(tokens)[-1] == "P" for tokens in task.sample(2_000, seed=1)]
    assert 900 < sum(can_be_completed) < 1_150


def test_an_even_number_of_brackets_can_be_balanced_to_the_end() -> None:
    task = get_task("dyck2", length=13)
    assert sum(task.oracle(tokens)[-1] == "T" for tokens in task.sample(1_000, seed=1)) > 300


# Sizes ################################################################################################################


def test_vocabulary_classes_and_length_follow_from_k_and_n() -> None:
    sort = get_task("sort")
    assert sort.vocabulary == (BEGIN, "a", "b", "c", "d", "e", END)
    assert (sort.classes, sort.max_length, sort.causal) == (("a", "b", "c", "d", "e"), 8, False)
    hist = get_task("hist", 5, 12)
    assert hist.vocabulary == (BEGIN, "a", "b", "c")
    assert hist.classes == ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")
    assert get_task("most_freq").classes == ("a", "b", "c", "d", "e", "f", BEGIN)
    dyck = get_task("dyck2")
    assert (dyck.vocabulary, dyck.classes, dyck.causal) == ((BEGIN, "(", ")", "{", "}"), ("P", "T", "F"), True)
    induction = get_task("induction")
    assert induction.vocabulary == (BEGIN, *"abcd0123")
    assert (induction.classes, induction.max_length) == (("0", "1", "2", "3", UNKNOWN), 10)


@pytest.mark.parametrize(
    ("name", "k", "length", "message"),
    [
        (
            "srot",
            None,
            None,
            "there is no task 'srot'; the tasks are reverse, hist, double_hist, sort, most_freq, dyck1",
        ),
        ("sort", 3, None, "sort: the vocabulary size is 3; expected 4 to 29"),
        ("hist", 29, None, "hist: the vocabulary size is 29; expected 3 to 28"),
        ("reverse", None, 2, "reverse: the length is 2; expected at least 3"),
        ("hist", None, 1, "hist: the length is 1; expected at least 2"),
        ("dyck1", 4, None, r"dyck1 has the 2 symbols \( \); leave the size out"),
        ("dyck2", None, 1, "dyck2: the length is 1; expected at least 2"),
        ("induction", 9, None, "induction: the vocabulary size is 9; expected an even number from 4 to 22"),
        ("induction", None, 8, "induction: the length is 8; expected an odd number from 3 on"),
    ],
)
def test_a_size_that_has_no_meaning_is_refused(name: str, k: int | None, length: int | None, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        get_task(name, k, length)


# A program's inputs ###################################################################################################


def _program(task: Task, *, pooled: bool = False) -> Program:
    readout = Readout((), pooled=pooled, forced=() if pooled else (BEGIN,))
    return Program(task.vocabulary, task.classes, task.max_length, (), readout, task=task.name)


@pytest.mark.parametrize("name", TASKS)
def test_a_program_is_given_its_task_at_its_size(name: str) -> None:
    sizes = {"dyck1": (None, 6), "dyck2": (None, 6), "induction": (6, 5)}.get(name, (6, 5))
    task = get_task(name, *sizes)
    assert task_of(_program(task)) == task


def test_a_program_without_a_task_of_ours_has_none() -> None:
    assert task_of(PROGRAMS["masks"].program) is None
    assert task_of(replace(PROGRAMS["masks"].program, task="parity")) is None


def test_the_order_of_vocabulary_and_classes_is_the_programs_own() -> None:
    plain = _program(get_task("most_freq"))
    turned = replace(plain, vocabulary=plain.vocabulary[::-1], classes=plain.classes[::-1])
    inputs, task = inputs_for(turned), task_of(turned)
    assert task is not None
    assert inputs.expected is not None
    for row in (0, 1_000, 300_000):
        words = inputs.batch.words(turned, row)
        found = [turned.classes[code] for code in inputs.expected[row, 1 : len(words)]]
        assert found == _most_freq(words[1:]) == task.oracle(words)[1:]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (replace(_program(get_task("sort")), vocabulary=(BEGIN, "a", "b", "c", "d", "e")), "whose vocabulary is"),
        (replace(_program(get_task("sort")), vocabulary=(BEGIN, "a", "b", "c", "d", "x", END)), "whose classes are"),
        (replace(_program(get_task("hist")), classes=("1", "2")), "whose classes are .* found '1', '2'"),
        (_program(get_task("sort"), pooled=True), "the program is pooled; the task 'sort' grades every position"),
        (replace(_program(get_task("induction")), max_length=9), "the program names the task 'induction'.* odd number"),
    ],
)
def test_a_program_that_does_not_fit_its_task_is_refused(program: Program, message: str) -> None:
    with pytest.raises(BadProgram, match=message):
        task_of(program)


def test_a_small_domain_is_taken_whole() -> None:
    inputs = inputs_for(PROGRAMS["sort"].program)
    assert inputs.exhaustive
    assert inputs.description == "all 19,530 inputs"
    assert inputs.expected is not None
    assert (inputs.expected != UNGRADED).sum() == (inputs.batch.lengths - 2).sum()


def test_where_the_last_position_alone_counts_it_is_that_of_each_input_however_long() -> None:
    program = PROGRAMS["sort"].program
    every = inputs_for(program, sample=50)
    inputs = replace(every, last_alone=True, expected=None)
    free = _program(get_task("induction"))  # its digits are not graded, and no output is forced but at the beginning
    for one in (inputs, inputs.take(np.array([3, 1])), inputs.cut()):
        places = np.argwhere(one.graded(replace(free, vocabulary=program.vocabulary)))
        assert places.tolist() == [[row, length - 1] for row, length in enumerate(one.batch.lengths.tolist())]
    assert not inputs.graded(program).any()  # the end is forced


def test_a_task_asks_about_the_symbols_of_a_program_that_has_as_many() -> None:
    task, digits = get_task("sort"), tuple("31024")
    program = replace(_program(task), vocabulary=(BEGIN, *digits, END), classes=digits)
    assert fitted(task, program).oracle([BEGIN, "3", "1", END]) == [None, "1", "3", None]
    with pytest.raises(BadProgram, match="whose vocabulary is"):
        fitted(task, replace(program, vocabulary=(BEGIN, *digits, "5", END), classes=(*digits, "5")))


def test_an_input_without_a_symbol_is_its_marks() -> None:
    assert framed(np.zeros((1, 0), dtype=np.int8), ("a",), (BEGIN, "a", END)).tokens.tolist() == [[0, 2]]


def test_a_large_domain_is_sampled() -> None:
    inputs = inputs_for(_program(get_task("dyck2")), seed=5)
    assert not inputs.exhaustive
    assert inputs.description == "20,000 of 1,073,741,824 inputs, sampled with seed 5"
    assert len(inputs.batch) == 20_000


def test_a_sample_can_be_asked_for() -> None:
    program = PROGRAMS["sort"].program
    assert inputs_for(program, sample=100).description == "100 of 19,530 inputs, sampled with seed 0"
    assert inputs_for(program, sample=20_000).exhaustive
    assert not inputs_for(program, limit=19_529).exhaustive
    with pytest.raises(BadUsage, match="a sample of 0 inputs says nothing"):
        inputs_for(program, sample=0)


def test_without_a_task_the_inputs_are_all_sequences_over_the_vocabulary() -> None:
    program = PROGRAMS["partial"].program
    inputs = inputs_for(program)
    assert inputs.expected is None
    assert inputs.description == "all 780 inputs"  # 5 + 25 + 125 + 625
    assert inputs.batch.words(program, 0) == [BEGIN, "a", END]
    assert inputs.batch.words(program, 779) == [BEGIN, "e", "e", "e", "e", END]
    words = PROGRAMS["question_type"].program
    assert any(UNKNOWN in inputs_for(words, sample=20).batch.words(words, row) for row in range(20))


def test_a_task_can_be_named_for_a_program_that_names_none() -> None:
    program = replace(PROGRAMS["sort"].program, task=None)
    assert inputs_for(program).expected is None
    assert inputs_for(program, task=get_task("reverse")).expected is not None
    with pytest.raises(BadProgram, match="does not fit the task 'hist'"):
        inputs_for(program, task=get_task("hist"))
