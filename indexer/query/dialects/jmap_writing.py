"""A tree → a filter of JMAP's Email/query (RFC 8621 section 4.4.1), as JSON on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from indexer.query import syntax
from indexer.query.dialects.jmap_reading import KEYWORD, STATES
from indexer.query.dialects.translation import Grammar, Losses, Translation, translated
from indexer.query.dialects.wording import SEVERAL, bounds, is_glob, is_plain, one_line
from indexer.query.lexer import is_blank
from indexer.query.syntax import Node
from indexer.query.values import HEADER_NAME

_Filter = dict[str, object]
"""A FilterOperator or a FilterCondition."""

_FIELDS = ("from", "to", "cc", "bcc", "subject", "body")
_KEYWORDS = {state: keyword for keyword, state in STATES.items()}

_OPPOSITES = {
    "hasKeyword": "notKeyword", "notKeyword": "hasKeyword",
    "someInThreadHaveKeyword": "noneInThreadHaveKeyword",
    "noneInThreadHaveKeyword": "someInThreadHaveKeyword",
}  # fmt: skip

_WHY: dict[type[Node], str] = {
    syntax.Prefix: "JMAP has no wildcards",
    syntax.Infix: "JMAP has no wildcards",
    syntax.Fuzzy: "JMAP does not look for misspellings",
    syntax.Pattern: "JMAP has no regular expressions",
    syntax.Near: "JMAP does not look for words near each other",
    syntax.Is: "JMAP has no keyword for this state",
    syntax.Kind: "JMAP does not ask what a message is",
    syntax.Personal: "JMAP does not know what is personal",
    syntax.Account: "JMAP names the account beside the filter",
    syntax.Keyword: "JMAP asks for one keyword, not for any",
    syntax.AttachmentType: "JMAP does not ask for types of attachments",
    syntax.InThreads: "JMAP has other ids of threads",
    syntax.ThreadOf: "JMAP asks threads for keywords alone",
    syntax.Saved: "JMAP does not know our saved searches",
    syntax.In: "JMAP has no patterns of mailboxes",
}
_IDS = "JMAP names mailboxes by ids: put them in place of their names"
_ARRIVAL = "JMAP's dates are those of arrival, not of the Date header"
_TO_ESCAPE = re.compile(r"""(["'\\])""")


def written(node: Node, *, zone: tzinfo) -> Translation:
    """A tree as a filter. Its dates are in UTC, whatever the zone."""
    losses = Losses(zone)
    said = translated(node, Grammar(_leaf, _both, _either, _negated), losses)
    text = "" if said is None else json.dumps(said, ensure_ascii=False)
    return Translation(text, losses.lines())


def _both(parts: Sequence[_Filter]) -> _Filter:
    """Conditions side by side become one, where no key is in it twice."""
    merged: list[_Filter] = []
    for part in parts:
        last = merged[-1] if merged else {}
        simple = part and last and "operator" not in part and "operator" not in last
        if simple and not last.keys() & part.keys():
            merged[-1] = last | part
        else:
            merged.append(part)
    return merged[0] if len(merged) == 1 else {"operator": "AND", "conditions": merged}


def _either(parts: Sequence[_Filter]) -> _Filter:
    return {"operator": "OR", "conditions": list(parts)}


def _negated(part: _Filter) -> _Filter:
    """NOT is none of its conditions; some conditions have an opposite."""
    if part.get("operator") == "OR":
        return {**part, "operator": "NOT"}
    if len(part) == 1:
        ((name, value),) = part.items()
        if name in _OPPOSITES:
            return {_OPPOSITES[name]: value}
        if name == "hasAttachment":
            return {name: not value}
    return {"operator": "NOT", "conditions": [part]}


def _leaf(node: Node, more: bool, losses: Losses) -> _Filter | None:
    match node:
        case syntax.Everything() | syntax.Received(None, None) | syntax.DateRange(None, None):
            return {}
        case syntax.In("anywhere"):
            return {}
        case syntax.Term(text, field) | syntax.Phrase(text, field):
            words = _word(text) if isinstance(node, syntax.Term) else _phrase(text)
            return _in_field(field, words, node, more, losses)
        case syntax.Exact(text, field):
            said = _in_field(field, _phrase(text), node, more, losses)
            return losses.wider(said, node, "JMAP has no exact words", more=more)
        case syntax.Near(left, right, _, field):
            words = f"{_word(left)} {_word(right)}"
            said = _in_field(field, words, node, more, losses)
            return losses.wider(said, node, _WHY[syntax.Near], more=more)
        case syntax.In(folder) if not is_glob(folder):
            losses.note(_IDS)
            return {"inMailbox": one_line(folder)}
        case syntax.Is() | syntax.Keyword() if said := _keyword(node, "hasKeyword", "notKeyword"):
            return said
        case syntax.ThreadOf(part):
            return _thread(part, node, losses)
        case syntax.HasAttachment():
            return {"hasAttachment": True}
        case syntax.MailingList(text):
            return _header("List-Id", text)
        case syntax.MessageId(text):
            return _header("Message-ID", f"<{one_line(text)}>")
        case syntax.RefersTo(text, itself):
            said = _header("References", f"<{one_line(text)}>")
            return _either([said, _header("Message-ID", f"<{one_line(text)}>")]) if itself else said
        case syntax.Header(name, text) if HEADER_NAME.fullmatch(name):
            return _header(name, text)
        case syntax.Received(start, end):
            return _dates(start, end)
        case syntax.DateRange(start, end):
            losses.note(_ARRIVAL)
            return _dates(start, end)
        case syntax.SizeRange():
            return _sizes(*bounds(node))
        case _:
            losses.left_out(node, _WHY.get(type(node), "JMAP looks for words alone"))
            return None


def _in_field(field: str, text: str, node: Node, more: bool, losses: Losses) -> _Filter | None:
    """Words in one field, or in one of several."""
    if is_blank(text.strip('"')):
        losses.left_out(node, "JMAP looks for words alone")
        return None
    if field in SEVERAL:
        return _either([{name: text} for name in SEVERAL[field]])
    if field in _FIELDS or not field:
        return {field or "text": text}
    if field == "quoted":
        said: _Filter = {"body": text}
        return losses.wider(said, node, "JMAP does not tell quoted text apart", more=more)
    losses.left_out(node, "JMAP does not ask for names of attachments")
    return None


def _word(text: str) -> str:
    return text if is_plain(text) else _phrase(text)


def _phrase(text: str) -> str:
    """In quotes of the text's own, within those of JSON."""
    return '"' + _TO_ESCAPE.sub(r"\\\1", one_line(text)) + '"'


def _keyword(node: Node, there: str, missing: str) -> _Filter | None:
    """A state or a keyword as a condition of this name, or of the other one where it is missing."""
    match node:
        case syntax.Is("unread"):
            return {missing: "$seen"}
        case syntax.Is(state) if state in _KEYWORDS:
            return {there: _KEYWORDS[state]}
        case syntax.Keyword(name) if KEYWORD.fullmatch(name):
            return {there: name}
    return None


def _thread(part: Node, node: Node, losses: Losses) -> _Filter | None:
    """Threads with a message that has a keyword, or that lacks it: not all of them have it."""
    within = part.part if isinstance(part, syntax.Not) else part
    said = _keyword(within, "has", "lacks")
    if said is None:
        losses.left_out(node, _WHY[syntax.ThreadOf])
        return None
    ((how, keyword),) = said.items()
    if (how == "has") != isinstance(part, syntax.Not):
        return {"someInThreadHaveKeyword": keyword}
    return _negated({"allInThreadHaveKeyword": keyword})


def _header(name: str, text: str) -> _Filter:
    return {"header": [name, one_line(text)] if one_line(text) else [name]}


def _dates(start: datetime | None, end: datetime | None) -> _Filter:
    said: _Filter = {}
    if start is not None:
        said["after"] = _utc(start)
    if end is not None:
        said["before"] = _utc(end)
    return said


def _sizes(least: int | None, most: int | None) -> _Filter:
    """`maxSize` excludes the size itself."""
    said: _Filter = {}
    if least is not None:
        said["minSize"] = least
    if most is not None:
        said["maxSize"] = most + 1
    return said


def _utc(moment: datetime) -> str:
    """A UTCDate (RFC 8620 section 1.4): no fraction where there is none."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
