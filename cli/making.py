"""The verbs that make and run programs: tasks, train, emit, run. Only train, and emit of a run folder, import torch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.columns import tell_reading
from cli.modules import ModuleOption, module_path, needs_training, write_module
from cli.options import (
    ColorOption,
    ForceOption,
    JsonOption,
    ProgramArgument,
    ProgramOption,
    WeightsOption,
    complete_task,
)
from cli.output import Color, Preset, note, put, say, terminal
from cli.subject import read_subject
from cli.training import ConfigOption, Log, configured, expect_named, resumed, run_folder, takes_settings
from tprog.errors import BadInput, BadUsage
from tprog.escape import json_text, shell_command, spelled, visible
from tprog.files import check_target, write_atomic

if TYPE_CHECKING:
    from tprog.ir.program import Program
    from tprog.run.execute import Execution


def tasks(as_json: JsonOption = False, color: ColorOption = Color.AUTO) -> None:
    """List the tasks that a program can be trained on."""
    from tprog.tasks.builtin import TASKS, get_task
    from tprog.text.tokens import is_spaced, show_tokens

    rows: list[dict[str, Any]] = []
    for task in map(get_task, TASKS):
        example = task.sample(1, seed=3)[0]
        rows.append(
            {
                "task": task.name,
                "symbols": list(task.symbols),
                "classes": list(task.classes),
                "max_length": task.max_length,
                "inputs": task.size,
                "example": show_tokens(example, is_spaced(task.vocabulary)),
                "answer": show_tokens(
                    [answer for answer in task.oracle(example) if answer is not None], is_spaced(task.classes)
                ),
            }
        )
    if as_json:
        typer.echo(json_text({"schema": "tpdebug.tasks/1", "tasks": rows}, indent=2))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("task", "symbols", "answers", "longest", "inputs", "example", box=None, pad_edge=False)
    for row in rows:
        cells = (
            row["task"],
            " ".join(row["symbols"]),
            " ".join(row["classes"]),
            str(row["max_length"]),
            f"{row['inputs']:,}",
            f"{row['example']} -> {row['answer']}",
        )
        table.add_row(*map(Text, cells))  # a symbol such as [ is no markup
    put(terminal(color), table)


@takes_settings
def train(
    task: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK",
            help="What to learn: a name that tpdebug tasks lists, or a file of your own: .py, .csv, .tsv, .json, "
            ".jsonl.",
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
    log: Annotated[
        Log | None, typer.Option("--log", help="Write each epoch's figures to DIR/tensorboard too.", show_default=False)
    ] = None,
    **settings: object,
) -> None:
    """Train a program and write its module. Ctrl-C keeps what is learned in the run folder; --resume goes on.

    Exit 1 if a search was asked for and the program is still wrong on some input of the run; its module is written.
    """
    from tprog.tasks.own import is_own, task_name

    if resume:
        with needs_training():
            config, folder = resumed(task, folder, preset, config_file, settings)
    else:
        config = configured(task, preset, config_file, settings)
        folder = folder or run_folder(config.task, config.seed)
    tell_reading(config.task)
    file = file or Path(f"{task_name(config.task)}_program.py")
    if is_own(config.task) and file.resolve() == Path(config.task).resolve():
        raise BadUsage(f"-o {file} is the file of the task itself; name another")
    file = module_path(file, force)
    with needs_training():
        from trainer.checkpoint import CHECKPOINT
        from trainer.fit import train as fit
        from trainer.log import TensorBoard
        from trainer.run import told
    board = None if log is None else TensorBoard(folder)
    on_epoch = None if board is None else board.on_epoch
    go_on = shell_command(["tpdebug", "train", config.task, "--run-folder", str(folder), "--resume", "-o", str(file)])
    try:
        result = fit(config, folder, resume=resume, overwrite=force, on_epoch=on_epoch, on_note=note)
    except KeyboardInterrupt:
        kept = (folder / CHECKPOINT).exists()
        note(
            f"stopped; what is learned is in {folder}. Go on with: {go_on}"
            if kept
            else "stopped before the first epoch"
        )
        raise typer.Exit(130) from None
    if board is not None:
        board.write_run()
    if result.interrupted:
        note(
            f"stopped after {result.epochs} of {config.epochs} epochs; what is learned is in {folder}. "
            f"Go on with: {go_on}"
        )
        named = ["--task", config.task] if is_own(config.task) else []
        given = shell_command(["tpdebug", "emit", str(folder), "-o", str(file), *named])
        note(f"for the program as it is now: {given}")
        raise typer.Exit(130)
    write_module(result.program, file, force)
    for split, accuracy in told(result.accuracies).items():
        say(f"{split}: {accuracy}")
    if result.rounding is not None:
        say(str(result.rounding))
    how = f"{result.epochs} epochs" if result.epochs else "found before the first epoch"
    say(f"wrote {file}, from the run in {folder} ({how}, {result.seconds:.0f} s)")
    found = [
        f"{wrong:,} of {total:,} {'training' if split == 'train' else split} inputs"
        for split, (wrong, total) in result.wrong.items()
        if wrong
    ]
    if result.searched and found:
        note(
            f"{file} is the best so far, but wrong on {', '.join(found)}; --search SECONDS gives the search before "
            "training more time, --search 0 asks for no exact program"
        )
        raise typer.Exit(1)


def emit(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A run folder, or a program's module.")],
    file: ModuleOption = None,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="FILE", help="The run's own task, if that is Python code.", show_default=False),
    ] = None,
    weights: WeightsOption = None,
    force: ForceOption = False,
) -> None:
    """Write a module: from a run folder, or anew from a module. Left out -o, print it."""
    if file is not None:
        file = module_path(file, force)
    if Path(source).is_dir() and weights is not None:
        raise BadUsage(f"--weights is about a module, and {source} is a run folder; leave it out")
    if Path(source).is_dir():
        with needs_training():
            from trainer.checkpoint import load_config
            from trainer.fit import load_program
        expect_named(load_config(Path(source)).task, task, Path(source), "it with --task")
        program = load_program(source)
    elif task is not None:
        raise BadUsage(f"--task is about a run folder, and {source} is none; leave it out")
    else:
        from tprog.text.read import read_module

        program = read_module(source, weights).program
    if file is None:
        from tprog.text.emit import emit as emit_program

        emitted = emit_program(program)
        if emitted.side:
            raise BadUsage(
                f"{source} has tables that belong into a file beside the module; name the module with -o FILE"
            )
        typer.echo(emitted.text, nl=False)
        return
    note(str(write_module(program, file, force)))


def run(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    texts: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="TEXT", help="One input; may be repeated. Left out: one a line of stdin."),
    ] = None,
    weights: WeightsOption = None,
    as_json: JsonOption = False,
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the answers: .txt, .jsonl.", show_default=False),
    ] = None,
    force: ForceOption = False,
) -> int:
    """Run a program on inputs. The file is read, not executed; exit 1 if an input reaches a hole."""
    if file is not None and file.suffix.lower() not in (".txt", ".jsonl"):
        raise BadUsage(f"-o {file}: the ending picks the form, and this verb writes .txt, .jsonl")
    if file is not None:
        check_target(file, force=force)
    subject = read_subject(argument, program, weights=weights)
    if texts is None and sys.stdin.isatty():
        raise BadUsage('no input is given; give --input "abbc", or one input a line on stdin')
    found_hole, kept = False, []
    for tokens, execution in _executed(subject.program, texts):
        found_hole = found_hole or execution.hole(0) is not None
        if file is not None:
            kept.append(_answer(tokens, execution, as_json=file.suffix.lower() == ".jsonl"))
        if file is None or as_json:
            typer.echo(_answer(tokens, execution, as_json))
    if file is not None:
        head = "tpdebug run, written by tpdebug\n\n" if file.suffix.lower() == ".txt" else ""
        write_atomic(file, head + "".join(f"{line}\n" for line in kept), force=force)
        note(f"wrote {file}")
    return int(found_hole)


def _executed(program: Program, texts: list[str] | None) -> Iterator[tuple[list[str], Execution]]:
    """What a program makes of each input, as soon as it is there: the texts, or the lines of stdin."""
    from tprog.run.batch import encode
    from tprog.run.execute import execute
    from tprog.text.tokens import parse_input

    for place, line in enumerate(sys.stdin if texts is None else texts, start=1):
        if texts is None and not line.strip():
            continue
        try:
            tokens = parse_input(line.rstrip("\n"), program)
            yield tokens, execute(program, encode(program, [tokens]))
        except BadInput as error:
            if texts is None:
                raise BadInput(f"line {place} of stdin: {error}") from None
            raise


def _answer(tokens: list[str], execution: Execution, as_json: bool) -> str:
    """The answer to one input, as a line."""
    from tprog.text.tokens import show_tokens, spacing

    hole = execution.hole(0)
    prediction = None if hole else execution.outputs(0)
    if as_json:
        told = {"tokens": tokens, "prediction": prediction, "hole": str(hole) if hole else None}
        return json_text({"schema": "tpdebug.run/1", **told})
    if hole is not None:
        return visible(str(hole))
    if not isinstance(prediction, list):
        return spelled(str(prediction))
    return show_tokens(prediction, spacing(execution.program).outputs)
