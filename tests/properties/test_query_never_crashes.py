"""Whatever is typed, the parser gives a tree or a QueryError that points into the text."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.query.operators import names
from indexer.query.parser import parse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
pieces = st.one_of(
    st.sampled_from(
        ['"', "(", ")", "{", "}", "-", " ", "*", "AND", "OR", "NOT", "..", ":", "“", "”"]
    ),
    st.sampled_from([f"{name}:" for name in names()]),
    st.sampled_from(["2024", "5M", "unread", "yesterday", "attachment", "3 months ago"]),
    st.text(max_size=5),
)


@settings(max_examples=1000)
@given(st.lists(pieces, max_size=15).map("".join))
def test_any_text_is_a_tree_or_an_error_that_points_into_it(text: str) -> None:
    try:
        parse(text, now=NOW, zone=UTC)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.length >= 1
        assert error.cure
