"""Results as text."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from rich.console import Console

from analyze.callgraph import call_graph
from analyze.render.blame import blame_document
from analyze.render.calls import calls_document
from analyze.render.circuits import circuits_document
from analyze.render.data import csv_text
from analyze.render.dead import dead_document
from analyze.render.document import Document, document, table
from analyze.render.graph import graph_document
from analyze.render.pages import page_html
from analyze.render.terminal import FOLDED, as_text, put
from analyze.render.trace import trace_document
from analyze.render.verify import verify_document
from analyze.results.blame import Account, BlameResult, Candidate, Dependence, Share
from analyze.results.calls import CallDifference
from analyze.results.checked import Checked
from analyze.results.circuits import Circuit, CircuitNode, CircuitResult, Overlap
from analyze.results.dead import DeadEntry, DeadLine, DeadNode, DeadResult, Removal, TableCount, Verdict
from analyze.results.trace import Contrast, TraceResult, TraceRow, TraceTable
from analyze.results.verify import Counterexample, HoleCount, VerifyResult
from analyze.trace import trace
from tests import gold
from tests.programs import PROGRAMS
from tests.test_dot import SMALL, highlighted
from tprog.ir.answering import VariableKind
from tprog.text.tokens import Spacing

ALL = Checked(19_530, True, "all 19,530 inputs")
SAMPLE = Checked(500, False, "500 of 1,073,741,824 inputs, sampled with seed 0")

# Results ##############################################################################################################

WRONG = Counterexample(
    ("<s>", "b", "b", "a", "</s>"), (None, "a", "b", "b", None), (None, "a", "a", "b", None), (2,), None
)
HOLED = Counterexample(("<s>", "c", "</s>"), (None, "c", None), (None, None, None), (1,), "hole at attn_0_1, query 'c'")

VERIFY = VerifyResult(
    program="sort_program.py",
    task="sort",
    checked=ALL,
    tokens_right=112_300,
    tokens=112_305,
    token_accuracy=112_300 / 112_305,
    inputs_right=19_526,
    wrong_inputs=4,
    sequence_accuracy=19_526 / 19_530,
    counterexamples=(HOLED, WRONG),
    holes=(HoleCount("hole at attn_0_1, query 'c'", 1, ("<s>", "c", "</s>")),),
)


def rows(*values: tuple[int | str | None, ...]) -> tuple[TraceRow, ...]:
    kinds: tuple[VariableKind, ...] = ("input", "input", "numeric head", "lookup", "head")
    names = ("tokens", "positions", "less", "rank", "sorted")
    return tuple(TraceRow(n, k, "", 10 + i, v) for i, (n, k, v) in enumerate(zip(names, kinds, values, strict=True)))


TOKENS, RIGHT_TOKENS = ("<s>", "b", "a", "</s>"), ("<s>", "b", "b", "</s>")
TABLE = TraceTable(
    TOKENS,
    rows(TOKENS, (0, 1, 2, 3), (9, 1, 0, 9), (8, 1, 1, 8), ("<s>", "b", "a", "<s>")),
    (None, "b", "a", None),
    (None, "a", "b", None),
    (1, 2),
    None,
)
RIGHT_TABLE = TraceTable(
    RIGHT_TOKENS,
    rows(RIGHT_TOKENS, (0, 1, 2, 3), (9, 0, 0, 9), (8, 1, 2, 8), ("<s>", "b", "b", "<s>")),
    (None, "b", "b", None),
    (None, "b", "b", None),
    (),
    None,
)
TRACE = TraceResult("sort_program.py", TABLE, None, "")
CONTRAST = TraceResult("sort_program.py", TABLE, Contrast(RIGHT_TABLE, 1, "less", (1,), ALL), "")

DEAD = DeadResult(
    program="sort_program.py",
    checked=ALL,
    nodes=36,
    dead=(
        DeadNode(
            "attn_0_1",
            "head",
            "nearest token = f(position), copies token",
            41,
            (
                Verdict("constant", "always '<s>' on all 19,530 inputs", "enumerated", "<s>"),
                Verdict("inert", "fixed at '<s>', no prediction changes", "enumerated", "<s>"),
            ),
        ),
        DeadNode("mlp_2_0", "lookup", "table of tokens", 99, (Verdict("unread", "nothing reads it", "static"),)),
    ),
    removable=(Removal("attn_0_1", "<s>", None), Removal("mlp_2_0", None, "mlp_1_0")),
    untried=("num_attn_1_0",),
    tables=(TableCount("attn_0_1", "row", 38, 8, 2, 1, 0, 0), TableCount("mlp_2_0", "cell", 60, 8, 0, 0, 0, 0)),
    dead_entries=(
        DeadEntry("attn_0_1, query 7", "attn_0_1", "row", (7,), 39, "static"),
        DeadEntry("attn_0_1, query 2", "attn_0_1", "row", (2,), 38, "enumerated"),
    ),
    lines_with_entries=120,
    dead_lines=(DeadLine(39, ("attn_0_1, query 7",), "static"),),
)


def circuit(value: str, members: tuple[str, ...]) -> Circuit:
    return Circuit(
        problem=f"class {value!r}",
        kind="class",
        value=value,
        pairs=22_360,
        inputs=14_256,
        members=members,
        ablated=(("mlp_0_0", "a"),),
        alternatives=(("attn_0_0", "mlp_1_0"),),
        core=("attn_0_0",),
        status="smallest found, 1-minimal",
    )


CIRCUIT_NODES = (
    CircuitNode("attn_0_0", "head", "nearest token = f(position), copies token", 33),
    CircuitNode("mlp_0_0", "lookup", "table of (tokens, attn_0_0)", 44),
    CircuitNode("attn_1_0", "head", "nearest equal token, copies position", 55),
)
MEMBERS = ("attn_0_0", "attn_1_0")
CIRCUITS = CircuitResult(
    program="sort_program.py",
    checked=ALL,
    baseline="the most frequent value of each node",
    nodes=CIRCUIT_NODES,
    circuits=(circuit("a", MEMBERS), circuit("b", MEMBERS[:1]), circuit("c", ())),
    notes=("class 'e' is never predicted",),
    overlaps=(
        Overlap(0, 1, 1, len(MEMBERS), 1 / len(MEMBERS)),
        *(Overlap(at, 2, 0, len(MEMBERS), 0.0) for at in (0, 1)),
    ),
)

BEST = Candidate(
    entry="rank, input 1, 3",
    node="rank",
    part="cell",
    at=(1, 3),
    line=215,
    edit="rank, input 1, 3: answer 5",
    kind="lookup",
    mended=410,
    broken=0,
    net=410,
    restores=True,
    size=1.0,
    diff="--- sort_program.py\n+++ sort_program.py\n@@ -215 +215 @@\n-            return 4\n+            return 5\n",
    becomes="answer 5",
)
WORSE = dataclasses.replace(
    BEST,
    entry="sorted, query 5",
    edit="sorted, query 5: accept 4",
    becomes="accept 4",
    line=260,
    broken=5_761,
    net=-5_351,
    restores=False,
    diff="",
)
BLAME = BlameResult(
    program="sort_program.py",
    tokens=("<s>", "b", "b", "b", "b", "a", "</s>"),
    position=5,
    expected="b",
    predicted="a",
    right=False,
    hole=None,
    wrong=((4, "b", None), (5, "b", "a")),
    account=Account(
        "b",
        "a",
        "-3/2",
        -1.5,
        (
            Share("sorted", "<s>", 280, "0", "2", "-2", -2.0),
            Share("tokens", "a", 300, "1", "1", "0", 0.0),
            Share("rank", 1, 290, "1/2", "0", "1/2", 0.5),
        ),
    ),
    mending=16,
    candidates=(BEST, WORSE),
    proven=True,
    dependences=(),
    checked=ALL,
    wrong_before=410,
)
FINE = dataclasses.replace(
    BLAME,
    predicted="b",
    right=True,
    wrong=(),
    candidates=(),
    dependences=(
        Dependence(
            "less, query 'b'", "less", "row", ("b",), 140, True, "less, query 'b': accept 'b'", becomes="accept 'b'"
        ),
        Dependence("same, query 'b'", "same", "row", ("b",), 158, False, "", becomes=""),
    ),
)

RESULTS: dict[str, Document] = {
    "verify": verify_document(VERIFY),
    "trace": trace_document(TRACE),
    "contrast": trace_document(CONTRAST),
    "graph": graph_document(highlighted(SMALL, "attn_0_0", "attn_1_0")),
    "dead": dead_document(DEAD),
    "circuits": circuits_document(CIRCUITS),
    "circuit": circuits_document(dataclasses.replace(CIRCUITS, circuits=CIRCUITS.circuits[:1])),
    "blame": blame_document(BLAME),
    "blame_of_a_right_prediction": blame_document(FINE),
    "calls": calls_document(
        dataclasses.replace(
            call_graph("def f(): pass\ndef run(x): return map(f, x)\nrun([1])\n", "m.py"),
            differences=(
                CallDifference("run", "CLASSES", "pyan3", "CLASSES: pseudo-node: a variable, not a function"),
            ),
        )
    ),
}


def printed(result: Document, width: int = 80) -> str:
    return as_text(result, width)


# Tests ################################################################################################################


@pytest.mark.parametrize("name", RESULTS)
def test_the_text_is_as_it_was_last_read(name: str) -> None:
    gold.check(f"{name}.txt", printed(RESULTS[name]))


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("width", [1, 40, 60, 80])
def test_nothing_is_lost_in_a_narrow_terminal_nor_coloured_in_a_pipe(name: str, width: int) -> None:
    narrow, wide = printed(RESULTS[name], width), printed(RESULTS[name], 500)
    assert "\x1b" not in narrow
    assert "\N{HORIZONTAL ELLIPSIS}" not in narrow
    # Folding moves characters to other lines, and a trace in blocks repeats names.
    letters, kept = ({c: text.count(c) for c in sorted(set(text)) if c.isalnum()} for text in (wide, narrow))
    assert all(kept[c] >= count for c, count in letters.items())


@pytest.mark.parametrize("name", RESULTS)
def test_no_line_ends_in_blanks(name: str) -> None:
    assert not re.search(r" $", printed(RESULTS[name]), re.MULTILINE)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_every_entry_and_edit_of_blame_can_be_read_in_a_narrow_terminal(width: int) -> None:
    text = printed(RESULTS["blame"], width)
    for words in ("rank, input 1, 3", "answer 5", "sorted, query 5", "accept 4", "410", "-5351"):
        assert words in text


def test_a_folded_column_keeps_a_width_that_can_be_read() -> None:
    long = "word " * 20
    lines = printed(document("", "", table(("one", "two"), [(long, "short")])), 5).splitlines()
    assert max(map(len, lines)) == FOLDED + len("short") + 3
    assert sum(line.count("word") for line in lines) == 20


def test_a_table_that_fits_by_a_hair_is_not_drawn_wider_than_the_terminal() -> None:
    heads = ("", "sentences", "wrong sentences", "wrong predictions", "F1 of entities")
    row = ("never more wrong on", "all 80 sentences of some corpus", "19 -> 3", "23 -> 3", "86.96% -> 97.72%")
    lines = printed(document("", "", table(heads, [row], heads[2:])), 80).splitlines()
    assert max(map(len, lines)) == 80


def test_inputs_are_called_what_they_are_in_headings_and_data_keep_their_columns() -> None:
    said = document("", "", table(("input", "wrong inputs", "input.py"), [("a", 1, 2)], name="n"), noun="sentence")
    assert printed(said).split("\n")[1].split("   ") == ["sentence", "wrong sentences", "input.py"]
    assert csv_text(said.tables[0]).startswith("input,wrong inputs,input.py\n")
    assert '<th title="inputs with a wrong prediction">wrong sentences</th>' in page_html(said)


def test_folded_columns_become_narrower_where_the_table_then_fits() -> None:
    rows = [("abcde", *("last: nothing a a" for _ in range(4)), "neither")]
    made = document("", "", table(("input", *"abcd", "right"), rows, whole=("input", "right")))
    with_numbers = [("cause " * 4, 3, 1, *("last: nothing a a" for _ in range(4)), "neither")]
    columns = ("cause", "mended alike", "inputs that break it", *"abcd", "right")
    numbers = printed(document("", "", table(columns, with_numbers, columns[1:3], whole=("right",))), 80).splitlines()
    assert max(map(len, numbers)) <= 80
    assert [line.split() for line in numbers if "mended" in line] == [["mended", "break"]]
    for width in (80, 84, 100):
        lines = printed(made, width).splitlines()
        assert max(map(len, lines)) <= width
        assert " ".join(lines).count("nothing") == 4


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("beside", [False, True])
def test_a_trace_in_a_narrow_terminal_has_every_position_once_in_blocks_that_fit(width: int, beside: bool) -> None:
    program = PROGRAMS["dyck1"].program
    result = trace(program, ["<s>", *"()()()((()))()("])
    if beside:
        other = trace(program, ["<s>", *"(()()((()))()()"]).table
        result = dataclasses.replace(result, contrast=Contrast(other, 15, "opened", (2,), ALL))
    lines = printed(trace_document(result), width).splitlines()
    headers = [line.split()[1:] for line in lines if re.match(r"position\b", line)]
    assert [int(position) for header in headers for position in header] == list(range(16))
    assert all(len(line) <= width for line in lines)
    states = [line.split()[1 + beside :] for line in lines if line.startswith("state")]
    assert len(states) == len(headers) > 1
    (row,) = (row for row in result.table.rows if row.variable == "state")
    assert [value.rstrip("*") for part in states for value in part] == list(row.values)


def test_a_position_wider_than_the_terminal_is_not_left_out() -> None:
    assert [w for w in printed(RESULTS["trace"], 1).split() if w.isdecimal()].count("9") == 2


@pytest.mark.parametrize("name", RESULTS)
def test_a_terminal_without_unicode_gets_ascii(name: str) -> None:
    page = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    put(Console(file=page, width=80), RESULTS[name])
    page.flush()


@pytest.mark.parametrize("name", ["verify", "dead", "circuits", "circuit", "blame"])
def test_every_verdict_says_which_inputs_were_tried(name: str) -> None:
    assert "checked on all 19,530 inputs" in " ".join(printed(RESULTS[name], 200).split())


def test_a_sample_is_no_proof() -> None:
    text = printed(verify_document(dataclasses.replace(VERIFY, checked=SAMPLE)), 200)
    assert "checked on 500 of 1,073,741,824 inputs, sampled with seed 0, so this is no proof" in text


def test_the_answer_stands_first() -> None:
    first = {name: printed(result, 200).splitlines()[0] for name, result in RESULTS.items()}
    assert first["verify"] == "sort_program.py: wrong on 4 of 19,530 inputs of the task sort"
    assert first["trace"] == "sort_program.py on ba: predicts ba, expected ab (wrong at position 1, 2)"
    assert first["dead"] == "sort_program.py: 2 of 36 nodes, 2 of 16 entries and 1 of 120 lines with entries are dead"
    assert first["circuit"] == "sort_program.py: 2 of 3 nodes suffice for class 'a'"
    assert first["blame"] == "sort_program.py on bbbba, position 5: predicted 'a', expected 'b'"
    assert first["blame_of_a_right_prediction"].endswith("predicted 'b', which is right")


def test_a_program_that_is_right_says_so() -> None:
    right = dataclasses.replace(
        VERIFY, inputs_right=19_530, wrong_inputs=0, counterexamples=(), holes=(), tokens_right=112_305
    )
    text = printed(verify_document(right), 200)
    assert text.splitlines()[0] == "sort_program.py: right on all 19,530 inputs of the task sort"
    assert "100 % (112,305 of 112,305)" in text


def test_a_percentage_is_100_only_if_nothing_is_wrong() -> None:
    almost = dataclasses.replace(VERIFY, tokens=10_000_000, tokens_right=9_999_999)
    assert "per token more than 99.999 % (9,999,999 of 10,000,000)" in printed(verify_document(almost), 200)


def test_unlisted_counterexamples_are_counted() -> None:
    assert "... and 2 more wrong inputs" in printed(RESULTS["verify"])


def test_all_inputs_of_a_table_are_spaced_where_one_symbol_is_long() -> None:
    """A cell ``19 2 9`` above a cell ``229`` would be read as two ways to write an input."""
    short = dataclasses.replace(WRONG, tokens=("<s>", "2", "2", "9", "</s>"))
    shown = printed(verify_document(dataclasses.replace(VERIFY, counterexamples=(short,), spaced=Spacing(inputs=True))))
    assert "2 2 9   abb" in shown


def test_tokens_are_never_read_as_markup() -> None:
    odd = dataclasses.replace(WRONG, tokens=("<s>", "[red]", "[/]", "[b]", "</s>"))
    spaced = dataclasses.replace(VERIFY, counterexamples=(odd,), spaced=Spacing(inputs=True))
    assert "[red] [/] [b]" in printed(verify_document(spaced))
    bracketed = dataclasses.replace(TABLE, tokens=("<s>", "[red]", "[/]", "</s>"))
    assert "[red]   [/]" in printed(trace_document(dataclasses.replace(TRACE, table=bracketed)))


def test_a_long_input_is_traced_in_pieces_that_fit() -> None:
    tokens = ("<s>", *(f"word{i}" for i in range(20)))
    values = tuple(range(len(tokens)))
    table = TraceTable(tokens, rows(tokens, values, values, values, tokens), tokens, None, (), None)
    text = printed(trace_document(dataclasses.replace(TRACE, table=table)))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.count("\nsorted ") == text.count("\nposition ") > 1
    assert all(f"word{i} " in text or f"word{i}\n" in text for i in range(20))


def test_a_long_value_is_cut_in_a_trace() -> None:
    values = ("<s>", "b", "x" * 40, "</s>")
    table = dataclasses.replace(TABLE, rows=rows(values, (0, 1, 2, 3), (1, 1, 1, 1), (1, 1, 1, 1), TOKENS))
    assert "xxxxxxxxx... " in printed(trace_document(dataclasses.replace(TRACE, table=table)))


def test_behind_a_hole_a_trace_shows_nothing() -> None:
    nothing = (None,) * 4
    table = TraceTable(
        TOKENS, rows(TOKENS, (0, 1, 2, 3), (1, 1, 1, 1), nothing, nothing), nothing, None, (), "hole at rank, input 1"
    )
    text = printed(trace_document(dataclasses.replace(TRACE, table=table, note="no contrast")))
    assert text.startswith("sort_program.py on ba: hole at rank, input 1\nno contrast\n")
    assert [line.split() for line in text.splitlines() if line.startswith("rank")] == [["rank", "-", "-", "-", "-"]]


def test_a_pooled_program_has_one_prediction() -> None:
    pooled = dataclasses.replace(TABLE, predicted=("place",), expected=("place",), wrong=())
    text = printed(trace_document(dataclasses.replace(TRACE, table=pooled)))
    assert text.startswith("sort_program.py on ba: predicts place, which is right\n")
    assert "predicted" not in text
    unknown = dataclasses.replace(pooled, expected=None)
    assert printed(trace_document(dataclasses.replace(TRACE, table=unknown))).startswith(
        "sort_program.py on ba: predicts place\n"
    )


def test_a_contrast_of_inputs_of_two_lengths_shows_both() -> None:
    longer = ("<s>", "b", "b", "b", "</s>")
    values = (0, 1, 2, 3, 4)
    table = TraceTable(longer, rows(longer, values, values, values, longer), (None,) * 5, None, (), None)
    text = printed(trace_document(dataclasses.replace(TRACE, contrast=Contrast(table, 2, None, (), ALL))))
    assert "differs in 2 positions" in " ".join(text.split())
    assert "no head or lookup does, at any position that both have" in " ".join(text.split())
    assert "</s> | b" in text


def test_a_program_without_dead_nodes_has_no_table() -> None:
    alive = dataclasses.replace(DEAD, dead=(), removable=(), untried=(), dead_entries=(), dead_lines=())
    text = printed(dead_document(dataclasses.replace(alive, tables=DEAD.tables[1:])), 200)
    answer = "sort_program.py: 0 of 36 nodes, 0 of 8 entries and 0 of 120 lines with entries are dead"
    assert text == f"{answer}\nchecked on all 19,530 inputs\n"


def test_blame_says_if_no_single_edit_helps() -> None:
    text = printed(blame_document(dataclasses.replace(BLAME, candidates=(), account=None)))
    assert "no single edit of an entry makes it right" in text
    assert "logit" not in text


def test_blame_says_if_its_order_is_not_proven() -> None:
    assert "is not proven" in printed(blame_document(dataclasses.replace(BLAME, proven=False)))
    assert "is not proven" not in printed(blame_document(BLAME))


def test_blame_at_a_hole_names_it_and_the_rest_of_a_long_account_is_summed() -> None:
    holed = dataclasses.replace(BLAME, predicted=None, hole="hole at rank, input 1", position=None, wrong=())
    assert "the prediction: predicted a hole (hole at rank, input 1), expected 'b'" in printed(
        blame_document(holed), 200
    )
    text = printed(blame_document(BLAME, shown=1))
    assert "1 others" not in text
    assert "1 other" in text
    unknown = dataclasses.replace(BLAME, expected=None, right=True)
    assert printed(blame_document(unknown)).startswith("sort_program.py on bbbba, position 5: predicted 'a'\n")


def test_engines_that_agree_say_so() -> None:
    agreed = dataclasses.replace(call_graph("def f(): f()", "m.py"), differences=())
    assert printed(calls_document(agreed)).startswith("m.py: the two engines agree; libcst finds 1 function, 1 edge\n")
    assert printed(RESULTS["calls"]).startswith("m.py: the two engines differ in 1 edge; ")
    assert "engines" not in printed(calls_document(dataclasses.replace(agreed, differences=None)))


def test_lines_are_left_out_where_the_program_has_no_file() -> None:
    nodes = tuple(dataclasses.replace(node, line=None) for node in SMALL.nodes)
    assert "line" not in printed(graph_document(dataclasses.replace(SMALL, nodes=nodes)))
    assert "line" in printed(graph_document(SMALL))
