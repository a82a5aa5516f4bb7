"""Twilio's own Voice SDK, unchanged, in a real browser, with the simulated carrier in place of Twilio."""

from __future__ import annotations

import asyncio
import io
import json
import math
import wave
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, WebSocket, async_playwright, expect
from playwright.async_api import Page as Window
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import simulator.app
from simulator.calls import Source
from simulator.network import Application, Network, NumberSettings
from simulator.phones import Phone
from simulator.placing import Order, place
from simulator.softphone import Softphone
from store.clock import SystemClock
from tests.browser.conftest import CHROMIUM, FLAGS, Serve, watch
from tests.ports import free_port
from tests.simulator.pages import ACCOUNT, APPLICATION, KEY, RECORDING, SECRET, plain, token

pytestmark = pytest.mark.anyio
LINE, CARLA, ANNA = "+390612345678", "+393331234567", "client:anna"
STATIC, PAGE = Path(__file__).parents[2] / "desk" / "static", Path(__file__).with_name("softphone.html")
PAGE_HZ, CARLA_HZ = 700, 440
TRIES = 100


@dataclass
class Stage:
    """The carrier, a program's telephone, an application that says what it is told to, and a browser."""

    network: Network
    carla: Phone
    url: str
    carrier_url: str
    documents: dict[str, str]
    asked: list[dict[str, str]]
    browser: Browser

    @asynccontextmanager
    async def page(
        self, *, registers: bool = True, frames: list[dict[str, Any]] | None = None
    ) -> AsyncIterator[Window]:
        """`frames`: where what goes over its socket is written down."""
        context = await self.browser.new_context()
        complaints = watch(context)
        window = await context.new_page()
        if frames is not None:
            window.on("websocket", lambda socket: write_down(socket, frames))
        await window.goto(self.url)
        if registers:
            await window.evaluate("async (token) => { plugIn(token); await device.register(); }", self.token())
        try:
            yield window
        finally:
            await context.close()
        assert complaints == []

    def token(self, **more: Any) -> str:
        return token(datetime.now(UTC), **more)

    async def ring(self) -> None:
        await self.carla.dial(LINE)

    @property
    def outcome(self) -> str:
        """Of the last ring."""
        return [call.status for call in self.network.calls.values() if call.parent is not None][-1]

    def softphone(self) -> Softphone:
        (phone,) = self.network.directory.at(ANNA)
        assert isinstance(phone, Softphone)
        return phone


