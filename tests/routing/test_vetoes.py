"""Who does not want whom: said once, kept to everywhere, and told to nobody whom it does not concern."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from api.tokens import Guard
from callbacks.promises import Promises
from callbacks.wish import CannotKeep, Wish
from crm.api import Others
from crm.cases import open_case
from ivr.api import calls_router
from routing.choose import choose
from routing.explain import sentence, to_caller
from routing.live_floor import Floor
from routing.plan import Plan
from routing.tables import vetoes
from routing.vetoes import decline, export_declined, vetoed_by
from routing.vetoes_api import vetoes_router
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import HOUSE, MARIA, Door
from tests.routing.people import NOW, agent, caller, knows
from tests.routing.rows import add_agent

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
THEIRS, MINE = {"by": "customer"}, {"by": "agent"}


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    routers = (vetoes_router(database, clock, guard), calls_router(database, clock, guard))
    client = asking(database, clock, others=Others(confidential={"declined_agents": export_declined}), more=routers)
    yield client
    await client.close()


class Pair:
    """Maria and Anna, with their ids, and Anna's token."""

    def __init__(self, ask: Asking) -> None:
        self.ask = ask

    async def there(self) -> Pair:
        maria = await self.ask.made("/customers", {"name": "Maria", "external_id": "CRM-1"})
        anna = await self.ask.made("/agents", {"name": "Anna", "address": "client:anna", "external_id": "A-1"})
        self.maria, self.anna = maria["id"], anna["id"]
        self.all, self.one = f"/customers/{self.maria}/vetoes", f"/customers/{self.maria}/vetoes/{self.anna}"
        self.token = await self.ask.token("agent", self.anna)
        return self

    async def sides(self, **options: Any) -> list[str]:
        answer = await self.ask.get(self.one, **options)
        return [] if answer.status_code == 404 else [said["by"] for said in answer.json()["declined"]]


@pytest.fixture
async def pair(ask: Asking) -> Pair:
    return await Pair(ask).there()


async def test_either_side_declines_and_saying_so_twice_changes_nothing(pair: Pair, clock: VirtualClock) -> None:
    ask = pair.ask
    first = await ask("PUT", pair.one, THEIRS)
    since = clock.now().isoformat().replace("+00:00", "Z")
    assert first.json() == {
        "customer": pair.maria,
        "agent": pair.anna,
        "declined": [{"by": "customer", "at": since}],
    }
    await clock.advance(60)
    assert (await ask("PUT", pair.one, THEIRS)).json() == first.json()
    both = (await ask("PUT", pair.one, MINE)).json()
    assert [said["by"] for said in both["declined"]] == ["customer", "agent"]
    assert (await ask.get(pair.one)).json() == both
    assert (await ask.get(pair.all)).json() == {"items": [both], "next": None}
    async with ask.database.read() as conn:
        assert await vetoed_by(conn, pair.maria) == {pair.anna}


@on_sqlite
async def test_what_one_side_said_is_taken_back_without_the_others(pair: Pair) -> None:
    ask = pair.ask
    for body in (THEIRS, MINE):
        await ask("PUT", pair.one, body)
    assert (await ask("DELETE", f"{pair.one}?by=customer")).status_code == 204
    assert await pair.sides() == ["agent"]
    assert (await ask("DELETE", f"{pair.one}?by=customer")).status_code == 404
    await ask("PUT", pair.one, THEIRS)
    assert (await ask("DELETE", pair.one)).status_code == 204  # both at once
    assert await pair.sides() == []
    assert (await ask.get(pair.all)).json()["items"] == []


