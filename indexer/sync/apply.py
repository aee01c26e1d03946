"""What was decided and fetched → the catalog, in one transaction each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexer.catalog import folders, placements, records
from indexer.catalog.folders import KnownFolder, SyncPoint
from indexer.catalog.placements import Placing
from indexer.catalog.records import NewDocument
from indexer.catalog.store import Catalog
from indexer.imap.folders import Folder


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a chunk that came whole.

    `placed`: UIDs of known documents, by document id; `new`: documents with the UIDs at which they
    are, one or more; `failed`: UIDs that the server did not give; `last` is the folder's sync point
    where nothing of the folder is left to fetch after this portion.
    """

    placed: Sequence[tuple[Placing, int]] = ()
    new: Sequence[tuple[NewDocument, Sequence[Placing]]] = ()
    failed: Sequence[int] = ()
    reason: str = ""
    last: SyncPoint | None = None


def begin_anew(catalog: Catalog, account_id: int, folder: Folder, point: SyncPoint) -> KnownFolder:
    """A folder that is read from the beginning; documents of the old UIDs keep their words.

    `point` has `complete` unset: until the backfill has ended, it says from which HIGHESTMODSEQ on
    flags have to be followed.
    """
    with catalog.transaction() as connection:
        id_ = folders.begin(connection, account_id, folder.name, folder.delimiter, folder.role)
        folders.reach(connection, id_, point)
    return KnownFolder(id_, folder.name, folder.delimiter, folder.role, point)


def flags(catalog: Catalog, folder_id: int, changed: Sequence[Placing]) -> None:
    """Changed flags; the sync point that covers them comes after."""
    if changed:
        with catalog.transaction() as connection:
            placements.set_flags(connection, folder_id, changed)


def changes(
    catalog: Catalog,
    known: KnownFolder,
    vanished: Sequence[int],
    changed: Sequence[Placing],
    point: SyncPoint,
) -> None:
    """Removals and flags first, then the sync point that covers them: together or not at all."""
    if not vanished and not changed and point == known.point:
        return
    with catalog.transaction() as connection:
        placements.remove(connection, known.id, vanished)
        placements.set_flags(connection, known.id, changed)
        folders.reach(connection, known.id, point)


def portion(catalog: Catalog, account_id: int, folder_id: int, portion: Portion) -> None:
    """Documents, words, places and outbox rows; and the sync point if this is the last."""
    with catalog.transaction() as connection:
        placed = list(portion.placed)
        for document, places in portion.new:
            id_ = records.add(connection, account_id, document)
            placed.extend((at, id_) for at in places)
        placements.put(connection, folder_id, placed)
        placements.put_failures(connection, account_id, folder_id, portion.failed, portion.reason)
        if portion.last is not None:
            folders.reach(connection, folder_id, portion.last)


def describe(catalog: Catalog, known: Iterable[KnownFolder], listed: Iterable[Folder]) -> None:
    """Roles and delimiters that are not what they were."""
    by_name = {folder.name: folder for folder in listed}
    other = [
        (folder.id, now.delimiter, now.role)
        for folder in known
        if (now := by_name.get(folder.name))
        and (folder.delimiter, folder.role) != (now.delimiter, now.role)
    ]
    if other:
        with catalog.transaction() as connection:
            for id_, delimiter, role in other:
                folders.describe(connection, id_, delimiter, role)


def forget(catalog: Catalog, folder_id: int) -> None:
    """A folder that is no longer followed, with its places; what is left without one is loose."""
    with catalog.transaction() as connection:
        folders.drop(connection, folder_id)
