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
_BEFORE = LONGEST - NEAR  # characters of context before the first mark
_QUOTING = ">| \t\r\xa0"
_RULERS = ("----", "====", "____", "****", "~~~~", "####", "....")
_RULER = re.compile(rf"(?:{'|'.join(map(re.escape, _RULERS))})[-=_*~#.]*")


def snippet(read: Callable[[int], str], marker: Marker) -> Marked:
    """The best piece of a long text: the one with the most different things looked for. `read` gives
    the text's first so many characters, and is asked for few where nothing is looked for."""
    if not marker.looks_for_words:
        return Marked(_beginning(read))
    text = read(_LOOKED_AT)[:_LOOKED_AT]
    found = marker.places(text, marker.things)
    if not found:
        return Marked(_beginning(lambda most: text[:most]))
    start = _best_start(text, found)
    piece = _tidy(text[start : start + 2 * LONGEST])
    before, after = "…" if start else "", ""
    if len(before) + len(piece) > LONGEST:
        piece, after = piece[: LONGEST - len(before) - 1].rstrip(), "…"
    return _between(before, marker.mark(piece), after)


def _beginning(read: Callable[[int], str]) -> str:
    """What a text begins with; more of it is read where blanks, rulers and marks of quotation go."""
    tidied = _tidy(read(2 * LONGEST))
    if len(tidied) < LONGEST:
        tidied = _tidy(read(4 * LONGEST))
    return tidied[:LONGEST]


def _between(before: str, marked: Marked, after: str) -> Marked:
    """Marked text with more around it: marking takes longer where there is a "…" in the text."""
    by = len(before)
    marks = marked.marks if not by else tuple((start + by, end + by) for start, end in marked.marks)
    return Marked(before + marked.text + after, marks)


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
    if ">" in text or "|" in text:
        lines = text.split("\n")
        text = " ".join([lines[0], *(line.lstrip(_QUOTING) for line in lines[1:])])
    if any(ruler in text for ruler in _RULERS):
        text = _RULER.sub(" ", text)
    return " ".join(text.lstrip(_QUOTING).split())
