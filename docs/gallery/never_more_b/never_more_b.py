"""A Transformer Program for no named task, in the form that tpdebug writes and reads.

decompiled from: a network of 1 layers
"""

import sys

TASK = None
VOCABULARY = ("<s>", "a", "b")
CLASSES = ("<bos>|<sep>|<pad>", "a|<eos>", "a|b|<eos>")
MAX_LENGTH = 61
CAUSAL = True
POOLED = False
FORCED = ()
SCALE = 1


# Primitives: what a program is made of, the same in every module ##################################


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


def selector_width(selected):
    """How many positions are selected."""
    return [len(matches) for matches in selected]


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


# Heads and lookups ################################################################################


# count_a: counts tokens = 'a' so far
def predicate_count_a(q_token, k_token):
    return k_token == "a"


# count_b: counts tokens = 'b' so far
def predicate_count_b(q_token, k_token):
    return k_token == "b"


# Readout ##########################################################################################

# For each value of each variable, its weight for each of CLASSES; w stands for w / SCALE.
# A number has one line, which it multiplies.
READOUT = {
    "ones": (-9, 67, 0),
    "count_a": (0, -47, 46),
    "count_b": (0, 46, -43),
}


def run(tokens):
    """The predicted class at each position; tokens is a list such as ["<s>", ...]."""
    tokens = check(tokens, VOCABULARY, MAX_LENGTH)
    positions = list(range(len(tokens)))
    ones = [1] * len(tokens)
    count_a = selector_width(select(tokens, tokens, predicate_count_a, mask="causal"))
    count_b = selector_width(select(tokens, tokens, predicate_count_b, mask="causal"))
    variables = {"tokens": tokens, "ones": ones, "count_a": count_a, "count_b": count_b}
    return classify(READOUT, variables, CLASSES, FORCED)


if __name__ == "__main__":
    sys.exit(main(run, VOCABULARY, sys.argv[1:]))
