"""Whether the service is well: `/healthz` and `/readyz` for whoever starts it, `/metrics` for counting."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse

from search_api.access import Admin
from search_api.installation import Installation
from search_api.models import Health
from search_api.problems import MEDIA_TYPE, responses

router = APIRouter(tags=["health"])

_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {
        "description": "The catalog cannot be read.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
}


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", responses=_NOT_READY)
async def readyz(request: Request) -> Health:
    """The catalog can be read."""
    installation: Installation = request.app.state.installation
    lease = await installation.lend()
    try:
        lease.opened.catalog.connection.execute("SELECT 1 FROM account LIMIT 1").fetchone()
    finally:
        lease.give_back()
    return Health(status="ok")


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"description": "For Prometheus"}, **responses()},
)
def metrics(caller: Admin, request: Request) -> PlainTextResponse:
    """What `mailseek beat --metrics` serves as well, and how this process answered requests."""
    caller.let_go()
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    from worker.metrics import registry

    of_installation = generate_latest(registry(caller.settings))
    of_process = generate_latest(request.app.state.measures.registry)
    return PlainTextResponse(of_installation + of_process, media_type=CONTENT_TYPE_LATEST)
