"""Conformance 33 to 36: a page that speaks the Voice SDK's frames.  No sound here; `test_media` has that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from simulator.app import build
from simulator.network import Application, Network
from simulator.phones import Phone
from simulator.signalling import Signalling
from simulator.softphone import LARGEST_MESSAGE, Softphone
from store.clock import VirtualClock
from tests.simulator.conftest import Rest
from tests.simulator.pages import APPLICATION, KEY, RECORDING, SDP, SECRET, Page, arrives, plain, token

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA, ANNA = "https://app.test", "+390612345678", "+393331234567", "client:anna"


class House:
    """The carrier with its signalling, a caller, and pages that are opened one by one."""

    def __init__(self, clock: VirtualClock, network: Network, customer: Any) -> None:
        self.clock, self.network, self.customer = clock, network, customer
        self.app = build(network)
        self.carla: Phone = network.plug_in(CARLA)

    async def page(self, identity: str = "anna", **grant: Any) -> Page:
        """Registered."""
        return await Page(self.app).register(token(self.clock.now(), identity, **grant))

    async def ring(self, nouns: str = "<Client>anna</Client>", timeout: int = 20) -> None:
        self.customer.answers["/voice"] = f'<Dial action="/done" timeout="{timeout}">{nouns}</Dial>'
        await self.carla.dial(LINE)
        await self.later(1)

    async def later(self, seconds: float) -> None:
        """Time passes, and what is put out in it arrives."""
        await self.clock.advance(seconds)
        await arrives()

    async def talking(self, page: Page) -> str:
        """Carla and this page talk; the SID of the page's leg."""
        await self.ring()
        return await page.accept()

    async def call(self, to: str) -> str:
        """By the REST API; the call's SID."""
        rest = Rest(self.network)
        sid = (await rest.call(to))["sid"]
        await rest.client.aclose()
        return str(sid)

    @property
    def outcome(self) -> str:
        (form,) = self.customer.at("/done")
        return str(form["DialCallStatus"])

    @property
    def softphone(self) -> Softphone:
        (found,) = (phone for phone in self.network.directory.at(ANNA) if isinstance(phone, Softphone))
        return found


@pytest.fixture
def house(clock: VirtualClock, remake: Callable[..., Network], customer: Any) -> House:
    applications = {APPLICATION: Application(f"{ORIGIN}/outgoing")}
    return House(clock, remake(api_keys={KEY: SECRET}, applications=applications, softphone_media=False), customer)


# 33: tokens, and two pages of one person


async def test_a_page_that_shows_its_token_is_connected_and_can_be_rung(house: House) -> None:
    page = await Page(house.app).open()
    await page.listen(token(house.clock.now(), ttl=600))
    assert page.last("connected")["token"] == {"identity": "anna", "ttl": 600}
    assert house.network.directory.addresses() == [CARLA]
    await page.send("register", media={"audio": True})
    assert (page.kinds, house.network.directory.addresses()) == (["connected", "ready"], [CARLA, ANNA])


async def test_a_bad_token_is_refused_with_its_number_and_a_better_one_is_taken(house: House) -> None:
    page, now = await Page(house.app).open(), house.clock.now()
    await page.listen("nonsense")
    await page.listen(token(now, secret="another secret of more than 32 letters"))
    await page.listen(token(now, ttl=-1))
    await page.listen(token(now, ttl=90_000))
    assert page.errors == [31204, 31202, 31205, 31207]
    await page.send("register", media={"audio": True})
    assert (page.errors[4:], house.network.directory.at(ANNA)) == ([31204], [])
    await page.listen(token(now))
    await page.send("register", media={"audio": True})
    assert page.kinds[-2:] == ["connected", "ready"]


async def test_who_may_not_be_called_is_not_registered(house: House) -> None:
    page = await house.page(incoming_allow=None)
    assert (page.errors, house.network.directory.at(ANNA)) == ([31201], [])


