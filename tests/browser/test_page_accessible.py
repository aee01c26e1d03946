"""The page for those who do not see it, do not see it well, or have no mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver import Keys

from tests.browser.window import Window

pytestmark = pytest.mark.browser

Page = Callable[..., Window]

NAMED = {
    "button", "link", "checkbox", "combobox", "listbox", "option", "dialog", "textbox", "img",
    "region", "complementary", "navigation", "list", "article",
}  # fmt: skip
_MAY_BE_UNNAMED = {"list"}  # inside of something that has a name

# For every text that is seen: its contrast with the ground that it stands on (WCAG 2.2, 1.4.3).
_FAINT = """
const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const ground = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const colour = rgba(getComputedStyle(each).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return rgba(getComputedStyle(document.body).backgroundColor);
};
const faint = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const box = element.getBoundingClientRect();
  if (!walker.currentNode.data.trim() || box.width < 2) continue;
  if (!element.checkVisibility({visibilityProperty: true})) continue;
  if (element.closest(".unseen, .pointer, noscript, option")) continue;
  const [one, other] = [light(rgba(getComputedStyle(element).color)), light(ground(element))];
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${walker.currentNode.data.slice(0, 40)}`);
}
return faint;
"""


# What has the focus, and whether that is seen: asked at once, as an answer may come between two.
_FOCUS = """
const focused = document.activeElement;
return [
  focused.dataset.id ?? focused.id,
  focused === document.body || getComputedStyle(focused).outlineStyle !== "none",
];
"""


def tree(window: Window) -> list[dict[str, Any]]:
    """What a screen reader gets."""
    nodes = window.command("Accessibility.getFullAXTree")["nodes"]
    return [
        {
            "role": node.get("role", {}).get("value", ""),
            "name": node.get("name", {}).get("value", ""),
            "properties": {p["name"]: p["value"].get("value") for p in node.get("properties", [])},
        }
        for node in nodes
        if not node["ignored"]
    ]


def in_a_list(window: Window) -> None:
    window.search("lunch")


def in_a_message(window: Window) -> None:
    window.search("has:attachment lunch")
    window.press(Keys.ENTER)
    window.until(lambda: window.focused.isdigit())
    window.press(Keys.ENTER)
    window.until(lambda: window.shown("#message h2"))


def in_completions(window: Window) -> None:
    window.type("fro")
    window.until(lambda: window.shown("#completions"))
    window.press(Keys.ARROW_DOWN)


def at_a_fault(window: Window) -> None:
    window.search("form:ann")
    window.until(lambda: window.shown("#fault"))


def at_the_keys(window: Window) -> None:
    window.click("#show-keys")


def at_the_status(window: Window) -> None:
    window.click("#show-status")
    window.until(lambda: window.shown(".status-table"))


def at_nothing(window: Window) -> None:
    window.search("zzzzzzzzz")
    window.until(lambda: window.shown("#nothing"))


STATES = [
    in_a_list, in_a_message, in_completions, at_a_fault, at_the_keys, at_the_status, at_nothing,
]  # fmt: skip


@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_everything_that_can_be_used_has_a_name(
    page: Page, reach: Callable[[Window], None]
) -> None:
    window = page()
    reach(window)
    nodes = tree(window)
    assert len(nodes) > 20
    nameless = [
        each for each in nodes
        if each["role"] in NAMED - _MAY_BE_UNNAMED and not each["name"].strip()
    ]  # fmt: skip
    assert nameless == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_text_stands_out_from_its_ground(
    page: Page, reach: Callable[[Window], None], colours: str
) -> None:
    window = page()
    window.prefer(colours)
    reach(window)
    assert window.run(_FAINT) == []


def test_the_contrast_is_really_looked_at(page: Page) -> None:
    window = page()
    window.run("document.querySelector('.count').style.color = '#ddd'")
    assert len(window.run(_FAINT)) == 1


def test_the_page_has_its_landmarks_and_headings(page: Page) -> None:
    window = page("/?q=lunch")
    roles = {each["role"] for each in tree(window)}
    assert {"banner", "search", "main", "complementary", "region", "heading", "status"} <= roles
    assert window.texts("h1") == ["Mail search"]


def test_the_search_box_says_what_it_offers(page: Page) -> None:
    window = page()
    in_completions(window)
    box = next(
        each
        for each in tree(window)
        if each["role"] == "combobox" and each["properties"].get("expanded")
    )
    assert box["name"] == "Search mail"
    options = [each for each in tree(window) if each["role"] == "option" and "from" in each["name"]]
    assert options[0]["properties"]["selected"] is True


def test_an_unread_and_flagged_message_is_read_as_such(page: Page) -> None:
    window = page("/?q=is:unread is:flagged")
    names = [each["name"] for each in tree(window) if each["role"] == "link"]
    hits = [name for name in names if name.startswith("Unread.")]
    assert len(hits) == window.count() > 0
    assert all("Flagged" in name and "Folder:" in name for name in hits)


def test_tab_goes_through_the_page_and_the_focus_is_seen(page: Page) -> None:
    window = page("/?q=lunch")
    window.rest()
    seen = []
    for _ in range(80):
        window.press(Keys.TAB)
        focused, is_seen = window.run(_FOCUS)
        seen.append(focused)
        assert is_seen, focused
    assert "query" in seen
    assert "threads" in seen
    assert any(each.isdigit() for each in seen)


def test_nothing_moves_where_that_is_not_wanted(page: Page) -> None:
    window = page()
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    window.command("Emulation.setEmulatedMedia", features=features)
    window.run("document.querySelector('#progress').hidden = false")
    assert window.run("return document.getAnimations().length") == 0
