"""The Celery app: `celery -A worker.app …` works, with MAILSEEK_HOME naming the installation."""

from __future__ import annotations

import gc
import warnings

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_init, worker_process_init

from indexer.settings import Settings, load
from worker import broker, guard, logs
from worker.queues import FILLING, LONGEST_TASK, NEW, OLD, ROUTES, VISIBILITY
from worker.schedule import beat_schedule


def make_app(settings: Settings) -> Celery:
    """The app for these settings; nothing is connected yet. Raises ConfigError."""
    app = Celery("mailseek", broker=broker.url(settings), include=["worker.tasks"])
    app.conf.update(
        task_default_queue="sync",
        task_routes={task: {"queue": queue} for task, queue in ROUTES.items()},
        task_default_priority=NEW,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=LONGEST_TASK,
        task_soft_time_limit=LONGEST_TASK - 30,
        worker_prefetch_multiplier=1,
        worker_eta_task_limit=1000,
        worker_send_task_events=True,
        task_send_sent_event=False,
        worker_soft_shutdown_timeout=20,
        worker_disable_rate_limits=True,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": VISIBILITY,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "queue_order_strategy": "priority",
            "priority_steps": [NEW, FILLING, OLD],
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 15,
        },
        beat_schedule=beat_schedule(settings),
        beat_schedule_filename=str(settings.home / "beat-schedule"),
        beat_max_loop_interval=5,
    )
    return app


# The warning is about pickle from strangers when root runs a worker; only JSON is accepted here.
warnings.filterwarnings("ignore", category=SecurityWarning)


@setup_logging.connect
def _own_logging(**_: object) -> None:
    logs.configure()


@worker_init.connect
def _before_children(**_: object) -> None:
    """Import once what every child of the pool needs: they share it, and begin at once."""
    import indexer.extract.html
    import indexer.imap.fetch
    import indexer.index.writing  # noqa: F401

    gc.collect()
    gc.freeze()
    guard.give_signs_of_life()


@worker_process_init.connect
def _in_child(**_: object) -> None:
    """A child of the pool must not share its parent's connections."""
    from worker import running

    running.forget_connections()


app = make_app(load())
