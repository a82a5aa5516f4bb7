"""A Twilio TaskRouter workflow's conditions, read: `language == "it" AND (tags HAS "vip" OR to IN ["+39…"])`.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST, DEEPEST = 10_000, 6
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"[^"]*"|'[^']*') | (?P<number>-?\d+(?:\.\d+)?)(?![\w.]) | (?P<sign>==|!=|<=|>=|<|>|=|\(|\)|\[|\]|,)
    | (?P<word>[A-Za-z_][\w.\[\]]*)
    )""",
    re.VERBOSE,
)
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "IN": "HAS", "HAS": "IN"}
_COMPARES = ("==", "!=", "<=", ">=", "<", ">", "IN", "HAS", "CONTAINS")
Constant = str | float | bool | None


class NotUnderstood(ValueError):
    """The text is no expression; the message says where it stops making sense."""


@dataclass(frozen=True, slots=True)
class Key:
    """An attribute of the task or the worker."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    left: Key | Constant
    sign: str  # == != < <= > >= IN HAS CONTAINS
    right: Key | Constant | tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    every: bool  # AND, else OR
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    of: Expression


Expression = Compare | Joined | Opposite


def read_expression(text: str) -> Expression:
    """Raises NotUnderstood."""
    if len(text) > LONGEST:
        raise NotUnderstood("It is too long to be read.")
    reader = _Reader(_tokens(text))
    read = reader.either(0)
    if reader.at < len(reader.tokens):
        raise NotUnderstood(f"It is not clear what {reader.tokens[reader.at][1]} does there.")
    return read


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            here = len(text) - len(text[at:].lstrip())
            raise NotUnderstood(f"It cannot be read from character {here + 1} on.")
        at = token.end()
        kind = token.lastgroup or ""
        found.append((kind, token[kind]))
    return found


class _Reader:
    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self.tokens, self.at = tokens, 0

    def either(self, depth: int) -> Expression:
        parts = [self._every(depth)]
        while self._takes("OR"):
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Joined(False, tuple(parts))

    def _every(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._takes("AND"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Joined(True, tuple(parts))

    def _one(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise NotUnderstood("It lies too deep in parentheses.")
        if self._takes("NOT"):
            return Opposite(self._one(depth + 1))
        if self._takes("("):
            inner = self.either(depth + 1)
            self._must_take(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._operand()
        negated = self._takes("NOT")
        sign = next((sign for sign in _COMPARES if self._takes(sign)), None)
        if sign is None and self._takes("="):
            sign = "=="
        if sign is None or (negated and sign not in ("IN", "HAS", "CONTAINS")):
            if negated or isinstance(left, tuple):
                raise NotUnderstood("A comparison is missing.")
            return Compare(left, "==", True)
        found = _compared(left, sign, self._operand())
        return Opposite(found) if negated else found

    def _operand(self) -> Key | Constant | tuple[Constant, ...]:
        if self._takes("["):
            items: list[Constant] = []
            while not self._takes("]"):
                items.append(self._constant())
                if not self._takes(","):
                    self._must_take("]")
                    break
            return tuple(items)
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "word":
            word = self.tokens[self.at][1]
            if word.lower() not in ("true", "false", "null"):
                self.at += 1
                return Key(word)
        return self._constant()

    def _constant(self) -> Constant:
        kind, token = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "text":
            return token[1:-1]
        if kind == "number":
            return float(token)
        if kind == "word" and token.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token.lower()]
        raise NotUnderstood("A value is missing." if not token else f"{token} is no value.")

    def _takes(self, token: str) -> bool:
        if self.at < len(self.tokens):
            kind, here = self.tokens[self.at]
            if kind in ("sign", "word") and here.upper() == token:
                self.at += 1
                return True
        return False

    def _must_take(self, token: str) -> None:
        if not self._takes(token):
            raise NotUnderstood(f"A {token} is missing.")


def _compared(
    left: Key | Constant | tuple[Constant, ...], sign: str, right: Key | Constant | tuple[Constant, ...]
) -> Compare:
    """With the attribute on the left, and of two with the worker's, wherever they were written."""
    of_the_task = isinstance(left, Key) and left.name.lower().startswith("task.")
    if isinstance(right, Key) and (of_the_task or not isinstance(left, Key)) and sign != "CONTAINS":
        left, sign, right = right, _FLIPPED.get(sign, sign), left
    if isinstance(left, tuple):
        raise NotUnderstood("A list stands on the right of IN.")
    return Compare(left, sign, right)
