"""`mailseek demo --serve`: a server with generated mail that stays, for trying the services on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from indexer import config_file
from indexer.settings import load
from search_cli.demo import dovecot, filling, pymap_server
from search_cli.demo.mailbox import messages
from search_cli.demo.running import any_server, running_server
from search_cli.demo.server import RunningServer

_TLS_PORT = 10_993


def serve(home: Path, count: int, name: str | None) -> int:
    """Until SIGTERM or SIGINT. With `name`, other machines reach it by that name and with TLS.

    Raises StorageError where no server can be started, ConfigError where the account cannot be added.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    home.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(root: Path) -> RunningServer:
        return any_server(root) if name is None else _reachable_server(root, home, name)

    with running_server(start, cure="install dovecot-imapd and openssl") as server:
        client = filling.log_in(server, pymap_server.USER)
        filling.fill(client, messages(datetime.now(UTC), count))
        client.logout()
        _add_account(home, server, name)
        click.echo(f"{server.name} with {count} messages on port {server.port}", err=True)
        stop.wait()
    return 0


def _reachable_server(root: Path, home: Path, name: str) -> RunningServer:
    """A Dovecot for other machines, with a certificate that they find in the home."""
    certificate, key = _certificate(root, name)
    shutil.copy(certificate, home / "demo-certificate.pem")
    return dovecot.start(root, certificate=certificate, key=key, tls_port=_TLS_PORT, listen="*")


def _certificate(root: Path, name: str) -> tuple[Path, Path]:
    """One for this name alone, for a day's trying."""
    certificate, key = root / "certificate.pem", root / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "30", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-out", str(certificate), "-keyout", str(key),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


def _add_account(home: Path, server: RunningServer, name: str | None) -> None:
    """The account `demo`, in place of the one of an earlier server."""
    if "demo" in load(home).accounts:
        config_file.remove_account(home, "demo")
    keys: dict[str, object] = {
        "host": name or server.host,
        "port": _TLS_PORT if name else server.port,
        "user": pymap_server.USER,
        "password_command": f"echo {server.password}",  # it is no secret
    }
    if name:
        keys["tls_ca"] = str(home / "demo-certificate.pem")
    else:
        keys["tls"] = "none"
    config_file.add_account(home, "demo", keys)
