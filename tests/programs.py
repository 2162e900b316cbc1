"""The one shared table of programs, written by hand: ground truth for executor, emitter, reader and analyses.

`tests/test_execute.py` checks those that have a task over its whole domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from string import ascii_lowercase

from tprog.ir.program import (
    BEGIN,
    END,
    UNKNOWN,
    Clause,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    NumericHead,
    Program,
    Readout,
    Symbol,
    Value,
    Weights,
    cell_keys,
)
from tprog.ir.selections import Selection, all_of, any_of, none_of
from tprog.ir.values import FALSE, NOTHING, TRUE, Boolean, as_number


@dataclass(frozen=True)
class Case:
    """One program of the table.

    Attributes:
        about: what it shows.
        wrong: how many inputs of its task's domain it gets wrong; None if it has no task.
    """

    program: Program
    about: str
    wrong: int | None = None


# Parts ################################################################################################################


def predicate(
    queries: Sequence[Symbol], keys: Sequence[Symbol], accepts: Callable[[Symbol, Symbol], bool]
) -> tuple[Keys, ...]:
    """For each query the keys that it accepts."""
    return tuple(tuple(key for key in keys if accepts(query, key)) for query in queries)


def equal(queries: Sequence[Symbol], keys: Sequence[Symbol], but: Sequence[Symbol] = ()) -> tuple[Keys, ...]:
    """Each query accepts the key that equals it; those in `but` accept none."""
    return predicate(queries, keys, lambda query, key: query == key and query not in but)


def everything(queries: Sequence[Symbol], keys: Sequence[Symbol]) -> tuple[Keys, ...]:
    return predicate(queries, keys, lambda query, key: True)


def lookup(
    name: str,
    inputs: Mapping[str, Sequence[Value]],
    answer: Callable[..., Value | None],
    symbols: Sequence[Symbol] | None = None,
    numeric: Sequence[str] = (),
) -> Lookup:
    """A table from a function.

    Args:
        inputs: variable -> its values, or its levels if it is one of `numeric`.
        symbols: what the table answers; left out: numbers.
    """
    levels = {read: tuple(map(as_number, values)) if read in numeric else None for read, values in inputs.items()}
    return Lookup(
        name=name,
        inputs=tuple(inputs),
        levels=tuple(levels.values()),
        symbols=None if symbols is None else tuple(symbols),
        cells=tuple(answer(*at) for at in product(*inputs.values())),
    )


def copied(variable: str, values: Sequence[Symbol], classes: Sequence[str]) -> Weights:
    """Weight 1 for the class that is written as the value."""
    return Weights(variable, tuple(tuple(int(str(value) == label) for label in classes) for value in values))


def nearest_class(variable: str, classes: Sequence[str]) -> tuple[Weights, Weights]:
    """Weights on ``ones`` and a number x that make the class nearest to x win: 2cx - c^2 = x^2 - (x - c)^2."""
    values = [int(label) for label in classes]
    return Weights("ones", (tuple(-c * c for c in values),)), Weights(variable, (tuple(2 * c for c in values),))


# Tasks of the paper ###################################################################################################

N = 8
POSITIONS = tuple(range(N))
RANKS = tuple(range(1, N + 2))


def sort() -> Program:
    """rank = smaller tokens + equal ones before + 1; then position p copies the token of rank p."""
    letters = tuple(ascii_lowercase[:5])
    vocabulary = (BEGIN, *letters, END)

    def smaller(query: Symbol, key: Symbol) -> bool:
        # The marks count so much that their ranks lie behind all letters.
        return key != BEGIN if query == BEGIN else query == END or (key in letters and str(key) < str(query))

    return Program(
        vocabulary=vocabulary,
        classes=letters,
        max_length=N,
        nodes=(
            NumericHead("less", "tokens", "tokens", "ones", predicate(vocabulary, vocabulary, smaller)),
            NumericHead("same", "tokens", "tokens", "ones", equal(vocabulary, vocabulary, (BEGIN, END)), mask="before"),
            lookup(
                "rank",
                {"less": range(N + 1), "same": range(N - 2)},
                lambda less, same: min(less + same + 1, RANKS[-1]),
                RANKS,
                numeric=("less", "same"),
            ),
            Head("sorted", "positions", "rank", "tokens", equal(POSITIONS, RANKS)),
        ),
        readout=Readout((copied("sorted", vocabulary, letters),), forced=(BEGIN, END)),
        task="sort",
    )


FAULT = (1, 3)
"""The cell of the rank that `sort_with_a_fault` has wrong: 1 smaller letter and 3 equal before."""


def sort_with_a_fault() -> Program:
    """`sort`, but the fourth of equal letters with one smaller gets rank 4 in place of 5."""
    program = sort()
    *before, rank, last = program.nodes
    assert isinstance(rank, Lookup)
    cells = (4 if at == FAULT else cell for at, cell in zip(cell_keys(program, rank), rank.cells, strict=True))
    return replace(program, nodes=(*before, replace(rank, cells=tuple(cells)), last))


def reverse() -> Program:
    """`</s>` stands at the last position; position p copies from last - p."""
    letters = tuple(ascii_lowercase[:5])
    vocabulary = (BEGIN, *letters, END)
    return Program(
        vocabulary=vocabulary,
        classes=letters,
        max_length=N,
        nodes=(
            Head("last", "tokens", "tokens", "positions", tuple((END,) for _ in vocabulary)),
            lookup(
                "source",
                {"positions": POSITIONS, "last": POSITIONS},
                lambda position, last: max(last - position, 0),
                POSITIONS,
            ),
            Head("reversed", "source", "positions", "tokens", equal(POSITIONS, POSITIONS)),
        ),
        readout=Readout((copied("reversed", vocabulary, letters),), forced=(BEGIN, END)),
        task="reverse",
    )


COUNTS = tuple(str(count) for count in range(1, N))
FREQUENCIES = tuple(range(N))


def _count(vocabulary: tuple[str, ...], name: str = "count") -> NumericHead:
    return NumericHead(name, "tokens", "tokens", "ones", equal(vocabulary, vocabulary, (BEGIN,)))


def _score(vocabulary: tuple[str, ...]) -> tuple[NumericHead, NumericHead, Lookup]:
    """How often a token occurs, at its first occurrence; 0 at `<s>` and at repeats."""
    return (
        _count(vocabulary),
        replace(_count(vocabulary, "seen"), mask="before"),
        lookup(
            "score",
            {"count": FREQUENCIES, "seen": (0, 1)},
            lambda count, seen: 0 if seen else count,
            FREQUENCIES,
            numeric=("count", "seen"),
        ),
    )


def hist() -> Program:
    """One head counts; the readout takes the class nearest to the count."""
    vocabulary = (BEGIN, *ascii_lowercase[:6])
    return Program(
        vocabulary=vocabulary,
        classes=COUNTS,
        max_length=N,
        nodes=(_count(vocabulary),),
        readout=Readout(nearest_class("count", COUNTS)),
        task="hist",
    )


def double_hist() -> Program:
    """Count the scores that equal the token's own count."""
    vocabulary = (BEGIN, *ascii_lowercase[:6])
    return Program(
        vocabulary=vocabulary,
        classes=COUNTS,
        max_length=N,
        nodes=(
            *_score(vocabulary),
            lookup("frequency", {"count": FREQUENCIES}, lambda count: count, FREQUENCIES, numeric=("count",)),
            NumericHead("alike", "frequency", "score", "ones", equal(FREQUENCIES, FREQUENCIES, (0,))),
        ),
        readout=Readout(nearest_class("alike", COUNTS)),
        task="double_hist",
    )


