"""Subscriptions and events over HTTP: each token its own, and the documentation's receiver."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from indexer import standing
from indexer.catalog import subscriptions, tokens
from indexer.catalog.store import Catalog
from indexer.search.opening import searcher
from indexer.settings import ApiSettings, Settings
from search_api.app import create_app
from search_api.routes import events
from search_api.serving import Server
from search_api.webhooks.sending import Pace, Way
from tests.servers.commands import MAILSEEK
from tests.servers.growing_mail import GrowingMail
from tests.servers.receiver import Receiver
from tests.servers.stack import wait_for

pytestmark = pytest.mark.api

ADMIN = "an-unguessable-token"
WAY = Way(Pace(look=0.05, first=0.05, longest=0.2))
SOON = 20.0
KILLS = int(os.environ.get("MAILSEEK_TEST_KILLS", "8"))
DOCS = Path(__file__).parents[2] / "docs/webhooks.md"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config.toml").write_text('[api]\nwebhook_hosts = ["127.0.0.1"]\n')
    return Settings(home=tmp_path, api=ApiSettings(webhook_hosts=("127.0.0.1",)))


@pytest.fixture
def mail(settings: Settings) -> Iterator[GrowingMail]:
    with GrowingMail(settings) as mail:
        yield mail


@contextmanager
def serving(settings: Settings) -> Iterator[httpx.Client]:
    """A real server on a free port, and a client of it with the administrator's token."""
    app = create_app(settings, secret=ADMIN, way=WAY)
    server = Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert wait_for(lambda: server.started, 10)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=bearer(ADMIN)) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def client(settings: Settings, mail: GrowingMail) -> Iterator[httpx.Client]:
    with serving(settings) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def token(mail: GrowingMail, name: str, filter: str = "") -> dict[str, str]:
    _, secret = tokens.create(mail.catalog, name, scopes=["search"], filter=filter)
    return bearer(secret)


