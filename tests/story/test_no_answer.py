"""Agents who do not answer, decline or vanish; callers who hang up."""

from __future__ import annotations

import pytest

from tests.story.conftest import LINE, MARIA, PAOLO, SOMEBODY, World

pytestmark = pytest.mark.anyio


async def test_the_next_agent_rings_and_the_caller_keeps_their_place(world: World) -> None:
    """Anna declines: Luca rings; Anna is not offered this call again; Maria's wait counts from her first second."""
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA)
    await world.has_talked("Maria", "anna")
    began_at = world.clock.now()
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing")
    await world.clock.advance(5)
    anna.decline()
    await world.until(lambda: luca.state == "ringing", 2)
    await world.clock.advance(5)
    luca.decline()
    await world.clock.advance(60)
    assert (anna.state, luca.state) == ("idle", "idle")
    call = await world.call(maria)
    assert call["started_at"].startswith(began_at.isoformat()[:19])
    assert [d["action"] for d in call["decisions"]][:2] == ["ring", "ring"]
    assert await world.state_of("anna") == "ready idle"  # a decline is an answer


async def test_whose_phone_rings_now_is_told(world: World) -> None:
    """Nobody hears that Anna is being rung while it is Luca's phone."""
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    await maria.dial(LINE)
    await world.hears(maria, "Sto ancora chiamando Anna")
    anna.decline()
    await world.until(lambda: luca.state == "ringing", 2)
    await world.until(lambda: "Luca" in maria.words, 3)


async def test_a_stranger_who_rings_again_within_a_minute_has_their_place_too(world: World) -> None:
    anna, paolo = await world.agent("Anna Bianchi"), await world.customer("Paolo", PAOLO)
    await world.talk(paolo, anna)
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    await world.hears(stranger, "Prema 2")
    stranger.hang_up()
    await world.clock.advance(20)
    await stranger.dial(LINE)
    await world.hears(stranger, "ha ancora il suo posto", 5)


async def test_where_nobody_is_there_is_no_place_to_have_back(world: World) -> None:
    await world.agent("Anna Bianchi", ready=False)
    maria = await world.customer("Maria", MARIA)
    for _ in range(2):
        await maria.dial(LINE)
        await world.clock.advance(8)
        maria.hang_up()
        await world.clock.advance(15)
    assert maria.words.count("In questo momento non c'è nessuno") == 2
    assert "il suo posto" not in maria.words


async def test_who_declines_at_once_costs_the_caller_no_false_word(world: World) -> None:
    """As soon as the greeting is over Maria hears that it is Luca's phone, and is still asked why she calls."""
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing")
    anna.decline()
    await world.until(lambda: luca.state == "ringing", 2)
    await world.until(lambda: "Luca" in maria.words, 5)
    await world.hears(maria, "mi dica con parole sue perché chiama", 6)


async def test_each_agent_who_declines_is_followed_by_another_name(world: World) -> None:
    """Sent on twice in a row, Maria hears each time who is rung now."""
    phones = {first: await world.agent(f"{first} Bianchi") for first in ("Anna", "Luca", "Sara")}
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    heard = []
    for _ in phones:
        await world.until(lambda: any(phone.state == "ringing" for phone in phones.values()))
        (first,) = [first for first, phone in phones.items() if phone.state == "ringing"]
        await world.until(lambda first=first: first in maria.words, 30)
        heard.append(first)
        phones[first].decline()
        await world.clock.advance(1)
    assert set(heard) == set(phones)
    await world.hears(maria, "In questo momento non c'è nessuno", 5)


async def test_who_goes_away_while_their_phone_rings_is_no_longer_rung(world: World) -> None:
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing")
    await world.presence("anna", "away")
    await world.until(lambda: luca.state == "ringing", 6)
    await world.until(lambda: anna.state == "idle", 2)
    luca.answer()
    await world.until(lambda: maria.partners == ["client:luca"])
    assert await world.state_of("anna") == "away idle"


