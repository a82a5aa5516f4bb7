"""`centralino rehearse`: what callers hear in ten situations, minute by minute, for reading aloud.

Nothing is written down here of what is said: each situation is played by the real server against the simulated carrier
on a virtual clock, with invented people, and overheard at the caller's telephone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from crm import history, people
from ivr.phrases import spoken_language
from routing import floor, roster
from simulator.network import Network
from simulator.phones import Heard, Phone
from store import schema
from store.clock import VirtualClock
from store.sql import Database
from switchboard.settings import Settings
from switchboard.stage import on_stage

LINE, MARIA, PAOLO, GIULIA = "+390699990000", "+393331234567", "+393337654321", "+393339990001"
MORNING, BEFORE_CLOSING, EVENING = (
    datetime(2026, 3, 3, 10, 0),
    datetime(2026, 3, 3, 17, 59),
    datetime(2026, 3, 3, 19, 0),
)
WHY = {
    "it": "la lampada lampeggia ancora",
    "en": "the lamp is flickering again",
    "de": "die Lampe flackert schon wieder",
    "fr": "la lampe clignote encore",
    "es": "la lámpara vuelve a parpadear",
}


IN_TEN_MINUTES = {
    "it": "tra dieci minuti",
    "en": "in ten minutes",
    "de": "in zehn Minuten",
    "fr": "dans dix minutes",
    "es": "en diez minutos",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Of the printed call: seconds since it began, and either what is heard or what somebody does."""

    at: float
    heard: bool
    text: str


@dataclass
class Scene:
    """One call, and what people need to play it."""

    clock: VirtualClock
    network: Network
    database: Database
    language: str
    ids: dict[str, str] = field(default_factory=dict)
    done: list[tuple[datetime, str]] = field(default_factory=list)

    async def agent(self, first: str, *, ready: bool = True) -> Phone:
        now = self.clock.now()
        async with self.database.write() as conn:
            row = {"name": f"{first} Bianchi", "address": f"client:{first.lower()}", "languages": [self.language]}
            self.ids[first] = await roster.add(conn, row | {"skills": {}}, now)
            if ready:
                await floor.set_availability(conn, self.ids[first], "ready", None, now=now)
        return self.network.plug_in(f"client:{first.lower()}")

    async def person(self, first: str, number: str, knows: str | None = None) -> Phone:
        now = self.clock.now()
        values = {"name": f"{first} Rossi", "called": first, "language": self.language, "phones": [number]}
        async with self.database.write() as conn:
            customer = await people.add(conn, values, now)
            for week in range(1, 4 if knows else 1):
                await history.record(
                    conn,
                    customer_id=customer,
                    agent_id=self.ids[knows or ""],
                    channel="voice",
                    started_at=now - timedelta(weeks=week),
                    talk_seconds=200,
                    outcome="solved",
                )
        return self.network.plug_in(number)

    def does(self, what: str) -> None:
        self.done.append((self.clock.now(), what))

    async def ring(self, who: Phone, name: str, **how: Any) -> None:
        self.does(f"{name} rings.")
        await who.dial(LINE, **how)

    async def press(self, who: Phone, name: str, key: str) -> None:
        self.does(f"{name} presses {key}.")
        who.press(key)

    async def says(self, who: Phone, name: str, words: str) -> None:
        self.does(f"{name}: «{words}»")
        who.speak(words)

    async def picks_up(self, agent: Phone, name: str, caller: Phone) -> None:
        await self.until(lambda: agent.state == "ringing")
        self.does(f"{name} picks up.")
        agent.answer()
        await self.until(lambda: bool(caller.partners))
        self.does("They talk.")

    async def until(self, condition: Callable[[], bool], limit: float = 120.0) -> None:
        await self.clock.run_until(condition, limit)

    async def has_heard(self, who: Phone, sentences: int = 1) -> None:
        """Until so many more things have been said to them, to the end."""
        wanted = len(_said(who)) + sentences
        await self.until(lambda: len(_said(who)) >= wanted)
        await self.clock.advance(_said(who)[-1].seconds)

    async def busy(self, agent: Phone) -> Phone:
        """The agent talks with somebody else already."""
        paolo = await self.person("Paolo", PAOLO)
        await paolo.dial(LINE)
        await self.until(lambda: agent.state == "ringing")
        agent.answer()
        await self.until(lambda: bool(paolo.partners))
        await self.clock.advance(60)
        return paolo


Play = Callable[[Scene], Awaitable[Phone]]
"""Gives the telephone at which it was overheard."""


