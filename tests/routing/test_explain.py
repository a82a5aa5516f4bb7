"""Why it was decided so, in words a person would accept: to the manager, and to the caller."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from routing.agents import Activity, Availability
from routing.choose import WAIT, Decision, Hold, choose
from routing.explain import sentence, to_caller
from routing.explain_words import ENGLISH, ITALIAN
from routing.plan import Plan
from routing.weigh import Caller, Weighed
from tests.routing.people import NOW, agent, caller, knows, talking, wrapping_up

ANNA = agent("Anna Bianchi")
KEEPS = ("kept", "familiar")
CHOSE, HOLDS, KNOWS = ("preferred", "case_owner", "familiar"), ("case_owner", "familiar"), ("familiar",)


def decided(
    action: str, *because: str, estimate: float | None = None, known: bool = True, held: bool = True
) -> Decision:
    who = Weighed(ANNA, estimate or 0.0, 60.0, because) if known else None
    hold = Hold(30.0, 0.9, 20.0) if action == "wait" and known and held else None
    return Decision(action, who, None, estimate, hold=hold)


def said(decision: Decision, who: Caller | None = None) -> tuple[str, str]:
    """In Italian and in English."""
    who = who or caller(ties=knows("anna", times=4))
    return sentence(decision, who, "it-IT"), sentence(decision, who, "en-GB")


@pytest.mark.parametrize(
    ("because", "times", "italian", "english"),
    [
        (
            KEEPS,
            4,
            "e segue Maria finché la cosa non è risolta",
            "Anna looks after Maria until it is solved and is free.",
        ),
        (CHOSE, 4, "ed è la persona scelta da Maria", "Anna is the person Maria chose and is free."),
        (HOLDS, 4, "e segue una sua pratica aperta", "Anna holds an open matter of Maria's and is free."),
        (KNOWS, 1, "e ha già aiutato Maria una volta", "Anna has helped Maria once and is free."),
        (KNOWS, 4, "e ha già aiutato Maria quattro volte", "Anna has helped Maria four times and is free."),
    ],
)
def test_who_rings_is_named_with_why(because: tuple[str, ...], times: int, italian: str, english: str) -> None:
    who = caller(ties=knows("anna", times=times))
    assert said(decided("ring", *because), who) == (f"Anna è disponibile {italian}.", english)


def test_a_stranger_rings_for_being_free_the_longest() -> None:
    assert said(decided("ring")) == (
        "Anna è disponibile da più tempo e parla la lingua di Maria.",
        "Anna has been free the longest and speaks Maria's language.",
    )


def test_a_caller_without_a_name_is_the_caller() -> None:
    assert said(decided("ring"), caller(called=None)) == (
        "Anna è disponibile da più tempo e parla la lingua di chi chiama.",
        "Anna has been free the longest and speaks the caller's language.",
    )


def test_a_wait_for_somebody_says_that_it_is_worth_it() -> None:
    assert said(decided("wait", *KNOWS, estimate=21)) == (
        "Anna ha già aiutato Maria quattro volte e sarà disponibile tra circa 30 secondi: vale l'attesa.",
        "Anna has helped Maria four times and will be free in about 30 seconds; that is worth the wait.",
    )


def test_a_wait_for_anybody_says_how_long() -> None:
    assert said(decided("wait", estimate=130, known=False)) == (
        "Nessuno che possa aiutare Maria è libero: la prima persona lo sarà tra circa 3 minuti.",
        "Nobody who can help Maria is free; the first will be in about 3 minutes.",
    )


def test_an_offer_says_that_the_caller_chooses() -> None:
    assert said(decided("offer_callback", *CHOSE, estimate=270)) == (
        "Anna è la persona scelta da Maria ma sarà disponibile solo tra circa 5 minuti: la scelta è di Maria.",
        "Anna is the person Maria chose but will only be free in about 5 minutes, so Maria is asked.",
    )


def test_nobody_being_here_says_that_a_call_back_remains() -> None:
    assert said(decided("offer_callback", known=False)) == (
        "Nessuno che possa aiutare Maria è presente: si propone di richiamare.",
        "Nobody who can help Maria is here, so a call back is offered.",
    )


def test_any_language_but_italian_reads_english() -> None:
    decision = decided("ring")
    english = sentence(decision, caller(), "en-US")
    assert sentence(decision, caller(), "fr-FR") == sentence(decision, caller(), "de") == english
    assert sentence(decision, caller(), "IT") == sentence(decision, caller(), "it-CH") != english


def test_a_name_with_braces_is_only_a_name() -> None:
    assert "{agent} has" not in sentence(decided("ring", *KNOWS), caller(called="{who}"), "en")
    assert "{estimate}" in sentence(decided("ring", *KNOWS), caller(called="{estimate}"), "en")


BECAUSE = (
    *((), ("skill",), ("rule",), ("stand_in",), ("familiar",), ("case_owner", "familiar"), ("preferred", "rule")),
    ("kept", "familiar"),
)
URGENT = {"repeated": 60, "transferred": 60, "broken_promise": 120, "cut_off": 120, "promise_ends": 600, "rule": 30}
LUCA = agent("Luca Verdi", seconds=900)


@pytest.mark.parametrize("language", ["it-IT", "en-GB"])
def test_whatever_is_decided_why_ever_there_is_a_whole_sentence_for_both(language: str) -> None:
    """Each action, reason, kind of passing over, urgency and number of talks; never a bare name of a slot or a key."""
    spares = ({}, {"wanted": 12.0}, {"load": 30.0}, {"promise": 100.0, "wanted": 3.0})
    for because, spare, times, called in product(BECAUSE, spares, (1, 2, 10, 11), ("Maria", None)):
        who = caller(called=called, ties=knows("anna", times=times), urgent=URGENT if times == 1 else {})
        anna = Weighed(ANNA, 0.0, 60.0, because)
        weighed = (anna, Weighed(LUCA, 0.0, 0.0, (), spare), Weighed(talking("Bea"), 90.0, 200.0, ("preferred",)))
        decisions = [Decision("ring", anna, weighed=weighed), Decision("ring", anna, weighed=(anna,))]
        if anna.familiar:
            decisions += [Decision("wait", anna, None, 80.0, weighed), Decision("offer_callback", anna, None, 700.0)]
        for decision in decisions:
            heard = to_caller(decision, who, language)
            for said in (sentence(decision, who, language), heard):
                assert said[0].isupper()
                assert said.endswith(".")
                assert "  " not in said
                assert not {"{", "}", "_"} & set(said), said
                assert "None" not in said
                assert " e è " not in said
            assert not any(other in heard for other in ("Luca", "Bea", "Maria"))


def test_both_languages_say_the_same_things() -> None:
    for italian, english in zip(ITALIAN, ENGLISH, strict=True):
        assert italian.keys() == english.keys()
    for words in (ITALIAN, ENGLISH):
        of_manager_only = {"busy", "wrap_up", "wanted", "load", "promise", "urgent", "rule_urgent", *URGENT} - {"rule"}
        assert words.manager.keys() - words.caller.keys() == of_manager_only
        assert len(words.common["numbers"].split()) == 9


def test_what_the_caller_is_told_speaks_to_them() -> None:
    who = caller(ties=knows("anna", times=4))
    assert to_caller(decided("wait", *KNOWS, estimate=50), who, "en") == (
        "Anna has helped you four times and will be free in about 50 seconds; that is worth the wait."
    )
    assert to_caller(decided("ring", *CHOSE), who, "it-IT") == "Anna è disponibile ed è la persona che ha scelto."
    assert to_caller(decided("offer_callback", known=False), who, "it") == (
        "Nessuno che possa aiutarLa è presente: possiamo richiamarLa."
    )


@pytest.mark.parametrize(
    ("spare", "italian", "english"),
    [
        ("wanted", "ma spesso chi chiama fa il suo nome", "but is often asked for by name"),
        ("load", "ma ha avuto più lavoro", "but has had more work"),
    ],
)
def test_who_was_spared_though_free_for_longer_is_named_with_why(spare: str, italian: str, english: str) -> None:
    anna = Weighed(ANNA, 0.0, 0.0, ())
    decision = Decision("ring", anna, weighed=(anna, Weighed(LUCA, 0.0, 0.0, (), {spare: 9.0, "promise": 1.0})))
    assert said(decision) == (
        f"Anna è disponibile e parla la lingua di Maria. Luca è disponibile da più tempo, {italian}.",
        f"Anna is free and speaks Maria's language. Luca has been free for longer, {english}.",
    )
    shorter = replace(decision, weighed=(anna, Weighed(agent("Luca", seconds=1), 0.0, 0.0, (), {spare: 9.0})))
    assert said(shorter)[1] == "Anna has been free the longest and speaks Maria's language."


def test_the_one_they_would_rather_have_had_is_named_with_what_keeps_them() -> None:
    who = caller(preferred="bea", ties=knows("anna", times=2), offered=True)
    rung = "Anna has helped Maria two times and is free."
    for bea, why in (
        (talking("Bea"), " Bea is the person Maria chose but is on the phone."),
        (wrapping_up("Bea", left=300), " Bea is the person Maria chose but has not finished with the last call."),
        (talking("Bea", availability=Availability.AWAY), ""),
    ):
        assert said(choose(who, [ANNA, bea], Plan(), NOW), who)[1] == rung + why


def test_what_puts_them_ahead_is_said_to_the_manager_only() -> None:
    who = caller(urgent={"cut_off": 120, "rule": 30})
    assert said(decided("ring"), who)[1].endswith("150 seconds ahead: the line was cut, a rule.")
    assert "ahead" not in to_caller(decided("ring"), who, "en")


def test_who_does_not_speak_their_language_is_not_said_to() -> None:
    assert said(decided("ring"), caller(language="de-DE")) == (
        "Anna può rispondere ora a Maria.",
        "Anna can help Maria now.",
    )


def test_of_a_pairing_that_one_of_them_declined_no_word_is_said() -> None:
    """Luca knows her best and is free; nothing shows that he was passed over."""
    who = caller(ties=knows("luca", times=7), owners=frozenset({"luca"}), preferred="luca", vetoed=frozenset({"luca"}))
    for floor in ([ANNA, LUCA], [ANNA, replace(LUCA, activity=Activity.TALKING)], [LUCA]):
        decision = choose(who, floor, Plan(), NOW)
        for words in (*said(decision, who), to_caller(decision, who, "it"), to_caller(decision, who, "en")):
            assert "Luca" not in words
        assert "luca" not in str(decision.reasons())


def test_only_who_is_held_hears_that_it_is_worth_it() -> None:
    waits = decided("wait", *KNOWS, estimate=150, held=False)
    who = caller(ties=knows("anna", times=4))
    nobody = "Anna has helped Maria four times and will be free in about 3 minutes; nobody is free now."
    chosen = "Anna has helped Maria four times and will be free in about 3 minutes; Maria chose to wait."
    assert sentence(waits, who, "en") == nobody
    assert sentence(waits, replace(who, choice=WAIT), "en") == chosen
