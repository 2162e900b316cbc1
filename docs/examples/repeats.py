"""A task: does a letter stand here for the first time, or has it stood before?"""

from itertools import product

VOCABULARY = ("a", "b", "c", "d")
CLASSES = ("new", "seen")
LONGEST = 6
CAUSAL = True


def oracle(tokens):
    """The right answers to an input, one a token."""
    return ["seen" if letter in tokens[:place] else "new" for place, letter in enumerate(tokens)]


def sample(rng):
    """One random input; rng is a random.Random."""
    return rng.choices(VOCABULARY, k=rng.randint(1, LONGEST))


def inputs():
    """All inputs there are."""
    for length in range(1, LONGEST + 1):
        yield from product(VOCABULARY, repeat=length)
