"""What beat sends, and when. Who is due is the catalog's to know: beat only asks often enough.

Two beats by mistake are harmless: an account is marked as planned in one transaction, so the second
one's question finds nobody due.
"""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

from indexer.settings import Settings


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Celery's schedule. Each message expires before the next one comes: none pile up."""
    every = max(1.0, min(5.0, settings.workers.sync_every / 2))
    return {
        "who is due": {
            "task": "mailseek.dispatch",
            "schedule": every,
            "options": {"expires": every},
        },
        "clean up": {
            "task": "mailseek.clean_up",
            "schedule": crontab(minute="17"),
            "options": {"expires": 3000},
        },
        "verify a sample": {
            "task": "mailseek.verify_sample",
            "schedule": crontab(hour="3", minute="30"),
            "options": {"expires": 3600},
        },
    }
