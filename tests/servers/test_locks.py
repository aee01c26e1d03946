"""Leases, budgets, tickets, dead letters and counters, on a real Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.conftest import started_redis
from tests.servers.stack import RedisServer, wait_for
from worker import activity, deadletters, locks, tickets
from worker.broker import BrokerGone

pytestmark = pytest.mark.redis

_HOLDER = """\
import sys, time
import redis
from worker.locks import lease
with lease(redis.Redis(port=int(sys.argv[1]), decode_responses=True), "box", 1) as ours:
    print(ours, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = started_redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def client(server: RedisServer) -> redis.Redis:
    server.client().flushall()
    return server.client()


class TestLeases:
    def test_one_holder_at_a_time(self, client: redis.Redis) -> None:
        with locks.lease(client, "box", 5) as one, locks.lease(client, "box", 5) as two:
            assert (one, two) == (True, False)
        with locks.lease(client, "box", 5) as three:
            assert three

    def test_a_slow_holder_keeps_it(self, client: redis.Redis) -> None:
        with locks.lease(client, "box", 1):
            time.sleep(2.2)
            with locks.lease(client, "box", 1) as other:
                assert not other

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
    def test_a_dead_or_stopped_holder_loses_it(
        self, client: redis.Redis, server: RedisServer, how: signal.Signals
    ) -> None:
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(server.port)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "True\n"
            os.kill(holder.pid, how)

            def free() -> bool:
                with locks.lease(client, "box", 1) as ours:
                    return ours

            assert not free()
            assert wait_for(free, 5)
        finally:
            holder.kill()
            holder.wait()
            holder.stdout.close()

    def test_nobody_frees_what_another_took_over(self, client: redis.Redis) -> None:
        with locks.lease(client, "box", 5):
            client.flushall()
            with locks.lease(client, "box", 5) as other:
                assert other
                with locks.lease(client, "elsewhere", 5):
                    pass
            with locks.lease(client, "box", 5) as ours:
                assert ours
        assert client.get("mailseek:lease:box") is None

    def test_a_lost_lease_does_not_free_the_next_holders(self, client: redis.Redis) -> None:
        first = locks.lease(client, "box", 5)
        first.__enter__()
        client.flushall()
        with locks.lease(client, "box", 5):
            first.__exit__(None, None, None)
            with locks.lease(client, "box", 5) as third:
                assert not third


class TestBudgets:
    def test_a_host_gets_as_many_connections_as_it_may(self, client: redis.Redis) -> None:
        with (
            locks.connection_slot(client, "imap.example.com", 2, 5) as one,
            locks.connection_slot(client, "imap.example.com", 2, 5) as two,
            locks.connection_slot(client, "imap.example.com", 2, 5) as three,
            locks.connection_slot(client, "other.example.com", 2, 5) as elsewhere,
        ):
            assert (one, two, three, elsewhere) == (True, True, False, True)
        with locks.connection_slot(client, "imap.example.com", 2, 5) as again:
            assert again

    def test_a_dead_workers_connection_is_given_back(self, client: redis.Redis) -> None:
        client.zadd("mailseek:connections:host", {"dead": time.time() + 1})
        with locks.connection_slot(client, "host", 1, 5) as ours:
            assert not ours
        assert wait_for(lambda: _slot(client), 4)


def _slot(client: redis.Redis) -> bool:
    with locks.connection_slot(client, "host", 1, 5) as ours:
        return ours


class TestTickets:
    def test_what_is_queued_is_not_queued_again_until_it_begins(self, client: redis.Redis) -> None:
        assert tickets.draw(client, "plan:a", "sync")
        assert not tickets.draw(client, "plan:a", "sync")
        assert tickets.draw(client, "plan:b", "sync")
        assert tickets.claim(client, "plan:a")
        assert tickets.draw(client, "plan:a", "sync")

    def test_of_two_messages_for_one_piece_of_work_the_first_does_it(
        self, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tickets, "_LIFE", 1)
        assert tickets.draw(client, "plan:a", "sync")
        assert wait_for(lambda: tickets.draw(client, "plan:a", "sync"), 4), "it ran out"
        assert tickets.claim(client, "plan:a")
        assert not tickets.claim(client, "plan:a")

    def test_a_ticket_lives_as_long_as_its_message_may_wait(self, client: redis.Redis) -> None:
        tickets.draw(client, "plan:a", "sync")
        assert client.ttl("mailseek:ticket:plan:a") <= 15
        client.lpush("fetch\x06\x166", *range(100))
        tickets.draw(client, "fetch:a:0", "fetch", countdown=10)
        assert 120 <= client.ttl("mailseek:ticket:fetch:a:0") <= 125


class TestDeadLetters:
    def test_the_same_work_is_one_entry_however_often_it_fails(self, client: redis.Redis) -> None:
        for reason in ("refused", "refused again"):
            deadletters.add(client, "mailseek.plan", ("work",), reason)
        deadletters.add(client, "mailseek.sync", ("work", ["INBOX", "a"]), "x" * 10_000)

        newest, oldest = deadletters.listed(client)
        assert (newest.id, newest.times) == ("sync:work:INBOX,a", 1)
        assert len(newest.reason) == 500
        assert (oldest.id, oldest.times, oldest.reason) == ("plan:work", 2, "refused again")

        deadletters.remove(client, "mailseek.plan", ("work",))
        assert deadletters.purge(client) == 1
        assert deadletters.listed(client) == []


class TestActivity:
    def test_who_is_at_work_is_shown_until_done(self, client: redis.Redis) -> None:
        with activity.doing(client, "sync", "work INBOX"):
            (shown,) = activity.all_doing(client)
            assert (shown.task, shown.about) == ("sync", "work INBOX")
        assert activity.all_doing(client) == []

    def test_counters_add_up_and_lags_fall_into_their_buckets(self, client: redis.Redis) -> None:
        activity.count(client, {"messages_indexed": 5, "nothing": 0})
        activity.count(client, {"messages_indexed": 2})
        activity.count_lags(client, [0.1, 0.7, 9000.0])

        counters = activity.counters(client)
        assert counters["messages_indexed"] == 7
        assert (counters["lag_count"], counters["lag_le:0.5"]) == (3, 1)
        assert (counters["lag_le:1.0"], counters["lag_le:+Inf"]) == (1, 1)
        assert "nothing" not in counters

    def test_counting_without_redis_is_no_error(self, tmp_path: Path) -> None:
        nobody = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
        activity.count(nobody, {"messages_indexed": 1})
        with activity.doing(nobody, "sync", "x"):
            pass
        with pytest.raises(BrokerGone):
            activity.counters(nobody)
