"""Rows that outlived what they were about, removed a few at a time: others want to write too."""

from __future__ import annotations

from indexer.catalog import events
from indexer.catalog.store import Catalog

_BATCH = 5000  # rows of one transaction

# A Message-ID whose thread has no document left. Its replies, should one come, begin a new thread.
_THREAD_LINKS = (
    "DELETE FROM thread_link WHERE (account_id, message_id) IN ("
    " SELECT account_id, message_id FROM thread_link WHERE NOT EXISTS"
    " (SELECT 1 FROM document WHERE document.thread_id = thread_link.thread_id) LIMIT ?)"
)
_FENCES = (
    "DELETE FROM fence WHERE (account_id, folder) IN ("
    " SELECT account_id, folder FROM fence WHERE NOT EXISTS (SELECT 1 FROM folder"
    " WHERE folder.account_id = fence.account_id AND folder.name = fence.folder) LIMIT ?)"
)


def prune(catalog: Catalog, *, events_before: float = 0) -> int:
    """Remove what nothing refers to, and events of standing queries that are older than a moment
    (since 1970); how many rows. Then fold the write-ahead log into the file.

    Raises StorageError, CatalogBusy.
    """
    removed = events.prune(catalog, events_before)
    for statement in (_THREAD_LINKS, _FENCES):
        while True:
            with catalog.transaction() as connection:
                count = connection.execute(statement, (_BATCH,)).rowcount
            removed += count
            if count < _BATCH:
                break
    catalog.connection.execute("PRAGMA optimize")
    catalog.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return removed
