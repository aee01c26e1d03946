"""A catalog and an index filled from messages' sources, without an IMAP server."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from hashlib import blake2b
from itertools import islice

from indexer.catalog import folders
from indexer.catalog.placements import Flags, Placing
from indexer.catalog.records import NewDocument
from indexer.catalog.schema import ANSWERED, DRAFT, FLAGGED, SEEN
from indexer.catalog.store import Catalog
from indexer.extract.building import build
from indexer.extract.document import Attachment, Part
from indexer.extract.headers import parse
from indexer.index.drain import drain
from indexer.settings import Settings
from indexer.sync import apply
from indexer.sync.apply import Portion
from search_cli.demo.mailbox import DemoMessage

_FLAGS = {"\\Seen": SEEN, "\\Answered": ANSWERED, "\\Flagged": FLAGGED, "\\Draft": DRAFT}
_AT_ONCE = 500


def fill(settings: Settings, messages: Iterable[DemoMessage], *, index: bool = True) -> None:
    """Put messages into the folders of an account; without `index` they wait for it."""
    with Catalog.open(settings.catalog_path) as catalog:
        account_id = folders.account_id(catalog, "work")
        known = dict(
            catalog.connection.execute(
                "SELECT name, id FROM folder WHERE account_id = ?", (account_id,)
            )
        )
        uids: Counter[str] = Counter(
            dict.fromkeys(
                known, catalog.connection.execute("SELECT count(*) FROM placement").fetchone()[0]
            )
        )
        each = iter(messages)
        while some := list(islice(each, _AT_ONCE)):
            portions: dict[str, list[tuple[NewDocument, list[Placing]]]] = defaultdict(list)
            for message in some:
                if message.folder not in known:
                    role = "inbox" if message.folder == "INBOX" else ""
                    with catalog.transaction() as connection:
                        known[message.folder] = folders.begin(
                            connection, account_id, message.folder, "/", role
                        )
                uids[message.folder] += 1
                place = Placing(uids[message.folder], _flags(message.flags), None)
                portions[message.folder].append((_document(message), [place]))
            for name, new in portions.items():
                apply.portion(catalog, account_id, known[name], Portion(new=new))
        if index:
            drain(catalog, settings.index_path)


def _flags(flags: Iterable[str]) -> Flags:
    bits, keywords = 0, []
    for flag in flags:
        if flag in _FLAGS:
            bits |= _FLAGS[flag]
        else:
            keywords.append(flag)
    return Flags(bits, " ".join(keywords))


def _document(message: DemoMessage) -> NewDocument:
    source = message_from_bytes(message.source, policy=policy.default)
    assert isinstance(source, EmailMessage)
    head = message.source.partition(b"\n\n")[0] + b"\n\n"
    return NewDocument(
        blake2b(message.source, digest_size=16).digest(),
        message.date,
        len(message.source),
        build(parse(head), list(_texts(source)), list(_attachments(source))),
    )


def _texts(source: EmailMessage) -> Iterator[Part]:
    part = source.get_body(("plain", "html"))
    if part is not None:
        yield Part(
            part.get_content_type(),
            part.get_content_charset("utf-8"),
            str(part.get("Content-Transfer-Encoding", "8bit")),
            _raw(part),
        )


def _raw(part: MIMEPart) -> bytes:
    payload = part.get_payload()
    assert isinstance(payload, str)
    return payload.encode("utf-8", "surrogateescape")


def _attachments(source: EmailMessage) -> Iterator[Attachment]:
    for part in source.iter_attachments():
        payload = part.get_payload(decode=True)
        size = len(payload) if isinstance(payload, bytes) else 0
        yield Attachment(part.get_filename() or "", part.get_content_type(), size)
