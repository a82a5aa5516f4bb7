"""Phone numbers as people write them, as carriers deliver them, and which of them may be rung back.  Pure."""

from __future__ import annotations

import re
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberType

Reason = Literal["invalid", "short", "emergency", "premium", "shared_cost", "satellite", "not_a_phone"]

_WITHHELD_WORDS = frozenset(("anonymous", "restricted", "unavailable", "unknown", "private", "blocked"))
_WITHHELD_KEYS = frozenset(("266696687", "86282452253", "8656696", "2562533", "7378742833"))  # the same on a keypad
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")
_SATELLITE = ("+870", "+881", "+882", "+883")  # Inmarsat, the constellations, and networks of no country
_REFUSED: dict[int, Reason] = {
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "shared_cost",  # such as Italy's 199 and Britain's 070: the caller pays for more
    PhoneNumberType.PAGER: "not_a_phone",
}


class NotANumber(ValueError):
    """Not a phone number that could exist in any country it may have been written for."""


def normalise(text: str, region: str) -> str:
    """E.164 of a number in national form (read in `region`, ISO 3166) or international form."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise NotANumber(f"not a phone number: {error}") from None
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise NotANumber("not a phone number: impossible for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_withheld(from_: str) -> bool:
    """Whether a caller's `From` names nobody: a word for it, the word typed on a keypad, nothing, or not a number.

    Softphones and SIP phones are named by an address, which is not withheld.
    """
    said = from_.strip().lower()
    if said.startswith(("client:", "sip:", "sips:")):
        return said.partition(":")[2].partition("@")[0] in {"", *_WITHHELD_WORDS}
    return said in _WITHHELD_WORDS or said.removeprefix("+") in _WITHHELD_KEYS or not _E164.fullmatch(said)


def callable_back(number: str, region: str) -> Reason | None:
    """Why this number must not be rung back; None if it may.

    Asked when a promise is made and again before it is dialled: a call back to such a number is how fraud earns.
    """
    digits = re.sub(r"[^\d+]", "", number)
    if _is_emergency(digits, region):
        return "emergency"
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return "invalid"
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if e164.startswith(_SATELLITE):
        return "satellite"
    if phonenumbers.is_possible_short_number_for_region(parsed, region) and not phonenumbers.is_valid_number(parsed):
        return "short"
    if not phonenumbers.is_valid_number(parsed):
        return "invalid"
    return _REFUSED.get(phonenumbers.number_type(parsed))


def _is_emergency(digits: str, region: str) -> bool:
    """Also behind a country code, or with digits after it, where the network would still connect it."""
    national = digits.removeprefix(f"+{phonenumbers.country_code_for_region(region)}")
    return (
        any(phonenumbers.connects_to_emergency_number(said, region) for said in {digits.removeprefix("+"), national})
        and len(national) <= 6
    )
