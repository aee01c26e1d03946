"""Queries of Gmail, notmuch, JMAP and IMAP → tree and back, and errors that point at the character."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from indexer.errors import QueryError
from indexer.query import syntax
from indexer.query.dialects import (
    DIALECTS,
    gmail_reading,
    imap_reading,
    jmap_reading,
    notmuch_reading,
    read,
    written,
)
from indexer.query.lexer import LONGEST
from indexer.query.parser import parse
from indexer.query.syntax import Node, Received

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2024, 3, 6, 15, 30, tzinfo=ZONE)
"""A Wednesday, in a leap year, before clocks change."""

OURS = "# Our own language"
MANUAL = (Path(__file__).parents[2] / "docs/dialects.md").read_text()


def tree(dialect: str, text: str) -> Node:
    return read(dialect, text, now=NOW, zone=ZONE)


def ours(text: str) -> Node:
    return parse(text, now=NOW, zone=ZONE)


def mistake(dialect: str, text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        tree(dialect, text)
    return caught.value


def golden(dialect: str, *, translations: bool) -> Iterator[tuple[str, list[str]]]:
    """Each query of one half of the dialect's file, with the indented lines below it."""
    text = (Path(__file__).parent / f"golden_{dialect}.txt").read_text("utf-8")
    readings, _, writings = text.partition(OURS)
    found: list[tuple[str, list[str]]] = []
    for line in (writings.partition("\n")[2] if translations else readings).splitlines():
        if line.startswith("    "):
            found[-1][1].append(line.removeprefix("    "))
        elif line and not line.startswith("# "):
            found.append((line, []))
    yield from found


READINGS = [
    (dialect, text, below)
    for dialect in DIALECTS
    for text, below in golden(dialect, translations=False)
]
WRITINGS = [
    (dialect, text, below)
    for dialect in DIALECTS
    for text, below in golden(dialect, translations=True)
]


@pytest.mark.parametrize(("dialect", "text", "below"), READINGS)
def test_a_query_is_read_as_its_program_means_it(dialect: str, text: str, below: list[str]) -> None:
    (same,) = below

    assert tree(dialect, text) == ours(same)


@pytest.mark.parametrize(("dialect", "text", "below"), WRITINGS)
def test_a_query_is_written_with_what_it_lacks(dialect: str, text: str, below: list[str]) -> None:
    said = written(dialect, ours(text), zone=ZONE)

    assert [*([said.text] if said.text else []), *(f"! {line}" for line in said.missing)] == below


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_golden_files_are_long_enough_to_mean_something(dialect: str) -> None:
    assert len(list(golden(dialect, translations=False))) >= 25
    assert len(list(golden(dialect, translations=True))) >= 25


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", ["", "  ", "\t\n"])
def test_a_blank_query_is_everything(dialect: str, text: str) -> None:
    assert tree(dialect, text) == syntax.Everything()


def test_another_dialect_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="'mutt' is none of gmail, notmuch, jmap, imap"):
        read("mutt", "~f ann", now=NOW, zone=ZONE)
    with pytest.raises(ValueError, match="'mutt' is none of"):
        written("mutt", syntax.Everything(), zone=ZONE)


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("gmail", "after:1709632800", Received(datetime(2024, 3, 5, 10, tzinfo=UTC), None)),
        ("gmail", "before:999999999", Received(None, datetime(2001, 9, 9, 1, 46, 39, tzinfo=UTC))),
        ("imap", "OLDER 3600", Received(None, NOW - timedelta(hours=1))),
        ("imap", "younger 86400", Received(NOW - timedelta(days=1), None)),
        (
            "jmap",
            '{"after": "2024-03-05T10:11:12.5Z"}',
            Received(datetime(2024, 3, 5, 10, 11, 12, 500_000, tzinfo=UTC), None),
        ),
        (
            "notmuch",
            "date:@1709632800..@1709632800",
            syntax.DateRange(
                datetime(2024, 3, 5, 10, tzinfo=UTC), datetime(2024, 3, 5, 10, 0, 1, tzinfo=UTC)
            ),
        ),
        ("notmuch", "date:..now", syntax.DateRange(None, NOW + timedelta(seconds=1))),
    ],
)
def test_moments_that_are_no_midnights_are_kept(dialect: str, text: str, expected: Node) -> None:
    assert tree(dialect, text) == expected


