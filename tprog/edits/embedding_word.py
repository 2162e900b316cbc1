"""A word of an embedding: the value that it has there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Example, NodeEdit, any_node, code_in, replaced
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Embedding, Node, Program, Symbol, Value
from tprog.ir.values import shown


@dataclass(frozen=True)
class WordEdit(NodeEdit):
    """An embedding's value for one word becomes `value`; None makes it a hole."""

    kind = "embedding"

    node: str
    word: str
    value: Symbol | None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(cls("kind", "a", "other"), "kind, word 'a': value 'other'", "kind, word 'a': value 'vowel'"),
            Example(cls("kind", "b", None), "kind, word 'b': value a hole", "kind, word 'b': value 'other'"),
        )

    @classmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[WordEdit]:
        """A word gets each other value."""
        if node.words is None or node.declares is None:
            return
        for word, old in zip(program.vocabulary, node.words, strict=True):
            if reached(Entry(node.name, "word", (word,))):
                yield from (cls(node.name, word, new) for new in node.declares if new != old)

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "word", (self.word,))

    @property
    def yields(self) -> Value | None:
        return self.value

    def code(self, program: Program) -> int:
        return code_in(program.symbols("tokens"), self.word, self)

    def edited_node(self, program: Program) -> Node:
        embedding = self._embedding(program)
        return replace(embedding, table=replaced(embedding.table, self.code(program), self.value))

    def undo(self, program: Program) -> WordEdit:
        return replace(self, value=self._embedding(program).table[self.code(program)])

    def becomes(self) -> str:
        return f"value {shown(self.value)}"

    def size(self, program: Program) -> Fraction:
        return Fraction(1)

    def _embedding(self, program: Program) -> Embedding:
        node = any_node(program, self.node)
        if node.kind != "embedding":
            raise BadUsage(f"node {self.node!r} is not an embedding, so it has no words")
        return node
