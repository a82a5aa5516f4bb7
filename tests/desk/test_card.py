"""The card through an agent's day: what it shows when, what it writes down, and that nothing typed is lost."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, select, update

from callbacks.tables import callbacks
from crm.tables import audit
from desk.tables import users
from ivr.tables import calls
from routing.tables import agents, wishes
from tests.desk.browsing import Premises
from tests.desk.card_stage import SID, after_the_talk, on_the_line
from tests.routing.rows import add_call

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

PART = {"HX-Request": "true"}


class Desk:
    """Anna's browser, and Maria, whom she serves."""

    def __init__(self, premises: Premises) -> None:
        self.premises = premises

    async def open(self, **maria: Any) -> Desk:
        self.anna = await self.premises.agent()
        self.maria = await self.premises.customer(preferred_agent=self.anna, **maria)
        self.browser = await self.premises.browser("agent", agent_id=self.anna)
        return self

    async def card(self) -> str:
        answer = await self.browser.get("/desk/person", headers=PART)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, path: str, status: int = 200, /, **data: str) -> httpx2.Response:
        answer = await self.browser.post(f"/desk/people/{self.maria}{path}", data=data, headers=PART)
        assert answer.status_code == status, answer.text
        return answer

    async def told(self, path: str, **query: str) -> Any:
        answer = await self.premises.api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def notes(self) -> dict[str, str]:
        """Words by kind."""
        return {one["kind"]: one["words"] for one in (await self.told(f"/customers/{self.maria}/notes"))["items"]}

    async def talk(self, **call: Any) -> None:
        await on_the_line(self.premises, self.anna, self.maria, **call)


@pytest.fixture
async def desk(premises: Premises) -> Desk:
    return await Desk(premises).open(say="ma-RI-a", title="dottoressa")


async def test_as_it_rings_the_card_says_who_it_is_and_why_they_call(desk: Desk) -> None:
    await desk.talk(state="offered", said="My lamp went out")
    card = await desk.card()
    for told in ("Is ringing you", "Maria Rossi", "ma-RI-a", "dottoressa", "formally", "My lamp went out"):
        assert told in card
    assert "Known by the number alone" in card
    assert "You are their person." in card
    assert "<textarea" not in card  # nothing is to be written before hello


async def test_the_reason_of_our_own_call_is_not_taken_for_their_words(desk: Desk) -> None:
    await desk.talk(state="offered", direction="outbound", said="Ask about the lamp", from_number="+390699990000")
    card = await desk.card()
    assert "You are about to ring them, as promised" in card
    assert "in their words" not in card


PHOTO = "https://photos.example/maria.jpg"


async def test_before_the_first_word_everything_that_helps_is_there(premises: Premises) -> None:
    """What we share, what is open and promised, what has tired them, how they like it, what they told last."""
    desk = await Desk(premises).open(photo_url=PHOTO, style="step by step", life_notes="two cats")
    for days in (3, 6):
        at = (premises.clock.now() - timedelta(days=days)).isoformat()
        talk = {"customer": desk.maria, "agent": desk.anna, "started_at": at, "talk_seconds": 60, "topic": "lamp"}
        assert (await premises.api.post("/interactions", json=talk | {"outcome": "transferred"})).status_code == 201
    await premises.api.post("/cases", json={"customer": desk.maria, "owner": desk.anna, "title": "the flicker"})
    due_at = (premises.clock.now() + timedelta(hours=3)).isoformat()
    body = {"customer": desk.maria, "agent": desk.anna, "due_at": due_at, "reason": "the new bulb"}
    assert (await premises.api.post("/callbacks", json=body)).status_code == 201
    for words in ("It was a present.", "It came from my mother."):
        await premises.api.post(f"/customers/{desk.maria}/notes", json={"kind": "story", "words": words})
    await desk.talk(state="offered")
    card = html.unescape(await desk.card())
    for told in (
        "You have talked 2 times",
        "the flicker",
        "the new bulb",
        "What has tired them",
        "passed on 2 times",
        "step by step",
        "two cats",
    ):
        assert told in card, told
    assert "It came from my mother." in card
    assert "It was a present." not in card  # the last one alone
    assert re.search(rf'<img src="{re.escape(PHOTO)}"[^>]* data-initials="MR">', card)


