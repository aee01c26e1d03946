"""One at a time, across processes and threads: file locks that die with whoever holds them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(home: Path, name: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock of a home; False, without `wait`, where somebody else does.

    The name has a dot, so that no account's lock has the same. The kernel frees it when the process
    ends, however that happens. Raises OSError.
    """
    folder = home / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
