"""What the watcher hears becomes tasks."""

from __future__ import annotations

import logging
import time

from indexer.imap.watch import Changed
from worker.broker import BrokerGone
from worker.sending import Sender

log = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds, while Redis is away


class Teller:
    """Sends a task for each change; while Redis is away, what was heard is kept."""

    def __init__(self, send: Sender) -> None:
        self._send = send
        self._again_at = 0.0

    def __call__(self, account: str, changed: frozenset[Changed]) -> bool:
        """False where it could not be sent."""
        if time.monotonic() < self._again_at:
            return False
        try:
            if None in changed:
                self._send.plan(account)
            else:
                for folder in changed:
                    self._send.sync(account, [str(folder)])
        except BrokerGone as error:
            log.warning("%s", error)
            self._again_at = time.monotonic() + _PAUSE
            return False
        return True
