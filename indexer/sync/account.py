"""One pass over an account: plan, then follow folder by folder, newest first, resumable anywhere.

Everything is committed in small transactions, each a step that stands on its own: killed at any
moment, the next pass sees from the placements what is there and asks for the rest.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import zip_longest

from indexer.catalog import folders as catalog_folders
from indexer.catalog.folders import KnownFolder
from indexer.catalog.store import Catalog, storage_errors
from indexer.errors import CatalogBusy, MailseekError, ProtocolError
from indexer.imap import fetch
from indexer.imap.connection import Traffic
from indexer.imap.examine import FlagState, examine
from indexer.imap.folders import Folder, FolderState, list_folders
from indexer.imap.session import Session
from indexer.settings import AccountSettings
from indexer.sync import changes
from indexer.sync.apply import Arrivals
from indexer.sync.changes import ChangeSet, Strategy

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A committed batch: how many messages it brought, of how many that this pass will bring."""

    folder: str
    messages: int
    total: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a pass did; counts are of messages, `seconds` of wall time."""

    account: str
    folders: int
    changed_folders: int
    new: int
    bodies: int
    vanished: int
    removed: int
    flags: int
    missing: int
    traffic: Traffic
    seconds: float


OnBatch = Callable[[BatchDone], None]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A folder with messages still to fetch, and the state that holds when they are there."""

    folder_id: int
    name: str
    state: FolderState
    new: tuple[int, ...]


def sync_account(
    session: Session, catalog: Catalog, account: AccountSettings, *, on_batch: OnBatch
) -> SyncReport:
    """Follow an account's folders; `on_batch` is called after each commit of messages.

    Raises ServerGone, ProtocolError, CatalogBusy, StorageError; whatever was committed by then
    stays. One pass for an account at a time.
    """
    account_id = catalog_folders.account_id(catalog, account.name)
    with _only_one(catalog, account.name):
        try:
            report = _Pass(session, catalog, account, account_id, on_batch).run()
        except MailseekError as error:
            catalog_folders.note_pass(catalog, account_id, error.message)
            raise
        catalog_folders.note_pass(catalog, account_id)
    return report


@contextmanager
def _only_one(catalog: Catalog, name: str) -> Iterator[None]:
    """A lock beside the catalog that dies with its holder, however that ends."""
    path = catalog.path.parent / "locks" / f"{name}.sync"
    with storage_errors(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CatalogBusy(
                "another mailseek is syncing this account",
                where=f"account {name}",
                cure="wait for it to finish, or end it",
            ) from None
        yield
    finally:
        os.close(descriptor)


def in_scope(account: AccountSettings, folder: Folder) -> bool:
    """Whether the account's settings want a folder: by name, `/` standing for its delimiter, or role."""
    name = folder.name.replace(folder.delimiter, "/") if folder.delimiter else folder.name
    wanted = any(_matches(name, pattern) for pattern in account.folders)
    unwanted = any(
        _matches(name, pattern) or pattern.casefold() == folder.role for pattern in account.exclude
    )
    return wanted and not unwanted


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())


