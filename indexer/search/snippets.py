"""The piece of a message that shows why it was found, with the query's words marked.

Plain text only: whatever stands for markup in a message is text like any other, and whoever renders
a snippet escapes it. Linear in the text; a message's first 100,000 characters are looked at.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

from indexer.index.analysis import (
    MARKS,
    is_single_unspaced,
    is_unspaced,
    query_words,
    tokens,
    words,
)
from indexer.index.distance import is_within
from indexer.query import syntax
from indexer.search.page import Marked

LONGEST = 255
"""Characters of a snippet, at the most."""

_LOOKED_AT = 100_000  # characters of a message
_READ_FOR_PATTERNS = 20_000  # characters, where a query has patterns
_CANDIDATES, _MOST = 200, 30
_READ_SLOWLY = 8_000  # characters
_BEFORE = 60  # characters of context before the first mark
_SPACE = re.compile(r"\s+")
_LINE_NOISE = re.compile(r"^[>|\s]+|[-=_*~#.]{4,}", re.MULTILINE)


_Found = tuple[int, int, tuple[str, ...]]  # start, end, what was looked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to mark: words, sequences of words, beginnings of words, pieces of words, and words with
    how many letters may be wrong; all folded."""

    sequences: frozenset[tuple[str, ...]]
    prefixes: tuple[str, ...]
    pieces: tuple[str, ...] = ()
    misspelt: tuple[tuple[str, int], ...] = ()

    def within(self, text: str) -> Wanted:
        """With the words of a text that pieces and misspelt words stand for there."""
        if not self.pieces and not self.misspelt:
            return self
        there = {
            (word,)
            for word in set(words(text[:_READ_FOR_PATTERNS]))
            if any(piece in word for piece in self.pieces)
            or any(
                word[:1] == meant[:1] and is_within(meant, word, most)
                for meant, most in self.misspelt
            )
        }
        return Wanted(self.sequences | there, self.prefixes)


def wanted(query: syntax.Node, fields: Sequence[str] = ("", "body", "quoted")) -> Wanted:
    """What a query looks for in any of these fields; what it excludes is nothing to show."""
    sequences: set[tuple[str, ...]] = set()
    prefixes: set[str] = set()
    pieces: set[str] = set()
    misspelt: set[tuple[str, int]] = set()

    def collect(node: syntax.Node) -> None:
        match node:
            case syntax.And(parts) | syntax.Or(parts):
                for part in parts:
                    collect(part)
            case syntax.Term(text, field) | syntax.Phrase(text, field) if field in fields:
                found = query_words(text)
                if len(found) == 1 and is_single_unspaced(found[0]):
                    prefixes.add(found[0])
                else:
                    sequences.add(tuple(found))
            case syntax.Near(left, right, _, field) if field in fields:
                sequences.update((tuple(query_words(left)), tuple(query_words(right))))
            case syntax.Infix(text, field) if field in fields:
                pieces.update(words(text))
            case syntax.Fuzzy(text, distance, field) if field in fields:
                misspelt.update((word, distance) for word in words(text))
            case syntax.Prefix(text, field) if field in fields:
                *whole, last = query_words(text) or [""]
                sequences.update((word,) for word in whole)
                if last:
                    prefixes.add(last)

    collect(query)
    return Wanted(
        frozenset(sequences - {()}),
        tuple(sorted(prefixes)),
        tuple(sorted(pieces)),
        tuple(sorted(misspelt)),
    )


def mark(text: str, looked_for: Wanted) -> Marked:
    """A short text, whole, with what was looked for marked in it."""
    return Marked(text, _joined(_found(text, looked_for.within(text))))


def snippet(text: str, looked_for: Wanted) -> Marked:
    """The best piece of a long text: the one with the most different things looked for."""
    text = text[:_LOOKED_AT]
    looked_for = looked_for.within(text)
    found = _found(text, looked_for)
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


def _found(text: str, looked_for: Wanted) -> list[_Found]:
    """Everything that was looked for, in order of start; the first `_MOST` of them.

    Candidates are found in C speed, the analyzer decides. Words written with accents that the query
    does not have are looked for in short texts, and in a first stretch of one without plain ones.
    """
    firsts: dict[str, list[tuple[str, ...]]] = {}
    for sequence in looked_for.sequences:
        firsts.setdefault(sequence[0], []).append(sequence)
    begins = (*firsts, *looked_for.prefixes)
    if not begins:
        return []
    plain = heapq.merge(*(_occurrences(text, word) for word in begins))
    found = _decided(text, plain, firsts, looked_for.prefixes)
    if not text.isascii() and (not found or len(text) <= 2 * LONGEST):
        pattern = _pattern(begins)
        accented = (match.start() for match in pattern.finditer(text[:_READ_SLOWLY]))
        found = _decided(text, accented, firsts, looked_for.prefixes)
    return found


def _occurrences(text: str, word: str) -> Iterator[int]:
    """Where a word begins, as far as its letters tell."""
    lower = text.lower()
    if len(lower) != len(text):  # İ becomes two characters: places would be off
        lower = text
    anywhere = is_unspaced(word)
    start = lower.find(word)
    while start >= 0:
        if anywhere or start == 0 or not lower[start - 1].isalnum():
            yield start
        start = lower.find(word, start + 1)


def _decided(
    text: str,
    candidates: Iterable[int],
    firsts: dict[str, list[tuple[str, ...]]],
    prefixes: tuple[str, ...],
) -> list[_Found]:
    found: list[_Found] = []
    for start in islice(candidates, _CANDIDATES):
        found.extend(_at(text, start, firsts, prefixes))
        if len(found) >= _MOST:
            break
    return found


def _at(
    text: str, start: int, firsts: dict[str, list[tuple[str, ...]]], prefixes: tuple[str, ...]
) -> Iterator[_Found]:
    """What was looked for and begins right here."""
    longest = max((len(sequence) for group in firsts.values() for sequence in group), default=1)
    here = list(islice(tokens(text[start : start + 60 * longest]), longest))
    if not here:
        return
    for sequence in firsts.get(here[0].word, ()):
        if tuple(token.word for token in here[: len(sequence)]) == sequence:
            yield start + here[0].start, start + here[len(sequence) - 1].end, sequence
    if prefixes and here[0].word.startswith(prefixes):
        yield start + here[0].start, start + here[0].end, (here[0].word,)


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
    return _SPACE.sub(" ", _LINE_NOISE.sub(" ", text)).strip()


def _joined(found: Sequence[_Found]) -> tuple[tuple[int, int], ...]:
    """Marks without overlaps."""
    marks: list[tuple[int, int]] = []
    for start, end, _ in sorted(found):
        if marks and start < marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((start, end))
    return tuple(marks)
