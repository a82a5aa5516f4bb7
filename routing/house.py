"""The house as everybody in it knows it: its name, where it stands, what it speaks.  A value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class House:
    company: str
    language: str  # BCP 47
    country: str  # ISO 3166
    zone: str  # IANA
