"""Any tree is written as text that parses back to it; any text gives a tree or a QueryError."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.query import syntax
from indexer.query.formatting import format as written
from indexer.query.operators import OPERATORS, STATES
from indexer.query.parser import both, either, negated, parse
from indexer.query.syntax import Node

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONES = [
    UTC,
    timezone(timedelta(hours=14)),
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/Sao_Paulo"),  # skipped midnights
    ZoneInfo("America/Havana"),  # repeated midnights
    ZoneInfo("Pacific/Apia"),  # skipped a whole day
]
zones = st.sampled_from(ZONES)
fields = st.sampled_from(
    ["", "from", "to", "cc", "bcc", "subject", "body", "filename", "recipient", "with", "quoted"]
)
words = st.from_regex(r"[\w.@+#/&][\w.@+#/&'-]{0,7}", fullmatch=True).filter(
    lambda word: word not in ("AND", "OR", "NOT", "XOR") and word[0] not in "/"
)
quoted = st.text(min_size=1, max_size=12).filter(
    lambda text: any(letter.isalnum() for letter in text) and '"' not in text
)
names = quoted.filter(lambda name: name.lower() not in ("junk", "spam", "inbox", "sent", "drafts"))
days = st.dates(date(1900, 1, 1), date(2999, 12, 31))
sizes = st.integers(0, 2**50)


@st.composite
def date_ranges(draw: st.DrawFn, zone: tzinfo) -> Node:
    def begin_of(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

    first, last = sorted([draw(days), draw(days)])
    start, end = begin_of(first), begin_of(last + timedelta(days=1))
    assume(start < end)
    shape = draw(st.sampled_from(["both", "start", "end"]))
    return syntax.DateRange(
        None if shape == "end" else start,
        None if shape == "start" else end,
    )


@st.composite
def size_ranges(draw: st.DrawFn) -> Node:
    least, most = sorted([draw(sizes), draw(sizes)])
    shape = draw(st.sampled_from(["both", "least", "most"]))
    return syntax.SizeRange(None if shape == "most" else least, None if shape == "least" else most)


@cache
def trees(zone: tzinfo) -> st.SearchStrategy[Node]:
    leaves = st.one_of(
        st.builds(syntax.Term, words, fields),
        st.builds(
            syntax.Term, st.sampled_from(["AND", "10:30", "re:x", "a:b"]), st.just("subject")
        ),
        st.builds(syntax.Prefix, words.filter(str.isalnum), fields),
        st.builds(syntax.Infix, words.filter(lambda w: w.isalnum() and len(w) > 1), fields),
        st.builds(syntax.Fuzzy, words.filter(str.isalnum), st.integers(1, 2), fields),
        st.builds(syntax.Near, words, words, st.integers(1, 100), fields, st.booleans()),
        st.builds(syntax.Exact, quoted, fields),
        st.builds(
            syntax.Pattern,
            st.sampled_from(["a", "a/b", r"a\.b", "(x|y) z", "[^/]+", r"\\", '"']),
            st.sampled_from(["", "from", "subject", "with", "filename"]),
        ),
        st.builds(
            syntax.Header, st.sampled_from(["x-mailer", "a_b"]), st.sampled_from(["", "a b", "="])
        ),
        st.builds(syntax.RefersTo, st.sampled_from(["1@example.com", "a b@c"]), st.booleans()),
        st.sampled_from(["signed", "encrypted", "calendar"]).map(syntax.Kind),
        st.just(syntax.Personal()),
        st.builds(syntax.Phrase, quoted, fields),
        st.builds(syntax.Keyword, st.sampled_from(["", "work", "$forwarded"])),
        st.builds(syntax.MailingList, st.sampled_from(["", "announce", "a b"])),
        st.builds(syntax.AttachmentType, st.sampled_from(["pdf", "image/*"])),
        st.builds(syntax.MessageId, st.sampled_from(["1@example.com", "a b@c"])),
        st.builds(lambda id_: syntax.InThreads(frozenset([id_])), st.integers(0, 10**17)),
        st.builds(syntax.In, names | st.sampled_from(["inbox", "spam", "anywhere", "Lists/*"])),
        st.builds(syntax.Is, st.sampled_from(sorted(set(STATES.values())))),
        st.builds(syntax.Account, names),
        st.just(syntax.HasAttachment()),
        st.just(syntax.Everything()),
        date_ranges(zone),
        date_ranges(zone).map(lambda each: syntax.Received(each.start, each.end)),
        size_ranges(),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map(both),
            st.lists(inner, min_size=1, max_size=4).map(either),
            inner.map(negated),
            inner.map(syntax.ThreadOf),
        ),
        max_leaves=12,
    )


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_tree_is_written_as_text_that_parses_back_to_it(data: st.DataObject) -> None:
    zone = data.draw(zones)
    tree = data.draw(trees(zone))

    text = written(tree, zone=zone)

    assert parse(text, now=NOW, zone=zone) == tree


def tree_or_error(text: str, zone: tzinfo) -> Node | QueryError:
    try:
        return parse(text, now=NOW, zone=zone)
    except QueryError as error:
        return error


typed = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *'"(){}-* :.',
                "AND",
                "OR",
                "NOT",
                "XOR",
                "ADJ/2",
                "..",
                "/",
                "=",
                "/a/",
                "“",
                "”",
                "„",
                "«",
                "»",
            ]
        ),
        st.sampled_from([f"{name}:" for name in OPERATORS]),
        st.sampled_from(
            ["2024", "5M", "unread", "yesterday", "attachment", "3 months ago", "a", "Re:"]
        ),
        st.text(max_size=5),
        st.text(st.characters(codec=None), max_size=3),
    ),
    max_size=15,
).map("".join)


@settings(max_examples=2000, deadline=None)
@given(typed, zones)
def test_any_text_is_a_tree_that_survives_writing_or_an_error_that_points_into_it(
    text: str, zone: tzinfo
) -> None:
    found = tree_or_error(text, zone)

    if isinstance(found, QueryError):
        assert 0 <= found.position <= found.position + found.length <= len(text) + 1
        assert (found.message + found.cure).isprintable()
        assert found.message
        assert found.cure
    else:
        assert parse(written(found, zone=zone), now=NOW, zone=zone) == found


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(OPERATORS)), st.text(min_size=1, max_size=20))
def test_any_quoted_value_is_a_leaf_or_an_error_about_it(name: str, value: str) -> None:
    assume('"' not in value)

    found = tree_or_error(f'{name}:"{value}"', UTC)

    if isinstance(found, QueryError):
        assert found.position >= len(name) + 1
    else:
        assert isinstance(found, syntax.Leaf)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_every_day_around_a_change_of_clocks_is_written_back(zone: tzinfo) -> None:
    for year in (2011, 2018, 2024):
        for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
            text = f"on:{date.fromordinal(ordinal)}"
            if str(zone) == "Pacific/Apia" and text == "on:2011-12-30":
                continue
            tree = parse(text, now=NOW, zone=zone)
            assert parse(written(tree, zone=zone), now=NOW, zone=zone) == tree
