"""pymap, an IMAP server from the package index, where Dovecot is not installed.

Its mail is in memory: filled in about a second, gone when it stops. It has OBJECTID and MOVE, but
neither CONDSTORE nor LIST-STATUS nor roles; docs/decisions.md says why it was chosen all the same.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from search_cli.demo.server import RunningServer, free_port, wait_until_listening

USER, PASSWORD = "robin", "demo"


def available() -> str | None:
    """Why there can be no pymap, or None where there can."""
    if importlib.util.find_spec("pymap") is None:
        return "pymap is not installed (pip install 'mailseek[demo]')"
    return None


def start(root: Path) -> RunningServer:
    """Start one; its log goes below `root`. Raises RuntimeError where it does not start."""
    root.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = root / "pymap.log"
    command = [
        sys.executable, "-c", "from pymap.main import main; main()",
        "--host", "127.0.0.1", "--port", str(port), "--no-tls", "--no-service", "admin",
        "dict", "--demo-user", USER, "--demo-password", PASSWORD,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    wait_until_listening(process, port, log)
    return RunningServer("pymap", port, PASSWORD, root, process)
