"""Which messages belong together for whoever sees all of them, and for whoever sees some.

To somebody who sees some, a thread is what the visible messages tell of it: two that only hang
together by a message out of reach are two threads, and a thread is named by its first visible
message, not by one that must not be known to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from indexer.catalog import lookup
from indexer.catalog.store import Catalog


class Threads(Protocol):
    """Threads by their names, which are ids of messages."""

    def of(self, ids: Sequence[int]) -> dict[int, int]:
        """id → its thread, of some messages; of those that can be seen."""

    def members(self, threads: Sequence[int]) -> dict[int, int]:
        """id → its thread, of all messages of some threads that can be seen."""


class AllThreads:
    """As the catalog has them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, ids: Sequence[int]) -> dict[int, int]:
        """See `Threads.of`."""
        return lookup.threads_of(self._catalog, ids)

    def members(self, threads: Sequence[int]) -> dict[int, int]:
        """See `Threads.members`."""
        return lookup.members_of(self._catalog, threads)


class VisibleThreads:
    """As messages tell of them that `visible` lets through."""

    def __init__(
        self, catalog: Catalog, visible: Callable[[Sequence[int]], Collection[int]]
    ) -> None:
        self._catalog, self._visible = catalog, visible

    def of(self, ids: Sequence[int]) -> dict[int, int]:
        """See `Threads.of`."""
        named = self._named(ids)
        return {id_: named[id_] for id_ in ids if id_ in named}

    def members(self, threads: Sequence[int]) -> dict[int, int]:
        """See `Threads.members`."""
        wanted = set(threads)
        return {id_: name for id_, name in self._named(threads).items() if name in wanted}

    def _named(self, ids: Sequence[int]) -> dict[int, int]:
        """id → thread, of all that the catalog has in one thread with some messages."""
        whole = sorted(set(lookup.threads_of(self._catalog, ids).values()))
        seen = self._visible([*lookup.members_of(self._catalog, whole)])
        return named(lookup.linked_ids(self._catalog, list(seen)))


def named(messages: Sequence[tuple[int, Sequence[str]]]) -> dict[int, int]:
    """id → the lowest id of its thread, of messages with the Message-IDs that each of them names:
    those that name the same one are of one thread, and so on."""
    first: dict[int, int] = {}
    by_message_id: dict[str, int] = {}

    def root(id_: int) -> int:
        while first[id_] != id_:
            first[id_] = first[first[id_]]
            id_ = first[id_]
        return id_

    for id_, message_ids in sorted(messages):
        first[id_] = id_
        for message_id in message_ids:
            one, other = root(by_message_id.setdefault(message_id, id_)), root(id_)
            first[max(one, other)] = min(one, other)
    return {id_: root(id_) for id_ in first}
