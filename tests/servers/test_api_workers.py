"""Asking over HTTP for an account to be followed, where workers do it: by way of Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from indexer import config_file
from indexer.settings import Settings, load
from tests.servers.api import bearing, fill, serving
from tests.servers.commands import configure
from tests.servers.conftest import Mailbox
from tests.servers.mirror import append
from tests.servers.stack import RedisServer, running, wait_for
from worker import queues

SECRET = "an-administrators-token"
PATH = "/v1/accounts/work/sync"

pytestmark = [pytest.mark.api, pytest.mark.redis]


@pytest.fixture
def settings(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Some mail of an account, and workers' Redis."""
    home = tmp_path / "home"
    home.mkdir()
    config_file.add_account(home, "work", {"host": "imap.x.org", "user": "ann"})
    fill(Settings(home=home))
    monkeypatch.setenv("MAILSEEK_REDIS", redis_server.url)
    return load(home)


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx.Client]:
    with serving(settings, SECRET) as client:
        client.headers.update(bearing(SECRET))
        yield client


def queued(redis: Redis) -> list[tuple[str, Any]]:
    """Tasks in the queues, with their arguments."""
    messages = [
        json.loads(each)
        for queue in queues.QUEUES
        for key in queues.keys(queue)
        for each in redis.lrange(key, 0, -1)
    ]
    return [(each["headers"]["task"], each["headers"]["argsrepr"]) for each in messages]


def test_it_is_queued_once_however_often_it_is_asked_for(
    client: httpx.Client, redis_server: RedisServer
) -> None:
    answers = [client.post(PATH) for _ in range(3)]

    assert [each.status_code for each in answers] == [202] * 3
    assert answers[0].json() == {"account": "work", "state": "queued"}
    assert queued(redis_server.client()) == [("mailseek.plan", "['work']")]
    assert client.post("/v1/accounts/none/sync").status_code == 404
    assert len(queued(redis_server.client())) == 1


def test_without_redis_it_is_unavailable_and_searches_go_on(
    client: httpx.Client, redis_server: RedisServer
) -> None:
    redis_server.stop()
    answer = client.post(PATH)

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Redis" in answer.json()["detail"]
    assert str(redis_server.port) not in answer.text
    assert client.get("/v1/search", params={"q": "lighthouse"}).status_code == 200

    redis_server.start()
    assert client.post(PATH).status_code == 202
    assert queued(redis_server.client()) == [("mailseek.plan", "['work']")]


@pytest.mark.dovecot
def test_a_worker_does_what_was_asked_for(
    mailbox: Mailbox, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(mailbox.log_in(), "INBOX", 1)
    configure(mailbox)
    monkeypatch.setenv("MAILSEEK_REDIS", redis_server.url)
    home = mailbox.settings.home
    fill(Settings(home=home), [])  # a catalog to begin with

    with running(home, redis_server.url) as stack, serving(load(home), SECRET) as client:
        stack.start("worker", "-p", "1")
        client.headers.update(bearing(SECRET))
        assert client.post("/v1/accounts/test/sync").json()["state"] == "queued"

        def is_found() -> bool:
            return bool(client.get("/v1/search", params={"q": ""}).json().get("hits"))

        assert wait_for(is_found, 40), stack.log()
