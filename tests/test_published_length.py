"""How long the inputs are that a published module is judged on, in which order of symbols, and what is said of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cli.main import main
from tests.published import Writing, write
from tests.test_published import program
from tests.test_published_refusals import tpdebug
from tprog.errors import BadProgram, BadUsage
from tprog.ir.program import BEGIN, END, Head, Lookup, NumericHead, Program, Readout, Weights
from tprog.run import execute as executing
from tprog.run.batch import Array, Batch, encode
from tprog.tasks.builtin import get_task, inputs_for, named_task, task_of, up_to
from tprog.tasks.classes import for_task
from tprog.tasks.lengths import chosen_length
from tprog.tasks.own import find_task
from tprog.text.read import read_module


def hist(positions: int, symbols: tuple[str, ...] = ("0", "1"), trained: int = 8) -> Program:
    """hist, right on inputs of up to `trained` tokens, with weights for more positions, which hold what chance put
    there: always the first class."""
    longest = trained - 1
    keys = ((), *((symbol,) for symbol in symbols))
    same = NumericHead("same", "tokens", "tokens", "ones", keys)
    classes = tuple(str(count) for count in range(1, longest + 1))
    base = program(same, vocabulary=(BEGIN, *symbols), max_length=positions, classes=("a", "b"))
    # 2nc - c² is largest at c = n: the number n has the weights 2c, and every position the weights -c².
    right, chance = tuple(-c * c for c in range(1, longest + 1)), (1000, *(-c * c for c in range(2, longest + 1)))
    terms = (
        Weights("positions", tuple(right if place < trained else chance for place in range(positions))),
        Weights("same", (tuple(2 * c for c in range(1, longest + 1)),)),
    )
    return replace(base, classes=classes, readout=replace(base.readout, terms=terms, scale=1))


def module(folder: Path, wanted: Program, example: int = 0) -> str:
    """The path of a module, with an example of so many tokens."""
    path = write(wanted, folder, how=Writing(examples=False))
    shown = [BEGIN, *(["0"] * (example - 1))]
    path.write_text(path.read_text() + (f"\nprint(run({shown}))\n" if example else ""))
    return str(path)


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    code, out, _ = tpdebug(capsys, "verify", *arguments, "--json", "--sample", "4000")
    found: dict[str, object] = json.loads(out)
    return code, found


def unwrapped(text: str) -> str:
    return " ".join(text.split())


SIX = ("0", "1", "2", "3", "4", "5")


@pytest.mark.parametrize(
    ("positions", "symbols", "example", "asked", "used", "note"),
    [
        (8, SIX, 0, None, 8, None),
        (6, SIX, 0, None, 6, None),
        (
            40,
            SIX,
            0,
            None,
            8,
            "inputs of up to 8 tokens, the published length of hist: it has weights for 40 positions",
        ),
        (40, SIX, 5, None, 8, "inputs of up to 8 tokens, the published length of hist"),
        (40, SIX, 12, None, 12, "inputs of up to 12 tokens, its longest example"),
        (40, SIX, 40, None, 40, None),
        (40, ("0", "1"), 0, None, 40, "it has weights for 40 positions, and nothing in it says how many"),
        (40, ("0", "1"), 12, None, 12, "inputs of up to 12 tokens, its longest example"),
        (40, ("0", "1"), 3, None, 8, "inputs of up to 8 tokens, the published length of hist"),
        (40, SIX, 0, 5, 5, None),
        (40, SIX, 0, 8, 8, "inputs of up to 8 tokens"),
        (40, SIX, 0, 9, 9, r"inputs of more than 8 tokens are longer than its training is known to have used \(8 is"),
        (40, SIX, 12, 20, 20, r"more than 12 tokens are longer .* \(12 is its longest example\)"),
    ],
)
def test_a_module_is_judged_no_further_than_it_is_known_to_be_trained(
    positions: int,
    symbols: tuple[str, ...],
    example: int,
    asked: int | None,
    used: int,
    note: str | None,
    tmp_path: Path,
) -> None:
    found = chosen_length(read_module(module(tmp_path, hist(positions, symbols), example)), "hist", asked)
    assert found.tokens == used
    if note is None:
        assert found.note is None
    else:
        assert re.search(note, str(found.note))


def test_verify_executes_each_input_once_for_its_answer_and_for_what_it_tells_of_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, executed = module(tmp_path, hist(12), 8), []
    run = executing._from_inputs

    def counted(program: Program, batch: Batch, overrides: Mapping[str, Array | int]) -> executing.Execution:
        executed.append(len(batch))
        return run(program, batch, overrides)

    monkeypatch.setattr(executing, "_from_inputs", counted)
    code, found = judged(capsys, path, "--task", "hist")
    assert (code, found["inputs_right"]) == (0, sum(executed))
    assert "no branch of `predicate_same` is for '<s>'" in str(found["notes"])  # which comes up


def test_a_module_with_more_positions_than_training_used_is_right_where_it_was_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = module(tmp_path, hist(40, SIX), 8)
    code, found = judged(capsys, path, "--task", "hist")
    assert (code, found["wrong_inputs"]) == (0, 0)
    assert "of up to 7 symbols" in str(found["checked"])
    assert "the published length of hist" in str(found["notes"])
    code, found = judged(capsys, path, "--task", "hist", "--length", "12")
    assert code == 1
    lengths = found["lengths"]
    assert isinstance(lengths, list)
    assert [one["symbols"] for one in lengths] == list(range(1, 12))
    assert [one["wrong_inputs"] > 0 for one in lengths] == [False] * 7 + [True] * 4
    assert sum(one["inputs"] for one in lengths) == found["inputs_right"] + found["wrong_inputs"]  # type: ignore[operator]
    assert sum(one["tokens_right"] for one in lengths) == found["tokens_right"]
    assert "longer than its training is known to have used" in str(found["notes"])


def test_accuracy_by_length_stands_in_the_text_where_something_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = module(tmp_path, hist(12), 8)
    code, out, _ = tpdebug(capsys, "verify", path, "--task", "hist", "--length", "9", "--limit", "0")
    assert code == 1
    rows = [line.split() for line in out.splitlines()]
    assert ["symbols", "inputs", "wrong", "per", "token", "whole", "sequence"] in rows
    assert ["7", "128", "0", "100", "%", "100", "%"] in rows
    assert ["8", "256", "256", "8.203", "%", "0", "%"] not in rows
    assert any(row[:2] == ["8", "256"] and int(row[2]) > 0 for row in rows if len(row) > 2)
    code, out, _ = tpdebug(capsys, "verify", path, "--task", "hist", "--length", "8")
    assert code == 0
    assert "symbols   inputs" not in out


def test_every_verb_that_looks_at_inputs_takes_a_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = module(tmp_path, hist(10))
    for verb in ("verify", "dead", "coverage", "circuits", "graph", "fuzz", "simplify", "repair", "blame"):
        more = {"fuzz": ["--no-database"], "blame": ["--input", "00"]}.get(verb, [])
        code, out, err = tpdebug(capsys, verb, path, "--task", "hist", "--length", "4", "--json", *more)
        assert code in (0, 1), (verb, err)
        assert "14 inputs" in out or verb in ("graph", "fuzz", "simplify", "repair"), verb
    code, out, err = tpdebug(capsys, "trace", path, "--task", "hist", "--length", "4", "--input", "00", "--json")
    assert code == 0, err
    code, out, err = tpdebug(capsys, "diff", path, path, "--length", "4", "--json")
    assert (code, json.loads(out)["checked"]["inputs"]) == (0, 14)


def test_without_a_task_a_length_limits_the_sequences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = module(tmp_path, hist(10))
    code, out, _ = tpdebug(capsys, "dead", path, "--length", "4", "--json")
    assert (code, json.loads(out)["checked"]["description"]) == (0, "all 14 inputs of up to 3 symbols")
    assert inputs_for(hist(10), length=3).batch.lengths.max() == 3


@pytest.mark.parametrize(("asked", "message"), [(41, "takes inputs of up to 40 tokens"), (1, "expected at least 2")])
def test_a_length_that_the_module_cannot_take_is_refused(asked: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=message):
        chosen_length(read_module(module(tmp_path, hist(40))), "hist", asked)


def test_an_input_longer_than_is_judged_is_traced_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = module(tmp_path, hist(12, SIX))
    code, out, _ = tpdebug(capsys, "trace", path, "--task", "hist", "--input", "0101010101")
    assert code == 0
    assert "0" in out
    code, _, err = tpdebug(capsys, "blame", path, "--task", "hist", "--input", "0101010101")
    assert code == 2
    assert "--expect" in err


def test_a_task_of_ones_own_may_be_shorter_than_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = module(tmp_path, hist(12, trained=6))
    Path("own.py").write_text(
        "VOCABULARY = ['<s>', '0', '1']\nCLASSES = ['1', '2', '3', '4', '5']\nLONGEST = 5\n"
        "def oracle(tokens):\n    return [None if t == '<s>' else str(tokens.count(t)) for t in tokens]\n"
    )
    code, out, err = tpdebug(capsys, "verify", path, "--task", "own.py", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["checked"]["description"] == "all 62 inputs of up to 5 symbols"
    code, out, _ = tpdebug(capsys, "verify", path, "--task", "own.py", "--length", "3", "--json")
    assert json.loads(out)["checked"]["inputs"] == 6


def test_a_task_that_lists_its_inputs_is_cut_to_a_length(tmp_path: Path) -> None:
    examples = tmp_path / "own.csv"
    examples.write_text("input,output\na,x\na b,x y\na b a,x y x\n")
    task = up_to(find_task(str(examples)), 3)
    assert (task.size, task.max_length) == (2, 3)
    assert task.inputs().lengths.tolist() == [2, 3]
    with pytest.raises(BadUsage, match="has no input so short; expected at least 2"):
        up_to(find_task(str(examples)), 1)


def test_a_program_that_is_shorter_than_its_task_is_told_of_length(tmp_path: Path) -> None:
    wanted = replace(hist(6), task="hist")
    with pytest.raises(BadProgram, match="whose length is 8; found 6; --length 6"):
        inputs_for(for_task(wanted, "hist", 6), task=named_task(replace(hist(8), task="hist")))


# Symbols of one's own #################################################################################################


def over(name: str, vocabulary: tuple[str, ...], length: int) -> Program:
    """A program that names a task over any tokens; what it computes does not matter."""
    wanted = program(vocabulary=vocabulary, max_length=length, task=name)
    return for_task(replace(wanted, classes=("x",), readout=replace(wanted.readout, terms=())), name)


def answers(wanted: Program, *symbols: str) -> list[str | None]:
    task = named_task(wanted)
    tokens = [BEGIN, *symbols, *([END] if END in task.vocabulary else [])]
    return [task.classes[code] if code >= 0 else None for code in task.expected(encode_in(task.vocabulary, tokens))[0]]


def encode_in(vocabulary: tuple[str, ...], tokens: list[str]) -> Batch:
    return Batch(np.array([[vocabulary.index(token) for token in tokens]]), np.array([len(tokens)]))


AS_TEXT = tuple(sorted(str(number) for number in range(29)))
AS_NUMBERS = tuple(str(number) for number in range(97))


def test_29_numerals_are_sorted_as_text_as_the_original_code_does() -> None:
    wanted = over("sort", (BEGIN, *AS_TEXT, END), 8)
    assert answers(wanted, "9", "10", "2", "28") == [None, "10", "2", "28", "9", None]


def test_97_numerals_that_stand_as_numbers_are_sorted_as_numbers() -> None:
    wanted = over("sort", (BEGIN, *AS_NUMBERS, END), 8)
    assert answers(wanted, "9", "10", "2", "96") == [None, "2", "9", "10", "96", None]
    assert task_of(replace(wanted, classes=AS_NUMBERS, readout=over_classes(AS_NUMBERS))) is not None


def over_classes(classes: tuple[str, ...]) -> Readout:
    return replace(program().readout, terms=(Weights("ones", (tuple(0 for _ in classes),)),))


def test_numerals_in_no_order_are_sorted_as_text() -> None:
    wanted = over("sort", (BEGIN, "10", "2", "1", "3", END), 8)
    assert answers(wanted, "3", "2", "10", "1") == [None, "1", "10", "2", "3", None]


@pytest.mark.parametrize("name", ["reverse", "hist", "double_hist", "most_freq", "sort"])
def test_any_symbols_have_a_task(name: str) -> None:
    end = (END,) if name in ("reverse", "sort") else ()
    words = ("the", "cat", "9", "ß", *(f"w{number}" for number in range(40)))
    symbols = named_task(over(name, (BEGIN, *words, *end), 8)).symbols
    assert symbols == tuple(sorted(words))


def test_brackets_and_pairs_may_be_others() -> None:
    square = over("dyck2", (BEGIN, "]", "[", "(", ")"), 5)
    assert answers(square, "[", "(", ")", "]") == [None, "P", "P", "P", "T"]
    assert answers(square, "[", "(", "]", ")") == [None, "P", "P", "F", "F"]
    many = (BEGIN, *(f"x{number}" for number in range(12)), *(str(number) for number in range(12)))
    pairs = over("induction", many, 10)
    assert named_task(pairs).classes == (*(str(number) for number in range(12)), "<unk>")
    with pytest.raises(BadProgram, match="dyck1 has 1 pair of brackets"):
        named_task(over_named("dyck1", (BEGIN, "a", "b")))
    with pytest.raises(BadProgram, match="induction has as many letters as numerals"):
        named_task(over_named("induction", (BEGIN, "a", "b")))


def over_named(name: str, vocabulary: tuple[str, ...]) -> Program:
    return replace(program(vocabulary=vocabulary, max_length=8), task=name)


def test_letters_that_are_not_the_first_of_the_alphabet_are_symbols_too() -> None:
    assert named_task(over("sort", (BEGIN, "c", "a", "z", END), 6)).symbols == ("a", "c", "z")
    assert named_task(over("sort", (BEGIN, "a", "b", "c", END), 6)) == named_task(
        over("sort", (BEGIN, "b", "a", "c", END), 6)
    )
    assert get_task("sort", 6, 6).symbols == ("a", "b", "c")


def test_the_order_that_was_used_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (AS_TEXT[:14], "ordered as text, as the original code sorts them: 0 < 1 < 10 < 11"),
        (SIX, None),
    ):
        base = program(vocabulary=(BEGIN, *words, END), max_length=5)
        terms = tuple(
            Weights(name, tuple(tuple(range(len(words))) for _ in range(size)))
            for name, size in (("tokens", len(words) + 2), ("positions", 5))
        )
        wanted = replace(base, classes=words, readout=replace(base.readout, terms=terms, scale=1))
        path = str(write(wanted, tmp_path))
        _, out, _ = tpdebug(capsys, "verify", path, "--task", "sort", "--sample", "50", "--limit", "0")
        assert (said in unwrapped(out)) if said else ("ordered as" not in out)
        _, _, err = tpdebug(capsys, "circuits", path, "--task", "sort", "--sample", "50")
        assert (said in err) if said else ("ordered as" not in err)


# Numbers that may be too large ########################################################################################


def test_a_number_beyond_a_lookup_is_told_as_it_is_on_the_inputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = NumericHead("count", "tokens", "tokens", "ones", ((), ("0",), ("0",)))
    cells = (0, 1, 1, 0)
    table = Lookup("table", ("count",), ((0, 1, 2, 3),), (0, 1), cells)
    base = hist(6, trained=6)
    readout = replace(base.readout, terms=(*base.readout.terms, Weights("table", ((0,) * 5, (0,) * 5))))
    wanted = replace(base, nodes=(*base.nodes, count, table), readout=readout)
    path = str(write(wanted, tmp_path, how=Writing(defaults={"table": 0})))
    (text,) = (str(d) for d in read_module(path).defects if d.kind == "out-of-range")
    assert "was written for count from 0 to 2; larger numbers, bounded by 6, would get its default" in text
    _, out, _ = tpdebug(capsys, "verify", path, "--task", "hist", "--length", "3")
    assert "was written for count from 0 to 2; it is at most 2 on all 6 inputs of up to 2 symbols" in unwrapped(out)
    _, out, _ = tpdebug(capsys, "dead", path, "--task", "hist")
    assert "on all 62 inputs it reaches 5, and larger numbers get its default" in unwrapped(out)


def test_what_concerns_no_input_that_is_looked_at_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A head by position without a branch for those that training did not use."""
    base = hist(20, SIX)
    near = Head("near", "positions", "positions", "tokens", tuple((place,) if place < 8 else () for place in range(20)))
    path = module(tmp_path, replace(base, nodes=(*base.nodes, near)))
    _, out, _ = tpdebug(capsys, "verify", path, "--task", "hist", "--sample", "100")
    assert "1 predicate lists not every query value, but every one that comes up on 100 of" in unwrapped(out)
    assert "near selects nothing there" not in out
    _, out, _ = tpdebug(capsys, "verify", path, "--task", "hist", "--sample", "100", "--length", "12")
    assert "near selects nothing there" in unwrapped(out)


