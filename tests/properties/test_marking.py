"""Marks against the analyzer: whatever word it finds in a text is marked when it is looked for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.index.analysis import tokens, words
from indexer.search.marking import Marker
from indexer.search.wanted import Wanted

# Letters that are folded one for one, into two, or away; scripts with and without blanks; what parts
# words, and what only seems to.
LETTERS = "abAs sS-_.,\n19éÉßæŒþøİıſςΣσάйё한ががｶﾞ東京\u0301\u0308\u200dﬁ½²ก\u0e31ｅ"
texts = st.text(st.sampled_from(LETTERS), max_size=60)


@settings(max_examples=400)
@given(texts, st.data())
def test_every_word_of_the_analyzer_is_marked_when_it_is_looked_for(
    text: str, data: st.DataObject
) -> None:
    found = list(tokens(text))
    if not found:
        return
    word, start, end = data.draw(st.sampled_from(found))

    marks = Marker(Wanted(frozenset({(word,)}), ())).mark(text).marks

    assert marks, word
    if word in words(text[start:end]):  # in a run of two scripts, places are counted off
        assert any(begin < end and start < stop for begin, stop in marks), (word, text[start:end])


@settings(max_examples=400)
@given(texts, st.data())
def test_words_side_by_side_are_marked_when_they_are_looked_for(
    text: str, data: st.DataObject
) -> None:
    found = list(tokens(text))
    if len(found) < 2:
        return
    at = data.draw(st.integers(0, len(found) - 2))
    pair = (found[at].word, found[at + 1].word)

    marks = Marker(Wanted(frozenset({pair}), ())).mark(text).marks

    assert marks, pair


@given(texts, st.sampled_from(["a", "s", "ss", "ae", "b1"]))
def test_nothing_is_marked_that_the_analyzer_does_not_find(text: str, word: str) -> None:
    marks = Marker(Wanted(frozenset({(word,)}), ())).mark(text).marks

    assert not marks or any(token.word == word for token in tokens(text))
