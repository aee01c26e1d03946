"""The HTTP API answers what the command line answers, to whoever has the token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn

from indexer.catalog import folders
from indexer.catalog.placements import Flags, Placing
from indexer.catalog.records import NewDocument
from indexer.catalog.store import Catalog
from indexer.extract.document import Address, Document, Headers
from indexer.index.drain import drain
from indexer.settings import Settings
from indexer.sync import apply
from indexer.sync.apply import Portion
from search_api.app import create_app
from tests.servers.commands import mailseek
from tests.servers.stack import wait_for

TOKEN = "an-unguessable-token"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path)
    when = datetime(2024, 5, 6, tzinfo=UTC)
    headers = Headers(
        message_id="1@example.org",
        date=when,
        subject="A report",
        sender=(Address("Ann", "ann@x.org"),),
    )
    new = NewDocument(b"1" * 16, when, 100, Document(headers, "The lighthouse blinks."))
    with Catalog.open(settings.catalog_path) as catalog:
        account = folders.account_id(catalog, "work")
        with catalog.transaction() as connection:
            inbox = folders.begin(connection, account, "INBOX", "/", "inbox")
        place = [Placing(1, Flags(0, ""), None)]
        apply.portion(catalog, account, inbox, Portion(new=[(new, place)]))
        drain(catalog, settings.index_path)
    return settings


@contextmanager
def serving(settings: Settings, token: str | None) -> Iterator[httpx.Client]:
    """A real server on a free port, and a client of it."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, secret=token, is_open=token is None), port=0, log_level="warning"
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert wait_for(lambda: server.started, 10)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx.Client]:
    with serving(settings, TOKEN) as client:
        yield client


def test_a_search_answers_like_the_command_line(client: httpx.Client) -> None:
    answer = client.get("/v1/search", params={"q": "lighthouse", "count": True}, headers=WITH_TOKEN)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"query", "hits", "more", "total", "took_ms", "coverage", "cursor"}
    assert (body["total"], body["more"]) == (1, False)
    assert body["hits"][0]["subject"] == "A report"
    assert body["hits"][0]["from"] == ["Ann <ann@x.org>"]


def test_a_wrong_query_is_a_problem_that_points_at_the_character(client: httpx.Client) -> None:
    answer = client.get("/v1/search", params={"q": "form:ann"}, headers=WITH_TOKEN)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["position"] == 0
    assert "from" in answer.json()["hint"]


@pytest.mark.parametrize("path", ["/v1/search?q=x", "/v1/status", "/metrics"])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}]
)
def test_without_the_token_nothing_is_told(
    client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "lighthouse" not in answer.text


def test_status_counts_and_health_needs_no_token(client: httpx.Client) -> None:
    (account,) = client.get("/v1/status", headers=WITH_TOKEN).json()["accounts"]
    assert (account["name"], account["messages"], account["indexed"]) == ("work", 1, 1)
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200


def test_a_catalog_that_is_not_there_yet_is_unavailable_and_then_is_not(tmp_path: Path) -> None:
    with serving(Settings(home=tmp_path), None) as client:
        assert client.get("/readyz").status_code == 503
        assert client.get("/v1/search", params={"q": "x"}).status_code == 503
        Catalog.open(tmp_path / "catalog.sqlite3").close()
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/search", params={"q": "x"}).json()["hits"] == []


def test_without_a_token_serve_refuses_and_says_why(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for arguments, token in ((("serve",), ""), (("serve",), "short"),
                             (("serve", "--open", "--host", "0.0.0.0"), "")):  # fmt: skip
        answer = mailseek(settings, *arguments, MAILSEEK_API_TOKEN=token)
        assert (answer.returncode, answer.stdout) == (2, "")
        assert len(answer.stderr.splitlines()) == 2


@pytest.mark.parametrize("limit", ["0", "201", "many"])
def test_limits_are_kept(client: httpx.Client, limit: str) -> None:
    answer = client.get("/v1/search", params={"q": "x", "limit": limit}, headers=WITH_TOKEN)
    assert answer.status_code == 422
