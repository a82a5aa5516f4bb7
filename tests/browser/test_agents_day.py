"""A day at the desk, with the Voice SDK as it is: from the invitation in the morning to signing out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from desk import invites, users
from simulator.phones import Phone
from tests.browser.at_desk import Desk
from tests.browser.conftest import PATIENCE_MILLISECONDS, named, watch
from tests.browser.house import LINE, LiveHouse, accessible, until

pytestmark = pytest.mark.anyio
MARIA, BRUNO = "+393331234567", "+390611110002"
ANNA_HZ, MARIA_HZ = 700, 440
# A microphone that hears one tone, and an ear that looks for another in what comes out of the line.
MICROPHONE = f"""
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {{
    const context = new AudioContext();
    const tone = new OscillatorNode(context, {{frequency: {ANNA_HZ}}});
    const out = context.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    return out.stream;
  }};
"""
HEARS = """(hz) => {
  const stream = telephone.line.call?.getRemoteStream();
  if (!stream) return false;
  if (window.ear?.stream !== stream) {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, {fftSize: 4096, smoothingTimeConstant: 0});
    context.createMediaStreamSource(stream).connect(analyser);
    window.ear = {stream, analyser, width: context.sampleRate / analyser.fftSize};
  }
  const levels = new Float32Array(ear.analyser.frequencyBinCount);
  ear.analyser.getFloatFrequencyData(levels);
  const loudest = levels.indexOf(Math.max(...levels));
  return levels[loudest] > -60 && Math.abs(loudest * ear.width - hz) < 30;
}"""


async def takes_it(phone: Phone) -> None:
    """At a telephone of their own: whoever presses 1 is a person."""
    await until(lambda: phone.state == "ringing")
    before = len(phone.heard)
    phone.answer()
    await until(lambda: any(heard.kind == "said" for heard in phone.heard[before:]))
    phone.press("1")


async def signs_in(house: LiveHouse, agent_id: str) -> Desk:
    """By the link that a manager handed over; the desk is the first thing to be seen."""
    clock = house.premises.clock
    async with house.premises.database.write() as conn:
        user_id = await users.add(
            conn, name="Anna Bianchi", email="anna@lume.example", role="agent", agent_id=agent_id, now=clock.now()
        )
        secret = await invites.invite(conn, user_id, "test", clock.now())
    context = await house.chromium.new_context(locale="en-GB", permissions=["microphone", "notifications"])
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    house.windows.push_async_callback(context.close)
    house.complaints = watch(context, house.complaints)
    await context.add_init_script(MICROPHONE)
    page = await context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(f"{house.url}/invite/{secret}")
    await page.get_by_label("New password").fill("seven owls count the rain")
    await page.get_by_role("button", name="Set it and sign in").click()
    return await Desk(page).connected()


async def test_a_day_from_the_invitation_to_signing_out(live_house: LiveHouse) -> None:
    house = live_house
    plan = await house.premises.api.get("/plan")
    changed = plan.json() | {"wrap_up_seconds": 120}
    await house.premises.api.put("/plan", json=changed, headers={"If-Match": plan.headers["etag"]})
    anna_id = await house.premises.agent()
    bruno_id = await house.premises.agent("Bruno Verdi", address=BRUNO, skills={"billing": 3}, team="Billing")
    maria = await house.premises.customer(say="ma-RI-a", title="dottoressa", style="step by step")
    caller, at_bruno = house.telephone(MARIA), house.telephone(BRUNO)

    anna = await signs_in(house, anna_id)
    await anna.ready()
    await the_first_call(anna, caller)
    await what_is_agreed(anna.page)
    await on_hold_and_back(anna, caller)
    await house.ready(bruno_id)
    other = await house.open_as("agent", "/desk", agent_id=bruno_id)
    await passed_on(anna.page, other, at_bruno, caller)
    await wrapped_up(anna)
    caller.hang_up()
    await a_moment_for_oneself(anna)
    await the_promise_is_kept(house, anna, caller)
    await it_is_all_there(house, anna.page, maria)
    await anna.page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(anna.page.get_by_role("heading", name="Sign in")).to_be_visible()
    agent = (await house.premises.api.get(f"/agents/{anna_id}")).json()
    assert agent["availability"] == "offline"


async def heard_on_both_sides(anna: Desk, caller: Phone) -> None:
    caller.tone(MARIA_HZ)
    await until(lambda: caller.hears_tone(ANNA_HZ))
    await anna.page.wait_for_function(HEARS, arg=MARIA_HZ)


async def the_first_call(anna: Desk, caller: Phone) -> None:
    """Who it is stands there while it rings."""
    await caller.dial(LINE)
    await anna.shows("ringing")
    card = anna.page.locator("#card")
    for told in ("Maria Rossi", "ma-RI-a", "dottoressa", "step by step"):
        await expect(card).to_contain_text(told)
    await anna.answer()
    await heard_on_both_sides(anna, caller)


async def what_is_agreed(page: Page) -> None:
    """A note, a case, and a promise at the first time that can be kept."""
    await page.get_by_label("Notes, ours").fill("wants a new lamp")
    await expect(page.locator(".notes .saved")).to_contain_text("Kept at")
    await page.get_by_label("Something new").fill("The lamp goes out")
    await page.get_by_role("button", name="Open it").click()
    await expect(page.locator("#matters")).to_contain_text("this call")
    await page.get_by_text("Promise a call").click()
    await page.get_by_label("About what").fill("when the lamp is in")
    await page.get_by_role("button", name="Promise it").click()
    await expect(page.locator("#promises")).to_contain_text("Promised:")
    await expect(page.locator("#promises")).to_contain_text("when the lamp is in")
    assert await accessible(page) == []


async def on_hold_and_back(anna: Desk, caller: Phone) -> None:
    await anna.button("Hold").click()
    await expect(anna.phone).to_contain_text("On hold")
    await until(lambda: not caller.partners and not caller.hears_tone(ANNA_HZ))
    await anna.button("Take back").click()
    await expect(anna.phone).to_contain_text("You are talking")
    await until(lambda: caller.hears_tone(ANNA_HZ))


async def passed_on(page: Page, other: Page, at_bruno: Phone, caller: Phone) -> None:
    """Bruno knows what was said before he hears anybody; Maria tells nothing twice."""
    await page.locator("#phone").get_by_role("button", name=named("Pass on")).click()
    dialog = page.locator("#transfer")
    await expect(dialog.get_by_label("What your colleague should know")).to_have_value("wants a new lamp")
    await dialog.get_by_role("button", name="Ask: Bruno Verdi").click()
    card = other.locator("#card")
    await expect(card).to_contain_text("Anna Bianchi brings them to you")
    await expect(card).to_contain_text("wants a new lamp")
    await takes_it(at_bruno)
    await dialog.get_by_role("button", name="Introduce").click()
    await expect(dialog).to_contain_text("All three of you are speaking.")
    await until(lambda: len(caller.partners) == 2)
    await dialog.get_by_role("button", name="Leave them together").click()
    await expect(card).to_have_attribute("data-mode", "talking")
    await until(lambda: len(caller.partners) == 1)


async def wrapped_up(anna: Desk) -> None:
    page = anna.page
    await anna.shows("wrap_up")
    await page.get_by_label("It stays open").check()
    await page.get_by_label("In one sentence").fill("A new lamp is on its way")
    await page.get_by_label("They would like to speak with me the next time too").check()
    await expect(page.locator("#saved-wrap")).to_contain_text("Kept at")
    await page.get_by_role("button", name="Done").click()
    await anna.shows("idle")


async def a_moment_for_oneself(anna: Desk) -> None:
    await anna.is_now("ready")
    await anna.page.get_by_role("group", name="I need a moment").get_by_role("button", name="1 min", exact=True).click()
    await anna.is_now("away")
    await expect(anna.phone).to_contain_text("back at")
    await anna.ready()


async def the_promise_is_kept(house: LiveHouse, anna: Desk, caller: Phone) -> None:
    """It was moved to this minute, so that nobody has to wait for it here."""
    api, clock = house.premises.api, house.premises.clock
    (promise,) = (await api.get("/callbacks")).json()["items"]
    soon = (clock.now() + timedelta(seconds=2)).isoformat()
    moved = await api.patch(f"/callbacks/{promise['id']}", json={"due_at": soon})
    assert moved.status_code == 200, moved.text
    await anna.shows("promise", within_seconds=20)
    await expect(anna.page.locator("#card")).to_contain_text("Maria Rossi")
    await expect(anna.button("Answer")).to_be_enabled()
    await anna.button("Answer").click()
    await takes_it(caller)
    await anna.shows("talking", within_seconds=20)
    await heard_on_both_sides(anna, caller)
    await anna.button("Hang up").click()
    await anna.shows("wrap_up")
    await anna.page.get_by_label("Solved", exact=True).check()
    await anna.page.get_by_label("In one sentence").fill("The lamp is in, and burns")
    await anna.page.get_by_role("button", name="Done").click()
    await anna.shows("idle")
    assert (await api.get(f"/callbacks/{promise['id']}")).json()["state"] == "kept"


async def it_is_all_there(house: LiveHouse, page: Page, maria: str) -> None:
    await expect(page.locator("#today")).to_contain_text("Your last conversations")
    await page.goto(f"{house.url}/desk/people/{maria}")
    person = page.locator("#main")
    await expect(person).to_contain_text("You are their person")
    await expect(person).to_contain_text("1 kept so far")
    history = page.get_by_text("What has happened so far")
    if not await page.locator("ol.past").is_visible():
        await history.click()
    past = page.locator("ol.past")
    for told in ("A new lamp is on its way", "wants a new lamp", "The lamp is in, and burns"):
        await expect(past).to_contain_text(told)
