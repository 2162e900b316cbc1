"""What a published module may not be, what is told of its defects."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import main
from tests.published import Writing, write
from tests.test_classes import counts_of_digits
from tests.test_published import CASES, COPY, PLAIN, SAME, program, weights
from tprog.errors import BadFile, BadInput, BadSource
from tprog.ir.program import BEGIN, END, Head, Lookup, Readout, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.dialects.published import assignments, side
from tprog.text.dialects.published.defects import Defect
from tprog.text.read import read_module


def changed(folder: Path, old: str, new: str, name: str = "heads", file: str = "made.py") -> Path:
    """A module written for a case, with `old` exchanged for `new` in one of its files."""
    wanted, how = CASES[name]
    path = write(wanted, folder, how=how)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


REFUSED: dict[str, tuple[str, str, str]] = {
    "another select_closest": (
        "if not any(found):",
        "if len(found) < 2:",
        "a `select_closest` that is none of those known",
    ),
    "another distance": ("abs(i - at))", "i - at)", "a `select_closest` that is none of those known"),
    "another aggregate": ("if attends][0] for", "if attends][-1] for", "a `aggregate` that is none of those known"),
    "another sum": ("return [sum([", "return [max([", "a `aggregate_sum` that is none of those known"),
    "a select that looks elsewhere": (
        "[[predicate(query, key) for key in keys] for query in queries]",
        "[[predicate(query, key) for key in keys[: i + 1]] for i, query in enumerate(queries)]",
        "a `select` and a `select_closest` that see different positions",
    ),
    "a helper with a default that runs": (
        "def select(keys, queries, predicate)",
        "def select(keys, queries, predicate=print(1))",
        "a `select` that is none of those known",
    ),
    "a decorator on a helper": (
        "def aggregate(",
        "@print\ndef aggregate(",
        "a `aggregate` that is none of those known",
    ),
    "a decorator on run": ("def run(tokens):", "@print\ndef run(tokens):", "`run\\(tokens\\)`"),
    "a default that runs": ("def run(tokens):", "def run(tokens=print(1)):", "expected `run\\(tokens\\)`"),
    "another import": ("import numpy as np", "import torch", "found `import torch`, which runs code"),
    "a loop in run": ("    ones =", "    for i in tokens:\n        pass\n    ones =", "found `for i in tokens"),
    "an assignment of something else": ("ones = [1 for", "ones = [2 for", "found `\\[2 for _ in"),
    "a name twice": ("    ones =", "    positions = list(range(len(tokens)))\n    ones =", "`positions` a second time"),
    "a name that run needs": ("    ones =", "    str = list(range(len(tokens)))\n    ones =", "`str` a second time"),
    "a predicate with a call": ("        return k == 0", "        return len(k) == 0", "found `len\\(k\\)`"),
    "a predicate with a number for an answer": ("        return k == 0", "        return 1", "found `1`"),
    "a predicate over a name from outside": ("if q in {0}:", "if tokens in {0}:", "found `tokens`"),
    "an order on words": (
        'if q in {"a", "</s>"}:',
        "if q < 3:",
        "found `tokens`, whose values are words; expected numbers: `predicate_same` compares `q` by size in line",
    ),
    "a predicate that is not defined": (
        "tokens, tokens, predicate_same",
        "tokens, tokens, predicate_other",
        "found `predicate_other`",
    ),
    "a pattern that is not there": ("aggregate(same_pattern", "aggregate(other_pattern", "found `other_pattern`"),
    "a sum over the nearest": (
        "aggregate(same_pattern",
        "aggregate_sum(same_pattern",
        "over the other kind of pattern",
    ),
    "a sum of words": ("aggregate(same_pattern, positions)", "aggregate(same_pattern, nothing)", "found `nothing`"),
    "scores twice": ("[tokens_scores,", "[tokens_scores, tokens_scores,", "the scores of `tokens` a second time"),
    "scores that are not there": ("[tokens_scores,", "[some_scores,", "found `some_scores`"),
    "another sum of scores": (".sum(numeric_only=True)", ".max(numeric_only=True)", "expected `logits = "),
    "another argmax": ("logits.argmax(-1)]", "logits.argmin(-1)]", "expected `predictions = "),
    "no return": ("    return predictions.tolist()", "", "expected `return predictions.tolist\\(\\)`"),
    "a path that leaves the folder": ("programs/made/made_weights", "../../made_weights", "by a path without `..`"),
    "weights read otherwise": ("index_col=[0, 1]", "index_col=[0]", "reads no weights"),
    "no sum": ("feature_logits = ", "features = ", "sums no scores"),
    "a comparison of two arguments": ("return k == 0", "return k < q", "found `q`"),
    "a literal on the left": ('return k == "a"', 'return "a" == k', "found `'a'`; expected an argument"),
    "an identity of objects": ('return k == "a"', "return k is None", "found `k is None`; expected one of =="),
    "an order by a word": ('return k == "a"', 'return k < "a"', "found `'a'`; expected a whole number to compare"),
    "a part of a word": ('q in {"a", "</s>"}', 'q in "a"', "found `'a'`; expected a set of literals"),
    "an order by nothing": ('q in {"a", "</s>"}', "q < {}", "found `{}`; expected a string, a whole number"),
    "a row without a helper": ("def aggregate(", "def aggregates(", "`aggregate`, which the module does not define"),
    "a pattern of a number": ("aggregate(same_pattern, positions)", "aggregate(same_pattern, ones)", "found `ones`"),
    "another position": ("select_closest(positions,", "select_closest(place,", "found `place`, which nothing defines"),
    "a statement behind the sum": ("    return predictions", "    x = 1\n    return predictions", "found `x = 1`"),
    "no classes": (
        "    classes = classifier_weights.columns.to_numpy()\n",
        "",
        "expected `classes = classifier_weights",
    ),
    "a statement behind the return": ("tolist()\n", "tolist()\n    x = 1\n", "found `x = 1`; expected `return pred"),
    "scores with their index": ("df.reset_index() for df", "df for df", r"expected `feature_logits = pd.concat\("),
    "a number among the scores": ("[tokens_scores,", "[3,", "found `3`; expected scores made from"),
    "symbols as a number": (
        "str(v)) for v in positions",
        '"_") for v in positions',
        r"expected `\(feature, str\(v\)\)",
    ),
    "symbols times a number": (
        "for v in positions]]",
        "for v in positions]].mul(ones, axis=0)",
        "expected `.feature, str",
    ),
    "symbols of another name": (
        "str(v)) for v in pos",
        "str(w)) for v in pos",
        r"expected `\(feature, str\(v\)\) for v",
    ),
    "scores of nothing": ("for v in positions]]", "for v in nothing]]", "found `nothing`, which nothing defines"),
    "no run": ("def run(tokens)", "def walk(tokens)", "a module without `run`; expected .*is the file cut short"),
    "run twice": ("def run(tokens):", "def run(tokens):\n    pass\n\n\ndef run(tokens):", "found `run` a second time"),
    "an import from above": ("import numpy as np", "from ..x import Y", "names from a Python file beside the module"),
    "all of a file beside": ("import numpy as np", "from x import *", "names from a Python file beside the module"),
    "another name from beside": (
        "import numpy as np",
        "from x import Y as Z",
        "found `Y as Z`; expected the name as it",
    ),
    "a return at the top": ("tolist()\n", "tolist()\nreturn 1\n", "what Python refuses .'return' outside function"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_outside_the_dialect_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    old, new, message = REFUSED[name]
    path = changed(tmp_path, old, new)
    with pytest.raises(BadSource, match=message) as refused:
        read_module(path)
    text = path.read_text(encoding="utf-8").splitlines()
    error = refused.value
    assert str(error).startswith(f"{path}:{error.line}:{error.column}: found ")
    assert 1 <= error.line <= len(text)
    assert 1 <= error.column <= len(text[error.line - 1]) + 1
    assert "expected" in str(error)


COUNTS, ENUMS, INLINE = "counts and lookups with a default", "embeddings in enums", "embeddings in the module"
ELSEWHERE: dict[str, tuple[str, str, str, str]] = {
    "a sum of symbols": (COUNTS, "(count_pattern, ones)", "(count_pattern, tokens)", "`tokens`; expected a numeric"),
    "a head by a number": (
        COUNTS,
        "select(tokens, tokens, predicate_count",
        "select(ones, tokens, predicate_count",
        "this",
    ),
    "a lookup of some": (
        COUNTS,
        "in count_outputs]\n",
        "in count_outputs if k0]\n",
        r"expected `\[f\(k\) for k in x\]`",
    ),
    "a lookup of another name": (
        COUNTS,
        "lookup_one(k0)",
        "lookup_one(k9)",
        "`k9`; expected a name that the `for` binds",
    ),
    "a lookup of nothing": (
        COUNTS,
        "lookup_one(k0)",
        "lookup_one()",
        "expected a call with one or two plain arguments",
    ),
    "a lookup of three": (COUNTS, "lookup_one(k0)", "lookup_one(k0, k0, k0)", "expected a call with one or two plain"),
    "a lookup by keyword": (COUNTS, "lookup_one(k0)", "lookup_one(a=k0)", "expected a call with one or two plain"),
    "one name for two": (
        COUNTS,
        "lookup_numbers(k0, k1) for k0, k1",
        "lookup_numbers(k0, k0) for k0, k0",
        "k0, k1 in zip",
    ),
    "no answer and no scores": (
        COUNTS,
        "        return 0\n    one_outputs = [lookup_one(k0) for k0 in count_outputs]\n",
        "    one_outputs = [lookup_one(k0) for k0 in count_outputs]\n    def lookup_two(a):\n        if a in {0}:\n"
        "            return 1\n    two = [lookup_two(k0) for k0 in count_outputs]\n",
        "`lookup_two`, which leaves inputs without an answer; expected a `return` at its end",
    ),
    "a key under an argument's name": (COUNTS, "key = (a)\n", "a = (a)\n", r"`a = a`; expected `key = \(...\)` of"),
    "a key of something else": (COUNTS, "key = (a)\n", "key = (b)\n", "`b`; expected the argument `a`"),
    "a statement in a lookup": (COUNTS, "key = (a)\n", "key = (a)\n        x = 1\n", "`x = 1`; expected `if` with"),
    "one value for two": (COUNTS, "key in {(0, 0)", "key in {0, (0, 0)", "`0`; expected a tuple of 2 literals"),
    "three values for two": (COUNTS, "key in {(0, 0)", "key in {(0, 0, 0)", "expected a tuple of 2 literals"),
    "a fraction": (COUNTS, "key in {0, 1}", "key in {0.5, 1}", "`0.5`; expected a string, a whole number"),
    "a boolean": (COUNTS, "key in {0, 1}", "key in {True, 1}", "`True`; expected a string, a whole number"),
    "two comparisons": (COUNTS, "key in {0, 1}", "0 < key < 2", "`0 < key < 2`; expected a comparison of an argument"),
    "a call as a test": (
        COUNTS,
        "key in {0, 1}",
        "print(key)",
        r"`print\(key\)`; expected a comparison of an argument",
    ),
    "a number as symbols": (
        COUNTS,
        '"_") for v in count_outputs]].mul(count_outputs, axis=0)',
        "str(v)) for v in count_outputs]]",
        "`'_'` and `.mul`",
    ),
    "a number by another row": (COUNTS, '("count_outputs", "_")', '("count_outputs", "x")', "the row '_' times a num"),
    "a number times symbols": (COUNTS, ".mul(count_outputs,", ".mul(tokens,", "the row '_' times a numeric variable"),
    "a member that is not there": (ENUMS, "q in {Emb0.V00}", "q in {Emb0.V77}", "`Emb0.V77`, which does not exist"),
    "a member of nothing": (ENUMS, "q in {Emb0.V00}", "q in {Emb9.V00}", "`Emb9.V00`; expected a literal, or a member"),
    "another enum": (ENUMS, '[Emb0[f"', '[Emb7[f"', "the enum `Emb7`; expected one that the module imports"),
    "words of positions": (ENUMS, "embed_df.loc[tokens]", "embed_df.loc[positions]", r"`embed_df.loc\[positions\]`"),
    "a number for a word": (INLINE, "{'<s>': 0,", "{3: 0, '<s>': 0,", "`3`; expected a word in quotes and its symbol"),
    "a boolean for a symbol": (INLINE, "{'<s>': 0,", "{'<s>': True,", "`'<s>'`; expected a word in quotes and its sym"),
    "a call for a symbol": (INLINE, "'<unk>': 1", "'<unk>': print()", "`'<unk>'`; expected a word in quotes"),
    "a member of no enum": (INLINE, "{'<s>': 0,", "{'<s>': Emb0.V00,", "`Emb0.V00`; expected a literal, or a member"),
    "a table of other words": (INLINE, "for w in tokens]", "for w in positions]", "for w in positions"),
}
"""Modules with other parts: which, what is changed, and what the refusal says."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_outside_the_dialect_is_refused_in_other_modules(name: str, tmp_path: Path) -> None:
    which, old, new, message = ELSEWHERE[name]
    with pytest.raises(BadSource, match=message):
        read_module(changed(tmp_path, old, new, which))


