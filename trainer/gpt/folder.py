"""The folder of a model: `config.json` and `model.safetensors`, with the names of HuggingFace's GPT2LMHeadModel.

A folder may come from anywhere. The settings are checked first, then what the header of the weights says of each tensor
(the format itself, offsets and sizes by safetensors), and only then are numbers read. No pickle.

Beside the keys of HuggingFace, `save` writes three that it leaves alone: ``positions`` (``absolute`` or ``none``),
``vocabulary``, the tokens by code, and ``task``. A model without positions is written with a table of zeros for them,
which comes to the same there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from tprog.errors import BadFile, BadUsage
from tprog.files import check_plain, read_text, write_atomic
from tprog.files.formats import parse_json
from trainer.fields import Fields
from trainer.gpt.model import RANGES, Gpt, GptConfig
from trainer.settings import shown
from trainer.tensor_files import LARGEST, expect_tensors

CONFIG, WEIGHTS = "config.json", "model.safetensors"

_TOKENS, _POSITIONS, _READOUT = "transformer.wte.weight", "transformer.wpe.weight", "lm_head.weight"

_PREFIX = "transformer."

_BLANK = 512
"""Rows of the table of zeros that stands for no positions: the longest input that HuggingFace's class then takes."""

_WHAT = "the settings of a GPT-2 model, as HuggingFace writes them"

_LAYER = {
    "ln_1": ("attention_norm", "", "D"),
    "attn.c_attn": ("query_key_value", "D", "3D"),
    "attn.c_proj": ("output", "D", "D"),
    "ln_2": ("mlp_norm", "", "D"),
    "mlp.c_fc": ("mlp.0", "D", "M"),
    "mlp.c_proj": ("mlp.2", "M", "D"),
}
"""HuggingFace's names of a layer's parts -> ours, what they read, if they are matrices, and what they give: of D, the
width, or of M neurons. Its matrices are multiplied from the right, ours from the left."""

_UNTRAINED = (".attn.bias", ".attn.masked_bias")
"""Masks that older versions of HuggingFace's library have written among the weights."""

_TYPES = ("F32", "F16", "BF16", "F64")

_ROTARY = ("rotary_dim", "rotary_pct", "rotary_emb_base", "rope_theta", "rope_scaling", "rope_parameters")

_DECODER = re.compile("GPT2.*Model")
"""A class whose weights these may be: HuggingFace's, or one that somebody has made of it."""

_HARMLESS = """
    architectures model_type tool training dtype torch_dtype transformers_version n_ctx use_cache attn_pdrop embd_pdrop
    resid_pdrop reorder_and_upcast_attn summary_activation summary_first_dropout summary_proj_to_labels summary_type
    summary_use_proj problem_type finetuning_task task_specific_params id2label label2id num_labels initializer_range
    gradient_checkpointing tokenizer_class prefix bos_token_id eos_token_id pad_token_id sep_token_id is_decoder
    decoder_start_token_id tie_encoder_decoder cross_attention_hidden_size return_dict return_dict_in_generate
    output_attentions output_hidden_states output_scores torchscript use_bfloat16 tf_legacy_loss max_length min_length
    chunk_size_feed_forward do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature top_k top_p
    typical_p repetition_penalty length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids
    num_return_sequences forced_bos_token_id forced_eos_token_id remove_invalid_values suppress_tokens
    begin_suppress_tokens exponential_decay_length_penalty
"""
"""Keys that HuggingFace's library or `save` write, and on which no logit depends, whatever they say: what is done in
training or in generation, which tokens are marks, how the same arithmetic is carried out."""

_UNUSUAL = {
    "is_encoder_decoder": (False, "an encoder beside the decoder"),
    "add_cross_attention": (False, "attention to an encoder"),
    "scale_attn_weights": (True, "scores that are not divided by the root of a head's width"),
    "scale_attn_by_inverse_layer_idx": (False, "scores that are divided by the number of the layer"),
}
"""Keys -> the value that they have in an ordinary model, and what the other would mean."""


