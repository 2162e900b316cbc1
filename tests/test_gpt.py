"""A GPT-2-style model: the logits of its definition, back from its folder the same, and refused when it is none."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from tprog.errors import BadFile, BadUsage
from tprog.tasks.next_token import NextTokenTask, get_next_token_task
from trainer.gpt import CONFIG, WEIGHTS, Gpt, GptConfig, accuracy, expect_fits, load, save
from trainer.gpt.judge import places, random_offsets

SMALL = GptConfig(layers=2, heads=2, width=8, positions=12, vocabulary_size=5)
CONFIGS = {
    "tied": SMALL,
    "untied": GptConfig(layers=1, heads=4, width=8, positions=12, vocabulary_size=5, tied=False, activation="relu"),
    "without positions": GptConfig(layers=1, heads=1, width=8, positions=0, vocabulary_size=5, mlp=12),
}


def model(config: GptConfig, seed: int = 0) -> Gpt:
    """A model of random numbers that are large enough to matter, biases and norms included."""
    made, generator = Gpt(config), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(0.2, 0.7, generator=generator)
    return made.eval()


def definition(folder: Path, tokens: list[int], first: int = 0) -> np.ndarray[Any, Any]:
    """Logits [n, V] of one input from the files alone, as the GPT-2 paper and HuggingFace's class define them."""
    settings = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    w = {name: tensor.astype(np.float64) for name, tensor in load_file(folder / WEIGHTS).items()}
    width, heads, n = settings["n_embd"], settings["n_head"], len(tokens)

    def norm(x: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
        centred = x - x.mean(1, keepdims=True)
        spread = np.sqrt((centred**2).mean(1, keepdims=True) + settings["layer_norm_epsilon"])
        normed: np.ndarray[Any, Any] = centred / spread * w[f"{name}.weight"] + w[f"{name}.bias"]
        return normed

    def linear(x: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def activation(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        relu = settings["activation_function"] == "relu"
        gelu_new = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
        found: np.ndarray[Any, Any] = np.maximum(x, 0) if relu else gelu_new
        return found

    x = w["transformer.wte.weight"][tokens] + w["transformer.wpe.weight"][first : first + n]
    for layer in range(settings["n_layer"]):
        at = f"transformer.h.{layer}"
        query, key, value = np.split(linear(norm(x, f"{at}.ln_1"), f"{at}.attn.c_attn"), 3, axis=1)
        found = np.zeros((n, width))
        for head in range(heads):
            part = slice(head * width // heads, (head + 1) * width // heads)
            for i in range(n):
                scores = key[: i + 1, part] @ query[i, part] / np.sqrt(width / heads)
                shares = np.exp(scores - scores.max())
                found[i, part] = shares / shares.sum() @ value[: i + 1, part]
        x = x + linear(found, f"{at}.attn.c_proj")
        x = x + linear(activation(linear(norm(x, f"{at}.ln_2"), f"{at}.mlp.c_fc")), f"{at}.mlp.c_proj")
    unembedding = w["transformer.wte.weight" if settings["tie_word_embeddings"] else "lm_head.weight"]
    return norm(x, "transformer.ln_f") @ unembedding.T


@pytest.mark.parametrize("name", CONFIGS)
def test_logits_are_those_of_the_definition_at_every_offset(name: str, tmp_path: Path) -> None:
    save(model(CONFIGS[name]), tmp_path)
    tokens = [0, 3, 1, 4, 2, 2]
    for first in (0, 5):
        found = load(tmp_path)(torch.tensor([tokens]), torch.arange(first, first + 6))[0]
        np.testing.assert_allclose(found.detach().numpy(), definition(tmp_path, tokens, first), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_model_comes_back_from_its_folder_as_it_was(name: str, tmp_path: Path) -> None:
    made = model(CONFIGS[name])
    save(made, tmp_path / "new" / "folder")
    found = load(tmp_path / "new" / "folder")
    assert found.config == made.config
    assert found.state_dict().keys() == made.state_dict().keys()
    assert all(torch.equal(found.state_dict()[key], value) for key, value in made.state_dict().items())
    assert made.config.parameters == sum(parameter.numel() for parameter in made.parameters())


@pytest.mark.parametrize("name", CONFIGS)
def test_a_trace_adds_up_to_the_logits(name: str) -> None:
    made, tokens = model(CONFIGS[name]), torch.tensor([[0, 3, 1, 4], [2, 2, 2, 1]])
    trace = made.traced(tokens)
    torch.testing.assert_close(trace.normed @ made.unembedding.T, made(tokens))
    last = trace.layers[-1]
    torch.testing.assert_close(last.middle + last.mlp, trace.stream)
    assert bool((last.pattern.triu(1) == 0).all())
    torch.testing.assert_close(last.pattern.sum(dim=3), torch.ones(2, made.config.heads, 4))


def test_the_weights_of_a_layer_compute_its_attention_and_its_mlp() -> None:
    made, tokens = model(SMALL), torch.tensor([[0, 3, 1, 4]])
    trace, w = made.traced(tokens).layers[1], made.weights()[1]
    stream, scale = trace.stream[0], trace.attention_scale[0][:, None]
    normed = (stream - stream.mean(dim=1, keepdim=True)) * scale * w.attention_gain + w.attention_shift
    for head in range(2):
        query, key = (normed @ w.query[head] + w.query_bias[head]), (normed @ w.key[head] + w.key_bias[head])
        scores = (query @ key.T / 2).masked_fill(torch.ones(4, 4).triu(1) > 0, -torch.inf)
        torch.testing.assert_close(scores.softmax(dim=1), trace.pattern[0, head])
        value = normed @ w.value[head] + w.value_bias[head]
        torch.testing.assert_close(trace.pattern[0, head] @ value @ w.output[head], trace.heads[0, head])
    torch.testing.assert_close(stream + trace.heads[0].sum(0) + w.output_bias, trace.middle[0])
    middle, scale = trace.middle[0], trace.mlp_scale[0][:, None]
    normed = (middle - middle.mean(dim=1, keepdim=True)) * scale * w.mlp_gain + w.mlp_shift
    hidden = torch.nn.functional.gelu(normed @ w.mlp_in + w.mlp_in_bias, approximate="tanh")
    torch.testing.assert_close(hidden, trace.hidden[0])
    torch.testing.assert_close(hidden @ w.mlp_out + w.mlp_out_bias, trace.mlp[0])


@given(st.lists(st.integers(0, 4), min_size=2, max_size=8), st.integers(0, 4))
def test_no_token_changes_what_is_predicted_before_it(tokens: list[int], last: int) -> None:
    made = model(SMALL)
    one, other = made(torch.tensor([tokens])), made(torch.tensor([[*tokens[:-1], last]]))
    torch.testing.assert_close(one[:, :-1], other[:, :-1])


def test_logits_can_be_asked_for_at_some_places_alone() -> None:
    made, tokens = model(SMALL), torch.tensor([[0, 3, 1, 4], [2, 2, 2, 1]])
    at = torch.tensor([[False, True, False, True], [True, False, False, False]])
    torch.testing.assert_close(made(tokens, at=at), made(tokens)[at])


def test_dropout_is_for_training_alone() -> None:
    made, tokens = model(GptConfig(1, 1, 8, 12, 5, dropout=0.5)), torch.tensor([[1, 2, 3]])
    assert torch.equal(made(tokens), made(tokens))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made.train()
        assert not torch.equal(made(tokens), made(tokens))


def test_a_position_that_was_not_learned_is_refused() -> None:
    with pytest.raises(BadUsage, match=r"position 12 is asked for, but the model has learned 12, from 0"):
        model(SMALL)(torch.zeros(1, 13, dtype=torch.long))
    with pytest.raises(BadUsage, match="position 14 is asked for"):
        model(SMALL)(torch.zeros(1, 5, dtype=torch.long), torch.arange(10, 15))
    assert model(CONFIGS["without positions"])(torch.zeros(1, 13, dtype=torch.long)).shape == (1, 13, 5)


def test_what_others_write_differently_is_read_the_same(tmp_path: Path) -> None:
    save(model(SMALL), tmp_path)
    before, tensors = load(tmp_path).state_dict(), load_file(tmp_path / WEIGHTS)
    theirs = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    theirs["h.0.attn.bias"] = np.ones((1, 1, 12, 12), dtype=np.bool_)
    theirs["lm_head.weight"] = tensors["transformer.wte.weight"]
    save_file(theirs, tmp_path / WEIGHTS)
    changed(tmp_path / CONFIG, tie_word_embeddings=None, n_inner=None, positions=None, vocabulary=None, alibi=False)
    changed(tmp_path / CONFIG, reorder_and_upcast_attn=True, pruned_heads={}, _name_or_path="some", summary_type="mean")
    changed(tmp_path / CONFIG, architectures=["GPT2WithALossOfTheirOwnLMHeadModel"])
    assert all(torch.equal(value, before[key]) for key, value in load(tmp_path).state_dict().items())


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_read_as_float32(kind: torch.dtype, tmp_path: Path) -> None:
    from safetensors.torch import load_file as load_torch
    from safetensors.torch import save_file as save_torch

    save(model(SMALL), tmp_path)
    halves = {name: tensor.to(kind) for name, tensor in load_torch(tmp_path / WEIGHTS).items()}
    save_torch(halves, tmp_path / WEIGHTS)
    found = load(tmp_path).tokens.weight
    assert found.dtype == torch.float32
    assert torch.equal(found, halves["transformer.wte.weight"].float())


# What is refused ######################################################################################################


def changed(path: Path, **settings: object) -> None:
    """Change keys of a JSON file; None takes one out."""
    told = json.loads(path.read_text(encoding="utf-8")) | settings
    path.write_text(json.dumps({k: v for k, v in told.items() if v is not None}), encoding="utf-8")


def refused(folder: Path) -> str:
    """The one line with which a folder is refused."""
    with pytest.raises(BadFile) as caught:
        load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model_type": "bert"}, "model_type is 'bert'; expected gpt2"),
        ({"architectures": ["BertModel"]}, "architectures is ['BertModel']; expected GPT2LMHeadModel"),
        ({"is_encoder_decoder": True}, "is_encoder_decoder is True: an encoder beside the decoder"),
        ({"add_cross_attention": True}, "attention to an encoder"),
        ({"rope_theta": 10000.0}, "rope_theta: rotary positions"),
        ({"position_embedding_type": "rotary"}, "position_embedding_type is 'rotary'; expected absolute"),
        ({"scale_attn_weights": False}, "scores that are not divided"),
        ({"scale_attn_by_inverse_layer_idx": True}, "divided by the number of the layer"),
        (
            {"alibi": True},
            "has 'alibi': True, which is not known here; expected the settings of a GPT2LMHeadModel: del",
        ),
        ({"norm_type": "rms"}, "has 'norm_type': 'rms', which is not known here"),
        ({"pruned_heads": {"0": [1]}}, "has 'pruned_heads': {'0': [1]}, which is not known here"),
        ({"n_layer": 10**9}, "n_layer is 1000000000; expected a whole number from 1 to 96"),
        ({"n_head": 3}, "width is 8, which 3 heads cannot share"),
        ({"n_embd": "8"}, "n_embd is '8'; expected a whole number"),
        ({"n_positions": None}, "lacks n_positions"),
        ({"activation_function": "swish"}, "activation is 'swish'; expected one of gelu"),
        ({"layer_norm_epsilon": 0}, "epsilon is 0.0"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings is 'no'; expected true or false"),
        ({"positions": "sinusoidal"}, "positions is 'sinusoidal'; expected absolute or none"),
        ({"vocabulary": ["a", "b"]}, "vocabulary names 2 tokens; expected 5"),
        ({"vocabulary": ["a", "b", "c", "d", "a"]}, "expected different tokens"),
        ({"vocab_size": 6}, "5 tokens are embedded, and vocab_size is 6"),
        ({"n_layer": 3}, "'transformer.h.2.attn.c_attn.bias' is not there, expected of the shape [24]"),
        ({"n_layer": 1}, "'transformer.h.1.attn.c_attn.bias' is of the shape [24] and type F32, expected not there"),
        (
            {"n_embd": 16_384, "n_layer": 96},
            "'transformer.h.0.attn.c_attn.bias' is of the shape [24]",
        ),  # nothing is made
        ({"n_inner": 12}, "'transformer.h.0.mlp.c_fc.bias' is of the shape [32]"),
        ({"n_positions": 13}, "'transformer.wpe.weight' is of the shape [12, 8]"),
        ({"tie_word_embeddings": False}, "'lm_head.weight' is not there, expected of the shape [5, 8]"),
        ({"positions": "none"}, "transformer.wpe.weight is not zero"),
    ],
)
def test_settings_of_other_models_are_refused(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    save(model(SMALL), tmp_path)
    changed(tmp_path / CONFIG, **settings)
    assert message in refused(tmp_path)


def _with(name: str, tensor: np.ndarray[Any, Any]) -> Callable[[dict[str, Any]], object]:
    return lambda tensors: tensors.update({name: tensor})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("transformer.ln_f.bias"), "'transformer.ln_f.bias' is not there"),
        (_with("transformer.rotary.inv_freq", np.zeros(4, "f4")), "'transformer.rotary.inv_freq' is of the shape [4]"),
        (_with("transformer.ln_f.bias", np.zeros(9, "f4")), "of the shape [9] and type F32, expected of the shape [8]"),
        (_with("transformer.ln_f.bias", np.zeros(8, "i8")), "type I64, expected of the shape [8] and type F32"),
        (_with("transformer.ln_f.bias", np.full(8, np.nan, "f4")), "transformer.ln_f.bias holds numbers that are none"),
        (_with("transformer.ln_f.bias", np.full(8, np.inf, "f4")), "or infinite"),
        (_with("lm_head.weight", np.zeros((5, 8), "f4")), "lm_head.weight is not transformer.wte.weight"),
        (
            _with("wpe.weight", np.zeros((12, 8), "f4")),
            "'wpe.weight' is of the shape [12, 8] and type F32, expected not there",
        ),
    ],
)
def test_weights_of_other_models_are_refused(change: Callable[[Any], object], message: str, tmp_path: Path) -> None:
    save(model(SMALL), tmp_path)
    tensors = load_file(tmp_path / WEIGHTS)
    change(tensors)
    save_file(tensors, tmp_path / WEIGHTS)
    assert message in refused(tmp_path)


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, 4),  # shape and size part
        ({"a": {"dtype": "F32", "shape": [2**62, 8], "data_offsets": [0, 4]}}, 4),  # a product beyond any number
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, 0),  # behind the end of the file
        ({n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in "ab"}, 4),  # two in the same place
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, 8),  # a hole before it
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, 4),
        ({"a": {"dtype": "C999", "shape": [1], "data_offsets": [0, 4]}}, 4),
        ([], 0),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(header: object, length: int, tmp_path: Path) -> None:
    save(model(SMALL), tmp_path)
    text = json.dumps(header).encode()
    (tmp_path / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + bytes(length))
    assert "is no safetensors file, damaged or cut short" in refused(tmp_path)


