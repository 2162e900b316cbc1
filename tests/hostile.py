"""Modules that mean harm: they write the file `CANARY` when anything of them is run, or cost the reader dear."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import tprog
from tests.programs import PROGRAMS
from tests.published import write
from tests.test_published import CASES
from tprog.text.needs import SIDE_ROWS

CANARY = "executed"

ESCAPE = f"__import__('pathlib').Path({CANARY!r}).touch()"
"""An expression that writes the canary into the current folder."""

MODULE = tprog.emit(PROGRAMS["sort_with_a_fault"].program).text

PUBLISHED = CASES["heads"][0]

Make = Callable[[Path], Path]
"""Makes a module, and what belongs to it, in an empty folder and returns its path."""


def _text(text: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "module.py"
        path.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        return path

    return make


def _with(statement: str, before: str = "\nVOCABULARY") -> Make:
    """A whole module with one more statement in it."""
    head, tail = MODULE.split(before, 1)
    return _text(f"{head}\n{statement}{before}{tail}")


def _instead(old: str, new: str) -> Make:
    """A whole module in which something is replaced."""
    assert old in MODULE, old
    return _text(MODULE.replace(old, new, 1))


def _later(make: Callable[[], Make]) -> Make:
    """A module whose text is too large to be kept."""
    return lambda folder: make()(folder)


RUNS: Mapping[str, Make] = {
    "on import": _with(ESCAPE),
    "in an if": _with(f"if {ESCAPE}:\n    pass"),
    "in a decorator": _with(f"@({ESCAPE} or (lambda f: f))\ndef predicate_other(a, b):\n    return True"),
    "in a decorator of a known function": _instead("def lookup_rank", f"@({ESCAPE} or (lambda f: f))\ndef lookup_rank"),
    "in a default": _with(f"def predicate_other(a, b={ESCAPE}):\n    return True"),
    "in a default of a known function": _instead("(less, same):", f"(less, same={ESCAPE}):"),
    "in a default of run": _instead("def run(tokens):", f"def run(tokens={ESCAPE}):"),
    "in a keyword default": _instead("(less, same):", f"(less, same, *, extra={ESCAPE}):"),
    "in an annotation": _instead("(less, same):", f"(less: {ESCAPE}, same):"),
    "in a return annotation": _instead("(less, same):", f"(less, same) -> {ESCAPE}:"),
    "in an annotation of a name": _with(f"x: {ESCAPE} = 1"),
    "in __class_getitem__": _with(f"class A:\n    def __class_getitem__(cls, x):\n        {ESCAPE}\nA[0]"),
    "in a metaclass": _with(f"class M(type):\n    def __new__(m, *a):\n        {ESCAPE}\nclass A(metaclass=M): pass"),
    "in __init_subclass__": _with(
        f"class A:\n    def __init_subclass__(cls):\n        {ESCAPE}\nclass B(A):\n    pass"
    ),
    "in __set_name__": _with(f"class A:\n    def __set_name__(*a):\n        {ESCAPE}\nclass B:\n    a = A()"),
    "in a class body": _with(f"class A:\n    {ESCAPE}"),
    "in a base class": _with(f"class A({ESCAPE} or object):\n    pass"),
    "in an f-string": _instead('TASK = "sort"', 'TASK = f"{' + ESCAPE + '}"'),
    "in a nested f-string": _instead('TASK = "sort"', "TASK = f\"{'':{" + ESCAPE + '}}"'),
    "in a decorator of a function that nothing calls": _with(
        f"@({ESCAPE} or (lambda f: f))\ndef lookup_other(a):\n    return 1"
    ),
    "in a table that nothing reads": _with(f"EMBEDDINGS = {{'x': {ESCAPE}}}"),
    "in a key of a table that nothing reads": _with(f"EMBEDDINGS = {{{ESCAPE}: 1}}"),
    "in domains that nothing reads": _instead("DOMAINS = {", f"DOMAINS = {{'x': ({ESCAPE},), "),
    "in a starred table": _with(f"EMBEDDINGS = {{**{ESCAPE}}}"),
    "in a constant": _instead("MAX_LENGTH = 8", f"MAX_LENGTH = {ESCAPE} or 8"),
    "in a walrus": _with(f"(x := {ESCAPE})"),
    "in a comprehension": _with(f"FORCED = [{ESCAPE} for _ in range(2)]"),
    "in a lambda": _with(f"(lambda: {ESCAPE})()"),
    "in an assertion": _with(f"assert {ESCAPE}"),
    "in a match": _with(f"match {ESCAPE}:\n    case _:\n        pass"),
    "in a with": _with(f"with {ESCAPE}:\n    pass"),
    "in exec": _with(f"exec({ESCAPE!r})"),
    "in eval": _with(f"eval({ESCAPE!r})"),
    "in a subscript": _with(f"[0][{ESCAPE} or 0]"),
    "in a del": _with(f"del [0][{ESCAPE} or 0]"),
    "in a global of run": _instead("    ones = ", f"    {ESCAPE}\n    ones = "),
    "in a predicate": _instead("        return 5\n", f"        return {ESCAPE}\n"),
    "in a test of a predicate": _instead('if q_token == "a":', f"if {ESCAPE}:"),
    "in a readout row": _instead('"a": (', f'"a": ({ESCAPE},'),
    "in a dict key": _instead('        "a": (', f"        {ESCAPE}: ("),
    "by a star import": _with("from evil import *"),
    "by an import": _with("import evil"),
    "by an import under a known name": _with("import evil as sys"),
    "by a name of the standard library": _with("import json as Path"),
    "by the main guard": _instead("sys.exit(main(run, VOCABULARY, sys.argv[1:]))", ESCAPE),
    "by an else of the guard": _text(MODULE + f"else:\n    {ESCAPE}\n"),
    "behind the guard": _text(MODULE + f"\n{ESCAPE}\n"),
    "on the line of another": _instead('TASK = "sort"', f'TASK = "sort"; {ESCAPE}'),
    "by rot13": _text(b"# coding: rot13\n" + MODULE.encode()),
    "by utf-7": _text(b"# coding: utf-7\n+AF8AXw-import+AF8AXw-('pathlib').Path('executed').touch()\n"),
    "by __getattr__": _with(f"def __getattr__(name):\n    {ESCAPE}"),
    "by an async function": _with(f"async def run(tokens):\n    {ESCAPE}"),
    "by a generator": _instead("        return 5\n", f"        yield {ESCAPE}\n"),
}
"""Would write the canary if anything of them were run. `evil` stands in no path; importing it fails only if tried."""

SHADOWS: Mapping[str, Make] = {
    "select": _with("def select(*a):\n    return []"),
    "select_closest, another": _instead("others = [j for j in matches if j != i] or matches", "others = matches"),
    "min": _with("min = max"),
    "a predicate's argument named min": _instead("(less, same):", "(min, same):"),
    "str": _with("str = bytes"),
    "len": _with("len = print"),
    "range, a function": _with("def range(*a):\n    return []"),
    "Fraction": _with("Fraction = int"),
    "sys": _with("sys = None"),
    "a predicate by a constant": _with("predicate_less = True"),
    "run by a second one": _text(MODULE + "\ndef run(tokens):\n    return tokens\n"),
    "__file__": _with("__file__ = '/etc/passwd'"),
    "__name__": _with("__name__ = '__main__'"),
    "True, by a keyword": _with("def True(): pass"),
    "a node named min": _text(MODULE.replace("same", "min")),
    "a node named len": _text(MODULE.replace("same", "len")),
    "a node named list": _text(MODULE.replace("same", "list")),
    "a node named select": _text(MODULE.replace("same", "select")),
    "a node named run": _text(MODULE.replace("same", "run")),
    "a node named CLASSES": _text(MODULE.replace("same", "CLASSES")),
    "a node named predicate_less": _text(MODULE.replace("same", "predicate_less")),
    "a node named tokens": _text(MODULE.replace("same", "tokens")),
}
"""Would mean something else to Python than to a reader that looks at names alone."""


def _big(folder: Path) -> Path:
    path = folder / "module.py"
    with open(path, "wb") as file:
        file.write(MODULE.encode())
        for _ in range(200):
            file.write(b"#" * (2**20 - 1) + b"\n")
    return path


def _sparse(folder: Path) -> Path:
    path = folder / "module.py"
    with open(path, "wb") as file:
        file.truncate(2**40)
    return path


def _many(count: int, line: str) -> str:
    return "\n".join(line.format(i) for i in range(count))


def _row(count: int) -> str:
    return "".join(f"'w{i}'," for i in range(count))


_ELIF = "    elif less == 1:\n        return 1\n"
_BODY = MODULE.split('"""', 2)[2]

