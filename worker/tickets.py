"""One message at a time for each piece of work: asking twice for what is queued already adds nothing.

A ticket is a key with a token that its message carries. It is given back when the work begins, so
that what happens from then on queues it anew. A ticket that ran out (the message was lost, or the
queue is long) is given to another message, and the old one, should it still come, is of no use.
"""

from __future__ import annotations

import uuid

from redis import Redis

from worker.broker import PREFIX, broker_errors

_LIFE = 120  # seconds

# A message whose ticket went to another one is stale; one whose ticket is gone is not: it was
# redelivered after a crash, or Redis lost its memory.
_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then redis.call('DEL', KEYS[1]) end
return (not holder) or holder == ARGV[1]
"""


def draw(redis: Redis, work: str, *, life: int = _LIFE) -> str | None:
    """A ticket for a message about this work; None where one is queued. Raises BrokerGone."""
    token = uuid.uuid4().hex
    with broker_errors():
        drawn = redis.set(f"{PREFIX}ticket:{work}", token, nx=True, ex=life)
    return token if drawn else None


def claim(redis: Redis, work: str, token: str) -> bool:
    """Give the ticket back as the work begins; False where its message is stale."""
    with broker_errors():
        return bool(redis.eval(_CLAIM, 1, f"{PREFIX}ticket:{work}", token))


def withdraw(redis: Redis, work: str, token: str) -> None:
    """Give back a ticket whose message could not be sent."""
    claim(redis, work, token)


def redraw(redis: Redis, work: str, token: str, *, life: int = _LIFE) -> bool:
    """Take a ticket again for a message that waits for another try; False where one is queued."""
    with broker_errors():
        return bool(redis.set(f"{PREFIX}ticket:{work}", token, nx=True, ex=life))
