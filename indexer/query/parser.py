"""A query's text → tree. `parse` is the door; docs/query-language.md says what it understands.

NOT and `-` bind closest, then AND (which juxtaposition means), then XOR, then OR. The parser keeps its own
stack, so that no query, however deep, can exhaust Python's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from indexer.errors import QueryError
from indexer.query import operators, syntax
from indexer.query.lexer import NEAR, VALUES, Token, fault, tokens
from indexer.query.operators import OPERATORS, Context
from indexer.query.syntax import Node

DEEPEST = 100
"""Brackets within brackets, and nodes within nodes: what walks a tree may do so recursively."""

FARTHEST = 100
"""Words that NEAR may leave between two."""

_MOST_EXCLUSIVE = 3  # parts of a XOR b XOR c: each doubles the tree

_CLOSING = {"(": ")", "{": "}"}


def parse(text: str, *, now: datetime, zone: tzinfo) -> Node:
    """The tree of a query; the blank one is Everything.

    `now` (aware) is what relative dates start from, `zone` the one that days are of.
    Raises QueryError, which points at the character, and nothing else.
    """
    context = Context(text, now, zone)
    tree = _Parser(context).parse()
    _check_depth(tree, context)
    return tree


def both(parts: Sequence[Node]) -> Node:
    """And of the parts, flat; a single part stands for itself."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, syntax.And) else [part])
    return flat[0] if len(flat) == 1 else syntax.And(tuple(flat))


def either(parts: Sequence[Node]) -> Node:
    """Or of the parts, flat; a single part stands for itself."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, syntax.Or) else [part])
    return flat[0] if len(flat) == 1 else syntax.Or(tuple(flat))


def one_of(parts: Sequence[Node]) -> Node:
    """An odd number of the parts, as XOR means it; a single part stands for itself."""
    found, *others = parts
    for other in others:
        found = either([both([found, negated(other)]), both([negated(found), other])])
    return found


def negated(node: Node) -> Node:
    """Not, where two of them are none."""
    return node.part if isinstance(node, syntax.Not) else syntax.Not(node)


def _check_depth(tree: Node, context: Context) -> None:
    """One bracket may hold an Or of an And of a Not: the tree is up to three times as deep."""
    left = [(tree, 0)]
    while left:
        node, depth = left.pop()
        match node:
            case syntax.And(parts) | syntax.Or(parts):
                left.extend((part, depth + 1) for part in parts)
            case syntax.Not(part) | syntax.ThreadOf(part):
                left.append((part, depth + 1))
            case _ if depth > DEEPEST:
                start, end = (0, 1) if isinstance(node, syntax.Everything) else node.span
                raise _too_deep(context, start, end)


def _too_deep(context: Context, start: int, end: int) -> QueryError:
    message = f"this is nested more than {DEEPEST} deep"
    return fault(context.query, start, end, message, "write it with fewer brackets")


@dataclass(slots=True)
class _Level:
    """What was read of a bracket's inside, or of the whole query."""

    bracket: Token | None = None
    operator: Token | None = None
    """Whose value everything in the bracket is: `from:(…)`."""
    alternatives: list[Node] = field(default_factory=list)
    exclusive: list[Node] = field(default_factory=list)
    """The last alternative's sides of XOR, so far, but for the last one."""
    run: list[Node] = field(default_factory=list)
    """The parts of that last side, so far."""
    connective: Token | None = None
    """The AND, OR or XOR that waits for its right side."""
    waiting: Token | None = None
    """The AND, OR, XOR, NOT or minus right before here."""
    negate: bool = False
    thread: Token | None = None
    """The operator of `thread:{…}`, whose bracket holds a whole query."""

    def add(self, node: Node) -> None:
        """A word, an operator with its value, or a whole bracket."""
        kind = self.connective.kind if self.connective else ""
        in_braces = self.bracket is not None and self.bracket.text == "{" and not self.thread
        if self.run and kind == "xor":
            self.exclusive.append(both(self.run))
            self.run = []
        elif self.run and (kind == "or" or (in_braces and kind != "and")):
            self.alternatives.append(self._alternative())
            self.exclusive, self.run = [], []
        self.run.append(negated(node) if self.negate else node)
        self.connective = self.waiting = None
        self.negate = False

    def whole(self) -> Node:
        """All of it as one node."""
        return either([*self.alternatives, self._alternative()])

    def _alternative(self) -> Node:
        return one_of([*self.exclusive, both(self.run)])


