"""The words of each value of an embedding: what a module says of them, and other names for the values."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench.random_program import word_program
from tests.test_emit import compiled
from tprog.edits.edit import RenameEdit, WordEdit, apply
from tprog.errors import BadSource, BadUsage
from tprog.ir.program import UNKNOWN, Embedding, Program
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.clusters import FREQUENT_FIRST, LISTED_WORDS, clusters, word_shown
from tprog.text.emit import Emitted, emit
from tprog.text.needs import SIDE_ROWS
from tprog.text.patch import diff, patched_files
from tprog.text.read import Module, read_source

HOSTILE = (
    "</script>",
    "\u202eabc",
    "class",
    "NA",
    '"',
    "'''",
    "a b",
    "x" * 5000,
    "two\nlines",
    "# no comment",
    "\\",
    "\u05d0\u05d1",
    "\x00",
    "None",
    "1e5",
    "{}",
)
"""Words that another form than Python's, or a reader's eye, could take for something else."""

SMALL = word_program(150, variables=2, values=4, length=12, heads=4)
LARGE = word_program(SIDE_ROWS + 1, variables=2, values=4, length=12, heads=4)


def with_words(program: Program, words: tuple[str, ...]) -> Program:
    """The program with some of its words exchanged."""
    return replace(program, vocabulary=(*program.vocabulary[: -len(words)], *words))


def reread(emitted: Emitted, text: str | None = None) -> Module:
    return read_source(emitted.text if text is None else text, "words.py", lambda name: emitted.side[name])


def sentences(program: Program, count: int = 30) -> list[list[str]]:
    words = program.vocabulary[2:]
    return [["<s>", *(words[(7 * at + 31 * k) % len(words)] for k in range(1 + at % 9)), "</s>"] for at in range(count)]


def told(text: str) -> list[str]:
    """The comments above EMBEDDINGS."""
    lines = text.split("\nEMBEDDINGS")[0].split("\n")
    return lines[lines.index("}", lines.index("DOMAINS = {")) + 2 :] if "DOMAINS = {" in lines else []


@pytest.mark.parametrize("program", [SMALL, LARGE], ids=["in the module", "in a side file"])
def test_a_module_lists_the_words_of_each_value_and_reads_as_the_same_program(program: Program) -> None:
    emitted = emit(program, "words")
    found = reread(emitted).program
    assert found == program
    assert emit(found, "words") == emitted
    head, name, first, *_ = told(emitted.text)
    assert head == "# What each value of an embedding stands for: how many words, and the first 10 of VOCABULARY."
    assert name == "# emb_0"
    cluster = clusters(program, program.by_name["emb_0"])[0]
    assert first.startswith(f"#   0: {len(cluster.words)} words: {', '.join(map(word_shown, cluster.words[:5]))}, ")
    assert all(len(line) <= 100 for line in told(emitted.text))


def test_every_word_is_in_one_cluster_and_a_word_without_a_value_in_the_last() -> None:
    embedding = SMALL.by_name["emb_0"].with_answer(5, None)
    found = clusters(replace(SMALL, nodes=(embedding, *SMALL.nodes[1:])), embedding)
    assert sorted(word for each in found for word in each.words) == sorted(SMALL.vocabulary)
    assert [each.value for each in found] == [0, 1, 2, 3, None]
    assert found[-1].words == (SMALL.vocabulary[5],)


def test_a_small_vocabulary_is_read_in_its_table() -> None:
    few = word_program(LISTED_WORDS - 3, variables=1, values=4, length=8, heads=2)
    assert told(emit(few).text) == []
    assert told(emit(word_program(LISTED_WORDS - 2, variables=1, values=4, length=8, heads=2)).text) != []


def test_a_program_that_counted_its_words_says_that_the_most_frequent_come_first() -> None:
    head, *_ = told(emit(replace(SMALL, provenance=(FREQUENT_FIRST,))).text)
    assert head == "# What each value of an embedding stands for: how many words, and the most frequent."


@pytest.mark.parametrize("program", [SMALL, LARGE], ids=["in the module", "in a side file"])
def test_hostile_words_are_listed_as_what_they_are(program: Program, tmp_path: Path) -> None:
    program = with_words(program, HOSTILE)
    one = program.by_name["emb_0"].with_answers(tuple(3 if w in HOSTILE else 0 for w in program.vocabulary))
    program = replace(program, nodes=(one, *program.nodes[1:]))
    emitted = emit(program, "words")
    assert reread(emitted).program == program
    lines = told(emitted.text)
    assert all(line.startswith("#") and line.isprintable() and len(line) <= 100 for line in lines)
    said = " ".join(lines)
    assert '16 words: "</script>", "\\u202eabc", class, NA,' in said
    assert f'"{"x" * 37}..."' in said
    path = tmp_path / "words.py"
    path.write_text(emitted.text, encoding="utf-8")
    for name, text in emitted.side.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    tokens = ["<s>", *HOSTILE[:9], "</s>"]
    namespace: dict[str, Any] = {"__name__": "words", "__file__": str(path)}
    exec(compile(emitted.text, str(path), "exec"), namespace)
    assert namespace["run"](tokens) == execute(program, encode(program, [tokens])).outputs(0)


def test_twenty_thousand_words_of_one_value_are_one_line() -> None:
    program = word_program(20_000, variables=1, values=2, length=6, heads=2)
    (embedding,) = (node for node in program.nodes if node.words is not None)
    assert isinstance(embedding, Embedding)
    program = replace(
        program,
        nodes=(replace(embedding, table=(0,) * len(program.vocabulary)), *program.nodes[1:]),
    )
    lines = told(emit(program).text)
    assert lines[2].startswith('#   0: 20,003 words: "<s>", "</s>", "<unk>", ')
    assert lines[-1] == "#   1: 0 words"


def test_a_module_of_many_words_finds_each_at_once_and_one_of_an_older_version_means_the_same() -> None:
    emitted = emit(LARGE, "words")
    assert "\nWORDS = dict.fromkeys(VOCABULARY)  #" in emitted.text
    older = emitted.text.replace("check(tokens, WORDS,", "check(tokens, VOCABULARY,")
    older = "\n".join(line for line in older.split("\n") if not line.startswith("WORDS ="))
    assert older.count("WORDS") == 0
    assert reread(emitted, older).program == LARGE
    with pytest.raises(BadSource, match="below VOCABULARY"):
        reread(emitted, emitted.text.replace("dict.fromkeys(VOCABULARY)", "set(VOCABULARY)"))


@pytest.mark.parametrize("program", [SMALL, LARGE], ids=["in the module", "in a side file"])
def test_a_word_that_goes_to_another_cluster_is_shown_in_the_table_and_in_the_comment(program: Program) -> None:
    word = program.vocabulary[4]
    old = program.by_name["emb_0"].entries.answers[4]
    changed = apply(program, WordEdit("emb_0", word, 0 if old != 0 else 1))
    module = reread(emit(program, "words"))
    files = patched_files(module, changed)
    fresh = emit(changed, "words")
    # The side file keeps its name, which tells its former contents.
    assert told(files["words.py"]) == told(fresh.text)
    assert [text for name, text in files.items() if name != "words.py"] == list(fresh.side.values())
    shown = diff(module, changed)
    assert f'"{word}": {0 if old != 0 else 1},' in shown.replace("         ", "")
    assert shown.count("\n-#   ") >= 2


# Names ################################################################################################################


def renamed(program: Program) -> Program:
    return apply(program, RenameEdit("emb_0", 2, "PERSON-LIKE"), RenameEdit("emb_0", 0, "5 o'clock"))


@pytest.mark.parametrize("program", [SMALL, LARGE], ids=["in the module", "in a side file"])
def test_another_name_changes_no_prediction_and_can_be_taken_back(program: Program) -> None:
    after = renamed(program)
    batch = encode(program, sentences(program))
    assert (execute(after, batch).totals == execute(program, batch).totals).all()
    inverse = RenameEdit("emb_0", 2, "PERSON-LIKE").undo(program)
    assert apply(apply(program, RenameEdit("emb_0", 2, "PERSON-LIKE")), inverse) == program
    assert after.by_name["emb_0"].declares == ("5 o'clock", 1, "PERSON-LIKE", 3)


@pytest.mark.parametrize("program", [SMALL, LARGE], ids=["in the module", "in a side file"])
def test_another_name_is_written_wherever_the_value_is_read(program: Program) -> None:
    after = renamed(program)
    emitted = emit(program, "words")
    files = patched_files(reread(emitted), after)
    fresh = emit(after, "words")
    names = dict(zip(emitted.side, fresh.side, strict=True))
    text = files["words.py"]
    for old, new in names.items():
        text = text.replace(old, new)
    assert text == fresh.text
    assert [side for name, side in files.items() if name != "words.py"] == list(fresh.side.values())


def test_another_name_leaves_what_a_person_has_written() -> None:
    emitted = emit(SMALL, "words")
    text = emitted.text.replace("SCALE = 1000", "SCALE = 1000  # my note")
    text = text.replace('    "emb_0": range(4),', '    "emb_0": (0, 1,  # one\n              2, 3),')
    module = reread(emitted, text)
    assert module.program == SMALL
    changed = patched_files(module, renamed(SMALL))["words.py"]
    assert "SCALE = 1000  # my note" in changed
    assert '"PERSON-LIKE"' in changed
    assert reread(emitted, changed).program == renamed(SMALL)
    assert ast.parse(changed)


def test_a_head_that_copies_the_value_has_the_new_name_too() -> None:
    copied, head = next((n.value, n.name) for n in SMALL.nodes if n.kind == "head" and n.value.startswith("emb_"))
    after = apply(SMALL, RenameEdit(copied, 2, "PERSON-LIKE"))
    assert after.symbols(head).values == after.symbols(copied).values == (0, 1, "PERSON-LIKE", 3)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (RenameEdit("emb_0", 9, "x"), "9 is not a value there"),
        (RenameEdit("emb_0", 2, 3), "3 is the name of another value; choose another"),
        (RenameEdit("emb_0", 2, "3"), "'3' is the name of another value; choose another"),
        (RenameEdit("emb_0", 2, ""), "an empty name says nothing"),
        (RenameEdit("mlp_0_0", 2, "x"), "'mlp_0_0' is not an embedding"),
        (RenameEdit("emb_9", 2, "x"), "no node 'emb_9'"),
    ],
)
def test_a_name_that_would_mean_something_else_is_refused(edit: RenameEdit, message: str) -> None:
    for ask in (edit.undo, lambda program: apply(program, edit)):
        with pytest.raises(BadUsage, match=message):
            ask(SMALL)


def test_a_value_that_comes_out_keeps_its_name() -> None:
    out = Program(SMALL.vocabulary, (), 6, SMALL.nodes[:1], outputs=("emb_0",))
    with pytest.raises(BadUsage, match="emb_0 comes out of the program, so another name would be another answer"):
        apply(out, RenameEdit("emb_0", 2, "x"))


def test_the_module_with_other_names_runs_as_before() -> None:
    run, before = compiled(renamed(SMALL)), compiled(SMALL)
    for tokens in sentences(SMALL, 10):
        assert run(list(tokens)) == before(list(tokens))
    assert UNKNOWN in SMALL.vocabulary
