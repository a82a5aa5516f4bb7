"""`centralino carrier`: the simulated carrier with its web phone, alone in this process."""

from __future__ import annotations

import os

from simulator.app import build, network_from
from store.clock import SystemClock
from switchboard import serve
from switchboard.settings import Settings

FIELDS = (
    "public_url",
    "twilio_account_sid",
    "twilio_api_key_sid",
    "twilio_twiml_app_sid",
    "calls_per_second",
)


def run(settings: Settings, port: int) -> int:
    """Until a signal; gives the exit code.  Its account is that of the settings, so that a server believes it."""
    with serve.listen(serve.DEFAULT_HOST, port) as listener:
        here = serve.address(serve.DEFAULT_HOST, listener.getsockname()[1])
        network = network_from(environment(settings), SystemClock(), public_url=here)
        print(f"the carrier and its telephones: {here}", flush=True)
        return serve.run_server(build(network), listener)


def environment(settings: Settings) -> dict[str, str]:
    """The settings under the names in which the simulator, which knows nothing of ours, reads them."""
    given = {name.upper(): str(value) for name in FIELDS if (value := getattr(settings, name)) is not None}
    given["TWILIO_AUTH_TOKEN"] = ",".join(settings.auth_tokens)
    if settings.twilio_api_key_secret is not None:
        given["TWILIO_API_KEY_SECRET"] = settings.twilio_api_key_secret.get_secret_value()
    if numbers := os.environ.get("CARRIER_NUMBERS"):
        given["CARRIER_NUMBERS"] = numbers
    return given
