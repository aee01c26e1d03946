"""How things look: within the width, without what a mail might do to a terminal."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.extract.document import Address
from indexer.search.page import Hit, Marked
from search_cli import output

ESCAPES = re.compile(r"\x1b\[[\d;]*m")
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def hit(**changes: object) -> Hit:
    values: dict[str, object] = {
        "id": 4711, "account": "work", "message_id": "1@x", "thread_id": 1, "date": NOW,
        "sender": (Address("Ann", "ann@example.com"),), "sender_names": Marked("Ann"),
        "to": (), "subject": Marked("Report"),
        "folders": ("INBOX",), "flags": ("\\Seen",), "attachments": (), "size": 100,
        "snippet": Marked("the report is ready", ((4, 10),)),
    }  # fmt: skip
    return Hit(**{**values, **changes})  # type: ignore[arg-type]


@given(st.text(max_size=200), st.integers(20, 200))
def test_no_line_is_wider_than_the_terminal(text: str, columns: int) -> None:
    hostile = hit(
        subject=Marked(text, ((0, min(3, len(text))),) if text else ()),
        sender_names=Marked(text, ((0, min(3, len(text))),) if text else ()),
        folders=(text, text),
        snippet=Marked(text),
    )

    for line in output.hit_lines(hostile, NOW, max(columns, 60)):
        assert output.cells(ESCAPES.sub("", line)) <= max(columns, 60)


def test_wide_letters_take_two_columns_and_combining_ones_none() -> None:
    assert output.cells("東京") == 4
    assert output.cells("e\u0301") == 1
    assert output.fit("東京都庁", 6) == "東京…"


@given(st.text(max_size=100))
def test_nothing_from_a_mail_moves_the_cursor_or_turns_the_text(text: str) -> None:
    assert not re.search(
        "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", output.printable(text)
    )


def test_an_escape_sequence_in_a_subject_is_shown_and_not_obeyed() -> None:
    lines = output.hit_lines(hit(subject=Marked("\x1b[2Jgone\r\n")), NOW, 80)

    assert "\ufffd[2Jgone" in "".join(lines)
    assert "\x1b" not in "".join(lines)


def test_colours_need_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.paint("x", output.BOLD, stream=Terminal()) == "\x1b[1mx\x1b[0m"
    assert output.paint("x", output.BOLD, stream=io.StringIO()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert output.paint("x", output.BOLD, stream=Terminal()) == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.paint("x", output.BOLD, stream=Terminal()) == "x"


def test_a_match_far_into_a_line_is_brought_into_view(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "word " * 60 + "needle in the hay"
    far = hit(snippet=Marked(text, ((300, 306),)))

    assert "needle" in output.hit_lines(far, NOW, 80)[-1]


def test_dates_are_short_and_in_the_readers_zone() -> None:
    assert output.short_date(NOW, NOW).strip() == "12:00"
    assert output.short_date(NOW.replace(month=3), NOW) == "01 Mar 12:00"
    assert output.short_date(NOW.replace(year=2020), NOW).strip() == "2020-11-01"


def test_tables_are_aligned_whatever_the_letters() -> None:
    lines = output.table([("folder", "messages"), ("東京", "7"), ("INBOX", "1234")], right=[1])

    assert [output.cells(line) for line in lines] == [16, 16, 16]
