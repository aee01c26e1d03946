"""Running `mailseek` as it is installed, and configuring it for a test's mailbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from indexer import config_file
from indexer.settings import Settings
from tests.servers.conftest import PASSWORD_VARIABLE, Mailbox

MAILSEEK = [sys.executable, "-m", "search_cli.main"]


def mailseek(
    settings: Settings, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """The command's exit status and what it said."""
    return run([*MAILSEEK, "--home", str(settings.home), *arguments], environ)


def run(
    command: list[str], environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Any command's."""
    return subprocess.run(
        command,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def configure(mailbox: Mailbox, **keys: object) -> Path:
    """Write a config.toml for this mailbox; `keys` stand above what it would be. Its path."""
    account = mailbox.account
    home = mailbox.settings.home
    (home / "config.toml").unlink(missing_ok=True)
    config_file.add_account(
        home,
        "test",
        {
            "host": account.host,
            "port": account.port,
            "user": account.user,
            "tls": "none",
            "password_env": PASSWORD_VARIABLE,
            **keys,
        },
    )
    return home / "config.toml"
