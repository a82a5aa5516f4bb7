"""A name, out of what people say when they are asked for one."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from ivr.names import Answered, Introduced, answered, introduced, name_in, which_of
from ivr.phrases import speakable
from ivr.speech import LANGUAGES, plain, speech
from tests.ivr import who_is_calling as said

NAMES = json.loads((Path(__file__).parent.parent / "data" / "awkward_names.json").read_text())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Maria Rossi", "Maria Rossi"),
        ("maria rossi.", "Maria Rossi"),
        ("Sono Maria Rossi", "Maria Rossi"),
        ("buongiorno, mi chiamo Maria", "Maria"),
        ("Sì, sono Simone", "Simone"),
        ("pronto, io sono l'avvocato Bianchi", "Bianchi"),
        ("pronto buongiorno sono la signora Anna Di Marco", "Anna Di Marco"),
        ("buongiorno mi chiamo Luca De Santis e chiamo per la lampada", "Luca De Santis"),
        ("my name is John Smith, I'm calling about my bill", "John Smith"),
        ("sono il ragionier Fantozzi", "Fantozzi"),
        ("Maria di Pietro", "Maria Di Pietro"),
        ("il mio nome è Anna D'Amico", "Anna D'Amico"),
        ("Hello, my name is John Smith", "John Smith"),
        ("Yes, this is Zoë", "Zoë"),
        ("hi I'm Seamus O'Brien", "Seamus O'Brien"),
        ("It's Hilary", "Hilary"),
        ("Guten Tag, hier ist Jana Müller", "Jana Müller"),
        ("Ich heiße Hans-Peter Groß", "Hans-Peter Groß"),
        ("Hallo, hier spricht Jakob", "Jakob"),
        ("Bonjour, je m'appelle Hélène", "Hélène"),
        ("oui c'est Salvatore", "Salvatore"),
        ("Hola, me llamo José García", "José García"),
        ("buenas tardes soy Soyla", "Soyla"),
    ],
)
def test_a_name_is_heard_behind_what_people_say_before_it(words: str, name: str) -> None:
    assert name_in(words) == name


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "...",
        "buongiorno",
        "Pronto?",
        "sì",
        "mi chiamo",
        "my name is",
        "333 1234567",
        "interno 12",
        "non glielo dico",
        "mi passi un operatore",
        "nein danke",
        "vorrei sapere a che punto è la mia pratica",
        "I am calling because my lamp is broken",
    ],
)
def test_what_is_no_name_is_not_taken_for_one(words: str) -> None:
    assert name_in(words) is None


@pytest.mark.parametrize("name", NAMES)
def test_an_awkward_name_is_kept_or_left_alone(name: str) -> None:
    """Never cut to a piece of itself."""
    found = name_in(speakable(name, longest=200))
    if found is not None:
        whole, kept = (re.findall(r"[\w'-]+", one.casefold()) for one in (name, found))
        assert kept == (whole[1:] if whole[0] in ("dr", "srta") else whole)  # a title


def test_a_capital_within_a_name_stays() -> None:
    assert name_in("sono mario de'Liguori McDonald") == "Mario De'Liguori McDonald"


OURS = ("Officine Lume", "Officine", "Lume", "Anna Bianchi", "Anna")  # the house, and the agent whose phone rings


def every(table: dict[str, list[str]]) -> list[str]:
    return [words for several in table.values() for words in several]


@pytest.mark.parametrize("language", said.NAMES)
def test_a_name_is_taken_and_the_reason_told_with_it_is_not_lost(language: str) -> None:
    wanted = said.NAMES[language]
    heard = {words: answered(speakable(words, longest=200), OURS) for words in wanted}
    assert {words: f"{one.name}|{one.why}".rstrip("|") for words, one in heard.items()} == wanted


@pytest.mark.parametrize("words", every(said.NO_NAMES))
def test_why_they_call_is_no_name_and_is_kept(words: str) -> None:
    assert answered(words, OURS) == Answered(why=words)


@pytest.mark.parametrize("words", every(said.NOTHING))
def test_what_is_neither_a_name_nor_a_reason_is_neither(words: str) -> None:
    assert answered(words, OURS).name is None
    assert not answered(words, OURS).again


@pytest.mark.parametrize("words", every(said.AGAIN))
def test_who_has_not_understood_the_question_is_no_name(words: str) -> None:
    assert answered(words, OURS) == Answered(again=True)


def test_the_name_of_the_agent_who_is_rung_is_a_callers_where_they_say_so() -> None:
    assert answered("mi chiamo Anna", OURS).name == "Anna"
    assert answered("Anna Neri", OURS).name == "Anna Neri"
    assert answered("Bianchi", OURS).name == "Bianchi"
    assert answered("Anna", OURS).name is None


MARIA = ("Maria", "Maria Rossi", "Maria", "Rossi")


def test_who_is_not_the_one_we_greeted_says_so_and_who_they_are() -> None:
    heard = {words: introduced(words, MARIA) for words in said.NOT_MARIA}
    assert all(one.not_me for one in heard.values()), [words for words, one in heard.items() if not one.not_me]
    assert {words: f"{one.name or ''}|{one.why}".rstrip("|") for words, one in heard.items()} == said.NOT_MARIA


@pytest.mark.parametrize("words", said.STILL_MARIA)
def test_why_a_known_caller_rings_is_not_another_name(words: str) -> None:
    assert introduced(words, MARIA) == Introduced()


def test_a_lady_of_whom_a_first_name_is_known_may_say_her_surname() -> None:
    assert introduced("sono la signora Bianchi", ("Maria",)) == Introduced()
    assert introduced("sono la signora Bianchi", MARIA).name == "Bianchi"


def test_who_of_a_house_it_is_counts_where_they_say_it_of_themselves() -> None:
    people = (("Maria", "Maria Rossi"), ("Paolo", "Paolo Rossi"))
    heard = {words: which_of(words, people) for words in said.HOUSEHOLD}
    told = {words: ("neither" if one.neither else "several" if one.several else None) for words, one in heard.items()}
    told = {words: told[words] or one.name for words, one in heard.items()}
    assert {words: told[words] if one.one is None else one.one for words, one in heard.items()} == said.HOUSEHOLD
    assert which_of("il terzo", people).one is None
    assert which_of("Maria e la fattura di marzo è sbagliata", people).why == "la fattura di marzo è sbagliata"


def test_a_first_name_is_nothing_else() -> None:
    known = speech()
    for code in LANGUAGES:
        words = import_module(f"ivr.heard.people.{code}")
        for table in (words.GRAMMAR, words.COMMON, words.MATTERS, words.RELATIONS):
            assert not {plain(word) for word in table.split()} & known.given, code
