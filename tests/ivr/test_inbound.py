"""What the carrier tells of a call beside its number: shown to the agent, and never a proof."""

from __future__ import annotations

import pytest

from ivr.inbound import attestation, forwarded_from, is_diverters
from tests.ivr.door import LINE, MARIA, Door

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("verdict", "attested"),
    [
        ("TN-Validation-Passed-A", "A"),
        ("TN-Validation-Passed-B", "B"),
        ("TN-Validation-Passed-C-Diverted", "C"),
        ("TN-Validation-Failed-A", "failed"),
        ("TN-Validation-Failed-C-Diverted", "failed"),
        ("TN-Validation-Failed", "failed"),
        ("TN-Validation-Passed", None),
        ("No-TN-Validation", None),
        ("NULL", None),
        ("", None),
        ("TN-Validation-Passed-Z", None),
    ],
)
def test_how_far_a_network_vouches_for_a_number(verdict: str, attested: str | None) -> None:
    assert attestation({"StirVerstat": verdict}) == attested
    assert attestation({}) is None


def test_who_diverted_a_call_is_kept_as_given() -> None:
    assert forwarded_from({"ForwardedFrom": " +390612345678 "}) == "+390612345678"
    assert forwarded_from({"CalledVia": "390612345678"}) == "390612345678"
    assert forwarded_from({"ForwardedFrom": ""}) is None


def test_an_exchange_that_puts_its_own_number_in_the_callers_place() -> None:
    assert is_diverters("+390612345678", "390612345678")
    assert not is_diverters("+390612345678", "+390612345679")
    assert not is_diverters("", None)


@pytest.mark.anyio
@on_sqlite
async def test_a_call_keeps_what_was_told_of_it_and_is_marias_all_the_same(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    told = {"StirVerstat": "TN-Validation-Passed-A", "ForwardedFrom": "+390612345678"}
    assert "Maria" in (await door.ring(**told)).words
    call = await door.call()
    assert (call.attestation, call.forwarded_from, call.customer_id) == ("A", "+390612345678", door.ids["Maria"])
    assert call.proved_at is None


@pytest.mark.anyio
@on_sqlite
@pytest.mark.parametrize("told", [{"ForwardedFrom": MARIA}, {"From": LINE}])
async def test_a_number_that_is_the_diverters_or_our_own_is_nobodys(door: Door, told: dict[str, str]) -> None:
    """Nobody is greeted by it, nobody gets it into their record, and nobody is called back at it."""
    await door.customer("Maria", MARIA)
    await door.customer("ours", LINE)
    await door.agent()
    await door.ring(1)
    asked = await door.ring(2, **told)
    assert "Maria" not in asked.words
    heard = await door.speak(asked, "mi chiamo Ugo Neri", 2, **told)
    assert "Ugo Neri" in heard.words
    call = await door.call(2)
    assert call.customer_id not in (None, *door.ids.values())
    offered = await door.press(heard, "2", 2, **told)
    assert "A quale numero" in offered.words
