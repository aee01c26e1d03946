"""What a person does with the page, and what they see: a thin layer over selenium."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--lang=en-US",
)  # fmt: skip
_PATIENCE = 10.0  # seconds
_WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


def started(chromium: str, driver: str, folder: Path) -> Window:
    """A browser with a profile of its own, which tells of every request that it makes."""
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    downloads = folder / "downloads"
    downloads.mkdir()
    return Window(Chrome(options=options, service=ChromeService(driver)), downloads)


class Window:
    """One tab."""

    def __init__(self, driver: Chrome, downloads: Path) -> None:
        self.driver, self.downloads = driver, downloads
        self.origin = ""

    def quit(self) -> None:
        self.driver.quit()

    def command(self, name: str, **parameters: Any) -> Any:
        """One of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def begin(self) -> None:
        """An empty tab, nothing kept of what was before."""
        if self.origin:
            self.command("Storage.clearDataForOrigin", origin=self.origin, storageTypes="all")
        before = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        after = self.driver.current_window_handle
        self.driver.switch_to.window(before)
        self.driver.close()
        self.driver.switch_to.window(after)
        self.command("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
        self.command(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads)
        )
        self.resize(1280, 900)
        self.prefer("light")
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.origin = ""

    def open(self, address: str) -> None:
        """Go there, and wait for an answer on the page."""
        self.origin = "/".join(address.split("/")[:3])
        self.driver.get(address)
        self.until(lambda: self.count() or self.shown("#nothing") or self.shown("#signing-in")
                   or self.shown("#fault"), "an answer")  # fmt: skip

    def check(self) -> None:
        """Nothing of a mail ran, no policy was broken, no request left the origin."""
        if not self.origin:
            return
        assert self.run("return window.__ran") is None
        assert self.run("return window.__violations") == []
        faults = [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" and entry["source"] != "network"
        ]
        assert faults == []
        strangers = [each for each in self.requests() if not each.startswith(self.allowed())]
        assert strangers == []

    def allowed(self) -> tuple[str, ...]:
        return self.origin + "/", f"blob:{self.origin}/", "about:", "data:"

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last time."""
        messages = [json.loads(each["message"]) for each in self.driver.get_log("performance")]
        return [
            each["message"]["params"]["request"]["url"]
            for each in messages
            if each["message"]["method"] == "Network.requestWillBeSent"
        ]

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def resize(self, width: int, height: int) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def prefer(self, colours: str) -> None:
        """What the system says about light and dark."""
        features = [{"name": "prefers-color-scheme", "value": colours}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def until(self, condition: Callable[[], T], what: str = "") -> T:
        """Wait for something to be so. A test that waits in vain has failed."""
        deadline = time.monotonic() + _PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"in vain: {what}\n{self.text('body')[:2000]}"
            time.sleep(0.02)
        return found

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Shown text of the first of these; '' where there is none."""
        return str(
            self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)
        )

    def texts(self, selector: str) -> list[str]:
        """Shown text of all of these."""
        script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)"
        return list(self.run(script, selector))

    def attributes(self, selector: str, name: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map(%s)"
        return list(self.run(script % "(each) => each.getAttribute(arguments[1])", selector, name))

    def shown(self, selector: str) -> bool:
        return bool(
            self.run("return document.querySelector(arguments[0])?.checkVisibility()", selector)
        )

    def count(self, selector: str = "a.hit") -> int:
        return int(self.run("return document.querySelectorAll(arguments[0]).length", selector))

    def click(self, selector: str) -> None:
        """On the first of these, as soon as there is one that the page does not replace meanwhile."""

        def clicked() -> bool:
            try:
                self.find(selector).click()
            except StaleElementReferenceException:
                return False
            return True

        self.until(clicked, f"a click on {selector}")

    def filter(self, clause: str) -> None:
        """Click on the filter that writes this clause."""
        script = """const filters = [...document.querySelectorAll(".filter")];
        const wanted = filters.find((each) => each.dataset.clause === arguments[0]);
        wanted?.click();
        return Boolean(wanted);"""
        self.until(lambda: self.run(script, clause), clause)

    def press(self, *keys: str) -> None:
        """Keys, to whatever has the focus when they arrive.

        Not by way of an element that is found first: the page may replace it meanwhile.
        """
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def type(self, text: str) -> None:
        """Into the search box, in place of what was there."""
        box = self.find("#query")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text)

    def search(self, text: str) -> None:
        """Type, and wait for the answer to just this."""
        self.type(text)
        self.settle()

    def settle(self) -> None:
        """Wait until the list shows the answer to what stands in the box."""
        self.until(
            lambda: (
                self.run(
                    "return (new URLSearchParams(location.search).get('q') ?? '')"
                    " === document.querySelector('#query').value"
                )
                and self.run("return document.querySelector('#hits').ariaBusy") == "false"
            ),
            "the answer",
        )

    def rest(self) -> None:
        """Wait until hits are there and counted, after which the page changes nothing by itself."""
        self.settle()
        self.until(lambda: self.count("#facets .filter") or self.shown("#nothing"), "the filters")

    @property
    def query(self) -> str:
        """What stands in the search box."""
        return str(self.run("return document.querySelector('#query').value"))

    @property
    def address(self) -> str:
        """The path and query of the address bar."""
        return str(self.run("return location.pathname + location.search"))

    @property
    def focused(self) -> str:
        """The id of what has the focus, or of its message."""
        return str(
            self.run("return document.activeElement.dataset.id ?? document.activeElement.id")
        )

    @property
    def is_scrolling_sideways(self) -> bool:
        return bool(self.run("return document.documentElement.scrollWidth > innerWidth"))