async def test_both_pages_of_one_person_ring_and_the_second_falls_silent(house: House) -> None:
    left, right = await house.page(), await house.page()
    await house.ring()
    assert left.rings
    assert right.call_sid == left.call_sid
    await right.accept()
    assert right.last("answer")["callsid"] == left.last("cancel")["callsid"] == right.call_sid
    assert house.carla.partners == [ANNA]


async def test_a_token_that_expires_ends_the_ringing_and_not_the_call(house: House) -> None:
    page = await house.page(ttl=60)
    await house.talking(page)
    await house.later(59)
    assert (page.errors, house.network.directory.at(ANNA), house.carla.partners) == ([31205], [], [ANNA])
    await page.send("register", media={"audio": True})
    assert page.errors == [31205, 31205]
    await page.listen(token(house.clock.now(), ttl=60))
    await page.send("register", media={"audio": True})
    assert len(house.network.directory.at(ANNA)) == 1
    await house.later(61)
    assert (len(page.errors), house.network.directory.at(ANNA)) == (3, [])


async def test_a_renewed_token_counts_from_then_on_and_must_be_the_same_persons(house: House) -> None:
    page = await house.page(ttl=60)
    await house.later(50)
    await page.listen(token(house.clock.now(), ttl=60))
    assert page.last("connected")["token"]["ttl"] == 60
    await house.later(50)
    assert (page.errors, len(house.network.directory.at(ANNA))) == ([], 1)
    await page.listen(token(house.clock.now(), "bruno"))
    assert page.errors == [31204]


async def test_too_many_requests_are_refused_on_demand(house: House) -> None:
    house.network.faults.signal("too_many", where="anna")
    page = await house.page()
    assert page.errors[0] == 31206
    await page.listen(token(house.clock.now()))
    assert page.kinds[-1] == "connected"


# 34: what becomes of a ring


async def test_it_rings_with_everything_that_was_sent_along_and_is_picked_up(house: House) -> None:
    page = await house.page()
    sent = {"note": "a & b + c = d", "who": "Jürgen  Groß", "empty": ""}
    given = "".join(f"<Parameter name='{name}' value='{value.replace('&', '&amp;')}'/>" for name, value in sent.items())
    await house.ring(f"<Client><Identity>anna</Identity>{given}</Client>")
    invite = page.last("invite")
    about = invite["parameters"]
    assert dict(parse_qsl(about.pop("Params"), keep_blank_values=True)) == sent
    assert about == {
        "From": CARLA,
        "To": ANNA,
        "CallSid": page.call_sid,
        "AccountSid": house.network.account_sid,
        "ApiVersion": "2010-04-01",
    }
    assert "m=audio" in invite["sdp"]
    await page.accept()
    assert page.last("answer") == {"callsid": page.call_sid, "reconnect": invite["reconnect"]}
    assert house.softphone.state == "in_call"
    house.carla.speak("Sono Carla.")
    assert house.softphone.words == "Sono Carla."
    await house.later(5)
    house.carla.hang_up()
    await house.later(1)
    assert (page.last("hangup"), house.softphone.state) == ({"callsid": page.call_sid}, "idle")


async def test_what_the_network_says_of_the_callers_number_is_told(house: House) -> None:
    page = await house.page()
    house.customer.answers["/voice"] = "<Dial><Client>anna</Client></Dial>"
    await house.carla.dial(LINE, extra={"StirVerstat": "TN-Validation-Passed-A"})
    await house.later(1)
    assert page.last("invite")["parameters"]["StirStatus"] == "TN-Validation-Passed-A"


async def test_hanging_up_at_the_page_ends_the_call(house: House) -> None:
    page = await house.page()
    await page.send("hangup", callsid=await house.talking(page))
    await house.later(1)
    assert house.outcome == "completed"


async def test_rejecting_is_busy(house: House) -> None:
    page = await house.page()
    await house.ring()
    await page.send("reject", callsid=page.call_sid)
    await house.later(1)
    assert (house.outcome, page.kinds[-1]) == ("busy", "invite")


