"""A code beside the password: who is asked for it, what counts as one, and what becomes of who has lost it."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import UTC, datetime
from typing import Any

import httpx2
import pyotp
import pytest
from sqlalchemy import select

from crm.tables import audit
from desk import invites, passwords, second_factor, sessions, users
from desk.attempts import MOST_OF_ADDRESS
from desk.sealed import lock, unlock
from desk.sign_in.second_step import HALF_IN, PATH
from desk.tables import recovery_codes, sign_in_failures
from desk.tables import sessions as sessions_table
from desk.tables import users as users_table
from desk.users import User
from desk.viewer import COOKIE
from store.clock import VirtualClock
from store.sql import Database
from tests.desk.browsing import Premises, add_session, add_user

pytestmark = pytest.mark.anyio
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "three otters swim upstream"
PAOLA = "paola@lume.example"
MADE_FROM = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HTMX = {"HX-Request": "true"}
AT = "/account/second-factor"
USERS = "/console/settings/users"
EXPORT = "/console/customers/export"


@pytest.fixture
def strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANAGERS_NEED_A_SECOND_FACTOR", "on")


def code(clock: VirtualClock, made_from: str = MADE_FROM, *, off: int = 0) -> str:
    """What the app shows, whose clock is off by so many half minutes."""
    return pyotp.TOTP(made_from).at(clock.now(), counter_offset=off)


async def paola(premises: Premises, **more: Any) -> str:
    kept = await passwords.hashed(PASSWORD)
    return await add_user(premises.database, premises.clock, email=PAOLA, language="en", password=kept, **more)


async def signed_in(premises: Premises, user_id: str) -> httpx2.AsyncClient:
    browser = premises.stranger()
    browser.cookies.set(COOKIE, await add_session(premises.database, premises.clock, user_id), domain="centralino.test")
    return browser


async def turned_on(browser: httpx2.AsyncClient, clock: VirtualClock) -> tuple[str, list[str]]:
    """What the codes are made from, as the page says it, and the recovery codes.  The next code is another one."""
    begun = await browser.post(AT, data={"password": PASSWORD}, headers=HTMX)
    assert begun.status_code == 200, begun.text
    shown = re.search(r'class="by-hand">([A-Z2-7 ]+)<', begun.text)
    assert shown is not None
    assert re.fullmatch(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", shown[1])
    made_from = shown[1].replace(" ", "")
    done = await browser.post(
        f"{AT}/confirm", data={"begun": _begun(begun.text), "code": code(clock, made_from)}, headers=HTMX
    )
    assert done.status_code == 200, done.text
    await clock.advance(60)
    return made_from, re.findall(r"<li>((?:[a-z2-9]{4}-){2}[a-z2-9]{4})</li>", done.text)


def _begun(page: str) -> str:
    found = re.search(r'name="begun" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


async def with_one(premises: Premises, clock: VirtualClock, **more: Any) -> tuple[str, str, list[str]]:
    """A user who has one: their id, what its codes are made from, and the recovery codes."""
    user_id = await paola(premises, **more)
    made_from, codes = await turned_on(await signed_in(premises, user_id), clock)
    return user_id, made_from, codes


def typed(password: str = PASSWORD, wanted: str = "/account") -> dict[str, str]:
    return {"email": PAOLA, "password": password, "next": wanted}


async def half_in(premises: Premises) -> httpx2.AsyncClient:
    """A browser in which the password was right."""
    browser = premises.stranger()
    answer = await browser.post("/sign-in", data=typed())
    assert answer.headers["location"] == PATH
    return browser


async def done(premises: Premises, *whats: str) -> list[Any]:
    async with premises.database.read() as conn:
        found = select(audit.c.by, audit.c.what, audit.c.detail).where(audit.c.what.in_(whats)).order_by(audit.c.id)
        return [tuple(row) for row in await conn.execute(found)]


@one_database
async def test_it_is_turned_on_by_a_code_that_comes_back_and_kept_so_that_nobody_can_read_it(
    premises: Premises, clock: VirtualClock
) -> None:
    user_id = await paola(premises)
    here, there = [await signed_in(premises, user_id) for _ in range(2)]
    wrong = await here.post(AT, data={"password": "not it at all, no"}, headers=HTMX)
    assert (wrong.status_code, "f-second-password-error" in wrong.text, "<svg" in wrong.text) == (422, True, False)
    begun = await here.post(AT, data={"password": PASSWORD}, headers=HTMX)
    assert 'role="img"' in begun.text
    assert "<svg" in begun.text
    guessed = await here.post(f"{AT}/confirm", data={"begun": _begun(begun.text), "code": "000000"}, headers=HTMX)
    assert (guessed.status_code, "f-second-code-error" in guessed.text) == (422, True)
    made_from, codes = await turned_on(here, clock)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert (await here.get("/account")).status_code == 200
    assert (await there.get("/account")).status_code == 303
    page = await here.get("/account")
    assert "10 recovery codes are left" in page.text
    assert not any(one in page.text for one in [*codes, made_from])
    async with premises.database.read() as conn:
        kept = str((await conn.execute(select(users_table))).all())
        digests = str((await conn.execute(select(recovery_codes))).all())
    assert made_from not in kept
    assert not any(one in digests or one.replace("-", "") in digests for one in codes)
    assert await done(premises, "second_factor_on") == [(user_id, "second_factor_on", {"user": user_id})]


@one_database
async def test_what_was_begun_elsewhere_or_long_ago_turns_nothing_on(premises: Premises, clock: VirtualClock) -> None:
    user_id = await paola(premises)
    here, there = [await signed_in(premises, user_id) for _ in range(2)]
    begun = _begun((await here.post(AT, data={"password": PASSWORD}, headers=HTMX)).text)
    other = await there.post(f"{AT}/confirm", data={"begun": begun, "code": "000000"}, headers=HTMX)
    await clock.advance(600)
    late = await here.post(f"{AT}/confirm", data={"begun": begun, "code": "000000"}, headers=HTMX)
    for answer in (other, late):
        assert (answer.status_code, "begin again" in answer.text) == (422, True)


async def test_nobody_is_signed_in_before_both_were_right(premises: Premises, clock: VirtualClock) -> None:
    user_id, made_from, _ = await with_one(premises, clock)
    browser = premises.stranger()
    answer = await browser.post("/sign-in", data=typed(wanted="/account?x=1"))
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert COOKIE not in browser.cookies
    (note,) = answer.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=lax", f"Path={PATH}", "Max-Age=300"} <= set(note.split("; "))
    assert (await browser.get("/account")).status_code == 303
    page = await browser.get(PATH)
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    wrong = await browser.post(PATH, data={"code": "000000"})
    assert (wrong.status_code, "f-code-error" in wrong.text, COOKIE in browser.cookies) == (422, True, False)
    shown = code(clock, made_from)
    right = await browser.post(PATH, data={"code": f"{shown[:3]} {shown[3:]}"})
    assert (right.status_code, right.headers["location"]) == (303, "/account?x=1")
    assert (await browser.get("/account")).status_code == 200
    assert HALF_IN not in browser.cookies
    assert await done(premises, "signed_in") == [(user_id, "signed_in", {"how": "password", "second": "code"})]
    async with premises.database.read() as conn:
        assert len((await conn.execute(select(sign_in_failures))).all()) == 1  # the wrong one, of where it came from


@one_database
async def test_a_code_counts_once_and_with_it_all_before_it(premises: Premises, clock: VirtualClock) -> None:
    _, made_from, _ = await with_one(premises, clock)
    used, before = code(clock, made_from), code(clock, made_from, off=-1)
    assert (await (await half_in(premises)).post(PATH, data={"code": used})).status_code == 303
    browser = await half_in(premises)
    for again in (used, before):
        answer = await browser.post(PATH, data={"code": again})
        assert (answer.status_code, "used already" in answer.text) == (422, True)
    await clock.advance(30)
    assert (await browser.post(PATH, data={"code": code(clock, made_from)})).status_code == 303


@one_database
@pytest.mark.parametrize(("off", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
async def test_a_telephones_clock_may_be_off_by_half_a_minute(
    premises: Premises, clock: VirtualClock, off: int, status: int
) -> None:
    _, made_from, _ = await with_one(premises, clock)
    await clock.advance(60)  # the code of when it was turned on is further back than any of these
    browser = await half_in(premises)
    assert (await browser.post(PATH, data={"code": code(clock, made_from, off=off)})).status_code == status


async def test_the_same_code_at_the_same_moment_lets_one_of_two_in(database: Database, clock: VirtualClock) -> None:
    user_id = await add_user(database, clock)
    async with database.write() as conn:
        recovery = await second_factor.turn_on(conn, "key", user_id, MADE_FROM, 0)
        user = await users.load(conn, user_id)
    assert recovery is not None

    async def use(shown: str, user: User) -> str | None:
        async with database.write() as conn:
            return await second_factor.use(conn, "key", user, shown, clock.now())

    for shown, word in ((code(clock), "code"), (recovery[0], "recovery code")):
        used = await asyncio.gather(*(use(shown, user) for _ in range(5)))
        assert sorted(filter(None, used)) == [word]


@one_database
async def test_a_recovery_code_opens_once_however_it_is_typed(premises: Premises, clock: VirtualClock) -> None:
    user_id, _, codes = await with_one(premises, clock)
    as_typed = f" {codes[3].replace('-', ' ').upper()} "
    browser = await half_in(premises)
    assert (await browser.post(PATH, data={"recovery": "1", "code": as_typed})).status_code == 303
    assert "9 recovery codes are left" in (await browser.get("/account")).text
    again = await (await half_in(premises)).post(PATH, data={"recovery": "1", "code": codes[3]})
    assert (again.status_code, "f-recovery-error" in again.text, "<details open" in again.text) == (422, True, True)
    assert (await done(premises, "signed_in"))[-1] == (
        user_id,
        "signed_in",
        {"how": "password", "second": "recovery code"},
    )


@one_database
async def test_wrong_codes_count_as_wrong_passwords_do_and_a_right_password_forgives_none(
    premises: Premises, clock: VirtualClock
) -> None:
    _, made_from, _ = await with_one(premises, clock)
    for n in range(MOST_OF_ADDRESS):
        browser = await half_in(premises)  # each time the right password before
        answer = await browser.post(PATH, data={"code": f"00000{n}"})
        assert answer.status_code == 422
    refused = await browser.post(PATH, data={"code": code(clock, made_from)})
    assert (refused.status_code, "Please try again at" in refused.text) == (429, True)
    assert int(refused.headers["retry-after"]) > 0
    assert (await premises.stranger().post("/sign-in", data=typed())).status_code == 429
    await clock.advance(15 * 60 + 1)
    browser = await half_in(premises)
    assert (await browser.post(PATH, data={"code": code(clock, made_from)})).status_code == 303


@one_database
@pytest.mark.parametrize("what", ["time", "password", "reset", "shut out", "nothing begun"])
async def test_between_the_steps_whatever_changes_leads_back_to_the_door(
    premises: Premises, clock: VirtualClock, what: str
) -> None:
    await premises.browser("manager", subject="another manager")
    user_id, made_from, _ = await with_one(premises, clock)
    browser = premises.stranger() if what == "nothing begun" else await half_in(premises)
    async with premises.database.write() as conn:
        if what == "password":
            await users.choose_password(conn, user_id, await passwords.hashed("seven owls count the rain"))
        elif what == "reset":
            await second_factor.reset(conn, user_id, clock.now())
        elif what == "shut out":
            await users.disable(conn, user_id, clock.now())
    if what == "time":
        await clock.advance(5 * 60)
    answer = await browser.post(PATH, data={"code": code(clock, made_from)})
    assert (answer.status_code, "Please begin again" in answer.text) == (403, True)
    assert COOKIE not in browser.cookies
    assert HALF_IN not in browser.cookies


@one_database
async def test_a_new_password_by_a_link_does_not_do_without_the_code(premises: Premises, clock: VirtualClock) -> None:
    user_id, made_from, _ = await with_one(premises, clock)
    async with premises.database.write() as conn:
        secret = await invites.invite(conn, user_id, "test", clock.now())
    browser = premises.stranger()
    chosen = await browser.post(f"/invite/{secret}", data={"password": "seven owls count the rain"})
    assert (chosen.headers["location"], COOKIE in browser.cookies) == (PATH, False)
    assert (await browser.post(PATH, data={"code": code(clock, made_from)})).headers["location"] == "/"
    assert (await done(premises, "signed_in"))[-1][2] == {"how": "invite", "second": "code"}


@one_database
async def test_it_is_turned_off_by_password_and_code_and_recovery_codes_are_made_anew(
    premises: Premises, clock: VirtualClock
) -> None:
    user_id = await paola(premises)
    browser = await signed_in(premises, user_id)
    made_from, first = await turned_on(browser, clock)

    async def change(what: str, shown: str, password: str = PASSWORD) -> Any:
        return await browser.post(
            f"{AT}/change", data={"what": what, "password": password, "code": shown}, headers=HTMX
        )

    refused = await change("off", "000000")
    assert (refused.status_code, "f-second-code-error" in refused.text) == (422, True)
    refused = await change("off", code(clock, made_from), "not it at all, no")
    assert (refused.status_code, "f-second-password-error" in refused.text) == (422, True)
    anew = await change("codes", code(clock, made_from))
    second = re.findall(r"<li>((?:[a-z2-9]{4}-){2}[a-z2-9]{4})</li>", anew.text)
    assert (len(second), set(first) & set(second)) == (10, set())
    assert (await change("off", first[0])).status_code == 422
    assert "the password is enough" in (await change("off", second[0])).text
    answer = await premises.stranger().post("/sign-in", data=typed())
    assert answer.headers["location"] == "/account"
    found = await done(premises, "recovery_codes", "second_factor_off")
    assert [what for _, what, _ in found] == ["recovery_codes", "second_factor_off"]
    async with premises.database.read() as conn:
        assert (await conn.execute(select(recovery_codes))).all() == []


@one_database
@pytest.mark.usefixtures("strictly")
async def test_a_manager_who_needs_one_is_led_to_it_before_anything_else(
    premises: Premises, clock: VirtualClock
) -> None:
    await paola(premises)
    browser = premises.stranger()
    await browser.post("/sign-in", data=typed())
    for path in ("/console/floor", "/account", USERS, EXPORT):
        assert (await browser.get(path)).headers["location"] == AT, path
    led = await browser.post(f"{USERS}", data={}, headers=HTMX)
    assert (led.status_code, led.headers["hx-redirect"]) == (204, AT)
    page = await browser.get(AT)
    assert "Managers need one here" in page.text
    assert 'href="/console/floor"' not in page.text
    assert (await browser.post("/sign-out")).headers["location"] == "/sign-in"
    await browser.post("/sign-in", data=typed())
    made_from, _ = await turned_on(browser, clock)
    assert (await browser.get("/console/floor")).status_code == 200
    off = {"what": "off", "password": PASSWORD, "code": code(clock, made_from)}
    await browser.post(f"{AT}/change", data=off, headers=HTMX)
    assert (await browser.get("/console/floor")).headers["location"] == AT


@one_database
@pytest.mark.usefixtures("strictly")
async def test_agents_and_who_comes_by_the_companys_own_sign_in_are_not_led(
    premises: Premises, clock: VirtualClock
) -> None:
    agent_id = await premises.agent("Anna Bianchi")
    kept = await passwords.hashed(PASSWORD)
    agent = await premises.browser("agent", agent_id=agent_id, password=kept)
    assert (await agent.get("/account")).status_code == 200
    user_id = await paola(premises, subject="issuer 1")
    manager = premises.stranger()
    async with premises.database.write() as conn:
        secret = await sessions.begin(conn, user_id, "oidc", None, clock.now())
    manager.cookies.set(COOKIE, secret, domain="centralino.test")
    assert (await manager.get("/account")).status_code == 200


async def test_a_manager_takes_away_what_somebody_has_lost_and_never_their_own(
    premises: Premises, clock: VirtualClock
) -> None:
    user_id, _, _ = await with_one(premises, clock)
    theirs = await signed_in(premises, user_id)
    manager = await premises.browser("manager", email="boss@lume.example")
    agent = await premises.browser("agent")
    at = f"{USERS}/{user_id}"
    assert "A code from an app is asked for" in (await manager.get(at)).text
    assert (await manager.get(USERS)).text.count(">second factor<") == 1
    assert (await agent.post(f"{at}/second-factor/reset", headers=HTMX)).status_code == 403
    assert (await theirs.post(f"{at}/second-factor/reset", headers=HTMX)).status_code == 422
    answer = await manager.post(f"{at}/second-factor/reset", headers=HTMX)
    assert (answer.status_code, "Nothing beside the password" in answer.text) == (200, True)
    assert (await manager.get(USERS)).text.count(">second factor<") == 0
    assert (await theirs.get("/account")).status_code == 303
    assert (await premises.stranger().post("/sign-in", data=typed())).headers["location"] == "/account"
    ((_, _, detail),) = await done(premises, "second_factor_reset")
    assert detail == {"user": user_id, "sessions": 2}
    await manager.post(f"{at}/second-factor/reset", headers=HTMX)
    assert len(await done(premises, "second_factor_reset")) == 1  # there was nothing left to take


async def _exported(browser: httpx2.AsyncClient) -> bool:
    answer = await browser.post(EXPORT, data={"kind": "csv"})
    assert answer.status_code == 200
    return answer.headers["content-type"].startswith("text/csv")


@one_database
async def test_before_everybody_leaves_the_house_one_shows_again_who_one_is(
    premises: Premises, clock: VirtualClock
) -> None:
    await premises.customer()
    await paola(premises)
    browser = premises.stranger()
    await browser.post("/sign-in", data=typed())
    assert await _exported(browser)  # they have come in just now
    await clock.advance(10 * 60)
    assert not await _exported(browser)
    page = await browser.get(EXPORT)
    assert ('name="password"' in page.text, 'name="code"' in page.text) == (True, False)
    wrong = await browser.post(f"{EXPORT}/prove", data={"password": "not it at all, no"})
    assert (wrong.status_code, "f-password-error" in wrong.text) == (422, True)
    assert not await _exported(browser)
    right = await browser.post(f"{EXPORT}/prove", data={"password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, EXPORT)
    assert 'value="vcf"' in (await browser.get(EXPORT)).text
    assert await _exported(browser)
    await clock.advance(10 * 60)
    assert not await _exported(browser)
    assert len(await done(premises, "exported")) == 2
    for _ in range(MOST_OF_ADDRESS + 1):
        last = await browser.post(f"{EXPORT}/prove", data={"password": "guessing"})
    assert last.status_code == 429


@one_database
async def test_who_has_a_second_factor_shows_it_before_an_export_too(premises: Premises, clock: VirtualClock) -> None:
    user_id = await paola(premises)
    browser = await signed_in(premises, user_id)
    made_from, _ = await turned_on(browser, clock)
    await clock.advance(10 * 60)
    assert 'name="code"' in (await browser.get(EXPORT)).text
    alone = await browser.post(f"{EXPORT}/prove", data={"password": PASSWORD})
    assert (alone.status_code, "f-code-error" in alone.text) == (422, True)
    assert not await _exported(browser)
    both = {"password": PASSWORD, "code": code(clock, made_from)}
    assert (await browser.post(f"{EXPORT}/prove", data=both)).status_code == 303
    assert await _exported(browser)


@one_database
async def test_at_a_seat_of_the_demo_there_is_nothing_to_show(premises: Premises, clock: VirtualClock) -> None:
    browser = await premises.browser("manager")
    await clock.advance(10 * 60)
    assert await _exported(browser)


@one_database
async def test_what_was_shown_in_one_browser_counts_in_no_other(premises: Premises, clock: VirtualClock) -> None:
    user_id = await paola(premises)
    here, there = [await signed_in(premises, user_id) for _ in range(2)]
    await clock.advance(10 * 60)
    await here.post(f"{EXPORT}/prove", data={"password": PASSWORD})
    assert (await _exported(here), await _exported(there)) == (True, False)
    async with premises.database.read() as conn:
        proved = (await conn.scalars(select(sessions_table.c.proved_at).order_by(sessions_table.c.proved_at))).all()
    assert proved[0] < proved[1]


@one_database
async def test_with_another_key_of_the_house_no_code_is_right(database: Database, clock: VirtualClock) -> None:
    user_id = await add_user(database, clock)
    async with database.write() as conn:
        recovery = await second_factor.turn_on(conn, "key", user_id, MADE_FROM, 0)
        user = await users.load(conn, user_id)
        assert recovery is not None
        for shown in (code(clock), recovery[0]):
            assert await second_factor.use(conn, "another key", user, shown, clock.now()) is None
            assert await second_factor.use(conn, "key", user, shown, clock.now()) is not None


@pytest.mark.parametrize(
    ("at", "shown"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(at: int, shown: str) -> None:
    made_from = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the RFC's 12345678901234567890, and its codes' last six digits
    now = datetime.fromtimestamp(at, UTC)
    assert second_factor.step_of(made_from, shown, now) == at // 30
    assert second_factor.step_of(made_from, "", now) is None


def test_what_is_locked_opens_with_its_key_for_its_purpose_and_its_owner_alone() -> None:
    locked = lock("key", "purpose", "the text", of="usr_1")
    assert "the text" not in locked
    assert locked != lock("key", "purpose", "the text", of="usr_1")
    assert unlock("key", "purpose", locked, of="usr_1") == "the text"
    assert unlock("other", "purpose", locked, of="usr_1") is None
    assert unlock("key", "other", locked, of="usr_1") is None
    assert unlock("key", "purpose", locked, of="usr_2") is None
    assert unlock("key", "purpose", f"A{locked[1:]}" if locked[0] != "A" else f"B{locked[1:]}", of="usr_1") is None
    assert unlock("key", "purpose", "nonsense", of="usr_1") is None
