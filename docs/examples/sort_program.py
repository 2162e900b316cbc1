"""A Transformer Program for the task sort, in the form that tpdebug writes and reads.

tool: tpdebug 0.1.0
task: sort, 7 tokens, N = 8
seed: 3, best on validation of 0 to 3
settings: layers = 2, cat_heads = 4, num_heads = 4, cat_mlps = 1, num_mlps = 2, embedding = one-hot, embedding_variables = 1, predicates = set, set_start = -2.0, masks = assigned, lr = 0.05, batch = 64, tau_init = 3.0, tau_end = 0.03, hard = 1.0, quiet = 0.05, tau_hard = 0.3, data_seed = 0, dataset_size = 20000, whole_domain = False, evaluate_every = 2, polish = 0, readout_scale = 1000, device = cpu
epochs: 12 of 12, best on validation after 12
validation accuracy: 99.31% per token, 96.09% of whole sequences
test accuracy: 99.17% per token, 95.53% of whole sequences
rounding: readout rounded to 1/1000: 0 of 15911 predictions changed
training digest: sha256 781b4173b60ea9ba233fd19a8f1a8fd0fa8848cc8aa89f0a8e8048ccb79fd32e
"""

import sys

TASK = "sort"
VOCABULARY = ("<s>", "a", "b", "c", "d", "e", "</s>")
CLASSES = ("a", "b", "c", "d", "e")
MAX_LENGTH = 8
CAUSAL = False
POOLED = False
FORCED = ("<s>", "</s>")
SCALE = 1000

