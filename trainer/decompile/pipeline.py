"""From a network to a Program, stage by stage. Each stage's record is kept, so what was stopped goes on from there."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.tasks.next_token.find import find_next_token_task
from tprog.text.emit import emit
from trainer.compile.folder import is_compiled
from trainer.decompile.assemble import assembled
from trainer.decompile.columns import offered
from trainer.decompile.compiled import network_of_compiled
from trainer.decompile.edges import Edges, all_edges, edge_count
from trainer.decompile.examples import Examples, Trials
from trainer.decompile.fewest import fewest, polished, trimmed
from trainer.decompile.harden import Accepted, HardNetwork, harden_inner
from trainer.decompile.heat import HeatMap, heat_maps
from trainer.decompile.keeping import Kept
from trainer.decompile.measure import (
    Measured,
    answered,
    classes_of,
    expect_learned,
    measured,
    model_accuracy,
    with_frequent,
)
from trainer.decompile.network import Bools, Floats, Inputs, Network, fingerprint, in_pieces, network_of
from trainer.decompile.paths import Paths
from trainer.decompile.prune import KEPT, MANY_EDGES, Linked, Pruned, prune, prune_links
from trainer.decompile.readout import Linear, once, telling
from trainer.decompile.samples import Source, TaskSource
from trainer.decompile.terms import Classes
from trainer.gpt import expect_fits, load
from trainer.threads import one_thread

MOST_EDGES = 2_000
"""Edges of the path expansion that are looked at, at most."""

KEPT_LINKS = 0.999
"""The positions that a network must predict like the whole one, once links are taken out; edges may cost as much."""

JUDGING = 60
"""Inputs by which edges are judged."""

LONG_PIECE, LONG_PIECES = 30, 4
"""Long inputs by which the last weights are chosen, some at a time."""

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
        linked, pruned, accepted, readout: the records of the stages, None of those that were not reached; of `linked`,
            too, where there are few paths.
        accuracy: the network's own, of inputs, by length.
        heat: what is left of its heads, to be looked at.
        seconds: of processor time, by stage.
    """

    settings: Settings
    accuracy: tuple[float, ...]
    linked: Linked | None = None
    pruned: Pruned | None = None
    accepted: tuple[Accepted, ...] = ()
    readout: Linear | None = None
    program: Program | None = None
    measured: Measured | None = None
    seconds: tuple[tuple[str, float], ...] = ()
    heat: tuple[HeatMap, ...] = ()

    @property
    def too_deep(self) -> bool:
        """Whether more paths are needed than are looked at."""
        return self.linked is not None and self.linked.paths > MOST_EDGES

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
        if self.too_deep:
            return False
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
        BadUsage: the task is unknown, its inputs do not fit the model, or the model has not learned it.
    """
    network, source, name = _opened(model, settings.task)
    with one_thread():
        expect_learned(network, source, settings.seed * 1000 + 900, name)
        return decompile(network, source, replace(settings, task=name), tell, folder, until)


def _opened(model: Path, given: str) -> tuple[Network, Source, str]:
    """A model, what draws its inputs, and the name of that.

    Args:
        given: the name, if the model need not tell.
    """
    if is_compiled(model):
        if given:
            raise BadUsage(f"{model} is a compiled model, whose inputs are all that it has words for; leave --task out")
        return *network_of_compiled(model), "compiled"
    loaded = load(model)
    name = given or loaded.config.task
    if name is None:
        raise BadUsage(f"{model} does not say what it was trained on; name it with --task")
    expect_fits(loaded.config, task := find_next_token_task(name))
    network = network_of(loaded)
    return network, TaskSource(task, network.longest), name


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
    kept = Kept(folder, {**dataclasses.asdict(settings), "network": fingerprint(network)})
    seconds: list[tuple[str, float]] = []

    def timed(stage: str, begun: float) -> None:
        seconds.append((stage, round(time.process_time() - begun, 2)))

    seed = settings.seed * 1000
    made = Decompiled(settings, model_accuracy(network, source, seed + 900))
    begun = time.process_time()
    inputs = source.draw(JUDGING * (5 if source.exact else 1), source.bins[0], seed + 1, shifted=True)
    linked = _linked(network, inputs, source, kept, tell) if edge_count(network) > MANY_EDGES else None
    if linked is not None:
        timed("links", begun)
        made = replace(made, linked=linked, seconds=tuple(seconds))
        if linked.paths > MOST_EDGES:
            return made
        begun = time.process_time()
    judging, pruned = _pruned(network, inputs, source, linked, kept, tell)
    timed("prune", begun)
    heat = heat_maps(judging, judging.run(pruned.edges), pruned.edges, source)
    made = replace(made, pruned=pruned, heat=heat, seconds=tuple(seconds))
    if until == "prune":
        return made

    begun = time.process_time()
    found = kept.get("readout", HardNetwork)
    if found is None:
        found = _hardened(network, source, judging, pruned, linked, seed, tell)
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


def _linked(network: Network, inputs: Inputs, source: Source, kept: Kept, tell: Tell) -> Linked:
    """The links between modules that are needed, where there are too many paths."""
    linked = kept.get("links", Linked)
    if linked is None:
        least = 1.0 if source.exact else KEPT_LINKS
        linked = prune_links(network, inputs, source.sets, lambda text: tell("links", text), least)
        kept.put("links", linked)
    return linked


def _pruned(
    network: Network, inputs: Inputs, source: Source, linked: Linked | None, kept: Kept, tell: Tell
) -> tuple[Paths, Pruned]:
    """The edges that are needed, and the batch whose means stand in for the others."""
    judging = Paths(network, inputs)
    pruned = kept.get("prune", Pruned)
    if pruned is None:
        least = 1.0 if source.exact else KEPT
        pruned = prune(network, judging, source.sets, lambda text: tell("prune", text), least, linked)
        kept.put("prune", pruned)
    else:
        judging.freeze_means(_all(network, linked))
    return judging, pruned


def _all(network: Network, linked: Linked | None) -> Edges:
    return all_edges(network, None if linked is None else linked.links)


def _hardened(
    network: Network, source: Source, judging: Paths, pruned: Pruned, linked: Linked | None, seed: int, tell: Tell
) -> HardNetwork:
    short = source.bins[0]
    paths = Paths(network, source.draw(300 if source.exact else 100, short, seed + 2, shifted=True))
    paths.freeze_means(_all(network, linked), judging)
    facts = source.facts(paths.inputs)
    hardened, run, accepted = harden_inner(paths, pruned.edges, facts, source.sets, lambda text: tell("heads", text))
    pool = offered(paths, run, pruned.edges, facts, hardened)
    drawn = [_drawn(source, seed + 10, (120, 80, 30)), _drawn(source, seed + 20, (100, 60, 20))]
    drawn.append([source.random_strings(60, short, seed + at) for at in (30, 31)])
    sets = [_Answers.of(network, batches) for batches in drawn]
    classes = classes_of([*sets[0].logits, *sets[1].logits], [*sets[0].graded, *sets[1].graded], source)
    if source.sets:
        classes = with_frequent(classes, sets[2].logits, sets[2].graded)
    fitted, judged, elsewhere = (some.examples(source, classes) for some in sets)
    trials = Trials(fitted, judged, elsewhere, classes)

    def about(text: str) -> object:
        return tell("readout", text)

    linear = fewest(pool, trials, 1.0 if source.exact else WANTED, about)
    linear = trimmed(linear, trials, about)
    if not source.exact:
        longer = (_Answers.of(network, _long(source, seed + at)).examples(source, classes) for at in (40, 50))
        trials = trials.with_more(*longer)
    linear = once(telling(polished(linear, trials, about)))
    match = trials.judged.match(linear)
    return HardNetwork(linear, classes, match, (*accepted, *_said(linear, match)))


@dataclass(frozen=True, eq=False)
class _Answers:
    """Batches of inputs, and what a network says of them."""

    batches: Sequence[Inputs]
    logits: list[Floats]

    @classmethod
    def of(cls, network: Network, batches: Sequence[Inputs]) -> _Answers:
        return cls(batches, [in_pieces(network, batch) for batch in batches])

    @property
    def graded(self) -> list[Bools]:
        return [batch.graded for batch in self.batches]

    def examples(self, source: Source, classes: Classes) -> Examples:
        return Examples(tuple(map(source.facts, self.batches)), tuple(answered(some, classes) for some in self.logits))


def _long(source: Source, seed: int) -> list[Inputs]:
    """Long inputs, for the last weights: how numbers weigh against each other shows where they are large."""
    lengths = source.bins[min(1, len(source.bins) - 1)][0], source.bins[-1][1]
    return [source.draw(LONG_PIECE, lengths, seed + at) for at in range(LONG_PIECES)]


def _drawn(source: Source, seed: int, counts: tuple[int, int, int]) -> list[Inputs]:
    """Inputs to fit a readout to, or to judge it by: all there are; else short ones, shifted ones and long ones."""
    if (domain := source.domain()) is not None:
        return [domain]
    short, long = source.bins[0], (source.bins[min(1, len(source.bins) - 1)][0], source.bins[-1][1])
    return [
        source.draw(counts[0], short, seed),
        source.draw(counts[1], short, seed + 1, shifted=True),
        source.draw(counts[2], long, seed + 2),
    ]


def _said(linear: Linear, match: float) -> list[Accepted]:
    return [Accepted("readout", str(column), match) for column in linear.columns]