def most_freq() -> Program:
    """rank = larger scores + equal ones before + 1; then position p copies the token, or `<s>`, of rank p."""
    letters = tuple(ascii_lowercase[:6])
    vocabulary = (BEGIN, *letters)
    classes = (*letters, BEGIN)
    return Program(
        vocabulary=vocabulary,
        classes=classes,
        max_length=N,
        nodes=(
            *_score(vocabulary),
            NumericHead(
                "above",
                "score",
                "score",
                "ones",
                predicate(FREQUENCIES, FREQUENCIES, lambda query, key: as_number(key) > as_number(query)),
            ),
            NumericHead("ties", "score", "score", "ones", equal(FREQUENCIES, FREQUENCIES), mask="before"),
            lookup(
                "rank",
                {"above": FREQUENCIES, "ties": FREQUENCIES},
                lambda above, ties: min(above + ties + 1, RANKS[-1]),
                RANKS,
                numeric=("above", "ties"),
            ),
            lookup(
                "distinct",
                {"tokens": vocabulary, "score": FREQUENCIES},
                lambda token, score: token if score else BEGIN,
                vocabulary,
            ),
            Head("answer", "positions", "rank", "distinct", equal(POSITIONS, RANKS)),
        ),
        readout=Readout((copied("answer", vocabulary, classes),)),
        task="most_freq",
    )


BRACKETS = (BEGIN, "(", ")")
DYCK_CLASSES = ("P", "T", "F")
DYCK_N = 16
STATES = ("negative", "zero", "positive")


def _dyck1(*state: Lookup | NumericHead) -> Program:
    """From the state of each prefix: once it was negative, the answer is F for good."""
    return Program(
        vocabulary=BRACKETS,
        classes=DYCK_CLASSES,
        max_length=DYCK_N,
        nodes=(
            *state,
            NumericHead("broken", "state", "state", "ones", tuple(("negative",) for _ in STATES)),
        ),
        readout=Readout((Weights("state", ((0, 0, 0), (0, 1, 0), (1, 0, 0))), Weights("broken", ((0, 0, 2),)))),
        task="dyck1",
        causal=True,
    )


