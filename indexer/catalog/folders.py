"""Accounts, folders, placements and sync points: what `sync` reads and writes.

The functions that change something take a connection and belong inside of the caller's transaction:
a sync point is written in the one that holds what it covers.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexer.catalog import outbox
from indexer.catalog.schema import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from indexer.catalog.store import Catalog
from indexer.imap.examine import FlagState
from indexer.imap.folders import Folder, FolderState

_BITS = {
    "\\seen": SEEN, "\\answered": ANSWERED, "\\flagged": FLAGGED, "\\deleted": DELETED,
    "\\draft": DRAFT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder as the catalog has it; `complete` once every message of `state` was seen."""

    id: int
    name: str
    role: str
    state: FolderState
    complete: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One message in one folder, as it is on the server."""

    uid: int
    document_id: int
    flags: FlagState


def account_id(catalog: Catalog, name: str) -> int:
    """The id of an account, given to it when it is first seen."""
    with catalog.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO account (name) VALUES (?)", (name,))
        row = connection.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    return int(row[0])


def known_folders(catalog: Catalog, account: int) -> dict[str, KnownFolder]:
    """Folder name → what the catalog has of it."""
    return {
        row[1]: KnownFolder(row[0], row[1], row[2], FolderState(*row[3:7]), bool(row[7]))
        for row in catalog.connection.execute(
            "SELECT id, name, role, uidvalidity, uidnext, messages, highestmodseq, complete"
            " FROM folder WHERE account_id = ?",
            (account,),
        )
    }


def known_uids(catalog: Catalog, folder_id: int) -> list[int]:
    """UIDs with a placement, ascending."""
    return [
        uid
        for (uid,) in catalog.connection.execute(
            "SELECT uid FROM placement WHERE folder_id = ? ORDER BY uid", (folder_id,)
        )
    ]


def known_flags(catalog: Catalog, folder_id: int) -> dict[int, tuple[int, str]]:
    """UID → flag bits and keywords as they are stored."""
    return {
        uid: (bits, keywords)
        for uid, bits, keywords in catalog.connection.execute(
            "SELECT uid, flags, keywords FROM placement WHERE folder_id = ?", (folder_id,)
        )
    }


def put_folder(connection: sqlite3.Connection, account: int, folder: Folder) -> int:
    """Write a folder's name and role; its id."""
    row = connection.execute(
        "INSERT INTO folder (account_id, name, delimiter, role) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id, name) DO UPDATE SET delimiter = excluded.delimiter,"
        " role = excluded.role RETURNING id",
        (account, folder.name, folder.delimiter, folder.role),
    ).fetchone()
    return int(row[0])


def begin_reading(
    connection: sqlite3.Connection, account: int, folder_id: int, state: FolderState
) -> None:
    """A folder is read from scratch: placements of another UIDVALIDITY mean nothing any more.

    The HIGHESTMODSEQ of this moment is kept: flags that change during the reading, however long it
    takes, changed after it. Documents stay; they are recognised by their headers.
    """
    removed = connection.execute("DELETE FROM placement WHERE folder_id = ?", (folder_id,)).rowcount
    connection.execute("DELETE FROM failure WHERE folder_id = ?", (folder_id,))
    if removed:
        connection.execute("UPDATE account SET orphans = 1 WHERE id = ?", (account,))
    set_sync_point(connection, folder_id, state, complete=False)


def set_sync_point(
    connection: sqlite3.Connection, folder_id: int, state: FolderState, *, complete: bool
) -> None:
    """The state up to which the catalog follows the folder, in the transaction that brought it there."""
    connection.execute(
        "UPDATE folder SET uidvalidity = ?, uidnext = ?, messages = ?, highestmodseq = ?,"
        " complete = ?, last_sync = ? WHERE id = ?",
        (
            state.uidvalidity,
            state.uidnext,
            state.messages,
            state.highestmodseq,
            complete,
            time.time(),
            folder_id,
        ),
    )


def place(connection: sqlite3.Connection, folder_id: int, places: Iterable[Place]) -> None:
    """Write where messages are; what was said of the same UID before is replaced."""
    rows = [
        (folder_id, each.uid, each.document_id, each.flags.modseq, *stored_flags(each.flags.flags))
        for each in places
    ]
    connection.executemany("INSERT OR REPLACE INTO placement VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.executemany(
        "DELETE FROM failure WHERE folder_id = ? AND uid = ?", [row[:2] for row in rows]
    )


