"""Dates and sizes → what lies between two of them."""

from __future__ import annotations

import re

from indexer.query import dates, syntax
from indexer.query.lexer import Token, shown
from indexer.query.syntax import Leaf, Span
from indexer.query.values import Context, wrong

LARGEST = 2**50
"""Octets that a size may name."""

_SIZE = re.compile(r"(\d{1,16}(?:\.\d{1,3})?) ?([kmg]?)(?:i?b)?|(\d{1,16}) ?bytes?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def date(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`on:` and `date:` are the period, or a range."""
    start, end = _between(name, value, context)
    return syntax.DateRange(start, end, span)


def received(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """The same, of when the server took the message."""
    start, end = _between(name, value, context)
    return syntax.Received(start, end, span)


def boundary(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`after:` begins where its period begins, `before:` ends there."""
    if ".." in value.text:
        message = f"{name}: takes one date, not a range"
        raise wrong(value, context, message, f"write date:{shown(value.text, quoted=False)}")
    begin, _ = _between(name, value, context)
    if name in ("before", "older_than"):
        return syntax.DateRange(None, begin, span)
    return syntax.DateRange(begin, None, span)


def _between(name: str, value: Token, context: Context) -> dates.OpenPeriod:
    """What a date or a range means. `date:march 2023` is an error, not March and a word `2023`."""
    whole = date_of_several_words(value, context)
    in_quotes = f'put the whole date in quotes: {name}:"{whole}"'
    try:
        found = dates.between(value.text, now=context.now, zone=context.zone)
    except dates.BadDate as error:
        cure = in_quotes if whole else f"write {dates.EXAMPLES}"
        raise wrong(value, context, f"{shown(value.text)} {error.reason}", cure) from None
    if whole:
        message = f"{shown(value.text)} is not all of the date"
        raise wrong(value, context, message, in_quotes)
    return found


def date_of_several_words(value: Token, context: Context) -> str:
    """`last week` where `date:last week` was typed without quotes; else ''."""
    if value.kind == "phrase":
        return ""
    words = context.query[value.start : value.end + 40].split()
    for count in (3, 2):
        whole = " ".join(words[:count]).rstrip("){}")
        if len(words) >= count and " " in whole:
            try:
                dates.between(whole, now=context.now, zone=context.zone)
            except dates.BadDate:
                continue
            return whole
    return ""


def size(_name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`size:1M..5M`, both included; `size:1M` is that or more, as it is for Gmail."""
    low, dots, high = value.text.partition("..")
    least = _octets(low, value, context) if low.strip() or not dots else None
    most = _octets(high, value, context) if high.strip() else None
    if dots and least is None and most is None:
        raise wrong(value, context, "this range has no size on either side", "write size:1M..5M")
    if least is not None and most is not None and least > most:
        raise wrong(value, context, "this range ends before it begins", "write size:1M..5M")
    return syntax.SizeRange(least, most, span)


def limit(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`larger:` and `smaller:` exclude the size itself, as in IMAP (RFC 9051 section 6.4.4)."""
    octets = _octets(value.text, value, context)
    if name == "larger":
        return syntax.SizeRange(octets + 1, None, span)
    if octets == 0:
        raise wrong(value, context, "nothing is smaller than 0", "write smaller:10k")
    return syntax.SizeRange(None, octets - 1, span)


def _octets(text: str, value: Token, context: Context) -> int:
    match = _SIZE.fullmatch(text.strip())
    octets = 0
    if match:
        number, unit = (match[1], match[2].lower()) if match[1] else (match[3], "")
        # Whole numbers stay exact where a float would round them.
        octets = int(number) if not unit and number.isdigit() else int(float(number) * _UNITS[unit])
    if match is None or octets > LARGEST:
        cure = "write 500, 10k, 5M or 1.5MB (1k is 1024 bytes)"
        if ".." in text:
            cure = f"write size:{shown(value.text, quoted=False)}"
        raise wrong(value, context, f"{shown(text)} is no size", cure)
    return octets