BAD_TABLES: dict[str, tuple[str, str, str]] = {
    "a word among weights": ("tokens,a,-2.0", "tokens,a,much", "the weight 'much'"),
    "a word in a row that nothing reads": ("unused,_,0,0", "unused,_,0,much", "the weight 'much'"),
    "an infinite weight": ("tokens,a,-2.0", "tokens,a,inf", "the weight 'inf'"),
    "a weight with a comma": ("tokens,a,-2.0", 'tokens,a,"1,5"', "the weight '1,5'"),
    "a weight that no arithmetic holds": ("tokens,a,-2.0", "tokens,a,1e400", "at most 30 places"),
    "a short row": ("tokens,a,-2.0,2.0", "tokens,a,-2.0", "a row of 3 cells"),
    "a long row": ("tokens,a,-2.0,2.0", "tokens,a,-2.0,2.0,1", "a row of 5 cells"),
    "a row twice": ("tokens,b,", "tokens,a,", "the row tokens, a a second time"),
    "a class twice": ("feature,value,a,b", "feature,value,a,a", "a column without a name, or one twice"),
    "a class without a name": ("feature,value,a,b", "feature,value,a,", "a column without a name, or one twice"),
    "other columns": ("feature,value,", "kind,value,", "feature and value first"),
    "a quote that does not end": ("tokens,a,", 'tokens,"a,', "no CSV"),
    "a row that begins with a space": ("tokens,a,", " tokens,a,", "begins with a space"),
    "no begin": (f"tokens,{BEGIN},", "tokens,x,", "no token '<s>'"),
    "a weight of very many digits": (
        "tokens,a,-2.0",
        f"tokens,a,{'1' * 5000}",
        f"the weight '{'1' * 60}...'; expected at most 30 places",
    ),
    "a position of very many digits": (
        "positions,4,",
        f"positions,{'4' * 5000},",
        f"the position {'4' * 40}; expected",
    ),
    "a position far away": ("positions,4,", "positions,999999,", "the position 999999"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_table_that_nobody_can_mean_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, message = BAD_TABLES[name]
    path = changed(tmp_path, old, new, file="made_weights.csv")
    with pytest.raises(BadSource, match=message) as refused:
        read_module(path)
    assert str(refused.value).startswith(f"made_weights.csv:{refused.value.line}:")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cat, sat", "the", "the word 'the' a second time"),
        ("NA,99", "NA,many", "'many' in the column 'var0_embeddings'"),
        ("word,", "token,", "a column 'word'"),
        ("word,var0_embeddings", "word,", "a column without a name, or one twice"),
    ],
)
def test_a_table_of_words_is_checked_too(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = changed(tmp_path, old, new, "embeddings in a table", "made_embeddings.csv")
    with pytest.raises(BadSource, match=message):
        read_module(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("from enum import Enum", "from os import Enum", "found `from os import Enum`"),
        ("class Emb0(Enum):", "class Emb0(Enum, metaclass=print):", "enums of lists of words"),
        ("class Emb0(Enum):", "@print\nclass Emb0(Enum):", "enums of lists of words"),
        ("V00 = [", "V00 = [print(1), ", "found `print\\(1\\)`"),
        ("V01 = ", "V00 = ", "the member `V00`"),
        ("class Emb0", "class Emb7", "a file without the enum `Emb0`"),
        ("V00 = ", "_V00 = ", "the member `_V00`"),
        ("V00 = ", "x.V00 = ", "expected a member such as"),
        ("['<unk>']", "('<unk>',)", "expected a member such as"),
        ("class Emb0(Enum):", "class Emb0(Enum):\n\tV09 = ['z']\n\nclass Emb0(Enum):", "`Emb0` a second time"),
    ],
)
def test_a_file_of_enums_is_read_and_never_run(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = changed(tmp_path, old, new, "embeddings in enums", "made_embeddings.py")
    with pytest.raises(BadSource, match=message) as refused:
        read_module(path)
    assert str(refused.value).startswith("made_embeddings.py:")


def test_a_lookup_is_read_up_to_so_many_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, how = CASES[COUNTS]
    path = write(wanted, tmp_path, how=how)
    monkeypatch.setattr(assignments, "MOST_CELLS", 12)
    read_module(path)
    monkeypatch.setattr(assignments, "MOST_CELLS", 11)
    with pytest.raises(BadSource, match="a lookup of 12 cells, by what it reads here and says in line 47; expected at"):
        read_module(path)


def test_a_predicate_that_is_asked_for_each_pair_is_read_up_to_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignments, "MOST_PAIRS", 1)
    assert read_module(write(PLAIN, tmp_path)).program == PLAIN
    asked = changed(tmp_path, "return k == 1", "return k not in {0, 2, 3, 4}")
    monkeypatch.setattr(assignments, "MOST_PAIRS", 25)
    assert read_module(asked).program == PLAIN
    monkeypatch.setattr(assignments, "MOST_PAIRS", 24)
    with pytest.raises(BadSource, match="a predicate over 5 x 5 values that is asked for each pair"):
        read_module(asked)


