"""Edits of modules that a person has formatted and commented: only the lines that change are rewritten."""

from __future__ import annotations

import ast
import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher, ndiff
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.main import main
from tests.handwork import LineEnds, by_hand, comments
from tests.programs import PROGRAMS
from tests.published import Writing, write
from tests.strategies import programs
from tests.test_emit import large_vocabulary_program
from tests.test_published import expressible
from tprog.edits.edit import (
    AttendEdit,
    CellEdit,
    Change,
    CoefficientEdit,
    MaskEdit,
    RowEdit,
    SelfRuleEdit,
    WeightRowEdit,
    WordEdit,
    apply,
    candidates,
)
from tprog.errors import BadProgram, NotExact
from tprog.files import is_ours
from tprog.ir.entry import entry_of
from tprog.ir.program import (
    BEGIN,
    Embedding,
    Head,
    Linear,
    Lookup,
    NumericHead,
    Program,
    Readout,
    Symbols,
    Value,
    Weights,
    cell_keys,
)
from tprog.text.branches import comments as comments_of
from tprog.text.emit import Block, emit
from tprog.text.merge import parsed, respelled
from tprog.text.own_form import in_own_form
from tprog.text.patch import diff, patched, patched_files
from tprog.text.read import Module, read_module, read_source
from tprog.text.splice import spliced, with_ends
from tprog.version import VERSION

ENDS: list[LineEnds] = ["\n", "\r\n", "mixed"]


def _comments(program: Program) -> set[str]:
    return {line for node in program.nodes for table in node.functions for line in comments_of(program, node, table)}


def edits(program: Program, draw: random.Random) -> Iterator[Change]:
    """Some edits of any kind, holes that come and go among them."""
    for node in draw.sample(program.nodes, draw.randint(0, min(3, len(program.nodes)))):
        found = list(candidates(program, node))
        yield from draw.sample(found, min(len(found), draw.randint(0, 3)))
        if draw.random() < 0.2:
            match node:
                case Head() | NumericHead():
                    table, clause = draw.choice([*node.clauses.items()])
                    query = draw.choice(program.symbols(clause.query).values)
                    yield RowEdit(node.name, query, None, entry_of(table, "row", (query,)).clause)
                case Lookup():
                    yield CellEdit(node.name, draw.choice(list(cell_keys(program, node))), None)
                case Linear():
                    yield CoefficientEdit(node.name, node.inputs[0], Fraction(draw.randint(-5, 5), draw.randint(1, 3)))
                case Embedding():
                    yield WordEdit(node.name, draw.choice(program.vocabulary), None)
    for term in program.weights:
        domain = program.variables[term.variable].domain
        for _ in range(draw.randint(0, 2)):
            row = tuple(draw.randint(-3, 3) for _ in program.classes)
            if not isinstance(domain, Symbols):
                yield WeightRowEdit(term.variable, None, row)
            else:
                yield WeightRowEdit(term.variable, draw.choice(domain.values), draw.choice([row, row, None]))
    if draw.random() < 0.1:
        yield SelfRuleEdit(draw.choice(["last", "match-count"]))


def edited(program: Program, draw: random.Random) -> Program:
    for edit in edits(program, draw):
        try:
            program = apply(program, edit)
        except (BadProgram, NotExact):
            continue
    return program


def may_change(module: Module, after: Program) -> set[int]:
    """The lines (0-based) of a module that say what differs in `after`."""
    before = module.program
    blocks: list[Block] = []
    for node in before.nodes:
        if node != (new := after.by_name[node.name]) or after.self_rule != before.self_rule:
            blocks += [("assignment", node.name)]
            blocks += [block for block in module.blocks if block[:2] == ("function", node.name)]
            if isinstance(node, Embedding) and isinstance(new, Embedding):
                blocks += [("word", node.name, word) for word in before.vocabulary if node.table != new.table]
    for old, term in zip(before.readout.terms, after.readout.terms, strict=True):
        if old != term:
            domain = before.variables[term.variable].domain
            keys: list[tuple[Value, ...]] = [(value,) for value in domain] if isinstance(domain, Symbols) else [()]
            blocks += [("weights", term.variable, *key) for key in keys]
    lines = {
        line - 1
        for block in blocks
        if block in module.blocks
        for line in range(module.blocks[block][0], module.blocks[block][1] + 1)
    }
    said = _comments(before) - _comments(after)
    texts = with_ends(module.text)
    return lines | {number for number, text in enumerate(texts) if text.strip() in said or text.startswith("SELF_RULE")}


