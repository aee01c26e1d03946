"""One message at a time for each piece of work: asking twice for what is queued already adds nothing.

A ticket says that a message is on its way. Whoever begins the work takes the ticket, so that what
happens from then on is queued anew; a message that finds no ticket is a second one, and is dropped.
A ticket runs out, for its message may have been lost: after about as long as the queue takes. Then
there may be two messages, of which the first to come does the work.
"""

from __future__ import annotations

from redis import Redis

from worker.broker import PREFIX, broker_errors
from worker.queues import keys

_LIFE = 15  # seconds, with an empty queue
_EACH = 1  # second more for each message in the queue: some take ten, many none
_LONGEST = 3600


def draw(redis: Redis, work: str, queue: str, *, countdown: float = 0) -> bool:
    """Take part in a queue with this work; False where a message is on its way.

    `countdown`: seconds for which the message is held back. Raises BrokerGone.
    """
    with broker_errors():
        key = f"{PREFIX}ticket:{work}"
        if redis.exists(key):
            return False
        waiting = sum(redis.llen(each) for each in keys(queue))
        life = min(_LIFE + _EACH * waiting, _LONGEST) + int(countdown)
        return bool(redis.set(key, 1, nx=True, ex=life))


def claim(redis: Redis, work: str) -> bool:
    """Take the ticket as the work begins; False where another message did. Raises BrokerGone."""
    with broker_errors():
        return bool(redis.delete(f"{PREFIX}ticket:{work}"))