TEN = datetime(2024, 3, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dialect", "node", "text"),
    [
        ("gmail", Received(TEN, None), "after:1709632800"),
        ("notmuch", syntax.DateRange(TEN, TEN), "date:@1709632800..@1709632799"),
        ("jmap", Received(TEN, None), '{"after": "2024-03-05T10:00:00Z"}'),
        ("imap", Received(TEN, None), "SINCE 5-Mar-2024"),
        ("imap", Received(None, TEN), "BEFORE 6-Mar-2024"),
        ("imap", syntax.Not(Received(TEN, None)), "NOT SINCE 6-Mar-2024"),
        ("imap", syntax.Not(Received(None, TEN)), "NOT BEFORE 5-Mar-2024"),
    ],
)
def test_a_moment_is_written_exactly_or_as_days_that_find_more(
    dialect: str, node: Node, text: str
) -> None:
    assert written(dialect, node, zone=ZONE).text == text


def test_what_has_no_word_of_its_own_in_our_language_is_named_all_the_same() -> None:
    node = syntax.And((syntax.SizeRange(None, None), syntax.Phrase("\n"), syntax.Term("a")))

    said = written("notmuch", node, zone=ZONE)

    assert said.text == "a"
    assert said.missing == (
        "notmuch does not know sizes: size range is left out",
        'notmuch looks for words alone: " " is left out',
    )


@pytest.mark.parametrize(
    ("text", "position", "length", "message", "cure"),
    [
        ("form:ann", 0, 5, "no operator form:", "from:"),
        ("a tag:b", 2, 4, "no operator tag:", "label:"),
        ("since:2024", 0, 6, "no operator since:", "after:"),
        ("category:promotions", 0, 9, "category:", "list:"),
        ("from:me", 5, 2, "me is known to Gmail alone", "from:ann@example.com"),
        ("has:drive", 4, 5, "what a link leads to", "docs.google.com"),
        ("has:youtube", 4, 7, "what a link leads to", "youtube.com"),
        ("has:yellow-star", 4, 11, "colours of stars", "is:starred"),
        ("has:red-bang", 4, 8, "colours of stars", "is:starred"),
        ("has:userlabels", 4, 10, "which labels are the user's", "label:travel"),
        ("has:nouserlabels", 4, 12, "which labels are the user's", "label:travel"),
        ("has:attachmant", 4, 10, "does not know", "has:attachment"),
        ("is:muted", 3, 5, "Gmail does not tell", "leave it out"),
        ("in:snoozed", 3, 7, "Gmail does not tell", "leave it out"),
        ("is:unraed", 3, 6, "does not know", "is:unread"),
        ("after:yesterday", 6, 9, "is no date", "2024/03/05"),
        ("after:march 2024", 6, 5, "is no date", "2024/03/05"),
        ("after:2024/13/05", 6, 10, "no day of the calendar", "2024/03/05"),
        ("after:99999999999", 6, 11, "2999", "2024/03/05"),
        ("after:1700/01/01", 6, 10, "between 1900 and 2999", "2024/03/05"),
        ("older_than:2h", 11, 2, "is no age", "older_than:1y"),
        ("older_than:2024", 11, 4, "is no age", "older_than:1y"),
        ("larger:big", 7, 3, "is no size", "5M"),
        ("from:", 0, 5, "needs a value", "from:word"),
        ("*", 0, 1, "nothing to look for", "in:anywhere"),
        ("a OR", 2, 2, "behind this OR", "quotes"),
        ("{a b", 0, 1, "never closed", "add a }"),
        ("from:(a subject:b)", 8, 8, "cannot stand in the brackets of from:", "close"),
        ("a AROUND 0 b", 2, 6, "from 1 to 100", "AROUND 5"),
        ('"a b" AROUND 5 c', 6, 6, "between two words", "AROUND 5"),
    ],
)
def test_a_mistake_in_gmails_words_is_pointed_at(
    text: str, position: int, length: int, message: str, cure: str
) -> None:
    points(mistake("gmail", text), text, position, length, message, cure)


