"""The postings of a batch in memory, and those of several segments woven into one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

from indexer.index.fields import WRITTEN, pack_places
from indexer.index.posting_lists import packed
from indexer.index.vocabulary import Vocabulary, Written


class Gathering:
    """Takes postings as Whoosh hands them out, document by document; stands where Whoosh's sorting
    pool would. As documents come in order, each word's postings are in order already: nothing but
    the words needs sorting."""

    def __init__(self) -> None:
        # Of each word a flat list: document, weight, packed places, document, …
        self._fields: dict[str, dict[bytes, list[Any]]] = {}

    def add(self, posting: tuple[str, bytes, int, float, bytes]) -> None:
        """(field, word, document, weight in tenths, packed places)."""
        field, word, *rest = posting
        words = self._fields.get(field)
        if words is None:
            words = self._fields[field] = {}
        if word in words:
            words[word] += rest
        else:
            words[word] = rest

    def iter_postings(self) -> Iterator[Written]:
        """All lists, by field and in order of their words."""
        mark = WRITTEN.encode()
        for field, words in self._fields.items():
            for word in sorted(words):
                flat = words[word]
                documents, weights = flat[::3], [int(weight) for weight in flat[1::3]]
                postings = packed(documents, weights, flat[2::3])
                if word.startswith(mark):
                    yield Written(field + WRITTEN, word[1:], documents[0], len(documents), postings)
                else:
                    yield Written(field, word, documents[0], len(documents), postings)

    def cleanup(self) -> None:
        """Nothing was written to a file."""


class Weaving:
    """Postings of several segments under new document numbers; stands where Whoosh's sorting pool
    would. One word at a time is in memory."""

    def __init__(
        self, segments: Sequence[Vocabulary], renumbered: Sequence[dict[int, int]]
    ) -> None:
        """`renumbered`: for each segment its documents' new numbers; those without are left out."""
        self._segments, self._renumbered = segments, renumbered

    def iter_postings(self) -> Iterator[Written]:
        """All lists, by field and in order of their words."""
        streams = [_listed(vocabulary, which) for which, vocabulary in enumerate(self._segments)]
        for (field, word), found in groupby(merge(*streams), key=itemgetter(0, 1)):
            lists = (
                (which, self._segments[which][field].posting_list(number))
                for _, _, which, number in found
            )
            postings = sorted(
                (new[document], weight, pack_places(places) if places else b"")
                for new, list_ in ((self._renumbered[which], list_) for which, list_ in lists)
                for document, weight, places in list_.postings()
                if document in new
            )
            if postings:
                documents, weights, places = zip(*postings, strict=True)
                list_ = packed(documents, weights, places)
                yield Written(field, word, documents[0], len(documents), list_)

    def _postings(self, which: int, field: str, number: int) -> Iterator[tuple[int, int, bytes]]:
        """(document, weight in tenths, packed places) of one word of a segment, renumbered."""
        new = self._renumbered[which]
        for document, weight, places in (
            self._segments[which][field].posting_list(number).postings()
        ):
            if document in new:
                yield new[document], weight, pack_places(places) if places else b""

    def cleanup(self) -> None:
        """Nothing was written to a file."""


def _listed(vocabulary: Vocabulary, which: int) -> Iterator[tuple[str, bytes, int, int]]:
    """(field, word, which segment, number) of all words, sorted."""
    for field in sorted(vocabulary.fields()):
        for number, word in enumerate(vocabulary[field].lines()):
            yield field, word, which, number
