"""Conformance 14 to 17: Dial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.network import Network
from simulator.phones import AutoAnswer, AutoDecline
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA, ANNA = "https://app.test", "+390612345678", "+393331234567", "client:anna"


class Floor:
    """A caller and two softphones."""

    def __init__(self, clock: VirtualClock, network: Network, customer: Any) -> None:
        self.clock, self.network, self.customer = clock, network, customer
        self.carla = network.plug_in(CARLA)
        self.anna, self.bruno = network.plug_in(ANNA), network.plug_in("client:bruno")

    async def dial(self, nouns: str = "<Client>anna</Client>", attributes: str = "", before: str = "") -> None:
        self.customer.answers["/voice"] = f'{before}<Dial action="/done" {attributes}>{nouns}</Dial><Say>Never.</Say>'
        await self.carla.dial(LINE)
        await self.clock.advance(1)

    def done(self) -> dict[str, str]:
        (form,) = self.customer.at("/done")
        result: dict[str, str] = form
        return result


@pytest.fixture
def floor(clock: VirtualClock, network: Network, customer: Any) -> Floor:
    return Floor(clock, network, customer)


async def test_a_talk_that_is_over_is_completed(floor: Floor) -> None:
    await floor.dial()
    floor.anna.answer()
    await floor.clock.advance(90)
    floor.carla.speak("Ciao")
    assert floor.anna.words == "Ciao"
    floor.anna.hang_up()
    await floor.clock.advance(1)
    done = floor.done()
    assert (done["DialCallStatus"], done["DialCallDuration"], done["DialBridged"]) == ("completed", "90", "true")
    assert done["DialCallSid"].startswith("CA")
    assert done["CallStatus"] == "in-progress"


async def test_declining_is_busy(floor: Floor) -> None:
    await floor.dial()
    floor.anna.decline()
    await floor.clock.advance(1)
    assert (floor.done()["DialCallStatus"], floor.done()["DialBridged"]) == ("busy", "false")


async def test_nobody_picking_up_is_no_answer_after_the_timeout(floor: Floor) -> None:
    await floor.dial(attributes='timeout="12"')
    await floor.clock.advance(30)
    assert floor.done()["DialCallStatus"] == "no-answer"
    assert next(r.at for r in floor.customer.received if r.path == "/done") == 12.0


async def test_twilios_five_extra_seconds_can_be_switched_on(
    clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    floor = Floor(clock, remake(ring_grace_seconds=5.0), customer)
    await floor.dial(attributes='timeout="12"')
    await clock.advance(30)
    assert next(r.at for r in customer.received if r.path == "/done") == 17.0


async def test_a_softphone_that_is_not_there_fails_at_once(floor: Floor) -> None:
    await floor.dial("<Client>nobody</Client>")
    assert floor.done()["DialCallStatus"] == "failed"


async def test_a_number_that_talks_is_busy_and_a_softphone_that_talks_ignores(floor: Floor, rest: Any) -> None:
    dora = floor.network.plug_in("+390699999999")
    dora.auto = floor.anna.auto = AutoAnswer(1)
    floor.customer.answers["/outbound"] = '<Pause length="100"/>'
    await rest.call("+390699999999")
    await rest.call(ANNA)
    await floor.clock.advance(5)
    await floor.dial("<Number>+390699999999</Number>")
    assert floor.done()["DialCallStatus"] == "busy"
    floor.carla.hang_up()
    await floor.clock.advance(1)
    floor.customer.received.clear()
    await floor.dial(attributes='timeout="10"')
    await floor.clock.advance(10)
    assert floor.done()["DialCallStatus"] == "no-answer"


async def test_the_caller_giving_up_cancels_the_ringing_and_the_action_is_told(floor: Floor) -> None:
    await floor.dial()
    floor.customer.answers["/done"] = "<Say>Too late.</Say>"
    floor.carla.hang_up()
    await floor.clock.advance(1)
    assert floor.anna.events[-1] == {"type": "ended", "reason": "canceled"}
    assert (floor.done()["DialCallStatus"], floor.done()["CallStatus"]) == ("canceled", "completed")
    assert floor.carla.words == ""


async def test_a_star_ends_the_callee_and_not_the_caller(floor: Floor) -> None:
    floor.customer.answers["/done"] = '<Pause length="60"/>'
    await floor.dial(attributes='hangupOnStar="true"')
    floor.anna.answer()
    await floor.clock.advance(5)
    floor.carla.press("*")
    await floor.clock.advance(1)
    assert (floor.anna.state, floor.carla.state) == ("idle", "in_call")
    assert floor.done()["DialCallStatus"] == "completed"


async def test_without_an_action_the_document_goes_on(floor: Floor) -> None:
    floor.customer.answers["/voice"] = "<Dial><Client>nobody</Client></Dial><Say>Sorry.</Say>"
    await floor.carla.dial(LINE)
    await floor.clock.advance(5)
    assert floor.carla.words == "Sorry."


async def test_of_several_the_first_to_pick_up_wins_and_the_others_stop_ringing(floor: Floor) -> None:
    watch = 'statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed"'
    await floor.dial(f"<Client {watch}>anna</Client><Client {watch}>bruno</Client>")
    assert (floor.anna.state, floor.bruno.state) == ("ringing", "ringing")
    floor.bruno.answer()
    await floor.clock.advance(10)
    assert floor.carla.partners == ["client:bruno"]
    assert floor.anna.events[-1]["type"] == "ended"
    legs = [(f["To"], f["CallStatus"]) for f in floor.customer.at("/leg")]
    assert (ANNA, "canceled") in legs
    assert [s for to, s in legs if to == "client:bruno"] == ["initiated", "ringing", "in-progress"]
    assert {f["ParentCallSid"] for f in floor.customer.at("/leg")} == {floor.carla.call}


async def test_one_after_the_other_when_sequential(floor: Floor) -> None:
    floor.anna.auto = AutoDecline(3)
    await floor.dial("<Client>anna</Client><Client>bruno</Client>", 'sequential="true"')
    assert (floor.anna.state, floor.bruno.state) == ("ringing", "idle")
    await floor.clock.advance(3)
    assert (floor.anna.state, floor.bruno.state) == ("idle", "ringing")


async def test_answer_on_bridge_lets_the_caller_ring_until_somebody_answers(floor: Floor) -> None:
    await floor.dial(attributes='answerOnBridge="true"')
    assert {"type": "answered"} not in floor.carla.events
    floor.anna.answer()
    await floor.clock.advance(1)
    assert {"type": "answered"} in floor.carla.events


async def test_giving_up_under_answer_on_bridge_was_never_answered(floor: Floor) -> None:
    await floor.dial(attributes='answerOnBridge="true"')
    floor.carla.hang_up()
    await floor.clock.advance(1)
    assert floor.customer.at("/status")[0]["CallStatus"] == "no-answer"
    assert floor.anna.state == "idle"


async def test_saying_something_before_answers_the_call(floor: Floor) -> None:
    await floor.dial(attributes='answerOnBridge="true"', before="<Say>Hi.</Say>")
    assert floor.carla.state == "in_call"


async def test_the_time_limit_cuts_the_talk(floor: Floor) -> None:
    await floor.dial(attributes='timeLimit="30"')
    floor.anna.answer()
    await floor.clock.advance(31)
    assert floor.anna.state == "idle"
    assert floor.done()["DialCallDuration"] == "30"


async def test_a_whisper_is_heard_by_the_callee_alone_before_the_bridge(floor: Floor) -> None:
    floor.customer.answers["/whisper"] = (
        '<Gather numDigits="1" action="/yes"><Say>Carla for you.</Say></Gather><Hangup/>'
    )
    await floor.dial('<Client url="/whisper">anna</Client>')
    floor.anna.answer()
    await floor.clock.advance(1)
    assert (floor.anna.words, floor.carla.words, floor.carla.partners) == ("Carla for you.", "", [])
    floor.anna.press("1")
    await floor.clock.advance(1)
    assert floor.carla.partners == [ANNA]


async def test_a_whisper_that_hangs_up_is_completed_without_a_bridge(floor: Floor) -> None:
    floor.customer.answers["/whisper"] = "<Say>Carla for you.</Say><Hangup/>"
    await floor.dial('<Client url="/whisper">anna</Client>')
    floor.anna.answer()
    await floor.clock.advance(10)
    assert (floor.done()["DialCallStatus"], floor.done()["DialBridged"]) == ("completed", "false")


async def test_a_whisper_may_not_dial(floor: Floor) -> None:
    floor.customer.answers["/whisper"] = "<Dial>+390699999999</Dial>"
    await floor.dial('<Client url="/whisper">anna</Client>')
    floor.anna.answer()
    await floor.clock.advance(1)
    assert [alert.code for alert in floor.network.alerts][:1] == [13201]


async def test_a_foreign_caller_id_is_refused(floor: Floor) -> None:
    await floor.dial("<Number>+390699999999</Number>", 'callerId="+390611111111"')
    assert [alert.code for alert in floor.network.alerts] == [13214]


async def test_the_softphone_gets_its_parameters_intact(floor: Floor) -> None:
    await floor.dial('<Client><Identity>anna</Identity><Parameter name="case" value="a&amp;b + Zoë"/></Client>')
    assert floor.anna.offered_parameters == {"case": "a&b + Zoë"}


async def test_redirecting_the_child_frees_the_parent_whose_action_is_obeyed(floor: Floor, rest: Any) -> None:
    floor.customer.answers |= {"/done": "<Say>Goodbye Carla.</Say>", "/apart": '<Pause length="60"/>'}
    await floor.dial()
    floor.anna.answer()
    await floor.clock.advance(5)
    await rest.post(f"/Calls/{floor.anna.call}.json", Url=f"{ORIGIN}/apart")
    await floor.clock.advance(5)
    assert floor.carla.words == "Goodbye Carla."
    assert floor.anna.state == "in_call"


async def test_redirecting_the_parent_ends_the_child_and_ignores_the_action(floor: Floor, rest: Any) -> None:
    floor.customer.answers |= {"/done": "<Say>Ignored.</Say>", "/away": '<Say>Elsewhere.</Say><Pause length="60"/>'}
    await floor.dial()
    floor.anna.answer()
    await floor.clock.advance(5)
    await rest.post(f"/Calls/{floor.carla.call}.json", Url=f"{ORIGIN}/away")
    await floor.clock.advance(5)
    assert (floor.carla.words, floor.anna.state) == ("Elsewhere.", "idle")
    assert len(floor.customer.at("/done")) == 1


async def test_a_recorded_talk_is_told_with_the_action(floor: Floor) -> None:
    await floor.dial(attributes='record="record-from-answer-dual" recordingStatusCallback="/file"')
    floor.anna.answer()
    await floor.clock.advance(30)
    floor.carla.hang_up()
    await floor.clock.advance(2)
    assert "/Recordings/RE" in floor.done()["RecordingUrl"]
    assert (floor.customer.at("/file")[0]["RecordingDuration"], floor.customer.at("/file")[0]["RecordingSource"]) == (
        "30",
        "DialVerb",
    )


async def test_two_tabs_of_one_softphone_ring_and_one_takes_the_call(floor: Floor) -> None:
    second = floor.network.plug_in(ANNA)
    await floor.dial()
    assert (floor.anna.state, second.state) == ("ringing", "ringing")
    second.answer()
    await floor.clock.advance(1)
    assert (floor.anna.state, second.state) == ("idle", "in_call")


async def test_a_star_of_the_callee_ends_nothing(floor: Floor) -> None:
    await floor.dial(attributes='hangupOnStar="true"')
    floor.anna.answer()
    await floor.clock.advance(1)
    floor.anna.press("*")
    await floor.clock.advance(1)
    assert floor.carla.partners == [ANNA]


async def test_a_machine_that_picks_up_a_dialled_number_is_told_while_the_talk_goes_on(floor: Floor) -> None:
    dora = floor.network.plug_in("+390699999999")
    dora.auto, dora.answers_as = AutoAnswer(1), "machine"
    amd = 'machineDetection="Enable" amdStatusCallback="/amd"'
    await floor.dial(f"<Number {amd}>+390699999999</Number>")
    await floor.clock.advance(2)
    assert floor.carla.partners == ["+390699999999"]
    await floor.clock.advance(5)
    (told,) = floor.customer.at("/amd")
    assert (told["AnsweredBy"], told["MachineDetectionDuration"]) == ("machine_start", "4000")


async def test_a_desk_phone_may_be_shown_any_name(floor: Floor) -> None:
    desk = floor.network.plug_in("sip:kate@example.com")
    await floor.dial("<Sip>kate@example.com?x-case=7</Sip>", 'callerId="bob"')
    assert (desk.events[-1]["from"], desk.offered_parameters) == ("bob", {"x-case": "7"})


async def test_a_noun_that_this_network_does_not_carry_is_refused_clearly(floor: Floor) -> None:
    await floor.dial("<Sim>DE8caa2afb9d5279926619c458dc7098a8</Sim>")
    (alert,) = floor.network.alerts
    assert (alert.code, alert.message) == (12200, "Dial to Sim is not carried by this network")
    assert floor.customer.at("/done") == []