async def test_who_has_no_photo_has_initials(desk: Desk) -> None:
    await desk.talk(state="offered")
    card = await desk.card()
    assert "<img" not in card
    assert re.search(r'class="avatar[^>]*>MR</span>', card)


@pytest.mark.parametrize("state", ["waiting", "choosing"])
async def test_who_waits_for_me_is_on_the_right(desk: Desk, state: str) -> None:
    """Also while they are asked what they would rather."""
    now = desk.premises.clock.now()
    paolo = await desk.premises.customer("Paolo Verdi", "+393337654321")
    async with desk.premises.database.write() as conn:
        for n, customer in enumerate((desk.maria, paolo)):
            await add_call(conn, f"call_{n}", now, sid=f"CA{n:032}", customer_id=customer, state=state)
        await conn.execute(insert(wishes).values(call_id="call_0", agent_id=desk.anna, ranked_at=now))
    told = (await desk.browser.get("/desk/today", headers=PART)).text
    assert "Waiting for you" in told
    assert "Maria Rossi" in told
    assert "Paolo Verdi" not in told


async def test_the_card_is_left_alone_while_it_would_show_the_same(desk: Desk) -> None:
    await desk.talk()
    address = (await desk.card()).split('hx-get="')[1].split('"')[0]
    assert (await desk.browser.get(address, headers=PART)).status_code == 204
    await after_the_talk(desk.premises, desk.anna)
    assert (await desk.browser.get(address, headers=PART)).status_code == 200


async def test_each_card_that_is_drawn_is_written_down_and_none_that_is_not(desk: Desk) -> None:
    await desk.talk()

    async def seen() -> int:
        async with desk.premises.database.read() as conn:
            found = audit.c.what.in_(("read", "searched")) & (audit.c.customer_id == desk.maria)
            return len(list(await conn.execute(select(audit.c.id).where(found))))

    before = await seen()
    address = (await desk.card()).split('hx-get="')[1].split('"')[0]
    drawn = await seen()
    assert drawn > before
    await desk.browser.get(address, headers=PART)
    assert await seen() == drawn


async def test_a_minute_before_a_promise_the_person_is_there(desk: Desk) -> None:
    due_at = desk.premises.clock.now() + timedelta(minutes=30)
    body = {"customer": desk.maria, "agent": desk.anna, "due_at": due_at.isoformat(), "reason": "the lamp is in"}
    assert (await desk.premises.api.post("/callbacks", json=body)).status_code == 201
    idle = await desk.card()
    assert "Next, you ring" in idle
    assert f'data-look-again="{(due_at - timedelta(minutes=1)).astimezone(due_at.tzinfo).isoformat()[:10]}' in idle
    async with desk.premises.database.write() as conn:
        soon = desk.premises.clock.now() + timedelta(seconds=50)
        await conn.execute(update(callbacks).values(promised_at=soon))
    card = await desk.card()
    assert 'data-mode="promise"' in card
    assert "the lamp is in" in card
    assert "ma-RI-a" in card


async def test_notes_save_themselves_into_one_note_and_one_story_of_the_call(desk: Desk) -> None:
    await desk.talk()
    await desk.post("/notes", call=SID, note="wants", story="", tags="")
    await desk.post("/notes", call=SID, note="wants a new lamp", story="it was a present", tags="lamp, gift")
    found = (await desk.told(f"/customers/{desk.maria}/notes"))["items"]
    assert sorted((one["kind"], one["words"], one["call"]) for one in found) == [
        ("note", "wants a new lamp", SID),
        ("story", "it was a present", SID),
    ]
    assert next(one for one in found if one["kind"] == "story")["tags"] == ["lamp", "gift"]
    card = await desk.card()  # after a reload all of it is there
    for kept in ("wants a new lamp", "it was a present", "lamp, gift"):
        assert kept in card


async def test_what_is_emptied_is_taken_back_and_may_begin_again(desk: Desk) -> None:
    await desk.talk()
    for note in ("a", "", "a"):
        await desk.post("/notes", call=SID, note=note)
    assert await desk.notes() == {"note": "a"}


