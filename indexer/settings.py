"""`config.toml` and MAILSEEK_* variables → typed settings. Nothing here holds a password.

`[accounts.NAME]` tables hold what `AccountSettings` lists; a variable MAILSEEK_ACCOUNTS_NAME_KEY
stands above the file. A key that nobody knows is an error, with the nearest one that somebody does.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from indexer.errors import ConfigError

TLS = Literal["implicit", "starttls", "none"]
OnDelete = Literal["remove", "keep"]
SecretKind = Literal["command", "env", "keyring"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SECRET_KEYS: dict[str, SecretKind] = {
    "password_command": "command",
    "password_env": "env",
    "password_keyring": "keyring",
}
_ACCOUNT_KEYS = (
    "host", "port", "user", *_SECRET_KEYS, "folders", "exclude", "on_delete", "tls", "tls_ca",
)  # fmt: skip
_TOP_KEYS = ("accounts", "writers")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password comes from: a command line, a variable's name, or a keyring service."""

    kind: SecretKind
    value: str


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One account, checked: `tls` is "none" for loopback hosts only."""

    name: str
    host: str
    user: str
    secret: Secret | None
    port: int = 993
    tls: TLS = "implicit"
    tls_ca: Path | None = None
    folders: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    on_delete: OnDelete = "remove"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that config.toml and the environment say; `writers` is a number of processes."""

    home: Path
    accounts: Mapping[str, AccountSettings] = field(default_factory=dict)
    writers: int = 2

    @property
    def config_path(self) -> Path:
        """The file that they were read from; it need not exist."""
        return self.home / "config.toml"

    @property
    def catalog_path(self) -> Path:
        """The catalog's file."""
        return self.home / "catalog.sqlite3"

    @property
    def index_path(self) -> Path:
        """The index's folder."""
        return self.home / "index"


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """MAILSEEK_HOME, else where this platform keeps a user's data."""
    named = environ.get("MAILSEEK_HOME")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("mailseek", appauthor=False)


