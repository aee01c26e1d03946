"""Posting lists as dictionaries, number → impact: what ranking makes of them, the latest remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from indexer.index.partitions import Segment

FORM = 0.4
"""What another form of a word counts."""

_MOST = 250_000  # postings that are remembered; about 100 octets each
_EMPTY = 5  # what a list costs without any, in postings


class Impacts(NamedTuple):
    """How much each document is about a word, and the most of it; empty where the word is absent."""

    of: dict[int, float]
    most: float


class Decoded:
    """Asked for the same words again, as by somebody who types or pages, it has them at hand."""

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._held = most, 0
        self._lists: OrderedDict[tuple[str, ...], Impacts] = OrderedDict()

    def impacts(
        self, segment: Segment, field: str, word: str, languages: Sequence[str] = ()
    ) -> Impacts:
        """The documents of a field's word, or of its forms in some languages, with their impacts."""
        key = segment.key[0], field, word, *languages
        if key in self._lists:
            self._lists.move_to_end(key)
            return self._lists[key]
        found: dict[int, float] = {}
        itself, others = segment.with_forms(field, word, languages)
        if itself:
            found.update(zip(itself.documents.tolist(), itself.impacts, strict=True))
        for other in others:
            for number, impact in zip(other.documents.tolist(), other.impacts, strict=True):
                found[number] = found.get(number, 0) + FORM * impact
        impacts = self._lists[key] = Impacts(found, max(found.values(), default=0))
        self._held += len(found) + _EMPTY
        while self._held > self._most and len(self._lists) > 1:
            _, oldest = self._lists.popitem(last=False)
            self._held -= len(oldest.of) + _EMPTY
        return impacts
