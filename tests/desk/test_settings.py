"""The console's settings: tokens, numbers, the state of every part, how long things are kept, who did what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import insert

from carrier.tables import account_numbers
from crm.audit import What
from crm.tables import audit
from desk.pages import _environment
from desk.settings import audit_log, health, retention, tabs
from desk.settings.health import Health, with_commands
from desk.settings.numbers import Numbers
from desk.site import SetupRefused, Target
from desk.words import words_in
from store.clock import VirtualClock
from store.ids import new_id
from tests.desk.browsing import Premises

pytestmark = pytest.mark.anyio
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

AT = "/console/settings"
HTMX = {"HX-Request": "true"}


@one_database
async def test_a_token_is_made_shown_once_and_revoked(premises: Premises) -> None:
    manager = await premises.browser()
    agent_id = await premises.agent("Anna Bianchi")
    made = await manager.post(f"{AT}/tokens", data={"name": "The CRM", "role": "service", "agent": ""}, headers=HTMX)
    found = re.search(r'value="(cnt_[\w-]{43})"', made.text)
    assert found is not None
    premises.api.headers["Authorization"] = f"Bearer {found[1]}"
    assert (await premises.api.get("/agents")).status_code == 200
    listed = await manager.get(f"{AT}/tokens")
    assert found[1] not in listed.text
    assert "The CRM" in listed.text
    assert "Paola Neri" in listed.text  # who made it
    refused = await manager.post(f"{AT}/tokens", data={"name": "", "role": "agent", "agent": ""}, headers=HTMX)
    assert (refused.status_code, 'id="f-agent-error"' in refused.text) == (422, True)
    phone = {"name": "Her phone", "role": "agent", "agent": agent_id}
    assert "Her phone" in (await manager.post(f"{AT}/tokens", data=phone, headers=HTMX)).text
    token_id = re.search(r"/tokens/(tok_\w+)/revoke", listed.text)
    assert token_id is not None
    assert (await manager.post(f"{AT}/tokens/{token_id[1]}/revoke", headers=HTMX)).status_code == 200
    assert (await premises.api.get("/agents")).status_code == 401


@one_database
async def test_numbers_are_shown_with_their_line_and_what_is_missing(premises: Premises, clock: VirtualClock) -> None:
    async with premises.database.write() as conn:
        for number, sid in (("+390699990000", "PN1"), ("+390699990001", None)):
            await conn.execute(insert(account_numbers).values(number=number, sid=sid, seen_at=clock.now()))
    plan = await premises.api.get("/plan")
    lines = {"+390699990000": {"name": "Repairs"}, "+390600000000": {"name": "Gone"}}
    await premises.api.put("/plan", json=plan.json() | {"lines": lines}, headers={"If-Match": plan.headers["etag"]})
    manager = await premises.browser()
    page = await manager.get(f"{AT}/numbers")
    assert "Repairs" in page.text
    assert "not in Twilio" in page.text
    assert "none of our numbers" in page.text
    assert "missing" not in page.text  # every key is set
    setup = await manager.get(f"{AT}/numbers/setup", headers=HTMX)
    assert "does not answer as Twilio does" in setup.text


async def test_what_the_command_would_change_is_shown_before_anybody_runs_it() -> None:
    shown: list[Any] = []

    class Recorder:
        words = words_in("it")

        def page(self, template: str, **context: Any) -> Any:
            shown.append((template, context))

    async def setup() -> list[Target]:
        return [Target("+39…", [("voice_url", "", "https://phone.example/twilio/voice")])]

    async def refused() -> list[Target]:
        raise SetupRefused("no account is set: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")

    asked: Any = Recorder()
    for look in (setup, refused):
        await Numbers(_site(setup=look)).setup(asked)
    (_, first), (_, second) = shown
    assert first["targets"][0].changes[0][0] == "voice_url"
    assert first["command"] == "centralino twilio setup --apply"
    assert second["told"].startswith("nessun account")


def _site(**hooks: Any) -> Any:
    class Site:
        pass

    site = Site()
    for name, hook in hooks.items():
        setattr(site, name, hook)
    return site


async def test_what_does_not_work_comes_first_with_what_to_do() -> None:
    shown: list[Any] = []

    class Recorder:
        words = words_in("it")

        def page(self, template: str, **context: Any) -> Any:
            shown.append(context)

    async def examine() -> list[dict[str, Any]]:
        return [
            {"name": "database", "state": "ok", "told": "answers in 3 ms"},
            {"name": "keeper", "state": "failed", "told": "last seen 400 s ago"},
            {"name": "signatures", "state": "note", "told": "1 token(s), signed and checked for https://x"},
            {
                "name": "sign-in",
                "state": "note",
                "told": "no manager can sign in yet: `centralino user create --role manager …`",
            },
        ]

    asked: Any = Recorder()
    await Health(_site(examine=examine)).findings(asked)
    items = shown[0]["items"]
    assert [item["state"] for item in items] == ["failed", "note", "note", "ok"]
    assert items[0]["told"] == "attiva 400 s fa"
    assert "<code>centralino keeper</code>" in items[0]["help"]
    assert items[1]["told"] == "1 token, firma verificata per https://x"
    assert items[2]["told"] == (
        "nessun responsabile può ancora accedere: <code>centralino user create --role manager …</code>"
    )
    assert items[2]["help"] is None  # of a provider, who has nothing to do with it
    assert items[3]["told"] == "risponde in 3 ms"
    assert (shown[0]["failed"], shown[0]["noted"]) == (1, 2)
    assert with_commands("<b> `x`") == "&lt;b&gt; <code>x</code>"


@one_database
async def test_the_state_of_every_part_is_asked_of_the_house_itself(premises: Premises) -> None:
    page = await (await premises.browser()).get(f"{AT}/health/findings", headers=HTMX)
    assert page.status_code == 200
    for label in ("Database", "Background work", "Redis", "Twilio: signatures", "Clock"):
        assert label in page.text
    assert "none has run yet" in page.text


@pytest.mark.parametrize(
    ("failed", "noted", "told"),
    [
        (1, 2, "1 part does not work"),
        (0, 2, "Nothing has failed; 2 things to look at"),
        (0, 0, "Everything works"),
    ],
)
def test_what_is_only_noted_is_not_called_working(failed: int, noted: int, told: str) -> None:
    template = _environment("en").get_template("settings/findings.html")
    assert f"<h2>{told}</h2>" in template.render(items=[], failed=failed, noted=noted)


@one_database
async def test_who_keeps_things_for_less_long_is_asked_first(premises: Premises) -> None:
    manager = await premises.browser()
    page = await manager.get(f"{AT}/retention")
    typed = dict(re.findall(r'name="(\w+_days)"[^>]*value="(\d*)"', page.text))
    assert typed["texts_days"] == "730"
    typed["etag"] = _etag(page.text)
    bad = await manager.post(f"{AT}/retention", data=typed | {"texts_days": "soon"}, headers=HTMX)
    assert (bad.status_code, 'id="f-texts_days-error"' in bad.text, 'value="soon"' in bad.text) == (422, True, True)
    longer = await manager.post(f"{AT}/retention", data=typed | {"texts_days": "1000"}, headers=HTMX)
    assert longer.status_code == 200
    assert (await premises.api.get("/plan")).json()["retention"]["texts_days"] == 1000
    shorter = typed | {"texts_days": "30", "etag": _etag(longer.text)}
    asked = await manager.post(f"{AT}/retention", data=shorter, headers=HTMX)
    assert (asked.status_code, "Texts: kept 30 days instead of 1000" in asked.text) == (422, True)
    assert (await premises.api.get("/plan")).json()["retention"]["texts_days"] == 1000
    assert (await manager.post(f"{AT}/retention", data=shorter | {"sure": "on"}, headers=HTMX)).status_code == 200
    plan = (await premises.api.get("/plan")).json()
    assert plan["retention"]["texts_days"] == 30
    late = await manager.post(f"{AT}/retention", data=shorter | {"texts_days": "60"}, headers=HTMX)
    assert (late.status_code, "Somebody else has changed the rules" in late.text) == (409, True)
    assert 'value="60"' in late.text  # and what was typed stays
    again = await manager.post(
        f"{AT}/retention", data=shorter | {"texts_days": "60", "etag": _etag(late.text)}, headers=HTMX
    )
    assert again.status_code == 200


def _etag(shown: str) -> str:
    found = re.search(r'name="etag" value="([^"]*)"', shown)
    assert found is not None
    return found[1].replace("&#34;", '"')


async def test_who_did_what_is_told_by_name_page_by_page(premises: Premises, clock: VirtualClock) -> None:
    customer_id = await premises.customer("Maria Rossi")
    manager = await premises.browser("manager", name="Carla Fontana")
    user_id = re.search(r"usr_\w+", (await manager.get(f"{AT}/users")).text)
    assert user_id is not None
    async with premises.database.write() as conn:
        rows = [
            {"id": new_id("aud"), "at": clock.now(), "role": "manager", "by": user_id[0], "what": str(What.READ)}
            | {"customer_id": customer_id, "detail": {"part": f"notes {n}"}}
            for n in range(60)
        ]
        await conn.execute(insert(audit), rows)
        erased = rows[0] | {"id": new_id("aud"), "what": str(What.ERASED), "customer_id": "cus_gone", "detail": None}
        await conn.execute(insert(audit), [erased])
    page = await manager.get(f"{AT}/audit?by={user_id[0]}&what=read&customer={customer_id}")
    assert page.text.count("Looked at a person") >= 50
    assert "Maria Rossi" in page.text
    assert "Carla Fontana" in page.text
    following = re.search(r'href="([^"]+cursor=[^"]+)"', page.text)
    assert following is not None
    second = await manager.get(following[1].replace("&amp;", "&"))
    assert second.text.count("notes ") == 10
    assert "Erased a person" in (await manager.get(f"{AT}/audit?what=erased")).text
    tomorrow = await manager.get(f"{AT}/audit?from=2199-01-01")
    assert "Nothing of that kind" in tomorrow.text
    assert (await manager.get(f"{AT}/audit?from=nonsense&what=nonsense&by=nobody")).status_code == 200
    async with premises.database.read() as conn:
        looked = (await conn.execute(audit.select().where(audit.c.at > clock.now()))).all()
    assert looked == []  # to look at it is not to read a person


@one_database
async def test_what_the_house_did_by_itself_is_told_in_words(premises: Premises, clock: VirtualClock) -> None:
    async with premises.database.write() as conn:
        row = {"id": new_id("aud"), "at": clock.now(), "role": "house", "by": "user command", "what": "user_made"}
        await conn.execute(insert(audit), [row])
    page = await (await premises.browser()).get(f"{AT}/audit?what=user_made")
    assert "the house itself: a command on the server" in page.text


@one_database
async def test_what_was_changed_of_somebody_is_told_in_words(premises: Premises, clock: VirtualClock) -> None:
    customer_id = await premises.customer("Maria Rossi")
    changes = {"phones": ["+393331234567"], "style": "step by step"}
    assert (await premises.api.patch(f"/customers/{customer_id}", json=changes)).status_code == 200
    await premises.api.get("/cases", params={"customer": customer_id})
    manager = await premises.browser()
    page = await manager.get(f"{AT}/audit?customer={customer_id}")
    assert "fields: numbers, how they like it" in page.text
    assert "part: matters" in page.text


def test_every_word_of_the_settings_has_its_italian() -> None:
    italian = words_in("it")
    said = [label for _, label in tabs.TABS]
    said += [*health.LABELS.values(), *health.HELP.values(), *audit_log.DONE.values(), *audit_log.DETAILS.values()]
    said += [*audit_log.VALUES.values(), *audit_log.FIELDS.values(), *audit_log.WORKS.values()]
    said += [text for pair in retention.KINDS.values() for text in pair] + list(retention.GONE.values())
    assert [text for text in said if text not in italian._one] == []
    assert set(audit_log.DONE) == set(What)
    assert set(health.HELP) == set(health.LABELS)


@one_database
@pytest.mark.parametrize("path", ["/users", "/users/new", "/tokens", "/numbers", "/health", "/retention", "/audit"])
async def test_each_tab_is_a_page_and_says_which_it_is(premises: Premises, path: str) -> None:
    manager = await premises.browser(language="it")
    page = await manager.get(f"{AT}{path}")
    assert page.status_code == 200
    assert page.text.count('aria-current="page"') == 2  # the place, and the tab
    assert "Impostazioni" in page.text
