"""A past span under a plan: the people of a small house, minute by minute."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from crm.matters import Past
from routing.agents import Activity, Agent
from routing.choose import choose
from routing.comparison import Load, figures, gaps, load, worse_off
from routing.house import House
from routing.plan import Plan, Worth
from routing.replay import ANSWER_SECONDS, CHOICE_WITH_TEAMMATE_SECONDS, NOBODY_SECONDS, Replay, patience_seconds
from routing.replay_floor import LONGEST_IDLE, Floor
from routing.replay_words import assumptions, changed
from routing.span import Contact, End, Fate, Matter, Person, Span, as_it_was, usual_talk_seconds
from tests.routing.people import NOW, agent, caller, knows

HOUSE = House("Casa", "it-IT", "IT", "Europe/Rome")
PLAN = Plan(wrap_up_seconds=30, wait_unasked_seconds=30)
ANNA, BRUNO = agent("Anna Bianchi"), agent("Bruno Conti")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def contact(name: str, minutes: float = 0, **more: Any) -> Contact:
    """Maria's call of `minutes` after ten: five minutes with Bruno, who solved it; she is patient."""
    usual: dict[str, Any] = {
        "id": name,
        "customer": "maria",
        "arrived_at": at(minutes),
        "waited_seconds": 3600.0,
        "talk_seconds": 300,
        "agent": "bruno",
        "outcome": "solved",
    }
    return Contact(**usual | more)


def talk(agent_id: str, minutes: float, **more: Any) -> Past:
    usual: dict[str, Any] = {"id": f"{agent_id}{minutes}", "agent_id": agent_id, "started_at": at(minutes)}
    usual |= {"channel": "voice", "talk_seconds": 300, "outcome": "solved", "topic": None}
    return Past(**usual | more)


def span(*contacts: Contact, agents: tuple[Agent, ...] = (ANNA, BRUNO), **people: Person) -> Span:
    return Span(contacts, people, agents)


def replay(world: Span, plan: Plan = PLAN) -> list[Fate]:
    return Replay(world, plan, HOUSE).run()


def whom(fates: list[Fate]) -> list[tuple[str | None, bool | None, float | None]]:
    return [(fate.agent, fate.familiar, fate.waited_seconds) for fate in fates]


def test_who_knows_whom_counts_from_the_conversation_on_and_from_the_simulated_ones() -> None:
    """In the past Maria met Bruno twice; here Anna, idle as long and first by name, gets her, and then knows her."""
    during = [talk("bruno", 0, id="one"), talk("bruno", 60, id="two")]
    world = span(contact("one"), contact("two", 60), maria=Person(during=during))
    assert [fate.familiar for fate in as_it_was(world)] == [False, True]
    busy = span(contact("one"), contact("other", 1, customer="paolo"), contact("two", 60), maria=Person(during=during))
    assert whom(replay(busy)) == [
        ("anna", False, ANSWER_SECONDS),
        ("bruno", False, ANSWER_SECONDS),
        ("anna", True, ANSWER_SECONDS),
    ]


def test_what_comes_after_the_call_makes_nobody_known() -> None:
    """A talk by another channel counts from its own time too; one before the span from the beginning."""
    written = talk("bruno", 30, channel="text")
    maria = Person(before=[], during=[written], elsewhere=[written])
    assert whom(replay(span(contact("one"), maria=maria))) == [("anna", False, 5.0)]
    assert whom(replay(span(contact("one", 31), maria=maria))) == [("bruno", True, 5.0)]
    assert whom(replay(span(contact("one"), maria=Person(before=[talk("bruno", -9999)])))) == [("bruno", True, 5.0)]


def test_whoever_was_chosen_or_holds_an_open_matter_is_no_stranger() -> None:
    held = talk("bruno", -60, outcome="open", topic="ipad")
    case = Matter("bruno", at(-10), solved_at=at(10))
    for maria in (Person(preferred="bruno"), Person(before=[held]), Person(cases=[case])):
        assert whom(replay(span(contact("one"), maria=maria))) == [("bruno", True, 5.0)]
    for minutes in (-11, 10):  # not yet, and no longer
        assert whom(replay(span(contact("one", minutes), maria=Person(cases=[case])))) == [("anna", False, 5.0)]


