"""Stories without names: each way somebody may be named in what they told, and what must be left."""

import json
import re
import time
from pathlib import Path

import pytest

from crm.nameless import Nameless, parts, without_names
from crm.strangers import MARK

DATA = Path(__file__).parents[1] / "data"
MARIA = ["Maria Rossi", "Maria"]


@pytest.mark.parametrize(
    ("names", "told", "left"),
    [
        (MARIA, "Sono Maria Rossi, e MARIA ROSSI non riesce.", f"Sono {MARK}, e {MARK} non riesce."),
        (MARIA, "mariá, Rossi's iPad, die Marias", f"{MARK}, {MARK} iPad, die {MARK}"),
        (MARIA, "m a r i a due volte, M-A-R-I-A", f"{MARK} due volte, {MARK}"),
        (["Jürgen Müller"], "Juergen Mueller, Muller und Müllers Lampe", f"{MARK}, {MARK} und {MARK} Lampe"),
        (["Мария Петрова"], "спросите Марию Петрову, Marija Petrova", f"спросите {MARK}, {MARK}"),
        (["Katarzyna Nowak"], "Pani Katarzyny Nowakowej, Nowakowi", f"Pani {MARK}, {MARK}"),
        (["Seán O'Connor-D'Angelo"], "OConnor, O’Connor, d'angelo", f"{MARK}, {MARK}, {MARK}"),
        (["De Luca Anna"], "signora deluca, Anna de Luca", f"signora {MARK}, {MARK}"),
        (["李明"], "我是李明，李先生", f"我是{MARK},{MARK}先生"),
        (["김민수"], "저는 김민수입니다", f"저는 {MARK}입니다"),
        (["Bo Li"], "Bo Li came", f"{MARK} came"),
        (["José"], "Jose\u0301, J\u200bosé", f"{MARK}, {MARK}"),
        (["X Æ A-12"], "X Æ A-12 here", f"{MARK} here"),
    ],
)
def test_a_name_goes_in_every_spelling(names: list[str], told: str, left: str) -> None:
    assert without_names(told, names) == left


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("chiami il +39 333 123 45 67 o 06/1234", f"chiami il {MARK} o {MARK}"),
        ("tre tre tre uno due, poi basta", f"{MARK}, poi basta"),
        ("IBAN IT60X0542811101000000123456", f"IBAN {MARK}"),
        ("scrivo a m.r@example.it o sip:lamp@office.example", f"scrivo a {MARK} o {MARK}"),
        ("costa 120 euro nel 2026, due volte", "costa 120 euro nel 2026, due volte"),
    ],
)
def test_numbers_and_addresses_go_and_prices_stay(told: str, left: str) -> None:
    assert without_names(told, MARIA) == left


def test_what_they_are_reached_by_goes_wherever_it_stands() -> None:
    others = ["CRM-17", "maria", "cus_01m8", None, "x"]
    assert (
        without_names("my id is crm-17 (cus_01m8), x marks it", [None, " "], others)
        == f"my id is {MARK} ({MARK}), x marks it"
    )


