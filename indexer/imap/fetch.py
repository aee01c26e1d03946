"""Batches of headers, chosen text parts, flags and UIDs of the folder that was examined last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from indexer.errors import ProtocolError
from indexer.extract.document import Part
from indexer.imap.bodystructure import Structure, TextPart, choose
from indexer.imap.examine import FlagState, flag_state
from indexer.imap.session import Session, server_errors

CHUNK = 500
"""UIDs of one command: ten digits each, they stay below the 8 KB line that servers take."""

TEXT_CAP = 2 * 2**20
"""Octets of one text part; the rest is left on the server."""

_MEMORY = 4 * 2**20  # octets of text that one FETCH may bring
_HEADER_FIELDS = "DATE FROM TO CC BCC REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID"
_HEADER = f"BODY.PEEK[HEADER.FIELDS ({_HEADER_FIELDS})]"


@dataclass(frozen=True, slots=True)
class MessageHead:
    """What is known of a message before its text is fetched.

    `size` is RFC822.SIZE in octets; `server_id` is the server's own name for the message, the same
    in every folder: "gm:…" (X-GM-MSGID), "em:…" (EMAILID, RFC 8474), or ''.
    """

    uid: int
    flags: FlagState
    received: datetime
    size: int
    header: bytes
    structure: Structure
    server_id: str


def all_uids(session: Session) -> list[int]:
    """Every UID of the folder, ascending. Raises ServerGone, ProtocolError."""
    with _errors(session):
        return sorted(int(uid) for uid in session.client.search(["UID", "1:*"]))


def uids_from(session: Session, first: int) -> list[int]:
    """UIDs at or above `first`, ascending. `first:*` alone would always name the last message."""
    with _errors(session):
        found = session.client.search(["UID", f"{first}:*"])
        return sorted(int(uid) for uid in found if uid >= first)


def uids_changed(session: Session, since: int) -> list[int]:
    """UIDs with a mod-sequence above `since`, ascending (RFC 7162 section 3.1.5)."""
    with _errors(session):
        return sorted(int(uid) for uid in session.client.search(["MODSEQ", str(since + 1)]))


def fetch_flags(
    session: Session, uids: Sequence[int], changed_since: int | None = None
) -> Iterator[FlagState]:
    """Flags of messages; with `changed_since` (a mod-sequence) of those that changed after it."""
    modifiers = [f"CHANGEDSINCE {changed_since}"] if changed_since is not None else None
    for chunk in _chunks(uids):
        with _errors(session):
            answers = session.client.fetch(chunk, ["FLAGS"], modifiers)
            states = [flag_state(uid, items) for uid, items in answers.items() if b"FLAGS" in items]
        yield from states


def fetch_heads(session: Session, uids: Sequence[int]) -> list[MessageHead]:
    """Headers, structure, flags, date and size of at most CHUNK messages, in one round trip.

    A message that the server does not give (it may just have been expunged) is absent.
    """
    items = ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODYSTRUCTURE", _HEADER]
    if session.has("X-GM-EXT-1"):
        items.append("X-GM-MSGID")
    elif session.has("OBJECTID"):
        items.append("EMAILID")
    if session.has("CONDSTORE"):
        items.append("MODSEQ")
    with _errors(session):
        answers = session.client.fetch(list(uids), items)
        return [_head(uid, answer) for uid, answer in answers.items() if b"RFC822.SIZE" in answer]


def fetch_texts(
    session: Session, wanted: Mapping[int, Sequence[TextPart]]
) -> Iterator[tuple[dict[int, tuple[Part, ...]], tuple[int, ...]]]:
    """The chosen text parts, a few megabytes at a time: (uid → parts, uids of this portion).

    Messages with the same sections share a command, so attachments are never sent. A message that
    the server does not give is missing from the parts.
    """
    for uids in _portions(wanted):
        parts: dict[int, dict[str, bytes]] = defaultdict(dict)
        for (section, capped), sharing in _by_section(wanted, uids).items():
            item = f"BODY.PEEK[{section}]" + (f"<0.{TEXT_CAP}>" if capped else "")
            with _errors(session):
                for uid, answer in session.client.fetch(sharing, [item]).items():
                    payload = _body(answer, section)
                    if payload is not None:
                        parts[uid][section] = payload
        yield (
            {
                uid: tuple(
                    Part(
                        part.mime_type,
                        part.charset,
                        part.encoding,
                        parts[uid][part.section],
                        truncated=part.size > TEXT_CAP,
                    )
                    for part in wanted[uid]
                    if part.section in parts[uid]
                )
                for uid in uids
                if uid in parts or not wanted[uid]
            },
            uids,
        )


def fetch_source(session: Session, uid: int) -> bytes:
    """A whole message. Raises ProtocolError where it is gone."""
    with _errors(session):
        answer = session.client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
        source = _body(answer, "")
    if source is None:
        raise ProtocolError(
            "the message is not there any more",
            where=f"account {session.account}",
            cure="run `mailseek sync` to follow what changed",
        )
    return source


def _errors(session: Session) -> Any:
    return server_errors(f"account {session.account}")


def _chunks(uids: Sequence[int]) -> Iterator[list[int]]:
    for at in range(0, len(uids), CHUNK):
        yield list(uids[at : at + CHUNK])


def _portions(wanted: Mapping[int, Sequence[TextPart]]) -> Iterator[tuple[int, ...]]:
    """UIDs in groups whose texts fit into memory together."""
    group: list[int] = []
    octets = 0
    for uid, texts in wanted.items():
        size = sum(min(text.size, TEXT_CAP) for text in texts)
        if group and (octets + size > _MEMORY or len(group) >= CHUNK):
            yield tuple(group)
            group, octets = [], 0
        group.append(uid)
        octets += size
    if group:
        yield tuple(group)


def _by_section(
    wanted: Mapping[int, Sequence[TextPart]], uids: Sequence[int]
) -> dict[tuple[str, bool], list[int]]:
    """(section, whether it is cut) → the messages that want it."""
    sharing: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for uid in uids:
        for text in wanted[uid]:
            sharing[text.section, text.size > TEXT_CAP].append(uid)
    return sharing


def _body(answer: Mapping[bytes, Any], section: str) -> bytes | None:
    """The octets of a section; a partial fetch is answered as `BODY[1]<0>`."""
    name = f"BODY[{section}]".encode()
    for key, value in answer.items():
        if key.upper().split(b"<")[0] == name:
            return value if isinstance(value, bytes) else b""
    return None


def _head(uid: int, answer: Mapping[bytes, Any]) -> MessageHead:
    header = next(
        (value for key, value in answer.items() if key.upper().startswith(b"BODY[HEADER")), b""
    )
    received = answer.get(b"INTERNALDATE")
    size = answer[b"RFC822.SIZE"]
    return MessageHead(
        uid=uid,
        flags=flag_state(uid, answer),
        received=received.astimezone(UTC) if isinstance(received, datetime) else datetime.now(UTC),
        size=size if isinstance(size, int) and size >= 0 else 0,
        header=header if isinstance(header, bytes) else b"",
        structure=choose(answer.get(b"BODYSTRUCTURE")),
        server_id=_server_id(answer),
    )


def _server_id(answer: Mapping[bytes, Any]) -> str:
    if isinstance(answer.get(b"X-GM-MSGID"), int):
        return f"gm:{answer[b'X-GM-MSGID']}"
    email_id = answer.get(b"EMAILID")
    if isinstance(email_id, tuple) and email_id and isinstance(email_id[0], bytes | int):
        value = email_id[0]
        return "em:" + (
            value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
        )
    return ""