def load(home: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of a home folder; without a file there are no accounts.

    Raises ConfigError, which names the file and key, or the variable, and the cure.
    """
    home = (home or home_folder(environ)).expanduser().absolute()
    path = home / "config.toml"
    table = _read(path)
    _known_keys(table, _TOP_KEYS, str(path))
    accounts = table.get("accounts", {})
    if not isinstance(accounts, dict) or not all(isinstance(t, dict) for t in accounts.values()):
        raise ConfigError(
            "accounts are tables", where=str(path), cure="write [accounts.work] above the keys"
        )
    overridden = _overrides(environ, accounts)
    return Settings(
        home=home,
        accounts={
            name: _account(name, {**keys, **overridden.get(name, {})}, f"{path} [accounts.{name}]")
            for name, keys in accounts.items()
        },
        writers=_writers(environ.get("MAILSEEK_WRITERS", table.get("writers")), str(path)),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"this is no TOML: {error}", where=str(path), cure='strings need quotes: user = "ann"'
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(path),
            cure="check its owner, permissions and encoding (UTF-8)",
        ) from error


def _overrides(
    environ: Mapping[str, str], accounts: Mapping[str, object]
) -> dict[str, dict[str, Any]]:
    """MAILSEEK_ACCOUNTS_<NAME>_<KEY> → name → key → value, for accounts of the file."""
    found: dict[str, dict[str, Any]] = {}
    for variable, value in environ.items():
        if not variable.startswith("MAILSEEK_ACCOUNTS_"):
            continue
        rest = variable.removeprefix("MAILSEEK_ACCOUNTS_")
        for name in accounts:
            start = name.upper().replace("-", "_") + "_"
            key = rest.removeprefix(start).lower()
            if rest.startswith(start) and key in _ACCOUNT_KEYS:
                is_list = key in ("folders", "exclude")
                found.setdefault(name, {})[key] = value.split(",") if is_list else value
                break
        else:
            raise ConfigError(
                "no account and key of config.toml goes by this name",
                where=variable,
                cure="write MAILSEEK_ACCOUNTS_<NAME>_<KEY>; keys: " + ", ".join(_ACCOUNT_KEYS),
            )
    return found


def _writers(value: object, where: str) -> int:
    if value is None:
        return max(1, min(os.cpu_count() or 1, 4))
    return _number(value, 1, 64, f"{where}: writers")


def _account(name: str, keys: Mapping[str, Any], where: str) -> AccountSettings:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for an account",
            where=where,
            cure="use 1 to 40 letters, digits, - and _",
        )
    if "password" in keys:
        raise ConfigError(
            "a password does not belong into this file",
            where=f"{where}: password",
            cure='use password_command = "pass show mail/work", password_env or password_keyring',
        )
    _known_keys(keys, _ACCOUNT_KEYS, where)
    host = _text(keys, "host", where)
    tls = _one_of(keys, "tls", TLS, "implicit", where)
    if tls == "none" and not is_loopback(host):
        raise ConfigError(
            f"an unencrypted connection to {host} would show the password to the network",
            where=f"{where}: tls",
            cure='use tls = "implicit" or "starttls"; "none" is for this machine only',
        )
    default_port = 993 if tls == "implicit" else 143
    ca = keys.get("tls_ca")
    return AccountSettings(
        name=name,
        host=host,
        user=_text(keys, "user", where),
        secret=_secret(keys, where),
        port=_number(keys.get("port", default_port), 1, 65535, f"{where}: port"),
        tls=tls,
        tls_ca=Path(_text(keys, "tls_ca", where)).expanduser() if ca is not None else None,
        folders=_globs(keys, "folders", ("*",), where),
        exclude=_globs(keys, "exclude", (), where),
        on_delete=_one_of(keys, "on_delete", OnDelete, "remove", where),
    )


def is_loopback(host: str) -> bool:
    """Whether a host name can only be this machine."""
    import ipaddress  # 2 ms that most configurations do without

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _secret(keys: Mapping[str, Any], where: str) -> Secret | None:
    given = [key for key in _SECRET_KEYS if key in keys]
    if len(given) > 1:
        raise ConfigError(
            f"{given[0]} and {given[1]} are both set", where=where, cure="keep one of them"
        )
    return Secret(_SECRET_KEYS[given[0]], _text(keys, given[0], where)) if given else None


def _known_keys(keys: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in keys:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            cure = f"did you mean {near[0]}?" if near else "known keys: " + ", ".join(known)
            raise ConfigError(f"unknown key {key!r}", where=where, cure=cure)


def _text(keys: Mapping[str, Any], key: str, where: str) -> str:
    value = keys.get(key)
    if value is None:
        raise ConfigError(f"{key} is missing", where=where, cure=f'add {key} = "…"')
    if not isinstance(value, str) or not value.strip() or any(map(str.isspace, value[:1])):
        raise ConfigError(f"{key} must be a text", where=where, cure=f'write {key} = "…"')
    if any(ord(letter) < 32 for letter in value):
        raise ConfigError(f"{key} holds a control character", where=where, cure="remove it")
    return value


def _number(value: object, least: int, most: int, where: str) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigError(
            f"must be a number from {least} to {most}",
            where=where,
            cure="correct it, or leave it out",
        )
    return value


def _one_of(keys: Mapping[str, Any], key: str, choices: Any, default: str, where: str) -> Any:
    value = keys.get(key, default)
    if value not in get_args(choices):
        raise ConfigError(
            f"{key} cannot be {value!r}",
            where=where,
            cure="use one of: " + ", ".join(map(repr, get_args(choices))),
        )
    return value


def _globs(
    keys: Mapping[str, Any], key: str, default: tuple[str, ...], where: str
) -> tuple[str, ...]:
    value = keys.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ConfigError(
            f"{key} must be a list of texts",
            where=where,
            cure=f'write {key} = ["INBOX", "Lists/*"]',
        )
    return tuple(value)
