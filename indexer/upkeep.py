"""What nobody waits for: samples compared with the server and put right, a catalog kept small."""

from __future__ import annotations

import random
import time

from indexer.catalog import agenda, backlog, outbox, pruning
from indexer.catalog import folders as catalog_folders
from indexer.catalog.folders import KnownFolder
from indexer.catalog.store import Catalog
from indexer.index import drain
from indexer.index.engine import Partition
from indexer.index.whoosh_engine import WhooshEngine
from indexer.settings import Settings
from indexer.verification import (
    Difference,
    folder_differences,
    partition_differences,
    partitions,
)
from indexer.work import Hold, Work, as_listed, working

_SHARE = 7  # each night one of so many accounts, so that a week sees them all
_MOST_MESSAGES = 50_000  # of a folder that is compared whole


def to_verify(settings: Settings) -> list[str]:
    """A seventh of the accounts, those that were not verified for longest. Raises StorageError."""
    with Catalog.open(settings.catalog_path) as catalog:
        entries = agenda.entries(catalog)
    known = sorted(
        (entries[name].verified_at, name) for name in settings.accounts if name in entries
    )
    return [name for _, name in known[: -(-len(known) // _SHARE)]]


def verify_account(
    settings: Settings, name: str, hold: Hold, *, seconds: float = 60.0
) -> list[Difference]:
    """Compare folders and a partition of an account, drawn by chance, for some seconds.

    A folder that differs is compared UID by UID, flag by flag, in its next pass; a partition that
    differs is written again from the catalog.
    Raises ConfigError, ServerError, StorageError, IndexUnavailable.
    """
    found: list[Difference] = []
    dice = random.Random()  # noqa: S311 - a sample, not a secret
    with working(settings, name, hold, seconds, lambda: None) as work:
        if work is None:
            return found
        catalog, account_id = work.catalog, work.account_id
        known = catalog_folders.of_account(catalog, account_id)
        names = [
            each.name for each in known.values() if (each.point.messages or 0) < _MOST_MESSAGES
        ]
        for folder in dice.sample(names, len(names)):
            if time.monotonic() > work.until:
                break
            found += _compare(work, known[folder])
        agenda.verified(catalog, account_id, time.time())
        engine = WhooshEngine(settings.index_path)
        there = partitions(engine, catalog, account_id)
        for partition in dice.sample(there, min(1, len(there))):
            found += _compare_index(settings, catalog, engine, name, partition)
    return found


def _compare(work: Work, folder: KnownFolder) -> list[Difference]:
    """A folder as the server has it now; followed first, so that news are no differences."""
    work.follow([as_listed(folder)])
    with work.hold(folder.name) as ours:
        known = catalog_folders.find(work.catalog, work.account_id, folder.name)
        if not ours or known is None or not known.point.complete:
            return []
        found = list(
            folder_differences(work.link.session, work.catalog, work.link.account.name, known)
        )
        if found:
            backlog.distrust(work.catalog, work.account_id, folder.name)
        return found


def _compare_index(
    settings: Settings, catalog: Catalog, engine: WhooshEngine, name: str, partition: Partition
) -> list[Difference]:
    with drain.drain_lock(settings.index_path, partition) as ours:
        if not ours:
            return []
        found = list(partition_differences(engine, catalog, name, partition))
        if found:
            indexed = engine.ids(partition)
            outbox.enqueue_partition(catalog, partition.account_id, partition.period, indexed)
        return found


def clean_up(settings: Settings) -> None:
    """Forget what nothing refers to any more, and events that are old enough; fold the catalog's log
    into it.

    Raises StorageError.
    """
    with Catalog.open(settings.catalog_path) as catalog:
        kept = settings.api.keep_events_days * 86_400
        pruning.prune(catalog, events_before=time.time() - kept)