async def known_and_free(scene: Scene) -> Phone:
    anna = await scene.agent("Anna")
    maria = await scene.person("Maria", MARIA, knows="Anna")
    await scene.ring(maria, "Maria")
    await scene.has_heard(maria, 3)
    await scene.says(maria, "Maria", WHY[scene.language[:2]])
    await scene.until(lambda: maria.heard[-1].kind == "said")
    await scene.picks_up(anna, "Anna", maria)
    await scene.clock.advance(90)
    scene.does("Anna hangs up.")
    anna.hang_up()
    await scene.has_heard(maria, 2)
    await scene.press(maria, "Maria", "4")
    await scene.until(lambda: maria.state == "idle")
    return maria


async def known_and_busy(scene: Scene) -> Phone:
    anna = await scene.agent("Anna")
    maria = await scene.person("Maria", MARIA, knows="Anna")
    await scene.busy(anna)
    luca = await scene.agent("Luca")
    await scene.ring(maria, "Maria")
    await scene.picks_up(luca, "Luca", maria)
    return maria


async def everybody_is_talking(scene: Scene) -> Phone:
    anna = await scene.agent("Anna")
    paolo = await scene.busy(anna)
    maria = await scene.person("Maria", MARIA)
    await scene.ring(maria, "Maria")
    await scene.clock.advance(100)
    paolo.hang_up()
    await scene.picks_up(anna, "Anna", maria)
    return maria


async def a_call_back(scene: Scene) -> Phone:
    anna = await scene.agent("Anna")
    maria = await scene.person("Maria", MARIA, knows="Anna")
    paolo = await scene.busy(anna)
    await scene.ring(maria, "Maria")
    await scene.has_heard(maria, 3)
    await scene.press(maria, "Maria", "2")
    await scene.has_heard(maria, 4)
    await scene.press(maria, "Maria", "7")
    await scene.has_heard(maria, 3)
    await scene.press(maria, "Maria", "6")
    await scene.has_heard(maria)
    await scene.says(maria, "Maria", IN_TEN_MINUTES[scene.language[:2]])
    await scene.until(lambda: maria.state == "idle")
    paolo.hang_up()
    await scene.until(lambda: anna.state == "ringing", 3600)
    scene.does("Anna's telephone rings a moment before; she picks up and hears whom she will talk with.")
    anna.answer()
    await scene.until(lambda: maria.state == "ringing")
    scene.does("Maria's telephone rings; she picks up.")
    maria.answer()
    await scene.has_heard(maria)
    await scene.press(maria, "Maria", "1")
    await scene.until(lambda: bool(maria.partners))
    scene.does("They talk.")
    return maria


async def somebody_new(scene: Scene) -> Phone:
    anna = await scene.agent("Anna")
    giulia = scene.network.plug_in(GIULIA)
    await scene.ring(giulia, "Somebody new")
    await scene.has_heard(giulia, 3)
    await scene.says(giulia, "The caller", "Giulia Neri")
    await scene.picks_up(anna, "Anna", giulia)
    giulia.hang_up()
    await scene.clock.advance(600)
    await scene.ring(giulia, "Ten minutes later Giulia")
    await scene.has_heard(giulia, 3)
    return giulia


async def a_household(scene: Scene) -> Phone:
    anna = await scene.agent("Anna")
    await scene.person("Maria", MARIA)
    paolo = await scene.person("Paolo", MARIA, knows="Anna")
    await scene.ring(paolo, "Somebody from a number that Maria and Paolo share")
    await scene.has_heard(paolo, 2)
    await scene.press(paolo, "Paolo", "9")
    await scene.picks_up(anna, "Anna", paolo)
    return paolo


async def a_withheld_number(scene: Scene) -> Phone:
    await scene.agent("Anna", ready=False)
    hidden = scene.network.plug_in(GIULIA)
    await scene.ring(hidden, "Somebody whose number is withheld", withhold="anonymous")
    await scene.has_heard(hidden, 3)
    await scene.press(hidden, "The caller", "2")
    await scene.has_heard(hidden)
    await scene.press(hidden, "The caller", "3339990001#")
    await scene.has_heard(hidden, 3)
    await scene.press(hidden, "The caller", "5")
    await scene.has_heard(hidden, 3)
    await scene.press(hidden, "The caller", "5")
    await scene.until(lambda: hidden.state == "idle")
    return hidden


