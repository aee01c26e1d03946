"""Folders that were renamed: the same folder under another name costs nothing to follow.

OBJECTID names a folder for good (RFC 8474 section 4). Elsewhere UIDVALIDITY usually stays: a folder
that came with the UIDVALIDITY of one that went is the same if its newest messages are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from indexer.catalog import lookup, placements
from indexer.catalog.folders import KnownFolder
from indexer.errors import ProtocolError
from indexer.imap import extensions, fetch
from indexer.imap.examine import examine
from indexer.imap.folders import Folder
from indexer.imap.session import server_errors
from indexer.sync.identity import identity
from indexer.sync.link import Link

_SAMPLE = 10  # messages that are compared


def recognise(
    link: Link, known: Mapping[str, KnownFolder], listed: Sequence[Folder]
) -> list[tuple[KnownFolder, str]]:
    """Known folders that are not listed, with the names under which they are listed now.

    Raises ServerGone.
    """
    names = {folder.name for folder in listed}
    lost = [folder for name, folder in known.items() if name not in names]
    fresh = [folder for folder in listed if not _is_known(known.get(folder.name))]
    if not lost or not fresh:
        return []
    if link.session.has("OBJECTID"):
        return list(_by_id(link, lost, fresh))
    return list(_by_uidvalidity(link, lost, fresh))


def _is_known(folder: KnownFolder | None) -> bool:
    return folder is not None and folder.point.uidvalidity is not None


def _by_id(
    link: Link, lost: Iterable[KnownFolder], fresh: Iterable[Folder]
) -> Iterator[tuple[KnownFolder, str]]:
    by_id = {folder.mailbox_id: folder for folder in lost if folder.mailbox_id}
    if not by_id:
        return
    for folder in fresh:
        with server_errors(f"account {link.session.account}, folder {folder.name}"):
            told = extensions.status(link.session, folder.name, "MAILBOXID")
        same = by_id.pop(str(told.get("MAILBOXID", "")), None)
        if same is not None:
            yield same, folder.name


def _by_uidvalidity(
    link: Link, lost: Sequence[KnownFolder], fresh: Sequence[Folder]
) -> Iterator[tuple[KnownFolder, str]]:
    """Where one folder went and one came with a UIDVALIDITY; several prove nothing."""
    went = Counter(folder.point.uidvalidity for folder in lost)
    came = Counter(folder.state.uidvalidity for folder in fresh if folder.state)
    for folder in lost:
        number = folder.point.uidvalidity
        if number is None or went[number] != 1 or came[number] != 1:
            continue
        now = next(each for each in fresh if each.state and each.state.uidvalidity == number)
        try:
            if _same_messages(link, folder, now):
                yield folder, now.name
        except ProtocolError:
            continue  # it cannot be read; the pass will say so


def _same_messages(link: Link, folder: KnownFolder, now: Folder) -> bool:
    """Whether the newest messages that we know of the one are in the other, and no others."""
    uids = placements.uids(link.catalog, folder.id)[-_SAMPLE:]
    if not uids:
        return False
    ours = lookup.placed_at(link.catalog, folder.id, uids)
    examine(link.session, now.name)
    theirs = {head.uid: identity(head) for head in fetch.fetch_heads(link.session, uids)}
    return bool(theirs) and all(ours[uid][0] == key for uid, key in theirs.items())
