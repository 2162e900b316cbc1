"""Fuzz: what it finds, over how many inputs, how small, and in which bucket."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.database import choices_to_bytes

import tprog
from analyze import input_space
from analyze.fuzz import fuzz, still_broken
from analyze.fuzz.buckets import Blamer
from analyze.fuzz.oracles import Answers, Judged, Oracle, Reason, Relations, against_program
from analyze.fuzz.own_relation import read_relation
from analyze.fuzz.relation import UNSAID, Relation
from analyze.fuzz.relations import PREFIX, RELATIONS, find_relation, relations_of, worth_trying
from analyze.fuzz.shrinking import replayed
from analyze.input_space import InputSpace, inputs, lengths_of, space_of
from analyze.render.failing_tests import failing_tests
from analyze.render.fuzz import fuzz_document
from analyze.render.terminal import as_text
from analyze.results.fuzz import Failure, FuzzResult
from analyze.verify import verify
from tests.programs import PROGRAMS
from tests.said import Said
from tprog.edits.edit import CellEdit, apply
from tprog.errors import BadFile, BadInput, BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Head, NumericHead, Program, Readout, Weights
from tprog.run.batch import Array
from tprog.tasks.builtin import TASKS, get_task, inputs_for
from tprog.tasks.own import find_task
from tprog.text.read import read_module

ROOT = Path(__file__).parents[1]
SORT = PROGRAMS["sort"].program
FAULTY = PROGRAMS["sort_with_a_fault"].program
HOLEY = apply(FAULTY, CellEdit("rank", (2, 1), None))
SMALL = {"sort": (6, 6), "reverse": (6, 6), "hist": (5, 6), "double_hist": (5, 6), "most_freq": (5, 6)}


def empty(name: str) -> Program:
    """A program of the right frame for a small size of a task, without nodes."""
    k, length = SMALL.get(name, (6, 7) if name == "induction" else (None, 7))
    task = get_task(name, k, length)
    marks = tuple(mark for mark in ("<s>", "</s>") if mark in task.vocabulary)
    return Program(task.vocabulary, task.classes, task.max_length, (), Readout((), forced=marks), task=name)


def noisy(name: str) -> Program:
    """A wrong program for a task: random weights on the token, the one before, the position and a count over all."""
    frame, rng = empty(name), np.random.default_rng(1)
    first = next(word for word in frame.vocabulary if word not in ("<s>", "</s>"))
    count = NumericHead("count", "tokens", "tokens", "ones", tuple((first,) for _ in frame.vocabulary))
    before = Head("before", "tokens", "tokens", "tokens", (frame.vocabulary,) * len(frame.vocabulary), mask="before")
    terms, words = [], len(frame.vocabulary)
    for variable, rows in (("tokens", words), ("positions", frame.max_length), ("count", 1), ("before", words)):
        drawn = rng.integers(-9, 10, size=(rows, len(frame.classes)))
        terms.append(Weights(variable, tuple(tuple(row) for row in drawn.tolist())))
    return replace(frame, nodes=(count, before), readout=replace(frame.readout, terms=tuple(terms)))


@dataclass(frozen=True, eq=False)
class Needle(Oracle):
    """An oracle that one sequence fails."""

    space: InputSpace
    wrong: tuple[int, ...]
    against: str = "one sequence"
    kind = "relations"

    def judge(self, sequences: Array) -> Judged:
        rows = np.flatnonzero((sequences == self.space.sequence(self.wrong)).all(axis=1))
        return Judged(rows, (Reason("relation", "needle"),) * len(rows))

    def failure(self, sequence: Array) -> Failure:
        tokens = self.space.tokens(sequence)
        return Failure(tokens, None, None, (None,) * len(tokens), (None,) * len(tokens), (), None)


def words(failure: Failure) -> str:
    return "".join(failure.tokens[1:-1])


# Inputs ###############################################################################################################


@pytest.mark.parametrize("name", TASKS)
@given(data=st.data())
def test_what_a_strategy_draws_is_an_input_of_the_task(name: str, data: st.DataObject) -> None:
    space = space_of(empty(name))
    codes = data.draw(space.strategy())
    assert space.contains(space.sequence(codes)[None, :]).all()
    tprog.execute(space.program, [data.draw(inputs(space.program))])  # takes what the public strategy draws


@pytest.mark.parametrize("name", TASKS)
def test_the_choices_of_an_input_make_it_again(name: str) -> None:
    space = space_of(empty(name))
    rows = space.draw(20, seed=4)
    assert len(rows)
    for row in rows:
        codes = tuple(code for code in row.tolist() if code >= 0)
        choices = space.choices(codes)
        assert choices is not None
        assert replayed(space.strategy(), choices_to_bytes(choices)) == codes


def test_the_sequences_that_are_inputs_are_those_that_are_enumerated() -> None:
    space = space_of(empty("induction"))
    assert space.task is not None
    every = np.array([*product(range(len(space.symbols)), repeat=space.domain.most)])
    inside = {tuple(row) for row in every[space.contains(every)].tolist()}
    assert inside == {tuple(row) for row in space.every.tolist()}
    assert len(inside) == space.task.size


def test_inputs_of_an_own_task_are_those_that_it_lists(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("input,output\na b,b a\nb,a\nb b,a a\n", encoding="utf-8")
    task = find_task(str(tmp_path / "own.csv"))
    program = Program(task.vocabulary, task.classes, task.max_length, (), Readout(()), task="own")
    space = space_of(program, task)
    assert space.kind == "listed"
    assert {space.tokens(row) for row in space.every} == {("<s>", "a", "b"), ("<s>", "b"), ("<s>", "b", "b")}
    assert space.contains(np.array([[0, 1], [0, 0]])).tolist() == [True, False]
    assert fuzz(Answers(space)).checked.description == "all 3 inputs"


def test_of_a_large_domain_the_shortest_inputs_are_all_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_space, "ENUMERATED", 1000)
    drawn = space_of(SORT).draw(200, seed=3)
    assert len(drawn) == len(np.unique(drawn, axis=0)) == 200
    assert (lengths_of(drawn) <= 2).sum() == 5 + 25
    assert lengths_of(drawn).max() == 6


# Oracles ##############################################################################################################


@pytest.mark.parametrize(("task", "relation"), [(name, one) for name in TASKS for one in RELATIONS[name]])
def test_right_answers_keep_to_a_relation_and_a_wrong_program_breaks_it(task: str, relation: Relation) -> None:
    space = space_of(empty(task))
    assert space.task is not None
    for length in range(space.domain.fewest, space.domain.most + 1):
        x = space.every[lengths_of(space.every) == length][:, :length]
        answers = space.task.expected(space.batch(x))[:, 1 : 1 + length]
        for step in relation.steps(space, x, answers):
            inside = space.contains(step.sequences)
            if not inside.any():
                continue
            batch = space.batch(step.sequences[inside])
            right = space.task.expected(batch)[:, 1 : 1 + step.sequences.shape[1]]
            said = step.expected[inside] != UNSAID
            assert (right == step.expected[inside])[said].all()
    found = fuzz(Relations(space_of(noisy(task)), (relation,)))
    assert found.failing > 0
    assert found.relations[0].failures == found.failing


@pytest.mark.parametrize("name", ["sort", "reverse", "dyck1_by_balance"])
def test_an_exact_program_passes_every_oracle(name: str) -> None:
    program = PROGRAMS[name].program
    space = space_of(program)
    relations, notes = worth_trying(space, relations_of(space))
    assert bool(notes) == program.causal
    for oracle in (Answers(space), Relations(space, relations), against_program(space, program, "itself")[0]):
        result = fuzz(oracle)
        assert (result.failing, result.buckets, result.checked.exhaustive) == (0, (), True)


def test_against_another_program_the_inputs_on_which_they_differ_fail() -> None:
    oracle, notes = against_program(space_of(FAULTY), SORT, "sort.py")
    result = fuzz(oracle)
    assert (result.failing, notes) == (410, ())
    (bucket,) = result.buckets
    assert (bucket.kind, bucket.what, bucket.failures, bucket.proven) == ("variable", "rank", 410, True)
    assert words(bucket.smallest) == "abbbb"
    assert bucket.smallest.wrong == (5,)
    with pytest.raises(BadUsage, match="different tokens"):
        against_program(space_of(SORT), PROGRAMS["hist"].program, "hist.py")


def test_a_relation_that_holds_by_construction_is_said_to_and_left_out() -> None:
    dyck = space_of(PROGRAMS["dyck1"].program)
    relations, notes = worth_trying(dyck, [PREFIX])
    assert relations == ()
    assert "by construction" in notes[0]
    assert find_relation(space_of(SORT), "prefix") is PREFIX
    with pytest.raises(BadUsage, match="swap, mirror"):
        find_relation(space_of(SORT), "types")


# Searching ############################################################################################################


def test_a_small_domain_is_tried_whole_and_every_failing_input_is_known() -> None:
    result = fuzz(Answers(space_of(FAULTY)))
    truth = verify(FAULTY, inputs_for(FAULTY))
    assert result.checked.description == "all 19,530 inputs"
    assert result.failing == truth.wrong_inputs == 410
    (bucket,) = result.buckets
    assert (bucket.kind, bucket.what, bucket.failures, bucket.alike) == ("line", "rank, input 1, 3", 410, 0)
    assert (bucket.proven, bucket.smallest.tokens) == (True, truth.counterexamples[0].tokens)
    assert bucket.smallest.expected == truth.counterexamples[0].expected


@given(st.integers(0, 19529))
def test_as_many_examples_as_there_are_inputs_find_the_one_that_fails(which: int) -> None:
    space = space_of(SORT)
    needle = Needle(space, tuple(code for code in space.every[which].tolist() if code >= 0))
    drawn = space.draw(19530, seed=7)
    assert len(needle.judge(drawn).rows) == 1


def test_a_needle_found_by_drawing_is_kept_as_it_is() -> None:
    space = space_of(SORT)
    needle = Needle(space, (4, 2, 0, 3, 3, 1))
    place = int(needle.judge(space.draw(19530, seed=7)).rows[0])
    result = fuzz(needle, examples=place + 1, seed=7)
    assert (result.failing, result.first_at, words(result.buckets[0].smallest)) == (1, place + 1, "ecaddb")
    assert fuzz(needle, examples=place, seed=7).failing == 0 or place == 0


def test_a_failure_of_a_large_domain_is_shrunk_to_a_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_space, "ENUMERATED", 1000)
    result = fuzz(Answers(space_of(FAULTY)), examples=300, seed=5)
    (bucket,) = result.buckets
    assert not result.checked.exhaustive
    assert (bucket.what, words(bucket.smallest), bucket.proven) == ("rank, input 1, 3", "abbbb", True)
    assert "3,905 inputs" in bucket.how
    monkeypatch.setattr("analyze.fuzz.buckets.ENUMERATED_SHORTER", 10)
    by_hypothesis = fuzz(Answers(space_of(FAULTY)), examples=300, seed=5).buckets[0]
    assert (len(by_hypothesis.smallest.tokens), by_hypothesis.proven) == (7, False)
    assert by_hypothesis.how == "shrunk by Hypothesis"


def test_the_same_seed_finds_the_same() -> None:
    oracle = Answers(space_of(FAULTY))
    assert fuzz(oracle, examples=200, seed=1) == fuzz(oracle, examples=200, seed=1)
    assert fuzz(oracle, examples=200, seed=1).first_at != fuzz(oracle, examples=200, seed=2).first_at


def test_stopping_keeps_what_was_found_until_then() -> None:
    @dataclass(frozen=True, eq=False)
    class Stopped(Answers):
        def judge(self, sequences: Array) -> Judged:
            if lengths_of(sequences).max() > 5 and len(sequences) > 1:
                raise KeyboardInterrupt
            return super().judge(sequences)

    result = fuzz(Stopped(space_of(HOLEY)))
    assert result.stopped
    assert not result.checked.exhaustive
    assert result.checked.inputs < 19530
    assert "stopped before the end" in as_text(fuzz_document(result))


def test_no_examples_is_refused() -> None:
    with pytest.raises(BadUsage, match="at least 1"):
        fuzz(Answers(space_of(SORT)), examples=0)


# Buckets ##############################################################################################################


def test_failures_with_two_causes_are_in_two_buckets_and_a_hole_is_one() -> None:
    result = fuzz(Answers(space_of(HOLEY)))
    hole, cell = result.buckets
    assert (hole.kind, hole.what, words(hole.smallest)) == ("hole", "hole at rank, input 2, 1", "aabb")
    assert (cell.kind, cell.what, words(cell.smallest)) == ("line", "rank, input 1, 3", "abbbb")
    assert hole.failures + cell.failures + cell.alike == result.failing == 6200
    assert hole.smallest.hole == "hole at rank, input 2, 1"


def test_a_failure_beyond_the_limit_is_said_not_to_be_blamed() -> None:
    result = fuzz(Answers(space_of(FAULTY)), blamed=0)
    (bucket,) = result.buckets
    assert (bucket.kind, bucket.failures, bucket.proven) == ("not blamed", 410, False)
    assert result.not_blamed == 410


def test_every_failure_is_in_one_bucket_and_none_is_smaller_than_a_proven_one() -> None:
    program = apply(apply(FAULTY, CellEdit("rank", (2, 1), 7)), CellEdit("rank", (0, 2), 1))
    result = fuzz(Answers(space_of(program)), blamed=6)
    assert sum(bucket.failures + bucket.alike for bucket in result.buckets) == result.failing
    assert len(result.buckets) >= 2
    smallest = verify(program, inputs_for(program)).counterexamples[0].tokens
    assert [bucket.smallest.tokens for bucket in result.buckets if bucket.proven][:1]
    assert smallest in [bucket.smallest.tokens for bucket in result.buckets]


def test_an_input_that_was_not_tried_is_blamed_for_itself_though_one_edit_mends_all_that_were() -> None:
    faults = CellEdit("rank", (2, 1), 7), CellEdit("rank", (0, 2), 1)
    program = apply(apply(SORT, faults[0]), faults[1])
    space = space_of(program)
    one, other = (_smallest_failing(apply(SORT, edit)) for edit in faults)
    blamer = Blamer(Answers(space), one, 9, None)
    known = blamer.reason(one[0])
    assert known.what == "rank, input 2, 1"
    assert blamer.reason(other[0]) == known  # if it had been tried, that edit would mend it too
    own = blamer.reason(other[0], was_tried=False)
    assert own != known
    assert (blamer.mends(own, other).tolist(), blamer.mends(known, other).tolist()) == ([True], [False])


def _smallest_failing(program: Program) -> Array:
    """[1, place]: the first sequence that a program gets wrong."""
    space = space_of(program)
    return space.every[Answers(space).judge(space.every).rows[:1]]


# Relations of a user's own ############################################################################################

OWN = """STATEMENT = "rotating the input changes no answer"