def load(folder: Path | str) -> Gpt:
    """The model in a folder, in float32, ready to be run (`eval`).

    Raises:
        BadFile: no such folder, no ordinary decoder, or weights that do not fit the settings; the message says which
            of the two files, what was found and what was expected.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadFile(f"there is no folder {folder}; expected one with {CONFIG} and {WEIGHTS}")
    config = load_config(folder)
    tensors = _read(folder / WEIGHTS, config)
    with torch.random.fork_rng(devices=[]):  # its first numbers are drawn, and nobody looks at them
        model = Gpt(config)
    state = {
        each.ours: (tensors[name].T if each.turned else tensors[name]).contiguous()
        for name, each in _tensors(config).items()
    }
    model.load_state_dict(state, assign=True)
    return model.eval()


def load_config(folder: Path) -> GptConfig:
    """The settings in a folder.

    Raises:
        BadFile: as `load`.
    """
    path = folder / CONFIG
    told = Fields(parse_json(read_text(path, _WHAT), str(path), _WHAT), str(path))
    kind = told.optional("model_type", lambda key: told.text(key, 100))
    if kind not in (None, "gpt2"):
        raise BadFile(f"{path}: model_type is {kind!r}; expected gpt2: a decoder with learned absolute positions")
    classes = told.optional("architectures", told.listed)
    if classes and not any(_DECODER.fullmatch(str(name)) for name in classes):
        told.refuse("architectures", classes, "GPT2LMHeadModel or the like among them: a decoder")
    _expect_ordinary(told)

    def size(name: str, key: str) -> int:
        return told.whole(name, *RANGES[key])

    positions = size("n_positions", "positions")
    if (how := told.optional("positions", lambda key: told.text(key, 100)) or "absolute") == "none":
        positions = 0
    elif how != "absolute":
        told.refuse("positions", how, "absolute or none")
    tied = told.optional("tie_word_embeddings", told.flag)
    epsilon = told.optional("layer_norm_epsilon", told.number)
    config = {
        "layers": size("n_layer", "layers"),
        "heads": size("n_head", "heads"),
        "width": size("n_embd", "width"),
        "positions": positions,
        "vocabulary_size": size("vocab_size", "vocabulary_size"),
        "activation": told.optional("activation_function", lambda key: told.text(key, 100)) or "gelu_new",
        "tied": tied is not False,
        "mlp": told.optional("n_inner", lambda key: size(key, "mlp")),
        "epsilon": 1e-5 if epsilon is None else epsilon,
        "dropout": told.optional("resid_pdrop", told.number) or 0.0,
        "vocabulary": told.optional("vocabulary", lambda key: _words(told, key)),
        "task": told.optional("task", lambda key: told.text(key, 1000)),
    }
    _expect_known(told)
    try:
        return GptConfig(**config)  # type: ignore[arg-type]  # each was read as its type
    except BadUsage as error:
        raise BadFile(f"{path}: {error}") from None


def save(model: Gpt, folder: Path, training: Mapping[str, Any] | None = None) -> None:
    """Write a model's two files, each whole or not at all; the folder is made if it is not there.

    Args:
        training: how it was trained, kept under that key.

    Raises:
        BadFile: they cannot be written.
    """
    config, own = model.config, model.state_dict()
    tensors = {name: own[each.ours].T if each.turned else own[each.ours] for name, each in _tensors(config).items()}
    if not config.positions:
        tensors[_POSITIONS] = torch.zeros(_BLANK, config.width)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    settings = {
        "tool": "tpdebug",
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_embd": config.width,
        "n_inner": config.mlp,
        "n_positions": config.positions or _BLANK,
        "vocab_size": config.vocabulary_size,
        "activation_function": config.activation,
        "layer_norm_epsilon": config.epsilon,
        "tie_word_embeddings": config.tied,
        **dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), config.dropout),
        "positions": "absolute" if config.positions else "none",
        "vocabulary": None if config.vocabulary is None else list(config.vocabulary),
        "task": config.task,
        "training": None if training is None else dict(training),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadFile(f"cannot make the folder {folder}: {(error.strerror or str(error)).lower()}") from None
    write_atomic(folder / WEIGHTS, to_bytes(plain, {"format": "pt"}), force=True)
    write_atomic(folder / CONFIG, json.dumps(settings, indent=1) + "\n", force=True)


def _words(told: Fields, key: str) -> tuple[str, ...]:
    words = told.listed(key)
    if not all(isinstance(word, str) and word for word in words) or len(set(words)) < len(words):
        told.refuse(key, words, "different tokens, each a text")
    return tuple(words)


def _expect_ordinary(told: Fields) -> None:
    """Refuse settings of models that compute something else."""
    rest = told.rest()
    for key in _ROTARY:
        if rest.get(key) is not None:
            raise BadFile(f"{told.where} has {key}: rotary positions; expected learned absolute ones, or none")
    if (how := rest.get("position_embedding_type") or "absolute") != "absolute":
        raise BadFile(f"{told.where}: position_embedding_type is {how!r}; expected absolute")
    for key, (usual, otherwise) in _UNUSUAL.items():
        if rest.get(key) not in (None, usual):
            raise BadFile(f"{told.where}: {key} is {rest[key]!r}: {otherwise}; expected an ordinary decoder")


def _expect_known(told: Fields) -> None:
    """Refuse settings that are not known here, unless they are off: nobody could say what they do to the logits."""
    known = {*_HARMLESS.split(), *_UNUSUAL, *_ROTARY, "position_embedding_type"}
    for key, value in told.rest().items():
        if key not in known and not key.startswith("_") and value not in (None, False, 0, {}, [], ""):
            raise BadFile(
                f"{told.where} has {shown(key)}: {shown(value)}, which is not known here; expected the settings of a "
                "GPT2LMHeadModel: delete it if no logit depends on it"
            )


@dataclass(frozen=True)
class _Stored:
    """A tensor of a file.

    Attributes:
        ours: its name in a `Gpt`.
        shape: as it is stored.
        turned: whether it lies turned there.
    """

    ours: str
    shape: tuple[int, ...]
    turned: bool = False


def _tensors(config: GptConfig) -> dict[str, _Stored]:
    """HuggingFace's name of each tensor -> what it is. Known from the settings alone, before anything is allocated."""
    sizes = {"D": config.width, "3D": 3 * config.width, "M": config.neurons}
    table = config.vocabulary_size, config.width
    found = {_TOKENS: _Stored("tokens.weight", table)}
    if config.positions:
        found[_POSITIONS] = _Stored("positions.weight", (config.positions, config.width))
    for layer in range(config.layers):
        for theirs, (part, reads, gives) in _LAYER.items():
            name, ours = f"transformer.h.{layer}.{theirs}", f"layers.{layer}.{part}"
            shape = (sizes[reads], sizes[gives]) if reads else (sizes[gives],)
            found[f"{name}.weight"] = _Stored(f"{ours}.weight", shape, turned=bool(reads))
            found[f"{name}.bias"] = _Stored(f"{ours}.bias", (sizes[gives],))
    for part in ("weight", "bias"):
        found[f"transformer.ln_f.{part}"] = _Stored(f"norm.{part}", (config.width,))
    if not config.tied:
        found[_READOUT] = _Stored("readout.weight", table)
    return found


