"""Files of examples as people have them: how each is read, and that a reading that was a choice is told."""

from __future__ import annotations

import contextlib
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tprog
from tests.programs import PROGRAMS
from tests.said import Said
from tprog.errors import BadFile, BadProgram
from tprog.ir.program import BEGIN
from tprog.run.batch import encode
from tprog.tasks.builtin import fitted, inputs_for
from tprog.tasks.cells import read_cell
from tprog.tasks.examples import Examples, read_examples
from tprog.tasks.own import find_task
from tprog.words.rows import Columns, read_pairs, split_columns

PLAIN = "input,output\nthe cat,D N\na dog sees,D N V\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _read(text: str, name: str = "own.csv", columns: Columns | None = None) -> Examples:
    Path(name).write_text(text, encoding="utf-8")
    return read_examples(Path(name), columns)


def _known(found: Examples) -> dict[tuple[str, ...], tuple[str | None, ...]]:
    return {tokens: answers for tokens, (_, answers) in found.known.items()}


THE_SAME = {
    "own.csv": PLAIN,
    "own.tsv": PLAIN.replace(",", "\t"),
    "own.jsonl": '{"input": "the cat", "output": "D N"}\n{"input": ["a", "dog", "sees"], "output": ["D", "N", "V"]}\n',
    "own.json": '[{"input": "the cat", "output": "D N"}, {"input": "a dog sees", "output": "D N V"}]',
    "columns.json": '{"input": ["the cat", "a dog sees"], "output": ["D N", "D N V"]}',
    "frame.json": '{"input": {"0": "the cat", "1": "a dog sees"}, "output": {"0": "D N", "1": "D N V"}}',
}


@pytest.mark.parametrize("name", THE_SAME)
def test_the_same_examples_are_the_same_in_every_form_and_plain_ones_need_no_note(name: str) -> None:
    found = _read(THE_SAME[name], name)
    assert _known(found) == {("the", "cat"): ("D", "N"), ("a", "dog", "sees"): ("D", "N", "V")}
    assert found.notes == ()


def test_columns_whose_names_say_it_are_taken_and_told() -> None:
    found = _read(",Words,more,TAGS\n0,the cat,x,D N\n1,a dog sees,y,D N V\n")
    assert _known(found) == _known(_read(PLAIN))
    assert found.notes == ("own.csv: 'Words' is the input and 'TAGS' the output (--columns says otherwise)",)


def test_columns_may_be_named_and_must_be_there() -> None:
    text = "text,label,more\na b,x y,y x\n"
    assert _known(_read(text, columns=Columns("text", "more"))) == {("a", "b"): ("y", "x")}
    with pytest.raises(BadFile, match=r"own\.csv:1: there is no column 'tags'; found 'text', 'label', 'more'"):
        _read(text, columns=Columns("text", "tags"))
    assert split_columns("a/tags.csv:word, tags") == ("a/tags.csv", Columns("word", "tags"))
    assert split_columns("tags.csv") == ("tags.csv", None)
    assert split_columns("sort") == ("sort", None)


@pytest.mark.parametrize(
    ("header", "columns", "names"),
    [
        ("no,input,output.tags,output.kind", None, ["tags", "kind"]),
        ("no,text,output.tags,kind", "text,output.tags,kind", ["tags", "kind"]),
        ("kind,tags,text,no", "text,no,tags,kind", ["no", "tags", "kind"]),
    ],
)
def test_a_table_may_have_a_column_for_each_of_several_outputs(
    header: str, columns: str | None, names: list[str]
) -> None:
    cells = {"no": "3 4", "input": "a b", "text": "a b", "output.tags": "x y", "tags": "x y", "output.kind": "k k"}
    cells["kind"] = cells["output.kind"]
    row = ",".join(cells[name] for name in header.split(","))
    path, named = split_columns(f"own.csv:{columns}" if columns else "own.csv")
    Path(path).write_text(f"{header}\n{row}\n", encoding="utf-8")
    ((where, asked, answers),) = read_pairs(Path(path), named)[1]
    assert (where, asked) == ("own.csv:2", "a b")
    assert answers == {name: cells[name] for name in names}
    found = read_examples(Path(path), named)
    assert found.outputs == tuple(names)
    beside = zip(*(cells[name].split() for name in names), strict=True)
    assert _known(found) == {("a", "b"): tuple(answer for one in beside for answer in one)}


@pytest.mark.parametrize(
    "cell",
    [
        "['the', 'cat']", '["the", "cat"]', "['the' 'cat']", "('the', 'cat')", "['the', \"cat\",]", "[ 'the' ,'cat' ]",
        "[np.str_('the'), np.str_('cat')]", "['the'\n 'cat']",
    ],
)  # fmt: skip
def test_a_list_is_read_as_python_numpy_and_pandas_write_it(cell: str) -> None:
    assert read_cell("here", "input", cell).items == ("the", "cat")


