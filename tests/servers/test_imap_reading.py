"""Reading folders and messages: roles, names, states, and nothing changed on the server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from imapclient.exceptions import IMAPClientError

from indexer.imap import fetch
from indexer.imap.examine import examine
from indexer.imap.folders import list_folders
from indexer.imap.session import Session, connect
from search_cli.demo.server import RunningServer
from tests.servers.conftest import CAPABILITIES, Mailbox, mailbox_on
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.dovecot


def session_of(mailbox: Mailbox) -> Session:
    return connect(mailbox.account, mailbox.server.password)


def letter(text: str = "hello", attachment: bytes = b"") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Ann <ann@example.com>", "bob@example.com"
    message["Subject"], message["Message-ID"] = "Größe", "<1@example.com>"
    message["Date"] = "Tue, 05 Mar 2024 10:00:00 +0100"
    message.set_content(text)
    if attachment:
        message.add_attachment(
            attachment, maintype="application", subtype="pdf", filename="Übersicht.pdf"
        )
    return message.as_bytes()


def test_folders_have_decoded_names_and_roles(any_mailbox: Mailbox) -> None:
    client = any_mailbox.log_in()
    names = {"東京", "Projekte/Größe", "2024", "007", "A & B"}
    for name in names:
        client.create_folder(name)
    with suppress(IMAPClientError):  # Cyrus does not make it
        client.create_folder('with "quotes"')
        names.add('with "quotes"')

    with session_of(any_mailbox) as session:
        folders = {folder.name: folder for folder in list_folders(session)}

    assert {"INBOX", *names} <= set(folders)
    assert [folders[name].role for name in ("INBOX", "Sent", "Junk", "東京")] == [
        "inbox", "sent", "spam", "",
    ]  # fmt: skip
    assert folders["東京"].delimiter == "/"


def test_every_folder_that_is_listed_can_be_examined(any_mailbox: Mailbox) -> None:
    client = any_mailbox.log_in()
    for name in ("parent/child", "007", 'q"uote', "back\\slash", "tail "):
        with suppress(IMAPClientError):  # not every server makes all of these
            client.create_folder(name)

    with session_of(any_mailbox) as session:
        for folder in list_folders(session):
            state = examine(session, folder.name).state
            assert state.uidvalidity == (folder.state.uidvalidity if folder.state else None)


def test_the_state_of_all_folders_costs_one_round_trip(mailbox: Mailbox) -> None:
    client = mailbox.log_in()
    for number in range(30):
        client.create_folder(f"folder{number}")
    client.append("folder7", letter())

    with session_of(mailbox) as session:
        before = session.traffic().commands
        folders = {folder.name: folder for folder in list_folders(session)}

        assert session.traffic().commands - before == 1
    state = folders["folder7"].state
    assert state is not None
    assert (state.messages, state.uidnext) == (1, 2)
    assert state.highestmodseq is not None


def test_without_list_status_each_folder_is_asked_for(
    start_dovecot: Callable[..., RunningServer], tmp_path: object
) -> None:
    mailbox = mailbox_on(start_dovecot(capability=CAPABILITIES["plain"]), tmp_path)  # type: ignore[arg-type]
    mailbox.log_in().append("INBOX", letter())

    with session_of(mailbox) as session:
        (inbox, *_) = list_folders(session)

    assert inbox.state is not None
    assert (inbox.state.messages, inbox.state.highestmodseq) == (1, None)


def test_reading_changes_nothing_on_the_server(mailbox: Mailbox) -> None:
    client = mailbox.log_in()
    client.append("INBOX", letter())

    with session_of(mailbox) as session:
        examine(session, "INBOX")
        (head,) = fetch.fetch_heads(session, fetch.all_uids(session))
        list(fetch.fetch_texts(session, {head.uid: head.structure.texts}))
        fetch.fetch_source(session, head.uid)

    client.select_folder("INBOX")
    assert set(client.get_flags([head.uid])[head.uid]) <= {b"\\Recent"}
    assert b"\\Recent" in client.get_flags([head.uid])[head.uid]


def test_further_header_fields_come_with_the_others_where_there_are_any(
    any_mailbox: Mailbox,
) -> None:
    client = any_mailbox.log_in()
    client.append("INBOX", b"X-Ticket: 4711\r\nX-O'Dd[=?: yes\r\nx-ticket: 4712\r\n" + letter())
    client.append("INBOX", letter())

    with session_of(any_mailbox) as session:
        examine(session, "INBOX")
        names = ["x-ticket", "X-O'Dd[=?", "Subject", "X-None"]
        before = session.traffic().commands
        with_fields, without = fetch.fetch_heads(session, [1, 2], names)

        assert session.traffic().commands - before == 1
    lines = with_fields.header.splitlines()
    assert {b"X-Ticket: 4711", b"X-O'Dd[=?: yes", b"x-ticket: 4712"} <= set(lines)
    assert b"icket" not in without.header
    assert len([line for line in lines if line.startswith(b"Subject")]) == 1


def test_an_attachment_is_named_and_never_downloaded(mailbox: Mailbox) -> None:
    size = 5 * 2**20
    mailbox.log_in().append("INBOX", letter("the words", attachment=bytes(size)))

    with Proxy(mailbox.server.port) as proxy, session_of(mailbox.through(proxy.port)) as session:
        examine(session, "INBOX")
        (head,) = fetch.fetch_heads(session, fetch.all_uids(session))
        ((parts, _),) = fetch.fetch_texts(session, {head.uid: head.structure.texts})

        assert proxy.received < 20_000
    assert [attachment.name for attachment in head.structure.attachments] == ["Übersicht.pdf"]
    assert head.structure.attachments[0].size > size
    assert b"the words" in parts[head.uid][0].payload
    assert head.size > size


def test_a_text_that_is_too_long_is_cut_on_the_server(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "TEXT_CAP", 1000)
    mailbox.log_in().append("INBOX", letter("word " * 5000))

    with session_of(mailbox) as session:
        examine(session, "INBOX")
        (head,) = fetch.fetch_heads(session, fetch.all_uids(session))
        ((parts, _),) = fetch.fetch_texts(session, {head.uid: head.structure.texts})

    assert len(parts[head.uid][0].payload) == 1000
    assert parts[head.uid][0].truncated


def test_a_message_that_is_gone_is_just_absent(mailbox: Mailbox) -> None:
    client = mailbox.log_in()
    for _ in range(3):
        client.append("INBOX", letter())

    with session_of(mailbox) as session:
        examine(session, "INBOX")
        client.select_folder("INBOX")
        client.delete_messages([2])
        client.expunge()
        heads = fetch.fetch_heads(session, [1, 2, 3, 99])

    assert [head.uid for head in heads] in ([1, 3], [1, 2, 3])


def test_an_open_end_does_not_repeat_the_last_message(mailbox: Mailbox) -> None:
    client = mailbox.log_in()
    for _ in range(2):
        client.append("INBOX", letter())

    with session_of(mailbox) as session:
        examine(session, "INBOX")
        assert fetch.uids_from(session, 2) == [2]
        assert fetch.uids_from(session, 3) == []


def test_qresync_tells_what_went_and_what_changed(mailbox: Mailbox) -> None:
    client = mailbox.log_in()
    for _ in range(4):
        client.append("INBOX", letter())
    with session_of(mailbox) as session:
        known = examine(session, "INBOX").state
    client.select_folder("INBOX")
    client.delete_messages([2])
    client.expunge()
    client.add_flags([3], ["\\Flagged", "Garden"])

    assert known.uidvalidity is not None
    assert known.highestmodseq is not None
    with session_of(mailbox) as session:
        opened = examine(session, "INBOX", (known.uidvalidity, known.highestmodseq))

    assert [uid for span in opened.vanished for uid in span] == [2]
    assert [(each.uid, each.flags) for each in opened.changed] == [(3, {"\\Flagged", "Garden"})]


def test_condstore_tells_flags_that_changed_since(mailbox: Mailbox) -> None:
    client = mailbox.log_in()
    for _ in range(3):
        client.append("INBOX", letter())
    with session_of(mailbox) as session:
        known = examine(session, "INBOX").state
        client.select_folder("INBOX")
        client.add_flags([2], ["\\Seen"])

        changed = list(fetch.fetch_flags(session, [1, 2, 3], known.highestmodseq))

    assert [each.uid for each in changed] == [2]


def test_dates_of_arrival_are_aware_and_utc(mailbox: Mailbox) -> None:
    arrived = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)
    mailbox.log_in().append("INBOX", letter(), msg_time=arrived)

    with session_of(mailbox) as session:
        examine(session, "INBOX")
        (head,) = fetch.fetch_heads(session, [1])

    assert head.received == arrived
    assert head.received.tzinfo is UTC
