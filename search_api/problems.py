"""Errors as RFC 9457 has them: every error of every route is an `application/problem+json`.

What an answer tells of an error is for whoever sent the request: never a path, a trace or a name of
this machine. `hint` is what to do, in one line.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from indexer.deadline import too_costly
from indexer.errors import (
    ConfigError,
    MailseekError,
    QueryError,
    QueryTooCostly,
    SecretError,
    ServerError,
    Throttled,
    UsageError,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_MOST_ERRORS = 10  # of one request that are told
_LONGEST = 200  # characters of a text of the request that an answer repeats


class Problem(Exception):
    """An answer that is an error; `more` are members besides those of RFC 9457."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail
        self.headers, self.more = headers, more

    def answer(self) -> JSONResponse:
        """It as a response."""
        body = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        return JSONResponse(body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


class ProblemDetails(BaseModel):
    """An error (RFC 9457). Some have members besides these, such as `position` of a wrong query."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str = ""


_MEANINGS = {
    400: "The query, or the cursor, cannot be understood.",
    401: "No token, or none that is good.",
    403: "The token is not for this.",
    404: "There is nothing of this name that the token reaches.",
    409: "It is in the way of something that is there.",
    413: "The request is too large.",
    422: "The request is not as it should be, or the query costs too much.",
    429: "Too many requests with this token; Retry-After says when to go on.",
    502: "The IMAP server could not be asked.",
    503: "The catalog, the index or a server cannot be used right now.",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: what a route answers besides what it is for."""
    always = (401, 403, 422, 429, 503)
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {
                MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
            },
        }
        for status in sorted({*always, *statuses})
    }  # fmt: skip


def unauthorized(detail: str) -> Problem:
    """No token, or none that is good."""
    return Problem(
        401,
        "Unauthorized",
        detail,
        headers={"WWW-Authenticate": "Bearer"},
        hint="send Authorization: Bearer msk_…; `mailseek token create` makes tokens",
    )


def not_found(detail: str) -> Problem:
    """What is not there, and what must not be known to be there."""
    return Problem(404, "Not found", detail)


def of_error(error: MailseekError) -> Problem:
    """One of the library's errors."""
    match error:
        case QueryError():
            return Problem(
                400,
                "The query cannot be understood",
                error.message,
                position=error.position,
                length=error.length,
                hint=error.cure,
            )
        case QueryTooCostly():
            return Problem(422, "The query costs too much", error.message, hint=error.cure)
        case Throttled():
            wait = {"Retry-After": str(max(1, math.ceil(error.seconds)))}
            return Problem(503, "The server rests", error.message, headers=wait, hint=error.cure)
        case ServerError() | SecretError():
            return Problem(
                502, "The IMAP server could not be asked", error.message, hint=error.cure
            )
        case ConfigError():
            return Problem(422, "The request cannot be carried out", error.message, hint=error.cure)
        case UsageError():
            return Problem(400, "The request is wrong", error.message, hint=error.cure)
        case _:
            return Problem(503, "Unavailable", error.message, hint=error.cure)  # fmt: skip


def install(app: FastAPI) -> None:
    """Have every error of an application answered as a problem."""

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> JSONResponse:
        return error.answer()

    @app.exception_handler(MailseekError)
    async def mailseek_error(_request: Request, error: MailseekError) -> JSONResponse:
        return of_error(error).answer()

    @app.exception_handler(sqlite3.Error)
    async def catalog_error(_request: Request, error: sqlite3.Error) -> JSONResponse:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            return of_error(too_costly()).answer()
        log.warning("the catalog cannot be used: %s", error)
        return Problem(503, "Unavailable", "the catalog cannot be used right now").answer()

    @app.exception_handler(RequestValidationError)
    async def not_valid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return _of_validation(error).answer()

    @app.exception_handler(HTTPException)
    async def http_error(_request: Request, error: HTTPException) -> JSONResponse:
        title = HTTPStatus(error.status_code).phrase
        return Problem(
            error.status_code, title, str(error.detail), headers=error.headers
        ).answer()  # fmt: skip

    @app.exception_handler(Exception)
    async def bug(_request: Request, _error: Exception) -> JSONResponse:
        # Starlette has it logged, by whom it is served; it is told to nobody else.
        return Problem(500, "A bug of mailseek's", "see the log of `mailseek serve`").answer()


def _of_validation(error: RequestValidationError) -> Problem:
    errors = [
        {
            "where": ".".join(map(str, each["loc"]))[:_LONGEST],
            "message": str(each["msg"])[:_LONGEST],
        }
        for each in error.errors()[:_MOST_ERRORS]
    ]
    detail = "; ".join(f"{each['where']}: {each['message']}" for each in errors)
    return Problem(422, "The request is not valid", detail, errors=errors)
