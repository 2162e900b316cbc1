"""From a network to a Program, stage by stage. Each stage's record is kept, so what was stopped goes on from there."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.tasks.next_token.find import find_next_token_task
from tprog.text.emit import emit
from trainer.decompile.assemble import assembled
from trainer.decompile.columns import Examples, Trials, fewest, offered, polished, trimmed
from trainer.decompile.edges import all_edges, edge_count
from trainer.decompile.harden import Accepted, HardNetwork, harden_inner
from trainer.decompile.keeping import Kept
from trainer.decompile.measure import Measured, answered, classes_of, measured, model_accuracy, with_frequent
from trainer.decompile.network import Inputs, Network, fingerprint, in_pieces, network_of
from trainer.decompile.paths import Paths
from trainer.decompile.prune import Pruned, prune
from trainer.decompile.readout import Linear
from trainer.decompile.samples import Source, expect_source
from trainer.decompile.symbols import Facts
from trainer.gpt import load
from trainer.threads import one_thread

STAGES = ("prune", "heads", "readout", "program")

MOST_EDGES = 2_000
"""Edges of the path expansion, at most: four layers of one head have 1,138."""

WANTED = 0.9995
"""The positions that a readout is to predict like the network."""


@dataclass(frozen=True)
class Settings:
    """What is asked for.

    Attributes:
        task: the name of what draws inputs.
        seed: of all inputs.
        match: the least share of fresh inputs on which program and network must be alike.
        nodes: the most nodes of the program.
    """

    task: str
    seed: int = 0
    match: float = 0.9
    nodes: int = 40


@dataclass(frozen=True, eq=False)
class Decompiled:
    """What came of it.

    Attributes:
        pruned, accepted, readout: the records of the stages, None of those that were not reached.
        accuracy: the network's own, of inputs, by length.
        seconds: of processor time, by stage.
    """

    settings: Settings
    accuracy: tuple[float, ...]
    pruned: Pruned | None = None
    accepted: tuple[Accepted, ...] = ()
    readout: Linear | None = None
    program: Program | None = None
    measured: Measured | None = None
    seconds: tuple[tuple[str, float], ...] = ()

    @property
    def lines(self) -> int | None:
        """Lines of the module that are the program's own: those behind the primitives. None without a program."""
        if self.program is None:
            return None
        lines = emit(self.program).text.split("\n")
        own = [line for line in lines if line.strip() and not line.startswith("#")]
        begun = next((at for at, line in enumerate(own) if line.startswith("def main(")), 0)
        ended = next((at for at in range(begun + 1, len(own)) if not own[at].startswith(" ")), begun)
        return len(own) - ended

    @property
    def answer(self) -> bool:
        """Whether there is a program as it was asked for, or nobody has asked for one yet."""
        if self.program is None or self.measured is None:
            return True
        return self.measured.match >= self.settings.match and len(self.program.nodes) <= self.settings.nodes


Tell = Callable[[str, str], object]
"""Is told the stage, and what it does now."""


def decompile_folder(model: Path, settings: Settings, tell: Tell, folder: Path, until: str) -> Decompiled:
    """Make a Program of the model in a folder; arguments as of `decompile`.

    Args:
        settings: its task may be empty, if the model names its own.

    Raises:
        BadFile: no model that can be read.
        BadUsage: the task is unknown, or its inputs do not fit the model.
    """
    loaded = load(model)
    name = settings.task or loaded.config.task
    if name is None:
        raise BadUsage(f"{model} does not say what it was trained on; name it with --task")
    network = network_of(loaded)
    source = expect_source(network, find_next_token_task(name))
    with one_thread():
        return decompile(network, source, replace(settings, task=name), tell, folder, until)


