"""The demo's mailbox is the mailbox that `make demo` promises."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes, policy

from search_cli.demo.mailbox import FOLDERS, DemoMessage, messages

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MAIL = list(messages(NOW))
PARSED = [message_from_bytes(each.source, policy=policy.default) for each in MAIL]


def text_of(message: DemoMessage) -> str:
    return " ".join(
        part.get_content()
        for part in message_from_bytes(message.source, policy=policy.default).walk()
        if part.get_content_maintype() == "text"
    )


def test_the_same_seed_and_time_give_the_same_mail() -> None:
    assert list(messages(NOW)) == MAIL
    assert list(messages(NOW, seed=8)) != MAIL


def test_every_folder_has_mail_and_none_lies_in_the_future() -> None:
    assert {each.folder for each in MAIL} == set(FOLDERS)
    assert max(each.date for each in MAIL) <= NOW


def test_there_are_threads_newsletters_and_attachments() -> None:
    assert sum(1 for each in PARSED if each["In-Reply-To"]) > 50
    assert (
        sum(1 for each in PARSED if each.get_content_type() == "text/html")
        + sum(1 for each in PARSED if each.get_body(("html",)) is not None)
        > len(PARSED) // 10
    )
    assert sum(1 for each in PARSED if any(each.iter_attachments())) > 10


def test_replies_answer_messages_that_are_there() -> None:
    ids = {each["Message-ID"] for each in PARSED}
    assert all(each["In-Reply-To"] in ids for each in PARSED if each["In-Reply-To"])


def test_mail_is_written_in_five_languages() -> None:
    scripts = Counter(
        script
        for each in MAIL
        for script, low, high in (("kana", 0x3040, 0x30FF), ("arabic", 0x600, 0x6FF))
        if any(low <= ord(letter) <= high for letter in text_of(each))
    )
    words = Counter(
        word for each in MAIL for word in {"und", "les", "the"} & set(text_of(each).split())
    )
    assert min(scripts[script] for script in ("kana", "arabic")) > 10
    assert min(words.values()) > 10
    assert len(words) == 3


def test_flags_are_those_that_people_use() -> None:
    flags = Counter(flag for each in MAIL for flag in each.flags)
    assert flags["\\Seen"] > len(MAIL) // 3
    assert flags["\\Flagged"] > 3
    assert any(not flag.startswith("\\") for flag in flags)
