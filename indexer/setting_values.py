"""Values out of TOML and the environment, checked: an error names the key and the cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any, get_args

from indexer.errors import ConfigError

_AGE = re.compile(r"(\d{1,4})([dwmy])")


def known_keys(keys: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Raises ConfigError for a key that nobody knows, with the nearest that somebody does."""
    for key in keys:
        if key not in known:
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
    value = keys.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ConfigError(
            f"{key} must be a list of texts",
            where=where,
            cure=f'write {key} = ["INBOX", "Lists/*"]',
        )
    return tuple(value)
