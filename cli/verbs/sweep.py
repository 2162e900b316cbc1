"""The verb that trains many programs and compares them: sweep. Only what trains imports torch and Dask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import INTERRUPTED
from cli.columns import tell_reading
from cli.modules import needs_training
from cli.options import ColorOption, ForceOption, JsonOption
from cli.output import Color, Output, note
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from trainer.grid import Trial
    from trainer.lines import Line
    from trainer.spread import Spread
    from trainer.store import Store

STORE = Path("runs/sweep.sqlite")

MARK = "<!-- written by tpdebug -->\n\n"


def sweep(
    grid: Annotated[
        Path | None,
        typer.Argument(metavar="GRID.toml", help="Settings; a list means alternatives.", show_default=False),
    ] = None,
    suite: Annotated[
        str | None, typer.Option("--suite", metavar="NAME", help="A grid that comes with tpdebug: paper or seeds.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="TEXT", help="Only rows with this in their name and class.")
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE", help="Where results are kept.", show_default=str(STORE)),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Train on the Dask cluster with this scheduler.",
            show_default="processes on this machine",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, metavar="COUNT", help="Processes to start.", show_default="one a CPU"),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option("--runs", metavar="DIR", help="Keep the run folders, and go on with those that are there."),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run those again that have failed.")] = False,
    table: Annotated[bool, typer.Option("--table", help="Train nothing: show what is stored.")] = False,
    spread: Annotated[
        bool, typer.Option("--spread", help="One line a row: the wrong inputs and CPU-seconds of its seeds.")
    ] = False,
    best: Annotated[
        Path | None,
        typer.Option(
            "--best", metavar="DIR", help="Write the best stored program of each row, as chosen by validation."
        ),
    ] = None,
    as_json: JsonOption = False,
    file: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write the table, or as .svg a chart of the seeds. Ending in .sqlite, it is the store.",
            show_default=False,
        ),
    ] = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Train a grid of programs, on all CPUs or on a Dask cluster. Stopped, the same command goes on where it was."""
    store, file = _store_and_table(store, file)
    output = Output(as_json, file, force, color, pictures=("md", "svg"))
    trials = _trials(grid, suite, only)
    _tell_tasks(trials or ())
    train = not table and trials is not None
    asked = {"--scheduler": scheduler, "--workers": workers, "--runs": runs, "--retry-failed": retry_failed or None}
    _refuse_contradictions(asked, train, idle=not (train or table or best))
    from trainer.store import Store

    with Store(store or STORE, read_only=not train) as opened:
        missing = _trained(trials, opened, scheduler, workers, runs, retry_failed) if train and trials else 0
        lines = _lines(opened, trials, only)
        if missing:
            note(f"stopped; {missing} trials are left. Go on with the same command; what is stored is kept")
            return INTERRUPTED
        if best is not None:
            _write_best(opened, lines, best, force)
    (_show_spread if spread else _show)(lines, output)
    return int(train and _failed(lines) > 0)


# Parts ################################################################################################################


def _store_and_table(store: Path | None, file: Path | None) -> tuple[Path | None, Path | None]:
    """Which file is the store, and which the table: -o means the store if it ends in .sqlite."""
    if file is None or file.suffix != ".sqlite":
        return store, file
    if store is not None:
        raise BadUsage(f"--store {store} and -o {file} are two stores; give one")
    return file, None


def _lines(store: Store, trials: tuple[Trial, ...] | None, only: str | None) -> list[Line]:
    """What is stored of the trials; without a grid or suite, of all whose row has `only` in its name and class."""
    from trainer.grid import holds

    if trials is not None:
        return store.lines({trial.member for trial in trials})
    return [line for line in store.lines(None) if only is None or holds(only, line.name, line.program_class)]