async def test_two_who_say_the_same_at_once_say_it_once(pair: Pair) -> None:
    answers = await asyncio.gather(*(pair.ask("PUT", pair.one, THEIRS) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    async with pair.ask.database.read() as conn:
        assert await conn.scalar(select(func.count()).select_from(vetoes)) == 1


@on_sqlite
async def test_the_two_may_be_called_by_their_external_ids(pair: Pair) -> None:
    made = (await pair.ask("PUT", "/customers/CRM-1/vetoes/A-1", THEIRS)).json()
    assert (made["customer"], made["agent"]) == (pair.maria, pair.anna)
    assert (await pair.ask.get("/customers/CRM-1/vetoes")).json()["items"] == [made]
    assert (await pair.ask("DELETE", "/customers/CRM-1/vetoes/A-1")).status_code == 204


@on_sqlite
async def test_who_does_not_exist_is_named(pair: Pair) -> None:
    for path, field in (
        (f"/customers/cus_nobody/vetoes/{pair.anna}", "customer_id"),
        (f"{pair.all}/agt_nobody", "agent_id"),
    ):
        for method, body in (("GET", None), ("PUT", THEIRS), ("DELETE", None)):
            answer = await pair.ask(method, path, body)
            assert (answer.status_code, answer.json()["field"]) == (404, field), (method, path)
    assert (await pair.ask.get("/customers/cus_nobody/vetoes")).json()["field"] == "customer_id"
    for wrong, field in (({}, "by"), ({"by": "manager"}, "by"), (THEIRS | {"x": 1}, "x")):
        answer = await pair.ask("PUT", pair.one, wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


@on_sqlite
async def test_a_service_sees_and_says_both_sides(pair: Pair) -> None:
    token = await pair.ask.token("service")
    for body in (THEIRS, MINE):
        assert (await pair.ask("PUT", pair.one, body, token=token)).status_code == 200
    assert await pair.sides(token=token) == ["customer", "agent"]
    assert (await pair.ask("DELETE", pair.one, token=token)).status_code == 204


@on_sqlite
async def test_an_agent_cannot_find_out_that_a_customer_declined_them(pair: Pair) -> None:
    ask, mine = pair.ask, {"token": pair.token}
    unsaid = await ask.get(pair.one, **mine)
    gone = await ask("DELETE", pair.one, **mine)
    await ask("PUT", pair.one, THEIRS)
    for before, method, path in ((unsaid, "GET", pair.one), (gone, "DELETE", pair.one)):
        after = await ask(method, path, **mine)
        assert (after.status_code, after.json()) == (before.status_code, before.json())
    assert (await ask.get(pair.all, **mine)).json() == {"items": [], "next": None}
    said = (await ask("PUT", pair.one, MINE, **mine)).json()
    assert [one["by"] for one in said["declined"]] == ["agent"]
    assert (await ask.get(pair.one, **mine)).json() == said
    assert (await ask.get(pair.all, **mine)).json()["items"] == [said]
    assert (await ask("DELETE", pair.one, **mine)).status_code == 204
    assert await pair.sides() == ["customer"]  # an agent takes back their own word and no other


@on_sqlite
async def test_an_agent_speaks_for_themselves_only(pair: Pair) -> None:
    ask = pair.ask
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "client:ugo"})
    await ask("PUT", f"{pair.all}/{ugo['id']}", MINE)
    assert (await ask("PUT", pair.one, THEIRS, token=pair.token)).json()["field"] == "by"
    assert (await ask("DELETE", f"{pair.one}?by=customer", token=pair.token)).status_code == 403
    for agent_id in (ugo["id"], "agt_nobody"):  # neither is told apart
        for method, body in (("GET", None), ("PUT", MINE), ("DELETE", None)):
            assert (await ask(method, f"{pair.all}/{agent_id}", body, token=pair.token)).status_code == 403
    assert (await ask.get(pair.all, token=pair.token)).json()["items"] == []


@on_sqlite
async def test_many_come_page_by_page_each_pairing_once(pair: Pair) -> None:
    made = [await pair.ask.made("/agents", {"name": "Ugo", "address": f"client:ugo{n}"}) for n in range(4)]
    for one in made:
        for body in (THEIRS, MINE):
            await pair.ask("PUT", f"{pair.all}/{one['id']}", body)
    assert len((await pair.ask.get(f"{pair.all}?limit=3")).json()["items"]) == 3
    found = await pair.ask.every_page(pair.all, 2)
    assert [veto["agent"] for veto in found] == sorted(one["id"] for one in made)
    assert {len(veto["declined"]) for veto in found} == {2}


@on_sqlite
async def test_neither_story_nor_event_tells_of_it(pair: Pair) -> None:
    async with pair.ask.database.read() as conn:
        before = await conn.scalar(select(func.count()).select_from(events))
    for body in (THEIRS, MINE):
        await pair.ask("PUT", pair.one, body)
    await pair.ask("DELETE", f"{pair.one}?by=agent")
    async with pair.ask.database.read() as conn:
        assert await conn.scalar(select(func.count()).select_from(events)) == before
    assert (await pair.ask.get(f"/customers/{pair.maria}/timeline")).json()["items"] == []
    assert pair.anna not in (await pair.ask.get(f"/customers/{pair.maria}")).text
    assert pair.maria not in (await pair.ask.get(f"/agents/{pair.anna}")).text


async def test_an_export_tells_whom_they_declined_and_not_who_declined_them(pair: Pair) -> None:
    ugo = await pair.ask.made("/agents", {"name": "Ugo", "address": "client:ugo"})
    await pair.ask("PUT", pair.one, THEIRS)
    await pair.ask("PUT", f"{pair.all}/{ugo['id']}", MINE)
    whole = (await pair.ask.get(f"/customers/{pair.maria}/export")).json()
    assert [one["agent"] for one in whole["more"]["declined_agents"]] == [pair.anna]
    assert ugo["id"] not in json.dumps(whole)
    to_an_agent = await pair.ask.get(f"/customers/{pair.maria}/export", token=pair.token)
    assert to_an_agent.status_code == 200
    assert pair.anna not in to_an_agent.text


@pytest.mark.parametrize("who", ["customers", "agents"])
async def test_it_goes_with_either_of_the_two(pair: Pair, who: str) -> None:
    for body in (THEIRS, MINE):
        await pair.ask("PUT", pair.one, body)
    path = {"customers": pair.maria, "agents": pair.anna}[who]
    assert (await pair.ask("DELETE", f"/{who}/{path}")).status_code == 204
    async with pair.ask.database.read() as conn:
        assert await conn.scalar(select(func.count()).select_from(vetoes)) == 0


def test_no_reason_and_no_sentence_names_who_is_not_to_be() -> None:
    """Anna is the one they chose, who knows them best and who is free."""
    declined = caller(preferred="anna", owners=frozenset({"anna"}), ties=knows("anna"), vetoed=frozenset({"anna"}))
    decision = choose(declined, [agent("Anna", seconds=600), agent("Luca")], Plan(), NOW)
    assert decision.who is not None
    assert decision.who.agent.id == "luca"
    words = [text(decision, declined, language) for text in (sentence, to_caller) for language in ("it-IT", "en-GB")]
    assert "anna" not in " ".join([json.dumps(decision.reasons()), *words]).lower()


def test_whose_only_speaker_of_their_language_is_not_to_be_gets_somebody_all_the_same() -> None:
    declined = caller(language="fr-FR", vetoed=frozenset({"anna"}))
    decision = choose(declined, [agent("Anna", languages=("fr-FR",)), agent("Luca")], Plan(), NOW)
    assert decision.action == "ring"


@on_sqlite
async def test_so_it_is_on_a_floor_that_is_read(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), languages=["fr-FR"])
        await add_agent(conn, "luca", clock.now())
    async with database.read() as conn:
        declined = caller(language="fr-FR", vetoed=frozenset({"anna"}))
        found = await Floor().candidates(conn, declined, clock.now())
        assert "luca" in {one.id for one in found.agents}
        assert found.need.language is None


