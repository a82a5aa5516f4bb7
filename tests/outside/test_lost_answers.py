"""The carrier does what it is asked and its answer is lost, and so is the server: nothing is asked for twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.outside.around import BACK_SECONDS, talking, until
from tests.outside.conftest import Starts
from tests.outside.house import House
from tests.outside.process import Process

pytestmark = pytest.mark.anyio


async def test_what_was_done_although_nobody_heard_so_is_not_done_again(
    shared_stores: dict[str, str], serve_process: Starts, house: Callable[[Process], House]
) -> None:
    """An agent is rung for a caller, a customer for a promise, a caller is fetched into the room: each just once."""
    server = await serve_process("--migrate", **shared_stores)
    here = house(server)
    first, second = await here.opens(2)
    carrier, faults = here.carrier, here.carrier.network.faults
    anna, luca, sara = await here.agent(first), await here.agent(), await here.agent(second)
    maria, paolo, carla = [await here.customer() for _ in range(3)]
    promise = await here.promise(paolo, 10, agent=here.ids[luca.address])
    await until(lambda: luca.state == "ringing")
    luca.answer()
    await until(lambda: "A call promised to" in luca.words)
    fetched = await carla.dial(second)
    await until(lambda: sara.state == "ringing")
    faults.rest("lose_answer", where="/Calls.json", method="POST", times=2)
    faults.rest("lose_answer", where=f"/Calls/{fetched}.json", method="POST", times=100)
    faults.webhook("lose", where="/status", times=100)
    await maria.dial(first)
    await until(lambda: anna.state == "ringing")
    await until(lambda: paolo.state == "ringing")
    await talking(sara, carla)
    server.kill()
    faults.clear()
    server.start()
    await server.ready(BACK_SECONDS)
    anna.answer()
    paolo.answer()
    await until(lambda: maria.partners == [anna.address])
    await until(lambda: "Press 1" in paolo.words)
    paolo.press("1")
    await until(lambda: paolo.partners == [luca.address])
    assert carla.partners == [sara.address]  # whoever is fetched twice leaves the room in between, which ends the talk
    for phone in (maria, paolo, carla):
        phone.hang_up()
    await here.closes()
    await here.nothing_was_lost_or_done_twice()
    assert [len(carrier.rung(phone.address)) for phone in (anna, luca, sara, paolo)] == [1, 1, 1, 1]
    assert (await here.api.get(f"/callbacks/{promise}"))["state"] == "kept"
