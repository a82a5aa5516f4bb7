"""What a caller may be in the middle of when the server dies."""

from __future__ import annotations

from typing import Any

from simulator.phones import Phone
from tests.outside.around import NOBODY, presses, talking, until
from tests.outside.scene import Scene, Situation

# While somebody waits


async def somebody_waits_and_an_agent_becomes_ready(scene: Scene) -> None:
    busy, fresh = await scene.agent(), await scene.agent(ready=False)
    await scene.joined(busy)
    caller, sid = await scene.dials()
    await scene.hears(caller, "The first of us will be free in about")
    await scene.the_server_dies_and_comes_back()
    await scene.house.presence(fresh, "ready")
    await talking(fresh, caller)
    assert (await scene.house.call(sid))["agent"] == scene.house.ids[fresh.address]


async def somebody_waits_and_the_talk_before_theirs_ends_unheard(scene: Scene) -> None:
    agent = await scene.agent()
    first, first_sid = await scene.joined(agent)
    caller, _ = await scene.dials()
    await scene.hears(caller, "The first of us will be free in about")
    await scene.the_server_dies()
    first.hang_up()
    await scene.in_vain(first_sid)
    await scene.the_server_is_back()
    await talking(agent, caller)
    await scene.one_conversation(first)


# While the agent's phone rings


async def the_agent_answers_while_nobody_is_there(scene: Scene) -> None:
    agent = await scene.agent()
    caller, sid = await scene.dials()
    await until(lambda: agent.state == "ringing")
    await scene.the_server_dies()
    agent.answer()
    await scene.in_vain(agent.call)
    await scene.the_server_is_back()
    await until(lambda: caller.partners == [agent.address])
    caller.hang_up()
    assert (await scene.ended(sid))["outcome"] == "agent"


async def the_agent_answers_afterwards(scene: Scene) -> None:
    agent = await scene.agent()
    caller, _ = await scene.dials()
    await until(lambda: agent.state == "ringing")
    await scene.the_server_dies_and_comes_back()
    await talking(agent, caller)
    agent.hang_up()
    await scene.hears(caller, "Goodbye")
    await scene.is_free_again(agent)


async def an_agent_at_a_desk_phone_presses_the_key_while_nobody_is_there(scene: Scene) -> None:
    agent = await scene.agent(address="sip:anna@desk.example.org")
    caller, _ = await scene.dials()
    await until(lambda: agent.state == "ringing")
    await scene.the_others_are_there()
    agent.answer()
    await scene.hears(agent, "Press 1 to take it")
    await scene.the_server_dies()
    agent.press("1")
    await scene.in_vain(agent.call)
    await scene.the_server_is_back()
    await until(lambda: agent.words.count("Press 1 to take it") == 2)
    agent.press("1")
    await until(lambda: caller.partners == [agent.address])


async def the_agent_does_not_answer_and_the_next_one_does(scene: Scene) -> None:
    first = await scene.agent()
    caller, _ = await scene.dials()
    await until(lambda: first.state == "ringing")
    second = await scene.agent()
    await scene.the_server_dies_and_comes_back()
    await until(lambda: second.state == "ringing")
    assert first.state == "idle"
    second.answer()
    await until(lambda: caller.partners == [second.address])


async def the_caller_hangs_up_and_the_agents_phone_falls_silent(scene: Scene) -> None:
    agent = await scene.agent()
    caller, sid = await scene.dials()
    await until(lambda: agent.state == "ringing")
    await scene.the_server_dies()
    caller.hang_up()
    await scene.in_vain(sid)
    await scene.the_server_is_back()
    await until(lambda: agent.state == "idle", 5)
    assert (await scene.ended(sid))["outcome"] == "abandoned"
    await scene.is_free_again(agent)


async def the_caller_presses_a_key_in_vain(scene: Scene) -> None:
    agent = await scene.agent()
    caller, sid = await scene.dials()
    await until(lambda: agent.state == "ringing")
    await scene.the_server_dies()
    caller.press("2")
    await scene.in_vain(sid)
    await scene.the_server_is_back()
    await scene.hears(caller, "We are trying again")
    await until(lambda: "ress 2 for a call back" in caller.words.rpartition("We are trying again")[2])
    caller.press("2")
    await scene.hears(caller, "can call you back")
    caller.press("5")
    await scene.hears(caller, "will call you back")
    assert (await scene.ended(sid))["outcome"] == "callback"
    assert [p["state"] for p in await scene.house.promises(caller)] == ["promised"]
    await until(lambda: agent.state == "idle")


async def somebody_rings_while_nobody_is_there(scene: Scene) -> None:
    agent, caller = await scene.agent(), await scene.caller()
    await scene.the_server_dies()
    sid = await caller.dial(scene.line)
    await scene.in_vain(sid)
    await scene.the_server_is_back()
    await talking(agent, caller)
    caller.hang_up()
    assert (await scene.ended(sid))["outcome"] == "agent"
    await scene.one_conversation(caller)


