"""What corpora there are, and what one of them holds."""

from __future__ import annotations

from collections import Counter

from analyze.results.corpus import CorporaResult, CorpusLine, SplitCount
from tprog.words.corpus import ALL, TRAIN, Corpus
from tprog.words.prepared import folder_of, is_prepared, prepared
from tprog.words.sources import SOURCES, VECTORS
from tprog.words.synthetic import MADE
from tprog.words.vectors import vectors_folder
from tprog.words.word_form import WordForm


def listed() -> CorporaResult:
    """All corpora that can be named, prepared or not."""
    lines = [_line(name) for name in (*MADE, *SOURCES)]
    lines += [_line(name) for name in prepared() if name not in SOURCES and name not in MADE]
    there = str(vectors_folder()) if vectors_folder().is_dir() else ""
    lines.append(CorpusLine(VECTORS.name, VECTORS.what, there, "" if there else VECTORS.advice))
    return CorporaResult(tuple(lines))


def held(corpus: Corpus) -> CorporaResult:
    """What a corpus holds."""
    form = WordForm()
    training = corpus.splits.get(TRAIN, corpus.splits.get(ALL, ()))
    words = {form.of(word) for row in training for word in row.words}
    splits = []
    for name, rows in corpus.splits.items():
        lengths = [len(row.words) for row in rows]
        known = sum(form.of(word) in words for row in rows for word in row.words)
        splits.append(SplitCount(name, len(rows), sum(lengths), max(lengths, default=0), known))
    counted = Counter(answer for row in training for answer in row.answers)
    source = SOURCES.get(corpus.name)
    never = [
        f"no {corpus.noun} of training has the answer {name!r}, so no program can learn it"
        for name in corpus.classes
        if not counted[name]
    ]
    return CorporaResult(
        (_line(corpus.name),),
        corpus.sha256,
        tuple(splits),
        tuple((name, counted[name]) for name in corpus.classes),
        corpus.scheme,
        len(words),
        (*corpus.notes, *never),
        source.licence if source is not None else "",
        corpus.noun,
    )


def _line(name: str) -> CorpusLine:
    if name in MADE:
        return CorpusLine(name, "made by tpdebug itself, for trials and tests", "in the package")
    source = SOURCES.get(name)
    there = str(folder_of(name)) if is_prepared(name) else ""
    what = "your own" if source is None else source.what
    return CorpusLine(name, what, there, source.advice if source is not None and not there else "")
