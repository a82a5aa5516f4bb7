"""What is done about what a caller says of who they are: asked once more, noted, kept beside the reason."""

from __future__ import annotations

import pytest

from tests.ivr.door import MARIA, SOMEBODY, Door

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


async def test_who_has_not_understood_the_question_hears_it_twice_more_and_then_says_their_name_after_a_tone(
    door: Door,
) -> None:
    await door.agent()
    told = await door.ring(From=SOMEBODY)
    for words in ("Come?", "pronto, mi sente?"):
        told = await door.speak(told, words, From=SOMEBODY)
        assert told.words.startswith("Mi scusi. Come si chiama?")
    told = await door.speak(told, "scusi?", From=SOMEBODY)
    assert told.words == "Mi dica il suo nome dopo il segnale."
    call = await door.call()
    assert (call.customer_id, call.said) == (None, None)
    assert await door.reservation_states() == ["offered"]  # Anna's phone rings on


async def test_who_waits_is_asked_once_more_too(door: Door) -> None:
    await door.agent(activity="talking")
    told = await door.ring(From=SOMEBODY)
    assert "Come si chiama?" in told.words
    told = await door.speak(told, "Come?", From=SOMEBODY)
    assert told.words.startswith("Mi scusi.")
    assert "Come si chiama?" in told.words


@pytest.mark.parametrize(
    ("words", "heard", "said"),
    [
        ("sono Giulia Neri e chiamo per la fattura di marzo", "Grazie, Giulia", "chiamo per la fattura di marzo"),
        ("la fattura è sbagliata", "Grazie, lo riferisco. Mi dica il suo nome dopo", "la fattura è sbagliata"),
        ("parlo con Anna", "Mi dica il suo nome dopo", None),
    ],
)
async def test_a_reason_told_to_who_asks_for_a_name_is_kept(
    door: Door, words: str, heard: str, said: str | None
) -> None:
    await door.agent()
    told = await door.speak(await door.ring(From=SOMEBODY), words, From=SOMEBODY)
    assert told.words.startswith(heard)
    assert "perché chiama" not in told.words
    assert (await door.call()).said == said


async def test_who_is_somebody_else_keeps_the_reason_they_told_with_it(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    words = "non sono Maria, sono Paolo Neri e chiamo perché il forno non funziona"
    told = await door.speak(await door.ring(), words)
    assert told.words.startswith("Mi scusi, Paolo")
    assert "perché chiama" not in told.words
    call = await door.call()
    assert call.said == "chiamo perché il forno non funziona"
    assert call.customer_id != door.ids["Maria"]