# While they talk


async def the_talk_goes_on(scene: Scene) -> None:
    agent = await scene.agent()
    caller, sid = await scene.joined(agent)
    await scene.the_server_dies()
    agent.speak("Can you still hear me?")
    await scene.the_server_is_back()
    assert "Can you still hear me?" in caller.words
    assert await scene.house.state_of(agent) == "ready talking"
    caller.hang_up()
    assert (await scene.ended(sid))["outcome"] == "agent"
    await scene.is_free_again(agent)
    await scene.one_conversation(caller)


async def the_caller_ends_the_talk_unheard(scene: Scene) -> None:
    agent = await scene.agent()
    caller, sid = await scene.joined(agent)
    await scene.the_server_dies()
    caller.hang_up()
    await scene.in_vain(sid)
    await scene.the_server_is_back()
    assert (await scene.ended(sid))["outcome"] == "agent"
    await scene.is_free_again(agent)
    await scene.one_conversation(caller)
    await until(lambda: agent.state == "idle")


async def the_agent_ends_the_talk_unheard_and_the_caller_is_not_left_in_an_empty_room(scene: Scene) -> None:
    agent = await scene.agent()
    caller, sid = await scene.joined(agent)
    leg = agent.call
    await scene.the_server_dies()
    agent.hang_up()
    await scene.in_vain(leg)
    await scene.the_server_is_back()
    await scene.hears(caller, "Goodbye")
    await scene.is_free_again(agent)
    assert (await scene.ended(sid))["outcome"] == "agent"
    await scene.one_conversation(caller)


# While a message is recorded


async def recording(scene: Scene) -> tuple[Phone, str]:
    agent = await scene.agent()
    caller, sid = await scene.dials()
    await until(lambda: agent.state == "ringing")
    await presses(caller, "3")
    await until(lambda: any(frame["type"] == "recording" for frame in caller.events))
    caller.record()
    return caller, sid


async def becomes_a_promise(scene: Scene, caller: Phone, sid: str) -> None:
    async def promised() -> Any:
        return await scene.house.promises(caller)

    (promise,) = await until(promised)
    assert (promise["kind"], promise["origin_call"], promise["recording_url"] is None) == ("voicemail", sid, False)
    assert (await scene.ended(sid))["outcome"] == "voicemail"


async def a_message_is_finished_afterwards(scene: Scene) -> None:
    caller, sid = await recording(scene)
    await scene.the_server_dies_and_comes_back()
    caller.finish_recording()
    await scene.hears(caller, "your message has arrived")
    await becomes_a_promise(scene, caller, sid)


async def a_message_is_finished_with_a_key_in_vain(scene: Scene) -> None:
    caller, sid = await recording(scene)
    await scene.the_server_dies()
    caller.press("#")
    await scene.in_vain(sid)
    scene.some_minutes_pass(sid)
    await scene.the_server_is_back()
    await scene.hears(caller, "your message is recorded")
    await becomes_a_promise(scene, caller, sid)


async def a_caller_hangs_up_after_their_message_unheard(scene: Scene) -> None:
    caller, sid = await recording(scene)
    await scene.the_server_dies()
    caller.hang_up()
    await scene.in_vain(sid)
    scene.some_minutes_pass(sid)
    await scene.the_server_is_back()
    await becomes_a_promise(scene, caller, sid)


async def a_message_was_left_while_nobody_was_there(scene: Scene) -> None:
    scene.house.carrier.number(scene.line, at=NOBODY)
    caller, sid = await scene.dials()
    await until(lambda: any(frame["type"] == "recording" for frame in caller.events))
    caller.record()
    caller.press("#")
    await scene.hears(caller, "your message is recorded")
    scene.some_minutes_pass(sid)
    await scene.the_server_dies_and_comes_back()
    await becomes_a_promise(scene, caller, sid)


SITUATIONS: list[Situation] = [
    somebody_waits_and_an_agent_becomes_ready,
    somebody_waits_and_the_talk_before_theirs_ends_unheard,
    the_agent_answers_while_nobody_is_there,
    the_agent_answers_afterwards,
    an_agent_at_a_desk_phone_presses_the_key_while_nobody_is_there,
    the_agent_does_not_answer_and_the_next_one_does,
    the_caller_hangs_up_and_the_agents_phone_falls_silent,
    the_caller_presses_a_key_in_vain,
    somebody_rings_while_nobody_is_there,
    the_talk_goes_on,
    the_caller_ends_the_talk_unheard,
    the_agent_ends_the_talk_unheard_and_the_caller_is_not_left_in_an_empty_room,
    a_message_is_finished_afterwards,
    a_message_is_finished_with_a_key_in_vain,
    a_caller_hangs_up_after_their_message_unheard,
    a_message_was_left_while_nobody_was_there,
]