COSTS: Mapping[str, Make] = {
    "a million parentheses": _later(lambda: _text("(" * 10**6 + ")" * 10**6)),
    "a million brackets in a constant": _later(
        lambda: _instead("MAX_LENGTH = 8", f"MAX_LENGTH = {'[' * 10**6}{']' * 10**6}")
    ),
    "a million minus signs": _later(lambda: _instead("MAX_LENGTH = 8", f"MAX_LENGTH = {'-' * 10**6}8")),
    "a million nots": _later(lambda: _instead("    return True\n", f"    return {'not ' * 10**6}True\n")),
    "a million sums": _later(lambda: _instead("MAX_LENGTH = 8", f"MAX_LENGTH = {'1+' * 10**6}1")),
    "a million attributes": _later(lambda: _instead("MAX_LENGTH = 8", f"MAX_LENGTH = a{'.a' * 10**6}")),
    "a million comparisons": _later(
        lambda: _instead("    return True\n", f"    return {'k_token == ' * 10**6}k_token\n")
    ),
    "a million ands": _later(lambda: _instead("    return True\n", f"    return {'True and ' * 10**6}True\n")),
    "nested ifs": _later(lambda: _with("\n".join(" " * i + "if 1:" for i in range(3000)) + "\n" + " " * 3000 + "pass")),
    "nested elifs": _later(
        lambda: _instead(
            "    if less == 1:",
            "    if less == 0:\n        return 1\n" + _ELIF * 3000 + "    if less == 1:",
        )
    ),
    "200 MB": _big,
    "a terabyte of nothing": _sparse,
    "a huge range": _later(lambda: _instead("MAX_LENGTH = 8", "MAX_LENGTH = range(10**18)")),
    "a huge power": _later(lambda: _instead("MAX_LENGTH = 8", "MAX_LENGTH = 10**10**10")),
    "a huge number": _later(lambda: _instead("MAX_LENGTH = 8", "MAX_LENGTH = 1" + "0" * 10**6)),
    "a huge hexadecimal number": _later(lambda: _instead("MAX_LENGTH = 8", "MAX_LENGTH = 0x1" + "0" * 10**6)),
    "a huge length": _later(lambda: _instead("MAX_LENGTH = 8", "MAX_LENGTH = 1000000000000")),
    "a large length": _later(lambda: _instead("MAX_LENGTH = 8", "MAX_LENGTH = 100000000")),
    "a huge weight": _later(lambda: _instead('"a": (1, 0', '"a": (1' + "0" * 4000 + ", 0")),
    "a huge cap": _later(lambda: _instead("less = min(less, 8)", "less = min(less, 1000000000000)")),
    "a large cap": _later(lambda: _instead("less = min(less, 8)", "less = min(less, 30000000)")),
    "two large caps": _later(
        lambda: _instead(
            "    less = min(less, 8)\n    same = min(same, 5)",
            "    less = min(less, 30000)\n    same = min(same, 30000)",
        )
    ),
    "a huge string": _later(lambda: _instead('TASK = "sort"', "TASK = 'a' * 10**12")),
    "a huge shift": _later(lambda: _instead("MAX_LENGTH = 8", "MAX_LENGTH = 1 << 10**12")),
    "a deep f-string": _later(lambda: _instead('TASK = "sort"', "TASK = " + "f'{" * 100 + "1" + "}'" * 100)),
    "a set of a million": _later(lambda: _with("x = {" + ", ".join(map(str, range(10**6))) + "}")),
    "a predicate over a million": _later(
        lambda: _instead("    return True\n", "    return k_token in {" + ", ".join(["'a'"] * 10**6) + "}\n")
    ),
    "a vocabulary of a million": _later(lambda: _instead("VOCABULARY = (", "VOCABULARY = (" + _row(10**6))),
    "fifty thousand classes": _later(lambda: _instead("CLASSES = (", "CLASSES = (" + _row(50_000))),
    "a huge domain": _later(lambda: _with("DOMAINS = {'rank': range(1000000)}")),
    "two hundred thousand functions": _later(
        lambda: _text(MODULE + _many(200_000, "def predicate_{0}(a, b):\n    return True"))
    ),
    "fifty thousand statements in run": _later(
        lambda: _instead("    same = ", _many(50_000, "    x{} = 1") + "\n    same = ")
    ),
    "a long name": _later(lambda: _with("a" * 10**7 + " = 1")),
    "a long line": _later(lambda: _with("x = '" + "a" * 10**7 + "'")),
    "a long line continued": _later(lambda: _with("x = 1 " + "\\\n" * 10**6)),
    "a million empty strings": _later(lambda: _with("x = " + "'' " * 10**6)),
    "a long docstring": _later(lambda: _text('"""' + "key: " * 2 * 10**6 + '"""\n' + _BODY)),
}
"""Would take a careless reader hours or all memory."""

