"""Passwords: what may be one, how it is kept, and whether the one that was typed is it.

Kept by argon2id with the parameters that OWASP names first for servers which have other things to do with their memory:
46 MiB, one pass, one lane; some 60 ms of one core.  Two are worked on at a time in each process, in threads of their
own, so that a flood of sign-ins takes neither the cores nor the memory that calls need.  A password kept with other
parameters is kept anew when it is next typed.

What may be one follows NIST SP 800-63B: long enough, no rules of composition, and not what anybody would try first.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 200  # characters
MEMORY_KIBIBYTES, PASSES, LANES = 47_104, 1, 1
AT_ONCE = 2
NEW_SIGNS, NEW_LETTERS = 6, 5  # what must be left without the words that anybody would try; how many different ones
COMMON = Path(__file__).parent / "common_words.txt"
ROWS = ("abcdefghijklmnopqrstuvwxyz", "012345678901234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
SHORTEST_WORD, SHORTEST_RUN = 4, 4
_AS_LETTERS = str.maketrans("013457@$!€", "oieastasie")

_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIBIBYTES, parallelism=LANES)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")


async def hashed(password: str) -> str:
    """As it is kept."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _plain(password))


async def matches(password: str, kept: str | None) -> bool:
    """Takes as long for who has none, or is not there at all."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, password, kept)


def outlived(kept: str) -> bool:
    """It was kept with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _matches(password: str, kept: str | None) -> bool:
    try:
        return _hasher.verify(kept or _nobodys(), _plain(password[: LONGEST + 1])) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache
def _nobodys() -> str:
    """Of something that nobody can type."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _plain(password: str) -> str:
    """One keyboard sends é as one sign, another as two."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, own: Iterable[str] = ()) -> str | None:
    """Why this may not be a password, in English for the catalogue; `own`: words that belong to whose it is."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return "At least 12 characters, please: a few words in a row are easy to remember."
    if len(plain) > LONGEST:
        return "At most 200 characters, please."
    folded = plain.casefold().translate(_AS_LETTERS)
    words = {part for word in own for part in _parts(word.casefold().translate(_AS_LETTERS))}
    left = _without(folded, sorted({*words, *_common(), *_runs(plain.casefold())}, key=lambda word: (-len(word), word)))
    if len(left) < NEW_SIGNS or len(set(folded)) < NEW_LETTERS:
        return "Others would try this one first. Please take words that have nothing to do with you or the company."
    return None


def _parts(word: str) -> Iterator[str]:
    parts = re.findall(r"\w+", word)
    return (part for part in (*parts, "".join(parts)) if len(part) >= SHORTEST_WORD)


def _without(folded: str, words: Iterable[str]) -> str:
    """What of it is neither one of these words nor a sign between them."""
    for word in words:
        folded = folded.replace(word, " ")
    return "".join(re.findall(r"\w", folded))


def _runs(folded: str) -> set[str]:
    """Neighbours on the keyboard, in the alphabet and in counting, forth and back, as they read with letters."""
    found = set()
    for start in range(len(folded) - SHORTEST_RUN + 1):
        run = folded[start : start + SHORTEST_RUN]
        if any(run in row or run in row[::-1] for row in ROWS):
            found.add(run.translate(_AS_LETTERS))
    return found


@cache
def _common() -> frozenset[str]:
    return frozenset(word.translate(_AS_LETTERS) for word in COMMON.read_text().split())
