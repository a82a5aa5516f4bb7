"""What a text message costs: the alphabet it is sent in, and in how many parts.  Pure.

In the seven-bit alphabet (3GPP TS 23.038) a part holds 160 letters, 153 of several parts; one letter outside it sends
the whole message in UTF-16, of which 70 or 67 fit.
"""

from __future__ import annotations

import math
import unicodedata

MOST_SEGMENTS = 2
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO_EACH = frozenset("^{}\\[~]|€\f")
_PLAIN = str.maketrans(  # the same to every reader, typed on any keyboard
    {
        **dict.fromkeys("\u00a0\u2007\u2009\u202f", " "),
        **dict.fromkeys("‘’‚′", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        "…": "...",
        "«": '"',
        "»": '"',
    }
)
_NEAREST = str.maketrans({"Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "ẞ": "SS"})


def seven_bit(text: str) -> bool:
    return all(letter in _BASIC or letter in _TWO_EACH for letter in text)


def segments(text: str) -> int:
    """In how many parts it is sent and paid for."""
    if seven_bit(text):
        letters, alone, joined = sum(2 if letter in _TWO_EACH else 1 for letter in text), 160, 153
    else:
        letters, alone, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if letters <= alone else math.ceil(letters / joined)


def fitted(text: str) -> str:
    """The text as it is sent: spelt as it should be where that fits in two parts, else without the accents that would
    more than double it."""
    text = text.translate(_PLAIN)
    if seven_bit(text) or segments(text) <= MOST_SEGMENTS:
        return text
    return "".join(letter if seven_bit(letter) else _nearest(letter) for letter in text)


def _nearest(letter: str) -> str:
    """`á` -> `a`; a letter of another script has none, and stays."""
    base = unicodedata.normalize("NFKD", letter.translate(_NEAREST))
    without = "".join(part for part in base if not unicodedata.combining(part))
    return without if without and seven_bit(without) else letter