TEXTS: Mapping[str, Make] = {
    "NUL": _text(MODULE.replace("\n", "\0\n", 1)),
    "invalid UTF-8": _text(MODULE.encode() + b"\xff\xfe"),
    "an overlong encoding": _text(MODULE.encode() + b"\xc0\x80"),
    "surrogates": _text(MODULE + "# \udcff\n"),
    "an escaped surrogate": _instead('"a", ', '"\\ud800", '),
    "UTF-16": _text(MODULE.encode("utf-16")),
    "two byte order marks": _text(b"\xef\xbb\xbf\xef\xbb\xbf" + MODULE.encode()),
    "a byte order mark within": _text(MODULE.replace("TASK", "\ufeffTASK", 1)),
    "an unknown coding": _text("# coding: klingon\nx = 1\n"),
    "a form feed within": _instead('TASK = "sort"', '\x0cTASK = "sort"; x = 1'),
    "right to left": _instead('TASK = "sort"', 'x = "\u202e" # \u2066"'),
    "a look-alike that Python folds": _with("\uff4d\uff49\uff4e = max"),
    "terminal codes": _with("'\x1b]0;owned\x07\x1b[2J'.x"),
    "a backslash at the end": _text(MODULE + "\\"),
    "an open string": _text(MODULE + '"""'),
    "tabs and blanks": _with("if 1:\n\tx = 1\n        y = 1"),
    "ten thousand errors": _text(MODULE + "?\n" * 10_000),
    "only comments": _text("# nothing\n" * 1000),
}
"""Are no text, or not the text that they seem."""


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "module.py")
    return folder / "module.py"


