"""`make bench-serve`: the HTTP API under load while the index is being written.

    make bench-serve RATE=50 SECONDS=30 WORKERS=1

A mailbox of 20,000 messages (that of `make bench-search`, copied). Requests begin at fixed times,
whether earlier ones were answered or not, as those of many people would; beside them a process
writes partitions of the index anew, over and over. A time is from when a request should have begun
to the end of its answer, and every answer must be 200.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

from benchmarks.mailboxes import MAILSEEK, filled
from benchmarks.measure import percentile
from benchmarks.shapes import QUICK, shapes
from indexer.catalog import outbox
from indexer.catalog.store import Catalog

SIZE = 20_000
TOKEN = "a-token-of-the-benchmark"
_BAR = 25.0  # milliseconds, p95
_WARM = 60  # requests that are not counted


def main() -> None:
    """One run; its table."""
    rate, seconds = int(os.environ.get("RATE") or 50), int(os.environ.get("SECONDS") or 30)
    workers = os.environ.get("WORKERS") or "1"
    box = filled(SIZE, "1", print)
    with ExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix="mailseek-bench-"))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        home = root / "home"
        shutil.copytree(box.home, home)
        port = _free_port()
        environ = {
            **os.environ, "MAILSEEK_HOME": str(home), "MAILSEEK_API_TOKEN": TOKEN,
            "MAILSEEK_REQUESTS_PER_MINUTE": "1000000",
        }  # fmt: skip
        serve = [MAILSEEK, "serve", "--port", str(port), "--workers", workers]
        server = subprocess.Popen(serve, env=environ)
        stack.callback(_end, server)
        times, refused, written = asyncio.run(_run(port, home, rate, seconds))
    figures = " | ".join(f"{1000 * percentile(times, share):.1f}" for share in (0.5, 0.95, 0.99))
    print(
        "| requests/s | requests | not 200 | written meanwhile | p50, ms | p95 | p99 | bar, p95 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(f"| {rate} | {len(times)} | {refused} | {written} messages | {figures} | ≤ {_BAR:g} |")


async def _run(port: int, home: Path, rate: int, seconds: int) -> tuple[list[float], int, int]:
    """Times of all requests in seconds, how many were refused, how many messages were written."""
    queries = [(shape.sort, text) for shape in shapes() if shape.bar == QUICK and not shape.pages
               and not shape.count for text in shape.ours]  # fmt: skip
    dice = random.Random(1)
    url = f"http://127.0.0.1:{port}"
    limits = httpx.Limits(max_connections=200)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, limits=limits, timeout=60
    ) as client:
        await _answers(client)
        for sort, text in dice.sample(queries, _WARM):
            await client.get("/v1/search", params={"q": text, "sort": sort})
        writing = asyncio.create_task(asyncio.to_thread(_write, home, seconds))
        begin = time.perf_counter()
        asked = []
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            due = begin + number / rate
            asked.append(asyncio.create_task(_ask(client, due, *dice.choice(queries))))
        answers = await asyncio.gather(*asked)
        written = await writing
    return [taken for taken, _ in answers], sum(not good for _, good in answers), written


async def _ask(client: httpx.AsyncClient, due: float, sort: str, text: str) -> tuple[float, bool]:
    """Seconds from when it should have been asked, so that nobody gains by being late."""
    try:
        answer = await client.get("/v1/search", params={"q": text, "sort": sort})
    except httpx.TransportError:
        return time.perf_counter() - due, False
    return time.perf_counter() - due, answer.status_code == 200


async def _answers(client: httpx.AsyncClient) -> None:
    for _ in range(100):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the server does not answer")


def _write(home: Path, seconds: int) -> int:
    """Write partitions anew until the time is over; how many messages."""
    ends = time.monotonic() + seconds
    written = 0
    command = [
        sys.executable,
        "-m",
        "indexer.index.drain",
        str(home / "catalog.sqlite3"),
        str(home / "index"),
    ]
    with Catalog.open(home / "catalog.sqlite3") as catalog:
        while time.monotonic() < ends:
            _queue(catalog)
            before = _waiting(catalog)
            drain = subprocess.Popen(command, stdin=subprocess.PIPE)
            assert drain.stdin is not None
            with suppress(BrokenPipeError):
                drain.stdin.write(b"finish\n")  # without waiting for batches to grow
                drain.stdin.flush()
            while drain.poll() is None and time.monotonic() < ends:
                time.sleep(0.2)
            _end(drain)
            written += before - _waiting(catalog)
    return written


def _queue(catalog: Catalog) -> None:
    rows: Sequence[tuple[int, str]] = catalog.connection.execute(
        "SELECT account_id, period FROM partition ORDER BY period DESC LIMIT 3"
    ).fetchall()
    for account_id, period in rows:
        outbox.enqueue_partition(catalog, account_id, period, [])


def _waiting(catalog: Catalog) -> int:
    return sum(each.count for each in outbox.waiting(catalog))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


if __name__ == "__main__":
    main()
