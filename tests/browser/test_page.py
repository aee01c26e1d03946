"""The search page, as somebody in front of a browser has it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver import Keys

from indexer.settings import Settings
from tests.browser.application import serving
from tests.browser.window import Window

pytestmark = pytest.mark.browser

Page = Callable[..., Window]


def test_the_newest_mail_is_there_before_anything_is_typed(page: Page) -> None:
    window = page()
    assert window.count() == 30
    assert window.text("#found-title").startswith("Newest mail")
    assert window.focused == "query"


def test_typing_shows_hits_with_their_words_marked(page: Page) -> None:
    window = page()
    window.search("garden")
    window.until(lambda: "garden" in [mark.lower() for mark in window.texts(".hit mark")])
    assert {mark.lower()[:6] for mark in window.texts(".hit mark")} == {"garden"}
    window.until(lambda: window.text("#found-title")[0].isdigit())
    window.until(lambda: window.text("#live").endswith("messages found"))


def test_the_first_key_is_asked_for_at_once_and_completions_behind_its_hits(page: Page) -> None:
    window = page()
    window.rest()
    window.requests()
    window.search("fro")
    window.until(lambda: window.shown("#completions"))
    asked = [urlsplit(each) for each in window.requests()]
    paths = [each.path for each in asked]
    searched = [parse_qs(each.query)["q"] for each in asked if each.path == "/v1/search"]
    assert searched[0] == ["f"]
    assert ["fro"] in searched
    assert "/v1/search" in paths[: paths.index("/v1/suggest")]


def test_filters_are_counted_behind_the_hits_and_never_with_them(page: Page) -> None:
    window = page()
    window.requests()
    window.search("lunch")
    window.rest()
    asked = [parse_qs(urlsplit(each).query) for each in window.requests() if "/v1/search?" in each]
    counting = ["facets" in each for each in asked if each["q"] == ["lunch"]]
    assert counting[0] is False
    assert all(each["limit"] == ["1"] for each in asked if "facets" in each or "count" in each)


def test_a_word_that_is_not_whole_yet_finds_words_that_begin_like_it(page: Page) -> None:
    window = page()
    window.search("lunc")
    window.until(lambda: window.shown("#note"))
    assert "lunc*" in window.text("#note")
    assert window.count() > 0
    window.search("lunch")
    window.until(lambda: not window.shown("#note"))


def test_the_address_keeps_the_search_and_back_goes_to_the_one_before(page: Page) -> None:
    window = page("/?q=garden")
    window.filter("is:unread")
    window.settle()
    assert parse_qs(urlsplit(window.address).query) == {"q": ["garden is:unread"]}
    window.driver.back()
    window.until(lambda: window.query == "garden")
    window.settle()
    window.driver.forward()
    window.until(lambda: window.query == "garden is:unread")
    window.driver.refresh()
    window.until(lambda: window.count() > 0)
    assert window.query == "garden is:unread"


def test_typing_goes_on_where_a_browser_wants_no_more_addresses(page: Page) -> None:
    window = page()
    window.run(
        "history.replaceState = history.pushState = () => {"
        " throw new DOMException('too many', 'SecurityError'); }"
    )
    window.type("garden")
    window.until(lambda: {mark.lower()[:6] for mark in window.texts(".hit mark")} == {"garden"})


def test_letters_typed_in_one_go_are_one_step_back(page: Page) -> None:
    window = page()
    window.search("lunch")
    window.driver.back()
    window.until(lambda: window.query == "")


def test_a_message_opens_with_its_text_and_back_closes_it(page: Page) -> None:
    window = page("/?q=subject:lunch")
    subject = window.texts(".hit .what")[0]
    window.click("a.hit")
    window.until(lambda: window.text("#message h2") == subject)
    assert "robin@demo.example" in window.text("#message .fields")
    assert window.text("#message .body").strip()
    assert (
        window.attributes("a.hit[aria-current]", "data-id")
        == window.attributes("a.hit", "data-id")[:1]
    )
    assert "id=" in window.address
    window.driver.back()
    window.until(lambda: not window.shown("#message"))
    assert "id=" not in window.address


def test_a_hit_beside_an_open_message_shows_two_lines_of_its_text(page: Page) -> None:
    window = page("/?q=lunch")
    window.click("a.hit")
    window.until(lambda: window.shown("#message h2"))
    lines = "return getComputedStyle(document.querySelector('.hit .piece')).webkitLineClamp"
    assert window.run(lines) == "2"


def test_a_message_has_an_address_of_its_own(page: Page) -> None:
    window = page("/?q=lunch")
    window.open(window.origin + window.attributes("a.hit", "href")[1])
    window.until(lambda: window.shown("#message h2"))
    window.press(Keys.ESCAPE)
    window.until(lambda: not window.shown("#message"))
    assert window.query == "lunch"


def test_a_thread_is_listed_with_its_message_and_leads_on(page: Page) -> None:
    window = page("/?q=quoted:hello")
    window.click("a.hit")
    window.until(lambda: window.count(".thread a") > 1)
    first = window.run("return document.querySelector('#message').dataset.shown")
    window.click(".thread a:not([aria-current])")
    window.until(
        lambda: window.run("return document.querySelector('#message').dataset.shown") != first
    )
    window.until(lambda: window.count(".thread a[aria-current]") == 1)


def test_everything_can_be_done_with_the_keyboard(page: Page) -> None:
    window = page("/?q=lunch")
    window.press("/")
    assert window.focused == "query"
    window.press("garden", Keys.ENTER)
    window.settle()
    ids = window.attributes("a.hit", "data-id")
    window.until(lambda: window.focused == ids[0])
    window.press("j", "j", "k", Keys.ARROW_DOWN)
    assert window.focused == ids[2]
    window.press(Keys.ENTER)
    window.until(lambda: window.shown("#message h2"))
    window.until(lambda: window.focused == "message")
    window.press("j")
    window.until(lambda: window.attributes("a.hit[aria-current]", "data-id") == [ids[3]])
    window.press(Keys.ESCAPE)
    window.until(lambda: not window.shown("#message"))
    assert window.focused == ids[3]
    window.press("?")
    window.until(lambda: window.shown("#keys"))
    window.press(Keys.ESCAPE)
    window.until(lambda: not window.shown("#keys"))
    window.press(Keys.ESCAPE)
    window.until(lambda: window.focused == "query")


def test_letters_are_no_keys_while_something_is_typed(page: Page) -> None:
    window = page()
    window.type("jk?/t")
    assert window.query == "jk?/t"
    assert not window.shown("#keys")


def test_operators_are_completed_and_explained(page: Page) -> None:
    window = page()
    window.type("fro")
    window.until(lambda: window.shown("#completions"))
    assert window.texts("#completions [role=option]")[0].split("\n") == ["from:", "who sent it"]
    window.press(Keys.ARROW_DOWN)
    assert window.attributes("#query", "aria-activedescendant") == ["completion-0"]
    assert window.attributes("#completion-0", "aria-selected") == ["true"]
    window.press(Keys.TAB)
    assert window.query == "from:"
    window.press("alice")
    window.until(lambda: any("alice.smith@" in each for each in window.texts("#completions .text")))
    window.press(Keys.ARROW_DOWN, Keys.ENTER)
    window.until(lambda: not window.shown("#completions"))
    assert window.query.startswith("from:alice.smith@")
    window.settle()
    assert {name.split("\n")[-1] for name in window.texts(".hit .who")} == {"Alice Smith"}


def test_nothing_is_completed_unasked(page: Page) -> None:
    window = page()
    window.type("fro")
    window.until(lambda: window.shown("#completions"))
    window.press(Keys.ESCAPE)
    assert not window.shown("#completions")
    assert (window.query, window.focused) == ("fro", "query")
    window.type("in:arch")
    window.until(lambda: window.shown("#completions"))
    window.press(Keys.ENTER)
    assert window.query == "in:arch"


def test_a_wrong_query_is_pointed_at_and_the_cure_is_told(page: Page) -> None:
    window = page("/?q=lunch 🚀 form:ann")
    window.until(lambda: window.shown("#fault"))
    assert "form" in window.text("#fault-message")
    assert "did you mean from" in window.text("#fault-message")
    assert window.run("return document.querySelector('.pointer .piece').textContent") == "form:"
    assert (
        window.run("return document.querySelector('.pointer .before').textContent") == "lunch 🚀 "
    )
    assert window.attributes("#query", "aria-invalid") == ["true"]
    window.search("lunch")
    window.until(lambda: not window.shown("#fault"))


def test_the_pointer_stands_below_the_very_characters(page: Page) -> None:
    window = page("/?q=iiiiiiiiii WWWWWWWWWW form:ann")
    window.until(lambda: window.shown("#fault"))
    drawn, wanted = window.run(
        """const box = document.querySelector("#query"), style = getComputedStyle(box);
        const pen = document.createElement("canvas").getContext("2d");
        pen.font = style.font;
        const left = box.getBoundingClientRect().left + parseFloat(style.borderLeftWidth);
        const before = document.querySelector(".pointer .before").textContent;
        return [document.querySelector(".pointer .piece").getBoundingClientRect().left,
          left + parseFloat(style.paddingLeft) + pen.measureText(before).width];"""
    )
    assert abs(drawn - wanted) < 2


@pytest.mark.parametrize(
    "clause", ["is:unread", "has:attachment", "in:Archive", "date:2025", "from:news@shop.example"]
)
def test_a_filter_writes_into_the_query_and_takes_it_out_again(page: Page, clause: str) -> None:
    window = page("/?q=garden")
    window.until(lambda: clause in window.attributes(".filter", "data-clause"))
    window.filter(clause)
    window.settle()
    assert window.query == f"garden {clause}"
    assert clause in window.attributes(".filter[aria-pressed=true]", "data-clause")
    window.filter(clause)
    window.settle()
    assert window.query == "garden"


def test_the_filter_counts_what_its_click_shows(page: Page) -> None:
    window = page("/?q=garden")
    window.until(lambda: window.count("#facets .filter") > 0)
    number = window.text("#facets .filter[data-clause='in:Sent'] .number")
    window.filter("in:Sent")
    window.until(lambda: window.text("#found-title").startswith(f"{number} message"))


def test_a_filter_puts_alternatives_in_brackets(page: Page) -> None:
    window = page("/?q=lunch OR garden")
    window.filter("is:unread")
    window.settle()
    assert window.query == "(lunch OR garden) is:unread"
    window.filter("is:unread")
    assert window.query == "lunch OR garden"


def test_more_comes_by_scrolling_and_no_hit_comes_twice(page: Page, mailbox: Settings) -> None:
    window = page("/?q=lunch OR garden")
    window.until(
        lambda: (
            window.text("#found-title")[0].isdigit() and "more" not in window.text("#found-title")
        )
    )
    total = int(window.text("#found-title").split()[0])
    assert total > 60

    def all_there() -> bool:
        window.run("scrollTo(0, document.body.scrollHeight)")
        return window.count() == total and not window.shown("#more")

    window.until(all_there)
    ids = window.attributes("a.hit", "data-id")
    assert len(set(ids)) == len(ids)


def test_the_last_hit_leads_to_the_next_page_by_key(page: Page) -> None:
    window = page("/?q=garden")
    window.resize(1280, 400)
    last = window.attributes("a.hit", "data-id")[-1]
    window.run("[...document.querySelectorAll('a.hit')].at(-1).focus({preventScroll: true})")
    assert window.focused == last
    window.press("j")
    window.until(lambda: window.focused != last)
    assert window.count() > 30


def test_threads_are_shown_once_and_the_orders_are_orders(page: Page) -> None:
    window = page("/?q=lunch")
    window.click("#threads")
    window.until(lambda: "threads=1" in window.address)
    window.settle()
    window.until(lambda: window.count(".hit .number") > 0)
    window.click("#threads")
    window.settle()
    window.run(
        "const sort = document.querySelector('#sort'); sort.value = 'sender';"
        "sort.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    window.settle()
    assert "sort=sender" in window.address
    names = [name.split("\n")[-1].lower() for name in window.texts(".hit .who")]
    assert names == sorted(names)


def test_sent_mail_shows_to_whom_it_went(page: Page) -> None:
    window = page("/?q=in:sent")
    shown = [each.split("\n")[-1] for each in window.texts(".hit .who")]
    assert all(each.startswith("To: ") and "Robin" not in each for each in shown)
    assert "To: Alice Smith" in shown
    window.search("from:robin in:inbox OR from:alice")
    others = window.texts(".hit .who")
    assert others
    assert not any("To: " in each for each in others)


def test_an_older_answer_never_replaces_a_newer_one(window: Window, mailbox: Settings) -> None:
    with serving(mailbox, slow="lunch") as address:
        window.open(address)
        window.type("lunch")
        window.until(lambda: not window.run("return document.querySelector('#progress').hidden"))
        window.search("garden")
        marks = window.until(lambda: window.texts("a.hit mark"))
        window.until(lambda: window.text("#live").endswith("found"))
        assert window.texts("a.hit mark") == marks
        assert {mark.lower()[:6] for mark in marks} == {"garden"}


def test_a_word_that_nobody_wrote_has_suggestions(page: Page) -> None:
    window = page("/?q=lunchh")
    window.until(lambda: "Did you mean" in window.text("#nothing"))
    window.click("#nothing button")
    window.settle()
    assert window.query == "lunch"
    assert window.count() > 0


def test_dark_and_light_follow_the_system_until_the_button_says_otherwise(page: Page) -> None:
    def ground() -> str:
        return str(window.run("return getComputedStyle(document.body).backgroundColor"))

    window = page()
    light = ground()
    window.prefer("dark")
    dark = ground()
    assert dark != light
    window.click("#theme")  # light
    assert ground() == light
    window.driver.refresh()
    window.until(lambda: window.count() > 0)
    assert ground() == light
    window.prefer("light")
    window.click("#theme")  # dark
    assert ground() == dark
    window.click("#theme")  # the system's
    assert ground() == light


def test_a_phone_scrolls_in_one_direction(page: Page) -> None:
    window = page()
    window.resize(360, 740)
    window.search("garden")
    assert not window.is_scrolling_sideways
    window.press(Keys.ENTER)
    window.click("#show-facets")
    window.until(lambda: window.shown("#facets button"))
    assert not window.is_scrolling_sideways
    window.click("#show-facets")
    window.click("a.hit")
    window.until(lambda: window.shown("#message h2"))
    assert not window.shown("#hits")
    assert not window.is_scrolling_sideways
    window.click("#close-message")
    window.until(lambda: window.shown("#hits"))
    window.click("#show-status")
    window.until(lambda: window.shown(".status-table"))
    assert not window.is_scrolling_sideways
