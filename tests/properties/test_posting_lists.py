"""A posting list gives back what was packed, however wide its numbers are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.index.fields import pack_places
from indexer.index.posting_lists import PostingList, packed

numbers = st.one_of(st.integers(0, 300), st.integers(0, 70_000), st.integers(0, 1 << 31))
places = st.lists(numbers, min_size=1, max_size=5, unique=True).map(sorted)
postings = st.lists(
    st.tuples(numbers, st.sampled_from([0, 3, 255]), places),
    min_size=1,
    max_size=12,
    unique_by=lambda posting: posting[0],
).map(sorted)


@settings(max_examples=500)
@given(postings, st.binary(max_size=3), st.booleans())
def test_what_was_packed_is_read(
    some: list[tuple[int, int, list[int]]], before: bytes, placed: bool
) -> None:
    if not placed:
        some = [(document, impact, []) for document, impact, _ in some]
    documents, impacts, where = zip(*some, strict=True)

    content = before + packed(
        documents, impacts, [pack_places(each) if each else b"" for each in where]
    )
    read = PostingList(memoryview(content + b"others"), len(before), len(some))

    assert len(read) == len(some)
    assert read.documents.tolist() == list(documents)
    assert list(read.impacts) == list(impacts)
    assert [read.places(at) for at in range(len(some))] == list(where)
    others = [document + 5 for document in documents]
    renumbered = PostingList(memoryview(read.renumbered(others)), 0, len(some))
    assert renumbered.documents.tolist() == others
    assert list(renumbered.impacts) == list(impacts)
    assert [renumbered.places(at) for at in range(len(some))] == list(where)
    assert read.packed_places() == [pack_places(each) if each else b"" for each in where]


def test_a_word_that_stands_thousands_of_times_in_many_messages_is_read() -> None:
    documents = range(0, 90_000, 9)
    where = [list(range(0, 40 * (1 + document % 7), 4)) for document in documents]

    read = PostingList(
        memoryview(packed(documents, [0] * len(documents), list(map(pack_places, where)))),
        0,
        len(documents),
    )

    assert [read.places(at) for at in range(len(documents))] == where
