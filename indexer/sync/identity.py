"""When two messages of an account are the same message, whatever folders they are in.

The server's own name for a message decides where it has one (X-GM-MSGID; EMAILID, RFC 8474). Else
a hash of Message-ID, Date, From, Subject and RFC822.SIZE does: Message-ID alone is no key, some
servers rewrite it and some senders use one for many. A message without Message-ID is held apart
from its like by its arrival as well, which COPY and MOVE keep (RFC 9051 section 6.4.7).

The header fields are taken as the server sent them, not as they were decoded, so that a better
decoder does not make strangers of all known messages.
"""

from __future__ import annotations

from hashlib import blake2b

from indexer.imap.fetch import MessageHead

_FIELDS = (b"message-id", b"date", b"from", b"subject")


def identity(head: MessageHead) -> bytes:
    """The key of a message within its account."""
    if head.server_id:
        return head.server_id.encode("utf-8", "replace")
    fields = _first_fields(head.header)
    parts = [fields.get(name, b"") for name in _FIELDS]
    parts.append(b"%d" % head.size)
    if not parts[0]:
        parts.append(b"%d" % int(head.received.timestamp()))
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(b"%d:%s" % (len(part), part))
    return digest.digest()


def _first_fields(header: bytes) -> dict[bytes, bytes]:
    """Name in lower case → value of its first appearance, unfolded, blanks collapsed."""
    fields: dict[bytes, list[bytes]] = {}
    value: list[bytes] = []
    for line in header.splitlines():
        if line[:1] in (b" ", b"\t"):
            value.append(line)
            continue
        name, colon, rest = line.partition(b":")
        value = [rest]
        if colon:
            fields.setdefault(name.strip().lower(), value)
    return {name: b" ".join(b" ".join(lines).split()) for name, lines in fields.items()}
