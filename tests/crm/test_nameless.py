"""Stories without names: each way somebody may be named in what they told, and what must be left."""

import json
import re
import time
from pathlib import Path

import pytest

from crm.nameless import MARK, Nameless, parts, without_names

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
