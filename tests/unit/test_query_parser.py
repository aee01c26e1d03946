"""Query text → tree, and errors that point at the character."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from indexer.errors import QueryError
from indexer.query import syntax
from indexer.query.formatting import format as written
from indexer.query.lexer import LONGEST
from indexer.query.operators import OPERATORS, STATES
from indexer.query.parser import DEEPEST, parse
from indexer.query.syntax import (
    And,
    DateRange,
    Everything,
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

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2024, 3, 6, 15, 30, tzinfo=ZONE)
"""A Wednesday, in a leap year, before clocks change."""

a, b = Term("a"), Term("b")


def tree(text: str) -> Node:
    return parse(text, now=NOW, zone=ZONE)


def mistake(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        tree(text)
    return caught.value


def golden() -> list[tuple[str, str]]:
    """The file's pairs of lines: a query, and its tree indented below."""
    lines = (Path(__file__).parent / "golden_queries.txt").read_text("utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("# ")]
    return [(query, drawn.strip()) for query, drawn in zip(kept[::2], kept[1::2], strict=True)]


def drawn(node: Node) -> str:
    """A tree as the golden file has it: close to its constructors, dates in the user's zone."""
    match node:
        case And(parts) | Or(parts):
            return f"{type(node).__name__}({', '.join(map(drawn, parts))})"
        case Not(part):
            return f"Not({drawn(part)})"
        case syntax.ThreadOf(part):
            return f"ThreadOf({drawn(part)})"
        case syntax.Near(left, right, distance, field, True):
            return f"Near({left!r}, {right!r}, {distance}, ordered{' in ' if field else ''}{field})"
        case syntax.Near(left, right, distance, field):
            return f"Near({left!r} within {distance} of {right!r}{' in ' if field else ''}{field})"
        case syntax.Header(name, text):
            return f"Header({name!r}, {text!r})"
        case syntax.RefersTo(text, itself):
            return f"RefersTo({text!r}{', itself' if itself else ''})"
        case syntax.Kind(name):
            return f"Kind({name!r})"
        case syntax.Personal():
            return "Personal()"
        case syntax.Fuzzy(text, distance, field):
            return f"Fuzzy({text!r}{' in ' if field else ''}{field} within {distance})"
        case syntax.MailingList(text) | syntax.AttachmentType(text) | syntax.MessageId(text):
            return f"{type(node).__name__}({text!r})"
        case syntax.InThreads(ids):
            return f"InThreads({', '.join(map(str, sorted(ids)))})"
        case syntax.Received(start, end):
            return f"Received({_drawn_moment(start)} until {_drawn_moment(end)})"
        case (
            Term(text, field)
            | Phrase(text, field)
            | Prefix(text, field)
            | syntax.Infix(text, field)
            | syntax.Exact(text, field)
            | syntax.Pattern(text, field)
        ):
            return f"{type(node).__name__}({text!r}{' in ' if field else ''}{field})"
        case In(name) | Is(name) | syntax.Account(name) | syntax.Keyword(name) | syntax.Saved(name):
            return f"{type(node).__name__}({name!r})"
        case DateRange(start, end):
            return f"DateRange({_drawn_moment(start)} until {_drawn_moment(end)})"
        case SizeRange(least, most):
            return f"SizeRange({least} to {most})"
        case _:
            return type(node).__name__


def _drawn_moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}" if moment else "open"


@pytest.mark.parametrize(("text", "expected"), golden())
def test_what_people_type_becomes_the_golden_tree(text: str, expected: str) -> None:
    assert drawn(tree(text)) == expected


@pytest.mark.parametrize("text", [text for text, _ in golden()])
def test_a_golden_tree_is_written_as_text_that_means_the_same(text: str) -> None:
    assert tree(written(tree(text), zone=ZONE)) == tree(text)


def test_the_golden_file_uses_every_operator_and_state() -> None:
    texts = " ".join(text.lower() for text, _ in golden())

    assert {name for name in OPERATORS if f"{name}:" not in texts} == set()
    assert {state for state in STATES.values() if f"Is({state!r})" not in str(golden())} == set()


@pytest.mark.parametrize("text", ["", "   ", "\t\n\u3000", "\x00\x07", "\ufeff", "*", "(*)"])
def test_nothing_typed_is_everything(text: str) -> None:
    assert tree(text) == Everything()


