"""Words of a query → cursors over one segment: single words, phrases, patterns, words close by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from indexer.index import cursors
from indexer.index.analysis import is_single_unspaced, query_words, words, words_as_written
from indexer.index.cursors import Cursor
from indexer.index.fields import BODY_AT, OTHERWISE, POSITION, QUOTED, WRITTEN, unpack_places
from indexer.index.partitions import Segment
from indexer.index.vocabulary import Known

EXPANSION_LIMIT = 1000
"""Words of one segment that a pattern may stand for; further ones (in dictionary order) are left."""

PATTERN_FIELDS = ("subject", "from", "to", "cc", "bcc", "filename")
"""Where a regular expression without a field looks."""

_GUESS = 50  # documents that have a word of which nothing is known
_WITH_FORMS = ("", "subject", "body", "quoted")
"""Where other forms of a word are meant as well: not in names and addresses."""

_Test = Callable[[int], bool]
_IN_BODY: dict[str, _Test] = {
    "body": lambda place: place >= BODY_AT,
    "quoted": lambda place: place >= BODY_AT and bool(place & QUOTED),
}
"""Fields of a query that are a part of the index's `text` → whether a place is in them."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """A cursor and about how many documents it holds, so that the rarest can lead."""

    cursor: Cursor
    documents: int


NOTHING = Estimated(cursors.Nothing(), 0)


def anywhere(_place: int) -> bool:
    """Every place of a field."""
    return True


def all_of(parts: Sequence[Estimated]) -> Estimated:
    """Documents of every part; the rarest leads."""
    if len(parts) == 1:
        return parts[0]
    if any(part is NOTHING for part in parts):
        return NOTHING
    ordered = sorted(parts, key=lambda part: part.documents)
    return Estimated(cursors.All([part.cursor for part in ordered]), ordered[0].documents)


def any_of(parts: Iterable[Estimated]) -> Estimated:
    """Documents of at least one part."""
    some = [part for part in parts if part is not NOTHING]
    if len(some) <= 1:
        return some[0] if some else NOTHING
    total = sum(part.documents for part in some)
    return Estimated(cursors.AnyOf([part.cursor for part in some]), total)


