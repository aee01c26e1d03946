"""From an IMAP mailbox to search hits, through the command, as a user would."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer import pipeline
from indexer.catalog.store import Catalog
from indexer.index.whoosh_engine import WhooshEngine
from indexer.search.page import Page
from indexer.search.searcher import Searcher
from indexer.settings import Settings
from indexer.verification import verify
from search_cli.demo import filling
from search_cli.demo.mailbox import messages
from tests.servers.commands import MAILSEEK, configure, mailseek
from tests.servers.conftest import Mailbox

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def synced(mailbox: Mailbox) -> pipeline.Outcome:
    (outcome,) = pipeline.sync(mailbox.settings, [], lambda _: None)
    assert outcome.error is None, outcome.error
    return outcome


def search(settings: Settings, query: str, **options: object) -> Page:
    with Catalog.open(settings.catalog_path, read_only=True) as catalog:
        return Searcher(catalog, WhooshEngine(settings.index_path), zone=UTC).search(
            query, **options
        )  # type: ignore[arg-type]


def ids(settings: Settings, query: str) -> list[int]:
    return [hit.id for hit in search(settings, query, limit=10_000).hits]


def snapshot(settings: Settings) -> object:
    """What the catalog and the index hold, however it came there."""
    with Catalog.open(settings.catalog_path, read_only=True) as catalog:
        placements = catalog.connection.execute(
            "SELECT folder.name, uid, flags, keywords, message_id, text.body FROM placement"
            " JOIN folder ON folder.id = folder_id JOIN document ON document.id = placement.document_id"
            " JOIN text ON text.document_id = document.id ORDER BY folder.name, uid"
        ).fetchall()
        names = dict(catalog.connection.execute("SELECT id, message_id FROM document"))
    engine = WhooshEngine(settings.index_path)
    indexed = sorted(names[id_] for part in engine.partitions() for id_ in engine.ids(part))
    return placements, indexed


@pytest.mark.dovecot
def test_a_mailbox_is_searchable_after_a_sync_on_every_kind_of_server(any_mailbox: Mailbox) -> None:
    filling.fill(any_mailbox.log_in(), messages(NOW, 120))

    report = synced(any_mailbox).report

    assert report is not None
    assert (report.new, report.bodies) == (120, 120)
    settings = any_mailbox.settings
    assert list(verify(settings, [])) == []
    everything = ids(settings, "")
    assert len(everything) == 120
    for query in (
        "report",
        "from:alice",
        "is:unread",
        "in:sent",
        "東京",
        "grosse",
        "has:attachment",
    ):
        assert 0 < len(ids(settings, query)) < 120, query
        assert sorted(ids(settings, query) + ids(settings, f"-({query})")) == sorted(everything)


@pytest.mark.pymap
def test_the_whole_line_works_on_pymap(pymap_mailbox: Mailbox) -> None:
    client = pymap_mailbox.log_in()
    filling.fill(client, messages(NOW, 60))
    synced(pymap_mailbox)
    filling.change(client)

    report = synced(pymap_mailbox).report

    assert report is not None
    assert (report.new, report.bodies, report.flags) == (1, 1, 1)
    assert list(verify(pymap_mailbox.settings, [])) == []
    assert len(ids(pymap_mailbox.settings, "chrysanthemum")) == 1


@pytest.mark.dovecot
def test_answers_follow_the_server(any_mailbox: Mailbox) -> None:
    client = any_mailbox.log_in()
    filling.fill(client, messages(NOW, 80))
    synced(any_mailbox)
    settings = any_mailbox.settings
    flagged, archived = ids(settings, "is:flagged in:inbox"), ids(settings, "in:archive")

    filling.change(client)
    report = synced(any_mailbox).report

    assert report is not None
    assert (report.bodies, report.removed) == (1, 1)
    assert len(ids(settings, "chrysanthemum in:inbox is:unread")) == 1
    assert len(ids(settings, "is:flagged in:inbox")) - len(flagged) in (0, 1)
    assert len(ids(settings, "in:archive")) == len(archived) + 1
    assert list(verify(settings, [])) == []


@pytest.mark.dovecot
def test_flags_and_moves_cost_no_index_write(mailbox: Mailbox) -> None:
    client = mailbox.log_in()
    filling.fill(client, messages(NOW, 50))
    synced(mailbox)

    def files() -> dict[str, int]:
        return {
            str(path): path.stat().st_mtime_ns
            for path in mailbox.settings.index_path.rglob("*")
            if path.is_file()
        }

    before = files()
    client.select_folder("INBOX")
    uids = client.search()
    client.add_flags(uids, ["\\Seen", "Read-at-last"])
    client.move(uids[:5], "Archive")
    report = synced(mailbox).report

    assert report is not None
    assert report.bodies == 0
    assert files() == before
    assert ids(mailbox.settings, "is:unread in:inbox") == []


@pytest.mark.dovecot
def test_an_idle_pass_is_one_round_trip(mailbox: Mailbox) -> None:
    filling.fill(mailbox.log_in(), messages(NOW, 20))
    synced(mailbox)

    report = synced(mailbox).report

    assert report is not None
    assert (report.traffic.commands, report.changed_folders) == (1, 0)


@pytest.mark.dovecot
def test_reindexing_needs_no_server_and_gives_the_same_index(mailbox: Mailbox) -> None:
    filling.fill(mailbox.log_in(), messages(NOW, 60))
    synced(mailbox)
    settings = mailbox.settings
    before = {
        query: ids(settings, query) for query in ("report", "東京", "from:bob", '"thank you"')
    }
    shutil.rmtree(settings.index_path)
    configure(mailbox, folders=["*"])

    done = mailseek(
        settings,
        "reindex",
        MAILSEEK_ACCOUNTS_TEST_HOST="localhost",
        MAILSEEK_ACCOUNTS_TEST_PORT="1",
    )

    assert done.returncode == 0, done.stderr
    assert {query: ids(settings, query) for query in before} == before


@pytest.mark.dovecot
def test_a_sync_killed_at_any_moment_ends_in_the_same_index(mailbox: Mailbox) -> None:
    """SIGINT and SIGKILL at random moments, to the sync or to one of its writers."""
    filling.fill(mailbox.log_in(), messages(NOW, 1300))
    configure(mailbox)
    seed = int(os.environ.get("MAILSEEK_TEST_SEED", time.time_ns() % 10**6))
    print(f"MAILSEEK_TEST_SEED={seed}")
    dice = random.Random(seed)
    settings = mailbox.settings
    for _ in range(int(os.environ.get("MAILSEEK_TEST_KILLS", "12"))):
        command = [*MAILSEEK, "--home", str(settings.home), "sync"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(dice.uniform(0.1, 1.2))
        kind = dice.choice([signal.SIGINT, signal.SIGKILL, signal.SIGKILL])
        victims = [process.pid, *_children(process.pid)]
        with suppress(ProcessLookupError):
            os.kill(dice.choice(victims), kind)
        _, said = process.communicate(timeout=60)
        assert b"Traceback" not in said, said.decode()

    resumed = pipeline.sync(settings, [], lambda _: None)[0]
    while resumed.error is not None:  # a writer of the last victim may just be finishing its batch
        time.sleep(0.5)
        resumed = pipeline.sync(settings, [], lambda _: None)[0]

    undisturbed = Settings(home=settings.home.parent / "undisturbed", accounts=settings.accounts)
    pipeline.sync(undisturbed, [], lambda _: None)
    assert list(verify(settings, [])) == []
    assert snapshot(settings) == snapshot(undisturbed)


def _children(pid: int) -> Iterable[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@pytest.mark.dovecot
def test_json_has_the_promised_keys_and_nothing_else_on_standard_output(mailbox: Mailbox) -> None:
    filling.fill(mailbox.log_in(), messages(NOW, 40))
    synced(mailbox)

    done = mailseek(mailbox.settings, "search", "from:alice", "--limit", "2", "--json")

    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert list(found) == ["query", "hits", "more", "total", "took_ms", "coverage", "cursor"]
    assert list(found["hits"][0]) == [
        "id", "account", "message_id", "thread_id", "date", "from", "to", "subject", "folders",
        "flags", "attachments", "size", "snippet", "highlights", "from_names",
    ]  # fmt: skip
    assert list(found["coverage"]) == ["messages", "indexed", "waiting", "failed", "skipped"]
    assert found["coverage"]["messages"] == 40


@pytest.mark.dovecot
def test_exit_status_tells_hits_from_none_and_mistakes(mailbox: Mailbox) -> None:
    filling.fill(mailbox.log_in(), messages(NOW, 20))
    synced(mailbox)
    settings = mailbox.settings

    assert mailseek(settings, "search", "harbour").returncode == 0
    assert mailseek(settings, "search", "zzyzzyx").returncode == 1
    wrong = mailseek(settings, "search", 'from:"unclosed')
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.splitlines()[2].strip() == "^"


@pytest.mark.dovecot
def test_the_source_of_a_message_comes_from_the_server(mailbox: Mailbox) -> None:
    (message,) = list(messages(NOW, 1))
    filling.fill(mailbox.log_in(), [message])
    synced(mailbox)
    configure(mailbox)

    shown = mailseek(mailbox.settings, "show", "1", "--raw")

    assert shown.returncode == 0
    assert shown.stdout.split() == message.source.decode("utf-8", "replace").split()
    assert json.loads(mailseek(mailbox.settings, "show", "1", "--json").stdout)["id"] == 1


@pytest.mark.dovecot
def test_a_message_is_shown_with_its_kind_and_with_the_fields_that_are_kept(
    mailbox: Mailbox,
) -> None:
    source = (
        b"Delivered-To: ann@example.com\r\nX-Ticket: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
        b"X-Ignored: yes\r\nFrom: Bob <bob@example.com>\r\nSubject: Party\r\n"
        b"Message-ID: <1@example.com>\r\nDate: Tue, 05 Mar 2024 10:00:00 +0000\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n"
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    )
    mailbox.log_in().append("INBOX", source)
    configure(mailbox, headers=["X-Ticket"])
    assert mailseek(mailbox.settings, "sync").returncode == 0

    shown = json.loads(mailseek(mailbox.settings, "show", "1", "--json").stdout)
    text = mailseek(mailbox.settings, "show", "1").stdout.splitlines()

    assert shown["kinds"] == ["calendar"]
    assert shown["headers"] == {"delivered-to": ["ann@example.com"], "x-ticket": ["Grüße"]}
    assert {"Kind: calendar", "Delivered-To: ann@example.com", "X-Ticket: Grüße"} <= set(text)


@pytest.mark.dovecot
def test_threads_show_one_hit_each(mailbox: Mailbox) -> None:
    filling.fill(mailbox.log_in(), messages(NOW, 100))
    synced(mailbox)

    hits = search(mailbox.settings, "", limit=1000, threads=True).hits

    assert len(hits) == len({hit.thread_id for hit in hits}) < 100
    assert sum(hit.in_thread for hit in hits) == 100
