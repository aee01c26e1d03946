"""The dates that people type → periods of time, in the user's zone.

Whole days, weeks (from Monday), months and years. What is no date is an error, never a guess: a
program that reads `yesterday` as 1970 finds nothing and does not say why (djcb/mu#2097).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Years beyond are typing errors, and their days may be none in UTC."""

EXAMPLES = (
    '2024, 2024-03, 2024-03-05, yesterday, "last week", "3 months ago", 2w, monday, "mar 2023"'
)
"""For the cure of what is no date."""

_MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}
_DAY = timedelta(days=1)

_NUMERIC = re.compile(r"(\d{4})(?:([-/])(\d{1,2})(?:\2(\d{1,2}))?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_AGO = re.compile(r"(?:(\d{1,4})|an?) ?(day|week|month|year)s? ago|(\d{1,4})([dwmy])")
_RELATIVE = re.compile(r"(last|this) (week|month|year)")
_MONTH = re.compile(r"([a-z]{3,9})\.?(?: (\d{4}))?")
_DAY_MONTH = re.compile(
    r"(?P<day>\d{1,2})\.? (?P<month>[a-z]{3,9})\.? (?P<year>\d{4})"
    r"|(?P<month2>[a-z]{3,9})\.? (?P<day2>\d{1,2}),? (?P<year2>\d{4})"
)

Period = tuple[datetime, datetime]
"""[begin, end), aware UTC."""

OpenPeriod = tuple[datetime | None, datetime | None]
"""The same, where None leaves a side open."""


class BadDate(ValueError):
    """What was typed, and why it is no date: `reason` continues "'2024-13' …"."""

    def __init__(self, typed: str, reason: str = "is no date") -> None:
        super().__init__(f"{typed!r} {reason}")
        self.reason = reason


def period(text: str, *, now: datetime, zone: tzinfo) -> Period:
    """The period that a date means. `now` is aware. Raises BadDate."""
    begin, end = _midnights(text, now, zone)
    if begin >= end:  # Samoa went from 29 to 31 December 2011
        raise BadDate(text, "did not happen in this time zone")
    return begin, end


def between(text: str, *, now: datetime, zone: tzinfo) -> OpenPeriod:
    """The period of a date or of a range `a..b`, both ends included; `a..` and `..b` are open.

    Raises BadDate.
    """
    first, dots, last = text.partition("..")
    if not dots:
        return period(text, now=now, zone=zone)
    begin = _midnights(first, now, zone)[0] if first.strip() else None
    end = _midnights(last, now, zone)[1] if last.strip() else None
    if begin is None and end is None:
        raise BadDate(text, "has no date on either side")
    if begin is not None and end is not None and begin >= end:
        raise BadDate(text, "ends before it begins")
    return begin, end


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day in a zone, as UTC, also where clocks skip or repeat midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _midnights(text: str, now: datetime, zone: tzinfo) -> Period:
    typed = " ".join(text.lower().replace("_", " ").split())
    try:
        days = _days(typed, now.astimezone(zone).date())
    except ValueError:
        raise BadDate(text, "is no day of the calendar") from None
    except OverflowError:
        days = date.min, date.min
    if days is None:
        raise BadDate(text)
    first, after = days
    if first.year < FIRST_YEAR or after > date(LAST_YEAR + 1, 1, 1):
        raise BadDate(text, f"is not between {FIRST_YEAR} and {LAST_YEAR}")
    return midnight(first, zone), midnight(after, zone)


def _days(typed: str, today: date) -> tuple[date, date] | None:
    """The first day of what is typed, and the first one behind it; None for what is no date.

    A month without a year is the last one that has begun; a weekday is the last one, or today.
    Raises ValueError or OverflowError where the calendar has no such day.
    """
    if typed == "today":
        return today, today + _DAY
    if typed == "yesterday":
        return today - _DAY, today
    if match := _COMPACT.fullmatch(typed):
        return _one(date(int(match[1]), int(match[2]), int(match[3])))
    if match := _NUMERIC.fullmatch(typed):
        if match[3] is None:
            return date(int(match[1]), 1, 1), date(int(match[1]) + 1, 1, 1)
        if match[4] is None:
            return _month(int(match[1]), int(match[3]))
        return _one(date(int(match[1]), int(match[3]), int(match[4])))
    if match := _AGO.fullmatch(typed):
        unit = match[2] or _UNITS[match[4]]
        return _one(_back(today, int(match[1] or match[3] or 1), unit))
    if match := _RELATIVE.fullmatch(typed):
        return _whole(match[1] == "last", match[2], today)
    if (weekday := _named(typed.removeprefix("last "), _DAYS)) is not None:
        back = (today.weekday() - weekday) % 7
        return _one(today - timedelta(days=back or (7 if typed.startswith("last ") else 0)))
    if match := _MONTH.fullmatch(typed):
        if (month := _named(match[1], _MONTHS)) is not None:
            begun = today.year - (month + 1 > today.month)
            return _month(int(match[2] or begun), month + 1)
    elif match := _DAY_MONTH.fullmatch(typed):
        month = _named(match["month"] or match["month2"], _MONTHS)
        if month is not None:
            year, day = int(match["year"] or match["year2"]), int(match["day"] or match["day2"])
            return _one(date(year, month + 1, day))
    return None


def _one(day: date) -> tuple[date, date]:
    return day, day + _DAY


def _month(year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    return first, _back(first, -1, "month")


def _whole(last: bool, unit: str, today: date) -> tuple[date, date]:
    """`this week`: all of its seven days; `last week`: the seven before."""
    begin = {
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[unit]
    begin = _back(begin, 1, unit) if last else begin
    return begin, _back(begin, -1, unit)


def _back(day: date, count: int, unit: str) -> date:
    """`count` units before a day; a month's last day stands for those that it does not have."""
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if year < 1:
        raise OverflowError
    first_of_next = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - _DAY).day))


def _named(typed: str, known: list[str]) -> int | None:
    """The number, from zero, of the name that begins with these three letters or more."""
    if len(typed) < 3:
        return None
    return next((number for number, name in enumerate(known) if name.startswith(typed)), None)
