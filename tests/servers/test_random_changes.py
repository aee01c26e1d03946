"""Whatever people do to their mail, on whichever server: after a pass, the catalog has what is there.

`MAILSEEK_TEST_STEPS` is how many random steps are taken on each server (`make soak`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from imapclient import IMAPClient

from indexer.catalog import servers
from indexer.catalog.store import Catalog
from indexer.sync import planning
from indexer.verification import against_server
from search_cli.demo.server import RunningServer
from tests.servers.conftest import Mailbox, mailbox_on
from tests.servers.mirror import Passes, append, in_catalog, on_server

STEPS = int(os.environ.get("MAILSEEK_TEST_STEPS", "200"))
STEPS_OF_ONE = 40

FLAGS = [b"\\Seen", b"\\Flagged", b"\\Answered", b"\\Draft", b"work", b"$Forwarded"]
NAMES = ["Projects", "Grüße", "a & b", "Lists", "2024"]

indexes = st.integers(0, 1000)
some_flags = st.lists(st.sampled_from(FLAGS), max_size=3, unique=True).map(tuple)
some_indexes = st.lists(indexes, min_size=1, max_size=8)
numbers = st.lists(st.integers(0, 60), min_size=1, max_size=6)


class ChangingMail(RuleBasedStateMachine):
    """A mailbox that somebody works in, and passes over it at any time between."""

    server: RunningServer
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="mailseek-random-"))
        self.mailbox: Mailbox = mailbox_on(self.server, self.home / "home")
        self.passes = Passes(self.mailbox)
        self.client: IMAPClient = self.mailbox.log_in()

    @initialize(some=numbers)
    def begin(self, some: list[int]) -> None:
        append(self.client, "INBOX", *some)

    def folders(self) -> list[str]:
        return sorted(
            str(name)
            for flags, _, name in self.client.list_folders()
            if not {b"\\noselect", b"\\nonexistent"} & {flag.lower() for flag in flags}
        )

    def folder(self, index: int) -> str:
        folders = self.folders()
        return folders[index % len(folders)]

    def made(self) -> list[str]:
        """Folders that were made here, without those that hold other folders."""
        folders = self.folders()
        return [
            name
            for name in folders
            if name.rpartition("/")[2].rpartition(".")[2] in NAMES
            and not any(other != name and other.startswith(name) for other in folders)
        ]

    def selected(self, folder: str, wanted: list[int]) -> list[int]:
        """Open a folder; those of its UIDs."""
        self.client.select_folder(folder)
        uids = self.client.search()
        return sorted({uids[each % len(uids)] for each in wanted}) if uids else []

    @rule(folder=indexes, some=numbers, flags=some_flags)
    def mail_comes(self, folder: int, some: list[int], flags: tuple[bytes, ...]) -> None:
        append(self.client, self.folder(folder), *some, flags=flags)

    @rule(folder=indexes, to=indexes, some=some_indexes)
    def mail_is_copied(self, folder: int, to: int, some: list[int]) -> None:
        if uids := self.selected(self.folder(folder), some):
            self.client.copy(uids, self.folder(to))

    @rule(folder=indexes, to=indexes, some=some_indexes)
    def mail_is_moved(self, folder: int, to: int, some: list[int]) -> None:
        if uids := self.selected(self.folder(folder), some):
            self.client.copy(uids, self.folder(to))
            self.client.delete_messages(uids)
            self.client.expunge(uids)

    @rule(folder=indexes, some=some_indexes)
    def mail_is_deleted(self, folder: int, some: list[int]) -> None:
        if uids := self.selected(self.folder(folder), some):
            self.client.delete_messages(uids)
            self.client.expunge(uids)

    @rule(folder=indexes, some=some_indexes, flags=some_flags)
    def flags_are_set(self, folder: int, some: list[int], flags: tuple[bytes, ...]) -> None:
        if uids := self.selected(self.folder(folder), some):
            self.client.set_flags(uids, flags)

    @rule(name=st.sampled_from(NAMES))
    def a_folder_is_made(self, name: str) -> None:
        if self.server.prefix + name not in self.folders():
            self.client.create_folder(self.server.prefix + name)

    @precondition(lambda self: self.made())
    @rule(folder=indexes, name=st.sampled_from(NAMES))
    def a_folder_is_renamed(self, folder: int, name: str) -> None:
        made = self.made()
        old, new = made[folder % len(made)], self.server.prefix + name
        if new not in self.folders():
            self.leave()
            self.client.rename_folder(old, new)

    @precondition(lambda self: self.made())
    @rule(folder=indexes)
    def a_folder_is_deleted(self, folder: int) -> None:
        made = self.made()
        self.leave()
        self.client.delete_folder(made[folder % len(made)])

    @precondition(lambda self: self.made())
    @rule(folder=indexes, some=numbers)
    def a_folder_gets_another_uidvalidity(self, folder: int, some: list[int]) -> None:
        """Made anew under its name, with other mail at the same UIDs."""
        made = self.made()
        name = made[folder % len(made)]
        self.leave()
        self.client.delete_folder(name)
        self.client.create_folder(name)
        append(self.client, name, *some)

    @invariant()
    def a_step_was_taken(self) -> None:
        type(self).steps += 1

    @rule()
    def a_pass(self) -> None:
        assert self.passes.run().problems == ()
        if in_catalog(self.mailbox).keys() != set(self.folders()):
            assert self.passes.run().problems == ()  # that a folder is gone, a second LIST confirms
        with (
            Catalog.open(self.mailbox.settings.catalog_path) as catalog,
            self.passes.session() as session,
        ):
            assert list(against_server(session, catalog, self.mailbox.account)) == []
        assert in_catalog(self.mailbox) == on_server(self.mailbox)

    def leave(self) -> None:
        """Close the folder that is open: some servers do not rename or delete it."""
        self.client.select_folder("INBOX")

    def teardown(self) -> None:
        try:
            self.a_pass()
            with Catalog.open(self.mailbox.settings.catalog_path) as catalog:
                found = servers.verdicts(catalog, 1, self.mailbox.account.host)
            assert found.why == (), "nothing was held against an honest server"
        finally:
            self.client.logout()
            shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(autouse=True)
def confirmed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "CONFIRMED_AFTER", 0)


@pytest.mark.parametrize("kind", ["qresync", "condstore", "plain", "cyrus", "courier"])
def test_every_pass_ends_in_what_the_server_has(
    kind: str, start_server: Callable[[str], RunningServer]
) -> None:
    machine: Any = type(f"On{kind.title()}", (ChangingMail,), {"server": start_server(kind)})
    while machine.steps < STEPS:
        run_machine(
            machine,
            settings=settings(
                max_examples=max(1, (STEPS - machine.steps) // STEPS_OF_ONE),
                stateful_step_count=STEPS_OF_ONE,
                deadline=None,
                database=None,
                phases=[Phase.generate],  # on real servers, shrinking takes longer than reading
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
    print(f"{machine.steps} steps on {kind}, no difference")
