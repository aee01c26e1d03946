"""How this process answered requests, counted by route and status, for Prometheus."""

from __future__ import annotations

import os
import time

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BOUNDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)  # seconds


class Measures:
    """Counters of a process; those of several workers are told apart by `process`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._process = str(os.getpid())
        self._requests = Counter(
            "mailseek_api_requests",
            "Requests.",
            ["process", "route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "mailseek_api_seconds",
            "Until an answer began.",
            ["process", "route"],
            buckets=_BOUNDS,
            registry=self.registry,
        )

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request; `route` is a pattern and not an address, so that there are few."""
        self._requests.labels(self._process, route, method, str(status)).inc()
        self._seconds.labels(self._process, route).observe(seconds)


class Measured:
    """ASGI middleware that counts."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app, self._measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "(none)")
                method = scope["method"] if route != "(none)" else "(any)"
                seconds = time.perf_counter() - began
                self._measures.count(route, method, message["status"], seconds)
            await send(message)

        await self._app(scope, receive, sending)
