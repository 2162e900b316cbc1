"""What may stand around `run` in a published module: skipped where it changes nothing, refused where it might."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import pytest

from tests.published import Writing, run_by_python, write
from tests.strategies import some_inputs
from tests.test_published import CASES, PLAIN, own_outcomes
from tprog.errors import BadSource
from tprog.text.dialects.published.harmless import Needed, check_harmless, imports_of
from tprog.text.dialects.subset import Source
from tprog.text.read import Module, read_module


def cases(text: str) -> dict[str, tuple[str, str]]:
    """Pieces of code, each under a line ``### name | what the refusal says``: name -> code and that."""
    found: dict[str, tuple[str, str]] = {}
    for piece in f"{text.strip()}\n".split("### ")[1:]:
        head, _, code = piece.partition("\n")
        name, _, message = head.partition(" | ")
        found[name] = (code, message)
    return found


BEHIND = cases(
    '''
### a guard
if __name__ == "__main__":
    print(run(["<s>", "a", "</s>"]))
### a guard turned round
if '__main__' == __name__:
    print(run(['<s>', 'a', '</s>']))
### a guard that is a slip
if __file__ == __name__:
    print(run(['<s>', 'a', '</s>']))
### a guard with an else
if __name__ == "__main__":
    pass
else:
    x = 1
### a bare string
"""What this module is for."""
### a number of its own
tokens = 3
positions = [1]
predictions = None
max = 4
### a function that nobody calls
def save(path):
    import shutil
    pd.DataFrame().to_csv(path)
    global run
    run = None
    exec('1')
### a function that is called
def show(x):
    print(x, run(x))

show(['<s>', 'a', '</s>'])
### functions that call each other
def one(n):
    return two(n - 1) if n else 0

def two(n):
    return one(n)

print(one(3))
### main
def main():
    correct = 0
    for x, y in [(['<s>', 'a', '</s>'], ['<pad>', 'a', '<pad>'])]:
        correct += run(x)[1:-1] == y[1:-1]
    print(f'{correct:.2%}')

if __name__ == "__main__":
    main()
### sys.exit
import sys

def main() -> int:
    return 0

if __name__ == '__main__' and False:
    sys.exit(main())
### an accuracy loop
import random
random.seed(0)
right = total = 0
for _ in range(3):
    x = ['<s>'] + [random.choice('ab') for _ in range(3)] + ['</s>']
    y_hat = run(x)
    right += sum(a == b for a, b in zip(y_hat, sorted(x)))
    total += len(x)
print(right / total)
### an accuracy in numpy
acc = np.mean([a == b for a, b in zip(run(['<s>', 'a', '</s>']), 'xay')])
print(acc, np.array([acc]).round(2))
### a test by assert
assert len(run(['<s>', 'a', '</s>'])) == 3, 'wrong'
### a try
try:
    run([])
except (KeyError, IndexError) as error:
    print('refused', error)
else:
    pass
finally:
    print('done')
### a with
import os
if os.path.exists('nosuch.txt'):
    with open('nosuch.txt', encoding='utf-8') as f:
        for line in f:
            print(run(line.split()))
### a while
n = 3
while n:
    n -= 1
    if n == 1:
        break
    continue
else:
    pass
### a table of tests
tests = {'a': ['<s>', 'a', '</s>']}
tests['b'] = ['<s>', 'b', '</s>']
del tests['a']
for name, x in tests.items():
    print(name.upper(), ' '.join(run(x)))
### counting
from collections import Counter
counts = Counter(run(['<s>', 'a', '</s>']))
print(counts.most_common(1))
### all inputs
import itertools
for letters in itertools.product('ab', repeat=2):
    print(run(['<s>', *letters, '</s>']))
### a lambda
key = lambda x: (len(x), x)
print(sorted(run(['<s>', 'a', '</s>']), key=key))
### a walrus of its own
if (n := len(run(['<s>', 'a', '</s>']))) > 2:
    print(n)
### a generator
def inputs():
    for x in 'ab':
        yield ['<s>', x, '</s>']

for x in inputs():
    run(x)
### an annotation
count: int = 0
names: dict[str, list[int]] = {}
### a class of its own
class Case:
    'A case.'

    def __init__(self, x):
        self.x = x
### timing
import time
start = time.perf_counter()
run(['<s>', 'a', '</s>'])
print(time.perf_counter() - start)
### quiet warnings
import warnings
warnings.filterwarnings('ignore')
### a table in pandas
table = pd.DataFrame({'x': [1, 2]})
print(table['x'].mean())
for _, row in table.iterrows():
    print(row['x'])
### local names that run uses elsewhere
def f(list, str):
    sum = len(list)
    return sum, str

print(f([], 'a'))
### reading from the keyboard
import sys
if len(sys.argv) > 5:
    print(run(sys.argv[1].split()))
### numpy again
import numpy as np
import pandas as pd
### a helper used by hand
print(aggregate([[True]], [1]))
### examples of its own
for x in [['<s>', 'a', '</s>'], ['<s>', 'b', '</s>']]:
    print(run(x))
print()
### text replaced
print('a-b'.replace('-', '+'), {'a': 1}.copy())
### json
import json
print(json.dumps({'answer': run(['<s>', 'a', '</s>'])}, indent=2))
'''
)

