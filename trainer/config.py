"""What a training run is told; the presets to start from are in `trainer.presets`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainer.settings import SEEDS as SEEDS
from trainer.settings import BadSetting as BadSetting
from trainer.settings import Settings, setting
from trainer.settings import check_range as check_range
from trainer.settings import shown as shown

Predicates = Literal["one", "set"]
Masks = Literal["all", "learned", "assigned", "beside"]
EmbeddingKind = Literal["one-hot", "learned"]
Device = Literal["cpu", "cuda"]

LARGEST_RATE = 1e30
"""Of step sizes, temperatures and logits; float32 ends at 3e38, and none trains that comes near."""

MAX_READOUT_SCALE = 10_000
"""Four decimals of a readout weight; more would not fit below the float32 limit for any trained model seen."""

PREPARED = "prepared"
"""The word vectors that `tpdebug data vectors` made."""

MODULES = "modules a layer, categorical and numeric."
TEMPERATURE = (
    "the temperature of soft choices, falling geometrically from the first step to the last with soft choices."
)


@dataclass(frozen=True)
class TrainConfig(Settings):
    """The settings of one training run; each field says what it is (`about`).

    Raises:
        BadSetting: a value that has no meaning; the message names the key.
    """

    task: str
    vocabulary_size: int | None = setting(
        None,
        "k as papers count it, specials and padding included; of a corpus, its most frequent words; left out: the "
        "task's own, of a corpus 10,000.",
        2,
        100_000,
    )
    length: int | None = setting(
        None,
        "N, the longest input, marks included; left out: the task's own.",
        2,
        1000,  # attention holds the square of it
    )
    layers: int = setting(2, "how many.", 1, 100)  # a gate reads every variable below: the gates hold the square of it
    cat_heads: int = setting(4, MODULES, 0, 256)
    num_heads: int = setting(4, MODULES, 0, 256)
    cat_mlps: int = setting(1, MODULES, 0, 256)
    num_mlps: int = setting(1, MODULES, 0, 256)
    embedding: EmbeddingKind = setting(
        "one-hot", "one-hot (heads read the tokens themselves) or learned (they read embedding variables)."
    )
    embedding_variables: int = setting(1, "how many variables a learned embedding has.", 1, 256)
    cardinality: int | None = setting(
        None,
        "d, the slots of a categorical variable; left out: the least that holds tokens and positions.",
        2,
        4096,  # a predicate holds the square of it, 64 MiB
    )
    predicates: Predicates = setting("one", "one key a query value, as published, or a set of keys.")
    set_start: float = setting(
        -2.0,
        "initial logit of each key of a set predicate. From 0, half of all keys match, every head attends its "
        "neighbour and little is learned; from -2, one key in eight.",
    )
    masks: Masks = setting(
        "all",
        "all positions for every head, as published; a learned choice a head among the masks the task allows; "
        "assigned, the heads of a kind taking turns; or beside, the same without the mask of all positions.",
    )
    numeric_cap: int | None = setting(
        None,
        "larger numbers read as this one in a numeric MLP, in the network and in its table; left out: N.",
        1,
        1000,  # a table of two numbers holds the square of it
    )
    pooled: bool = setting(
        False,
        "predict one class for the whole input, from logits averaged over its positions; for tasks with one answer "
        "an input; of those that say so themselves it need not be said.",
    )
    lr: float = setting(5e-2, "Adam's step size.")
    batch: int = setting(64, "inputs a step.", 1, 1_000_000)
    length_exponent: float = setting(
        1.0,
        "how often a length is trained on: its share of an epoch is proportional to the number of its inputs to this "
        "power. 1 is once for each input, 0 as often for each length.",
    )
    epochs: int = setting(20, "passes over the training inputs.", 1, 1_000_000)
    tau_init: float = setting(3.0, TEMPERATURE)
    tau_end: float = setting(0.03, TEMPERATURE)
    hard: float = setting(
        0.25,
        "the share of the steps, the last ones, that train with hard choices, by the straight-through estimator.",
    )
    quiet: float = setting(
        0.05, "the share of the steps, the last of those, that train the argmax model itself, without noise."
    )
    tau_hard: float = setting(
        0.3, "what the temperature of the gradient of hard choices falls to, geometrically over all steps."
    )
    seed: int = setting(0, "of the parameters and the noise.", 0, SEEDS - 1)
    members: int = setting(
        1, "how many seeds, from seed upwards, to train at once; the best on validation is kept.", 1, 1024
    )
    halvings: int = setting(
        0,
        "how often the worse half of the members, on validation, is dropped, at equal distances in the first half of "
        "the epochs, until one is left; never twice after one epoch.",
        0,
        10,  # of 1,024 members the tenth leaves one
    )
    data_seed: int = setting(0, "of the data, their split and their order.", 0, SEEDS - 1)
    dataset_size: int = setting(
        20_000,
        "inputs to sample, before the 80/10/10 split.",
        10,
        1_000_000,  # as many as a domain may have to be enumerated
    )
    whole_domain: bool = setting(
        False, "train on every input that there is, instead of a sample; then there is no test figure."
    )
    evaluate_every: int = setting(
        2, "epochs between two evaluations of the argmax model; the last epoch always is one.", 1, 1_000_000
    )
    search: int = setting(
        0,
        "CPU seconds of deductive search before the first epoch; 0 for none. Where it finds a program that is right on "
        "all training and validation inputs, nothing is trained.",
        0,
        1_000_000,
    )
    refit: bool = setting(
        False,
        "solve the readout to its optimum after the last epoch; kept if no more training and no more validation "
        "predictions are wrong then. Of a corpus: fit it anew with rare words read as unknown, pulled to the trained "
        "weights as hard as is best on validation.",
    )
    polish: int = setting(
        0,
        "moves of discrete search after the last epoch, 0 for none. A move learns a node of the program anew, or adds "
        "one to a program that is grown from nothing.",
        0,
        1_000_000,
    )
    readout_scale: int = setting(
        1000, "the finest fixed-point scale for the readout, a power of ten.", 1, MAX_READOUT_SCALE
    )
    vectors: str | None = setting(
        None,
        "word vectors with which learned embeddings begin: a text file, a word and its numbers a line, or 'prepared', "
        "those of tpdebug data vectors. Without clusters, under a random linear map, as published.",
        told=False,
    )
    clusters: float = setting(
        0.0,
        "how much the logit of its cluster is above the others where learned embeddings begin: clusters of words by "
        "what they were answered, by their neighbours and by their vectors; 0: they begin at random.",
        told=False,
    )
    buckets: int = setting(
        1,
        "of so many batches at a time the inputs are sorted by length, so that a step costs what its inputs hold; 1: "
        "they stay in their order.",
        1,
        1_000_000,
        told=False,
    )
    dropout: float = setting(0.0, "the share of the values of learned embeddings that a step leaves out.", told=False)
    turns: float = setting(
        0.0,
        "how much above the others the logit begins of what a head copies in its turn: the variables of learned "
        "embeddings, and in later layers what the heads of the layer before copied; 0: it begins at random.",
        told=False,
    )
    cooling: float = setting(
        1.0, "the share of lr to which the step size falls, geometrically from step to step; 1: it stays.", told=False
    )
    noise: float = setting(1.0, "what the noise of choices is multiplied by; 1: Gumbel's, as published.", told=False)
    shapes: bool = setting(
        False, "tell words of a corpus that the vocabulary does not hold apart by their shape.", told=False
    )
    unknown: float = setting(
        0.0,
        "a: a word that stands c times in the training inputs is read as unknown with the chance a / (a + c).",
        told=False,
    )
    balance: float = setting(
        0.0,
        "b: a class that is right at c positions weighs as c to the power of -b in the loss; 0: all the same.",
        told=False,
    )
    patience: int = setting(
        0, "end after so many epochs without a better argmax model on validation; 0: never.", 0, 1_000_000, told=False
    )
    device: Device = setting("cpu", "cpu, or cuda where there is one: the same results in law, not the same bytes.")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_numbers(self)
        _check_words(self)
        if self.cat_heads + self.num_heads == 0:
            raise BadSetting("cat_heads", "and num_heads are both 0; expected at least one head a layer")
        if self.num_mlps and not self.num_heads:
            raise BadSetting("num_mlps", "read the sums of numeric heads, but num_heads is 0; give both or neither")
        if self.embedding == "one-hot" and self.embedding_variables != 1:
            raise BadSetting(
                "embedding_variables",
                f"is {self.embedding_variables} with a one-hot embedding, which has 1; set embedding to 'learned'",
            )
        scale = self.readout_scale
        if scale > MAX_READOUT_SCALE or str(scale).strip("0") != "1":
            raise BadSetting("readout_scale", f"is {scale}; expected a power of ten up to {MAX_READOUT_SCALE}")


def _check_numbers(config: TrainConfig) -> None:
    """Refuses numbers out of their range."""
    for key in ("lr", "tau_init", "tau_end", "tau_hard"):
        if not 0 < getattr(config, key) <= LARGEST_RATE:
            value = shown(getattr(config, key))
            raise BadSetting(key, f"is {value}; expected a finite number above 0, at most {LARGEST_RATE:g}")
    if not -LARGEST_RATE <= config.set_start <= LARGEST_RATE:
        value = shown(config.set_start)
        raise BadSetting("set_start", f"is {value}; expected a finite number, at most {LARGEST_RATE:g} from 0")
    if not 0 <= config.length_exponent <= 1:
        raise BadSetting("length_exponent", f"is {shown(config.length_exponent)}; expected a power from 0 to 1")
    if not 0 < config.cooling <= 1:
        raise BadSetting("cooling", f"is {shown(config.cooling)}; expected a share of lr, above 0, at most 1")
    if not 0 <= config.hard <= 1:
        raise BadSetting("hard", f"is {shown(config.hard)}; expected a share of the steps, from 0 to 1")
    if not 0 <= config.quiet <= config.hard:
        raise BadSetting(
            "quiet",
            f"is {shown(config.quiet)}; expected a share of the steps, from 0 to hard, which is {config.hard}",
        )
    if config.tau_end > config.tau_init:
        raise BadSetting(
            "tau_end", f"is {config.tau_end}, above tau_init {config.tau_init}; the temperature must not rise"
        )


def _check_words(config: TrainConfig) -> None:
    """Refuses settings for words that have no meaning."""
    for key in ("dropout", "balance"):
        if not 0 <= getattr(config, key) < 1:
            raise BadSetting(key, f"is {shown(getattr(config, key))}; expected a number from 0, below 1")
    for key in ("unknown", "clusters", "turns", "noise"):
        if not 0 <= getattr(config, key) <= LARGEST_RATE:
            raise BadSetting(key, f"is {shown(getattr(config, key))}; expected a finite number from 0")
    for key in ("vectors", "clusters", "turns", "dropout"):
        if config.embedding == "one-hot" and getattr(config, key):
            raise BadSetting(key, "is for learned embeddings; set embedding to 'learned'")
