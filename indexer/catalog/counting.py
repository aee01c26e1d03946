"""What some documents have in common, counted: senders, folders, types of attachments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from indexer.catalog.store import Catalog

_SOME = "document.id IN (SELECT value FROM json_each(?))"


def senders(catalog: Catalog, ids: Sequence[int], limit: int) -> list[tuple[str, str, int]]:
    """(address in lower case, or the name where there is none; a name; documents), most first."""
    return _rows(
        catalog,
        "SELECT address, max(name), count(*) FROM (SELECT"
        " json_extract(headers, '$.sender[0][0]') AS name,"
        " lower(iif(json_extract(headers, '$.sender[0][1]') <> '',"
        " json_extract(headers, '$.sender[0][1]'),"
        " json_extract(headers, '$.sender[0][0]'))) AS address"
        f" FROM document WHERE {_SOME}) WHERE address <> ''"
        " GROUP BY address ORDER BY count(*) DESC, address LIMIT ?",
        ids,
        limit,
    )


def folders(catalog: Catalog, ids: Sequence[int], limit: int) -> list[tuple[str, int]]:
    """(folder with `/` for the server's delimiter, documents), most first."""
    return _rows(
        catalog,
        "SELECT replace(folder.name, delimiter, '/') AS path, count(DISTINCT document_id)"
        " FROM placement JOIN folder ON folder.id = folder_id"
        " WHERE document_id IN (SELECT value FROM json_each(?))"
        " GROUP BY path ORDER BY 2 DESC, path LIMIT ?",
        ids,
        limit,
    )


def types(catalog: Catalog, ids: Sequence[int], limit: int) -> list[tuple[str, int]]:
    """(type of attachments, documents), most first."""
    return _rows(
        catalog,
        "SELECT json_extract(each.value, '$[1]') AS type, count(DISTINCT document.id)"
        f" FROM document, json_each(document.attachments) AS each WHERE {_SOME}"
        " AND document.attachments <> '' AND type <> ''"
        " GROUP BY type ORDER BY 2 DESC, type LIMIT ?",
        ids,
        limit,
    )


def _rows(catalog: Catalog, sql: str, ids: Sequence[int], limit: int) -> list[Any]:
    return catalog.connection.execute(sql, (json.dumps(list(ids)), limit)).fetchall()
