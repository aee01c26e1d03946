"""`make bench-workers`: the same mail through workers, beside a sync in one process.

Throughput (a mailbox from nothing to searchable), freshness (many accounts, new mail at random
times, with `watch` running), memory (of a worker, over many messages). Named as arguments, else all.
"""

from __future__ import annotations

import os
import platform
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from benchmarks import corpus, rivals
from benchmarks.measure import memory_of_tree, percentile, run
from indexer import config_file
from indexer.catalog.store import Catalog
from indexer.index.whoosh_engine import WhooshEngine
from indexer.search.searcher import Searcher
from search_cli.demo import dovecot, filling
from tests.servers.stack import RedisServer, Stack, running, wait_for
from worker.sending import Sender

MAILSEEK = [sys.executable, "-m", "search_cli.main"]
ACCOUNTS = int(os.environ.get("MAILSEEK_BENCH_ACCOUNTS", "200"))
NEW_MESSAGES = 10  # for each account
MINUTES = float(os.environ.get("MAILSEEK_BENCH_MINUTES", "2"))
MAILBOXES = int(os.environ.get("MAILSEEK_BENCH_MAILBOXES", "3"))  # copies of the corpus, for memory

KEEP = Path(".bench")

Say = Callable[[str], None]


class Bench:
    """A Dovecot with the corpus, a Redis, and homes to sync into."""

    def __init__(self, stack: ExitStack, say: Say) -> None:
        self.say = say
        self.root = Path(tempfile.mkdtemp(prefix="mailseek-bench-"))
        stack.callback(shutil.rmtree, self.root, ignore_errors=True)
        self.root.chmod(0o755)
        self._stack = stack
        self.server = dovecot.start(self.root / "server", roles=False, imap_processes=1000)
        stack.callback(self.server.stop)
        self.redis = RedisServer(self.root / "redis")
        self.redis.start()
        stack.callback(self.redis.stop)
        os.environ["BENCH_PASSWORD"] = dovecot.PASSWORD
        os.environ["MAILSEEK_REDIS"] = self.redis.url

    def fill(self, user: str) -> int:
        """The corpus as a user's mail; Dovecot has read it once, so that nobody comes first."""
        maildir = self.root / "server" / "mail" / user
        count, _ = corpus.fill(maildir)
        dovecot.give_to_server(maildir)
        rivals.configure(self.root / "warm", self.server.port, user, dovecot.PASSWORD)
        rivals.mbsync(self.root / "warm")
        shutil.rmtree(self.root / "warm")
        return count

    def home(self, name: str, *users: str) -> Path:
        home = self.root / name
        for user in users:
            config_file.add_account(
                home,
                user,
                {"host": "127.0.0.1", "port": self.server.port, "user": user, "tls": "none",
                 "password_env": "BENCH_PASSWORD"},
            )  # fmt: skip
        return home

    def dispatch(self, home: Path) -> None:
        """Ask at once who is due, as beat will some seconds later."""
        os.environ["MAILSEEK_HOME"] = str(home)
        from worker.app import app  # reads the settings of MAILSEEK_HOME

        Sender(app, self.redis.client()).dispatch()

    def services(self, home: Path, *workers: tuple[str, ...]) -> Stack:
        self.redis.client().flushall()
        services = self._stack.enter_context(running(home, self.redis.url))
        for arguments in workers:
            services.start("worker", *arguments)
        services.start("beat")
        return services


def throughput(bench: Bench) -> None:
    count = bench.fill("bench")
    bench.say(f"| {count} messages from nothing to searchable | s | of the in-process rate |")
    bench.say("|---|---|---|")
    home = bench.home("alone", "bench")
    alone = run([*MAILSEEK, "--home", str(home), "sync"]).seconds
    bench.say(f"| `mailseek sync` | {alone:.1f} | 1.00 × |")
    one = None
    for processes in map(int, os.environ.get("MAILSEEK_BENCH_PROCESSES", "1,2").split(",")):
        home = bench.root / f"workers{processes}"
        services = bench.services(home, ("-p", str(processes)))
        assert wait_for(lambda services=services: "ready" in services.log(), 30), services.log()  # type: ignore[misc]
        time.sleep(1)
        began = time.perf_counter()
        bench.home(home.name, "bench")
        bench.dispatch(home)
        assert wait_for(lambda home=home: searchable(home) == count, 900, 0.2), services.log()  # type: ignore[misc]
        seconds = time.perf_counter() - began
        services.end()
        shutil.copytree(home / "logs", KEEP / f"logs-{processes}", dirs_exist_ok=True)
        one = one or seconds
        bench.say(
            f"| workers, {processes} process{'es' * (processes > 1)} | {seconds:.1f}"
            f" | {alone / seconds:.2f} × ({one / seconds:.2f} × one process) |"
        )


def enough_inotify() -> bool:
    """Whether Dovecot can be told of changes for each account: it needs an inotify instance each.

    Linux gives a user 128, beyond which Dovecot looks every 30 seconds. Raised where we may.
    """
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    try:
        if int(limit.read_text()) < 2 * ACCOUNTS:
            limit.write_text(str(2 * ACCOUNTS))
    except OSError:
        return False
    return True


