"""The tree of a query: what was asked, free of any engine.

`span` is (start, end) in characters of the query's text; it never takes part in comparisons.
Words are kept as typed; the analyzer folds them where they are looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field
from datetime import datetime

Span = tuple[int, int]
_NOWHERE: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class Term:
    """A word in a field: from, to, cc, bcc, subject, body, filename, or '' for any of them.

    `recipient` is to, cc or bcc, `with` is those or from; `quoted` is what the body quotes. The
    analyzer may find several words in it (`signed-off-by`): then they are a phrase. Where it finds
    one, other forms of the word are meant as well (`meetings`), but in names and addresses.
    """

    text: str
    field: str = ""
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in this order, side by side, in one field."""

    text: str
    field: str = ""
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Exact:
    """Words side by side, written exactly like this: capitals and accents count, and no other form
    of a word is meant (`=Polish`)."""

    text: str
    field: str = ""
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words that begin like this (`meet*`)."""

    text: str
    field: str = ""
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Infix:
    """Words that hold this (`*port*`)."""

    text: str
    field: str = ""
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Words with the same first letter that are at most `distance` (1 or 2) letters away, one
    letter more, less or another each (`meting~`)."""

    text: str
    distance: int
    field: str = ""
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Two words in one field with less than `distance` words between them, in any order or, where
    they are `ordered`, the left one first."""

    left: str
    right: str
    distance: int
    field: str = ""
    ordered: bool = False
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression (RE2's syntax, upper and lower case alike) that matches within a subject,
    an address with its name, or the name of an attachment.

    `field` is from, to, cc, bcc, recipient, with, subject, filename, or '' for any of them.
    """

    text: str
    field: str = ""
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Header:
    """Words side by side in a header field that is kept; '' is any. `name` is in lower case."""

    name: str
    text: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class In:
    """In a folder, by role (inbox, sent, drafts, trash, spam, archive), name or glob.

    `anywhere` is every folder.
    """

    folder: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Is:
    """A state: unread, read, flagged, answered, draft, deleted; or a keyword of the server's."""

    state: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """At least one attachment."""

    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a message is: signed, encrypted, or one with an invitation (calendar)."""

    name: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Personal:
    """From or to one of the user's own addresses, and not by way of a mailing list."""

    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Account:
    """In this account, by its name in config.toml."""

    name: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword of the server's, whatever its case; '' is any."""

    name: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class MailingList:
    """Sent by way of a mailing list whose List-Id holds this; '' is any."""

    text: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AttachmentType:
    """An attachment of this MIME type, or of a part of one (`pdf`, `image/*`)."""

    text: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class MessageId:
    """The message of this Message-ID, without its angle brackets."""

    text: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class RefersTo:
    """Replies, direct or not, to the message of this Message-ID; with `itself`, or that message."""

    text: str
    itself: bool = False
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class InThreads:
    """In one of these threads, by their ids."""

    ids: frozenset[int]
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Among:
    """One of these messages, by their ids; nobody types it."""

    ids: frozenset[int]
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ThreadOf:
    """In a thread with a message that matches the query within."""

    part: Node
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Saved:
    """What the saved search of this name finds."""

    name: str
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Received:
    """Arrived on the server in [start, end), aware UTC; None leaves a side open."""

    start: datetime | None
    end: datetime | None
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class DateRange:
    """Effective date in [start, end), aware UTC; None leaves a side open."""

    start: datetime | None
    end: datetime | None
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class SizeRange:
    """RFC822.SIZE in [least, most] octets; None leaves a side open."""

    least: int | None
    most: int | None
    span: Span = _field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of them. Never empty, never holds another And."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them. Never empty, never holds another Or."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but this."""

    part: Node


@dataclass(frozen=True, slots=True)
class Everything:
    """All messages: the empty query, and `*`."""


Words = Term | Phrase | Exact | Prefix | Infix | Fuzzy | Near | Pattern | Header
"""What the index alone answers."""

Content = (
    HasAttachment
    | Kind
    | AttachmentType
    | MailingList
    | DateRange
    | SizeRange
    | Received
    | Everything
)
"""What both know, as it never changes: the index beside words, the catalog where there are none."""

State = In | Is | Account | Keyword | MessageId | RefersTo | InThreads | Among | ThreadOf
"""What the catalog alone knows."""

Leaf = (
    Words
    | Content
    | In
    | Is
    | Account
    | Keyword
    | MessageId
    | RefersTo
    | InThreads
    | Among
    | Saved
    | Personal
)
Node = Leaf | And | Or | Not | ThreadOf
