"""The call graph from the syntax tree."""

from __future__ import annotations

import textwrap

import pytest

from analyze.callgraph import call_graph
from analyze.results.calls import MODULE
from tests.programs import PROGRAMS
from tprog.errors import BadSource
from tprog.text.emit import emit


def edges(source: str) -> set[str]:
    """``a -> b`` for calls and ``a => b`` for passes."""
    result = call_graph(textwrap.dedent(source), "m.py")
    return {f"{e.source} {'->' if e.kind == 'calls' else '=>'} {e.target}" for e in result.edges}


def test_run_passes_the_predicate_of_each_head_and_calls_the_primitives() -> None:
    result = call_graph(emit(PROGRAMS["sort"].program).text, "sort.py")
    found = {(e.source, e.target): e.kind for e in result.edges}
    for function in ("predicate_less", "predicate_same", "predicate_sorted", "lookup_rank"):
        assert found["run", function] == "passes"
    assert found["run", "select_closest"] == found["select_closest", "select"] == "calls"
    assert found[MODULE, "run"] == "passes"
    assert found[MODULE, "main"] == "calls"


def test_an_edge_names_all_its_lines_counted_from_1() -> None:
    result = call_graph("def f(): pass\n\n\nf()\ndef g(): f(); return f()\nf()\n", "m.py")
    assert [(e.source, e.target, e.lines) for e in result.edges] == [(MODULE, "f", (4, 6)), ("g", "f", (5,))]
    assert [(node.name, node.line) for node in result.nodes] == [(MODULE, None), ("f", 1), ("g", 5)]


HELPERS = "def f(): return 1\ndef g(): return 2\ndef h(): return 3\n"

