"""The search page's files: how they are served, and what they must not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from indexer.query import operators
from search_api.routes import page

STATIC = Path(page.__file__).parents[1] / "static"
SCRIPTS = sorted(STATIC.glob("*.js"))


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(page.router)
    with TestClient(app) as client:
        yield client


def test_the_page_is_served_with_a_strict_policy(client: TestClient) -> None:
    answer = client.get("/")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_every_file_is_served_with_its_type_and_a_validator(client: TestClient, path: Path) -> None:
    answer = client.get(f"/page/{path.name}")

    assert answer.content == path.read_bytes()
    expected = {
        ".js": "text/javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
        ".html": "text/html",
    }
    assert answer.headers["content-type"].startswith(expected[path.suffix])
    assert answer.headers["x-content-type-options"] == "nosniff"
    for validator in (answer.headers["etag"], f'"other", W/{answer.headers["etag"]}', "*"):
        again = client.get(f"/page/{path.name}", headers={"If-None-Match": validator})
        assert (again.status_code, again.content) == (304, b"")
    changed = client.get(f"/page/{path.name}", headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200


def test_a_head_is_answered_without_a_body(client: TestClient) -> None:
    answer = client.head("/")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str((STATIC / "index.html").stat().st_size)


@pytest.mark.parametrize(
    "path",
    ["/page/", "/page/none.js", "/page/..%2fapp.py", "/page/%2e%2e/app.py", "/page/.", "/page/a/b"],
)
def test_no_path_leads_to_another_file(client: TestClient, path: str) -> None:
    answer: httpx.Response = client.get(path)

    assert answer.status_code == 404


def test_nothing_is_inline() -> None:
    text = (STATIC / "index.html").read_text()

    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style|\bstyle=|\bon\w+=|javascript:", text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_of_text(path: Path) -> None:
    code = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text(), flags=re.MULTILINE)

    assert re.findall(r"(?:inner|outer|Adjacent)HTML|document\.write|DOMParser", code) == []
    assert re.findall(r"\beval\(|new Function|setTimeout\([\"'`]", code) == []


def test_every_file_that_the_page_names_is_there_and_every_file_is_named() -> None:
    text = (STATIC / "index.html").read_text()
    named = set(re.findall(r'"/page/([\w.]+)"', text))
    for path in SCRIPTS:
        named |= set(re.findall(r'from "\./([\w.]+)"', path.read_text()))

    assert named | {"index.html"} == {path.name for path in STATIC.iterdir()}


def test_every_element_that_a_script_looks_for_is_in_the_page() -> None:
    ids = set(re.findall(r'\bid="([\w-]+)"', (STATIC / "index.html").read_text()))
    for path in SCRIPTS:
        asked = set(re.findall(r'byId\("([\w-]+)"\)', path.read_text()))
        assert asked - ids == set(), path.name


def test_every_operator_is_explained() -> None:
    code = (STATIC / "operators.js").read_text()
    explained = set(re.findall(r"\b([a-z_0-9]+): \"", code))

    assert explained - {"cats", "meet"} >= set(operators.names())


def test_every_text_operator_may_be_completed_as_the_beginning_of_a_word() -> None:
    code = (STATIC / "operators.js").read_text()
    match = re.search(r'OF_WORDS = "([a-z|]+)"', code)

    assert match is not None
    assert set(match[1].split("|")) <= set(operators.TEXT_FIELDS)
