"""Who may ask for what: every route, with every kind of token that is not good for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from indexer.catalog import tokens
from indexer.catalog.store import Catalog
from indexer.settings import ApiSettings, Settings
from search_api.app import create_app
from tests.servers.api import bearing, fill, serving, token

pytestmark = pytest.mark.api

WITHOUT_TOKEN = {"/healthz", "/readyz", "/docs", "/openapi.json", "/", "/page/{name}"}
SCOPES = {
    "GET /v1/search": "search",
    "POST /v1/search": "search",
    "GET /v1/suggest": "search",
    "GET /v1/saved": "search",
    "GET /v1/accounts": "search",
    "GET /v1/status": "search",
    "GET /v1/subscriptions": "search",
    "POST /v1/subscriptions": "search",
    "GET /v1/subscriptions/{id}": "search",
    "DELETE /v1/subscriptions/{id}": "search",
    "POST /v1/subscriptions/{id}/rotate": "search",
    "POST /v1/subscriptions/{id}/replay": "search",
    "POST /v1/subscriptions/{id}/resume": "search",
    "GET /v1/events": "search",
    "GET /v1/events/stream": "search",
    "GET /v1/messages/{id}": "read",
    "GET /v1/messages/{id}/text": "read",
    "GET /v1/messages/{id}/source": "read",
    "GET /v1/messages/{id}/attachments/{n}": "read",
    "GET /v1/threads/{id}": "read",
    "PUT /v1/saved/{name}": "admin",
    "DELETE /v1/saved/{name}": "admin",
    "POST /v1/accounts": "admin",
    "DELETE /v1/accounts/{id}": "admin",
    "POST /v1/accounts/{id}/sync": "admin",
    "GET /metrics": "admin",
}
SECRET = "an-administrators-token"


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path of the application that wants a token."""
    left = list(create_app(Settings(home=Path())).routes)
    while left:
        route = left.pop()
        included = getattr(route, "original_router", None)
        if included is not None:
            left.extend(included.routes)
        elif route.path not in WITHOUT_TOKEN:  # type: ignore[attr-defined]
            for method in sorted(route.methods - {"HEAD"}):  # type: ignore[attr-defined]
                yield method, route.path  # type: ignore[attr-defined]


ROUTES = sorted(routes())


def ask(client: httpx.Client, method: str, path: str, secret: str | None) -> httpx.Response:
    """A request that is wrong in nothing but its token."""
    address = path.format(id=1, n=0, name="x").replace("accounts/1", "accounts/work")
    bodies = {
        "/v1/search": {"q": "lighthouse"},
        "/v1/saved/{name}": {"query": "lighthouse"},
        "/v1/accounts": {"name": "new", "host": "localhost", "user": "ann",
                         "password_env": "NEW_PASSWORD"},
        "/v1/subscriptions": {"query": "lighthouse", "url": "https://hooks.example.com/"},
        "/v1/subscriptions/{id}/replay": {"after": 0},
    }  # fmt: skip
    request = client.build_request(
        method,
        address,
        headers=bearing(secret) if secret else {},
        json=bodies.get(path) if method in ("POST", "PUT") else None,
    )
    answer = client.send(request, stream=True)
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        answer.close()  # it would go on for ever
    else:
        answer.read()
    return answer


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(
        home=tmp_path_factory.mktemp("home"), api=ApiSettings(requests_per_minute=10**6)
    )
    fill(made)
    return made


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    with serving(settings, SECRET) as client:
        yield client


@pytest.fixture(scope="module")
def secrets(settings: Settings) -> dict[str, str]:
    made = {scope: token(settings, scope, scope) for scope in tokens.SCOPES}
    made["expired"] = token(settings, "old", "admin", lifetime=timedelta(seconds=-1))
    made["removed"] = token(settings, "gone", "admin")
    with Catalog.open(settings.catalog_path) as catalog:
        assert tokens.remove(catalog, "gone")
    made["wrong"] = made["admin"][:-1] + ("A" if made["admin"][-1] != "A" else "B")
    made["no token of ours"] = "secret"
    made["not ASCII"] = "msk_\u00e9"
    return made