async def test_hanging_up_before_accepting_is_rejecting(house: House) -> None:
    page = await house.page()
    await house.ring()
    await page.send("hangup", callsid=page.call_sid)
    await house.later(1)
    assert house.outcome == "busy"


async def test_ignoring_is_no_answer_after_the_timeout(house: House) -> None:
    page = await house.page()
    await house.ring(timeout=20)
    await house.later(18)
    assert house.customer.at("/done") == []
    await house.later(2)
    assert (house.outcome, page.last("cancel")) == ("no-answer", {"callsid": page.call_sid})


async def test_a_page_that_talks_is_rung_and_decides_itself_what_to_make_of_it(house: House) -> None:
    page = await house.page()
    first = await house.talking(page)
    other = house.network.plug_in("+393339999999")
    await other.dial(LINE)
    await house.later(1)
    assert page.call_sid != first
    assert house.softphone.call == first
    await house.later(20)
    assert house.outcome == "no-answer"
    assert (page.last("cancel")["callsid"], house.softphone.call) == (page.call_sid, first)


async def test_nobody_registered_fails_at_once(house: House) -> None:
    page = await house.page()
    await page.send("register", media={"audio": False})
    assert page.kinds[-1] == "offline"
    await house.ring()
    assert (house.outcome, page.rings) == ("failed", False)


async def test_giving_up_cancels_the_ring_and_a_late_accept_changes_nothing(house: House) -> None:
    page = await house.page()
    await house.ring()
    house.carla.hang_up()
    await house.later(1)
    assert page.last("cancel") == {"callsid": page.call_sid}
    await page.accept()
    assert (page.kinds[-1], page.errors) == ("cancel", [])


async def test_a_page_that_closes_while_it_rings_leaves_the_others_ringing(house: House) -> None:
    left, right = await house.page(), await house.page()
    await house.ring()
    await left.lose()
    assert house.customer.at("/done") == []
    await right.accept()
    assert house.carla.partners == [ANNA]


async def test_the_last_page_that_closes_while_it_rings_lets_it_ring_in_vain(house: House) -> None:
    page = await house.page()
    await house.ring(timeout=20)
    await page.lose()
    await house.later(18)
    assert house.customer.at("/done") == []
    await house.later(2)
    assert house.outcome == "no-answer"


async def test_a_call_of_the_rest_api_rings_too(house: House) -> None:
    page = await house.page()
    house.customer.answers["/outbound"] = "<Dial><Conference>room</Conference></Dial>"
    asked = await house.call("client:anna?desk=3")
    await house.later(1)
    assert page.last("invite")["parameters"]["Params"] == "desk=3"
    assert page.last("invite")["parameters"]["To"] == ANNA
    await page.accept()
    await house.later(1)
    assert [room.name for room in house.network.rooms.all.values()] == ["room"]
    assert house.network.calls[asked].status == "in-progress"


# 35 and 36: the signalling is lost, the page is closed


async def test_five_seconds_without_signalling_are_survived(house: House) -> None:
    page = await house.page()
    sid = await house.talking(page)
    ticket = page.last("answer")["reconnect"]
    await page.lose()
    assert house.network.directory.at(ANNA) == []
    await house.later(5)
    assert house.carla.partners == [ANNA]
    again = await Page(house.app).open()
    await again.listen(token(house.clock.now()))
    await again.send("invite", callsid=sid, sdp=SDP, reconnect=ticket, twilio={})
    await again.send("register", media={"audio": True})
    assert again.last("answer") == {"callsid": sid, "reconnect": ticket}
    await house.later(60)
    assert (house.softphone.state, house.carla.partners) == ("in_call", [ANNA])
    await again.send("hangup", callsid=sid)
    await house.later(1)
    assert house.outcome == "completed"


