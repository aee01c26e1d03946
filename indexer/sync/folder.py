"""One folder from what changed to the last of its messages, a chunk at a time, newest first."""

from __future__ import annotations

from collections.abc import Iterator

from indexer.catalog.folders import KnownFolder
from indexer.errors import ProtocolError
from indexer.imap.examine import examine
from indexer.imap.fetch import CHUNK
from indexer.imap.folders import Folder
from indexer.sync.following import Followed, another, follow
from indexer.sync.link import Link
from indexer.sync.reading import Committed, read

REFUSED = (ProtocolError, OverflowError)
"""What one folder may end in without keeping us from the others; overflow: numbers beyond 63 bits."""


def refusal(error: Exception) -> str:
    """One of REFUSED in a few words."""
    return error.message if isinstance(error, ProtocolError) else "impossible numbers"


class FolderSync:
    """A folder whose removals and flags were followed, and whose new messages are being fetched.

    May lie idle between two chunks while the session has another folder open.
    """

    def __init__(self, link: Link, folder: Folder, followed: Followed) -> None:
        self._link = link
        self._done = 0
        self.folder = folder
        self.followed = followed

    @classmethod
    def begin(cls, link: Link, folder: Folder, known: KnownFolder | None) -> FolderSync:
        """Follow removals and flags, and learn what is new. Raises ServerGone, ProtocolError."""
        return cls(link, folder, follow(link, folder, known))

    @property
    def left(self) -> int:
        """How many messages are still to be fetched."""
        return len(self.followed.new) - self._done

    def read_chunk(self) -> Iterator[Committed]:
        """Fetch the next messages, commit by commit; the last chunk moves the sync point.

        Raises ServerGone, Paused; ProtocolError, also where it is no longer the folder that it was.
        """
        self._link.check_allowance()
        self._open()
        uids = self.followed.new[self._done : self._done + CHUNK]
        self._done += len(uids)
        yield from read(
            self._link,
            self.followed.folder.id,
            uids,
            after=self.left,
            last=None if self.left else self.followed.reached,
        )

    def _open(self) -> None:
        name = self.folder.name
        session = self._link.session
        if session.folder == name:
            return
        opened = examine(session, name)
        if (
            another(self.followed.folder, opened)
            or opened.state.uidvalidity != self.followed.reached.uidvalidity
        ):
            raise ProtocolError(
                "the folder was replaced while it was being read",
                where=f"account {session.account}, folder {name}",
                cure="run it again; it is read anew",
            )
