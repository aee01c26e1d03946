"""Who may work on what: leases that a dead worker loses and a slow one keeps, and budgets of hosts.

A lease has a token of its own, so that nobody frees another's, and is renewed by a thread until its
holder is done. Where one is lost all the same (Redis restarted, the process was stopped), fences in
the catalog and the partition's file lock keep two from writing: leases save work, those save data.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from worker.broker import PREFIX, broker_errors

log = logging.getLogger(__name__)

# Those whose time has run out are forgotten, then there may be room for one more.
_TAKE_SLOT = """
local now = redis.call('TIME')[1]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3] * 2)
return 1
"""
_KEEP_SLOT = """
local now = redis.call('TIME')[1]
return redis.call('ZADD', KEYS[1], 'XX', 'CH', now + ARGV[2], ARGV[1])
"""


@contextmanager
def lease(redis: Redis, name: str, seconds: int) -> Iterator[bool]:
    """Hold a name against other workers; False at once where one of them has it.

    `seconds` after the last sign of life of this process it is free again. Raises BrokerGone.
    """
    lock = Lock(redis, f"{PREFIX}lease:{name}", timeout=seconds, thread_local=False)
    with broker_errors():
        ours = lock.acquire(blocking=False)
    if not ours:
        yield False
        return
    try:
        with _renewed(name, lock.reacquire, seconds):
            yield True
    finally:
        with suppress(LockError, RedisError):  # it ran out, or will
            lock.release()


@contextmanager
def connection_slot(redis: Redis, host: str, limit: int, seconds: int) -> Iterator[bool]:
    """One of the `limit` connections that all workers together may have to a host.

    False at once where there is none. A dead worker's slot is free after `seconds`. Raises BrokerGone.
    """
    key, token = f"{PREFIX}connections:{host}", uuid.uuid4().hex
    with broker_errors():
        ours = redis.eval(_TAKE_SLOT, 1, key, token, limit, seconds) == 1
    if not ours:
        yield False
        return
    try:
        with _renewed(host, lambda: redis.eval(_KEEP_SLOT, 1, key, token, seconds), seconds):
            yield True
    finally:
        with suppress(RedisError):
            redis.zrem(key, token)


@contextmanager
def _renewed(name: str, renew: Callable[[], object], seconds: int) -> Iterator[None]:
    """Renew three times within each lease, in a thread, until the block ends."""
    over = threading.Event()

    def run() -> None:
        failing_since: float | None = None
        while not over.wait(seconds / 3):
            try:
                renew()
                failing_since = None
            except LockError:
                log.warning("the lease of %s was lost", name)
                return
            except RedisError:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > 2 * seconds:
                    log.warning("the lease of %s cannot be renewed: no Redis", name)
                    return

    thread = threading.Thread(target=run, name=f"lease {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
