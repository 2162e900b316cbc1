"""The verb `train-gpt`: an ordinary decoder, trained on a next-token task, to be decompiled."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.columns import tell_reading
from cli.modules import needs_training
from cli.output import note, say
from cli.settings import expect_named, takes_settings
from tprog.errors import BadUsage
from tprog.escape import shell_command

if TYPE_CHECKING:
    from trainer.gpt_settings import GptTraining


def complete_task(incomplete: str) -> list[str]:
    """The names of tasks that begin so; where none does, a shell offers files."""
    from tprog.tasks.builtin import TASKS
    from tprog.tasks.next_token import NEXT_TOKEN_TASKS

    return [name for name in (*NEXT_TOKEN_TASKS, *TASKS) if name.startswith(incomplete)]


@takes_settings("trainer.gpt_settings", "GptTraining", "Settings", defaults=True)
def train_gpt(
    task: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK",
            help="What to learn: a name that tpdebug tasks --next-token or tpdebug tasks lists, or a file of your "
            "own: .py, .rasp, .csv, .tsv, .json, .jsonl.",
            show_default=False,
            autocompletion=complete_task,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="The model's folder.", show_default="models/TASK-SEED"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in that folder.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a model in that folder.")] = False,
    **settings: object,
) -> None:
    """Train a small GPT, to decompile it. Ctrl-C keeps what is learned; --resume goes on."""
    from tprog.tasks.next_token.find import find_next_token_task
    from trainer.gpt_settings import GptTraining

    with needs_training():
        from trainer.gpt.run import train_gpt as fit
    given = {key: value for key, value in settings.items() if value is not None}
    if resume:
        config, folder = _resumed(task, folder, given)
    elif task is None:
        raise BadUsage("no task is named; give one that tpdebug tasks --next-token lists, or a file of your own")
    else:
        config = GptTraining.from_mapping({**given, "task": task})
        folder = folder or _folder(task, config.seed)
    learned = find_next_token_task(config.task, config.length)
    tell_reading(config.task)
    go_on = shell_command(["tpdebug", "train-gpt", config.task, "-o", str(folder), "--resume"])
    try:
        result = fit(config, learned, folder, resume=resume, overwrite=force)
    except KeyboardInterrupt:
        note(f"stopped; what was kept before is in {folder}. Go on with: {go_on}")
        raise typer.Exit(130) from None
    if result.interrupted:
        note(f"stopped after {result.steps:,} of {config.steps:,} steps; {folder} has the model as it is")
        note(f"go on with: {go_on}")
        raise typer.Exit(130)
    for where, found in (("", result.accuracies), (", at random offsets", result.shifted)):
        for (least, most), accuracy in found:
            say(f"lengths {least} to {most}{where}: {accuracy}")
    say(f"wrote {folder} ({result.parameters:,} parameters, {result.steps:,} steps, {result.seconds:.0f} s)")


def _folder(task: str, seed: int) -> Path:
    """Where a model goes if nobody says."""
    from tprog.tasks.own import task_name

    return Path("models") / f"{task_name(task)}-{seed}"


def _resumed(task: str | None, folder: Path | None, given: dict[str, object]) -> tuple[GptTraining, Path]:
    """The settings of a training that is to go on, and its folder.

    Args:
        given: settings on the command line: the device alone may be another.
    """
    from trainer.gpt.run import load_settings
    from trainer.gpt_settings import GptTraining

    if flag := min(given.keys() - {"device"}, default=""):
        flag = "--" + flag.replace("_", "-")
        raise BadUsage(f"--resume goes on with the training's own settings, on any device; leave {flag} out")
    if folder is None:
        if task is None:
            raise BadUsage("which training is to go on? name its folder with -o")
        folder = _folder(task, 0)
    config = load_settings(folder)
    if given:
        config = GptTraining.from_mapping({**dataclasses.asdict(config), **given})
    if task is not None and config.task != task:
        raise BadUsage(f"the training in {folder} is about the task {config.task}, not {task}")
    expect_named(config.task, task, folder, "the task on the command line")
    return config, folder
