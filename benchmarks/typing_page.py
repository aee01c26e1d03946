"""`make bench-page`: how soon the search page shows the hits of what was typed, in a real browser.

    make bench-page KEEP=1 PACE=150      milliseconds between two keys

The mailbox of `make bench-search` with 20,000 messages, copied; `mailseek serve` as anybody starts
it; a headless chromium. Sixteen queries are typed letter by letter, with real key events. The page
itself holds the watch: from a key's release to the frame that shows hits of the text with that
letter, or of a later one.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from selenium.webdriver import ActionChains, Keys

from benchmarks.mailboxes import MAILSEEK, filled
from benchmarks.measure import percentile
from benchmarks.shapes import shapes
from search_cli.demo.server import free_port
from tests.browser.window import Window, started

SIZE = 20_000
BAR = 100.0  # milliseconds, p95
_EACH = {
    "common word": 4, "middling word": 4, "rare word": 3, "from": 2, "subject": 1, "two words": 2,
}  # fmt: skip
_SLOWEST = 5  # keys that are named
_REST = 1.2  # seconds after a query: filters are counted, suggestions are there

# A key waits from its release until a frame is painted with hits that are newer than it. What the
# list shows is the answer to what stands in the box as soon as it is not busy any more: the page
# drops older answers. A message that is posted in a frame's callback arrives behind its painting.
_WATCH = """
const box = document.querySelector("#query"), list = document.querySelector("#hits");
const waiting = [], painted = new MessageChannel();
window.__keys = [];
const shown = () => requestAnimationFrame(() => {
  if (list.ariaBusy === "false") painted.port2.postMessage(waiting.splice(0));
});
painted.port1.onmessage = ({ data }) => {
  const now = performance.now();
  for (const { text, at } of data) window.__keys.push([text, now - at]);
};
new MutationObserver(() => { if (list.ariaBusy === "false") shown(); })
  .observe(list, { attributes: true, attributeFilter: ["aria-busy"] });
box.addEventListener("keyup", ({ key, timeStamp }) => {
  if (key.length !== 1) return;
  waiting.push({ text: box.value, at: timeStamp });
  if (list.ariaBusy === "false") shown();
});
"""


def main() -> None:
    """One run; its table."""
    pace = int(os.environ.get("PACE") or 150)
    box = filled(SIZE, "1" if os.environ.get("KEEP") else "", print)
    with ExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix="mailseek-bench-"))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        home = root / "home"
        shutil.copytree(box.home, home)
        port = free_port()
        environ = {
            **os.environ, "MAILSEEK_HOME": str(home), "MAILSEEK_REQUESTS_PER_MINUTE": "1000000",
        }  # fmt: skip
        server = subprocess.Popen([MAILSEEK, "serve", "--open", "--port", str(port)], env=environ)
        stack.callback(_end, server)
        _wait_for(port)
        window = _browser(root)
        stack.callback(window.quit)
        window.begin()
        window.open(f"http://127.0.0.1:{port}/")
        window.run(_WATCH)
        words = queries()
        _typed(window, "warming up", pace)
        window.run("window.__keys.length = 0")
        for text in words:
            _typed(window, text, pace)
        measured: list[tuple[str, float]] = window.run("return window.__keys")
    # What ends with a colon is no query yet: nothing is shown before there is a value.
    counted = [each for each in measured if not each[0].endswith(":")]
    for text, taken in sorted(counted, key=lambda each: -each[1])[:_SLOWEST]:
        print(f"{taken:7.0f} ms: {text}")
    times = [taken for _, taken in counted]
    figures = " | ".join(f"{percentile(times, share):.0f}" for share in (0.5, 0.95, 0.99))
    print("| keys | ms between keys | p50, ms | p95 | p99 | longest | bar, p95 |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {len(times)} | {pace} | {figures} | {max(times):.0f} |"
          f" ≤ {BAR:g} |")  # fmt: skip


def queries() -> list[str]:
    """What is typed: words of every frequency, a sender, a subject, two words."""
    by_name = {shape.name: shape.ours for shape in shapes()}
    return [text for name, count in _EACH.items() for text in by_name[name][:count]]


def _typed(window: Window, text: str, pace: int) -> None:
    """In place of what was there; each key is released as soon as it is pressed, so that holding it
    gains nothing."""
    window.find("#query").send_keys(Keys.CONTROL, "a")
    begin = time.perf_counter()
    for number, letter in enumerate(text):
        time.sleep(max(0.0, begin + number * pace / 1000 - time.perf_counter()))
        ActionChains(window.driver).send_keys(letter).perform()
    time.sleep(_REST)


def _browser(root: Path) -> Window:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        raise SystemExit("no chromium with its driver (Debian: chromium, chromium-driver)")
    return started(chromium, driver, root)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server does not answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


if __name__ == "__main__":
    main()
