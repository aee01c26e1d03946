"""Frozen dataclasses whose methods are made when the first instance is.

`dataclass` writes source of five methods and compiles it: 0.4 ms each. A query's tree has thirty
kinds of nodes, a search makes three of them, and all of its imports should take 50 ms.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as lazy_dataclass
else:

    def lazy_dataclass(*, frozen: bool) -> Any:
        """As `dataclass(frozen=True)`; no slots, as these need another class."""
        assert frozen
        return _deferred


__all__ = ["lazy_dataclass"]

_lock = RLock()
_pending: set[type] = set()


def _deferred(cls: type) -> type:
    assert cls.__bases__ == (object,), "fields of other classes are not looked for"
    cls.__match_args__ = tuple(cls.__annotations__)  # type: ignore[attr-defined,misc]
    cls.__new__ = _new  # type: ignore[assignment,method-assign]
    _pending.add(cls)
    return cls


@staticmethod  # type: ignore[misc]
def _new(cls: type, *_: object, **__: object) -> object:
    """`__init__` is looked for when this is done."""
    if cls in _pending:
        from dataclasses import dataclass

        with _lock:
            if cls in _pending:
                dataclass(frozen=True)(cls)
                _pending.discard(cls)
    return object.__new__(cls)
