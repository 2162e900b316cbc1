"""The verb `train`: a program learned, and its module. Only it, `sweep`, and `emit` of a run folder import torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.columns import tell_reading
from cli.modules import ModuleOption, module_path, needs_training, write_module
from cli.options import (
    complete_task,
)
from cli.output import Preset, note, say
from cli.settings import PANEL, ConfigOption, Log, configured, resumed, run_folder, takes_settings
from cli.subject import read_program
from tprog.errors import BadUsage
from tprog.escape import shell_command
from tprog.listing import counted

if TYPE_CHECKING:
    from tprog.ir.program import Program
    from trainer.config import TrainConfig
    from trainer.fit import TrainResult


@takes_settings("trainer.config", "TrainConfig", PANEL)
def train(
    task: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK",
            help="What to learn: a name that tpdebug tasks lists, or a file of your own: .py, .rasp, .csv, .tsv, "
            ".json, .jsonl.",
            show_default=False,
            autocompletion=complete_task,
        ),
    ] = None,
    file: ModuleOption = None,
    preset: Annotated[Preset, typer.Option("--preset", help="The settings to start from.")] = Preset.DEFAULT,
    config_file: ConfigOption = None,
    folder: Annotated[
        Path | None,
        typer.Option("--run-folder", metavar="DIR", help="Where the run is kept.", show_default="runs/TASK-SEED"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in that folder.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a run in that folder, and a module that tpdebug did not write.")
    ] = False,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PROGRAM",
            help="Begin with the gates and tables of this module, searched or any other, and train on. There is no "
            "search then.",
            show_default=False,
        ),
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines",
            help="Also say what simple means make of a corpus: the most frequent answer, a bag of words, a standard "
            "Transformer of the same size.",
        ),
    ] = False,
    log: Annotated[
        Log | None, typer.Option("--log", help="Write each epoch's figures to DIR/tensorboard too.", show_default=False)
    ] = None,
    **settings: object,
) -> None:
    """Train a program and write its module. Ctrl-C keeps what is learned in the run folder; --resume goes on.

    Exit 1 if a search was asked for and the program is still wrong on some input of the run; its module is written.
    """
    from tprog.words.names import is_corpus

    if baselines and (task is None or not is_corpus(task)):
        raise BadUsage("--baselines are of corpora; name one, or leave it out")
    beginning = None if start is None else _beginning(start, resume, settings)
    if resume:
        with needs_training():
            config, folder = resumed(task, folder, preset, config_file, settings)
    else:
        config = configured(task, preset, config_file, settings)
        folder = folder or run_folder(config.task, config.seed)
    if not is_corpus(config.task):  # what is read of a corpus depends on the settings, and is told as training begins
        tell_reading(config.task)
    file = module_path(_module_of(config.task) if file is None else _other_than_task(file, config.task), force)
    result = _trained(config, folder, file, resume=resume, force=force, log=log, beginning=beginning)
    write_module(result.program, file, force)
    if baselines:
        _tell_baselines(config)
    _tell(result, file, folder)


def _trained(
    config: TrainConfig,
    folder: Path,
    file: Path,
    *,
    resume: bool,
    force: bool,
    log: Log | None,
    beginning: Program | None,
) -> TrainResult:
    """What training ends with. If it is stopped, the command that goes on is told, and the exit code is 130."""
    with needs_training():
        from trainer.checkpoint import CHECKPOINT
        from trainer.fit import train as fit
        from trainer.log import TensorBoard
    board = None if log is None else TensorBoard(folder)
    on_epoch = None if board is None else board.on_epoch
    go_on = shell_command(["tpdebug", "train", config.task, "--run-folder", str(folder), "--resume", "-o", str(file)])
    try:
        result = fit(config, folder, resume=resume, overwrite=force, on_epoch=on_epoch, on_note=note, start=beginning)
    except KeyboardInterrupt:
        kept = f"stopped; what is learned is in {folder}. Go on with: {go_on}"
        note(kept if (folder / CHECKPOINT).exists() else "stopped before the first epoch")
        raise typer.Exit(130) from None
    if board is not None:
        board.write_run()
    if result.interrupted:
        after = f"stopped after {result.epochs} of {counted(config.epochs, 'epoch')}"
        note(f"{after}; what is learned is in {folder}. Go on with: {go_on}")
        note(f"for the program as it is now: {_emitting(config.task, folder, file)}")
        raise typer.Exit(130)
    return result


def _tell_baselines(config: TrainConfig) -> None:
    """Say how right other models of words are, trained on the same sentences."""
    from trainer.word_baselines import word_baselines

    for name, accuracy in word_baselines(config, lambda what: note(f"training the {what}")):
        say(f"test, {name}: {accuracy}")


def _tell(result: TrainResult, file: Path, folder: Path) -> None:
    """Say what came of a run that is done; exit 1 if it was to be exact and is not."""
    from trainer.run import told

    for split, accuracy in told(result.accuracies).items():
        say(f"{split}: {accuracy}")
    if result.rounding is not None:
        say(str(result.rounding))
    if result.refitted is not None:
        cost = "" if result.refit_seconds is None else f"; {result.refit_seconds:.0f} CPU-seconds"
        say(f"{result.refitted}{cost}")
    if result.agreement is not None:
        say(str(result.agreement))
    say(f"wrote {file}, from the run in {folder} ({_how(result)}, {result.seconds:.0f} s)")
    if result.searched and (found := _wrong_inputs(result)):
        note(
            f"{file} is the best so far, but wrong on {found}; --search SECONDS gives the search before "
            "training more time, --search 0 asks for no exact program"
        )
        raise typer.Exit(1)


def _module_of(task: str) -> Path:
    """Where the module goes if nobody says."""
    from tprog.tasks.own import task_name

    return _other_than_task(Path(f"{task_name(task)}_program.py"), task)


def _other_than_task(file: Path, task: str) -> Path:
    """The file of the module, which must not be that of the task."""
    from tprog.tasks.own import is_own

    if is_own(task) and file.resolve() == Path(task).resolve():
        raise BadUsage(f"-o {file} is the file of the task itself; name another")
    return file


def _wrong_inputs(result: TrainResult) -> str:
    """On how many inputs of each split the program is wrong; empty if on none."""
    shown = {"train": "training"}
    found = ((shown.get(split, split), wrong, total) for split, (wrong, total) in result.wrong.items() if wrong)
    return ", ".join(f"{wrong:,} of {counted(total, f'{split} input')}" for split, wrong, total in found)


def _emitting(task: str, folder: Path, file: Path) -> str:
    """The command that writes the module of a run as it is now."""
    from tprog.tasks.own import is_own

    named = ["--task", task] if is_own(task) else []
    return shell_command(["tpdebug", "emit", str(folder), "-o", str(file), *named])


def _beginning(start: str, resume: bool, settings: dict[str, object]) -> Program:
    """The program that a run begins with; there is no search then."""
    if resume or settings.get("search"):
        raise BadUsage(f"--from begins a new run, without a search; leave {'--resume' if resume else '--search'} out")
    settings["search"] = 0
    return read_program(start)


def _how(result: TrainResult) -> str:
    """Where the program of a run comes from: where there was a choice, who won."""
    if not result.epochs:
        return "found before the first epoch"
    epochs = counted(result.epochs, "epoch")
    if result.begun is None:
        return epochs
    if result.begun:
        return f"{epochs}; on validation what was there before them is as good or better, and kept"
    return f"{epochs}; on validation what was trained is better than what was there before, and kept"
