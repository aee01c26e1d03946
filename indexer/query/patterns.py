"""Regular expressions of queries, run by RE2: linear in the text, whatever was typed.

Python's own can take time without end for a few characters (`(a+)+$`), and an API lets strangers type.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

LONGEST = 1000
"""Characters of a pattern."""

_MEMORY = 1 << 20  # octets that RE2 may use for one pattern


class BadPattern(ValueError):
    """A pattern that RE2 does not take, with its reason."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """A compiled pattern for UTF-8 in octets: upper and lower case alike, `^` and `$` at the ends of
    lines, never matching across them. Raises BadPattern."""
    if len(pattern) > LONGEST:
        raise BadPattern(f"it is longer than {LONGEST} characters")
    options = re2.Options()
    options.case_sensitive = False
    options.never_nl = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(f"(?m){pattern}", options)
    except re2.error as error:
        reason = error.args[0]
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        short = text.replace("(?m)", "", 1)[:120]
        raise BadPattern("".join(each if each.isprintable() else " " for each in short)) from None