ABOVE = cases(
    '''
### the future
from __future__ import annotations
### modules that nothing uses
import os
import sys, json
from pathlib import Path
from typing import List, Optional as O
### a docstring
"""A program that was learned."""
### a docstring and the future
"""A program."""
from __future__ import annotations
### pandas twice
import pandas
### constants
DEBUG = False
VOCABULARY = ['a', 'b']
TITLE = 'sort'
### a function
import math

def entropy(p):
    return -p * math.log(p)
### a seed
import random
random.seed(0)
### a letter of its own
T = str
import typing as t
X = 3
'''
)

SIGNED: dict[str, tuple[str, str]] = {
    "a list of text": ("def run(tokens):", "def run(tokens: list[str]):"),
    "a return": ("def run(tokens):", "def run(tokens: 'list[str]') -> list[str]:"),
    "typing": ("def run(tokens):", "from typing import List, Sequence\n\ndef run(tokens: Sequence[str]) -> List[str]:"),
    "a docstring": ("def run(tokens):", 'def run(tokens):\n    """Sorts."""'),
    "helpers": (
        "def aggregate(attention, values):",
        "def aggregate(attention: list[list[bool]], values: list) -> list:",
    ),
    "a predicate": ("def predicate_same(q, k):", "def predicate_same(q: str, k: 'str') -> bool | None:"),
    "locals": ("positions = list(", "positions: list[int] = list("),
}


def around(folder: Path, above: str = "", behind: str = "") -> Path:
    """A module with something put above and behind it, in a folder of its own."""
    home = folder / f"case{len(list(folder.iterdir()))}" / "programs" / "made"
    home.mkdir(parents=True)
    path = write(PLAIN, home, how=Writing(examples=False, folder=home.as_posix()))
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{above}{text}\n\n{behind}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Module:
    """A module with nothing around its `run`."""
    return read_module(write(PLAIN, tmp_path_factory.mktemp("plain"), how=Writing(examples=False)))


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_what_is_skipped_changes_nothing_when_python_runs_the_file(tmp_path: Path) -> None:
    paths = [around(tmp_path, behind=code) for code, _ in BEHIND.values()]
    paths += [around(tmp_path, above=code) for code, _ in ABOVE.values()]
    paths += [changed(around(tmp_path), old, new) for old, new in SIGNED.values()]
    inputs = some_inputs(PLAIN, 9)
    wanted = own_outcomes(PLAIN, inputs)
    for name in ("__main__", "made"):
        found = run_by_python([(path, name) for path in paths], inputs, tmp_path)
        for path, outcomes in zip(paths, found, strict=True):
            assert outcomes == wanted, path.read_text()


@pytest.mark.parametrize("name", BEHIND)
def test_what_is_skipped_behind_run_leaves_the_program_as_it_is(name: str, tmp_path: Path) -> None:
    assert read_module(around(tmp_path, behind=BEHIND[name][0])).program == PLAIN


@pytest.mark.parametrize("name", ABOVE)
def test_what_is_skipped_above_run_leaves_the_program_as_it_is(name: str, tmp_path: Path) -> None:
    assert read_module(around(tmp_path, above=ABOVE[name][0])).program == PLAIN


@pytest.mark.parametrize("name", SIGNED)
def test_annotations_leave_the_program_as_it_is(name: str, tmp_path: Path) -> None:
    assert read_module(changed(around(tmp_path), *SIGNED[name])).program == PLAIN


