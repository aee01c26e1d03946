"""Threads against a plain union-find over Message-IDs."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog import folders, lookup, records
from indexer.catalog.records import NewDocument
from indexer.catalog.store import Catalog
from indexer.extract.document import Document, Headers

IDS = st.sampled_from([f"{name}@example.org" for name in "abcdefgh"])
MESSAGES = st.lists(
    st.tuples(st.one_of(st.just(""), IDS), st.lists(IDS, max_size=4, unique=True)), max_size=14
)


def components(messages: list[tuple[str, list[str]]]) -> set[frozenset[int]]:
    """Numbers of the messages that Message-IDs and references tie together."""
    parent: dict[object, object] = {}

    def root(of: object) -> object:
        parent.setdefault(of, of)
        while parent[of] != of:
            of = parent[of]
        return of

    for number, (own, references) in enumerate(messages):
        for each in [own, *references]:
            if each:
                parent[root(each)] = root(number)
    groups: dict[object, set[int]] = defaultdict(set)
    for number in range(len(messages)):
        groups[root(number)].add(number)
    return {frozenset(group) for group in groups.values()}


@given(MESSAGES)
@settings(max_examples=80, deadline=None)
def test_messages_share_a_thread_exactly_if_references_tie_them_together(
    messages: list[tuple[str, list[str]]],
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Catalog.open(Path(folder) / "catalog.sqlite3") as catalog,
    ):
        account = folders.account_id(catalog, "work")
        other = folders.account_id(catalog, "other")
        with catalog.transaction() as connection:

            def add(account: int, number: int, headers: Headers) -> int:
                new = NewDocument(
                    b"%d" % number, datetime(2024, 1, 1, tzinfo=UTC), 1, Document(headers, "")
                )
                return records.add(connection, account, new)

            numbers = {}
            for number, (own, references) in enumerate(messages):
                headers = Headers(message_id=own, references=tuple(references))
                numbers[add(account, number, headers)] = number
                add(other, number, headers)  # another account's threads are its own

        threads: dict[int, set[int]] = defaultdict(set)
        for id_, thread in lookup.threads_of(catalog, list(numbers)).items():
            assert thread in numbers, "a thread is named by one of its documents"
            threads[thread].add(numbers[id_])

    assert {frozenset(group) for group in threads.values()} == components(messages)