@pytest.fixture(scope="module")
async def talking_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Its microphone hears one tone."""
    path = tmp_path_factory.mktemp("microphone") / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        tone = array("h", [round(12000 * math.sin(2 * math.pi * PAGE_HZ * at / 48000)) for at in range(48000)])
        file.writeframes(tone.tobytes())
    async with async_playwright() as playwright:
        microphone = f"--use-file-for-fake-audio-capture={path}"
        executable = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = await playwright.chromium.launch(executable_path=executable, args=[*FLAGS, microphone])
        yield browser
        await browser.close()


@pytest.fixture
async def stage(serve: Serve, talking_browser: Browser) -> AsyncIterator[Stage]:
    documents = {"/voice": "<Dial><Client>anna</Client></Dial>", "/outgoing": "<Pause length='30'/>"}
    asked: list[dict[str, str]] = []
    carrier_port = free_port()

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE.read_text().replace("SIGNAL", f"ws://127.0.0.1:{carrier_port}/signal"))

    async def silence(request: Request) -> Response:
        return Response(SILENCE, media_type="audio/wav")

    async def answer(request: Request) -> Response:
        asked.append({"path": request.url.path, **{k: str(v) for k, v in (await request.form()).items()}})
        return Response(f"<Response>{documents.get(request.url.path, '')}</Response>", media_type="text/xml")

    application = Starlette(
        routes=[
            Route("/", page),
            Route("/nothing.wav", silence),
            Route("/favicon.ico", silence),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/{path:path}", answer, methods=["POST"]),
        ]
    )
    async with serve(application, free_port()) as url:
        network = Network(
            SystemClock(),
            account_sid=ACCOUNT,
            auth_token="token",
            numbers={LINE: NumberSettings(f"{url}/voice")},
            api_keys={KEY: SECRET},
            applications={APPLICATION: Application(f"{url}/outgoing")},
        )
        async with serve(simulator.app.build(network), carrier_port) as carrier_url:
            carla = network.plug_in(CARLA)
            yield Stage(network, carla, url, carrier_url, documents, asked, talking_browser)


def _silence() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))
    return content.getvalue()


SILENCE = _silence()


def write_down(socket: WebSocket, frames: list[dict[str, Any]]) -> None:
    def note(by: str, text: str | bytes) -> None:
        if text != "\n":
            frame = json.loads(text)
            frames.append({"by": by, "type": frame["type"], "payload": plain(frame["payload"])})

    socket.on("framesent", lambda text: note("page", text))
    socket.on("framereceived", lambda text: note("carrier", text))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(TRIES):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("not so in time")


async def happens(window: Window, what: str, times: int = 1) -> None:
    await window.wait_for_function(
        "([what, times]) => happened.filter((one) => one === what).length >= times", arg=[what, times], timeout=10_000
    )


async def hears(window: Window, hz: float, wanted: bool = True) -> None:
    for _ in range(20):
        if await window.evaluate("(hz) => hears(hz)", hz) is wanted:
            return
    raise AssertionError(f"{hz} Hz: not {wanted}")


async def test_a_talk_is_heard_on_both_sides_held_resumed_after_a_loss_and_hung_up(stage: Stage) -> None:
    """Conformance 33 to 36 with the real thing: each side's tone reaches the other, and only when it should."""
    stage.documents["/voice"] = "<Dial><Conference endConferenceOnExit='true'>room</Conference></Dial>"
    stage.carla.tone(CARLA_HZ)
    async with stage.page() as anna:
        await stage.ring()
        await until(lambda: stage.carla.state == "in_call")
        place(stage.network, Order(ANNA, LINE, Source(twiml=f"<Response>{stage.documents['/voice']}</Response>")))
        await happens(anna, "incoming")
        await anna.evaluate("call.accept()")
        await happens(anna, "accept")
        await until(lambda: stage.carla.hears_tone(PAGE_HZ))
        await hears(anna, CARLA_HZ)
        assert not stage.carla.hears_tone(CARLA_HZ)

        (room,) = stage.network.rooms.all.values()
        carla = next(one for one in room.participants if one.call is stage.carla.leg)
        carla.hold = True
        room.changed(carla, "participant-hold")
        await until(lambda: not stage.carla.hears_tone(PAGE_HZ))
        await hears(anna, CARLA_HZ, wanted=False)
        carla.hold = False
        room.changed(carla, "participant-unhold")
        await until(lambda: stage.carla.hears_tone(PAGE_HZ))

        await anna.evaluate("call.mute(true)")
        await until(lambda: not stage.carla.hears_tone(PAGE_HZ))
        await anna.evaluate("call.mute(false)")

        stage.network.softphones.cut("anna")
        await happens(anna, "reconnecting")
        await happens(anna, "reconnected")
        await happens(anna, "registered", times=2)
        await until(lambda: stage.carla.hears_tone(PAGE_HZ))
        await hears(anna, CARLA_HZ)

        await anna.evaluate("call._mediaHandler.iceRestart()")
        await until(lambda: stage.carla.hears_tone(PAGE_HZ))
        await hears(anna, CARLA_HZ)

        await anna.evaluate("call.disconnect()")
        await until(lambda: stage.carla.state == "idle")
        assert await anna.evaluate("device.state") == "registered"


async def test_two_pages_ring_one_answers_and_closing_it_ends_the_call(stage: Stage) -> None:
    async with stage.page() as left:
        async with stage.page() as right:
            await stage.ring()
            await happens(left, "incoming")
            await happens(right, "incoming")
            await right.evaluate("call.accept()")
            await happens(right, "accept")
            await happens(left, "cancel")
            await until(lambda: stage.carla.partners == [ANNA])
        await until(lambda: stage.carla.state == "idle")
        assert stage.outcome == "completed"

        await stage.ring()
        await happens(left, "incoming", times=2)
        await left.evaluate("call.reject()")
        await until(lambda: stage.carla.state == "idle")
        assert stage.outcome == "busy"

        await stage.ring()
        await happens(left, "incoming", times=3)
        await left.evaluate("call.ignore()")
        await left.evaluate("device.unregister()")  # by now it was told of the ignoring, if at all
        assert stage.outcome == "ringing"
        stage.carla.hang_up()

        await stage.ring()
        await until(lambda: stage.carla.state == "idle")
        assert stage.outcome == "failed"


