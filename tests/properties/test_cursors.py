"""Cursors give what plain sets give, in order, however they are nested."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.index import cursors
from indexer.index.cursors import END, Cursor

SIZE = 40
leaves = st.frozensets(st.integers(0, SIZE - 1))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=4)),
        st.tuples(st.just("not"), inner),
        st.tuples(st.just("even"), inner),
    ),
    max_leaves=8,
)


def as_set(tree: object) -> set[int]:
    match tree:
        case frozenset():
            return set(tree)
        case ("and", parts):
            return set.intersection(*map(as_set, parts))
        case ("or", parts):
            return set.union(*map(as_set, parts))
        case ("not", part):
            return set(range(SIZE)) - as_set(part)
        case ("even", part):
            return {number for number in as_set(part) if number % 2 == 0}
    raise AssertionError(tree)


def as_cursor(tree: object) -> Cursor:
    match tree:
        case frozenset():
            return cursors.Listed(sorted(tree))
        case ("and", parts):
            return cursors.All([as_cursor(part) for part in parts])
        case ("or", parts):
            return cursors.AnyOf([as_cursor(part) for part in parts])
        case ("not", part):
            return cursors.Except(as_cursor(part), SIZE)
        case ("even", part):
            return cursors.Filtered(as_cursor(part), lambda number: number % 2 == 0)
    raise AssertionError(tree)


def walked(cursor: Cursor, step: int = 1) -> list[int]:
    found, at = [], cursor.seek(0)
    while at != END:
        found.append(at)
        at = cursor.seek(at + step)
    return found


@settings(max_examples=400)
@given(trees)
def test_a_cursor_walks_the_set_in_order(tree: object) -> None:
    assert walked(as_cursor(tree)) == sorted(as_set(tree))


@settings(max_examples=200)
@given(trees, st.integers(2, 9))
def test_a_cursor_may_be_asked_to_jump(tree: object, step: int) -> None:
    expected, at = [], 0
    while later := [number for number in sorted(as_set(tree)) if number >= at]:
        expected.append(later[0])
        at = later[0] + step
    assert walked(as_cursor(tree), step) == expected


@given(st.integers(0, SIZE), st.integers(0, SIZE))
def test_a_range_is_what_lies_between(first: int, end: int) -> None:
    assert walked(cursors.Between(first, end)) == list(range(first, end))