@pytest.mark.parametrize(
    ("text", "message"), [("feature,value,a,b\n", "no table with 2"), ("a,b\nc,d\n", "no table with 2")]
)
def test_a_table_without_rows_or_columns_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = write(PLAIN, tmp_path)
    (tmp_path / "made_weights.csv").write_text(text)
    with pytest.raises(BadFile, match=f"made_weights.csv: {message} columns of names and at least one of values"):
        read_module(path)


def test_empty_lines_of_a_table_are_skipped_and_a_position_may_stand_anywhere(tmp_path: Path) -> None:
    path = changed(tmp_path, "positions,0,", "\npositions,0,", file="made_weights.csv")
    assert read_module(path).program == PLAIN


def test_a_table_is_read_up_to_so_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(PLAIN, tmp_path)
    count = len((tmp_path / "made_weights.csv").read_text().splitlines()) - 1
    monkeypatch.setattr(side, "_rows_in_one_piece", lambda width: count + 1)
    read_module(path)
    monkeypatch.setattr(side, "_rows_in_one_piece", lambda width: count)
    with pytest.raises(BadFile, match=f"has {count} rows; pandas reads {count} or more in pieces"):
        read_module(path)


def test_words_that_pandas_reads_as_numbers_are_refused(tmp_path: Path) -> None:
    wanted, how = CASES["embeddings in a table"]
    path = write(wanted, tmp_path, how=how)
    (tmp_path / "made_embeddings.csv").write_text("word,var0_embeddings\n1,0\n2.5,1\n1e3,2\n")
    with pytest.raises(BadSource, match="nothing but numbers in the column 'word'"):
        read_module(path)


