"""Dataclasses whose methods are made when the first instance is: they are like any other."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, field, fields, replace
from threading import Barrier, Thread

import pytest

from indexer.lazy_dataclass import lazy_dataclass


@lazy_dataclass(frozen=True)
class Point:
    x: int
    y: int = 2
    name: str = field(default="", compare=False)


@lazy_dataclass(frozen=True)
class Untouched:
    x: int


def test_instances_are_like_those_of_any_dataclass() -> None:
    one, other = Point(1, name="one"), Point(x=1)

    assert one == other
    assert one != Point(2)
    assert hash(one) == hash(other)
    assert repr(one) == "Point(x=1, y=2, name='one')"
    assert replace(one, x=5) == Point(5)
    assert [each.name for each in fields(one)] == ["x", "y", "name"]
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.x = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_a_class_without_instances_can_be_matched() -> None:
    match object():
        case Untouched(1):
            pytest.fail("it is none")
        case Point(1):
            pytest.fail("it is none")

    match Point(3):
        case Point(x, y):
            assert (x, y) == (3, 2)


def test_the_first_instance_may_be_made_in_several_threads() -> None:
    for _ in range(20):

        @lazy_dataclass(frozen=True)
        class Fresh:
            x: int

        barrier, made = Barrier(4), []

        def make(kind: type[Fresh] = Fresh, barrier: Barrier = barrier) -> None:
            barrier.wait()
            made.append(kind(7).x)  # noqa: B023, joined below

        threads = [Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert made == [7] * 4
