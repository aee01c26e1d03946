"""The connection to Redis, beside Celery's own, and the names of what mailseek keeps there.

Everything in Redis may vanish at any time: locks, tickets and counters, nothing that is not made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from indexer.errors import ConfigError, Unavailable
from indexer.settings import Settings

PREFIX = "mailseek:"
_TIMEOUT = 5.0  # seconds for one command


class BrokerGone(Unavailable):
    """Redis cannot be reached; nothing is lost, the next beat finds what is to do."""


def url(settings: Settings) -> str:
    """Where Redis is. Raises ConfigError where no workers are configured."""
    if not settings.workers.redis:
        raise ConfigError(
            "workers need a Redis server, and none is configured",
            where=str(settings.config_path),
            cure='write redis = "redis://127.0.0.1:6379/0" under [workers], or set MAILSEEK_REDIS',
        )
    return settings.workers.redis


def client(settings: Settings) -> redis.Redis:
    """A client for text keys and values; it connects when it is first used."""
    return redis.Redis.from_url(
        url(settings),
        decode_responses=True,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), 3),
    )


@contextmanager
def broker_errors() -> Iterator[None]:
    """Whatever the Redis client raises becomes BrokerGone; a URL's password is in none of it."""
    try:
        yield
    except RedisError as error:
        raise BrokerGone(
            f"Redis cannot be used ({type(error).__name__})",
            cure="check that it runs and that MAILSEEK_REDIS names it",
        ) from error