# Side files ###########################################################################################################


def test_a_missing_side_file_is_an_error_that_says_where_was_looked(tmp_path: Path) -> None:
    path = write(PLAIN, tmp_path)
    (tmp_path / "made_weights.csv").unlink()
    with pytest.raises(BadFile, match=f"needs the side file made_weights.csv.*looked in {tmp_path}"):
        read_module(path)


def test_a_side_file_is_found_beside_the_module_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    write(PLAIN, folder)
    monkeypatch.chdir(tmp_path)
    assert read_module("deep/made.py").program == PLAIN
    monkeypatch.chdir(folder)
    assert read_module("made.py").program == PLAIN


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    folder, other = tmp_path / "here", tmp_path / "there"
    folder.mkdir()
    other.mkdir()
    path = write(PLAIN, folder)
    (folder / "made_weights.csv").rename(other / "made_weights.csv")
    os.symlink(other / "made_weights.csv", folder / "made_weights.csv")
    with pytest.raises(BadFile, match="a link that leaves the folder"):
        read_module(path)


def test_nothing_of_a_module_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read_module(write(PLAIN, tmp_path))
    assert capsys.readouterr().out == ""


# What it means ########################################################################################################


def test_a_word_without_a_row_and_one_that_pandas_reads_as_missing_are_told_apart(tmp_path: Path) -> None:
    wanted, how = CASES["embeddings in enums"]
    found = read_module(write(wanted, tmp_path, how=how)).program
    execution = execute(found, encode(found, [[BEGIN, "NA", END]]))
    assert str(execution.hole(0)) == "hole at var0_embeddings, word 'NA'"
    with pytest.raises(BadInput, match="token 1 is 'dog'; expected a word of the vocabulary"):
        encode(found, [[BEGIN, "dog", END]])


