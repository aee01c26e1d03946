"""The words of a segment, sorted, a word a line: patterns go through them in milliseconds.

Whoosh has its words in a table that Python walks at some microseconds each. So a segment is written
with one file more, `<segment>.words`: a line of JSON that says where each field's words are, then
the words, then for each of them the first document that has it, as a 32-bit number. As documents
are numbered from new to old, that tells which of a pattern's words a page needs at all. Whoosh takes
the file away with the segment. Words as they are written (`fields.WRITTEN`) are left out: nobody
looks for a part of them.
"""

from __future__ import annotations

import json
import mmap
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from indexer.index.distance import is_within, nearly
from indexer.index.fields import WRITTEN

EXTENSION = ".words"

_LANDMARKS = 4096  # octets of words from one to the next


class Known(NamedTuple):
    """A word and the first document that has it."""

    word: str
    first: int


class Words:
    """The words of one field, in the order of their UTF-8."""

    def __init__(self, lines: bytes, firsts: Sequence[int]) -> None:
        """`lines`: each word with an end of line before and behind it."""
        self._lines = lines
        self._firsts = firsts
        # Every so often the word that begins next, where, and how many stand before it.
        self._landmarks: list[bytes] = []
        self._offsets: list[int] = []
        self._counts: list[int] = []
        at = count = 0
        while at < len(lines) - 1:
            end = lines.index(b"\n", at + 1)
            self._landmarks.append(lines[at + 1 : end])
            self._offsets.append(at)
            self._counts.append(count)
            following = lines.find(b"\n", min(at + _LANDMARKS, len(lines) - 1))
            count += lines.count(b"\n", at, following)
            at = following

    def beginning(self, start: str) -> list[Known]:
        """All that begin like this."""
        key = b"\n" + start.encode()
        low = max(bisect_left(self._landmarks, key[1:]) - 1, 0)
        high = bisect_right(self._landmarks, key[1:] + b"\xff")
        if not self._offsets:
            return []
        bound = self._offsets[high] + 1 if high < len(self._offsets) else len(self._lines)
        first = self._lines.find(key, self._offsets[low], bound)
        if first < 0:
            return []
        end = self._lines.index(b"\n", self._lines.rfind(key, first, bound) + 1)
        words = self._lines[first + 1 : end].decode().split("\n")
        number = self._number(first)
        return list(map(Known, words, self._firsts[number : number + len(words)]))

    def holding(self, piece: str) -> Iterator[Known]:
        """All that hold this, wherever."""
        wanted = piece.encode()
        lines = self._lines
        at = lines.find(wanted)
        while at >= 0:
            start, end = lines.rindex(b"\n", 0, at), lines.index(b"\n", at)
            yield self._known(start, lines[start + 1 : end])
            at = lines.find(wanted, end)

    def alike(self, word: str, distance: int) -> Iterator[Known]:
        """All with the same first letter that are at most `distance` changes of a letter away."""
        letter = word[:1].encode()
        low = max(bisect_left(self._landmarks, letter) - 1, 0)
        high = bisect_right(self._landmarks, letter + b"\xff")
        if not self._offsets:
            return
        begin = self._offsets[low]
        end = self._offsets[high] + 1 if high < len(self._offsets) else len(self._lines)
        for found in nearly(word, distance).finditer(self._lines[begin:end]):
            near = found.group().decode()
            if is_within(word, near, distance):
                yield self._known(begin + found.start() - 1, found.group())

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines[1:-1].decode().split("\n") if len(self._lines) > 1 else [])

    def _known(self, line: int, word: bytes) -> Known:
        return Known(word.decode(), self._firsts[self._number(line)])

    def _number(self, line: int) -> int:
        """How many words stand before the one whose line begins there."""
        mark = bisect_right(self._offsets, line) - 1
        return self._counts[mark] + self._lines.count(b"\n", self._offsets[mark], line)


class Vocabulary:
    """The words of all fields of a segment."""

    def __init__(self, content: bytes | mmap.mmap) -> None:
        """Raises ValueError where it is not what `Recorder` made."""
        head = content[: content.find(b"\n")]
        self._content = content
        self._base = len(head)
        self._places: dict[str, list[int]] = json.loads(head)
        self._fields: dict[str, Words] = {}

    @classmethod
    def read(cls, path: Path) -> Vocabulary:
        """From a segment's file. Raises OSError, ValueError where there is none that can be read."""
        with path.open("rb") as file:
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    @classmethod
    def of(cls, terms: Iterator[tuple[str, bytes]]) -> Vocabulary:
        """From a segment's terms, (field, word) in order; any document may be the first."""
        recorder = Recorder()
        for field, word in terms:
            recorder.add(field, word, 0)
        return cls(recorder.content())

    def __getitem__(self, field: str) -> Words:
        if field not in self._fields:
            start, end, firsts, count = self._places.get(field, (0, 1, 0, 0))
            base = self._base
            numbers = array("I", self._content[base + firsts : base + firsts + 4 * count])
            if sys.byteorder == "big":
                numbers.byteswap()
            self._fields[field] = Words(self._content[base + start : base + end], numbers)
        return self._fields[field]


class Recorder:
    """Takes a segment's words in the order in which they are written."""

    def __init__(self) -> None:
        self._words: dict[str, list[bytes]] = {}
        self._firsts: dict[str, array[int]] = {}

    def add(self, field: str, word: bytes, first: int) -> None:
        """A word, larger than the one before of the same field, and the first document with it."""
        if word[:1] != WRITTEN.encode():
            self._words.setdefault(field, []).append(word)
            self._firsts.setdefault(field, array("I")).append(first)

    def content(self) -> bytes:
        """What the file holds."""
        total = sum(len(word) + 1 for words in self._words.values() for word in words) + 1
        places: dict[str, tuple[int, int, int, int]] = {}
        at, numbers = 0, total
        for field, words in self._words.items():
            length = sum(map(len, words)) + len(words)
            places[field] = (at, at + length + 1, numbers, len(words))
            at += length
            numbers += 4 * len(words)
        lines = b"\n".join([word for words in self._words.values() for word in words])
        if sys.byteorder == "big":
            for firsts in self._firsts.values():
                firsts.byteswap()
        firsts_ = b"".join(firsts.tobytes() for firsts in self._firsts.values())
        return json.dumps(places).encode() + b"\n" + lines + b"\n" + firsts_


def record(writer: Any) -> None:
    """Have a Whoosh writer keep the words of its segment, before the segment is published."""
    fields = writer.fieldwriter
    recorder = Recorder()
    start_field, start_term = fields.start_field, fields.start_term
    finish_term, close = fields.finish_term, fields.close
    field, word = "", b""

    def begin_field(name: str, schema: Any) -> None:
        nonlocal field
        field = name
        start_field(name, schema)

    def begin_term(term: bytes) -> None:
        nonlocal word
        word = term
        start_term(term)

    def end_term() -> None:
        finish_term()
        info = getattr(fields._postwriter, "_terminfo", None)
        recorder.add(field, word, info.min_id() if info is not None else 0)

    def end() -> None:
        close()
        with suppress(AttributeError):  # a storage that is no folder
            path = Path(writer.storage.folder) / f"{writer.newsegment.segment_id()}{EXTENSION}"
            path.write_bytes(recorder.content())

    fields.start_field, fields.start_term = begin_field, begin_term
    fields.finish_term, fields.close = end_term, end