async def test_beyond_the_window_the_leg_ends_and_a_late_page_is_told(house: House) -> None:
    page = await house.page()
    sid = await house.talking(page)
    ticket = page.last("answer")["reconnect"]
    await page.lose()
    await house.later(9)
    assert house.carla.partners == [ANNA]
    await house.later(2)
    assert (house.carla.state, house.outcome) == ("idle", "completed")
    again = await house.page()
    await again.send("invite", callsid=sid, sdp=SDP, reconnect=ticket, twilio={})
    assert again.last("hangup") == {
        "callsid": sid, "error": {"code": 31209, "message": "Reconnect attempt is not authorized."}
    }  # fmt: skip


async def test_only_the_same_person_with_the_right_ticket_resumes(house: House) -> None:
    page = await house.page()
    sid = await house.talking(page)
    ticket = page.last("answer")["reconnect"]
    stranger, guesser = await house.page("bruno"), await house.page()
    await stranger.send("invite", callsid=sid, sdp=SDP, reconnect=ticket, twilio={})
    await guesser.send("invite", callsid=sid, sdp=SDP, reconnect="a guess", twilio={})
    assert stranger.last("hangup")["error"]["code"] == guesser.last("hangup")["error"]["code"] == 31209
    assert house.carla.partners == [ANNA]


async def test_another_page_takes_the_call_with_a_connection_of_its_own(house: House) -> None:
    page = await house.page()
    sid = await house.talking(page)
    again = await house.page()
    sdp = SDP.replace("page", "another")
    await again.send("invite", callsid=sid, sdp=sdp, reconnect=page.last("answer")["reconnect"], twilio={})
    assert "m=audio" in again.last("answer")["sdp"]
    await page.lose()
    await house.later(60)
    assert house.carla.partners == [ANNA]


async def test_a_renewed_token_in_a_call_has_the_page_resume_what_it_never_lost(house: House) -> None:
    page = await house.page()
    sid = await house.talking(page)
    ticket = page.last("answer")["reconnect"]
    await page.listen(token(house.clock.now()))
    await page.send("invite", callsid=sid, sdp=SDP, reconnect=ticket, twilio={})
    assert page.last("answer") == {"callsid": sid, "reconnect": ticket}
    await page.lose()
    await house.later(11)
    assert house.carla.state == "idle"


async def test_a_closed_page_leaves_the_conference_and_its_rules_follow(house: House) -> None:
    page = await house.page()
    house.customer.answers["/voice"] = "<Dial action='/done'><Conference>room</Conference></Dial>"
    house.customer.answers["/outbound"] = "<Dial><Conference endConferenceOnExit='true'>room</Conference></Dial>"
    await house.carla.dial(LINE)
    await house.call(ANNA)
    await house.later(1)
    await page.accept()
    await house.later(1)
    assert house.carla.partners == [ANNA]
    await page.lose()
    await house.later(11)
    (room,) = house.network.rooms.all.values()
    assert room.reason_ended == "participant-with-end-conference-on-exit-left"
    assert len(house.customer.at("/done")) == 1


async def test_the_network_of_a_page_fails_on_demand_and_comes_back(house: House) -> None:
    anna, bruno = await house.page(), await house.page("bruno")
    house.network.softphones.cut("anna", seconds=600)
    await anna.ended()
    assert (anna.closed, bruno.closed) == (1001, None)
    refused = await Page(house.app).open()
    assert refused.closed is not None
    house.network.softphones.cut("nobody", seconds=0)
    assert (await house.page()).kinds == ["connected", "ready"]


# the page calls


