"""Any text in a dialect is a tree or an error that points into it; any tree is written in every
dialect, and what a dialect can say comes back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.query import syntax
from indexer.query.dialects import DIALECTS, read, written
from indexer.query.parser import both, either, negated
from indexer.query.syntax import Node
from tests.properties.test_query_roundtrip import trees

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

dialects = pytest.mark.parametrize("dialect", DIALECTS)

plain = st.sampled_from(["invoice", "plan", "ann@example.com", "東京", "c++", "don't", "x2"])
phrases = st.sampled_from(["big plan", "a", "and or not", "d'accord", "(x) {y} [z]: -q", "Été 24"])
midnights = st.dates(datetime(1970, 1, 2).date(), datetime(2030, 1, 1).date()).map(
    lambda day: datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
)
moments = st.datetimes(datetime(2001, 9, 10), datetime(2030, 1, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
sizes = st.integers(1, 2**40)
ids = st.sampled_from(["1@example.com", "a.b+c=d@x"])
anything_else = st.sampled_from(
    [
        syntax.Exact("Polish"),
        syntax.Exact('Two "Words"', "subject"),
        syntax.Pattern(r"a/b\d+", "from"),
        syntax.Pattern('x"y|z', "subject"),
        syntax.Pattern("v[12]", ""),
        syntax.Header("x-mailer", "mutt 2"),
        syntax.Header("x-mailer", ""),
        syntax.Header("delivered-to", "ann@example.com"),
        syntax.Kind("signed"),
        syntax.Kind("calendar"),
        syntax.Personal(),
        syntax.RefersTo("1@example.com"),
        syntax.RefersTo("1@example.com", itself=True),
        syntax.Near("a", "b", 3, "quoted", ordered=True),
        syntax.Near("b", "!", 3, "from"),
        syntax.InThreads(frozenset([1, 2])),
        syntax.Saved('in"voices'),
        syntax.In('a "b" (c)'),
        syntax.Keyword("(odd)"),
        syntax.Term("-x"),
        syntax.Term("from:x"),
        syntax.Term('"', "body"),
        syntax.Phrase('he said "no"\\', "with"),
        syntax.Phrase("/a/", "subject"),
        syntax.Phrase("\x00\n", "subject"),
        syntax.Received(None, datetime(2024, 3, 5, 10, 0, 0, 5, tzinfo=UTC)),
        syntax.DateRange(datetime(2024, 3, 5, 10, tzinfo=UTC), None),
        syntax.DateRange(None, None),
        syntax.SizeRange(None, None),
    ]
)


def ranges(
    make: type[syntax.Received] | type[syntax.DateRange], ends: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Node]:
    def ordered(pair: list[datetime], shape: str) -> Node:
        start, end = sorted(pair)
        return make(None if shape == "end" else start, None if shape == "start" else end)

    two = st.lists(ends, min_size=2, max_size=2, unique=True)
    return st.builds(ordered, two, st.sampled_from(["both", "start", "end"]))


def in_fields(*fields: str) -> st.SearchStrategy[Node]:
    field = st.sampled_from(fields)
    return st.builds(syntax.Term, plain, field) | st.builds(syntax.Phrase, phrases, field)


size_ranges = st.one_of(
    st.builds(syntax.SizeRange, sizes, st.none()),
    st.builds(syntax.SizeRange, st.none(), sizes),
    st.builds(lambda least, more: syntax.SizeRange(least, least + more), sizes, sizes),
)
states = {
    "gmail": ["unread", "read", "flagged"],
    "notmuch": ["unread", "read", "flagged", "draft", "answered", "deleted"],
    "jmap": ["unread", "read", "flagged", "draft", "answered"],
    "imap": ["unread", "read", "flagged", "draft", "answered", "deleted"],
}
common = st.one_of(st.builds(syntax.MessageId, ids), st.just(syntax.Everything()))
keywords = st.sampled_from(["$forwarded", "work"]).map(syntax.Keyword)
folders = st.sampled_from(["inbox", "sent", "spam", "trash", "Lists/announce", "a b"])
leaves: dict[str, st.SearchStrategy[Node]] = {
    "gmail": st.one_of(
        common,
        in_fields("", "from", "to", "cc", "bcc", "subject", "filename"),
        st.builds(syntax.Exact, plain, st.sampled_from(["", "subject"])),
        st.builds(syntax.Near, plain, plain, st.integers(1, 100), st.sampled_from(["", "subject"])),
        st.builds(syntax.In, folders | st.sampled_from(["Important", "anywhere", "archive"])),
        st.just(syntax.HasAttachment()),
        st.sampled_from(["announce", "a b"]).map(syntax.MailingList),
        st.just(syntax.Header("delivered-to", "ann@example.com")),
        ranges(syntax.Received, midnights | moments),
        size_ranges,
    ),
    "notmuch": st.one_of(
        common,
        in_fields("", "from", "recipient", "subject", "body", "filename"),
        st.builds(syntax.Prefix, plain, st.sampled_from(["", "from", "body"])),
        st.builds(
            syntax.Near, plain, plain, st.integers(1, 100), st.just(""), ordered=st.booleans()
        ),
        st.builds(syntax.Pattern, st.sampled_from(["ann|bob", "^a b", '"x"']), st.just("from")),
        st.builds(syntax.In, folders | st.sampled_from(["anywhere", "archive"])),
        st.just(syntax.HasAttachment()),
        st.sampled_from(["signed", "encrypted"]).map(syntax.Kind),
        keywords,
        st.sampled_from(["pdf", "image/png"]).map(syntax.AttachmentType),
        st.sampled_from(["invoices", "a b"]).map(syntax.Saved),
        ranges(syntax.DateRange, midnights | moments),
    ),
    "jmap": st.one_of(
        common,
        in_fields("", "from", "to", "cc", "bcc", "subject", "body"),
        st.builds(syntax.In, folders),
        st.just(syntax.HasAttachment()),
        keywords,
        st.sampled_from(["", "announce", "a b"]).map(syntax.MailingList),
        st.sampled_from(["", "mutt 2"]).map(lambda text: syntax.Header("x-mailer", text)),
        st.builds(syntax.RefersTo, ids),
        st.sampled_from([syntax.Is("flagged"), syntax.Is("unread"), syntax.Keyword("work")]).map(
            syntax.ThreadOf
        ),
        ranges(syntax.Received, midnights | moments),
        size_ranges,
    ),
    "imap": st.one_of(
        common,
        st.builds(
            syntax.Phrase,
            plain | phrases,
            st.sampled_from(["", "from", "to", "cc", "bcc", "subject", "body"]),
        ),
        keywords,
        st.sampled_from(["", "announce", "a b"]).map(syntax.MailingList),
        st.sampled_from(["", "mutt 2"]).map(lambda text: syntax.Header("x-mailer", text)),
        st.builds(syntax.RefersTo, ids),
        ranges(syntax.Received, midnights),
        ranges(syntax.DateRange, midnights),
        size_ranges,
    ),
}


def grown(leaves: st.SearchStrategy[Node], *, threads: bool = False) -> st.SearchStrategy[Node]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map(both),
            st.lists(inner, min_size=1, max_size=4).map(either),
            inner.map(negated),
            *([leaves.map(syntax.ThreadOf)] if threads else []),
        ),
        max_leaves=12,
    )


sayable = {
    dialect: grown(
        leaves[dialect] | st.sampled_from(states[dialect]).map(syntax.Is),
        threads=dialect == "notmuch",
    )
    for dialect in DIALECTS
}
any_tree = trees(ZONE) | grown(st.one_of(anything_else, *leaves.values()), threads=True)


def normal(node: Node) -> Node:
    """The same for trees that mean the same: where a dialect has one way of saying it."""
    match node:
        case syntax.And(parts):
            return both([normal(part) for part in parts])
        case syntax.Or(parts):
            return either([normal(part) for part in parts])
        case syntax.Not(part):
            within = normal(part)
            opposite = {syntax.Is("unread"): "read", syntax.Is("read"): "unread"}
            return syntax.Is(opposite[within]) if within in opposite else negated(within)
        case syntax.ThreadOf(part):
            return syntax.ThreadOf(normal(part))
        case syntax.Received(start, end) | syntax.DateRange(start, end) if start and end:
            make = type(node)
            return both([make(start, None), make(None, end)])
        case syntax.SizeRange(least, most) if least and most:
            return both([syntax.SizeRange(least, None), syntax.SizeRange(None, most)])
        case syntax.In("anywhere"):
            return syntax.Everything()
        case _:
            return node


@dialects
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_a_dialect_can_say_is_read_back_as_it_was(dialect: str, data: st.DataObject) -> None:
    tree = data.draw(sayable[dialect])

    said = written(dialect, tree, zone=ZONE)

    assert normal(read(dialect, said.text, now=NOW, zone=ZONE)) == normal(tree)
    assert not [line for line in said.missing if "left out" in line or "more is found" in line]


@dialects
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_tree_is_written_as_text_that_can_be_read(dialect: str, data: st.DataObject) -> None:
    tree = data.draw(any_tree)

    said = written(dialect, tree, zone=ZONE)

    assert all(line.isprintable() and len(line) < 200 for line in said.missing)
    if said.text:
        read(dialect, said.text, now=NOW, zone=ZONE)
    else:
        assert said.missing


A, B = syntax.Phrase("big plan"), syntax.Is("flagged")
LOST = [syntax.Personal(), syntax.Account("work")]
"""What can be said in every dialect, and what in none."""


@dialects
@settings(max_examples=200, deadline=None)
@given(tree=grown(st.sampled_from([A, B, *LOST])))
def test_a_translation_finds_all_that_the_tree_finds(dialect: str, tree: Node) -> None:
    said = written(dialect, tree, zone=ZONE)
    found = read(dialect, said.text, now=NOW, zone=ZONE)

    for there in product([True, False], repeat=4):
        truth = dict(zip([A, B, *LOST], there, strict=True))
        assert not holds(tree, truth) or holds(found, truth), said.text


def holds(node: Node, truth: dict[Node, bool]) -> bool:
    match node:
        case syntax.And(parts):
            return all(holds(part, truth) for part in parts)
        case syntax.Or(parts):
            return any(holds(part, truth) for part in parts)
        case syntax.Not(part):
            return not holds(part, truth)
        case syntax.Everything():
            return True
        case _:
            return truth[node]


pieces = {
    "gmail": [
        *('"', "(", ")", "{", "}", "-", "+", " ", "*", ":", "OR", "AND", "AROUND 3", "a", "me"),
        *("from:", "in:", "is:", "has:", "label:", "after:", "older_than:", "size:", "list:"),
        *("2024/03/05", "1709632800", "03/05/2024", "2d", "unread", "attachment", "category:x"),
    ],
    "notmuch": [
        *('"', "(", ")", "{", "}", "-", "+", " ", "*", ":", "or", "And", "not", "xor", "NEAR/3"),
        *("from:", "tag:", "is:", "folder:", "path:", "thread:", "date:", "mimetype:", "query:"),
        *(
            "/re/",
            'thread:"{',
            '}"',
            '""',
            "2024..",
            "6M",
            "now",
            "@99",
            "unread",
            "x/**",
            "a",
            "A",
        ),
    ],
    "jmap": [
        *(
            '"',
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\\",
            "1",
            "-",
            "1e5",
            "true",
            "null",
            "'",
            "\\u00",
        ),
        *(f'"{key}":' for key in ("operator", "conditions", "from", "header", "after", "minSize")),
        *('"AND"', '"NOT"', '"a b"', '["X", "y"]', '{"text": "a"}', '"2024-03-05T00:00:00Z"'),
        *('{"operator":"OR","conditions":[', "]}", '{"hasKeyword":"$seen"}', "\\ud800"),
    ],
    "imap": [
        *(
            '"',
            "(",
            ")",
            " ",
            "\\",
            "*",
            "{3}",
            "1:4",
            "NOT ",
            "OR ",
            "ALL ",
            "SEEN ",
            "a",
            '"a b"',
        ),
        *("FROM ", "TEXT ", "HEADER ", "KEYWORD ", "SINCE ", "ON ", "LARGER ", "OLDER ", "UID "),
        *("5-Mar-2024", "31-Feb-2024", "10", "CHARSET UTF-8 "),
    ],
}


@dialects
@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_any_text_is_a_tree_or_an_error_that_points_into_it(
    dialect: str, data: st.DataObject
) -> None:
    piece = st.one_of(
        st.sampled_from(pieces[dialect]),
        st.text(max_size=4),
        st.text(st.characters(codec=None), max_size=3),
    )
    text = data.draw(st.lists(piece, max_size=15).map("".join))

    try:
        tree = read(dialect, text, now=NOW, zone=ZONE)
    except QueryError as error:
        assert 0 <= error.position <= error.position + error.length <= len(text) + 1
        assert (error.message + error.cure).isprintable()
        assert error.message
        assert error.cure
        assert error.query == text
    else:
        assert all(0 <= start <= end <= len(text) for start, end in spans(tree))
        for other in DIALECTS:
            written(other, tree, zone=ZONE)


def spans(node: Node) -> list[syntax.Span]:
    match node:
        case syntax.And(parts) | syntax.Or(parts):
            return [span for part in parts for span in spans(part)]
        case syntax.Not(part):
            return spans(part)
        case syntax.ThreadOf(part, span):
            return [span, *spans(part)]
        case syntax.Everything():
            return []
        case _:
            return [node.span]


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=9,
    ),
    st.booleans(),
)
def test_json_that_is_no_filter_is_an_error_about_what_it_is(value: object, ascii_: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_)

    if value is None or value == {}:
        assert read("jmap", text, now=NOW, zone=ZONE) == syntax.Everything()
    else:
        with pytest.raises(QueryError) as caught:
            read("jmap", text, now=NOW, zone=ZONE)
        assert "JSON" not in caught.value.message
