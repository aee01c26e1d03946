"""`mailseek serve`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from indexer.errors import ConfigError
from indexer.settings import is_loopback, load


@click.command(
    "serve",
    epilog="""\b
Examples:
  MAILSEEK_API_TOKEN=$(openssl rand -hex 32) mailseek serve
  mailseek serve --open          for this machine alone, without a token""",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8465, show_default=True)
@click.option("--open", "is_open", is_flag=True, help="Without a token; on loopback only.")
@click.pass_obj
def command(home: Path | None, host: str, port: int, is_open: bool) -> int:
    """Serve searches over HTTP: /v1/search, /v1/status, /healthz, /readyz, /metrics, /docs.

    The token is in MAILSEEK_API_TOKEN, or in the file that MAILSEEK_API_TOKEN_FILE names.
    """
    token = None if is_open else _token()
    if is_open and not is_loopback(host):
        raise ConfigError(
            f"without a token, everybody who reaches {host} could read your mail",
            where="--open",
            cure="use --host 127.0.0.1, or set MAILSEEK_API_TOKEN",
        )
    try:
        import uvicorn

        from search_api.app import create_app
        from search_api.serving import Server
    except ImportError as error:
        raise ConfigError(
            "the HTTP API is not installed", cure="pip install 'mailseek[api]'"
        ) from error
    if is_open:
        click.echo(f"no token: everybody on this machine can search on port {port}", err=True)
    config = uvicorn.Config(
        create_app(load(home), token),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=15,
    )
    Server(config).run()
    return 0


def _token() -> str:
    token = os.environ.get("MAILSEEK_API_TOKEN", "")
    file = os.environ.get("MAILSEEK_API_TOKEN_FILE")
    if not token and file:
        try:
            token = Path(file).read_text().strip()
        except OSError as error:
            raise ConfigError(
                f"cannot be read: {error.strerror}",
                where=file,
                cure="check MAILSEEK_API_TOKEN_FILE",
            ) from error
    if len(token) < 16:
        raise ConfigError(
            "no token, or one that can be guessed" if token else "no token is configured",
            where="MAILSEEK_API_TOKEN",
            cure="set it to 16 characters or more (openssl rand -hex 32), or use --open on loopback",
        )
    return token
