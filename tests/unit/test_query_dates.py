"""Dates that people type → periods in their zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from indexer.query.dates import BadDate, between, period

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday


def days(text: str, now: datetime = NOW, zone: tzinfo = UTC) -> tuple[str | None, str | None]:
    """The period as two days; what is no midnight of the zone shows its time as well."""
    return tuple(_day(moment, zone) for moment in between(text, now=now, zone=zone))  # type: ignore[return-value]


def _day(moment: datetime | None, zone: tzinfo) -> str | None:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}".removesuffix(" 00:00") if moment else None


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2024/2", "2024-02-01", "2024-03-01"),
        ("2024-12", "2024-12-01", "2025-01-01"),
        ("2024-03-05", "2024-03-05", "2024-03-06"),
        ("2024-3-5", "2024-03-05", "2024-03-06"),
        ("2024/03/05", "2024-03-05", "2024-03-06"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("20240305", "2024-03-05", "2024-03-06"),
        ("٢٠٢٤", "2024-01-01", "2025-01-01"),
        ("today", "2026-11-24", "2026-11-25"),
        ("Yesterday", "2026-11-23", "2026-11-24"),
        ("last week", "2026-11-16", "2026-11-23"),
        ("this week", "2026-11-23", "2026-11-30"),
        ("last_month", "2026-10-01", "2026-11-01"),
        ("this month", "2026-11-01", "2026-12-01"),
        ("last  year", "2025-01-01", "2026-01-01"),
        ("this year", "2026-01-01", "2027-01-01"),
        ("monday", "2026-11-23", "2026-11-24"),
        ("tue", "2026-11-24", "2026-11-25"),
        ("wednesday", "2026-11-18", "2026-11-19"),
        ("last tuesday", "2026-11-17", "2026-11-18"),
        ("last monday", "2026-11-23", "2026-11-24"),
        ("march 2023", "2023-03-01", "2023-04-01"),
        ("mar 2023", "2023-03-01", "2023-04-01"),
        ("Sept. 2023", "2023-09-01", "2023-10-01"),
        ("may 2023", "2023-05-01", "2023-06-01"),
        ("mar", "2026-03-01", "2026-04-01"),
        ("november", "2026-11-01", "2026-12-01"),
        ("december", "2025-12-01", "2026-01-01"),
        ("5 march 2024", "2024-03-05", "2024-03-06"),
        ("5. Mar 2024", "2024-03-05", "2024-03-06"),
        ("March 5, 2024", "2024-03-05", "2024-03-06"),
        ("1 day ago", "2026-11-23", "2026-11-24"),
        ("3 days ago", "2026-11-21", "2026-11-22"),
        ("2_weeks_ago", "2026-11-10", "2026-11-11"),
        ("a month ago", "2026-10-24", "2026-10-25"),
        ("12 months ago", "2025-11-24", "2025-11-25"),
        ("2 years ago", "2024-11-24", "2024-11-25"),
        ("3d", "2026-11-21", "2026-11-22"),
        ("2w", "2026-11-10", "2026-11-11"),
        ("11m", "2025-12-24", "2025-12-25"),
        ("1Y", "2025-11-24", "2025-11-25"),
        ("0d", "2026-11-24", "2026-11-25"),
    ],
)
def test_what_people_type_is_a_period_of_whole_days(text: str, first: str, after: str) -> None:
    assert days(text) == (first, after)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2024-01..2024-03", "2024-01-01", "2024-04-01"),
        ("2024-03-05..2024-03-05", "2024-03-05", "2024-03-06"),
        ("last week..today", "2026-11-16", "2026-11-25"),
        ("2w..1w", "2026-11-10", "2026-11-18"),
        ("..yesterday", None, "2026-11-24"),
        ("2026..", "2026-01-01", None),
    ],
)
def test_a_range_goes_from_the_firsts_begin_to_the_lasts_end(
    text: str, first: str | None, after: str | None
) -> None:
    assert days(text) == (first, after)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "foo", "tomorow", "13", "m", "w2", "last", "last decade", "ago", "days ago"),
        *("ma", "ju 2023", "2024-", "2024-03-05T10:00", "05.03.2024", "03/05/2024", "2024-03/05"),
        *("2024..foo", "foo..2024", "3 fortnights ago", "-3d", "2024...", "19", "202403"),
    ],
)
def test_what_is_no_date_is_an_error_never_a_guess(text: str) -> None:
    with pytest.raises(BadDate, match="is no date"):
        between(text, now=NOW, zone=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2024-02-30", "calendar"),
        ("2023-02-29", "calendar"),
        ("2024-00", "calendar"),
        ("31 june 2024", "calendar"),
        ("20241301", "calendar"),
        ("1899", "1900"),
        ("0024-03-05", "1900"),
        ("3000", "2999"),
        ("9998", "2999"),
        ("9999-12-31", "2999"),
        ("2025 years ago", "1900"),
        ("9999y", "1900"),
        ("9999m", "1900"),
        ("2025..2024", "before it begins"),
        ("..", "either side"),
    ],
)
def test_a_date_that_cannot_be_says_why(text: str, reason: str) -> None:
    with pytest.raises(BadDate, match=reason):
        between(text, now=NOW, zone=UTC)


def test_days_are_those_of_the_users_zone() -> None:
    begin, end = period("2024-07-01", now=NOW, zone=ZoneInfo("Europe/Berlin"))

    assert begin == datetime(2024, 6, 30, 22, tzinfo=UTC)
    assert end == datetime(2024, 7, 1, 22, tzinfo=UTC)


def test_today_is_the_users_today() -> None:
    assert days("today", zone=timezone(timedelta(hours=14))) == ("2026-11-25", "2026-11-26")
    assert days("today", zone=timezone(timedelta(hours=-12))) == ("2026-11-24", "2026-11-25")


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_the_day_that_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    begin, end = period(day, now=NOW, zone=ZoneInfo("Europe/Berlin"))

    assert end - begin == timedelta(hours=hours)


def test_a_day_whose_midnight_is_skipped_begins_after_the_skip() -> None:
    begin, end = period("2018-11-04", now=NOW, zone=ZoneInfo("America/Sao_Paulo"))

    assert begin == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert end - begin == timedelta(hours=23)


def test_a_day_that_a_zone_left_out_is_an_error_but_may_end_a_range() -> None:
    samoa = ZoneInfo("Pacific/Apia")

    with pytest.raises(BadDate, match="did not happen"):
        period("2011-12-30", now=NOW, zone=samoa)
    assert days("2011-12-29..2011-12-30", zone=samoa) == ("2011-12-29", "2011-12-31")


@pytest.mark.parametrize(
    ("now", "text", "first"),
    [
        ("2026-03-31", "1 month ago", "2026-02-28"),
        ("2024-03-31", "1m", "2024-02-29"),
        ("2024-02-29", "1 year ago", "2023-02-28"),
        ("2026-01-15", "1 month ago", "2025-12-15"),
        ("2026-01-15", "last month", "2025-12-01"),
        ("2026-01-01", "yesterday", "2025-12-31"),
    ],
)
def test_months_of_different_length_and_the_years_turn(now: str, text: str, first: str) -> None:
    assert days(text, now=datetime.fromisoformat(now).replace(tzinfo=UTC))[0] == first
