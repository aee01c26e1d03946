"""UIDs as IMAP writes them, `1:4,7,9:12` (RFC 9051 section 4.1.1), both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

_MOST_RANGES = 200_000  # of one answer


def sequence_sets(
    uids: Iterable[int], *, octets: int = 8000, messages: int = 10_000
) -> Iterator[str]:
    """Ascending UIDs as sets that each fit into a command: at most so long, for so many messages."""
    parts: list[str] = []
    length = count = 0
    for first, last in _runs(uids):
        while first <= last:
            stop = min(last, first + messages - count - 1)
            part = str(first) if stop == first else f"{first}:{stop}"
            if parts and (length + len(part) + 1 > octets or count >= messages):
                yield ",".join(parts)
                parts, length, count = [], 0, 0
                continue
            parts.append(part)
            length += len(part) + 1
            count += stop - first + 1
            first = stop + 1
    if parts:
        yield ",".join(parts)


def parse(text: bytes) -> list[range]:
    """The ranges of a set that a server sent, in its order. Raises ValueError."""
    parts = text.split(b",")
    if len(parts) > _MOST_RANGES:
        raise ValueError("a set of too many ranges")
    found = []
    for part in parts:
        first, colon, last = part.partition(b":")
        if not first.isdigit() or (colon and not last.isdigit()):
            raise ValueError("no set of UIDs")
        low, high = sorted((int(first), int(last or first)))
        found.append(range(low, high + 1))
    return found


def flattened(ranges: Sequence[range], most: int) -> list[int]:
    """All members, in order. Raises ValueError where they are more than `most`."""
    if sum(len(each) for each in ranges) > most:
        raise ValueError("a set of too many members")
    return [uid for each in ranges for uid in each]


def _runs(uids: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = -1
    for uid in uids:
        if uid == last + 1 and first >= 0:
            last = uid
            continue
        if first >= 0:
            yield first, last
        first = last = uid
    if first >= 0:
        yield first, last
