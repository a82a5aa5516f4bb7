"""By password: who is let in, what everybody else is told, and how often they may try."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm.tables import audit
from desk import passwords, users
from desk.attempts import MOST_OF_ADDRESS, MOST_OF_SOURCE
from desk.sign_in.entering import inside
from desk.tables import sign_in_failures
from desk.tables import users as users_table
from desk.viewer import COOKIE
from store.clock import VirtualClock
from tests.desk.browsing import Premises, add_session

pytestmark = pytest.mark.anyio
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "three otters swim upstream"
PAOLA = "paola@lume.example"


async def paola(premises: Premises, **more: str | None) -> str:
    values = {"name": "Paola Neri", "email": PAOLA, "role": "manager", "agent_id": None} | more
    async with premises.database.write() as conn:
        kept = await passwords.hashed(PASSWORD)
        return await users.add(conn, **values, now=premises.clock.now(), password=kept)  # type: ignore[arg-type]


def typed(password: str = PASSWORD, email: str = PAOLA, wanted: str = "/") -> dict[str, str]:
    return {"email": email, "password": password, "next": wanted}


async def test_who_knows_the_password_is_led_where_they_wanted_to_go(premises: Premises) -> None:
    user_id = await paola(premises)
    browser = premises.stranger()
    assert 'autocomplete="current-password"' in (await browser.get("/sign-in")).text
    answer = await browser.post("/sign-in", data=typed(email=" PAOLA@Lume.example ", wanted="/account?x=1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Paola Neri" in (await browser.get("/account")).text
    async with premises.database.read() as conn:
        row = (await conn.execute(select(audit).where(audit.c.what == "signed_in"))).one()
    assert (row.by, row.detail) == (user_id, {"how": "password"})


@one_database
async def test_whoever_is_not_let_in_hears_the_same_words_and_keeps_what_was_typed(premises: Premises) -> None:
    await paola(premises)
    browser = premises.stranger()
    wrong = await browser.post("/sign-in", data=typed("not the password at all"))
    unknown = await browser.post("/sign-in", data=typed(email="somebody@lume.example"))
    assert wrong.status_code == unknown.status_code == 422
    assert "do not belong together" in wrong.text
    assert wrong.text.replace(PAOLA, "somebody@lume.example") == unknown.text
    assert COOKIE not in browser.cookies


@one_database
async def test_what_is_missing_is_told_beside_its_field(premises: Premises) -> None:
    answer = await premises.stranger().post("/sign-in", data=typed("", "paola@lume.example"))
    assert answer.status_code == 422
    assert "f-password-error" in answer.text
    assert "f-email-error" not in answer.text


@one_database
async def test_who_may_not_sign_in_any_more_is_told_nothing_else(premises: Premises, clock: VirtualClock) -> None:
    user_id = await paola(premises)
    await premises.browser("manager")
    async with premises.database.write() as conn:
        await conn.execute(users_table.update().values(password=await passwords.hashed(PASSWORD)))
        await users.disable(conn, user_id, clock.now())
    answer = await premises.stranger().post("/sign-in", data=typed())
    assert answer.status_code == 422
    assert "do not belong together" in answer.text


async def test_who_fails_five_times_waits_and_is_then_let_in(premises: Premises, clock: VirtualClock) -> None:
    await paola(premises)
    browser = premises.stranger()
    for _ in range(MOST_OF_ADDRESS):
        assert (await browser.post("/sign-in", data=typed("wrong, all wrong"))).status_code == 422
    refused = await browser.post("/sign-in", data=typed())
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 15 * 60 + 1
    assert "Please try again at" in refused.text
    await clock.advance(15 * 60 + 1)
    assert (await browser.post("/sign-in", data=typed())).status_code == 303
    async with premises.database.read() as conn:
        assert (await conn.execute(select(sign_in_failures))).all() == []


@one_database
async def test_a_stranger_who_keeps_failing_does_not_keep_out_a_browser_that_was_let_in_before(
    premises: Premises,
) -> None:
    await paola(premises)
    own = premises.stranger()
    await own.post("/sign-in", data=typed())
    await own.post("/sign-out")
    stranger = premises.stranger()
    for _ in range(MOST_OF_ADDRESS + 1):
        last = await stranger.post("/sign-in", data=typed("wrong, all wrong"))
    assert last.status_code == 429
    assert (await own.post("/sign-in", data=typed())).status_code == 303


@one_database
async def test_one_place_may_not_try_everybodys_address(premises: Premises) -> None:
    async with premises.database.write() as conn:
        from desk import attempts

        for n in range(MOST_OF_SOURCE):
            await attempts.begin(conn, attempts.Try(f"address {n}", "one place"), premises.clock.now())
        with pytest.raises(attempts.TooMany):
            await attempts.begin(conn, attempts.Try("another address", "one place"), premises.clock.now())
        await attempts.begin(conn, attempts.Try("another address", "another place"), premises.clock.now())


@one_database
async def test_signing_in_again_ends_what_the_browser_had_before(premises: Premises) -> None:
    await paola(premises)
    browser = premises.stranger()
    await browser.post("/sign-in", data=typed())
    before = browser.cookies[COOKIE]
    await browser.post("/sign-in", data=typed())
    assert browser.cookies[COOKIE] != before
    other = premises.stranger()
    other.cookies.set(COOKIE, before, domain="centralino.test")
    assert (await other.get("/account")).status_code == 303


@one_database
async def test_who_signs_out_is_out_also_with_a_copy_of_the_cookie(premises: Premises) -> None:
    await paola(premises)
    browser = premises.stranger()
    await browser.post("/sign-in", data=typed())
    copy = browser.cookies[COOKIE]
    answer = await browser.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert COOKIE not in browser.cookies
    other = premises.stranger(Cookie=f"{COOKIE}={copy}")
    assert (await other.get("/account")).status_code == 303


@one_database
async def test_a_password_kept_with_other_parameters_is_kept_anew(premises: Premises) -> None:
    from argon2 import PasswordHasher

    user_id = await paola(premises)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    async with premises.database.write() as conn:
        await users.choose_password(conn, user_id, weak)
    assert (await premises.stranger().post("/sign-in", data=typed())).status_code == 303
    async with premises.database.read() as conn:
        kept = (await users.load(conn, user_id)).password
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert await passwords.matches(PASSWORD, kept)


@one_database
async def test_the_page_speaks_the_browsers_language(premises: Premises) -> None:
    answer = await premises.stranger(**{"Accept-Language": "it"}).get("/sign-in")
    assert "Accedi" in answer.text
    assert 'lang="it"' in answer.text


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/desk?call=CA1", "/desk?call=CA1"),
        ("", "/"),
        ("https://elsewhere.example", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\nx", "/"),
        ("javascript:alert(1)", "/"),
        ("/sign-in?next=/x", "/"),
        ("/live", "/"),
    ],
)
def test_nobody_is_led_to_another_sites_page(asked: str, led_to: str) -> None:
    assert inside(asked) == led_to


@one_database
async def test_an_agent_who_signs_out_of_the_last_browser_is_offline(premises: Premises) -> None:
    anna = await premises.agent()
    here = await premises.browser("agent", agent_id=anna)
    there = premises.stranger()
    async with premises.database.write() as conn:
        user_id = await conn.scalar(select(users_table.c.id).where(users_table.c.agent_id == anna))
    there.cookies.set(
        COOKIE, await add_session(premises.database, premises.clock, str(user_id)), domain="centralino.test"
    )
    beat = {"desk": "desk-one", "phone": True, "registered": True, "take": False}
    assert (await here.post("/desk/beat", json=beat)).status_code == 200
    await here.post("/desk/presence", data={"choice": "ready"}, headers={"X-Desk": "desk-one"})
    for browser, availability in ((there, "ready"), (here, "offline")):
        await browser.post("/sign-out")
        assert (await premises.api.get(f"/agents/{anna}")).json()["availability"] == availability
