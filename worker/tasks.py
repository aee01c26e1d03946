"""The tasks: a step of `indexer.steps` each, with small JSON arguments, and what it leaves to others.

All may run twice, or at the same time as their own copies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from celery import Task, shared_task

from indexer import steps, upkeep
from indexer.index.engine import Partition
from indexer.work import Done
from worker import activity, locks
from worker.queues import FILLING
from worker.running import Context, run
from worker.sending import PATIENCE

log = logging.getLogger(__name__)

_BUSY_PARTITION = 0.5  # seconds until it is looked at again
_LOOK_EVERY = 1.0  # seconds between two looks, during a step, at what is worth indexing


@shared_task(name="mailseek.dispatch", bind=True)
def dispatch(task: Task) -> None:
    """Beat's question: who is due, and what was lost on the way."""

    def step(here: Context) -> None:
        for account in steps.due_accounts(here.settings, time.time()):
            here.send.plan(account)
        for account in steps.behind(here.settings):
            here.send.fetch(account)
        here.send.index(steps.to_index(here.settings, patience=PATIENCE), priority=FILLING)

    run(task, "", step)


@shared_task(name="mailseek.plan", bind=True)
def plan(task: Task, account: str, work: str = "") -> None:
    """See what changed in an account; a few folders are dealt with at once."""

    def step(here: Context) -> None:
        done = steps.plan_account(
            here.settings, account, here.hold(account), on_commit=_indexing(here, account)
        )
        _done(here, account, done)
        if done.groups:
            here.send.index(steps.to_index(here.settings, name=account))  # the newest, at once
        here.send.follow_up(here.settings, account, done, alone=True)

    run(task, work, step, account=account, about=[account])


@shared_task(name="mailseek.sync", bind=True)
def sync(task: Task, account: str, folders: list[str], work: str = "") -> None:
    """Follow some folders of an account."""

    def step(here: Context) -> None:
        done = steps.sync_folders(
            here.settings, account, folders, here.hold(account), on_commit=_indexing(here, account)
        )
        _done(here, account, done)
        here.send.follow_up(here.settings, account, done, alone=False)

    run(task, work, step, account=account, about=[account, *folders[:3]])


@shared_task(name="mailseek.fetch", bind=True)
def fetch(task: Task, account: str, lane: int, work: str = "") -> None:
    """Fetch some seconds' worth of an account's older mail, then stand in the queue again."""

    def step(here: Context) -> None:
        done = steps.fetch_backlog(
            here.settings, account, here.hold(account), on_commit=_indexing(here, account)
        )
        _done(here, account, done)
        here.send.index_account(here.settings, account, more=bool(done.backlog))
        if done.backlog and done.messages:
            here.send.fetch(account, lane)

    run(task, work, step, account=account, about=[account])


@shared_task(name="mailseek.index", bind=True)
def index(task: Task, account_id: int, period: str, work: str = "") -> None:
    """Index what waits for a partition."""
    partition = Partition(account_id, period)

    def step(here: Context) -> None:
        seconds = here.settings.workers.lease
        with locks.lease(here.redis, f"partition:{account_id}:{period}", seconds) as ours:
            done = steps.index_partition(here.settings, partition) if ours else None
        if done is None or done.busy:
            # Whoever has it may just have looked for the last time.
            here.send.index([partition], countdown=_BUSY_PARTITION)
            return
        activity.count(here.redis, {"messages_indexed": done.rows})
        activity.count_lags(here.redis, done.lags)
        if done.left:
            here.send.index([partition], priority=FILLING)

    run(task, work, step, about=[str(account_id), period])


@shared_task(name="mailseek.verify_sample", bind=True)
def verify_sample(task: Task) -> None:
    """Send some accounts to be compared, those that were not for longest."""

    def step(here: Context) -> None:
        for account in upkeep.to_verify(here.settings):
            here.send.verify(account)

    run(task, "", step)


@shared_task(name="mailseek.verify", bind=True)
def verify(task: Task, account: str, work: str = "") -> None:
    """Compare a sample of an account with the server; what differs is read again."""

    def step(here: Context) -> None:
        differences = upkeep.verify_account(here.settings, account, here.hold(account))
        for each in differences:
            log.error("%s: %s", each.place, each.problem)
        activity.count(here.redis, {"differences": len(differences)})
        if differences:
            here.send.plan(account)

    run(task, work, step, account=account, about=[account])


@shared_task(name="mailseek.clean_up", bind=True)
def clean_up(task: Task) -> None:
    """Keep the catalog small."""
    run(task, "", lambda here: upkeep.clean_up(here.settings))


def _done(here: Context, account: str, done: Done) -> None:
    activity.count(here.redis, {"messages_fetched": done.messages, "octets_received": done.octets})
    if done.messages or done.vanished:
        log.info(
            "%s: %d messages, %d gone, %d to fetch",
            account, done.messages, done.vanished, done.backlog,
        )  # fmt: skip


def _indexing(here: Context, account: str) -> Callable[[], None]:
    """Have batches indexed while a step still fetches."""
    last = time.monotonic()

    def on_commit() -> None:
        nonlocal last
        if time.monotonic() - last > _LOOK_EVERY:
            last = time.monotonic()
            here.send.index_account(here.settings, account, more=True)

    return on_commit
