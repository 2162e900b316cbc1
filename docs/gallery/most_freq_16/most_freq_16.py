"""A Transformer Program for the task most_freq, in the form that tpdebug writes and reads.

tool: tpdebug 0.1.0
task: most_freq, 15 tokens, N = 16
seed: 0
settings: layers = 3, cat_heads = 4, num_heads = 4, cat_mlps = 1, num_mlps = 2, embedding = one-hot, embedding_variables = 1, predicates = set, set_start = -2.0, masks = assigned, lr = 0.05, batch = 64, tau_init = 3.0, tau_end = 0.03, hard = 0.25, quiet = 0.05, tau_hard = 0.3, data_seed = 0, dataset_size = 20000, whole_domain = False, evaluate_every = 2, search = 60, polish = 100, readout_scale = 1000, device = cpu
epochs: 0 of 8, found before the first
validation accuracy: 100.00% per token, 100.00% of whole sequences
test accuracy: 100.00% per token, 100.00% of whole sequences
training digest: sha256 5d62611b402888ed7297334442c4d0029526d405abd118becfb690bd97434de9
searched: copies by labels that are sums of counts: train 0, validation 0 wrong
"""

import sys

TASK = "most_freq"
VOCABULARY = ("<s>", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n")
CLASSES = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "<s>")
MAX_LENGTH = 16
CAUSAL = False
POOLED = False
FORCED = ("<s>",)
SCALE = 1

# What each embedding and lookup may answer.
DOMAINS = {
    "num_mlp_0_0": range(16),
    "num_mlp_1_0": range(16),
}


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


def select_closest(keys, queries, predicate, mask="all", skip_first=False):
    """For each query, the nearest selected position: ties go left, itself only if alone, None if there is none."""
    closest = []
    for i, matches in enumerate(select(keys, queries, predicate, mask, skip_first)):
        others = [j for j in matches if j != i] or matches
        closest.append(min(others, key=lambda j: abs(i - j), default=None))
    return closest


def aggregate(closest, values, default=None):
    """The value at each attended position; where there is none, the default, or else the value at position 0."""
    fallback = values[0] if default is None else default
    return [fallback if j is None else values[j] for j in closest]


def selector_width(selected):
    """How many positions are selected."""
    return [len(matches) for matches in selected]


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


# num_attn_0_0: counts equal tokens (marks aside)
def predicate_num_attn_0_0(q_token, k_token):
    if q_token == "<s>":
        return False
    return k_token == q_token


# num_attn_0_1: counts earlier equal tokens (marks aside)
def predicate_num_attn_0_1(q_token, k_token):
    if q_token == "<s>":
        return False
    return k_token == q_token


# num_mlp_0_0: table of (num_attn_0_0, num_attn_0_1)
def lookup_num_mlp_0_0(num_attn_0_0, num_attn_0_1):
    num_attn_0_0 = min(num_attn_0_0, 16)
    num_attn_0_1 = min(num_attn_0_1, 15)
    if num_attn_0_1 == 0:
        if num_attn_0_0 == 0:
            return 0
        if num_attn_0_0 == 1:
            return 1
        if num_attn_0_0 == 2:
            return 2
        if num_attn_0_0 == 3:
            return 3
        if num_attn_0_0 == 4:
            return 4
        if num_attn_0_0 == 5:
            return 5
        if num_attn_0_0 == 6:
            return 7
        if num_attn_0_0 == 7:
            return 6
        if num_attn_0_0 == 8:
            return 8
        if num_attn_0_0 == 9:
            return 9
        if num_attn_0_0 == 10:
            return 10
        if num_attn_0_0 == 11:
            return 11
        if num_attn_0_0 == 12:
            return 12
        if num_attn_0_0 == 13:
            return 13
        if num_attn_0_0 == 14:
            return 14
        return 15
    return 0


