"""The carrier as one application, and its settings."""

from __future__ import annotations

from starlette.testclient import TestClient

from simulator.app import DEFAULT_KEY, DEFAULT_NUMBER, DEFAULT_SECRET, build, network_from
from store.clock import SystemClock


def test_without_settings_there_is_an_account_with_one_number() -> None:
    network = network_from({}, SystemClock(), public_url="http://127.0.0.1:8010")
    (number,) = network.numbers.items()
    assert number[0] == DEFAULT_NUMBER
    assert number[1].voice_url == "http://127.0.0.1:8000/twilio/voice"
    assert number[1].voice_fallback_url == "http://127.0.0.1:8000/twilio/voice/fallback"
    assert len(network.account_sid) == 34
    assert network.api_keys == {DEFAULT_KEY: DEFAULT_SECRET}


def test_calls_are_not_named_like_those_of_a_carrier_that_ran_before() -> None:
    """The application remembers them."""
    named = {network_from({}, SystemClock(), public_url="http://127.0.0.1:8010").sid("CA") for _ in range(2)}
    assert len(named) == 2


def test_the_environment_sets_the_account() -> None:
    environment = {
        "TWILIO_ACCOUNT_SID": "AC" + "9" * 32,
        "TWILIO_AUTH_TOKEN": "new, old",
        "TWILIO_API_KEY_SID": "SK" + "9" * 32,
        "TWILIO_API_KEY_SECRET": "secret",
        "TWILIO_TWIML_APP_SID": "AP" + "9" * 32,
        "PUBLIC_URL": "https://calls.example/",
        "CARRIER_NUMBERS": "+39061111111, +39062222222",
    }
    network = network_from(environment, SystemClock(), public_url="http://127.0.0.1:8010")
    assert network.auth_token == "new"
    assert list(network.numbers) == ["+39061111111", "+39062222222"]
    assert network.numbers["+39061111111"].sms_url == "https://calls.example/twilio/sms"
    assert network.api_keys == {"SK" + "9" * 32: "secret"}
    assert network.applications["AP" + "9" * 32].voice_url == "https://calls.example/twilio/voice"


def test_the_page_is_served_at_the_root() -> None:
    network = network_from({}, SystemClock(), public_url="http://127.0.0.1:8010")
    with TestClient(build(network)) as client:
        assert client.get("/").status_code == 200
        assert client.get("/2010-04-01/Accounts/AC1/Calls.json").status_code == 401
