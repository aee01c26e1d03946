"""Whatever happens to mail: the members at the beginning with all events applied are the results now."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer import standing
from indexer.catalog import (
    events,
    folders,
    outbox,
    overview,
    placements,
    records,
    removals,
    saved,
    subscriptions,
)
from indexer.catalog.placements import Placing, stored_flags
from indexer.catalog.records import NewDocument
from indexer.catalog.store import Catalog
from indexer.catalog.subscriptions import Subscription
from indexer.extract.document import Address, Document, Headers
from indexer.index.drain import drain
from indexer.index.whoosh_engine import WhooshEngine
from indexer.search.resolving import Scope
from indexer.search.searcher import Searcher

RUNS = int(os.environ.get("MAILSEEK_TEST_STANDING", "25"))
FIRST = datetime(2024, 3, 1, tzinfo=UTC)
FOLDERS = {"INBOX": "inbox", "Lists/Dev": "", "Papierkorb": "trash", "Support": ""}
FLAGS = ("\\Seen", "\\Flagged", "work")
WORDS = ("alpha", "beta", "gamma")
QUERIES = (
    "",
    "alpha",
    "is:unread",
    "in:inbox",
    "in:Support",
    "in:dev alpha",
    "-in:trash beta",
    "is:flagged OR gamma",
    "keyword:work -alpha",
    "thread:{alpha}",
    "thread:{is:flagged} beta",
    "query:mine",
    "account:home is:unread",
)
SAVED = ("alpha", "in:inbox", "is:unread beta")

numbers = st.integers(0, 30)
flag_sets = st.frozensets(st.sampled_from(FLAGS))


class StandingQueries(RuleBasedStateMachine):
    """Mail that changes, an index that lags behind, and looks at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="mailseek-standing-"))
        self.catalog = Catalog.open(self.home / "catalog.sqlite3")
        engine = WhooshEngine(self.home / "index")
        self.searcher = Searcher(self.catalog, engine, zone=UTC)
        self.accounts = [folders.account_id(self.catalog, name) for name in ("work", "home")]
        self.beginnings: dict[int, set[int]] = {}
        self.count = 0
        with self.catalog.transaction() as connection:
            self.folders = {
                (account, name): folders.begin(connection, account, name, "/", role)
                for account in self.accounts
                for name, role in FOLDERS.items()
            }

    def teardown(self) -> None:
        self.compare()
        self.catalog.close()
        shutil.rmtree(self.home)

    # -- what happens to mail

    @rule(
        account=st.sampled_from([0, 1]),
        folder=st.sampled_from(sorted(FOLDERS)),
        words=st.lists(st.sampled_from(WORDS), max_size=2),
        reply_to=st.none() | numbers,
        flags=flag_sets,
    )
    def mail_comes(
        self,
        account: int,
        folder: str,
        words: list[str],
        reply_to: int | None,
        flags: frozenset[str],
    ) -> None:
        self.count += 1
        when = FIRST + timedelta(hours=self.count)
        headers = Headers(
            message_id=f"{self.count}@x",
            date=when,
            sender=(Address("Ann", "ann@x.org"),),
            subject=f"message {self.count}",
            references=(f"{reply_to}@x",) if reply_to else (),
        )
        new = NewDocument(b"%d" % self.count, when, 10, Document(headers, " ".join(words)))
        account_id = self.accounts[account]
        with self.catalog.transaction() as connection:
            id_ = records.add(connection, account_id, new)
            self.place(connection, account_id, folder, id_, self.count, flags)

    def place(self, connection, account, folder, id_, uid, flags) -> None:  # type: ignore[no-untyped-def]
        at = Placing(uid, stored_flags(flags), None)
        placements.put(connection, self.folders[account, folder], [(at, id_)])

    def somewhere(self, number: int) -> tuple[int, int, int] | None:
        rows = self.catalog.connection.execute(
            "SELECT folder_id, uid, document_id FROM placement ORDER BY 1, 2"
        ).fetchall()
        return rows[number % len(rows)] if rows else None

    @rule(number=numbers, flags=flag_sets)
    def flags_change(self, number: int, flags: frozenset[str]) -> None:
        if place := self.somewhere(number):
            with self.catalog.transaction() as connection:
                at = Placing(place[1], stored_flags(flags), None)
                placements.set_flags(connection, place[0], [at])

    @rule(number=numbers, to=st.sampled_from(sorted(FOLDERS)), copy=st.booleans())
    def mail_is_moved(self, number: int, to: str, copy: bool) -> None:
        if place := self.somewhere(number):
            self.count += 1
            account = next(a for (a, _), id_ in self.folders.items() if id_ == place[0])
            with self.catalog.transaction() as connection:
                if not copy:
                    placements.remove(connection, place[0], [place[1]])
                self.place(connection, account, to, place[2], self.count, frozenset())

    @rule(number=numbers)
    def another_message_takes_a_uid(self, number: int) -> None:
        if (place := self.somewhere(number)) and (other := self.somewhere(number + 1)):
            account = next(a for (a, _), id_ in self.folders.items() if id_ == place[0])
            whose = {id_ for a, id_ in self.folders.items() if a[0] == account}
            if other[0] in whose:
                with self.catalog.transaction() as connection:
                    at = Placing(place[1], stored_flags(frozenset()), None)
                    placements.put(connection, place[0], [(at, other[2])])

    @rule(number=numbers)
    def mail_is_deleted(self, number: int) -> None:
        if place := self.somewhere(number):
            with self.catalog.transaction() as connection:
                placements.remove(connection, place[0], [place[1]])

    @rule()
    def a_pass_ends(self) -> None:
        for account in self.accounts:
            removals.sweep(self.catalog, account)

    @rule(account=st.sampled_from([0, 1]), name=st.sampled_from(["Support", "Desk"]))
    def a_folder_is_renamed(self, account: int, name: str) -> None:
        id_ = self.folders[self.accounts[account], "Support"]
        known = next(
            each
            for each in folders.of_account(self.catalog, self.accounts[account]).values()
            if each.id == id_
        )
        with self.catalog.transaction() as connection:
            folders.rename(connection, known, name)

    @rule(role=st.sampled_from(["inbox", ""]))
    def a_folder_gets_another_role(self, role: str) -> None:
        with self.catalog.transaction() as connection:
            folders.describe(connection, self.folders[self.accounts[0], "Lists/Dev"], "/", role)

    @rule(account=st.sampled_from([0, 1]))
    def a_folder_is_read_anew(self, account: int) -> None:
        with self.catalog.transaction() as connection:
            folders.begin(connection, self.accounts[account], "Lists/Dev", "/", "")

    @initialize()
    def begin(self) -> None:
        saved.keep(self.catalog, "mine", SAVED[0])

    @rule(query=st.sampled_from(SAVED))
    def a_search_is_saved(self, query: str) -> None:
        saved.keep(self.catalog, "mine", query)

    @rule()
    def an_account_is_removed(self) -> None:
        if self.count % 5 == 0 and overview.forget_account(self.catalog, "home"):
            self.accounts[1] = folders.account_id(self.catalog, "home")
            with self.catalog.transaction() as connection:
                for name, role in FOLDERS.items():
                    self.folders[self.accounts[1], name] = folders.begin(
                        connection, self.accounts[1], name, "/", role
                    )

    # -- what mailseek does

    @rule()
    def the_index_catches_up(self) -> None:
        drain(self.catalog, self.home / "index")

    @rule()
    def all_is_indexed_anew(self) -> None:
        outbox.enqueue_all(self.catalog)

    @rule()
    def somebody_looks(self) -> None:
        before = events.last_cursor(self.catalog)
        standing.evaluate(self.catalog, self.searcher)
        for id_ in self.beginnings:
            self.nothing_out_of_reach_is_told(self.subscription(id_), before)

    def nothing_out_of_reach_is_told(self, to: Subscription, before: int) -> None:
        scoped = self.searcher.scoped(Scope(to.accounts, to.filter, forgiving=True))
        for event in events.after(self.catalog, to.token_id, before, 10_000, to.id):
            seen = scoped.visible([event.document_id])
            assert seen or event.kind == "left"
            if not seen:
                assert event.message["folders"] == event.message["flags"] == []

    @rule(
        query=st.sampled_from(QUERIES),
        accounts=st.sampled_from(["[]", '["work"]']),
        within=st.sampled_from(["", "in:Support", "is:unread -gamma", "alpha OR beta"]),
    )
    def somebody_subscribes(self, query: str, accounts: str, within: str) -> None:
        if len(self.beginnings) >= 6:
            return
        token = None
        if within or accounts != "[]":
            with self.catalog.transaction() as connection:
                token = connection.execute(
                    "INSERT INTO token (name, hash, accounts, scopes, filter, created)"
                    " VALUES (?1, ?1, ?2, ' search ', ?3, 0)",
                    (f"{len(self.beginnings)}", accounts, within),
                ).lastrowid
        made = standing.create(self.catalog, self.searcher, token, query, "")
        self.beginnings[made.id] = subscriptions.members(self.catalog, made.id)

    @rule(number=numbers)
    def one_rests_and_goes_on(self, number: int) -> None:
        if self.beginnings:
            id_ = sorted(self.beginnings)[number % len(self.beginnings)]
            subscriptions.pause(self.catalog, id_, "resting", following=False)
            if number % 2:
                subscriptions.resume(self.catalog, id_)

    # -- what must hold

    def told(self, id_: int) -> set[int]:
        """The members at the beginning, with all events applied."""
        owner = subscriptions.find(self.catalog, id_)
        assert owner is not None
        now = set(self.beginnings[id_])
        for event in events.after(self.catalog, owner.token_id, 0, 10_000, id_):
            assert (event.document_id in now) == (event.kind == "left"), "told twice, or never"
            now ^= {event.document_id}
        return now

    @invariant()
    def events_and_members_agree(self) -> None:
        for id_ in self.beginnings:
            assert self.told(id_) == subscriptions.members(self.catalog, id_)

    @rule()
    def compare(self) -> None:
        """When all was indexed and looked at, events have told of exactly what a search finds."""
        drain(self.catalog, self.home / "index")
        for id_ in self.beginnings:
            if not self.subscription(id_).following:
                subscriptions.resume(self.catalog, id_)
        while standing.evaluate(self.catalog, self.searcher).more:
            pass
        for id_ in self.beginnings:
            each = self.subscription(id_)
            assert each.paused == ""
            scoped = self.searcher.scoped(Scope(each.accounts, each.filter, forgiving=True))
            found = {hit.id for hit in scoped.search(each.query, limit=1000).hits}
            assert self.told(id_) == found, each.query
        assert not self.catalog.connection.execute("SELECT 1 FROM changed").fetchone()

    def subscription(self, id_: int) -> Subscription:
        found = subscriptions.find(self.catalog, id_)
        assert found is not None
        return found


TestStandingQueries = StandingQueries.TestCase
TestStandingQueries.settings = settings(
    max_examples=RUNS,
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # it is small enough as it is
    suppress_health_check=list(HealthCheck),
)