@pytest.mark.parametrize(
    ("text", "position", "length", "message", "cure"),
    [
        ("lastmod:1..2", 0, 8, "lastmod:", "date:"),
        ("a property:x=y", 2, 9, "property:", "leave it out"),
        ('sexp:"(and a b)"', 0, 5, "sexp:", "and, or and not"),
        ("cc:ann", 0, 3, "no operator cc:", "to:"),
        ("label:work", 0, 6, "no operator label:", "tag:"),
        ("form:ann", 0, 5, "no operator form:", "from:"),
        ("folder:/x/", 7, 3, "no regular expression", "folder:INBOX"),
        ("tag:/x/", 4, 3, "no regular expression", "tag:unread"),
        ("mid:/x/", 4, 3, "no regular expression", "mid:1@example.com"),
        ("from:/ann", 5, 4, "has no end", "from:"),
        ("from:/(/", 5, 1, "has no end", "from:"),
        ('from:"/(/"', 5, 5, "this is no regular expression", "RE2"),
        ("tag:*", 4, 1, "name of a tag", "tag:unread"),
        ('tag:"a b"', 4, 5, "name of a tag", "tag:unread"),
        ("a*b", 0, 3, "end of a word", "word*"),
        ("from:*", 5, 1, "end of a word", "word*"),
        ("{a b}", 0, 1, "braces", "(a or b)"),
        ("a or", 2, 2, "behind this or", "quotes"),
        ("xor a", 0, 3, "before this xor", "quotes"),
        ("a xor b xor c xor d", 14, 3, "XOR joins 3", "AND"),
        ("thread:0000000000000abc", 7, 16, "no id of a thread", "thread:4700"),
        ("thread:{a", 7, 1, "never closed", "add a }"),
        ('b thread:"{a foo:b}"', 13, 4, "no operator foo:", "known are"),
        ('thread:"{subject:""a"" foo:b}"', 23, 4, "no operator foo:", "known are"),
        ('thread:"{a or}"', 11, 2, "behind this or", "quotes"),
        ("date:6m..", 5, 4, "shorter than a day", "date:"),
        ("date:5hours", 5, 6, "shorter than a day", "date:"),
        ("date:soon", 5, 4, "is no date", "date:yesterday"),
        ("date:last week", 5, 4, "not all of the date", "date:last_week"),
        ("date:..", 5, 2, "either side", "date:"),
        ("date:2024..2023", 5, 10, "before it begins", "date:"),
        ("date:@99999999999", 5, 12, "2999", "date:"),
        ("date:30-02-2024", 5, 10, "no day of the calendar", "date:"),
        ('""', 0, 2, "nothing to look for", "remove"),
    ],
)
def test_a_mistake_in_notmuchs_words_is_pointed_at(
    text: str, position: int, length: int, message: str, cure: str
) -> None:
    points(mistake("notmuch", text), text, position, length, message, cure)


