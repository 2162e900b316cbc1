"""How much there is to say of a variable: what is plainer is tried first, and of too much the plainest alone."""

from __future__ import annotations

from trainer.decompile.symbols import Copied, Counts, Number, Ones, Ordinal, Pair, Place, Selection, Symbolic, Tokens


def plainness(what: Symbolic | Counts) -> float:
    """How much there is to say of a variable."""
    match what:
        case Ones():
            return 0.0
        case Tokens() | Place():
            return 1.0
        case Ordinal():
            return 6.0
        case Pair(one, other):
            return plainness(one) + plainness(other) + 1
        case Copied(where, inner):
            return 1 + _plainness_of(where) + plainness(inner)
        case Number(where, inner, _, _):
            return 3.5 + _plainness_of(where) + (0 if inner is None else plainness(inner))
        case Counts(where, inner, _):
            return 2 + _plainness_of(where) + (0 if inner is None else plainness(inner))


def _plainness_of(where: Selection) -> float:
    cost = 0.0 if where.step is None else 0.5 + where.step / 10
    if where.modulus > 0:
        cost += 0.5
    if where.others or where.before or where.first:
        cost += 0.1
    if where.key is not None:
        cost += plainness(where.key) + 0.5 * where.tiers + (0 if where.query is None else plainness(where.query))
    return cost