def _trials(grid: Path | None, suite: str | None, only: str | None) -> tuple[Trial, ...] | None:
    """What the grid or suite holds, or None if neither is named."""
    if grid is None and suite is None:
        return None
    from trainer import grid as grids
    from trainer.suites import suite as trials_of

    if grid is not None and suite is not None:
        raise BadUsage(f"{grid} and --suite {suite} are two grids; give one")
    with needs_training():
        trials = trials_of(suite) if suite is not None else grids.read_grid(grid or "")
    return grids.chosen(trials, only)


def _tell_tasks(trials: Iterable[Trial]) -> None:
    """Say once of each task that is a table which columns are read, where that is not plain."""
    for task in dict.fromkeys(trial.config.task for trial in trials):
        tell_reading(task)


def _refuse_contradictions(options: Mapping[str, object | None], train: bool, idle: bool) -> None:
    """Refuses options that are about training where nothing is trained, or that name two places; None: not given.

    Args:
        idle: whether nothing is asked for at all.
    """
    given = [option for option, value in options.items() if value is not None]
    if {"--workers", "--scheduler"} <= {*given}:
        raise BadUsage("--workers are started on this machine, --scheduler has its own; give one of them")
    if given and not train:
        raise BadUsage(f"{given[0]} is about training; give it with a grid or --suite, and without --table")
    if idle:
        raise BadUsage("there is nothing to do; give a GRID.toml, --suite NAME, --table or --best DIR")


def _write_best(store: Store, lines: list[Line], folder: Path, force: bool) -> None:
    from trainer.best import write_best

    for place in write_best(store, lines, folder, force):
        note(f"wrote {place}")


def _trained(
    trials: tuple[Trial, ...],
    store: Store,
    scheduler: str | None,
    workers: int | None,
    runs: Path | None,
    retry_failed: bool,
) -> int:
    """Train what the store lacks, and say how it went: how many trials are left because of Ctrl-C."""
    with needs_training():
        from trainer import sweep as sweeping
    found = sweeping.sweep(
        trials, store, scheduler=scheduler, workers=workers, runs=runs, retry_failed=retry_failed, progress=True
    )
    known = f", {found.known} stored before" if found.known else ""
    note(f"{found.done} trials done, {found.failed} failed{known}; all results are in {store.path}")
    return found.missing


def _show(lines: list[Line], output: Output) -> None:
    from analyze.render.sweep import sweep_document
    from analyze.results.sweep import SweepResult
    from trainer.lines import COLUMNS, NUMBERS, cells, markdown
    from trainer.spread import spreads

    output.show(
        SweepResult(_told(lines)),
        lambda: sweep_document(COLUMNS, NUMBERS, cells(lines), _failed(lines)),
        {"md": lambda: f"{MARK}{markdown(lines)}", "svg": lambda: _chart(spreads(lines))},
    )


def _show_spread(lines: list[Line], output: Output) -> None:
    from analyze.render.sweep import spread_document
    from analyze.results.sweep import SweepResult
    from trainer.spread import COLUMNS, NUMBERS, cells, markdown, spreads

    found = spreads(lines)
    output.show(
        SweepResult(_told(lines), tuple(row.to_mapping() for row in found)),
        lambda: spread_document(COLUMNS, NUMBERS, cells(found), _failed(lines)),
        {"md": lambda: f"{MARK}{markdown(found)}", "svg": lambda: _chart(found)},
    )


def _told(lines: list[Line]) -> tuple[dict[str, Any], ...]:
    from trainer.lines import best

    chosen = best(lines).values()
    return tuple({**line.to_mapping(), "best": line in chosen} for line in lines)


def _failed(lines: list[Line]) -> int:
    return sum(line.record.status == "failed" for line in lines)


def _chart(found: Iterable[Spread]) -> str:
    from analyze.render.strip_chart import Dot, Strip, strip_chart

    return strip_chart(
        Strip(
            " ".join(filter(None, (row.name, row.program_class, row.settings))),
            tuple(
                Dot(wrong, seconds, record.how or "", str(record.settings.get("seed", "")))
                for wrong, seconds, record in zip(row.wrong, row.seconds, row.records, strict=True)
            ),
            row.inputs,
            row.exhaustive,
        )
        for row in found
        if row.records
    )
