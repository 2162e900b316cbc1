"""A hardened network and its extracted Program are the same function, ties included; and what rounding changes."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tprog.errors import NotExact
from tprog.ir.program import BEGIN, END, Embedding, Head, Lookup, NumericHead, Program
from tprog.run.batch import BEHIND_END, Batch
from tprog.run.execute import execute
from trainer.config import Predicates, TrainConfig
from trainer.extract import Member, extract, model_to_program, round_readout
from trainer.model import Frame, Network


def all_inputs(frame: Frame) -> Batch:
    """Every sequence between the marks, up to the frame's length."""
    letters = [code for code, word in enumerate(frame.vocabulary) if word not in (BEGIN, END)]
    begin, end = frame.vocabulary.index(BEGIN), [frame.vocabulary.index(END)] if END in frame.vocabulary else []
    rows = [
        [begin, *middle, *end]
        for length in range(1, frame.max_length - len(end))
        for middle in product(letters, repeat=length)
    ]
    tokens = np.full((len(rows), frame.max_length), BEHIND_END, dtype=np.int32)
    for row, codes in enumerate(rows):
        tokens[row, : len(codes)] = codes
    return Batch(tokens, np.array([len(codes) for codes in rows]))


def as_tensor(batch: Batch) -> Tensor:
    return torch.as_tensor(batch.tokens, dtype=torch.long)


def drawn(config: TrainConfig, frame: Frame, seed: int, coarse: bool) -> Member:
    """A member whose parameters are drawn at random: nothing is trained.

    Coarse parameters are small whole numbers, so that ties abound, of choices as of logits.
    """
    network = Network.of(config, frame)
    theta = torch.randn(network.layout.size, generator=torch.Generator().manual_seed(seed))
    if config.predicates == "set":
        for name, view in network.layout.views(theta[None]).items():
            if name.endswith(".predicate"):
                view -= 0.7  # about one key in four
    return Member.of(network, theta.round() if coarse else theta)


def agree(member: Member, program: Program, batch: Batch) -> None:
    """Predictions of a member with whole weights are those of its Program, on every input."""
    run = execute(program, batch)
    np.testing.assert_array_equal(member.predict(as_tensor(batch)).numpy(), run.predictions)
    assert not run.holed


frames = st.builds(
    Frame,
    vocabulary=st.sampled_from([(BEGIN, "a", "b"), (BEGIN, "a", "b", END), (END, "c", BEGIN, "a", "b")]),
    classes=st.sampled_from([("x", "y"), ("x", "y", "z", "w")]),
    max_length=st.integers(3, 6),
    causal=st.booleans(),
    pooled=st.booleans(),
)


def config_of(**drawn_settings: Any) -> TrainConfig:
    """A config from settings drawn apart, made to fit each other."""
    if not drawn_settings["num_heads"]:
        drawn_settings |= {"cat_heads": drawn_settings["cat_heads"] + 1, "num_mlps": 0}
    if drawn_settings["embedding"] == "one-hot":
        drawn_settings["embedding_variables"] = 1
    return TrainConfig("sort", **drawn_settings)


configs = st.builds(
    config_of,
    layers=st.integers(1, 3),
    cat_heads=st.integers(0, 3),
    num_heads=st.integers(0, 3),
    cat_mlps=st.integers(0, 2),
    num_mlps=st.integers(0, 2),
    embedding=st.sampled_from(["one-hot", "learned"]),
    embedding_variables=st.integers(1, 3),
    cardinality=st.sampled_from([None, 7]),
    predicates=st.sampled_from(["one", "set"]),
    masks=st.sampled_from(["all", "learned", "assigned"]),
    numeric_cap=st.integers(1, 9),
    readout_scale=st.sampled_from([1, 100]),
)


@settings(max_examples=60, deadline=None)
@given(configs, frames, st.integers(0, 2**32), st.booleans())
def test_a_hardened_network_predicts_what_its_program_does(
    config: TrainConfig, frame: Frame, seed: int, coarse: bool
) -> None:
    member = drawn(config, frame, seed, coarse)
    batch = all_inputs(frame)
    rounded, rounding = round_readout(member, as_tensor(batch))
    program = extract(rounded, rounding.scale)
    agree(rounded, program, batch)
    # A readout of whole numbers loses nothing in rounding, so even its ties stay.
    if coarse:
        assert rounding.changed == 0
        agree(member, program, batch)