def test_lists_hold_strings_numbers_and_nothing() -> None:
    assert read_cell("here", "output", "['it\\'s', 3, None, nan, '\\u00e9', \"a, b\"]").items == (
        "it's", "3", None, None, "é", "a, b",
    )  # fmt: skip
    assert read_cell("here", "input", "( ( )").items == ("(", "(", ")")
    assert read_cell("here", "input", "[]").items == ()
    assert read_cell("here", "output", [True, 1, False]).items == ("T", "1", "F")


@given(st.lists(st.one_of(st.text(max_size=6).filter(bool), st.none(), st.integers(-99, 99)), min_size=1, max_size=6))
def test_any_list_of_strings_is_read_back_as_python_writes_it(items: list[str | int | None]) -> None:
    expected = tuple(None if item is None else str(item) for item in items)
    assert read_cell("here", "output", repr(items)).items == expected
    assert read_cell("here", "output", json.dumps(items)).items == expected


@given(st.text(alphabet="[]()'\", .anp\\x0{}+", max_size=30).map(lambda text: f"[{text}]"))
def test_any_text_in_brackets_is_a_list_or_refused(cell: str) -> None:
    with contextlib.suppress(BadFile):
        assert read_cell("here", "input", cell).form != "text"


def test_a_long_list_takes_no_more_than_its_length() -> None:
    assert len(read_cell("here", "input", str(["a"] * 200_000)).items) == 200_000
    with pytest.raises(BadFile):
        read_cell("here", "input", "[" + "np.a(" * 100_000 + "]")
    with pytest.raises(BadFile):
        read_cell("here", "input", "['" + "\\" * 200_001 + "']")


def test_pandas_lists_are_told() -> None:
    found = _read("input,output\n\"['the', 'cat']\",\"['D', 'N']\"\n")
    assert _known(found) == {("the", "cat"): ("D", "N")}
    assert found.notes == ("own.csv: cells are Python lists",)


@pytest.mark.parametrize(
    ("text", "known", "told"),
    [
        (
            "input,output\nbanana,010101\nfig,010\n",
            {tuple("banana"): tuple("010101"), tuple("fig"): tuple("010")},
            "inputs are read letter by letter, as b a n a n a; outputs have an answer a letter",
        ),
        (
            "input,output\nab,x y\nb,\"['y']\"\n",
            {("a", "b"): ("x", "y"), ("b",): ("y",)},
            "inputs are read letter by letter, as a b",
        ),
        (
            "input,output\nthe cat,DN\nit,P\n",
            {("the", "cat"): ("D", "N"), ("it",): ("P",)},
            "outputs have an answer a letter",
        ),
        (
            "input,output\nthe cat,yes\nit,no\n",
            {("the", "cat"): (None, "yes"), ("it",): ("no",)},
            "outputs are one label an input, as 'yes'",
        ),
        (
            "input,output\n<s> the cat </s>,yes\nit </s>,no\n",
            {("the", "cat", "</s>"): (None, "yes", None), ("it", "</s>"): ("no", None)},
            "outputs are one label an input",
        ),
        (
            "input,output\nbanana,fruit\nleek,vegetable\n",
            {tuple("banana"): (None,) * 5 + ("fruit",), tuple("leek"): (None,) * 3 + ("vegetable",)},
            "inputs are read letter by letter, as b a n a n a; outputs are one label an input, as 'fruit'",
        ),
    ],
)
def test_a_file_is_read_in_the_way_that_fits_all_of_its_rows(
    text: str, known: dict[tuple[str, ...], tuple[str | None, ...]], told: str
) -> None:
    found = _read(text)
    assert _known(found) == known
    assert told in "".join(found.notes)


def test_words_of_one_letter_are_no_choice() -> None:
    assert _read("input,output\na,x\nb,y\n").notes == ()


def test_a_number_is_a_label() -> None:
    assert _known(_read('[{"text": "a b", "label": 1}, {"text": "b", "label": 0}]', "own.json")) == {
        ("a", "b"): (None, "1"),
        ("b",): ("0",),
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("own.tsv", "input\toutput\na b\tx\ty\n", "own.tsv:2: 3 columns; expected 2, as in the header"),
        ("own.json", "[1]", "own.json, item 0: 1; expected an object with the keys"),
        ("own.json", "3", "own.json is 3; expected a list of objects"),
        ("own.json", "[", "own.json:1:2: not JSON"),
        ("own.json", '{"input": ["a"], "output": []}', "or columns of equal length"),
        ("own.json", '{"input": {"0": "a"}, "output": {"1": "b"}}', "or columns of equal length"),
        (
            "own.json",
            '[{"input": "a b", "output": "x y"}, {"input": "a b", "output": "x x"}]',
            "own.json, item 1: the input of own.json, item 0 again",
        ),
    ],
)  # fmt: skip
def test_files_that_are_none_are_refused_with_the_place(name: str, text: str, message: str) -> None:
    with pytest.raises(BadFile, match=re.escape(message)):
        _read(text, name)


