"""Putting the generated mailbox on a server, and changing it there, over IMAP like anybody else."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from search_cli.demo.mailbox import ME, DemoMessage
from search_cli.demo.server import RunningServer


def log_in(server: RunningServer, user: str) -> IMAPClient:
    """A connection that may write; for filling only, mailseek itself never does."""
    client = IMAPClient(server.host, server.port, ssl=False, timeout=30)
    # A message goes out in two writes; held back for an answer, the second costs 40 ms.
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.login(user, server.password)
    return client


def fill(
    client: IMAPClient,
    messages: Iterable[DemoMessage],
    on_message: Callable[[], None] = lambda: None,
) -> int:
    """Append messages to their folders, which are made; how many."""
    made = {name for _, _, name in client.list_folders()} | {"INBOX"}
    count = 0
    for message in messages:
        if message.folder not in made:
            with suppress(IMAPClientError):
                client.create_folder(message.folder)
            made.add(message.folder)
        client.append(message.folder, message.source, message.flags, message.date)
        count += 1
        on_message()
    return count


def change(client: IMAPClient) -> dict[str, str]:
    """New mail, a flag, a move, a deletion; what was done, in words, by kind."""
    client.select_folder("INBOX")
    uids = client.search(["UNDELETED"])
    flagged, moved, deleted = uids[-2], uids[-3], uids[-4]
    subjects = {
        uid: _subject(answer)
        for uid, answer in client.fetch(
            [flagged, moved, deleted], ["BODY.PEEK[HEADER.FIELDS (SUBJECT)]"]
        ).items()
    }
    client.add_flags([flagged], ["\\Flagged"])
    if client.has_capability("MOVE"):
        client.move([moved], "Archive")
    else:
        client.copy([moved], "Archive")
        client.delete_messages([moved])
    client.delete_messages([deleted])
    client.expunge()
    now = datetime.now(UTC)
    client.append(
        "INBOX",
        (
            "From: Zelda Quist <zelda@lighthouse.example>\r\n"
            f"To: {ME[0]} <{ME[1]}>\r\n"
            "Subject: The lighthouse keeps blinking\r\n"
            f"Date: {now:%a, %d %b %Y %H:%M:%S} +0000\r\n"
            f"Message-ID: <lighthouse.{now.timestamp():.0f}@demo.example>\r\n\r\n"
            "The new lamp of the lighthouse works since tonight: a chrysanthemum of light.\r\n"
        ).encode(),
        (),
        now,
    )
    return {
        "flag": f"flagged “{subjects[flagged]}” in INBOX",
        "move": f"moved “{subjects[moved]}” from INBOX to Archive",
        "deletion": f"deleted “{subjects[deleted]}” from INBOX",
        "new mail": "new mail “The lighthouse keeps blinking” in INBOX",
    }


def _subject(answer: dict[bytes, object]) -> str:
    from indexer.extract.headers import parse

    raw = next((value for key, value in answer.items() if key.startswith(b"BODY[")), b"")
    return parse(raw).subject if isinstance(raw, bytes) else ""
