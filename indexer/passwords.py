"""An account's password, from wherever it is kept: a command, a variable, the keyring.

It is returned to who logs in, and neither kept, logged nor shown by anything here.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping

from indexer.errors import SecretError
from indexer.settings import AccountSettings

_COMMAND_TIMEOUT = 60.0  # seconds; a password manager may ask for its own password first


def password(account: AccountSettings, environ: Mapping[str, str] = os.environ) -> str:
    """Fetch an account's password from where it is kept. Raises SecretError."""
    where = f"account {account.name}"
    secret = account.secret
    if secret is None:
        raise SecretError(
            "no password is configured",
            where=where,
            cure="set password_command, password_env or password_keyring in config.toml",
        )
    if secret.kind == "env":
        if not environ.get(secret.value):
            raise SecretError(
                f"the variable {secret.value} is not set",
                where=where,
                cure=f"export {secret.value}, or use password_command",
            )
        return environ[secret.value]
    if secret.kind == "keyring":
        return _from_keyring(account, secret.value, where)
    return _from_command(secret.value, where)


def _from_command(command: str, where: str) -> str:
    """The first line that the command prints; it is run without a shell."""
    try:
        answer = subprocess.run(
            shlex.split(command),
            capture_output=True,
            timeout=_COMMAND_TIMEOUT,
            check=False,
        )
    except (OSError, ValueError) as error:
        raise SecretError(
            f"password_command cannot be run: {getattr(error, 'strerror', None) or error}",
            where=where,
            cure="check the command; for pipes write sh -c '…'",
        ) from error
    except subprocess.TimeoutExpired:
        raise SecretError(
            f"password_command did not end within {_COMMAND_TIMEOUT:.0f} seconds",
            where=where,
            cure="run it by hand: does it wait for an answer?",
        ) from None
    lines = answer.stdout.decode(errors="replace").splitlines()
    if answer.returncode or not lines or not lines[0]:
        complaint = answer.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SecretError(
            f"password_command gave no password (status {answer.returncode})"
            + (f": {complaint[0][:200]}" if complaint else ""),
            where=where,
            cure="run it by hand; its first line of output is the password",
        )
    return lines[0]


def _from_keyring(account: AccountSettings, service: str, where: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise SecretError(
            "password_keyring needs the package keyring",
            where=where,
            cure="install it with `pip install 'mailseek[keyring]'`, or use password_command",
        ) from None
    try:
        found = keyring.get_password(service, account.user)
    except KeyringError as error:
        raise SecretError(
            f"the keyring cannot be read ({type(error).__name__})",
            where=where,
            cure="unlock it, or use password_command",
        ) from error
    if not found:
        raise SecretError(
            f"the keyring has no password for {account.user} in service {service}",
            where=where,
            cure=f"store it with `keyring set {service} {account.user}`",
        )
    return str(found)
