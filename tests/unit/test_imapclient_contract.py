"""What mailseek uses below IMAPClient's public face is still there, and still behaves like this."""

from __future__ import annotations

import imaplib
import inspect
from collections.abc import Callable

import imapclient
import pytest
from imapclient import IMAPClient
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.response_parser import parse_fetch_response
from imapclient.tls import IMAP4_TLS


def test_the_version_is_the_one_that_was_read() -> None:
    assert imapclient.version_info[:2] == (4, 1)


def test_the_imaplib_object_is_made_where_it_is_overridden() -> None:
    made = " ".join(inspect.getsource(IMAPClient._create_IMAP4).split())

    assert "tls.IMAP4_TLS( self.host, self.port, self.ssl_context, connect_timeout, )" in made
    assert "imap4.IMAP4WithTimeout(self.host, self.port, connect_timeout)" in made
    assert "self._imap = self._create_IMAP4()" in inspect.getsource(IMAPClient.__init__)


@pytest.mark.parametrize("kind", [IMAP4WithTimeout, IMAP4_TLS])
def test_octets_pass_through_read_readline_and_send(kind: type[imaplib.IMAP4]) -> None:
    for name in ("read", "readline", "send"):
        assert callable(getattr(kind, name))
    assert "self.readline()" in inspect.getsource(imaplib.IMAP4._get_line)
    assert "self.read(size)" in inspect.getsource(imaplib.IMAP4._get_response)
    assert "self.send(" in inspect.getsource(imaplib.IMAP4._command)


def test_the_cached_capabilities_can_be_dropped() -> None:
    assert "_cached_capabilities" in inspect.getsource(IMAPClient.capabilities)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (imaplib.IMAP4._simple_command, ["self", "name", "args"]),
        (imaplib.IMAP4._untagged_response, ["self", "typ", "dat", "name"]),
        (IMAPClient._checkok, ["self", "command", "typ", "data"]),
    ],
)
def test_commands_and_their_answers_pass_through_imaplib(
    method: Callable[..., object], parameters: list[str]
) -> None:
    assert list(inspect.signature(method).parameters) == parameters
    assert "untagged_responses" in inspect.getsource(imaplib.IMAP4._append_untagged)


def test_a_line_may_be_as_long_as_the_uids_of_a_million_messages() -> None:
    assert "_MAXLINE" in inspect.getsource(imaplib.IMAP4.readline)
    assert imaplib._MAXLINE >= 8 * 10**6  # type: ignore[attr-defined]


def test_fetch_answers_are_parsed_with_their_uid() -> None:
    answer = parse_fetch_response([b"7 (UID 9 FLAGS (\\Seen) MODSEQ (12))"], False, False)

    assert dict(answer) == {7: {b"SEQ": 7, b"UID": 9, b"FLAGS": (b"\\Seen",), b"MODSEQ": (12,)}}


def test_an_answer_without_uid_would_be_taken_for_another_message() -> None:
    """Why `extensions.fetched` asks for the UID itself."""
    answer = parse_fetch_response([b"7 (FLAGS (\\Seen))"], False, True)

    assert list(answer) == [7]


def test_uid_commands_leave_codes_and_other_answers_where_they_are_looked_for() -> None:
    assert list(inspect.signature(imaplib.IMAP4.uid).parameters) == ["self", "command", "args"]
    assert "Response_code" in inspect.getsource(imaplib.IMAP4._get_response)
    assert "name = 'FETCH'" in inspect.getsource(imaplib.IMAP4.uid)


def test_a_compressed_stream_can_be_put_in_place_of_the_socket() -> None:
    assert "makefile('rb')" in inspect.getsource(imaplib.IMAP4.open)
    assert "self.sock.sendall(data)" in inspect.getsource(imaplib.IMAP4.send)
    assert callable(imaplib.IMAP4.xatom)
