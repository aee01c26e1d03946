"""HTML → the text that a reader would see, through BeautifulSoup on lxml.

One walk over the tree, without recursion. Scripts, styles and what is hidden are left out (the
invisible preheaders of newsletters would fill every snippet), blocks end lines, links keep their
text and lose their address.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from bs4 import BeautifulSoup, UnusualUsageWarning
from bs4.element import CData, NavigableString, PreformattedString, Tag
from lxml.etree import LxmlError

# What a mail calls HTML may be XML, or look like a file's name: not a thing to tell the user.
warnings.filterwarnings("ignore", category=UnusualUsageWarning)

LARGEST = 2 * 2**20
"""Characters of markup that are looked at."""

_MOST_NODES = 200_000
_LONGEST_ALT = 100
_SILENT = frozenset(
    ["script", "style", "head", "title", "template", "noscript", "object", "svg", "math", "select"]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tr",
        "ul",
    ]
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|(?:font-size|max-height|line-height)\s*:\s*0(?:px|pt|em)?\s*(?:;|!|$)|opacity\s*:\s*0\s*(?:;|!|$)",
    re.IGNORECASE,
)
_PADDING = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")
_BLANKS = re.compile(r"[ \t\f\v\r\u00a0\u2000-\u200a\u3000]+")
_EMPTY_LINES = re.compile(r" ?\n[ \n]*\n ?")
_TOO_DEEP = re.compile(
    r"(?:<(?:div|span|b|i|font|p|a|table|td|tr|blockquote)\b[^>]{0,200}>\s*){600,}", re.I
)


def to_text(markup: str) -> str:
    """The visible text; never raises. Markup that no parser takes is stripped of its tags."""
    markup = _TOO_DEEP.sub(" ", markup[:LARGEST].replace("\x00", ""))
    try:
        soup = BeautifulSoup(markup, "lxml")
        return _tidied("".join(_visible(soup)))
    except (LxmlError, ValueError, AssertionError, RecursionError, AttributeError, TypeError):
        return _tidied(re.sub(r"<[^<>]*>", " ", markup))


def _visible(soup: BeautifulSoup) -> list[str]:
    """Text of visible nodes in document order, a line break at the edges of blocks."""
    pieces: list[str] = []
    node: Any = soup.contents[0] if soup.contents else None
    nodes = 0
    while node is not None and nodes < _MOST_NODES:
        nodes += 1
        if isinstance(node, Tag):
            name = node.name
            if name in _SILENT or _is_hidden(node):
                node = _after(node)
                continue
            if name in _BLOCKS:
                pieces.append("\n")
            elif name in ("td", "th"):
                pieces.append(" ")
            elif name == "img":
                alt = node.get("alt")
                if isinstance(alt, str) and 1 < len(alt) <= _LONGEST_ALT:
                    pieces.append(f" {alt} ")
        elif isinstance(node, NavigableString) and (
            not isinstance(node, PreformattedString) or isinstance(node, CData)
        ):
            text = str(node)
            pieces.append(text if _in_pre(node) else text.replace("\n", " "))
        following = node.next_element
        # Leaving a block ends its line as well as entering one does.
        if (
            following is not None
            and following.parent is not node
            and following.parent is not node.parent
        ):
            pieces.append(_end_of(node, following))
        node = following
    return pieces


def _after(tag: Tag) -> Any:
    """The first node behind a tag and all that is in it."""
    last: Any = tag
    while isinstance(last, Tag) and last.contents:
        last = last.contents[-1]
    return last.next_element


def _end_of(node: Any, following: Any) -> str:
    parent = node.parent
    while parent is not None and parent is not following.parent:
        if parent.name in _BLOCKS:
            return "\n"
        parent = parent.parent
    return ""


def _is_hidden(tag: Tag) -> bool:
    attributes = tag.attrs
    if not attributes:
        return False
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style) and _HIDDEN.search(str(style)[:2000]) is not None


def _in_pre(node: NavigableString) -> bool:
    return node.parent is not None and node.parent.name in ("pre", "textarea")


def _tidied(text: str) -> str:
    text = _BLANKS.sub(" ", _PADDING.sub("", text))
    return _EMPTY_LINES.sub("\n\n", text.replace(" \n", "\n").replace("\n ", "\n")).strip()