RUNS_NOTHING = ("a function that nobody calls", "a class of its own")


@pytest.mark.parametrize("name", [name for name in BEHIND if name not in RUNS_NOTHING])
def test_in_no_place_of_what_is_skipped_may_anything_run(name: str) -> None:
    """Wherever a value stands, `exec` stands instead, once: whatever is around it, it is seen."""
    code = BEHIND[name][0]
    for at in range(len(_values(ast.parse(code)))):
        tree = ast.parse(code)
        parent, field, place = _values(tree)[at]
        new = ast.parse("exec('1')", mode="eval").body
        if place is None:
            setattr(parent, field, new)
        else:
            getattr(parent, field)[place] = new
        body = ast.parse(ast.unparse(ast.fix_missing_locations(tree))).body
        with pytest.raises(BadSource):
            check_harmless(Source("p.py"), body, Needed(), imports_of(body))


def _values(tree: ast.Module) -> list[tuple[ast.AST, str, int | None]]:
    """Each place where an expression is read: the node that it stands in, the field, and its place in a list."""
    found: list[tuple[ast.AST, str, int | None]] = []
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                bound = isinstance(getattr(child, "ctx", None), ast.Store | ast.Del)
                if (
                    isinstance(child, ast.expr)
                    and not bound
                    and not isinstance(node, ast.JoinedStr)
                    and field != "format_spec"
                ):
                    found.append((node, field, place))
    return found


