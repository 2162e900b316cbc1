"""The page of `report`: one file that holds the program, what was found of it, and the script that shows them.

Nothing is loaded from elsewhere, and nothing runs but that script: the page says so to the browser (Content Security
Policy) by the digests of its script and its style. All that a program carries as text is data, in JSON or as text.

The data are packed: a program of words has tables of many thousands of rows, and lines of source by the thousand. The
script makes what it shows of them when it is asked for.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from analyze.render.document import STRONG, Document, document
from analyze.render.highlight import highlighted
from analyze.render.order import with_few_crossings
from analyze.render.page import SCRIPT, script, text_of
from analyze.render.pages import Html
from analyze.render.phrases import counted, every_one, evidence
from analyze.results.graph import GraphResult
from analyze.results.report import ReportResult
from analyze.results.verify import VerifyResult
from tprog.escape import html_text, json_text
from tprog.ir.places import ByOutput
from tprog.version import VERSION

_DIGITS = digits + ascii_uppercase + ascii_lowercase
"""How the codes of listed inputs are written, one a character."""


def report_document(result: ReportResult) -> Document:
    """What the page says above its views."""
    return document(f"{result.program}: {_verdict(result)}", STRONG, *_about(result))


def report_html(result: ReportResult) -> str:
    """The page."""
    style, code = text_of("page.css"), script(*SCRIPT)
    policy = (
        f"default-src 'none'; script-src '{_digest(code)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = html_text(result.program)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="written by tpdebug {VERSION}">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<header><h1><bdi>{title}</bdi></h1>\n<p>{html_text(_verdict(result))}</p>\n{_remarks(result)}</header>\n"
        f"{text_of('views.html')}\n"
        f'<script type="text/plain" id="data">{_packed_json(_data(result))}</script>\n'
        f"<script>{code}</script>\n</body>\n</html>\n"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _packed_json(data: object) -> str:
    """Data as JSON, compressed, in letters and digits. The same data give the same text."""
    return base64.b64encode(gzip.compress(json_text(data).encode(), mtime=0)).decode()


# Words ################################################################################################################


def _verdict(result: ReportResult) -> str:
    """How right the program is, in one line."""
    found = result.verify
    if found is None:
        return f"no task says what is right; looked at on {result.checked.description}"
    total = found.inputs_right + found.wrong_inputs
    if not found.wrong_inputs:
        return f"right on {every_one(total, found.checked.noun)} of the task {found.task}"
    return (
        f"wrong on {found.wrong_inputs:,} of {counted(total, found.checked.noun)} of the task {found.task}; "
        f"per token {found.token_accuracy:.3%}, whole sequence {found.sequence_accuracy:.3%}"
    )


def _about(result: ReportResult) -> list[str]:
    dead = result.dead
    return [
        f"{counted(dead.nodes, 'node')}, of which {len(dead.dead)} dead; {len(dead.dead_entries):,} dead entries; "
        f"{evidence(result.checked)}",
        *result.notes,
    ]


def _remarks(result: ReportResult) -> Html:
    return "".join(f'<p class="faint">{html_text(text)}</p>\n' for text in _about(result))


# Data #################################################################################################################


def _data(result: ReportResult) -> dict[str, Any]:
    """What the script reads."""
    plain = result.to_json()
    found = result.verify
    return {
        "program": result.tables,
        "graph": {**plain["graph"], "columns": _columns(result.graph)},
        "dead": {node.name: [f"{v.kind}: {v.evidence}" for v in node.verdicts] for node in result.dead.dead},
        "circuits": [
            {"value": c.value, "problem": c.problem, "members": c.members, "pairs": c.pairs, "status": c.status}
            for c in result.circuits.circuits
        ],
        "reached": {table.table: table.counts for table in result.reached},
        "judges": found is not None,
        "wrongInputs": 0 if found is None else found.wrong_inputs,
        "checked": evidence(result.checked),
        "known": _known(result),
        "example": result.example,
        "loop": {"stop": result.stop} if result.looped else None,
        "source": _source(result),
    }


def _columns(graph: GraphResult) -> list[list[str]]:
    """The variables of each column of the picture that has any, in an order in which few edges cross."""
    nodes = [node for node in graph.nodes if node.kind != "readout"]
    stages = sorted({node.stage for node in nodes})
    columns = [[node.name for node in nodes if node.stage == stage] for stage in stages]
    return with_few_crossings(columns, [(e.source, e.target) for e in graph.edges if e.role != "readout"])


def _known(result: ReportResult) -> dict[str, Any]:
    """The wrong inputs, and which others were tried."""
    tried, found = result.tried, result.verify
    wrong = [] if found is None else _wrong(result.tables, found)
    words, classes = len(result.tables["vocabulary"]), len(result.tables["classes"])
    regular = {"symbols": tried.symbols, "least": tried.least, "most": tried.most} if tried.regular else None
    return {
        "wrong": wrong if max(words, classes) > len(_DIGITS) else _packed_pairs(wrong),
        "divided": result.divided,
        "noun": result.checked.noun,
        "complete": found is not None and found.wrong_inputs == len(wrong),
        "regular": regular,
        "listed": None if tried.regular or words > len(_DIGITS) else _packed(tried.listed),
        "whole": tried.whole and found is not None,
    }


def _wrong(tables: Mapping[str, Any], found: VerifyResult) -> list[tuple[list[int], list[int | None]]]:
    """The codes of each wrong input, and of what is expected of it."""
    words = {word: code for code, word in enumerate(tables["vocabulary"])}
    classes = {name: code for code, name in enumerate(tables["classes"])}
    return [
        (
            [words[word] for word in each.tokens],
            [None if name is None else classes.get(name) for name in _by_place(each.expected)],
        )
        for each in found.counterexamples
    ]


def _by_place(expected: ByOutput[str | None]) -> list[str | None]:
    """What is expected, the outputs of each position side by side."""
    if not isinstance(expected, dict):
        return list(expected)
    return [name for at_one in zip(*expected.values(), strict=True) for name in at_one]


def _packed_pairs(pairs: Sequence[tuple[Sequence[int], Sequence[int | None]]]) -> str:
    """Each input, a colon, and what is expected of it, with a dash where nothing is."""
    answers = ("".join("-" if code is None else _DIGITS[code] for code in expected) for _, expected in pairs)
    return " ".join(f"{_packed([codes])}:{answer}" for (codes, _), answer in zip(pairs, answers, strict=True))


def _packed(inputs: Sequence[Sequence[int]]) -> str:
    return " ".join("".join(_DIGITS[code] for code in codes) for codes in inputs)


# The source ###########################################################################################################


def _source(result: ReportResult) -> list[dict[str, Any]]:
    """The lines: their words and kinds by turns, the node that stands there, and what was found of them."""
    places = {node.name: at for at, node in enumerate(result.graph.nodes)}
    shown = highlighted([line.text for line in result.lines])
    return [
        {
            "text": [part for piece in pieces for part in piece],
            "node": None if line.node is None else places.get(line.node),
            "reached": line.reached,
            "dead": line.dead,
            "mends": line.mends,
            "folded": line.folded,
        }
        for line, pieces in zip(result.lines, shown, strict=True)
    ]