def decompile(
    network: Network, source: Source, settings: Settings, tell: Tell, folder: Path | None = None, until: str = "program"
) -> Decompiled:
    """Make a Program of a network.

    Args:
        folder: where the records of stages are kept, and found again.
        until: the last stage.

    Raises:
        BadFile: the folder holds the records of another run, or damaged ones.
    """
    if (edges := edge_count(network)) > MOST_EDGES:
        raise BadUsage(
            f"the model has {edges:,} paths through its {len(network.blocks)} layers of "
            f"{network.blocks[0].heads} heads; expected at most {MOST_EDGES:,}: fewer layers, or fewer heads in each"
        )
    kept = Kept(folder, {**dataclasses.asdict(settings), "network": fingerprint(network)})
    seconds: list[tuple[str, float]] = []

    def timed(stage: str, begun: float) -> None:
        seconds.append((stage, round(time.process_time() - begun, 2)))

    seed = settings.seed * 1000
    made = Decompiled(settings, model_accuracy(network, source, seed + 900))
    short = source.bins[0]
    begun = time.process_time()
    judging = Paths(network, source.draw(60, short, seed + 1, shifted=True))
    pruned = kept.get("prune", Pruned)
    if pruned is None:
        pruned = prune(network, judging, source.sets, lambda text: tell("prune", text))
        kept.put("prune", pruned)
    else:
        judging.freeze_means(all_edges(network))
    timed("prune", begun)
    made = replace(made, pruned=pruned, seconds=tuple(seconds))
    if until == "prune":
        return made

    begun = time.process_time()
    found = kept.get("readout", HardNetwork)
    if found is None:
        found = _hardened(network, source, judging, pruned, seed, tell)
        kept.put("readout", found)
    timed("heads and readout", begun)
    made = replace(made, accepted=found.accepted, readout=found.readout, seconds=tuple(seconds))
    if until in ("heads", "readout"):
        return made

    begun = time.process_time()
    tell("program", "comparing on fresh inputs")
    program = assembled(found, source, (("decompiled from", f"a network of {len(network.blocks)} layers"),))
    compared = measured(program, network, found.classes, source, seed + 500)
    timed("program", begun)
    return replace(made, program=program, measured=compared, seconds=tuple(seconds))


def _hardened(network: Network, source: Source, judging: Paths, pruned: Pruned, seed: int, tell: Tell) -> HardNetwork:
    vocabulary, short = len(network.tokens), source.bins[0]
    paths = Paths(network, source.draw(100, short, seed + 2, shifted=True))
    paths.freeze_means(all_edges(network), judging)
    facts = Facts(paths.inputs, vocabulary)
    hardened, run, accepted = harden_inner(paths, pruned.edges, facts, source.sets, lambda text: tell("heads", text))
    pool = offered(paths, run, pruned.edges, facts, hardened)
    long = (source.bins[1][0], source.bins[-1][1])

    def drawn(first: int, counts: tuple[int, int, int]) -> list[Inputs]:
        return [
            source.draw(counts[0], short, seed + first),
            source.draw(counts[1], short, seed + first + 1, shifted=True),
            source.draw(counts[2], long, seed + first + 2),
        ]

    sets = [
        drawn(10, (120, 80, 30)),
        drawn(20, (100, 60, 20)),
        [source.random_strings(60, short, seed + at) for at in (30, 31)],
    ]
    logits = [[in_pieces(network, batch) for batch in batches] for batches in sets]
    graded = [[batch.graded for batch in batches] for batches in sets]
    classes = classes_of([*logits[0], *logits[1]], [*graded[0], *graded[1]], source.sets)
    if source.sets:
        classes = with_frequent(classes, logits[2], graded[2])
    fitted, judged, elsewhere = (
        Examples(tuple(Facts(batch, vocabulary) for batch in batches), tuple(answered(some, classes) for some in made))
        for batches, made in zip(sets, logits, strict=True)
    )
    trials = Trials(fitted, judged, elsewhere, classes)

    def about(text: str) -> object:
        return tell("readout", text)

    linear = fewest(pool, trials, WANTED, about)
    linear = polished(trimmed(linear, trials, about), trials, about)
    match = trials.judged.match(linear)
    return HardNetwork(linear, classes, match, (*accepted, *_said(linear, match)))


def _said(linear: Linear, match: float) -> list[Accepted]:
    return [Accepted("readout", str(column), match) for column in linear.columns]