async def closed(scene: Scene) -> Phone:
    await scene.agent("Anna")
    maria = await scene.person("Maria", MARIA)
    await scene.ring(maria, "At seven in the evening Maria")
    await scene.until(lambda: any(frame["type"] == "recording" for frame in maria.events))
    await scene.says(maria, "Maria", WHY[scene.language[:2]])
    maria.record(6)
    await scene.until(lambda: maria.state == "idle")
    return maria


async def no_answer(scene: Scene) -> Phone:
    await scene.agent("Anna")
    luca = await scene.agent("Luca")
    maria = await scene.person("Maria", MARIA, knows="Anna")
    await scene.ring(maria, "Maria")
    await scene.until(lambda: luca.state == "ringing")
    scene.does("Anna does not answer; Luca's telephone rings.")
    await scene.clock.advance(5)
    await scene.picks_up(luca, "Luca", maria)
    return maria


async def the_line_drops(scene: Scene) -> Phone:
    anna = await scene.agent("Anna")
    paolo = await scene.busy(anna)
    maria = await scene.person("Maria", MARIA)
    await scene.ring(maria, "Maria")
    await scene.has_heard(maria, 2)
    scene.does("The line drops.")
    maria.hang_up()
    await scene.clock.advance(20)
    await scene.ring(maria, "Maria")
    await scene.has_heard(maria, 3)
    paolo.hang_up()
    await scene.picks_up(anna, "Anna", maria)
    return maria


SITUATIONS: Sequence[tuple[str, datetime, Play]] = (
    ("Somebody we know, and the one who knows them is free", MORNING, known_and_free),
    ("The one who knows them is talking; nothing is pressed", MORNING, known_and_busy),
    ("Everybody is talking", MORNING, everybody_is_talking),
    ("A call back instead of waiting", MORNING, a_call_back),
    ("Somebody new", MORNING, somebody_new),
    ("A number that two people share", MORNING, a_household),
    ("A withheld number, and nobody is there", MORNING, a_withheld_number),
    ("In the evening", EVENING, closed),
    ("The first agent does not answer", MORNING, no_answer),
    ("The line drops, and they ring again", MORNING, the_line_drops),
)


async def rehearse(given: Settings, language: str | None) -> None:
    """Prints all situations; `language` is that of everybody in them, by default the house's."""
    spoken = spoken_language(language, given.default_language)
    for number, (title, moment, play) in enumerate(SITUATIONS, 1):
        lines = await overheard(given, spoken, moment, play)
        print(f"\n{number}. {title}\n")
        for line in lines:
            minutes, seconds = divmod(int(line.at), 60)
            print(f"  {minutes:3d}:{seconds:02d}  {line.text if line.heard else f'({line.text})'}", flush=True)


async def overheard(given: Settings, language: str, moment: datetime, play: Play) -> list[Line]:
    """One situation, played on stores of its own."""
    with tempfile.TemporaryDirectory(prefix="centralino-") as folder:
        settings = _invented(given, language, Path(folder))
        schema.upgrade(settings.database)
        clock = VirtualClock(moment.replace(tzinfo=ZoneInfo(settings.timezone)))
        async with on_stage(settings, clock, redis_url=f"unix://{folder}/none", line=LINE) as (network, _):
            database = Database(settings.database)
            try:
                scene = Scene(clock, network, database, language)
                phone = await play(scene)
            finally:
                await database.close()
    return list(_told(scene, phone))


def _invented(given: Settings, language: str, home: Path) -> Settings:
    """The house's name and where it is, and nothing of its data."""
    return Settings.model_construct(
        centralino_home=home,
        public_url="https://rehearsal.invalid",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr("rehearsal"),
        company_name=given.company_name,
        default_region=given.default_region,
        default_language=language,
        timezone=given.timezone,
        calls_per_second=100.0,
    )


def _said(phone: Phone) -> list[Heard]:
    return [heard for heard in phone.heard if heard.kind == "said"]


def _told(scene: Scene, phone: Phone) -> Iterator[Line]:
    """What was heard and done, in order; of the ringing only how long it lasted."""
    began = scene.done[0][0]
    events = [(at, False, what) for at, what in scene.done]
    events += [(heard.at, True, heard.text if heard.kind == "said" else "") for heard in phone.heard]
    rings_since: datetime | None = None
    for at, heard, text in sorted(events, key=lambda event: event[:2]):
        if heard and not text:
            rings_since = rings_since or at
            continue
        if rings_since is not None and at - rings_since >= timedelta(seconds=1):
            seconds = round((at - rings_since).total_seconds())
            yield Line((rings_since - began).total_seconds(), False, f"{seconds} seconds of soft ringing")
        rings_since = None
        yield Line((at - began).total_seconds(), heard, text)
