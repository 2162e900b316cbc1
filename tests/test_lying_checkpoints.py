"""Run folders that lie: whatever a checkpoint says, resuming is right or is refused in one line."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from cli.main import main
from tests.test_fit import TINY, bytes_of, run_to_step
from tprog.errors import TpdebugError
from trainer import tensor_files
from trainer.checkpoint import CHECKPOINT, CONFIG
from trainer.data import prepare
from trainer.fit import train
from trainer.run import MODULE, Run

CONFIG_OF_RUN = dataclasses.replace(TINY, members=4, halvings=1, epochs=4, evaluate_every=1)
"""3 steps an epoch; the worse half is dropped after the second epoch."""

DATA = prepare(CONFIG_OF_RUN)

Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped in the middle of its third epoch (``part``), and the same one done (``whole``)."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        run_to_step(patch, folder / "part", 8, CONFIG_OF_RUN)
    train(CONFIG_OF_RUN, folder / "whole", progress=False)
    return folder


@pytest.fixture
def part(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the stopped run, to be lied in."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(runs / "part", tmp_path / "run")
    return Path("run")


def refused_to_load(folder: Path) -> str:
    """The one line with which the run in a folder is refused, without the command line around it: it is much faster."""
    with pytest.raises(TpdebugError) as found:
        Run(CONFIG_OF_RUN, DATA).load(folder)
    line = str(found.value)
    assert "\n" not in line
    assert len(line) < 600
    return line


def refused(capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    """The one line with which resuming is refused, and emitting too; nothing in the folder is touched."""
    before = bytes_of(folder)
    lines = []
    for verb in (["train", "--resume", "--run-folder", str(folder), "-o", "m.py"], ["emit", str(folder), "-o", "m.py"]):
        capsys.readouterr()
        assert main(verb) == 2, capsys.readouterr()
        out, error = capsys.readouterr()
        assert (out, error.count("\n")) == ("", 1)
        assert error.startswith("tpdebug: ")
        assert len(error) < 600
        lines.append(error)
    assert lines[0] == lines[1]
    assert bytes_of(folder) == before
    assert not Path("m.py").exists()
    return lines[0]


def rewritten(
    folder: Path,
    change: Callable[[dict[str, Any], Tensors], str | None],
    digest: Callable[[str, Mapping[str, Tensor]], str] = tensor_files._digest,
) -> None:
    """Write the checkpoint anew after a change, which may return the text of the state, under a digest that fits."""
    path = folder / CHECKPOINT
    with safe_open(path, framework="pt") as file:
        _, _, header = file.metadata()["state"].partition("\n")
        tensors = {name: file.get_tensor(name) for name in list(file.keys())}
    state = json.loads(header)
    text = change(state, tensors) or json.dumps(state)
    save_file(tensors, path, {"state": f"{digest(text, tensors)}\n{text}"})


# The state ############################################################################################################

DEEP = "[" * 50_000 + "]" * 50_000

NEVER = (
    "null",
    '"a"',
    "-1",
    "10" * 20,
    "1" * 6_000,
    "1.5",
    "true",
    "NaN",
    "-Infinity",
    "1e999",
    DEEP,
    '{"a": 1}',
    "[[]]",
)
"""What no field is."""

ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "tool": ('"other"',),
    "format": ("4",),
    "step": ("0", "3", "7.0", "9", "12", "13", '"8"', "[8]"),
    "alive": ("[]", "[0]", "[999, 1]", "[1, 0]", "[1, 1]", "[-1, 0]", "[0, 4]", "[0, 1, 2]", '["0", "1"]', "[0, 1.0]"),
    "loss_sums": (
        "[]",
        "[1.0]",
        "[1.0, -1.0]",
        "[1.0, NaN]",
        "[1.0, null]",
        '[1.0, "a"]',
        "[1.0, true]",
        "[1.0, 1e999]",
    ),
    "best_scores": (
        "[]",
        "[[1.0, 1.0]]",
        "[[1.0], [1.0]]",
        "[[0.5, 2.0], [0.5, 0.5]]",
        "[[0.5, -1], [0.5, 0.5]]",
        "[0.5, 0.5]",
        "[[0.5, null], [0.5, 0.5]]",
        '["ab", "cd"]',
    ),
    "best_epochs": ("[]", "[1]", "[0, 1]", "[1, 3]", "[1, -1]", "[1, null]", "[1, true]", "[1, 1.0]"),
    "digest": ('""', '"' + "0" * 64 + '"', '"\\ud800"', "[]"),
    "metrics": ("[]", "[{}]", "[{}, {}]", "[null, null]", '[{"epoch": 1}, {"epoch": 2}]', "[[], []]"),
    "module": (
        '{"program.py": 1}',
        '{"program.py": ""}',
        '{"../program.py": "' + "0" * 64 + '"}',
        '{"/etc/passwd": "' + "0" * 64 + '"}',
        "[]",
    ),
}
"""What a field is in no run of these settings that has made 8 steps."""


@pytest.mark.parametrize("field", ELSEWHERE)
def test_a_state_that_the_run_cannot_have_is_refused_though_its_digest_fits(
    field: str, part: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value = ""

    def lie(state: dict[str, Any], tensors: Tensors) -> str:
        state[field] = "@"
        return json.dumps(state).replace('"@"', value)

    true = (part / CHECKPOINT).read_bytes()
    for value in (*NEVER, *ELSEWHERE[field]):  # noqa: B007 (`lie` reads it)
        (part / CHECKPOINT).write_bytes(true)
        rewritten(part, lie)
        assert CHECKPOINT in refused_to_load(part) or field == "digest"
    refused(capsys, part)


@pytest.mark.parametrize(
    ("row", "key", "value"),
    [
        (0, "epoch", 2),
        (1, "epoch", "2"),
        (0, "loss", None),
        (0, "loss", -1.0),
        (0, "temperature", "hot"),
        (1, "validation_per_token", None),
        (1, "validation_per_token", 1.5),
        (1, "validation_whole_sequence", [0.5]),
        (1, "more", 1),
    ],
)
def test_a_row_of_figures_that_no_epoch_has_is_refused(row: int, key: str, value: object, part: Path) -> None:
    rewritten(part, lambda state, tensors: state["metrics"][row].update({key: value}))
    assert f"row {row + 1} of metrics" in refused_to_load(part)


@pytest.mark.parametrize("field", ["tool", "step", "module"])
def test_a_state_that_lacks_a_field_is_refused(field: str, part: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewritten(part, lambda state, tensors: state.pop(field) and None)
    assert f"lacks {field}" in refused(capsys, part)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '{"tool": "tpdebug"} {}', '{"step": 8, "more": 1}', "\0", "{}" * 99]
)
def test_a_state_that_is_no_object_of_fields_is_refused(
    text: str, part: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewritten(part, lambda state, tensors: text or " ")
    refused(capsys, part)


# Tensors ##############################################################################################################

Lie = Callable[[Tensors], object]


def _set(name: str, value: float) -> Lie:
    return lambda tensors: tensors[name].view(-1).__setitem__(3, value)


IMPOSSIBLE: Mapping[str, Lie] = {
    **{
        f"{value} in {name}": _set(name, value)
        for name in ("now", "best", "mean", "square")
        for value in (torch.nan, torch.inf)
    },
    "a negative square": _set("square", -1.0),
    "squares and means exchanged": lambda tensors: tensors.update(mean=tensors["square"], square=tensors["mean"]),
    "one row": lambda tensors: tensors.update(now=tensors["now"][:1].clone()),
    "three rows": lambda tensors: tensors.update(best=tensors["best"][[0, 1, 0]].clone()),
    "a column less": lambda tensors: tensors.update(mean=tensors["mean"][:, 1:].clone()),
    "flat": lambda tensors: tensors.update(now=tensors["now"].flatten()),
    "transposed": lambda tensors: tensors.update(now=tensors["now"].T.contiguous()),
    "empty": lambda tensors: tensors.update(now=torch.zeros(0)),
    "of double precision": lambda tensors: tensors.update(best=tensors["best"].double()),
    "of half precision": lambda tensors: tensors.update(best=tensors["best"].bfloat16()),
    "whole numbers": lambda tensors: tensors.update(best=tensors["best"].int()),
    "one missing": lambda tensors: tensors.pop("square"),
    "one more": lambda tensors: tensors.update(more=torch.zeros(1)),
    "another name": lambda tensors: tensors.update({"n\no\x1b[31mw" * 50: tensors.pop("now")}),
    "none": lambda tensors: tensors.clear(),
}
"""What is refused whatever digest it has."""

CHANGED: Mapping[str, Lie] = {
    "zero weights": lambda tensors: tensors["now"].zero_(),
    "zero best weights": lambda tensors: tensors["best"].zero_(),
    "members exchanged": lambda tensors: tensors.update(now=tensors["now"].flip(0)),
    "tensors exchanged": lambda tensors: tensors.update(now=tensors["best"], best=tensors["now"]),
    "one weight changed": _set("now", 0.125),
    "one weight of minus nothing": lambda tensors: tensors["square"].view(-1).__setitem__(0, -0.0),
}
"""What only the digest tells."""


@pytest.mark.parametrize("lie", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_tensors_that_the_run_cannot_have_are_refused_though_their_digest_fits(lie: Lie, part: Path) -> None:
    def digest(text: str, tensors: Mapping[str, Tensor]) -> str:
        plain = {name: t.float() if t.dtype == torch.bfloat16 else t for name, t in tensors.items()}
        return tensor_files._digest(text, plain)

    rewritten(part, lambda state, tensors: print(lie(tensors)), digest)
    assert CHECKPOINT in refused_to_load(part)


@pytest.mark.parametrize("lie", CHANGED.values(), ids=CHANGED)
def test_changed_tensors_are_told_by_their_digest(lie: Lie, part: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with safe_open(part / CHECKPOINT, framework="pt") as file:
        digest = file.metadata()["state"][:64]
    rewritten(part, lambda state, tensors: print(lie(tensors)), lambda text, tensors: digest)
    assert "is damaged or was changed: its digest is of other content" in refused(capsys, part)


# Bytes ################################################################################################################


def _bytes(change: Callable[[bytearray], object]) -> Callable[[Path], None]:
    def lie(path: Path) -> None:
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)

    return lie


def _flip(share: float, bit: int) -> Callable[[Path], None]:
    def flip(data: bytearray) -> None:
        data[int(share * len(data))] ^= 1 << bit

    return _bytes(flip)


def _cut(share: float) -> Callable[[Path], None]:
    def cut(data: bytearray) -> None:
        del data[int(share * len(data)) :]

    return _bytes(cut)


def _exchange(data: bytearray) -> None:
    data[:] = data[len(data) // 2 :] + data[: len(data) // 2]


def _huge_header(data: bytearray) -> None:
    data[:8] = (2**30).to_bytes(8, "little")


BYTES = {
    **{f"cut to {share}": _cut(share) for share in (0.0, 0.001, 0.1, 0.5, 0.9999)},
    **{f"bit {k % 8} at {k / 97:.3f}": _flip(k / 97, k % 8) for k in range(97)},
    **{f"bit {k % 8} at {k / 2_000:.5f}": _flip(k / 2_000, k % 8) for k in range(1, 20)},  # the header
    "more at the end": _bytes(lambda data: data.extend(b"more")),
    "two halves exchanged": _bytes(_exchange),
    "a header of a billion bytes": _bytes(_huge_header),
}


@pytest.mark.parametrize("lie", BYTES.values(), ids=BYTES)
def test_a_damaged_file_is_refused_or_resumes_to_the_same_bytes(
    lie: Callable[[Path], None], part: Path, runs: Path
) -> None:
    lie(part / CHECKPOINT)
    try:
        train(CONFIG_OF_RUN, part, progress=False, resume=True)
    except TpdebugError:
        assert CHECKPOINT in refused_to_load(part)
    else:
        assert bytes_of(part) == bytes_of(runs / "whole")


def test_a_checkpoint_that_is_no_file_is_refused(part: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (part / CHECKPOINT).unlink()
    (part / CHECKPOINT).symlink_to("/dev/zero")
    assert main(["emit", str(part)]) == 2
    assert "there is no checkpoint" in capsys.readouterr().err


# Settings and module ##################################################################################################


def test_settings_that_were_changed_are_not_taken_for_those_of_the_run(
    part: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = json.loads((part / CONFIG).read_text())
    for key, value in (("lr", 0.01), ("epochs", 5), ("seed", 1), ("dataset_size", 31)):
        (part / CONFIG).write_text(json.dumps({**settings, key: value}))
        assert "are no longer those of the run" in refused(capsys, part) or key == "epochs"


def test_a_changed_module_is_not_believed_and_one_that_is_gone_is_written_anew(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = Path("run")
    shutil.copytree(runs / "whole", run)
    text = (run / MODULE).read_text()
    for changed in (text.replace('"a"', '"b"', 1), text + "\n", "", "print(1)\n"):
        (run / MODULE).write_text(changed)
        assert main(["train", "--resume", "--run-folder", str(run), "-o", "m.py"]) == 2
        assert main(["emit", str(run)]) == 2
        told = f"tpdebug: {run / MODULE} is not what the run has written, it was changed since"
        assert capsys.readouterr().err.count(told) == 2
        assert (run / MODULE).read_text() == changed
    (run / MODULE).unlink()
    assert main(["emit", str(run), "-o", "m.py"]) == 0
    assert not (run / MODULE).exists()
    assert main(["train", "--resume", "--run-folder", str(run), "-o", "m.py"]) == 0
    assert bytes_of(run) == bytes_of(runs / "whole")


def test_a_module_that_was_written_but_not_noted_is_written_again(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException): ...

    def killed(run: Run, folder: Path) -> None:
        if run.state.module:
            raise Killed
        save(run, folder)

    save = Run.save
    with monkeypatch.context() as patch:
        patch.setattr(Run, "save", killed)
        with pytest.raises(Killed):
            train(CONFIG_OF_RUN, tmp_path / "run", progress=False)
    assert (tmp_path / "run" / MODULE).exists()
    (tmp_path / "run" / MODULE).write_text("half of it")
    train(CONFIG_OF_RUN, tmp_path / "run", progress=False, resume=True)
    assert bytes_of(tmp_path / "run") == bytes_of(runs / "whole")


def test_there_are_more_lies_than_were_told_before() -> None:
    states = sum(len(NEVER) + len(more) for more in ELSEWHERE.values())
    assert states + len(IMPOSSIBLE) + len(CHANGED) + len(BYTES) >= 255
