"""Whoosh behind the door of `engine`: partitions on disk, read lazily, newest first.

Not safe for several threads at once: each takes an engine of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush, heapreplace, nlargest
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from indexer import deadline
from indexer.errors import StorageError
from indexer.index.cursors import END, All, Cursor, Listed
from indexer.index.decoded import Decoded
from indexer.index.engine import Match, Partition, PartitionStats, Standing, States
from indexer.index.matching import cursor
from indexer.index.partitions import (
    PartitionReader,
    Segment,
    directory,
    existing,
    newest_possible,
    oldest_possible,
)
from indexer.index.ranking import Scorer, Scores, neutral, scored_words
from indexer.index.vocabulary import Known, Words
from indexer.index.whole import matching
from indexer.query.syntax import Node

if TYPE_CHECKING:  # searching does without what writing needs
    from indexer.catalog.records import Record


_LOOKED_AT = 1000  # words of a segment, when frequent ones are looked for
_LARGEST = 4  # segments


class WhooshEngine:
    """A SearchEngine over the folder `root`; see `engine` for what its methods promise."""

    def __init__(self, root: Path, languages: Sequence[str] = ("english",)) -> None:
        """`languages`: those whose word forms queries find, by the names of Snowball's stemmers."""
        self._root = root
        self._languages = languages
        self._readers: dict[Partition, PartitionReader] = {}
        self._decoded = Decoded()

    def write(self, partition: Partition, add: Iterable[Record], gone: Collection[int]) -> None:
        """One commit. Raises IndexBusy, IndexUnavailable, StorageError, ValueError."""
        from indexer.index import writing  # 20 ms that searching does without

        writing.write(directory(self._root, partition), add, gone)

    def tidy(self, partition: Partition) -> bool:
        """Merge segments where there are more than `writing` has it."""
        from indexer.index import writing

        return writing.merge(directory(self._root, partition))

    def matches(
        self, query: Node, states: States, *, after: Match | None = None
    ) -> Iterator[Match]:
        """Newest first over all partitions; each is opened only when it may hold the next match.

        A heap holds what may come next: a partition not yet opened stands at the newest date that
        it can hold, an opened segment at its first match that was not yet given out.
        """
        heap: list[tuple[int, int, int, PartitionReader | _Walk]] = [
            (-newest_possible(reader.partition), -END, number, reader)
            for number, reader in enumerate(self._open())
            if after is None or oldest_possible(reader.partition) <= after.date
        ]
        heapify(heap)
        tie = len(heap)
        while heap:
            date, id_, _, next_ = heap[0]
            if isinstance(next_, PartitionReader):
                heappop(heap)
                for segment in next_.snapshot():
                    walk = self._walk(query, segment, states)
                    if after is not None:
                        walk.number = segment.first_below(after.date, after.id) - 1
                    if walk.advance():
                        tie += 1
                        heap.append((-walk.date, -walk.id, tie, walk))
                heapify(heap)
                continue
            yield Match(-date, -id_)
            if next_.advance():
                heapreplace(heap, (-next_.date, -next_.id, heap[0][2], next_))
            else:
                heappop(heap)

    def ranked(
        self, query: Node, states: States, limit: int, *, standing: Standing | None = None
    ) -> tuple[list[Match], Standing]:
        """Looks at every match once, and closely at those that can come to the page: the newest
        segments set the floor that others must reach."""
        segments = self._segments()
        words = scored_words(query)
        scorer = Scorer(words, segments, self._languages, self._decoded, standing)
        last = standing.last if standing and standing.last.score != float("inf") else None
        above = (last.score, last.date, last.id) if last else None
        scores: list[Scores] = []
        candidates: list[tuple[float, int, int]] = []  # a heap, those that can score most first
        floors: list[float] = []  # what the best ones so far score at the least
        floor = 0.0
        for segment in segments:
            numbers = list(matching(query, segment, states, self._languages, self._decoded))
            deadline.check()
            of_segment = scorer.of(segment, numbers, floor)
            if above is None:
                floors = nlargest(limit, [*floors, *of_segment.least()])
                floor = floors[-1] if len(floors) == limit else 0.0
            candidates += [
                (-most, len(scores), at)
                for at, most in enumerate(of_segment.most())
                if most >= floor
            ]
            scores.append(of_segment)
        heapify(candidates)
        best: list[tuple[float, int, int]] = []  # a heap, the least one first
        while candidates and (len(best) < limit or -candidates[0][0] >= best[0][0]):
            deadline.check()
            _, which, at = heappop(candidates)
            key = scores[which].key(at)
            if above is not None and (key >= above or key[2] > scorer.standing.highest):
                continue
            if len(best) < limit:
                heappush(best, key)
            elif key > best[0]:
                heapreplace(best, key)
        found = [Match(date, id_, score) for score, date, id_ in sorted(best, reverse=True)]
        return found, scorer.standing

    def neutral(self, query: Node) -> Standing:
        """Every word as rare as the others, and every text of the same length."""
        return neutral(scored_words(query))

    def count(self, query: Node, states: States) -> int:
        """Of all segments."""
        return sum(
            len(matching(query, segment, states, self._languages)) for segment in self._segments()
        )

    def among(
        self, query: Node, documents: Mapping[Partition, Collection[int]], states: States
    ) -> set[int]:
        """Looks at these documents of each segment, and at no other."""
        found: set[int] = set()
        for reader in self._open():
            wanted = documents.get(reader.partition, ())
            for segment in reader.snapshot() if wanted else ():
                numbers = segment.numbers
                there = sorted(numbers[id_] for id_ in wanted if id_ in numbers)
                if there:
                    walk = self._walk(query, segment, states)
                    found.update(segment.ids[number] for number in walk.among(there))
        return found

    def beginning(self, start: str, limit: int) -> list[tuple[str, int]]:
        """Counts only the first thousand of each segment."""
        return self._frequent(lambda words: words.beginning(start, _LOOKED_AT), limit)

    def similar(self, word: str, distance: int, limit: int) -> list[tuple[str, int]]:
        """Of all segments where they are one letter away; else of the largest ones, as more than a
        letter costs five times as much, and what is frequent is there as well."""
        most = None if distance == 1 else _LARGEST
        return self._frequent(lambda words: words.alike(word, distance), limit, most)

    def _frequent(
        self, choose: Callable[[Words], Iterable[Known]], limit: int, most: int | None = None
    ) -> list[tuple[str, int]]:
        """Words of the largest segments, if not of all; the most frequent ones first."""
        segments = sorted(self._segments(), key=lambda segment: -segment.documents)
        found: dict[str, int] = {}
        for segment in segments[:most]:
            words = segment.vocabulary["text"]
            for word, number, _ in islice(choose(words), _LOOKED_AT):
                found[word] = found.get(word, 0) + words.counts[number]
        return nlargest(limit, found.items(), key=lambda item: item[1])

    def partitions(self) -> list[Partition]:
        """Newest period first."""
        return sorted(existing(self._root), key=lambda part: (part.period, part), reverse=True)

    def ids(self, partition: Partition) -> list[int]:
        """In the order in which the segments keep them; deleted ones left out."""
        return [
            id_
            for segment in PartitionReader(self._root, partition).snapshot()
            for number, id_ in enumerate(segment.ids)
            if number not in segment.deleted
        ]

    def disorder(self, partition: Partition) -> int:
        """How many documents stand before a newer one of their segment; 0 unless it is damaged."""
        wrong = 0
        for segment in PartitionReader(self._root, partition).snapshot():
            keys = [
                (segment.date[number], segment.ids[number]) for number in range(segment.documents)
            ]
            wrong += sum(1 for one, two in pairwise(keys) if one < two)
        return wrong

    def stats(self) -> list[PartitionStats]:
        """Sizes as the files' lengths."""
        return [
            PartitionStats(
                partition=partition,
                documents=sum(part.documents - len(part.deleted) for part in segments),
                segments=len(segments),
                octets=sum(
                    file.stat().st_size for file in directory(self._root, partition).iterdir()
                ),
            )
            for partition in self.partitions()
            for segments in [PartitionReader(self._root, partition).snapshot()]
        ]

    def drop(self, partition: Partition) -> None:
        """Remove a partition's folder. Raises StorageError where that is refused."""
        self._readers.pop(partition, None)
        path = directory(self._root, partition)
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(
                f"cannot be removed: {error.strerror}",
                where=str(path),
                cure="check who owns the folder",
            ) from error

    def _walk(self, query: Node, segment: Segment, states: States) -> _Walk:
        return _Walk(segment, cursor(query, segment, states, self._languages))

    def _segments(self) -> list[Segment]:
        """All there are now, those of the newest partitions first."""
        readers = sorted(self._open(), key=lambda reader: -newest_possible(reader.partition))
        return [segment for reader in readers for segment in reader.snapshot()]

    def _open(self) -> list[PartitionReader]:
        """A reader for each partition there is; those of partitions that went are let go."""
        there = set(existing(self._root))
        for partition in self._readers.keys() - there:
            del self._readers[partition]
        for partition in there - self._readers.keys():
            self._readers[partition] = PartitionReader(self._root, partition)
        return list(self._readers.values())


class _Walk:
    """The matches of one segment, one after the other."""

    def __init__(self, segment: Segment, found: Cursor) -> None:
        self._segment = segment
        self._cursor = found
        self.number = -1
        self.date = self.id = 0

    def advance(self) -> bool:
        """To the next match; False where there is none. Raises QueryTooCostly."""
        deadline.check()
        self.number = self._cursor.seek(self.number + 1)
        if self.number == END:
            return False
        self.date = self._segment.date[self.number]
        self.id = self._segment.id[self.number]
        return True

    def among(self, numbers: Sequence[int]) -> Iterator[int]:
        """Those of some ascending document numbers that match."""
        both = All([Listed(numbers), self._cursor])
        number = both.seek(0)
        while number != END:
            yield number
            number = both.seek(number + 1)
