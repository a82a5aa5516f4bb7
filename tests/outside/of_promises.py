"""What a promise may be in the middle of when the server dies."""

from __future__ import annotations

from simulator.phones import Phone
from tests.outside.around import LINE, until
from tests.outside.scene import Scene, Situation


async def promised(scene: Scene, seconds: float) -> tuple[Phone, Phone, str]:
    """Promises go out from any line, so those who keep them are told apart by a language (which the house answers
    in English)."""
    agent, customer = await scene.agent(LINE, languages=["pl-PL"]), await scene.caller(language="pl-PL")
    promise = await scene.house.promise(customer, seconds, agent=scene.house.ids[agent.address])
    return agent, customer, promise


async def is_kept(scene: Scene, promise: str, customer: Phone) -> None:
    """After one call to the customer, no more."""
    customer.hang_up()

    async def kept() -> bool:
        return (await scene.house.api.get(f"/callbacks/{promise}"))["state"] == "kept"

    await until(kept)
    assert len(scene.house.carrier.rung(customer.address)) == 1
    assert [a["result"] for a in (await scene.house.api.get(f"/callbacks/{promise}"))["attempts"]] == ["connected"]


async def proves_a_person(customer: Phone, agent: Phone) -> None:
    await until(lambda: "put you through to" in customer.words or "Press 1 to talk with" in customer.words)
    customer.press("1")
    await until(lambda: customer.partners == [agent.address])


async def the_agent_of_a_promise_is_being_rung(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 10)
    await until(lambda: agent.state == "ringing")
    await scene.the_server_dies_and_comes_back()
    agent.answer()
    await until(lambda: customer.state == "ringing")
    customer.answer()
    await proves_a_person(customer, agent)
    await is_kept(scene, promise, customer)


async def the_agent_of_a_promise_answers_while_nobody_is_there(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 10)
    await until(lambda: agent.state == "ringing")
    await scene.the_server_dies()
    agent.answer()
    await scene.in_vain(agent.call)
    await scene.the_server_is_back()
    await until(lambda: customer.state == "ringing")
    customer.answer()
    await proves_a_person(customer, agent)
    await is_kept(scene, promise, customer)


async def the_agent_of_a_promise_waits_for_its_instant(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 14)
    await until(lambda: agent.state == "ringing")
    agent.answer()
    await scene.hears(agent, "A call promised to")
    assert scene.house.carrier.rung(customer.address) == []
    await scene.the_server_dies_and_comes_back()
    await until(lambda: customer.state == "ringing")
    customer.answer()
    await proves_a_person(customer, agent)
    await is_kept(scene, promise, customer)


async def the_agent_of_a_promise_leaves_unheard_and_nobody_is_called_into_an_empty_room(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 14)
    await until(lambda: agent.state == "ringing")
    agent.answer()
    await scene.hears(agent, "A call promised to")
    leg = agent.call
    await scene.the_server_dies()
    agent.hang_up()
    await scene.in_vain(leg)
    others = {phone.call for phone in scene.house.agents[LINE]}  # what rings now is for somebody else
    await scene.the_server_is_back()

    def rung() -> Phone | None:
        agents = scene.house.agents[LINE]
        return next((phone for phone in agents if phone.state == "ringing" and phone.call not in others), None)

    again = await until(rung)
    assert scene.house.carrier.rung(customer.address) == []
    again.answer()
    await until(lambda: customer.state == "ringing")
    customer.answer()
    await proves_a_person(customer, again)
    await is_kept(scene, promise, customer)


async def the_customer_is_being_rung(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 0)
    await until(lambda: agent.state == "ringing")
    agent.answer()
    await until(lambda: customer.state == "ringing")
    await scene.the_server_dies_and_comes_back()
    customer.answer()
    await proves_a_person(customer, agent)
    await is_kept(scene, promise, customer)


async def the_customer_answers_while_nobody_is_there(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 0)
    await until(lambda: agent.state == "ringing")
    agent.answer()
    await until(lambda: customer.state == "ringing")
    await scene.the_server_dies()
    customer.answer()
    await scene.in_vain(customer.call)
    await scene.the_server_is_back()
    await proves_a_person(customer, agent)
    await is_kept(scene, promise, customer)


async def the_customer_declines_unheard_and_is_called_another_time(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 0)
    await until(lambda: agent.state == "ringing")
    agent.answer()
    await until(lambda: customer.state == "ringing")
    sid, leg = customer.call, agent.call
    await scene.the_server_dies()
    customer.decline()
    await scene.in_vain(sid)
    await scene.the_server_is_back()
    await until(lambda: bool(customer.texts))
    found = await scene.house.api.get(f"/callbacks/{promise}")
    assert (found["state"], len(found["attempts"])) == ("promised", 1)
    await until(lambda: agent.call != leg)


async def the_promised_talk_goes_on(scene: Scene) -> None:
    agent, customer, promise = await promised(scene, 0)
    await until(lambda: agent.state == "ringing")
    agent.answer()
    await until(lambda: customer.state == "ringing")
    customer.answer()
    await proves_a_person(customer, agent)
    await scene.the_server_dies_and_comes_back()
    await is_kept(scene, promise, customer)
    await scene.one_conversation(customer)


SITUATIONS: list[Situation] = [
    the_agent_of_a_promise_is_being_rung,
    the_agent_of_a_promise_answers_while_nobody_is_there,
    the_agent_of_a_promise_waits_for_its_instant,
    the_agent_of_a_promise_leaves_unheard_and_nobody_is_called_into_an_empty_room,
    the_customer_is_being_rung,
    the_customer_answers_while_nobody_is_there,
    the_customer_declines_unheard_and_is_called_another_time,
    the_promised_talk_goes_on,
]
