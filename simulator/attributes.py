"""Reading the attributes of one TwiML element: each asked for once, and what nobody asked for is a warning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class TwimlError(Exception):
    """A document, or a verb of it, that cannot be run; `code` is Twilio's error number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Warning:
    """Something that Twilio notes in its debugger while the document runs on."""

    code: int
    message: str


class Attributes:
    """`codes` names the error number of a bad value by attribute; others raise 12200."""

    def __init__(self, tag: str, given: Mapping[str, str], codes: Mapping[str, int] | None = None) -> None:
        self._tag, self._given, self._codes = tag, dict(given), codes or {}
        self._asked: set[str] = set()

    def has(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str = "", *, longest: int | None = None) -> str:
        value = self.maybe(name)
        if value is None:
            return default
        if longest is not None and len(value) > longest:
            raise self._bad(name, f"longer than {longest} characters")
        return value

    def maybe(self, name: str) -> str | None:
        self._asked.add(name)
        return self._given.get(name)

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        value = self.text(name, default)
        if value not in set(allowed):
            raise self._bad(name, f"{value!r} is none of {', '.join(sorted(allowed))}")
        return value

    def method(self, name: str = "method", default: str = "POST") -> str:
        value = self.text(name, default).upper()
        if value not in ("GET", "POST"):
            raise self._bad(name, f"{value!r} is neither GET nor POST")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").lower()
        if value not in ("true", "false"):
            raise self._bad(name, f"{value!r} is neither true nor false")
        return value == "true"

    def number(self, name: str, default: int, lowest: int, highest: int | None = None) -> int:
        value = self.text(name, str(default)).strip()
        if not value.lstrip("-").isdigit():
            raise self._bad(name, f"{value!r} is no number")
        if int(value) < lowest or (highest is not None and int(value) > highest):
            raise self._bad(name, f"{value} is out of range")
        return int(value)

    def words(self, name: str, allowed: Iterable[str], default: str = "") -> frozenset[str]:
        """A space-separated list."""
        words = frozenset(self.text(name, default).split())
        if not words <= set(allowed):
            raise self._bad(name, f"unknown: {' '.join(sorted(words - set(allowed)))}")
        return words

    def accept(self, *names: str) -> None:
        """Attributes that are right but change nothing here."""
        self._asked.update(names)

    def warnings(self) -> list[Warning]:
        unknown = sorted(set(self._given) - self._asked)
        return [
            Warning(12200, f"Attribute '{name}' is not allowed to appear in element '{self._tag}'.") for name in unknown
        ]

    def _bad(self, name: str, why: str) -> TwimlError:
        return TwimlError(self._codes.get(name, 12200), f"{self._tag}: invalid {name}: {why}")
