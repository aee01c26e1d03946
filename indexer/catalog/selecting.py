"""Which documents are in a state, asked of the catalog in the way that suits how many they are.

A state of few documents is found by an index of its own and known whole. One of many is tested,
document by document, as far as somebody looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Literal, NamedTuple

from indexer.catalog import states
from indexer.catalog.schema import SEEN
from indexer.catalog.states import FLAG_BITS, Condition, condition
from indexer.catalog.store import Catalog
from indexer.query import syntax

FEW = 1000
"""Documents that are known whole, at the most."""

_FEW_ALONE = 5000  # the same where no words are asked for, and one look is all there is

Order = Literal["date", "sender", "subject", "size"]

_AMONG = "document.id IN (SELECT value FROM json_each(?))"
_FIRST = {
    "date": "document.date",
    "sender": "sort_sender",
    "subject": "sort_subject",
    "size": "size",
}
_DESCENDING = ("date", "size")
# Every keyword set that occurs, from one to the next larger one: a step each, not a row each.
_KEYWORD_SETS = """
    WITH RECURSIVE each(words) AS (
        SELECT min(keywords) FROM placement WHERE keywords <> ''
        UNION ALL
        SELECT (SELECT min(keywords) FROM placement WHERE keywords <> '' AND keywords > words)
        FROM each WHERE words IS NOT NULL)
    SELECT words FROM each WHERE instr(lower(words), ?)"""


class Place(NamedTuple):
    """Where a document stands in an order: what it is ordered by, then the newest first."""

    key: str | int
    date: int
    id: int


def few(catalog: Catalog, query: syntax.Node, most: int = FEW) -> frozenset[int] | None:
    """All documents in a state, or None where they are more than `most`, or cannot be had at once."""
    match query:
        case syntax.And(parts):
            for part in parts:
                some = few(catalog, part, most)
                if some is not None:
                    return frozenset(among(catalog, query, list(some)))
            return None
        case syntax.Or(parts):
            each = [few(catalog, part, most) for part in parts]
            if any(some is None for some in each):
                return None
            together = frozenset(chain.from_iterable(some for some in each if some is not None))
            return together if len(together) <= most else None
    source = _source(catalog, query)
    if source is None:
        return None
    rows = catalog.connection.execute(
        f"{source.sql} LIMIT {most + 1}", source.parameters
    ).fetchall()
    return frozenset(id_ for (id_,) in rows) if len(rows) <= most else None


def among(catalog: Catalog, query: syntax.Node, ids: Sequence[int]) -> list[int]:
    """Those of some documents that are in a state; ids that are gone are left out."""
    where = condition(catalog, query)
    rows = catalog.connection.execute(
        f"SELECT id FROM document WHERE {_AMONG} AND {where.sql}",
        (json.dumps(list(ids)), *where.parameters),
    )
    return [id_ for (id_,) in rows]


def count(catalog: Catalog, query: syntax.Node) -> int:
    """How many documents match."""
    some = few(catalog, query, _FEW_ALONE)
    if some is not None:
        return len(among(catalog, query, list(some)))
    where = condition(catalog, query)
    (total,) = catalog.connection.execute(
        f"SELECT count(*) FROM document WHERE {where.sql}", where.parameters
    ).fetchone()
    return int(total)


def in_order(
    catalog: Catalog,
    query: syntax.Node,
    order: Order = "date",
    after: Place | None = None,
    ids: Sequence[int] | None = None,
) -> Iterator[Place]:
    """The documents that match (of some `ids`, or of all), in an order, from behind a place; read as
    far as they are consumed."""
    where = condition(catalog, query)
    some = ids if ids is not None else few(catalog, query, _FEW_ALONE)
    tests, parameters = where.sql, where.parameters
    if some is not None:
        tests, parameters = f"{_AMONG} AND {where.sql}", (json.dumps(list(some)), *where.parameters)
    return _walk(catalog, tests, parameters, order, after)


def is_before(one: Place, other: Place, order: Order) -> bool:
    """Whether one place comes before another in an order."""
    if one.key != other.key:
        larger = one.key > other.key  # type: ignore[operator]
        return larger if order in _DESCENDING else not larger
    return one[1:] > other[1:]


def _walk(
    catalog: Catalog,
    tests: str,
    parameters: tuple[object, ...],
    order: Order,
    after: Place | None,
) -> Iterator[Place]:
    first, down = _FIRST[order], order in _DESCENDING
    if after is not None:
        beyond = f"{first} {'<' if down else '>'} ?1"
        behind = f"({first} = ?1 AND (document.date, document.id) < (?2, ?3))"
        tests = f"({beyond} OR {behind}) AND {tests}"
        if order == "date":
            tests = tests.replace(
                f"({beyond} OR {behind})", "(document.date, document.id) < (?2, ?3)"
            )
    key = "'', " if order == "date" else f"{first}, "
    by = "" if order == "date" else f"{first} {'DESC' if down else 'ASC'}, "
    rows = catalog.connection.execute(
        f"SELECT {key}document.date, document.id FROM document WHERE {tests}"
        f" ORDER BY {by}document.date DESC, document.id DESC",
        (*(after or ()), *parameters),
    )
    return (Place(*row) for row in rows)


def _source(catalog: Catalog, leaf: syntax.Node) -> Condition | None:
    """A SELECT of the ids of a state that walks an index of just these; None where there is none."""
    placed = "SELECT document_id FROM placement WHERE "
    match leaf:
        case syntax.In(folder) if folder != "anywhere" and (
            found := states.folder_ids(catalog, folder)
        ):
            return Condition(f"{placed}folder_id IN ({', '.join('?' * len(found))})", tuple(found))
        case syntax.Is("unread"):
            return Condition(f"{placed}flags & {SEEN} = 0")
        case syntax.Is(state) if state in FLAG_BITS:
            values = [value for value in range(32) if value & FLAG_BITS[state]]
            return Condition(
                f"{placed}flags & 30 <> 0 AND flags IN ({', '.join(map(str, values))})"
            )
        case syntax.Keyword(name) if name:
            rows = catalog.connection.execute(_KEYWORD_SETS, (f" {name} ",))
            words = json.dumps([words for (words,) in rows])
            listed = "keywords IN (SELECT value FROM json_each(?))"
            return Condition(f"{placed}keywords <> '' AND {listed}", (words,))
        case syntax.Keyword():
            return Condition(f"{placed}keywords <> ''")
        case syntax.Kind(name):
            kinds = "SELECT id FROM document WHERE kinds <> '' AND instr(kinds, ?)"
            return Condition(kinds, (f" {name} ",))
        case (
            syntax.MessageId()
            | syntax.RefersTo()
            | syntax.InThreads()
            | syntax.Among()
            | syntax.SizeRange()
            | syntax.Received()
            | syntax.DateRange()
        ):
            where = condition(catalog, leaf)
            return Condition(f"SELECT id FROM document WHERE {where.sql}", where.parameters)
    return None