@pytest.mark.parametrize(
    ("text", "position", "length", "message", "cure"),
    [
        ("a /b(/ c", 2, 4, "this is no regular expression", "RE2"),
        ("/\x1f(/", 0, 4, "missing ):  (", "RE2"),
        ("body:/b/", 5, 3, "body: takes no regular expression", "subject:"),
        ("in:/b/", 3, 3, "in: takes no regular expression", "subject:"),
        ("a XOR", 2, 3, "nothing stands behind this XOR", "a word"),
        ("XOR a", 0, 3, "nothing stands before this XOR", "a word"),
        ("a XOR b XOR c XOR d", 14, 3, "XOR joins 3 things", "AND"),
        ("a ADJ", 2, 3, "ADJ stands between two words", "NEAR"),
        ("lang:de", 0, 5, "lang: cannot be asked", "a word of the language"),
        ("in_attachment:x", 0, 14, "in_attachment: cannot be asked", "filename:"),
        ("header:=x", 7, 2, "is no header field", "X-Mailer"),
        ("header:a=", 7, 2, "is no header field", "X-Mailer"),
        ("/" + "a" * 1001 + "/", 0, 1003, "longer than 1000", "RE2"),
    ],
)
def test_a_mistake_in_what_is_rarer_is_pointed_at(
    text: str, position: int, length: int, message: str, cure: str
) -> None:
    error = mistake(text)

    assert (error.position, error.length) == (position, length)
    assert message in error.message
    assert cure in error.cure