def transform(tokens):
    return None if len(set(tokens)) == 1 else tokens[1:] + tokens[:1]

def expected(tokens, output):
    return output
"""


def test_an_own_relation_is_tried_on_every_input(tmp_path: Path) -> None:
    (tmp_path / "rotate.py").write_text(OWN, encoding="utf-8")
    relation = read_relation(tmp_path / "rotate.py")
    assert fuzz(Relations(space_of(SORT), (relation,))).failing == 0
    result = fuzz(Relations(space_of(PROGRAMS["reverse"].program), (relation,)))
    assert words(result.buckets[0].smallest) == "ab"
    assert result.buckets[0].smallest.follow_up == ("<s>", "b", "a", "</s>")
    assert result.relations[0].statement == "rotating the input changes no answer"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1\n", "defines no function transform"),
        ("def transform(tokens):\n    return tokens[9]\n", "own.py:2: transform"),
        ("def transform(tokens):\n    return ['z']\n", "'z', which is no token"),
        ("def transform(tokens):\n    return tokens * 9\n", "expected 1 to 6"),
        ("def transform(tokens):\n    return 3\n", "expected a list"),
        ("def transform(tokens):\n    return tokens + ['a'] * (len(tokens) < 6)\n", "one a token"),
        (
            "def transform(tokens):\n    return tokens\ndef expected(t, o):\n    return ['q'] * len(t)\n",
            "'q'; expected",
        ),
        ("raise SystemExit\n", "sys.exit"),
        ("def transform(tokens:\n", "own.py:1: not Python"),
        ("STATEMENT = 3\ndef transform(tokens):\n    return tokens\n", "expected a string"),
    ],
)
def test_an_own_relation_that_is_wrong_is_told_so(source: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(source, encoding="utf-8")
    with pytest.raises(BadFile, match=says.replace("(", r"\(")):
        fuzz(Relations(space_of(SORT), (read_relation(tmp_path / "own.py"),)), examples=50)


def test_an_input_that_breaks_two_relations_counts_at_both() -> None:
    space = space_of(noisy("sort"))
    swap, mirror = RELATIONS["sort"]
    alone = [fuzz(Relations(space, (one,)), examples=300).failing for one in (swap, mirror)]
    for order, wanted in (((swap, mirror), alone), ((mirror, swap), alone[::-1])):
        both = fuzz(Relations(space, order), examples=300)
        assert [one.failures for one in both.relations] == wanted
        assert both.failing < sum(alone)


# Results and files ####################################################################################################


def _results() -> list[FuzzResult]:
    space = space_of(HOLEY)
    return [
        fuzz(Answers(space), name="holey.py", examples=900),
        fuzz(Relations(space, relations_of(space)), examples=900),
        fuzz(against_program(space, SORT, "sort.py")[0], examples=900),
        fuzz(against_program(space_of(SORT), HOLEY, "holey.py")[0], examples=900),
    ]


def test_a_result_comes_back_from_json_and_its_text_says_what_was_tried() -> None:
    for result in _results():
        data = json.loads(json.dumps(result.to_json(), allow_nan=False))
        assert FuzzResult.from_json(data) == result
        shown = as_text(fuzz_document(result))
        assert f"{result.failing:,} of {result.checked.inputs:,} inputs fail" in shown
        assert result.checked.description in shown
        for bucket in result.buckets:
            assert words(bucket.smallest) in shown
        compile(failing_tests(result, 'a "b"\\c.py'), "test.py", "exec")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an exact and a faulty program."""
    monkeypatch.chdir(tmp_path)
    for name, program in (
        ("exact", SORT),
        ("faulty", FAULTY),
        ("holey", HOLEY),
        ("nameless", replace(SORT, task=None)),
    ):
        (tmp_path / f"{name}.py").write_text(tprog.emit(program).text, encoding="utf-8")
    (tmp_path / "rotate.py").write_text(OWN, encoding="utf-8")
    return tmp_path


