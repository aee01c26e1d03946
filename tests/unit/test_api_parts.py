"""The parts of the HTTP API that need no server: buckets, deadlines, threads of what is visible."""

from __future__ import annotations

import asyncio
import base64
import quopri
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import deadline
from indexer.catalog.store import Catalog
from indexer.errors import ConfigError, QueryTooCostly
from indexer.on_demand import decode
from indexer.search.opening import searcher
from indexer.search.visible_threads import named
from indexer.settings import Settings, load
from search_api.installation import Installation
from search_api.rates import Rates
from tests.servers.api import Mail, fill


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_holds_a_minutes_requests_and_fills_up_steadily() -> None:
    clock = Clock()
    rates = Rates(60, clock)

    assert [rates.wait(1) for _ in range(60)] == [0.0] * 60
    assert rates.wait(1) == pytest.approx(1.0)
    assert rates.wait(2) == 0.0  # somebody else's is full
    clock.now = 1.5
    assert rates.wait(1) == 0.0
    assert rates.wait(1) == pytest.approx(0.5)
    clock.now = 10_000.0
    assert [rates.wait(1) for _ in range(61)].count(0.0) == 60


def test_messages_that_share_a_link_are_one_thread_named_by_the_first() -> None:
    assert named([(5, ["a"]), (3, ["b"]), (7, ["a", "b"]), (9, ["c"]), (4, [])]) == {
        5: 3, 3: 3, 7: 3, 9: 9, 4: 4,
    }  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(home=tmp_path_factory.mktemp("home"))
    fill(made, [Mail(number, text=f"word{number} light") for number in range(1, 200)])
    return made


@pytest.mark.parametrize(
    "query", ["light", "/rep.*/", "*or*", "light OR word1", "-word1 is:unread"]
)
@pytest.mark.parametrize("sort", ["date", "relevance", "subject"])
def test_a_query_that_takes_too_long_is_stopped(settings: Settings, query: str, sort: str) -> None:
    with Catalog.open(settings.catalog_path, read_only=True) as catalog:
        searching = searcher(settings, catalog)
        assert searching.search(query, sort=sort, count=True).hits  # type: ignore[arg-type]

        with deadline.within(0.0), pytest.raises(QueryTooCostly, match="stopped after 0 seconds"):
            searching.search(query, sort=sort, count=True)  # type: ignore[arg-type]

        assert searching.search(query, sort=sort, count=True).hits  # type: ignore[arg-type]


def test_sqlite_is_stopped_in_the_middle_of_a_statement(settings: Settings) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"

    async def interrupted() -> sqlite3.OperationalError:
        lease = await Installation(settings).lend()
        with deadline.within(0.05), pytest.raises(sqlite3.OperationalError) as caught:
            lease.opened.catalog.connection.execute(endless).fetchone()
        lease.opened.catalog.close()
        return caught.value

    assert asyncio.run(interrupted()).sqlite_errorcode == sqlite3.SQLITE_INTERRUPT


def test_a_deadline_is_over_for_who_set_it_alone() -> None:
    with deadline.within(0.0):
        assert deadline.is_over()
        with deadline.within(1000.0):
            assert not deadline.is_over()
        assert deadline.is_over()
    assert not deadline.is_over()


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "8bit"]),
       st.integers(1, 50))  # fmt: skip
def test_what_comes_in_pieces_is_decoded_like_the_whole(
    octets: bytes, encoding: str, piece: int
) -> None:
    wire = {
        "base64": base64.encodebytes(octets).replace(b"\n", b"\r\n"),
        "quoted-printable": quopri.encodestring(octets),
        "8bit": octets,
    }[encoding]
    found, left = b"", b""
    for start in range(0, len(wire), piece):
        decoded, left = decode(encoding, left + wire[start : start + piece], is_last=False)
        found += decoded
    decoded, left = decode(encoding, left, is_last=True)

    assert (found + decoded, left) == (octets, b"")


@given(st.binary(max_size=200), st.sampled_from(["base64", "quoted-printable", "x-uue", ""]),
       st.booleans())  # fmt: skip
def test_decoding_takes_anything(octets: bytes, encoding: str, is_last: bool) -> None:
    decoded, left = decode(encoding, octets, is_last=is_last)
    assert len(decoded) + len(left) <= len(octets)


def test_the_table_of_the_api_is_read_and_checked(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[api]\nrequests_per_minute = 5\ncors_origins = ["https://a.example:8443"]\n')
    api = load(tmp_path, environ={"MAILSEEK_SEARCH_SECONDS": "3"}).api
    assert (api.requests_per_minute, api.search_seconds) == (5, 3)
    assert api.cors_origins == ("https://a.example:8443",)
    for wrong in (
        "requests_per_minute = 0", "search_seconds = true", "cors = []",
        'cors_origins = ["*"]', 'cors_origins = ["https://a.example/"]', 'cors_origins = "x"',
    ):  # fmt: skip
        config.write_text(f"[api]\n{wrong}\n")
        with pytest.raises(ConfigError):
            load(tmp_path, environ={})
