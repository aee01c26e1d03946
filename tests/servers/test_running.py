"""What becomes of a task: done, stale, throttled, superseded, given up; on a real Redis."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import redis
from celery import Task
from celery.exceptions import Retry

from indexer.catalog import agenda
from indexer.catalog.store import Catalog
from indexer.errors import LoginError, ServerGone, Superseded, Throttled
from tests.servers.stack import RedisServer
from worker import deadletters, running, tickets
from worker.running import Context

pytestmark = pytest.mark.redis

ACCOUNT = '[accounts.work]\nhost = "127.0.0.1"\nuser = "ann"\ntls = "none"\npassword_env = "X"\n'


@pytest.fixture
def client(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[redis.Redis]:
    monkeypatch.setenv("MAILSEEK_HOME", str(tmp_path))
    monkeypatch.setenv("MAILSEEK_REDIS", redis_server.url)
    monkeypatch.setenv("MAILSEEK_CONNECTIONS_PER_HOST", "1")
    (tmp_path / "config.toml").write_text(ACCOUNT)
    monkeypatch.setattr(running, "_settings", None)
    running.forget_connections()
    yield redis_server.client()
    running.forget_connections()


class FakeTask:
    """As much of Celery's task as is asked for."""

    name = "mailseek.plan"

    def __init__(self, retries: int = 0) -> None:
        self.app = None
        self.request = SimpleNamespace(args=["work"], id="1", retries=retries, delivery_info={})
        self.sent: list[dict[str, Any]] = []

    def retry(self, **keys: Any) -> Retry:
        self.sent.append(keys)
        return Retry()

    def apply_async(self, _args: object, _ticket: object, **keys: Any) -> None:
        self.sent.append(keys)


def run(body: Callable[[Context], None], *, retries: int = 0, work: str = "") -> FakeTask:
    task = FakeTask(retries)
    running.run(cast(Task, task), work, body, account="work", about=["work"])
    return task


def raising(error: Exception) -> Callable[[Context], None]:
    def work(_: Context) -> None:
        raise error

    return work


def entry(tmp_path: Path) -> agenda.Entry:
    with Catalog.open(tmp_path / "catalog.sqlite3") as catalog:
        return agenda.entries(catalog)["work"]


def test_work_that_succeeds_takes_its_dead_letter_away(client: redis.Redis) -> None:
    deadletters.add(client, "mailseek.plan", ("work",), "refused")
    done: list[str] = []
    run(lambda here: done.append(here.settings.accounts["work"].user))
    assert done == ["ann"]
    assert deadletters.listed(client) == []


def test_a_stale_message_does_nothing(client: redis.Redis) -> None:
    done: list[str] = []
    tickets.draw(client, "plan:work", "sync")
    for _ in range(2):
        run(lambda _: done.append("once"), work="plan:work")
    assert done == ["once"]


def test_a_message_that_comes_again_is_not_taken_for_a_second_one(client: redis.Redis) -> None:
    done: list[str] = []
    run(lambda _: done.append("again"), work="plan:work", retries=1)
    task = FakeTask()
    task.request.delivery_info = {"redelivered": True}
    running.run(cast(Task, task), "plan:work", lambda _: done.append("redelivered"))
    assert done == ["again", "redelivered"]


def test_while_one_waits_for_another_try_nobody_else_asks(client: redis.Redis) -> None:
    tickets.draw(client, "plan:work", "sync")
    task = FakeTask()
    with pytest.raises(Retry):
        running.run(cast(Task, task), "plan:work", raising(ServerGone("closed")), account="work")
    assert not tickets.draw(client, "plan:work", "sync")
    tickets.claim(client, "plan:work")

    def meanwhile(_: Context) -> None:
        tickets.draw(client, "plan:work", "sync")
        raise ServerGone("closed")

    assert run(meanwhile, retries=1, work="plan:work").sent == [], "one is on its way"


def test_a_bug_is_given_up_and_its_text_is_told_to_nobody(
    client: redis.Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        run(raising(ValueError("Dear Bob, the secret is")))
    (letter,) = deadletters.listed(client)
    assert letter.reason == "a bug of mailseek's: ValueError"
    assert "secret" not in caplog.text
    assert "test_running.py" in caplog.text
    assert entry(tmp_path).setbacks == 1


def test_a_server_that_asks_for_a_pause_gets_it(client: redis.Redis, tmp_path: Path) -> None:
    began = time.time()
    run(raising(Throttled("slow down", seconds=300)))
    assert began + 299 < entry(tmp_path).not_before < began + 310
    assert deadletters.listed(client) == []
    assert client.hget("mailseek:counters", "throttles") == "1"


def test_a_broken_connection_is_tried_again_later_and_later_then_given_up(
    client: redis.Redis, tmp_path: Path
) -> None:
    task = FakeTask()
    with pytest.raises(Retry):
        running.run(cast(Task, task), "", raising(ServerGone("closed")), account="work")
    (keys,) = task.sent
    assert 1 <= keys["countdown"] <= 2
    assert deadletters.listed(client) == []

    run(raising(ServerGone("closed")), retries=5)
    assert deadletters.listed(client)[0].reason == "ServerGone: closed"
    assert entry(tmp_path).setbacks == 1


def test_a_refused_login_is_given_up_at_once(client: redis.Redis) -> None:
    assert run(raising(LoginError("no"))).sent == []
    assert deadletters.listed(client)[0].id == "plan:work"


def test_what_another_worker_took_over_is_left_to_it(client: redis.Redis, tmp_path: Path) -> None:
    run(raising(Superseded("taken over")))
    assert deadletters.listed(client) == []
    assert not (tmp_path / "catalog.sqlite3").exists()


def test_a_message_that_kills_its_worker_is_given_up_one_day(client: redis.Redis) -> None:
    client.set("mailseek:starts:1", 8)
    run(raising(AssertionError("not to be called")))
    assert "died" in deadletters.listed(client)[0].reason


def test_with_all_connections_in_use_it_waits_without_a_worker(client: redis.Redis) -> None:
    client.zadd("mailseek:connections:127.0.0.1", {"somebody": time.time() + 60})
    task = run(raising(AssertionError("not to be called")))
    assert [keys["countdown"] for keys in task.sent] == [1.0]
    assert deadletters.listed(client) == []
