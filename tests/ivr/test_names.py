"""A name, out of what people say when they are asked for one."""

import json
from pathlib import Path

import pytest

from ivr.names import name_in
from ivr.phrases import speakable

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
        assert found.casefold().split() == name.replace(",", " ").strip(" .").casefold().split()


def test_a_capital_within_a_name_stays() -> None:
    assert name_in("sono mario de'Liguori McDonald") == "Mario De'Liguori McDonald"
