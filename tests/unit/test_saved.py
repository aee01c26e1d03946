"""Saved searches: kept by name, found by query:NAME, never in a circle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def mailseek(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "search_cli.main", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_saved_search_is_listed_used_and_removed(home: Path) -> None:
    assert mailseek(home, "saved", "add", "big", "larger:5M", "has:attachment").returncode == 0
    assert mailseek(home, "saved", "add", "all", "query:big OR is:flagged").returncode == 0

    told = json.loads(mailseek(home, "saved", "list", "--json").stdout)
    assert told["saved"] == [
        {"name": "all", "query": "query:big OR is:flagged"},
        {"name": "big", "query": "larger:5M has:attachment"},
    ]
    explained = mailseek(home, "search", "--explain", "query:all -is:read")
    assert "HasAttachment" in explained.stdout, explained
    assert mailseek(home, "saved", "remove", "all").returncode == 0
    assert mailseek(home, "saved", "remove", "all").returncode == 2


def test_what_is_no_query_or_holds_itself_is_not_saved(home: Path) -> None:
    mailseek(home, "saved", "add", "a", "is:unread")
    mailseek(home, "saved", "add", "b", "query:a")

    for query, said in (
        ("form:bob", "from:"),
        ("query:b", "holds itself"),
        ("query:c", "no saved"),
    ):
        refused = mailseek(home, "saved", "add", "a", query)
        assert refused.returncode == 2
        assert said in refused.stderr
    assert mailseek(home, "saved", "add", "no name!", "x").returncode == 2

    told = json.loads(mailseek(home, "saved", "list", "--json").stdout)
    assert told["saved"][0] == {"name": "a", "query": "is:unread"}


def test_an_unknown_name_is_pointed_at_with_the_nearest(home: Path) -> None:
    mailseek(home, "saved", "add", "invoices", "subject:invoice")

    refused = mailseek(home, "search", "query:invoice")

    assert refused.returncode == 2
    assert "did you mean invoices?" in refused.stderr