def subscribe(client: httpx.Client, query: str, url: str | None = None, **more: Any) -> Any:
    wanted = {"query": query} | ({"url": url} if url else {})
    answer = client.post("/v1/subscriptions", json=wanted, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def events_of(client: httpx.Client, after: int = 0, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/events", params={"after": after}, **more).json()[
        "events"
    ]
    return found


def test_a_subscription_from_its_making_to_its_end(client: httpx.Client, mail: GrowingMail) -> None:
    with Receiver() as receiver:
        made = subscribe(client, "lighthouse", receiver.url)
        assert made["secret"].startswith("whsec_")
        path = f"/v1/subscriptions/{made['id']}"
        mail.comes("lighthouse")
        assert wait_for(lambda: client.get(path).json()["delivered"] > 0, SOON)
        shown = client.get(path).json()
        assert "secret" not in shown
        assert (shown["query"], shown["waiting"], shown["paused"]) == ("lighthouse", 0, None)

        again = client.post(f"{path}/replay", json={"after": 0})
        assert (again.status_code, again.json()["delivered"]) == (200, 0)
        assert wait_for(lambda: len(receiver.accepted) == 2, SOON)
        assert receiver.received[0].body == receiver.received[1].body

        other = client.post(f"{path}/rotate").json()["secret"]
        assert other != made["secret"]
        assert client.post(f"{path}/resume").status_code == 200
        assert [each["id"] for each in client.get("/v1/subscriptions").json()["subscriptions"]] == [
            made["id"]
        ]
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404
        assert events_of(client) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"query": "form:ann"}, 400),
        ({"query": "in:Nowhere"}, 400),
        ({"query": "x", "url": "http://localhost:1/"}, 400),
        ({"query": "x", "url": "http://2130706433/"}, 400),
        ({"query": "x", "url": "http://[::ffff:127.0.0.1]/"}, 400),
        ({"query": "x", "url": "file:///etc/passwd"}, 400),
        ({"query": "x" * 20_000}, 422),
        ({"query": "x", "other": 1}, 422),
        ({}, 422),
    ],
)
def test_what_cannot_be_watched_or_reached_is_a_problem(
    client: httpx.Client, body: dict[str, Any], status: int
) -> None:
    answer = client.post("/v1/subscriptions", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/subscriptions").json() == {"subscriptions": []}


def test_texts_and_numbers_that_the_catalog_cannot_hold_are_refused(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b'{"query": "\\ud800"}', b'{"query": "a\\u0000b", "url": "http://\\ud800/"}'):
        answer = client.post("/v1/subscriptions", content=content, headers=headers)
        assert answer.status_code in (400, 422), answer.text
    for path in (f"/v1/events?after={2**64}", f"/v1/subscriptions/{2**64}", "/v1/events?limit=0"):
        assert client.get(path).status_code == 422


def test_a_token_has_its_own_subscriptions_and_events_and_no_others(
    client: httpx.Client, mail: GrowingMail
) -> None:
    one, other = token(mail, "one"), token(mail, "other", "in:Support")
    ones, others = subscribe(client, "", headers=one), subscribe(client, "", headers=other)
    private, support = mail.comes("word", "Private"), mail.comes("word", "Support")
    assert wait_for(lambda: len(events_of(client, headers=one)) == 2, SOON)

    assert [each["message"]["id"] for each in events_of(client, headers=one)] == [private, support]
    assert [each["message"]["id"] for each in events_of(client, headers=other)] == [support]
    assert events_of(client) == [], "the administrator has none himself"
    listed = client.get("/v1/subscriptions", headers=other).json()["subscriptions"]
    assert [each["id"] for each in listed] == [others["id"]]
    assert len(client.get("/v1/subscriptions").json()["subscriptions"]) == 2, "he sees all"

    path = f"/v1/subscriptions/{ones['id']}"
    for method, action in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/resume")):
        assert client.request(method, path + action, headers=other).status_code == 404
    replay = client.post(f"{path}/replay", json={"after": 0}, headers=other)
    assert replay.status_code == 404
    for route in ("/v1/events", "/v1/events/stream"):
        asked = client.get(route, params={"subscription": ones["id"]}, headers=other)
        assert asked.status_code == 404
    assert client.get(path, headers=one).status_code == 200


def test_without_a_token_nothing_is_told(client: httpx.Client) -> None:
    for headers in ({"Authorization": ""}, bearer("wrong"), bearer("msk_" + "x" * 43)):
        for path in ("/v1/subscriptions", "/v1/subscriptions/1", "/v1/events", "/v1/events/stream"):
            assert client.get(path, headers=headers).status_code == 401
        assert client.post("/v1/subscriptions", json={}, headers=headers).status_code == 401


def test_pages_of_events_join_and_say_what_is_missing(
    client: httpx.Client, mail: GrowingMail
) -> None:
    subscribe(client, "")
    ids = [mail.comes("word") for _ in range(5)]
    assert wait_for(lambda: len(events_of(client)) == 5, SOON)

    found, after, more = [], 0, True
    while more:
        page = client.get("/v1/events", params={"after": after, "limit": 2}).json()
        found += [each["message"]["id"] for each in page["events"]]
        after, more = page["cursor"], page["more"]
        assert page["missing"] is False

    assert found == ids
    assert client.get("/v1/events", params={"after": after}).json()["cursor"] == after
    with mail.catalog.transaction() as connection:
        connection.execute("UPDATE subscription SET pruned = 2")
    assert client.get("/v1/events", params={"after": 1}).json()["missing"] is True
    assert client.get("/v1/events", params={"after": 2}).json()["missing"] is False


class Stream:
    """A reader of server-sent events, as a browser is one."""

    def __init__(self, client: httpx.Client, **more: Any) -> None:
        self.lines: list[str] = []
        self.ended_well = False
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(client, more), daemon=True)
        self._thread.start()
        assert self._began.wait(10)

    def _read(self, client: httpx.Client, more: dict[str, Any]) -> None:
        with (
            httpx.Client(base_url=client.base_url, headers=client.headers) as own,
            own.stream("GET", "/v1/events/stream", timeout=30, **more) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                self.lines.append(line)
                self._began.set()
        self.ended_well = True

    def ids(self) -> list[int]:
        return [int(line[4:]) for line in self.lines if line.startswith("id: ")]

    def wait(self) -> None:
        self._thread.join(20)


def test_a_stream_tells_as_it_happens_and_goes_on_where_it_broke(
    settings: Settings, mail: GrowingMail
) -> None:
    with serving(settings) as client:
        subscribe(client, "")
        mail.comes("early")
        assert wait_for(lambda: events_of(client), SOON)
        (early,) = events_of(client)

        fresh = Stream(client)
        resumed = Stream(client, headers={"Last-Event-ID": "0"})
        behind = Stream(client, params={"after": early["cursor"]})
        mail.comes("late")
        assert wait_for(lambda: len(resumed.ids()) == 2 and fresh.ids() and behind.ids(), SOON)
        late = events_of(client)[1]

        assert resumed.ids() == [early["cursor"], late["cursor"]]
        assert fresh.ids() == behind.ids() == [late["cursor"]]
        assert "event: message.entered" in fresh.lines
    for each in (fresh, resumed, behind):
        each.wait()
        assert each.ended_well, "the server said that this was all"


def test_a_quiet_stream_shows_that_it_is_alive(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_QUIET", 0.0)
    stream = Stream(client)
    assert wait_for(lambda: ": nothing new" in stream.lines, SOON)


def test_a_stream_ends_with_its_token(client: httpx.Client, mail: GrowingMail) -> None:
    headers = token(mail, "app")
    subscribe(client, "", headers=headers)
    stream = Stream(client, headers=headers)

    tokens.remove(mail.catalog, "app")

    stream.wait()
    assert stream.ended_well


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


def test_the_receiver_of_the_documentation_takes_what_is_genuine(
    client: httpx.Client, mail: GrowingMail, tmp_path: Path
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (tmp_path / "receive.py").write_text(code)
    port = free_port()
    made = subscribe(client, "lighthouse", f"http://127.0.0.1:{port}/")
    environ = {**os.environ, "WEBHOOK_SECRET": made["secret"], "PORT": str(port)}
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "receive.py")],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        id_ = mail.comes("lighthouse")
        path = f"/v1/subscriptions/{made['id']}"
        assert wait_for(lambda: client.get(path).json()["delivered"], SOON)
        client.post(f"{path}/rotate")  # the old secret is still good
        client.post(f"{path}/replay", json={"after": 0})  # and it has seen this
        mail.is_flagged(id_, "\\Seen")
        mail.goes(id_)
        assert wait_for(lambda: len(events_of(client)) == 2, SOON)
        assert wait_for(lambda: client.get(path).json()["waiting"] == 0, SOON)

        forged = httpx.post(
            f"http://127.0.0.1:{port}/",
            json={"id": "evt_1"},
            headers={"X-Mailseek-Timestamp": "1", "X-Mailseek-Signature": "v1=00"},
        )
        assert forged.status_code == 401
    finally:
        running.terminate()
        said, _ = running.communicate(timeout=10)
    assert said.splitlines() == [
        "message.entered About lighthouse",
        "message.left About lighthouse",
    ]


def test_killed_at_random_moments_everything_is_told_and_nothing_is_invented(
    settings: Settings, mail: GrowingMail
) -> None:
    """Two servers at a time, as two workers of uvicorn are; mail changes meanwhile."""
    dice = random.Random(6)
    queries = ("is:unread", "lighthouse in:inbox", "thread:{keeper}")
    environ = {**os.environ, "MAILSEEK_API_TOKEN": ADMIN}
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        command = [*MAILSEEK, "--home", str(settings.home), "serve", "--port", str(free_port())]
        running.append(subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL))

    def change(ids: list[int]) -> None:
        match dice.randrange(5):
            case 0 if ids:
                mail.is_flagged(dice.choice(ids), *dice.sample(["\\Seen", "\\Flagged"], 1))
            case 1 if ids:
                mail.moves(dice.choice(ids), dice.choice(["INBOX", "Support"]))
            case 2 if len(ids) > 5:
                mail.goes(ids.pop(dice.randrange(len(ids))))
            case _:
                words = " ".join(dice.sample(["lighthouse", "keeper", "plan"], 2))
                ids.append(mail.comes(words, index=dice.random() < 0.7))

    with Receiver() as receiver:
        searching = searcher(settings, mail.catalog)
        ids: list[int] = []
        for _ in range(5):
            change(ids)
        made = [standing.create(mail.catalog, searching, None, q, receiver.url) for q in queries]
        beginning = {each.id: subscriptions.members(mail.catalog, each.id) for each in made}
        try:
            begin()
            begin()
            for _ in range(KILLS):
                for _ in range(dice.randrange(1, 12)):
                    change(ids)
                wait_for(lambda: False, dice.uniform(0.2, 1.5))
                victim = running.pop(dice.randrange(2))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                begin()
            mail.is_indexed()

            def done() -> bool:
                connection = mail.catalog.connection
                left = connection.execute("SELECT count(*) FROM changed").fetchone()[0]
                undelivered = connection.execute(
                    "SELECT count(*) FROM event JOIN subscription ON subscription.id ="
                    " subscription_id WHERE cursor > delivered"
                ).fetchone()[0]
                return not left and not undelivered

            assert wait_for(done, 60)
        finally:
            for each in running:
                each.send_signal(signal.SIGTERM)
            # uvicorn ends in order, then passes the signal on.
            assert [each.wait(30) for each in running] == [-signal.SIGTERM] * 2

    for subscription in made:
        once: dict[int, bytes] = {}
        tries = [r for r in receiver.received if r.event["subscription"] == subscription.id]
        for each in tries:
            assert once.setdefault(each.event["cursor"], each.body) == each.body
        assert [*once] == sorted(once), "in order, however often"
        members = set(beginning[subscription.id])
        for request in {each.event["cursor"]: each.event for each in tries}.values():
            assert (request["type"] == "message.left") == (request["message"]["id"] in members)
            members ^= {request["message"]["id"]}
        found = {hit.id for hit in searching.search(subscription.query, limit=1000).hits}
        assert members == found, subscription.query
    assert len(receiver.received) > 10


def test_a_server_of_an_empty_home_makes_no_catalog(tmp_path: Path) -> None:
    with serving(Settings(home=tmp_path)) as client:
        assert client.get("/v1/subscriptions").status_code == 503
        assert not wait_for((tmp_path / "catalog.sqlite3").exists, 0.3)
        Catalog.open(tmp_path / "catalog.sqlite3").close()
        assert client.get("/v1/subscriptions").json() == {"subscriptions": []}
