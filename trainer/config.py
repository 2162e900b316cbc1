"""What a training run is told: one frozen record that refuses unknown keys and impossible values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from tprog.errors import BadUsage

Predicates = Literal["one", "set"]
Masks = Literal["all", "learned", "assigned"]
EmbeddingKind = Literal["one-hot", "learned"]

MAX_READOUT_SCALE = 10_000
"""Four decimals of a readout weight; more would not fit below the float32 limit for any trained model seen."""


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training run.

    Attributes:
        task: the task's name.
        vocabulary_size: k as papers count it, specials and padding included; None is the task's own.
        length: N, the longest input, marks included; None is the task's own.
        layers: how many.
        cat_heads, num_heads, cat_mlps, num_mlps: modules a layer, categorical and numeric.
        embedding: ``one-hot`` (heads read the tokens themselves) or ``learned`` (they read embedding variables).
        embedding_variables: how many variables a learned embedding has.
        cardinality: d, the slots of a categorical variable; None is the least that holds tokens and positions.
        hidden: neurons of an MLP's hidden layer.
        predicates: ``one`` key a query value, as published, or a ``set`` of keys.
        masks: ``all`` positions for every head, as published; a ``learned`` choice a head among the masks the task
            allows; or ``assigned``, the heads of a kind taking turns.
        numeric_cap: larger numbers read as this one in a numeric MLP, in the network and in its table; None is N.
        lr: Adam's step size.
        batch: inputs a step.
        epochs: passes over the training inputs.
        tau_init, tau_end: the temperature, falling geometrically from the first step to the last.
        seed: of the parameters, the data, their order and the noise.
        dataset_size: inputs to sample, before the 80/10/10 split.
        evaluate_every: epochs between two evaluations of the argmax model; the last epoch always is one.
        readout_scale: the finest fixed-point scale for the readout, a power of ten.

    Raises:
        BadUsage: a value that has no meaning; the message names the key.
    """

    task: str
    vocabulary_size: int | None = None
    length: int | None = None
    layers: int = 2
    cat_heads: int = 4
    num_heads: int = 4
    cat_mlps: int = 1
    num_mlps: int = 1
    embedding: EmbeddingKind = "one-hot"
    embedding_variables: int = 1
    cardinality: int | None = None
    hidden: int = 64
    predicates: Predicates = "one"
    masks: Masks = "all"
    numeric_cap: int | None = None
    lr: float = 5e-2
    batch: int = 512
    epochs: int = 250
    tau_init: float = 3.0
    tau_end: float = 0.01
    seed: int = 0
    dataset_size: int = 20_000
    evaluate_every: int = 2
    readout_scale: int = 1000

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check_type(field.name, getattr(self, field.name))
        for key, least in _LEAST.items():
            value = getattr(self, key)
            if value is not None and value < least:
                raise BadUsage(f"{key} is {value}; expected at least {least}")
        for key in ("lr", "tau_init", "tau_end"):
            if not 0 < getattr(self, key) < float("inf"):
                raise BadUsage(f"{key} is {getattr(self, key)}; expected a finite number above 0")
        if self.tau_end > self.tau_init:
            raise BadUsage(f"tau_end is {self.tau_end}, above tau_init {self.tau_init}; the temperature must not rise")
        if self.cat_heads + self.num_heads == 0:
            raise BadUsage("cat_heads and num_heads are both 0; expected at least one head a layer")
        if self.num_mlps and not self.num_heads:
            raise BadUsage("num_mlps read the sums of numeric heads, but num_heads is 0; give both or neither")
        if self.embedding == "one-hot" and self.embedding_variables != 1:
            raise BadUsage(
                f"embedding_variables is {self.embedding_variables} with a one-hot embedding, which has 1; "
                "set embedding to 'learned'"
            )
        scale = self.readout_scale
        if scale > MAX_READOUT_SCALE or str(scale).strip("0") != "1":
            raise BadUsage(f"readout_scale is {scale}; expected a power of ten up to {MAX_READOUT_SCALE}")

    def to_json(self) -> str:
        """The settings as JSON text, one a line."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> TrainConfig:
        """The settings from a parsed JSON or TOML table.

        Raises:
            BadUsage: an unknown key, no task, or a value that has no meaning.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        if unknown := [key for key in settings if key not in known]:
            raise BadUsage(f"unknown setting {unknown[0]!r}; known are {', '.join(known)}")
        if "task" not in settings:
            raise BadUsage("the settings name no task; expected a key 'task'")
        return cls(**settings)


