from dataclasses import replace

import pytest

from routing.agents import MISSES, NEXT_ACTIVITY, Activity, Availability, Ended
from tests.routing.people import agent


@pytest.mark.parametrize("availability", Availability)
@pytest.mark.parametrize("activity", Activity)
def test_only_who_chose_to_be_ready_and_does_nothing_is_ready(availability: Availability, activity: Activity) -> None:
    somebody = agent(availability=availability, activity=activity)
    assert somebody.ready == (availability == "ready" and activity == "idle")


def test_an_end_never_makes_anybody_busier_than_they_were() -> None:
    for (before, _), after in NEXT_ACTIVITY.items():
        assert before in (Activity.RESERVED, Activity.TALKING)
        assert after in (Activity.IDLE, Activity.WRAP_UP)


def test_only_a_talk_owes_a_wrap_up() -> None:
    owing = {pair for pair, after in NEXT_ACTIVITY.items() if after is Activity.WRAP_UP}
    assert owing == {(Activity.TALKING, Ended.TALK_ENDED)}


def test_a_reserved_agent_is_free_again_however_the_offer_ended() -> None:
    offers = set(Ended) - {Ended.TALK_ENDED}
    assert {why for (before, why) in NEXT_ACTIVITY if before is Activity.RESERVED} == offers


def test_a_decline_is_an_answer_and_no_miss() -> None:
    assert {Ended.RANG_OUT, Ended.FAILED} == MISSES


@pytest.mark.parametrize(
    ("spoken", "wanted", "understood"),
    [
        ("de-DE", "de-CH", True),
        ("de", "de-AT", True),
        ("EN-gb", "en-US", True),
        ("it-IT", "fr-FR", False),
        ("fil-PH", "fi-FI", False),
    ],
)
def test_languages_are_compared_without_their_region(spoken: str, wanted: str, understood: bool) -> None:
    assert agent(languages=("pt-PT", spoken)).speaks(wanted) == understood


def test_a_skill_needs_its_level() -> None:
    anna = agent(skills={"billing": 4, "night": 1})
    assert anna.able({})
    assert anna.able({"billing": 4, "night": 1})
    assert not anna.able({"billing": 5})
    assert not anna.able({"billing": 1, "loans": 1})


@pytest.mark.parametrize(("name", "first"), [("Anna Bianchi", "Anna"), ("  Anna ", "Anna"), ("Zoë", "Zoë"), ("", "")])
def test_the_first_name_is_what_callers_hear(name: str, first: str) -> None:
    assert replace(agent(), name=name).first_name == first
