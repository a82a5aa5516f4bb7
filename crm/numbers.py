"""Phone numbers as people write them, for fields that must hold one."""

from __future__ import annotations

from collections.abc import Sequence

from api.problems import FieldRefused
from carrier.numbering import NotANumber, address_in, is_withheld, normalise


def read_number(field: str, text: str, region: str) -> str:
    """In E.164.  Raises FieldRefused, also for a number that only spells that it is withheld."""
    try:
        number = normalise(text, region)
    except NotANumber:
        raise FieldRefused(field, "This is not a phone number.") from None
    if is_withheld(number):
        raise FieldRefused(field, "This is not a phone number: a withheld one reads like it.")
    return number


def read_numbers(field: str, texts: Sequence[str], region: str) -> list[str]:
    """In E.164, each once, in the order given.  Raises FieldRefused."""
    return list(dict.fromkeys(read_number(f"{field}[{n}]", text, region) for n, text in enumerate(texts)))


def read_addresses(field: str, texts: Sequence[str]) -> list[str]:
    """`sip:maria@office.example` or `client:maria`, in lower case, each once.  Raises FieldRefused."""
    found: list[str] = []
    for n, text in enumerate(texts):
        address = address_in(text)
        if address is None or is_withheld(address):
            raise FieldRefused(f"{field}[{n}]", "An address is written as sip:maria@office.example or client:maria.")
        found.append(address)
    return list(dict.fromkeys(found))


def read_asked_number(field: str, text: str, region: str) -> str:
    """From a query, where a leading + arrives as a space.  Raises FieldRefused."""
    if text.startswith(" "):
        try:
            return normalise("+" + text.strip(), region)
        except NotANumber:
            pass  # a national number with a blank before it
    return read_number(field, text.strip(), region)
