"""A sync that is ended at any moment goes on where it was, and ends in the same catalog."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.settings import Settings
from indexer.sync import folder as folder_module
from indexer.sync.account import BatchDone
from tests.servers.conftest import Mailbox, mailbox_on
from tests.servers.mirror import (
    FIRST,
    Passes,
    append,
    contents,
    in_catalog,
    letter,
    move,
    on_server,
)
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.dovecot

CHUNK = 60  # messages; small, so that there are many moments between two commits
KILLS = 10

_CHILD = """\
import sys
from pathlib import Path
from indexer.catalog.store import Catalog
import os, signal
from indexer.settings import AccountSettings, Secret
from indexer.sync import folder as folder_module
from indexer.sync.account import sync_account
from indexer.sync.link import linked

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
port, user, password, catalog_path, chunk = sys.argv[1:]
folder_module.CHUNK = int(chunk)
os.environ["SECRET"] = password
secret = Secret("env", "SECRET")
account = AccountSettings("test", "127.0.0.1", user, secret, port=int(port), tls="none")
with Catalog.open(Path(catalog_path)) as catalog, linked(catalog, account) as link:
    print("begin", flush=True)
    sync_account(link, on_batch=lambda _: None)
print("end", flush=True)
"""


def another_catalog(mailbox: Mailbox, home: Path) -> Mailbox:
    """The same mail, followed by somebody else."""
    other = mailbox_on(mailbox.server, home, mailbox.user)
    return Mailbox(mailbox.server, mailbox.user, Settings(home, other.settings.accounts))


def fill(mailbox: Mailbox, messages: int) -> None:
    client = mailbox.log_in()
    for number, folder in enumerate(("INBOX", "Listen/Größe", "old")):
        if folder != "INBOX":
            client.create_folder(folder)
        client.multiappend(
            folder,
            [
                {"msg": letter(each, html=each % 3 == 0), "date": FIRST, "flags": [b"\\Seen"]}
                for each in range(number * 1000, number * 1000 + messages)
            ],
        )
    client.logout()


class Child:
    """A sync in a process of its own, stopped where it says that it begins."""

    def __init__(self, mailbox: Mailbox, port: int) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-c", _CHILD, str(port), mailbox.user, mailbox.server.password,
                str(mailbox.settings.catalog_path), str(CHUNK),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "begin\n", self.process.communicate()[1]

    def ended_well(self) -> bool:
        out, _ = self.process.communicate(timeout=60)
        return out == "end\n"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["SIGKILL", "SIGINT"])
def test_killed_at_random_moments_it_ends_in_the_same_catalog(
    mailbox: Mailbox, tmp_path: Path, how: signal.Signals
) -> None:
    seed = int(os.environ.get("MAILSEEK_SEED", random.randrange(10**6)))
    print(f"MAILSEEK_SEED={seed}")
    moments = random.Random(seed)
    fill(mailbox, 300)
    undisturbed = another_catalog(mailbox, tmp_path / "undisturbed")
    with Proxy(mailbox.server.port) as proxy:
        began = time.monotonic()
        assert Child(undisturbed, proxy.port).ended_well()
        duration = time.monotonic() - began
        whole = proxy.received

    with Proxy(mailbox.server.port) as proxy:
        kills = 0
        for _ in range(KILLS):
            child = Child(mailbox, proxy.port)
            time.sleep(moments.uniform(0, duration / 6))
            child.process.send_signal(how)
            kills += not child.ended_well()
        assert Child(mailbox, proxy.port).ended_well()

    assert kills >= KILLS // 3, "too quick to be killed: nothing was tested"
    assert contents(mailbox) == contents(undisturbed)
    assert in_catalog(mailbox) == on_server(mailbox)
    # A batch is at most a chunk of one folder; a pass begins with a listing and lists of UIDs.
    batch, listings = whole * CHUNK / 900, 8_000
    assert proxy.received < whole + (kills + 1) * (batch + listings)


def test_interrupted_after_each_commit_it_ends_in_the_same_catalog(
    any_mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = any_mailbox.log_in()
    client.create_folder("box")
    append(client, "INBOX", *range(1, 8))
    append(client, "box", *range(5, 12))
    monkeypatch.setattr(folder_module, "CHUNK", 2)
    undisturbed = another_catalog(any_mailbox, tmp_path / "undisturbed")
    bodies = Passes(undisturbed).run().bodies

    def interrupt(batch: BatchDone) -> None:
        fetched.append(batch.bodies)
        raise KeyboardInterrupt

    fetched: list[int] = []
    interrupted = 0
    while True:
        try:
            last = Passes(any_mailbox, interrupt).run()
        except KeyboardInterrupt:
            interrupted += 1
            continue
        break

    assert interrupted == 8
    assert sum(fetched) + last.bodies == bodies == 11, "no body was fetched twice"
    assert contents(any_mailbox) == contents(undisturbed)


def test_changes_during_a_backfill_are_followed_when_it_goes_on(
    any_mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = any_mailbox.log_in()
    client.create_folder("there")
    append(client, "INBOX", *range(1, 11))
    monkeypatch.setattr(folder_module, "CHUNK", 3)

    def interrupt(_: BatchDone) -> None:
        raise KeyboardInterrupt

    for change in range(4):
        with pytest.raises(KeyboardInterrupt):
            Passes(any_mailbox, interrupt).run()
        client.select_folder("INBOX")
        uids = client.search()
        client.add_flags(uids[-2:], [b"\\Flagged"])
        client.delete_messages([uids[-3]])
        client.expunge([uids[-3]])
        move(client, [uids[1]], "there")
        append(client, "INBOX", 100 + change)

    report = Passes(any_mailbox).run()

    assert report.problems == ()
    assert in_catalog(any_mailbox) == on_server(any_mailbox)
    assert Passes(any_mailbox).run().changed_folders == 0


def test_a_pass_that_died_before_its_sweep_leaves_it_to_the_next(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mailbox.log_in()
    append(client, "INBOX", 1, 2, 3)
    passes = Passes(mailbox)
    passes.run()
    client.select_folder("INBOX")
    client.delete_messages(client.search()[:2])
    client.expunge()

    def die(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("indexer.catalog.removals.sweep", die)
    with pytest.raises(KeyboardInterrupt):
        passes.run()
    monkeypatch.undo()
    report = passes.run()

    assert (report.vanished, report.removed, report.changed_folders) == (0, 2, 0)
