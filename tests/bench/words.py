"""Programs of words beside simple means: ``python -m tests.bench.words FOLDER``.

Before it, ``tpdebug data NAME`` for ner, news, reviews and vectors. Every
run has a folder of its own in FOLDER: what was stopped goes on where it stood, and what is done is only read. The table
is Markdown: on the test split, the mean over the seeds and how far they lie apart.

    python -m tests.bench.words FOLDER --seeds 0 1 2 --corpora ner reviews news
    python -m tests.bench.words FOLDER --preset published

Entities are counted in two ways on two sets of sentences. *F1* is by the rule of conlleval, *strict F1* as the
published code has it (seqeval, strict). Both are of the sentences of up to 30 words: the published code leaves the
others out of all splits (`get_conll_ner`, `len(words) < max_length - 1` with a length of 32). *Whole* is of every
sentence of the split: one that is longer is read in windows of 30 words, as few as there can be, spread evenly, and
where two of them overlap each has the half that is farther from its end.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from tprog.ir.program import Program
from tprog.run.batch import Batch
from tprog.run.execute import predict
from tprog.tasks.builtin import UNGRADED
from tprog.tasks.corpus_task import LONGEST_TAGGED, corpus_task
from tprog.tasks.listed import rectangle
from tprog.words.corpus import ALL, TEST, Corpus, Sentence
from tprog.words.read import read_corpus
from tprog.words.scores import entity_scores
from trainer.config import TrainConfig
from trainer.data import Data, Split, prepare
from trainer.fit import train
from trainer.presets import default_config, published_config
from trainer.word_baselines import Predictor, predictors

Array: TypeAlias = NDArray[Any]

Answer: TypeAlias = Callable[[Batch], Array]
"""Sentences to the codes of their answers: [sentence, position], of texts with one label [sentence, 1]."""

Preset: TypeAlias = Literal["default", "published"]

PUBLISHED: Mapping[str, str] = {"ner": "76.1", "reviews": "77.9 (of MR)", "news": "-"}
"""Of Transformer Programs, arXiv 2306.01128, tables of section 5."""

Figures = Mapping[str, float]


def figures(split: Split, predicted: Array) -> dict[str, float]:
    """What is told of a split: percentages."""
    accuracy = split.accuracy(torch.as_tensor(predicted))
    found = {"per word": 100 * accuracy.per_token}
    return found | (entities(split.tags, split.expected.numpy(), predicted) if split.tags else {})


def entities(tags: Sequence[str], expected: Array, predicted: Array) -> dict[str, float]:
    """Precision, recall and F1 by the rule of conlleval, and F1 as the published code counts it, in percent."""
    loose, strict = (entity_scores(tags, expected, predicted, strict=strict).all for strict in (False, True))
    found = {"precision": loose.precision, "recall": loose.recall, "F1": loose.f1, "strict F1": strict.f1}
    return {name: 100 * value for name, value in found.items()}


def windows(words: int, most: int) -> list[tuple[int, int, int]]:
    """(where it starts, the first word that it answers, the one behind the last) of each window of a sentence."""
    count = -(-words // most)
    starts = [round(at * (words - most) / (count - 1)) for at in range(count)] if count > 1 else [0]
    cuts = [0, *((one + most + other) // 2 for one, other in pairwise(starts)), words]
    return [*zip(starts, cuts, cuts[1:], strict=False)]


def whole(corpus: Corpus, split: str, vocabulary: Sequence[str], answer: Answer) -> dict[str, float]:
    """The figures of `entities` on all sentences of a split, those longer than `LONGEST_TAGGED` in windows."""
    sentences = corpus.split(split)
    cuts = [windows(len(each.words), LONGEST_TAGGED) for each in sentences]
    parts = tuple(
        Sentence(each.words[start : start + LONGEST_TAGGED], each.answers[start : start + LONGEST_TAGGED])
        for each, found in zip(sentences, cuts, strict=True)
        for start, _, _ in found
    )
    task = corpus_task(dataclasses.replace(corpus, splits={ALL: parts}), ALL, vocabulary=vocabulary)
    batch, _ = task.answered()
    told, right, row = [], [], 0
    codes = {tag: code for code, tag in enumerate(corpus.classes)}
    predicted = answer(batch)[:, 1:]  # without that of <s>
    for each, found in zip(sentences, cuts, strict=True):
        tags: list[int] = []
        for start, first, end in found:
            tags += predicted[row, first - start : end - start].tolist()
            row += 1
        told.append(tags)
        right.append([codes[tag] for tag in each.answers])
    width = max(map(len, right))
    both = (rectangle(rows, width, UNGRADED) for rows in (right, told))
    return {f"whole {name}": value for name, value in entities(corpus.classes, *both).items()}


def of_program(program: Program) -> Answer:
    """What a program answers to sentences."""
    return lambda batch: np.asarray(predict(program, batch)[0])


def of_network(predictor: Predictor) -> Answer:
    """What a baseline answers to sentences."""
    return lambda batch: predictor(torch.as_tensor(batch.tokens, dtype=torch.long)).numpy()


def told_of(config: TrainConfig, data: Data, answer: Answer) -> dict[str, float]:
    """What is told of an answerer on the test split."""
    test = data.test
    assert test is not None  # a corpus has one
    found = figures(test, answer(test.batch))
    if test.tags:
        corpus = read_corpus(config.task).divided(config.data_seed)
        found |= whole(corpus, TEST, data.frame.vocabulary, answer)
    return found


def program(folder: Path, corpus: str, seed: int, epochs: int | None, preset: Preset = "default") -> Figures:
    """The figures of one run, trained now, gone on with or only read."""
    name = f"{corpus}-{seed}" if preset == "default" else f"{corpus}-{preset}-{seed}"
    run, told = folder / name, folder / f"{name}.json"
    if told.exists():
        return dict(json.loads(told.read_text()))
    config = default_config(corpus, seed) if preset == "default" else published_config(corpus, seed)
    config = config if epochs is None else dataclasses.replace(config, epochs=epochs)
    started = time.process_time()
    result = train(config, run, resume=(run / "checkpoint.safetensors").exists(), overwrite=True)
    if result.interrupted:
        sys.exit(f"{corpus}, seed {seed}: stopped after {result.epochs} epochs; the same command goes on")
    taken = time.process_time() - started
    data, answer = prepare(config), of_program(result.program)
    found = told_of(config, data, answer)
    valid = figures(data.validation, answer(data.validation.batch))
    found |= {"valid " + key: value for key, value in valid.items()}
    if result.agreement is not None:
        found |= {"equal": result.agreement.equal, "compared": result.agreement.total}
    found |= {"CPU-seconds of the last call": taken}
    told.write_text(json.dumps(found, indent=2) + "\n")
    return found


def baselines(folder: Path, corpus: str, seed: int) -> Mapping[str, Figures]:
    """The figures of what the programs are compared with, each made once."""
    told = folder / f"{corpus}-baselines-{seed}.json"
    if told.exists():
        return dict(json.loads(told.read_text()))
    config = default_config(corpus, seed)
    data = prepare(config)
    found = {}
    for name, predictor in predictors(config, data, lambda what: print(what, file=sys.stderr)):
        found[name] = told_of(config, data, of_network(predictor))
    told.write_text(json.dumps(found, indent=2) + "\n")
    return found


COUNTS = ("F1", "strict F1", "whole F1", "whole strict F1")
"""What the table tells of entities."""


def rows(
    folder: Path, corpora: Sequence[str], seeds: Sequence[int], epochs: int | None, preset: Preset = "default"
) -> Iterator[tuple[str, ...]]:
    """The rows of the table."""
    for corpus in corpora:
        runs = [program(folder, corpus, seed, epochs, preset) for seed in seeds]
        kinds = COUNTS if "F1" in runs[0] else ("per word",)
        for kind in kinds:
            if scores := [run[kind] for run in runs if kind in run]:
                spread = f", {min(scores):.2f} to {max(scores):.2f}" if len(scores) > 1 else ""
                mean = f"**{statistics.mean(scores):.2f}** ({len(scores)} seed{'s' * (len(scores) > 1)}{spread})"
                published = PUBLISHED[corpus] if kind in ("strict F1", "per word") else ""
                yield corpus, _shown(kind), "Transformer Program", mean, published
        for name, found in baselines(folder, corpus, seeds[0]).items():
            for kind in kinds:
                if kind in found:
                    yield corpus, _shown(kind), name, f"{found[kind]:.2f}", ""


def _shown(kind: str) -> str:
    return "accuracy" if kind == "per word" else kind


def main() -> None:
    """See the top of this file."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked.add_argument("--corpora", nargs="+", default=["ner", "reviews", "news"], choices=PUBLISHED)
    asked.add_argument("--epochs", type=int, help="instead of those of the preset")
    asked.add_argument("--preset", choices=("default", "published"), default="default")
    told = asked.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    print("| corpus | test | what | % | published |\n|---|---|---|---:|---:|")
    for row in rows(told.folder, told.corpora, told.seeds, told.epochs, told.preset):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
