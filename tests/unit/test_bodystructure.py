"""Which parts are fetched and which are attachments, from what servers say of a structure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient.response_parser import parse_fetch_response

from indexer.imap.bodystructure import Structure, choose

PLAIN = '("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" {size} 40 NIL NIL NIL NIL)'
HTML = '("TEXT" "HTML" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" {size} 90 NIL NIL NIL NIL)'
PDF = (
    '("APPLICATION" "PDF" ("NAME" "report.pdf") NIL NIL "BASE64" 90000 NIL'
    ' ("ATTACHMENT" ("FILENAME" "report.pdf")) NIL NIL)'
)
PICTURE = '("IMAGE" "PNG" NIL "<logo@x>" NIL "BASE64" 5000 NIL ("INLINE" NIL) NIL NIL)'


def chosen(structure: str) -> Structure:
    """What `choose` makes of a structure as it stands on the wire."""
    answer = parse_fetch_response([f"1 (UID 1 BODYSTRUCTURE {structure})".encode()], False, True)
    return choose(answer[1][b"BODYSTRUCTURE"])


def plain(size: int = 2000) -> str:
    return PLAIN.format(size=size)


def html(size: int = 9000) -> str:
    return HTML.format(size=size)


def multipart(subtype: str, *parts: str) -> str:
    return f'({"".join(parts)} "{subtype}" ("BOUNDARY" "b") NIL NIL NIL)'


def sections(structure: Structure) -> list[str]:
    return [part.section for part in structure.texts]


def test_a_message_of_one_part_is_section_1() -> None:
    structure = chosen(plain())

    assert sections(structure) == ["1"]
    assert (structure.texts[0].charset, structure.texts[0].size) == ("utf-8", 2000)


def test_of_alternatives_the_plain_one_is_taken() -> None:
    assert sections(chosen(multipart("ALTERNATIVE", plain(), html()))) == ["1"]


@pytest.mark.parametrize("size", [0, 30])
def test_a_plain_alternative_that_is_empty_or_a_stub_gives_way_to_html(size: int) -> None:
    assert sections(chosen(multipart("ALTERNATIVE", plain(size), html()))) == ["2"]


def test_a_short_plain_text_beside_html_that_says_no_more_is_kept() -> None:
    assert sections(chosen(multipart("ALTERNATIVE", plain(300), html(1200)))) == ["1"]


def test_html_inside_a_related_part_counts_as_the_alternative() -> None:
    related = multipart("RELATED", html(), PICTURE)

    stub = chosen(multipart("ALTERNATIVE", plain(20), related))
    real = chosen(multipart("ALTERNATIVE", plain(3000), related))

    assert sections(stub) == ["2.1"]
    assert sections(real) == ["1"]
    assert real.attachments == ()


def test_attachments_are_named_and_never_fetched() -> None:
    structure = chosen(multipart("MIXED", multipart("ALTERNATIVE", plain(), html()), PDF))

    assert sections(structure) == ["1.1"]
    (attachment,) = structure.attachments
    assert (attachment.name, attachment.mime_type, attachment.size) == (
        "report.pdf",
        "application/pdf",
        90000,
    )


def test_text_that_is_sent_as_an_attachment_is_one() -> None:
    notes = PLAIN.replace("NIL NIL NIL NIL)", 'NIL ("ATTACHMENT" ("FILENAME" "n.txt")) NIL NIL)')

    structure = chosen(multipart("MIXED", plain(), notes.format(size=500)))

    assert sections(structure) == ["1"]
    assert [each.name for each in structure.attachments] == ["n.txt"]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ('"FILENAME*" "utf-8\'\'%c3%9cbersicht.pdf"', "Übersicht.pdf"),
        ('"FILENAME*0*" "utf-8\'\'%e6%9d%b1" "FILENAME*1" "kyo.pdf"', "東kyo.pdf"),
        ('"FILENAME" "=?utf-8?B?5p2x5LqsLnBkZg==?="', "東京.pdf"),
        ('"FILENAME" "=?x-unknown?Q?a?="', "a"),
        ('"FILENAME" "bell\x07.pdf"', "bell.pdf"),
    ],
)
def test_names_of_attachments_are_decoded(parameters: str, name: str) -> None:
    pdf = f'("APPLICATION" "PDF" NIL NIL NIL "BASE64" 9 NIL ("ATTACHMENT" ({parameters})) NIL NIL)'

    assert [each.name for each in chosen(multipart("MIXED", plain(), pdf)).attachments] == [name]


def test_a_forwarded_message_is_read_as_well() -> None:
    envelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    single = f'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 999 {envelope} {plain()} 20 NIL NIL NIL NIL)'
    several = single.replace(plain(), multipart("ALTERNATIVE", plain(), html()))

    assert sections(chosen(multipart("MIXED", plain(), single))) == ["1", "2.1"]
    assert sections(chosen(multipart("MIXED", plain(), several))) == ["1", "2.1"]


def test_of_a_signed_message_the_signature_is_no_attachment() -> None:
    signature = '("APPLICATION" "PGP-SIGNATURE" NIL NIL NIL "7BIT" 800 NIL NIL NIL NIL)'

    structure = chosen(multipart("SIGNED", plain(), signature))

    assert (sections(structure), structure.attachments, structure.notes) == (["1"], (), ())


def test_an_encrypted_message_says_so() -> None:
    control = '("APPLICATION" "PGP-ENCRYPTED" NIL NIL NIL "7BIT" 11 NIL NIL NIL NIL)'
    data = '("APPLICATION" "OCTET-STREAM" NIL NIL NIL "7BIT" 5000 NIL NIL NIL NIL)'

    structure = chosen(multipart("ENCRYPTED", control, data))

    assert structure.texts == ()
    assert "encrypted" in structure.notes[0]


PGP_SIGNATURE = (
    '("APPLICATION" "PGP-SIGNATURE" ("NAME" "signature.asc") NIL "OpenPGP signature" "7BIT" 840'
    ' NIL ("ATTACHMENT" ("FILENAME" "signature.asc")) NIL NIL)'
)
SMIME_SIGNATURE = (
    '("APPLICATION" "{}" ("NAME" "smime.p7s") NIL "S/MIME" "BASE64" 5400 NIL'
    ' ("ATTACHMENT" ("FILENAME" "smime.p7s")) NIL NIL)'
)
SMIME_BLOCK = (
    '("APPLICATION" "{type}" ({parameters}) NIL NIL "BASE64" 9000 NIL'
    ' ("ATTACHMENT" ("FILENAME" "{name}")) NIL NIL)'
)
INVITATION = (
    '("TEXT" "CALENDAR" ("CHARSET" "UTF-8" "METHOD" "REQUEST") NIL NIL "7BIT" 1490 40 NIL NIL'
    " NIL NIL)"
)
ICS = (
    '("APPLICATION" "{type}" ("NAME" "{name}") NIL NIL "BASE64" 2040 NIL'
    ' ("ATTACHMENT" ("FILENAME" "{name}")) NIL NIL)'
)


def smime(type_: str = "PKCS7-MIME", name: str = "smime.p7m", parameters: str = "") -> str:
    told = f'{parameters} "NAME" "{name}"'.strip()
    return SMIME_BLOCK.format(type=type_, parameters=told, name=name)


def enclosing(structure: str) -> str:
    envelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    return f'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 999 {envelope} {structure} 20 NIL NIL NIL NIL)'


@pytest.mark.parametrize(
    ("structure", "kinds"),
    [
        (plain(), ()),
        (multipart("MIXED", multipart("ALTERNATIVE", plain(), html()), PDF), ()),
        # PGP/MIME (RFC 3156), also below what a mailing list put around it
        (multipart("SIGNED", plain(), PGP_SIGNATURE), ("signed",)),
        (multipart("MIXED", multipart("SIGNED", plain(), PGP_SIGNATURE), plain(90)), ("signed",)),
        # a multipart/signed that Exchange made a multipart/mixed of
        (multipart("MIXED", plain(), PGP_SIGNATURE), ("signed",)),
        (
            multipart(
                "ENCRYPTED",
                '("APPLICATION" "PGP-ENCRYPTED" NIL NIL NIL "7BIT" 11 NIL NIL NIL NIL)',
                '("APPLICATION" "OCTET-STREAM" ("NAME" "encrypted.asc") NIL NIL "7BIT" 5000 NIL'
                ' ("INLINE" ("FILENAME" "encrypted.asc")) NIL NIL)',
            ),
            ("encrypted",),
        ),
        # S/MIME (RFC 8551)
        (multipart("SIGNED", plain(), SMIME_SIGNATURE.format("PKCS7-SIGNATURE")), ("signed",)),
        (multipart("MIXED", plain(), SMIME_SIGNATURE.format("X-PKCS7-SIGNATURE")), ("signed",)),
        (multipart("MIXED", plain(), SMIME_SIGNATURE.format("OCTET-STREAM")), ("signed",)),
        (smime(parameters='"SMIME-TYPE" "signed-data"'), ("signed",)),
        (smime(parameters='"SMIME-TYPE" "enveloped-data"'), ("encrypted",)),
        (smime(parameters='"smime-type" authEnveloped-data'), ("encrypted",)),
        (smime("X-PKCS7-MIME"), ("encrypted",)),
        (smime(name="smime.p7s"), ("signed",)),
        (smime(name="smime.p7c", parameters='"SMIME-TYPE" "certs-only"'), ()),
        (smime(name="certificates.p7c"), ()),
        # invitations, as Google and Outlook send them, and as a file
        (
            multipart(
                "MIXED",
                multipart("ALTERNATIVE", plain(), html(), INVITATION),
                ICS.format(type="ICS", name="invite.ics"),
            ),
            ("calendar",),
        ),
        (INVITATION, ("calendar",)),
        (multipart("ALTERNATIVE", plain(), multipart("MIXED", html(), INVITATION)), ("calendar",)),
        (
            multipart("MIXED", plain(), ICS.format(type="OCTET-STREAM", name="Party.ICS")),
            ("calendar",),
        ),
        (
            multipart("SIGNED", multipart("MIXED", plain(), INVITATION), PGP_SIGNATURE),
            ("calendar", "signed"),
        ),
        # of a message in the message: what it brings counts, how it came does not
        (multipart("MIXED", plain(), enclosing(multipart("MIXED", plain(), INVITATION))),
         ("calendar",)),
        (multipart("MIXED", plain(), enclosing(multipart("SIGNED", plain(), PGP_SIGNATURE))), ()),
        (multipart("MIXED", plain(), enclosing(smime())), ()),
    ],
)  # fmt: skip
def test_what_kind_of_message_it_is_shows_in_its_structure(
    structure: str, kinds: tuple[str, ...]
) -> None:
    assert chosen(structure).kinds == kinds


def test_a_block_that_is_signed_is_not_called_encrypted() -> None:
    (note,) = chosen(smime(parameters='"SMIME-TYPE" "signed-data"')).notes

    assert note == "signed as one block: the text cannot be read"
    assert chosen(smime(name="certificates.p7c")).notes == ()
    assert "encrypted" in chosen(smime()).notes[0]


def test_a_signature_outside_of_a_signed_part_is_no_attachment_either() -> None:
    signature = SMIME_SIGNATURE.format("X-PKCS7-SIGNATURE")

    assert chosen(multipart("MIXED", plain(), signature)).attachments == ()


def test_kinds_are_looked_for_to_a_depth_and_no_further() -> None:
    deep = INVITATION
    for _ in range(60):
        deep = multipart("MIXED", deep)
    wide = multipart("MIXED", *[plain()] * 2000, INVITATION)

    assert chosen(multipart("MIXED", deep, PGP_SIGNATURE)).kinds == ("signed",)
    assert chosen(wide).kinds == ()


def test_depth_and_number_of_parts_are_bounded() -> None:
    deep = plain()
    for _ in range(60):
        deep = multipart("MIXED", deep)
    wide = multipart("MIXED", *[plain()] * 2000)

    assert chosen(deep).notes
    assert len(chosen(wide).texts) == 20
    assert chosen(wide).notes


NAMES = st.sampled_from([b"TEXT", b"PLAIN", b"MESSAGE", b"RFC822"])
SCRAPS = st.recursive(
    st.none() | st.integers(-5, 10**12) | st.binary(max_size=12) | NAMES,
    lambda inner: st.lists(inner, max_size=10) | st.lists(inner, max_size=10).map(tuple),
    max_leaves=40,
)


@given(SCRAPS)
def test_whatever_a_server_sends_there_is_an_answer(structure: Any) -> None:
    assert isinstance(choose(structure), Structure)