@given(programs(), st.integers(0, 2**32), st.sampled_from(ENDS))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_comments_blank_lines_and_line_ends_survive_any_edit(program: Program, seed: int, ends: LineEnds) -> None:
    draw = random.Random(seed)
    module = read_source(by_hand(emit(program).text, draw, ends))
    assert module.program == program
    after = edited(program, draw)
    text = patched(module, after)
    assert read_source(text).program == after

    generated = _comments(program)
    lost = comments(module.text) - comments(text)
    assert set(lost) <= generated - _comments(after)

    old, new = with_ends(module.text), with_ends(text)
    allowed = may_change(module, after)
    gone = [
        number
        for tag, i1, i2, _, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag in ("replace", "delete")
        for number in range(i1, i2)
        if tag == "delete" or old[number] not in new
    ]
    assert [old[number] for number in gone if number not in allowed] == []
    assert sum(not line.strip() for line in new) >= sum(not line.strip() for line in old)
    if ends != "mixed":
        assert {line[len(line.rstrip("\r\n")) :] for line in new} <= {ends, ""}
    assert module.text.endswith("\n") == text.endswith("\n")


def hand_edited(ends: LineEnds, *, whole_last_line: bool = True) -> tuple[str, Program]:
    """The sort program with comments in a lookup and a predicate, and one that accepts another key."""
    text = emit(PROGRAMS["sort"].program).text
    program = read_source(text).program
    head = next(node for node in program.nodes if isinstance(node, Head))
    query, key = program.symbols(head.query).values[-1], program.symbols(head.key).values[0]
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.startswith(("    return", "    if ")):
            lines[number] = f"    # above {number}\n{line}  # behind {number}"
    text = "\n".join(lines)
    text = text if whole_last_line else text.rstrip("\n")
    return text.replace("\n", ends), apply(program, RowEdit(head.name, query, (key,)))


@pytest.mark.parametrize("whole_last_line", [True, False])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("strip", [0, 1])
def test_patch_applies_the_diff_of_a_commented_module(
    tmp_path: Path, ends: LineEnds, strip: int, whole_last_line: bool
) -> None:
    if shutil.which("patch") is None:
        pytest.skip("there is no `patch` here")
    text, after = hand_edited(ends, whole_last_line=whole_last_line)
    path = tmp_path / "sorts.py"
    path.write_bytes(text.encode())
    module = replace(read_module(path), path="one/sorts.py" if strip else "sorts.py")
    done = subprocess.run(
        ["patch", f"-p{strip}"], input=diff(module, after).encode(), cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert path.read_bytes().decode() == patched(module, after)
    assert read_module(path).program == after
    lost = comments(text) - comments(patched(module, after))
    assert not any(text.startswith(("# above", "# behind")) for text in lost)


def test_no_line_that_stays_is_in_the_diff_of_a_module_with_crlf() -> None:
    text, after = hand_edited("\r\n")
    changed = [line for line in diff(read_source(text, "sorts.py"), after).split("\n") if line[:1] in ("+", "-")]
    assert len(changed) <= 10
    assert all(line.endswith("\r") for line in changed if line[:3] not in ("+++", "---"))


def test_a_comment_of_a_branch_that_goes_stays_where_the_branch_was() -> None:
    program = PROGRAMS["sort"].program
    lookup = next(node for node in program.nodes if isinstance(node, Lookup))
    text = emit(program).text
    lines = text.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith(f"def lookup_{lookup.name}("))
    at = next(number for number in range(first, len(lines)) if lines[number].startswith("    if "))
    lines[at + 1] += "  # the answer"
    module = read_source("\n".join(lines))
    cells = [CellEdit(lookup.name, key, lookup.cells[0]) for key in cell_keys(program, lookup)]
    after = program
    for edit in cells:
        after = apply(after, edit)
    text = patched(module, after)
    assert read_source(text).program == after
    assert "# the answer" in text.split(f"def lookup_{lookup.name}(")[1].split("\n\n\n")[0]