def test_the_exit_code_says_whether_an_input_fails(folder: Path, said: Said) -> None:
    assert said("fuzz", "exact.py")[0] == 0
    code, out, _ = said("fuzz", "faulty.py")
    assert code == 1
    assert "tried all 19,530 inputs: these are all that fail" in out
    line = read_module(folder / "faulty.py").lines[Entry("rank", "cell", (1, 3))]
    assert str(line) in out, "the line of the wrong cell"
    assert said("fuzz", "faulty.py", "--against", "exact.py", "--sample", "40")[0] == 1
    assert said("fuzz", "exact.py", "--metamorphic", "--relation", "rotate.py", "--sample", "40")[0] == 0
    for refused in (["--against", "exact.py", "--metamorphic"], ["--relation", "nothing"], ["--task", "hist"]):
        assert said("fuzz", "exact.py", *refused)[0] == 2
    code, _, error = said("fuzz", "nameless.py")
    assert code == 2
    assert "--against" in error


def test_known_failures_are_tried_first_until_none_fails_any_more(folder: Path, said: Said) -> None:
    first = json.loads(said("fuzz", "faulty.py", "--sample", "200", "--json")[1])
    assert (first["known"], first["failing"] > 0) == (0, True)
    again = json.loads(said("fuzz", "faulty.py", "--sample", "1", "--json")[1])
    assert again["known"] == again["known_failing"]
    assert again["failing"] >= again["known"] > 0
    (folder / "faulty.py").write_text(tprog.emit(SORT).text, encoding="utf-8")
    code, out, _ = said("fuzz", "faulty.py", "--sample", "1")
    assert code == 0
    assert "none fails any more" in out
    assert json.loads(said("fuzz", "faulty.py", "--sample", "1", "--json")[1])["known"] == 0
    assert not (folder / ".hypothesis").exists()


