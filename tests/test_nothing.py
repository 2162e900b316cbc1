"""Programs whose values are nothing, booleans, fractions and labels, through the passes and the verbs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from analyze.blame import blame
from analyze.circuits import SubProblem, find_circuits
from analyze.circuits.ablation import parse_baseline
from analyze.dead import find_dead
from analyze.record import Result
from analyze.results.repair import RepairEdit
from analyze.trace import trace
from cli.main import main
from tests.programs import PATTERN, PROGRAMS
from tests.test_emit import compiled, emitted_outcome, outcome
from tprog.edits.edit import apply, candidates
from tprog.errors import BadProgram, BadSource, BadUsage
from tprog.ir.domains import BEGIN, Symbols
from tprog.ir.program import Classify, Embedding, Head, Lookup, Program, Weights
from tprog.ir.values import FALSE, NOTHING, TRUE, Boolean, Label, Symbol, json_value, value_of_json
from tprog.rasp.evaluate import shown
from tprog.rasp.tracr import library
from tprog.rasp.tracr.language import tokens as rasp_tokens
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.tasks.builtin import inputs_for
from tprog.tasks.own import find_task
from tprog.text.describe import reading
from tprog.text.emit import emit
from tprog.text.patch import patched_files
from tprog.text.read import read_source

DETECT = PROGRAMS["detect_pattern"].program
LETTERS = ["".join(letters) for n in range(1, 7) for letters in product("ab", repeat=n)]

KINDS: tuple[Symbol, ...] = (NOTHING, FALSE, TRUE, Label(nan))
HALVES: tuple[Symbol, ...] = (Fraction(1, 2), 1, Fraction(-7, 3))


def several_kinds() -> Program:
    """Every kind of symbol as an embedding, a query, a key, a default, a cell and a row of weights, with holes."""
    vocabulary = (BEGIN, "a", "b", "c")
    kind = Embedding("kind", KINDS, KINDS)
    half = Embedding("half", HALVES, (1, *HALVES))
    seen = Head("seen", "half", "kind", "kind", (None, (NOTHING, TRUE), (FALSE,)), "before", default=NOTHING)
    last = Head("last", "kind", "half", "half", ((Fraction(1, 2), 1),) * 4, attend="largest", by="kind")
    cells = (TRUE, FALSE, TRUE, FALSE, FALSE, TRUE, TRUE, None, FALSE, None, TRUE, FALSE)
    flag = Lookup("flag", ("seen", "last"), (None, None), (FALSE, TRUE), cells)
    terms = Weights("half", ((0, 1), (2, 0), None)), Weights("flag", ((1, 0), (0, 3)))
    return Program(vocabulary, ("x", "y"), 5, (kind, half, seen, last, flag), Classify(terms))


SEVERAL = several_kinds()
INPUTS = [[BEGIN, *letters] for n in range(1, 5) for letters in product("abc", repeat=n)]


# Exact programs #######################################################################################################


def _ends_in_pattern(text: str) -> list[str]:
    """The oracle, in plain Python: nothing where the pattern does not fit yet."""
    ends = range(1, len(text) + 1)
    return ["nothing" if end < len(PATTERN) else "FT"[text[:end].endswith(PATTERN)] for end in ends]


def test_detect_pattern_is_right_on_every_input_and_as_rasp_has_it() -> None:
    run = execute(DETECT, encode(DETECT, list(map(list, LETTERS))))
    pattern = library.detect_pattern(rasp_tokens, PATTERN)
    assert len(LETTERS) == 126
    for row, text in enumerate(LETTERS):
        assert run.spelled(row) == _ends_in_pattern(text)
        assert shown(pattern, text).split() == _ends_in_pattern(text)


def test_a_default_of_nothing_is_a_default_and_not_the_lack_of_one() -> None:
    head = Head("seen", "tokens", "tokens", "kind", ((),) * 4, default=NOTHING)
    kind = Embedding("kind", KINDS, (TRUE, FALSE, FALSE, FALSE))
    frame = replace(SEVERAL, nodes=(kind, head), readout=Classify(()))
    copied = {}
    for default in (NOTHING, None):
        program = replace(frame, nodes=(kind, replace(head, default=default)))
        copied[default] = execute(program, encode(program, [[BEGIN, "a"]])).value("seen", 0, 1)
        assert read_source(emit(program).text).program == program
    assert copied == {NOTHING: NOTHING, None: TRUE}
    assert reading(frame, head) == "selects nothing, always nothing"


def test_the_module_computes_what_execute_does_and_says_holes_in_the_same_words() -> None:
    mine = outcome(SEVERAL, INPUTS)
    run = compiled(SEVERAL)
    assert [emitted_outcome(run, tokens) for tokens in INPUTS] == mine
    holes = {str(one["hole"]) for one in mine if isinstance(one, dict)}
    assert holes == {
        "hole at seen, query Fraction(1, 2)",
        "hole at flag, input T, 1",
        "hole at readout, half = Fraction(-7, 3)",
    }


def test_the_text_is_stable_and_every_edit_is_shown_in_it() -> None:
    module = read_source(emit(SEVERAL).text, "several.py")
    assert module.program == SEVERAL
    assert emit(module.program).text == module.text
    for node in SEVERAL.nodes:
        for edit in candidates(SEVERAL, node):
            after = apply(SEVERAL, edit)
            assert read_source(patched_files(module, after)["several.py"]).program == after


# What is refused ######################################################################################################


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((1, Fraction(1)), "the fraction Fraction(1, 1) is whole; write it as 1"),
        ((0, TRUE), "holds F or T and the number 0"),
        ((FALSE, Fraction(1, 2)), "holds F or T and the number 1/2"),
        ((True, "x"), "True is a bool"),
        ((0.5, "x"), "0.5 is a float; expected a whole number, a Fraction, or a Label"),
        ((None, "x"), "None stands for a hole; the symbol of nothing is NOTHING"),
        ((Label(nan), Label(float("-nan"))), "the value label nan stands twice"),
        (((1, 2),), "a tuple"),
    ],
)
def test_a_domain_never_holds_what_python_takes_for_another_value(values: tuple[Any, ...], found: str) -> None:
    with pytest.raises(BadProgram) as refused:
        Symbols(values)
    assert found in str(refused.value)


@pytest.mark.parametrize("value", [True, 1.0, Fraction(1), TRUE])
def test_a_table_never_answers_what_python_takes_for_one_of_its_symbols(value: Any) -> None:
    with pytest.raises(BadProgram, match="not in its symbols"):
        replace(SEVERAL, nodes=(Embedding("half", (0, 1), (0, 1, value, 0)),), readout=Classify(()))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("hash(self.name)", "0", "a `_Symbol` other than the one that tpdebug writes"),
        ('_Symbol("F"), _Symbol("T")', '_Symbol("T"), _Symbol("F")', "a `_Symbol` other than"),
        ('_Symbol("label nan")', '_Symbol("label 0.10")', "`_Symbol('label 0.10')`; expected a string"),
        ('_Symbol("label nan")', '_Symbol("F")', "`_Symbol('F')`; expected a string"),
        ("class _Symbol", "class Symbol", "`class Symbol"),
        (
            "return T\n",
            "return True\n",
            "`True`; expected a string, a whole number, a Fraction, NOTHING, F, T",
        ),
        ("kind == F", "kind <= F", "an order on `kind`"),
        ("def lookup_flag(seen, last)", "def lookup_flag(T, last)", "the argument `T` of `lookup_flag`"),
    ],
)
def test_the_reader_refuses(old: str, new: str, found: str) -> None:
    text = emit(SEVERAL).text
    assert old in text
    with pytest.raises(BadSource) as refused:
        read_source(text.replace(old, new), "several.py")
    assert found in str(refused.value)


def test_a_module_without_these_symbols_has_no_names_for_them() -> None:
    text = emit(PROGRAMS["sort"].program).text
    assert "_Symbol" not in text
    with pytest.raises(BadSource, match="`T`"):
        read_source(re.sub(r"(def lookup_rank.*?return) \d+\n", r"\1 T\n", text, count=1, flags=re.DOTALL))


# Forms ################################################################################################################

ODD: tuple[Symbol, ...] = (
    *("1/2", "nothing", "T", "true", "nan", "label 0.1", "", 0, 1, -3, 10**30),
    *(NOTHING, FALSE, TRUE, Fraction(1, 2), Fraction(-(10**20), 3), Label(0.1), Label(nan), Label(inf), Label(-inf)),
)


def test_no_two_values_have_the_same_form_in_json() -> None:
    forms = [json.dumps(json_value(value), allow_nan=False) for value in ODD]
    assert len(set(forms)) == len(ODD)
    back = [value_of_json(json.loads(form)) for form in forms]
    assert back == list(ODD)
    assert list(map(type, back)) == list(map(type, ODD))
    assert json_value(NOTHING) == {"nothing": True}


@pytest.mark.parametrize(
    "found",
    [
        None,
        0.5,
        [],
        {},
        {"nothing": False},
        {"fraction": "2/4"},
        {"fraction": "1/0"},
        {"label": "0.10"},
        {"label": 1},
        {"fraction": "1e99999999999"},
    ],
)
def test_what_is_no_form_of_a_value_is_refused(found: object) -> None:
    with pytest.raises(ValueError, match="is no value"):
        value_of_json(found)


def _results(tmp_path: Path) -> list[Result]:
    inputs = inputs_for(SEVERAL)
    return [
        trace(SEVERAL, [BEGIN, "b", "c", "a"]),
        find_dead(SEVERAL, inputs),
        find_circuits(SEVERAL, inputs, [SubProblem("all")]),
        blame(SEVERAL, inputs, [BEGIN, "b", "b"], expected=[None, "x", "y"], limit=5),
    ]


def test_results_hold_values_and_come_back_from_json(tmp_path: Path) -> None:
    for result in _results(tmp_path):
        assert type(result).from_json(json.loads(json.dumps(result.to_json(), allow_nan=False))) == result
    rows = {row["variable"]: row["values"] for row in trace(SEVERAL, [BEGIN, "b", "c"]).to_json()["table"]["rows"]}
    assert rows["kind"] == [{"nothing": True}, True, {"label": "nan"}]
    assert rows["half"] == [1, 1, {"fraction": "-7/3"}]


def test_an_ablated_node_may_yield_what_is_typed_as_a_person_reads_it() -> None:
    assert parse_baseline(DETECT, "last=nothing") == ("last", NOTHING)
    assert parse_baseline(DETECT, "last = T") == ("last", TRUE)
    assert parse_baseline(SEVERAL, "last=-7/3") == ("last", Fraction(-7, 3))
    assert parse_baseline(SEVERAL, "seen=label nan") == parse_baseline(SEVERAL, "seen=nan") == ("seen", Label(nan))
    ends = Lookup("ends", ("tokens",), (None,), ("T", TRUE), ("T", TRUE, TRUE, TRUE))
    both = replace(SEVERAL, nodes=(ends,), readout=Classify(()))
    assert parse_baseline(both, "ends=T") == ("ends", TRUE)
    assert parse_baseline(both, "ends='T'") == ("ends", "T")
    with pytest.raises(BadUsage, match="is not a value of 'last'; these are nothing, F, T"):
        find_circuits(
            DETECT, inputs_for(DETECT), [SubProblem("all")], baseline=dict([parse_baseline(DETECT, "last=1")])
        )


# Seen by a person #####################################################################################################


def _told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) in (0, 1)
    return " ".join(capsys.readouterr().out.split())


def test_every_verb_shows_booleans_as_f_and_t_and_nothing_as_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    wrong = DETECT.by_name["ends"].with_answer(26, NOTHING)
    bad = replace(DETECT, nodes=(*DETECT.nodes[:-1], wrong))
    Path("good.py").write_text(emit(DETECT).text, encoding="utf-8")
    Path("bad.py").write_text(emit(bad).text, encoding="utf-8")
    assert _told(capsys, "run", "good.py", "--input", "ababa") == "nothing nothing T F T"
    traced = _told(capsys, "trace", "good.py", "--input", "aba")
    assert "last nothing F T" in traced
    blamed = _told(capsys, "blame", "bad.py", "--input", "aba", "--expect", "nothing nothing T")
    assert "ends, input T, T, T" in blamed
    assert "answer T" in blamed
    assert "+ return T" in blamed
    assert "ends T, T, T T nothing" in _told(capsys, "diff", "good.py", "bad.py")
    assert "ends, input F, F, nothing" in _told(capsys, "coverage", "good.py")
    assert "last = nothing" in _told(capsys, "circuits", "good.py", "--class", "T", "--baseline", "last=nothing")
    assert "wrote" not in _told(capsys, "simplify", "good.py", "-o", "small.py")
    small = read_source(Path("small.py").read_text(encoding="utf-8")).program
    everything = list(map(list, LETTERS))
    assert outcome(small, everything) == outcome(DETECT, everything)


ORACLE = """
from tpdebug import NOTHING

VOCABULARY, CLASSES, LONGEST, CAUSAL = ["a", "b"], [NOTHING, False, True], 6, True


def oracle(tokens):
    text = "".join(tokens)
    return [NOTHING if end < 3 else text[:end].endswith("aba") for end in range(1, len(text) + 1)]
"""


def test_an_oracle_may_answer_with_booleans_and_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pattern.py").write_text(ORACLE, encoding="utf-8")
    Path("good.py").write_text(emit(DETECT).text, encoding="utf-8")
    assert find_task("pattern.py").classes == ("nothing", "F", "T")
    assert "right on all 126 inputs of the task pattern" in _told(capsys, "verify", "good.py", "--task", "pattern.py")


def test_a_repair_says_what_an_entry_becomes() -> None:
    edit = RepairEdit("ends, input T, nothing", "ends", "cell", (TRUE, NOTHING), None, "said", becomes="answer T")
    assert edit.at == (Boolean.TRUE, NOTHING)
