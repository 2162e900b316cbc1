"""Tasks of a user's own: what the document shows works, and whatever can be wrong with a file is told in one line."""

from __future__ import annotations

import random
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tprog
from cli.discovery import VARIABLE
from tests.programs import PROGRAMS
from tests.said import Said
from tprog.errors import BadFile, BadProgram, BadUsage
from tprog.ir.program import BEGIN, END
from tprog.tasks.builtin import TASKS, UNGRADED, Task, fitted, get_task, inputs_for
from tprog.tasks.own import find_task

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = DOCS / "examples"
DOCUMENT = (DOCS / "own-task.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ tpdebug (.*)$", DOCUMENT, re.MULTILINE)

FILE = """
VOCABULARY = "ab"
CLASSES = ("even", "odd")
LONGEST = 3
def oracle(tokens):
    return [CLASSES[tokens[: i + 1].count("a") % 2] for i in range(len(tokens))]
"""
"""The least that a task in Python needs."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of our own."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _python(changes: str = "", text: str = FILE, name: str = "own.py") -> Task:
    Path(name).write_text(f"{text}\n{changes}\n", encoding="utf-8")
    return find_task(name)


def _examples(text: str | bytes, name: str = "own.csv") -> Task:
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return find_task(name)


# The document #########################################################################################################


def test_the_document_shows_the_files_as_they_are() -> None:
    for language, name in (("python", "repeats.py"), ("toml", "repeats.toml")):
        assert f"```{language}\n{(EXAMPLES / name).read_text(encoding='utf-8')}```" in DOCUMENT
    shown = DOCUMENT.split("```\ninput,output\n")[1].split("...\n```")[0]
    assert (EXAMPLES / "tags.csv").read_text(encoding="utf-8").startswith(f"input,output\n{shown}")


def test_what_the_document_shows_works_from_training_to_blame(said: Said, folder: Path) -> None:
    shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
    assert {command.split()[0] for command in COMMANDS} == {"train", "verify", "dead", "circuits", "blame", "run"}
    answers = {}
    for command in COMMANDS:
        code, answers[command], err = said(*shlex.split(command))
        assert code == 0, (command, err)
    assert answers["run repeats_program.py --input abca"] == "new new new seen\n"
    assert "on all 5,460 inputs" in answers["verify repeats_program.py --task repeats.py"]
    assert "on all 84 inputs" in answers["verify tags_program.py --task tags.csv"]
    program = tprog.load("repeats_program.py")
    assert (program.task, program.classes, program.max_length, program.causal) == ("repeats", ("new", "seen"), 7, True)
    assert program.vocabulary == ("<s>", "a", "b", "c", "d")

    code, _, err = said("verify", "repeats_program.py")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "the task 'repeats', which is not one of tpdebug's own; give its file with --task FILE" in err
    code, _, err = said("blame", "repeats_program.py", "--input", "aa")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "--task FILE, or the right answer with --expect" in err
    code, out, err = said("dead", "repeats_program.py")
    assert code == 0
    assert "checked on all 5,460 inputs" in out
    assert "give its file with --task FILE" in err
    code, _, err = said("blame", "tags_program.py", "--task", "tags.csv", "--input", "the saw")
    assert (code, err) == (2, "tpdebug: the task 'tags' has no answer to this input; give it with --expect\n")
    assert said("trace", "tags_program.py", "--task", "tags.csv", "--input", "the saw")[0] == 0


def test_a_python_file_of_which_only_a_run_speaks_is_not_executed(said: Said, folder: Path) -> None:
    shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
    Path("repeats.py").write_text((EXAMPLES / "repeats.py").read_text() + "print('executed')\n", encoding="utf-8")
    code, _, err = said("train", "--config", "repeats.toml", "--epochs", "1")
    assert (code, "executed" in err) == (0, True)
    for command in (("emit", "runs/repeats-0"), ("train", "--run-folder", "runs/repeats-0", "--resume")):
        code, out, err = said(*command)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "the run in runs/repeats-0 learns a task that is Python code, repeats.py; to have it run, give " in err
    assert said("emit", "runs/repeats-0", "--task", "./repeats.py", "-o", "again.py")[0] == 0
    assert Path("again.py").read_bytes() == Path("repeats_program.py").read_bytes()
    assert said("train", "repeats.py", "--resume")[0] == 0
    code, _, err = said("emit", "again.py", "--task", "repeats.py")
    assert (code, err) == (2, "tpdebug: --task is about a run folder, and again.py is none; leave it out\n")


# A Python file ########################################################################################################


def test_without_sampler_and_list_every_sequence_is_an_input() -> None:
    task = _python()
    assert (task.name, task.symbols, task.max_length, task.causal, task.size) == ("own", ("a", "b"), 4, False, 14)
    assert len(task.inputs()) == 14
    assert task.oracle([BEGIN, "a", "b", "a"]) == [None, "odd", "odd", "even"]


def test_with_a_sampler_alone_the_size_is_unknown_and_said_to_be() -> None:
    task = _python("def sample(rng): return rng.choices('ab', k=rng.randint(1, 3))")
    assert task.size is None
    with pytest.raises(BadUsage, match="own has inputs that can only be drawn at random"):
        task.inputs()
    program = PROGRAMS["sort"].program
    own = fitted(_python(_like_sort("def sample(rng): return rng.choices(VOCABULARY[:5], k=2)")), program)
    inputs = inputs_for(program, task=own, sample=10, seed=3)
    assert not inputs.exhaustive
    assert inputs.description == "10 different inputs of the task's sampler, drawn with seed 3"
    assert len(np.unique(inputs.batch.tokens, axis=0)) == 10


def _like_sort(more: str = "") -> str:
    return f"""
