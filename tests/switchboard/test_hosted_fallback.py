"""The document that Twilio keeps for us, run by the simulated carrier while our server is away."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ivr.phrases import LANGUAGES
from simulator.http import InProcess
from simulator.network import Network, NumberSettings
from simulator.phones import Phone
from simulator.twiml import parse
from simulator.verbs import Say
from store.clock import VirtualClock
from switchboard.hosted_fallback import hosted_fallback

pytestmark = pytest.mark.anyio
OURS, BIN, LINE, CARLA = "https://phone.example.org", "https://handler.twilio.test", "+390612345678", "+393331234567"


def rendered(template: str, parameters: Mapping[str, str]) -> str:
    """As much of Mustache as the document uses: sections that show with a value, or without one."""

    def section(found: re.Match[str]) -> str:
        kind, name, inside = found.groups()
        return inside if bool(parameters.get(name)) == (kind == "#") else ""

    return re.sub(r"\{\{([#^])(\w+)\}\}(.*?)\{\{/\2\}\}", section, template, flags=re.DOTALL)


@pytest.mark.parametrize("language", [*LANGUAGES.values(), "en-US", "pl-PL"])
def test_it_is_sound_twiml_in_every_language_with_the_companys_name(language: str) -> None:
    template = hosted_fallback(company='Rossi & "Figli" {{From}}', language=language, public_url=OURS)
    for text in (template, rendered(template, {}), rendered(template, {"RecordingUrl": "https://api.test/RE1"})):
        script = parse(text)
        assert script.warnings == ()
        spoken = [verb for verb in script.verbs if isinstance(verb, Say)]
        assert {say.language for say in spoken} == {"en-GB" if language == "pl-PL" else language}
        assert not [say for say in spoken if "{" in say.text]
    first = parse(rendered(template, {})).verbs[0]
    assert isinstance(first, Say)
    assert first.text.startswith('Rossi & "Figli" From. ')


def at_twilio(clock: VirtualClock, *, ours: Starlette | None) -> tuple[Network, Phone]:
    template = hosted_fallback(company="Rossi", language="it-IT", public_url=OURS)

    async def bin_(request: Request) -> Response:
        parameters = {name: str(value) for name, value in (await request.form()).items()}
        return Response(rendered(template, parameters), media_type="text/xml")

    hosts = {BIN: Starlette(routes=[Route("/t", bin_, methods=["POST"])])} | ({OURS: ours} if ours else {})
    network = Network(
        clock,
        account_sid="AC" + "a" * 32,
        auth_token="token",
        numbers={LINE: NumberSettings(f"{OURS}/twilio/voice", f"{BIN}/t")},
        http=InProcess(hosts),
    )
    return network, network.plug_in(CARLA)


async def test_a_message_is_taken_and_thanked_for_without_us(clock: VirtualClock) -> None:
    network, carla = at_twilio(clock, ours=None)
    await carla.dial(LINE)
    await clock.run_until(lambda: carla.events[-1]["type"] == "recording", 60)
    assert carla.words.startswith("Rossi. Ci scusiamo")
    carla.record(12)
    await clock.run_until(lambda: carla.state == "idle", 60)
    assert carla.words.endswith("Grazie, il messaggio è registrato. Lo ascolteremo e la richiameremo. A presto.")
    (kept,) = network.recordings.all.values()
    assert (kept.source, kept.seconds) == ("RecordVerb", 12)
    assert {alert.code for alert in network.alerts} == {11205}  # we were asked once, and away


async def test_who_says_nothing_is_brought_back_to_us(clock: VirtualClock) -> None:
    async def wait(request: Request) -> Response:
        return Response("<Response><Say>Here we are again.</Say></Response>", media_type="text/xml")

    ours = Starlette(routes=[Route("/twilio/voice/wait", wait, methods=["POST"])])
    network, carla = at_twilio(clock, ours=ours)
    await carla.dial(LINE)
    await clock.advance(120)
    assert carla.words.endswith("Se cade la linea, ci richiami più tardi. Here we are again.")
    assert [alert.code for alert in network.alerts] == [11200]  # /twilio/voice is not there yet