async def test_a_page_calls_presses_keys_sends_messages_and_renews_its_token(stage: Stage) -> None:
    stage.documents["/outgoing"] = "<Gather numDigits='2' action='/keys'/>"
    stage.documents["/keys"] = f"<Dial><Number>{CARLA}</Number></Dial>"
    async with stage.page() as anna:
        params = {"To": CARLA, "note": "a & b + ü"}
        await anna.evaluate("async (params) => follow(await device.connect({ params }))", params)
        await happens(anna, "accept")
        assert [stage.asked[0][name] for name in ("From", "To", "note")] == [ANNA, CARLA, "a & b + ü"]
        await anna.evaluate("call.sendDigits('12')")
        await until(lambda: stage.carla.state == "ringing")
        assert stage.asked[-1]["Digits"] == "12"
        stage.carla.answer()
        await until(lambda: stage.carla.hears_tone(PAGE_HZ))
        sent = {"content": {"a": "ü"}, "messageType": "user-defined-message"}
        await anna.evaluate("(message) => { call.sendMessage(message); }", sent)
        await happens(anna, "sent ü")
        softphone, sid = stage.softphone(), await anna.evaluate("call.parameters.CallSid")
        assert (softphone.call, softphone.messages[0].content) == (sid, {"a": "ü"})
        softphone.send_message(sid, {"b": "ö"})
        await happens(anna, "received ö")
        await anna.evaluate("(token) => device.updateToken(token)", stage.token(ttl=11))
        await happens(anna, "tokenWillExpire")
        stage.carla.hang_up()
        await happens(anna, "disconnect")


async def test_a_page_is_told_what_is_wrong_with_its_token(stage: Stage) -> None:
    """The numbers are what the SDK makes of 31204, 31202, 31205 and 31201."""
    now = datetime.now(UTC)
    tokens = {
        20101: token(now, "not one"),
        53000: token(now, secret="another secret of more than 32 letters"),
        20104: token(now, ttl=-5),
        20151: token(now, incoming_allow=None),
    }
    async with stage.page(registers=False) as anna:
        for code, wrong in tokens.items():
            await anna.evaluate("(token) => { plugIn(token); device.register().catch(() => {}); }", wrong)
            await happens(anna, f"error {code}")
            await anna.evaluate("device.destroy()")
    assert stage.network.directory.at(ANNA) == []


async def test_the_sdk_says_and_expects_what_was_recorded(stage: Stage) -> None:
    """The contract: when another version of the SDK says something else, this is where it shows."""
    frames: list[dict[str, Any]] = []
    async with stage.page(frames=frames) as anna:
        await stage.ring()
        await happens(anna, "incoming")
        await anna.evaluate("call.accept()")
        await happens(anna, "accept")
        await anna.evaluate("call.disconnect()")
        await until(lambda: stage.carla.state == "idle")
        await anna.evaluate("device.unregister()")
        version = await anna.evaluate("Twilio.Device.version")
    assert {"sdk": version, "frames": frames} == json.loads(RECORDING.read_text())


EAR = """() => {
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
        constructor(...settings) { super(...settings); window.peer = this; }
    };
}"""
LOUDNESS = """async (hz) => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
    const track = window.peer.getReceivers()[0].track;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    await context.close();
    return levels[Math.round(hz * analyser.fftSize / context.sampleRate)];
}"""


async def test_a_person_at_the_web_phone_really_talks_with_a_softphone(stage: Stage) -> None:
    async with stage.page() as anna:
        window = await anna.context.new_page()
        await window.add_init_script(f"({EAR})()")
        await window.goto(f"{stage.carrier_url}/?phone=%2B393205550142")
        maria = window.get_by_role("article", name="+39 320 555 0142")
        microphone = maria.get_by_role("button", name="Microphone")
        await microphone.click()
        await expect(microphone).to_have_attribute("aria-pressed", "true")
        await maria.get_by_role("button", name="Call", exact=True).click()
        await happens(anna, "incoming")
        await anna.evaluate("call.accept()")
        await happens(anna, "accept")
        await hears(anna, PAGE_HZ)
        levels = [await window.evaluate(LOUDNESS, hz) for hz in (PAGE_HZ, 3 * PAGE_HZ)]
        assert levels[0] > levels[1] + 20, levels
        await microphone.click()
        await expect(microphone).to_have_text("Microphone off")
        await hears(anna, PAGE_HZ, wanted=False)
        await maria.get_by_role("button", name="Hang up").click()
        await happens(anna, "disconnect")
