"""What servers say when they have had enough of us, as servers were seen to say it."""

from __future__ import annotations

import imaplib

import pytest

from indexer.errors import ProtocolError, Throttled
from indexer.imap.session import server_errors, throttled_for


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Request is throttled. Suggested Backoff Time: 299961 milliseconds", 299.961),
        ("Suggested Backoff Time: 5 milliseconds", 1.0),
        ("Suggested Backoff Time: 999999999999", 3600.0),
        ("[LIMIT] Too many commands", 60.0),
        ("[UNAVAILABLE] Temporary failure", 60.0),
        ("[INUSE] Mailbox in use", 60.0),
        ("[OVERQUOTA] Account exceeded command or bandwidth limits.", 60.0),
        ("Too many simultaneous connections.", 60.0),
        ("[NONEXISTENT] No such mailbox", 0.0),
        ("", 0.0),
    ],
)
def test_a_pause_is_as_long_as_the_server_says(said: str, seconds: float) -> None:
    assert throttled_for(said) == seconds


def test_it_is_an_error_of_its_own_and_other_refusals_are_not() -> None:
    with pytest.raises(Throttled) as caught, server_errors("account work"):
        raise imaplib.IMAP4.error("FETCH failed: [LIMIT] slow down")
    assert caught.value.seconds == 60.0
    with pytest.raises(ProtocolError), server_errors("account work"):
        raise imaplib.IMAP4.error("FETCH failed: no")
