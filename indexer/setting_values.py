"""Values out of TOML and the environment, checked: an error names the key and the cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, get_args

from indexer.errors import ConfigError

LANGUAGES = (
    "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french",
    "german", "greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali",
    "norwegian", "portuguese", "romanian", "russian", "serbian", "spanish", "swedish", "tamil",
    "turkish", "yiddish",
)  # fmt: skip
"""Languages whose forms of words are known, by the names that PyStemmer gives them."""

_AGE = re.compile(r"(\d{1,4})([dwmy])")
_MOST_NAMES = 30  # of header fields
# A field's name (ftext, RFC 5322 section 3.6.8) that is an atom of IMAP as well (RFC 9051
# section 9): no field is called otherwise, and none needs quotes in a command.
_FIELD_NAME = re.compile(r"[!#$&'+,\-./0-9;<=>?@A-Z\[^_`a-z|}~]{1,76}")
_MOST_ADDRESSES = 100
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,250}(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"]{1,64}@[^\s@<>,;:\"]{1,190}")


def known_keys(keys: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Raises ConfigError for a key that nobody knows, with the nearest that somebody does."""
    for key in keys:
        if key not in known:
            from difflib import get_close_matches  # 1 ms that settings without mistakes do without

            near = get_close_matches(key, known, n=1)
            cure = f"did you mean {near[0]}?" if near else "known keys: " + ", ".join(known)
            raise ConfigError(f"unknown key {key!r}", where=where, cure=cure)


def text(keys: Mapping[str, Any], key: str, where: str) -> str:
    """A text without control characters. Raises ConfigError."""
    value = keys.get(key)
    if value is None:
        raise ConfigError(f"{key} is missing", where=where, cure=f'add {key} = "…"')
    if not isinstance(value, str) or not value.strip() or any(map(str.isspace, value[:1])):
        raise ConfigError(f"{key} must be a text", where=where, cure=f'write {key} = "…"')
    if any(ord(letter) < 32 for letter in value):
        raise ConfigError(f"{key} holds a control character", where=where, cure="remove it")
    return value


def number(value: object, least: int, most: int, where: str) -> int:
    """A whole number, also one written as text as variables have it. Raises ConfigError."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigError(
            f"must be a number from {least} to {most}",
            where=where,
            cure="correct it, or leave it out",
        )
    return value


def one_of(keys: Mapping[str, Any], key: str, choices: Any, default: str, where: str) -> Any:
    """One of the words of a Literal. Raises ConfigError."""
    value = keys.get(key, default)
    if value not in get_args(choices):
        raise ConfigError(
            f"{key} cannot be {value!r}",
            where=where,
            cure="use one of: " + ", ".join(map(repr, get_args(choices))),
        )
    return value


def since(keys: Mapping[str, Any], key: str, where: str) -> str:
    """An age such as 90d, 6m or 2y, or a day such as 2020-01-01; '' is none. Raises ConfigError."""
    value = keys.get(key, "")
    with suppress(ValueError, TypeError):
        if value == "" or first_day(str(value), date.today()):
            return str(value)
    raise ConfigError(
        f"{key} cannot be {value!r}",
        where=where,
        cure=f'write {key} = "2y" (d, w, m, y), or a day: {key} = "2020-01-01"',
    )


def first_day(text: str, today: date) -> date:
    """The first day that an age or a day includes. Raises ValueError."""
    age = _AGE.fullmatch(text.strip())
    if not age:
        return date.fromisoformat(text.strip())
    number, unit = int(age[1]), age[2]
    if unit in "dw":
        return today - timedelta(days=number * (7 if unit == "w" else 1))
    from calendar import monthrange  # 2 ms that most configurations do without

    months = today.year * 12 + today.month - 1 - number * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    if year < 1:
        raise ValueError("before all time")
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(today.day, last))


def globs(
    keys: Mapping[str, Any], key: str, default: tuple[str, ...], where: str
) -> tuple[str, ...]:
    """A list of patterns. Raises ConfigError."""
    return tuple(_texts(keys.get(key, list(default)), key, '"INBOX", "Lists/*"', where))


def header_names(keys: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """Names of header fields, each once whatever its case. Raises ConfigError."""
    example = '"X-Ticket", "X-Project"'
    named = [each.strip() for each in _texts(keys.get(key, []), key, example, where)]
    for name in named:
        if not _FIELD_NAME.fullmatch(name):
            raise ConfigError(
                f"{name[:80]!r} is no name of a header field",
                where=f"{where}: {key}",
                cure="write it as in a message, without the colon: letters, digits and -, at most 76",
            )
    names: dict[str, str] = {}
    for name in named:
        names.setdefault(name.lower(), name)
    if len(names) > _MOST_NAMES:
        raise ConfigError(
            f"{len(names)} header fields are too many",
            where=f"{where}: {key}",
            cure=f"keep at most {_MOST_NAMES}: each is fetched with every message",
        )
    return tuple(names.values())


def addresses(keys: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """Addresses of mail, as ann@example.com, without names. Raises ConfigError."""
    example = '"ann@example.com"'
    found = [each.strip() for each in _texts(keys.get(key, []), key, example, where)]
    for each in found:
        if not is_address(each):
            raise ConfigError(
                f"{each[:80]!r} is no address",
                where=f"{where}: {key}",
                cure="write it without a name: ann@example.com",
            )
    if len(found) > _MOST_ADDRESSES:
        raise ConfigError(
            f"{len(found)} addresses are too many",
            where=f"{where}: {key}",
            cure=f"keep at most {_MOST_ADDRESSES}",
        )
    return tuple(dict.fromkeys(found))


def origins(keys: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """Origins of web pages (RFC 6454 section 6.2), as https://app.example.com. Raises ConfigError."""
    example = '"https://app.example.com"'
    found = [each.strip() for each in _texts(keys.get(key, []), key, example, where)]
    for each in found:
        if not _ORIGIN.fullmatch(each):
            raise ConfigError(
                f"{each[:80]!r} is no origin",
                where=f"{where}: {key}",
                cure=f"write scheme and host, without a path: {example}",
            )
    return tuple(dict.fromkeys(found))


def host_names(keys: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """Names or addresses of hosts, without a port, in lower case. Raises ConfigError."""
    example = '"hooks.internal"'
    found = [each.strip().lower() for each in _texts(keys.get(key, []), key, example, where)]
    for each in found:
        if not _HOST.fullmatch(each):
            raise ConfigError(
                f"{each[:80]!r} is no name of a host",
                where=f"{where}: {key}",
                cure=f"write it without a scheme and a port: {example}",
            )
    return tuple(dict.fromkeys(found))


def is_address(text: str) -> bool:
    """Whether a text has the shape of an address of mail."""
    return _ADDRESS.fullmatch(text) is not None


def languages(value: object, where: str) -> tuple[str, ...]:
    """Some of LANGUAGES, each once, in the order given. Raises ConfigError."""
    example = '"english", "german"'
    found = [each.strip().lower() for each in _texts(value, "languages", example, where)]
    for name in found:
        if name not in LANGUAGES:
            from difflib import get_close_matches

            near = get_close_matches(name, LANGUAGES, n=1)
            cure = f"did you mean {near[0]}?" if near else "known ones: " + ", ".join(LANGUAGES)
            raise ConfigError(
                f"the forms of words of {name[:40]!r} are not known",
                where=f"{where}: languages",
                cure=cure,
            )
    return tuple(dict.fromkeys(found))


def _texts(value: object, key: str, example: str, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ConfigError(
            f"{key} must be a list of texts", where=where, cure=f"write {key} = [{example}]"
        )
    return value