class WordMatching:
    """Cursors for what stands in one segment. A query's word without letters matches nothing."""

    def __init__(self, segment: Segment, languages: Sequence[str]) -> None:
        self._segment = segment
        self._languages = languages

    def term(self, text: str, field: str) -> Estimated:
        """A word with its other forms; several words side by side."""
        found = query_words(text)
        if len(found) != 1 or field not in _WITH_FORMS or is_single_unspaced(found[0]):
            return self.phrase(found, field)
        others = self.forms(found[0], field)
        itself = self._in_part(found[0], field)
        return self._any_word(others, field, itself) if others else itself

    def forms(self, word: str, field: str) -> list[Known]:
        """Those of a word's other forms that the segment has."""
        return self._segment.forms(word, _name(field), self._languages)

    def phrase(self, found: list[str], field: str) -> Estimated:
        """One word, or several side by side."""
        if len(found) == 1 and is_single_unspaced(found[0]):
            return self.beginning(found, field)
        if len(found) == 1:
            return self._in_part(found[0], field)
        within = _IN_BODY.get(field, anywhere)
        return self._side_by_side([(word, within) for word in found], _name(field))

    def exact(self, text: str, field: str) -> Estimated:
        """Words side by side, written like this."""
        within = _IN_BODY.get(field, anywhere)

        def as_folded(place: int) -> bool:
            return not place & OTHERWISE and within(place)

        return self._side_by_side(
            [
                (word, as_folded) if form == word else (WRITTEN + form, within)
                for word, form in zip(*words_as_written(text), strict=True)
            ],
            _name(field),
        )

    def header(self, name: str, text: str) -> Estimated:
        """Words side by side in a header field, or the field itself."""
        if not text:
            return self._word("header", f"{name}=")
        return self.phrase([f"{name}={word}" for word in words(text)], "header")

    def near(
        self, left: list[str], right: list[str], distance: int, field: str, *, ordered: bool
    ) -> Estimated:
        """Both, each side by side itself, with less than `distance` words between them."""
        if not left or not right:
            return NOTHING
        together, matchers = self._together([*left, *right], _name(field))
        within = _IN_BODY.get(field, anywhere)

        def starts(found: list[str]) -> set[int]:
            return set.intersection(
                *(
                    {place // POSITION - at for place in _places(matchers[word]) if within(place)}
                    for at, word in enumerate(found)
                )
            )

        def close(_number: int) -> bool:
            before, behind = starts(left), starts(right)
            return any(
                one + len(left) <= two < one + len(left) + distance
                or (not ordered and two + len(right) <= one < two + len(right) + distance)
                for one in before
                for two in behind
            )

        if together is NOTHING:
            return NOTHING
        return Estimated(cursors.Filtered(together.cursor, close), together.documents)

    def beginning(self, found: list[str], field: str) -> Estimated:
        """Words that begin like the last one; `foo-ba*` is all words, roughly."""
        return self._expanded(
            found, field, lambda field, start: self._segment.vocabulary[field].beginning(start)
        )

    def holding(self, text: str, field: str) -> Estimated:
        """Words that hold this."""
        return self._expanded(
            words(text), field, lambda field, piece: self._segment.vocabulary[field].holding(piece)
        )

    def alike(self, text: str, distance: int, field: str) -> Estimated:
        """Words that are at most so many letters away."""
        return self._expanded(
            words(text),
            field,
            lambda field, word: self._segment.vocabulary[field].alike(word, distance),
        )

    def matching(self, pattern: str, field: str) -> Estimated:
        """Lines of a header that a regular expression matches."""
        from indexer.query.patterns import compiled  # 10 ms that other queries do without

        lines = self._segment.lines(field)
        return Estimated(cursors.Matching(compiled(pattern), lines), self._segment.documents)

    def marked(self, field: str, chosen: Iterable[str]) -> Estimated:
        """Documents with one of some marks, the whole of each."""
        return any_of(self._word(field, mark) for mark in chosen)

    def _word(self, field: str, word: str) -> Estimated:
        matcher = self._segment.postings(field, word)
        if matcher is None:
            return NOTHING
        return Estimated(cursors.Postings(matcher), self._segment.frequency(field, word))

    def _in_part(self, word: str, field: str) -> Estimated:
        """A word of a field, or of the part of `text` that a query's field is."""
        found = self._word(_name(field), word)
        if field not in _IN_BODY or found is NOTHING:
            return found
        return _placed(found, _IN_BODY[field])

    def _side_by_side(self, steps: list[tuple[str, _Test]], field: str) -> Estimated:
        """Words one behind the other, each at a place that passes its test."""
        if not steps:
            return NOTHING
        if len(steps) == 1:
            found = self._word(field, steps[0][0])
            return (
                found
                if steps[0][1] is anywhere or found is NOTHING
                else _placed(found, steps[0][1])
            )
        together, matchers = self._together([word for word, _ in steps], field)
        if together is NOTHING:
            return NOTHING
        # The rarest word leads the test as well: most candidates fail at its first place.
        order = sorted(
            range(len(steps)), key=lambda at: self._segment.frequency(field, steps[at][0])
        )
        plan = [(at, matchers[steps[at][0]], steps[at][1]) for at in order]

        def side_by_side(_number: int) -> bool:
            starts: set[int] | None = None
            for at, matcher, within in plan:
                these = {place // POSITION - at for place in _places(matcher) if within(place)}
                starts = these if starts is None else starts & these
                if not starts:
                    return False
            return True

        return Estimated(cursors.Filtered(together.cursor, side_by_side), together.documents)

    def _together(self, found: list[str], field: str) -> tuple[Estimated, dict[str, Any]]:
        """Documents that have all of the words, and the words' matchers; none where one is absent."""
        each = {word: self._word(field, word) for word in found}
        if NOTHING in each.values():
            return NOTHING, {}
        return all_of(list(each.values())), {word: _matcher(each[word]) for word in each}

    def _expanded(
        self, found: list[str], field: str, expand: Callable[[str, str], Iterable[Known]]
    ) -> Estimated:
        """All words, the last one for every word of the segment that `expand` makes of it."""
        if not found:
            return NOTHING
        *whole, last = found
        some = list(islice(expand(_name(field), last), EXPANSION_LIMIT))
        parts = [self.phrase([word], field) for word in whole]
        return all_of([*parts, self._any_word(some, field)])

    def _any_word(
        self, some: Sequence[Known], field: str, itself: Estimated = NOTHING
    ) -> Estimated:
        """Documents with one of some words, each opened when the walk comes to its first one.

        How many there are nobody knows before: as many as if each word were in some.
        """
        if not some:
            return itself
        cursors_: list[Cursor] = [
            cursors.Postponed(partial(self._opened, known.word, field)) for known in some
        ]
        firsts = [known.first for known in some]
        if itself is not NOTHING:
            cursors_, firsts = [itself.cursor, *cursors_], [0, *firsts]
        guess = min(itself.documents + _GUESS * len(some), self._segment.documents)
        return Estimated(cursors.AnyOf(cursors_, firsts), guess)

    def _opened(self, word: str, field: str) -> Cursor:
        return self._in_part(word, field).cursor


def _name(field: str) -> str:
    """The index's field for a query's."""
    return "text" if not field or field in _IN_BODY else field


def _placed(found: Estimated, within: _Test) -> Estimated:
    """A word at a place that passes a test; the last places first, where the body is."""
    matcher = _matcher(found)

    def somewhere(_number: int) -> bool:
        return any(map(within, reversed(_places(matcher))))

    return Estimated(cursors.Filtered(found.cursor, somewhere), found.documents)


def _places(matcher: Any) -> tuple[int, ...]:
    return unpack_places(matcher.value())


def _matcher(part: Estimated) -> Any:
    assert isinstance(part.cursor, cursors.Postings)
    return part.cursor.matcher
