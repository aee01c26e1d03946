"""Gmail's labels (X-GM-LABELS) as flags of one word: `label:Travel`, `label:My%20Work`."""

from __future__ import annotations

import re

LABEL = "label:"

_UNSAFE = re.compile(r"[\s%]")


def label_word(name: str) -> str:
    """A label as one word: what could end it is written %20."""
    return _UNSAFE.sub(lambda found: "".join(f"%{octet:02X}" for octet in found[0].encode()), name)