def test_files_that_are_not_there_or_cut_short_are_refused(tmp_path: Path) -> None:
    assert (
        refused(tmp_path / "none")
        == f"there is no folder {tmp_path / 'none'}; expected one with {CONFIG} and {WEIGHTS}"
    )
    assert "there is no file" in refused(tmp_path)
    save(model(SMALL), tmp_path)
    data = (tmp_path / WEIGHTS).read_bytes()
    for cut in (0, 7, 100, len(data) - 1):
        (tmp_path / WEIGHTS).write_bytes(data[:cut])
        assert "cut short" in refused(tmp_path)
    (tmp_path / WEIGHTS).unlink()
    assert "expected the weights of the model, as safetensors" in refused(tmp_path)
    (tmp_path / WEIGHTS).mkdir()
    assert "is a folder; expected the weights of the model, as safetensors" in refused(tmp_path)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"layers": 0}, "layers is 0; expected 1 to 96"),
        ({"width": 9}, "width is 9, which 2 heads cannot share"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"activation": "swish"}, "activation is 'swish'"),
    ],
)
def test_sizes_that_mean_nothing_are_refused(sizes: Mapping[str, Any], message: str) -> None:
    plain = {"layers": 2, "heads": 2, "width": 8, "positions": 12, "vocabulary_size": 5}
    with pytest.raises(BadUsage, match=message):
        GptConfig(**{**plain, **sizes})


