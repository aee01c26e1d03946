"""The piece of a message that shows why it was found."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.query import syntax
from indexer.query.parser import parse as parse_at
from indexer.search.marking import Marker
from indexer.search.page import Marked
from indexer.search.snippets import LONGEST, snippet
from indexer.search.wanted import wanted

FILLER = "Nothing of note happened on the way to the harbour, and nobody asked. " * 40


def parse(query: str) -> syntax.Node:
    return parse_at(query, now=datetime(2026, 11, 1, tzinfo=UTC), zone=UTC)


def shown(query: str, text: str) -> Marked:
    return snippet(lambda most: text[:most], Marker(wanted(parse(query))))


def marks(marked: Marked) -> list[str]:
    return [marked.text[start:end] for start, end in marked.marks]


@pytest.mark.parametrize("query", ["quarterly report", '"aa b"', "x OR report", "figure~"])
def test_a_snippet_is_the_same_however_much_of_the_text_is_read_at_first(query: str) -> None:
    marker = Marker(wanted(parse(query)))
    for before in (0, 3_300, 3_700, 3_990, 9_000):
        filler = (FILLER * 4)[:before]
        text = f"A report. {filler} aa b, the quarterly report has figures. {FILLER} report x"

        assert snippet(lambda most, text=text: text[:most], marker) == snippet(
            lambda _, text=text: text, marker
        )


def test_the_words_that_were_looked_for_are_marked() -> None:
    found = shown("quarterly report", "The quarterly figures; a Report follows.")

    assert marks(found) == ["quarterly", "Report"]


def test_the_piece_with_the_most_different_words_is_shown() -> None:
    text = f"A report. {FILLER} The quarterly report is ready. {FILLER}"

    found = shown("quarterly report", text)

    assert marks(found) == ["quarterly", "report"]
    assert len(found.text) <= LONGEST
    assert found.text.startswith("…")


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("cafe", "Wir sind im Café.", ["Café"]),
        ("Straße", "die STRASSE und die Straße", ["STRASSE", "Straße"]),
        ("東京", "来週、東京で会議があります。", ["東京"]),
        ("中", "中文", ["中文"]),
        ("conf*", "The conference was confirmed, inconfident", ["conference", "confirmed"]),
        ('"thank you"', "you thank; thank  you.", ["thank you"]),
        ("bob@example.com", "ask bob@example.com or example.com", ["bob@example.com"]),
    ],
)
def test_words_are_marked_as_they_are_written(query: str, text: str, marked: list[str]) -> None:
    assert marks(shown(query, text)) == marked


def test_what_a_query_excludes_is_not_marked() -> None:
    assert marks(shown("report -draft", "A draft report")) == ["report"]


def test_markup_in_a_message_is_text_like_any_other() -> None:
    found = shown("alert", "<script>alert(1)</script>")

    assert found.text == "<script>alert(1)</script>"
    assert marks(found) == ["alert"]


def test_without_a_word_of_the_query_the_beginning_is_shown() -> None:
    assert shown("from:ann", "  Dear   all,\n\n> as I said\n-----\nyes").text == (
        "Dear all, as I said yes"
    )


def test_a_subject_is_marked_whole() -> None:
    found = Marker(wanted(parse("report"), ("", "subject"))).mark("Re: the quarterly report")

    assert (found.text, marks(found)) == ("Re: the quarterly report", ["report"])


@given(
    st.text(max_size=400),
    st.sampled_from(["report", '"a b"', "é*", "東京 OR x", "ss i̇", "-a"]),
)
def test_marks_lie_within_the_text_in_order(text: str, query: str) -> None:
    found = shown(query, text)

    assert len(found.text) <= LONGEST
    at = 0
    for start, end in found.marks:
        assert at <= start < end <= len(found.text)
        at = end


def test_a_megabyte_of_near_misses_ends() -> None:
    """By construction: candidates and characters looked at are bounded, so this cannot run away."""
    began = time.process_time()

    shown('"aa b"', "aa " * 400_000)

    assert time.process_time() - began < 5  # some hundred times what it takes


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("*port*", ["imported", "reporter"]),
        ("meting~", ["meeting"]),
        ("subject:*port*", []),
        ("quartrly~2 *ort*", ["imported", "reporter", "quarterly"]),
        ("budget NEAR/5 meeting", ["budget", "meeting"]),
    ],
)
def test_what_a_pattern_stands_for_here_is_marked(query: str, marked: list[str]) -> None:
    text = f"{FILLER} We imported what the reporter of the quarterly budget meeting said. {FILLER}"

    assert marks(shown(query, text)) == marked


@pytest.mark.timeout(30)  # minutes, where it is gone through for each piece
@pytest.mark.parametrize(
    ("query", "text"),
    [("*aa* budget", "a" * 100_000), ("*語語*", "語" * 100_000), ("*會議* x", "會議" * 50_000)],
)
def test_a_run_of_letters_without_end_is_gone_through_once(query: str, text: str) -> None:
    assert len(shown(query, text).text) <= LONGEST


@pytest.mark.parametrize("query", ["aaa*", "*bbb*"])
def test_what_is_too_long_to_be_a_word_is_not_marked(query: str) -> None:
    assert not shown(query, "aaa" + "b" * 50).marks


def test_several_words_of_one_pattern_are_one_thing_that_was_looked_for() -> None:
    found = shown("conf* budget", f"confirm the conference. {FILLER} the conf about the budget")

    assert marks(found) == ["conf", "budget"]


def test_a_piece_of_an_unspaced_script_is_found_inside_of_a_run() -> None:
    found = shown("*会議*", "議員は 明日の会議です")

    assert marks(found) == ["会議"]
