"""The desk's page and its telephone, without a browser: what it shows, its token, presence, the call in hand."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import insert, select, update

from crm.tables import audit
from desk.softphone.line import in_hand
from desk.softphone.tokens import identity_of
from ivr.tables import calls, supervisions, transfers
from routing.tables import agents, reservations
from store.ids import new_id
from tests.conftest import TUESDAY_AT_TEN
from tests.desk.browsing import Premises

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
PART = {"HX-Request": "true"}
SECRET = "a-secret-of-more-than-thirty-two-letters"


class Sitting:
    """Anna at her desk."""

    def __init__(self, premises: Premises, agent_id: str, browser: Any) -> None:
        self.premises, self.agent_id, self.browser = premises, agent_id, browser

    async def post(self, path: str, **form: str) -> Any:
        return await self.browser.post(path, data=form, headers=PART | {"X-Desk": "desk-number-one"})

    async def agent(self) -> Any:
        return (await self.premises.api.get(f"/agents/{self.agent_id}")).json()

    async def part(self) -> str:
        answer = await self.browser.get("/desk/phone", headers=PART)
        assert answer.status_code == 200
        return str(answer.text)

    async def call(self, held: str = "offered", *, consult: bool = False, **call: Any) -> str:
        """One that is in her hands; its id."""
        now, call_id = self.premises.clock.now(), new_id("call")
        row: dict[str, Any] = {
            "from_number": "+393331234567",
            "to_number": "+390699990000",
            "direction": "inbound",
            "language": "it-IT",
        }
        row |= {"id": call_id, "sid": "CA1", "state": "ringing" if held == "offered" else "talking", "arrived_at": now}
        row |= {"joined_at": now if held == "accepted" else None}
        hold = {"call_id": call_id, "agent_id": self.agent_id, "state": held, "live": True, "consult": consult}
        async with self.premises.database.write() as conn:
            await conn.execute(insert(calls).values(row | call))
            accepted_at = now if held == "accepted" else None
            await conn.execute(
                insert(reservations).values(id=new_id("res"), made_at=now, accepted_at=accepted_at, **hold)
            )
        return call_id

    async def asks(self, call_id: str, state: str, *, by: str, whom: str) -> None:
        row: dict[str, Any] = {
            "id": new_id("trf"),
            "call_id": call_id,
            "from_agent": by,
            "to_agent": whom,
            "state": state,
            "live": True,
        }
        async with self.premises.database.write() as conn:
            await conn.execute(insert(transfers).values(**row, made_at=self.premises.clock.now()))


@pytest.fixture
async def anna(premises: Premises) -> Sitting:
    agent_id = await premises.agent()
    return Sitting(premises, agent_id, await premises.browser("agent", agent_id=agent_id))


async def test_a_desk_is_for_who_answers_calls(premises: Premises) -> None:
    manager = await premises.browser("manager")
    for path in ("/desk", "/desk/phone"):
        assert (await manager.get(path)).status_code == 403
    assert (await manager.get("/desk/token")).status_code == 404


async def test_a_desk_has_its_telephone_and_every_sound_of_it(anna: Sitting) -> None:
    page = (await anna.browser.get("/desk")).text
    assert 'data-works="yes"' in page
    for address in re.findall(r"/static/sounds/[^\"]+", page):
        assert (await anna.browser.get(address)).headers["content-type"].startswith("audio/")
    assert len(re.findall(r"/static/sounds/", page)) == 15
    assert page.index("stand-in.js") < page.index("twilio.min.js")  # which keeps the WebSocket that it finds


async def test_the_token_lets_the_browser_be_rung_as_the_agent_and_ring_nobody(anna: Sitting) -> None:
    given = (await anna.browser.get("/desk/token")).json()
    claims = jwt.decode(given["token"], SECRET, algorithms=["HS256"], options={"verify_exp": False})
    assert claims["iss"] == "SK" + "b" * 32
    assert claims["sub"] == "AC" + "a" * 32
    assert claims["grants"] == {"identity": "anna", "voice": {"incoming": {"allow": True}}}
    assert given["identity"] == "anna"
    assert claims["exp"] - claims["nbf"] <= given["ttl"] == 3600 if "nbf" in claims else given["ttl"] == 3600


async def test_a_managers_ear_is_their_own_and_no_agents(premises: Premises, anna: Sitting) -> None:
    manager = await premises.browser("manager")
    given = (await manager.get("/desk/token?ear=1")).json()
    assert given["identity"].startswith("user_usr_")
    assert identity_of(f"client:{given['identity']}") == given["identity"]
    assert (await anna.browser.get("/desk/token?ear=1")).status_code == 404


@pytest.mark.parametrize("address", ["sip:anna@lume.example", "+390612345678", "client:anna.bianchi"])
async def test_who_is_reached_elsewhere_gets_no_token_and_is_told_where_it_rings(
    premises: Premises, address: str
) -> None:
    agent_id = await premises.agent(address=address)
    browser = await premises.browser("agent", agent_id=agent_id)
    assert (await browser.get("/desk/token")).status_code == 404
    page = (await browser.get("/desk")).text
    assert 'data-works="no"' in page
    assert "twilio.min.js" not in page
    assert ("Your calls come to" in page) == (not address.startswith("client:"))
    assert ("letters, digits and underscores" in page) == address.startswith("client:")


async def test_the_desk_that_chose_it_is_kept_with_what_was_chosen(anna: Sitting) -> None:
    part = await anna.post("/desk/presence", choice="ready")
    assert 'data-availability="ready"' in part.text
    shown = await anna.agent()
    assert (shown["availability"], shown["set_by_desk"]) == ("ready", True)
    await anna.post("/desk/presence", choice="away", reason="lunch", minutes="30")
    shown = await anna.agent()
    assert (shown["availability"], shown["reason"], shown["set_by_desk"]) == ("away", "lunch", True)
    assert shown["back_at"] == (anna.premises.clock.now() + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert "back at 10:30" in await anna.part()


async def test_a_telephone_of_ones_own_rings_on_when_the_window_is_closed(premises: Premises) -> None:
    agent_id = await premises.agent(address="+390612345678")
    sitting = Sitting(premises, agent_id, await premises.browser("agent", agent_id=agent_id))
    await sitting.post("/desk/presence", choice="ready")
    assert (await sitting.agent())["set_by_desk"] is False


async def test_words_that_are_too_long_are_refused_beside_their_field_and_kept(anna: Sitting) -> None:
    long = "parole " * 30
    answer = await anna.post("/desk/presence", choice="away", reason="other", own=long)
    assert answer.status_code == 422
    assert answer.headers["hx-retarget"] == "#away-form"
    assert "That is too long" in answer.text
    assert "parole parole" in answer.text
    assert (await anna.agent())["availability"] == "offline"


async def test_a_beat_says_whether_this_window_is_the_telephone(anna: Sitting) -> None:
    one = {"desk": "desk-number-one", "phone": True, "registered": True}
    told = (await anna.browser.post("/desk/beat", json=one)).json()
    assert told == {"phone": True, "refused": None, "restored": False}
    told = (await anna.browser.post("/desk/beat", json=one | {"desk": "desk-number-two"})).json()
    assert told == {"phone": False, "refused": "elsewhere", "restored": False}
    assert (await anna.browser.post("/desk/leave", json={"desk": "desk-number-one"})).status_code == 204
    other = await anna.premises.browser("manager")
    assert (await other.post("/desk/beat", json=one)).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"desk": 3}',
        b'{"desk": "a b"}',
        b'{"desk": "desk-one", "phone": "yes"}',
        b'{"desk": "' + b"x" * 65 + b'"}',
        b" " * 3000 + b'{"desk": "desk-number-one"}',
        b'{"desk": "\xff"}',
    ],
)
async def test_a_beat_that_makes_no_sense_is_refused(anna: Sitting, body: bytes) -> None:
    assert (await anna.browser.post("/desk/beat", content=body)).status_code == 422
    assert (await anna.browser.post("/desk/leave", content=body)).status_code == 422


async def test_a_ring_shows_who_it_is_and_that_it_was_shown_is_written_once(anna: Sitting) -> None:
    customer_id = await anna.premises.customer()
    await anna.call(customer_id=customer_id)
    for _ in range(3):
        assert "Maria Rossi" in await anna.part()
    async with anna.premises.database.read() as conn:
        seen = select(audit.c.agent_id).where(audit.c.customer_id == customer_id, audit.c.what == "read")
        assert (await conn.scalars(seen)).all() == [anna.agent_id]


@pytest.mark.parametrize(
    ("state", "call", "mode"),
    [
        ("offered", {}, "ringing"),
        ("offered", {"direction": "outbound"}, "promise"),
        ("offered", {"dropped_at": TUESDAY_AT_TEN, "dropped_agent": "me"}, "reconnecting"),
        ("offered", {"dropped_at": TUESDAY_AT_TEN, "dropped_agent": "agt_other"}, "ringing"),
        ("accepted", {}, "talking"),
        ("accepted", {"state": "ringing"}, "connecting"),
        ("accepted", {"joined_at": None}, "connecting"),
        ("accepted", {"agent_ends_at": TUESDAY_AT_TEN}, "ending"),
    ],
)
async def test_what_the_telephone_shows_follows_the_tables(
    anna: Sitting, state: str, call: dict[str, Any], mode: str
) -> None:
    if call.get("dropped_agent") == "me":
        call = call | {"dropped_agent": anna.agent_id}
    await anna.call(state, **call)
    assert f'data-mode="{mode}"' in await anna.part()


async def test_a_colleague_who_asks_is_named_on_both_telephones(anna: Sitting) -> None:
    bruno = await anna.premises.agent("Bruno Verdi")
    call_id = await anna.call(consult=True)
    await anna.asks(call_id, "ringing", by=bruno, whom=anna.agent_id)
    part = await anna.part()
    assert 'data-mode="asked"' in part
    assert "Bruno Verdi asks for you" in part
    async with anna.premises.database.write() as conn:
        await conn.execute(update(reservations).values(state="accepted"))
        await conn.execute(update(transfers).values(state="introduced"))
    part = await anna.part()
    assert 'data-mode="consulted"' in part
    assert "Bruno Verdi is with you both" in part


async def test_who_listens_in_is_no_secret(anna: Sitting) -> None:
    call_id = await anna.call("accepted")
    now = anna.premises.clock.now()
    row = {"call_id": call_id, "by": "usr_1", "address": "client:user_1", "made_at": now}
    async with anna.premises.database.write() as conn:
        for name, mode, joined_at in (("Paola", "listen", now), ("Carlo", "join", None)):
            values = row | {"id": new_id("sup"), "name": name, "mode": mode, "joined_at": joined_at}
            await conn.execute(insert(supervisions).values(**values))
    part = await anna.part()
    assert "Paola is listening" in part
    assert "Carlo" not in part  # whose phone still rings


async def test_a_talk_is_as_long_as_it_was_when_a_line_that_broke_is_mended(anna: Sitting) -> None:
    began_at = anna.premises.clock.now() - timedelta(minutes=5)
    await anna.call("accepted", joined_at=began_at)
    assert f'<time data-counts="up" data-at="{began_at.isoformat()}">' in await anna.part()


async def test_a_button_of_a_call_that_is_over_does_nothing_to_the_next_one(anna: Sitting) -> None:
    call_id = await anna.call("accepted")
    answer = await anna.post("/desk/call/hang-up", call="call_before")
    assert answer.status_code == 200
    async with anna.premises.database.read() as conn:
        line = await in_hand(conn, anna.agent_id)
    assert line is not None
    assert (line.call_id, line.mode) == (call_id, "talking")
    assert (await anna.post("/desk/call/dance", call=call_id)).status_code == 404


async def test_the_time_after_a_call_can_be_longer_or_over(anna: Sitting) -> None:
    now = anna.premises.clock.now()
    async with anna.premises.database.write() as conn:
        values = {"activity": "wrap_up", "since_at": now, "due_at": now + timedelta(seconds=30)}
        await conn.execute(update(agents).where(agents.c.id == anna.agent_id).values(**values))
    assert 'data-mode="wrap_up"' in await anna.part()
    await anna.post("/desk/wrap-up/more")
    assert (await anna.agent())["wrap_up_until"] == (now + timedelta(seconds=90)).isoformat().replace("+00:00", "Z")
    assert 'data-mode="idle"' in (await anna.post("/desk/wrap-up/ready")).text
    assert (await anna.agent())["activity"] == "idle"
    assert (await anna.post("/desk/wrap-up/dance")).status_code == 404


async def test_a_stand_in_is_chosen_by_who_is_stood_in_for(anna: Sitting) -> None:
    bruno = await anna.premises.agent("Bruno Verdi")
    answer = await anna.post("/desk/stand-in", agent=bruno)
    assert "Saved" in answer.text
    assert (await anna.agent())["stand_in"] == bruno
    answer = await anna.post("/desk/stand-in", agent="agt_nobody")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    await anna.post("/desk/stand-in", agent="")
    assert (await anna.agent())["stand_in"] is None


async def test_everything_also_works_without_scripts(anna: Sitting) -> None:
    answer = await anna.browser.post("/desk/presence", data={"choice": "ready"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    shown = await anna.agent()
    assert (shown["availability"], shown["set_by_desk"]) == ("ready", False)


async def test_the_page_is_italian_for_who_reads_italian(premises: Premises) -> None:
    browser = await premises.browser("agent", agent_id=await premises.agent(), language="it")
    page = (await browser.get("/desk")).text
    for english in (
        "Ready",
        "Offline.",
        "I am ready",
        "Sound and microphone",
        "Who stands in",
        "Loudness",
        "Connecting",
    ):
        assert english not in page
