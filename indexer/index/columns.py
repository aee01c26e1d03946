"""The columns of a segment, each read in one step: Whoosh reads them document by document."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any


def column_values(column: Any, documents: int) -> array[int]:
    """A whole column of 64-bit numbers in one step, eight octets each.

    Whoosh reads a column number by number, a microsecond each; its fixed-width file is read at once
    here. Falls back to Whoosh's way for the stand-in of a column that has no file.
    """
    values = array("q")
    try:
        stored: int = min(documents, column._count)
        values.frombytes(column._dbfile.get(column._basepos, 8 * stored))
    except AttributeError:
        return array("q", (column[number] for number in range(documents)))
    if sys.byteorder == "little":  # Whoosh's is the other one
        values.byteswap()
    values.extend([0] * (documents - stored))
    return values


class Lines:
    """A column of lines as one text; a document may have several, or none."""

    def __init__(self, column: Any, documents: int) -> None:
        try:
            self._lengths: Sequence[int] = column._lengths
            self.text: bytes = column._dbfile.get(column._basepos, sum(self._lengths))
        except AttributeError:  # the stand-in of a column that has no file
            texts = [column[number] for number in range(documents)]
            self.text, self._lengths = b"".join(texts), list(map(len, texts))

    @cached_property
    def _ends(self) -> list[int]:
        """Where each document's lines end: not asked for where nothing is found."""
        return list(accumulate(self._lengths))

    def start(self, number: int) -> int:
        """Where a document's lines begin."""
        return self._ends[number - 1] if number else 0

    def document(self, at: int) -> int:
        """Whose line a place is in."""
        return bisect_right(self._ends, at)