def dyck1() -> Program:
    """Counts the brackets opened and closed so far."""
    depths = range(DYCK_N)
    return _dyck1(
        NumericHead("opened", "tokens", "tokens", "ones", tuple(("(",) for _ in BRACKETS)),
        NumericHead("closed", "tokens", "tokens", "ones", tuple((")",) for _ in BRACKETS)),
        lookup(
            "state",
            {"opened": depths, "closed": depths},
            lambda opened, closed: "zero" if opened == closed else "positive" if opened > closed else "negative",
            STATES,
            numeric=("opened", "closed"),
        ),
    )


def dyck1_by_balance() -> Program:
    """Adds up +1 and -1: a lookup that yields numbers, and a sum that can be negative."""
    return _dyck1(
        lookup("step", {"tokens": BRACKETS}, {BEGIN: 0, "(": 1, ")": -1}.__getitem__),
        NumericHead("balance", "tokens", "tokens", "step", everything(BRACKETS, BRACKETS)),
        # Levels: -5 lies below all of them and reads as the lowest, 5 reads as 1.
        lookup(
            "state",
            {"balance": (-1, 0, 1)},
            dict(zip((-1, 0, 1), STATES, strict=True)).__getitem__,
            STATES,
            numeric=("balance",),
        ),
    )


def induction() -> Program:
    """The induction head: find where the token before is this letter, and copy the digit that stands there."""
    digits, letters = tuple("0123"), tuple("abcd")
    vocabulary = (BEGIN, *letters, *digits)
    classes = (*digits, UNKNOWN)
    positions = tuple(range(10))
    unknown = tuple(int(label == UNKNOWN) for label in classes)
    return Program(
        vocabulary=vocabulary,
        classes=classes,
        max_length=10,
        nodes=(
            Head(
                "previous",
                "positions",
                "positions",
                "tokens",
                predicate(positions, positions, lambda query, key: key == as_number(query) - 1),
            ),
            Head("partner", "tokens", "previous", "tokens", equal(vocabulary, vocabulary, digits), mask="before"),
        ),
        readout=Readout(
            (
                Weights(
                    "partner",
                    tuple(
                        tuple(int(token == label) for label in classes) if token in digits else unknown
                        for token in vocabulary
                    ),
                ),
            )
        ),
        task="induction",
        causal=True,
    )


# Every other part of the meaning ######################################################################################


def question_type() -> Program:
    """What a question asks for: pooled, with four embedding variables and unknown words."""
    words = (BEGIN, "how", "many", "who", "where", "is", "the", "city", "king", UNKNOWN)
    kinds = {"how": "manner", "many": "amount", "who": "human", "where": "location"}
    nouns = {"city": "location", "king": "human", UNKNOWN: "unclear"}
    ask = ("manner", "amount", "human", "location", "nothing")
    classes = ("number", "person", "place", "manner")
    return Program(
        vocabulary=words,
        classes=classes,
        max_length=6,
        nodes=(
            Embedding("emb_0", ask, tuple(kinds.get(word, "nothing") for word in words)),
            Embedding("emb_1", ("location", "human", "unclear", "no"), tuple(nouns.get(word, "no") for word in words)),
            Embedding("emb_2", (0, 1), tuple(int(word in ("is", "the")) for word in words)),
            Embedding("emb_3", ("start", "known", "unknown"), ("start", *["known"] * (len(words) - 2), "unknown")),
            # "how many" asks for an amount: the word before decides what "many" means.
            Head("asked_before", "emb_0", "emb_0", "emb_0", tuple(("manner",) for _ in ask), mask="before"),
            NumericHead("small_words", "emb_2", "emb_2", "ones", ((1,), (1,))),
            lookup(
                "amount",
                {"emb_0": ask, "asked_before": ask},
                lambda own, before: "amount" if own == "amount" and before == "manner" else "other",
                ("amount", "other"),
            ),
        ),
        readout=Readout(
            terms=(
                Weights("emb_0", ((0, 0, 0, 30), (0, 0, 0, 0), (0, 30, 0, 0), (0, 0, 30, 0), (0, 0, 0, 0))),
                Weights("emb_1", ((0, 0, 12, 0), (0, 12, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))),
                Weights("emb_3", ((1, 0, 0, 0), (0, 0, 0, 0), (0, 2, 0, 0))),
                Weights("small_words", ((0, 1, 1, -2),)),
                Weights("amount", ((60, 0, 0, 0), (0, 0, 0, 0))),
            ),
            scale=10,
            pooled=True,
            forced=(),
        ),
    )


