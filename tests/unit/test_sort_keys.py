"""What lists are sorted by: the sender's name, the subject without what programs put before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog import sort_keys


@pytest.mark.parametrize(
    ("name", "email", "key"),
    [
        ("Ann Åström", "ann@example.org", "ann åström"),
        ("", "Ann@Example.org", "ann@example.org"),
        (" Straße \t Nord ", "x@example.org", "strasse nord"),
        (" ", "x@example.org", "x@example.org"),
        (None, None, ""),
        ("n" * 5000, "x@example.org", "n" * 100),
    ],
)
def test_a_sender_sorts_by_name_and_else_by_address(
    name: str | None, email: str | None, key: str
) -> None:
    assert sort_keys.of_sender(name, email) == key


@pytest.mark.parametrize(
    "subject",
    [
        "The Plan",
        "Re: the plan",
        "RE:the plan",
        "Re: Re: RE: the  plan",
        "Fwd: the plan",
        "fw: the plan",
        "AW: WG: the plan",
        "Antw: SV: VS: the plan",
        "R: the plan",
        "Re[2]: the plan",
        "Re (3): the plan",
        "Re^2: the plan",
        "RE：the plan",
        "回复: 转发：the plan",
        "Отв: the plan",
        "İLT: the plan",
        "[list] the plan",
        "[list] Re: the plan",
        "Re: [list] the plan",
        "Re: [list] Re: [other list] the plan",
        "Re [list]: the plan",
        "the plan (fwd)",
        "Re: the plan (Fwd) (fwd)",
        "[Fwd: the plan]",
        "[Fwd: Re: the plan]",
    ],
)
def test_a_subject_sorts_without_what_was_put_before_it(subject: str) -> None:
    assert sort_keys.of_subject(subject) == "the plan"


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("", ""),
        ("Re:", ""),
        ("[list]", "[list]"),
        ("[a] [b]", "[b]"),
        ("Report: the plan", "report: the plan"),
        ("re the plan", "re the plan"),
        ("research: results", "research: results"),
        ("a plan [draft]", "a plan [draft]"),
        ("[open bracket", "[open bracket"),
        ("Größe", "grösse"),
        ("x" * 5000, "x" * 100),
    ],
)
def test_what_only_looks_like_it_stays(subject: str, key: str) -> None:
    assert sort_keys.of_subject(subject) == key


@given(st.text(st.sampled_from("re:fwd [](2)i^ ：\u0130"), max_size=200))
def test_a_key_is_short_has_no_loose_blanks_and_stays_what_it_is(subject: str) -> None:
    key = sort_keys.of_subject(subject)

    assert len(key) <= sort_keys.LONGEST
    assert key == " ".join(key.split())
    if len(key) < sort_keys.LONGEST - 5:
        assert sort_keys.of_subject(key) == key
