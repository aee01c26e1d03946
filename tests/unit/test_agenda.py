"""Who is due, who rests, who may write: what workers share, decided by the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog import agenda, backlog, folders, outbox, placements, pruning, records, removals
from indexer.catalog.fences import fenced
from indexer.catalog.folders import SyncPoint
from indexer.catalog.placements import Flags, Placing
from indexer.catalog.records import NewDocument
from indexer.catalog.store import Catalog
from indexer.errors import Superseded
from indexer.extract.document import Document, Headers
from indexer.imap.folders import Folder
from indexer.steps import groups
from indexer.sync import apply
from indexer.sync.apply import Portion
from indexer.sync.planning import Due

NOW = 1_800_000_000.0
EVERY = 300.0


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.sqlite3") as opened:
        yield opened


def follow(catalog: Catalog, folder_id: int, moment: float, left: int = 0) -> None:
    with catalog.transaction() as connection:
        backlog.followed(connection, [folder_id], moment)
        folders.still_to_fetch(connection, folder_id, left)


def folder(catalog: Catalog, account: int, name: str) -> int:
    with catalog.transaction() as connection:
        return folders.begin(connection, account, name, "/", "")


def document(number: int = 1) -> NewDocument:
    when = datetime(2024, 5, 6, tzinfo=UTC)
    headers = Headers(message_id=f"{number}@example.org", date=when, subject="x")
    return NewDocument(b"%016d" % number, when, 100, Document(headers, "words"))


def placed(catalog: Catalog, account: int, folder_id: int, uid: int, number: int = 1) -> int:
    """A document at a UID, as a fetched portion puts it there."""
    place = [Placing(uid, Flags(0, ""), None)]
    apply.portion(catalog, account, folder_id, Portion(new=[(document(number), place)]))
    (id_,) = catalog.connection.execute(
        "SELECT document_id FROM placement WHERE folder_id = ? AND uid = ?", (folder_id, uid)
    ).fetchone()
    return int(id_)


class TestWhoIsDue:
    def test_an_account_that_was_never_planned_is_due_and_then_is_not(
        self, catalog: Catalog
    ) -> None:
        assert agenda.take_due(catalog, ["a", "b"], EVERY, NOW) == ["a", "b"]
        assert agenda.take_due(catalog, ["a", "b"], EVERY, NOW + 1) == []

    def test_two_who_ask_at_once_do_not_both_get_it(self, catalog: Catalog) -> None:
        with Catalog.open(catalog.path) as other:
            first = agenda.take_due(catalog, ["a"], EVERY, NOW)
            second = agenda.take_due(other, ["a"], EVERY, NOW)
        assert (first, second) == (["a"], [])

    @given(name=st.text(st.characters(codec="ascii"), min_size=1, max_size=9))
    @settings(max_examples=50)
    def test_everybody_is_due_once_an_interval(self, name: str) -> None:
        entry = agenda.Entry(1, name, NOW, 0, 0, 0)
        due = [
            second for second in range(int(3 * EVERY)) if agenda._is_due(entry, EVERY, NOW + second)
        ]
        assert due[0] <= EVERY
        assert len(due) >= EVERY, "and stays so until it is planned"

    def test_accounts_do_not_all_come_at_the_same_moment(self, catalog: Catalog) -> None:
        names = [f"account{number}" for number in range(100)]
        agenda.take_due(catalog, names, EVERY, NOW)
        moments = [
            len(agenda.take_due(catalog, names, EVERY, NOW + second))
            for second in range(1, int(EVERY) + 1)
        ]
        assert sum(moments) == 100
        assert max(moments) < 10

    def test_a_resting_account_is_due_when_its_rest_is_over(self, catalog: Catalog) -> None:
        agenda.take_due(catalog, ["a"], EVERY, NOW)
        account = folders.account_id(catalog, "a")
        agenda.rest(catalog, account, NOW + 2 * EVERY, "too many connections")

        assert agenda.take_due(catalog, ["a"], EVERY, NOW + EVERY + 1) == []
        assert agenda.take_due(catalog, ["a"], EVERY, NOW + 2 * EVERY + 1) == ["a"]

    def test_each_setback_doubles_the_rest_and_a_pass_ends_it(self, catalog: Catalog) -> None:
        account = folders.account_id(catalog, "a")
        rests = [agenda.setback(catalog, account, "refused", NOW) - NOW for _ in range(12)]
        assert rests[:4] == [30, 60, 120, 240]
        assert rests[-1] == 3600

        with catalog.transaction() as connection:
            agenda.pass_over(connection, account, "", NOW)
        assert agenda.entries(catalog)["a"].setbacks == 0
        assert agenda.setback(catalog, account, "refused", NOW) == NOW + 30


class TestFences:
    def test_the_first_worker_cannot_write_once_another_took_over(self, catalog: Catalog) -> None:
        account = folders.account_id(catalog, "a")
        inbox = folder(catalog, account, "INBOX")
        with Catalog.open(catalog.path) as other, fenced(catalog, account, "INBOX"):
            placed(catalog, account, inbox, 1)
            with fenced(other, account, "INBOX"):
                placed(other, account, inbox, 2, 2)
                with pytest.raises(Superseded):
                    placed(catalog, account, inbox, 3, 3)
                placed(other, account, inbox, 4, 4)
            with pytest.raises(Superseded):  # also after the other one is done
                placed(catalog, account, inbox, 5, 5)
        assert list(placements.uids(catalog, inbox)) == [1, 2, 4]

    def test_folders_do_not_stand_in_each_others_way(self, catalog: Catalog) -> None:
        account = folders.account_id(catalog, "a")
        one, two = folder(catalog, account, "one"), folder(catalog, account, "two")
        with (
            Catalog.open(catalog.path) as other,
            fenced(catalog, account, "one"),
            fenced(other, account, "two"),
        ):
            placed(catalog, account, one, 1)
            placed(other, account, two, 1)
        assert list(placements.uids(catalog, two)) == [1]

    def test_outside_of_its_fence_a_catalog_writes_as_before(self, catalog: Catalog) -> None:
        account = folders.account_id(catalog, "a")
        inbox = folder(catalog, account, "INBOX")
        with fenced(catalog, account, "INBOX"):
            pass
        placed(catalog, account, inbox, 1)


class TestSettling:
    def test_a_message_that_may_have_moved_is_kept_until_every_folder_was_followed(
        self, catalog: Catalog
    ) -> None:
        account = folders.account_id(catalog, "a")
        here, there = folder(catalog, account, "here"), folder(catalog, account, "there")
        placed(catalog, account, here, 1)
        with catalog.transaction() as connection:
            placements.remove(connection, here, [1])
        (lost,) = catalog.connection.execute("SELECT since FROM loose").fetchone()

        follow(catalog, here, lost + 1)
        follow(catalog, there, lost - 1)
        assert backlog.settle(catalog, account, keep=False) == 0

        follow(catalog, there, lost + 1)
        assert backlog.settle(catalog, account, keep=False) == 1
        assert records.existing(catalog.connection, [1]) == frozenset()

    def test_it_is_kept_while_there_is_something_to_fetch(self, catalog: Catalog) -> None:
        account = folders.account_id(catalog, "a")
        here = folder(catalog, account, "here")
        placed(catalog, account, here, 1)
        with catalog.transaction() as connection:
            placements.remove(connection, here, [1])

        follow(catalog, here, NOW * 2, left=7)
        assert backlog.settle(catalog, account, keep=False) == 0
        assert backlog.behind(catalog) == {"a": 7}

        follow(catalog, here, NOW * 2)
        assert backlog.settle(catalog, account, keep=False) == 1

    def test_a_document_that_was_removed_meanwhile_is_not_placed(self, catalog: Catalog) -> None:
        account = folders.account_id(catalog, "a")
        here, there = folder(catalog, account, "here"), folder(catalog, account, "there")
        id_ = placed(catalog, account, here, 1)
        with catalog.transaction() as connection:
            placements.remove(connection, here, [1])
        removals.sweep(catalog, account)

        with pytest.raises(Superseded):
            apply.portion(
                catalog, account, there, Portion(placed=[(Placing(5, Flags(0, ""), None), id_)])
            )

    def test_two_workers_that_meet_one_message_in_two_folders_make_one_document(
        self, catalog: Catalog
    ) -> None:
        account = folders.account_id(catalog, "a")
        here, there = folder(catalog, account, "here"), folder(catalog, account, "there")
        assert placed(catalog, account, here, 1) == placed(catalog, account, there, 9)
        assert [each.count for each in outbox.waiting(catalog)] == [1]

    def test_the_folder_that_waited_longest_is_fetched_first_then_the_inbox(
        self, catalog: Catalog
    ) -> None:
        account = folders.account_id(catalog, "a")
        backlog.introduce(
            catalog,
            account,
            [Folder("box", "/", "", None), Folder("INBOX", "/", "inbox", None)],
        )
        for id_ in (1, 2):
            catalog.connection.execute("UPDATE folder SET backlog = 5 WHERE id = ?", (id_,))
        assert backlog.folders_behind(catalog, account) == ["INBOX", "box"]

        inbox = folders.of_account(catalog, account)["INBOX"]
        follow(catalog, inbox.id, NOW, left=3)
        assert backlog.folders_behind(catalog, account) == ["box", "INBOX"]

    def test_a_distrusted_folder_is_compared_from_the_beginning(self, catalog: Catalog) -> None:
        account = folders.account_id(catalog, "a")
        inbox = folder(catalog, account, "INBOX")
        with catalog.transaction() as connection:
            folders.reach(connection, inbox, SyncPoint(1, 5, 4, 99, complete=True))
        backlog.distrust(catalog, account, "INBOX")
        point = folders.of_account(catalog, account)["INBOX"].point
        assert (point.highestmodseq, point.complete) == (None, False)


def test_what_outlived_its_documents_is_pruned(catalog: Catalog) -> None:
    account = folders.account_id(catalog, "a")
    inbox = folder(catalog, account, "INBOX")
    with fenced(catalog, account, "INBOX"):
        placed(catalog, account, inbox, 1)
        placed(catalog, account, inbox, 2, 2)
        with catalog.transaction() as connection:
            placements.remove(connection, inbox, [1])
    removals.sweep(catalog, account)

    assert pruning.prune(catalog) == 1
    links = catalog.connection.execute("SELECT message_id FROM thread_link").fetchall()
    assert links == [("2@example.org",)]
    with catalog.transaction() as connection:
        folders.drop(connection, inbox)
    assert pruning.prune(catalog) == 1, "the fence of a folder that is gone"


def test_a_partition_is_queued_anew_with_the_removal_of_strangers(catalog: Catalog) -> None:
    account = folders.account_id(catalog, "a")
    inbox = folder(catalog, account, "INBOX")
    id_ = placed(catalog, account, inbox, 1)
    outbox.done(catalog, [row.revision for row in outbox.take(catalog, account, "2024", 10)])

    outbox.enqueue_partition(catalog, account, "2024", [id_, 777])

    rows = {row.document_id: row.action for row in outbox.take(catalog, account, "2024", 10)}
    assert rows == {id_: "add", 777: "delete"}


@given(st.lists(st.integers(0, 5000), max_size=120))
def test_groups_hold_every_folder_once_and_are_small(messages: list[int]) -> None:
    due = [Due(Folder(str(n), "/", "", None), each) for n, each in enumerate(messages)]
    made = groups(due)
    assert [each for group in made for each in group] == due
    assert all(len(group) <= 25 for group in made)
    assert all(
        len(group) == 1 or sum(min(each.messages, 1000) for each in group) <= 1000 for group in made
    )
