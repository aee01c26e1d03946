"""The door to searching: a query's text → a page of hits.

Parse, ask the engine for as many matches as the page needs (or the catalog, where the query is of
states alone), join them with the catalog, cut snippets. A Searcher stays warm: keep one in a
process; it sees other processes' commits by itself. One thread at a time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Literal

from indexer.catalog import lookup, saved, states
from indexer.catalog.store import Catalog
from indexer.errors import QueryError
from indexer.index.engine import Match, Partition, SearchEngine
from indexer.query import syntax
from indexer.query.parser import parse
from indexer.query.syntax import Node, State
from indexer.search.page import Coverage, Hit, Marked, Page
from indexer.search.snippets import mark, snippet, wanted

Sort = Literal["date", "relevance"]
_THREADS_AT_ONCE = 500  # matches whose threads are looked up
_REMEMBERED = 256  # sets of ids, each of one state in one partition


class Searcher:
    """Answers queries from a catalog and the index that was made of it."""

    def __init__(
        self, catalog: Catalog, engine: SearchEngine, *, zone: tzinfo | None = None
    ) -> None:
        self._catalog = catalog
        self._engine = engine
        self._zone = zone or datetime.now().astimezone().tzinfo or UTC
        self._states: dict[tuple[State, Partition], Collection[int]] = {}
        self._version = -1

    def search(
        self,
        text: str,
        *,
        limit: int = 20,
        sort: Sort = "date",
        count: bool = False,
        threads: bool = False,
    ) -> Page:
        """The first `limit` hits. Raises QueryError, IndexUnavailable, StorageError.

        `threads` shows one hit for each thread, its first. `count` makes the total exact; without,
        it is given only where the page holds everything.
        """
        began = time.perf_counter()
        query = self.parsed(text)
        matches = self._matches(query, sort, limit)
        picked: list[tuple[Match, int]]
        if threads:
            picked, more = self._by_thread(matches, limit)
        else:
            some = list(islice(matches, limit + 1))
            picked, more = [(match, 1) for match in some[:limit]], len(some) > limit
        total: int | None = None if more else len(picked)
        if count and (more or threads):
            total = self.count(query)
        return Page(
            query=text,
            hits=self._hits(picked, query),
            more=more,
            total=total,
            took_ms=(time.perf_counter() - began) * 1000,
            coverage=self.coverage(),
        )

    def parsed(self, text: str) -> Node:
        """The tree of a query, with saved searches and threads looked up, its folders and accounts
        known to exist. Raises QueryError."""
        return self._resolved(self._checked(text), text, ())

    def _checked(self, text: str) -> Node:
        query = parse(text, now=datetime.now(self._zone), zone=self._zone)
        try:
            states.check(self._catalog, query)
        except states.UnknownName as error:
            raise error.in_query(text) from None
        return query

    def _resolved(self, query: Node, text: str, within: tuple[str, ...]) -> Node:
        """Saved searches replaced by what they stand for, `thread:{…}` by the threads of its matches.

        `within` are the saved searches that led here.
        """
        match query:
            case syntax.And(parts):
                return syntax.And(tuple(self._resolved(part, text, within) for part in parts))
            case syntax.Or(parts):
                return syntax.Or(tuple(self._resolved(part, text, within) for part in parts))
            case syntax.Not(part):
                return syntax.Not(self._resolved(part, text, within))
            case syntax.Saved(name, span):
                return self._saved(name, span, text, within)
            case syntax.ThreadOf(part, span):
                return syntax.InThreads(self._threads(self._resolved(part, text, within)), span)
            case _:
                return query

    def _saved(self, name: str, span: syntax.Span, text: str, within: tuple[str, ...]) -> Node:
        known = saved.listed(self._catalog)
        if name not in known:
            error = states.UnknownName("saved search", name, span, [*known])
            raise error.in_query(text, "save one: mailseek saved add NAME QUERY")
        if name in within:
            start, end = span
            raise QueryError(
                f"the saved search {name!r} holds itself",
                query=text,
                position=start,
                length=max(end - start, 1),
                cure=f"save it anew: mailseek saved add {name} …",
            )
        return self._resolved(self._checked(known[name]), known[name], (*within, name))

    def _threads(self, query: Node) -> frozenset[int]:
        matches = self._matches(query, "date", 0)
        found: set[int] = set()
        while batch := list(islice(matches, _THREADS_AT_ONCE)):
            ids = [match.id for match in batch]
            found.update(lookup.threads_of(self._catalog, ids).values())
        return frozenset(found)

    def count(self, query: Node) -> int:
        """How many messages match, exactly."""
        if states.catalog_only(query):
            return states.count(self._catalog, query)
        return self._engine.count(query, self._lookup)

    def explain(self, text: str) -> str:
        """The tree of a query and who answers it, in words. Raises QueryError."""
        query = self.parsed(text)
        if states.catalog_only(query):
            return f"{_drawn(query)}\nanswered by: the catalog alone, newest first"
        partitions = [part.period for part in self._engine.partitions()]
        return (
            f"{_drawn(query)}\nanswered by: the index, partitions {', '.join(partitions) or 'none'},"
            " newest first, stopping when the page is full; folders, flags and accounts come from"
            " the catalog"
        )

    def coverage(self) -> Coverage:
        """How many messages there are and how many of them the index knows."""
        numbers = lookup.counts(self._catalog).values()
        messages = sum(each.messages for each in numbers)
        waiting = sum(each.waiting for each in numbers)
        failed = sum(each.failed for each in numbers)
        return Coverage(messages, messages - waiting - failed, waiting, failed)

    def _matches(self, query: Node, sort: Sort, limit: int) -> Iterator[Match]:
        if states.catalog_only(query):
            return (Match(*row) for row in states.newest(self._catalog, query))
        if sort == "relevance":
            return iter(self._engine.ranked(query, self._lookup, limit + 1))
        return self._engine.matches(query, self._lookup)

    def _lookup(self, state: State, partition: Partition) -> Collection[int]:
        """Ids of a state in a partition, remembered until somebody writes to the catalog."""
        (version,) = self._catalog.connection.execute("PRAGMA data_version").fetchone()
        if version != self._version or len(self._states) > _REMEMBERED:
            self._states.clear()
            self._version = version
        key = (state, partition)
        if key not in self._states:
            self._states[key] = states.ids_in(
                self._catalog, state, partition.account_id, partition.period
            )
        return self._states[key]

    def _by_thread(
        self, matches: Iterator[Match], limit: int
    ) -> tuple[list[tuple[Match, int]], bool]:
        """The first match of each thread, and how many of the matches seen belong to it."""
        firsts: dict[int, tuple[Match, int]] = {}
        while batch := list(islice(matches, 2 * limit)):
            thread = lookup.threads_of(self._catalog, [match.id for match in batch])
            for match in batch:
                if match.id not in thread:
                    continue
                first, seen = firsts.get(thread[match.id], (match, 0))
                if not seen and len(firsts) >= limit:
                    return list(firsts.values()), True
                firsts[thread[match.id]] = (first, seen + 1)
        return list(firsts.values()), False

    def _hits(self, picked: list[tuple[Match, int]], query: Node) -> tuple[Hit, ...]:
        """Hits in the order given; a document that was removed meanwhile is left out."""
        rows = lookup.found(self._catalog, [match.id for match, _ in picked])
        in_text, in_subject = wanted(query), wanted(query, ("", "subject"))
        return tuple(
            Hit(
                id=row.id,
                account=row.account,
                message_id=row.message_id,
                thread_id=row.thread_id,
                date=datetime.fromtimestamp(row.date, UTC),
                sender=row.headers.sender,
                to=row.headers.to,
                subject=mark(row.subject, in_subject),
                folders=tuple(dict.fromkeys(place.folder for place in row.placements)),
                flags=tuple(dict.fromkeys(flag for p in row.placements for flag in p.flags)),
                attachments=row.attachments,
                size=row.size,
                snippet=snippet(row.text, in_text) if row.text else Marked(""),
                in_thread=seen,
            )
            for match, seen in picked
            if (row := rows.get(match.id)) is not None
        )


def _drawn(node: Node, depth: int = 0) -> str:
    """A tree, a line for each node."""
    name = type(node).__name__
    fields = {field: getattr(node, field) for field in node.__dataclass_fields__ if field != "span"}
    children = fields.pop("parts", None) or [part for part in [fields.pop("part", None)] if part]
    shown = " ".join(
        f"{field}={value!r}" for field, value in fields.items() if value not in ("", None)
    )
    lines = ["  " * depth + f"{name} {shown}".rstrip()]
    return "\n".join([*lines, *(_drawn(child, depth + 1) for child in children)])
