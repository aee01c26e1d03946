"""The piece of a message that shows why it was found, with the query's words marked.

Plain text only: whatever stands for markup in a message is text like any other, and whoever renders
a snippet escapes it. Linear in the text; a message's first 100,000 characters are looked at.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice

from indexer.index.analysis import MARKS, is_unspaced, tokens, words, words_as_written
from indexer.search.page import Marked
from indexer.search.wanted import Wanted

LONGEST = 255
"""Characters of a snippet, at the most."""

_LOOKED_AT = 100_000  # characters of a message
_CANDIDATES, _MOST = 200, 30
_READ_SLOWLY = 8_000  # characters
_ACCENTS = re.compile(f"[\u00c0-\u024f{MARKS}]")
"""What `_variants` knows: a text without needs no pattern, which takes milliseconds to compile."""

_BEFORE = 60  # characters of context before the first mark
_QUOTING = ">| \t\r\xa0"
_RULER = re.compile(r"(?:----|====|____|\*\*\*\*|~~~~|####|\.\.\.\.)[-=_*~#.]*")


_Found = tuple[int, int, tuple[str, ...]]  # start, end, what was looked for


def mark(text: str, looked_for: Wanted) -> Marked:
    """A short text, whole, with what was looked for marked in it."""
    found = _found(text, looked_for.within(text))
    return Marked(text, _joined([*found, *_patterns(text, looked_for.patterns)]))


def snippet(text: str, looked_for: Wanted) -> Marked:
    """The best piece of a long text: the one with the most different things looked for."""
    text = text[:_LOOKED_AT]
    looked_for = looked_for.within(text)
    found = _found(text, looked_for, looked_for.things)
    if not found:
        return Marked(_tidy(text[: 4 * LONGEST])[:LONGEST])
    start = _best_start(text, found)
    piece = text[start : start + 2 * LONGEST]
    tidied = _tidy(piece)
    if len(tidied) > LONGEST:
        tidied = tidied[: LONGEST - 1].rstrip() + "…"
    if start:
        tidied = "…" + tidied[: LONGEST - 1]
    return mark(tidied, looked_for)


def _found(text: str, looked_for: Wanted, enough: int = _MOST) -> list[_Found]:
    """Everything that was looked for, in order of start, until so many different things stand
    within a snippet's length; the first `_MOST` of them.

    Candidates are found in C speed, the analyzer decides. Words written with accents that the query
    does not have are looked for in short texts, and in a first stretch of one without plain ones.
    """
    firsts: dict[str, list[tuple[str, ...]]] = {}
    for sequence in (*looked_for.sequences, *(folded for folded, _ in looked_for.written)):
        firsts.setdefault(sequence[0], []).append(sequence)
    begins = tuple(dict.fromkeys((*firsts, *(start for start, _ in looked_for.prefixes))))
    if not begins and not looked_for.pieces:
        return []
    lower = text.lower()
    if len(lower) != len(text):  # İ becomes two characters: places would be off
        lower = text
    plain = heapq.merge(
        *(_occurrences(lower, word) for word in begins),
        *(_around(lower, piece) for piece in looked_for.pieces),
    )
    found = _decided(text, plain, firsts, looked_for, enough)
    if begins and (not found or len(text) <= 2 * LONGEST) and _ACCENTS.search(text):
        pattern = _pattern(begins)
        accented = (match.start() for match in pattern.finditer(text[:_READ_SLOWLY]))
        others = _decided(text, accented, firsts, looked_for, enough)
        found = sorted({*found, *others})[:_MOST]
    return found


def _patterns(text: str, patterns: Sequence[str]) -> Iterator[_Found]:
    """What regular expressions match; RE2 counts in octets."""
    for pattern in patterns:
        from indexer.query.patterns import compiled  # 10 ms that other queries do without

        octets = text.encode(errors="replace")
        for match in islice(compiled(pattern).finditer(octets), _MOST):
            start = len(octets[: match.start()].decode(errors="replace"))
            length = len(match.group().decode(errors="replace"))
            if length:
                yield start, start + length, (pattern,)


def _occurrences(lower: str, word: str) -> Iterator[int]:
    """Where a word begins, as far as its letters tell."""
    anywhere = is_unspaced(word)
    start = lower.find(word)
    while start >= 0:
        if anywhere or start == 0 or not lower[start - 1].isalnum():
            yield start
        start = lower.find(word, start + 1)


def _around(lower: str, piece: str) -> Iterator[int]:
    """Where the words begin that hold a piece."""
    at = lower.find(piece)
    while at >= 0:
        start = at
        while start > 0 and lower[start - 1].isalnum():
            start -= 1
        yield start
        at = lower.find(piece, at + 1)


def _decided(
    text: str,
    candidates: Iterable[int],
    firsts: dict[str, list[tuple[str, ...]]],
    looked_for: Wanted,
    enough: int,
) -> list[_Found]:
    found: list[_Found] = []
    last = -1
    for start in islice(candidates, _CANDIDATES):
        if start == last:
            continue
        found.extend(_at(text, start, firsts, looked_for))
        last = start
        near = {what for begin, _, what in found if begin >= start - LONGEST + _BEFORE}
        if len(found) >= _MOST or len(near) >= enough:
            break
    return found


def _at(
    text: str, start: int, firsts: dict[str, list[tuple[str, ...]]], looked_for: Wanted
) -> Iterator[_Found]:
    """What was looked for and begins right here."""
    longest = max((len(sequence) for group in firsts.values() for sequence in group), default=1)
    here = list(islice(tokens(text[start : start + 60 * longest]), longest))
    if not here:
        return
    for sequence in firsts.get(here[0].word, ()):
        if tuple(token.word for token in here[: len(sequence)]) == sequence:
            end = start + here[len(sequence) - 1].end
            if sequence in looked_for.sequences or _is_written(
                text[start + here[0].start : end], sequence, looked_for
            ):
                yield start + here[0].start, end, sequence
    word = here[0].word
    for piece in looked_for.pieces:
        if piece in word:
            yield start + here[0].start, start + here[0].end, (word,)
    for prefix, of in looked_for.prefixes:
        if word.startswith(prefix) and (not of or looked_for.is_form(word, of)):
            yield start + here[0].start, start + here[0].end, (of or word,)


def _is_written(text: str, sequence: tuple[str, ...], looked_for: Wanted) -> bool:
    written = tuple(words_as_written(text)[1])
    return (sequence, written) in looked_for.written


@lru_cache(maxsize=64)
def _pattern(begins: tuple[str, ...]) -> re.Pattern[str]:
    """Where one of the words may begin, whatever accents its letters have."""
    choices = (
        ("" if is_unspaced(word) else r"(?<![^\W_])")
        + "".join(map(_variants, _LETTERS.findall(word)))
        for word in begins
    )
    return re.compile("|".join(choices), re.IGNORECASE)


def _variants(folded: str) -> str:
    """A letter, or two that stand for one, as they may have been written: é for e, ß for ss."""
    if len(folded) == 2:
        return f"(?:{_variants(folded[0])}{_variants(folded[1])}|{_LIGATURES[folded]})"
    return f"[{re.escape(folded)}{_accented().get(folded, '')}][{MARKS}]*"


@cache
def _accented() -> dict[str, str]:
    """Base letter → its precomposed forms in Latin-1 Supplement and Latin Extended-A, -B."""
    forms: dict[str, str] = {}
    for code in range(0xC0, 0x250):
        folded = words(chr(code))
        if len(folded) == 1 and len(folded[0]) == 1 and folded[0] != chr(code):
            forms[folded[0]] = forms.get(folded[0], "") + chr(code)
    return forms


_LIGATURES = {"ss": "ß", "ae": "æ", "oe": "œ", "th": "þ"}
_LETTERS = re.compile("|".join((*_LIGATURES, ".")))


def _best_start(text: str, found: Sequence[_Found]) -> int:
    """Where to begin so that the window shows the most different things; the first such place."""
    best, best_count = 0, -1
    for at, (start, _, _) in enumerate(found):
        window = {what for _, end, what in found[at:] if end <= start + LONGEST - _BEFORE}
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
    if _RULER.search(text):
        text = _RULER.sub(" ", text)
    return " ".join(text.lstrip(_QUOTING).split())


def _joined(found: Sequence[_Found]) -> tuple[tuple[int, int], ...]:
    """Marks without overlaps."""
    marks: list[tuple[int, int]] = []
    for start, end, _ in sorted(found):
        if marks and start < marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((start, end))
    return tuple(marks)