@on_sqlite
async def test_a_call_goes_to_somebody_else_and_says_nothing_of_it(ask: Asking, clock: VirtualClock) -> None:
    door = Door(ask.database, clock)
    for who in ("anna", "luca"):
        await door.agent(who)
    maria = await door.customer("Maria", MARIA, preferred_agent="anna")
    await ask("PUT", f"/customers/{maria}/vetoes/anna", MINE)
    heard = await door.ring()
    assert [ring["to"] for ring in door.rings] == ["client:luca"]
    shown = (await ask.get("/calls")).json()["items"]
    assert "luca" in json.dumps(shown[0]["decisions"])
    assert "anna" not in f"{json.dumps(shown)} {heard.text}".lower()
    await door.client.aclose()


@on_sqlite
async def test_a_call_back_is_offered_by_the_next_who_knows_them(database: Database, clock: VirtualClock) -> None:
    """Maria chose Anna, who declined her; Bea holds her open matter."""
    door = Door(database, clock)
    for who in ("anna", "bea"):
        await door.agent(who)
    maria = await door.customer("Maria", MARIA, preferred_agent="anna")
    async with database.write() as conn:
        await decline(conn, maria, "anna", "agent", now=clock.now())
        await open_case(conn, {"customer_id": maria, "owner": "bea", "state": "open"}, clock.now())
    await clock.advance(12 * 3600)
    await door.wait(await door.press(await door.ring(), "2"))
    (promise,) = await door.all_promises()
    assert promise.agent_id == "bea"
    await door.client.aclose()


async def test_nobody_is_promised_a_call_by_whom_they_declined(database: Database, clock: VirtualClock) -> None:
    door, promises = Door(database, clock), Promises(HOUSE)
    await door.agent("anna")
    maria = await door.customer("Maria", MARIA)
    wish = Wish(customer_id=maria, number=MARIA, language="it-IT", due_at=clock.now() + timedelta(hours=2))
    hers = Wish(customer_id=maria, number=MARIA, language="it-IT", due_at=wish.due_at, agent_id="anna")
    async with database.write() as conn:
        await decline(conn, maria, "anna", "customer", now=clock.now())
        for one in (hers, wish):  # there is nobody else
            with pytest.raises(CannotKeep):
                await promises.make(conn, one, Plan(), now=clock.now())
    await door.agent("luca")
    async with database.write() as conn:
        left, _ = await promises.make(conn, hers, Plan(), now=clock.now(), honest=False)
        assert left.agent_id is None  # a message is for whoever may answer it
        kept, new = await promises.make(conn, wish, Plan(), now=clock.now())
    assert (new, kept.promised_at) == (False, wish.due_at)
    await door.client.aclose()