async def test_a_note_that_cannot_be_kept_says_so(desk: Desk) -> None:
    await desk.talk()
    answer = await desk.post("/notes", 422, call=SID, note="n" * 20_001)
    assert 'role="alert"' in answer.text


async def test_a_colleagues_note_of_the_same_call_is_theirs(desk: Desk) -> None:
    await desk.talk()
    body = {"words": "from before", "call": SID}
    await desk.premises.api.post(f"/customers/{desk.maria}/notes", json=body)
    await desk.post("/notes", call=SID, note="mine")
    words = {one["words"] for one in (await desk.told(f"/customers/{desk.maria}/notes"))["items"]}
    assert words == {"from before", "mine"}


async def test_a_case_is_opened_for_the_call_in_one_step(desk: Desk) -> None:
    await desk.talk()
    answer = await desk.post("/cases", call=SID, title="The lamp goes out")
    (case,) = (await desk.told("/cases", customer=desk.maria))["items"]
    assert (case["title"], case["owner"], case["state"]) == ("The lamp goes out", desk.anna, "open")
    assert "this call" in answer.text
    assert (await desk.told(f"/calls/{SID}"))["case"] == case["id"]
    await desk.post(f"/cases/{case['id']}", call=SID, do="unlink")
    assert (await desk.told(f"/calls/{SID}"))["case"] is None
    await desk.post(f"/cases/{case['id']}", call=SID, do="link")
    assert (await desk.told(f"/calls/{SID}"))["case"] == case["id"]


async def test_a_case_without_a_title_says_so_beside_the_field(desk: Desk) -> None:
    answer = await desk.post("/cases", 422, call="", title="  ")
    assert "Say in a few words" in answer.text


async def test_a_case_is_taken_solved_and_opened_again(desk: Desk) -> None:
    bruno = await desk.premises.agent("Bruno Verdi")
    made = await desk.premises.api.post("/cases", json={"customer": desk.maria, "owner": bruno, "title": "bill"})
    case = made.json()["id"]
    await desk.post(f"/cases/{case}", do="take")
    assert (await desk.told(f"/cases/{case}"))["owner"] == desk.anna
    await desk.post(f"/cases/{case}", do="solve")
    assert (await desk.told(f"/cases/{case}"))["state"] == "solved"
    await desk.post(f"/cases/{case}", do="reopen")
    assert (await desk.told(f"/cases/{case}"))["state"] == "open"


async def test_a_promise_is_made_in_one_step_from_an_honest_time(desk: Desk) -> None:
    await desk.talk()
    form = (await desk.browser.get(f"/desk/people/{desk.maria}/promise?call={SID}", headers=PART)).text
    at = form.split('name="at" value="')[1].split('"')[0]
    answer = await desk.post("/promises", at=at, own="", reason="when the lamp is in", who="me", call=SID)
    (promise,) = (await desk.told("/callbacks", customer=desk.maria))["items"]
    assert (promise["agent"], promise["reason"], promise["origin_call"]) == (desk.anna, "when the lamp is in", SID)
    assert "Promised:" in answer.text


async def test_a_time_that_cannot_be_kept_shows_the_nearest_and_loses_nothing(desk: Desk) -> None:
    answer = await desk.post("/promises", 422, at="another", own="2026-03-03T22:00", reason="the lamp", who="me")
    assert "These are the nearest that can." in answer.text
    assert answer.text.count('type="radio"') >= 3
    assert 'value="the lamp"' in answer.text
    assert 'value="2026-03-03T22:00"' in answer.text
    assert (await desk.told("/callbacks", customer=desk.maria))["items"] == []


async def test_a_date_that_is_none_says_so_beside_the_field(desk: Desk) -> None:
    answer = await desk.post("/promises", 422, at="another", own="soon", reason="", who="me")
    assert "This is no date and time." in answer.text


