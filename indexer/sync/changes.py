"""What changed in a folder: values in, values out, no I/O.

The ways to follow a folder, the cheapest that the server offers first:

- *unchanged*: its state is the one that we know; nothing is asked.
- *qresync* (RFC 7162 section 3.2): EXAMINE itself tells changed flags and vanished UIDs.
- *condstore* (RFC 7162 section 3.1): flags by CHANGEDSINCE, arrivals by UIDNEXT; all UIDs are
  compared only where the counts disagree.
- *plain* (RFC 4549 section 4.3): all UIDs and all flags are compared. Also where HIGHESTMODSEQ is
  unknown, or went back.
- *reset*: another UIDVALIDITY, or a folder never seen. What we knew of its UIDs means nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from indexer.imap.examine import FlagState
from indexer.imap.folders import FolderState


class Strategy(Enum):
    """How a folder is followed."""

    UNCHANGED = "unchanged"
    QRESYNC = "qresync"
    CONDSTORE = "condstore"
    PLAIN = "plain"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """UIDs to fetch, newest first; UIDs that are gone; flags that differ."""

    new: tuple[int, ...] = ()
    vanished: tuple[int, ...] = ()
    flags: tuple[FlagState, ...] = ()


def strategy(
    known: FolderState | None, listed: FolderState, *, complete: bool, qresync: bool
) -> Strategy:
    """How to follow a folder, from what the catalog has and what LIST or STATUS told."""
    if known is None:
        return Strategy.RESET
    if listed.uidvalidity is not None and listed.uidvalidity != known.uidvalidity:
        return Strategy.RESET
    same = (known.uidvalidity, known.uidnext, known.messages) == (
        listed.uidvalidity,
        listed.uidnext,
        listed.messages,
    )
    if complete and same and known.uidvalidity is not None:
        if known.messages == 0:
            return Strategy.UNCHANGED
        if known.highestmodseq is not None and known.highestmodseq == listed.highestmodseq:
            return Strategy.UNCHANGED
    if known.highestmodseq is None or listed.highestmodseq is None:
        return Strategy.PLAIN
    if listed.highestmodseq < known.highestmodseq:
        return Strategy.PLAIN
    return Strategy.QRESYNC if qresync else Strategy.CONDSTORE


def compare(known: Sequence[int], there: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(new, newest first; vanished) of two ascending sequences of UIDs: ours and the server's."""
    ours, theirs = set(known), set(there)
    return (
        tuple(uid for uid in reversed(there) if uid not in ours),
        tuple(uid for uid in known if uid not in theirs),
    )


def within(ranges: Iterable[range], known: Sequence[int]) -> tuple[int, ...]:
    """UIDs of an ascending sequence that some range covers, ascending, each once."""
    found: list[int] = []
    done = 0
    for each in sorted(ranges, key=lambda each: each.start):
        first = max(bisect_left(known, each.start), done)
        done = max(bisect_left(known, each.stop), done)
        found.extend(known[first:done])
    return tuple(found)


def counts_agree(known: int, new: int, vanished: int, messages: int | None) -> bool:
    """Whether we will know as many messages as the server has."""
    return messages is None or known - vanished + new == messages