def partial() -> Program:
    """A hole in each kind of table, each reached first by some input; a third of those over a, b, c reach none."""
    vocabulary = (BEGIN, "a", "b", "c", "d", "e", END)
    kinds = ("mark", "plain", "odd")
    return Program(
        vocabulary=vocabulary,
        classes=("yes", "no"),
        max_length=6,
        nodes=(
            Embedding("kind", kinds, ("mark", "plain", "plain", "odd", None, "odd", "mark")),
            # As first symbol, e sees nothing before it and so never asks for its row.
            Head(
                "like",
                "tokens",
                "tokens",
                "tokens",
                ((), ("c",), ("b",), ("a", "b"), (), None, ("a",)),
                mask="before",
                skip_first=True,
            ),
            NumericHead(
                "plain_ahead",
                "tokens",
                "kind",
                "ones",
                ((), ("plain",), ("plain",), ("plain",), (), None, ()),
                mask="after",
            ),
            lookup(
                "pair",
                {"tokens": vocabulary, "like": vocabulary},
                lambda token, like: {("c", "b"): None, ("a", "c"): 2}.get((token, like), int(token == like)),
                (0, 1, 2),
            ),
            lookup(
                "ahead",
                {"plain_ahead": (0, 1, 3)},
                lambda plain: None if plain == 3 else plain,
                numeric=("plain_ahead",),
            ),
        ),
        readout=Readout(
            terms=(
                # `</s>` is forced, so that its missing row is never read.
                Weights("tokens", ((0, 0), (1, 0), (0, 1), (1, 1), (1, 1), (0, 0), None)),
                Weights("pair", ((0, 0), (0, 3), None)),
                Weights("ahead", ((1, 1),)),
            ),
            forced=(BEGIN, END),
        ),
    )


def rationals() -> Program:
    """Exact fractions: means with a default, levels between fractions, answers that are negative or fractions."""
    vocabulary = (BEGIN, "x", "y")
    half, third = Fraction(1, 2), Fraction(1, 3)
    swing: dict[str, Value] = {"less": -third, "half": 0, "more": Fraction(2, 5)}
    above_half = Fraction(4, 7)  # no fraction of up to 6 lies between 1/2 and this
    sides = ("less", "half", "more")
    return Program(
        vocabulary=vocabulary,
        classes=("down", "level", "up"),
        max_length=7,
        nodes=(
            lookup("is_x", {"tokens": vocabulary}, lambda token: int(token == "x")),
            NumericHead(
                "fraction_x",
                "tokens",
                "tokens",
                "is_x",
                everything(vocabulary, vocabulary),
                skip_first=True,
                reduce="mean",
                default=-half,
            ),
            lookup(
                "side",
                {"fraction_x": (0, half, above_half)},
                dict(zip((0, half, above_half), sides, strict=True)).__getitem__,
                sides,
                numeric=("fraction_x",),
            ),
            lookup("swing", {"side": sides}, swing.__getitem__),
            NumericHead("drift", "tokens", "tokens", "swing", ((), ("x", "y"), ("y",)), mask="before"),
            NumericHead(
                "mean_drift", "side", "tokens", "drift", (("x",), ("x", "y"), ("y",)), reduce="mean", default=third
            ),
            lookup(
                "sign",
                {"drift": (-1, 0, Fraction(1, 15)), "tokens": vocabulary},
                lambda drift, token: 0 if token == BEGIN else (drift > 0) - (drift < 0),
                (-1, 0, 1),
                numeric=("drift",),
            ),
        ),
        readout=Readout(
            (
                Weights("fraction_x", ((-3, 0, 3),)),
                Weights("drift", ((-10, -1, 10),)),
                Weights("mean_drift", ((5, 0, -5),)),
                Weights("sign", ((7, 0, 0), (0, 9, 0), (0, 0, 7))),
            ),
            scale=10,
            forced=(),
        ),
        causal=True,
    )


def match_count() -> Program:
    """A self-match counts as far away as there are matches, as in the modules of the original research code."""
    vocabulary = (BEGIN, "a", "b")
    positions = tuple(range(5))
    return Program(
        vocabulary=vocabulary,
        classes=("0", "1", "2", "3", "4"),
        max_length=5,
        nodes=(Head("twin", "tokens", "tokens", "positions", equal(vocabulary, vocabulary)),),
        readout=Readout((copied("twin", positions, ("0", "1", "2", "3", "4")),)),
        self_rule="match-count",
    )


