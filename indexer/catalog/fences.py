"""Two workers on one folder: the one that came first must not write any more.

A lease that ran out does not stop the process that held it: it may have slept (SIGSTOP, a laptop's
lid), and wakes up in the middle of a batch. So whoever takes a folder counts its fence up, and each
of its transactions looks whether it still stands there. Decided by the catalog itself, this holds
whatever becomes of the locks in Redis.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from indexer.catalog.store import Catalog
from indexer.errors import Superseded


@contextmanager
def fenced(catalog: Catalog, account_id: int, folder: str) -> Iterator[None]:
    """Take a folder over from whoever has it; transactions in here are refused once another did.

    Raises Superseded out of a transaction; StorageError.
    """
    assert catalog.guard is None, "fences do not nest"
    with catalog.transaction() as connection:
        (number,) = connection.execute(
            "INSERT INTO fence VALUES (?, ?, 1) ON CONFLICT (account_id, folder)"
            " DO UPDATE SET number = number + 1 RETURNING number",
            (account_id, folder),
        ).fetchone()

    def guard(connection: sqlite3.Connection) -> None:
        row = connection.execute(
            "SELECT number FROM fence WHERE account_id = ? AND folder = ?", (account_id, folder)
        ).fetchone()
        if row is None or row[0] != number:
            raise Superseded(
                "another worker took this folder over",
                where=f"folder {folder}",
                cure="nothing is lost: it goes on where this one stopped",
            )

    catalog.guard = guard
    try:
        yield
    finally:
        catalog.guard = None
