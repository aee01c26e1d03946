"""IMAP's search criteria (RFC 9051 section 6.4.4; OLDER and YOUNGER: RFC 5032) → tree.

Only what comes behind SEARCH, with strings as atoms or in quotes. Strings are parts of words there
and words side by side here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

from indexer.errors import QueryError
from indexer.query import dates, ranges, syntax
from indexer.query.dialects import wording
from indexer.query.dialects.imap_tokens import Token, tokens
from indexer.query.joining import both, either, negated
from indexer.query.lexer import check, fault, is_blank, shown
from indexer.query.parser import DEEPEST, check_shape
from indexer.query.syntax import Node
from indexer.query.values import HEADER_NAME, nearest

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_POSITIONS = re.compile(r"[0-9*][0-9*,:]*|\$")
_DATE = re.compile(r"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})")
KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|~}]{1,255}")
"""An atom (RFC 9051 section 9)."""
_MOST_SECONDS = 10**10  # three hundred years

_POSITION = "a message's number means nothing elsewhere"
_REV1 = "it is gone from IMAP, with its \\Recent"
_REFUSED = {
    **dict.fromkeys(("UID", "UIDAFTER", "UIDBEFORE", "EMAILID", "THREADID"), (
        _POSITION, "HEADER Message-ID asks for one message")),
    "MODSEQ": ("changes have no numbers here", "leave it out"),
    "NEW": (_REV1, "write UNSEEN"), "OLD": (_REV1, "leave it out"),
    "RECENT": (_REV1, "write SINCE and a date"),
    "FUZZY": ("how far it reaches is each server's secret", "leave it out"),
    "X-GM-RAW": ("it holds a query of Gmail's", "give the query itself, as Gmail's syntax"),
    "X-GM-MSGID": ("ids of Gmail's are not looked up", "HEADER Message-ID asks for one message"),
    "X-GM-THRID": ("ids of Gmail's are not looked up", "HEADER References asks for replies"),
    "X-GM-LABELS": ("labels are folders here", "leave it out, or ask for them in our own language"),
    "FILTER": ("filters lie on the server", "write what the filter holds"),
    "ANNOTATION": ("annotations are not fetched", "leave it out"),
    **dict.fromkeys(("SAVEDBEFORE", "SAVEDON", "SAVEDSINCE", "SAVEDATESUPPORTED"), (
        "when a message came into its folder is not told", "BEFORE, ON and SINCE ask for arrival")),
    "RETURN": ("what is returned is asked for elsewhere", "write what comes behind it"),
    "SEARCH": ("only what comes behind it is read", "leave it out"),
}  # fmt: skip
"""Search keys that IMAP has and we cannot answer: why, and what comes near."""


def read(text: str, *, now: datetime, zone: tzinfo) -> Node:
    """The tree of search criteria; blank ones are ALL. Raises QueryError."""
    check(text)
    reader = _Reader(text, tokens(text), now, zone)
    tree = reader.criteria()
    check_shape(tree, text)
    return tree


class _Reader:
    def __init__(self, text: str, tokens: list[Token], now: datetime, zone: tzinfo) -> None:
        self._text = text
        self._tokens = tokens
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._zone = zone
        self._at = 0

    def criteria(self) -> Node:
        """All of the text; a charset before it is that of the wire, and the text is read already."""
        if self._is("CHARSET"):
            self._value(self._take(), "UTF-8")
        if self._next.kind == "end":
            return syntax.Everything()
        found = None if self._next.kind == "close" else self._keys(0)
        if found is None or self._next.kind == "close":
            raise self._wrong(self._next, "this ) closes nothing", "remove it")
        return found

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _is(self, key: str) -> bool:
        return self._next.kind == "atom" and self._next.text.upper() == key

    def _keys(self, depth: int) -> Node:
        """Up to the closing bracket, or the end."""
        found = []
        while self._next.kind not in ("close", "end"):
            found.append(self._key(depth))
        if not found:
            raise self._wrong(self._next, "there is nothing between these brackets", "remove them")
        return both(found)

    def _key(self, depth: int) -> Node:
        token = self._take()
        if depth > DEEPEST:
            message = f"this is nested more than {DEEPEST} deep"
            raise self._wrong(token, message, "write it with fewer brackets")
        if token.kind == "open":
            found = self._keys(depth + 1)
            if self._next.kind == "end":
                raise self._wrong(token, "this ( is never closed", "add a )")
            self._take()
            return found
        if token.kind == "string":
            raise self._wrong(token, "a text stands behind its key", 'write TEXT "…"')
        name = token.text.upper()
        if token.kind != "atom":
            raise self._wrong(token, "a search key is missing here", "write for example SEEN")
        if name == "NOT":
            return self._negated(depth)
        if name == "OR":
            return self._either(depth)
        if name not in _KEYS:
            raise self._unknown(token, name)
        return _KEYS[name](self, name, token)

    def _negated(self, depth: int) -> Node:
        odd = True
        while self._is("NOT"):
            self._take()
            odd = not odd
        found = self._key(depth + 1)
        return negated(found) if odd else found

    def _either(self, depth: int) -> Node:
        """`OR a OR b c`: a chain of them is no deeper than one."""
        sides = [self._key(depth + 1)]
        while self._is("OR"):
            self._take()
            sides.append(self._key(depth + 1))
        sides.append(self._key(depth + 1))
        return either(sides)

    def _unknown(self, token: Token, name: str) -> QueryError:
        if name in _REFUSED:
            why, cure = _REFUSED[name]
            return self._wrong(token, f"{name} cannot be asked: {why}", cure)
        if _POSITIONS.fullmatch(name):
            message = f"{shown(name, quoted=False)} cannot be asked: {_POSITION}"
            return self._wrong(token, message, "leave it out, or write ALL")
        known = [*_KEYS, "NOT", "OR"]
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
        return self._wrong(token, f"there is no search key {shown(token.text)}", hint)

    def words(self, name: str, key: Token) -> Node:
        """Side by side, in a field or anywhere."""
        value = self._value(key, "ann")
        if is_blank(value.text):
            raise self._wrong(value, "there is nothing to look for", f"write {name} ann")
        field = "" if name == "TEXT" else name.lower()
        return syntax.Phrase(value.text, field, (key.start, value.end))

    def header(self, _name: str, key: Token) -> Node:
        """`HEADER X-Mailer mutt`; an empty string is any."""
        field = self._value(key, "X-Mailer mutt")
        if not HEADER_NAME.fullmatch(field.text):
            message = f"{shown(field.text)} is no header field"
            raise self._wrong(field, message, "write HEADER X-Mailer mutt")
        value = self._value(key, 'X-Mailer mutt, or "" for any')
        return wording.header(field.text, value.text, (key.start, value.end))

    def keyword(self, name: str, key: Token) -> Node:
        """`$Forwarded`, and what else a server keeps."""
        value = self._value(key, "$Forwarded")
        if not KEYWORD.fullmatch(value.text):
            cure = "write KEYWORD $Forwarded; states are SEEN, FLAGGED and so on"
            raise self._wrong(value, f"{shown(value.text)} is no keyword", cure)
        found = syntax.Keyword(value.text.lower(), (key.start, value.end))
        return found if name == "KEYWORD" else negated(found)

    def size(self, name: str, key: Token) -> Node:
        """Both exclude the size itself."""
        octets, value = self._number(key, ranges.LARGEST)
        span = (key.start, value.end)
        if name == "LARGER":
            return syntax.SizeRange(octets + 1, None, span)
        if octets == 0:
            raise self._wrong(value, "nothing is smaller than 0", "write SMALLER 10240")
        return syntax.SizeRange(None, octets - 1, span)

    def age(self, name: str, key: Token) -> Node:
        """In seconds, from now."""
        seconds, value = self._number(key, _MOST_SECONDS)
        moment = self._now - timedelta(seconds=seconds)
        start, end = (None, moment) if name == "OLDER" else (moment, None)
        return syntax.Received(start, end, (key.start, value.end))

    def day(self, name: str, key: Token) -> Node:
        """Of the user's zone, where servers take their own."""
        value = self._value(key, "5-Mar-2024")
        begin, after = self._day(key, value)
        what = name.removeprefix("SENT")
        start, end = (None, begin) if what == "BEFORE" else (begin, after if what == "ON" else None)
        make = syntax.Received if what == name else syntax.DateRange
        return make(start, end, (key.start, value.end))

    def _day(self, key: Token, value: Token) -> dates.Period:
        cure = f"write {key.text.upper()} 5-Mar-2024"
        found = _DATE.fullmatch(value.text)
        month = found[2].capitalize() if found else ""
        if found is None or month not in MONTHS:
            raise self._wrong(value, f"{shown(value.text)} is no date", cure)
        try:
            day = date(int(found[3]), MONTHS.index(month) + 1, int(found[1]))
            return dates.period(day.isoformat(), now=self._now, zone=self._zone)
        except dates.BadDate as error:
            raise self._wrong(value, f"{shown(value.text)} {error.reason}", cure) from None
        except ValueError:
            message = f"{shown(value.text)} is no day of the calendar"
            raise self._wrong(value, message, cure) from None

    def _number(self, key: Token, most: int) -> tuple[int, Token]:
        value = self._value(key, "10240")
        if not re.fullmatch(r"[0-9]{1,16}", value.text) or int(value.text) > most:
            cure = f"write {key.text.upper()} 10240"
            raise self._wrong(value, f"{shown(value.text)} is no number, or too large", cure)
        return int(value.text), value

    def _value(self, key: Token, example: str) -> Token:
        """The text behind a key."""
        value = self._take()
        if value.kind not in ("atom", "string"):
            name = key.text.upper()
            raise self._wrong(key, f"{name} needs a text behind it", f"write {name} {example}")
        return value

    def _wrong(self, token: Token, message: str, cure: str) -> QueryError:
        return fault(self._text, token.start, token.end, message, cure)


_Make = Callable[[_Reader, str, Token], Node]


def _state(name: str, *, missing: bool = False) -> _Make:
    def make(_reader: _Reader, _name: str, token: Token) -> Node:
        found = syntax.Is(name, (token.start, token.end))
        return negated(found) if missing else found

    return make


_STATES = ("answered", "deleted", "draft", "flagged")
_KEYS: dict[str, _Make] = {
    "ALL": lambda *_: syntax.Everything(),
    **{name.upper(): _state(name) for name in _STATES},
    **{f"UN{name.upper()}": _state(name, missing=True) for name in _STATES},
    "SEEN": _state("read"), "UNSEEN": _state("unread"),
    **dict.fromkeys(("FROM", "TO", "CC", "BCC", "SUBJECT", "BODY", "TEXT"), _Reader.words),
    "HEADER": _Reader.header,
    **dict.fromkeys(("KEYWORD", "UNKEYWORD"), _Reader.keyword),
    **dict.fromkeys(("LARGER", "SMALLER"), _Reader.size),
    **dict.fromkeys(("OLDER", "YOUNGER"), _Reader.age),
    **dict.fromkeys(("BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE"), _Reader.day),
}  # fmt: skip
"""What each search key becomes."""