def _link(target: str) -> Make:
    def make(folder: Path) -> Path:
        (folder / "module.py").symlink_to(target)
        return folder / "module.py"

    return make


def _folder(folder: Path) -> Path:
    (folder / "module.py").mkdir()
    return folder / "module.py"


FILES: Mapping[str, Make] = {
    "a pipe": _fifo,
    "a link to endless zeros": _link("/dev/zero"),
    "a link to random bytes": _link("/dev/urandom"),
    "a link to nothing": _link("/dev/null"),
    "a link to itself": _link("module.py"),
    "a link to nowhere": _link("/nowhere/at/all"),
    "a link to standard input": _link("/dev/stdin"),
    "a link to memory": _link("/proc/self/mem"),
    "a link to a secret": _link("/etc/passwd"),
    "a folder": _folder,
    "a device itself": lambda folder: Path("/dev/zero"),
    "the terminal": lambda folder: Path("/dev/tty"),
}
"""Are no plain files."""


def _tabled() -> tuple[str, str, str]:
    """A module with a side file, and that file's name and text."""
    from dataclasses import replace

    program = PROGRAMS["no_nodes"].program
    words = tuple(f"w{i}" for i in range(SIDE_ROWS))
    emitted = tprog.emit(
        replace(program, vocabulary=(*program.vocabulary, *words), readout=replace(program.readout, terms=())), "module"
    )
    ((name, text),) = emitted.side.items()
    return emitted.text, name, text


TABLED, SIDE, TABLES = _tabled()


def _side(content: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / SIDE).write_bytes(content.encode() if isinstance(content, str) else content)
        return _text(TABLED)(folder)

    return make


def _side_named(name: str) -> Make:
    def make(folder: Path) -> Path:
        (folder.parent / "outside.json").write_text(TABLES, encoding="utf-8")
        return _text(TABLED.replace(SIDE, name))(folder)

    return make


def _side_link(target: str) -> Make:
    def make(folder: Path) -> Path:
        (folder.parent / "outside.json").write_text(TABLES, encoding="utf-8")
        (folder / SIDE).symlink_to(target)
        return _text(TABLED)(folder)

    return make


def _side_fifo(folder: Path) -> Path:
    os.mkfifo(folder / SIDE)
    return _text(TABLED)(folder)


def _side_big(folder: Path) -> Path:
    with open(folder / SIDE, "wb") as file:
        file.truncate(2**40)
    return _text(TABLED)(folder)


_EMPTY = '"EMBEDDINGS": {}, "READOUT": {}}'

