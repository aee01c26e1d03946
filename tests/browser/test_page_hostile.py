"""Mail that wants to be more than text: nothing of it runs, and nobody is told that it was read.

What every test of the page checks at its end (see `Window.check`) is the point of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from selenium.webdriver import Keys

from indexer.settings import Settings
from search_cli.demo.mailbox import DemoMessage
from tests.browser.application import serving
from tests.browser.mail import fill
from tests.browser.window import Window

pytestmark = pytest.mark.browser

PAYLOADS = (
    '<img src=x onerror="window.__ran=1">',
    "<script>window.__ran=1</script>",
    "\"'><svg/onload=window.__ran=1>",
    "<iframe srcdoc='<script>parent.__ran=1</script>'></iframe>",
    "<img src=http://192.0.2.7/seen.png>",
    "<style>@import url(http://192.0.2.7/seen.css)</style>",
    "</title></script><script>window.__ran=1</script>",
    "javascript:window.__ran=1",
    "{{constructor.constructor('window.__ran=1')()}}",
    "\u202egnp.exe",
)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
Page = Callable[..., Window]


def hostile(number: int, payload: str) -> DemoMessage:
    """The payload wherever a sender may put text, and where a server may."""
    mail = EmailMessage()
    quoted = payload.replace("\\", "").replace('"', "'")
    mail["From"] = f'"{quoted}" <evil{number}@x.org>'
    mail["To"] = f'"{quoted}" <robin@x.org>'
    mail["Subject"] = f"evil {payload}"
    mail["List-Id"] = f"{quoted} <evil{number}.x.org>"
    mail["X-Mailer"] = payload
    mail["Message-ID"] = f"<{number}.evil@x.org>"
    if number:
        mail["References"] = "<0.evil@x.org>"
    mail.set_content(f"{payload}\n> {payload}\nhttp://x.org/\"onmouseover='window.__ran=1'\n")
    mail.add_attachment(b"x", maintype="text", subtype="html", filename=f"{number}{quoted}.html")
    return DemoMessage(f"In/{payload}", ("$evil",), NOW, mail.as_bytes())


@pytest.fixture(scope="module")
def hostile_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(home=tmp_path_factory.mktemp("hostile"))
    fill(settings, [hostile(*each) for each in enumerate(PAYLOADS)])
    with serving(settings) as address:
        yield address


@pytest.fixture
def page(window: Window, hostile_address: str) -> Page:
    def open_(path: str = "/") -> Window:
        window.open(hostile_address + path)
        return window

    return open_


def test_the_list_and_the_filters_show_markup_as_text(page: Page) -> None:
    window = page("/?q=evil")
    window.until(lambda: window.count("#facets .filter") > 0)
    assert window.count() == len(PAYLOADS)
    shown = "\n".join(window.texts(".hit"))
    assert [each for each in PAYLOADS if each not in shown] == []
    assert window.count("main img, main script, main iframe, main style") == 0
    for clause in window.attributes("#facets .filter", "data-clause"):
        if clause.startswith(("in:", "from:")):
            window.filter(clause)
            window.settle()
            assert not window.shown("#fault"), clause
            assert window.count() == 1, clause
            window.filter(clause)
            window.settle()


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_an_open_message_shows_markup_as_text(page: Page, number: int) -> None:
    window = page(f"/?q=id:{number}.evil@x.org")
    window.click("a.hit")
    window.until(lambda: window.count(".thread a") == len(PAYLOADS))
    window.click("#message summary")
    payload = PAYLOADS[number].replace("\u202e", "")
    for place in ("h2", ".body", ".thread", ".fields", "details"):
        shown = window.text(f"#message {place}").replace("\u202e", "")
        assert payload in shown or payload.replace('"', "'") in shown, place
    assert window.count("main img, main script, main iframe, main style") == 0
    assert {each.split(":")[0] for each in window.attributes("#message .body a", "href")} <= {
        "http"
    }
    window.click(".attachments button")
    window.until(lambda: not window.attributes(".attachments button", "aria-busy")[0])
    assert window.shown("#message")


@pytest.mark.parametrize("typed", ["from:evil", "in:", "list:evil", "evil"])
def test_completions_show_markup_as_text(page: Page, typed: str) -> None:
    window = page()
    window.type(typed)
    window.until(lambda: window.shown("#completions"))
    window.press(Keys.ARROW_DOWN, Keys.TAB)
    window.settle()
    assert window.count("form img, form script") == 0


@pytest.mark.parametrize(
    "query",
    [
        "<img src=x onerror=window.__ran=1>", "form:<script>window.__ran=1</script>",
        "is:<img/src=x/onerror=window.__ran=1>", "in:\"<img src=x onerror=window.__ran=1>\"",
    ],
)  # fmt: skip
def test_a_query_of_somebody_elses_is_text_as_well(page: Page, query: str) -> None:
    from urllib.parse import quote

    window = page(f"/?q={quote(query)}&sort=<script>&id=1<script>")
    assert window.query == query
    assert window.count("main img, form img, main script, form script") == 0


def test_what_these_tests_look_at_would_tell(page: Page) -> None:
    window = page()
    window.run("document.body.append(Object.assign(new Image(), {src: 'http://192.0.2.7/x.png'}))")
    window.until(lambda: window.run("return window.__violations.length") == 1)
    with pytest.raises(Exception, match="TrustedScript"):
        window.run("document.body.setAttribute('onclick', 'window.__ran = 1')")
    with pytest.raises(Exception, match="TrustedHTML"):
        window.run("document.body.innerHTML = '<b>markup</b>'")
    with pytest.raises(AssertionError):
        window.check()
    window.origin = ""
