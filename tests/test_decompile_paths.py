"""A network as a sum over paths: exact with all edges in place, and what is left of it without some."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.small_networks import drawn, random_network
from tprog.errors import BadUsage
from tprog.tasks.next_token import get_next_token_task
from trainer.decompile import pipeline
from trainer.decompile import prune as pruning
from trainer.decompile.apart import divergence, positions_alike
from trainer.decompile.components import Components, live_links
from trainer.decompile.edges import (
    TOKENS,
    Answered,
    Brought,
    Feed,
    Link,
    Moved,
    Read,
    Reader,
    Score,
    all_edges,
    all_links,
    edge_count,
    live,
)
from trainer.decompile.network import Network, attended, in_pieces, network_of
from trainer.decompile.paths import Paths
from trainer.decompile.pipeline import Settings, decompile
from trainer.decompile.prune import Linked, prune
from trainer.decompile.samples import TaskSource


@pytest.mark.parametrize("sets", [False, True])
@pytest.mark.parametrize(
    ("layers", "heads", "positions", "edges"), [(1, 1, 60, 17), (2, 1, 60, 78), (2, 2, 60, 212), (2, 1, 0, 42)]
)
def test_all_paths_together_are_the_network(layers: int, heads: int, positions: int, edges: int, sets: bool) -> None:
    network = random_network(layers, heads, positions)
    paths = Paths(network, drawn(network))
    everything = all_edges(network)
    whole = paths.freeze_means(everything)
    graded = paths.inputs.graded
    assert len(everything) == edges
    np.testing.assert_allclose(whole.logits[graded], paths.own.logits[graded], rtol=0, atol=1e-4)
    assert divergence(paths.own.logits, whole.logits, sets, graded) < 1e-8
    assert positions_alike(paths.own.logits, whole.logits, sets)[graded].all()


@pytest.mark.parametrize(("layers", "heads", "positions"), [(1, 1, 60), (2, 2, 60), (3, 2, 60), (2, 1, 0)])
def test_edges_are_counted_without_being_made(layers: int, heads: int, positions: int) -> None:
    network = random_network(layers, heads, positions)
    assert edge_count(network) == len(all_edges(network))
    links = live_links(sorted(all_links(network), key=str)[::2])
    assert edge_count(network, links) == len(all_edges(network, links)) < edge_count(network)


@pytest.mark.parametrize(("layers", "heads", "positions", "links"), [(1, 1, 60, 15), (3, 2, 60, 138), (2, 1, 0, 29)])
def test_all_links_together_are_the_network(layers: int, heads: int, positions: int, links: int) -> None:
    network = random_network(layers, heads, positions)
    modules = Components(network, drawn(network))
    graded = modules.inputs.graded
    assert len(modules.whole.links) == links
    np.testing.assert_allclose(modules.whole.logits[graded], modules.own.logits[graded], rtol=0, atol=1e-4)
    fewer = live_links(modules.whole.links - {Link(Answered(0), Reader("readout"))})
    alone, above = modules.run(fewer), modules.run(fewer, modules.whole)
    np.testing.assert_allclose(above.logits, alone.logits, rtol=0, atol=1e-5)
    assert abs(alone.logits - modules.whole.logits).max() > 1e-4


def test_links_over_which_nothing_comes_to_the_readout_are_not_live() -> None:
    read = Link(Brought(1, 0), Reader("readout"))
    value, idle = Link(Answered(0), Reader("value", 1, 0)), Link(TOKENS, Reader("mlp", 1))
    inner = Link(TOKENS, Reader("mlp", 0))
    assert live_links([read, value, idle, inner]) == {read, value, inner}


def test_a_link_says_what_reads() -> None:
    told = [str(Reader(*what)) for what in (("readout",), ("mlp", 1), ("query", 1, 0))]
    assert told == ["readout", "mlp_1", "attn_1_0 query"]


def test_of_many_paths_those_over_links_that_nothing_needs_are_never_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = random_network(1, 1, 160)
    source = TaskSource(get_next_token_task("tomita2"), network.longest)
    monkeypatch.setattr(pipeline, "MANY_EDGES", edge_count(network) - 1)
    made = decompile(network, source, Settings("tomita2"), lambda stage, what: None, until="prune")
    assert made.linked is not None
    assert made.pruned is not None
    assert made.pruned.steps[0].stage == "links"
    # A sweep that takes nothing out is the last.
    assert [step.edges for step in made.linked.steps] == [made.linked.paths] * 2
    assert made.pruned.edges <= all_edges(network, made.linked.links)
    monkeypatch.setattr(pipeline, "MANY_EDGES", edge_count(network))
    assert decompile(network, source, Settings("tomita2"), lambda stage, what: None, until="prune").linked is None


def test_a_network_all_of_whose_paths_are_needed_has_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MANY_EDGES", 3)
    monkeypatch.setattr(pipeline, "MOST_EDGES", 3)
    network = random_network(1, 1, 160)
    source = TaskSource(get_next_token_task("tomita2"), network.longest)
    made = decompile(network, source, Settings("tomita2"), lambda stage, what: None)
    assert made.linked is not None
    assert made.linked.paths > 3
    assert made.program is None
    assert not made.answer


def test_the_run_is_that_of_the_model() -> None:
    model = random_network.model(2, 2, 60)
    network = network_of(model)
    inputs = drawn(network)
    with torch.no_grad():
        places = torch.as_tensor(inputs.offsets[:, None] + np.arange(inputs.tokens.shape[1]))
        logits = model(torch.as_tensor(inputs.tokens), places).numpy()
    np.testing.assert_allclose(in_pieces(network, inputs, 5), logits, rtol=0, atol=1e-4)


def test_what_is_run_on_top_of_another_run_is_what_is_run_alone() -> None:
    network = random_network(2, 2, 60)
    paths = Paths(network, drawn(network))
    everything = all_edges(network)
    base = paths.freeze_means(everything)
    for edge in (
        Score(0, 1, TOKENS, TOKENS),
        Score(1, 0, None, Answered(0)),
        Feed(0, TOKENS),
        Feed(1, Moved(0, 1, TOKENS)),
        Read(Moved(1, 0, Moved(0, 0, TOKENS))),
    ):
        assert edge in everything
        fewer = live(everything - {edge})
        alone, above = paths.run(fewer), paths.run(fewer, base)
        np.testing.assert_allclose(above.logits, alone.logits, rtol=0, atol=1e-5)
        assert abs(alone.logits - base.logits).max() > 1e-4


def test_edges_that_reach_no_readout_are_not_live() -> None:
    read = Read(Moved(1, 0, Answered(0)))
    inner, asked = Feed(0, TOKENS), Score(1, 0, TOKENS, Moved(0, 0, TOKENS))
    idle = Score(0, 1, TOKENS, TOKENS)
    scored = Score(0, 0, None, TOKENS)
    assert live([read, inner, asked, scored, idle]) == {read, inner, asked, scored}


def test_numbers_that_are_not_finite_are_refused() -> None:
    model = random_network.model(1, 1, 60)
    with torch.no_grad():
        model.tokens.weight[0, 0] = float("nan")
    with pytest.raises(BadUsage, match="not finite"):
        network_of(model)


def test_scores_are_the_sum_of_the_products_of_their_edges() -> None:
    network = random_network(2, 1, 60)
    paths = Paths(network, drawn(network))
    everything = all_edges(network)
    paths.freeze_means(everything)
    dropped = {Score(1, 0, TOKENS, Answered(0)), Score(1, 0, None, TOKENS), Score(1, 0, Answered(0), TOKENS)}
    assert dropped < everything
    fewer = everything - dropped
    made = paths.run(fewer)
    scores = np.zeros_like(made.patterns[1, 0])
    for edge in fewer:
        if isinstance(edge, Score) and edge.layer == 1:
            ((asked, keys),) = paths.factors([edge], made.values)
            scores += np.broadcast_to(asked, keys.shape) @ keys.transpose(0, 2, 1)
    np.testing.assert_allclose(made.patterns[1, 0], attended(scores, 1.0), rtol=0, atol=1e-5)


@pytest.fixture(name="lossy")
def _lossy() -> tuple[Network, Linked]:
    """A network, and so few of its links that it predicts worse over them."""
    network = random_network(3, 1, 60)
    links = live_links(sorted(all_links(network), key=str)[1::2])
    return network, Linked(links, edge_count(network, links), ())


def test_edges_may_go_though_what_they_begin_with_predicts_worse_than_asked(lossy: tuple[Network, Linked]) -> None:
    network, linked = lossy
    made = prune(network, Paths(network, drawn(network)), False, lambda what: None, 0.998, linked)
    assert made.steps[0].match < 0.998
    assert made.steps[-1].match >= made.steps[0].match
    assert len(made.edges) < linked.paths


def test_of_many_edges_all_that_a_module_reads_of_a_variable_goes_first(
    lossy: tuple[Network, Linked], monkeypatch: pytest.MonkeyPatch
) -> None:
    network, linked = lossy
    monkeypatch.setattr(pruning, "MANY_EDGES", 3)
    told: list[str] = []
    made = prune(network, Paths(network, drawn(network)), False, told.append, 0.998, linked)
    by_stage = {step.stage: step for step in made.steps}
    assert by_stage["readings"].edges < by_stage["modules"].edges
    assert by_stage["readings"].match >= by_stage["paths"].match
    alone = [what for what in told if what.startswith("sweep 1,")]
    assert len(alone) <= 2 * by_stage["readings"].edges  # those that went before are not tried one by one


@pytest.mark.parametrize(("many", "inputs"), [(500, 12), (3, 4)])
def test_of_many_edges_each_alone_is_measured_by_a_third_of_the_inputs(
    lossy: tuple[Network, Linked], monkeypatch: pytest.MonkeyPatch, many: int, inputs: int
) -> None:
    network, linked = lossy
    paths = Paths(network, drawn(network))
    monkeypatch.setattr(pruning, "MANY_EDGES", many)
    seen: list[int] = []
    ran = Paths.run

    def run(some: Paths, *rest: object, **named: object) -> object:
        seen.append(len(some.inputs))
        return ran(some, *rest, **named)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(Paths, "run", run)
    prune(network, paths, False, lambda what: seen.clear() if what.startswith("module") else None, 0.998, linked)
    assert seen[0] == inputs
    assert seen[-1] == 12  # what is left is judged by all
