"""New messages of a folder → catalog: headers, what is known already, the texts of the rest.

Each batch is one transaction: documents, texts, placements and outbox rows together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.catalog import folders, records
from indexer.catalog.folders import Place
from indexer.catalog.records import NewDocument
from indexer.catalog.store import Catalog
from indexer.extract import headers as header_fields
from indexer.extract.building import build
from indexer.extract.document import Headers, Part
from indexer.imap import fetch
from indexer.imap.fetch import MessageHead
from indexer.imap.session import Session
from indexer.sync.identity import identity

BATCH = 250
"""Messages of one transaction: what a crash at the worst moment fetches again."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    head: MessageHead
    headers: Headers
    identity: bytes


class Arrivals:
    """Fetches messages of the folder that is open and writes them; counts what it did."""

    def __init__(self, session: Session, catalog: Catalog, account_id: int) -> None:
        self._session = session
        self._catalog = catalog
        self._account_id = account_id
        self.placed = self.bodies = self.missing = 0

    def fetch(self, folder_id: int, uids: Sequence[int]) -> Iterator[int]:
        """At most CHUNK messages; after each commit, how many it brought.

        Messages that the catalog has from another folder are placed without fetching their text.
        """
        heads = fetch.fetch_heads(self._session, uids)
        arrivals = [self._arrival(head) for head in heads]
        known = records.known(
            self._catalog, self._account_id, list({each.identity for each in arrivals})
        )
        moved = [each for each in arrivals if each.identity in known]
        if moved:
            with self._catalog.transaction() as connection:
                folders.place(
                    connection,
                    folder_id,
                    [Place(m.head.uid, known[m.identity], m.head.flags) for m in moved],
                )
            self.placed += len(moved)
            yield len(moved)
        given = {each.head.uid for each in arrivals}
        missing = [uid for uid in uids if uid not in given]
        for count, not_given in self._fetch_texts(
            folder_id, [each for each in arrivals if each.identity not in known]
        ):
            missing.extend(not_given)
            yield count
        if missing:
            self.missing += len(missing)
            with self._catalog.transaction() as connection:
                folders.note_failures(
                    connection, self._account_id, folder_id, missing,
                    "the server lists the message but does not give it",
                )  # fmt: skip

    def _arrival(self, head: MessageHead) -> _Arrival:
        headers = header_fields.parse(head.header)
        return _Arrival(head, headers, identity(head, headers))

    def _fetch_texts(
        self, folder_id: int, arrivals: Sequence[_Arrival]
    ) -> Iterator[tuple[int, list[int]]]:
        """(messages committed, UIDs that the server did not give) for each batch."""
        for at in range(0, len(arrivals), BATCH):
            batch = {each.head.uid: each for each in arrivals[at : at + BATCH]}
            wanted = {uid: each.head.structure.texts for uid, each in batch.items()}
            for parts, uids in fetch.fetch_texts(self._session, wanted):
                there = {uid: texts for uid, texts in parts.items()}
                self._write(folder_id, [(batch[uid], there[uid]) for uid in uids if uid in there])
                yield len(there), [uid for uid in uids if uid not in there]

    def _write(
        self, folder_id: int, arrived: Sequence[tuple[_Arrival, tuple[Part, ...]]]
    ) -> None:
        documents = [
            NewDocument(
                identity=each.identity,
                received=each.head.received,
                size=each.head.size,
                document=build(
                    each.headers, parts, each.head.structure.attachments, each.head.structure.notes
                ),
            )
            for each, parts in arrived
        ]
        with self._catalog.transaction() as connection:
            # The same message twice in one batch is one document in two places.
            ids: dict[bytes, int] = records.known(
                self._catalog, self._account_id, [new.identity for new in documents]
            )
            places: list[Place] = []
            for (each, _), new in zip(arrived, documents, strict=True):
                if new.identity not in ids:
                    ids[new.identity] = records.add(connection, self._account_id, new)
                    self.bodies += 1
                places.append(Place(each.head.uid, ids[new.identity], each.head.flags))
            folders.place(connection, folder_id, places)
        self.placed += len(arrived)
