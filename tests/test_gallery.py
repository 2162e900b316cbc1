"""The gallery holds what its page and its records say: programs that are read, run and right."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyze.verify import verify
from tests.bench import dyck
from tests.bench.gallery import GALLERY, RECORD, TRAINED, WORDS, index
from tprog.ir.program import Head, Lookup, NumericHead, Program, Weights
from tprog.simplify.record import size
from tprog.tasks.builtin import get_task, inputs_for
from tprog.tasks.rules import UNGRADED
from tprog.text.emit import emit
from tprog.text.read import read_module

TASKS = sorted(path.parent.name for path in GALLERY.glob(f"*/{RECORD}"))

ENUMERATED = 50_000
"""Larger domains are sampled here; the records are of all inputs, or of larger samples."""

SEED = 2
"""Of these samples: the programs were trained on inputs of seed 0, and the records have another seed again."""


def recorded(task: str) -> tuple[Path, dict[str, Any]]:
    return GALLERY / task / f"{task}.py", json.loads((GALLERY / task / RECORD).read_text())


def test_there_is_a_gallery_and_its_page_is_that_of_its_records() -> None:
    assert "sort" in TASKS
    table, words, _ = (GALLERY / "README.md").read_text().partition(WORDS)
    assert (table, words) == (index(), WORDS)


def test_the_page_tells_of_every_node_of_the_programs_that_were_found_before_training() -> None:
    words = (GALLERY / "README.md").read_text()
    for name in TRAINED:
        section = words.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
        assert [
            node.name for node in read_module(recorded(name)[0]).program.nodes if f"`{node.name}`" not in section
        ] == []


@pytest.mark.parametrize("task", TASKS)
def test_a_program_is_as_large_and_as_right_as_its_record_says(task: str) -> None:
    path, record = recorded(task)
    module = read_module(path)
    sizes = size(module.program)
    assert (sizes.nodes, sizes.entries, sizes.lines) == (record["nodes"], record["entries"], record["lines"])
    assert emit(module.program, path.stem).text == module.text
    inputs = inputs_for(module.program, limit=ENUMERATED, seed=SEED)
    found = verify(module.program, inputs).wrong_inputs
    if inputs.exhaustive:
        assert (found, len(inputs.batch)) == (record["wrong_inputs"], record["inputs"])
    else:
        assert found <= record["wrong_inputs"]


@pytest.mark.parametrize("task", TASKS)
def test_a_picture_shows_every_node(task: str) -> None:
    path, _ = recorded(task)
    drawn = path.with_suffix(".svg").read_text()
    assert all(node.name in drawn for node in read_module(path).program.nodes)


def test_the_sort_program_runs_by_itself_and_is_exact() -> None:
    path, record = recorded("sort")
    assert record["wrong_inputs"] == 0
    assert record["exhaustive"]
    ran = subprocess.run([sys.executable, "-S", "-I", str(path), "cbab"], capture_output=True, text=True, check=True)
    assert ran.stdout == "abbc\n"


def dyck2() -> Program:
    return read_module(recorded("dyck2")[0]).program


def test_the_inputs_that_are_run_for_a_proof_are_all_that_there_are_down_to_the_first_break() -> None:
    task = get_task("dyck2", length=6)
    answers = task.expected(whole := task.inputs())
    f = task.classes.index("F")
    first = np.where((answers == f).any(axis=1), (answers == f).argmax(axis=1), answers.shape[1])
    cut = {tuple(row[1 : place + 1].tolist()) for row, place in zip(whole.tokens, first, strict=True)}
    run = [
        tuple((row + 1).tolist())  # <s> is the first of the vocabulary
        for symbols, _ in dyck.decisive(dyck.Open.empty(5), 2, 5)
        for row in symbols
    ]
    assert len(run) == len(cut)
    assert set(run) == cut


def test_what_the_record_says_of_dyck2_is_proven_for_all_shorter_inputs() -> None:
    found = dyck.prove(dyck2(), get_task("dyck2"), length=9)
    assert (found.balanced, found.broken, found.wrong) == (10_432, 5_628, 0)


def test_a_program_that_takes_a_wrong_bracket_for_a_right_one_is_not_proven() -> None:
    program = dyck2()
    matched = program.by_name["mlp_1_0"]
    assert isinstance(matched, Lookup)
    cells = list(matched.cells)
    at = cells.index(1, len(cells) // 2)  # of a symbol that closes
    changed = replace(matched, cells=(*cells[:at], 0, *cells[at + 1 :]))
    wrong = replace(program, nodes=tuple(changed if node is matched else node for node in program.nodes))
    assert dyck.prove(wrong, get_task("dyck2"), length=6).wrong > 0


def test_a_program_that_may_forget_a_break_is_not_proven() -> None:
    program = dyck2()
    *others, last = program.readout.terms
    assert last.variable == dyck.latch(program)
    for weights in ((0, 0, 1), (0, 0, 0), (9, 0, 9)):
        readout = replace(program.readout, terms=(*others, Weights(last.variable, (weights,))))
        with pytest.raises(SystemExit, match="makes all later answers F"):
            dyck.latch(replace(program, readout=readout))


def test_the_inputs_on_which_dyck2_is_simplified_are_nested_as_deep_as_can_be() -> None:
    inputs = dyck.varied(get_task("dyck2"), each=1)
    opens = np.isin(inputs.batch.tokens, [1, 3])
    assert opens.sum(axis=1).max() == 15
    assert inputs.expected is not None
    assert set(np.unique(inputs.expected)) == {UNGRADED, 0, 1, 2}


def test_what_the_page_says_of_sort_16_is_so_for_every_entry() -> None:
    path, _ = recorded("sort_16")
    module = runpy.run_path(str(path))
    letters, most = module["CLASSES"], module["MAX_LENGTH"] - 2
    for letter, other in product(letters, module["VOCABULARY"]):
        assert module["predicate_num_attn_0_0"](letter, other) == (other in letters and other <= letter)
        assert module["predicate_num_attn_0_1"](letter, other) == (other in letters and other < letter)
    place = module["lookup_num_mlp_0_0"]
    assert all(place(a, b) == a + b + 1 for a in range(most) for b in range(most - a))
    for n in range(1, most + 1):  # <s> and </s> count the n letters and the other mark
        assert not {place(0, n + 1), place(n + 1, 0)} & set(range(1, n + 1))
    assert all(module["predicate_num_attn_0_1"]("<s>", other) for other in module["VOCABULARY"])
    assert all(module["predicate_num_attn_0_0"]("</s>", other) for other in module["VOCABULARY"])
    each_copies_the_symbol_of_its_place(path, "attn_1_0", "num_mlp_0_0", range(1, most + 1))
    assert heads(path, "num_attn_0_0", "num_attn_0_1") == [
        ("tokens", "tokens", "ones", "before"),
        ("tokens", "tokens", "ones", "after"),
    ]
    assert read_module(path).program.by_name["num_mlp_0_0"].reads == ("num_attn_0_0", "num_attn_0_1")


def test_what_the_page_says_of_most_freq_16_is_so_for_every_entry() -> None:
    path, _ = recorded("most_freq_16")
    module = runpy.run_path(str(path))
    letters, most = module["CLASSES"][:-1], module["MAX_LENGTH"] - 1
    for letter, other in product(letters, module["VOCABULARY"]):
        for head in ("predicate_num_attn_0_0", "predicate_num_attn_0_1"):
            assert module[head](letter, other) == (letter == other)
    name, place = module["lookup_num_mlp_0_0"], module["lookup_num_mlp_1_0"]
    count = {name(n, 0): n for n in range(1, most + 1)} | {0: 0}
    assert len(count) == most + 1  # no two counts have one name
    assert all(name(n, before) == 0 for n in range(most + 1) for before in range(1, n))
    assert name(0, 0) == 0  # at <s>, which counts nothing
    assert not any(module[f"predicate_num_attn_0_{head}"]("<s>", other) for head in "01" for other in letters)
    for one, other in product(count, count):
        assert module["predicate_num_attn_1_0"](one, other) == (count[other] >= count[one])
        assert module["predicate_num_attn_1_1"](one, other) == (one == 0 or count[other] > count[one])
    assert all(place(a, b) == a + b + 1 for a in range(most) for b in range(most - a))
    for n in range(1, most + 1):  # where a letter does not occur for the first time, all n other positions are counted
        assert not {place(a, n - a) for a in range(n + 1)} & set(range(1, n + 1))
    each_copies_the_symbol_of_its_place(path, "attn_2_0", "num_mlp_1_0", range(1, most + 1))
    assert heads(path, "num_attn_0_0", "num_attn_0_1", "num_attn_1_0", "num_attn_1_1") == [
        ("tokens", "tokens", "ones", "all"),
        ("tokens", "tokens", "ones", "before"),
        ("num_mlp_0_0", "num_mlp_0_0", "ones", "before"),
        ("num_mlp_0_0", "num_mlp_0_0", "ones", "after"),
    ]
    nodes = read_module(path).program.by_name
    assert nodes["num_mlp_0_0"].reads == ("num_attn_0_0", "num_attn_0_1")
    assert nodes["num_mlp_1_0"].reads == ("num_attn_1_0", "num_attn_1_1")


def each_copies_the_symbol_of_its_place(path: Path, head: str, places: str, positions: range) -> None:
    """A head copies to each position the symbol whose place it is, <s> if there is none, and that alone is read out."""
    module, node = runpy.run_path(str(path)), read_module(path).program.by_name[head]
    assert isinstance(node, Head)
    assert (node.default, node.skip_first) == (None, False)
    assert heads(path, head) == [("positions", places, "tokens", "all")]
    for position, number in product(positions, module["DOMAINS"][places]):
        assert module[f"predicate_{head}"](position, number) == (number == position)
    assert list(module["READOUT"]) == [head]
    for answer in module["CLASSES"]:
        weights = module["READOUT"][head][answer]
        assert max(weights) == weights[module["CLASSES"].index(answer)] > sorted(weights)[-2]


def heads(path: Path, *names: str) -> list[tuple[str, str, str, str]]:
    """What heads read, as query, key and value, and where."""
    found = [read_module(path).program.by_name[name] for name in names]
    return [(node.query, node.key, node.value, node.mask) for node in found if isinstance(node, Head | NumericHead)]
