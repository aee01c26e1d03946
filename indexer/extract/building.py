"""Fetched parts → Document: transfer encoding, charset, HTML, one text. Never raises."""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexer.extract import charset
from indexer.extract.document import Attachment, Document, Headers, Part

LONGEST_TEXT = 1_000_000
"""Characters of a message that are kept."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
_ENRICHED = re.compile(r"<[^<>]{0,200}>")
_PGP = {"SIGNED MESSAGE": "signed", "MESSAGE": "encrypted"}
_ARMOR = re.compile(r"^-----BEGIN PGP ((?:SIGNED )?MESSAGE)-----", re.MULTILINE)


def build(
    headers: Headers,
    parts: Sequence[Part],
    attachments: Sequence[Attachment] = (),
    notes: Sequence[str] = (),
    kinds: Sequence[str] = (),
) -> Document:
    """The document that a message becomes; what could not be read is told in its notes.

    `kinds` are those that its structure shows; what stands in its text is added.
    """
    texts: list[str] = []
    told = list(notes)
    for part in parts:
        octets, note = charset.transfer_decode(part.payload, part.encoding)
        text, other_note = charset.decode(octets, part.charset)
        told.extend(each for each in (note, other_note) if each)
        if part.truncated:
            told.append("a long text part was cut")
        texts.append(_plain(part.mime_type, text))
    joined = _CONTROL.sub(" ", "\n\n".join(texts).replace("\r\n", "\n"))
    if len(joined) > LONGEST_TEXT:
        joined = joined[:LONGEST_TEXT]
        told.append("a long text was cut")
    return Document(
        headers,
        joined,
        tuple(attachments),
        tuple(dict.fromkeys(told)),
        tuple(sorted({*kinds, *_kinds(joined)})),
    )


def _kinds(text: str) -> set[str]:
    """What is signed or encrypted by PGP within the text (RFC 9580 sections 6.2 and 7); where it is
    quoted, a mark stands before it."""
    return {_PGP[match[1]] for match in _ARMOR.finditer(text)}


def _plain(mime_type: str, text: str) -> str:
    if mime_type == "text/html":
        from indexer.extract.html import to_text  # 145 ms that mail without HTML does without

        return to_text(text)
    if mime_type == "text/enriched":  # RFC 1896
        return _ENRICHED.sub("", text)
    return text