HARMFUL = cases(
    """
### run bound anew | run` uses that name
run = lambda tokens: tokens
### run defined anew | `run` a second time
def run(tokens):
    return tokens
### run defined anew in a guard | `run` uses that name
if __name__ == "__main__":
    def run(tokens):
        return tokens
### a helper bound anew | `run` uses that name
select_closest = select
### a helper in a tuple | `run` uses that name
a, (b, select) = 1, (2, 3)
### a helper by star | `run` uses that name
*aggregate, b = 1, 2
### a builtin bound anew | `run` uses that name
str = repr
### a builtin of a helper | `run` uses that name
enumerate = zip
### a builtin as a target of for | `run` uses that name
for len in [3]:
    pass
### a builtin as a target of with | `run` uses that name
with open('x') as list:
    pass
### a builtin by except | `run` uses that name
try:
    pass
except KeyError as zip:
    pass
### a builtin by import | `range`
import math as range
### a builtin from an import | `abs`
from math import pi as abs
### a builtin by walrus | `run` uses that name
print(any := 3)
### a builtin by walrus in a list | `run` uses that name
print([min := x for x in 'ab'])
### a builtin by a class | `run` uses that name
class sum:
    pass
### a builtin by a function | `run` uses that name
def len(x):
    return 3
### a builtin by augmented assignment | `run` uses that name
str += 1
### a builtin by an annotation | `run` uses that name
str: object = repr
### pandas deleted | `run` uses that name
del pd
### pandas bound anew | `run` uses that name
pd = None
### pandas by another module | for which `pd` is not pandas
import numpy as pd
### global in a function that is called | `run` uses that name
def f():
    global run
    run = None

f()
### global in a function within | `run` uses that name
def f():
    def g():
        global str
        str = None
    g()

f()
### global in a function passed on | `run` uses that name
def f(x):
    global pd
    pd = x

list(map(f, 'ab'))
### global in a lambda's function | `run` uses that name
def f():
    global pd
    del pd

g = lambda: f()
g()
### global in a function that takes the place of another | `run` uses that name
def f():
    return 1

def g():
    global f
    def f():
        global run
        run = None

g()
f()
### global in a class that takes the place of another | `run` uses that name
class A:
    pass

def g():
    global A
    class A:
        def __init__(self):
            global str
            str = None

g()
A()
### global in a method | `run` uses that name
class A:
    def __eq__(self, other):
        global pd
        pd = 1

A() == 1
### an attribute of pandas | an attribute that is changed
pd.read_csv = print
### an attribute of numpy | an attribute that is changed
np.mean = print
### an attribute by for | an attribute that is changed
for pd.read_csv in [print]:
    pass
### an attribute by with | an attribute that is changed
with open('x') as pd.x:
    pass
### an attribute deleted | an attribute that is changed
del pd.read_csv
### the code of a helper | an attribute that is changed
select.__code__ = aggregate.__code__
### the defaults of run | an attribute that is changed
run.__defaults__ = ()
### the names of run | may change anything
run.__globals__['pd'] = 1
### the builtins of a module | an attribute that is changed
__builtins__.str = 1
### the builtins | an attribute that is changed
import builtins
builtins.str = repr
### builtins by setattr | may change anything
import builtins
setattr(builtins, 'str', repr)
### pandas under another name | a module as a value
p = pd
p.x = 1
### pandas in a list | a module as a value
for m in [pd]:
    m.x = 1
### pandas handed on | may change anything
print(vars(pd))
### pandas returned | a module as a value
def f():
    return pd

print(f())
### setattr | may change anything
setattr(run, '__code__', None)
### exec | may change anything
exec('run = None')
### eval | may change anything
eval('exec(1)')
### exec handed on | may change anything
list(map(exec, ['run = None']))
### exec under another name | may change anything
e = exec
e('run = None')
### exec as a default | may change anything
def f(e=exec):
    return e
### exec in a decorator | a decorator
@exec
def f():
    pass
### exec in an annotation | an annotation
def f(x: exec('run = None')):
    pass
### exec in a base | a base of a class
class A(exec('1')):
    pass
### exec in a class | in the body of a class
class A:
    x = exec('1')
### exec in a name of text | may change anything
print(f'{exec(1)}')
### globals | may change anything
globals()['run'] = None
### locals | may change anything
locals().update(run=None)
### vars | may change anything
vars()['run'] = None
### getattr | may change anything
getattr(run, '__glo' + 'bals__')['pd'] = 1
### a name with underscores | which binds `__file__`
__file__ = 'x'
### a hook for names | which binds `__getattr__`
def __getattr__(name):
    return 1
### everything of a module | may bind any name
from math import *
### a module that is not Python's | runs code that is not Python's own
import torch
### a module within another | runs code that is not Python's own
import pandas.plotting
### the modules there are | cannot be told what it changes
import sys
sys.modules['pandas'] = 1
### the modules under another name | cannot be told what it changes
from sys import modules
modules['pandas'] = 1
### another folder | cannot be told what it changes
import os
os.chdir('/')
### another environment | cannot be told what it changes
import os
os.environ['X'] = '1'
### a command | cannot be told what it changes
import os
os.system('ls')
### a file removed | cannot be told what it changes
import os
os.remove('x_weights.csv')
### a file opened for writing | may change anything
open('x_weights.csv', 'w').write('')
### a file opened for writing by name | may change anything
open('x', mode='a')
### a file opened somehow | may change anything
mode = 'w'
open('x', mode)
### a file opened by stars | may change anything
open(*['x', 'w'])
### a file written by pandas | `.to_csv` may change anything
pd.DataFrame({}).to_csv('x_weights.csv')
### a file written by a path | may change anything
from pathlib import Path
Path('x').write_text('')
### a file moved by a path | `.replace` may change anything
from pathlib import Path
Path('x.csv').replace('x_weights.csv')
### a file copied by a path | `.copy` may change anything
import pathlib
pathlib.Path('x.csv').copy('x_weights.csv')
### a file written by a table's text | `.to_string` may change anything
pd.DataFrame({}).to_string('x_weights.csv')
### a file opened by the class of another | may change anything
type(open('x', 'rb'))('x_weights.csv')
### a file opened without a buffer | may change anything
open('x', 'rb', 0)
### a file copied | cannot be told what it changes
import shutil
shutil.copy('a', 'b')
### one name for two modules | cannot be told what it changes
import shutil as m
m.copy('a', 'b')
import copy as m
### one name for a module and a function | a module as a value
from os import remove as m
import copy as m
m('a')
### an option of pandas | an attribute that is changed
pd.options.mode.copy_on_write = True
### an option of pandas by call | cannot be told what it changes
pd.set_option('mode.copy_on_write', True)
### warnings as errors | cannot be told what it changes
import warnings
warnings.filterwarnings('error')
### the frame of a generator | may change anything
g = (x for x in 'ab')
g.gi_frame.f_globals['run'] = 1
### an import by call | may give access to anything
__import__('os').system('ls')
### a way to call attributes | cannot be told what it changes
from operator import attrgetter
attrgetter('x')(run)
### a type that is made | may change anything
type('A', (), {})
### a match | of which it cannot be told
match 1:
    case str:
        pass
### a hidden name | a module as a value
import os
def f(x):
    return x.system

f(os)
### a function open | which binds `open`
def open(path):
    global pd
    pd = 1

open('x')
### return outside a function | what Python refuses
return 3
### another future | from __future__
from __future__ import barry_as_FLUFL
### a coroutine | of which it cannot be told
async def f():
    pass
"""
)