# What verbs make of them ##############################################################################################


def test_one_label_an_input_judges_a_pooled_program(said: Said, folder: Path) -> None:
    program = PROGRAMS["question_type"].program
    (folder / "pooled.py").write_text(tprog.emit(program).text, encoding="utf-8")
    rng, words = random.Random(0), [word for word in program.vocabulary if not word.startswith("<")]
    inputs = [rng.choices(words, k=rng.randint(2, 4)) for _ in range(30)]
    answers = [tprog.execute(program, encode(program, [[BEGIN, *tokens]])).outputs(0) for tokens in inputs]
    rows = {" ".join(tokens): str(answer) for tokens, answer in zip(inputs, answers, strict=True)}
    changed = next(iter(rows))
    wrong = next(name for name in program.classes if name != rows[changed])
    lines = [f"{text},{answer}" for text, answer in {**rows, changed: wrong}.items()]
    (folder / "kinds.csv").write_text("question,class\n" + "\n".join(lines) + "\n", encoding="utf-8")
    code, out, err = said("verify", "pooled.py", "--task", "kinds.csv")
    assert code == 1
    assert out.startswith(f"pooled.py: wrong on 1 of {len(rows)} inputs of the task kinds")
    assert "kinds.csv: 'question' is the input and 'class' the output" in err
    code, out, _ = said("blame", "pooled.py", "--task", "kinds.csv", "--input", changed)
    assert code == 0
    told = f"pooled.py on {changed}, the prediction: predicted {rows[changed]!r}, expected {wrong!r} "
    assert " ".join(out.split()).startswith(told)
    assert said("fuzz", "pooled.py", "--task", "kinds.csv", "--no-database")[0] == 1


def test_several_answers_an_input_judge_no_pooled_program() -> None:
    program = PROGRAMS["question_type"].program
    words = [word for word in program.vocabulary if not word.startswith("<")][:2]
    answers = " ".join(program.classes[:2])
    Path("own.csv").write_text(f"input,output\n{' '.join(words)},{answers}\n", encoding="utf-8")
    with pytest.raises(
        BadProgram, match="the program is pooled, one label an input; the task 'own' has 2 answers to one"
    ):
        inputs_for(program, task=fitted(find_task("own.csv"), program))


def test_one_label_an_input_counts_at_the_last_token_of_another_program() -> None:
    Path("own.csv").write_text("input,output\nb a,b\na,a\n", encoding="utf-8")
    task = find_task("own.csv")
    assert task.pooled
    assert task.oracle([BEGIN, "b", "a"]) == ["b"]
    assert replace(task, pooled=False).oracle([BEGIN, "b", "a"]) == [None, None, "b"]


def test_columns_are_an_option_of_every_verb_that_takes_a_task(said: Said, folder: Path) -> None:
    (folder / "sort.py").write_text(tprog.emit(PROGRAMS["sort"].program).text, encoding="utf-8")
    (folder / "mine.csv").write_text("in,out,other\nb a </s>,a b x,b a x\nc </s>,c x,c x\n", encoding="utf-8")
    assert said("verify", "sort.py", "--task", "mine.csv", "--columns", "in,out")[0] == 0
    assert said("verify", "sort.py", "--task", "mine.csv:in,out")[0] == 0
    assert said("verify", "sort.py", "--task", "mine.csv", "--columns", "in,other")[0] == 1
    assert said("trace", "sort.py", "--input", "ba", "--task", "mine.csv", "--columns", "in,out")[0] == 0
    assert "--columns in,out" in said("verify", "sort.py", "--task", "mine.csv")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--columns", "a,b"), "name the file on the command line too"),
        (("--task", "sort", "--columns", "a,b"), "and sort is none; leave it out"),
        (("--task", "mine.csv", "--columns", "a"), "expected two names with a comma between"),
        (("--task", "mine.csv:a,b", "--columns", "a,c"), "name columns; give one"),
    ],
)
def test_columns_that_mean_nothing_are_refused(arguments: tuple[str, ...], message: str, said: Said) -> None:
    code, out, err = said("verify", "sort.py", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_an_oracle_that_answers_once_is_told_what_to_return() -> None:
    text = """
VOCABULARY, CLASSES, LONGEST = "ab", ("yes", "no"), 3
def oracle(tokens):
    return {}
"""
    for result in ("'yes'", "['yes']"):
        Path("own.py").write_text(text.format(result), encoding="utf-8")
        with pytest.raises(BadFile, match=re.escape("for one label an input, define POOLED = True")):
            find_task("own.py").inputs()
    Path("own.py").write_text(text.format("[None] * (len(tokens) - 1) + ['yes']"), encoding="utf-8")
    assert find_task("own.py").oracle([BEGIN, "a", "b"]) == [None, None, "yes"]
