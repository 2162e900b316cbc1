"""The verbs that make and run programs: tasks, train, emit, run. Only train, and emit of a run folder, import torch."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.discovery import remember
from cli.options import ColorOption, ForceOption, JsonOption, ProgramArgument, ProgramOption, SeedOption
from cli.output import Color, Preset, note, put, terminal
from cli.subject import read_subject
from tprog.errors import BadFile, BadInput, BadUsage, TpdebugError

if TYPE_CHECKING:
    from tprog.program import Program
    from trainer.config import TrainConfig

RUNS = Path("runs")
"""Where run folders go, in the current folder."""

ModuleOption = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="The module to write.", show_default=False)
]


def tasks(as_json: JsonOption = False, color: ColorOption = Color.AUTO) -> None:
    """List the tasks that a program can be trained on."""
    from tprog.tasks import TASKS, get_task
    from tprog.text import show_tokens

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
                "example": show_tokens(example),
                "answer": show_tokens([answer for answer in task.oracle(example) if answer is not None]),
            }
        )
    if as_json:
        typer.echo(json.dumps({"schema": "tpdebug.tasks/1", "tasks": rows}, indent=2, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("task", "symbols", "answers", "longest", "inputs", "example", box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            row["task"],
            " ".join(row["symbols"]),
            " ".join(row["classes"]),
            str(row["max_length"]),
            f"{row['inputs']:,}",
            f"{row['example']} -> {row['answer']}",
        )
    put(terminal(color), table)


def train(
    task: Annotated[str, typer.Argument(metavar="TASK", help="What to learn: see tpdebug tasks.")],
    file: ModuleOption = None,
    preset: Annotated[Preset, typer.Option("--preset", help="The settings to start from.")] = Preset.DEFAULT,
    seed: SeedOption = 0,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Passes over the training inputs.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any other setting, such as layers=2; may be repeated."),
    ] = None,
    run_folder: Annotated[
        Path | None,
        typer.Option("--run-folder", metavar="DIR", help="Where the run is kept.", show_default="runs/TASK-SEED"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in that folder.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a run in that folder, and a module that tpdebug did not write.")
    ] = False,
) -> None:
    """Train a program and write its module. Ctrl-C keeps what is learned in the run folder; --resume goes on."""
    file = _module_path(file or Path(f"{task}_program.py"), force)
    with _needs_torch():
        from trainer.fit import train as fit
    folder = run_folder or RUNS / f"{task}-{seed}"
    if resume:
        config = _resumed(task, folder, preset is not Preset.DEFAULT or epochs is not None or settings)
    else:
        config = _configured(task, preset, seed, epochs, settings or [])
    result = fit(config, folder, resume=resume, overwrite=force)
    if result.interrupted:
        note(
            f"stopped after {result.epochs} of {config.epochs} epochs; what is learned is in {folder}. "
            f"Go on with: tpdebug train {task} --run-folder {folder} --resume -o {file}"
        )
        note(f"for the program as it is now: tpdebug emit {folder} -o {file}")
        raise typer.Exit(130)
    _write_module(result.program, file, force)
    for split in ("validation", "test"):
        typer.echo(f"{split}: {result.accuracies[split]}")
    typer.echo(str(result.rounding))
    typer.echo(f"wrote {file}, from the run in {folder} ({result.epochs} epochs, {result.seconds:.0f} s)")


def emit(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A run folder, or a program's module.")],
    file: ModuleOption = None,
    force: ForceOption = False,
) -> None:
    """Write a module: from a run folder, or anew from a module. Left out -o, print it."""
    if file is not None:
        file = _module_path(file, force)
    if Path(source).is_dir():
        with _needs_torch():
            from trainer.fit import load_program
        program = load_program(source)
    else:
        from tprog.read import read_module

        program = read_module(source).program
    if file is None:
        from tprog.emit import emit as emit_program

        typer.echo(emit_program(program).text, nl=False)
        return
    _write_module(program, file, force)
    note(f"wrote {file}")


def run(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    texts: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="TEXT", help="One input; may be repeated. Left out: one a line of stdin."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Run a program on inputs. The file is read, not executed; exit 1 if an input reaches a hole."""
    from tprog.batch import encode
    from tprog.execute import execute
    from tprog.text import parse_input, show_tokens

    subject = read_subject(argument, program)
    if texts is None and sys.stdin.isatty():
        raise BadUsage('no input is given; give --input "abbc", or one input a line on stdin')
    found_hole = False
    for place, line in enumerate(sys.stdin if texts is None else texts, start=1):
        if texts is None and not line.strip():
            continue
        try:
            tokens = parse_input(line.rstrip("\n"), subject.program)
            execution = execute(subject.program, encode(subject.program, [tokens]))
        except BadInput as error:
            if texts is None:
                raise BadInput(f"line {place} of stdin: {error}") from None
            raise
        hole = execution.hole(0)
        found_hole = found_hole or hole is not None
        prediction = None if hole else execution.outputs(0)
        if subject.choice is not None and place == 1:
            note(subject.choice)
        if as_json:
            told = {"tokens": tokens, "prediction": prediction, "hole": str(hole) if hole else None}
            typer.echo(json.dumps({"schema": "tpdebug.run/1", **told}, ensure_ascii=False))
        elif isinstance(prediction, list):
            typer.echo(show_tokens(prediction))
        else:
            typer.echo(str(hole) if hole else prediction)
    return int(found_hole)


