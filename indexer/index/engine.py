"""The door to the full-text index: what the pipeline and the searcher need of it, and no more.

An engine keeps documents in partitions, (account, period). The contract, which one test suite
checks for every engine behind this door:

* `write` is atomic: a reader sees all of a batch or nothing, after a crash too. When it returns,
  the batch is on the disk (fsync). Documents come newest first, (date, id) descending, and may come
  from an iterator: they are not held in memory. Writing a document again replaces it; deleting one
  that is not there is no error. One writer per partition at a time; another gets IndexBusy.
* `matches` yields newest first, (date, id) descending, over all partitions, and works only as far
  as it is consumed. Of each partition it sees one commit, the newest when it came to it.
* A reader sees another process's commit at its next call.
* Nothing is lost that cannot be made again from the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from indexer.query.syntax import Node, State

if TYPE_CHECKING:  # searching does without what writing needs
    from indexer.catalog.records import Record


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A part of the index: an account's documents of one period, such as `2024` or `2024.1`."""

    account_id: int
    period: str


class Match(NamedTuple):
    """A document that matches: effective date (seconds since 1970), id, and score (0 unscored)."""

    date: int
    id: int
    score: float = 0.0


StateLookup = Callable[[State, Partition], Collection[int]]
"""(state, partition) → the ids of that partition's documents which are in this state."""


@dataclass(frozen=True, slots=True)
class PartitionStats:
    """What one partition holds."""

    partition: Partition
    documents: int
    segments: int
    octets: int


class SearchEngine(Protocol):
    """See the module's docstring for what every method promises."""

    def write(self, partition: Partition, add: Iterable[Record], gone: Collection[int]) -> None:
        """Add documents to a partition, after removing those with an id in `gone`.

        `gone` names the ids of `add` as well where they may be there already.
        Raises IndexBusy, IndexUnavailable, StorageError.
        """

    def tidy(self, partition: Partition) -> bool:
        """Merge small segments where there are too many; True where something was done."""

    def matches(self, query: Node, states: StateLookup) -> Iterator[Match]:
        """Documents that match, newest first, lazily."""

    def ranked(self, query: Node, states: StateLookup, limit: int) -> list[Match]:
        """The `limit` best matches, best first; ties newest first."""

    def count(self, query: Node, states: StateLookup) -> int:
        """How many documents match, exactly."""

    def partitions(self) -> list[Partition]:
        """All partitions that exist, newest period first."""

    def ids(self, partition: Partition) -> list[int]:
        """Ids of all documents of a partition, in the order in which they are kept."""

    def stats(self) -> list[PartitionStats]:
        """A line for each partition."""

    def drop(self, partition: Partition) -> None:
        """Forget a partition, whatever state its files are in."""