def masks() -> Program:
    """Every mask, with and without position 0, with and without a default."""
    vocabulary = (BEGIN, "p", "q", "r")
    swap = ((), ("q", "r"), ("p",), (BEGIN, "r"))
    heads: tuple[Head | NumericHead, ...] = (
        Head("any", "tokens", "tokens", "tokens", swap),
        Head("any_but_first", "tokens", "tokens", "tokens", swap, skip_first=True, default="r"),
        Head("left", "tokens", "tokens", "tokens", swap, mask="before"),
        Head("left_but_first", "tokens", "tokens", "tokens", swap, mask="before", skip_first=True, default="p"),
        Head("right", "tokens", "tokens", "tokens", swap, mask="after", default="q"),
        Head("right_but_first", "tokens", "tokens", "tokens", swap, mask="after", skip_first=True),
        NumericHead("all_count", "left", "tokens", "ones", swap),
        NumericHead("all_count_but_first", "tokens", "right", "ones", swap, skip_first=True),
        NumericHead("left_count", "tokens", "any", "ones", swap, mask="before"),
        NumericHead("left_count_but_first", "tokens", "tokens", "all_count", swap, mask="before", skip_first=True),
        NumericHead("right_count", "tokens", "tokens", "ones", swap, mask="after"),
        NumericHead("right_count_but_first", "tokens", "tokens", "ones", swap, mask="after", skip_first=True),
    )
    terms = [
        Weights(head.name, tuple((place * row, (place + row) % 3, 5 - row) for row in range(len(vocabulary))))
        if isinstance(head, Head)
        else Weights(head.name, ((place - 8, 1, 9 - place),))
        for place, head in enumerate(heads)
    ]
    return Program(
        vocabulary=vocabulary,
        classes=("one", "two", "three"),
        max_length=5,
        nodes=heads,
        readout=Readout(tuple(terms)),
    )


SORTED = tuple(ascii_lowercase[:4])


def next_larger() -> Program:
    """What comes next where the input is sorted, without repeats: the smallest that is larger, and last the smallest.

    A program that is fed its last output, from any letter on, sorts.
    """
    vocabulary = (BEGIN, *SORTED)
    larger = predicate(vocabulary, vocabulary, lambda query, key: query != BEGIN != key and str(key) > str(query))
    letter = predicate(vocabulary, vocabulary, lambda query, key: key != BEGIN)
    none, *some = copied("next", vocabulary, SORTED).rows
    return Program(
        vocabulary=vocabulary,
        classes=SORTED,
        max_length=6,
        nodes=(
            Head("next", "tokens", "tokens", "tokens", larger, default=BEGIN, attend="smallest", by="tokens"),
            Head("least", "tokens", "tokens", "tokens", letter, attend="smallest", by="tokens"),
        ),
        readout=Readout(
            (
                Weights("next", (none, *(tuple(2 * weight for weight in row or ()) for row in some))),
                copied("least", vocabulary, SORTED),
            ),
        ),
    )


def sort_without_begin() -> Program:
    """`sort` for inputs that no mark stands around: the rank counts from 0, as positions do."""
    places = tuple(range(6))

    def smaller(query: Symbol, key: Symbol) -> bool:
        return str(key) < str(query)

    return Program(
        vocabulary=SORTED,
        classes=SORTED,
        max_length=len(places),
        nodes=(
            NumericHead("less", "tokens", "tokens", "ones", predicate(SORTED, SORTED, smaller)),
            NumericHead("same", "tokens", "tokens", "ones", equal(SORTED, SORTED), mask="before"),
            lookup(
                "rank",
                {"less": places, "same": places},
                lambda less, same: min(less + same, places[-1]),
                places,
                numeric=("less", "same"),
            ),
            Head("sorted", "positions", "rank", "tokens", equal(places, places), default=SORTED[0]),
        ),
        readout=Readout((copied("sorted", SORTED, SORTED),), forced=()),
        task="sort",
    )


def most_frequent() -> Program:
    """The token that stands most often, of several the nearest: each counts its own, and the count chooses."""
    vocabulary = (BEGIN, *SORTED)
    return Program(
        vocabulary=vocabulary,
        classes=SORTED,
        max_length=6,
        nodes=(
            _count(vocabulary),
            Head(
                "most",
                "tokens",
                "tokens",
                "tokens",
                everything(vocabulary, vocabulary),
                skip_first=True,
                attend="largest",
                by="count",
            ),
        ),
        readout=Readout((copied("most", vocabulary, SORTED),)),
    )


def between() -> Program:
    """Whether a letter stands between two others that are alike: a lookup of three tokens that lists where it does."""
    vocabulary = (BEGIN, "a", "b")
    places = range(5)

    def beside(name: str, by: int) -> Head:
        rows = predicate(places, places, lambda query, key: key == as_number(query) + by)
        return Head(name, "positions", "positions", "tokens", rows, skip_first=True, default=BEGIN)

    left, right = beside("left", -1), beside("right", 1)
    alone = Lookup(
        "alone", ("left", "tokens", "right"), (None,) * 3, ("n", "y"), ("y", "y", "n"), ((1, 2, 1), (2, 1, 2))
    )
    return Program(
        vocabulary=vocabulary,
        classes=("n", "y"),
        max_length=5,
        nodes=(left, right, alone),
        readout=Readout((copied("alone", ("n", "y"), ("n", "y")),)),
    )


