"""Programs of words beside simple means: ``python -m tests.bench.words FOLDER``.

Before it, ``tpdebug data NAME`` for ner, news, reviews and vectors. Every
run has a folder of its own in FOLDER: what was stopped goes on where it stood, and what is done is only read. The table
is Markdown: on the test split, the mean over the seeds and how far they lie apart.

    python -m tests.bench.words FOLDER --seeds 0 1 2 --corpora ner reviews news
    python -m tests.bench.words FOLDER --step      one step of the published NER shape, and its memory
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from tprog.run.batch import Batch
from tprog.run.execute import predict
from trainer.data import Accuracy, Data, Split, prepare
from trainer.fit import train
from trainer.model import Frame
from trainer.population import Population
from trainer.presets import default_config, published_config
from trainer.threads import one_thread
from trainer.word_baselines import word_baselines

PUBLISHED: Mapping[str, str] = {"ner": "76.1", "reviews": "77.9 (of MR)", "news": "-"}
"""Of Transformer Programs, arXiv 2306.01128, tables of section 5."""

Figures = Mapping[str, float]


def figures(accuracy: Accuracy) -> dict[str, float]:
    """What is told of a split: percentages."""
    found = {"per word": 100 * accuracy.per_token}
    if (spans := accuracy.spans) is not None:
        found |= {"precision": 100 * spans.precision, "recall": 100 * spans.recall, "F1": 100 * spans.f1}
    return found


def strict_f1(classes: Sequence[str], predicted: Sequence[Sequence[int]], expected: Sequence[Sequence[int]]) -> float:
    """F1 in percent as the published code counts it (seqeval, strict, IOB2): a span without its ``B-`` is none."""
    right = told = there = 0
    for one, other in zip(predicted, expected, strict=True):
        graded = [(classes[a] if a >= 0 else "O", classes[b]) for a, b in zip(one, other, strict=True) if b >= 0]
        ours, theirs = (_strict([pair[side] for pair in graded]) for side in (0, 1))
        right, told, there = right + len(ours & theirs), told + len(ours), there + len(theirs)
    return 200 * right / max(told + there, 1)


def _strict(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    found: set[tuple[int, int, str]] = set()
    begin = None
    for at, tag in enumerate([*tags, "O"]):
        if begin is not None and tag != "I-" + tags[begin][2:]:
            found.add((begin, at, tags[begin][2:]))
            begin = None
        if tag.startswith("B-"):
            begin = at
    return found


def program(folder: Path, corpus: str, seed: int, epochs: int | None) -> Figures:
    """The figures of one run, trained now, gone on with or only read."""
    run, told = folder / f"{corpus}-{seed}", folder / f"{corpus}-{seed}.json"
    if told.exists():
        return dict(json.loads(told.read_text()))
    config = default_config(corpus, seed)
    config = config if epochs is None else dataclasses.replace(config, epochs=epochs)
    started = time.process_time()
    result = train(config, run, resume=(run / "checkpoint.safetensors").exists(), overwrite=True)
    if result.interrupted:
        sys.exit(f"{corpus}, seed {seed}: stopped after {result.epochs} epochs; the same command goes on")
    found = figures(result.accuracies["test"])
    found |= {"valid " + key: value for key, value in figures(result.accuracies["validation"]).items()}
    test = prepare(config).test
    if test is not None and test.tags:
        told_tags = predict(result.program, test.batch)[0].tolist()
        found |= {"strict F1": strict_f1(test.tags, told_tags, test.expected.tolist())}
    if result.agreement is not None:
        found |= {"equal": result.agreement.equal, "compared": result.agreement.total}
    found |= {"CPU-seconds of the last call": time.process_time() - started}
    told.write_text(json.dumps(found, indent=2) + "\n")
    return found


def baselines(folder: Path, corpus: str, seed: int) -> Mapping[str, Figures]:
    """The figures of what the programs are compared with, each made once."""
    told = folder / f"{corpus}-baselines-{seed}.json"
    if told.exists():
        return dict(json.loads(told.read_text()))
    config = default_config(corpus, seed)
    found = {name: figures(each) for name, each in word_baselines(config, lambda what: print(what, file=sys.stderr))}
    told.write_text(json.dumps(found, indent=2) + "\n")
    return found


def rows(folder: Path, corpora: Sequence[str], seeds: Sequence[int], epochs: int | None) -> Iterator[tuple[str, ...]]:
    """The rows of the table."""
    for corpus in corpora:
        runs = [program(folder, corpus, seed, epochs) for seed in seeds]
        key = "F1" if "F1" in runs[0] else "per word"
        for each in (key, "strict F1"):
            if scores := [run[each] for run in runs if each in run]:
                spread = f", {min(scores):.2f} to {max(scores):.2f}" if len(scores) > 1 else ""
                mean = f"**{statistics.mean(scores):.2f}** ({len(scores)} seed{'s' * (len(scores) > 1)}{spread})"
                published = "" if each == "F1" else PUBLISHED[corpus]
                yield corpus, "accuracy" if each == "per word" else each, "Transformer Program", mean, published
        for name, found in baselines(folder, corpus, seeds[0]).items():
            yield corpus, "F1" if key == "F1" else "accuracy", name, f"{found[key]:.2f}", ""


def step(words: int = 20_000, times: int = 20) -> tuple[float, float]:
    """CPU-seconds of one step of the published NER shape (32 sentences of 30 words), and peak memory in GB.

    Words are drawn by Zipf's law, as they stand in texts.
    """
    vocabulary = ("<s>", "</s>", *(f"w{n}" for n in range(words)))
    frame = Frame(vocabulary, tuple("abcdefghi"), 32)
    config = dataclasses.replace(published_config("synthetic"), epochs=1, buckets=1)
    draw = np.random.default_rng(0)
    chances = 1 / np.arange(1, words + 1)
    tokens = draw.choice(words, (config.batch * times, 32), p=chances / chances.sum()) + 2
    tokens[:, 0], tokens[:, -1] = 0, 1
    answers = torch.as_tensor(draw.integers(0, 9, tokens.shape))
    split = Split(Batch(tokens, np.full(len(tokens), 32)), torch.as_tensor(tokens), answers)
    taken = []
    with one_thread():
        population = Population([config], Data(frame, split, split, None, ""))
        for each in range(population.steps):
            started = time.process_time()
            population.step(each)
            taken.append(time.process_time() - started)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return min(taken), kilobytes / 1e6


def main() -> None:
    """See the top of this file."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked.add_argument("--corpora", nargs="+", default=["ner", "reviews", "news"], choices=PUBLISHED)
    asked.add_argument("--epochs", type=int, help="instead of those of the preset")
    asked.add_argument("--step", action="store_true", help="measure one step, and train nothing")
    told = asked.parse_args()
    if told.step:
        seconds, memory = step()
        print(f"one step, 32 sentences of 30 words, 20,000 words: {1000 * seconds:.1f} ms CPU, peak {memory:.2f} GB")
        return
    told.folder.mkdir(parents=True, exist_ok=True)
    print("| corpus | test | what | % | published |\n|---|---|---|---:|---:|")
    for row in rows(told.folder, told.corpora, told.seeds, told.epochs):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
