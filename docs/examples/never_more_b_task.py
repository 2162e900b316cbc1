"""A task: what may come next, if at no place more b than a may stand before it?"""

VOCABULARY = ("a", "b")
CLASSES = ("<bos>|<sep>|<pad>", "a|<eos>", "a|b|<eos>")
LONGEST = 60
CAUSAL = True


def oracle(tokens):
    """The right answers to an input, one a token."""
    ahead, answers = 0, []
    for letter in tokens:
        ahead += 1 if letter == "a" else -1
        answers.append("a|b|<eos>" if ahead else "a|<eos>")
    return answers


def sample(rng):
    """One random word."""
    word = []
    for _ in range(rng.randint(1, LONGEST)):
        word.append(rng.choice("ab") if word.count("a") > word.count("b") else "a")
    return word
