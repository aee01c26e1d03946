"""Whether somebody has an answer already (RFC 9110 sections 8.8.3 and 13.1.2).

For who reaches everything, an answer to a question is the same as long as nobody writes to the
catalog: its tag is made before any work is done. For others the tag is made of the answer itself: one
that changed with every commit would tell of mail that is out of reach. All are weak: how long the
work took is no part of what is compared.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.responses import Response

from search_api.access import Caller
from search_api.answers import Json

_CACHING = {"Cache-Control": "private, no-cache"}  # kept, and asked about each time


def known_before(caller: Caller, request: Request, question: object) -> str | None:
    """The tag of the answer to a question; None where only the answer itself can tell.

    With the minute: what a query says of now means something else soon.
    """
    if caller.is_limited:
        return None
    path = caller.catalog.path
    state = [_state(path), _state(path.with_name(path.name + "-wal")), int(time.time() // 60)]
    settings = [caller.settings.own_addresses, caller.settings.languages]
    return _tag([state, settings, request.url.path, question])


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has the answer with this tag."""
    given = request.headers.get("if-none-match", "")
    return tag in {each.strip() for each in given[:2000].split(",")}


def not_modified(tag: str) -> Response:
    """What a client gets that has the answer."""
    return Response(status_code=304, headers={"ETag": tag, **_CACHING})


def answer(
    request: Request, body: Mapping[str, Any], tag: str | None = None, *, always: bool = False
) -> Response:
    """The body with its tag; 304 where the client has it, unless it is to be sent `always`."""
    if tag is None:
        tag = _tag({key: value for key, value in body.items() if key != "took_ms"})
    if is_known(request, tag) and not always:
        return not_modified(tag)
    return Json(body, headers={"ETag": tag, **_CACHING})


def _tag(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return f'W/"{blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()}"'


def _state(path: Path) -> tuple[int, int]:
    """Another one after each commit: it is written to one of the catalog's two files."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size
