"""The page without a token, without mail, without a server, and with an index that is behind."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from selenium.webdriver import Keys

from indexer.catalog.store import Catalog
from indexer.settings import Settings
from search_cli.demo.mailbox import DemoMessage, messages
from tests.browser.application import serving
from tests.browser.mail import fill
from tests.browser.window import Window

pytestmark = pytest.mark.browser

TOKEN = "msk_an-unguessable-token"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_without_a_token_nothing_is_shown_but_the_question_for_one(
    window: Window, mailbox: Settings
) -> None:
    with serving(mailbox, TOKEN) as address:
        window.open(f"{address}/?q=garden")
        assert window.shown("#signing-in")
        assert not window.shown("#query")
        window.until(lambda: window.focused == "token")
        window.press("msk_wrong", Keys.ENTER)
        window.until(lambda: "does not know this token" in window.text("#token-fault"))
        window.press(TOKEN, Keys.ENTER)
        window.until(lambda: window.count() > 0)
        assert window.query == "garden"
        assert TOKEN not in window.driver.current_url
        assert window.run("return localStorage.length") == 0
        window.driver.refresh()
        window.until(lambda: window.count() > 0)
        window.click("#sign-out")
        window.until(lambda: window.shown("#signing-in"))
        assert window.count() == 0
        assert window.run("return sessionStorage.length") == 0


def test_an_empty_mailbox_says_what_fills_it(window: Window, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    Catalog.open(settings.catalog_path).close()
    with serving(settings) as address:
        window.open(address)
        assert "no mail here yet" in window.text("#nothing")
        assert "mailseek sync" in window.text("#nothing")
        window.click("#show-status")
        window.until(lambda: "No account" in window.text("#status-body"))


def test_a_catalog_that_is_not_there_is_an_error_with_a_cure(
    window: Window, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    with serving(settings) as address:
        window.open(address)
        assert "there is no catalog yet" in window.text("#nothing")
        assert "mailseek sync" in window.text("#nothing")
        fill(settings, messages(NOW, count=5))
        window.click("#nothing button")
        window.until(lambda: window.count() == 5)


def test_mail_that_the_index_does_not_know_yet_is_told_of(window: Window, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    mail = list(messages(NOW, count=20))
    fill(settings, mail[:17])
    fill(settings, mail[17:], index=False)
    with serving(settings) as address:
        window.open(f"{address}/?q=robin")
        assert window.text("#coverage") == "3 messages not indexed yet"
        window.click("#show-status")
        window.until(lambda: window.shown(".status-table"))
        assert window.texts(".status-table tbody td")[:3] == ["20", "17", "3"]


def test_a_server_that_is_gone_is_told_of_and_asked_again(
    window: Window, mailbox: Settings
) -> None:
    with serving(mailbox) as address:
        window.open(address)
    window.type("lunch")
    window.until(lambda: "does not answer" in window.text("#nothing"))
    port = int(address.rpartition(":")[2])
    with serving(mailbox, port=port):
        window.click("#nothing button")
        window.until(lambda: window.count() > 0)


def test_an_attachment_is_saved_as_a_file_and_never_shown(
    window: Window, mailbox: Settings
) -> None:
    with serving(mailbox, TOKEN) as address:
        window.open(address)
        window.press(TOKEN, Keys.ENTER)
        window.until(lambda: window.count() > 0)
        window.search("filename:contract")
        window.click("a.hit")
        window.until(lambda: window.count(".attachments button") > 0)
        name = window.text(".attachments bdi")
        window.click(".attachments button")
        saved = window.downloads / name
        window.until(saved.exists, f"{name} in {[*window.downloads.iterdir()]}")
        assert saved.read_bytes().startswith(b"<script>")
        assert window.shown("#message")


def test_old_dates_have_their_year_and_those_of_today_say_how_long_ago(
    window: Window, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    source = b"From: ann@x.org\nSubject: %s\nDate: %s\n\nHello\n"
    now = datetime.now(UTC)
    dates = {
        b"old": b"Mon, 6 May 2019 10:00:00 +0000",
        b"new": f"{now:%a, %d %b %Y %H:%M:%S} +0000".encode(),
    }
    fill(settings, [DemoMessage("INBOX", (), now, source % each) for each in dates.items()])
    window.command("Emulation.setTimezoneOverride", timezoneId="Pacific/Kiritimati")
    try:
        with serving(settings) as address:
            window.open(address)
            new, old = window.texts(".hit time")
            assert new in ("this minute", "1 min ago")
            assert old == "May 7, 2019"
            assert "Tuesday, May 7, 2019 at 12:00" in window.attributes(".hit time", "title")[1]
    finally:
        window.command("Emulation.setTimezoneOverride", timezoneId="")


def test_links_of_a_message_are_the_web_and_mail_alone(window: Window, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    text = (
        "See (https://example.org/a_(b)), http://example.org/c. And javascript:alert(1)\n"
        "data:text/html,x file:///etc/passwd mailto:ann@x.org vbscript:x HTTPS://EXAMPLE.ORG/D?x=1&y=2!\n"
        "https:// http://[ https://user@\n"
    )
    source = f"From: ann@x.org\nSubject: links\n\n{text}".encode()
    fill(settings, [DemoMessage("INBOX", (), NOW, source)])
    with serving(settings) as address:
        window.open(address)
        window.click("a.hit")
        window.until(lambda: window.count(".body a") > 0)
        assert window.texts(".body a") == [
            "https://example.org/a_(b)", "http://example.org/c", "mailto:ann@x.org",
            "HTTPS://EXAMPLE.ORG/D?x=1&y=2",
        ]  # fmt: skip
        assert set(window.attributes(".body a", "rel")) == {"noopener noreferrer"}
        assert window.text(".body").strip() == text.strip()
