"""JSON as it is sent, and the part of it that somebody asked for."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from starlette.responses import JSONResponse


class Json(JSONResponse):
    """In UTF-8 whatever a mail holds: half a character of UTF-16 becomes a question mark."""

    def render(self, content: Any) -> bytes:
        """The octets."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(errors="replace")


def picked(values: dict[str, Any], fields: Collection[str] | None) -> dict[str, Any]:
    """Only some of the keys; all of them where None are asked for."""
    if fields is None:
        return values
    return {key: value for key, value in values.items() if key in fields}
