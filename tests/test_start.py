"""Training that begins with a Program: the network computes it, and what does not fit is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.programs import dyck1, hist, masks, reverse, sort
from tprog.errors import BadUsage
from tprog.ir.program import IMPLIED, Head, Lookup, Program, Weights
from tprog.ir.values import FALSE, NOTHING, TRUE, Label, Symbol
from tprog.run.execute import predict
from tprog.tasks.builtin import inputs_for
from trainer.config import TrainConfig
from trainer.extract import Member, extract
from trainer.fit import load_program, train
from trainer.model import Frame, Network
from trainer.run import BEGUN
from trainer.start import started

WIDE = TrainConfig("sort", layers=3, num_mlps=3, cat_mlps=3, predicates="set", masks="learned", cardinality=16)


def begun(program: Program, config: TrainConfig = WIDE) -> Program:
    """What is extracted from the network that begins with a Program."""
    frame = Frame(program.vocabulary, program.classes, program.max_length, program.causal, program.readout.pooled)
    network = Network.of(config, frame)
    theta = started(program, network, network.layout.initial(0))
    scale = program.readout.scale
    member = Member.of(network, theta).with_readout(lambda weights: (weights * scale).round())
    return extract(member, scale)


@pytest.mark.parametrize("made", [sort, reverse, hist, dyck1])
def test_the_network_computes_the_program_that_it_begins_with(made: Callable[[], Program]) -> None:
    program = made()
    batch = inputs_for(program, sample=500, seed=0).batch
    assert (predict(begun(program), batch)[0] == predict(program, batch)[0]).all()


def test_what_lookups_call_their_answers_does_not_matter() -> None:
    """The network has a code for each, whether they are numbers, booleans, nothing or labels."""
    frame = sort()
    known: tuple[Symbol, ...] = (NOTHING, FALSE, TRUE, Label(0.5))
    words = len(frame.vocabulary)
    kind = Lookup("kind", ("tokens",), (None,), known, tuple(known[at % 4] for at in range(words)))
    like = Head("like", "kind", "kind", "kind", tuple((symbol,) for symbol in known), mask="before")
    rows = tuple(tuple((at + place) % 3 for place in range(len(frame.classes))) for at in range(4))
    terms = Weights("kind", rows), Weights("like", rows[::-1])
    program = replace(frame, nodes=(kind, like), readout=replace(frame.readout, terms=terms))
    batch = inputs_for(frame, sample=500, seed=0).batch
    assert (predict(begun(program), batch)[0] == predict(program, batch)[0]).all()


def test_a_program_for_another_task_is_refused() -> None:
    network = Network.of(WIDE, Frame(sort().vocabulary, hist().classes, sort().max_length))
    with pytest.raises(BadUsage, match="it has another list of classes than the task; name the task, and the size"):
        started(sort(), network, network.layout.initial(0))


def test_a_head_with_a_default_is_refused() -> None:
    with pytest.raises(BadUsage, match="any_but_first skips position 0, or has a default"):
        begun(masks())


def test_a_head_of_several_clauses_is_refused() -> None:
    program = sort()
    less, *others = program.nodes
    assert less.selection is not None
    several = less.selection.selecting((*less.selection.alternatives, *less.selection.alternatives))
    with pytest.raises(BadUsage, match="less selects by several clauses; a trained head has one"):
        begun(dataclasses.replace(program, nodes=(several, *others)))


SORT = TrainConfig(
    "sort", vocabulary_size=6, length=6, predicates="set", masks="learned", batch=64, epochs=1, dataset_size=400
)


def test_training_begins_with_it_and_is_never_worse(tmp_path: Path) -> None:
    first = train(dataclasses.replace(SORT, search=60), tmp_path / "searched", progress=False).program
    result = train(SORT, tmp_path / "run", progress=False, start=first)
    assert result.epochs == 0  # it is right on all inputs: nothing is left to train
    spoilt = dataclasses.replace(first, readout=dataclasses.replace(first.readout, terms=()))
    again = train(SORT, tmp_path / "again", progress=False, start=spoilt)
    assert again.epochs == 1
    assert BEGUN in dict(again.program.provenance)
    assert load_program(tmp_path / "again") == again.program
    assert train(SORT, tmp_path / "again", resume=True, progress=False).program == again.program


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"layers": 1}, "there is no place left for .*; raise layers or"),
        ({"predicates": "one"}, "a row of .* accepts .* keys; set predicates to 'set'"),
        ({"masks": "all"}, "has the mask '.*'; set masks to"),
        ({"numeric_cap": 1}, "tells numbers up to .* apart; raise numeric_cap"),
        ({"embedding": "learned"}, "learned embeddings"),
    ],
)
def test_a_program_that_does_not_fit_the_class_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(BadUsage, match=f"the program given with --from does not fit the class: .*{why}"):
        begun(sort(), dataclasses.replace(WIDE, **changes))  # type: ignore[arg-type]  # as the table says


def test_a_program_of_which_a_variable_comes_out_is_refused_by_its_name() -> None:
    with pytest.raises(BadUsage, match="does not fit the class: 'sorted' comes out, where the class has a readout"):
        begun(dataclasses.replace(sort(), classes=(), readout=IMPLIED, outputs=("sorted",)), WIDE)
