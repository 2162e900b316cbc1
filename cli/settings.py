"""What `tpdebug train` is told: an option for each setting, a TOML file, a preset; and what they come to."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, get_type_hints

import typer

from cli.output import Preset
from cli.signatures import told
from tprog.errors import BadFile, BadUsage
from tprog.files.formats import read_toml
from tprog.files.run_folder import is_run

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.settings import Settings

PANEL = "Settings (left out: those of --config FILE, else of --preset)"
"""The heading of the options that are settings."""

Verb = TypeVar("Verb", bound=Callable[..., Any])

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE.toml",
        help="Settings, one a line, such as cat_heads = 4; task may be one. An option goes before the file, "
        "and the file before the preset.",
        show_default=False,
    ),
]


class Log(StrEnum):
    """Where a run's figures can be watched."""

    TENSORBOARD = "tensorboard"


def takes_settings(module: str, kind: str, panel: str, defaults: bool = False) -> Callable[[Verb], Verb]:
    """Makes verbs that have one option more for each key of a record of settings but the task, as ``**settings``.

    Type and choices are those of the field, and the help text is what the field says of itself. A setting
    that is not given is None.

    Args:
        module, kind: where the record is, and its name: it is imported only when the verb is.
        panel: the heading of these options.
        defaults: say what is where an option is left out: there is no other place that says it.
    """

    def taking(verb: Verb) -> Verb:
        return _with_settings(verb, getattr(import_module(module), kind), panel, defaults)

    return taking


def _with_settings(verb: Verb, kind: type[Settings], panel: str, defaults: bool) -> Verb:
    types = get_type_hints(kind)
    signature = inspect.signature(verb, eval_str=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    for field in dataclasses.fields(kind):
        if field.name == "task":
            continue
        flag = "--" + field.name.replace("_", "-")
        if types[field.name] is bool:
            flag = f"{flag}/--no-{flag[2:]}"
        shown = defaults and not isinstance(field.default, (bool, NoneType)) and str(field.default)
        option = typer.Option(
            flag,
            help=field.metadata["about"],
            metavar="<text>" if types[field.name] == str | None else None,
            show_default=shown,
            rich_help_panel=panel,
        )
        annotation: Any = Annotated[types[field.name] | None, option]
        parameters.append(inspect.Parameter(field.name, keyword, default=None, annotation=annotation))
    taking: Verb = told(verb, signature, parameters)
    return taking


def configured(task: str | None, preset: Preset, file: Path | None, options: Mapping[str, object]) -> TrainConfig:
    """The settings of a new run: the preset's, over these the file's, over these the options that are given.

    Args:
        task: a name, or the path of a user's own task; None: the file's.

    Raises:
        BadUsage: no task or an unknown one, an unknown key, or a value that has no meaning.
        BadFile: a file that is no such table.
    """
    from tprog.tasks.own import find_task, is_own
    from trainer.config import BadSetting, TrainConfig

    written = {} if file is None else read_settings(file)
    given = {key: value for key, value in options.items() if value is not None}
    name = task or written.get("task")
    if name is None:
        raise BadUsage(
            "no task is named; give one that tpdebug tasks lists, or a file of your own (.py, .rasp, .csv, .tsv, "
            ".json, .jsonl)"
        )
    if not is_own(name):
        find_task(name)  # refuses an unknown name
    settings = {**dataclasses.asdict(_start(name, preset)), **written, **given, "task": name}
    try:
        return TrainConfig.from_mapping(settings)
    except BadSetting as error:
        if error.key in written and error.key not in given:
            raise BadUsage(f"{file}: {error}") from None
        raise


def read_settings(file: Path) -> dict[str, Any]:
    """The settings in a TOML file. The path of a task is taken from the file's own folder.

    Raises:
        BadFile: it cannot be read, is not TOML, or holds other things than settings.
    """
    from tprog.tasks.own import is_own
    from trainer.config import TrainConfig

    written = read_toml(file, "settings as TOML, such as layers = 2")
    known = [field.name for field in dataclasses.fields(TrainConfig)]
    for key, value in written.items():
        if isinstance(value, dict):
            raise BadFile(f"{file}: [{key}] is a table; expected settings alone, such as layers = 2, under no heading")
        if key not in known:
            near = difflib.get_close_matches(key.replace("-", "_"), known, n=1, cutoff=0)
            raise BadFile(f"{file}: unknown setting {key!r}; the nearest known one is {near[0]}")
    task = written.get("task", "sort")
    if not isinstance(task, str):
        raise BadFile(f"{file}: task is {task!r}; expected a name or a path in quotes")
    return written | ({"task": str(file.parent / task)} if is_own(task) else {})


def _refuse_changes(preset: Preset, file: Path | None, options: Mapping[str, object]) -> None:
    """Refuse settings, but for the seed, that are given where a run goes on."""
    changed = ["--config"] * (file is not None) + ["--preset"] * (preset is not Preset.DEFAULT)
    changed += ["--" + key.replace("_", "-") for key, value in options.items() if value is not None and key != "seed"]
    if changed:
        raise BadUsage(f"--resume goes on with the run's own settings; leave {', '.join(changed)} out")


def resumed(
    task: str | None, folder: Path | None, preset: Preset, file: Path | None, options: Mapping[str, object]
) -> tuple[TrainConfig, Path]:
    """The settings of a run that is to go on, and its folder: it can go on with its own settings only.

    Args:
        folder: None is the folder that a new run would have.

    Raises:
        BadUsage: settings are given, or another task or seed than the run's.
        BadFile: no run in the folder.
    """
    from trainer.checkpoint import load_config

    _refuse_changes(preset, file, options)
    seed = options.get("seed")
    if folder is None:
        if task is None:
            raise BadUsage("which run is to go on? name its task, or its folder with --run-folder")
        if is_run(Path(task)):
            raise BadUsage(f"{task} is the folder of a run, not a task; write --run-folder {task}")
        folder = run_folder(task, 0 if seed is None else seed)
    config = load_config(folder)
    if task is not None and os.path.normpath(config.task) != os.path.normpath(task):
        raise BadUsage(f"the run in {folder} is about the task {config.task}, not {task}")
    if seed is not None and config.seed != seed:
        raise BadUsage(f"the run in {folder} has the seed {config.seed}, not {seed}")
    expect_named(config.task, task, folder, "the task on the command line")
    return config, folder


def expect_named(task: str, named: str | None, folder: Path, how: str) -> None:
    """Refuses to execute a Python file of which only a run folder speaks.

    Args:
        task: what the run in the folder learns.
        named: the task that the command line names.
        how: where to name it.

    Raises:
        BadUsage: the task is a Python file, and not the one named.
    """
    if task.lower().endswith(".py") and (named is None or os.path.normpath(named) != os.path.normpath(task)):
        raise BadUsage(f"the run in {folder} learns a task that is Python code, {task}; to have it run, give {how}")


def run_folder(task: str, seed: object) -> Path:
    """Where a run is kept if nobody says where: a folder of the current one."""
    from tprog.tasks.own import task_name

    return Path("runs") / f"{task_name(task)}-{seed}"


def _start(task: str, preset: Preset) -> TrainConfig:
    from trainer.presets import default_config, demo_config, published_config

    match preset:
        case Preset.DEFAULT:
            return default_config(task)
        case Preset.PUBLISHED:
            return published_config(task)
        case Preset.DEMO:
            config = demo_config()
            if config.task != task:
                raise BadUsage(f"the preset demo is for the task {config.task}; leave --preset out")
            return config