def test_a_function_that_a_person_rebuilt_changes_in_the_return_that_answers() -> None:
    program = PROGRAMS["sort"].program
    text = emit(program).text
    head = next(node for node in program.nodes if isinstance(node, Head))
    begin = text.index(f"def predicate_{head.name}(")
    end = text.index("\n\n\n", begin)
    values = program.symbols(head.query).values
    rows = "".join(
        f"    {'if' if place == 0 else 'elif'} q == {value!r}:\n        return k in {{{', '.join(map(repr, row))}}}\n"
        if row
        else f"    {'if' if place == 0 else 'elif'} q == {value!r}:\n        return False\n"
        for place, (value, row) in enumerate(zip(values, head.predicate, strict=True))
        if row is not None
    )
    module = read_source(f"{text[:begin]}def predicate_{head.name}(q, k):\n{rows.rstrip()}{text[end:]}")
    assert module.program == program
    after = apply(program, RowEdit(head.name, values[0], (program.symbols(head.key).values[-1],)))
    text = patched(module, after)
    assert read_source(text).program == after
    was, becomes = module.text.split("\n"), text.split("\n")
    changed = [
        one
        for one, other in zip(was, becomes, strict=True)
        if one != other and [one] != comments_of(program, head, head.name)
    ]
    assert len(changed) == 1
    assert "return" in changed[0]


def test_a_single_wrong_answer_is_mended_by_a_single_line() -> None:
    text = emit(PROGRAMS["sort"].program).text
    before, behind = text.split("    if less == 1:", 1)
    module = read_source(f"{before}    if less == 1:{behind.replace('return 5', 'return 4', 1)}", "faulty.py")
    found = diff(module, apply(module.program, CellEdit("rank", (1, 3), 5)))
    assert [line for line in found.split("\n")[2:] if line[:1] in ("+", "-")] == [
        "-            return 4",
        "+            return 5",
    ]


def test_where_a_return_answers_for_what_stays_as_well_a_branch_is_put_in_front() -> None:
    text = emit(PROGRAMS["sort_with_a_fault"].program).text
    start = text.index("    if less == 1:")
    other = text.index("        if same == 1:", start)  # behind its branches, `return 4` answers for 2 and 3
    module = read_source(f"{text[:other]}        elif same == 1:{text[other + len('        if same == 1:') :]}")
    after = apply(module.program, CellEdit("rank", (1, 3), 5))
    found = patched(module, after)
    assert read_source(found).program == after
    assert all(line in found.split("\n") for line in module.text.split("\n"))


@pytest.mark.parametrize(
    ("first", "ends"), [("\ufeff", "\n"), ("\ufeff", "\r\n"), ("#!/usr/bin/env python3\n", "\r\n")]
)
def test_repair_keeps_every_byte_that_it_has_no_reason_to_change(tmp_path: Path, first: str, ends: LineEnds) -> None:
    program = PROGRAMS["sort"].program
    lookup = next(node for node in program.nodes if isinstance(node, Lookup))
    at = next(key for key in cell_keys(program, lookup) if key == (1, 2))
    wrong = next(symbol for symbol in lookup.symbols or () if symbol not in lookup.cells[:9])
    text = first + by_hand(emit(apply(program, CellEdit(lookup.name, at, wrong))).text, random.Random(7))
    path = tmp_path / "faulty.py"
    path.write_bytes(text.replace("\n", ends).encode())
    before = path.read_bytes()
    assert main(["repair", str(path), "-o", str(path), "--force"]) == 0
    after = path.read_bytes()
    assert read_module(path).program.nodes == program.nodes
    gone = [line for line in before.splitlines(keepends=True) if line not in after.splitlines(keepends=True)]
    assert len(gone) <= 2
    assert after.startswith(first.replace("\n", ends).encode())
    assert {line[len(line.rstrip("\r\n")) :] for line in with_ends(after.decode())} == {ends}
    assert not comments(before.decode().removeprefix("\ufeff")) - comments(after.decode().removeprefix("\ufeff"))


