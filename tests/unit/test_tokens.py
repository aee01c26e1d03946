from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from indexer.catalog import tokens
from indexer.catalog.store import Catalog
from indexer.errors import ConfigError


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.sqlite3") as catalog:
        yield catalog


def test_a_token_is_found_by_its_secret_alone(catalog: Catalog) -> None:
    made, secret = tokens.create(catalog, "app", scopes=["search", "read"], accounts=["work"],
                                 filter="is:unread")  # fmt: skip

    assert tokens.find(catalog, secret) == made
    assert (made.accounts, made.filter, made.is_limited) == (("work",), "is:unread", True)
    for other in (secret[:-1], secret + "A", secret.upper(), "app", "", "msk_", secret[4:]):
        assert tokens.find(catalog, other) is None


def test_the_secret_is_nowhere_in_the_catalog(catalog: Catalog) -> None:
    _, secret = tokens.create(catalog, "app", scopes=["search"])

    dump = "\n".join(catalog.connection.iterdump())

    assert "app" in dump
    assert secret[4:] not in dump


def test_two_tokens_share_nothing(catalog: Catalog) -> None:
    secrets = {tokens.create(catalog, f"app{n}", scopes=["search"])[1] for n in range(20)}
    assert len(secrets) == 20
    assert all(len(each) >= 40 for each in secrets)


def test_an_expired_token_is_listed_and_not_found(catalog: Catalog) -> None:
    _, old = tokens.create(catalog, "old", scopes=["search"], lifetime=timedelta(seconds=-1))
    _, new = tokens.create(catalog, "new", scopes=["search"], lifetime=timedelta(hours=1))

    assert tokens.find(catalog, old) is None
    assert tokens.find(catalog, new) is not None
    assert [each.name for each in tokens.listed(catalog)] == ["new", "old"]


def test_an_administrator_may_do_everything_and_others_what_they_are_for(catalog: Catalog) -> None:
    admin, _ = tokens.create(catalog, "admin", scopes=["admin"])
    reader, _ = tokens.create(catalog, "reader", scopes=["read"])

    assert [scope for scope in tokens.SCOPES if admin.allows(scope)] == ["search", "read", "admin"]
    assert [scope for scope in tokens.SCOPES if reader.allows(scope)] == ["read"]


@pytest.mark.parametrize(
    ("name", "scopes", "limits"),
    [
        ("a b", ["search"], {}),
        ("", ["search"], {}),
        ("x" * 41, ["search"], {}),
        ("app", [], {}),
        ("app", ["searching"], {}),
        ("app", ["admin"], {"accounts": ["work"]}),
        ("app", ["search", "admin"], {"filter": "x"}),
        ("taken", ["search"], {}),
    ],
)
def test_what_makes_no_sense_is_refused(
    catalog: Catalog, name: str, scopes: list[str], limits: dict[str, object]
) -> None:
    tokens.create(catalog, "taken", scopes=["read"])

    with pytest.raises(ConfigError):
        tokens.create(catalog, name, scopes=scopes, **limits)  # type: ignore[arg-type]

    assert [each.name for each in tokens.listed(catalog)] == ["taken"]


def test_a_removed_token_is_gone_and_its_name_free(catalog: Catalog) -> None:
    _, secret = tokens.create(catalog, "app", scopes=["search"])

    assert tokens.remove(catalog, "app")
    assert not tokens.remove(catalog, "app")
    assert tokens.find(catalog, secret) is None
    assert tokens.find(catalog, tokens.create(catalog, "app", scopes=["read"])[1]) is not None


def test_when_a_token_was_used_is_remembered(catalog: Catalog) -> None:
    made, secret = tokens.create(catalog, "app", scopes=["search"])
    assert made.last_used is None

    tokens.was_used(catalog, made.id)

    used = tokens.find(catalog, secret)
    assert used is not None
    assert used.last_used is not None
    assert used.last_used >= made.created