def set_flags(
    connection: sqlite3.Connection, folder_id: int, states: Iterable[FlagState]
) -> int:
    """Write flags of messages that are known; how many rows were changed."""
    return connection.executemany(
        "UPDATE placement SET modseq = ?, flags = ?, keywords = ? WHERE folder_id = ? AND uid = ?",
        [(each.modseq, *stored_flags(each.flags), folder_id, each.uid) for each in states],
    ).rowcount


def remove_places(
    connection: sqlite3.Connection, account: int, folder_id: int, uids: Sequence[int]
) -> int:
    """Messages left a folder; how many of them were known there."""
    removed = connection.executemany(
        "DELETE FROM placement WHERE folder_id = ? AND uid = ?", [(folder_id, uid) for uid in uids]
    ).rowcount
    connection.executemany(
        "DELETE FROM failure WHERE folder_id = ? AND uid = ?", [(folder_id, uid) for uid in uids]
    )
    if removed > 0:
        connection.execute("UPDATE account SET orphans = 1 WHERE id = ?", (account,))
    return max(removed, 0)


def remove_folder(connection: sqlite3.Connection, account: int, folder_id: int) -> int:
    """A folder is no longer followed; how many placements went with it."""
    (count,) = connection.execute(
        "SELECT count(*) FROM placement WHERE folder_id = ?", (folder_id,)
    ).fetchone()
    connection.execute("DELETE FROM folder WHERE id = ?", (folder_id,))
    connection.execute("UPDATE account SET orphans = 1 WHERE id = ?", (account,))
    return int(count)


def remove_orphans(catalog: Catalog, account: int, *, keep: bool) -> int:
    """Documents that are in no folder any more leave catalog and index, unless they are kept.

    For the end of a pass: before it, a missing message may be one that arrives in its next folder.
    """
    (orphans,) = catalog.connection.execute(
        "SELECT orphans FROM account WHERE id = ?", (account,)
    ).fetchone()
    if not orphans:
        return 0
    with catalog.transaction() as connection:
        connection.execute("UPDATE account SET orphans = 0 WHERE id = ?", (account,))
        if keep:
            return 0
        gone = connection.execute(
            "SELECT id, partition FROM document WHERE account_id = ? AND NOT EXISTS"
            " (SELECT 1 FROM placement WHERE document_id = document.id)",
            (account,),
        ).fetchall()
        for document_id, partition in gone:
            outbox.put(connection, account, document_id, partition, "delete")
        connection.executemany("DELETE FROM document WHERE id = ?", [(row[0],) for row in gone])
    return len(gone)


def note_failures(
    connection: sqlite3.Connection, account: int, folder_id: int, uids: Iterable[int], reason: str
) -> None:
    """Remember messages that the server lists but did not give."""
    connection.executemany(
        "INSERT INTO failure (folder_id, uid, account_id, tries, reason) VALUES (?, ?, ?, 1, ?)"
        " ON CONFLICT (folder_id, uid) DO UPDATE SET tries = tries + 1, reason = excluded.reason",
        [(folder_id, uid, account, reason) for uid in uids],
    )


def note_pass(catalog: Catalog, account: int, error: str = "") -> None:
    """Remember how an account's pass ended: when, if well; else why, in one line."""
    with catalog.transaction() as connection:
        if error:
            connection.execute("UPDATE account SET last_error = ? WHERE id = ?", (error, account))
        else:
            connection.execute(
                "UPDATE account SET last_error = '', last_sync = ? WHERE id = ?",
                (time.time(), account),
            )


def stored_flags(flags: Iterable[str]) -> tuple[int, str]:
    """IMAP flags → bits and ' keyword other ', sorted; keywords keep their case."""
    bits, keywords = 0, []
    for flag in flags:
        bit = _BITS.get(flag.lower())
        if bit:
            bits |= bit
        else:
            keywords.append(flag)
    return bits, f" {' '.join(sorted(keywords))} " if keywords else ""