def test_a_plan_that_waits_longer_keeps_people_together_and_another_one_offers_a_teammate() -> None:
    """Anna knows both callers; the second rings while she talks with the first.

    Waiting may last longer, and what it is waited for must be worth as much.
    """
    both = Person(before=[talk("anna", -600)])
    world = span(contact("one"), contact("two", 1, customer="paolo"), maria=both, paolo=both)
    by_teammate = CHOICE_WITH_TEAMMATE_SECONDS + ANSWER_SECONDS
    offered = replay(world)
    assert whom(offered) == [("anna", True, 5.0), ("bruno", False, by_teammate)]
    assert [fate.offered for fate in offered] == [False, True]
    waited = replay(world, Plan(wait_unasked_seconds=600, worth=Worth(familiar_seconds=900)))
    assert whom(waited) == [("anna", True, 5.0), ("anna", True, 5 + 300 + 30 - 60 + 5)]
    assert [fate.offered for fate in waited] == [False, False]


def test_callers_are_served_in_the_order_of_their_arrival_one_at_a_time() -> None:
    world = span(*(contact(name, n / 60, customer=name) for n, name in enumerate("abc")), agents=(ANNA,))
    assert [fate.waited_seconds for fate in replay(world)] == [5, 339, 673]  # 5 s of ringing, 300 of talk, 30 after it
    assert [fate.waited_seconds for fate in replay(world, Plan(wrap_up_seconds=0))] == [5, 309, 613]


def test_who_hung_up_does_it_again_after_as_long_unless_somebody_answers_first() -> None:
    given_up = contact("two", 1, customer="paolo", outcome="abandoned", agent=None, talk_seconds=0, waited_seconds=90.0)
    fates = replay(span(contact("one"), given_up, contact("three", 20), agents=(ANNA,)))
    assert [(fate.end, fate.waited_seconds) for fate in fates[1:]] == [(End.ABANDONED, 90), (End.ANSWERED, 5)]
    served = replay(span(contact("one"), given_up))[1]
    assert (served.end, served.agent, served.talk_seconds) == (End.ANSWERED, "bruno", 300)  # the mean of the others
    assert usual_talk_seconds([given_up], PLAN) == PLAN.talk_seconds


def test_patience_that_is_not_known_is_drawn_once_for_each_call() -> None:
    drawn = [patience_seconds(contact(f"call{n}", waited_seconds=None)) for n in range(2000)]
    assert drawn == [patience_seconds(contact(f"call{n}", waited_seconds=None)) for n in range(2000)]
    assert 380 < sum(drawn) / len(drawn) < 460
    assert patience_seconds(contact("call1", waited_seconds=50.0)) == 50 + drawn[1]


def test_a_closed_house_answers_nobody_not_even_those_who_wait() -> None:
    """Ten past six is too late, and whoever still waits at six as well; a talk goes on."""
    late = span(contact("one", 479), contact("two", 479.5, customer="paolo"), contact("three", 490), agents=(ANNA,))
    fates = replay(late)
    assert [fate.end for fate in fates] == [End.ANSWERED, End.CLOSED, End.CLOSED]
    assert [fate.waited_seconds for fate in fates] == [5, 30, 0]
    assert replay(late, Plan(hours="24/7"))[2].end is End.ANSWERED
    line = Plan(lines={"+3906": {"hours": "24/7"}})
    assert replay(span(contact("one", 490, line="+3906")), line)[0].end is End.ANSWERED


def test_agents_are_there_during_their_shifts() -> None:
    """Anna works from eleven to twelve, in Rome and not on Sundays."""
    anna = agent("Anna Bianchi", hours="Mo-Fr 11:00-12:00")
    world = span(contact("one"), contact("two", 70), contact("three", 119.5), contact("four", 121), agents=(anna,))
    fates = replay(world)
    assert [fate.end for fate in fates] == [End.NOBODY, End.ANSWERED, End.ANSWERED, End.NOBODY]
    assert (fates[0].waited_seconds, fates[0].offered) == (NOBODY_SECONDS, True)
    waiting = span(contact("one", 119), contact("two", 119.5, customer="paolo"), agents=(anna,))
    assert [(fate.end, fate.waited_seconds) for fate in replay(waiting)] == [(End.ANSWERED, 5), (End.NOBODY, 30)]
    early = replay(span(contact("one", 59.9), agents=(anna,)))[0]  # she comes while they hear that nobody is there
    assert (early.end, early.waited_seconds) == (End.ANSWERED, 6 + ANSWER_SECONDS)


