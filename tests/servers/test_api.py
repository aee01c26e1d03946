"""The HTTP API answers what the command line answers, within what a token reaches, and within bounds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from indexer.catalog.store import Catalog
from indexer.settings import ApiSettings, Settings, load
from search_api import guards
from search_api.models import HIT_FIELDS
from tests.servers.api import MAILS, Mail, bearing, fill, serving, token
from tests.servers.commands import mailseek
from tests.servers.stack import wait_for

SECRET = "an-unguessable-token"

pytestmark = pytest.mark.api


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    api = ApiSettings(requests_per_minute=10**6, cors_origins=("https://app.example.com",))
    fill(Settings(home=home))
    return Settings(home=home, api=api)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    with serving(settings, SECRET) as client:
        client.headers.update(bearing(SECRET))
        yield client


def found(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def search(client: httpx.Client, q: str, **parameters: Any) -> httpx.Response:
    return client.get("/v1/search", params={"q": q, **parameters})


def test_a_search_answers_what_the_command_line_answers(
    client: httpx.Client, settings: Settings
) -> None:
    said = mailseek(settings, "search", "lighthouse", "--json", "--count", "--limit", "2")
    answer = search(client, "lighthouse", count=True, limit=2).json()
    told = json.loads(said.stdout)

    assert answer["total"] == 3
    assert answer | {"took_ms": 0} == told | {"took_ms": 0}


def test_pages_follow_each_other_by_their_cursors(client: httpx.Client) -> None:
    first = search(client, "", limit=2)
    second = search(client, "", limit=2, cursor=first.json()["cursor"])
    third = search(client, "", limit=2, cursor=second.json()["cursor"])

    assert found(first) + found(second) + found(third) == [5, 4, 3, 2, 1]
    assert (third.json()["cursor"], third.json()["more"]) == (None, False)


def test_what_is_posted_is_answered_like_what_is_in_an_address(client: httpx.Client) -> None:
    asked = {"q": "lighthouse", "sort": "subject", "limit": 2, "fields": ["id", "subject"]}
    posted = client.post("/v1/search", json=asked)
    got = client.get("/v1/search", params=asked | {"fields": "id,subject"})

    assert posted.json() | {"took_ms": 0} == got.json() | {"took_ms": 0}
    assert set(posted.json()["hits"][0]) == {"id", "subject"}


def test_a_filter_of_jmap_takes_the_place_of_a_query(client: httpx.Client) -> None:
    asked = {"filter": {"operator": "AND", "conditions": [{"from": "ann"}, {"text": "blinks"}]}}

    assert found(client.post("/v1/search", json=asked)) == [1]
    wrong = client.post("/v1/search", json={"filter": {"nonsense": 1}})
    assert wrong.status_code == 400


def test_the_keys_of_hits_are_those_of_the_document(client: httpx.Client) -> None:
    every = ",".join(HIT_FIELDS)
    whole, picked = (
        search(client, "", threads=True, **fields).json()["hits"][0]
        for fields in ({}, {"fields": every})
    )
    assert set(picked) == set(HIT_FIELDS)
    assert picked == {**whole, "sent": False}


def test_a_hit_tells_whether_it_was_sent(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    fill(settings, [Mail(1, folder="Sent"), Mail(2, folder="INBOX"), Mail(3, folder="Absent")])
    with serving(settings, SECRET) as client:
        client.headers.update(bearing(SECRET))
        hits = search(client, "", fields="id,sent").json()["hits"]
        posted = client.post("/v1/search", json={"q": "", "fields": ["id", "sent"]}).json()["hits"]

    assert {hit["id"]: hit["sent"] for hit in hits} == {1: True, 2: False, 3: False}
    assert posted == hits


def test_facets_count_what_matches(client: httpx.Client) -> None:
    facets = search(client, "", facets="senders,folders,years,types", limit=1).json()["facets"]

    assert facets["senders"][0] == {"value": "ann@x.org", "count": 2, "name": "Ann"}
    assert facets["folders"] == [{"value": "INBOX", "count": 4}, {"value": "Bills", "count": 1}]
    assert facets["years"] == [{"value": "2025", "count": 1}, {"value": "2024", "count": 4}]
    assert facets["types"] == [{"value": "application/pdf", "count": 1}]
    assert (facets["of"], facets["exact"]) == (5, True)
    assert "senders" not in search(client, "", facets="years").json()["facets"]


def test_a_wrong_query_is_a_problem_that_points_at_the_character(client: httpx.Client) -> None:
    answer = search(client, "lighthouse form:ann")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["position"]) == (400, 11)
    assert "from" in problem["hint"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": "0"}, {"limit": "201"}, {"limit": "many"}, {"q": "x" * 2001}, {"sort": "colour"},
        {"fields": "id,password"}, {"facets": "id"}, {"cursor": "x" * 4001},
    ],
)  # fmt: skip
def test_parameters_have_bounds(client: httpx.Client, parameters: dict[str, str]) -> None:
    answer = client.get("/v1/search", params=parameters)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert next(iter(parameters)) in error["where"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"q": "x", "filter": {}}, 422),
        ({}, 422),
        ({"q": "x" * 16_385}, 422),
        ({"q": "x", "colour": "red"}, 422),
        ({"q": "x" * guards.LARGEST_BODY}, 413),
        ({"q": "lighthouse " * 1000}, 200),
    ],
)
def test_bodies_have_bounds(client: httpx.Client, body: dict[str, object], status: int) -> None:
    answer = client.post("/v1/search", json=body)
    assert answer.status_code == status, answer.text[:300]


def test_a_body_without_an_end_is_cut_off(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * guards.LARGEST_BODY

    try:
        status = client.post("/v1/search", content=endless()).status_code
    except httpx.TransportError:  # it hung up while we were still talking
        status = 413
    assert status == 413


def test_a_nest_of_brackets_is_no_bug(client: httpx.Client) -> None:
    for body in (
        b"[" * 200_000,
        b'{"filter":' + b'{"a":' * 40_000 + b"1",
        b"\xff",
        b'{"q":"\\ud800"}',
    ):
        answer = client.post(
            "/v1/search", content=body, headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, (body[:20], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_answer_that_the_client_has_is_not_sent_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    fill(settings, MAILS[:2])
    limited = token(settings, "limited", "search", filter="from:ann")
    with serving(settings, SECRET) as client:
        everything, part = bearing(SECRET), bearing(limited)
        tags = {}
        for who in (everything, part):
            first = client.get("/v1/search", params={"q": "report"}, headers=who)
            tag = tags[who["Authorization"]] = first.headers["etag"]
            again = client.get(
                "/v1/search", params={"q": "report"}, headers={**who, "If-None-Match": tag}
            )
            other = client.get(
                "/v1/search", params={"q": "bob"}, headers={**who, "If-None-Match": tag}
            )
            assert (again.status_code, again.content) == (304, b"")
            assert (other.status_code, other.headers["etag"] == tag) == (200, False)

        fill(settings, [Mail(9, "A report", sender=MAILS[1].sender, folder="Other")])

        for who, status in ((everything, 200), (part, 304)):
            again = client.get(
                "/v1/search",
                params={"q": "report"},
                headers={**who, "If-None-Match": tags[who["Authorization"]]},
            )
            assert again.status_code == status


def test_a_message_is_what_show_shows(client: httpx.Client, settings: Settings) -> None:
    answer = client.get("/v1/messages/3")
    assert answer.json() == json.loads(mailseek(settings, "show", "3", "--json").stdout)
    again = client.get("/v1/messages/3", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    text = client.get("/v1/messages/3/text")
    assert (text.text, text.headers["content-type"]) == (
        "Please pay 30 euros.",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize("id_", ["99", "0", "-1", "x", str(2**63), "1" * 400])
def test_what_is_not_there_is_not_found(client: httpx.Client, id_: str) -> None:
    for path in ("/v1/messages/{}", "/v1/messages/{}/text", "/v1/threads/{}"):
        answer = client.get(path.format(id_))
        assert answer.status_code == (404 if id_ == "99" else 422)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_thread_has_its_messages_the_oldest_first(client: httpx.Client) -> None:
    answer = client.get("/v1/threads/1").json()
    assert [each["id"] for each in answer["messages"]] == [1, 2]
    assert (answer["thread_id"], answer["more"]) == (1, False)


def test_a_filtered_token_reaches_what_matches_and_nothing_else(
    client: httpx.Client, settings: Settings
) -> None:
    mine = bearing(token(settings, "support", "search", "read", filter="list:support"))
    answer = client.get(
        "/v1/search", params={"q": "lighthouse", "count": True}, headers=mine
    ).json()

    assert [hit["id"] for hit in answer["hits"]] == [4]
    assert (answer["total"], answer["coverage"]["messages"]) == (1, 1)
    statuses = [client.get(f"/v1/messages/{id_}", headers=mine).status_code for id_ in range(1, 6)]
    assert statuses == [404, 404, 404, 200, 404]
    line = {"name": "work", "messages": 1, "indexed": 1}
    assert client.get("/v1/status", headers=mine).json() == {"accounts": [line]}
    texts = [
        each["text"]
        for each in client.get("/v1/suggest", params={"q": "from:"}, headers=mine).json()[
            "suggestions"
        ]
    ]
    assert texts == ["from:cy@z.org"]


def test_a_token_of_an_account_reaches_that_account(
    client: httpx.Client, settings: Settings
) -> None:
    mine = bearing(token(settings, "home", "search", "read", accounts=["home"]))
    answer = client.get("/v1/search", params={"q": "", "count": True}, headers=mine).json()

    assert [hit["id"] for hit in answer["hits"]] == [5]
    assert answer["coverage"]["messages"] == 1
    status = client.get("/v1/status", headers=mine).json()["accounts"]
    assert [(line["name"], line["messages"], line["failed"]) for line in status] == [("home", 1, 0)]
    assert client.get("/v1/accounts", headers=mine).json() == {"accounts": [{"name": "home"}]}


def test_suggestions_complete_what_is_typed(client: httpx.Client) -> None:
    def suggested(q: str) -> list[str]:
        answer = client.get("/v1/suggest", params={"q": q})
        return [each["text"] for each in answer.json()["suggestions"]]

    assert "from:bob@x.org" in suggested("report from:bo")
    assert "lighthouse" in suggested("lightho")


def test_other_words_are_looked_for_unless_they_are_not_wanted(client: httpx.Client) -> None:
    asked = {"q": "lighthuose", "suggestions": False}
    assert search(client, "lighthuose").json()["suggestions"] == ["lighthouse"]
    assert "suggestions" not in search(client, **asked).json()
    assert "suggestions" not in client.post("/v1/search", json=asked).json()


def test_words_are_completed_from_three_letters_on(client: httpx.Client) -> None:
    def suggested(q: str) -> list[str]:
        answer = client.get("/v1/suggest", params={"q": q})
        return [each["text"] for each in answer.json()["suggestions"]]

    assert "lighthouse" in suggested("lig")
    assert "lighthouse" not in suggested("li")


def test_saved_searches_are_kept_and_forgotten(client: httpx.Client) -> None:
    put = client.put("/v1/saved/bills", json={"query": "in:bills"})
    assert put.json() == {"name": "bills", "query": "in:bills"}
    assert client.get("/v1/saved").json()["saved"] == [put.json()]
    assert found(search(client, "query:bills")) == [3]
    assert client.put("/v1/saved/bills", json={"query": "query:bills"}).status_code == 400
    assert found(search(client, "query:bills")) == [3]
    assert client.delete("/v1/saved/bills").status_code == 204
    assert client.delete("/v1/saved/bills").status_code == 404


def test_health_needs_no_token_and_metrics_count(client: httpx.Client) -> None:
    anonymous = httpx.Client(base_url=client.base_url)
    assert anonymous.get("/healthz").json() == {"status": "ok"}
    assert anonymous.get("/readyz").json() == {"status": "ok"}
    metrics = client.get("/metrics").text
    assert "mailseek_messages 5.0" in metrics
    assert 'route="/healthz",status="200"' in metrics


def test_what_is_read_about_the_api_is_a_page_without_scripts(client: httpx.Client) -> None:
    page = httpx.get(f"{client.base_url}/docs")
    document = httpx.get(f"{client.base_url}/openapi.json").json()

    assert "<script" not in page.text
    assert "'unsafe" not in page.headers["content-security-policy"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in page.text
            assert operation["description"]
    assert document["components"]["schemas"]["SearchAnswer"]["example"]["hits"]


@pytest.mark.parametrize("path", ["/v1/status", "/healthz", "/nowhere", "/v1/messages/99"])
def test_browsers_are_told_to_be_careful(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_pages_of_others_may_not_ask_unless_they_are_named(client: httpx.Client) -> None:
    for origin, allowed in (("https://app.example.com", True), ("https://evil.example", False)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET",
                 "Access-Control-Request-Headers": "authorization"}  # fmt: skip
        before = client.options("/v1/search", headers=asked)
        answer = client.get("/v1/search", headers={"Origin": origin})
        assert ("access-control-allow-origin" in before.headers) == allowed
        assert ("access-control-allow-origin" in answer.headers) == allowed


def test_a_path_or_a_method_that_is_none_is_a_problem(client: httpx.Client) -> None:
    for answer, status in ((client.get("/v2/search"), 404), (client.delete("/v1/search"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_catalog_that_is_not_there_yet_is_unavailable_and_then_is_not(tmp_path: Path) -> None:
    with serving(Settings(home=tmp_path), is_open=True) as client:
        assert client.get("/readyz").status_code == 503
        answer = client.get("/v1/search", params={"q": "x"})
        assert (answer.status_code, str(tmp_path) in answer.text) == (503, False)
        Catalog.open(tmp_path / "catalog.sqlite3").close()
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/search", params={"q": "x"}).json()["hits"] == []


def test_accounts_come_and_go(tmp_path: Path) -> None:
    fill(Settings(home=tmp_path))
    (tmp_path / "config.toml").write_text(
        '[accounts.work]\nhost = "imap.example.com"\nuser = "ann"\npassword_env = "X_PASSWORD"\n'
    )
    with serving(load(tmp_path, environ={}), SECRET) as client:
        client.headers.update(bearing(SECRET))
        new = {"name": "new", "host": "localhost", "user": "ann", "password_env": "NEW_PASSWORD"}

        added = client.post("/v1/accounts", json=new)

        assert (added.status_code, added.json()["port"]) == (201, 993)
        assert load(tmp_path, environ={}).accounts["new"].host == "localhost"
        names = [each["name"] for each in client.get("/v1/accounts").json()["accounts"]]
        assert names == ["home", "new", "work"]
        assert client.post("/v1/accounts", json=new).status_code == 409
        assert client.delete("/v1/accounts/work").status_code == 204
        assert client.delete("/v1/accounts/work").status_code == 404
        assert found(search(client, "")) == [5]
        assert client.post("/v1/accounts/none/sync").status_code == 404


@pytest.mark.parametrize(
    "more",
    [
        {"password_command": "touch /tmp/x"},
        {"password_env": "MAILSEEK_REDIS"},
        {"password_keyring": "bank"},
        {"password_env": "A_PASSWORD", "password_keyring": "mailseek"},
        {},
        {"password_env": "A_PASSWORD", "tls_ca": "/etc/passwd"},
        {"password_env": "A_PASSWORD", "tls": "none", "host": "imap.example.com"},
        {"password_env": "A_PASSWORD", "name": "a.b"},
        {"password_env": "A_PASSWORD", "host": "a\nb"},
    ],
)
def test_an_account_that_could_do_harm_is_refused(
    client: httpx.Client, settings: Settings, more: dict[str, str]
) -> None:
    answer = client.post("/v1/accounts", json={"name": "bad", "host": "h", "user": "u", **more})
    assert answer.status_code == 422
    assert not settings.config_path.exists() or "bad" not in settings.config_path.read_text()


def test_serve_refuses_what_would_open_the_mail_or_help_nobody(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for arguments, variables in (
        (("serve",), {}),
        (("serve",), {"MAILSEEK_API_TOKEN": "short"}),
        (("serve",), {"MAILSEEK_API_TOKEN_FILE": str(tmp_path / "none")}),
        (("serve", "--open", "--host", "0.0.0.0"), {}),
    ):
        answer = mailseek(settings, *arguments, **variables)
        assert (answer.returncode, answer.stdout) == (2, "")
        assert len(answer.stderr.splitlines()) == 2


def test_several_processes_answer_and_end_when_they_are_told(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    fill(settings)
    made = mailseek(settings, "token", "create", "app", "--filter", "from:ann")
    secret = made.stdout.strip()
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "search_cli.main", "--home", str(tmp_path), "serve",
               "--port", str(port), "--workers", "2"]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, "MAILSEEK_API_TOKEN": ""})
    try:
        address = f"http://127.0.0.1:{port}"
        assert wait_for(lambda: _answers(f"{address}/healthz"), 30)
        for _ in range(6):  # each a connection of its own: whichever process takes it
            answer = httpx.get(f"{address}/v1/search", headers=bearing(secret))
            assert found(answer) == [5, 1]
        assert httpx.get(f"{address}/v1/search").status_code == 401
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_examples_of_the_documentation_are_answered(client: httpx.Client) -> None:
    page = (Path(__file__).parents[2] / "docs/api.md").read_text()
    examples = page.split("```sh\n")[1].split("```")[0].replace("export TOKEN=msk_…\n", "")
    commands = [line for line in examples.replace("\\\n", " ").splitlines() if line]
    assert len(commands) > 4

    environ = {**os.environ, "URL": str(client.base_url).rstrip("/"), "TOKEN": SECRET}
    for command in commands:
        said = subprocess.run(
            ["sh", "-c", f"{command} --fail-with-body"],
            env=environ,
            capture_output=True,
            check=False,
        )
        assert said.returncode == 0, (command, said.stdout)
        json.loads(said.stdout)
