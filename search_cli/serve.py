"""`mailseek serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from indexer.errors import ConfigError
from indexer.settings import Settings, is_loopback, load

_GRACE = 15  # seconds that requests have to end in, once the service is told to
_KEPT = 75  # seconds that a connection waits for another request: people think between two words


@click.command(
    "serve",
    epilog="""\b
Examples:
  mailseek token create app --scope search,read
  mailseek serve
  mailseek serve --workers 2 --port 8465
  mailseek serve --open          for this machine alone, without a token""",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8465, show_default=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes."
)
@click.option(
    "--open", "is_open", is_flag=True, help="Search and read without a token; on loopback only."
)
@click.pass_obj
def command(home: Path | None, host: str, port: int, workers: int, is_open: bool) -> int:
    """Serve the HTTP API: /v1/search and more; /docs lists all of it.

    Who may ask has a token of `mailseek token create`. MAILSEEK_API_TOKEN, or the file that
    MAILSEEK_API_TOKEN_FILE names, may hold one more, an administrator's.
    """
    settings = load(home)
    if is_open and not is_loopback(host):
        raise ConfigError(
            f"without a token, everybody who reaches {host} could read your mail",
            where="--open",
            cure="use --host 127.0.0.1, or make a token with `mailseek token create`",
        )
    try:
        import uvicorn

        from search_api import environment
        from search_api.serving import Server
    except ImportError as error:
        raise ConfigError(
            "the HTTP API is not installed", cure="pip install 'mailseek[api]'"
        ) from error
    if environment.secret(os.environ) is None and not is_open and not _has_tokens(settings):
        raise ConfigError(
            "there is no token: nobody could ask for anything",
            cure="`mailseek token create NAME` makes one; --open does without, on loopback",
        )
    if is_open:
        click.secho(
            f"WARNING: --open: every user and program of this machine can read your mail on port {port}",
            fg="red",
            bold=True,
            err=True,
        )
    # Variables, because the processes that answer begin anew.
    os.environ["MAILSEEK_HOME"] = str(settings.home)
    os.environ[environment.OPEN] = "1" if is_open else ""
    options: dict[str, Any] = {
        "factory": True,
        "host": host,
        "port": port,
        "log_level": "warning",
        "server_header": False,
        "timeout_graceful_shutdown": _GRACE,
        "timeout_keep_alive": _KEPT,
    }
    application = "search_api.app:application"
    if workers > 1:
        uvicorn.run(application, workers=workers, **options)
    else:
        Server(uvicorn.Config(application, **options)).run()
    return 0


def _has_tokens(settings: Settings) -> bool:
    from indexer.catalog import tokens
    from indexer.catalog.store import Catalog

    if not settings.catalog_path.exists():
        return False
    with Catalog.open(settings.catalog_path) as catalog:
        return bool(tokens.listed(catalog))
