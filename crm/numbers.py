"""Phone numbers as people write them, for fields that must hold one."""

from __future__ import annotations

from collections.abc import Sequence

from api.problems import FieldRefused
from carrier.numbering import NotANumber, is_withheld, normalise


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


def read_asked_number(field: str, text: str, region: str) -> str:
    """From a query, where a leading + arrives as a space.  Raises FieldRefused."""
    if text.startswith(" "):
        try:
            return normalise("+" + text.strip(), region)
        except NotANumber:
            pass  # a national number with a blank before it
    return read_number(field, text.strip(), region)