def small(**changes: Any) -> tuple[TrainConfig, Frame]:
    """A config with one module of each kind, and a frame to go with it."""
    config = TrainConfig("sort", layers=1, cat_heads=1, num_heads=1, cat_mlps=1, num_mlps=1)
    return dataclasses.replace(config, **changes), Frame((BEGIN, "a", "b"), ("x", "y"), 4)


def test_a_tie_of_the_logits_goes_to_the_first_class() -> None:
    config, frame = small()
    member = drawn(config, frame, 0, coarse=True)
    member["readout"].zero_()
    member["number_readout"].zero_()
    program = extract(member, 1)
    batch = all_inputs(frame)
    agree(member, program, batch)
    assert set(execute(program, batch).predictions.ravel()) == {-1, 0}


def test_the_nodes_are_named_by_kind_layer_and_place() -> None:
    config, frame = small(layers=2, num_mlps=2, embedding="learned", embedding_variables=2)
    program = extract(drawn(config, frame, 0, coarse=True), 1)
    per_layer = ["attn_{}_0", "num_attn_{}_0", "mlp_{}_0", "num_mlp_{}_0", "num_mlp_{}_1"]
    expected = ["emb_0", "emb_1"] + [name.format(layer) for layer in (0, 1) for name in per_layer]
    assert [node.name for node in program.nodes] == expected
    assert [term.variable for term in program.weights] == ["positions", "ones", *expected]
    kinds = [Embedding] * 2 + [Head, NumericHead, Lookup, Lookup, Lookup] * 2
    assert [type(node) for node in program.nodes] == kinds


def test_a_lookup_that_reads_one_variable_twice_becomes_one_of_one_input() -> None:
    config, frame = small()
    member, batch = drawn(config, frame, 3, coarse=False), all_inputs(frame)
    member["0.cat_reads"].copy_(torch.tensor([[1.0, 0, 0], [1.0, 0, 0]]))
    rounded, rounding = round_readout(member, as_tensor(batch))
    program = extract(rounded, rounding.scale)
    lookup = program.by_name["mlp_0_0"]
    assert isinstance(lookup, Lookup)
    assert lookup.inputs == ("tokens",)
    assert list(lookup.cells) == member["0.cat_table"][0].argmax(dim=-1).diagonal()[:3].tolist()
    agree(rounded, program, batch)


def show(member: Member, variable: int) -> None:
    """Let the readout predict class c where a categorical variable, by its index, has the value with code c."""
    member["number_readout"].zero_()
    member["readout"].zero_()
    member["readout"][:, variable] = torch.eye(*member["readout"].shape[::2], dtype=torch.float64)


def test_numbers_above_the_cap_read_as_the_cap_in_network_and_table() -> None:
    config, frame = small(numeric_cap=2, predicates="set", cat_heads=0, cat_mlps=0)
    member = drawn(config, frame, 1, coarse=True)
    member["0.predicate"].fill_(1.0)  # every key matches, so the head counts the whole input
    member["0.num_reads"].copy_(torch.tensor([[0.0, 1], [0.0, 1]]))
    # The answer is 1 from a count of 2 on, which every input has.
    table = member["0.num_table"][0]
    assert table.shape == (3, 3, 4)
    table.zero_()[:, :, 0] = 1.0
    table[2, 2, 1] = 2.0
    show(member, 2)
    program = extract(member, 1)
    lookup = program.by_name["num_mlp_0_0"]
    assert isinstance(lookup, Lookup)
    assert lookup.levels == ((0, 1, 2),)
    assert lookup.cells == (0, 0, 1)
    batch = all_inputs(frame)
    assert set(execute(program, batch).values["num_attn_0_0"][batch.present]) == {2, 3, 4}
    agree(member, program, batch)
    assert set(member.predict(as_tensor(batch)).flatten().tolist()) == {-1, 1}