CALL = "aggregate(select_closest(tokens, tokens, predicate_any), tokens)"
LEFT = (
    'aggregate(select_closest(tokens, tokens, predicate_left_but_first, mask="before", skip_first=True), tokens, '
    'default="p")'
)
ANY = """\
def predicate_any(q_token, k_token):
    if q_token == "<s>":
        return False
    if q_token == "p":
        return k_token in {"q", "r"}
    if q_token == "q":
        return k_token == "p"
    return k_token in {"<s>", "r"}
"""
BEFORE, ALL, P_ANY = MaskEdit("any", "before", False), MaskEdit("left_but_first", "all", False), ("<s>", "p", "q", "r")
BUILT: dict[str, tuple[str, str, Change, str]] = {
    "an option comes behind the last argument": (
        CALL,
        "aggregate( select_closest(tokens, tokens,  predicate_any), tokens )  # mine",
        BEFORE,
        'aggregate( select_closest(tokens, tokens,  predicate_any, mask="before"), tokens )  # mine',
    ),
    "an option comes on a line of its own where arguments are": (
        CALL,
        "aggregate(\n        select_closest(\n            tokens,  # keys\n            tokens,\n"
        "            predicate_any,  # whose\n        ),\n        tokens,\n    )",
        BEFORE,
        "aggregate(\n        select_closest(\n            tokens,  # keys\n            tokens,\n"
        '            predicate_any,  # whose\n            mask="before",\n        ),\n        tokens,\n    )',
    ),
    "an option comes without a comma where there was none": (
        CALL,
        "aggregate(\n        select_closest(\n            tokens,\n            tokens,\n"
        "            predicate_any  # whose\n        ), tokens)",
        BEFORE,
        "aggregate(\n        select_closest(\n            tokens,\n            tokens,\n"
        '            predicate_any,  # whose\n            mask="before"\n        ), tokens)',
    ),
    "an option comes behind an argument in brackets": (
        CALL,
        "aggregate(select_closest(tokens, (tokens), (predicate_any)), tokens)  # mine",
        BEFORE,
        'aggregate(select_closest(tokens, (tokens), (predicate_any), mask="before"), tokens)  # mine',
    ),
    "an option comes behind brackets and a comma": (
        CALL,
        "aggregate(select_closest(tokens, tokens, ((predicate_any) ) ,), tokens)  # mine",
        BEFORE,
        'aggregate(select_closest(tokens, tokens, ((predicate_any) ) , mask="before",), tokens)  # mine',
    ),
    "options go from within a line": (
        LEFT,
        "aggregate(select_closest(tokens, tokens, predicate_left_but_first,  skip_first = True, "
        'mask="before"), tokens, default="p")  # mine',
        ALL,
        'aggregate(select_closest(tokens, tokens, predicate_left_but_first), tokens, default="p")  # mine',
    ),
    "an option goes and its comment stays": (
        LEFT,
        "aggregate(\n        select_closest(\n            tokens,\n            tokens,\n"
        '            predicate_left_but_first,\n            # where\n            mask="before",\n'
        '            skip_first=True  # not the first\n        ), tokens, default="p")',
        MaskEdit("left_but_first", "before", False),
        "aggregate(\n        select_closest(\n            tokens,\n            tokens,\n"
        '            predicate_left_but_first,\n            # where\n            mask="before"\n'
        '            # not the first\n        ), tokens, default="p")',
    ),
    "a branch comes into a function on one line": (
        ANY,
        'def predicate_any(q, k): return (q == "p" and k in {"q", "r"} or q == "q" and k == "p" or q == "r" and '
        'k in {"<s>", "r"})\n',
        RowEdit("any", "q", ("p", "r")),
        'def predicate_any(q, k):\n    if q == "q":\n        return k in {"p", "r"}\n'
        '    return (q == "p" and k in {"q", "r"} or q == "q" and k == "p" or q == "r" and k in {"<s>", "r"})\n',
    ),
    "a comment of a line that goes on stays above its beginning": (
        ANY,
        'def predicate_any(q, k):\n  """Why."""\n  if q == "<s>":\n      return False  # nothing\n  if q == "p":\n'
        '      return \\\n            k in {"q",  # one\n                  "r"}\n'
        '  if q == "q":\n      return k == "p"\n  return k in {"<s>", "r"}\n',
        RowEdit("any", "p", P_ANY),
        'def predicate_any(q, k):\n  """Why."""\n  if q == "<s>":\n      return False  # nothing\n  if q == "p":\n'
        "      # one\n      return \\\n            True\n"
        '  if q == "q":\n      return k == "p"\n  return k in {"<s>", "r"}\n',
    ),
    "an answer behind a colon changes where it stands": (
        ANY,
        'def predicate_any(q, k):\n    if q == "<s>": return False  # nothing\n    if q == "p":\n'
        '        return k in {"q", "r"}\n    elif q == "q": return k == "p"\n    return k in {"<s>", "r"}\n',
        RowEdit("any", "<s>", ("p",)),
        'def predicate_any(q, k):\n    if q == "<s>": return k == "p"  # nothing\n    if q == "p":\n'
        '        return k in {"q", "r"}\n    elif q == "q": return k == "p"\n    return k in {"<s>", "r"}\n',
    ),
}
"""What stands in a module, how a person has written it, an edit, and what becomes of it."""


