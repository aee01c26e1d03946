"""`mailseek sync --watch`: stays, follows what happens on the server, and ends with ^C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.commands import MAILSEEK, configure, mailseek
from tests.servers.conftest import Mailbox
from tests.servers.mirror import append, in_catalog, letter, on_server
from tests.servers.stack import wait_for

pytestmark = pytest.mark.dovecot


class Watching:
    def __init__(self, mailbox: Mailbox, log: Path, *options: str) -> None:
        self.settings = mailbox.settings
        self.log = log
        self.process = subprocess.Popen(
            [*MAILSEEK, "--home", str(mailbox.settings.home), "sync", "--watch", *options],
            stdout=log.with_suffix(".out").open("wb"),
            stderr=log.open("wb"),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            # A shell's background has it ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def hits(self, query: str) -> int:
        found = mailseek(self.settings, "search", "--json", "--count", query)
        return int(json.loads(found.stdout)["total"]) if found.stdout else 0

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


@pytest.fixture
def watching(mailbox: Mailbox, tmp_path: Path) -> Iterator[Watching]:
    configure(mailbox)
    append(mailbox.log_in(), "INBOX", 1, 2)
    watching = Watching(mailbox, tmp_path / "log", "--json")
    assert wait_for(lambda: "watching 1 account" in watching.log.read_text(), 20)
    yield watching
    watching.process.kill()
    watching.process.wait()


def test_new_mail_flags_and_deletions_are_followed_until_interrupted(
    mailbox: Mailbox, watching: Watching
) -> None:
    client = mailbox.log_in()
    client.append("INBOX", letter(3, words="chrysanthemum\n"))
    assert wait_for(lambda: watching.hits("chrysanthemum"), 10), watching.log.read_text()

    client.select_folder("INBOX")
    client.add_flags(client.search(["BODY", "chrysanthemum"]), [b"\\Flagged"])
    assert wait_for(lambda: watching.hits("is:flagged"), 10)
    client.delete_messages(client.search(["BODY", "chrysanthemum"]))
    client.expunge()
    assert wait_for(lambda: not watching.hits("chrysanthemum"), 10)

    assert watching.end() == 130
    assert in_catalog(mailbox) == on_server(mailbox)
    said = watching.log.read_text()
    assert "interrupted" in said
    assert "Traceback" not in said
    passes = [
        json.loads(line) for line in watching.log.with_suffix(".out").read_text().splitlines()
    ]
    assert [each["accounts"][0]["new"] for each in passes][:2] == [2, 1]
    assert all(each["accounts"] for each in passes), "a pass without news says nothing"


def test_a_pass_that_failed_is_tried_again(mailbox: Mailbox, watching: Watching) -> None:
    from indexer.sync.lock import account_lock

    client = mailbox.log_in()
    with account_lock(mailbox.settings.home, "test"):
        client.append("INBOX", letter(3, words="chrysanthemum\n"))
        assert wait_for(lambda: "another process" in watching.log.read_text(), 10)
    assert wait_for(lambda: watching.hits("chrysanthemum"), 15)
    assert watching.process.poll() is None
