"""Passes over accounts that somebody asked for: workers do them where there are some, else a thread.

A pass may be ended at any moment, with the process: what was committed stays.
"""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import Any, Literal

from indexer import pipeline
from indexer.errors import MailseekError
from indexer.settings import Settings

log = logging.getLogger(__name__)

State = Literal["queued", "started", "running"]


class Syncs:
    """What this process has been asked for; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: SimpleQueue[tuple[Settings, str]] = SimpleQueue()
        self._states: dict[str, dict[str, Any]] = {}
        self._thread: threading.Thread | None = None

    def ask(self, settings: Settings, account: str) -> State:
        """Have an account followed now. Raises BrokerGone, ConfigError."""
        if settings.workers.redis:
            _send(settings, account)
            return "queued"
        with self._lock:
            if self._states.get(account, {}).get("state") in ("waiting", "running"):
                return "running"
            self._states[account] = {"state": "waiting"}
            self._waiting.put((settings, account))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sync", daemon=True)
                self._thread.start()
        return "started"

    def state(self, account: str) -> dict[str, Any] | None:
        """How far a pass of this process is or how it ended; None where it was asked for none."""
        with self._lock:
            found = self._states.get(account)
            return dict(found) if found else None

    def _work(self) -> None:
        while True:
            settings, account = self._waiting.get()
            try:
                self._pass(settings, account)
            except MailseekError as error:
                self._set(account, state="failed", error=error.message)
            except Exception:
                log.exception("the pass over %s", account)
                self._set(account, state="failed", error="a bug of mailseek's: see the log")

    def _pass(self, settings: Settings, account: str) -> None:
        def on_progress(progress: pipeline.Progress) -> None:
            self._set(
                account,
                state="running",
                step=progress.step,
                done=progress.done,
                total=progress.total,
            )

        self._set(account, state="running")
        (outcome,) = pipeline.sync(settings, [account], on_progress, patience=0.0)
        if outcome.error is not None:
            self._set(account, state="failed", error=outcome.error.message)
        else:
            self._set(account, state="done")

    def _set(self, account: str, **state: Any) -> None:
        with self._lock:
            self._states[account] = state


def _send(settings: Settings, account: str) -> None:
    from worker import broker  # Celery, which other requests do without
    from worker.app import make_app
    from worker.sending import Sender

    with make_app(settings) as app, broker.broker_errors():
        Sender(app, broker.client(settings)).plan(account)