def test_two_members_with_the_same_words_are_one(tmp_path: Path) -> None:
    path = changed(tmp_path, "V03 = ['a\"b']", "V03 = ['<unk>']", "embeddings in enums", "made_embeddings.py")
    found = read_module(path).program
    assert found.symbols("var0_embeddings").values == ("Emb0.V00", "Emb0.V01", "Emb0.V02")


def test_decimals_are_kept_as_they_are_written(tmp_path: Path) -> None:
    how = Writing(missing_weights={("tokens", "a", 0): "6.0093415e-05", ("tokens", "a", 1): "-.5"})
    readout = read_module(write(PLAIN, tmp_path, how=how)).program.readout
    assert readout.scale == 10**12
    assert readout.terms[0].rows[1] == (60093415, -5 * 10**11)


def kinds(found: Sequence[Defect]) -> list[tuple[str, str]]:
    return [(defect.kind, defect.where) for defect in found]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("heads", [("falls-through", "same"), ("falls-through", "copy"), ("self-match", "same")]),
        ("heads with a branch for each query", [("self-match", "same")]),
        ("a self-match last", [("falls-through", "same"), ("falls-through", "copy")]),
        (
            "embeddings in enums",
            [("missing-row", "var0_embeddings"), ("falls-through", "near"), ("self-match", "near")],
        ),
        (
            "rows that stand twice",
            [
                ("falls-through", "same"),
                ("falls-through", "copy"),
                ("duplicate-rows", "readout"),
                ("self-match", "same"),
            ],
        ),
    ],
)
def test_defects_are_named_with_their_place(name: str, wanted: list[tuple[str, str]], tmp_path: Path) -> None:
    program_wanted, how = CASES[name]
    module = read_module(write(program_wanted, tmp_path, how=how))
    assert kinds(module.defects) == wanted
    for defect in module.defects:
        text = module.text if defect.file is None else module.sides[defect.file]
        assert 1 <= defect.line <= len(text.splitlines())


