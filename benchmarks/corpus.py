"""The mail that is measured on, as a Maildir that Dovecot serves.

MAILSEEK_CORPUS names a folder of messages, one a file; each of its folders becomes an IMAP folder.
Where it does not exist, mail is generated. What searching is measured on is always generated: it is
`benchmarks.generated`, in any size, with flags and dates of arrival.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.generated import KEYWORDS, GeneratedMessage

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
    boxes: dict[str, Path] = {}
    for folder, source in messages():
        box = _box(maildir, folder, boxes)
        count += 1
        octets += len(source)
        (box / "cur" / f"{1_000_000_000 + count}.M{count}.bench:2,S").write_bytes(source)
    _box(maildir, "INBOX", boxes)
    return count, octets


def write(maildir: Path, mail: Iterable[GeneratedMessage]) -> tuple[int, int]:
    """Write a Maildir++ with these messages, their flags and dates; (messages, octets).

    Dovecot reads keywords from letters of a file's name, which `dovecot-keywords` spells out, and
    the date of arrival from the file's time.
    """
    count = octets = 0
    boxes: dict[str, Path] = {}
    for message in mail:
        box = _box(maildir, message.folder, boxes)
        count += 1
        octets += len(message.source)
        letters = "".join(sorted(chr(97 + KEYWORDS.index(word)) for word in message.keywords))
        name = f"{message.date}.M{count}.bench:2,{message.flags}{letters}"
        path = box / "cur" / name
        path.write_bytes(message.source)
        os.utime(path, (message.date, message.date))
    spelt = "".join(f"{number} {word}\n" for number, word in enumerate(KEYWORDS))
    for box in boxes.values():
        (box / "dovecot-keywords").write_text(spelt)
    return count, octets


def _box(maildir: Path, folder: str, boxes: dict[str, Path]) -> Path:
    """A folder's place in a Maildir++, made where it is not in `boxes`."""
    if folder not in boxes:
        box = maildir if folder == "INBOX" else maildir / ("." + folder.replace("/", "."))
        for part in ("cur", "new", "tmp"):
            (box / part).mkdir(parents=True, exist_ok=True)
        boxes[folder] = box
    return boxes[folder]