class _Parser:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._tokens = tokens(context.query, OPERATORS)
        self._next = next(self._tokens)
        self._levels = [_Level()]

    def parse(self) -> Node:
        while True:
            token = self._take()
            level = self._levels[-1]
            match token.kind:
                case "and" | "or" | "xor":
                    self._complete(level)
                    if not level.run:
                        raise self._lonely(token, "before")
                    if token.kind == "xor" and len(level.exclusive) + 2 > _MOST_EXCLUSIVE:
                        message = f"XOR joins {_MOST_EXCLUSIVE} things at the most"
                        raise self._fault(token, message, "write it with AND, OR and NOT")
                    level.connective = level.waiting = token
                case "not":
                    level.waiting = token
                    level.negate = not level.negate
                case "word" | "phrase" | "exact" | "pattern":
                    self._whole_star(token)
                    level.add(operators.leaf(level.operator, token, self._context))
                    if level.operator:
                        self._value_ends(level.operator)
                case "near":
                    self._near(token, level)
                case "operator":
                    self._field(token, level)
                case "open":
                    self._open(token, level.operator)
                case "close":
                    self._close(token)
                case "end":
                    return self._end(level)

    def _take(self) -> Token:
        token = self._next
        self._next = next(self._tokens, token)
        return token

    def _field(self, operator: Token, level: _Level) -> None:
        """`from:ann`, `subject:"two words"`, `from:(ann OR bob)`."""
        operators.check(operator, self._context)
        if level.operator:
            message = f"{operator.text}: cannot stand in the brackets of {level.operator.text}:"
            cure = f"close the bracket before {operator.text}:, or put it in quotes"
            raise self._fault(operator, message, cure)
        value = self._next
        if value.glued and value.kind in VALUES:
            level.add(operators.leaf(operator, self._take(), self._context))
            self._value_ends(operator)
        elif value.glued and value.kind == "open":
            bracket = self._take()
            whole_query = operator.text.lower() == "thread" and bracket.text == "{"
            self._open(bracket, None if whole_query else operator)
            self._levels[-1].thread = operator if whole_query else None
        else:
            message = f"{operator.text}: needs a value right behind the colon"
            raise self._fault(operator, message, operators.example(operator))

    def _near(self, token: Token, level: _Level) -> None:
        """`a NEAR/5 b`, `a AROUND 5 b`, `a ADJ/5 b`: the word before it, and the one behind it."""
        cure = "write for example: budget NEAR/5 meeting"
        between = self._fault(token, f"{token.text} stands between two words", cure)
        before = level.run[-1] if level.run and not level.waiting else None
        if not isinstance(before, syntax.Term):
            raise between
        match = NEAR.fullmatch(token.text)
        distance = match[2] if match else None
        if distance is None and self._next.kind == "word" and self._next.text.isdecimal():
            distance = self._take().text
        if not 1 <= int((distance or "10")[:9]) <= FARTHEST:
            raise self._fault(token, f"{token.text}: from 1 to {FARTHEST} words", cure)
        behind = self._next
        after = operators.leaf(None, self._take(), self._context) if behind.kind == "word" else None
        if not isinstance(after, syntax.Term):
            raise between
        span = (before.span[0], behind.end)
        level.run[-1] = syntax.Near(
            before.text, after.text, int(distance or "10"), before.field,
            ordered=token.text.startswith("ADJ"), span=span,
        )  # fmt: skip

    def _value_ends(self, operator: Token) -> None:
        """Of `date:"last week"..today` or `filename:a(1).pdf`, a half would be the wrong value."""
        behind = self._next
        if behind.glued and behind.kind in (*VALUES, "operator", "open", "not"):
            message = f"the value of {operator.text}: ends before this"
            cure = (
                f'put the whole value in quotes: {operator.text}:"…", or write a blank before this'
            )
            raise self._fault(behind, message, cure)

    def _whole_star(self, token: Token) -> None:
        """`*` is everything only by itself: `"two words"*` and `(a b)*` mean something else."""
        before, behind = self._context.query[: token.start][-1:], self._next
        if token.kind == "word" and token.text.startswith("*") and token.glued:
            if before not in ("(", "{", "-"):
                message = "a * stands for the end of a word, not of a phrase or a bracket"
                raise self._fault(token, message, "remove it, or write it behind a word: word*")
        elif token.text == "*" and token.kind == "word" and behind.glued and behind.kind != "close":
            message = "a * by itself means every message, and something is stuck to it"
            raise self._fault(token, message, "remove it, or write a blank behind it")

    def _open(self, bracket: Token, operator: Token | None) -> None:
        if len(self._levels) > DEEPEST:
            raise _too_deep(self._context, bracket.start, bracket.end)
        self._levels.append(_Level(bracket, operator))

    def _close(self, token: Token) -> None:
        level = self._levels[-1]
        if level.bracket is None:
            raise self._fault(token, f"this {token.text} closes nothing", "remove it")
        closing = _CLOSING[level.bracket.text]
        if token.text != closing:
            message = f"this {token.text} does not close the {level.bracket.text} before it"
            raise self._fault(token, message, f"write a {closing} first")
        self._complete(level)
        if not level.run:
            message = "there is nothing between these brackets"
            cure = operators.example(level.operator) if level.operator else "remove them"
            raise fault(self._context.query, level.bracket.start, token.end, message, cure)
        self._levels.pop()
        if level.thread:
            self._levels[-1].add(syntax.ThreadOf(level.whole(), (level.thread.start, token.end)))
        else:
            self._levels[-1].add(level.whole())

    def _end(self, level: _Level) -> Node:
        self._complete(level)
        if level.bracket:
            closing = _CLOSING[level.bracket.text]
            message = f"this {level.bracket.text} is never closed"
            raise self._fault(level.bracket, message, f"add a {closing}, or remove this one")
        return level.whole() if level.run else syntax.Everything()

    def _complete(self, level: _Level) -> None:
        if level.waiting:
            raise self._lonely(level.waiting, "behind")

    def _lonely(self, token: Token, side: str) -> QueryError:
        cure = f'write a word {side} it, or "{token.text}" in quotes to look for it'
        return self._fault(token, f"nothing stands {side} this {token.text}", cure)

    def _fault(self, token: Token, message: str, cure: str) -> QueryError:
        return fault(self._context.query, token.start, token.end, message, cure)
