"""What `mailseek serve` hands to the processes that answer: by variables, as there may be several."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from indexer.errors import ConfigError

OPEN = "MAILSEEK_API_OPEN"
"""'1' where whoever reaches the service may search and read; `mailseek serve --open` sets it."""

_SHORTEST = 16  # characters


def secret(environ: Mapping[str, str]) -> str | None:
    """An administrator's token: MAILSEEK_API_TOKEN, or what the file holds that
    MAILSEEK_API_TOKEN_FILE names. None where there is none. Raises ConfigError."""
    token = environ.get("MAILSEEK_API_TOKEN", "")
    file = environ.get("MAILSEEK_API_TOKEN_FILE")
    if not token and file:
        try:
            token = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot be read: {getattr(error, 'strerror', None) or error}",
                where=file,
                cure="check MAILSEEK_API_TOKEN_FILE",
            ) from error
    if token and (len(token) < _SHORTEST or not token.isascii()):
        raise ConfigError(
            "this token can be guessed, or is no ASCII",
            where="MAILSEEK_API_TOKEN",
            cure=f"set it to {_SHORTEST} characters or more (openssl rand -hex 32)",
        )
    return token or None
