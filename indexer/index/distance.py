"""How far two words are apart: letters to add, to take away or to change (Levenshtein)."""

from __future__ import annotations


def is_within(one: str, two: str, most: int) -> bool:
    """Whether `most` changes of one letter each, or fewer, make one word of the other."""
    if abs(len(one) - len(two)) > most:
        return False
    before = list(range(len(two) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, other in enumerate(two, 1):
            here.append(
                min(before[column] + 1, here[-1] + 1, before[column - 1] + (letter != other))
            )
        if min(here) > most:
            return False
        before = here
    return before[-1] <= most
