"""Every error that a user may see, each with its cure in one line.

::

    MailseekError                   what happened, where, and the cure
    ├── UsageError                  exit status 2: the user can put it right by typing something else
    │   ├── ConfigError             config.toml, MAILSEEK_* or an account's settings
    │   │   └── SecretError         a password that cannot be had
    │   ├── QueryError              a query that cannot be understood; points at the character
    │   └── QueryTooCostly          a query that took longer than whoever answers it allows
    └── Unavailable                 exit status 3: a server, the catalog or the index
        ├── ServerError             anything between us and the IMAP server
        │   ├── ConnectError        no connection: unknown host, refused, timed out
        │   ├── TLSError            a certificate or handshake that we do not accept
        │   ├── LoginError          the server refused user or password
        │   ├── ServerGone          the connection broke in the middle; worth another try
        │   ├── Throttled           the server wants to be left alone for a while
        │   │   └── Paused          the account has had what its settings allow for today
        │   └── ProtocolError       the server answered what we cannot use
        ├── StorageError            the home folder, the disk, the catalog
        │   ├── CatalogBusy         another process holds the catalog or an account's sync
        │   └── Superseded          somebody else took over what we were working on
        └── IndexUnavailable        the full-text index
            └── IndexBusy           another process is writing this partition
"""

from __future__ import annotations


class MailseekError(Exception):
    """An error for the user: `message` says what happened, `where` names the place, `cure` helps.

    None of the three ever holds a secret or the text of a mail.
    """

    exit_status = 3

    def __init__(self, message: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class UsageError(MailseekError):
    """Something that the user typed or configured; nothing was changed."""

    exit_status = 2


class ConfigError(UsageError):
    """A setting that is unknown, missing or out of range; `where` is file and key, or a variable."""


class SecretError(ConfigError):
    """A password command, variable or keyring entry that gave no password."""


class QueryError(UsageError):
    """A query that cannot be understood.

    `position` and `length` (in characters of `query`) are what a caret line points at.
    """

    def __init__(
        self, message: str, *, query: str, position: int, length: int = 1, cure: str = ""
    ) -> None:
        super().__init__(message, cure=cure)
        self.query = query
        self.position = position
        self.length = length


class QueryTooCostly(UsageError):
    """A query that was stopped, because it took longer than whoever answers it allows."""


class Unavailable(MailseekError):
    """A server, the catalog or the index cannot be used right now."""


class ServerError(Unavailable):
    """Anything between mailseek and an IMAP server; `where` is the account or host."""


class ConnectError(ServerError):
    """No connection: unknown host, refused, unreachable, timed out."""


class TLSError(ServerError):
    """A certificate or a handshake that is not acceptable."""


class LoginError(ServerError):
    """The server refused the user name or the password. Never retried by itself."""


class ServerGone(ServerError):
    """The connection broke in the middle of the work; what was committed stays, try again."""


class Throttled(ServerError):
    """The server has had enough of us; `seconds` is how long it wants to be left alone."""

    def __init__(self, message: str, *, seconds: float, where: str = "", cure: str = "") -> None:
        super().__init__(message, where=where, cure=cure)
        self.seconds = seconds


class Paused(Throttled):
    """The account has had what its settings allow for today; nothing is wrong."""

    exit_status = 0


class ProtocolError(ServerError):
    """The server answered something that mailseek cannot use, or refused a command."""


class StorageError(Unavailable):
    """The home folder, the disk or the catalog: full, read-only, damaged, too new."""


class CatalogBusy(StorageError):
    """Another process holds the catalog, or syncs the same account, for too long."""


class Superseded(StorageError):
    """Another worker took over, or changed what this one relied on; nothing more is written."""


class IndexUnavailable(Unavailable):
    """The full-text index cannot be opened or written; `mailseek reindex` rebuilds it."""


class IndexBusy(IndexUnavailable):
    """Another process is writing this partition of the index."""
