"""What hardening a head may cost: candidates are judged by all inputs while a bound lasts, then by few."""

from __future__ import annotations

import pytest

from tests.small_networks import drawn, random_network
from trainer.decompile import judging
from trainer.decompile.attend import Hard
from trainer.decompile.edges import Edges, all_edges
from trainer.decompile.harden import harden_inner
from trainer.decompile.judging import Judge, Judged
from trainer.decompile.paths import Paths
from trainer.decompile.symbols import Facts, Selection

HEAD = (0, 0)
KNOWN = [Hard(Selection(step=step % 4, before=step >= 4), copies=True) for step in range(8)]


class _Counted:
    """A judge of a random network, and the products of edges and inputs that it runs over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at_once: int, few: int = 3, inputs: int = 12) -> None:
        network = random_network(2, 1, 60)
        whole = Paths(network, drawn(network))
        self.edges = all_edges(network)
        whole.freeze_means(self.edges)
        self.paths = Paths(network, whole.inputs.rows(slice(inputs)))
        self.paths.freeze_means(self.edges, whole)
        monkeypatch.setattr(judging, "FEW", few)
        monkeypatch.setattr(judging, "MOST_RUN", at_once * 3 * len(self.edges))
        self.judge = Judge(self.paths, self.edges, Facts(self.paths.inputs, 6, 2), sets=True)
        self.work = 0
        ran = Paths.run

        def run(paths: Paths, edges: Edges, *rest: object, **named: object) -> object:
            self.work += len(edges) * len(paths.inputs)
            return ran(paths, edges, *rest, **named)  # type: ignore[arg-type]  # handed on as they came

        monkeypatch.setattr(Paths, "run", run)

    def judged(self) -> list[Judged]:
        return self.judge.judged(HEAD, KNOWN, lambda hard: None)


def test_few_candidates_are_all_judged_by_all_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = _Counted(monkeypatch, at_once=len(KNOWN))
    found = counted.judged()
    assert [each.hard for each in found] == KNOWN
    assert counted.work == len(KNOWN) * len(counted.edges) * len(counted.paths.inputs)


@pytest.mark.parametrize("at_once", [1, 2])
def test_of_many_candidates_those_that_do_well_on_few_inputs_are_judged_by_all(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    by_all = {each.hard: each for each in _Counted(monkeypatch, at_once=len(KNOWN)).judged()}
    by_few = {each.hard: each for each in _Counted(monkeypatch, at_once=len(KNOWN), inputs=6).judged()}
    counted = _Counted(monkeypatch, at_once, few=6)
    found = counted.judged()
    assert counted.work <= judging.MOST_RUN * len(counted.paths.inputs)
    sieved = KNOWN[at_once : 3 * at_once]  # by half of the inputs, so twice as many
    best = sorted(sieved, key=lambda hard: -by_few[hard].alike)[:at_once]
    wanted = [*KNOWN[:at_once], *(hard for hard in sieved if hard in best)]
    assert found == [by_all[hard] for hard in wanted]


def test_a_candidate_that_changes_nothing_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = _Counted(monkeypatch, at_once=len(KNOWN))
    counted.judge.take(HEAD, KNOWN[2])
    counted.paths.own.logits[...] = counted.judge.made.logits
    assert [each.hard for each in counted.judged()] == KNOWN[:3]


def test_a_network_that_needs_no_edge_has_no_head_to_harden() -> None:
    network = random_network(1, 1, 60)
    paths = Paths(network, drawn(network))
    paths.freeze_means(all_edges(network))
    hardened, _, accepted = harden_inner(
        paths, frozenset(), Facts(paths.inputs, 6, 2), sets=True, tell=lambda what: None
    )
    assert not hardened
    assert not accepted
