"""The queues and their priorities: three kinds of work, and what is new before what is old."""

QUEUES = ("sync", "index", "fetch")
"""`sync` and `fetch` wait for servers, `index` computes: they scale apart."""

NEW, FILLING, OLD = 0, 3, 6
"""Priorities, 0 goes first: new mail, indexing what was fetched, fetching older mail."""

ROUTES = {
    "mailseek.dispatch": "sync",
    "mailseek.plan": "sync",
    "mailseek.sync": "sync",
    "mailseek.fetch": "fetch",
    "mailseek.index": "index",
    "mailseek.verify": "fetch",
    "mailseek.verify_sample": "sync",
    "mailseek.clean_up": "index",
}
"""Task → queue."""

LONGEST_TASK = 150
"""Seconds; a task that works longer is killed. Tasks stop by themselves long before."""

VISIBILITY = 600
"""Seconds; what a worker took and did not finish goes to another one after that."""


def keys(queue: str) -> list[str]:
    """The Redis lists of a queue, one a priority, as Celery's transport names them."""
    return [f"{queue}\x06\x16{priority}" if priority else queue for priority in (NEW, FILLING, OLD)]
