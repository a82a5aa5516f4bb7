"""Opaque ids that sort by the moment they were made, so that a cursor is simply the last id seen."""

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing that reads like another


_latest = 0


def new_id(prefix: str) -> str:
    """`prefix_` and 26 characters: 48 bits of milliseconds, then 80 random bits (a ULID).

    Those of one process rise, also within a millisecond and when the machine's clock is set back.
    """
    global _latest
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    if value <= _latest:
        value = _latest + 1 + int.from_bytes(os.urandom(6))
    _latest = value
    characters = []
    for _ in range(26):
        value, rest = divmod(value, 32)
        characters.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(characters))}"
