"""`make bench-following`: how soon new mail is found, and what many changed flags cost.

Parts: freshness (`mailseek sync --watch`, new mail at random moments), flags (50,000 at once). Named
as arguments, else all.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import percentile
from benchmarks.workers import Bench, letter, look, run_parts, searchable
from indexer.catalog.store import Catalog
from search_cli.demo import dovecot, filling
from tests.servers.stack import wait_for

MAILSEEK = [sys.executable, "-m", "search_cli.main"]
NEW_MESSAGES = int(os.environ.get("MAILSEEK_BENCH_NEW", "200"))
FLAGGED = int(os.environ.get("MAILSEEK_BENCH_FLAGS", "50000"))


def freshness(bench: Bench) -> None:
    """One account with the whole corpus; each new message is searched for once it is there."""
    count = bench.fill("bench")
    home = bench.home("watched", "bench")
    subprocess.run([*MAILSEEK, "--home", str(home), "sync", "--quiet"], check=True)
    process = subprocess.Popen(
        [*MAILSEEK, "--home", str(home), "sync", "--watch", "--quiet"],
        stdout=subprocess.DEVNULL,
        stderr=(bench.root / "watch.log").open("wb"),
    )
    client = filling.log_in(bench.server, "bench")
    client.append("INBOX", letter(10**6, "firstword"), (), datetime.now(UTC))
    assert wait_for(lambda: searchable(home) == count + 1, 60, 0.1)
    dice = random.Random(1)
    lags: list[float] = []
    for number in range(NEW_MESSAGES):
        time.sleep(dice.uniform(0.05, 1.0))
        word = f"fresh{number}word"
        client.append("INBOX", letter(number, word), (), datetime.now(UTC))
        arrived = {word: ("bench", time.monotonic())}
        found: dict[str, float] = {}
        look(home, arrived, found, 1, time.monotonic() + 60)
        lags.append(found[word] - arrived[word][1])
    process.send_signal(signal.SIGINT)
    process.wait(20)
    bench.say(
        f"`sync --watch` beside {count} messages, {NEW_MESSAGES} new ones in the inbox: arrival →"
        f" searchable p50 {percentile(lags, 0.5):.2f} s, p99 {percentile(lags, 0.99):.2f} s,"
        f" longest {max(lags):.2f} s"
    )


def flags(bench: Bench) -> None:
    """All messages of a folder change their flags between two passes."""
    maildir = bench.root / "server" / "mail" / "flags"
    _fill(maildir)
    dovecot.give_to_server(maildir)
    home = bench.home("flags", "flags")
    command = [*MAILSEEK, "--home", str(home), "sync", "--quiet"]
    subprocess.run(command, check=True)
    client = filling.log_in(bench.server, "flags")
    client.select_folder("INBOX")
    client.add_flags("1:*", [b"\\Seen"], silent=True)
    with Catalog.open(home / "catalog.sqlite3") as catalog:
        (before,) = catalog.connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'"
        ).fetchone()
        began = time.perf_counter()
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - began
        (seen,) = catalog.connection.execute(
            "SELECT count(*) FROM placement WHERE flags & 1"
        ).fetchone()
        (after,) = catalog.connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'"
        ).fetchone()
    bench.say(f"{seen} changed flags followed in {seconds:.1f} s; {after - before} index writes")


def _fill(maildir: Path) -> None:
    for folder in ("cur", "new", "tmp"):
        (maildir / folder).mkdir(parents=True)
    for number in range(FLAGGED):
        path = maildir / "cur" / f"{1700000000 + number}.M{number}.bench:2,"
        path.write_bytes(letter(number, f"word{number}"))


if __name__ == "__main__":
    run_parts("following", {"freshness": freshness, "flags": flags})
