"""What the background services have in common: they end with one line where Redis is not there."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import click

from indexer.settings import Settings, load

_PATIENCE = 3.0  # seconds


def metrics_option(command: Any) -> Any:
    """`--metrics`, which every service has."""
    return click.option(
        "--metrics",
        metavar="[HOST:]PORT",
        callback=_address,
        help="Serve Prometheus metrics there (host: 127.0.0.1); one service of them is enough.",
    )(command)


def _address(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.BadParameter("write a port, or host:port")
    return host.strip("[]") or "127.0.0.1", int(port)


def serve_metrics(settings: Settings, address: tuple[str, int] | None) -> None:
    """Answer scrapes while the service runs. Raises OSError where the port is taken."""
    if address is not None:
        from worker.metrics import serve

        serve(settings, *address)


def app(home: Path | None) -> tuple[Settings, Any]:
    """Settings, and the Celery app made from them; Redis answers.

    Raises ConfigError where no Redis is configured, BrokerGone where it is not there.
    """
    settings = load(home)
    os.environ["MAILSEEK_HOME"] = str(settings.home)  # for the app, and for the pool's children
    _await_redis(settings)
    from worker.app import app as celery_app

    return settings, celery_app


def _await_redis(settings: Settings) -> None:
    """It may just be starting, as we are."""
    from worker import broker

    client = broker.client(settings)
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with broker.broker_errors():
                client.ping()
            return
        except broker.BrokerGone:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
