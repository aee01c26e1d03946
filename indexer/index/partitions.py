"""The files of a partition: where they are, how they are opened, and their segments' columns."""

from __future__ import annotations

import os
import re
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from struct import error as StructError
from struct import unpack
from typing import Any

from whoosh.filedb.filestore import FileStorage, Storage
from whoosh.index import TOC, EmptyIndexError, FileIndex
from whoosh.index import IndexError as WhooshIndexError
from whoosh.reading import SegmentReader, TermNotFound

from indexer.errors import IndexUnavailable
from indexer.index.engine import Partition
from indexer.index.fields import schema

_PERIOD = re.compile(r"(\d{4})(?:\.\d+)?")
_DAMAGED = (OSError, EOFError, ValueError, KeyError, StructError, WhooshIndexError)
# A directory's time stamp is coarse: a commit this soon after we looked might not show in it.
_CLOCK_GRAIN = 50_000_000  # nanoseconds


def directory(root: Path, partition: Partition) -> Path:
    """Where a partition lives: `<root>/<account id>/<period>`."""
    return root / str(partition.account_id) / partition.period


def newest_possible(partition: Partition) -> int:
    """No document of the partition is newer than this; seconds since 1970."""
    match = _PERIOD.fullmatch(partition.period)
    if match is None or int(match[1]) >= 9999:
        return 1 << 60
    return int(datetime(int(match[1]) + 1, 1, 1, tzinfo=UTC).timestamp())


def existing(root: Path) -> Iterator[Partition]:
    """Partitions that have a folder, in no order."""
    with suppress(FileNotFoundError):
        for account in os.scandir(root):
            if account.name.isdigit() and account.is_dir():
                for period in os.scandir(account.path):
                    if _PERIOD.fullmatch(period.name):
                        yield Partition(int(account.name), period.name)


def open_index(path: Path, *, create: bool = False) -> FileIndex | None:
    """Open a partition's Whoosh index; None where there is none and `create` is not set.

    An index that does not open is never deleted here: a commit may just be under way (about one
    open in a thousand meets one), so it is tried again, and then it is the user's decision.
    Raises IndexUnavailable.
    """
    for pause in (0.01, 0.05, 0.2, 0.5, None):
        try:
            if not path.is_dir():
                if not create:
                    return None
                path.mkdir(parents=True, mode=0o700, exist_ok=True)
            return FileIndex(FileStorage(str(path)), schema=schema())
        except EmptyIndexError:
            if not create:
                return None
            created: FileIndex = FileIndex.create(FileStorage(str(path)), schema(), "MAIN")
            return created
        except _DAMAGED as error:
            if pause is None:
                raise _damaged(path, error) from error
            time.sleep(pause)
    raise AssertionError("unreachable")


def _damaged(path: Path, error: Exception) -> IndexUnavailable:
    return IndexUnavailable(
        f"this part of the index cannot be read ({type(error).__name__}: {error})",
        where=str(path),
        cure="run `mailseek reindex`; it rebuilds the index without the network",
    )


def segment_key(part: Any) -> tuple[str, int]:
    """What tells a segment as it is from what it was or another: its name and its deletions."""
    return part.segment_id(), part.deleted_count()


class Segment:
    """One segment of a snapshot: its words, its columns, its deletions."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.key = segment_key(reader.segment())
        self.documents: int = reader.doc_count_all()
        self.deleted: frozenset[int] = frozenset(reader.segment().deleted_docs())
        self.date = reader.column_reader("date", translate=False)
        self.id = reader.column_reader("id", translate=False)
        self._vocabularies: dict[str, str] = {}

    @cached_property
    def size(self) -> tuple[int, ...]:
        """All sizes at once, by document number."""
        return column_values(self.reader.column_reader("size", translate=False), self.documents)

    @cached_property
    def ids(self) -> tuple[int, ...]:
        """All ids at once, by document number."""
        return column_values(self.id, self.documents)

    def postings(self, field: str, word: str) -> Any | None:
        """Whoosh's matcher for a word of a field, or None where the word is absent."""
        try:
            return self.reader.postings(field, word.encode())
        except TermNotFound:
            return None

    def frequency(self, field: str, word: str) -> int:
        """In how many documents a word is, deleted ones included."""
        frequency: int = self.reader.doc_frequency(field, word.encode())
        return frequency

    def vocabulary(self, field: str) -> str:
        """All words of a field, one a line: a regular expression goes through it in milliseconds."""
        if field not in self._vocabularies:
            words = (word.decode() for _, word in self._words_of(field))
            self._vocabularies[field] = "\n".join(words)
        return self._vocabularies[field]

    def _words_of(self, field: str) -> Iterator[tuple[str, bytes]]:
        found: Iterator[tuple[str, bytes]] = self.reader.terms_from(field, b"")
        return takewhile(lambda term: term[0] == field, found)

    def first_at_or_before(self, date: int) -> int:
        """The first document number whose date is at or before `date` (numbers run new to old)."""
        return bisect_left(range(self.documents), -date, key=lambda number: -self.date[number])


def column_values(column: Any, documents: int) -> tuple[int, ...]:
    """A whole column of 64-bit numbers in one step.

    Whoosh reads a column number by number, a microsecond each; its fixed-width file is unpacked at
    once here. Falls back to Whoosh's way for the stand-in of a column that has no file.
    """
    try:
        stored: int = min(documents, column._count)
        raw = column._dbfile.get(column._basepos, 8 * stored)
    except AttributeError:
        return tuple(column[number] for number in range(documents))
    values: tuple[int, ...] = unpack(f"!{stored}q", raw)
    return values + (0,) * (documents - stored)


class PartitionReader:
    """A partition kept open; `snapshot` follows other processes' commits."""

    def __init__(self, root: Path, partition: Partition) -> None:
        self.partition = partition
        self.path = directory(root, partition)
        self._index: FileIndex | None = None
        self._seen = -1
        self._segments: tuple[Segment, ...] = ()

    def snapshot(self) -> tuple[Segment, ...]:
        """The segments as of the newest commit. Raises IndexUnavailable."""
        try:
            stamp = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            self.close()
            return ()
        if stamp == self._seen:
            return self._segments
        if self._index is None:
            self._index = open_index(self.path)
            if self._index is None:
                return ()
        self._segments = self._open_segments(self._index.storage)
        self._seen = stamp if time.time_ns() - stamp > _CLOCK_GRAIN else -1
        return self._segments

    def _open_segments(self, storage: Storage) -> tuple[Segment, ...]:
        """Segments of the newest commit, those that did not change kept open.

        Not Whoosh's `refresh`: it closes segments which the iterator of an earlier query may still
        read; here the last one to read a file frees it. A segment that a commit removed between
        our look at the list and our opening is no damage: look again.
        """
        known = {segment.key: segment for segment in self._segments}
        for pause in (0.01, 0.05, 0.2, 0.5, None):
            try:
                toc = TOC.read(storage, "MAIN", schema=schema())
                return tuple(
                    known.get(segment_key(part))
                    or Segment(SegmentReader(storage, toc.schema, part))
                    for part in toc.segments
                    if part.doc_count_all()
                )
            except _DAMAGED as error:
                if pause is None:
                    raise _damaged(self.path, error) from error
                time.sleep(pause)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Let go of the files; they are freed with the last iterator that reads them."""
        self._index, self._segments, self._seen = None, (), -1