CASES = {
    "a function that is passed by keyword": ("def a(x): return sorted(x, key=f)", {"a => f"}),
    "a function that is returned": ("def a(): return f", {"a => f"}),
    "functions in a table": (
        "t = {'x': f, 'y': g}\ndef a(k): return t[k]()",
        {f"{MODULE} => f", f"{MODULE} => g", "a -> f", "a -> g"},
    ),
    "a loop over functions": ("def a():\n  for b in (f, g): b()", {"a -> f", "a -> g"}),
    "a loop over pairs": ("def a():\n  for n, b in [(1, f), (2, g)]: b()", {"a -> f", "a -> g"}),
    "a choice": ("def a(x):\n  b = f if x else g\n  b()", {"a -> f", "a -> g"}),
    "another name": ("b = f\nc = b\ndef a(): return c()", {f"{MODULE} => f", "a -> f"}),
    "a name local to a function hides a function": ("def a(f): return f()\ndef b():\n  g = 1\n  return g", set()),
    "unpacking": ("def a():\n  b, (c, d) = f, (g, h)\n  d()\n  return c", {"a => f", "a => g", "a -> h"}),
    "a comprehension": ("def a(x): return [f() for y in x if g()]", {"a -> f", "a -> g"}),
    "a lambda belongs to the function around it": ("def a(): return lambda: f()", {"a -> f"}),
    "a default value belongs to both": ("def a(x=f()): pass", {f"{MODULE} -> f", "a -> f"}),
    "a conditional expression in a call": ("def a(x): map(f if x else g, x)", {"a => f", "a => g"}),
    "an f-string": ("def a(): return f'{f()}'", {"a -> f"}),
    "an assignment expression": ("def a():\n  if (b := f): b()", {"a -> f"}),
    "recursion": ("def a(): return a()", {"a -> a"}),
    "a generator": ("def a():\n  yield f\n  yield from a()", {"a => f", "a -> a"}),
    "a coroutine": ("async def b(): return f()\nasync def a(): await b()", {"b -> f", "a -> b"}),
    "an import with a fallback": (
        "try:\n  from x import y\nexcept ImportError:\n  y = f\ndef a(): y()",
        {f"{MODULE} => f", "a -> f"},
    ),
    "global": ("def a():\n  global b\n  b = f\ndef c(): b()", {"a => f", "c -> f"}),
    "nonlocal": ("def a():\n  b = f\n  def c():\n    nonlocal b\n    b = g\n  b()", {"a -> f", "a -> g", "a.c => g"}),
    "builtins and imports are left out": ("import math\ndef a(): return math.floor(len('')) + min(1, 2)", set()),
    "names that stand for each other": ("def a():\n  b = c\n  c = b\n  c()", set()),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_names_are_followed(source: str, expected: set[str]) -> None:
    assert edges(HELPERS + source) == expected


def test_nested_functions_have_dotted_names() -> None:
    source = """
        def f(): pass
        def outer():
            def inner():
                def innermost(): return f()
                return innermost
            return inner
        def use(): return outer()()()
    """
    assert edges(source) == {
        "outer => outer.inner",
        "outer.inner => outer.inner.innermost",
        "outer.inner.innermost -> f",
        "use -> outer",
        "use -> outer.inner",
        "use -> outer.inner.innermost",
    }


def test_the_text_of_a_function_defined_twice_belongs_to_one_node() -> None:
    source = "def f(): pass\ndef g(): pass\nif 1:\n  def a(): return f()\nelse:\n  def a(): return g()\na()\n"
    assert edges(source) == {"a -> f", "a -> g", f"{MODULE} -> a"}


def test_decorators_are_called_by_the_scope_around_and_belong_to_the_definition() -> None:
    source = """
        import functools
        def note(text): return mark
        def mark(function):
            def wrapped(): return function()
            return wrapped
        @mark
        @functools.cache
        def a(): pass
        @note("b")
        class B: pass
    """
    assert edges(source) == {
        "note => mark",
        "mark => mark.wrapped",
        f"{MODULE} -> mark",
        "a -> mark",
        f"{MODULE} -> note",
    }


CLASSES = """
    def f(): pass
    class Base:
        z = f()
        def __init__(self, x: int = 1):
            self.x = x
            self.later = f
        def go(self): return self.step()
        def step(self): return self
        def __enter__(self): return self
        def __exit__(self, *rest): f()
        def __iter__(self): return self
        def __next__(self): return 1
        def __call__(self): return 2
        def __getitem__(self, i): return i
        def __str__(self): return ""
        @classmethod
        def make(cls): return cls(2).go()
        @staticmethod
        def plain(self): return self.go()
        @property
        def ready(self): return self.step()
    class Child(Base):
        def go(self): return super().go()
        def up(self): return Base.step(self)
        again = up
        class Part:
            def use(self, base: Base): return base.go()
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Base(1)", {"a -> Base", "a -> Base.__init__"}),
        ("Child(1).step()", {"a -> Child", "a -> Base.__init__", "a -> Base.step"}),
        ("Base(1).later()", {"a -> Base", "a -> Base.__init__", "a -> f"}),
        ("return Child.again", {"a => Child", "a => Child.up"}),
        ("return Child.Part().use", {"a => Child", "a -> Child.Part", "a => Child.Part.use"}),
        ("Base.make().go()", {"a => Base", "a -> Base.make", "a -> Base.go"}),
        ("b = Base(1)\n  b.ready", {"a -> Base", "a -> Base.__init__", "a -> Base.ready"}),
        (
            "with Base(1) as b:\n    b.go()",
            {"a -> Base", "a -> Base.__init__", "a -> Base.__enter__", "a -> Base.__exit__", "a -> Base.go"},
        ),
        ("for b in Base(1): pass", {"a -> Base", "a -> Base.__init__", "a -> Base.__iter__", "a -> Base.__next__"}),
        (
            "return [c for c in Base(1)]",
            {"a -> Base", "a -> Base.__init__", "a -> Base.__iter__", "a -> Base.__next__"},
        ),
        (
            "b = Base(1)\n  b()\n  b[0]\n  str(b)",
            {"a -> Base", "a -> Base.__init__", "a -> Base.__call__", "a -> Base.__getitem__", "a -> Base.__str__"},
        ),
        ("b: Base\n  b.__class__(2)", {"a -> Base", "a -> Base.__init__"}),
        ("try: pass\n  except Child as e: e.go()", {"a => Child", "a -> Child.go"}),
    ],
)
def test_methods_are_found_through_objects(body: str, expected: set[str]) -> None:
    found = edges(textwrap.dedent(CLASSES) + f"def a():\n  {body}\n")
    assert {edge for edge in found if edge.startswith("a ")} == expected


def test_methods_call_each_other() -> None:
    found = edges(CLASSES)
    assert found == {
        "Base -> f",
        "Base.__init__ => f",
        "Base.go -> Base.step",
        "Base.__exit__ -> f",
        "Base.make -> Base",
        "Base.make -> Base.__init__",
        "Base.make -> Base.go",
        "Base.ready -> Base.step",
        "Child => Child.up",
        "Child.go -> Base.go",
        "Child.up => Base",
        "Child.up -> Base.step",
        "Child.Part.use -> Base.go",
    }


def test_the_module_is_not_executed() -> None:
    assert edges("raise SystemExit('executed')\ndef f(): pass\nf()") == {f"{MODULE} -> f"}


def test_text_that_is_not_python_is_refused_with_its_place() -> None:
    with pytest.raises(BadSource) as caught:
        call_graph("x = 1\ndef f(:\n", "m.py")
    assert str(caught.value).startswith("m.py:2:")


@pytest.mark.parametrize(
    "deep", ["x = [" + "[" * 5000 + "]" * 5001, "x = " + "-" * 3000 + "1", "x = a" + ".b" * 3000], ids=len
)
def test_text_nested_too_deep_is_refused_and_does_not_crash(deep: str) -> None:
    with pytest.raises(BadSource, match=r"nested|nesting|syntax error"):
        call_graph(deep, "deep.py")