def test_every_route_has_a_scope_here() -> None:
    assert {f"{method} {path}" for method, path in ROUTES} == set(SCOPES)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nothing_is_told_to_who_has_no_good_token(
    client: httpx.Client, secrets: dict[str, str], method: str, path: str
) -> None:
    for secret in (None, *(secrets[name] for name in ("expired", "removed", "wrong"))):
        answer = ask(client, method, path, secret)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert "lighthouse" not in answer.text
    for header in (f"Basic {secrets['admin']}", secrets["admin"], "Bearer"):
        answer = client.request(method, path.format(id=1, n=0, name="x"),
                                headers={"Authorization": header})  # fmt: skip
        assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_token_is_good_for_its_scope_alone(
    client: httpx.Client, secrets: dict[str, str], method: str, path: str
) -> None:
    scope = SCOPES[f"{method} {path}"]
    for name in set(tokens.SCOPES) - {scope, "admin"}:
        answer = ask(client, method, path, secrets[name])
        assert answer.status_code == 403, name
        assert answer.headers["content-type"] == "application/problem+json"
    if method == "GET":
        for name in (scope, "admin"):
            assert ask(client, method, path, secrets[name]).status_code not in (401, 403), name


def test_what_is_no_token_at_all_is_refused_quietly(
    client: httpx.Client, secrets: dict[str, str]
) -> None:
    for name in ("no token of ours", "not ASCII"):
        header = b"Bearer " + secrets[name].encode()
        assert client.get("/v1/status", headers={b"Authorization": header}).status_code == 401


def test_a_token_of_the_environment_is_an_administrators(client: httpx.Client) -> None:
    assert client.get("/metrics", headers=bearing(SECRET)).status_code == 200


def test_a_token_that_is_removed_is_good_for_nothing_at_once(
    client: httpx.Client, settings: Settings
) -> None:
    secret = token(settings, "short-lived", "search")
    assert client.get("/v1/search", headers=bearing(secret)).status_code == 200

    with Catalog.open(settings.catalog_path) as catalog:
        tokens.remove(catalog, "short-lived")

    assert client.get("/v1/search", headers=bearing(secret)).status_code == 401


def test_the_use_of_a_token_is_written_down(client: httpx.Client, settings: Settings) -> None:
    secret = token(settings, "used", "search")
    client.get("/v1/search", headers=bearing(secret))

    for _ in range(100):
        with Catalog.open(settings.catalog_path) as catalog:
            (used,) = (each for each in tokens.listed(catalog) if each.name == "used")
        if used.last_used:
            break
        time.sleep(0.05)
    assert used.last_used is not None


def test_openness_is_for_searching_and_reading_from_this_machine(settings: Settings) -> None:
    with serving(settings, is_open=True) as client:
        for method, path in ROUTES:
            answer = ask(client, method, path, None)
            needs_token = SCOPES[f"{method} {path}"] == "admin"
            assert (answer.status_code == 401) == needs_token, path
        for headers in (
            {"Host": "mail.example.com"},  # a name that was rebound to this machine
            {"Host": ""},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ):
            answer = client.get("/v1/search", params={"q": "lighthouse"}, headers=headers)
            assert (answer.status_code, "lighthouse" in answer.text) == (403, False), headers
        wrong = client.get("/v1/search", headers=bearing("msk_wrong"))
        assert wrong.status_code == 401


def test_too_many_requests_are_told_when_to_go_on(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, api=ApiSettings(requests_per_minute=3))
    fill(settings)
    one, other = token(settings, "one", "search"), token(settings, "other", "search")
    with serving(settings) as client:
        statuses = [client.get("/v1/search", headers=bearing(one)).status_code for _ in range(5)]
        refused = client.get("/v1/search", headers=bearing(one))

        assert statuses[:3] == [200, 200, 200]
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert client.get("/v1/search", headers=bearing(other)).status_code == 200


@pytest.mark.parametrize("limits", [{"accounts": ["work"]}, {"filter": "in:inbox"}])
def test_an_administrator_cannot_be_limited(settings: Settings, limits: dict[str, object]) -> None:
    with pytest.raises(Exception, match="reaches everything"):
        token(settings, "half", "admin", **limits)