# What each embedding and lookup may answer.
DOMAINS = {
    "mlp_0_0": range(8),
    "num_mlp_0_0": range(8),
    "num_mlp_0_1": range(8),
    "mlp_1_0": range(8),
    "num_mlp_1_0": range(8),
    "num_mlp_1_1": range(8),
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


def aggregate_sum(selected, values):
    """The sum of the values at the selected positions."""
    return [sum(values[j] for j in matches) for matches in selected]


def selector_width(selected):
    """How many positions are selected."""
    return [len(matches) for matches in selected]


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


# attn_0_0: nearest token = f(position), copies token
def predicate_attn_0_0(position, token):
    if position == 0:
        return token in {"a", "b", "d", "e"}
    if position == 1:
        return token in {"a", "e", "</s>"}
    if position == 3:
        return token in {"a", "b", "c", "d", "e"}
    if position == 6:
        return token == "e"
    if position == 7:
        return token in {"<s>", "b", "d", "e"}
    return token in {"a", "b", "c", "d", "e", "</s>"}


# attn_0_1: nearest earlier token = f(token), copies token
def predicate_attn_0_1(q_token, k_token):
    if q_token == "<s>":
        return False
    if q_token == "b":
        return k_token in {"a", "b", "d", "e"}
    if q_token == "</s>":
        return k_token in {"e", "</s>"}
    return k_token in {"a", "b", "c", "d", "e"}


# attn_0_2: nearest later token = f(token), copies token
def predicate_attn_0_2(q_token, k_token):
    if q_token == "<s>":
        return k_token in {"a", "c", "d", "e"}
    if q_token == "a":
        return k_token in {"a", "b", "d", "</s>"}
    if q_token == "c":
        return k_token in {"a", "b", "c", "d", "</s>"}
    if q_token == "</s>":
        return False
    return k_token in {"a", "b", "c", "d", "e", "</s>"}


# attn_0_3: nearest token = f(position), copies token
def predicate_attn_0_3(position, token):
    if position == 0:
        return token in {"a", "</s>"}
    if position == 1:
        return token in {"a", "b", "c", "d", "e", "</s>"}
    if position == 2:
        return token in {"<s>", "a", "b", "c", "d", "e"}
    if position == 3:
        return token in {"a", "b", "d", "e", "</s>"}
    if position == 4:
        return token in {"a", "b", "c", "d", "e"}
    if position == 5:
        return token in {"b", "c", "d", "e", "</s>"}
    if position == 6:
        return token in {"a", "b", "d", "e"}
    return token in {"a", "b", "c", "d", "</s>"}


# num_attn_0_0: counts tokens = 'c' (marks aside)
def predicate_num_attn_0_0(q_token, k_token):
    if q_token == "<s>":
        return False
    return k_token == "c"


# num_attn_0_1: counts earlier tokens = f(position)
def predicate_num_attn_0_1(position, token):
    if position == 0:
        return False
    if position == 7:
        return token in {"<s>", "a"}
    return token in {"d", "e"}


# num_attn_0_2: counts later tokens = f(position)
def predicate_num_attn_0_2(position, token):
    if position == 0:
        return token == "c"
    if position in {6, 7}:
        return False
    return token in {"a", "b", "c"}


# num_attn_0_3: counts tokens = f(token)
def predicate_num_attn_0_3(q_token, k_token):
    if q_token == "<s>":
        return False
    return k_token in {"b", "d"}


# mlp_0_0: table of positions
def lookup_mlp_0_0(position):
    if position == 0:
        return 5
    if position == 3:
        return 3
    if position == 4:
        return 2
    if position == 5:
        return 4
    if position == 6:
        return 0
    if position == 7:
        return 7
    return 1


# num_mlp_0_0: table of (num_attn_0_1, num_attn_0_3)
def lookup_num_mlp_0_0(num_attn_0_1, num_attn_0_3):
    num_attn_0_1 = min(num_attn_0_1, 7)
    num_attn_0_3 = min(num_attn_0_3, 8)
    if num_attn_0_1 == 1:
        if num_attn_0_3 in {0, 3}:
            return 4
        if num_attn_0_3 == 1:
            return 2
        if num_attn_0_3 == 4:
            return 5
        if num_attn_0_3 == 5:
            return 0
        if num_attn_0_3 == 6:
            return 1
        return 3
    if num_attn_0_1 == 2:
        if num_attn_0_3 == 0:
            return 2
        if num_attn_0_3 == 1:
            return 1
        if num_attn_0_3 == 2:
            return 7
        if num_attn_0_3 in {4, 8}:
            return 3
        if num_attn_0_3 in {5, 7}:
            return 0
        return 4
    if num_attn_0_1 == 3:
        if num_attn_0_3 in {3, 4, 7}:
            return 7
        if num_attn_0_3 == 5:
            return 5
        if num_attn_0_3 == 6:
            return 6
        return 1
    if num_attn_0_1 == 4:
        if num_attn_0_3 == 0:
            return 1
        if num_attn_0_3 in {2, 6}:
            return 0
        if num_attn_0_3 == 3:
            return 5
        if num_attn_0_3 in {4, 7}:
            return 7
        if num_attn_0_3 == 8:
            return 6
        return 3
    if num_attn_0_1 == 5:
        if num_attn_0_3 == 0:
            return 6
        if num_attn_0_3 == 2:
            return 3
        if num_attn_0_3 == 4:
            return 2
        if num_attn_0_3 in {6, 8}:
            return 0
        if num_attn_0_3 == 7:
            return 4
        return 7
    if num_attn_0_1 == 6:
        if num_attn_0_3 == 2:
            return 4
        if num_attn_0_3 == 3:
            return 2
        if num_attn_0_3 in {4, 6, 8}:
            return 3
        if num_attn_0_3 == 5:
            return 0
        return 5
    if num_attn_0_1 == 7:
        if num_attn_0_3 == 0:
            return 4
        if num_attn_0_3 == 1:
            return 7
        if num_attn_0_3 == 2:
            return 1
        if num_attn_0_3 == 4:
            return 3
        if num_attn_0_3 in {5, 7}:
            return 0
        return 6
    if num_attn_0_3 in {2, 7}:
        return 3
    if num_attn_0_3 in {3, 4}:
        return 6
    if num_attn_0_3 == 5:
        return 2
    if num_attn_0_3 in {6, 8}:
        return 7
    return 1


# num_mlp_0_1: table of (ones, num_attn_0_3)
def lookup_num_mlp_0_1(one, num_attn_0_3):
    one = round_down(one, (1,))
    num_attn_0_3 = min(num_attn_0_3, 8)
    if num_attn_0_3 == 0:
        return 3
    if num_attn_0_3 in {1, 8}:
        return 4
    if num_attn_0_3 == 4:
        return 6
    if num_attn_0_3 == 6:
        return 5
    if num_attn_0_3 == 7:
        return 0
    return 1


# attn_1_0: nearest position = f(num_mlp_0_0), copies attn_0_1
def predicate_attn_1_0(num_mlp_0_0, position):
    if num_mlp_0_0 == 0:
        return position in {1, 2, 6, 7}
    if num_mlp_0_0 == 1:
        return position in {1, 2, 3, 5, 7}
    if num_mlp_0_0 == 2:
        return position in {0, 2, 3, 5, 7}
    if num_mlp_0_0 == 3:
        return position in {1, 2, 3, 4, 6, 7}
    if num_mlp_0_0 == 4:
        return position in {1, 2, 3, 5, 6, 7}
    if num_mlp_0_0 == 5:
        return position in {0, 1, 2, 3, 5, 7}
    if num_mlp_0_0 == 6:
        return position in {1, 3, 4}
    return position in {0, 1, 2, 3, 4, 5, 7}


# attn_1_1: nearest earlier mlp_0_0 = f(attn_0_0), copies attn_0_0
def predicate_attn_1_1(attn_0_0, mlp_0_0):
    if attn_0_0 == "<s>":
        return mlp_0_0 in {2, 5}
    if attn_0_0 == "a":
        return mlp_0_0 in {4, 5, 6}
    if attn_0_0 == "b":
        return mlp_0_0 in {0, 4}
    if attn_0_0 == "c":
        return False
    if attn_0_0 == "d":
        return mlp_0_0 in {2, 5, 6, 7}
    if attn_0_0 == "e":
        return mlp_0_0 in {0, 2, 3, 5}
    return mlp_0_0 in {0, 5, 6}


# attn_1_2: nearest later attn_0_1 = f(num_mlp_0_1), copies attn_0_2
def predicate_attn_1_2(num_mlp_0_1, attn_0_1):
    if num_mlp_0_1 == 2:
        return attn_0_1 in {"a", "d", "e", "</s>"}
    if num_mlp_0_1 == 3:
        return attn_0_1 in {"<s>", "a", "b", "d", "e", "</s>"}
    if num_mlp_0_1 == 4:
        return attn_0_1 in {"a", "b", "c", "d", "e"}
    if num_mlp_0_1 == 5:
        return attn_0_1 in {"<s>", "a", "c", "d", "e", "</s>"}
    if num_mlp_0_1 == 7:
        return attn_0_1 in {"a", "b", "e"}
    return attn_0_1 in {"a", "b", "d", "e"}


# attn_1_3: nearest attn_0_0 = f(token), copies attn_0_3
def predicate_attn_1_3(token, attn_0_0):
    if token == "<s>":
        return attn_0_0 in {"<s>", "a", "d", "e", "</s>"}
    if token in {"a", "c"}:
        return attn_0_0 in {"<s>", "a", "b", "c", "d", "e"}
    if token == "d":
        return attn_0_0 in {"a", "b", "c", "d"}
    if token == "</s>":
        return attn_0_0 in {"a", "c", "d", "e", "</s>"}
    return attn_0_0 in {"a", "b", "c", "d", "e", "</s>"}


# num_attn_1_0: counts positions = f(num_mlp_0_1)
def predicate_num_attn_1_0(num_mlp_0_1, position):
    if num_mlp_0_1 == 5:
        return position == 7
    return False


# num_attn_1_1: sums num_attn_0_1 at earlier attn_0_1 = 'e' (marks aside)
def predicate_num_attn_1_1(token, attn_0_1):
    if token == "d":
        return attn_0_1 in {"e", "</s>"}
    return attn_0_1 == "e"


# num_attn_1_2: sums num_attn_0_2 at later attn_0_2 = 'a'
def predicate_num_attn_1_2(attn_0_1, attn_0_2):
    return attn_0_2 == "a"


# num_attn_1_3: selects nothing, always 0
def predicate_num_attn_1_3(attn_0_1, position):
    return False


# mlp_1_0: table of (num_mlp_0_1, mlp_0_0)
def lookup_mlp_1_0(num_mlp_0_1, mlp_0_0):
    if mlp_0_0 == 1:
        if num_mlp_0_1 in {0, 6}:
            return 6
        if num_mlp_0_1 == 2:
            return 5
        if num_mlp_0_1 == 5:
            return 0
        if num_mlp_0_1 == 7:
            return 1
        return 7
    if mlp_0_0 == 2:
        if num_mlp_0_1 == 0:
            return 4
        if num_mlp_0_1 == 2:
            return 3
        if num_mlp_0_1 == 3:
            return 6
        if num_mlp_0_1 in {4, 7}:
            return 1
        if num_mlp_0_1 == 5:
            return 5
        return 7
    if mlp_0_0 == 3:
        if num_mlp_0_1 in {1, 2}:
            return 0
        if num_mlp_0_1 == 3:
            return 1
        if num_mlp_0_1 == 4:
            return 2
        if num_mlp_0_1 == 5:
            return 4
        if num_mlp_0_1 == 6:
            return 3
        return 6
    if mlp_0_0 == 4:
        if num_mlp_0_1 == 2:
            return 4
        if num_mlp_0_1 == 3:
            return 7
        if num_mlp_0_1 in {4, 7}:
            return 5
        if num_mlp_0_1 in {5, 6}:
            return 0
        return 6
    if mlp_0_0 == 5:
        if num_mlp_0_1 == 0:
            return 0
        if num_mlp_0_1 == 1:
            return 6
        if num_mlp_0_1 in {3, 6}:
            return 5
        if num_mlp_0_1 == 4:
            return 2
        if num_mlp_0_1 == 7:
            return 1
        return 7
    if mlp_0_0 == 6:
        if num_mlp_0_1 == 1:
            return 2
        if num_mlp_0_1 == 2:
            return 6
        if num_mlp_0_1 in {5, 7}:
            return 1
        if num_mlp_0_1 == 6:
            return 4
        return 5
    if mlp_0_0 == 7:
        if num_mlp_0_1 == 0:
            return 7
        if num_mlp_0_1 in {2, 5}:
            return 2
        if num_mlp_0_1 == 7:
            return 4
        return 6
    if num_mlp_0_1 == 1:
        return 4
    if num_mlp_0_1 in {2, 6}:
        return 1
    if num_mlp_0_1 == 3:
        return 2
    if num_mlp_0_1 == 7:
        return 0
    return 3


# num_mlp_1_0: table of (num_attn_1_1, num_attn_0_1)
def lookup_num_mlp_1_0(num_attn_1_1, num_attn_0_1):
    num_attn_1_1 = min(num_attn_1_1, 8)
    num_attn_0_1 = min(num_attn_0_1, 7)
    if num_attn_0_1 == 1:
        if num_attn_1_1 == 0:
            return 0
        if num_attn_1_1 == 1:
            return 6
        if num_attn_1_1 == 2:
            return 3
        if num_attn_1_1 == 4:
            return 5
        if num_attn_1_1 in {5, 7}:
            return 7
        return 2
    if num_attn_0_1 == 2:
        if num_attn_1_1 == 1:
            return 6
        if num_attn_1_1 == 3:
            return 5
        if num_attn_1_1 == 4:
            return 3
        if num_attn_1_1 in {5, 6}:
            return 0
        if num_attn_1_1 == 7:
            return 1
        if num_attn_1_1 == 8:
            return 4
        return 2
    if num_attn_0_1 == 3:
        if num_attn_1_1 == 1:
            return 6
        if num_attn_1_1 in {3, 7}:
            return 4
        if num_attn_1_1 in {4, 5}:
            return 1
        if num_attn_1_1 == 6:
            return 2
        return 0
    if num_attn_0_1 == 4:
        if num_attn_1_1 in {1, 3}:
            return 1
        if num_attn_1_1 in {4, 6}:
            return 3
        if num_attn_1_1 == 5:
            return 6
        if num_attn_1_1 == 8:
            return 0
        return 7
    if num_attn_0_1 == 5:
        if num_attn_1_1 in {2, 7}:
            return 0
        if num_attn_1_1 in {3, 5}:
            return 6
        if num_attn_1_1 == 8:
            return 1
        return 7
    if num_attn_0_1 == 6:
        if num_attn_1_1 == 0:
            return 4
        if num_attn_1_1 in {2, 4}:
            return 1
        if num_attn_1_1 == 5:
            return 2
        if num_attn_1_1 == 6:
            return 6
        if num_attn_1_1 == 7:
            return 7
        if num_attn_1_1 == 8:
            return 5
        return 3
    if num_attn_0_1 == 7:
        if num_attn_1_1 in {0, 4}:
            return 6
        if num_attn_1_1 == 1:
            return 5
        if num_attn_1_1 == 5:
            return 1
        if num_attn_1_1 == 6:
            return 4
        if num_attn_1_1 == 7:
            return 3
        return 7
    if num_attn_1_1 == 0:
        return 1
    if num_attn_1_1 == 2:
        return 4
    if num_attn_1_1 == 3:
        return 0
    if num_attn_1_1 == 4:
        return 7
    if num_attn_1_1 in {5, 7}:
        return 5
    if num_attn_1_1 == 6:
        return 2
    return 6


# num_mlp_1_1: table of (num_attn_0_2, num_attn_0_0)
def lookup_num_mlp_1_1(num_attn_0_2, num_attn_0_0):
    num_attn_0_2 = min(num_attn_0_2, 7)
    num_attn_0_0 = min(num_attn_0_0, 8)
    if num_attn_0_0 == 1:
        if num_attn_0_2 == 0:
            return 2
        if num_attn_0_2 in {2, 6}:
            return 5
        if num_attn_0_2 in {3, 4}:
            return 1
        if num_attn_0_2 == 5:
            return 3
        return 4
    if num_attn_0_0 == 2:
        if num_attn_0_2 == 1:
            return 7
        if num_attn_0_2 in {2, 7}:
            return 4
        if num_attn_0_2 in {3, 5}:
            return 5
        if num_attn_0_2 == 4:
            return 6
        return 3
    if num_attn_0_0 == 3:
        if num_attn_0_2 in {2, 6}:
            return 0
        if num_attn_0_2 in {3, 4}:
            return 4
        if num_attn_0_2 == 5:
            return 5
        if num_attn_0_2 == 7:
            return 2
        return 6
    if num_attn_0_0 == 4:
        if num_attn_0_2 == 1:
            return 1
        if num_attn_0_2 in {3, 7}:
            return 4
        if num_attn_0_2 == 4:
            return 0
        if num_attn_0_2 == 5:
            return 2
        if num_attn_0_2 == 6:
            return 6
        return 3
    if num_attn_0_0 == 5:
        if num_attn_0_2 in {1, 2}:
            return 5
        if num_attn_0_2 in {3, 4}:
            return 7
        if num_attn_0_2 == 5:
            return 1
        if num_attn_0_2 == 6:
            return 3
        return 0
    if num_attn_0_0 == 6:
        if num_attn_0_2 == 0:
            return 7
        if num_attn_0_2 == 1:
            return 0
        if num_attn_0_2 == 2:
            return 5
        if num_attn_0_2 == 6:
            return 2
        if num_attn_0_2 == 7:
            return 1
        return 4
    if num_attn_0_0 == 7:
        if num_attn_0_2 == 0:
            return 0
        if num_attn_0_2 == 1:
            return 2
        if num_attn_0_2 == 2:
            return 3
        if num_attn_0_2 == 4:
            return 7
        if num_attn_0_2 in {5, 6}:
            return 4
        return 6
    if num_attn_0_0 == 8:
        if num_attn_0_2 in {1, 3}:
            return 0
        if num_attn_0_2 == 2:
            return 3
        if num_attn_0_2 == 5:
            return 6
        if num_attn_0_2 == 6:
            return 1
        return 5
    if num_attn_0_2 == 2:
        return 6
    if num_attn_0_2 in {4, 7}:
        return 5
    if num_attn_0_2 == 5:
        return 0
    if num_attn_0_2 == 6:
        return 3
    return 1


# Readout ##########################################################################################

# For each value of each variable, its weight for each of CLASSES; w stands for w / SCALE.
# A number has one line, which it multiplies.
READOUT = {
    "tokens": {
        "<s>": (0, 0, 0, 0, 0),
        "a": (4948, 1930, -394, -3013, -5108),
        "b": (1523, 2347, 396, -2524, -3289),
        "c": (1481, 1585, 422, -1517, -2743),
        "d": (-4389, -3259, 214, 3682, 2577),
        "e": (-5834, -3886, -812, 2293, 7312),
        "</s>": (0, 0, 0, 0, 0),
    },
    "positions": {
        0: (0, 0, 0, 0, 0),
        1: (4153, -156, -2542, -4713, -7094),
        2: (1183, 1486, 471, -1195, -5155),
        3: (-2489, 1089, 1280, 700, -1867),
        4: (-5465, 9, 1179, 1571, 871),
        5: (-8388, -1777, 79, 1348, 2389),
        6: (-6815, -3307, -1542, 480, 2914),
        7: (0, 0, 0, 0, 0),
    },
    "ones": (-233, -117, 17, 67, 298),
    "attn_0_0": {
        "<s>": (-297, -146, 482, 791, -947),
        "a": (1301, -114, -243, -424, -889),
        "b": (-73, 447, 0, -242, -168),
        "c": (-294, 96, 158, 271, -194),
        "d": (-140, -159, 201, 212, 3),
        "e": (-805, -391, -24, -208, 1203),
        "</s>": (-1321, -266, 62, 167, 568),
    },
    "attn_0_1": {
        "<s>": (244, 277, 253, 125, -1715),
        "a": (1098, 63, -240, -362, -996),
        "b": (-581, 349, 253, 160, 180),
        "c": (-758, -149, -80, 231, 549),
        "d": (-1211, -679, 418, 709, 288),
        "e": (-2248, -1230, -705, -565, 2580),
        "</s>": (0, 0, 0, 0, 0),
    },
    "attn_0_2": {
        "<s>": (-1140, -257, -102, -65, 1188),
        "a": (2991, -406, -1067, -1617, -3572),
        "b": (-458, 751, 115, -815, -1516),
        "c": (-319, 114, 474, 415, -634),
        "d": (-69, 165, 855, 1295, -3871),
        "e": (-1030, 104, 143, 483, 770),
        "</s>": (-1930, -455, -269, -32, 1485),
    },
    "attn_0_3": {
        "<s>": (-329, 90, 182, 136, 9),
        "a": (607, -7, -201, -375, -590),
        "b": (-27, 57, 68, -124, 81),
        "c": (-196, -163, 164, 182, -61),
        "d": (-230, -149, 15, 141, 52),
        "e": (-843, -447, -280, -202, 891),
        "</s>": (-875, -30, 111, 133, 512),
    },
    "num_attn_0_0": (-3635, -1716, 2666, 1462, 340),
    "num_attn_0_1": (-7052, -6118, -2341, 3177, 4017),
    "num_attn_0_2": (4073, 2932, -1549, -6706, -10982),
    "num_attn_0_3": (-595, 780, 226, 469, -1158),
    "mlp_0_0": {
        0: (-205, -120, -18, 68, 126),
        1: (-394, 125, 182, 194, 178),
        2: (239, -208, 32, 45, 57),
        3: (-190, -9, 80, 124, -46),
        4: (-118, -119, 25, 66, 234),
        5: (-104, -86, -37, 6, 14),
        6: (-293, -152, 71, 66, 41),
        7: (-171, -25, -35, 44, -91),
    },
    "num_mlp_0_0": {
        0: (-29, -41, 1, 138, 84),
        1: (25, 60, -57, 197, 182),
        2: (-187, -95, 58, 162, 180),
        3: (-5, 100, -65, 127, 237),
        4: (-103, -111, -141, 95, 201),
        5: (-207, -3, 121, 169, 44),
        6: (-185, 8, -15, 196, 167),
        7: (-231, -60, 105, 50, 54),
    },
    "num_mlp_0_1": {
        0: (-117, -60, 11, 317, -22),
        1: (-124, 8, 23, 329, -97),
        2: (-203, -80, 32, 275, -75),
        3: (102, -523, 293, -117, 419),
        4: (-204, 87, -228, 67, 170),
        5: (-216, -45, 5, 80, -29),
        6: (-244, -36, 66, 12, -91),
        7: (-223, -32, 63, -88, 138),
    },
    "attn_1_0": {
        "<s>": (-65, 118, 112, 86, -35),
        "a": (839, 219, -196, -339, -674),
        "b": (-482, 299, 59, -278, 165),
        "c": (-427, -147, 128, 243, 254),
        "d": (-516, -406, 238, 521, 328),
        "e": (-448, -258, 92, 171, 316),
        "</s>": (-489, -200, -145, -85, 311),
    },
    "attn_1_1": {
        "<s>": (-298, -83, 170, 241, 102),
        "a": (919, 71, -220, -378, -841),
        "b": (-221, 309, 85, -282, 325),
        "c": (-645, -298, -100, 192, 437),
        "d": (-687, -325, 295, 466, 226),
        "e": (-652, -629, -228, 169, 620),
        "</s>": (-521, -352, 87, 251, 495),
    },
    "attn_1_2": {
        "<s>": (-355, -72, -19, 37, 482),
        "a": (428, 364, 34, -196, -499),
        "b": (37, 613, 223, -594, -468),
        "c": (172, -228, 293, 286, 25),
        "d": (385, -417, 382, 864, -1590),
        "e": (-566, -334, -86, 274, 1156),
        "</s>": (-846, -177, -85, 32, 755),
    },
    "attn_1_3": {
        "<s>": (-157, -50, 152, -14, 109),
        "a": (1306, -312, -147, -300, -602),
        "b": (-257, 112, 147, -259, 102),
        "c": (-196, -19, 91, 70, 61),
        "d": (-233, -377, 323, 242, 171),
        "e": (-361, -405, 111, 228, 261),
        "</s>": (-2280, 935, 520, 303, 42),
    },
    "num_attn_1_0": (-60, 1, 96, -69, -1),
    "num_attn_1_1": (-2568, -1355, -915, -713, 2398),
    "num_attn_1_2": (2046, -490, -736, -1310, -2045),
    "num_attn_1_3": (-38, -20, 24, 12, -74),
    "mlp_1_0": {
        0: (-228, 36, 136, 67, 67),
        1: (-228, -130, -97, -33, 280),
        2: (-155, -105, 1, 90, 115),
        3: (-182, -30, 37, -94, 52),
        4: (-191, -32, 77, 77, 150),
        5: (-107, -113, -35, 22, 131),
        6: (-58, 7, 16, 22, -104),
        7: (-84, -54, 9, -17, -15),
    },
    "num_mlp_1_0": {
        0: (-247, -56, -22, 134, -194),
        1: (174, 106, 82, -110, -253),
        2: (-145, -78, 84, 317, -4),
        3: (-74, -246, 123, 174, -83),
        4: (-261, -231, 30, 30, 250),
        5: (-213, 109, 70, 43, 47),
        6: (-354, -61, -271, -475, 1130),
        7: (-154, -289, -26, 85, -26),
    },
    "num_mlp_1_1": {
        0: (-495, -253, 378, 115, 63),
        1: (607, 637, -1603, 173, 344),
        2: (-45, -395, 296, 63, 270),
        3: (-75, -38, -75, 68, 215),
        4: (-451, -22, 585, 100, 1),
        5: (-98, 426, 194, -486, -246),
        6: (163, 50, -495, 79, 195),
        7: (-341, -543, 673, 327, 93),
    },
}


def run(tokens):
    """The predicted class at each position; tokens is a list such as ["<s>", ..., "</s>"]."""
    tokens = check(tokens, VOCABULARY, MAX_LENGTH)
    positions = list(range(len(tokens)))
    ones = [1] * len(tokens)
    attn_0_0 = aggregate(select_closest(tokens, positions, predicate_attn_0_0), tokens)
    attn_0_1 = aggregate(select_closest(tokens, tokens, predicate_attn_0_1, mask="before"), tokens)
    attn_0_2 = aggregate(select_closest(tokens, tokens, predicate_attn_0_2, mask="after"), tokens)
    attn_0_3 = aggregate(select_closest(tokens, positions, predicate_attn_0_3), tokens)
    num_attn_0_0 = selector_width(select(tokens, tokens, predicate_num_attn_0_0))
    num_attn_0_1 = selector_width(select(tokens, positions, predicate_num_attn_0_1, mask="before"))
    num_attn_0_2 = selector_width(select(tokens, positions, predicate_num_attn_0_2, mask="after"))
    num_attn_0_3 = selector_width(select(tokens, tokens, predicate_num_attn_0_3))
    mlp_0_0 = elementwise(lookup_mlp_0_0, positions)
    num_mlp_0_0 = elementwise(lookup_num_mlp_0_0, num_attn_0_1, num_attn_0_3)
    num_mlp_0_1 = elementwise(lookup_num_mlp_0_1, ones, num_attn_0_3)
    attn_1_0 = aggregate(select_closest(positions, num_mlp_0_0, predicate_attn_1_0), attn_0_1)
    attn_1_1 = aggregate(select_closest(mlp_0_0, attn_0_0, predicate_attn_1_1, mask="before"), attn_0_0)
    attn_1_2 = aggregate(select_closest(attn_0_1, num_mlp_0_1, predicate_attn_1_2, mask="after"), attn_0_2)
    attn_1_3 = aggregate(select_closest(attn_0_0, tokens, predicate_attn_1_3), attn_0_3)
    num_attn_1_0 = selector_width(select(positions, num_mlp_0_1, predicate_num_attn_1_0))
    num_attn_1_1 = aggregate_sum(select(attn_0_1, tokens, predicate_num_attn_1_1, mask="before"), num_attn_0_1)
    num_attn_1_2 = aggregate_sum(select(attn_0_2, attn_0_1, predicate_num_attn_1_2, mask="after"), num_attn_0_2)
    num_attn_1_3 = selector_width(select(positions, attn_0_1, predicate_num_attn_1_3))
    mlp_1_0 = elementwise(lookup_mlp_1_0, num_mlp_0_1, mlp_0_0)
    num_mlp_1_0 = elementwise(lookup_num_mlp_1_0, num_attn_1_1, num_attn_0_1)
    num_mlp_1_1 = elementwise(lookup_num_mlp_1_1, num_attn_0_2, num_attn_0_0)
    variables = {
        "tokens": tokens,
        "positions": positions,
        "ones": ones,
        "attn_0_0": attn_0_0,
        "attn_0_1": attn_0_1,
        "attn_0_2": attn_0_2,
        "attn_0_3": attn_0_3,
        "num_attn_0_0": num_attn_0_0,
        "num_attn_0_1": num_attn_0_1,
        "num_attn_0_2": num_attn_0_2,
        "num_attn_0_3": num_attn_0_3,
        "mlp_0_0": mlp_0_0,
        "num_mlp_0_0": num_mlp_0_0,
        "num_mlp_0_1": num_mlp_0_1,
        "attn_1_0": attn_1_0,
        "attn_1_1": attn_1_1,
        "attn_1_2": attn_1_2,
        "attn_1_3": attn_1_3,
        "num_attn_1_0": num_attn_1_0,
        "num_attn_1_1": num_attn_1_1,
        "num_attn_1_2": num_attn_1_2,
        "num_attn_1_3": num_attn_1_3,
        "mlp_1_0": mlp_1_0,
        "num_mlp_1_0": num_mlp_1_0,
        "num_mlp_1_1": num_mlp_1_1,
    }
    return classify(READOUT, variables, CLASSES, FORCED)


if __name__ == "__main__":
    sys.exit(main(run, VOCABULARY, sys.argv[1:]))