def test_a_missing_row_and_a_lookup_beyond_its_range_are_named(tmp_path: Path) -> None:
    first, how = CASES["a position without weights"]
    assert ("missing-row", "positions") in kinds(read_module(write(first, tmp_path, how=how)).defects)
    second, how = CASES["counts and lookups with a default"]
    found = {defect.where: defect for defect in read_module(write(second, tmp_path, how=how)).defects}
    assert "lookup_one` was written for count from 0 to 1; larger numbers, bounded by 5, would" in found["one"].text


def test_of_values_without_weights_the_first_eight_are_named(tmp_path: Path) -> None:
    for absent, said in ((8, "1, 2, 3, 4, 5, 6, 7, 8: run"), (9, "1, 2, 3, 4, 5, 6, 7, 8, ...: run")):
        path = write(PLAIN, tmp_path)
        table = tmp_path / "made_weights.csv"
        rows = [row for row in table.read_text().splitlines() if not row.startswith("positions,")]
        table.write_text("\n".join([*rows, "positions,0,1,2", f"positions,{absent + 1},3,4"]) + "\n")
        told = [d.text for d in read_module(path).defects if d.where == "positions"]
        assert [text.split(" = ")[1].startswith(said) for text in told] == [True]


@pytest.mark.parametrize(("absent", "more"), [(9, ""), (10, " and 2 more")])
def test_of_values_that_no_branch_is_for_the_first_are_named(absent: int, more: str, tmp_path: Path) -> None:
    words = tuple(f"w{at:02}" for at in range(absent))
    head = Head("own", "tokens", "tokens", "tokens", (("a",), *((),) * absent, ("a",)))
    made = replace(PLAIN, vocabulary=(BEGIN, *words, "a"), nodes=(head,), readout=Readout((), 10))
    path = write(replace(made, readout=Readout((Weights("tokens", ((1, 2),) * (absent + 2)),), 10)), tmp_path)
    (told,) = (defect.text for defect in read_module(path).defects if defect.kind == "falls-through")
    named = words if not more else words[:8]
    assert f"is for {', '.join(map(repr, named))}{more}: own selects nothing there" in told


