"""Putting right what `verify` found: the server is right about mail, the catalog about the index."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.catalog import backlog, outbox
from indexer.catalog import folders as catalog_folders
from indexer.catalog.store import Catalog
from indexer.index.engine import Partition
from indexer.index.whoosh_engine import WhooshEngine
from indexer.pipeline import OnProgress, Outcome, sync
from indexer.settings import Settings
from indexer.verification import PARTITION, Difference


def repair(
    settings: Settings, found: Sequence[Difference], on_progress: OnProgress
) -> list[Outcome]:
    """Compare or read the folders anew that differ, and write the partitions anew that do.

    Raises ConfigError, StorageError, IndexUnavailable.
    """
    with Catalog.open(settings.catalog_path) as catalog:
        engine = WhooshEngine(settings.index_path)
        for account, place, cure in {(each.account, each.place, each.cure) for each in found}:
            account_id = catalog_folders.account_id(catalog, account)
            if cure == "index":
                partition = Partition(account_id, place.removeprefix(PARTITION))
                indexed = engine.ids(partition)
                outbox.enqueue_partition(catalog, account_id, partition.period, indexed)
            else:
                backlog.distrust(catalog, account_id, place, uids=cure == "anew")
    return sync(settings, sorted({each.account for each in found}), on_progress)
