"""Words that are fit to be said, and what is wrong with the others."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ivr import lint
from ivr.catalogue import LANGUAGES
from ivr.document import Ask, Say
from ivr.lint import blemishes, blemishes_of, catalogue_findings, faults, faults_of, ours, too_many_options


def test_our_own_catalogues_are_fit_to_be_said() -> None:
    assert list(catalogue_findings()) == []


def test_our_own_words_could_be_a_managers() -> None:
    for code in LANGUAGES:
        for key, own in ours(code).items():
            if own.domain in lint.SPOKEN_TO_CALLERS:
                assert [what for wording in own.wordings for what in faults(key, wording, code)] == [], (code, key)


@pytest.mark.parametrize(
    ("key", "wording", "what"),
    [
        ("greet", "Ciao!", "It must say {name}."),
        ("greet", "Ciao {name} {agent}!", "Nothing is known here of {agent}."),
        ("greet", "Ciao {name", "The braces do not fit together"),
        ("greet", "Ciao {name.__class__}{name}", "Nothing is known here of"),
        ("greet", "Ciao {name!r}", "A slot is its name in braces and nothing else."),
        ("greet", "Ciao {name:>9999}", "A slot is its name in braces and nothing else."),
        ("greet", "[Salve|Ciao, {name}", "A bracket stands alone"),
        ("greet", "<Benvenuto|Benvenuta>, {name}", "A bracket stands alone"),
        ("greet", "Ciao {name}, prema 9", "It announces a key that does nothing here."),
        ("bye", "[Arrivederci|]", "It says nothing."),
        ("key_callback", "una richiamata con il 2", 'It must announce "prema 2".'),
        ("key_callback", "prema 3 per una richiamata", 'It must announce "prema 2".'),
        ("key_callback", "[prema 2|premi] per una richiamata", 'It must announce "prema 2".'),
        ("hold_music", "…", "There is no situation of this name"),
        ("text_answer", "Grazie", "There is no situation of this name"),
    ],
)
def test_what_would_break_is_refused(key: str, wording: str, what: str) -> None:
    assert any(found.startswith(what) for found in faults(key, wording, "it"))


@pytest.mark.parametrize(
    ("key", "wording"),
    [
        ("greet", "{hello} {name}, qui {company}. <Benvenuto|Benvenuta|Piacere di [sentirla|sentirti]>!"),
        ("greet", "Ciao {name}."),
        ("key_callback", "[prema|premi] 2 e [la|ti] richiamiamo"),
        ("closed", "Siamo aperti dalle 9 alle 18. Riapriamo {time}."),
    ],
)
def test_a_managers_own_wording_may_be_quite_different(key: str, wording: str) -> None:
    assert list(faults(key, wording, "it")) == []


@pytest.mark.parametrize(
    ("code", "wording"),
    [
        ("it", "La sua chiamata è importante per noi."),
        ("it", "Purtroppo siamo tutti occupati."),
        ("it", "La richiamiamo il prima possibile."),
        ("en", "Your call is important to us."),
        ("en", "Please hold."),
        ("en", "We will call you as soon as possible."),
        ("en", "Somebody will be with you shortly."),
        ("de", "Bitte warten Sie."),
        ("de", "Wir rufen so bald wie möglich an."),
        ("fr", "Veuillez patienter."),
        ("fr", "Nous rappelons dès que possible."),
        ("es", "Su llamada es muy importante."),
        ("es", "Llamaremos lo antes posible."),
        ("it", "una due tre quattro cinque sei sette otto nove dieci " * 2 + "ventuno"),
        ("it", "Prema 1 per a. Prema 2 per b. Prema 3 per c. Prema 4 per d."),
        ("it", "Va bene. [Va bene|Attenda in linea]."),
    ],
)
def test_what_nobody_wants_to_hear_is_told(code: str, wording: str) -> None:
    assert list(blemishes(wording, code))


@pytest.mark.parametrize(
    ("code", "wording"),
    [
        ("it", "una due tre quattro cinque sei sette otto nove dieci " * 2),
        ("it", "A presto."),
        ("en", "We will call you as soon as possible, {time}."),
        ("fr", "À bientôt."),
        ("es", "Hasta pronto."),
    ],
)
def test_what_is_said_well_is_left_alone(code: str, wording: str) -> None:
    assert list(blemishes(wording, code)) == []


def test_a_sentence_is_as_long_as_what_stands_in_its_slots() -> None:
    """The day and the hour are five words."""
    assert list(blemishes("parola " * 16 + "{time}", "it"))
    assert list(blemishes("parola " * 15 + "{time}", "it")) == []


def test_findings_name_their_place_in_the_plan() -> None:
    phrases = {"it": {"greet": ["Ciao, {name}.", "Ciao!"], "bye": ["Purtroppo è tutto."]}, "xx": {"greet": ["{name}"]}}
    assert [found.where for found in faults_of(phrases)] == ["phrases.it.greet[1]", "phrases.xx.greet[0]"]
    assert [found.where for found in blemishes_of(phrases)] == ["phrases.it.bye[0]"]


@pytest.mark.parametrize(
    ("key", "wording"),
    [("greet", "Ciao, {name}."), ("key_message", "premi 3"), ("closed", "A {time}."), ("bye", "Via.")],
)
def test_no_wording_is_found_fault_with_without_a_reason(key: str, wording: str) -> None:
    assert list(faults_of({"it-IT": {key: [wording]}})) == []


def test_a_question_offers_three_things_at_most() -> None:
    three = tuple(Say(f"Prema {n} per questo.", "it-IT") for n in (1, 2, 3))
    assert not too_many_options((Ask(three, "/key", 5),))
    assert not too_many_options((Ask((*three, three[0]), "/key", 5), Ask((Say("Premi 4.", "it-IT"),), "/key", 5)))
    assert too_many_options((Ask((*three, Say("Oppure premi 4.", "it-IT")), "/key", 5),))


def test_the_command_tells_where_and_fails() -> None:
    code = (
        "import runpy, ivr.catalogue as c; read = c.entries\n"
        "bad = lambda e: type(e)('bye', 'Purtroppo.', e.file, e.line) if e.key == 'bye' else e\n"
        "c.entries = lambda code: map(bad, read(code))\n"
        "runpy.run_module('ivr.lint', run_name='__main__')"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "it/LC_MESSAGES/parting.po:" in told.stdout
