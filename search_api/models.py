"""What is sent and answered, for checking requests and for the OpenAPI document.

Answers are made by `indexer.search.as_json` and the like and are sent as they are; these classes say
what they hold.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from indexer.search.facets import Facet
from indexer.search.paging import Sort

MOST_HITS = 200
LONGEST_QUERY = 2_000
"""Characters of a query in an address."""
LONGEST_POSTED_QUERY = 16_384
"""Characters of a query in a body."""
LONGEST_CURSOR = 4_000
LARGEST_ID = 2**63 - 1

HIT_FIELDS = (
    "id", "account", "message_id", "thread_id", "date", "from", "to", "subject", "folders", "flags",
    "attachments", "size", "snippet", "highlights", "from_names", "sent", "in_thread",
)  # fmt: skip

HitField = Literal[
    "id", "account", "message_id", "thread_id", "date", "from", "to", "subject", "folders", "flags",
    "attachments", "size", "snippet", "highlights", "from_names", "sent", "in_thread",
]  # fmt: skip

EXAMPLE_HIT: dict[str, Any] = {
    "id": 4711,
    "account": "work",
    "message_id": "20240506.1@example.org",
    "thread_id": 4700,
    "date": "2024-05-06T08:15:00Z",
    "from": ["Ann Miller <ann@example.org>"],
    "to": ["bob@example.com"],
    "subject": "The report for May",
    "folders": ["INBOX"],
    "flags": ["\\Seen"],
    "attachments": [{"name": "may.pdf", "type": "application/pdf", "size": 48213}],
    "size": 51877,
    "snippet": "… the report for May is attached …",
    "highlights": {"subject": [[4, 10]], "snippet": [[6, 12]]},
    "from_names": "Ann Miller",
    "in_thread": 1,
}


class _Answer(BaseModel):
    """Newer versions may tell more."""

    model_config = ConfigDict(extra="allow")


class AttachmentLine(_Answer):
    """An attachment: its name ('' for none), its type as declared, its octets on the wire."""

    name: str
    type: str
    size: int


class Hit(_Answer):
    """A message that was found; with `fields`, only these of its keys.

    `highlights` are [start, end) in characters of subject, snippet and from_names.
    """

    id: int | None = None
    account: str | None = None
    message_id: str | None = None
    thread_id: int | None = None
    date: str | None = Field(None, description="UTC, ISO 8601 with Z")
    from_: list[str] | None = Field(None, alias="from")
    to: list[str] | None = None
    subject: str | None = None
    folders: list[str] | None = None
    flags: list[str] | None = None
    attachments: list[AttachmentLine] | None = None
    size: int | None = None
    snippet: str | None = None
    highlights: dict[str, list[list[int]]] | None = None
    from_names: str | None = None
    sent: bool | None = Field(
        None, description="whether it is in a folder for sent mail, where `fields` asks for it"
    )
    in_thread: int | None = Field(None, description="matches of its thread, with `threads`")


class Coverage(_Answer):
    """How much of the mail the answer can know of, in messages."""

    messages: int
    indexed: int
    waiting: int
    failed: int
    skipped: int


class FacetValue(_Answer):
    """One value, and how many of the matches have it."""

    value: str
    count: int
    name: str | None = Field(None, description="a name of a sender")


class FacetsAnswer(_Answer):
    """Counts over the first `of` matches, by date; `exact`: there are no others."""

    senders: list[FacetValue] | None = None
    folders: list[FacetValue] | None = None
    years: list[FacetValue] | None = None
    types: list[FacetValue] | None = None
    of: int
    exact: bool


class SearchAnswer(_Answer):
    """A page of hits. `cursor` is what the next page is asked with; null at the end."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "query": "from:ann report",
                "hits": [EXAMPLE_HIT],
                "more": False,
                "total": 1,
                "took_ms": 3.1,
                "coverage": {
                    "messages": 20113, "indexed": 20113, "waiting": 0, "failed": 0, "skipped": 0,
                },
                "cursor": None,
            }
        },
    )  # fmt: skip

    query: str
    hits: list[Hit]
    more: bool
    total: int | None
    took_ms: float
    coverage: Coverage
    cursor: str | None
    suggestions: list[str] | None = None
    facets: FacetsAnswer | None = None


_EXAMPLE_QUESTIONS: list[Any] = [
    {"q": "from:ann report", "limit": 20, "facets": ["senders", "years"]},
    {"filter": {"from": "ann", "hasAttachment": True}, "sort": "size"},
]


