"""The piece of a message that shows why it was found, with the query's words marked.

Plain text only: whatever stands for markup in a message is text like any other, and whoever renders
a snippet escapes it. Linear in the text; a message's first 100,000 characters are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from indexer.search.marking import NEAR, Marker, Place
from indexer.search.page import Marked

LONGEST = 255
"""Characters of a snippet, at the most."""

_LOOKED_AT = 100_000  # characters of a message
_SHOWN_AT_LEAST = 4 * LONGEST  # of which blanks, rulers and marks of quotation go
_BEFORE = LONGEST - NEAR  # characters of context before the first mark
_QUOTING = ">| \t\r\xa0"
_RULERS = ("----", "====", "____", "****", "~~~~", "####", "....")
_RULER = re.compile(rf"(?:{'|'.join(map(re.escape, _RULERS))})[-=_*~#.]*")


def snippet(read: Callable[[int], str], marker: Marker) -> Marked:
    """The best piece of a long text: the one with the most different things looked for. `read` gives
    the text's first so many characters, and is asked for few where nothing is looked for."""
    text = read(_LOOKED_AT if marker.looks_for_words else _SHOWN_AT_LEAST)
    marker = marker.within(text)
    found = marker.places(text, marker.things)
    if not found:
        return Marked(_tidy(text[:_SHOWN_AT_LEAST])[:LONGEST])
    start = _best_start(text, found)
    tidied = _tidy(text[start : start + 2 * LONGEST])
    if len(tidied) > LONGEST:
        tidied = tidied[: LONGEST - 1].rstrip() + "…"
    if start:
        tidied = "…" + tidied[: LONGEST - 1]
    return marker.mark(tidied)


def _best_start(text: str, found: Sequence[Place]) -> int:
    """Where to begin so that the window shows the most different things; the first such place."""
    best, best_count = found[0].start, 1
    if len(found) > 1:
        for at, (start, _, _) in enumerate(found):
            window = {what for _, end, what in found[at:] if end <= start + NEAR}
            if len(window) > best_count:
                best, best_count = start, len(window)
    if best <= _BEFORE:
        return 0
    begin = best - _BEFORE
    space = text.find(" ", begin, best)
    newline = text.find("\n", begin, best)
    breaks = [place + 1 for place in (space, newline) if place >= 0]
    return min(breaks, default=begin)


def _tidy(text: str) -> str:
    """On one line, without marks of quotation and rulers."""
    if "\n" in text:
        lines = text.split("\n")
        text = " ".join([lines[0], *(line.lstrip(_QUOTING) for line in lines[1:])])
    if any(ruler in text for ruler in _RULERS):
        text = _RULER.sub(" ", text)
    return " ".join(text.lstrip(_QUOTING).split())
