"""Who posts an event: an HMAC that only we and the subscriber can make.

Secrets are not kept: each is made of the installation's key (HOME/webhook.key), the subscription's
id and the generation of its secret. So the catalog may be copied without giving them away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from indexer.catalog.subscriptions import Subscription
from indexer.errors import StorageError

_PREFIX = "whsec_"
_BOTH_VALID = 86_400  # seconds after a rotation in which the old secret signs as well
_OCTETS = 32


def key(home: Path) -> bytes:
    """The installation's key, which is made where there is none yet. Raises StorageError."""
    path = home / "webhook.key"
    try:
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"cannot be used: {error.strerror}",
            where="webhook.key",
            cure="check the owner and the permissions of the home folder",
        ) from error
    if len(found) < _OCTETS:
        raise StorageError(
            "is too short", where="webhook.key", cure="remove it; all secrets change with it"
        )
    return found


def secret(key: bytes, subscription_id: int, generation: int) -> str:
    """The secret of a subscription, as its owner was given it."""
    digest = hmac.digest(key, f"{subscription_id}:{generation}".encode(), "sha256")
    return _PREFIX + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Of time stamp and body; `docs/webhooks.md` says how it is checked."""
    return hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), hashlib.sha256).hexdigest()


def signatures(key: bytes, subscription: Subscription, timestamp: int, body: bytes) -> str:
    """The header's value; two signatures in the day after a rotation."""
    generations = [subscription.generation]
    if timestamp - subscription.rotated < _BOTH_VALID and subscription.generation > 1:
        generations.append(subscription.generation - 1)
    made = (secret(key, subscription.id, each) for each in generations)
    return ", ".join(f"v1={signature(each, timestamp, body)}" for each in made)


def _make(path: Path) -> None:
    """Whole or not at all, and once, whoever else is at it."""
    part = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_OCTETS))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
