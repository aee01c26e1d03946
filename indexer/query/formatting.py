"""A query's tree → text that parses back to an equal tree, in one way of writing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from indexer.query import syntax
from indexer.query.dates import FIRST_YEAR, midnight
from indexer.query.lexer import QUOTES
from indexer.query.syntax import Node

_ESCAPED = re.compile(r"\\.|/")
_PAIRS = [(opening, closing) for opening, closing in QUOTES.items() if len(closing) == 1]


def format(node: Node, *, zone: tzinfo) -> str:
    """The text of a tree that `parse` gave, for the zone that it was given.

    Raises ValueError for a tree that no text means: empty parts, a date that is no midnight, a
    range without ends, a phrase that holds every kind of quote.
    """
    return _written(node, zone)


def _written(node: Node, zone: tzinfo) -> str:
    match node:
        case syntax.And(parts):
            return " ".join(_tight(part, zone, (syntax.And, syntax.Or)) for part in _some(parts))
        case syntax.Or(parts):
            return " OR ".join(_tight(part, zone, (syntax.Or,)) for part in _some(parts))
        case syntax.Not(part):
            return "-" + _tight(part, zone, (syntax.And, syntax.Or, syntax.Not, syntax.Near))
        case syntax.ThreadOf(part):
            return f"thread:{{{_written(part, zone)}}}"
        case syntax.Everything():
            return "*"
        case syntax.Term(text, field):
            return _field(field) + text
        case syntax.Prefix(text, field):
            return f"{_field(field)}{text}*"
        case syntax.Phrase(text, field):
            return _field(field) + quoted(text)
        case syntax.Exact(text, field):
            return _field(field) + "=" + quoted(text)
        case syntax.Pattern(text, field):
            return f"{_field(field)}/{_ESCAPED.sub(_escaped, text)}/"
        case syntax.Header(name, text):
            return "header:" + (quoted(f"{name}={text}") if text else name)
        case syntax.Infix(text, field):
            return f"{_field(field)}*{text}*"
        case syntax.Fuzzy(text, distance, field):
            return f"{_field(field)}{text}~{distance}"
        case syntax.Near(left, right, distance, field, ordered):
            how = "ADJ" if ordered else "NEAR"
            return f"{_field(field)}{left} {how}/{distance} {right}"
        case syntax.Saved(name):
            return "query:" + _name(name)
        case syntax.Keyword(name):
            return f"keyword:{quoted(name)}" if name else "has:keyword"
        case syntax.MailingList(text):
            return f"list:{quoted(text)}" if text else "is:list"
        case syntax.AttachmentType(text):
            return "type:" + quoted(text)
        case syntax.MessageId(text):
            return "id:" + quoted(text)
        case syntax.RefersTo(text, itself):
            return ("related:" if itself else "ref:") + quoted(text)
        case syntax.Kind(name):
            return "is:" + name
        case syntax.Personal():
            return "is:personal"
        case syntax.InThreads(ids):
            (id_,) = ids  # several come of a query alone, which is what is written
            return f"thread:{id_}"
        case syntax.Among(ids):
            return f"(one of {len(ids)} messages)"  # nobody types it
        case syntax.Received(start, end):
            return _dates(start, end, zone, "received")
        case syntax.In(folder):
            return "in:" + _name(folder)
        case syntax.Account(name):
            return "account:" + _name(name)
        case syntax.Is(state):
            return "is:" + state
        case syntax.HasAttachment():
            return "has:attachment"
        case syntax.DateRange(start, end):
            return _dates(start, end, zone)
        case syntax.SizeRange(least, most):
            return _sizes(least, most)


def _tight(node: Node, zone: tzinfo, looser: tuple[type[Node], ...]) -> str:
    """A part, in brackets where it would fall apart without."""
    text = _written(node, zone)
    return f"({text})" if isinstance(node, looser) else text


def _some(parts: Sequence[Node]) -> Sequence[Node]:
    if not parts:
        raise ValueError("an And or Or without parts")
    return parts


def _field(field: str) -> str:
    return f"{field}:" if field else ""


def _escaped(found: re.Match[str]) -> str:
    return "\\/" if found[0] == "/" else found[0]


def _name(text: str) -> str:
    """A name that could be taken for nothing else stands without quotes."""
    return text if text.isalnum() else quoted(text)


def quoted(text: str) -> str:
    """In the first pair of quotes that does not end within the text. Raises ValueError where each does."""
    for opening, closing in _PAIRS:
        if closing not in text:
            return f"{opening}{text}{closing}"
    raise ValueError("a text that holds every kind of quote")


def _dates(start: datetime | None, end: datetime | None, zone: tzinfo, name: str = "date") -> str:
    """Days that `date:` includes; only what ends before the first one needs `before:`."""
    if end is None:
        if start is None:
            raise ValueError("a range of dates without ends")
        return f"{name}:{_day(start, zone)}.." if name != "date" else "after:" + _day(start, zone)
    if start is None:
        last = _day(end, zone, earlier=1)
        return f"{name}:..{last}" if last >= str(FIRST_YEAR) else "before:" + _day(end, zone)
    return f"{name}:{_day(start, zone)}..{_day(end, zone, earlier=1)}"


def _day(moment: datetime, zone: tzinfo, *, earlier: int = 0) -> str:
    day = moment.astimezone(zone).date()
    if midnight(day, zone) != moment:
        raise ValueError(f"{moment} is no midnight")
    return (day - timedelta(days=earlier)).isoformat()


def _sizes(least: int | None, most: int | None) -> str:
    if most is not None:
        return f"size:{'' if least is None else least}..{most}"
    if least is None:
        raise ValueError("a range of sizes without ends")
    return f"larger:{least - 1}" if least else "size:0"