def test_what_a_lookup_may_answer_are_the_numbers_that_it_says_or_that_have_weights(tmp_path: Path) -> None:
    """As long as it says numbers alone: beside words, those are rows that nothing reaches."""
    wanted, how = CASES[COUNTS]
    extra = tuple(("one_outputs", value, "1", "2") for value in ("7", "x", "_"))
    found = read_module(write(wanted, tmp_path, how=replace(how, extra_rows=extra))).program
    assert found.symbols("one").values == (0, 1, 7)
    worded = Lookup("word", ("copy",), (None,), ("u", "v"), ("u", "v", "u", "v"))
    made = program(COPY, worded, terms=(Weights("word", weights(1, 2)),))
    extra = (("word_outputs", "7", "1", "2"),)
    found = read_module(write(made, tmp_path, how=Writing(extra_rows=extra))).program
    assert found.symbols("word").values == ("u", "v")


def test_only_heads_that_can_match_their_own_position_are_named_for_it(tmp_path: Path) -> None:
    """A head by position never has a choice, unless it accepts several; nor does one that accepts nothing."""
    several = replace(COPY, name="several", predicate=((1,), (2, 3), (), (0,), (4,)))
    nothing = replace(SAME, name="nothing", predicate=((),) * 4)
    terms = tuple(Weights(name, weights(1, 2, 3, 4, 5)) for name in ("same", "nothing"))
    made = program(SAME, COPY, several, nothing, terms=terms)
    (defect,) = (d for d in read_module(write(made, tmp_path)).defects if d.kind == "self-match")
    assert "same" in defect.text
    assert "several" in defect.text
    assert "copy" not in defect.text
    assert "nothing" not in defect.text.replace("selects nothing", "")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("lookup_one", "num_mlp_0_0", "`num_mlp_0_0` was written for count from 0 to 4; larger numbers, bounded by 5,"),
        ("lookup_one", "num_mlp_1_0", None),
        (
            "lookup_numbers",
            "num_mlp_0_0",
            "`num_mlp_0_0` was written for count from 0 to 4; larger numbers, bounded by 5,",
        ),
        (
            "lookup_numbers",
            "num_mlp_1_0",
            "`num_mlp_1_0` was written for total from 0 to 9; larger numbers, bounded by",
        ),
        (
            "lookup_numbers",
            "num_mlp_4_1",
            "`num_mlp_4_1` was written for total from 0 to 24; larger numbers, bounded by",
        ),
        ("lookup_numbers", "num_mlp_5_0", None),
    ],
)
def test_the_name_of_a_lookup_says_for_which_numbers_it_was_written(
    old: str, new: str, found: str | None, tmp_path: Path
) -> None:
    """Those of so many layers, each of which adds up as many numbers as there are positions."""
    wanted, how = CASES[COUNTS]
    path = write(wanted, tmp_path, how=how)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    where = old.removeprefix("lookup_")
    said = [d.text for d in read_module(path).defects if d.kind == "out-of-range" and d.where == where]
    assert len(said) == (found is not None)
    assert all(text.startswith(found or "") for text in said)