@pytest.mark.parametrize("what", BUILT)
def test_what_a_person_has_formatted_is_changed_in_its_own_form(what: str) -> None:
    stood, written, edit, becomes = BUILT[what]
    text = emit(PROGRAMS["masks"].program).text
    assert stood in text
    module = read_source(text.replace(stood, written))
    assert module.program == PROGRAMS["masks"].program
    after = apply(module.program, edit)
    found = patched(module, after)
    assert read_source(found).program == after
    assert becomes in found
    others = found.replace(becomes, written).split("\n")
    assert sum(one != other for one, other in zip(others, module.text.split("\n"), strict=True)) <= 1  # what it says


TWO_ALIKE = apply(PROGRAMS["masks"].program, RowEdit("any", "r", ("p",)))
TWO_BRANCHES = """\
def predicate_any(q_token, k_token):  # mine
   if q_token == "<s>":  # one
      return False
   if q_token == "p":
      return k_token in {"q", "r"}  # two
   return k_token == "p"  # both
"""


@pytest.mark.parametrize(
    ("edit", "becomes"),
    [
        (
            RowEdit("any", "r", ("r",)),
            """\
   if q_token == "<s>":  # one
      return False
   if q_token == "p":
      return k_token in {"q", "r"}  # two
   if q_token == "q":
      return k_token == "p"
   return k_token == "r"  # both
""",
        ),
        (
            RowEdit("any", "q", ()),
            """\
   # one
   if q_token == "p":
      return k_token in {"q", "r"}  # two
   if q_token == "r":
      return k_token == "p"
   return False  # both
""",
        ),
        (
            RowEdit("any", "p", ("p",)),
            """\
   if q_token == "<s>":  # one
      return False
      # two
   return k_token == "p"  # both
""",
        ),
        (
            RowEdit("any", "<s>", ("q", "r")),
            """\
   if q_token in {"<s>", "p"}:  # one
      return k_token in {"q", "r"}  # two
   return k_token == "p"  # both
""",
        ),
    ],
)
def test_branches_come_and_go_with_the_indentation_that_a_person_has_given_them(edit: Change, becomes: str) -> None:
    text = emit(TWO_ALIKE).text
    start = text.index("def predicate_any(")
    module = read_source(text[:start] + TWO_BRANCHES + text[text.index("\n\n\n", start) + 1 :])
    assert module.program == TWO_ALIKE
    found = patched(module, apply(TWO_ALIKE, edit))
    assert f"{TWO_BRANCHES.splitlines(keepends=True)[0]}{becomes}\n\n" in found


