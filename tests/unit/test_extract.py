"""Octets → text: headers, charsets, HTML, quoting; hostile input becomes a note, never an error."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from indexer.extract import charset, headers
from indexer.extract.building import LONGEST_TEXT, build
from indexer.extract.document import Address, Headers, Part
from indexer.extract.html import to_text
from indexer.extract.quoting import quoted_spans


def parsed(*lines: str, more: tuple[str, ...] = ()) -> Headers:
    block = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    return headers.parse(block, headers.kept_names(more))


def test_a_header_block_is_unfolded_and_decoded() -> None:
    found = parsed(
        "Subject: =?utf-8?q?Gr=C3=B6?=",
        "\t=?utf-8?q?=C3=9Fe?= und mehr",
        "From: =?iso-8859-1?Q?J=FCrgen_Wei=DF?= <juergen@example.com>",
        'To: "Smith, Ann" <ann@example.com>, bob@example.com (Bob)',
        "Date: Tue, 5 Mar 2024 10:00:00 +0100",
        "Message-ID: <a@b>",
        "References: <1@x> <2@x>",
        "In-Reply-To: <3@x>",
    )

    assert found.subject == "Größe und mehr"
    assert found.sender == (Address("Jürgen Weiß", "juergen@example.com"),)
    assert found.to == (Address("Smith, Ann", "ann@example.com"), Address("Bob", "bob@example.com"))
    assert found.date == datetime(2024, 3, 5, 9, tzinfo=UTC)
    assert (found.message_id, found.references) == ("a@b", ("1@x", "2@x", "3@x"))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"=?utf-8?b?4pyT?= ok", "✓ ok"),
        (b"=?utf-8?q?=E2=9C?= =?utf-8?b?kw==?=", "✓"),  # a character cut in two by the sender
        (b"=?utf-8?q?a?=  =?utf-8?q?b?=", "ab"),
        (b"=?iso-2022-jp?B?GyRCMnE1RBsoQg==?=", "会議"),
        (b"=?x-nonsense?q?abc?=", "abc"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?utf-8?q?unended", "=?utf-8?q?unended"),
        (b"bell\x07 and \xe2\x80\xaeturn", "bell and turn"),
    ],
)
def test_encoded_words_as_they_come(raw: bytes, text: str) -> None:
    assert headers.decode_words(raw) == text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ann@example.com", [("", "ann@example.com")]),
        ("<ann@example.com>", [("", "ann@example.com")]),
        ("Ann <ann@example.com>", [("Ann", "ann@example.com")]),
        ("friends: ann@a.example, bob@b.example;", [("", "ann@a.example"), ("", "bob@b.example")]),
        ("undisclosed-recipients:;", []),
        ("just a name", [("just a name", "")]),
        ("=?utf-8?q?M=C3=BCller=2C_Ann?= <ann@example.com>", [("Müller, Ann", "ann@example.com")]),
        ('"with \\"quotes\\"" <q@example.com>', [('with "quotes"', "q@example.com")]),
        ("broken <ann@example.com", [("broken", ""), ("", "ann@example.com")]),
        (",,, ,", []),
    ],
)
def test_addresses_as_they_come(line: str, expected: list[tuple[str, str]]) -> None:
    found = parsed(f"From: {line}").sender

    assert [(each.name, each.email) for each in found] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Tue, 5 Mar 2024 10:00:00 +0100", datetime(2024, 3, 5, 9, tzinfo=UTC)),
        (b"5 Mar 24 10:00:00 GMT", datetime(2024, 3, 5, 10, tzinfo=UTC)),
        (b"Tue, 5 Mar 2024 10:00:00 +9999", datetime(2024, 3, 5, 10, tzinfo=UTC)),
        (b"Tue, 5 Mar 2024 10:00:60 +0000", datetime(2024, 3, 5, 10, 0, 59, tzinfo=UTC)),
        (b"Thu, 1 Jan 1969 00:00:00 +0000", None),
        (b"yesterday", None),
        (b"", None),
        (b"Tue, 99 Mar 2024 10:00:00", None),
        (b"9" * 5000, None),
    ],
)
def test_dates_as_they_come(value: bytes, expected: datetime | None) -> None:
    assert headers.parse_date(value) == expected


def test_hundreds_of_references_keep_the_first_and_the_last() -> None:
    found = parsed("References: " + " ".join(f"<{n}@x>" for n in range(900))).references

    assert len(found) == 50
    assert (found[0], found[-1]) == ("0@x", "899@x")


def test_some_more_fields_are_kept_in_their_order() -> None:
    found = parsed(
        "X-Mailer: =?utf-8?q?B=C3=BCromail?= 7",
        "Received: from here",
        "Sender: Secretary",
        "\t<s@example.com>",
        "X-Ticket: 4711",
        "X-Mailer:",
        "PRECEDENCE: bulk",
    )

    assert found.other == (
        ("x-mailer", "Büromail 7"),
        ("sender", "Secretary <s@example.com>"),
        ("precedence", "bulk"),
    )


def test_a_user_names_further_fields_in_any_case() -> None:
    kept = headers.kept_names(["X-Ticket", "sender"])

    assert len(kept) == len(headers.KEPT) + 1
    assert headers.parse(b"x-ticket: 4711\r\nX-Other: no\r\n\r\n", kept).other == (
        ("x-ticket", "4711"),
    )


def test_whoever_a_message_was_delivered_to_is_found_by_one_name() -> None:
    found = parsed(
        "X-Original-To: sales@example.com",
        "Delivered-To: ann@example.com",
        "Envelope-To: ann@example.com",
        more=("Envelope-To",),
    )

    assert found.other == (
        ("x-original-to", "sales@example.com"),
        ("delivered-to", "sales@example.com"),
        ("delivered-to", "ann@example.com"),
        ("envelope-to", "ann@example.com"),
    )


def test_kept_fields_are_bounded_in_length_in_repeats_and_in_number() -> None:
    many = [f"x-{number}" for number in range(100)]
    lines = [f"{name}: {name} {repeat}".encode() for name in many for repeat in range(9)]

    long = parsed("X-Mailer: " + "wordy " * 20_000).other
    found = headers.parse(b"\r\n".join(lines), many).other

    assert [len(text) for _, text in long] == [500]
    assert len(found) == 40
    assert [text for name, text in found if name == "x-0"] == [f"x-0 {n}" for n in range(5)]


def test_a_flood_of_one_field_leaves_room_for_the_others() -> None:
    flood = [f"Delivered-To: {number}@example.com" for number in range(10_000)]

    found = parsed(*flood, *["X-Original-To: x@example.com"] * 10_000, "Precedence: list").other

    assert [name for name, _ in found] == ["delivered-to"] * 5 + ["x-original-to", "precedence"]


@pytest.mark.parametrize(
    ("payload", "label", "text"),
    [
        ("Größe".encode(), "utf-8", "Größe"),
        ("Größe".encode(), "iso-8859-1", "Größe"),  # wrongly labelled, and valid UTF-8
        ("Größe – 5 €".encode("cp1252"), "iso-8859-1", "Größe – 5 €"),
        ("Größe".encode("cp1252"), "us-ascii", "Größe"),
        ("会議".encode("iso-2022-jp"), "iso-2022-jp", "会議"),
        ("会議".encode("shift_jis"), "x-sjis", "会議"),
        ("中文邮件".encode("gb18030"), "gb2312", "中文邮件"),
        ("한국어".encode("cp949"), "ks_c_5601-1987", "한국어"),
        ("مرحبا".encode("cp1256"), "windows-1256", "مرحبا"),
        ("привет".encode("koi8-r"), "koi8-r", "привет"),
        (b"abc", "rot13", "abc"),
        ("é".encode("cp1252"), "", "é"),
    ],
)
def test_charsets_as_they_are_labelled(payload: bytes, label: str, text: str) -> None:
    assert charset.decode(payload, label) == (text, "")


@pytest.mark.parametrize("label", ["nonsense-8", "\x00", "utf-8" * 100, "hex", "zlib"])
def test_an_unknown_charset_is_a_note(label: str) -> None:
    text, note = charset.decode(b"caf\xe9", label)

    assert text == "café"
    assert "charset" in note


def test_what_does_not_fit_its_charset_is_replaced_and_noted() -> None:
    text, note = charset.decode(b"\xff\xfe abc \x81", "euc-jp")

    assert "abc" in text
    assert "replaced" in note


@pytest.mark.parametrize(
    ("payload", "encoding", "octets"),
    [
        (b"a=3Db=\r\nc", "quoted-printable", b"a=bc"),
        (b"aGVsbG8=", "base64", b"hello"),
        (b"aGVsbG8", "BASE64", b"hello"),
        (b"aGVs\r\nbG8=\r\n!!", "base64", b"hello"),
        (b"aGVsbG8gd", "base64", b"hello "),
        (b"plain", "7bit", b"plain"),
        (b"plain", "x-strange", b"plain"),
        (b"begin 644 x\n%:&5L;&\\\nend\n", "x-uuencode", b"hello"),
    ],
)
def test_transfer_encodings_cut_or_damaged(payload: bytes, encoding: str, octets: bytes) -> None:
    assert charset.transfer_decode(payload, encoding)[0] == octets


def test_html_becomes_what_a_reader_sees() -> None:
    markup = """<html><head><title>no</title><style>p { color: red }</style></head><body>
      <div style="display:none">preheader</div><!-- comment --><script>no()</script>
      <h1>Sale</h1><p>Boots &amp; more,<br>from <a href="https://x.example/y">here</a></p>
      <table><tr><td>one</td><td>two</td></tr></table><img alt="A boot"><p hidden>no</p></body>"""

    text = to_text(markup)

    assert text.split("\n") == ["Sale", "", "Boots & more,", "from here", "", "one two", "A boot"]


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<",
        "no tags",
        "<p>open",
        "</p></p>",
        "\x00<b>x",
        "<![CDATA[x]]>",
        "<!DOCTYPE",
        "<?xml?>",
    ],
)
def test_broken_html_is_read_all_the_same(markup: str) -> None:
    assert isinstance(to_text(markup), str)


@pytest.mark.parametrize(
    "bomb",
    ["<div>" * 200_000, "<b><i>" * 100_000, "<" * 300_000, "<!--" * 100_000, "<x>" * 50_000,
     "<table><tr><td>" * 20_000, '<a href="' * 50_000, "&" * 300_000],
)  # fmt: skip
def test_html_that_is_made_to_hurt_ends(bomb: str) -> None:
    assert isinstance(to_text(bomb), str)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("all mine", []),
        ("mine\n> yours\n> yours too\nmine", ["> yours\n> yours too\n"]),
        ("yes\n\nOn Tue, 5 Mar 2024, Ann wrote:\n> no", ["On Tue, 5 Mar 2024, Ann wrote:\n> no"]),
        ("ja\nAm 5.3.2024 schrieb Ann:\n> nein", ["Am 5.3.2024 schrieb Ann:\n> nein"]),
        ("oui\nLe 5 mars 2024, Ann a écrit :\n> non", ["Le 5 mars 2024, Ann a écrit :\n> non"]),
        (
            "はい\n2024-03-05 佐藤さんは書きました:\n> いいえ",
            ["2024-03-05 佐藤さんは書きました:\n> いいえ"],
        ),
        (
            "yes\n-----Original Message-----\nFrom: Ann\nno",
            ["-----Original Message-----\nFrom: Ann\nno"],
        ),
        ("yes\nFrom: Ann\nSent: today\nTo: me\n\nno", ["From: Ann\nSent: today\nTo: me\n\nno"]),
        ("From: the beginning is no quote", []),
    ],
)
def test_what_is_quoted_is_told_apart(text: str, quoted: list[str]) -> None:
    assert [text[start:end] for start, end in quoted_spans(text)] == quoted


def test_a_document_is_its_parts_in_order_with_notes() -> None:
    document = build(
        Headers(),
        [
            Part("text/plain", "utf-8", "quoted-printable", b"Gr=C3=BC=C3=9Fe\r\nzwei"),
            Part("text/html", "utf-8", "base64", b"PGI+ZmV0dDwvYj4="),
            Part("text/plain", "nonsense", "7bit", b"caf\xe9", truncated=True),
        ],
    )

    assert document.text == "Grüße\nzwei\n\nfett\n\ncafé"
    assert len(document.notes) == 2


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nyes", ("signed",)),
        ("See:\n-----BEGIN PGP MESSAGE-----\n\nhQEMA", ("encrypted",)),
        (
            "-----BEGIN PGP MESSAGE-----\nhQ\n-----BEGIN PGP SIGNED MESSAGE-----",
            ("encrypted", "signed"),
        ),
        ("> -----BEGIN PGP SIGNED MESSAGE-----\n> yes", ()),
        ("it begins with -----BEGIN PGP MESSAGE-----", ()),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----", ()),
    ],
)
def test_pgp_within_the_text_is_seen_unless_it_is_quoted(text: str, kinds: tuple[str, ...]) -> None:
    assert build(Headers(), [Part("text/plain", "", "7bit", text.encode())]).kinds == kinds


def test_kinds_of_the_structure_and_of_the_text_come_together() -> None:
    inline = Part("text/plain", "", "7bit", b"-----BEGIN PGP MESSAGE-----")

    assert build(Headers(), [inline], kinds=("signed",)).kinds == ("encrypted", "signed")


def test_a_text_is_cut_and_control_characters_go() -> None:
    document = build(
        Headers(), [Part("text/plain", "", "", b"\x00\x1b[31m" + b"x " * LONGEST_TEXT)]
    )

    assert len(document.text) == LONGEST_TEXT
    assert "\x1b" not in document.text
    assert "a long text was cut" in document.notes


def test_megabytes_of_nothing_are_read_in_a_moment() -> None:
    began = time.process_time()
    for text in (">" * 10**6, " " * 10**6, "On " * 300_000, "From: x\n" * 100_000, "-" * 10**6):
        quoted_spans(text)
    # Not a benchmark: what a quadratic pattern would take is minutes.
    assert time.process_time() - began < 20