@pytest.mark.parametrize(
    ("text", "position", "length", "message", "cure"),
    [
        ('{"form": "ann"}', 1, 6, "no condition 'form'", "from"),
        ('{"from": 1}', 9, 1, "a string", "quotes"),
        ('{"from": ["ann"]}', 9, 7, "a string", "quotes"),
        ('{"from": ""}', 9, 2, "nothing to look for", "word"),
        ('{"from": "\\"\\""}', 9, 6, "nothing to look for", "word"),
        ('{"hasAttachment": "yes"}', 18, 5, "true or false", "true"),
        ('{"minSize": "1"}', 12, 3, "number of octets", "1048576"),
        ('{"minSize": 1.5}', 12, 3, "number of octets", "1048576"),
        ('{"minSize": true}', 12, 4, "number of octets", "1048576"),
        ('{"maxSize": 0}', 12, 1, "smaller than 0", "maxSize"),
        ('{"minSize": -1}', 12, 2, "number of octets", "1048576"),
        ('{"after": "2024-03-05"}', 10, 12, "no date in UTC", "2024-03-05T00:00:00Z"),
        ('{"after": "2024-02-30T00:00:00Z"}', 10, 22, "no date in UTC", "2024-03-05T00:00:00Z"),
        ('{"after": "2024-03-05T00:00:00+01:00"}', 10, 27, "no date in UTC", "2024-03"),
        ('{"before": "0001-01-01T00:00:00Z"}', 11, 22, "no date in UTC", "2024-03"),
        ('{"hasKeyword": "a b"}', 15, 5, "no keyword", "$flagged"),
        ('{"inMailboxOtherThan": "trash"}', 23, 7, "a list of mailboxes", "spam"),
        ('{"inMailboxOtherThan": [1]}', 24, 1, "a string", "quotes"),
        ('{"header": "X-Mailer"}', 11, 10, "a name", "X-Mailer"),
        ('{"header": ["a", "b", "c"]}', 11, 15, "a name", "X-Mailer"),
        ('{"header": ["a b"]}', 12, 5, "no name of a header field", "X-Mailer"),
        ('{"header": ["a", ""]}', 17, 2, "nothing to look for", "any"),
        ('{"operator": "XOR", "conditions": [{}]}', 13, 5, "AND, OR or NOT", "AND"),
        ('{"operator": "AND"}', 0, 19, "list of conditions", "conditions"),
        ('{"operator": "AND", "conditions": []}', 34, 2, "list of conditions", "conditions"),
        ('{"operator": "AND", "conditions": [1]}', 35, 1, "an object", "from"),
        ('{"operator": "AND", "conditions": [{}], "text": "a"}', 40, 6, "beside", "into"),
        ('{"from": "a", "from": "b"}', 14, 6, "twice", "AND"),
        ('{"from": "ann"', 14, 1, ", or } is missing", "write"),
        ('{"from" "ann"}', 8, 1, "a : is missing", "write :"),
        ('{"from": ann}', 9, 1, "no JSON", "from"),
        ('{"from": "ann}', 9, 1, "does not end", 'add a "'),
        ('{"from": "\\ud800"}', 9, 1, "half of a pair", "character"),
        ("{from: 1}", 1, 1, "a key in quotes", "from"),
        ('{"from": "a"} x', 14, 1, "behind the filter", "remove"),
        ("[]", 0, 2, "an object", "from"),
        ("from:ann", 0, 1, "no JSON", "from"),
    ],
)
def test_a_mistake_in_a_filter_of_jmaps_is_pointed_at(
    text: str, position: int, length: int, message: str, cure: str
) -> None:
    points(mistake("jmap", text), text, position, length, message, cure)


@pytest.mark.parametrize(
    ("text", "position", "length", "message", "cure"),
    [
        ("FORM ann", 0, 4, "no search key 'FORM'", "FROM"),
        ("1:5", 0, 3, "number means nothing", "ALL"),
        ("SEEN 7,9:*", 5, 5, "number means nothing", "ALL"),
        ("$", 0, 1, "number means nothing", "ALL"),
        ("UID 5", 0, 3, "number means nothing", "Message-ID"),
        ("MODSEQ 5", 0, 6, "changes have no numbers", "leave it out"),
        ("NEW", 0, 3, "gone from IMAP", "UNSEEN"),
        ("OLD", 0, 3, "gone from IMAP", "leave it out"),
        ("RECENT", 0, 6, "gone from IMAP", "SINCE"),
        ("FUZZY TEXT a", 0, 5, "server's secret", "leave it out"),
        ("EMAILID M1", 0, 7, "number means nothing", "Message-ID"),
        ('X-GM-RAW "a"', 0, 8, "query of Gmail's", "Gmail"),
        ("SEARCH SEEN", 0, 6, "comes behind it", "leave it out"),
        ("RETURN (COUNT) SEEN", 0, 6, "asked for elsewhere", "behind it"),
        ("SAVEDSINCE 5-Mar-2024", 0, 10, "came into its folder", "SINCE"),
        ("FROM", 0, 4, "needs a text", "FROM ann"),
        ("FROM (SEEN)", 0, 4, "needs a text", "FROM ann"),
        ('FROM ""', 5, 2, "nothing to look for", "FROM ann"),
        ('"ann"', 0, 5, "behind its key", "TEXT"),
        ("FROM {3}", 5, 3, "literals", "quotes"),
        ('FROM "ann', 5, 1, "no end", "quotes"),
        ("KEYWORD \\Seen", 8, 5, "no keyword", "SEEN"),
        ('HEADER "a b" c', 7, 5, "no header field", "X-Mailer"),
        ("HEADER X-Mailer", 0, 6, "needs a text", "any"),
        ("LARGER 5M", 7, 2, "no number", "10240"),
        ("LARGER 9999999999999999", 7, 16, "no number", "10240"),
        ("SMALLER 0", 8, 1, "smaller than 0", "10240"),
        ("OLDER 99999999999", 6, 11, "no number", "10240"),
        ("SINCE 2024-03-05", 6, 10, "no date", "5-Mar-2024"),
        ("SINCE 5-Mai-2024", 6, 10, "no date", "5-Mar-2024"),
        ("ON 30-Feb-2024", 3, 11, "no day of the calendar", "5-Mar-2024"),
        ("ON 1-Jan-1800", 3, 10, "1900", "5-Mar-2024"),
        ("()", 1, 1, "nothing between", "remove"),
        ("(SEEN", 0, 1, "never closed", "add a )"),
        ("SEEN)", 4, 1, "closes nothing", "remove"),
        (")", 0, 1, "closes nothing", "remove"),
        ("NOT", 3, 1, "a search key is missing", "SEEN"),
        ("OR SEEN", 7, 1, "a search key is missing", "SEEN"),
        ("CHARSET", 0, 7, "needs a text", "UTF-8"),
    ],
)
def test_a_mistake_in_imaps_words_is_pointed_at(
    text: str, position: int, length: int, message: str, cure: str
) -> None:
    points(mistake("imap", text), text, position, length, message, cure)


