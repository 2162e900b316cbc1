"""Circuits as a document: one in words, several side by side."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.render.document import STRONG, Cell, Document, Part, Source, Table, document, number, table
from analyze.render.phrases import counted, evidence
from analyze.results.circuits import Circuit, CircuitResult, Proof, Resampled
from tprog.escape import spelled

MOST_COLUMNS, MOST_LETTERS = 12, 30
"""Sub-problems that stand side by side, and letters of their names; more are listed one a row."""

_SIGNS = "+ keeps the node, and so does every sufficient set that was found; o keeps it, another set does without"
_OVERLAP = (
    "overlap of two circuits: members of both / members of either (Jaccard); 1: the same members, 0: none in common"
)


def circuits_document(result: CircuitResult) -> Document:
    """The circuit of each sub-problem: one in words, several as the columns of one table; then the source if marked."""
    answer, parts = _one_circuit(result) if len(result.circuits) == 1 else _several(result)
    source = None if result.source is None else Source(result.source, around=1)
    return document(
        answer,
        STRONG,
        *parts,
        *_statistics(result),
        *result.notes,
        _members(result),
        _overlap_data(result),
        source,
        title=f"Circuits of {result.program}",
        noun=result.checked.noun,
    )


def _unproven(result: CircuitResult) -> list[tuple[Circuit, Proof]]:
    """The circuits of which a search was to prove that none is smaller, and has not."""
    return [(circuit, circuit.proof) for circuit in result.circuits if circuit.proof and not circuit.proof.proven]


def _several(result: CircuitResult) -> tuple[str, list[str | Part | None]]:
    shared = [node.name for node in result.nodes if all(node.name in c.members for c in result.circuits)]
    what = f"{result.program}: {counted(len(result.circuits), 'circuit')} among {counted(len(result.nodes), 'node')}"
    side_by_side = _fits(result)
    return what + (f"; in all of them: {', '.join(shared)}" if shared else ""), [
        f"{_claims(result)}; {_evidence(result)}",
        f"all other nodes fixed at {result.baseline}",
        "predictions that stay: " + "; ".join(f"{_short(circuit)} {circuit.pairs:,}" for circuit in result.circuits),
        *(f"{_short(c)}: {_searched(proof)}" for c, proof in _unproven(result)),
        _side_by_side(result) if side_by_side else _one_a_row(result),
        _SIGNS,
        _overlaps(result) if side_by_side else None,
        _OVERLAP if side_by_side else None,
    ]


# Claims ###############################################################################################################


def _claim(circuit: Circuit, result: CircuitResult) -> str:
    if circuit.status != "smallest":
        return circuit.status
    return "smallest, proven" if result.checked.exhaustive else f"smallest on these {result.checked.noun}s, proven"


def _claims(result: CircuitResult) -> str:
    """How far the claims go; named one by one where they differ."""
    claims: dict[str, list[str]] = {}
    for circuit in result.circuits:
        claims.setdefault(_claim(circuit, result), []).append(_short(circuit))
    if len(claims) == 1:
        return f"each {next(iter(claims))}"
    return "; ".join(f"{claim}: {', '.join(of)}" for claim, of in claims.items())


def _evidence(result: CircuitResult) -> str:
    if result.checked.exhaustive or any(c.status != "smallest" for c in result.circuits):
        return evidence(result.checked)
    return f"checked on {result.checked.description}, so nothing is proven of others"


def _searched(proof: Proof) -> str:
    """What a search for a smaller set that did not end leaves open."""
    stopped = ", when it was stopped" if proof.interrupted else ""
    least = f"; no set of fewer than {counted(proof.least, 'node')} suffices" if proof.least else ""
    taken = "" if proof.seconds is None else f" in {proof.seconds:g} s"
    return f"not proven: {proof.excluded:,} of {proof.sets:,} smaller sets excluded{taken}{stopped}{least}"


def _share(stay: Sequence[int], found: Resampled) -> Cell:
    mean = sum(stay) / len(stay) / found.predictions
    least, most = min(stay) / found.predictions, max(stay) / found.predictions
    return Cell(mean, f"{mean:.2%} ({least:.2%} to {most:.2%})")


def _statistics(result: CircuitResult) -> list[Part | str]:
    """The shares that stay, over the draws: with the circuit kept, and with nothing kept."""
    found = [(circuit, circuit.resampled) for circuit in result.circuits if circuit.resampled is not None]
    if not found:
        return []
    columns = ("resampled: circuit of", "stay with it kept", "stay with nothing kept", "predictions")
    rows = [(_short(c), _share(r.stay, r), _share(r.stay_without, r), number(c.pairs)) for c, r in found]
    first, noun = found[0][1], result.checked.noun
    alone = sum(one.alone for _, one in found)
    more = (
        f"; {counted(alone, 'prediction')} on {noun}s without another of their length keep their own" if alone else ""
    )
    return [
        table(columns, rows, columns[1:], whole=columns[:1], name="resampled"),
        f"a statistic, no verdict: here ablated nodes yield what they compute on another {noun} of the same length; "
        f"mean of {counted(first.draws, 'draw')} with seed {first.seed} (least to most){more}",
    ]


# Tables ###############################################################################################################


def _short(circuit: Circuit) -> str:
    return spelled(circuit.value) or circuit.problem


def _mark(circuit: Circuit, node: str) -> str:
    return "+" if node in circuit.core else "o" if node in circuit.members else ""


def _heads(result: CircuitResult) -> tuple[str, list[str]]:
    """The heading of the first column, and one a circuit."""
    kinds = {circuit.kind for circuit in result.circuits}
    same = len(kinds) == 1
    heads = [_short(circuit) if same else circuit.problem for circuit in result.circuits]
    return f"circuit of {kinds.pop()}" if same else "circuit of", heads


def _fits(result: CircuitResult) -> bool:
    """Whether the circuits can stand side by side in a terminal of usual width."""
    _, heads = _heads(result)
    return len(heads) <= MOST_COLUMNS and sum(map(len, heads)) <= MOST_LETTERS


def _side_by_side(result: CircuitResult) -> Table:
    """One column a circuit, one row a node: where they overlap is seen at a glance."""
    first, heads = _heads(result)
    rows: list[Sequence[object]] = [("size", *(len(circuit.members) for circuit in result.circuits), None, None)]
    for node in result.nodes:
        marks = (_mark(circuit, node.name) for circuit in result.circuits)
        rows.append((node.name, *marks, node.line, node.reading))
    return table((first, *heads, "line", "what it does"), rows, (*heads, "line"), whole=[first])


def _overlaps(result: CircuitResult) -> Table:
    """The matrix of overlaps; it is symmetric, and its diagonal is 1."""
    _, heads = _heads(result)
    known = {(found.one, found.other): found.jaccard for found in result.overlaps}
    rows: list[Sequence[object]] = []
    for at, name in enumerate(heads):
        values = (1.0 if at == other else known[min(at, other), max(at, other)] for other in range(len(heads)))
        rows.append((name, *(f"{value:.2f}" for value in values)))
    return table(("overlap", *heads), rows, heads, whole=["overlap"])


def _one_a_row(result: CircuitResult) -> Table:
    rows = []
    for circuit in result.circuits:
        members = ", ".join(f"{name} {_mark(circuit, name)}" for name in circuit.members)
        shown = Cell(members, members or "none: constants suffice", whole=True)
        rows.append((circuit.problem, len(circuit.members), shown))
    return table(("sub-problem", "size", "circuit"), rows, ("size",))


def _one_circuit(result: CircuitResult) -> tuple[str, list[str | Part | None]]:
    (circuit,) = result.circuits
    rows = [
        (f"{node.name} {_mark(circuit, node.name)}", node.kind, node.reading, node.line)
        for node in result.nodes
        if node.name in circuit.members
    ]
    stays = f"{counted(circuit.pairs, 'prediction')} on {counted(circuit.inputs, result.checked.noun)} stay"
    others = [", ".join(names) or "none" for names in circuit.alternatives]
    many = counted(len(result.nodes), "node")
    return f"{result.program}: {len(circuit.members)} of {many} suffice for {circuit.problem}", [
        f"{_claim(circuit, result)}; {stays}; {_evidence(result)}",
        _searched(circuit.proof) if circuit.proof and not circuit.proof.proven else None,
        f"all other nodes fixed at {result.baseline}",
        table(("member", "kind", "what it does", "line"), rows, ("line",)),
        "+ is in every sufficient set that was found; o is not" if rows else None,
        *(f"or: {names}" for names in others),
    ]


# Data #################################################################################################################


def _members(result: CircuitResult) -> Table:
    """A row for each member of each circuit."""
    rows = [
        (circuit.problem, node.name, node.kind, node.name in circuit.core, node.reading, node.line)
        for circuit in result.circuits
        for node in result.nodes
        if node.name in circuit.members
    ]
    columns = ("circuit of", "node", "kind", "in every set", "what it does", "line")
    return table(columns, rows, ("line",), name="members", seen=False, main=True)


def _overlap_data(result: CircuitResult) -> Table:
    """A row for each pair of circuits."""
    problems = [circuit.problem for circuit in result.circuits]
    found = result.overlaps if len(problems) > 1 else ()
    rows = [(problems[f.one], problems[f.other], f.shared, f.jaccard) for f in found]
    return table(("circuit of", "and of", "members of both", "overlap"), rows, name="overlaps", seen=False)
