"""Nobody is there: night, Sunday, holiday, closing time; or nobody is ready though the house is open."""

from __future__ import annotations

from datetime import datetime

import pytest

from store.clock import VirtualClock
from tests.story.conftest import LINE, MARIA, ROME, World

pytestmark = pytest.mark.anyio
EARLY = datetime(2026, 3, 3, 8, 55)
EVENING = datetime(2026, 3, 3, 19, 0)
BEFORE_CLOSING = datetime(2026, 3, 3, 17, 59)
MORNING = datetime(2026, 3, 3, 10, 0)


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> VirtualClock:
    return VirtualClock(getattr(request, "param", EVENING).replace(tzinfo=ROME))


def at(*moments: datetime) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("clock", moments, indirect=True)


async def test_a_closed_house_says_when_it_opens_and_takes_a_promise(world: World) -> None:
    """Tuesday, seven in the evening: nobody rings; the hours are said; a call back is for tomorrow morning."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "Buonasera, Maria")
    await world.hears(maria, "Adesso siamo chiusi. Riapriamo domani alle 09:00")
    await world.hears(maria, "Prema 2 per una richiamata domani alle 09:00")
    maria.press("2")
    await world.hears(maria, "domani alle 09:00")
    maria.press("5")
    await world.hears(maria, "D'accordo, Maria")
    assert anna.state == "idle"
    (promise,) = (await world.get("/callbacks"))["items"]
    assert promise["due_at"].startswith("2026-03-04T08:00")


@pytest.mark.parametrize(
    ("clock", "opens"),
    [
        (datetime(2026, 3, 8, 11, 0), "domani alle 09:00"),  # a Sunday
        (datetime(2026, 4, 6, 11, 0), "domani alle 09:00"),  # Easter Monday
        (datetime(2026, 12, 24, 18, 30), "lunedì 28 dicembre alle 09:00"),  # Christmas on a Friday, then the weekend
        (datetime(2026, 3, 3, 3, 0), "oggi alle 09:00"),
    ],
    indirect=["clock"],
)
async def test_sundays_and_holidays_are_told_with_the_next_opening(world: World, opens: str) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, f"Riapriamo {opens}")
    assert anna.state == "idle"


@at(EARLY)
async def test_a_message_left_before_opening_is_answered_at_opening(world: World) -> None:
    """Without a key it is a message; the promise to answer it is for nine, and then Anna's phone rings."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "dopo il segnale")
    await world.until(lambda: any(f["type"] == "recording" for f in maria.events))
    maria.record(8)
    await world.hears(maria, "La richiamiamo oggi alle 09:00")
    await world.until(lambda: maria.state == "idle")
    assert anna.state == "idle"
    await world.until(lambda: anna.state == "ringing", 600)
    anna.answer()
    await world.until(lambda: maria.state == "ringing", 20)
    assert world.clock.now().astimezone(ROME).strftime("%H:%M") == "09:00"


@at(BEFORE_CLOSING)
async def test_closing_time_reached_while_waiting_is_told(world: World) -> None:
    """Nobody who waits is left there: at six the hours are said, and a call back or a message is taken."""
    anna = await world.agent("Anna Bianchi")
    paolo, maria = await world.customer("Paolo", "+393337654321"), await world.customer("Maria", MARIA)
    await world.talk(paolo, anna)
    await maria.dial(LINE)
    await world.hears(maria, "prema 2 per una richiamata")
    await world.hears(maria, "Adesso siamo chiusi. Riapriamo domani alle 09:00", 100)
    assert paolo.partners  # who talks goes on talking
    anna.hang_up()
    await world.clock.advance(2)
    await world.presence("anna", "ready")
    await world.hears(maria, "dopo il segnale")
    assert anna.state == "idle"
    await world.until(lambda: any(f["type"] == "recording" for f in maria.events))
    maria.record(5)
    await world.hears(maria, "il messaggio è arrivato")
    (promise,) = (await world.get("/callbacks"))["items"]
    assert (promise["kind"], promise["due_at"][:16]) == ("voicemail", "2026-03-04T08:00")


@at(MORNING)
async def test_nobody_is_ready_in_opening_hours(world: World) -> None:
    """The truth at once, a call back or a message; and whoever comes back meanwhile still takes the call."""
    await world.agent("Anna Bianchi", ready=False)
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "In questo momento non c'è nessuno che possa aiutarla", 10)
    await world.presence("anna", "ready")
    anna = world.network.plug_in("client:anna")
    await world.until(lambda: anna.state == "ringing", 5)
    anna.answer()
    await world.until(lambda: bool(maria.partners), 5)


@at(MORNING)
async def test_the_only_agent_does_not_answer(world: World) -> None:
    """After one ring the truth, not a second silence: a message becomes a promise."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing")
    await world.hears(maria, "In questo momento non c'è nessuno", 60)
    assert "dopo il segnale" not in maria.words
    await world.hears(maria, "dopo il segnale")
    await world.until(lambda: any(f["type"] == "recording" for f in maria.events))
    maria.record(5)
    await world.hears(maria, "il messaggio è arrivato")
    (promise,) = (await world.get("/callbacks"))["items"]
    assert promise["kind"] == "voicemail"


@at(MORNING)
async def test_who_is_not_on_shift_does_not_ring(world: World) -> None:
    anna = await world.agent("Anna Bianchi", hours="Mo-Fr 14:00-18:00")
    luca = await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    await maria.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 10)
    assert anna.state == "idle"
