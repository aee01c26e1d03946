"""A vocabulary's file gives what a sorted list of words gives, with each word's first document."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.index.distance import is_within
from indexer.index.vocabulary import Recorder, Vocabulary

LETTERS = "abcéßж京z0"
words = st.lists(st.text(LETTERS, min_size=1, max_size=6), max_size=60, unique=True)
pieces = st.text(LETTERS, min_size=1, max_size=3)


def vocabulary(found: list[str], number: int = 0) -> tuple[Vocabulary, dict[str, int]]:
    """Of two fields, and the first document of each word of the second one."""
    firsts = {word: (7 * at + number) % 1000 for at, word in enumerate(found)}
    recorder = Recorder()
    recorder.add("from", b"other", 1)
    for word in sorted(found, key=str.encode):
        recorder.add("text", word.encode(), firsts[word])
    recorder.add("type", b"=Left out", 1)
    return Vocabulary(recorder.content()), firsts


@settings(max_examples=300, deadline=None)
@given(words, pieces, st.integers(1, 2))
def test_patterns_find_what_looking_at_every_word_finds(
    found: list[str], piece: str, distance: int
) -> None:
    read, firsts = vocabulary(found)
    text = read["text"]
    ordered = sorted(found, key=str.encode)

    assert list(text) == ordered
    assert list(read["type"]) == list(read["nothing"]) == []
    assert list(read["from"]) == ["other"]
    begin = [(word, firsts[word]) for word in ordered if word.startswith(piece)]
    assert list(text.beginning(piece)) == begin
    hold = [(word, firsts[word]) for word in ordered if piece in word]
    assert list(text.holding(piece)) == hold
    alike = {
        (word, firsts[word])
        for word in found
        if word[0] == piece[0] and is_within(piece, word, distance)
    }
    assert set(text.alike(piece, distance)) == alike


def test_a_large_vocabulary_is_found_through_by_its_landmarks() -> None:
    dice = random.Random(7)
    found = list({"".join(dice.choices("abcdefgh", k=dice.randint(1, 9))) for _ in range(20_000)})
    read, firsts = vocabulary(found)
    text = read["text"]
    assert len(text._landmarks) > 20

    for start in ("a", "h", "abc", "hhhhhhhhhh", "d", "cab", "0", "z", *dice.sample(found, 50)):
        expected = sorted((word, firsts[word]) for word in found if word.startswith(start))
        assert list(text.beginning(start)) == expected
    for piece in ("abc", "hgf", "aaaaaaaaaaa"):
        expected = sorted((word, firsts[word]) for word in found if piece in word)
        assert list(text.holding(piece)) == expected
