"""A telephone number as it is read back: digit by digit, in the groups people of its country write it in.  Pure."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumberFormat

LONGEST_GROUP = 4


def read_back(number: str, country: str, plus: str) -> str:
    """`3 3 3, 1 2 3, 4 5 6 7` of an E.164 number; one of another country begins with `plus`, the word."""
    parsed = phonenumbers.parse(number)
    home = parsed.country_code == phonenumbers.country_code_for_region(country)
    written = phonenumbers.format_number(
        parsed, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    )
    groups = [part for group in re.findall(r"\d+", written) for part in _short(group)]
    spoken = ", ".join(" ".join(group) for group in groups)
    return spoken if home else f"{plus} {spoken}"


def _short(group: str) -> list[str]:
    """As many parts as it takes that each can be remembered, as alike as they can be."""
    parts = -(-len(group) // LONGEST_GROUP)
    size, longer = divmod(len(group), parts)
    lengths = [size] * (parts - longer) + [size + 1] * longer
    starts = [sum(lengths[:n]) for n in range(parts)]
    return [group[start : start + length] for start, length in zip(starts, lengths, strict=True)]
