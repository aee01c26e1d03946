"""How far two words are apart: letters to add, to take away or to change (Levenshtein)."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any


def is_within(one: str, two: str, most: int) -> bool:
    """Whether `most` changes of one letter each, or fewer, make one word of the other."""
    if abs(len(one) - len(two)) > most:
        return False
    # Row by row; only as far from the diagonal as changes can lead.
    last, far = len(two), most + 1
    before = [min(column, far) for column in range(last + 1)]
    for row, letter in enumerate(one, 1):
        here = [far] * (last + 1)
        here[0] = min(row, far)
        for column in range(max(row - most, 1), min(row + most, last) + 1):
            other = before[column - 1] + (letter != two[column - 1])
            here[column] = min(before[column] + 1, here[column - 1] + 1, other)
        if min(here) > most:
            return False
        before = here
    return before[last] <= most


def pieces(word: str, count: int) -> list[str]:
    """A word in so many pieces: of each word that fewer changes than that make of it, one piece is a
    part as it is."""
    length = len(word)
    stops = [length * number // count for number in range(count + 1)]
    return [word[start:stop] for start, stop in pairwise(stops)]


@lru_cache(maxsize=64)
def nearly(word: str, most: int) -> Any:
    """A pattern, for lines of UTF-8, that all words within `most` changes behind the first letter
    match, and few others: RE2 goes through a vocabulary a hundred times faster than `is_within`.

    Where a letter changes, none, one or two stand in its place: it went, or another came, or one
    more came beside it.
    """
    import re2  # 10 ms that other queries do without

    gap = ".?.?" if most == 1 else ".?.?.?"
    letters = [re.escape(letter) for letter in word] + [
        ""
    ]  # something may come behind the last one
    choices = [
        "".join(gap if at in changed else letter for at, letter in enumerate(letters))
        for changed in combinations(range(1, len(letters)), min(most, len(letters) - 1))
    ]
    options = re2.Options()
    options.never_nl = True
    options.never_capture = True
    options.log_errors = False
    return re2.compile(rf"(?m)^(?:{'|'.join(choices)})$", options)
