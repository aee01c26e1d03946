"""A demo's server from its start to its end, with a folder that goes with it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import StorageError
from search_cli.demo import dovecot, pymap_server
from search_cli.demo.server import RunningServer


def any_server(root: Path) -> RunningServer:
    """Dovecot where it is installed, else pymap. Raises RuntimeError where neither starts."""
    if dovecot.available() is None:
        return dovecot.start(root)
    return pymap_server.start(root)


@contextmanager
def running_server(start: Callable[[Path], RunningServer], *, cure: str) -> Iterator[RunningServer]:
    """A server that `start` starts in a folder of its own. Raises StorageError, with the cure.

    Not below a home: a server run by another user must be able to reach its mail.
    """
    root = Path(tempfile.mkdtemp(prefix="mailseek-demo-"))
    try:
        try:
            server = start(root)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            raise StorageError(f"no demo server: {error}", cure=cure) from None
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)