def freshness(bench: Bench) -> None:
    if not enough_inotify():
        bench.say(
            "fs.inotify.max_user_instances is too small: Dovecot will be late for many accounts"
        )
    users = [f"user{number}" for number in range(ACCOUNTS)]
    home = bench.home("fresh", *users)
    services = bench.services(home, ("-q", "sync,fetch", "-p", "2"), ("-q", "index", "-p", "1"))
    watch = services.start("watch")
    heard = wait_for(lambda: watch.log.read_text().count("listening") >= ACCOUNTS, 180, 0.5)
    assert heard, services.log()
    assert wait_for(lambda: synced(home) == ACCOUNTS, 180, 0.5), services.log()
    time.sleep(5)

    dice = random.Random(1)
    plan = sorted(
        (dice.uniform(0, 60 * MINUTES), user) for user in users for _ in range(NEW_MESSAGES)
    )
    arrived: dict[str, tuple[str, float]] = {}
    found: dict[str, float] = {}
    looker = threading.Thread(
        target=look, args=(home, arrived, found, len(plan), time.monotonic() + 60 * MINUTES + 120)
    )
    clients = {user: filling.log_in(bench.server, user) for user in users}
    looker.start()
    began = time.monotonic()
    for number, (moment, user) in enumerate(plan):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        word = f"fresh{number}word"
        clients[user].append("INBOX", letter(number, word), (), datetime.now(UTC))
        arrived[word] = (user, time.monotonic())
    looker.join()
    report(bench.say, users, arrived, found)
    services.end()
    shutil.copytree(home / "logs", KEEP / "logs-fresh", dirs_exist_ok=True)


def look(
    home: Path,
    arrived: dict[str, tuple[str, float]],
    found: dict[str, float],
    total: int,
    deadline: float,
) -> None:
    """Note when each message left the outbox, which it does once the index has committed it.

    A search for each would keep a core busy, of the two that do the work; afterwards each is
    searched for once.
    """
    with Catalog.open(home / "catalog.sqlite3", read_only=True) as catalog:
        while len(found) < total and time.monotonic() < deadline:
            now = time.monotonic()
            for (subject,) in catalog.connection.execute(
                "SELECT subject FROM document WHERE NOT EXISTS"
                " (SELECT 1 FROM outbox WHERE document_id = document.id)"
            ):
                if subject in arrived:
                    found.setdefault(subject, now)
            time.sleep(0.02)
        searcher = Searcher(catalog, WhooshEngine(home / "index"))
        for word in list(found):
            if not searcher.search(word, limit=1).hits:
                del found[word]


def report(
    say: Say, users: list[str], arrived: dict[str, tuple[str, float]], found: dict[str, float]
) -> None:
    lags = {word: found[word] - arrived[word][1] for word in found}
    values = list(lags.values())
    median = percentile(values, 0.5)
    means = {
        user: statistics.mean(lag for word, lag in lags.items() if arrived[word][0] == user)
        for user in users
    }
    say(
        f"{ACCOUNTS} accounts, {len(arrived)} new messages in {MINUTES:g} minutes, {len(found)} found;"
        f" arrival → searchable: p50 {median:.2f} s, p99 {percentile(values, 0.99):.2f} s,"
        f" longest {max(values):.2f} s; the slowest account waited {max(means.values()):.2f} s on"
        f" average, {max(means.values()) / median:.1f} × the median"
    )


def memory(bench: Bench) -> None:
    users = [f"copy{number}" for number in range(MAILBOXES)]
    total = sum(bench.fill(user) for user in users)
    home = bench.home("memory", *users)
    services = bench.services(home, ("-p", "2"))
    worker = services.services[0].process.pid
    bench.say(
        "| messages searchable | the worker with all its processes, MB | its 2 children, each |"
    )
    bench.say("|---|---|---|")
    step = total // 10
    for goal in range(step, total + 1, step):
        assert wait_for(lambda goal=goal: searchable(home) >= goal, 900, 0.2), services.log()  # type: ignore[misc]
        pss, _ = memory_of_tree(worker)
        pool = services.services[0].children()[-2:]
        each = ", ".join(f"{memory_of_tree(pid)[1] / 1e6:.0f}" for pid in pool)
        bench.say(f"| {searchable(home)} | {pss / 1e6:.0f} | {each} |")
    services.end()


def letter(number: int, word: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Ann <ann@example.com>", "bob@example.com"
    message["Subject"] = word
    message["Message-ID"] = f"<{number}.fresh@example.com>"
    message["Date"] = datetime.now(UTC)
    message.set_content(f"Some news: {word}.\n")
    return message.as_bytes()


def searchable(home: Path) -> int:
    try:
        with Catalog.open(home / "catalog.sqlite3", read_only=True) as catalog:
            (count,) = catalog.connection.execute(
                "SELECT (SELECT count(*) FROM placement) - (SELECT count(*) FROM outbox)"
            ).fetchone()
            return int(count)
    except Exception:
        return 0


def synced(home: Path) -> int:
    with Catalog.open(home / "catalog.sqlite3", read_only=True) as catalog:
        (count,) = catalog.connection.execute(
            "SELECT count(*) FROM account WHERE last_sync IS NOT NULL"
        ).fetchone()
        return int(count)


def run_parts(name: str, parts: Mapping[str, Callable[[Bench], None]]) -> None:
    """Those that are named as arguments, else all; each with servers and homes of its own."""
    KEEP.mkdir(exist_ok=True)
    for part in sys.argv[1:] or list(parts):
        with ExitStack() as stack, (KEEP / f"{name}-{part}.md").open("w") as file:

            def say(line: str, file=file) -> None:  # type: ignore[no-untyped-def]
                print(line, flush=True)
                print(line, file=file, flush=True)

            say(f"## {part}, {datetime.now(UTC):%Y-%m-%d}")
            say(f"{os.cpu_count()} cores, Python {platform.python_version()}, {rivals.versions()}")
            say("")
            parts[part](Bench(stack, say))


if __name__ == "__main__":
    run_parts("workers", {"throughput": throughput, "freshness": freshness, "memory": memory})