_LEAST: Mapping[str, int] = {
    "vocabulary_size": 2,
    "length": 2,
    "layers": 1,
    "cat_heads": 0,
    "num_heads": 0,
    "cat_mlps": 0,
    "num_mlps": 0,
    "embedding_variables": 1,
    "cardinality": 2,
    "hidden": 1,
    "numeric_cap": 1,
    "batch": 1,
    "epochs": 1,
    "seed": 0,
    "dataset_size": 10,
    "evaluate_every": 1,
    "readout_scale": 1,
}


def _check_type(key: str, value: object) -> None:
    """Refuses a value whose type is not the one declared; true and false are not numbers."""
    declared = get_type_hints(TrainConfig)[key]
    options = get_args(declared)
    if options and all(isinstance(option, str) for option in options):
        if value not in options:
            raise BadUsage(f"{key} is {value!r}; expected one of {', '.join(map(repr, options))}")
        return
    allowed = tuple(options) or ((int, float) if declared is float else (declared,))
    if isinstance(value, bool) or not isinstance(value, allowed):
        names = " or ".join("nothing" if kind is type(None) else kind.__name__ for kind in allowed)
        raise BadUsage(f"{key} is {value!r}, a {type(value).__name__}; expected {names}")


# Presets ##############################################################################################################

# Layers, heads and MLPs of the published programs (see the table of results in arXiv 2306.01128); half of the heads
# and half of the MLPs are numeric.
_PUBLISHED_SIZES: Mapping[str, tuple[int, int, int]] = {
    "reverse": (3, 8, 2),
    "hist": (1, 4, 2),
    "double_hist": (3, 4, 2),
    "sort": (3, 8, 4),
    "most_freq": (3, 8, 4),
    "dyck1": (3, 8, 2),
    "dyck2": (3, 4, 4),
}


def published_config(task: str, seed: int = 0) -> TrainConfig:
    """The published class and size: one key a query value, no masks, 250 epochs (induction: 500).

    Raises:
        BadUsage: a task that was not published.
    """
    if task == "induction":
        return TrainConfig(task, layers=2, cat_heads=1, num_heads=0, cat_mlps=0, num_mlps=0, epochs=500, seed=seed)
    if task not in _PUBLISHED_SIZES:
        known = ", ".join([*_PUBLISHED_SIZES, "induction"])
        raise BadUsage(f"there is no published size for the task {task!r}; known are {known}")
    layers, heads, mlps = _PUBLISHED_SIZES[task]
    half, few = heads // 2, mlps // 2
    return TrainConfig(
        task, layers=layers, cat_heads=half, num_heads=half, cat_mlps=few, num_mlps=few, epochs=250, seed=seed
    )


def default_config(task: str, seed: int = 0) -> TrainConfig:
    """What `tpdebug train TASK` trains: the extended class (set predicates, masks) at the published size."""
    if task == "induction":
        return published_config(task, seed)
    published = published_config(task, seed) if task in _PUBLISHED_SIZES else TrainConfig(task, seed=seed)
    return dataclasses.replace(published, predicates="set", masks="assigned", epochs=100)


def demo_config(seed: int = 0) -> TrainConfig:
    """A small sort program that a laptop trains on one core while one fetches a coffee; see docs/results.md."""
    return TrainConfig("sort", 8, 8, cat_mlps=0, num_mlps=2, predicates="set", masks="assigned", epochs=100, seed=seed)