def test_what_a_lookup_reads_beyond_its_range_is_told_by_what_inputs_make_of_it(tmp_path: Path) -> None:
    wanted, how = CASES[COUNTS]
    path = write(wanted, tmp_path, how=how)
    path.write_text(path.read_text(encoding="utf-8").replace("lookup_numbers", "num_mlp_1_0"), encoding="utf-8")
    (found,) = (d for d in read_module(path).defects if d.kind == "out-of-range" and d.where == "numbers")
    begins = "`num_mlp_1_0` was written for total from 0 to"
    assert found.met(9, None, "all inputs").text == f"{begins} 9; it is at most 9 on all inputs"
    assert found.met(10, None, "x").text == f"{begins} 9; on x it reaches 10, and larger numbers get its default"
    assert found.met(5, 3, "x").text == f"{begins} 5; it is at most 5 on x"
    assert found.met(6, 3, "x").text == f"{begins} 5; on x it reaches 6, and larger numbers get its default"
    assert replace(found, layers=0).met(9, 3, "x").text == f"{begins} 9; it is at most 9 on x"
    assert str(found).startswith(f"line {found.line}: {begins} 9; larger numbers")
    assert str(replace(found, file="a.csv")).startswith(f"a.csv {found.line}: ")


@pytest.mark.parametrize(
    ("behind", "longest"),
    [
        ("", 0),
        ("x = ['<s>']", 1),
        ("x = [['<s>', 'a', '</s>'], ('<s>', 'a', 'b', 'b', '</s>'), ['<s>', 'a']]", 5),
        ("x = ['a', '<s>', 'a']", 0),
        ("x = ['<s>', 'a', 1]", 0),
        ("x = ['<s>', 'a', run(['a'])]", 0),
    ],
)
def test_the_longest_example_is_the_longest_list_of_tokens_that_a_module_writes_out(
    behind: str, longest: int, tmp_path: Path
) -> None:
    path = write(PLAIN, tmp_path, how=Writing(examples=False))
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{behind}\n", encoding="utf-8")
    published = read_module(path).published
    assert published is not None
    assert published.longest_example == longest


def test_lines_point_at_what_answers(tmp_path: Path) -> None:
    wanted, how = CASES["counts and lookups with a default"]
    module = read_module(write(wanted, tmp_path, how=how))
    lines, rows = module.text.splitlines(), module.sides["made_weights.csv"].splitlines()
    for entry, line in module.lines.items():
        assert ("return" in lines[line - 1]) or "def predicate_" in lines[line - 1] or entry.part == "wiring"
    assert {entry.part for entry in module.lines} == {"row", "cell", "wiring"}
    for entry, (file, line) in module.side_lines.items():
        assert file == "made_weights.csv"
        assert rows[line - 1].startswith(str(entry.at[0]))


# The command line #####################################################################################################


def tpdebug(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main([*arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a module for hist that lacks the class 7."""
    monkeypatch.chdir(tmp_path)
    write(counts_of_digits(6), tmp_path, "old")
    return "old.py"


def test_verify_and_dead_name_what_a_module_does_otherwise(digits: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = tpdebug(capsys, "verify", digits, "--task", "hist")
    assert code == 1
    assert "wrong on 6 of 335,922 inputs of the task hist" in out
    assert "it has no class '7', which the task asks for" in out
    assert "no branch of `predicate_same` is for '<s>'" in out
    code, out, _ = tpdebug(capsys, "dead", digits, "--task", "hist", "--sample", "50", "--json")
    assert code == 0
    assert json.loads(out)["notes"][0] == "it has no class '7', which the task asks for"


def test_a_module_is_converted_and_stays_equal(digits: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tpdebug(capsys, "emit", digits, "-o", "new.py")[0] == 0
    assert read_module("new.py").program == read_module(digits).program
    code, _, err = tpdebug(capsys, "emit", "new.py", "-o", digits)
    assert code == 2
    assert "was not written by tpdebug" in err


def test_blame_shows_its_edit_in_the_module_itself(digits: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(digits).read_text(encoding="utf-8")
    Path(digits).write_text(text.replace('return k == "3"', 'return k == "4"'), encoding="utf-8")
    code, out, _ = tpdebug(capsys, "blame", digits, "--task", "hist", "--input", "33", "--sample", "200")
    assert code == 0
    assert "--- old.py" in out
    assert '+        if q in {"3"}:' in out
    assert '+            return k == "3"' in out


def test_a_missing_side_file_is_one_line_on_stderr(digits: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("old_weights.csv").unlink()
    code, out, err = tpdebug(capsys, "run", digits, "--input", "33")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "needs the side file old_weights.csv" in err