class _Pass:
    def __init__(
        self,
        session: Session,
        catalog: Catalog,
        account: AccountSettings,
        account_id: int,
        on_batch: OnBatch,
    ) -> None:
        self._session = session
        self._catalog = catalog
        self._account = account
        self._account_id = account_id
        self._on_batch = on_batch
        self._arrivals = Arrivals(session, catalog, account_id)
        self._vanished = self._flags = self._changed = 0

    def run(self) -> SyncReport:
        began, before = time.monotonic(), self._session.traffic()
        folders = list_folders(self._session)
        known = catalog_folders.known_folders(self._catalog, self._account_id)
        if not folders and known:
            raise ProtocolError(
                "the server lists no folders, though there were some",
                where=f"account {self._account.name}",
                cure="nothing was removed; run it again later",
            )
        scoped = [folder for folder in folders if in_scope(self._account, folder)]
        pending = [
            each for folder in scoped if (each := self._follow(folder, known.get(folder.name)))
        ]
        self._fetch_all(pending)
        self._forget({folder.name for folder in scoped}, known)
        removed = catalog_folders.remove_orphans(
            self._catalog, self._account_id, keep=self._account.on_delete == "keep"
        )
        return SyncReport(
            account=self._account.name,
            folders=len(scoped),
            changed_folders=self._changed,
            new=self._arrivals.placed,
            bodies=self._arrivals.bodies,
            vanished=self._vanished,
            removed=removed,
            flags=self._flags,
            missing=self._arrivals.missing,
            traffic=self._session.traffic() - before,
            seconds=time.monotonic() - began,
        )

    def _follow(self, folder: Folder, known: KnownFolder | None) -> _Pending | None:
        """Apply what vanished and changed; what came is left for later, all folders together."""
        listed = folder.state or FolderState(None, None, None, None)
        qresync = "QRESYNC" in self._session.enabled
        chosen = changes.strategy(
            known.state if known else None,
            listed,
            complete=bool(known and known.complete),
            qresync=qresync,
        )
        if chosen is Strategy.UNCHANGED and known is not None and known.role == folder.role:
            return None
        with self._catalog.transaction() as connection:
            folder_id = catalog_folders.put_folder(connection, self._account_id, folder)
        if chosen is Strategy.UNCHANGED:
            return None
        since = (
            (known.state.uidvalidity, known.state.highestmodseq)
            if chosen is Strategy.QRESYNC and known and known.state.uidvalidity
            and known.state.highestmodseq
            else None
        )
        opened = examine(self._session, folder.name, since)
        state = _merged(opened.state, listed)
        if known is None or state.uidvalidity != known.state.uidvalidity:
            chosen = Strategy.RESET
        log.info("folder %s of %s: %s", folder.name, self._account.name, chosen.value)
        if chosen is Strategy.RESET:
            with self._catalog.transaction() as connection:
                catalog_folders.begin_reading(connection, self._account_id, folder_id, state)
            found = ChangeSet(new=tuple(reversed(fetch.all_uids(self._session))))
        elif known is not None:
            found = self._changes(known, state, chosen, opened.changed, opened.vanished)
        self._changed += bool(found.new or found.vanished or found.flags)
        self._apply(folder_id, found, state)
        return _Pending(folder_id, folder.name, state, found.new) if found.new else None

    def _changes(
        self,
        known: KnownFolder,
        state: FolderState,
        chosen: Strategy,
        told: Sequence[FlagState],
        vanished: Sequence[range],
    ) -> ChangeSet:
        session = self._session
        uids = catalog_folders.known_uids(self._catalog, known.id)
        if chosen is Strategy.PLAIN:
            new, gone = changes.compare(uids, fetch.all_uids(session))
            return ChangeSet(new, gone, self._compared_flags(known, set(gone)))
        if chosen is Strategy.QRESYNC:
            flags = tuple(told)
            gone = changes.within(vanished, uids)
        else:
            flags = tuple(fetch.fetch_flags(session, uids, known.state.highestmodseq))
            gone = ()
        new = self._new_uids(known, state, uids)
        if not known.complete or not changes.counts_agree(
            len(uids), len(new), len(gone), state.messages
        ):
            new, gone = changes.compare(uids, fetch.all_uids(session))
        there = set(uids)
        return ChangeSet(new, gone, tuple(each for each in flags if each.uid in there))

    def _new_uids(
        self, known: KnownFolder, state: FolderState, uids: Sequence[int]
    ) -> tuple[int, ...]:
        """UIDs that came since, newest first; an equal UIDNEXT says that there are none."""
        first = known.state.uidnext or (uids[-1] + 1 if uids else 1)
        if known.complete and state.uidnext is not None and state.uidnext == known.state.uidnext:
            return ()
        there = set(uids)
        found = fetch.uids_from(self._session, first)
        return tuple(uid for uid in reversed(found) if uid not in there)

    def _compared_flags(self, known: KnownFolder, gone: set[int]) -> tuple[FlagState, ...]:
        """Without mod-sequences all flags are read; only those that differ are written."""
        stored = catalog_folders.known_flags(self._catalog, known.id)
        uids = [uid for uid in sorted(stored) if uid not in gone]
        return tuple(
            each
            for each in fetch.fetch_flags(self._session, uids)
            if each.uid in stored and catalog_folders.stored_flags(each.flags) != stored[each.uid]
        )

    def _apply(self, folder_id: int, found: ChangeSet, state: FolderState) -> None:
        """What went and what changed, and the sync point if nothing is left to fetch: one transaction."""
        with self._catalog.transaction() as connection:
            self._vanished += catalog_folders.remove_places(
                connection, self._account_id, folder_id, found.vanished
            )
            catalog_folders.set_flags(connection, folder_id, found.flags)
            # Flags are followed up to here in any case; without all messages it is not complete.
            catalog_folders.set_sync_point(connection, folder_id, state, complete=not found.new)
        self._flags += len(found.flags)

    def _fetch_all(self, pending: Sequence[_Pending]) -> None:
        """Chunk k of every folder before chunk k + 1 of any: the newest of everything comes first."""
        total = sum(len(each.new) for each in pending)
        opened = ""
        rounds = [
            [(each, part) for part in _chunks(each.new)] for each in pending
        ]
        for parts in zip_longest(*rounds):
            for step in parts:
                if step is None:
                    continue
                each, uids = step
                if opened != each.name:
                    examine(self._session, each.name)
                    opened = each.name
                last = uids[-1] == each.new[-1]
                for count in self._arrivals.fetch(each.folder_id, uids):
                    self._on_batch(BatchDone(each.name, count, total))
                if last:
                    with self._catalog.transaction() as connection:
                        catalog_folders.set_sync_point(
                            connection, each.folder_id, each.state, complete=True
                        )

    def _forget(self, scoped: set[str], known: dict[str, KnownFolder]) -> None:
        """Folders that are gone from the server or from the settings take their placements along."""
        for name, folder in known.items():
            if name not in scoped:
                with self._catalog.transaction() as connection:
                    self._vanished += catalog_folders.remove_folder(
                        connection, self._account_id, folder.id
                    )
                self._changed += 1


def _chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(uids), fetch.CHUNK):
        yield uids[at : at + fetch.CHUNK]


def _merged(opened: FolderState, listed: FolderState) -> FolderState:
    """What EXAMINE said; what it left out, LIST may have told."""
    return replace(
        opened,
        uidvalidity=opened.uidvalidity or listed.uidvalidity,
        uidnext=opened.uidnext or listed.uidnext,
        messages=opened.messages if opened.messages is not None else listed.messages,
        highestmodseq=opened.highestmodseq or listed.highestmodseq,
    )