# num_attn_1_0: counts earlier num_mlp_0_0 = f(num_mlp_0_0)
def predicate_num_attn_1_0(q_num_mlp_0_0, k_num_mlp_0_0):
    if q_num_mlp_0_0 == 0:
        return True
    if q_num_mlp_0_0 == 1:
        return k_num_mlp_0_0 in {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 2:
        return k_num_mlp_0_0 in {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 3:
        return k_num_mlp_0_0 in {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 4:
        return k_num_mlp_0_0 in {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 5:
        return k_num_mlp_0_0 in {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 6:
        return k_num_mlp_0_0 in {6, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 7:
        return k_num_mlp_0_0 in {6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 8:
        return k_num_mlp_0_0 in {8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 9:
        return k_num_mlp_0_0 in {9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 10:
        return k_num_mlp_0_0 in {10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 11:
        return k_num_mlp_0_0 in {11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 12:
        return k_num_mlp_0_0 in {12, 13, 14, 15}
    if q_num_mlp_0_0 == 13:
        return k_num_mlp_0_0 in {13, 14, 15}
    if q_num_mlp_0_0 == 14:
        return k_num_mlp_0_0 in {14, 15}
    return k_num_mlp_0_0 == 15


# num_attn_1_1: counts later num_mlp_0_0 = f(num_mlp_0_0)
def predicate_num_attn_1_1(q_num_mlp_0_0, k_num_mlp_0_0):
    if q_num_mlp_0_0 == 0:
        return True
    if q_num_mlp_0_0 == 1:
        return k_num_mlp_0_0 in {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 2:
        return k_num_mlp_0_0 in {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 3:
        return k_num_mlp_0_0 in {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 4:
        return k_num_mlp_0_0 in {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 5:
        return k_num_mlp_0_0 in {6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 6:
        return k_num_mlp_0_0 in {8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 7:
        return k_num_mlp_0_0 in {6, 8, 9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 8:
        return k_num_mlp_0_0 in {9, 10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 9:
        return k_num_mlp_0_0 in {10, 11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 10:
        return k_num_mlp_0_0 in {11, 12, 13, 14, 15}
    if q_num_mlp_0_0 == 11:
        return k_num_mlp_0_0 in {12, 13, 14, 15}
    if q_num_mlp_0_0 == 12:
        return k_num_mlp_0_0 in {13, 14, 15}
    if q_num_mlp_0_0 == 13:
        return k_num_mlp_0_0 in {14, 15}
    if q_num_mlp_0_0 == 14:
        return k_num_mlp_0_0 == 15
    return False


# num_mlp_1_0: table of (num_attn_1_0, num_attn_1_1)
def lookup_num_mlp_1_0(num_attn_1_0, num_attn_1_1):
    num_attn_1_0 = min(num_attn_1_0, 15)
    num_attn_1_1 = min(num_attn_1_1, 15)
    if num_attn_1_0 == 1:
        if num_attn_1_1 == 0:
            return 2
        if num_attn_1_1 == 1:
            return 3
        if num_attn_1_1 == 2:
            return 4
        if num_attn_1_1 == 3:
            return 5
        if num_attn_1_1 == 4:
            return 6
        if num_attn_1_1 == 5:
            return 7
        if num_attn_1_1 == 6:
            return 8
        if num_attn_1_1 == 7:
            return 9
        if num_attn_1_1 == 8:
            return 10
        if num_attn_1_1 == 9:
            return 11
        if num_attn_1_1 == 10:
            return 12
        if num_attn_1_1 == 11:
            return 13
        if num_attn_1_1 == 12:
            return 14
        if num_attn_1_1 == 13:
            return 15
        return 0
    if num_attn_1_0 == 2:
        if num_attn_1_1 == 0:
            return 3
        if num_attn_1_1 == 1:
            return 4
        if num_attn_1_1 == 2:
            return 5
        if num_attn_1_1 == 3:
            return 6
        if num_attn_1_1 == 4:
            return 7
        if num_attn_1_1 == 5:
            return 8
        if num_attn_1_1 == 6:
            return 9
        if num_attn_1_1 == 7:
            return 10
        if num_attn_1_1 == 8:
            return 11
        if num_attn_1_1 == 9:
            return 12
        if num_attn_1_1 == 10:
            return 13
        if num_attn_1_1 == 11:
            return 14
        if num_attn_1_1 == 12:
            return 15
        return 0
    if num_attn_1_0 == 3:
        if num_attn_1_1 == 0:
            return 4
        if num_attn_1_1 == 1:
            return 5
        if num_attn_1_1 == 2:
            return 6
        if num_attn_1_1 == 3:
            return 7
        if num_attn_1_1 == 4:
            return 8
        if num_attn_1_1 == 5:
            return 9
        if num_attn_1_1 == 6:
            return 10
        if num_attn_1_1 == 7:
            return 11
        if num_attn_1_1 == 8:
            return 12
        if num_attn_1_1 == 9:
            return 13
        if num_attn_1_1 == 10:
            return 14
        if num_attn_1_1 == 11:
            return 15
        return 0
    if num_attn_1_0 == 4:
        if num_attn_1_1 == 0:
            return 5
        if num_attn_1_1 == 1:
            return 6
        if num_attn_1_1 == 2:
            return 7
        if num_attn_1_1 == 3:
            return 8
        if num_attn_1_1 == 4:
            return 9
        if num_attn_1_1 == 5:
            return 10
        if num_attn_1_1 == 6:
            return 11
        if num_attn_1_1 == 7:
            return 12
        if num_attn_1_1 == 8:
            return 13
        if num_attn_1_1 == 9:
            return 14
        if num_attn_1_1 == 10:
            return 15
        return 0
    if num_attn_1_0 == 5:
        if num_attn_1_1 == 0:
            return 6
        if num_attn_1_1 == 1:
            return 7
        if num_attn_1_1 == 2:
            return 8
        if num_attn_1_1 == 3:
            return 9
        if num_attn_1_1 == 4:
            return 10
        if num_attn_1_1 == 5:
            return 11
        if num_attn_1_1 == 6:
            return 12
        if num_attn_1_1 == 7:
            return 13
        if num_attn_1_1 == 8:
            return 14
        if num_attn_1_1 == 9:
            return 15
        return 0
    if num_attn_1_0 == 6:
        if num_attn_1_1 == 0:
            return 7
        if num_attn_1_1 == 1:
            return 8
        if num_attn_1_1 == 2:
            return 9
        if num_attn_1_1 == 3:
            return 10
        if num_attn_1_1 == 4:
            return 11
        if num_attn_1_1 == 5:
            return 12
        if num_attn_1_1 == 6:
            return 13
        if num_attn_1_1 == 7:
            return 14
        if num_attn_1_1 == 8:
            return 15
        return 0
    if num_attn_1_0 == 7:
        if num_attn_1_1 == 0:
            return 8
        if num_attn_1_1 == 1:
            return 9
        if num_attn_1_1 == 2:
            return 10
        if num_attn_1_1 == 3:
            return 11
        if num_attn_1_1 == 4:
            return 12
        if num_attn_1_1 == 5:
            return 13
        if num_attn_1_1 == 6:
            return 14
        if num_attn_1_1 == 7:
            return 15
        return 0
    if num_attn_1_0 == 8:
        if num_attn_1_1 == 0:
            return 9
        if num_attn_1_1 == 1:
            return 10
        if num_attn_1_1 == 2:
            return 11
        if num_attn_1_1 == 3:
            return 12
        if num_attn_1_1 == 4:
            return 13
        if num_attn_1_1 == 5:
            return 14
        if num_attn_1_1 == 6:
            return 15
        return 0
    if num_attn_1_0 == 9:
        if num_attn_1_1 == 0:
            return 10
        if num_attn_1_1 == 1:
            return 11
        if num_attn_1_1 == 2:
            return 12
        if num_attn_1_1 == 3:
            return 13
        if num_attn_1_1 == 4:
            return 14
        if num_attn_1_1 == 5:
            return 15
        return 0
    if num_attn_1_0 == 10:
        if num_attn_1_1 == 0:
            return 11
        if num_attn_1_1 == 1:
            return 12
        if num_attn_1_1 == 2:
            return 13
        if num_attn_1_1 == 3:
            return 14
        if num_attn_1_1 == 4:
            return 15
        return 0
    if num_attn_1_0 == 11:
        if num_attn_1_1 == 0:
            return 12
        if num_attn_1_1 == 1:
            return 13
        if num_attn_1_1 == 2:
            return 14
        if num_attn_1_1 == 3:
            return 15
        return 0
    if num_attn_1_0 == 12:
        if num_attn_1_1 == 0:
            return 13
        if num_attn_1_1 == 1:
            return 14
        if num_attn_1_1 == 2:
            return 15
        return 0
    if num_attn_1_0 == 13:
        if num_attn_1_1 == 0:
            return 14
        if num_attn_1_1 == 1:
            return 15
        return 0
    if num_attn_1_0 == 14:
        if num_attn_1_1 == 0:
            return 15
        return 0
    if num_attn_1_0 == 15:
        return 0
    if num_attn_1_1 == 1:
        return 2
    if num_attn_1_1 == 2:
        return 3
    if num_attn_1_1 == 3:
        return 4
    if num_attn_1_1 == 4:
        return 5
    if num_attn_1_1 == 5:
        return 6
    if num_attn_1_1 == 6:
        return 7
    if num_attn_1_1 == 7:
        return 8
    if num_attn_1_1 == 8:
        return 9
    if num_attn_1_1 == 9:
        return 10
    if num_attn_1_1 == 10:
        return 11
    if num_attn_1_1 == 11:
        return 12
    if num_attn_1_1 == 12:
        return 13
    if num_attn_1_1 == 13:
        return 14
    if num_attn_1_1 == 14:
        return 15
    if num_attn_1_1 == 15:
        return 0
    return 1


# attn_2_0: nearest num_mlp_1_0 = f(position), copies token
def predicate_attn_2_0(position, num_mlp_1_0):
    if position == 0:
        return False
    return num_mlp_1_0 == position


# Readout ##########################################################################################

# For each value of each variable, its weight for each of CLASSES; w stands for w / SCALE.
# A number has one line, which it multiplies.
READOUT = {
    "attn_2_0": {
        "<s>": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        "a": (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        "b": (0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        "c": (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        "d": (0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        "e": (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        "f": (0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        "g": (0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        "h": (0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        "i": (0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
        "j": (0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
        "k": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
        "l": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
        "m": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
        "n": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0),
    },
}


def run(tokens):
    """The predicted class at each position; tokens is a list such as ["<s>", ...]."""
    tokens = check(tokens, VOCABULARY, MAX_LENGTH)
    positions = list(range(len(tokens)))
    ones = [1] * len(tokens)
    num_attn_0_0 = selector_width(select(tokens, tokens, predicate_num_attn_0_0))
    num_attn_0_1 = selector_width(select(tokens, tokens, predicate_num_attn_0_1, mask="before"))
    num_mlp_0_0 = elementwise(lookup_num_mlp_0_0, num_attn_0_0, num_attn_0_1)
    num_attn_1_0 = selector_width(select(num_mlp_0_0, num_mlp_0_0, predicate_num_attn_1_0, mask="before"))
    num_attn_1_1 = selector_width(select(num_mlp_0_0, num_mlp_0_0, predicate_num_attn_1_1, mask="after"))
    num_mlp_1_0 = elementwise(lookup_num_mlp_1_0, num_attn_1_0, num_attn_1_1)
    attn_2_0 = aggregate(select_closest(num_mlp_1_0, positions, predicate_attn_2_0), tokens)
    variables = {"tokens": tokens, "attn_2_0": attn_2_0}
    return classify(READOUT, variables, CLASSES, FORCED)


if __name__ == "__main__":
    sys.exit(main(run, VOCABULARY, sys.argv[1:]))
