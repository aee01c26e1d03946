"""What a list of messages is sorted by where that is a name or a subject.

Both are computed when a message is written, so that sorting is walking along an index. A migration
calls them from SQL: what they make of old rows and of new ones is the same.
"""

from __future__ import annotations

import re

LONGEST = 100
"""Characters of a key."""

_SEEN = 2_000  # characters that are looked at
# What mail programs put before the subject of an answer or of a forwarded message, in their users'
# languages, with a counter (`Re[2]:`, `Re^2:`) or without; also the wide colon of Chinese ones.
_REPLY = re.compile(
    r"(?:re|fwd?|aw|antw|antwort|wg|sv|svar|vs|vb|vl|vä|tr|réf|ref|rif|rv|res|enc|odp|pd|ynt|i\u0307?lt"
    r"|r|i|doorst|továbbítás|vá|отв|на|回复|回覆|答复|转发|轉寄|返信|転送)"
    r"\s?(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s?(?:\[[^\[\]]*\]\s?)?[:：]\s?"
)
_TAG = re.compile(r"\[[^\[\]]*\]\s?")


def of_sender(name: str | None, email: str | None) -> str:
    """The display name of a message's first sender, its address where it has none, case-folded."""
    return _folded(name or "")[:LONGEST] or _folded(email or "")[:LONGEST]


def of_subject(subject: str) -> str:
    """The base subject (RFC 5256 section 2.1), case-folded: without the `Re:`, `Fwd:` and the like
    of more languages than the RFC knows, and without the [tags] of mailing lists."""
    text, before = _folded(subject), ""
    while text != before:
        before = text
        text = text.removesuffix("(fwd)").rstrip()
        text = text[match.end() :] if (match := _REPLY.match(text)) else text
        # A subject that is nothing but a tag is kept.
        text = (text[match.end() :] if (match := _TAG.match(text)) else "") or text
        if text.startswith("[fwd:") and text.endswith("]"):
            text = text[5:-1].strip()
    return text[:LONGEST].rstrip()


def _folded(text: str) -> str:
    return " ".join(text[:_SEEN].casefold().split())
