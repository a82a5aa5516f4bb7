"""Who is on the line, as the agent learns it: a record in one step, another one of the house, somebody new."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.desk.browsing import Premises
from tests.desk.card_stage import SID, after_the_talk, on_the_line

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
PART = {"HX-Request": "true"}


async def say(browser: httpx2.AsyncClient, status: int = 200, /, **data: str) -> str:
    """What the card shows after the agent has said who it is."""
    answer = await browser.post("/desk/person/who", data=data, headers=PART)
    assert answer.status_code == status, answer.text
    return answer.text


async def sits_down(premises: Premises) -> tuple[str, httpx2.AsyncClient]:
    agent_id = await premises.agent()
    return agent_id, await premises.browser("agent", agent_id=agent_id)


async def told(premises: Premises, path: str) -> Any:
    return (await premises.api.get(path)).json()


async def test_a_name_makes_the_record_with_the_number_they_ring_from(premises: Premises) -> None:
    agent_id, browser = await sits_down(premises)
    await on_the_line(premises, agent_id, None)
    card = await say(browser, name="Maria Rossi")
    assert "Maria Rossi" in card
    assert "Said their name" in card
    (maria,) = (await told(premises, "/customers?phone=%2B393331234567"))["items"]
    assert (maria["name"], maria["language"]) == ("Maria Rossi", "it-IT")
    assert (await told(premises, f"/calls/{SID}"))["customer"] == maria["id"]


async def test_a_withheld_number_is_kept_only_if_they_give_one(premises: Premises) -> None:
    agent_id, browser = await sits_down(premises)
    await on_the_line(premises, agent_id, None, from_number="anonymous")
    await say(browser, name="Maria Rossi", phone="333 765 4321")
    customer = await told(premises, f"/customers/{(await told(premises, f'/calls/{SID}'))['customer']}")
    assert customer["phones"] == ["+393337654321"]


async def test_another_one_of_the_number_takes_the_call_and_what_was_anothers_stays(premises: Premises) -> None:
    agent_id, browser = await sits_down(premises)
    maria, paolo = await premises.customer(), await premises.customer("Paolo Rossi")
    await on_the_line(premises, agent_id, maria)
    card = await say(browser, customer=paolo)
    assert "Paolo Rossi" in card
    assert (await told(premises, f"/calls/{SID}"))["customer"] == paolo
    await say(browser, name="Luca Rossi", new="1")
    assert (await told(premises, f"/customers/{paolo}"))["name"] == "Paolo Rossi"
    assert (await told(premises, f"/calls/{SID}"))["customer"] not in (maria, paolo)


async def test_nobody_is_had_by_typing_an_id(premises: Premises) -> None:
    agent_id, browser = await sits_down(premises)
    stranger = await premises.customer("Luca Ferrari", "+393339999999")
    await on_the_line(premises, agent_id, None)
    await say(browser, 403, customer=stranger)
    assert (await told(premises, f"/calls/{SID}"))["customer"] is None


async def test_a_name_learnt_after_the_talk_takes_the_conversation_along(premises: Premises) -> None:
    agent_id, browser = await sits_down(premises)
    await on_the_line(premises, agent_id, None)
    await after_the_talk(premises, agent_id)
    await say(browser, 422, name=" ")
    await say(browser, name="Maria Rossi")
    (talk,) = (await told(premises, f"/interactions?agent={agent_id}"))["items"]
    assert talk["external_id"] == SID


async def test_a_talk_that_is_in_somebodys_history_is_nobody_elses(premises: Premises) -> None:
    agent_id, browser = await sits_down(premises)
    maria, paolo = await premises.customer(), await premises.customer("Paolo Rossi")
    await on_the_line(premises, agent_id, maria)
    await after_the_talk(premises, agent_id)
    card = await say(browser, 409, customer=paolo)
    assert "The talk has ended, and is in somebody" in card
