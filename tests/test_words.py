"""The verb `words`: clusters listed, words looked for, values renamed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyze.words import find_words, parse_renaming, rename_values
from tests.said import Said
from tests.test_clusters import LARGE, SMALL, sentences
from tprog.edits.edit import RenameEdit, apply
from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.text.emit import emit
from tprog.text.read import read_module


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> Said:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name, program in (("small", SMALL), ("large", LARGE)):
        emitted = emit(program, name)
        for file, text in {f"{name}.py": emitted.text, **emitted.side}.items():
            Path(file).write_text(text, encoding="utf-8")

    return said


def test_every_word_is_counted_once_in_each_embedding() -> None:
    found = find_words(SMALL, limit=None)
    assert [each.variable for each in found.variables] == ["emb_0", "emb_1"]
    for each in found.variables:
        assert sorted(word for cluster in each.clusters for word in cluster.words) == sorted(SMALL.vocabulary)
        assert sum(cluster.count for cluster in each.clusters) == len(SMALL.vocabulary)
        assert each.readers[-1] == "readout"


def test_words_with_all_values_in_common_are_one_to_the_program() -> None:
    word = SMALL.vocabulary[10]
    found = find_words(SMALL, word=word, limit=None).found
    assert found is not None
    values = {w: tuple(n.words[at] for n in SMALL.nodes if n.words) for at, w in enumerate(SMALL.vocabulary)}
    alike = [other for other in SMALL.vocabulary if other != word and values[other] == values[word]]
    assert list(found.alike) == alike
    assert found.alike_count == len(alike) > 0


def test_a_word_that_the_program_does_not_know_reads_as_unknown_and_those_like_it_are_named(said: Said) -> None:
    word = SMALL.vocabulary[5]
    code, out, _ = said("words", "small.py", "--find", word.upper())
    assert code == 1
    assert f'{word.upper()} is no word of the program: it reads as "<unk>"' in out
    assert f"words with it in them: {word}" in out
    assert said("words", "small.py", "--find", word)[0] == 0


def test_one_value_of_one_embedding_is_listed_whole(said: Said) -> None:
    code, out, _ = said("words", "small.py", "--variable", "emb_1", "--value", "2", "--json")
    assert code == 0
    (variable,) = json.loads(out)["variables"]
    (cluster,) = variable["clusters"]
    assert (variable["variable"], cluster["value"]) == ("emb_1", 2)
    assert len(cluster["words"]) == cluster["count"] > 10


def test_a_list_of_two_thousand_words_fits_a_terminal(said: Said) -> None:
    code, out, _ = said("words", "large.py")
    assert code == 0
    assert out.startswith("large.py: 2,004 words, 2 embeddings\n")
    assert max(map(len, out.splitlines())) <= 80
    assert len(out.splitlines()) < 40


@pytest.mark.parametrize(("name", "program"), [("small", SMALL), ("large", LARGE)])
def test_a_renamed_value_is_written_with_its_side_table(name: str, program: Program, said: Said) -> None:
    code, out, err = said("words", f"{name}.py", "--rename", "emb_0:2=PERSON-LIKE", "-o", f"{name}_named.py")
    assert (code, err.startswith(f"tpdebug: wrote {name}_named.py")) == (0, True)
    assert "names of emb_0: 2 becomes 'PERSON-LIKE'" in out
    found = read_module(f"{name}_named.py").program
    assert found.nodes == apply(program, RenameEdit("emb_0", 2, "PERSON-LIKE")).nodes
    assert dict(found.provenance)["renamed"] == "names of emb_0: 2 becomes 'PERSON-LIKE'"


def test_a_rename_is_shown_as_a_change_of_the_module_and_of_its_table(said: Said) -> None:
    code, out, _ = said("words", "large.py", "--rename", "emb_0:2=PERSON-LIKE", "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["checked"]["inputs"] == 2000
    assert '+        "PERSON-LIKE": ' in shown["diff"] or '+    "emb_0": (0, 1, "PERSON-LIKE", 3),' in shown["diff"]
    assert "\n--- large_tables-" in shown["diff"]
    assert said("words", "large.py", "--rename", "emb_0:2=PERSON-LIKE", "-o", "named.diff")[0] == 0
    assert Path("named.diff").read_text(encoding="utf-8").partition("\n")[2] == shown["diff"]


def test_renames_follow_each_other_and_a_number_is_a_number_again() -> None:
    one = parse_renaming("emb_0:2=a=b", SMALL)
    assert one == RenameEdit("emb_0", 2, "a=b")
    after = one.apply(SMALL)
    assert parse_renaming("emb_0:a=b=2", after) == RenameEdit("emb_0", "a=b", 2)
    assert parse_renaming("emb_0:a=b='2'", after) == RenameEdit("emb_0", "a=b", "2")
    batch = encode(SMALL, sentences(SMALL))
    result, found = rename_values(SMALL, [one, RenameEdit("emb_0", "a=b", 2)], batch, "thirty sentences")
    assert found == SMALL
    assert result.renamed == ("names of emb_0: 2 becomes 'a=b'", "names of emb_0: 'a=b' becomes 2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rename", "emb_0"), "expected VARIABLE:VALUE=NAME"),
        (("--rename", "emb_0:9=x"), "'9' is no value of emb_0; expected one of '0', '1', '2', '3'"),
        (("--rename", "emb_0:2=3"), "3 is the name of another value; choose another"),
        (("--rename", "emb_0:2="), "an empty name says nothing"),
        (("--rename", "emb_0:2=x", "--find", "y"), "are about looking"),
        (("--variable", "mlp_0_0"), "'mlp_0_0' is no embedding; expected one of 'emb_0', 'emb_1'"),
        (("--value", "9"), "no embedding has the value '9'; expected one of '0', '1', '2', '3'"),
    ],
)
def test_what_is_not_there_is_refused(arguments: tuple[str, ...], message: str, said: Said) -> None:
    code, out, err = said("words", "small.py", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_program_without_embeddings_has_no_clusters() -> None:
    from tests.programs import PROGRAMS

    with pytest.raises(BadUsage, match="no embedding: its heads and lookups read words as they are"):
        find_words(PROGRAMS["sort"].program)