class SearchRequest(BaseModel):
    """`q` in mailseek's language, or `filter`, a filter of JMAP's Email/query (RFC 8621, 4.4.1)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _EXAMPLE_QUESTIONS})

    q: str | None = Field(None, max_length=LONGEST_POSTED_QUERY)
    filter: dict[str, Any] | None = None
    sort: Sort = "date"
    limit: int = Field(20, ge=1, le=MOST_HITS)
    cursor: str | None = Field(None, max_length=LONGEST_CURSOR)
    threads: bool = False
    count: bool = False
    fields: list[HitField] | None = Field(None, max_length=len(HIT_FIELDS))
    facets: list[Facet] | None = Field(None, max_length=4)
    suggestions: bool = Field(
        True, description="Whether to look for other words where nothing is found."
    )

    @model_validator(mode="after")
    def _one_question(self) -> SearchRequest:
        if (self.q is None) == (self.filter is None):
            raise ValueError("give either q or filter")
        return self


class PlacementLine(_Answer):
    """Where a message is."""

    folder: str
    uid: int
    flags: list[str]


class Message(_Answer):
    """A whole message, with its text."""

    id: int
    account: str
    message_id: str
    thread_id: int
    date: str
    from_: list[str] = Field(alias="from")
    to: list[str]
    cc: list[str]
    subject: str
    references: list[str]
    placements: list[PlacementLine]
    attachments: list[AttachmentLine]
    size: int
    kinds: list[str]
    headers: dict[str, list[str]]
    notes: list[str]
    text: str


class Thread(_Answer):
    """The messages of a thread that the token reaches, the oldest first."""

    thread_id: int
    messages: list[Message]
    more: bool


class SuggestionLine(_Answer):
    """`text` replaces the query from `start` (in characters) to its end."""

    start: int
    text: str
    shown: str


class Suggestions(_Answer):
    """What a query could go on with, the likeliest first."""

    suggestions: list[SuggestionLine]


class SavedLine(_Answer):
    """A query that has a name; `query:NAME` finds what it finds."""

    name: str
    query: str


class SavedAnswer(_Answer):
    """By name."""

    saved: list[SavedLine]


class SavedRequest(BaseModel):
    """The query that gets the name."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"query": "subject:invoice has:attachment"}}
    )

    query: str = Field(max_length=LONGEST_QUERY)


class AccountLine(_Answer):
    """An account; where it is, for administrators."""

    name: str
    host: str | None = None
    port: int | None = None
    tls: str | None = None
    user: str | None = None
    folders: list[str] | None = None
    exclude: list[str] | None = None
    on_delete: str | None = None


class Accounts(_Answer):
    """By name."""

    accounts: list[AccountLine]


_Text = Annotated[str, StringConstraints(min_length=1, max_length=250)]


class NewAccount(BaseModel):
    """An account of config.toml. The password is in an environment variable of the service, whose
    name ends with _PASSWORD, or in its keyring under a name that begins with mailseek."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "work",
                "host": "imap.example.com",
                "user": "ann@example.com",
                "password_env": "WORK_PASSWORD",
            }
        },
    )

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    host: _Text
    user: _Text
    port: int | None = Field(None, ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] | None = None
    password_env: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{0,100}_PASSWORD$")] | None
    ) = None
    password_keyring: (
        Annotated[str, StringConstraints(pattern=r"^mailseek[A-Za-z0-9_.-]{0,100}$")] | None
    ) = None
    folders: list[_Text] | None = Field(None, max_length=100)
    exclude: list[_Text] | None = Field(None, max_length=100)
    on_delete: Literal["remove", "keep"] | None = None
    since: Annotated[str, StringConstraints(max_length=20)] | None = None
    daily_mb: int | None = Field(None, ge=1, le=10**6)
    headers: list[_Text] | None = Field(None, max_length=30)
    addresses: list[_Text] | None = Field(None, max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _no_command(cls, given: Any) -> Any:
        if isinstance(given, dict) and "password_command" in given:
            raise ValueError(
                "a password_command is not taken over HTTP: it would run whatever it says;"
                " use password_env or password_keyring"
            )
        return given

    @model_validator(mode="after")
    def _one_secret(self) -> NewAccount:
        if (self.password_env is None) == (self.password_keyring is None):
            raise ValueError("give either password_env or password_keyring")
        return self


class SyncAnswer(_Answer):
    """`queued`: workers will do it; `started`: this process does it; `running`: it did already."""

    account: str
    state: Literal["queued", "started", "running"]


class StatusLine(_Answer):
    """An account's counts, of messages that the token reaches; where that is not all of them, the
    server's side of it is left out."""

    name: str
    messages: int
    indexed: int
    waiting: int | None = None
    failed: int | None = None
    to_fetch: int | None = None
    last_sync: str | None = None
    last_error: str | None = None
    rests_until: str | None = None
    sync: dict[str, Any] | None = None


class Status(_Answer):
    """By name."""

    accounts: list[StatusLine]


class Health(_Answer):
    """`ok`."""

    status: Literal["ok"]
