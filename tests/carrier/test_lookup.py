"""Which listed call is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carrier.lookup import bare_address, find_call, find_text, made_since
from carrier.port import KnownCall, KnownText

ASKED_AT = datetime(2026, 3, 3, 9, 0, 0, 700_000, tzinfo=UTC)
OURS = "+390612345678"
CALL = KnownCall("CA1", "client:anna", OURS, "ringing", "outbound-api", ASKED_AT.replace(microsecond=0))
TEXT = KnownText("SM1", "+393331234567", OURS, "A domani", "outbound-api", ASKED_AT)


def test_the_call_made_in_that_second_is_ours_and_so_is_one_too_new_to_have_a_date() -> None:
    for call in (CALL, replace(CALL, created_at=None), replace(CALL, status="completed")):
        assert find_call([call], from_=OURS, asked_at=ASKED_AT, taken=()) == call


@pytest.mark.parametrize(
    "other",
    [
        replace(CALL, from_="+390699999999"),
        replace(CALL, direction="inbound"),
        replace(CALL, direction="outbound-dial"),
        replace(CALL, parent_sid="CA0"),
        replace(CALL, created_at=ASKED_AT - timedelta(minutes=5)),
        replace(CALL, sid="CA9"),
    ],
    ids=["from another number", "inbound", "dialled", "a child leg", "older", "another effect's"],
)
def test_a_call_that_could_be_somebody_elses_is_not_taken_for_ours(other: KnownCall) -> None:
    assert find_call([other], from_=OURS, asked_at=ASKED_AT, taken={"CA9"}) is None
    assert find_call([other, CALL], from_=OURS, asked_at=ASKED_AT, taken={"CA9"}) == CALL


def test_a_text_is_known_by_its_words() -> None:
    other = replace(TEXT, sid="SM2", body="A dopodomani")
    assert find_text([other, TEXT], from_=OURS, body="A domani", asked_at=ASKED_AT, taken=()) == TEXT
    assert find_text([other], from_=OURS, body="A domani", asked_at=ASKED_AT, taken=()) is None


def test_addresses_are_listed_without_what_rides_behind_them() -> None:
    assert bare_address("client:anna?customer=Maria%3F") == "client:anna"
    assert bare_address("sip:anna@house.example?X-Call=1") == "sip:anna@house.example"
    assert bare_address("+390612345678") == "+390612345678"


def test_calls_of_which_nobody_here_knows_are_those_made_since_by_the_api_and_in_order() -> None:
    second = replace(CALL, sid="CA2", created_at=ASKED_AT + timedelta(minutes=5))
    queued = replace(CALL, sid="CA3", status="queued", created_at=None)
    others = [
        replace(CALL, sid="CA4"),
        replace(CALL, sid="CA5", direction="inbound"),
        replace(CALL, sid="CA6", parent_sid="CA1"),
        replace(CALL, sid="CA7", created_at=ASKED_AT - timedelta(minutes=1)),
    ]
    listed = [queued, second, *others, CALL, second]
    assert made_since(listed, since=ASKED_AT, taken={"CA4"}) == [CALL, second, queued]
