"""Queries that were given a name."""

from __future__ import annotations

from indexer.catalog.store import Catalog


def keep(catalog: Catalog, name: str, query: str) -> None:
    """Give a query a name, in place of the query that had it."""
    with catalog.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO saved VALUES (?, ?)", (name, query))


def remove(catalog: Catalog, name: str) -> bool:
    """Forget a name; whether there was one."""
    with catalog.transaction() as connection:
        return connection.execute("DELETE FROM saved WHERE name = ?", (name,)).rowcount > 0


def listed(catalog: Catalog) -> dict[str, str]:
    """Name → query, by name."""
    return dict(catalog.connection.execute("SELECT name, query FROM saved ORDER BY name"))