def points(
    error: QueryError, text: str, position: int, length: int, message: str, cure: str
) -> None:
    assert (error.position, error.length) == (position, length)
    assert message in error.message
    assert cure in error.cure
    assert error.query == text


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        *[(dialect, "a " * LONGEST) for dialect in DIALECTS],
        *[(dialect, "(" * 9000) for dialect in DIALECTS],
        *[(dialect, '"' * 9999) for dialect in DIALECTS],
        *[(dialect, "a \udcff") for dialect in DIALECTS],
        ("gmail", "-(" * 5000),
        ("gmail", "from:{" * 2000),
        ("notmuch", "not (" * 3000),
        ("notmuch", "(" * 30 + "a" + " xor a)" * 30),
        ("notmuch", "thread:{" * 200 + "a" + "}" * 200),
        ("jmap", "[" * 9000),
        ("jmap", '{"operator":"NOT","conditions":[' * 90 + "{}" + "]}" * 90),
        ("jmap", '{"minSize": ' + "9" * 9000 + "}"),
        ("jmap", '{"text": ' + "9" * 399 + "e999}"),
        ("imap", "NOT (" * 3000),
        ("imap", "OR OR " * 2700),
        ("imap", "NOT OR SEEN " * 1300),
    ],
)
def test_absurd_queries_are_errors_not_crashes(dialect: str, text: str) -> None:
    error = mistake(dialect, text)

    assert 0 <= error.position <= len(error.query) <= LONGEST
    assert (error.message + error.cure).isprintable()
    assert len(error.message) < 120


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("gmail", "-" * 9999 + "a"),
        ("notmuch", "not " * 4000 + "a"),
        ("notmuch", "tag:a " * 2700),
        ("jmap", '{"text": "' + "' \\\" a" * 2000 + '"}'),
        ("imap", "NOT " * 4000 + "SEEN"),
        ("imap", "OR SEEN " * 2000 + "SEEN"),
    ],
)
def test_long_queries_that_are_not_deep_are_fine(dialect: str, text: str) -> None:
    found = tree(dialect, text)

    assert written(dialect, found, zone=ZONE).text


def test_a_chain_of_quotes_within_quotes_is_cut_off_where_it_would_double_for_ever() -> None:
    node: Node = syntax.Term("a")
    for _ in range(60):
        node = syntax.ThreadOf(node)

    said = written("notmuch", node, zone=ZONE)

    assert said.text == ""
    assert len(said.missing) == 1


def test_every_operator_and_key_is_in_the_manual() -> None:
    for name in gmail_reading.VOCABULARY.names():
        assert f"`{name}:" in MANUAL, name
    for name in notmuch_reading.VOCABULARY.names():
        assert f"`{name}:" in MANUAL, name
    for name in (*jmap_reading._CONDITIONS, "operator", "conditions"):
        assert f"`{name}`" in MANUAL, name
    for name in (*imap_reading._KEYS, *imap_reading._REFUSED, "NOT", "OR", "CHARSET"):
        assert f"`{name}`" in MANUAL, name
    for tag in notmuch_reading.TAGS:
        assert f"`{tag}`" in MANUAL, tag
