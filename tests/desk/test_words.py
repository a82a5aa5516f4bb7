"""What pages say: whole in both languages, each text in one catalogue, values kept."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

import desk
from desk.pages import PLACES
from desk.report_pages.figures import REPORTS
from desk.report_pages.pages import SPANS
from desk.words import LOCALES, chosen, words_in

ROOM = Path(desk.__file__).parent
SAYING = {"words", "_", "gettext", "count", "ngettext", "N_"}


def in_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOM / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for _, text, _, _ in extract(
                "jinja2.ext:babel_extract", file, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}
            ):
                one = text if isinstance(text, str) else text[0]
                if one:
                    yield one, path.name


def in_code() -> Iterator[tuple[str, str]]:
    """Texts handed to `words(…)` and the like as they stand."""
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            text = node.args[0]
            if name in SAYING and isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value, path.name


def of_tables() -> Iterator[tuple[str, str]]:
    """Texts that are said by name: the navigation's and the reports'."""
    for place in PLACES:
        yield place.label, "pages.py"
    for label in SPANS.values():
        yield label, "pages.py"
    for report in REPORTS.values():
        yield report.label, "figures.py"
        for title, _ in report.drawn:
            yield title, "figures.py"
        for figure in (*report.lead, *report.columns):
            yield from ((text, "figures.py") for text in (figure.label, figure.means) if text)


def test_every_text_has_its_italian() -> None:
    italian = words_in("it")
    said = [*in_templates(), *in_code(), *of_tables()]
    assert len(said) > 100
    missing = {f"{where}: {text}" for text, where in said if text not in italian._one and text not in italian._many}
    assert sorted(missing) == []


def test_a_text_stands_in_one_catalogue_only() -> None:
    found: Counter[str] = Counter()
    for path in (LOCALES / "it" / "LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file, locale="it"):
                if message.id:
                    found[message.id if isinstance(message.id, str) else message.id[0]] += 1
    assert [text for text, n in found.items() if n > 1] == []


def test_an_italian_text_has_the_values_of_its_english() -> None:
    def values(text: str) -> list[str]:
        return sorted(re.findall(r"%\((\w+)\)s", text))

    italian = words_in("it")
    wrong = [text for text, said in italian._one.items() if not set(values(said)) <= set(values(text))]
    assert wrong == []


def test_what_a_button_is_called_begins_with_what_stands_on_it() -> None:
    """Or who speaks to the page cannot press it."""
    said = words_in("it")
    for label, called in (
        ("Sign out", "Sign out: %(browser)s, since %(time)s"),
        ("Remove", "Remove: %(what)s"),
    ):
        assert said(called).startswith(f"{said(label)}: ")


def test_what_the_api_refuses_is_said_in_italian_with_its_values() -> None:
    assert words_in("it").problem("A report covers at most 366 days.") == "Un rapporto copre al massimo 366 giorni."
    assert words_in("en").problem("A report covers at most 366 days.") == "A report covers at most 366 days."
    assert words_in("it").problem("Something nobody has translated.") == "Something nobody has translated."


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [
        (None, None, "it"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "de-DE,de;q=0.9,en;q=0.5", "en"),
        (None, "fr", "it"),
        (None, "it;q=0.1, en;q=0.9", "en"),
        (None, "en;q=0, it", "it"),
        (None, ";;;,q=,en;q=x", "it"),
        ("en", "it", "en"),
    ],
)
def test_a_page_speaks_what_its_reader_asked_for(own: str | None, asked: str | None, expected: str) -> None:
    assert chosen(own, asked, "it-IT") == expected
