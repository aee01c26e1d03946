"""The columns of a segment, each read in one step: Whoosh reads them document by document."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any


def opened(reader: Any, name: str) -> Any:
    """Whoosh's reader of a column. Raises FileNotFoundError where its file is gone: asked in the usual
    way, Whoosh gives a stand-in for a column that no document has, which reads as zeros."""
    return reader._perdoc.column_reader(name, reader.schema[name].column_type)


def column_values(column: Any, documents: int) -> array[int]:
    """A whole column of 64-bit numbers in one step, eight octets each; Whoosh reads a number in a
    microsecond."""
    values = array("q")
    stored: int = min(documents, column._count)
    values.frombytes(column._dbfile.get(column._basepos, 8 * stored))
    if sys.byteorder == "little":  # Whoosh's is the other one
        values.byteswap()
    values.extend([0] * (documents - stored))
    return values


class Lines:
    """A column of lines as one text; a document may have several, or none."""

    def __init__(self, column: Any) -> None:
        self._lengths: Sequence[int] = column._lengths
        self.text: bytes = column._dbfile.get(column._basepos, sum(self._lengths))

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