def test_a_lookup_was_written_for_the_length_of_training_whatever_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = hist(20, ("0", "1"))
    table = Lookup("num_mlp_0_0", ("same",), ((0, 1, 2),), (0, 1), (0, 1, 0))
    readout = replace(base.readout, terms=(*base.readout.terms, Weights("num_mlp_0_0", ((0,) * 7, (0,) * 7))))
    wanted = replace(base, nodes=(*base.nodes, table), readout=readout)
    path = write(wanted, tmp_path, how=Writing(examples=False, defaults={"num_mlp_0_0": 0}))
    text = path.read_text().replace("lookup_num_mlp_0_0", "num_mlp_0_0") + f"\nrun({[BEGIN, *'0000000']})\n"
    path.write_text(text)
    for length, found in (
        ("3", "it is at most 2 on all 6"),
        ("8", "it is at most 7 on"),
        ("10", "it reaches 9, and larger"),
    ):
        _, out, _ = tpdebug(capsys, "dead", str(path), "--task", "hist", "--length", length)
        assert "`num_mlp_0_0` was written for same from 0 to 7; " in unwrapped(out)
        assert found in unwrapped(out)


def test_a_length_is_in_the_help_of_every_verb_that_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (
        "verify",
        "dead",
        "trace",
        "blame",
        "circuits",
        "graph",
        "coverage",
        "fuzz",
        "repair",
        "simplify",
        "diff",
    ):
        assert main([verb, "--help"]) == 0
        assert "--length" in capsys.readouterr().out, verb


def test_inputs_are_encoded_in_the_modules_own_symbols() -> None:
    wanted = hist(8, ("x", "y"))
    assert encode(wanted, [[BEGIN, "x", "y"]]).lengths.tolist() == [3]