PATTERN = "aba"


def detect_pattern() -> Program:
    """Whether the letters up to here end in a pattern; *nothing* where there are too few."""
    vocabulary, positions = ("a", "b"), range(6)
    known = (NOTHING, FALSE, TRUE)

    def among(letter: str) -> Embedding:
        return Embedding(f"is_{letter}", known, tuple(Boolean(word == letter) for word in vocabulary))

    def before(name: str, letter: str, by: int) -> Head:
        rows = predicate(positions, positions, lambda query, key: key == as_number(query) - by)
        return Head(name, "positions", "positions", f"is_{letter}", rows, default=NOTHING)

    def found(*parts: Symbol) -> Symbol:
        return NOTHING if NOTHING in parts else Boolean(all(parts))

    ends = lookup("ends", dict.fromkeys(("before_last", "last", "is_a"), known), found, known)
    return Program(
        vocabulary=vocabulary,
        classes=(),
        max_length=6,
        nodes=(among("a"), among("b"), before("before_last", "a", 2), before("last", "b", 1), ends),
        causal=True,
        outputs=("ends",),
    )


TRENDS = ("l", "L", "h", "H")


def mean_of_means(longest: int) -> Program:
    """Whether the mean of all shares of the letter a so far is a half (h), and the last share no less (upper case)."""
    vocabulary = (BEGIN, "a", "b")
    every = everything(vocabulary, vocabulary)

    def mean(name: str, value: str) -> NumericHead:
        return NumericHead(name, "tokens", "tokens", value, every, skip_first=True, reduce="mean", default=0)

    return Program(
        vocabulary=vocabulary,
        classes=TRENDS,
        max_length=longest + 1,
        nodes=(
            lookup("is_a", {"tokens": vocabulary}, lambda token: int(token == "a")),
            mean("share", "is_a"),
            mean("so_far", "share"),
            Linear("ahead", ("share", "so_far"), (1, -1)),
            lookup(
                "trend",
                {"so_far": (0, Fraction(1, 2)), "ahead": (-1, 0)},
                lambda so_far, ahead: TRENDS[2 * bool(so_far) + (ahead == 0)],
                TRENDS,
                numeric=("so_far", "ahead"),
            ),
        ),
        readout=Readout((copied("trend", TRENDS, TRENDS),)),
        causal=True,
    )


VERDICTS = ("F", "P", "T")


def shuffle_dyck2(longest: int) -> Program:
    """Two kinds of brackets, each by itself: F once one is closed that was not open, T where all are closed."""
    vocabulary = (BEGIN, *"()[]")

    def count(name: str, token: str) -> NumericHead:
        return NumericHead(name, "tokens", "tokens", "ones", ((token,),) * len(vocabulary))

    def state(round_: Value, square: Value) -> str:
        return "below" if -1 in (round_, square) else "even" if round_ == square == 0 else "above"

    signs = (-1, 0, 1)
    states = ("below", "even", "above")
    return Program(
        vocabulary=vocabulary,
        classes=VERDICTS,
        max_length=longest + 1,
        nodes=(
            count("round_opened", "("),
            count("round_closed", ")"),
            Linear("round", ("round_opened", "round_closed"), (1, -1)),
            count("square_opened", "["),
            count("square_closed", "]"),
            Linear("square", ("square_opened", "square_closed"), (1, -1)),
            lookup("state", {"round": signs, "square": signs}, state, states, numeric=("round", "square")),
            NumericHead("fallen", "tokens", "state", "ones", (("below",),) * len(vocabulary)),
            lookup(
                "verdict",
                {"fallen": (0, 1), "state": states},
                lambda fallen, state: "F" if fallen or state == "below" else "T" if state == "even" else "P",
                VERDICTS,
                numeric=("fallen",),
            ),
        ),
        readout=Readout((copied("verdict", VERDICTS, VERDICTS),)),
        causal=True,
    )


