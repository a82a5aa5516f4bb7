"""`centralino carrier`: the simulated carrier with its web phone, alone in this process."""

from __future__ import annotations

import re

from pydantic_settings import BaseSettings, SettingsConfigDict

from simulator.app import build, network_from
from store.clock import SystemClock
from switchboard import serve
from switchboard.settings import Settings, SettingsRefused

FIELDS = (
    "public_url",
    "twilio_account_sid",
    "twilio_api_key_sid",
    "twilio_twiml_app_sid",
    "calls_per_second",
)


class CarrierSettings(BaseSettings):
    """What only the stand-in reads, from the environment or `.env`."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    carrier_numbers: str = ""  # the account's own, E.164, comma separated


def run(settings: Settings, port: int) -> int:
    """Until a signal; gives the exit code.  Its account is that of the settings, so that a server believes it."""
    given = environment(settings, CarrierSettings().carrier_numbers)
    with serve.listen(serve.DEFAULT_HOST, port) as listener:
        here = serve.address(serve.DEFAULT_HOST, listener.getsockname()[1])
        network = network_from(given, SystemClock(), public_url=here)
        print(f"the carrier and its telephones: {here}")
        token = "the token given" if given["TWILIO_AUTH_TOKEN"] else f"the token {network.auth_token}"
        print(f"account {network.account_sid} with {token}, numbers {', '.join(network.numbers)}", flush=True)
        return serve.run_server(build(network), listener)


def environment(settings: Settings, numbers: str = "") -> dict[str, str]:
    """The settings under the names in which the simulator, which knows nothing of ours, reads them.

    Raises SettingsRefused.
    """
    given = {name.upper(): str(value) for name in FIELDS if (value := getattr(settings, name)) is not None}
    given["TWILIO_AUTH_TOKEN"] = ",".join(settings.auth_tokens)
    if settings.twilio_api_key_secret is not None:
        given["TWILIO_API_KEY_SECRET"] = settings.twilio_api_key_secret.get_secret_value()
    if strange := [number for number in numbers.split(",") if number and not re.fullmatch(r"\s*\+\d{7,15}\s*", number)]:
        raise SettingsRefused(f"CARRIER_NUMBERS: not a number like +390612345678: {strange[0].strip()!r}")
    if numbers:
        given["CARRIER_NUMBERS"] = numbers
    return given
