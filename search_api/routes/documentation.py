"""`/docs`: the OpenAPI document as a page to read, without a script and without anybody else's files."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter()

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;"
    "margin:2rem auto;padding:0 1rem}code,pre{font-family:ui-monospace,monospace}"
    "pre{overflow:auto;padding:.7rem;border:1px solid #8886;border-radius:.4rem}"
    "h2{margin-top:2.5rem}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}"
)
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Every route, with what it takes and answers."""
    body = "".join(_page(request.app.openapi()))
    return HTMLResponse(body, headers={"Content-Security-Policy": _POLICY})


def _page(document: dict[str, Any]) -> Iterator[str]:
    title = escape(document["info"]["title"])
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}: HTTP API</title>'
    yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    yield f"<h1>{title}: HTTP API</h1><p>{escape(document['info']['description'])}</p>"
    yield '<p>For programs: <a href="/openapi.json">openapi.json</a>.</p>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(document, path, method.upper(), operation)


def _operation(
    document: dict[str, Any], path: str, method: str, operation: dict[str, Any]
) -> Iterator[str]:
    yield f"<h2><code>{method} {escape(path)}</code></h2>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        yield "<table>"
        for each in parameters:
            name = f"<code>{escape(each['name'])}</code>"
            yield f"<tr><td>{name}<td>{escape(_schema(each['schema']))}"
            yield f"<td>{escape(each.get('description', ''))}"
        yield "</table>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for example in _examples(document, body):
        yield f"<p>A body:</p><pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"
    yield "<table>"
    for status, answer in operation["responses"].items():
        yield f"<tr><td>{escape(str(status))}<td>{escape(answer['description'])}"
    yield "</table>"
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    for example in _examples(document, answer):
        yield f"<p>An answer:</p><pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"


def _schema(schema: dict[str, Any]) -> str:
    """What a parameter may be, in a few words."""
    if "anyOf" in schema:
        return " or ".join(_schema(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    bounds = [
        f"{sign} {schema[key]}"
        for key, sign in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "length ≤"))
        if key in schema
    ]
    default = [f"else {json.dumps(schema['default'])}"] if schema.get("default") is not None else []
    return ", ".join([str(schema.get("type", "")), *bounds, *default])


def _examples(document: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    schema = content.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    schema = document["components"]["schemas"].get(name, schema)
    found: list[Any] = schema.get("examples") or (
        [schema["example"]] if "example" in schema else []
    )
    return found
