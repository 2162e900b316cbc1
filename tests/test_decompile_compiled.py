"""Compiled models decompiled from their weights: equal on all inputs, with no more nodes; and which are refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from cli.main import main
from tests.bench.decompile_compiled import PROGRAMS, decompiled, row_of
from tprog.errors import BadUsage
from tprog.ir.program import Program, Readout, Weights
from tprog.rasp.source.files import program_of_text
from tprog.run.batch import encode
from tprog.run.execute import execute
from trainer.compile import compile_program
from trainer.compile.folder import write_model
from trainer.compile.forward import forward, model_tokens
from trainer.decompile.compiled import CompiledSource, network_of_compiled
from trainer.decompile.measure import SHOWN, classes_of, measured
from trainer.decompile.network import in_pieces


@pytest.mark.parametrize("name", ["previous", "seen", "odd_a"])
def test_a_program_that_was_compiled_is_found_again_in_its_weights(name: str, tmp_path: Path) -> None:
    program, _, made, _ = decompiled(name, tmp_path)
    assert made.program is not None
    assert len(made.program.nodes) <= len(program.nodes)
    words = [list("abcabca"), list("ccbbaab"), ["b"]]
    for word in words:
        own, found = (
            execute(program, encode(program, [word])),
            execute(made.program, encode(made.program, [["<s>", *word]])),
        )
        said = [made.program.classes[at] for at in found.predictions[0, 1:]]
        assert said == [program.classes[at] for at in own.predictions[0]]


def test_the_bench_counts_the_inputs_that_are_equal(tmp_path: Path) -> None:
    assert len(PROGRAMS) >= 12
    assert row_of("more_a", tmp_path)[3:5] == (2, "128/128")


def _compiled(text: str, folder: Path, causal: bool = True) -> Path:
    program = program_of_text(text, "source").to_program(("a", "b"), 5, causal=causal)
    write_model(compile_program(program), folder)
    return folder


def test_the_run_is_that_of_the_compiled_model(tmp_path: Path) -> None:
    text = "answer = selector_width(select(tokens, tokens, ==));"
    weights = compile_program(program_of_text(text, "source").to_program(("a", "b"), 5, causal=True))
    network, source = network_of_compiled(_compiled(text, tmp_path / "model"))
    inputs = source.draw(20, (5, 5), 0)
    batch = encode(weights.lowered.program, [[source.words[code] for code in row[1:]] for row in inputs.tokens])
    np.testing.assert_allclose(in_pieces(network, inputs), forward(weights, model_tokens(weights, batch)), rtol=1e-6)


def test_the_partings_told_are_the_smallest_that_there_are(tmp_path: Path) -> None:
    network, source = network_of_compiled(
        _compiled('answer = selector_width(select(tokens, "a", ==)) > 1;', tmp_path / "model")
    )
    domain = source.domain()
    assert domain is not None
    classes = classes_of([in_pieces(network, domain)], [domain.graded], source)
    names = tuple(source.labels[code] for (code,) in classes.labels)
    never = Weights("ones", (tuple(int(name == "F") for name in names),))
    program = Program(source.vocabulary, names, source.longest, (), Readout((never,), forced=("<s>",)))
    every = ("".join(word) for length in range(1, 6) for word in product("ab", repeat=length))
    apart = [word for word in every if word.count("a") > 1]
    told = measured(program, network, classes, source, 0, 1).parting
    assert ["".join(one.tokens[1:]) for one in told] == apart[:SHOWN]
    assert [one.position for one in told] == [1 + word.index("a", word.index("a") + 1) for word in apart[:SHOWN]]


def test_a_compiled_model_whose_program_lacks_rows_is_refused_even_if_none_is_reached(tmp_path: Path) -> None:
    counts = "".join(f'n_{each} = selector_width(select(tokens, "{each}", ==));\n' for each in "abc")
    text = counts + 'answer = "y" if (n_a == n_b and n_c < 2) or (n_a > 2 and n_b == 1) else tokens;'
    program = program_of_text(text, "source").to_program(("a", "b", "c"), 6, causal=True)
    every = [list(word) for length in range(1, 7) for word in product("abc", repeat=length)]
    assert not execute(program, encode(program, every)).in_hole.any()
    write_model(compile_program(program), tmp_path / "model")
    with pytest.raises(BadUsage, match="whether or not an input reaches them"):
        network_of_compiled(tmp_path / "model")


def test_a_compiled_model_that_looks_ahead_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _compiled("answer = selector_width(select(tokens, tokens, ==));", tmp_path / "model", causal=False)
    with pytest.raises(BadUsage, match="looks ahead"):
        network_of_compiled(folder)
    assert main(["decompile", str(folder)]) == 2
    assert "compile it with --causal" in capsys.readouterr().err


def test_a_compiled_model_takes_no_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _compiled("answer = indices;", tmp_path / "model")
    assert main(["decompile", str(folder), "--task", "tomita2"]) == 2
    assert "leave --task out" in capsys.readouterr().err


def test_all_inputs_are_looked_at_where_they_are_few_and_else_only_drawn() -> None:
    few = CompiledSource(("a", "b", "c"), ("x",), 5).domain()
    assert few is not None
    assert len({tuple(row) for row in few.tokens.tolist()}) == len(few) == 3**4
    assert (few.tokens[:, 0] == 3).all()  # the sink, which is not graded
    assert few.graded.tolist() == [[False, *[True] * 4]] * len(few)
    assert CompiledSource(("a", "b", "c"), ("x",), 12).domain() is None
    drawn = CompiledSource(("a", "b", "c"), ("x",), 12).random_strings(200, (2, 11), 0)
    assert (drawn.lengths.min(), drawn.lengths.max()) == (3, 12)
    assert set(drawn.tokens[:, 1:][drawn.present[:, 1:]].tolist()) == {0, 1, 2}