LISTED_BY_HAND = """\
def lookup_alone(left, token, right):
    if (left, token, right) == ("b", "a", "b"): return "y"  # one
    if (left, token, right) == ("a", "b", "a"):
        return "y"
"""
OTHERWISE = """\
    return (
        "n"  # all others
    )
"""
IN_FRONT = """\
    if (left, token, right) == ("a", "b", "a"):
        return "n"
"""


@pytest.mark.parametrize(
    ("edits", "front", "behind"),
    [
        ([CellEdit("alone", (), "y")], "", OTHERWISE.replace('"n"', '"y"')),
        ([CellEdit("alone", (), None)], "", OTHERWISE.replace('"n"', "None")),
        ([CellEdit("alone", ("a", "b", "a"), "n")], IN_FRONT, OTHERWISE),
        (
            [CellEdit("alone", ("a", "b", "a"), "n"), CellEdit("alone", (), "y")],
            IN_FRONT,
            OTHERWISE.replace('"n"', '"y"'),
        ),
    ],
)
def test_combinations_that_a_person_has_listed_stay_as_they_stand(edits: list[Change], front: str, behind: str) -> None:
    program = PROGRAMS["between"].program
    text = emit(program).text
    start = text.index("def lookup_alone(")
    module = read_source(text[:start] + LISTED_BY_HAND + OTHERWISE + text[text.index("\n\n\n", start) + 1 :])
    assert module.program == program
    after = apply(program, *edits)
    found = patched(module, after)
    assert read_source(found).program == after
    first, *rest = LISTED_BY_HAND.splitlines(keepends=True)
    assert f"{first}{front}{''.join(rest)}{behind}\n\n" in found


def test_an_answer_otherwise_comes_behind_combinations_that_had_none() -> None:
    program = apply(PROGRAMS["between"].program, CellEdit("alone", (), None))
    text = emit(program).text
    start = text.index("def lookup_alone(")
    module = read_source(text[:start] + LISTED_BY_HAND + text[text.index("\n\n\n", start) + 1 :])
    assert module.program == program
    found = patched(module, apply(program, CellEdit("alone", (), "n")))
    assert f'{LISTED_BY_HAND}    return "n"\n\n\n' in found


def test_a_cell_of_a_table_that_a_person_built_changes_no_other_return() -> None:
    """The last cell answers 5, and the last return of the function 3, for what no branch above it is for."""
    lookup = Lookup("cell", ("tokens", "positions"), (None, None), None, (3, 3, 3, 3, 4, 5))
    program = Program((BEGIN, "a"), ("x", "y"), 3, (lookup,), Readout((Weights("cell", ((0, 1),)),)))
    text = emit(program).text
    start = text.index("def lookup_cell(")
    own = (
        "def lookup_cell(token, position):\n    if token == 'a' and position == 1: return 4\n"
        "    if token == 'a' and position == 2:\n        return 5\n    return 3  # mine\n"
    )
    module = read_source(text[:start] + own + text[text.index("\n\n\n", start) + 1 :])
    assert module.program == program
    after = apply(program, CellEdit("cell", ("a", 0), 4))
    found = patched(module, after)
    assert read_source(found).program == after
    begins, *rest = own.splitlines(keepends=True)
    assert begins in found
    assert "".join(rest) in found


