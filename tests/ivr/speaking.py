"""Voices, stages and decisions as a test needs them, and what may be heard in a document."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from ivr.dialogue import Stage
from ivr.document import Document
from ivr.phrases import LANGUAGES, Speaker
from ivr.twiml import render
from routing.choose import Decision
from routing.weigh import Weighed
from tests.routing.people import agent, talking

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Rome
COMPANY = "Officine Lume"
EVERY_LANGUAGE = tuple(LANGUAGES.values())
OURS = "https://centralino.test"


def speaker(language: str = "it-IT", *, formal: bool = True, turn: int = 0, **more: Any) -> Speaker:
    return Speaker(
        language, formal, turn, more.get("company", COMPANY), more.get("now", NOW), more.get("zone", "Europe/Rome")
    )


def url(path: str, **query: str) -> str:
    return f"{OURS}{path}" + (f"?{urlencode(query)}" if query else "")


def stage(language: str = "it-IT", *, name: str | None = "Maria", step: int = 7, **more: Any) -> Stage:
    return Stage(speaker(language, **more), name, url, step)


def weighed(name: str = "Anna Bianchi", wait: float = 130.0) -> Weighed:
    return Weighed(talking(name), wait, 60.0, ("familiar",))


def decision(action: str, *, known: bool = True, teammate: bool = False, estimate: float = 130.0) -> Decision:
    return Decision(
        action,
        weighed(wait=estimate) if known else None,
        Weighed(agent("Luca Verdi"), 0.0, 0.0, ()) if teammate else None,
        estimate,
    )


def parsed(document: Document) -> ET.Element:
    """The TwiML of a document, read by a parser that forgives nothing."""
    return ET.fromstring(render(document).encode("utf-8"))


def every(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    return element.iter(tag)


def words(document: Document) -> str:
    return " ".join(say.text or "" for say in every(parsed(document), "Say"))