async def test_a_promise_is_moved_and_kept_another_way(desk: Desk) -> None:
    due_at = (desk.premises.clock.now() + timedelta(hours=2)).isoformat()
    body = {"customer": desk.maria, "agent": desk.anna, "due_at": due_at}
    promise = (await desk.premises.api.post("/callbacks", json=body)).json()["id"]
    page = await desk.browser.get(f"/desk/people/{desk.maria}/promises/{promise}")
    assert page.status_code == 200
    await desk.post(f"/promises/{promise}", do="move", at="another", own="2026-03-04T11:00")
    assert (await desk.told(f"/callbacks/{promise}"))["due_at"] == "2026-03-04T10:00:00Z"
    refused = await desk.post(f"/promises/{promise}", 422, do="move", at="another", own="")
    assert 'role="alert"' in refused.text
    await desk.post(f"/promises/{promise}", do="keep", how="in_person", note="came by")
    assert (await desk.told(f"/callbacks/{promise}"))["state"] == "kept"


async def test_facts_change_in_place_and_a_wrong_one_loses_nothing(desk: Desk) -> None:
    form = {"name": "Maria Rossi", "called": "Mari", "phones": "+393331234567", "formal": "informal"}
    answer = await desk.post("/facts", 422, **form, email="nowhere")
    assert "This is not an e-mail address." in answer.text
    assert 'value="Mari"' in answer.text
    await desk.post("/facts", **form, email="maria@rossi.example", style="slowly", tags="vip, lamp")
    who = await desk.told(f"/customers/{desk.maria}")
    assert (who["called"], who["formal"], who["style"], who["tags"]) == ("Mari", False, "slowly", ["vip", "lamp"])
    assert who["say"] is None  # emptied, as the form said


async def test_a_wrong_number_among_several_is_told_beside_the_numbers(desk: Desk) -> None:
    answer = await desk.post("/facts", 422, name="Maria", phones="+393331234567, 12", formal="formal")
    assert 'id="facts-phones-error"' in answer.text


async def test_the_timeline_is_searched_and_narrowed(desk: Desk) -> None:
    await desk.post("/notes/more", kind="note", words="prefers mornings", tags="")
    await desk.post("/cases", call="", title="lamp")
    get, address = desk.browser.get, f"/desk/people/{desk.maria}/timeline"
    both = (await get(address)).text
    assert "prefers mornings" in both
    assert "lamp" in both
    found = await desk.browser.post(f"{address}?part=1", data={"q": "mornings"}, headers=PART)
    assert "mornings" in found.text
    assert "lamp" not in found.text
    assert "mornings" not in (await get(f"{address}?part=1&kind=case")).text


async def test_two_who_change_one_record_undo_nothing_of_each_other(desk: Desk) -> None:
    was = {"name": "Maria Rossi", "style": "", "notes": "", "phones": "+393331234567", "formal": "formal"}
    asked = {**was, "was": json.dumps(was), "language": "it-IT"}
    await desk.post("/facts", **asked | {"notes": "rings at noon"})
    await desk.post("/facts", **asked | {"style": "step by step"})
    who = (await desk.premises.api.get(f"/customers/{desk.maria}")).json()
    assert (who["notes"], who["style"]) == ("rings at noon", "step by step")


async def test_nothing_is_written_into_a_call_of_somebody_else(desk: Desk) -> None:
    await desk.post("/notes", 403, call="CA" + "9" * 32, note="not mine")
    await desk.post("/cases", 403, call="CA" + "9" * 32, title="not mine")
    await desk.post("/wrap-up", 403, call="CA" + "9" * 32, summary="not mine")
    done = {"done": "1", "outcome": "open", "case": "new", "topic": "not mine"}
    await desk.post("/wrap-up", 403, call="CA" + "9" * 32, **done)
    assert (await desk.premises.api.get(f"/cases?customer={desk.maria}")).json()["items"] == []
    assert (await desk.premises.api.get(f"/customers/{desk.maria}/notes")).json()["items"] == []


async def test_a_note_from_a_profile_without_words_says_so(desk: Desk) -> None:
    answer = await desk.post("/notes/more", 422, kind="note", words=" ", tags="lamp")
    assert 'role="alert"' in answer.text
    assert 'value="lamp"' in answer.text