async def test_when_the_only_agent_declines_the_caller_is_told_at_once(world: World) -> None:
    """No ringing is heard that rings nowhere."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "Sto ancora chiamando Anna")
    anna.decline()
    await world.hears(maria, "In questo momento non c'è nessuno", 2)
    await world.hears(maria, "Prema 2 per una richiamata", 8)


async def test_who_misses_two_rings_in_a_row_is_away(world: World) -> None:
    """Twenty seconds of ringing is a miss; after the second one nobody is sent to an empty chair."""
    anna = await world.agent("Anna Bianchi")
    for number in ("+393330000001", "+393330000002"):
        caller = world.network.plug_in(number)
        await caller.dial(LINE)
        await world.until(lambda: anna.state == "ringing")
        rang_at = world.clock.now()
        await world.until(lambda: anna.state == "idle", 40)
        assert 19 <= (world.clock.now() - rang_at).total_seconds() <= 22
        await world.clock.advance(1)
        caller.hang_up()
        await world.clock.advance(2)
    assert await world.state_of("anna") == "away idle"


async def test_an_agent_whose_phone_is_gone_costs_the_caller_nothing(world: World) -> None:
    """Anna's browser is closed though she is ready: Luca rings at once."""
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    world.network.unplug(anna)
    await maria.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 4)


async def test_the_ringing_stops_when_the_caller_hangs_up(world: World) -> None:
    """Within a second Anna's phone is quiet and she is free for the next one."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    sid = maria.call
    await world.until(lambda: anna.state == "ringing")
    maria.hang_up()
    await world.clock.advance(1)
    assert anna.state == "idle"
    assert await world.state_of("anna") == "ready idle"
    call = await world.call(maria, sid)
    assert (call["state"], call["outcome"]) == ("ended", "abandoned")


async def test_who_rings_again_within_a_minute_has_their_place_back(world: World) -> None:
    anna, paolo = await world.agent("Anna Bianchi"), await world.customer("Paolo", PAOLO)
    await world.talk(paolo, anna)
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    first = maria.call
    await world.clock.advance(8)
    maria.hang_up()
    await world.clock.advance(20)
    await maria.dial(LINE)
    await world.hears(maria, "ha ancora il suo posto")
    assert (await world.call(maria))["started_at"] == (await world.call(maria, first))["started_at"]


async def test_an_agent_on_a_plain_phone_hears_who_and_presses_a_key(world: World) -> None:
    """A mobile may be answered by a machine: nobody is joined before a key."""
    await world.agent("Anna Bianchi", address="+393470000001")
    mobile = world.network.plug_in("+393470000001")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.until(lambda: mobile.state == "ringing")
    mobile.answer()
    await world.hears(mobile, "Chiamata da Maria Rossi")
    await world.hears(mobile, "Prema 1")
    assert maria.partners == []
    mobile.press("1")
    await world.until(lambda: maria.partners == ["+393470000001"])


async def test_a_machine_that_answers_is_a_miss_and_not_an_agent(world: World) -> None:
    await world.agent("Anna Bianchi", address="+393470000001")
    mobile = world.network.plug_in("+393470000001")
    luca = await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    await maria.dial(LINE)
    await world.until(lambda: mobile.state == "ringing")
    mobile.answer()
    await world.until(lambda: luca.state == "ringing", 30)
    assert maria.partners == []


async def test_after_the_talk_the_conversation_is_remembered(world: World) -> None:
    """It is in Maria's history; next time Anna is familiar; Anna has her wrap-up, then she is free."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    await world.clock.advance(65)
    sid = maria.call
    anna.hang_up()
    await world.hears(maria, "Grazie", 3)  # never a void
    await world.until(lambda: maria.state == "idle", 20)
    assert await world.state_of("anna") == "ready wrap_up"
    (talk,) = (await world.get(f"/interactions?customer={world.ids['Maria']}"))["items"]
    assert (talk["agent"], talk["outcome"]) == (world.ids["anna"], "solved")
    assert 60 <= talk["talk_seconds"] <= 72
    assert (await world.call(maria, sid))["state"] == "ended"
    await world.clock.advance(31)
    assert await world.state_of("anna") == "ready idle"
    luca = await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing")
    assert (await world.call(maria))["familiar"]
    assert luca.state == "idle"
