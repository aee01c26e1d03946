"""Names that occur in the catalog, for completing what somebody types."""

from __future__ import annotations

import re

from indexer.catalog.store import Catalog

_RECENT = 20_000  # messages whose senders are looked at


def senders(catalog: Catalog, part: str, limit: int) -> list[str]:
    """Senders of recent mail, as their headers have them, that hold this; the busiest first."""
    return _most_frequent(catalog, "sender", part, limit)


def lists(catalog: Catalog, part: str, limit: int) -> list[str]:
    """List-Ids of recent mail that hold this; the busiest first."""
    return _most_frequent(catalog, "json_extract(headers, '$.list_id')", part, limit)


def folders(catalog: Catalog) -> list[str]:
    """All folders, with `/` for the server's delimiter."""
    rows = catalog.connection.execute(
        "SELECT DISTINCT replace(name, delimiter, '/') FROM folder ORDER BY 1"
    )
    return [name for (name,) in rows]


def accounts(catalog: Catalog) -> list[str]:
    """All accounts."""
    return [name for (name,) in catalog.connection.execute("SELECT name FROM account ORDER BY 1")]


def keywords(catalog: Catalog, limit: int) -> list[str]:
    """Keywords that some message has."""
    rows = catalog.connection.execute(
        "SELECT DISTINCT keywords FROM placement WHERE keywords <> '' LIMIT ?", (limit,)
    )
    return sorted({word for (words,) in rows for word in words.split()})


def _most_frequent(catalog: Catalog, column: str, part: str, limit: int) -> list[str]:
    pattern = "%" + re.sub(r"([%_\\])", r"\\\1", part) + "%"
    rows = catalog.connection.execute(
        f"SELECT name FROM (SELECT {column} AS name FROM document"
        " ORDER BY date DESC, id DESC LIMIT ?) WHERE name LIKE ? ESCAPE '\\' AND name <> ''"
        " GROUP BY name ORDER BY count(*) DESC LIMIT ?",
        (_RECENT, pattern, limit),
    )
    return [name for (name,) in rows]
