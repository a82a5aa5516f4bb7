"""What stands in the slots of a wording when it is tried on somebody who does not exist.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ivr.lint import ours
from ivr.phrases import Speaker


def samples(speaker: Speaker, key: str, name: str) -> Mapping[str, str]:
    """For every slot of this situation, in the speaker's language."""
    known = _known(speaker, key, name)
    asked = ours(speaker.language.split("-")[0])[key].slots - {"company", "hello"}
    return {slot: known.get(slot, "…") for slot in asked}


def _known(speaker: Speaker, key: str, name: str) -> Mapping[str, str]:
    soon = speaker.time(speaker.now + timedelta(minutes=70))
    minutes = speaker.estimate(150)
    return {
        "name": name,
        "agent": "Anna",
        "teammate": "Luca",
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