async def test_today_shows_ones_promises_at_risk_first_and_is_left_alone_if_nothing_changes(desk: Desk) -> None:
    luca = await desk.premises.customer("Luca Ferrari", "+393339999999")
    for customer, hours in ((desk.maria, 1), (luca, 3)):
        due_at = (desk.premises.clock.now() + timedelta(hours=hours)).isoformat()
        body = {"customer": customer, "agent": desk.anna, "due_at": due_at}
        assert (await desk.premises.api.post("/callbacks", json=body)).status_code == 201
    async with desk.premises.database.write() as conn:
        await conn.execute(update(callbacks).where(callbacks.c.customer_id == luca).values(risk="owner_busy"))
    answer = await desk.browser.get("/desk/today", headers=PART)
    assert answer.text.index("Luca Ferrari") < answer.text.index("Maria Rossi")
    assert "might not be free in time" in answer.text
    address = answer.text.split('hx-get="')[1].split('"')[0]
    assert (await desk.browser.get(address, headers=PART)).status_code == 204


async def test_a_call_without_a_person_asks_for_a_name(desk: Desk) -> None:
    await on_the_line(desk.premises, desk.anna, None, from_number="anonymous", said="It is about my lamp")
    card = await desk.card()
    assert "Number withheld" in card
    assert "It is about my lamp" in card
    assert 'name="name"' in card
    assert 'name="phone"' in card


async def test_another_one_of_the_same_number_is_one_press_away(desk: Desk) -> None:
    paolo = await desk.premises.customer("Paolo Rossi")
    await desk.talk()
    assert paolo in await desk.card()
    async with desk.premises.database.write() as conn:
        await conn.execute(update(calls).values(proved_at=desk.premises.clock.now()))
    assert paolo not in await desk.card()  # who has proved who they are is nobody else


