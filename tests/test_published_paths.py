"""Where a published module's side files are: every way to write the path, and the ways in which it gets lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main
from tests.published import Writing, run_by_python, write
from tests.strategies import some_inputs
from tests.test_published import CASES, PLAIN, own_outcomes
from tprog.edits.edit import WeightEdit, apply
from tprog.errors import BadFile, BadSource, BadUsage
from tprog.text.patch import diff
from tprog.text.read import read_module

PATH = '"programs/made/made_weights.csv"'

PATHLIB = "from pathlib import Path\n"
ANCHORED: dict[str, tuple[str, str]] = {
    "pathlib": ("from pathlib import Path\n", 'Path(__file__).parent / "made_weights.csv"'),
    "pathlib resolved": ("import pathlib\n", 'pathlib.Path(__file__).resolve().parent / "made_weights.csv"'),
    "pathlib as text": ("from pathlib import Path\n", 'str(Path(__file__).absolute().parent / "made_weights.csv")'),
    "pathlib joined": ("from pathlib import Path as P\n", 'P(__file__).parent.joinpath("made_weights.csv")'),
    "another name": ("from pathlib import Path\n", 'Path(__file__).with_name("made_weights.csv")'),
    "the stem": ("from pathlib import Path\n", 'Path(__file__).with_name(f"{Path(__file__).stem}_weights.csv")'),
    "os": ("import os\n", 'os.path.join(os.path.dirname(__file__), "made_weights.csv")'),
    "os absolute": ("import os\n", 'os.path.join(os.path.dirname(os.path.abspath(__file__)), "made_weights.csv")'),
    "os.path": ("from os import path\n", 'path.join(path.dirname(path.realpath(__file__)), "made_weights.csv")'),
    "os.path by name": ("import os.path as osp\n", 'osp.join(osp.dirname(__file__), "made_weights.csv")'),
    "functions of os.path": ("from os.path import dirname, join\n", 'join(dirname(__file__), "made_weights.csv")'),
    "an f-string": ("import os\n", 'f"{os.path.dirname(__file__)}/made_weights.csv"'),
    "a sum": ("import os\n", 'os.path.dirname(__file__) + "/made_weights.csv"'),
    "a sum with the sign": ("import os\n", 'os.path.dirname(__file__) + os.sep + "made_weights.csv"'),
    "a constant": ("from pathlib import Path\nHERE = Path(__file__).parent\n", 'HERE / "made_weights.csv"'),
    "constants": (
        "import os\nHOME = os.path.dirname(__file__)\nN = 'made_weights' + '.csv'\nFULL = os.path.join(HOME, N)\n",
        "FULL",
    ),
    "several parts": (PATHLIB, 'Path(__file__).resolve().parent.joinpath(".", "made_weights.csv")'),
    "a path as text": (PATHLIB, 'str(Path(__file__).absolute().parent) + "/made_weights.csv"'),
    "a path that is text": (PATHLIB, 'Path(__file__).parent.as_posix() + "/made_weights.csv"'),
    "its own stem": (PATHLIB, 'Path(__file__).parent / f"{Path(__file__).stem}_weights.csv"'),
    "a folder that is here": ("import os\n", 'os.path.join(os.path.dirname(__file__), ".", "made_weights.csv")'),
}
"""Imports and constants, and the path."""


def written(folder: Path, above: str, path: str, stem: str = "made", before: str = "") -> Path:
    """A module with its weights beside it that names them by some expression."""
    folder.mkdir(parents=True, exist_ok=True)
    module = write(PLAIN, folder, stem, Writing(examples=False))
    text = module.read_text(encoding="utf-8")
    old = PATH.replace("made_", f"{stem}_")
    assert old in text
    text = text.replace("    classifier_weights =", f"{before}    classifier_weights =").replace(old, path)
    module.write_text(above + text, encoding="utf-8")
    return module


def test_a_path_made_of_the_modules_own_is_the_file_that_python_reads(tmp_path: Path) -> None:
    paths = [written(tmp_path / str(n), above, path) for n, (above, path) in enumerate(ANCHORED.values())]
    local = "    folder = os.path.dirname(__file__)\n    path = os.path.join(folder, 'made_weights.csv')\n"
    paths.append(written(tmp_path / "local", "import os\n", "path", before=local))
    paths.append(written(tmp_path / "ending", PATHLIB, 'Path(__file__).with_suffix(".csv")'))
    (tmp_path / "ending" / "made_weights.csv").rename(tmp_path / "ending" / "made.csv")
    inputs = some_inputs(PLAIN, 8)
    wanted = own_outcomes(PLAIN, inputs)
    for path, found in zip(paths, run_by_python([(p, "made") for p in paths], inputs, tmp_path), strict=True):
        assert found == wanted, path.read_text()
        assert read_module(path).program == PLAIN, path.read_text()


RELATIVE: dict[str, tuple[str, str]] = {
    "slashes": ("", '"a/b/made_weights.csv"'),
    "a raw string": ("", r'r"programs\made\made_weights.csv"'),
    "doubled backslashes": ("", r'"programs\\made\\made_weights.csv"'),
    "a drive": ("", r'r"C:\Users\me\made_weights.csv"'),
    "backslashes that are no escapes": ("", r'"programs\sort\made_weights.csv"'),
    "an escape in a folder": ("", r'"programs\tasks\made_weights.csv"'),
    "Path": ("from pathlib import Path\n", 'Path("programs") / "made" / "made_weights.csv"'),
    "Path of parts": ("from pathlib import Path\n", 'Path("programs", "made_weights.csv")'),
    "os": ("import os\n", 'os.path.join("programs", "made", "made_weights.csv")'),
    "where Python runs": ("import os\n", 'os.path.join(os.getcwd(), "made_weights.csv")'),
    "Path where Python runs": ("from pathlib import Path\n", 'Path.cwd() / "made_weights.csv"'),
    "a constant": ('FOLDER = "programs/made/"\n', 'FOLDER + "made_weights.csv"'),
    "an f-string": ('FOLDER = "programs/made"\n', 'f"{FOLDER}/made_weights.csv"'),
    "absolute": ("import os\n", 'os.path.join(os.path.dirname(__file__), "/old/place/made_weights.csv")'),
}


@pytest.mark.parametrize("name", RELATIVE)
def test_a_path_from_wherever_the_author_ran_means_the_file_beside_the_module(name: str, tmp_path: Path) -> None:
    module = read_module(written(tmp_path, *RELATIVE[name]))
    assert module.program == PLAIN
    assert "lost-path" not in {defect.kind for defect in module.defects}


@pytest.mark.parametrize(
    ("stem", "path", "because"),
    [
        ("reverse", r'"programs\rasp\reverse\reverse_weights.csv"', "reverse_weights.csv was read"),
        ("best", r'"out\best_weights.csv"', "best_weights.csv was read"),
        ("tasks", r"'C:\runs\tasks_weights.csv'", "tasks_weights.csv was read"),
        ("made", r'"runs\x07\1old.csv"', "made_weights.csv was read"),
    ],
)
def test_a_path_whose_backslashes_became_escapes_is_found(stem: str, path: str, because: str, tmp_path: Path) -> None:
    module = read_module(written(tmp_path, "", path, stem))
    assert module.program == PLAIN
    told = [str(defect) for defect in module.defects if defect.kind == "lost-path"]
    assert [because in text for text in told] == [True]


def test_the_only_table_of_weights_is_taken_and_of_two_none(tmp_path: Path) -> None:
    path = written(tmp_path, "", r'"out\new.csv"')
    (tmp_path / "made_weights.csv").rename(tmp_path / "other.csv")
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    module = read_module(path)
    assert module.program == PLAIN
    assert "other.csv, the only such table beside the module, was read" in str(module.defects[0])
    (tmp_path / "second.csv").write_text((tmp_path / "other.csv").read_text())
    with pytest.raises(BadSource, match=r"2 tables that it could be, other\.csv, second\.csv.*--weights FILE"):
        read_module(path)


def test_a_plain_name_that_is_not_there_is_never_guessed(tmp_path: Path) -> None:
    path = written(tmp_path, "", '"programs/made/old_weights.csv"')
    with pytest.raises(BadFile, match=r"needs the side file old_weights\.csv.*--weights FILE"):
        read_module(path)


REFUSED: dict[str, tuple[str, str, str]] = {
    "the folder above": ("from pathlib import Path\n", 'Path(__file__).parent.parent / "x.csv"', "another folder"),
    "a folder below": ("from pathlib import Path\n", 'Path(__file__).parent / "data/x.csv"', "another folder"),
    "dots": ("import os\n", 'os.path.join(os.path.dirname(__file__), "../x.csv")', "another folder"),
    "dots from anywhere": ("", '"../x.csv"', "without `..`"),
    "the module itself": ("", "__file__", "another folder"),
    "a name beside the folder": ("import os\n", 'os.path.dirname(__file__) + "x.csv"', "expected a path in quotes"),
    "a path that is computed": ("import os\n", "os.listdir()[0]", "expected a path in quotes"),
    "an argument": ("import sys\n", "sys.argv[1]", "expected a path in quotes"),
    "a call of nothing known": ("", 'open("x.csv")', "expected a path in quotes"),
    "Path that is not imported": ("", 'Path("x.csv")', "expected a path in quotes"),
    "Path of somebody's": ("from os import remove as Path\n", 'Path("x.csv")', "expected a path in quotes"),
    "text divided": ("", '"a" / "x.csv"', "expected a path in quotes"),
    "a path plus text": ("from pathlib import Path\n", 'Path("a") + "x.csv"', "expected a path in quotes"),
    "a name of a text": ("", '"a".with_name("x.csv")', "expected a path in quotes"),
    "an ending of a name": (PATHLIB, 'Path("x").with_suffix(".csv")', "expected a path in quotes"),
    "a name that is a path": (PATHLIB, 'Path(__file__).with_name("/x/made_weights.csv")', "expected a path in quotes"),
    "a name in a folder": (PATHLIB, 'Path(__file__).with_name("old/made_weights.csv")', "expected a path in quotes"),
    "an ending without a dot": (PATHLIB, 'Path(__file__).with_suffix("_weights.csv")', "expected a path in quotes"),
    "an ending that is a dot": (PATHLIB, 'Path(__file__).with_suffix(".")', "expected a path in quotes"),
    "an ending in another folder": (PATHLIB, 'Path(__file__).with_suffix("./x.csv")', "expected a path in quotes"),
    "an ending that is a path": (PATHLIB, "Path(__file__).with_suffix(__file__)", "expected a path in quotes"),
    "a method that writes": (PATHLIB, 'Path("x.csv").rename("y.csv")', "expected a path in quotes"),
    "the module joined": ("import os\n", 'os.path.join(__file__, "x.csv")', "expected a path in quotes"),
    "a path behind the module": ("import os\n", 'os.path.join("x", __file__)', "expected a path in quotes"),
    "text behind the module": ("", '__file__ + "x.csv"', "expected a path in quotes"),
    "a number in text": ("", 'f"{3:03}_weights.csv"', "expected a path in quotes"),
    "the folder of a name alone": (PATHLIB, 'Path("..").parent / "x.csv"', "another folder"),
    "constants in a circle": ("A = B\nB = A\n", "A", "expected a path in quotes"),
    "a constant bound twice": ('A = "x.csv"\nA = "y.csv"\n', "A", "`A` a second time"),
    "a constant that does something": ('A = exec("1")\n', "A", "may change anything"),
    "a constant changed": ('A = "a.csv"\ndef f():\n    global A\n    del A\nf()\n', "A", "`run` uses that name"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_path_that_cannot_be_told_or_leaves_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    above, path, message = REFUSED[name]
    with pytest.raises(BadSource) as refused:
        read_module(written(tmp_path, above, path))
    assert message in str(refused.value)


# Weights that are named ###############################################################################################


def test_weights_that_are_named_are_read_wherever_they_are(tmp_path: Path) -> None:
    path = written(tmp_path / "here", "import sys\n", "sys.argv[1]")
    there = tmp_path / "there.csv"
    (tmp_path / "here" / "made_weights.csv").rename(there)
    module = read_module(path, there)
    assert module.program == PLAIN
    after = apply(module.program, WeightEdit("same", 1, "a", -123))
    shown = diff(module, after)
    assert f"--- {there}\n" in shown
    assert str(path) not in shown


def test_a_path_for_which_weights_are_named_must_be_harmless_all_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, "", 'exec("1")')
    with pytest.raises(BadSource, match="may change anything"):
        read_module(path, tmp_path / "made_weights.csv")


def test_weights_for_a_module_that_has_its_own_are_bad_usage(tmp_path: Path) -> None:
    path = written(tmp_path, "", PATH)
    assert main(["emit", str(path), "-o", str(tmp_path / "new.py")]) == 0
    with pytest.raises(BadUsage, match="has its weights in itself"):
        read_module(tmp_path / "new.py", tmp_path / "made_weights.csv")


def test_verbs_take_named_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "here", "import sys\n", "sys.argv[1]")
    weights = tmp_path / "w.csv"
    (tmp_path / "here" / "made_weights.csv").rename(weights)
    assert main(["run", str(path), "--weights", str(weights), "--input", "ab", "--json"]) == 0
    (wanted,) = own_outcomes(PLAIN, [["<s>", "a", "b", "</s>"]])
    assert json.loads(capsys.readouterr().out)["prediction"] == wanted
    assert main(["emit", str(path), "--weights", str(weights), "-o", str(tmp_path / "new.py")]) == 0
    assert read_module(tmp_path / "new.py").program == PLAIN
    assert main(["run", str(path), "--weights", str(tmp_path / "none.csv"), "--input", "ab"]) == 2
    assert "there is no file" in capsys.readouterr().err


# Weights in Python ####################################################################################################


def dict_module(
    folder: Path, weights: str, call: str, above: str = "from made_weights import WEIGHTS, CLASSES\n"
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = write(PLAIN, folder, how=Writing(examples=False))
    text = path.read_text(encoding="utf-8")
    start = text.index("    classifier_weights = ")
    end = text.index("\n", start)
    path.write_text(above + text[:start] + f"    classifier_weights = {call}" + text[end:], encoding="utf-8")
    (folder / "made_weights.py").write_text(weights, encoding="utf-8")
    return path


def rows(folder: Path) -> tuple[dict[tuple[str, str], list[float]], list[str]]:
    write(PLAIN, folder)
    header, *lines = (line.split(",") for line in (folder / "made_weights.csv").read_text().splitlines())
    return {(row[0], row[1]): [float(cell) for cell in row[2:]] for row in lines}, header[2:]


PATH_CALL = "pd.read_csv('programs/made/made_weights.csv', index_col=[0, 1], dtype={'feature': str})"
FROM_DICT = 'pd.DataFrame.from_dict(WEIGHTS, orient="index", columns=CLASSES)'


def test_weights_in_a_dict_are_read_as_pandas_makes_a_table_of_them(tmp_path: Path) -> None:
    found, classes = rows(tmp_path)
    lists = f'"""Weights."""\nCLASSES = {classes}\nWEIGHTS: dict = {found}\n'
    named = {key: dict(zip(classes, row, strict=True)) for key, row in found.items()}
    paths = [
        dict_module(tmp_path / "lists", lists, FROM_DICT),
        dict_module(tmp_path / "dicts", f"WEIGHTS = {named}\n", 'pd.DataFrame.from_dict(WEIGHTS, orient="index")',
                    "from made_weights import WEIGHTS\n"),
        dict_module(tmp_path / "within", "", FROM_DICT, f"WEIGHTS = {found}\nCLASSES = {classes}\n"),
    ]  # fmt: skip
    inputs = some_inputs(PLAIN, 8)
    wanted = own_outcomes(PLAIN, inputs)
    for path, outcomes in zip(paths, run_by_python([(p, "made") for p in paths], inputs, tmp_path), strict=True):
        assert outcomes == wanted, path.read_text()
        assert read_module(path).program == PLAIN, path.read_text()


def test_an_edit_of_weights_in_a_dict_is_shown_in_a_module_of_ours(tmp_path: Path) -> None:
    found, classes = rows(tmp_path)
    path = dict_module(tmp_path, f"CLASSES = {classes}\nWEIGHTS = {found}\n", FROM_DICT)
    module = read_module(path)
    shown = diff(module, apply(module.program, WeightEdit("same", 1, "a", -123)))
    assert "in the form that tpdebug writes" in shown
    assert "made_weights.py" not in shown


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("WEIGHTS = dict()", "a dict of weights written out"),
        ("import os\nWEIGHTS = {}", "and nothing else"),
        ("WEIGHTS = {('tokens', '<s>'): [print(1)]}", "a decimal number"),
        ("WEIGHTS = {('tokens', '<s>'): [1, 2], ('tokens', '<s>'): [1, 2]}", "a second time"),
        ("WEIGHTS = {('tokens', '<s>'): [1]}", "a row of 1 weights"),
        ("WEIGHTS = {('tokens', 'NA'): [1, 2]}", "no table reads as missing"),
        ("WEIGHTS = {('tokens', 0): [1, 2]}", "text in quotes"),
        ("WEIGHTS = {'tokens': [1, 2]}", "a key (feature, value)"),
        ("WEIGHTS = {('tokens', '<s>'): {'a': 1, 'b': 2}}", "the same classes"),
        ("WEIGHTS = {('tokens', '<s>'): [1, 2]}\nWEIGHTS = 1", "each name once"),
        ("WEIGHTS = {('tokens', '<s>'): 1}", "`1`; expected a list"),
        ("WEIGHTS = {('tokens', '<s>'): [1, True]}", "`True`; expected a decimal number"),
        ("WEIGHTS = {('tokens', '<s>'): [1, -True]}", "`-True`; expected a decimal number"),
        ("WEIGHTS = {}", "a dict of weights written out"),
        ("WEIGHTS = {('tokens', 'b', 'a'): [1, 2]}", "a key (feature, value)"),
        ("WEIGHT = {}", "a file without `WEIGHTS`"),
        ("WEIGHTS = {('tokens', '<s>'): [1, 2]}\nCLASSES: tuple = 1", "each name once"),
    ],
)
def test_a_file_of_weights_is_parsed_and_never_run(weights: str, message: str, tmp_path: Path) -> None:
    path = dict_module(tmp_path, f"CLASSES = ['a', 'b']\n{weights}\n", FROM_DICT)
    with pytest.raises(BadSource) as refused:
        read_module(path)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('pd.DataFrame.from_dict(NOTHING, orient="index", columns=CLASSES)', "a dict of weights, in the module or in"),
        ('pd.DataFrame.from_dict(WEIGHTS, orient="index", columns=NOTHING)', "a list of classes, beside the weights"),
        ('pd.DataFrame.from_dict(WEIGHTS, orient="index", columns=["a", "a"])', "a class twice, or none"),
        (
            'pd.DataFrame.from_dict(WEIGHTS, orient="index", columns=["a"])',
            "a row of 2 weights; expected 1, one a class",
        ),
        ('pd.DataFrame.from_dict(WEIGHTS, orient="index")', "the same classes, in the same order, in each row"),
        ('pd.DataFrame.from_dict(WEIGHTS, orient="columns", columns=CLASSES)', "enums of lists of words"),
        ("dict(WEIGHTS)", "enums of lists of words"),
        (f"{FROM_DICT}\n    more = {FROM_DICT}", "weights that are read a second time"),
        (f"{FROM_DICT}\n    more = {PATH_CALL}", "weights that are read a second time"),
        (f"{PATH_CALL}\n    more = {FROM_DICT}", "weights that are read a second time"),
    ],
)
def test_a_table_that_is_made_otherwise_of_a_dict_is_refused(call: str, message: str, tmp_path: Path) -> None:
    found, classes = rows(tmp_path)
    above = "from made_weights import WEIGHTS, CLASSES\n"
    with pytest.raises(BadSource) as refused:
        read_module(dict_module(tmp_path, f"CLASSES = {classes}\nWEIGHTS = {found}\n", call, above))
    assert message in str(refused.value)


def test_a_dict_of_weights_that_other_code_could_change_is_refused(tmp_path: Path) -> None:
    found, classes = rows(tmp_path)
    for above in ("from made_weights import WEIGHTS, CLASSES\n", f"CLASSES = {classes}\nWEIGHTS = {found}\n"):
        text = f"CLASSES = {classes}\nWEIGHTS = {found}\n"
        path = dict_module(tmp_path, text, FROM_DICT, above)
        path.write_text(path.read_text() + "\nWEIGHTS['tokens', 'a'] = [0, 0]\n")
        with pytest.raises(BadSource, match="WEIGHTS"):
            read_module(path)


def test_a_python_file_beside_a_module_is_read_as_python_reads_it(tmp_path: Path) -> None:
    found, classes = rows(tmp_path)
    path = dict_module(tmp_path, f"CLASSES = {classes}\nWEIGHTS = {found}\n", FROM_DICT)
    side = tmp_path / "made_weights.py"
    for text in ("# coding: latin-1\n", "\ufeff# coding: ascii\n", "\r# coding: raw_unicode_escape\r"):
        side.write_bytes(f"{text}CLASSES = {classes}\nWEIGHTS = {found}\n".encode())
        with pytest.raises((BadSource, BadFile), match="coding"):
            read_module(path)


def test_the_words_of_an_embedding_are_found_in_the_same_ways(tmp_path: Path) -> None:
    wanted, how = CASES["embeddings in a table"]
    path = write(wanted, tmp_path, how=how)
    text = path.read_text(encoding="utf-8")
    for above, new, lost in (
        ("from pathlib import Path\n", 'Path(__file__).parent / "made_embeddings.csv"', False),
        ("", r'"programs\made\made_embeddings.csv"', False),
        ("", r'"runs\x07\ads.csv"', True),
    ):
        path.write_text(above + text.replace('"programs/made/made_embeddings.csv"', new), encoding="utf-8")
        module = read_module(path)
        assert module.program == wanted
        assert ("lost-path" in {defect.kind for defect in module.defects}) == lost
