"""ChangeSets against plain sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.folders import SyncPoint
from indexer.catalog.placements import Failures
from indexer.imap.folders import FolderState
from indexer.sync.changes import Known, Seen, compute

UIDS = st.frozensets(st.integers(1, 60))


def state(messages: int | None) -> FolderState:
    return FolderState(17, 61, messages, 5)


def known(placed: frozenset[int], again: frozenset[int], given_up: frozenset[int]) -> Known:
    again, given_up = again - placed, given_up - placed - again
    point = SyncPoint(17, 61, len(placed), 5, complete=True)
    return Known(point, sorted(placed), Failures(again, given_up))


def ranges(uids: frozenset[int]) -> list[range]:
    return [range(uid, uid + 1) for uid in uids]


@given(UIDS, UIDS, UIDS, UIDS)
def test_a_comparison_of_all_uids_ends_in_what_the_server_has(
    placed: frozenset[int], again: frozenset[int], given_up: frozenset[int], there: frozenset[int]
) -> None:
    ours = known(placed, again, given_up)

    found = compute(ours, Seen(state(len(there)), everything=sorted(there)))

    everything_ours = placed | ours.failures.again | ours.failures.given_up
    assert list(found.new) == sorted(there - placed - ours.failures.given_up, reverse=True)
    assert list(found.vanished) == sorted(everything_ours - there)
    assert found.agrees


@given(UIDS, UIDS, UIDS, UIDS, st.lists(st.tuples(st.integers(1, 70), st.integers(0, 30))))
def test_what_qresync_tells_ends_in_the_same_as_a_comparison_of_all_uids(
    placed: frozenset[int],
    again: frozenset[int],
    given_up: frozenset[int],
    arrived: frozenset[int],
    expunged: list[tuple[int, int]],
) -> None:
    ours = known(placed, again, given_up)
    known_uids = placed | ours.failures.again | ours.failures.given_up
    arrived = frozenset(uid + 100 for uid in arrived)
    vanished = [range(first, first + length + 1) for first, length in expunged]
    gone = {uid for each in vanished for uid in each}
    there = sorted((known_uids | arrived) - gone)

    told = compute(ours, Seen(state(len(there)), arrived=sorted(arrived - gone), vanished=vanished))
    compared = compute(ours, Seen(state(len(there)), everything=there))

    assert told.agrees
    assert list(told.new) == list(compared.new)
    assert list(told.vanished) == list(compared.vanished)


@given(UIDS, UIDS, st.integers(0, 120))
def test_counts_that_disagree_are_noticed(
    placed: frozenset[int], gone: frozenset[int], messages: int
) -> None:
    found = compute(
        known(placed, frozenset(), frozenset()), Seen(state(messages), vanished=ranges(gone))
    )

    assert found.agrees == (len(placed - gone) == messages)


@given(UIDS, UIDS)
def test_without_a_count_there_is_nothing_to_disagree_with(
    placed: frozenset[int], gone: frozenset[int]
) -> None:
    ours = known(placed, frozenset(), frozenset())

    assert compute(ours, Seen(state(None), vanished=ranges(gone))).agrees