def test_an_edit_brings_the_import_and_the_primitives_that_it_needs_to_a_module_of_a_persons_own() -> None:
    sort = PROGRAMS["sort"].program
    half = Linear("half", ("ones",), (1,))
    cell = Lookup("cell", ("half",), ((0, 1),), None, (0, 1))
    halves = Program((BEGIN, "a"), ("x", "y"), 4, (half, cell), Readout((Weights("cell", ((0, 1),)),)))
    for program, edit, gained in (
        (sort, AttendEdit("sorted", "first"), ["def _select_first("]),
        (
            halves,
            CoefficientEdit("half", "ones", Fraction(1, 2)),
            ["import sys\nfrom fractions import Fraction\n", "def round_down("],
        ),
    ):
        module = read_source(emit(program).text.replace("def run(tokens):", "def run(tokens):  # mine"))
        after = apply(program, edit)
        found = patched(module, after)
        assert read_source(found).program == after
        assert "def run(tokens):  # mine" in found
        assert all(text in found and text not in module.text for text in gained)


def test_an_answer_that_takes_several_lines_stands_on_that_of_the_one_before() -> None:
    words = (BEGIN, *(f"word{at:02}" for at in range(24)))
    predicate = ((), *((word,) for word in words[1:3]), ("word05",), *((word,) for word in words[4:]))
    head = Head("near", "tokens", "tokens", "tokens", predicate)
    program = Program(words, ("x", "y"), 4, (head,), Readout((Weights("tokens", ((0, 1),) * 25),)))
    for own, begins in (
        ('return k_token in {"word05"}', 'return k_token in {"word02", "word03", '),
        ('return (k_token) == "word05"', 'return k_token in {"word02", "word03", '),
    ):
        module = read_source(emit(program).text.replace('return k_token == "word05"', f"{own}  # mine"))
        assert module.program == program
        after = apply(program, RowEdit("near", "word02", words[3:24]))
        found = patched(module, after)
        assert read_source(found).program == after
        (line,) = (line for line in found.split("\n") if line.endswith("# mine"))
        assert line.lstrip().startswith(begins)
        assert line.endswith('"word22"}  # mine')


def _as_set(members: Iterable[str]) -> str:
    return "{" + ", ".join(map(repr, members)) + "}"


def _respelled(old: str, new: str) -> str:
    """A set that a person has written, with other members."""
    (places, was), (written, becomes) = parsed(old), parsed(new)
    assert isinstance(was, ast.Expr)
    assert isinstance(becomes, ast.Expr)
    return spliced(old, respelled(places, was.value, written, becomes.value))


def test_members_come_into_and_go_from_a_set_on_one_line_without_other_space() -> None:
    draw = random.Random(0)
    for _ in range(300):
        old, new = (draw.sample("abcdefgh", draw.randint(1, 6)) for _ in range(2))
        found = _respelled(_as_set(old), _as_set(sorted(new)))
        assert ast.literal_eval(found) == {*new}
        assert found == _as_set(re.findall("[a-h]", found))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("{ 'a', 'b' }", "{'b'}", "{ 'b' }"),
        ("{ 'a', 'b' }", "{'x', 'y'}", "{ 'x', 'y' }"),
        ("{ 'a', 'b' }", "{'x', 'b'}", "{ 'x', 'b' }"),
        ("{ 'a', 'b', }", "{'a'}", "{ 'a', }"),
        ("{'a',}", "{'x', 'y'}", "{'x', 'y',}"),
        ("{('a'), ('b')}", "{'a', 'd'}", "{('a'), 'd'}"),
        ("{\n  'a',\n  'b'\n}", "{'x', 'y'}", "{\n  'x',\n  'y'\n}"),
    ],
)
def test_the_space_within_the_brackets_of_a_set_stays(old: str, new: str, found: str) -> None:
    assert _respelled(old, new) == found


def test_a_side_file_that_a_person_has_laid_out_changes_in_its_own_layout() -> None:
    program = large_vocabulary_program()
    emitted = emit(program, "words")
    ((name, side),) = emitted.side.items()
    laid_out = json.dumps(json.loads(side), indent=1)
    module = read_source(emitted.text, "words.py", lambda _: laid_out)
    assert module.program == program
    edits = WordEdit("emb_0", "word5", 0), WordEdit("emb_0", "word7", 1), WeightRowEdit("tokens", "word3", (7, 8))
    found = patched_files(module, apply(program, *edits, WeightRowEdit("tokens", "word4", None)))
    gone = [line for line in ndiff(laid_out.split("\n"), found[name].split("\n")) if line[0] in "+-"]
    assert sorted(gone) == sorted(
        [
            *('-    "word5": 1,', '+    "word5": 0,', '+    "word7": 1,'),
            *("-     1,", "-     5", "+     7,", "+     8", '-    "word4": [', "-     1,", "-     5", "-    ],"),
        ]
    )


