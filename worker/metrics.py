"""Prometheus metrics of the whole installation, from Redis and the catalog, served on a port.

The numbers are the same whichever service serves them: one of them is enough.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from indexer.catalog import agenda, outbox
from indexer.catalog.overview import overview
from indexer.catalog.store import Catalog
from indexer.errors import MailseekError
from indexer.settings import Settings
from worker import activity, broker, deadletters

log = logging.getLogger(__name__)

_COUNTERS = {
    "messages_fetched": "Messages that came from servers.",
    "messages_indexed": "Changes that the index took in.",
    "octets_received": "Octets read from servers.",
    "throttles": "Times a server asked for a pause.",
    "differences": "Differences that nightly samples found.",
}


class InstallationCollector(Collector):
    """Asks Redis and the catalog at every scrape; what cannot be asked is left out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis = broker.client(settings) if settings.workers.redis else None

    def collect(self) -> Iterable[Metric]:
        """All metrics; those of workers where there are some."""
        sources = [self._from_catalog]
        if self._redis is not None:
            sources.insert(0, self._from_redis)
        for source in sources:
            up = GaugeMetricFamily(
                f"mailseek_{source.__name__.removeprefix('_from_')}_up", "1: answers."
            )
            try:
                yield from list(source())
                up.add_metric([], 1)
            except MailseekError as error:
                log.warning("metrics: %s", error)
                up.add_metric([], 0)
            yield up

    def _from_redis(self) -> Iterator[Metric]:
        assert self._redis is not None
        counters = activity.counters(self._redis)
        for name, text in _COUNTERS.items():
            yield CounterMetricFamily(f"mailseek_{name}", text, value=counters.get(name, 0))
        errors = CounterMetricFamily("mailseek_errors", "Errors of tasks.", labels=["kind"])
        for name, value in counters.items():
            if name.startswith("errors:"):
                errors.add_metric([name.removeprefix("errors:")], value)
        yield errors
        queues = GaugeMetricFamily("mailseek_queue_length", "Tasks that wait.", labels=["queue"])
        for queue, length in activity.queue_lengths(self._redis).items():
            queues.add_metric([queue], length)
        yield queues
        yield GaugeMetricFamily(
            "mailseek_tasks_running", "Tasks at work.", value=len(activity.all_doing(self._redis))
        )
        yield GaugeMetricFamily(
            "mailseek_failed_tasks", "Work given up.", value=len(deadletters.listed(self._redis))
        )
        yield _lags(counters)

    def _from_catalog(self) -> Iterator[Metric]:
        with Catalog.open(self._settings.catalog_path, read_only=True) as catalog:
            lines = overview(catalog)
            waiting = outbox.waiting(catalog)
            resting = sum(
                entry.not_before > time.time() for entry in agenda.entries(catalog).values()
            )
        yield GaugeMetricFamily("mailseek_accounts", "Accounts.", value=len(lines))
        yield GaugeMetricFamily("mailseek_accounts_resting", "After an error.", value=resting)
        for name, text, value in (
            ("messages", "Messages in the catalog.", sum(line.messages for line in lines)),
            ("messages_waiting", "Not indexed yet.", sum(each.count for each in waiting)),
            ("messages_to_fetch", "Not fetched yet.", sum(line.to_fetch for line in lines)),
            ("messages_failed", "Not given by servers.", sum(line.failed for line in lines)),
        ):
            yield GaugeMetricFamily(f"mailseek_{name}", text, value=value)
        oldest = min((each.oldest for each in waiting), default=time.time())
        yield GaugeMetricFamily(
            "mailseek_oldest_waiting_seconds", "Of the index.", value=time.time() - oldest
        )


def _lags(counters: dict[str, float]) -> Metric:
    buckets: list[tuple[str, float]] = []
    total = 0.0
    for bound in (*map(str, activity.LAG_BOUNDS), "+Inf"):
        total += counters.get(f"lag_le:{bound}", 0)
        buckets.append((bound, total))
    family = HistogramMetricFamily(
        "mailseek_lag_seconds", "From arrival on the server to searchable, of new mail."
    )
    family.add_metric([], buckets, sum_value=counters.get("lag_sum", 0))
    return family


def registry(settings: Settings) -> CollectorRegistry:
    """What can be asked for all metrics."""
    made = CollectorRegistry()
    made.register(InstallationCollector(settings))
    return made


def serve(settings: Settings, host: str, port: int) -> None:
    """Answer scrapes on a port, from a thread. Raises OSError where the port is taken."""
    start_http_server(port, host, registry=registry(settings))
