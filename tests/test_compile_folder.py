"""A compiled model in its folder: run by PyTorch, read back into its Program, refused where any of it is another."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tests.programs import PROGRAMS
from tests.said import Said
from tests.strategies import some_inputs
from tests.test_cli import RUN_MAIN, _python
from tprog.errors import BadFile, BadUsage
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.emit import emit
from trainer.compile import DtypeName, compile_program, load
from trainer.compile.circuit import ground_truth
from trainer.compile.folder import read_program, write_model
from trainer.compile.forward import forward, model_tokens
from trainer.compile.tensors import tensors
from trainer.compile.transformer_lens import lens_config, lens_tensors
from trainer.compile.words import LENS, PLAIN

NAMES = ("sort", "partial", "question_type", "masks", "match_count", "shuffle_dyck2", "frac_prevs", "no_nodes")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(folder: Path) -> Path:
    """The folder of a model that sorts."""
    write_model(compile_program(PROGRAMS["sort"].program), folder / "sort")
    return folder / "sort"


def answered(program: Program, inputs: list[list[str]]) -> list[Any]:
    """What the executor answers to each input, a hole in place of all of it."""
    run = execute(program, encode(program, inputs))
    return [None if run.in_hole[row] else run.spelled(row) for row in range(len(inputs))]


def test_weights_are_read_up_to_a_size_that_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tensors(compile_program(PROGRAMS["sort"].program))
    needed = sum(each.nbytes for each in made.values())
    monkeypatch.setattr("trainer.compile.tensors.LARGEST", needed)
    assert read_program(model) == PROGRAMS["sort"].program
    monkeypatch.setattr("trainer.compile.tensors.LARGEST", needed - 1)
    with pytest.raises(BadFile, match=f"would hold {needed:,} bytes of weights; expected at most {needed - 1:,}"):
        read_program(model)


def test_a_model_for_another_library_is_not_loaded_as_one_of_our_own(folder: Path) -> None:
    write_model(compile_program(PROGRAMS["hist"].program), folder / "hist", form="transformer-lens")
    with pytest.raises(BadFile, match=r"hist is written for TransformerLens; its model\.py reads it"):
        load(folder / "hist")


def asked(folder: Path, inputs: list[list[str]]) -> list[Any]:
    """The same of a model in PyTorch."""
    made = load(folder)
    holes = [made.hole is not None and made.outputs[made.hole] in found for found in made.answers(inputs)]
    return [None if hole else found for hole, found in zip(holes, made.answers(inputs), strict=True)]


# Right ################################################################################################################


@pytest.mark.parametrize("name", NAMES)
def test_the_module_of_pytorch_answers_what_the_program_does(name: str, folder: Path) -> None:
    program = PROGRAMS[name].program
    inputs = some_inputs(program, 200)
    forms: tuple[tuple[DtypeName, bool], ...] = (("float32", False), ("float64", True))
    for at, (dtype, uniform) in enumerate(forms):
        write_model(compile_program(program, dtype), folder / f"model{at}", uniform=uniform)
        assert asked(folder / f"model{at}", inputs) == answered(program, inputs)


def test_orders_of_a_batch_and_counts_of_threads_decide_the_same(folder: Path) -> None:
    program = PROGRAMS["most_freq"].program
    write_model(compile_program(program), folder / "model")
    made, inputs = load(folder / "model"), some_inputs(program, 300)
    tokens = made.tokens(inputs)
    before = torch.get_num_threads()
    wanted = made(tokens).argmax(-1)
    try:
        torch.set_num_threads(2)
        assert torch.equal(made(tokens).argmax(-1), wanted)
    finally:
        torch.set_num_threads(before)
    order = torch.arange(len(inputs) - 1, -1, -1)
    assert torch.equal(made(tokens[order]).argmax(-1)[order], wanted)


def test_a_head_attends_to_what_its_node_selects(model: Path) -> None:
    made = load(model)
    pattern = made.attention(made.tokens([["<s>", "c", "a", "b", "</s>"]]))["sorted"][0]
    looked = pattern.argmax(-1)[1:].tolist()
    assert looked[1:4] == [3, 4, 2]  # the sink stands in front of position 0
    assert set(pattern.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_model_is_read_back_into_its_program(name: str, folder: Path) -> None:
    program = PROGRAMS[name].program
    for form in ("tpdebug", "transformer-lens"):
        write_model(compile_program(program), folder / form, form=form)
        assert read_program(folder / form) == program


def test_several_outputs_stand_side_by_side_each_with_its_circuit(folder: Path) -> None:
    program = replace(PROGRAMS["sort"].program, outputs=("sorted", "readout", "rank"), task=None)
    weights = compile_program(program)
    write_model(weights, folder / "model")
    made = load(folder / "model")
    words = ["<s>", "c", "a", "b", "b", "</s>"]
    run = execute(program, encode(program, [words]))
    (answer,) = made.answers([words])
    assert answer == run.spelled(0)
    assert isinstance(answer, dict)
    assert made(made.tokens([words])).shape[-1] == 3 * len(made.outputs)
    assert read_program(folder / "model") == program
    circuits = {circuit.output: circuit for circuit in ground_truth(weights).circuits}
    assert ("blocks.2.mlp", "unembed") in circuits["rank"].edges
    assert ("blocks.3.attn[0]", "unembed") not in circuits["rank"].edges
    assert ("blocks.3.attn[0]", "unembed") in circuits["sorted"].edges
    done = subprocess.run([sys.executable, "model.py", *words], cwd=folder / "model", capture_output=True, text=True)
    assert done.stdout.splitlines() == list(map(str, answer.values()))


def test_the_loader_for_people_is_short_and_says_the_same(model: Path) -> None:
    assert max(PLAIN.count("\n"), LENS.count("\n")) <= 40
    words = ["<s>", "c", "a", "b", "b", "</s>"]
    done = subprocess.run([sys.executable, "model.py", *words], cwd=model, capture_output=True, text=True, check=True)
    assert done.stdout == f"{answered(PROGRAMS['sort'].program, [words])[0]}\n"


def test_the_state_dict_of_transformerlens_computes_the_same_logits(folder: Path) -> None:
    """As `HookedTransformer` computes, with scores over the root of the width of a head."""
    for name in ("sort", "dyck1", "masks"):
        weights = compile_program(PROGRAMS[name].program)
        tokens = model_tokens(weights, encode(weights.lowered.program, some_inputs(weights.lowered.program, 30)))
        found, config = lens_tensors(weights), lens_config(weights)
        assert np.array_equal(_as_transformer_lens(found, config, tokens), forward(weights, tokens))


def _as_transformer_lens(found: dict[str, Any], config: dict[str, Any], tokens: Any) -> Any:
    stream = found["embed.W_E"][tokens] + found["pos_embed.W_pos"][: tokens.shape[1]]
    later = ~np.tril(np.ones((tokens.shape[1], tokens.shape[1]), dtype=np.bool_))
    for at in range(config["n_layers"]):
        one = {name.removeprefix(f"blocks.{at}."): each for name, each in found.items() if f"blocks.{at}." in name}
        read = {name: np.einsum("bnd,hdk->bhnk", stream, one[f"attn.W_{name}"]) for name in "QKV"}
        scores = read["Q"] @ read["K"].transpose(0, 1, 3, 2) / np.float32(config["d_head"] ** 0.5)
        if config["attention_dir"] == "causal":
            scores[..., later] = -np.inf
        raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (raised / raised.sum(axis=-1, keepdims=True)) @ read["V"]
        stream = stream + np.einsum("bhnk,hkd->bnd", mixed, one["attn.W_O"])
        stream = stream + np.maximum(stream @ one["mlp.W_in"], 0) @ one["mlp.W_out"]
    return stream @ found["unembed.W_U"]


def test_padding_to_one_size_gives_all_layers_the_same_shapes() -> None:
    made = tensors(compile_program(PROGRAMS["dyck1"].program), uniform=True)
    shapes: dict[str, set[tuple[int, ...]]] = {}
    for name, each in made.items():
        if name.startswith("layers."):
            shapes.setdefault(re.sub(r"[0-9]+", "N", name), set()).add(each.shape)
    assert {kind: len(found) for kind, found in shapes.items()} == dict.fromkeys(shapes, 1)


# Refused ##############################################################################################################


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises((BadFile, BadUsage)) as error:
        action()
    message = str(error.value)
    assert "\n" not in message
    return message


def test_an_edited_weight_is_refused_with_the_name_of_its_tensor(model: Path) -> None:
    found = load_file(model / "model.safetensors")
    found["layers.0.heads.1.key"][2, 0] += 1
    save_file(found, model / "model.safetensors", {"tool": "tpdebug"})
    said = refusal(lambda: read_program(model))
    assert "the tensor layers.0.heads.1.key is not that of its program: at [2, 0] it is" in said
    assert "was changed or damaged" in refusal(lambda: load(model))


def test_a_file_that_was_cut_short_or_swapped_is_refused_before_it_is_read(model: Path, folder: Path) -> None:
    path = model / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert "it was cut short, or is of another model" in refusal(lambda: load(model))
    write_model(compile_program(PROGRAMS["reverse"].program), folder / "other")
    path.write_bytes((folder / "other" / "model.safetensors").read_bytes())
    assert "it was cut short, or is of another model" in refusal(lambda: load(model))
    path.write_bytes(whole[:-4] + b"abcd")
    assert "was changed or damaged" in refusal(lambda: load(model))
    path.unlink()
    assert "there is no file" in refusal(lambda: load(model))
    os.mkfifo(path)
    assert "is a pipe, which may never end; expected the weights" in refusal(lambda: load(model))


def _with_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The same file with another header of the same length."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header, separators=(",", ":")).encode()
    assert len(text) <= length
    path.write_bytes(data[:8] + text.ljust(length) + data[8 + length :])


LIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "shape": (lambda header: header["unembedding"].update(shape=[1, 2]), "the tensor unembedding is of the shape"),
    "type": (lambda header: header["unembedding"].update(dtype="F64"), "and type 'F64', expected"),
    "overlap": (
        lambda header: header["unembedding"].update(data_offsets=[0, 4]),
        "tensors stand one behind the other, and none over another",
    ),
    "negative": (lambda header: header["unembedding"].update(data_offsets=[-4, 0]), "has no place in the file"),
    "missing": (lambda header: header.pop("unembedding"), 'the tensor "unembedding" is not there'),
    "word": (lambda header: header.update(unembedding=3), 'the tensor "unembedding" is not there'),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_is_refused(lie: str, model: Path) -> None:
    change, said = LIES[lie]
    _with_header(model / "model.safetensors", change)
    assert said in refusal(lambda: load(model))


def test_a_configuration_that_lies_is_refused_before_anything_is_allocated(model: Path) -> None:
    path = model / "config.json"
    told = json.loads(path.read_text())
    for change, said in (
        ({"width": 2**31}, "bytes of weights; expected at most"),
        ({"width": "wide"}, "width is 'wide'"),
        ({"dtype": "float16"}, "expected 'float32' or 'float64'"),
        ({"dtype": "float64"}, "expected"),
        ({"schema": "tpdebug/compiled/9"}, "not of a compiled model of this version"),
        ({"layers": [{"heads": [], "units": -1, "mlp": []}]}, "units is -1"),
        ({"program": {"text": "import os\n", "sides": {}}}, ""),
    ):
        path.write_text(json.dumps({**told, **change}))
        if "program" in change:
            assert "config.json: program cannot be read" in refusal(lambda: read_program(model))
        else:
            assert said in refusal(lambda: load(model))
    path.write_text("{")
    assert "not JSON" in refusal(lambda: load(model))
    path.unlink()
    assert "there is no file" in refusal(lambda: load(model))


def test_another_vocabulary_is_refused(model: Path) -> None:
    path = model / "vocabulary.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "tokens": ["a"]}))
    assert "it is of another model" in refusal(lambda: load(model))


def test_words_positions_and_short_products_that_the_model_has_not_are_refused(model: Path) -> None:
    made = load(model)
    assert "'z' is no token of the model" in refusal(lambda: made.answers([["z"]]))
    assert "expected [inputs, positions], of at most 9" in refusal(lambda: made(torch.zeros(1, 10, dtype=torch.long)))
    torch.set_float32_matmul_precision("medium")
    try:
        assert "which is not exact" in refusal(lambda: made.answers([["<s>", "a", "</s>"]]))
    finally:
        torch.set_float32_matmul_precision("highest")
    assert "was compiled for float32" in refusal(lambda: made.double()(torch.zeros(1, 3, dtype=torch.long)))


# The command line #####################################################################################################


def test_a_program_is_compiled_and_emitted_again(folder: Path, said: Said) -> None:
    text = emit(PROGRAMS["sort"].program, "sort").text
    Path("sort.py").write_text(text, encoding="utf-8")
    code, out, err = said("compile", "sort.py", "-o", "model")
    assert (code, err) == (0, "tpdebug: wrote model\n")
    assert out.splitlines()[0] == "sort.py: a Transformer in float32 that answers the same on every input"
    assert out.splitlines()[1].startswith("layers 4 (one node after the other: ")
    assert "tightest margin" in out.splitlines()[2]
    assert sorted(path.name for path in Path("model").iterdir()) == [
        "README.md", "circuit.json", "config.json", "model.py", "model.safetensors", "vocabulary.json",
    ]  # fmt: skip
    assert said("emit", "model", "-o", "again.py")[0] == 0
    assert said("diff", "sort.py", "again.py")[0] == 0
    code, out, err = said("verify", "model")
    assert (code, out) == (2, "")
    assert "model is a compiled model; write the program that it is of with tpdebug emit model -o FILE" in err


def test_a_folder_that_exists_is_replaced_only_if_it_is_a_model_and_somebody_says_so(folder: Path, said: Said) -> None:
    Path("sort.py").write_text(emit(PROGRAMS["sort"].program, "sort").text, encoding="utf-8")
    assert said("compile", "sort.py")[0] == 0
    before = {path.name: path.read_bytes() for path in Path("model").iterdir()}
    code, _, err = said("compile", "sort.py", "--dtype", "float64")
    assert (code, err.count("\n")) == (2, 1)
    assert "the folder model exists" in err
    assert "use --force to replace it" in err
    assert {path.name: path.read_bytes() for path in Path("model").iterdir()} == before
    assert said("compile", "sort.py", "--dtype", "float64", "--force")[0] == 0
    assert json.loads(Path("model/config.json").read_text())["dtype"] == "float64"
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("dear")
    code, _, err = said("compile", "sort.py", "-o", "mine", "--force")
    assert code == 2
    assert "give another name" in err
    assert Path("mine/letter.txt").read_text() == "dear"
    assert said("compile", "sort.py", "-o", "sort.py")[0] == 2
    assert said("compile", "sort.py", "-o", "no/such/place")[0] == 2
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".tpdebug/")) == sorted(
        [".tpdebug", "mine", "model", "sort.py"] if (folder / ".tpdebug").exists() else ["mine", "model", "sort.py"]
    )


def test_a_full_disk_leaves_nothing_half_written(folder: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sort.py").write_text(emit(PROGRAMS["sort"].program, "sort").text, encoding="utf-8")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = said("compile", "sort.py")
    assert (code, err) == (2, "tpdebug: cannot write model: no space is left on the device; nothing was changed\n")
    assert [path.name for path in folder.iterdir() if path.name != ".tpdebug"] == ["sort.py"]


def test_a_program_whose_margin_fails_is_refused_with_its_node(folder: Path, said: Said) -> None:
    Path("means.py").write_text(emit(PROGRAMS["mean_of_means"].program, "means").text, encoding="utf-8")
    code, _, err = said("compile", "means.py")
    assert (code, err.count("\n")) == (2, 1)
    assert "node 'so_far' cannot be compiled to float64" in err
    assert not Path("model").exists()


def test_compiling_needs_no_torch(folder: Path) -> None:
    Path("sort.py").write_text(emit(PROGRAMS["sort"].program, "sort").text, encoding="utf-8")
    code = f"{RUN_MAIN.replace('sys.exit(run())', 'run()')}; print('torch' in sys.modules)"
    assert _python(code, "compile", "sort.py", folder=folder).stdout.splitlines()[-1] == "False"


def test_options_about_rasp_source_are_refused_with_a_module(folder: Path, said: Said) -> None:
    Path("sort.py").write_text(emit(PROGRAMS["sort"].program, "sort").text, encoding="utf-8")
    assert "about RASP source" in said("compile", "sort.py", "--length", "4")[2]
    source = 'vocabulary = "ab"; longest = 4;\nhist = selector_width(select(tokens, tokens, ==));\n'
    Path("twice.rasp").write_text(source)
    assert said("compile", "twice.rasp", "--causal", "-o", "twice")[0] == 0
    assert json.loads(Path("twice/config.json").read_text())["causal"] is True
