"""`make bench`: mailseek beside mbsync and notmuch, on the same mail, in one run.

Prints a table and writes it to `.bench/results.md`; what is worth keeping goes to docs/benchmarks.md.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import corpus, rivals
from benchmarks.measure import Cost, CountingProxy, percentile, quick, run
from indexer import config_file, pipeline
from indexer.catalog.store import Catalog
from indexer.index.whoosh_engine import WhooshEngine
from indexer.search.searcher import Searcher
from indexer.settings import load
from indexer.sync.link import Kept
from search_cli.demo import dovecot

MAILSEEK = str(Path(sys.executable).with_name("mailseek"))
USER = "bench"
WARM_RUNS = 40
AFAR = 0.02  # seconds there and back, to a server that is not on this machine
LIMITS = {"a": 1.0, "b": 0.2, "c": 0.5}

QUERIES = {
    "a word in most messages": ("the", "the"),
    "a middling word": ("kernel", "kernel"),
    "a rare word": ("accordion", "accordion"),
    "an absent word": ("zyzzyvaxq", "zyzzyvaxq"),
    "a phrase": ('"on the other hand"', '"on the other hand"'),
    "a prefix": ("conf*", "conf*"),
}


def main() -> None:
    """All measurements, one after the other."""
    keep = Path(".bench")
    keep.mkdir(exist_ok=True)
    lines: list[str] = []

    def say(line: str = "") -> None:
        print(line, flush=True)
        lines.append(line)

    with ExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix="mailseek-bench-"))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        maildir = root / "server" / "mail" / USER
        count, octets = corpus.fill(maildir)
        dovecot.give_to_server(maildir)
        server = dovecot.start(root / "server", roles=False)
        stack.callback(server.stop)
        say(f"# {datetime.now(UTC):%Y-%m-%d}, {count} messages, {octets / 1e6:.0f} MB")
        say(f"{os.cpu_count()} cores, Python {platform.python_version()}, {rivals.versions()}")
        say()
        _warm_server(server.port, root)
        _measure(root, server.port, say)
    (keep / "results.md").write_text("\n".join(lines) + "\n")


def _warm_server(port: int, root: Path) -> None:
    """Have Dovecot build its own caches first, so that whoever comes second has no advantage."""
    rivals.configure(root / "warm", port, USER, dovecot.PASSWORD)
    rivals.mbsync(root / "warm")
    shutil.rmtree(root / "warm")


def _measure(root: Path, port: int, say: Callable[..., None]) -> None:
    environ = {"BENCH_PASSWORD": dovecot.PASSWORD, "MAILSEEK_HOME": str(root / "home")}
    home = root / "home"
    with CountingProxy(port) as ours, CountingProxy(port) as theirs:
        _add_account(home, ours.port)
        rivals.configure(root / "rival", theirs.port, USER, dovecot.PASSWORD)
        first = run([MAILSEEK, "sync"], environ)
        fetched = rivals.mbsync(root / "rival")
        indexed = rivals.notmuch_new(root / "rival")
        received = ours.received, theirs.received
    config_file.remove_account(home, USER)
    _add_account(home, port)
    rivals.configure(root / "rival", port, USER, dovecot.PASSWORD)

    say("| | mailseek | mbsync, notmuch | ratio | bar |")
    say("|---|---|---|---|---|")
    total = fetched.seconds + indexed.seconds
    say(_row("(a) empty → searchable, s", first.seconds, total, LIMITS["a"],
             f" ({fetched.seconds:.1f} + {indexed.seconds:.1f})"))  # fmt: skip
    _idle(root, home, port, environ, say)
    say(_row("(c) read from the server, MB", received[0] / 1e6, received[1] / 1e6, LIMITS["c"]))
    _sizes(home, root / "rival", say)
    _memory(first, say)
    say()
    _latencies(home, root / "rival", environ, say)


def _idle(
    root: Path, home: Path, port: int, environ: dict[str, str], say: Callable[..., None]
) -> None:
    """A pass when nothing changed: as a command, in a process that runs already, from afar."""
    first = run([MAILSEEK, "sync"], environ).seconds
    rival_first = rivals.mbsync(root / "rival").seconds
    say(_row("(b) nothing changed, first time after news, s", first, rival_first, LIMITS["b"]))
    ours = _median(quick([MAILSEEK, "sync"], environ))
    theirs = _median(quick(rivals.mbsync_command(root / "rival"), ok=(0,)))
    say(_row("(b) nothing changed, whole command, s", ours, theirs, LIMITS["b"]))
    os.environ.update(environ)
    settings = load(home)
    warm = _median([_timed(lambda: pipeline.sync(settings, [], _silent)) for _ in range(10)])
    say(_row("(b) nothing changed, the pass alone, with its login, s", warm, theirs, LIMITS["b"]))
    with Kept() as kept:
        passes = [
            _timed(lambda: pipeline.sync(settings, [], _silent, kept=kept)) for _ in range(11)
        ]
    say(_row("(b) nothing changed, a pass of `sync --watch`, s", _median(passes), theirs, 0.1))
    with CountingProxy(port, delay=AFAR / 2) as proxy:
        config_file.remove_account(home, USER)
        _add_account(home, proxy.port)
        rivals.configure(root / "rival", proxy.port, USER, dovecot.PASSWORD)
        far = _median(quick([MAILSEEK, "sync"], environ, runs=5))
        rival_far = _median(quick(rivals.mbsync_command(root / "rival"), ok=(0,), runs=5))
    say(_row(f"(b) whole command, {1000 * AFAR:.0f} ms away, s", far, rival_far, LIMITS["b"]))


def _silent(_progress: pipeline.Progress) -> None:
    """Nobody watches."""


def _add_account(home: Path, port: int) -> None:
    config_file.add_account(
        home,
        USER,
        {
            "host": "127.0.0.1",
            "port": port,
            "user": USER,
            "tls": "none",
            "password_env": "BENCH_PASSWORD",
        },
    )


def _row(name: str, ours: float, theirs: float, bar: float, detail: str = "") -> str:
    return f"| {name} | {ours:.3g} | {theirs:.3g}{detail} | {ours / theirs:.2f} | ≤ {bar} |"


def _sizes(home: Path, rival: Path, say: Callable[..., None]) -> None:
    with Catalog.open(home / "catalog.sqlite3", read_only=True) as catalog:
        text = rivals.text_octets(catalog)
    index = _octets(home / "index")
    stored = sum(path.stat().st_size for path in home.glob("catalog.sqlite3*"))
    say(
        f"| (e) on disk, MB | {(index + stored) / 1e6:.0f} (index {index / 1e6:.0f}, catalog"
        f" {stored / 1e6:.0f}) | {_octets(rival) / 1e6:.0f} (mail and index) |"
        f" {(index + stored) / text:.2f} × text ({text / 1e6:.0f} MB) | ≤ 6 |"
    )


def _memory(cost: Cost, say: Callable[..., None]) -> None:
    say(
        f"| (f) peak memory of the sync's process tree, MB | {cost.peak_pss / 1e6:.0f}"
        f" (shared pages counted for each: {cost.peak_rss / 1e6:.0f}) | | | ≤ 300 |"
    )


def _latencies(home: Path, rival: Path, environ: dict[str, str], say: Callable[..., None]) -> None:
    say("(d) search, first 20 hits, ms; bars: warm p95 ≤ 20, cold ≤ 250")
    say()
    say(
        "| query | hits | warm p50 | warm p95 | cold p50 | cold p95 | notmuch cold p50 | notmuch cold p95 |"
    )
    say("|---|---|---|---|---|---|---|---|")
    with Catalog.open(home / "catalog.sqlite3", read_only=True) as catalog:
        searcher = Searcher(catalog, WhooshEngine(home / "index"))
        for name, (ours, theirs) in QUERIES.items():
            total = searcher.search(ours, count=True).total
            warm = [_timed(lambda query=ours: searcher.search(query)) for _ in range(WARM_RUNS)]  # type: ignore[misc]
            cold = quick([MAILSEEK, "search", ours], environ)
            other = quick(rivals.notmuch_search(rival, theirs))
            figures = [
                f"{1000 * percentile(times, share):.1f}"
                for times in (warm, cold, other)
                for share in (0.5, 0.95)
            ]
            say(f"| {name} | {total} | " + " | ".join(figures) + " |")


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _median(times: Sequence[float]) -> float:
    return percentile(times, 0.5)


def _octets(folder: Path) -> int:
    listing = subprocess.run(["du", "-sb", str(folder)], capture_output=True, text=True, check=True)
    return int(listing.stdout.split()[0])


if __name__ == "__main__":
    main()
