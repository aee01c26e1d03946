"""Saving a query under a name, if it is one."""

from __future__ import annotations

import re

from indexer.catalog import saved
from indexer.catalog.store import Catalog
from indexer.errors import ConfigError
from indexer.search.searcher import Searcher

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def keep(catalog: Catalog, searcher: Searcher, name: str, query: str) -> None:
    """Give a query a name, in place of the one that had it; both are as they were where it is wrong.

    Raises ConfigError for what is no name, QueryError, also for a query that would hold itself.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a saved search", cure="use 1 to 40 letters, digits, - and _"
        )
    before = saved.listed(catalog).get(name)
    saved.keep(catalog, name, query)
    try:
        searcher.parsed(f"query:{name}")  # also whether it holds itself
    except BaseException:
        if before is None:
            saved.remove(catalog, name)
        else:
            saved.keep(catalog, name, before)
        raise
