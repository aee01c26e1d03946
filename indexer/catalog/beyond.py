"""Messages older than an account wants: which they are, and what changes when it wants others."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable

from indexer.catalog import placements
from indexer.catalog.store import Catalog

_BATCH = 2000  # messages of one transaction: others want to write too


def uids(catalog: Catalog, folder_id: int) -> array[int]:
    """Those of a folder, ascending."""
    rows = catalog.connection.execute(
        "SELECT uid FROM beyond WHERE folder_id = ? ORDER BY uid", (folder_id,)
    )
    return array("Q", (uid for (uid,) in rows))


def put(connection: sqlite3.Connection, folder_id: int, uids: Iterable[int]) -> None:
    """Note messages that are too old to be fetched."""
    connection.executemany(
        "INSERT OR IGNORE INTO beyond VALUES (?, ?)", [(folder_id, uid) for uid in uids]
    )


def apply(catalog: Catalog, account_id: int, oldest: int) -> None:
    """Let an account have mail that arrived at `oldest` (seconds since 1970) or later.

    What is older now leaves its folders. What was too old and is not any more is fetched by the
    next pass: its folders are compared with the server anew.
    """
    (before,) = catalog.connection.execute(
        "SELECT oldest FROM account WHERE id = ?", (account_id,)
    ).fetchone()
    if oldest == before:
        return
    while oldest > before and _narrow(catalog, account_id, oldest) == _BATCH:
        pass
    with catalog.transaction() as connection:
        if oldest < before:
            _widen(connection, account_id)
        connection.execute("UPDATE account SET oldest = ? WHERE id = ?", (oldest, account_id))


def _narrow(catalog: Catalog, account_id: int, oldest: int) -> int:
    with catalog.transaction() as connection:
        rows = connection.execute(
            "SELECT folder_id, uid FROM placement JOIN document ON document.id = document_id"
            " WHERE account_id = ? AND received < ? LIMIT ?",
            (account_id, oldest, _BATCH),
        ).fetchall()
        for folder_id in {folder_id for folder_id, _ in rows}:
            these = [uid for there, uid in rows if there == folder_id]
            placements.remove(connection, folder_id, these, unwanted=True)
            put(connection, folder_id, these)
    return len(rows)


def _widen(connection: sqlite3.Connection, account_id: int) -> None:
    ours = "(SELECT id FROM folder WHERE account_id = ?)"
    connection.execute(
        "UPDATE folder SET complete = 0 WHERE id IN (SELECT folder_id FROM beyond)"
        " AND account_id = ?",
        (account_id,),
    )
    connection.execute(f"DELETE FROM beyond WHERE folder_id IN {ours}", (account_id,))