def test_what_broke_one_relation_is_not_said_to_keep_to_another(folder: Path, said: Said) -> None:
    assert said("fuzz", "faulty.py", "--relation", "mirror", "--sample", "300")[0] == 1
    _, out, _ = said("fuzz", "faulty.py", "--relation", "prefix", "--sample", "5")
    assert "earlier runs" not in out
    assert json.loads(said("fuzz", "faulty.py", "--relation", "mirror", "--sample", "1", "--json")[1])["known"] > 0


def test_a_written_test_asks_for_the_relation_that_failed_where_files_are_named_alike(folder: Path, said: Said) -> None:
    for name in ("a/rotate.py", "my_rotate.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("def transform(tokens):\n    return None\n", encoding="utf-8")
    (folder / "rotate.py").write_text(f"{OWN[: OWN.rindex('output')]}output[::-1]\n", encoding="utf-8")
    related = [part for name in ("a/rotate.py", "my_rotate.py", "./rotate.py") for part in ("--relation", name)]
    assert said("fuzz", "faulty.py", *related, "--sample", "50", "-o", "test_own.py")[0] == 1
    written = (folder / "test_own.py").read_text(encoding="utf-8")
    assert set(re.findall("parent / .(.*rotate.py)", written)) == {"rotate.py"}


def test_a_kept_failure_that_was_cut_short_is_none(folder: Path, said: Said) -> None:
    """As on a full disk: Hypothesis would draw what is missing, and another input be told to fail no more."""
    first = json.loads(said("fuzz", "faulty.py", "--sample", "300", "--json")[1])
    kept = [
        path for path in (folder / ".tpdebug" / "fuzz").rglob("*") if path.is_file() and "constants" not in path.parts
    ]
    assert len(kept) > first["failing"] // 2
    for path in kept:
        path.write_bytes(path.read_bytes()[:1] if len(path.read_bytes()) < 40 else path.read_bytes())
    assert json.loads(said("fuzz", "faulty.py", "--sample", "1", "--json")[1])["known"] == 0


@pytest.mark.parametrize("what", ["pipe", "/dev/zero", "large"])
def test_what_is_no_known_failure_is_not_opened(folder: Path, said: Said, what: str) -> None:
    said("fuzz", "faulty.py", "--sample", "100")
    kept = next(path for path in (folder / ".tpdebug" / "fuzz").rglob("*") if path.is_file())
    kept.unlink()
    if what == "pipe":
        os.mkfifo(kept)
    elif what == "large":
        kept.write_bytes(bytes(2**21))
    else:
        kept.symlink_to(what)
    code, _, err = said("fuzz", "faulty.py", "--sample", "100")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "is no failure that fuzz has kept" in err
    assert said("fuzz", "faulty.py", "--sample", "100", "--no-database")[0] == 1


def test_without_a_database_nothing_is_kept(folder: Path, said: Said) -> None:
    said("fuzz", "faulty.py", "--sample", "100", "--no-database")
    assert not (folder / ".tpdebug" / "fuzz").exists()
    assert not (folder / ".hypothesis").exists()


def test_the_tests_written_fail_until_the_program_is_mended(folder: Path, said: Said) -> None:
    (folder / "tests").mkdir()
    for name, options in (
        ("answers", ()),
        ("relations", ("--metamorphic",)),
        ("own", ("--relation", "rotate.py")),
        ("other", ("--against", "exact.py")),
    ):
        wanted = ("--sample", "100", "-o", f"tests/test_{name}.py")
        code, out, _ = said("fuzz", "holey.py", *options, *wanted)
        assert (code, out) == (1, "")

    def run() -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout

    failing = run()
    assert " failed" in failing
    assert " passed" not in failing.splitlines()[-1]
    (folder / "holey.py").write_text(tprog.emit(SORT).text, encoding="utf-8")
    mended = run()
    assert " passed" in mended
    assert " failed" not in mended.splitlines()[-1]


def test_whether_a_relation_is_still_broken_is_asked_of_one_input() -> None:
    tokens = ["<s>", "a", "b", "b", "b", "b", "</s>"]
    assert still_broken(FAULTY, tokens, "mirror")
    assert not still_broken(SORT, tokens, "mirror")
    assert still_broken(replace(FAULTY, task=None), tokens, "mirror", task="sort")
    with pytest.raises(BadInput):
        still_broken(SORT, ["<s>", "z", "</s>"], "mirror")
