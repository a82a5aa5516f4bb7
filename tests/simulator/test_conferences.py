"""Conformance 18 to 21 and 24: conferences."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Network
from simulator.phones import AutoAnswer, Phone
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE = "https://app.test", "+390612345678"
EVENTS = 'statusCallback="/room" statusCallbackEvent="start end join leave mute hold modify announcement"'


class House:
    """People who ring in and land in one room; each may bring their own attributes."""

    def __init__(self, clock: VirtualClock, network: Network, customer: Any, rest: Any) -> None:
        self.clock, self.network, self.customer, self.rest = clock, network, customer, rest
        self._attributes: dict[str, str] = {}
        customer.answers |= {"/voice": self._room, "/out": '<Say>Out.</Say><Pause length="600"/>'}

    def _room(self, form: dict[str, str]) -> str:
        attributes = self._attributes[form["From"]]
        return f'<Dial action="/out"><Conference {EVENTS} {attributes}>room</Conference></Dial>'

    async def enter(self, number: str, attributes: str = 'beep="false" waitUrl=""') -> Phone:
        self._attributes[number] = attributes
        phone = self.network.plug_in(number)
        await phone.dial(LINE)
        await self.clock.advance(1)
        return phone

    def told(self) -> list[str]:
        return [form["StatusCallbackEvent"] for form in self.customer.at("/room")]

    async def room(self) -> dict[str, Any]:
        body: dict[str, Any] = (await self.rest.get("/Conferences.json")).body["conferences"][0]
        return body

    async def participant(self, phone: Phone, **changes: Any) -> Any:
        path = f"/Conferences/{(await self.room())['sid']}/Participants/{phone.call}.json"
        answer = await (self.rest.post(path, **changes) if changes else self.rest.get(path))
        await self.clock.advance(1)
        return answer


@pytest.fixture
def house(clock: VirtualClock, network: Network, customer: Any, rest: Any) -> House:
    return House(clock, network, customer, rest)


async def test_a_room_exists_from_the_first_join_and_starts_with_the_second(house: House) -> None:
    first = await house.enter("+391111111")
    assert (await house.room())["status"] == "init"
    second = await house.enter("+392222222")
    assert (await house.room())["status"] == "in-progress"
    assert (first.partners, second.partners) == (["+392222222"], ["+391111111"])
    assert house.told() == ["participant-join", "participant-join", "conference-start"]


async def test_two_who_may_not_start_it_wait_for_one_who_may(house: House) -> None:
    await house.enter("+391111111", 'startConferenceOnEnter="false" waitUrl=""')
    await house.enter("+392222222", 'startConferenceOnEnter="false" waitUrl=""')
    assert (await house.room())["status"] == "init"
    await house.enter("+393333333")
    assert (await house.room())["status"] == "in-progress"


async def test_events_are_numbered_from_one_and_only_the_first_ones_settings_count(house: House) -> None:
    first = await house.enter("+391111111")
    other = '<Dial><Conference statusCallback="/other" statusCallbackEvent="join leave">room</Conference></Dial>'
    house.customer.answers["/voice"] = other
    await house.enter("+392222222")
    first.hang_up()
    await house.clock.advance(1)
    numbers = [form["SequenceNumber"] for form in house.customer.at("/room")]
    assert numbers == ["1", "2", "3", "4"]
    assert house.customer.at("/other") == []


async def test_the_last_one_leaving_ends_it_after_leaving(house: House) -> None:
    first, second = await house.enter("+391111111"), await house.enter("+392222222")
    first.hang_up()
    await house.clock.advance(1)
    second.hang_up()
    await house.clock.advance(1)
    assert house.told()[-2:] == ["participant-leave", "conference-end"]
    leave, end = house.customer.at("/room")[-2:]
    assert (leave["ReasonParticipantLeft"], end["ReasonConferenceEnded"]) == (
        "participant_hung_up",
        "last-participant-left",
    )
    room = await house.room()
    assert (room["status"], room["reason_conference_ended"]) == ("completed", "last-participant-left")


async def test_who_ends_it_on_exit_sends_the_others_to_their_action(house: House) -> None:
    first = await house.enter("+391111111", 'endConferenceOnExit="true" waitUrl=""')
    second = await house.enter("+392222222")
    call = first.call
    first.hang_up()
    await house.clock.advance(3)
    assert second.words == "Out."
    (action,) = [form for form in house.customer.at("/out") if form["CallStatus"] == "in-progress"]
    assert action["DialCallStatus"] == "answered"
    assert "DialCallSid" not in action
    end = house.customer.at("/room")[-1]
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert end["CallSidEndingConference"] == call


async def test_ending_by_the_api_is_told_as_such(house: House) -> None:
    first, _ = await house.enter("+391111111"), await house.enter("+392222222")
    await house.rest.post(f"/Conferences/{(await house.room())['sid']}.json", Status="completed")
    await house.clock.advance(3)
    assert house.customer.at("/room")[-1]["ReasonConferenceEnded"] == "conference-ended-via-api"
    assert first.words == "Out."


async def test_somebody_removed_by_the_api_is_hung_up(house: House) -> None:
    first, second = await house.enter("+391111111"), await house.enter("+392222222")
    path = f"/Conferences/{(await house.room())['sid']}/Participants/{second.call}.json"
    assert (await house.rest.delete(path)).status == 204
    assert second.state == "idle"
    assert (await house.rest.get(path)).status == 404
    assert first.partners == []


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('endConferenceOnExit="true" waitUrl=""', "participant-with-end-conference-on-exit-kicked"),
        ('waitUrl=""', "last-participant-kicked"),
    ],
)
async def test_being_removed_is_told_from_leaving(house: House, attributes: str, reason: str) -> None:
    first, second = await house.enter("+391111111", attributes), await house.enter("+392222222")
    room = (await house.room())["sid"]
    for phone in (second, first) if reason.startswith("last") else (first,):
        await house.rest.delete(f"/Conferences/{room}/Participants/{phone.call}.json")
        await house.clock.advance(1)
    assert house.customer.at("/room")[-1]["ReasonConferenceEnded"] == reason
    assert (first.state, second.state) == ("idle", "idle" if reason.startswith("last") else "in_call")


async def test_muting_and_coaching_by_the_api_are_told_and_heard(house: House) -> None:
    carla, anna = await house.enter("+391111111"), await house.enter("+392222222")
    coach = await house.enter("+393333333")
    answer = await house.participant(coach, Coaching="true", CallSidToCoach=anna.call)
    assert (answer.body["coaching"], answer.body["call_sid_to_coach"]) == (True, anna.call)
    coach.speak("Offer a refund")
    assert ("refund" in anna.words, "refund" in carla.words) == (True, False)
    assert (house.told()[-1], house.customer.at("/room")[-1]["CallSidToCoach"]) == ("participant-modify", anna.call)
    for muted, event in (("true", "participant-mute"), ("false", "participant-unmute")):
        await house.participant(carla, Muted=muted)
        assert (house.told()[-1], house.customer.at("/room")[-1]["Muted"]) == (event, muted)
    strange = await house.participant(coach, Coaching="true", CallSidToCoach="CA" + "0" * 32)
    assert (strange.status, strange.body["code"]) == (400, 13240)


async def test_hold_plays_its_document_to_one_while_the_others_talk_on(house: House) -> None:
    first, second, third = [await house.enter(f"+39{n}{n}{n}{n}{n}{n}{n}") for n in (1, 2, 3)]
    house.customer.answers["/hold"] = "<Say>One moment.</Say>"
    answer = await house.participant(first, Hold="true", HoldUrl=f"{ORIGIN}/hold")
    assert answer.body["hold"] is True
    assert (first.words, first.partners) == ("One moment.", [])
    second.speak("Are we alone?")
    assert ("Are we alone?" in third.words, "alone" in first.words) == (True, False)
    await house.participant(first, Hold="false")
    assert first.partners == ["+392222222", "+393333333"]
    assert house.told()[-2:] == ["participant-hold", "participant-unhold"]
    assert next(r.method for r in house.customer.received if r.path == "/hold") == "GET"


async def test_a_muted_one_hears_but_is_not_heard(house: House) -> None:
    first, second = await house.enter("+391111111"), await house.enter("+392222222")
    await house.participant(first, Muted="true")
    first.speak("Hello?")
    second.speak("I cannot hear you")
    assert (first.words, second.words) == ("I cannot hear you", "")
    assert house.told()[-1] == "participant-mute"


async def test_a_coach_is_heard_by_one_only(house: House) -> None:
    customer_phone, agent = await house.enter("+391111111"), await house.enter("+392222222")
    coach = await house.enter("+393333333", f'coach="{agent.call}" beep="false"')
    coach.speak("Offer a refund")
    customer_phone.speak("I want my money back")
    assert "refund" in agent.words
    assert "refund" not in customer_phone.words
    assert "money" in coach.words


async def test_coaching_somebody_who_is_not_there_is_refused(house: House) -> None:
    await house.enter("+391111111", 'coach="CA' + "0" * 32 + '"')
    assert [alert.code for alert in house.network.alerts] == [13240]


async def test_a_label_must_be_unique_and_without_a_slash(house: House) -> None:
    await house.enter("+391111111", 'participantLabel="agent 7" waitUrl=""')
    await house.enter("+392222222", 'participantLabel="agent 7" waitUrl=""')
    await house.enter("+393333333", 'participantLabel="a/b" waitUrl=""')
    assert [alert.code for alert in house.network.alerts] == [16025, 16023]
    sid = (await house.room())["sid"]
    answer = await house.rest.get(f"/Conferences/{sid}/Participants/agent%207.json")
    assert answer.body["label"] == "agent 7"
    for label, code in (("agent 7", 16025), ("a/b", 16023)):
        made = await house.rest.post(f"/Conferences/{sid}/Participants.json", From_=LINE, To="client:anna", Label=label)
        assert (made.status, made.body["code"]) == (400, code)


async def test_a_full_room_takes_nobody(house: House) -> None:
    for number in ("+391111111", "+392222222", "+393333333"):
        await house.enter(number, 'maxParticipants="2" waitUrl=""')
    assert [alert.code for alert in house.network.alerts] == [16020]


async def test_the_wait_document_plays_until_the_room_starts(house: House) -> None:
    house.customer.answers["/wait"] = '<Say>Please wait.</Say><Pause length="3"/><Redirect/>'
    house.customer.answers["/wait"] = '<Say>Please wait.</Say><Pause length="3"/><Redirect>/wait</Redirect>'
    first = await house.enter("+391111111", 'waitUrl="/wait"')
    await house.clock.advance(9)
    assert first.words.count("Please wait.") == 3
    await house.enter("+392222222")
    await house.clock.advance(9)
    assert first.words.count("Please wait.") == 3


async def test_a_wait_document_must_not_gather(house: House) -> None:
    house.customer.answers["/wait"] = "<Gather/>"
    await house.enter("+391111111", 'waitUrl="/wait"')
    assert [alert.code for alert in house.network.alerts][:1] == [13238]
    leaving = house.customer.at("/room")[1]
    assert (leaving["StatusCallbackEvent"], leaving["ReasonParticipantLeft"]) == (
        "participant-leave", "participant_add_failed"
    )  # fmt: skip


async def test_redirecting_somebody_takes_them_out(house: House) -> None:
    first, second = await house.enter("+391111111"), await house.enter("+392222222")
    await house.rest.post(f"/Calls/{second.call}.json", Twiml="<Response><Say>Moved.</Say></Response>")
    assert first.partners == []
    await house.clock.advance(1)
    assert second.words == "Moved."
    leave = house.customer.at("/room")[-1]
    assert leave["ReasonParticipantLeft"] == "participant_updated_via_api"


async def test_an_announcement_is_heard_by_everybody_in_the_room(house: House) -> None:
    first, second = await house.enter("+391111111"), await house.enter("+392222222")
    house.customer.answers["/news"] = "<Say>The line is recorded.</Say>"
    await house.rest.post(f"/Conferences/{(await house.room())['sid']}.json", AnnounceUrl=f"{ORIGIN}/news")
    await house.clock.advance(5)
    assert first.words == second.words == "The line is recorded."
    assert house.told()[-1] == "announcement-end"


async def test_a_participant_can_be_rung_into_a_room_that_need_not_exist(house: House) -> None:
    anna = house.network.plug_in("client:anna")
    anna.auto = AutoAnswer(2)
    answer = await house.rest.post(
        "/Conferences/room/Participants.json",
        From_=LINE,
        To="client:anna?case=7",
        Label="agent",
        EndConferenceOnExit="true",
    )
    assert (answer.status, answer.body["status"], answer.body["label"]) == (201, "queued", "agent")
    assert answer.body["queue_time"] == "0"
    await house.clock.advance(1)
    listed = await house.rest.get(f"/Conferences/{answer.body['conference_sid']}/Participants.json")
    assert [p["status"] for p in listed.body["participants"]] == ["ringing"]
    assert anna.offered_parameters == {"case": "7"}
    caller = await house.enter("+391111111")
    await house.clock.advance(5)
    assert caller.partners == ["client:anna"]


async def test_a_guest_who_never_comes_leaves_no_room_behind(house: House) -> None:
    answer = await house.rest.post("/Conferences/room/Participants.json", From_=LINE, To="client:nobody")
    await house.clock.advance(1)
    assert (await house.rest.get(f"/Conferences/{answer.body['conference_sid']}.json")).body["status"] == "completed"
    assert house.network.rooms.living("room") is None
