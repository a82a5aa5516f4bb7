"""What an agent may choose at their desk, and what the telephone is made of.  Pure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk.site import Account
from desk.softphone import presence, sounds
from desk.softphone.tokens import missing
from desk.words import words_in
from tests.conftest import TUESDAY_AT_TEN


def test_the_sounds_are_those_that_their_file_makes() -> None:
    made = sounds.sounds()
    assert {path.name: path.read_bytes() for path in sounds.FOLDER.glob("*.wav")} == dict(made)


def test_what_is_missing_for_a_token_is_named() -> None:
    assert missing(Account()) == ["TWILIO_ACCOUNT_SID", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"]
    assert missing(Account("AC", "SK", "secret")) == []


@pytest.mark.parametrize(
    ("form", "chosen"),
    [
        ({"choice": "ready"}, ("ready", None, None)),
        ({"choice": "offline"}, ("offline", None, None)),
        ({"choice": "minute"}, ("away", "minute", 1)),
        ({"choice": "minute", "minutes": "5"}, ("away", "minute", 5)),
        ({"choice": "away", "reason": "break"}, ("away", "break", None)),
        ({"choice": "away", "reason": "other", "own": "  al   dentista "}, ("away", "al dentista", None)),
        ({"choice": "away", "reason": "lunch", "own": "al dentista"}, ("away", "lunch", None)),
        ({"choice": "away", "reason": "microphone"}, ("away", "microphone", None)),
    ],
)
def test_what_can_be_chosen(form: dict[str, str], chosen: tuple[str, str | None, int | None]) -> None:
    read = presence.read(form, now=TUESDAY_AT_TEN)
    back_at = TUESDAY_AT_TEN + timedelta(minutes=chosen[2]) if chosen[2] else None
    assert (str(read.availability), read.reason, read.back_at) == (*chosen[:2], back_at)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "choice"),
        ({"choice": "sleepy"}, "choice"),
        ({"choice": "away", "minutes": "-1"}, "minutes"),
        ({"choice": "away", "minutes": "99999999"}, "minutes"),
        ({"choice": "away", "minutes": "٣"}, "minutes"),
        ({"choice": "away", "reason": "desk gone"}, "reason"),
        ({"choice": "away", "reason": "other", "own": "a\x00b"}, "own"),
    ],
)
def test_what_cannot_be_chosen(form: dict[str, str], field: str) -> None:
    with pytest.raises(presence.Unclear) as refused:
        presence.read(form, now=TUESDAY_AT_TEN)
    assert refused.value.field == field


def test_every_reason_of_ours_is_told_in_both_languages() -> None:
    for code in presence.REASONS:
        assert presence.told_reason(code, words_in("en")) != code
        assert presence.told_reason(code, words_in("it")) != presence.told_reason(code, words_in("en"))
    assert presence.told_reason("dal dentista", words_in("it")) == "dal dentista"