@pytest.mark.parametrize("name", HARMFUL)
def test_what_might_change_run_is_refused_with_its_line(name: str, plain: Module) -> None:
    code, message = HARMFUL[name]
    text = f"{plain.text}\n\n{code}"
    with pytest.raises(BadSource) as refused:
        plain.reread(text, {})
    assert message in str(refused.value)
    if "for which `pd`" not in message:
        lines = text.split("\n")
        assert len(lines) - len(code.split("\n")) <= refused.value.line <= len(lines)


HARMFUL_ABOVE = cases(
    """
### a path to import from | cannot be told what it changes
import sys
sys.path.insert(0, '/tmp')
### a module of somebody's | runs code that is not Python's own
import helpers
### code that ends the file | expected imports, functions and constants
raise SystemExit
### a call that ends the file | `exit` above `run`
x = exit()
### one of sys | `exit` above `run`
import sys
sys.exit(0)
### one under another name | `leave` above `run`
from sys import exit as leave
leave()
### one in a default | `quit` above `run`
def f(x=quit()):
    pass
### one in a function that is called | `SystemExit` above `run`
def f():
    raise SystemExit
f()
### a loop | expected imports, functions and constants
for x in 'ab':
    pass
### names of a folder above | from a Python file beside the module
from ..x import y
### names under another name | `y as z`
from x import y as z
### everything of a file | from a Python file beside the module
from x import *
### a helper that is assigned | run` uses that name
select = print
"""
)


@pytest.mark.parametrize("name", HARMFUL_ABOVE)
def test_what_might_change_run_is_refused_above_it_too(name: str, plain: Module) -> None:
    code, message = HARMFUL_ABOVE[name]
    with pytest.raises(BadSource) as refused:
        plain.reread(code + plain.text, {})
    assert message in str(refused.value)
    assert refused.value.line <= len(code.split("\n"))


@pytest.mark.parametrize(
    ("annotation", "message"),
    [("exec('1')", "an annotation that names a type"), ("List[str]", "found `List`"), ("print", "found `print`")],
)
def test_an_annotation_that_python_would_evaluate_names_a_type(annotation: str, message: str, tmp_path: Path) -> None:
    path = changed(around(tmp_path), "def run(tokens):", f"def run(tokens: {annotation}):")
    with pytest.raises(BadSource, match=message.replace("(", "\\(")):
        read_module(path)


def test_nothing_around_run_is_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marker = tmp_path / "marker"
    code = f"print('run')\ndef f():\n    open({str(marker)!r}, 'w')\n"
    read_module(around(tmp_path, behind=code))
    assert capsys.readouterr().out == ""
    assert not marker.exists()


def test_a_name_that_nothing_defines_is_told_as_a_fault_of_the_file(tmp_path: Path) -> None:
    wanted, how = CASES["causal counts"]
    path = write(wanted, tmp_path, how=how)
    changed(path, "aggregate_sum(count_pattern, ones)", "aggregate_sum(count_pattern, num_var0_embeddings)")
    with pytest.raises(
        BadSource, match="`num_var0_embeddings`, which nothing defines, so that the file itself raises"
    ) as e:
        read_module(path)
    assert "NameError" in str(e.value)
    assert "aggregate_sum" in path.read_text().split("\n")[e.value.line - 1]


def test_a_sum_over_scores_that_nothing_defines_is_told_so_too(tmp_path: Path) -> None:
    path = changed(write(PLAIN, tmp_path), "[tokens_scores,", "[num_var0_embedding_scores, tokens_scores,")
    with pytest.raises(BadSource, match="`num_var0_embedding_scores`, which nothing defines"):
        read_module(path)


def test_what_a_console_keeps_is_no_builtin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "_", 2, raising=False)
    assert read_module(around(tmp_path, behind="for _ in range(3):\n    print(_)")).program == PLAIN
