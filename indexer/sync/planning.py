"""What a pass over an account has to do: which folders, which of them may have changed, which went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from indexer.catalog import folders as catalog_folders
from indexer.catalog import placements
from indexer.catalog.folders import KnownFolder
from indexer.catalog.store import Catalog
from indexer.errors import ConfigError, ProtocolError
from indexer.imap.folders import Folder, list_folders
from indexer.imap.session import Session
from indexer.settings import AccountSettings
from indexer.sync import apply, changes


@dataclass(frozen=True, slots=True)
class Due:
    """A folder that may have changed; `messages` to fetch, as far as the listing tells."""

    folder: Folder
    messages: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All `folders` in scope, those `due`, and those that are `gone` from server or settings."""

    folders: Sequence[Folder]
    known: Mapping[str, KnownFolder]
    due: Sequence[Due]
    gone: Sequence[KnownFolder]


def plan(session: Session, catalog: Catalog, account: AccountSettings, account_id: int) -> Plan:
    """Ask the server for its folders and their states: one round trip where it has LIST-STATUS.

    Raises ServerGone, ProtocolError, ConfigError, StorageError.
    """
    known = catalog_folders.of_account(catalog, account_id)
    folders = listed(session, account, known)
    apply.describe(catalog, known.values(), folders)
    retry = placements.folders_to_retry(catalog, account_id)
    names = {folder.name for folder in folders}
    return Plan(
        folders=folders,
        known=known,
        due=[
            Due(folder, _estimate(catalog, folder, known.get(folder.name)))
            for folder in folders
            if not _settled(folder, known.get(folder.name), retry)
        ],
        gone=[folder for name, folder in known.items() if name not in names],
    )


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


def listed(
    session: Session, account: AccountSettings, known: Mapping[str, KnownFolder]
) -> list[Folder]:
    """The folders that the settings want. An empty LIST is not believed: it would wipe all.

    Raises ServerGone, ProtocolError; ConfigError where the settings want none of them.
    """
    folders = list_folders(session)
    if not folders and known:
        raise ProtocolError(
            "the server lists no folders, though there were some",
            where=f"account {account.name}",
            cure="nothing was removed; run it again later",
        )
    wanted = [folder for folder in folders if in_scope(account, folder)]
    if folders and not wanted:
        raise ConfigError(
            "`folders` and `exclude` leave no folder to follow",
            where=f"account {account.name}",
            cure="correct them in config.toml; the server has "
            + ", ".join(folder.name for folder in folders[:8]),
        )
    return wanted


def _settled(folder: Folder, known: KnownFolder | None, retry: frozenset[int]) -> bool:
    """Whether a folder costs nothing: its state is ours, and nothing is to be tried again."""
    return (
        known is not None and known.id not in retry and changes.unchanged(known.point, folder.state)
    )


def _estimate(catalog: Catalog, folder: Folder, known: KnownFolder | None) -> int:
    messages = (folder.state.messages if folder.state else None) or 0
    return max(0, messages - (placements.count(catalog, known.id) if known else 0))
