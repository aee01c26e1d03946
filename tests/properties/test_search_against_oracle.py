"""What the index finds is what reading every message finds, in the same order."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog.records import Record
from indexer.extract.document import Address, Headers
from indexer.extract.quoting import quoted_spans
from indexer.index.analysis import words
from indexer.index.engine import Partition
from indexer.index.whoosh_engine import WhooshEngine
from indexer.query.syntax import (
    And,
    Everything,
    Fuzzy,
    Infix,
    Is,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    SizeRange,
    State,
    Term,
)

VOCABULARY = ("alpha", "alpine", "beta", "Größe", "東京都", "gamma-ray", "x")
PIECES = ("lph", "et", "mma", "pin")
text = st.lists(st.sampled_from(VOCABULARY), max_size=6).map(" ".join)
fields = st.sampled_from(["", "subject", "from", "body", "quoted", "with"])
lines = st.lists(st.tuples(st.sampled_from(["", "> "]), text), max_size=3).map(
    lambda all_: "\n".join(mark + words for mark, words in all_)
)
leaves = st.one_of(
    st.builds(Term, st.sampled_from(VOCABULARY), fields),
    st.builds(
        Phrase, st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=2).map(" ".join), fields
    ),
    st.builds(Prefix, st.sampled_from(["al", "alp", "b", "größ", "東京"]), fields),
    st.builds(Infix, st.sampled_from(PIECES), fields),
    st.builds(
        Fuzzy,
        st.sampled_from(["alpa", "alhpa", "bets", "beeta", "aline"]),
        st.integers(1, 2),
        fields,
    ),
    st.builds(
        Near,
        st.sampled_from(VOCABULARY[:4]),
        st.sampled_from(VOCABULARY[:4]),
        st.integers(1, 4),
        fields,
    ),
    st.builds(SizeRange, st.none() | st.integers(0, 40), st.none() | st.integers(0, 40)),
    st.just(Is("unread")),
    st.just(Everything()),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=5,
)
mails = st.lists(
    st.tuples(text, text, lines, st.integers(0, 6), st.integers(0, 40)), min_size=1, max_size=12
)


def record(number: int, mail: tuple[str, str, str, int, int]) -> Record:
    subject, sender, body, day, size = mail
    date = 1_704_067_200 + day * 86400
    headers = Headers(subject=subject, sender=(Address(sender, ""),) if sender else ())
    return Record(
        number, 1, "2024", date, date, size, f"{number}@x", number, headers, (), (), body
    )  # fmt: skip


def parts_of(mail: Record, field: str) -> list[list[str]]:
    """The words of every part in which a field looks; those that it does not see are ''."""
    body, quoted = [], []
    at = 0
    for start, end in (*quoted_spans(mail.text), (len(mail.text), len(mail.text))):
        own, theirs = words(mail.text[at:start]), words(mail.text[start:end])
        body += [*own, *theirs]
        quoted += [*[""] * len(own), *theirs]
        at = end
    sender = words(str(mail.headers.sender[0])) if mail.headers.sender else []
    every = {"subject": words(mail.headers.subject), "from": sender, "body": body}
    if field == "with":
        return [sender]
    if field == "quoted":
        return [quoted]
    return [every[field]] if field else list(every.values())


def holds(mail: Record, query: Node, unread: set[int]) -> bool:
    match query:
        case And(parts):
            return all(holds(mail, part, unread) for part in parts)
        case Or(parts):
            return any(holds(mail, part, unread) for part in parts)
        case Not(part):
            return not holds(mail, part, unread)
        case Term(wanted, field) | Phrase(wanted, field):
            sequence = words(wanted)
            if sequence[-1] == "都":  # the end of a run of pairs may stand in a longer run
                sequence = sequence[:-1]
            return any(contains(part, sequence) for part in parts_of(mail, field))
        case Prefix(wanted, field):
            start = words(wanted)[0]
            return any(word.startswith(start) for part in parts_of(mail, field) for word in part)
        case Infix(wanted, field):
            return any(wanted in word for part in parts_of(mail, field) for word in part)
        case Fuzzy(wanted, distance, field):
            return any(
                word[:1] == wanted[0] and changes(wanted, word) <= distance
                for part in parts_of(mail, field)
                for word in part
            )
        case Near(left, right, distance, field):
            one, two = words(left)[0], words(right)[0]
            return any(
                first == one and second == two and 0 < abs(at - other) <= distance
                for part in parts_of(mail, field)
                for at, first in enumerate(part)
                for other, second in enumerate(part)
            )
        case SizeRange(least, most):
            return (least or 0) <= mail.size <= (mail.size if most is None else most)
        case Is():
            return mail.id in unread
        case _:
            return True


def changes(one: str, two: str) -> int:
    """Levenshtein's distance, by its definition."""
    if not one or not two:
        return len(one) + len(two)
    return min(
        changes(one[1:], two) + 1,
        changes(one, two[1:]) + 1,
        changes(one[1:], two[1:]) + (one[0] != two[0]),
    )


def contains(haystack: list[str], needle: list[str]) -> bool:
    return any(
        haystack[at : at + len(needle)] == needle for at in range(len(haystack) - len(needle) + 1)
    )


@settings(max_examples=150, deadline=None)
@given(
    mails, st.lists(trees, min_size=1, max_size=8), st.sets(st.integers(1, 12)), st.integers(1, 5)
)
def test_the_index_finds_what_reading_finds(
    mail: list[tuple[str, str, str, int, int]], queries: list[Node], unread: set[int], batch: int
) -> None:
    records = [record(number, each) for number, each in enumerate(mail, 1)]

    def states(_state: State, _partition: Partition) -> Collection[int]:
        return unread

    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(Path(folder))
        for at in range(0, len(records), batch):
            some = sorted(records[at : at + batch], key=lambda each: (-each.date, -each.id))
            engine.write(Partition(1, "2024"), some, {each.id for each in some})
        ordered = sorted(records, key=lambda each: (-each.date, -each.id))
        for query in queries:
            expected = [each.id for each in ordered if holds(each, query, unread)]
            assert [match.id for match in engine.matches(query, states)] == expected
            assert engine.count(query, states) == len(expected)
            ranked = engine.ranked(query, states, 100)
            assert sorted(match.id for match in ranked) == sorted(expected)
