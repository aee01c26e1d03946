"""Sources and attachments come from the IMAP server, whole, and as files that no browser shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from urllib.parse import unquote

import httpx
import pytest

from indexer import pipeline
from indexer.catalog.store import Catalog
from search_cli.demo.server import RunningServer
from tests.servers.api import bearing, serving, token
from tests.servers.conftest import Mailbox
from tests.servers.stack import wait_for

SECRET = "an-administrators-token"
PDF = bytes(range(256)) * 6000  # several pieces, in base64 of 2 MB
TABLE = "name;größe\r\n" + "Zürich;=3D\r\n" * 100


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["Message-ID"] = "Files", "ann@x.org", "<files@x.org>"
    mail.set_content("Here they are.")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="Größe ✓.pdf")
    mail.add_attachment(TABLE, subtype="csv", cte="quoted-printable", filename="table.csv")
    mail.add_attachment(
        "<script>alert(1)</script>", subtype="html", filename='evil".html\\..\\..', cte="base64"
    )
    mail.add_attachment(b"<svg/>", maintype="image", subtype="svg+xml", filename="x.svg")
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("Forwarded.")
    mail.add_attachment(inner)
    return mail


@pytest.fixture
def client(mailbox: Mailbox) -> Iterator[httpx.Client]:
    with mailbox.log_in() as imap:
        imap.append("INBOX", message().as_bytes(policy=message().policy.clone(linesep="\r\n")))
    pipeline.sync(mailbox.settings, [], lambda _: None)
    with serving(mailbox.settings, SECRET) as client:
        client.headers.update(bearing(SECRET))
        yield client


@pytest.mark.dovecot
def test_an_attachment_is_what_was_attached(client: httpx.Client) -> None:
    listed = client.get("/v1/messages/1").json()["attachments"]
    assert [each["type"] for each in listed][:3] == ["application/pdf", "text/csv", "text/html"]

    got = [client.get(f"/v1/messages/1/attachments/{n}") for n in range(len(listed))]

    assert got[0].content == PDF
    assert got[1].content.decode() == TABLE
    assert got[2].text.strip() == "<script>alert(1)</script>"
    for answer, its in zip(got, listed, strict=True):
        assert answer.status_code == 200
        kept = re.fullmatch(
            r"attachment; filename\*=UTF-8''([\w.%~-]+)", answer.headers["content-disposition"]
        )
        assert kept
        assert not its["name"] or unquote(kept[1]) == its["name"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    types = [answer.headers["content-type"].split(";")[0] for answer in got]
    assert types[:4] == [
        "application/pdf", "text/csv", "application/octet-stream", "application/octet-stream",
    ]  # fmt: skip


@pytest.mark.dovecot
def test_a_source_is_the_message_as_it_was_put_there(
    client: httpx.Client, mailbox: Mailbox
) -> None:
    answer = client.get("/v1/messages/1/source")

    assert answer.content == pipeline.source(mailbox.settings, 1)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.dovecot
def test_what_is_not_there_is_not_found_and_a_server_that_is_gone_is_a_bad_gateway(
    client: httpx.Client, mailbox: Mailbox, start_dovecot: Callable[..., RunningServer]
) -> None:
    assert client.get("/v1/messages/1/attachments/99").status_code == 404
    assert client.get("/v1/messages/2/source").status_code == 404
    other = bearing(token(mailbox.settings, "other", "read", filter="from:bob"))
    assert client.get("/v1/messages/1/source", headers=other).status_code == 404
    assert client.get("/v1/messages/1/attachments/0", headers=other).status_code == 404

    with serving(mailbox.through(9).settings, SECRET) as elsewhere:
        for path in ("source", "attachments/0"):
            answer = elsewhere.get(f"/v1/messages/1/{path}", headers=bearing(SECRET))
            assert answer.status_code == 502
            assert answer.headers["content-type"] == "application/problem+json"

    with mailbox.log_in() as imap:
        imap.select_folder("INBOX")
        imap.delete_messages([1])
        imap.expunge()
    for path in ("source", "attachments/0"):
        assert client.get(f"/v1/messages/1/{path}").status_code == 502


@pytest.mark.dovecot
def test_a_client_that_hangs_up_leaves_no_session_behind(client: httpx.Client) -> None:
    for _ in range(6):  # more than may be fetched at the same time
        with client.stream("GET", "/v1/messages/1/attachments/0") as answer:
            assert answer.status_code == 200
            next(answer.iter_raw(1000))

    assert wait_for(
        lambda: client.get("/v1/messages/1/attachments/1").status_code == 200, 10
    )  # fmt: skip


@pytest.mark.dovecot
def test_an_account_is_followed_when_that_is_asked_for(
    client: httpx.Client, mailbox: Mailbox
) -> None:
    with mailbox.log_in() as imap:
        imap.append("INBOX", b"Subject: Later\r\nMessage-ID: <later@x.org>\r\n\r\nlighthouse\r\n")

    asked = client.post("/v1/accounts/test/sync")

    assert (asked.status_code, asked.json()["account"]) == (202, "test")
    assert wait_for(lambda: sync_state(client) == "done", 20)
    answer = client.get("/v1/search", params={"q": "lighthouse"}).json()
    assert [hit["subject"] for hit in answer["hits"]] == ["Later"]
    with Catalog.open(mailbox.settings.catalog_path, read_only=True) as catalog:
        assert catalog.connection.execute("SELECT count(*) FROM document").fetchone() == (2,)


def sync_state(client: httpx.Client) -> str:
    (line,) = client.get("/v1/status").json()["accounts"]
    return (line["sync"] or {}).get("state", "")
