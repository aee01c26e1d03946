"""How long a search may take: set by whoever answers for others, checked where the work is done.

Without a deadline nothing is checked; a search from the command line ends when its user ends it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from indexer.errors import QueryTooCostly

_ends: ContextVar[tuple[float, float] | None] = ContextVar("_ends", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done in here by this thread ends with QueryTooCostly after so many seconds."""
    before = _ends.set((time.monotonic() + seconds, seconds))
    try:
        yield
    finally:
        _ends.reset(before)


def is_over() -> bool:
    """Whether there is a deadline, and it has passed."""
    ends = _ends.get()
    return ends is not None and time.monotonic() > ends[0]


def check() -> None:
    """Raises QueryTooCostly where the deadline has passed."""
    if is_over():
        raise too_costly()


def too_costly() -> QueryTooCostly:
    """The error for a query that was stopped."""
    ends = _ends.get()
    seconds = ends[1] if ends else 0.0
    return QueryTooCostly(
        f"the query was stopped after {seconds:g} seconds",
        cure="narrow it down by a date or a folder, or leave out patterns and counts",
    )
