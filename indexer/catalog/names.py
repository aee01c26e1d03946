"""Names that occur in the catalog, for completing what somebody types.

With `among`, those that some messages tell of: for whoever must not learn of others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from indexer.catalog.store import Catalog

_RECENT = 20_000  # messages whose senders are looked at

Among = Sequence[int] | None


def senders(catalog: Catalog, part: str, limit: int, among: Among = None) -> list[str]:
    """Senders of recent mail, as their headers have them, that hold this; the busiest first."""
    return _most_frequent(catalog, "sender", part, limit, among)


def lists(catalog: Catalog, part: str, limit: int, among: Among = None) -> list[str]:
    """List-Ids of recent mail that hold this; the busiest first."""
    return _most_frequent(catalog, "json_extract(headers, '$.list_id')", part, limit, among)


def folders(catalog: Catalog, among: Among = None) -> list[str]:
    """All folders, with `/` for the server's delimiter."""
    where, parameters = _placed_among(among)
    rows = catalog.connection.execute(
        "SELECT DISTINCT replace(name, delimiter, '/') FROM folder"
        + (f" JOIN placement ON folder_id = folder.id WHERE {where}" if where else "")
        + " ORDER BY 1",
        parameters,
    )
    return [name for (name,) in rows]


def accounts(catalog: Catalog, among: Among = None) -> list[str]:
    """All accounts."""
    if among is None:
        rows = catalog.connection.execute("SELECT name FROM account ORDER BY 1")
    else:
        rows = catalog.connection.execute(
            "SELECT name FROM account WHERE id IN (SELECT account_id FROM document"
            " WHERE id IN (SELECT value FROM json_each(?))) ORDER BY 1",
            (json.dumps(list(among)),),
        )
    return [name for (name,) in rows]


def keywords(catalog: Catalog, limit: int, among: Among = None) -> list[str]:
    """Keywords that some message has."""
    where, parameters = _placed_among(among)
    rows = catalog.connection.execute(
        "SELECT DISTINCT keywords FROM placement WHERE keywords <> ''"
        + (f" AND {where}" if where else "")
        + " LIMIT ?",
        (*parameters, limit),
    )
    return sorted({word for (words,) in rows for word in words.split()})


def _placed_among(among: Among) -> tuple[str, tuple[str, ...]]:
    if among is None:
        return "", ()
    return "document_id IN (SELECT value FROM json_each(?))", (json.dumps(list(among)),)


def _most_frequent(
    catalog: Catalog, column: str, part: str, limit: int, among: Among
) -> list[str]:  # fmt: skip
    pattern = "%" + re.sub(r"([%_\\])", r"\\\1", part) + "%"
    some = "" if among is None else " WHERE id IN (SELECT value FROM json_each(?))"
    rows = catalog.connection.execute(
        f"SELECT name FROM (SELECT {column} AS name FROM document{some}"
        " ORDER BY date DESC, id DESC LIMIT ?) WHERE name LIKE ? ESCAPE '\\' AND name <> ''"
        " GROUP BY name ORDER BY count(*) DESC, name LIMIT ?",
        (*(() if among is None else (json.dumps(list(among)),)), _RECENT, pattern, limit),
    )
    return [name for (name,) in rows]
