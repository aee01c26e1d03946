"""A real browser, Debian's chromium, that looks at the page which a real server serves.

Where there is none, its tests are skipped with the reason; under CI=true they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from indexer.settings import Settings
from search_cli.demo.mailbox import messages
from tests.browser.application import serving
from tests.browser.mail import fill
from tests.browser.window import Window, started

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
MESSAGES = 400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "window" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """One browser for the session; each test has it at an empty page, as wide as a desk's."""
    reason = None
    if CHROMIUM is None or DRIVER is None:
        reason = "no chromium with its driver (Debian: chromium, chromium-driver)"
    if reason is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    assert CHROMIUM is not None
    assert DRIVER is not None
    window = started(CHROMIUM, DRIVER, tmp_path_factory.mktemp("browser"))
    yield window
    window.quit()


@pytest.fixture
def window(chromium: Window) -> Iterator[Window]:
    """Whatever the test did, nothing of a mail ran, no policy was broken, nobody else was asked."""
    chromium.begin()
    yield chromium
    chromium.check()


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The generated mailbox, filled once."""
    settings = Settings(home=tmp_path_factory.mktemp("generated"))
    fill(settings, messages(datetime(2026, 5, 1, 12, tzinfo=UTC), count=MESSAGES))
    return settings


@pytest.fixture(scope="session")
def address(mailbox: Settings) -> Iterator[str]:
    """Where the page with the generated mailbox is served, without a token."""
    with serving(mailbox) as address:
        yield address


@pytest.fixture
def page(window: Window, address: str) -> Callable[[str], Window]:
    """Opens a path of the page, and waits until its hits are there."""

    def open_(path: str = "/") -> Window:
        window.open(address + path)
        return window

    return open_
