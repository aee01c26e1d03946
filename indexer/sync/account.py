"""One pass over an account: plan, then follow folder by folder, newest first, resumable anywhere.

Everything is committed in small transactions, each a step that stands on its own: killed at any
moment, the next pass sees from sync points and placements what is there, and asks for the rest.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from indexer.catalog import folders as catalog_folders
from indexer.catalog import placements, removals
from indexer.catalog.folders import KnownFolder
from indexer.catalog.store import Catalog, storage_errors
from indexer.errors import ConfigError, MailseekError, ProtocolError
from indexer.imap.connection import Traffic
from indexer.imap.examine import examine
from indexer.imap.fetch import CHUNK
from indexer.imap.folders import Folder, list_folders
from indexer.imap.session import Session
from indexer.settings import AccountSettings
from indexer.sync import apply, changes
from indexer.sync.following import Followed, follow
from indexer.sync.lock import account_lock
from indexer.sync.reading import read

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A commit: `messages` were dealt with, of `total` planned for this pass as known by now.

    `bodies` of them had their text fetched.
    """

    account: str
    folder: str
    messages: int
    total: int
    bodies: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a pass did; counts are of messages, `seconds` of wall time.

    `new` to the account, with `bodies` fetched for them; `moved` or copied here from another place;
    `vanished` from a folder; `removed` from the account; `flags` changed; `missing`: listed by the
    server and not given. `problems`: folders that could not be read, a line each.
    """

    account: str
    folders: int
    changed_folders: int
    new: int
    bodies: int
    moved: int
    vanished: int
    removed: int
    flags: int
    missing: int
    problems: tuple[str, ...]
    traffic: Traffic
    seconds: float


OnBatch = Callable[[BatchDone], None]


def sync_account(
    session: Session, catalog: Catalog, account: AccountSettings, *, on_batch: OnBatch
) -> SyncReport:
    """Follow an account's folders; `on_batch` is called after each commit of messages.

    One pass for an account at a time. Whatever ends it early, ^C included, what was committed
    stays. Raises ServerGone, ProtocolError, ConfigError, CatalogBusy, StorageError.
    """
    with storage_errors(catalog.path), account_lock(catalog.path.parent, account.name):
        account_id = catalog_folders.account_id(catalog, account.name)
        try:
            report = _Pass(session, catalog, account, account_id, on_batch).run()
        except MailseekError as error:
            catalog_folders.pass_failed(catalog, account_id, str(error))
            raise
        catalog_folders.pass_ended(catalog, account_id, "; ".join(report.problems)[:500])
    return report


def in_scope(account: AccountSettings, folder: Folder) -> bool:
    """Whether the settings want a folder: by name, `/` standing for its delimiter, or by role."""
    name = folder.name.replace(folder.delimiter, "/") if folder.delimiter else folder.name
    wanted = any(_matches(name, pattern) for pattern in account.folders)
    unwanted = any(
        _matches(name, pattern) or pattern.casefold() == folder.role for pattern in account.exclude
    )
    return wanted and not unwanted


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())


class _Backfill:
    """Messages of a folder that are still to be fetched."""

    def __init__(self, folder: Folder, followed: Followed) -> None:
        self.folder = folder
        self.followed = followed
        self._done = 0

    def __len__(self) -> int:
        return len(self.followed.new) - self._done

    def take(self) -> Sequence[int]:
        chunk = self.followed.new[self._done : self._done + CHUNK]
        self._done += len(chunk)
        return chunk


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
        self._planned: dict[str, int] = {}  # folder → messages to fetch, estimated until it is open
        self._problems: dict[str, str] = {}
        self._open = ""
        self._new = self._bodies = self._moved = self._missing = 0
        self._vanished = self._flags = self._changed = 0

    def run(self) -> SyncReport:
        began, before = time.monotonic(), self._session.traffic()
        known = catalog_folders.of_account(self._catalog, self._account_id)
        listed = self._listed(known)
        apply.describe(self._catalog, known.values(), listed)
        self._follow_all(listed, known)
        self._forget({folder.name for folder in listed}, known)
        removed = 0
        if self._account.on_delete == "remove":
            removed = removals.sweep(self._catalog, self._account_id)
        return SyncReport(
            account=self._account.name,
            folders=len(listed),
            changed_folders=self._changed,
            new=self._new,
            bodies=self._bodies,
            moved=self._moved,
            vanished=self._vanished,
            removed=removed,
            flags=self._flags,
            missing=self._missing,
            problems=tuple(f"folder {name}: {said}" for name, said in self._problems.items()),
            traffic=self._session.traffic() - before,
            seconds=time.monotonic() - began,
        )

    def _listed(self, known: Mapping[str, KnownFolder]) -> list[Folder]:
        """The folders that the settings want. An empty LIST is not believed: it would wipe all."""
        folders = list_folders(self._session)
        if not folders and known:
            raise ProtocolError(
                "the server lists no folders, though there were some",
                where=f"account {self._account.name}",
                cure="nothing was removed; run it again later",
            )
        wanted = [folder for folder in folders if in_scope(self._account, folder)]
        if folders and not wanted:
            raise ConfigError(
                "`folders` and `exclude` leave no folder to follow",
                where=f"account {self._account.name}",
                cure="correct them in config.toml; the server has "
                + ", ".join(folder.name for folder in folders[:8]),
            )
        return wanted

    def _follow_all(self, listed: Sequence[Folder], known: Mapping[str, KnownFolder]) -> None:
        """Chunk k of every folder before chunk k + 1 of any: the newest mail comes first."""
        retry = placements.folders_to_retry(self._catalog, self._account_id)
        due = [folder for folder in listed if not _settled(folder, known.get(folder.name), retry)]
        self._planned = {folder.name: self._estimate(folder, known) for folder in due}
        waiting: deque[tuple[Folder, Callable[[], _Backfill | None]]] = deque(
            (folder, partial(self._begin, folder, known.get(folder.name))) for folder in due
        )
        while waiting:
            folder, step = waiting.popleft()
            backfill = self._attempt(folder, step)
            if backfill:
                waiting.append((folder, partial(self._go_on, backfill)))

    def _attempt(self, folder: Folder, step: Callable[[], _Backfill | None]) -> _Backfill | None:
        """A step of one folder; one that the server refuses does not keep us from the others."""
        try:
            return step()
        except (ProtocolError, OverflowError) as error:  # numbers beyond 63 bits
            said = error.message if isinstance(error, ProtocolError) else "impossible numbers"
            log.warning("account %s, folder %s: %s", self._account.name, folder.name, said)
            self._problems[folder.name] = said
            self._planned[folder.name] = 0
            self._open = ""
            return None

    def _begin(self, folder: Folder, known: KnownFolder | None) -> _Backfill | None:
        """Removals and flags of a folder, and the newest of what came."""
        self._open = ""
        followed = follow(self._session, self._catalog, self._account_id, folder, known)
        self._open = folder.name
        self._vanished += followed.vanished
        self._flags += followed.flags
        self._changed += bool(followed.new or followed.vanished or followed.flags)
        self._planned[folder.name] = len(followed.new)
        return self._read(_Backfill(folder, followed)) if followed.new else None

    def _go_on(self, backfill: _Backfill) -> _Backfill | None:
        """The next chunk of a folder, which must be the folder that it was."""
        name = backfill.folder.name
        if self._open != name:
            self._open = ""
            state = examine(self._session, name).state
            if state.uidvalidity != backfill.followed.reached.uidvalidity:
                raise ProtocolError(
                    "the folder was replaced while it was being read",
                    where=f"account {self._account.name}, folder {name}",
                    cure="run it again; it is read anew",
                )
            self._open = name
        return self._read(backfill)

    def _read(self, backfill: _Backfill) -> _Backfill | None:
        """A chunk of the open folder; None where it was the last one."""
        uids = backfill.take()
        folder_id, reached = backfill.followed.folder.id, backfill.followed.reached
        last = None if backfill else reached
        for done in read(self._session, self._catalog, self._account_id, folder_id, uids, last):
            self._new += done.new
            self._bodies += done.bodies
            self._moved += done.moved
            self._missing += done.failed
            messages = done.new + done.moved + done.failed
            self._on_batch(
                BatchDone(
                    self._account.name,
                    backfill.folder.name,
                    messages,
                    sum(self._planned.values()),
                    done.bodies,
                )
            )
        return backfill if backfill else None

    def _estimate(self, folder: Folder, known: Mapping[str, KnownFolder]) -> int:
        """Messages to fetch, as far as the listing tells."""
        messages = (folder.state.messages if folder.state else None) or 0
        there = known.get(folder.name)
        return max(0, messages - (placements.count(self._catalog, there.id) if there else 0))

    def _forget(self, listed: set[str], known: Mapping[str, KnownFolder]) -> None:
        """Folders that are gone, from the server or from the settings; after all arrivals."""
        for name, folder in known.items():
            if name not in listed:
                self._vanished += placements.count(self._catalog, folder.id)
                self._changed += 1
                apply.forget(self._catalog, folder.id)


def _settled(folder: Folder, known: KnownFolder | None, retry: frozenset[int]) -> bool:
    """Whether a folder costs nothing: its state is ours, and nothing is to be tried again."""
    return (
        known is not None and known.id not in retry and changes.unchanged(known.point, folder.state)
    )