# Judging ##############################################################################################################


def uniform(task: NextTokenTask, **sizes: Any) -> Gpt:
    """A model of a task, whose numbers mean nothing."""
    return model(GptConfig(1, 1, 8, task.positions, len(task.vocabulary), **sizes))


def test_accuracy_counts_what_is_right_input_by_input() -> None:
    task = get_next_token_task("aa_star")
    made = uniform(task)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
        made.norm.bias[0] = 1
        made.tokens.weight[:, 0] = torch.tensor([1.0, -1, -1, 1, -1])  # a or the end, whatever comes before
    found = accuracy(made, task, (2, 2), count=50)
    assert (found.tokens_right, found.tokens, found.sequences_right, found.sequences) == (100, 150, 0, 50)


def test_pieces_and_padding_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    task = get_next_token_task("parity")
    whole = [accuracy(uniform(task), task, (0, 20), 40, shifted=shifted) for shifted in (False, True)]
    monkeypatch.setattr("trainer.gpt.judge._PIECE", 1)
    assert [accuracy(uniform(task), task, (0, 20), 40, shifted=shifted) for shifted in (False, True)] == whole


def test_offsets_stay_among_the_positions_learned_and_reach_them_all() -> None:
    task = get_next_token_task("aa_star")
    random = np.random.default_rng(0)
    sequences = task.sample(500, (146, 148), random)  # of 152 positions
    config = uniform(task).config
    offsets = random_offsets(config, sequences, random)
    assert set(offsets + sequences.lengths) == {150, 151, 152} | {148, 149}
    assert offsets.min() == 0
    last = places(config, sequences, offsets)
    assert last is not None
    assert int(last.max()) == 151


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (GptConfig(1, 1, 8, 200, 7), "a vocabulary of 7 tokens, and the task parity one of 6, marks included"),
        (GptConfig(1, 1, 8, 100, 6), "has learned 100 positions, and inputs of the task parity have up to 153"),
        (
            GptConfig(1, 1, 8, 200, 6, vocabulary=("1", "0", "x", "y", "z", "w")),
            "token 0 of the model's vocabulary is '1'",
        ),
    ],
)
def test_a_model_of_another_task_is_refused(config: GptConfig, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        accuracy(model(config), get_next_token_task("parity"), (0, 50), 10)
    expect_fits(GptConfig(1, 1, 8, 0, 6), get_next_token_task("parity"))