def dyck2(longest: int) -> Program:
    """Two kinds of brackets that nest, after the dyckk of the RASP paper: its matching opener stands before a closer,
    at the same depth, and one earlier in the row of the brackets at that depth.

    Source: Weiss, Goldberg, Yahav, "Thinking Like Transformers", ICML 2021, figure 5 and appendix B.
    """
    vocabulary = (BEGIN, *"(){}")
    openers, closers = tuple("({"), tuple(")}")
    counts, n = range(longest + 1), len(vocabulary)
    depths, orders = tuple(range(-longest, longest + 1)), tuple(range(longest + 2))
    one_less = predicate(orders, orders, lambda query, key: as_number(key) == as_number(query) - 1)
    partners = (("(", ")"), ("{", "}"))
    return Program(
        vocabulary=vocabulary,
        classes=DYCK_CLASSES,
        max_length=longest + 1,
        nodes=(
            NumericHead("opened", "tokens", "tokens", "ones", (openers,) * n),
            NumericHead("closed", "tokens", "tokens", "ones", (closers,) * n),
            NumericHead("closed_before", "tokens", "tokens", "ones", (closers,) * n, mask="before"),
            # Of an opener and of the closer that matches it the same.
            lookup(
                "depth",
                {"opened": counts, "closed_before": counts},
                lambda opened, closed: opened - closed,
                depths,
                numeric=("opened", "closed_before"),
            ),
            NumericHead("alike", "depth", "depth", "ones", equal(depths, depths)),
            lookup("order", {"alike": orders}, lambda alike: alike, orders, numeric=("alike",)),
            Head(
                "opener",
                "tokens",
                "tokens",
                "tokens",
                (openers,) * n,
                mask="before",
                default=BEGIN,
                also=(
                    Clause("depth", "depth", equal(depths, depths)),
                    Clause("order", "order", one_less),
                ),
            ),
            lookup(
                "match",
                {"opener": vocabulary, "tokens": vocabulary},
                lambda opener, token: "bad" if token in closers and (opener, token) not in partners else "fine",
                ("fine", "bad"),
            ),
            NumericHead("broken", "tokens", "match", "ones", (("bad",),) * n),
            lookup(
                "state",
                {"opened": counts, "closed": counts},
                lambda opened, closed: "balanced" if opened == closed else "open",
                ("balanced", "open"),
                numeric=("opened", "closed"),
            ),
        ),
        readout=Readout((Weights("broken", ((0, 0, 2),)), Weights("state", ((0, 1, 0), (1, 0, 0))))),
        causal=True,
    )


def apart() -> Program:
    """Where the nearest other letter stands that is no neighbour, or the nearest neighbour with the same letter.

    A selection made of others: neither the same nor near, or both.
    """
    vocabulary, positions = (BEGIN, *"abc"), tuple(range(6))
    same: Selection = ((Clause("tokens", "tokens", equal(vocabulary, vocabulary)),),)
    near: Selection = (
        (
            Clause(
                "positions",
                "positions",
                tuple(tuple(key for key in positions if abs(key - query) <= 1) for query in positions),
            ),
        ),
    )
    domains = {"tokens": vocabulary, "positions": positions}
    chosen = any_of(none_of(any_of(same, near), domains), all_of(same, near))
    apart = Head("apart", "tokens", "tokens", "positions", (), skip_first=True, default=0).selecting(chosen)
    return Program(
        vocabulary=vocabulary,
        classes=tuple(map(str, positions)),
        max_length=len(positions),
        nodes=(apart,),
        readout=Readout((copied("apart", positions, tuple(map(str, positions))),)),
    )


def no_nodes() -> Program:
    """The smallest: a weight row a token, a number, and nothing else. The first class wins the tie at `b`."""
    return Program(
        vocabulary=(BEGIN, "a", "b"),
        classes=("first", "second"),
        max_length=3,
        nodes=(),
        readout=Readout((Weights("tokens", ((0, 0), (0, 2), (1, 1))), Weights("ones", ((1, 1),)))),
    )


def frac_prevs() -> Program:
    """The share of `x` among the tokens so far, as a number that comes out: no readout."""
    vocabulary = (BEGIN, "x", "a")
    return Program(
        vocabulary=vocabulary,
        classes=(),
        max_length=7,
        nodes=(
            lookup("is_x", {"tokens": vocabulary}, lambda token: int(token == "x")),
            NumericHead(
                "share",
                "tokens",
                "tokens",
                "is_x",
                everything(vocabulary, vocabulary),
                skip_first=True,
                reduce="mean",
                default=0,
            ),
        ),
        causal=True,
        outputs=("share",),
    )


def parity() -> Program:
    """Whether a word of bits has an odd number of 1, by loop: behind `=` it writes down each running parity, E or O.

    At position i behind n bits, bit i - n is the one that comes next; where that is the `=`, nothing is left to do.
    """
    vocabulary, longest = (BEGIN, "0", "1", "=", "E", "O"), 10
    positions = tuple(range(longest))
    bits = ("0", "1")

    def following(token: Symbol, bit: Symbol) -> str:
        if bit not in bits:
            return "stop"
        return "O" if (token == "O") != (bit == "1") else "E"

    return Program(
        vocabulary=vocabulary,
        classes=(),
        max_length=longest,
        nodes=(
            NumericHead("bits", "tokens", "tokens", "ones", predicate(vocabulary, vocabulary, lambda q, k: k in bits)),
            lookup(
                "next",
                {"positions": positions, "bits": range(longest)},
                lambda i, n: min(max(i - n, 0), longest - 1),
                positions,
                numeric=("bits",),
            ),
            Head("bit", "next", "positions", "tokens", equal(positions, positions)),
            lookup("said", {"tokens": vocabulary, "bit": vocabulary}, following, ("E", "O", "stop")),
        ),
        causal=True,
        outputs=("said",),
    )


