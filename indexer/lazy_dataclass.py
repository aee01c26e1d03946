"""Frozen dataclasses that cost next to nothing until the first instance is made.

`dataclass` writes source of six methods and compiles it: 0.5 ms for each class, and a search, whose
imports should take 50 ms, has seventy. Here one is compiled, when it is needed, and the others are
the same for all. A query's tree has thirty kinds of nodes, of which a search makes three.
"""

from __future__ import annotations

from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any

__all__ = ["lazy_dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass as lazy_dataclass
else:

    def lazy_dataclass(*, frozen: bool) -> Any:
        """As `dataclass(frozen=True)`, of fields without factories. No slots: these need another
        class."""
        assert frozen
        return _deferred


_lock = RLock()
_pending: set[type] = set()


def _deferred(cls: Any) -> Any:
    assert cls.__bases__ == (object,), "fields of other classes are not looked for"
    setattr(cls, "__match_args__", tuple(cls.__annotations__))  # noqa: B010, mypy knows it better
    cls.__new__ = _new
    _pending.add(cls)
    return cls


def _new(cls: type, *_: object, **__: object) -> object:
    """`__init__` is looked for when this is done."""
    if cls in _pending:
        with _lock:
            if cls in _pending:
                _complete(cls)
                _pending.discard(cls)
    return object.__new__(cls)


def _complete(cls: Any) -> None:
    from dataclasses import MISSING, dataclass, fields

    dataclass(init=False, repr=False, eq=False, match_args=False)(cls)
    known = fields(cls)
    assert all(each.init and each.default_factory is MISSING for each in known), cls
    parameters = ", ".join(
        each.name if each.default is MISSING else f"{each.name}=defaults[{each.name!r}]"
        for each in known
    )
    body = "".join(f"\n put(self, {each.name!r}, {each.name})" for each in known)
    made: dict[str, Any] = {}
    exec(  # noqa: S102, names of fields alone
        f"def __init__(self, {parameters}):{body or ' pass'}",
        {
            "put": object.__setattr__,
            "defaults": {each.name: each.default for each in known},
            "__name__": cls.__module__,
        },
        made,
    )
    compared = [each.name for each in known if each.compare]
    cls.__compared__ = attrgetter(*compared) if compared else _nothing
    for name, method in {**_SHARED, **made}.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)


def _nothing(_: object) -> tuple[()]:
    return ()


def _compared(value: Any) -> Any:
    return type(value).__compared__(value)


def _eq(self: object, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: object) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    from dataclasses import fields

    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _setattr(_: object, name: str, __: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_: object, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


_SHARED = {
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
}
