"""The mail that searching is measured on is mail, and like that of people."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from statistics import median
from typing import cast

from benchmarks.english import FAMILIES, PHRASES
from benchmarks.generated import BEGIN, END, messages, moment
from benchmarks.shapes import EACH, shapes
from benchmarks.vocabulary import SIZE, absent, vocabulary
from indexer.index.analysis import words

COUNT = 400
MAIL = list(messages(COUNT))
PARSED = [
    cast(EmailMessage, message_from_bytes(each.source, policy=policy.default)) for each in MAIL
]


def text_of(message: Message) -> str:
    return "\n".join(
        part.get_content()
        for part in message.walk()
        if isinstance(part, EmailMessage) and part.get_content_maintype() == "text"
    )


WORDS = [words(text_of(message)) for message in PARSED]


def test_the_same_seed_and_count_give_the_same_mail() -> None:
    assert list(messages(COUNT)) == MAIL
    assert list(messages(COUNT, seed=4)) != MAIL


def test_no_part_of_a_message_is_malformed() -> None:
    assert [part.defects for message in PARSED for part in message.walk() if part.defects] == []
    assert len({message["Message-ID"] for message in PARSED}) == COUNT
    assert all(message["Date"].datetime.timestamp() == each.date
               for message, each in zip(PARSED, MAIL, strict=True))  # fmt: skip


def test_mail_comes_in_order_and_ever_more_of_it() -> None:
    dates = [each.date for each in MAIL]

    assert dates == sorted(dates)
    assert dates[0] >= BEGIN
    assert dates[-1] <= END
    assert moment(0.5) > (BEGIN + END) / 2


def test_a_smaller_mailbox_has_the_same_years() -> None:
    smaller = [each.date for each in messages(COUNT // 5)]

    for share in (0.2, 0.5, 0.8):
        of_small, of_large = smaller[int(share * len(smaller))], MAIL[int(share * COUNT)].date
        assert abs(of_small - of_large) < (END - BEGIN) / 30


def test_words_are_as_frequent_as_in_english_mail() -> None:
    frequency = Counter(word for found in WORDS for word in set(found))
    shares = [count / COUNT for _, count in frequency.most_common()]

    assert 0.8 < shares[0] < 0.97
    assert 0.55 < shares[9] < 0.85
    assert 0.12 < shares[99] < 0.35
    assert 0.015 < shares[999] < 0.06
    assert sum(count == 1 for count in frequency.values()) > len(frequency) / 3


def test_half_of_the_messages_have_some_470_words() -> None:
    assert 400 < median(len(found) for found in WORDS) < 560


def test_replies_name_what_they_answer_and_quote_it() -> None:
    known = {message["Message-ID"]: message for message in PARSED}
    replies = [message for message in PARSED if message["In-Reply-To"]]

    assert len(replies) > COUNT / 3
    for reply in replies:
        assert reply["In-Reply-To"] in known
        assert reply["References"].split()[-1] == reply["In-Reply-To"]
    quoting = [message for message in replies if "\n> " in text_of(message)]
    assert len(quoting) > 0.9 * len(replies)


def test_there_are_folders_flags_attachments_html_and_other_scripts() -> None:
    folders = {each.folder.split("/")[0] for each in MAIL}
    texts = [text_of(message) for message in PARSED]

    assert folders == {"INBOX", "Sent", "Archive", "Lists", "Trash", "Spam"}
    assert 0.02 < sum("S" not in each.flags for each in MAIL) / COUNT < 0.09
    assert 0.05 < sum("R" in each.flags for each in MAIL) / COUNT < 0.16
    assert any("F" in each.flags for each in MAIL)
    assert any(each.keywords for each in MAIL)
    assert {part.get_filename(".")[-3:] for message in PARSED for part in message.walk()
            if part.get_content_disposition() == "attachment"} >= {"pdf", "png"}  # fmt: skip
    assert 0.04 < sum("<html>" in text for text in texts) / COUNT < 0.13
    assert any(
        "會" <= letter <= "龥" or "ぁ" <= letter <= "ん" for text in texts for letter in text
    )
    assert sum(not text.isascii() for text in texts) > COUNT / 10
    assert sum(message["List-Id"] is not None for message in PARSED) > COUNT / 4


def test_the_vocabulary_has_what_queries_ask_for_and_no_word_twice() -> None:
    known = vocabulary()

    assert len(set(known.words)) == len(known.words) == SIZE
    for family in (*FAMILIES, *PHRASES):
        assert set(family) <= known.rank.keys()
    assert known.rank.keys() >= {"Polish", "polish", "Größe"}
    assert known.rank.keys().isdisjoint(absent(50))


def test_every_shape_asks_different_queries_and_the_others_as_many() -> None:
    for shape in shapes():
        assert len(set(shape.ours)) == EACH, shape.name
        assert len(shape.notmuch) in (0, EACH), shape.name
        assert len(shape.mu) in (0, EACH), shape.name
    assert len({shape.name for shape in shapes()}) == len(shapes()) >= 20
