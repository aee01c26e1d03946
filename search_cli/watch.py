"""`mailseek watch`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from search_cli import services


@click.command("watch", epilog="Example: mailseek watch")
@services.metrics_option
@click.pass_obj
def command(home: Path | None, metrics: tuple[str, int] | None) -> int:
    """Listen to all accounts' servers, and have workers fetch what comes at once.

    One process for all accounts. May be ended and started again at any time.
    """
    settings, app = services.app(home)
    from indexer.watcher import Watcher
    from worker import broker, logs
    from worker.running import current_settings
    from worker.sending import Sender
    from worker.watcher import Teller

    logs.configure()
    services.serve_metrics(settings, metrics)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Watcher(current_settings, Teller(Sender(app, broker.client(settings)))).run(stop)
    return 0