async def test_a_page_calls_through_its_application(house: House) -> None:
    page = await house.page(outgoing_application_params={"desk": "3"})
    house.customer.answers["/outgoing"] = f"<Dial><Number>{CARLA}</Number></Dial>"
    params = "To=%2B393331234567&note=a%20%26%20b%20%2B%20%C3%BC&From=somebody"
    await page.send("invite", callsid="TJS1", sdp=SDP, twilio={"params": params})
    await house.later(1)
    (form,) = house.customer.at("/outgoing")
    assert (form["From"], form["To"], form["Direction"]) == (ANNA, CARLA, "inbound")
    assert (form["note"], form["desk"], form["ApplicationSid"]) == ("a & b + ü", "3", APPLICATION)
    sid = page.last("ringing")["callsid"]
    assert (sid, form["CallSid"]) == (form["CallSid"], house.softphone.call)
    answer = page.last("answer")
    assert (answer["callsid"], "a=setup:active" in answer["sdp"], bool(answer["reconnect"])) == (sid, True, True)
    house.carla.answer()
    await house.later(1)
    assert house.carla.partners == [ANNA]
    await page.send("hangup", callsid=sid)
    await house.later(1)
    assert (house.carla.state, page.kinds[-1]) == ("idle", "answer")


async def test_hanging_up_under_the_pages_own_name_for_the_call_ends_it(house: House) -> None:
    page = await house.page()
    house.customer.answers["/outgoing"] = "<Pause length='10'/>"
    await page.send("invite", callsid="TJS1", sdp=SDP, twilio={"params": ""})
    assert house.softphone.state == "calling"
    await page.send("hangup", callsid="TJS1")
    assert [call.status for call in house.network.calls.values()] == ["no-answer"]


async def test_a_page_that_closes_before_its_call_is_answered_gives_it_up(house: House) -> None:
    page = await house.page()
    house.customer.answers["/outgoing"] = "<Pause length='10'/>"
    await page.send("invite", callsid="TJS1", sdp=SDP, twilio={"params": ""})
    await page.lose()
    assert [call.status for call in house.network.calls.values()] == ["no-answer"]


async def test_without_an_application_a_call_is_declined(house: House) -> None:
    page = await house.page(outgoing_application_sid="AP" + "9" * 32)
    await page.send("invite", callsid="TJS1", sdp=SDP, twilio={"params": ""})
    assert (page.last("hangup")["callsid"], page.last("hangup")["error"]["code"]) == ("TJS1", 31002)


async def test_with_an_expired_token_a_call_is_declined(house: House) -> None:
    page = await house.page(ttl=60)
    await house.later(61)
    await page.send("invite", callsid="TJS1", sdp=SDP, twilio={"params": ""})
    assert (page.last("hangup")["callsid"], page.last("hangup")["error"]["code"]) == ("TJS1", 31205)


async def test_keys_reach_the_document_that_listens(house: House) -> None:
    page = await house.page()
    house.customer.answers["/outgoing"] = "<Gather numDigits='3' action='/keys'/>"
    await page.send("invite", callsid="TJS1", sdp=SDP, twilio={"params": ""})
    await house.later(1)
    await page.send("dtmf", callsid=house.softphone.call, dtmf="1w2#")
    await page.send("dtmf", callsid="CAnone", dtmf="1")
    await house.later(10)
    assert [form["Digits"] for form in house.customer.at("/keys")] == ["12"]


# messages along a call


async def test_messages_go_both_ways_and_are_acknowledged(house: House) -> None:
    page = await house.page()
    sid = await house.talking(page)
    message = {"contenttype": "application/json", "messagetype": "user-defined-message"}
    await page.send("message", callsid=sid, content={"a": "ü"}, voiceeventsid="KX1", **message)
    assert page.last("ack") == {"acktype": "message", "callsid": sid, "voiceeventsid": "KX1"}
    assert house.softphone.messages[0].content == {"a": "ü"}
    sent = house.softphone.send_message(sid, {"b": 1})
    await arrives()
    assert page.last("message") == {"callsid": sid, "content": {"b": 1}, "voiceeventsid": sent, **message}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"messagetype": "song"}, 31210),
        ({"content": "x" * (LARGEST_MESSAGE + 1)}, 31212),
        ({"callsid": "CAnone"}, 31404),
        ({"voiceeventsid": None}, 31400),
    ],
)
async def test_a_message_that_cannot_be_taken_is_refused(house: House, changed: dict[str, Any], code: int) -> None:
    page = await house.page()
    sid = await house.talking(page)
    message = {"callsid": sid, "content": "x", "contenttype": "text/plain", "messagetype": "user-defined-message"}
    await page.send("message", **(message | {"voiceeventsid": "KX1"} | changed))
    assert page.errors == [code]
    assert page.last("error").get("voiceeventsid", "KX1") == "KX1"
    assert house.softphone.messages == []


