"""A query's text → tree. `parse` is the door; docs/query-language.md says what it understands.

NOT and `-` bind closest, then AND (which juxtaposition means), then OR.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from indexer.errors import QueryError
from indexer.query import operators, syntax
from indexer.query.lexer import Token, tokens
from indexer.query.operators import Context
from indexer.query.syntax import Node

DEEPEST = 100
"""Brackets within brackets."""

_CLOSING = {"(": ")", "{": "}"}


def parse(query: str, *, now: datetime, zone: tzinfo) -> Node:
    """The tree of a query; the empty one is Everything.

    `now` is what relative dates start from, `zone` the one that days are of.
    Raises QueryError, which points at the character.
    """
    parser = _Parser(query, Context(query, now.astimezone(zone), zone))
    node = parser.alternatives(depth=0)
    parser.expect_end()
    return node


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


def negated(node: Node) -> Node:
    """Not, where two of them are none."""
    return node.part if isinstance(node, syntax.Not) else syntax.Not(node)


class _Parser:
    def __init__(self, query: str, context: Context) -> None:
        self._query = query
        self._context = context
        self._tokens = tokens(query)
        self._at = 0

    def alternatives(self, depth: int, *, each_word: bool = False, field: Token | None = None) -> Node:
        """a OR b; within braces every word is an alternative."""
        if self._next.kind == "end" and depth == 0:
            return syntax.Everything()
        parts = [self._together(depth, each_word, field)]
        while self._next.kind == "or" or (each_word and self._next.kind not in ("close", "end")):
            if self._next.kind == "or":
                self._operand_follows(self._take())
            parts.append(self._together(depth, each_word, field))
        return either(parts)

    def expect_end(self) -> None:
        """Everything was read; what closes too much is left over."""
        if self._next.kind != "end":
            raise self._error(f"this {self._next.text} closes nothing", self._next, "remove it")

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _together(self, depth: int, each_word: bool, field: Token | None) -> Node:
        """a b, a AND b."""
        parts = [self._single(depth, field)]
        while True:
            if self._next.kind == "and":
                self._operand_follows(self._take())
            elif each_word or self._next.kind in ("or", "close", "end"):
                return both(parts)
            parts.append(self._single(depth, field))

    def _single(self, depth: int, field: Token | None) -> Node:
        token = self._take()
        match token.kind:
            case "not":
                negate = True
                while self._next.kind == "not":
                    self._take()
                    negate = not negate
                self._operand_follows(token)
                inner = self._single(depth, field)
                return negated(inner) if negate else inner
            case "open":
                return self._group(token, depth, field)
            case "word" if field is None and token.text[-1:] == ":":
                name = token.text[:-1]
                if name.lower() in operators.names():
                    raise self._error(f"{name}: needs a value", token, operators.example(name))
                return operators.leaf(field, token, self._context)
            case "word" | "phrase":
                return operators.leaf(field, token, self._context)
            case "operator":
                if field is not None:
                    raise self._error(
                        f"{token.text}: cannot stand inside of {field.text}:( )",
                        token,
                        "close the bracket first",
                    )
                return self._field(token, depth)
            case "or" | "and":
                raise self._error(
                    f"nothing stands before this {token.text}",
                    token,
                    f'write a word before it, or "{token.text}" in quotes to find the word',
                )
            case _:
                raise self._error("something is missing here", token, "add a word, or remove the rest")

    def _group(self, token: Token, depth: int, field: Token | None) -> Node:
        if depth >= DEEPEST:
            raise self._error(
                f"brackets are nested more than {DEEPEST} deep", token, "write it with fewer brackets"
            )
        if self._next.kind == "close":
            raise self._error("there is nothing between these brackets", token, "remove them")
        inner = self.alternatives(depth + 1, each_word=token.text == "{", field=field)
        if self._next.text != _CLOSING[token.text] or self._next.kind != "close":
            raise self._error(
                f"this {token.text} is never closed", token, f"add a {_CLOSING[token.text]}"
            )
        self._take()
        return inner

    def _field(self, operator: Token, depth: int) -> Node:
        """`from:ann`, `subject:"two words"`, `from:(ann OR bob)`."""
        operators.check(operator, self._context)
        following = self._next
        if following.start == operator.end and following.kind in ("word", "phrase"):
            return operators.leaf(operator, self._take(), self._context)
        if following.start == operator.end and following.kind == "open":
            return self._group(self._take(), depth, operator)
        raise self._error(
            f"{operator.text}: needs a value", operator, operators.example(operator.text)
        )

    def _operand_follows(self, operator: Token) -> None:
        if self._next.kind in ("end", "close", "or", "and"):
            raise self._error(
                f"nothing stands behind this {operator.text}",
                operator,
                f'write a word behind it, or "{operator.text}" in quotes to find the word',
            )

    def _error(self, message: str, token: Token, cure: str) -> QueryError:
        return QueryError(
            message,
            query=self._query,
            position=token.start,
            length=max(token.end - token.start, 1),
            cure=cure,
        )
