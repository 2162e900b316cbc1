"""What `tpdebug train` is told: options, a TOML file, a preset; what it refuses before it begins; TensorBoard."""

from __future__ import annotations

import dataclasses
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from cli.discovery import VARIABLE
from cli.main import main
from cli.settings import read_settings
from tests.said import Said
from tprog.errors import BadFile, BadUsage
from trainer import fit
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.log import FOLDER, TensorBoard
from trainer.presets import default_config, published_config

ROOT = Path(__file__).parents[1]
SMALL = shlex.split("--search 0 --dataset-size 60 --batch 16 --layers 1 --epochs 3 --vocabulary-size 5 --length 6")

FIELDS = [field for field in dataclasses.fields(TrainConfig) if field.name != "task"]
TYPES = get_type_hints(TrainConfig)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of our own."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Stop(Exception):
    """Ends a command when it would train."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., TrainConfig]:
    """The settings that a command line would train with."""
    seen: list[TrainConfig] = []

    def train(config: TrainConfig, *arguments: object, **options: object) -> None:
        seen.append(config)
        raise Stop

    def run(*arguments: str) -> TrainConfig:
        with pytest.raises(Stop):
            main(["train", *arguments])
        return seen[-1]

    monkeypatch.setattr(fit, "train", train)
    return run


# Options ##############################################################################################################


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _another(field: dataclasses.Field[Any]) -> Any:
    """A value for a setting that is not its default; the others at their defaults, it may have no meaning."""
    kinds = [kind for kind in get_args(TYPES[field.name]) or (TYPES[field.name],) if kind is not type(None)]
    if get_origin(TYPES[field.name]) is Literal:
        return next(kind for kind in kinds if kind != field.default)
    match kinds[0].__name__:
        case "bool":
            return not field.default
        case "int":
            return 100 if isinstance(field.default, int) and field.default >= 1000 else 7
        case "float":
            return float(str(field.default)) / 2
        case "str":
            return "prepared"
    raise AssertionError(f"{field.name}: no option is made for {kinds}")


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.name))
def test_every_setting_is_an_option_and_a_key_of_the_file(
    field: dataclasses.Field[Any], told: Callable[..., TrainConfig]
) -> None:
    value = _another(field)
    flag = _flag(field.name)
    given = [flag if value else flag.replace("--", "--no-")] if isinstance(value, bool) else [flag, str(value)]
    more = ["--embedding", "learned"] if field.name in ("embedding_variables", "vectors") else []
    assert getattr(told("sort", *given, *more), field.name) == value
    Path("own.toml").write_text(f"{field.name} = {json.dumps(value)}\n", encoding="utf-8")
    assert getattr(told("sort", "--config", "own.toml", *more), field.name) == value


def test_help_shows_each_option_with_its_type_and_what_the_record_says_of_it(said: Said) -> None:
    help_text = said("train", "--help")[1]
    words = " ".join(help_text.split())
    for field in FIELDS:
        assert f"{_flag(field.name)} <" in words or f"{_flag(field.name)} / " in words
        assert " ".join(field.metadata["about"].split()[:2]) in words, field.name
    assert "--predicates <one|set>" in words
    assert "--cat-heads <int>" in words
    assert "Adam's step size." in words
    assert "``" not in words
    assert "An option goes before the file, and the file before the preset." in words


def test_help_needs_no_torch_and_no_numpy() -> None:
    heavy = ("torch", "numpy", "rich")
    code = f"import sys; from cli.main import main; main(); print([m for m in {heavy} if m in sys.modules])"
    for arguments in (["--help"], ["train", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert done.stdout.splitlines()[-1] == "[]"


# The file #############################################################################################################


def test_an_option_goes_before_the_file_and_the_file_before_the_preset(told: Callable[..., TrainConfig]) -> None:
    preset = default_config("sort")
    assert told("sort") == preset
    assert told("sort", "--preset", "published") == published_config("sort")
    Path("own.toml").write_text("layers = 5\nepochs = 6\nlr = 1\n", encoding="utf-8")
    config = told("sort", "--config", "own.toml", "--epochs", "7", "--seed", "3")
    assert config == dataclasses.replace(preset, layers=5, epochs=7, lr=1, seed=3)


def test_the_file_may_name_the_task_from_where_it_lies(told: Callable[..., TrainConfig], said: Said) -> None:
    Path("deep").mkdir()
    Path("deep/own.toml").write_text('\ufefftask = "knit.py"\n', encoding="utf-8")
    assert told("--config", "deep/own.toml").task == "deep/knit.py"
    assert told("hist", "--config", "deep/own.toml").task == "hist"
    Path("own.toml").write_text('task = "reverse"\n', encoding="utf-8")
    assert told("--config", "own.toml").task == "reverse"
    code, _, err = said("train", "--epochs", "3")
    assert (code, err.count("\n")) == (2, 1)
    assert (
        "no task is named; give one that tpdebug tasks lists, or a file of your own (.py, .rasp, .csv, .tsv, .json, "
        ".jsonl)" in err
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layres = 2", "own.toml: unknown setting 'layres'; the nearest known one is layers"),
        ("cat-heads = 2", "own.toml: unknown setting 'cat-heads'; the nearest known one is cat_heads"),
        ("layers = 2\nlayers = 3", "own.toml: not TOML (Cannot overwrite a value (at "),
        ("layers 2", "own.toml: not TOML (Expected '=' after a key in a key/value pair (at line 1"),
        ("a = " + "[" * 5000, "own.toml: not TOML that can be read (nested too deep)"),
        ("a = " + "9" * 5000, "own.toml: not TOML (Exceeds the limit"),
        (".".join("a" * 200) + " = 1", "own.toml:1: a key of more than 100 parts"),
        ("[train]\nlayers = 2", "own.toml: [train] is a table; expected settings alone, such as layers = 2"),
        ("[[layers]]\nx = 2", "own.toml: layers is [{'x': 2}], a list; expected int"),
        ("layers = 'two'", "own.toml: layers is 'two', a str; expected int"),
        ("layers = 0", "own.toml: layers is 0; expected at least 1"),
        ("layers = true", "own.toml: layers is True, a bool; expected int"),
        ("lr = nan", "own.toml: lr is nan; expected a finite number above 0"),
        ("task = 3", "own.toml: task is 3; expected a name or a path in quotes"),
        ("task = 'knit'", "there is no task 'knit'; the tasks are reverse"),
        ("", "own.toml is empty; expected settings as TOML, such as layers = 2"),
        ("layers = 2\0", "own.toml is a binary file"),
    ],
)
def test_a_file_that_holds_no_settings_is_refused(text: str, message: str, said: Said, folder: Path) -> None:
    Path("own.toml").write_text(text, encoding="utf-8")
    task = [] if "task" in text else ["sort"]
    code, out, err = said("train", *task, "--config", "own.toml")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert [path.name for path in folder.iterdir()] == ["own.toml"]


def test_a_file_of_settings_must_be_there() -> None:
    with pytest.raises(BadFile, match=r"there is no file none\.toml; expected settings as TOML"):
        read_settings(Path("none.toml"))


def test_a_run_that_goes_on_takes_no_settings_and_need_not_be_named_twice(said: Said) -> None:
    Path("own.toml").write_text("layers = 1\n", encoding="utf-8")
    assert said("train", "sort", *SMALL, "--seed", "4")[0] == 0
    assert said("train", "sort", "--seed", "4", "--resume")[0] == 0
    assert said("train", "--run-folder", "runs/sort-4", "--resume")[0] == 0
    for more, message in (
        (["--layers", "1"], "--resume goes on with the run's own settings; leave --layers out"),
        (["--config", "own.toml"], "leave --config out"),
        (["--preset", "demo", "--cat-heads", "1"], "leave --preset, --cat-heads out"),
        (["--seed", "5", "--run-folder", "runs/sort-4"], "the run in runs/sort-4 has the seed 4, not 5"),
        (["hist", "--run-folder", "runs/sort-4"], "the run in runs/sort-4 is about the task sort, not hist"),
        ([], "which run is to go on? name its task, or its folder with --run-folder"),
        (["runs/sort-4"], "runs/sort-4 is the folder of a run, not a task; write --run-folder runs/sort-4"),
    ):
        code, _, err = said("train", "--resume", *more)
        assert (code, err.count("\n")) == (2, 1)
        assert message in err


# Before training ######################################################################################################

OWN = {
    "wide.py": "VOCABULARY = [f'w{i}' for i in range(2000)]\nLONGEST = 3",
    "long.py": "VOCABULARY = 'ab'\nLONGEST = 30",
    "same.py": "VOCABULARY = 'ab'\nLONGEST = 5\ndef oracle(tokens): return ['x'] * len(tokens)",
    "none.py": "VOCABULARY = 'ab'\nLONGEST = 5\ndef oracle(tokens): return [None] * len(tokens)",
    "lone.py": "VOCABULARY = 'ab'\nCLASSES = 'x'\nLONGEST = 5",
    "few.csv": "input,output\na b,x y\nb a,y x\na,x\n",
    "late.py": "VOCABULARY = 'ab'\nLONGEST = 5\nasked = []\ndef oracle(tokens):\n    asked.append(tokens)\n"
    "    return ['xy'[len(asked) > 60] if t == tokens[0] else 'y' for t in tokens]",
    "fine.py": "VOCABULARY = 'ab'\nLONGEST = 5",
}
HEAD = "CLASSES = 'xy'\ndef oracle(tokens): return ['x' if t == tokens[0] else 'y' for t in tokens]\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("sort --vocabulary-size 4", "all answers of the task 'sort' at this size are of one class ('a')"),
        ("sort --cardinality 7", "N is 8, but cardinality 7 holds no more positions; raise it or shorten N"),
        ("hist --vocabulary-size 20 --cardinality 10", "the vocabulary has 19 words, but cardinality 10 holds no more"),
        (
            "sort --dataset-size 100 --batch 512",
            "batch is 512, but there are only 80 training inputs (80 % of 100 different ones)",
        ),
        ("sort --length 3 --batch 1", "5 different inputs are too few to split 80/10/10; expected at least 10"),
        ("sort --lr 0", "lr is 0.0; expected a finite number above 0"),
        ("knit", "there is no task 'knit'; the tasks are reverse, "),
        ("fine.py --cardinality 5 --batch 8", "N is 6, but cardinality 5 holds no more positions"),
        (
            "fine.py --batch 512",
            "batch is 512, but there are only 49 training inputs (80 % of 62 different ones); lower batch",
        ),
        ("fine.py --vocabulary-size 3", "vocabulary_size is 3, but fine.py itself says what its inputs are"),
        ("fine.py --preset published", "there is no published size for the task 'fine.py'"),
        ("fine.py -o fine.py --force", "-o fine.py is the file of the task itself; name another"),
        ("fine.py -o fine_program.txt", "a program is written as a module; expected the ending .py"),
        ("long.py --cardinality 16", "N is 31, but cardinality 16 holds no more positions"),
        ("wide.py", "the vocabulary has 2001 words and the longest input 4 tokens, so each predicate would have 2,001"),
        ("same.py --batch 8", "all answers of the task 'same' are of one class ('x'), so there is nothing to learn"),
        ("none.py --batch 8", "all answers of the task 'none' are of one class (none), so there is nothing to learn"),
        ("lone.py --batch 8", "lone.py: CLASSES holds only 'x', so there is nothing to learn"),
        ("late.py --batch 8", "answers otherwise when asked again; expected one answer"),
        (
            "few.csv --batch 512",
            "batch is 512, but there are only 2 training inputs (80 % of 3 different ones); lower batch",
        ),
        ("few.csv --batch 1", "3 different inputs are too few to split 80/10/10; expected at least 10"),
        ("gone.csv", "there is no file gone.csv; expected examples with an input and an output each"),
    ],
)
def test_a_run_that_cannot_work_is_refused_before_anything_is_written(
    arguments: str, message: str, said: Said, folder: Path
) -> None:
    for name, text in OWN.items():
        Path(name).write_text(HEAD + text if name.endswith(".py") else text, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, err = said("train", *arguments.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def _examples(lengths: Sequence[int], rare: str) -> str:
    """All inputs of some lengths with an answer a letter; the last answer of all is the rare one."""
    words = [word for length in lengths for word in product("ab", repeat=length)]
    lines = [f"{' '.join(word)},{' '.join('xy'[letter == 'b'] for letter in word)}" for word in words]
    return "\n".join(["input,output", *lines])[:-1] + f"{rare}\n"


@pytest.mark.parametrize(
    ("lengths", "rare", "told"),
    [
        ((1, 2, 3, 4), "z", "no training input has the answer 'z', so no program can learn it; give more examples"),
        ((4,), "x", "all training inputs have 4 tokens; of shorter or longer ones nothing will be known"),
        ((1, 2, 3, 4), "x", ""),
    ],
)
def test_what_examples_leave_open_is_said_before_training(
    lengths: Sequence[int],
    rare: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("own.csv").write_text(_examples(lengths, rare), encoding="utf-8")
    configs = [TrainConfig("own.csv", batch=8, data_seed=seed) for seed in range(100)]
    seed = next(config.data_seed for config in configs if not told or prepare(config).notes)
    monkeypatch.setattr(fit, "_claimed", _stop)
    with pytest.raises(Stop):
        main(["train", "own.csv", "--batch", "8", "--data-seed", str(seed)])
    error = capsys.readouterr().err
    assert told in error
    assert ("training input" in error) == bool(told)


def _stop(*arguments: object) -> None:
    raise Stop


# TensorBoard ##########################################################################################################


class Board:
    """What the package's SummaryWriter does, on files of one scalar a line."""

    count = 0

    def __init__(self, log_dir: str) -> None:
        Path(log_dir).mkdir(parents=True, exist_ok=True)
        Board.count += 1
        self.path = Path(log_dir) / f"events.out.tfevents.{Board.count}"

    def add_scalar(self, name: str, value: float, step: int) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{step} {name} {value}\n")

    def flush(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands for the package tensorboard."""
    module = ModuleType("torch.utils.tensorboard")
    vars(module)["SummaryWriter"] = Board
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)


def _scalars(run: Path) -> list[str]:
    return [line for path in sorted((run / FOLDER).iterdir()) for line in path.read_text(encoding="utf-8").splitlines()]


def _rows(count: int) -> SimpleNamespace:
    return SimpleNamespace(metrics=[{"epoch": e, "loss": 1 / e, "accuracy": None} for e in range(1, count + 1)])


@pytest.mark.usefixtures("board")
def test_each_epoch_is_written_once_though_the_run_was_killed_in_between(folder: Path) -> None:
    first = TensorBoard(folder)
    assert not (folder / FOLDER).exists()
    for done in (1, 2, 3):
        first.on_epoch(_rows(done))
    again = TensorBoard(folder)  # the checkpoint was of epoch 1
    (folder / FOLDER / "notes.txt").write_text("mine", encoding="utf-8")
    for done in (2, 3, 4):
        again.on_epoch(_rows(done))
    (folder / FOLDER / "notes.txt").unlink()  # what is not ours stayed
    assert _scalars(folder) == ["1 loss 1.0", "2 loss 0.5", f"3 loss {1 / 3}", "4 loss 0.25"]


@pytest.mark.usefixtures("board")
def test_training_writes_its_figures_where_tensorboard_finds_them(said: Said) -> None:
    assert said("train", "sort", *SMALL, "--log", "tensorboard")[0] == 0
    once = _scalars(Path("runs/sort-0"))
    assert {line.split()[0] for line in once} == {"1", "2", "3"}
    assert sum(" loss " in line for line in once) == 3
    assert said("train", "sort", "--resume", "--log", "tensorboard")[0] == 0
    assert _scalars(Path("runs/sort-0")) == once


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize("metrics", ["{", "[]", "{}", '{"epoch": "1"}', '{"epoch": 1, "loss": "x"}', "[" * 99_999])
def test_noted_figures_that_are_none_are_refused(metrics: str, folder: Path) -> None:
    (folder / "metrics.jsonl").write_text(metrics)
    with pytest.raises(BadFile, match=r"metrics\.jsonl") as refused:
        TensorBoard(folder).write_run()
    assert "\n" not in str(refused.value)


def test_without_the_package_the_way_to_get_it_is_told_before_training(
    said: Said, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as if it were not installed
    code, out, err = said("train", "sort", "--log", "tensorboard")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--log tensorboard needs the package tensorboard" in err
    assert "pip install tensorboard" in err
    assert not list(folder.iterdir())
    with pytest.raises(BadUsage, match="pip install tensorboard"):
        TensorBoard(folder)


@pytest.mark.usefixtures("board")
def test_a_program_that_was_found_without_training_has_no_figures(said: Said) -> None:
    code, _, err = said("train", "sort", *SMALL, "--layers", "2", "--search", "60", "--log", "tensorboard")
    assert (code, len(err.splitlines())) == (0, 1)
    assert err.startswith("tpdebug: the search had only 27 inputs with answers, fewer than 300; ")
    assert _scalars(Path("runs/sort-0")) == []
