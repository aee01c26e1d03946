"""UIDs as ranges: nothing lost, nothing added, no command too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.imap import sequence_sets

uids = st.sets(st.integers(1, 2**32 - 1) | st.integers(1, 60)).map(sorted)


@given(uids, st.integers(30, 300), st.integers(1, 50))
def test_every_uid_is_in_exactly_one_set_that_fits(
    uids: list[int], octets: int, messages: int
) -> None:
    sets = list(sequence_sets.sequence_sets(uids, octets=octets, messages=messages))

    members = [sequence_sets.flattened(sequence_sets.parse(each.encode()), 10**6) for each in sets]
    assert [uid for each in members for uid in each] == uids
    assert all(len(each) <= octets for each in sets)
    assert all(len(each) <= messages for each in members)


def test_neighbours_are_written_as_ranges() -> None:
    assert list(sequence_sets.sequence_sets([1, 2, 3, 5, 8, 9])) == ["1:3,5,8:9"]
    assert list(sequence_sets.sequence_sets([])) == []
    assert list(sequence_sets.sequence_sets(range(1, 50_001), messages=25_000)) == [
        "1:25000",
        "25001:50000",
    ]


@pytest.mark.parametrize("bad", [b"", b"1,,2", b"1:*", b"a", b"1:2:3", b"-1", b"1:"])
def test_what_is_no_set_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="no set of UIDs"):
        sequence_sets.parse(bad)


def test_a_set_of_more_members_than_there_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        sequence_sets.flattened(sequence_sets.parse(b"1:4294967295"), 1000)