@pytest.mark.parametrize(
    ("text", "position", "length", "message", "cure"),
    [
        # operators
        ("form:bob", 0, 5, "form:", "from:"),
        ("hello subjct:x", 6, 7, "subjct:", "subject:"),
        ("x -FORM:bob", 3, 5, "FORM:", "from:"),
        ("xyzzy:bob", 0, 6, "xyzzy:", "quotes"),
        ("c:foo", 0, 2, "c:", "quotes"),
        ("от:bob", 0, 3, "от:", "from, to"),
        ("older:1y", 0, 6, "older:", "before:"),
        ("tag:work", 0, 4, "tag:", "label:"),
        ('keyword:"two words"', 8, 11, "one word", "keyword:work"),
        ("thread:x", 7, 1, "'x'", "thread:{from:ann}"),
        ("thread:{}", 7, 2, "nothing between", "remove"),
        ("thread:{a", 7, 1, "never closed", "}"),
        ("has:keyboard", 4, 8, "'keyboard'", "has:keyword"),
        # nearness and likeness
        ("a NEAR/5", 2, 6, "between two words", "NEAR/5"),
        ("NEAR/5 b", 0, 6, "between two words", "NEAR/5"),
        ("a NEAR/0 b", 2, 6, "from 1 to 100", "NEAR/5"),
        ("a AROUND 999 b", 2, 6, "from 1 to 100", "NEAR/5"),
        ('a NEAR/5 "b c"', 2, 6, "between two words", "NEAR/5"),
        ("a NEAR/5 b*", 2, 6, "between two words", "NEAR/5"),
        ("-a NEAR/5 b", 3, 6, "between two words", "NEAR/5"),
        (".~", 0, 2, "spelt", "word~"),
        ("foo:(x)", 0, 4, "foo:", "quotes"),
        ("from:", 0, 5, "needs a value", "from:word"),
        ("from: ann", 0, 5, "needs a value", "from:word"),
        ("(subject:)", 1, 8, "needs a value", "subject:word"),
        ('from:""', 5, 2, "nothing to look for", "from:word"),
        ('in:" "', 3, 3, "nothing to look for", "in:inbox"),
        ("from:()", 5, 2, "nothing between", "from:word"),
        ("from:(to:x)", 6, 3, "cannot stand", "bracket"),
        ("from:-bob", 5, 4, "minus", "-from:bob"),
        ('from:"ann"@example.com', 10, 12, "ends before", "quotes"),
        ("filename:report(1).pdf", 15, 1, "ends before", "quotes"),
        ("is:unred", 3, 5, "'unred'", "is:unread"),
        ("is:xyzzy", 3, 5, "'xyzzy'", "known are unread"),
        ("has:legs", 4, 4, "'legs'", "has:attachment"),
        ("in:inbox is:(read unred)", 18, 5, "'unred'", "is:unread"),
        # sizes
        ("larger:huge", 7, 4, "'huge'", "5M"),
        ("larger:1M..2M", 7, 6, "no size", "size:1M..2M"),
        ("size:5M..1M", 5, 6, "ends before", "size:1M..5M"),
        ("size:..", 5, 2, "either side", "size:1M..5M"),
        ("smaller:0", 8, 1, "smaller than 0", "smaller:10k"),
        ("larger:9999999G", 7, 8, "no size", "5M"),
        # dates
        ("before:tomorow", 7, 7, "'tomorow' is no date", "2024-03-05"),
        ("date:2024-13", 5, 7, "calendar", "2024-03"),
        ("after:2024..2025", 6, 10, "one date", "date:2024..2025"),
        ("date:last week", 5, 4, "'last'", 'date:"last week"'),
        ("(after:3 months ago) x", 7, 1, "'3'", 'after:"3 months ago"'),
        ("date:march 2023", 5, 5, "not all of the date", 'date:"march 2023"'),
        ('date:"last week"..today', 16, 7, "ends before", "quotes"),
        # quotes and brackets
        ('"never closed', 0, 1, "never closed", '"'),
        ('from:"never', 5, 1, "never closed", '"'),
        ("a “never", 2, 1, "never closed", "”"),
        ('""', 0, 2, "nothing to look for", "remove"),
        ("(a b", 0, 1, "never closed", ")"),
        ("x {a", 2, 1, "never closed", "}"),
        ("a)", 1, 1, "closes nothing", "remove"),
        ("(a}", 2, 1, "does not close", ")"),
        ("()", 0, 2, "nothing between", "remove"),
        # connectives
        ("a OR", 2, 2, "behind this OR", "quotes"),
        ("OR a", 0, 2, "before this OR", "quotes"),
        ("(AND a)", 1, 3, "before this AND", "quotes"),
        ("a AND AND b", 2, 3, "behind this AND", "quotes"),
        ("a AND OR b", 2, 3, "behind this AND", "quotes"),
        ("{a OR}", 3, 2, "behind this OR", "quotes"),
        ("NOT", 0, 3, "behind this NOT", "quotes"),
        ("a NOT OR b", 2, 3, "behind this NOT", "quotes"),
        ("-", 0, 1, "minus", "-word"),
        ("a - b", 2, 1, "minus", "-word"),
        ("(a -)", 3, 1, "behind this -", "quotes"),
        # stars
        ("*foo", 0, 1, "end of a word", "word*"),
        ("a f*o", 3, 1, "end of a word", "word*"),
        ("from:*", 5, 1, "end of a word", "word*"),
        ("..*", 0, 3, "first letters", "word*"),
        ("filename:*.pdf", 9, 1, "end of a word", "filename:pdf"),
        ('"two words"*', 11, 1, "phrase", "remove"),
        ("(a b)*", 5, 1, "bracket", "remove"),
        ('*"a"', 0, 1, "stuck", "blank"),
        # what was no text
        ("a \udcff", 2, 1, "Unicode", "UTF-8"),
    ],
)
def test_a_mistake_is_pointed_at_with_its_cure(
    text: str, position: int, length: int, message: str, cure: str
) -> None:
    error = mistake(text)

    assert (error.position, error.length) == (position, length)
    assert message in error.message
    assert cure in error.cure
    assert error.query == text


def test_the_first_of_two_mistakes_is_reported() -> None:
    assert mistake("is:x form:bob").position == 3
    assert mistake('form:bob a b "c').position == 0


def test_a_message_stays_on_one_short_line_whatever_was_typed() -> None:
    for text in ('is:"a\nb\x1b[2J"', "larger:" + "9" * 9999, "x" * 9999 + ":y", 'date:"1\r\n..2"'):
        error = mistake(text)
        assert (error.message + error.cure).isprintable()
        assert len(error.message) < 100


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "a " * 500_000,
        "-(" * 5000,
        "{" * 9000,
        "from:(" * 2000,
        '"' * 9999,
        "date:" + "2024.." * 2000,
        "(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1),
        "(" * 30 + "a" + " XOR a)" * 30,
    ],
)
def test_absurd_queries_are_errors_not_crashes(text: str) -> None:
    error = mistake(text)

    assert 0 <= error.position <= len(error.query) <= LONGEST


