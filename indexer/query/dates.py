"""The dates that people type → periods of time, in the user's zone.

Whole days, weeks (from Monday), months and years; `a..b` from the first one's begin to the second
one's end. What is no date is an error, never a guess.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

_MONTHS = "january february march april may june july august september october november december".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_UNITS = {"h": "hour", "d": "day", "w": "week", "m": "month", "y": "year"}

_NUMERIC = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_AGO = re.compile(r"(?:(\d{1,5})|an?|one) ?(hour|day|week|month|year)s?(?: ago)?|(\d{1,5})([hdwmy])")
_RELATIVE = re.compile(r"(last|past|previous|this|current) (day|week|month|year)")
_MONTH = re.compile(r"([a-z]{3,9})\.?(?: (\d{4}))?")
_DAY_MONTH = re.compile(r"(\d{1,2})\.? ([a-z]{3,9})\.?(?: (\d{4}))?|([a-z]{3,9})\.? (\d{1,2})(?:,? (\d{4}))?")

Period = tuple[datetime | None, datetime | None]


def period(text: str, *, now: datetime, zone: tzinfo) -> Period:
    """[begin, end) in UTC of what is typed; a side that is left open is None.

    Raises ValueError for what is no date, or none that a calendar knows.
    """
    if ".." in text:
        first, _, last = text.partition("..")
        begin = period(first, now=now, zone=zone)[0] if first.strip() else None
        end = period(last, now=now, zone=zone)[1] if last.strip() else None
        if begin is None and end is None:
            raise ValueError(text)
        if begin and end and begin >= end:
            raise ValueError(text)
        return begin, end
    typed = " ".join(text.lower().replace("_", " ").replace(",", " ").split())
    try:
        local = now.astimezone(zone)
        hours = _hours_ago(typed)
        if hours is not None:
            moment = local.astimezone(UTC) - timedelta(hours=hours)
            return moment, moment + timedelta(hours=1)
        first_day, after = _days(typed, local.date())
        return _midnight(first_day, zone), _midnight(after, zone)
    except OverflowError as error:
        raise ValueError(text) from error


def _hours_ago(typed: str) -> int | None:
    match = _AGO.fullmatch(typed)
    if match and (match[2] == "hour" or match[4] == "h"):
        return int(match[1] or match[3] or 1)
    return None


def _days(typed: str, today: date) -> tuple[date, date]:
    """The first day of what is typed, and the first one behind it."""
    one = timedelta(days=1)
    match typed:
        case "today" | "now":
            return today, today + one
        case "yesterday":
            return today - one, today
    if match := _COMPACT.fullmatch(typed):
        day = date(int(match[1]), int(match[2]), int(match[3]))
        return day, day + one
    if match := _NUMERIC.fullmatch(typed):
        return _numeric(int(match[1]), match[2], match[3])
    if match := _RELATIVE.fullmatch(typed):
        return _relative(match[1] in ("this", "current"), match[2], today)
    if match := _AGO.fullmatch(typed):
        unit = match[2] or _UNITS[match[4]]
        day = _back(today, int(match[1] or match[3] or 1), unit)
        return day, day + one
    weekday = _named(typed.removeprefix("last "), _DAYS)
    if weekday is not None:
        back = (today.weekday() - weekday) % 7 or (7 if typed.startswith("last ") else 0)
        day = today - timedelta(days=back)
        return day, day + one
    if match := _DAY_MONTH.fullmatch(typed):
        month = _named(match[2] or match[4], _MONTHS)
        if month is not None:
            year = match[3] or match[6]
            number = int(match[1] or match[5])
            day = date(int(year or today.year), month + 1, number)
            if not year and day > today:
                day = date(today.year - 1, month + 1, number)
            return day, day + one
    if match := _MONTH.fullmatch(typed):
        month = _named(match[1], _MONTHS)
        if month is not None:
            year_ = int(match[2]) if match[2] else today.year - (month + 1 > today.month)
            return _numeric(year_, str(month + 1), None)
    raise ValueError(typed)


def _numeric(year: int, month: str | None, day: str | None) -> tuple[date, date]:
    if month is None:
        return date(year, 1, 1), date(year + 1, 1, 1)
    first = date(year, int(month), int(day or 1))
    if day is not None:
        return first, first + timedelta(days=1)
    return first, _back(first, -1, "month")


def _relative(this: bool, unit: str, today: date) -> tuple[date, date]:
    """`this week` as far as it goes on the calendar, `last week` the whole one before it."""
    begin = {
        "day": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[unit]
    if not this:
        begin = _back(begin, 1, unit)
    return begin, _back(begin, -1, unit)


def _back(day: date, count: int, unit: str) -> date:
    """`count` units before a day; a month's last day stands for those that it does not have."""
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    first_of_next = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - timedelta(days=1)).day))


def _named(typed: str, known: list[str]) -> int | None:
    """A name or its first three letters or more; its number from zero."""
    found = [number for number, name in enumerate(known) if len(typed) >= 3 and name.startswith(typed)]
    return found[0] if len(found) == 1 else None


def _midnight(day: date, zone: tzinfo) -> datetime:
    """The begin of a day in a zone, as UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