@pytest.mark.parametrize("predicates", ["one", "set"])
def test_only_values_of_the_key_are_accepted(predicates: Predicates) -> None:
    config, frame = small(cardinality=9, layers=2, num_heads=0, cat_mlps=0, num_mlps=0, predicates=predicates)
    member = drawn(config, dataclasses.replace(frame, classes=("0", "1", "2", "3")), 0, coarse=True)
    member["0.value"].copy_(torch.tensor([[1.0, 0.0]]))  # copies a token, which slots 3 and 8 are not
    member["1.key"].copy_(torch.tensor([[0.0, 0.0, 1.0]]))
    member["1.value"].copy_(torch.tensor([[0.0, 1.0, 0.0]]))  # a position
    member["1.predicate"].copy_(torch.tensor([0.0, 3.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 9.0]).expand(1, 9, 9))
    show(member, 3)
    program = extract(member, 1)
    head = program.by_name["attn_1_0"]
    assert isinstance(head, Head)
    assert set(head.predicate) == {("a",)}
    agree(member, program, all_inputs(frame))


def test_pooled_logits_are_whole_sums_that_no_division_can_tie() -> None:
    config, frame = small()
    member = drawn(config, dataclasses.replace(frame, pooled=True), 0, coarse=True)
    batch, network = all_inputs(frame), member.network
    logits = network.logits(network.layout.hard(member.theta[None]), as_tensor(batch).T)[0]
    np.testing.assert_array_equal(logits.T.numpy(), execute(extract(member, 1), batch).totals)


def test_rounding_reports_the_predictions_that_it_changes() -> None:
    config, frame = small(readout_scale=1)
    member = drawn(config, frame, 0, coarse=True)
    member["readout"].zero_()
    member["number_readout"].zero_()
    member["number_readout"][1, 0] = 0.25  # `ones` speaks for class y, a little
    member["readout"][0, 0, 0] = 1.75  # `<s>`, whose output is forced
    tokens = as_tensor(all_inputs(frame))
    program, rounding = model_to_program(member, tokens, [("tool", "test")])
    read = int((tokens > 0).sum())
    assert (rounding.scale, rounding.changed, rounding.total) == (1, read, read)
    assert str(rounding) == f"readout rounded to 1/1: {read} of {read} predictions changed"
    assert program.provenance == (("tool", "test"),)
    assert program.readout.terms[0].rows[0] == (2, 0)
    finer = dataclasses.replace(member.network, config=dataclasses.replace(config, readout_scale=100))
    assert model_to_program(Member(finer, member.theta), tokens)[1].changed == 0


def test_rounding_leaves_the_member_and_its_choices_as_they_were() -> None:
    config, frame = small()
    member = drawn(config, frame, 0, coarse=False)
    before = member.theta.clone()
    rounded, _ = round_readout(member, as_tensor(all_inputs(frame)))
    assert torch.equal(member.theta, before)
    choices = member.network.layout.choices
    assert torch.equal(rounded.theta[:choices], before[:choices])
    assert torch.equal(rounded.theta[choices:], (before[choices:] * 1000).round())


def test_large_weights_get_a_coarser_scale_that_keeps_logits_below_the_float32_limit() -> None:
    config, frame = small()
    member = drawn(config, frame, 0, coarse=True)
    member["readout"].fill_(50_000.0)
    program, rounding = model_to_program(member, as_tensor(all_inputs(frame)))
    assert rounding.scale == program.readout.scale == 10
    assert program.logit_bound < 2**24


@pytest.mark.parametrize("weight", [1e9, float("nan")])
def test_a_readout_beyond_exact_arithmetic_is_refused(weight: float) -> None:
    config, frame = small()
    member = drawn(config, frame, 0, coarse=True)
    member["readout"].fill_(weight)
    with pytest.raises(NotExact, match="train with a lower lr"):
        model_to_program(member, as_tensor(all_inputs(frame)))


def test_sums_of_sums_beyond_exact_arithmetic_are_refused() -> None:
    config = TrainConfig("sort", layers=19, cat_heads=0, num_heads=1, cat_mlps=0, num_mlps=0)
    member = drawn(config, Frame((BEGIN, "a"), ("x", "y"), 8), 0, coarse=True)
    member["number_readout"].zero_()
    for layer in range(config.layers):
        member[f"{layer}.number"][:, -1] = 10.0  # each layer sums the sums of the one before it
    with pytest.raises(NotExact, match="num_attn_17_0 can reach"):
        extract(member, 1)