SIDES: Mapping[str, Make] = {
    "missing": _text(TABLED),
    "another folder": _side_named("../outside.json"),
    "an absolute path": _side_named("/etc/passwd"),
    "a path in disguise": _side_named("..\\\\outside.json"),
    "a device by name": _side_named("/dev/zero"),
    "a link that leaves the folder": _side_link("../outside.json"),
    "a link to endless zeros": _side_link("/dev/zero"),
    "a pipe": _side_fifo,
    "a terabyte": _side_big,
    "no JSON": _side("tables"),
    "deep JSON": _side("[" * 10**6),
    "deep JSON objects": _side('{"a":' * 10**6),
    "NaN": _side(TABLES.replace("[", "[NaN, ", 1)),
    "a huge number": _side('{"VOCABULARY": [1' + "0" * 10**6 + "], " + _EMPTY),
    "a huge float": _side('{"VOCABULARY": [1e999999999], ' + _EMPTY),
    "numbers for words": _side('{"VOCABULARY": [1, 2], ' + _EMPTY),
    "words twice": _side('{"VOCABULARY": ["<s>", "a", "a"], ' + _EMPTY),
    "no words": _side('{"VOCABULARY": [], ' + _EMPTY),
    "a list": _side("[1, 2]"),
    "null": _side("null"),
    "tables of the wrong kind": _side('{"VOCABULARY": ["<s>"], "EMBEDDINGS": [], "READOUT": {}}'),
    "code": _side(ESCAPE),
    "twenty million lists": lambda folder: _side("[" + "[]," * 20_000_000 + "0]")(folder),
    "a formula": _side('{"VOCABULARY": ["=cmd|x", "<s>"], "EMBEDDINGS": {"=1": 1}, "READOUT": {}}'),
    "surrogates": _side('{"VOCABULARY": ["\\ud800", "<s>"], ' + _EMPTY),
}
"""Have a side file that means harm."""

WEIGHTS = "made_weights.csv"


def _published(change: Callable[[Path], object]) -> Make:
    """A module of the published dialect, one of whose files is changed."""

    def make(folder: Path) -> Path:
        path = write(PUBLISHED, folder)
        change(folder)
        return path

    return make


def _csv(content: Callable[[str], str]) -> Make:
    def change(folder: Path) -> None:
        (folder / WEIGHTS).write_text(content((folder / WEIGHTS).read_text(encoding="utf-8")), encoding="utf-8")

    return _published(change)


def _weight(text: str) -> Make:
    """A first weight that is this text."""

    def content(table: str) -> str:
        head, first, *rest = table.split("\n")
        *cells, _ = first.split(",")
        return "\n".join([head, ",".join([*cells, text]), *rest])

    return _csv(content)


def _csv_link(target: str) -> Make:
    def change(folder: Path) -> None:
        (folder.parent / "outside.csv").write_bytes((folder / WEIGHTS).read_bytes())
        (folder / WEIGHTS).unlink()
        (folder / WEIGHTS).symlink_to(target)

    return _published(change)


def _csv_fifo(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    os.mkfifo(folder / WEIGHTS)


def _run_begins(statement: str) -> Make:
    """Another statement at the beginning of `run`."""

    def change(folder: Path) -> None:
        text = (folder / "made.py").read_text(encoding="utf-8")
        head, tail = text.split("    positions = ", 1)
        (folder / "made.py").write_text(f"{head}    {statement}\n    positions = {tail}", encoding="utf-8")

    return _published(change)


PUBLISHED_FILES: Mapping[str, Make] = {
    "a formula": _weight("=cmd|'/c calc'!A0"),
    "a gigantic number": _weight("1e999999999"),
    "a tiny number": _weight("1e-999999999"),
    "infinity": _weight("inf"),
    "a million digits": _weight("1" * 10**6),
    "more digits than Python reads": _weight("1" * 5000),
    "more digits behind the point than Python reads": _weight("0." + "1" * 5000),
    "code": _weight(ESCAPE),
    "a hundred thousand columns": _csv(lambda table: table.replace("\n", "," * 100_000 + "\n", 1)),
    "an open quotation": _csv(lambda table: table + '"' + "x," * 10**6),
    "NUL": _csv(lambda table: table + "\0"),
    "nothing": _csv(lambda table: ""),
    "a missing file": _published(lambda folder: (folder / WEIGHTS).unlink()),
    "a pipe": _published(_csv_fifo),
    "a link to endless zeros": _csv_link("/dev/zero"),
    "a link that leaves the folder": _csv_link("../outside.csv"),
    "a statement in run": _run_begins(ESCAPE),
    "an import in run": _run_begins("import evil"),
}
"""Modules of the original research code's dialect, with a poisoned table or statement."""

ALL: Mapping[str, Make] = {
    f"{kind}: {name}": make
    for kind, made in {
        "runs": RUNS,
        "shadows": SHADOWS,
        "costs": COSTS,
        "text": TEXTS,
        "file": FILES,
        "side": SIDES,
        "published": PUBLISHED_FILES,
    }.items()
    for name, make in made.items()
}
