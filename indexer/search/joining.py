"""States of messages, for an engine to join with what it finds: asked of the catalog, remembered
until somebody writes to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from indexer.catalog import lookup, selecting, states
from indexer.catalog.states import Condition
from indexer.catalog.store import Catalog
from indexer.index.engine import Partition, SearchEngine
from indexer.query import syntax
from indexer.query.syntax import Node
from indexer.search.visible_threads import Threads

_REMEMBERED = 256  # states


class JoinedStates:
    """The `States` of an engine. Threads of a query are asked of the engine again."""

    def __init__(
        self, catalog: Catalog, engine: SearchEngine, threads: Threads, *, bounded: bool = True
    ) -> None:
        """`bounded`: see `States.bounded`."""
        self._catalog, self._engine, self._threads = catalog, engine, threads
        self.bounded = bounded
        self._few: dict[Node, frozenset[int] | None] = {}
        self._questions: dict[Node, Condition] = {}
        self._version = (-1, -1)

    def few(self, state: Node) -> Collection[int] | None:
        """See `States.few`."""
        self._forget_what_is_old()
        if state not in self._few:
            plain = states.catalog_only(state)
            self._few[state] = selecting.few(self._catalog, state) if plain else None
        return self._few[state]

    def among(self, state: Node, ids: Sequence[int]) -> Collection[int]:
        """See `States.among`."""
        self._forget_what_is_old()
        question = self._questions.get(state)
        if question is None and states.catalog_only(state):
            question = self._questions[state] = selecting.question(self._catalog, state)
        if question is not None:
            return selecting.answered(self._catalog, question, ids)
        match state:
            case syntax.And(parts):
                left: Collection[int] = ids
                for part in sorted(parts, key=states.catalog_only, reverse=True):
                    left = self.among(part, list(left))
                return left
            case syntax.Or(parts):
                found: set[int] = set()
                for part in parts:
                    found.update(self.among(part, [id_ for id_ in ids if id_ not in found]))
                return found
            case syntax.Not(part):
                return set(ids).difference(self.among(part, ids))
            case syntax.ThreadOf(part):
                return self._in_threads_of(part, ids)
            case _:
                raise AssertionError(f"{type(state).__name__} is no state")

    def _forget_what_is_old(self) -> None:
        """Whoever wrote to the catalog may have changed every state, and the names of folders."""
        now = self._catalog.version()
        if now != self._version or len(self._few) + len(self._questions) > _REMEMBERED:
            self._few.clear()
            self._questions.clear()
            self._version = now

    def matching(self, query: Node, ids: Collection[int]) -> Collection[int]:
        """Those of some documents that match any query."""
        if states.catalog_only(query):
            return selecting.among(self._catalog, query, list(ids))
        places: dict[Partition, list[int]] = {}
        for id_, account_id, period in lookup.partitions_of(self._catalog, list(ids)):
            places.setdefault(Partition(account_id, period), []).append(id_)
        return self._engine.among(query, places, self)

    def _in_threads_of(self, query: Node, ids: Sequence[int]) -> set[int]:
        """Documents in whose threads one matches."""
        threads = self._threads.of(ids)
        members = self._threads.members(sorted(set(threads.values())))
        matching = {members[id_] for id_ in self.matching(query, members)}
        return {id_ for id_, thread in threads.items() if thread in matching}
