"""The web phone against the simulated carrier alone; a few lines of TwiML stand for the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import simulator.app
from simulator.network import Network
from store.clock import SystemClock
from tests.browser.conftest import Opens, Serve
from tests.ports import free_port

pytestmark = pytest.mark.anyio

LINE, MARIA, ANNA = "+390655550100", "+393205550142", "client:anna"
DOCUMENTS = {
    "/twilio/voice": """<Response><Gather input="dtmf speech" action="/chosen" numDigits="1"
        timeout="20" speechTimeout="1">
        <Say language="it-IT">Buongiorno Maria.</Say></Gather></Response>""",
    "/chosen/1": "<Response><Dial><Client>anna</Client></Dial></Response>",
    "/chosen/2": """<Response><Say language="it-IT">Dica pure.</Say>
        <Record action="/thanks" maxLength="30" playBeep="true"/></Response>""",
    "/chosen/perche la luce sfarfalla": "<Response><Say>Capisco.</Say><Pause length='20'/></Response>",
    "/thanks": "<Response><Say language='it-IT'>Grazie.</Say><Hangup/></Response>",
}


@dataclass
class Stage:
    """The carrier with its page, and what its application was asked."""

    url: str
    network: Network
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
async def stage(serve: Serve) -> AsyncIterator[Stage]:
    asked: list[dict[str, str]] = []

    async def answer(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked.append({"path": request.url.path, **form})
        chosen = form.get("Digits") or form.get("SpeechResult", "")
        path = f"/chosen/{chosen}" if request.url.path == "/chosen" else request.url.path
        return Response(DOCUMENTS.get(path, "<Response/>"), media_type="text/xml")

    carrier_port = free_port()
    application = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    async with serve(application, free_port()) as application_url:
        network = Network(
            SystemClock(),
            account_sid="AC" + "1" * 32,
            auth_token="token",
            public_url=f"http://127.0.0.1:{carrier_port}",
            numbers={LINE: simulator.app.settings_for(application_url, "Officine Lume")},
        )
        async with serve(simulator.app.build(network), carrier_port) as url:
            yield Stage(url, network, asked)


def telephone(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name)


def captions(phone: Locator) -> Locator:
    return phone.get_by_role("log", name="Captions")


async def test_a_customer_dials_and_reads_what_is_said_in_its_language(stage: Stage, open_page: Opens) -> None:
    async with open_page(stage.url) as page:
        await page.get_by_label("Number of the telephone").fill("+39 320 555 0142")
        await page.get_by_role("button", name="Use").click()
        phone = telephone(page, "+39 320 555 0142")
        await phone.get_by_role("button", name="Call").click()
        said = captions(phone).get_by_text("Buongiorno Maria.")
        await expect(said).to_be_visible()
        assert await said.get_attribute("lang") == "it-IT"
        await phone.get_by_role("button", name="Hang up").click()
        await expect(captions(phone)).to_contain_text("The call has ended")
        assert stage.asked[0]["From"] == MARIA


async def test_a_withheld_number_stays_hidden(stage: Stage, open_page: Opens) -> None:
    async with open_page(f"{stage.url}/?phone=%2B393205550142") as page:
        phone = telephone(page, "+39 320 555 0142")
        await phone.get_by_label("Withhold my number").check()
        await phone.get_by_role("button", name="Call").click()
        await expect(captions(phone)).to_contain_text("Buongiorno")
        assert stage.asked[0]["From"] == "anonymous"


async def test_words_that_are_typed_are_heard_by_the_menu(stage: Stage, open_page: Opens) -> None:
    async with open_page(f"{stage.url}/?ring=%2B393205550142") as page:
        phone = telephone(page, "+39 320 555 0142")
        await expect(captions(phone)).to_contain_text("Buongiorno")
        await phone.get_by_label("Say something").fill("perche la luce sfarfalla")
        await phone.get_by_role("button", name="Say").click()
        await expect(captions(phone)).to_contain_text("Capisco.")


async def test_a_handset_rings_is_answered_and_both_talk(stage: Stage, open_page: Opens) -> None:
    async with open_page(f"{stage.url}/?handset={ANNA}&ring=%2B393205550142") as page:
        maria, anna = telephone(page, "+39 320 555 0142"), telephone(page, "Anna")
        await expect(captions(maria)).to_contain_text("Buongiorno")
        await maria.get_by_role("button", name="1", exact=True).click()
        await expect(anna.get_by_role("alert")).to_contain_text("is calling")
        await anna.get_by_role("button", name="Answer").click()
        await expect(captions(maria)).to_contain_text("You are talking with Anna")
        await anna.get_by_label("Say something").fill("Buongiorno, sono Anna.")
        await anna.get_by_label("Say something").press("Enter")
        await expect(captions(maria)).to_contain_text("Buongiorno, sono Anna.")
        await maria.get_by_label("Say something").fill("Che piacere!")
        await maria.get_by_label("Say something").press("Enter")
        await expect(captions(anna)).to_contain_text("Che piacere!")
        await anna.get_by_role("button", name="Hang up").click()
        await expect(anna.get_by_text("Ready. It rings here")).to_be_visible()


async def test_a_handset_may_decline(stage: Stage, open_page: Opens) -> None:
    async with open_page(f"{stage.url}/?handset={ANNA}&ring=%2B393205550142") as page:
        maria, anna = telephone(page, "+39 320 555 0142"), telephone(page, "Anna")
        await expect(captions(maria)).to_contain_text("Buongiorno")
        await maria.get_by_role("button", name="1", exact=True).click()
        await anna.get_by_role("button", name="Decline").click()
        await expect(captions(anna)).to_contain_text("The call was declined")
        await expect(captions(maria)).to_contain_text("The call has ended")


async def test_a_message_is_recorded_until_it_is_finished(stage: Stage, open_page: Opens) -> None:
    async with open_page(f"{stage.url}/?ring=%2B393205550142") as page:
        phone = telephone(page, "+39 320 555 0142")
        await expect(captions(phone)).to_contain_text("Buongiorno")
        await phone.get_by_role("button", name="2", exact=True).click()
        await phone.get_by_role("button", name="I have finished my message").click()
        await expect(captions(phone)).to_contain_text("Your message is recorded")
        await expect(captions(phone)).to_contain_text("Grazie.")
        assert next(form for form in stage.asked if form["path"] == "/thanks")["RecordingUrl"]


async def test_texts_go_out_and_come_in(stage: Stage, open_page: Opens) -> None:
    async with open_page(f"{stage.url}/?phone=%2B393205550142") as page:
        phone = telephone(page, "+39 320 555 0142")
        await phone.get_by_text("Send a text message").click()
        await phone.get_by_label("Text message", exact=True).fill("Arrivo alle dieci.")
        await phone.get_by_role("button", name="Send").click()
        await expect(captions(phone)).to_contain_text("Arrivo alle dieci.")
        (maria,) = stage.network.directory.at(MARIA)
        maria.text_arrives(LINE, "La richiamiamo alle 16:40.")
        await expect(captions(phone)).to_contain_text("Text from Officine Lume")
        await expect(captions(phone)).to_contain_text("La richiamiamo alle 16:40.")
        assert next(form for form in stage.asked if form["path"] == "/twilio/sms")["Body"] == "Arrivo alle dieci."


async def test_everything_can_be_done_by_keyboard(stage: Stage, open_page: Opens) -> None:
    async with open_page(stage.url) as page:
        await page.get_by_label("Number of the telephone").focus()
        await page.keyboard.type("+393205550142")
        await page.keyboard.press("Enter")
        phone = telephone(page, "+39 320 555 0142")
        await phone.get_by_role("combobox", name="Call").focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await expect(phone.get_by_role("button", name="Call")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(captions(phone)).to_contain_text("Buongiorno")
        await captions(phone).focus()
        await page.keyboard.press("2")
        await expect(captions(phone)).to_contain_text("Dica pure.")


NAME_OF = """control => control.ariaLabel || control.textContent.trim()
    || [...(control.labels ?? [])].map(label => label.textContent.trim()).join()"""


async def test_every_control_has_a_name(stage: Stage, open_page: Opens) -> None:
    async with open_page(f"{stage.url}/?handset={ANNA}&ring=%2B393205550142") as page:
        await page.get_by_role("button", name="Customer").click()
        controls = await page.locator("main button, main input, main select").all()
        assert len(controls) > 20
        for control in controls:
            assert await control.evaluate(NAME_OF), await control.evaluate("one => one.outerHTML")


async def test_a_number_that_belongs_to_the_company_is_refused_with_a_reason(stage: Stage, open_page: Opens) -> None:
    async with open_page(stage.url) as page:
        await page.get_by_label("Number of the telephone").fill(LINE)
        await page.get_by_role("button", name="Use").click()
        await expect(page.get_by_role("status")).to_contain_text("belongs to the company")


async def test_the_page_fits_a_small_screen(stage: Stage, open_page: Opens) -> None:
    window = {"viewport": {"width": 360, "height": 740}}
    async with open_page(f"{stage.url}/?ring=%2B393205550142", **window) as page:
        await expect(captions(telephone(page, "+39 320 555 0142"))).to_contain_text("Buongiorno")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