def test_a_call_goes_only_to_who_has_its_language_and_skills() -> None:
    heidi = agent("Heidi Frei", languages=("de-CH",), skills={"loans": 3})
    german = Person(language="de-DE")
    assert replay(span(contact("one"), agents=(ANNA, heidi), maria=german))[0].agent == "heidi"
    loans = Plan(lines={"+3906": {"skills": {"loans": 3}}})
    assert replay(span(contact("one", line="+3906"), agents=(ANNA, heidi)), loans)[0].agent == "heidi"
    assert replay(span(contact("one", line="+3906"), agents=(ANNA,)), loans)[0].end is End.NOBODY


def test_the_few_candidates_lead_to_the_same_choice_as_the_whole_floor() -> None:
    dice = random.Random(7)
    for _ in range(300):
        crowd = [
            agent(f"A{n:02d} B", languages=(dice.choice(("it-IT", "de-DE")),), skills={"loans": dice.randint(0, 3)})
            for n in range(dice.randint(1, 25))
        ]
        floor = Floor(crowd)
        for place, one in enumerate(dice.sample(crowd, len(crowd))):
            if dice.random() < 0.8:
                floor.come(one.id, at(place // 3 - 60))  # some of them at the same moment
        busy = dice.random()
        for one in crowd:
            if dice.random() < busy:
                activity = dice.choice((Activity.RESERVED, Activity.TALKING, Activity.WRAP_UP))
                floor.become(one.id, activity, at(-dice.random() * 5), wrap_up_until=at(dice.random()))
        met = [one.id for one in dice.sample(crowd, min(len(crowd), dice.randint(0, 4)))]
        who = caller(
            language=dice.choice(("it-IT", "de-DE", "fr-FR")),
            ties=knows(*met, score=dice.random()),
            skills=dice.choice(({}, {"loans": 2})),
            offered=dice.random() < 0.5,
        )
        few, all_of_them = floor.candidates(who, PLAN, NOW), floor.everybody()
        chosen, expected = (choose(who, those, PLAN, NOW) for those in (few, all_of_them))
        assert (chosen.action, chosen.who, chosen.teammate) == (expected.action, expected.who, expected.teammate)
        assert len(few) <= LONGEST_IDLE + len(met)


def _busy_day(seed: int) -> Span:
    dice = random.Random(seed)
    team = tuple(
        agent(f"A{n} B", hours=dice.choice((None, "Mo-Fr 09:00-13:00", "Mo-Fr 12:00-18:00"))) for n in range(6)
    )
    people = {f"c{n}": Person(before=[talk(dice.choice(team).id, -99 - n)]) for n in range(60)}
    arrivals = sorted(dice.uniform(-60, 470) for _ in range(500))
    contacts = [
        contact(
            f"call{n}",
            minutes,
            customer=f"c{dice.randrange(60)}",
            waited_seconds=None,
            talk_seconds=int(dice.expovariate(1 / 300)),
            agent=dice.choice(team).id,
            outcome=dice.choice(("solved", "solved", "open", "abandoned")),
        )
        for n, minutes in enumerate(arrivals)
    ]
    return Span(contacts, people, team)


def test_on_a_busy_day_nobody_talks_with_two_at_once_and_every_call_ends_once() -> None:
    day = _busy_day(3)
    fates = replay(day)
    assert [fate.contact for fate in fates] == list(day.contacts)
    assert {End.ANSWERED, End.ABANDONED} <= {fate.end for fate in fates}
    assert fates == replay(_busy_day(3)) != replay(day, Plan(wait_unasked_seconds=300))
    free_at: dict[str, datetime] = {}
    answered = [fate for fate in fates if fate.end is End.ANSWERED]
    for talk_at, fate in sorted(((_answered_at(fate), fate) for fate in answered), key=lambda pair: pair[0]):
        assert fate.agent is not None
        rung_at = talk_at - timedelta(seconds=ANSWER_SECONDS)
        assert rung_at >= free_at.get(fate.agent, rung_at)
        free_at[fate.agent] = talk_at + timedelta(seconds=fate.talk_seconds + PLAN.wrap_up_seconds)


def _answered_at(fate: Fate) -> datetime:
    assert fate.waited_seconds is not None
    return fate.contact.arrived_at + timedelta(seconds=fate.waited_seconds)


def test_figures_tell_only_what_is_known() -> None:
    nothing = figures([])
    assert (nothing.familiar_rate, nothing.median_wait_seconds, nothing.p90_wait_seconds) == (None, None, None)
    fates = [Fate(contact(f"c{n}"), End.ANSWERED, "anna", n < 3, float(n), 60, n == 1) for n in range(1, 11)]
    fates.append(Fate(contact("gone"), End.ANSWERED, None, None, None, 60, False))
    fates += [Fate(contact(end), end, waited_seconds=99, offered=False) for end in End if end is not End.ANSWERED]
    shown = figures(fates)
    assert (shown.answered, shown.familiar_rate, shown.median_wait_seconds) == (11, 0.2, 5.5)
    assert (shown.p90_wait_seconds, shown.offered_callbacks) == (9.0, 1)
    assert (shown.abandoned, shown.closed, shown.nobody_here) == (1, 1, 1)
    past = figures(list(as_it_was(span(contact("one", waited_seconds=None)))))
    assert (past.median_wait_seconds, past.offered_callbacks, past.closed, past.nobody_here) == (None, None, None, None)


def test_who_would_have_fared_worse_is_told_once_the_worst_first() -> None:
    def was(name: str) -> Fate:
        return Fate(contact(name, customer=name), End.ANSWERED, "bruno", familiar=True, waited_seconds=10)

    def now(one: Fate, end: End = End.ANSWERED, familiar: bool | None = None, waited: float = 50) -> Fate:
        return Fate(one.contact, end, "anna" if end is End.ANSWERED else None, familiar, waited)

    gave_up = Fate(contact("given up", customer="x", outcome="abandoned"), End.ABANDONED)
    past = [was("longer"), was("a stranger"), was("closed"), was("gone"), was("nobody"), was("fine"), gave_up]
    replayed = [
        now(past[0], familiar=True),
        now(past[1], familiar=False),
        now(past[2], End.CLOSED),
        now(past[3], End.ABANDONED),
        now(past[4], End.NOBODY),
        now(past[5], familiar=True, waited=40),
        now(gave_up, End.CLOSED),
    ]
    worse = worse_off([*past, was("closed")], [*replayed, now(was("closed"), familiar=True)])
    names = {"anna": "Anna Bianchi", "bruno": "Bruno Conti"}
    met = "Spoke with Bruno Conti, whom they know; would have "
    assert [(one.was.contact.customer, changed(one, names, "en")) for one in worse] == [
        ("gone", met + "hung up after waiting 50 seconds."),
        ("nobody", met + "found nobody who can help them."),
        ("closed", met + "found the house closed."),
        ("a stranger", met + "spoken with Anna Bianchi, whom they do not know."),
        ("longer", met + "waited 50 seconds instead of 10."),
    ]
    assert changed(worse[3], {}, "it-IT").startswith("Ha parlato con qualcuno che non lavora più qui, che conosce; ")


def test_the_work_is_shown_for_everybody_who_is_here() -> None:
    one = Fate(contact("a"), End.ANSWERED, "bruno", talk_seconds=60)
    was = [one, Fate(contact("b"), End.ABANDONED)]
    now = [one, Fate(contact("b"), End.ANSWERED, "bruno", talk_seconds=40)]
    assert load([BRUNO, ANNA], was, now) == [Load("anna"), Load("bruno", 1, 2, 60, 100)]


def test_what_is_taken_for_granted_is_said_with_its_figures() -> None:
    known = contact("a", line="+3906")
    unknown = contact("b", customer=None, waited_seconds=None, talk_seconds=0, agent=None)
    past = list(as_it_was(span(known, unknown)))
    gap = gaps(past, span(), 300, "Europe/Rome")
    assert (gap.without_wait, gap.without_line, gap.without_length, gap.without_record, gap.agent_gone) == (1,) * 5
    said = assumptions(gap, "en")
    assert any("mean of 420 seconds" in one for one in said)
    assert "On average 1.0 agents a day took calls; in the replay all 2 are there." in said
    assert len(assumptions(gaps(past[:1], span(), 300, "Europe/Rome"), "en")) == len(said) - 5
    assert len(assumptions(gap, "it-IT")) == len(said)
    assert not set(assumptions(gap, "it-IT")) & set(said)