def test_as_many_brackets_as_allowed_are_fine() -> None:
    assert tree("(" * DEEPEST + "a" + ")" * DEEPEST) == a


def test_a_tree_is_never_deeper_than_those_who_walk_it_can_go() -> None:
    text = "a"
    for _ in range(DEEPEST // 3):
        text = f"a OR a -({text})"

    assert tree(written(tree(text), zone=ZONE)) == tree(text)
    for _ in range(DEEPEST // 3):
        text = f"a OR a -({text})"
    assert "nested" in mistake(text).message


def test_the_longest_query_is_parsed_and_one_more_character_is_an_error() -> None:
    words = "ab " * (LONGEST // 3) + "a"

    assert isinstance(tree(words), And)
    error = mistake(words + "b")
    assert (error.position, len(error.query)) == (LONGEST, LONGEST)


def test_control_characters_are_blanks() -> None:
    assert tree("a\x00b\x1b") == And((a, b))


def test_invisible_marks_before_a_word_are_nothing() -> None:
    assert tree("\ufefffrom:ann \u200f-\u200bb") == And((Term("ann", "from"), Not(b)))


def test_a_word_keeps_the_letters_that_were_typed() -> None:
    assert tree("GRÜSSE e\u0301 ﬁ") == And((Term("GRÜSSE"), Term("e\u0301"), Term("ﬁ")))


def test_leaves_know_where_they_were_typed() -> None:
    text = 'x from:"Ann B" subject:(plan OR y*) -is:read after:2024'
    found = tree(text)
    assert isinstance(found, And)
    word, sender, either, unread, date = found.parts
    assert isinstance(either, Or)
    assert isinstance(unread, Not)

    leaves = [word, sender, *either.parts, unread.part, date]
    typed = [text[slice(*leaf.span)] for leaf in leaves]  # type: ignore[union-attr]

    assert typed == ["x", 'from:"Ann B"', "plan", "y*", "is:read", "after:2024"]


def test_relative_dates_start_from_now_in_the_users_zone() -> None:
    late = datetime(2024, 3, 5, 23, 30, tzinfo=UTC)  # half past midnight of the 6th in Berlin

    found = parse("on:today", now=late, zone=ZONE)

    assert drawn(found) == "DateRange(2024-03-06 00:00 until 2024-03-07 00:00)"


@pytest.mark.parametrize(
    "node",
    [
        And(()),
        Or(()),
        DateRange(None, None),
        DateRange(datetime(2024, 3, 5, 1, tzinfo=ZONE), None),
        SizeRange(None, None),
        Phrase('"”»«＂'),
    ],
)
def test_a_tree_that_no_text_means_is_not_written(node: Node) -> None:
    with pytest.raises(ValueError, match=r".+"):
        written(node, zone=ZONE)


DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text("utf-8")


def test_the_documentation_has_every_operator_and_state() -> None:
    assert {name for name in OPERATORS if f"`{name}:" not in DOCUMENTATION} == set()
    assert {state for state in STATES if f"`{state}`" not in DOCUMENTATION} == set()


@pytest.mark.parametrize(
    "text",
    [
        line
        for block in re.findall(r"```query\n(.*?)```", DOCUMENTATION, re.DOTALL)
        for line in block.splitlines()
    ],
)
def test_an_example_of_the_documentation_is_a_query(text: str) -> None:
    assert written(tree(text), zone=ZONE)


@pytest.mark.parametrize(
    "text",
    [
        text
        for line in DOCUMENTATION.split("## Dates")[1].split("## Mistakes")[0].splitlines()
        if line.startswith("| `")
        for text in re.findall(r"`([^`]+)`", line.split("|")[1])
    ],
)
def test_a_date_of_the_documentation_is_a_date(text: str) -> None:
    assert isinstance(tree(f"date:{text}"), DateRange)


@pytest.mark.parametrize(
    "text",
    ["a" * 16_000, "a1" * 8_000, "a-" * 8_000, "*" + "a" * 16_000, "a~" * 8_000, "x:" * 8_000],
    ids=lambda text: text[:4],
)
def test_no_text_takes_longer_than_its_length(text: str) -> None:
    """A pattern that goes back and forth would not end within the test run's time limit."""
    try:
        tree(text)
    except QueryError as error:
        assert error.message
