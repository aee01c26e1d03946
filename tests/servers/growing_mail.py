"""A home whose mail changes while somebody looks; no IMAP server is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from indexer.catalog import folders, placements, records, removals
from indexer.catalog.placements import Placing, stored_flags
from indexer.catalog.records import NewDocument
from indexer.catalog.store import Catalog
from indexer.extract.document import Address, Document, Headers
from indexer.index.drain import drain
from indexer.settings import Settings

FOLDERS = {"INBOX": "inbox", "Support": "", "Private": ""}
FIRST = datetime(2024, 5, 6, tzinfo=UTC)


class GrowingMail:
    """One account `work` with some folders; a context manager. For one thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalog = Catalog.open(settings.catalog_path)
        self.account = folders.account_id(self.catalog, "work")
        with self.catalog.transaction() as connection:
            self.folders = {
                name: folders.begin(connection, self.account, name, "/", role)
                for name, role in FOLDERS.items()
            }
        self._uid = 0
        self._places: dict[int, tuple[str, int]] = {}

    def __enter__(self) -> GrowingMail:
        return self

    def __exit__(self, *_: object) -> None:
        self.catalog.close()

    def comes(self, words: str, folder: str = "INBOX", *flags: str, index: bool = True) -> int:
        """A message arrives and is indexed; its id."""
        self._uid += 1
        when = FIRST + timedelta(minutes=self._uid)
        headers = Headers(
            message_id=f"{self._uid}@example.org",
            date=when,
            subject=f"About {words}",
            sender=(Address("Ann", "ann@x.org"),),
        )
        new = NewDocument(b"%d" % self._uid, when, 100, Document(headers, words))
        with self.catalog.transaction() as connection:
            id_ = records.add(connection, self.account, new)
            at = Placing(self._uid, stored_flags(frozenset(flags)), None)
            placements.put(connection, self.folders[folder], [(at, id_)])
        self._places[id_] = folder, self._uid
        if index:
            self.is_indexed()
        return id_

    def is_indexed(self) -> None:
        drain(self.catalog, self.settings.index_path)

    def is_flagged(self, id_: int, *flags: str) -> None:
        folder, uid = self._places[id_]
        with self.catalog.transaction() as connection:
            at = Placing(uid, stored_flags(frozenset(flags)), None)
            placements.set_flags(connection, self.folders[folder], [at])

    def moves(self, id_: int, folder: str) -> None:
        old, uid = self._places[id_]
        self._uid += 1
        with self.catalog.transaction() as connection:
            placements.remove(connection, self.folders[old], [uid])
            at = Placing(self._uid, stored_flags(frozenset()), None)
            placements.put(connection, self.folders[folder], [(at, id_)])
        self._places[id_] = folder, self._uid

    def goes(self, id_: int) -> None:
        folder, uid = self._places.pop(id_)
        with self.catalog.transaction() as connection:
            placements.remove(connection, self.folders[folder], [uid])
        removals.sweep(self.catalog, self.account)
        self.is_indexed()
