"""Being told of changes: NOTIFY for all folders on one connection, else IDLE on the inbox.

A `Watch` takes a logged-in session over and reads its socket by itself, never waiting once it is
armed: hundreds of them share a thread (`fileno`, `read`). What comes is a hint that a folder changed;
what changed is asked over another connection.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Collection
from typing import Literal

from indexer.errors import ProtocolError, ServerGone
from indexer.imap.extensions import mailbox_name
from indexer.imap.session import Session

KEEP_ALIVE = 170.0
"""Seconds after which `keep_alive` is due: IDLE may end after 29 minutes (RFC 2177), at Yahoo's
after 3, and routers forget connections that are silent."""

ANSWER = 30.0
"""Seconds within which a server answers; one that does not is gone."""

# RFC 5465. The inbox is open and idles as well: Dovecot 2.3 may be half a minute late with NOTIFY
# for folders that are not, whenever its list of folders was written anew.
_SELECTED = "(selected (MessageNew (UID) MessageExpunge FlagChange))"
_OTHERS = "(personal (MessageNew MessageExpunge FlagChange MailboxName))"
_MOST = 256 * 1024  # octets of a line with its literals
_LITERAL = re.compile(rb"\{(\d{1,6})\+?\}$")
_STATUS = re.compile(rb'\* STATUS ("(?:[^"\\]|\\.)*"|[^\s()]+) \(', re.I)
_IN_INBOX = re.compile(rb"\* (?:\d+ (?:EXISTS|EXPUNGE|FETCH)|VANISHED)\b", re.I)
_ELSEWHERE = re.compile(rb"\* (?:LIST|LSUB|OK \[NOTIFICATIONOVERFLOW\])", re.I)

Changed = str | None
"""A folder's name, decoded; None where the server did not say which."""


class Pushed:
    """Octets as they come → whole lines, a literal put in its place as a quoted string."""

    def __init__(self) -> None:
        self._octets = b""
        self._line = b""

    def feed(self, octets: bytes) -> list[bytes]:
        """Lines that are whole now. Raises ValueError where one is longer than anything sensible."""
        self._octets += octets
        lines: list[bytes] = []
        while True:
            part, end, rest = self._octets.partition(b"\r\n")
            if not end:
                break
            literal = _LITERAL.search(part)
            if literal:
                size = int(literal[1])
                if len(rest) < size:
                    break
                quoted = rest[:size].replace(b"\\", b"\\\\").replace(b'"', b'\\"')
                self._line += part[: literal.start()] + b'"' + quoted + b'"'
                self._octets = rest[size:]
            else:
                lines.append(self._line + part)
                self._line, self._octets = b"", rest
        if len(self._octets) + len(self._line) > _MOST:
            raise ValueError("a line without end")
        return lines


class Watch:
    """A connection that tells of changes; from one thread at a time. `kind` says how it listens."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._socket: socket.socket = session.client.socket()
        self._pushed = Pushed()
        self._number = 0
        self._waiting_for: bytes | None = None
        self._seen: set[Changed] = set()
        self._asked_at = 0.0
        self._accepted = self._idling = False
        self.kind: Literal["notify", "idle"] = "notify" if session.has("NOTIFY") else "idle"

    @staticmethod
    def possible(session: Session) -> bool:
        """Whether the server can tell at all; otherwise it has to be asked now and then."""
        return session.has("NOTIFY") or session.has("IDLE")

    def arm(self) -> None:
        """Begin to listen; waits for the server. Raises ServerGone, ProtocolError."""
        self._socket.settimeout(ANSWER)
        if self.kind == "notify" and not self._ask(f"NOTIFY SET {_SELECTED} {_OTHERS}"):
            self.kind = "idle"
        self._idling = (
            self._session.has("IDLE") and self._ask("EXAMINE INBOX") and self._ask("IDLE")
        )
        if self.kind == "idle" and not self._idling:
            raise ProtocolError(
                "the server offers to tell of changes, and refuses to",
                where=f"account {self._session.account}",
                cure="nothing is lost: it is asked every few minutes instead",
            )
        self._socket.settimeout(0)

    def fileno(self) -> int:
        """For selectors: readable when `read` has something to do."""
        return self._socket.fileno()

    def read(self) -> Collection[Changed]:
        """Folders that changed, as far as the server has told by now. Raises ServerGone."""
        try:
            while True:
                try:
                    octets = self._socket.recv(65536)
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    break
                if not octets:
                    raise self._gone("it was closed")
                self._take(octets)
        except OSError as error:
            raise self._gone(str(error.strerror or type(error).__name__)) from error
        seen, self._seen = self._seen, set()
        return seen

    def keep_alive(self) -> None:
        """Let the server know that somebody listens. Raises ServerGone."""
        if self._idling:
            self._send(b"DONE\r\n" + self._tagged("IDLE"))
        else:
            self._send(self._tagged("NOOP"))

    @property
    def overdue(self) -> bool:
        """Whether an answer is missing for too long: the connection is dead, and nobody said so."""
        return self._waiting_for is not None and time.monotonic() - self._asked_at > ANSWER

    def close(self) -> None:
        """Hang up, without waiting for a goodbye."""
        self._socket.close()

    def _ask(self, command: str) -> bool:
        self._send(self._tagged(command))
        while self._waiting_for is not None:
            try:
                octets = self._socket.recv(65536)
            except OSError as error:
                raise self._gone("no answer") from error
            if not octets:
                raise self._gone("it was closed")
            self._take(octets)
        self._seen.clear()
        return self._accepted

    def _tagged(self, command: str) -> bytes:
        self._number += 1
        self._waiting_for = f"W{self._number}".encode()
        self._asked_at = time.monotonic()
        return self._waiting_for + b" " + command.encode() + b"\r\n"

    def _send(self, octets: bytes) -> None:
        timeout = self._socket.gettimeout()
        try:
            self._socket.settimeout(ANSWER)
            self._socket.sendall(octets)
            self._socket.settimeout(timeout)
        except OSError as error:
            raise self._gone("it cannot be written to") from error

    def _take(self, octets: bytes) -> None:
        try:
            lines = self._pushed.feed(octets)
        except ValueError as error:
            raise self._gone(str(error)) from error
        for line in lines:
            self._interpret(line)

    def _interpret(self, line: bytes) -> None:
        if line.startswith(b"+"):  # IDLE has begun
            self._waiting_for, self._accepted = None, True
        elif self._waiting_for is not None and line.startswith(self._waiting_for + b" "):
            self._waiting_for = None
            self._accepted = line.split(b" ")[1:2] == [b"OK"]
        elif line[:6].upper() == b"* BYE ":
            raise self._gone("the server said goodbye")
        elif status := _STATUS.match(line):
            self._seen.add(mailbox_name(status[1]))
        elif self._idling and _IN_INBOX.match(line):
            self._seen.add("INBOX")
        elif _ELSEWHERE.match(line):
            self._seen.add(None)

    def _gone(self, why: str) -> ServerGone:
        return ServerGone(
            f"the connection broke ({why})",
            where=f"account {self._session.account}",
            cure="it is made again",
        )
