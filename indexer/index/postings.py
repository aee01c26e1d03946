"""A record of the catalog → the words, weights and places that the index keeps of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from indexer.catalog.records import Record
from indexer.extract.document import Address
from indexer.extract.quoting import quoted_spans
from indexer.index.analysis import words
from indexer.index.fields import BODY_AT, Posting

SUBJECT, SENDER, RECIPIENT, FILENAME, BODY, QUOTED = 4.0, 3.0, 1.0, 2.0, 1.0, 0.3
"""What one occurrence of a word weighs, by where it stands."""

_PART_WORDS = 300  # of a header; three of them must stay below BODY_AT, gaps included
_GAP = 2 * 8  # between parts, so that no phrase reaches from one into the next


def document_fields(record: Record) -> dict[str, Any]:
    """The values of all index fields for one record."""
    headers = record.headers
    parts = {
        "subject": (SUBJECT, words(headers.subject)),
        "from": (SENDER, _address_words((*headers.sender, *headers.reply_to))),
        "to": (RECIPIENT, _address_words((*headers.to, *headers.bcc))),
        "cc": (RECIPIENT, _address_words(headers.cc)),
        "filename": (FILENAME, words(" / ".join(a.name for a in record.attachments))),
    }
    values: dict[str, Any] = {"id": record.id, "date": record.date, "size": record.size}
    places: dict[str, list[int]] = {}
    extra: dict[str, float] = {}
    place = 0
    for field, (weight, found) in parts.items():
        if not found:
            continue
        values[field] = _field_postings(found)
        found = found[: min(_PART_WORDS, (BODY_AT - place) // 2 - 8)]
        for word in found:
            places.setdefault(word, []).append(place)
            # A place weighs one below, wherever it is: only what is above that is added here.
            extra[word] = extra.get(word, 0.0) + weight - BODY
            place += 2
        place += _GAP
    _body_places(record.text, places)
    values["text"] = _weigh(places, extra)
    if record.attachments:
        values["has"] = ("attachment",)
    return values


def _address_words(addresses: Iterable[Address]) -> list[str]:
    return words(" , ".join(str(address) for address in addresses))


def _field_postings(found: list[str]) -> dict[str, Posting]:
    """Postings of a small field: its places begin at zero, its weights are not used."""
    places: dict[str, list[int]] = {}
    for position, word in enumerate(found):
        places.setdefault(word, []).append(2 * position)
    return {word: Posting(1.0, at) for word, at in places.items()}


def _body_places(text: str, places: dict[str, list[int]]) -> None:
    """Add the places of the body's words: even for own words, odd for quoted ones."""
    place = BODY_AT
    at = 0
    for start, end in (*quoted_spans(text), (len(text), len(text))):
        for word in words(text[at:start]):
            try:
                places[word].append(place)
            except KeyError:
                places[word] = [place]
            place += 2
        place += 1
        for word in words(text[start:end]):
            try:
                places[word].append(place)
            except KeyError:
                places[word] = [place]
            place += 2
        place -= 1
        at = end


def _weigh(places: dict[str, list[int]], extra: dict[str, float]) -> dict[str, Posting]:
    """Own words count one each, quoted ones less, header words more."""
    weighed: dict[str, Posting] = {}
    lighter = BODY - QUOTED
    for word, at in places.items():
        weight = float(len(at))
        quoted = sum([place & 1 for place in at])
        if quoted:
            weight -= lighter * quoted
        if word in extra:
            weight += extra[word]
        weighed[word] = Posting(weight, at)
    return weighed
