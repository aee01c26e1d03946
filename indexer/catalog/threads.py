"""Which messages belong together: by Message-ID, References and In-Reply-To (RFC 5256, loosely).

A thread is named by the id of one of its documents. A message that refers to two threads joins
them; subjects play no part, as they are equal by chance too often.
"""

from __future__ import annotations

import sqlite3

from indexer.extract.document import Headers


def thread_of(connection: sqlite3.Connection, account_id: int, headers: Headers) -> int | None:
    """The thread that a new message belongs to; None where it begins one.

    Threads that the message brings together become one, inside of the caller's transaction.
    """
    ids = _ids(headers)
    if not ids:
        return None
    marks = ", ".join("?" * len(ids))
    found = [
        thread
        for (thread,) in connection.execute(
            "SELECT DISTINCT thread_id FROM thread_link"
            f" WHERE account_id = ? AND message_id IN ({marks}) ORDER BY thread_id",
            (account_id, *ids),
        )
    ]
    for other in found[1:]:
        connection.execute(
            "UPDATE document SET thread_id = ? WHERE thread_id = ?", (found[0], other)
        )
        connection.execute(
            "UPDATE thread_link SET thread_id = ? WHERE thread_id = ?", (found[0], other)
        )
    return found[0] if found else None


def link(connection: sqlite3.Connection, account_id: int, headers: Headers, thread: int) -> None:
    """Remember where a message, and those that it refers to, belong."""
    connection.executemany(
        "INSERT OR IGNORE INTO thread_link VALUES (?, ?, ?)",
        [(account_id, message_id, thread) for message_id in _ids(headers)],
    )


def _ids(headers: Headers) -> tuple[str, ...]:
    own = (headers.message_id,) if headers.message_id else ()
    ids = dict.fromkeys((*headers.references, *own))
    return tuple(each if each.isascii() else each.encode(errors="replace").decode() for each in ids)