def _read(path: Path, config: GptConfig) -> dict[str, Tensor]:
    """The tensors of a file by HuggingFace's names, in float32; those that mean nothing are left out."""
    check_plain(path, "the weights of the model, as safetensors")
    if path.stat().st_size > LARGEST:
        raise BadFile(f"{path} is larger than {LARGEST // 2**30} GiB; expected the weights of a small model")
    try:
        with safe_open(path, framework="pt") as file:
            # The library that wrote them may have left the prefix out, as those of OpenAI's models.
            names = list(file.keys())
            bare = not any(name.startswith(_PREFIX) for name in names)
            stored = {_PREFIX + name if bare and name != _READOUT else name: name for name in names}
            slices = {name: file.get_slice(stored[name]) for name in stored}
            found = {name: (each.get_shape(), each.get_dtype()) for name, each in slices.items()}
            _expect(path, config, found)
            tensors = {name: file.get_tensor(stored[name]).float() for name in found}
    except (SafetensorError, OSError, UnicodeError) as error:
        raise BadFile(f"{path} is no safetensors file, damaged or cut short ({error})") from None
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise BadFile(f"{path}: {name} holds numbers that are none or infinite; expected finite ones")
    _expect_spare(path, config, tensors)
    return {name: tensors[name] for name in _tensors(config)}


def _expect(path: Path, config: GptConfig, found: dict[str, tuple[list[int], str]]) -> None:
    """Refuse tensors that do not fit the settings; of those that mean nothing, forget them."""
    for name in [name for name in found if name.endswith(_UNTRAINED)]:
        del found[name]
    fitting = f"{path} does not fit {path.parent / CONFIG}"
    words = found.get(_TOKENS, ([], ""))[0]
    if len(words) == 2 and words[0] != config.vocabulary_size and words[1] == config.width:
        raise BadFile(f"{fitting}: {words[0]} tokens are embedded, and vocab_size is {config.vocabulary_size}")
    expected = {name: each.shape for name, each in _tensors(config).items()}
    if config.tied and _READOUT in found:
        expected[_READOUT] = expected[_TOKENS]
    if not config.positions and _POSITIONS in found:
        rows = found[_POSITIONS][0]
        expected[_POSITIONS] = (rows[0] if rows else 1, config.width)
    expect_tensors(fitting, found, expected, _TYPES)


def _expect_spare(path: Path, config: GptConfig, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors that the settings make idle, and that would change something."""
    if config.tied and _READOUT in tensors and not torch.equal(tensors[_READOUT], tensors[_TOKENS]):
        raise BadFile(
            f"{path}: {_READOUT} is not {_TOKENS}, and {path.parent / CONFIG} says that they are tied; "
            "expected tie_word_embeddings to be false, or the two alike"
        )
    if not config.positions and _POSITIONS in tensors and bool(tensors[_POSITIONS].any()):
        raise BadFile(
            f"{path}: {_POSITIONS} is not zero, and {path.parent / CONFIG} says that there are no positions; "
            "expected positions to be absolute, or zeros"
        )
