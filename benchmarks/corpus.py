"""The mail that is measured on, as a Maildir that Dovecot serves.

MAILSEEK_CORPUS names a folder of messages, one a file; each of its folders becomes an IMAP folder.
Where it does not exist, mail is generated.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

GENERATED = 5_000  # messages, where there is no corpus


def messages() -> Iterator[tuple[str, bytes]]:
    """(folder, source) of every message."""
    corpus = Path(os.environ.get("MAILSEEK_CORPUS", ".corpus/mail"))
    if corpus.is_dir():
        for path in sorted(corpus.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                folder = "/".join(path.parent.relative_to(corpus).parts) or "INBOX"
                yield folder.replace(".", "_"), path.read_bytes()
    else:
        from search_cli.demo.mailbox import messages as generated

        for message in generated(datetime.now(UTC), count=GENERATED):
            yield message.folder, message.source


def fill(maildir: Path) -> tuple[int, int]:
    """Write a Maildir++ with all messages; (messages, octets)."""
    count = octets = 0
    made: set[str] = set()
    for folder, source in messages():
        box = maildir if folder == "INBOX" else maildir / ("." + folder.replace("/", "."))
        if folder not in made:
            for part in ("cur", "new", "tmp"):
                (box / part).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        count += 1
        octets += len(source)
        (box / "cur" / f"{1_000_000_000 + count}.M{count}.bench:2,S").write_bytes(source)
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True, exist_ok=True)
    return count, octets
