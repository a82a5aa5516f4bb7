"""Numbers as people write them and as carriers deliver them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from carrier.numbering import NotANumber, address_in, callable_back, is_withheld, normalise, number_in

NUMBERS = list(csv.DictReader((Path(__file__).parent.parent / "data" / "phone_numbers.csv").read_text().splitlines()))
# Benin went over to ten digits, and Zimbabwe's example is too short: the list is older than the library.
OUTDATED = {"+22985751234", "+22981123456", "+2631312345"}


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("06 1234 5678", "IT", "+390612345678"),  # Italy keeps its leading zero
        ("+39 06-1234-5678", "DE", "+390612345678"),
        ("0039 333 1234567", "IT", "+393331234567"),
        ("333.123.45.67", "IT", "+393331234567"),
        ("030 123456", "DE", "+4930123456"),
        ("(020) 7946 0069", "GB", "+442079460069"),
        ("tel:+390612345678", "IT", "+390612345678"),
        ("\u202a+39 333 1234567\u202c", "IT", "+393331234567"),  # pasted from a phone's contacts
    ],
)
def test_people_write_numbers_in_many_ways(text: str, region: str, e164: str) -> None:
    assert normalise(text, region) == e164


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anonymous",
        "12",
        "+",
        "+39",
        "client:anna1234567",
        "sip:maria@10.20.30.40",
        "1" * 40,
        "06 1234 5678 int. 9",
        "☎",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        normalise(text, "IT")


def test_every_countrys_example_is_its_own_e164() -> None:
    current = [row for row in NUMBERS if row["e164"] not in OUTDATED]
    assert len(current) == 1141
    for row in current:
        assert normalise(row["e164"], "IT") == row["e164"]
        if row["region"] != "001":
            assert normalise(row["national_significant_number"], row["region"]) == row["e164"]


@pytest.mark.parametrize(
    "from_",
    [
        "anonymous", "Anonymous", "ANONYMOUS", "Restricted", "unavailable", "unknown", "private", "blocked", "", " ",
        "+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833", "266696687",
        "0612345678", "Maria", "+39 06 1234", "+", "+0612345678", "+1234567890123456", "sip:anonymous@example.org",
        "sip:unknown@example.org", "client:", "+39٠612345678", '"Anonymous"', "+7748283", "tel:", "sip:",
        "sip:anonymous@anonymous.invalid", '"Anonymous" <sip:thisis@anonymous.invalid>;tag=1',
        "sip:+266696687@x.example",
    ],
)  # fmt: skip
def test_every_spelling_of_a_withheld_caller_is_nobody(from_: str) -> None:
    assert is_withheld(from_)


@pytest.mark.parametrize("from_", ["+390612345678", "+14155550100", "client:agent_7", "sip:anna@house.example"])
def test_a_caller_with_a_number_or_an_address_is_somebody(from_: str) -> None:
    assert not is_withheld(from_)


@pytest.mark.parametrize(
    ("from_", "address", "number"),
    [
        ("+390612345678", None, "+390612345678"),
        ("sip:+393331234567@carrier.example;user=phone", "sip:+393331234567@carrier.example", "+393331234567"),
        ("sip:00393331234567@c.example:5060", "sip:00393331234567@c.example", "+393331234567"),
        ("<sip:%2B393331234567@c.example>", "sip:+393331234567@c.example", "+393331234567"),
        ("tel:+39-333-1234567;phone-context=x", None, "+393331234567"),
        ("sips:Maria:pw@Office.Example.;transport=tls?X=1", "sip:maria@office.example", None),
        ("sip:204@office.example", "sip:204@office.example", None),  # an extension
        ("sip:+266696687@office.example", "sip:+266696687@office.example", None),
        ("client:Agent_7?team=x", "client:agent_7", None),
        ("client:+393331234567", "client:+393331234567", None),  # whoever wrote the softphone chose that name
        ("sip:office.example", None, None),
        ("anonymous", None, None),
        ("", None, None),
    ],
)
def test_a_caller_has_an_address_a_number_or_both(from_: str, address: str | None, number: str | None) -> None:
    assert (address_in(from_), number_in(from_, "IT")) == (address, number)


def test_no_countrys_number_is_mistaken_for_a_withheld_one() -> None:
    assert [row["e164"] for row in NUMBERS if is_withheld(row["e164"])] == []


NEAR = [row for row in NUMBERS if row["region"] in ("IT", "DE", "GB", "US", "FR", "001")]


@pytest.mark.parametrize("row", NEAR, ids=[f"{row['region']}-{row['country_code']}-{row['type']}" for row in NEAR])
def test_a_number_is_called_back_by_its_kind(row: dict[str, str]) -> None:
    why = callable_back(row["e164"], "IT")
    if row["e164"].startswith(("+870", "+881", "+882", "+883")):
        assert why == "satellite"
    elif row["type"] == "premiumRate":
        assert why == "premium"
    elif row["type"] in ("sharedCost", "personalNumber"):
        assert why == "shared_cost"
    elif row["type"] == "pager":
        assert why == "not_a_phone"
    else:
        assert why is None


def test_no_premium_number_of_any_country_is_called_back_and_no_ordinary_one_refused() -> None:
    for row in NUMBERS:
        why = callable_back(row["e164"], "IT")
        if row["type"] == "premiumRate":
            assert why is not None
        elif row["type"] in ("fixedLine", "mobile") and row["e164"] not in OUTDATED and row["region"] != "001":
            assert why is None


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("112", "emergency"), ("113", "emergency"), ("118", "emergency"), ("+39112", "emergency"),
        ("1 1 2", "emergency"),
        ("4141", "short"), ("12345", "short"),
        ("+870773123456", "satellite"), ("+88213412345", "satellite"), ("+8816 1234 5678", "satellite"),
        ("899 123456", "premium"), ("+39899123456", "premium"), ("199 123456", "shared_cost"),
        ("+391", "invalid"), ("anonymous", "invalid"), ("", "invalid"), ("+99912345678", "invalid"),
        ("06 1234 5678", None), ("+393331234567", None), ("112345678", "invalid"),
    ],
)  # fmt: skip
def test_what_must_not_be_rung_back_is_refused_with_its_reason(number: str, why: str | None) -> None:
    assert callable_back(number, "IT") == why


def test_emergency_numbers_are_those_of_the_region() -> None:
    assert callable_back("911", "US") == "emergency"
    assert callable_back("999", "GB") == "emergency"
    assert callable_back("+4930112233", "DE") is None
