"""Relevance: how well a document matches a query's words (BM25F), the newest a little ahead.

How much a document is about a word was fixed at indexing (its impact, see `documents`); here it is
multiplied by how rare the word is.
A word as it was typed counts more than the same with other capitals or accents, and that more than
other forms of it. What a pattern stands for (`meet*`, `meting~`) is found and counts nothing.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import log
from operator import mul

from indexer.index.analysis import is_single_unspaced, query_words, words_as_written
from indexer.index.decoded import Decoded, Impacts
from indexer.index.engine import Match, Standing
from indexer.index.fields import OTHERWISE, WRITTEN
from indexer.index.partitions import Segment
from indexer.index.posting_lists import FULL, PostingList
from indexer.query import syntax

_ROUNDING = 1e-9
_RECENCY = 0.2  # what the newest document gains at the most
_HALF_LIFE = 2 * 365 * 86400  # seconds, after which half of that is left, then a third, …
_AS_TYPED = 0.1  # what the very form counts more
_NONE = Impacts({}, 0)


@dataclass(frozen=True, slots=True)
class Scored:
    """A word of the query: folded, as it was typed, and whether its other forms count as well."""

    word: str
    typed: str
    with_forms: bool


def scored_words(query: syntax.Node) -> tuple[Scored, ...]:
    """The words that a document is about when it matches; those under Not are no merit."""
    return tuple(dict.fromkeys(_positive(query)))


def _positive(node: syntax.Node) -> Iterator[Scored]:
    match node:
        case syntax.And(parts) | syntax.Or(parts):
            for part in parts:
                yield from _positive(part)
        case syntax.Term(text) | syntax.Phrase(text) | syntax.Exact(text):
            found = list(zip(*words_as_written(text), strict=True))[: len(query_words(text))]
            alone = isinstance(node, syntax.Term) and len(found) == 1
            for word, typed in found:
                if not is_single_unspaced(word):
                    yield Scored(word, typed, alone)
        case syntax.Near(left, right):
            for word in (*query_words(left), *query_words(right)):
                yield Scored(word, word, False)


def neutral(words: Sequence[Scored]) -> Standing:
    """What scores can be made with where nothing is known of other documents."""
    before_all = Match(1 << 62, 1 << 62, float("inf"))
    today = int(time.time()) // 86_400 * 86_400  # the same question has the same answer for a while
    return Standing(before_all, today, 1 << 62, (1.0,) * len(words))


class Scorer:
    """Scores documents of any of the segments; frequencies are those of all of them together, or
    those of an answer that is gone on with."""

    def __init__(
        self,
        words: Sequence[Scored],
        segments: Sequence[Segment],
        languages: Sequence[str],
        decoded: Decoded,
        standing: Standing | None,
    ) -> None:
        self._words, self._languages, self._decoded = words, languages, decoded
        self.standing = standing or self._standing(segments)

    def _standing(self, segments: Sequence[Segment]) -> Standing:
        """Of a new answer."""
        total = sum(segment.documents for segment in segments)
        found = [
            min(total, sum(sum(self._frequencies(word, segment)) for segment in segments))
            for word in self._words
        ]
        return Standing(
            last=Match(0, 0),
            newest=max((segment.date[0] for segment in segments), default=0),
            highest=max((segment.highest_id for segment in segments), default=0),
            rarity=tuple(log(1 + (total - each + 0.5) / (each + 0.5)) for each in found),
        )

    def of(self, segment: Segment, numbers: Sequence[int], floor: float) -> Scores:
        """Of some documents of a segment; those left out that cannot reach `floor`."""
        # A standing may come from outside, in a cursor: words that it lacks count nothing.
        words = [
            (rarity / FULL, *self._impacts(word, segment))
            for word, rarity in zip(self._words, self.standing.rarity, strict=False)
        ]
        as_folded = [
            (postings, _AS_TYPED * rarity)
            for word, rarity in zip(self._words, self.standing.rarity, strict=False)
            if word.typed == word.word and (postings := segment.postings("text", word.word))
        ]
        needed = floor / self._recent([segment.dates[0]])[0] - _ROUNDING
        needed -= sum(gain for _, gain in as_folded)
        still = sum(gain * (itself.most + _AS_TYPED * typed.most) for gain, itself, typed in words)
        totals = [0.0] * len(numbers)
        for gain, itself, typed in words:
            still -= gain * (itself.most + _AS_TYPED * typed.most)
            impacts = map(itself.of.get, numbers, repeat(0))
            totals = [total + gain * impact for total, impact in zip(totals, impacts, strict=True)]
            if typed.of:
                gain *= _AS_TYPED
                more = map(typed.of.get, numbers, repeat(0))
                totals = [total + gain * impact for total, impact in zip(totals, more, strict=True)]
            if floor:  # what has too little even with all that the other words can give is left
                kept = [at for at, total in enumerate(totals) if total + still >= needed]
                numbers, totals = [numbers[at] for at in kept], [totals[at] for at in kept]
        recent = self._recent(list(map(segment.dates.__getitem__, numbers)))
        return Scores(segment, numbers, totals, recent, as_folded)

    def _recent(self, dates: Sequence[int]) -> list[float]:
        """What scores are multiplied by."""
        newest, gain = self.standing.newest, _RECENCY * _HALF_LIFE
        half_gone = newest + _HALF_LIFE
        return [1 + (gain / (half_gone - date) if date < newest else _RECENCY) for date in dates]

    def _impacts(self, word: Scored, segment: Segment) -> tuple[Impacts, Impacts]:
        """Of a word and its forms, and of the word as it was typed, where that is another."""
        languages = self._languages if word.with_forms else ()
        itself = self._decoded.impacts(segment, "text", word.word, languages)
        if word.typed == word.word:
            return itself, _NONE
        return itself, self._decoded.impacts(segment, "text", WRITTEN + word.typed)

    def _frequencies(self, word: Scored, segment: Segment) -> Iterator[int]:
        yield segment.frequency("text", word.word)
        if word.with_forms:
            counts = segment.vocabulary["text"].counts
            for other in segment.forms(word.word, "text", self._languages):
                yield counts[other.number]


class Scores:
    """Scores of some documents of one segment: what each has at the least and at the most, and what
    it has.

    Whether a word is written as it was typed is read from its places, and only of documents that
    can come to the page: most are far from it.
    """

    def __init__(
        self,
        segment: Segment,
        numbers: Sequence[int],
        totals: Sequence[float],
        recent: Sequence[float],
        as_folded: Sequence[tuple[PostingList, float]],
    ) -> None:
        """`as_folded`: words that were typed as they are folded, and what that counts."""
        self.segment = segment
        self._numbers, self._totals = numbers, totals
        self._recent, self._as_folded = recent, as_folded

    def least(self) -> list[float]:
        """What each document's score is at the least."""
        return list(map(mul, self._totals, self._recent))

    def most(self) -> list[float]:
        """What each document's score is at the most."""
        more = sum(gain for _, gain in self._as_folded)
        return [
            (total + more) * recent
            for total, recent in zip(self._totals, self._recent, strict=True)
        ]

    def key(self, at: int) -> tuple[float, int, int]:
        """Score, date and id of the document that is at `at` among those asked for."""
        number, total = self._numbers[at], self._totals[at]
        for postings, gain in self._as_folded:
            if _stands_as_folded(postings, number):
                total += gain
        return total * self._recent[at], self.segment.dates[number], self.segment.ids[number]


def _stands_as_folded(postings: PostingList, number: int) -> bool:
    """Whether a word is written in a document at least once as it is folded."""
    documents = postings.documents
    at = bisect_left(documents, number)
    if at == len(documents) or documents[at] != number:
        return False
    return not all(place & OTHERWISE for place in postings.places(at))