class TestWrapUp:
    """After the talk."""

    @pytest.fixture
    async def over(self, desk: Desk) -> Desk:
        await desk.talk(said="My lamp")
        now = desk.premises.clock.now().isoformat()
        talk = {"customer": desk.maria, "agent": desk.anna, "external_id": SID, "started_at": now, "talk_seconds": 90}
        await desk.premises.api.post("/interactions", json=talk | {"outcome": "solved", "summary": "My lamp"})
        await after_the_talk(desk.premises, desk.anna)
        return desk

    async def test_the_form_does_not_take_what_they_said_before_for_a_summary(self, over: Desk) -> None:
        card = await over.card()
        assert 'data-mode="wrap_up"' in card
        assert 'id="wrap-summary" name="summary" type="text" value=""' in card

    async def test_what_is_typed_is_there_after_a_reload_and_stays_if_nothing_is_sent(self, over: Desk) -> None:
        await over.post("/wrap-up", call=SID, summary="New lamp ordered")
        assert 'value="New lamp ordered"' in await over.card()
        assert await over.notes() == {"note": "New lamp ordered"}

    @pytest.mark.parametrize(("address", "field"), [("/wrap-up", "summary"), ("/notes", "note")])
    async def test_the_time_does_not_end_under_the_hand_that_writes(self, over: Desk, address: str, field: str) -> None:
        clock, mine = over.premises.clock, agents.c.id == over.anna

        async def due_at() -> datetime:
            async with over.premises.database.read() as conn:
                found: datetime | None = await conn.scalar(select(agents.c.due_at).where(mine))
            assert found is not None
            return found

        await over.post(address, call=SID, **{field: "New"})
        async with over.premises.database.write() as conn:
            await conn.execute(update(agents).where(mine).values(due_at=clock.now() + timedelta(seconds=60)))
        await over.post(address, call=SID, **{field: "New lamp"})
        assert await due_at() == clock.now() + timedelta(seconds=60)  # there is enough of it
        async with over.premises.database.write() as conn:
            await conn.execute(update(agents).where(mine).values(due_at=clock.now() + timedelta(seconds=2)))
        await over.post(address, call=SID, **{field: "New lamp ord"})
        assert await due_at() >= clock.now() + timedelta(seconds=30)
        async with over.premises.database.write() as conn:
            long = clock.now() - timedelta(minutes=15)
            await conn.execute(update(agents).where(mine).values(since_at=long, due_at=clock.now()))
        await over.post(address, call=SID, **{field: "New lamp ordered"})
        assert await due_at() == clock.now()  # within reason

    async def test_done_writes_it_into_the_conversation_and_ends_the_wrap_up(self, over: Desk) -> None:
        await over.post("/wrap-up", call=SID, summary="New lamp")
        sent = {"outcome": "open", "summary": "New lamp ordered", "topic": "lamp", "case": "new", "mine": "on"}
        answer = await over.post("/wrap-up", call=SID, done="1", **sent)
        assert answer.headers["hx-retarget"] == "#card"
        (talk,) = (await over.told("/interactions", customer=over.maria))["items"]
        (case,) = (await over.told("/cases", customer=over.maria))["items"]
        assert (talk["outcome"], talk["summary"], talk["topic"]) == ("open", "New lamp ordered", "lamp")
        assert talk["case"] == case["id"]
        assert (await over.told(f"/agents/{over.anna}"))["activity"] == "idle"
        assert await over.notes() == {}  # the conversation has the sentence now

    async def test_following_up_is_promised_with_it(self, over: Desk) -> None:
        form = (await over.browser.get(f"/desk/people/{over.maria}/follow-up", headers=PART)).text
        assert 'value="" checked' in form  # nobody promises by opening the form
        at = form.split('name="at" value="2')[1].split('"')[0]
        sent = {"outcome": "solved", "at": f"2{at}", "follow_reason": "does it shine?"}
        await over.post("/wrap-up", call=SID, done="1", **sent)
        (promise,) = (await over.told("/callbacks", customer=over.maria))["items"]
        assert (promise["kind"], promise["agent"], promise["reason"]) == ("follow_up", over.anna, "does it shine?")

    async def test_without_an_outcome_it_comes_back_with_all_that_was_typed(self, over: Desk) -> None:
        answer = await over.post("/wrap-up", 422, call=SID, done="1", summary="New lamp ordered", topic="lamp")
        assert "Say whether it is solved." in answer.text
        assert 'value="New lamp ordered"' in answer.text
        assert (await over.told(f"/agents/{over.anna}"))["activity"] == "wrap_up"

    async def test_a_follow_up_that_cannot_be_kept_keeps_the_form(self, over: Desk) -> None:
        sent = {"outcome": "solved", "summary": "done", "at": "another", "own": "2026-03-08T23:00"}
        answer = await over.post("/wrap-up", 422, call=SID, done="1", **sent)
        assert "That time cannot be kept." in answer.text
        assert 'value="done"' in answer.text


