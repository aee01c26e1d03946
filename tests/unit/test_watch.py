"""What a server pushes, in whatever pieces it comes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import ProtocolError, ServerGone
from indexer.imap.session import Session
from indexer.imap.watch import Pushed, Watch

STREAM = (
    b'* STATUS "Entw&APw-rfe" (MESSAGES 1 UIDNEXT 2)\r\n'
    b'* STATUS {6}\r\na "b\\c (UIDNEXT 3)\r\n'
    b"* 23 EXISTS\r\n"
)
LINES = [
    b'* STATUS "Entw&APw-rfe" (MESSAGES 1 UIDNEXT 2)',
    b'* STATUS "a \\"b\\\\c" (UIDNEXT 3)',
    b"* 23 EXISTS",
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_lines_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    pushed, lines, at = Pushed(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        lines += pushed.feed(STREAM[at:cut])
        at = cut
    assert lines == LINES


@pytest.mark.parametrize("flood", [b"x" * 300_000, b"* STATUS {999999}\r\n" + b"x" * 300_000])
def test_a_line_without_end_is_not_kept_for_ever(flood: bytes) -> None:
    pushed = Pushed()

    def feed() -> None:
        for at in range(0, len(flood), 1000):
            pushed.feed(flood[at : at + 1000])

    with pytest.raises(ValueError):
        feed()


class Server:
    """The other end of a watch, which says what it is told to say: first an answer a command."""

    def __init__(self, capabilities: set[str]) -> None:
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(5)
        session = SimpleNamespace(
            account="test",
            client=SimpleNamespace(socket=lambda: theirs),
            has=capabilities.__contains__,
        )
        self.watch = Watch(cast(Session, cast(Any, session)))

    def arm(self, *answers: bytes) -> list[bytes]:
        """Answer the commands with which a watch begins; what they were."""
        commands: list[bytes] = []

        def serve() -> None:
            for answer in answers:
                commands.append(self.heard())
                self.say(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            self.watch.arm()
        finally:
            thread.join()
        return commands

    def say(self, *lines: bytes) -> None:
        self.ours.sendall(b"".join(line + b"\r\n" for line in lines))

    def heard(self) -> bytes:
        return self.ours.recv(4096)


@pytest.fixture
def notifying() -> Iterator[Server]:
    server = Server({"NOTIFY", "IDLE"})
    server.arm(b"W1 OK", b"* 3 EXISTS\r\nW2 OK [READ-ONLY]", b"+ idling")
    yield server
    server.watch.close()
    server.ours.close()


def test_notify_tells_folders_and_the_open_inbox(notifying: Server) -> None:
    assert notifying.watch.kind == "notify"
    assert set(notifying.watch.read()) == set()

    notifying.say(b"* STATUS Archive (MESSAGES 2)", b"* 4 EXISTS", b"* OK still here")
    assert set(notifying.watch.read()) == {"Archive", "INBOX"}
    assert set(notifying.watch.read()) == set()

    notifying.say(b'* LIST () "/" new', b'* STATUS "Entw&APw-rfe" (UIDNEXT 2)')
    assert set(notifying.watch.read()) == {None, "Entwürfe"}


def test_a_server_without_notify_idles_on_the_inbox() -> None:
    server = Server({"IDLE"})
    assert server.arm(b"W1 OK", b"+ idling") == [b"W1 EXAMINE INBOX\r\n", b"W2 IDLE\r\n"]
    assert server.watch.kind == "idle"

    server.say(b"* 2 EXPUNGE")
    assert set(server.watch.read()) == {"INBOX"}


def test_a_server_that_refuses_notify_is_idled_on() -> None:
    server = Server({"NOTIFY", "IDLE"})
    server.arm(b"W1 BAD no such thing", b"W2 OK", b"+ idling")
    assert server.watch.kind == "idle"


def test_a_server_that_refuses_both_is_an_error() -> None:
    server = Server({"IDLE"})
    with pytest.raises(ProtocolError):
        server.arm(b"W1 OK", b"W2 BAD no")


def test_keeping_alive_ends_idle_and_begins_it_again(notifying: Server) -> None:
    notifying.watch.keep_alive()
    assert notifying.heard() == b"DONE\r\nW4 IDLE\r\n"
    notifying.say(b"W3 OK done", b"+ idling")
    assert set(notifying.watch.read()) == set()
    assert not notifying.watch.overdue


def test_a_server_that_does_not_answer_is_overdue(
    notifying: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifying.watch.keep_alive()
    assert not notifying.watch.overdue
    monkeypatch.setattr("indexer.imap.watch.ANSWER", -1.0)
    assert notifying.watch.overdue


@pytest.mark.parametrize("last", [b"* BYE shutting down\r\n", b""])
def test_a_goodbye_and_a_hang_up_are_told(notifying: Server, last: bytes) -> None:
    notifying.ours.sendall(last)
    if not last:
        notifying.ours.shutdown(socket.SHUT_WR)
    with pytest.raises(ServerGone):
        notifying.watch.read()
