"""A Searcher for an installation, as its settings say."""

from __future__ import annotations

from indexer.catalog.store import Catalog
from indexer.index.whoosh_engine import WhooshEngine
from indexer.search.searcher import Searcher
from indexer.settings import Settings


def searcher(settings: Settings, catalog: Catalog) -> Searcher:
    """Over an open catalog; see Searcher for how long it may be kept."""
    return Searcher(
        catalog,
        WhooshEngine(settings.index_path, settings.languages),
        own_addresses=settings.own_addresses,
        languages=settings.languages,
    )
