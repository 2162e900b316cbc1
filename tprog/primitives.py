"""The meaning of a Program, in ten lines each.

These functions are the definition: an emitted module carries the text of the ones it uses, and `tprog.run.execute`
agrees with them on every input. They take and return plain lists, one entry a position (0-based).

Source: the primitives of RASP (Weiss et al. 2021, arXiv 2106.06981) as "Learning Transformer Programs" (NeurIPS 2023,
section 3) restricts them.
"""

# Types are left out on purpose: this text is copied into modules that beginners read.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import sys
from fractions import Fraction


class _Symbol:
    """A symbol that is neither text nor a number: nothing, F (false), T (true) or a label. It equals itself alone."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name

    def __eq__(self, other):
        return isinstance(other, _Symbol) and self.name == other.name

    def __hash__(self):
        return hash(self.name)


NOTHING, F, T = _Symbol("nothing"), _Symbol("F"), _Symbol("T")


def visible(i, n, mask, skip_first):
    """The positions that position i of n may attend to."""
    start, stop = {"all": (0, n), "causal": (0, i + 1), "before": (0, i), "after": (i + 1, n)}[mask]
    return range(max(start, int(skip_first)), stop)


def select(keys, queries, predicate, mask="all", skip_first=False):
    """For each query, the positions whose key the predicate accepts, from left to right."""
    selected = []
    for i, query in enumerate(queries):
        window = visible(i, len(keys), mask, skip_first)
        accepted = [predicate(query, keys[j]) for j in window]
        if None in accepted:
            raise LookupError(f"hole at {predicate.__name__.removeprefix('predicate_')}, query {query!r}")
        selected.append([j for j, accepts in zip(window, accepted) if accepts])
    return selected


def _any(*alternatives):
    """A predicate of positions, made of selections: whether all selections of one of the alternatives select the key.

    So `select_closest(positions, positions, _any([one, other]))` finds the nearest that both select.
    """
    return lambda i, j: any(all(j in selected[i] for selected in selections) for selections in alternatives)


def select_closest(keys, queries, predicate, mask="all", skip_first=False):
    """For each query, the nearest selected position: ties go left, itself only if alone, None if there is none."""
    closest = []
    for i, matches in enumerate(select(keys, queries, predicate, mask, skip_first)):
        others = [j for j in matches if j != i] or matches
        closest.append(min(others, key=lambda j: abs(i - j), default=None))
    return closest


def select_closest_by_count(keys, queries, predicate, mask="all", skip_first=False):
    """Like `select_closest`, but a match of a position with itself counts as far away as there are matches."""
    closest = []
    for i, matches in enumerate(select(keys, queries, predicate, mask, skip_first)):
        closest.append(min(matches, key=lambda j: len(matches) if i == j else abs(i - j), default=None))
    return closest


def _select_first(keys, queries, predicate, mask="all", skip_first=False):
    """For each query, the first selected position, None if there is none."""
    return [min(matches, default=None) for matches in select(keys, queries, predicate, mask, skip_first)]


def _select_last(keys, queries, predicate, mask="all", skip_first=False):
    """For each query, the last selected position, None if there is none."""
    return [max(matches, default=None) for matches in select(keys, queries, predicate, mask, skip_first)]


def _select_largest(keys, queries, predicate, by, order=None, mask="all", skip_first=False):
    """For each query, the selected position where `by`, or its place in the order, is largest: ties go to the nearest.

    A position is nearest to itself, then come its left and its right neighbour. None if there is none.
    """
    size = by if order is None else [order.index(value) for value in by]
    selected = select(keys, queries, predicate, mask, skip_first)
    return [min(matches, key=lambda j: (-size[j], abs(i - j)), default=None) for i, matches in enumerate(selected)]


def _select_smallest(keys, queries, predicate, by, order=None, mask="all", skip_first=False):
    """Like `_select_largest`, but where it is smallest."""
    size = by if order is None else [order.index(value) for value in by]
    selected = select(keys, queries, predicate, mask, skip_first)
    return [min(matches, key=lambda j: (size[j], abs(i - j)), default=None) for i, matches in enumerate(selected)]


def aggregate(closest, values, default=None):
    """The value at each attended position; where there is none, the default, or else the value at position 0."""
    fallback = values[0] if default is None else default
    return [fallback if j is None else values[j] for j in closest]


def aggregate_sum(selected, values):
    """The sum of the values at the selected positions."""
    return [sum(values[j] for j in matches) for matches in selected]


def aggregate_mean(selected, values, default):
    """The exact mean of the values at the selected positions; where there are none, the default."""
    return [Fraction(sum(values[j] for j in matches), len(matches)) if matches else default for matches in selected]


def selector_width(selected):
    """How many positions are selected."""
    return [len(matches) for matches in selected]


def _linear(*terms, constant=0):
    """At each position the constant and the sum of the terms: each a number, and the variable that it multiplies."""
    columns = [[number * value for value in values] for number, values in terms]
    return [constant + sum(column) for column in zip(*columns)]


def round_down(number, levels):
    """The largest level that does not exceed the number, or the lowest level if all do."""
    return max((level for level in levels if level <= number), default=levels[0])


def elementwise(lookup, *variables):
    """What the lookup answers at each position."""
    answers = []
    for values in zip(*variables):
        answer = lookup(*values)
        if answer is None:
            shown = ", ".join(repr(v) if isinstance(v, str) else str(v) for v in values)
            raise LookupError(f"hole at {lookup.__name__.removeprefix('lookup_')}, input {shown}")
        answers.append(answer)
    return answers


def embed(name, table, words):
    """What the table says of each word."""
    for word in words:
        if word not in table:
            raise LookupError(f"hole at {name}, word {word!r}")
    return [table[word] for word in words]


def _words_of_json(tables):
    """Tables of words from a side file, whose values may be such as JSON has no plain form for."""

    def value(found):
        if isinstance(found, bool):
            return T if found else F
        if not isinstance(found, dict):
            return found
        if "fraction" in found:
            return Fraction(found["fraction"])
        return _Symbol(f"label {found['label']}") if "label" in found else NOTHING

    return {name: {word: value(found) for word, found in table.items()} for name, table in tables.items()}


def check(tokens, vocabulary, max_length):
    """The tokens as the program reads them. ValueError names the first token that it cannot take."""
    least = 3 if "</s>" in vocabulary else 2
    last = len(tokens) - 1
    if len(tokens) < least:
        raise ValueError(f"the input {list(tokens)!r} is empty; expected 1 to {max_length - least + 1} symbols")
    if len(tokens) > max_length:
        raise ValueError(
            f"token {max_length}: the input is too long; expected at most {max_length - least + 1} symbols"
        )
    read = [t if t in vocabulary or "<unk>" not in vocabulary else "<unk>" for t in tokens]
    for i, token in enumerate(read):
        wanted = "<s>" if i == 0 else "</s>" if i == last and least == 3 else None
        if token != wanted if wanted else token not in vocabulary or token in ("<s>", "</s>"):
            allowed = [wanted] if wanted else [v for v in vocabulary if v not in ("<s>", "</s>")]
            shown = ", ".join(map(repr, allowed[:20])) + (", ..." if len(allowed) > 20 else "")
            raise ValueError(f"token {i} is {tokens[i]!r}; expected {'one of ' if len(allowed) > 1 else ''}{shown}")
    return read


def check_known(tokens, vocabulary, max_length):
    """Like `check`, but a token that is not in the vocabulary is refused, though <unk> may be."""
    for i, token in enumerate(tokens):
        if token not in vocabulary:
            raise ValueError(f"token {i} is {token!r}; expected a word of the vocabulary, as <unk> stands for no other")
    return check(tokens, vocabulary, max_length)


def _check_without_begin(tokens, vocabulary, max_length):
    """Like `check`, for a vocabulary without <s>: the first token is a symbol."""
    most = max_length - ("</s>" in vocabulary)
    symbols = tokens[:-1] if "</s>" in vocabulary else tokens
    if not symbols:
        raise ValueError(f"the input {list(tokens)!r} is empty; expected 1 to {most} symbols")
    if len(tokens) > max_length:
        raise ValueError(f"token {max_length}: the input is too long; expected at most {most} symbols")
    read = [t if t in vocabulary or "<unk>" not in vocabulary else "<unk>" for t in tokens]
    for i, token in enumerate(read):
        allowed = [v for v in vocabulary if v != "</s>"] if i < len(symbols) else ["</s>"]
        if token not in allowed:
            shown = ", ".join(map(repr, allowed[:20])) + (", ..." if len(allowed) > 20 else "")
            raise ValueError(f"token {i} is {tokens[i]!r}; expected {'one of ' if len(allowed) > 1 else ''}{shown}")
    return read


def _check_known_without_begin(tokens, vocabulary, max_length):
    """Like `check_known`, for a vocabulary without <s>."""
    for i, token in enumerate(tokens):
        if token not in vocabulary:
            raise ValueError(f"token {i} is {token!r}; expected a word of the vocabulary, as <unk> stands for no other")
    return _check_without_begin(tokens, vocabulary, max_length)


def _identity(rows, values, classes, weight):
    """Weights for a readout: each value has the weight for the class that is written as it is, and 0 for the others.

    The rows given are the exceptions; where one is None, the value has no row.
    """
    made = {value: tuple(weight * (label == str(value)) for label in classes) for value in values}
    return {value: row for value, row in {**made, **rows}.items() if row is not None}


def read_out(readout, variables, classes, positions):
    """The logit of each class at each of the positions."""
    rows = [[[0] * len(classes)] * len(positions)]
    for name, weights in readout.items():
        values = [variables[name][i] for i in positions]
        if isinstance(weights, dict):
            for value in values:
                if value not in weights:
                    raise LookupError(f"hole at readout, {name} = {value!r}")
            rows.append([weights[value] for value in values])
        else:
            rows.append([[weight * value for weight in weights] for value in values])
    return [[sum(column) for column in zip(*at_position)] for at_position in zip(*rows)]


def classify(readout, variables, classes, forced):
    """The best class at each position (ties: the first), and the token itself where the output is forced."""
    tokens = variables["tokens"]
    free = [i for i, token in enumerate(tokens) if token not in forced]
    predictions = list(tokens)
    for i, logits in zip(free, read_out(readout, variables, classes, free)):
        predictions[i] = classes[logits.index(max(logits))]
    return predictions


def classify_everywhere(readout, variables, classes, forced):
    """Like `classify`, but each value needs its weights, where the output is forced too."""
    read_out(readout, variables, classes, range(len(variables["tokens"])))
    return classify(readout, variables, classes, forced)


def classify_pooled(readout, variables, classes):
    """The best class for the whole input (ties: the first): its logits are the means over all positions."""
    logits = read_out(readout, variables, classes, range(len(variables["tokens"])))
    totals = [sum(column) for column in zip(*logits)]
    return classes[totals.index(max(totals))]


def main(run, vocabulary, arguments):
    """Print the prediction for the command line's symbols, to which <s> and </s> are added. Returns the exit code."""
    symbols = arguments[0].split() if len(arguments) == 1 else arguments
    if len(symbols) == 1 and all(len(v) == 1 or v in ("<s>", "</s>", "<unk>") for v in vocabulary):
        symbols = list(symbols[0])
    try:
        prediction = run(["<s>", *symbols] + ["</s>"] * ("</s>" in vocabulary))
    except (LookupError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, LookupError) else 2
    if isinstance(prediction, list):
        prediction = prediction[1 : len(symbols) + 1]
        prediction = ("" if all(len(p) == 1 for p in prediction) else " ").join(prediction)
    print(prediction)
    return 0


