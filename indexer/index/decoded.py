"""Posting lists as dictionaries, number → weight: what ranking makes of them, the latest remembered."""

from __future__ import annotations

from collections import OrderedDict

from indexer.index.partitions import Segment

_MOST = 250_000  # postings that are remembered; about 100 octets each


class Decoded:
    """Asked for the same words again, as by somebody who types or pages, it has them at hand."""

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._held = most, 0
        self._lists: OrderedDict[tuple[str, str, int], dict[int, int]] = OrderedDict()

    def weights(self, segment: Segment, field: str, number: int) -> dict[int, int]:
        """The documents of a field's word, by its number, with what it weighs there in tenths."""
        key = segment.key[0], field, number
        if key in self._lists:
            self._lists.move_to_end(key)
            return self._lists[key]
        postings = segment.vocabulary[field].posting_list(number)
        found = dict(zip(postings.documents.tolist(), postings.weights, strict=True))
        self._lists[key] = found
        self._held += len(found)
        while self._held > self._most and len(self._lists) > 1:
            _, oldest = self._lists.popitem(last=False)
            self._held -= len(oldest)
        return found
