"""The page as axe-core judges it: some ninety rules of WCAG 2.2 and of good practice.

`make servers` puts it into `.servers` where there is npm; MAILSEEK_AXE names a file of it elsewhere.
Without one these tests are skipped, as what they find is looked for by hand in
`test_page_accessible` too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.test_page_accessible import STATES
from tests.browser.window import Window

pytestmark = pytest.mark.browser

AXE = Path(
    os.environ.get("MAILSEEK_AXE") or Path(__file__).parents[2] / ".servers/axe/package/axe.min.js"
)
_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  ({violations, passes}) => done([passes.length, violations.map(({id, help, nodes}) =>
    `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`)}`)]),
  (error) => done([0, [String(error)]]));
"""

Page = Callable[..., Window]


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core (make servers gets it, with npm)")
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_axe_finds_nothing(page: Page, reach: Callable[[Window], None], colours: str) -> None:
    window = page()
    window.prefer(colours)
    reach(window)
    window.run(AXE.read_text())
    window.driver.set_script_timeout(60)
    passed, violations = window.driver.execute_async_script(_RUN)
    assert violations == []
    assert passed >= 15