def _main_without_begin(run, vocabulary, arguments):
    """Like `main`, for a vocabulary without <s>: every prediction is printed."""
    symbols = arguments[0].split() if len(arguments) == 1 else arguments
    if len(symbols) == 1 and all(len(v) == 1 or v in ("</s>", "<unk>") for v in vocabulary):
        symbols = list(symbols[0])
    try:
        prediction = run([*symbols] + ["</s>"] * ("</s>" in vocabulary))
    except (LookupError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, LookupError) else 2
    if isinstance(prediction, list):
        prediction = prediction[: len(symbols)]
        prediction = ("" if all(len(p) == 1 for p in prediction) else " ").join(prediction)
    print(prediction)
    return 0


def _spelled(run):
    """`run` with each of its values as text, a label as the float that it is."""

    def spelled(tokens):
        return [v if isinstance(v, str) else str(v).removeprefix("label ") for v in run(tokens)]

    return spelled


def _main_of_several(run, vocabulary, arguments):
    """Like `main`, for a run with several outputs: each is printed on a line of its own, after its name."""
    before, behind = [m for m in ["<s>"] if m in vocabulary], [m for m in ["</s>"] if m in vocabulary]
    symbols = arguments[0].split() if len(arguments) == 1 else arguments
    if len(symbols) == 1 and all(len(v) == 1 or v in ("<s>", "</s>", "<unk>") for v in vocabulary):
        symbols = list(symbols[0])
    try:
        outputs = run([*before, *symbols, *behind])
    except (LookupError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, LookupError) else 2
    for name, values in outputs.items():
        values = values[len(before) : len(before) + len(symbols)]
        shown = [v if isinstance(v, str) else str(v).removeprefix("label ") for v in values]
        print(f"{name}: " + ("" if all(len(v) == 1 for v in shown) else " ").join(shown))
    return 0
