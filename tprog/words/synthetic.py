"""The corpora that tpdebug writes itself, from templates: no file, no download, the same on every machine.

``synthetic`` has the names of people, places and firms in short reports, with IOB2 tags; ``topics`` has sentences about
sport, markets and weather, with one label each. Names that stand in validation and test and not in training are among
them, as they are among real ones, and so are words that are a person here and a place there: only what stands beside
them tells which.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from tprog.words.corpus import TEST, TRAIN, VALID, Corpus, Sentence

SIZES: Mapping[str, int] = {TRAIN: 400, VALID: 80, TEST: 80}
"""Sentences of each split."""

_FIRST = ("Anna", "Bela", "Carl", "Dora", "Emil", "Frida", "Georg", "Hanna", "Ivan", "Jordan", "Klara", "Ludwig")
_LAST = ("Berger", "Corell", "Dahl", "Eriksen", "Falk", "Grau", "Holm", "Lindt", "Moreau", "Novak", "Paris", "Weber")
_PLACES = ("Arlen", "Bremont", "Castell", "Dunmore", "Elster", "Fjordby", "Jordan", "Kelso", "Lindt", "Paris")
_COUNTRIES = (("New", "Arden"), ("Lower", "Saxony"), ("Upper", "Volga"), ("Norland",), ("Sudland",))
_FIRMS = (("Weber", "AG"), ("Arlen", "Steel"), ("Falk", "&", "Sons"), ("Nordbank",), ("Elster", "Motors"), ("Oxen",))

_NEW_FIRST, _NEW_LAST, _NEW_PLACES = ("Quentin", "Yvonne"), ("Zeller", "Ostrow"), ("Vellin", "Umbria")
"""Names that are drawn outside of training alone."""

_REPORTS = (
    "{person} was born in {place} .",
    "{person} moved from {place} to {place} in {year} .",
    "{firm} opened an office in {place} .",
    "{firm} has hired {person} , who lives in {place} .",
    "In {place} , {person} met the head of {firm} .",
    "Shares of {firm} rose {number} percent in {place} .",
    "{person} , {number} , works for {firm} .",
    "The mayor of {place} thanked {person} .",
    "{firm} and {firm} will build a bridge near {place} .",
    "It rained for {number} days .",
    "{person} said that {firm} would leave {place} .",
    "The train to {place} was {number} minutes late .",
    "Mr {last} bought {number} shares of {firm} .",
    "Mrs {last} of {firm} flew to {place} .",
    "Nobody knew what the report said .",
)

_TOPICS: Mapping[str, tuple[Sequence[str], Mapping[str, Sequence[str]]]] = {
    "markets": (
        (
            "{firm} {rose} by {number} percent",
            "the price of {good} {rose} in {month}",
            "banks expect that {good} {rose} again",
            "{firm} sold {good} worth {number} millions",
        ),
        {
            "firm": ("the bank", "the maker of cars", "a rival", "the trader"),
            "rose": ("rose", "fell", "gained", "lost ground"),
            "good": ("steel", "wheat", "copper", "bonds"),
            "month": ("May", "June", "winter"),
        },
    ),
    "sport": (
        (
            "the {side} won by {number} goals",
            "the {side} lost its match in {month}",
            "a {player} of the {side} was hurt after {number} minutes",
            "nobody expected that the {side} gained the cup",
        ),
        {
            "side": ("team", "club", "eleven", "crew"),
            "player": ("keeper", "striker", "runner"),
            "month": ("May", "June", "winter"),
        },
    ),
    "weather": (
        (
            "{sky} will last for {number} days",
            "the wind rose , and {sky} came from the {side}",
            "after {number} hours the {sky} fell on the hills",
            "in {month} the {side} expects {sky}",
        ),
        {
            "sky": ("rain", "snow", "fog", "frost"),
            "side": ("north", "south", "coast"),
            "month": ("May", "June", "winter"),
        },
    ),
}


def _slot(rng: random.Random, slot: str, unseen: bool) -> tuple[tuple[str, ...], str]:
    """The words of a slot, and the type of the name that they are; "" where they are none."""
    new = unseen and rng.random() < 0.2
    match slot:
        case "person":
            first = rng.choice(_NEW_FIRST if new else _FIRST)
            return ((first, rng.choice(_LAST)) if rng.random() < 0.5 else (first,)), "PER"
        case "last":
            return (rng.choice(_NEW_LAST if new else _LAST),), "PER"
        case "place":
            one = (rng.choice(_NEW_PLACES if new else _PLACES),)
            return (one if rng.random() < 0.75 else rng.choice(_COUNTRIES)), "LOC"
        case "firm":
            return rng.choice(_FIRMS), "ORG"
        case "year":
            return (str(rng.randint(1950, 2020)),), ""
    return (str(rng.randint(2, 90)),), ""


def _report(rng: random.Random, unseen: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words: list[str] = []
    tags: list[str] = []
    for part in rng.choice(_REPORTS).split():
        if not part.startswith("{"):
            words.append(part)
            tags.append("O")
            continue
        named, kind = _slot(rng, part.strip("{}"), unseen)
        words += named
        tags += [f"{'I' if place else 'B'}-{kind}" if kind else "O" for place in range(len(named))]
    return tuple(words), tuple(tags)


def _topic(rng: random.Random, unseen: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    label = rng.choice(tuple(_TOPICS))
    sentences, fillings = _TOPICS[label]
    words: list[str] = []
    for part in rng.choice(sentences).split():
        slot = part.strip("{}")
        filled = part if slot == part else str(rng.randint(2, 90)) if slot == "number" else rng.choice(fillings[slot])
        words += filled.split()
    return tuple(words), (label,)


MADE: Mapping[str, Callable[[random.Random, bool], tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "synthetic": _report,
    "topics": _topic,
}
"""The names of these corpora -> how a sentence of each is drawn; beside the words, its tags or its label."""


@cache
def made(name: str) -> Corpus:
    """One of the corpora `MADE`: no sentence stands in two splits, or twice in one."""
    rng = random.Random(name)
    seen: set[tuple[str, ...]] = set()
    splits: dict[str, tuple[Sentence, ...]] = {}
    for split, size in SIZES.items():
        rows: list[Sentence] = []
        while len(rows) < size:
            words, answers = MADE[name](rng, split != TRAIN)
            if words not in seen:
                seen.add(words)
                rows.append(Sentence(words, answers, len(rows) + 1))
        splits[split] = tuple(rows)
    text = repr([(row.words, row.answers) for rows in splits.values() for row in rows])
    tagged = name == "synthetic"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Corpus(name, tagged, splits, f"tpdebug's own corpus {name}", sha256, "IOB2" if tagged else None)
