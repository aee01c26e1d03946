"""Documents that no folder holds any more, removed once a pass over the account is over."""

from __future__ import annotations

from indexer.catalog import outbox
from indexer.catalog.store import Catalog

_BATCH = 2000  # documents of one transaction: others want to write too


def sweep(catalog: Catalog, account_id: int) -> int:
    """Remove the loose documents that found no other place, also from the index; how many.

    Where an account keeps what the server deletes, this is not called: the documents stay loose,
    and go should the account change its mind.
    """
    removed = 0
    while True:
        some = catalog.connection.execute(
            "SELECT document_id, partition,"
            " EXISTS (SELECT 1 FROM placement WHERE placement.document_id = document.id)"
            " FROM loose JOIN document ON document.id = document_id"
            " WHERE loose.account_id = ? LIMIT ?",
            (account_id, _BATCH),
        ).fetchall()
        if not some:
            return removed
        with catalog.transaction() as connection:
            for document_id, partition, placed in some:
                if placed:
                    connection.execute("DELETE FROM loose WHERE document_id = ?", (document_id,))
                else:
                    outbox.put(connection, account_id, document_id, partition, "delete")
                    connection.execute("DELETE FROM document WHERE id = ?", (document_id,))
                    removed += 1
