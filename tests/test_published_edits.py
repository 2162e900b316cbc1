"""An edit of a published module, shown as a change of its own text and side files."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.published import Writing, write
from tests.test_published import CASES, ENUM, PLAIN
from tprog.edits.edit import CellEdit, Change, ReadEdit, RowEdit, SelfRuleEdit, WeightEdit, WordEdit, apply
from tprog.ir.program import Head, Program, Weights
from tprog.text.patch import diff, patched_files
from tprog.text.read import Module, read_module, read_source

EDITS: dict[str, tuple[str, Change, str]] = {
    "a row accepts another key": ("heads", RowEdit("same", "a", ("b",)), 'return k == "b"'),
    "a row that was open accepts a key": ("heads", RowEdit("copy", 2, (3,)), "if q in {2}:"),
    "a row accepts nothing": ("heads", RowEdit("copy", 0, ()), "return False"),
    "a row accepts all": ("heads", RowEdit("copy", 0, (0, 1, 2, 3, 4)), "return True"),
    "a row accepts two keys": ("heads", RowEdit("copy", 0, (0, 1)), "return k in {0, 1}"),
    "a row of a count": ("causal counts", RowEdit("count", "a", ("b",)), 'return k == "b"'),
    "a row over enums": ("embeddings in enums", RowEdit("near", ENUM[0], (ENUM[3],)), "return k == Emb0.V03"),
    "a cell of counts": ("counts and lookups with a default", CellEdit("numbers", (0, 1), 1), "if key in {(0, 1)}:"),
    "a cell of one count": ("counts and lookups with a default", CellEdit("one", (0,), 0), "if key in {0}:"),
    "the cell of all larger counts": (
        "counts and lookups with a default",
        CellEdit("numbers", (1, 3), 1),
        "if a == 1 and b >= 3:",
    ),
    "a cell of two symbols": ("a lookup of two symbols", CellEdit("table", ("b", 2), 1), 'if key in {("b", 2)}:'),
    "a weight": ("heads", WeightEdit("same", 1, "a", -123), "same_outputs,1,-12.3,4.0"),
    "the weight of a number": (
        "counts and lookups with a default",
        WeightEdit("count", None, "b", 1),
        "count_outputs,_,-7.0,0.1",
    ),
    "a word's number": ("embeddings in a table", WordEdit("var0_embeddings", "cat, sat", 0), '"cat, sat",0'),
    "a word's member": ("embeddings in enums", WordEdit("var0_embeddings", "the", ENUM[3]), "the,3"),
    "a read": (
        "counts and lookups with a default",
        ReadEdit("total", "value", "ones"),
        "total_outputs = aggregate_sum(total_pattern, ones)",
    ),
    "a self-match last": (
        "heads",
        SelfRuleEdit("last"),
        "at = min(found, key=lambda at: len(keys) if at == i else abs(i - at))",
    ),
    "a self-match by count": (
        "a self-match last",
        SelfRuleEdit("match-count"),
        "at = min(found, key=lambda at: len(found) if at == i else abs(i - at))",
    ),
}
"""What is edited, how, and a line that the diff adds."""


def module(name: str, folder: Path) -> Module:
    wanted, how = CASES[name]
    return read_module(write(wanted, folder, how=how))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_shown_in_the_module_or_its_side_file_and_the_diff_applies(name: str, tmp_path: Path) -> None:
    case, edit, line = EDITS[name]
    before = module(case, tmp_path)
    after = apply(before.program, edit)
    text = diff(before, after)
    assert line in [row[1:].strip() for row in text.splitlines() if row.startswith("+")]
    changed = [row for row in text.splitlines() if row[:1] in "+-" and row[:3] not in ("+++", "---")]
    assert len(changed) <= 4
    applied(text, tmp_path)
    assert read_module(before.path).program == after


def applied(text: str, folder: Path) -> None:
    """Apply a diff with `patch -p0`."""
    if shutil.which("patch") is None:
        pytest.skip("there is no `patch` here")
    done = subprocess.run(["patch", "-p0", "-d", "/"], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_one_diff_may_be_over_the_module_and_a_side_file(tmp_path: Path) -> None:
    before = module("heads", tmp_path)
    after = apply(apply(before.program, RowEdit("same", "a", ("b",))), WeightEdit("same", 1, "a", -123))
    text = diff(before, after)
    assert f"--- {before.path}\n" in text
    assert f"--- {tmp_path / 'made_weights.csv'}\n" in text
    applied(text, tmp_path)
    assert read_module(before.path).program == after


def test_comments_and_hand_formatting_stay(tmp_path: Path) -> None:
    path = Path(module("heads", tmp_path).path)
    text = (
        path.read_text()
        .replace("        return k == ", "        return  k  ==  ")
        .replace("# what", "# by hand:  what")
    )
    path.write_text(text)
    before = read_module(path)
    (after,) = patched_files(before, apply(before.program, RowEdit("same", "a", ("b",)))).values()
    kept = [line for line in text.splitlines() if line not in after.splitlines()]
    assert kept == []
    assert len(after.splitlines()) == len(text.splitlines()) + 2


def test_what_the_dialect_cannot_say_is_shown_as_a_module_of_ours(tmp_path: Path) -> None:
    before = module("heads", tmp_path)
    masked: Program = replace(
        before.program,
        nodes=tuple(replace(n, mask="before") if isinstance(n, Head) else n for n in before.program.nodes),
    )
    for after in (masked, apply(before.program, RowEdit("copy", 0, None))):
        found = patched_files(before, after)
        assert list(found) == [before.path]
        assert "in the form that tpdebug writes" in found[before.path]
        assert read_source(found[before.path]).program == after


def test_rows_of_a_csv_that_do_not_change_keep_their_text(tmp_path: Path) -> None:
    how = Writing(missing_weights={("tokens", "a", 0): "-2.00e+1", ("tokens", "b", 1): "+10"})
    before = read_module(write(PLAIN, tmp_path, how=how))
    after = apply(before.program, WeightEdit("tokens", "a", "b", 7))
    sides = patched_files(before, after)
    old, new = before.sides["made_weights.csv"].splitlines(), sides[str(tmp_path / "made_weights.csv")].splitlines()
    assert [(one, other) for one, other in zip(old, new, strict=True) if one != other] == [
        ("tokens,a,-2.00e+1,2.0", "tokens,a,-2.00e+1,0.7")
    ]


def test_a_finer_weight_is_written_exactly(tmp_path: Path) -> None:
    before = read_module(write(PLAIN, tmp_path))
    fine = replace(before.program, readout=replace(before.program.readout, scale=10))
    terms = tuple(
        Weights(term.variable, tuple(None if row is None else (row[0] + 1, row[1]) for row in term.rows))
        for term in fine.readout.terms
    )
    after = replace(fine, readout=replace(fine.readout, terms=terms))
    found = patched_files(before, after)
    assert set(found) == {before.path, str(tmp_path / "made_weights.csv")}
    assert found[before.path] == before.text
