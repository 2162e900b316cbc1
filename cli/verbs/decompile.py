"""The verb `decompile`: a trained network as a program. Only it and training import torch."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.modules import ModuleOrAnswerOption, module_path, needs_training, write_module
from cli.options import ColorOption, ForceOption, JsonOption, SeedOption
from cli.output import Color, Output, for_answer, note
from cli.progress import status
from tprog.errors import BadUsage
from tprog.files import check_target, write_atomic

if TYPE_CHECKING:
    from analyze.results.decompile import DecompileResult
    from trainer.decompile.measure import Errors, Measured
    from trainer.decompile.pipeline import Decompiled


class Stage(StrEnum):
    """The last stage of decompiling that is done."""

    PRUNE = "prune"
    READOUT = "readout"
    PROGRAM = "program"


def complete_next_token_task(incomplete: str) -> list[str]:
    """The names of next-token tasks that begin so."""
    from tprog.tasks.next_token import NEXT_TOKEN_TASKS

    return [name for name in NEXT_TOKEN_TASKS if name.startswith(incomplete)]


def decompile(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="The model's folder, of config.json and model.safetensors; or that of a compiled model.",
            show_default=False,
        ),
    ],
    file: ModuleOrAnswerOption = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help="The next-token task whose inputs it was trained on.",
            show_default="what its config.json names",
            autocompletion=complete_next_token_task,
        ),
    ] = None,
    match: Annotated[
        float, typer.Option("--match", min=0.0, max=1.0, metavar="SHARE", help="Inputs to be predicted alike at least.")
    ] = 0.9,
    nodes: Annotated[int, typer.Option("--nodes", min=0, metavar="COUNT", help="Nodes of the program at most.")] = 40,
    stage: Annotated[Stage, typer.Option("--stage", help="The last stage to do.")] = Stage.PROGRAM,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--run-folder",
            metavar="DIR",
            help="Where stages are kept, so that the same command goes on.",
            show_default="runs/decompile-MODEL",
        ),
    ] = None,
    heat: Annotated[
        Path | None,
        typer.Option("--heat", metavar="FILE.svg", help="Draw what is left of the heads' scores.", show_default=False),
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Write what a trained decoder computes as a program. Exit 1 if none was found that predicts enough alike."""
    told = file if for_answer(file) else None
    output = Output(as_json, told, force, color)
    file = None if told else file
    if file is not None:
        if stage is not Stage.PROGRAM:
            raise BadUsage(f"-o {file} needs the whole way; leave --stage {stage.value} out")
        file = module_path(file, force)
    if heat is not None:
        heat = _picture_path(heat, force)
    with needs_training():
        from trainer.decompile.pipeline import Settings, decompile_folder
    from analyze.render.decompile import decompile_document

    folder = folder or Path("runs") / f"decompile-{model.resolve().name}"
    settings = Settings(task=task or "", seed=seed, match=match, nodes=nodes)
    try:
        with status(f"decompile {model}") as tell:
            made = decompile_folder(model, settings, lambda part, what: tell(f"{part}: {what}"), folder, stage.value)
    except KeyboardInterrupt:
        note(f"stopped; the stages that are done are in {folder}, and the same command goes on from there")
        raise typer.Exit(130) from None
    if made.program is not None and file is not None:
        write_module(made.program, file, force)
        note(f"wrote {file}")
    if heat is not None:
        write_atomic(heat, _heat(made, model), force=force)
        note(f"wrote {heat}")
    result = _result(made, model, file)
    output.show(result, lambda: decompile_document(result))
    return 0 if made.answer else 1


def _picture_path(file: Path, force: bool) -> Path:
    """The path of an SVG that can be written: told before the work begins."""
    if file.suffix.lower() != ".svg":
        raise BadUsage(f"--heat {file}: heat maps are drawn as SVG; expected the ending .svg")
    check_target(file, force=force)
    return file


def _heat(made: Decompiled, model: Path) -> str:
    """The heat maps as SVG; each says what the head became, where that is known."""
    from analyze.render.heat import Heat, heat_svg

    became = {step.what: f"{step.what} becomes: {step.by}" for step in made.accepted}
    heats = [
        Heat(
            became.get(one.head, one.head),
            one.edges,
            one.queries,
            one.keys,
            tuple(tuple(None if s != s else float(s) for s in row) for row in one.scores),  # NaN is not itself
            tuple(map(float, one.distances)),
        )
        for one in made.heat
    ]
    return heat_svg(heats, f"What is left of the heads of {model.name}, on the task {made.settings.task}")


def _result(made: Decompiled, model: Path, file: Path | None) -> DecompileResult:
    """What was found, as a record that goes to JSON."""
    from analyze.results.decompile import DecompileResult, StepLine

    result = DecompileResult(
        model=str(model),
        task=made.settings.task,
        accuracy=made.accuracy,
        found=None if made.program is None and not made.too_deep else made.answer,
        match=None,
        wanted_match=made.settings.match,
        most_nodes=made.settings.nodes,
        nodes=None if made.program is None else len(made.program.nodes),
        lines=made.lines,
        module=None if file is None else str(file),
        edges=(),
        stages=(),
        steps=tuple(StepLine(a.what, a.by, a.match, a.divergence) for a in made.accepted),
        agreement=(),
        parting=(),
        seconds=made.seconds,
    )
    return _with_comparison(_with_stages(result, made), made.measured)


def _with_stages(result: DecompileResult, made: Decompiled) -> DecompileResult:
    """With what each stage of pruning left; and, where paths are too many, how many."""
    from analyze.results.decompile import StageLine
    from trainer.decompile.pipeline import MOST_EDGES

    pruned = made.pruned or made.linked
    if pruned is not None:
        stages = tuple(StageLine(s.stage, s.edges, s.match, s.divergence) for s in pruned.steps)
        result = replace(result, stages=stages)
    if made.pruned is not None:
        result = replace(result, edges=tuple(sorted(map(str, made.pruned.edges))))
    if made.linked is not None and made.too_deep:
        result = replace(result, paths=made.linked.paths, most_paths=MOST_EDGES)
    return result


def _with_comparison(result: DecompileResult, compared: Measured | None) -> DecompileResult:
    """With how network and program agree, where there is a program."""
    from analyze.results.decompile import AgreementLine, PartingLine

    if compared is None:
        return result
    rows = [(a, True) for a in compared.fresh] + [(a, False) for a in compared.elsewhere]
    errors = compared.errors
    return replace(
        result,
        match=compared.match,
        agreement=tuple(
            AgreementLine(a.on, a.inputs, a.same_inputs, a.positions, a.same_positions, trained, *_errors(a.errors))
            for a, trained in rows
        ),
        parting=tuple(PartingLine(p.tokens, p.position, p.network, p.program) for p in compared.parting),
        precision=None if errors is None else errors.precision,
        recall=None if errors is None else errors.recall,
    )


def _errors(errors: Errors | None) -> tuple[int | None, ...]:
    """Inputs on which the network is wrong, the program, both, and both alike."""
    return (None,) * 4 if errors is None else (errors.network, errors.program, errors.both, errors.alike)