def test_the_rest_of_the_story_stays() -> None:
    told = "Il mare era mosso, mio marito voleva il treno di notte: la luce de la lampada era rossa."
    assert without_names(told, ["Maria De Luca"]) == told
    assert (
        Nameless.of(["Maria De Luca"], staff=parts(["Anna Bianchi"]))("Anna e Bianchi, bianca")
        == f"{MARK} e {MARK}, bianca"
    )


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("Mio marito Paolo Neri ha chiamato", f"Mio marito {MARK} ha chiamato"),
        ("mio marito paolo ha chiamato", f"mio marito {MARK} ha chiamato"),
        ("Mia figlia, che si chiama Zelmira, ha 8 anni", f"Mia figlia, che si chiama {MARK}, ha 8 anni"),
        ("Me lo ha detto Bertolini, il vicino Olmi", f"Me lo ha detto {MARK}, il vicino {MARK}"),
        ("la dottoressa De Luca non c'era", f"la dottoressa {MARK} non c'era"),
        ("abito in via Garibaldi 12, Milano", f"abito in {MARK}, {MARK}"),
        ("abito in via garibaldi 12", f"abito in {MARK}"),
        ("Sto in piazza della Repubblica, 3 a Siena", f"Sto in {MARK}, {MARK} a {MARK}"),
        ("My husband Paul Hastings rang, and my boss Ms Quill", f"My husband {MARK} rang, and my boss {MARK}"),
        ("I live at 12 High Street, Leeds LS1 4DY.", f"I live at {MARK}, {MARK}."),
        ("it is 4 old mill road", f"it is {MARK}"),
        ("Mein Mann Paul und meine Frau Hansen sind da", f"Mein Mann {MARK} und meine Frau {MARK} sind da"),
        ("Ich wohne in der Hauptstraße 5, 8010 Graz", f"Ich wohne in {MARK}, {MARK}"),
        ("Die Lampe ist in der Berliner Allee 7b kaputt", f"Die Lampe ist in der {MARK} kaputt"),
        ("Frau Dr. Zierngibl hat mich angerufen", f"Frau {MARK} hat mich angerufen"),
        ("Mon mari Paul habite 12 rue de la Paix à Lyon", f"Mon mari {MARK} habite {MARK} à {MARK}"),
        ("ma fille s'appelle Apolline", f"ma fille s'appelle {MARK}"),
        ("Mi marido Pablo vive en la calle Mayor 3, Toledo", f"Mi marido {MARK} vive en la {MARK}, {MARK}"),
        ("mi hija se llama Itziar", f"mi hija se llama {MARK}"),
    ],
)
def test_people_and_places_whom_no_list_knows_go_too(told: str, left: str) -> None:
    assert without_names(told, MARIA) == left


@pytest.mark.parametrize(
    "told",
    [
        "La lampada di mia madre non si accende. Forse è la presa? Era in salita da 3 giorni.",
        "Ho un iPad con Windows e la PEC non va: costa 120 euro nel 2026.",
        "My husband says the lamp flickers. I think it's the 2nd one on the way to the door, since Monday.",
        "Meine Mutter sagt, die Lampe ist seit dem Frühling kaputt und das Kabel fehlt.",
        "Ma mère dit que la lampe ne marche plus, via le site ou par la poste.",
        "Mi madre dice que la lámpara no se enciende. La compré en la tienda.",
        "LA LAMPADA NON VA PIÙ DA IERI.",
        "la LAMPADA si spegne",
    ],
)
def test_a_story_that_names_nobody_stays_as_it_was_told(told: str) -> None:
    assert without_names(told, MARIA) == told


def test_no_awkward_name_is_left_in_its_own_story() -> None:
    for name in json.loads((DATA / "awkward_names.json").read_text()):
        left = without_names(f"<{name}> <{name.upper()}>", [name])
        assert re.fullmatch(r"<\W*…\W*> <\W*…\W*>", left) or not name.strip(), (name, left)


@pytest.mark.parametrize(
    "told",
    [
        *("the lamp of Maria 1-1-1 a.b.c " * 700, "Maria" + " " * 20_000, "x" * 20_000, "a-" * 10_000, "1 " * 10_000),
        *("Maria de " * 2000, "@" * 20_000, "a1" * 10_000, "uno, " * 4000, "Mar" + "i" * 20_000, "'" * 20_000),
    ],
)
def test_the_longest_story_takes_a_moment_only_whatever_is_in_it(told: str) -> None:
    staff = parts(f"Agent{n} Surname{n}" for n in range(200))
    takes_out = Nameless.of(["Maria Luisa Anna Rossi Bianchi"], ["+393331234567"], staff)
    began = time.process_time()
    takes_out(told)
    assert time.process_time() - began < 1
