"""Every documented parameter of every request is carried out, refused, or named as without effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest

from simulator.network import Application, Network
from simulator.openapi import Parameter, operation
from simulator.phones import AutoAnswer
from simulator.rest.asked import Asked
from simulator.rest.errors import Refused
from simulator.rest.routes import ENDPOINTS, NAMES, UNDOCUMENTED, Endpoint
from simulator.rest.uncarried import NOT_CARRIED, WITHOUT_EFFECT
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA, APP = "https://app.test", "+390612345678", "+393331234567", "AP" + "1" * 32
SAMPLES = {
    "To": CARLA, "From": LINE, "Twiml": "<Response/>", "ApplicationSid": APP, "VoiceApplicationSid": APP,
    "SmsApplicationSid": APP, "SendDigits": "1", "RecordingChannels": "dual", "RecordingTrack": "both", "Body": "Ciao",
    "PauseBehavior": "skip", "MachineDetection": "Enable", "MachineDetectionSpeechThreshold": "2000",
    "MachineDetectionSilenceTimeout": "3000", "MachineDetectionSpeechEndThreshold": "2000", "Beep": "true",
    "StatusCallbackEvent": "answered", "ConferenceStatusCallbackEvent": "join", "FriendlyName": "name",
    "RecordingStatusCallbackEvent": "completed", "ConferenceRecordingStatusCallbackEvent": "completed",
    "ConferenceRecord": "true", "Label": "label", "CallerId": LINE, "CallToken": "{}", "TrunkSid": "TK" + "1" * 32,
}  # fmt: skip


class Watched(Mapping[str, Sequence[str]]):
    """Remembers which names its reader asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name: [value] for name, value in given.items()}
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Sequence[str]:
        self.read.add(name)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def sample(name: str, parameter: Parameter) -> str:
    if "Date" in name or name.startswith(("StartTime", "EndTime")):
        return "2026-03-03"
    if "stopped" in parameter.choices:
        return "stopped"
    if name in SAMPLES:
        return SAMPLES[name]
    if parameter.choices:
        return sorted(parameter.choices)[0]
    if name.endswith("Method"):
        return "POST"
    if name.endswith(("Url", "Callback")):
        return f"{ORIGIN}/x"
    return {"boolean": "false", "integer": "30"}.get(parameter.type, "CA" + "0" * 32)


async def names_of_the_living(clock: VirtualClock, network: Network, customer: Any, rest: Any) -> dict[str, str]:
    """Two in a conference that is recorded, one in a queue; SIDs by the part of the path that names them."""
    room = '<Dial><Conference beep="false" record="record-from-start">room</Conference></Dial>'
    customer.answers |= {"/voice": room, "/outbound": '<Enqueue waitUrl="">support</Enqueue>'}
    for number in ("+391111111", "+392222222"):
        await network.plug_in(number).dial(LINE)
    anna = network.plug_in("client:anna")
    anna.auto = AutoAnswer(0)
    await rest.call("client:anna")
    text = await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Ciao")
    await clock.advance(3)
    (conference,), (queue,) = network.rooms.all, network.queues.all
    recording = next(iter(network.recordings.all.values()))
    sids = {"Calls": recording.call_sid, "Conferences": conference, "Queues": queue, "Recordings": recording.sid}
    sids |= {"Messages": text.body["sid"], "IncomingPhoneNumbers": network.numbers[LINE].sid, "Applications": APP}
    return sids | {"call": recording.call_sid, "conference": conference, "queue": queue, "member": str(anna.call)}


def asked_for(
    endpoint: Endpoint, network: Network, living: Mapping[str, str], part: str, left_out: set[str]
) -> Watched:
    """Hands the whole request to its handler, as far as that gets."""
    known = operation(endpoint.method, endpoint.path)
    parameters = known.form if part == "form" else known.query
    wanted = {name: sample(name, parameter) for name, parameter in parameters.items() if name not in left_out}
    given = Watched({name: value for name, value in wanted.items() if name not in NOT_CARRIED | set(WITHOUT_EFFECT)})
    names = {ours: living[ours] for shown, ours in NAMES.items() if f"{{{shown}}}" in endpoint.path and ours != "sid"}
    if "Members" in endpoint.path:
        names["call"] = living["member"]
    if "{Sid}" in endpoint.path:
        names["sid"] = living[endpoint.path.rpartition("/{Sid}")[0].rpartition("/")[2]]
    form, query = (given, {}) if part == "form" else ({}, given)
    with suppress(Refused):
        endpoint.handler(Asked(network, endpoint.path, names, query, form))
    return given


@pytest.mark.parametrize("part", ["form", "query"])
async def test_no_documented_parameter_is_ignored_in_silence(
    part: str, clock: VirtualClock, remake: Any, customer: Any, rest: Any
) -> None:
    ignored: dict[str, set[str]] = {}
    for endpoint in ENDPOINTS:
        known = None if endpoint.path in UNDOCUMENTED else operation(endpoint.method, endpoint.path)
        if known is None or not (known.form if part == "form" else known.query):
            continue
        network = remake(applications={APP: Application(f"{ORIGIN}/app")}, calls_per_second=1000)
        other = type(rest)(network)
        living = await names_of_the_living(clock, network, customer, other)
        names = set(known.form if part == "form" else known.query)
        # Of some the first one given counts, and a list stops at the first filter that fails: each has its turn.
        turns = [{"Status"}, {"Status", "Url"}, set(), {"Url", "Twiml"}, {"StatusCallback", "AsyncAmdStatusCallback"}]
        left_out = turns if part == "form" else [names - {name} for name in names]
        tries = [asked_for(endpoint, network, living, part, left) for left in left_out]
        if unread := set().union(*tries) - set().union(*(tried.read for tried in tries)):
            ignored[f"{endpoint.method} {endpoint.path}"] = unread
        await network.close()
        await other.client.aclose()
    assert ignored == {}


async def test_what_is_not_carried_is_refused_by_its_name(network: Network, rest: Any) -> None:
    for path, form in (
        ("/Messages.json", {"To": CARLA, "From_": LINE, "Body": "Ciao", "SendAt": "2026-03-03T12:00:00Z"}),
        ("/Calls.json", {"To": CARLA, "From_": LINE, "Url": f"{ORIGIN}/x", "Byoc": "BY" + "1" * 32}),
    ):
        answer = await rest.post(path, **form)
        name = list(form)[-1]
        assert (answer.status, answer.body["code"]) == (400, 20001)
        assert answer.body["message"] == f"{name} is not carried by this stand-in"
    await rest.call(CARLA, CallReason="your order")
    assert [entry.about for entry in network.trace if entry.what == "without effect"] == ["CallReason"]
    assert len(network.calls) == 1