@pytest.mark.parametrize(("first", "ends"), [("", "\n"), ("", "\r\n"), ("#!/usr/bin/env python3\n", "\r\n")])
def test_a_module_that_says_nothing_of_itself_says_who_repaired_it_at_its_beginning(
    tmp_path: Path, first: str, ends: LineEnds
) -> None:
    path, (_, rest) = tmp_path / "mine.py", emit(PROGRAMS["sort"].program).text.split("reads.\n", 1)
    path.write_bytes(f'{first}"""Mine.\n{rest}'.replace("\n", ends).encode())
    module = read_module(path)
    after = apply(module.program, CellEdit("rank", (1, 2), 5))
    own = in_own_form(module, after, after, tmp_path / "new.py")
    assert own is not None
    lines = own[0].split(ends)
    assert lines[: bool(first)] == first.split("\n")[: bool(first)]
    assert lines[bool(first)] == f"# Repaired; written by tpdebug {VERSION}"
    assert ends.join([*lines[: bool(first)], *lines[bool(first) + 1 :]]) == patched(module, after)
    assert is_ours(own[0].encode())


# Published modules ####################################################################################################


@given(expressible(), st.integers(0, 2**32), st.sampled_from(ENDS))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_published_module_keeps_its_comments_blank_lines_and_line_ends(
    case: tuple[Program, Writing], seed: int, ends: LineEnds
) -> None:
    wanted, how = case
    draw = random.Random(seed)
    with TemporaryDirectory() as folder:
        path = write(wanted, Path(folder), how=how)
        path.write_bytes(by_hand(path.read_text(), draw, ends).encode())
        for table in Path(folder).glob("*.csv"):
            text = table.read_text()
            end = draw.choice(["\n", "\r\n"])
            table.write_bytes(text.replace("\n", end).encode())
        before = read_module(path)
        after = edited(before.program, draw)
        files = patched_files(before, after)
        anew = "in the form that tpdebug writes" in files[before.path]
        assert not anew or says_what_the_dialect_cannot(before.program, after)
        for name, text in files.items():
            old = before.text if name == before.path else before.sides[Path(name).name]
            if anew or text == old:
                continue
            (lines, new) = with_ends(old), with_ends(text)
            if name == before.path:
                assert not comments(old) - comments(text)
                gone = [line for line in lines if line not in new]
                assert len(gone) <= 4 * len(before.program.nodes)
                assert sum(not line.strip() for line in new) >= sum(not line.strip() for line in lines)
            else:
                assert len(new) == len(lines)
                assert [line[len(line.rstrip("\r\n")) :] for line in new] == [
                    line[len(line.rstrip("\r\n")) :] for line in lines
                ]


def says_what_the_dialect_cannot(before: Program, after: Program) -> bool:
    """Whether edits make a mask or a hole, or change what has no place in a published module."""
    for old, new in zip(before.nodes, after.nodes, strict=True):
        if isinstance(old, Head | NumericHead) and isinstance(new, Head | NumericHead):
            masked = (old.mask, old.skip_first) != (new.mask, new.skip_first)
            if masked or any(
                (row is None) != (was is None) for row, was in zip(new.predicate, old.predicate, strict=True)
            ):
                return True
        if isinstance(old, Lookup) and isinstance(new, Lookup) and None in new.cells and old.cells != new.cells:
            return True
        if isinstance(old, Embedding) and isinstance(new, Embedding) and old.table != new.table:
            return True
    holes = [
        any((row is None) != (was is None) for row, was in zip(new.rows, old.rows, strict=True))
        for old, new in zip(before.readout.terms, after.readout.terms, strict=True)
    ]
    return any(holes) or before.self_rule != after.self_rule