VOCABULARY = ("a", "b", "c", "d", "e", "</s>")
CLASSES = tuple("edcba")
LONGEST = 6
def oracle(tokens):
    return sorted(tokens)
{more}
"""


def test_a_list_of_inputs_is_the_domain_each_once() -> None:
    task = _python("def inputs(): return ['a', 'ab', ['a'], ('b', 'b')]\ndef sample(rng): return 'ab'")
    assert task.size == 3
    assert task.sample(9) == [(BEGIN, "a", "b")]
    assert task.inputs().lengths.tolist() == [2, 3, 3]


def test_marks_are_put_around_an_input_and_never_seen() -> None:
    task = _python(
        "VOCABULARY = ('<s>', 'a', 'b', '</s>')\n"
        "def sample(rng): return ['<s>', 'a', 'b', '</s>']\n"
        "def oracle(tokens):\n    assert tokens == ['a', 'b'], tokens\n    return ['odd', None]"
    )
    assert task.vocabulary == (BEGIN, "a", "b", END)
    assert (task.max_length, task.sample(5)) == (5, [(BEGIN, "a", "b", END)])
    assert task.oracle(["<s>", "a", "b", "</s>"]) == [None, "odd", None, None]


@pytest.mark.parametrize("name", ["sort", "hist", "dyck1", "induction"])
def test_a_task_written_down_anew_is_the_same_task(name: str) -> None:
    built_in = get_task(name)
    text = f"""
from tprog.tasks.builtin import get_task
TASK = get_task({name!r})
VOCABULARY, CLASSES, LONGEST, CAUSAL = TASK.vocabulary, TASK.classes, TASK.domain.most, TASK.causal
MARKS = ["</s>"] if "</s>" in VOCABULARY else []
def oracle(tokens):
    return TASK.oracle(["<s>", *tokens, *MARKS])[1 : len(tokens) + 1]
