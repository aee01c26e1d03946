"""Servers that were unpacked into .servers/ instead of installed: how their programs are run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from search_cli.demo.server import is_root

UNPACKED = Path(__file__).parents[2] / ".servers"

AS_MAIL_USER: dict[str, Any] = (
    {"user": "nobody", "group": "nogroup", "extra_groups": []} if is_root() else {}
)
"""For Popen: no mail server likes to run as root."""


def environment(server: str) -> dict[str, str]:
    """The environment in which a program of an unpacked server finds its libraries."""
    folders = {path.parent for path in (UNPACKED / server).rglob("lib*.so*")}
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(str(folder) for folder in sorted(folders))}


def reachable(folder: Path) -> None:
    """Let the mail user walk down to a folder."""
    if is_root():
        for each in (folder, *folder.parents):
            if each.stat().st_uid == 0 and each != Path("/"):
                each.chmod(each.stat().st_mode | 0o011)
