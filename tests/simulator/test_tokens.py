"""What a softphone's token says, and why one is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from simulator.tokens import Grant, TokenRefused, read
from tests.simulator.pages import ACCOUNT, APPLICATION, KEY, SECRET, token

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def grant(text: object, at: datetime = NOW) -> Grant:
    return read(text, {KEY: SECRET}, ACCOUNT, at)


def code(text: object, at: datetime = NOW) -> int:
    with pytest.raises(TokenRefused) as refused:
        grant(text, at)
    return refused.value.code


def made(*, key: str = SECRET, algorithm: str = "HS256", **changed: Any) -> str:
    claims = {
        "iss": KEY,
        "sub": ACCOUNT,
        "exp": NOW.timestamp() + 600,
        "grants": {"identity": "anna", "voice": {"incoming": {"allow": True}}},
    }
    return jwt.encode({**claims, **changed}, key, algorithm=algorithm)


def test_a_token_of_twilios_own_library_says_who_it_is_and_what_it_may() -> None:
    text = token(NOW, "anna_1", ttl=600, outgoing_application_params={"desk": "3"})
    expected = Grant("anna_1", NOW + timedelta(seconds=600), True, APPLICATION, {"desk": "3"})
    assert grant(text) == expected


def test_it_may_do_only_what_it_was_given() -> None:
    text = token(NOW, incoming_allow=None, outgoing_application_sid=None)
    assert (grant(text).may_be_called, grant(text).application_sid) == (False, None)


@pytest.mark.parametrize("nonsense", [None, 7, "", "x.y.z", "a" * 200])
def test_what_is_no_token_is_refused(nonsense: object) -> None:
    assert code(nonsense) == 31204


def test_another_secret_is_a_wrong_signature() -> None:
    assert code(token(NOW, secret="another secret of more than 32 letters")) == 31202


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "SK" + "2" * 32},
        {"sub": "AC" + "b" * 32},
        {"exp": None},
        {"exp": 1e300},
        {"grants": {"identity": "anna maria"}},
        {"grants": {"identity": ""}},
        {"grants": {"identity": 4}},
        {"grants": []},
    ],
)
def test_a_token_for_somebody_else_or_for_nobody_is_refused(changed: dict[str, Any]) -> None:
    assert code(made(**changed)) == 31204


def test_another_algorithm_is_refused_whatever_it_signs() -> None:
    assert code(made(key="", algorithm="none")) == 31204
    assert code(made(key=SECRET * 2, algorithm="HS512")) == 31204


def test_it_is_good_until_it_expires_and_for_a_day_at_most() -> None:
    text = token(NOW, ttl=60)
    assert grant(text, NOW + timedelta(seconds=59)).identity == "anna"
    assert code(text, NOW + timedelta(seconds=60)) == 31205
    assert grant(token(NOW, ttl=86400)).identity == "anna"
    assert code(token(NOW, ttl=86401)) == 31207
