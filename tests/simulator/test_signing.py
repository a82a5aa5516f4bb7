"""Conformance 1: the signature that every webhook carries."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from simulator.signing import signature

SHOP = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}

ODD = [
    ("Body", "Grüße, Zoë ☎"), ("From", "+4930123456"), ("CallerName", ""), ("A", "2"), ("A", "1"), ("A", "2")
]  # fmt: skip
BODY = "5ccde7145dfb8f56479710896586cb9d5911809d83afbe34627818790db0aec9"


@pytest.mark.parametrize(
    ("url", "form", "expected"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", SHOP, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://example.com/voice?id=7", None, "WhTWNigPPygwYNUkzxZOiOZZJok="),
        ("https://example.com/voice?id=7", ODD, "o8+0y2Wr3KVaUWyCenDJQNRpYh4="),
        (f"https://example.com/myapp?bodySHA256={BODY}", None, "hPXmLwIy3Fgqv1i9KPmH/HhQ6zo="),
    ],
)
def test_the_documented_vectors_are_reproduced(url: str, form: Any, expected: str) -> None:
    assert signature("12345", url, form) == expected


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("http://example.com/voice", SHOP | {"CallerName": ""}),
        ("https://example.com/voice", SHOP),
        ("https://example.com/voice", SHOP | {"CallerName": "", "Digits": "1235"}),
    ],
)
def test_another_scheme_a_stripped_blank_or_a_changed_digit_fails(url: str, form: dict[str, str]) -> None:
    signed = signature("12345", "https://example.com/voice", SHOP | {"CallerName": ""})
    validator = RequestValidator("12345")
    assert validator.validate("https://example.com/voice", SHOP | {"CallerName": ""}, signed)
    assert not validator.validate(url, form, signed)
