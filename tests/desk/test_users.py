"""Who may sign in: invited once, changed, shut out at once, and never all managers."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from crm.tables import audit
from desk import passwords, sessions, users
from desk.tables import users as users_table
from ivr.tables import supervisions
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.desk.browsing import HERE, Premises, add_session, add_user
from tests.desk.floor_scene import Scene

pytestmark = pytest.mark.anyio
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "three otters swim upstream"
AT = "/console/settings/users"
HTMX = {"HX-Request": "true"}


async def test_a_manager_invites_an_agent_who_chooses_a_password_once(premises: Premises, clock: VirtualClock) -> None:
    agent_id = await premises.agent("Anna Bianchi")
    manager = await premises.browser("manager")
    assert (await manager.get(f"{AT}?agent={agent_id}")).headers["location"] == f"{AT}/new?agent={agent_id}"
    form = await manager.get(f"{AT}/new?agent={agent_id}")
    assert 'value="Anna Bianchi"' in form.text  # who it is stands there already
    typed = {"name": "Anna Bianchi", "email": "Anna@Lume.example", "role": "agent", "agent_id": agent_id}
    made = await manager.post(AT, data=typed, headers=HTMX)
    link = _link(made.text)
    anna = premises.stranger()
    page = await anna.get(link)
    assert "anna@lume.example" in page.text
    assert page.headers["referrer-policy"] == "strict-origin"
    refused = await anna.post(link, data={"password": "anna.bianchi1"})
    assert (refused.status_code, "Others would try this one first" in refused.text) == (422, True)
    assert (await anna.post(link, data={"password": PASSWORD})).headers["location"] == "/"
    assert (await anna.get("/")).headers["location"] == "/desk"
    assert (await premises.stranger().get(link)).status_code == 410
    assert (await premises.stranger().post(link, data={"password": PASSWORD})).status_code == 410
    listed = await manager.get(AT)
    assert "anna@lume.example" in listed.text
    async with premises.database.read() as conn:
        user = await users.by_email(conn, "anna@lume.example")
        assert user is not None
        done = (await conn.scalars(select(audit.c.what).where(audit.c.by != "bootstrap").order_by(audit.c.id))).all()
    assert done == ["user_made", "password_chosen", "signed_in"]
    assert (await manager.get(f"{AT}?agent={agent_id}")).headers["location"] == f"{AT}/{user.id}"


def _link(shown: str) -> str:
    found = re.search(rf'value="{re.escape(HERE)}(/invite/[\w-]{{43}})"', shown)
    assert found is not None, shown
    return found[1]


@one_database
async def test_an_invitation_is_over_after_three_days_and_when_another_is_made(
    premises: Premises, clock: VirtualClock
) -> None:
    manager = await premises.browser("manager")
    user_id = await add_user(premises.database, clock)
    first = _link((await manager.post(f"{AT}/{user_id}/invite", headers=HTMX)).text)
    second = _link((await manager.post(f"{AT}/{user_id}/invite", headers=HTMX)).text)
    assert (await premises.stranger().get(first)).status_code == 410
    assert (await premises.stranger().get(second)).status_code == 200
    await clock.advance(72 * 3600 + 1)
    assert (await premises.stranger().get(second)).status_code == 410


@one_database
async def test_a_new_password_by_a_link_signs_out_whoever_had_the_old_one(
    premises: Premises, clock: VirtualClock
) -> None:
    manager = await premises.browser("manager")
    user_id = await add_user(premises.database, clock, password=await passwords.hashed(PASSWORD))
    thief = premises.stranger(Cookie=f"centralino_session={await add_session(premises.database, clock, user_id)}")
    assert (await thief.get("/account")).status_code == 200
    link = _link((await manager.post(f"{AT}/{user_id}/invite", headers=HTMX)).text)
    assert (await thief.get("/account")).status_code == 200
    await premises.stranger().post(link, data={"password": f"{PASSWORD} again"})
    assert (await thief.get("/account")).status_code == 303


async def test_who_is_shut_out_is_signed_out_everywhere_and_takes_no_more_calls(
    premises: Premises, clock: VirtualClock
) -> None:
    agent_id = await premises.agent("Luca Verdi")
    manager = await premises.browser("manager", subject="issuer 1")
    luca = await premises.browser("agent", agent_id=agent_id)
    await premises.api.put(f"/agents/{agent_id}/presence", json={"availability": "ready"})
    async with premises.database.read() as conn:
        found = select(users_table.c.id).where(users_table.c.agent_id == agent_id)
        user_id = (await conn.execute(found)).scalar_one()
    answer = await manager.post(f"{AT}/{user_id}/disable", headers=HTMX)
    assert answer.status_code == 200
    assert (await luca.get("/account")).status_code == 303
    async with premises.database.read() as conn:
        assert await conn.scalar(select(agents.c.availability).where(agents.c.id == agent_id)) == "offline"
        assert await conn.scalar(select(events.c.ref).where(events.c.type == sessions.ENDED)) is not None
    await manager.post(f"{AT}/{user_id}/enable", headers=HTMX)
    assert (await luca.get("/account")).status_code == 303  # to sign in again


@pytest.mark.parametrize("to", ["disable", ""])
async def test_who_is_no_manager_any_more_hears_no_talk_any_more(premises: Premises, to: str) -> None:
    scene, manager = Scene(premises), await premises.browser("manager", subject="issuer 1")
    call_id = await scene.talk("Maria Rossi", "Anna Bianchi")
    other = await add_user(premises.database, premises.clock, subject="a 2")
    await scene.supervision(call_id, other, "Paola")
    await scene.supervision(call_id, "usr_else", "Carla")
    agent_id = await premises.agent("Paola Neri")
    as_agent = {"name": "Paola", "email": "paola@example.org", "role": "agent", "agent_id": agent_id}
    answer = await manager.post(f"{AT}/{other}/{to}".rstrip("/"), data={} if to else as_agent, headers=HTMX)
    assert answer.status_code == 200, answer.text
    async with premises.database.read() as conn:
        there = await conn.scalars(select(supervisions.c.by).where(supervisions.c.ended_at.is_(None)))
        assert list(there) == ["usr_else"]


async def test_the_last_manager_who_can_sign_in_stays_one(database: Database, clock: VirtualClock) -> None:
    one, other = await add_user(database, clock, subject="a 1"), await add_user(database, clock)  # only invited
    async with database.write() as conn:
        with pytest.raises(users.UserRefused):
            await users.disable(conn, one, clock.now())
        with pytest.raises(users.UserRefused):
            await users.change(conn, one, {"role": "agent", "agent_id": None})
    async with database.write() as conn:
        await users.choose_password(conn, other, "kept")
        assert await users.disable(conn, one, clock.now()) == 0
    async with database.write() as conn:
        with pytest.raises(users.UserRefused):
            await users.disable(conn, other, clock.now())


@one_database
async def test_what_cannot_be_is_told_beside_its_field_and_nothing_typed_is_lost(premises: Premises) -> None:
    manager = await premises.browser("manager", email="boss@lume.example", subject="a 1")
    agent_id = await premises.agent()
    await premises.browser("agent", agent_id=agent_id)
    for typed, field in (
        ({"name": "", "email": "x@lume.example", "role": "manager"}, "name"),
        ({"name": "Bruno", "email": "nonsense", "role": "manager"}, "email"),
        ({"name": "Bruno", "email": "Boss@lume.example", "role": "manager"}, "email"),
        ({"name": "Bruno", "email": "x@lume.example", "role": "agent"}, "agent_id"),
        ({"name": "Bruno", "email": "x@lume.example", "role": "agent", "agent_id": agent_id}, "agent_id"),
        ({"name": "Bruno", "email": "x@lume.example", "role": "agent", "agent_id": "agt_nobody"}, "agent_id"),
    ):
        answer = await manager.post(AT, data=typed, headers=HTMX)
        assert answer.status_code == 422, typed
        assert f'id="f-{field}-error"' in answer.text, typed
        assert f'value="{typed["email"]}"' in answer.text


@one_database
async def test_settings_are_for_managers_and_each_change_counts_at_once(
    premises: Premises, clock: VirtualClock
) -> None:
    agent = await premises.browser("agent")
    assert (await agent.get(AT)).status_code == 403
    boss = await premises.browser("manager", email="boss@lume.example", subject="a 1")
    other = await premises.browser("manager", email="other@lume.example", subject="a 2")
    agent_id = await premises.agent("Anna Bianchi")
    async with premises.database.read() as conn:
        user = await users.by_email(conn, "other@lume.example")
        assert user is not None
    typed = {"name": "Other", "email": "other@lume.example", "role": "agent", "agent_id": agent_id}
    assert (await boss.post(f"{AT}/{user.id}", data=typed, headers=HTMX)).status_code == 200
    assert (await other.get(AT)).status_code == 403
    await premises.api.delete(f"/agents/{agent_id}")
    assert (await other.get("/account")).status_code == 303  # an agent's role without an agent opens nothing


async def test_nobody_can_cut_off_oneself_nor_sign_out_the_browser_in_hand(
    premises: Premises, clock: VirtualClock
) -> None:
    boss = await premises.browser("manager", email="boss@lume.example", subject="a 1")
    async with premises.database.write() as conn:
        user = await users.by_email(conn, "boss@lume.example")
        assert user is not None
    await add_session(premises.database, clock, user.id)
    assert (await boss.post(f"{AT}/{user.id}/disable", headers=HTMX)).status_code == 422
    await boss.post(f"{AT}/{user.id}/sign-out", headers=HTMX)
    assert (await boss.get("/account")).status_code == 200
    async with premises.database.read() as conn:
        assert len(await sessions.of_user(conn, user.id, clock.now())) == 1


async def test_a_subject_is_chosen_once(database: Database, clock: VirtualClock) -> None:
    user_id = await add_user(database, clock)
    async with database.write() as conn:
        assert await users.choose_subject(conn, user_id, "issuer 1")
        assert not await users.choose_subject(conn, user_id, "issuer 2")
        await conn.execute(update(users_table).values(subject=None))


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("three otters swim upstream", True),
        ("Tre lontre risalgono il fiume", True),
        ("kX9#vLq2!mRt", True),
        ("corto", False),
        ("a" * 12, False),
        ("abababababab", False),
        ("password1234", False),
        ("Benvenuto2026!", False),
        ("0ffic1neLume!!", False),
        ("paola.neri.1980", False),
        ("qwertyuiop123", False),
        ("12345678901234", False),
        ("juventusforza1", False),
        ("x" * 201, False),
    ],
)
def test_what_may_be_a_password(password: str, good: bool) -> None:
    own = ("Officine Lume", "Paola Neri", "paola@lume.example")
    assert (passwords.fault_of(password, own) is None) is good
