import pytest

from routing.choose import Decision
from routing.weigh import Caller, Weighed
from routing.explain import sentence
from tests.routing.people import agent, caller, knows

ANNA = agent("Anna Bianchi")
CHOSE, HOLDS, KNOWS = ("preferred", "case_owner", "familiar"), ("case_owner", "familiar"), ("familiar",)


def decided(action: str, *because: str, estimate: float | None = None, known: bool = True) -> Decision:
    who = Weighed(ANNA, estimate or 0.0, 60.0, because) if known else None
    return Decision(action, who, None, estimate)


def said(decision: Decision, who: Caller | None = None) -> tuple[str, str]:
    """In Italian and in English."""
    who = who or caller(ties=knows("anna", times=4))
    return sentence(decision, who, "it-IT"), sentence(decision, who, "en-GB")


@pytest.mark.parametrize(
    ("because", "times", "italian", "english"),
    [
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
        "Nessuno che possa aiutare Maria è presente: resta la promessa di richiamare.",
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
