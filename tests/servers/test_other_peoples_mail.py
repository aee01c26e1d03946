"""The test mail of other people's parsers, from the server to the index.

It is not part of the repository: MAILSEEK_TORTURE names a folder with files that hold a message
each, `.corpus/torture` if it is there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer import pipeline
from indexer.catalog.store import Catalog
from indexer.verification import verify
from search_cli.demo import dovecot
from tests.servers.conftest import Mailbox

TORTURE = Path(os.environ.get("MAILSEEK_TORTURE", ".corpus/torture"))


@pytest.mark.dovecot
@pytest.mark.skipif(not TORTURE.is_dir(), reason=f"there is no test mail in {TORTURE}")
def test_mail_that_breaks_parsers_is_fetched_whole_and_indexed(mailbox: Mailbox) -> None:
    files = sorted(path for path in TORTURE.rglob("*") if path.is_file() and path.stat().st_size)
    inbox = mailbox.server.root / "mail" / mailbox.user / "cur"
    inbox.mkdir(parents=True)
    for number, path in enumerate(files):
        (inbox / f"{1_000_000_000 + number}.M{number}.test:2,").write_bytes(path.read_bytes())
    dovecot.give_to_server(inbox.parent)

    (outcome,) = pipeline.sync(mailbox.settings, [], lambda _: None)

    assert outcome.error is None
    assert outcome.report is not None
    assert (outcome.report.problems, outcome.report.missing) == ((), 0)
    assert list(verify(mailbox.settings, [])) == []
    with Catalog.open(mailbox.settings.catalog_path, read_only=True) as catalog:
        (placed,) = catalog.connection.execute("SELECT count(*) FROM placement").fetchone()
        notes = catalog.connection.execute(
            "SELECT notes FROM document WHERE notes LIKE '%the message cannot be read%'"
        ).fetchall()
    assert placed == len(files)
    assert notes == []
