"""One pass at a time for each account: a file lock that dies with whoever holds it.

A pass in one process holds it alone; workers, who divide an account's folders between them by other
means, share it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from indexer.errors import CatalogBusy


@contextmanager
def account_lock(home: Path, account: str, *, shared: bool = False) -> Iterator[None]:
    """Hold an account against other processes, and other threads, that want to sync it.

    With `shared`, against those only who want it alone.

    The kernel frees it when the process ends, however that happens; the file stays, it says
    nothing. Raises CatalogBusy at once where somebody else holds it; OSError.
    """
    folder = home / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = quote(account, safe="") + ".lock"
    descriptor = os.open(folder / name, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CatalogBusy(
                "another process is syncing this account",
                where=f"account {account}",
                cure="wait until it is done, or end it",
            ) from None
        yield
    finally:
        os.close(descriptor)
