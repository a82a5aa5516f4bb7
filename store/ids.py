"""Opaque ids that sort by the moment they were made, so that a cursor is simply the last id seen."""

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing that reads like another


def new_id(prefix: str) -> str:
    """`prefix_` and 26 characters: 48 bits of milliseconds, then 80 random bits (a ULID)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    characters = []
    for _ in range(26):
        value, rest = divmod(value, 32)
        characters.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(characters))}"
