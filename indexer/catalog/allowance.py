"""How much an account received today, where it is allowed so much a day and not more."""

from __future__ import annotations

from indexer.catalog.store import Catalog

DAY = 86400  # seconds


def spend(catalog: Catalog, account_id: int, octets: int, now: float) -> int:
    """Add octets to what was received on the day of `now` (UTC); what they are together."""
    today = int(now // DAY)
    with catalog.transaction() as connection:
        (spent,) = connection.execute(
            "UPDATE account SET octets = iif(day = ?1, octets, 0) + ?2, day = ?1 WHERE id = ?3"
            " RETURNING octets",
            (today, octets, account_id),
        ).fetchone()
    return int(spent)
