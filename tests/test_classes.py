"""The classes of a program and those of its task: what is added so that it can be judged, and taken away again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyze.render.terminal import as_text
from analyze.render.verify import verify_document
from analyze.verify import verify
from tests.programs import PROGRAMS
from tests.published import write
from tests.test_published import program
from tprog.errors import BadProgram
from tprog.ir.program import BEGIN, NumericHead, Program, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.tasks.builtin import get_task, inputs_for
from tprog.tasks.classes import as_read, for_task, narrowed, with_answers
from tprog.text.read import read_module


def counts_of_digits(longest: int) -> Program:
    """hist over digits: right up to `longest` equal ones, for which it has classes."""
    digits = tuple("012345")
    keys = ((), *((digit,) for digit in digits))
    same = NumericHead("same", "tokens", "tokens", "ones", keys)
    classes = tuple(str(count) for count in range(1, longest + 1))
    base = program(same, vocabulary=(BEGIN, *digits), max_length=8, classes=("a", "b"))
    # 2nc - c² is largest at c = n: the number n has the weights 2c, and every position the weights -c².
    terms = (
        Weights("positions", tuple(tuple(-c * c for c in range(1, longest + 1)) for _ in range(8))),
        Weights("same", (tuple(2 * c for c in range(1, longest + 1)),)),
    )
    return replace(base, classes=classes, readout=replace(base.readout, terms=terms, scale=1))


def test_a_program_over_digits_is_judged_by_the_task_over_letters(tmp_path: Path) -> None:
    module = read_module(write(counts_of_digits(7), tmp_path))
    named = for_task(module.program, "hist")
    assert named.classes == module.program.classes
    result = verify(named, inputs_for(named, sample=3000))
    assert result.wrong_inputs == 0


def test_an_answer_that_the_module_has_no_class_for_is_wrong(tmp_path: Path) -> None:
    module = read_module(write(counts_of_digits(6), tmp_path))
    with pytest.raises(BadProgram, match="whose classes are"):
        inputs_for(replace(module.program, task="hist"))
    named = for_task(module.program, "hist")
    assert named.classes[-1] == "7"
    assert narrowed(named, module.program.classes) == replace(module.program, task="hist")
    terms = tuple(term for term in named.readout.terms if term.variable != "ones")
    without_bias = replace(named, readout=replace(named.readout, terms=terms))
    assert narrowed(without_bias, module.program.classes) == without_bias  # the class may be predicted
    batch = encode(named, [[BEGIN, *"0" * 7], [BEGIN, *"01"]])
    before, after = execute(module.program, batch), execute(named, batch)
    assert [before.outputs(row) for row in range(2)] == [after.outputs(row) for row in range(2)]
    task = get_task("hist")
    assert verify(named, inputs_for(named)).wrong_inputs == len(task.symbols)


def test_verify_shows_what_is_known_of_the_module(tmp_path: Path) -> None:
    module = read_module(write(counts_of_digits(7), tmp_path))
    named = for_task(module.program, "hist")
    notes = tuple(str(defect) for defect in module.defects)
    result = verify(named, inputs_for(named, sample=10), notes=notes)
    assert result.notes == notes
    assert type(result).from_json(result.to_json()) == result
    assert "known of this module:" in as_text(verify_document(result))


@pytest.mark.parametrize(
    ("variable", "at", "weight", "taken"),
    [
        ("same", 0, 7, True),  # of a class of its own
        ("ones", -1, -(10**6), True),  # still never predicted
        ("ones", -1, 0, False),
        ("same", -1, 1, False),
    ],
)
def test_an_edit_of_a_program_that_was_given_a_class_is_of_the_program_as_read_unless_the_class_may_be_predicted(
    variable: str, at: int, weight: int, taken: bool
) -> None:
    def edited(program: Program) -> Program:
        terms = {term.variable: term for term in program.readout.terms}
        row = list(terms[variable].rows[0] or ())
        row[at] = weight
        terms[variable] = Weights(variable, (tuple(row),))
        return replace(program, readout=replace(program.readout, terms=tuple(terms.values())))

    own = counts_of_digits(6)
    named = for_task(own, "hist")
    assert as_read(named, own) == own
    wanted = own if at == -1 else edited(own)
    assert as_read(edited(named), own) == (wanted if taken else replace(edited(named), task=None))


def test_only_a_variable_that_comes_out_is_given_answers_that_it_lacks_behind_its_own() -> None:
    said, read = PROGRAMS["parity"].program, PROGRAMS["sort"].program
    assert said.variables_out
    more = (*said.classes[::-1], "never", "said")
    assert with_answers(said, more) == replace(said, classes=(*said.classes, "never", "said"))
    assert with_answers(said, said.classes[:1]) is said
    assert with_answers(read, more) is read
