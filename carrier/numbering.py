"""Phone numbers as people write them, as carriers deliver them, and which of them may be rung back.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumberType

Reason = Literal["invalid", "short", "emergency", "premium", "shared_cost", "satellite", "not_a_phone"]

_WITHHELD_WORDS = frozenset(("anonymous", "restricted", "unavailable", "unknown", "private", "blocked"))
_WITHHELD_KEYS = frozenset(  # the same on a keypad
    ("266696687", "86282452253", "8656696", "2562533", "7378742833", "7748283")
)
_NOWHERE = ".invalid"  # RFC 3323: the host of somebody who keeps theirs to themselves is anonymous.invalid
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")
_ADDRESS = re.compile(r"(?:[^<]*<)?\s*(sips?|client|tel):([^>]*)>?.*", re.DOTALL | re.IGNORECASE)
_ADDRESSED = re.compile(r"\s*(?:sips?|client):|[^@]*@", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9][-.() 0-9]{4,24}")
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
    """E.164 of a number in national form (read in `region`, ISO 3166) or international form.

    An address is none, whatever digits are in it: `sip:maria@10.20.30.40` would be read as one; see `number_in`.
    """
    if _ADDRESSED.match(text):
        raise NotANumber("not a phone number: an address")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise NotANumber(f"not a phone number: {error}") from None
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise NotANumber("not a phone number: impossible for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_withheld(from_: str) -> bool:
    """Whether a caller's `From` names nobody: a word for it, the word typed on a keypad, nothing, or not a number.

    Softphones and SIP phones are named by an address, which is not withheld unless it says so.
    """
    address = _Address.read(from_)
    if address is not None:
        return address.names_nobody()
    said = from_.strip().strip("\"'").strip().lower()
    return _is_word(said) or not _E164.fullmatch(said)


def address_in(from_: str) -> str | None:
    """`sip:maria@office.example` or `client:maria`, in lower case, of a `From` that names somebody so.

    Without what only says how they are reached: the port, parameters, headers, a display name, `sips` for `sip`.
    """
    address = _Address.read(from_)
    if address is None or address.kind == "tel" or not address.user:
        return None
    if address.kind == "client":
        return f"client:{address.user}"
    return f"sip:{address.user}@{address.host}" if address.host else None


def number_in(from_: str, region: str) -> str | None:
    """The number that a `From` carries, in E.164: by itself, or as the user of a SIP address.  A hint as any number is.

    `sip:+393331234567@carrier.example;user=phone` and `sip:00393331234567@…` carry one; `sip:204@office.example`, an
    extension of somebody's exchange, does not.
    """
    address = _Address.read(from_)
    if address is not None and address.kind == "client":
        return None
    text = from_ if address is None else address.user
    if address is not None and not _NUMBER.fullmatch(text):
        return None
    try:
        number = normalise(text, region)
    except NotANumber:
        return None
    return None if is_withheld(number) else number


@dataclass(frozen=True, slots=True)
class _Address:
    kind: str  # sip | client | tel
    user: str
    host: str

    @classmethod
    def read(cls, from_: str) -> _Address | None:
        """None for what is no address: a bare number, a word."""
        found = _ADDRESS.fullmatch(from_.strip()[:1000])
        if found is None:
            return None
        kind, rest = found[1].lower().removesuffix("s"), found[2].strip()
        if kind == "client":
            return cls(kind, unquote(re.split(r"[?;]", rest)[0]).strip().lower(), "")
        before, at, after = rest.rpartition("@") if kind == "sip" else (rest, "", "")
        user = before if at or kind == "tel" else ""
        host = re.split(r"[;?]", after if at else rest)[0]
        user = unquote(re.split(r"[;:]", user)[0]).strip().lower()
        return cls(kind, user, re.sub(r":[0-9]*$", "", host).strip().lower().removesuffix("."))

    def names_nobody(self) -> bool:
        return not self.user or _is_word(self.user) or self.host.endswith(_NOWHERE)


def _is_word(said: str) -> bool:
    """For "withheld", in letters or as they lie on a keypad."""
    return said in _WITHHELD_WORDS or said.removeprefix("+") in _WITHHELD_KEYS


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