# frames, sockets


@pytest.mark.parametrize("text", ["no json", "[]", '{"type": 5}', '{"type": "sing"}', "x" * 100_001])
async def test_what_is_no_frame_is_answered_with_an_error(house: House, text: str) -> None:
    page = await Page(house.app).open()
    await page.send_text(text)
    assert page.errors == [31400]


async def test_a_frame_without_its_fields_is_answered_with_an_error(house: House) -> None:
    page = await house.page()
    await page.send("answer", callsid="CA1")
    await page.send("invite", sdp=SDP)
    assert page.errors == [31400, 31400]
    await page.send("register")
    assert page.kinds[-1] == "ready"


async def test_only_pages_of_this_machine_may_connect(house: House) -> None:
    stranger = await Page(house.app, origin="https://evil.example").open()
    assert stranger.closed == 4403
    assert (await Page(house.app, origin="http://localhost:3000").open()).closed is None


async def test_a_page_that_no_longer_echoes_is_gone(house: House) -> None:
    """Real time: the socket's, not the clock's."""
    quick = Starlette(routes=[WebSocketRoute("/signal", Signalling(house.network, heartbeat_seconds=0.01).endpoint)])
    awake, asleep = Page(quick), Page(quick, echoes=False)
    await awake.register(token(house.clock.now()))
    await asleep.register(token(house.clock.now()))
    await asleep.ended()
    assert (asleep.closed, awake.closed) == (1001, None)
    assert awake.heartbeats >= asleep.heartbeats == 2
    assert len(house.network.directory.at(ANNA)) == 1


async def test_a_softphone_is_a_telephone_like_any_other_to_a_program(house: House) -> None:
    page = await house.page()
    await house.ring()
    assert (house.softphone.state, house.softphone.call) == ("ringing", page.call_sid)
    house.softphone.hang_up()
    await house.later(1)
    assert (house.outcome, page.kinds[-1]) == ("busy", "cancel")
    house.customer.received.clear()
    await house.talking(page)
    assert house.softphone.partners == [CARLA]
    house.network.unplug(house.softphone)
    await house.later(1)
    assert (house.outcome, page.kinds[-1]) == ("completed", "hangup")


# the contract


async def test_a_whole_call_is_answered_as_it_was_recorded_with_the_sdk(house: House) -> None:
    """What the page said is said to the carrier, which says the same as then; `tests/browser` has the other half."""
    page, said = await Page(house.app).open(), 0
    for frame in json.loads(RECORDING.read_text())["frames"]:
        if frame["by"] == "page":
            await page.send(frame["type"], **meant(frame["payload"], page, token(house.clock.now())))
            continue
        if frame["type"] == "invite":
            await house.ring()
        kind, payload = page.frames[said]
        assert (kind, plain(payload)) == (frame["type"], frame["payload"])
        said += 1
    await house.later(1)
    assert (len(page.frames), house.outcome) == (said, "completed")


def meant(payload: dict[str, Any], page: Page, text: str) -> dict[str, Any]:
    """A recorded payload with what belongs to this call in the blanks."""
    blanks = {"<token>": text, "<sdp>": SDP, "<browserinfo>": {}}
    if page.rings:
        blanks["<callsid>"] = page.call_sid
    return {name: blanks.get(value, value) if isinstance(value, str) else value for name, value in payload.items()}
