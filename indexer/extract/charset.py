"""Octets → text, whatever the sender said about them. Never raises.

Senders name charsets wrongly in known ways (WHATWG Encoding Standard, section 4.2): a label stands
for the larger charset that mail with it really is in.
"""

from __future__ import annotations

import binascii
import codecs
import quopri
import re
from functools import lru_cache

_LARGER = {
    "us-ascii": "cp1252", "ascii": "cp1252", "ansi_x3.4-1968": "cp1252",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso8859-1": "cp1252",
    "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "ksc5601": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "big5": "big5hkscs", "x-mac-roman": "mac_roman", "macintosh": "mac_roman",
    "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "unicode-1-1-utf-7": "utf-7",
    "iso-2022-jp": "iso2022_jp_ext", "cp-850": "cp850", "utf8": "utf-8", "utf8mb4": "utf-8",
}  # fmt: skip
_ONLY_GUESSES = frozenset({"", "unknown-8bit", "unknown", "x-unknown", "default", "binary", "8bit"})
# Charsets in which octets below 128 are not, or not always, ASCII.
_NOT_ASCII = ("utf-7", "utf-16", "utf-32", "iso-2022", "hz", "unicode-1-1-utf-7")
_LONGEST_LABEL = 40
_BASE64_NOISE = re.compile(rb"[^A-Za-z0-9+/]")


def decode(payload: bytes, charset: str) -> tuple[str, str]:
    """Text, and a note that says what was done about it where the label did not hold ('' if it did)."""
    label = charset.strip().strip("\"'").lower()[:_LONGEST_LABEL]
    if not label.startswith(_NOT_ASCII):
        try:
            # Whatever the label says: chance hardly makes valid UTF-8.
            return payload.decode("utf-8"), ""
        except UnicodeDecodeError:
            pass
    codec = _codec(label)
    if codec is None:
        note = "" if label in _ONLY_GUESSES else f"unknown charset {label!r}: read as windows-1252"
        return _lenient(payload, "cp1252"), note
    try:
        return payload.decode(codec), ""
    except (UnicodeError, ValueError):
        pass
    text = _lenient(payload, codec)
    return text, f"not all of it is {label}: unreadable characters are replaced"


def transfer_decode(payload: bytes, encoding: str) -> tuple[bytes, str]:
    """Undo a Content-Transfer-Encoding, cut or damaged as it may be; octets and a note."""
    match encoding.strip().lower():
        case "quoted-printable":
            return quopri.decodestring(payload), ""
        case "base64":
            clean = _BASE64_NOISE.sub(b"", payload)
            clean = clean[: len(clean) - (1 if len(clean) % 4 == 1 else 0)]
            try:
                return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4)), ""
            except binascii.Error:
                return b"", "damaged Base64: not indexed"
        case "x-uuencode" | "uuencode" | "x-uue":
            return _uudecode(payload), ""
        case "" | "7bit" | "8bit" | "binary":
            return payload, ""
        case other:
            return payload, f"unknown transfer encoding {other[:20]!r}: read as it is"


@lru_cache(maxsize=256)
def _codec(label: str) -> str | None:
    """Python's codec for a label; None for what is unknown, or no charset (`rot13`, `hex`)."""
    if label in _ONLY_GUESSES:
        return None
    name = _LARGER.get(label, label)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) and "idna" not in name else None


def _lenient(payload: bytes, codec: str) -> str:
    try:
        return payload.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return payload.decode("latin-1")


def _uudecode(payload: bytes) -> bytes:
    lines = []
    for line in payload.splitlines():
        if line.startswith((b"begin ", b"end")):
            continue
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(lines)
