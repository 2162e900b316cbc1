"""The verb `plot`: what training runs come to, over their seeds."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import ColorOption, FileOption, ForceOption, JsonOption, SeedOption
from cli.output import Color, Output
from cli.pictures import DRAWN, drawn
from cli.progress import working
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from analyze.plot import PlottedRun

STORE = ".sqlite"
"""How the store of a sweep ends."""


def plot(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN_OR_SWEEP...", help="Run folders, folders of such, or the store of a sweep.", show_default=False
        ),
    ],
    runs: Annotated[
        Path | None,
        typer.Option("--runs", metavar="DIR", help="Of a sweep: where it keeps run folders.", show_default=False),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=1, metavar="COUNT", help="Run each program on so many inputs at most.")
    ] = 2_000,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Draw learning curves, accuracy by length, and wrong inputs. Over the seeds of runs, or of a sweep."""
    output = Output(as_json, file, force, color, DRAWN)
    from analyze import plot as analysis
    from analyze.render.curves import curves_svg
    from analyze.render.plot import plot_document

    stores = [source for source in sources if source.suffix == STORE]
    if runs is not None and not stores:
        raise BadUsage("--runs is where a sweep has kept its run folders; name the store of the sweep too")
    if stores and len(sources) > 1:
        raise BadUsage(f"{stores[0]} is the store of a sweep; plot it by itself")
    with working("plot", "the runs"):
        if stores:
            result = analysis.plotted(_stored(stores[0], runs), sample, seed)
        else:
            result = analysis.plot(sources, sample, seed)
    output.show(result, partial(plot_document, result), drawn(partial(curves_svg, result)))


def _stored(path: Path, runs: Path | None) -> list[PlottedRun]:
    """The trials of a store, as the analysis takes them."""
    from analyze.plot import PlottedRun, figures_of
    from analyze.results.plot import SeedPoint
    from trainer.plotting import stored_runs
    from trainer.store import Store

    found = []
    with Store(path, read_only=True) as store:
        for run in stored_runs(store, runs):
            record, counts = run.record, run.record.counts["domain"]
            number = record.settings.get("seed", 0)
            judged = SeedPoint(
                run.series,
                number,
                counts.wrong,
                counts.sequences,
                counts.exhaustive,
                record.cpu_seconds,
                record.how or "",
            )
            axis, rows = ("epoch", {}) if run.noted is None else figures_of(run.noted)
            found.append(PlottedRun(run.series, number, rows, axis, run.program, judged))
    if not found:
        raise BadUsage(f"{path} holds no trial that is done; train its grid first, with tpdebug sweep")
    return found
