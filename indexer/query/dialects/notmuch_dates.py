"""The dates that notmuch takes → periods in the user's zone.

Our own dates, and besides: `@` and seconds since 1970, `now`, ages without `ago` (`2weeks`, `6M`),
days first or the American way, blanks as `_` or `-`, and `..!` for a range of one. notmuch tells `m`
(minutes) from `M` (months); days are the shortest that we know.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from indexer.query import dates, syntax
from indexer.query.lexer import Token, shown
from indexer.query.ranges import date_of_several_words
from indexer.query.syntax import Span
from indexer.query.values import Context, wrong

_SECOND = timedelta(seconds=1)
_MOMENT = re.compile(r"@([0-9]{1,11})")
_AGE = re.compile(r"([0-9]{1,4}|an?) ?(?i:(y|year|M|mon|month|w|week|d|day)s?(?: ago)?)")
_SHORT = re.compile(
    r"[0-9]{1,6} ?(?:m|(?i:mins?|minutes?|h|hours?|hrs?|s|secs?|seconds?))(?: ago)?"
)
_UNITS = {"y": "year", "m": "month", "w": "week", "d": "day"}
_YEAR_LAST = [
    (re.compile(r"([0-9]{1,2})([-.])([0-9]{1,2})\2([0-9]{4})"), r"\4-\3-\1"),
    (re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})"), r"\3-\1-\2"),
]


def read(value: Token, context: Context, span: Span) -> syntax.DateRange:
    """`date:`: a date, or a range with both its ends. Raises QueryError."""
    cure = "write date:2024-03, date:yesterday, date:2w.. or date:2024-01..2024-03"
    if whole := date_of_several_words(value, context):
        message = f"{shown(value.text)} is not all of the date"
        raise wrong(value, context, message, f"write date:{whole.replace(' ', '_')}")
    first, dots, last = value.text.partition("..")
    try:
        begin = _period(first, context)[0] if first.strip() else None
        last = first if last == "!" or not dots else last
        end = _period(last, context)[1] if last.strip() else None
        if begin is None and end is None:
            raise dates.BadDate(value.text, "has no date on either side")
        if begin is not None and end is not None and begin >= end:
            raise dates.BadDate(value.text, "ends before it begins")
    except dates.BadDate as error:
        raise wrong(value, context, f"{shown(value.text)} {error.reason}", cure) from None
    return syntax.DateRange(begin, end, span)


def _period(text: str, context: Context) -> dates.Period:
    typed = text.replace("_", " ").strip()
    if typed.lower() == "now":
        now = context.now.astimezone(UTC).replace(microsecond=0)
        return now, now + _SECOND
    if found := _MOMENT.fullmatch(typed):
        moment = datetime.fromtimestamp(int(found[1]), UTC)
        if moment.year > dates.LAST_YEAR:
            years = f"{dates.FIRST_YEAR} and {dates.LAST_YEAR}"
            raise dates.BadDate(text, f"is not between {years}")
        return moment, moment + _SECOND
    if _SHORT.fullmatch(typed):
        raise dates.BadDate(text, "is shorter than a day (months are 6M)")
    if found := _AGE.fullmatch(typed):
        typed = f"{found[1]} {_UNITS[found[2][0].lower()]} ago"
    elif typed[:1].isalpha():
        typed = typed.replace("-", " ")
    for form, ours in _YEAR_LAST:
        if form.fullmatch(typed):
            typed = form.sub(ours, typed)
    return dates.period(typed, now=context.now, zone=context.zone)
