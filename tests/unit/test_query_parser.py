"""Query text → tree, and errors that point at the character."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from indexer.errors import QueryError
from indexer.query.parser import parse
from indexer.query.syntax import (
    Account,
    And,
    DateRange,
    Everything,
    HasAttachment,
    In,
    Is,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    SizeRange,
    Term,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def tree(text: str) -> Node:
    return parse(text, now=NOW, zone=UTC)


a, b, c = Term("a"), Term("b"), Term("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Everything()),
        ("   ", Everything()),
        ("*", Everything()),
        ("a", a),
        ("a b", And((a, b))),
        ("a AND b", And((a, b))),
        ("a and b", And((a, Term("and"), b))),
        ("a OR b", Or((a, b))),
        ("a OR b c", Or((a, And((b, c))))),
        ("(a OR b) c", And((Or((a, b)), c))),
        ("-a b", And((Not(a), b))),
        ("NOT a", Not(a)),
        ("NOT NOT a", a),
        ("--a", a),
        ("-(a OR b)", Not(Or((a, b)))),
        ("{a b}", Or((a, b))),
        ("{a b c}", Or((a, b, c))),
        ("a (b (c))", And((a, b, c))),
        ('"two words"', Phrase("two words")),
        ("“two words”", Phrase("two words")),
        ("meet*", Prefix("meet")),
        ("from:ann", Term("ann", "from")),
        ("FROM:ann", Term("ann", "from")),
        ("from:ann*", Prefix("ann", "from")),
        ('subject:"quarterly report"', Phrase("quarterly report", "subject")),
        ("from:(ann OR bob)", Or((Term("ann", "from"), Term("bob", "from")))),
        ("subject:{x y}", Or((Term("x", "subject"), Term("y", "subject")))),
        ("file:report.pdf", Term("report.pdf", "filename")),
        ("in:inbox", In("inbox")),
        ("folder:Lists/*", In("Lists/*")),
        ('label:"My mail"', In("My mail")),
        ("in:junk", In("spam")),
        ("is:unread", Is("unread")),
        ("is:starred", Is("flagged")),
        ("is:replied", Is("answered")),
        ("has:attachment", HasAttachment()),
        ("account:work", Account("work")),
        ("larger:5M", SizeRange(5 * 1024**2 + 1, None)),
        ("smaller:10k", SizeRange(None, 10 * 1024 - 1)),
        ("size:1k..2k", SizeRange(1024, 2048)),
        ("size:..1.5MB", SizeRange(None, 1572864)),
        ("-in:trash (is:unread OR from:ann)",
         And((Not(In("trash")), Or((Is("unread"), Term("ann", "from")))))),
        ("http://example.com/x?y=z", Term("http://example.com/x?y=z")),
        ("10:30", Term("10:30")),
        ("Re: hello", And((Term("Re:"), Term("hello")))),
        ("C:\\temp", Term("C:\\temp")),
        ("a-b", Term("a-b")),
        ("ann@example.com", Term("ann@example.com")),
        ("from:-x", Term("-x", "from")),
        ('"AND"', Phrase("AND")),
    ],
)  # fmt: skip
def test_what_people_type_becomes_a_tree(text: str, expected: Node) -> None:
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "length", "hint"),
    [
        ("form:bob", 0, 5, "from:"),
        ("hello subjct:x", 6, 7, "subject:"),
        ("xyzzy:bob", 0, 6, "quotes"),
        ('"never closed', 0, 1, '"'),
        ('from:"never', 5, 1, '"'),
        ("(a b", 0, 1, ")"),
        ("a)", 1, 1, "remove"),
        ("{a", 0, 1, "}"),
        ("(a}", 0, 1, ")"),
        ("()", 0, 1, "remove"),
        ("a OR", 2, 2, "behind"),
        ("OR a", 0, 2, "before"),
        ("a AND AND b", 2, 3, "behind"),
        ("NOT", 0, 3, "behind"),
        ("a -", 2, 1, "-word"),
        ("from:", 0, 5, "example"),
        ('from:""', 5, 2, "example"),
        ("is:unred", 3, 5, "unread"),
        ("has:legs", 4, 4, "has:attachment"),
        ("larger:huge", 7, 4, "5M"),
        ("before:tomorow", 7, 7, "2024"),
        ("date:2024-13", 5, 7, "2024"),
        ("from:(to:x)", 6, 3, "bracket"),
    ],
)
def test_a_mistake_is_pointed_at_with_its_cure(
    text: str, position: int, length: int, hint: str
) -> None:
    with pytest.raises(QueryError) as caught:
        tree(text)

    error = caught.value
    assert (error.position, error.length) == (position, length)
    assert hint in error.cure
    assert "\n" not in error.message + error.cure


@pytest.mark.parametrize(
    "text", ["(" * 10_000, "a " * 500_000, "-(" * 5000, "{" * 9000, "from:(" * 2000, '"' * 9999]
)
def test_absurd_queries_are_errors_not_crashes(text: str) -> None:
    with pytest.raises(QueryError):
        tree(text)


def test_ninety_nine_brackets_are_fine() -> None:
    assert tree("(" * 99 + "a" + ")" * 99) == a


def test_control_characters_are_blanks() -> None:
    assert tree("a\x00b\x1b[0m") == And((a, Term("b"), Term("[0m")))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("on:2024", "2024-01-01", "2025-01-01"),
        ("date:2024-02", "2024-02-01", "2024-03-01"),
        ("date:2024-12", "2024-12-01", "2025-01-01"),
        ("on:2024-03-05", "2024-03-05", "2024-03-06"),
        ("on:2024/3/5", "2024-03-05", "2024-03-06"),
        ("on:20240305", "2024-03-05", "2024-03-06"),
        ("on:today", "2026-11-24", "2026-11-25"),
        ("on:yesterday", "2026-11-23", "2026-11-24"),
        ('on:"last week"', "2026-11-16", "2026-11-23"),
        ('on:"this week"', "2026-11-23", "2026-11-30"),
        ("on:last_month", "2026-10-01", "2026-11-01"),
        ('on:"last year"', "2025-01-01", "2026-01-01"),
        ("on:monday", "2026-11-23", "2026-11-24"),
        ("on:tuesday", "2026-11-24", "2026-11-25"),
        ('on:"last tuesday"', "2026-11-17", "2026-11-18"),
        ('on:"march 2023"', "2023-03-01", "2023-04-01"),
        ("on:mar", "2026-03-01", "2026-04-01"),
        ("on:december", "2025-12-01", "2026-01-01"),
        ('on:"5 march 2024"', "2024-03-05", "2024-03-06"),
        ('on:"March 5, 2024"', "2024-03-05", "2024-03-06"),
        ('on:"3 days ago"', "2026-11-21", "2026-11-22"),
        ("on:2w", "2026-11-10", "2026-11-11"),
        ('on:"a month ago"', "2026-10-24", "2026-10-25"),
        ("after:2024-03-05", "2024-03-05", None),
        ("since:2024-03-05", "2024-03-05", None),
        ("before:2024-03-05", None, "2024-03-05"),
        ("date:2024-01..2024-03", "2024-01-01", "2024-04-01"),
        ("date:..yesterday", None, "2026-11-24"),
        ("date:2026..", "2026-01-01", None),
    ],
)
def test_dates_that_people_type(text: str, start: str | None, end: str | None) -> None:
    def day(value: str | None) -> datetime | None:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if value else None

    assert tree(text) == DateRange(day(start), day(end))


def test_days_are_those_of_the_users_zone() -> None:
    berlin = parse("on:2024-07-01", now=NOW, zone=ZoneInfo("Europe/Berlin"))

    assert berlin == DateRange(
        datetime(2024, 6, 30, 22, tzinfo=UTC), datetime(2024, 7, 1, 22, tzinfo=UTC)
    )


def test_a_month_before_the_31st_is_the_last_day_of_the_month_before() -> None:
    node = parse('on:"1 month ago"', now=datetime(2026, 3, 31, tzinfo=UTC), zone=UTC)

    assert node == DateRange(
        datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("text", ["on:foo", "on:2024-02-30", "on:99999y", "on:0000", "date:..", "date:2025..2024", "on:13", "on:m"])  # fmt: skip
def test_what_is_no_date_is_an_error_never_a_guess(text: str) -> None:
    with pytest.raises(QueryError):
        tree(text)
