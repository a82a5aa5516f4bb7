"""What stands in the slots of a wording when it is tried on somebody who does not exist.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ivr.lint import ours
from ivr.phrases import Speaker

TOPICS = {"it": "la bolletta", "en": "the bill", "de": "die Rechnung", "fr": "la facture", "es": "la factura"}


def samples(speaker: Speaker, key: str, name: str, agent: str = "Anna") -> Mapping[str, str]:
    """For every slot of this situation, in the speaker's language."""
    code = speaker.language.split("-")[0]
    known = {**_known(speaker, key, name), "agent": agent, "topic": TOPICS[code]}
    asked = ours(code)[key].slots - {"company", "hello"}
    return {slot: known.get(slot, "…") for slot in asked}


def _known(speaker: Speaker, key: str, name: str) -> Mapping[str, str]:
    soon = speaker.time(speaker.now + timedelta(minutes=70))
    minutes = speaker.estimate(150)
    return {
        "name": name,
        "teammate": "Luca",
        "colleague": "Luca",
        "who": "Paola",
        "was": "Luca",
        "caller": name,
        "time": soon,
        "estimate": minutes,
        "window": speaker.estimate(300),
        "key": "8",
        "best": "5",
        "one": "Maria",
        "other": "Paolo",
        "yes": "8",
        "no": "9",
        "number": "3 3 3, 1 2 3, 4 5 6 7",
        "choices": speaker.say("key_message"),
        "choice": speaker.say("key_callback_at", time=soon) if key != "key_callback_at" else soon,
        "n": "2",
        "times": "2",
        "day": speaker.say("today"),
        "link": "https://example.org/p/1",
        "digits": "67",
        "city": "Roma",
        "code": "123456",
    }
