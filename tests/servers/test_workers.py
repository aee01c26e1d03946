"""Mail that becomes searchable by itself, and stays right whatever happens to the services."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from celery import Celery
from imapclient import IMAPClient

from indexer import config_file
from indexer.catalog.store import Catalog
from indexer.errors import MailseekError
from indexer.index.whoosh_engine import WhooshEngine
from indexer.search.searcher import Searcher
from indexer.settings import load
from indexer.verification import verify
from search_cli.demo import dovecot, filling
from search_cli.demo.mailbox import messages
from search_cli.demo.server import RunningServer, free_port
from tests.servers.commands import configure, mailseek
from tests.servers.conftest import PASSWORD_VARIABLE, Mailbox, mailbox_on
from tests.servers.mirror import append, letter, move
from tests.servers.stack import (
    RedisServer,
    Service,
    Stack,
    running,
    two_writers,
    wait_for,
)
from worker import queues

pytestmark = [pytest.mark.dovecot, pytest.mark.redis]

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KILLS = int(os.environ.get("MAILSEEK_TEST_WORKER_KILLS", "8"))
LEASE = 2  # seconds


@pytest.fixture
def stack(mailbox: Mailbox, redis_server: RedisServer) -> Iterator[Stack]:
    """No service yet; they look at accounts every two seconds, and their leases are short."""
    configure(mailbox)
    with running(
        mailbox.settings.home,
        redis_server.url,
        MAILSEEK_SYNC_EVERY="2",
        MAILSEEK_LEASE=str(LEASE),
        MAILSEEK_LOG_LEVEL="DEBUG",
    ) as services:
        yield services


def clean(mailbox: Mailbox) -> bool:
    """Catalog and index say what the server says, and nothing waits."""
    try:
        if list(verify(load(mailbox.settings.home), [])):
            return False
        with Catalog.open(mailbox.settings.catalog_path, read_only=True) as catalog:
            (waiting,) = catalog.connection.execute("SELECT count(*) FROM outbox").fetchone()
        return not waiting
    except MailseekError:
        return False


def converges(mailbox: Mailbox, stack: Stack, seconds: float = 60) -> None:
    assert wait_for(lambda: clean(mailbox), seconds, 0.2), stack.log()
    assert two_writers(stack) == []


def hits(mailbox: Mailbox, query: str) -> int:
    try:
        with Catalog.open(mailbox.settings.catalog_path, read_only=True) as catalog:
            searcher = Searcher(catalog, WhooshEngine(mailbox.settings.index_path))
            return len(searcher.search(query, limit=1000).hits)
    except MailseekError:
        return 0


def bulk(client: IMAPClient, folder: str, numbers: range) -> None:
    client.multiappend(folder, [{"msg": letter(number), "date": NOW} for number in numbers])


def test_mail_becomes_searchable_and_changes_are_followed_by_themselves(
    mailbox: Mailbox, stack: Stack
) -> None:
    client = mailbox.log_in()
    filling.fill(client, messages(NOW, 120))
    stack.start("worker", "-p", "2")
    stack.start("beat")
    watch = stack.start("watch")
    converges(mailbox, stack)
    assert wait_for(lambda: "listening" in watch.log.read_text(), 10)
    stack.environ["MAILSEEK_SYNC_EVERY"] = "3600"

    client.append("INBOX", letter(1, words="chrysanthemum\n"), (), NOW)
    assert wait_for(lambda: hits(mailbox, "chrysanthemum"), 10), stack.log()

    client.create_folder("new one")
    client.append("new one", letter(2, words="rhododendron\n"), (), NOW)
    assert wait_for(lambda: hits(mailbox, 'rhododendron in:"new one"'), 40), stack.log()

    client.select_folder("INBOX")
    (uid,) = client.search(["BODY", "chrysanthemum"])
    move(client, [uid], "Archive")
    assert wait_for(lambda: hits(mailbox, "chrysanthemum in:Archive"), 40), stack.log()

    client.select_folder("Archive")
    client.delete_messages(client.search(["BODY", "chrysanthemum"]))
    client.expunge()
    assert wait_for(lambda: not hits(mailbox, "chrysanthemum"), 40), stack.log()
    converges(mailbox, stack)


def test_a_refused_password_rests_the_account_and_is_listed_until_it_works(
    mailbox: Mailbox, stack: Stack, redis_server: RedisServer
) -> None:
    append(mailbox.log_in(), "INBOX", 1)
    configure(mailbox, password_env="WRONG")
    stack.environ["WRONG"] = "wrong"
    environ = {"MAILSEEK_REDIS": redis_server.url, "WRONG": "wrong"}
    stack.start("worker", "-p", "1")
    stack.start("beat")

    def failed() -> list[dict[str, object]]:
        answer = mailseek(mailbox.settings, "queue", "failed", "--json", **environ)
        return list(json.loads(answer.stdout)["failed"])

    assert wait_for(failed, 20, 0.5), stack.log()
    (letter_,) = failed()
    assert letter_["id"] == "plan:test"
    assert "refuses this user or password" in str(letter_["reason"])
    time.sleep(3)
    assert failed()[0]["times"] == 1, "it rests, and is not tried every two seconds"
    assert mailseek(mailbox.settings, "queue", "failed", **environ).returncode == 1

    configure(mailbox)
    answer = mailseek(mailbox.settings, "queue", "retry", "plan:test", **environ)
    assert answer.stderr.strip() == "1 queued again"
    converges(mailbox, stack)
    assert wait_for(lambda: not failed(), 10)
    assert mailseek(mailbox.settings, "queue", "failed", **environ).returncode == 0
    assert "wrong" not in stack.log()


def test_small_accounts_are_done_before_a_large_one(
    mailbox: Mailbox, stack: Stack, tmp_path: Path
) -> None:
    bulk(mailbox.log_in(), "INBOX", range(6000))
    small = [mailbox_on(mailbox.server, tmp_path / "home") for _ in range(5)]
    for number, each in enumerate(small):
        bulk(each.log_in(), "INBOX", range(40))
        config_file.add_account(
            mailbox.settings.home,
            f"small{number}",
            {"host": "127.0.0.1", "port": each.server.port, "user": each.user, "tls": "none",
             "password_env": PASSWORD_VARIABLE},
        )  # fmt: skip
    counts: dict[str, int] = {}

    def fetched() -> dict[str, int]:
        with suppress(MailseekError), Catalog.open(mailbox.settings.catalog_path) as catalog:
            counts.update(catalog.connection.execute("SELECT name, documents FROM account"))
        return counts

    stack.start("worker", "-p", "1")
    stack.start("beat")
    assert wait_for(lambda: sum(c == 40 for c in fetched().values()) == 5, 40, 0.05), stack.log()
    assert counts["test"] < 6000


def test_what_is_new_goes_before_what_is_old_and_events_tell_of_it(
    mailbox: Mailbox, stack: Stack, redis_server: RedisServer
) -> None:
    append(mailbox.log_in(), "INBOX", 1)
    app = Celery(broker=redis_server.url)
    app.conf.broker_transport_options = {"priority_steps": [queues.NEW, queues.FILLING, queues.OLD]}
    for task, args, queue, priority in (
        ("mailseek.fetch", ["test", 0], "fetch", queues.OLD),
        ("mailseek.index", [1, "2024"], "index", queues.FILLING),
        ("mailseek.plan", ["test"], "sync", queues.NEW),
    ):
        app.send_task(task, args, queue=queue, priority=priority)
    done: list[str] = []
    with app.connection() as connection:
        receiver = app.events.Receiver(
            connection, handlers={"task-started": lambda event: done.append(event["uuid"])}
        )
        worker = stack.start("worker", "-p", "1")
        deadline = time.monotonic() + 20
        for _ in receiver.itercapture(limit=None, timeout=10):  # heartbeats come as well
            if len(done) >= 3 or time.monotonic() > deadline:
                break
    assert wait_for(lambda: "fetch test done in" in worker.log.read_text(), 10), stack.log()

    began = [
        entry["message"].split()[0]
        for line in worker.log.read_text().splitlines()
        if line.startswith("{") and " done in " in (entry := json.loads(line))["message"]
    ]
    assert began[:1] == ["plan"], stack.log()
    assert began.index("index") < began.index("fetch")
    assert len(done) >= 3, "Flower hears of each"


def test_status_and_metrics_show_what_is_done_and_what_is_left(
    mailbox: Mailbox, stack: Stack, redis_server: RedisServer
) -> None:
    bulk(mailbox.log_in(), "INBOX", range(1500))
    port = free_port()
    beat = stack.start("beat", "--metrics", str(port))
    environ = {"MAILSEEK_REDIS": redis_server.url}

    def scraped() -> dict[str, float]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return {}
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    queued = 'mailseek_queue_length{queue="sync"}'
    assert wait_for(lambda: scraped().get(queued, 0) >= 1, 20), stack.log()
    status = json.loads(mailseek(mailbox.settings, "status", "--json", **environ).stdout)
    assert status["workers"]["queues"]["sync"] >= 1
    assert status["workers"]["doing"] == []

    stack.start("worker", "-p", "2")
    converges(mailbox, stack)
    found = scraped()
    assert found["mailseek_messages"] == 1500
    assert found["mailseek_messages_fetched_total"] >= 1500
    assert found["mailseek_messages_indexed_total"] >= 1500
    assert found["mailseek_octets_received_total"] > 100_000
    assert found["mailseek_redis_up"] == found["mailseek_catalog_up"] == 1
    status = json.loads(mailseek(mailbox.settings, "status", "--json", **environ).stdout)
    assert status["workers"]["rates"]["fetched"] > 0
    shown = mailseek(mailbox.settings, "status", **environ).stdout
    assert "queued" in shown
    assert beat.process.poll() is None

    redis_server.stop()
    assert wait_for(lambda: scraped().get("mailseek_redis_up") == 0, 30)
    assert scraped()["mailseek_messages"] == 1500
    answer = mailseek(mailbox.settings, "status", **environ)
    assert answer.returncode == 0
    assert "Redis" in answer.stderr


def test_without_redis_a_service_ends_with_one_line(mailbox: Mailbox) -> None:
    configure(mailbox)
    services = ("worker", "beat", "watch")
    nowhere = {"MAILSEEK_REDIS": "redis://127.0.0.1:1/0"}
    with ThreadPoolExecutor() as pool:  # each waits for a while: Redis may just be starting
        answers = list(pool.map(lambda each: mailseek(mailbox.settings, each, **nowhere), services))

    for command, answer in zip(services, answers, strict=True):
        assert (answer.returncode, answer.stdout) == (3, "")
        assert len(answer.stderr.splitlines()) == 2, answer.stderr
        answer = mailseek(mailbox.settings, command, MAILSEEK_REDIS="")
        assert answer.returncode == 2
        assert "MAILSEEK_REDIS" in answer.stderr


@pytest.mark.timeout(300 + 5 * KILLS)
class TestChaos:
    """After each, everything converges, verify is clean, and no partition had two writers."""

    def test_services_killed_at_random(self, mailbox: Mailbox, stack: Stack) -> None:
        seed = int(os.environ.get("MAILSEEK_TEST_SEED", time.time_ns() % 10**6))
        print(f"MAILSEEK_TEST_SEED={seed}")
        dice = random.Random(seed)
        client = mailbox.log_in()
        filling.fill(client, messages(NOW, 600))
        roles = [("worker", "-p", "2"), ("worker", "-p", "2"), ("beat",), ("watch",)]
        services = {role: stack.start(*arguments) for role, arguments in enumerate(roles)}
        number = 10_000
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.2, 1.5))
            number = disturb(client, dice, number)
            role = dice.choices(list(services), (4, 4, 1, 1))[0]
            victim = services[role]
            pid = dice.choice([victim.process.pid, *victim.children() * 2])
            stack.kill(victim, pid)
            if pid == victim.process.pid:
                services[role] = stack.start(*roles[role])
        for role, service in services.items():
            if service.process.poll() is not None:
                services[role] = stack.start(*roles[role])

        converges(mailbox, stack, 120)

    @pytest.mark.parametrize("keep", [True, False], ids=["with its data", "without its data"])
    def test_redis_restarts(
        self, mailbox: Mailbox, stack: Stack, redis_server: RedisServer, keep: bool
    ) -> None:
        client = mailbox.log_in()
        bulk(client, "INBOX", range(1500))
        services_of_one(stack)
        assert wait_for(lambda: hits(mailbox, "number1400"), 30), stack.log()
        redis_server.stop()
        if not keep:
            redis_server.lose_data()
        bulk(client, "INBOX", range(5000, 5100))
        time.sleep(1)
        redis_server.start()

        converges(mailbox, stack)
        client.append("INBOX", letter(1, words="afterwards\n"), (), NOW)
        assert wait_for(lambda: hits(mailbox, "afterwards"), 40), stack.log()

    def test_redis_flushed_in_the_middle(
        self, mailbox: Mailbox, stack: Stack, redis_server: RedisServer
    ) -> None:
        bulk(mailbox.log_in(), "INBOX", range(3000))
        services_of_one(stack)
        for _ in range(5):
            time.sleep(0.7)
            redis_server.client().flushall()

        converges(mailbox, stack)
        assert hits(mailbox, "number2999")

    def test_the_imap_server_restarts(
        self,
        redis_server: RedisServer,
        tmp_path: Path,
        server_root: Path,
        start_dovecot: Callable[..., RunningServer],
    ) -> None:
        start_dovecot()  # or this is skipped
        root = server_root / "restarts"
        server = dovecot.start(root)
        mailbox = mailbox_on(server, tmp_path / "home")
        client = mailbox.log_in()
        bulk(client, "INBOX", range(1500))
        configure(mailbox)
        with running(
            mailbox.settings.home,
            redis_server.url,
            MAILSEEK_SYNC_EVERY="2",
            MAILSEEK_LOG_LEVEL="DEBUG",
        ) as stack:
            services_of_one(stack)
            assert wait_for(lambda: hits(mailbox, "number1499"), 30), stack.log()
            server.stop()
            time.sleep(1)
            server = dovecot.start(root, port=server.port)
            try:
                bulk(mailbox.log_in(), "INBOX", range(5000, 5050))
                converges(mailbox, stack, 90)
            finally:
                server.stop()

    def test_workers_stopped_for_longer_than_their_lease(
        self, mailbox: Mailbox, stack: Stack
    ) -> None:
        client = mailbox.log_in()
        bulk(client, "INBOX", range(2000))
        client.create_folder("box")
        bulk(client, "box", range(3000, 5000))
        first = services_of_one(stack)
        assert wait_for(lambda: mailbox.settings.catalog_path.exists(), 20)
        second = stack.start("worker", "-p", "2")
        dice = random.Random(7)
        for round_ in range(3):
            time.sleep(dice.uniform(0.3, 1.0))
            sleeping = [first.process.pid, *first.children()]
            for pid in sleeping:
                os.kill(pid, signal.SIGSTOP)
            disturb(client, dice, 20_000 + 100 * round_)
            time.sleep(LEASE * 1.5)
            for pid in sleeping:
                os.kill(pid, signal.SIGCONT)

        converges(mailbox, stack)
        assert second.process.poll() is None

    def test_two_of_every_service(self, mailbox: Mailbox, stack: Stack) -> None:
        client = mailbox.log_in()
        filling.fill(client, messages(NOW, 300))
        for arguments in (("worker", "-p", "2"), ("beat",), ("watch",)) * 2:
            stack.start(*arguments)
        converges(mailbox, stack)
        dice = random.Random(3)
        number = 30_000
        for _ in range(10):
            number = disturb(client, dice, number)
            time.sleep(0.2)
        converges(mailbox, stack)


def services_of_one(stack: Stack) -> Service:
    worker = stack.start("worker", "-p", "2")
    stack.start("beat")
    stack.start("watch")
    return worker


def disturb(client: IMAPClient, dice: random.Random, number: int) -> int:
    """Something that happens in a mailbox; the number for the next letter."""
    client.select_folder("INBOX")
    uids = client.search()
    kind = dice.choice(("new", "new", "flag", "move", "delete"))
    if kind == "new" or len(uids) < 10:
        count = dice.randrange(1, 30)
        bulk(client, "INBOX", range(number, number + count))
        return number + count
    chosen = dice.sample(uids, 5)
    if kind == "flag":
        client.add_flags(chosen, [b"\\Flagged"])
    elif kind == "move":
        move(client, chosen, "Archive")
    else:
        client.delete_messages(chosen)
        client.expunge(chosen)
    return number
