"""Names and words that may be shown to somebody who types a query: all there are, or those that
visible messages tell of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import Protocol

from indexer.catalog import names
from indexer.catalog.store import Catalog
from indexer.index.engine import SearchEngine
from indexer.query import syntax
from indexer.search.searcher import Searcher

_NEWEST = 2000  # visible messages that are looked at
_KEYWORDS = 1000
_SENDERS = 20_000


class KnownNames(Protocol):
    """What `completing` asks for."""

    def accounts(self) -> Sequence[str]:
        """Names of accounts."""

    def folders(self) -> Sequence[str]:
        """Folders, with `/` for the delimiter."""

    def keywords(self) -> Sequence[str]:
        """Keywords of messages."""

    def senders(self, part: str, limit: int) -> Sequence[str]:
        """Senders with a part of this, the busiest first."""

    def lists(self, part: str, limit: int) -> Sequence[str]:
        """Mailing lists with a part of this, the busiest first."""

    def words(self, start: str, limit: int) -> Sequence[tuple[str, int]]:
        """Words of messages that begin like this, and how many have them."""


class AllNames:
    """Everything that catalog and index have. Kept, it answers sooner: who sent recent mail is
    looked up anew only when somebody wrote to the catalog, and else it would be with each key."""

    def __init__(self, catalog: Catalog, engine: SearchEngine) -> None:
        self._catalog, self._engine = catalog, engine
        self._senders: tuple[tuple[int, int], list[tuple[str, str]]] = ((-1, -1), [])

    def accounts(self) -> Sequence[str]:
        """See KnownNames, as for the others."""
        return names.accounts(self._catalog)

    def folders(self) -> Sequence[str]:
        """All."""
        return names.folders(self._catalog)

    def keywords(self) -> Sequence[str]:
        """All."""
        return names.keywords(self._catalog, _KEYWORDS)

    def senders(self, part: str, limit: int) -> Sequence[str]:
        """Of recent mail."""
        version, folded = self._catalog.version(), part.casefold()
        if self._senders[0] != version:
            found = names.senders(self._catalog, "", _SENDERS)
            self._senders = version, [(name.casefold(), name) for name in found]
        return [*islice((name for key, name in self._senders[1] if folded in key), limit)]

    def lists(self, part: str, limit: int) -> Sequence[str]:
        """Of recent mail."""
        return names.lists(self._catalog, part, limit)

    def words(self, start: str, limit: int) -> Sequence[tuple[str, int]]:
        """Of the index."""
        return self._engine.beginning(start, limit)


class VisibleNames:
    """What the newest messages tell of that a searcher's scope lets through; no words."""

    def __init__(self, catalog: Catalog, searcher: Searcher) -> None:
        self._catalog, self._searcher = catalog, searcher

    @cached_property
    def _among(self) -> list[int]:
        everything = self._searcher.resolved(syntax.Everything(), "")
        return [match.id for match in islice(self._searcher.matches(everything), _NEWEST)]

    def accounts(self) -> Sequence[str]:
        """See KnownNames, as for the others."""
        return names.accounts(self._catalog, self._among)

    def folders(self) -> Sequence[str]:
        """Where visible messages are."""
        return names.folders(self._catalog, self._among)

    def keywords(self) -> Sequence[str]:
        """Of visible messages."""
        return names.keywords(self._catalog, _KEYWORDS, self._among)

    def senders(self, part: str, limit: int) -> Sequence[str]:
        """Of visible messages."""
        return names.senders(self._catalog, part, limit, self._among)

    def lists(self, part: str, limit: int) -> Sequence[str]:
        """Of visible messages."""
        return names.lists(self._catalog, part, limit, self._among)

    def words(self, start: str, limit: int) -> Sequence[tuple[str, int]]:
        """None: the index does not know of whose messages its words are."""
        return []