"""
    own = _python(text=text)
    assert (own.vocabulary, own.max_length) == (built_in.vocabulary, built_in.max_length)
    batch = built_in.draw(300, seed=1)
    np.testing.assert_array_equal(own.expected(batch), built_in.expected(batch))


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_equal_seeds_draw_equal_inputs(seed: int, count: int) -> None:
    task = _python("def sample(rng): return rng.choices('ab', k=rng.randint(1, 3))")
    assert task.sample(count, seed) == task.sample(count, seed)


def test_another_seed_draws_other_inputs() -> None:
    task = _python("LONGEST = 20\ndef sample(rng): return rng.choices('ab', k=20)")
    assert len({*(task.sample(1, seed)[0] for seed in range(300))}) > 290


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "own.py:9: not Python: invalid syntax"),
        ("del oracle", "own.py defines no oracle; a task needs VOCABULARY, CLASSES, LONGEST and oracle"),
        ("oracle = 3", "own.py: oracle is 3; expected a function"),
        ("1 / 0", "own.py:9: the file raises ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "own.py:9: the file calls sys.exit; expected it to return"),
        ("def oracle(t): return t[9]", "own.py:9: oracle(['a', 'a']) raises IndexError: list index out of range"),
        ("def oracle(t): raise SystemExit", "own.py:9: oracle(['a', 'a']) calls sys.exit"),
        ("def oracle(t): return oracle(t)", "own.py:9: oracle(['a', 'a']) raises RecursionError: maximum recursion"),
        ("def oracle(t): yield 1 / 0", "own.py:9: oracle(['a', 'a']) raises ZeroDivisionError"),
        ("def oracle(t):\n  while 1: yield 'odd'", "own.py: oracle(['a', 'a']) gives more than 2 answers; expected 2"),
        ("def oracle(t): pass", "own.py: oracle(['a', 'a']) gives None; expected a list"),
        ("def oracle(t): return {'odd', 'even'}", "expected a list"),
        ("def oracle(t): return ['odd']", "own.py: oracle(['a', 'a']) gives 1 answer; expected 2, one a token"),
        ("def oracle(t): return ['odd', 'od']", "answer 1 is 'od'; expected one of 'even', 'odd', or None"),
        ("def oracle(t): return [True] * 2", "answer 0 is True; expected one of 'even', 'odd', or None"),
        (
            "def sample(rng): return 'abz'",
            "sample(rng) gives ['a', 'b', 'z'], in which 'z' is no token; expected 'a', 'b'",
        ),
        ("def sample(rng): return ''", "sample(rng) gives [], which has no token; expected 1 to LONGEST = 3"),
        ("def sample(rng): return 'aaaa'", "which has more than 3 tokens; expected 1 to LONGEST = 3"),
        ("def sample(): return 'a'", "own.py: sample(rng) raises TypeError: sample() takes 0 positional arguments"),
        (
            "import random\ndef sample(rng): return random.choices('ab', k=3)",
            "sample(rng) gives other inputs for the same",
        ),
        ("calls = []\ndef oracle(t): calls.append(1); return [CLASSES[len(calls) % 2]] * 2", "answers otherwise"),
        ("def inputs(): return []", "own.py: inputs() gives no input"),
        ("def inputs(): return 3", "own.py: inputs() gives 3; expected a list"),
        ("def inputs(): return [3]", "own.py: inputs() gives 3; expected a list"),
        ("VOCABULARY = {'a', 'b'}", "expected a list or tuple of strings"),
        ("VOCABULARY = ['a', 2.5]", "own.py: item 1 of VOCABULARY is 2.5; expected a string"),
        ("VOCABULARY = 'aba'", "own.py: VOCABULARY has 'a' twice"),
        ("VOCABULARY = ['a', '<pad>']", "own.py: VOCABULARY has <pad>, which no program reads"),
        ("VOCABULARY = ['<s>']", "own.py: VOCABULARY holds no token"),
        ("CLASSES = []", "own.py: CLASSES is []; expected a list or tuple of strings"),
        ("CLASSES = ['x']", "own.py: CLASSES holds only 'x', so there is nothing to learn; expected two or more"),
        ("LONGEST = 0", "own.py: LONGEST is 0; expected a whole number from 1 to 1000"),
        ("LONGEST = 10**9", "own.py: LONGEST is 1000000000; expected a whole number from 1 to 1000"),
        ("CAUSAL = 'no'", "own.py: CAUSAL is 'no'; expected True or False"),
    ],
)
def test_a_file_that_is_no_task_is_refused_with_what_is_wrong(text: str, message: str) -> None:
    only_two = "" if "inputs" in text or "sample" in text else "\ndef inputs(): return ['aa']"
    with pytest.raises(BadFile, match=re.escape(message)):
        _python(f"\n{text}{only_two}")


def test_what_a_file_prints_does_not_mix_with_the_answer(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    Path("exact.py").write_text(tprog.emit(PROGRAMS["sort"].program).text, encoding="utf-8")
    text = _like_sort().replace("return sorted", "print('in the oracle')\n    return sorted") + "print('at the top')\n"
    Path("mine.py").write_text(text, encoding="utf-8")
    code, out, err = said("blame", "exact.py", "--task", "mine.py", "--input", "ba", "--sample", "5", "--json")
    assert code == 0, err
    assert out.startswith("{")
    assert err.startswith("at the top\nin the oracle\n")


def test_a_file_may_import_what_lies_beside_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "its_letters.py").write_text("LETTERS = 'ab'\n", encoding="utf-8")
    task = _python("from its_letters import LETTERS as VOCABULARY", name="deep/own.py")
    assert task.symbols == ("a", "b")
    assert not (tmp_path / "deep" / "__pycache__" / "own.cpython-311.pyc").exists()


def test_an_oracle_that_changes_its_mind_is_told_with_an_input_of_which_it_does() -> None:
    forgets = "seen = []\ndef oracle(t): seen.append(t); return [CLASSES[t == ['a'] and seen.count(t) % 2]] * len(t)"
    with pytest.raises(BadFile, match=re.escape("own.py: oracle(['a']) answers otherwise when asked again")):
        _python(f"{forgets}\ndef inputs(): return ['a', 'b', 'bbb']")


@pytest.mark.parametrize("name", ["sort.py", "-o.py", "a\nb.csv", "-o.rasp", "a$.rasp"])
def test_a_file_that_has_the_name_of_a_task_or_none_at_all_is_refused(name: str) -> None:
    with pytest.raises(BadUsage, match=r"has the name of tpdebug's own task|expected a name of letters, digits"):
        find_task(name)


# Examples #############################################################################################################


def test_examples_say_what_there_is() -> None:
    task = _examples('input,note,output\n10 9 x,,p q q\n"[""10"", ""a b""]",n,"[null, ""q""]"\n\n10 9 x,again,p q q\n')
    assert (task.symbols, task.classes, task.max_length, task.size) == (("9", "10", "a b", "x"), ("p", "q"), 4, 2)
    assert task.oracle([BEGIN, "10", "9", "x"]) == [None, "p", "q", "q"]
    assert task.oracle([BEGIN, "10", "a b"]) == [None, None, "q"]
    assert task.oracle([BEGIN, "x"]) == [None, None]  # no example
    assert sorted(map(len, task.sample(100))) == [3, 4]


def test_a_bracket_alone_is_a_token() -> None:
    assert _examples("input,output\n[ a,x y\n").symbols == ("[", "a")


def test_the_same_examples_in_json_lines_are_the_same_task() -> None:
    lines = '{"input": "a b", "output": [0, 1]}\n\n{"input": ["b"], "output": ["1"], "more": 3}\r\n'
    csv = "\ufeffinput,output\r\na b,0 1\r\nb,1\r\n"
    one, other = _examples(lines, "own.jsonl"), _examples(csv)
    assert (one.symbols, one.classes, one.sample(9)) == (other.symbols, other.classes, other.sample(9))
    assert one.oracle([BEGIN, "a", "b"]) == other.oracle([BEGIN, "a", "b"]) == [None, "0", "1"]


def test_marks_in_examples_are_marks() -> None:
    task = _examples("input,output\n<s> a b </s>,<s> x y </s>\na </s>,x x\n")
    assert (task.vocabulary, task.classes, task.max_length) == ((BEGIN, "a", "b", END), ("x", "y"), 4)
    assert task.oracle([BEGIN, "a", "b", END]) == [None, "x", "y", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "own.csv is empty"),
        (b" \n\n", "own.csv is empty"),
        (b"input,output\n", "own.csv holds no example"),
        (b"input,output\na b,\xff\xfe\n", "own.csv is not UTF-8 text (byte 17 is 0xff)"),
        (b"input,output\na b,x\0y\n", "own.csv is a binary file"),
        ("input,output\na b,x y\n".encode("utf-16"), "own.csv is UTF-16 text"),
        (
            "input,more\na,b\n",
            "own.csv:1: which is the input, and which the output? found 'input', 'more'; say it with",
        ),
        ("a b,X Y\nb a,Y X\n", "say it with --columns 'a b,X Y', or name them"),
        ('"a,b",c\nd,e\n', "say it with --columns INPUT,OUTPUT, or name them"),
        ("input,output\na b\n", "own.csv:2: 1 column; expected 2, as in the header"),
        ("banana,fruit\nfig,fruit\n", "say it with --columns banana,fruit, or name them input and output"),
        ("text,label,tags\na,b,c\n", "found 'text', 'label', 'tags'; say it with --columns text,label"),
        ("input;output\na;b\n", "the header 'input;output' has ';' between its names; expected commas, or tabs"),
        ("input,output,input\na,b,a\n", "own.csv:1: the header has two columns 'input'"),
        ("input,output\na b,x y\na,x,y\n", "own.csv:3: 3 columns; expected 2, as in the header"),
        ('input,output\na b,x y\n"a b,x y\n', "own.csv:3: not CSV: unexpected end of data"),
        ("input,output\n" + "a " * 70_000 + ",x\n", "own.csv:2: not CSV: field larger than field limit"),
        (
            "input,output\n" + "a " * 2000 + "," + "x " * 2000 + "\n",
            "the input has 2,000 tokens; expected at most 1,000",
        ),
        ("input,output\na b,x\nb,x y\n", "own.csv:2: 2 tokens of input, but 1 of output; expected one answer a token"),
        (
            "input,output\nabc,xyz\nab,xyz\nba,yx\n",
            "own.csv:3: 2 letters of input, but 3 of output; expected one answer",
        ),
        ("input,output\na b,x y\nb,x\n\na b,x x\n", "own.csv:5: the input of line 2 again, with another output: "),
        ("input,output\n,\n", "own.csv:2: the input is empty"),
        ('input,output\n"[""a"" b]",x y\n', "own.csv:2: the input holds ['b']; expected strings"),
        ("input,output\n\"['a', 'b' 'c']\",x y z\n", "lacks a comma between two items"),
        ("input,output\n\"['a', 'b', ['c']]\",x y z\n", "begins like a list, but is none; expected"),
        ("input,output\n\"['a' 'b' ... 'c']\",x y z\n", "is a NumPy array with items left out"),
        ("input,output\n\"['a', b'c']\",x y\n", "lacks a comma between two items"),
        ("input,output\n\"['a', open('f')]\",x y\n", "begins like a list, but is none"),
        ('input,output\n"[2.5]",x\n', "own.csv:2: the input holds 2.5; expected strings"),
        ('input,output\n"[null]",x\n', "own.csv:2: token 0 of the input is null; expected a string"),
        ("input,output\na <s> b,x y x\n", "own.csv:2: <s> stands inside the input"),
        ("input,output\na b </s>,x y x\nb,x\n", "own.csv:2: the input ends in </s>, but not every input does"),
        ("input,output\na <pad>,x y\n", "own.csv: the input has <pad>"),
        (
            'input,output\n"[""abba""]",x\n"[""ba""]",y\n',
            "each input is a single token, such as 'abba'; put spaces between",
        ),
        ("input,output\na b,x x\n", "own.csv gives only the answer 'x', so there is nothing to learn"),
        ('input,output\na,"[null]"\n', "own.csv gives no answer, so there is nothing to learn"),
    ],
)
def test_examples_that_are_none_are_refused_with_their_line(text: str | bytes, message: str) -> None:
    with pytest.raises(BadFile, match=re.escape(message)):
        _examples(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{'input'}", "own.jsonl:1: not JSON: Expecting property name"),
        ("[" * 100_000, "own.jsonl:1: not JSON: "),
        ("[1, 2]", "own.jsonl:1: [1, 2]; expected an object with the keys 'input' and 'output'"),
        ('{"input": "a"}', "own.jsonl:1: which is the input, and which the output? found 'input'"),
        ('{"x": "a", "y": "b"}\n{"x": "a"}', "own.jsonl:2: {'x': 'a'}; expected an object with the keys 'x' and 'y'"),
        ('{"input": 3, "output": "a"}', "own.jsonl:1: the input is 3; expected text, or a list of strings"),
        ('{"input": ["a", ""], "output": "a b"}', "own.jsonl:1: the input holds ''; expected strings"),
    ],
)
def test_lines_that_are_no_examples_are_refused(line: str, message: str) -> None:
    with pytest.raises(BadFile, match=re.escape(message)):
        _examples(line + "\n", "own.jsonl")


def test_examples_judge_a_program_that_knows_more_than_they_hold() -> None:
    program = PROGRAMS["sort"].program
    task = fitted(_examples("input,output\nb a </s>,a b b\n"), program)
    inputs = inputs_for(program, task=task)
    assert (inputs.description, inputs.exhaustive) == ("the only input", True)
    assert inputs.expected is not None
    graded = inputs.expected[inputs.expected != UNGRADED]
    assert [program.classes[code] for code in graded] == ["a", "b"]
    for text in ("input,output\nb z </s>,a b b\n", "input,output\nb a </s>,a z a\n", "input,output\nb a,a b\n"):
        with pytest.raises(BadProgram, match=r"does not fit the task 'own': its|end in '</s>', and those of"):
            fitted(_examples(text), program)
    with pytest.raises(BadProgram, match="does not fit the task 'own', whose vocabulary is"):
        fitted(_python(), program)


def test_random_examples_are_all_kept_with_their_answers() -> None:
    rng = random.Random(0)
    known = {tuple(rng.choices("abc", k=rng.randint(1, 5))): rng.randint(0, 9) for _ in range(50)}
    rows = [
        f"{' '.join(tokens)},{' '.join(str((seed + i) % 3) for i in range(len(tokens)))}"
        for tokens, seed in known.items()
    ]
    task = _examples("input,output\n" + "\n".join(rows))
    assert {tokens[1:] for tokens in task.sample(20_000)} == set(known)
    for tokens, seed in known.items():
        assert task.oracle([BEGIN, *tokens])[1:] == [str((seed + i) % 3) for i in range(len(tokens))]


# Names ################################################################################################################


def test_a_name_is_a_task_of_tpdebug_and_a_path_is_a_file() -> None:
    assert find_task("sort", 6, 5).size == get_task("sort", 6, 5).size
    Path("knit.csv").write_text("input,output\na b,x y\n", encoding="utf-8")
    with pytest.raises(BadUsage, match=r"there is no task 'knit'; for the file of your own, give knit\.csv"):
        find_task("knit")
    with pytest.raises(BadUsage, match="there is no task 'purl'; the tasks are reverse"):
        find_task("purl")
    with pytest.raises(BadUsage, match=r"vocabulary_size is 8, but knit\.csv itself says what its inputs are"):
        find_task("knit.csv", 8)
    with pytest.raises(BadUsage, match=r"knit\.tex is neither a task's name nor the file of one, which ends in \.py, "):
        find_task("knit.tex")
    with pytest.raises(BadFile, match=r"there is no file purl\.py; expected a task of your own, in Python"):
        find_task("purl.py")


@pytest.mark.parametrize("name", [f"{task}.py" for task in TASKS[:2]] + ["x'''.csv", "\n.py", "-x.csv"])
def test_a_file_whose_name_cannot_be_that_of_a_task_is_refused(name: str) -> None:
    with pytest.raises(BadUsage, match=r"rename the file|expected a name of letters"):
        find_task(name)
