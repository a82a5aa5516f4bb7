"""Which numbers can show a text.  Pure."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberType

# Of North American numbers nobody can tell, from the number alone, whether it is a mobile's.
_SHOW_TEXTS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def is_mobile(number: str) -> bool:
    """E.164; False for what is no number."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) in _SHOW_TEXTS