def sort_onwards() -> Program:
    """Sorts three letters, some of them alike, by loop: behind `=` comes the own letter again, or the next larger.

    A count tells which: of the own letter in the prompt, and of the letters written down since that are others. With R
    written down, R more than that means that some of the own are left. A prompt has three letters, so that a count
    knows by positions where it ends.
    """
    letters, longest, last = tuple(ascii_lowercase[:3]), 3, "stop"
    vocabulary, classes = (BEGIN, "=", *letters), (*letters, last)
    positions = tuple(range(2 * longest + 2))
    within, behind = tuple(range(1, longest + 1)), tuple(range(longest + 2, len(positions)))

    def there(places: tuple[int, ...]) -> Clause:
        return Clause("positions", "positions", (places,) * len(positions))

    other = predicate(vocabulary, vocabulary, lambda query, key: {query, key} <= {*letters} and query != key)
    larger = predicate(vocabulary, vocabulary, lambda query, key: key in letters and str(key) > str(query))
    weight = 100  # more than counts and positions make up together
    return Program(
        vocabulary=vocabulary,
        classes=classes,
        max_length=len(positions),
        nodes=(
            NumericHead(
                "left",
                "tokens",
                "tokens",
                "ones",
                equal(vocabulary, vocabulary, (BEGIN, "=")),
                also=(there(within),),
                instead=((Clause("tokens", "tokens", other), there(behind)),),
            ),
            Head("next", "tokens", "tokens", "tokens", larger, default="=", attend="smallest", by="tokens"),
        ),
        readout=Readout(
            (
                # The own letter lies below the next by less than one more of it makes up: 2 a class.
                Weights("tokens", tuple(tuple(weight * (c == token) for c in classes) for token in vocabulary)),
                Weights(
                    "positions",
                    tuple(tuple(2 * c * max(p - longest - 1, 0) for c in range(len(classes))) for p in positions),
                ),
                Weights("left", (tuple(-2 * c for c in range(len(classes))),)),
                Weights(
                    "next",
                    tuple(
                        tuple((weight + 1) * (c == (last if token == "=" else token)) for c in classes)
                        for token in vocabulary
                    ),
                ),
            )
        ),
        causal=True,
    )


PROGRAMS: dict[str, Case] = {
    "sort": Case(sort(), "exact; counts, a lookup of two numbers, a copy", wrong=0),
    "double_hist": Case(double_hist(), "exact; counts of counts, a numeric readout", wrong=0),
    "most_freq": Case(most_freq(), "exact; three layers, set predicates on numbers", wrong=0),
    "dyck1": Case(dyck1(), "exact; causal", wrong=0),
    "hist": Case(hist(), "exact; one head", wrong=0),
    "reverse": Case(reverse(), "exact; a lookup of two positions", wrong=0),
    "induction": Case(induction(), "exact; causal, two heads", wrong=0),
    "dyck1_by_balance": Case(dyck1_by_balance(), "exact; negative numbers", wrong=0),
    "sort_with_a_fault": Case(sort_with_a_fault(), "one wrong cell, so one line to blame", wrong=410),
    "question_type": Case(question_type(), "pooled, four embeddings, <unk>"),
    "partial": Case(partial(), "holes in every kind of table"),
    "rationals": Case(rationals(), "fractions, means, defaults, negative numbers"),
    "match_count": Case(match_count(), "the self rule of the original research code"),
    "masks": Case(masks(), "every mask, skip_first and default"),
    "next_larger": Case(next_larger(), "exact; two heads that compare symbols"),
    "detect_pattern": Case(detect_pattern(), "exact; booleans, and nothing where nothing is to be copied"),
    "most_frequent": Case(most_frequent(), "exact; a head that compares numbers, ties to the nearest"),
    "shuffle_dyck2": Case(shuffle_dyck2(6), "exact; causal, sums of numbers"),
    "mean_of_means": Case(mean_of_means(32), "exact; causal, a mean of means at length 32"),
    "between": Case(between(), "exact; a lookup of three inputs that lists combinations"),
    "sort_without_begin": Case(sort_without_begin(), "exact; no mark around the input", wrong=0),
    "dyck2": Case(dyck2(6), "exact; causal, a selection of three clauses"),
    "apart": Case(apart(), "a selection made by and, or and not: two alternatives of two clauses"),
    "frac_prevs": Case(frac_prevs(), "exact; causal, a number comes out"),
    "parity": Case(parity(), "exact by loop; causal, a lookup comes out"),
    "sort_onwards": Case(
        sort_onwards(), "exact by loop; causal, a head that compares symbols, a count of two alternatives"
    ),
    "no_nodes": Case(no_nodes(), "no nodes at all"),
}
"""name -> case."""
