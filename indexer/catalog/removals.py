"""Documents that no folder holds any more, removed once a pass over the account is over."""

from __future__ import annotations

import math

from indexer.catalog import outbox
from indexer.catalog.store import Catalog

_BATCH = 2000  # documents of one transaction: others want to write too


def sweep(
    catalog: Catalog, account_id: int, *, keep: bool = False, before: float = math.inf
) -> int:
    """Remove the loose documents that found no other place, also from the index; how many.

    `before`: only those that lost their place before this moment, since 1970. `keep`: the account
    keeps what the server deletes: only what its own settings do not want is removed. The others
    stay loose, and go should the account change its mind.
    """
    removed = 0
    least = 1 if keep else 0
    if not catalog.connection.execute(
        "SELECT 1 FROM loose WHERE account_id = ? AND unwanted >= ? LIMIT 1", (account_id, least)
    ).fetchone():
        return 0
    while True:
        with catalog.transaction() as connection:
            some = connection.execute(
                "SELECT document_id, partition,"
                " EXISTS (SELECT 1 FROM placement WHERE placement.document_id = document.id)"
                " FROM loose JOIN document ON document.id = document_id"
                " WHERE loose.account_id = ? AND since < ? AND unwanted >= ? LIMIT ?",
                (account_id, before, least, _BATCH),
            ).fetchall()
            for document_id, partition, placed in some:
                if placed:
                    connection.execute("DELETE FROM loose WHERE document_id = ?", (document_id,))
                else:
                    outbox.put(connection, account_id, document_id, partition, "delete")
                    connection.execute("DELETE FROM document WHERE id = ?", (document_id,))
                    removed += 1
        if len(some) < _BATCH:
            return removed
