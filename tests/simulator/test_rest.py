"""Conformance 25, 26, 28, 29 and 38: the REST API and its refusals."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from simulator.network import Application, Network
from simulator.phones import AutoAnswer
from simulator.rest.routes import ConnectionDropped
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"
STRANGE = "CA" + "0" * 32


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "12"}, 21211),
        ({"From_": ""}, 21213),
        ({"From_": "+390699999999"}, 21210),
        ({"From_": "Carla"}, 21212),
        ({"Url": ""}, 21205),
        ({"Url": "/relative"}, 21205),
        ({"Url": "https://host_name.test/x"}, 21205),
        ({"Method": "PUT"}, 21209),
        ({"SendDigits": "abc!"}, 21206),
        ({"Timeout": "601"}, 21208),
        ({"Timeout": "soon"}, 20001),
        ({"Colour": "red"}, 20001),
        ({"Url": "", "ApplicationSid": "AP" + "0" * 32}, 21218),
        ({"Url": "", "Twiml": "x" * 4001}, 32018),
        ({"MachineDetection": "Maybe"}, 21234),
        ({"MachineDetection": "Enable", "MachineDetectionTimeout": "2"}, 21234),
    ],
)
async def test_a_bad_create_is_refused_and_dials_nothing(
    changed: dict[str, str], code: int, network: Network, rest: Any
) -> None:
    asked = {"To": CARLA, "From_": LINE, "Url": f"{ORIGIN}/outbound"} | changed
    answer = await rest.post("/Calls.json", **asked)
    assert (answer.status, answer.body["code"], answer.body["status"]) == (400, code, 400)
    assert answer.body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert network.calls == {}


async def test_the_words_of_a_refusal_are_twilios(rest: Any) -> None:
    answer = await rest.post("/Calls.json", To="12", From_=LINE, Url=f"{ORIGIN}/x")
    assert answer.body["message"] == "The 'To' number 12 is not a valid phone number."
    answer = await rest.get(f"/Calls/{STRANGE}.json")
    path = f"{rest.root}/Calls/{STRANGE}.json"
    assert answer.body["message"] == f"The requested resource {path} was not found"


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        (("AC" + "a" * 32, "wrong"), "Authenticate"),
        (("AC" + "b" * 32, "wrong"), "Authentication Error - invalid username"),
        (None, "Authentication Error - No credentials provided"),
    ],
)
async def test_wrong_credentials_are_refused(auth: Any, message: str, rest: Any) -> None:
    rest.client.auth = httpx2.BasicAuth(*auth) if auth else None
    answer = await rest.get("/Calls.json")
    assert (answer.status, answer.body["code"], answer.body["message"]) == (401, 20003, message)
    assert "detail" in answer.body


async def test_an_api_key_is_as_good_as_the_token(remake: Any, rest: Any) -> None:
    network = remake(api_keys={"SK" + "1" * 32: "secret"})
    other = type(rest)(network)
    other.client.auth = httpx2.BasicAuth("SK" + "1" * 32, "secret")
    assert (await other.get("/Calls.json")).status == 200
    await other.client.aclose()


async def test_strange_sids_and_paths_are_not_found(rest: Any) -> None:
    for path in (f"/Calls/{STRANGE}.json", "/Conferences/CF1.json", "/Nothing.json", f"/Messages/{STRANGE}.json"):
        answer = await rest.get(path)
        assert (answer.status, answer.body["code"]) == (404, 20404)


async def test_a_finished_call_cannot_be_redirected_or_ended(clock: VirtualClock, network: Network, rest: Any) -> None:
    call = await rest.call("client:nobody")
    await clock.advance(1)
    for change in ({"Twiml": "<Response/>"}, {"Status": "completed"}):
        answer = await rest.post(f"/Calls/{call['sid']}.json", **change)
        assert (answer.status, answer.body["code"]) == (400, 21220)
        assert answer.body["message"] == "Call is not in-progress. Cannot redirect."


async def test_a_ringing_call_can_be_cancelled_but_not_redirected(
    clock: VirtualClock, network: Network, rest: Any
) -> None:
    phone = network.plug_in(CARLA)
    call = await rest.call(CARLA)
    await clock.advance(1)
    assert (await rest.post(f"/Calls/{call['sid']}.json", Twiml="<Response/>")).body["code"] == 21220
    assert (await rest.post(f"/Calls/{call['sid']}.json", Status="canceled")).body["status"] == "canceled"
    assert phone.state == "idle"


async def test_cancelling_a_talk_changes_nothing_and_completing_ends_it(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    customer.answers["/outbound"] = '<Pause length="60"/>'
    phone = network.plug_in(CARLA)
    phone.auto = AutoAnswer(1)
    call = await rest.call(CARLA)
    await clock.advance(5)
    assert (await rest.post(f"/Calls/{call['sid']}.json", Status="canceled")).body["status"] == "in-progress"
    answer = await rest.post(f"/Calls/{call['sid']}.json", Status="completed")
    assert (answer.body["status"], answer.body["duration"]) == ("completed", "4")
    assert phone.state == "idle"


async def test_a_talk_can_be_given_another_document(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    customer.answers |= {"/outbound": '<Pause length="60"/>', "/other": "<Say>Elsewhere.</Say>"}
    phone = network.plug_in(CARLA)
    phone.auto = AutoAnswer(1)
    call = await rest.call(CARLA)
    await clock.advance(5)
    await rest.post(f"/Calls/{call['sid']}.json", Url=f"{ORIGIN}/other")
    await clock.advance(5)
    assert phone.words == "Elsewhere."


async def test_ten_calls_at_once_leave_one_a_second(clock: VirtualClock, network: Network, rest: Any) -> None:
    calls = [await rest.call(f"+39333000000{n}") for n in range(10)]
    assert {call["status"] for call in calls} == {"queued"}
    assert [call["queue_time"] for call in calls] == [str(n * 1000) for n in range(10)]
    assert calls[0]["start_time"] is None
    await clock.advance(4.5)
    states = [network.calls[call["sid"]].status for call in calls]
    assert states == ["ringing"] * 5 + ["queued"] * 5


async def test_numbers_that_nobody_plugged_in_ring_to_the_timeout(
    clock: VirtualClock, network: Network, rest: Any
) -> None:
    call = await rest.call(CARLA, Timeout="20")
    await clock.advance(19)
    assert network.calls[call["sid"]].status == "ringing"
    await clock.advance(2)
    assert network.calls[call["sid"]].status == "no-answer"


async def test_an_own_number_runs_its_voice_url(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    customer.answers |= {
        "/voice": '<Gather input="dtmf" numDigits="1" action="/key"/>',
        "/outbound": '<Play digits="w4"/><Pause length="3"/>',
        "/key": "<Hangup/>",
    }
    call = await rest.call(LINE)
    await clock.advance(10)
    assert customer.at("/key")[0]["Digits"] == "4"
    assert network.calls[call["sid"]].status == "completed"
    assert sorted(c.direction for c in network.calls.values()) == ["inbound", "outbound-api"]


async def test_lists_are_walked_page_by_page_while_new_calls_come_in(clock: VirtualClock, rest: Any) -> None:
    sids = [(await rest.call("client:nobody"))["sid"] for _ in range(5)]
    page = (await rest.get("/Calls.json", PageSize="2")).body
    assert (page["page"], page["page_size"], page["start"], page["end"]) == (0, 2, 0, 1)
    assert page["previous_page_uri"] is None
    seen = [call["sid"] for call in page["calls"]]
    await rest.call("client:nobody")
    while page["next_page_uri"] is not None:
        page = (await rest.get(page["next_page_uri"].removeprefix(rest.root))).body
        seen += [call["sid"] for call in page["calls"]]
    assert seen == sids[::-1]


async def test_calls_are_found_by_who_and_when(clock: VirtualClock, network: Network, rest: Any) -> None:
    old = await rest.call("client:old")
    await clock.advance(3600)
    new = await rest.call("client:new")
    await clock.advance(1)

    async def found(**query: str) -> list[str]:
        return [call["sid"] for call in (await rest.get("/Calls.json", **query)).body["calls"]]

    assert await found(To="client:old") == [old["sid"]]
    assert await found(Status="failed") == [new["sid"], old["sid"]]
    assert await found(**{"StartTime>": "2026-03-03T09:30:00Z"}) == [new["sid"]]
    assert await found(**{"StartTime<": "2026-03-03T09:30:00Z"}) == [old["sid"]]
    assert await found(StartTime="2026-03-03") == [new["sid"], old["sid"]]
    assert await found(StartTime="2026-03-04") == []


async def test_a_lost_answer_leaves_one_call_and_a_repeat_makes_a_second(network: Network, rest: Any) -> None:
    network.faults.rest("lose_answer", method="POST", where="/Calls.json")
    with pytest.raises(ConnectionDropped):
        await rest.call(CARLA)
    assert len(network.calls) == 1
    await rest.call(CARLA)
    assert len(network.calls) == 2


@pytest.mark.parametrize(("effect", "status", "code"), [("too_many", 429, 20429), ("server_error", 500, 20500)])
async def test_a_busy_or_broken_api_dials_nothing(
    effect: Any, status: int, code: int, network: Network, rest: Any
) -> None:
    network.faults.rest(effect, times=2)
    for _ in range(2):
        answer = await rest.post("/Calls.json", To=CARLA, From_=LINE, Url=f"{ORIGIN}/x")
        assert (answer.status, answer.body["code"]) == (status, code)
    assert network.calls == {}
    await rest.call(CARLA)


async def test_a_changed_voice_url_holds_from_the_next_call_on(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    (number,) = (await rest.get("/IncomingPhoneNumbers.json")).body["incoming_phone_numbers"]
    assert (number["phone_number"], number["friendly_name"]) == (LINE, "The company")
    path = f"/IncomingPhoneNumbers/{number['sid']}.json"
    assert (await rest.post(path, VoiceUrl=f"{ORIGIN}/new", VoiceMethod="GET")).body["voice_url"] == f"{ORIGIN}/new"
    assert (await rest.get(path)).body["voice_method"] == "GET"
    await network.plug_in(CARLA).dial(LINE)
    await clock.advance(1)
    assert customer.paths()[0] == "/new"


async def test_everything_else_that_can_be_fetched_is_documented(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    """The client of these tests holds each answer against the OpenAPI document."""
    queue = (await rest.post("/Queues.json", FriendlyName="support", MaxSize="10")).body
    assert (await rest.post(f"/Queues/{queue['sid']}.json", FriendlyName="help")).body["friendly_name"] == "help"
    assert (await rest.get(f"/Queues/{queue['sid']}/Members.json")).body["queue_members"] == []
    assert (await rest.delete(f"/Queues/{queue['sid']}.json")).status == 204
    assert (await rest.post("/Tokens.json")).body["ttl"] == "86400"
    assert (await rest.get(".json")).body["status"] == "active"
    customer.answers["/voice"] = '<Record playBeep="false" action="/done"/>'
    phone = network.plug_in(CARLA)
    sid = await phone.dial(LINE)
    await clock.advance(1)
    phone.record(4)
    await clock.advance(30)
    (recording,) = (await rest.get(f"/Calls/{sid}/Recordings.json")).body["recordings"]
    assert (await rest.get(f"/Recordings/{recording['sid']}.json")).body["duration"] == "4"
    assert (await rest.get("/Recordings.json", CallSid=sid)).body["recordings"][0]["sid"] == recording["sid"]
    assert (await rest.delete(f"/Recordings/{recording['sid']}.json")).status == 204
    assert (await rest.get(f"/Calls/{sid}.json")).body["duration"] is not None
    assert (await rest.delete(f"/Calls/{sid}.json")).status == 204


async def test_a_refused_connection_has_no_effect(network: Network, rest: Any) -> None:
    network.faults.rest("refuse")
    with pytest.raises(ConnectionDropped):
        await rest.call(CARLA)
    assert network.calls == {}


async def test_a_slow_api_answers_after_its_time(clock: VirtualClock, network: Network, rest: Any) -> None:
    network.faults.rest("slow", seconds=9)
    asking = clock.spawn(rest.call(CARLA), "asking")
    await clock.advance(8)
    assert not asking.done()
    await clock.advance(2)
    assert (await asking)["status"] == "queued"


async def test_an_application_or_a_trunk_takes_a_numbers_calls_before_its_own_addresses(
    clock: VirtualClock, remake: Any, customer: Any, rest: Any
) -> None:
    app, trunk = "AP" + "1" * 32, "TK" + "1" * 32
    network = remake(applications={app: Application(f"{ORIGIN}/app", status_callback=f"{ORIGIN}/app-status")})
    rest = type(rest)(network)
    path = f"/IncomingPhoneNumbers/{network.numbers[LINE].sid}.json"
    assert (await rest.post(path, VoiceApplicationSid="AP" + "0" * 32)).body["code"] == 21218
    assert (await rest.post(path, VoiceApplicationSid=app)).body["voice_application_sid"] == app
    carla = network.plug_in(CARLA)
    await carla.dial(LINE)
    await clock.advance(1)
    assert customer.paths() == ["/app", "/app-status"]
    with_trunk = (await rest.post(path, TrunkSid=trunk)).body
    assert (with_trunk["trunk_sid"], with_trunk["voice_application_sid"]) == (trunk, None)
    assert await carla.dial(LINE) == ""
    call = await rest.call(LINE, Timeout="5")
    await clock.advance(6)
    assert network.calls[call["sid"]].status == "no-answer"
    assert (await rest.post(path, TrunkSid="")).body["trunk_sid"] is None
    await carla.dial(LINE)
    await clock.advance(1)
    assert customer.paths()[2:] == ["/voice", "/status"]
    await rest.client.aclose()


async def test_an_application_is_listed_changed_and_called(
    clock: VirtualClock, remake: Any, customer: Any, rest: Any
) -> None:
    sid = "AP" + "1" * 32
    network = remake(applications={sid: Application(friendly_name="Desk")})
    rest = type(rest)(network)
    assert (await rest.get("/Applications.json", FriendlyName="Desk")).body["applications"][0]["sid"] == sid
    assert (await rest.get("/Applications.json", FriendlyName="Other")).body["applications"] == []
    bad = await rest.post(f"/Applications/{sid}.json", VoiceUrl="nowhere", FriendlyName="Changed")
    assert (bad.status, bad.body["code"]) == (400, 21205)
    unready = await rest.post("/Calls.json", To=CARLA, From_=LINE, ApplicationSid=sid)
    assert unready.body["code"] == 21218
    changed = await rest.post(
        f"/Applications/{sid}.json", VoiceUrl=f"{ORIGIN}/app", VoiceMethod="GET", StatusCallback=f"{ORIGIN}/app-status"
    )
    assert (changed.body["voice_url"], changed.body["friendly_name"]) == (f"{ORIGIN}/app", "Desk")
    assert (await rest.get(f"/Applications/{sid}.json")).body == changed.body
    assert (await rest.get("/Applications/AP" + "0" * 32 + ".json")).status == 404
    network.plug_in(CARLA).auto = AutoAnswer(1)
    made = await rest.post("/Calls.json", To=CARLA, From_=LINE, ApplicationSid=sid, StatusCallback=f"{ORIGIN}/ignored")
    assert made.status == 201
    await clock.advance(5)
    assert [(r.method, r.path) for r in customer.received] == [("GET", "/app"), ("POST", "/app-status")]
    await rest.client.aclose()
