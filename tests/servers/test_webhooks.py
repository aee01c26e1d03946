"""Events reach whoever subscribed: all of them, in order, and nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer import standing
from indexer.catalog import events, subscriptions, tokens
from indexer.catalog.store import Catalog
from indexer.catalog.subscriptions import Subscription
from indexer.errors import UsageError
from indexer.search.opening import searcher
from indexer.settings import ApiSettings, Settings
from search_api.webhooks import bodies, signing, targets
from search_api.webhooks.delivering import Deliverer
from search_api.webhooks.posting import Patience, Poster
from search_api.webhooks.sending import Pace, Way
from tests.servers import certificates
from tests.servers.growing_mail import GrowingMail
from tests.servers.receiver import Receiver
from tests.servers.stack import wait_for

pytestmark = pytest.mark.api

WAY = Way(Pace(look=0.03, first=0.02, longest=0.1))
IMPATIENT = Way(WAY.pace, Patience(connect=0.5, total=0.6))
SOON = 20.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, api=ApiSettings(webhook_hosts=("127.0.0.1", "localhost")))


@pytest.fixture
def mail(settings: Settings) -> Iterator[GrowingMail]:
    with GrowingMail(settings) as mail:
        yield mail


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@contextmanager
def delivering(settings: Settings, way: Way = WAY) -> Iterator[None]:
    deliverer = Deliverer(lambda: settings, way)
    deliverer.start()
    try:
        yield
    finally:
        deliverer.stop()


def subscribe(
    mail: GrowingMail, query: str, url: str, token: tokens.Token | None = None
) -> Subscription:
    searching = searcher(mail.settings, mail.catalog)
    return standing.create(mail.catalog, searching, token.id if token else None, query, url)


def again(mail: GrowingMail, subscription: Subscription) -> Subscription:
    found = subscriptions.find(mail.catalog, subscription.id)
    assert found is not None
    return found


def all_arrived(mail: GrowingMail, *of: Subscription) -> bool:
    """Whether every change was looked at, and every event posted."""
    left = mail.catalog.connection.execute("SELECT count(*) FROM changed").fetchone()
    return left == (0,) and not any(
        events.waiting(mail.catalog, each.id, again(mail, each).delivered) for each in of
    )


def told(receiver: Receiver) -> list[tuple[str, int]]:
    return [(each["type"].split(".")[1], each["message"]["id"]) for each in receiver.accepted]


def test_what_enters_and_leaves_is_posted_in_order(
    settings: Settings, mail: GrowingMail, receiver: Receiver
) -> None:
    was_there = mail.comes("lighthouse")
    here = subscribe(mail, "lighthouse is:unread", receiver.url)

    with delivering(settings):
        new = mail.comes("lighthouse keeper")
        mail.comes("of no interest")
        assert wait_for(lambda: len(receiver.accepted) == 1, SOON)
        mail.is_flagged(was_there, "\\Seen")
        assert wait_for(lambda: len(receiver.accepted) == 2, SOON)
        mail.goes(new)
        assert wait_for(lambda: len(receiver.accepted) == 3, SOON)
        assert wait_for(lambda: all_arrived(mail, here), SOON)

    assert told(receiver) == [("entered", new), ("left", was_there), ("left", new)]
    first, _, last = receiver.accepted
    assert set(first) == {"id", "cursor", "type", "subscription", "at", "message"}
    assert first["message"] == {
        "id": new,
        "account": "work",
        "message_id": "2@example.org",
        "thread_id": new,
        "date": "2024-05-06T00:02:00Z",
        "from": ["Ann <ann@x.org>"],
        "subject": "About lighthouse keeper",
        "folders": ["INBOX"],
        "flags": [],
    }
    assert last["message"] == {**first["message"], "folders": []}, "what it was is still told"


def test_a_signature_is_of_time_stamp_and_body_and_the_path_is_kept(
    settings: Settings, mail: GrowingMail, receiver: Receiver
) -> None:
    here = subscribe(mail, "", receiver.url)
    with delivering(settings):
        mail.comes("word")
        assert wait_for(lambda: receiver.accepted, SOON)

    (request,) = receiver.received
    secret = signing.secret(signing.key(settings.home), here.id, 1)
    timestamp = request.headers["x-mailseek-timestamp"]
    signed = hmac.new(
        secret.encode(), timestamp.encode() + b"." + request.body, hashlib.sha256
    ).hexdigest()
    assert request.headers["x-mailseek-signature"] == f"v1={signed}"
    assert request.headers["x-mailseek-event"] == request.event["id"]
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.path == "/events?from=mail"
    assert abs(time.time() - int(timestamp)) < 100
    assert (settings.home / "webhook.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("seed", range(3))
def test_a_receiver_that_fails_in_every_way_gets_everything_in_order(
    settings: Settings, mail: GrowingMail, receiver: Receiver, seed: int
) -> None:
    dice = random.Random(seed)
    moods: list[int | str] = [
        500, 404, 429, "hang", "drip", "close", "redirect", "flood", "cut", 200, 200,
    ]  # fmt: skip
    receiver.moods.extend(dice.choice(moods) for _ in range(25))
    with Receiver() as other:
        receiver.elsewhere = other.url
        here = subscribe(mail, "", receiver.url)
        with delivering(settings, IMPATIENT):
            ids = [mail.comes("word") for _ in range(12)]
            assert wait_for(lambda: all_arrived(mail, here), 60)
        assert other.received == [], "a redirect is not followed"

    # An answer that came too late for us has the event posted again.
    assert list(dict.fromkeys(told(receiver))) == [("entered", id_) for id_ in ids]
    cursors = [each.event["cursor"] for each in receiver.received]
    assert cursors == sorted(cursors), "no event overtakes another, in any try"
    by_id = {each.headers["x-mailseek-event"]: each.body for each in receiver.received}
    assert len(by_id) == len(ids)
    assert all(by_id[each.event["id"]] == each.body for each in receiver.received)


def test_a_receiver_that_was_away_gets_what_it_missed(
    settings: Settings, mail: GrowingMail
) -> None:
    with Receiver() as before:
        here = subscribe(mail, "", before.url)
    with delivering(settings):
        ids = [mail.comes("word") for _ in range(3)]
        assert wait_for(lambda: again(mail, here).failures >= 2, SOON)
        assert again(mail, here).last_error == "no connection"
        with Receiver(port=before.port) as after:
            assert wait_for(lambda: all_arrived(mail, here), SOON)
    assert before.received == []
    assert told(after) == [("entered", id_) for id_ in ids]


def test_nobody_waits_for_a_receiver_that_hangs(
    settings: Settings, mail: GrowingMail, receiver: Receiver
) -> None:
    with Receiver() as hanging:
        hanging.moods.append("hang")
        slow = subscribe(mail, "", hanging.url)
        subscribe(mail, "", receiver.url)
        with delivering(settings):
            mail.comes("word")
            assert wait_for(lambda: hanging.received, SOON)
            mail.comes("word")
            assert wait_for(lambda: len(receiver.accepted) == 2, SOON)
            assert again(mail, slow).delivered == 0
            assert again(mail, slow).failures == 0, "it still hangs"


def test_a_replay_from_any_cursor_repeats_the_first_delivery(
    settings: Settings, mail: GrowingMail, receiver: Receiver
) -> None:
    here = subscribe(mail, "is:unread", receiver.url)
    with delivering(settings):
        ids = [mail.comes("word") for _ in range(4)]
        assert wait_for(lambda: len(receiver.accepted) == 4, SOON)  # before one leaves again
        mail.is_flagged(ids[1], "\\Seen")
        assert wait_for(lambda: all_arrived(mail, here) and len(receiver.accepted) == 5, SOON)
        first = [each.body for each in receiver.received]
        cursors = [each["cursor"] for each in receiver.accepted]

        for number, after in enumerate([0, *cursors]):
            receiver.received.clear()
            subscriptions.go_back(mail.catalog, here.id, after)
            if number < len(cursors):
                assert wait_for(lambda: len(receiver.received) >= len(cursors) - number, SOON)  # noqa: B023
            assert wait_for(lambda: all_arrived(mail, here), SOON)
            assert [each.body for each in receiver.received] == first[number:]


def test_going_back_while_an_event_is_posted_is_not_forgotten(mail: GrowingMail) -> None:
    here = subscribe(mail, "", "http://127.0.0.1/")
    subscriptions.posted(mail.catalog, here.id, 0, 5)
    subscriptions.go_back(mail.catalog, here.id, 2)

    subscriptions.posted(mail.catalog, here.id, 5, 6)

    assert again(mail, here).delivered == 2


def test_after_a_rotation_both_secrets_sign_for_a_day(mail: GrowingMail) -> None:
    here = subscribe(mail, "", "http://127.0.0.1/")
    key = signing.key(mail.settings.home)
    old = signing.secret(key, here.id, 1)
    subscriptions.rotate(mail.catalog, here.id)
    rotated = again(mail, here)
    new = signing.secret(key, here.id, 2)
    assert old != new

    now = int(rotated.rotated)
    both = [signing.signature(each, now + 5, b"body") for each in (new, old)]
    assert signing.signatures(key, rotated, now + 5, b"body") == f"v1={both[0]}, v1={both[1]}"
    later = now + 86_500
    assert signing.signatures(key, rotated, later, b"body") == (
        f"v1={signing.signature(new, later, b'body')}"
    )


def test_who_fails_for_too_long_is_paused_and_goes_on_where_it_stopped(
    settings: Settings, mail: GrowingMail, receiver: Receiver
) -> None:
    receiver.moods.extend([500] * 1000)
    here = subscribe(mail, "", receiver.url)
    hasty = Way(Pace(look=0.03, first=0.02, longest=0.05, give_up=0.2))
    with delivering(settings, hasty):
        first = mail.comes("word")
        assert wait_for(lambda: again(mail, here).paused, SOON)
        assert "the answer was 500" in again(mail, here).paused
        second = mail.comes("word")
        assert wait_for(lambda: events.waiting(mail.catalog, here.id, 0) == 2, SOON)

        receiver.moods.clear()
        subscriptions.resume(mail.catalog, here.id)

        assert wait_for(lambda: all_arrived(mail, here), SOON)
    assert told(receiver) == [("entered", first), ("entered", second)]


def test_waits_grow_from_the_first_to_the_longest() -> None:
    waits = [Pace().wait(failures) for failures in range(1, 40)]

    assert waits[0] == 5
    assert all(5 * 2**n * 0.75 <= wait <= 5 * 2**n for n, wait in enumerate(waits[1:9], 1))
    assert all(2700 <= wait <= 3600 for wait in waits[10:])


def test_the_events_of_a_token_end_with_it(
    settings: Settings, mail: GrowingMail, receiver: Receiver
) -> None:
    token, _ = tokens.create(mail.catalog, "app", scopes=["search"])
    here = subscribe(mail, "", receiver.url, token)
    with delivering(settings):
        mail.comes("word")
        assert wait_for(lambda: len(receiver.accepted) == 1, SOON)
        tokens.remove(mail.catalog, "app")
        mail.comes("word")
        assert wait_for(lambda: again(mail, here).paused == "its token was removed", SOON)
    assert len(receiver.received) == 1


def test_a_saved_search_that_is_gone_pauses_who_asked_for_it(mail: GrowingMail) -> None:
    from indexer.catalog import saved

    saved.keep(mail.catalog, "mine", "lighthouse")
    here = subscribe(mail, "query:mine", "")
    saved.remove(mail.catalog, "mine")
    searching = searcher(mail.settings, mail.catalog)

    standing.evaluate(mail.catalog, searching)
    assert "no saved search is called 'mine'" in again(mail, here).paused

    missed = mail.comes("lighthouse")
    saved.keep(mail.catalog, "mine", "lighthouse")
    subscriptions.resume(mail.catalog, here.id)
    standing.evaluate(mail.catalog, searching)
    (event,) = events.after(mail.catalog, None, 0, 10)
    assert (event.kind, event.document_id) == ("entered", missed)


def test_a_token_is_told_that_a_message_left_but_not_where_it_went(mail: GrowingMail) -> None:
    token, _ = tokens.create(mail.catalog, "desk", scopes=["search"], filter="in:Support")
    subscribe(mail, "", "", token)
    searching = searcher(mail.settings, mail.catalog)
    mail.comes("secret", "Private")
    id_ = mail.comes("question", "Support")
    standing.evaluate(mail.catalog, searching)
    mail.moves(id_, "Private")
    mail.is_flagged(id_, "dismissal")
    standing.evaluate(mail.catalog, searching)

    entered, left = events.after(mail.catalog, token.id, 0, 10)

    assert (entered.kind, entered.message["folders"]) == ("entered", ["Support"])
    assert (left.kind, left.document_id) == ("left", id_)
    assert (left.message["folders"], left.message["flags"]) == ([], [])
    assert left.message["thread_id"] is None


def test_old_events_go_and_who_asks_for_them_is_told_so(mail: GrowingMail) -> None:
    here = subscribe(mail, "", "")
    searching = searcher(mail.settings, mail.catalog)
    mail.comes("word")
    standing.evaluate(mail.catalog, searching, now=1000.0)
    mail.comes("word")
    standing.evaluate(mail.catalog, searching, now=2000.0)
    old, new = events.after(mail.catalog, None, 0, 10)

    assert events.prune(mail.catalog, 1500.0) == 1

    assert events.after(mail.catalog, None, 0, 10) == [new]
    assert events.pruned(mail.catalog, None, here.id) == old.cursor


def test_changes_are_written_down_only_while_somebody_follows(mail: GrowingMail) -> None:
    def written() -> int:
        return int(mail.catalog.connection.execute("SELECT count(*) FROM changed").fetchone()[0])

    def triggers() -> int:
        found = mail.catalog.connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
        )
        return int(found.fetchone()[0])

    before = triggers()
    mail.comes("word")
    assert written() == 0
    here = subscribe(mail, "", "")
    mail.comes("word")
    assert written() == 1
    subscriptions.remove(mail.catalog, here.id)
    assert (written(), triggers()) == (0, before)


class TestTargets:
    """Where events may go."""

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001",
            "0.0.0.0", "0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
            "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]",
            "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]",
            "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]", "[2002:a00:1::]",
            "localhost", "LOCALHOST", "localhost.", "no-such-host.invalid",
        ],
    )  # fmt: skip
    def test_none_but_public_addresses(self, host: str) -> None:
        with pytest.raises(UsageError, match="not public"):
            asyncio.run(targets.addresses(targets.parsed(f"http://{host}:8080/x"), ()))

    @pytest.mark.parametrize(
        "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"]
    )
    def test_public_ones_are_taken(self, address: str) -> None:
        assert targets.is_public(address)

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "example.com",
            "//example.com/", "http://", "http:///x", "http://user:secret@example.com/",
            "http://example.com:0/", "http://example.com:99999/", "http://exa mple.com/",
            "http://example.com\\@127.0.0.1/", "http://example.com/\r\nX: y", "http://[::1/",
            "http://[fe80::1%25eth0]/", "http://ex%61mple.com/", "http://exämple.com/",
            "https://example.com/" + "x" * 2000, "javascript:alert(1)", "", "http://user@host/",
        ],
    )  # fmt: skip
    def test_what_is_no_url_for_events_is_refused(self, url: str) -> None:
        with pytest.raises(UsageError):
            targets.parsed(url)

    def test_the_parts_of_a_url(self) -> None:
        assert targets.parsed("https://Example.com") == targets.Target(
            "https", "example.com", 443, "/"
        )
        odd = targets.parsed("http://[2001:DB8::1]:8080/a/b?c=d#e")
        assert odd == targets.Target("http", "2001:db8::1", 8080, "/a/b?c=d")
        assert odd.authority == "[2001:db8::1]:8080"
        assert odd.at("127.0.0.1") == "http://127.0.0.1:8080/a/b?c=d"

    def test_an_address_is_refused_at_delivery_as_well(
        self, mail: GrowingMail, receiver: Receiver
    ) -> None:
        here = subscribe(mail, "", receiver.url)
        with delivering(Settings(home=mail.settings.home)):  # which allows no host
            mail.comes("word")
            assert wait_for(lambda: "not public" in again(mail, here).last_error, SOON)
        assert receiver.received == []

    def test_a_name_is_resolved_once_for_each_try(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever owns the name may answer otherwise the second time."""
        asked: list[object] = []
        really = socket.getaddrinfo

        def answered(host: object, *rest: object, **more: object) -> object:
            if host != "rebinding.example":
                return really(host, *rest, **more)  # type: ignore[arg-type]
            asked.append(host)
            return really("127.0.0.1" if len(asked) == 1 else "192.0.2.1", *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", answered)
        url = f"http://rebinding.example:{receiver.port}/"

        async def once() -> str:
            async with Poster(url, ("rebinding.example",), None, Patience()) as poster:
                return await poster.post(b"{}", {})

        assert asyncio.run(once()) == ""
        assert len(asked) == 1
        assert receiver.received[0].headers["host"] == f"rebinding.example:{receiver.port}"

    def test_the_certificate_must_be_the_names_and_known(self, tmp_path: Path) -> None:
        def post(host: str, trusted: bool) -> str:
            certificate, key = certificates.make(tmp_path / host, host=host)
            theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            theirs.load_cert_chain(certificate, key)
            ours = ssl.create_default_context(cafile=certificate if trusted else None)

            async def once(url: str) -> str:
                async with Poster(url, ("localhost",), ours, Patience()) as poster:
                    return await poster.post(b"{}", {})

            with Receiver(tls=theirs) as receiver:
                said = asyncio.run(once(f"https://localhost:{receiver.port}/"))
                assert bool(receiver.received) == (not said)
                return said

        assert post("localhost", trusted=True) == ""
        assert post("other.example", trusted=True) == "the certificate is not valid for the host"
        assert post("localhost", trusted=False) == "the certificate is not valid for the host"


def test_the_body_is_the_same_in_every_try(mail: GrowingMail) -> None:
    subscribe(mail, "", "")
    mail.comes("Größe \ud800 </script>")
    standing.evaluate(mail.catalog, searcher(mail.settings, mail.catalog))

    first, second = (
        bodies.body(events.after(catalog, None, 0, 1)[0])
        for catalog in (mail.catalog, Catalog.open(mail.settings.catalog_path))
    )

    assert first == second
