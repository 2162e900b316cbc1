"""The presets for corpora: words with tags, and texts with one label."""

from __future__ import annotations

from tprog.words.names import CorpusName
from tprog.words.sources import SOURCES
from tprog.words.vectors import vectors_folder
from trainer.config import PREPARED, TrainConfig

EVERY_KEY = 2.0
"""Initial logit of each key of a set predicate: from it a row accepts seven keys of eight, so that a head begins as one
that copies from the word beside, the left one or the right one by its mask. For letters the opposite is better."""


def published_words(task: str, tagged: bool, seed: int = 0) -> TrainConfig:
    """The published class, sizes and settings of training (arXiv 2306.01128, appendix, and the scripts of its code): of
    tags L2 H8 M1 with 4 embedding variables of 32 values, of labels L2 H4 M1 with 4 of 64; trained as everything here
    is."""
    common = TrainConfig(
        task,
        layers=2,
        num_heads=0,
        num_mlps=0,
        embedding="learned",
        embedding_variables=4,
        cat_heads=8,
        cardinality=32,
        batch=32,
        lr=1e-2,
        epochs=50,
        tau_end=0.01,
        dropout=0.5,
        buckets=40,
        vectors=_vectors(task),
        evaluate_every=1,
        seed=seed,
    )
    if tagged:
        return common
    return _changed(common, cat_heads=4, cardinality=64, pooled=True, batch=128, lr=5e-2, epochs=10, dropout=0.0)


def default_words(task: str, tagged: bool, seed: int = 0) -> TrainConfig:
    """What `tpdebug train CORPUS` makes, in the extended class, from clusters of words: of tags the published sizes; of
    labels L1 H8 without lookups, with 8 embedding variables of 64 values and few epochs, as texts are soon known by
    heart."""
    common = TrainConfig(
        task,
        vocabulary_size=20_000,
        layers=2,
        num_heads=0,
        num_mlps=0,
        embedding="learned",
        embedding_variables=4,
        cat_heads=8,
        cardinality=32,
        predicates="set",
        set_start=EVERY_KEY,
        masks="beside",
        batch=32,
        lr=1e-2,
        epochs=6,
        tau_init=1.0,
        buckets=40,
        vectors=_vectors(task),
        clusters=5.0,
        turns=3.0,
        noise=0.5,
        cooling=0.3,
        shapes=True,
        unknown=0.5,
        refit=True,
        evaluate_every=1,
        seed=seed,
    )
    if tagged:
        return common
    return _changed(
        common,
        layers=1,
        cat_mlps=0,
        embedding_variables=8,
        cardinality=64,
        pooled=True,
        lr=5e-3,
        dropout=0.3,
        epochs=3,
        refit=False,
    )


def _vectors(task: str) -> str | None:
    """Word vectors for the corpora of others, whose settings are the published ones, if they have been prepared."""
    known = CorpusName.of(task).source in SOURCES and any(vectors_folder().glob("*.npy"))
    return PREPARED if known else None


def _changed(config: TrainConfig, **changes: object) -> TrainConfig:
    return TrainConfig.from_mapping({**config.to_mapping(), **changes})
