"""The words of a segment, sorted, a word a line: patterns go through them in milliseconds.

Whoosh has its words in a table that Python walks at some microseconds each. So a segment is written
with one file more, `<segment>.words`: a line of JSON that says where each field's words begin and
end, then the words. Whoosh takes the file away with the segment. Words as they are written (see
`fields.WRITTEN`) are left out: nobody looks for a part of them.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from indexer.index.distance import is_within, nearly
from indexer.index.fields import WRITTEN

EXTENSION = ".words"


class Words:
    """The words of one field, in the order of their UTF-8."""

    def __init__(self, lines: bytes) -> None:
        """`lines`: each word with an end of line before and behind it."""
        self._lines = lines

    def beginning(self, start: str) -> list[str]:
        """All that begin like this."""
        begins = start.encode()
        first = self._first_at_or_above(begins)
        last = self._first_at_or_above(begins + b"\xff")
        return self._lines[first + 1 : last].decode().split("\n") if last > first else []

    def holding(self, piece: str) -> Iterator[str]:
        """All that hold this, wherever."""
        wanted = piece.encode()
        lines = self._lines
        at = lines.find(wanted)
        while at >= 0:
            end = lines.index(b"\n", at)
            yield lines[lines.rindex(b"\n", 0, at) + 1 : end].decode()
            at = lines.find(wanted, end)

    def alike(self, word: str, distance: int) -> Iterator[str]:
        """All with the same first letter that are at most `distance` changes of a letter away."""
        first = self._first_at_or_above(word[:1].encode())
        last = self._first_at_or_above(word[:1].encode() + b"\xff")
        for found in nearly(word, distance).finditer(self._lines[first:last] + b"\n"):
            near = found.group().decode()
            if is_within(word, near, distance):
                yield near

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines[1:-1].decode().split("\n") if len(self._lines) > 1 else [])

    def _first_at_or_above(self, key: bytes) -> int:
        """Where the end of line stands before the first word that is not below `key`, by bisection."""
        lines, low, high = self._lines, 0, len(self._lines) - 1
        while low < high:
            start = lines.rindex(b"\n", 0, (low + high) // 2 + 1)
            end = lines.index(b"\n", start + 1)
            if lines[start + 1 : end] < key:
                low = end
            else:
                high = start
        return low


class Vocabulary:
    """The words of all fields of a segment."""

    def __init__(self, content: bytes | mmap.mmap) -> None:
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
        """From a segment's terms, (field, word) in order."""
        recorder = Recorder()
        for field, word in terms:
            recorder.add(field, word)
        return cls(recorder.content())

    def __getitem__(self, field: str) -> Words:
        if field not in self._fields:
            start, end = self._places.get(field, (0, 1))
            self._fields[field] = Words(self._content[self._base + start : self._base + end])
        return self._fields[field]


class Recorder:
    """Takes a segment's words in the order in which they are written."""

    def __init__(self) -> None:
        self._words: dict[str, list[bytes]] = {}

    def add(self, field: str, word: bytes) -> None:
        """A word, larger than the one before of the same field."""
        if word[:1] != WRITTEN.encode():
            self._words.setdefault(field, []).append(word)

    def content(self) -> bytes:
        """What the file holds."""
        places: dict[str, tuple[int, int]] = {}
        at = 0
        for field, words in self._words.items():
            length = sum(map(len, words)) + len(words)
            places[field] = (at, at + length + 1)
            at += length
        lines = b"\n".join([word for words in self._words.values() for word in words])
        return json.dumps(places).encode() + b"\n" + lines + b"\n"


def record(writer: Any) -> None:
    """Have a Whoosh writer keep the words of its segment, before the segment is published."""
    fields = writer.fieldwriter
    recorder = Recorder()
    start_field, start_term, close = fields.start_field, fields.start_term, fields.close
    here = ""

    def begin_field(name: str, field: Any) -> None:
        nonlocal here
        here = name
        start_field(name, field)

    def begin_term(word: bytes) -> None:
        recorder.add(here, word)
        start_term(word)

    def end() -> None:
        close()
        with suppress(AttributeError):
            path = Path(writer.storage.folder) / f"{writer.newsegment.segment_id()}{EXTENSION}"
            path.write_bytes(recorder.content())

    fields.start_field, fields.start_term, fields.close = begin_field, begin_term, end