# Parts ################################################################################################################


@contextmanager
def _needs_torch() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "safetensors"):
            raise
        raise BadUsage(
            f"this needs {error.name}, which is not installed: pip install '.[train]' in tpdebug's folder"
        ) from None


def _configured(task: str, preset: Preset, seed: int, epochs: int | None, settings: list[str]) -> TrainConfig:
    from tprog.tasks import get_task
    from trainer.config import TrainConfig, default_config, demo_config, published_config

    get_task(task)  # refuses an unknown name
    match preset:
        case Preset.DEFAULT:
            config = default_config(task, seed)
        case Preset.PUBLISHED:
            config = published_config(task, seed)
        case Preset.DEMO:
            config = demo_config(seed)
            if config.task != task:
                raise BadUsage(f"the preset demo is for the task {config.task}; leave --preset out")
    changes: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise BadUsage(f"--set {setting}: expected KEY=VALUE, such as layers=2")
        try:
            changes[key] = json.loads(value)
        except json.JSONDecodeError:
            changes[key] = value
    return TrainConfig.from_mapping({**dataclasses.asdict(config), **changes})


def _resumed(task: str, folder: Path, with_settings: object) -> TrainConfig:
    """The settings of the run in a folder, which are the only ones that it can go on with."""
    from trainer.checkpoint import load_config

    if with_settings:
        raise BadUsage("--resume goes on with the run's own settings; leave --preset, --epochs and --set out")
    config = load_config(folder)
    if config.task != task:
        raise BadUsage(f"the run in {folder} is about the task {config.task}, not {task}")
    return config


def _module_path(file: Path, force: bool) -> Path:
    """The path of a module that can be written: told before the work begins."""
    from tprog.files import check_target

    if file.suffix != ".py":
        raise BadUsage(f"-o {file}: a program is written as a module; expected the ending .py")
    check_target(file, force=force)
    if not force and file.exists() and _edited(file):
        raise BadFile(f"{file} was edited since tpdebug wrote it; use --force to overwrite it, or another name")
    return file


def _edited(file: Path) -> bool:
    """Whether a module is no longer what tpdebug would write: somebody's work, which is not overwritten unasked."""
    from tprog.emit import emit as emit_program
    from tprog.read import read_module

    try:
        module = read_module(file)
    except TpdebugError:
        return file.stat().st_size > 0
    return emit_program(module.program, file.stem).text != module.text


def _write_module(program: Program, file: Path, force: bool) -> None:
    from tprog.emit import emit as emit_program
    from tprog.files import write_atomic

    emitted = emit_program(program, file.stem)
    for name, text in emitted.side.items():
        write_atomic(file.with_name(name), text, force=force)
    write_atomic(file, emitted.text, force=force)
    remember(file, Path.cwd())