class TestTransfer:
    """Bringing in a colleague, as far as it goes without telephones."""

    @pytest.fixture
    async def bruno(self, desk: Desk) -> str:
        bruno = await desk.premises.agent("Bruno Verdi", skills={"billing": 3})
        await desk.premises.api.put(f"/agents/{bruno}/presence", json={"availability": "ready"})
        await desk.talk(said="My lamp")
        await desk.post("/notes", call=SID, note="wants a new one")
        return bruno

    async def test_the_note_says_why_they_call_and_what_was_written_down(self, desk: Desk, bruno: str) -> None:
        dialog = (await desk.browser.get("/desk/transfer", headers=PART)).text
        assert "My lamp\nwants a new one" in dialog
        assert "Ask: Bruno Verdi" in dialog
        listed = await desk.browser.get("/desk/transfer/colleagues?q=nobody", headers=PART)
        assert "Nobody fits." in listed.text

    @pytest.mark.parametrize(
        ("language", "told"),
        [("en", ("away (Lunch)", "Solved it once.")), ("it", ("in pausa (Pranzo)", "Ha risolto una volta."))],
    )
    async def test_who_is_away_and_why_and_what_they_share_is_told_in_the_readers_language(
        self, desk: Desk, bruno: str, language: str, told: tuple[str, str]
    ) -> None:
        away = {"availability": "away", "reason": "lunch"}
        await desk.premises.api.put(f"/agents/{bruno}/presence", json=away)
        before = (desk.premises.clock.now() - timedelta(days=2)).isoformat()
        talk = {"customer": desk.maria, "agent": bruno, "started_at": before, "talk_seconds": 60, "outcome": "solved"}
        assert (await desk.premises.api.post("/interactions", json=talk)).status_code == 201
        async with desk.premises.database.write() as conn:
            await conn.execute(update(users).where(users.c.agent_id == desk.anna).values(language=language))
        dialog = (await desk.browser.get("/desk/transfer", headers=PART)).text
        assert [words for words in told if words not in dialog] == []

    async def test_a_colleague_is_asked_and_given_up_again(self, desk: Desk, bruno: str) -> None:
        answer = await desk.browser.post("/desk/transfer", data={"agent": bruno, "note": "for you"}, headers=PART)
        assert "Bruno Verdi is being asked." in answer.text
        assert (await desk.told(f"/calls/{SID}"))["transfer"]["note"] == "for you"
        theirs = await desk.premises.browser("agent", agent_id=bruno)
        card = (await theirs.get("/desk/person", headers=PART)).text
        assert "Anna Bianchi brings them to you" in card
        assert "for you" in card
        answer = await desk.browser.post("/desk/transfer/back", headers=PART)
        assert "Ask: Bruno Verdi" in answer.text
        assert (await theirs.get("/desk/person", headers=PART)).text.count("Maria Rossi") == 0

    async def test_who_cannot_be_asked_is_told_and_the_note_stays(self, desk: Desk, bruno: str) -> None:
        await desk.premises.api.put(f"/agents/{bruno}/presence", json={"availability": "offline"})
        answer = await desk.browser.post("/desk/transfer", data={"agent": bruno, "note": "for you"}, headers=PART)
        assert answer.status_code == 409
        assert "They are not free just now." in answer.text
        assert ">for you</textarea>" in answer.text
        answer = await desk.browser.post("/desk/transfer", data={"note": "for you"}, headers=PART)
        assert "Nobody with this skill is free." in answer.text

    async def test_there_is_nothing_to_pass_on_without_a_talk(self, desk: Desk) -> None:
        for answer in (
            await desk.browser.get("/desk/transfer", headers=PART),
            await desk.browser.post("/desk/transfer/introduce", headers=PART),
        ):
            assert "You are not talking with anybody now." in answer.text
        assert (await desk.browser.post("/desk/transfer/elsewhere", headers=PART)).status_code == 404


async def test_records_that_look_alike_are_shown_and_a_manager_makes_them_one(desk: Desk) -> None:
    twin = await desk.premises.customer("Maria Rossi", email="maria@rossi.example")
    told = (await desk.browser.get(f"/desk/people/{desk.maria}/alike", headers=PART)).text
    assert "Perhaps the same person" in told
    assert "tell a manager" in told
    manager = await desk.premises.browser("manager")
    answer = await manager.post(f"/desk/people/{desk.maria}/merge", data={"other": twin}, headers=PART)
    assert answer.headers["hx-redirect"] == f"/desk/people/{desk.maria}"
    assert (await desk.told(f"/customers/{desk.maria}"))["email"] == "maria@rossi.example"
    refused = await desk.browser.post(f"/desk/people/{desk.maria}/merge", data={"other": twin}, headers=PART)
    assert 'role="alert"' in refused.text


async def test_a_code_is_sent_only_for_this_call_and_a_wrong_one_proves_nothing(desk: Desk) -> None:
    await desk.talk(arrived_at=desk.premises.clock.now() + timedelta(seconds=1))
    sent = await desk.post("/proof", call=SID)
    assert "The six digits they read to you" in sent.text
    wrong = await desk.post("/proof", 422, call=SID, code="00 00 00")
    assert "That is another code." in wrong.text
    assert (await desk.told(f"/calls/{SID}"))["identity"] == "number"
    luca = await desk.premises.customer("Luca Ferrari", "+393339999999", preferred_agent=desk.anna)
    answer = await desk.browser.post(f"/desk/people/{luca}/proof", data={"call": SID}, headers=PART)
    assert answer.status_code == 404
