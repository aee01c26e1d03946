"""Adding an account to config.toml and taking one out, with the rest of the file left as it is."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from indexer import settings
from indexer.errors import ConfigError, StorageError

_TABLE = re.compile(r"^[ \t]*\[")


def add_account(home: Path, name: str, keys: Mapping[str, object]) -> None:
    """Append a table; nothing is written where the result would not load.

    Raises ConfigError for an account that exists or keys that are wrong, StorageError.
    """
    path = home / "config.toml"
    with _alone(home):
        if name in settings.load(home, environ={}).accounts:
            raise ConfigError(
                f"there is an account {name!r} already",
                where=str(path),
                cure=f"edit the file, or `mailseek account remove {name}` first",
            )
        lines = [f"[accounts.{name}]", *(f"{key} = {_toml(value)}" for key, value in keys.items())]
        text = _read(path)
        before = text.rstrip("\n") + "\n\n" if text.strip() else ""
        _write(path, before + "\n".join(lines) + "\n")


def remove_account(home: Path, name: str) -> None:
    """Take an account's table out. Raises ConfigError where there is none, StorageError."""
    with _alone(home):
        _remove(home / "config.toml", name)


def _remove(path: Path, name: str) -> None:
    kept: list[str] = []
    inside = found = False
    header = re.compile(
        rf"^[ \t]*\[accounts\.(?:{re.escape(name)}|\"{re.escape(name)}\")\][ \t]*(?:#.*)?$"
    )
    for line in _read(path).splitlines():
        if _TABLE.match(line):
            inside = header.match(line) is not None
            found = found or inside
        if not inside:
            kept.append(line)
    if not found:
        raise ConfigError(
            f"no account is called {name!r}",
            where=str(path),
            cure="`mailseek account list` shows them",
        )
    _write(path, "\n".join(kept).strip("\n") + "\n")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Against other processes that read the file, change it and write it; the kernel frees the lock
    when a process ends."""
    try:
        home.mkdir(parents=True, mode=0o700, exist_ok=True)
        descriptor = os.open(home / "config.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise _refused(home / "config.lock", error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _refused(path, error) from error


def _write(path: Path, text: str) -> None:
    """All or nothing, for the owner's eyes only; checked before it takes the file's place."""
    try:
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".config") as folder:
            draft = Path(folder) / "config.toml"
            draft.touch(mode=0o600)
            draft.write_text(text, encoding="utf-8")
            settings.load(Path(folder), environ={})
            descriptor = os.open(draft, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
            draft.replace(path)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot be written: {error.strerror or error}",
        where=str(path),
        cure="check the folder's owner, permissions and free space, or name another --home",
    )


def _toml(value: object) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub("[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'
